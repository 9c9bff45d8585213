"""Where two bills cross: the rate of requests from which another option is cheaper, in closed form."""

from __future__ import annotations

from collections.abc import Iterator

from ragortune.costs.lines import Slope
from ragortune.model.quantities import Quantity, list_first

Lines = tuple[tuple[float, float, float], ...]
"""Fixed amount, amount for each request and least amount of each line, in base units."""
Crossing = tuple[float, bool]
"""Requests a second at which two bills are equal, and whether the first is the cheaper one above it."""
_NO_LEAST = Quantity(float("-inf"))
FARTHEST = 1e10 / 86_400
"""Requests a second beyond which no crossing is of interest: ten billion a day."""


def read_slope(slope: Slope, count: int = 1) -> Iterator[Lines]:
    """Yield the numbers of a point, or of each of the first draws, in base units."""
    lines = [(slope.fixed, slope.each, _NO_LEAST)]
    lines += [(line.fixed, line.each, line.least) for line in slope.with_least if line.least is not None]
    columns = (zip(*(list_first(part, count) for part in line), strict=True) for line in lines)
    return zip(*columns, strict=True)


def total_at(lines: Lines, requests: float) -> float:
    """Return what lines come to at a rate of requests."""
    total = 0.0
    for fixed, each, least in lines:
        amount = fixed + each * requests
        total += amount if amount > least else least  # noqa: FURB136  (called for each crossing of each draw)
    return total


def find_crossing(first: Lines, second: Lines) -> Crossing | None:
    """F14. Return the lowest rate of requests above zero at which two bills are equal and change places; None if none is.

    Bills are straight between the rates at which a line leaves its least amount, so each stretch is solved by itself.
    A crossing beyond `FARTHEST` is none. Source: arithmetic.
    """
    lines = (*first, *second)
    kinks = [(least - fixed) / each for fixed, each, least in lines if 0 < least - fixed < each * FARTHEST]
    start, before = 0.0, total_at(first, 0.0) - total_at(second, 0.0)
    last = before
    for end in (*sorted(kinks), FARTHEST):
        after = total_at(first, end) - total_at(second, end)
        if last * after < 0:
            return start + (end - start) * before / (before - after), after < 0
        start, before, last = end, after, after or last
    return None
