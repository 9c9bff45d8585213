"""The findings as Markdown, for a comment on a pull request or a job summary; no document can write markup into it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ragortune.check import order_findings
from ragortune.model.findings import AuditFinding, CheckReport, DocumentAudit, Severity, Step
from ragortune.report.checks import (
    STEP_NAMES,
    sum_up,
    word_block,
    word_decision,
    word_message,
    word_quote,
    word_section,
)
from ragortune.report.markdown import escape_markdown

_MARKS: Mapping[Severity, str] = MappingProxyType(
    {Severity.ERROR: "**error**", Severity.WARNING: "**warning**", Severity.NOTE: "note"}
)
MARKER = "<!-- ragortune check -->"
"""First line, by which a workflow finds its own comment again."""


def render_review(report: CheckReport) -> str:
    """Return a run of `check` as a Markdown comment."""
    lines = [
        MARKER,
        "## Retrieval or tuning: what the design documents say",
        "",
        escape_markdown(sum_up(report)) + ".",
    ]
    for audit in report.audits:
        if audit.active:
            lines += _tell_document(audit)
    if report.suppressed:
        lines += ["", "### Suppressed", ""]
        for audit, finding in report.suppressed:
            held = finding.suppressed_by
            assert held is not None
            until = f" until {held.until}" if held.until else ""
            place = f"{escape_markdown(audit.reading.path)}, line {finding.line}"
            lines.append(f"- `{finding.rule.id}`{until} ({place}): {escape_markdown(held.because)}")
    for path, message in report.unreadable:
        lines += ["", f"**Unreadable:** {escape_markdown(path)}: {escape_markdown(message)}"]
    book = report.rulebook
    lines += [
        "",
        f"Rule set {book.name} {book.version}. `ragortune explain RULE` tells why and on what evidence.",
        "",
    ]
    return "\n".join(lines)


def _tell_document(audit: DocumentAudit) -> list[str]:
    lines = [
        "",
        f"### {escape_markdown(audit.reading.path)}",
        "",
        escape_markdown(word_decision(audit)) + ".",
    ]
    lines += ["", "| | Rule | Line | Finding |", "| --- | --- | ---: | --- |"]
    ranked = order_findings(audit.active)
    for finding in ranked:
        cells = (
            _MARKS[finding.severity],
            f"`{finding.rule.id}`",
            str(finding.line),
            escape_markdown(word_message(finding)),
        )
        lines.append(f"| {' | '.join(cells)} |")
    for finding in ranked:
        lines += _show_block(finding)
        if finding.severity is not Severity.NOTE:
            lines += _tell_argument(finding)
    return lines


def _show_block(finding: AuditFinding) -> list[str]:
    """Return the block that answers a finding, between fences that are longer than its own."""
    block = word_block(finding)
    return ["", f"`{finding.rule.id}` is answered by:", "", "````yaml", *block, "````"] if block else []


def _tell_argument(finding: AuditFinding) -> list[str]:
    section = word_section(finding)
    where = f"line {finding.line}" + (f", {escape_markdown(section)}" if section else "")
    lines = ["", "<details>", f"<summary>{finding.rule.code}: the argument</summary>", ""]
    if finding.span is not None:
        lines += [f"> {escape_markdown(word_quote(finding.span.quote))}", "", f"({where})", ""]
    lines += [f"- {_tell_step(step)}" for step in finding.argument]
    lines += [f"- **what to do:** {escape_markdown(finding.rule.remedy)}", "", "</details>"]
    return lines


def _tell_step(step: Step) -> str:
    at = f" (line {step.span.line})" if step.span else ""
    link = f" [source](<{step.address}>)" if step.address and "://" in step.address else ""
    return f"**{STEP_NAMES[step.kind]}:** {escape_markdown(step.text)}{at}{link}"
