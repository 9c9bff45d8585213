"""Criteria, their levels, and conditions on them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from functools import cached_property
from math import inf
from typing import NamedTuple

from ragortune.model.options import Need
from ragortune.support.record import NOTHING, Record


class Level(Record, frozen=True):
    """One answer that a criterion can take."""

    id: str
    """Name of the level, as written in profiles."""
    means: str
    """The level in plain words: what is true of a project with this answer."""
    starts_at: float | None = None
    """Smallest number of this level, in the criterion's unit; null if no number has it."""
    measure: str | None = None
    """How success is measured in projects with this answer (used for kinds of task)."""


class Selection(Record, frozen=True):
    """A bound on an ordered criterion, or a condition on the main level of one of which several levels can hold."""

    at_least: str | None = None
    """Holds from this level upwards."""
    at_most: str | None = None
    """Holds up to this level."""
    main: str | tuple[str, ...] | None = None
    """Holds if the level named first is this one, or one of these; excludes both bounds."""


Condition = str | tuple[str, ...] | Selection
"""One level, one of several levels, a bound, or a condition on the main level."""


class Band(NamedTuple):
    """The interval of numbers of one level, with its start and without its end."""

    start: float
    end: float
    level: str


class Criterion(Record, frozen=True, dict=True):
    """One question about a project, its levels and how to find out."""

    id: str
    """`group.name`, as written in profiles."""
    title: str
    """Name of the criterion in a few words."""
    question: str
    """The question as a person asks it."""
    help: str
    """How to find out, and what does and does not count."""
    levels: tuple[Level, ...]
    """The possible answers, lowest first unless the criterion is nominal."""
    nominal: bool = False
    """True if the levels have no order."""
    unit: str | None = None
    """Unit in which a number may be given instead of a level; null if only levels count."""
    minimum: float | None = None
    """Smallest number that makes sense, in the unit."""
    maximum: float | None = None
    """Largest number that makes sense, in the unit."""
    whole: bool = False
    """True if a number must be a whole one."""
    several: bool = False
    """True if more than one level can hold at once: an answer then names all that hold, the main one first."""
    asked_when: Mapping[str, Condition] = NOTHING
    """Conditions by criterion under which the questionnaire asks: the quality of examples only if there are any."""
    raises: tuple[Need, ...] = ()
    """Needs that a higher level never lowers. `rules check` proves it."""
    fixed: bool = False
    """True if the team cannot change the answer by deciding to (a law, a corpus, a market)."""

    @property
    def group(self) -> str:
        """Part of the id before the dot."""
        return self.id.partition(".")[0]

    @property
    def name(self) -> str:
        """Part of the id after the dot."""
        return self.id.partition(".")[2]

    @cached_property
    def level_ids(self) -> tuple[str, ...]:
        """Names of the levels, in order."""
        return tuple(level.id for level in self.levels)

    @cached_property
    def bands(self) -> tuple[Band, ...]:
        """The levels that a number can be, smallest first."""
        starts = sorted((level.starts_at, level.id) for level in self.levels if level.starts_at is not None)
        ends = [*(start for start, _ in starts[1:]), inf][: len(starts)]
        return tuple(Band(start, end, level) for (start, level), end in zip(starts, ends, strict=True))

    def bands_between(self, low: float, high: float) -> tuple[Band, ...]:
        """Return the bands that overlap the range from low to high, smallest first; the first one also covers smaller numbers."""
        starts = [band.start for band in self.bands]
        first, last = (max(0, bisect_right(starts, end) - 1) for end in (low, high))
        return self.bands[first : last + 1]

    def levels_between(self, low: float, high: float) -> tuple[str, ...]:
        """Return the levels of numbers from low to high, in the order of the criterion."""
        inside = {band.level for band in self.bands_between(low, high)}
        return tuple(level for level in self.level_ids if level in inside)

    def level(self, level_id: str) -> Level:
        """Return the level of a name; raises KeyError if there is none."""
        return {level.id: level for level in self.levels}[level_id]
