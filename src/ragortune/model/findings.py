"""Problems of design documents: finding rules and their findings. Frozen records, no input or output.

`FindingRule` is a rule as written in `rules/findings`; `AuditFinding` is one problem that such a rule has found.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Annotated

import msgspec
from msgspec import Meta

from ragortune.model import Condition, Finding, Option, Recommendation, Rulebook
from ragortune.model.documents import DesignReading, Remark, SectionKind, Span, StatedFact
from ragortune.support.errors import Place
from ragortune.support.record import NOTHING, Record


class _Scale(StrEnum):
    """Ordered words, lowest first."""

    @property
    def rank(self) -> int:
        """Position in the order, from 0."""
        return tuple(type(self)).index(self)


class Severity(_Scale):
    """How much a finding matters."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


class Certainty(_Scale):
    """How often a finding of a rule is right."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Detector(StrEnum):
    """What a finding rule looks at."""

    ADVICE = "advice"
    """The decision against firm advice: settled, or as probable as `Scale.firm_from` asks."""
    UNSUPPORTED = "unsupported"
    """The decision against advice that is not firm."""
    OPEN_ANSWER = "open_answer"
    """Unanswered criteria that can still change the advice, unless a title with one of the `words` shows another subject."""
    CONTRADICTION = "contradiction"
    """Lines that give different answers to one question, or the document's own block against its prose."""
    ANSWERS = "answers"
    """The decision together with answers, as named under `decisions`, `when` and `unless`, unless the advice agrees with it."""
    ONE_NEED = "one_need"
    """`both`, if nothing that is stated speaks for one of the two needs."""
    ABSENCE = "absence"
    """A decision record in which no heading and no sentence speaks of something, as named under `words`, and whose
    answers under `asks` are unknown."""
    COST = "cost"
    """A comparison of cost in which technique and model change together."""
    EVIDENCE = "evidence"
    """A quote, in the document's own block or in a profile file, that the document it names no longer has."""
    BARE_SUPPRESSION = "bare_suppression"
    """A suppression without a reason, or one that cannot be read."""
    UNKNOWN_SUPPRESSION = "unknown_suppression"
    """A suppression of a rule that does not exist."""
    EXPIRED_SUPPRESSION = "expired_suppression"
    """A suppression whose last day has passed."""
    UNUSED_SUPPRESSION = "unused_suppression"
    """A suppression that nothing was found for."""

    @property
    def about_comments(self) -> bool:
        """Whether it looks at the comments that suppress findings, not at what the document says."""
        return self.value.endswith("_suppression")


class FindingExample(Record, frozen=True):
    """A small document on which a finding rule is tested, named by a sentence about a team or project."""

    name: str
    """The sentence."""
    decision: Option | None = None
    """What it decides; left out if it decides nothing."""
    profile: Mapping[str, object] = NOTHING
    """Answers that it states, flat."""
    document: str | None = None
    """The document itself, in Markdown, where headings and sentences matter; it is read as any other."""


class FindingTests(Record, frozen=True):
    """Tests on both sides of a finding rule."""

    fires: tuple[FindingExample, ...] = ()
    """Documents in which the rule must find something."""
    does_not_fire: tuple[FindingExample, ...] = ()
    """Documents in which it must not."""


