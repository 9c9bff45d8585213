"""Comparisons of bills: shares of wins, break-evens, payback."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ragortune.costs.bills import Approach, Bill, Candidate
from ragortune.model.quantities import Quantity, add_up
from ragortune.model.units import DAYS_A_MONTH
from ragortune.support.record import Record

MONTH = DAYS_A_MONTH * 86_400.0
"""Seconds in a month."""
FARTHEST = 1e10 / 86_400
"""Requests a second up to which break-evens are searched: ten billion a day."""

Lines = tuple[tuple[float, float, float], ...]
"""Fixed amount, amount for each request and minimum of each line, in base units."""


class BreakEven(Record, frozen=True):
    """The volume from which on one option is cheaper than another."""

    option: str
    """The option that gains with volume."""
    against: str
    requests_a_month: float | None
    """At the best guesses; null if it never becomes cheaper."""
    p10: float | None
    """10th and 90th percentile over the draws with such a volume."""
    p90: float | None
    share: float
    """Share of the draws with such a volume."""
    cheaper_now: bool
    """Whether the option is cheaper already at the present volume, at the best guesses."""


class Payback(Record, frozen=True):
    """The time in which a tuned option saves what it cost."""

    option: str
    against: str
    """The cheapest option without tuning."""
    p10: float | None
    """Percentiles over the draws, in months; null for never."""
    p50: float | None
    p90: float | None
    life_in_months: float
    """Remaining life of the tuned model."""
    in_time: float
    """Share of the draws in which it pays back within its life."""
    ever: float
    """Share of the draws in which it saves anything at all."""


def count_wins(columns: Sequence[Sequence[float]]) -> list[float]:
    """Return the share of the draws in which each column is the lowest; a tie counts for the first."""
    wins = Counter(draw.index(min(draw)) for draw in zip(*columns, strict=True))
    return [wins[index] / wins.total() for index in range(len(columns))]


# --- bills as functions of requests -------------------------------------------------------------------------------


def read_lines(bill: Bill, count: int = 1) -> list[Lines]:
    """Return a bill as lines over the rate of requests, for each of the first draws.

    Lines without a minimum are summed up to one.
    """
    spread = bill.invested.keep_first(count) / bill.amortisation.keep_first(count)
    straight = [line for line in bill.lines if line.least is None]
    fixed = add_up((spread, *(line.fixed.keep_first(count) for line in straight)), "USD/month")
    each = add_up((line.each.keep_first(count) for line in straight), "USD/request")
    columns = [(fixed, each, Quantity(float("-inf")))]
    columns += [(line.fixed, line.each, line.least) for line in bill.lines if line.least is not None]
    lines = (zip(*(part.draws(count) for part in parts), strict=True) for parts in columns)
    return list(zip(*lines, strict=True))


def total_at(lines: Lines, requests: float) -> float:
    """Return the sum of the lines at a rate of requests."""
    return sum(max(fixed + each * requests, least) for fixed, each, least in lines)


def find_crossing(first: Lines, second: Lines) -> tuple[float, bool] | None:
    """F14. Return the lowest rate of requests above zero at which two bills cross, None if they do not up to `FARTHEST`.

    The flag is whether the first bill is cheaper above it. Bills are linear between the rates at which a line exceeds its
    minimum, so each interval is solved by itself. Source: arithmetic.
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


# --- two options --------------------------------------------------------------------------------------------------


def are_compared(one: Candidate, other: Candidate) -> bool:
    """Return whether there may be a volume from which on the first is cheaper: it costs more to set up, less to run."""
    if one.approach.tunes and not other.approach.tunes:
        return other.model is not None or one.model is None
    if one.model is None and other.model is not None:
        return one.approach is other.approach
    ways = (one.approach, other.approach)
    return ways == (Approach.RAG, Approach.LONG_CONTEXT) and one.model == other.model


def find_break_even(
    names: tuple[str, str], first: tuple[Lines, list[Lines]], second: tuple[Lines, list[Lines]], now: float
) -> BreakEven:
    """Return the break-even of the first of two bills against the second; each is given at the best guesses and in draws."""
    here = find_crossing(first[0], second[0])
    crossings = list(map(find_crossing, first[1], second[1]))
    monthly = sorted(found[0] * MONTH for found in crossings if found is not None and found[1])
    count = len(monthly)
    return BreakEven(
        *names,
        requests_a_month=here[0] * MONTH if here is not None and here[1] else None,
        p10=monthly[count // 10] if monthly else None,
        p90=monthly[(count * 9 - 1) // 10] if monthly else None,
        share=count / len(crossings),
        cheaper_now=total_at(first[0], now) < total_at(second[0], now),
    )


Spending = tuple[Sequence[float], Sequence[float]]
"""Recurring cost in dollars a second and one-off cost in dollars, for each draw."""


def find_payback(names: tuple[str, str], first: Spending, second: Spending, life: float) -> Payback:
    """F15. Return the time in which the first option saves what it cost more than the second; `life` is in months.

    A draw without savings never pays back. Source: arithmetic.
    """
    months = sorted(
        max(0.0, mine - theirs) / ((dear - cheap) * MONTH)
        for cheap, mine, dear, theirs in zip(*first, *second, strict=True)
        if dear > cheap
    )
    count = len(first[0])
    low, middle, high = (
        months[index] if index < len(months) else None for index in (count // 10, count // 2, count * 9 // 10)
    )
    in_time = sum(value <= life for value in months) / count
    return Payback(*names, low, middle, high, life, in_time, len(months) / count)
