"""What a document states about its project, criterion by criterion, in plain sentences.

Whose fact a sentence states is decided before what it states: what is negated, supposed, planned, turned down, about
others, an example or a single component says nothing about the project. A wrong fact costs more than a missed one, so
that every doubt is decided for silence, and each answer is given on few lines.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

import msgspec

from ragortune.evidence.amounts import TOKENS_A_BYTE
from ragortune.evidence.documents.amounts import Amount
from ragortune.evidence.documents.assertion import SILENCING, SILENT_BLOCKS, Marked, Marker
from ragortune.evidence.documents.cutting import quote_line, span_of
from ragortune.evidence.documents.language import FactWords, Found, Role
from ragortune.model import Criterion
from ragortune.model.documents import Block, Meaning, Modality, SectionKind, StatedFact

_SILENT_SECTIONS = frozenset((SectionKind.REFERENCE,))
_MODALITIES: Mapping[Meaning, Modality] = {
    Meaning.MEASURED: Modality.MEASURED,
    Meaning.GOAL: Modality.GOAL,
    Meaning.ESTIMATE: Modality.ESTIMATE,
}
_AT_LEAST = ("at", "least")
_MANY_LINES = 3
_TOTALS = ("total", "overall", "end-to-end", "e2e", "budget", "target", "latency", "response time")
_MOST_ANSWERS = 3
"""How many different levels of one criterion are given."""
_PLAIN_SECTIONS = frozenset((SectionKind.REQUIREMENTS, SectionKind.DECISION, SectionKind.CURRENT))
_INTRODUCED = frozenset(("task.kind", "knowledge.source"))
"""What a document says when it introduces the project, so that the first statement counts."""
_LONG_SENTENCE = 160
_CLEARLY = 0.7
"""Share of it that one level must have; otherwise the answer is one of two."""


class _Candidate(msgspec.Struct, frozen=True):
    """A statement before it is weighed against the others."""

    fact: StatedFact
    rank: tuple[int, int]
    """The smaller, the better: how plainly it is said, then its line."""


class FactReader:
    """Finds what sentences state, with the phrases of a rule set."""

    def __init__(self, marker: Marker, criteria: Mapping[str, Criterion]) -> None:
        """Take what marks sentences, and the criteria whose numbers are read."""
        self.marker = marker
        self.criteria = criteria
        numbers = [
            entry for entry in marker.language.entries if isinstance(entry, FactWords) and entry.number
        ]
        self._measures = {entry.number: entry for entry in numbers if entry.tokens == 1}
        """How an amount answers a criterion whose unit needs no conversion."""

    def read(self, sentences: Sequence[Marked], lines: Sequence[str]) -> tuple[StatedFact, ...]:
        """Return the facts that sentences state, in the order of their lines; each answer on few lines."""
        stated = list(_choose(self._find_plainest(sentences, lines)))
        stated += self._classify(sentences, stated, lines)
        return tuple(sorted(stated, key=_place_of))

    def _find_plainest(self, sentences: Sequence[Marked], lines: Sequence[str]) -> Iterable[_Candidate]:
        """Return the plainest statement of each answer to each criterion, the first where several are as plain."""
        plainest: dict[tuple[str, str], _Candidate] = {}
        seen: set[tuple[object, ...]] = set()
        bills = _find_bills(sentences)
        for marked in sentences:
            if FactWords not in marked.analysis.found or _is_one_line_of(bills, marked):
                continue
            sentence = marked.sentence
            alike = sentence.text, marked.around, sentence.code, sentence.struck
            if alike in seen:
                continue  # what is there again in the same surroundings says nothing more plainly
            seen.add(alike)
            for fact in self.read_sentence(marked, lines):
                told = fact.criterion, str(fact.value)
                candidate = _Candidate(fact, (_rank_of(fact, marked), fact.span.line if fact.span else 0))
                if told not in plainest or candidate.rank < plainest[told].rank:
                    plainest.pop(told, None)  # so that they are in the order of their lines
                    plainest[told] = candidate
        return plainest.values()

    def _classify(
        self, sentences: Iterable[Marked], stated: Iterable[StatedFact], lines: Sequence[str]
    ) -> Iterator[StatedFact]:
        """Yield for each criterion on which no phrase is found what the words of the likeliest sentence tell."""
        most = dict.fromkeys((fact.criterion for fact in stated), math.inf)
        """What an answer to each criterion must be likelier than."""
        likeliest: dict[str, tuple[object, Marked]] = {}
        for marked in sentences:
            answers = marked.told
            likelier = answers and any(share > most.get(criterion, 0.0) for criterion, share, _ in answers)
            if not likelier or not may_answer(marked):
                continue
            told = [
                (criterion, share, self._value_told(criterion, likely, marked))
                for criterion, share, likely in answers
            ]
            # Where an amount answers, the words around it belong to it: `3 s` is no time after which content is old.
            exact = [one for one in told if isinstance(one[2], (int, float))]
            for criterion, share, value in exact or told:
                if value is not None and share > most.get(criterion, 0.0):
                    most[criterion], likeliest[criterion] = share, (value, marked)
        for criterion, (value, marked) in likeliest.items():
            modality = _modality_of(marked.meanings_at(0, len(marked.analysis.words)))
            span = quote_line(marked.sentence, 0, 1, lines)
            yield StatedFact(
                criterion, value, modality, span, marked.sentence.headings, phrase=criterion, inferred=True
            )

    def _value_told(self, criterion: str, likely: Mapping[str, float], marked: Marked) -> object:
        """Return what a sentence answers: the likeliest level or one of two, or the only amount that its unit can be.

        Words alone say nothing where the sentence holds amounts that may make the answer exact. None for no answer.
        """
        asked = self.criteria.get(criterion)
        if asked is None:
            return None
        if asked.unit and marked.tokens.amounts:
            entry = self._measures.get(criterion)
            if entry is None or (entry.id, Role.UNLESS) in self._conditions_beside(marked):
                return None
            fitting = [one for one in marked.tokens.amounts.values() if one.kind in entry.kinds]
            return _value_of(fitting[0], entry, asked) if len(fitting) == 1 else None
        levels = sorted(likely, key=lambda level: -likely[level])
        return levels[0] if likely[levels[0]] >= _CLEARLY * sum(likely.values()) else levels[:2]

    def read_sentence(self, marked: Marked, lines: Sequence[str]) -> list[StatedFact]:
        """Return everything that one sentence states; of several answers to a criterion the most exact."""
        sentence = marked.sentence
        if sentence.kind in _SILENT_SECTIONS or FactWords not in marked.analysis.found:
            return []
        told: dict[tuple[str, str], tuple[StatedFact, FactWords]] = {}
        for found in marked.analysis.facts:
            entry = found.entry
            if not self._counts(marked, found, entry):
                continue
            modality = _modality_of(marked.meanings_at(found.start, found.end))
            span = span_of(sentence, *marked.tokens.place(found.start, found.end), lines)
            for criterion, value in self._answers(marked, found, entry):
                fact = StatedFact(criterion, value, modality, span, sentence.headings, phrase=entry.id)
                told.setdefault((criterion, str(value)), (fact, entry))
        return [fact for fact, entry in told.values() if not _is_vaguer(fact, entry, told.values())]

    def _counts(self, marked: Marked, hit: Found[FactWords], entry: FactWords) -> bool:
        """Tell whether words state something about the project where they are."""
        sentence = marked.sentence
        if sentence.block in (entry.blocks or frozenset(Block) - SILENT_BLOCKS) and (
            not entry.sections or sentence.kind in entry.sections
        ):
            meanings = marked.meanings_at(hit.start, hit.end)
            if meanings & SILENCING or (Meaning.COMPONENT in meanings and not entry.component):
                return False
            if marked.in_code(hit.start, hit.end):
                return False
            return self._context_fits(marked, entry)
        return False

    def _context_fits(self, marked: Marked, entry: FactWords) -> bool:
        beside = self._conditions_beside(marked)
        if (entry.id, Role.UNLESS) in beside:
            return False
        near = entry.id, Role.NEAR
        around = (marked.sentence.lead, marked.sentence.section.title)
        return (
            not entry.near
            or near in beside
            or any(near in self.marker.look_up(text).conditions for text in around if text)
        )

    @staticmethod
    def _conditions_beside(marked: Marked) -> frozenset[tuple[str, Role]]:
        """Return the conditions that a sentence meets by itself and by its label, column and row."""
        return marked.analysis.conditions | marked.around.conditions

    def _widen(self, criterion: str, level: str | Sequence[str], words: Sequence[str]) -> str | list[str]:
        """Return the levels that words can mean: `at least once a year` is yearly or more often."""
        if not isinstance(level, str):
            return list(level)
        ordered = self.criteria[criterion].level_ids
        if _AT_LEAST not in pairwise(words) or self.criteria[criterion].nominal or level == ordered[-1]:
            return level
        return list(ordered[ordered.index(level) :])

    def _answers(
        self, marked: Marked, hit: Found[FactWords], entry: FactWords
    ) -> Iterator[tuple[str, object]]:
        for criterion, level in entry.says.items():
            yield criterion, self._widen(criterion, level, marked.analysis.words[hit.start : hit.end])
        if entry.number is not None:
            for at in range(hit.start, hit.end):
                amount = marked.tokens.amounts.get(at)
                if amount is not None and amount.kind in entry.kinds:
                    value = _value_of(amount, entry, self.criteria[entry.number])
                    if value is not None:
                        yield entry.number, value
                    return


def may_answer(marked: Marked) -> bool:
    """Tell whether the words of a sentence as a whole can answer a criterion: no cue and no section says otherwise."""
    sentence = marked.sentence
    told = sentence.block not in SILENT_BLOCKS and sentence.kind not in _SILENT_SECTIONS
    meanings = marked.around.meanings | marked.analysis.meanings
    return told and not sentence.struck and not meanings & {*SILENCING, Meaning.COMPONENT}


_Bill = tuple[str, str]
"""A column of figures: the heading above it and its header."""


def _find_bills(sentences: Iterable[Marked]) -> frozenset[_Bill]:
    """Return the columns that hold several amounts: each is one of many, and only their total is the project's."""
    counts: Counter[_Bill] = Counter()
    for marked in sentences:
        if marked.tokens.amounts and marked.sentence.block is Block.CELL:
            counts[marked.sentence.section.title, marked.sentence.header] += 1
    return frozenset(bill for bill, count in counts.items() if count >= _MANY_LINES)


