"""Where in a document a finding stands: the sentence around a place, and the key that outlives edits."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from ragortune.model.documents import Block, DesignReading, Sentence, Span
from ragortune.model.findings import AuditFinding

_NOT_WORDS = re.compile(r"[\W_]+")
_LONGEST_KEY = 400


def find_sentence(reading: DesignReading, span: Span | None) -> Sentence | None:
    """Return the sentence that a place lies in, or None."""
    if span is None:
        return None
    near = None
    for sentence in reading.sentences:
        for piece in sentence.pieces:
            if piece.line != span.line:
                continue
            if piece.column <= span.column < piece.column + max(1, piece.length):
                return sentence
            near = near or sentence
    return near


def find_title(reading: DesignReading) -> Span | None:
    """Return the first heading of a document; findings about the whole are shown there."""
    for sentence in reading.sentences:
        if sentence.block is Block.HEADING and sentence.pieces:
            return span_of(reading, sentence)
    return None


def span_of(reading: DesignReading, sentence: Sentence) -> Span | None:
    """Return the first line of a sentence as a place, or None where it has none."""
    if not sentence.pieces:
        return None
    first = sentence.pieces[0]
    on_line = [piece for piece in sentence.pieces if piece.line == first.line]
    end = max(piece.column + piece.length for piece in on_line)
    if not 0 < first.line <= len(reading.lines):
        return None
    quote = reading.lines[first.line - 1][first.column - 1 : end - 1]
    return Span(first.line, first.column, quote) if quote else None


def normalise_text(text: str) -> str:
    """Return text as keys hold it: words alone, in lower case."""
    return _NOT_WORDS.sub(" ", text).strip().casefold()[:_LONGEST_KEY]


def key_of(finding: AuditFinding) -> str:
    """Return the key of a finding: rule, headings and sentence, so that it outlives edits elsewhere."""
    parts = (finding.rule.id, *map(normalise_text, finding.headings), "", normalise_text(finding.sentence))
    return hashlib.sha256("\0".join(parts).encode("utf-8", "backslashreplace")).hexdigest()[:32]


def number_keys(findings: Iterable[AuditFinding]) -> list[str]:
    """Return a key for each finding, the second and later ones of the same key numbered."""
    counts: dict[str, int] = {}
    numbered = []
    for finding in findings:
        key = key_of(finding)
        counts[key] = counts.get(key, 0) + 1
        numbered.append(f"{key}:{counts[key]}")
    return numbered
