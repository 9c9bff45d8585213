"""Mentions of retrieval, of tuning, and of doing without either, each with its weight."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

import msgspec

from ragortune.evidence.documents.assertion import BLOCKS_WITHOUT_PROSE, NOT_ASSERTED, Marked
from ragortune.evidence.documents.language import ApproachWords, Found, Weight
from ragortune.model import Option
from ragortune.model.documents import Meaning, SectionKind

_AGAINST = frozenset((Meaning.NEGATED, Meaning.REJECTED))
_UNDECIDED = NOT_ASSERTED - _AGAINST
_SECTION_FACTORS: Mapping[SectionKind, float] = {
    SectionKind.TITLE: 3.0,
    SectionKind.DECISION: 3.0,
    SectionKind.CURRENT: 2.5,
    SectionKind.SUMMARY: 2.0,
    SectionKind.CONSEQUENCES: 0.7,
    SectionKind.REFERENCE: 0.2,
}
_WORDING_FACTORS: Mapping[Weight, float] = {Weight.NAME: 1.0, Weight.USE: 0.7, Weight.PART: 0.3}
_CHOICE_FACTOR = 1.5


class Mention(msgspec.Struct, frozen=True):
    """Words that name or describe an approach."""

    marked: Marked
    option: Option
    """`rag`, `fine_tuning` or `neither`."""
    words: Weight
    start: int
    """First word in the sentence."""
    end: int
    weight: float
    """Positive where the approach is affirmed, negative where it is turned down, 0 where nothing is decided."""


_Weighed = tuple[Option, Weight, int, int, float]
"""The fields of a mention apart from its sentence."""


def find_mentions(sentences: Iterable[Marked]) -> Iterator[Mention]:
    """Yield every mention of an approach in prose; equal sentences in equal contexts are weighed once."""
    cache: dict[tuple[object, ...], Sequence[_Weighed]] = {}
    for marked in sentences:
        sentence = marked.sentence
        if ApproachWords not in marked.analysis.found or sentence.block in BLOCKS_WITHOUT_PROSE:
            continue
        key = marked.analysis, marked.context
        weighed = cache.get(key)
        if weighed is None:
            cache[key] = weighed = [*_weigh_mentions(marked)]
        for fields in weighed:
            yield Mention(marked, *fields)


def _weigh_mentions(marked: Marked) -> Iterator[_Weighed]:
    """Yield the mentions in a sentence; of overlapping wordings the longest."""
    for found in marked.analysis.approaches:
        option, words = found.entry.option, found.entry.weight
        if option is not None:
            yield option, words, found.start, found.end, _weigh(marked, found)


def find_predicted(sentences: Iterable[Marked], options: Container[Option | None]) -> Iterator[Mention]:
    """Yield the sentences which the fitted model predicts to affirm one of these approaches."""
    for marked in sentences:
        option = marked.analysis.affirmed
        if option is None or option not in options or marked.sentence.block in BLOCKS_WITHOUT_PROSE:
            continue
        words = len(marked.analysis.words)
        if not marked.meanings_at(0, words) & NOT_ASSERTED:
            share = max(marked.analysis.stances.values())
            weight = share * _SECTION_FACTORS.get(marked.sentence.kind, 1.0)
            yield Mention(marked, option, Weight.PART, 0, words, weight)


def _weigh(marked: Marked, found: Found[ApproachWords]) -> float:
    sentence, words = marked.sentence, found.entry.weight
    meanings = marked.meanings_at(found.start, found.end)
    if not meanings.isdisjoint(_UNDECIDED):
        return 0.0
    weight = _SECTION_FACTORS.get(sentence.kind, 1.0) * _WORDING_FACTORS[words]
    if not meanings.isdisjoint(_AGAINST):
        return 0.0 if words is Weight.PART else -weight
    return weight * _CHOICE_FACTOR if Meaning.CHOICE in meanings else weight
