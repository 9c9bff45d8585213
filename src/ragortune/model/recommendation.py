"""The results of the engine: the advice with its whole trace."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from ragortune.model.options import Direction, GateKind, Need, Option, Strength, is_undecided
from ragortune.model.profiles import Profile
from ragortune.model.rules import Rule, Rulebook
from ragortune.support.record import Record


class TraceState(StrEnum):
    """Whether one rule fired on one profile, and why not."""

    FIRED = "fired"
    NOT_MET = "not_met"
    """A known answer violates its `when`."""
    NOT_APPLICABLE = "not_applicable"
    """A known answer satisfies its `unless`."""
    UNKNOWN = "unknown"
    """It depends on an unknown answer."""


class RuleHit(Record, frozen=True):
    """A rule that fired."""

    rule: Rule
    answers: Mapping[str, tuple[str, ...]]
    """The answers that fired it."""


class Reason(RuleHit, frozen=True):
    """One effect of one rule that fired."""

    need: Need
    effect: Direction
    strength: Strength
    weight: float
    """Log-odds without sign; `effect` has the sign."""

    @property
    def signed_weight(self) -> float:
        """The log-odds that it adds, negative if it is against the need."""
        return self.weight if self.effect is Direction.FOR else -self.weight


class GateHit(RuleHit, frozen=True):
    """One gate of one rule that fired."""

    need: Need
    gate: GateKind


class NeedState(Record, frozen=True):
    """The probability of one of the two needs, and whether it holds."""

    score: float
    """Log-odds: the intercept plus the weights of the rules for it, minus those against it."""
    probability: float
    """Logistic function of the score, which is capped at `Scale.unconfirmed` unless the need is confirmed; 0 if the need is
    ruled out, 1 if it is required."""
    needed: bool
    """Whether it holds: the score is above 0, unless a gate decides."""
    blocked_by: tuple[str, ...] = ()
    """Ids of the rules that rule it out."""
    required_by: tuple[str, ...] = ()
    """Ids of the rules that require it."""
    confirmed: bool = True
    """False if there are rules that confirm the need and none fired, so that its probability is capped."""
    tied: bool = False
    """True if the score is exactly 0; the need does not hold then."""


class RuleTrace(Record, frozen=True):
    """Whether one rule fired, and why not."""

    rule: Rule
    state: TraceState
    answers: Mapping[str, tuple[str, ...]]
    """The known answers that it read."""
    waiting_for: tuple[str, ...] = ()
    """Unknown criteria that it depends on, if the state is unknown."""


class Flip(Record, frozen=True):
    """A smallest change of known answers that changes the option."""

    change: Mapping[str, str]
    """New level by criterion."""
    option: Option
    """The option that it gives."""


class OpenQuestion(Record, frozen=True):
    """An unanswered criterion that can still change the option."""

    criterion: str
    could_give: tuple[Option, ...]
    """Options other than the present one that its answer can lead to; if not `alone`, together with other open answers."""
    expected_gain: float
    """Expected reduction of the Brier score of the stated probabilities by its answer, from 0 to 1."""
    alone: bool = True
    """Whether the answer can change the option by itself, and not only together with other open answers."""


class AnswerSensitivity(Record, frozen=True):
    """Sensitivity to one answer: the range of a need's score over the levels of the criterion."""

    criterion: str
    need: Need
    """The need that it moves most."""
    low: float
    """Lowest score over the levels of the criterion and the present answer, with all other answers as they are."""
    high: float
    """Highest score over the same."""
    now: float
    """Score with the present answer."""
    without: Option
    """The option if the answer were unknown."""


class DecisiveRule(Record, frozen=True):
    """A rule without which another option would be recommended."""

    rule: Rule
    without: Option
    """The option without the rule."""


class Refusal(Record, frozen=True):
    """Why an option is not recommended, and for which profile it would be."""

    option: Option
    reasons: tuple[Reason, ...]
    """Effects that move the needs away from it, the strongest first."""
    gates: tuple[GateHit, ...]
    """Gates that decide against it."""
    nearest: Flip | None
    """The smallest change of answers that gives the option; None if it takes more than three changes."""
    fixed: tuple[str, ...] = ()
    """Criteria in that change that the team cannot change by a decision."""
    searched: bool = True
    """False if there are too many changes to try."""


class Change(Record, frozen=True):
    """A value before and now; None if there was or is none."""

    before: Any
    now: Any


class Comparison(Record, frozen=True):
    """The changes since an earlier recommendation for the same project."""

    earlier: str
    """File or revision of the earlier recommendation."""
    option: Change
    probability: Change
    """Probabilities of the earlier and of the present option."""
    answers: Mapping[str, Change]
    """Levels by criterion, including derived facts."""
    rules: Mapping[str, Change]
    """Effects by rule code, such as `strong for rag`; None if the rule does not fire."""
    rulebook: Change | None
    """Name, version and digest of the rule set, if it changed."""


class Recommendation(Record, frozen=True):
    """The advice for one profile, with everything that it is based on."""

    option: Option
    """The recommended option."""
    default: bool
    """True if no rule on retrieval fires and tuning is not needed, so that the option is retrieval by default."""
    runner_up: Option
    """The most probable of the other options."""
    probability: Mapping[Option, float]
    """Probability that a project like this is built with each option; they add up to 1."""
    needs: Mapping[Need, NeedState]
    """Both needs."""
    reasons: tuple[Reason, ...]
    """Effects of the rules that fired, the strongest first."""
    gates: tuple[GateHit, ...]
    """Gates of the rules that fired."""
    notices: tuple[RuleHit, ...]
    """Contradictions, disputed bands and cautions."""
    techniques: tuple[RuleHit, ...]
    """Techniques to begin with, in order."""
    unanswered: tuple[str, ...]
    """Unknown criteria, in the order of the rule set."""
    profile: Profile
    """The profile that was judged."""
    rulebook: Rulebook
    """The rule set that judged it."""
    settled: bool | None = None
    """Whether no open answer can change the option; None if not computed or too expensive."""
    flips: tuple[Flip, ...] | None = None
    """Smallest changes that change the option; None if not computed or too expensive."""
    unknowns: tuple[OpenQuestion, ...] | None = None
    """Open questions that can change the option, the most valuable first; None if not computed or too expensive."""
    sensitivities: tuple[AnswerSensitivity, ...] | None = None
    """Sensitivity to each answer, the largest first; None if not computed."""
    decisive_rules: tuple[DecisiveRule, ...] | None = None
    """Rules without which the option would be another one; None if not computed."""

    @property
    def firm(self) -> bool:
        """Whether the advice is settled, or its probability is at least `Scale.firm_from`."""
        return self.settled is True or self.probability[self.option] >= self.rulebook.scale.firm_from

    @property
    def first_step(self) -> tuple[str, Rule | None]:
        """The first step, and the rule whose technique it is; None if it is from the guide to the option."""
        for hit in self.techniques:
            if hit.rule.technique:
                return hit.rule.technique.begin_with, hit.rule
        return self.rulebook.options[self.option].first, None

    @property
    def too_little_known(self) -> bool:
        """Whether too little is known for any option to be more likely than not."""
        return is_undecided(self.probability, default=self.default)
