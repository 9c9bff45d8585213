"""Measurements of training examples: their faults, how many are usable, and what they would teach."""

from __future__ import annotations

import itertools
import math
import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ragortune.evidence.measurements.duplicates import digest_words, find_near_duplicates, split_words
from ragortune.evidence.measurements.example_files import Example, Examples
from ragortune.evidence.measurements.sampling import MIN_SAMPLE, bound_share, draw_sample, rank_text
from ragortune.evidence.measurements.secret_scan import measure_secrets, show_text
from ragortune.evidence.measurements.shape import describe_shape, measure_form
from ragortune.model.measurements import MAX_EXAMPLES, Measurement, Progress
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
    "contradictory": "same input, different outputs",
    "repeated": "the same as another or nearly so",
}
"""Faults of rows, by name, in words."""
MIN_ROWS = 10
"""OpenAI starts no fine-tuning job with fewer."""
MIN_TEST_ROWS = 50
_TEST_LEAKAGE = 0.05
"""Share of test rows (near-duplicates included) in the training data up to which a test file is held out; careful public
sets have up to 4%."""
_CONTRADICTABLE = {"label", "json", "short_answer"}
"""Shapes for which an input has one correct output; for others, different outputs may all be good."""

_LIMITS = {
    "poor": {"unusable": 0.10, "contradictory": 0.05, "repeated": 0.30},
    "fair": {"unusable": 0.02, "contradictory": 0.01, "repeated": 0.10},
}
QUALITY_RULE = (
    "poor: over 10% unusable, 5% contradictory or 30% repeated rows, or fewer than 10 usable; "
    "fair: over 2%, 1% or 10%; good: less"
)

_SIGNED = re.compile(r"[^\W_]+|(?<!\w)[-\u2212](?=[\d.])|[+#<>=]")
"""Words, and signs that tell labels apart."""

Pairs = tuple[tuple[Example, Example], ...]


def measure_examples(
    examples: Examples, test: Examples | None, progress: Progress
) -> tuple[Measurement, ...]:
    """Return the measurements of training examples, with their leakage into the test examples if there are any."""
    progress("looking for defects and duplicates among the examples")
    usable, repeated = _find_usable(examples)
    first: dict[bytes, Example] = {}
    for example in usable:
        first.setdefault(digest_words(split_words(f"{example.instruction} {example.input}")), example)
    distinct = list(first.values())
    pairs = [(f"{example.instruction}\n{example.input}", example.output) for example in distinct]
    shape = describe_shape(pairs, sum(example.calls for example in distinct))
    contradictions = _find_contradictions(examples.sample, shape.kind)
    measured = [_measure_usable(examples, len(usable), repeated, contradictions)]
    if test is not None:
        progress("comparing the examples with the test file")
        measured.append(_measure_leakage(examples, test))
    measured += measure_form(shape)
    rows = [(example.input, " ".join(example.output.split()).casefold()) for example in distinct]
    if shape.kind == "label" and len(rows) >= MIN_SAMPLE and len({label for _, label in rows}) > 1:
        progress("training a small classifier on the examples")
        measured.append(measure_learning(rows))
    texts = (f"{row.instruction}\n{row.input}\n{row.output}" for row in examples.sample)
    return (*measured, measure_secrets(texts, "examples"))


# --- defects ------------------------------------------------------------------------------------------------------


def _find_usable(examples: Examples) -> tuple[list[Example], Pairs]:
    """Return the distinct examples of the sample that are fit for training, and pairs of one and a later near-duplicate."""
    sound = [example for example in examples.sample if not example.faults]
    pairs = find_near_duplicates(map(_join_texts, sound))
    originals = {second: first for first, second in reversed(pairs)}
    kept = [example for index, example in enumerate(sound) if index not in originals]
    return kept, tuple((sound[first], sound[second]) for second, first in sorted(originals.items()))


def _join_texts(example: Example) -> str:
    return f"{example.input}\n{example.output}"


def _find_contradictions(examples: Iterable[Example], shape: str) -> Pairs:
    """Return pairs of the first sound example with an input and one with another output, if only one can be right."""
    first: dict[bytes, Example] = {}
    pairs = []
    sound = (example for example in examples if not example.faults)
    for example in sound if shape in _CONTRADICTABLE else ():
        key = digest_words([*split_words(example.instruction), "", *split_words(example.input)])
        other = first.setdefault(key, example)
        if _split_output(other.output) != _split_output(example.output):
            pairs.append((other, example))
    return tuple(pairs)


