"""Numbers with units: like is added to like, ranges hold their points, and nothing infinite leaves."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragortune.model.quantities import (
    Draws,
    Quantity,
    Range,
    add_up,
    larger_of,
    largest_in,
    map_quantity,
    measure,
    parse_amount,
    plain,
    read_mid,
    require_finite,
    smaller_of,
)
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


@st.composite
def ranges(draw, unit="tokens"):
    low, mid, high = sorted(draw(st.tuples(numbers, numbers, numbers)))
    return measure((low, mid, high), unit)


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
    for combine in (lambda: a + b, lambda: a - b, lambda: larger_of(a, b), lambda: smaller_of(a, b)):
        with pytest.raises(QuantityError, match="cannot"):
            combine()
    with pytest.raises(QuantityError, match="cannot be given in"):
        a.in_unit(second)


@given(ranges(), ranges())
def test_a_range_holds_what_any_of_its_points_give(first, second):
    for result, combine in (
        (first + second, lambda a, b: a + b),
        (first - second, lambda a, b: a - b),
        (first * second, lambda a, b: a * b),
        (first / second, lambda a, b: a / b),
        (larger_of(first, second), max),
        (smaller_of(first, second), min),
    ):
        bounds = result.magnitude
        low, mid, high = (bounds.low, bounds.mid, bounds.high) if isinstance(bounds, Range) else (bounds,) * 3
        slack = 1e-9 * max(1.0, abs(low), abs(high))
        assert low - slack <= mid <= high + slack
        for one in ends_of(first):
            for other in ends_of(second):
                assert low - slack <= combine(one, other) <= high + slack


def ends_of(quantity):
    own = quantity.magnitude
    return (own.low, own.mid, own.high) if isinstance(own, Range) else (own,)


@given(st.lists(numbers, min_size=1, max_size=20), numbers)
def test_draws_are_computed_one_by_one(values, factor):
    tokens = Quantity(Draws(values), parse_unit("tokens")[1])

    assert (tokens * factor).magnitude.values == [value * factor for value in values]
    assert (tokens + measure(factor, "tokens")).magnitude.values == [value + factor for value in values]
    assert (measure(factor, "tokens") / tokens).magnitude.values == [factor / value for value in values]
    assert largest_in(tokens) == max(values)


def test_what_changes_nothing_costs_no_pass_over_the_draws():
    tokens = Quantity(Draws([1.0, 2.0]), parse_unit("tokens")[1])

    assert (tokens * 1.0).magnitude is tokens.magnitude
    assert (measure(0, "tokens") + tokens).magnitude is tokens.magnitude
    assert (tokens - measure(0, "tokens")).magnitude is tokens.magnitude


def test_a_range_and_draws_do_not_meet():
    draws = Quantity(Draws([1.0, 2.0]), parse_unit("tokens")[1])

    with pytest.raises(QuantityError, match="cannot be combined"):
        draws + measure((1.0, 2.0, 3.0), "tokens")
    with pytest.raises(QuantityError, match="no single number"):
        draws.number_in("tokens")


@pytest.mark.parametrize(
    "divisor", [plain(0), measure((-1.0, 1.0, 2.0), "share"), Quantity(Draws([1.0, 0.0]))]
)
def test_nothing_is_divided_by_what_can_be_zero(divisor):
    with pytest.raises(QuantityError, match="division"):
        plain(1) / divisor
    with pytest.raises(QuantityError, match="division"):
        plain(1) / 0


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, 1e308])
def test_no_quantity_is_made_of_what_is_not_a_number(number):
    with pytest.raises(QuantityError, match="not a number"):
        measure(number, "mtok")


@pytest.mark.parametrize("magnitude", [math.inf, Range(0.0, 1.0, math.inf), Draws([1.0, math.nan])])
def test_nothing_infinite_leaves(magnitude):
    with pytest.raises(QuantityError, match="too large"):
        require_finite(Quantity(magnitude), "the bill")


def test_a_range_in_disorder_is_refused():
    with pytest.raises(QuantityError, match="does not lie between"):
        measure((3.0, 2.0, 1.0), "tokens")


def test_nothing_adds_up_to_nothing():
    assert add_up([], "USD/month").number_in("USD/month") == 0
    assert add_up([measure(3, "USD/month")], "USD/year").number_in("USD/month") == pytest.approx(3)


def test_a_falling_function_turns_a_range_round():
    found = map_quantity(lambda number: -number, measure((1.0, 2.0, 3.0), "tokens")).magnitude

    assert (found.low, found.mid, found.high) == (-3.0, -2.0, -1.0)
    assert read_mid(found) == -2.0


def test_a_quantity_tells_what_it_is():
    assert repr(measure(2, "tokens")) == "<Quantity 2.0 token>"
    assert repr(Quantity(Draws([1.0, 2.0, 3.0, 4.0]))) == "<Quantity [1.0, 2.0, 3.0] a plain number>"


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("800 ms", "ms", 800),
        ("0.8 s", "ms", 800),
        ("3 mtok", "tokens", 3e6),
        ("$4", "USD/example", None),
        ("$4/request", "USD/request", 4),
        ("USD 4/request", "USD/request", 4),
        ("1,500", "tokens", 1500),
        ("2_000 requests/day", "requests/day", 2000),
        ("60000 requests/month", "requests/day", 60000 * 12 / 365),
        ("25 %", "share", 0.25),
        ("25%", "share", 0.25),
        ("800ms", "ms", 800),
        ("$ .5 / request", "USD/request", 0.5),
        ("5e3", "tokens", 5000),
    ],
)
def test_an_amount_is_read_with_its_unit(text, unit, expected):
    if expected is None:
        with pytest.raises(QuantityError, match="measured in"):
            parse_amount(text, unit)
        return
    assert parse_amount(text, unit) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("many", "not a number with a unit"),
        ("", "not a number with a unit"),
        ("1e999", "not a number that can be used"),
        ("nan", "not a number with a unit"),
        ("1" + " " * 200, "not a number with a unit"),
        ("4 EUR/request", "has to be converted"),
        ("4 tokns/request", "there is no unit 'tokns'"),
        ("4 USD//request", "there is no unit"),
        ("9" * 50 + " USD/request", "not a number with a unit"),
    ],
)
def test_an_amount_that_cannot_be_read_says_why(text, message):
    with pytest.raises(QuantityError, match=message):
        parse_amount(text, "USD/request")
