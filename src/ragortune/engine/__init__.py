"""The engine: pure functions of rule set and profile, with the whole trace.

`compile` has the one form of conditions, `score` the scorecard; on top of them `settled` proves which options open answers
can still lead to, `changes` finds the smallest changes that give another option, `questions` weighs the open questions,
and `sensitivity` says what carries the advice.
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
    """Return whether advice on these answers is firm: as probable as the rule set asks, or settled as far as can be told."""
    if probability < rulebook.scale.firm_from:
        with suppress(SearchTooLargeError):
            return is_settled(rulebook, levels)
    return probability >= rulebook.scale.firm_from


def add_what_if(recommendation: Recommendation, *, change_fixed: bool = False) -> Recommendation:
    """Return a recommendation with what could change it; with `change_fixed` flips change also what the team cannot.

    What takes too long stays None.
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
