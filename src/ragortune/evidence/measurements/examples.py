"""What a file of training examples shows: how many can be used, what task they are of, what they would teach."""

from __future__ import annotations

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
from ragortune.evidence.measurements.identifiers import measure_secrets
from ragortune.evidence.measurements.intervals import LEAST
from ragortune.evidence.measurements.learning import measure_learning
from ragortune.evidence.measurements.shape import describe_shape
from ragortune.model.measurements import Measurement

__all__ = ["measure_examples", "read_examples"]


def measure_examples(
    examples: Examples, test: Examples | None, progress: Callable[[str], None]
) -> tuple[Measurement, ...]:
    """Return what training examples show.

    Args:
        examples: examples as they were read.
        test: those of the test file beside them, if there is one.
        progress: takes a line for each step.

    """
    progress("looking for defects and duplicates among the examples")
    usable = find_usable(examples)
    distinct = _find_distinct(usable.kept)
    shape = describe_shape(
        [(f"{example.instruction}\n{example.input}", example.output) for example in distinct],
        sum(example.calls for example in distinct),
    )
    measured = [measure_usable(examples, usable, find_contradictions(examples.sample, shape.kind))]
    if test is not None:
        progress("comparing the examples with the test file")
        measured.append(measure_leakage(examples, test))
    measured += measure_form(shape)
    rows = [(example.input, " ".join(example.output.split()).casefold()) for example in distinct]
    if shape.kind == "label" and len(rows) >= LEAST and len({label for _, label in rows}) > 1:
        progress("training a small classifier on the examples")
        measured.append(measure_learning(rows))
    texts = [f"{row.instruction}\n{row.input}\n{row.output}" for row in examples.sample]
    return (*measured, measure_secrets(texts, "examples", "examples"))


def _find_distinct(examples: Sequence[Example]) -> list[Example]:
    """Return the first example of each input."""
    first: dict[tuple[str, ...], Example] = {}
    for example in examples:
        first.setdefault(tuple(split_words(f"{example.instruction} {example.input}")), example)
    return list(first.values())
