"""A cost report in tables and sentences, without any format: what the text and Markdown reports both print."""

from __future__ import annotations

from collections.abc import Mapping

from ragortune.costs.answers import BreakEven, CostReport, OptionCost, Payback, Spread, Swing
from ragortune.costs.assess import DECIDES_FROM
from ragortune.costs.feasibility import Ruling
from ragortune.costs.inputs import Input, Origin
from ragortune.model import Option, Source
from ragortune.model.prices import STALE_AFTER
from ragortune.support.record import Record
from ragortune.support.text import clean_text, join_words

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_NEVER = "never"


class Table(Record, frozen=True):
    """A heading with rows below it, and remarks below them."""

    heading: str
    columns: tuple[str, ...]
    """Heads of the columns; the first is text, the others are numbers. Empty where the rows are name and sentence."""
    rows: tuple[tuple[str, ...], ...]
    remarks: tuple[str, ...] = ()


class Bar(Record, frozen=True):
    """One bar of the tornado, in dollars a month."""

    name: str
    low: float
    high: float
    ends: str


class Curve(Record, frozen=True):
    """Points of the plot: requests a month and dollars a month, by letter."""

    letter: str
    points: tuple[tuple[float, float], ...]


class CostSheet(Record, frozen=True):
    """A cost report, ready to be laid out."""

    title: str
    lead: tuple[tuple[str, str], ...]
    tables: tuple[Table, ...]
    bars: tuple[Bar, ...]
    middle: float
    """Dollars a month around which the bars stand."""
    curves: tuple[Curve, ...]
    now: float
    """Requests a month at present."""
    after: tuple[Table, ...]
    """Tables below the pictures."""


def show_number(number: float) -> str:
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


def show_count(number: float) -> str:
    """Return a large count in a few characters: 38.2 million."""
    for size, word in ((1e9, " billion"), (1e6, " million")):
        if abs(number) >= size:
            return f"{number / size:.3g}{word}"
    return f"{float(f'{number:.3g}'):,.0f}"


def name_option(report: CostReport, index: int) -> str:
    """Return an option's letter and name."""
    return f"{_LETTERS[index % len(_LETTERS)]} {show_name(report.options[index])}"


def show_name(cost: OptionCost) -> str:
    """Return an option's name with how its prompt is cached and what it runs on."""
    candidate = cost.candidate
    extras = []
    if candidate.cache != "none":
        extras.append(f"{candidate.cache} cache")
    if candidate.batch:
        extras.append("batch")
    if cost.accelerators is not None:
        extras.append(f"{cost.accelerators} accelerator{'s' if cost.accelerators != 1 else ''}")
    return candidate.id + (f" ({', '.join(extras)})" if extras else "")


