"""The advice in sentences: option, probability and firmness."""

from __future__ import annotations

from collections.abc import Mapping
from math import floor, isclose

from ragortune.engine import decide_option
from ragortune.model import EVEN, OPTION_NAMES, Gate, GateHit, GateKind, Need, Recommendation, Rulebook
from ragortune.report.blocks import Bar, Block, Column, Paragraph, Span, Style, Table
from ragortune.report.shapes import Verdict
from ragortune.support.text import count_words

NEED_NAMES: Mapping[Need, str] = {Need.RAG: "retrieval", Need.FINE_TUNING: "tuning"}
_GATE_WORDS: Mapping[GateKind, str] = {
    GateKind.REQUIRES: "requires {}",
    GateKind.RULES_OUT: "rules {} out",
    GateKind.CONFIRMS: "confirms {}",
}
_OPTION_CELLS = 50
_HIGHEST_SHARE = 0.95
"""Above this share the field sample is too small for exact figures."""


def build_headline(recommendation: Recommendation) -> list[Block]:
    """Return the advice in a sentence, and the probabilities of all options."""
    book = recommendation.rulebook
    columns = (Column("Option"), Column("Probability", right=True), Column("0 to 100%", only="text"))
    options = []
    for option, share in recommendation.probability.items():
        style = Style.ADVICE if option is recommendation.option else None
        cells = (option, format_probability(book, share))
        bar = Bar(0, share, _OPTION_CELLS, style=style, says=f"{option}: {cells[1]}")
        options.append((*(Span(cell, style) if style else cell for cell in cells), bar))
    verdict = Span(f"{format_verdict(recommendation)}.", Style.ADVICE)
    return [Paragraph((verdict, describe_probability(recommendation))), Table(columns, tuple(options))]


def list_state(recommendation: Recommendation) -> list[tuple[str, str]]:
    """Return how firm the advice is, and the base rates if too little is known."""
    rows = [("How firm", describe_firmness(recommendation))]
    if recommendation.too_little_known:
        shares = decide_option(recommendation.rulebook, {}).probability
        ranked = sorted(shares, key=lambda option: -shares[option])
        rates = ", ".join(f"{option} {format_share(shares[option])}" for option in ranked)
        rows.append(("Base rates", f"with nothing known: {rates}"))
    return rows


def format_probability(rulebook: Rulebook, probability: float) -> str:
    """Return a probability in whole per cent, never rounded up to the limit of advice or of firm advice."""
    if any(probability < limit <= round(probability, 2) for limit in (EVEN, rulebook.scale.firm_from)):
        probability = floor(probability * 100) / 100
    return format_share(probability)


def format_gate(gate: Gate | GateHit) -> str:
    """Return the effect of a gate: `requires retrieval`."""
    return _GATE_WORDS[gate.gate].format(NEED_NAMES[gate.need])


def format_share(share: float) -> str:
    """Return a share in whole per cent; only 0 and 1 read as 0% and 100%."""
    if 0 < share < 0.005:
        return "<1%"
    return ">99%" if 0.995 <= share < 1 else f"{share:.0%}"


def format_verdict(recommendation: Recommendation) -> str:
    """Return the recommended option and its meaning, or that too little is known."""
    option = recommendation.option
    if recommendation.default:
        return (
            f"Too little is known to tell. Until more is known: {option}, the default "
            "(start with retrieval, add tuning only when needed)"
        )
    named = f"{option} ({OPTION_NAMES[option]})"
    if not recommendation.too_little_known:
        return f"Recommendation: {named}"
    rival, shares = recommendation.runner_up, recommendation.probability
    tie = f" ({rival} is as likely)" if isclose(shares[option], shares[rival]) else ""
    return f"Too little is known to tell. The best guess is {named}{tie}"


def describe_probability(recommendation: Recommendation) -> str:
    """Return the share of published systems with this option, or the probability if it is not calibrated on them."""
    share = recommendation.probability[recommendation.option]
    shown = format_probability(recommendation.rulebook, share)
    if not recommendation.rulebook.fitted:
        return f" Its probability is {shown}."
    count = f"more than {_HIGHEST_SHARE:.0%}" if share > _HIGHEST_SHARE else f"about {shown}"
    return f" Of 100 published systems like this, {count.removesuffix('%')} did so."


def describe_firmness(recommendation: Recommendation) -> str:
    """Return whether the advice is firm, and how many open answers can change it, or the runner-up if that is not computed."""
    if recommendation.settled:
        return "settled: no open question can change the advice"
    firm = "firm" if recommendation.firm else "not firm"
    if recommendation.sensitivities is None:
        runner_up = recommendation.runner_up
        return f"{firm}; next comes {runner_up} with {format_share(recommendation.probability[runner_up])}"
    if recommendation.unknowns is None:
        joint = sum(len(rule.criteria) > 1 for rule in recommendation.rulebook.rules.values())
        return f"{firm}; settled: not computed, {count_words(joint, 'joint rule')}"
    count, alone = len(recommendation.unknowns), sum(question.alone for question in recommendation.unknowns)
    by_itself = {0: "none by itself", 1: "1 by itself"}.get(alone, f"{alone} by themselves")
    return f"{firm}; {count_words(count, 'open question')} can still change it, {by_itself}"


def write_verdict(verdict: Verdict) -> str:
    """Return one line: the input, the option and its probability."""
    outcome, shares = verdict.outcome, verdict.outcome.probability
    remarks = [format_probability(verdict.book, shares[outcome.option])]
    remarks += ["default"] if outcome.default else []
    remarks += ["too little is known"] if verdict.too_little_known else []
    label = f"{verdict.path}:{verdict.line}" if verdict.line else verdict.path
    return f"{label}: {outcome.option} ({', '.join(remarks)})\n"
