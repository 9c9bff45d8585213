"""Published projects: how well a rule set agrees with what they found, and which of them are nearest to a profile.

Two samples are kept apart. The field sample was drawn at random from production systems, so its figures are about the
mix that users meet; selected cases were sought out because they compare or argue, and are another population.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum

from ragortune.engine import Levels, Outcome, decide_option, is_firm
from ragortune.engine.score import logistic
from ragortune.model import Case, Option, Recommendation, Rulebook, Sample
from ragortune.model.cases import CaseEvidence
from ragortune.support.record import Record

EVIDENCE = tuple(CaseEvidence)
"""Kinds of evidence, strongest first."""
PROBABILITY_EDGES = (0.0, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Lower edges of the bins of the reliability table."""
_LEAST_SHARED = 3
"""A project that shares fewer answers is not shown as near: with one or two the rest could be anything."""


# --- agreement ----------------------------------------------------------------------------------------------------


class Tally(Record, frozen=True):
    """How many cases agree."""

    total: int = 0
    strict: int = 0
    """The published option was recommended."""
    lenient: int = 0
    """An option that does not contradict the source was recommended."""


class Judged(Record, frozen=True):
    """What is stated about one case by somebody who has not seen its outcome."""

    case: Case
    option: Option
    """The option that is recommended."""
    probability: Mapping[Option, float]
    """Stated probability of each option."""
    firm: bool
    """Whether the advice is firm: settled, or with a probability of at least `Scale.firm_from`."""

    @property
    def strict(self) -> bool:
        """Whether the published option is recommended."""
        return self.option is self.case.outcome

    @property
    def lenient(self) -> bool:
        """Whether the recommended option does not contradict the source."""
        return self.option in self.case.acceptable


class Bin(Tally, frozen=True):
    """Cases whose advice was stated with about the same probability."""

    low: float = 0.0
    high: float = 1.0
    stated: float = 0.0
    """Mean probability of the recommended option in these cases; 0 where there is none."""


class Calibration(Record, frozen=True):
    """Logistic regression of what happened on the log-odds of what was stated (Cox 1958)."""

    slope: float
    """1 for perfect probabilities; below 1 they are too extreme."""
    intercept: float
    """0 for perfect probabilities."""


class Agreement(Record, frozen=True):
    """How what is stated agrees with what was published."""

    judged: tuple[Judged, ...]

    def of_sample(self, sample: Sample) -> Agreement:
        """Return the same for the cases of one sample."""
        return Agreement(tuple(own for own in self.judged if own.case.sample is sample))

    @property
    def total(self) -> Tally:
        """All cases together."""
        return _tally(self.judged)

    @property
    def firm(self) -> Tally:
        """Cases in which the advice is firm."""
        return _tally(each for each in self.judged if each.firm)

    @property
    def by_outcome(self) -> Mapping[Option, Tally]:
        """Cases by the published option; their strict share is the option's recall."""
        return {option: _tally(own for own in self.judged if own.case.outcome is option) for option in Option}

    @property
    def by_evidence(self) -> Mapping[str, Tally]:
        """Cases by the kind of evidence."""
        return {kind: _tally(own for own in self.judged if own.case.evidence == kind) for kind in EVIDENCE}

    @property
    def by_probability(self) -> tuple[Bin, ...]:
        """Cases by the stated probability of the recommended option, lowest first."""
        bins = []
        for low, high in itertools.pairwise((*PROBABILITY_EDGES, math.inf)):
            inside = [own for own in self.judged if low <= own.probability[own.option] < high]
            mean = sum(own.probability[own.option] for own in inside) / max(1, len(inside))
            own = _tally(inside)
            bins.append(Bin(own.total, own.strict, own.lenient, low, min(1.0, high), mean))
        return tuple(bins)

    def confusion(self) -> Mapping[tuple[Option, Option], int]:
        """Number of cases by published and recommended option."""
        counted = Counter((each.case.outcome, each.option) for each in self.judged)
        return {pair: counted[pair] for pair in itertools.product(Option, Option)}

    def misses(self) -> tuple[Judged, ...]:
        """Cases in which another than the published option is recommended."""
        return tuple(each for each in self.judged if not each.strict)

    def _stated(self) -> Iterator[tuple[float, bool]]:
        """Yield the probabilities, all four of each case, and whether what they were about was published."""
        for each in self.judged:
            for option, probability in each.probability.items():
                yield probability, option is each.case.outcome

    @property
    def brier(self) -> float:
        """Mean squared distance of the probabilities from the published option; 0.75 for a uniform guess."""
        return sum((stated - happened) ** 2 for stated, happened in self._stated()) / max(1, len(self.judged))

    @property
    def calibration(self) -> Calibration:
        """Calibration of the stated probabilities, all four of each case."""
        return calibrate(self._stated())


