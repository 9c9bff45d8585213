"""Input of the detectors for one document: its reading and the advice, with look-up of headings, sentences and spans."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from operator import attrgetter

from ragortune.check.answers import StatedAnswers
from ragortune.check.evidence import QuoteSources
from ragortune.engine import add_what_if, is_firm
from ragortune.model import Option, Recommendation
from ragortune.model.documents import Block, DesignReading, SectionKind, Sentence, Span, StatedDecision
from ragortune.model.findings import AuditFinding, FindingRule, Severity, Step
from ragortune.support.record import Record

_NOT_IN_FORCE = frozenset(("draft", "rejected", "superseded", "deprecated", "archived", "withdrawn"))
"""Status words of documents that are unfinished or no longer in force."""
_SEPARATOR = "\0"
"""Separator of texts that are searched together: neither white space nor part of a word."""
_RECORD_HEADING = re.compile(
    r"[\d.\s]{0,12}(?:(?:the )?decision(?: outcome)?|considered options|options considered|(?:adr|rfc)\b.*)\W*",
    re.IGNORECASE,
)
"""Matches a whole heading: one that merely mentions a decision may belong to an index or a guide."""


class AuditCase(Record, frozen=True, dict=True):
    """Input of the detectors for one document."""

    reading: DesignReading
    answers: StatedAnswers
    advice: Recommendation
    """The advice, without its outlook."""
    sources: QuoteSources = QuoteSources()

    @cached_property
    def outlook(self) -> Recommendation:
        """The advice with what could change it; computed on first use, because it is slow."""
        return add_what_if(self.advice)

    @property
    def current_advice(self) -> Recommendation:
        """The outlook if it has been computed, otherwise the advice without it."""
        current: Recommendation = vars(self).get("outlook", self.advice)
        return current

    @property
    def decision(self) -> StatedDecision:
        """The decision of the document. Use only for documents that have one."""
        assert self.reading.decision is not None
        return self.reading.decision

    @cached_property
    def firm(self) -> bool:
        """Whether the advice is firm enough to contradict a decision."""
        advice, levels = self.advice, self.answers.profile.levels
        return not advice.default and is_firm(advice.rulebook, levels, advice.probability[advice.option])

    @property
    def decision_span(self) -> Span | None:
        """The first line from which the decision was read, if any is cited."""
        return self.decision.cited[0].span if self.decision.cited else None

    @property
    def decides_explicitly(self) -> bool:
        """Whether the decision is explicit, and the document neither unfinished nor out of force."""
        return self.decision.how == "explicit" and self.reading.accepted not in _NOT_IN_FORCE

    @cached_property
    def is_record(self) -> bool:
        """Whether the document records one decision that is accepted or proposed (an ADR, RFC or the like).

        The decision must be explicit, and under a heading of such records that does not repeat, as it does in a journal.
        """
        if not self.decides_explicitly:
            return False
        headings = (heading.text for heading in list_headings(self.reading))
        named = [heading for heading in headings if _RECORD_HEADING.fullmatch(heading)]
        return 0 < len(named) == len({*named})

    @property
    def rests_on_inference(self) -> bool:
        """Whether nothing is declared, and the decision is not explicit or some fact was found by a phrase.

        In a thousand public documents only one in five contradictions that rest on phrases alone was real, so such
        decisions are not reported as wrong.
        """
        stated = self.answers.facts.values()
        return not self.has_declared and (
            self.decision.how != "explicit" or any(fact.phrase for facts in stated for fact in facts)
        )

    @property
    def has_declared(self) -> bool:
        """Whether the team has declared the decision or facts in a block or a profile, not in prose alone."""
        return self.decision.declared or set(self.answers.profile.levels) > set(self.answers.read)

    def report(  # noqa: PLR0913  (the parts of a finding)
        self,
        rule: FindingRule,
        message: str,
        argument: Iterable[Step],
        span: Span | None,
        *,
        subject: str = "",
        severity: Severity | None = None,
        whole: bool = False,
        sentence: Sentence | None = None,
    ) -> AuditFinding:
        """Return a finding at a span; the message is appended to the title of the rule.

        `subject` identifies the finding in its key; the default is the sentence, or the decision outside of sentences.
        `severity` replaces that of the rule, `whole` marks a finding on the document as a whole. `sentence` is the one
        that contains the span, and is looked up if it is not given.
        """
        sentence = sentence or find_sentence(self.reading, span)
        decided = self.reading.decision and str(self.reading.decision.option)
        return AuditFinding(
            rule,
            severity or rule.severity,
            rule.confidence,
            f"{rule.title}{message}",
            span,
            sentence.headings if sentence else (),
            subject or (sentence.text if sentence else decided or ""),
            tuple(argument),
            whole,
        )

    def advises_against(self, decided: Option) -> bool:
        """Return whether the advice is another option, and rests on known facts."""
        advice = self.advice
        return advice.option is not decided and not advice.default and not advice.too_little_known

    def mentions(self, rule: FindingRule) -> bool:
        """Return whether the document has a section of a kind that a rule names, or a sentence with one of its words."""
        if not self._kinds.isdisjoint(rule.sections):
            return True
        return compile_words(rule.words).search(self._text) is not None

    @cached_property
    def covered(self) -> frozenset[str]:
        """The criteria with an answer or a fact, even one that is only inferred."""
        return frozenset((*self.answers.profile.levels, *(fact.criterion for fact in self.reading.facts)))

    @cached_property
    def _kinds(self) -> frozenset[SectionKind]:
        return frozenset(map(attrgetter("kind"), self.reading.sentences))

    @cached_property
    def _text(self) -> str:
        """The distinct texts and labels of the sentences, casefolded."""
        texts = {text for one in self.reading.sentences for text in (one.text, one.label)}
        return _SEPARATOR.join(texts).casefold()


# --- words --------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def compile_words(words: tuple[str, ...]) -> re.Pattern[str]:
    """Return a pattern for whole words of a casefolded text; `*` at the end matches any ending."""
    parts = [
        re.escape(word.casefold().rstrip("*")).replace("\\ ", r"[\s-]")
        + ("" if word.endswith("*") else r"(?!\w)")
        for word in words
    ]
    return re.compile(rf"(?<!\w)(?:{'|'.join(parts)})" if parts else r"(?!)")


# --- spans --------------------------------------------------------------------------------------------------------


def list_headings(reading: DesignReading) -> Iterator[Sentence]:
    """Yield the headings of a document."""
    return (sentence for sentence in reading.sentences if sentence.block is Block.HEADING)


def find_sentence(reading: DesignReading, span: Span | None) -> Sentence | None:
    """Return the sentence that contains the start of a span, or else the first one on its line, or None."""
    if span is None:
        return None
    sentences, line = reading.sentences, span.line
    last = bisect_right(sentences, (line, span.column), key=attrgetter("first.line", "first.column")) - 1
    first = bisect_left(sentences, line, key=lambda sentence: sentence.last.line)
    near = sentences[last] if last >= 0 else None
    if near and any(
        piece.line == line and piece.column <= span.column < piece.column + max(1, piece.length)
        for piece in near.pieces
    ):
        return near
    near = sentences[first] if first < len(sentences) else None
    return near if near and any(piece.line == line for piece in near.pieces) else None
