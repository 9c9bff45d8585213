"""Sensitivity of the advice: how far each answer moves it, which rules it depends on, and what decides against an option.

One answer or rule at a time is left out or replaced, with everything else as it is. That takes one look-up for each level
of each answer, and one for each rule that fired.
"""

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
    """Return for each known answer the need that it moves most and the range of its score, the widest range first.

    The width is measured in probability: far from even odds, log-odds change much and the probability little. Answers that
    move neither need and without which the option stays the same are left out.
    """
    book, levels = recommendation.rulebook, recommendation.profile.levels
    table = compile_table(book)
    packed = table.pack_profile(levels)
    sensitivities = []
    for name, answer in levels.items():
        if name not in book.criteria:
            continue
        rest = packed - table.pack(name, answer)
        level_ids = book.criteria[name].level_ids
        tried = [judge_packed(table, rest + table.pack(name, (level,))).scores for level in level_ids]
        without = judge_packed(table, rest).option
        spans = []
        for index, need in enumerate(Need):
            now = recommendation.needs[need].score
            scores = [now, *(pair[index] / UNIT for pair in tried)]
            spans.append(AnswerSensitivity(name, need, min(scores), max(scores), now, without))
        sensitivity = max(spans, key=_measure_swing)
        if sensitivity.high > sensitivity.low or without is not recommendation.option:
            sensitivities.append(sensitivity)
    sensitivities.sort(
        key=lambda sensitivity: (sensitivity.without is recommendation.option, -_measure_swing(sensitivity))
    )
    return tuple(sensitivities)


def _measure_swing(sensitivity: AnswerSensitivity) -> float:
    """Return the difference of the need's probability between both ends of the range."""
    return logistic(sensitivity.high) - logistic(sensitivity.low)


def find_decisive_rules(recommendation: Recommendation) -> tuple[DecisiveRule, ...]:
    """Return the rules that fired and without which the option would be another one."""
    table = compile_table(recommendation.rulebook)
    completed, gates = table.complete(table.pack_profile(recommendation.profile.levels))
    fired = (*(reason.rule for reason in recommendation.reasons), *(hit.rule for hit in recommendation.gates))
    decisive_rules = []
    for rule in {rule.id: rule for rule in fired}.values():
        others = tuple(gate for gate in gates if gate.rule != rule.id)
        without = judge_completed(table, completed - table.pack_effects(rule), others).option
        if without is not recommendation.option:
            decisive_rules.append(DecisiveRule(rule, without))
    return tuple(decisive_rules)


def list_objections(
    recommendation: Recommendation, option: Option
) -> tuple[tuple[GateHit, ...], tuple[Reason, ...]]:
    """Return the gates and the reasons against an option that is not recommended, the strongest reason first."""
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
    """Return what decides against an option that is not recommended, and the nearest profile for which it would be.

    Answers that the team cannot change are changed only if no other change gives the option.
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
