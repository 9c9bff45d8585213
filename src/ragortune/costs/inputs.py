"""Every number that a bill rests on, with where it comes from; and what it is read as: its middle, its bounds, draws.

An input is what the team gave, what an answer implies, or a default from the price data. All defaults that are used
are kept, so that a report can list them.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from ragortune.evidence.workload import RULES, QuantityRule
from ragortune.model import Criterion, PriceRow, Profile, Provenance
from ragortune.model.prices import PriceBook, bounds_of, quantity_of
from ragortune.model.quantities import CodedDraws, Draws, Quantity, measure
from ragortune.model.units import parse_unit
from ragortune.support.errors import PriceError
from ragortune.support.record import Record

Kept = TypeVar("Kept")

_CELLS = 256
"""Draws take the middle of one of so many equally likely parts of a distribution; one random byte says which."""
_OPEN_BAND = 20.0
"""The lowest and the highest band of a criterion are taken to reach this factor from their edge."""
_DEFAULTS_BY: Mapping[str, str] = {
    "answer_tokens": "behaviour.output",
    "changed_per_month": "knowledge.volatility",
    "own_parameters": "model.strength",
    "retrainings_per_year": "knowledge.volatility",
}
"""Quantities whose default depends on the level of a criterion, where the price data has a row for that level."""


class Origin(StrEnum):
    """Where an input comes from."""

    GIVEN = "given"
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
    title: str
    low: float
    mid: float
    high: float
    unit: str
    origin: Origin
    row: PriceRow | None = None
    """The row it comes from, for defaults and prices."""

    @property
    def is_exact(self) -> bool:
        """Whether it is one number."""
        return self.low == self.high


class Plan:
    """How uncertain inputs are read: each as its best guess."""

    count = 1
    """How many numbers stand for an input."""

    def read(self, given: Input) -> Quantity:
        """Return an input as a quantity."""
        return measure(given.mid, given.unit)


class Bounds(Plan):
    """Reads each input as low, mid and high: what comes out is sure to hold what every draw gives."""

    def read(self, given: Input) -> Quantity:
        """Return an input as a range."""
        return measure((given.low, given.mid, given.high), given.unit)


class Sampling(Plan):
    """Reads each input as draws from a triangle over low, mid and high; the same name gives the same draws."""

    def __init__(self, seed: int, count: int) -> None:
        """Take the seed and how many draws are made."""
        self.count = count
        self._seed = seed

    def read(self, given: Input) -> Quantity:
        """Return an input as draws, or as a number where it is exact."""
        if given.is_exact:
            return measure(given.mid, given.unit)
        dice = random.Random(f"{self._seed} {given.name}")  # noqa: S311  (a sample, not a secret)
        factor, dimensions = parse_unit(given.unit)
        table = [value * factor for value in tabulate_triangle(given.low, given.mid, given.high)]
        return Quantity(CodedDraws(dice.randbytes(self.count), table), dimensions)


def tabulate_triangle(low: float, mid: float, high: float) -> list[float]:
    """Return equally likely values of a triangular distribution, in order."""
    width, rise = high - low, mid - low
    edge = rise / width
    shares = [(cell + 0.5) / _CELLS for cell in range(_CELLS)]
    rising, falling = width * rise, width * (high - mid)
    below = [low + math.sqrt(share * rising) for share in shares if share < edge]
    return below + [high - math.sqrt((1 - share) * falling) for share in shares[len(below) :]]


class OneAtATime(Plan):
    """Reads all inputs at once as many variants: all at their middle, then each alone at its low and its high."""

    def __init__(self, inputs: Iterable[Input]) -> None:
        """Take the inputs that are varied."""
        self.names = tuple(given.name for given in inputs if not given.is_exact)
        self._position = {name: index for index, name in enumerate(self.names)}

    def read(self, given: Input) -> Quantity:
        """Return an input as draws: the middle first, then for each varied input its low and its high."""
        index = self._position.get(given.name)
        if index is None:
            return measure(given.mid, given.unit)
        factor, dimensions = parse_unit(given.unit)
        values = [given.mid * factor] * (1 + 2 * len(self.names))
        values[1 + 2 * index], values[2 + 2 * index] = given.low * factor, given.high * factor
        return Quantity(Draws(values), dimensions)


class Inputs:
    """The numbers of one profile: resolved once, read under any plan."""

    def __init__(self, profile: Profile, book: PriceBook, criteria: Mapping[str, Criterion]) -> None:
        """Take what the profile says, the price data to fall back on, and the criteria for their bands."""
        self.profile = profile
        self.book = book
        self._criteria = criteria
        self.read: dict[str, Input] = {}
        """Every input that was asked for, in the order of first use."""

    def knows(self, name: str) -> bool:
        """Return whether the team gave a quantity or an answer with the number."""
        return self._given(name) is not None

    def names_of(self, name: str) -> tuple[str, ...]:
        """Return the names that were chosen for a quantity; empty where none were."""
        given = self.profile.quantities.get(name)
        return given.names if given else ()

    def chosen_name(self, name: str) -> str | None:
        """Return the one name that was chosen for a quantity; None where none was, or `none`."""
        names = self.names_of(name)
        return names[0] if names and names[0] != "none" else None

    def level_of(self, criterion: str) -> str | None:
        """Return the one level of a criterion that is known, or None."""
        levels = self.profile.levels.get(criterion)
        return levels[0] if levels and len(levels) == 1 else None

    @property
    def stays_inside(self) -> bool:
        """Whether the model has to run on machines of the team or its users, not at a provider."""
        return self.level_of("performance.deployment") in ("on_premises", "edge")

    def find(self, name: str) -> Input:
        """Return an input by the name of its quantity; raises PriceError where there is no default for it."""
        known = self.read.get(name)
        if known is None:
            known = self.read[name] = self._given(name) or self._default(name)
        return known

    def _given(self, name: str) -> Input | None:
        rule = RULES.get(name)
        if rule is None:
            return None
        given = self.profile.quantities.get(name)
        if given is not None:
            origin = Origin.MEASURED if given.source is Provenance.MEASURED else Origin.GIVEN
            if given.source is Provenance.ASSUMED:
                origin = Origin.DEFAULT
            return Input(name, rule.asks, given.low, given.mid, given.high, rule.unit, origin)
        answer = self.profile.answers.get(rule.criterion or "")
        number = answer.given if answer else None
        if isinstance(number, (int, float)) and not isinstance(number, bool) and number >= rule.minimum:
            ends = max(rule.minimum, number / rule.spread), min(rule.maximum, number * rule.spread)
            return Input(name, rule.asks, ends[0], float(number), ends[1], rule.unit, Origin.ANSWER)
        levels = self.profile.levels.get(rule.criterion or "")
        criterion = self._criteria.get(rule.criterion or "")
        if not levels or criterion is None or not criterion.unit:
            return None
        return _from_band(rule, criterion, levels)

    def _default(self, name: str) -> Input:
        level = self.level_of(_DEFAULTS_BY.get(name, ""))
        at_level = f"{name}-{level}"
        row = self.book.find(at_level if at_level in self.book.rows else name, "default")
        value = row.values["value"]
        low, high = bounds_of(value)
        return Input(name, row.title, low, value.value, high, value.unit, Origin.DEFAULT, row)

    def price(self, row: PriceRow, name: str) -> Input:
        """Return a value of a price row as an input; raises PriceError where the row does not have it."""
        label = f"{row.id}.{name}"
        known = self.read.get(label)
        if known is None:
            quantity_of(row, name)
            value = row.values[name]
            low, high = bounds_of(value)
            known = Input(
                label, f"{row.title}: {name}", low, value.value, high, value.unit, Origin.PRICE, row
            )
            self.read[label] = known
        return known

    def constant(self, name: str) -> Input:
        """Return a constant of the model as an input."""
        return self.price(self.book.find(name, "constant"), "value")

    def rows(self) -> tuple[PriceRow, ...]:
        """Return every price row that was read, in the order of first use."""
        used = (given.row for given in self.read.values() if given.origin is Origin.PRICE)
        return tuple({row.id: row for row in used if row is not None}.values())

    def uncertain(self) -> tuple[Input, ...]:
        """Return every input that was read and is not exact."""
        return tuple(given for given in self.read.values() if not given.is_exact)


def _from_band(rule: QuantityRule, criterion: Criterion, levels: tuple[str, ...]) -> Input | None:
    """Return the numbers that levels stand for: from where the lowest starts to where the level above them does."""
    starts = sorted((level.starts_at, level.id) for level in criterion.levels if level.starts_at is not None)
    inside = [index for index, (_, level) in enumerate(starts) if level in levels]
    if len(inside) < len(levels):
        return None
    after = inside[-1] + 1
    low = max(rule.minimum, starts[inside[0]][0] or 0)
    high = starts[after][0] if after < len(starts) else max(low, 1.0) * _OPEN_BAND
    if inside[0] == 0:
        low = max(low, high / _OPEN_BAND)
    return Input(rule.name, rule.asks, low, math.sqrt(low * high), high, rule.unit, Origin.ANSWER)


class Scene:
    """Inputs read under one plan, each of them once."""

    def __init__(self, inputs: Inputs, plan: Plan) -> None:
        """Take the inputs and how they are read."""
        self.inputs = inputs
        self.plan = plan
        self._kept: dict[str, Any] = {}
        self._numbers: dict[str, Quantity] = {}
        self._prices: dict[tuple[str, str], Quantity] = {}

    def keep(self, name: str, compute: Callable[[], Kept]) -> Kept:
        """Return what a computation that several candidates share gives; it runs once for each scene."""
        if name not in self._kept:
            self._kept[name] = compute()
        kept: Kept = self._kept[name]
        return kept

    def number(self, name: str) -> Quantity:
        """Return a quantity of the profile, or its default."""
        known = self._numbers.get(name)
        if known is None:
            known = self._numbers[name] = self.plan.read(self.inputs.find(name))
        return known

    def price(self, row: PriceRow, name: str) -> Quantity:
        """Return a value of a price row."""
        known = self._prices.get((row.id, name))
        if known is None:
            known = self._prices[row.id, name] = self.plan.read(self.inputs.price(row, name))
        return known

    def price_or(self, row: PriceRow, *names: str) -> Quantity:
        """Return the first of these values that the row has; raises PriceError where it has none."""
        for name in names:
            if name in row.values:
                return self.price(row, name)
        raise PriceError(f"'{row.id}' has no price '{names[-1]}'")

    def optional(self, row: PriceRow, name: str, unit: str) -> Quantity:
        """Return a value of a row, or nothing of its unit where the row does not bill it."""
        return self.price(row, name) if name in row.values else measure(0.0, unit)

    def constant(self, name: str) -> Quantity:
        """Return a constant of the model."""
        return self.price(self.inputs.book.find(name, "constant"), "value")
