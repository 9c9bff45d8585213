"""Which options the open answers can still lead to: bounds first, then an exact search.

A completion leaves an open answer open, or settles it on one of its levels or on several between which the team cannot
tell. Rules and gates that read one criterion add up; those that read several are decided by branching on as few
criteria as it takes. What is left then adds up criterion by criterion, and the reachable pairs of scores are a set of
integer points, held as the bits of one large integer.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache

from ragortune.derived import fix_facts
from ragortune.engine import Clause, GateRule, Levels, compile_tables, decide_option, settle_needs
from ragortune.model import GateKind, Need, Option, Rulebook
from ragortune.record import Record

State = int
"""How one criterion can stand in the end: the bit set of the clauses on it that are then known to hold."""
States = tuple[State, ...]
"""The states that are still possible; those that no rule tells apart are one."""
Possible = dict[str, States]
_OPEN: State = 0


class Item(Record):
    """A rule or gate as the search sees it: clauses that must hold and that must not, and what it does."""

    when: int
    unless: int
    rag: int
    """What it adds to the need for retrieval, in units of the plan."""
    tuning: int
    touches: bool
    """Whether it speaks for or against retrieval."""
    gate: int
    """Bit of its gate, zero if it has none."""


class Plan(Record):
    """A rule set prepared for searching."""

    rulebook: Rulebook
    unit: int
    """Thousandths in one unit of score; every weight and threshold is a whole number of units."""
    levels: Mapping[str, Mapping[str, State]]
    """For each criterion the state of each of its levels."""
    alone: Mapping[str, tuple[Item, ...]]
    """Items that read one criterion, by criterion."""
    joint: tuple[Item, ...]
    """Items that read several."""
    owners: tuple[str, ...]
    """The criterion of each bit."""
    gates: tuple[GateRule, ...]
    """Gates by bit."""
    thresholds: tuple[int, int]

    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def read_criteria(self, bits: int) -> Iterator[str]:
        """Yield the criterion of every clause in a bit set."""
        return _read_criteria(self.owners, bits)


def _read_criteria(owners: tuple[str, ...], bits: int) -> Iterator[str]:
    while bits:
        lowest = bits & -bits
        yield owners[lowest.bit_length() - 1]
        bits ^= lowest


@lru_cache(maxsize=16)
def plan_search(rulebook: Rulebook) -> Plan:
    """Return a rule set prepared for searching; the same object for the same rule set."""
    tables = compile_tables(rulebook)
    unit = math.gcd(*map(abs, (*tables.weights.values(), *tables.thresholds))) or 1
    bits: dict[Clause, int] = {}

    def mask_of(clauses: Iterable[Clause]) -> int:
        mask = 0
        for clause in clauses:
            mask |= bits.setdefault(clause, 1 << len(bits))
        return mask

    items: list[Item] = []
    gates: list[GateRule] = []
    for rule in rulebook.rules.values():
        when, unless = tables.clauses[rule.id]
        if rule.effects:
            rag, tuning = (tables.weights.get((rule.id, need), 0) // unit for need in Need)
            touches = any(effect.need is Need.RAG for effect in rule.effects)
            items.append(Item(mask_of(when), mask_of(unless), rag, tuning, touches, 0))
        for gate in rule.gates:
            items.append(Item(mask_of(when), mask_of(unless), 0, 0, False, 1 << len(gates)))  # noqa: FBT003
            gates.append(GateRule(rule.id, gate.need, gate.gate))
    owners = tuple(name for name, _ in bits)
    asked: dict[str, list[tuple[frozenset[str], int]]] = {}
    for (name, allowed), bit in bits.items():
        asked.setdefault(name, []).append((allowed, bit))
    alone: dict[str, list[Item]] = {}
    joint = []
    for item in items:
        read = set(_read_criteria(owners, item.when | item.unless))
        if len(read) == 1:
            alone.setdefault(read.pop(), []).append(item)
        else:
            joint.append(item)
    return Plan(
        rulebook,
        unit,
        {
            name: {
                level: sum(
                    bit for (owner, allowed), bit in bits.items() if owner == name and level in allowed
                )
                for level in criterion.level_ids
            }
            for name, criterion in rulebook.criteria.items()
        },
        {name: tuple(own) for name, own in alone.items()},
        tuple(joint),
        owners,
        tuple(gates),
        (tables.thresholds[0] // unit, tables.thresholds[1] // unit),
    )


def possible_states(rulebook: Rulebook, levels: Levels, kept: Collection[str] = ()) -> Possible:
    """Return for every criterion the states that it can end in, given what is known.

    The criteria in `kept` stay as they are: open where they are open, between levels where they are between some.
    """
    plan = plan_search(rulebook)
    return {
        name: (_keep_answer(plan, name, levels.get(name)),)
        if name in kept
        else _complete_answer(plan, name, levels.get(name))
        for name in plan.levels
    }


def _keep_answer(plan: Plan, name: str, known: tuple[str, ...] | None) -> State:
    """Return the state of one criterion as it is."""
    own = [plan.levels[name][level] for level in known or ()]
    return functools.reduce(operator.and_, own) if own else _OPEN


@lru_cache(maxsize=4096)
def _complete_answer(plan: Plan, name: str, known: tuple[str, ...] | None) -> States:
    """Return the states of one criterion: of its possible levels, and of every set of them.

    A set of levels meets the clauses that each of the levels meets.
    """
    own = plan.levels[name]
    singles = {own[level] for level in (own if known is None else known)}
    closed = {_OPEN} if known is None else set()
    waiting = list(singles)
    while waiting:
        state = waiting.pop()
        if state not in closed:
            closed.add(state)
            waiting += [state & other for other in singles]
    return tuple(sorted(closed))


# --- bounds -------------------------------------------------------------------------------------------------------


class Bounds(Record):
    """What can still happen, at least and at most; independent for each part, so it may promise too much."""

    low: tuple[int, int]
    high: tuple[int, int]
    gates: int
    """Gates that fire in every completion."""
    may_gates: int
    """Gates that fire in some."""
    touched: bool
    """Whether something speaks for or against retrieval in every completion."""
    may_touch: bool
    always: int
    """Clauses that hold in every completion."""
    ever: int
    """Clauses that hold in some."""


Entry = tuple[int, int, int, bool]
"""What a state adds to both scores, the gates it fires, and whether it speaks about retrieval."""


@lru_cache(maxsize=16384)
def _sum_state(plan: Plan, name: str, state: State) -> Entry:
    return _sum_items(plan.alone.get(name, ()), state)


def _sum_items(items: Iterable[Item], state: State) -> Entry:
    rag = tuning = gates = 0
    touches = False
    for item in items:
        if item.when & state == item.when and not item.unless & state:
            rag += item.rag
            tuning += item.tuning
            gates |= item.gate
            touches = touches or item.touches
    return rag, tuning, gates, touches


@lru_cache(maxsize=16384)
def _bound_criterion(
    plan: Plan, name: str, states: States
) -> tuple[int, int, int, int, int, int, bool, bool, int, int]:
    """Return least and most of both scores, gates and mentions of retrieval for sure and maybe, clauses likewise."""
    sums = [_sum_state(plan, name, state) for state in states]
    rags, tunings = [entry[0] for entry in sums], [entry[1] for entry in sums]
    sure, always = sums[0][2], states[0]
    maybe = ever = 0
    for entry, state in zip(sums, states, strict=True):
        sure &= entry[2]
        maybe |= entry[2]
        always &= state
        ever |= state
    touches = [entry[3] for entry in sums]
    return (
        min(rags), min(tunings), max(rags), max(tunings), sure, maybe, all(touches), any(touches), always, ever,
    )  # fmt: skip


def bound_scores(plan: Plan, possible: Possible) -> Bounds:
    """Return bounds on both scores and on the gates over all completions."""
    low_rag = low_tuning = high_rag = high_tuning = sure = maybe = always = ever = 0
    touched = may_touch = False
    for name, states in possible.items():
        own = _bound_criterion(plan, name, states)
        low_rag += own[0]
        low_tuning += own[1]
        high_rag += own[2]
        high_tuning += own[3]
        sure |= own[4]
        maybe |= own[5]
        touched = touched or own[6]
        may_touch = may_touch or own[7]
        always |= own[8]
        ever |= own[9]
    for item in plan.joint:
        if item.when & ever != item.when or item.unless & always:
            continue
        maybe |= item.gate
        may_touch = may_touch or item.touches
        if item.when & always == item.when and not item.unless & ever:
            sure |= item.gate
            touched = touched or item.touches
            low_rag += item.rag
            high_rag += item.rag
            low_tuning += item.tuning
            high_tuning += item.tuning
        else:
            low_rag += min(0, item.rag)
            high_rag += max(0, item.rag)
            low_tuning += min(0, item.tuning)
            high_tuning += max(0, item.tuning)
    low, high = (low_rag, low_tuning), (high_rag, high_tuning)
    return Bounds(low, high, sure, maybe, touched, may_touch, always, ever)


def allow_options(plan: Plan, bounds: Bounds) -> frozenset[Option]:
    """Return the options that the bounds do not rule out."""
    sides = tuple(
        (
            bounds.low[index] < threshold,
            bounds.low[index] <= threshold <= bounds.high[index],
            bounds.high[index] > threshold,
        )
        for index, threshold in enumerate(plan.thresholds)
    )
    uncertain = bounds.may_gates & ~bounds.gates
    touches = (bounds.touched,) if bounds.touched == bounds.may_touch else (False, True)
    return _allow_sides(plan, sides, _kinds(plan, bounds.gates), _kinds(plan, uncertain), touches)


@lru_cache(maxsize=4096)
def _allow_sides(
    plan: Plan,
    sides: tuple[tuple[bool, bool, bool], ...],
    sure: int,
    uncertain: int,
    touches: tuple[bool, ...],
) -> frozenset[Option]:
    """Return the options of all combinations of sides of the thresholds, sets of gates and mentions of retrieval."""
    choices = [[side for side, can in zip((-1, 0, 1), own, strict=True) if can] for own in sides]
    free = [1 << bit for bit in range(len(plan.gates)) if (uncertain & ~sure) >> bit & 1]
    found = set()
    for chosen in range(1 << len(free)):
        gates = sure | sum(mask for index, mask in enumerate(free) if chosen >> index & 1)
        for rag in choices[0]:
            for tuning in choices[1]:
                for touched in touches:
                    found.add(_decide(plan, (rag, tuning), gates, touched))
        if len(found) == len(Option):
            break
    return frozenset(found)


@lru_cache(maxsize=4096)
def _kinds(plan: Plan, gates: int) -> int:
    """Return a set of gates with one gate for each need and kind, because the others do the same."""
    first: dict[tuple[Need, GateKind], int] = {}
    for bit, gate in enumerate(plan.gates):
        first.setdefault((gate.need, gate.gate), bit)
    kinds = 0
    for bit, gate in enumerate(plan.gates):
        if gates >> bit & 1:
            kinds |= 1 << first[gate.need, gate.gate]
    return kinds


@lru_cache(maxsize=4096)
def _decide(plan: Plan, sides: tuple[int, int], gates: int, touched: bool) -> Option:  # noqa: FBT001
    """Return the option for scores below (-1), on (0) or above (1) their thresholds."""
    fired = [gate for bit, gate in enumerate(plan.gates) if gates >> bit & 1]
    rag, tuning = (plan.unit * (plan.thresholds[index] + sides[index]) for index in (0, 1))
    return settle_needs(plan.rulebook, (rag, tuning), fired, touched=touched).option


# --- the exact search ---------------------------------------------------------------------------------------------


def reach_options(rulebook: Rulebook, levels: Levels, kept: Collection[str] = ()) -> frozenset[Option]:
    """Return every option that some completion of the open answers leads to, the present one included. Exact.

    The criteria in `kept` stay as they are in every completion.
    """
    reached = {decide_option(rulebook, levels).option}
    _search(plan_search(rulebook), possible_states(rulebook, levels, kept), reached)
    return frozenset(reached)


def is_settled(rulebook: Rulebook, levels: Levels, kept: Collection[str] = ()) -> bool:
    """Return whether no completion of the open answers can change the option. Exact.

    The criteria in `kept` stay as they are in every completion: questions that were asked and could not be answered.
    """
    rulebook, levels = fix_facts(rulebook, levels)
    present = decide_option(rulebook, levels).option
    reached = {present}
    _search(plan_search(rulebook), possible_states(rulebook, levels, kept), reached, stop_at=present)
    return reached == {present}


def _search(plan: Plan, possible: Possible, reached: set[Option], stop_at: Option | None = None) -> None:
    """Add the options reachable within `possible`; stops at the first other than `stop_at`, if that is given."""
    if len(reached) == len(Option) or (stop_at is not None and reached != {stop_at}):
        return
    bounds = bound_scores(plan, possible)
    if allow_options(plan, bounds) <= reached:
        return
    counts: dict[str, int] = {}
    masks: dict[str, int] = {}
    folded: dict[str, list[Item]] = {}
    for item in plan.joint:
        undecided = _undecided_bits(item, bounds)
        read = set(plan.read_criteria(undecided))
        if len(read) == 1:
            folded.setdefault(read.pop(), []).append(item)
        for name in read:
            counts[name] = counts.get(name, 0) + 1
            masks[name] = masks.get(name, 0) | undecided
    if not counts:
        reached |= _reach_by_sums(plan, possible, bounds, folded)
        return
    branch = max(counts, key=lambda name: (counts[name], name))
    parts: dict[int, list[State]] = {}
    for state in possible[branch]:
        parts.setdefault(state & masks[branch], []).append(state)
    for part in parts.values():
        _search(plan, {**possible, branch: tuple(part)}, reached, stop_at)


def _undecided_bits(item: Item, bounds: Bounds) -> int:
    """Return the clauses on which it still depends whether an item fires; none where that is decided."""
    if item.when & bounds.ever != item.when or item.unless & bounds.always:
        return 0
    return (item.when & ~bounds.always) | (item.unless & bounds.ever)


def _reach_by_sums(
    plan: Plan, possible: Possible, bounds: Bounds, folded: Mapping[str, list[Item]]
) -> set[Option]:
    """Return the options reachable where every criterion contributes by itself.

    `folded` are the items that read several criteria of which only one is still open. The reachable pairs of scores
    are kept as bits: bit `rag + width * tuning` of an integer, one integer for each set of gates that may have fired.
    """
    base = [0, 0]
    gates = 0
    touched = False
    for item in plan.joint:
        if item.when & bounds.always == item.when and not item.unless & bounds.ever:
            base = [base[0] + item.rag, base[1] + item.tuning]
            gates |= item.gate
            touched = touched or item.touches
    steps = []
    for name, states in possible.items():
        late = folded.get(name)
        sums = {
            _add_entries(_sum_state(plan, name, state), _sum_items(late, state | bounds.always)) if late
            else _sum_state(plan, name, state)
            for state in states
        }  # fmt: skip
        low = [min(entry[index] for entry in sums) for index in (0, 1)]
        base = [base[0] + low[0], base[1] + low[1]]
        if len(sums) > 1 or any(entry[2] or entry[3] for entry in sums):
            steps.append([(entry[0] - low[0], entry[1] - low[1], entry[2], entry[3]) for entry in sums])
    width = 1 + sum(max(entry[0] for entry in entries) for entries in steps)
    reached: dict[tuple[int, bool], int] = {(_kinds(plan, gates), touched): 1}
    for entries in steps:
        grown: dict[tuple[int, bool], int] = {}
        for (fired, touch), points in reached.items():
            for rag, tuning, own, touches in entries:
                key = (fired | _kinds(plan, own), touch or touches)
                grown[key] = grown.get(key, 0) | points << (rag + width * tuning)
        reached = grown
    limits = plan.thresholds[0] - base[0], plan.thresholds[1] - base[1]
    return {
        _decide(plan, sides, fired, touch)
        for (fired, touch), points in reached.items()
        for sides in _read_sides(points, width, limits)
    }


def _add_entries(first: Entry, second: Entry) -> Entry:
    return first[0] + second[0], first[1] + second[1], first[2] | second[2], first[3] or second[3]


def _read_sides(points: int, width: int, limits: tuple[int, int]) -> set[tuple[int, int]]:
    """Return on which sides of both limits a set of pairs of scores lies: -1 below, 0 on, 1 above."""
    sides = set()
    row, tuning = (1 << width) - 1, 0
    below = (1 << limits[0]) - 1 if limits[0] > 0 else 0
    while points:
        here = points & row
        if here:
            side = (tuning > limits[1]) - (tuning < limits[1])
            if here & below:
                sides.add((-1, side))
            if limits[0] >= 0 and here >> limits[0] & 1:
                sides.add((0, side))
            if here >> max(0, limits[0] + 1):
                sides.add((1, side))
        points >>= width
        tuning += 1
    return sides


# --- which questions matter ---------------------------------------------------------------------------------------


def find_pivots(
    rulebook: Rulebook, levels: Levels, kept: Collection[str] = ()
) -> dict[str, tuple[bool, bool]]:
    """Return the open criteria whose answer can still turn a need, and which of the two needs each can turn.

    Sound: a criterion that is left out cannot change the option in any completion. It may name one too many, because
    what the other answers can add is bounded part by part.
    """
    plan = plan_search(rulebook)
    possible = possible_states(rulebook, levels, kept)
    bounds = bound_scores(plan, possible)
    readers: dict[str, list[Item]] = {}
    for item in plan.joint:
        for name in set(plan.read_criteria(_undecided_bits(item, bounds))):
            readers.setdefault(name, []).append(item)
    pivots = {}
    for name, states in possible.items():
        if len(states) > 1:
            turns = _find_turns(plan, name, states, readers.get(name, []), bounds)
            if any(turns):
                pivots[name] = turns
    return pivots


def _find_turns(
    plan: Plan, name: str, states: States, joint: list[Item], bounds: Bounds
) -> tuple[bool, bool]:
    """Return whether one criterion's answer can turn the need for retrieval and for tuning."""
    own = _bound_criterion(plan, name, states)
    turns = [False, False]
    for index in (0, 1):
        moves = [item.tuning if index else item.rag for item in joint]
        least = own[index] + sum(min(0, move) for move in moves)
        most = own[2 + index] + sum(max(0, move) for move in moves)
        reaches = bounds.low[index] <= plan.thresholds[index] <= bounds.high[index]
        turns[index] = most > least and reaches
    if (own[6] != own[7] or any(item.touches for item in joint)) and not bounds.touched:
        turns[0] = True
    gates = own[5] & ~own[4]
    for item in joint:
        gates |= item.gate
    for bit, gate in enumerate(plan.gates):
        if gates >> bit & 1:
            turns = [True, True] if gate.gate is GateKind.NOT_ALONE else _with_turn(turns, gate.need)
    # What is ruled out in every completion stays so, whatever the answer.
    for bit, gate in enumerate(plan.gates):
        if bounds.gates >> bit & 1 and gate.gate is GateKind.RULES_OUT:
            turns[tuple(Need).index(gate.need)] = False
    return turns[0], turns[1]


def _with_turn(turns: list[bool], need: Need) -> list[bool]:
    return [turns[0] or need is Need.RAG, turns[1] or need is Need.FINE_TUNING]
