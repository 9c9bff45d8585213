"""Rows of price data, as rule sets hold them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from ragortune.support.record import Record


class Confidence(StrEnum):
    """How far a price can be relied on."""

    HIGH = "high"
    """Read in the seller's own list, or in two that agree."""
    MEDIUM = "medium"
    """Read in one good list, or computed from measurements."""
    LOW = "low"
    """A third party's word, or an assumption of ours."""


class PriceValue(Record, frozen=True):
    """One number of a price row."""

    value: float
    """The best guess."""
    unit: str
    """Unit, exactly as the kind of row asks for it."""
    low: float | None = None
    """Smallest value that is believed possible; the value itself if left out."""
    high: float | None = None
    """Largest value that is believed possible; the value itself if left out."""
    as_of: str | None = None
    """Date for which it holds, YYYY-MM-DD, where it is not the row's."""
    source: str | None = None
    """Id of its source, where it is not the row's."""
    confidence: Confidence | None = None
    """How far it can be relied on, where that differs from the row."""


class PriceRow(Record, frozen=True):
    """What one thing costs or how fast it is: a model, a store, an accelerator, a stage, a default of ours."""

    id: str
    """Name by which profiles refer to it."""
    kind: str
    """What it is; says which values it has and in which units."""
    title: str
    """Name for readers."""
    as_of: str
    """Date for which the values hold, YYYY-MM-DD."""
    source: str
    """Id of the source, as listed in `sources/`."""
    confidence: Confidence
    """How far the values can be relied on."""
    values: Mapping[str, PriceValue]
    """The numbers by name."""
    available_until: str | None = None
    """Last day on which it can be used, YYYY-MM-DD; left out where no end is announced."""
    trainable_until: str | None = None
    """Last day on which a tuning job can be started, YYYY-MM-DD, where that is known."""
    note: str | None = None
    """What else a buyer should know."""
