"""The findings for continuous integration: GitHub annotations, GitLab code quality, JUnit."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from xml.etree import ElementTree as ET

from ragortune.model.findings import AuditFinding, CheckReport, DocumentAudit, FindingRule, Severity
from ragortune.report.checks import STEP_NAMES, format_message, sum_up
from ragortune.support.text import clean_line, clean_text, count_words, disarm_commands

MAX_ANNOTATIONS = 10
"""GitHub shows no more for one step, and silently drops the others."""
_GITHUB_LEVELS = {Severity.NOTE: "notice", Severity.WARNING: "warning", Severity.ERROR: "error"}
_GITLAB_LEVELS = {Severity.NOTE: "info", Severity.WARNING: "minor", Severity.ERROR: "major"}
_ESCAPES = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


# --- GitHub -------------------------------------------------------------------------------------------------------


def write_github(report: CheckReport) -> str:
    """Return workflow commands for the most important findings, and the number of the others."""
    commands = [
        _command("error", clean_text(message), file=path, line=line, title="unreadable")
        for path, line, message in report.unreadable
    ]
    commands += [
        _command(
            _GITHUB_LEVELS[finding.severity],
            f"{format_message(finding)}. What to do: {finding.rule.remedy}",
            file=audit.reading.path,
            line=finding.line,
            col=finding.column,
            title=f"{finding.rule.code} {finding.rule.id}",
        )
        for audit, finding in report.ranked
    ]
    if len(commands) > MAX_ANNOTATIONS:
        more = count_words(len(commands) - MAX_ANNOTATIONS + 1, "more finding")
        text = f"{more}; the job summary has all of them"
        commands[MAX_ANNOTATIONS - 1 :] = [_command("notice", text, title="ragortune")]
    return "\n".join([*commands, disarm_commands(sum_up(report))]) + "\n"


def _command(level: str, text: str, **properties: object) -> str:
    """Return a workflow command, escaped so that its texts cannot add a command or property."""
    named = (f"{name}={clean_text(str(value)).translate(_ESCAPES)}" for name, value in properties.items())
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return f"::{level} {disarm_commands(','.join(named))}::{disarm_commands(escaped)}"


# --- GitLab -------------------------------------------------------------------------------------------------------


def describe_gitlab(report: CheckReport) -> list[dict[str, object]]:
    """Return a GitLab code quality report; effects of settings and unreadable documents are entries as well."""
    entries = []
    if report.settings:
        key = re.sub("(?<= at )[0-9a-f]{12}|[0-9]+", "N", report.settings)
        entries.append(_describe_entry("settings", report.settings, "info", report.settings_file, key))
    for path, line, text in report.unreadable:
        entries.append(_describe_entry("unreadable", text, "critical", path, "unreadable", line))
    for audit, finding in report.active:
        what = finding.rule.id, format_message(finding), _GITLAB_LEVELS[finding.severity]
        entries.append(_describe_entry(*what, audit.reading.path, finding.fingerprint, finding.line))
    return entries


def _describe_entry(  # noqa: PLR0913, PLR0917  (what an entry consists of)
    name: str, text: str, severity: str, path: str, key: str, line: int = 1
) -> dict[str, object]:
    # Of the path as it is: two paths may look the same once they are cleaned.
    unique = hashlib.sha256(f"{path}\0{key}".encode("utf-8", "surrogatepass"))
    return {
        "description": clean_text(text),
        "check_name": name,
        "fingerprint": unique.hexdigest(),
        "severity": severity,
        "location": {"path": clean_text(path), "lines": {"begin": line}},
    }


# --- JUnit --------------------------------------------------------------------------------------------------------


def write_junit(report: CheckReport) -> str:
    """Return JUnit XML: a suite per document and a case per rule.

    A case fails where the run does, and always at an error, so that no setting makes one pass.
    """
    root = ET.Element("testsuites", name="ragortune")
    for audit in report.audits:
        suite = _add_suite(root, audit.reading.path, report)
        rules = {rule.id: rule for rule in (*report.rules, *(found.rule for found in audit.findings))}
        for rule in rules.values():
            _add_case(suite, audit, rule, report)
    for path, _, message in report.unreadable:
        suite = _add_suite(root, path, report)
        case = ET.SubElement(suite, "testcase", classname=_xml(path), name="readable")
        ET.SubElement(case, "error", message=_xml(message), type="unreadable")
    for element in (*root, root):
        tags = {"tests": "testcase", "failures": "failure", "errors": "error", "skipped": "skipped"}
        for name, tag in tags.items():
            element.set(name, str(sum(1 for _ in element.iter(tag))))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _add_suite(root: ET.Element, path: str, report: CheckReport) -> ET.Element:
    suite = ET.SubElement(root, "testsuite", name=_xml(path))
    if report.settings:
        properties = ET.SubElement(suite, "properties")
        ET.SubElement(properties, "property", name="settings", value=_xml(report.settings))
    return suite


def _add_case(suite: ET.Element, audit: DocumentAudit, rule: FindingRule, report: CheckReport) -> None:
    found = [finding for finding in audit.findings if finding.rule.id == rule.id]
    least = (report.fails_on or Severity.ERROR).rank
    failing = [finding for finding in found if finding.active and finding.severity.rank >= least]
    inactive = [finding for finding in found if not finding.active]
    case = ET.SubElement(suite, "testcase", classname=_xml(audit.reading.path), name=f"{rule.code} {rule.id}")
    if failing:
        first = failing[0]
        message = _xml(format_message(first))
        failure = ET.SubElement(case, "failure", message=message, type=first.severity.value)
        failure.text = _describe(audit, failing)
    elif inactive:
        comment = inactive[0].suppressed_by
        message = clean_line(comment.because) if comment else "known in the baseline"
        ET.SubElement(case, "skipped", message=_xml(message))
    elif found:
        ET.SubElement(case, "system-out").text = _describe(audit, found)


def _describe(audit: DocumentAudit, findings: Iterable[AuditFinding]) -> str:
    path, lines = clean_text(audit.reading.path), []
    for finding in findings:
        lines.append(f"{path}:{finding.line}:{finding.column}: {format_message(finding)}")
        for step in finding.argument:
            at = f" (line {step.span.line})" if step.span else ""
            lines.append(f"{STEP_NAMES[step.kind]}: {clean_text(step.text)}{at}")
        lines += [f"what to do: {finding.rule.remedy}", ""]
    return _xml("\n".join(lines[:-1]))


def _xml(text: str) -> str:
    """Return text with the characters that XML cannot hold written out."""
    return _NOT_XML.sub(lambda found: ascii(found[0])[1:-1], clean_text(text, keep_breaks=True))
