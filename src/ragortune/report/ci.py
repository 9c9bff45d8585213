"""The findings for continuous integration: GitHub annotations, GitLab code quality, JUnit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from xml.etree import ElementTree as ET

from ragortune.check import order_findings
from ragortune.check.places import number_keys
from ragortune.model.findings import AuditFinding, CheckReport, DocumentAudit, Severity
from ragortune.report.checks import STEP_NAMES, fix_uri, sum_up, word_message, word_quote
from ragortune.support.text import clean_text, count_words, disarm_commands, dump_json

MOST_ANNOTATIONS = 10
"""GitHub shows no more for one step and drops the others without a word."""
_GITHUB_LEVELS: Mapping[Severity, str] = MappingProxyType(
    {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
)
_GITLAB_LEVELS: Mapping[Severity, str] = MappingProxyType(
    {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.NOTE: "info"}
)

_DATA_ESCAPES = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY_ESCAPES = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


# --- GitHub -------------------------------------------------------------------------------------------------------


def render_github(report: CheckReport) -> str:
    """Return workflow commands: the most important findings, and how many more there are."""
    ranked = _rank(report)
    failed = [_annotate_unreadable(path, message) for path, message in report.unreadable]
    room = MOST_ANNOTATIONS
    commands = [*failed, *(_annotate(audit, finding) for audit, finding in ranked)]
    if len(commands) > room:
        left = len(commands) - (room - 1)
        commands = commands[: room - 1]
        text = _escape_data(f"{count_words(left, 'more finding')}; the job summary has all of them")
        commands.append(f"::notice title=ragortune::{text}")
    return "\n".join([*commands, sum_up(report)]) + "\n"


def _rank(report: CheckReport) -> list[tuple[DocumentAudit, AuditFinding]]:
    """Return the findings that count, the most important of all documents first."""
    order = {
        id(finding): rank for rank, finding in enumerate(order_findings(found for _, found in report.active))
    }
    return sorted(report.active, key=lambda pair: order[id(pair[1])])


def _annotate(audit: DocumentAudit, finding: AuditFinding) -> str:
    level = _GITHUB_LEVELS[finding.severity]
    place = f"file={_escape_property(audit.reading.path)},line={finding.line},col={finding.column}"
    title = f"title={_escape_property(f'{finding.rule.code} {finding.rule.id}')}"
    return f"::{level} {place},{title}::{_escape_data(f'{word_message(finding)} What to do: {finding.rule.remedy}')}"


def _annotate_unreadable(path: str, message: str) -> str:
    return f"::error file={_escape_property(path)},title=unreadable::{_escape_data(clean_text(message))}"


def _escape_data(text: str) -> str:
    """Return text as the value of a workflow command; a runner reads no second command in it."""
    return disarm_commands(text.translate(_DATA_ESCAPES))


def _escape_property(text: str) -> str:
    return disarm_commands(clean_text(text).translate(_PROPERTY_ESCAPES))


# --- GitLab -------------------------------------------------------------------------------------------------------


def render_gitlab(report: CheckReport) -> str:
    """Return a GitLab code quality report."""
    entries = []
    for audit in report.audits:
        keys = number_keys(audit.findings)
        for finding, key in zip(audit.findings, keys, strict=True):
            if finding.active:
                entries.append(_describe_entry(audit, finding, key))
    return dump_json(entries) + "\n"


def _describe_entry(audit: DocumentAudit, finding: AuditFinding, key: str) -> dict[str, object]:
    path = clean_text(audit.reading.path)
    return {
        "description": word_message(finding),
        "check_name": finding.rule.id,
        "fingerprint": f"{fix_uri(path)}:{key}",
        "severity": _GITLAB_LEVELS[finding.severity],
        "location": {"path": path, "lines": {"begin": finding.line}},
    }


# --- JUnit --------------------------------------------------------------------------------------------------------


def render_junit(report: CheckReport) -> str:
    """Return JUnit XML: a suite for each document, a case for each rule; notes pass and are told in its output."""
    root = ET.Element("testsuites", name="ragortune")
    totals = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
    for audit in report.audits:
        suite = _build_suite(audit, report, totals)
        root.append(suite)
    for path, message in report.unreadable:
        suite = ET.SubElement(
            root, "testsuite", name=_xml(path), tests="1", failures="0", errors="1", skipped="0"
        )
        case = ET.SubElement(suite, "testcase", classname=_xml(path), name="readable")
        ET.SubElement(case, "error", message=_xml(message), type="unreadable")
        totals["tests"] += 1
        totals["errors"] += 1
    for name, count in totals.items():
        root.set(name, str(count))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _build_suite(audit: DocumentAudit, report: CheckReport, totals: dict[str, int]) -> ET.Element:
    path = _xml(audit.reading.path)
    suite = ET.Element("testsuite", name=path)
    counts = dict.fromkeys(totals, 0)
    rules = {rule.id: rule for rule in report.rules} | {
        finding.rule.id: finding.rule for finding in audit.findings
    }
    for rule in rules.values():
        found = [finding for finding in audit.findings if finding.rule.id == rule.id]
        failing = [finding for finding in found if finding.active and finding.severity is not Severity.NOTE]
        quiet = [finding for finding in found if not finding.active]
        case = ET.SubElement(suite, "testcase", classname=path, name=f"{rule.code} {rule.id}")
        counts["tests"] += 1
        if failing:
            counts["failures"] += 1
            failure = ET.SubElement(
                case, "failure", message=_xml(word_message(failing[0])), type=failing[0].severity.value
            )
            failure.text = _xml("\n\n".join(_tell(audit, finding) for finding in failing))
        elif quiet:
            counts["skipped"] += 1
            ET.SubElement(case, "skipped", message=_xml(_word_silence(quiet[0])))
        elif found:
            ET.SubElement(case, "system-out").text = _xml(
                "\n\n".join(_tell(audit, finding) for finding in found)
            )
    for name, count in counts.items():
        suite.set(name, str(count))
        totals[name] += count
    return suite


def _word_silence(finding: AuditFinding) -> str:
    held = finding.suppressed_by
    return word_quote(held.because) if held else "known in the baseline"


def _tell(audit: DocumentAudit, finding: AuditFinding) -> str:
    lines = [f"{clean_text(audit.reading.path)}:{finding.line}:{finding.column}: {word_message(finding)}"]
    for step in finding.argument:
        at = f" (line {step.span.line})" if step.span else ""
        lines.append(f"{STEP_NAMES[step.kind]}: {clean_text(step.text)}{at}")
    return "\n".join([*lines, f"what to do: {finding.rule.remedy}"])


def _xml(text: str) -> str:
    """Return text that XML can hold at all; what it cannot is written out."""
    return _NOT_XML.sub(lambda found: ascii(found[0])[1:-1], clean_text(text, keep_breaks=True))
