"""The findings as SARIF 2.1.0 (OASIS): relative addresses, documented rules, stable fingerprints, the argument as a flow."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ragortune.check.places import number_keys
from ragortune.model import Rulebook
from ragortune.model.documents import Span
from ragortune.model.findings import (
    AuditFinding,
    Certainty,
    CheckReport,
    DocumentAudit,
    FindingRule,
    Step,
    Suppression,
)
from ragortune.report.checks import STEP_NAMES, fix_uri, list_sources, word_block, word_message, word_quote
from ragortune.report.markdown import escape_markdown
from ragortune.support.errors import ExitCode
from ragortune.support.text import clean_text, dump_json

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
FINGERPRINT = "ragortune/v1"
_ROOT = "%SRCROOT%"
_PRECISION: Mapping[Certainty, str] = MappingProxyType(
    {Certainty.HIGH: "high", Certainty.MEDIUM: "medium", Certainty.LOW: "low"}
)
_RANK: Mapping[Certainty, float] = MappingProxyType(
    {Certainty.HIGH: 90.0, Certainty.MEDIUM: 60.0, Certainty.LOW: 30.0}
)

Json = dict[str, object]


def render_sarif(report: CheckReport) -> str:
    """Return a run of `check` as a SARIF log."""
    return dump_json(describe_log(report)) + "\n"


def describe_log(report: CheckReport) -> Json:
    """Return a run of `check` as SARIF data."""
    shown = [(audit, finding, key) for audit in report.audits for finding, key in _with_keys(audit)]
    used = {finding.rule.id: finding.rule for _, finding, _ in shown}
    rules = sorted({**{rule.id: rule for rule in report.rules}, **used}.values(), key=lambda rule: rule.code)
    index = {rule.id: number for number, rule in enumerate(rules)}
    book = report.rulebook
    run: Json = {
        "tool": {
            "driver": {
                "name": "ragortune",
                "semanticVersion": report.version,
                "rules": [_describe_rule(rule, book) for rule in rules],
                "properties": {"rulebook": f"{book.name} {book.version}", "digest": book.digest},
            }
        },
        "automationDetails": {"id": "ragortune/"},
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the repository."}}},
        "columnKind": "unicodeCodePoints",
        "invocations": [_describe_invocation(report)],
        "results": [_describe_result(audit, finding, key, index) for audit, finding, key in shown],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _with_keys(audit: DocumentAudit) -> list[tuple[AuditFinding, str]]:
    return list(zip(audit.findings, number_keys(audit.findings), strict=True))


def _describe_invocation(report: CheckReport) -> Json:
    failures = [
        {
            "level": "error",
            "message": {"text": f"{clean_text(path)}: {clean_text(message)}"},
            "locations": [{"physicalLocation": {"artifactLocation": _artifact(path)}}],
        }
        for path, message in report.unreadable
    ]
    described: Json = {
        "executionSuccessful": report.exit_code not in (ExitCode.UNUSABLE, ExitCode.INTERNAL_ERROR),
        "exitCode": report.exit_code,
    }
    if failures:
        described["toolExecutionNotifications"] = failures
    return described


def _describe_rule(rule: FindingRule, book: Rulebook) -> Json:
    described: Json = {
        "id": rule.code,
        "name": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.because},
        "help": {"text": _help_text(rule, book), "markdown": _help_markdown(rule, book)},
        "defaultConfiguration": {"level": rule.severity.value, "rank": _RANK[rule.confidence]},
        "properties": {
            "tags": ["design", "llm"],
            "precision": _PRECISION[rule.confidence],
            "problem.severity": {"note": "recommendation"}.get(rule.severity.value, rule.severity.value),
            "since": rule.since,
        },
    }
    addresses = [source.address for _, source in list_sources(book, rule) if "://" in source.address]
    if addresses:
        described["helpUri"] = addresses[0]
    return described


def _help_text(rule: FindingRule, book: Rulebook) -> str:
    lines = [f"Why: {rule.because}", f"How it is found: {rule.how}", f"What to do: {rule.remedy}"]
    lines += [f"When it misleads: {text}" for text in rule.exceptions]
    lines += [
        f"Evidence: {found} ({source.title}, {source.address})" for found, source in list_sources(book, rule)
    ]
    return "\n".join(lines)


def _help_markdown(rule: FindingRule, book: Rulebook) -> str:
    parts = [
        f"## {rule.code} {rule.title}",
        rule.because,
        f"**What to do:** {escape_markdown(rule.remedy)}",
        f"**How it is found:** {escape_markdown(rule.how)}",
        "**When it misleads:**\n\n" + "\n".join(f"- {escape_markdown(text)}" for text in rule.exceptions),
    ]
    cited = [
        f"- {escape_markdown(found)} ([{escape_markdown(source.title)}](<{source.address}>))"
        for found, source in list_sources(book, rule)
    ]
    if cited:
        parts.append("**Evidence:**\n\n" + "\n".join(cited))
    parts.append(f"`ragortune explain {rule.id}` prints this page.")
    return "\n\n".join(parts)


def _describe_result(audit: DocumentAudit, finding: AuditFinding, key: str, index: Mapping[str, int]) -> Json:
    path = audit.reading.path
    described: Json = {
        "ruleId": finding.rule.code,
        "ruleIndex": index[finding.rule.id],
        "level": finding.severity.value,
        "rank": _RANK[finding.confidence],
        "message": {"text": word_message(finding)},
        "locations": [_location(path, finding.span, finding)],
        "partialFingerprints": {FINGERPRINT: key},
        "properties": _describe_properties(finding),
    }
    suppressions = []
    if finding.suppressed_by is not None:
        suppressions.append(_describe_suppression(path, finding.suppressed_by))
    if finding.baselined:
        suppressions.append(
            {"kind": "external", "status": "accepted", "justification": "known in the baseline"}
        )
        described["baselineState"] = "unchanged"
    described["suppressions"] = suppressions
    flow = _describe_argument(path, finding)
    if flow:
        described["codeFlows"] = [{"threadFlows": [{"locations": flow}]}]
        described["relatedLocations"] = [
            {**_location(path, step.span), "id": number, "message": {"text": _word_step(step)}}
            for number, step in enumerate((step for step in finding.argument if step.span is not None), 1)
        ]
    return described


def _describe_properties(finding: AuditFinding) -> Json:
    described: Json = {"confidence": finding.confidence.value, "remedy": finding.rule.remedy}
    return {**described, "block": "\n".join(word_block(finding))} if finding.block else described


def _describe_suppression(path: str, held: Suppression) -> Json:
    described: Json = {
        "kind": "inSource",
        "status": "accepted",
        "justification": held.because,
        "location": _location(path, held.span),
    }
    if held.until is not None:
        described["properties"] = {"until": held.until}
    return described


def _describe_argument(path: str, finding: AuditFinding) -> list[Json]:
    """Return the argument as the steps of a flow: what has no place in the document stands at the finding."""
    if not any(step.span is not None for step in finding.argument):
        return []
    return [
        {
            "executionOrder": number,
            "kinds": [step.kind.value],
            "importance": "essential" if step.span is not None else "important",
            "location": {**_location(path, step.span or finding.span), "message": {"text": _word_step(step)}},
        }
        for number, step in enumerate(finding.argument, 1)
    ]


def _word_step(step: Step) -> str:
    text = f"{STEP_NAMES[step.kind]}: {word_quote(step.text)}"
    return f"{text} {clean_text(step.address)}" if step.address else text


def _artifact(path: str) -> Json:
    return {"uri": fix_uri(path), "uriBaseId": _ROOT}


def _location(path: str, span: Span | None, finding: AuditFinding | None = None) -> Json:
    physical: Json = {"artifactLocation": _artifact(path)}
    region: Json = {"startLine": span.line if span else 1}
    if span is not None:
        region |= {
            "startColumn": span.column,
            "endColumn": span.column + len(span.quote),
            "snippet": {"text": clean_text(span.quote)},
        }
    physical["region"] = region
    described: Json = {"physicalLocation": physical}
    if finding is not None and finding.headings:
        name = " > ".join(word_quote(heading) for heading in finding.headings)
        described["logicalLocations"] = [{"fullyQualifiedName": name, "kind": "member"}]
    return described
