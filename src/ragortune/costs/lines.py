"""Lines of a bill: linear in requests, with a least amount. Written once and read under any plan: point, bounds, draws."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from ragortune.costs import formulas
from ragortune.model.quantities import Quantity, add_up, keep_first, measure
from ragortune.support.record import Record

_NO_COST = measure(0.0, "USD/month")
_FREE = measure(0.0, "USD/request")


class Line(Record, frozen=True):
    """One line of a bill: a fixed amount, an amount for each request, and the least that is billed."""

    name: str
    fixed: Quantity = _NO_COST
    each: Quantity = _FREE
    least: Quantity | None = None

    def amount(self, requests: Quantity) -> Quantity:
        """Return what the line comes to at a rate of requests."""
        total = self.fixed + self.each * requests
        return total if self.least is None else formulas.apply_minimum(total, self.least)

    def keep_first(self, count: int) -> Line:
        """Return the line in the first draws only."""
        least = None if self.least is None else keep_first(self.least, count)
        return Line(self.name, keep_first(self.fixed, count), keep_first(self.each, count), least)


class Slope(Record, frozen=True):
    """Lines as a function of requests: what is fixed, what each request adds, and lines with a least amount."""

    fixed: Quantity
    each: Quantity
    with_least: tuple[Line, ...]


def find_slope(lines: Iterable[Line], added: Quantity = _NO_COST) -> Slope:
    """Return what lines, and a monthly amount that is added to them, come to as a function of requests."""
    listed = tuple(lines)
    plain = [line for line in listed if line.least is None]
    return Slope(
        add_up((added, *(line.fixed for line in plain)), "USD/month"),
        add_up((line.each for line in plain), "USD/request"),
        tuple(line for line in listed if line.least is not None),
    )


class Part(Record, frozen=True, dict=True):
    """Lines of a bill that stand together; candidates that share a part share what is computed of it."""

    requests: Quantity
    """The rate of requests."""
    lines: tuple[Line, ...]
    """What recurs."""
    investments: tuple[tuple[str, Quantity], ...] = ()
    """What is paid once, in dollars."""

    @cached_property
    def running(self) -> Quantity:
        """What recurs each month."""
        slope = find_slope(self.lines)
        bent = [line.amount(self.requests) for line in slope.with_least]
        return formulas.sum_monthly([slope.fixed, slope.each * self.requests, *bent])

    @cached_property
    def invested(self) -> Quantity:
        """What is paid once."""
        return add_up((amount for _, amount in self.investments), "USD")
