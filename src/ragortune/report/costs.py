"""The report of `cost` as a page and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec
from msgspec.structs import astuple

from ragortune.costs.assess import CostReport
from ragortune.costs.comparisons import BreakEven, Payback
from ragortune.costs.inputs import Input, Origin
from ragortune.report.bill import (
    CostAnswer,
    describe_advice,
    draw_screen,
    format_count,
    format_leader,
    format_name,
    format_number,
    list_lead,
    list_obstacles,
    list_parts,
)
from ragortune.report.blocks import (
    Bar,
    Block,
    Cell,
    Column,
    Heading,
    Page,
    Paragraph,
    Span,
    Style,
    Table,
    section,
    terms,
)
from ragortune.report.screen import SCREENS

_BAR_CELLS = 24
_NEVER = "never"


# --- for programs -------------------------------------------------------------------------------------------------


def describe_costs(answer: CostAnswer) -> dict[str, object]:
    """Return the report as JSON data: dollars a month, milliseconds, shares from 0 to 1."""
    advice = answer.advice and dict(zip(("without_facts", "with_facts"), answer.advice, strict=True))
    return {
        "schema": "ragortune/cost/1",
        **msgspec.to_builtins(answer.report),
        "facts": {name: level for name, (level, _) in answer.facts.items()},
        "advice": advice,
    }


# --- the page -----------------------------------------------------------------------------------------------------


SECTIONS = (
    *("bills", "parts", "latency", "obstacles", "break-even", "material", "payback", "swings"),
    *("advice", "given", "defaults", "prices"),
)
"""Names that `--show` takes."""


def build_page(answer: CostAnswer) -> Page:
    """Return the page of a cost report."""
    report, letters = answer.report, answer.report.letters
    title = Heading(report.project or "Untitled project")
    facts = [(name, f"{level} ({shown})") for name, (level, shown) in answer.facts.items()]
    stated = (Origin.STATED, Origin.ANSWER, Origin.MEASURED)
    given = [(entry.name, _format_input(entry)) for entry in report.inputs if entry.origin in stated]
    paybacks = [(letters[payback.option], _format_payback(payback, letters)) for payback in report.paybacks]
    sections = (
        _bills(report),
        _section("What makes the bills, at the best guesses", list_parts(report)),
        _latencies(report),
        _section("Obstacles", list_obstacles(report)),
        _section(
            "Break-even: requests a month from which one is cheaper than another",
            _break_evens(report),
            "Cache hit rates and machine counts are held at their current values.",
        ),
        _section("Break-even: size of the material", _context_limits(report)),
        _section("Payback of tuning", paybacks),
        _tornado(report),
        _section("Effect on the advice", facts, describe_advice(answer)),
        _section(
            "From the profile",
            given,
            "Plain numbers are taken as guesses with a margin; `{low, high}` or `source: measured` says how sure they are.",
        ),
        _section("Defaults that were used", _list_defaults(answer), "Each can be set under `quantities`."),
        _prices(answer),
    )
    return Page(
        lambda form: draw_screen(answer, form),
        SCREENS,
        (title, terms([("Cheapest", Span(format_leader(report), Style.ADVICE)), *list_lead(report)], None)),
        dict(zip(SECTIONS, sections, strict=True)),
    )


def _section(heading: str, rows: Iterable[tuple[str, str]], *remarks: str) -> Iterator[Block]:
    """Return a section with a list of terms."""
    return section(heading, terms(rows), *(Paragraph(remark, Style.ASIDE) for remark in remarks))


def _draw_range(name: str, low: float, high: float, most: float, mark: float | None = None) -> Bar:
    """Return the bar of a range on a scale from 0 to `most`."""
    marks = () if mark is None else ((mark / (most or 1), "┃"),)
    says = f"{name}: {format_number(low)} to {format_number(high)}"
    return Bar(low / (most or 1), high / (most or 1), _BAR_CELLS, marks, says=says)


def _columns(*titles: str) -> tuple[Column, ...]:
    return (Column("Option"), *(Column(title, right=True) for title in titles))


def _bills(report: CostReport) -> Iterator[Block]:
    rows: list[tuple[Cell, ...]] = []
    shown = [cost for cost in report.options if cost.fits]
    most = max((cost.running.p90 for cost in shown), default=1)
    for cost in report.options:
        money = [format_number(amount) for amount in (*astuple(cost.running), cost.total.p50)]
        name, running = format_name(cost), cost.running
        bar: Cell = _draw_range(name, running.p10, running.p90, most, running.p50)
        if cost not in shown:
            money, bar = ["-"] * 4, ""
        chance = f"{cost.chance:.0%}" if cost.feasible else "-"
        rows.append((f"{report.letters[cost.id]} {name}", *money, chance, bar))
    yield Heading("US dollars a month", 2)
    columns = _columns("p10", "p50", "p90", "total", "wins")
    yield Table((*columns, Column("p10 to p90", only="html")), tuple(rows), head=True)
    yield Paragraph(
        "Recurring bills at the 10th, 50th and 90th percentile. The total adds what is paid once, spread over "
        f"{report.months_spread:g} months, and is what options are ranked by; wins is the share of the draws in which an "
        "option is the cheapest. Options marked - cannot be used.",
        Style.ASIDE,
    )
    if report.wrong_answers_priced:
        yield Paragraph("The total includes the cost of wrong answers.", Style.ASIDE)


def _latencies(report: CostReport) -> Iterator[Block]:
    shown = [
        cost
        for cost in report.options
        if not any(found.gate in ("window", "knowledge") for found in cost.obstacles)
    ]
    most = max((cost.latency.whole_p95 for cost in shown), default=1)
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            f"{report.letters[cost.id]} {format_name(cost)}",
            *(f"{milliseconds:,.0f}" for milliseconds in astuple(cost.latency)[1:]),
            _draw_range(format_name(cost), cost.latency.first_p50, cost.latency.whole_p95, most),
        )
        for cost in shown
    )
    columns = _columns("first word", "p95", "whole answer", "p95")
    drawn = Column("first word to whole answer, p95", only="html")
    return section("Milliseconds", Table((*columns, drawn), rows, head=True))


def _break_evens(report: CostReport) -> Iterator[tuple[str, str]]:
    carried = {cost.id: cost.carries_requests_a_month for cost in report.options}
    for found in report.break_evens:
        pair = f"{report.letters[found.option]} for {report.letters[found.against]}"
        yield pair, _format_break_even(found, carried[found.option])


def _format_break_even(found: BreakEven, carried: float | None) -> str:
    requests = found.requests_a_month
    if requests is None and found.p10 is None:
        return "cheaper at any volume" if found.cheaper_now else _NEVER
    text = "at the best guesses never" if requests is None else format_count(requests)
    if found.p10 is not None and found.p90 is not None:
        text += f" ({format_count(found.p10)} to {format_count(found.p90)}"
        text += ")" if found.share > 0.99 else f" in {found.share:.0%} of the draws, otherwise never)"
    if carried is not None and requests is not None and requests > carried:
        text += f"; that is more than the {format_count(carried)} that its accelerators carry, so never with these"
    return text


def _context_limits(report: CostReport) -> Iterator[tuple[str, str]]:
    for name, limit in report.context_limits.items():
        ends = f"({format_count(limit.p10)} to {format_count(limit.p90)})"
        size = f"up to {format_count(limit.p50)} tokens of material {ends}"
        text = f"{size}: all of it in the prompt costs less a request than retrieved text"
        yield report.letters[name], text


def _format_payback(payback: Payback, letters: Mapping[str, str]) -> str:
    low, middle, high = (
        _NEVER if months is None else f"{format_number(months)} months"
        for months in (payback.p10, payback.p50, payback.p90)
    )
    against = f"against {letters[payback.against]}"
    if payback.ever == 0:
        return f"never: it saves nothing {against}"
    if payback.p10 is None:
        return f"never in {1 - payback.ever:.0%} of the draws {against}"
    return (
        f"{middle} ({low} to {high}) {against}; the tuned model can be used for {payback.life_in_months:.1f} months; in "
        f"time in {payback.in_time:.0%} of the draws"
    )


def _tornado(report: CostReport) -> Iterator[Block]:
    """Yield the effect of each input on the bill of the cheapest option, as bars around the best guess."""
    if report.leader is None or not report.swings:
        return
    middle = report.leader.best_guess
    amounts = [middle, *(end for swing in report.swings for end in (swing.at_low, swing.at_high))]
    low, width = min(amounts), (max(amounts) - min(amounts)) or 1.0
    rows: list[tuple[Cell, ...]] = []
    for swing in report.swings:
        text = f"{format_number(swing.at_low)} to {format_number(swing.at_high)}"
        first, last = sorted((end - low) / width for end in (swing.at_low, swing.at_high))
        marks = (((middle - low) / width, "┃"),)
        rows.append((swing.input, Bar(first, last, _BAR_CELLS, marks, says=f"{swing.input}: {text}"), text))
    columns = (Column("Input", style=Style.NAME), Column("Range", only="text"), Column("USD a month"))
    yield from section(
        "What drives the bill of the cheapest, USD a month", Table(columns, tuple(rows), gap=1)
    )


# --- inputs -------------------------------------------------------------------------------------------------------


def _format_input(entry: Input) -> str:
    low, mid, high = (
        f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.3g}"
        for number in (entry.low, entry.mid, entry.high)
    )
    unit = f"a {entry.unit[2:]}" if entry.unit.startswith("1/") else entry.unit
    if mid == "1" and unit != "ms" and "/" not in unit:
        unit = unit.removesuffix("s")
    measured = ", measured" if entry.origin is Origin.MEASURED else ""
    return f"{mid} {unit}" + ("" if entry.is_exact else f" ({low} to {high})") + measured


def _list_defaults(answer: CostAnswer) -> Iterator[tuple[str, str]]:
    for name, row in answer.report.assumed_names.items():
        yield name, f"{row} (default)"
    for entry in answer.report.inputs:
        if entry.origin is Origin.DEFAULT:
            source = f"; {entry.source}" if entry.source in answer.sources else ""
            yield entry.name, f"{_format_input(entry)}{source}"


def _prices(answer: CostAnswer) -> Iterator[Block]:
    rows = []
    for age in answer.report.prices:
        old = f", {age.days} days old" if age.stale else ""
        rows.append((age.id, f"{age.as_of}{old}; {age.confidence}; {age.source}"))
    more = "Formulas: `ragortune explain docs/cost.md`. Prices: `ragortune prices show ID`."
    return _section("Prices that were used", rows, more)
