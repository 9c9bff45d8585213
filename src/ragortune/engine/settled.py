"""Which options the open answers can still lead to: a few tries, then bounds, then an exact search.

A completion leaves an open answer open, gives it any of its levels, or, where the team cannot tell between levels, any
set of them. The search works on packed answers (see `compile`): what an answer adds is one integer, and answers that no
rule tells apart are the same integer.

Most questions are decided without searching. Four greedy completions, one for each pair of needs, are judged; if they
reach every option that the bounds on both scores allow, that is the result. Otherwise the search is branch and bound: it
branches on the criteria that rules read together with others, until it is certain of every such rule whether it fires.
What is left then adds up criterion by criterion, and is searched by dynamic programming: for each pair of needs only the
Pareto-optimal pairs of scores are kept, because a pair that is behind on both scores cannot become the better one later
(Nemhauser and Ullmann 1969 solve knapsacks so). Nothing depends on the weights having a common divisor. The work is
bounded; `SearchTooLargeError` says that the bound was reached.
"""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from ragortune.engine.compile import Budget, JointRule, Levels, Sums, Table, combine_levels, compile_table
from ragortune.engine.score import judge_packed
from ragortune.model import GateKind, Need, Option, Rulebook, pair_option

Possible = Mapping[str, tuple[int, ...]]
"""For each criterion what its possible answers add to a packed profile."""

Direction = tuple[int, int]
_DIRECTIONS: tuple[Direction, ...] = ((1, 1), (1, -1), (-1, 1), (-1, -1))
"""Signs of the two scores: retrieval needed or not, tuning needed or not."""


def reach_options(rulebook: Rulebook, levels: Levels, kept: Collection[str] = ()) -> frozenset[Option]:
    """Return every option that some completion of the open answers leads to, the present one included. Exact.

    The criteria in `kept` stay as they are in every completion. Raises SearchTooLargeError.
    """
    return frozenset(_Search(rulebook, levels, kept).reach())


def is_settled(rulebook: Rulebook, levels: Levels) -> bool:
    """Return whether no completion of the open answers can change the option. Exact; raises SearchTooLargeError."""
    return len(_Search(rulebook, levels, (), first=True).reach()) == 1


# --- what the answers can add ---------------------------------------------------------------------------------------


def list_possible(rulebook: Rulebook, levels: Levels, kept: Collection[str] = ()) -> Possible:
    """Return for every criterion what its answers can add in the end, given what is known.

    The criteria in `kept` stay as they are: open where they are open, between levels where they are between some.
    """
    table = compile_table(rulebook)
    possible: dict[str, tuple[int, ...]] = {}
    for name, criterion in rulebook.criteria.items():
        known = levels.get(name)
        now = 0 if known is None else table.pack(name, known)
        if name in kept or (known is not None and (criterion.several or len(known) == 1)):
            possible[name] = (now,)
        else:
            answers = known or criterion.level_ids
            possible[name] = _complete_answer(table, name, answers, now, criterion.several)
    return possible


@functools.lru_cache(maxsize=4096)
def _complete_answer(
    table: Table,
    criterion: str,
    answers: tuple[str, ...],
    now: int,
    several: bool,  # noqa: FBT001
) -> tuple[int, ...]:
    """Return what the completions of one open answer add, each amount once."""
    levels = table.group_levels(criterion, answers)
    found = {table.pack(criterion, chosen) for chosen in combine_levels(levels, several=several)}
    return tuple(sorted({now, *found}))


class Bounds(NamedTuple):
    """What can happen at least and at most, field by field and independent of each other, so they may allow too much.

    The bits of `low` are those of the clauses that are met always, the bits of `high` of those that are met ever.
    """

    low: Sums
    high: Sums

    def may_fire(self, rule: JointRule) -> bool:
        """Return whether a joint rule can fire in some completion."""
        return rule.may_fire(self.low.bits, self.high.bits)

    def must_fire(self, rule: JointRule) -> bool:
        """Return whether a joint rule fires in every completion."""
        return rule.may_fire(self.high.bits, self.low.bits)

    def is_open(self, rule: JointRule) -> bool:
        """Return whether it still depends on open answers whether a joint rule fires."""
        return self.may_fire(rule) and not self.must_fire(rule)


