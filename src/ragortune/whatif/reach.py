"""Which options the open answers can still lead to: bounds first, then an exact search.

A completion gives every open criterion one of its levels. Rules and gates that read one criterion add up; those that
read several are decided by branching on as few criteria as it takes. What is left then adds up criterion by criterion,
and the reachable pairs of scores are a set of integer points, held as the bits of one large integer.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from ragortune.engine import Clause, GateRule, Levels, compile_tables, decide_option, settle_needs
from ragortune.model import Need, Option, Rulebook
from ragortune.record import Record

_RAG, _TUNING = 0, 1


class Item(Record):
    """A rule or gate as the search sees it: clauses that must hold, clauses that must not, and what it does."""

    rule: str
    when: tuple[Clause, ...]
    unless: tuple[Clause, ...]
    scores: tuple[int, int] = (0, 0)
    """What it adds to both needs, in units of the plan."""
    touches: bool = False
    """Whether it speaks for or against retrieval."""
    gate: int = 0
    """Bit of its gate, zero if it has none."""


class Plan(Record):
    """A rule set prepared for searching."""

    rulebook: Rulebook
    unit: int
    """Thousandths in one unit of score; every weight and threshold is a whole number of units."""
    items: tuple[Item, ...]
    alone: Mapping[str, tuple[Item, ...]]
    """Items that read one criterion only, by criterion."""
    joint: tuple[Item, ...]
    """Items that read several."""
    gates: tuple[GateRule, ...]
    """Gates by bit."""
    thresholds: tuple[int, int]

    __eq__ = object.__eq__
    __hash__ = object.__hash__


@lru_cache(maxsize=16)
def plan_search(rulebook: Rulebook) -> Plan:
    """Return a rule set prepared for searching; the same object for the same rule set."""
    tables = compile_tables(rulebook)
    numbers = [*tables.weights.values(), *tables.thresholds]
    unit = math.gcd(*(abs(number) for number in numbers)) or 1
    items: list[Item] = []
    gates: list[GateRule] = []
    for rule in rulebook.rules.values():
        when, unless = tables.clauses[rule.id]
        if rule.effects:
            scores = tuple(tables.weights.get((rule.id, need), 0) // unit for need in Need)
            touches = any(effect.need is Need.RAG for effect in rule.effects)
            items.append(Item(rule.id, when, unless, (scores[0], scores[1]), touches))
        for gate in rule.gates:
            items.append(Item(rule.id, when, unless, gate=1 << len(gates)))
            gates.append(GateRule(rule.id, gate.need, gate.gate))
    alone: dict[str, list[Item]] = {}
    joint = []
    for item in items:
        read = {clause[0] for clause in (*item.when, *item.unless)}
        if len(read) == 1:
            alone.setdefault(read.pop(), []).append(item)
        else:
            joint.append(item)
    thresholds = tables.thresholds[0] // unit, tables.thresholds[1] // unit
    by_criterion = {name: tuple(own) for name, own in alone.items()}
    return Plan(rulebook, unit, tuple(items), by_criterion, tuple(joint), tuple(gates), thresholds)


Possible = dict[str, tuple[str, ...]]
"""For each criterion the levels that are still possible."""


def possible_levels(rulebook: Rulebook, levels: Levels) -> Possible:
    """Return for every criterion the levels that a completion may give it."""
    return {name: levels.get(name, criterion.level_ids) for name, criterion in rulebook.criteria.items()}


def _holds(item: Item, possible: Mapping[str, tuple[str, ...]]) -> bool | None:
    """Return whether an item fires in every completion (True), in none (False), or in some."""
    certain = True
    for name, allowed in item.when:
        levels = possible[name]
        if allowed.isdisjoint(levels):
            return False
        certain = certain and allowed.issuperset(levels)
    for name, excluded in item.unless:
        levels = possible[name]
        if excluded.issuperset(levels):
            return False
        certain = certain and excluded.isdisjoint(levels)
    return True if certain else None


def _open_criteria(item: Item, possible: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return the criteria on which it still depends whether an item fires."""
    undecided = []
    for name, allowed in item.when:
        if not allowed.issuperset(possible[name]):
            undecided.append(name)
    for name, excluded in item.unless:
        if not excluded.isdisjoint(possible[name]):
            undecided.append(name)
    return undecided


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


