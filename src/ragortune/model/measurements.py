"""Measurements of a team's own data: figures with method, sample size and interval, and the answers they imply."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ragortune.support.record import NOTHING, Record

MAX_EXAMPLES = 3
"""Masked examples that a measurement shows at most."""
Progress = Callable[[str], None]
"""Takes a line for each step of a measurement, which may take long."""


class Measurement(Record, frozen=True):
    """The result of one probe, and the answers that follow from it."""

    probe: str
    """Name of the probe, such as `documents.size`; stable."""
    says: str
    """The figures in one line, for a reader: `41% of 214 documents changed within 90 days`."""
    method: str
    """How it was measured, in one line."""
    count: int
    """Size of the sample."""
    of: str
    """What was counted, in the plural: `documents`, `questions`."""
    answers: Mapping[str, object] = NOTHING
    """Answers by criterion, as in a profile: a level, a number, several levels in a list, or a range; None if the data do
    not show it, with the reason under `reason`."""
    quantities: Mapping[str, object] = NOTHING
    """Numbers for the cost model by name, as under `quantities` of a profile."""
    figures: Mapping[str, object] = NOTHING
    """The numbers by name, for programs."""
    interval: tuple[float, float] | None = None
    """95% confidence interval of the main figure, in its unit."""
    reason: str = ""
    """Why there is no answer, and what would help; empty if there is one."""
    notes: tuple[str, ...] = ()
    """Caveats, such as a burst, a sample or a weak method."""
    examples: tuple[str, ...] = ()
    """At most three masked examples; no other field contains texts of the data."""
    fault: bool = False
    """Whether it shows a fault in the data, such as contradictory rows."""
    date: str | None = None
    """The date for which it holds, YYYY-MM-DD, if it is not that of the run."""
