"""The findings as text, with the line they are about and a caret below it, as compilers show it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from rich.cells import cell_len
from rich.text import Text

from ragortune.model.findings import AuditFinding, CheckReport, DocumentAudit, Severity, Step, StepKind
from ragortune.report.checks import (
    STEP_NAMES,
    sum_up,
    word_block,
    word_decision,
    word_message,
    word_quote,
    word_section,
)
from ragortune.report.sheet import Sheet
from ragortune.support.text import clean_text

_STYLES: Mapping[Severity, str] = MappingProxyType(
    {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.NOTE: "bold cyan"}
)
_BEFORE, _AFTER = 40, 100
"""So many characters of a long line are shown before and after the place."""


def render_check_text(report: CheckReport, *, width: int, color: bool) -> str:
    """Return the findings of a run for a terminal or a log: errors and warnings in full, notes on a line each, with the block that answers them."""
    sheet = Sheet(width=width, color=color)
    for audit in report.audits:
        _add_document(sheet, audit)
    for audit, finding in report.suppressed:
        held = finding.suppressed_by
        assert held is not None
        until = f" until {held.until}" if held.until else ""
        place = f"{clean_text(audit.reading.path)}:{finding.line}"
        sheet.add_wrapped(
            f"suppressed[{finding.rule.id}]{until}: {word_quote(held.because)} ({place})", style="dim"
        )
    for entry in report.stale:
        known = f"stale in the baseline: {entry.rule} in {clean_text(entry.path)}"
        sheet.add_wrapped(f"{known}: {word_quote(entry.sentence)}", style="dim")
    for path, message in report.unreadable:
        sheet.add_wrapped(
            Text.assemble(("unreadable", "bold red"), f": {clean_text(path)}: {clean_text(message)}")
        )
    sheet.add_wrapped(sum_up(report), style="bold")
    if report.active:
        sheet.add_wrapped("`ragortune explain RULE` tells why, on what evidence, and what to do", style="dim")
    return sheet.getvalue()


def _add_document(sheet: Sheet, audit: DocumentAudit) -> None:
    full = [finding for finding in audit.active if finding.severity is not Severity.NOTE]
    notes = [finding for finding in audit.active if finding.severity is Severity.NOTE]
    path = clean_text(audit.reading.path)
    if full or notes:
        sheet.add_wrapped(Text.assemble((path, "bold"), f": {word_decision(audit)}"))
        sheet.add_line()
    for finding in full:
        _add_finding(sheet, audit, finding)
    for finding in notes:
        lead = Text.assemble(("note", _STYLES[Severity.NOTE]), f"[{finding.rule.id}] ")
        shown = Text.assemble(f"{finding.rule.code} {path}:{finding.line}: ", word_message(finding))
        sheet.add_wrapped(Text.assemble(lead, shown))
        for line in word_block(finding):
            sheet.add_line(f"    {line}".rstrip())
    if notes:
        sheet.add_line()


def _add_finding(sheet: Sheet, audit: DocumentAudit, finding: AuditFinding) -> None:
    head = Text.assemble(
        (f"{finding.severity.value}[{finding.rule.id}]", _STYLES[finding.severity]),
        f" {finding.rule.code}: ",
        (word_message(finding), "bold"),
    )
    sheet.add_wrapped(head)
    section = word_section(finding)
    place = f"{clean_text(audit.reading.path)}:{finding.line}:{finding.column}"
    margin = len(str(finding.line))
    sheet.add_line(f"{' ' * margin}--> {place}" + (f"  (in: {section})" if section else ""))
    _add_excerpt(sheet, audit, finding, margin)
    for step in finding.argument:
        _add_step(sheet, step, margin)
    _add_part(sheet, "help", finding.rule.remedy, margin)
    sheet.add_line()


def _add_excerpt(sheet: Sheet, audit: DocumentAudit, finding: AuditFinding, margin: int) -> None:
    lines = audit.reading.lines
    if finding.span is None or not 0 < finding.span.line <= len(lines):
        return
    line = lines[finding.span.line - 1]
    start = finding.span.column - 1
    first = max(0, start - _BEFORE) if start > _BEFORE * 2 else 0
    before = clean_text(line[first:start])
    marked = clean_text(line[start : start + len(finding.span.quote)])
    after = clean_text(line[start + len(finding.span.quote) : first + _BEFORE + _AFTER])
    room = max(20, sheet.width - margin - 3)
    lead = "..." if first else ""
    shown = (lead + before + marked + after)[:room]
    gutter = " " * margin
    sheet.add_line(f"{gutter} |")
    sheet.add_line(f"{finding.span.line} | {shown.rstrip()}")
    carets = max(1, min(cell_len(marked), room - cell_len(lead + before)))
    caret = Text.assemble(
        f"{gutter} | {' ' * cell_len(lead + before)}", ("^" * carets, _STYLES[finding.severity])
    )
    sheet.add_line(caret)


def _add_step(sheet: Sheet, step: Step, margin: int) -> None:
    text = clean_text(step.text)
    if step.span is not None:
        text += f" (line {step.span.line}"
        text += f": {word_quote(step.span.quote)})" if step.kind is StepKind.FACT else ")"
    _add_part(sheet, STEP_NAMES[step.kind], text, margin)
    if step.address is not None:
        sheet.add_line(f"{' ' * (margin + 3)}{clean_text(step.address)}", "dim")


def _add_part(sheet: Sheet, name: str, text: str, margin: int) -> None:
    sheet.add_wrapped(text, Text(f"{' ' * margin} = {name}: ", style="dim"))
