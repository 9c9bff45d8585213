"""The findings as SARIF 2.1.0 (OASIS): relative addresses, documented rules, stable fingerprints, the argument as a flow."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ragortune import __version__
from ragortune.model import Rulebook
from ragortune.model.documents import Span
from ragortune.model.findings import AuditFinding, Certainty, CheckReport, FindingRule, Step
from ragortune.report.checks import STEP_NAMES, fix_uri, word_message
from ragortune.report.markdown import escape_markdown
from ragortune.support.errors import ExitCode
from ragortune.support.text import clean_line, clean_text

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "%SRCROOT%"
_RANK: Mapping[Certainty, float] = MappingProxyType(
    {Certainty.HIGH: 90.0, Certainty.MEDIUM: 60.0, Certainty.LOW: 30.0}
)

Json = dict[str, Any]


def describe_log(report: CheckReport) -> Json:
    """Return a run of `check` as a SARIF log."""
    used = {finding.rule.id: finding.rule for _, finding in report.findings}
    rules = sorted({**{rule.id: rule for rule in report.rules}, **used}.values(), key=lambda rule: rule.code)
    index = {rule.id: number for number, rule in enumerate(rules)}
    book = report.rulebook
    run: Json = {
        "tool": {
            "driver": {
                "name": "ragortune",
                "semanticVersion": __version__,
                "rules": [_describe_rule(rule, book) for rule in rules],
                "properties": {"rulebook": f"{book.name} {book.version}", "digest": book.digest},
            }
        },
        "automationDetails": {"id": "ragortune/"},
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the repository."}}},
        "columnKind": "unicodeCodePoints",
        "invocations": [_describe_invocation(report)],
        "results": [
            {"ruleIndex": index[finding.rule.id], **_describe_result(audit.reading.path, finding)}
            for audit, finding in report.findings
        ],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _describe_invocation(report: CheckReport) -> Json:
    failures = [
        {
            "level": "error",
            "message": {"text": f"{clean_text(path)}: {clean_text(message)}"},
            "locations": [{"physicalLocation": {"artifactLocation": _artifact(path)}}],
        }
        for path, message in report.unreadable
    ]
    return {
        "executionSuccessful": report.exit_code not in (ExitCode.UNUSABLE, ExitCode.INTERNAL_ERROR),
        "exitCode": report.exit_code,
        "toolExecutionNotifications": failures,
    }


# --- rules --------------------------------------------------------------------------------------------------------


def _describe_rule(rule: FindingRule, book: Rulebook) -> Json:
    cited = [(found.found, book.sources[found.source]) for found in rule.sources]
    text = [f"Why: {rule.because}", f"How it is found: {rule.how}", f"What to do: {rule.remedy}"]
    text += [f"When it misleads: {exception}" for exception in rule.exceptions]
    text += [f"Evidence: {found} ({source.title}, {source.address})" for found, source in cited]
    markdown = [
        f"## {rule.code} {rule.title}",
        rule.because,
        f"**What to do:** {escape_markdown(rule.remedy)}",
        f"**How it is found:** {escape_markdown(rule.how)}",
        "**When it misleads:**\n\n" + "\n".join(f"- {escape_markdown(text)}" for text in rule.exceptions),
    ]
    if cited:
        items = [
            f"- {escape_markdown(found)} ([{escape_markdown(source.title)}](<{source.address}>))"
            for found, source in cited
        ]
        markdown.append("**Evidence:**\n\n" + "\n".join(items))
    markdown.append(f"`ragortune explain {rule.id}` prints this page.")
    addresses = [source.address for _, source in cited if "://" in source.address]
    return {
        "id": rule.code,
        "name": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.because},
        "help": {"text": "\n".join(text), "markdown": "\n\n".join(markdown)},
        **({"helpUri": addresses[0]} if addresses else {}),
        "defaultConfiguration": {"level": rule.severity, "rank": _RANK[rule.confidence]},
        "properties": {
            "tags": ["design", "llm"],
            "precision": rule.confidence,
            "problem.severity": {"note": "recommendation"}.get(rule.severity, rule.severity),
            "since": rule.since,
        },
    }


# --- results ------------------------------------------------------------------------------------------------------


def _describe_result(path: str, finding: AuditFinding) -> Json:
    described: Json = {
        "ruleId": finding.rule.code,
        "level": finding.severity,
        "rank": _RANK[finding.confidence],
        "message": {"text": word_message(finding)},
        "locations": [{**_location(path, finding.span), **_logical(finding)}],
        "partialFingerprints": {"ragortune/v1": finding.fingerprint},
        "suppressions": _list_suppressions(path, finding),
        "properties": {"confidence": finding.confidence, "remedy": finding.rule.remedy},
    }
    if finding.block:
        described["properties"]["block"] = clean_text(finding.block, keep_breaks=True)
    if finding.baselined:
        described["baselineState"] = "unchanged"
    placed = [step for step in finding.argument if step.span is not None]
    if placed:
        flow = [_flow_step(number, step, path, finding) for number, step in enumerate(finding.argument, 1)]
        described["codeFlows"] = [{"threadFlows": [{"locations": flow}]}]
        described["relatedLocations"] = [
            {"id": number, **_location(path, step.span), "message": {"text": _word_step(step)}}
            for number, step in enumerate(placed, 1)
        ]
    return described


def _list_suppressions(path: str, finding: AuditFinding) -> list[Json]:
    listed: list[Json] = []
    if held := finding.suppressed_by:
        listed.append(
            {
                "kind": "inSource",
                "status": "accepted",
                "justification": held.because,
                "location": _location(path, held.remark.span),
                **({"properties": {"until": held.until}} if held.until else {}),
            }
        )
    if finding.baselined:
        listed.append({"kind": "external", "status": "accepted", "justification": "known in the baseline"})
    return listed


def _flow_step(number: int, step: Step, path: str, finding: AuditFinding) -> Json:
    """Return a step of the argument; what has no place in the document is shown at the finding."""
    return {
        "executionOrder": number,
        "kinds": [step.kind],
        "importance": "essential" if step.span is not None else "important",
        "location": {**_location(path, step.span or finding.span), "message": {"text": _word_step(step)}},
    }


def _word_step(step: Step) -> str:
    text = f"{STEP_NAMES[step.kind]}: {clean_line(step.text)}"
    return f"{text} {clean_text(step.address)}" if step.address else text


def _artifact(path: str) -> Json:
    return {"uri": fix_uri(path), "uriBaseId": _ROOT}


def _location(path: str, span: Span | None) -> Json:
    region: Json = {"startLine": span.line if span else 1}
    if span is not None:
        end = span.column + len(span.quote)
        snippet = {"text": clean_text(span.quote)}
        region |= {"startColumn": span.column, "endColumn": end, "snippet": snippet}
    return {"physicalLocation": {"artifactLocation": _artifact(path), "region": region}}


def _logical(finding: AuditFinding) -> Json:
    name = " > ".join(clean_line(heading) for heading in finding.headings)
    return {"logicalLocations": [{"fullyQualifiedName": name, "kind": "member"}]} if name else {}
