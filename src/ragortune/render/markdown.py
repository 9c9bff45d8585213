"""The report as Markdown, for pull requests and records; nothing from a profile can become markup."""

from __future__ import annotations

import re

from ragortune.plaintext import clean_text
from ragortune.render.outlook import Outlook
from ragortune.render.report import NeedPart, Remark, Report

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#!|~&])")


def escape_markdown(text: str) -> str:
    """Return text on one line in which no character means anything to Markdown or HTML."""
    return (
        _SPECIAL.sub(r"\\\1", " ".join(clean_text(text).split()))
        .replace("\\<", "&lt;")
        .replace("\\&", "&amp;")
    )


def _plain(text: str) -> str:
    """Return text of our own rules: kept readable, with only what breaks tables or HTML escaped."""
    return (
        " ".join(text.split())
        .replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace("|", "\\|")
        .replace("*", "\\*")
    )


def render_markdown(report: Report) -> str:
    """Return the report as a Markdown document."""
    lines = [
        f"# {escape_markdown(report.title)}",
        "",
        f"**Recommendation:** {report.verdict}",
        "",
        f"**How firm:** {_plain(report.firmness)}",
        "",
    ]
    if report.outlook:
        lines += [f"**Readings:** {_plain(report.outlook.readings)}", ""]
        lines += [f"**Open:** {_plain(report.outlook.open)}", ""]
    lines.append(_plain(report.meaning))
    for need in report.needs:
        lines += _need_table(need)
    for heading, remarks in (("Gates", report.gates), ("Notices", report.notices)):
        if remarks:
            lines += ["", f"## {heading}", "", *(_remark_item(remark) for remark in remarks)]
    if report.outlook:
        lines += _outlook_parts(report.outlook)
    lines += ["", "## Begin with", ""]
    lines += [f"{number}. {_plain(step.text)}{_refer(step)}" for number, step in enumerate(report.steps, 1)]
    lines += ["", "## Prove it", "", *(f"- **{what}:** {_plain(text)}" for what, text in report.proof)]
    lines += ["", "## Look again", "", *(f"- {_plain(text)}" for text in report.look_again)]
    if report.cases:
        lines += ["", "## Published projects most like this one", ""]
        for case in report.cases:
            word = "agrees" if case.agrees else "disagrees"
            lines.append(
                f"- **{word}** [{_plain(case.heading)}](<{case.address}>): {_plain(case.measured)} "
                f"({_plain(case.shared)})"
            )
    if report.sources:
        lines += ["", "## Sources", ""]
        lines += [
            f"{number}. [{_plain(title)}](<{address}>)"
            for number, (title, address) in enumerate(report.sources, 1)
        ]
    if report.unanswered:
        lines += ["", "## Unknown", ""]
        lines += [
            f"- `{group}`: {', '.join(f'`{name}`' for name in names)}" for group, names in report.unanswered
        ]
    lines += ["", f"Rule set {report.rulebook}.", ""]
    return "\n".join(lines)


def _outlook_parts(outlook: Outlook) -> list[str]:
    lines = []
    if outlook.refusal:
        lines += ["", f"## Why not {outlook.refusal.option}", ""]
        lines += [f"- ({line.head}) {_plain(line.text)}" for line in outlook.refusal.lines]
        lines.append(f"- {_plain(outlook.refusal.nearest)}")
    lines += ["", "## What would change it", ""]
    lines += [f"- **{line.head}**: {_plain(line.text)}" for line in outlook.flips]
    if outlook.more_flips:
        lines.append(f"- and {outlook.more_flips} more")
    if not outlook.flips:
        lines.append("- no change of up to three answers that are known")
    if outlook.questions:
        lines += ["", "## Find out next", ""]
        lines += [f"- `{line.head}`: {_plain(line.text)}" for line in outlook.questions]
    if outlook.levers:
        lines += ["", "## What carries it", "", "| Answer | Need | Least | Now | Most | Without it |"]
        lines.append("| --- | --- | ---: | ---: | ---: | --- |")
        for lever in outlook.levers:
            scores = f"{lever.low:+g} | {lever.now:+g} | {lever.high:+g}"
            lines.append(f"| `{lever.criterion}` | {lever.need} | {scores} | {lever.without} |")
    lines += (
        ["", *(f"- ({line.head}) {_plain(line.text)}" for line in outlook.pillars)] if outlook.pillars else []
    )
    return lines


def _need_table(need: NeedPart) -> list[str]:
    lines = ["", f"## Need for {need.name}", "", f"{_plain(need.verdict)}."]
    if need.reasons:
        lines += ["", "| Weight | Rule | Reason | Answers | Sources |", "| ---: | --- | --- | --- | --- |"]
        for line in need.reasons:
            numbers = ", ".join(str(number) for number in line.sources)
            cells = (f"{line.weight:+g}", line.code, _plain(line.text), _plain(line.answers), numbers)
            lines.append(f"| {' | '.join(cells)} |")
    return lines


def _remark_item(remark: Remark) -> str:
    return f"- **{remark.kind}** ({remark.code}): {_plain(remark.text)}. {_plain(remark.more)} _{_plain(remark.answers)}_"


def _refer(remark: Remark) -> str:
    return f" ({remark.code})" if remark.code else ""
