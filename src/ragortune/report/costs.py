"""A cost report and the price data in every format: text with pictures, Markdown, JSON and CSV."""

from __future__ import annotations

import csv
import io
import itertools
import math
from collections.abc import Iterable, Mapping, Sequence

from rich.text import Text

from ragortune.costs.answers import CostReport, OptionCost
from ragortune.report.costsheet import Bar, CostSheet, Curve, Table, build_sheet, show_name, show_number
from ragortune.report.markdown import escape_markdown
from ragortune.report.sheet import Sheet
from ragortune.support.record import plain_data
from ragortune.support.text import clean_text, dump_json

SCHEMA = "ragortune/cost/1"
_PLOT_ROWS = 12
_NAME_WIDTH = 26
_BAR_ROOM = 24

__all__ = [
    "build_sheet",
    "costs_csv",
    "costs_json",
    "costs_markdown",
    "costs_text",
    "write_csv",
]


# --- text ---------------------------------------------------------------------------------------------------------


def costs_text(sheet: CostSheet, *, width: int, color: bool, unicode: bool = True) -> str:
    """Return a cost report as text for a terminal or a pipe."""
    page = Sheet(width=width, color=color)
    page.add_wrapped(Text(sheet.title, style="bold"))
    page.add_line()
    for number, (label, text) in enumerate(sheet.lead):
        page.add_wrapped(text, f"{label:<10}", style="bold cyan" if number == 0 else "")
    for table in sheet.tables:
        _add_table(page, table, width)
    _add_bars(page, sheet, width, unicode=unicode)
    _add_plot(page, sheet, width, unicode=unicode)
    for table in sheet.after:
        _add_table(page, table, width)
    page.add_line()
    page.add_wrapped(
        "Formulas: `ragortune explain docs/cost.md`. Prices: `ragortune prices show ID`.",
        style="dim",
    )
    return page.getvalue()


def _add_table(page: Sheet, table: Table, width: int) -> None:
    page.add_heading(table.heading)
    if table.columns:
        _add_grid(page, table, width)
    else:
        longest = min(_NAME_WIDTH, max(len(row[0]) for row in table.rows))
        for name, text in table.rows:
            lead = Text(f"  {name:<{longest}}  ", style="cyan")
            if len(name) > longest:
                page.add_line(Text(f"  {name}", style="cyan"))
                lead = Text(" " * (longest + 4))
            page.add_wrapped(text, lead)
    for remark in table.remarks:
        page.add_wrapped(remark, "  ", style="dim")


def _add_grid(page: Sheet, table: Table, width: int) -> None:
    """Add rows in columns; a name that leaves no room for its numbers stands on a line of its own."""
    sizes = [
        max(len(row[index]) for row in (table.columns, *table.rows)) + 2
        for index in range(1, len(table.columns))
    ]
    room = width - 2 - sum(sizes)
    names = max(len(row[0]) for row in table.rows)
    room = min(room, names + 1)
    head = "".join(f"{text:>{size}}" for text, size in zip(table.columns[1:], sizes, strict=True))
    page.add_line(f"  {'':<{max(0, room)}}{head}".rstrip(), "dim")
    for name, *numbers in table.rows:
        cells = "".join(f"{text:>{size}}" for text, size in zip(numbers, sizes, strict=True))
        if len(name) > room:
            page.add_line(f"  {name}")
            page.add_line(f"  {'':<{max(0, room)}}{cells}")
        else:
            page.add_line(f"  {name:<{room}}{cells}")


def _add_bars(page: Sheet, sheet: CostSheet, width: int, *, unicode: bool) -> None:
    if not sheet.bars:
        return
    page.add_heading("What moves the bill of the cheapest, USD a month")
    room = max(10, min(_BAR_ROOM, width - 60))
    low = min(min(bar.low, bar.high) for bar in sheet.bars)
    high = max(max(bar.low, bar.high) for bar in sheet.bars)
    names = max(len(bar.name) for bar in sheet.bars)
    for bar in sheet.bars:
        picture = _draw_bar(
            bar, sheet.middle, (min(low, sheet.middle), max(high, sheet.middle)), room, unicode=unicode
        )
        page.add_wrapped(bar.ends, f"  {bar.name:<{names}} {picture} ")


def _draw_bar(bar: Bar, middle: float, ends: tuple[float, float], room: int, *, unicode: bool) -> str:
    """Return a bar from the low to the high of a bill, with a mark at the best guess."""
    full, mark = ("█", "┃") if unicode else ("#", "|")
    span = (ends[1] - ends[0]) or 1.0

    def place(value: float) -> int:
        return min(room - 1, max(0, int((value - ends[0]) / span * (room - 1) + 0.5)))

    first, last = sorted((place(bar.low), place(bar.high)))
    cells = [full if first <= cell <= last else " " for cell in range(room)]
    cells[place(middle)] = mark
    return "".join(cells)


