"""Published projects: agreement of a rule set with them, and the nearest ones to a profile.

Two samples are kept apart. The field sample was drawn at random from production systems, so its figures are base rates.
Selected cases were chosen because they compare or argue, and are another population.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from ragortune.engine import Levels, Outcome, decide_option, is_firm
from ragortune.model import Case, Option, Recommendation, Rulebook, Sample
from ragortune.model.cases import CaseEvidence
from ragortune.support.record import Record

EVIDENCE = tuple(CaseEvidence)
"""Kinds of evidence, strongest first."""
_MIN_SHARED = 3
"""Projects with fewer shared answers are not near: the others could be anything."""


# --- agreement ----------------------------------------------------------------------------------------------------


class Tally(Record, frozen=True):
    """Numbers of cases."""

    total: int = 0
    strict: int = 0
    """The published option was recommended."""
    lenient: int = 0
    """An option that does not contradict the source was recommended."""


class Judged(Record, frozen=True):
    """The advice on one case, given without its outcome."""

    case: Case
    option: Option
    """The recommended option."""
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


class Agreement(Record, frozen=True):
    """Agreement of the advice with published outcomes."""

    judged: tuple[Judged, ...]

    def of_sample(self, sample: Sample) -> Agreement:
        """Return the agreement with the cases of one sample."""
        return Agreement(tuple(each for each in self.judged if each.case.sample is sample))

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
        judged = self.judged
        return {option: _tally(each for each in judged if each.case.outcome is option) for option in Option}

    def misses(self) -> tuple[Judged, ...]:
        """Cases in which another than the published option is recommended."""
        return tuple(each for each in self.judged if not each.strict)


def _tally(judged: Iterable[Judged]) -> Tally:
    cases = tuple(judged)
    return Tally(len(cases), sum(each.strict for each in cases), sum(each.lenient for each in cases))


def measure_agreement(rulebook: Rulebook) -> Agreement:
    """Return the agreement of a rule set with its casebook."""
    judged = []
    for case, levels in rulebook.coded_cases:
        outcome = decide_option(rulebook, levels)
        firm = is_firm(rulebook, levels, outcome.probability[outcome.option])
        judged.append(Judged(case, outcome.option, outcome.probability, firm))
    return Agreement(tuple(judged))


# --- the nearest projects -----------------------------------------------------------------------------------------


class Verdict(StrEnum):
    """The relation of a published project to the advice."""

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
    """Criteria whose answers exclude each other."""
    shared_gates: tuple[str, ...]
    """Ids of the gates that decide about both."""
    verdict: Verdict


def find_nearest(recommendation: Recommendation, count: int = 3) -> tuple[NearCase, ...]:
    """Return the published projects nearest to a profile: by shared gates, then by shared less differing answers.

    If all of them agree with the advice, the nearest one that disagrees replaces the last. Projects with fewer than three
    shared answers are left out.
    """
    rulebook, levels = recommendation.rulebook, recommendation.profile.levels
    gates = _list_deciding_gates(decide_option(rulebook, levels))
    ranked: dict[tuple[float | str, ...], NearCase] = {}
    for case, answers in rulebook.coded_cases:
        common = [name for name in answers if name in levels]
        shared = tuple(name for name in common if _is_same(rulebook, name, levels, answers))
        if len(shared) < _MIN_SHARED:
            continue
        differing = tuple(name for name in common if set(levels[name]).isdisjoint(answers[name]))
        both = tuple(sorted(gates & _list_deciding_gates(decide_option(rulebook, answers)))) if gates else ()
        weight = EVIDENCE.index(case.evidence)
        order = (-len(both), len(differing) - len(shared), not case.clear, weight, case.id)
        ranked[order] = NearCase(case, shared, differing, both, _compare(case, recommendation.option))
    nearest = [ranked[order] for order in sorted(ranked)]
    chosen = nearest[:count]
    if chosen and all(near.verdict is Verdict.AGREES for near in chosen):
        against = next((near for near in nearest[count:] if near.verdict is Verdict.DISAGREES), None)
        if against is not None:
            chosen[-1] = against
    return tuple(chosen)


def _list_deciding_gates(outcome: Outcome) -> frozenset[str]:
    return frozenset(
        rule for state in outcome.needs.values() for rule in (*state.blocked_by, *state.required_by)
    )


def _is_same(rulebook: Rulebook, criterion: str, mine: Levels, theirs: Levels) -> bool:
    """Return whether two answers are the same; of several levels that hold, the main one counts."""
    if rulebook.criteria[criterion].several:
        return mine[criterion][0] == theirs[criterion][0]
    return mine[criterion] == theirs[criterion]


def _compare(case: Case, advice: Option) -> Verdict:
    if case.outcome is advice:
        return Verdict.AGREES
    return Verdict.EITHER if advice in case.acceptable else Verdict.DISAGREES
