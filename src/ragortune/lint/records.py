"""What the checks and tests of a rule set report."""

from __future__ import annotations

from ragortune.model import Rule, TraceState
from ragortune.support.errors import Place
from ragortune.support.record import Record


class RuleFinding(Record, frozen=True):
    """Something to mend in a rule set."""

    name: str
    """Name of the check."""
    message: str
    """What is wrong."""
    place: Place
    """Where."""
    hint: str | None = None
    """What to do about it."""


class FailedTest(Record, frozen=True):
    """A rule test that did not come out as it says."""

    rule: Rule
    sentence: str
    """Name of the example."""
    expected: str
    """`fires` or `silent`."""
    state: TraceState
    """What the rule did."""
