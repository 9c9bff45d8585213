"""In how many readings of the rules does each option win? Thousands of readings are counted at once.

A reading takes each weight from the band of its word, and may settle open answers. Each random quantity is an integer
with one bit for each reading, so that a rule is evaluated for all of them by a few operations on bits, and scores are
added digit by digit. The random bits come from a fixed seed: the same profile gives the same shares everywhere.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from functools import lru_cache

from ragortune.engine import Clause, Levels, compile_tables
from ragortune.model import Direction, GateKind, Need, Option, Rulebook
from ragortune.record import Record

READINGS = 4096
"""How many readings are counted: shares are within 0.8 points (standard error), at worst."""
_ALL = (1 << READINGS) - 1
_SEED = 20261124
_PARTS = 8
"""A band is divided into this many equal parts; a reading takes the middle of one."""
_CHANCE_BITS = 12

Bits = int
"""One bit for each reading."""
Digits = list[Bits]
"""A number for each reading, in binary, lowest digit first."""


class Shares(Record):
    """How often each option wins, and where in the sample it does."""

    counts: Mapping[Option, int]
    """Readings in which each option wins."""
    where: Mapping[Option, Bits]
    levels: Mapping[str, Mapping[str, Bits]]
    """For each criterion that is open, the readings in which it has each level."""

    def share_of(self, option: Option) -> float:
        """Return the share of readings in which an option wins, from 0 to 1."""
        return self.counts[option] / READINGS


class _Dice:
    """Random bits from a seed of its own for each purpose, so that no draw depends on what else is drawn."""

    def __init__(self, purpose: str) -> None:
        self._generator = random.Random(f"{_SEED} {purpose}")  # noqa: S311  (a sample, not a secret)

    def draw_bits(self) -> Bits:
        return self._generator.getrandbits(READINGS)

    def draw_chance(self, chance: float) -> Bits:
        """Return bits that are set with a given chance, to the nearest 1/4096."""
        wanted = round(chance * (1 << _CHANCE_BITS))
        if wanted >= 1 << _CHANCE_BITS:
            return _ALL
        result = 0
        for digit in range(_CHANCE_BITS):
            bits = self.draw_bits()
            result = result | bits if wanted >> digit & 1 else result & bits
        return result


@lru_cache(maxsize=8)
def _draw_weights(rulebook: Rulebook) -> dict[tuple[str, Need], Digits]:
    """Return for every effect its random part: a number from 0 to `_PARTS` - 1 for each reading."""
    drawn = {}
    for rule in rulebook.rules.values():
        for effect in rule.effects:
            dice = _Dice(f"weight of {rule.id} on {effect.need}")
            drawn[rule.id, effect.need] = [dice.draw_bits() for _ in range(_PARTS.bit_length() - 1)]
    return drawn


@lru_cache(maxsize=16)
def _draw_levels(rulebook: Rulebook, chance: float) -> dict[str, tuple[Bits, tuple[Bits, ...]]]:
    """Return for every criterion in which readings it is settled, and for each reading one level at random."""
    drawn = {}
    for criterion in rulebook.criteria.values():
        dice = _Dice(f"answer to {criterion.id}")
        settled = dice.draw_chance(chance)
        left, masks = _ALL, []
        count = len(criterion.levels)
        for position in range(count):
            chosen = left if position == count - 1 else left & dice.draw_chance(1 / (count - position))
            masks.append(chosen)
            left &= ~chosen
        drawn[criterion.id] = settled, tuple(masks)
    return drawn


@lru_cache(maxsize=8)
def _scale_numbers(rulebook: Rulebook) -> tuple[int, tuple[int, int]]:
    """Return how many steps make a weight of one, and both thresholds in steps.

    The steps are so fine that the middle of every part of every band is a whole number of them.
    """
    steps = 1
    scale = rulebook.scale
    numbers = [scale.needs_rag_above, scale.needs_fine_tuning_above]
    for step in (scale.weak, scale.moderate, scale.strong):
        numbers += [
            step.weight,
            step.low + (step.high - step.low) / (2 * _PARTS),
            (step.high - step.low) / _PARTS,
        ]
    while any(abs(number * steps - round(number * steps)) > 1e-6 for number in numbers) and steps < 1 << 12:
        steps *= 2
    return steps, (round(scale.needs_rag_above * steps), round(scale.needs_fine_tuning_above * steps))


def read_rules(rulebook: Rulebook, levels: Levels, *, vary_weights: bool, chance: float) -> Shares:
    """Return how often each option wins over `READINGS` readings of the rules.

    Args:
        rulebook: the rule set.
        levels: what is known.
        vary_weights: whether weights are taken from the bands of their words, or are the shipped ones.
        chance: how likely an open answer is settled in a reading, each of its levels being as likely as another; an
            answer that is not settled stays as it is.

    """
    tables = compile_tables(rulebook)
    known, masks = _place_answers(rulebook, levels, chance)
    steps, thresholds = _scale_numbers(rulebook)
    sums = {(need, direction): [] for need in Need for direction in Direction}  # type: dict[tuple[Need, Direction], Digits]
    drawn = _draw_weights(rulebook) if vary_weights else {}
    touched = 0
    gates = dict.fromkeys(((need, kind) for need in Need for kind in GateKind), 0)
    cache: dict[Clause, Bits] = {}
    for rule in rulebook.rules.values():
        if not (rule.effects or rule.gates):
            continue
        when, unless = tables.clauses[rule.id]
        fires = _ALL
        for clause in when:
            fires &= _meet_clause(clause, known, masks, cache)
            if not fires:
                break
        for clause in unless:
            if not fires:
                break
            fires &= ~_meet_clause(clause, known, masks, cache)
        if not fires:
            continue
        for effect in rule.effects:
            step = rulebook.scale.step(effect.strength)
            total = sums[effect.need, effect.effect]
            if vary_weights:
                width = (step.high - step.low) / _PARTS
                _add_constant(total, round((step.low + width / 2) * steps), fires)
                _add_multiple(total, drawn[rule.id, effect.need], round(width * steps), fires)
            else:
                _add_constant(total, round(step.weight * steps), fires)
            if effect.need is Need.RAG:
                touched |= fires
        for gate in rule.gates:
            gates[gate.need, gate.gate] |= fires
    above = [
        _is_above(sums[need, Direction.FOR], sums[need, Direction.AGAINST], threshold)
        for need, threshold in zip(Need, thresholds, strict=True)
    ]
    where = _settle_readings(above[0], above[1], gates, touched)
    return Shares({option: bits.bit_count() for option, bits in where.items()}, where, masks)


def _place_answers(
    rulebook: Rulebook, levels: Levels, chance: float
) -> tuple[Levels, dict[str, dict[str, Bits]]]:
    """Return the answers that are one level, and for the open ones the readings in which each level holds."""
    known: dict[str, tuple[str, ...]] = {}
    masks: dict[str, dict[str, Bits]] = {}
    for name, (settled, choices) in _draw_levels(rulebook, chance).items():
        possible = levels.get(name)
        if possible is not None and len(possible) == 1:
            known[name] = possible
            continue
        ids = rulebook.criteria[name].level_ids
        if possible is None:
            masks[name] = {level: chosen & settled for level, chosen in zip(ids, choices, strict=True)}
            continue
        # The draw among all levels is taken over to those that are possible, in turn.
        known[name] = possible
        own = dict.fromkeys(possible, 0)
        for position, chosen in enumerate(choices):
            own[possible[position % len(possible)]] |= chosen & settled
        masks[name] = own
    return known, masks


def _meet_clause(
    clause: Clause, known: Levels, masks: Mapping[str, Mapping[str, Bits]], cache: dict[Clause, Bits]
) -> Bits:
    """Return the readings in which a clause is known to hold."""
    met = cache.get(clause)
    if met is None:
        name, allowed = clause
        own = masks.get(name)
        met = _ALL if name in known and allowed.issuperset(known[name]) else 0
        if own is not None and not met:
            for level, bits in own.items():
                if level in allowed:
                    met |= bits
        cache[clause] = met
    return met


def _add_constant(total: Digits, number: int, where: Bits) -> None:
    """Add a number to the total in the readings `where`."""
    _add_digits(total, [where if number >> digit & 1 else 0 for digit in range(number.bit_length())])


def _add_multiple(total: Digits, digits: Digits, factor: int, where: Bits) -> None:
    """Add a random number, times a factor, to the total in the readings `where`."""
    own = [bits & where for bits in digits]
    for shift in range(factor.bit_length()):
        if factor >> shift & 1:
            _add_digits(total, [*([0] * shift), *own])


def _add_digits(total: Digits, digits: Digits) -> None:
    """Add a number to the total, in every reading at once."""
    carry = 0
    for position in range(max(len(total), len(digits))):
        if position >= len(digits) and not carry:
            return
        if position >= len(total):
            total.append(0)
        mine, theirs = total[position], digits[position] if position < len(digits) else 0
        partial = mine ^ theirs
        total[position] = partial ^ carry
        carry = (mine & theirs) | (partial & carry)
    if carry:
        total.append(carry)


def _is_above(speaks_for: Digits, speaks_against: Digits, threshold: int) -> Bits:
    """Return the readings in which what speaks for, less what speaks against, is above a threshold."""
    left, right = list(speaks_for), list(speaks_against)
    _add_constant(right if threshold > 0 else left, abs(threshold), _ALL)
    above = equal = 0
    equal = _ALL
    for position in reversed(range(max(len(left), len(right)))):
        mine = left[position] if position < len(left) else 0
        theirs = right[position] if position < len(right) else 0
        above |= equal & mine & ~theirs
        equal &= ~(mine ^ theirs)
    return above


def _settle_readings(
    rag: Bits, tuning: Bits, gates: Mapping[tuple[Need, GateKind], Bits], touched: Bits
) -> dict[Option, Bits]:
    """Return the readings in which each option wins; the same steps as the engine's, on bits."""
    no_rag, no_tuning = gates[Need.RAG, GateKind.RULES_OUT], gates[Need.FINE_TUNING, GateKind.RULES_OUT]
    must_rag, must_tune = gates[Need.RAG, GateKind.REQUIRES], gates[Need.FINE_TUNING, GateKind.REQUIRES]
    rag = (rag | must_rag) & ~no_rag
    tuning = (tuning | must_tune) & ~no_tuning
    alone = tuning & gates[Need.FINE_TUNING, GateKind.NOT_ALONE]
    tuning &= ~(alone & no_rag)
    rag |= alone & ~no_rag
    touched |= no_rag | must_rag | alone
    alone = rag & ~tuning & gates[Need.RAG, GateKind.NOT_ALONE]
    rag &= ~(alone & no_tuning)
    tuning |= alone & ~no_tuning
    default = ~touched & ~tuning & _ALL
    return {
        Option.RAG: (rag & ~tuning) | default,
        Option.FINE_TUNING: tuning & ~rag,
        Option.BOTH: rag & tuning,
        Option.NEITHER: ~rag & ~tuning & ~default & _ALL,
    }


def weigh_questions(shares: Shares) -> dict[str, float]:
    """Return for each open criterion how many bits its answer is expected to tell about the option."""
    total = _entropy(shares.counts.values())
    worth = {}
    for name, masks in shares.levels.items():
        expected = 0.0
        for level in masks.values():
            size = level.bit_count()
            if size:
                split = [(level & own).bit_count() for own in shares.where.values()]
                expected += size / READINGS * _entropy(split)
        worth[name] = max(0.0, total - expected)
    return worth


def _entropy(counts: Iterable[int]) -> float:
    import math

    sizes = [count for count in counts if count]
    total = sum(sizes)
    return -sum(size / total * math.log2(size / total) for size in sizes)
