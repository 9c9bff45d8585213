"""What was measured on a team's own data: figures with method, sample size and interval, and the answers they give."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ragortune.support.record import NOTHING, Record

MAX_EXAMPLES = 3
"""So many examples of a finding are shown, masked."""
Progress = Callable[[str], None]
"""Takes a line for each step of a measurement, which may take long."""


class Measurement(Record, frozen=True):
    """One thing that was measured, and the answer that follows from it, if one does."""

    probe: str
    """What was measured, such as `documents.size`; stable."""
    says: str
    """The figures in one line, for a reader: `41% of 214 documents changed within 90 days`."""
    method: str
    """How it was measured, in one line."""
    count: int
    """Size of the sample."""
    of: str
    """What was counted, in the plural: `documents`, `questions`."""
    answers: Mapping[str, object] = NOTHING
    """Answers by criterion, as a profile holds them: a level, a number, several levels in a list, or a range. The value is
    None where the data cannot tell, with the reason under `reason`."""
    quantities: Mapping[str, object] = NOTHING
    """Numbers for the cost model by name, as a profile holds them under `quantities`."""
    figures: Mapping[str, object] = NOTHING
    """The numbers by name, for programs."""
    interval: tuple[float, float] | None = None
    """95% confidence interval of the main figure, in its unit."""
    reason: str = ""
    """Why there is no answer, where there is none; what would help."""
    notes: tuple[str, ...] = ()
    """What to keep in mind: a burst, a sample, a weak method."""
    examples: tuple[str, ...] = ()
    """At most three cases, masked; texts of documents are nowhere else."""
    fault: bool = False
    """True where it shows something to be fixed in the data, such as rows that contradict each other."""
    date: str | None = None
    """The date for which it holds, YYYY-MM-DD, if it is another than that of the run."""
