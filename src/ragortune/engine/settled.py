"""Which options the open answers can still lead to: a few tries, then bounds, then an exact search.

A completion leaves an open answer open, gives it any of its levels, or, where the team cannot tell between levels, any
set of them. The search works on packed answers (see `compile`): what an answer adds is one integer, and answers that no
rule tells apart are the same integer.

Most questions are decided without searching. Four greedy completions, one for each pair of needs, are judged; if they
reach every option that the bounds on both scores allow, that is the result. Otherwise the search branches on the criteria
that rules read together with others, until every rule that is left reads one criterion. What is left then adds up
criterion by criterion, and is searched by dynamic programming: for each pair of needs only the Pareto-optimal pairs of
scores are kept, because a pair that is behind on both scores cannot become the better one later. Nothing depends on the
weights having a common divisor. The work is bounded; `SearchTooLargeError` says that the bound was reached.
"""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Collection, Iterable, Mapping

from ragortune.engine.compile import (
    Fired,
    Levels,
    SearchTooLargeError,
    Table,
    combine_levels,
    compile_table,
)
from ragortune.engine.score import judge_packed
from ragortune.model import GateKind, Need, Option, Rulebook, pair_option
from ragortune.support.record import Record

Possible = Mapping[str, tuple[int, ...]]
"""For each criterion what its possible answers add to a packed profile."""

_MOST_STEPS = 6_000_000
"""About a second."""
Direction = tuple[int, int]
_DIRECTIONS: tuple[Direction, ...] = ((1, 1), (1, -1), (-1, 1), (-1, -1))
"""Signs of the two scores: retrieval needed or not, tuning needed or not."""


class Entry(Record, frozen=True):
    """What one possible answer adds, field by field."""

    bits: int
    mentions: bool
    rag: int
    tuning: int
    packed: int


@functools.lru_cache(maxsize=65536)
def _read_entry(table: Table, packed: int) -> Entry:
    bits, mentions, rag, tuning = table.split(packed + table.base)
    _, _, *base = table.split(table.base)
    return Entry(bits, mentions > 0, rag - base[0], tuning - base[1], packed)


def list_possible(rulebook: Rulebook, levels: Levels, kept: Collection[str] = ()) -> Possible:
    """Return for every criterion what its answers can add in the end, given what is known.

    The criteria in `kept` stay as they are: open where they are open, between levels where they are between some.
    """
    table = compile_table(rulebook)
    possible: dict[str, tuple[int, ...]] = {}
    for name, criterion in rulebook.criteria.items():
        known = levels.get(name)
        if name in kept or (known is not None and (criterion.several or len(known) == 1)):
            possible[name] = (0 if known is None else table.pack(name, known),)
        else:
            answers = known or criterion.level_ids
            possible[name] = _list_completions(table, name, answers, known is None, criterion.several)
    return possible


@functools.lru_cache(maxsize=4096)
def _list_completions(
    table: Table,
    criterion: str,
    answers: tuple[str, ...],
    unknown: bool,  # noqa: FBT001
    several: bool,  # noqa: FBT001
) -> tuple[int, ...]:
    """Return what the completions of one open answer add, each amount once."""
    levels = table.group_levels(criterion, answers)
    found = {table.pack(criterion, chosen) for chosen in combine_levels(levels, several=several)}
    found.add(0 if unknown else table.pack(criterion, answers))
    return tuple(sorted(found))


# --- bounds -------------------------------------------------------------------------------------------------------


class Bounds(Record, frozen=True):
    """What can still happen, part by part and independent of each other, so they may allow too much."""

    low: tuple[int, int]
    """Least of both scores."""
    high: tuple[int, int]
    always: int
    """Bits of the clauses that are met in every completion."""
    ever: int
    """Bits of the clauses that are met in some."""
    mentioned: bool
    """Whether something speaks about retrieval in every completion."""
    may_mention: bool

    def may_fire(self, rule: Fired) -> bool:
        """Return whether a joint rule can fire in some completion."""
        return rule.when & self.ever == rule.when and not rule.unless & self.always

    def must_fire(self, rule: Fired) -> bool:
        """Return whether a joint rule fires in every completion."""
        return rule.when & self.always == rule.when and not rule.unless & self.ever

    def is_open(self, rule: Fired) -> bool:
        """Return whether it still depends on open answers whether a joint rule fires."""
        return self.may_fire(rule) and not self.must_fire(rule)


