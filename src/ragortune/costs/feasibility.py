"""What stands in the way of an option: the window, price tiers, retirement, examples, the latency budget, the data."""

from __future__ import annotations

from enum import StrEnum

from ragortune.costs.bills import Bill
from ragortune.costs.candidates import Approach
from ragortune.costs.inputs import Inputs
from ragortune.costs.latency import Latency
from ragortune.model.prices import count_days
from ragortune.model.units import DAYS_A_MONTH
from ragortune.support.record import Record

_NEAR_TIER = 0.8
"""From this share of a price tier on, growth is likely to pass it."""
_BANDS = (
    (10, "fewer than 10 examples: no provider takes the job"),
    (50, "fewer than 50 examples: too few to show a gain"),
    (200, "50 to 200 examples: enough for a pilot on form and style"),
)
_FEWEST = 10


class Ruling(StrEnum):
    """What a gate says."""

    FAILS = "fails"
    """The option cannot be used so."""
    WARNS = "warns"
    """It can, with something to know."""


class GateFinding(Record, frozen=True):
    """One thing that stands in an option's way."""

    gate: str
    ruling: Ruling
    text: str


def find_obstacles(inputs: Inputs, bill: Bill, latency: Latency, today: str) -> tuple[GateFinding, ...]:
    """Return what stands in the way of a candidate on a day; `bill` is read as points."""
    found = [
        *_check_window(inputs, bill),
        *_check_knowledge(inputs, bill),
        *_check_deployment(inputs, bill),
        *_check_latency(inputs, latency),
    ]
    if bill.candidate.approach.tunes:
        found += [*_check_offer(inputs, bill, today), *_check_examples(inputs)]
    return tuple(found)


def _check_window(inputs: Inputs, bill: Bill) -> list[GateFinding]:
    row = bill.candidate.model
    if row is None:
        return []
    prompt = (bill.prefix + bill.fresh).number_in("tokens/request")
    used = prompt + bill.answer.number_in("tokens/request")
    window, share = row.values["window"].value, inputs.constant("window-share").mid
    if used > window * share:
        text = f"{used:,.0f} tokens do not fit {row.title}, whose window holds {window:,.0f} (filled to {share:.0%})"
        return [GateFinding("window", Ruling.FAILS, text)]
    if "tier_over" not in row.values:
        return []
    edge, factor = row.values["tier_over"].value, row.values["tier_in"].value
    if prompt > edge:
        text = f"above {edge:,.0f} tokens {row.title} bills the whole request {factor:g} times as high"
        return [GateFinding("price tier", Ruling.WARNS, text)]
    if prompt > edge * _NEAR_TIER:
        text = f"{prompt:,.0f} tokens are near the price tier at {edge:,.0f}; above it the request costs {factor:g} times as much"
        return [GateFinding("price tier", Ruling.WARNS, text)]
    return []


def _check_knowledge(inputs: Inputs, bill: Bill) -> list[GateFinding]:
    approach = bill.candidate.approach
    gap = inputs.level_of("knowledge.gap")
    if approach not in (Approach.PROMPTING, Approach.FINE_TUNING) or gap in (None, "none"):
        return []
    if approach is Approach.FINE_TUNING and gap == "some":
        return [GateFinding("knowledge", Ruling.WARNS, "tuning does not teach facts reliably")]
    return [GateFinding("knowledge", Ruling.FAILS, "the model does not see the facts that answers need")]


def _check_deployment(inputs: Inputs, bill: Bill) -> list[GateFinding]:
    if inputs.stays_inside and not bill.candidate.is_own:
        where = str(inputs.level_of("performance.deployment")).replace("_", " ")
        return [GateFinding("deployment", Ruling.FAILS, f"inference runs {where}, not at a provider")]
    return []


def _check_latency(inputs: Inputs, latency: Latency) -> list[GateFinding]:
    found = []
    for name, p50, p95, what in (
        ("first_token_budget", latency.first_p50, latency.first_p95, "first word"),
        ("answer_budget", latency.whole_p50, latency.whole_p95, "whole answer"),
    ):
        budget = budget_of(inputs, name)
        if budget is None or p95 <= budget:
            continue
        text = f"the {what} takes {p95:,.0f} ms at the 95th percentile ({p50:,.0f} at the median); the budget is {budget:,.0f}"
        found.append(GateFinding("latency", Ruling.FAILS, text))
    return found


def budget_of(inputs: Inputs, name: str) -> float | None:
    """Return a latency budget in milliseconds, where a number is known; a level alone is no number."""
    if name in inputs.profile.quantities:
        return inputs.profile.quantities[name].mid
    answer = inputs.profile.answers.get("performance.latency") if name == "answer_budget" else None
    number = answer.given if answer else None
    return float(number) if isinstance(number, (int, float)) and not isinstance(number, bool) else None


def _check_offer(inputs: Inputs, bill: Bill, today: str) -> list[GateFinding]:
    row = bill.candidate.model
    if row is None:
        return []
    access = inputs.names_of("tuning_access")
    if access == ("closed",):
        return [GateFinding("tuning offer", Ruling.FAILS, "the offer is not open to this team")]
    found = []
    for date, what in (
        (row.trainable_until, "takes no new jobs since"),
        (row.available_until, "is retired since"),
    ):
        if date is not None and count_days(today, date) < 0:
            return [GateFinding("tuning offer", Ruling.FAILS, f"{row.title} {what} {date}")]
    if row.trainable_until is not None:
        found.append(
            GateFinding("tuning offer", Ruling.WARNS, f"takes its last jobs on {row.trainable_until}")
        )
    if row.note and not access:
        found.append(GateFinding("tuning offer", Ruling.WARNS, row.note))
    return found


def months_left(inputs: Inputs, bill: Bill, today: str) -> float:
    """Return for how many months a tuned model can still be used; a horizon where no end is announced."""
    row = bill.candidate.model
    if row is None or row.available_until is None:
        return inputs.constant("tuned-model-horizon").mid
    return max(0.0, count_days(today, row.available_until) / DAYS_A_MONTH)


def _check_examples(inputs: Inputs) -> list[GateFinding]:
    if not inputs.knows("examples"):
        return []
    count = inputs.find("examples").mid
    for limit, text in _BANDS:
        if count < limit:
            ruling = Ruling.FAILS if limit == _FEWEST else Ruling.WARNS
            return [GateFinding("examples", ruling, text)]
    return []
