"""Numbers with units: tokens cannot be added to dollars, and no number that is read out is infinite.

A `Quantity` has a magnitude in base units (dollars, tokens, requests, seconds, bytes, ...), which is one number, or a list
with one number for each draw of a simulation. The same formula, written with `+ - * /`, gives a point for points and a
distribution for draws.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable

from ragortune.model.units import NO_UNIT, Dimensions, combine_dimensions, name_dimensions, parse_unit
from ragortune.support.errors import QuantityError

Magnitude = float | list[float]
_TOLERANCE = 1e-9
"""Tolerance of rounding up, for the error of divisions."""


_NEUTRAL = {operator.add: 0.0, operator.sub: 0.0, operator.mul: 1.0, operator.truediv: 1.0}
"""Right identity of each operation, for which lists of draws need not be processed."""


def _apply(operation: Callable[[float, float], float], first: Magnitude, second: Magnitude) -> Magnitude:
    """Return the result of an operation, draw by draw if one side has draws."""
    if not isinstance(first, list):
        if not isinstance(second, list):
            return operation(first, second)
        if operation not in (operator.add, operator.mul):
            return [operation(first, other) for other in second]
        first, second = second, first
    if isinstance(second, list):
        return list(map(operation, first, second))
    if second == _NEUTRAL.get(operation):
        return first
    if operation is operator.mul:  # by far the most frequent
        return [number * second for number in first]
    return [operation(number, second) for number in first]


class Quantity:
    """A magnitude with its dimensions. Sums need equal dimensions. Raises ArithmeticError or ValueError beyond the range of floats."""

    __slots__ = ("dimensions", "magnitude")

    def __init__(self, magnitude: Magnitude, dimensions: Dimensions = NO_UNIT) -> None:
        """Take a magnitude in base units."""
        self.magnitude = magnitude
        self.dimensions = dimensions

    def _combine(
        self, other: Quantity, operation: Callable[[float, float], float], what: str = "compare"
    ) -> Quantity:
        if self.dimensions != other.dimensions:
            mine, theirs = name_dimensions(self.dimensions), name_dimensions(other.dimensions)
            raise QuantityError(f"cannot {what} {mine} and {theirs}")
        return Quantity(_apply(operation, self.magnitude, other.magnitude), self.dimensions)

    def __add__(self, other: Quantity) -> Quantity:
        return self._combine(other, operator.add, "add")

    def __sub__(self, other: Quantity) -> Quantity:
        return self._combine(other, operator.sub, "subtract")

    def __mul__(self, other: Quantity | float) -> Quantity:
        factor = other if isinstance(other, Quantity) else plain(other)
        product = _apply(operator.mul, self.magnitude, factor.magnitude)
        return Quantity(product, combine_dimensions(self.dimensions, factor.dimensions, 1))

    __rmul__ = __mul__

    def __truediv__(self, other: Quantity | float) -> Quantity:
        divisor = other if isinstance(other, Quantity) else plain(other)
        quotient = _apply(operator.truediv, self.magnitude, divisor.magnitude)
        return Quantity(quotient, combine_dimensions(self.dimensions, divisor.dimensions, -1))

    def at_least(self, other: Quantity) -> Quantity:
        """Return the larger of two quantities, number by number."""
        return self._combine(other, max)

    def at_most(self, other: Quantity) -> Quantity:
        """Return the smaller of two quantities, number by number."""
        return self._combine(other, min)

    def apply(self, function: Callable[[float], float]) -> Quantity:
        """Return the quantity with a function applied to each number; the unit stays."""
        magnitude = self.magnitude
        applied = list(map(function, magnitude)) if isinstance(magnitude, list) else function(magnitude)
        return Quantity(applied, self.dimensions)

    def draws(self, count: int | None = None) -> list[float]:
        """Return the first `count` draws, or all, in base units; a point is repeated."""
        return self.magnitude[:count] if isinstance(self.magnitude, list) else [self.magnitude] * (count or 1)

    def keep_first(self, count: int) -> Quantity:
        """Return the quantity with its first `count` draws; a point stays as it is."""
        return Quantity(self.draws(count), self.dimensions) if isinstance(self.magnitude, list) else self

    def in_unit(self, unit: str) -> Magnitude:
        """Return the magnitude in a unit; raises QuantityError if the unit does not fit or the result is not finite."""
        factor, dimensions = parse_unit(unit)
        if dimensions != self.dimensions:
            raise QuantityError(f"{name_dimensions(self.dimensions)} cannot be given in {unit}")
        converted = _apply(operator.truediv, self.magnitude, factor)
        if not all(map(math.isfinite, converted if isinstance(converted, list) else (converted,))):
            raise QuantityError(f"a number of {unit} is too large to be computed")
        return converted

    def number_in(self, unit: str) -> float:
        """Return the number of a point in a unit; raises QuantityError as `in_unit` does."""
        number = self.in_unit(unit)
        assert not isinstance(number, list)
        return number


def measure(value: Magnitude, unit: str) -> Quantity:
    """Return a quantity from a number or draws in a unit; raises QuantityError for an unknown unit."""
    factor, dimensions = parse_unit(unit)
    return Quantity(_apply(operator.mul, value, factor), dimensions)


def plain(value: float) -> Quantity:
    """Return a number without a unit."""
    return Quantity(float(value))


def round_up(quantity: Quantity) -> Quantity:
    """Return a quantity with each number rounded up, with a tolerance of 1e-9."""
    return quantity.apply(lambda value: float(math.ceil(value - _TOLERANCE)))


def add_up(quantities: Iterable[Quantity], unit: str) -> Quantity:
    """Return the sum of quantities with the dimensions of a unit; zero without any."""
    return sum(quantities, Quantity(0.0, parse_unit(unit)[1]))
