"""What the checks of a rule set say, as text and as JSON."""

from __future__ import annotations

from ragortune.lint import RuleFinding
from ragortune.support.record import Record
from ragortune.support.text import clean_text, count_words

Json = dict[str, object]


class RuleCheck(Record, frozen=True):
    """What `rules check` found."""

    findings: tuple[RuleFinding, ...]
    folder: str
    """The rule set, as it is named."""


def write_check(check: RuleCheck) -> str:
    """Return the findings as compilers print them, one a line with its place; hints stand below."""
    lines = []
    for finding in check.findings:
        lines.append(f"{finding.place}: {finding.name}: {finding.message}")
        lines += [f"    hint: {finding.hint}"] if finding.hint else []
    lines.append(f"{count_words(len(check.findings), 'finding')} in {check.folder}")
    return "".join(f"{clean_text(line)}\n" for line in lines)


def describe_check(check: RuleCheck) -> list[Json]:
    """Return the findings as JSON data."""
    return [
        {
            "name": finding.name,
            "message": finding.message,
            "path": finding.place.path,
            "line": finding.place.line,
            "column": finding.place.column,
            "hint": finding.hint,
        }
        for finding in check.findings
    ]
