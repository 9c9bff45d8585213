"""The ways to build the system, and the bill of each: recurring and one-off costs."""

from __future__ import annotations

from enum import StrEnum
from functools import cached_property

from ragortune.costs import formulas
from ragortune.costs.inputs import Inputs
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


def list_candidates(inputs: Inputs) -> list[Candidate]:
    """Return the ways to build the system for which the profile has the inputs; `inputs` has the best guesses."""
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
    return [_choose_cache(inputs, candidate) for candidate in found]


def _choose_cache(middle: Inputs, candidate: Candidate) -> Candidate:
    """Return the candidate with the cache that costs least at the best guesses, or with the one that the profile names.

    A prefix that is too short is never cached.
    """
    row = candidate.model
    if row is None or "cached" not in row.values:
        return candidate
    tokens = _read_tokens(middle, candidate.approach)
    if tokens[0].number_in("tokens/request") < middle.constant("cache-minimum").number_in("tokens/request"):
        return candidate
    ways = ["none", "5m", *(["1h"] if "cache_write_1h" in row.values else [])]
    chosen = middle.names_of("cache")
    if chosen and chosen[0] != "auto":
        return candidate.replace(cache=chosen[0] if chosen[0] in ways else "none")

    def price(way: Candidate) -> float:
        return _price_tokens(middle, way, tokens, find_hit(middle, way)).number_in("USD/request")

    return min((candidate.replace(cache=way) for way in ways), key=price)


# --- the bill of a candidate --------------------------------------------------------------------------------------


def build_bill(inputs: Inputs, candidate: Candidate) -> Bill:
    """Return the bill of a candidate. Raises PriceError if a price is missing, QuantityError if units do not fit."""
    approach = candidate.approach
    prefix, fresh, answer = tokens = _read_tokens(inputs, approach)
    hit = find_hit(inputs, candidate)
    machines = None
    if candidate.model is None:
        accelerator = inputs.row_of("accelerator")
        machines = measure_machines(inputs, accelerator, prefix + fresh, answer)
        hourly = inputs.price(accelerator, "hour")
        inference = Line("accelerators", formulas.price_machines(machines.count, hourly))
    else:
        inference = Line("model tokens", each=_price_tokens(inputs, candidate, tokens, hit))
    parts: list[Part] = [((inference,), ())]
    if approach.retrieves:
        parts.append(inputs.keep("retrieval", lambda: _price_retrieval(inputs)))
    if approach.tunes:
        model = candidate.model.id if candidate.model else "own"
        parts.append(inputs.keep(f"tuning of {model}", lambda: _price_tuning(inputs, candidate.model)))
    lines = tuple(line for recurring, _ in parts for line in recurring)
    investments = tuple(paid for _, once in parts for paid in once)
    rate, amortisation = inputs.number("requests_per_day"), inputs.constant("amortisation")
    return Bill(candidate, rate, prefix, fresh, answer, hit, lines, investments, amortisation, machines)


def _read_tokens(inputs: Inputs, approach: Approach) -> tuple[Quantity, Quantity, Quantity]:
    """Return the tokens of a request: the prefix of its prompt, the rest of the prompt, and the answer."""
    prefix = inputs.number("tuned_instruction_tokens" if approach.tunes else "instruction_tokens")
    fresh, answer = inputs.number("question_tokens"), inputs.number("answer_tokens")
    if approach is Approach.LONG_CONTEXT:
        prefix = prefix + inputs.number("corpus_tokens") / _EACH
    elif approach.retrieves:
        fresh = fresh + read_context(inputs)
    return prefix, fresh, answer


def read_context(inputs: Inputs) -> Quantity:
    """Return the retrieved tokens of a prompt: as given, or from the number and length of passages."""
    if inputs.knows("context_tokens"):
        return inputs.number("context_tokens")
    passage = inputs.number("passage_tokens") * inputs.number("passage_frame")
    return inputs.number("passages") * passage / _EACH


def find_hit(inputs: Inputs, candidate: Candidate) -> Quantity:
    """Return the cache hit rate of the prompt prefix."""
    if candidate.cache == "none":
        return measure(0.0, "share")
    if inputs.knows("cache_hit"):
        return inputs.number("cache_hit")
    life = inputs.constant(f"cache-life-{candidate.cache}")
    requests, active = inputs.number("requests_per_day"), inputs.number("active_hours")
    return inputs.keep(f"hits {candidate.cache}", lambda: formulas.share_cached(requests, active, life))


def cache_prices(inputs: Inputs, row: PriceRow, cache: str) -> tuple[Quantity, Quantity]:
    """Return the prices of cache reads and cache writes; that of input tokens without a cache."""
    if cache == "none":
        return inputs.price(row, "in"), inputs.price(row, "in")
    return inputs.price(row, "cached"), inputs.price(row, *_WRITE_PRICES[cache])


def _price_tokens(
    inputs: Inputs, candidate: Candidate, tokens: tuple[Quantity, Quantity, Quantity], hit: Quantity
) -> Quantity:
    """Return the price of the tokens of a request, tiers and batch prices included."""
    row = candidate.model
    assert row is not None
    cached = cache_prices(inputs, row, candidate.cache)
    prices = inputs.price(row, "in"), inputs.price(row, "out"), *cached
    multipliers = [_ALL, _ALL]
    if "tier_over" in row.values:
        prompt, edge = tokens[0] + tokens[1], inputs.price(row, "tier_over") / _EACH
        tiers = (inputs.price(row, name) for name in ("tier_in", "tier_out"))
        multipliers = [formulas.find_multiplier(prompt, edge, tier) for tier in tiers]
    total = formulas.price_generation(tokens, hit, prices, multipliers)
    return total * inputs.price(row, "batch") if candidate.batch and "batch" in row.values else total


