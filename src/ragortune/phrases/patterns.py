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
from functools import cached_property, lru_cache

from ragortune.phrases.tokens import HARD, SOFT, Tokens
from ragortune.phrases.values import NEEDED_WORDS, PARSERS, Amount, read_value
from ragortune.record import Record

WIDEST_GAP = 12
_DEEPEST = 6
_MOST_STOPS = 3
_MOST_ELEMENTS = 400
_LISTS_REMEMBERED = 200
_WORDS_REMEMBERED = 10_000
_PIECE = re.compile(
    r"\s+|\.\.(?P<gap>\d+!?)|<(?P<value>\w+)>|@(?P<list>[\w-]+)|(?P<mark>[()\[\]|,])|(?P<plain>[^\s()\[\]|<>@,]+)"
)


class PatternError(Exception):
    """A pattern that cannot be read; says why."""


class Word(Record):
    """One word, or every word that begins with it."""

    text: str
    any_ending: bool = False

    def follow(self, tokens: Tokens, at: int, amount: Amount | None) -> Reached:
        """Return where a match of this element that begins at a place ends."""
        word = tokens.words[at] if at < len(tokens.words) else ""
        fits = word.startswith(self.text) if self.any_ending else word == self.text
        return {at + 1: amount} if fits else {}


class AnyWord(Record):
    """One of several words."""

    words: frozenset[str]

    def follow(self, tokens: Tokens, at: int, amount: Amount | None) -> Reached:
        """Return where a match of this element that begins at a place ends."""
        fits = at < len(tokens.words) and tokens.words[at] in self.words
        return {at + 1: amount} if fits else {}


class Gap(Record):
    """Up to so many words of any kind; stops inside a clause are not counted."""

    width: int
    tight: bool = False
    """True where no stop may stand between, either."""

    def follow(self, tokens: Tokens, at: int, amount: Amount | None) -> Reached:
        """Return every place up to `width` words on, inside the clause; a few stops on the way are not counted."""
        reached = {at: amount}
        left, stops = self.width, 0 if self.tight else _MOST_STOPS
        for place in range(at, len(tokens.words)):
            word = tokens.words[place]
            if word == SOFT:
                stops -= 1
            else:
                left -= 1
            if word == HARD or left < 0 or stops < 0:
                break
            reached[place + 1] = amount
        return reached


class Value(Record):
    """A quantity."""

    kind: str

    def follow(self, tokens: Tokens, at: int, amount: Amount | None) -> Reached:
        """Return where the quantity that stands at a place ends; the first of several in a pattern counts."""
        read = read_value(self.kind, tokens, at)
        return {read[0]: read[1] if amount is None else amount} if read else {}


class Choice(Record):
    """One of several sequences."""

    ways: tuple[Sequence, ...]

    def follow(self, tokens: Tokens, at: int, amount: Amount | None) -> Reached:
        """Return where a match of any of the ways that begins at a place can end."""
        table, others = self._ways_by_word
        ways = table.get(tokens.words[at], others) if at < len(tokens.words) else others
        reached: Reached = {}
        for known, way in ways:
            reached = _join_ends(reached, match_at(way, tokens, at + known, amount))
        return reached

    @cached_property
    def _ways_by_word(self) -> tuple[dict[str, list[_Way]], list[_Way]]:
        """The ways that can match at each word with which one must begin, and those that can match at any other."""
        table: dict[str, list[_Way]] = {}
        others: list[_Way] = []
        for way in self.ways:
            words = next(needed_words(way[:1]), ()) if way and isinstance(way[0], (Word, AnyWord)) else ()
            for word in words:
                table.setdefault(word, list(others)).append((1, way[1:]))
            if not words:
                for ways in (*table.values(), others):
                    ways.append((0, way))
        return table, others

    @cached_property
    def needed(self) -> frozenset[str]:
        """Words of which every match holds one; empty where that cannot be told."""
        parts = [min(needed_words(way), key=commonness, default=frozenset()) for way in self.ways]
        return frozenset().union(*parts) if all(parts) else frozenset()


