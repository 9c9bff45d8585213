"""What questions show by themselves: whether they are questions at all, and whether each says enough to be answered."""

from __future__ import annotations

from collections import defaultdict

from ragortune.evidence.measurements.duplicates import split_words
from ragortune.evidence.measurements.identifiers import show_texts
from ragortune.evidence.measurements.questions import Question, Questions
from ragortune.evidence.measurements.sampling import LEAST, bound_share
from ragortune.evidence.measurements.shape import asks, describe_shape, measure_form
from ragortune.model.measurements import Measurement
from ragortune.support.record import NOTHING

_ASKING = 0.6
_LABELS = 0.3
"""Fewer different answers than this share of the questions are labels."""
_UNCLEAR = 0.1


def measure_kind(questions: Questions) -> Measurement:
    """Return how many of the rows ask something, and whether answering questions is what the system does."""
    rows = questions.rows
    asking = sum(asks(row.text) for row in rows)
    answers = [row.answers[0].casefold() for row in rows if row.answers]
    ask = len(rows) >= LEAST and asking >= _ASKING * len(rows)
    differ = len(set(answers)) > _LABELS * len(answers)
    return Measurement(
        "questions.kind",
        f"{asking / len(rows):.0%} of {len(rows):,} rows ask a question",
        "a question mark, or a question word at the start",
        len(rows),
        "questions",
        answers={"task.kind": "question_answering"} if ask and differ else NOTHING,
        figures={"question_share": round(asking / len(rows), 3), "answered": len(answers)},
        interval=bound_share(asking, len(rows)),
        notes=(f"read as {questions.form}",),
    )


def measure_answers(questions: Questions) -> tuple[Measurement, ...]:
    """Return the form of the reference answers, nothing where there are too few."""
    pairs = {row.text: row.written or row.answers[0] for row in questions.rows if row.answers}
    return measure_form(describe_shape(list(pairs.items())), "questions") if len(pairs) >= LEAST else ()


def measure_scope(questions: Questions) -> Measurement:
    """Return the share of questions that are asked elsewhere too, in the same words, and have another answer there."""
    groups: defaultdict[tuple[str, ...], list[Question]] = defaultdict(list)
    for row in questions.rows:
        if row.answers:
            groups[tuple(split_words(row.text))].append(row)
    differing = [rows for rows in groups.values() if _differ(rows)]
    count, unclear = (sum(map(len, found)) for found in (groups.values(), differing))
    share = unclear / max(count, 1)
    fault = share >= _UNCLEAR
    advice = "such questions do not say for which document, customer or date they are asked; retrieval needs it as a filter"
    return Measurement(
        "questions.scope",
        f"{share:.0%} of {count:,} questions are asked elsewhere in the same words with another answer",
        "equal questions, case and punctuation aside, none of whose answers holds the other",
        count,
        "questions with answers",
        figures={"under_specified": round(share, 3), "different": len(groups)},
        interval=bound_share(unclear, count),
        notes=(advice,) if fault else (),
        examples=show_texts(rows[0].text for rows in differing),
        fault=fault,
    )


def _differ(rows: list[Question]) -> bool:
    """Return whether two of the rows have answers of which none is part of the other's."""
    first, *others = ({" ".join(split_words(answer)) for answer in row.answers} for row in rows)
    return any(not any(one in two or two in one for one in first for two in other) for other in others)
