"""Price data: rows, the values, units and bounds of each kind of row, look-up, ages and overrides.

An unknown row is an error that names the nearest one; an unknown price is never zero.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum

from ragortune.model.units import parse_unit
from ragortune.support.errors import PriceError, QuantityError
from ragortune.support.record import NOTHING, Record
from ragortune.support.text import join_words, quote_value, suggest_name

STALE_AFTER = 90
"""Days after which a price is reported as old."""
REFUSED_AFTER = 365
"""Days after which break-evens and paybacks are no longer computed from a price."""
OVERRIDE = "--price"
_LARGEST_VALUE = 1e15
"""Largest value of any price, size or time, whatever a rule pack allows."""


class Confidence(StrEnum):
    """How reliable a price is."""

    HIGH = "high"
    """From the seller's own price list, or from two lists that agree."""
    MEDIUM = "medium"
    """From one good list, or computed from measurements."""
    LOW = "low"
    """From a third party, or an assumption."""


class PriceValue(Record, frozen=True):
    """One number of a price row."""

    value: float
    """The best guess."""
    unit: str
    """Unit, exactly as the kind of row defines it."""
    low: float | None = None
    """Smallest plausible value; the value itself if left out."""
    high: float | None = None
    """Largest plausible value; the value itself if left out."""
    as_of: str | None = None
    """Date for which it holds, YYYY-MM-DD, if it is not the row's."""
    source: str | None = None
    """Id of its source, if it is not the row's."""
    confidence: Confidence | None = None
    """How reliable it is, if that differs from the row."""


class PriceRow(Record, frozen=True):
    """Prices or speeds of one thing: a model, a store, an accelerator, a stage, or a default of the cost model."""

    id: str
    """Name by which profiles refer to it."""
    kind: str
    """Kind of row, which determines its values and their units."""
    title: str
    """Name for readers."""
    as_of: str
    """Date for which the values hold, YYYY-MM-DD."""
    source: str
    """Id of the source, as listed in `sources/`."""
    confidence: Confidence
    """How reliable the values are."""
    values: Mapping[str, PriceValue]
    """The numbers by name."""
    available_until: str | None = None
    """Last day on which it can be used, YYYY-MM-DD; left out if no end is announced."""
    trainable_until: str | None = None
    """Last day on which a tuning job can be started, YYYY-MM-DD, if known."""
    note: str | None = None
    """Remarks for buyers."""


class ValueRule(Record, frozen=True):
    """The unit and bounds of one value of a kind of row."""

    unit: str
    """The unit in which it is given."""
    minimum: float
    """Smallest valid number."""
    maximum: float
    """Largest valid number."""
    required: bool = False
    """True if every row must have it."""


class PriceKind(Record, frozen=True):
    """A kind of price row, and the values that such rows have."""

    id: str
    """Name of the kind."""
    values: Mapping[str, ValueRule] = NOTHING
    """Unit and bounds of each value, by its name."""
    one_of: tuple[str, ...] = ()
    """Values of which a row must have at least one."""
    free: bool = False
    """True if rows have a single value, in a unit of their own."""
    ages: bool = True
    """False if rows are not prices that become outdated."""

    def rules_for(self, row: PriceRow) -> Mapping[str, ValueRule]:
        """Return unit and bounds of the values of a row."""
        if not self.free:
            return self.values
        unit = row.values["value"].unit if "value" in row.values else "1"
        return {"value": ValueRule(unit, -1e18, 1e18, required=True)}


Flaw = tuple[tuple[str, ...], PriceError]
"""The path to something inside a row, and what is wrong with it."""


def check_row(row: PriceRow, kinds: Mapping[str, PriceKind]) -> Iterator[Flaw]:
    """Yield the errors in a row: unknown kind or value, wrong unit, number out of bounds, invalid date."""
    kind = kinds.get(row.kind)
    if kind is None:
        yield ("kind",), PriceError.expected("'kind'", kinds, row.kind)
        return
    rules = kind.rules_for(row)
    yield from _check_dates(row, "as_of", "available_until", "trainable_until")
    for name, value in row.values.items():
        if name in rules:
            yield from _check_value(name, value, rules[name])
        else:
            yield ("values", name), _name_value(row, name, rules)
    for name in (name for name, rule in rules.items() if rule.required and name not in row.values):
        yield ("values",), PriceError(f"{quote_value(name)} is missing")
    if kind.one_of and not any(name in row.values for name in kind.one_of):
        yield ("values",), PriceError(f"{join_words(map(quote_value, kind.one_of), 'or')} is missing")


def _name_value(row: PriceRow, name: str, rules: Iterable[str]) -> PriceError:
    return PriceError(f"a {row.kind} has no value {quote_value(name)}", None, suggest_name(name, rules))


def _check_dates(record: PriceRow | PriceValue, *keys: str, path: tuple[str, ...] = ()) -> Iterator[Flaw]:
    for key in keys:
        date = getattr(record, key)
        if date is not None and not is_date(date):
            yield (*path, key), PriceError.expected(f"'{key}'", "a date, YYYY-MM-DD", date)


