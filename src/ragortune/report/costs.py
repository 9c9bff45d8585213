"""A cost report as a page of blocks and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from ragortune.costs.assess import DECIDES_FROM, CostReport, OptionCost
from ragortune.costs.comparisons import BreakEven, Payback, Swing
from ragortune.costs.derived import Facts
from ragortune.costs.feasibility import Ruling
from ragortune.costs.inputs import Input, Origin
from ragortune.model import Option, Source
from ragortune.model.prices import STALE_AFTER
from ragortune.report.blocks import Bar, Block, Break, Column, Heading, Paragraph, Span, Style, Table, terms
from ragortune.support.record import Record
from ragortune.support.text import join_words

SCHEMA = "ragortune/cost/1"
_BAR_CELLS = 24
_NEVER = "never"


class CostAnswer(Record, frozen=True):
    """What `cost` has to say about a profile."""

    report: CostReport
    facts: Facts
    """Derived facts, each with the number behind it."""
    advice: tuple[str, str] | None
    """What is recommended without these facts, and with them; None where the profile has no quantities."""
    sources: Mapping[str, Source]


# --- for programs -------------------------------------------------------------------------------------------------


def describe_costs(answer: CostAnswer) -> dict[str, object]:
    """Return a cost report as plain data: dollars a month, milliseconds, shares from 0 to 1."""
    advice = answer.advice and dict(zip(("without_facts", "with_facts"), answer.advice, strict=True))
    return {
        "schema": SCHEMA,
        **msgspec.to_builtins(answer.report),
        "facts": {name: level for name, (level, _) in answer.facts.items()},
        "advice": advice,
    }


# --- numbers and names --------------------------------------------------------------------------------------------


def format_number(number: float) -> str:
    """Return a number as people write it: three digits that count, thousands with commas."""
    size = abs(number)
    if size >= 1e12:
        return f"{number:.2e}"
    if size >= 100:
        return f"{number:,.0f}"
    if size >= 10:
        return f"{number:.1f}"
    if size >= 0.01 or size == 0:
        return f"{number:.2f}"
    return f"{number:.1g}" if size >= 1e-4 else f"{number:.0e}"


def format_count(number: float) -> str:
    """Return a large count in a few characters: 38.2 million."""
    for size, word in ((1e9, " billion"), (1e6, " million")):
        if abs(number) >= size:
            return f"{number / size:.3g}{word}"
    return f"{float(f'{number:.3g}'):,.0f}"


def format_name(cost: OptionCost) -> str:
    """Return an option's name with how its prompt is cached and what it runs on."""
    extras = [] if cost.cache == "none" else [f"{cost.cache} cache"]
    extras += ["batch"] if cost.batch else []
    if cost.accelerators is not None:
        extras.append(f"{cost.accelerators} accelerator{'s' if cost.accelerators != 1 else ''}")
    return cost.id + (f" ({', '.join(extras)})" if extras else "")


def _times(cost: OptionCost) -> tuple[float, float, float, float]:
    own = cost.latency
    return own.first_p50, own.first_p95, own.whole_p50, own.whole_p95


# --- the page -----------------------------------------------------------------------------------------------------


def build_page(answer: CostAnswer) -> list[Block]:
    """Return the page on a cost report."""
    report = answer.report
    return [
        Heading(report.project or "Untitled project"),
        terms([("Cheapest", Span(_format_leader(report), Style.ADVICE)), *_lead(report)], None),
        *_bills(report),
        *_section("What makes the bills, at the best guesses", _parts(report)),
        *_latencies(report),
        *_section("Obstacles", _obstacles(report)),
        *_section(
            "Break-even: requests a month from which one is cheaper than another",
            _break_evens(report),
            "Hit rates of caches and numbers of machines are held at what they are now.",
        ),
        *_section("Break-even: size of the material", _context_limits(report)),
        *_section(
            "Payback of tuning",
            [(report.letters[own.option], _format_payback(own, report.letters)) for own in report.paybacks],
        ),
        *_tornado(report),
        *_section("Into the advice", *_advice(answer)),
        *_section("Given", *_given(report)),
        *_section("Defaults that were used", *_defaults(answer)),
        *_section("Prices that were used", _prices(answer)),
        Break(),
        Paragraph(
            "Formulas: `ragortune explain docs/cost.md`. Prices: `ragortune prices show ID`.", Style.ASIDE
        ),
    ]


def _section(heading: str, rows: Iterable[tuple[str, str]], *remarks: str) -> Iterator[Block]:
    """Yield a heading with names and what is said about them; nothing where there are none."""
    listed = list(rows)
    if listed:
        yield Heading(heading, 2)
        yield terms(listed)
        yield from (Paragraph(remark, Style.ASIDE) for remark in remarks)


