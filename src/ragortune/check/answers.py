"""From what a document states to a profile: lines that agree make an answer, lines that contradict each other none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from ragortune.evidence.profile import Vocabulary
from ragortune.model import Answer, Evidence, GivenQuantity, Profile, Provenance
from ragortune.model.documents import DesignReading, Modality, StatedFact
from ragortune.support.errors import ProfileError
from ragortune.support.record import Record


class Conflict(Record, frozen=True):
    """Statements on one criterion that cannot all be right."""

    criterion: str
    facts: tuple[StatedFact, ...]
    """The statements, in the order of their lines."""
    resolved: bool
    """Whether one of them wins, because it stands in the document's own block or came from outside."""


class StatedAnswers(Record, frozen=True):
    """The answers of a document, with the statements that carry them."""

    profile: Profile
    facts: Mapping[str, tuple[StatedFact, ...]]
    """For each answered criterion the statements behind the answer, in the order of their lines."""
    conflicts: tuple[Conflict, ...]

    @property
    def read(self) -> tuple[str, ...]:
        """Criteria whose answer was read from prose, so that nobody has stated it as an answer to the question."""
        return tuple(name for name, facts in self.facts.items() if not any(fact.declared for fact in facts))

    def fact_for(self, criterion: str) -> StatedFact | None:
        """Return the first statement behind an answer that has a place, or the first; None if it is unanswered."""
        facts = self.facts.get(criterion, ())
        return next((fact for fact in facts if fact.span is not None), facts[0] if facts else None)


def gather_answers(
    reading: DesignReading, vocabulary: Vocabulary, outside: Profile | None = None
) -> StatedAnswers:
    """Return the answers that a document states. Its own block wins over its prose, and `outside` over both."""
    stated: dict[str, list[StatedFact]] = {}
    for fact in reading.facts:
        stated.setdefault(fact.criterion, []).append(fact)
    levels: dict[str, tuple[str, ...]] = {}
    answers: dict[str, Answer] = {}
    carried: dict[str, tuple[StatedFact, ...]] = {}
    conflicts: list[Conflict] = []
    for criterion, said in stated.items():
        usable = _read_levels(said, vocabulary)
        winning = {fact: own for fact, own in usable.items() if fact.declared} or usable
        if vocabulary.allows_several(criterion):
            common = _unite(winning.values())
            usable = winning
        else:
            common = _intersect(winning.values())
        if any(not set(own) & set(common) for own in usable.values()):
            conflicts.append(Conflict(criterion, _in_order(usable), bool(common)))
        if common:
            levels[criterion] = common
            carried[criterion] = _in_order(winning)
            answers[criterion] = _cite_fact(carried[criterion][0], common)
    quantities = reading.quantities
    if outside is not None:
        _add_outside(outside, levels, answers, carried, conflicts)
        quantities = _add_quantities(quantities, outside)
    profile = Profile(levels, project=reading.title, answers=answers, quantities=quantities)
    return StatedAnswers(profile, carried, tuple(conflicts))


def _read_levels(facts: Iterable[StatedFact], vocabulary: Vocabulary) -> dict[StatedFact, tuple[str, ...]]:
    """Return the levels that each statement allows; a value that the vocabulary does not know says nothing."""
    usable = {}
    for fact in facts:
        value = list(fact.value) if isinstance(fact.value, tuple) else fact.value
        try:
            found = vocabulary.read_profile({fact.criterion: value}).levels
        except ProfileError:
            continue
        if found:
            usable[msgspec.structs.replace(fact, value=_freeze(value))] = found[fact.criterion]
    return usable


def _freeze(value: object) -> object:
    if isinstance(value, list):
        return tuple(value)
    return tuple(sorted(value.items())) if isinstance(value, Mapping) else value


def _intersect(several: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    sets = list(several)
    return tuple(level for level in sets[0] if all(level in own for own in sets)) if sets else ()


def _unite(several: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(level for own in several for level in own))


def _in_order(facts: Iterable[StatedFact]) -> tuple[StatedFact, ...]:
    return tuple(sorted(facts, key=lambda fact: (fact.span.line, fact.span.column) if fact.span else (0, 0)))


def _cite_fact(fact: StatedFact, levels: tuple[str, ...]) -> Answer:
    source = Provenance.MEASURED if fact.modality is Modality.MEASURED else Provenance.EXTRACTED
    evidence: str | Evidence | None = fact.quoted
    if evidence is None and fact.span is not None:
        said = Evidence(fact.span.quote, line=fact.span.line)
        evidence = str(said) if fact.declared else said
    given = dict(fact.value) if isinstance(fact.value, tuple) and _holds_pairs(fact.value) else fact.value
    return Answer(levels, given, Provenance.STATED if fact.declared else source, evidence)


def _holds_pairs(value: tuple[object, ...]) -> bool:
    return bool(value) and all(isinstance(part, tuple) for part in value)


def _add_quantities(own: Mapping[str, GivenQuantity], outside: Profile) -> Mapping[str, GivenQuantity]:
    """Return the document's quantities with those from a profile file, which win, as its answers do."""
    kept = {name: given for name, given in own.items() if given.criterion not in outside.levels}
    return {**kept, **outside.quantities}


def _add_outside(
    outside: Profile,
    levels: dict[str, tuple[str, ...]],
    answers: dict[str, Answer],
    carried: dict[str, tuple[StatedFact, ...]],
    conflicts: list[Conflict],
) -> None:
    """Let answers from a profile file win, and note where the document says otherwise."""
    for criterion, given in outside.levels.items():
        answer = outside.answers.get(criterion) or Answer(given, given[0])
        fact = StatedFact(criterion, _freeze(answer.given), Modality.FACT, None, declared=True)
        if criterion in levels and not set(levels[criterion]) & set(given):
            conflicts.append(Conflict(criterion, (*carried[criterion], fact), resolved=True))
        levels[criterion] = given
        answers[criterion] = answer
        carried[criterion] = (fact,)
