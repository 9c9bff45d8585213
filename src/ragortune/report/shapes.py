"""What the JSON results hold, as types, so that programs can be told before they ask.

They name the keys that are a promise; more may stand beside them.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from ragortune.model import Option

Probability = Annotated[float, Meta(ge=0, le=1)]


class Shares(Struct):
    """The probability of each option; they add up to 1."""

    rag: Probability
    fine_tuning: Probability
    both: Probability
    neither: Probability


class Need(Struct):
    """Whether something must be retrieved, or trained."""

    probability: Probability
    score: Annotated[float, Meta(description="Log-odds.")]
    needed: bool
    blocked_by: Annotated[list[str], Meta(description="Rules that rule it out.")]


class Needs(Struct):
    """Both needs; the pair of them is the option."""

    rag: Need
    fine_tuning: Need


class Reason(Struct):
    """A rule that fired, with the answers that made it fire."""

    rule: str
    need: Literal["rag", "fine_tuning"]
    effect: Literal["for", "against"]
    strength: str
    weight: Annotated[float, Meta(description="Log-odds that it adds or takes away.")]
    because: str
    answers: dict[str, str | list[str]]
    sources: list[str]


class Flip(Struct):
    """A smallest change of answers that changes the option."""

    change: dict[str, str]
    option: Option


class OpenQuestion(Struct):
    """A criterion whose answer can still change the option."""

    criterion: str
    could_give: list[Option]
    expected_gain: Annotated[float, Meta(description="Expected drop of the Brier score, from 0 to 1.")]


class RuleSet(Struct):
    """The rule set that judged."""

    name: str
    version: str
    digest: str


class RecommendationResult(Struct):
    """What is recommended for one project, and why."""

    schema: Literal["ragortune/recommendation/2"]
    project: str | None
    option: Option
    default: Annotated[bool, Meta(description="Nothing known speaks for or against retrieval.")]
    too_little_known: bool
    runner_up: Option
    probability: Shares
    firm: Annotated[bool, Meta(description="Settled, or its probability is at least 0.8.")]
    settled: Annotated[bool | None, Meta(description="No open answer can change it.")]
    needs: Needs
    reasons: list[Reason]
    flips: list[Flip] | None
    unknowns: list[OpenQuestion] | None
    rulebook: RuleSet


class Level(Struct):
    """One answer that a question takes."""

    level: str
    means: str


class Question(Struct):
    """A criterion, as a person is asked."""

    criterion: str
    title: str
    question: str
    help: Annotated[str, Meta(description="How to find out.")]
    levels: list[Level]
    several: Annotated[bool, Meta(description="Several levels can hold at once: a list, the main one first.")]
    ordered: Annotated[bool, Meta(description="Levels are listed lowest first, and ranges are possible.")]
    unit: Annotated[str | None, Meta(description="Unit of the number that may be given instead.")]


class Consequence(Struct):
    """What one level as the answer would lead to."""

    level: str
    option: Option
    probability: Probability


class Advice(Struct):
    """Where the advice stands without the answer."""

    said: str
    option: Option
    probability: Shares
    firm: bool
    settled: bool | None


class QuestionResult(Struct):
    """The question that tells most, or that none is worth asking."""

    schema: Literal["ragortune/question/1"]
    worth_asking: bool
    why: str
    question: Question | None
    answers: list[Consequence]
    advice: Advice
    unknown: Annotated[list[str], Meta(description="Criteria not yet known, in the order of asking.")]


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
