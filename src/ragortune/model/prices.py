"""Price data: which values each kind of row has, in which unit and within which bounds; looking up, ages, overrides.

A row that is not there is an error that names the nearest one. Nothing is ever taken to cost nothing because it is
unknown.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping

from ragortune.model import Confidence, PriceRow, PriceValue
from ragortune.model.quantities import Quantity, measure
from ragortune.model.units import parse_unit
from ragortune.support.errors import PriceError, QuantityError
from ragortune.support.record import Record
from ragortune.support.text import join_words, quote_value, suggest_name

STALE_AFTER = 90
"""Days after which a price is reported as old."""
REFUSED_AFTER = 365
"""Days after which no break-even is claimed on it."""
OVERRIDE = "--price"


class ValueRule(Record, frozen=True):
    """What one value of a kind of row must be."""

    unit: str
    minimum: float
    maximum: float
    required: bool = False


class Complaint(Record, frozen=True):
    """Something wrong with a row, and the path to it inside the row."""

    path: tuple[str | int, ...]
    message: str
    hint: str | None = None


class Age(Record, frozen=True):
    """How old a row is on a day."""

    row: PriceRow
    days: int

    @property
    def is_stale(self) -> bool:
        """Whether it should be looked up again."""
        return self.days > STALE_AFTER


_PER_MTOK = "USD/mtok"
_LATENCY = {
    "first_token_p50": ValueRule("ms", 1, 120_000),
    "first_token_p95": ValueRule("ms", 1, 600_000),
    "token_time": ValueRule("ms/token", 0.05, 2_000),
    "prefill": ValueRule("tokens/s", 50, 10_000_000),
    "prefill_cached": ValueRule("tokens/s", 50, 100_000_000),
}
KINDS: Mapping[str, Mapping[str, ValueRule]] = {
    "chat_model": {
        "in": ValueRule(_PER_MTOK, 0.002, 200, required=True),
        "cached": ValueRule(_PER_MTOK, 0.0002, 200),
        "cache_write": ValueRule(_PER_MTOK, 0.002, 400),
        "cache_write_1h": ValueRule(_PER_MTOK, 0.002, 400),
        "out": ValueRule(_PER_MTOK, 0.002, 800, required=True),
        "batch": ValueRule("times", 0.05, 1),
        "window": ValueRule("tokens", 1_000, 100_000_000, required=True),
        "tier_over": ValueRule("tokens", 1_000, 100_000_000),
        "tier_in": ValueRule("times", 1, 20),
        "tier_out": ValueRule("times", 1, 20),
        **_LATENCY,
    },
    "tuning_offer": {
        "train": ValueRule(_PER_MTOK, 0.05, 150),
        "train_hour": ValueRule("USD/hour", 0.5, 1_000),
        "host": ValueRule("USD/hour", 0, 200, required=True),
        "in": ValueRule(_PER_MTOK, 0, 200, required=True),
        "cached": ValueRule(_PER_MTOK, 0.0002, 200),
        "out": ValueRule(_PER_MTOK, 0, 800, required=True),
        "window": ValueRule("tokens", 1_000, 100_000_000, required=True),
        "examples": ValueRule("examples", 1, 1_000_000),
        **_LATENCY,
    },
    "embedding_model": {
        "in": ValueRule(_PER_MTOK, 0.0005, 2, required=True),
        "dimensions": ValueRule("times", 16, 65_536, required=True),
    },
    "reranker": {
        "search": ValueRule("USD/thousand searches", 0.01, 50),
        "in": ValueRule(_PER_MTOK, 0.0005, 5),
    },
    "vector_store": {
        "flat": ValueRule("USD/month", 0, 100_000),
        "minimum": ValueRule("USD/month", 0, 100_000),
        "storage": ValueRule("USD/GB/month", 0, 100),
        "write": ValueRule("USD/GB", 0, 100),
        "query": ValueRule("USD/million queries", 0, 1_000),
        "read": ValueRule("USD/million queries/GB", 0, 1_000),
        "read_floor": ValueRule("GB", 0, 1_000),
        "scan_first": ValueRule("USD/TB", 0, 100),
        "scan_rest": ValueRule("USD/TB", 0, 100),
        "scan_edge": ValueRule("vectors", 1, 1_000_000_000),
        "search_p50": ValueRule("ms", 0.01, 60_000, required=True),
        "search_p95": ValueRule("ms", 0.01, 60_000, required=True),
    },
    "accelerator": {
        "hour": ValueRule("USD/hour/accelerator", 0.05, 100, required=True),
        "peak": ValueRule("TFLOP/s/accelerator", 1, 100_000, required=True),
        "bandwidth": ValueRule("GB/s/accelerator", 10, 100_000, required=True),
        "memory": ValueRule("GB/accelerator", 1, 10_000, required=True),
        "mfu": ValueRule("share", 0.01, 0.9, required=True),
    },
    "stage": {
        "p50": ValueRule("ms", 0, 60_000, required=True),
        "p95": ValueRule("ms", 0, 600_000, required=True),
    },
    "constant": {},
    "default": {},
}
"""For each kind of row its values. The bounds refuse slips of the comma, as they happen in public price lists."""
_FREE_KINDS = ("constant", "default")
_ONE_OF: Mapping[str, tuple[str, ...]] = {
    "tuning_offer": ("train", "train_hour"),
    "reranker": ("search", "in"),
    "vector_store": ("flat", "storage"),
}
_NOT_ABOVE = (
    ("cached", "in"),
    ("search_p50", "search_p95"),
    ("p50", "p95"),
    ("first_token_p50", "first_token_p95"),
)


def check_row(row: PriceRow) -> Iterator[Complaint]:
    """Yield what is wrong with a row: unknown kind or value, wrong unit, a number out of bounds, a date that is none."""
    rules = KINDS.get(row.kind)
    if rules is None:
        message = f"'kind' must be {join_words(KINDS, 'or')}, not {quote_value(row.kind)}"
        yield Complaint(("kind",), message, suggest_name(row.kind, KINDS))
        return
    for key in ("as_of", "available_until", "trainable_until"):
        date = getattr(row, key)
        if date is not None and not is_date(date):
            yield Complaint((key,), f"'{key}' must be a date, YYYY-MM-DD, not {quote_value(date)}")
    if row.kind in _FREE_KINDS:
        rules = {
            "value": ValueRule(
                row.values["value"].unit if "value" in row.values else "1", -1e18, 1e18, required=True
            )
        }
    for name, value in row.values.items():
        if name not in rules:
            yield Complaint(
                ("values", name), f"a {row.kind} has no {quote_value(name)}", suggest_name(name, rules)
            )
        else:
            yield from _check_value(name, value, rules[name])
    yield from _check_together(row, rules)


def _check_value(name: str, value: PriceValue, rule: ValueRule) -> Iterator[Complaint]:
    path = ("values", name)
    if value.unit != rule.unit:
        hint = f"write unit: {rule.unit}"
        yield Complaint(
            (*path, "unit"), f"'{name}' is given in {rule.unit}, not in {quote_value(value.unit)}", hint
        )
        return
    try:
        parse_unit(value.unit)
    except QuantityError as error:
        yield Complaint((*path, "unit"), error.message, error.hint)
        return
    low, high = bounds_of(value)
    for number in (value.value, low, high):
        if not rule.minimum <= number <= rule.maximum:
            message = (
                f"'{name}' must be from {rule.minimum:g} to {rule.maximum:g} {rule.unit}, not {number:g}"
            )
            yield Complaint(path, message)
            return
    if not low <= value.value <= high:
        yield Complaint(path, f"'{name}' does not lie between its low and high")
    if value.as_of is not None and not is_date(value.as_of):
        yield Complaint(
            (*path, "as_of"), f"'as_of' must be a date, YYYY-MM-DD, not {quote_value(value.as_of)}"
        )


def _check_together(row: PriceRow, rules: Mapping[str, ValueRule]) -> Iterator[Complaint]:
    for name, rule in rules.items():
        if rule.required and name not in row.values:
            yield Complaint(("values",), f"{quote_value(name)} is missing")
    wanted = _ONE_OF.get(row.kind)
    if wanted and not any(name in row.values for name in wanted):
        yield Complaint(("values",), f"{join_words(map(quote_value, wanted), 'or')} is missing")
    for lower, upper in _NOT_ABOVE:
        if lower in row.values and upper in row.values and row.values[lower].value > row.values[upper].value:
            yield Complaint(("values", lower), f"'{lower}' is above '{upper}'; are they mixed up?")


def bounds_of(value: PriceValue) -> tuple[float, float]:
    """Return the low and high of a value, the value itself where they are left out."""
    return (
        value.value if value.low is None else value.low,
        value.value if value.high is None else value.high,
    )


def is_date(text: str) -> bool:
    """Return whether a text is a date, YYYY-MM-DD."""
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == len("YYYY-MM-DD")


def count_days(earlier: str, later: str) -> int:
    """Return the days from one date to another; negative where the second is earlier."""
    return (dt.date.fromisoformat(later) - dt.date.fromisoformat(earlier)).days


def list_sources(row: PriceRow) -> tuple[str, ...]:
    """Return the ids of the sources that a row rests on."""
    own = (value.source for value in row.values.values() if value.source is not None)
    return tuple(dict.fromkeys((row.source, *own)))


class PriceBook:
    """Price rows to look up in."""

    def __init__(self, rows: Mapping[str, PriceRow]) -> None:
        """Take the rows by id."""
        self.rows = dict(rows)

    def find(self, name: str, *kinds: str) -> PriceRow:
        """Return a row of one of these kinds; raises PriceError naming the nearest, and never stands in a zero."""
        row = self.rows.get(name)
        if row is None or row.kind not in kinds:
            known = [known.id for known in self.rows.values() if known.kind in kinds]
            what = join_words((kind.replace("_", " ") for kind in kinds), "or")
            message = f"there is no {what} {quote_value(name)} in the price data"
            if row is not None:
                message = f"{quote_value(name)} is a {row.kind.replace('_', ' ')}, not a {what}"
            hint = (
                suggest_name(name, known)
                or "`ragortune prices list` shows what there is; a price file adds to it"
            )
            raise PriceError(message, None, hint)
        return row


def quantity_of(row: PriceRow, name: str) -> Quantity:
    """Return a value of a row with its bounds; raises PriceError where the row does not have it."""
    value = row.values.get(name)
    if value is None:
        raise PriceError(f"{quote_value(row.id)} has no price {quote_value(name)}")
    low, high = bounds_of(value)
    return measure((low, value.value, high), value.unit)


def find_ages(rows: Iterable[PriceRow], today: str) -> tuple[Age, ...]:
    """Return how old each row is on a day, by its oldest value.

    Defaults, constants and latency stages are not prices; they do not age.
    """
    ages = []
    for row in rows:
        if row.kind in (*_FREE_KINDS, "stage"):
            continue
        dates = [row.as_of, *(value.as_of for value in row.values.values() if value.as_of)]
        ages.append(Age(row, max(count_days(date, today) for date in dates)))
    return tuple(ages)


def override_value(book: PriceBook, setting: str, today: str) -> None:
    """Replace one value as `model.value=NUMBER` says; raises PriceError."""
    target, equals, text = setting.partition("=")
    name, dot, key = target.strip().rpartition(".")
    if not equals or not dot:
        raise PriceError(
            f"{OVERRIDE} is written NAME.VALUE=NUMBER, not {quote_value(setting)}",
            None,
            f"{OVERRIDE} gpt-6-luna.in=0.12",
        )
    row = book.rows.get(name)
    if row is None:
        raise PriceError(f"there is no price row {quote_value(name)}", None, suggest_name(name, book.rows))
    rules = KINDS[row.kind]
    rule = rules.get(key)
    old = row.values.get(key)
    unit = rule.unit if rule else (old.unit if old else None)
    if unit is None:
        hint = suggest_name(key, [*rules, *row.values])
        raise PriceError(f"a {row.kind} has no {quote_value(key)}", None, hint)
    try:
        number = float(text)
    except ValueError:
        raise PriceError(f"{quote_value(text)} is not a number of {unit}") from None
    value = PriceValue(number, unit, None, None, today, None, Confidence.HIGH)
    changed = row.replace(values={**row.values, key: value})
    complaint = next(iter(check_row(changed)), None)
    if complaint is not None:
        raise PriceError(f"{OVERRIDE} {name}.{key}: {complaint.message}", None, complaint.hint)
    book.rows[name] = changed
