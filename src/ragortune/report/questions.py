"""The next question and the criteria as JSON, for programs that ask in a dialogue of their own."""

from __future__ import annotations

from collections.abc import Iterable

from ragortune.interview import Interview, explain_question
from ragortune.model import Criterion
from ragortune.report.dialogue import word_advice, word_reason
from ragortune.report.machine import Json, describe_questions, show_probability

SCHEMA = "ragortune/question/1"
_NONE_LEFT = "No question that is left is worth asking for the advice."


def describe_next(interview: Interview) -> Json:
    """Return the question that tells most as JSON data; `question` is null where none is worth asking."""
    name = interview.wanted
    advice = interview.advice
    criterion = interview.rulebook.criteria[name] if name else None
    return {
        "schema": SCHEMA,
        "worth_asking": criterion is not None,
        "why": word_reason(interview, criterion) if criterion else _NONE_LEFT,
        "question": describe_criterion(criterion) if criterion else None,
        "answers": _describe_answers(interview, criterion) if criterion else [],
        "advice": {
            "said": word_advice(advice),
            "option": advice.option.value,
            "probability": show_probability(advice.probability),
            "firm": advice.firm,
            "settled": advice.settled,
        },
        "ranking": describe_questions(interview.ranking),
        "unknown": list(interview.unasked),
    }


def _describe_answers(interview: Interview, criterion: Criterion) -> list[Json]:
    """Return what each level as the answer would lead to."""
    return [
        {"level": own.level, "option": own.option.value, "probability": round(own.probability, 6)}
        for own in explain_question(interview, criterion)
    ]


def describe_criterion(criterion: Criterion) -> Json:
    """Return a criterion as JSON data: the question, how to find out the answer, and what answers it."""
    return {
        "criterion": criterion.id,
        "title": criterion.title,
        "question": criterion.question,
        "help": criterion.help,
        "levels": [{"level": level.id, "means": level.means} for level in criterion.levels],
        "several": criterion.several,
        "ordered": not criterion.nominal,
        "unit": criterion.unit,
    }


def describe_criteria(criteria: Iterable[Criterion]) -> list[Json]:
    """Return criteria as JSON data, in order."""
    return [describe_criterion(criterion) for criterion in criteria]
