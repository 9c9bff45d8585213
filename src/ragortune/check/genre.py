"""What kind of document it is, as far as findings depend on it: a record of a decision, on what, and whether it holds."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from ragortune.check.wording import WordFinder
from ragortune.model.documents import Block, DesignReading, Sentence
from ragortune.model.findings import FindingRule

_RECORD_WORDS = WordFinder(
    ("decision", "decision outcome", "decision record", "considered options", "options considered", "adr")
)
_SET_ASIDE = frozenset(("draft", "rejected", "superseded", "deprecated", "archived", "withdrawn"))
"""Status words of documents that nobody follows, or that say of themselves that they are not done."""


def is_decision_record(reading: DesignReading) -> bool:
    """Return whether a document records a decision that holds or is proposed (an ADR, RFC or the like).

    It says so by its status or by a heading, and it says what is decided in so many words.
    """
    if not decides_plainly(reading):
        return False
    if reading.accepted is not None:
        return True
    return any(_RECORD_WORDS.finds(heading.text) for heading in _headings(reading))


def decides_plainly(reading: DesignReading) -> bool:
    """Return whether a document says in so many words what is decided, and is neither a draft nor set aside."""
    decision = reading.decision
    return decision is not None and decision.how == "explicit" and reading.accepted not in _SET_ASIDE


def is_titled(reading: DesignReading, rule: FindingRule) -> bool:
    """Return whether the title, or else the first heading, has one of the words of a rule."""
    first = next(_headings(reading), None)
    title = reading.title or (first.text if first else "")
    return _find_words(rule.words).finds(title)


def speaks_of(reading: DesignReading, rule: FindingRule) -> bool:
    """Return whether a document has a section of the kinds that a rule names, or a sentence with one of its words."""
    finder = _find_words(rule.words)
    for sentence in reading.sentences:
        if sentence.kind in rule.sections:
            return True
        if finder.finds(sentence.text) or (sentence.label and finder.finds(sentence.label)):
            return True
    return False


def _headings(reading: DesignReading) -> Iterator[Sentence]:
    return (sentence for sentence in reading.sentences if sentence.block is Block.HEADING)


@lru_cache(maxsize=64)
def _find_words(words: tuple[str, ...]) -> WordFinder:
    return WordFinder(words)
