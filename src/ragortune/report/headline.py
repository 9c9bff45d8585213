"""The advice itself in sentences, without any format: what is recommended, how probable that is, and how firm."""

from __future__ import annotations

from collections.abc import Mapping
from math import floor, isclose

from ragortune.engine import decide_option
from ragortune.engine.questions import list_askable
from ragortune.model import Need, Option, Recommendation, Rulebook
from ragortune.support.record import Record

OPTION_NAMES: Mapping[Option, str] = {
    Option.RAG: "retrieval",
    Option.FINE_TUNING: "fine-tuning",
    Option.BOTH: "retrieval and fine-tuning",
    Option.NEITHER: "prompting, context or tools first",
}
NEED_NAMES: Mapping[Need, str] = {Need.RAG: "retrieval", Need.FINE_TUNING: "tuning"}
_MOST_QUESTIONS = 3


class Line(Record, frozen=True):
    """A sentence with what stands before it."""

    head: str
    text: str


class OptionBar(Record, frozen=True):
    """How probable one option is, to be drawn."""

    option: Option
    probability: float
    shown: str
    """The probability in per cent."""
    advised: bool


class Headline(Record, frozen=True):
    """What a reader has to know if they read nothing else."""

    verdict: str
    """The option, or that too little is known to tell."""
    probability: str
    """The probability, and what it means."""
    firm: str
    """Whether the advice is firm, and what open answers can still do."""
    bars: tuple[OptionBar, ...]
    base_rates: str = ""
    """Probabilities with nothing known; only where too little is known."""
    questions: tuple[Line, ...] = ()
    """Criterion and question that tell most; only where too little is known."""


def build_headline(recommendation: Recommendation) -> Headline:
    """Return the advice in sentences."""
    too_little = recommendation.too_little_known
    criteria = recommendation.rulebook.criteria
    return Headline(
        verdict=_word_verdict(recommendation),
        probability=_describe_probability(recommendation),
        firm=_word_firm(recommendation),
        bars=tuple(
            OptionBar(
                option,
                share,
                format_probability(recommendation.rulebook, share),
                option is recommendation.option,
            )
            for option, share in recommendation.probability.items()
        ),
        base_rates=format_base_rates(recommendation.rulebook) if too_little else "",
        questions=tuple(
            Line(question.criterion, criteria[question.criterion].question)
            for question in (list_askable(recommendation) if too_little else ())[:_MOST_QUESTIONS]
        ),
    )


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


def _word_verdict(recommendation: Recommendation) -> str:
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


def _describe_probability(recommendation: Recommendation) -> str:
    """Return the probability and, where the rule set was fitted to a sample of projects, how often that was built."""
    shown = format_probability(recommendation.rulebook, recommendation.probability[recommendation.option])
    if not recommendation.rulebook.answer_counts:
        return shown
    counts = {"<1%": "fewer than 1", ">99%": "more than 99", "100%": "all"}
    count = counts.get(shown, f"about {shown.removesuffix('%')}")
    return f"{shown}: of 100 production systems that answered like this, {count} were built so"


def _word_firm(recommendation: Recommendation) -> str:
    if recommendation.settled:
        return "settled: no open answer can change the advice"
    limit = format_share(recommendation.rulebook.scale.firm_from)
    words = f"firm ({limit} or more)" if recommendation.firm else f"not firm (below {limit})"
    return f"{words}; {_word_open(recommendation)}"


def _word_open(recommendation: Recommendation) -> str:
    """Return what open answers can still change, or the runner-up where that was not looked for."""
    if recommendation.flips is None:
        runner_up = recommendation.runner_up
        return f"next comes {runner_up} with {format_share(recommendation.probability[runner_up])}"
    if recommendation.unknowns is None:
        return "there is too much open to work out whether it can change the advice"
    count, alone = len(recommendation.unknowns), sum(question.alone for question in recommendation.unknowns)
    noun = "open answer" if count == 1 else "open answers"
    by_itself = {0: "none by itself", 1: "1 by itself"}.get(alone, f"{alone} by themselves")
    return f"{count} {noun} can still change the advice, {by_itself}"
