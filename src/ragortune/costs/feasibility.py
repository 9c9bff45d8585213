"""Latency of each option, and obstacles: context window, price tiers, knowledge, deployment, latency, retirement, examples.

An answer takes stages in sequence, to the first and the last word, at the median and the 95th percentile.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from enum import StrEnum
from itertools import islice

from ragortune.costs import formulas
from ragortune.costs.bills import Approach, Bill
from ragortune.costs.inputs import Inputs
from ragortune.model import PriceRow, Profile
from ragortune.model.prices import count_days
from ragortune.model.quantities import measure
from ragortune.model.units import DAYS_A_MONTH
from ragortune.support.record import Record
from ragortune.support.text import join_words

_EACH = measure(1.0, "request")
_REFERENCE_PASSAGES = 50
"""Number of passages on which the reranking stage was measured."""


# --- latency ------------------------------------------------------------------------------------------------------


class Stage(Record, frozen=True):
    """One step on the way to the answer, in milliseconds."""

    name: str
    p50: float
    p95: float


class Latency(Record, frozen=True):
    """Time to the first word and to the whole answer, in milliseconds."""

    stages: tuple[Stage, ...]
    """Steps to the first word."""
    first_p50: float
    first_p95: float
    whole_p50: float
    whole_p95: float


def combine_stages(stages: tuple[Stage, ...]) -> tuple[float, float]:
    """Return median and 95th percentile of stages in sequence.

    Medians are added. Tails are added as independent deviations, by the root of the sum of their squares: the sum of 95th
    percentiles would assume that all stages are slow at once. Source: section 4 of the cost model.
    """
    middle = sum(stage.p50 for stage in stages)
    return middle, middle + math.hypot(*(stage.p95 - stage.p50 for stage in stages))


def estimate_latency(inputs: Inputs, bill: Bill) -> Latency:
    """Return the latency of a candidate; `inputs` and `bill` have the best guesses."""
    row = bill.candidate.model
    where = "own" if row is None else "hosted"
    stages = [_standard_stage(inputs, "network-own" if row is None else "network")]
    if bill.candidate.approach.retrieves:
        stages += _retrieval_stages(inputs, where)
    if row is None:
        assert bill.machines is not None
        loaded = inputs.constant("own-loaded").number_in("times")
        start = inputs.constant("own-first-token").number_in("ms") + bill.machines.prefill.number_in("ms")
        stages.append(Stage("own model, prompt and first word", start, start * loaded))
        each = bill.machines.token_time.number_in("ms")
        slow = each * loaded
    else:
        stages += _hosted_stages(inputs, bill, row)
        speed = inputs.find_speed(row, "token_time")
        each, slow = speed.mid, speed.high
    tokens = bill.answer.number_in("tokens/request")
    whole = combine_stages((*stages, Stage("answer", tokens * each, tokens * slow)))
    return Latency(tuple(stages), *combine_stages(tuple(stages)), *whole)


def _read_stage(inputs: Inputs, row: PriceRow, name: str, prefix: str = "") -> Stage:
    return Stage(name, *(inputs.price(row, f"{prefix}{part}").number_in("ms") for part in ("p50", "p95")))


def _standard_stage(inputs: Inputs, name: str) -> Stage:
    row = inputs.book.find(name, "stage")
    return _read_stage(inputs, row, row.title)


def _retrieval_stages(inputs: Inputs, where: str) -> list[Stage]:
    store = inputs.row_of("vector_store")
    search = _read_stage(inputs, store, f"search in {store.title}", "search_")
    stages = [_standard_stage(inputs, f"embed-{where}"), search]
    for reranker in inputs.rows_of("reranker"):
        stage = _standard_stage(inputs, "rerank-hosted")
        share = max(1.0, inputs.number("reranked_passages").number_in("passages") / _REFERENCE_PASSAGES)
        stages.append(Stage(reranker.title, stage.p50 * share, stage.p95 * share))
    return stages


def _hosted_stages(inputs: Inputs, bill: Bill, row: PriceRow) -> list[Stage]:
    """Return the stages in a hosted model: time to first token, and reading the prompt."""
    if "first_token_p50" in row.values and "first_token_p95" in row.values:
        first = _read_stage(inputs, row, f"first word of {row.title}", "first_token_")
    else:
        first = _standard_stage(inputs, "hosted-first-token")
    cached = bill.hit * bill.prefix * _EACH
    fresh = (bill.fresh + bill.prefix) * _EACH - cached
    speeds = [inputs.find_speed(row, name) for name in ("prefill", "prefill_cached")]
    times = []
    for end in ("mid", "low"):
        new, taken_over = (measure(getattr(speed, end), speed.unit) for speed in speeds)
        times.append(formulas.estimate_reading(fresh, cached, (new, taken_over)).number_in("ms"))
    return [first, Stage("reading the prompt", *times)]


# --- obstacles ----------------------------------------------------------------------------------------------------


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
    elif "edge" in inputs.inside:
        text = "priced on your own machines; your users' devices cost you nothing, and are slower"
        yield Obstacle("deployment", Ruling.WARNS, text)
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
    window, share = row.values["window"].value, inputs.constant("window-share").number_in("share")
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
        return inputs.constant("tuned-model-horizon").number_in("months")
    return max(0.0, count_days(today, row.available_until) / DAYS_A_MONTH)
