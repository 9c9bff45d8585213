"""Samples that are the same in every run, and the 95% confidence intervals of shares and means in them."""

from __future__ import annotations

import math
import random
import statistics
import zlib
from collections import Counter
from collections.abc import Sequence
from typing import Generic, TypeVar

T = TypeVar("T")

RANKS = 2**32
MOST_CHARACTERS = 32_000_000
"""So much text a sample keeps; what is computed of it takes several times the memory."""
_COPIES = 100
"""Where a sample is drawn, so many times as many items are kept as there may be of one rank."""


def draw_sample(items: Sequence[T], most: int, seed: int = 0) -> list[T]:
    """Return at most so many of the items, drawn and in an order that is random but always the same."""
    return random.Random(seed).sample(items, min(len(items), most))  # noqa: S311  (a sample, not a secret)


def rank_text(text: str) -> int:
    """Return the place of a text, below `RANKS`, in an order that is random but always the same."""
    return zlib.crc32(text.encode("utf-8", "surrogatepass"))


class RankedSample(Generic[T]):
    """Items below a rank, which is halved whenever they become too many.

    Items of equal text are kept or left out together, so repetitions are as frequent in the sample as in the whole.
    """

    def __init__(self, most: int) -> None:
        """Take how many items are kept at most."""
        self.limit = RANKS
        self.total = 0
        """Items that were added, kept or not."""
        self._most = self._copies = most
        self._kept: list[tuple[int, int, T]] = []
        """Rank, characters and item, in the order in which they were added."""
        self._characters = 0
        self._counts: Counter[int] = Counter()

    def add(self, text: str, item: T, characters: int = 0) -> None:
        """Keep an item, which holds so many characters, if its text is among those of the sample."""
        self.total += 1
        self._keep(rank_text(text), characters, item)
        while len(self._kept) > self._most or self._characters > MOST_CHARACTERS:
            # Copies go first, so that a file of a few texts does not lose them all.
            fewer = max(1, self._most // _COPIES)
            if self._copies == fewer:
                self.limit //= 2
            self._copies = min(self._copies, fewer)
            kept, self._kept, self._characters = self._kept, [], 0
            self._counts.clear()
            for entry in kept:
                self._keep(*entry)

    def _keep(self, rank: int, characters: int, item: T) -> None:
        if rank < self.limit and self._counts[rank] < self._copies:
            self._counts[rank] += 1
            self._kept.append((rank, characters, item))
            self._characters += characters

    def items(self) -> tuple[T, ...]:
        """Return what was kept, in the order in which it was added."""
        return tuple(item for _, _, item in self._kept)

    def notes(self, what: str) -> tuple[str, ...]:
        """Return how many items are kept of how many, where some are not; `what` they are, in the plural."""
        kept = len(self._kept)
        return (f"a sample of {kept:,} of {self.total:,} {what}",) if kept < self.total else ()


# --- intervals ----------------------------------------------------------------------------------------------------

LEAST = 30
"""Fewer are an anecdote: of 30, a share of 0.8 has an interval from 0.63 to 0.90."""
DEVIATIONS = 1.959964
"""Standard deviations of a normal distribution on either side of its mean that hold 95% of it."""


def bound_share(hits: int, count: int) -> tuple[float, float]:
    """Return the interval of Wilson (1927) for a share, which is right for small samples and shares near 0 and 1 too."""
    if not count:
        return 0.0, 1.0
    share, square = hits / count, DEVIATIONS**2
    middle = (share + square / (2 * count)) / (1 + square / count)
    error = math.sqrt(share * (1 - share) / count + square / (4 * count**2))
    half = DEVIATIONS * error / (1 + square / count)
    return max(0.0, middle - half), min(1.0, middle + half)


def place_value(value: float, interval: tuple[float, float], edges: Sequence[float]) -> object:
    """Return a value as an answer: itself, or its interval where that reaches over an edge between two levels."""
    low, high = interval
    return {"from": low, "to": high} if any(low < edge <= high for edge in edges) else value


def bound_mean(values: Sequence[float], most: float = 1.0) -> tuple[float, float]:
    """Return the interval of the mean of values from 0 to `most`, by Student's t, expanded around the normal quantile."""
    freedom = len(values) - 1
    if freedom < 1:
        return 0.0, most
    quantile = DEVIATIONS + (DEVIATIONS**3 + DEVIATIONS) / (4 * freedom)
    mean, half = statistics.fmean(values), quantile * statistics.stdev(values) / math.sqrt(len(values))
    return max(0.0, mean - half), min(most, mean + half)
