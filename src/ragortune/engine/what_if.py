"""What could change the advice: the smallest other profiles, the open questions, and single answers and rules.

**Changes** (counterfactuals) are found by exhaustive search. All sets of one change are tried, then all of two; three only
where nothing smaller is found. A changed profile is the packed profile plus the differences that its changes make (see
`compile`). Most changes of a criterion make the same difference, and these are tried once: with k criteria and d
differences each, pairs cost k²d²/2 look-ups, a few thousand for the shipped rule set. A budget limits the search.

**Open questions** are ranked by their expected value of information: the expected drop of the Brier score of the stated
probabilities. Before the answer they are the mean over its possible answers, after it those that it gives; the difference
of the two expected scores is the variance of the probabilities over the answers, summed over the options. The distribution
of the answers is that of the field sample (`Rulebook.answer_counts`), smoothed by one imagined project for each level. Only
criteria that can still change the option are ranked (`settled.find_pivots`).

**Sensitivity** leaves out or replaces one answer or rule at a time, with everything else as it is.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Collection, Iterable
from contextlib import suppress
from typing import NamedTuple

from ragortune.engine.compile import (
    UNIT,
    Budget,
    Levels,
    SearchTooLargeError,
    Table,
    compile_conditions,
    compile_table,
)
from ragortune.engine.score import judge_completed, judge_packed, logistic, speaks_against
from ragortune.engine.settled import find_pivots, reach_options
from ragortune.model import (
    AnswerSensitivity,
    Criterion,
    DecisiveRule,
    Flip,
    GateHit,
    GateKind,
    Need,
    OpenQuestion,
    Option,
    Reason,
    Recommendation,
    Refusal,
    Rulebook,
    has_need,
)

MAX_CHANGES = 3
"""Size of the largest sets that are tried: nobody changes four answers at once."""
_DECISION = 30
"""Steps of the budget that it takes to score a profile or to keep a set of changes; a look-up takes one."""
UNFIRM_FACTOR = 2
"""While the advice is not firm, the least gain of a question worth asking is `Scale.ask_from` divided by this."""
_PRIOR = 1.0
"""Additive smoothing: projects that are added to those of the field sample for each level."""


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


# --- changes ------------------------------------------------------------------------------------------------------


class Move(NamedTuple):
    """A change of one answer."""

    criterion: str
    level: str
    distance: int
    """Levels between the answer and the new level; 1 where they have no order or the answer was unknown."""
    adds: int
    """What it adds to the packed profile."""


def find_flips(rulebook: Rulebook, levels: Levels, *, change_fixed: bool = False) -> tuple[Flip, ...]:
    """Return every smallest set of changes to known answers that changes the option, the nearest first.

    All sets of one and of two changes are found; a pair is listed only if neither of its changes is enough by itself.
    Sets of three are tried only if there is no smaller one. Where several levels hold, a change replaces all of them.
    With `change_fixed`, answers that the team cannot change are changed as well. Raises SearchTooLargeError.
    """
    search = _Search(rulebook, levels)
    wanted = frozenset(Option) - {search.present}
    known = [rulebook.criteria[name] for name in levels if name in rulebook.criteria]
    moves = [search.list_moves(criterion) for criterion in known if change_fixed or not criterion.fixed]
    singles = search.try_sets(moves, 1, wanted)
    enough = {move for (move,) in singles}
    rest = [[move for move in of_criterion if move not in enough] for of_criterion in moves]
    found = [*singles, *search.try_sets(rest, 2, wanted)]
    if not found:
        found = search.try_sets(rest, MAX_CHANGES, wanted)
    return search.show_flips(found)


def find_nearest_profile(
    rulebook: Rulebook, levels: Levels, option: Option, *, change_fixed: bool = False
) -> Flip | None:
    """Return the smallest change of answers that gives an option, None if more than three changes are needed.

    A change may also answer an open question; of equally small sets the one that answers fewest is returned.
    Raises SearchTooLargeError.
    """
    search = _Search(rulebook, levels)
    moves = [
        search.list_moves(criterion)
        for criterion in rulebook.criteria.values()
        if change_fixed or not criterion.fixed or criterion.id not in levels
    ]
    for size in range(1, MAX_CHANGES + 1):
        flips = search.show_flips(search.try_sets(moves, size, frozenset({option})))
        if flips:
            return min(flips, key=lambda flip: sum(name not in levels for name in flip.change))
    return None


class _Search:
    """Tries all sets of changes of one size."""

    def __init__(self, rulebook: Rulebook, levels: Levels) -> None:
        self._order = {name: index for index, name in enumerate(rulebook.criteria)}
        self._levels = levels
        self._table = compile_table(rulebook)
        self._base = self._table.pack_profile(levels)
        self._budget = Budget()
        self._decide = functools.cache(self._decide_anew)
        self.present = self._decide(self._base)

    def _decide_anew(self, packed: int) -> Option:
        self._budget.spend(_DECISION + len(self._table.joint))
        return judge_packed(self._table, packed).option

    def list_moves(self, criterion: Criterion) -> list[Move]:
        """Return the changes of the answer to a criterion."""
        name, known = criterion.id, self._levels.get(criterion.id, ())
        present = self._table.pack(name, known) if known else 0
        ranks = [] if criterion.nominal else [criterion.level_ids.index(level) for level in known]
        moves = []
        for rank, level in enumerate(criterion.level_ids):
            if known != (level,) and (criterion.several or level not in known):
                distance = min((abs(rank - known_rank) for known_rank in ranks), default=1)
                moves.append(Move(name, level, distance, self._table.pack(name, (level,)) - present))
        return moves

    def try_sets(
        self, moves: list[list[Move]], size: int, wanted: frozenset[Option]
    ) -> list[tuple[Move, ...]]:
        """Return all sets of `size` changes, each of another criterion, that give one of the wanted options.

        `moves` lists the changes of each criterion. Those that add the same are tried once.
        """
        grouped: list[dict[int, list[Move]]] = [{} for _ in moves]
        for groups, of_criterion in zip(grouped, moves, strict=True):
            for move in of_criterion:
                groups.setdefault(move.adds, []).append(move)
        sets: list[tuple[Move, ...]] = []
        for chosen in itertools.combinations(grouped, size):
            self._budget.spend(math.prod(map(len, chosen)))
            for adds in itertools.product(*chosen):
                if self._decide(self._base + sum(adds)) in wanted:
                    found = [groups[amount] for groups, amount in zip(chosen, adds, strict=True)]
                    self._budget.spend(_DECISION * math.prod(map(len, found)))
                    sets += itertools.product(*found)
        return sets

    def show_flips(self, found: Iterable[tuple[Move, ...]]) -> tuple[Flip, ...]:
        """Return sets of changes as flips, the smallest and nearest first, then in the order of the criteria."""

        def rank(moves: tuple[Move, ...]) -> tuple[int, int, list[tuple[int, str]]]:
            order = [(self._order[move.criterion], move.level) for move in moves]
            return len(moves), sum(move.distance for move in moves), order

        flips = []
        for moves in sorted(found, key=rank):
            option = self._decide(self._base + sum(move.adds for move in moves))
            flips.append(Flip({move.criterion: move.level for move in moves}, option))
        return tuple(flips)


# --- open questions -----------------------------------------------------------------------------------------------


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
    questions = []
    for name, answers in find_pivots(rulebook, levels, kept).items():
        rest = packed - (table.pack(name, levels[name]) if name in levels else 0)
        alone = {judge_packed(table, rest + adds).option for adds in answers} - {present}
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


@functools.lru_cache(maxsize=1024)
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


# --- single answers and rules -------------------------------------------------------------------------------------


def weigh_answers(recommendation: Recommendation) -> tuple[AnswerSensitivity, ...]:
    """Return for each known answer the need that it moves most and the range of its score, the widest range first.

    The width is measured in probability: far from even odds, log-odds change much and the probability little. Answers that
    move neither need and without which the option stays the same are left out.
    """
    book, levels = recommendation.rulebook, recommendation.profile.levels
    table = compile_table(book)
    packed = table.pack_profile(levels)
    sensitivities = []
    for name, answer in levels.items():
        if name not in book.criteria:
            continue
        rest = packed - table.pack(name, answer)
        level_ids = book.criteria[name].level_ids
        tried = [judge_packed(table, rest + table.pack(name, (level,))).scores for level in level_ids]
        without = judge_packed(table, rest).option
        spans = []
        for index, need in enumerate(Need):
            now = recommendation.needs[need].score
            scores = [now, *(pair[index] / UNIT for pair in tried)]
            spans.append(AnswerSensitivity(name, need, min(scores), max(scores), now, without))
        sensitivity = max(spans, key=_measure_swing)
        if sensitivity.high > sensitivity.low or without is not recommendation.option:
            sensitivities.append(sensitivity)
    sensitivities.sort(
        key=lambda sensitivity: (sensitivity.without is recommendation.option, -_measure_swing(sensitivity))
    )
    return tuple(sensitivities)


def _measure_swing(sensitivity: AnswerSensitivity) -> float:
    """Return the difference of the need's probability between both ends of the range."""
    return logistic(sensitivity.high) - logistic(sensitivity.low)