def _lead(report: CostReport) -> list[tuple[str, str]]:
    requests = report.requests_a_month
    text = f"{format_count(requests.p50)} a month"
    if requests.p10 < requests.p90:
        text += f" ({format_count(requests.p10)} to {format_count(requests.p90)})"
    lead = [("Requests", text)]
    if report.worth_of_a_point is not None:
        ranked = "is part of the ranking" if report.wrong_answers_priced else "is not in the bills below"
        worth = f"one percentage point is worth {format_number(report.worth_of_a_point)} USD a month"
        lead.append(("Accuracy", f"{worth}; it {ranked}"))
    stale = sum(age.stale for age in report.prices)
    oldest = max((age.days for age in report.prices), default=0)
    text = f"{len(report.prices)} price rows, judged on {report.as_of}; the oldest is {oldest} days old"
    if report.prices_refused:
        text += "; prices older than a year carry no break-even"
    elif stale:
        text += f"; {stale} older than {STALE_AFTER} days"
    return [*lead, ("Prices", text)]


def _format_leader(report: CostReport) -> str:
    cost = report.leader
    if cost is None:
        return "no option can be used; see the obstacles"
    chance = report.chance_of(cost.option)
    rivals = [other for other in report.options if other.feasible and other.option is not cost.option]
    if not rivals:
        return f"{cost.option} is the only option that can be used; cheapest as {format_name(cost)}"
    if chance < DECIDES_FROM:
        chances = {option: report.chance_of(option) for option in Option}
        shares = [f"{option} in {share:.0%}" for option, share in chances.items() if share > 0.005]
        return f"cost does not decide: of the draws {join_words(shares)} are cheapest"
    text = f"{cost.option}, in {chance:.0%} of {report.draws:,} draws; as {format_name(cost)}"
    if cost.total.p50 > 0:
        nearest = min(rivals, key=lambda other: other.total.p50)
        times = f"{nearest.total.p50 / cost.total.p50:.3g}"
        text += f"; the next option costs {times} times as much ({format_name(nearest)})"
    return text


def _columns(*titles: str) -> tuple[Column, ...]:
    return (Column("Option"), *(Column(title, right=True) for title in titles))


def _bills(report: CostReport) -> Iterator[Block]:
    rows = []
    for cost in report.options:
        money = [format_number(amount) for amount in (*msgspec.structs.astuple(cost.running), cost.total.p50)]
        if any(found.gate == "window" for found in cost.obstacles):
            money = ["-"] * 4
        chance = f"{cost.chance:.0%}" if cost.feasible else "-"
        rows.append((f"{report.letters[cost.id]} {format_name(cost)}", *money, chance))
    yield Heading("US dollars a month", 2)
    yield Table(_columns("p10", "p50", "p90", "total", "wins"), tuple(rows), head=True)
    yield Paragraph(
        "Recurring bills at the 10th, 50th and 90th percentile. The total adds what is paid once, spread over "
        f"{report.months_spread:g} months, and is what options are ranked by; wins is the share of the draws in which an "
        "option is the cheapest. Options marked - cannot be used.",
        Style.ASIDE,
    )
    if report.wrong_answers_priced:
        yield Paragraph("The total holds what wrong answers cost.", Style.ASIDE)


def _parts(report: CostReport) -> Iterator[tuple[str, str]]:
    for cost in report.options:
        total = sum(cost.lines.values())
        if not cost.feasible or total <= 0:
            continue
        text = ", ".join(
            f"{name} {format_number(amount)} ({amount / total:.0%})"
            for name, amount in cost.lines.items()
            if amount >= total * 0.005
        )
        once = [f"{name} {format_number(paid)}" for name, paid in cost.investments.items() if paid > 0.5]
        text += f"; once: {', '.join(once)}" if once else ""
        if cost.accepted_answer is not None:
            text += f"; an accepted answer costs {format_number(cost.accepted_answer.p50)} USD"
        yield report.letters[cost.id], text


def _latencies(report: CostReport) -> Iterator[Block]:
    rows = tuple(
        (f"{report.letters[cost.id]} {format_name(cost)}", *(f"{time:,.0f}" for time in _times(cost)))
        for cost in report.options
        if not any(found.gate in ("window", "knowledge") for found in cost.obstacles)
    )
    if rows:
        yield Heading("Milliseconds", 2)
        yield Table(_columns("first word", "p95", "whole answer", "p95"), rows, head=True)


def _obstacles(report: CostReport) -> Iterator[tuple[str, str]]:
    words = {Ruling.FAILS: "cannot be used", Ruling.WARNS: "beware"}
    for cost in report.options:
        for found in cost.obstacles:
            yield report.letters[cost.id], f"{words[found.ruling]}: {found.text} ({found.gate})"


def _break_evens(report: CostReport) -> Iterator[tuple[str, str]]:
    carried = {cost.id: cost.carries_requests_a_month for cost in report.options}
    for own in report.break_evens:
        yield (
            f"{report.letters[own.option]} for {report.letters[own.against]}",
            _format_break_even(own, carried[own.option]),
        )


