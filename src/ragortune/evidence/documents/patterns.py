"""The pattern language of everything in `rules/language/`, and one matcher for all of it.

    word  word*  (one|two words)  [optional words]  ..3  @list  <duration>

A pattern is a row of words; `word*` stands for any ending, `..3` for up to three words and the commas between them,
`@list` for a list of words, and `<amount>` for an amount that was found before (`<duration>`, `<money>`, `<count>`,
`<size>`, `<share>`, `<rate>`). There is no repetition without a bound, so that a match looks at a bounded number of words,
and a text costs time in proportion to its length. As in RE2, the automaton of all patterns is made deterministic while
texts are read, so that a word costs one look into a table however many patterns there are.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain, islice
from typing import Any

import msgspec

WIDEST_GAP = 12
_DEEPEST = 6
_PIECE = re.compile(
    r"\s+|\.\.(?P<gap>\d+)|(?P<amount><\w+>)|@(?P<list>[\w-]+)|(?P<mark>[()\[\]|])|"
    r"(?P<any>[^\s()\[\]|<>@*]+)\*|(?P<word>[^\s()\[\]|<>@*]+)"
)
_WORD = re.compile(r"[^\W_]+(?:['_][^\W_]+)*$|[?:%$\u20ac\u00a3/\u2192,.]$|[^\w\s]$")
AMOUNTS = ("duration", "money", "count", "size", "share", "rate")
STOPS = frozenset((".", "?", ":", ";", "!", "|"))
"""Tokens that end a clause; a gap does not run over them."""
_SOFT_STOPS = frozenset((",", "(", ")", "\u2013"))
_MARKS = STOPS | _SOFT_STOPS
_MOST_STOPS = 2
_MOST_REMEMBERED = 50_000
_MOST_STATES = 20_000
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


class ListRef(msgspec.Struct, frozen=True):
    """A list of words that is named elsewhere."""

    name: str


class Choice(msgspec.Struct, frozen=True):
    """One of several rows."""

    ways: tuple[tuple[Element, ...], ...]
    optional: bool = False


Element = Word | Gap | ListRef | Choice


def parse_pattern(text: str, lists: Iterable[str]) -> tuple[Element, ...]:
    """Return the elements of a pattern; raises PatternError.

    Args:
        text: the pattern.
        lists: names that `@` may refer to.

    """
    parser = _Parser(text, frozenset(lists))
    row = parser.read_row(0)
    if parser.at < len(parser.pieces):
        raise PatternError(f"closes {parser.pieces[parser.at][1]!r} without opening it")
    if all(isinstance(element, Gap) or _is_optional(element) for element in row):
        raise PatternError("matches without any word")
    if isinstance(row[0], Gap):
        raise PatternError("begins with a gap")
    return row


def _is_optional(element: Element) -> bool:
    return isinstance(element, Choice) and element.optional


class _Parser:
    """Reads one pattern from left to right."""

    def __init__(self, text: str, lists: frozenset[str]) -> None:
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
            return ListRef(text)
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

    Args:
        patterns: patterns, and the number under which all of these are found.
        lists: the lists of words that they may name.

    """
    builder = _Builder(lists)
    for several, entry in patterns:
        for pattern in several:
            end = builder.nodes[builder.extend(0, parse_pattern(pattern, lists))]
            if entry not in end.entries:
                end.entries.append(entry)
    return tuple(builder.nodes)


class _Builder:
    """Lays out places; patterns with a common beginning share it."""

    def __init__(self, lists: Mapping[str, Sequence[str]]) -> None:
        self.nodes = [Node()]
        self._lists = {
            name: Choice(tuple(parse_pattern(text, lists) for text in texts)) for name, texts in lists.items()
        }
        self._after: dict[tuple[int, Element], int] = {}

    def extend(self, at: int, row: tuple[Element, ...]) -> int:
        """Return the place to which a row of elements leads."""
        for element in row:
            if (at, element) not in self._after:
                self._after[at, element] = self._follow(at, element)
            at = self._after[at, element]
        return at

    def _follow(self, at: int, element: Element) -> int:
        node, after = self.nodes[at], len(self.nodes)
        self.nodes.append(Node())
        if isinstance(element, Word):
            _lead(node, element, after)
        elif isinstance(element, Gap):
            node.gaps[element.width] = after
        else:
            choice = self._lists[element.name] if isinstance(element, ListRef) else element
            for way in choice.ways:
                if len(way) == 1 and isinstance(way[0], Word):
                    _lead(node, way[0], after)
                else:
                    self.nodes[self.extend(at, way)].empty.append(after)
            if choice.optional:
                node.empty.append(after)
        return after


def _lead(node: Node, word: Word, after: int) -> None:
    table = node.beginnings if word.any_ending else node.words
    table.setdefault(word.text, []).append(after)


def is_plain(word: str) -> bool:
    """Tell a word or an amount from a sign."""
    return word[0].isalnum() or word[0] == "<"


class WordClasses(dict[str, str]):
    """What each word counts as: itself where it is named, the longest beginning that it has, or any other."""

    def __init__(self, named: Iterable[str], beginnings: Iterable[str]) -> None:
        """Take the words that are told apart, and the beginnings of words."""
        self._named = {word: word for word in named}
        self._beginnings = tuple(sorted(beginnings, key=len, reverse=True))
        super().__init__(self._named)

    def __missing__(self, word: str) -> str:
        """Classify a word that is met for the first time."""
        if len(self) >= _MOST_REMEMBERED:
            self.clear()
            self.update(self._named)
        other = _OTHER if is_plain(word) else _OTHER_MARK
        if word.startswith(self._beginnings):
            other = next(f"{begun}*" for begun in self._beginnings if word.startswith(begun))
        return self.setdefault(word, other)