def find_decisive_rules(recommendation: Recommendation) -> tuple[DecisiveRule, ...]:
    """Return the rules that fired and without which the option would be another one."""
    table = compile_table(recommendation.rulebook)
    completed, gates = table.complete(table.pack_profile(recommendation.profile.levels))
    fired = (*(reason.rule for reason in recommendation.reasons), *(hit.rule for hit in recommendation.gates))
    decisive_rules = []
    for rule in {rule.id: rule for rule in fired}.values():
        others = tuple(gate for gate in gates if gate.rule != rule.id)
        without = judge_completed(table, completed - table.pack_effects(rule), others).option
        if without is not recommendation.option:
            decisive_rules.append(DecisiveRule(rule, without))
    return tuple(decisive_rules)


def list_objections(
    recommendation: Recommendation, option: Option
) -> tuple[tuple[GateHit, ...], tuple[Reason, ...]]:
    """Return the gates and the reasons against an option that is not recommended, the strongest reason first."""
    reasons = (
        reason
        for reason in recommendation.reasons
        if has_need(option, reason.need) != has_need(recommendation.option, reason.need)
        and speaks_against(reason, option)
    )
    needs = recommendation.needs.values()
    deciding = {rule for state in needs for rule in (*state.blocked_by, *state.required_by)}
    gates = (
        hit
        for hit in recommendation.gates
        if hit.rule.id in deciding and has_need(option, hit.need) == (hit.gate is GateKind.RULES_OUT)
    )
    return tuple(gates), tuple(reasons)


def explain_refusal(recommendation: Recommendation, option: Option) -> Refusal:
    """Return what decides against an option that is not recommended, and the nearest profile for which it would be.

    Answers that the team cannot change are changed only if no other change gives the option.
    """
    gates, reasons = list_objections(recommendation, option)
    book, levels = recommendation.rulebook, recommendation.profile.levels
    nearest, searched = None, True
    try:
        nearest = find_nearest_profile(book, levels, option)
        nearest = nearest or find_nearest_profile(book, levels, option, change_fixed=True)
    except SearchTooLargeError:
        searched = False
    changed = nearest.change if nearest else ()
    fixed = tuple(name for name in changed if name in levels and book.criteria[name].fixed)
    return Refusal(option, reasons, gates, nearest, fixed, searched)
