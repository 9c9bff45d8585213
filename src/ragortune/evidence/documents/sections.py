"""What the names of sections, labels and columns say about the text below or beside them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache

from ragortune.evidence.documents.language import Language, Place, SectionName
from ragortune.evidence.documents.tokens import cut_text
from ragortune.model.documents import Line, Remark, SectionKind, Span

ASIDE = frozenset(
    (
        SectionKind.REJECTED,
        SectionKind.NON_GOAL,
        SectionKind.FUTURE,
        SectionKind.OTHER_SYSTEM,
        SectionKind.EXAMPLE,
    )
)
"""Kinds that hold for everything below, whatever it is called, until a heading leads out."""
DECIDING = frozenset((SectionKind.DECISION, SectionKind.CURRENT))
"""Kinds that decide, or that say what is in use today."""
_LEADING_OUT = ASIDE | DECIDING
_LONGEST_NAME = 160
BOLD_LEVEL = 7
"""A paragraph that is one bold phrase acts as a heading below all real ones."""
_MAX_REMEMBERED = 1_000


def inherit_kind(own: SectionKind | None, above: SectionKind | None) -> SectionKind:
    """Return the kind of a section from what its name says and the kind of the section around it."""
    if above in ASIDE and own not in _LEADING_OUT:
        return above
    return own or above or SectionKind.CONTEXT


class SectionNames:
    """The names of sections of a rule set, looked up once for each text."""

    def __init__(self, language: Language) -> None:
        """Take the language whose names count."""
        self._language = language
        self._find = lru_cache(_MAX_REMEMBERED)(self._look_up)

    def kind_of(self, text: str, place: Place) -> SectionKind | None:
        """Return what a name means at a place, None where it means nothing there."""
        found = self._find(text) if len(text) <= _LONGEST_NAME else ()
        return next((name.kind for name in found if place in name.at), None)

    def _look_up(self, text: str) -> list[SectionName]:
        words = _strip_numbers(cut_text(text).words)
        tried = [words]
        if "(" in words[1:]:
            bracket = len(words) - 1 - words[::-1].index("(")
            tried += [words[bracket + 1 :], words[:bracket]]
        return [name for part in tried for name in self._language.name_of(_strip_end(part))]


def measure_sections(
    remarks: Sequence[tuple[Span, str, tuple[str, ...]]], headings: Sequence[tuple[Line, int]], last_line: int
) -> Iterator[Remark]:
    """Yield remarks with the places between which the section of each is.

    Places rather than lines, because a document with carriage returns alone is a single line.
    """
    if not remarks:
        return
    end = (last_line + 1, 1)
    begins = [(line.number, line.column) for line, _ in headings]
    ends = [end] * len(headings)
    waiting: list[int] = []
    for at, (_, level) in enumerate(headings):
        while waiting and headings[waiting[-1]][1] >= level:
            ends[waiting.pop()] = begins[at]
        waiting.append(at)
    for span, text, above in remarks:
        at = bisect_right(begins, (span.line, span.column)) - 1
        first, last = (begins[at], ends[at]) if at >= 0 else ((1, 1), end)
        yield Remark(span, text, above, first, last)


def _strip_numbers(words: Sequence[str]) -> Sequence[str]:
    """Return words without the number in front, such as `3.` or `A)`."""
    at = 0
    while at < len(words) and (
        words[at] in ("<count>", ".", ")", "(", ":", ",", "\u2013", "/") or words[at].isdigit()
    ):
        at += 1
    return words[at:]


def _strip_end(words: Sequence[str]) -> Sequence[str]:
    while words and words[-1] in (":", ".", "?", "\u2013", ",", ")"):
        words = words[:-1]
    return words
