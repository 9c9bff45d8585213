"""The fit of the scorecard on the casebook.

The model is the scorecard of the engine: for each need an intercept, and for each effect of a rule a weight that is one
of the verbal scale's or nothing. Signs are those of the rules (what their sources say) and are never turned round.

How a need is fitted:

1. Cases are weighted so that the training mix is that of the field. A field case counts one, or `UNCLEAR` where its
   source leaves doubt about the outcome. Selected cases count, option by option, `SELECTED` times as much as the field
   cases with that option together: prior correction as in case-control studies. They teach what separates the options,
   which 42 tuned systems in the field hardly can, and leave the base rates alone.
2. A team answers some questions and not others. So each case is in the training data once as it is and `MASKED`
   times with a random part of its answers left out, which together count `PARTLY` of it. The intercept is the base rate
   of the field sample: that is what is known where nothing is answered.
3. A penalised logistic regression with weights of at least zero is pulled towards a weak effect for every rule, so
   that evidence which the casebook cannot speak about keeps a weak effect. (L-BFGS-B, as in scipy.)
4. Weights are rounded to the scale, up or down at random, and improved by coordinate descent over the scale until no
   single change helps; the best of `STARTS` such searches is taken.
   Statements of the source document keep at least a weak effect.
"""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import yaml
from numpy.typing import NDArray
from scipy.optimize import minimize

from ragortune.engine import Levels, decide_option
from ragortune.engine.compile import Clause, Conditions, compile_conditions, compile_table
from ragortune.model import (
    Case,
    Condition,
    Direction,
    Need,
    Option,
    Rulebook,
    Sample,
    Selection,
    Strength,
    has_need,
)

Vector = NDArray[np.float64]
Mask = NDArray[np.bool_]
CANDIDATES = Path(__file__).resolve().parent / "candidates.yaml"
FOLDS = 10
SHIPPED = {Need.RAG: 1.0, Need.FINE_TUNING: 1.2}
"""Penalties with which the shipped strengths are fitted."""
SELECTED = {Need.RAG: 0.5, Need.FINE_TUNING: 3.0}
UNCLEAR = 0.7
MASKED = 8
PARTLY = 0.3
STARTS = 8
_KEPT = {
    Need.RAG: (
        "facts-from-outside",
        "facts-in-documents",
        "fast-changing-facts",
        "finding-and-answering",
        "material-is-large",
        "training-costs-avoided",
        "facts-that-change",
        "input-holds-everything",
        "nothing-to-look-up",
        "no-facts-needed",
        "facts-change-daily",
    ),
    Need.FINE_TUNING: (
        "enough-examples",
        "facts-in-the-examples",
        "house-style",
        "structured-out",
        "own-voice",
        "same-decision",
        "own-terms",
        "foreign-to-the-model",
        "well-defined-task",
        "narrow-kind-of-task",
        "answer-within-two-seconds",
    ),
}
LEAST = {
    **{(rule, need): Strength.WEAK for need, rules in _KEPT.items() for rule in rules},
    ("material-fits-the-prompt", Need.RAG): Strength.STRONG,
    ("nothing-but-facts", Need.FINE_TUNING): Strength.VERY_STRONG,
}
"""Least strength of some effects, whatever the cases say: what the source document says of when to use what, what keeps
its default away where an answer says that there is nothing to search (most of all that everything fits the prompt), and, on
measured evidence, that pairs which teach nothing but facts are no reason to tune (few cases can show it)."""
MOST = {Need.FINE_TUNING: Strength.STRONG}
"""Greatest strength of effects for a need that few systems have, so that no single answer makes it the advice."""


class Effect(NamedTuple):
    """One effect of one rule, or of a candidate."""

    rule: str
    need: Need
    sign: int
    conditions: Conditions
    least: float
    """Least weight."""
    most: float
    """Greatest weight."""

    def fires(self, levels: Levels) -> int:
        """Return the sign of the effect where it fires on a profile, else 0."""
        return self.sign if self.conditions.hold(levels) else 0


class Fit(NamedTuple):
    """A fitted need."""

    effects: tuple[Effect, ...]
    weights: Vector
    intercept: float


class NeedData(NamedTuple):
    """The casebook as the fit of one need sees it; the first axis is the case."""

    effects: tuple[Effect, ...]
    fires: Vector
    """For each effect 0, or its sign where it fires."""
    masked: Vector
    """The same for profiles from which answers were left out: case, copy, effect."""
    holds: Mask
    """Whether the published option has the need."""
    decided: Vector
    """Probability that gates set, NaN where none fires."""
    ceilings: Vector
    """Highest log-odds that count."""


class Data(NamedTuple):
    """The casebook as the fit sees it."""

    cases: tuple[Case, ...]
    levels: tuple[Levels, ...]
    folds: NDArray[np.int64]
    field: Mask
    needs: Mapping[Need, NeedData]
    steps: tuple[float, ...]
    """Nothing, and the weights of the verbal scale."""


