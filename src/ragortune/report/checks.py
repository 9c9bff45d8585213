"""Findings in sentences, without any format: what every report on design documents shares."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ragortune.model.documents import DocumentStatus
from ragortune.model.findings import AuditFinding, CheckReport, DocumentAudit, Severity, Step, StepKind
from ragortune.support.text import clean_line, clean_text, count_words

STEP_NAMES: Mapping[StepKind, str] = MappingProxyType(
    {
        StepKind.SENTENCE: "says",
        StepKind.FACT: "fact",
        StepKind.RULE: "why",
        StepKind.EVIDENCE: "evidence",
        StepKind.FLIP: "flips",
        StepKind.MISSING: "missing",
    }
)
STATUS_NAMES: Mapping[DocumentStatus, str] = MappingProxyType(
    {
        DocumentStatus.JUDGED: "judged",
        DocumentStatus.NO_DECISION: "without a decision to judge",
        DocumentStatus.NOTHING_TO_JUDGE: "not about an LLM application",
        DocumentStatus.UNSUPPORTED_LANGUAGE: "in a language that is not read",
    }
)
_LONGEST_MESSAGE = 600


def word_message(finding: AuditFinding) -> str:
    """Return a finding's message on one line, made harmless."""
    return clean_line(finding.message, _LONGEST_MESSAGE)


def word_step(step: Step) -> str:
    """Return a step of an argument with its line, made harmless."""
    at = f" (line {step.span.line})" if step.span else ""
    return f"{clean_text(step.text)}{at}"


def sum_up(report: CheckReport) -> str:
    """Return the whole run in one sentence: nothing that was not looked at is passed over."""
    severities = [finding.severity for _, finding in report.active]
    found = ", ".join(count_words(severities.count(grade), grade.value) for grade in reversed(Severity))
    statuses = [audit.reading.status for audit in report.audits]
    others = {name: statuses.count(status) for status, name in STATUS_NAMES.items()}
    others |= {
        "judged": 0,
        "suppressed": len(report.suppressed),
        "in the baseline": sum(finding.baselined for _, finding in report.findings),
        "stale in the baseline": len(report.stale),
        "below the asked confidence": report.hidden,
        "unreadable": len(report.unreadable),
    }
    parts = [f"{number} {what}" for what, number in others.items() if number]
    return "; ".join([f"{found} in {count_words(len(report.audits), 'document')}", *parts])


def word_decision(audit: DocumentAudit) -> str:
    """Return what a document decides and what is advised, in one sentence."""
    decision, advice = audit.reading.decision, audit.recommendation
    if audit.reading.status is not DocumentStatus.JUDGED:
        return STATUS_NAMES[audit.reading.status]
    decided = (
        f"decides {decision.option} ({decision.how})" if decision else "decides nothing that can be read"
    )
    if advice is None:
        return decided
    count = sum(name not in advice.rulebook.derived for name in advice.profile.levels)
    speak = "speaks" if count == 1 else "speak"
    return f"{decided}; the {count_words(count, 'stated answer')} {speak} for {advice.option}"