def build_sheet(
    report: CostReport,
    facts: Mapping[str, tuple[str, str]],
    advised: tuple[str, str] | None,
    sources: Mapping[str, Source],
) -> CostSheet:
    """Return the tables and sentences of a report. Text from the profile is made harmless here."""
    usable = [index for index, cost in enumerate(report.options) if cost.feasible]
    tables = [_bill_table(report), _parts_table(report), _latency_table(report), _obstacle_table(report)]
    tables += [_break_even_table(report), _context_table(report), _payback_table(report)]
    after = [
        _facts_table(facts, advised),
        _guess_table(report),
        _default_table(report, sources),
        _price_table(report, sources),
    ]
    leader = None if report.leader is None else report.options[report.leader]
    return CostSheet(
        title=clean_text(report.project or "Untitled project"),
        lead=tuple((label, clean_text(text)) for label, text in _lead(report)),
        tables=tuple(_clean_table(table) for table in tables if table.rows),
        bars=tuple(_bar(swing) for swing in report.swings),
        middle=0.0 if leader is None else leader.bounds[1],
        curves=tuple(
            Curve(
                _LETTERS[index % len(_LETTERS)],
                tuple((rate, row[index] or 0.0) for rate, row in report.curve if row[index]),
            )
            for index in usable
        ),
        now=report.curve[len(report.curve) // 2][0],
        after=tuple(_clean_table(table) for table in after if table.rows),
    )


def _clean_table(table: Table) -> Table:
    """Return a table in which names and notes of price rows, which anybody may write, are harmless."""
    return table.replace(rows=tuple(tuple(clean_text(cell) for cell in row) for row in table.rows))


def _lead(report: CostReport) -> list[tuple[str, str]]:
    lead = [("Cheapest", _word_leader(report))]
    requests = report.requests
    text = f"{show_count(requests.p50)} a month"
    if requests.p10 < requests.p90:
        text += f" ({show_count(requests.p10)} to {show_count(requests.p90)})"
    lead.append(("Requests", text))
    if report.error_worth is not None:
        ranked = "is part of the ranking" if report.with_errors else "is not in the bills below"
        lead.append(
            (
                "Accuracy",
                f"one percentage point is worth {show_number(report.error_worth)} USD a month; it {ranked}",
            )
        )
    stale = [age for age in report.ages if age.is_stale]
    oldest = max((age.days for age in report.ages), default=0)
    text = f"{len(report.ages)} price rows, judged on {report.as_of}; the oldest is {oldest} days old"
    if report.prices_refused:
        text += "; prices older than a year carry no break-even"
    elif stale:
        text += f"; {len(stale)} older than {STALE_AFTER} days"
    lead.append(("Prices", text))
    return lead


def _word_leader(report: CostReport) -> str:
    if report.leader is None:
        return "no option can be used; see what stands in the way"
    cost = report.options[report.leader]
    option = cost.candidate.approach.option
    chance = report.chance_of(option)
    usable = {other.candidate.approach.option for other in report.options if other.feasible}
    if len(usable) == 1:
        return f"{option} is the only option that can be used; cheapest as {show_name(cost)}"
    if chance < DECIDES_FROM:
        shares = [
            f"{other} in {report.chance_of(other):.0%}" for other in Option if report.chance_of(other) > 0.005
        ]
        return f"cost does not decide: of the draws {join_words(shares)} are cheapest"
    rivals = [
        other for other in report.options if other.feasible and other.candidate.approach.option is not option
    ]
    nearest = min(rivals, key=lambda other: other.total.p50)
    text = f"{option}, in {chance:.0%} of {report.draws:,} draws; as {show_name(cost)}"
    if cost.total.p50 > 0:
        text += f"; the next option costs {nearest.total.p50 / cost.total.p50:.3g} times as much ({show_name(nearest)})"
    return text


# --- tables -------------------------------------------------------------------------------------------------------


def _three(spread: Spread) -> tuple[str, str, str]:
    return show_number(spread.p10), show_number(spread.p50), show_number(spread.p90)


def _bill_table(report: CostReport) -> Table:
    rows = []
    for index, cost in enumerate(report.options):
        chance = f"{cost.chance:.0%}" if cost.feasible else "-"
        money = (*_three(cost.running), show_number(cost.total.p50))
        if any(found.gate == "window" for found in cost.obstacles):
            money = ("-",) * 4
        rows.append((name_option(report, index), *money, chance))
    ranked = (
        "Recurring bills at the 10th, 50th and 90th percentile. The total adds what is paid once, spread over "
        f"{report.months_spread:g} months, and is what options are ranked by; wins is the share of the draws in which an "
        "option is the cheapest. Options marked - cannot be used."
    )
    remarks = [ranked]
    if report.with_errors:
        remarks.append("The total holds what wrong answers cost.")
    return Table(
        "US dollars a month", ("", "p10", "p50", "p90", "total", "wins"), tuple(rows), tuple(remarks)
    )


def _parts_table(report: CostReport) -> Table:
    rows = []
    for index, cost in enumerate(report.options):
        total = sum(amount for _, amount in cost.lines)
        if not cost.feasible or total <= 0:
            continue
        parts = [
            f"{name} {show_number(amount)} ({amount / total:.0%})"
            for name, amount in cost.lines
            if amount >= total * 0.005
        ]
        once = [f"{name} {show_number(amount)}" for name, amount in cost.investments if amount > 0.5]
        text = ", ".join(parts) + (f"; once: {', '.join(once)}" if once else "")
        if cost.accepted is not None:
            text += f"; an accepted answer costs {show_number(cost.accepted.p50)} USD"
        rows.append((_letter(index), text))
    return Table("What makes the bills, at the best guesses", (), tuple(rows))


def _letter(index: int) -> str:
    return _LETTERS[index % len(_LETTERS)]


def _latency_table(report: CostReport) -> Table:
    rows = []
    for index, cost in enumerate(report.options):
        if any(found.gate in ("window", "knowledge") for found in cost.obstacles):
            continue
        own = cost.latency
        numbers = (own.first_p50, own.first_p95, own.whole_p50, own.whole_p95)
        rows.append((name_option(report, index), *(f"{number:,.0f}" for number in numbers)))
    return Table("Milliseconds", ("", "first word", "p95", "whole answer", "p95"), tuple(rows))


def _obstacle_table(report: CostReport) -> Table:
    rows = []
    for index, cost in enumerate(report.options):
        for found in cost.obstacles:
            word = "cannot be used" if found.ruling is Ruling.FAILS else "beware"
            rows.append((_letter(index), f"{word}: {found.text} ({found.gate})"))
    return Table("In the way", (), tuple(rows))


def _break_even_table(report: CostReport) -> Table:
    rows = [
        (f"{_letter(own.first)} for {_letter(own.second)}", _word_break_even(own, report.options[own.first]))
        for own in report.break_evens
    ]
    remarks = ("Hit rates of caches and numbers of machines are held at what they are now.",) if rows else ()
    return Table(
        "Break-even: requests a month from which one is cheaper than another", (), tuple(rows), remarks
    )


def _word_break_even(own: BreakEven, first: OptionCost) -> str:
    if own.requests is None and own.ends is None:
        return "cheaper at any volume" if own.first_is_cheaper else _NEVER
    text = "at the best guesses never" if own.requests is None else show_count(own.requests)
    if own.ends is not None:
        text += f" ({show_count(own.ends[0])} to {show_count(own.ends[1])}"
        text += ")" if own.share > 0.99 else f" in {own.share:.0%} of the draws, otherwise never)"
    if first.carries is not None and own.requests is not None and own.requests > first.carries:
        text += f"; that is more than the {show_count(first.carries)} that its accelerators carry, so never with these"
    return text


def _context_table(report: CostReport) -> Table:
    rows = []
    for index, limit in report.context_limits:
        ends = f"{show_count(limit.p10)} to {show_count(limit.p90)}"
        text = f"up to {show_count(limit.p50)} tokens of material ({ends}): all of it in the prompt costs less a request "
        rows.append((_letter(index), text + "than retrieved text"))
    return Table("Break-even: size of the material", (), tuple(rows))


def _word_months(months: float | None) -> str:
    return _NEVER if months is None else f"{show_number(months)} months"


def _payback_table(report: CostReport) -> Table:
    return Table(
        "Payback of tuning", (), tuple((_letter(own.tuned), _word_payback(own)) for own in report.paybacks)
    )


def _word_payback(own: Payback) -> str:
    low, middle, high = (_word_months(months) for months in own.months)
    against = f"against {_letter(own.rival)}"
    if own.ever == 0:
        return f"never: it saves nothing {against}"
    if own.months[0] is None:
        return f"never in {1 - own.ever:.0%} of the draws {against}"
    return (
        f"{middle} ({low} to {high}) {against}; the tuned model can be used for {own.life:.1f} months; in time in "
        f"{own.in_time:.0%} of the draws"
    )


def _bar(swing: Swing) -> Bar:
    given = swing.input
    ends = f"{show_number(swing.low)} to {show_number(swing.high)}"
    if swing.other is not None:
        ends += f", {_letter(swing.other)} first"
    return Bar(clean_text(given.name), swing.low, swing.high, ends)


def _facts_table(facts: Mapping[str, tuple[str, str]], advised: tuple[str, str] | None) -> Table:
    rows = [(name, f"{level} ({shown})") for name, (level, shown) in facts.items()]
    remarks: tuple[str, ...] = ()
    if advised is not None and rows:
        plain, informed = advised
        text = f"With these facts the advice is {informed}"
        remarks = (
            f"{text}, as without them." if plain == informed else f"{text}; without them it is {plain}.",
        )
    return Table("Into the advice", (), tuple(rows), remarks)


def _show_input(number: float) -> str:
    """Return a number that somebody gave, without decimals that nobody wrote."""
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.3g}"