class Stop(Record):
    """A comma, colon, bracket or dash, which may also be missing."""

    def follow(self, tokens: Tokens, at: int, amount: Amount | None) -> Reached:
        """Return the place behind the stop, or the place itself."""
        return {at + (at < len(tokens.words) and tokens.words[at] == SOFT): amount}


Element = Word | AnyWord | Gap | Value | Choice | Stop
Sequence = tuple[Element, ...]
_Way = tuple[int, Sequence]
"""How many words of a way are known to fit, and what has to follow them."""
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
            raise PatternError(f"cannot be read from '{text[at : at + 20]}' on")
        at = found.end()
        if found.lastgroup == "plain":
            yield from _cut_words(found[0])
        elif found.lastgroup:
            yield found.lastgroup, found[found.lastgroup]


def _cut_words(text: str) -> Iterator[tuple[str, str]]:
    if text.isalpha():
        yield "word", text.lower()
        return
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
        plain = not any("@" in entry for entry in words[text])
        return _read_list(words[text], depth) if plain else _join_list(words[text], words, depth)
    return _read_word(text, any_ending=kind == "stem")


@lru_cache(_WORDS_REMEMBERED)
def _read_word(text: str, *, any_ending: bool) -> Word:
    return Word(text, any_ending)


def _join_list(entries: tuple[str, ...], words: Mapping[str, tuple[str, ...]], depth: int) -> Element:
    return _join_ways(parse_pattern(entry, words, depth + 1) for entry in entries)


@lru_cache(_LISTS_REMEMBERED)
def _read_list(entries: tuple[str, ...], depth: int) -> Element:
    """Read a list that names no other one; many patterns name the same lists."""
    return _join_list(entries, {}, depth)


def openings_of(sequence: Sequence) -> Iterator[Word | AnyWord | Value]:
    """Yield what a match of a pattern can begin with."""
    for element in sequence:
        if isinstance(element, (Word, AnyWord, Value)):
            yield element
            return
        if not isinstance(element, Choice):
            return
        for way in element.ways:
            yield from openings_of(way)
        if () not in element.ways:
            return


def needed_words(sequence: Sequence) -> Iterator[frozenset[str]]:
    """Yield sets of words of which every match holds one each, as far as they can be told beforehand."""
    for element in sequence:
        if isinstance(element, AnyWord):
            yield element.words
        elif isinstance(element, Word) and not element.any_ending:
            yield frozenset((element.text,))
        elif isinstance(element, Choice) and element.needed:
            yield element.needed
        elif isinstance(element, Value) and element.kind in NEEDED_WORDS:
            yield NEEDED_WORDS[element.kind]


def commonness(words: frozenset[str]) -> float:
    """Return how often one of some words is to be expected: short words are common."""
    return sum(2.0 ** -len(word) for word in words)


def match_at(sequence: Sequence, tokens: Tokens, at: int, amount: Amount | None = None) -> Reached:
    """Return every place where a match that begins at `at` can end."""
    reached: Reached = {at: amount}
    for element in sequence:
        following: Reached = {}
        for place, read in reached.items():
            ends = element.follow(tokens, place, read)
            if ends:
                following = _join_ends(following, ends)
        reached = following
        if not reached:
            break
    return reached


def _join_ends(reached: Reached, more: Reached) -> Reached:
    """Add more ends to those that were reached; what was read first stays."""
    if not reached:
        return more
    for end, amount in more.items():
        reached.setdefault(end, amount)
    return reached


def values_in(sequence: Sequence) -> Iterator[Value]:
    """Yield the values that a pattern can read."""
    for element in sequence:
        if isinstance(element, Value):
            yield element
        elif isinstance(element, Choice):
            for way in element.ways:
                yield from values_in(way)
