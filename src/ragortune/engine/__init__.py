"""The engine: pure functions of rule set and profile, with the whole trace.

`compile` turns conditions and profiles into the form that everything evaluates, and `score` is the scorecard. On top of
them `settled` proves which options are still possible, `changes` finds the smallest changes that give another option,
`questions` ranks the open questions, and `sensitivity` measures what the advice depends on.
"""

from __future__ import annotations

from contextlib import suppress

from ragortune.engine.changes import find_flips as find_flips
from ragortune.engine.compile import Levels as Levels
from ragortune.engine.compile import SearchTooLargeError as SearchTooLargeError
from ragortune.engine.questions import rank_questions as rank_questions
from ragortune.engine.score import Outcome as Outcome
from ragortune.engine.score import decide_option as decide_option
from ragortune.engine.score import has_fired as has_fired
from ragortune.engine.score import judge_profile as judge_profile
from ragortune.engine.score import trace_rule as trace_rule
from ragortune.engine.score import trace_rules as trace_rules
from ragortune.engine.sensitivity import explain_refusal as explain_refusal
from ragortune.engine.sensitivity import find_decisive_rules as find_decisive_rules
from ragortune.engine.sensitivity import weigh_answers as weigh_answers
from ragortune.engine.settled import is_settled as is_settled
from ragortune.engine.settled import reach_options as reach_options
from ragortune.model import Recommendation, Rulebook


def is_firm(rulebook: Rulebook, levels: Levels, probability: float) -> bool:
    """Return whether advice is firm: as probable as the rule set requires, or proven to be settled."""
    if probability < rulebook.scale.firm_from:
        with suppress(SearchTooLargeError):
            return is_settled(rulebook, levels)
    return probability >= rulebook.scale.firm_from


def add_what_if(recommendation: Recommendation, *, change_fixed: bool = False) -> Recommendation:
    """Return a recommendation with everything that could change it; a part that takes too long to search stays None.

    With `change_fixed`, flips also change answers that the team cannot change.
    """
    book, levels = recommendation.rulebook, recommendation.profile.levels
    unknowns = flips = None
    with suppress(SearchTooLargeError):
        unknowns = rank_questions(book, levels)
    with suppress(SearchTooLargeError):
        flips = find_flips(book, levels, change_fixed=change_fixed)
    return recommendation.replace(
        settled=None if unknowns is None else not unknowns,
        flips=flips,
        unknowns=unknowns,
        sensitivities=weigh_answers(recommendation),
        decisive_rules=find_decisive_rules(recommendation),
    )
