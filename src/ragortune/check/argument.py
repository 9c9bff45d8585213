"""The argument behind a finding: what the document says, what follows, who found that, and what would flip it.

Where answers are open, the questions that tell most, as a person is asked, and the block in which to answer them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from ragortune.check.answers import StatedAnswers
from ragortune.engine.questions import list_askable
from ragortune.engine.sensitivity import list_objections
from ragortune.evidence.documents.blocks import BLOCK
from ragortune.evidence.profile import UNKNOWN, describe_answer
from ragortune.evidence.quotes import find_block
from ragortune.model import OPTION_NAMES, Criterion, Finding, Option, Recommendation, Rule, Rulebook
from ragortune.model.documents import DesignReading, StatedDecision
from ragortune.model.findings import Step, StepKind
from ragortune.support.text import clean_text, join_words

_MOST_RULES = 3
_MOST_QUESTIONS = 3
_MOST_LINES = 2


def show_decision(decision: StatedDecision) -> Iterator[Step]:
    """Yield the lines on which the reading of the decision rests, those for it first."""
    text = f"the decision is {OPTION_NAMES[decision.option]}"
    for part in decision.cited[:_MOST_LINES]:
        told = text if part.role == "for" else "another option is turned down"
        yield Step(StepKind.SENTENCE, told, part.span)
    if not decision.cited:
        yield Step(StepKind.SENTENCE, text)


def show_answers(answers: StatedAnswers, book: Rulebook, criteria: Iterable[str]) -> Iterator[Step]:
    """Yield what is stated on criteria, with its line."""
    for criterion in criteria:
        fact = answers.fact_for(criterion)
        text = f"{criterion} is {describe_answer(answers.profile, book.readable[criterion])}"
        yield Step(StepKind.FACT, text, fact.span if fact else None)


def cite_source(book: Rulebook, findings: Iterable[Finding]) -> Iterator[Step]:
    """Yield the strongest source among those of a rule."""
    if found := book.strongest(findings):
        source = book.sources[found.source]
        yield Step(StepKind.EVIDENCE, f"{found.found} ({source.title})", address=source.address)


def argue_against(
    decided: Option, advice: Recommendation, answers: StatedAnswers
) -> tuple[list[Step], tuple[Rule, ...]]:
    """Return the steps from stated facts to the advice on the needs on which the decision differs, and the rules."""
    steps: list[Step] = []
    shown: set[str] = set()
    gates, reasons = list_objections(advice, decided)
    against = [hit.rule for hit in gates] + [reason.rule for reason in reasons]
    rules = tuple({rule.id: rule for rule in against}.values())[:_MOST_RULES]
    for rule in rules:
        steps += show_answers(answers, advice.rulebook, (name for name in rule.when if name not in shown))
        shown |= set(rule.when)
        steps.append(Step(StepKind.RULE, f"{rule.code} {rule.title}: {rule.because}"))
        steps += cite_source(advice.rulebook, rule.sources)
    return steps, rules


def show_flips(advice: Recommendation, decided: Option) -> Iterator[Step]:
    """Yield the smallest changes that change the advice, those that lead to the decision first."""
    flips = sorted(advice.flips or (), key=lambda flip: (flip.option is not decided, len(flip.change)))
    for flip in flips[:2]:
        change = join_words(f"{name} were {level}" for name, level in flip.change.items())
        yield Step(StepKind.FLIP, f"the advice would be {OPTION_NAMES[flip.option]} if {change}")


# --- open questions -----------------------------------------------------------------------------------------------


def choose_telling(advice: Recommendation) -> tuple[Criterion, ...]:
    """Return the criteria whose answers are expected to tell most, at most three.

    Left out are those that tell little, by themselves or beside the first: a reviewer answers one question more readily
    than three.
    """
    askable = list_askable(advice)
    if not askable:
        return ()
    least = max(advice.rulebook.scale.ask_from, askable[0].expected_gain / 2)
    worthwhile = [question.criterion for question in askable if question.expected_gain >= least]
    return tuple(advice.rulebook.criteria[name] for name in worthwhile[:_MOST_QUESTIONS])


def format_questions(questions: Sequence[Criterion]) -> str:
    """Return questions in a row, each with its criterion."""
    return "; ".join(f"{criterion.question} ({criterion.id})" for criterion in questions)


def show_questions(advice: Recommendation, questions: Sequence[Criterion]) -> Iterator[Step]:
    """Yield what is not known, with what its answer could still give."""
    could_give = {question.criterion: question.could_give for question in advice.unknowns or ()}
    for criterion in questions:
        could = join_words((OPTION_NAMES[option] for option in could_give[criterion.id]), "or")
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
