"""Findings in sentences, without any format: what every report on design documents shares."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import quote

from ragortune.model import Rulebook, Source
from ragortune.model.documents import DocumentStatus
from ragortune.model.findings import AuditFinding, CheckReport, DocumentAudit, FindingRule, Severity, StepKind
from ragortune.support.text import clean_text, count_words, shorten_text

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
_LONGEST_QUOTE = 200


def word_message(finding: AuditFinding) -> str:
    """Return a finding's message on one line, made harmless."""
    return shorten_text(" ".join(clean_text(finding.message).split()), _LONGEST_MESSAGE)


def word_block(finding: AuditFinding) -> list[str]:
    """Return the lines of the block by which a document can answer a finding, made harmless; none if there is none."""
    return [clean_text(line) for line in finding.block.splitlines()]


def word_quote(text: str) -> str:
    """Return a quotation from a document on one line, made harmless."""
    return shorten_text(" ".join(clean_text(text).split()), _LONGEST_QUOTE)


def word_section(finding: AuditFinding) -> str:
    """Return the headings above a finding on one line, made harmless; empty if there are none."""
    return " > ".join(word_quote(heading) for heading in finding.headings[-2:])


def sum_up(report: CheckReport) -> str:
    """Return the whole run in one sentence: nothing that was not looked at is passed over."""
    found = ", ".join(count_words(report.count(severity), severity.value) for severity in reversed(Severity))
    parts = [f"{found} in {count_words(len(report.audits), 'document')}"]
    for status in tuple(DocumentStatus)[1:]:
        number = sum(audit.reading.status is status for audit in report.audits)
        if number:
            parts.append(f"{number} {STATUS_NAMES[status]}")
    if report.suppressed:
        parts.append(f"{len(report.suppressed)} suppressed")
    if report.known:
        parts.append(f"{report.known} in the baseline")
    if report.stale:
        parts.append(f"{len(report.stale)} stale in the baseline")
    if report.hidden:
        parts.append(f"{report.hidden} below the asked confidence")
    if report.unreadable:
        parts.append(f"{len(report.unreadable)} unreadable")
    return "; ".join(parts)


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
    return f"{decided}; the {count_words(count, 'stated answer')} {'speaks' if count == 1 else 'speak'} for {advice.option}"


def list_sources(book: Rulebook, rule: FindingRule) -> list[tuple[str, Source]]:
    """Return what was found and where, for each source of a finding rule."""
    return [(found.found, book.sources[found.source]) for found in rule.sources]


def fix_uri(path: str) -> str:
    """Return a path as it stands in a URI reference: relative, with `/`, nothing in it can become a scheme or host."""
    parts = [part for part in path.replace("\\", "/").split("/") if part not in ("", ".")]
    quoted = "/".join(quote(part.encode("utf-8", "surrogateescape"), safe="-._~") for part in parts)
    return quoted or "stdin"
