"""The words of the domain: criteria, rules, profiles, recommendations. Frozen records, no input or output.

The records a person writes in YAML (`Criterion`, `Rule`, `Source`, ...) and the records the engine returns
(`Recommendation`, `Reason`, ...) stand here once. Their docstrings are also the text that editors show, because
the JSON Schemas are generated from them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cached_property

from ragortune.errors import Place
from ragortune.record import NOTHING, Record


class Option(StrEnum):
    """What can be recommended: the pair of the two needs."""

    RAG = "rag"
    FINE_TUNING = "fine_tuning"
    BOTH = "both"
    NEITHER = "neither"


class Need(StrEnum):
    """One of the two independent questions: must something be retrieved, must something be trained."""

    RAG = "rag"
    FINE_TUNING = "fine_tuning"


class Strength(StrEnum):
    """How much a rule moves a need. The log-odds behind the words are in `rulebook.yaml`, nowhere else."""

    WEAK = "weak"
    MODERATE = "moderate"
    STRONG = "strong"
    VERY_STRONG = "very_strong"


class Direction(StrEnum):
    """Whether a rule speaks for a need or against it."""

    FOR = "for"
    AGAINST = "against"


class GateKind(StrEnum):
    """How a rule decides about a need as a matter of logic, whatever the log-odds are."""

    REQUIRES = "requires"
    """The need holds, unless it is ruled out."""
    RULES_OUT = "rules_out"
    """The need cannot be met."""
    CONFIRMS = "confirms"
    """What the need cannot do without is known to be there; until then its probability has a ceiling."""


class NoticeKind(StrEnum):
    """Why a rule speaks up without moving a need."""

    CONTRADICTION = "contradiction"
    """Two answers cannot both be right."""
    DISPUTED = "disputed"
    """The sources disagree on what follows from this answer."""
    CAUTION = "caution"
    """The advice holds, and there is a trap on the way."""


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


class Provenance(StrEnum):
    """Through which door an answer came in."""

    ANSWERED = "answered"
    STATED = "stated"
    EXTRACTED = "extracted"
    MEASURED = "measured"
    ASSUMED = "assumed"
    DERIVED = "derived"


class TraceState(StrEnum):
    """What became of one rule on one profile."""

    FIRED = "fired"
    SILENT = "silent"
    """A known answer rules its condition out."""
    NOT_APPLICABLE = "not_applicable"
    """Its `unless` is known to hold."""
    UNKNOWN = "unknown"
    """It waits for an answer that is not known."""


EVEN = 0.5
"""Probability at which something is as likely as not."""


def pair_option(*, rag: bool, fine_tuning: bool) -> Option:
    """Return the option that the two needs make together."""
    if rag:
        return Option.BOTH if fine_tuning else Option.RAG
    return Option.FINE_TUNING if fine_tuning else Option.NEITHER


def is_undecided(probability: Mapping[Option, float], *, default: bool) -> bool:
    """Return whether advice with these probabilities rests on too little: the default, or no option as likely as not."""
    return default or max(probability.values()) < EVEN


def has_need(option: Option, need: Need) -> bool:
    """Return whether an option meets a need; what `pair_option` puts together, taken apart."""
    return option is Option.BOTH or option.value == need.value


# --- what a rule set is made of ---------------------------------------------------------------------------------


class Level(Record, frozen=True):
    """One answer that a criterion can take."""

    id: str
    """Name of the level, as written in profiles."""
    means: str
    """The level in a person's words: what is true of a project that answers so."""
    starts_at: float | None = None
    """Smallest number that counts as this level, in the criterion's unit; null if no number ever does."""
    measure: str | None = None
    """How success is measured for projects with this answer (used for the kinds of task)."""


class Bound(Record, frozen=True, tag="bound"):
    """A condition on an ordered criterion: this level or beyond."""

    at_least: str | None = None
    """Holds from this level upwards."""
    at_most: str | None = None
    """Holds up to this level."""


