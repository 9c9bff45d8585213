"""The `ragortune` block in which a document itself says what it decides and on which facts; read strictly."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from ragortune.evidence.documents.blocks import BLOCK
from ragortune.evidence.documents.sentences import DesignText
from ragortune.evidence.entries import Entry, read_evidence
from ragortune.evidence.profile import Vocabulary, find_declined
from ragortune.model import Answer, Evidence, Option, Profile, Provenance, QuantityValue, Rulebook
from ragortune.model.documents import Cited, Line, Modality, Span, StatedDecision, StatedFact
from ragortune.support.errors import Place, ProfileError
from ragortune.support.reading import PROFILE_BYTES, parse_yaml, show_size
from ragortune.support.record import NOTHING
from ragortune.support.text import YAML_BREAKS, quote_value

_KEYS = ("decision", "evidence", "profile")
_VALUE = re.compile(r"\[[^\]]*\]?|\{.*|[^,}#]*")
"""A list, a mapping with what follows it, or a word or number."""


class Declared(msgspec.Struct, frozen=True):
    """What the block says."""

    decision: StatedDecision | None = None
    facts: tuple[StatedFact, ...] = ()
    quantities: Mapping[str, QuantityValue] = NOTHING
    declined: tuple[str, ...] = ()
    """Criteria for which it says that nobody knows."""


def read_declared(design: DesignText, path: str, rulebook: Rulebook) -> Declared:
    """Read the block of a document; raises UnreadableError or ProfileError with the line in the document."""
    blocks = design.declared
    if design.misplaced:
        message = f"a '{BLOCK}' block cannot be read here"
        hint = (
            f"put it into a fence of its own at the left margin, ```{BLOCK}, or into front matter on line 1"
        )
        raise ProfileError(message, Place(path, design.misplaced[0]), hint)
    if not blocks:
        return Declared()
    if len(blocks) > 1:
        message = f"holds a second '{BLOCK}' block; keep one"
        raise ProfileError(message, Place(path, blocks[1].key_line))
    block = blocks[0]
    above = block.lines[0].number - 1
    text = "\n".join(line.text for line in block.lines).translate(YAML_BREAKS)
    if len(text) > PROFILE_BYTES:
        message = f"holds a '{BLOCK}' block that is larger than {show_size(PROFILE_BYTES)}, the limit for one"
        raise ProfileError(message, Place(path, block.key_line))
    document = parse_yaml("\n" * above + text, path)
    lines = {above + place: line for place, line in enumerate(block.lines, 1)}
    entry = Entry(document.data, (), document)
    if block.inside and isinstance(document.data, dict):
        entry = entry[
            next(key for key in document.data if key.casefold() == BLOCK)
        ]  # it is found in any case
    if entry.value is None or entry.value == {}:
        return Declared()
    if not isinstance(entry.value, dict):
        raise entry.fail(f"'{BLOCK}' holds a decision and a profile, not {quote_value(entry.value)}")
    entry.allow_keys(_KEYS, BLOCK)
    decision = _read_option(entry["decision"], lines)
    evidence = read_evidence(entry["evidence"])
    if decision is not None and isinstance(evidence, Evidence):
        decision = msgspec.structs.replace(decision, quoted=evidence)
    below = entry["profile"]
    if below.value is None:
        return Declared(decision)
    profile = Vocabulary(rulebook.criteria, rulebook.quantities).read_entry(below)
    facts = (
        _state_fact(name, answer, _find_answer(name, answer, profile, below), lines)
        for name, answer in profile.known.items()
    )
    in_order = tuple(sorted(facts, key=lambda fact: fact.place[0]))
    declined = find_declined(rulebook.criteria.values(), below.value)
    return Declared(decision, in_order, profile.quantities, declined)


def _read_option(entry: Entry, lines: Mapping[int, Line]) -> StatedDecision | None:
    if entry.value is None:
        return None
    option = Option(entry.one_of(tuple(Option)))
    return StatedDecision(option, "explicit", (Cited(_find_span(entry, lines), "for"),), declared=True)


def _find_answer(criterion: str, answer: Answer, profile: Profile, entry: Entry) -> Entry:
    """Return the entry with an answer: nested by group, under the whole name, or as a quantity."""
    assert isinstance(entry.value, dict)
    if answer.source is Provenance.DERIVED:
        names = (name for name, own in profile.quantities.items() if own.criterion == criterion)
        return entry["quantities"][next(names)]
    if criterion in entry.value:
        return entry[criterion]
    group, name = criterion.split(".", 1)
    return entry[group][name]


def _state_fact(criterion: str, answer: Answer, entry: Entry, lines: Mapping[int, Line]) -> StatedFact:
    quoted = answer.evidence if isinstance(answer.evidence, Evidence) else None
    span = _find_span(entry, lines)
    return StatedFact(criterion, answer.plain, Modality.STATED, span, declared=True, quoted=quoted)


def _find_span(entry: Entry, lines: Mapping[int, Line]) -> Span:
    """Return a value, or the rest of its line if it is a mapping; `lines` are those of the block as they were counted."""
    place = entry.place() or Place()
    line = lines[place.line or min(lines)]
    begin = (place.column or 1) - 1
    if not line.text[begin:].strip():
        begin = len(line.text) - len(line.text.lstrip())
    return Span(line.number, line.column + begin, _VALUE.findall(line.text, begin)[0].rstrip())
