"""Numbers that know their unit and how sure they are: tokens never meet dollars, and no result is infinite.

A `Quantity` holds a magnitude in base units (dollars, tokens, requests, seconds, bytes, ...). The magnitude is one
number, a `Range` (low, mid, high) or `Draws` (one number for each draw of a simulation). The same formula, written
once with `+ - * /`, gives a point, bounds or a distribution, whatever it is fed with.
"""

from __future__ import annotations

import itertools
import math
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property, partial, reduce

from ragortune.model.units import NO_UNIT, Dimensions, combine_dimensions, name_dimensions, parse_unit
from ragortune.support.errors import QuantityError
from ragortune.support.record import Record
from ragortune.support.text import quote_value


class Range(Record, frozen=True):
    """Three numbers: the smallest and largest that are believed possible, and the best guess between them."""

    low: float
    mid: float
    high: float


class Draws:
    """One number for each draw of a simulation."""

    def __init__(self, values: list[float]) -> None:
        """Take the numbers; the list is not copied."""
        self.values = values

    def keep_first(self, count: int) -> Draws:
        """Return the first draws only."""
        return Draws(self.values[:count]) if count < len(self.values) else self

    @cached_property
    def ordered(self) -> list[float]:
        """The numbers, smallest first; sorted once, for all that share these draws."""
        return sorted(self.values)


class CodedDraws(Draws):
    """Draws of few different numbers: a table, and a byte for each draw that says which of them it is.

    What is computed of one input alone is computed on the table.
    """

    def __init__(self, codes: bytes, table: list[float]) -> None:
        """Take a byte for each draw and the numbers that the bytes stand for."""
        self.codes = codes
        self.table = table

    @cached_property
    def values(self) -> list[float]:  # type: ignore[override]
        """One number for each draw."""
        return list(map(self.table.__getitem__, self.codes))

    def keep_first(self, count: int) -> CodedDraws:
        """Return the first draws only."""
        return CodedDraws(self.codes[:count], self.table) if count < len(self.codes) else self


Magnitude = float | Range | Draws
Operation = Callable[[float, float], float]
_NEUTRAL: Mapping[Operation, float] = {
    operator.add: 0.0,
    operator.sub: 0.0,
    operator.mul: 1.0,
    operator.truediv: 1.0,
}
"""The number that changes nothing on the right of an operation; skipping it saves a pass over all draws."""
_HAIR = 1e-9
"""What rounding up forgives: the error of a division."""
_LONGEST_AMOUNT = 80
_AMOUNT = re.compile(
    r"(?P<dollar>(?:\$|USD\s)\s*)?(?P<number>[-+]?(?:\d[\d_,]*(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)\s*(?P<unit>[^\d\s].*)?",
    re.DOTALL,
)
_FEW = 2
"""More draws than these are added in one pass."""
_COMMUTATIVE: frozenset[Operation] = frozenset((operator.add, operator.mul, min, max))
_BY_NUMBER: Mapping[Operation, Callable[[list[float], float], list[float]]] = {
    operator.add: lambda values, number: [value + number for value in values],
    operator.sub: lambda values, number: [value - number for value in values],
    operator.mul: lambda values, number: [value * number for value in values],
    operator.truediv: lambda values, number: [value / number for value in values],
    min: lambda values, number: [value if value < number else number for value in values],  # noqa: FURB136
    max: lambda values, number: [value if value > number else number for value in values],  # noqa: FURB136
}
"""All draws and one number. Spelled out, since a call for each draw takes twice to six times as long."""


def _apply(operation: Operation, first: Magnitude, second: Magnitude) -> Magnitude:
    """Return the result of an operation on two magnitudes of the same kind, or of a kind and a number."""
    if isinstance(first, float) and isinstance(second, float):
        return operation(first, second)
    if not (isinstance(first, Draws) or isinstance(second, Draws)):
        return _apply_range(operation, _as_range(first), _as_range(second))
    if isinstance(first, Range) or isinstance(second, Range):
        raise QuantityError("a range and draws cannot be combined")
    if isinstance(first, Draws) and isinstance(second, Draws):
        return _apply_draws(operation, first, second)
    if isinstance(first, float) and operation in _COMMUTATIVE:
        first, second = second, first
    if isinstance(first, Draws) and isinstance(second, float):
        return _apply_number(operation, first, second)
    assert isinstance(first, float)
    assert isinstance(second, Draws)
    return _map_draws(lambda values: list(map(operation, itertools.repeat(first), values)), second)


def _apply_draws(operation: Operation, first: Draws, second: Draws) -> Draws:
    if isinstance(first, CodedDraws) and isinstance(second, CodedDraws) and first.codes == second.codes:
        return CodedDraws(first.codes, list(map(operation, first.table, second.table)))
    return Draws(list(map(operation, first.values, second.values)))


def _map_draws(function: Callable[[list[float]], list[float]], draws: Draws) -> Draws:
    """Return draws with a function applied that works number by number."""
    if isinstance(draws, CodedDraws):
        return CodedDraws(draws.codes, function(draws.table))
    return Draws(function(draws.values))