class Main(Record, frozen=True, tag="main"):
    """A condition on the main level of a criterion of which several levels can hold: the one named first."""

    main: str | tuple[str, ...]
    """Holds where the main level is this one, or one of these."""


Condition = str | tuple[str, ...] | Bound | Main
"""One level, one of several levels, a bound on an ordered criterion, or a condition on the main level."""


class Criterion(Record, frozen=True):
    """One question about a project, its levels and how to find out."""

    id: str
    """`group.name`, as written in profiles."""
    title: str
    """Name of the criterion in a few words."""
    question: str
    """The question as a person asks it."""
    help: str
    """How to find out, and what does and does not count."""
    levels: tuple[Level, ...]
    """The possible answers, lowest first unless the criterion is nominal."""
    nominal: bool = False
    """True where the levels have no order."""
    unit: str | None = None
    """Unit in which a number may be given instead of a level; null if only levels count."""
    minimum: float | None = None
    """Smallest number that makes sense, in the unit."""
    maximum: float | None = None
    """Largest number that makes sense, in the unit."""
    whole: bool = False
    """True where a number must be a whole one."""
    several: bool = False
    """True where more than one level can hold at once: an answer then names all that hold, the main one first."""
    asked_when: Mapping[str, Condition] = NOTHING
    """Conditions by criterion without which the questionnaire does not ask: no quality of pairs before there are any."""
    raises: tuple[Need, ...] = ()
    """Needs that a higher level never lowers. `rules check` proves it."""
    given: bool = False
    """True where the team cannot change the answer by deciding to (a law, a corpus, a market)."""

    @property
    def group(self) -> str:
        """Part of the id before the dot."""
        return self.id.partition(".")[0]

    @property
    def name(self) -> str:
        """Part of the id after the dot."""
        return self.id.partition(".")[2]

    @property
    def level_ids(self) -> tuple[str, ...]:
        """Names of the levels, in order."""
        return tuple(level.id for level in self.levels)

    def level(self, level_id: str) -> Level:
        """Return the level of that name; KeyError if there is none."""
        for level in self.levels:
            if level.id == level_id:
                return level
        raise KeyError(level_id)


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
    silent: tuple[Example, ...] = ()
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


class Confidence(StrEnum):
    """How far a price can be relied on."""

    HIGH = "high"
    """Read in the seller's own list, or in two that agree."""
    MEDIUM = "medium"
    """Read in one good list, or computed from measurements."""
    LOW = "low"
    """A third party's word, or an assumption of ours."""


class PriceValue(Record, frozen=True):
    """One number of a price row."""

    value: float
    """The best guess."""
    unit: str
    """Unit, exactly as the kind of row asks for it."""
    low: float | None = None
    """Smallest value that is believed possible; the value itself if left out."""
    high: float | None = None
    """Largest value that is believed possible; the value itself if left out."""
    as_of: str | None = None
    """Date for which it holds, YYYY-MM-DD, where it is not the row's."""
    source: str | None = None
    """Id of its source, where it is not the row's."""
    confidence: Confidence | None = None
    """How far it can be relied on, where that differs from the row."""


class PriceRow(Record, frozen=True):
    """What one thing costs or how fast it is: a model, a store, an accelerator, a stage, a default of ours."""

    id: str
    """Name by which profiles refer to it."""
    kind: str
    """What it is; says which values it has and in which units."""
    title: str
    """Name for readers."""
    as_of: str
    """Date for which the values hold, YYYY-MM-DD."""
    source: str
    """Id of the source, as listed in `sources/`."""
    confidence: Confidence
    """How far the values can be relied on."""
    values: Mapping[str, PriceValue]
    """The numbers by name."""
    available_until: str | None = None
    """Last day on which it can be used, YYYY-MM-DD; left out where no end is announced."""
    trainable_until: str | None = None
    """Last day on which a tuning job can be started, YYYY-MM-DD, where that is known."""
    note: str | None = None
    """What else a buyer should know."""


