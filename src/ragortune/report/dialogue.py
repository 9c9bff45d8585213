"""The texts of the questionnaire as blocks, and the next question as JSON."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from ragortune.evidence.answers import accepted_words, choice_labels
from ragortune.evidence.profile import describe_answer
from ragortune.interview import Consequence, Interview, explain_question
from ragortune.model import Criterion, OpenQuestion, Option, Recommendation
from ragortune.report.blocks import Block, Break, Column, Paragraph, Style, Table, terms
from ragortune.report.headline import format_probability
from ragortune.report.shapes import Shares, fill, round_numbers
from ragortune.support.errors import RagortuneError
from ragortune.support.record import Record
from ragortune.support.text import count_words, join_words

_KEYS = "?: help   why: why this question   skip: nobody knows   back   stop"
_WORDS = (
    "The beginning of a name is enough; so is yes or no if a level's description begins so. '2,3' names several "
    "levels, 'weekly to daily' a range. 'skip' or 'don't know' leaves it unknown, which never counts as a no. 'why' "
    "explains why this is asked now, 'back' undoes the last answer, 'stop' ends with what is known. Every answer is saved "
    "at once."
)
_NOTHING_TO_ASK = "No open question is worth asking for the advice."
_MAX_NAMED = 5


def show_start(path: str, interview: Interview) -> list[Block]:
    """Return the opening: where answers are saved, and how many are known."""
    known = sum(name in interview.profile.levels for name in interview.rulebook.criteria)
    start = f"Going on with {path}: {count_words(known, 'answer')} known."
    return [Paragraph(f"{start if known else f'Answers are saved in {path}.'} Type ? for help.")]


def show_question(interview: Interview, criterion: Criterion) -> list[Block]:
    """Return the advice so far and a question with its levels."""
    labels = choice_labels(criterion)
    width = len(labels[-1])
    levels = tuple(
        (f"{label:>{width}}  {level.id}", level.means)
        for label, level in zip(labels, criterion.levels, strict=True)
    )
    note = f"or a number of {criterion.unit}" if criterion.unit else ""
    note = "all that hold, the main one first" if criterion.several else note
    return [
        Break(),
        Paragraph(format_advice(interview.advice), Style.NAME, "Advice so far  "),
        Break(),
        Paragraph(criterion.question, Style.STRONG, f"{interview.asked + 1}. "),
        Table((Column(), Column()), levels),
        *([Paragraph(note, lead=" " * (width + 4))] if note else ()),
        Break(),
        Paragraph(_KEYS, Style.ASIDE),
    ]


def show_help(criterion: Criterion) -> list[Block]:
    """Return how to find out the answer and what can be typed."""
    accepted = _sentence(accepted_words(criterion))
    rows = [("How to find out", criterion.help), ("What to type", accepted), ("", _WORDS)]
    return [Break(), terms(rows, None)]


def show_reason(interview: Interview, criterion: Criterion) -> list[Block]:
    """Return why a question is asked now and the advice that each level would lead to."""
    book = interview.rulebook
    leads = [
        (consequence.level, f"{consequence.option} {format_probability(book, consequence.probability)}")
        for consequence in explain_question(interview, criterion)
    ]
    reason = f"{format_reason(interview, criterion)} Each answer would lead to:"
    return [Break(), Paragraph(reason), terms(leads, None)]


def show_answer(interview: Interview, criterion: Criterion) -> list[Block]:
    """Return how an answer was understood."""
    several = len(interview.profile.levels.get(criterion.id, ())) > 1
    how = " (the main one first)" if criterion.several else " (one of these)"
    understood = describe_answer(interview.profile, criterion)
    return [Paragraph(f"{criterion.id}: {understood}{how if several else ''}", Style.GOOD, "  = ")]


def show_mistake(error: RagortuneError) -> list[Block]:
    """Return the error in an answer, with its hint."""
    hint = [Paragraph(_sentence(error.hint), lead="    ")] if error.hint else []
    return [Paragraph(_sentence(error.message), Style.WARNING, "  ! "), *hint]


def format_advice(advice: Recommendation) -> str:
    """Return the advice so far in a line: option, probability and firmness."""
    if advice.settled:
        state = "settled"
    elif advice.too_little_known:
        state = "the default, as too little is known" if advice.default else "too little is known"
    else:
        state = "firm" if advice.firm else "not firm"
    probability = format_probability(advice.rulebook, advice.probability[advice.option])
    return f"{advice.option} {probability}, {state}"


def format_end(interview: Interview, path: str) -> str:
    """Return how the questionnaire ended and how to continue."""
    advice = format_advice(interview.advice)
    if interview.wanted:
        return f"Stopped: {advice}. `ragortune ask {path}` goes on, next with {interview.wanted}."
    end = f"Done: {advice}. {_NOTHING_TO_ASK}"
    if not interview.unasked:
        return end
    unknown = join_words(interview.unasked, most=_MAX_NAMED)
    return f"{end} Still unknown: {unknown}; `ragortune ask --all {path}` asks for all of it."


def format_reason(interview: Interview, criterion: Criterion) -> str:
    """Return why a question is asked now."""
    ranked = [question.criterion for question in interview.ranking]
    if criterion.id in interview.rulebook.scale.ask_first:
        return "Every questionnaire begins with this question, because the others depend on it."
    if ranked == [criterion.id]:
        return "Of all open questions, only this one can still change the advice."
    if criterion.id != interview.wanted:
        return "This answer is not expected to change the advice, only the steps and tests within it."
    return f"Of the {len(ranked)} questions that can still change the advice, this one should matter most."


def _sentence(text: str) -> str:
    """Return text with a capital and a full stop."""
    start = text[:1].upper() + text[1:]
    return start if start.endswith((".", "?", "!")) else f"{start}."


# --- for programs -------------------------------------------------------------------------------------------------


class LevelMeaning(Record, frozen=True):
    """One possible answer to a question."""

    level: str
    means: str


class Question(Record, frozen=True):
    """A criterion as a question."""

    criterion: str
    title: str
    question: str
    help: Annotated[str, Meta(description="How to find out.")]
    levels: list[LevelMeaning]
    several: Annotated[bool, Meta(description="Several levels can hold at once: a list, the main one first.")]
    ordered: Annotated[bool, Meta(description="Levels are listed lowest first, and ranges are possible.")]
    unit: Annotated[str | None, Meta(description="Unit of the number that may be given instead.")]


class AdviceSoFar(Record, frozen=True):
    """The advice without the answer."""

    said: str
    option: Option
    probability: Shares
    firm: bool
    settled: bool | None


class QuestionResult(Record, frozen=True, kw_only=True):
    """The question to ask next, or that none is worth asking."""

    schema: Literal["ragortune/question/1"] = "ragortune/question/1"
    worth_asking: bool
    why: str
    question: Question | None
    answers: list[Consequence]
    advice: AdviceSoFar
    ranking: list[OpenQuestion] | None
    unknown: Annotated[tuple[str, ...], Meta(description="Criteria not yet known, in the order of asking.")]


def describe_next(interview: Interview) -> QuestionResult:
    """Return the question to ask next; `question` is None if none is worth asking."""
    advice = interview.advice
    criterion = interview.rulebook.criteria[interview.wanted] if interview.wanted else None
    return QuestionResult(
        worth_asking=criterion is not None,
        why=format_reason(interview, criterion) if criterion else _NOTHING_TO_ASK,
        question=describe_criterion(criterion) if criterion else None,
        answers=round_numbers(explain_question(interview, criterion) if criterion else ()),
        advice=round_numbers(fill(AdviceSoFar, advice, said=format_advice(advice))),
        ranking=round_numbers(interview.ranking),
        unknown=interview.unasked,
    )


def describe_criterion(criterion: Criterion) -> Question:
    """Return a criterion as a question with its levels."""
    levels = [LevelMeaning(level.id, level.means) for level in criterion.levels]
    return fill(Question, criterion, criterion=criterion.id, levels=levels, ordered=not criterion.nominal)