def _add_plot(page: Sheet, sheet: CostSheet, width: int, *, unicode: bool) -> None:
    lines = draw_plot(sheet.curves, sheet.now, width - 14, unicode=unicode)
    if not lines:
        return
    page.add_heading("Cost over volume, both axes in steps of the same factor")
    for line in lines:
        page.add_line(line)


def draw_plot(curves: Sequence[Curve], now: float, columns: int, *, unicode: bool) -> list[str]:
    """Return a plot of monthly totals over requests, each option by its letter; `*` where letters meet."""
    points = [(rate, value) for curve in curves for rate, value in curve.points if value > 0 and rate > 0]
    if not points:
        return []
    rates, values = [math.log(rate) for rate, _ in points], [math.log(value) for _, value in points]
    left, right, bottom, top = min(rates), max(rates), min(values), max(values)
    cells = [[" "] * columns for _ in range(_PLOT_ROWS)]
    for curve in curves:
        known = [(math.log(rate), math.log(value)) for rate, value in curve.points if value > 0 and rate > 0]
        for column in range(columns):
            at = left + (right - left) * column / max(1, columns - 1)
            height = _interpolate(known, at)
            if height is None:
                continue
            row = round((top - height) / ((top - bottom) or 1.0) * (_PLOT_ROWS - 1))
            cells[row][column] = curve.letter if cells[row][column] in (" ", curve.letter) else "*"
    lines = []
    edge, corner, dash = ("│", "└", "─") if unicode else ("|", "+", "-")
    for row, content in enumerate(cells):
        value = math.exp(top - (top - bottom) * row / (_PLOT_ROWS - 1))
        label = f"{show_number(value):>10}" if row % 3 == 0 or row == _PLOT_ROWS - 1 else " " * 10
        lines.append(f"{label} {edge}{''.join(content)}".rstrip())
    mark = round((math.log(now) - left) / ((right - left) or 1.0) * (columns - 1))
    axis = [dash] * columns
    axis[max(0, min(columns - 1, mark))] = "^"
    lines.append(" " * 11 + corner + "".join(axis))
    ends = f"{math.exp(left):,.0f}", f"{now:,.0f} requests a month now", f"{math.exp(right):,.0f}"
    gap = columns - sum(map(len, ends))
    middle = max(1, gap // 2)
    lines.append(
        (" " * 12 + ends[0] + " " * middle + ends[1] + " " * max(1, gap - middle) + ends[2]).rstrip()
    )
    return lines


def _interpolate(points: Sequence[tuple[float, float]], at: float) -> float | None:
    for (left, low), (right, high) in itertools.pairwise(points):
        if left - 1e-9 <= at <= right + 1e-9:
            return low + (high - low) * (at - left) / ((right - left) or 1.0)
    return None


# --- markdown -----------------------------------------------------------------------------------------------------


def costs_markdown(sheet: CostSheet) -> str:
    """Return a cost report as Markdown; nothing from the profile can become markup."""
    lines = [f"# {escape_markdown(sheet.title)}", ""]
    lines += [f"- **{label}:** {escape_markdown(text)}" for label, text in sheet.lead]
    for table in sheet.tables:
        lines += _table_markdown(table)
    if sheet.bars:
        lines += [
            "",
            "## What moves the bill of the cheapest",
            "",
            "| Input | USD a month |",
            "| --- | ---: |",
        ]
        lines += [f"| `{bar.name}` | {escape_markdown(bar.ends)} |" for bar in sheet.bars]
    for table in sheet.after:
        lines += _table_markdown(table)
    return "\n".join(lines) + "\n"


def _table_markdown(table: Table) -> list[str]:
    lines = ["", f"## {table.heading}", ""]
    if table.columns:
        lines.append(f"| {' | '.join(column or 'Option' for column in table.columns)} |")
        lines.append(f"| --- |{' ---: |' * (len(table.columns) - 1)}")
        lines += [f"| {' | '.join(escape_markdown(cell) for cell in row)} |" for row in table.rows]
    else:
        lines += [f"- **{escape_markdown(name)}:** {escape_markdown(text)}" for name, text in table.rows]
    if table.remarks:
        lines += ["", *(escape_markdown(remark) for remark in table.remarks)]
    return lines


# --- for programs -------------------------------------------------------------------------------------------------


def _option_json(cost: OptionCost) -> dict[str, object]:
    candidate = cost.candidate
    return {
        "id": candidate.id,
        "approach": candidate.approach.value,
        "option": candidate.approach.option.value,
        "model": candidate.model.id if candidate.model else None,
        "cache": candidate.cache,
        "accelerators": cost.accelerators,
        "carries_requests_a_month": cost.carries,
        "feasible": cost.feasible,
        "obstacles": [{"gate": o.gate, "ruling": o.ruling.value, "text": o.text} for o in cost.obstacles],
        "running": plain_data(cost.running),
        "total": plain_data(cost.total),
        "bounds": {"low": cost.bounds[0], "mid": cost.bounds[1], "high": cost.bounds[2]},
        "invested": plain_data(cost.invested),
        "lines": dict(cost.lines),
        "investments": dict(cost.investments),
        "latency": plain_data(cost.latency),
        "accepted_answer": plain_data(cost.accepted) if cost.accepted else None,
        "chance": cost.chance,
    }


def costs_json(
    report: CostReport, facts: Mapping[str, tuple[str, str]], advised: tuple[str, str] | None
) -> str:
    """Return a cost report as JSON: dollars a month, milliseconds, shares from 0 to 1."""
    ids = [cost.candidate.id for cost in report.options]
    described = {
        "schema": SCHEMA,
        "project": report.project,
        "as_of": report.as_of,
        "seed": report.seed,
        "draws": report.draws,
        "requests_a_month": plain_data(report.requests),
        "months_spread": report.months_spread,
        "cheapest": None if report.leader is None else ids[report.leader],
        "wrong_answers_priced": report.with_errors,
        "worth_of_a_point": report.error_worth,
        "options": [_option_json(cost) for cost in report.options],
        "break_evens": [
            {
                "from": ids[own.first],
                "against": ids[own.second],
                "requests_a_month": own.requests,
                "p10": own.ends[0] if own.ends else None,
                "p90": own.ends[1] if own.ends else None,
                "share": own.share,
                "cheaper_now": own.first_is_cheaper,
            }
            for own in report.break_evens
        ],
        "context_limits": [
            {"option": ids[index], **_spread(limit)} for index, limit in report.context_limits
        ],
        "paybacks": [
            {
                "option": ids[own.tuned],
                "against": ids[own.rival],
                "months": dict(zip(("p10", "p50", "p90"), own.months, strict=True)),
                "life_in_months": own.life,
                "in_time": own.in_time,
            }
            for own in report.paybacks
        ],
        "swings": [
            {
                "input": swing.input.name,
                "at_low": swing.low,
                "at_high": swing.high,
                "then_cheapest": None if swing.other is None else ids[swing.other],
            }
            for swing in report.swings
        ],
        "facts": {name: level for name, (level, _) in facts.items()},
        "advice": None if advised is None else {"without_facts": advised[0], "with_facts": advised[1]},
        "inputs": [
            {
                "name": own.name,
                "low": own.low,
                "mid": own.mid,
                "high": own.high,
                "unit": own.unit,
                "origin": own.origin.value,
                "source": own.row.source if own.row else None,
                "as_of": own.row.as_of if own.row else None,
            }
            for own in report.inputs
        ],
        "assumed_names": dict(report.assumed_names),
        "prices": [
            {
                "id": age.row.id,
                "as_of": age.row.as_of,
                "days": age.days,
                "stale": age.is_stale,
                "source": age.row.source,
            }
            for age in report.ages
        ],
        "prices_refused": report.prices_refused,
    }
    return dump_json(described) + "\n"


def _spread(spread: object) -> dict[str, object]:
    described = plain_data(spread)
    assert isinstance(described, dict)
    return described


_CSV_HEAD = (
    "option",
    "approach",
    "model",
    "cache",
    "feasible",
    "running_p10",
    "running_p50",
    "running_p90",
    "total_p10",
    "total_p50",
    "total_p90",
    "invested_p50",
    "chance",
    "first_word_p50_ms",
    "first_word_p95_ms",
    "answer_p50_ms",
    "answer_p95_ms",
    "name",
)


def write_csv(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table as CSV in which no cell is taken for a formula."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([_safe_cell(cell) for cell in row] for row in rows)
    return stream.getvalue()


def _safe_cell(cell: object) -> object:
    """Return a cell that no spreadsheet takes for a formula."""
    if isinstance(cell, str):
        text = clean_text(cell)
        return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text
    return "" if cell is None else cell


def costs_csv(report: CostReport) -> str:
    """Return a cost report as a table with one option a row."""
    rows = []
    for cost in report.options:
        candidate, own = cost.candidate, cost.latency
        spreads = [
            f"{value:.6g}" for spread in (cost.running, cost.total) for value in plain_data(spread).values()
        ]
        times = [f"{value:.0f}" for value in (own.first_p50, own.first_p95, own.whole_p50, own.whole_p95)]
        rows.append(
            (
                candidate.approach.option.value,
                candidate.approach.value,
                candidate.model.id if candidate.model else "own",
                candidate.cache,
                "yes" if cost.feasible else "no",
                *spreads,
                f"{cost.invested.p50:.6g}",
                f"{cost.chance:.4f}",
                *times,
                show_name(cost),
            )
        )
    return write_csv(_CSV_HEAD, rows)