class AnswerCount(Record, frozen=True):
    """How often one answer to one criterion is given in the field sample."""

    levels: tuple[str, ...]
    """The answer: one level, or several of a criterion of which several can hold."""
    count: float
    """Number of projects; one that is between levels counts in parts."""


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
    recheck_days: int = 365
    """How many days a source stays fresh, unless a rule says otherwise."""
    disabled: Mapping[str, str] = NOTHING
    """Rules of the base set that a rule pack switched off, with the reason."""
    read_cases: Callable[[], tuple[Case, ...]] = tuple
    """Reads the casebook when it is first asked for."""
    read_language: Callable[[], object] = tuple
    """Reads the wordings by which design documents are understood (a `LanguageData`); nothing else needs them."""
    derived: Mapping[str, Criterion] = NOTHING
    """Criteria of the group `derived` by id: computed from quantities, never asked and never unanswered."""
    read_prices: Callable[[], tuple[PriceRow, ...]] = tuple
    """Reads the price data when it is first asked for."""
    answer_counts: Mapping[str, tuple[AnswerCount, ...]] = NOTHING
    """For each criterion how often the projects of the field sample give each answer; empty without such projects."""

    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"<Rulebook {self.name} {self.version} {self.digest[:19]}>"

    @cached_property
    def cases(self) -> tuple[Case, ...]:
        """The casebook."""
        return self.read_cases()

    @cached_property
    def prices(self) -> Mapping[str, PriceRow]:
        """The price data by id."""
        return {row.id: row for row in self.read_prices()}

    @cached_property
    def readable(self) -> Mapping[str, Criterion]:
        """Every criterion that a rule may read: those that are asked, then those that are derived."""
        return {**self.criteria, **self.derived}

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


# --- what is known about a project ------------------------------------------------------------------------------


class Evidence(Record, frozen=True):
    """The words in a document that support an answer, so that it can be seen when they change."""

    quote: str
    """The exact words; white space, line wrapping and Markdown emphasis do not count."""
    document: str | None = None
    """Path of the document as written, relative to the file that names it; None for a design document's own words."""
    line: int | None = None
    """Line on which the words stood, from 1."""
    place: Place | None = None
    """Where the evidence itself stands."""

    def __str__(self) -> str:
        """Return `document:line: "quote"`, leaving out what is not known."""
        where = ":".join(str(part) for part in (self.document, self.line) if part is not None)
        if self.document is None and where:
            where = f"line {where}"
        return f'{where}: "{self.quote}"' if where else f'"{self.quote}"'


class Answer(Record, frozen=True):
    """One answer as it was given, with where it comes from."""

    levels: tuple[str, ...]
    """The level, or the levels of which it is known to be one."""
    given: object
    """The value as it was written: a level, a number, a list or a range."""
    source: Provenance = Provenance.STATED
    """Through which door it came in."""
    evidence: str | Evidence | None = None
    """What supports it, if said: in words of the team's own, or as a quote."""
    as_of: str | None = None
    """The date for which it holds, YYYY-MM-DD, if said."""


class GivenQuantity(Record, frozen=True):
    """One entry under `quantities`, checked: a number with its bounds, or the names of rows of the price data."""

    low: float = 0.0
    """Smallest number that is believed possible, in the quantity's unit."""
    mid: float = 0.0
    """The number as given, or the middle of the range."""
    high: float = 0.0
    """Largest number that is believed possible."""
    stated: tuple[float, float] = (0.0, 0.0)
    """The ends as they were written: twice the same for a plain number, whatever margin is put around it."""
    names: tuple[str, ...] = ()
    """The names given, where the quantity is a choice."""
    source: Provenance = Provenance.STATED
    """Through which door it came in; a measured number has no margin."""
    evidence: str | Evidence | None = None
    """What supports it, if said: in words of the team's own, or as a quote."""
    place: Place | None = None
    """Where it stands."""


