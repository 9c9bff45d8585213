"""The numbers that bills are computed from, with their origin, read as best guesses or as draws.

An input is given by the team, implied by an answer, or a default of the price data. All inputs that are used are recorded,
so that reports can list them.
"""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any, TypeVar

from ragortune.model import Criterion, PriceRow, Profile, Provenance, QuantityKind, Rulebook
from ragortune.model.prices import PriceBook, bounds_of
from ragortune.model.quantities import Quantity, measure
from ragortune.support.errors import PriceError
from ragortune.support.record import Record
from ragortune.support.text import quote_value

Kept = TypeVar("Kept")

_CELLS = 256
"""Number of equally likely cells that a distribution is divided into; a draw is the middle of one, chosen by a random byte."""
_OPEN_BAND = 20.0
"""Width, as a factor, of the lowest and the highest band of a criterion, which have one edge only."""


class Origin(StrEnum):
    """Where an input comes from."""

    STATED = "given"
    """`quantities` of the profile."""
    MEASURED = "measured"
    """`quantities` of the profile, as measured."""
    ANSWER = "answer"
    """The answer to a criterion."""
    DEFAULT = "default"
    """The default in the price data."""
    PRICE = "price"
    """A price or constant."""


class Input(Record, frozen=True):
    """One number that a bill is computed from, with its range."""

    name: str
    low: float
    mid: float
    high: float
    unit: str
    origin: Origin
    source: str | None = None
    """Source of a default or price."""
    as_of: str | None = None
    """Date of a default or price."""

    @property
    def is_exact(self) -> bool:
        """Whether it is one number."""
        return self.low == self.high


class Inputs:
    """The inputs of one profile, each looked up once, as a reader returns them: best guesses, or draws."""

    def __init__(self, profile: Profile, book: PriceBook, rulebook: Rulebook) -> None:
        """Take the profile, the price data, and the rule set with its criteria and quantities; read best guesses."""
        self.profile = profile
        self.book = book
        self.rows: dict[str, PriceRow] = {}
        """Price rows that were used, by id."""
        self.used: dict[str, Input] = {}
        """Inputs that were used, in the order of first use."""
        self.assumed: dict[str, str] = {}
        """Default choices that were used, by quantity."""
        self._rulebook = rulebook
        self.read: Callable[[Input], Quantity] = read_middle
        self.kept: dict[str, Any] = {}

    def read_by(self, read: Callable[[Input], Quantity]) -> Inputs:
        """Return the same inputs as another reader returns them; both record what either of them used."""
        other = copy.copy(self)
        other.read, other.kept = read, {}
        return other

    def keep(self, name: str, compute: Callable[[], Kept]) -> Kept:
        """Return the result of a computation that several options share, and that runs once."""
        if name not in self.kept:
            self.kept[name] = compute()
        kept: Kept = self.kept[name]
        return kept

    # --- the profile ----------------------------------------------------------------------------------------------

    def knows(self, name: str) -> bool:
        """Return whether the profile has a quantity, or an answer that implies it."""
        return self._find_stated(name) is not None

    def names_of(self, name: str) -> tuple[str, ...]:
        """Return the names that the profile gives for a quantity, if any."""
        entry = self.profile.quantities.get(name)
        return entry.names if entry else ()

    def level_of(self, criterion: str) -> str:
        """Return the level of a criterion if exactly one is known, else an empty text."""
        levels = self.profile.levels.get(criterion, ())
        return levels[0] if len(levels) == 1 else ""

    def _choose_level(self, kind: QuantityKind) -> str:
        """Return the level that chooses the default of a quantity: that of the first criterion which is answered."""
        return next((self.level_of(name) for name in kind.depends_on if name in self.profile.levels), "")

    @property
    def inside(self) -> tuple[str, ...]:
        """The levels of deployment, if they exclude a provider; empty otherwise."""
        levels = self.profile.levels.get("performance.deployment", ())
        return levels if {"on_premises", "edge"}.issuperset(levels) else ()

    # --- rows of the price data -----------------------------------------------------------------------------------

    def rows_of(self, quantity: str) -> list[PriceRow]:
        """Return the rows that the profile names for a quantity, or its default; empty for `none`.

        Raises PriceError, with the place of the name in the profile, if there is no such row.
        """
        kind = self._rulebook.quantities.get(quantity) or QuantityKind(quantity, "")
        entry = self.profile.quantities.get(quantity)
        names = entry.names if entry else ()
        if not names:
            default = kind.defaults.get(self._choose_level(kind), kind.defaults.get("otherwise"))
            if default is not None:
                names, self.assumed[quantity] = (default,), default
        try:
            return [self.book.find(name, *kind.rows) for name in names if name != "none"]
        except PriceError as error:
            raise PriceError(error.message, entry.place if entry else None, error.hint) from None

    def row_of(self, quantity: str) -> PriceRow:
        """Return the row that the profile names for a quantity, or its default; raises PriceError if there is neither."""
        rows = self.rows_of(quantity)
        if not rows:
            raise PriceError(f"'{quantity}' is not set, and the rule set has no default for it")
        return rows[0]

    # --- numbers --------------------------------------------------------------------------------------------------

    def find(self, name: str) -> Input:
        """Return an input by the name of its quantity; raises PriceError if there is no default for it."""
        if name not in self.used:
            self.used[name] = self._find_stated(name) or self._default(name)
        return self.used[name]

    def find_price(self, row: PriceRow, name: str) -> Input:
        """Return a value of a price row as an input; raises PriceError if the row does not have it."""
        if name not in row.values:
            raise PriceError(f"{quote_value(row.id)} has no price {quote_value(name)}")
        self.rows[row.id] = row
        label = f"{row.id}.{name}"
        if label not in self.used:
            self.used[label] = _read_row(row, name, label, Origin.PRICE)
        return self.used[label]

    def find_speed(self, row: PriceRow, name: str) -> Input:
        """Return a speed of a hosted model: the value of its row, else the constant `hosted-NAME`."""
        if name in row.values:
            return self.find_price(row, name)
        return self.find_price(self.book.find(f"hosted-{name}".replace("_", "-"), "constant"), "value")

    def number(self, name: str) -> Quantity:
        """Return a quantity of the profile, or its default."""
        return self.keep(f"number {name}", lambda: self.read(self.find(name)))

    def price(self, row: PriceRow, *names: str) -> Quantity:
        """Return the first of these values that a price row has; raises PriceError if it has none."""
        name = next((name for name in names if name in row.values), names[-1])
        return self.keep(f"price {row.id}.{name}", lambda: self.read(self.find_price(row, name)))

    def optional(self, row: PriceRow, name: str, unit: str) -> Quantity:
        """Return a value of a row, or zero in its unit if the row does not have it."""
        return self.price(row, name) if name in row.values else measure(0.0, unit)

    def constant(self, name: str) -> Quantity:
        """Return a constant of the model."""
        return self.price(self.book.find(name, "constant"), "value")

    def _default(self, name: str) -> Input:
        kind = self._rulebook.quantities.get(name)
        at_level = f"{name}-{self._choose_level(kind)}" if kind else name
        row = self.book.find(at_level if at_level in self.book.rows else name, "default")
        return _read_row(row, "value", name, Origin.DEFAULT)

    def _find_stated(self, name: str) -> Input | None:
        """Return a quantity as given in the profile, or as implied by the answer to the criterion for the same number."""
        kind = self._rulebook.quantities.get(name)
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
        criterion = self._rulebook.criteria.get(kind.criterion or "")
        return _read_band(kind, criterion, levels) if levels and criterion and criterion.unit else None


