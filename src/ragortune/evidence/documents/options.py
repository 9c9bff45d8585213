"""Options that a document lists, and the one that its decision names: `Chosen option: 2`, `we go with B`, or its title.

The sentences of the option that is chosen belong to the decision, those of the others to what is turned down, wherever
they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ragortune.evidence.documents.assertion import NOT_ASSERTED, Marked
from ragortune.evidence.documents.language import Topic
from ragortune.evidence.documents.sections import DECIDING
from ragortune.model.documents import Block, Section, SectionKind

_WORD = re.compile(r"\b(?:\d{1,2}|[A-F]|[A-Za-z]{3,5})\b")
_MARKER = re.compile(r"(?:^|[\s(])(\d{1,2}|[A-Fa-f])[.)][\s*_]*$")
"""The number in front of an item of a numbered list."""
_LETTERED = re.compile(r"\W{0,3}(\d{1,2}|[A-F])[.):]\s")
_NUMBERS = {"one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6"}
_QUOTED = re.compile(
    r"(?:\*\W{0,2})?(?:chosen|selected|accepted)[\w ]{0,20}:?\W{0,4}[\"\u201c]([^\"\u201c\u201d]{3,160})[\"\u201d]",
    re.IGNORECASE,
)
"""A decision that quotes the title of an option."""
_CHOSEN = Topic.CHOSEN_OPTION
_FURTHEST = 12
"""Characters in front of a name that begins an option, such as `3.2 `."""
_FEWEST = 2


def resolve_options(marked: Sequence[Marked], lines: Sequence[str]) -> Sequence[Marked]:
    """Return the sentences of a document, those of numbered options with the kind that the decision gives them."""
    choices = ((at, key) for at, one in enumerate(marked) if (key := _read_choice(one)))
    decided, chosen = next(choices, (0, ""))
    if not chosen:
        return marked
    options = list(_list_options(marked, lines))
    if chosen not in {key for _, key in options}:
        options = _find_list(marked[:decided], lines)
    known = {key for _, key in options}
    if chosen not in known or len(known) < _FEWEST:
        return marked
    kinds = {at: _kind_of(marked[at], chosen=key == chosen) for at, key in options}
    return [one.move(kinds[at]) if at in kinds else one for at, one in enumerate(marked)]


def _kind_of(one: Marked, *, chosen: bool) -> SectionKind:
    """Return what a sentence of an option is about; what is said for and against the chosen one describes it."""
    if not chosen:
        return SectionKind.REJECTED
    described = one.sentence.block is not Block.HEADING and one.sentence.kind is SectionKind.CONSEQUENCES
    return SectionKind.CONSEQUENCES if described else SectionKind.DECISION


def _list_options(marked: Sequence[Marked], lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield the places of the sentences that belong to a numbered option, each with its key."""
    key, last, section = "", 0, None
    for at, one in enumerate(marked):
        sentence = one.sentence
        own = "" if sentence.kind in DECIDING else _read_name(one, lines)
        first = sentence.first.line
        if (not own and section is None) or sentence.block is Block.HEADING:
            own = own or _read_title(one)
        if own:
            key = own
            section = first if sentence.block is Block.HEADING else None
        elif section is not None:
            key = key if _is_below(sentence.section, section) else ""
        elif first > last + 1 or sentence.block is Block.HEADING:
            key = ""  # an item or paragraph ends with its lines
        last = sentence.last.line
        if key:
            yield at, key


def _find_list(marked: Sequence[Marked], lines: Sequence[str]) -> list[tuple[int, str]]:
    """Return the items of the last numbered list among sentences, as the places that belong to options."""
    items: list[tuple[int, str]] = []
    for at, one in enumerate(marked):
        key = _read_marker(one, lines)
        if key in {"1", "a"}:
            items = []
        if key:
            items.append((at, key))
    return items


def _read_name(one: Marked, lines: Sequence[str]) -> str:
    """Return the key of the option that begins with a sentence, empty where none does."""
    sentence = one.sentence
    place = one.place_of(Topic.OPTION)
    if place and place[0] <= _FURTHEST and not any(map(str.isalpha, sentence.text[: place[0]])):
        return _key_of(sentence.text[slice(*place)])
    if sentence.kind is not SectionKind.REJECTED:
        return ""
    found = _LETTERED.match(sentence.text) if sentence.block is Block.HEADING else None
    return found[1].lower() if found else _read_marker(one, lines)


def _read_title(one: Marked) -> str:
    """Return the text of an item or a heading among options, by which a decision may quote it."""
    sentence = one.sentence
    listed = sentence.kind is SectionKind.REJECTED and sentence.block in {Block.BULLET, Block.HEADING}
    return _as_title(sentence.text) if listed else ""


def _as_title(text: str) -> str:
    return text.casefold().strip(" .:*")


def _read_marker(one: Marked, lines: Sequence[str]) -> str:
    """Return the number or letter of an item of a list, empty for any other sentence."""
    piece = one.sentence.first
    bullet = one.sentence.block is Block.BULLET
    found = _MARKER.search(lines[piece.line - 1][: piece.column - 1]) if bullet else None
    return found[1].lower() if found else ""


def _read_choice(one: Marked) -> str:
    """Return the key of the option that a sentence decides for, empty where it does not."""
    topics, deciding = one.analysis.topics, one.sentence.kind in DECIDING
    if not deciding and _CHOSEN not in topics:
        return ""
    quoted = _QUOTED.match(one.sentence.text) if deciding else None
    if quoted and _CHOSEN not in topics:
        return _as_title(quoted[1])
    if Topic.UNDECIDED in topics or not (_CHOSEN in topics or (deciding and Topic.OPTION in topics)):
        return ""
    found = one.find_topic(_CHOSEN) or one.find_topic(Topic.OPTION)
    if found is None or one.meanings_at(found.start, found.end) & NOT_ASSERTED:
        return ""
    first, last = one.tokens.place(found.start, found.end)
    if found.entry.topic is Topic.OPTION and first > _FURTHEST:
        return ""  # further on a sentence compares options
    return _key_of(one.sentence.text[first:last])


def _key_of(name: str) -> str:
    """Return the number or letter in a name such as `Option 2`; small letters are words."""
    words = [
        word for word in _WORD.findall(name) if word.isdigit() or word.isupper() or word.lower() in _NUMBERS
    ]
    return _NUMBERS.get(words[-1].lower(), words[-1].lower()) if words else ""


def _is_below(section: Section | None, line: int) -> bool:
    while section is not None and section.line != line:
        section = section.parent
    return section is not None
