"""Facts that follow from a profile's quantities: computed outside the engine, which only reads their levels.

A derived fact is known exactly or absent. It never comes from a file, and nothing asks for it.
"""

from __future__ import annotations

from ragortune.costs.answers import CostReport, OptionCost
from ragortune.costs.assess import DECIDES_FROM, assess_costs
from ragortune.model import Answer, Option, Profile, Provenance, Rulebook
from ragortune.model.prices import PriceBook
from ragortune.support.errors import ProfileError

CHEAPEST = "derived.cheapest"
FACTOR = "derived.cheapest_factor"
LATENCY = "derived.latency_budget"
PAYBACK = "derived.payback"
_CLEARLY = 1.5
"""Where the level `clearly` of the factor starts."""
_BUDGETS = ("first_token_budget", "answer_budget")


def add_facts(rulebook: Rulebook, profile: Profile, today: str) -> Profile:
    """Return a profile with the facts that follow from its quantities; the same profile where it has none.

    Raises PriceError where it names something that has no price.
    """
    if not profile.quantities or not rulebook.derived:
        return profile
    try:
        report = assess_costs(profile, PriceBook(rulebook.prices), rulebook.criteria, today)
    except ProfileError:
        return profile  # the requests a day are not known, so nothing follows
    return apply_facts(rulebook, profile, derive_facts(profile, report))


def apply_facts(rulebook: Rulebook, profile: Profile, facts: dict[str, tuple[str, str]]) -> Profile:
    """Return a profile with derived facts, each a level and the number behind it; a rule set may not know all."""
    known = {name: fact for name, fact in facts.items() if name in rulebook.derived}
    answers = {
        name: Answer((level,), level, Provenance.DERIVED, evidence)
        for name, (level, evidence) in known.items()
    }
    return profile.replace(
        levels={**profile.levels, **{name: (level,) for name, (level, _) in known.items()}},
        answers={**profile.answers, **answers},
    )


def derive_facts(profile: Profile, report: CostReport) -> dict[str, tuple[str, str]]:
    """Return the level of each derived criterion that can be told from an assessment, with the number behind it."""
    facts: dict[str, tuple[str, str]] = {}
    if report.prices_refused:
        return facts
    facts.update(_find_cheapest(report))
    facts.update(_judge_latency(profile, report))
    facts.update(_judge_payback(report))
    return facts


def _find_cheapest(report: CostReport) -> dict[str, tuple[str, str]]:
    usable = [cost for cost in report.options if cost.feasible]
    chances = {option: report.chance_of(option) for option in Option}
    best = max(Option, key=lambda option: chances[option])
    rivals = [cost for cost in usable if _option_of(cost) is not best]
    own = [cost for cost in usable if _option_of(cost) is best]
    if not rivals or not own:
        return {}
    shown = f"cheapest in {chances[best]:.0%} of the draws"
    if chances[best] < DECIDES_FROM:
        return {FACTOR: ("undecided", shown)}
    cheapest, next_one = (min(cost.total.p50 for cost in costs) for costs in (own, rivals))
    factor = next_one / cheapest if cheapest > 0 else float("inf")
    level = "clearly" if factor >= _CLEARLY else "slightly"
    times = (
        f"the next option costs {factor:.3g} times as much" if factor < 1e6 else "it costs next to nothing"
    )
    return {CHEAPEST: (best.value, shown), FACTOR: (level, times)}


def _option_of(cost: OptionCost) -> Option:
    return cost.candidate.approach.option


def _judge_latency(profile: Profile, report: CostReport) -> dict[str, tuple[str, str]]:
    """Return whether options with and without retrieval meet the budget, whatever else stands in their way."""
    answer = profile.answers.get("performance.latency")
    timed = isinstance(answer.given, (int, float)) if answer else False
    if not timed and not any(name in profile.quantities for name in _BUDGETS):
        return {}
    usable = [
        cost
        for cost in report.options
        if all(found.gate == "latency" for found in cost.obstacles if found.ruling == "fails")
    ]
    met = {
        retrieves: [
            not any(found.gate == "latency" for found in cost.obstacles)
            for cost in usable
            if cost.candidate.approach.retrieves is retrieves
        ]
        for retrieves in (True, False)
    }
    if not usable:
        return {}
    if not any(met[True]) and not any(met[False]):
        return {LATENCY: ("none_meets", "no option that can be used answers in time")}
    if met[True] and not any(met[True]):
        return {LATENCY: ("retrieval_misses", "only options without retrieval answer in time")}
    if any(met[True]):
        return {LATENCY: ("all_meet", "an option with retrieval answers in time")}
    return {}


def _judge_payback(report: CostReport) -> dict[str, tuple[str, str]]:
    """Return whether the tuned option that pays back soonest does so before its model is retired."""
    if not report.paybacks:
        return {}
    best = max(report.paybacks, key=lambda own: (own.in_time, own.ever))
    shown = f"pays back in time in {best.in_time:.0%} of the draws"
    if best.in_time >= DECIDES_FROM:
        return {PAYBACK: ("before_retirement", shown)}
    if best.in_time > 1 - DECIDES_FROM:
        return {}
    return {PAYBACK: ("never" if best.ever <= 1 - DECIDES_FROM else "after_retirement", shown)}
