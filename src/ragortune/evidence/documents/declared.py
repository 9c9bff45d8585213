"""The `ragortune` block in which a document itself says what it decides and on which facts; read strictly."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from ragortune.evidence.documents.sentences import DesignText
from ragortune.evidence.entries import Entry, read_evidence
from ragortune.evidence.profile import Vocabulary, find_declined
from ragortune.model import Evidence, Option, Profile, Provenance, QuantityValue, Rulebook
from ragortune.model.documents import (
    NO_QUANTITIES,
    Cited,
    Line,
    Modality,
    Span,
    StatedDecision,
    StatedFact,
)
from ragortune.support.errors import Place, ProfileError
from ragortune.support.reading import Document, KeyPath, parse_yaml
from ragortune.support.text import join_words, quote_value, suggest_name

_KEY = "ragortune"
_KEYS = ("decision", "evidence", "profile")


class Declared(msgspec.Struct, frozen=True):
    """What the block says."""

    decision: StatedDecision | None = None
    facts: tuple[StatedFact, ...] = ()
    quantities: Mapping[str, QuantityValue] = NO_QUANTITIES
    declined: tuple[str, ...] = ()
    """Criteria for which it says that nobody knows."""


def read_declared(design: DesignText, path: str, rulebook: Rulebook) -> Declared:
    """Read the block of a document; raises UnreadableError or ProfileError with the line in the document."""
    blocks = design.declared
    if design.misplaced:
        message = f"a '{_KEY}' block cannot be read here"
        hint = f"put it into a fence of its own at the left margin, ```{_KEY}, or into front matter on line 1"
        raise ProfileError(message, Place(path, design.misplaced[0]), hint)
    if not blocks:
        return Declared()
    if len(blocks) > 1:
        message = f"holds a second '{_KEY}' block; keep one"
        raise ProfileError(message, Place(path, blocks[1].key_line))
    block = blocks[0]
    above = block.lines[0].number - 1
    document = parse_yaml("\n" * above + "\n".join(line.text for line in block.lines), path)
    lines = {above + place: line for place, line in enumerate(block.lines, 1)}
    root: KeyPath = ()
    data = document.data
    if block.inside and isinstance(data, dict):
        key = next(key for key in data if key.casefold() == _KEY)  # a block is found in any case
        root, data = (key,), data[key]
    if data is None or data == {}:
        return Declared()
    if not isinstance(data, dict):
        message = f"'{_KEY}' holds a decision and a profile, not {quote_value(data)}"
        raise ProfileError(message, document.place_of(root))
    for key in data:
        if key not in _KEYS:
            place = document.place_of((*root, key), key=True)
            message = f"'{_KEY}' has no {quote_value(key)}; it holds {join_words(_KEYS)}"
            raise ProfileError(message, place, suggest_name(key, _KEYS))
    decision = _read_option(data.get("decision"), (*root, "decision"), document, lines)
    evidence = read_evidence(Entry(data.get("evidence"), (*root, "evidence"), document))
    if decision is not None and isinstance(evidence, Evidence):
        decision = msgspec.structs.replace(decision, quoted=evidence)
    path_of_profile = (*root, "profile")
    profile = _read_profile(data.get("profile"), path_of_profile, document, rulebook)
    facts = _state_facts(profile, data.get("profile"), path_of_profile, document, lines)
    declined = find_declined(rulebook.criteria.values(), data.get("profile"))
    return Declared(decision, facts, profile.quantities, declined)


def _read_option(
    value: object, path: KeyPath, document: Document, lines: Mapping[int, Line]
) -> StatedDecision | None:
    if value is None:
        return None
    option = Option(Entry(value, path, document).one_of(tuple(Option)))
    span = _span_of_place(document, path, lines)
    return StatedDecision(option, "explicit", (Cited(span, "for"),), declared=True)


def _read_profile(data: object, path: KeyPath, document: Document, rulebook: Rulebook) -> Profile:
    if data is None:
        return Profile({})
    vocabulary = Vocabulary(rulebook.criteria, rulebook.quantities)
    return vocabulary.read_profile(data, document.below(path, data))


def _state_facts(
    profile: Profile, data: object, path: KeyPath, document: Document, lines: Mapping[int, Line]
) -> tuple[StatedFact, ...]:
    facts = (
        _state_fact(criterion, profile, _path_of(criterion, profile, data, path), document, lines)
        for criterion in profile.levels
    )
    return tuple(sorted(facts, key=lambda fact: fact.span.line if fact.span else 0))


def _path_of(criterion: str, profile: Profile, data: object, path: KeyPath) -> KeyPath:
    """Return where an answer stands: nested by group, under the whole name, or as a quantity."""
    assert isinstance(data, dict)
    answer = profile.answers.get(criterion)
    if answer is not None and answer.source is Provenance.DERIVED:
        names = (name for name, own in profile.quantities.items() if own.criterion == criterion)
        return (*path, "quantities", next(names))
    return (*path, criterion) if criterion in data else (*path, *criterion.split(".", 1))


def _state_fact(
    criterion: str, profile: Profile, path: KeyPath, document: Document, lines: Mapping[int, Line]
) -> StatedFact:
    levels = profile.levels[criterion]
    answer = profile.answers.get(criterion)
    value: object = levels[0] if len(levels) == 1 else list(levels)
    if answer is not None and isinstance(answer.value, (int, float)):
        value = answer.value
    span = _span_of_place(document, path, lines)
    evidence = answer.evidence if answer is not None else None
    quoted = evidence if isinstance(evidence, Evidence) else None
    return StatedFact(criterion, value, Modality.STATED, span, declared=True, quoted=quoted)


def _span_of_place(document: Document, path: KeyPath, lines: Mapping[int, Line]) -> Span:
    """Return the rest of the line on which a value stands; `lines` are those of the block as they were counted."""
    place = document.place_of(path)
    line = lines[place.line or min(lines)]
    begin = (place.column or 1) - 1
    if not line.text[begin:].strip():
        begin = len(line.text) - len(line.text.lstrip())
    return Span(line.number, line.column + begin, line.text[begin:].rstrip())
