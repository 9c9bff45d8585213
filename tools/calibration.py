"""How stated probabilities agree with what was published: Brier score, calibration, reliability and confusion."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from ragortune.casebook import Agreement, Tally
from ragortune.engine.score import logistic
from ragortune.model import Option

PROBABILITY_EDGES = (0.0, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Lower edges of the bins of the reliability table."""


class Bin(NamedTuple):
    """Cases whose advice was stated with about the same probability."""

    low: float
    high: float
    tally: Tally
    stated: float
    """Mean probability of the recommended option in these cases; 0 where there is none."""


class Calibration(NamedTuple):
    """Logistic regression of what happened on the log-odds of what was stated (Cox 1958)."""

    slope: float
    """1 for perfect probabilities; below 1 they are too extreme."""
    intercept: float
    """0 for perfect probabilities."""


def list_bins(agreement: Agreement) -> tuple[Bin, ...]:
    """Return the cases by the stated probability of the recommended option, lowest first."""
    bins = []
    for low, high in itertools.pairwise((*PROBABILITY_EDGES, math.inf)):
        inside = Agreement(
            tuple(own for own in agreement.judged if low <= own.probability[own.option] < high)
        )
        mean = sum(own.probability[own.option] for own in inside.judged) / max(1, len(inside.judged))
        bins.append(Bin(low, min(1.0, high), inside.total, mean))
    return tuple(bins)


def count_pairs(agreement: Agreement) -> Mapping[tuple[Option, Option], int]:
    """Return the number of cases by published and recommended option."""
    counted = Counter((each.case.outcome, each.option) for each in agreement.judged)
    return {pair: counted[pair] for pair in itertools.product(Option, Option)}


def measure_brier(agreement: Agreement) -> float:
    """Return the mean squared distance of the probabilities from the published option; 0.75 for a uniform guess."""
    squares = sum((stated - happened) ** 2 for stated, happened in _list_stated(agreement))
    return squares / max(1, len(agreement.judged))


def measure_calibration(agreement: Agreement) -> Calibration:
    """Return the calibration of the stated probabilities, all four of each case."""
    return calibrate(_list_stated(agreement))


def _list_stated(agreement: Agreement) -> Iterator[tuple[float, bool]]:
    """Yield each stated probability, and whether its option was published."""
    for each in agreement.judged:
        for option, probability in each.probability.items():
            yield probability, option is each.case.outcome


def calibrate(stated: Iterable[tuple[float, bool]]) -> Calibration:
    """Return slope and intercept for probabilities and whether what they were about happened.

    Probabilities of 0 and 1, which gates give, count as one in ten thousand away from it. The two parameters are found
    by Newton's method, with steps that are halved until they lower the log loss.
    """
    inside = ((min(max(probability, 1e-4), 1 - 1e-4), happened) for probability, happened in stated)
    points = [(math.log(own / (1 - own)), happened) for own, happened in inside]

    def lose(slope: float, intercept: float) -> float:
        scores = ((slope * odds + intercept) * (1 if happened else -1) for odds, happened in points)
        return -sum(math.log(max(logistic(score), 1e-300)) for score in scores)

    line = 1.0, 0.0
    for _ in range(50):
        step = _newton_step(points, *line)
        tried = ((line[0] + step[0] / 2**halving, line[1] + step[1] / 2**halving) for halving in range(20))
        better = next((new for new in tried if lose(*new) < lose(*line) - 1e-12), None)
        if better is None:
            break
        line = better
    return Calibration(*line)


def _newton_step(points: list[tuple[float, bool]], slope: float, intercept: float) -> tuple[float, float]:
    """Return the solution of the two linear equations of gradient and curvature; nothing where they have none."""
    chances = [logistic(slope * odds + intercept) for odds, _ in points]
    pulls = [(odds, happened - chance) for (odds, happened), chance in zip(points, chances, strict=True)]
    curves = [(odds, chance * (1 - chance)) for (odds, _), chance in zip(points, chances, strict=True)]
    pull_slope, pull_intercept = sum(odds * own for odds, own in pulls), sum(own for _, own in pulls)
    flat, mixed, steep = (sum(odds**power * own for odds, own in curves) for power in range(3))
    determinant = steep * flat - mixed * mixed
    if determinant <= 0:
        return 0.0, 0.0
    return (
        (flat * pull_slope - mixed * pull_intercept) / determinant,
        (steep * pull_intercept - mixed * pull_slope) / determinant,
    )