def _is_one_line_of(bills: frozenset[_Bill], marked: Marked) -> bool:
    sentence = marked.sentence
    if not bills or sentence.block is not Block.CELL or not marked.tokens.amounts:
        return False
    named = sentence.row.casefold()
    return (sentence.section.title, sentence.header) in bills and not any(word in named for word in _TOTALS)


def _is_vaguer(fact: StatedFact, entry: FactWords, told: Iterable[tuple[StatedFact, FactWords]]) -> bool:
    """Tell whether another fact answers the same criterion more exactly: in pages rather than documents, in one level."""
    for other, words in told:
        if other is not fact and other.criterion == fact.criterion:
            if entry.number is not None and words.number is not None and words.tokens < entry.tokens:
                return True
            if isinstance(fact.value, list) and other.value in fact.value:
                return True
    return False


def _value_of(amount: Amount, entry: FactWords, criterion: Criterion) -> object:
    """Return the answer that an amount is: a number in the criterion's unit, a range, or levels."""
    low, high = amount.low * entry.tokens, amount.high * entry.tokens
    if amount.kind == "size":
        low, high = low * TOKENS_A_BYTE, high * TOKENS_A_BYTE
    if entry.bands:
        levels = _levels_of(entry.bands, low, high)
        return levels[0] if len(levels) == 1 else levels or None
    if amount.bound == "<":
        high = high * (1 - 1e-9)
    levels = [band.level for band in criterion.bands_between(low, high)]
    if not levels or (criterion.maximum is not None and high > criterion.maximum):
        return None
    if amount.bound == "<" and levels and amount.low == amount.high:
        return (
            levels[-1]
            if tuple(levels) != criterion.levels_between(amount.low, amount.low)
            else _plain(amount.low * entry.tokens)
        )
    if low == high:
        return _plain(low)
    return levels[0] if len(levels) == 1 else levels


