"""What each option costs: the bill of a candidate, of parts that candidates share. Read under any plan."""

from __future__ import annotations

from functools import cached_property

from ragortune.costs import formulas
from ragortune.costs.candidates import WRITE_PRICES, Approach, Candidate, Tools
from ragortune.costs.inputs import Scene
from ragortune.costs.lines import Line, Part
from ragortune.costs.machines import Machines, measure_machines
from ragortune.costs.retrieval import price_retrieval, read_context
from ragortune.costs.tuning import price_tuning
from ragortune.model.quantities import Quantity, add_up, measure, require_finite
from ragortune.support.record import Record

_EACH = measure(1.0, "request")


class Bill(Record, frozen=True, dict=True):
    """What a candidate costs, as read under one plan."""

    candidate: Candidate
    parts: tuple[Part, ...]
    fresh: Quantity
    """Tokens of a prompt that are new with each request."""
    prefix: Quantity
    """Tokens that stand unchanged at its beginning."""
    answer: Quantity
    hit: Quantity
    """Share of requests that find the beginning cached."""
    machines: Machines | None = None

    @property
    def lines(self) -> tuple[Line, ...]:
        """What recurs."""
        return tuple(line for part in self.parts for line in part.lines)

    @property
    def investments(self) -> tuple[tuple[str, Quantity], ...]:
        """What is paid once, in dollars."""
        return tuple(paid for part in self.parts for paid in part.investments)

    @cached_property
    def running(self) -> Quantity:
        """What recurs each month; raises QuantityError where it is not finite."""
        return formulas.sum_monthly([part.running for part in self.parts])

    @cached_property
    def invested(self) -> Quantity:
        """What is paid once; raises QuantityError where it is not finite."""
        return require_finite(add_up((part.invested for part in self.parts), "USD"), "the investment")


def build_bill(scene: Scene, candidate: Candidate, tools: Tools) -> Bill:
    """Return the bill of a candidate. Raises PriceError where a price is missing, QuantityError where units clash."""
    approach = candidate.approach
    prefix, fresh, answer = read_tokens(scene, approach)
    hit = find_hit(scene, candidate)
    machines = None
    if candidate.model is None:
        machines = measure_machines(scene, tools.accelerator, prefix + fresh, answer)
        hourly = scene.price(tools.accelerator, "hour")
        inference = Line("accelerators", formulas.price_machines(machines.count, hourly))
    else:
        inference = Line("model tokens", each=_price_tokens(scene, candidate, (prefix, fresh, answer), hit))
    parts = [Part(scene.number("requests_per_day"), (inference,))]
    if approach.retrieves:
        parts.append(scene.keep("retrieval", lambda: price_retrieval(scene, tools)))
    if approach.tunes:
        model = candidate.model.id if candidate.model else "own"
        parts.append(scene.keep(f"tuning of {model}", lambda: price_tuning(scene, candidate, tools)))
    return Bill(candidate, tuple(parts), fresh, prefix, answer, hit, machines)


def read_tokens(scene: Scene, approach: Approach) -> tuple[Quantity, Quantity, Quantity]:
    """Return the tokens of a request: the unchanging beginning of its prompt, what is new in it, and the answer."""
    prefix = scene.number("tuned_instruction_tokens" if approach.tunes else "instruction_tokens")
    fresh, answer = scene.number("question_tokens"), scene.number("answer_tokens")
    if approach is Approach.LONG_CONTEXT:
        prefix = prefix + scene.number("corpus_tokens") / _EACH
    elif approach.retrieves:
        fresh = scene.keep(
            "question and context", lambda: scene.number("question_tokens") + read_context(scene)
        )
    return prefix, fresh, answer


def find_hit(scene: Scene, candidate: Candidate) -> Quantity:
    """Return the share of requests that find the beginning of the prompt cached."""
    if candidate.cache == "none":
        return measure(0.0, "share")
    if scene.inputs.knows("cache_hit"):
        return scene.number("cache_hit")
    life = scene.constant(f"cache-life-{candidate.cache}")
    requests, active = scene.number("requests_per_day"), scene.number("active_hours")
    return scene.keep(f"hits {candidate.cache}", lambda: formulas.share_cached(requests, active, life))


def _price_tokens(
    scene: Scene, candidate: Candidate, tokens: tuple[Quantity, Quantity, Quantity], hit: Quantity
) -> Quantity:
    """Return the price of the tokens of a request, tiers and batch prices included."""
    row = candidate.model
    assert row is not None
    prefix, fresh, answer = tokens
    price_in = scene.price(row, "in")
    if candidate.cache == "none":
        prefix_cost = prefix * price_in
    else:
        write = scene.price_or(row, *WRITE_PRICES[candidate.cache])
        prefix_cost = formulas.price_prefix(prefix, hit, scene.price(row, "cached"), write)
    prices = price_in, scene.price(row, "out")
    one = measure(1.0, "times")
    multipliers = one, one
    if "tier_over" in row.values:
        prompt, edge = prefix + fresh, scene.price(row, "tier_over") / _EACH
        multipliers = (
            formulas.find_multiplier(prompt, edge, scene.price(row, "tier_in")),
            formulas.find_multiplier(prompt, edge, scene.price(row, "tier_out")),
        )
    total = formulas.price_generation(prefix_cost, fresh, answer, prices, multipliers)
    return total * scene.price(row, "batch") if candidate.batch and "batch" in row.values else total


def read_accuracy(scene: Scene, approach: Approach) -> Quantity | None:
    """Return the share of right answers: as given, or for retrieval alone what recall implies (F17); None if unknown."""
    name = f"accuracy_{approach}"
    if scene.inputs.knows(name):
        return scene.number(name)
    if approach is not Approach.RAG or not scene.inputs.knows("recall_at_k"):
        return None
    shares = (scene.number(f"accuracy_{where}_passage") for where in ("with", "without"))
    return formulas.estimate_accuracy(scene.number("recall_at_k"), *shares)


def spread_investment(scene: Scene, bill: Bill) -> Quantity:
    """Return what is paid once, spread over the months of its use."""
    return bill.invested / scene.constant("amortisation")


def spread_total(scene: Scene, bill: Bill) -> Quantity:
    """Return the monthly bill with what is paid once spread over the months of its use."""
    return bill.running + spread_investment(scene, bill)


def choose_cache(middle: Scene, candidate: Candidate) -> Candidate:
    """Return the candidate with the way of caching that costs least at the best guesses, or the one that was chosen.

    A beginning that is too short is never cached, whatever was chosen. `middle` reads points.
    """
    row = candidate.model
    if row is None or "cached" not in row.values:
        return candidate
    tokens = read_tokens(middle, candidate.approach)
    least = middle.inputs.constant("cache-minimum").mid
    if tokens[0].number_in("tokens/request") < least:
        return candidate
    ways = ["none", "5m", *(["1h"] if "cache_write_1h" in row.values else [])]
    chosen = middle.inputs.names_of("cache")
    if chosen and chosen[0] != "auto":
        return candidate.replace(cache=chosen[0] if chosen[0] in ways else "none")
    priced = [candidate.replace(cache=way) for way in ways]
    costs = [_price_tokens(middle, way, tokens, find_hit(middle, way)) for way in priced]
    return min(zip(costs, priced, strict=True), key=lambda pair: pair[0].number_in("USD/request"))[1]