def _different_in(draws: Draws) -> list[float]:
    """Return all numbers that occur in draws, and maybe a few that could."""
    return draws.table if isinstance(draws, CodedDraws) else draws.values


def _apply_number(operation: Operation, draws: Draws, number: float) -> Magnitude:
    """Return the result of an operation on draws and a number, without a pass over the draws where none is needed."""
    if number == _NEUTRAL.get(operation):
        return draws
    if number == 0.0 and operation is operator.mul:
        return 0.0
    return _map_draws(lambda values: _BY_NUMBER[operation](values, number), draws)


def _as_range(magnitude: Magnitude) -> Range:
    if isinstance(magnitude, Range):
        return magnitude
    assert isinstance(magnitude, float)
    return Range(magnitude, magnitude, magnitude)


def _apply_range(operation: Operation, first: Range, second: Range) -> Range:
    """Return bounds of an operation that is monotone in each argument apart from the other."""
    ends = [operation(one, other) for one in (first.low, first.high) for other in (second.low, second.high)]
    return Range(min(ends), operation(first.mid, second.mid), max(ends))


class Quantity:
    """A magnitude with its dimensions. Only like is added to like; a division by zero is an error."""

    __slots__ = ("dimensions", "magnitude")

    def __init__(self, magnitude: Magnitude, dimensions: Dimensions = NO_UNIT) -> None:
        """Take a magnitude in base units."""
        self.magnitude = magnitude
        self.dimensions = dimensions

    def _like(self, other: Quantity, what: str) -> None:
        if self.dimensions != other.dimensions:
            mine, theirs = name_dimensions(self.dimensions), name_dimensions(other.dimensions)
            raise QuantityError(f"cannot {what} {mine} and {theirs}")

    def __add__(self, other: Quantity) -> Quantity:
        self._like(other, "add")
        return Quantity(_apply(operator.add, self.magnitude, other.magnitude), self.dimensions)

    def __sub__(self, other: Quantity) -> Quantity:
        self._like(other, "subtract")
        return Quantity(_apply(operator.sub, self.magnitude, other.magnitude), self.dimensions)

    def __mul__(self, other: Quantity | float) -> Quantity:
        if isinstance(other, Quantity):
            product = _apply(operator.mul, self.magnitude, other.magnitude)
            return Quantity(product, combine_dimensions(self.dimensions, other.dimensions, 1))
        return Quantity(_apply(operator.mul, self.magnitude, float(other)), self.dimensions)

    __rmul__ = __mul__

    def __truediv__(self, other: Quantity | float) -> Quantity:
        divisor: Magnitude = other.magnitude if isinstance(other, Quantity) else float(other)
        if _touches_zero(divisor):
            raise QuantityError("division by a quantity that can be zero")
        quotient = _apply(operator.truediv, self.magnitude, divisor)
        if isinstance(other, Quantity):
            return Quantity(quotient, combine_dimensions(self.dimensions, other.dimensions, -1))
        return Quantity(quotient, self.dimensions)

    def __repr__(self) -> str:
        shown = self.magnitude.values[:3] if isinstance(self.magnitude, Draws) else self.magnitude
        return f"<Quantity {shown} {name_dimensions(self.dimensions)}>"

    def in_unit(self, unit: str) -> Magnitude:
        """Return the magnitude in a unit; raises QuantityError where it measures something else."""
        factor, dimensions = parse_unit(unit)
        if dimensions != self.dimensions:
            raise QuantityError(f"{name_dimensions(self.dimensions)} cannot be given in {unit}")
        return _apply(operator.truediv, self.magnitude, factor)

    def number_in(self, unit: str) -> float:
        """Return one number in a unit: the best guess of a range; raises QuantityError for draws."""
        return read_mid(self.in_unit(unit))


def read_mid(magnitude: Magnitude) -> float:
    """Return the number of a point or the best guess of a range; raises QuantityError for draws."""
    if isinstance(magnitude, Draws):
        raise QuantityError("draws have no single number")
    return magnitude.mid if isinstance(magnitude, Range) else magnitude


def _touches_zero(magnitude: Magnitude) -> bool:
    if isinstance(magnitude, Range):
        return magnitude.low <= 0 <= magnitude.high
    return 0.0 in _different_in(magnitude) if isinstance(magnitude, Draws) else magnitude == 0


def measure(value: float | tuple[float, float, float], unit: str) -> Quantity:
    """Return a quantity from a number, or from low, mid and high, in a unit; raises QuantityError."""
    factor, dimensions = parse_unit(unit)
    numbers = value if isinstance(value, tuple) else (value,)
    if not all(math.isfinite(number * factor) for number in numbers):
        raise QuantityError(f"{quote_value(value)} is not a number that can be used")
    if not isinstance(value, tuple):
        return Quantity(value * factor, dimensions)
    low, mid, high = value
    if not low <= mid <= high:
        raise QuantityError(f"{mid:g} does not lie between {low:g} and {high:g}")
    if low == high:
        return Quantity(mid * factor, dimensions)
    return Quantity(Range(low * factor, mid * factor, high * factor), dimensions)


