"""The text report: the product's face, at any width, with and without colour, and read aloud."""

from __future__ import annotations

import io

from rich.console import Console
from rich.text import Text

from ragortune.model import EVEN
from ragortune.report.headline import Headline
from ragortune.report.outlook import NOTHING_TO_ASK, NOTHING_TO_CHANGE, LeverBar, Outlook
from ragortune.report.report import NeedPart, Remark, Report

_OPTION_CELLS = 50
"""Cells of a bar for a probability of one; fewer where the terminal is narrow."""
_BAR_CELLS = 3
"""Cells of a bar for log-odds of one."""
_LONGEST_BAR = 7
_LEVER_CELLS = 25
_WIDTH_OF_LEVERS = 80
"""From this width on, an answer and how far it moves a need stand on one line."""


class Sheet:
    """Lines of styled text with hanging indents, laid out for one width."""

    def __init__(self, *, width: int, color: bool) -> None:
        """Take the width in columns and whether to colour."""
        self.width = width
        self._stream = io.StringIO()
        self._console = Console(
            file=self._stream,
            width=width,
            force_terminal=color,
            color_system="standard" if color else None,
            no_color=not color,
            highlight=False,
            markup=False,
            emoji=False,
            legacy_windows=False,
        )

    def add_line(self, text: str | Text = "", style: str = "") -> None:
        """Add one line as it is; it is never wrapped."""
        line = text if isinstance(text, Text) else Text(text, style=style)
        self._console.print(line, no_wrap=True, overflow="ignore", crop=False, soft_wrap=True)

    def add_heading(self, text: str) -> None:
        """Add a blank line and a heading."""
        self.add_line()
        self.add_line(text.upper(), "bold")

    def add_wrapped(self, text: str | Text, lead: str | Text = "", style: str = "") -> None:
        """Add text wrapped behind a lead; further lines are indented to where the text began."""
        head = lead if isinstance(lead, Text) else Text(lead)
        body = text if isinstance(text, Text) else Text(text, style=style)
        room = max(20, self.width - head.cell_len)
        for number, line in enumerate(body.wrap(self._console, room)):
            line.rstrip()
            self.add_line(Text.assemble(head if number == 0 else " " * head.cell_len, line))

    def getvalue(self) -> str:
        """Return everything that was added."""
        return self._stream.getvalue()


def render_text(report: Report, *, width: int, color: bool, unicode: bool = True) -> str:
    """Return the report as text for a terminal or a pipe."""
    sheet = Sheet(width=width, color=color)
    sheet.add_wrapped(Text(report.title, style="bold"))
    sheet.add_line()
    _add_headline(sheet, report.headline, unicode=unicode)
    sheet.add_line()
    sheet.add_wrapped(report.meaning)
    for need in report.needs:
        _add_need(sheet, need, unicode=unicode)
    if report.gates:
        sheet.add_heading("Gates")
        for gate in report.gates:
            _add_remark(sheet, gate, f"{gate.kind}: {gate.text}")
    if report.notices:
        sheet.add_heading("Notices")
        for notice in report.notices:
            _add_remark(sheet, notice, f"{notice.kind}: {notice.text}")
    if report.outlook:
        _add_outlook(sheet, report.outlook, unicode=unicode)
    _add_plan(sheet, report)
    _add_cases(sheet, report)
    if report.sources:
        sheet.add_heading("Sources")
        for number, (title, address) in enumerate(report.sources, 1):
            sheet.add_wrapped(title, f"  [{number}]".ljust(7))
            sheet.add_line(f"       {address}", "dim")
    _add_unanswered(sheet, report)
    sheet.add_line()
    more = "`ragortune explain CODE` tells about a rule, `ragortune explain probability` about the numbers."
    sheet.add_wrapped(f"Rule set {report.rulebook}. {more}", style="dim")
    return sheet.getvalue()


def _add_headline(sheet: Sheet, headline: Headline, *, unicode: bool) -> None:
    """Add the advice, its probability as sentence and picture, and what to find out where too little is known."""
    sheet.add_wrapped(Text(headline.verdict, style="bold cyan"), "Recommendation  ")
    sheet.add_wrapped(headline.probability, "Probability     ")
    sheet.add_wrapped(headline.firm, "How firm        ")
    if headline.base_rates:
        sheet.add_wrapped(headline.base_rates, "Base rates      ")
    for number, line in enumerate(headline.questions):
        text = Text.assemble(line.text, (f" ({line.head})", "dim"))
        sheet.add_wrapped(text, " " * 16 if number else "Ask first       ")
    sheet.add_line()
    block = "█" if unicode else "#"
    cells = min(_OPTION_CELLS, sheet.width - 22)
    for bar in headline.bars:
        drawn = f"{bar.option:<14}{bar.shown:>5}  {block * round(bar.probability * cells)}"
        sheet.add_line(drawn.rstrip(), "bold cyan" if bar.advised else "")


def _add_plan(sheet: Sheet, report: Report) -> None:
    sheet.add_heading("Begin with")
    for step in report.steps:
        code = Text(f"  {step.code or '-':<4} ", style="cyan")
        sheet.add_wrapped(step.text + _number_sources(step.sources), code)
    sheet.add_heading("Prove it")
    for what, text in report.proof:
        sheet.add_wrapped(text, f"  {what:<8}")
    sheet.add_heading("Look again")
    for text in report.look_again:
        sheet.add_wrapped(text, "  - ")


