"""Numbers with units: like is added to like, ranges hold their points, and nothing infinite leaves."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragortune.model.quantities import Quantity, add_up, measure, round_up
from ragortune.model.units import name_dimensions, parse_unit
from ragortune.support.errors import QuantityError

UNITS = (
    "USD/mtok",
    "USD/GB/month",
    "tokens/request",
    "requests/day",
    "ms",
    "share",
    "USD/hour/accelerator",
    "TFLOP/s",
)
numbers = st.floats(0.001, 1e6)


@pytest.mark.parametrize(
    ("unit", "factor", "dimensions"),
    [
        ("USD/mtok", 1e-6, "usd/token"),
        ("USD/million queries/GB", 1e-15, "usd/byte/request"),
        ("ms", 0.001, "second"),
        ("requests/day", 1 / 86_400, "request/second"),
        ("share", 1.0, "a plain number"),
        ("1/year", 1 / (365 * 86_400), "1/second"),
    ],
)
def test_a_unit_is_read_word_by_word(unit, factor, dimensions):
    found = parse_unit(unit)

    assert found[0] == pytest.approx(factor)
    assert name_dimensions(found[1]) == dimensions


@given(st.sampled_from(UNITS), st.sampled_from(UNITS), numbers, numbers)
def test_units_never_mix(first, second, one, other):
    a, b = measure(one, first), measure(other, second)
    if a.dimensions == b.dimensions:
        assert (a + b).number_in(first) == pytest.approx(one + b.number_in(first))
        return
    for combine in (lambda: a + b, lambda: a - b, lambda: a.at_least(b), lambda: a.at_most(b)):
        with pytest.raises(QuantityError, match="cannot"):
            combine()
    with pytest.raises(QuantityError, match="cannot be given in"):
        a.in_unit(second)


@given(st.lists(numbers, min_size=1, max_size=20), numbers)
def test_draws_are_computed_one_by_one(values, factor):
    tokens = measure(values, "tokens")

    assert (tokens * factor).magnitude == [value * factor for value in values]
    assert (tokens + measure(factor, "tokens")).magnitude == [value + factor for value in values]
    assert (measure(factor, "tokens") / tokens).magnitude == [factor / value for value in values]
    assert tokens.at_least(measure(factor, "tokens")).magnitude == [max(value, factor) for value in values]
    assert tokens.at_most(measure(factor, "tokens")).magnitude == [min(value, factor) for value in values]
    assert round_up(tokens).magnitude == [math.ceil(value - 1e-9) for value in values]
    assert tokens.keep_first(3).draws() == values[:3]


def test_a_point_is_the_same_in_all_draws():
    assert measure(2, "tokens").draws(3) == [2.0, 2.0, 2.0]


@pytest.mark.parametrize("magnitude", [math.inf, [0.0, math.inf], [1.0, math.nan]])
def test_nothing_infinite_leaves(magnitude):
    with pytest.raises(QuantityError, match="too large"):
        Quantity(magnitude).in_unit("times")


def test_nothing_adds_up_to_nothing():
    assert add_up([], "USD/month").number_in("USD/month") == 0
    assert add_up([measure(3, "USD/month")], "USD/year").number_in("USD/month") == pytest.approx(3)