def _plain(number: float) -> float | int:
    rounded = round(number, 4)
    return int(rounded) if rounded == int(rounded) else rounded


def _levels_of(bands: Mapping[str, float], low: float, high: float) -> list[str]:
    starts = sorted((start, level) for level, start in bands.items())
    ends = [start for start, _ in starts[1:]] + [float("inf")]
    return [level for (start, level), end in zip(starts, ends, strict=True) if start <= high and low < end]


def _modality_of(meanings: frozenset[Meaning]) -> Modality:
    return next(
        (modality for meaning, modality in _MODALITIES.items() if meaning in meanings), Modality.STATED
    )


def _rank_of(fact: StatedFact, marked: Marked) -> int:
    """Return how far a statement is from a requirement in a line of its own; what sums up says much at once."""
    sentence = marked.sentence
    if fact.criterion in _INTRODUCED:
        return 0
    if sentence.block is Block.HEADING:
        return 3
    plain = sentence.block in (Block.BULLET, Block.CELL) or sentence.kind in _PLAIN_SECTIONS
    return (0 if plain else 1) + (len(sentence.text) > _LONG_SENTENCE)


def _choose(candidates: Iterable[_Candidate]) -> Iterator[StatedFact]:
    """Yield for each criterion its most plainly stated answers, each on one line.

    Different levels are all given, because they contradict each other or hold side by side; of amounts and of answers
    between levels only the plainest one.
    """
    by_answer: dict[str, dict[str, _Candidate]] = {}
    for candidate in sorted(candidates, key=lambda candidate: candidate.rank):
        answers = by_answer.setdefault(candidate.fact.criterion, {})
        answers.setdefault(str(candidate.fact.value), candidate)
    for answers in by_answer.values():
        facts = [candidate.fact for candidate in answers.values()]
        exact = [fact for fact in facts if not _is_implied(fact, facts)]
        yield from exact[: _MOST_ANSWERS if isinstance(exact[0].value, str) else 1]


def _is_implied(fact: StatedFact, facts: Iterable[StatedFact]) -> bool:
    """Tell whether an answer between levels is made exact by another."""
    return isinstance(fact.value, list) and any(other.value in fact.value for other in facts)


def _place_of(fact: StatedFact) -> tuple[int, int, str]:
    assert fact.span is not None
    return fact.span.line, fact.span.column, fact.criterion
