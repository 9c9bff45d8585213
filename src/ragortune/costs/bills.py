"""The ways to build the system, and the bill of each: recurring and one-off costs."""

from __future__ import annotations

from enum import StrEnum
from functools import cached_property

from ragortune.costs import formulas
from ragortune.costs.inputs import Scenario
from ragortune.costs.serving import Machines, measure_machines
from ragortune.model import Option, PriceRow
from ragortune.model.quantities import Quantity, add_up, measure
from ragortune.support.record import Record

_EACH = measure(1.0, "request")
_ALL = measure(1.0, "share")
_NO_COST = measure(0.0, "USD/month")
_FREE = measure(0.0, "USD/request")
_WRITE_PRICES = {"5m": ("cache_write", "in"), "1h": ("cache_write_1h",)}
"""The price of writing to a cache, by its life."""


class Approach(StrEnum):
    """How the system is built."""

    PROMPTING = "prompting"
    LONG_CONTEXT = "long_context"
    RAG = "rag"
    FINE_TUNING = "fine_tuning"
    BOTH = "both"

    @property
    def option(self) -> Option:
        """The option that it is a way to build."""
        if self in (Approach.PROMPTING, Approach.LONG_CONTEXT):
            return Option.NEITHER
        return Option(self.value)

    @property
    def retrieves(self) -> bool:
        """Whether it searches an index."""
        return self in (Approach.RAG, Approach.BOTH)

    @property
    def tunes(self) -> bool:
        """Whether it runs a tuned model."""
        return self in (Approach.FINE_TUNING, Approach.BOTH)


class Candidate(Record, frozen=True):
    """One way to build the system."""

    approach: Approach
    model: PriceRow | None
    """Chat model or tuning offer; None for an own model."""
    cache: str = "none"
    """Cache for the prompt prefix: none, 5m or 1h."""
    batch: bool = False
    """Whether batch prices are used."""

    @property
    def id(self) -> str:
        """Name in tables and files."""
        return f"{self.approach}/{self.model.id if self.model else 'own'}"


class Line(Record, frozen=True):
    """One line of a bill: a fixed amount, an amount for each request, and a minimum."""

    name: str
    fixed: Quantity = _NO_COST
    each: Quantity = _FREE
    least: Quantity | None = None

    def amount(self, requests: Quantity) -> Quantity:
        """Return the amount of the line at a rate of requests."""
        total = self.fixed + self.each * requests
        return total if self.least is None else total.at_least(self.least)


Paid = tuple[str, Quantity]
"""Name and amount of a one-off cost, in dollars."""
Part = tuple[tuple[Line, ...], tuple[Paid, ...]]
"""Recurring and one-off costs of a part of the system that several options share."""


class Bill(Record, frozen=True, dict=True):
    """The costs of a candidate, at best guesses or in draws."""

    candidate: Candidate
    requests: Quantity
    """The rate of requests."""
    prefix: Quantity
    """Tokens of the prompt prefix, which all requests share."""
    fresh: Quantity
    """Tokens of the rest of the prompt."""
    answer: Quantity
    """Tokens of the answer."""
    hit: Quantity
    """Cache hit rate of the prefix."""
    lines: tuple[Line, ...]
    """Recurring costs."""
    investments: tuple[Paid, ...]
    amortisation: Quantity
    """The time over which one-off costs are spread."""
    machines: Machines | None = None

    @cached_property
    def running(self) -> Quantity:
        """Recurring cost a month."""
        return add_up((line.amount(self.requests) for line in self.lines), "USD/month")

    @cached_property
    def invested(self) -> Quantity:
        """One-off cost."""
        return add_up((paid for _, paid in self.investments), "USD")

    @cached_property
    def total(self) -> Quantity:
        """Recurring cost a month, with one-off costs spread over the months of their use."""
        return self.running + self.invested / self.amortisation


# --- candidates ---------------------------------------------------------------------------------------------------


