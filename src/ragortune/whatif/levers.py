"""What carries the advice, and what speaks against another: each answer and each rule taken away in turn."""

from __future__ import annotations

from ragortune.derived import fix_facts
from ragortune.engine import GateRule, decide_option, settle_needs
from ragortune.model import (
    Direction,
    GateKind,
    Lever,
    Need,
    Option,
    Pillar,
    Recommendation,
    Refusal,
    has_need,
)
from ragortune.whatif.changes import find_nearest_profile

_UNIT = 1000


def weigh_answers(recommendation: Recommendation) -> tuple[Lever, ...]:
    """Return how far each known answer moves the need that it moves most, all else held, the longest way first.

    Answers that move neither need and could not change the option are left out.
    """
    book, levels = recommendation.rulebook, recommendation.profile.levels
    levers = []
    for name in levels:
        if name not in book.criteria:
            continue
        rest = {other: known for other, known in levels.items() if other != name}
        outcomes = [decide_option(book, {**rest, name: (level,)}) for level in book.criteria[name].level_ids]
        without = decide_option(book, rest).option
        lever = max(
            (
                _span_need(recommendation, need, name, [own.scores for own in outcomes], without)
                for need in Need
            ),
            key=lambda own: own.high - own.low,
        )
        if lever.high > lever.low or without is not recommendation.option:
            levers.append(lever)
    levers.sort(key=lambda lever: (lever.without is recommendation.option, lever.low - lever.high))
    return tuple(levers)


def _span_need(
    recommendation: Recommendation, need: Need, name: str, scores: list[tuple[int, int]], without: Option
) -> Lever:
    state = recommendation.needs[need]
    own = [pair[tuple(Need).index(need)] / _UNIT - state.threshold for pair in scores]
    return Lever(name, need, min(own), max(own), state.score - state.threshold, without)


def find_pillars(recommendation: Recommendation) -> tuple[Pillar, ...]:
    """Return the rules that fired and without which the option would be another."""
    pillars = []
    fired = (*(reason.rule for reason in recommendation.reasons), *(hit.rule for hit in recommendation.gates))
    for rule in {rule.id: rule for rule in fired}.values():
        without = _decide_without(recommendation, rule.id)
        if without is not recommendation.option:
            pillars.append(Pillar(rule, without))
    return tuple(pillars)


def _decide_without(recommendation: Recommendation, rule: str) -> Option:
    """Return the option that the other rules give."""
    scores = {need: round(state.score * _UNIT) for need, state in recommendation.needs.items()}
    touched = False
    for reason in recommendation.reasons:
        if reason.rule.id == rule:
            weight = round(reason.weight * _UNIT)
            scores[reason.need] -= weight if reason.effect is Direction.FOR else -weight
        else:
            touched = touched or reason.need is Need.RAG
    gates = [GateRule(hit.rule.id, hit.need, hit.gate) for hit in recommendation.gates if hit.rule.id != rule]
    pair = scores[Need.RAG], scores[Need.FINE_TUNING]
    return settle_needs(recommendation.rulebook, pair, gates, touched=touched).option


def explain_refusal(recommendation: Recommendation, option: Option) -> Refusal:
    """Return what speaks against an option that is not recommended, and the nearest profile in which it would be.

    Answers that the team cannot change stay as they are, unless there is no other way.
    """
    against = [
        reason
        for need in Need
        if has_need(option, need) != has_need(recommendation.option, need)
        for reason in recommendation.reasons
        if reason.need is need and (reason.effect is Direction.AGAINST) == has_need(option, need)
    ]
    gates = [
        hit
        for hit in recommendation.gates
        if has_need(option, hit.need) == (hit.gate is not GateKind.REQUIRES)
        and _decides(recommendation, hit.rule.id)
    ]
    book, levels = fix_facts(recommendation.rulebook, recommendation.profile.levels)
    nearest = find_nearest_profile(book, levels, option) or find_nearest_profile(
        book, levels, option, given=True
    )
    given = [
        name for name in (nearest.change if nearest else ()) if name in levels and book.criteria[name].given
    ]
    return Refusal(option, tuple(against), tuple(gates), nearest, tuple(given))


def _decides(recommendation: Recommendation, rule: str) -> bool:
    return any(rule in (*state.blocked_by, *state.required_by) for state in recommendation.needs.values())
