"""All patterns found in rows of words.

As in RE2, their automaton is made deterministic while texts are read, so that a word costs one look into a table however
many patterns there are; and it goes on only where a word that a pattern needs next is near, over all words up to there in
one step.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import chain, islice

from ragortune.evidence.documents.patterns import Node
from ragortune.evidence.documents.tokens import APART

STOPS = frozenset((".", "?", ":", ";", "!", "|"))
"""Tokens that end a clause; a gap does not run over them."""
_SOFT_STOPS = frozenset((",", "(", ")", "\u2013"))
_MARKS = STOPS | _SOFT_STOPS
_MAX_STOPS = 2
_MAX_REMEMBERED = 50_000
_MAX_STATES = 20_000
_OTHER, _OTHER_MARK = "OTHER", "*"
"""What a word counts as that no pattern names, and any other sign; no word has capital letters."""


def is_plain(word: str) -> bool:
    """Tell a word or an amount from a sign."""
    return word[0].isalnum() or word[0] == "<"


class WordClasses(dict[str, str]):
    """What each word counts as: itself where it is named, the longest beginning that it has, or any other."""

    def __init__(self, automata: Iterable[Iterable[Node]], beside: Iterable[str] = ()) -> None:
        """Tell apart the words that automata name, those that have a beginning that they name, and others `beside`."""
        nodes = [*chain.from_iterable(automata)]
        named = chain((APART, *_MARKS), beside, *(node.words for node in nodes))
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
        if word.startswith(self._beginnings):
            other = next(f"{begun}*" for begun in self._beginnings if word.startswith(begun))
        return self.setdefault(word, other)

    @cached_property
    def _sorted(self) -> list[str]:
        return sorted((*self._named, *(f"{begun}*" for begun in self._beginnings)))

    def list_begun(self, beginning: str) -> Iterable[str]:
        """Yield everything that a word with a beginning can count as."""
        for word in islice(self._sorted, bisect_left(self._sorted, beginning), None):
            if not word.startswith(beginning):
                return
            yield word


_Gap = tuple[int, int, int]
"""The place behind a gap, and how many words and commas the gap may still take."""
_Item = int | _Gap
_Crossed = tuple[int, int] | None
"""How many words and commas a gap runs over; None where a clause ends among them."""


class _State:
    """All places that a row of words leads to; what follows is worked out when it is first met."""

    __slots__ = ("across", "entries", "following", "gaps", "named", "places", "reach")

    def __init__(self, items: frozenset[_Item], matcher: Matcher) -> None:
        self.places: list[int] = []
        self.gaps: list[_Gap] = []
        self.following: dict[str, _State | None] = {}
        """Where each word that is named here leads, as far as that is known."""
        entries: list[int] = []
        for item in items:
            if isinstance(item, int):
                self.places.append(item)
                entries += matcher.nodes[item].entries
                self.following.update(dict.fromkeys(matcher.leads(item)))
            else:
                self.gaps.append(item)
        self.entries = sorted({*entries}) if entries else entries
        self.named = self.following.keys()
        self.across: dict[_Crossed, _State] = {}
        """What is left behind so many other words and commas."""
        self.reach = max(gap[1] for gap in self.gaps) + _MAX_STOPS + 1 if self.gaps else 1
        """Within how many words one must follow that is named here."""


class Matcher:
    """Finds patterns in rows of words; their automaton is made deterministic as far as texts need it.

    It goes on from a state only where one of the words that the state names is near, so that few states are needed.
    """

    def __init__(self, nodes: Sequence[Node], classes: WordClasses) -> None:
        """Take the automaton of the patterns, and what the words of rows count as."""
        self.nodes = nodes
        self._classes = classes
        self.leads = lru_cache(None)(self._find_leads)
        self._reach_one = lru_cache(_MAX_REMEMBERED)(self._follow_gaps)
        self._forget()

    def _forget(self) -> None:
        self._states: dict[frozenset[_Item], _State] = {}
        self._start = self._reach([0])

    def scan(self, words: Sequence[str]) -> list[tuple[int, int, int]]:
        """Return every match in a row of classified words as first word, word behind the last, and number; in order."""
        hits: list[tuple[int, int, int]] = []
        start, begins = self._start, self._start.following
        for first, begun in enumerate(words):
            if begun in begins:
                state, at = begins[begun] or self._step(start, begun), first + 1
                while True:
                    if state.entries:
                        hits += [(first, at, entry) for entry in state.entries]
                    ahead = words[at : at + state.reach]
                    if state.named.isdisjoint(ahead):
                        break
                    state, taken = self._follow(state, ahead)
                    at += taken
        return hits

    def match(self, words: Sequence[str]) -> list[int]:
        """Return the numbers of the patterns that match a row of classified words as a whole."""
        state, at = self._start, 0
        while at < len(words) and state.places:
            state, taken = self._follow(state, words[at : at + state.reach])
            at += taken
        return state.entries if at == len(words) else []

    def begins(self, word: str) -> bool:
        """Tell whether a pattern begins with a classified word."""
        return word in self._start.following

    def _find_leads(self, place: int) -> Mapping[str, list[int]]:
        """Return where each word that a place names leads; where it names a beginning, all words that have it."""
        node = self.nodes[place]
        if not node.beginnings:
            return node.words
        leads = {word: [*after] for word, after in node.words.items()}
        for beginning, after in node.beginnings.items():
            for word in self._classes.list_begun(beginning):
                leads.setdefault(word, []).extend(after)
        return leads

    def _follow(self, state: _State, ahead: Sequence[str]) -> tuple[_State, int]:
        """Return a state behind some of the next words, and behind how many; it has no places where they lead nowhere.

        Words that the state does not name only use up gaps, all of them at once: one by one only where a match may end.
        """
        if ahead[0] in state.named:
            return state.following[ahead[0]] or self._step(state, ahead[0]), 1
        named = (at for at, word in enumerate(ahead) if word in state.named)
        taken = 1 if state.entries else next(named, len(ahead))
        return self._cross(state, ahead[:taken]), taken

    def _step(self, state: _State, word: str) -> _State:
        """Work out where a word that a state names leads, and remember it."""
        reached: list[_Item] = _narrow(state.gaps, _measure((word,))) if state.gaps else []
        for place in state.places:
            reached += self.leads(place).get(word, ())
        state.following[word] = following = self._reach(reached)
        return following

    def _cross(self, state: _State, words: Sequence[str]) -> _State:
        """Return what is left of the gaps of a state behind words."""
        crossed = _measure(words)
        if crossed not in state.across:
            state.across[crossed] = self._reach(_narrow(state.gaps, crossed))
        return state.across[crossed]

    def _reach(self, items: Iterable[_Item]) -> _State:
        """Return the state of some places, and of every other that is reached from them without a word."""
        key = frozenset[_Item]().union(*map(self._reach_one, items))
        state = self._states.get(key)
        if state is None:
            if len(self._states) >= _MAX_STATES:
                self._forget()
            self._states[key] = state = _State(key, self)
        return state

    def _follow_gaps(self, item: _Item) -> frozenset[_Item]:
        """Return a place with every other that is reached from it without a word."""
        reached: set[_Item] = set()
        waiting = [item]
        while waiting:
            item = waiting.pop()
            if item not in reached:
                reached.add(item)
                if isinstance(item, int):
                    node = self.nodes[item]
                    waiting += [(after, width, _MAX_STOPS) for width, after in node.gaps.items()]
                    waiting += node.empty
                else:
                    waiting.append(item[0])
        return frozenset(reached)


def _measure(words: Sequence[str]) -> _Crossed:
    commas = sum(word in _SOFT_STOPS for word in words)
    return (len(words) - commas, commas) if STOPS.isdisjoint(words) else None


def _narrow(gaps: Iterable[_Gap], crossed: _Crossed) -> list[_Item]:
    """Return what is left of gaps; a few commas are not counted as words."""
    if crossed is None:
        return []
    words, commas = crossed
    return [
        (after, width - words, stops - commas)
        for after, width, stops in gaps
        if width >= words and stops >= commas
    ]