def list_candidates(middle: Scenario) -> list[Candidate]:
    """Return the ways to build the system for which the profile has the inputs; `middle` has the best guesses."""
    inputs = middle.inputs
    batch = inputs.names_of("prices") == ("batch",)
    gap = inputs.level_of("knowledge.gap")
    has_corpus = inputs.knows("corpus_tokens") and gap != "none"
    ways = [Approach.LONG_CONTEXT, Approach.RAG] if has_corpus else []
    if not has_corpus or gap != "most":
        ways.insert(0, Approach.PROMPTING)
    tuned_ways = [Approach.FINE_TUNING, Approach.BOTH] if has_corpus else [Approach.FINE_TUNING]
    if not inputs.knows("examples"):
        tuned_ways = []
    found = []
    for name, hosted in (("model", ways), ("tuned_model", tuned_ways)):
        if inputs.names_of(name) or (hosted and not inputs.inside):
            on_batch = batch and name == "model"
            found += [Candidate(way, row, batch=on_batch) for row in inputs.rows_of(name) for way in hosted]
    if inputs.knows("own_parameters") or inputs.inside:
        untuned = Approach.RAG if has_corpus else Approach.PROMPTING
        found += [Candidate(way, None) for way in (untuned, *tuned_ways)]
    return [_choose_cache(middle, candidate) for candidate in found]


def _choose_cache(middle: Scenario, candidate: Candidate) -> Candidate:
    """Return the candidate with the cache that costs least at the best guesses, or with the one that the profile names.

    A prefix that is too short is never cached.
    """
    row = candidate.model
    if row is None or "cached" not in row.values:
        return candidate
    tokens = _read_tokens(middle, candidate.approach)
    if tokens[0].number_in("tokens/request") < middle.inputs.constant("cache-minimum").mid:
        return candidate
    ways = ["none", "5m", *(["1h"] if "cache_write_1h" in row.values else [])]
    chosen = middle.inputs.names_of("cache")
    if chosen and chosen[0] != "auto":
        return candidate.replace(cache=chosen[0] if chosen[0] in ways else "none")

    def price(way: Candidate) -> float:
        return _price_tokens(middle, way, tokens, find_hit(middle, way)).number_in("USD/request")

    return min((candidate.replace(cache=way) for way in ways), key=price)


# --- the bill of a candidate --------------------------------------------------------------------------------------


def build_bill(scenario: Scenario, candidate: Candidate) -> Bill:
    """Return the bill of a candidate. Raises PriceError if a price is missing, QuantityError if units do not fit."""
    approach = candidate.approach
    prefix, fresh, answer = tokens = _read_tokens(scenario, approach)
    hit = find_hit(scenario, candidate)
    machines = None
    if candidate.model is None:
        accelerator = scenario.inputs.row_of("accelerator")
        machines = measure_machines(scenario, accelerator, prefix + fresh, answer)
        hourly = scenario.price(accelerator, "hour")
        inference = Line("accelerators", formulas.price_machines(machines.count, hourly))
    else:
        inference = Line("model tokens", each=_price_tokens(scenario, candidate, tokens, hit))
    parts: list[Part] = [((inference,), ())]
    if approach.retrieves:
        parts.append(scenario.keep("retrieval", lambda: _price_retrieval(scenario)))
    if approach.tunes:
        model = candidate.model.id if candidate.model else "own"
        parts.append(scenario.keep(f"tuning of {model}", lambda: _price_tuning(scenario, candidate.model)))
    lines = tuple(line for recurring, _ in parts for line in recurring)
    investments = tuple(paid for _, once in parts for paid in once)
    rate, amortisation = scenario.number("requests_per_day"), scenario.constant("amortisation")
    return Bill(candidate, rate, prefix, fresh, answer, hit, lines, investments, amortisation, machines)