def _format_break_even(own: BreakEven, carried: float | None) -> str:
    requests = own.requests_a_month
    if requests is None and own.p10 is None:
        return "cheaper at any volume" if own.cheaper_now else _NEVER
    text = "at the best guesses never" if requests is None else format_count(requests)
    if own.p10 is not None and own.p90 is not None:
        text += f" ({format_count(own.p10)} to {format_count(own.p90)}"
        text += ")" if own.share > 0.99 else f" in {own.share:.0%} of the draws, otherwise never)"
    if carried is not None and requests is not None and requests > carried:
        text += f"; that is more than the {format_count(carried)} that its accelerators carry, so never with these"
    return text


def _context_limits(report: CostReport) -> Iterator[tuple[str, str]]:
    for name, own in report.context_limits.items():
        size = (
            f"{format_count(own.p50)} tokens of material ({format_count(own.p10)} to {format_count(own.p90)})"
        )
        text = f"up to {size}: all of it in the prompt costs less a request than retrieved text"
        yield report.letters[name], text


def _format_payback(own: Payback, letters: Mapping[str, str]) -> str:
    low, middle, high = (
        _NEVER if months is None else f"{format_number(months)} months"
        for months in (own.p10, own.p50, own.p90)
    )
    against = f"against {letters[own.against]}"
    if own.ever == 0:
        return f"never: it saves nothing {against}"
    if own.p10 is None:
        return f"never in {1 - own.ever:.0%} of the draws {against}"
    return (
        f"{middle} ({low} to {high}) {against}; the tuned model can be used for {own.life_in_months:.1f} months; in "
        f"time in {own.in_time:.0%} of the draws"
    )


def _tornado(report: CostReport) -> Iterator[Block]:
    """Yield what each input alone does to the bill of the cheapest, as bars around its best guess."""
    if report.leader is None or not report.swings:
        return
    middle = report.leader.best_guess
    amounts = [middle, *(end for swing in report.swings for end in (swing.at_low, swing.at_high))]
    low, width = min(amounts), (max(amounts) - min(amounts)) or 1.0

    def draw(swing: Swing) -> Bar:
        first, last = sorted((end - low) / width for end in (swing.at_low, swing.at_high))
        return Bar(first, last, _BAR_CELLS, (((middle - low) / width, "┃"),))

    def word(swing: Swing) -> str:
        first = f", {report.letters[swing.then_cheapest]} first" if swing.then_cheapest else ""
        return f"{format_number(swing.at_low)} to {format_number(swing.at_high)}{first}"

    yield Heading("What moves the bill of the cheapest, USD a month", 2)
    yield Table(
        (Column("Input", style=Style.NAME), Column(only="text"), Column("USD a month")),
        tuple((swing.input, draw(swing), word(swing)) for swing in report.swings),
        gap=1,
    )


# --- what it rests on ---------------------------------------------------------------------------------------------


def _advice(answer: CostAnswer) -> tuple[Iterable[tuple[str, str]], str]:
    rows = [(name, f"{level} ({shown})") for name, (level, shown) in answer.facts.items()]
    plain, informed = answer.advice or ("", "")
    without = ", as without them." if plain == informed else f"; without them it is {plain}."
    return rows, f"With these facts the advice is {informed}{without}"


def _format_input(entry: Input) -> str:
    low, mid, high = (
        f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.3g}"
        for number in (entry.low, entry.mid, entry.high)
    )
    unit = f"a {entry.unit[2:]}" if entry.unit.startswith("1/") else entry.unit
    measured = ", measured" if entry.origin is Origin.MEASURED else ""
    return f"{mid} {unit}" + ("" if entry.is_exact else f" ({low} to {high})") + measured


def _given(report: CostReport) -> tuple[Iterable[tuple[str, str]], str]:
    said = (Origin.STATED, Origin.ANSWER, Origin.MEASURED)
    rows = [(own.name, _format_input(own)) for own in report.inputs if own.origin in said]
    margin = "Plain numbers are taken as guesses with a margin; `{low, high}` or `source: measured` says how sure they are."
    return rows, margin


def _defaults(answer: CostAnswer) -> tuple[Iterable[tuple[str, str]], str]:
    rows = [(name, f"{row} (nobody named one)") for name, row in answer.report.assumed_names.items()]
    for own in answer.report.inputs:
        if own.origin is Origin.DEFAULT:
            source = f"; {own.source}" if own.source in answer.sources else ""
            rows.append((own.name, f"{_format_input(own)}{source}"))
    return rows, "Nobody said these. Each can be given under `quantities`."


def _prices(answer: CostAnswer) -> Iterator[tuple[str, str]]:
    for age in answer.report.prices:
        old = f", {age.days} days old" if age.stale else ""
        yield age.id, f"{age.as_of}{old}; {age.confidence}; {age.source}"
