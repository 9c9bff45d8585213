"""What the engine returns: the advice with its whole trace."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from ragortune.model.options import Direction, GateKind, Need, Option, Strength, is_undecided
from ragortune.model.profiles import Profile
from ragortune.model.rules import Rule, Rulebook
from ragortune.support.record import Record


class TraceState(StrEnum):
    """What became of one rule on one profile."""

    FIRED = "fired"
    NOT_MET = "not_met"
    """A known answer rules its condition out."""
    NOT_APPLICABLE = "not_applicable"
    """Its `unless` is known to hold."""
    UNKNOWN = "unknown"
    """It waits for an answer that is not known."""


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
    """Always positive; `effect` has the sign."""

    @property
    def signed_weight(self) -> float:
        """The log-odds that it adds, below 0 where it takes them away."""
        return self.weight if self.effect is Direction.FOR else -self.weight


class GateHit(RuleHit, frozen=True):
    """One gate of one rule that fired."""

    need: Need
    gate: GateKind


class NeedState(Record, frozen=True):
    """How likely one of the two needs is, and whether it is taken to hold."""

    score: float
    """Log-odds: the intercept, plus the weights of the rules for it, less those against it."""
    probability: float
    """Logistic function of the score, which counts as at most `Scale.unconfirmed` where the need is not confirmed; 0
    where it is ruled out, 1 where it is required."""
    needed: bool
    """Whether it holds: a score above 0, gates included."""
    blocked_by: tuple[str, ...] = ()
    """Ids of the rules that rule it out."""
    required_by: tuple[str, ...] = ()
    """Ids of the rules that require it."""
    confirmed: bool = True
    """False where a rule could confirm the need and none does, so that its probability has a ceiling."""
    tied: bool = False
    """True where the score is exactly 0, so that the need is as likely as not and is not taken to hold."""


class RuleTrace(Record, frozen=True):
    """What became of one rule."""

    rule: Rule
    state: TraceState
    answers: Mapping[str, tuple[str, ...]]
    """The known answers that it read."""
    waiting_for: tuple[str, ...] = ()
    """Criteria whose answers would decide it, where the state is unknown."""


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
    """Options other than the present one that its answer can lead to, with the other open answers where not alone."""
    expected_gain: float
    """By how much its answer is expected to lower the Brier score of the stated probabilities, from 0 to 1."""
    alone: bool = True
    """Whether the answer can change the option by itself; otherwise only together with other open answers."""


class AnswerSensitivity(Record, frozen=True):
    """How much one answer carries: the log-odds of a need with the lowest and the highest of its levels."""

    criterion: str
    need: Need
    """The need that it moves most."""
    low: float
    """Least score over the levels of the criterion and the present answer, all else as it is."""
    high: float
    """Highest score over the same."""
    now: float
    """Score with the present answer."""
    without: Option
    """The option if the answer were not known."""


class DecisiveRule(Record, frozen=True):
    """A rule without which another option would be recommended."""

    rule: Rule
    without: Option
    """The option if the rule were left out."""


class Refusal(Record, frozen=True):
    """Why an option is not recommended, and where it would be."""

    option: Option
    reasons: tuple[Reason, ...]
    """What moves the needs away from it, strongest first."""
    gates: tuple[GateHit, ...]
    """What decides against it whatever the weights say."""
    nearest: Flip | None
    """The smallest change of answers that gives the option; None where three changes are too few."""
    fixed: tuple[str, ...] = ()
    """Criteria in that change that the team cannot change by deciding to."""
    searched: bool = True
    """False where there are too many changes to try all of them."""


class Change(Record, frozen=True):
    """What something was and is; None where it was not or is not there."""

    before: Any
    now: Any


class Comparison(Record, frozen=True):
    """What has changed since an earlier recommendation for the same project."""

    earlier: str
    """The file or revision that it is held against."""
    option: Change
    probability: Change
    """That of the option of each time."""
    answers: Mapping[str, Change]
    """Levels by criterion; facts that follow from quantities and prices included."""
    rules: Mapping[str, Change]
    """By code what a rule does, such as `strong for rag`; None where it does not fire."""
    rulebook: Change | None
    """Name, version and digest of the rule set where it is another one."""


class Recommendation(Record, frozen=True):
    """The advice for one profile, with everything it rests on."""

    option: Option
    """What is recommended."""
    default: bool
    """True where nothing known speaks for or against retrieval and tuning is not needed."""
    runner_up: Option
    """The most probable of the other options."""
    probability: Mapping[Option, float]
    """How likely each option is to be the one that a project like this is built with; they add up to 1."""
    needs: Mapping[Need, NeedState]
    """Both needs."""
    reasons: tuple[Reason, ...]
    """What moved the needs, strongest first."""
    gates: tuple[GateHit, ...]
    """What decided whatever the weights say."""
    notices: tuple[RuleHit, ...]
    """Contradictions, disputed bands and cautions."""
    techniques: tuple[RuleHit, ...]
    """What to begin with, in order."""
    unanswered: tuple[str, ...]
    """Criteria that are unknown, in the rule set's order."""
    profile: Profile
    """The profile that was judged."""
    rulebook: Rulebook
    """The rule set that judged it."""
    settled: bool | None = None
    """Whether no answer that is still open can change the option; None until computed, or where that took too long."""
    flips: tuple[Flip, ...] | None = None
    """What would change the option; None until computed, or where there are too many changes to try."""
    unknowns: tuple[OpenQuestion, ...] | None = None
    """Which open answers still matter, those worth most first; None until computed, or where that took too long."""
    sensitivities: tuple[AnswerSensitivity, ...] | None = None
    """Which answers carry the advice, those that move most first; None until computed."""
    decisive_rules: tuple[DecisiveRule, ...] | None = None
    """Rules without which the advice would be another; None until computed."""

    @property
    def firm(self) -> bool:
        """Whether the advice is settled, or its probability is at least `Scale.firm_from`."""
        return self.settled is True or self.probability[self.option] >= self.rulebook.scale.firm_from

    @property
    def first_step(self) -> tuple[str, Rule | None]:
        """What to begin with, and the rule whose technique says so; None where the guide to the option does."""
        for hit in self.techniques:
            if hit.rule.technique:
                return hit.rule.technique.begin_with, hit.rule
        return self.rulebook.options[self.option].first, None

    @property
    def too_little_known(self) -> bool:
        """Whether what is known does not make any option more likely than not."""
        return is_undecided(self.probability, default=self.default)
