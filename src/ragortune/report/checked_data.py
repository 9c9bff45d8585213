"""What checks of rules and of prices found, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator

from ragortune.model.findings import RuleFinding
from ragortune.support.record import Record
from ragortune.support.text import count_words


class CheckedData(Record, frozen=True):
    """What `rules check` or `prices check` found."""

    findings: tuple[RuleFinding, ...]
    what: str
    """What was checked."""


def write_findings(checked: CheckedData) -> Iterator[str]:
    """Yield the findings as compilers print them, one a line with its place; hints are below."""
    for finding in checked.findings:
        yield f"{finding.place}: {finding.name}: {finding.message}"
        if finding.hint:
            yield f"    hint: {finding.hint}"
    yield f"{count_words(len(checked.findings), 'finding')} in {checked.what}"


def list_findings(checked: CheckedData) -> tuple[RuleFinding, ...]:
    """Return the findings, which are their own JSON."""
    return checked.findings