class Profile(Record, frozen=True):
    """What is known about a project. A criterion that is absent is unknown, which is never a no."""

    levels: Mapping[str, tuple[str, ...]]
    """For each answered criterion its level; several levels where the team is between them, or, for a criterion of
    which several can hold, all that hold, the main one first."""
    project: str | None = None
    """Title of the project."""
    description: str | None = None
    """What it is about."""
    notes: str | None = None
    """Anything else."""
    answers: Mapping[str, Answer] = NOTHING
    """The answers as given; empty where only the levels were read."""
    quantities: Mapping[str, GivenQuantity] = NOTHING
    """Numbers for the cost model by name, as far as they were given."""


# --- what is recommended ----------------------------------------------------------------------------------------


class Reason(Record, frozen=True):
    """One effect of one rule that fired."""

    rule: Rule
    need: Need
    effect: Direction
    strength: Strength
    weight: float
    """Always positive; `effect` has the sign."""
    answers: Mapping[str, tuple[str, ...]]
    """The answers that fired it."""


class GateHit(Record, frozen=True):
    """One gate of one rule that fired."""

    rule: Rule
    need: Need
    gate: GateKind
    answers: Mapping[str, tuple[str, ...]]
    """The answers that fired it."""


class RuleHit(Record, frozen=True):
    """A notice or technique that fired."""

    rule: Rule
    answers: Mapping[str, tuple[str, ...]]
    """The answers that fired it."""


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


class Lever(Record, frozen=True):
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


class Pillar(Record, frozen=True):
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
    given: tuple[str, ...] = ()
    """Criteria in that change that the team cannot change by deciding to."""


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
    """What would change the option; None until computed."""
    unknowns: tuple[OpenQuestion, ...] | None = None
    """Which open answers still matter, those worth most first; None until computed."""
    levers: tuple[Lever, ...] | None = None
    """Which answers carry the advice, those that move most first; None until computed."""
    pillars: tuple[Pillar, ...] | None = None
    """Rules without which the advice would be another; None until computed."""

    @property
    def firm(self) -> bool:
        """Whether the advice is settled, or its probability is at least `Scale.firm_from`."""
        return self.settled is True or self.probability[self.option] >= self.rulebook.scale.firm_from

    @property
    def too_little_known(self) -> bool:
        """Whether what is known does not make any option more likely than not."""
        return is_undecided(self.probability, default=self.default)


# --- what others did --------------------------------------------------------------------------------------------


class Sample(StrEnum):
    """How a published project came into the casebook."""

    FIELD = "field"
    """Drawn at random from a database of production systems: the mix that a user meets."""
    SELECTED = "selected"
    """Sought out because it compares or argues: no base rate."""


class Case(Record, frozen=True):
    """A published project or study: what was known beforehand, what won or was chosen, and where it is told."""

    id: str
    """Name of the case."""
    title: str
    """The project in a few words."""
    sample: Sample
    """How it came into the casebook."""
    kind: str
    """`paper` or `industry`."""
    group: str
    """Cases of one source or organisation share a group; they are never split between folds."""
    year: int | None
    """Year of publication."""
    citation: str
    """Who told it where."""
    address: str
    """Where it can be read."""
    setting: str
    """What the team could have said beforehand."""
    profile: Mapping[str, object]
    """Answers coded from the setting alone."""
    outcome: Option
    """The option that was measured best, or chosen and kept."""
    acceptable: tuple[Option, ...]
    """Options that do not contradict the source."""
    clear: bool
    """Whether the source leaves no reasonable doubt about the outcome."""
    evidence: str
    """`measured` (rivals compared), `argued` (a rival rejected with reasons) or `described`."""
    result: str
    """What was built or came out best, why, and what was measured of it."""
    notes: str | None = None
    """What else a reader should know."""
