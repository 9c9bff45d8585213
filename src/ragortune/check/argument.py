"""The argument for a finding: statements of the document, rules, sources, and the changes that would flip the advice.

For open answers also the questions with the largest expected gain, and a block in which to answer them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from ragortune.check.answers import StatedAnswers
from ragortune.engine.what_if import list_askable, list_objections
from ragortune.evidence.documents.blocks import BLOCK
from ragortune.evidence.entries import UNKNOWN
from ragortune.evidence.profile import describe_answer
from ragortune.evidence.quotes import find_block
from ragortune.model import OPTION_NAMES, Criterion, Finding, Option, Recommendation, Rule, Rulebook
from ragortune.model.documents import DesignReading, StatedDecision
from ragortune.model.findings import Step, StepKind
from ragortune.support.text import clean_line, join_words

_MAX_RULES = 3
_MAX_QUESTIONS = 3
_MAX_LINES = 2
_LONGEST_COMMENT = 2_000


def show_decision(decision: StatedDecision) -> Iterator[Step]:
    """Yield the lines from which the decision was read, or the decision alone if no line is cited."""
    text = f"the decision is {OPTION_NAMES[decision.option]}"
    for part in decision.cited[:_MAX_LINES]:
        meaning = text if part.role == "for" else "another option is turned down"
        yield Step(StepKind.SENTENCE, meaning, part.span)
    if not decision.cited:
        yield Step(StepKind.SENTENCE, text)


def show_answers(answers: StatedAnswers, book: Rulebook, criteria: Iterable[str]) -> Iterator[Step]:
    """Yield the stated answers to criteria, with their lines."""
    for criterion in criteria:
        fact = answers.fact_for(criterion)
        text = f"{criterion} is {describe_answer(answers.profile, book.readable[criterion])}"
        yield Step(StepKind.FACT, text, fact.span if fact else None)


def cite_source(book: Rulebook, findings: Iterable[Finding]) -> Iterator[Step]:
    """Yield the strongest source of a rule, if it has any."""
    if found := book.strongest(findings):
        source = book.sources[found.source]
        yield Step(StepKind.EVIDENCE, f"{found.found} ({source.title})", address=source.address)


def argue_against(
    decided: Option, advice: Recommendation, answers: StatedAnswers
) -> tuple[list[Step], tuple[Rule, ...]]:
    """Return the steps from stated facts to the advice, for needs on which the decision differs, and the rules used."""
    steps: list[Step] = []
    shown: set[str] = set()
    gates, reasons = list_objections(advice, decided)
    against = [hit.rule for hit in gates] + [reason.rule for reason in reasons]
    rules = tuple({rule.id: rule for rule in against}.values())[:_MAX_RULES]
    for rule in rules:
        steps += show_answers(answers, advice.rulebook, (name for name in rule.when if name not in shown))
        shown |= set(rule.when)
        steps.append(Step(StepKind.RULE, f"{rule.code} {rule.title}: {rule.because}"))
        steps += cite_source(advice.rulebook, rule.sources)
    return steps, rules


def show_flips(advice: Recommendation, decided: Option) -> Iterator[Step]:
    """Yield the two smallest changes that flip the advice, those that lead to the decision first."""
    flips = sorted(advice.flips or (), key=lambda flip: (flip.option is not decided, len(flip.change)))
    for flip in flips[:2]:
        change = join_words(f"{name} were {level}" for name, level in flip.change.items())
        yield Step(StepKind.FLIP, f"the advice would be {OPTION_NAMES[flip.option]} if {change}")


# --- open questions -----------------------------------------------------------------------------------------------


def choose_questions(advice: Recommendation) -> tuple[Criterion, ...]:
    """Return the criteria with the largest expected gain, at most three.

    Those with a small gain, absolute or relative to the first, are left out: a reviewer answers one question more
    readily than three.
    """
    askable = list_askable(advice)
    if not askable:
        return ()
    threshold = max(advice.rulebook.scale.ask_from, askable[0].expected_gain / 2)
    worthwhile = [question.criterion for question in askable if question.expected_gain >= threshold]
    return tuple(advice.rulebook.criteria[name] for name in worthwhile[:_MAX_QUESTIONS])


def format_questions(questions: Sequence[Criterion]) -> str:
    """Return questions in one line, each with its criterion."""
    return "; ".join(f"{criterion.question} ({criterion.id})" for criterion in questions)


def show_questions(advice: Recommendation, questions: Sequence[Criterion]) -> Iterator[Step]:
    """Yield the unknown criteria, with the options that an answer could still give."""
    could_give = {question.criterion: question.could_give for question in advice.unknowns or ()}
    for criterion in questions:
        could = join_words((OPTION_NAMES[option] for option in could_give[criterion.id]), "or")
        text = f"{criterion.id} is not known: {criterion.question} It could still give {could}."
        yield Step(StepKind.MISSING, text)


def write_questions(reading: DesignReading, questions: Sequence[Criterion]) -> str:
    """Return a `ragortune` block for the answers to the questions, ready to paste.

    Every answer is `unknown`, with the possible levels in a comment. If the document has a block already, only the lines
    to add to it are returned, because a second block is an error.
    """
    lines = ["profile:"]
    ordered = sorted(questions, key=lambda criterion: criterion.group)
    for group, criteria in groupby(ordered, lambda criterion: criterion.group):
        lines.append(f"  {group}:")
        for criterion in criteria:
            answers = join_words(criterion.level_ids, "or")
            answers += f", or a number of {criterion.unit}" if criterion.unit else ""
            answers += "; a list if several apply" if criterion.several else ""
            # Text of a rule pack cannot break out of its comment, nor out of the fence.
            question, answers = (
                clean_line(text.replace("`", "'"), _LONGEST_COMMENT) for text in (criterion.question, answers)
            )
            lines += [f"    # {question}", f"    {criterion.name}: {UNKNOWN}  # {answers}"]
    if find_block(reading.lines) is None:
        decided = [f"decision: {reading.decision.option}"] if reading.decision else []
        lines = [f"```{BLOCK}", *decided, *lines, "```"]
    return "\n".join(lines)