def fold_of(group: str, folds: int = FOLDS) -> int:
    """Return the fold of a group: cases of one source or organisation are never on both sides."""
    return int(hashlib.sha256(group.encode()).hexdigest(), 16) % folds


# --- data ---------------------------------------------------------------------------------------------------------


def list_effects(rulebook: Rulebook) -> list[Effect]:
    """Return every effect that reads answers (not derived facts), of the rules and of the candidates."""
    effects = []
    for rule in rulebook.rules.values():
        conditions = compile_table(rulebook).conditions[rule.id]
        if not any(name in rulebook.derived for name in rule.when):
            effects += [
                _make_effect(rulebook, rule.id, own.need, own.effect, conditions) for own in rule.effects
            ]
    for entry in yaml.safe_load(CANDIDATES.read_text("utf-8"))["candidates"]:
        when = {name: _read_condition(wanted) for name, wanted in entry["when"].items()}
        conditions = compile_conditions(rulebook, when)
        effects += [
            _make_effect(rulebook, entry["id"], Need(need), Direction(direction), conditions)
            for need, direction in entry["effects"].items()
        ]
    return sorted(effects, key=lambda effect: (effect.rule, effect.need))


def _make_effect(
    rulebook: Rulebook, rule: str, need: Need, direction: Direction, conditions: Conditions
) -> Effect:
    weight, speaks_for = rulebook.scale.weight, direction is Direction.FOR
    least = weight(LEAST[rule, need]) if (rule, need) in LEAST else 0.0
    most = weight(MOST.get(need, Strength.VERY_STRONG) if speaks_for else Strength.VERY_STRONG)
    return Effect(rule, need, 1 if speaks_for else -1, conditions, least, most)


def _read_condition(wanted: str | list[str] | dict[str, str]) -> Condition:
    if isinstance(wanted, dict):
        return Selection(**wanted)
    return tuple(wanted) if isinstance(wanted, list) else wanted


def read_data(rulebook: Rulebook) -> Data:
    """Return the casebook as the fit sees it."""
    cases, levels = zip(*rulebook.coded_cases, strict=True)
    effects = list_effects(rulebook)
    return Data(
        cases,
        levels,
        np.array([fold_of(case.group) for case in cases]),
        np.array([case.sample is Sample.FIELD for case in cases]),
        {need: _read_need(rulebook, need, effects, cases, levels) for need in Need},
        (0.0, *(rulebook.scale.weight(strength) for strength in Strength)),
    )


def _read_need(
    rulebook: Rulebook, need: Need, effects: list[Effect], cases: Sequence[Case], levels: Sequence[Levels]
) -> NeedData:
    own = tuple(effect for effect in effects if effect.need is need)
    states = [decide_option(rulebook, answers).needs[need] for answers in levels]
    masked = [mask_answers(case.id, answers) for case, answers in zip(cases, levels, strict=True)]
    return NeedData(
        own,
        np.array([[effect.fires(answers) for effect in own] for answers in levels], dtype=float),
        np.array(
            [[[effect.fires(answers) for effect in own] for answers in copies] for copies in masked],
            dtype=float,
        ),
        np.array([has_need(case.outcome, need) for case in cases]),
        np.array([0.0 if own.blocked_by else 1.0 if own.required_by else math.nan for own in states]),
        np.array([math.inf if own.confirmed else rulebook.scale.unconfirmed for own in states]),
    )


def mask_answers(case: str, levels: Levels) -> list[Levels]:
    """Return profiles of which a random share of the answers is kept, the same in every run."""
    generator = random.Random(case)
    copies: list[Levels] = []
    for _ in range(MASKED):
        share = generator.random()
        copies.append({name: own for name, own in levels.items() if generator.random() < share})
    return copies


def take_fingerprint(data: Data) -> str:
    """Return a digest of all that a fit depends on: conditions, signs, answers and outcomes."""
    read = [
        [
            (
                own.rule,
                own.need.value,
                own.sign,
                own.least,
                own.most,
                sorted(map(_describe, own.conditions.when)),
                sorted(map(_describe, own.conditions.unless)),
            )
        ]
        for need in data.needs.values()
        for own in need.effects
    ]
    answers = [
        (
            case.id,
            case.group,
            case.outcome.value,
            sorted(map(str, case.acceptable)),
            case.clear,
            sorted(levels.items()),
        )
        for case, levels in zip(data.cases, data.levels, strict=True)
    ]
    return hashlib.sha256(repr((read, sorted(answers), data.steps)).encode()).hexdigest()[:16]


def _describe(clause: Clause) -> tuple[str, list[str], bool]:
    return clause.criterion, sorted(clause.allowed), clause.main


