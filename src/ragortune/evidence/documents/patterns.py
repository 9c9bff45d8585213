"""The pattern language of everything in `rules/language/`, and the automaton of many patterns.

    word  word*  (one|two words)  [optional words]  ..3  @list  <duration>

A pattern is a row of words; `word*` stands for any ending, `..3` for up to three words and the commas between them,
`@list` for a list of words, and `<amount>` for an amount that was found before (`<duration>`, `<money>`, `<count>`,
`<size>`, `<share>`, `<rate>`). There is no repetition without a bound, so that a match looks at a bounded number of words,
and a text costs time in proportion to its length.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec

WIDEST_GAP = 12
_DEEPEST = 6
_PIECE = re.compile(
    r"\s+|\.\.(?P<gap>\d+)|(?P<amount><\w+>)|@(?P<list>[\w-]+)|(?P<mark>[()\[\]|])|"
    r"(?P<any>[^\s()\[\]|<>@*]+)\*|(?P<word>[^\s()\[\]|<>@*]+)"
)
_WORD = re.compile(r"[^\W_]+(?:['_][^\W_]+)*$|[?:%$\u20ac\u00a3/\u2192,.]$|[^\w\s]$")
AMOUNTS = ("duration", "money", "count", "size", "share", "rate")


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
    if all(isinstance(element, Gap) or (isinstance(element, Choice) and element.optional) for element in row):
        raise PatternError("matches without any word")
    if isinstance(row[0], Gap):
        raise PatternError("begins with a gap")
    return row


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