def _tally(judged: Iterable[Judged]) -> Tally:
    cases = tuple(judged)
    return Tally(len(cases), sum(each.strict for each in cases), sum(each.lenient for each in cases))


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


def measure_agreement(rulebook: Rulebook) -> Agreement:
    """Return how a rule set agrees with its casebook."""
    judged = []
    for case, levels in rulebook.coded_cases:
        outcome = decide_option(rulebook, levels)
        firm = is_firm(rulebook, levels, outcome.probability[outcome.option])
        judged.append(Judged(case, outcome.option, outcome.probability, firm))
    return Agreement(tuple(judged))


# --- the nearest projects -----------------------------------------------------------------------------------------


class Verdict(StrEnum):
    """What a published project says about the advice."""

    AGREES = "agrees"
    """It has the option that is recommended."""
    DISAGREES = "disagrees"
    """Its source speaks against the option that is recommended."""
    EITHER = "either would do"
    """It has another option, and its source allows the one that is recommended."""


class NearCase(Record, frozen=True):
    """A published project that resembles a profile."""

    case: Case
    shared: tuple[str, ...]
    """Criteria with the same answer."""
    differing: tuple[str, ...]
    """Criteria that both answer, and whose answers exclude each other."""
    shared_gates: tuple[str, ...]
    """Gates that decide about both."""
    verdict: Verdict
    """What the project says about the advice."""


def find_nearest(recommendation: Recommendation, count: int = 3) -> tuple[NearCase, ...]:
    """Return the published projects nearest to a profile: shared gates first, then shared answers less differing ones.

    Where all of the nearest agree with the advice, the last one gives way to the nearest that disagrees. Projects that
    share fewer than three answers are never shown.
    """
    rulebook, levels = recommendation.rulebook, recommendation.profile.levels
    gates = _list_deciding_gates(decide_option(rulebook, levels))
    ranked: list[tuple[tuple[float, ...], str, NearCase]] = []
    for case, answers in rulebook.coded_cases:
        common = [name for name in answers if name in levels]
        shared = tuple(name for name in common if _is_same(rulebook, name, levels, answers))
        if len(shared) < _LEAST_SHARED:
            continue
        differing = tuple(name for name in common if set(levels[name]).isdisjoint(answers[name]))
        both = tuple(sorted(gates & _list_deciding_gates(decide_option(rulebook, answers)))) if gates else ()
        near = NearCase(case, shared, differing, both, _compare(case, recommendation.option))
        order = (-len(both), len(differing) - len(shared), not case.clear, EVIDENCE.index(case.evidence))
        ranked.append((order, case.id, near))
    ranked.sort(key=lambda entry: entry[:2])
    nearest = [near for _, _, near in ranked]
    chosen = nearest[:count]
    if chosen and all(near.verdict is Verdict.AGREES for near in chosen):
        against = next((near for near in nearest[count:] if near.verdict is Verdict.DISAGREES), None)
        if against is not None:
            chosen[-1] = against
    return tuple(chosen)


def _list_deciding_gates(outcome: Outcome) -> frozenset[str]:
    return frozenset(rule for own in outcome.needs.values() for rule in (*own.blocked_by, *own.required_by))


def _is_same(rulebook: Rulebook, criterion: str, mine: Levels, theirs: Levels) -> bool:
    """Return whether two answers are the same; of several levels that hold together the main one counts."""
    if rulebook.criteria[criterion].several:
        return mine[criterion][0] == theirs[criterion][0]
    return mine[criterion] == theirs[criterion]


def _compare(case: Case, advice: Option) -> Verdict:
    if case.outcome is advice:
        return Verdict.AGREES
    return Verdict.EITHER if advice in case.acceptable else Verdict.DISAGREES
