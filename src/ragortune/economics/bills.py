"""What each option costs: which ways there are to build the system, and the lines of the bill of each.

A line is linear in requests, with a least amount. All of it is written once and read under any plan: as a point, as
bounds, as draws.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from functools import cached_property

from ragortune.economics import formulas
from ragortune.economics.inputs import Inputs, Scene
from ragortune.economics.machines import Machines, measure_machines
from ragortune.model import Option, PriceRow
from ragortune.quantities import Quantity, add_up, keep_first, measure, require_finite
from ragortune.record import Record

_NO_COST = measure(0.0, "USD/month")
_FREE = measure(0.0, "USD/request")
_PER_TOKEN = "USD/token"  # noqa: S105  (a unit)
_EACH = measure(1.0, "request")
WRITE_PRICES = {"5m": ("cache_write", "in"), "1h": ("cache_write_1h",)}
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


class Tools(Record):
    """What retrieval is built from, and what own models run on."""

    embedding: PriceRow
    store: PriceRow
    accelerator: PriceRow
    reranker: PriceRow | None = None
    context: PriceRow | None = None
    """Chat model that writes a context for each passage before it is embedded."""


class Candidate(Record):
    """One way to build the system."""

    approach: Approach
    model: PriceRow | None
    """Chat model or tuning offer; None for an own model."""
    cache: str = "none"
    """How the beginning of the prompt is cached: none, 5m or 1h."""
    batch: bool = False
    """Whether batch prices are used."""

    @property
    def is_own(self) -> bool:
        """Whether the model runs on own accelerators."""
        return self.model is None

    @property
    def id(self) -> str:
        """Name in tables and files."""
        return f"{self.approach}/{self.model.id if self.model else 'own'}"


class Line(Record):
    """One line of a bill: a fixed amount, an amount for each request, and the least that is billed."""

    name: str
    fixed: Quantity = _NO_COST
    each: Quantity = _FREE
    least: Quantity | None = None

    def amount(self, requests: Quantity) -> Quantity:
        """Return what the line comes to at a rate of requests."""
        total = self.fixed + self.each * requests
        return total if self.least is None else formulas.apply_minimum(total, self.least)

    def keep_first(self, count: int) -> Line:
        """Return the line in the first draws only."""
        least = None if self.least is None else keep_first(self.least, count)
        return Line(self.name, keep_first(self.fixed, count), keep_first(self.each, count), least)


class Slope(Record):
    """Lines as a function of requests: what is fixed, what each request adds, and lines with a least amount."""

    fixed: Quantity
    each: Quantity
    with_least: tuple[Line, ...]


def find_slope(lines: Iterable[Line], added: Quantity = _NO_COST) -> Slope:
    """Return what lines, and a monthly amount that is added to them, come to as a function of requests."""
    listed = tuple(lines)
    plain = [line for line in listed if line.least is None]
    return Slope(
        add_up((added, *(line.fixed for line in plain)), "USD/month"),
        add_up((line.each for line in plain), "USD/request"),
        tuple(line for line in listed if line.least is not None),
    )


class Part(Record):
    """Lines of a bill that stand together; candidates that share a part share what is computed of it."""

    requests: Quantity
    """The rate of requests."""
    lines: tuple[Line, ...]
    """What recurs."""
    investments: tuple[tuple[str, Quantity], ...] = ()
    """What is paid once, in dollars."""

    @cached_property
    def running(self) -> Quantity:
        """What recurs each month."""
        slope = find_slope(self.lines)
        bent = [line.amount(self.requests) for line in slope.with_least]
        return formulas.sum_monthly([slope.fixed, slope.each * self.requests, *bent])

    @cached_property
    def invested(self) -> Quantity:
        """What is paid once."""
        return add_up((amount for _, amount in self.investments), "USD")


class Bill(Record):
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
        parts.append(scene.keep("retrieval", lambda: _price_retrieval(scene, tools)))
    if approach.tunes:
        model = candidate.model.id if candidate.model else "own"
        parts.append(scene.keep(f"tuning of {model}", lambda: _price_tuning(scene, candidate, tools)))
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


def read_context(scene: Scene) -> Quantity:
    """Return the retrieved tokens of a prompt: as given, or passages with their frames and written contexts."""
    if scene.inputs.knows("context_tokens"):
        return scene.number("context_tokens")
    passage = scene.number("passage_tokens")
    if writes_contexts(scene.inputs):
        passage = passage + scene.number("written_context_tokens")
    return scene.number("passages") * passage * scene.number("passage_frame") / _EACH


def writes_contexts(inputs: Inputs) -> bool:
    """Return whether a context is written for each passage before it is embedded."""
    return inputs.names_of("context_model") not in ((), ("none",))


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


def _index_size(scene: Scene, tools: Tools) -> tuple[Quantity, Quantity]:
    """Return the vectors and the bytes of the index."""
    vectors = formulas.count_chunks(
        scene.number("corpus_tokens"), scene.number("passage_tokens"), scene.number("passage_overlap")
    )
    size = formulas.measure_index(
        vectors,
        scene.price(tools.embedding, "dimensions"),
        scene.constant("index-number-bytes"),
        scene.constant("index-links"),
        scene.constant("index-metadata"),
    )
    return vectors, size


def _price_retrieval(scene: Scene, tools: Tools) -> Part:
    lines, investments = _retrieval_lines(scene, tools), _retrieval_investments(scene, tools)
    return Part(scene.number("requests_per_day"), tuple(lines), tuple(investments))


def _retrieval_lines(scene: Scene, tools: Tools) -> list[Line]:
    price, question = scene.price(tools.embedding, "in"), scene.number("question_tokens")
    changed = scene.number("changed_per_month")
    lines = [
        Line("embedding", _price_first_embedding(scene, tools) * changed, question * price),
        _store_line(scene, tools, changed),
    ]
    if tools.context is not None:
        lines.append(Line("contexts of passages", _price_contexts(scene, tools.context) * changed))
    if tools.reranker is not None:
        lines.append(Line("reranking", each=_price_reranking(scene, tools.reranker, question)))
    return lines


def _store_line(scene: Scene, tools: Tools, changed: Quantity) -> Line:
    """Return the line of the vector store: what is stored and written, what a query costs, the least that is billed."""
    store = tools.store
    if "storage" not in store.values:
        return Line("vector store", scene.price(store, "flat"))
    vectors, size = _index_size(scene, tools)
    storage = scene.price(store, "storage")
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
    fixed = formulas.price_storage(size, storage, size * changed, write)
    return Line("vector store", fixed, each, scene.optional(store, "minimum", "USD/month"))


def _price_reranking(scene: Scene, reranker: PriceRow, question: Quantity) -> Quantity:
    passages = scene.number("reranked_passages")
    if "search" in reranker.values:
        price = scene.price(reranker, "search")
        return formulas.price_rerank_searches(passages, scene.constant("rerank-search-passages"), price)
    passage = scene.number("passage_tokens")
    return formulas.price_rerank_tokens(passages, passage, question, scene.price(reranker, "in"))


def _retrieval_investments(scene: Scene, tools: Tools) -> list[tuple[str, Quantity]]:
    work = scene.number("retrieval_days") * scene.number("engineer_day")
    paid = [("engineering of retrieval", work), ("first embedding", _price_first_embedding(scene, tools))]
    if tools.context is not None:
        paid.append(("contexts of passages", _price_contexts(scene, tools.context)))
    return paid


def _price_first_embedding(scene: Scene, tools: Tools) -> Quantity:
    """Return what embedding all material costs once, written contexts included."""
    corpus = scene.number("corpus_tokens")
    if tools.context is not None:
        grown = scene.number("written_context_tokens") / scene.number("passage_tokens") + measure(
            1.0, "share"
        )
        corpus = corpus * grown
    return formulas.price_embeddings(
        corpus, scene.number("passage_overlap"), scene.price(tools.embedding, "in")
    )


def _price_contexts(scene: Scene, model: PriceRow) -> Quantity:
    """Return what writing a context for each passage of all material costs once; the document is cached meanwhile."""
    price_in = scene.price(model, "in")
    caches = "cached" in model.values
    prices = (
        scene.price_or(model, *WRITE_PRICES["5m"]) if caches else price_in,
        scene.price(model, "cached") if caches else price_in,
        price_in,
        scene.price(model, "out"),
    )
    document = scene.number("document_tokens")
    each = formulas.price_contextual_chunks(
        document,
        scene.number("passage_tokens"),
        scene.constant("context-instruction"),
        scene.number("written_context_tokens"),
        prices,
    )
    return (
        scene.number("corpus_tokens")
        / document
        / (measure(1.0, "share") - scene.number("passage_overlap"))
        * each
    )


def price_training_job(scene: Scene, candidate: Candidate, tools: Tools) -> Quantity:
    """Return what tuning once costs, with all runs until one is kept."""
    runs = scene.number("training_runs")
    tokens = scene.keep("training tokens", lambda: _count_training(scene))
    row = candidate.model
    if row is not None and "train" in row.values:
        return formulas.price_training(tokens, runs, scene.price(row, "train"))
    if row is not None:
        return runs * scene.number("training_hours") * scene.price(row, "train_hour")
    accelerator = tools.accelerator
    trains_all = scene.inputs.names_of("own_tuning") == ("full",)
    time = formulas.estimate_training_time(
        scene.number("own_parameters"),
        tokens,
        scene.constant("training-flops-full" if trains_all else "training-flops-adapter"),
        scene.price(accelerator, "peak"),
        scene.price(accelerator, "mfu"),
    )
    return runs * time * scene.price(accelerator, "hour")


def _count_training(scene: Scene) -> Quantity:
    return formulas.count_training_tokens(
        scene.number("examples"), scene.number("example_tokens"), scene.number("epochs")
    )


def _price_tuning(scene: Scene, candidate: Candidate, tools: Tools) -> Part:
    job = price_training_job(scene, candidate, tools)
    lines, investments = _tuning_lines(scene, candidate, job), _tuning_investments(scene, job)
    return Part(scene.number("requests_per_day"), tuple(lines), tuple(investments))


def _tuning_lines(scene: Scene, candidate: Candidate, job: Quantity) -> list[Line]:
    rate = scene.number("retrainings_per_year")
    lines = [
        Line("training", job * rate),
        *scene.keep("upkeep", lambda: _upkeep_lines(scene, rate)),
    ]
    if candidate.model is not None:
        one = measure(1.0, "times")
        lines.insert(0, Line("hosting", formulas.price_machines(one, scene.price(candidate.model, "host"))))
    return lines


def _upkeep_lines(scene: Scene, rate: Quantity) -> list[Line]:
    labels = scene.number("examples") * scene.number("label_cost") * scene.number("relabelled")
    upkeep = scene.number("tuning_upkeep_days") * scene.number("engineer_day")
    return [Line("new labels", labels * rate), Line("upkeep of the tuned model", upkeep * rate)]


def _tuning_investments(scene: Scene, job: Quantity) -> list[tuple[str, Quantity]]:
    return [
        ("labels", scene.number("examples") * scene.number("label_cost")),
        ("first training", job),
        ("engineering of tuning", scene.number("tuning_days") * scene.number("engineer_day")),
    ]


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
