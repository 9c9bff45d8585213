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
STOPS = frozenset((".", "?", ":", ";", "!", "|"))
"""Tokens that end a clause; a gap does not run over them."""
_SOFT_STOPS = frozenset((",", "(", ")", "\u2013"))
_MARKS = STOPS | _SOFT_STOPS
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


_Gap = tuple[int, int, int]
"""The place behind a gap, and how many words and commas the gap may still take."""
_Item = int | _Gap


class _State:
    """All places that a row of words leads to; what follows is worked out when it is first met."""

    __slots__ = ("entries", "following", "gaps", "nodes")

    def __init__(self, items: frozenset[_Item], nodes: Sequence[Node]) -> None:
        self.nodes = [nodes[item] for item in items if isinstance(item, int)]
        self.gaps = [item for item in items if not isinstance(item, int)]
        self.entries = tuple(sorted({entry for node in self.nodes for entry in node.entries}))
        self.following: dict[str, _State | None] = {}


class Matcher:
    """Finds patterns in rows of words; their automaton is made deterministic as far as texts need it."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        """Take the automaton of the patterns."""
        self._nodes = nodes
        self._vocabulary = {*_MARKS, *(word for node in nodes for word in node.words)}
        self._beginnings = {word for node in nodes for word in node.beginnings}
        self._classes: dict[str, str] = {}
        """What each word that was met counts as: itself, the beginning that it has, or any other word."""
        self._forget()

    def _forget(self) -> None:
        self._states: dict[frozenset[_Item], _State] = {}
        self._start = self._reach([0])

    def scan(self, words: Sequence[str]) -> list[tuple[int, int, int]]:
        """Return every match in a row of words as first word, word behind the last, and number; in order."""
        hits: list[tuple[int, int, int]] = []
        known, start = self._classes, self._start
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
        """Work out where a word leads from a state, and remember it; all words that it does not name lead alike."""
        named = _follow_word(state.nodes, word)
        alike = word if named or word in _MARKS else _OTHER
        if alike not in state.following:
            left = [gap for given in state.gaps if (gap := _cross(given, word))]
            state.following[alike] = self._reach([*named, *left]) if named or left else None
        state.following[word] = state.following[alike]
        return state.following[word]

    def _reach(self, items: Iterable[_Item]) -> _State:
        """Return the state of some places, and of every other that is reached from them without a word."""
        reached: set[_Item] = set()
        waiting = list(items)
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
        key = frozenset(reached)
        if key not in self._states:
            if len(self._states) >= _MOST_STATES:
                self._forget()
            self._states[key] = _State(key, self._nodes)
        return self._states[key]


def _follow_word(nodes: Iterable[Node], word: str) -> list[int]:
    """Return the places to which a word leads from any of several."""
    reached: list[int] = []
    for node in nodes:
        if word in node.words:
            reached += node.words[word]
        for beginning, numbers in node.beginnings.items():
            if word.startswith(beginning):
                reached += numbers
    return reached


def _cross(gap: _Gap, word: str) -> _Gap | None:
    """Return what is left of a gap behind a word, None where it does not run so far; a few commas are not counted."""
    after, width, stops = gap
    if word in _SOFT_STOPS:
        stops -= 1
    else:
        width -= 1
    return (after, width, stops) if word not in STOPS and width >= 0 and stops >= 0 else None
