"""Rule sets compiled for scoring: the one form of conditions that everything evaluates.

A condition on one criterion becomes a `Clause`, the set of levels that it allows; `Conditions` are the clauses of one
`when` and one `unless`.

Searches score thousands of profiles, so a whole rule set becomes a `Table`, in which an answer is one integer and a
profile is the sum of its answers: replacing an answer is one subtraction and one addition. From the lowest bits up the
integer holds the four fields of `Sums`:

    clause bits | number of retrieval rules (16 bits) | retrieval score (40 bits) | tuning score (the rest)

Effects of a rule that reads one criterion are added with the answer. A rule that reads several (a joint rule) is tested
on the clause bits afterwards, and what it adds is cached by these bits. A clause is met by one answer at most, so each
bit is added at most once. Scores are whole numbers with a sign, so the result does not depend on the order of addition.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from typing import NamedTuple

from ragortune.model import Condition, Direction, GateKind, Need, Rule, Rulebook, Selection
from ragortune.support.record import NOTHING, Record

Levels = Mapping[str, tuple[str, ...]]
"""Answers by criterion, as in `Profile.levels`."""

UNIT = 1000
"""Scores are counted in thousandths of log-odds."""
_MAX_ANSWERS = 20_000
_COUNT_BITS = 16
_SCORE_BITS = 40
_HALF = 1 << (_SCORE_BITS - 1)
"""Scores of retrieval lie below this, whatever their sign."""


class SearchTooLargeError(Exception):
    """The rules couple too many criteria for an exact search within its budget."""


class Budget:
    """The steps that one search may take; a few million take about a second."""

    def __init__(self, steps: int = 6_000_000) -> None:
        """Start with this many steps."""
        self._left = steps

    def spend(self, steps: int) -> None:
        """Use up steps; raises SearchTooLargeError when none are left."""
        self._left -= steps
        if self._left < 0:
            raise SearchTooLargeError


# --- conditions ---------------------------------------------------------------------------------------------------


class Clause(Record, frozen=True):
    """A condition on one criterion, resolved to the levels that it allows."""

    criterion: str
    allowed: frozenset[str]
    main: bool = False
    """Whether it reads the main level alone, of a criterion of which several can hold."""
    several: bool = False
    """Whether several levels of the criterion can hold."""

    def allows(self, answer: tuple[str, ...]) -> bool:
        """Return whether an answer satisfies the condition.

        Where several levels can hold at once, one of them must be allowed. Where the team cannot tell between several
        levels, all of them must be.
        """
        if self.main:
            return answer[0] in self.allowed
        if self.several:
            return not self.allowed.isdisjoint(answer)
        return self.allowed.issuperset(answer)

    def is_met(self, levels: Levels) -> bool:
        """Return whether the answer is known to satisfy the condition."""
        return self.criterion in levels and self.allows(levels[self.criterion])

    def is_refuted(self, levels: Levels) -> bool:
        """Return whether the answer is known to violate the condition."""
        answer = levels.get(self.criterion)
        if answer is None:
            return False
        return not self.allows(answer) if self.several else self.allowed.isdisjoint(answer)


class Conditions(Record, frozen=True):
    """The compiled `when` and `unless` of a rule."""

    when: tuple[Clause, ...]
    unless: tuple[Clause, ...] = ()

    @property
    def clauses(self) -> tuple[Clause, ...]:
        """Both parts."""
        return self.when + self.unless

    def hold(self, levels: Levels) -> bool:
        """Return whether all of `when` and nothing of `unless` is known to hold."""
        met = all(clause.is_met(levels) for clause in self.when)
        return met and not any(clause.is_met(levels) for clause in self.unless)


def compile_conditions(
    rulebook: Rulebook, when: Mapping[str, Condition], unless: Mapping[str, Condition] = NOTHING
) -> Conditions:
    """Return the conditions of a rule, compiled; raises KeyError for an unknown criterion or level."""

    def resolve(name: str, wanted: Condition) -> Clause:
        allowed = frozenset(rulebook.levels_of(name, wanted))
        main = isinstance(wanted, Selection) and wanted.main is not None
        return Clause(name, allowed, main, rulebook.readable[name].several)

    return Conditions(*(tuple(itertools.starmap(resolve, part.items())) for part in (when, unless)))


# --- tables -------------------------------------------------------------------------------------------------------


class Sums(NamedTuple):
    """The fields of a packed answer or profile."""

    bits: int
    """One bit for each clause of a joint rule, set where the clause is met."""
    mentions: int
    """Number of rules that fired and move or decide the need for retrieval."""
    rag: int
    """Score of retrieval, in thousandths."""
    tuning: int
    """Score of tuning, in thousandths."""

    def score(self, need: Need) -> int:
        """Return the score of a need."""
        return self.rag if need is Need.RAG else self.tuning


class JointRule(Record, frozen=True):
    """A rule that reads several criteria, or has gates; tested on the clause bits of a packed profile."""

    rule: str
    when: int
    """Bits of the clauses that must be met."""
    unless: int
    """Bits of the clauses that must not be met."""
    adds: int
    """What the rule adds to a packed profile."""
    gates: tuple[tuple[Need, GateKind], ...] = ()

    def may_fire(self, always: int, ever: int) -> bool:
        """Return whether the rule fires in some profile of a set.

        `always` are the clauses that every profile of the set meets, `ever` those that at least one meets. With the bits
        of one profile as both, this is whether the rule fires on it.
        """
        return self.when & ever == self.when and not self.unless & always


class Table:
    """A rule set compiled for scoring."""

    def __init__(self, rulebook: Rulebook) -> None:
        """Compile all rules with effects or gates."""
        scale = rulebook.scale
        self.scale = scale
        self.conditions = {
            rule.id: compile_conditions(rulebook, rule.when, rule.unless) for rule in rulebook.rules.values()
        }
        scoring = [rule for rule in rulebook.rules.values() if rule.effects or rule.gates]
        joint, single = list[Rule](), list[Rule]()
        for rule in scoring:
            (joint if rule.gates or rule.unless or len(rule.when) != 1 else single).append(rule)
        clauses = dict.fromkeys(clause for rule in joint for clause in self.conditions[rule.id].clauses)
        bit_of = {clause: 1 << index for index, clause in enumerate(clauses)}
        self._width = len(bit_of)
        self.bits_on = dict.fromkeys(rulebook.readable, 0)
        """For each criterion the bits of the clauses on it."""
        self._terms: dict[str, list[tuple[Clause, int]]] = {name: [] for name in rulebook.readable}
        """For each criterion its clauses with what they add when met: a bit, or the effects of a rule that reads it alone."""
        for clause, bit in bit_of.items():
            self.bits_on[clause.criterion] |= bit
            self._terms[clause.criterion].append((clause, bit))
        self.joint: list[JointRule] = []
        """Rules that read several criteria, and all rules with gates."""
        for rule in joint:
            conditions = self.conditions[rule.id]
            when, unless = (
                sum({bit_of[clause] for clause in part}) for part in (conditions.when, conditions.unless)
            )
            gates = tuple((gate.need, gate.gate) for gate in rule.gates)
            self.joint.append(JointRule(rule.id, when, unless, self.pack_effects(rule), gates))
        for rule in single:
            (clause,) = self.conditions[rule.id].when
            self._terms[clause.criterion].append((clause, self.pack_effects(rule)))
        intercepts = (round(score * UNIT) for score in (scale.intercept_rag, scale.intercept_fine_tuning))
        self._base = self._join(0, *intercepts)
        """The packed profile without any answer."""
        confirmable = {gate.need for rule in scoring for gate in rule.gates if gate.gate is GateKind.CONFIRMS}
        self.ceilings = tuple(scale.unconfirmed if need in confirmable else math.inf for need in Need)
        """Highest log-odds that count for each need while it is not confirmed."""
        self.pack = cache(self._pack)
        """Takes a criterion and an answer and returns what the answer adds to a packed profile."""
        self._fire_joint = cache(self._find_fired)

    def _join(self, mentions: int, rag: int, tuning: int) -> int:
        """Return the integer with these fields and no clause bits; both scores may be negative."""
        low = self._width + _COUNT_BITS
        return (mentions << self._width) + (rag << low) + (tuning << low + _SCORE_BITS)

    def split(self, packed: int) -> Sums:
        """Return the fields of a packed profile, a packed answer, or the effects of a rule."""
        bits = packed & ((1 << self._width) - 1)
        packed >>= self._width
        mentions = packed & ((1 << _COUNT_BITS) - 1)
        packed >>= _COUNT_BITS
        # A negative score of retrieval borrows from the field above it: read it with its sign, and take it out again.
        rag = ((packed + _HALF) & ((1 << _SCORE_BITS) - 1)) - _HALF
        return Sums(bits, mentions, rag, (packed - rag) >> _SCORE_BITS)

    def pack_effects(self, rule: Rule) -> int:
        """Return what a rule adds to a packed profile when it fires."""
        adds = dict.fromkeys(Need, 0)
        for effect in rule.effects:
            weight = round(self.scale.weight(effect.strength) * UNIT)
            adds[effect.need] += weight if effect.effect is Direction.FOR else -weight
        moved = {effect.need for effect in rule.effects}
        moved |= {gate.need for gate in rule.gates if gate.gate is not GateKind.CONFIRMS}
        return self._join(Need.RAG in moved, adds[Need.RAG], adds[Need.FINE_TUNING])

    def _pack(self, criterion: str, answer: tuple[str, ...]) -> int:
        return sum(adds for clause, adds in self._terms[criterion] if clause.allows(answer))

    def pack_profile(self, levels: Levels) -> int:
        """Return a profile as one integer; unknown answers add nothing."""
        return self._base + sum(itertools.starmap(self.pack, levels.items()))

    def complete(self, packed: int) -> tuple[int, tuple[JointRule, ...]]:
        """Return a packed profile with the effects of the joint rules that fire on it, and those of them with gates."""
        adds, gates = self._fire_joint(packed & ((1 << self._width) - 1))
        return packed + adds, gates

    def _find_fired(self, bits: int) -> tuple[int, tuple[JointRule, ...]]:
        """Return the sum of what the joint rules add that fire on these clause bits, and those of them with gates."""
        fired = [rule for rule in self.joint if rule.may_fire(bits, bits)]
        return sum(rule.adds for rule in fired), tuple(rule for rule in fired if rule.gates)

    def group_levels(self, criterion: str, levels: Iterable[str]) -> list[str]:
        """Return one level for each group of levels that no rule tells apart."""
        return group_levels(levels, [clause for clause, _ in self._terms[criterion]])


@lru_cache(maxsize=16)
def compile_table(rulebook: Rulebook) -> Table:
    """Return the table of a rule set, compiled once."""
    return Table(rulebook)


def group_levels(levels: Iterable[str], clauses: Iterable[Clause]) -> list[str]:
    """Return one level for each group of levels that the clauses do not tell apart."""
    listed = list(clauses)
    return list({tuple(level in clause.allowed for clause in listed): level for level in levels}.values())


def combine_levels(levels: Iterable[str], *, several: bool) -> Iterator[tuple[str, ...]]:
    """Yield every answer of one or more of these levels; where several can hold, once with each as the main level.

    Raises SearchTooLargeError if there would be more than 20,000 answers.
    """
    listed = tuple(levels)
    if (len(listed) if several else 1) << len(listed) > _MAX_ANSWERS:
        raise SearchTooLargeError
    for size in range(1, len(listed) + 1):
        for chosen in itertools.combinations(listed, size):
            if several:
                yield from ((main, *(level for level in chosen if level != main)) for main in chosen)
            else:
                yield chosen
