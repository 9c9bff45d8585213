"""What the JSON results hold: records that are the JSON, from which their JSON Schemas come.

Keys are a promise: they are added and never changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from ragortune.casebook import NearCase
from ragortune.engine import decide_option, pair_probabilities
from ragortune.interview import Consequence, Interview, explain_question
from ragortune.model import (
    AnswerSensitivity,
    Criterion,
    Flip,
    GateHit,
    Need,
    NeedState,
    OpenQuestion,
    Option,
    Reason,
    Recommendation,
    Refusal,
    Rulebook,
    RuleHit,
    RuleTrace,
    is_undecided,
)
from ragortune.report.dialogue import format_advice, format_reason
from ragortune.report.headline import Advice, Verdict
from ragortune.support.record import Record

Probability = Annotated[float, Meta(ge=0, le=1)]
LogOdds = Annotated[float, Meta(description="Log-odds.")]
Answers = dict[str, str | list[str]]
Shares = Annotated[dict[Option, float], Meta(description="The probability of each option; they add up to 1.")]
_DIGITS = 6
"""Decimals of probabilities and expected gains; log-odds are exact to thousandths."""


# --- recommend ----------------------------------------------------------------------------------------------------


class Cited(Record, frozen=True, kw_only=True):
    """A rule, with the answers that made it fire and the addresses of its sources."""

    rule: str
    code: str
    answers: Answers
    sources: list[str]


class CitedReason(Cited, frozen=True, kw_only=True):
    """A rule that moved a need."""

    need: Need
    effect: Literal["for", "against"]
    strength: str
    weight: Annotated[float, Meta(description="Log-odds that it adds or takes away.")]
    because: str


class CitedGate(Cited, frozen=True, kw_only=True):
    """A rule that decides about a need whatever the weights say."""

    need: Need
    gate: str
    because: str


class CitedNotice(Cited, frozen=True, kw_only=True):
    """A contradiction, a disputed band or a caution."""

    kind: str | None
    title: str
    because: str
    remedy: str


class CitedTechnique(Record, frozen=True, kw_only=True):
    """What to begin with."""

    rule: str
    code: str
    begin_with: str
    look_again: str
    baseline: str | None
    sources: list[str]


class NearProject(Record, frozen=True, kw_only=True):
    """A published project that resembles this one."""

    id: str
    title: str
    outcome: Option
    verdict: str
    sample: str
    evidence: str
    result: str
    source: str
    shared: tuple[str, ...]
    differing: tuple[str, ...]
    shared_gates: tuple[str, ...]


class PillarRule(Record, frozen=True):
    """A rule without which another option would be recommended."""

    rule: str
    code: str
    without: Option


class Sensitivity(Record, frozen=True):
    """Which answers and rules carry the advice; numbers are log-odds of the need."""

    answers: tuple[AnswerSensitivity, ...]
    rules: list[PillarRule]


class TracedRule(Record, frozen=True):
    """What became of one rule."""

    rule: str
    code: str
    state: str
    answers: Answers
    waiting_for: tuple[str, ...]


class WhyNot(Record, frozen=True):
    """What speaks against an option, and the smallest change that would make it right."""

    option: Option
    reasons: list[str]
    gates: list[str]
    nearest: Mapping[str, str] | None
    given: tuple[str, ...]


class RuleSet(Record, frozen=True):
    """The rule set that judged."""

    name: str
    version: str
    digest: str


class RecommendationResult(Record, frozen=True, kw_only=True):
    """What is recommended for one project, and why."""

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
    reasons: list[CitedReason]
    gates: list[CitedGate]
    notices: list[CitedNotice]
    techniques: list[CitedTechnique]
    flips: tuple[Flip, ...] | None
    unknowns: list[OpenQuestion] | None
    tornado: Sensitivity | None
    unanswered: tuple[str, ...]
    cases: list[NearProject] | None
    rulebook: RuleSet
    trace: list[TracedRule] | UnsetType = UNSET
    why_not: WhyNot | UnsetType = UNSET
    profile: dict[str, Any] | UnsetType = UNSET
    """Which input of a batch it answers."""


def describe_recommendation(advice: Advice) -> RecommendationResult:
    """Return a recommendation as the record that is its JSON."""
    given, book = advice.recommendation, advice.recommendation.rulebook
    return RecommendationResult(
        project=given.profile.project,
        option=given.option,
        default=given.default,
        too_little_known=given.too_little_known,
        runner_up=given.runner_up,
        probability=round_shares(given.probability),
        base_rates=round_shares(decide_option(book, {}).probability),
        firm=given.firm,
        settled=given.settled,
        needs=round_needs(given.needs),
        reasons=[
            CitedReason(
                **_cite(book, hit),
                need=hit.need,
                effect=hit.effect.value,
                strength=hit.strength,
                weight=hit.weight,
                because=hit.rule.because,
            )
            for hit in given.reasons
        ],
        gates=[
            CitedGate(**_cite(book, hit), need=hit.need, gate=hit.gate, because=hit.rule.because)
            for hit in given.gates
        ],
        notices=[
            CitedNotice(
                **_cite(book, hit),
                kind=hit.rule.notice,
                title=hit.rule.title,
                because=hit.rule.because,
                remedy=hit.rule.remedy,
            )
            for hit in given.notices
        ],
        techniques=[_describe_technique(book, hit) for hit in given.techniques],
        flips=given.flips,
        unknowns=round_questions(given.unknowns),
        tornado=_describe_sensitivity(given),
        unanswered=given.unanswered,
        cases=None if advice.cases is None else [_describe_case(near) for near in advice.cases],
        rulebook=name_rule_set(book),
        trace=UNSET if advice.trace is None else [_describe_trace(entry) for entry in advice.trace],
        why_not=UNSET if advice.refusal is None else _describe_refusal(advice.refusal),
        profile=UNSET if advice.origin is None else dict(advice.origin),
    )


def name_rule_set(book: Rulebook) -> RuleSet:
    """Return by what a rule set is known."""
    return RuleSet(book.name, book.version, book.digest)


def round_shares(probability: Mapping[Option, float]) -> dict[Option, float]:
    """Return the probabilities of the options with the decimals that JSON has."""
    return {option: round(share, _DIGITS) for option, share in probability.items()}


def round_needs(needs: Mapping[Need, NeedState]) -> dict[Need, NeedState]:
    """Return both needs with the decimals that JSON has."""
    return {
        need: state.replace(probability=round(state.probability, _DIGITS)) for need, state in needs.items()
    }


def round_questions(unknowns: tuple[OpenQuestion, ...] | None) -> list[OpenQuestion] | None:
    """Return open questions with the decimals that JSON has; None where they were not weighed."""
    if unknowns is None:
        return None
    return [question.replace(expected_gain=round(question.expected_gain, _DIGITS)) for question in unknowns]


def _cite(book: Rulebook, hit: Reason | GateHit | RuleHit) -> dict[str, Any]:
    sources = [book.sources[finding.source].address for finding in hit.rule.sources]
    return {
        "rule": hit.rule.id,
        "code": hit.rule.code,
        "answers": _show_answers(hit.answers),
        "sources": sources,
    }


def _show_answers(answers: Mapping[str, tuple[str, ...]]) -> Answers:
    """Return answers: a level, or a list where the team is between several."""
    return {name: levels[0] if len(levels) == 1 else list(levels) for name, levels in answers.items()}


def _describe_technique(book: Rulebook, hit: RuleHit) -> CitedTechnique:
    technique, cited = hit.rule.technique, _cite(book, hit)
    assert technique is not None
    return CitedTechnique(
        rule=hit.rule.id,
        code=hit.rule.code,
        begin_with=technique.begin_with,
        look_again=technique.look_again,
        baseline=technique.baseline,
        sources=cited["sources"],
    )


def _describe_sensitivity(given: Recommendation) -> Sensitivity | None:
    if given.sensitivities is None or given.decisive_rules is None:
        return None
    rules = [PillarRule(own.rule.id, own.rule.code, own.without) for own in given.decisive_rules]
    return Sensitivity(given.sensitivities, rules)


def _describe_trace(entry: RuleTrace) -> TracedRule:
    answers = _show_answers(entry.answers)
    return TracedRule(entry.rule.id, entry.rule.code, entry.state, answers, entry.waiting_for)


def _describe_refusal(refusal: Refusal) -> WhyNot:
    return WhyNot(
        refusal.option,
        [reason.rule.id for reason in refusal.reasons],
        [hit.rule.id for hit in refusal.gates],
        None if refusal.nearest is None else refusal.nearest.change,
        refusal.fixed,
    )


def _describe_case(near: NearCase) -> NearProject:
    case = near.case
    return NearProject(
        id=case.id,
        title=case.title,
        outcome=case.outcome,
        verdict=near.verdict,
        sample=case.sample,
        evidence=case.evidence,
        result=case.result,
        source=case.address,
        shared=near.shared,
        differing=near.differing,
        shared_gates=near.shared_gates,
    )


def describe_verdict(verdict: Verdict) -> dict[str, object]:
    """Return the option, its probability and the needs as JSON data."""
    outcome, needs = verdict.outcome, verdict.outcome.needs
    probability = pair_probabilities(*needs)
    described: dict[str, object] = {
        "schema": "ragortune/recommendation/2",
        "project": verdict.project,
        "option": outcome.option,
        "default": outcome.default,
        "too_little_known": is_undecided(probability, default=outcome.default),
        "probability": round_shares(probability),
        "needs": {
            need: {
                "probability": round(needs[index], _DIGITS),
                "score": outcome.scores[index] / 1000,
                "needed": outcome.needed[index],
                "blocked_by": outcome.blocked_by[index],
            }
            for index, need in enumerate(Need)
        },
    }
    return described if verdict.origin is None else {**described, "profile": verdict.origin}


def name_origin(path: str, line: int | None) -> dict[str, object]:
    """Return which input of a batch a result answers."""
    return {"path": path} if line is None else {"path": path, "line": line}


# --- questions ----------------------------------------------------------------------------------------------------


class LevelMeaning(Record, frozen=True):
    """One answer that a question takes."""

    level: str
    means: str


class Question(Record, frozen=True):
    """A criterion, as a person is asked."""

    criterion: str
    title: str
    question: str
    help: Annotated[str, Meta(description="How to find out.")]
    levels: list[LevelMeaning]
    several: Annotated[bool, Meta(description="Several levels can hold at once: a list, the main one first.")]
    ordered: Annotated[bool, Meta(description="Levels are listed lowest first, and ranges are possible.")]
    unit: Annotated[str | None, Meta(description="Unit of the number that may be given instead.")]


class AdviceSoFar(Record, frozen=True):
    """Where the advice stands without the answer."""

    said: str
    option: Option
    probability: Shares
    firm: bool
    settled: bool | None


class QuestionResult(Record, frozen=True, kw_only=True):
    """The question that tells most, or that none is worth asking."""

    schema: Literal["ragortune/question/1"] = "ragortune/question/1"
    worth_asking: bool
    why: str
    question: Question | None
    answers: list[Consequence]
    advice: AdviceSoFar
    ranking: list[OpenQuestion] | None
    unknown: Annotated[tuple[str, ...], Meta(description="Criteria not yet known, in the order of asking.")]


def describe_next(interview: Interview) -> QuestionResult:
    """Return the question that tells most; `question` is None where none is worth asking."""
    advice = interview.advice
    criterion = interview.rulebook.criteria[interview.wanted] if interview.wanted else None
    why, answers = "No question that is left is worth asking for the advice.", []
    if criterion:
        why = format_reason(interview, criterion)
        answers = [
            own.replace(probability=round(own.probability, _DIGITS))
            for own in explain_question(interview, criterion)
        ]
    shares = round_shares(advice.probability)
    return QuestionResult(
        worth_asking=criterion is not None,
        why=why,
        question=describe_criterion(criterion) if criterion else None,
        answers=answers,
        advice=AdviceSoFar(format_advice(advice), advice.option, shares, advice.firm, advice.settled),
        ranking=round_questions(interview.ranking),
        unknown=interview.unasked,
    )


def describe_criterion(criterion: Criterion) -> Question:
    """Return a criterion: the question, how to find out the answer, and what answers it."""
    return Question(
        criterion.id,
        criterion.title,
        criterion.question,
        criterion.help,
        [LevelMeaning(level.id, level.means) for level in criterion.levels],
        criterion.several,
        not criterion.nominal,
        criterion.unit,
    )


# --- check and cost: the keys that are a promise ------------------------------------------------------------------


class Evidence(Struct):
    """Words that carry the decision."""

    line: int | None
    quote: str | None
    role: Literal["for", "against"]


class Decision(Struct):
    """The option that a document decides for."""

    option: Option
    how: Literal["explicit", "assumed", "implied"]
    evidence: list[Evidence]


class Fact(Struct):
    """An answer that a document states."""

    criterion: str
    value: Any
    modality: Literal["stated", "fact", "measured", "estimate", "goal"]
    line: int | None
    quote: Annotated[str | None, Meta(description="The exact words of that line.")]


class CheckedAdvice(Struct):
    """What is recommended on the stated facts."""

    option: Option


class Finding(Struct):
    """Something to mend in a document."""

    rule: str
    code: str
    severity: Literal["error", "warning", "note"]
    line: int
    column: int
    message: str
    remedy: str
    block: Annotated[str | None, Meta(description="A block to put into the document, and to fill in.")]


class CheckedDocument(Struct):
    """What was read in one document, and what is wrong with it."""

    path: str
    status: Literal["judged", "no_decision", "nothing_to_judge", "unsupported_language"]
    decision: Decision | None
    facts: list[Fact]
    recommendation: CheckedAdvice | None
    findings: list[Finding]


class CheckResult(Struct):
    """A run of `check`."""

    schema: Literal["ragortune/check/1"]
    documents: list[CheckedDocument]
    exit_code: int


class Spread(Struct):
    """A number with its uncertainty."""

    p10: float
    p50: float
    p90: float


class CostOption(Struct):
    """What one way to build it costs."""

    id: str
    approach: str
    option: Option
    model: str | None
    feasible: bool
    total: Annotated[Spread, Meta(description="Dollars a month.")]
    chance: Annotated[Probability, Meta(description="How often it is the cheapest.")]


class CostResult(Struct):
    """Monthly cost and latency of the options."""

    schema: Literal["ragortune/cost/1"]
    project: str | None
    as_of: str
    cheapest: str | None
    options: list[CostOption]


class PageResult(Struct):
    """A page on a rule, criterion, option, source or topic."""

    schema: Literal["ragortune/page/1"]
    name: str
    markdown: str


def describe_shape(shape: type[Struct]) -> dict[str, Any]:
    """Return the JSON Schema of a result; its root is the object itself."""
    (_,), definitions = msgspec.json.schema_components((shape,), ref_template="#/$defs/{name}")
    own = definitions.pop(shape.__name__)
    return {**own, "$defs": definitions} if definitions else own
