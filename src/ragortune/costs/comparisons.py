"""Options held against each other: chances, break-evens, payback, what moves the bill, cost over volume."""

from __future__ import annotations

import operator
from collections.abc import Sequence

from ragortune.costs.answers import BreakEven, Payback, Swing
from ragortune.costs.candidates import Approach, Candidate
from ragortune.costs.crossings import Lines, find_crossing, read_slope, total_at
from ragortune.costs.inputs import Input
from ragortune.costs.lines import Slope
from ragortune.model.units import DAYS_A_MONTH

MONTH = DAYS_A_MONTH * 86_400.0
"""Seconds in a month."""
BREAK_EVEN_DRAWS = 200
"""Break-evens are looked for in the first draws only: their range is wide, and each takes a search."""
_CURVE_POINTS = 31
_CURVE_REACH = 30.0


def count_wins(columns: Sequence[Sequence[float]]) -> list[float]:
    """Return in which share of the draws each column is the lowest; of equal ones the first."""
    if len(columns) == 1:
        return [1.0]
    least = columns[0]
    for column in columns[1:]:
        least = [one if one < other else other for one, other in zip(least, column, strict=True)]  # noqa: FURB136
    left, shares = len(least), []
    for column in columns:
        wins = min(left, sum(map(operator.eq, column, least)))
        left -= wins
        shares.append(wins / len(least))
    return shares


def are_held_together(first: Candidate, second: Candidate) -> bool:
    """Return whether it is asked from which volume the first is cheaper: dear to set up, cheap to run."""
    if first.approach.tunes and not second.approach.tunes:
        return first.is_own == second.is_own or not second.is_own
    if first.is_own and not second.is_own:
        return first.approach is second.approach
    return (first.approach, second.approach) == (
        Approach.RAG,
        Approach.LONG_CONTEXT,
    ) and first.model == second.model


def find_break_even(
    indexes: tuple[int, int],
    middles: tuple[Lines, Lines],
    sampled: tuple[Slope, Slope],
    now: float,
    draws: int,
) -> BreakEven:
    """Return from which volume the first of two options is cheaper, as a point and over draws."""
    here = find_crossing(*middles)
    crossings = map(find_crossing, *(read_slope(slope, draws) for slope in sampled))
    monthly = sorted(found[0] * MONTH for found in crossings if found is not None and found[1])
    return BreakEven(
        *indexes,
        here[0] * MONTH if here is not None and here[1] else None,
        (monthly[len(monthly) // 10], monthly[(len(monthly) * 9 - 1) // 10]) if monthly else None,
        len(monthly) / draws,
        first_is_cheaper=total_at(middles[0], now) < total_at(middles[1], now),
    )


def find_payback(
    indexes: tuple[int, int],
    running: tuple[Sequence[float], Sequence[float]],
    invested: tuple[Sequence[float], Sequence[float]],
    life: float,
) -> Payback:
    """F15. Return when the first option has earned what it cost more than the second; `life` is in months.

    Amounts that recur are dollars a second, those paid once dollars; a draw in which nothing is saved never pays back.
    Source: arithmetic.
    """
    months = sorted(
        max(0.0, mine - theirs) / ((dear - cheap) * MONTH)
        for cheap, dear, mine, theirs in zip(*running, *invested, strict=True)
        if dear > cheap
    )
    count = len(running[0])
    low, middle, high = (
        months[index] if index < len(months) else None for index in (count // 10, count // 2, count * 9 // 10)
    )
    in_time = sum(value <= life for value in months) / count
    return Payback(*indexes, (low, middle, high), life, in_time, len(months) / count)


def find_swings(
    inputs: Sequence[Input], totals: dict[int, Sequence[float]], leader: int
) -> tuple[Swing, ...]:
    """Return what each input alone does to the leader's bill, largest first.

    `totals` holds for each option that can be used its bill at the middle of all inputs, then at the low and the high
    of each.
    """
    swings = []
    for number, given in enumerate(inputs):
        ends = (1 + 2 * number, 2 + 2 * number)
        low, high = (totals[leader][end] * MONTH for end in ends)
        firsts = {min(totals, key=lambda index, at=end: totals[index][at]) for end in ends}  # type: ignore[misc]
        middle = min(totals, key=lambda index: totals[index][0])
        other = min(firsts - {middle}, default=None)
        if low != high or other is not None:
            swings.append(Swing(given, low, high, other))
    return tuple(sorted(swings, key=lambda swing: (-abs(swing.high - swing.low), swing.input.name)))


def draw_curve(
    bills: Sequence[Lines | None], now: float
) -> tuple[tuple[float, tuple[float | None, ...]], ...]:
    """Return monthly bills over rates of requests from a thirtieth to thirty times the present one."""
    points = []
    for step in range(_CURVE_POINTS):
        rate = now * _CURVE_REACH ** (2 * step / (_CURVE_POINTS - 1) - 1)
        amounts = tuple(None if lines is None else total_at(lines, rate) * MONTH for lines in bills)
        points.append((rate * MONTH, amounts))
    return tuple(points)
