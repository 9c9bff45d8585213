"""How far a small classifier gets on labelled examples, and whether more of them would help."""

from __future__ import annotations

import itertools
import math
import random
from collections import Counter, defaultdict
from collections.abc import Sequence

from ragortune.evidence.measurements.duplicates import split_words
from ragortune.support.record import Record

Labelled = tuple[str, str]
"""Text and label."""

_FOLDS = 5
_SEED = 20_240_502
_SHARES = (0.4, 1.0)
_MOST_TRAINED, _MOST_JUDGED = 10_000, 1_000
_SMOOTHING = 0.1
_RUN = 4

Features = tuple[str, ...]
"""Each once, in the order of the text."""
Verdict = tuple[str, str]
"""The true label and the given one."""


class Learning(Record, frozen=True):
    """What cross-validation of the classifier shows."""

    accuracy: float
    judged: int
    """Rows that were classified by a classifier that had not seen them."""
    majority: float
    """Accuracy of always saying the commonest label."""
    macro_f1: float
    curve: tuple[tuple[int, float], ...]
    """Accuracy by number of training examples."""
    test_accuracy: float | None = None
    test_rows: int = 0


class Classifier:
    """Naive Bayes over the features that a text has: a linear classifier that is built by counting."""

    def __init__(self, rows: Sequence[tuple[Features, str]]) -> None:
        """Take the training rows: features and label of each."""
        labels = Counter(label for _, label in rows)
        self._counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        sizes: Counter[str] = Counter()
        for features, label in rows:
            sizes[label] += len(features)
            for feature in features:
                self._counts[feature][label] += 1
        self._prior = {label: math.log(count) for label, count in sorted(labels.items())}
        self._cost = {label: math.log(size + _SMOOTHING * len(self._counts)) for label, size in sizes.items()}
        self._gain = [math.log(1 + count / _SMOOTHING) for count in range(max(labels.values()) + 1)]

    def classify(self, features: Features) -> str:
        """Return the likeliest label."""
        known = [self._counts[feature] for feature in features if feature in self._counts]
        scores = {label: prior - len(known) * self._cost[label] for label, prior in self._prior.items()}
        for counts in known:
            for label, count in counts.items():
                scores[label] += self._gain[count]
        return max(scores, key=scores.__getitem__)


def measure_learning(rows: Sequence[Labelled], test: Sequence[Labelled] = ()) -> Learning:
    """Return how well the labels can be learnt, by five-fold cross-validation with a fixed seed.

    Args:
        rows: at least ten, with at least two labels, no input twice: a copy on both sides would be told by heart.
        test: rows of the team's own test file.

    """
    dice = random.Random(_SEED)  # noqa: S311  (a sample, not a secret)
    shuffled = [
        (find_features(text), label) for text, label in dice.sample(rows, min(len(rows), _MOST_TRAINED))
    ]
    judged: list[Verdict] = []
    curve = []
    for share in _SHARES:
        trained, judged = _cross_validate(shuffled, share)
        curve.append((trained, _accuracy(judged)))
    tested = [(find_features(text), label) for text, label in dice.sample(test, min(len(test), _MOST_JUDGED))]
    verdicts = _judge(Classifier(shuffled), tested) if tested else []
    return Learning(
        _accuracy(judged), len(judged), Counter(label for _, label in rows).most_common(1)[0][1] / len(rows),
        _macro_f1(judged), tuple(curve), _accuracy(verdicts) if verdicts else None, len(verdicts),
    )  # fmt: skip


def find_features(text: str) -> Features:
    """Return the words of a text, its pairs of neighbouring words, and runs of four letters for words not seen before."""
    words = split_words(text)
    padded = [f" {word} " for word in words]
    runs = (word[at : at + _RUN] for word in padded for at in range(max(len(word) - _RUN + 1, 1)))
    return tuple(dict.fromkeys(itertools.chain(words, map(" ".join, itertools.pairwise(words)), runs)))


def _cross_validate(rows: list[tuple[Features, str]], share: float) -> tuple[int, list[Verdict]]:
    """Return how many examples a classifier was trained on, a share of those outside of a fold, and its verdicts.

    Each fold in turn is judged, until enough rows are.
    """
    verdicts: list[Verdict] = []
    trained = 0
    for fold in range(_FOLDS):
        training = [row for place, row in enumerate(rows) if place % _FOLDS != fold]
        trained = max(round(share * len(training)), 1)
        verdicts += _judge(Classifier(training[:trained]), rows[fold::_FOLDS][: _MOST_JUDGED - len(verdicts)])
        if len(verdicts) >= _MOST_JUDGED:
            break
    return trained, verdicts


def _judge(classifier: Classifier, rows: Sequence[tuple[Features, str]]) -> list[Verdict]:
    """Return the true and the given label of each row."""
    return [(label, classifier.classify(features)) for features, label in rows]


def _accuracy(verdicts: Sequence[Verdict]) -> float:
    return sum(true == given for true, given in verdicts) / max(len(verdicts), 1)


def _macro_f1(verdicts: Sequence[Verdict]) -> float:
    """Return the mean of the F1 of each label, so that rare labels count as much as common ones."""
    hits = Counter(true for true, given in verdicts if true == given)
    counts = Counter(itertools.chain.from_iterable(verdicts))
    return sum(2 * hits[label] / counts[label] for label in counts) / max(len(counts), 1)
