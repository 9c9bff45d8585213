"""One document as the detectors see it: what was read, the advice on it, and where in it something is."""

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

_SET_ASIDE = frozenset(("draft", "rejected", "superseded", "deprecated", "archived", "withdrawn"))
"""Status words of documents that nobody follows, or that say of themselves that they are not done."""
_APART = "\0"
"""Keeps texts apart that are searched together: neither white space nor part of a word."""
_RECORD_HEADING = re.compile(
    r"[\d.\s]{0,12}(?:(?:the )?decision(?: outcome)?|considered options|options considered|(?:adr|rfc)\b.*)\W*",
    re.IGNORECASE,
)
"""A whole heading: one that only speaks of a decision may be in an index or a guide."""


class AuditCase(Record, frozen=True, dict=True):
    """One document as the detectors see it."""

    reading: DesignReading
    answers: StatedAnswers
    advice: Recommendation
    """The advice, without what could change it."""
    sources: QuoteSources = QuoteSources()

    @cached_property
    def outlook(self) -> Recommendation:
        """The advice with what could change it, looked for only where a finding depends on it."""
        return add_what_if(self.advice)

    @property
    def best_known(self) -> Recommendation:
        """The outlook where a finding has asked for it, the plain advice where none has."""
        known: Recommendation = vars(self).get("outlook", self.advice)
        return known

    @property
    def decision(self) -> StatedDecision:
        """What the document decides; every document that is judged decides something."""
        assert self.reading.decision is not None
        return self.reading.decision

    @cached_property
    def firm(self) -> bool:
        """Whether the advice can be held against a decision."""
        advice, levels = self.advice, self.answers.profile.levels
        return not advice.default and is_firm(advice.rulebook, levels, advice.probability[advice.option])

    @property
    def decided_at(self) -> Span | None:
        """The line on which the decision is read."""
        return self.decision.cited[0].span if self.decision.cited else None

    @property
    def decides_plainly(self) -> bool:
        """Whether the document says in so many words what is decided, and is neither a draft nor set aside."""
        return self.decision.how == "explicit" and self.reading.accepted not in _SET_ASIDE

    @cached_property
    def is_record(self) -> bool:
        """Whether the document records one decision that holds or is proposed (an ADR, RFC or the like).

        It says what is decided in so many words, and a heading says that it records it; a journal has such headings over
        and over.
        """
        if not self.decides_plainly:
            return False
        headings = (heading.text for heading in list_headings(self.reading))
        named = [heading for heading in headings if _RECORD_HEADING.fullmatch(heading)]
        return 0 < len(named) == len({*named})

    @property
    def only_guessed(self) -> bool:
        """Whether nothing is declared, and the decision is not written as a choice or phrases found the facts.

        Of the contradictions that phrases found by themselves in a thousand public documents one in five was there, so
        that nothing is held against such a decision.
        """
        stated = self.answers.facts.values()
        return not self.has_declared and (
            self.decision.how != "explicit" or any(fact.phrase for facts in stated for fact in facts)
        )

    @property
    def has_declared(self) -> bool:
        """Whether the team has stated the decision or facts as such, in a block or a profile, not in prose alone."""
        return self.decision.declared or set(self.answers.profile.levels) > set(self.answers.read)

    def find(  # noqa: PLR0913  (what a finding consists of)
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
        """Return a finding at a place; the message goes on behind the title of the rule.

        `subject` says what it is about where its sentence does not, nor the decision where there is none, as in a block;
        `severity` how much it matters where that is less than the rule says, `whole` whether it is about the whole
        document. `sentence` is the one around the place; it is looked for where it is not given.
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

    def speaks_against(self, decided: Option) -> bool:
        """Return whether what is known makes another option more likely than not."""
        advice = self.advice
        return advice.option is not decided and not advice.default and not advice.too_little_known

    def speaks_of(self, rule: FindingRule) -> bool:
        """Return whether there is a section of the kinds that a rule names, or a sentence with one of its words."""
        if not self._kinds.isdisjoint(rule.sections):
            return True
        present = tuple(word for word in rule.words if word.rstrip("*").split()[0].casefold() in self._text)
        return bool(present) and compile_words(present).search(self._text) is not None

    @cached_property
    def told(self) -> frozenset[str]:
        """The criteria on which anything is known, be it only inferred."""
        return frozenset((*self.answers.profile.levels, *(fact.criterion for fact in self.reading.facts)))

    @cached_property
    def texts(self) -> frozenset[str]:
        """The text of every sentence once."""
        return frozenset(map(attrgetter("text"), self.reading.sentences))

    @cached_property
    def _kinds(self) -> frozenset[SectionKind]:
        return frozenset(map(attrgetter("kind"), self.reading.sentences))

    @cached_property
    def _text(self) -> str:
        """Every sentence and every label once, casefolded."""
        return _APART.join(self.texts.union(map(attrgetter("label"), self.reading.sentences))).casefold()


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


# --- places -------------------------------------------------------------------------------------------------------


def list_headings(reading: DesignReading) -> Iterator[Sentence]:
    """Yield the headings of a document."""
    return (sentence for sentence in reading.sentences if sentence.block is Block.HEADING)


def find_sentence(reading: DesignReading, span: Span | None) -> Sentence | None:
    """Return the sentence around a place, or else the first one on its line, or None."""
    if span is None:
        return None
    sentences, line = reading.sentences, span.line
    last = bisect_right(sentences, (line, span.column), key=_begin_of) - 1
    first = bisect_left(sentences, line, key=lambda sentence: sentence.last.line)
    near = sentences[last] if last >= 0 else None
    if near and any(
        piece.line == line and piece.column <= span.column < piece.column + max(1, piece.length)
        for piece in near.pieces
    ):
        return near
    near = sentences[first] if first < len(sentences) else None
    return near if near and any(piece.line == line for piece in near.pieces) else None


def _begin_of(sentence: Sentence) -> tuple[int, int]:
    first = sentence.first
    return first.line, first.column


def span_of(reading: DesignReading, sentences: Iterable[Sentence]) -> Span | None:
    """Return the first line of the first of these sentences that has a place, or None."""
    for sentence in sentences:
        if pieces := sentence.pieces:
            line, column = pieces[0].line, pieces[0].column
            end = max(piece.column + piece.length for piece in pieces if piece.line == line)
            quote = reading.lines[line - 1][column - 1 : end - 1] if line <= len(reading.lines) else ""
            return Span(line, column, quote) if quote else None
    return None