Span = tuple[int, int, int, int, int, int, bool, bool]
"""Least and most of both scores, bits met always and ever, mentions of retrieval always and ever."""


@functools.lru_cache(maxsize=16384)
def _span_answers(table: Table, answers: tuple[int, ...]) -> Span:
    entries = [_read_entry(table, packed) for packed in answers]
    rags, tunings = [own.rag for own in entries], [own.tuning for own in entries]
    always, ever = entries[0].bits, 0
    for own in entries:
        always &= own.bits
        ever |= own.bits
    mentions = [own.mentions for own in entries]
    return min(rags), max(rags), min(tunings), max(tunings), always, ever, all(mentions), any(mentions)


def bound_scores(table: Table, start: int, possible: Possible) -> Bounds:
    """Return bounds over all completions; `start` is the packed profile without the criteria in `possible`."""
    always, mentions, low_rag, low_tuning = table.split(start)
    ever, high_rag, high_tuning = always, low_rag, low_tuning
    mentioned = may_mention = mentions > 0
    for answers in possible.values():
        own = _span_answers(table, answers)
        low_rag += own[0]
        high_rag += own[1]
        low_tuning += own[2]
        high_tuning += own[3]
        always |= own[4]
        ever |= own[5]
        mentioned = mentioned or own[6]
        may_mention = may_mention or own[7]
    bounds = Bounds((low_rag, low_tuning), (high_rag, high_tuning), always, ever, mentioned, may_mention)
    for rule in table.joint:
        if not bounds.may_fire(rule):
            continue
        sure = bounds.must_fire(rule)
        entry = _read_entry(table, rule.adds)
        low_rag += entry.rag if sure else min(0, entry.rag)
        high_rag += entry.rag if sure else max(0, entry.rag)
        low_tuning += entry.tuning if sure else min(0, entry.tuning)
        high_tuning += entry.tuning if sure else max(0, entry.tuning)
        may_mention = may_mention or entry.mentions
        mentioned = mentioned or (sure and entry.mentions)
    return Bounds((low_rag, low_tuning), (high_rag, high_tuning), always, ever, mentioned, may_mention)


def allow_options(table: Table, bounds: Bounds) -> frozenset[Option]:
    """Return the options that the bounds do not exclude."""
    gates = [rule for rule in table.joint if rule.gates and bounds.may_fire(rule)]
    sure = frozenset(gate for rule in gates if bounds.must_fire(rule) for gate in rule.gates)
    unsure = frozenset(gate for rule in gates for gate in rule.gates) - sure
    sides = tuple(
        tuple(side for side in (False, True) if (bounds.high[index] > 0 if side else bounds.low[index] <= 0))
        for index in (0, 1)
    )
    mentions = (True,) if bounds.mentioned else (False, True) if bounds.may_mention else (False,)
    return _pair_sides(sides, sure, unsure, mentions)


Gates = frozenset[tuple[Need, GateKind]]


@functools.lru_cache(maxsize=4096)
def _pair_sides(
    sides: tuple[tuple[bool, ...], ...], sure: Gates, unsure: Gates, mentions: tuple[bool, ...]
) -> frozenset[Option]:
    """Return the options of all combinations of what is open."""
    fired = [
        sure | frozenset(extra)
        for size in range(len(unsure) + 1)
        for extra in itertools.combinations(sorted(unsure), size)
    ]
    return frozenset(
        _settle_needs(rag, tuning, gates, mentioned)
        for rag, tuning in itertools.product(*sides)
        for gates in fired
        for mentioned in mentions
    )


def _settle_needs(rag: bool, tuning: bool, gates: Gates, mentioned: bool) -> Option:  # noqa: FBT001
    """Return the option of two scores above 0 or not; the same steps as `judge_packed`."""
    held = [
        (above or (need, GateKind.REQUIRES) in gates) and (need, GateKind.RULES_OUT) not in gates
        for need, above in zip(Need, (rag, tuning), strict=True)
    ]
    if not mentioned and not held[1]:
        return Option.RAG
    return pair_option(rag=held[0], fine_tuning=held[1])


