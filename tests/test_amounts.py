"""Amounts: numbers with the separators of several countries, and what a sentence says with a number."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragortune import recommend
from ragortune.evidence.amounts import AmbiguousNumberError, parse_amount, read_number
from ragortune.evidence.answers import read_answer
from ragortune.evidence.documents.amounts import find_amounts
from ragortune.support.errors import QuantityError


def amounts_in(text):
    return [(amount.kind, amount.low, amount.high, amount.below) for amount in find_amounts(text)]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2000", 2000),
        ("2,000", 2000),
        ("1'200", 1200),
        ("1\u202f200", 1200),
        ("1.200.000", 1_200_000),
        ("1.200,5", 1200.5),
        ("1,200.5", 1200.5),
        ("4,2", 4.2),
        ("1,5", 1.5),
        (".72", 0.72),
        ("0.125", 0.125),
        ("1e3", 1000),
        ("1,00,000", 100_000),
        ("12,34,567.5", 1_234_567.5),
    ],
)
def test_a_number_is_read_with_the_separators_of_its_country(text, number):
    assert read_number(text) == (number, len(text))


@pytest.mark.parametrize("text", ["2.000", "12.345"])
def test_a_dot_before_three_digits_is_not_decided(text):
    with pytest.raises(AmbiguousNumberError) as caught:
        read_number(text)
    assert caught.value.high == caught.value.low * 1000


def test_a_text_without_a_number_has_none():
    assert read_number("several") is None


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("Answers within 5 seconds.", ("duration", 5000, 5000, False)),
        ("P95 below 800ms.", ("duration", 800, 800, True)),
        ("It takes 2-4 s on a laptop.", ("duration", 2000, 4000, False)),
        ("It costs $0.02 each.", ("money", 0.02, 0.02, False)),
        ("A budget of 8,000 EUR.", ("money", 8000, 8000, False)),
        ("The manual is 40 KB.", ("size", 40_000, 40_000, False)),
        ("Recall is 87%.", ("share", 0.87, 0.87, False)),
        ("We expect 2,000 queries a day.", ("rate", 2000, 2000, False)),
        ("About 300 questions a week.", ("rate", 300 / 7, 300 / 7, False)),
        ("There are 1.5k documents.", ("count", 1500, 1500, False)),
        ("There are 200 to 800 documents.", ("count", 200, 800, False)),
        ("At least 50 examples.", ("count", 50, 50, False)),
        ("500+ examples.", ("count", 500, 500, False)),
        ("Payment is 20 cents.", ("money", 0.2, 0.2, False)),
        ("There are 1,20,000 pages.", ("count", 120_000, 120_000, False)),
        ("There are 2 lakh pages.", ("count", 200_000, 200_000, False)),
        ("There are 2 Mio pages.", ("count", 2_000_000, 2_000_000, False)),
        ("We expect 3 crore queries a year.", ("rate", 3e7 / 365, 3e7 / 365, False)),
        ("We expect 180,000 queries per quarter.", ("rate", 720_000 / 365, 720_000 / 365, False)),
        ("It takes 800 ms to 2 s.", ("duration", 800, 2000, False)),
        ("It fell from 9 s to 2 s.", ("duration", 2000, 2000, False)),
        ("It has to drop from 9 s to below 2 s.", ("duration", 2000, 2000, True)),
        ("Trained in 2024 on 3,000 pairs.", ("count", 3000, 3000, False)),
        ("Trained on 12 March 2024 with 900 pairs.", ("count", 900, 900, False)),
        ("The set of 2019-2023 has 900 pairs.", ("count", 900, 900, False)),
    ],
)
def test_a_sentence_gives_its_amount(text, amount):
    assert amounts_in(text) == [pytest.approx(amount)]


@pytest.mark.parametrize(
    "text",
    [
        "We use Sonnet 4.",
        "GPT-4 answers.",
        "See Phase 2.",
        "Version 1.2.3 is out.",
        "There are 2.000 pages.",
        "It runs at 07:30.",
        "It takes 1:30 minutes.",
        "There are 10m pairs.",
        "It is 3x as fast.",
        "The API costs $0.",
    ],
)
def test_a_number_in_a_name_and_an_ambiguous_one_are_no_amounts(text):
    assert amounts_in(text) == []


def test_a_month_is_as_long_in_a_sentence_as_everywhere():
    assert amounts_in("It takes 2 months.") == [
        ("duration", 2 * 365 / 12 * 86_400_000, pytest.approx(5.26e9, rel=0.01), False)
    ]


@pytest.mark.parametrize(
    ("text", "level"), [("30000 requests per month", "low"), ("365000 requests per year", "medium")]
)
def test_a_volume_is_the_same_level_in_an_answer_in_prose_and_as_a_quantity(book, text, level):
    criterion = book.criteria["performance.volume"]
    (amount,) = find_amounts(f"We expect {text}.")
    profile = recommend({"quantities": {"requests_per_day": text}}).profile
    answered = recommend({"performance.volume": read_answer(criterion, text)}).profile

    assert criterion.levels_between(amount.low, amount.high) == (level,)
    assert profile.levels["performance.volume"] == (level,)
    assert answered.levels["performance.volume"] == (level,)


def test_a_range_touches_every_level_between_its_ends(book):
    criterion = book.criteria["performance.latency"]
    assert criterion.levels_between(1, 1) == ("realtime",)
    assert criterion.levels_between(1, 1_500) == ("interactive", "realtime")


@given(st.text(max_size=120))
def test_any_text_has_amounts_in_order_and_in_place(text):
    found = find_amounts(text)
    assert all(0 <= amount.start < amount.end <= len(text) for amount in found)
    assert all(one.end <= other.start for one, other in itertools.pairwise(found))


# --- an amount that is given --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("800 ms", "ms", 800),
        ("0.8 s", "ms", 800),
        ("0,8 s", "ms", 800),
        ("3 mtok", "tokens", 3e6),
        ("4.2M tokens", "tokens", 4.2e6),
        ("300 pages", "tokens", 120_000),
        ("3 MB", "tokens", 750_000),
        ("$4/request", "USD/request", 4),
        ("US$4", "USD/request", 4),
        ("$800/day", "USD/day", 800),
        ("3 days", "days", 3),
        ("$4", "USD/request", 4),
        ("USD 4/request", "USD/request", 4),
        ("1,500", "tokens", 1500),
        ("1'500'000", "tokens", 1_500_000),
        ("1.500,5 tokens", "tokens", 1500.5),
        ("2_000 requests/day", "requests/day", 2000),
        ("60000 requests/month", "requests/day", 60000 * 12 / 365),
        ("60000 requests a month", "requests/day", 60000 * 12 / 365),
        ("700 queries weekly", "requests/day", 100),
        ("3 rps", "requests/day", 259_200),
        ("12 a year", "1/year", 12),
        ("15% a month", "share/month", 0.15),
        ("8 hours a day", "hours/day", 8),
        ("8B parameters", "parameters", 8e9),
        ("3.000.000", "tokens", 3e6),
        ("1\u202f500 tokens", "tokens", 1500),
        ("2k", "requests/day", 2000),
        ("2 lakh", "requests/day", 200_000),
        ("2,50,000 pages", "tokens", 1e8),
        ("100 tickets a day", "requests/day", 100),
        ("180k per quarter", "requests/day", 720_000 / 365),
        ("180k quarterly", "requests/day", 720_000 / 365),
        ("300 tokens", "tokens/request", 300),
        ("25 %", "share", 0.25),
        ("25%", "share", 0.25),
        ("36 of 50", "share", 0.72),
        ("800ms", "ms", 800),
        ("$ .5 / request", "USD/request", 0.5),
        ("5e3", "tokens", 5000),
    ],
)
def test_an_amount_is_read_with_its_unit(text, unit, expected):
    assert parse_amount(text, unit) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("text", ["many", "", "nan"])
def test_a_text_that_begins_like_no_number_is_no_amount(text):
    assert parse_amount(text, "USD/request") is None


@pytest.mark.parametrize(
    ("text", "unit", "message"),
    [
        ("1e999", "USD/request", "is too large"),
        ("9" * 50 + " USD/request", "USD/request", "is too large"),
        ("4 EUR/request", "USD/request", "has to be converted"),
        ("\u20ac4", "USD/request", "has to be converted"),
        ("CHF 4", "USD/request", "has to be converted"),
        ("$100/hour", "USD/day", "cannot be converted to days of work"),
        ("$16k a month", "USD/day", "cannot be converted to days of work"),
        ("2 weeks", "days", "cannot be converted to days of work"),
        ("4 tokns/request", "USD/request", "'tokns' is not a unit"),
        ("4 USD//request", "USD/request", "is not a unit"),
        ("$4", "USD/example", "is not a unit for USD/example"),
        ("1 tokens/request", "tokens", "is not a unit for tokens"),
        ("5m", "ms", "'m' is not a unit for ms"),
        ("25 %", "ms", "is not a unit for ms"),
        ("3 runs", "ms", "is not a unit for ms"),
        ("2.000", "tokens", "could be 2 or 2000"),
        ("$800", "USD/day", "is not a unit for USD/day"),
        ("5", "ms", "of what"),
    ],
)
def test_an_amount_that_cannot_be_read_says_why(text, unit, message):
    with pytest.raises(QuantityError, match=message):
        parse_amount(text, unit)


@given(st.text(max_size=60))
def test_any_text_is_an_amount_or_says_what_is_wrong(text):
    try:
        amount = parse_amount(text, "USD/request")
    except QuantityError:
        return
    assert amount is None or abs(amount) <= 1e18


@pytest.mark.parametrize(
    ("written", "milliseconds"), [("0,500 s", 500), ("0.500 s", 500), ("1,500 ms", 1500), ("1'500 ms", 1500)]
)
def test_a_number_that_begins_with_zero_is_a_decimal_whatever_its_separator(written, milliseconds):
    assert parse_amount(written, "ms") == milliseconds


@pytest.mark.parametrize(
    ("written", "unit", "low", "high"),
    [
        ("1,500 s", "ms", "1.5 s", "1500 s"),
        ("1,234 s", "ms", "1.2340 s", "1234 s"),
        ("1.234 s", "ms", "1.2340 s", "1234 s"),
        ("2.000 pages", "tokens", "2 pages", "2000 pages"),
        ("$1.125/request", "USD/request", "$1.1250/request", "$1125/request"),
        ("2.000", "tokens", "2", "2000"),
    ],
)
def test_an_amount_that_is_asked_back_keeps_its_unit_in_both_readings(written, unit, low, high):
    with pytest.raises(QuantityError) as caught:
        parse_amount(written, unit)

    assert caught.value.hint == f"write {high} or {low}, without a separator"
    assert parse_amount(high, unit) == pytest.approx(1000 * parse_amount(low, unit))
