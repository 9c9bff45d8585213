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

_NUMBERS = {"one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6"}
_WORD = re.compile(rf"\b(?:\d{{1,2}}|[A-F]|(?i:{'|'.join(_NUMBERS)}))\b")
_MARKER = re.compile(r"(?:^|[\s(])(\d{1,2}|[A-Fa-f])[.)][\s*_]*$")
"""The number in front of an item of a numbered list."""
_LETTERED = re.compile(r"\W{0,3}(\d{1,2}|[A-F])[.):]\s")
_QUOTED = re.compile(
    r"\W{0,3}(?:chosen|selected|accepted)[\w ]{0,20}:?\W{0,4}[\"\u201c]([^\"\u201c\u201d]{3,160})[\"\u201d]",
    re.IGNORECASE,
)
"""A decision that quotes the title of an option."""
_FURTHEST = 12
"""Characters in front of the option that a sentence decides for; further on it compares options."""


def resolve_options(marked: Sequence[Marked], lines: Sequence[str]) -> Sequence[Marked]:
    """Return the sentences of a document, those of numbered options with the kind that the decision gives them."""
    choices = ((at, key) for at, one in enumerate(marked) if (key := _read_choice(one)))
    decided, chosen = next(choices, (0, ""))
    options = dict(_list_options(marked, lines)) if chosen else {}
    if chosen not in options.values():
        options = _find_list(marked[:decided], lines)
    if chosen not in options.values():
        return marked
    kinds = {
        at: SectionKind.DECISION if key == chosen else SectionKind.REJECTED for at, key in options.items()
    }
    return [one.move(kinds[at]) if at in kinds else one for at, one in enumerate(marked)]


def _list_options(marked: Sequence[Marked], lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield the places of the sentences that belong to a numbered option, each with its key."""
    key, last, section = "", 0, None
    for at, one in enumerate(marked):
        sentence = one.sentence
        first, is_heading = sentence.first.line, sentence.block is Block.HEADING
        own = "" if sentence.kind in DECIDING else _read_name(one, lines)
        if sentence.kind is SectionKind.REJECTED and (is_heading or (not own and section is None)):
            own = own or _as_title(sentence.text)
        if own:
            key = own
            section = first if is_heading else None
        elif section is not None:
            key = key if _is_below(sentence.section, section) else ""
        elif first > last + 1 or is_heading:
            key = ""  # an item or paragraph ends with its lines
        last = sentence.last.line
        if key:
            yield at, key


def _find_list(marked: Sequence[Marked], lines: Sequence[str]) -> dict[int, str]:
    """Return the places of the items of the last numbered list among sentences, each with its key."""
    items: dict[int, str] = {}
    for at, one in enumerate(marked):
        if key := _read_marker(one, lines):
            items = {at: key} if key in {"1", "a"} else {**items, at: key}
    return items


def _read_name(one: Marked, lines: Sequence[str]) -> str:
    """Return the key of the option that begins with a sentence, empty where none does."""
    sentence = one.sentence
    place = one.place_of(Topic.OPTION)
    if place and not any(map(str.isalpha, sentence.text[: place[0]])):
        return _key_of(sentence.text[slice(*place)])
    if sentence.kind is not SectionKind.REJECTED:
        return ""
    found = _LETTERED.match(sentence.text) if sentence.block is Block.HEADING else None
    return found[1].lower() if found else _read_marker(one, lines)


def _read_marker(one: Marked, lines: Sequence[str]) -> str:
    """Return the number or letter of an item of a list, empty for any other sentence."""
    piece, is_item = one.sentence.first, one.sentence.block is Block.BULLET
    found = _MARKER.search(lines[piece.line - 1][: piece.column - 1]) if is_item else None
    return found[1].lower() if found else ""


def _read_choice(one: Marked) -> str:
    """Return the key of the option that a sentence decides for, empty where it does not."""
    found = one.find_topic(Topic.CHOSEN_OPTION)
    if found is None and one.sentence.kind in DECIDING:
        if quoted := _QUOTED.match(one.sentence.text):
            return _as_title(quoted[1])
        found = one.find_topic(Topic.OPTION)
    if found is None or one.meanings_at(found.start, found.end) & NOT_ASSERTED:
        return ""
    first, last = one.tokens.place(found.start, found.end)
    if found.entry.topic is Topic.OPTION and first > _FURTHEST:
        return ""
    return _key_of(one.sentence.text[first:last])


def _as_title(text: str) -> str:
    """Return the title by which a decision may quote an option."""
    return text.casefold().strip(" .:*")


def _key_of(name: str) -> str:
    """Return the number or letter in a name such as `Option 2` or `option two`; small letters are words."""
    word: str = ["", *_WORD.findall(name)][-1].lower()
    return _NUMBERS.get(word, word)


def _is_below(section: Section | None, line: int) -> bool:
    while section is not None and section.line != line:
        section = section.parent
    return section is not None
