"""One scan over a text that hears every phrase of a rule set.

All patterns are looked up by the word they begin with, so that the cost per word does not grow with the number of
phrases that begin otherwise; a match at one place reads a bounded number of words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ragortune.phrases.patterns import Sequence, Value, Word, first_words, match_at
from ragortune.phrases.tokens import HARD, SOFT, Tokens
from ragortune.phrases.values import Amount
from ragortune.record import Record

_MOST_REMEMBERED = 50_000


class Heard(Record):
    """A place where a pattern matches."""

    start: int
    """Index of the first token."""
    end: int
    """Index after the last token."""
    amount: Amount | None
    """The quantity that was read, if the pattern has one."""


class Matcher:
    """Patterns under one index. Each has a key, under which its matches are returned."""

    def __init__(self, patterns: Iterable[tuple[str, Sequence]]) -> None:
        """Take pairs of key and pattern; several patterns may share a key."""
        self._exact: dict[str, list[tuple[str, Sequence]]] = {}
        self._stems: dict[str, list[tuple[str, Sequence]]] = {}
        self._numbers: list[tuple[str, Sequence]] = []
        for key, sequence in patterns:
            for first in set(first_words(sequence)):
                if isinstance(first, Value):
                    self._numbers.append((key, sequence))
                elif first.any_ending:
                    self._stems.setdefault(first.text, []).append((key, sequence))
                else:
                    self._exact.setdefault(first.text, []).append((key, sequence))
        self._lengths = sorted({len(stem) for stem in self._stems})
        self._known: dict[str, tuple[tuple[str, Sequence], ...]] = {}

    def scan(self, tokens: Tokens) -> Iterator[tuple[str, Heard]]:
        """Yield every match with the key of its pattern, by the place where it begins; each key once per place."""
        for at, word in enumerate(tokens.words):
            if word in (SOFT, HARD):
                continue
            found: dict[str, Heard] = {}
            for key, sequence in self._candidates(word):
                reached = match_at(sequence, tokens, at)
                if not reached:
                    continue
                end = min(reached) if any(amount is not None for amount in reached.values()) else max(reached)
                if key not in found or end > found[key].end:
                    found[key] = Heard(at, end, reached[end])
            yield from found.items()

    def _candidates(self, word: str) -> tuple[tuple[str, Sequence], ...]:
        known = self._known.get(word)
        if known is None:
            listed = list(self._exact.get(word, ()))
            for length in self._lengths:
                if length > len(word):
                    break
                listed += self._stems.get(word[:length], ())
            if word[0].isdigit() or word in _NUMBERS:
                listed += self._numbers
            known = tuple(dict.fromkeys(listed))
            if len(self._known) < _MOST_REMEMBERED:
                self._known[word] = known
        return known


_NUMBERS = frozenset(
    [
        "a",
        "an",
        "half",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "fifteen",
        "twenty",
        "thirty",
        "forty",
        "fifty",
        "sixty",
        "dozens",
        "hundreds",
        "thousands",
        "millions",
        "billions",
        "tens",
    ]
)

__all__ = ["Heard", "Matcher", "Word"]
