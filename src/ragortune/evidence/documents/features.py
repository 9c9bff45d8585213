"""Documents and sentences as numbers, and the fitted models that tell from them what is decided or stated.

Of a document they count what the reader finds: topics, cues, wordings of approaches by where they stand, kinds of section
and of block, and what is said for and against each approach; of a sentence they are its words. Multinomial logistic
regressions, fitted on labelled documents, weigh them; their coefficients are data in `rules/language/`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain, pairwise
from operator import attrgetter

from ragortune.evidence.documents.assertion import Marked
from ragortune.evidence.documents.decision import Ledger
from ragortune.evidence.documents.language import Classifier
from ragortune.evidence.documents.matching import is_plain
from ragortune.model import Option
from ragortune.model.documents import Block, SectionKind

UNANSWERED, UNKNOWN = "unanswered", "unknown_level"
"""What a fitted model tells of a sentence that does not answer its criterion, or with a level that is not known."""
_TINY = 1e-9
_features_of = attrgetter("analysis.features")
_shape_of = attrgetter("sentence.kind", "sentence.block")
_FRONT = frozenset((SectionKind.TITLE, SectionKind.SUMMARY, SectionKind.DECISION))


def measure_features(sentences: Sequence[Marked], ledgers: Mapping[Option, Ledger]) -> dict[str, float]:
    """Return the features of a document by name; those that are left out are 0."""
    fronts = [
        marked
        for marked in sentences
        if marked.sentence.kind in _FRONT or marked.sentence.block is Block.HEADING
    ]
    counts, front = (
        Counter(chain.from_iterable(map(_features_of, several))) for several in (sentences, fronts)
    )
    shapes = Counter(chain.from_iterable(map(_shape_of, sentences)))
    titled = {
        topic
        for marked in fronts
        if marked.sentence.kind is SectionKind.TITLE
        for topic in marked.analysis.topics
    }
    shared = {name: count for name, count in counts.items() if name.startswith("topic")}
    for shape, count in shapes.items():
        shared[f"{'block' if isinstance(shape, Block) else 'section'} {shape}"] = count
    total = max(1, len(sentences))
    features = {"sentences": math.log1p(len(sentences))}
    features |= {f"topic {topic} in title": 1.0 for topic in titled}
    features |= {name: math.log1p(count) for name, count in counts.items()}
    features |= {f"{name} in front": math.log1p(count) for name, count in front.items()}
    features |= {f"{name} share": count / total for name, count in shared.items()}
    return features | measure_ledgers(ledgers)


def measure_ledgers(ledgers: Mapping[Option, Ledger]) -> dict[str, float]:
    """Return what is said for and against each approach as features."""
    features: dict[str, float] = {}
    for option, ledger in ledgers.items():
        values = {
            "for": math.log1p(ledger.total),
            "for at most": ledger.best,
            "against": math.log1p(ledger.against),
            "against at most": ledger.worst,
            "wordings": math.log1p(ledger.kinds),
            "open": math.log1p(ledger.open),
            "decided": float(ledger.decided),
        }
        features |= {f"{option} {name}": value for name, value in values.items() if value}
    return features


def list_features(words: Sequence[str]) -> list[str]:
    """Return the features of a sentence: its words and pairs of words."""
    plain = [*filter(is_plain, words)]
    return [*plain, *map(" ".join, pairwise(plain))]


Told = tuple[str, float, Mapping[str, float]]
"""A criterion that words answer, the probability that they do, and that of each level."""


class WordModels:
    """Fitted models that tell from the words of a sentence which criterion it answers.

    Most sentences cannot reach the least probability, as a sum shows: the odds of an answer are at most those of the
    likeliest one by the number of answers, and its log-odds at most the sum of the largest weights of the words. For
    half of the sentences a sum over the words without their pairs shows it for all models at once.
    """

    def __init__(self, models: Iterable[Classifier]) -> None:
        """Take the models, each for the criterion that it is named after."""
        self._weighed: dict[str | tuple[str, str], list[tuple[Classifier, float]]] = {}
        """For each word or pair the models that weigh it, and the most that it does for an answer."""
        self._is_plain = lru_cache(None)(is_plain)
        self._begin: dict[str, float] = {}
        """What is to be added to make more than 0 of a sum where a model may reach its least probability."""
        for model in models:
            answers = max(1, len(model.outcomes) - 1)
            least = min(max(model.least, _TINY), 1 - _TINY)
            self._begin[model.id] = (
                _lead_of(model, model.intercepts) + math.log(answers * (1 - least) / least) + _TINY
            )
            for name, (most, *weights) in model.features.items():
                lead = min(most, 1.0) * _lead_of(model, weights)
                first, _, second = name.partition(" ")
                self._weighed.setdefault((first, second) if second else name, []).append((model, lead))
        self._most = _bound_words(self._weighed)
        self._least = max(self._begin.values(), default=-math.inf)

    def tell(self, words: Sequence[str]) -> Sequence[Told]:
        """Return each criterion that words likely answer."""
        most = self._most
        if self._least + sum([most[word] for word in words if word in most]) > 0:
            return self._weigh(words)
        return ()

    def _weigh(self, words: Sequence[str]) -> Sequence[Told]:
        plain = [*filter(self._is_plain, words)]
        names = [name for name in (*plain, *pairwise(plain)) if name in self._weighed]
        if not names:
            return ()
        sums: dict[str, float] = {}
        models: dict[str, Classifier] = {}
        for name in dict.fromkeys(names):
            for model, lead in self._weighed[name]:
                models[model.id] = model
                sums[model.id] = sums.get(model.id, self._begin[model.id]) + lead
        features = {name if isinstance(name, str) else " ".join(name): 1.0 for name in names}
        told = []
        for criterion, model in models.items():
            if sums[criterion] > 0:
                likely = classify(model, features)
                share = 1.0 - likely.pop(UNANSWERED, 0.0)
                likely.pop(UNKNOWN, None)
                if likely and share >= model.least:
                    told.append((criterion, share, likely))
        return tuple(told)


def _bound_words(
    weighed: Mapping[str | tuple[str, str], Iterable[tuple[Classifier, float]]],
) -> dict[str, float]:
    """Return the most that each word can do for an answer of any model, by itself and with the word behind it."""
    alone: dict[str, float] = {}
    paired: dict[str, float] = {}
    for name, models in weighed.items():
        most, first = (alone, name) if isinstance(name, str) else (paired, name[0])
        most[first] = max(most.get(first, 0.0), *(lead for _, lead in models))
    return {word: alone.get(word, 0.0) + paired.get(word, 0.0) for word in alone | paired}


def _lead_of(model: Classifier, weights: Sequence[float]) -> float:
    """Return by how much the largest weight of an answer exceeds that of none; infinity where there is no such outcome."""
    if UNANSWERED not in model.outcomes:
        return math.inf
    silent = model.outcomes.index(UNANSWERED)
    return max((weight for at, weight in enumerate(weights) if at != silent), default=0.0) - weights[silent]


def classify(model: Classifier, features: Mapping[str, float]) -> dict[str, float]:
    """Return the probability of each outcome of a model."""
    scores = list(model.intercepts)
    for name, value in features.items():
        if name in model.features:
            most, *weights = model.features[name]
            known = min(most, value)
            scores = [score + weight * known for score, weight in zip(scores, weights, strict=True)]
    largest = max(scores)
    odds = [math.exp(score - largest) for score in scores]
    total = sum(odds)
    return {outcome: one / total for outcome, one in zip(model.outcomes, odds, strict=True)}
