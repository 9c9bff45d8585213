"""Which ways there are to build the system, and the bill of each: what recurs, and what is paid once."""

from __future__ import annotations

from enum import StrEnum
from functools import cached_property

from ragortune.costs import formulas
from ragortune.costs.inputs import Scene
from ragortune.costs.serving import Machines, measure_machines
from ragortune.model import Option, PriceRow
from ragortune.model.quantities import Quantity, add_up, measure, require_finite
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
        """The option of the rule set that it belongs to."""
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
    """How the beginning of the prompt is cached: none, 5m or 1h."""
    batch: bool = False
    """Whether batch prices are used."""

    @property
    def id(self) -> str:
        """Name in tables and files."""
        return f"{self.approach}/{self.model.id if self.model else 'own'}"


class Line(Record, frozen=True):
    """One line of a bill: a fixed amount, an amount for each request, and the least that is billed."""

    name: str
    fixed: Quantity = _NO_COST
    each: Quantity = _FREE
    least: Quantity | None = None

    def amount(self, requests: Quantity) -> Quantity:
        """Return what the line comes to at a rate of requests."""
        total = self.fixed + self.each * requests
        return total if self.least is None else formulas.apply_minimum(total, self.least)


Paid = tuple[str, Quantity]
"""Something that is paid once, in dollars."""
Part = tuple[tuple[Line, ...], tuple[Paid, ...]]
"""What recurs and what is paid once for a part of a system that several options share."""


class Bill(Record, frozen=True, dict=True):
    """What a candidate costs, as its inputs were read."""

    candidate: Candidate
    requests: Quantity
    """The rate of requests."""
    prefix: Quantity
    """Tokens that stand unchanged at the beginning of a prompt."""
    fresh: Quantity
    """Tokens of a prompt that are new with each request."""
    answer: Quantity
    hit: Quantity
    """Share of requests that find the beginning cached."""
    lines: tuple[Line, ...]
    """What recurs."""
    investments: tuple[Paid, ...]
    amortisation: Quantity
    """The time over which what is paid once is spread."""
    machines: Machines | None = None

    @cached_property
    def running(self) -> Quantity:
        """What recurs each month; raises QuantityError where it is not finite."""
        return require_finite(
            add_up((line.amount(self.requests) for line in self.lines), "USD/month"), "the bill"
        )

    @cached_property
    def invested(self) -> Quantity:
        """What is paid once; raises QuantityError where it is not finite."""
        return require_finite(add_up((paid for _, paid in self.investments), "USD"), "the investment")

    @cached_property
    def total(self) -> Quantity:
        """What recurs each month, with what is paid once spread over the months of its use."""
        return self.running + self.invested / self.amortisation


# --- which ways there are -----------------------------------------------------------------------------------------


def list_candidates(middle: Scene) -> list[Candidate]:
    """Return every way to build the system that the profile allows to be priced; `middle` reads best guesses."""
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
        if inputs.names_of(name) or (hosted and not inputs.stays_inside):
            on_batch = batch and name == "model"
            found += [Candidate(way, row, batch=on_batch) for row in inputs.rows_of(name) for way in hosted]
    if inputs.knows("own_parameters") or inputs.stays_inside:
        own = Approach.RAG if has_corpus else Approach.PROMPTING
        found += [Candidate(way, None) for way in (own, *tuned_ways)]
    return [_choose_cache(middle, candidate) for candidate in found]