def _add_need(sheet: Sheet, need: NeedPart, *, unicode: bool) -> None:
    sheet.add_heading(f"Need for {need.name}")
    sheet.add_wrapped(need.verdict)
    for line in need.reasons:
        bar = _draw_bar(line.weight, unicode=unicode)
        lead = Text(
            f"  {line.weight:+.2f} {bar:<{_LONGEST_BAR}} ", style="green" if line.weight > 0 else "red"
        )
        if not line.code:
            sheet.add_wrapped(line.text, lead, style="dim")
            continue
        text = Text.assemble(f"{line.text} ", (f"({line.answers})", "dim"), _number_sources(line.sources))
        sheet.add_wrapped(text, Text.assemble(lead, (f"{line.code} ", "cyan")))
    if need.ceiling:
        sheet.add_wrapped(need.ceiling)


def _draw_bar(weight: float, *, unicode: bool) -> str:
    block = ("█" if weight > 0 else "░") if unicode else ("#" if weight > 0 else "-")
    return block * max(1, min(_LONGEST_BAR, round(abs(weight) * _BAR_CELLS)))


def _add_remark(sheet: Sheet, remark: Remark, text: str) -> None:
    shown = Text.assemble(text, (f" ({remark.answers})", "dim"), _number_sources(remark.sources))
    sheet.add_wrapped(shown, Text(f"  {remark.code:<4} ", style="cyan"))
    if remark.more:
        sheet.add_wrapped(remark.more, " " * 7, style="dim")


def _add_outlook(sheet: Sheet, outlook: Outlook, *, unicode: bool) -> None:
    if outlook.refusal:
        sheet.add_heading(f"Why not {outlook.refusal.option}")
        for line in outlook.refusal.lines:
            sheet.add_wrapped(line.text, Text(f"  {line.head:<4} ", style="cyan"))
        sheet.add_wrapped(outlook.refusal.nearest, "  - ")
    sheet.add_heading("What would change it")
    for line in outlook.flips:
        sheet.add_wrapped(line.text, Text(f"  {line.head:<12}", style="cyan"))
    if outlook.more_flips:
        noun = "change" if outlook.more_flips == 1 else "changes"
        sheet.add_wrapped(f"and {outlook.more_flips} more {noun}; --format json lists them all", "  - ")
    if not outlook.flips:
        sheet.add_wrapped(NOTHING_TO_CHANGE, "  - ")
    if outlook.open:
        sheet.add_heading("Find out next")
        for line in outlook.questions:
            sheet.add_line(f"  {line.head}", "cyan")
            sheet.add_wrapped(line.text, " " * 4)
        if not outlook.questions:
            sheet.add_wrapped(NOTHING_TO_ASK, "  - ")
    if outlook.levers:
        sheet.add_heading("What carries it")
        for lever in outlook.levers:
            start = f"  {lever.criterion:<26}{lever.need:<10}"
            if sheet.width < _WIDTH_OF_LEVERS:
                sheet.add_line(start.rstrip())
                start = " " * 4
            sheet.add_line(_draw_lever(lever, start, unicode=unicode))
        mark, stand = ("│", "●") if unicode else ("|", "o")
        sheet.add_wrapped(
            f"How far each answer moves a need over its levels, from 0 to 100%: {mark} is 50%, {stand} as it is.",
            " " * 2,
            style="dim",
        )
    for line in outlook.pillars:
        sheet.add_wrapped(line.text, Text(f"  {line.head:<4} ", style="cyan"))


def _draw_lever(lever: LeverBar, start: str, *, unicode: bool) -> Text:
    """Return the way of one answer on a scale from 0 to 100%."""
    line, mark, stand = ("─", "│", "●") if unicode else ("-", "|", "o")
    first, last, even, now = (
        round(share * (_LEVER_CELLS - 1)) for share in (lever.low, lever.high, EVEN, lever.now)
    )
    drawn = [line if first <= cell <= last else " " for cell in range(_LEVER_CELLS)]
    drawn[even], drawn[now] = mark, stand
    end = f"  without it {lever.without}" if lever.changes else ""
    text = Text.assemble(start, ("".join(drawn), "green" if lever.now > EVEN else "red"), (end, "bold"))
    text.rstrip()
    return text


def _number_sources(numbers: tuple[int, ...]) -> str:
    return "".join(f" [{number}]" for number in numbers)


def _add_cases(sheet: Sheet, report: Report) -> None:
    if not report.cases:
        return
    sheet.add_heading("Published projects most like this one")
    for case in report.cases:
        style = "yellow" if case.verdict == "disagrees" else "green"
        sheet.add_wrapped(Text.assemble((case.verdict, style), f": {case.heading}"), "  - ")
        sheet.add_wrapped(case.shared, " " * 4, style="dim")
        sheet.add_wrapped(case.result, " " * 4)
        sheet.add_line(" " * 4 + case.address, "dim")


def _add_unanswered(sheet: Sheet, report: Report) -> None:
    if not report.unanswered:
        return
    count = sum(len(names) for _, names in report.unanswered)
    sheet.add_heading(f"Unknown: {count} of {report.total} answers")
    for group, names in report.unanswered:
        sheet.add_wrapped(", ".join(names), f"  {group:<12}")
