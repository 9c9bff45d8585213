"""What carries the advice: how far each answer moves it, which rules it rests on, and what speaks against an option."""

from __future__ import annotations

from ragortune.engine.changes import find_nearest_profile
from ragortune.engine.compile import UNIT, SearchTooLargeError, compile_table
from ragortune.engine.score import judge_completed, judge_packed, logistic, speaks_against
from ragortune.model import (
    AnswerSensitivity,
    DecisiveRule,
    GateHit,
    GateKind,
    Need,
    Option,
    Reason,
    Recommendation,
    Refusal,
    has_need,
)


def weigh_answers(recommendation: Recommendation) -> tuple[AnswerSensitivity, ...]:
    """Return how far each known answer moves the need that it moves most, all else held, the longest way first.

    How far is counted in probability, because log-odds that are far from even decide nothing. Answers that move neither
    need and could not change the option are left out.
    """
    book, levels = recommendation.rulebook, recommendation.profile.levels
    table = compile_table(book)
    packed = table.pack_profile(levels)
    sensitivities = []
    for name in (own for own in levels if own in book.criteria):
        rest = packed - table.pack(name, levels[name])
        level_ids = book.criteria[name].level_ids
        tried = [judge_packed(table, rest + table.pack(name, (level,))).scores for level in level_ids]
        without = judge_packed(table, rest).option
        spans = []
        for index, need in enumerate(Need):
            now = recommendation.needs[need].score
            scores = [now, *(own[index] / UNIT for own in tried)]
            spans.append(AnswerSensitivity(name, need, min(scores), max(scores), now, without))
        sensitivity = max(spans, key=_measure_swing)
        if sensitivity.high > sensitivity.low or without is not recommendation.option:
            sensitivities.append(sensitivity)
    sensitivities.sort(
        key=lambda sensitivity: (sensitivity.without is recommendation.option, -_measure_swing(sensitivity))
    )
    return tuple(sensitivities)


def _measure_swing(sensitivity: AnswerSensitivity) -> float:
    """Return by how much the probability of the need differs between both ends."""
    return logistic(sensitivity.high) - logistic(sensitivity.low)


def find_decisive_rules(recommendation: Recommendation) -> tuple[DecisiveRule, ...]:
    """Return the rules that fired and without which the option would be another."""
    table = compile_table(recommendation.rulebook)
    completed, gates = table.complete(table.pack_profile(recommendation.profile.levels))
    fired = (*(reason.rule for reason in recommendation.reasons), *(hit.rule for hit in recommendation.gates))
    decisive_rules = []
    for rule in {rule.id: rule for rule in fired}.values():
        others = tuple(gate for gate in gates if gate.rule != rule.id)
        without = judge_completed(table, completed - table.add_up(rule), others).option
        if without is not recommendation.option:
            decisive_rules.append(DecisiveRule(rule, without))
    return tuple(decisive_rules)


def list_objections(
    recommendation: Recommendation, option: Option
) -> tuple[tuple[GateHit, ...], tuple[Reason, ...]]:
    """Return what decides against an option that is not recommended, and what speaks against it, strongest first."""
    reasons = (
        reason
        for reason in recommendation.reasons
        if has_need(option, reason.need) != has_need(recommendation.option, reason.need)
        and speaks_against(reason, option)
    )
    needs = recommendation.needs.values()
    deciding = {rule for state in needs for rule in (*state.blocked_by, *state.required_by)}
    gates = (
        hit
        for hit in recommendation.gates
        if hit.rule.id in deciding and has_need(option, hit.need) == (hit.gate is GateKind.RULES_OUT)
    )
    return tuple(gates), tuple(reasons)


def explain_refusal(recommendation: Recommendation, option: Option) -> Refusal:
    """Return what speaks against an option that is not recommended, and the nearest profile in which it would be.

    Answers that the team cannot change stay as they are, unless there is no other way.
    """
    gates, reasons = list_objections(recommendation, option)
    book, levels = recommendation.rulebook, recommendation.profile.levels
    nearest, searched = None, True
    try:
        nearest = find_nearest_profile(book, levels, option)
        nearest = nearest or find_nearest_profile(book, levels, option, change_fixed=True)
    except SearchTooLargeError:
        searched = False
    changed = nearest.change if nearest else ()
    fixed = tuple(name for name in changed if name in levels and book.criteria[name].fixed)
    return Refusal(option, reasons, gates, nearest, fixed, searched)
