"""Every number that a bill rests on, with where it comes from; and how it is read: as its middle, or as draws.

An input is what the team gave, what an answer implies, or a default from the price data. All defaults that are used
are kept, so that a report can list them.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from ragortune.model import Criterion, PriceRow, Profile, Provenance, QuantityKind
from ragortune.model.prices import PriceBook, bounds_of
from ragortune.model.quantities import Quantity, measure
from ragortune.support.errors import PriceError
from ragortune.support.record import Record
from ragortune.support.text import quote_value

Kept = TypeVar("Kept")

_CELLS = 256
"""Draws take the middle of one of so many equally likely parts of a distribution; one random byte says which."""
_OPEN_BAND = 20.0
"""The lowest and the highest band of a criterion are taken to reach this factor from their edge."""


class Origin(StrEnum):
    """Where an input comes from."""

    STATED = "given"
    """The profile says it under `quantities`."""
    MEASURED = "measured"
    """The profile says that it was measured."""
    ANSWER = "answer"
    """A criterion of the profile has the number."""
    DEFAULT = "default"
    """Nobody said it; the price data has a default."""
    PRICE = "price"
    """A price or constant that is only known within bounds."""


class Input(Record, frozen=True):
    """One number behind a bill."""

    name: str
    low: float
    mid: float
    high: float
    unit: str
    origin: Origin
    source: str | None = None
    """Source of a default or price, and the date for which it holds."""
    as_of: str | None = None

    @property
    def is_exact(self) -> bool:
        """Whether it is one number."""
        return self.low == self.high


class Inputs:
    """The numbers of one profile, each found once."""

    def __init__(
        self,
        profile: Profile,
        book: PriceBook,
        criteria: Mapping[str, Criterion],
        kinds: Mapping[str, QuantityKind],
    ) -> None:
        """Take what the profile says, the price data to fall back on, and what criteria and quantities there are."""
        self.profile = profile
        self.book = book
        self.rows: dict[str, PriceRow] = {}
        """Every price row that was read, by id."""
        self.used: dict[str, Input] = {}
        """Every input that was asked for, in the order of first use."""
        self.assumed: dict[str, str] = {}
        """Names taken by default, because the profile names none."""
        self._criteria = criteria
        self._kinds = kinds

    # --- what the profile says ------------------------------------------------------------------------------------

    def knows(self, name: str) -> bool:
        """Return whether the team gave a quantity or an answer with the number."""
        return self._find_stated(name) is not None

    def names_of(self, name: str) -> tuple[str, ...]:
        """Return the names that were chosen for a quantity; empty where none were."""
        entry = self.profile.quantities.get(name)
        return entry.names if entry else ()

    def level_of(self, criterion: str | None) -> str | None:
        """Return the one level of a criterion that is known, or None."""
        levels = self.profile.levels.get(criterion or "", ())
        return levels[0] if len(levels) == 1 else None

    @property
    def inside(self) -> tuple[str, ...]:
        """Where the model may run, if that is on machines of the team or its users; empty if it may be at a provider."""
        levels = self.profile.levels.get("performance.deployment", ())
        return levels if {"on_premises", "edge"}.issuperset(levels) else ()

    # --- rows of the price data -----------------------------------------------------------------------------------

    def rows_of(self, quantity: str) -> list[PriceRow]:
        """Return the rows that are named for a quantity, or that are its default; empty where it is `none`.

        An error has the place of the name in the profile.
        """
        kind = self._kinds.get(quantity) or QuantityKind(quantity, "")
        entry = self.profile.quantities.get(quantity)
        names = entry.names if entry else ()
        if not names:
            level = self.level_of(kind.depends_on) or ""
            default = kind.defaults.get(level, kind.defaults.get("otherwise"))
            if default is not None:
                names, self.assumed[quantity] = (default,), default
        try:
            return [self.book.find(name, *kind.rows) for name in names if name != "none"]
        except PriceError as error:
            raise PriceError(error.message, entry.place if entry else None, error.hint) from None

    def row_of(self, quantity: str) -> PriceRow:
        """Return the row that is named for a quantity, or its default; raises PriceError where there is neither."""
        rows = self.rows_of(quantity)
        if not rows:
            raise PriceError(f"'{quantity}' is not set, and the rule set has no default for it")
        return rows[0]

    # --- numbers --------------------------------------------------------------------------------------------------

    def find(self, name: str) -> Input:
        """Return an input by the name of its quantity; raises PriceError where there is no default for it."""
        return self._keep(name, lambda: self._find_stated(name) or self._default(name))

    def price(self, row: PriceRow, name: str) -> Input:
        """Return a value of a price row as an input; raises PriceError where the row does not have it."""
        if name not in row.values:
            raise PriceError(f"{quote_value(row.id)} has no price {quote_value(name)}")
        self.rows[row.id] = row
        label = f"{row.id}.{name}"
        return self._keep(label, lambda: _read_row(row, name, label, Origin.PRICE))

    def constant(self, name: str) -> Input:
        """Return a constant of the model as an input."""
        return self.price(self.book.find(name, "constant"), "value")

    def speed(self, row: PriceRow, name: str) -> Input:
        """Return how fast a hosted model is: as its row says, else the constant `hosted-NAME`."""
        known = name in row.values
        return self.price(row, name) if known else self.constant(f"hosted-{name}".replace("_", "-"))

    def _keep(self, name: str, find: Callable[[], Input]) -> Input:
        if name not in self.used:
            self.used[name] = find()
        return self.used[name]

    def _default(self, name: str) -> Input:
        kind = self._kinds.get(name)
        at_level = f"{name}-{self.level_of(kind.depends_on if kind else None)}"
        row = self.book.find(at_level if at_level in self.book.rows else name, "default")
        return _read_row(row, "value", name, Origin.DEFAULT)

    def _find_stated(self, name: str) -> Input | None:
        """Return a quantity as the profile gives it, or as the answer that asks for the same number implies it."""
        kind = self._kinds.get(name)
        if kind is None:
            return None
        entry = self.profile.quantities.get(name)
        if entry is not None:
            origins = {Provenance.MEASURED: Origin.MEASURED, Provenance.ASSUMED: Origin.DEFAULT}
            origin = origins.get(entry.source, Origin.STATED)
            return Input(name, entry.low, entry.mid, entry.high, kind.unit, origin)
        answer = self.profile.answers.get(kind.criterion or "")
        number = answer.number if answer else None
        if number is not None and number >= kind.minimum:
            low, high = kind.put_margin(number)
            return Input(name, low, number, high, kind.unit, Origin.ANSWER)
        levels = self.profile.levels.get(kind.criterion or "")
        criterion = self._criteria.get(kind.criterion or "")
        return _read_band(kind, criterion, levels) if levels and criterion and criterion.unit else None


def _read_row(row: PriceRow, name: str, label: str, origin: Origin) -> Input:
    value = row.values[name]
    low, high = bounds_of(value)
    return Input(label, low, value.value, high, value.unit, origin, row.source, row.as_of)


def _read_band(kind: QuantityKind, criterion: Criterion, levels: tuple[str, ...]) -> Input | None:
    """Return the numbers that levels stand for: from where the lowest starts to where the level above them does."""
    bands = [band for band in criterion.bands if band.level in levels]
    if len(bands) < len(levels):
        return None
    low, high = max(kind.minimum, bands[0].start), bands[-1].end
    if high == math.inf:
        high = max(low, 1.0) * _OPEN_BAND
    if bands[0] == criterion.bands[0]:
        low = max(low, high / _OPEN_BAND)
    return Input(kind.id, low, math.sqrt(low) * math.sqrt(high), high, kind.unit, Origin.ANSWER)


# --- how inputs are read ------------------------------------------------------------------------------------------


def read_middle(entry: Input) -> Quantity:
    """Return an input as its best guess."""
    return measure(entry.mid, entry.unit)


def sample_by(seed: int, count: int) -> Callable[[Input], Quantity]:
    """Return what reads inputs as draws from a triangle over low, mid and high; the same name gives the same draws."""

    def read(entry: Input) -> Quantity:
        if entry.is_exact:
            return read_middle(entry)
        dice = random.Random(f"{seed} {entry.name}")  # noqa: S311  (a sample, not a secret)
        values = measure(tabulate_triangle(entry.low, entry.mid, entry.high), entry.unit)
        cells = values.draws()
        return Quantity([cells[code] for code in dice.randbytes(count)], values.dimensions)

    return read


def tabulate_triangle(low: float, mid: float, high: float) -> list[float]:
    """Return equally likely values of a triangular distribution, in order."""
    width, rise = high - low, mid - low
    edge = rise / width
    shares = [(cell + 0.5) / _CELLS for cell in range(_CELLS)]
    rising, falling = (math.sqrt(width) * math.sqrt(part) for part in (rise, high - mid))
    below = [low + rising * math.sqrt(share) for share in shares if share < edge]
    return below + [high - falling * math.sqrt(1 - share) for share in shares[len(below) :]]


def vary_one_by_one(inputs: Iterable[Input]) -> Callable[[Input], Quantity]:
    """Return what reads inputs as variants: all at their middle, then each of these alone at its low and its high."""
    positions = {entry.name: 1 + 2 * index for index, entry in enumerate(inputs)}

    def read(entry: Input) -> Quantity:
        if entry.name not in positions:
            return read_middle(entry)
        values, at = [entry.mid] * (1 + 2 * len(positions)), positions[entry.name]
        values[at : at + 2] = entry.low, entry.high
        return measure(values, entry.unit)

    return read


class Scenario:
    """Inputs read in one way, each of them once."""

    def __init__(self, inputs: Inputs, read: Callable[[Input], Quantity] = read_middle) -> None:
        """Take the inputs and how one is read."""
        self.inputs = inputs
        self._read = read
        self._kept: dict[str, Any] = {}

    def keep(self, name: str, compute: Callable[[], Kept]) -> Kept:
        """Return what a computation that several options share gives; it runs once for each scenario."""
        if name not in self._kept:
            self._kept[name] = compute()
        kept: Kept = self._kept[name]
        return kept

    def number(self, name: str) -> Quantity:
        """Return a quantity of the profile, or its default."""
        return self.keep(f"number {name}", lambda: self._read(self.inputs.find(name)))

    def price(self, row: PriceRow, *names: str) -> Quantity:
        """Return the first of these values that a price row has; raises PriceError where it has none."""
        name = next((name for name in names if name in row.values), names[-1])
        return self.keep(f"price {row.id}.{name}", lambda: self._read(self.inputs.price(row, name)))

    def optional(self, row: PriceRow, name: str, unit: str) -> Quantity:
        """Return a value of a row, or nothing of its unit where the row does not bill it."""
        return self.price(row, name) if name in row.values else measure(0.0, unit)

    def constant(self, name: str) -> Quantity:
        """Return a constant of the model."""
        return self.price(self.inputs.book.find(name, "constant"), "value")
