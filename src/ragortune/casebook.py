"""Published projects: how well a rule set agrees with what they found, and which of them are nearest to a profile."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from functools import lru_cache

from ragortune.engine import Levels, decide_option
from ragortune.model import Case, Option, Recommendation, Rulebook
from ragortune.profile import Vocabulary
from ragortune.record import Record
from ragortune.whatif.reach import is_settled
from ragortune.whatif.readings import weigh_options

_EVIDENCE = ("measured", "argued", "described")
FIRM_SHARE = 0.9
"""Advice with an acceptability over this is firm."""
_SHARE_EDGES = (0.0, 0.6, 0.7, 0.8, 0.9, 0.95, 1.01)


class NearCase(Record):
    """A published project that resembles a profile."""

    case: Case
    shared: tuple[str, ...]
    """Criteria with the same answer."""
    differing: tuple[str, ...]
    """Criteria that both answer, otherwise."""
    shared_gates: tuple[str, ...]
    """Gates that fire on both."""
    agrees: bool
    """Whether the recommended option does not contradict what was published."""


class Tally(Record):
    """How many cases agree."""

    total: int = 0
    strict: int = 0
    """The published option was recommended."""
    lenient: int = 0
    """An option that does not contradict the source was recommended."""


class Verdict(Record):
    """What a rule set says about one case."""

    case: Case
    option: Option

    @property
    def strict(self) -> bool:
        """Whether the published option was recommended."""
        return self.option is self.case.outcome

    @property
    def lenient(self) -> bool:
        """Whether the recommended option does not contradict the source."""
        return self.option in self.case.acceptable


class Agreement(Record):
    """How a rule set agrees with the casebook."""

    verdicts: tuple[Verdict, ...]

    @property
    def total(self) -> Tally:
        """All cases together."""
        return _tally(self.verdicts)

    def by_outcome(self) -> Mapping[Option, Tally]:
        """Cases by the published option; their strict share is the option's recall."""
        return {
            option: _tally([verdict for verdict in self.verdicts if verdict.case.outcome is option])
            for option in Option
        }

    def by_evidence(self) -> Mapping[str, Tally]:
        """Cases by the kind of evidence."""
        return {
            kind: _tally([verdict for verdict in self.verdicts if verdict.case.evidence == kind])
            for kind in _EVIDENCE
        }

    def confusion(self) -> Mapping[tuple[Option, Option], int]:
        """Number of cases by published and recommended option."""
        counted = {(published, advised): 0 for published in Option for advised in Option}
        for verdict in self.verdicts:
            counted[verdict.case.outcome, verdict.option] += 1
        return counted

    def misses(self) -> tuple[Verdict, ...]:
        """Cases in which another than the published option was recommended."""
        return tuple(verdict for verdict in self.verdicts if not verdict.strict)


def _tally(verdicts: tuple[Verdict, ...] | list[Verdict]) -> Tally:
    strict = sum(verdict.strict for verdict in verdicts)
    return Tally(len(verdicts), strict, sum(verdict.lenient for verdict in verdicts))


@lru_cache(maxsize=4)
def read_levels(rulebook: Rulebook) -> tuple[tuple[Case, Levels], ...]:
    """Return each case with its answers as levels of the rule set's criteria."""
    vocabulary = Vocabulary(rulebook.criteria)
    return tuple((case, vocabulary.read_profile(case.profile).levels) for case in rulebook.cases)


def _deciding_gates(rulebook: Rulebook, levels: Levels) -> frozenset[str]:
    outcome = decide_option(rulebook, levels)
    return frozenset(rule for side in (*outcome.blocked_by, *outcome.required_by) for rule in side)


def measure_agreement(rulebook: Rulebook) -> Agreement:
    """Return how a rule set agrees with its casebook."""
    verdicts = (
        Verdict(case, decide_option(rulebook, levels).option) for case, levels in read_levels(rulebook)
    )
    return Agreement(tuple(verdicts))


class Stated(Record):
    """What was stated about one case before its outcome was looked at."""

    verdict: Verdict
    shares: Mapping[Option, float]
    """Acceptability of each option."""
    settled: bool
    """Whether no open answer could change the advice."""

    @property
    def firm(self) -> bool:
        """Whether the advice is settled, or an option has an acceptability over 0.9."""
        return self.settled or max(self.shares.values()) > FIRM_SHARE


class Bin(Record):
    """Cases whose advice was stated with about the same share."""

    low: float
    high: float
    tally: Tally
    stated: float
    """Mean acceptability of the advice in these cases; 0 where there is none."""


class Reliability(Record):
    """How well stated shares agree with what was published."""

    stated: tuple[Stated, ...]

    @property
    def brier(self) -> float:
        """Mean squared distance of the shares from the published option; 0.75 for a uniform guess."""
        total = sum(
            (share - (option is each.verdict.case.outcome)) ** 2
            for each in self.stated
            for option, share in each.shares.items()
        )
        return total / max(1, len(self.stated))

    @property
    def firm(self) -> Tally:
        """Cases in which the advice is firm."""
        return _tally([each.verdict for each in self.stated if each.firm])

    def by_share(self) -> tuple[Bin, ...]:
        """Cases by the acceptability of the advice, lowest first."""
        bins = []
        for low, high in itertools.pairwise(_SHARE_EDGES):
            inside = [each for each in self.stated if low <= each.shares[each.verdict.option] < high]
            mean = sum(each.shares[each.verdict.option] for each in inside) / max(1, len(inside))
            bins.append(Bin(low, min(1.0, high), _tally([each.verdict for each in inside]), mean))
        return tuple(bins)


def measure_reliability(rulebook: Rulebook) -> Reliability:
    """Return what is stated about each case of the casebook, to be held against its outcome."""
    return Reliability(
        tuple(
            Stated(
                Verdict(case, decide_option(rulebook, levels).option),
                weigh_options(rulebook, levels).shares,
                is_settled(rulebook, levels),
            )
            for case, levels in read_levels(rulebook)
        )
    )


def find_nearest(recommendation: Recommendation, count: int = 3) -> tuple[NearCase, ...]:
    """Return the published projects nearest to a profile: shared gates first, then shared answers.

    Where all of the nearest agree with the advice, the last one gives way to the nearest that does not. Projects
    without a shared answer are never shown.
    """
    rulebook, levels = recommendation.rulebook, recommendation.profile.levels
    gates = _deciding_gates(rulebook, levels)
    ranked: list[tuple[tuple[float, ...], str, NearCase]] = []
    for case, answers in read_levels(rulebook):
        shared = tuple(name for name, possible in answers.items() if levels.get(name) == possible)
        if not shared:
            continue
        differing = tuple(name for name in answers if name in levels and name not in shared)
        both = tuple(sorted(gates & _deciding_gates(rulebook, answers))) if gates else ()
        near = NearCase(case, shared, differing, both, recommendation.option in case.acceptable)
        order = (-len(both), len(differing) - len(shared), not case.clear, _EVIDENCE.index(case.evidence))
        ranked.append((order, case.id, near))
    ranked.sort(key=lambda entry: entry[:2])
    nearest = [near for _, _, near in ranked]
    chosen = nearest[:count]
    if chosen and all(near.agrees for near in chosen):
        against = next((near for near in nearest[count:] if not near.agrees), None)
        if against is not None:
            chosen[-1] = against
    return tuple(chosen)
