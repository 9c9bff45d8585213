"""What a file of training examples shows: what is wrong with them, how many are left, what they would teach."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from ragortune.evidence.measurements.duplicates import find_near_duplicates, split_words
from ragortune.evidence.measurements.example_files import Example, Examples
from ragortune.evidence.measurements.learning import measure_learning
from ragortune.evidence.measurements.sampling import LEAST, bound_share
from ragortune.evidence.measurements.secret_scan import measure_secrets, show_text
from ragortune.evidence.measurements.shape import describe_shape, measure_form
from ragortune.model.measurements import MOST_EXAMPLES, Measurement, Progress
from ragortune.support.text import count_words

FAULTS: Mapping[str, str] = {
    "last_not_assistant": "last message is not the assistant's",
    "no_user": "no message of a user",
    "unknown_role": "a role that no vendor knows",
    "broken_arguments": "arguments of a call are not a JSON object",
    "empty_input": "empty input",
    "empty_output": "empty output",
    "too_long": "longer than 65,536 tokens",
    "degenerate": "repeats itself over and over",
}
"""What can be wrong with a row by itself, by name, in words."""
LEAST_ROWS = 10
"""OpenAI starts no fine-tuning job with fewer."""
LEAST_TEST_ROWS = 50
_TEST_LEAKAGE = 0.05
"""Share of test rows in the training data, or nearly so, that leaves a test file held out; well-kept public sets have up to 4%."""
_CONTRADICTABLE = {"label", "json", "short_answer"}
"""Shapes of which one input has one right output; of other tasks several outputs are several good ones."""

_POOR = {"unusable": 0.10, "contradictory": 0.05, "repeated": 0.30}
_FAIR = {"unusable": 0.02, "contradictory": 0.01, "repeated": 0.10}
QUALITY_RULE = (
    "poor: over 10% unusable, 5% contradictory or 30% repeated rows, or fewer than 10 usable; "
    "fair: over 2%, 1% or 10%; good: less"
)

Pairs = tuple[tuple[Example, Example], ...]


def measure_examples(
    examples: Examples, test: Examples | None, progress: Progress
) -> tuple[Measurement, ...]:
    """Return what training examples show, also in comparison with those of a test file, if there is one."""
    progress("looking for defects and duplicates among the examples")
    usable = _find_usable(examples)
    first: dict[tuple[str, ...], Example] = {}
    for example in usable.kept:
        first.setdefault(tuple(split_words(f"{example.instruction} {example.input}")), example)
    distinct = list(first.values())
    pairs = [(f"{example.instruction}\n{example.input}", example.output) for example in distinct]
    shape = describe_shape(pairs, sum(example.calls for example in distinct))
    measured = [_measure_usable(examples, usable, _find_contradictions(examples.sample, shape.kind))]
    if test is not None:
        progress("comparing the examples with the test file")
        measured.append(_measure_leakage(examples, test))
    measured += measure_form(shape)
    rows = [(example.input, " ".join(example.output.split()).casefold()) for example in distinct]
    if shape.kind == "label" and len(rows) >= LEAST and len({label for _, label in rows}) > 1:
        progress("training a small classifier on the examples")
        measured.append(measure_learning(rows))
    texts = [f"{row.instruction}\n{row.input}\n{row.output}" for row in examples.sample]
    return (*measured, measure_secrets(texts, "examples", "examples"))


# --- defects ------------------------------------------------------------------------------------------------------


class Usable(NamedTuple):
    """What is left of a sample once faults and repetitions are taken out."""

    kept: tuple[Example, ...]
    repeated: Pairs
    """Examples that are nearly the same as an earlier one, behind it."""
    exact: int
    """How many of them are the same to the letter, case and punctuation aside."""


def _find_usable(examples: Examples) -> Usable:
    """Return the examples of the sample that are fit for training and no repetition of another."""
    sound = [example for example in examples.sample if not example.faults]
    texts = [f"{example.input}\n{example.output}" for example in sound]
    originals = {second: first for first, second in reversed(find_near_duplicates(texts))}
    kept = tuple(example for index, example in enumerate(sound) if index not in originals)
    repeated = tuple((sound[first], sound[second]) for second, first in sorted(originals.items()))
    return Usable(kept, repeated, len(texts) - len({tuple(split_words(text)) for text in texts}))


def _find_contradictions(examples: Iterable[Example], shape: str) -> Pairs:
    """Return examples whose output differs from that of the first one with their input, behind it.

    There are none where the shape of the task allows several outputs.
    """
    first: dict[tuple[str, ...], Example] = {}
    pairs = []
    for example in examples if shape in _CONTRADICTABLE else ():
        key = (*split_words(example.instruction), "", *split_words(example.input))
        other = first.setdefault(key, example)
        if split_words(other.output) != split_words(example.output):
            pairs.append((other, example))
    return tuple(pairs)


def _measure_usable(examples: Examples, usable: Usable, contradictions: Pairs) -> Measurement:
    """Return how many examples can be used and how good they are, from what is wrong with them."""
    sampled = len(examples.sample)
    counts = {
        "unusable": sum(bool(example.faults) for example in examples.sample),
        "contradictory": len({example.line for pair in contradictions for example in pair}),
        "repeated": len(usable.repeated),
    }
    shares = {name: count / sampled for name, count in counts.items()}
    count = round(examples.rows * len(usable.kept) / sampled)
    whole = sampled == examples.rows
    low, high = (round(examples.rows * bound) for bound in bound_share(len(usable.kept), sampled))
    quality = _judge_quality(shares, count)
    return Measurement(
        probe="examples.usable",
        says=f"{'' if whole else 'about '}{count:,} usable, distinct examples in {examples.rows:,} rows"
        f" of {examples.form}; quality {quality}",
        method="validity of each row, then near-duplicates by pairs of words (Jaccard 0.8), shared template left out",
        count=sampled,
        of="examples",
        answers={"data.examples": count if whole else {"from": low, "to": high}, "data.quality": quality},
        figures={
            "rows": examples.rows, "usable": count, "form": examples.form, "forms": dict(examples.forms),
            "exact_duplicates": usable.exact, "near_duplicates": len(usable.repeated) - usable.exact,
            **{f"share_{name}": round(share, 4) for name, share in shares.items()}, **examples.faults,
        },
        interval=None if whole else (low, high),
        notes=(*_list_notes(examples, counts), *examples.notes, QUALITY_RULE),
        examples=tuple(_show_worst(examples, usable, contradictions)),
        fault=quality != "good" or bool(contradictions) or bool(examples.faults) or len(examples.forms) > 1,
    )  # fmt: skip


def _judge_quality(shares: Mapping[str, float], count: int) -> str:
    if count < LEAST_ROWS or any(shares[name] > most for name, most in _POOR.items()):
        return "poor"
    return "fair" if any(shares[name] > most for name, most in _FAIR.items()) else "good"


def _list_notes(examples: Examples, counts: Mapping[str, int]) -> Iterator[str]:
    for fault, number in sorted(examples.faults.items()):
        yield f"{count_words(number, 'row')}: {FAULTS[fault]}"
    if counts["contradictory"]:
        yield f"{count_words(counts['contradictory'], 'row')}: same input, different outputs"
    if counts["repeated"]:
        yield f"{count_words(counts['repeated'], 'row')}: the same as another or nearly so"
    if len(examples.forms) > 1:
        yield f"the file mixes forms: {', '.join(f'{rows:,} {form}' for form, rows in examples.forms.items())}"
    if len(examples.sample) < examples.rows:
        yield f"a sample of {len(examples.sample):,} of {examples.rows:,} rows"


def _show_worst(examples: Examples, usable: Usable, contradictions: Pairs) -> Iterator[str]:
    """Yield one case of each kind of defect, the gravest first."""
    for row in [row for row in examples.sample if row.faults][:1]:
        yield f"line {row.line}, {FAULTS[row.faults[0]]}: {show_text(row.output.strip() or row.input)}"
    for one, other in contradictions[:1]:
        yield f"lines {one.line} and {other.line} contradict each other: {show_text(one.input)}"
    for one, other in usable.repeated[:1]:
        yield f"lines {one.line} and {other.line} say the same: {show_text(other.input or other.output)}"


def _measure_leakage(examples: Examples, test: Examples) -> Measurement:
    """Return how many rows of the test file are in the training file too, exactly or nearly, and so whether it is held out."""
    covered = [example for example in test.sample if examples.covers(example)]
    inputs = [example.input or example.output for example in itertools.chain(examples.sample, covered)]
    start = len(examples.sample)
    pairs = [(first, second) for first, second in find_near_duplicates(inputs) if first < start <= second]
    leaked = len({second for _, second in pairs})
    share = leaked / max(len(covered), 1)
    held_out, enough = share <= _TEST_LEAKAGE, test.rows >= LEAST_TEST_ROWS
    shown = [f"line {covered[second - start].line} is line {examples.sample[first].line} of the examples: "
             f"{show_text(inputs[second])}" for first, second in pairs[:MOST_EXAMPLES]]  # fmt: skip
    return Measurement(
        probe="examples.leakage",
        says=f"{leaked:,} of {len(covered):,} test rows ({share:.1%}) are in the training data, too",
        method="near-duplicates of inputs between the two files by pairs of words (Jaccard 0.8)",
        count=len(covered),
        of="test rows",
        answers={"readiness.evaluation": None if not held_out else "held_out" if enough else "informal"},
        figures={"leaked": leaked, "share": round(share, 4), "test_rows": test.rows},
        interval=bound_share(leaked, len(covered)),
        reason=""
        if held_out
        else f"over {_TEST_LEAKAGE:.0%} of the test rows are trained on; take them out of either file",
        notes=(*test.notes, *(() if enough else (f"fewer than {LEAST_TEST_ROWS} test rows",))),
        examples=tuple(shown),
        fault=not held_out,
    )
