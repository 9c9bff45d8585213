"""The engine: pure functions of rule set and profile, with the whole trace.

`compile` turns conditions and profiles into the form that everything evaluates, and `score` is the scorecard. On top of
them `settled` proves which options are still possible, and `what_if` finds what could change the advice.
"""

from __future__ import annotations

from contextlib import suppress

from ragortune.engine.compile import Levels as Levels
from ragortune.engine.compile import SearchTooLargeError as SearchTooLargeError
from ragortune.engine.score import Outcome as Outcome
from ragortune.engine.score import decide_option as decide_option
from ragortune.engine.score import has_fired as has_fired
from ragortune.engine.score import judge_profile as judge_profile
from ragortune.engine.score import trace_rule as trace_rule
from ragortune.engine.score import trace_rules as trace_rules
from ragortune.engine.settled import is_settled as is_settled
from ragortune.engine.settled import reach_options as reach_options
from ragortune.engine.what_if import add_what_if as add_what_if
from ragortune.engine.what_if import explain_refusal as explain_refusal
from ragortune.engine.what_if import rank_questions as rank_questions
from ragortune.model import Rulebook


def is_firm(rulebook: Rulebook, levels: Levels, probability: float) -> bool:
    """Return whether advice is firm: as probable as the rule set requires, or proven to be settled."""
    if probability < rulebook.scale.firm_from:
        with suppress(SearchTooLargeError):
            return is_settled(rulebook, levels)
    return probability >= rulebook.scale.firm_from
