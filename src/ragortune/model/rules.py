"""Rules, sources and the other parts of a rule set. Editors show the docstrings, through the JSON Schemas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cached_property

import msgspec

from ragortune.model.cases import Case
from ragortune.model.criteria import Condition, Criterion, Selection
from ragortune.model.options import Direction, GateKind, Need, NoticeKind, Option, Strength
from ragortune.model.prices import PriceKind, PriceRow
from ragortune.model.profiles import QuantityKind
from ragortune.support.record import NOTHING, Record


class Quality(StrEnum):
    """The evidence in a source and how it was read, the strongest first."""

    MEASURED = "measured"
    """The authors compared alternatives by measurement; their own text was read."""
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
    """What to begin with within an option when the rule fires."""

    options: tuple[Option, ...]
    """The recommended options within which the technique is offered."""
    order: int
    """Rank among the techniques that fire; the smallest is offered first."""
    begin_with: str
    """The technique in one imperative sentence."""
    look_again: str
    """The exit condition: when to drop it or ask again."""
    baseline: str | None = None
    """What it has to beat, if that is not the option's own baseline."""


class Finding(Record, frozen=True):
    """The contribution of one source to one rule."""

    source: str
    """Id of the source, as listed in `sources/`."""
    found: str
    """The finding with its figures, paraphrased."""


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
    """One rule: when it applies, what follows, why, with what evidence, and when it misleads."""

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
    """The rule does not apply if any one of these is known to hold."""
    effects: tuple[Effect, ...] = ()
    """How it moves the needs."""
    gates: tuple[Gate, ...] = ()
    """What it decides whatever the weights say."""
    notice: NoticeKind | None = None
    """Set if the rule has a notice for the reader and no effect."""
    technique: Technique | None = None
    """Set if the rule names what to begin with within an option."""
    recheck_days: int | None = None
    """How many days its sources stay fresh, if that is not the rule set's own limit."""

    @property
    def criteria(self) -> tuple[str, ...]:
        """Every criterion that the rule reads."""
        return (*self.when, *(name for name in self.unless if name not in self.when))


class Source(Record, frozen=True):
    """A publication, with the date on which it was last read for this rule set."""

    id: str
    """Name by which rules refer to it."""
    title: str
    """Author, title, place and year."""
    address: str
    """Where it can be read."""
    checked: str
    """Date of the last check, YYYY-MM-DD."""
    quality: Quality
    """Its evidence, and how it was read."""


class OptionGuide(Record, frozen=True):
    """The meaning of an option, when to look again, and how to validate it."""

    id: Option
    """The option."""
    title: str
    """Name for headings."""
    meaning: str
    """What the team would build."""
    first: str
    """The first step, if no technique names a better one."""
    look_again: str
    """The exit condition."""
    baseline: str
    """What it has to beat."""
    test_set: str
    """The smallest sufficient test set."""
    gains: tuple[str, ...] = ()
    """Its advantages, as parts of a sentence."""
    costs: tuple[str, ...] = ()
    """Its disadvantages, as parts of a sentence."""


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
    """Log-odds that retrieval is needed if nothing is known: the fitted base rate of the field sample."""
    intercept_fine_tuning: float
    """Log-odds that tuning is needed if nothing is known."""
    unconfirmed: float
    """Cap on the log-odds of a need that rules can confirm and none does."""
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
        """Return the log-odds of a need if nothing is known."""
        return self.intercept_rag if need is Need.RAG else self.intercept_fine_tuning


class DisabledRule(Record, frozen=True):
    """A rule or finding rule of the extended set that a rule pack has disabled."""

    code: str
    """Its code."""
    because: str
    """Why it does not hold for this team."""
    is_finding: bool
    """Whether it is a finding rule."""


class AnswerCount(Record, frozen=True):
    """The frequency of one answer to one criterion in the field sample."""

    levels: tuple[str, ...]
    """The answer: one level, or several if several can hold at once."""
    count: float
    """Number of projects; an answer that is one of several levels counts in parts."""


CodedCase = tuple[Case, Mapping[str, tuple[str, ...]]]
"""A case with its answers as levels by criterion."""


class Rulebook(Record, frozen=True, dict=True):
    """A complete rule set, as `load_rulebook` returns it.

    Two rule sets are equal in meaning if their digests are equal.
    """

    name: str
    """Name of the rule set."""
    version: str
    """Its version."""
    digest: str
    """`sha256:` over criteria and rules, without casebook and prices."""
    scale: Scale
    """Weights of the strengths, intercepts and thresholds."""
    criteria: Mapping[str, Criterion]
    """Criteria by id, in file order."""
    rules: Mapping[str, Rule]
    """Rules by id, in file order."""
    sources: Mapping[str, Source]
    """Sources by id."""
    options: Mapping[Option, OptionGuide]
    """Guides by option."""
    derived: Mapping[str, Criterion] = NOTHING
    """Criteria of the group `derived` by id: computed from quantities and never asked for."""
    disabled: Mapping[str, DisabledRule] = NOTHING
    """Rules of the extended set that a rule pack has disabled, by id."""
    casebook: msgspec.Raw = msgspec.Raw(b"\x90")
    """The casebook as MessagePack, each case with its answers as levels by criterion; `coded_cases` decodes it."""
    quantities: Mapping[str, QuantityKind] = NOTHING
    """Numbers and choices that a profile can give for the cost model, by id."""
    price_kinds: Mapping[str, PriceKind] = NOTHING
    """The kinds of price rows by id."""
    prices: Mapping[str, PriceRow] = NOTHING
    """The price data by id."""
    answer_counts: Mapping[str, tuple[AnswerCount, ...]] = NOTHING
    """For each criterion the frequencies of its answers in the field sample; empty without such projects."""
    fitted: int = 0
    """How many systems its probabilities are calibrated on: 0 unless rules, criteria and scale are the shipped ones."""
    language: msgspec.Raw = msgspec.Raw(b"\x80")
    """The language data for reading design documents, as MessagePack; `evidence.documents` decodes it."""
    findings: msgspec.Raw = msgspec.Raw(b"\x90")
    """The finding rules of `check`, as MessagePack; `model.findings.read_finding_rules` decodes them."""

    __eq__ = object.__eq__
    __hash__ = object.__hash__

    @property
    def disabled_findings(self) -> dict[str, DisabledRule]:
        """Finding rules of the extended set that a rule pack has disabled, by id."""
        return {name: rule for name, rule in self.disabled.items() if rule.is_finding}

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
        """All criteria that rules may read: those that are asked, then the derived ones."""
        return {**self.criteria, **self.derived}

    def strongest(self, findings: Iterable[Finding]) -> Finding | None:
        """Return the finding from the source of the best quality; None without findings."""
        order = tuple(Quality)
        return min(findings, key=lambda found: order.index(self.sources[found.source].quality), default=None)

    def levels_of(self, criterion: str, condition: Condition) -> tuple[str, ...]:
        """Return the levels that a condition on a criterion allows, in order.

        Raises KeyError if the criterion or a level is unknown.
        """
        levels = self.readable[criterion].level_ids
        if isinstance(condition, Selection):
            if condition.main is None:
                first = levels.index(condition.at_least) if condition.at_least is not None else 0
                last = levels.index(condition.at_most) if condition.at_most is not None else len(levels) - 1
                return levels[first : last + 1]
            condition = condition.main
        wanted = (condition,) if isinstance(condition, str) else condition
        for level in wanted:
            if level not in levels:
                raise KeyError(level)
        return tuple(level for level in levels if level in wanted)
