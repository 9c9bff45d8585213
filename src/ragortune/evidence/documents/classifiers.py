"""Fitted models: multinomial logistic regressions over features of a document, or over the words of a sentence.

They are fitted on labelled documents and sentences; their coefficients are data in `rules/language/`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, pairwise

import msgspec

from ragortune.evidence.documents.matching import is_plain
from ragortune.model import Option
from ragortune.model.documents import Sentence
from ragortune.support.record import Record

STATUS = "status"
QUESTIONS = (STATUS, Option.RAG, Option.FINE_TUNING)
"""What is told of a document: its status, and whether it decides for retrieval and for tuning."""
YES, NO = "yes", "no"
APPROACH = "approach"
"""The model that tells what a sentence says for and against each approach."""
LEAST_TOLD = 0.3
"""Probability from which words count as telling something about an approach."""
OPEN = "open"
"""A sentence that names approaches and decides nothing."""
UNANSWERED, UNKNOWN = "unanswered", "unknown_level"
"""What a model tells of a sentence that does not answer its question, or with a level that is not known."""
_AROUND = "^="
"""Prefixes of words from the surroundings of a sentence: in its heading or lead-in, and in its label, row or column."""
_TINY = 1e-9


class Classifier(Record, frozen=True):
    """A fitted model, a multinomial logistic regression over features of a document or a sentence."""

    id: str
    """What it tells: `status`, `rag` or `fine_tuning` of a document, `approach` or a criterion of a sentence."""
    fitted: str
    """On what it was fitted, when, and how well it does on documents of other repositories."""
    outcomes: tuple[str, ...]
    """What can be told; `unanswered` for a sentence that does not answer the criterion, and `unknown_level`."""
    intercepts: tuple[float, ...]
    """The score of each outcome without any feature."""
    features: Mapping[str, tuple[float, ...]]
    """For each feature the most that it can be, and its weight for each outcome."""
    least: float = 0.0
    """Least probability at which a sentence counts as an answer; for documents the likeliest outcome counts."""


def list_features(words: Sequence[str]) -> list[str]:
    """Return the features of a sentence: its words and pairs of words."""
    plain = [*filter(is_plain, words)]
    return [*plain, *map(" ".join, pairwise(plain))]


def list_context(sentence: Sentence, cut: Callable[[str], tuple[str, ...]]) -> tuple[str, ...]:
    """Return the features of the surroundings of a sentence, with what cuts a text into words.

    A word of its heading or lead-in begins with `^`, one of its label, row or column with `=`: `^latency` and `=p95` make
    an answer of `800 ms`.
    """
    names = ["@" + sentence.block, "#" + sentence.kind]
    for text in (sentence.section.title, sentence.lead):
        names += _begin_with("^", cut(text)) if text else ()
    for text in (sentence.label, sentence.row, sentence.header):
        names += _begin_with("=", cut(text)) if text and text != sentence.text else ()
    return tuple(names)


@lru_cache(1_000)
def _begin_with(sign: str, words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sign + word for word in words)


def list_sides() -> tuple[str, ...]:
    """Return what a sentence can say of approaches, such as `rag_for`."""
    options = (Option.RAG, Option.FINE_TUNING, Option.NEITHER)
    return (*(f"{option}_{side}" for option in options for side in ("for", "against")), OPEN)


Prediction = tuple[str, float, Mapping[str, float]]
"""A criterion that words answer, the probability that they do, and that of each level."""


_Weights = tuple[int, float, tuple[float, ...]]
"""The place of a model, the most that a word does for an answer of it, and its weight for each outcome."""
_Rows = dict[str, list[_Weights]]
"""What models weigh a word by itself, under no name, and what they weigh it with each word behind it."""


class WordWeights(msgspec.Struct, frozen=True):
    """Fitted models of sentences, laid out by words."""

    models: tuple[Classifier, ...]
    """The models without their features."""
    begin: tuple[float, ...]
    """What is to be added to make more than 0 of a sum where a model may reach its least probability."""
    most: dict[str, float]
    """For each word of their features the most that it can do for an answer of any model, by itself and with the word
    behind it."""
    rows: tuple[bytes, ...]
    """The rows of each of these words as MessagePack: a start decodes none, and a document those of its own words."""


def lay_out(models: Sequence[Classifier]) -> WordWeights:
    """Return models of sentences, laid out by words."""
    begin: list[float] = []
    rows: dict[str, _Rows] = {}
    for at, model in enumerate(models):
        silent = model.outcomes.index(UNANSWERED) if UNANSWERED in model.outcomes else None
        answers = max(1, len(model.outcomes) - 1)
        least = min(max(model.least, _TINY), 1 - _TINY)
        begin.append(_lead_of(model.intercepts, silent) + math.log(answers * (1 - least) / least) + _TINY)
        for name, (limit, *weights) in model.features.items():
            known = tuple(weights) if limit >= 1.0 else tuple(limit * weight for weight in weights)
            first, _, second = name.partition(" ")
            row = (at, _lead_of(known, silent), known)
            rows.setdefault(first, {}).setdefault(second, []).append(row)
    words = sorted({*rows, *chain.from_iterable(rows.values())} - {""})
    laid = {word: rows.get(word, {}) for word in words}
    return WordWeights(
        models=tuple(model.replace(features={}) for model in models),
        begin=tuple(begin),
        most={word: _bound(own) for word, own in laid.items()},
        rows=tuple(map(msgspec.msgpack.encode, laid.values())),
    )


def _bound(rows: _Rows) -> float:
    """Return the most that a word can do for an answer of any model."""
    leads = {second: max(0.0, *(lead for _, lead, _ in row)) for second, row in rows.items()}
    return leads.pop("", 0.0) + max(leads.values(), default=0.0)


def list_words(weights: WordWeights) -> Iterator[str]:
    """Yield the words that models weigh, in a sentence or around it."""
    return (word.lstrip(_AROUND) for word in weights.most)


_read_rows = msgspec.msgpack.Decoder(_Rows).decode


class WordModels:
    """Fitted models that tell from the words of a sentence which criterion it answers.

    Most sentences cannot reach the least probability, as a sum shows: the odds of an answer are at most those of the
    likeliest one by the number of answers, and its log-odds at most the sum of the largest weights of the words. For
    half of the sentences a sum over the words without their pairs shows it for all models at once.
    """

    def __init__(self, weights: WordWeights) -> None:
        """Take the models, each for the criterion that it is named after."""
        self._models, self._begin, self._most = weights.models, weights.begin, weights.most
        self._packed = dict(zip(self._most, weights.rows, strict=True))
        """The rows of words that have not been met."""
        self._weighed: dict[str | tuple[str, str], list[_Weights]] = {}
        """For each word or pair, of those that have, what the models weigh it."""
        self._least = max(self._begin, default=-math.inf)

    def predict(self, words: Sequence[str], context: Sequence[str] = ()) -> Sequence[Prediction]:
        """Return each criterion that words likely answer, given their surroundings."""
        most = self._most
        if self._least + sum([most[word] for word in chain(words, context) if word in most]) > 0:
            return self._weigh(words, context)
        return ()

    def _weigh(self, words: Sequence[str], context: Sequence[str]) -> Sequence[Prediction]:
        plain = [*filter(is_plain, words)]
        for word in self._packed.keys() & {*plain, *context}:
            for second, known in _read_rows(self._packed.pop(word)).items():
                self._weighed[(word, second) if second else word] = known
        every = dict.fromkeys(chain(plain, pairwise(plain), context))
        names = [name for name in every if name in self._weighed]
        sums = [*self._begin]
        for name in names:
            for at, lead, _ in self._weighed[name]:
                sums[at] += lead
        rows: dict[int, list[Sequence[float]]] = {at: [] for at, total in enumerate(sums) if total > 0}
        for name in names if rows else ():
            for at, _, weights in self._weighed[name]:
                if at in rows:
                    rows[at].append(weights)
        told = []
        for at, weighed in rows.items():
            model = self._models[at]
            shares = _share_out(model, [*map(sum, zip(model.intercepts, *weighed, strict=True))])
            share = 1.0 - shares.pop(UNANSWERED, 0.0)
            shares.pop(UNKNOWN, None)
            if shares and weighed and share >= model.least:
                told.append((model.id, share, shares))
        return told


def _lead_of(weights: Sequence[float], silent: int | None) -> float:
    """Return by how much the largest weight of an answer exceeds that of none; infinity where there is no such outcome."""
    if silent is None:
        return math.inf
    return max((*weights[:silent], *weights[silent + 1 :]), default=0.0) - weights[silent]


def classify(model: Classifier, features: Mapping[str, float]) -> dict[str, float]:
    """Return the probability of each outcome of a model."""
    scores: Sequence[float] = model.intercepts
    for name, value in features.items():
        if name in model.features:
            most, *weights = model.features[name]
            known = min(most, value)
            scores = [score + weight * known for score, weight in zip(scores, weights, strict=True)]
    return _share_out(model, scores)


def _share_out(model: Classifier, scores: Sequence[float]) -> dict[str, float]:
    """Return the probabilities that scores stand for."""
    largest = max(scores)
    odds = [math.exp(score - largest) for score in scores]
    total = sum(odds)
    return {outcome: one / total for outcome, one in zip(model.outcomes, odds, strict=True)}