def _read_tokens(scenario: Scenario, approach: Approach) -> tuple[Quantity, Quantity, Quantity]:
    """Return the tokens of a request: the prefix of its prompt, the rest of the prompt, and the answer."""
    prefix = scenario.number("tuned_instruction_tokens" if approach.tunes else "instruction_tokens")
    fresh, answer = scenario.number("question_tokens"), scenario.number("answer_tokens")
    if approach is Approach.LONG_CONTEXT:
        prefix = prefix + scenario.number("corpus_tokens") / _EACH
    elif approach.retrieves:
        fresh = fresh + read_context(scenario)
    return prefix, fresh, answer


def read_context(scenario: Scenario) -> Quantity:
    """Return the retrieved tokens of a prompt: as given, or from the number and length of passages."""
    if scenario.inputs.knows("context_tokens"):
        return scenario.number("context_tokens")
    passage = scenario.number("passage_tokens") * scenario.number("passage_frame")
    return scenario.number("passages") * passage / _EACH


def find_hit(scenario: Scenario, candidate: Candidate) -> Quantity:
    """Return the cache hit rate of the prompt prefix."""
    if candidate.cache == "none":
        return measure(0.0, "share")
    if scenario.inputs.knows("cache_hit"):
        return scenario.number("cache_hit")
    life = scenario.constant(f"cache-life-{candidate.cache}")
    requests, active = scenario.number("requests_per_day"), scenario.number("active_hours")
    return scenario.keep(f"hits {candidate.cache}", lambda: formulas.share_cached(requests, active, life))


def cache_prices(scenario: Scenario, row: PriceRow, cache: str) -> tuple[Quantity, Quantity]:
    """Return the prices of cache reads and cache writes; that of input tokens without a cache."""
    if cache == "none":
        return scenario.price(row, "in"), scenario.price(row, "in")
    return scenario.price(row, "cached"), scenario.price(row, *_WRITE_PRICES[cache])


def _price_tokens(
    scenario: Scenario, candidate: Candidate, tokens: tuple[Quantity, Quantity, Quantity], hit: Quantity
) -> Quantity:
    """Return the price of the tokens of a request, tiers and batch prices included."""
    row = candidate.model
    assert row is not None
    cached = cache_prices(scenario, row, candidate.cache)
    prices = scenario.price(row, "in"), scenario.price(row, "out"), *cached
    multipliers = [_ALL, _ALL]
    if "tier_over" in row.values:
        prompt, edge = tokens[0] + tokens[1], scenario.price(row, "tier_over") / _EACH
        tiers = (scenario.price(row, name) for name in ("tier_in", "tier_out"))
        multipliers = [formulas.find_multiplier(prompt, edge, tier) for tier in tiers]
    total = formulas.price_generation(tokens, hit, prices, multipliers)
    return total * scenario.price(row, "batch") if candidate.batch and "batch" in row.values else total


def read_accuracy(scenario: Scenario, approach: Approach) -> Quantity | None:
    """Return the accuracy that the team measured for an approach; None if unknown."""
    name = f"accuracy_{approach}"
    return scenario.number(name) if scenario.inputs.knows(name) else None


# --- retrieval ----------------------------------------------------------------------------------------------------


def _price_retrieval(scenario: Scenario) -> Part:
    """Return the costs that all options with retrieval share: the index and its upkeep, queries, and one-off costs."""
    model = scenario.inputs.row_of("embedding_model")
    question, changed = scenario.number("question_tokens"), scenario.number("changed_per_month")
    price, overlap = scenario.price(model, "in"), scenario.number("passage_overlap")
    embedding = formulas.price_embeddings(scenario.number("corpus_tokens"), overlap, price)
    lines = [Line("embedding", embedding * changed, question * price), _price_store(scenario, model, changed)]
    rerankers = scenario.inputs.rows_of("reranker")
    lines += [Line("reranking", each=_price_reranking(scenario, row, question)) for row in rerankers]
    work = scenario.number("retrieval_days") * scenario.number("engineer_day")
    return tuple(lines), (("engineering of retrieval", work), ("first embedding", embedding))


