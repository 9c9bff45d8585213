"""The pattern language of everything in `rules/language/`, and the matcher that finds many patterns in rows of words.

    word  word*  (one|two words)  [optional words]  ..3  @list  <duration>

A pattern is a row of words; `word*` stands for any ending, `..3` for up to three words and the commas between them,
`@list` for a list of words, and `<amount>` for an amount that was found before (`<duration>`, `<money>`, `<count>`,
`<size>`, `<share>`, `<rate>`). There is no repetition without a bound, so that a match looks at a bounded number of words,
and a text costs time in proportion to its length. As in RE2, the automaton of all patterns is made deterministic while
texts are read, so that a word costs one look into a table however many patterns there are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain, islice

import msgspec

WIDEST_GAP = 12
_DEEPEST = 6
_PIECE = re.compile(
    r"\s+|\.\.(?P<gap>\d+)|(?P<amount><\w+>)|@(?P<list>[\w-]+)|(?P<mark>[()\[\]|])|"
    r"(?P<any>[^\s()\[\]|<>@*]+)\*|(?P<word>[^\s()\[\]|<>@*]+)"
)
_WORD = re.compile(r"[^\W_]+(?:['_][^\W_]+)*$|[?:%$\u20ac\u00a3/\u2192,.]$|[^\w\s]$")
AMOUNTS = ("duration", "money", "count", "size", "share", "rate")
_STOPS = frozenset((".", "?", ":", ";", "!", "|"))
"""Tokens that end a clause; a gap does not run over them."""
_SOFT_STOPS = frozenset((",", "(", ")", "\u2013"))
_MAX_STOPS = 2
_MAX_REMEMBERED = 50_000
_MAX_STEPS = 200_000
_OTHER, _OTHER_MARK = "OTHER", "*"
"""What a word counts as that no pattern names, and any other sign; no word has capital letters."""


class PatternError(Exception):
    """A pattern that cannot be read; says why."""


class Word(msgspec.Struct, frozen=True):
    """One word, or every word that begins with it."""

    text: str
    any_ending: bool = False


class Gap(msgspec.Struct, frozen=True):
    """Up to so many words inside a clause."""

    width: int


class Choice(msgspec.Struct, frozen=True):
    """One of several rows."""

    ways: tuple[tuple[Element, ...], ...]
    optional: bool = False


Element = Word | Gap | Choice


def parse_pattern(text: str, lists: Mapping[str, Sequence[str]]) -> tuple[Element, ...]:
    """Return the elements of a pattern; raises PatternError. `lists` are the lists of words that it may name."""
    parser = _Parser(text, lists)
    row = parser.read_row(0)
    if parser.at < len(parser.pieces):
        raise PatternError(f"closes {parser.pieces[parser.at][1]!r} without opening it")
    if all(isinstance(element, Gap) or (isinstance(element, Choice) and element.optional) for element in row):
        raise PatternError("matches without any word")
    if isinstance(row[0], Gap):
        raise PatternError("begins with a gap")
    return row


class _Parser:
    """Reads one pattern from left to right."""

    def __init__(self, text: str, lists: Mapping[str, Sequence[str]]) -> None:
        self.lists = lists
        self.at = 0
        found = list(_PIECE.finditer(text))
        end = 0
        for piece in found:
            if piece.start() > end:
                break
            end = piece.end()
        if end < len(text):
            raise PatternError(f"has {text[end]!r}, which means nothing here")
        self.pieces = [(piece.lastgroup, piece[piece.lastgroup]) for piece in found if piece.lastgroup]

    def read_row(self, depth: int) -> tuple[Element, ...]:
        if depth > _DEEPEST:
            raise PatternError("is nested too deeply")
        row: list[Element] = []
        while self.at < len(self.pieces) and self.pieces[self.at] not in (
            ("mark", "|"),
            ("mark", ")"),
            ("mark", "]"),
        ):
            row.append(self._read_element(depth))
        return tuple(row)

    def _read_element(self, depth: int) -> Element:
        kind, text = self.pieces[self.at]
        self.at += 1
        if kind == "mark":
            return self._read_choice(")" if text == "(" else "]", depth)
        if kind == "gap":
            if not 1 <= int(text) <= WIDEST_GAP:
                raise PatternError(f"has a gap of {text}; 1 to {WIDEST_GAP} words can be left open")
            return Gap(int(text))
        if kind == "list":
            if text not in self.lists:
                raise PatternError(f"names the list '@{text}', which is not defined")
            return Choice(tuple(parse_pattern(own, {}) for own in self.lists[text]))
        if kind == "amount":
            if text[1:-1] not in AMOUNTS:
                raise PatternError(f"names the amount {text}; there are {', '.join(AMOUNTS)}")
            return Word(text)
        if not _WORD.match(text) or text != text.lower():
            raise PatternError(f"has {text!r}; words are in lower case, without hyphens or dots")
        return Word(text, any_ending=kind == "any")

    def _read_choice(self, close: str, depth: int) -> Choice:
        ways = []
        while True:
            way = self.read_row(depth + 1)
            if not way:
                raise PatternError("has an empty alternative")
            ways.append(way)
            if self.at >= len(self.pieces):
                raise PatternError(f"never closes with {close!r}")
            mark = self.pieces[self.at][1]
            self.at += 1
            if mark != "|":
                break
        if mark != close:
            raise PatternError(f"closes with {mark!r} where {close!r} is due")
        return Choice(tuple(ways), optional=close == "]")


class Node(msgspec.Struct, array_like=True):
    """A place in the patterns: what may come next, each by its number, and which patterns end here."""

    words: dict[str, list[int]] = {}
    beginnings: dict[str, list[int]] = {}
    """By the beginning of a word."""
    gaps: dict[int, int] = {}
    """By how many words they take."""
    empty: list[int] = []
    """Places that are reached without a word."""
    entries: list[int] = []


def compile_patterns(
    patterns: Iterable[tuple[Iterable[str], int]], lists: Mapping[str, Sequence[str]]
) -> tuple[Node, ...]:
    """Return the automaton of patterns, each of them with its number; raises PatternError.

    Patterns with a common beginning share its places.

    Args:
        patterns: patterns, and the number under which all of these are found.
        lists: the lists of words that they may name.

    """
    nodes = [Node()]
    followed: dict[tuple[int, Element], int] = {}

    def extend(at: int, row: tuple[Element, ...]) -> int:
        """Return the place to which a row of elements leads."""
        for element in row:
            if (at, element) not in followed:
                followed[at, element] = follow(at, element)
            at = followed[at, element]
        return at

    def follow(at: int, element: Element) -> int:
        node, after = nodes[at], len(nodes)
        nodes.append(Node())
        if isinstance(element, Gap):
            node.gaps[element.width] = after
            return after
        for way in element.ways if isinstance(element, Choice) else ((element,),):
            if len(way) == 1 and isinstance(word := way[0], Word):
                table = node.beginnings if word.any_ending else node.words
                table.setdefault(word.text, []).append(after)
            else:
                nodes[extend(at, way)].empty.append(after)
        if isinstance(element, Choice) and element.optional:
            node.empty.append(after)
        return after

    for several, entry in patterns:
        for pattern in several:
            end = nodes[extend(0, parse_pattern(pattern, lists))]
            if entry not in end.entries:
                end.entries.append(entry)
    return tuple(nodes)


# --- matching ------------------------------------------------------------------------------------------------------


def is_plain(word: str) -> bool:
    """Tell a word or an amount from a sign."""
    return word[0].isalnum() or word[0] == "<"


class WordClasses(dict[str, str]):
    """What each word counts as: itself where it is named, the longest beginning that it has, or any other."""

    def __init__(self, automata: Iterable[Iterable[Node]], beside: Iterable[str] = ()) -> None:
        """Tell apart the words that automata name, those that have a beginning that they name, and others `beside`."""
        nodes = [*chain.from_iterable(automata)]
        named = chain((*_STOPS, *_SOFT_STOPS), beside, *(node.words for node in nodes))
        beginnings = {*chain.from_iterable(node.beginnings for node in nodes)}
        self._named = {word: word for word in named}
        self._beginnings = tuple(sorted(beginnings, key=len, reverse=True))
        super().__init__(self._named)

    def __missing__(self, word: str) -> str:
        """Classify a word that is met for the first time."""
        if len(self) >= _MAX_REMEMBERED:
            self.clear()
            self.update(self._named)
        other = _OTHER if is_plain(word) else _OTHER_MARK
        begun = next((begun for begun in self._beginnings if word.startswith(begun)), "")
        return self.setdefault(word, f"{begun}*" if begun else other)


_Gap = tuple[int, int, int]
"""The place behind a gap, and how many words and commas the gap may still take."""
_Item = int | _Gap


class _State:
    """All places that a row of words leads to; where each word leads from here is kept once it is met."""

    __slots__ = ("entries", "following", "items")

    def __init__(self, items: frozenset[_Item], nodes: Sequence[Node]) -> None:
        self.items = items
        self.entries = sorted(
            {entry for item in items if isinstance(item, int) for entry in nodes[item].entries}
        )
        self.following: dict[str, _State] = {}


class Matcher:
    """Finds patterns in rows of words; their automaton is made deterministic as far as texts need it."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        """Take the automaton of the patterns."""
        self._nodes = nodes
        self._reach_one = lru_cache(_MAX_REMEMBERED)(self._follow_gaps)
        self._forget()

    def _forget(self) -> None:
        self._states: dict[frozenset[_Item], _State] = {}
        self._steps = 0
        self._start = self._reach((0,))

    def scan(self, words: Sequence[str]) -> list[tuple[int, int, int]]:
        """Return every match in a row of classified words as first word, word behind the last, and number; in order."""
        hits: list[tuple[int, int, int]] = []
        for first in range(len(words)):
            state = self._start
            for at, word in enumerate(islice(words, first, None), first + 1):
                state = state.following.get(word) or self._step(state, word)
                if not state.items:
                    break
                if state.entries:
                    hits += [(first, at, entry) for entry in state.entries]
        return hits

    def match(self, words: Sequence[str]) -> list[int]:
        """Return the numbers of the patterns that match a row of classified words as a whole."""
        state = self._start
        for word in words:
            state = state.following.get(word) or self._step(state, word)
        return state.entries

    def _step(self, state: _State, word: str) -> _State:
        """Work out where a word leads, and remember it; a few commas are not counted as words of a gap."""
        if self._steps >= _MAX_STEPS:
            self._forget()
        self._steps += 1
        reached: list[_Item] = []
        for item in state.items:
            if isinstance(item, int):
                node = self._nodes[item]
                reached += node.words.get(word, ())
                for begun, after in node.beginnings.items():
                    reached += after if word.startswith(begun) else ()
            elif word not in _STOPS:
                place, width, commas = item
                left = (place, width, commas - 1) if word in _SOFT_STOPS else (place, width - 1, commas)
                if min(left[1:]) >= 0:
                    reached.append(left)
        state.following[word] = following = self._reach(reached)
        return following

    def _reach(self, items: Iterable[_Item]) -> _State:
        """Return the state of some places, and of every other that is reached from them without a word."""
        key = frozenset[_Item]().union(*map(self._reach_one, items))
        if key not in self._states:
            self._states[key] = _State(key, self._nodes)
        return self._states[key]

    def _follow_gaps(self, item: _Item) -> frozenset[_Item]:
        """Return a place with every other that is reached from it without a word."""
        reached: set[_Item] = set()
        waiting = [item]
        while waiting:
            item = waiting.pop()
            if item not in reached:
                reached.add(item)
                if isinstance(item, int):
                    node = self._nodes[item]
                    waiting += [(after, width, _MAX_STOPS) for width, after in node.gaps.items()]
                    waiting += node.empty
                else:
                    waiting.append(item[0])
        return frozenset(reached)