def _word_range(given: Input) -> str:
    unit = f"a {given.unit[2:]}" if given.unit.startswith("1/") else given.unit
    text = f"{_show_input(given.mid)} {unit}"
    return text if given.is_exact else f"{text} ({_show_input(given.low)} to {_show_input(given.high)})"


def _guess_table(report: CostReport) -> Table:
    given = [own for own in report.inputs if own.origin in (Origin.GIVEN, Origin.ANSWER, Origin.MEASURED)]
    rows = tuple(
        (own.name, _word_range(own) + (", measured" if own.origin is Origin.MEASURED else ""))
        for own in given
    )
    remark = "Plain numbers are taken as guesses with a margin; `{low, high}` or `source: measured` says how sure they are."
    return Table("Given", (), rows, (remark,) if rows else ())


def _default_table(report: CostReport, sources: Mapping[str, Source]) -> Table:
    rows = [(name, f"{row} (nobody named one)") for name, row in report.assumed_names]
    for own in report.inputs:
        if own.origin is Origin.DEFAULT:
            source = f"; {own.row.source}" if own.row is not None and own.row.source in sources else ""
            rows.append((own.name, f"{_word_range(own)}{source}"))
    remark = "Nobody said these. Each can be given under `quantities`."
    return Table("Defaults that were used", (), tuple(rows), (remark,) if rows else ())


def _price_table(report: CostReport, sources: Mapping[str, Source]) -> Table:
    rows = []
    for age in report.ages:
        old = f", {age.days} days old" if age.is_stale else ""
        known = sources.get(age.row.source)
        rows.append(
            (
                age.row.id,
                f"{age.row.as_of}{old}; {age.row.confidence}; {known.id if known else age.row.source}",
            )
        )
    return Table("Prices that were used", (), tuple(rows))
