"""How far a small classifier gets on labelled examples, and whether more of them would help."""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Sequence

from ragortune.evidence.measurements.duplicates import split_words
from ragortune.evidence.measurements.sampling import bound_share, draw_sample
from ragortune.model.measurements import Measurement

Features = tuple[str, ...]
"""Each once, in the order of the text."""

_FOLDS = 5
_SEED = 20_240_502
_SHARES = (0.4, 1.0)
_MOST_TRAINED, _MOST_JUDGED = 10_000, 1_000
_SMOOTHING = 0.1
_RUN = 4
_MOST_WORDS = 150
"""So many words of a text are looked at; what a text is about shows in its beginning."""
_ENOUGH, _ENOUGH_AT_LEAST = 0.9, 0.85
_STILL_RISING = 0.03


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


def measure_learning(rows: Sequence[tuple[str, str]]) -> Measurement:
    """Return how well labels can be learnt, by five-fold cross-validation with a fixed seed.

    At least ten texts with two labels or more are needed, and none twice: a copy on both sides would be told by heart.
    """
    sample = draw_sample(rows, _MOST_TRAINED, _SEED)
    shuffled = [(_find_features(text), label) for text, label in sample]
    (few, hits, judged), (many, best, _) = (_cross_validate(shuffled, share) for share in _SHARES)
    before, accuracy = hits / judged, best / judged
    low, high = bound_share(best, judged)
    majority = Counter(label for _, label in rows).most_common(1)[0][1] / len(rows)
    learnt, enough = low > majority, accuracy >= _ENOUGH and low >= _ENOUGH_AT_LEAST
    verdict = "neither retrieval nor fine-tuning is needed for it" if enough else ""
    verdict = verdict if learnt else "no better than always saying the commonest label"
    rising = f"still rising, from {before:.0%} with {few:,} examples to {accuracy:.0%} with {many:,}: more would help"
    return Measurement(
        probe="examples.classifier",
        says=f"a linear classifier reaches {accuracy:.0%} (commonest label: {majority:.0%})"
        + (f"; {verdict}" if verdict else ""),
        method="naive Bayes on words and runs of letters, five-fold cross-validation with a fixed seed",
        count=judged,
        of="examples",
        figures={
            "accuracy": round(accuracy, 4),
            "majority": round(majority, 4),
            "curve": {str(few): round(before, 4), str(many): round(accuracy, 4)},
            "classifier_is_enough": enough,
        },
        interval=(low, high),
        notes=(
            *((rising,) if accuracy - before >= _STILL_RISING else ()),
            "a strong model usually does better than this classifier; logistic regression by some points",
        ),
        fault=not learnt,
    )


def _find_features(text: str) -> Features:
    """Return the words of a text, its pairs of neighbouring words, and runs of four letters for words not seen before."""
    words = split_words(text)[:_MOST_WORDS]
    padded = [f" {word} " for word in words]
    runs = (word[at : at + _RUN] for word in padded for at in range(max(len(word) - _RUN + 1, 1)))
    return tuple(dict.fromkeys(itertools.chain(words, map(" ".join, itertools.pairwise(words)), runs)))


def _cross_validate(rows: list[tuple[Features, str]], share: float) -> tuple[int, int, int]:
    """Return how many examples a classifier was trained on, a share of those outside of a fold, its hits, and the rows judged.

    Each fold in turn is judged, until enough rows are.
    """
    trained = hits = judged = 0
    for fold in range(_FOLDS):
        training = [row for place, row in enumerate(rows) if place % _FOLDS != fold]
        trained = max(round(share * len(training)), 1)
        classifier = Classifier(training[:trained])
        unseen = rows[fold::_FOLDS][: _MOST_JUDGED - judged]
        hits += sum(classifier.classify(features) == label for features, label in unseen)
        judged += len(unseen)
        if judged >= _MOST_JUDGED:
            break
    return trained, hits, judged
