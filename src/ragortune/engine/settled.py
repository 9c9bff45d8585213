"""Which options the open answers can still lead to, exactly: branch and bound over joint rules, Pareto fronts below.

A completion leaves each open answer open, gives it one of its levels, or, where several can hold or the team cannot tell,
a set of them. Completions are sums of packed answers (see `compile`); answers that no rule tells apart are one integer.

1. Four greedy completions are scored, one for each pair of needs. If they reach every option that the bounds on both
   scores allow, nothing has to be searched; that is so for most profiles.
2. Otherwise the search branches on criteria that joint rules read, until it is certain of each joint rule whether it
   fires. Invariant of a branch: the bounds hold for all completions in it, so a branch is dropped as soon as they allow
   no option that has not been reached.
3. With the joint rules settled, scores add up criterion by criterion. For each pair of needs dynamic programming keeps
   the Pareto front of both scores: a partial sum that another one matches or exceeds in both can be dropped, because
   what is added later is the same for both (Nemhauser and Ullmann, Discrete Dynamic Programming and Capital Allocation,
   1969, solve the knapsack problem this way). Weights need no common divisor.

Branches are exponential in the number of criteria that joint rules connect, and fronts can double with each criterion;
a budget ends the search with `SearchTooLargeError`.
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
"""Signs of both scores that a search maximises: retrieval needed or not, tuning needed or not."""


def reach_options(rulebook: Rulebook, levels: Levels, kept: Collection[str] = ()) -> frozenset[Option]:
    """Return every option that a completion of the open answers leads to, the present one included.

    Exact. The criteria in `kept` stay as they are in every completion. Raises SearchTooLargeError.
    """
    return frozenset(_Search(rulebook, levels, kept).reach())


def is_settled(rulebook: Rulebook, levels: Levels) -> bool:
    """Return whether no completion of the open answers changes the option. Exact; raises SearchTooLargeError."""
    return len(_Search(rulebook, levels, (), first=True).reach()) == 1


# --- what the answers can add ---------------------------------------------------------------------------------------


def list_possible(rulebook: Rulebook, levels: Levels, kept: Collection[str] = ()) -> Possible:
    """Return for every criterion what its answer can add in a completion of what is known.

    The criteria in `kept` stay as they are: unknown, or one of several levels.
    """
    table = compile_table(rulebook)
    possible: dict[str, tuple[int, ...]] = {}
    for name, criterion in rulebook.criteria.items():
        known = levels.get(name)
        present = 0 if known is None else table.pack(name, known)
        if name in kept or (known is not None and (criterion.several or len(known) == 1)):
            possible[name] = (present,)
        else:
            levels_left = known or criterion.level_ids
            possible[name] = _complete_answer(table, name, levels_left, present, criterion.several)
    return possible


@functools.lru_cache(maxsize=4096)
def _complete_answer(
    table: Table,
    criterion: str,
    levels_left: tuple[str, ...],
    present: int,
    several: bool,  # noqa: FBT001
) -> tuple[int, ...]:
    """Return the distinct integers that the completions of one open answer add; `present` is that of leaving it open."""
    levels = table.group_levels(criterion, levels_left)
    found = {table.pack(criterion, chosen) for chosen in combine_levels(levels, several=several)}
    return tuple(sorted({present, *found}))


class Bounds(NamedTuple):
    """The least and greatest value of each field over a set of completions.

    Sound but not tight: the fields are bounded independently of each other. The bits of `low` are those of the clauses
    that every completion meets, the bits of `high` those of the clauses that at least one meets.
    """

    low: Sums
    high: Sums

    def may_fire(self, rule: JointRule) -> bool:
        """Return whether a joint rule can fire in some completion."""
        return rule.may_fire(self.low.bits, self.high.bits)

    def must_fire(self, rule: JointRule) -> bool:
        """Return whether a joint rule fires in every completion."""
        # The roles are swapped: its `when` is always met, and its `unless` never.
        return rule.may_fire(self.high.bits, self.low.bits)

    def is_open(self, rule: JointRule) -> bool:
        """Return whether the bounds leave open whether a joint rule fires."""
        return self.may_fire(rule) and not self.must_fire(rule)


@functools.lru_cache(maxsize=16384)
def _bound_answers(table: Table, answers: tuple[int, ...]) -> Bounds:
    """Return the bounds over these answers to one criterion."""
    bits, *amounts = zip(*map(table.split, answers), strict=True)
    return Bounds(
        Sums(functools.reduce(operator.and_, bits), *map(min, amounts)),
        Sums(functools.reduce(operator.or_, bits), *map(max, amounts)),
    )


def bound_scores(table: Table, start: int, possible: Possible) -> Bounds:
    """Return bounds over all completions; `start` is the packed profile without the criteria in `possible`."""
    sums = table.split(start)
    of_criteria = (_bound_answers(table, answers) for answers in possible.values())
    bounds = _add_bounds([Bounds(sums, sums), *of_criteria])
    firing = filter(bounds.may_fire, table.joint)
    effects = ((0, rule.adds) if bounds.is_open(rule) else (rule.adds,) for rule in firing)
    return _add_bounds([bounds, *(_bound_answers(table, adds) for adds in effects)])


def _add_bounds(parts: Iterable[Bounds]) -> Bounds:
    """Return the bounds on the sum of parts that vary independently.

    Adding up bits is a union: no two criteria share a clause.
    """
    low, high = (Sums(*map(sum, zip(*ends, strict=True))) for ends in zip(*parts, strict=True))
    return Bounds(low, high)


def allow_options(table: Table, bounds: Bounds) -> frozenset[Option]:
    """Return the options that the bounds do not exclude."""
    may = {gate for rule in table.joint if bounds.may_fire(rule) for gate in rule.gates}
    must = {gate for rule in table.joint if bounds.must_fire(rule) for gate in rule.gates}

    def list_states(need: Need) -> list[bool]:
        requires, rules_out = (need, GateKind.REQUIRES), (need, GateKind.RULES_OUT)
        may_hold = (bounds.high.score(need) > 0 or requires in may) and rules_out not in must
        may_fail = (bounds.low.score(need) <= 0 and requires not in must) or rules_out in may
        return [state for state, possible in ((True, may_hold), (False, may_fail)) if possible]

    mentions = [end > 0 for end in {bounds.low.mentions, bounds.high.mentions}]
    states = itertools.product(*map(list_states, Need), mentions)
    return frozenset(
        Option.RAG if not mentioned and not tuning else pair_option(rag=rag, fine_tuning=tuning)
        for rag, tuning, mentioned in states
    )


# --- the search ---------------------------------------------------------------------------------------------------


class Entry(NamedTuple):
    """A sum of answers: both scores, with the signs of the search direction, and the packed integer."""

    rag: int
    tuning: int
    packed: int


Fronts = Mapping[bool, list[Entry]]
"""Two Pareto fronts, by whether a rule on retrieval fires: without one, retrieval is the default."""


class _Search:
    """Collects the options that completions of one profile reach."""

    def __init__(
        self, rulebook: Rulebook, levels: Levels, kept: Collection[str], *, first: bool = False
    ) -> None:
        """Prepare a search; with `first`, it stops at the first option other than the present one."""
        self.table = compile_table(rulebook)
        derived = {name: answer for name, answer in levels.items() if name not in rulebook.criteria}
        self.start = self.table.pack_profile(derived)
        """The packed profile of the derived facts alone, which no completion changes."""
        self.possible = list_possible(rulebook, levels, kept)
        self._reached: set[Option] = set()
        self._enough = 2 if first else len(Option)
        self._budget = Budget()
        self._add(self.table.pack_profile(levels))

    def reach(self) -> set[Option]:
        """Return the options that completions reach."""
        if self._bound(self.possible):
            for direction in _DIRECTIONS:  # greedy: for each criterion the best answer, without joint rules
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
        """Return the bounds within `possible`, None if they allow no option that has not been reached."""
        if len(self._reached) >= self._enough:
            return None
        bounds = bound_scores(self.table, self.start, possible)
        return None if allow_options(self.table, bounds) <= self._reached else bounds

    def _branch(self, possible: Possible) -> None:
        """Search within `possible`, branching on the criterion that most open joint rules read."""
        self._budget.spend(len(possible) * (1 + len(self.table.joint)))
        bounds = self._bound(possible)
        if bounds is None:
            return
        open_rules = [rule.when | rule.unless for rule in self.table.joint if bounds.is_open(rule)]
        if not open_rules:
            self._search_fronts(possible)
            return
        open_bits = functools.reduce(operator.or_, open_rules) & bounds.high.bits & ~bounds.low.bits
        masks = {name: mask for name in possible if (mask := self.table.bits_on[name] & open_bits)}
        branch = max(masks, key=lambda name: sum(bool(bits & masks[name]) for bits in open_rules))
        # Answers that meet the same open clauses stay in one branch: no open rule tells them apart.
        parts: dict[int, list[int]] = {}
        for packed in possible[branch]:
            parts.setdefault(self.table.split(packed).bits & masks[branch], []).append(packed)
        for part in parts.values():
            self._branch({**possible, branch: tuple(part)})

    def _search_fronts(self, possible: Possible) -> None:
        """Add the options of all completions; the same joint rules fire in each of them, so that scores just add up."""
        for direction in _DIRECTIONS:
            fronts: Fronts = {self.table.split(self.start).mentions > 0: [Entry(0, 0, self.start)]}
            for answers in possible.values():
                fronts = self._extend(fronts, _best_entries(self.table, answers, direction))
            for entry in itertools.chain(*fronts.values()):
                self._add(entry.packed)

    def _extend(self, fronts: Fronts, answers: Fronts) -> Fronts:
        """Return the Pareto fronts after adding one more criterion."""
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
    """Return the Pareto-optimal answers to one criterion in a direction."""
    fronts: dict[bool, set[Entry]] = {}
    for packed in answers:
        sums = table.split(packed)
        entry = Entry(sums.rag * direction[0], sums.tuning * direction[1], packed)
        fronts.setdefault(sums.mentions > 0, set()).add(entry)
    return {mentioned: _keep_best(entries) for mentioned, entries in fronts.items()}


def _keep_best(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries that no other one matches or exceeds in both scores: a sweep from the largest first score down."""
    kept: list[Entry] = []
    for entry in sorted(entries, reverse=True):
        if not kept or entry.tuning > kept[-1].tuning:
            kept.append(entry)
    return kept


