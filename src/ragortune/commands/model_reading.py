"""Design documents read by a language model, with tokens and cost noted on stderr."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ragortune.evidence.backends import AnswerCache, Reply, open_backend
from ragortune.evidence.documents.reader import read_design
from ragortune.evidence.model_reader import join_parts, read_by_model
from ragortune.evidence.verification import ModelReading
from ragortune.model import Rulebook
from ragortune.model.documents import DesignReading, DocumentStatus
from ragortune.ruleset.load import trusted_folder
from ragortune.support.environment import Environment
from ragortune.support.text import count_words


def open_model(
    rulebook: Rulebook, model: str, environment: Environment, *, cache: bool
) -> Callable[[str, str], DesignReading]:
    """Return a reader that takes the text of a document and its shown name, and lets a model read the prose.

    Raises UsageError if the model cannot be used; the reader raises RagortuneError if the document cannot be read.
    """
    backend = open_backend(model, environment.folder)
    answers = AnswerCache(model, trusted_folder() if cache else None)

    def read(text: str, shown: str) -> DesignReading:
        """Let the model read the prose; the document's own block takes precedence."""
        reading = read_design(text, shown, rulebook, prose=False)
        parts, replies = read_by_model(reading.lines, rulebook.criteria, backend, answers)
        found = join_parts(parts)
        for line in _describe_reading(found, parts, replies, f"{shown} was read by {model}"):
            environment.note(line)
        return reading.replace(
            status=DocumentStatus.JUDGED if reading.decision else found.status or reading.status,
            decision=reading.decision or found.decision,
            prose_decision=found.decision if reading.decision else None,
            facts=(*reading.facts, *found.facts),
        )

    return read


def _describe_reading(
    found: ModelReading, parts: Sequence[ModelReading], replies: Sequence[Reply], what: str
) -> Iterator[str]:
    """Yield notes on what was read in a document, and its tokens and cost."""
    asked = [reply for reply in replies if not reply.cached]
    took = [count_words(len(parts), "part")]
    if len(asked) < len(replies):
        took.append(f"{count_words(len(replies) - len(asked), 'answer')} from the cache")
    tokens = sum(reply.input_tokens for reply in asked), sum(reply.output_tokens for reply in asked)
    if any(tokens):
        took.append(f"{tokens[0]:,} tokens in and {tokens[1]:,} out")
    costs = [reply.dollars for reply in asked if reply.dollars is not None]
    if asked and len(costs) == len(asked):
        took.append(f"${sum(costs):.4f}")
    yield f"note: {what} in {', '.join(took)}: {count_words(len(found.facts), 'fact')} kept"
    if found.dropped:
        dropped = ", ".join(f"{number} {reason}" for reason, number in sorted(found.dropped.items()))
        yield f"note: left out: {dropped}"
    failed = sum(part.status is None for part in parts)
    if failed:
        yield f"warning: no answer on {failed} of {len(parts)} parts could be read"
