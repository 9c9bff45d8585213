"""Builds a profile from the statements of a document: those that agree give an answer, contradictory ones give none."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ragortune.evidence.profile import Vocabulary
from ragortune.model import Answer, Profile, Provenance
from ragortune.model.documents import DesignReading, Modality, StatedFact
from ragortune.support.errors import ProfileError
from ragortune.support.record import Record

_NUMBER_OF_RECORD = re.compile(
    r"^(?:(?:adr|rfc|prd)[ #_-]{0,3}\d{1,6}(?:\s?[.:)\u2013\u2014-])?|\d{1,6}(?:[.:)]|\s[\u2013\u2014-])|0\d{1,5})\s+(?=\S)",
    re.IGNORECASE,
)
"""What a title has before the name: `7. Use retrieval`, `ADR-0007: Use retrieval`."""


class Conflict(Record, frozen=True):
    """Statements on one criterion that cannot all be right."""

    criterion: str
    facts: tuple[StatedFact, ...]
    """The statements, in the order of their lines."""
    resolved: bool
    """Whether one of them takes precedence, because it is in the document's block or in a profile file."""


class StatedAnswers(Record, frozen=True):
    """The answers of a document, with the statements that support them."""

    reading: DesignReading
    profile: Profile
    facts: Mapping[str, tuple[StatedFact, ...]]
    """The statements behind the answer to each answered criterion, in the order of their lines."""
    conflicts: tuple[Conflict, ...]

    @property
    def read(self) -> tuple[str, ...]:
        """Criteria with an answer from prose alone: nobody has stated it as an answer to the question."""
        return tuple(name for name, facts in self.facts.items() if not any(fact.declared for fact in facts))

    def fact_for(self, criterion: str) -> StatedFact | None:
        """Return the first statement behind an answer, one with a span if there is any; None if it is unanswered."""
        facts = self.facts.get(criterion, ())
        return next((fact for fact in facts if fact.span is not None), facts[0] if facts else None)


def gather_answers(
    reading: DesignReading, vocabulary: Vocabulary, outside: Profile | None = None
) -> StatedAnswers:
    """Return the answers that a document states. Its block takes precedence over its prose, and `outside` over both."""
    stated: dict[str, list[tuple[StatedFact, tuple[str, ...]]]] = {}
    for fact in sorted(reading.facts, key=lambda fact: fact.place):
        if allowed := _read_levels(fact, vocabulary):
            stated.setdefault(fact.criterion, []).append((fact, allowed))
    answers: dict[str, Answer] = {}
    facts: dict[str, tuple[StatedFact, ...]] = {}
    conflicts: list[Conflict] = []
    for criterion, statements in stated.items():
        winning = [pair for pair in statements if pair[0].declared] or statements
        first, levels = winning[0]
        if vocabulary.allows_several(criterion):
            levels = tuple(dict.fromkeys(level for _, allowed in winning for level in allowed))
        else:
            levels = tuple(level for level in levels if all(level in allowed for _, allowed in winning))
            plain = [(fact, allowed) for fact, allowed in statements if not fact.inferred]
            if any(set(allowed).isdisjoint(levels) for _, allowed in plain):
                conflicts.append(Conflict(criterion, tuple(fact for fact, _ in plain), bool(levels)))
        if levels:
            answers[criterion] = Answer(levels, first.value, _source_of(first))
            facts[criterion] = tuple(fact for fact, _ in winning)
    quantities = reading.quantities
    if outside is not None:
        for criterion, answer in outside.known.items():
            fact = StatedFact(criterion, answer.value, Modality.FACT, None, declared=True)
            if criterion in answers and set(answers[criterion].levels).isdisjoint(answer.levels):
                conflicts.append(Conflict(criterion, (*facts[criterion], fact), resolved=True))
            answers[criterion] = answer
            facts[criterion] = (fact,)
        rest = {name: value for name, value in quantities.items() if value.criterion not in outside.levels}
        quantities = {**rest, **outside.quantities}
    profile = Profile(
        {criterion: answer.levels for criterion, answer in answers.items()},
        project=reading.title and _NUMBER_OF_RECORD.sub("", reading.title),
        answers=answers,
        quantities=quantities,
    )
    return StatedAnswers(reading, profile, facts, tuple(conflicts))


def _read_levels(fact: StatedFact, vocabulary: Vocabulary) -> tuple[str, ...]:
    """Return the levels that a statement allows; none if its value is not in the vocabulary."""
    value = list(fact.value) if isinstance(fact.value, tuple) else fact.value
    try:
        return vocabulary.read_profile({fact.criterion: value}).levels.get(fact.criterion, ())
    except ProfileError:
        return ()


def _source_of(fact: StatedFact) -> Provenance:
    if fact.declared:
        return Provenance.STATED
    return Provenance.MEASURED if fact.modality is Modality.MEASURED else Provenance.EXTRACTED
