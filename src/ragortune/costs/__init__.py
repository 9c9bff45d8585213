"""What each option costs a month and how fast it answers: pure functions of quantities and price rows."""

from __future__ import annotations

from ragortune.model import Profile, Rulebook


def add_facts(rulebook: Rulebook, profile: Profile, today: str) -> Profile:
    """Return a profile with the facts that follow from its quantities; the same profile where it has none.

    Raises PriceError where it names something that has no price.
    """
    if not profile.quantities or not rulebook.derived:
        return profile
    from ragortune.costs.derived import complete_profile  # noqa: PLC0415  (brings in the cost model)

    return complete_profile(rulebook, profile, today)
