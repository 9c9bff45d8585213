"""The findings as JSON for programs: keys are added and never changed."""

from __future__ import annotations

from typing import Any

from ragortune.engine import add_what_if
from ragortune.model import Recommendation
from ragortune.model.documents import Span, StatedFact
from ragortune.model.findings import AuditFinding, CheckReport, DocumentAudit, Step
from ragortune.report.shapes import name_rule_set, round_needs, round_questions, round_shares

Json = dict[str, Any]


def describe_check(report: CheckReport) -> Json:
    """Return a run of `check` as JSON."""
    book = report.rulebook
    return {
        "schema": "ragortune/check/1",
        "documents": [_describe_audit(audit) for audit in report.audits],
        "unreadable": [{"path": path, "message": message} for path, message in report.unreadable],
        "stale": [_take(entry, "path", "rule", "sentence", "count") for entry in report.stale],
        "settings": report.settings or None,
        "exit_code": report.exit_code,
        "rulebook": name_rule_set(book),
    }


def _take(record: object, *names: str) -> Json:
    """Return some fields of a record."""
    return {name: getattr(record, name) for name in names}


def _show_span(span: Span | None) -> Json:
    return _take(span, "line", "column", "quote") if span else dict.fromkeys(("line", "column", "quote"))


def _describe_audit(audit: DocumentAudit) -> Json:
    reading, advice = audit.reading, audit.recommendation
    facts = [_describe_fact(fact) for fact in reading.facts]
    if advice is not None:  # answers from a profile file have no place in the document
        answers = advice.profile.answers
        shared = {"modality": "fact", "declared": True, **_show_span(None)}
        facts += [{"criterion": name, "value": answers[name].value, **shared} for name in audit.outside]
    decision = None
    if reading.decision is not None:
        evidence = [{**_show_span(part.span), "role": part.role} for part in reading.decision.evidence]
        decision = {**_take(reading.decision, "option", "how", "declared"), "evidence": evidence}
    return {
        **_take(reading, "path", "title", "status", "language", "accepted"),
        "decision": decision,
        "facts": facts,
        "conflicts": {
            criterion: [_describe_fact(fact) for fact in facts]
            for criterion, facts in audit.conflicts.items()
        },
        "recommendation": _describe_advice(advice) if advice is not None else None,
        "findings": [_describe_finding(finding) for finding in audit.findings if finding.active],
        "silenced": [_describe_finding(finding) for finding in audit.findings if not finding.active],
    }


def _describe_fact(fact: StatedFact) -> Json:
    return {**_take(fact, "criterion", "value", "modality", "declared"), **_show_span(fact.span)}


def _describe_advice(advice: Recommendation) -> Json:
    if advice.sensitivities is None:  # no finding has asked what could change the advice
        advice = add_what_if(advice)
    rules = {*(reason.rule.id for reason in advice.reasons), *(hit.rule.id for hit in advice.gates)}
    return {
        **_take(advice, "option", "default", "too_little_known", "runner_up", "firm", "settled"),
        "probability": round_shares(advice.probability),
        "needs": round_needs(advice.needs),
        "rules": sorted(rules),
        "flips": advice.flips,
        "unknowns": round_questions(advice.unknowns),
    }


def _describe_finding(finding: AuditFinding) -> Json:
    held = finding.suppressed_by
    suppression = {**_take(held, "because", "until"), "line": held.remark.span.line} if held else None
    return {
        "rule": finding.rule.id,
        "code": finding.rule.code,
        "remedy": finding.rule.remedy,
        **_take(finding, "severity", "confidence", "line", "column", "headings", "message"),
        **_take(finding, "fingerprint", "baselined"),
        "quote": finding.span.quote if finding.span else None,
        "block": finding.block or None,
        "argument": [_describe_step(step) for step in finding.argument],
        "suppressed": suppression,
    }


def _describe_step(step: Step) -> Json:
    place = _show_span(step.span) if step.span else {}
    return {**_take(step, "kind", "text"), **place, **({"address": step.address} if step.address else {})}
