"""Which question to ask next, so that as few as possible have to be asked before the advice is proved.

While it is open which option it will be, the question that tells most about the option goes first. Once it is as good
as clear, what is missing is the proof, and the question goes first whose answer is expected to close most of the
distance that the scores could still go.

Which answers are likely is read off the casebook. Because published profiles record what is salient, every level gets
as many imagined projects beside it as keep the order nearly as good where all levels are as likely. Nothing but the
order depends on this: when to stop is proved for every answer, and the worth of a question takes levels as equal.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache

from ragortune.derived import fix_facts
from ragortune.engine import Levels
from ragortune.model import GateKind, Need, Option, Rulebook
from ragortune.profile import Vocabulary
from ragortune.whatif.reach import (
    Bounds,
    Plan,
    bound_scores,
    find_pivots,
    is_settled,
    plan_search,
    possible_states,
)
from ragortune.whatif.readings import READINGS, read_rules, weigh_questions

_IMAGINED = 10.0
"""Imagined projects for each level, beside those of the casebook."""
_CLEAR = 0.98
"""Share of the readings from which on an option is as good as clear."""
Likely = Mapping[str, tuple[float, ...]]
"""For each criterion how likely its levels are, in relation to each other."""


def choose_question(
    rulebook: Rulebook, levels: Levels, kept: Collection[str] = (), likely: Likely | None = None
) -> str | None:
    """Return the criterion to ask next, None where no open one can change the option.

    Args:
        rulebook: the rule set.
        levels: what is known.
        kept: criteria that are not asked any more and stay as they are.
        likely: which answers to expect; as the casebook has them if left out.

    """
    if likely is None:
        likely = weigh_levels(rulebook)
    rulebook, levels = fix_facts(rulebook, levels)
    if is_settled(rulebook, levels, kept):
        return None
    pivots = [name for name in find_pivots(rulebook, levels, kept) if name not in levels]
    if len(pivots) < 2:
        return next(iter(pivots), None)
    shares = read_rules(rulebook, levels, vary_weights=False, chance=1.0, kept=kept, likely=likely)
    option, count = max(shares.counts.items(), key=lambda item: item[1])
    if count < _CLEAR * READINGS:
        worth = weigh_questions(shares)
        return max(pivots, key=lambda name: worth[name])
    return _find_proof(rulebook, levels, kept, option, {name: likely[name] for name in pivots})


@lru_cache(maxsize=8)
def weigh_levels(rulebook: Rulebook) -> Likely:
    """Return how often each level is given in the casebook, imagined projects included."""
    vocabulary = Vocabulary(rulebook.criteria)
    counts = {name: dict.fromkeys(own.level_ids, _IMAGINED) for name, own in rulebook.criteria.items()}
    for case in rulebook.cases:
        for name, levels in vocabulary.read_profile(case.profile).levels.items():
            for level in levels if name in counts else ():
                counts[name][level] += 1 / len(levels)
    return {name: tuple(own.values()) for name, own in counts.items()}


def _find_proof(
    rulebook: Rulebook, levels: Levels, kept: Collection[str], option: Option, likely: Likely
) -> str:
    """Return the question whose answer is expected to bring the proof of an option nearest."""
    plan = plan_search(rulebook)
    possible = possible_states(rulebook, levels, kept)
    needed = (option in (Option.RAG, Option.BOTH), option in (Option.FINE_TUNING, Option.BOTH))
    lacking = {}
    for name, weights in likely.items():
        states = [plan.levels[name][level] for level in rulebook.criteria[name].level_ids]
        missing = [
            _measure_gap(plan, bound_scores(plan, {**possible, name: (state,)}), needed) for state in states
        ]
        total = sum(weight * gap for weight, gap in zip(weights, missing, strict=True))
        lacking[name] = total / sum(weights)
    return min(lacking, key=lambda name: lacking[name])


def _measure_gap(plan: Plan, bounds: Bounds, needed: tuple[bool, bool]) -> int:
    """Return how far the scores can still go to the wrong side of their thresholds, in units of the plan."""
    total = 0
    for index, need in enumerate(Need):
        blocked = any(
            gate.need is need and gate.gate is GateKind.RULES_OUT and bounds.gates >> bit & 1
            for bit, gate in enumerate(plan.gates)
        )
        if needed[index]:
            total += max(0, plan.thresholds[index] + 1 - bounds.low[index])
        elif not blocked:
            total += max(0, bounds.high[index] - plan.thresholds[index])
    return total
