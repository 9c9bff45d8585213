"""The casebook: published projects and their choices."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from ragortune.model.options import Option
from ragortune.support.record import Record


class Sample(StrEnum):
    """How a published project was selected for the casebook."""

    FIELD = "field"
    """Drawn at random from a database of production systems, so that it gives base rates."""
    SELECTED = "selected"
    """Chosen because it compares or argues; gives no base rates."""


class CaseEvidence(StrEnum):
    """The evidence for a published choice, the strongest first."""

    MEASURED = "measured"
    """Alternatives were compared by measurement."""
    ARGUED = "argued"
    """An alternative was rejected with reasons."""
    DESCRIBED = "described"
    """Only what was built is described."""


class Case(Record, frozen=True):
    """A published project or study: what was known beforehand, what was chosen or came out best, and the publication."""

    id: str
    """Name of the case."""
    title: str
    """The project in a few words."""
    sample: Sample
    """How it was selected."""
    kind: str
    """`paper` or `industry`."""
    group: str
    """Cases of one source or organisation share a group; they are never split between folds."""
    year: int | None
    """Year of publication."""
    citation: str
    """Authors, title and place of publication."""
    address: str
    """Address of the publication."""
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
    """The evidence for the outcome."""
    result: str
    """What was built or came out best, why, and what was measured of it."""
    notes: str | None = None
    """Remarks for readers."""
