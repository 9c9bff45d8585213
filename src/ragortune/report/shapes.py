"""The JSON of the commands: records that define its keys and from which its JSON Schemas are made.

Keys may be added but never changed. `Advice` and `Verdict` are what `recommend` shows in all its formats.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from ragortune.casebook import NearCase
from ragortune.engine import Outcome, decide_option
from ragortune.model import (
    AnswerSensitivity,
    Comparison,
    Flip,
    Need,
    NeedState,
    OpenQuestion,
    Option,
    Recommendation,
    Refusal,
    Rulebook,
    RuleHit,
    RuleTrace,
    is_undecided,
)
from ragortune.support.record import Record

Answers = dict[str, str | list[str]]
Shares = Annotated[dict[Option, float], Meta(description="The probability of each option; they add up to 1.")]
_Shape = TypeVar("_Shape", bound=Record)
_DIGITS = 6
"""Decimals of probabilities and expected gains; log-odds are exact to thousandths."""


class PageResult(Record, frozen=True, kw_only=True):
    """A page on a rule, criterion, option, source or topic."""

    schema: Literal["ragortune/page/1"] = "ragortune/page/1"
    name: str
    markdown: str


def fill(shape: type[_Shape], *sources: object, **known: Any) -> _Shape:
    """Return a record from the values in `known`, then from the first source with an attribute of that name."""
    for source in sources:
        for name in shape.field_names():
            if name not in known and (value := getattr(source, name, UNSET)) is not UNSET:
                known[name] = value
    return shape(**known)


def take(record: object, *names: str) -> dict[str, Any]:
    """Return the named attributes of a record."""
    return {name: getattr(record, name) for name in names}


def describe_shape(shape: type[msgspec.Struct]) -> dict[str, Any]:
    """Return the JSON Schema of a result, with the object itself at its root."""
    (_,), definitions = msgspec.json.schema_components((shape,), ref_template="#/$defs/{name}")
    root: dict[str, Any] = definitions.pop(shape.__name__)
    return {**root, "$defs": definitions} if definitions else root


# --- recommend ----------------------------------------------------------------------------------------------------


class Advice(Record, frozen=True):
    """A recommendation with everything that the options ask for: the result of `recommend` for one profile."""

    recommendation: Recommendation
    cases: tuple[NearCase, ...] | None = None
    """The nearest published projects; None in a batch."""
    refusal: Refusal | None = None
    against: Comparison | None = None
    """Changes since an earlier recommendation."""
    trace: tuple[RuleTrace, ...] | None = None
    origin: Mapping[str, object] | None = None
    """The input of a batch that it belongs to."""


class Verdict(Record, frozen=True):
    """The option alone: the result of `recommend --brief` for one profile."""

    book: Rulebook
    project: str | None
    outcome: Outcome
    path: str
    line: int | None = None
    origin: Mapping[str, object] | None = None

    @property
    def too_little_known(self) -> bool:
        """Whether too little is known for any option to be more likely than not."""
        return is_undecided(self.outcome.probability, default=self.outcome.default)


class CitedRule(Record, frozen=True, kw_only=True):
    """A rule that fired, or that was traced: its answers, sources and effect."""

    rule: str
    """Name of the rule; `code` is its short code."""
    code: str
    answers: Answers
    sources: list[str]
    """Addresses of the evidence."""
    need: Need | UnsetType = UNSET
    effect: Literal["for", "against"] | UnsetType = UNSET
    strength: str | UnsetType = UNSET
    weight: Annotated[float, Meta(description="Log-odds that it adds or takes away.")] | UnsetType = UNSET
    gate: str | UnsetType = UNSET
    kind: str | UnsetType = UNSET
    title: str | UnsetType = UNSET
    because: str | UnsetType = UNSET
    remedy: str | UnsetType = UNSET
    begin_with: str | UnsetType = UNSET
    look_again: str | UnsetType = UNSET
    baseline: str | UnsetType | None = UNSET
    state: str | UnsetType = UNSET
    waiting_for: tuple[str, ...] | UnsetType = UNSET


class Sensitivity(Record, frozen=True):
    """The sensitivity of the advice to each answer, in log-odds of a need, and to single rules."""

    answers: tuple[AnswerSensitivity, ...]
    rules: list[dict[str, str]]
    """Rule, code, and the option without the rule."""


class RuleSet(Record, frozen=True):
    """The rule set."""

    name: str
    version: str
    digest: str


class RecommendationResult(Record, frozen=True, kw_only=True):
    """The recommendation for one project."""

    schema: Literal["ragortune/recommendation/2"] = "ragortune/recommendation/2"
    project: str | None
    option: Option
    default: Annotated[bool, Meta(description="Nothing known speaks for or against retrieval.")]
    too_little_known: bool
    runner_up: Option
    probability: Shares
    base_rates: Shares
    firm: Annotated[bool, Meta(description="Settled, or its probability is at least 0.8.")]
    settled: Annotated[bool | None, Meta(description="No open answer can change it.")]
    needs: dict[Need, NeedState]
    reasons: list[CitedRule]
    gates: list[CitedRule]
    notices: list[CitedRule]
    techniques: list[CitedRule]
    flips: tuple[Flip, ...] | None
    unknowns: list[OpenQuestion] | None
    tornado: Sensitivity | None
    answers: Annotated[Answers, Meta(description="What is known: the level or levels of each criterion.")]
    unanswered: tuple[str, ...]
    cases: list[dict[str, Any]] | None
    """Published projects like this one: what they did, `verdict` on the advice, `shared` and `differing` criteria."""
    rulebook: RuleSet
    trace: list[CitedRule] | UnsetType = UNSET
    why_not: dict[str, Any] | UnsetType = UNSET
    """`option`, `reasons` and `gates` against it, `nearest` change that gives it; `searched` is false if there are too many."""
    against: Comparison | UnsetType = UNSET
    """What has changed since an earlier recommendation."""
    profile: Mapping[str, Any] | UnsetType = UNSET
    """The input of a batch that it belongs to."""


def describe_recommendation(advice: Advice) -> RecommendationResult:
    """Return the JSON of a recommendation."""
    recommendation, book = advice.recommendation, advice.recommendation.rulebook
    sensitivity = None
    if recommendation.sensitivities is not None:
        decisive = recommendation.decisive_rules or ()
        rules = [{"rule": rule.rule.id, "code": rule.rule.code, "without": rule.without} for rule in decisive]
        sensitivity = Sensitivity(recommendation.sensitivities, rules)

    def cite(hits: Iterable[RuleHit | RuleTrace], *names: str) -> list[CitedRule]:
        return [_cite_rule(book, hit, names) for hit in hits]

    return fill(
        RecommendationResult,
        recommendation,
        recommendation.profile,
        **round_numbers(take(recommendation, "probability", "needs", "unknowns")),
        base_rates=round_numbers(decide_option(book, {}).probability),
        reasons=cite(recommendation.reasons, "need", "effect", "strength", "weight", "because"),
        gates=cite(recommendation.gates, "need", "gate", "because"),
        notices=cite(recommendation.notices, "title", "because", "remedy"),
        techniques=cite(recommendation.techniques, "begin_with", "look_again", "baseline"),
        tornado=sensitivity,
        answers=_show_levels(recommendation.profile.levels),
        cases=None if advice.cases is None else [_describe_case(near) for near in advice.cases],
        rulebook=name_rule_set(book),
        trace=UNSET if advice.trace is None else cite(advice.trace, "state", "waiting_for"),
        why_not=UNSET if advice.refusal is None else _describe_refusal(advice.refusal),
        against=UNSET if advice.against is None else advice.against,
        profile=UNSET if advice.origin is None else advice.origin,
    )


def _show_levels(levels: Mapping[str, tuple[str, ...]]) -> Answers:
    return {name: named[0] if len(named) == 1 else list(named) for name, named in levels.items()}


def _cite_rule(book: Rulebook, hit: RuleHit | RuleTrace, names: tuple[str, ...]) -> CitedRule:
    """Return a rule with the named attributes of the hit, the technique or the rule."""
    rule = hit.rule
    values = {
        name: next(getattr(holder, name) for holder in (hit, rule.technique, rule) if hasattr(holder, name))
        for name in names
    }
    return CitedRule(
        rule=rule.id,
        code=rule.code,
        answers=_show_levels(hit.answers),
        sources=[book.sources[finding.source].address for finding in rule.sources],
        kind=rule.notice or UNSET,
        **values,
    )


def _describe_refusal(refusal: Refusal) -> dict[str, object]:
    return {
        "option": refusal.option,
        "reasons": [reason.rule.id for reason in refusal.reasons],
        "gates": [hit.rule.id for hit in refusal.gates],
        "nearest": refusal.nearest and refusal.nearest.change,
        **take(refusal, "fixed", "searched"),
    }


def _describe_case(near: NearCase) -> dict[str, object]:
    case = take(near.case, "id", "title", "outcome", "sample", "evidence", "result")
    found = take(near, "verdict", "shared", "differing", "shared_gates")
    return {**case, "source": near.case.address, **found}


def name_rule_set(book: Rulebook) -> RuleSet:
    """Return name, version and digest of a rule set."""
    return RuleSet(book.name, book.version, book.digest)


def round_numbers(value: Any) -> Any:
    """Return the value with all floats in it rounded to the decimals of the JSON."""
    if isinstance(value, float):
        return round(value, _DIGITS)
    if isinstance(value, Record):
        return value.replace(**round_numbers(take(value, *value.field_names())))
    if isinstance(value, Mapping):
        return {name: round_numbers(inner) for name, inner in value.items()}
    return [*map(round_numbers, value)] if isinstance(value, (list, tuple)) else value


def describe_verdict(verdict: Verdict) -> dict[str, object]:
    """Return the JSON of `recommend --brief`."""
    return {
        "schema": "ragortune/recommendation/2",
        "project": verdict.project,
        **take(verdict.outcome, "option", "default"),
        "too_little_known": verdict.too_little_known,
        **round_numbers(take(verdict.outcome, "probability", "needs")),
        **({"profile": verdict.origin} if verdict.origin else {}),
    }
