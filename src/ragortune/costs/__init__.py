"""Monthly cost and latency of each option: pure functions of quantities and price rows."""

from __future__ import annotations

from ragortune.model import Profile, Rulebook
from ragortune.support.errors import ProfileError


def add_facts(rulebook: Rulebook, profile: Profile, today: str) -> Profile:
    """Return a profile with the facts that are derived from its quantities; the same profile if it has none.

    Raises PriceError if it names something that has no price.
    """
    if not profile.quantities or not rulebook.derived:
        return profile
    from ragortune.costs import assess, derived  # noqa: PLC0415  (bring in the cost model)
    from ragortune.model.prices import PriceBook  # noqa: PLC0415

    book = PriceBook(rulebook.prices, rulebook.price_kinds)
    try:
        report = assess.assess_costs(profile, rulebook, book, today, assess.Sample(compare=False))
    except ProfileError:
        return profile  # nothing can be derived without the number of requests
    return derived.apply_facts(rulebook, profile, derived.derive_facts(profile, report))
