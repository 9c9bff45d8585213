"""The advice itself in sentences: what is recommended, how probable that is, and how firm."""

from __future__ import annotations

from collections.abc import Mapping
from math import floor, isclose

from ragortune.casebook import NearCase
from ragortune.engine import Outcome, decide_option
from ragortune.engine.questions import list_askable
from ragortune.model import Need, Option, Recommendation, Refusal, Rulebook, RuleTrace, is_undecided
from ragortune.report.blocks import Bar, Block, Column, Inline, Span, Style, Table, terms
from ragortune.support.record import Record
from ragortune.support.text import count_words

OPTION_NAMES: Mapping[Option, str] = {
    Option.RAG: "retrieval",
    Option.FINE_TUNING: "fine-tuning",
    Option.BOTH: "retrieval and fine-tuning",
    Option.NEITHER: "prompting, context or tools first",
}
NEED_NAMES: Mapping[Need, str] = {Need.RAG: "retrieval", Need.FINE_TUNING: "tuning"}
_MOST_QUESTIONS = 3
_OPTION_CELLS = 50


class Advice(Record, frozen=True):
    """A recommendation with what was asked for beside it: the result of `recommend` for one profile."""

    recommendation: Recommendation
    cases: tuple[NearCase, ...] | None = None
    """Projects most like it; None in a batch."""
    refusal: Refusal | None = None
    trace: tuple[RuleTrace, ...] | None = None
    origin: Mapping[str, object] | None = None
    """Which input of a batch it answers."""
    follows: bool = False
    """Whether it is printed below another one."""


class Verdict(Record, frozen=True):
    """The option alone, with the input that it answers: the result of `recommend --brief` for one profile."""

    book: Rulebook
    project: str | None
    outcome: Outcome
    path: str
    line: int | None = None
    origin: Mapping[str, object] | None = None


def build_headline(recommendation: Recommendation) -> list[Block]:
    """Return what a reader has to know if they read nothing else: the advice, how probable it is, how firm."""
    book = recommendation.rulebook
    rows: list[tuple[Inline, Inline]] = [
        ("Recommendation", Span(format_verdict(recommendation), Style.ADVICE)),
        ("Probability", describe_probability(recommendation)),
        ("How firm", describe_firmness(recommendation)),
    ]
    if recommendation.too_little_known:
        rows.append(("Base rates", format_base_rates(book)))
        asked = list_askable(recommendation)[:_MOST_QUESTIONS]
        for number, question in enumerate(asked):
            name = Span(question.criterion, Style.NAME)
            text = f"{book.criteria[question.criterion].question} ("
            rows.append(("" if number else "Ask first", (text, name, ")")))
    columns = (Column("Option"), Column("Probability", right=True), Column(only="text"))
    options = []
    for option, share in recommendation.probability.items():
        style = Style.ADVICE if option is recommendation.option else None
        cells = (option, format_probability(book, share))
        bar = Bar(0, share, _OPTION_CELLS, style=style)
        options.append((*(Span(cell, style) if style else cell for cell in cells), bar))
    return [terms(rows, None), Table(columns, tuple(options))]


def format_probability(rulebook: Rulebook, probability: float) -> str:
    """Return the probability of an option in whole per cent; what falls short of firm is not rounded up to it."""
    limit = rulebook.scale.firm_from
    if probability < limit <= round(probability, 2):
        probability = floor(probability * 100) / 100
    return format_share(probability)


def format_share(share: float) -> str:
    """Return a share in whole per cent; what is not all never reads as all, and what is not none not as none."""
    if 0 < share < 0.005:
        return "<1%"
    return ">99%" if 0.995 <= share < 1 else f"{share:.0%}"


def format_base_rates(rulebook: Rulebook) -> str:
    """Return the probabilities of the options with nothing known, the most probable first."""
    shares = decide_option(rulebook, {}).probability
    ranked = sorted(shares, key=lambda option: -shares[option])
    return f"with nothing known: {', '.join(f'{option} {format_share(shares[option])}' for option in ranked)}"


def format_verdict(recommendation: Recommendation) -> str:
    """Return the option and what it means, or that too little is known to tell."""
    option = recommendation.option
    if recommendation.default:
        return (
            f"Too little is known to tell. Until more is known: {option}, the default of the source document "
            "(start with retrieval, add tuning only when needed)"
        )
    named = f"{option}: {OPTION_NAMES[option]}"
    if not recommendation.too_little_known:
        return named
    rival, shares = recommendation.runner_up, recommendation.probability
    tie = f" ({rival} is as likely)" if isclose(shares[option], shares[rival]) else ""
    return f"Too little is known to tell. The best guess is {named}{tie}"


def describe_probability(recommendation: Recommendation) -> str:
    """Return the probability and, where the rule set was fitted to a sample of projects, how often that was built."""
    shown = format_probability(recommendation.rulebook, recommendation.probability[recommendation.option])
    if not recommendation.rulebook.answer_counts:
        return shown
    counts = {"<1%": "fewer than 1", ">99%": "more than 99", "100%": "all"}
    count = counts.get(shown, f"about {shown.removesuffix('%')}")
    return f"{shown}: of 100 production systems that answered like this, {count} were built so"


def describe_firmness(recommendation: Recommendation) -> str:
    """Return whether the advice is firm, and what open answers can still do to it."""
    if recommendation.settled:
        return "settled: no open answer can change the advice"
    limit = format_share(recommendation.rulebook.scale.firm_from)
    words = f"firm ({limit} or more)" if recommendation.firm else f"not firm (below {limit})"
    return f"{words}; {_describe_open(recommendation)}"


def _describe_open(recommendation: Recommendation) -> str:
    """Return what open answers can still change, or the runner-up where that was not looked for."""
    if recommendation.sensitivities is None:
        runner_up = recommendation.runner_up
        return f"next comes {runner_up} with {format_share(recommendation.probability[runner_up])}"
    if recommendation.unknowns is None:
        joint = sum(len(rule.criteria) > 1 for rule in recommendation.rulebook.rules.values())
        return f"settled: not computed, {count_words(joint, 'joint rule')}"
    count, alone = len(recommendation.unknowns), sum(question.alone for question in recommendation.unknowns)
    noun = "open answer" if count == 1 else "open answers"
    by_itself = {0: "none by itself", 1: "1 by itself"}.get(alone, f"{alone} by themselves")
    return f"{count} {noun} can still change the advice, {by_itself}"


def write_verdict(verdict: Verdict) -> str:
    """Return the option and its probability on a line, after the name of the input."""
    outcome, shares = verdict.outcome, verdict.outcome.probability
    remarks = [format_probability(verdict.book, shares[outcome.option])]
    remarks += ["default"] if outcome.default else []
    remarks += ["too little is known"] if is_undecided(shares, default=outcome.default) else []
    label = f"{verdict.path}:{verdict.line}" if verdict.line else verdict.path
    return f"{label}: {outcome.option} ({', '.join(remarks)})\n"
