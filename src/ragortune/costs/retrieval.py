"""What retrieval costs: the index and its upkeep, each query, what is paid once; and what it puts before the model."""

from __future__ import annotations

from ragortune.costs import formulas
from ragortune.costs.candidates import WRITE_PRICES, Tools
from ragortune.costs.inputs import Scene
from ragortune.costs.lines import Line, Part
from ragortune.model import PriceRow
from ragortune.model.quantities import Quantity, measure

_EACH = measure(1.0, "request")
_ALL = measure(1.0, "share")


def price_retrieval(scene: Scene, tools: Tools) -> Part:
    """Return the part of a bill that every option with retrieval has."""
    question, changed = scene.number("question_tokens"), scene.number("changed_per_month")
    embedding = _price_first_embedding(scene, tools)
    each = question * scene.price(tools.embedding, "in")
    lines = [Line("embedding", embedding * changed, each), _store_line(scene, tools, changed)]
    work = scene.number("retrieval_days") * scene.number("engineer_day")
    investments = [("engineering of retrieval", work), ("first embedding", embedding)]
    if tools.context is not None:
        contexts = _price_contexts(scene, tools.context)
        lines.append(Line("contexts of passages", contexts * changed))
        investments.append(("contexts of passages", contexts))
    if tools.reranker is not None:
        lines.append(Line("reranking", each=_price_reranking(scene, tools.reranker, question)))
    return Part(scene.number("requests_per_day"), tuple(lines), tuple(investments))


def read_context(scene: Scene) -> Quantity:
    """Return the retrieved tokens of a prompt: as given, or passages with their frames and written contexts."""
    if scene.inputs.knows("context_tokens"):
        return scene.number("context_tokens")
    passage = scene.number("passage_tokens")
    if scene.inputs.chosen_name("context_model") is not None:
        passage = passage + scene.number("written_context_tokens")
    return scene.number("passages") * passage * scene.number("passage_frame") / _EACH


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


def _price_first_embedding(scene: Scene, tools: Tools) -> Quantity:
    """Return what embedding all material costs once, written contexts included."""
    corpus = scene.number("corpus_tokens")
    if tools.context is not None:
        corpus = corpus * (scene.number("written_context_tokens") / scene.number("passage_tokens") + _ALL)
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
    return scene.number("corpus_tokens") / document / (_ALL - scene.number("passage_overlap")) * each
