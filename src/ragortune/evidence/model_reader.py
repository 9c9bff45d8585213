"""A design document read by a language model: asked part by part, verified, corrected once, and put together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from ragortune.evidence.backends import Backend, Reply
from ragortune.evidence.prompt import write_correction, write_prompts
from ragortune.evidence.quotes import QuoteFinder
from ragortune.evidence.verification import Verified, Verifier
from ragortune.model import Criterion
from ragortune.model.documents import (
    Cited,
    DesignReading,
    DocumentStatus,
    StatedDecision,
    StatedFact,
)

_HOW = ("explicit", "assumed", "implied")
_LONGEST_ECHO = 20_000
"""Characters of a former answer that are shown again."""


class Bill(msgspec.Struct, frozen=True):
    """What reading a document took."""

    parts: int
    asked: int = 0
    """Answers that were asked for anew."""
    kept: int = 0
    """Answers from earlier runs."""
    input_tokens: int = 0
    output_tokens: int = 0
    dollars: float | None = None
    """None where the cost of some answer is not known."""


class ModelReading(msgspec.Struct, frozen=True):
    """What a language model found in a document, as far as it holds."""

    status: DocumentStatus
    decision: StatedDecision | None
    facts: tuple[StatedFact, ...]
    dropped: Mapping[str, int]
    """How many entries of the answers were left out, by reason."""
    bill: Bill
    failed: int = 0
    """Parts for which no answer could be read."""


def read_by_model(lines: Sequence[str], criteria: Mapping[str, Criterion], backend: Backend) -> ModelReading:
    """Return what a model reads in the physical lines of a document; raises UsageError where it does not answer."""
    verifier = Verifier(QuoteFinder(lines), criteria)
    prompts = write_prompts(lines, criteria.values())
    replies: list[Reply] = []
    read = [_read_part(prompt, verifier, backend, replies) for prompt in prompts]
    dropped: Counter[str] = Counter()
    for part in read:
        dropped.update(part.dropped)
    decision = _choose_decision([part.decision for part in read if part.decision is not None])
    facts = sorted(
        dict.fromkeys(fact for part in read for fact in part.facts),
        key=lambda fact: (fact.span.line, fact.span.column, fact.criterion) if fact.span else (0, 0, ""),
    )
    return ModelReading(
        status=_choose_status([part.status for part in read if part.status is not None]),
        decision=decision,
        facts=tuple(_drop_repeated(facts)),
        dropped=dropped,
        bill=_add_up(replies, len(prompts)),
        failed=sum(part.status is None for part in read),
    )


def replace_prose(reading: DesignReading, read: ModelReading) -> DesignReading:
    """Return a document's reading with what a model found in place of what was read from its prose.

    What stands in the document's own block stays, and wins.
    """
    declared = reading.decision if reading.decision is not None and reading.decision.declared else None
    return msgspec.structs.replace(
        reading,
        status=DocumentStatus.JUDGED if declared else read.status,
        decision=declared or read.decision,
        prose_decision=read.decision if declared else None,
        facts=(*(fact for fact in reading.facts if fact.declared), *read.facts),
    )


def _read_part(prompt: str, verifier: Verifier, backend: Backend, replies: list[Reply]) -> Verified:
    """Return what holds of the answer to one prompt, after one chance to correct it."""
    first = _ask(prompt, verifier, backend, replies)
    if not first.problems:
        return first
    correction = write_correction(prompt, replies[-1].text[:_LONGEST_ECHO], first.problems)
    second = _ask(correction, verifier, backend, replies)
    if first.status is None or second.status is None:
        return second if first.status is None else first
    return msgspec.structs.replace(
        first,
        status=_choose_status([first.status, second.status]),
        decision=first.decision or second.decision,
        facts=(*first.facts, *second.facts),
    )


def _ask(prompt: str, verifier: Verifier, backend: Backend, replies: list[Reply]) -> Verified:
    reply = backend.ask(prompt)
    replies.append(reply)
    read = verifier.verify(reply.text)
    if read.status is not None:
        backend.keep(prompt, reply)
    return read


def _choose_status(statuses: Sequence[DocumentStatus]) -> DocumentStatus:
    """Return the status of a whole document: what one part shows, the others need not."""
    for status in (DocumentStatus.JUDGED, DocumentStatus.NO_DECISION):
        if status in statuses:
            return status
    return DocumentStatus.NOTHING_TO_JUDGE if statuses else DocumentStatus.NO_DECISION


def _choose_decision(found: Sequence[StatedDecision]) -> StatedDecision | None:
    """Return the plainest of the decisions that parts state, with what all parts cite for the same option."""
    if not found:
        return None
    best = min(found, key=lambda decision: _HOW.index(decision.how))
    cited: dict[Cited, None] = {}
    for decision in found:
        if decision.option is best.option:
            cited.update(dict.fromkeys(decision.evidence))
    return StatedDecision(best.option, best.how, tuple(cited))


def _drop_repeated(facts: Sequence[StatedFact]) -> list[StatedFact]:
    """Return facts with one of those that say the same on the same line, as overlapping parts report them."""
    seen: dict[tuple[str, str, int], StatedFact] = {}
    for fact in facts:
        line = fact.span.line if fact.span else 0
        seen.setdefault((fact.criterion, repr(fact.value), line), fact)
    return list(seen.values())


def _add_up(replies: Sequence[Reply], parts: int) -> Bill:
    asked = [reply for reply in replies if not reply.cached]
    costs = [reply.dollars for reply in asked]
    return Bill(
        parts,
        len(asked),
        len(replies) - len(asked),
        sum(reply.input_tokens for reply in asked),
        sum(reply.output_tokens for reply in asked),
        sum(cost for cost in costs if cost is not None) if asked and None not in costs else None,
    )
