"""The open questions that a document leaves: those that tell most, as a person is asked, and the block to answer them in."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby

from ragortune.check.argument import DECISION_WORDS
from ragortune.engine.questions import list_askable
from ragortune.evidence.profile import UNKNOWN
from ragortune.evidence.quotes import BLOCK, find_block
from ragortune.model import Criterion, Recommendation
from ragortune.model.documents import DesignReading
from ragortune.model.findings import Step, StepKind
from ragortune.support.text import clean_text, join_words

_MOST_QUESTIONS = 3


def choose_questions(advice: Recommendation, left_out: Collection[str] = ()) -> tuple[Criterion, ...]:
    """Return the criteria whose answers are expected to tell most, at most three.

    Left out are some criteria by name, and those that tell little, by themselves or beside the first: a reviewer answers
    one question more readily than three.
    """
    askable = [question for question in list_askable(advice) if question.criterion not in left_out]
    if not askable:
        return ()
    least = max(advice.rulebook.scale.ask_from, askable[0].expected_gain / 2)
    worthwhile = [question.criterion for question in askable if question.expected_gain >= least]
    return tuple(advice.rulebook.criteria[name] for name in worthwhile[:_MOST_QUESTIONS])


def word_questions(questions: Sequence[Criterion]) -> str:
    """Return questions in a row, each with its criterion."""
    return "; ".join(f"{criterion.question} ({criterion.id})" for criterion in questions)


def show_questions(advice: Recommendation, questions: Sequence[Criterion]) -> Iterator[Step]:
    """Yield what is not known, with what its answer could still give."""
    could_give = {question.criterion: question.could_give for question in advice.unknowns or ()}
    for criterion in questions:
        could = join_words((DECISION_WORDS[option] for option in could_give[criterion.id]), "or")
        text = f"{criterion.id} is not known: {criterion.question} It could still give {could}."
        yield Step(StepKind.MISSING, text)


def write_questions(reading: DesignReading, questions: Sequence[Criterion]) -> str:
    """Return the `ragortune` block in which the questions are answered, ready to paste.

    Every answer is `unknown` until somebody writes one of the levels beside it. Where the document has a block already,
    these are the lines to add to it, because a second one is an error.
    """
    lines = ["profile:"]
    ordered = sorted(questions, key=lambda criterion: criterion.group)
    for group, criteria in groupby(ordered, lambda criterion: criterion.group):
        lines.append(f"  {group}:")
        for criterion in criteria:
            answers = join_words(criterion.level_ids, "or")
            answers += f", or a number of {criterion.unit}" if criterion.unit else ""
            answers += "; a list where several hold" if criterion.several else ""
            lines.append(f"    # {_one_line(criterion.question)}")
            lines.append(f"    {criterion.name}: {UNKNOWN}  # {_one_line(answers)}")
    if find_block(reading.lines) is None:
        decided = [f"decision: {reading.decision.option}"] if reading.decision else []
        lines = [f"```{BLOCK}", *decided, *lines, "```"]
    return "\n".join(lines)


def _one_line(text: str) -> str:
    """Return text of a rule pack as part of a comment, from which it cannot get out."""
    return " ".join(clean_text(text).replace("`", "'").split())
