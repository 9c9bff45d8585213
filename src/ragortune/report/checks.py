"""The report of `check` as a page, and the sentences that all its formats share.

In a terminal or a log the page shows the line of each finding; in a comment on a pull request the arguments are folded.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

from ragortune.model.documents import DocumentStatus
from ragortune.model.findings import AuditFinding, CheckReport, DocumentAudit, Severity, Step, StepKind
from ragortune.report.blocks import (
    Block,
    Break,
    Code,
    Drawing,
    Fold,
    Heading,
    Inline,
    Item,
    Items,
    Page,
    Paragraph,
    Span,
    Style,
    bullets,
    section,
)
from ragortune.report.markdown import write_markdown
from ragortune.report.screen import LONG, SHORT
from ragortune.support.text import clean_line, clean_text, count_words, cut_text

STEP_NAMES: Mapping[StepKind, str] = {
    StepKind.SENTENCE: "says",
    StepKind.FACT: "fact",
    StepKind.RULE: "why",
    StepKind.EVIDENCE: "evidence",
    StepKind.FLIP: "flips",
    StepKind.MISSING: "missing",
}
STATUS_NAMES: Mapping[DocumentStatus, str] = {
    DocumentStatus.JUDGED: "judged",
    DocumentStatus.NO_DECISION: "without a decision to judge",
    DocumentStatus.NOTHING_TO_JUDGE: "not about an LLM application",
    DocumentStatus.UNSUPPORTED_LANGUAGE: "in an unsupported language",
}
_LONGEST_MESSAGE = 600
MARKER = "<!-- ragortune check -->"
"""First line of the Markdown, by which a workflow recognises its own comment."""
_STYLES = {Severity.ERROR: Style.ERROR, Severity.WARNING: Style.WARNING, Severity.NOTE: Style.NOTE}
_BEFORE, _AFTER = 40, 100
"""Characters of a long line shown before and after the start of the quote."""


def format_message(finding: AuditFinding) -> str:
    """Return the message of a finding on one line, cleaned."""
    return clean_line(finding.message, _LONGEST_MESSAGE)


def sum_up(report: CheckReport) -> str:
    """Return a run in one sentence, with everything that was suppressed, hidden or unreadable."""
    severities = [finding.severity for _, finding in report.active]
    found = ", ".join(count_words(severities.count(grade), grade.value) for grade in reversed(Severity))
    statuses = [audit.reading.status for audit in report.audits]
    others = {name: statuses.count(status) for status, name in STATUS_NAMES.items()}
    others |= {
        "judged": 0,
        "suppressed": len(report.suppressed),
        "in the baseline": sum(finding.baselined for _, finding in report.findings),
        "stale in the baseline": len(report.stale),
        "below the minimum confidence": report.hidden,
        "unreadable": len(report.unreadable),
    }
    parts = [f"{number} {what}" for what, number in others.items() if number]
    if report.settings:
        parts.append(clean_text(report.settings))
    return "; ".join([f"{found} in {count_words(len(report.audits), 'document')}", *parts])


def format_decision(audit: DocumentAudit) -> str:
    """Return the decision of a document and the advice in one sentence."""
    decision, advice = audit.reading.decision, audit.recommendation
    if decision is None or audit.reading.status is not DocumentStatus.JUDGED:
        return STATUS_NAMES[audit.reading.status]
    decided = f"decides {decision.option} ({decision.how})"
    if advice is None:
        return decided
    count = sum(name not in advice.rulebook.derived for name in advice.profile.levels)
    answers = f"the {count_words(count, 'stated answer')}" if count else "no stated answer"
    if advice.too_little_known:
        return f"{decided}; with {answers} too little is known to tell"
    return f"{decided}; {answers} {'speaks' if count == 1 else 'speak'} for {advice.option}"


# --- the page -----------------------------------------------------------------------------------------------------


SECTIONS = ("findings", "documents", "suppressed", "unreadable")
"""Names that `--show` takes."""
_HINT = "`--full` shows the arguments; `ragortune explain RULE` gives its reason, evidence and remedy"
_MAX_CLEAN = 100
"""Documents without findings that are listed at most."""
_WHOLE = 10
"""Findings shown in full on a screen at most, if they fit."""
_MAX_SHOWN = (20, 20, 20, 20, 15, 12, 10, 8, 6, 5, 4, 3, 2, 1)
"""Findings in each form of the screen: in full, without argument, as sentences, then truncated."""


def build_page(report: CheckReport) -> Page:
    """Return the page of a run."""
    sections = (
        section("Findings", *_list_findings(report)),
        section("Documents without findings", *_list_clean(report)),
        section("Suppressed", *_list_suppressed(report)),
        section("Unreadable", *_list_unreadable(report)),
    )
    return Page(
        lambda form: _draw_screen(report, form),
        len(_MAX_SHOWN),
        (Heading("Retrieval or tuning: what the design documents say"), Paragraph(f"{sum_up(report)}.")),
        dict(zip(SECTIONS, sections, strict=True)),
    )


def _draw_screen(report: CheckReport, form: int) -> Iterator[Block]:
    """Yield one form of the screen: the summary and the most important findings."""
    yield Paragraph(f"{sum_up(report)}.", Style.STRONG)
    yield from itertools.islice(_list_unreadable(report), _MAX_SHOWN[form] // 4 + 1)
    ranked = report.ranked
    if form == 0 and len(ranked) <= _WHOLE and report.audits:
        yield Break()
        yield from _list_findings(report)
    else:
        for audit, finding in ranked[: _MAX_SHOWN[form]]:
            yield from _show_briefly(audit, finding, form)
    if not ranked:
        audits = report.audits[: _MAX_SHOWN[form]]
        yield from (Paragraph(f"{audit.reading.path}: {format_decision(audit)}") for audit in audits)
    more = len(ranked[_MAX_SHOWN[form] :])
    if more:
        yield Paragraph(f"and {count_words(more, 'more finding')}")
    if ranked:
        yield Paragraph(_HINT, Style.ASIDE)


def _show_briefly(audit: DocumentAudit, finding: AuditFinding, form: int) -> Iterator[Block]:
    """Yield a finding without its argument: with excerpt and remedy in form 1, as a truncated sentence from form 3 on."""
    head = Span(f"{finding.severity}[{finding.rule.id}]", _STYLES[finding.severity])
    place = f" {finding.rule.code} {audit.reading.path}:{finding.line}: "
    message = cut_text(format_message(finding), _LONGEST_MESSAGE if form < 2 else LONG if form < 3 else SHORT)
    yield Paragraph((head, place, message))
    if form < 2 and finding.severity is not Severity.NOTE:
        yield Drawing(lambda width: _draw_excerpt(audit, finding, width))
        yield Paragraph(cut_text(finding.rule.remedy, LONG), lead="  -> ")


def write_review(report: CheckReport) -> str:
    """Return a run of `check` as Markdown for a comment on a pull request."""
    return f"{MARKER}\n{write_markdown(build_page(report).choose(()), level=2)}"


def _list_findings(report: CheckReport) -> Iterator[Block]:
    for audit in report.audits:
        if audit.active:
            yield Paragraph((Span(audit.reading.path, Style.STRONG), f": {format_decision(audit)}"))
            yield Break()
        for finding in sorted(audit.active, key=lambda finding: finding.rank):
            yield from _show_finding(audit, finding)
            yield Break()


def _list_clean(report: CheckReport) -> Iterator[Block]:
    """Yield the decisions of documents without findings."""
    clean = [audit for audit in report.audits if not audit.active]
    lines = [f"{audit.reading.path}: {format_decision(audit)}" for audit in clean[:_MAX_CLEAN]]
    more = len(clean) - len(lines)
    lines += [f"and {count_words(more, 'more document')}"] * bool(more)
    if lines:
        yield Fold(count_words(len(clean), "document"), (bullets(lines),))


def _list_suppressed(report: CheckReport) -> Iterator[Block]:
    """Yield the findings that comments suppress, and the stale entries of the baseline."""
    for audit, finding, comment in report.suppressed:
        until = f" until {comment.until}" if comment.until else ""
        place = f"{audit.reading.path}:{finding.line}"
        text = f"suppressed[{finding.rule.id}]{until}: {clean_line(comment.because)} ({place})"
        yield Paragraph(text, Style.ASIDE)
    for entry in report.stale:
        text = f"stale in the baseline: {entry.rule} in {entry.path}: {clean_line(entry.sentence)}"
        yield Paragraph(text, Style.ASIDE)


def _list_unreadable(report: CheckReport) -> Iterator[Block]:
    for path, _, message in report.unreadable:
        yield Paragraph((Span("unreadable", Style.ERROR), f": {path}: {message}"))


def _show_finding(audit: DocumentAudit, finding: AuditFinding) -> Iterator[Block]:
    head = Span(f"{finding.severity}[{finding.rule.id}]", _STYLES[finding.severity])
    place = f"{audit.reading.path}:{finding.line}"
    block = [Code(tuple(finding.block.splitlines()), "yaml")] if finding.block else []
    if finding.severity is Severity.NOTE:
        yield Paragraph((head, f" {finding.rule.code} {place}: {format_message(finding)}"))
        yield from block
        return
    yield Paragraph((head, f" {finding.rule.code}: ", Span(format_message(finding), Style.STRONG)))
    inside = " > ".join(clean_line(heading) for heading in finding.headings[-2:])
    yield Paragraph(f"{place}:{finding.column}{f'  (in: {inside})' if inside else ''}", lead="  --> ")
    yield Drawing(lambda width: _draw_excerpt(audit, finding, width))
    steps = [_show_step(step) for step in finding.argument]
    remedy = Item((Span("what to do", Style.ASIDE), f": {finding.rule.remedy}"))
    yield Fold(f"{finding.rule.code}: the argument", (Items((*steps, remedy)),))
    yield from block


def _show_step(step: Step) -> Item:
    text = step.text
    if step.span is not None:
        quotes = step.kind in (StepKind.FACT, StepKind.SENTENCE)
        text += f" (line {step.span.line}{f': {clean_line(step.span.quote)}' if quotes else ''})"
    return Item((Span(STEP_NAMES[step.kind], Style.ASIDE), f": {text}"), address=step.address)


def _draw_excerpt(audit: DocumentAudit, finding: AuditFinding, width: int) -> Iterator[Inline]:
    """Yield the line of a finding with carets below the quote, as compilers do; a long line is truncated."""
    from rich.cells import cell_len, set_cell_size  # noqa: PLC0415  (not needed for other formats)

    lines, span = audit.reading.lines, finding.span
    if span is None or span.line > len(lines):
        return
    line, start = lines[span.line - 1], span.column - 1
    first = max(0, start - _BEFORE) if start > _BEFORE * 2 else 0
    before = ("..." if first else "") + clean_text(line[first:start])
    marked = clean_text(line[start : start + len(span.quote)])
    after = clean_text(line[start + len(span.quote) : first + _BEFORE + _AFTER])
    gutter = " " * len(str(span.line))
    room = max(20, width - len(gutter) - 3)
    shown = before + marked + after
    carets = max(1, min(cell_len(marked), room - cell_len(before)))
    yield f"{gutter} |"
    yield f"{span.line} | {set_cell_size(shown, min(room, cell_len(shown))).rstrip()}"
    yield (f"{gutter} | {' ' * cell_len(before)}", Span("^" * carets, _STYLES[finding.severity]))