@functools.lru_cache(maxsize=16384)
def _bound_answers(table: Table, answers: tuple[int, ...]) -> Bounds:
    """Return the bounds on what one of these answers adds."""
    bits, *amounts = zip(*map(table.split_answer, answers), strict=True)
    return Bounds(
        Sums(functools.reduce(operator.and_, bits), *map(min, amounts)),
        Sums(functools.reduce(operator.or_, bits), *map(max, amounts)),
    )


def bound_scores(table: Table, start: int, possible: Possible) -> Bounds:
    """Return bounds over all completions; `start` is the packed profile without the criteria in `possible`."""
    sums = table.split(start)
    bounds = _add_bounds([Bounds(sums, sums), *(_bound_answers(table, own) for own in possible.values())])
    firing = filter(bounds.may_fire, table.joint)
    joint = ((0, own.adds) if bounds.is_open(own) else (own.adds,) for own in firing)
    return _add_bounds([bounds, *(_bound_answers(table, own) for own in joint)])


def _add_bounds(parts: Iterable[Bounds]) -> Bounds:
    """Return the bounds on the sum of independent things."""
    low, high = (Sums(*map(sum, zip(*ends, strict=True))) for ends in zip(*parts, strict=True))
    return Bounds(low, high)


def allow_options(table: Table, bounds: Bounds) -> frozenset[Option]:
    """Return the options that the bounds do not exclude."""
    may = {gate for rule in table.joint if bounds.may_fire(rule) for gate in rule.gates}
    must = {gate for rule in table.joint if bounds.must_fire(rule) for gate in rule.gates}

    def list_states(need: Need, low: int, high: int) -> list[bool]:
        requires, rules_out = (need, GateKind.REQUIRES), (need, GateKind.RULES_OUT)
        may_hold = (high > 0 or requires in may) and rules_out not in must
        may_fail = (low <= 0 and requires not in must) or rules_out in may
        return [state for state, possible in ((True, may_hold), (False, may_fail)) if possible]

    low, high = bounds
    states = itertools.product(
        list_states(Need.RAG, low.rag, high.rag),
        list_states(Need.FINE_TUNING, low.tuning, high.tuning),
        [end > 0 for end in {low.mentions, high.mentions}],
    )
    return frozenset(
        Option.RAG if not mentioned and not tuning else pair_option(rag=rag, fine_tuning=tuning)
        for rag, tuning, mentioned in states
    )


# --- the search ---------------------------------------------------------------------------------------------------


class Entry(NamedTuple):
    """A pair of scores, both counted in the direction of a search, and what it packs to."""

    rag: int
    tuning: int
    packed: int


Fronts = Mapping[bool, list[Entry]]
"""Pareto fronts, apart by whether something speaks about retrieval: without that, the default holds."""


class _Search:
    """Collects the options that the completions of one profile reach."""

    def __init__(
        self, rulebook: Rulebook, levels: Levels, kept: Collection[str], *, first: bool = False
    ) -> None:
        """Prepare a search; with `first` it stops at the first option other than the present one."""
        self.table = compile_table(rulebook)
        facts = {name: own for name, own in levels.items() if name not in rulebook.criteria}
        self.start = self.table.pack_profile(facts)
        """The packed facts that nobody is asked for."""
        self.possible = list_possible(rulebook, levels, kept)
        self._reached: set[Option] = set()
        self._enough = 2 if first else len(Option)
        self._budget = Budget()
        self._add(self.table.pack_profile(levels))

    def reach(self) -> set[Option]:
        """Return the options that are reached."""
        if self._bound(self.possible):
            for direction in _DIRECTIONS:  # greedily: each answer that moves furthest, joint rules left out
                packed = self.start
                for answers in self.possible.values():
                    best = itertools.chain(*_best_entries(self.table, answers, direction).values())
                    packed += max(best, key=lambda entry: entry.rag + entry.tuning).packed
                self._add(packed)
            self._branch(self.possible)
        return self._reached

    def _add(self, packed: int) -> None:
        self._reached.add(judge_packed(self.table, packed).option)

    def _bound(self, possible: Possible) -> Bounds | None:
        """Return the bounds within `possible`, or None where there is nothing to gain from searching it."""
        if len(self._reached) >= self._enough:
            return None
        bounds = bound_scores(self.table, self.start, possible)
        return None if allow_options(self.table, bounds) <= self._reached else bounds

    def _branch(self, possible: Possible) -> None:
        """Search within `possible`, branching on the criterion that most undecided joint rules read."""
        self._budget.spend(len(possible) * (1 + len(self.table.joint)))
        bounds = self._bound(possible)
        if bounds is None:
            return
        undecided = [rule.when | rule.unless for rule in self.table.joint if bounds.is_open(rule)]
        if not undecided:
            self._add_up(possible)
            return
        open_bits = functools.reduce(operator.or_, undecided) & bounds.high.bits & ~bounds.low.bits
        masks = {name: mask for name in possible if (mask := self.table.bits_on[name] & open_bits)}
        branch = max(masks, key=lambda name: sum(bool(bits & masks[name]) for bits in undecided))
        parts: dict[int, list[int]] = {}
        for packed in possible[branch]:
            parts.setdefault(self.table.split_answer(packed).bits & masks[branch], []).append(packed)
        for part in parts.values():
            self._branch({**possible, branch: tuple(part)})

    def _add_up(self, possible: Possible) -> None:
        """Add the options of all completions, where the same joint rules fire in each of them."""
        for direction in _DIRECTIONS:
            fronts: Fronts = {self.table.split(self.start).mentions > 0: [Entry(0, 0, self.start)]}
            for answers in possible.values():
                fronts = self._extend(fronts, _best_entries(self.table, answers, direction))
            for entry in itertools.chain(*fronts.values()):
                self._add(entry.packed)

    def _extend(self, fronts: Fronts, answers: Fronts) -> Fronts:
        """Return the Pareto fronts after one more criterion."""
        grown: dict[bool, set[Entry]] = {}
        for (before, front), (mentioned, entries) in itertools.product(fronts.items(), answers.items()):
            self._budget.spend(len(front) * len(entries))
            grown.setdefault(before or mentioned, set()).update(
                Entry(one.rag + other.rag, one.tuning + other.tuning, one.packed + other.packed)
                for one in front
                for other in entries
            )
        return {mentioned: _keep_best(entries) for mentioned, entries in grown.items()}


