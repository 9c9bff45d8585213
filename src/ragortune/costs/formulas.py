"""The formulas of the cost model, on quantities: points give a point, draws give draws. Every docstring names its source.

The numbers in front (F1 to F16) are those of `docs/cost.md`. Months have 730 hours.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ragortune.model.quantities import Quantity, measure, plain, round_up

_ONE = plain(1.0)
WEIGHT = measure(2.0, "bytes/parameter")
"""Weights of 16 bits."""
_EACH_VECTOR = measure(1.0, "1/vector")


# --- retrieval ----------------------------------------------------------------------------------------------------


def count_chunks(corpus: Quantity, chunk: Quantity, overlap: Quantity) -> Quantity:
    """F1. Return the vectors of a corpus: tokens over the new tokens of a chunk, rounded up.

    Source: arithmetic of chunking with overlap. Exact for a given chunk; the tokens of a word are not (1.2 to 1.6).
    """
    return round_up(corpus / (chunk * _EACH_VECTOR * (_ONE - overlap)))


def measure_index(
    vectors: Quantity, dimensions: Quantity, number_bytes: Quantity, links: Quantity, metadata: Quantity
) -> Quantity:
    """F2. Return the bytes of an index: numbers, links of the graph (twice M, four bytes each) and metadata.

    Source: the accounting of the vector-cost project. Within 30%.
    """
    numbers = dimensions * number_bytes + links * measure(8.0, "bytes")
    return vectors * (numbers * _EACH_VECTOR + metadata)


def price_embeddings(corpus: Quantity, overlap: Quantity, price: Quantity) -> Quantity:
    """F3. Return the cost of embedding a whole corpus; the share that changes is embedded again.

    Source: price lists; within 10%.
    """
    return corpus / (_ONE - overlap) * price


def price_rerank_searches(passages: Quantity, per_search: Quantity, price: Quantity) -> Quantity:
    """F5. Return the cost of reranking passages for a request, if search units are billed.

    A search unit covers `per_search` passages. Source: price lists of rerankers; within 25%.
    """
    return round_up(passages / per_search) * price


def price_rerank_tokens(
    passages: Quantity, passage: Quantity, question: Quantity, price: Quantity
) -> Quantity:
    """F5. Return the cost of reranking passages for a request, if tokens are billed."""
    per_passage = passage / measure(1.0, "request") + question
    return passages * per_passage * price


# --- tokens -------------------------------------------------------------------------------------------------------


def share_cached(requests: Quantity, active: Quantity, life: Quantity) -> Quantity:
    """F6b. Return the share of requests that find the prefix of their prompt cached: 1 - exp(-rate * life).

    `requests` is a rate over the whole day, `active` the hours a day with requests. They arrive as a Poisson process, and
    each renews the life of the cache. Source: providers' documentation of prompt caching. Bursts have more hits.
    """
    expected = requests / active * life / measure(1.0, "request")
    return (expected * -1.0).apply(math.expm1) * -1.0


def price_generation(
    tokens: Sequence[Quantity], hit: Quantity, prices: Sequence[Quantity], multipliers: Sequence[Quantity]
) -> Quantity:
    """F6. Return the price of a request's tokens, each at its price tier.

    `tokens` are those of the prefix (read from the cache or written to it), of the rest of the prompt and of the answer;
    `prices` those of input, output, cache reads and cache writes; `multipliers` those of input and output. Source: price
    lists; within 5% for exact token counts.
    """
    (prefix, fresh, answer), (price_in, price_out, read, write) = tokens, prices
    taken_in = prefix * (write + hit * (read - write)) + fresh * price_in
    return taken_in * multipliers[0] + answer * price_out * multipliers[1]


def find_multiplier(prompt: Quantity, edge: Quantity, multiplier: Quantity) -> Quantity:
    """F12. Return the multiplier of a request's price: the tier's factor if its prompt is longer than the edge.

    Source: price lists. The whole request is billed at the higher tier, not the tokens beyond the edge.
    """
    limit, factor = edge.number_in("tokens/request"), multiplier.number_in("times")
    if max(prompt.draws()) <= limit:
        return _ONE
    return Quantity(prompt.apply(lambda tokens: factor if tokens > limit else 1.0).magnitude)


def find_context_limit(
    context: Quantity, hit: Quantity, prices: tuple[Quantity, Quantity, Quantity]
) -> Quantity:
    """F13. Return the size of the corpus up to which a request with all of it, cached, costs less than with retrieval.

    `prices` are those of input, cache reads and cache writes. Source: F6 for both sides, set equal.
    """
    price_in, read, write = prices
    return context * price_in / (hit * read + (_ONE - hit) * write)


# --- stores, tuning, machines -------------------------------------------------------------------------------------


def price_storage(size: Quantity, storage: Quantity, written: Quantity, write: Quantity) -> Quantity:
    """F4. Return the monthly cost of a vector store without queries; `written` is bytes a month.

    Source: rate cards collected by the vector-cost project; within 40%.
    """
    return size * storage + written * write


def price_read_units(size: Quantity, parts: Quantity, floor: Quantity, price: Quantity) -> Quantity:
    """F4. Return the price of a query that is billed by the size of the namespace that it reads, at least `floor`."""
    return (size / parts).at_least(floor) * price


def price_scan(
    vectors: Quantity,
    parts: Quantity,
    vector_bytes: Quantity,
    edge: Quantity,
    prices: tuple[Quantity, Quantity],
) -> Quantity:
    """F4. Return the price of a query that scans an index, at a higher price up to an edge of vectors.

    `vector_bytes` is without metadata that queries do not filter by. Source: the example in the price list of S3 Vectors,
    which the model reproduces within 0.02 of 11.38 dollars.
    """
    each = vectors / parts
    limit = edge.number_in("vectors")
    first = each.apply(lambda number: min(number, limit))
    rest = each.apply(lambda number: max(0.0, number - limit))
    per_request = measure(1.0, "request")
    return (first * vector_bytes * prices[0] + rest * vector_bytes * prices[1]) / per_request


def count_training_tokens(examples: Quantity, example: Quantity, epochs: Quantity) -> Quantity:
    """F7. Return the tokens that a training run is billed for. Source: providers' rules; exact, without packing."""
    return examples * example * epochs