def _choose_cache(middle: Scene, candidate: Candidate) -> Candidate:
    """Return the candidate with the way of caching that costs least at the best guesses, or the one that was chosen.

    A beginning that is too short is never cached, whatever was chosen.
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
    priced = [candidate.replace(cache=way) for way in ways]
    return min(
        priced,
        key=lambda way: _price_tokens(middle, way, tokens, find_hit(middle, way)).number_in("USD/request"),
    )


# --- the bill of one ----------------------------------------------------------------------------------------------


def build_bill(scene: Scene, candidate: Candidate) -> Bill:
    """Return the bill of a candidate. Raises PriceError where a price is missing, QuantityError where units clash."""
    approach = candidate.approach
    prefix, fresh, answer = tokens = _read_tokens(scene, approach)
    hit = find_hit(scene, candidate)
    machines = None
    if candidate.model is None:
        accelerator = scene.inputs.row_of("accelerator")
        machines = measure_machines(scene, accelerator, prefix + fresh, answer)
        hourly = scene.price(accelerator, "hour")
        inference = Line("accelerators", formulas.price_machines(machines.count, hourly))
    else:
        inference = Line("model tokens", each=_price_tokens(scene, candidate, tokens, hit))
    parts: list[Part] = [((inference,), ())]
    if approach.retrieves:
        parts.append(scene.keep("retrieval", lambda: _price_retrieval(scene)))
    if approach.tunes:
        model = candidate.model.id if candidate.model else "own"
        parts.append(scene.keep(f"tuning of {model}", lambda: _price_tuning(scene, candidate.model)))
    lines = tuple(line for recurring, _ in parts for line in recurring)
    investments = tuple(paid for _, once in parts for paid in once)
    rate, amortisation = scene.number("requests_per_day"), scene.constant("amortisation")
    return Bill(candidate, rate, prefix, fresh, answer, hit, lines, investments, amortisation, machines)


def _read_tokens(scene: Scene, approach: Approach) -> tuple[Quantity, Quantity, Quantity]:
    """Return the tokens of a request: the unchanging beginning of its prompt, what is new in it, and the answer."""
    prefix = scene.number("tuned_instruction_tokens" if approach.tunes else "instruction_tokens")
    fresh, answer = scene.number("question_tokens"), scene.number("answer_tokens")
    if approach is Approach.LONG_CONTEXT:
        prefix = prefix + scene.number("corpus_tokens") / _EACH
    elif approach.retrieves:
        fresh = fresh + read_context(scene)
    return prefix, fresh, answer


def read_context(scene: Scene) -> Quantity:
    """Return the retrieved tokens of a prompt: as given, or passages with their frames and written contexts."""
    if scene.inputs.knows("context_tokens"):
        return scene.number("context_tokens")
    passage = scene.number("passage_tokens")
    if scene.inputs.rows_of("context_model"):
        passage = passage + scene.number("written_context_tokens")
    return scene.number("passages") * passage * scene.number("passage_frame") / _EACH


def find_hit(scene: Scene, candidate: Candidate) -> Quantity:
    """Return the share of requests that find the beginning of the prompt cached."""
    if candidate.cache == "none":
        return measure(0.0, "share")
    if scene.inputs.knows("cache_hit"):
        return scene.number("cache_hit")
    life = scene.constant(f"cache-life-{candidate.cache}")
    requests, active = scene.number("requests_per_day"), scene.number("active_hours")
    return scene.keep(f"hits {candidate.cache}", lambda: formulas.share_cached(requests, active, life))


def cache_prices(scene: Scene, row: PriceRow, cache: str) -> tuple[Quantity, Quantity]:
    """Return the prices of reading from and of writing to a cache of a model; that of input where nothing is cached."""
    if cache == "none":
        return scene.price(row, "in"), scene.price(row, "in")
    return scene.price(row, "cached"), scene.price(row, *_WRITE_PRICES[cache])


def _price_tokens(
    scene: Scene, candidate: Candidate, tokens: tuple[Quantity, Quantity, Quantity], hit: Quantity
) -> Quantity:
    """Return the price of the tokens of a request, tiers and batch prices included."""
    row = candidate.model
    assert row is not None
    prefix, fresh, answer = tokens
    prefix_cost = formulas.price_prefix(prefix, hit, *cache_prices(scene, row, candidate.cache))
    prices = scene.price(row, "in"), scene.price(row, "out")
    multipliers = _ALL, _ALL
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


# --- retrieval ----------------------------------------------------------------------------------------------------


def _price_retrieval(scene: Scene) -> Part:
    """Return what every option with retrieval pays: the index and its upkeep, each query, what is paid once."""
    model = scene.inputs.row_of("embedding_model")
    context, reranker = (
        next(iter(scene.inputs.rows_of(name)), None) for name in ("context_model", "reranker")
    )
    question, changed = scene.number("question_tokens"), scene.number("changed_per_month")
    embedded, overlap = scene.number("corpus_tokens"), scene.number("passage_overlap")
    if context is not None:
        embedded = embedded * (scene.number("written_context_tokens") / scene.number("passage_tokens") + _ALL)
    embedding = formulas.price_embeddings(embedded, overlap, scene.price(model, "in"))
    each = question * scene.price(model, "in")
    lines = [Line("embedding", embedding * changed, each), _price_store(scene, model, changed)]
    work = scene.number("retrieval_days") * scene.number("engineer_day")
    investments = [("engineering of retrieval", work), ("first embedding", embedding)]
    if context is not None:
        contexts = _price_contexts(scene, context)
        lines.append(Line("contexts of passages", contexts * changed))
        investments.append(("contexts of passages", contexts))
    if reranker is not None:
        lines.append(Line("reranking", each=_price_reranking(scene, reranker, question)))
    return tuple(lines), tuple(investments)


def _price_store(scene: Scene, model: PriceRow, changed: Quantity) -> Line:
    """Return the line of the vector store: what is stored and written, what a query costs, the least that is billed."""
    store = scene.inputs.row_of("vector_store")
    if "storage" not in store.values:
        return Line("vector store", scene.price(store, "flat"))
    vectors = formulas.count_chunks(
        scene.number("corpus_tokens"), scene.number("passage_tokens"), scene.number("passage_overlap")
    )
    size = formulas.measure_index(
        vectors,
        scene.price(model, "dimensions"),
        scene.constant("index-number-bytes"),
        scene.constant("index-links"),
        scene.constant("index-metadata"),
    )
    write = scene.optional(store, "write", "USD/GB")
    each = scene.optional(store, "query", "USD/request")
    parts = scene.number("index_parts")
    if "read" in store.values:
        floor = scene.optional(store, "read_floor", "GB")
        each = each + formulas.price_read_units(size, parts, floor, scene.price(store, "read"))
    if "scan_first" in store.values:
        prices = scene.price(store, "scan_first"), scene.price(store, "scan_rest")
        edge = scene.price(store, "scan_edge")
        each = each + formulas.price_scan(vectors, parts, size / vectors, edge, prices)
    fixed = formulas.price_storage(size, scene.price(store, "storage"), size * changed, write)
    return Line("vector store", fixed, each, scene.optional(store, "minimum", "USD/month"))


def _price_reranking(scene: Scene, reranker: PriceRow, question: Quantity) -> Quantity:
    passages = scene.number("reranked_passages")
    if "search" in reranker.values:
        price = scene.price(reranker, "search")
        return formulas.price_rerank_searches(passages, scene.constant("rerank-search-passages"), price)
    passage = scene.number("passage_tokens")
    return formulas.price_rerank_tokens(passages, passage, question, scene.price(reranker, "in"))


def _price_contexts(scene: Scene, model: PriceRow) -> Quantity:
    """Return what writing a context for each passage of all material costs once; the document is cached meanwhile."""
    read, write = cache_prices(scene, model, "5m" if "cached" in model.values else "none")
    document = scene.number("document_tokens")
    each = formulas.price_contextual_chunks(
        document,
        scene.number("passage_tokens"),
        scene.constant("context-instruction"),
        scene.number("written_context_tokens"),
        (write, read, scene.price(model, "in"), scene.price(model, "out")),
    )
    return scene.number("corpus_tokens") / document / (_ALL - scene.number("passage_overlap")) * each


# --- tuning -------------------------------------------------------------------------------------------------------


def _price_tuning(scene: Scene, model: PriceRow | None) -> Part:
    """Return what every option with this tuned model pays: hosting, each training run, labels and upkeep."""
    job = price_training_job(scene, model)
    rate, labels = scene.number("retrainings_per_year"), scene.number("examples") * scene.number("label_cost")
    upkeep = scene.number("tuning_upkeep_days") * scene.number("engineer_day")
    lines = [
        Line("training", job * rate),
        Line("new labels", labels * scene.number("relabelled") * rate),
        Line("upkeep of the tuned model", upkeep * rate),
    ]
    if model is not None:
        lines.insert(0, Line("hosting", formulas.price_machines(_ALL, scene.price(model, "host"))))
    work = scene.number("tuning_days") * scene.number("engineer_day")
    return tuple(lines), (("labels", labels), ("first training", job), ("engineering of tuning", work))


def price_training_job(scene: Scene, model: PriceRow | None) -> Quantity:
    """Return what tuning once costs, with all runs until one is kept."""
    runs = scene.number("training_runs")
    if model is not None and "train" not in model.values:
        return runs * scene.number("training_hours") * scene.price(model, "train_hour")
    tokens = formulas.count_training_tokens(
        scene.number("examples"), scene.number("example_tokens"), scene.number("epochs")
    )
    if model is not None:
        return formulas.price_training(tokens, runs, scene.price(model, "train"))
    accelerator = scene.inputs.row_of("accelerator")
    way = "full" if scene.inputs.names_of("own_tuning") == ("full",) else "adapter"
    time = formulas.estimate_training_time(
        scene.number("own_parameters"),
        tokens,
        scene.constant(f"training-flops-{way}"),
        scene.price(accelerator, "peak"),
        scene.price(accelerator, "mfu"),
    )
    return runs * time * scene.price(accelerator, "hour")
