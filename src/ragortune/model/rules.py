"""Rules, sources and all else that a rule set holds. Docstrings are also what editors show, from the JSON Schemas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cached_property

import msgspec

from ragortune.model.cases import Case
from ragortune.model.criteria import Bound, Condition, Criterion, Main
from ragortune.model.options import Direction, GateKind, Need, NoticeKind, Option, Strength
from ragortune.model.prices import PriceKind, PriceRow
from ragortune.model.profiles import QuantityKind
from ragortune.support.record import NOTHING, Record


class Quality(StrEnum):
    """How a source was read and what it rests on, strongest first."""

    MEASURED = "measured"
    """The authors measured rivals; their own text was read."""
    SUMMARY = "summary"
    """Measured, but only a third party's summary was read."""
    PRACTICE = "practice"
    """A team's or vendor's account of what it did."""
    CASEBOOK = "casebook"
    """Counted on published projects, as in `rules/cases`."""
    GUIDANCE = "guidance"
    """Advice without measurement of its own."""


class Effect(Record, frozen=True):
    """How a rule moves one need when it fires."""

    need: Need
    """The need that is moved."""
    effect: Direction
    """For it or against it."""
    strength: Strength
    """How much, on the verbal scale of the rule set."""


class Gate(Record, frozen=True):
    """How a rule decides about one need when it fires."""

    need: Need
    """The need that is decided about."""
    gate: GateKind
    """What is decided: requires, rules_out or confirms."""


class Technique(Record, frozen=True):
    """What to begin with inside an option when the rule fires."""

    options: tuple[Option, ...]
    """The recommended options within which the technique is offered."""
    order: int
    """Rank among the techniques that fire; the smallest is offered first."""
    begin_with: str
    """The technique in one imperative sentence."""
    look_again: str
    """The exit condition: when to drop it or ask again."""
    baseline: str | None = None
    """What it has to beat, where that differs from the option's own baseline."""


class Finding(Record, frozen=True):
    """What one source contributes to one rule."""

    source: str
    """Id of the source, as listed in `sources/`."""
    found: str
    """What was found there, with its figures, in our words."""


class Example(Record, frozen=True):
    """A profile on which a rule is tested, named by a sentence about a team or project."""

    name: str
    """The sentence."""
    profile: Mapping[str, object]
    """Answers, flat (`group.criterion: level`) or nested by group."""


class RuleTests(Record, frozen=True):
    """Tests on both sides of a rule."""

    fires: tuple[Example, ...] = ()
    """Profiles on which the rule must fire."""
    does_not_fire: tuple[Example, ...] = ()
    """Profiles on which it must not."""


class Rule(Record, frozen=True):
    """One piece of reasoning: when it applies, what follows, why, on what evidence, and when it misleads."""

    id: str
    """Readable name in lower case with hyphens; stable."""
    code: str
    """Short stable code: a letter for the family and two digits."""
    title: str
    """What the rule says, in one line."""
    when: Mapping[str, Condition]
    """Conditions by criterion; all of them must be known to hold."""
    because: str
    """Why it follows, for a sceptical reader."""
    sources: tuple[Finding, ...]
    """The evidence."""
    exceptions: tuple[str, ...]
    """When the rule misleads."""
    remedy: str
    """What to do about it, or what would make it stop mattering."""
    tests: RuleTests
    """Profiles that fire it and profiles that do not."""
    unless: Mapping[str, Condition] = NOTHING
    """The rule does not apply where any one of these is known to hold."""
    effects: tuple[Effect, ...] = ()
    """How it moves the needs."""
    gates: tuple[Gate, ...] = ()
    """What it decides whatever the weights say."""
    notice: NoticeKind | None = None
    """Set where the rule tells the reader something and moves nothing."""
    technique: Technique | None = None
    """Set where the rule names what to begin with inside an option."""
    recheck_days: int | None = None
    """How many days its sources stay fresh, where that differs from the rule set's own limit."""

    @property
    def criteria(self) -> tuple[str, ...]:
        """Every criterion that the rule reads."""
        return (*self.when, *(name for name in self.unless if name not in self.when))


class Source(Record, frozen=True):
    """A publication, with the date on which somebody last read it for us."""

    id: str
    """Name by which rules refer to it."""
    title: str
    """Author, title, place and year."""
    address: str
    """Where it can be read."""
    checked: str
    """Date of the last check, YYYY-MM-DD."""
    quality: Quality
    """How it was read and what it rests on."""


class OptionGuide(Record, frozen=True):
    """What an option means, when to look again, and how to prove that it is right."""

    id: Option
    """The option."""
    title: str
    """Name for headings."""
    meaning: str
    """What the team would build."""
    first: str
    """What to do first, where no technique says it better."""
    look_again: str
    """The exit condition."""
    baseline: str
    """What it has to beat."""
    test_set: str
    """The smallest test set that can tell."""
    gains: tuple[str, ...] = ()
    """What the team has of it, as parts of a sentence."""
    costs: tuple[str, ...] = ()
    """What it costs the team, as parts of a sentence."""


