"""The findings as JSON: records that define its keys, which may be added to but never changed."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta

from ragortune.engine import add_what_if
from ragortune.model import Recommendation
from ragortune.model.documents import DocumentStatus, Span, StatedFact
from ragortune.model.findings import AuditFinding, CheckReport, DocumentAudit, Severity, Step
from ragortune.report.shapes import RuleSet, fill, name_rule_set, round_numbers, take
from ragortune.support.record import Record

Json = dict[str, Any]


class Finding(Record, frozen=True, kw_only=True):
    """A problem in a document."""

    rule: str
    code: str
    remedy: str
    severity: Severity
    confidence: str
    line: int
    column: int
    headings: tuple[str, ...]
    message: str
    fingerprint: str
    baselined: bool
    quote: str | None = None
    block: Annotated[str | None, Meta(description="A block to put into the document, and to fill in.")]
    argument: list[Json]
    """Steps: `kind`, `text`, and place or `address` where there is one."""
    suppressed: Json | None
    """The comment that suppresses it: `because`, `until`, `line`."""


class CheckedDocument(Record, frozen=True, kw_only=True):
    """What one document states, and the findings on it."""

    path: str
    title: str | None
    status: DocumentStatus
    language: str
    accepted: str | None
    decision: Annotated[Json | None, Meta(description="Option, how it is decided, and the words for it.")]
    facts: Annotated[list[Json], Meta(description="Criterion, value, modality, line and exact quote.")]
    conflicts: dict[str, list[Json]]
    recommendation: Json | None
    """The advice on the facts, with keys as of `recommend`; `rules` are the names of those that fired."""
    findings: list[Finding]
    """Those that count, in order of lines."""
    silenced: list[Finding]
    """Suppressed, or known in the baseline."""


class CheckResult(Record, frozen=True, kw_only=True):
    """A run of `check`."""

    schema: Literal["ragortune/check/1"] = "ragortune/check/1"
    documents: list[CheckedDocument]
    unreadable: list[Json]
    stale: list[Json]
    settings: str | None
    """What a settings file leaves out or lowers; null if it does neither."""
    exit_code: int
    rulebook: RuleSet


def describe_check(report: CheckReport) -> CheckResult:
    """Return a run of `check` as JSON."""
    return fill(
        CheckResult,
        report,
        documents=[_describe_audit(audit) for audit in report.audits],
        unreadable=[{"path": path, "line": at, "message": text} for path, at, text in report.unreadable],
        stale=[take(entry, "path", "rule", "sentence", "count") for entry in report.stale],
        settings=report.settings or None,
        rulebook=name_rule_set(report.rulebook),
    )


def _show_span(span: Span | None) -> Json:
    return take(span, "line", "column", "quote") if span else dict.fromkeys(("line", "column", "quote"))


def _describe_audit(audit: DocumentAudit) -> CheckedDocument:
    reading, advice = audit.reading, audit.recommendation
    facts = [_describe_fact(fact) for fact in reading.facts]
    if advice is not None:  # answers of a profile file have no line in the document
        answers = advice.profile.answers
        shared = {"modality": "fact", "declared": True, **_show_span(None)}
        given = {name: answers[name].value for name in audit.outside if name in answers}
        facts += [{"criterion": name, "value": value, **shared} for name, value in given.items()]
    decision = None
    if reading.decision is not None:
        evidence = [{**_show_span(part.span), "role": part.role} for part in reading.decision.evidence]
        decision = {**take(reading.decision, "option", "how", "declared"), "evidence": evidence}
    return fill(
        CheckedDocument,
        reading,
        decision=decision,
        facts=facts,
        conflicts={name: [_describe_fact(fact) for fact in facts] for name, facts in audit.conflicts.items()},
        recommendation=_describe_advice(advice) if advice is not None else None,
        findings=[_describe_finding(finding) for finding in audit.findings if finding.active],
        silenced=[_describe_finding(finding) for finding in audit.findings if not finding.active],
    )


def _describe_fact(fact: StatedFact) -> Json:
    return {**take(fact, "criterion", "value", "modality", "declared"), **_show_span(fact.span)}


def _describe_advice(advice: Recommendation) -> Json:
    if advice.sensitivities is None:  # not computed for any finding
        advice = add_what_if(advice)
    return {
        **take(advice, "option", "default", "too_little_known", "runner_up", "firm", "settled", "flips"),
        **round_numbers(take(advice, "probability", "needs", "unknowns")),
        "rules": sorted({own.rule.id for own in advice.reasons} | {own.rule.id for own in advice.gates}),
    }


def _describe_finding(finding: AuditFinding) -> Finding:
    held = finding.suppressed_by
    return fill(
        Finding,
        finding,
        finding.rule,
        finding.span,
        rule=finding.rule.id,
        block=finding.block or None,
        argument=[_describe_step(step) for step in finding.argument],
        suppressed={**take(held, "because", "until"), "line": held.remark.span.line} if held else None,
    )


def _describe_step(step: Step) -> Json:
    place = _show_span(step.span) if step.span else {}
    return {**take(step, "kind", "text"), **place, **({"address": step.address} if step.address else {})}
