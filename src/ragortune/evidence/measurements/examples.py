"""What a file of training examples shows: how many can be used, what task they are of, what they would teach."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from ragortune.evidence.measurements.defects import (
    find_contradictions,
    find_usable,
    measure_leakage,
    measure_usable,
)
from ragortune.evidence.measurements.duplicates import split_words
from ragortune.evidence.measurements.example_files import Example, Examples, read_examples
from ragortune.evidence.measurements.form import measure_form
from ragortune.evidence.measurements.identifiers import count_identifiers, count_secrets
from ragortune.evidence.measurements.intervals import bound_share
from ragortune.evidence.measurements.learning import Learning, measure_learning
from ragortune.evidence.measurements.shape import describe_shape
from ragortune.model.measurements import Measurement
from ragortune.support.text import join_words

__all__ = ["measure_examples", "read_examples"]

_LEAST_LABELLED = 30
_ENOUGH, _ENOUGH_AT_LEAST = 0.9, 0.85
_STILL_RISING = 0.03
_SHIFT = 0.1


def measure_examples(
    examples: Examples, test: Examples | None, progress: Callable[[str], None]
) -> tuple[Measurement, ...]:
    """Return what can be told from training examples, and from the test file beside them if there is one."""
    progress("looking for defects and duplicates")
    usable = find_usable(examples)
    distinct = _distinct(usable.kept)
    shape = describe_shape(
        [(f"{example.instruction}\n{example.input}", example.output) for example in distinct],
        sum(example.calls for example in distinct),
    )
    contradictions = find_contradictions(examples.sample, shape.kind)
    measured = [measure_usable(examples, usable, contradictions)]
    if test is not None:
        progress("comparing with the test file")
        measured.append(measure_leakage(examples, test))
    measured += measure_form(shape)
    rows, labels = _labelled(distinct), {example.output for example in distinct}
    if shape.kind == "label" and len(rows) >= _LEAST_LABELLED and len(labels) > 1:
        progress("training a small classifier")
        measured.append(_measure_learning(measure_learning(rows, _labelled(test.sample if test else ()))))
    measured += _measure_secrets(examples.sample)
    return tuple(measured)


def _distinct(examples: Sequence[Example]) -> list[Example]:
    """Return the first example of each input."""
    return list(
        {tuple(split_words(row.instruction + " " + row.input)): row for row in reversed(examples)}.values()
    )[::-1]


def _labelled(examples: Sequence[Example]) -> list[tuple[str, str]]:
    return [(example.input, " ".join(example.output.split()).casefold()) for example in examples]


def _measure_learning(learning: Learning) -> Measurement:
    hits = round(learning.accuracy * learning.judged)
    low, high = bound_share(hits, learning.judged)
    (few, before), (many, _) = learning.curve[0], learning.curve[-1]
    rise = learning.accuracy - before
    enough = learning.accuracy >= _ENOUGH and low >= _ENOUGH_AT_LEAST
    learnt = low > learning.majority
    gap = learning.accuracy - learning.test_accuracy if learning.test_accuracy is not None else None
    verdict = (
        "; neither retrieval nor fine-tuning is needed for it" if enough
        else "" if learnt else ", no better than always saying the commonest label"
    )  # fmt: skip
    notes = [
        *([f"still rising, from {before:.0%} with {few:,} examples to {learning.accuracy:.0%} with {many:,}: more examples would help"]
          if rise >= _STILL_RISING else []),
        *([f"{learning.test_accuracy:.0%} on the test file: it has other inputs or other labels than the examples"]
          if gap is not None and gap > _SHIFT else []),
        "a strong model usually does better than this classifier; logistic regression by some points",
    ]  # fmt: skip
    return Measurement(
        probe="examples.classifier",
        says=f"a linear classifier reaches {learning.accuracy:.0%} here (commonest label: {learning.majority:.0%}){verdict}",
        method="naive Bayes on words and runs of letters, five-fold cross-validation with a fixed seed",
        count=learning.judged,
        of="rows",
        figures={
            "accuracy": round(learning.accuracy, 4), "majority": round(learning.majority, 4),
            "macro_f1": round(learning.macro_f1, 4), "curve": {str(n): round(value, 4) for n, value in learning.curve},
            "test_accuracy": None if gap is None else round(learning.accuracy - gap, 4),
            "classifier_is_enough": enough,
        },
        interval=(low, high),
        notes=tuple(notes),
        fault=not learnt or (gap is not None and gap > _SHIFT),
    )  # fmt: skip


def _measure_secrets(examples: Sequence[Example]) -> list[Measurement]:
    """Return how many rows have keys or identifiers, if any have; what they are is never shown."""
    texts = (f"{row.instruction}\n{row.input}\n{row.output}" for row in examples)
    rows = Counter(kind for text in texts for kind in {*count_secrets(text), *count_identifiers(text)})
    if not rows:
        return []
    return [
        Measurement(
            probe="examples.secrets",
            says=f"rows with {join_words(f'{kind} ({count:,})' for kind, count in sorted(rows.items()))}",
            method="patterns with check digits; other kinds are not looked for",
            count=len(examples),
            of="rows",
            figures=dict(sorted(rows.items())),
            fault=True,
        )
    ]
