"""The argument behind a finding: what the document says, what follows, who found that, and what would flip it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from ragortune.check.answers import StatedAnswers
from ragortune.evidence.profile import describe_answer
from ragortune.model import (
    Direction,
    Finding,
    Need,
    Option,
    Quality,
    Recommendation,
    Rule,
    Rulebook,
    has_need,
)
from ragortune.model.documents import StatedDecision
from ragortune.model.findings import Step, StepKind
from ragortune.support.text import join_words

DECISION_WORDS: Mapping[Option, str] = MappingProxyType(
    {
        Option.RAG: "retrieval",
        Option.FINE_TUNING: "fine-tuning",
        Option.BOTH: "retrieval with fine-tuning",
        Option.NEITHER: "neither retrieval nor fine-tuning",
    }
)
_MOST_RULES = 3
_MOST_LINES = 2
_STRENGTH_OF_SOURCE = tuple(Quality)


def show_decision(decision: StatedDecision) -> Iterator[Step]:
    """Yield the lines on which the reading of the decision rests, those for it first."""
    text = f"the decision is {DECISION_WORDS[decision.option]}"
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
    ranked = sorted(findings, key=lambda found: _STRENGTH_OF_SOURCE.index(book.sources[found.source].quality))
    for found in ranked[:1]:
        source = book.sources[found.source]
        yield Step(StepKind.EVIDENCE, f"{found.found} ({source.title})", address=source.address)


def argue_against(
    decided: Option, advice: Recommendation, answers: StatedAnswers
) -> tuple[list[Step], tuple[Rule, ...]]:
    """Return the steps from stated facts to the advice on the needs on which the decision differs, and the rules."""
    steps: list[Step] = []
    shown: set[str] = set()
    rules = tuple({rule.id: rule for rule in _rules_against(decided, advice)}.values())[:_MOST_RULES]
    for rule in rules:
        steps += show_answers(answers, advice.rulebook, (name for name in rule.when if name not in shown))
        shown |= set(rule.when)
        steps.append(Step(StepKind.RULE, f"{rule.code} {rule.title}: {rule.because}"))
        steps += cite_source(advice.rulebook, rule.sources)
    return steps, rules


def _rules_against(decided: Option, advice: Recommendation) -> Iterator[Rule]:
    """Yield the rules that speak against a decision: the gates that decide, then the reasons, strongest first."""
    differing = [need for need in Need if has_need(decided, need) != has_need(advice.option, need)]
    for need in differing:
        state = advice.needs[need]
        deciding = state.required_by if state.needed else state.blocked_by
        yield from (advice.rulebook.rules[name] for name in deciding)
    for reason in advice.reasons:
        if reason.need in differing:
            wanted = Direction.FOR if advice.needs[reason.need].needed else Direction.AGAINST
            if reason.effect is wanted:
                yield reason.rule


def show_flips(advice: Recommendation, decided: Option | None) -> Iterator[Step]:
    """Yield the smallest changes that change the advice, those that lead to the decision first."""
    flips = sorted(advice.flips or (), key=lambda flip: (flip.option is not decided, len(flip.change)))
    for flip in flips[:2]:
        change = join_words(f"{name} were {level}" for name, level in flip.change.items())
        yield Step(StepKind.FLIP, f"the advice would be {DECISION_WORDS[flip.option]} if {change}")
