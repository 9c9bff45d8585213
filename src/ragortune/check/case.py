"""One document as the detectors see it, and what they find in it."""

from __future__ import annotations

from ragortune.check.answers import StatedAnswers
from ragortune.check.evidence import QuoteSources
from ragortune.model import Recommendation
from ragortune.model.documents import DesignReading, DocumentStatus, Span, StatedDecision
from ragortune.model.findings import Step
from ragortune.support.record import Record


class AuditCase(Record, frozen=True):
    """One document as the detectors see it."""

    reading: DesignReading
    answers: StatedAnswers
    advice: Recommendation
    sources: QuoteSources = QuoteSources()

    @property
    def decision(self) -> StatedDecision | None:
        """What the document decides, where there is something to judge."""
        return self.reading.decision if self.reading.status is DocumentStatus.JUDGED else None

    @property
    def firm(self) -> bool:
        """Whether the advice can be held against a decision."""
        return self.advice.firm and not self.advice.default

    @property
    def decided_at(self) -> Span | None:
        """The line on which the decision is read."""
        if self.decision is None:
            return None
        cited = sorted(self.decision.evidence, key=lambda part: part.role != "for")
        return cited[0].span if cited else None


class Hit(Record, frozen=True):
    """What a detector found, before it becomes a finding."""

    message: str
    span: Span | None
    argument: tuple[Step, ...] = ()
    subject: str = ""
    """What it is about, where no sentence carries the finding."""
    whole: bool = False
    """Whether it is about the document as a whole."""
    doubts: int = 0
    """By how many steps it is less grave than its rule says, because of what it rests on."""
    block: str = ""
    """A `ragortune` block by which the document can answer it."""