def bound_scores(plan: Plan, possible: Possible) -> Bounds:
    """Return bounds on both scores and on the gates over all completions."""
    low, high = [0, 0], [0, 0]
    sure = maybe = 0
    touched = may_touch = False
    for name, items in plan.alone.items():
        levels = possible[name]
        sums = [_sum_alone(items, level) for level in levels]
        for index in (_RAG, _TUNING):
            parts = [entry[index] for entry in sums]
            low[index] += min(parts)
            high[index] += max(parts)
        gates = [entry[2] for entry in sums]
        touches = [entry[3] for entry in sums]
        together, some = gates[0], 0
        for own in gates:
            together &= own
            some |= own
        sure |= together
        maybe |= some
        touched = touched or all(touches)
        may_touch = may_touch or any(touches)
    for item in plan.joint:
        holds = _holds(item, possible)
        if holds is False:
            continue
        for index in (_RAG, _TUNING):
            added = item.scores[index]
            low[index] += added if holds else min(0, added)
            high[index] += added if holds else max(0, added)
        maybe |= item.gate
        may_touch = may_touch or item.touches
        if holds:
            sure |= item.gate
            touched = touched or item.touches
    return Bounds((low[0], low[1]), (high[0], high[1]), sure, maybe, touched, may_touch)


def _sum_alone(items: Iterable[Item], level: str) -> tuple[int, int, int, bool]:
    rag = tuning = gates = 0
    touches = False
    for item in items:
        fires = all(level in allowed for _, allowed in item.when) and not any(
            level in excluded for _, excluded in item.unless
        )
        if fires:
            rag += item.scores[0]
            tuning += item.scores[1]
            gates |= item.gate
            touches = touches or item.touches
    return rag, tuning, gates, touches


def allow_options(plan: Plan, bounds: Bounds) -> frozenset[Option]:
    """Return the options that the bounds do not rule out."""
    thresholds = plan.thresholds
    uncertain = bounds.may_gates & ~bounds.gates
    choices = [_points(bounds.low[index], bounds.high[index], thresholds[index]) for index in (0, 1)]
    found = set()
    for gates in _gate_sets(plan, bounds.gates, uncertain):
        for rag in choices[0]:
            for tuning in choices[1]:
                for touched in {bounds.touched, bounds.may_touch}:
                    found.add(_decide(plan, rag, tuning, gates, touched=touched))
        if len(found) == len(Option):
            break
    return frozenset(found)


def _points(low: int, high: int, threshold: int) -> list[int]:
    """Return one score for each way in which it can stand to its threshold."""
    points = []
    if low < threshold:
        points.append(min(high, threshold - 1))
    if low <= threshold <= high:
        points.append(threshold)
    if high > threshold:
        points.append(max(low, threshold + 1))
    return points


def _gate_sets(plan: Plan, sure: int, uncertain: int) -> Iterator[int]:
    """Yield sets of gates that stand for all sets between those that fire surely and those that may.

    Gates with the same need and kind do the same, so one of each is enough.
    """
    kinds: dict[tuple[Need, str], int] = {}
    for bit, gate in enumerate(plan.gates):
        if uncertain >> bit & 1:
            kinds.setdefault((gate.need, gate.gate), 1 << bit)
    settled = {(gate.need, gate.gate) for bit, gate in enumerate(plan.gates) if sure >> bit & 1}
    free = [mask for kind, mask in kinds.items() if kind not in settled]
    for chosen in range(1 << len(free)):
        gates = sure
        for index, mask in enumerate(free):
            if chosen >> index & 1:
                gates |= mask
        yield gates


@lru_cache(maxsize=4096)
def _decide_cached(plan: Plan, side: tuple[int, int], gates: int, touched: bool) -> Option:  # noqa: FBT001
    fired = [gate for bit, gate in enumerate(plan.gates) if gates >> bit & 1]
    scores = tuple(plan.unit * (plan.thresholds[index] + side[index]) for index in (0, 1))
    return settle_needs(plan.rulebook, (scores[0], scores[1]), fired, touched=touched).option


def _decide(plan: Plan, rag: int, tuning: int, gates: int, *, touched: bool) -> Option:
    """Return the option of a pair of scores in units; only their side of the thresholds matters."""
    thresholds = plan.thresholds
    side = (rag > thresholds[0]) - (rag < thresholds[0]), (tuning > thresholds[1]) - (tuning < thresholds[1])
    return _decide_cached(plan, side, gates, touched)


