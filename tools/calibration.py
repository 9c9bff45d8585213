"""How stated probabilities agree with what was published: Brier score, calibration, reliability and confusion."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from sklearn.linear_model import LogisticRegression

from ragortune.casebook import Agreement, Tally
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

    Probabilities of 0 and 1, which gates give, count as one in ten thousand away from it.
    """
    points = [(min(max(probability, 1e-4), 1 - 1e-4), happened) for probability, happened in stated]
    if not points:
        return Calibration(1.0, 0.0)
    odds = [[math.log(probability / (1 - probability))] for probability, _ in points]
    fitted = LogisticRegression(C=math.inf, tol=1e-8).fit(odds, [happened for _, happened in points])
    return Calibration(float(fitted.coef_[0, 0]), float(fitted.intercept_[0]))