def plain(value: float) -> Quantity:
    """Return a number without a unit."""
    return Quantity(float(value))


def map_quantity(function: Callable[[float], float], quantity: Quantity) -> Quantity:
    """Return a quantity with a monotone function applied to each number; the unit stays."""
    magnitude = quantity.magnitude
    if isinstance(magnitude, Draws):
        return Quantity(
            _map_draws(lambda values: list(map(function, values)), magnitude), quantity.dimensions
        )
    if isinstance(magnitude, Range):
        ends = sorted((function(magnitude.low), function(magnitude.high)))
        return Quantity(Range(ends[0], function(magnitude.mid), ends[1]), quantity.dimensions)
    return Quantity(function(magnitude), quantity.dimensions)


def round_up(quantity: Quantity) -> Quantity:
    """Return a quantity with each number raised to the next whole one; a hair above a whole number counts as it."""
    magnitude = quantity.magnitude
    if isinstance(magnitude, Draws) and math.isfinite(sum(_different_in(magnitude))):
        raised = _map_draws(lambda values: [float(math.ceil(value - _HAIR)) for value in values], magnitude)
        return Quantity(raised, quantity.dimensions)
    return map_quantity(
        lambda value: float(math.ceil(value - _HAIR)) if math.isfinite(value) else value, quantity
    )


def smaller_of(first: Quantity, second: Quantity) -> Quantity:
    """Return the smaller of two quantities, number by number."""
    first._like(second, "compare")  # noqa: SLF001  (a method of both)
    return Quantity(_apply(min, first.magnitude, second.magnitude), first.dimensions)


def keep_first(quantity: Quantity, count: int) -> Quantity:
    """Return a quantity in the first draws only; a number or a range stays as it is."""
    magnitude = quantity.magnitude
    if not isinstance(magnitude, Draws):
        return quantity
    return Quantity(magnitude.keep_first(count), quantity.dimensions)


def list_first(quantity: Quantity, count: int) -> list[float]:
    """Return the numbers of the first draws, in base units; a number is the same in all of them."""
    magnitude = quantity.magnitude
    if isinstance(magnitude, Draws):
        return magnitude.keep_first(count).values
    return [read_mid(magnitude)] * count


def largest_in(quantity: Quantity) -> float:
    """Return the largest number in a quantity, in base units."""
    magnitude = quantity.magnitude
    if isinstance(magnitude, Draws):
        return max(_different_in(magnitude))
    return magnitude.high if isinstance(magnitude, Range) else magnitude


def larger_of(first: Quantity, second: Quantity) -> Quantity:
    """Return the larger of two quantities, number by number."""
    first._like(second, "compare")  # noqa: SLF001  (a method of both)
    return Quantity(_apply(max, first.magnitude, second.magnitude), first.dimensions)


def add_up(quantities: Iterable[Quantity], unit: str) -> Quantity:
    """Return the sum of quantities that can all be given in a unit; nothing at all sums to zero."""
    total = Quantity(0.0, parse_unit(unit)[1])
    drawn: list[Draws] = []
    for quantity in quantities:
        total._like(quantity, "add")  # noqa: SLF001  (a method of both)
        if isinstance(quantity.magnitude, Draws):
            drawn.append(quantity.magnitude)
        else:
            total = total + quantity
    if len(drawn) > _FEW:
        # One pass: the sums of the first two, of the first three and so on are never stored.
        columns: Iterator[Iterable[float]] = (draws.values for draws in drawn)
        drawn = [Draws(list(reduce(partial(map, operator.add), columns)))]
    for draws in drawn:
        total = Quantity(draws, total.dimensions) + total
    return total


def require_finite(quantity: Quantity, what: str) -> Quantity:
    """Return the quantity; raises QuantityError where a number in it is infinite or not a number."""
    magnitude = quantity.magnitude
    if isinstance(magnitude, Draws):
        fine = math.isfinite(sum(_different_in(magnitude)))
    elif isinstance(magnitude, Range):
        fine = math.isfinite(magnitude.low + magnitude.mid + magnitude.high)
    else:
        fine = math.isfinite(magnitude)
    if not fine:
        raise QuantityError(f"{what} is too large to be computed")
    return quantity


def parse_amount(text: str, unit: str) -> float:
    """Return what a text such as `800 ms` or `$4` says in a unit; raises QuantityError.

    The unit of the text has to measure the same as `unit`.
    """
    found = _AMOUNT.fullmatch(text.strip()) if len(text) <= _LONGEST_AMOUNT else None
    if found is None or len(found["number"]) > _LONGEST_AMOUNT / 2:
        raise QuantityError(f"{quote_value(text)} is not a number with a unit")
    number = float(found["number"].replace("_", "").replace(",", ""))
    if not math.isfinite(number):
        raise QuantityError(f"{quote_value(text)} is not a number that can be used")
    written = ("USD" if found["dollar"] else "") + (found["unit"] or "")
    if not written:
        return number
    factor, dimensions = parse_unit(written)
    wanted, expected = parse_unit(unit)
    if dimensions != expected:
        raise QuantityError(f"is measured in {unit}, not in {quote_value(written)}")
    return number * factor / wanted