def _split_output(text: str) -> list[str]:
    """Return the words of an output with signs, as `1` is not `-1` and `C` not `C++`; of emoji the text itself."""
    return _SIGNED.findall(text.casefold()) or [text.strip()]


def _measure_usable(examples: Examples, usable: int, repeated: Pairs, contradictions: Pairs) -> Measurement:
    """Return the number of usable examples and their quality, which follows from the shares of faulty ones."""
    sampled = len(examples.sample)
    counts = {
        "unusable": sum(bool(example.faults) for example in examples.sample),
        "contradictory": len({example.line for pair in contradictions for example in pair}),
        "repeated": len(repeated),
    }
    shares = {name: count / sampled for name, count in counts.items()}
    count = round(examples.rows * usable / sampled)
    whole = sampled == examples.rows
    low, high = (round(examples.rows * bound) for bound in bound_share(usable, sampled))
    judged = (level for level, most in _LIMITS.items() if any(shares[name] > most[name] for name in most))
    quality = "poor" if count < MIN_ROWS else next(judged, "good")
    exact = sum(split_words(_join_texts(one)) == split_words(_join_texts(other)) for one, other in repeated)
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
            "exact_duplicates": exact, "near_duplicates": len(repeated) - exact,
            **{f"share_{name}": round(share, 4) for name, share in shares.items()}, **examples.faults,
        },
        interval=None if whole else (low, high),
        notes=(*_list_notes(examples, counts), *examples.notes, QUALITY_RULE),
        examples=tuple(_show_worst(examples, repeated, contradictions)),
        fault=quality != "good" or bool(contradictions) or bool(examples.faults) or len(examples.forms) > 1,
    )  # fmt: skip


def _list_notes(examples: Examples, counts: Mapping[str, int]) -> Iterator[str]:
    between = [(fault, number) for fault, number in counts.items() if number and fault in FAULTS]
    for fault, number in (*sorted(examples.faults.items()), *between):
        yield f"{count_words(number, 'row')}: {FAULTS[fault]}"
    if len(examples.forms) > 1:
        yield f"the file mixes forms: {', '.join(f'{rows:,} {form}' for form, rows in examples.forms.items())}"


def _show_worst(examples: Examples, repeated: Pairs, contradictions: Pairs) -> Iterator[str]:
    """Yield one example of each kind of fault, the gravest first."""
    for row in [row for row in examples.sample if row.faults][:1]:
        yield f"line {row.line}, {FAULTS[row.faults[0]]}: {show_text(row.output.strip() or row.input)}"
    for one, other in contradictions[:1]:
        yield f"lines {one.line} and {other.line} contradict each other: {show_text(one.input)}"
    for one, other in repeated[:1]:
        yield f"lines {one.line} and {other.line} say the same: {show_text(other.input or other.output)}"


def _measure_leakage(examples: Examples, test: Examples) -> Measurement:
    """Return how many test rows have a near-duplicate in the training file, and whether the test file is held out."""
    covered = [example for example in test.sample if examples.covers(example)]
    inputs = [example.input or example.output for example in itertools.chain(examples.sample, covered)]
    start = len(examples.sample)
    origins: dict[int, int] = {}  # of a test row: the training row that it or the test row it copies is like
    for first, second in find_near_duplicates(inputs):
        if second >= start and (origin := first if first < start else origins.get(first)) is not None:
            origins.setdefault(second, origin)
    leaked = len(origins)
    share = leaked / max(len(covered), 1)
    distinct = len({example.key for example in test.sample})
    held_out, enough = share <= _TEST_LEAKAGE, distinct >= MIN_TEST_ROWS
    shown = (
        f"line {covered[second - start].line} is line {examples.sample[first].line} of the examples: {show_text(inputs[second])}"
        for second, first in itertools.islice(origins.items(), MAX_EXAMPLES)
    )
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
        notes=(*test.notes, *(() if enough else (f"fewer than {MIN_TEST_ROWS} distinct test rows",))),
        examples=tuple(shown),
        fault=not held_out,
    )


# --- a small classifier -------------------------------------------------------------------------------------------

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
    """Return the size of the training sets, a share of the rows outside each fold; correct predictions; rows predicted."""
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
    """Yield the label of each unseen text by naive Bayes, a linear classifier that is fitted by counting."""
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