# --- the exact search ---------------------------------------------------------------------------------------------


def reach_options(
    rulebook: Rulebook, levels: Levels, found: frozenset[Option] = frozenset()
) -> frozenset[Option]:
    """Return every option that some completion of the open answers leads to. Exact.

    `found` names options that are known to be reachable, which saves looking for them.
    """
    plan = plan_search(rulebook)
    reached = set(found)
    _search(plan, possible_levels(rulebook, levels), reached)
    return frozenset(reached)


def is_settled(rulebook: Rulebook, levels: Levels) -> bool:
    """Return whether no completion of the open answers can change the option. Exact."""
    present = decide_option(rulebook, levels).option
    plan = plan_search(rulebook)
    possible = possible_levels(rulebook, levels)
    if allow_options(plan, bound_scores(plan, possible)) == {present}:
        return True
    reached: set[Option] = set()
    _search(plan, possible, reached, stop_at=present)
    return reached == {present}


def _search(plan: Plan, possible: Possible, reached: set[Option], stop_at: Option | None = None) -> None:
    """Add the options reachable within `possible`; stops at the first other than `stop_at`, if that is given."""
    if len(reached) == len(Option) or (stop_at is not None and reached - {stop_at}):
        return
    if allow_options(plan, bound_scores(plan, possible)) <= reached:
        return
    knotted = [item for item in plan.joint if _holds(item, possible) is None]
    knotted = [item for item in knotted if len(_open_criteria(item, possible)) > 1]
    if not knotted:
        reached |= _reach_by_sums(plan, possible)
        return
    counts: dict[str, int] = {}
    for item in knotted:
        for name in _open_criteria(item, possible):
            counts[name] = counts.get(name, 0) + 1
    branch = max(counts, key=lambda name: (counts[name], name))
    for part in _split_levels(branch, possible[branch], knotted):
        _search(plan, {**possible, branch: part}, reached, stop_at)


def _split_levels(name: str, levels: tuple[str, ...], knotted: list[Item]) -> list[tuple[str, ...]]:
    """Return the levels of a criterion in groups that no knotted item tells apart."""
    clauses = [own for item in knotted for own in (*item.when, *item.unless) if own[0] == name]
    groups: dict[tuple[bool, ...], list[str]] = {}
    for level in levels:
        groups.setdefault(tuple(level in allowed for _, allowed in clauses), []).append(level)
    return [tuple(group) for group in groups.values()]


def _reach_by_sums(plan: Plan, possible: Possible) -> set[Option]:
    """Return the options reachable where every criterion contributes by itself.

    The reachable pairs of scores are kept as bits: bit `rag + width * tuning` of an integer, one integer for each set
    of gates that may have fired by then.
    """
    base = [0, 0]
    gates = 0
    touched = False
    folded: dict[str, list[Item]] = {name: list(items) for name, items in plan.alone.items()}
    for item in plan.joint:
        holds = _holds(item, possible)
        if holds:
            base[0] += item.scores[0]
            base[1] += item.scores[1]
            gates |= item.gate
            touched = touched or item.touches
        elif holds is None:
            (name,) = set(_open_criteria(item, possible))
            folded.setdefault(name, []).append(_restrict(item, name))
    steps = []
    for name, items in folded.items():
        sums = {_sum_alone(items, level) for level in possible[name]}
        low = [min(own[index] for own in sums) for index in (0, 1)]
        base = [base[0] + low[0], base[1] + low[1]]
        if len(sums) > 1 or any(own[2] or own[3] for own in sums):
            steps.append([(rag - low[0], tuning - low[1], own, touch) for rag, tuning, own, touch in sums])
    width = 1 + sum(max(option[0] for option in options) for options in steps)
    states: dict[tuple[int, bool], int] = {(_kinds(plan, gates), touched): 1}
    for options in steps:
        grown: dict[tuple[int, bool], int] = {}
        for (fired, touch), points in states.items():
            for rag, tuning, own, touches in options:
                key = (fired | _kinds(plan, own), touch or touches)
                grown[key] = grown.get(key, 0) | points << (rag + width * tuning)
        states = grown
    return {
        option for key, points in states.items() for option in _read_points(plan, key, points, base, width)
    }


