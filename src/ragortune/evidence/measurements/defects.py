"""What is wrong with training examples, and how many of them are left."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from ragortune.evidence.measurements.duplicates import find_near_duplicates, split_words
from ragortune.evidence.measurements.example_files import Example, Examples, checksum
from ragortune.evidence.measurements.identifiers import mask_identifiers
from ragortune.evidence.measurements.intervals import bound_share
from ragortune.model.measurements import MOST_EXAMPLES, Measurement
from ragortune.support.record import Record
from ragortune.support.text import clean_line, count_words

FAULTS: Mapping[str, str] = {
    "last_not_assistant": "last message is not the assistant's",
    "no_user": "no message of a user",
    "unknown_role": "a role that no vendor knows",
    "undeclared_tool": "calls a tool that the row does not declare",
    "broken_arguments": "arguments of a call are not a JSON object",
    "double_encoded": "arguments of a call are JSON inside a JSON text",
    "empty_input": "empty input",
    "empty_output": "empty output",
    "too_long": "longer than 65,536 tokens",
    "degenerate": "repeats itself over and over",
    "refusal": "output is a refusal",
}
"""What can be wrong with a row by itself, by name, in words."""
_USABLE = {"refusal"}
"""Worth a look, but may be meant."""
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


class Usable(Record, frozen=True):
    """What is left of a sample once faults and repetitions are taken out."""

    kept: tuple[Example, ...]
    repeated: tuple[tuple[Example, Example], ...]
    """Examples that are nearly the same as an earlier one, behind it."""
    exact: int
    """How many of them are the same to the letter, case and punctuation aside."""


def find_usable(examples: Examples) -> Usable:
    """Return the examples of the sample that are fit for training and no repetition of another."""
    sound = [example for example in examples.sample if not set(example.faults) - _USABLE]
    texts = [f"{example.input}\n{example.output}" for example in sound]
    pairs = find_near_duplicates(texts)
    originals = {second: first for first, second in reversed(pairs)}
    exact = len(texts) - len({tuple(split_words(text)) for text in texts})
    kept = tuple(example for index, example in enumerate(sound) if index not in originals)
    return Usable(
        kept, tuple((sound[first], sound[second]) for second, first in sorted(originals.items())), exact
    )


def find_contradictions(examples: Iterable[Example], shape: str) -> list[list[Example]]:
    """Return groups of examples with one input and different outputs, if the shape of the task allows one output only."""
    groups: defaultdict[tuple[str, ...], list[Example]] = defaultdict(list)
    for example in examples if shape in _CONTRADICTABLE else ():
        groups[*split_words(example.instruction), "", *split_words(example.input)].append(example)
    return [group for group in groups.values() if len({tuple(split_words(row.output)) for row in group}) > 1]


def measure_usable(
    examples: Examples, usable: Usable, contradictions: Sequence[Sequence[Example]]
) -> Measurement:
    """Return how many examples can be used and how good they are, from what is wrong with them."""
    sampled = max(len(examples.sample), 1)
    unusable = sum(bool(set(example.faults) - _USABLE) for example in examples.sample)
    contradictory = sum(map(len, contradictions))
    shares = {
        "unusable": unusable / sampled,
        "contradictory": contradictory / sampled,
        "repeated": len(usable.repeated) / sampled,
    }
    count = round(examples.rows * len(usable.kept) / sampled)
    whole = examples.share == 1
    low, high = (round(examples.rows * bound) for bound in bound_share(len(usable.kept), sampled))
    quality = _judge_quality(shares, count)
    found = [
        *(
            f"{count_words(number, 'row')}: {FAULTS[fault]}"
            for fault, number in sorted(examples.faults.items())
        ),
        *([f"{count_words(contradictory, 'row')}: same input, different outputs"] if contradictory else []),
        *(
            [f"{count_words(len(usable.repeated), 'row')}: the same as another or nearly so"]
            if usable.repeated
            else []
        ),
    ]
    mixed = ", ".join(f"{rows:,} {form}" for form, rows in examples.forms.items())
    return Measurement(
        probe="examples.usable",
        says=f"{'' if whole else 'about '}{count:,} usable, distinct examples in {examples.rows:,} rows"
        f" of {examples.form}; quality {quality}",
        method="validity of each row, then near-duplicates by pairs of words (Jaccard 0.8), shared template left out",
        count=len(examples.sample),
        of="rows",
        answers={"data.examples": count if whole else {"from": low, "to": high}, "data.quality": quality},
        figures={
            "rows": examples.rows, "usable": count, "form": examples.form, "forms": dict(examples.forms),
            "exact_duplicates": usable.exact, "near_duplicates": len(usable.repeated) - usable.exact,
            **{f"share_{name}": round(share, 4) for name, share in shares.items()}, **examples.faults,
        },
        interval=None if whole else (low, high),
        notes=(
            *found,
            *([f"the file mixes forms: {mixed}"] if len(examples.forms) > 1 else []),
            *([] if whole else [f"a sample of {sampled:,} rows, {examples.share:.2%} of all inputs"]),
            *examples.notes,
            f"{QUALITY_RULE}; whether the outputs are right was not looked at",
        ),
        examples=_show_worst(examples, usable, contradictions),
        fault=quality != "good" or bool(contradictions) or bool(examples.faults) or len(examples.forms) > 1,
    )  # fmt: skip


def _judge_quality(shares: Mapping[str, float], count: int) -> str:
    if count < LEAST_ROWS or any(shares[name] > most for name, most in _POOR.items()):
        return "poor"
    return "fair" if any(shares[name] > most for name, most in _FAIR.items()) else "good"


def _show_worst(
    examples: Examples, usable: Usable, contradictions: Sequence[Sequence[Example]]
) -> tuple[str, ...]:
    """Return one case of each kind of defect, the gravest first, as many as are shown."""
    faulty = next((row for row in examples.sample if row.faults), None)
    cases = [
        *(
            [
                f"line {faulty.line}, {FAULTS[faulty.faults[0]]}: {show_text(faulty.output.strip() or faulty.input)}"
            ]
            if faulty
            else []
        ),
        *(
            f"lines {group[0].line} and {other.line} contradict each other: {show_text(group[0].input)}"
            for group in contradictions[:1]
            for other in [
                next(row for row in group if split_words(row.output) != split_words(group[0].output))
            ]
        ),
        *(
            f"lines {first.line} and {second.line} say the same: {show_text(second.input or second.output)}"
            for first, second in usable.repeated[:1]
        ),
    ]
    return tuple(cases[:MOST_EXAMPLES])


def show_text(text: str) -> str:
    """Return the beginning of an example's text, fit to be shown."""
    return clean_line(mask_identifiers(text[:400]), 80)