# --- the search ---------------------------------------------------------------------------------------------------


def reach_options(rulebook: Rulebook, levels: Levels, kept: Collection[str] = ()) -> frozenset[Option]:
    """Return every option that some completion of the open answers leads to, the present one included. Exact.

    The criteria in `kept` stay as they are in every completion. Raises SearchTooLargeError.
    """
    return frozenset(_Search(rulebook, levels, kept).reach())


def is_settled(rulebook: Rulebook, levels: Levels, kept: Collection[str] = ()) -> bool:
    """Return whether no completion of the open answers can change the option. Exact.

    The criteria in `kept` stay as they are in every completion: questions that were asked and could not be answered.
    Raises SearchTooLargeError.
    """
    return len(_Search(rulebook, levels, kept, first=True).reach()) == 1


class _Search:
    """Collects the options that the completions of one profile reach."""

    def __init__(
        self, rulebook: Rulebook, levels: Levels, kept: Collection[str], *, first: bool = False
    ) -> None:
        """Prepare a search; with `first` it stops at the first option other than the present one."""
        self._table = compile_table(rulebook)
        facts = {name: own for name, own in levels.items() if name not in rulebook.criteria}
        self._start = self._table.pack_profile(facts)
        self._possible = list_possible(rulebook, levels, kept)
        self._reached = {judge_packed(self._table, self._table.pack_profile(levels)).option}
        self._enough = 2 if first else len(Option)
        self._steps = 0

    def reach(self) -> set[Option]:
        """Return the options that are reached."""
        for direction in _DIRECTIONS if self._bound(self._possible) else ():
            self._try_greedy(direction)
        self._branch(self._possible)
        return self._reached

    def _bound(self, possible: Possible) -> Bounds | None:
        """Return the bounds within `possible`, or None where there is nothing to gain from searching it."""
        if len(self._reached) >= self._enough:
            return None
        bounds = bound_scores(self._table, self._start, possible)
        return None if allow_options(self._table, bounds) <= self._reached else bounds

    def _try_greedy(self, direction: Direction) -> None:
        """Judge the completion that moves both scores furthest in a direction, joint rules left out."""
        packed = self._start + sum(
            _push_furthest(self._table, answers, direction) for answers in self._possible.values()
        )
        self._reached.add(judge_packed(self._table, packed).option)

    def _branch(self, possible: Possible) -> None:
        """Search within `possible`, branching on the criterion that most undecided joint rules read."""
        self._count(len(possible) * (1 + len(self._table.joint)))
        bounds = self._bound(possible)
        if bounds is None:
            return
        undecided = [rule.when | rule.unless for rule in self._table.joint if bounds.is_open(rule)]
        if not undecided:
            self._add_up(possible, bounds)
            return
        read = functools.reduce(operator.or_, undecided) & bounds.ever & ~bounds.always
        masks = {name: mask for name in possible if (mask := self._table.bits_on[name] & read)}
        branch = max(masks, key=lambda name: sum(bool(bits & masks[name]) for bits in undecided))
        parts: dict[int, list[int]] = {}
        for packed in possible[branch]:
            parts.setdefault(_read_entry(self._table, packed).bits & masks[branch], []).append(packed)
        for part in parts.values():
            self._branch({**possible, branch: tuple(part)})

    def _add_up(self, possible: Possible, bounds: Bounds) -> None:
        """Add the options of all completions where every criterion that is open adds by itself."""
        fired = [rule for rule in self._table.joint if bounds.must_fire(rule)]
        gates = frozenset(gate for rule in fired for gate in rule.gates)
        start = self._start + sum(rule.adds for rule in fired)
        _, mentions, rag, tuning = self._table.split(start)
        for direction in _DIRECTIONS:
            rag_wanted, tuning_wanted = direction[0] > 0, direction[1] > 0
            fronts = {mentions > 0: [(rag * direction[0], tuning * direction[1])]}
            for answers in possible.values():
                fronts = self._extend(fronts, _best_entries(self._table, answers, direction))
            for mentioned, front in fronts.items():
                if any(_is_beyond(pair, direction) for pair in front):
                    self._reached.add(_settle_needs(rag_wanted, tuning_wanted, gates, mentioned))

    def _extend(
        self, fronts: dict[bool, list[tuple[int, int]]], entries: tuple[tuple[int, int, bool], ...]
    ) -> dict[bool, list[tuple[int, int]]]:
        """Return the Pareto fronts after one more criterion, apart by whether retrieval is spoken about."""
        grown: dict[bool, set[tuple[int, int]]] = {}
        for mentioned, front in fronts.items():
            for rag, tuning, mentions in entries:
                self._count(len(front))
                grown.setdefault(mentioned or mentions, set()).update(
                    (own[0] + rag, own[1] + tuning) for own in front
                )
        return {mentioned: _keep_best(pairs) for mentioned, pairs in grown.items()}

    def _count(self, steps: int) -> None:
        self._steps += steps
        if self._steps > _MOST_STEPS:
            raise SearchTooLargeError


