"""What a document states about its project, criterion by criterion, in plain sentences.

Whose fact a sentence states is decided before what it states: what is negated, supposed, planned, turned down, about
others, an example or a single component says nothing about the project. A wrong fact costs more than a missed one, so
every doubt is decided for silence.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter

from ragortune.evidence.amounts import TOKENS_A_BYTE, round_amount
from ragortune.evidence.documents.amounts import Amount
from ragortune.evidence.documents.assertion import NOT_ASSERTED, Marked, Marker
from ragortune.evidence.documents.cutting import find_span, quote_line
from ragortune.evidence.documents.language import FactWords, Found
from ragortune.evidence.quantities import shorten_number
from ragortune.model import Criterion
from ragortune.model.documents import Block, Meaning, Modality, SectionKind, StatedFact

_MODALITIES: Mapping[Meaning, Modality] = {
    Meaning.MEASURED: Modality.MEASURED,
    Meaning.GOAL: Modality.GOAL,
    Meaning.ESTIMATE: Modality.ESTIMATE,
}
_MAX_ANSWERS = 3
"""Limit on the different levels that are given for one criterion."""
_PLAIN_SECTIONS = frozenset((SectionKind.REQUIREMENTS, SectionKind.DECISION, SectionKind.CURRENT))
_INTRODUCED = frozenset(("task.kind", "knowledge.source"))
"""Criteria that a document answers where it introduces the project, so that the first statement counts."""
_LONG_SENTENCE = 160
_CLEARLY = 0.7
"""Least share of the probability of all levels at which one level is the answer; otherwise it is one of two."""

_Rank = tuple[int, int]
"""How plainly a fact is stated, the smaller the plainer, and its line."""


class FactReader:
    """Finds what sentences state: with phrases first, then with fitted models."""

    def __init__(self, marker: Marker, criteria: Mapping[str, Criterion]) -> None:
        """Take the marker of the language, and the criteria by id."""
        self.criteria = criteria
        numbers = (entry for entry in marker.language.entries if isinstance(entry, FactWords))
        self._measures = {entry.number: entry for entry in numbers if entry.number and entry.tokens == 1}
        """How an amount answers a criterion whose unit needs no conversion."""

    def read(self, sentences: Sequence[Marked], lines: Sequence[str]) -> tuple[StatedFact, ...]:
        """Return the facts that sentences state, in the order of their lines."""
        stated = list(self._find_plainest(sentences, lines))
        stated += self._classify(sentences, stated, lines)
        return tuple(sorted(stated, key=lambda fact: (fact.place, fact.criterion)))

    def _find_plainest(self, sentences: Iterable[Marked], lines: Sequence[str]) -> Iterator[StatedFact]:
        """Yield for each criterion the answers that phrases find, each where it is stated most plainly.

        Different levels are all given, because they contradict each other or hold side by side; of amounts and of answers
        between levels only the plainest one.
        """
        plainest: dict[str, dict[str, tuple[_Rank, StatedFact]]] = {}
        for marked in sentences:
            for fact in self.read_sentence(marked, lines):
                answers = plainest.setdefault(fact.criterion, {})
                ranked = ((_rank_of(fact, marked), fact.place[0]), fact)
                answers[str(fact.value)] = min(
                    answers.get(str(fact.value), ranked), ranked, key=itemgetter(0)
                )
        for answers in plainest.values():
            facts = [fact for _, fact in sorted(answers.values(), key=itemgetter(0))]
            facts = [fact for fact in facts if not _is_implied(fact, facts)]
            yield from facts[: _MAX_ANSWERS if isinstance(facts[0].value, str) else 1]

    def _classify(
        self, sentences: Iterable[Marked], stated: Iterable[StatedFact], lines: Sequence[str]
    ) -> Iterator[StatedFact]:
        """Yield for each criterion without a stated answer the prediction for its most probable sentence."""
        most = dict.fromkeys((fact.criterion for fact in stated), math.inf)
        """The probability that an answer to each criterion has to exceed."""
        likeliest: dict[str, tuple[object, Marked]] = {}
        for marked in sentences:
            answers = marked.predictions
            likelier = answers and any(share > most.get(criterion, 0.0) for criterion, share, _ in answers)
            if not likelier or not may_answer(marked):
                continue
            for criterion, share, levels in answers:
                value = self._predict_value(criterion, levels, marked)
                if value is not None and share > most.get(criterion, 0.0):
                    most[criterion], likeliest[criterion] = share, (value, marked)
        for criterion, (value, marked) in likeliest.items():
            modality = _modality_of(marked.meanings_at(0, len(marked.analysis.words)))
            span = quote_line(marked.sentence, 0, 1, lines)
            yield StatedFact(
                criterion, value, modality, span, marked.sentence.headings, phrase=criterion, inferred=True
            )

    def _predict_value(self, name: str, levels: Mapping[str, float], marked: Marked) -> object:
        """Return the answer to a criterion: the most probable level or one of two, or the amount in its unit.

        Where a sentence holds amounts, only an amount answers a criterion with a unit. None for no answer.
        """
        criterion = self.criteria.get(name)
        if criterion is None:
            return None
        if criterion.unit and marked.tokens.amounts:
            entry = self._measures.get(name)
            if entry is None or entry.unless in marked.conditions:
                return None
            fitting = [amount for amount in marked.tokens.amounts.values() if amount.kind in entry.kinds]
            return _value_of(fitting[0], entry, criterion) if len(fitting) == 1 else None
        ranked = sorted(levels, key=lambda level: -levels[level])
        clear = levels[ranked[0]] >= _CLEARLY * sum(levels.values())
        return ranked[0] if clear else ranked[:2]

    def read_sentence(self, marked: Marked, lines: Sequence[str]) -> Iterator[StatedFact]:
        """Yield everything that phrases find in one sentence."""
        sentence = marked.sentence
        for found in marked.analysis.of(FactWords):
            if sentence.kind is SectionKind.REFERENCE or not _applies(marked, found):
                continue
            modality = _modality_of(marked.meanings_at(found.start, found.end))
            span = find_span(sentence, *marked.tokens.place(found.start, found.end), lines)
            for criterion, value in self._answers(marked, found):
                yield StatedFact(criterion, value, modality, span, sentence.headings, phrase=found.entry.id)

    def _answers(self, marked: Marked, found: Found[FactWords]) -> Iterator[tuple[str, object]]:
        entry, amounts = found.entry, marked.tokens.amounts
        for criterion, level in entry.says.items():
            yield criterion, level if isinstance(level, str) else list(level)
        if entry.number is not None:
            inside = (amounts[at] for at in range(found.start, found.end) if at in amounts)
            amount = next((amount for amount in inside if amount.kind in entry.kinds), None)
            value = _value_of(amount, entry, self.criteria[entry.number]) if amount else None
            if value is not None:
                yield entry.number, value


def _applies(marked: Marked, found: Found[FactWords]) -> bool:
    """Tell whether a phrase states something about the project where it is."""
    entry, sentence = found.entry, marked.sentence
    if sentence.block is Block.FIELD or (entry.blocks and sentence.block not in entry.blocks):
        return False
    if entry.sections and sentence.kind not in entry.sections:
        return False
    if not NOT_ASSERTED.isdisjoint(marked.meanings_at(found.start, found.end)):
        return False
    conditions = marked.conditions
    return entry.unless not in conditions and (not entry.near or entry.near in conditions)


def may_answer(marked: Marked) -> bool:
    """Tell whether a sentence as a whole can answer a criterion: it speaks about the project, not a component."""
    sentence = marked.sentence
    if sentence.block is Block.FIELD or sentence.kind is SectionKind.REFERENCE:
        return False
    return not (marked.context.meanings | marked.analysis.meanings) & {*NOT_ASSERTED, Meaning.COMPONENT}


def _value_of(amount: Amount, entry: FactWords, criterion: Criterion) -> object:
    """Return the answer that an amount is: a number in the criterion's unit, or levels. None where it is none."""
    factor = entry.tokens * (TOKENS_A_BYTE if amount.kind == "size" else 1.0)
    low, high = amount.low * factor, amount.high * factor
    if entry.bands:
        levels = _levels_of(entry.bands, low, high)
        return levels[0] if len(levels) == 1 else levels or None
    levels = [band.level for band in criterion.bands_between(low, high * (1 - amount.below * 1e-9))]
    if not levels or (criterion.maximum is not None and high > criterion.maximum):
        return None
    if low < high or (amount.below and levels != [band.level for band in criterion.bands_between(low, low)]):
        return levels[0] if len(levels) == 1 else levels
    return shorten_number(round_amount(low))


def _levels_of(bands: Mapping[str, float], low: float, high: float) -> list[str]:
    starts = sorted((start, level) for level, start in bands.items())
    ends = [start for start, _ in starts[1:]] + [math.inf]
    return [level for (start, level), end in zip(starts, ends, strict=True) if start <= high and low < end]


def _is_implied(fact: StatedFact, facts: Iterable[StatedFact]) -> bool:
    """Tell whether an answer between levels is made exact by another."""
    return isinstance(fact.value, list) and any(other.value in fact.value for other in facts)


def _modality_of(meanings: frozenset[Meaning]) -> Modality:
    return next(
        (modality for meaning, modality in _MODALITIES.items() if meaning in meanings), Modality.STATED
    )


def _rank_of(fact: StatedFact, marked: Marked) -> int:
    """Return how far a statement is from a requirement in a line of its own."""
    sentence = marked.sentence
    if fact.criterion in _INTRODUCED:
        return 0
    plain = sentence.block in (Block.BULLET, Block.CELL) or sentence.kind in _PLAIN_SECTIONS
    return (0 if plain else 1) + (len(sentence.text) > _LONG_SENTENCE)
