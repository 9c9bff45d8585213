"""The findings of `rules check` and `prices check` as text and JSON."""

from __future__ import annotations

from collections.abc import Iterator

from ragortune.model.findings import RuleFinding
from ragortune.support.record import Record
from ragortune.support.text import count_words


class CheckedData(Record, frozen=True):
    """The result of `rules check` or `prices check`."""

    findings: tuple[RuleFinding, ...]
    what: str
    """Name of what was checked."""


def write_findings(checked: CheckedData) -> Iterator[str]:
    """Yield one line per finding, in the form that compilers use; hints follow on lines of their own."""
    for finding in checked.findings:
        yield f"{finding.place}: {finding.name}: {finding.message}"
        if finding.hint:
            yield f"    hint: {finding.hint}"
    yield f"{count_words(len(checked.findings), 'finding')} in {checked.what}"


def list_findings(checked: CheckedData) -> tuple[RuleFinding, ...]:
    """Return the findings as JSON data."""
    return checked.findings