def _check_value(name: str, value: PriceValue, rule: ValueRule) -> Iterator[Flaw]:
    path = ("values", name)
    if value.unit != rule.unit:
        message = f"'{name}' is given in {rule.unit}, not in {quote_value(value.unit)}"
        yield (*path, "unit"), PriceError(message, None, f"give it in that unit, and write unit: {rule.unit}")
        return
    try:
        parse_unit(value.unit)
    except QuantityError as error:
        yield (*path, "unit"), PriceError(error.message, None, error.hint)
        return
    low, high = bounds_of(value)
    for number in (value.value, low, high):
        highest = min(rule.maximum, _LARGEST_VALUE)
        if not rule.minimum <= number <= highest:
            limits = f"from {rule.minimum:g} to {highest:g} {rule.unit}"
            yield path, PriceError(f"'{name}' must be {limits}, not {number:g}")
            return
    if not low <= value.value <= high:
        yield path, PriceError(f"'{name}' is not between its low and high")
    yield from _check_dates(value, "as_of", path=path)


def bounds_of(value: PriceValue) -> tuple[float, float]:
    """Return the low and high of a value, the value itself if they are left out."""
    ends = (value.value if end is None else end for end in (value.low, value.high))
    return next(ends), next(ends)


def is_date(text: str) -> bool:
    """Return whether a text is a date, YYYY-MM-DD."""
    try:
        return dt.date.fromisoformat(text).isoformat() == text  # not a day of a week, such as 2026-W48-1
    except ValueError:
        return False


def count_days(earlier: str, later: str) -> int:
    """Return the days from one date to another; negative if the second is earlier."""
    return (dt.date.fromisoformat(later) - dt.date.fromisoformat(earlier)).days


def list_sources(row: PriceRow) -> tuple[str, ...]:
    """Return the ids of the sources of a row and its values."""
    others = (value.source for value in row.values.values() if value.source is not None)
    return tuple(dict.fromkeys((row.source, *others)))


class Age(Record, frozen=True):
    """How old a price row is on a day."""

    id: str
    as_of: str
    days: int
    """Age of its oldest value."""
    stale: bool
    """Whether it should be looked up again."""
    source: str
    confidence: Confidence


class PriceBook:
    """Price rows by id."""

    def __init__(self, rows: Mapping[str, PriceRow], kinds: Mapping[str, PriceKind]) -> None:
        """Take rows and kinds of rows by id."""
        self.rows = dict(rows)
        self.kinds = kinds

    def find(self, name: str, *kinds: str) -> PriceRow:
        """Return a row of one of these kinds; raises PriceError, which names the nearest one, if there is none."""
        row = self.rows.get(name)
        if row is not None and row.kind in kinds:
            return row
        what = join_words((kind.replace("_", " ") for kind in kinds), "or")
        message = f"there is no {what} {quote_value(name)} in the price data"
        if row is not None:
            message = f"{quote_value(name)} is a {row.kind.replace('_', ' ')}, not a {what}"
        near = suggest_name(name, [known.id for known in self.rows.values() if known.kind in kinds])
        hint = "`ragortune prices list` lists them; --prices adds rows"
        raise PriceError(message, None, near or hint)

    def find_ages(self, names: Iterable[str], today: str) -> tuple[Age, ...]:
        """Return the ages of rows on a day, YYYY-MM-DD; kinds that do not age are left out."""
        ages = []
        for row in map(self.rows.__getitem__, names):
            if self.kinds[row.kind].ages:
                dates = [row.as_of, *(value.as_of for value in row.values.values() if value.as_of)]
                days = max(count_days(date, today) for date in dates)
                ages.append(Age(row.id, row.as_of, days, days > STALE_AFTER, row.source, row.confidence))
        return tuple(ages)

    def override(self, setting: str, today: str) -> None:
        """Replace one value by a setting `NAME.VALUE=NUMBER`; raises PriceError."""
        target, equals, text = setting.partition("=")
        name, dot, key = target.strip().rpartition(".")
        if not equals or not dot:
            message = f"{OVERRIDE} takes NAME.VALUE=NUMBER, not {quote_value(setting)}"
            raise PriceError(message, None, f"{OVERRIDE} gpt-6-luna.in=0.12")
        row = self.rows.get(name)
        if row is None:
            raise PriceError.unknown("price row", name, self.rows)
        rules = self.kinds[row.kind].rules_for(row)
        if key not in rules:
            raise _name_value(row, key, rules)
        unit = rules[key].unit
        try:
            number = float(text.replace("_", " "))  # Python would ignore underscores
        except ValueError:
            raise PriceError(f"{quote_value(text)} is not a number of {unit}") from None
        value = PriceValue(number, unit, as_of=today, confidence=Confidence.HIGH)
        changed = row.replace(values={**row.values, key: value})
        for _, error in check_row(changed, self.kinds):
            raise PriceError(f"{OVERRIDE} {name}.{key}: {error.message}", None, error.hint)
        self.rows[name] = changed