# --- which questions matter ---------------------------------------------------------------------------------------


def find_pivots(rulebook: Rulebook, levels: Levels, kept: Collection[str] = ()) -> Possible:
    """Return the open criteria whose answer can still change the option, with what their answers add.

    Sound: a criterion that is left out cannot change the option in any completion. Not tight: one too many may be named,
    because the bounds treat the other answers as independent.
    """
    search = _Search(rulebook, levels, kept)
    table, bounds = search.table, bound_scores(search.table, search.start, search.possible)
    return {
        name: answers
        for name, answers in search.possible.items()
        if len(answers) > 1 and _can_turn(table, _bound_answers(table, answers), bounds)
    }


def _can_turn(table: Table, own: Bounds, bounds: Bounds) -> bool:
    """Return whether the answer to one criterion can change a need, fire a gate, or end the default.

    `own` bounds what the answer adds by itself, `bounds` the whole profile.
    """
    open_bits = own.high.bits & ~own.low.bits
    joint = [rule for rule in table.joint if bounds.is_open(rule) and (rule.when | rule.unless) & open_bits]
    if any(kind is not GateKind.CONFIRMS for rule in joint for _, kind in rule.gates):
        return True
    effects = [table.split(rule.adds) for rule in joint]
    certain = {gate for rule in table.joint if bounds.must_fire(rule) for gate in rule.gates}
    for need in Need:
        moves = own.low.score(need) != own.high.score(need) or any(effect.score(need) for effect in effects)
        is_open = bounds.low.score(need) <= 0 < bounds.high.score(need)
        if moves and is_open and (need, GateKind.RULES_OUT) not in certain:
            return True
    mentions = own.low.mentions != own.high.mentions or any(effect.mentions for effect in effects)
    return not bounds.low.mentions and mentions
