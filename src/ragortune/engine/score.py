"""The scorecard: a pure function of rule set and profile.

The needs for retrieval and for tuning are scored separately, in log-odds, as in clinical prediction rules and credit
scoring. Each score starts from an intercept, the base rate among production systems; every rule that fires adds or
subtracts its weight, and the logistic function turns the score into the probability of the need. Gates override scores
where the answer is a matter of logic. The two needs make the option, and because they are scored independently, the
probability of an option is the product of theirs.
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
    """The option and the state of both needs, without reasons."""

    option: Option
    default: bool
    """True if no rule on retrieval fires and tuning is not needed, so that the option is retrieval by default."""
    scores: tuple[int, int]
    """Log-odds of retrieval and of tuning, in thousandths."""
    needs: dict[Need, NeedState]

    @property
    def probability(self) -> dict[Option, float]:
        """Probability of each option."""
        return pair_probabilities(*(state.probability for state in self.needs.values()))


def logistic(score: float) -> float:
    """Return the probability with these log-odds."""
    return 1 / (1 + math.exp(-score)) if score > 0 else 1 - 1 / (1 + math.exp(score))


def decide_option(rulebook: Rulebook, levels: Levels) -> Outcome:
    """Return the outcome for a profile's answers; unknown answers add nothing."""
    table = compile_table(rulebook)
    return judge_packed(table, table.pack_profile(levels))


def judge_packed(table: Table, packed: int) -> Outcome:
    """Return the outcome for a packed profile."""
    return judge_completed(table, *table.complete(packed))


def judge_completed(table: Table, completed: int, gates: tuple[JointRule, ...]) -> Outcome:
    """Return the outcome for a packed profile that includes the joint rules, and the rules with gates that fired.

    A need holds if its score is above 0, unless a gate decides. Until a need is confirmed, its probability is capped, but
    not its score. The option is retrieval by default while no rule on retrieval fires and tuning is not needed.
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
    rag, tuning = (state.needed for state in needs.values())
    default = not sums.mentions and not tuning
    option = Option.RAG if default else pair_option(rag=rag, fine_tuning=tuning)
    return Outcome(option, default, scores, needs)


@functools.lru_cache(maxsize=1024)
def _sort_gates(gates: tuple[JointRule, ...], need: Need) -> tuple[tuple[str, ...], ...]:
    """Return the rules that rule a need out, that require it, and that confirm it."""
    kinds = (GateKind.RULES_OUT, GateKind.REQUIRES, GateKind.CONFIRMS)
    return tuple(tuple(rule.rule for rule in gates if (need, kind) in rule.gates) for kind in kinds)


def judge_profile(rulebook: Rulebook, profile: Profile) -> Recommendation:
    """Return the recommendation for a profile with its reasons, gates, notices and techniques."""
    outcome = decide_option(rulebook, profile.levels)
    fired = [rule for rule in rulebook.rules.values() if has_fired(rulebook, rule, profile.levels)]
    read = {rule.id: {name: profile.levels[name] for name in rule.when} for rule in fired}
    probability = outcome.probability
    gates = (GateHit(rule, read[rule.id], gate.need, gate.gate) for rule in fired for gate in rule.gates)
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
    """Return the most probable other option; of equally probable ones the simplest to build."""
    order = (Option.NEITHER, Option.RAG, Option.FINE_TUNING, Option.BOTH)
    return max((other for other in order if other is not option), key=lambda other: probability[other])


def _list_reasons(rulebook: Rulebook, fired: list[Rule], read: Mapping[str, Levels]) -> tuple[Reason, ...]:
    """Return every effect of the rules that fired, the heaviest first."""
    weight = rulebook.scale.weight
    reasons = [
        Reason(rule, read[rule.id], effect.need, effect.effect, effect.strength, weight(effect.strength))
        for rule in fired
        for effect in rule.effects
    ]
    needs = list(Need)
    return tuple(
        sorted(reasons, key=lambda reason: (-reason.weight, needs.index(reason.need), reason.rule.code))
    )


# --- the trace ----------------------------------------------------------------------------------------------------


def trace_rules(rulebook: Rulebook, levels: Levels) -> tuple[RuleTrace, ...]:
    """Return whether and why each rule of the set fired, in its order."""
    return tuple(trace_rule(rulebook, rule, levels) for rule in rulebook.rules)


def trace_rule(rulebook: Rulebook, rule_id: str, levels: Levels) -> RuleTrace:
    """Return whether and why one rule fired; raises KeyError if the set has none of that id."""
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
    """Return whether a reason moves its need away from the side that an option takes."""
    return (reason.effect is Direction.AGAINST) == has_need(option, reason.need)