def _read_row(row: PriceRow, name: str, label: str, origin: Origin) -> Input:
    value = row.values[name]
    low, high = bounds_of(value)
    return Input(label, low, value.value, high, value.unit, origin, row.source, row.as_of)


def _read_band(kind: QuantityKind, criterion: Criterion, levels: tuple[str, ...]) -> Input | None:
    """Return the range of numbers that levels stand for, with the geometric mean as the middle."""
    bands = [band for band in criterion.bands if band.level in levels]
    if len(bands) < len(levels):
        return None
    low, high = max(kind.minimum, bands[0].start), bands[-1].end
    if high == math.inf:
        high = max(low, 1.0) * _OPEN_BAND
    if bands[0] == criterion.bands[0]:
        low = max(low, high / _OPEN_BAND)
    return Input(kind.id, low, math.sqrt(low) * math.sqrt(high), high, kind.unit, Origin.ANSWER)


# --- ways to read inputs ------------------------------------------------------------------------------------------


def read_middle(entry: Input) -> Quantity:
    """Return an input as its best guess."""
    return measure(entry.mid, entry.unit)


def sample_by(seed: int, count: int) -> Callable[[Input], Quantity]:
    """Return a reader that samples inputs from a triangular distribution over low, mid and high.

    The seed of an input includes its name, so that it has the same draws in every scenario.
    """

    def read(entry: Input) -> Quantity:
        if entry.is_exact:
            return read_middle(entry)
        dice = random.Random(f"{seed} {entry.name}")  # noqa: S311  (a sample, not a secret)
        values = measure(tabulate_triangle(entry.low, entry.mid, entry.high), entry.unit)
        cells = values.draws()
        return Quantity([cells[code] for code in dice.randbytes(count)], values.dimensions)

    return read


def tabulate_triangle(low: float, mid: float, high: float) -> list[float]:
    """Return equally likely values of a triangular distribution in ascending order, by its inverse distribution function."""
    width, rise = high - low, mid - low
    edge = rise / width
    shares = [(cell + 0.5) / _CELLS for cell in range(_CELLS)]
    rising, falling = (math.sqrt(width) * math.sqrt(part) for part in (rise, high - mid))
    below = [low + rising * math.sqrt(share) for share in shares if share < edge]
    return below + [high - falling * math.sqrt(1 - share) for share in shares[len(below) :]]


def vary_one_by_one(inputs: Iterable[Input]) -> Callable[[Input], Quantity]:
    """Return a reader that varies one input at a time: each alone at its low and its high, the others at their middle."""
    positions = {entry.name: 2 * index for index, entry in enumerate(inputs)}

    def read(entry: Input) -> Quantity:
        if entry.name not in positions:
            return read_middle(entry)
        values, at = [entry.mid] * (2 * len(positions)), positions[entry.name]
        values[at : at + 2] = entry.low, entry.high
        return measure(values, entry.unit)

    return read