def price_training(tokens: Quantity, runs: Quantity, price: Quantity) -> Quantity:
    """F7. Return the cost of all tuning runs, if tokens are billed. Source: price lists; exact."""
    return runs * tokens * price


def estimate_training_time(
    parameters: Quantity, tokens: Quantity, work: Quantity, speed: Quantity, utilisation: Quantity
) -> Quantity:
    """F8. Return the accelerator time of a training run: work per parameter and token over the speed that is reached.

    Six operations for full tuning and four for adapters, whose weights need no gradients of their own. Source:
    measured throughput in the torchtune and llm-foundry repositories. Within a factor of 2.5 either way.
    """
    return work * parameters * tokens / (speed * utilisation)


def price_machines(count: Quantity, hourly: Quantity) -> Quantity:
    """F9. Return the cost of deployments or machines that are billed by the hour, used or not. Source: price lists."""
    return count * hourly


def count_groups(peak: Quantity, service: Quantity, utilisation: Quantity) -> Quantity:
    """F10. Return the number of groups of accelerators for the peak load, each busy for at most `utilisation` of the time.

    `service` is the time that one request takes of a group. Source: queueing practice; within 50%.
    """
    return round_up(peak * service / utilisation)


def estimate_prefill(
    parameters: Quantity,
    prompt: Quantity,
    shape: tuple[Quantity, Quantity],
    speed: Quantity,
    utilisation: Quantity,
) -> Quantity:
    """F11. Return the time to read a prompt: dense work in each parameter, and attention that grows with its square.

    `shape` is the number of layers and the width. Source: roofline model, held against NVIDIA's measurements; within 40%.
    """
    layers, width = shape
    tokens = prompt / measure(1.0, "token")
    dense = parameters * measure(2.0, "flop/parameter")
    attention = layers * width * measure(2.0, "flop")
    return tokens * (dense + attention * tokens) / (speed * utilisation)


def estimate_reading(fresh: Quantity, cached: Quantity, speeds: tuple[Quantity, Quantity]) -> Quantity:
    """F11. Return the time in which a hosted model reads a prompt of new and of cached tokens.

    Source: timings in the notebooks on prompt caching of the Anthropic cookbook; within 40%.
    """
    return fresh / speeds[0] + cached / speeds[1]


def estimate_step(parameters: Quantity, cached: Quantity, reach: Quantity) -> Quantity:
    """F11. Return the time to write one token for all requests of a batch, which reads weights and cache once.

    `cached` is the size of keys and values of all requests in the batch, `reach` the memory bandwidth that is reached.
    Source: roofline model; within 20%.
    """
    return (parameters * WEIGHT + cached) / reach


def estimate_usual_step(
    parameters: Quantity, sequence: Quantity, reach: Quantity, written: Quantity
) -> Quantity:
    """F11. Return the time to write one token at a load of `written` tokens a second.

    Requests in flight are rate times duration, so their caches take a fixed part of the bandwidth; the weights are read
    with the rest, at least a tenth. Source: Little's law in the roofline model.
    """
    taken = sequence * written / measure(1.0, "token")
    return parameters * WEIGHT / (reach - taken).at_least(reach * 0.1)


def estimate_service(
    prefill: Quantity, answer: Quantity, weights: Quantity, sequence: Quantity, reach: Quantity
) -> Quantity:
    """F11. Return the time that one request takes of a group: its prompt, and its share of the steps of its answer.

    `weights` is a request's share of reading the weights in its batch, `sequence` the size of its own cache; both are
    read once for each token. Source: roofline model; within 30%.
    """
    steps = (weights + sequence) / measure(1.0, "token") * answer / reach
    return (prefill + steps) / measure(1.0, "request")


# --- wrong answers ------------------------------------------------------------------------------------------------


def price_accepted(cost: Quantity, accuracy: Quantity) -> Quantity:
    """F16. Return the cost of an accepted answer, if wrong ones are asked again. Source: cost-of-pass studies."""
    return cost / accuracy


def price_with_errors(cost: Quantity, accuracy: Quantity, error: Quantity) -> Quantity:
    """F16. Return the cost of a request including that of wrong answers."""
    return cost + (_ONE - accuracy) * error
