"""What a team answered about its project, and what the answers rest on."""

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
    """The words in a document that support an answer, so that it can be seen when they change."""

    quote: str
    """The exact words; white space, line wrapping and Markdown emphasis do not count."""
    document: str | None = None
    """Path of the document as written, relative to the file that names it; None for a design document's own words."""
    line: int | None = None
    """Line on which the words stood, from 1."""
    place: Place | None = None
    """Place of the evidence itself."""

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
    value: object
    """The value as it was written: a level, a number, a list or a range."""
    source: Provenance = Provenance.STATED
    """Where it comes from."""
    evidence: str | Evidence | None = None
    """What supports it, if said: in words of the team's own, or as a quote."""
    as_of: str | None = None
    """The date for which it holds, YYYY-MM-DD, if said."""

    @property
    def number(self) -> float | None:
        """The number that was given, or None where the answer is a level, a range or several of them."""
        value = self.value
        return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


LARGEST_NUMBER = 1e15
"""Beyond it no number of a project makes sense, whatever it counts."""


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
    """True where only whole numbers make sense."""
    criterion: str | None = None
    """The criterion that asks for the same number; both have to agree."""
    spread: float = 1.0
    """Factor either way within which a plain number is taken to lie."""
    rows: tuple[str, ...] = ()
    """Kinds of price rows that can be named."""
    words: tuple[str, ...] = ()
    """Other words that can be named."""
    several: bool = False
    """True where a list of names can be given."""
    depends_on: str | None = None
    """The criterion on whose level the default depends: a price row `id-level`, or a name under `defaults`."""
    defaults: Mapping[str, str] = NOTHING
    """The name that is taken where none is given, by level, or under `otherwise`."""

    def put_margin(self, number: float) -> tuple[float, float]:
        """Return the ends between which a plain number is taken to lie."""
        return max(self.minimum, number / self.spread), min(self.maximum, number * self.spread)


class QuantityValue(Record, frozen=True):
    """One entry under `quantities`, checked: a number with its bounds, or the names of rows of the price data."""

    low: float = 0.0
    """Smallest number that is believed possible, in the quantity's unit."""
    mid: float = 0.0
    """The number as given, or the middle of the range."""
    high: float = 0.0
    """Largest number that is believed possible."""
    stated: tuple[float, float] | None = None
    """The ends as they were written, where a range was."""
    criterion: str | None = None
    """The criterion that asks for the same number."""
    names: tuple[str, ...] = ()
    """The names given, where the quantity is a choice."""
    source: Provenance = Provenance.STATED
    """Where it comes from; a measured number has no margin."""
    evidence: str | Evidence | None = None
    """What supports it, if said: in words of the team's own, or as a quote."""
    place: Place | None = None
    """Its place."""

    @property
    def ends(self) -> tuple[float, float]:
        """The ends as they were said: twice the same for a plain number, whatever margin is put around it."""
        return self.stated or (self.mid, self.mid)


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
    """The answers as given, but for those that were read as one level alone; see `known`."""
    quantities: Mapping[str, QuantityValue] = NOTHING
    """Numbers for the cost model by name, as far as they were given."""

    @property
    def known(self) -> dict[str, Answer]:
        """The answer to each criterion that is not unknown."""
        return {
            name: self.answers.get(name) or Answer(levels, levels[0] if len(levels) == 1 else levels)
            for name, levels in self.levels.items()
        }
