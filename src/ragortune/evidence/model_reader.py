"""A design document read by a language model: asked part by part, verified, corrected once, and put together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from ragortune.evidence.backends import AnswerCache, Backend, Reply
from ragortune.evidence.prompt import fill_template, write_prompts
from ragortune.evidence.quotes import QuoteFinder
from ragortune.evidence.verification import HOW, Verified, Verifier
from ragortune.model import Criterion
from ragortune.model.documents import Cited, DocumentStatus, StatedDecision, StatedFact

_LONGEST_ECHO = 20_000
"""Characters of a former answer that are shown again."""


class ModelReading(msgspec.Struct, frozen=True):
    """What a language model found in a document, as far as it holds, and what that took."""

    status: DocumentStatus
    decision: StatedDecision | None
    facts: tuple[StatedFact, ...]
    dropped: Mapping[str, int]
    """How many entries of the answers were left out, by reason."""
    parts: int
    """In how many parts the document was read."""
    failed: int
    """Parts for which no answer could be read."""
    replies: tuple[Reply, ...]


def read_by_model(
    lines: Sequence[str], criteria: Mapping[str, Criterion], backend: Backend, cache: AnswerCache
) -> ModelReading:
    """Return what a model reads in the physical lines of a document; raises UsageError where it does not answer."""
    verifier = Verifier(QuoteFinder(lines), criteria)
    replies: list[Reply] = []

    def ask(prompt: str) -> Verified:
        reply = cache.find(prompt) or backend.ask(prompt)
        replies.append(reply)
        read = verifier.verify(reply.text)
        if read.status is not None:
            cache.keep(prompt, reply)
        return read

    def read_part(prompt: str) -> Verified:
        """Return what holds of the answer to one prompt, after one chance to correct it."""
        first = ask(prompt)
        if not first.problems:
            return first
        problems = "\n".join(f"- {problem}" for problem in first.problems)
        echo = replies[-1].text[:_LONGEST_ECHO]
        second = ask(fill_template("correction.md", prompt=prompt, answer=echo, problems=problems))
        if first.status is None or second.status is None:
            return second if first.status is None else first
        return msgspec.structs.replace(
            first,
            status=_choose_status([first, second]),
            decision=first.decision or second.decision,
            facts=(*first.facts, *second.facts),
        )

    read = [read_part(prompt) for prompt in write_prompts(lines, criteria.values())]
    # Parts overlap, so that what two of them report on one line is one fact.
    facts: dict[tuple[str, str, int], StatedFact] = {}
    for fact in sorted((fact for part in read for fact in part.facts), key=_order_of):
        facts.setdefault((fact.criterion, repr(fact.value), fact.place[0]), fact)
    return ModelReading(
        status=_choose_status(read),
        decision=_choose_decision([part.decision for part in read if part.decision is not None]),
        facts=tuple(facts.values()),
        dropped=sum((Counter(part.dropped) for part in read), Counter[str]()),
        parts=len(read),
        failed=sum(part.status is None for part in read),
        replies=tuple(replies),
    )


def _order_of(fact: StatedFact) -> tuple[tuple[int, int], str]:
    return fact.place, fact.criterion


def _choose_status(parts: Sequence[Verified]) -> DocumentStatus:
    """Return the status of a whole document: what one part shows, the others need not."""
    statuses = [part.status for part in parts if part.status is not None]
    for status in (DocumentStatus.JUDGED, DocumentStatus.NO_DECISION):
        if status in statuses:
            return status
    return DocumentStatus.NOTHING_TO_JUDGE if statuses else DocumentStatus.NO_DECISION


def _choose_decision(found: Sequence[StatedDecision]) -> StatedDecision | None:
    """Return the plainest of the decisions that parts state, with what all parts cite for the same option."""
    if not found:
        return None
    best = min(found, key=lambda decision: HOW.index(decision.how))
    cited: dict[Cited, None] = {}
    for decision in found:
        if decision.option is best.option:
            cited.update(dict.fromkeys(decision.evidence))
    return StatedDecision(best.option, best.how, tuple(cited))
