"""What could still happen: on top of the engine only, pure, and without a terminal.

`reach` proves which options are still possible, `readings` counts how often each wins, `changes` finds the smallest
changes that give another option, `levers` says what carries the advice.
"""

from __future__ import annotations

from collections.abc import Collection

from ragortune.derived import fix_facts
from ragortune.engine import Levels, decide_option
from ragortune.model import OpenQuestion, Option, Recommendation, Rulebook
from ragortune.whatif.asking import choose_question
from ragortune.whatif.changes import MOST_CHANGES, find_flips
from ragortune.whatif.levers import explain_refusal, find_pillars, weigh_answers
from ragortune.whatif.reach import find_pivots, is_settled, reach_options
from ragortune.whatif.readings import CHANCE, READINGS, read_rules, weigh_options, weigh_questions

__all__ = [
    "CHANCE",
    "READINGS",
    "choose_question",
    "explain_refusal",
    "find_flips",
    "is_settled",
    "rank_questions",
    "study",
]


def study(recommendation: Recommendation, *, given: bool = False, most: int = MOST_CHANGES) -> Recommendation:
    """Return a recommendation with everything that what-if can say about it.

    Args:
        recommendation: what the engine returned.
        given: whether flips may change answers that the team cannot change.
        most: how many answers a flip may change, 1 to 3.

    """
    book, levels = fix_facts(recommendation.rulebook, recommendation.profile.levels)
    acceptability = weigh_options(book, levels)
    reachable = reach_options(book, levels)
    return recommendation.replace(
        acceptability=acceptability.shares,
        acceptability_error=acceptability.error,
        settled=len(reachable) == 1,
        flips=find_flips(book, levels, most=most, given=given),
        unknowns=_rank_open(book, levels, reachable),
        levers=weigh_answers(recommendation),
        pillars=find_pillars(recommendation),
    )


def rank_questions(
    rulebook: Rulebook, levels: Levels, kept: Collection[str] = ()
) -> tuple[OpenQuestion, ...]:
    """Return the open questions whose answer can still change the option, the one worth most first.

    What is not named here cannot change the option, whatever the other answers turn out to be. An answer between
    several levels is an open question as well, unless it is among those that are kept as they are.
    """
    rulebook, levels = fix_facts(rulebook, levels)
    return _rank_open(rulebook, levels, reach_options(rulebook, levels, kept), kept)


def _rank_open(
    rulebook: Rulebook, levels: Levels, reachable: frozenset[Option], kept: Collection[str] = ()
) -> tuple[OpenQuestion, ...]:
    present = decide_option(rulebook, levels).option
    others = tuple(option for option in Option if option in reachable and option is not present)
    if not others:
        return ()
    worth = weigh_questions(read_rules(rulebook, levels, vary_weights=False, chance=1.0, kept=kept))
    questions = []
    for name in find_pivots(rulebook, levels, kept):
        alone = _try_levels(rulebook, levels, name, present)
        questions.append(OpenQuestion(name, alone or others, worth[name], bool(alone)))
    order = {name: place for place, name in enumerate(rulebook.criteria)}
    return tuple(sorted(questions, key=lambda question: (-question.worth, order[question.criterion])))


def _try_levels(rulebook: Rulebook, levels: Levels, name: str, present: Option) -> tuple[Option, ...]:
    """Return the options other than the present one that an open answer leads to by itself."""
    possible = levels.get(name, rulebook.criteria[name].level_ids)
    found = {decide_option(rulebook, {**levels, name: (level,)}).option for level in possible}
    return tuple(option for option in Option if option in found and option is not present)
