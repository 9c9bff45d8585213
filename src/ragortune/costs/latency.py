"""Latency of each option: stages in sequence, to the first and the last word, at the median and the 95th percentile."""

from __future__ import annotations

import math

from ragortune.costs import formulas
from ragortune.costs.bills import Bill
from ragortune.costs.inputs import Scenario
from ragortune.model import PriceRow
from ragortune.model.quantities import measure
from ragortune.support.record import Record

_EACH = measure(1.0, "request")
_REFERENCE_PASSAGES = 50
"""Number of passages on which the reranking stage was measured."""


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


def estimate_latency(scenario: Scenario, bill: Bill) -> Latency:
    """Return the latency of a candidate; `scenario` and `bill` have the best guesses."""
    row = bill.candidate.model
    where = "own" if row is None else "hosted"
    stages = [_standard_stage(scenario, "network-own" if row is None else "network")]
    if bill.candidate.approach.retrieves:
        stages += _retrieval_stages(scenario, where)
    if row is None:
        assert bill.machines is not None
        loaded = scenario.constant("own-loaded").number_in("times")
        start = scenario.constant("own-first-token").number_in("ms") + bill.machines.prefill.number_in("ms")
        stages.append(Stage("own model, prompt and first word", start, start * loaded))
        each = bill.machines.token_time.number_in("ms")
        slow = each * loaded
    else:
        stages += _hosted_stages(scenario, bill, row)
        speed = scenario.inputs.speed(row, "token_time")
        each, slow = speed.mid, speed.high
    tokens = bill.answer.number_in("tokens/request")
    whole = combine_stages((*stages, Stage("answer", tokens * each, tokens * slow)))
    return Latency(tuple(stages), *combine_stages(tuple(stages)), *whole)


def _read_stage(scenario: Scenario, row: PriceRow, name: str, prefix: str = "") -> Stage:
    return Stage(name, *(scenario.price(row, f"{prefix}{part}").number_in("ms") for part in ("p50", "p95")))


def _standard_stage(scenario: Scenario, name: str) -> Stage:
    row = scenario.inputs.book.find(name, "stage")
    return _read_stage(scenario, row, row.title)


def _retrieval_stages(scenario: Scenario, where: str) -> list[Stage]:
    store = scenario.inputs.row_of("vector_store")
    search = _read_stage(scenario, store, f"search in {store.title}", "search_")
    stages = [_standard_stage(scenario, f"embed-{where}"), search]
    for reranker in scenario.inputs.rows_of("reranker"):
        stage = _standard_stage(scenario, "rerank-hosted")
        share = max(1.0, scenario.number("reranked_passages").number_in("passages") / _REFERENCE_PASSAGES)
        stages.append(Stage(reranker.title, stage.p50 * share, stage.p95 * share))
    return stages


def _hosted_stages(scenario: Scenario, bill: Bill, row: PriceRow) -> list[Stage]:
    """Return the stages in a hosted model: time to first token, and reading the prompt."""
    if "first_token_p50" in row.values and "first_token_p95" in row.values:
        first = _read_stage(scenario, row, f"first word of {row.title}", "first_token_")
    else:
        first = _standard_stage(scenario, "hosted-first-token")
    cached = bill.hit * bill.prefix * _EACH
    fresh = (bill.fresh + bill.prefix) * _EACH - cached
    speeds = [scenario.inputs.speed(row, name) for name in ("prefill", "prefill_cached")]
    times = []
    for end in ("mid", "low"):
        new, taken_over = (measure(getattr(speed, end), speed.unit) for speed in speeds)
        times.append(formulas.estimate_reading(fresh, cached, (new, taken_over)).number_in("ms"))
    return [first, Stage("reading the prompt", *times)]
