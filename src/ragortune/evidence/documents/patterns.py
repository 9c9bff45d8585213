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
from collections.abc import Iterable, Iterator, Mapping, Sequence

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
_MOST_STOPS = 2
_MOST_REMEMBERED = 50_000
_MOST_STATES = 20_000
_LONGEST_BEGINNING = 20
_OTHER = "*"
"""What a word counts as that no pattern names."""


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


class _Node:
    """A place in the patterns: what may come next, and which patterns end here."""

    __slots__ = ("after", "beginnings", "empty", "entries", "gaps", "words")

    def __init__(self) -> None:
        self.words: dict[str, list[_Node]] = {}
        self.beginnings: dict[str, list[_Node]] = {}
        """By the beginning of a word."""
        self.gaps: dict[int, _Node] = {}
        self.empty: list[_Node] = []
        """Places that are reached without a word."""
        self.entries: list[int] = []
        self.after: dict[Element, _Node] = {}
        """Where each element leads, so that patterns with a common beginning share it."""


_Item = _Node | tuple[_Node, int, int]
"""A place, or a gap before one with how many words and commas it may still take."""


class _State:
    """All places that a row of words leads to; what follows is worked out when it is first met."""

    __slots__ = ("entries", "following", "items")

    def __init__(self, items: frozenset[_Item]) -> None:
        self.items = items
        places = [item for item in items if isinstance(item, _Node)]
        self.entries = tuple(sorted({entry for place in places for entry in place.entries}))
        self.following: dict[str, _State | None] = {}


class Matcher:
    """Patterns compiled to one automaton over words, which is made deterministic as far as texts need it."""

    def __init__(self, lists: Mapping[str, Sequence[str]]) -> None:
        """Take the lists of words that patterns may name; raises PatternError where one cannot be read."""
        self._root = _Node()
        self._sources = lists
        self._lists: dict[str, Choice] = {}
        self._vocabulary: set[str] = {*STOPS, *_SOFT_STOPS}
        self._beginnings: set[str] = set()
        self._classes: dict[str, str] = {}
        """What each word that was met counts as: itself, the beginning that it has, or any other word."""
        self._states: dict[frozenset[_Item], _State] = {}
        self._start: _State | None = None

    def add(self, patterns: Iterable[str], entry: int) -> None:
        """Add patterns under a number; raises PatternError."""
        for pattern in patterns:
            end = self._extend(self._root, parse_pattern(pattern, self._sources))
            if entry not in end.entries:
                end.entries.append(entry)
        self._start = None

    def scan(self, words: Sequence[str]) -> list[tuple[int, int, int]]:
        """Return every match in a row of words as first word, word behind the last, and number; in order."""
        hits: list[tuple[int, int, int]] = []
        known, start = self._classes, self._begin()
        classes = [known.get(word) or self._classify(word) for word in words]
        last = len(classes)
        for first, begun in enumerate(classes):
            state = start.following[begun] if begun in start.following else self._step(start, begun)
            at = first + 1
            while state is not None:
                if state.entries:
                    hits += ((first, at, entry) for entry in state.entries)
                if at == last:
                    break
                word, following = classes[at], state.following
                state = following[word] if word in following else self._step(state, word)
                at += 1
        return hits

    # Building --------------------------------------------------------------------------------------------------------

    def _extend(self, node: _Node, row: tuple[Element, ...]) -> _Node:
        for element in row:
            if element not in node.after:
                node.after[element] = self._follow(node, element)
            node = node.after[element]
        return node

    def _follow(self, node: _Node, element: Element) -> _Node:
        after = _Node()
        if isinstance(element, Word):
            self._lead(node, element, after)
        elif isinstance(element, Gap):
            node.gaps[element.width] = after
        else:
            choice = self._list(element.name) if isinstance(element, ListRef) else element
            for way in choice.ways:
                if len(way) == 1 and isinstance(way[0], Word):
                    self._lead(node, way[0], after)
                else:
                    self._extend(node, way).empty.append(after)
            if choice.optional:
                node.empty.append(after)
        return after

    def _lead(self, node: _Node, word: Word, after: _Node) -> None:
        table, all_words = (
            (node.beginnings, self._beginnings) if word.any_ending else (node.words, self._vocabulary)
        )
        table.setdefault(word.text, []).append(after)
        all_words.add(word.text)

    def _list(self, name: str) -> Choice:
        if name not in self._lists:
            rows = [parse_pattern(text, self._sources) for text in self._sources[name]]
            self._lists[name] = Choice(tuple(rows))
        return self._lists[name]

    # Reading ---------------------------------------------------------------------------------------------------------

    def _begin(self) -> _State:
        if self._start is None:
            items: set[_Item] = set()
            _close(self._root, items)
            self._start = _State(frozenset(items))
        return self._start

    def _classify(self, word: str) -> str:
        if len(self._classes) >= _MOST_REMEMBERED:
            self._classes.clear()
        known = word in self._vocabulary
        begun = (word[:end] for end in range(min(len(word), _LONGEST_BEGINNING), 0, -1))
        self._classes[word] = (
            word if known else next((f"{part}*" for part in begun if part in self._beginnings), _OTHER)
        )
        return self._classes[word]

    def _step(self, state: _State, word: str) -> _State | None:
        """Work out where a word leads from a state, and remember it."""
        if len(self._states) >= _MOST_STATES:
            self._states.clear()
            self._start = None
        items: set[_Item] = set()
        for item in state.items:
            if isinstance(item, _Node):
                for node in _next_nodes(item, word):
                    _close(node, items)
            else:
                _cross(item, word, items)
        key = frozenset(items)
        if key not in self._states:
            self._states[key] = _State(key)
        state.following[word] = following = self._states[key] if key else None
        return following


def _next_nodes(node: _Node, word: str) -> Iterator[_Node]:
    yield from node.words.get(word, ())
    for beginning, nodes in node.beginnings.items():
        if word.startswith(beginning):
            yield from nodes


def _close(node: _Node, items: set[_Item]) -> None:
    """Add a place, and every other that is reached from it without a word."""
    if node in items:
        return
    items.add(node)
    for width, after in node.gaps.items():
        items.add((after, width, _MOST_STOPS))
        _close(after, items)
    for after in node.empty:
        _close(after, items)


def _cross(gap: tuple[_Node, int, int], word: str, items: set[_Item]) -> None:
    """Add what is left of a gap behind a word, and the place where it ends; a few commas are not counted."""
    after, width, stops = gap
    if word in _SOFT_STOPS:
        stops -= 1
    else:
        width -= 1
    if word not in STOPS and width >= 0 and stops >= 0:
        items.add((after, width, stops))
        _close(after, items)
