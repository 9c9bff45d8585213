"""Should this LLM project use retrieval, fine-tuning, both, or neither yet?

`recommend` judges a profile, `load_rulebook` reads a rule set; what they take and return is in `ragortune.model`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import date
from functools import cache

if sys.version_info < (3, 11):  # a checkout, which no installer has looked at
    raise ImportError("ragortune needs Python 3.11 or newer, not " + ".".join(map(str, sys.version_info[:2])))

from ragortune.costs import add_facts
from ragortune.engine import add_what_if, judge_profile
from ragortune.evidence.profile import Vocabulary
from ragortune.model import Need, Option, Profile, Recommendation, Rulebook
from ragortune.model.prices import is_date
from ragortune.ruleset.load import load_rulebook
from ragortune.support.environment import read_date
from ragortune.support.errors import RagortuneError
from ragortune.version import __version__

__all__ = [
    "Need",
    "Option",
    "Profile",
    "RagortuneError",
    "Recommendation",
    "Rulebook",
    "__version__",
    "load_rulebook",
    "recommend",
]

_load_shipped = cache(load_rulebook)


def recommend(
    profile: Mapping[str, object] | Profile,
    rulebook: Rulebook | None = None,
    *,
    what_if: bool = True,
    as_of: str | date | None = None,
) -> Recommendation:
    """Return the recommendation for a project.

    Args:
        profile: answers by criterion, nested (`{"knowledge": {"gap": "most"}}`) or flat (`{"knowledge.gap": "most"}`);
            what is left out is unknown. Of a `Profile`, facts that were derived from quantities are derived again.
        rulebook: the rule set to judge by; the shipped one, which is read once, if left out.
        what_if: whether to add what could change the advice: settled, flips, unknowns, sensitivities and decisive rules. Without,
            they are None, and a profile takes a thirtieth of the time.
        as_of: day on which prices and the ends of offers are judged, YYYY-MM-DD; today (UTC) if left out. Only a profile
            with quantities depends on it.

    Raises:
        RagortuneError: the profile names a criterion or level that the rule set does not have, `as_of` is no date, or the
            rule set cannot be read.

    """
    book = rulebook if rulebook is not None else _load_shipped()
    today = read_date() if as_of is None else str(as_of)
    if not is_date(today):
        raise RagortuneError.expected("as_of", "a date, YYYY-MM-DD", as_of)
    known = Vocabulary(book.criteria, book.quantities).read_profile(profile)
    recommendation = judge_profile(book, add_facts(book, known, today))
    return add_what_if(recommendation) if what_if else recommendation