# --- the fit ------------------------------------------------------------------------------------------------------


def weigh_cases(data: Data, train: Mask, need: Need) -> Vector:
    """Return how much each case counts, so that the mix of outcomes is that of the field cases among `train`."""
    weights = np.zeros(len(data.cases))
    field = train & data.field
    weights[field] = 1.0
    outcomes = np.array([case.outcome.value for case in data.cases])
    for option in Option:
        selected = train & ~data.field & (outcomes == option.value)
        if selected.any():
            weights[selected] = SELECTED[need] * (field & (outcomes == option.value)).sum() / selected.sum()
    doubt: Vector = np.array([1.0 if case.clear else UNCLEAR for case in data.cases])
    return weights * doubt


def find_base_rate(data: Data, train: Mask, need: Need) -> float:
    """Return the log-odds of a need among the field cases of `train`, to the nearest twentieth."""
    share = float(data.needs[need].holds[train & data.field].mean())
    return round(math.log(share / (1 - share)) * 20) / 20


def fit_need(data: Data, train: Mask, need: Need, penalty: float, starts: int = STARTS) -> Fit:
    """Return the weights of the effects on a need, each a step of the scale, with the base rate as intercept."""
    own = data.needs[need]
    used = train & np.isnan(own.decided)
    counts = weigh_cases(data, used, need)[used]
    wanted = own.holds[used].astype(float)
    whole, parts = own.fires[used], own.masked[used]
    size = whole.shape[1]
    intercept = find_base_rate(data, train, need)
    problem = _Problem(
        np.vstack([whole, parts.reshape(-1, size)]),
        np.concatenate([wanted, np.repeat(wanted, MASKED)]),
        np.concatenate([counts * (1 - PARTLY), np.repeat(counts * PARTLY / MASKED, MASKED)]),
        intercept,
        penalty,
        data.steps[1],
    )
    found = minimize(
        problem.measure_loss,
        np.full(size, problem.pull),
        jac=True,
        method="L-BFGS-B",
        bounds=[(0.0, None)] * size,
    ).x
    allowed = [[step for step in data.steps if effect.least <= step <= effect.most] for effect in own.effects]
    rounded = [_round_weights(found, allowed, random.Random(number)) for number in range(starts)]
    improved = [problem.improve(start, allowed) for start in rounded]
    return Fit(own.effects, min(improved, key=lambda weights: problem.measure_loss(weights)[0]), intercept)


def _round_weights(found: Vector, allowed: list[list[float]], generator: random.Random) -> Vector:
    """Return each weight rounded to one of the two steps beside it, the nearer one being the likelier."""
    rounded = []
    for value, steps in zip(found, allowed, strict=True):
        below = max((step for step in steps if step <= value), default=steps[0])
        above = min((step for step in steps if step >= value), default=steps[-1])
        share = (value - below) / (above - below) if above > below else 0.0
        rounded.append(above if generator.random() < share else below)
    return np.array(rounded)


class _Problem(NamedTuple):
    """A penalised logistic regression: what fires in each row, what is wanted there, and how much the row counts."""

    fires: Vector
    wanted: Vector
    counts: Vector
    intercept: float
    penalty: float
    pull: float

    def measure_loss(self, weights: Vector) -> tuple[float, Vector]:
        """Return the loss and its gradient."""
        score = self.fires @ weights + self.intercept
        error = self.counts * (1 / (1 + np.exp(-score)) - self.wanted)
        value = (self.counts * (np.logaddexp(0, score) - self.wanted * score)).sum()
        value += self.penalty * ((weights - self.pull) ** 2).sum()
        return float(value), self.fires.T @ error + 2 * self.penalty * (weights - self.pull)

    def improve(self, weights: Vector, allowed: list[list[float]]) -> Vector:
        """Return weights on the scale that no change of a single one makes better (coordinate descent)."""
        score = self.fires @ weights + self.intercept
        rows = [np.flatnonzero(column) for column in self.fires.T]
        moved = True
        while moved:
            moved = False
            for place, steps in enumerate(allowed):
                own = rows[place]
                column = self.fires[own, place]
                rest = score[own] - column * weights[place]
                costs = {step: self._cost(own, rest + column * step, step) for step in steps}
                best = min(steps, key=costs.__getitem__)
                if costs[best] < costs[float(weights[place])] - 1e-9:
                    weights[place], moved = best, True
                    score[own] = rest + column * best
        return weights

    def _cost(self, rows: NDArray[np.int64], score: Vector, weight: float) -> float:
        """Return what one weight costs: the loss of the rows in which its effect fires, and its penalty."""
        wanted, counts = self.wanted[rows], self.counts[rows]
        loss = (counts * (np.logaddexp(0, score) - wanted * score)).sum()
        return float(loss + self.penalty * (weight - self.pull) ** 2)
