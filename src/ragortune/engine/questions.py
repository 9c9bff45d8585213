"""Ranking of the open questions by their expected value of information.

The value of an answer is the expected drop of the Brier score of the stated probabilities. Before the answer they are the
mean over its possible answers, after it those that it gives; the difference of the two expected scores is the variance of
the probabilities over the answers, summed over the options. The distribution of the answers is that of the field sample
(`Rulebook.answer_counts`), smoothed by one imagined project for each level.

Only criteria that can still change the option are ranked (`settled.find_pivots`). Each takes one look-up for each of its
levels, so the cost is that of the proof, not of the ranking.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

from ragortune.engine.compile import Levels, Table, compile_conditions, compile_table
from ragortune.engine.score import judge_packed
from ragortune.engine.settled import find_pivots, list_possible, reach_options
from ragortune.model import OpenQuestion, Option, Recommendation, Rulebook

UNFIRM_FACTOR = 3
"""While the advice is not firm, the least gain of a question worth asking is `Scale.ask_from` divided by this."""
_PRIOR = 1.0
"""Additive smoothing: projects that are added to those of the field sample for each level."""


def rank_questions(
    rulebook: Rulebook, levels: Levels, kept: Collection[str] = ()
) -> tuple[OpenQuestion, ...]:
    """Return the open questions whose answer can still change the option, the one with the largest gain first.

    A criterion that is left out cannot change the option, whatever the other answers turn out to be. A criterion that is
    known to be one of several levels is an open question as well, unless it is in `kept`. Raises SearchTooLargeError.
    """
    table = compile_table(rulebook)
    packed = table.pack_profile(levels)
    present = judge_packed(table, packed).option
    reachable = reach_options(rulebook, levels, kept)
    others = tuple(option for option in Option if option in reachable and option is not present)
    if not others:
        return ()
    possible = list_possible(rulebook, levels, kept)
    questions = []
    for name in find_pivots(rulebook, levels, kept):
        rest = packed - (table.pack(name, levels[name]) if name in levels else 0)
        alone = {judge_packed(table, rest + adds).option for adds in possible[name]} - {present}
        gives = tuple(option for option in Option if option in alone) or others
        gain = _expect_gain(rulebook, table, rest, name, levels.get(name))
        questions.append(OpenQuestion(name, gives, gain, bool(alone)))
    return tuple(sorted(questions, key=lambda question: -question.expected_gain))


def _expect_gain(
    rulebook: Rulebook, table: Table, rest: int, criterion: str, known: tuple[str, ...] | None
) -> float:
    """Return the variance of the probabilities over the possible answers to one question, summed over the options.

    `rest` is the packed profile without the answer, `known` the levels that are not yet ruled out.
    """
    outcomes = [
        (weight, judge_packed(table, rest + table.pack(criterion, answer)).probability)
        for answer, weight in estimate_answers(rulebook, criterion)
        if known is None or {*answer}.issubset(known)
    ]
    total = sum(weight for weight, _ in outcomes)
    variance = 0.0
    for option in Option:
        mean = sum(weight * probability[option] for weight, probability in outcomes) / total
        variance += (
            sum(weight * (probability[option] - mean) ** 2 for weight, probability in outcomes) / total
        )
    return variance


@lru_cache(maxsize=1024)
def estimate_answers(rulebook: Rulebook, criterion: str) -> tuple[tuple[tuple[str, ...], float], ...]:
    """Return the possible answers to a criterion with their smoothed frequencies, in projects."""
    levels = rulebook.criteria[criterion].level_ids
    weights: dict[tuple[str, ...], float] = {(level,): _PRIOR for level in levels}
    for entry in rulebook.answer_counts.get(criterion, ()):
        weights[entry.levels] = weights.get(entry.levels, 0.0) + entry.count
    return tuple(weights.items())


def can_ask(rulebook: Rulebook, levels: Levels, criterion: str) -> bool:
    """Return whether the conditions under which a question is asked (`asked_when`) are known to hold."""
    return compile_conditions(rulebook, rulebook.criteria[criterion].asked_when).hold(levels)


def find_least_gain(recommendation: Recommendation) -> float:
    """Return the least expected gain of a question worth asking, which depends on whether the advice is firm."""
    return recommendation.rulebook.scale.ask_from / (1 if recommendation.firm else UNFIRM_FACTOR)


def list_askable(recommendation: Recommendation) -> tuple[OpenQuestion, ...]:
    """Return the open questions that can be asked now, the one with the largest expected gain first."""
    book, levels = recommendation.rulebook, recommendation.profile.levels
    return tuple(
        question
        for question in recommendation.unknowns or ()
        if question.criterion in levels or can_ask(book, levels, question.criterion)
    )