@functools.lru_cache(maxsize=16384)
def _best_entries(table: Table, answers: tuple[int, ...], direction: Direction) -> Fronts:
    """Return the answers to one criterion that can be part of a best completion in a direction."""
    apart: dict[bool, set[Entry]] = {}
    for packed in answers:
        own = table.split_answer(packed)
        entry = Entry(own.rag * direction[0], own.tuning * direction[1], packed)
        apart.setdefault(own.mentions > 0, set()).add(entry)
    return {mentioned: _keep_best(entries) for mentioned, entries in apart.items()}


def _keep_best(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries that no other matches or exceeds in both scores."""
    kept: list[Entry] = []
    for entry in sorted(entries, reverse=True):
        if not kept or entry.tuning > kept[-1].tuning:
            kept.append(entry)
    return kept


# --- which questions matter ---------------------------------------------------------------------------------------


def find_pivots(rulebook: Rulebook, levels: Levels, kept: Collection[str] = ()) -> tuple[str, ...]:
    """Return the open criteria whose answer can still change the option.

    Sound: a criterion that is left out cannot change the option in any completion. It may name one too many, because
    what the other answers can add is bounded part by part.
    """
    search = _Search(rulebook, levels, kept)
    table, bounds = search.table, bound_scores(search.table, search.start, search.possible)
    return tuple(
        name
        for name, answers in search.possible.items()
        if len(answers) > 1 and _can_turn(table, _bound_answers(table, answers), bounds)
    )


def _can_turn(table: Table, own: Bounds, bounds: Bounds) -> bool:
    """Return whether one criterion's answer can turn a need, fire a gate, or end the default.

    `own` bounds what the answer adds by itself, `bounds` everything together.
    """
    open_bits = own.high.bits & ~own.low.bits
    joint = [rule for rule in table.joint if bounds.is_open(rule) and (rule.when | rule.unless) & open_bits]
    if any(kind is not GateKind.CONFIRMS for rule in joint for _, kind in rule.gates):
        return True
    adds = [table.split_answer(rule.adds) for rule in joint]
    sure = {gate for rule in table.joint if bounds.must_fire(rule) for gate in rule.gates}
    for need, field in ((Need.RAG, "rag"), (Need.FINE_TUNING, "tuning")):
        ends = (own.low, own.high, bounds.low, bounds.high)
        least, most, low, high = (getattr(end, field) for end in ends)
        moves = least != most or any(getattr(entry, field) for entry in adds)
        if moves and low <= 0 < high and (need, GateKind.RULES_OUT) not in sure:
            return True
    speaks = own.low.mentions != own.high.mentions or any(entry.mentions for entry in adds)
    return not bounds.low.mentions and speaks