def read_accuracy(inputs: Inputs, approach: Approach) -> Quantity | None:
    """Return the accuracy that the team measured for an approach; None if unknown."""
    name = f"accuracy_{approach}"
    return inputs.number(name) if inputs.knows(name) else None


# --- retrieval ----------------------------------------------------------------------------------------------------


def _price_retrieval(inputs: Inputs) -> Part:
    """Return the costs that all options with retrieval share: the index and its upkeep, queries, and one-off costs."""
    model = inputs.row_of("embedding_model")
    question, changed = inputs.number("question_tokens"), inputs.number("changed_per_month")
    price, overlap = inputs.price(model, "in"), inputs.number("passage_overlap")
    embedding = formulas.price_embeddings(inputs.number("corpus_tokens"), overlap, price)
    lines = [Line("embedding", embedding * changed, question * price), _price_store(inputs, model, changed)]
    rerankers = inputs.rows_of("reranker")
    lines += [Line("reranking", each=_price_reranking(inputs, row, question)) for row in rerankers]
    work = inputs.number("retrieval_days") * inputs.number("engineer_day")
    return tuple(lines), (("engineering of retrieval", work), ("first embedding", embedding))


def _price_store(inputs: Inputs, model: PriceRow, changed: Quantity) -> Line:
    """Return the line of the vector store: storage and writes, queries, and the minimum of the bill."""
    store = inputs.row_of("vector_store")
    if "storage" not in store.values:
        return Line("vector store", inputs.price(store, "flat"))
    passages = map(inputs.number, ("corpus_tokens", "passage_tokens", "passage_overlap"))
    vectors = formulas.count_chunks(*passages)
    parts_of_a_vector = map(inputs.constant, ("index-number-bytes", "index-links", "index-metadata"))
    size = formulas.measure_index(vectors, inputs.price(model, "dimensions"), *parts_of_a_vector)
    write = inputs.optional(store, "write", "USD/GB")
    each = inputs.optional(store, "query", "USD/request")
    parts = inputs.number("index_parts")
    if "read" in store.values:
        floor = inputs.optional(store, "read_floor", "GB")
        each = each + formulas.price_read_units(size, parts, floor, inputs.price(store, "read"))
    if "scan_first" in store.values:
        prices = inputs.price(store, "scan_first"), inputs.price(store, "scan_rest")
        edge = inputs.price(store, "scan_edge")
        each = each + formulas.price_scan(vectors, parts, size / vectors, edge, prices)
    fixed = formulas.price_storage(size, inputs.price(store, "storage"), size * changed, write)
    return Line("vector store", fixed, each, inputs.optional(store, "minimum", "USD/month"))


def _price_reranking(inputs: Inputs, reranker: PriceRow, question: Quantity) -> Quantity:
    passages = inputs.number("reranked_passages")
    if "search" in reranker.values:
        price = inputs.price(reranker, "search")
        return formulas.price_rerank_searches(passages, inputs.constant("rerank-search-passages"), price)
    passage = inputs.number("passage_tokens")
    return formulas.price_rerank_tokens(passages, passage, question, inputs.price(reranker, "in"))


# --- tuning -------------------------------------------------------------------------------------------------------


def _price_tuning(inputs: Inputs, model: PriceRow | None) -> Part:
    """Return the costs that all options with this tuned model share: hosting, training runs, labels and upkeep."""
    job, rate = price_training_job(inputs, model), inputs.number("retrainings_per_year")
    labels = inputs.number("examples") * inputs.number("label_cost")
    upkeep = inputs.number("tuning_upkeep_days") * inputs.number("engineer_day")
    lines = [
        Line("training", job * rate),
        Line("new labels", labels * inputs.number("relabelled") * rate),
        Line("upkeep of the tuned model", upkeep * rate),
    ]
    if model is not None:
        lines.insert(0, Line("hosting", formulas.price_machines(_ALL, inputs.price(model, "host"))))
    work = inputs.number("tuning_days") * inputs.number("engineer_day")
    return tuple(lines), (("labels", labels), ("first training", job), ("engineering of tuning", work))


def price_training_job(inputs: Inputs, model: PriceRow | None) -> Quantity:
    """Return the cost of tuning once, with all runs until one is kept."""
    runs = inputs.number("training_runs")
    if model is not None and "train" not in model.values:
        return runs * inputs.number("training_hours") * inputs.price(model, "train_hour")
    tokens = formulas.count_training_tokens(*map(inputs.number, ("examples", "example_tokens", "epochs")))
    if model is not None:
        return formulas.price_training(tokens, runs, inputs.price(model, "train"))
    accelerator = inputs.row_of("accelerator")
    way = "full" if inputs.names_of("own_tuning") == ("full",) else "adapter"
    time = formulas.estimate_training_time(
        inputs.number("own_parameters"),
        tokens,
        inputs.constant(f"training-flops-{way}"),
        inputs.price(accelerator, "peak"),
        inputs.price(accelerator, "mfu"),
    )
    return runs * time * inputs.price(accelerator, "hour")
