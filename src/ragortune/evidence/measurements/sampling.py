"""Samples that are the same in every run; of streams wherever a row stands: a checksum of the text decides what is kept."""

from __future__ import annotations

import random
import zlib
from collections.abc import Sequence
from typing import Generic, TypeVar

T = TypeVar("T")

RANKS = 2**32
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
        self._most = most
        self._copies = most
        self._kept = 0
        self._by_rank: dict[int, list[tuple[int, T]]] = {}

    def add(self, text: str, item: T) -> None:
        """Keep an item if its text is among those of the sample."""
        self.total += 1
        rank = rank_text(text)
        same = self._by_rank.setdefault(rank, []) if rank < self.limit else []
        if rank < self.limit and len(same) < self._copies:
            same.append((self.total, item))
            self._kept += 1
        while self._kept > self._most:
            self._shrink()

    def items(self) -> tuple[T, ...]:
        """Return what was kept, in the order in which it was added."""
        kept = [entry for same in self._by_rank.values() for entry in same]
        return tuple(item for _, item in sorted(kept, key=lambda entry: entry[0]))

    def _shrink(self) -> None:
        """Drop copies first, so that a file of a few texts does not lose them all."""
        fewer = max(1, self._most // _COPIES)
        if self._copies > fewer:
            self._copies = fewer
        else:
            self.limit //= 2
        kept = {rank: same[: self._copies] for rank, same in self._by_rank.items() if rank < self.limit}
        self._by_rank, self._kept = kept, sum(map(len, kept.values()))
