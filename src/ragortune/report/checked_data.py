"""What checks of rules and of prices found, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator

from ragortune.model.findings import RuleFinding
from ragortune.support.record import Record
from ragortune.support.text import clean_text, count_words


def write_lines(lines: Iterator[str]) -> str:
    """Return lines that nothing in them can break."""
    return "".join(f"{clean_text(line)}\n" for line in lines)


class CheckedData(Record, frozen=True):
    """What `rules check` or `prices check` found."""

    findings: tuple[RuleFinding, ...]
    what: str
    """What was checked."""


def write_findings(checked: CheckedData) -> str:
    """Return the findings as compilers print them, one a line with its place; hints stand below."""

    def tell() -> Iterator[str]:
        for finding in checked.findings:
            yield f"{finding.place}: {finding.name}: {finding.message}"
            if finding.hint:
                yield f"    hint: {finding.hint}"
        yield f"{count_words(len(checked.findings), 'finding')} in {checked.what}"

    return write_lines(tell())


def list_findings(checked: CheckedData) -> tuple[RuleFinding, ...]:
    """Return the findings, which are their own JSON."""
    return checked.findings
