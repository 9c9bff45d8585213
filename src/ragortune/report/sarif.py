"""The findings as SARIF 2.1.0 (OASIS), with relative paths, stable fingerprints, and arguments as code flows."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from ragortune import __version__
from ragortune.model import Rulebook
from ragortune.model.documents import Span
from ragortune.model.findings import AuditFinding, CheckReport, FindingRule, Severity, Step
from ragortune.report.checks import STEP_NAMES, format_message
from ragortune.report.markdown import write_markdown
from ragortune.report.pages import finding_page
from ragortune.support.errors import ExitCode
from ragortune.support.text import clean_line, clean_text

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "%SRCROOT%"

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
            "message": _message(f"{clean_text(path)}: {clean_text(message)}"),
            "locations": [_location(path, Span(line, 1, ""))],
        }
        for path, line, message in report.unreadable
    ]
    settings = {"level": "note", "message": _message(clean_text(report.settings))}
    return {
        "executionSuccessful": report.exit_code not in (ExitCode.UNUSABLE, ExitCode.INTERNAL_ERROR),
        "exitCode": report.exit_code,
        "toolExecutionNotifications": failures,
        "toolConfigurationNotifications": [settings] if report.settings else [],
    }


def _describe_rule(rule: FindingRule, book: Rulebook) -> Json:
    page = write_markdown(finding_page(book, rule), level=2)
    sources = (book.sources[found.source].address for found in rule.sources)
    addresses = [address for address in sources if "://" in address]
    return {
        "id": rule.code,
        "name": rule.id,
        "shortDescription": _message(rule.title),
        "fullDescription": _message(rule.because),
        "help": {"text": page, "markdown": page},
        **({"helpUri": addresses[0]} if addresses else {}),
        "defaultConfiguration": {"level": rule.severity},
        "properties": {
            "tags": ["design", "llm"],
            "precision": rule.confidence,
            "problem.severity": "recommendation" if rule.severity is Severity.NOTE else rule.severity,
            "since": rule.since,
        },
    }


def _describe_result(path: str, finding: AuditFinding) -> Json:
    name = " > ".join(clean_line(heading) for heading in finding.headings)
    logical = {"logicalLocations": [{"fullyQualifiedName": name, "kind": "member"}]} if name else {}
    described: Json = {
        "ruleId": finding.rule.code,
        "level": finding.severity,
        "message": _message(format_message(finding)),
        "locations": [{**_location(path, finding.span), **logical}],
        "partialFingerprints": {"ragortune/v1": finding.fingerprint},
        "suppressions": _list_suppressions(path, finding),
        "properties": {"confidence": finding.confidence, "remedy": finding.rule.remedy},
    }
    if finding.block:
        described["properties"]["block"] = clean_text(finding.block, keep_breaks=True)
    if finding.baselined:
        described["baselineState"] = "unchanged"
    if any(step.span is not None for step in finding.argument):
        flow = [_flow_step(number, step, path, finding) for number, step in enumerate(finding.argument, 1)]
        described["codeFlows"] = [{"threadFlows": [{"locations": flow}]}]
    return described


def _list_suppressions(path: str, finding: AuditFinding) -> list[Json]:
    listed: list[Json] = []
    if comment := finding.suppressed_by:
        listed.append(
            {
                "kind": "inSource",
                "status": "accepted",
                "justification": comment.because,
                "location": _location(path, comment.remark.span),
                **({"properties": {"until": comment.until}} if comment.until else {}),
            }
        )
    if finding.baselined:
        listed.append({"kind": "external", "status": "accepted", "justification": "known in the baseline"})
    return listed


def _flow_step(number: int, step: Step, path: str, finding: AuditFinding) -> Json:
    """Return a step of the argument; a step without a place in the document is located at the finding."""
    text = f"{STEP_NAMES[step.kind]}: {clean_line(step.text)} {clean_text(step.address or '')}".rstrip()
    return {
        "executionOrder": number,
        "kinds": [step.kind],
        "importance": "essential" if step.span is not None else "important",
        "location": {**_location(path, step.span or finding.span), "message": _message(text)},
    }


def _message(text: str) -> Json:
    """Return a message without links, which SARIF viewers make of `[words](address)`."""
    return {"text": text.replace("](", "] (")}


def _artifact(path: str) -> Json:
    """Return a path as a relative URI, quoted so that no part can become a scheme, a host or a parent folder."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    quoted = "/".join(quote(part.encode("utf-8", "surrogateescape"), safe="-._~") for part in parts)
    return {"uri": quoted or "stdin", "uriBaseId": _ROOT}


def _location(path: str, span: Span | None) -> Json:
    region: Json = {"startLine": span.line if span else 1}
    if span is not None:
        end = span.column + len(span.quote)
        snippet = {"text": clean_text(span.quote)}
        region |= {"startColumn": span.column, "endColumn": end, "snippet": snippet}
    return {"physicalLocation": {"artifactLocation": _artifact(path), "region": region}}
