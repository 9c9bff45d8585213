"""Obstacles to an option: context window, price tiers, knowledge, deployment, latency, retirement, examples, permission."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from itertools import islice

from ragortune.costs.bills import Approach, Bill
from ragortune.costs.inputs import Inputs
from ragortune.costs.latency import Latency
from ragortune.model import PriceRow, Profile
from ragortune.model.prices import count_days
from ragortune.model.units import DAYS_A_MONTH
from ragortune.support.record import Record
from ragortune.support.text import join_words


class Ruling(StrEnum):
    """How severe an obstacle is."""

    FAILS = "fails"
    """The option is not feasible."""
    WARNS = "warns"
    """It is feasible, with a caution."""


class Obstacle(Record, frozen=True):
    """One obstacle to an option."""

    gate: str
    ruling: Ruling
    text: str


_EXAMPLES = (
    (10, Ruling.FAILS, "fewer than 10 examples: no provider takes the job"),
    (50, Ruling.WARNS, "fewer than 50 examples: too few to show a gain"),
    (200, Ruling.WARNS, "50 to 200 examples: enough for a pilot on form and style"),
)
_FORBIDDEN = (
    ("data.rights", "not_allowed", "rights", "the examples may not be trained on"),
    ("model.tunable", "no", "tunable", "the model cannot be tuned"),
)


def find_obstacles(inputs: Inputs, bill: Bill, latency: Latency, today: str) -> Iterator[Obstacle]:
    """Yield the obstacles to a candidate on a day, YYYY-MM-DD; `bill` has the best guesses."""
    row, approach = bill.candidate.model, bill.candidate.approach
    if row is not None:
        yield from _check_window(inputs, bill, row)
    yield from _check_knowledge(inputs, approach)
    if row is not None and inputs.inside:
        where = join_words(inputs.inside, "or").replace("_", " ")
        yield Obstacle("deployment", Ruling.FAILS, f"inference runs {where}, not at a provider")
    yield from _check_latency(inputs, latency)
    if not approach.tunes:
        return
    for name, no, gate, why in _FORBIDDEN:
        if inputs.level_of(name) == no:
            yield Obstacle(gate, Ruling.FAILS, why)
    if row is not None:
        yield from _check_offer(row, today)
    if inputs.knows("examples"):
        count = inputs.find("examples").mid
        short = (Obstacle("examples", ruling, text) for least, ruling, text in _EXAMPLES if count < least)
        yield from islice(short, 1)


def _check_window(inputs: Inputs, bill: Bill, row: PriceRow) -> Iterator[Obstacle]:
    prompt = (bill.prefix + bill.fresh).number_in("tokens/request")
    used = prompt + bill.answer.number_in("tokens/request")
    window, share = row.values["window"].value, inputs.constant("window-share").mid
    if used > window * share:
        text = f"{used:,.0f} tokens do not fit {row.title}, whose window holds {window:,.0f} (filled to {share:.0%})"
        yield Obstacle("window", Ruling.FAILS, text)
    elif "tier_over" in row.values:
        edge, factor = row.values["tier_over"].value, row.values["tier_in"].value
        if prompt > edge:
            text = f"above {edge:,.0f} tokens {row.title} bills the whole request {factor:g} times as high"
            yield Obstacle("price tier", Ruling.WARNS, text)


def _check_knowledge(inputs: Inputs, approach: Approach) -> Iterator[Obstacle]:
    levels = inputs.profile.levels
    gaps = levels.get("knowledge.gap", ("none",))
    if "none" in gaps or "by_meaning" not in levels.get("knowledge.access_path", ("by_meaning",)):
        return
    if approach is Approach.FINE_TUNING and "some" in gaps:
        yield Obstacle("knowledge", Ruling.WARNS, "tuning does not teach facts reliably")
    elif approach in (Approach.PROMPTING, Approach.FINE_TUNING):
        yield Obstacle("knowledge", Ruling.FAILS, "the model does not see the facts that answers need")


def latency_budgets(profile: Profile) -> dict[str, float]:
    """Return the latency budgets in milliseconds for first word and whole answer, if they are known as numbers."""
    stated = {name: profile.quantities.get(name) for name in ("first_token_budget", "answer_budget")}
    budgets = {name: budget.mid for name, budget in stated.items() if budget}
    answer = profile.answers.get("performance.latency")
    if answer and answer.number is not None:
        budgets.setdefault("answer_budget", answer.number)
    return budgets


def _check_latency(inputs: Inputs, latency: Latency) -> Iterator[Obstacle]:
    budgets = latency_budgets(inputs.profile)
    for name, p50, p95, what in (
        ("first_token_budget", latency.first_p50, latency.first_p95, "first word"),
        ("answer_budget", latency.whole_p50, latency.whole_p95, "whole answer"),
    ):
        if name in budgets and p95 > budgets[name]:
            text = f"the {what} takes {p95:,.0f} ms at the 95th percentile ({p50:,.0f} at the median); the budget is {budgets[name]:,.0f}"
            yield Obstacle("latency", Ruling.FAILS, text)


def _check_offer(row: PriceRow, today: str) -> Iterator[Obstacle]:
    for date, what in (
        (row.trainable_until, "has taken no new jobs since"),
        (row.available_until, "was retired on"),
    ):
        if date is not None and count_days(today, date) < 0:
            yield Obstacle("tuning offer", Ruling.FAILS, f"{row.title} {what} {date}")
            return
    if row.trainable_until is not None:
        yield Obstacle("tuning offer", Ruling.WARNS, f"takes its last jobs on {row.trainable_until}")
    if row.note:
        yield Obstacle("tuning offer", Ruling.WARNS, row.note)


def months_left(inputs: Inputs, row: PriceRow | None, today: str) -> float:
    """Return the remaining months of a tuned model; a default horizon if no end is announced."""
    if row is None or row.available_until is None:
        return inputs.constant("tuned-model-horizon").mid
    return max(0.0, count_days(today, row.available_until) / DAYS_A_MONTH)
