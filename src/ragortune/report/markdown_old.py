"""The report as Markdown, for pull requests and records; nothing from a profile can become markup."""

from __future__ import annotations

from ragortune.report.headline import Headline, format_share
from ragortune.report.markdown import escape_markdown
from ragortune.report.outlook import NOTHING_TO_ASK, NOTHING_TO_CHANGE, Outlook
from ragortune.report.report import NeedPart, Remark, Report


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
        *_headline_parts(report.headline),
        "",
        _plain(report.meaning),
    ]
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
            lines.append(
                f"- **{case.verdict}** [{_plain(case.heading)}](<{case.address}>): {_plain(case.result)} "
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


def _headline_parts(headline: Headline) -> list[str]:
    lines = [f"**Recommendation:** {_plain(headline.verdict)}", ""]
    lines += [
        f"**Probability:** {_plain(headline.probability)}",
        "",
        f"**How firm:** {_plain(headline.firm)}",
        "",
    ]
    if headline.base_rates:
        lines += [f"**Base rates:** {_plain(headline.base_rates)}", ""]
    if headline.questions:
        lines += ["**Ask first:**", ""]
        lines += [f"- {_plain(line.text)} (`{line.head}`)" for line in headline.questions] + [""]
    lines += ["| Option | Probability |", "| --- | ---: |"]
    for bar in headline.bars:
        mark = "**" if bar.advised else ""
        lines.append(f"| {mark}`{bar.option}`{mark} | {mark}{_plain(bar.shown)}{mark} |")
    return lines


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
        lines.append(f"- {NOTHING_TO_CHANGE}")
    if outlook.open:
        lines += ["", "## Find out next", ""]
        lines += [f"- `{line.head}`: {_plain(line.text)}" for line in outlook.questions] or [
            f"- {NOTHING_TO_ASK}"
        ]
    if outlook.levers:
        lines += ["", "## What carries it", "", "| Answer | Need | Least | Now | Most | Without it |"]
        lines.append("| --- | --- | ---: | ---: | ---: | --- |")
        for lever in outlook.levers:
            shares = " | ".join(_plain(format_share(share)) for share in (lever.low, lever.now, lever.high))
            lines.append(f"| `{lever.criterion}` | {lever.need} | {shares} | {lever.without} |")
    lines += (
        ["", *(f"- ({line.head}) {_plain(line.text)}" for line in outlook.pillars)] if outlook.pillars else []
    )
    return lines


def _need_table(need: NeedPart) -> list[str]:
    lines = ["", f"## Need for {need.name}", "", f"{_plain(need.verdict)}."]
    lines += ["", "| Log-odds | Rule | Reason | Answers | Sources |", "| ---: | --- | --- | --- | --- |"]
    for line in need.reasons:
        numbers = ", ".join(str(number) for number in line.sources)
        cells = (f"{line.weight:+.2f}", line.code, _plain(line.text), _plain(line.answers), numbers)
        lines.append(f"| {' | '.join(cells)} |")
    if need.ceiling:
        lines += ["", f"{_plain(need.ceiling)}."]
    return lines


def _remark_item(remark: Remark) -> str:
    return f"- **{remark.kind}** ({remark.code}): {_plain(remark.text)}. {_plain(remark.more)} _{_plain(remark.answers)}_"


def _refer(remark: Remark) -> str:
    return f" ({remark.code})" if remark.code else ""