class FindingRule(Record, frozen=True):
    """One thing that `check` looks for: how it is found, why it matters, and what to do about it."""

    id: str
    """Readable name in lower case with hyphens; stable."""
    code: str
    """Short stable code: RT and three digits."""
    title: str
    """What is wrong, in one line."""
    severity: Severity
    """How much it matters."""
    confidence: Certainty
    """How often a finding of this rule is right."""
    since: str
    """Version of the rule set that first had it; for a pin on an older one it only notes."""
    detector: Detector
    """What it looks at. Rules of a pack look at `answers`: the decision together with `when` and `unless`, where the advice
    does not agree with it; or at `absence`: no `words` and no `sections` in a decision record."""
    how: str
    """How it is found, for a reader who doubts it."""
    because: str
    """Why it matters."""
    remedy: str
    """What to do about it."""
    exceptions: tuple[str, ...]
    """When it misleads."""
    tests: FindingTests
    """Documents in which it finds something, and documents in which it does not."""
    sources: tuple[Finding, ...] = ()
    """The evidence; empty only for rules about the form of a document."""
    decisions: tuple[Option, ...] = ()
    """Decisions it applies to; empty for every one."""
    when: Mapping[str, Condition] = NOTHING
    """Answers that must be known to hold."""
    unless: Mapping[str, Condition] = NOTHING
    """It does not apply if any one of these is known to hold."""
    asks: tuple[str, ...] = ()
    """Criteria that must be unanswered."""
    words: tuple[str, ...] = ()
    """Words that show what a document speaks of, in lower case; `*` at the end matches any ending."""
    sections: tuple[SectionKind, ...] = ()
    """Kinds of section that show the same."""
    declared: bool = False
    """Whether it applies only if the team has declared its decision or facts: what is not found in prose may be there."""

    @property
    def criteria(self) -> tuple[str, ...]:
        """Every criterion that the rule reads."""
        return tuple(dict.fromkeys((*self.when, *self.unless, *self.asks)))


@lru_cache(maxsize=8)
def read_finding_rules(rulebook: Rulebook) -> Mapping[str, FindingRule]:
    """Return the finding rules of a rule set by id, in order of their codes."""
    rules = msgspec.msgpack.decode(rulebook.findings, type=tuple[FindingRule, ...])
    return {rule.id: rule for rule in rules}


# --- what was found -----------------------------------------------------------------------------------------------


class StepKind(StrEnum):
    """Kind of a step of an argument."""

    SENTENCE = "sentence"
    """What the document says it does."""
    FACT = "fact"
    """What it states."""
    RULE = "rule"
    """What follows."""
    EVIDENCE = "evidence"
    """Who found that."""
    FLIP = "flip"
    """What would make it stop."""
    MISSING = "missing"
    """What is not known."""


class Step(Record, frozen=True):
    """One step of the argument for a finding."""

    kind: StepKind
    text: str
    span: Span | None = None
    """Where the document says it."""
    address: str | None = None
    """Where it can be read, for evidence."""


class Suppression(Record, frozen=True):
    """A comment in the document that suppresses some rules, with a reason."""

    rules: tuple[str, ...]
    """Ids of the rules that it suppresses."""
    because: str
    """The reason."""
    until: str | None
    """Last day on which it holds, YYYY-MM-DD."""
    remark: Remark
    """The comment, with its place and the section that it holds for."""


class AuditFinding(Record, frozen=True):
    """One problem of one document."""

    rule: FindingRule
    severity: Severity
    """That of the rule, or less: if it rests on what was read from prose, or is newer than the pinned rule set."""
    confidence: Certainty
    message: str
    """What is wrong, about this document. May hold text of the document."""
    span: Span | None
    """Where; None for what is missing altogether, which is shown on the first line."""
    headings: tuple[str, ...] = ()
    """Headings above it, outermost first."""
    sentence: str = ""
    """The sentence that it is about, or what is missing: with rule and headings the key that outlives edits."""
    argument: tuple[Step, ...] = ()
    """Sentence, fact, rule, evidence, and what would flip it."""
    whole: bool = False
    """True if it is about the document as a whole, so that a comment anywhere in it can suppress it."""
    block: str = ""
    """A `ragortune` block, or lines to add to the one that is there, by which the document can answer it."""
    key: str = ""
    """Hash of rule, headings and sentence, by which a baseline knows it."""
    fingerprint: str = ""
    """The key with a number, which tells findings of one document apart."""
    suppressed_by: Suppression | None = None
    """The comment that suppresses it."""
    baselined: bool = False
    """True if the baseline knows it."""

    @property
    def active(self) -> bool:
        """Whether it counts: neither suppressed nor in the baseline."""
        return self.suppressed_by is None and not self.baselined

    @property
    def from_profile(self) -> bool:
        """Whether it is about a quote of a profile file, not about the document."""
        return self.span is None and self.rule.detector is Detector.EVIDENCE

    @property
    def rank(self) -> tuple[int, int, int]:
        """Place in a list with the most important first: by severity, then confidence, then line."""
        return -self.severity.rank, -self.confidence.rank, self.line

    @property
    def line(self) -> int:
        """Line to show it at, from 1."""
        return self.span.line if self.span else 1

    @property
    def column(self) -> int:
        """Column to show it at, from 1."""
        return self.span.column if self.span else 1


