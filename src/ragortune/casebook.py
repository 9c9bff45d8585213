"""Published projects: how well a rule set agrees with what they found, and which of them are nearest to a profile."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from ragortune.engine import Levels, decide_option
from ragortune.model import Case, Option, Recommendation, Rulebook
from ragortune.profile import Vocabulary
from ragortune.record import Record

_EVIDENCE = ("measured", "argued", "described")


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
