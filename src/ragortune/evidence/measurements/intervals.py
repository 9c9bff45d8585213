"""95% confidence intervals of shares and means."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

DEVIATIONS = 1.959964
"""Standard deviations of a normal distribution on either side of its mean that hold 95% of it."""

LEAST = 30
"""Fewer are an anecdote: of 30, a share of 0.8 has an interval from 0.63 to 0.90."""


def bound_share(hits: int, count: int) -> tuple[float, float]:
    """Return the interval of Wilson (1927) for a share, which is right for small samples and shares near 0 and 1 too."""
    if not count:
        return 0.0, 1.0
    share, square = hits / count, DEVIATIONS**2
    middle = (share + square / (2 * count)) / (1 + square / count)
    half = (
        DEVIATIONS * math.sqrt(share * (1 - share) / count + square / (4 * count**2)) / (1 + square / count)
    )
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
