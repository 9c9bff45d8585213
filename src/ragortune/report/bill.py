"""The screen of `cost`, and the numbers and sentences that it shares with the page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ragortune.costs.assess import DECIDES_FROM, CostReport, OptionCost
from ragortune.costs.derived import Facts, describe_factor
from ragortune.costs.feasibility import Ruling
from ragortune.costs.inputs import Origin
from ragortune.model import Option, Source
from ragortune.model.prices import STALE_AFTER
from ragortune.report.blocks import Block, Column, Heading, Paragraph, Style, Table
from ragortune.report.screen import KEPT, LONG, SHORT, Row, show_rows
from ragortune.support.record import Record
from ragortune.support.text import count_words, cut_text, join_words

_RULINGS = {Ruling.FAILS: "cannot be used", Ruling.WARNS: "beware"}
_REMEDIES = {
    "latency": "allow more time (`performance.latency`, `first_token_budget`) or name a faster model (`model`, `own_parameters`)",
    "window": "name a `model` with a larger window or send fewer tokens (`passages`, `context_tokens`)",
    "tuning offer": "name another `tuned_model`",
    "examples": "collect more `examples`",
    "rights": "use examples that may be trained on (`data.rights`)",
    "tunable": "name a model that can be tuned (`model.tunable`)",
    "knowledge": "say how large the material is (`corpus_tokens`), so that retrieval is compared",
}
"""What to do about each obstacle; `deployment` needs none, because an own model is priced as well."""


class CostAnswer(Record, frozen=True):
    """The result of `cost`."""

    report: CostReport
    facts: Facts
    """Derived facts with the number behind each."""
    advice: tuple[str, str] | None
    """The option advised without these facts, and with them; None if the profile has no quantities."""
    sources: Mapping[str, Source]


# --- the screen ---------------------------------------------------------------------------------------------------


def draw_screen(answer: CostAnswer, form: int) -> Iterator[Block]:
    """Yield one form of the screen; form 0 is the longest."""
    report = answer.report
    yield Heading(cut_text(report.project or "Untitled project", SHORT if form else LONG))
    yield Paragraph(f"Cheapest: {format_leader(report)}.", Style.ADVICE)
    if any(cost.fits for cost in report.options):
        yield _compare(report)
    yield show_rows(_list_rows(answer), form)


def _compare(report: CostReport) -> Table:
    """Return a table of the cheapest way to build each feasible option, or each that can be priced if none is feasible."""
    ranked = sorted(report.options, key=lambda cost: cost.total.p50)
    usable = [cost for cost in ranked if cost.feasible]
    best = {cost.option: cost for cost in reversed(usable or ranked) if cost.fits}
    rows = []
    for cost in sorted(best.values(), key=ranked.index):
        money = (cost.total.p50, cost.total.p10, cost.total.p90)
        first = f"{cost.latency.first_p50 / 1000:.1f} s"
        rows.append((format_name(cost), *map(format_number, money), first))
    titles = ("USD a month", "p10", "p90", "first word")
    columns = (
        Column("Cheapest setup" if usable else "If it could be used"),
        *(Column(title, right=True) for title in titles),
    )
    return Table(columns, tuple(rows), head=True)


def _list_rows(answer: CostAnswer) -> Iterator[Row]:
    report, leader = answer.report, answer.report.leader
    lead = dict(list_lead(report))
    yield Row("Requests", lead["Requests"], 9)
    if leader is not None:
        parts = dict(list_parts(report))
        yield Row("Breakdown", parts.get(report.letters[leader.id], "nothing with a cost"), 7)
        warnings = [found.text for found in leader.obstacles if found.ruling is Ruling.WARNS]
        yield from [Row("Warning", "; ".join(warnings), 6)] * bool(warnings)
    swings = [
        f"{swing.input} ({format_number(swing.at_low)} to {format_number(swing.at_high)})"
        for swing in report.swings
    ]
    yield from [Row("Driven by", join_words(swings[:3]), 6)] * bool(swings)
    usable = {cost.option for cost in report.options if cost.feasible}
    infeasible = {cost.option: cost for cost in report.options if cost.option not in usable}
    for option, cost in infeasible.items():
        fails = [found.text for found in cost.obstacles if found.ruling is Ruling.FAILS]
        yield Row("Ruled out", f"{option}: {fails[0]}", 5)
    if payback := answer.facts.get("derived.payback"):
        yield Row("Tuning", payback[1], 4)
    if answer.advice:
        yield Row("Advice", describe_advice(answer), 8)
    assumed = [entry.name for entry in report.inputs if entry.origin is Origin.DEFAULT]
    yield from [Row("Assumed", f"{join_words(assumed)} (defaults)", 3)] * bool(assumed)
    yield Row("Prices", lead["Prices"], 2)
    yield Row("More", "`--full`; `--show parts,latency`; `explain docs/cost.md`", KEPT)


def describe_advice(answer: CostAnswer) -> str:
    """Return the advice with the derived facts, and without."""
    if answer.advice is None:
        return "The advice takes them into account only if the profile has `quantities`."
    plain, informed = answer.advice
    without = ", as without them." if plain == informed else f"; without them it is {plain}."
    return f"With these facts the advice is {informed}{without}"


# --- numbers and names --------------------------------------------------------------------------------------------


def format_number(number: float) -> str:
    """Return a number with about three significant digits, thousands separated by commas."""
    size = abs(number)
    if size >= 1e12:
        return f"{number:.2e}"
    if 0 < size < 0.01:
        return f"{number:.1g}"
    decimals = 0 if size >= 100 else 1 if size >= 10 else 2
    return f"{number:,.{decimals}f}"


def format_count(number: float) -> str:
    """Return a count with three significant digits: `38.2 million`."""
    for size, word in ((1e9, " billion"), (1e6, " million")):
        if abs(number) >= size:
            return f"{number / size:.3g}{word}"
    return f"{float(f'{number:.3g}'):,.0f}"


def format_name(cost: OptionCost) -> str:
    """Return the name of an option with its cache, batch prices and accelerators."""
    extras = [] if cost.cache == "none" else [f"{cost.cache} cache"]
    extras += ["batch"] if cost.batch else []
    if cost.accelerators is not None:
        extras.append(count_words(cost.accelerators, "accelerator"))
    return cost.id + (f" ({', '.join(extras)})" if extras else "")


# --- sentences ----------------------------------------------------------------------------------------------------


def list_lead(report: CostReport) -> list[tuple[str, str]]:
    """Return the volume that is billed, and the age of the prices."""
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
    text = f"{count_words(len(report.prices), 'price row')}, judged on {report.as_of}; the oldest is {count_words(oldest, 'day')} old"
    if report.prices_refused:
        text += "; prices older than a year carry no break-even"
    elif stale:
        text += f"; {stale} older than {STALE_AFTER} days"
    return [*lead, ("Prices", text)]


def format_leader(report: CostReport) -> str:
    """Return the cheapest option with its share of the draws, or that there is no clear winner."""
    cost = report.leader
    if cost is None:
        failed = [[o.gate for o in cost.obstacles if o.ruling is Ruling.FAILS] for cost in report.options]
        last = ("deployment", "rights", "tunable", "knowledge")
        gates = min(failed, key=lambda own: (*(gate in own for gate in last), len(own)), default=[])
        remedies = join_words(_REMEDIES[gate] for gate in dict.fromkeys(gates))
        return f"no option can be used, for the reasons below; {remedies}"
    chance = report.chance_of(cost.option)
    rivals = [other for other in report.options if other.feasible and other.option is not cost.option]
    if not rivals:
        return f"{cost.option} is the only option that can be used; cheapest as {format_name(cost)}"
    if chance < DECIDES_FROM:
        chances = {option: report.chance_of(option) for option in Option}
        shares = [f"{option} in {share:.0%}" for option, share in chances.items() if share > 0.005]
        return f"no clear winner; {join_words(shares)} of the draws"
    text = f"{cost.option}, in {chance:.0%} of {report.draws:,} draws; as {format_name(cost)}"
    if cost.total.p50 > 0:
        nearest = min(rivals, key=lambda other: other.total.p50)
        text += f"; {describe_factor(nearest.total.p50 / cost.total.p50)} ({format_name(nearest)})"
    return text


def list_parts(report: CostReport) -> Iterator[tuple[str, str]]:
    """Yield the letter of each feasible option and the lines of its bill."""
    for cost in report.options:
        total = sum(cost.lines.values())
        if not cost.feasible or total <= 0:
            continue
        large = [(name, amount) for name, amount in cost.lines.items() if amount >= total * 0.005]
        text = ", ".join(f"{name} {format_number(amount)} ({amount / total:.0%})" for name, amount in large)
        once = [f"{name} {format_number(paid)}" for name, paid in cost.investments.items() if paid > 0.5]
        text += f"; once: {', '.join(once)}" if once else ""
        if cost.accepted_answer is not None:
            text += f"; an accepted answer costs {format_number(cost.accepted_answer.p50)} USD"
        yield report.letters[cost.id], text


def list_obstacles(report: CostReport) -> Iterator[tuple[str, str]]:
    """Yield the letter of each option and its obstacles."""
    for cost in report.options:
        for found in cost.obstacles:
            yield report.letters[cost.id], f"{_RULINGS[found.ruling]}: {found.text} ({found.gate})"