_Gap = tuple[int, int, int]
"""The place behind a gap, and how many words and commas the gap may still take."""
_Item = int | _Gap


class _State:
    """All places that a row of words leads to; what follows is worked out when it is first met."""

    __slots__ = ("beyond", "entries", "following", "items", "reach")

    def __init__(self, items: frozenset[_Item], matcher: Matcher) -> None:
        places = [item for item in items if isinstance(item, int)]
        self.items = items
        self.entries = matcher.list_entries(places)
        self.following: dict[str, _State | None] = {}
        """Where each word that is named here leads, as far as that is known."""
        for place in places:
            self.following.update(dict.fromkeys(matcher.leads(place)))
        self.beyond: dict[str, _State] = {}
        """What is left behind a mark or any other word, where gaps run over it."""
        self.reach = max(
            (item[1] + _MOST_STOPS + 1 for item in items if not isinstance(item, int)), default=1
        )
        """Within how many words one must follow that is named here."""


class Matcher:
    """Finds patterns in rows of words; their automaton is made deterministic as far as texts need it.

    It goes on from a state only where one of the words that the state names is near, so that few states are needed.
    """

    def __init__(self, nodes: Sequence[Node]) -> None:
        """Take the automaton of the patterns."""
        self._nodes = nodes
        self.named = frozenset(chain(_MARKS, *(node.words for node in nodes)))
        """The words that are told apart."""
        self.beginnings = frozenset(chain.from_iterable(node.beginnings for node in nodes))
        self._classes = WordClasses(self.named, self.beginnings)
        self._sorted = sorted((*self.named, *(f"{begun}*" for begun in self.beginnings)))
        self.leads = lru_cache(None)(self._find_leads)
        self._reach_one = lru_cache(_MOST_REMEMBERED)(self._follow_gaps)
        self._forget()

    def _forget(self) -> None:
        self._states: dict[frozenset[_Item], _State] = {}
        self._start = self._reach([0])

    def scan(self, words: Iterable[str]) -> list[tuple[int, int, int]]:
        """Return every match in a row of words as first word, word behind the last, and number; in order."""
        hits: list[tuple[int, int, int]] = []
        row = [*map(self._classes.__getitem__, words)]
        start, begins = self._start, self._start.following
        for first, begun in enumerate(row):
            if begun in begins:
                state, at = begins[begun] or self._step(start, begun), first + 1
                while True:
                    if state.entries:
                        hits += [(first, at, entry) for entry in state.entries]
                    if state.following.keys().isdisjoint(row[at : at + state.reach]):
                        break
                    state = self._follow(state, row[at])
                    at += 1
        return hits

    def match(self, words: Iterable[str]) -> tuple[int, ...]:
        """Return the numbers of the patterns that match a row of words as a whole."""
        state = self._start
        for word in words:
            state = self._follow(state, self._classes[word])
        return state.entries

    def begins(self, word: str) -> bool:
        """Tell whether a pattern begins with a word."""
        return self._classes[word] in self._start.following

    def list_entries(self, places: Iterable[int]) -> tuple[int, ...]:
        """Return the numbers of the patterns that end at one of several places, in order."""
        return tuple(sorted({entry for place in places for entry in self._nodes[place].entries}))

    def _find_leads(self, place: int) -> dict[str, list[int]]:
        """Return where each word that a place names leads; where it names a beginning, all words that have it."""
        node = self._nodes[place]
        leads = {word: [*after] for word, after in node.words.items()}
        for beginning, after in node.beginnings.items():
            for word in islice(self._sorted, bisect_left(self._sorted, beginning), None):
                if not word.startswith(beginning):
                    break
                leads.setdefault(word, []).extend(after)
        return leads

    def _follow(self, state: _State, word: str) -> _State:
        """Return the state to which a word leads; it has no places where it leads nowhere."""
        if word in state.following:
            return state.following[word] or self._step(state, word)
        word = word if word in _MARKS else _OTHER
        return state.beyond.get(word) or self._step(state, word)

    def _step(self, state: _State, word: str) -> _State:
        """Work out where a word leads, and remember it."""
        reached: list[_Item] = []
        for item in state.items:
            if isinstance(item, int):
                reached += self.leads(item).get(word, ())
            elif gap := _cross(item, word):
                reached.append(gap)
        known: dict[str, Any] = state.following if word in state.following else state.beyond
        known[word] = following = self._reach(reached)
        return following

    def _reach(self, items: Iterable[_Item]) -> _State:
        """Return the state of some places, and of every other that is reached from them without a word."""
        key = frozenset[_Item]().union(*map(self._reach_one, items))
        if key not in self._states:
            if len(self._states) >= _MOST_STATES:
                self._forget()
            self._states[key] = _State(key, self)
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
                    waiting += [(after, width, _MOST_STOPS) for width, after in node.gaps.items()]
                    waiting += node.empty
                else:
                    waiting.append(item[0])
        return frozenset(reached)


def _cross(gap: _Gap, word: str) -> _Gap | None:
    """Return what is left of a gap behind a word, None where it does not run so far; a few commas are not counted."""
    after, width, stops = gap
    if word in _SOFT_STOPS:
        stops -= 1
    else:
        width -= 1
    return (after, width, stops) if word not in STOPS and width >= 0 and stops >= 0 else None
