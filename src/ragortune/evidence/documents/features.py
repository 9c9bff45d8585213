"""Documents and sentences as numbers, and the fitted models that tell from them what is decided or stated.

Of a document they count what the reader finds: topics, cues, wordings of approaches by where they stand, kinds of section
and of block, and what is said for and against each approach; of a sentence they are its words. Multinomial logistic
regressions, fitted on labelled documents, weigh them; their coefficients are data in `rules/language/`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

from ragortune.evidence.documents.assertion import Marked
from ragortune.evidence.documents.decision import Ledger
from ragortune.evidence.documents.language import Classifier, Topic
from ragortune.model import Option
from ragortune.model.documents import Block, SectionKind

UNANSWERED, UNKNOWN = "unanswered", "unknown_level"
"""What a fitted model tells of a sentence that does not answer its criterion, or with a level that is not known."""
_FRONT = frozenset((SectionKind.TITLE, SectionKind.SUMMARY, SectionKind.DECISION))


def measure_features(sentences: Sequence[Marked], ledgers: Mapping[Option, Ledger]) -> dict[str, float]:
    """Return the features of a document by name; those that are left out are 0."""
    counts: Counter[str] = Counter()
    front: Counter[str] = Counter()
    titled: set[Topic] = set()
    shapes: Counter[SectionKind | Block] = Counter()
    for marked in sentences:
        sentence, analysis = marked.sentence, marked.analysis
        counts.update(analysis.features)
        shapes.update((sentence.kind, sentence.block))
        if sentence.kind in _FRONT or sentence.block is Block.HEADING:
            front.update(analysis.features)
        if sentence.kind is SectionKind.TITLE:
            titled |= analysis.topics
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
    plain = [word for word in words if word[0].isalnum() or word[0] == "<"]
    return [*plain, *map(" ".join, pairwise(plain))]


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
