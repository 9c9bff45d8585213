"""The scorecard: a pure function of rule set and profile.

Two needs are scored apart, in log-odds, as in clinical prediction rules and credit scoring. Each starts from an
intercept, the base rate among production systems, and every rule that fires adds or subtracts its weight. The logistic
function turns a score into the probability of the need; gates decide what is a matter of logic. The pair of needs is the
option, and because the needs are scored independently, the probability of an option is the product of two.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping

from ragortune.engine.compile import UNIT, JointRule, Levels, Table, compile_table
from ragortune.model import (
    Direction,
    GateHit,
    GateKind,
    Need,
    NeedState,
    NoticeKind,
    Option,
    Profile,
    Reason,
    Recommendation,
    Rule,
    Rulebook,
    RuleHit,
    RuleTrace,
    TraceState,
    has_need,
    pair_option,
    pair_probabilities,
)
from ragortune.support.record import Record


class Outcome(Record, frozen=True):
    """The verdict alone: option and the state of both needs."""

    option: Option
    default: bool
    """True where nothing known speaks for or against retrieval and tuning is not needed."""
    scores: tuple[int, int]
    """Log-odds of retrieval and of tuning, in thousandths."""
    needs: dict[Need, NeedState]

    @property
    def probability(self) -> dict[Option, float]:
        """Probability of each option."""
        return pair_probabilities(*(own.probability for own in self.needs.values()))


def logistic(score: float) -> float:
    """Return the probability with these log-odds."""
    return 1 / (1 + math.exp(-score)) if score > 0 else 1 - 1 / (1 + math.exp(score))


def decide_option(rulebook: Rulebook, levels: Levels) -> Outcome:
    """Return the verdict on the answers, without reasons. Unknown answers add nothing."""
    table = compile_table(rulebook)
    return judge_packed(table, table.pack_profile(levels))


def judge_packed(table: Table, packed: int) -> Outcome:
    """Return the verdict on a packed profile."""
    return judge_completed(table, *table.complete(packed))


def judge_completed(table: Table, completed: int, gates: tuple[JointRule, ...]) -> Outcome:
    """Return the verdict on a packed profile to which the joint rules were added, and on the gates that fired.

    A need holds where its score is above 0, unless a gate decides. The default of the source document applies while
    nothing speaks about retrieval and tuning is not needed.
    """
    sums = table.split(completed)
    scores, needs = (sums.rag, sums.tuning), {}
    for need, score, ceiling in zip(Need, scores, table.ceilings, strict=True):
        blocked, required, confirming = _sort_gates(gates, need)
        log_odds, confirmed = score / UNIT, bool(confirming) or math.isinf(ceiling)
        probability = logistic(log_odds if confirmed else min(log_odds, ceiling))
        needs[need] = NeedState(
            log_odds,
            0.0 if blocked else 1.0 if required else probability,
            (score > 0 or bool(required)) and not blocked,
            blocked,
            required,
            confirmed,
            score == 0,
        )
    rag, tuning = (own.needed for own in needs.values())
    default = not sums.mentions and not tuning
    option = Option.RAG if default else pair_option(rag=rag, fine_tuning=tuning)
    return Outcome(option, default, scores, needs)


@functools.lru_cache(maxsize=1024)
def _sort_gates(gates: tuple[JointRule, ...], need: Need) -> tuple[tuple[str, ...], ...]:
    """Return the rules that rule a need out, that require it, and that confirm it."""
    kinds = (GateKind.RULES_OUT, GateKind.REQUIRES, GateKind.CONFIRMS)
    return tuple(tuple(own.rule for own in gates if (need, kind) in own.gates) for kind in kinds)


def judge_profile(rulebook: Rulebook, profile: Profile) -> Recommendation:
    """Return the recommendation for a profile with its reasons, gates, notices and techniques."""
    outcome = decide_option(rulebook, profile.levels)
    fired = [rule for rule in rulebook.rules.values() if has_fired(rulebook, rule, profile.levels)]
    read = {rule.id: {name: profile.levels[name] for name in rule.when} for rule in fired}
    probability = outcome.probability
    gates = (GateHit(rule, read[rule.id], own.need, own.gate) for rule in fired for own in rule.gates)
    notices = (rule for kind in NoticeKind for rule in fired if rule.notice is kind)
    techniques = sorted(
        ((rule.technique.order, rule.code), rule)
        for rule in fired
        if rule.technique and outcome.option in rule.technique.options
    )
    return Recommendation(
        option=outcome.option,
        default=outcome.default,
        runner_up=_find_runner_up(outcome.option, probability),
        probability=probability,
        needs=outcome.needs,
        reasons=_list_reasons(rulebook, fired, read),
        gates=tuple(gates),
        notices=tuple(RuleHit(rule, read[rule.id]) for rule in notices),
        techniques=tuple(RuleHit(rule, read[rule.id]) for _, rule in techniques),
        unanswered=tuple(name for name in rulebook.criteria if name not in profile.levels),
        profile=profile,
        rulebook=rulebook,
    )


def _find_runner_up(option: Option, probability: Mapping[Option, float]) -> Option:
    """Return the most probable other option; of equals the one that is built with less."""
    order = (Option.NEITHER, Option.RAG, Option.FINE_TUNING, Option.BOTH)
    return max((other for other in order if other is not option), key=lambda other: probability[other])


def _list_reasons(rulebook: Rulebook, fired: list[Rule], read: Mapping[str, Levels]) -> tuple[Reason, ...]:
    """Return every effect of the rules that fired, the heaviest first."""
    reasons = [
        Reason(rule, read[rule.id], own.need, own.effect, own.strength, rulebook.scale.weight(own.strength))
        for rule in fired
        for own in rule.effects
    ]
    needs = list(Need)
    return tuple(sorted(reasons, key=lambda own: (-own.weight, needs.index(own.need), own.rule.code)))


# --- the trace ----------------------------------------------------------------------------------------------------


def trace_rules(rulebook: Rulebook, levels: Levels) -> tuple[RuleTrace, ...]:
    """Return what became of every rule of the set, in its order."""
    return tuple(trace_rule(rulebook, rule, levels) for rule in rulebook.rules)


def trace_rule(rulebook: Rulebook, rule_id: str, levels: Levels) -> RuleTrace:
    """Return what became of one rule; KeyError if the set has none of that id."""
    rule = rulebook.rules[rule_id]
    conditions = compile_table(rulebook).conditions[rule_id]
    read = {name: levels[name] for name in rule.criteria if name in levels}
    if any(clause.is_met(levels) for clause in conditions.unless):
        return RuleTrace(rule, TraceState.NOT_APPLICABLE, read)
    if any(clause.is_refuted(levels) for clause in conditions.when):
        return RuleTrace(rule, TraceState.NOT_MET, read)
    waiting = tuple(clause.criterion for clause in conditions.when if not clause.is_met(levels))
    return RuleTrace(rule, TraceState.UNKNOWN if waiting else TraceState.FIRED, read, waiting)


def has_fired(rulebook: Rulebook, rule: Rule, levels: Levels) -> bool:
    """Return whether a rule of the set fires on these answers."""
    return compile_table(rulebook).conditions[rule.id].hold(levels)


def speaks_against(reason: Reason, option: Option) -> bool:
    """Return whether a reason moves its need away from what an option has."""
    return (reason.effect is Direction.AGAINST) == has_need(option, reason.need)
