"""The answers of a team about its project, with their evidence."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from ragortune.support.errors import Place
from ragortune.support.record import NOTHING, Record


class Provenance(StrEnum):
    """Where an answer comes from."""

    ANSWERED = "answered"
    STATED = "stated"
    EXTRACTED = "extracted"
    MEASURED = "measured"
    ASSUMED = "assumed"
    DERIVED = "derived"


class Evidence(Record, frozen=True):
    """A quote from a document that supports an answer, so that a change of the document is noticed."""

    quote: str
    """The exact words, except for white space, line wrapping and Markdown emphasis."""
    document: str | None = None
    """Path of the document as written, relative to the file that names it; None for the design document itself."""
    line: int | None = None
    """Line of the quote, from 1."""
    place: Place | None = None
    """Place of this evidence in its file."""

    def __str__(self) -> str:
        """Return `document:line: "quote"`, without unknown parts."""
        where = ":".join(str(part) for part in (self.document, self.line) if part is not None)
        if self.document is None and where:
            where = f"line {where}"
        return f'{where}: "{self.quote}"' if where else f'"{self.quote}"'


class Answer(Record, frozen=True):
    """One answer as given, with its origin."""

    levels: tuple[str, ...]
    """The level, or the levels of which it is one."""
    value: object
    """The value as written: a level, a number, a list or a range."""
    source: Provenance = Provenance.STATED
    """Where it comes from."""
    evidence: str | Evidence | None = None
    """What supports it, if given: the team's own words or a quote."""
    as_of: str | None = None
    """The date for which it holds, YYYY-MM-DD, if given."""

    @property
    def number(self) -> float | None:
        """The number that was given, None if the answer is a level, a list or a range."""
        value = self.value
        return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None

    @property
    def plain(self) -> object:
        """The number as given, or else the level, or a list of several."""
        named = self.levels[0] if len(self.levels) == 1 else list(self.levels)
        return named if self.number is None else self.value


LARGEST_NUMBER = 1e15
"""Largest valid number of any quantity or criterion."""


class QuantityKind(Record, frozen=True):
    """One quantity that a profile can give: a number with a unit, or a choice of names."""

    id: str
    """Name under `quantities`."""
    asks: str
    """What it counts, in a few words."""
    unit: str = ""
    """Unit of the number; empty for a choice of names."""
    minimum: float = 0.0
    """Smallest number that makes sense."""
    maximum: float = LARGEST_NUMBER
    """Largest number that makes sense."""
    whole: bool = False
    """True if only whole numbers make sense."""
    criterion: str | None = None
    """The criterion that asks for the same number; both must agree."""
    spread: float = 1.0
    """Factor in both directions for the range around a plain number."""
    rows: tuple[str, ...] = ()
    """Kinds of price rows that can be named."""
    words: tuple[str, ...] = ()
    """Other words that can be named."""
    several: bool = False
    """True if a list of names can be given."""
    depends_on: tuple[str, ...] = ()
    """The criteria of which the first that is answered chooses the default by its level: a price row `id-level`, or a name
    under `defaults`."""
    defaults: Mapping[str, str] = NOTHING
    """The default name by level, or under `otherwise`."""

    def put_margin(self, number: float) -> tuple[float, float]:
        """Return the range around a plain number, which itself may be beyond the limits."""
        return max(self.minimum, number / self.spread), max(number, min(self.maximum, number * self.spread))


class QuantityValue(Record, frozen=True):
    """A valid entry under `quantities`: a number with its range, or names of price rows."""

    low: float = 0.0
    """Smallest plausible number, in the quantity's unit."""
    mid: float = 0.0
    """The number as given, or the middle of the range."""
    high: float = 0.0
    """Largest plausible number."""
    stated: tuple[float, float] | None = None
    """The ends as written, if it is a range."""
    criterion: str | None = None
    """The criterion that asks for the same number."""
    names: tuple[str, ...] = ()
    """The names given, if the quantity is a choice."""
    source: Provenance = Provenance.STATED
    """Where it comes from; a measured number has no margin."""
    evidence: str | Evidence | None = None
    """What supports it, if given: the team's own words or a quote."""
    place: Place | None = None
    """Its place."""

    @property
    def ends(self) -> tuple[float, float]:
        """The ends as given; for a plain number twice the number, without its margin."""
        return self.stated or (self.mid, self.mid)


class Profile(Record, frozen=True):
    """What is known about a project. An absent criterion is unknown, which never means no."""

    levels: Mapping[str, tuple[str, ...]]
    """For each answered criterion its level. Several levels if the answer is one of them, or, for a criterion with several
    levels at once, all that hold, the main one first."""
    project: str | None = None
    """Title of the project."""
    description: str | None = None
    """What it is about."""
    notes: str | None = None
    """Anything else."""
    answers: Mapping[str, Answer] = NOTHING
    """The answers as given, except for those that are a single level; see `known`."""
    quantities: Mapping[str, QuantityValue] = NOTHING
    """Numbers for the cost model by name, as far as given."""

    @property
    def known(self) -> dict[str, Answer]:
        """The answer to each known criterion."""
        return {
            name: self.answers.get(name) or Answer(levels, levels[0] if len(levels) == 1 else levels)
            for name, levels in self.levels.items()
        }
