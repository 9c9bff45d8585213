"""All patterns found in rows of words.

As in RE2, their automaton is made deterministic while texts are read, so that a word costs one look into a table however
many patterns there are; and it goes on only where a word that a pattern needs next is near.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain, islice
from typing import Any

from ragortune.evidence.documents.patterns import Node

STOPS = frozenset((".", "?", ":", ";", "!", "|"))
"""Tokens that end a clause; a gap does not run over them."""
_SOFT_STOPS = frozenset((",", "(", ")", "\u2013"))
_MARKS = STOPS | _SOFT_STOPS
_MOST_STOPS = 2
_MOST_REMEMBERED = 50_000
_MOST_STATES = 20_000
_OTHER, _OTHER_MARK = "OTHER", "*"
"""What a word counts as that no pattern names, and any other sign; no word has capital letters."""


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
