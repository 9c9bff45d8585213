"""Facts derived from a profile's quantities, outside of the engine, which only reads their levels.

A derived fact has exactly one level or is absent. It is never read from a file nor asked for.
"""

from __future__ import annotations

from collections.abc import Mapping

from ragortune.costs.assess import DECIDES_FROM, CostReport
from ragortune.costs.feasibility import Ruling, latency_budgets
from ragortune.model import Answer, Option, Profile, Provenance, Rulebook

Facts = dict[str, tuple[str, str]]
"""For each derived criterion its level, and the figure behind it in words."""
COMPUTED: Mapping[str, tuple[str, ...]] = {
    "derived.cheapest": tuple(Option),
    "derived.cheapest_factor": ("undecided", "slightly", "clearly"),
    "derived.latency_budget": ("all_meet", "retrieval_misses", "none_meets"),
    "derived.payback": ("never", "after_retirement", "before_retirement"),
}
"""The derived criteria, and the levels that they can have."""
_CLEARLY = 1.5
"""Factor from which on an option is `clearly` cheaper."""


def apply_facts(rulebook: Rulebook, profile: Profile, facts: Facts) -> Profile:
    """Return a profile with the derived facts that the rule set defines."""
    answers = {
        name: Answer((level,), level, Provenance.DERIVED, evidence)
        for name, (level, evidence) in facts.items()
        if name in rulebook.derived
    }
    levels = {name: answer.levels for name, answer in answers.items()}
    return profile.replace(levels={**profile.levels, **levels}, answers={**profile.answers, **answers})


def derive_facts(profile: Profile, report: CostReport) -> Facts:
    """Return the facts that follow from an assessment."""
    if report.prices_refused:
        return {}
    return {**_find_cheapest(report), **_judge_latency(profile, report), **_judge_payback(report)}


def _find_cheapest(report: CostReport) -> Facts:
    usable = [cost for cost in report.options if cost.feasible]
    best = max(Option, key=report.chance_of)
    chance = report.chance_of(best)
    totals = [cost.total.p50 for cost in usable if cost.option is best]
    rivals = [cost.total.p50 for cost in usable if cost.option is not best]
    if not rivals or not totals:
        return {}
    shown = f"cheapest in {chance:.0%} of the draws"
    if chance < DECIDES_FROM:
        return {"derived.cheapest_factor": ("undecided", shown)}
    factor = min(rivals) / min(totals) if min(totals) > 0 else float("inf")
    times = describe_factor(factor) if factor < 1e6 else "it costs next to nothing"
    level = "clearly" if factor >= _CLEARLY else "slightly"
    return {"derived.cheapest": (best.value, shown), "derived.cheapest_factor": (level, times)}


def describe_factor(factor: float) -> str:
    """Return how many times as much as the cheapest option the next one costs, with three significant digits."""
    return f"the next option costs {float(f'{factor:.3g}'):,.12g} times as much"


def _judge_latency(profile: Profile, report: CostReport) -> Facts:
    """Return whether options with and without retrieval meet the latency budget, of those without other obstacles."""
    if not latency_budgets(profile):
        return {}
    met: dict[bool, list[bool]] = {True: [], False: []}
    for cost in report.options:
        failed = {found.gate for found in cost.obstacles if found.ruling is Ruling.FAILS}
        if failed <= {"latency"}:
            met[cost.approach.retrieves].append(not failed)
    if any(met[True]):
        return {"derived.latency_budget": ("all_meet", "an option with retrieval answers in time")}
    if met[True] and any(met[False]):
        shown = "only options without retrieval answer in time"
        return {"derived.latency_budget": ("retrieval_misses", shown)}
    if (met[True] or met[False]) and not any(met[False]):
        return {"derived.latency_budget": ("none_meets", "no option that can be used answers in time")}
    return {}


def _judge_payback(report: CostReport) -> Facts:
    """Return whether the tuned option that is most likely to pay back in time does so before its model is retired."""
    if not report.paybacks:
        return {}
    best = max(report.paybacks, key=lambda payback: (payback.in_time, payback.ever))
    if best.in_time >= DECIDES_FROM:
        level = "before_retirement"
    elif best.in_time > 1 - DECIDES_FROM:
        return {}
    else:
        level = "never" if best.ever <= 1 - DECIDES_FROM else "after_retirement"
    return {"derived.payback": (level, f"pays back in time in {best.in_time:.0%} of the draws")}
