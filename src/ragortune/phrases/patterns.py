"""The pattern language of phrases: words, alternatives, optional words, bounded gaps, lists and values.

    word  word*  (one|two words)  [optional words]  ..3  ..3!  @list  <duration>

`..3` runs over up to three words and the commas between them, `..3!` over words alone; a lone `,` is a stop that may be
missing.

There are no repetitions without a bound, so that matching at one place looks at a bounded number of words whatever
the text is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from ragortune.phrases.tokens import HARD, SOFT, Tokens
from ragortune.phrases.values import PARSERS, Amount
from ragortune.record import Record

WIDEST_GAP = 12
_DEEPEST = 6
_MOST_STOPS = 3
_MOST_ELEMENTS = 400
_PIECE = re.compile(
    r"\s+|(?P<gap>\.\.(?P<width>\d+!?))|(?P<value><(?P<kind>\w+)>)|@(?P<list>[\w-]+)|(?P<mark>[()\[\]|,])"
)
_PLAIN = re.compile(r"[^\s()\[\]|<>@,]+")


class PatternError(Exception):
    """A pattern that cannot be read; says why."""


class Word(Record):
    """One word, or every word that begins with it."""

    text: str
    any_ending: bool = False

    def fits(self, word: str) -> bool:
        """Return whether a word of a text is this one."""
        return word.startswith(self.text) if self.any_ending else word == self.text


class AnyWord(Record):
    """One of several words."""

    words: frozenset[str]

    def fits(self, word: str) -> bool:
        """Return whether a word of a text is one of these."""
        return word in self.words


class Gap(Record):
    """Up to so many words of any kind; stops inside a clause are not counted."""

    width: int
    tight: bool = False
    """True where no stop may stand between, either."""


class Value(Record):
    """A quantity."""

    kind: str


class Choice(Record):
    """One of several sequences."""

    ways: tuple[Sequence, ...]


class Stop(Record):
    """A comma, colon, bracket or dash, which may also be missing."""


Element = Word | AnyWord | Gap | Value | Choice | Stop
Sequence = tuple[Element, ...]
Reached = dict[int, Amount | None]
"""Where a match may end, with the quantity that was read on the way."""


def parse_pattern(text: str, words: Mapping[str, tuple[str, ...]], depth: int = 0) -> Sequence:
    """Return the elements of a pattern; raises PatternError."""
    if depth > _DEEPEST:
        raise PatternError("is nested too deeply (does a list name itself?)")
    pieces = list(_cut_pattern(text))
    sequence, rest = _read_ways(pieces, 0, words, depth)
    if rest < len(pieces):
        raise PatternError(f"closes a bracket that was not opened: '{text}'")
    first = sequence[0] if sequence else None
    if first is None or isinstance(first, (Gap, Stop)):
        raise PatternError(f"must begin with a word or a value: '{text}'")
    if all(isinstance(element, Choice) and () in element.ways for element in sequence):
        raise PatternError(f"holds nothing that must be there: '{text}'")
    if count_elements(sequence) > _MOST_ELEMENTS:
        raise PatternError(f"is too large: '{text[:60]}'")
    return sequence


def count_elements(sequence: Sequence) -> int:
    """Return how many elements a pattern has, all its ways counted."""
    return sum(
        1 + (sum(map(count_elements, element.ways)) if isinstance(element, Choice) else 0)
        for element in sequence
    )


def _cut_pattern(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text):
        found = _PIECE.match(text, at)
        if found is None:
            plain = _PLAIN.match(text, at)
            if plain is None:
                raise PatternError(f"cannot be read from '{text[at : at + 20]}' on")
            at = plain.end()
            yield from _cut_words(plain[0])
            continue
        at = found.end()
        if found["gap"]:
            yield "gap", found["width"]
        elif found["value"]:
            yield "value", found["kind"]
        elif found["list"]:
            yield "list", found["list"]
        elif found["mark"]:
            yield "mark", found["mark"]


def _cut_words(text: str) -> Iterator[tuple[str, str]]:
    ending = text.endswith("*")
    words = Tokens(text.rstrip("*")).words
    if not words or HARD in words or SOFT in words or "*" in text[:-1]:
        raise PatternError(f"holds something that is no word: '{text}'")
    for word in words[:-1]:
        yield "word", word
    yield ("stem" if ending else "word"), words[-1]


def _read_ways(
    pieces: list[tuple[str, str]], at: int, words: Mapping[str, tuple[str, ...]], depth: int
) -> tuple[Sequence, int]:
    """Read up to the bracket that closes this level; several ways become one choice."""
    ways: list[Sequence] = []
    current: list[Element] = []
    while at < len(pieces):
        kind, text = pieces[at]
        if kind == "mark" and text in ")]":
            break
        at += 1
        if kind == "mark" and text == "|":
            ways.append(tuple(current))
            current = []
        elif kind == "mark" and text == ",":
            current.append(Stop())
        elif kind == "mark":
            if depth > _DEEPEST:
                raise PatternError("is nested too deeply")
            inner, at = _read_ways(pieces, at, words, depth + 1)
            if at >= len(pieces) or pieces[at][1] != (")" if text == "(" else "]"):
                raise PatternError("opens a bracket and does not close it")
            at += 1
            if text == "[":
                current.append(Choice((inner, ())))
            else:
                current += inner
        else:
            current.append(_read_element(kind, text, words, depth))
    ways.append(tuple(current))
    if len(ways) == 1:
        return ways[0], at
    if not all(ways):
        raise PatternError("has an empty alternative")
    return (_join_ways(ways),), at


def _join_ways(ways: Iterable[Sequence]) -> Element:
    """Return a choice in which all ways of a single word are one."""
    single: set[str] = set()
    longer: list[Sequence] = []
    for way in ways:
        only = way[0] if len(way) == 1 else None
        if isinstance(only, Word) and not only.any_ending:
            single.add(only.text)
        elif isinstance(only, AnyWord):
            single |= only.words
        elif isinstance(only, Choice):
            longer += only.ways
        else:
            longer.append(way)
    for way in [way for way in longer if len(way) == 1 and isinstance(way[0], AnyWord)]:
        longer.remove(way)
        assert isinstance(way[0], AnyWord)
        single |= way[0].words
    words = AnyWord(frozenset(single))
    if not longer:
        return words
    return Choice((*((words,) for _ in range(bool(single))), *longer))


def _read_element(kind: str, text: str, words: Mapping[str, tuple[str, ...]], depth: int) -> Element:
    if kind == "gap":
        width = int(text.rstrip("!"))
        if not 0 < width <= WIDEST_GAP:
            raise PatternError(f"has a gap of {width} words; a gap has 1 to {WIDEST_GAP}")
        return Gap(width, text.endswith("!"))
    if kind == "value":
        if text not in PARSERS:
            raise PatternError(f"names the value <{text}>; there is {', '.join(sorted(PARSERS))}")
        return Value(text)
    if kind == "list":
        if text not in words:
            raise PatternError(f"names the list @{text}, which is nowhere")
        return _join_ways(parse_pattern(entry, words, depth + 1) for entry in words[text])
    return Word(text, kind == "stem")


def first_words(sequence: Sequence) -> Iterator[Word | Value]:
    """Yield what a match of a pattern can begin with."""
    for element in sequence:
        if isinstance(element, (Word, Value)):
            yield element
            return
        if isinstance(element, AnyWord):
            yield from (Word(word) for word in sorted(element.words))
            return
        if not isinstance(element, Choice):
            return
        optional = False
        for way in element.ways:
            yield from first_words(way)
            optional = optional or not way
        if not optional:
            return


def needed_words(sequence: Sequence) -> tuple[frozenset[str], ...]:
    """Return sets of words of which every match holds one each, for patterns whose words can be told beforehand."""
    needed = []
    for element in sequence:
        words = _words_of(element)
        if words:
            needed.append(words)
    return tuple(needed)


def _words_of(element: Element) -> frozenset[str]:
    """Return words of which a match of this element holds one; empty where that cannot be told."""
    if isinstance(element, AnyWord):
        return element.words
    if isinstance(element, Word):
        return frozenset() if element.any_ending else frozenset((element.text,))
    if not isinstance(element, Choice):
        return frozenset()
    ways = [next((words for part in way if (words := _words_of(part))), frozenset()) for way in element.ways]
    return frozenset().union(*ways) if all(ways) else frozenset()


def match_at(sequence: Sequence, tokens: Tokens, at: int, amount: Amount | None = None) -> Reached:
    """Return every place where a match that begins at `at` can end."""
    reached: Reached = {at: amount}
    for element in sequence:
        reached = _step(element, tokens, reached)
        if not reached:
            break
    return reached


def _step(element: Element, tokens: Tokens, reached: Reached) -> Reached:
    """Return where one more element can end, from every place that was reached before it."""
    following: Reached = {}
    for at, amount in reached.items():
        for end, found in _follow(element, tokens, at, amount):
            following.setdefault(end, found)
    return following


def _follow(
    element: Element, tokens: Tokens, at: int, amount: Amount | None
) -> Iterable[tuple[int, Amount | None]]:
    words = tokens.words
    if isinstance(element, Choice):
        return [pair for way in element.ways for pair in match_at(way, tokens, at, amount).items()]
    if isinstance(element, Gap):
        return (
            (end, amount) for end in _cross_gap(element.width, words, at, 0 if element.tight else _MOST_STOPS)
        )
    if at >= len(words):
        return ((at, amount),) if isinstance(element, Stop) else ()
    if isinstance(element, (Word, AnyWord)):
        return ((at + 1, amount),) if element.fits(words[at]) else ()
    if isinstance(element, Stop):
        return ((at + (words[at] == SOFT), amount),)
    key = (element.kind, at)
    if key not in tokens.amounts:
        tokens.amounts[key] = PARSERS[element.kind](tokens, at)
    read = tokens.amounts[key]
    return ((read[0], read[1] if amount is None else amount),) if read else ()


def _cross_gap(width: int, words: list[str], at: int, most_stops: int) -> Iterator[int]:
    """Yield every place up to `width` words on, inside the clause; a few stops on the way are not counted."""
    yield at
    stops = 0
    while at < len(words) and words[at] != HARD:
        if words[at] == SOFT:
            stops += 1
        else:
            width -= 1
        if stops > most_stops or width < 0:
            return
        at += 1
        yield at


def values_in(sequence: Sequence) -> Iterator[Value]:
    """Yield the values that a pattern can read."""
    for element in sequence:
        if isinstance(element, Value):
            yield element
        elif isinstance(element, Choice):
            for way in element.ways:
                yield from values_in(way)
