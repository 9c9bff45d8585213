"""What each option costs a month and how fast it answers: pure functions of quantities and price rows."""

from __future__ import annotations

from ragortune.model import Profile, Rulebook
from ragortune.support.errors import ProfileError


def add_facts(rulebook: Rulebook, profile: Profile, today: str) -> Profile:
    """Return a profile with the facts that follow from its quantities; the same profile where it has none.

    Raises PriceError where it names something that has no price.
    """
    if not profile.quantities or not rulebook.derived:
        return profile
    from ragortune.costs import assess, derived  # noqa: PLC0415  (bring in the cost model)
    from ragortune.model.prices import PriceBook  # noqa: PLC0415

    book = PriceBook(rulebook.prices, rulebook.price_kinds)
    try:
        report = assess.assess_costs(profile, rulebook, book, today, assess.Sample(compare=False))
    except ProfileError:
        return profile  # the requests a day are not known, so nothing follows
    return derived.apply_facts(rulebook, profile, derived.derive_facts(profile, report))