class Scale(Record, frozen=True):
    """Every number that scoring uses. Weights and intercepts are log-odds (natural logarithm)."""

    weak: float
    """Weight of a weak effect."""
    moderate: float
    """Weight of a moderate effect."""
    strong: float
    """Weight of a strong effect."""
    very_strong: float
    """Weight of a very strong effect."""
    intercept_rag: float
    """Log-odds that retrieval is needed where nothing is known: its base rate in the field sample, after the fit."""
    intercept_fine_tuning: float
    """Log-odds that tuning is needed where nothing is known."""
    unconfirmed: float
    """Highest log-odds that count for a need which some rule could confirm and none does."""
    firm_from: float
    """Advice with at least this probability is firm."""
    ask_from: float
    """A question is worth asking if its expected gain is at least this; see `OpenQuestion.expected_gain`."""
    ask_first: tuple[str, ...] = ()
    """Criteria with which every questionnaire begins, in this order."""

    def weight(self, strength: Strength) -> float:
        """Return the log-odds behind a word."""
        return float(getattr(self, strength.value))

    def intercept(self, need: Need) -> float:
        """Return the log-odds of a need where nothing is known."""
        return self.intercept_rag if need is Need.RAG else self.intercept_fine_tuning


class AnswerCount(Record, frozen=True):
    """How often one answer to one criterion is given in the field sample."""

    levels: tuple[str, ...]
    """The answer: one level, or several of a criterion of which several can hold."""
    count: float
    """Number of projects; one that is between levels counts in parts."""


CodedCase = tuple[Case, Mapping[str, tuple[str, ...]]]
"""A case with its answers as levels by criterion."""


class Rulebook(Record, frozen=True, dict=True):
    """A complete rule set: what `load_rulebook` returns and the engine reads.

    Two rule sets are the same when their digests are.
    """

    name: str
    """Name of the rule set."""
    version: str
    """Its version."""
    digest: str
    """`sha256:` over criteria and rules, whatever casebook and prices hold."""
    scale: Scale
    """Numbers behind the words."""
    criteria: Mapping[str, Criterion]
    """Criteria by id, in file order."""
    rules: Mapping[str, Rule]
    """Rules by id, in file order."""
    sources: Mapping[str, Source]
    """Sources by id."""
    options: Mapping[Option, OptionGuide]
    """Guides by option."""
    derived: Mapping[str, Criterion] = NOTHING
    """Criteria of the group `derived` by id: computed from quantities, never asked and never unanswered."""
    recheck_days: int = 365
    """How many days a source stays fresh, unless a rule says otherwise."""
    disabled: Mapping[str, str] = NOTHING
    """Rules of the base set that a rule pack switched off, with the reason."""
    casebook: msgspec.Raw = msgspec.Raw(b"\x90")
    """The casebook as MessagePack, each case with its answers as levels by criterion; `coded_cases` decodes it."""
    quantities: Mapping[str, QuantityKind] = NOTHING
    """Numbers and choices that a profile can give for the cost model, by id."""
    price_kinds: Mapping[str, PriceKind] = NOTHING
    """The kinds of price rows by id."""
    prices: Mapping[str, PriceRow] = NOTHING
    """The price data by id."""
    answer_counts: Mapping[str, tuple[AnswerCount, ...]] = NOTHING
    """For each criterion how often the projects of the field sample give each answer; empty without such projects."""
    language: msgspec.Raw = msgspec.Raw(b"\x80")
    """The wordings by which design documents are understood, as MessagePack; `evidence.documents` decodes them."""
    findings: msgspec.Raw = msgspec.Raw(b"\x90")
    """What `check` looks for in design documents, as MessagePack; `model.findings.read_finding_rules` decodes it."""

    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"<Rulebook {self.name} {self.version} {self.digest[:19]}>"

    @cached_property
    def coded_cases(self) -> tuple[CodedCase, ...]:
        """The casebook, each case with its answers as levels by criterion."""
        return msgspec.msgpack.decode(self.casebook, type=tuple[CodedCase, ...])

    @property
    def cases(self) -> tuple[Case, ...]:
        """The casebook."""
        return tuple(case for case, _ in self.coded_cases)

    @cached_property
    def readable(self) -> Mapping[str, Criterion]:
        """Every criterion that a rule may read: those that are asked, then those that are derived."""
        return {**self.criteria, **self.derived}

    def strongest(self, findings: Iterable[Finding]) -> Finding | None:
        """Return what was found in the source of the best quality; None where nothing was found."""
        order = tuple(Quality)
        return min(findings, key=lambda own: order.index(self.sources[own.source].quality), default=None)

    def levels_of(self, criterion: str, condition: Condition) -> tuple[str, ...]:
        """Return the levels that a condition on a criterion allows, in order.

        Raises KeyError where the criterion or a level is unknown.
        """
        levels = self.readable[criterion].level_ids
        if isinstance(condition, Main):
            condition = condition.main
        if isinstance(condition, str):
            condition = (condition,)
        if isinstance(condition, Bound):
            first = levels.index(condition.at_least) if condition.at_least is not None else 0
            last = levels.index(condition.at_most) if condition.at_most is not None else len(levels) - 1
            return levels[first : last + 1]
        for level in condition:
            if level not in levels:
                raise KeyError(level)
        return tuple(level for level in levels if level in condition)
