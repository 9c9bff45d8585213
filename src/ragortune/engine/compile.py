"""Rule sets compiled for scoring: the one form of conditions that everything in the engine evaluates.

An answer is packed into one integer, and a profile is the sum of its answers. The integer has four fields: a bit for
each clause that some rule reads together with another, the number of rules that speak about retrieval, and the scores
of both needs in thousandths. Whole numbers make the result independent of the order of addition, and replacing an
answer is one subtraction and one addition, which is what lets the what-if try tens of thousands of profiles.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from ragortune.model import Condition, Direction, GateKind, Main, Need, Rule, Rulebook
from ragortune.support.record import Record

Levels = Mapping[str, tuple[str, ...]]
"""Answers by criterion, as in `Profile.levels`."""

UNIT = 1000
"""Scores are counted in thousandths of log-odds."""
_MOST_ANSWERS = 20_000
_COUNT_BITS = 16
_SCORE_BITS = 40
_HALF = 1 << (_SCORE_BITS - 1)
"""Added to both scores of a profile, so that no field of its integer is ever negative."""


class SearchTooLargeError(Exception):
    """The rule set couples so many criteria that a search was given up."""


class Clause(Record, frozen=True):
    """A condition on one criterion, resolved to the levels that it allows."""

    criterion: str
    allowed: frozenset[str]
    main: bool = False
    """Whether it reads the main level alone, of a criterion of which several can hold."""
    several: bool = False
    """Whether several levels of the criterion can hold."""

    def is_met(self, levels: Levels) -> bool:
        """Return whether the answer is known to satisfy the condition."""
        answer = levels.get(self.criterion)
        return answer is not None and self.allows(answer)

    def allows(self, answer: tuple[str, ...]) -> bool:
        """Return whether an answer satisfies the condition.

        Of several levels that hold together one has to be allowed; of several between which the team cannot tell, all.
        """
        if self.main:
            return answer[0] in self.allowed
        if self.several:
            return not self.allowed.isdisjoint(answer)
        return self.allowed.issuperset(answer)

    def is_refuted(self, levels: Levels) -> bool:
        """Return whether the answer is known to violate the condition."""
        answer = levels.get(self.criterion)
        if answer is None:
            return False
        return not self.allows(answer) if self.several else self.allowed.isdisjoint(answer)


class Fired(Record, frozen=True):
    """The part of a rule that reads several criteria, or decides: tested on the bits of a packed profile."""

    rule: str
    """Id of the rule; empty where it has no gate, because such rules with the same conditions are taken together."""
    when: int
    """Bits of the clauses that must be met."""
    unless: int
    """Bits of the clauses that must not be met."""
    adds: int
    """What the rule adds to a packed profile."""
    gates: tuple[tuple[Need, GateKind], ...] = ()

    def fires(self, bits: int) -> bool:
        """Return whether the rule fires on a profile that meets these clauses and no others."""
        return bits & self.when == self.when and not bits & self.unless


class Table:
    """A rule set compiled for scoring."""

    def __init__(self, rulebook: Rulebook) -> None:
        """Compile every rule that scores or decides."""
        self.conditions = {
            rule.id: tuple(
                tuple(resolve_clause(rulebook, name, wanted) for name, wanted in part.items())
                for part in (rule.when, rule.unless)
            )
            for rule in rulebook.rules.values()
        }
        """For each rule its `when` and its `unless`."""
        self.joint: list[Fired] = []
        """Rules that read several criteria, and gates."""
        self.bit_of: dict[Clause, int] = {}
        scoring = [rule for rule in rulebook.rules.values() if rule.effects or rule.gates]
        alone, together = [], []
        for rule in scoring:
            when, unless = self.conditions[rule.id]
            if len(when) != 1 or unless or rule.gates:
                together.append(rule)
                for clause in (*when, *unless):
                    self.bit_of.setdefault(clause, 1 << len(self.bit_of))
            else:
                alone.append((when[0], rule))
        self.width = len(self.bit_of)
        """Number of bits for clauses."""
        self.bits_on = dict.fromkeys(rulebook.readable, 0)
        """For each criterion the bits of the clauses on it."""
        for clause, bit in self.bit_of.items():
            self.bits_on[clause.criterion] |= bit
        scale = rulebook.scale
        self.base = self.join(
            0, 0, round(scale.intercept_rag * UNIT) + _HALF, round(scale.intercept_fine_tuning * UNIT) + _HALF
        )
        """The packed profile of which nothing is known."""
        self._weight_of = {
            effect.strength: round(scale.weight(effect.strength) * UNIT)
            for rule in scoring
            for effect in rule.effects
        }
        self._alone: dict[str, list[tuple[Clause, int]]] = {name: [] for name in rulebook.readable}
        for clause, rule in alone:
            self._alone[clause.criterion].append((clause, self.add_up(rule)))
        for clause, bit in self.bit_of.items():
            self._alone[clause.criterion].append((clause, bit))
        merged: dict[tuple[int, int], int] = {}
        for rule in together:
            when, unless = self.conditions[rule.id]
            masks = self._mask_of(when), self._mask_of(unless)
            if rule.gates:
                gates = tuple((gate.need, gate.gate) for gate in rule.gates)
                self.joint.append(Fired(rule.id, *masks, self.add_up(rule), gates))
            else:
                merged[masks] = merged.get(masks, 0) + self.add_up(rule)
        self.joint += [Fired("", *masks, adds) for masks, adds in merged.items()]
        confirmable = {gate.need for rule in scoring for gate in rule.gates if gate.gate is GateKind.CONFIRMS}
        self.ceilings = (
            scale.unconfirmed if Need.RAG in confirmable else math.inf,
            scale.unconfirmed if Need.FINE_TUNING in confirmable else math.inf,
        )
        """Highest log-odds that count for each need while it is not confirmed."""
        self._packed: dict[str, dict[tuple[str, ...], int]] = {name: {} for name in rulebook.readable}
        self._decided: dict[int, tuple[int, tuple[Fired, ...]]] = {}

    def join(self, bits: int, mentions: int, rag: int, fine_tuning: int) -> int:
        """Return the integer with these fields; scores may be negative, as what an answer adds."""
        low = self.width + _COUNT_BITS
        return bits + (mentions << self.width) + (rag << low) + (fine_tuning << low + _SCORE_BITS)

    def split(self, packed: int) -> tuple[int, int, int, int]:
        """Return the fields of a packed profile: bits, mentions of retrieval, and both scores."""
        bits = packed & ((1 << self.width) - 1)
        packed >>= self.width
        mentions = packed & ((1 << _COUNT_BITS) - 1)
        packed >>= _COUNT_BITS
        return bits, mentions, (packed & ((1 << _SCORE_BITS) - 1)) - _HALF, (packed >> _SCORE_BITS) - _HALF

    def _mask_of(self, clauses: tuple[Clause, ...]) -> int:
        return sum({self.bit_of[clause] for clause in clauses})

    def add_up(self, rule: Rule) -> int:
        """Return what a rule adds to a packed profile when it fires."""
        adds = dict.fromkeys(Need, 0)
        for effect in rule.effects:
            weight = self._weight_of[effect.strength]
            adds[effect.need] += weight if effect.effect is Direction.FOR else -weight
        moved = {effect.need for effect in rule.effects}
        moved |= {gate.need for gate in rule.gates if gate.gate is not GateKind.CONFIRMS}
        return self.join(0, Need.RAG in moved, adds[Need.RAG], adds[Need.FINE_TUNING])

    def pack(self, criterion: str, answer: tuple[str, ...]) -> int:
        """Return what an answer adds to a packed profile."""
        known = self._packed[criterion]
        packed = known.get(answer)
        if packed is None:
            packed = known[answer] = sum(
                adds for clause, adds in self._alone[criterion] if clause.allows(answer)
            )
        return packed

    def pack_profile(self, levels: Levels) -> int:
        """Return a profile as one integer. Unknown answers add nothing."""
        packed, known = self.base, self._packed
        for criterion, answer in levels.items():
            own = known[criterion].get(answer)
            packed += self.pack(criterion, answer) if own is None else own
        return packed

    def complete(self, packed: int) -> tuple[int, tuple[Fired, ...]]:
        """Return a packed profile with what joint rules add, and the gates that decide on it."""
        bits = packed & ((1 << self.width) - 1)
        decided = self._decided.get(bits)
        if decided is None:
            fired = [entry for entry in self.joint if entry.fires(bits)]
            gates = tuple(entry for entry in fired if entry.gates)
            decided = self._decided[bits] = sum(entry.adds for entry in fired), gates
        return packed + decided[0], decided[1]

    def group_levels(self, criterion: str, levels: Iterable[str]) -> list[str]:
        """Return one level for each group of levels that no rule tells apart."""
        clauses = [clause for clause, _ in self._alone[criterion]]
        groups = {tuple(level in clause.allowed for clause in clauses): level for level in levels}
        return list(groups.values())


def combine_levels(levels: Iterable[str], *, several: bool) -> Iterator[tuple[str, ...]]:
    """Yield every answer of one or more of these levels; where several can hold, once for each of them as the main one.

    Raises SearchTooLargeError where there are too many.
    """
    listed = tuple(levels)
    if (len(listed) if several else 1) << len(listed) > _MOST_ANSWERS:
        raise SearchTooLargeError
    for size in range(1, len(listed) + 1):
        for chosen in itertools.combinations(listed, size):
            if several:
                yield from ((main, *(level for level in chosen if level != main)) for main in chosen)
            else:
                yield chosen


def resolve_clause(rulebook: Rulebook, criterion: str, wanted: Condition) -> Clause:
    """Return a condition of a rule set as a clause; raises KeyError for an unknown criterion or level."""
    allowed = frozenset(rulebook.levels_of(criterion, wanted))
    return Clause(criterion, allowed, isinstance(wanted, Main), rulebook.readable[criterion].several)


@lru_cache(maxsize=16)
def compile_table(rulebook: Rulebook) -> Table:
    """Return the table of a rule set; the same object for the same rule set."""
    return Table(rulebook)