def _restrict(item: Item, name: str) -> Item:
    """Return an item with only the clauses on one criterion left; the others are known to hold."""
    when = tuple(clause for clause in item.when if clause[0] == name)
    unless = tuple(clause for clause in item.unless if clause[0] == name)
    return item.replace(when=when, unless=unless)


@lru_cache(maxsize=4096)
def _kinds(plan: Plan, gates: int) -> int:
    """Return a set of gates with one gate for each need and kind, because the others do the same."""
    kinds: dict[tuple[Need, str], int] = {}
    for bit, gate in enumerate(plan.gates):
        if gates >> bit & 1:
            kind = (gate.need, gate.gate)
            kinds.setdefault(
                kind, next(1 << other for other, own in enumerate(plan.gates) if (own.need, own.gate) == kind)
            )
    return sum(kinds.values())


def _read_points(
    plan: Plan, key: tuple[int, bool], points: int, base: list[int], width: int
) -> Iterator[Option]:
    """Yield the options of a set of pairs of scores."""
    gates, touched = key
    sides: set[tuple[int, int]] = set()
    row, tuning = (1 << width) - 1, base[1]
    limit = plan.thresholds[0] - base[0]
    below = (1 << limit) - 1 if limit > 0 else 0
    while points:
        here = points & row
        if here:
            above = (tuning > plan.thresholds[1]) - (tuning < plan.thresholds[1])
            if here & below:
                sides.add((-1, above))
            if limit >= 0 and here >> limit & 1:
                sides.add((0, above))
            if here >> max(0, limit + 1):
                sides.add((1, above))
        points >>= width
        tuning += 1
    for side in sides:
        yield _decide_cached(plan, side, gates, touched)


# --- which questions matter ---------------------------------------------------------------------------------------


def find_pivots(rulebook: Rulebook, levels: Levels) -> dict[str, tuple[bool, bool]]:
    """Return the open criteria whose answer can still turn a need, and which of the two needs each can turn.

    Sound: a criterion that is left out cannot change the option in any completion. It may name one too many, because
    what the other answers can add is bounded part by part.
    """
    plan = plan_search(rulebook)
    possible = possible_levels(rulebook, levels)
    bounds = bound_scores(plan, possible)
    readers: dict[str, list[Item]] = {}
    for item in plan.joint:
        if _holds(item, possible) is None:
            for name in set(_open_criteria(item, possible)):
                readers.setdefault(name, []).append(item)
    pivots = {}
    for name, own in possible.items():
        if len(own) > 1:
            turns = _find_turns(plan, name, own, readers.get(name, []), bounds)
            if any(turns):
                pivots[name] = turns
    return pivots


def _find_turns(
    plan: Plan, name: str, levels: tuple[str, ...], joint: list[Item], bounds: Bounds
) -> tuple[bool, bool]:
    """Return whether one criterion's answer can turn the need for retrieval and for tuning."""
    sums = [_sum_alone(plan.alone.get(name, ()), level) for level in levels]
    gates = 0
    for entry in sums:
        gates |= entry[2] ^ sums[0][2]
    for item in joint:
        gates |= item.gate
    turns = [False, False]
    for index in (0, 1):
        parts = [entry[index] for entry in sums]
        least = min(parts) + sum(min(0, item.scores[index]) for item in joint)
        most = max(parts) + sum(max(0, item.scores[index]) for item in joint)
        threshold = plan.thresholds[index]
        others_low, others_high = bounds.low[index] - least, bounds.high[index] - most
        turns[index] = most > least and others_high + most >= threshold >= others_low + least
    touch = len({entry[3] for entry in sums}) > 1 or any(item.touches for item in joint)
    if touch and not bounds.touched:
        turns[0] = True
    for bit, gate in enumerate(plan.gates):
        if gates >> bit & 1:
            index = list(Need).index(gate.need)
            if gate.gate == "not_alone":
                turns = [True, True]
            turns[index] = True
    blocked = [False, False]
    for bit, gate in enumerate(plan.gates):
        if bounds.gates >> bit & 1 and gate.gate == "rules_out":
            blocked[list(Need).index(gate.need)] = True
    return turns[0] and not blocked[0], turns[1] and not blocked[1]
