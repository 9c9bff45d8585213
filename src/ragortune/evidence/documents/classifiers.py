"""Fitted models: multinomial logistic regressions over features of a document, or over the words of a sentence.

They are fitted on labelled documents and sentences; their coefficients are data in `rules/language/`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, pairwise

import msgspec

from ragortune.evidence.documents.patterns import is_plain
from ragortune.model import Criterion, Option
from ragortune.model.documents import DocumentStatus, Sentence
from ragortune.support.record import Record

STATUS = "status"
QUESTIONS = (STATUS, Option.RAG, Option.FINE_TUNING)
"""Models of documents: the status, and whether the decision is for retrieval and for tuning."""
WORDS = {question: f"{question}_words" for question in QUESTIONS}
"""Models that predict the same from the words of a document alone."""
DOCUMENT_MODELS = (*QUESTIONS, *WORDS.values())
WORD = "word "
"""Prefix of the features of a document that count a word."""
YES, NO = "yes", "no"
APPROACH = "approach"
"""The model that predicts the stance of a sentence for or against an approach."""
MIN_STANCE = 0.3
"""Threshold on the probability of a stance."""
OPEN = "open"
"""A sentence that names approaches and decides nothing."""
UNANSWERED, UNKNOWN = "unanswered", "unknown_level"
"""Outcomes for a sentence that does not answer the criterion, or answers it with an unknown level."""
_CONTEXT_SIGNS = "^="
"""Prefixes of words from the context of a sentence: of its heading or lead-in, and of its label, row or column."""
_TINY = 1e-9


class Classifier(Record, frozen=True):
    """A fitted model, a multinomial logistic regression over features of a document or a sentence."""

    id: str
    """What it predicts: `status`, `rag` or `fine_tuning` of a document (with `_words` from its words alone), `approach` or a
    criterion of a sentence."""
    fitted: str
    """On what it was fitted, when, and how well it does on documents of other repositories."""
    outcomes: tuple[str, ...]
    """The classes; `unanswered` for a sentence that does not answer the criterion, and `unknown_level`."""
    intercepts: tuple[float, ...]
    """Intercept of each outcome, in log-odds."""
    features: Mapping[str, str]
    """For each feature the limit on its value, and its weight for each outcome, as numbers with spaces in between."""
    # One text for each feature, because a list for each takes five times as long to read.
    least: float = 0.0
    """Threshold on the probability that a sentence is an answer; for documents the most probable outcome counts."""

    def weigh(self, feature: str) -> tuple[float, ...]:
        """Return the numbers of a feature; raises ValueError if one is none."""
        return tuple(map(float, self.features[feature].split(" ")))


def list_context(sentence: Sentence, cut: Callable[[str], tuple[str, ...]]) -> tuple[str, ...]:
    """Return the features of the context of a sentence; `cut` splits a text into words.

    Words of its heading or lead-in get the prefix `^`, those of its label, row or column `=`, so that `^latency` and
    `=p95` make an answer of `800 ms`.
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


def list_stances() -> tuple[str, ...]:
    """Return the stances that a sentence can take, such as `rag_for`."""
    options = (Option.RAG, Option.FINE_TUNING, Option.NEITHER)
    return (*(f"{option}_{side}" for option in options for side in ("for", "against")), OPEN)


def list_outcomes(criteria: Mapping[str, Criterion]) -> dict[str, tuple[str, ...]]:
    """Return the outcomes that each fitted model can have, by what it predicts."""
    return {
        **dict.fromkeys(DOCUMENT_MODELS, (YES, NO)),
        **dict.fromkeys((STATUS, WORDS[STATUS]), tuple(DocumentStatus)),
        APPROACH: (UNANSWERED, *list_stances()),
        **{name: (UNANSWERED, UNKNOWN, *criterion.level_ids) for name, criterion in criteria.items()},
    }


Prediction = tuple[str, float, Mapping[str, float]]
"""A criterion, the probability that words answer it, and the probability of each level."""

_Weights = tuple[int, float, tuple[float, ...]]
"""Index of a model, the upper bound of what a word adds to the log-odds of an answer, its weight for each outcome."""
_Rows = dict[str, list[_Weights]]
"""Weights of a word alone, under the empty name, and of its pair with each following word."""


class WordWeights(msgspec.Struct, frozen=True):
    """Fitted models of sentences, laid out by words."""

    models: tuple[Classifier, ...]
    """The models without their features."""
    begin: tuple[float, ...]
    """For each model the offset with which a sum is positive where the model may reach its threshold."""
    rows: dict[str, bytes]
    """The weights of each word as MessagePack, decoded when a document first has the word."""