def _is_beyond(pair: tuple[int, int], direction: Direction) -> bool:
    """Return whether both scores are on their side: above 0 where the need is wanted, at most 0 where it is not."""
    return all(value > 0 if sign > 0 else value >= 0 for value, sign in zip(pair, direction, strict=True))


@functools.lru_cache(maxsize=16384)
def _push_furthest(table: Table, answers: tuple[int, ...], direction: Direction) -> int:
    def advance(packed: int) -> int:
        entry = _read_entry(table, packed)
        return entry.rag * direction[0] + entry.tuning * direction[1]

    return max(answers, key=advance)


@functools.lru_cache(maxsize=16384)
def _best_entries(
    table: Table, answers: tuple[int, ...], direction: Direction
) -> tuple[tuple[int, int, bool], ...]:
    """Return the answers to one criterion that can be part of a best completion in a direction."""
    apart: dict[bool, set[tuple[int, int]]] = {}
    for packed in answers:
        entry = _read_entry(table, packed)
        pair = entry.rag * direction[0], entry.tuning * direction[1]
        apart.setdefault(entry.mentions, set()).add(pair)
    return tuple((*pair, mentions) for mentions, pairs in apart.items() for pair in _keep_best(pairs))


def _keep_best(pairs: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the pairs that no other pair matches or exceeds in both parts."""
    kept: list[tuple[int, int]] = []
    for pair in sorted(pairs, reverse=True):
        if not kept or pair[1] > kept[-1][1]:
            kept.append(pair)
    return kept


# --- which questions matter ---------------------------------------------------------------------------------------


def find_pivots(rulebook: Rulebook, levels: Levels, kept: Collection[str] = ()) -> tuple[str, ...]:
    """Return the open criteria whose answer can still change the option.

    Sound: a criterion that is left out cannot change the option in any completion. It may name one too many, because
    what the other answers can add is bounded part by part.
    """
    table = compile_table(rulebook)
    possible = list_possible(rulebook, levels, kept)
    facts = {name: own for name, own in levels.items() if name not in rulebook.criteria}
    bounds = bound_scores(table, table.pack_profile(facts), possible)
    undecided = [rule for rule in table.joint if bounds.is_open(rule)]
    return tuple(
        name
        for name, answers in possible.items()
        if len(answers) > 1 and _can_turn(table, answers, bounds, undecided)
    )


def _can_turn(table: Table, answers: tuple[int, ...], bounds: Bounds, undecided: list[Fired]) -> bool:
    """Return whether one criterion's answer can turn a need, fire a gate, or end the default."""
    own = _span_answers(table, answers)
    joint = [rule for rule in undecided if (rule.when | rule.unless) & own[5] & ~own[4]]
    if any(gate is not GateKind.CONFIRMS for rule in joint for _, gate in rule.gates):
        return True
    adds = [_read_entry(table, rule.adds) for rule in joint]
    ruled_out = {
        need
        for rule in table.joint
        if bounds.must_fire(rule)
        for need, gate in rule.gates
        if gate is GateKind.RULES_OUT
    }
    moves = (
        own[0] != own[1] or any(entry.rag for entry in adds),
        own[2] != own[3] or any(entry.tuning for entry in adds),
    )
    for index, need in enumerate(Need):
        if moves[index] and need not in ruled_out and bounds.low[index] <= 0 < bounds.high[index]:
            return True
    return not bounds.mentioned and (own[6] != own[7] or any(entry.mentions for entry in adds))