def _price_store(scenario: Scenario, model: PriceRow, changed: Quantity) -> Line:
    """Return the line of the vector store: storage and writes, queries, and the minimum of the bill."""
    store = scenario.inputs.row_of("vector_store")
    if "storage" not in store.values:
        return Line("vector store", scenario.price(store, "flat"))
    passages = map(scenario.number, ("corpus_tokens", "passage_tokens", "passage_overlap"))
    vectors = formulas.count_chunks(*passages)
    parts_of_a_vector = map(scenario.constant, ("index-number-bytes", "index-links", "index-metadata"))
    size = formulas.measure_index(vectors, scenario.price(model, "dimensions"), *parts_of_a_vector)
    write = scenario.optional(store, "write", "USD/GB")
    each = scenario.optional(store, "query", "USD/request")
    parts = scenario.number("index_parts")
    if "read" in store.values:
        floor = scenario.optional(store, "read_floor", "GB")
        each = each + formulas.price_read_units(size, parts, floor, scenario.price(store, "read"))
    if "scan_first" in store.values:
        prices = scenario.price(store, "scan_first"), scenario.price(store, "scan_rest")
        edge = scenario.price(store, "scan_edge")
        each = each + formulas.price_scan(vectors, parts, size / vectors, edge, prices)
    fixed = formulas.price_storage(size, scenario.price(store, "storage"), size * changed, write)
    return Line("vector store", fixed, each, scenario.optional(store, "minimum", "USD/month"))


def _price_reranking(scenario: Scenario, reranker: PriceRow, question: Quantity) -> Quantity:
    passages = scenario.number("reranked_passages")
    if "search" in reranker.values:
        price = scenario.price(reranker, "search")
        return formulas.price_rerank_searches(passages, scenario.constant("rerank-search-passages"), price)
    passage = scenario.number("passage_tokens")
    return formulas.price_rerank_tokens(passages, passage, question, scenario.price(reranker, "in"))


# --- tuning -------------------------------------------------------------------------------------------------------


def _price_tuning(scenario: Scenario, model: PriceRow | None) -> Part:
    """Return the costs that all options with this tuned model share: hosting, training runs, labels and upkeep."""
    job, rate = price_training_job(scenario, model), scenario.number("retrainings_per_year")
    labels = scenario.number("examples") * scenario.number("label_cost")
    upkeep = scenario.number("tuning_upkeep_days") * scenario.number("engineer_day")
    lines = [
        Line("training", job * rate),
        Line("new labels", labels * scenario.number("relabelled") * rate),
        Line("upkeep of the tuned model", upkeep * rate),
    ]
    if model is not None:
        lines.insert(0, Line("hosting", formulas.price_machines(_ALL, scenario.price(model, "host"))))
    work = scenario.number("tuning_days") * scenario.number("engineer_day")
    return tuple(lines), (("labels", labels), ("first training", job), ("engineering of tuning", work))


def price_training_job(scenario: Scenario, model: PriceRow | None) -> Quantity:
    """Return the cost of tuning once, with all runs until one is kept."""
    runs = scenario.number("training_runs")
    if model is not None and "train" not in model.values:
        return runs * scenario.number("training_hours") * scenario.price(model, "train_hour")
    tokens = formulas.count_training_tokens(*map(scenario.number, ("examples", "example_tokens", "epochs")))
    if model is not None:
        return formulas.price_training(tokens, runs, scenario.price(model, "train"))
    accelerator = scenario.inputs.row_of("accelerator")
    way = "full" if scenario.inputs.names_of("own_tuning") == ("full",) else "adapter"
    time = formulas.estimate_training_time(
        scenario.number("own_parameters"),
        tokens,
        scenario.constant(f"training-flops-{way}"),
        scenario.price(accelerator, "peak"),
        scenario.price(accelerator, "mfu"),
    )
    return runs * time * scenario.price(accelerator, "hour")