def lay_out(models: Sequence[Classifier]) -> WordWeights:
    """Return models of sentences, laid out by words."""
    begin: list[float] = []
    rows: dict[str, _Rows] = {}
    for at, model in enumerate(models):
        silent = model.outcomes.index(UNANSWERED) if UNANSWERED in model.outcomes else None
        answers = max(1, len(model.outcomes) - 1)
        least = min(max(model.least, _TINY), 1 - _TINY)
        begin.append(_lead_of(model.intercepts, silent) + math.log(answers * (1 - least) / least) + _TINY)
        for name in model.features:
            limit, *weights = model.weigh(name)
            known = tuple(weights) if limit >= 1.0 else tuple(limit * weight for weight in weights)
            first, _, second = name.partition(" ")
            row = (at, _lead_of(known, silent), known)
            rows.setdefault(first, {}).setdefault(second, []).append(row)
    words = {*rows, *chain.from_iterable(rows.values())} - {""}
    packed = {word: msgspec.msgpack.encode(rows.get(word, {})) for word in sorted(words)}
    return WordWeights(tuple(model.replace(features={}) for model in models), tuple(begin), packed)


def list_words(weights: WordWeights) -> Iterator[str]:
    """Yield the words that have weights, in a sentence or in its context."""
    return (word.lstrip(_CONTEXT_SIGNS) for word in weights.rows)


def list_counted(models: Iterable[Classifier]) -> Iterator[str]:
    """Yield the words that models of documents count."""
    names = chain.from_iterable(model.features for model in models)
    return (name.removeprefix(WORD) for name in names if name.startswith(WORD))


_read_rows = msgspec.msgpack.Decoder(_Rows).decode


class WordModels:
    """Fitted models that predict from the words of a sentence which criterion it answers.

    Most sentences are ruled out by an upper bound: the odds of an answer are at most the number of answers times the odds
    of the most probable one, whose log-odds are at most the sum of the largest weights of the words.
    """

    def __init__(self, weights: WordWeights) -> None:
        """Take the models and their weights."""
        self._models, self._begin = weights.models, weights.begin
        self._packed = dict(weights.rows)
        """The weights of words that no document has had yet."""
        self._weighed: dict[str | tuple[str, str], list[_Weights]] = {}
        """The decoded weights of words and pairs."""

    def predict(self, words: Sequence[str], context: Sequence[str] = ()) -> Sequence[Prediction]:
        """Return the predictions above the threshold for words in a context."""
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
        predicted = []
        for at, weighed in rows.items():
            model = self._models[at]
            shares = _softmax(model, [*map(sum, zip(model.intercepts, *weighed, strict=True))])
            share = 1.0 - shares.pop(UNANSWERED, 0.0)
            shares.pop(UNKNOWN, None)
            if shares and weighed and share >= model.least:
                predicted.append((model.id, share, shares))
        return predicted


def _lead_of(weights: Sequence[float], silent: int | None) -> float:
    """Return by how much the largest weight of an answer exceeds that of `unanswered`; infinity without that outcome."""
    if silent is None:
        return math.inf
    return max((*weights[:silent], *weights[silent + 1 :]), default=0.0) - weights[silent]


def classify(model: Classifier, features: Mapping[str, float]) -> dict[str, float]:
    """Return the probability of each outcome of a model."""
    scores: Sequence[float] = model.intercepts
    for name, value in features.items():
        if name in model.features:
            most, *weights = model.weigh(name)
            known = min(most, value)
            scores = [score + weight * known for score, weight in zip(scores, weights, strict=True)]
    return _softmax(model, scores)


def predict_document(
    models: Mapping[str, Classifier], question: str, features: Mapping[str, float]
) -> Mapping[str, float]:
    """Return the probabilities of the answers to a question about a document, empty without a model."""
    if question not in models:
        return {}
    predicted, of_words = classify(models[question], features), models.get(WORDS[question])
    if of_words is None:
        return predicted
    # Both models of a question count the same, but words less where a document has few of them.
    share = math.hypot(*(value for name, value in features.items() if name.startswith(WORD))) / 2
    return pool(predicted, classify(of_words, features), share)


def pool(first: Mapping[str, float], second: Mapping[str, float], share: float) -> dict[str, float]:
    """Return the weighted geometric means of two predictions of one outcome, normalised; `share` weighs the second."""
    means = {name: one ** (1 - share) * second.get(name, _TINY) ** share for name, one in first.items()}
    total = sum(means.values())
    return {name: mean / total for name, mean in means.items()}


def _softmax(model: Classifier, scores: Sequence[float]) -> dict[str, float]:
    """Return the probability of each outcome from its score in log-odds."""
    largest = max(scores)
    odds = [math.exp(score - largest) for score in scores]
    total = sum(odds)
    return {outcome: one / total for outcome, one in zip(model.outcomes, odds, strict=True)}
