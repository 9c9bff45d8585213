"""Reproducible samples, and the 95% confidence intervals of shares and means in them."""

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
MAX_CHARACTERS = 32_000_000
"""Text that a sample keeps at most; computations on it take several times the memory."""
_COPIES = 100
"""Once a sample overflows, it keeps at most its size over this of items with equal text."""


def draw_sample(items: Sequence[T], most: int, seed: int = 0) -> list[T]:
    """Return at most `most` of the items in random order; the same seed gives the same sample."""
    return random.Random(seed).sample(items, min(len(items), most))  # noqa: S311  (a sample, not a secret)


def rank_text(text: str) -> int:
    """Return the rank of a text, below `RANKS`, in a random order that is the same in every run: a hash."""
    return zlib.crc32(text.encode("utf-8", "surrogatepass"))


class RankedSample(Generic[T]):
    """A sample of a stream: the items below a rank, which is halved whenever there are too many.

    Items of equal text are kept or left out together, so duplicates are as frequent in the sample as in the stream.
    """

    def __init__(self, most: int) -> None:
        self.limit = RANKS
        self.total = 0
        """Number of items that were added, kept or not."""
        self._most = self._copies = most
        self._kept: list[tuple[int, int, T]] = []
        """Rank, characters and item, in the order of addition."""
        self._characters = 0
        self._counts: Counter[int] = Counter()

    def add(self, key: str, item: T, *texts: str) -> None:
        """Add an item with the texts that it holds; it is kept if the rank of its key is within the sample."""
        self.total += 1
        self._keep(rank_text(key), sum(map(len, texts)), item)
        while len(self._kept) > self._most or self._characters > MAX_CHARACTERS:
            # Copies are dropped before ranks, so that a file of a few distinct texts does not lose them all.
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
        """Return the items that were kept, in the order of addition."""
        return tuple(item for _, _, item in self._kept)

    def notes(self, what: str) -> tuple[str, ...]:
        """Return a note on the size of the sample, none if all items were kept; `what` names the items, in the plural."""
        kept = len(self._kept)
        return (f"a sample of {kept:,} of {self.total:,} {what}",) if kept < self.total else ()


# --- intervals ----------------------------------------------------------------------------------------------------

MIN_SAMPLE = 30
"""Fewer cases give no answer: of 30, a share of 0.8 has an interval from 0.63 to 0.90."""
Z_95 = 1.959964
"""Quantile of the standard normal distribution for two-sided 95% intervals."""


def bound_share(hits: int, count: int) -> tuple[float, float]:
    """Return the score interval of a share (Wilson 1927), which holds for small samples and for shares near 0 and 1."""
    if not count:
        return 0.0, 1.0
    share, square = hits / count, Z_95**2
    middle = (share + square / (2 * count)) / (1 + square / count)
    error = math.sqrt(share * (1 - share) / count + square / (4 * count**2))
    half = Z_95 * error / (1 + square / count)
    return max(0.0, middle - half), min(1.0, middle + half)


def place_value(value: float, interval: tuple[float, float], edges: Sequence[float]) -> object:
    """Return a value as an answer of a profile: its interval if that contains an edge between two levels, else itself."""
    low, high = interval
    return {"from": low, "to": high} if any(low < edge <= high for edge in edges) else value


def bound_mean(values: Sequence[float], most: float = 1.0) -> tuple[float, float]:
    """Return the interval of the mean of two or more values from 0 to `most`, by Student's t.

    Its quantile is expanded around that of the normal distribution (Abramowitz and Stegun 26.7.5, first term).
    """
    quantile = Z_95 + (Z_95**3 + Z_95) / (4 * (len(values) - 1))
    mean, half = statistics.fmean(values), quantile * statistics.stdev(values) / math.sqrt(len(values))
    return max(0.0, mean - half), min(most, mean + half)
