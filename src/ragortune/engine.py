"""The scoring engine: a pure function of rule set and profile.

Two needs are scored apart. Each rule that fires adds its weight to a need or takes it away; gates decide over the
weights; the pair of needs is the option. Unknown answers fire nothing. Weights are counted in thousandths, as whole
numbers, so that no result depends on the order of addition.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from ragortune.model import (
    Direction,
    Firmness,
    GateHit,
    GateKind,
    Need,
    NeedState,
    NoticeKind,
    Option,
    Profile,
    Reason,
    Recommendation,
    Rule,
    Rulebook,
    RuleHit,
    RuleTrace,
    TraceState,
    pair_option,
)
from ragortune.record import Record

Levels = Mapping[str, tuple[str, ...]]
Clause = tuple[str, frozenset[str]]
"""A criterion, and the levels of it that a condition allows."""

_UNIT = 1000
_TOUCHED = 1
"""Atom that stands for 'something speaks for or against retrieval'."""


class Outcome(Record):
    """The verdict alone: option, and where both needs stand. Scores are whole numbers, in thousandths."""

    option: Option
    default: bool
    scores: tuple[int, int]
    """Score of the need for retrieval and of the need for tuning."""
    needed: tuple[bool, bool]
    blocked_by: tuple[tuple[str, ...], tuple[str, ...]]
    required_by: tuple[tuple[str, ...], tuple[str, ...]]
    tied: tuple[bool, bool]


Cell = tuple[int, int, int]
"""What one answer adds to both scores by itself, and the bit set of the clauses that it is known to meet."""

JointRule = tuple[int, int, int, int, int]
"""A rule that reads several criteria: clauses that must be met and that must not, what it adds, bits that it sets."""


class GateRule(Record):
    """A gate with the rule it belongs to."""

    rule: str
    need: Need
    gate: GateKind


class Tables:
    """A rule set compiled for scoring."""

    def __init__(self, criteria: Iterable[str], thresholds: tuple[int, int]) -> None:
        """Begin with empty tables for these criteria."""
        self.thresholds = thresholds
        self.clauses: dict[str, tuple[tuple[Clause, ...], tuple[Clause, ...]]] = {}
        """For each rule its `when` and its `unless`, with conditions resolved to levels."""
        self.weights: dict[tuple[str, Need], int] = {}
        """Signed weight of each rule on each need."""
        self.joint: list[JointRule] = []
        self.gates: list[tuple[int, int, GateRule]] = []
        """Clauses that must be met and that must not, and the gate."""
        self.cells: dict[str, dict[tuple[str, ...], Cell]] = {criterion: {} for criterion in criteria}
        self._atoms: dict[Clause, int] = {}
        self._alone: dict[str, list[tuple[frozenset[str], int, int, int]]] = {}

    def add_alone(self, clause: Clause, rag: int, fine_tuning: int, atoms: int) -> None:
        """Add what a single answer contributes by itself."""
        self._alone.setdefault(clause[0], []).append((clause[1], rag, fine_tuning, atoms))

    def mask_of(self, clauses: Iterable[Clause]) -> int:
        """Return the bit set that stands for several clauses."""
        mask = 0
        for clause in clauses:
            atom = self._atoms.get(clause)
            if atom is None:
                atom = self._atoms[clause] = _TOUCHED << 1 + len(self._atoms)
                self.add_alone(clause, 0, 0, atom)
            mask |= atom
        return mask

    def cell_of(self, criterion: str, levels: tuple[str, ...]) -> Cell:
        """Return what an answer contributes; several levels meet a clause only where each of them does."""
        cells = self.cells[criterion]
        cell = cells.get(levels)
        if cell is None:
            rag = fine_tuning = atoms = 0
            for allowed, adds_rag, adds_tuning, sets in self._alone.get(criterion, ()):
                if allowed.issuperset(levels):
                    rag += adds_rag
                    fine_tuning += adds_tuning
                    atoms |= sets
            cell = cells[levels] = (rag, fine_tuning, atoms)
        return cell


@lru_cache(maxsize=16)
def compile_tables(rulebook: Rulebook) -> Tables:
    """Return the tables of a rule set; the same object for the same rule set."""
    scale = rulebook.scale
    thresholds = (round(scale.needs_rag_above * _UNIT), round(scale.needs_fine_tuning_above * _UNIT))
    tables = Tables(rulebook.readable, thresholds)
    for rule in rulebook.rules.values():
        when = tuple(
            (name, frozenset(rulebook.levels_of(name, wanted))) for name, wanted in rule.when.items()
        )
        unless = tuple(
            (name, frozenset(rulebook.levels_of(name, wanted))) for name, wanted in rule.unless.items()
        )
        tables.clauses[rule.id] = (when, unless)
        if not (rule.effects or rule.gates):
            continue
        moved = {Need.RAG: 0, Need.FINE_TUNING: 0}
        for effect in rule.effects:
            weight = round(scale.step(effect.strength).weight * _UNIT)
            moved[effect.need] += weight if effect.effect is Direction.FOR else -weight
            tables.weights[rule.id, effect.need] = moved[effect.need]
        touched = _TOUCHED if any(effect.need is Need.RAG for effect in rule.effects) else 0
        if rule.effects and len(when) == 1 and not unless:
            tables.add_alone(when[0], moved[Need.RAG], moved[Need.FINE_TUNING], touched)
        elif rule.effects:
            masks = tables.mask_of(when), tables.mask_of(unless)
            tables.joint.append((*masks, moved[Need.RAG], moved[Need.FINE_TUNING], touched))
        for gate in rule.gates:
            masks = tables.mask_of(when), tables.mask_of(unless)
            tables.gates.append((*masks, GateRule(rule.id, gate.need, gate.gate)))
    return tables


def decide_option(rulebook: Rulebook, levels: Levels) -> Outcome:
    """Return the verdict on the answers, without reasons. Unknown answers add nothing."""
    tables = compile_tables(rulebook)
    rag = fine_tuning = atoms = 0
    cells = tables.cells
    for criterion, possible in levels.items():
        cell = cells[criterion].get(possible) or tables.cell_of(criterion, possible)
        rag += cell[0]
        fine_tuning += cell[1]
        atoms |= cell[2]
    for when, unless, adds_rag, adds_tuning, touched in tables.joint:
        if atoms & when == when and not atoms & unless:
            rag += adds_rag
            fine_tuning += adds_tuning
            atoms |= touched
    fired = [gate for when, unless, gate in tables.gates if atoms & when == when and not atoms & unless]
    return settle_needs(rulebook, (rag, fine_tuning), fired, touched=atoms & _TOUCHED != 0)


_NO_RULES: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())


def settle_needs(
    rulebook: Rulebook, scores: tuple[int, int], gates: list[GateRule], *, touched: bool
) -> Outcome:
    """Return the verdict that scores and fired gates make; `touched` if anything speaks for or against retrieval."""
    tables = compile_tables(rulebook)
    thresholds = tables.thresholds
    needs_rag, needs_tuning = scores[0] > thresholds[0], scores[1] > thresholds[1]
    tied = (touched and scores[0] == thresholds[0], scores[1] == thresholds[1])
    if tied[0] or tied[1]:
        needs_rag, needs_tuning = _break_tie(rulebook, tied, needs_rag=needs_rag, needs_tuning=needs_tuning)
    blocked = required = _NO_RULES
    if gates:
        named = {kind: _rules_by_need(gates, kind) for kind in GateKind}
        blocked, required = named[GateKind.RULES_OUT], named[GateKind.REQUIRES]
        needs_rag = (needs_rag or bool(required[0])) and not blocked[0]
        needs_tuning = (needs_tuning or bool(required[1])) and not blocked[1]
        alone = named[GateKind.NOT_ALONE]
        if needs_tuning and alone[1]:
            required = ((*required[0], *alone[1]), required[1])
            if blocked[0]:
                needs_tuning, blocked = False, (blocked[0], (*blocked[1], *alone[1]))
            else:
                needs_rag = True
        if needs_rag and alone[0] and not needs_tuning:
            required = (required[0], (*required[1], *alone[0]))
            if blocked[1]:
                needs_rag, blocked = False, ((*blocked[0], *alone[0]), blocked[1])
            else:
                needs_tuning = True
        touched = touched or bool(blocked[0] or required[0])
    default = not touched and not needs_tuning
    option = Option.RAG if default else pair_option(rag=needs_rag, fine_tuning=needs_tuning)
    return Outcome(option, default, scores, (needs_rag, needs_tuning), blocked, required, tied)


def _rules_by_need(gates: Iterable[GateRule], kind: GateKind) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return (
        tuple(gate.rule for gate in gates if gate.gate is kind and gate.need is Need.RAG),
        tuple(gate.rule for gate in gates if gate.gate is kind and gate.need is Need.FINE_TUNING),
    )


def _break_tie(
    rulebook: Rulebook, tied: tuple[bool, bool], *, needs_rag: bool, needs_tuning: bool
) -> tuple[bool, bool]:
    """Return the needs that the first option of the stated order has, among those that the tie allows."""
    allowed = {
        pair_option(rag=rag, fine_tuning=tuning): (rag, tuning)
        for rag in ((False, True) if tied[0] else (needs_rag,))
        for tuning in ((False, True) if tied[1] else (needs_tuning,))
    }
    return next(allowed[option] for option in rulebook.scale.tie_order if option in allowed)


def judge_profile(rulebook: Rulebook, profile: Profile) -> Recommendation:
    """Return the recommendation for a profile with its reasons, gates, notices and techniques."""
    outcome = decide_option(rulebook, profile.levels)
    tables = compile_tables(rulebook)
    fired = [rule for rule in rulebook.rules.values() if _is_fired(tables, rule, profile.levels)]
    read = {rule.id: {name: profile.levels[name] for name in rule.when} for rule in fired}
    runner_up, margin = _find_runner_up(outcome, tables.thresholds)
    scale = rulebook.scale
    reasons = [
        Reason(
            rule,
            effect.need,
            effect.effect,
            effect.strength,
            scale.step(effect.strength).weight,
            read[rule.id],
        )
        for rule in fired
        for effect in rule.effects
    ]
    order = {need: rank for rank, need in enumerate(Need)}
    reasons.sort(key=lambda reason: (-reason.weight, order[reason.need], reason.rule.code))
    offered = [rule for rule in fired if rule.technique and outcome.option in rule.technique.options]
    offered.sort(key=lambda rule: (rule.technique.order if rule.technique else 0, rule.code))
    ranks = list(NoticeKind)
    noticed = sorted(
        (rule for rule in fired if rule.notice), key=lambda rule: ranks.index(rule.notice or ranks[0])
    )
    needs = {
        need: NeedState(
            outcome.scores[index] / _UNIT,
            tables.thresholds[index] / _UNIT,
            outcome.needed[index],
            outcome.blocked_by[index],
            outcome.required_by[index],
            outcome.tied[index],
        )
        for index, need in enumerate(Need)
    }
    return Recommendation(
        option=outcome.option,
        default=outcome.default,
        runner_up=runner_up,
        firmness=_word_margin(rulebook, outcome, margin),
        margin=None if margin is None else margin / _UNIT,
        needs=needs,
        reasons=tuple(reasons),
        gates=tuple(
            GateHit(rule, gate.need, gate.gate, read[rule.id]) for rule in fired for gate in rule.gates
        ),
        notices=tuple(RuleHit(rule, read[rule.id]) for rule in noticed),
        techniques=tuple(RuleHit(rule, read[rule.id]) for rule in offered),
        unanswered=tuple(name for name in rulebook.criteria if name not in profile.levels),
        profile=profile,
        rulebook=rulebook,
    )


def _find_runner_up(outcome: Outcome, thresholds: tuple[int, int]) -> tuple[Option, int | None]:
    """Return the option across the nearer threshold and the distance to it; gated needs come last."""
    gated = [bool(outcome.blocked_by[index] or outcome.required_by[index]) for index in (0, 1)]
    distance = [abs(outcome.scores[index] - thresholds[index]) for index in (0, 1)]
    held = [outcome.needed[0] or outcome.default, outcome.needed[1]]
    nearer = min((0, 1), key=lambda index: (gated[index], distance[index]))
    held[nearer] = not held[nearer]
    runner_up = pair_option(rag=held[0], fine_tuning=held[1])
    return runner_up, None if gated[nearer] else distance[nearer]


def _word_margin(rulebook: Rulebook, outcome: Outcome, margin: int | None) -> Firmness:
    if outcome.default:
        return Firmness.DEFAULT
    if margin is None or margin >= rulebook.scale.firm_from * _UNIT:
        return Firmness.FIRM
    return Firmness.NARROW if margin < rulebook.scale.narrow_below * _UNIT else Firmness.MODERATE


def trace_rules(rulebook: Rulebook, levels: Levels) -> tuple[RuleTrace, ...]:
    """Return what became of every rule of the set, in its order."""
    tables = compile_tables(rulebook)
    return tuple(_trace_rule(tables, rule, levels) for rule in rulebook.rules.values())


def trace_rule(rulebook: Rulebook, rule_id: str, levels: Levels) -> RuleTrace:
    """Return what became of one rule; KeyError if the set has none of that id."""
    return _trace_rule(compile_tables(rulebook), rulebook.rules[rule_id], levels)


def _trace_rule(tables: Tables, rule: Rule, levels: Levels) -> RuleTrace:
    when, unless = tables.clauses[rule.id]
    read = {name: levels[name] for name in rule.criteria if name in levels}
    if any(_is_met(clause, levels) for clause in unless):
        return RuleTrace(rule, TraceState.NOT_APPLICABLE, read)
    if any(_is_refuted(clause, levels) for clause in when):
        return RuleTrace(rule, TraceState.SILENT, read)
    waiting = tuple(clause[0] for clause in when if not _is_met(clause, levels))
    return RuleTrace(rule, TraceState.UNKNOWN if waiting else TraceState.FIRED, read, waiting)


def _is_fired(tables: Tables, rule: Rule, levels: Levels) -> bool:
    when, unless = tables.clauses[rule.id]
    return all(_is_met(clause, levels) for clause in when) and not any(
        _is_met(clause, levels) for clause in unless
    )


def _is_met(clause: Clause, levels: Levels) -> bool:
    possible = levels.get(clause[0])
    return possible is not None and clause[1].issuperset(possible)


def _is_refuted(clause: Clause, levels: Levels) -> bool:
    possible = levels.get(clause[0])
    return possible is not None and clause[1].isdisjoint(possible)
