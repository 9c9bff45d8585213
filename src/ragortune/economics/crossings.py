"""Where two bills cross: the rate of requests from which another option is cheaper, in closed form."""

from __future__ import annotations

from ragortune.economics.bills import Bill, Line
from ragortune.quantities import Draws, Quantity, measure, read_mid
from ragortune.record import Record

Lines = tuple[tuple[float, float, float], ...]
"""Fixed amount, amount for each request and least amount of each line, in base units."""
FARTHEST = 1e10 / 86_400
"""Requests a second beyond which no crossing is of interest: ten billion a day."""
_FREE = measure(0.0, "USD/request")


class Crossing(Record):
    """Where one bill becomes cheaper than another."""

    requests: float
    """Requests a second."""
    falls: bool
    """True where the first bill is the cheaper one above the crossing, false where it is below."""


class Slope(Record):
    """A bill as a function of requests: what is fixed, what each request adds, and lines with a least amount."""

    fixed: Quantity
    each: Quantity
    with_least: tuple[Line, ...]

    def read(self, index: int | None = None) -> Lines:
        """Return the numbers of a point, or of one of the draws, in base units."""
        first = (_at(self.fixed, index), _at(self.each, index), float("-inf"))
        rest = [
            (_at(line.fixed, index), _at(line.each, index), _at(line.least, index))
            for line in self.with_least
            if line.least is not None
        ]
        return (first, *rest)


def find_slope(bill: Bill, added: Quantity) -> Slope:
    """Return a bill, and a monthly amount that is added to it, as a function of requests."""
    fixed, each = added, _FREE
    for line in bill.lines:
        if line.least is None:
            fixed, each = fixed + line.fixed, each + line.each
    return Slope(fixed, each, tuple(line for line in bill.lines if line.least is not None))


def _at(quantity: Quantity, index: int | None) -> float:
    magnitude = quantity.magnitude
    if isinstance(magnitude, Draws):
        return magnitude.values[index or 0]
    return read_mid(magnitude)


def total_at(lines: Lines, requests: float) -> float:
    """Return what lines come to at a rate of requests."""
    return sum(max(least, fixed + each * requests) for fixed, each, least in lines)


def find_crossing(first: Lines, second: Lines) -> Crossing | None:
    """Return the lowest rate of requests above zero at which two bills are equal and change places; None if none is.

    Bills are straight between the rates at which a line leaves its least amount, so each stretch is solved by itself
    (F14). A crossing beyond `FARTHEST` is none.
    """
    kinks = sorted(
        {(least - fixed) / each for fixed, each, least in (*first, *second) if each > 0 and least > fixed}
    )
    start, before = 0.0, total_at(first, 0.0) - total_at(second, 0.0)
    for end in kinks:
        after = total_at(first, end) - total_at(second, end)
        if before * after < 0:
            return Crossing(start + (end - start) * before / (before - after), after < 0)
        start, before = end, after
    slope = sum(each for _, each, _ in first) - sum(each for _, each, _ in second)
    if before * slope >= 0 or abs(before) > abs(slope) * FARTHEST:
        return None
    return Crossing(start - before / slope, slope < 0)
