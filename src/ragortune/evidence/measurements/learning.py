"""The accuracy of a small classifier on labelled examples, and whether more examples would raise it."""

from __future__ import annotations

import itertools
import math
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from ragortune.evidence.measurements.duplicates import split_words
from ragortune.evidence.measurements.sampling import bound_share, draw_sample, rank_text
from ragortune.model.measurements import Measurement

Features = Sequence[int]
"""Distinct features in the order of the text, each as a number, because texts take many times the memory."""

_FOLDS = 5
_SEED = 20_240_502
_SHARES = (0.4, 1.0)
_MAX_TRAINED, _MAX_JUDGED = 10_000, 1_000
_SMOOTHING = 0.1
_NGRAM = 4
_MAX_WORDS = 150
"""Words of a text that are used; its beginning shows what it is about."""
_ENOUGH, _ENOUGH_AT_LEAST = 0.9, 0.85
_STILL_RISING = 0.03


def measure_learning(rows: Sequence[tuple[str, str]]) -> Measurement:
    """Return how well labels can be learnt from texts, by five-fold cross-validation with a fixed seed.

    It takes at least ten rows and two labels. Texts must be distinct: a copy in another fold would leak its label.
    """
    sample = draw_sample(rows, _MAX_TRAINED, _SEED)
    shuffled = [(_find_features(text), label) for text, label in sample]
    (few, hits, judged), (many, best, _) = (_cross_validate(shuffled, share) for share in _SHARES)
    before, accuracy = hits / judged, best / judged
    low, high = bound_share(best, judged)
    majority = Counter(label for _, label in rows).most_common(1)[0][1] / len(rows)
    learnt, enough = low > majority, accuracy >= _ENOUGH and low >= _ENOUGH_AT_LEAST
    verdict = "; neither retrieval nor fine-tuning is needed for it" if enough else ""
    verdict = verdict if learnt else "; no better than always saying the commonest label"
    rising = f"still rising, from {before:.0%} with {few:,} examples to {accuracy:.0%} with {many:,}: more would help"
    return Measurement(
        probe="examples.classifier",
        says=f"a linear classifier reaches {accuracy:.0%} (commonest label: {majority:.0%}){verdict}",
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
    """Return the words of a text, its word pairs, and character 4-grams, which cover unseen words."""
    words = split_words(text)[:_MAX_WORDS]
    padded = [f" {word} " for word in words]
    grams = (word[at : at + _NGRAM] for word in padded for at in range(max(len(word) - _NGRAM + 1, 1)))
    texts = itertools.chain(words, map(" ".join, itertools.pairwise(words)), grams)
    return array("I", dict.fromkeys(map(rank_text, texts)))


def _cross_validate(rows: list[tuple[Features, str]], share: float) -> tuple[int, int, int]:
    """Return the size of the training sets, the correct predictions, and the rows predicted.

    A classifier is fitted to a share of the rows outside of each fold in turn, until enough rows are predicted.
    """
    trained = hits = judged = 0
    for fold in range(_FOLDS):
        training = [row for index, row in enumerate(rows) if index % _FOLDS != fold]
        trained = max(round(share * len(training)), 1)
        unseen = rows[fold::_FOLDS][: _MAX_JUDGED - judged]
        predicted = _classify(training[:trained], [features for features, _ in unseen])
        hits += sum(label == wanted for label, (_, wanted) in zip(predicted, unseen, strict=True))
        judged += len(unseen)
        if judged >= _MAX_JUDGED:
            break
    return trained, hits, judged


def _classify(rows: Sequence[tuple[Features, str]], unseen: Sequence[Features]) -> Iterator[str]:
    """Yield the most probable label of each unseen text by multinomial naive Bayes over distinct features.

    It is a linear classifier that is fitted by counting, here only the features that the unseen texts have.
    """
    labels = Counter(label for _, label in rows)
    needed = set(itertools.chain.from_iterable(unseen))
    counts: defaultdict[int, dict[str, int]] = defaultdict(dict)
    sizes: Counter[str] = Counter()
    for features, label in rows:
        sizes[label] += len(features)
        for feature in needed.intersection(features):
            counts[feature][label] = counts[feature].get(label, 0) + 1
    distinct = 0
    for part in range(8):  # an eighth of the distinct features is in memory at a time
        distinct += len({each for features, _ in rows for each in features if each % 8 == part})
    prior = {label: math.log(count) for label, count in sorted(labels.items())}
    cost = {label: math.log(size + _SMOOTHING * distinct) for label, size in sizes.items()}
    gain = [math.log(1 + count / _SMOOTHING) for count in range(max(labels.values()) + 1)]
    for features in unseen:
        known = [counts[feature] for feature in features if feature in counts]
        scores = {label: start - len(known) * cost[label] for label, start in prior.items()}
        for found in known:
            for label, count in found.items():
                scores[label] += gain[count]
        yield max(scores, key=scores.__getitem__)
