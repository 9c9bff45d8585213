"""The findings as JSON for programs: keys are added and never changed."""

from __future__ import annotations

from collections.abc import Mapping

from ragortune.check.places import number_keys
from ragortune.model import Recommendation
from ragortune.model.documents import Span, StatedDecision, StatedFact
from ragortune.model.findings import AuditFinding, CheckReport, DocumentAudit, Step, Suppression
from ragortune.report.machine import (
    describe_flips,
    describe_needs,
    describe_questions,
    show_probability,
)
from ragortune.support.text import dump_json

SCHEMA = "ragortune/check/1"

Json = dict[str, object]


def render_json(report: CheckReport) -> str:
    """Return a run of `check` as JSON."""
    return dump_json(describe_check(report)) + "\n"


def describe_check(report: CheckReport) -> Json:
    """Return a run of `check` as JSON data."""
    book = report.rulebook
    return {
        "schema": SCHEMA,
        "documents": [_describe_audit(audit) for audit in report.audits],
        "unreadable": [{"path": path, "message": message} for path, message in report.unreadable],
        "stale": [
            {"path": entry.path, "rule": entry.rule, "sentence": entry.sentence, "count": entry.count}
            for entry in report.stale
        ],
        "exit_code": report.exit_code,
        "rulebook": {"name": book.name, "version": book.version, "digest": book.digest},
    }


def _describe_audit(audit: DocumentAudit) -> Json:
    reading = audit.reading
    keys = number_keys(audit.findings)
    described = [_describe_finding(finding, key) for finding, key in zip(audit.findings, keys, strict=True)]
    active = [entry for entry, finding in zip(described, audit.findings, strict=True) if finding.active]
    silent = [entry for entry, finding in zip(described, audit.findings, strict=True) if not finding.active]
    outside = () if audit.recommendation is None else _outside_facts(audit)
    return {
        "path": reading.path,
        "title": reading.title,
        "status": reading.status.value,
        "language": reading.language,
        "accepted": reading.accepted,
        "decision": _describe_decision(reading.decision),
        "facts": [*(_describe_fact(fact) for fact in reading.facts), *outside],
        "conflicts": {
            criterion: [_describe_fact(fact) for fact in facts]
            for criterion, facts in audit.conflicts.items()
        },
        "recommendation": _describe_advice(audit.recommendation),
        "findings": active,
        "silenced": silent,
    }


def _describe_decision(decision: StatedDecision | None) -> Json | None:
    if decision is None:
        return None
    return {
        "option": decision.option.value,
        "how": decision.how,
        "declared": decision.declared,
        "evidence": [{**_describe_span(part.span), "role": part.role} for part in decision.evidence],
    }


def _describe_fact(fact: StatedFact) -> Json:
    return {
        "criterion": fact.criterion,
        "value": _plain_value(fact.value),
        "modality": fact.modality.value,
        "declared": fact.declared,
        **_describe_span(fact.span),
    }


def _plain_value(value: object) -> object:
    if isinstance(value, (list, tuple)):
        return [_plain_value(part) for part in value]
    if isinstance(value, Mapping):
        return {str(key): _plain_value(part) for key, part in value.items()}
    return str(value) if isinstance(value, str) else value


def _outside_facts(audit: DocumentAudit) -> list[Json]:
    """Return the answers that came from a profile file; they have no place in the document."""
    assert audit.recommendation is not None
    answers = audit.recommendation.profile.answers
    return [
        {
            "criterion": name,
            "value": _plain_value(answers[name].given),
            "modality": "fact",
            "declared": True,
            "line": None,
            "column": None,
            "quote": None,
        }
        for name in audit.outside
    ]


def _describe_span(span: Span | None) -> Json:
    if span is None:
        return {"line": None, "column": None, "quote": None}
    return {"line": span.line, "column": span.column, "quote": span.quote}


def _describe_advice(advice: Recommendation | None) -> Json | None:
    if advice is None:
        return None
    return {
        "option": advice.option.value,
        "default": advice.default,
        "too_little_known": advice.too_little_known,
        "runner_up": advice.runner_up.value,
        "probability": show_probability(advice.probability),
        "firm": advice.firm,
        "settled": advice.settled,
        "needs": describe_needs(advice.needs),
        "rules": sorted(
            {*(reason.rule.id for reason in advice.reasons), *(hit.rule.id for hit in advice.gates)}
        ),
        "flips": describe_flips(advice.flips),
        "unknowns": describe_questions(advice.unknowns),
    }


def _describe_finding(finding: AuditFinding, key: str) -> Json:
    return {
        "rule": finding.rule.id,
        "code": finding.rule.code,
        "severity": finding.severity.value,
        "confidence": finding.confidence.value,
        "line": finding.line,
        "column": finding.column,
        "quote": finding.span.quote if finding.span else None,
        "headings": list(finding.headings),
        "message": finding.message,
        "remedy": finding.rule.remedy,
        "block": finding.block or None,
        "argument": [_describe_step(step) for step in finding.argument],
        "fingerprint": key,
        "baselined": finding.baselined,
        "suppressed": _describe_suppression(finding.suppressed_by),
    }


def _describe_step(step: Step) -> Json:
    described: Json = {"kind": step.kind.value, "text": step.text}
    if step.span is not None:
        described |= _describe_span(step.span)
    if step.address is not None:
        described["address"] = step.address
    return described


def _describe_suppression(suppression: Suppression | None) -> Json | None:
    if suppression is None:
        return None
    return {"because": suppression.because, "until": suppression.until, "line": suppression.span.line}
