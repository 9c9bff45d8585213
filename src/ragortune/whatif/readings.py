"""In how many readings of the rules does each option win? Thousands of readings are counted at once.

A reading takes each weight from the band of its word, and may settle open answers. Each random quantity is an integer
with one bit for each reading, so that a rule is evaluated for all of them by a few operations on bits, and scores are
added digit by digit. The random bits come from a fixed seed: the same profile gives the same shares everywhere.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache

from ragortune.engine import Clause, GateRule, Levels, compile_tables, settle_needs
from ragortune.model import Direction, GateKind, Need, Option, Rule, Rulebook, Strength
from ragortune.record import NOTHING, Record

READINGS = 8192
"""How many readings are counted: shares are within 0.6 points (standard error), at worst."""
_ALL = (1 << READINGS) - 1
_SEED = 20261124
_PARTS = 8
"""A band is divided into this many equal parts; a reading takes the middle of one."""
_CHANCE_BITS = 10
_FINEST = 1 << 12
_MOST_EXACT = 8
"""As many ways to settle the open answers are gone through exactly."""
CHANCE = 0.07
"""How likely an open answer is settled in a reading.

Chosen on the casebook: with 0.06 to 0.09 the shares have the lowest Brier score against what was published. With
every open answer settled at random they say nothing, because a profile records what is salient, a quarter of what
could be asked; with none settled they are far too sure.
"""

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
        """Return bits that are set with a given chance, to the nearest 1/1024."""
        wanted = round(chance * (1 << _CHANCE_BITS))
        if wanted >= 1 << _CHANCE_BITS:
            return _ALL
        result = 0
        for digit in range(_CHANCE_BITS):
            bits = self.draw_bits()
            result = result | bits if wanted >> digit & 1 else result & bits
        return result


@lru_cache(maxsize=1024)
def _draw_levels(name: str, weights: tuple[float, ...], chance: float) -> tuple[Bits, tuple[Bits, ...]]:
    """Return in which readings a criterion is settled, and for each reading one of its levels at random."""
    dice = _Dice(f"answer to {name}")
    left, masks = _ALL, []
    count = len(weights)
    for position in range(count):
        share = weights[position] / sum(weights[position:])
        chosen = left if position == count - 1 else left & dice.draw_chance(share)
        masks.append(chosen)
        left &= ~chosen
    return dice.draw_chance(chance), tuple(masks)


@lru_cache(maxsize=8)
def _scale_numbers(rulebook: Rulebook) -> tuple[int, tuple[int, int]]:
    """Return how many steps make a weight of one, and both thresholds in steps.

    The steps are so fine that the middle of every part of every band is a whole number of them.
    """
    steps = 1
    scale = rulebook.scale
    numbers = [scale.needs_rag_above, scale.needs_fine_tuning_above]
    for step in (scale.weak, scale.moderate, scale.strong):
        width = (step.high - step.low) / _PARTS
        numbers += [step.weight, step.low + width / 2, width]
    while any(abs(number * steps - round(number * steps)) > 1e-6 for number in numbers) and steps < _FINEST:
        steps *= 2
    return steps, (round(scale.needs_rag_above * steps), round(scale.needs_fine_tuning_above * steps))


@lru_cache(maxsize=8)
def _band_numbers(rulebook: Rulebook) -> Mapping[Strength, tuple[int, int, int]]:
    """Return for each word its weight, the lowest middle of a part of its band, and the width of a part, in steps."""
    steps, _ = _scale_numbers(rulebook)
    numbers = {}
    for strength in Strength:
        step = rulebook.scale.step(strength)
        width = (step.high - step.low) / _PARTS
        numbers[strength] = (
            round(step.weight * steps),
            round((step.low + width / 2) * steps),
            round(width * steps),
        )
    return numbers


@lru_cache(maxsize=4096)
def _draw_part(rule: str, need: Need) -> Digits:
    """Return for one effect a part of its band, from 0 to `_PARTS` - 1, for each reading."""
    dice = _Dice(f"weight of {rule} on {need}")
    return [dice.draw_bits() for _ in range(_PARTS.bit_length() - 1)]


def read_rules(  # noqa: PLR0913  (what is asked of a reading, by name)
    rulebook: Rulebook,
    levels: Levels,
    *,
    vary_weights: bool,
    chance: float,
    kept: Collection[str] = (),
    likely: Mapping[str, tuple[float, ...]] = NOTHING,
) -> Shares:
    """Return how often each option wins over `READINGS` readings of the rules.

    Args:
        rulebook: the rule set.
        levels: what is known.
        vary_weights: whether weights are taken from the bands of their words, or are the shipped ones.
        chance: how likely an open answer is settled in a reading, each of its levels being as likely as another; an
            answer that is not settled stays as it is.
        kept: criteria that stay as they are in every reading.
        likely: for some criteria how likely the levels are, in relation to each other.

    """
    known, masks = _place_answers(rulebook, levels, chance, kept, likely)
    sums = {(need, direction): [] for need in Need for direction in Direction}  # type: dict[tuple[Need, Direction], Digits]
    gates = dict.fromkeys(((need, kind) for need in Need for kind in GateKind), 0)
    touched = 0
    numbers = _band_numbers(rulebook)
    for rule, fires in _fire_rules(rulebook, known, masks):
        for effect in rule.effects:
            shipped, lowest, width = numbers[effect.strength]
            total = sums[effect.need, effect.effect]
            _add_constant(total, lowest if vary_weights else shipped, fires)
            if vary_weights:
                _add_multiple(total, _draw_part(rule.id, effect.need), width, fires)
            if effect.need is Need.RAG:
                touched |= fires
        for gate in rule.gates:
            gates[gate.need, gate.gate] |= fires
    thresholds = _scale_numbers(rulebook)[1]
    sides = [
        _compare_sums(sums[need, Direction.FOR], sums[need, Direction.AGAINST], threshold)
        for need, threshold in zip(Need, thresholds, strict=True)
    ]
    rag, tuning = _break_ties(rulebook, sides, touched, vary=vary_weights)
    where = _settle_readings(rag, tuning, gates, touched)
    return Shares({option: bits.bit_count() for option, bits in where.items()}, where, masks)


def _fire_rules(
    rulebook: Rulebook, known: Levels, masks: Mapping[str, Mapping[str, Bits]]
) -> Iterator[tuple[Rule, Bits]]:
    """Yield the rules that move or decide something, with the readings in which each fires."""
    tables = compile_tables(rulebook)
    cache: dict[Clause, Bits] = {}
    for rule in rulebook.rules.values():
        if not (rule.effects or rule.gates):
            continue
        when, unless = tables.clauses[rule.id]
        fires = _ALL
        for clause in when:
            fires &= _meet_clause(clause, known, masks, cache)
        if fires:
            for clause in unless:
                fires &= ~_meet_clause(clause, known, masks, cache)
        if fires:
            yield rule, fires


def _place_answers(
    rulebook: Rulebook,
    levels: Levels,
    chance: float,
    kept: Collection[str],
    likely: Mapping[str, tuple[float, ...]],
) -> tuple[Levels, dict[str, dict[str, Bits]]]:
    """Return the answers that are one level, and for the open ones the readings in which each level holds."""
    known: dict[str, tuple[str, ...]] = {}
    masks: dict[str, dict[str, Bits]] = {}
    for name, criterion in rulebook.criteria.items():
        possible = levels.get(name)
        if name in kept or (possible is not None and len(possible) == 1):
            if possible is not None:
                known[name] = possible
            continue
        ids = criterion.level_ids
        settled, choices = _draw_levels(name, likely.get(name) or (1.0,) * len(ids), chance)
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


def _compare_sums(speaks_for: Digits, speaks_against: Digits, threshold: int) -> tuple[Bits, Bits]:
    """Return the readings in which what speaks for, less what speaks against, is above a threshold, and is on it."""
    left, right = list(speaks_for), list(speaks_against)
    _add_constant(right if threshold > 0 else left, abs(threshold), _ALL)
    above, equal = 0, _ALL
    for position in reversed(range(max(len(left), len(right)))):
        mine = left[position] if position < len(left) else 0
        theirs = right[position] if position < len(right) else 0
        above |= equal & mine & ~theirs
        equal &= ~(mine ^ theirs)
    return above, equal


def _break_ties(
    rulebook: Rulebook, sides: list[tuple[Bits, Bits]], touched: Bits, *, vary: bool
) -> tuple[Bits, Bits]:
    """Return the readings in which each need stands above its threshold, once ties are broken.

    With the shipped weights a tie is broken as the engine does, in the stated order. With weights from a band it is an
    accident of the grid, and falls to either side in half of the readings.
    """
    (rag, rag_tied), (tuning, tuning_tied) = sides
    if vary:
        coins = _draw_coins()
        return rag | rag_tied & coins[0], tuning | tuning_tied & coins[1]
    rag_tied &= touched
    left = rag_tied | tuning_tied
    for option in rulebook.scale.tie_order:
        has_rag, has_tuning = option in (Option.RAG, Option.BOTH), option in (Option.FINE_TUNING, Option.BOTH)
        fits = (
            left
            & (rag_tied | (rag if has_rag else ~rag))
            & (tuning_tied | (tuning if has_tuning else ~tuning))
        )
        rag, tuning = (
            sides & ~fits | (fits if holds else 0) for sides, holds in ((rag, has_rag), (tuning, has_tuning))
        )
        left &= ~fits
    return rag, tuning


@lru_cache(maxsize=1)
def _draw_coins() -> tuple[Bits, Bits]:
    dice = _Dice("coins")
    return dice.draw_bits(), dice.draw_bits()


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
    """Return for each open criterion how many bits its answer is expected to tell about the option.

    Meant for readings in which every open answer is settled.
    """
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
    sizes = [count for count in counts if count]
    total = sum(sizes)
    return -sum(size / total * math.log2(size / total) for size in sizes)


# --- acceptability ------------------------------------------------------------------------------------------------


class Acceptability(Record):
    """Share of the readings of the rules in which each option wins."""

    shares: Mapping[Option, float]
    error: float
    """Standard error of the least certain share; zero where the shares are exact."""


def weigh_options(rulebook: Rulebook, levels: Levels) -> Acceptability:
    """Return the acceptability index of each option (Lahdelma, Hokkanen and Salminen 1998).

    A reading takes every weight from the band of its word, all parts of the band being as likely, and settles each
    open answer with a chance of `CHANCE`. Exact where the open answers can be settled in a few ways only, otherwise
    counted over `READINGS` readings.
    """
    ways = math.prod(
        len(levels.get(name, criterion.level_ids)) + 1
        for name, criterion in rulebook.criteria.items()
        if len(levels.get(name, criterion.level_ids)) > 1
    )
    if ways <= _MOST_EXACT:
        return Acceptability(_weigh_exactly(rulebook, levels), 0.0)
    shares = read_rules(rulebook, levels, vary_weights=True, chance=CHANCE)
    found = {option: shares.share_of(option) for option in Option}
    error = max(math.sqrt(share * (1 - share) / READINGS) for share in found.values())
    return Acceptability(found, error)


def _weigh_exactly(rulebook: Rulebook, levels: Levels) -> dict[Option, float]:
    total = dict.fromkeys(Option, 0.0)
    for weight, completed in _settle_answers(rulebook, levels):
        fired = list(_fire_rules(rulebook, completed, {}))
        gates = [GateRule(rule.id, gate.need, gate.gate) for rule, _ in fired for gate in rule.gates]
        touched = any(effect.need is Need.RAG for rule, _ in fired for effect in rule.effects)
        above = [_share_above(rulebook, [rule for rule, _ in fired], need) for need in Need]
        thresholds = compile_tables(rulebook).thresholds
        for sides in itertools.product((1, -1), repeat=2):
            share = math.prod(own if side > 0 else 1 - own for own, side in zip(above, sides, strict=True))
            scores = thresholds[0] + sides[0], thresholds[1] + sides[1]
            total[settle_needs(rulebook, scores, gates, touched=touched).option] += weight * share
    return total


def _settle_answers(rulebook: Rulebook, levels: Levels) -> Iterator[tuple[float, Levels]]:
    """Yield every way to settle the open answers, with how likely it is."""
    known: dict[str, tuple[str, ...]] = dict(levels)
    opened: list[list[tuple[float, str, tuple[str, ...] | None]]] = []
    for name, criterion in rulebook.criteria.items():
        possible = levels.get(name, criterion.level_ids)
        if len(possible) > 1:
            settled = [(CHANCE / len(possible), name, (level,)) for level in possible]
            opened.append([(1 - CHANCE, name, levels.get(name)), *settled])
    for chosen in itertools.product(*opened):
        completed = {**known, **{name: own for _, name, own in chosen if own is not None}}
        yield math.prod(weight for weight, _, _ in chosen), completed


def _share_above(rulebook: Rulebook, fired: list[Rule], need: Need) -> float:
    """Return the share of readings in which a need stands above its threshold; on it counts half.

    The number of readings with each score is a coefficient of a polynomial, and the polynomial one large integer. A
    band of eight equal parts is the product of three factors of two terms.
    """
    numbers = _band_numbers(rulebook)
    threshold = _scale_numbers(rulebook)[1][tuple(Need).index(need)]
    effects = [effect for rule in fired for effect in rule.effects if effect.need is need]
    room = len(effects) * (_PARTS.bit_length() - 1) + 2
    polynomial, lowest = 1, 0
    for effect in effects:
        _, least, width = numbers[effect.strength]
        lowest += least if effect.effect is Direction.FOR else -least - width * (_PARTS - 1)
        for factor in (1 << digit for digit in range(_PARTS.bit_length() - 1)):
            polynomial += polynomial << (width * factor * room)
    place = max(0, threshold - lowest)
    on = polynomial >> place * room & (1 << room) - 1 if threshold >= lowest else 0
    above = polynomial >> (place + (threshold >= lowest)) * room
    total = 1 << len(effects) * (_PARTS.bit_length() - 1)
    # A sum of digits is the remainder by one less than their base.
    return (above % ((1 << room) - 1) + on / 2) / total