class DocumentAudit(Record, frozen=True):
    """One document with its reading, the advice on its stated facts, and its findings."""

    reading: DesignReading
    recommendation: Recommendation | None
    """The advice on the stated facts, without what could change it; None if there is nothing to judge."""
    findings: tuple[AuditFinding, ...]
    """In order of lines, suppressed and known ones included."""
    outside: tuple[str, ...] = ()
    """Criteria and quantities of a profile file."""
    conflicts: Mapping[str, tuple[StatedFact, ...]] = NOTHING
    """Statements that contradict each other, by criterion, if none of them wins."""

    @property
    def active(self) -> tuple[AuditFinding, ...]:
        """Findings that count."""
        return tuple(finding for finding in self.findings if finding.active)


class BaselineEntry(Record, frozen=True, forbid_unknown_fields=True):
    """Known findings with one key in one document."""

    path: str
    """The document, relative to the folder of the baseline, with `/`; `<profile>` for quotes of the profile file."""
    rule: str
    key: str
    sentence: str
    """Beginning of the sentence, for readers."""
    count: Annotated[int, Meta(ge=1)]


class RuleFinding(Record, frozen=True):
    """A problem of a rule set or a price file."""

    name: str
    """Name of the check."""
    message: str
    """What is wrong."""
    place: Place
    """Where."""
    hint: str | None = None
    """What to do about it."""


class CheckReport(Record, frozen=True):
    """A whole run of `check`, ready to be rendered."""

    audits: tuple[DocumentAudit, ...]
    """In the order in which the documents were read."""
    unreadable: tuple[tuple[str, int, str], ...]
    """Path, line and reason, with what to do, of each document that could not be read."""
    rules: tuple[FindingRule, ...]
    """Rules that were looked for, by code."""
    rulebook: Rulebook
    exit_code: int
    fails_on: Severity | None = None
    """Lowest severity that fails the run."""
    stale: tuple[BaselineEntry, ...] = ()
    """Entries of the baseline that are no longer found."""
    settings: str = ""
    """What a settings file leaves out or lowers, in a sentence; empty if it does neither."""
    settings_file: str = ""
    """Path of that file."""
    hidden: int = 0
    """Findings below the minimum confidence; they are not counted."""

    @property
    def findings(self) -> tuple[tuple[DocumentAudit, AuditFinding], ...]:
        """Every finding with its document."""
        return tuple((audit, finding) for audit in self.audits for finding in audit.findings)

    @property
    def active(self) -> tuple[tuple[DocumentAudit, AuditFinding], ...]:
        """Findings that count."""
        return tuple(pair for pair in self.findings if pair[1].active)

    @property
    def ranked(self) -> tuple[tuple[DocumentAudit, AuditFinding], ...]:
        """Findings that count, the most important first."""
        return tuple(sorted(self.active, key=lambda pair: pair[1].rank))

    @property
    def suppressed(self) -> tuple[tuple[DocumentAudit, AuditFinding, Suppression], ...]:
        """Findings that a comment suppresses, with the comment."""
        return tuple(
            (audit, finding, finding.suppressed_by)
            for audit, finding in self.findings
            if finding.suppressed_by is not None
        )
