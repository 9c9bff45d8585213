"""One scan over a text that hears every phrase of a rule set.

Patterns are looked up by the word they begin with, and only those are tried whose other words stand nearby, so that the cost
per word hardly grows with the number of phrases. A match at one place reads a bounded number of words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ragortune.phrases.patterns import (
    AnyWord,
    Sequence,
    Value,
    Word,
    commonness,
    match_at,
    needed_words,
    openings_of,
)
from ragortune.phrases.tokens import Tokens
from ragortune.phrases.values import CURRENCY_SIGNS, NUMBER_WORDS, Amount
from ragortune.record import Record

_MOST_REMEMBERED = 50_000
_BLOCK = 64
"""Words that are looked at together; a match begins in one block and ends at latest in the next."""


class Heard(Record):
    """A place where a pattern matches."""

    start: int
    """Index of the first token."""
    end: int
    """Index after the last token."""
    amount: Amount | None
    """The quantity that was read, if the pattern has one."""


class _Pattern:
    """A pattern as the scan tries it."""

    __slots__ = ("key", "needs", "sequence")

    def __init__(self, key: str, sequence: Sequence) -> None:
        self.key = key
        self.sequence = sequence
        self.needs = sorted(needed_words(sequence), key=commonness)
        """Sets of words, the rarest first; one of each must stand near the beginning of a match."""


class Matcher:
    """Patterns under one index. Each has a key, under which its matches are returned."""

    def __init__(self, patterns: Iterable[tuple[str, Sequence]]) -> None:
        """Take pairs of key and pattern; several patterns may share a key."""
        self._woken: dict[str, list[_Pattern]] = {}
        """Patterns by the words of their rarest set."""
        self._awake: list[_Pattern] = []
        """Patterns of which no word can be told beforehand."""
        self._exact: dict[str, list[_Pattern]] = {}
        self._stems: dict[str, list[_Pattern]] = {}
        self._numbers: list[_Pattern] = []
        for key, sequence in patterns:
            self._add(_Pattern(key, sequence))
        self._lengths = sorted({len(stem) for stem in self._stems})
        self._known: dict[str, dict[_Pattern, int]] = {}

    def _add(self, pattern: _Pattern) -> None:
        if not pattern.needs:
            self._awake.append(pattern)
        for word in pattern.needs[0] if pattern.needs else ():
            self._woken.setdefault(word, []).append(pattern)
        for first in openings_of(pattern.sequence):
            if isinstance(first, Value):
                self._numbers.append(pattern)
            elif isinstance(first, Word) and first.any_ending:
                self._stems.setdefault(first.text, []).append(pattern)
            else:
                for word in first.words if isinstance(first, AnyWord) else (first.text,):
                    self._exact.setdefault(word, []).append(pattern)

    def scan(self, tokens: Tokens, first: int = 0, last: int | None = None) -> Iterator[tuple[str, Heard]]:
        """Yield every match that begins in a range of words, by place, each key once per place."""
        words = tokens.words
        last = len(words) if last is None else min(last, len(words))
        signs = [sign for sign in CURRENCY_SIGNS if sign in tokens.text]
        for block in range(first, last, _BLOCK):
            awake = self._wake(frozenset((*words[block : block + 2 * _BLOCK], *signs)))
            if not awake:
                continue
            for at in range(block, min(block + _BLOCK, last)):
                word = words[at]
                ranks = self._known.get(word)
                if ranks is None:
                    ranks = self._rank_candidates(word)
                candidates = ranks.keys() & awake
                if candidates:
                    yield from _try_patterns(sorted(candidates, key=ranks.__getitem__), tokens, at)

    def hears(self, tokens: Tokens, first: int = 0, last: int | None = None) -> bool:
        """Return whether any pattern matches at a place in a range of words."""
        return next(self.scan(tokens, first, last), None) is not None

    def _wake(self, near: frozenset[str]) -> set[_Pattern]:
        """Return the patterns of which all words stand among these."""
        awake = set(self._awake)
        for word in self._woken.keys() & near:
            for pattern in self._woken[word]:
                if not any(map(near.isdisjoint, pattern.needs)):
                    awake.add(pattern)
        return awake

    def _rank_candidates(self, word: str) -> dict[_Pattern, int]:
        """Return the patterns that can begin with a word, each with its place among them."""
        listed = list(self._exact.get(word, ()))
        for length in self._lengths:
            if length > len(word):
                break
            listed += self._stems.get(word[:length], ())
        if word[0].isdigit() or word in NUMBER_WORDS:
            listed += self._numbers
        found = {pattern: rank for rank, pattern in enumerate(dict.fromkeys(listed))}
        if len(self._known) < _MOST_REMEMBERED:
            self._known[word] = found
        return found


def _try_patterns(candidates: Iterable[_Pattern], tokens: Tokens, at: int) -> Iterator[tuple[str, Heard]]:
    found: dict[str, Heard] = {}
    for pattern in candidates:
        reached = match_at(pattern.sequence, tokens, at)
        if not reached:
            continue
        end = min(reached) if any(amount is not None for amount in reached.values()) else max(reached)
        if pattern.key not in found or end > found[pattern.key].end:
            found[pattern.key] = Heard(at, end, reached[end])
    yield from found.items()


__all__ = ["Heard", "Matcher", "Word"]