def measure_leakage(examples: Examples, test: Examples) -> Measurement:
    """Return how many rows of the test file are in the training file too, exactly or nearly, and so whether it is held out."""
    covered = [example for example in test.sample if checksum(example) < examples.share * 2**32]
    inputs = [example.input or example.output for example in itertools.chain(examples.sample, covered)]
    start = len(examples.sample)
    pairs = [(first, second) for first, second in find_near_duplicates(inputs) if first < start <= second]
    leaked = len({second for _, second in pairs})
    share = leaked / max(len(covered), 1)
    low, high = bound_share(leaked, len(covered))
    level = _level_of_test(test.rows, share)
    shown = [f"line {covered[second - start].line} is line {examples.sample[first].line} of the examples: "
             f"{show_text(inputs[second])}" for first, second in pairs[:MOST_EXAMPLES]]  # fmt: skip
    return Measurement(
        probe="examples.leakage",
        says=f"{leaked:,} of {len(covered):,} test rows ({share:.1%}) stand in the training data",
        method="near-duplicates of inputs between the two files by pairs of words (Jaccard 0.8)",
        count=len(covered),
        of="test rows",
        answers={"readiness.evaluation": level},
        figures={"leaked": leaked, "share": round(share, 4), "test_rows": test.rows},
        interval=(low, high),
        reason=""
        if level
        else f"over {_TEST_LEAKAGE:.0%} of the test rows are trained on; take them out of either file",
        notes=(*test.notes, *([f"fewer than {LEAST_TEST_ROWS} test rows"] if level == "informal" else [])),
        examples=tuple(shown),
        fault=level is None,
    )


def _level_of_test(rows: int, leakage: float) -> str | None:
    if leakage > _TEST_LEAKAGE:
        return None
    return "held_out" if rows >= LEAST_TEST_ROWS else "informal"
