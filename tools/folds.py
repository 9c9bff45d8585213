"""What fits state about cases that they have not seen: ten folds, split by source and organisation.

The figure is nested: in each fold everything is fitted anew on the other nine, the penalty chosen in inner folds, and the
candidates of `candidates.yaml` (conditions that were tried and dropped) compete again with the rules that were kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression

from fitting import FOLDS, Data, Fit, Mask, NeedData, Vector, fit_need, fold_of, weigh_cases
from ragortune.casebook import Agreement, Judged
from ragortune.model import EVEN, Need, Option, pair_option, pair_probabilities

INNER_FOLDS = 10
PENALTIES = (1.0, 1.2, 1.5)


class Stated(NamedTuple):
    """What is stated about cases: the probability of each need, and whether anything speaks about retrieval."""

    chances: dict[Need, Vector]
    mentioned: Mask

    @classmethod
    def for_cases(cls, count: int) -> Stated:
        """Return room for a number of cases."""
        return cls({need: np.zeros(count) for need in Need}, np.ones(count, dtype=bool))


def predict(own: NeedData, fit: Fit, rows: Mask) -> Vector:
    """Return the probability of a need for some cases, gates included."""
    score = np.minimum(own.fires[rows] @ fit.weights + fit.intercept, own.ceilings[rows])
    chance = 1 / (1 + np.exp(-score))
    return np.where(np.isnan(own.decided[rows]), chance, own.decided[rows])


def choose_penalty(data: Data, train: Mask, need: Need) -> float:
    """Return the penalty with the least log loss on the field cases of inner folds."""
    own = data.needs[need]
    inner = np.array([fold_of("inner " + case.group, INNER_FOLDS) for case in data.cases])
    losses = {}
    for penalty in PENALTIES:
        total = 0.0
        for fold in range(INNER_FOLDS):
            fit = fit_need(data, train & (inner != fold), need, penalty, starts=1)
            rows = train & (inner == fold) & data.field
            chance = np.clip(predict(own, fit, rows), 1e-3, 1 - 1e-3)
            total -= float(np.log(np.where(own.holds[rows], chance, 1 - chance)).sum())
        losses[penalty] = total
    return min(losses, key=losses.__getitem__)


def cross_validate(data: Data, penalties: Mapping[Need, float] | None = None) -> Stated:
    """Return what is stated about every case by a fit that has seen no case of its fold.

    Penalties are chosen in inner folds, unless they are given.
    """
    stated = Stated.for_cases(len(data.cases))
    for fold in range(FOLDS):
        train = data.folds != fold
        for need, own in data.needs.items():
            penalty = penalties[need] if penalties else choose_penalty(data, train, need)
            fit = fit_need(data, train, need, penalty)
            stated.chances[need][~train] = predict(own, fit, ~train)
            if need is Need.RAG:
                speaks = (own.fires[~train] != 0) @ (fit.weights > 0) > 0
                stated.mentioned[~train] = speaks | ~np.isnan(own.decided[~train])
    return stated


def regress_one_hot(data: Data, strength: float) -> Stated:
    """Return the same from a logistic regression over one-hot answers with the same weights of cases and folds."""
    answers = sorted(
        {(name, level) for own in data.levels for name, levels in own.items() for level in levels}
    )
    matrix = np.array([[float(level in own.get(name, ())) for name, level in answers] for own in data.levels])
    stated = Stated.for_cases(len(data.cases))
    for fold in range(FOLDS):
        train = data.folds != fold
        for need, own in data.needs.items():
            weights = weigh_cases(data, train, need)
            used = weights > 0
            model = LogisticRegression(C=strength, max_iter=5000)
            model.fit(matrix[used], own.holds[used], sample_weight=weights[used])
            stated.chances[need][~train] = model.predict_proba(matrix[~train])[:, 1]
    return stated


def judge_cases(data: Data, stated: Stated, firm_from: float) -> Agreement:
    """Return the advice that follows from what is stated, by the rules of the engine, beside what was published."""
    judged = []
    for place, case in enumerate(data.cases):
        rag, tuning = (float(stated.chances[need][place]) for need in Need)
        probability = pair_probabilities(rag, tuning)
        option = pair_option(rag=rag > EVEN, fine_tuning=tuning > EVEN)
        if not stated.mentioned[place] and tuning <= EVEN:
            option = Option.RAG
        judged.append(Judged(case, option, probability, probability[option] >= firm_from))
    return Agreement(tuple(judged))
