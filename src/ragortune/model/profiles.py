"""What a team answered about its project, and what the answers rest on."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from ragortune.support.errors import Place
from ragortune.support.record import NOTHING, Record


class Provenance(StrEnum):
    """Through which door an answer came in."""

    ANSWERED = "answered"
    STATED = "stated"
    EXTRACTED = "extracted"
    MEASURED = "measured"
    ASSUMED = "assumed"
    DERIVED = "derived"


class Evidence(Record, frozen=True):
    """The words in a document that support an answer, so that it can be seen when they change."""

    quote: str
    """The exact words; white space, line wrapping and Markdown emphasis do not count."""
    document: str | None = None
    """Path of the document as written, relative to the file that names it; None for a design document's own words."""
    line: int | None = None
    """Line on which the words stood, from 1."""
    place: Place | None = None
    """Where the evidence itself stands."""

    def __str__(self) -> str:
        """Return `document:line: "quote"`, leaving out what is not known."""
        where = ":".join(str(part) for part in (self.document, self.line) if part is not None)
        if self.document is None and where:
            where = f"line {where}"
        return f'{where}: "{self.quote}"' if where else f'"{self.quote}"'


class Answer(Record, frozen=True):
    """One answer as it was given, with where it comes from."""

    levels: tuple[str, ...]
    """The level, or the levels of which it is known to be one."""
    given: object
    """The value as it was written: a level, a number, a list or a range."""
    source: Provenance = Provenance.STATED
    """Through which door it came in."""
    evidence: str | Evidence | None = None
    """What supports it, if said: in words of the team's own, or as a quote."""
    as_of: str | None = None
    """The date for which it holds, YYYY-MM-DD, if said."""


class GivenQuantity(Record, frozen=True):
    """One entry under `quantities`, checked: a number with its bounds, or the names of rows of the price data."""

    low: float = 0.0
    """Smallest number that is believed possible, in the quantity's unit."""
    mid: float = 0.0
    """The number as given, or the middle of the range."""
    high: float = 0.0
    """Largest number that is believed possible."""
    stated: tuple[float, float] = (0.0, 0.0)
    """The ends as they were written: twice the same for a plain number, whatever margin is put around it."""
    names: tuple[str, ...] = ()
    """The names given, where the quantity is a choice."""
    source: Provenance = Provenance.STATED
    """Through which door it came in; a measured number has no margin."""
    evidence: str | Evidence | None = None
    """What supports it, if said: in words of the team's own, or as a quote."""
    place: Place | None = None
    """Where it stands."""


class Profile(Record, frozen=True):
    """What is known about a project. A criterion that is absent is unknown, which is never a no."""

    levels: Mapping[str, tuple[str, ...]]
    """For each answered criterion its level; several levels where the team is between them, or, for a criterion of
    which several can hold, all that hold, the main one first."""
    project: str | None = None
    """Title of the project."""
    description: str | None = None
    """What it is about."""
    notes: str | None = None
    """Anything else."""
    answers: Mapping[str, Answer] = NOTHING
    """The answers as given; empty where only the levels were read."""
    quantities: Mapping[str, GivenQuantity] = NOTHING
    """Numbers for the cost model by name, as far as they were given."""
