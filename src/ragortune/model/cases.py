"""Published projects, with what they did."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from ragortune.model.options import Option
from ragortune.support.record import Record


class Sample(StrEnum):
    """How a published project came into the casebook."""

    FIELD = "field"
    """Drawn at random from a database of production systems: the mix that a user meets."""
    SELECTED = "selected"
    """Sought out because it compares or argues: no base rate."""


class CaseEvidence(StrEnum):
    """How a published project held its choice against others; the strongest first."""

    MEASURED = "measured"
    """Rivals were compared."""
    ARGUED = "argued"
    """A rival was rejected with reasons."""
    DESCRIBED = "described"
    """What was built is described, and no rival."""


class Case(Record, frozen=True):
    """A published project or study: what was known beforehand, what won or was chosen, and where it is told."""

    id: str
    """Name of the case."""
    title: str
    """The project in a few words."""
    sample: Sample
    """How it came into the casebook."""
    kind: str
    """`paper` or `industry`."""
    group: str
    """Cases of one source or organisation share a group; they are never split between folds."""
    year: int | None
    """Year of publication."""
    citation: str
    """Who told it where."""
    address: str
    """Where it can be read."""
    setting: str
    """What the team could have said beforehand."""
    profile: Mapping[str, object]
    """Answers coded from the setting alone."""
    outcome: Option
    """The option that was measured best, or chosen and kept."""
    acceptable: tuple[Option, ...]
    """Options that do not contradict the source."""
    clear: bool
    """Whether the source leaves no reasonable doubt about the outcome."""
    evidence: CaseEvidence
    """How the outcome was held against other options."""
    result: str
    """What was built or came out best, why, and what was measured of it."""
    notes: str | None = None
    """What else a reader should know."""
