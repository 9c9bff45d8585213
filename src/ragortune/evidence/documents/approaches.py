"""Where a document speaks of retrieval, of tuning, or of doing without: each mention with its weight."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from ragortune.evidence.documents.assertion import SILENCING, Marked
from ragortune.evidence.documents.language import ApproachWords, Found, Weight
from ragortune.model import Option
from ragortune.model.documents import Block, Meaning, SectionKind

_AGAINST = frozenset((Meaning.NEGATED, Meaning.REJECTED))
_UNDECIDED = SILENCING - _AGAINST
_SILENT_BLOCKS = frozenset((Block.CODE, Block.COMMENT, Block.PROMPT, Block.FIELD))
_OF_PLACE: Mapping[SectionKind, float] = {
    SectionKind.TITLE: 3.0,
    SectionKind.DECISION: 3.0,
    SectionKind.CURRENT: 2.5,
    SectionKind.SUMMARY: 2.0,
    SectionKind.CONSEQUENCES: 0.7,
    SectionKind.REFERENCE: 0.2,
}
_OF_WORDS: Mapping[Weight, float] = {Weight.NAME: 1.0, Weight.USE: 0.7, Weight.PART: 0.3}
_HEADING = 1.4
_CELL = 0.7
_CHOSEN = 1.5


class Mention(msgspec.Struct, frozen=True):
    """Words that name or describe an approach."""

    option: Option
    """`rag`, `fine_tuning` or `neither`."""
    words: Weight
    marked: Marked
    start: int
    """First word in the sentence."""
    end: int
    weight: float
    """Positive where the approach is affirmed, negative where it is turned down, 0 where nothing is decided."""
    text: str


def find_mentions(sentences: Iterable[Marked]) -> Iterator[Mention]:
    """Yield every mention of an approach in prose; of overlapping wordings the longest."""
    for marked in sentences:
        wordings = marked.analysis.of(ApproachWords)
        if not wordings or marked.sentence.block in _SILENT_BLOCKS:
            continue
        for found in _longest(wordings):
            option, words = found.entry.option, found.entry.weight
            if option is not None and not marked.in_code(found.start, found.end):
                first, last = marked.tokens.place(found.start, found.end)
                text = marked.sentence.text[first:last].casefold()
                yield Mention(option, words, marked, found.start, found.end, _weigh(marked, found), text)


def _longest(wordings: Iterable[Found[ApproachWords]]) -> Iterator[Found[ApproachWords]]:
    taken: dict[int, tuple[int, int]] = {}
    for found in sorted(
        wordings, key=lambda found: (_comes_late(found.entry), found.start - found.end, found.start)
    ):
        place, words = (found.start, found.end), range(found.start, found.end)
        if all(taken.get(at, place) == place for at in words):
            taken.update(dict.fromkeys(words, place))
            yield found


def _comes_late(entry: ApproachWords) -> bool:
    """Tell whether a wording gives way to the name of an approach, and to what only looks like one."""
    return entry.option is not None and entry.weight is not Weight.NAME


def _weigh(marked: Marked, found: Found[ApproachWords]) -> float:
    sentence, words = marked.sentence, found.entry.weight
    meanings = marked.meanings_at(found.start, found.end)
    if meanings & _UNDECIDED:
        return 0.0
    weight = _OF_PLACE.get(sentence.kind, 1.0) * _OF_WORDS[words]
    if sentence.block is Block.HEADING and sentence.kind is not SectionKind.TITLE:
        weight *= _HEADING
    if sentence.block is Block.CELL and sentence.kind not in (SectionKind.DECISION, SectionKind.CURRENT):
        weight *= _CELL
    if meanings & _AGAINST:
        return 0.0 if words is Weight.PART else -weight
    return weight * _CHOSEN if Meaning.CHOICE in meanings else weight
