"""What the names of sections, labels and columns say about the text below or beside them."""

from __future__ import annotations

from collections.abc import Sequence

from ragortune.evidence.documents.language import Language, Place
from ragortune.evidence.documents.tokens import tokenise
from ragortune.model.documents import SectionKind

_ASIDE = frozenset(
    (
        SectionKind.REJECTED,
        SectionKind.NON_GOAL,
        SectionKind.FUTURE,
        SectionKind.OTHER_SYSTEM,
        SectionKind.EXAMPLE,
    )
)
"""Kinds that hold for everything below, whatever it is called, until a heading leads out."""
_LEADING_OUT = frozenset((*_ASIDE, SectionKind.DECISION, SectionKind.CURRENT))
_LONGEST_NAME = 160
_MOST_REMEMBERED = 20_000


def inherit_kind(own: SectionKind | None, above: SectionKind | None) -> SectionKind:
    """Return the kind of a section from what its name says and the kind it stands in."""
    if above in _ASIDE and own not in _LEADING_OUT:
        return above
    return own or above or SectionKind.CONTEXT


class SectionNames:
    """The names of sections of a rule set, looked up once for each text."""

    def __init__(self, language: Language) -> None:
        """Take the language whose names count."""
        self._language = language
        self._known: dict[tuple[str, Place], SectionKind | None] = {}

    def kind_of(self, text: str, place: Place) -> SectionKind | None:
        """Return what a name means at a place, None where it means nothing there."""
        key = text, place
        if key not in self._known:
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            self._known[key] = self._find(text, place) if len(text) <= _LONGEST_NAME else None
        return self._known[key]

    def _find(self, text: str, place: Place) -> SectionKind | None:
        words = _strip_numbers(tokenise(text).words)
        tried = [words]
        if "(" in words[1:]:
            bracket = len(words) - 1 - list(reversed(words)).index("(")
            tried += [words[bracket + 1 :], words[:bracket]]
        kinds = (self._name(_strip_end(part), place) for part in tried)
        return next((kind for kind in kinds if kind is not None), None)

    def _name(self, words: Sequence[str], place: Place) -> SectionKind | None:
        names = self._language.name_of(words)
        return next((name.kind for name in names if place in name.at), None)


def _strip_numbers(words: Sequence[str]) -> Sequence[str]:
    """Return words without the number in front, such as `3.` or `A)`."""
    at = 0
    while at < len(words) and (
        words[at] in ("<count>", ".", ")", "(", ":", ",", "\u2013", "/") or words[at].isdigit()
    ):
        at += 1
    return words[at:]


def _strip_end(words: Sequence[str]) -> Sequence[str]:
    while words and words[-1] in (":", ".", "?", "\u2013", ",", ")"):
        words = words[:-1]
    return words
