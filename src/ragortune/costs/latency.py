"""How fast each option answers: stages in a row, to the first word and to the last, at the median and the 95th percentile."""

from __future__ import annotations

import math

from ragortune.costs import formulas
from ragortune.costs.bills import Bill
from ragortune.costs.candidates import Tools
from ragortune.costs.inputs import Scene
from ragortune.costs.machines import time_token
from ragortune.model import PriceRow
from ragortune.model.quantities import measure
from ragortune.support.record import Record

_EACH = measure(1.0, "request")
_REFERENCE_PASSAGES = 50
"""The stage of reranking was measured on so many passages."""


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
    """Return median and 95th percentile of stages in a row.

    Medians are added. The tails are added as independent deviations, by the root of the sum of their squares: adding
    95th percentiles would take all stages to be slow at once. Source: section 4 of the cost model.
    """
    middle = sum(stage.p50 for stage in stages)
    return middle, middle + math.sqrt(sum((stage.p95 - stage.p50) ** 2 for stage in stages))


def estimate_latency(scene: Scene, bill: Bill, tools: Tools) -> Latency:
    """Return how fast a candidate answers, at the best guesses; `scene` reads points."""
    own = bill.candidate.is_own
    stages = [_stage(scene, "network-own" if own else "network")]
    if bill.candidate.approach.retrieves:
        stages += _retrieval_stages(scene, tools, own=own)
    stages += _own_stages(scene, bill) if own else _hosted_stages(scene, bill)
    first = combine_stages(tuple(stages))
    each, slow = _token_time(scene, bill)
    tokens = bill.answer.number_in("tokens/request")
    whole = combine_stages((*stages, Stage("answer", tokens * each, tokens * slow)))
    return Latency(tuple(stages), *first, *whole)


def _stage(scene: Scene, name: str, title: str | None = None) -> Stage:
    row = scene.inputs.book.find(name, "stage")
    return Stage(title or row.title, *(scene.price(row, part).number_in("ms") for part in ("p50", "p95")))


def _retrieval_stages(scene: Scene, tools: Tools, *, own: bool) -> list[Stage]:
    store = tools.store
    stages = [
        _stage(scene, "embed-own" if own else "embed-hosted"),
        Stage(
            f"search in {store.title}",
            *(scene.price(store, part).number_in("ms") for part in ("search_p50", "search_p95")),
        ),
    ]
    if tools.reranker is not None:
        stage = _stage(scene, "rerank-hosted")
        share = max(1.0, scene.number("reranked_passages").number_in("passages") / _REFERENCE_PASSAGES)
        stages.append(Stage(tools.reranker.title, stage.p50 * share, stage.p95 * share))
    return stages


def _hosted_stages(scene: Scene, bill: Bill) -> list[Stage]:
    """Return the stages inside a hosted model: its first token, and the reading of the prompt."""
    row = bill.candidate.model
    assert row is not None
    names = ("first_token_p50", "first_token_p95")
    if all(name in row.values for name in names):
        first = Stage(
            f"first word of {row.title}", *(scene.price(row, name).number_in("ms") for name in names)
        )
    else:
        first = _stage(scene, "hosted-first-token")
    cached = bill.hit * bill.prefix * _EACH
    fresh = (bill.fresh + bill.prefix) * _EACH - cached
    speeds = [
        scene.inputs.price(row, short)
        if short in row.values
        else scene.inputs.constant(f"hosted-{short}".replace("_", "-"))
        for short in ("prefill", "prefill_cached")
    ]
    times = []
    for end in ("mid", "low"):
        new, taken_over = (measure(getattr(speed, end), speed.unit) for speed in speeds)
        times.append(formulas.estimate_reading(fresh, cached, (new, taken_over)).number_in("ms"))
    return [first, Stage("reading the prompt", *times)]


def _own_stages(scene: Scene, bill: Bill) -> list[Stage]:
    assert bill.machines is not None
    start = scene.constant("own-first-token").number_in("ms")
    reading = bill.machines.prefill.number_in("ms")
    loaded = scene.constant("own-loaded").number_in("times")
    return [Stage("own model, prompt and first word", start + reading, (start + reading) * loaded)]


def _token_time(scene: Scene, bill: Bill) -> tuple[float, float]:
    """Return milliseconds for each token of the answer, usual and slow."""
    row: PriceRow | None = bill.candidate.model
    if row is None:
        assert bill.machines is not None
        step = time_token(scene, bill.machines, bill.answer).number_in("ms")
        return step, step * scene.constant("own-loaded").number_in("times")
    known = scene.inputs.price(row, "token_time") if "token_time" in row.values else None
    given = known or scene.inputs.constant("hosted-token-time")
    return given.mid, given.high
