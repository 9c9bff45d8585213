"""Words in sentences: whether a document speaks of something, and whether a cost compares two things at once."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ragortune.model.documents import Block, SectionKind, Sentence

_MONEY = re.compile(
    r"[$€£¥]\s?\d|\b\d[\d.,]*\s?(?:usd|eur|gbp|dollars?|euros?|cents?)\b|\bcheaper\b|\bcosts?\b",
    re.IGNORECASE,
)
_TUNED = re.compile(r"\bfine[- ]?tun(?:e|ed|ing)\b|\blora\b|\bqlora\b|\bdistilled\b", re.IGNORECASE)
_NOT_TUNED = re.compile(
    r"\brag\b|\bretriev(?:al|ed|es|ing)\b|\bprompt(?:s|ed|ing)?\b|\bfew-?shot\b|\bbase model\b", re.IGNORECASE
)
_LONGEST = 2_000
_NOT_THIS_PROJECT = frozenset({SectionKind.OTHER_SYSTEM, SectionKind.EXAMPLE})


class WordFinder:
    """Finds whole words in a text, in time that grows with the text alone."""

    def __init__(self, words: Iterable[str]) -> None:
        """Take words in lower case; `*` at the end stands for any ending."""
        parts = [
            re.escape(word.rstrip("*")).replace("\\ ", r"[\s-]") + ("" if word.endswith("*") else r"(?!\w)")
            for word in words
        ]
        self._pattern = re.compile(rf"(?<!\w)(?:{'|'.join(parts)})", re.IGNORECASE) if parts else None

    def finds(self, text: str) -> bool:
        """Return whether one of the words stands in a text."""
        return self._pattern is not None and self._pattern.search(text) is not None

    def find_all(self, text: str) -> tuple[str, ...]:
        """Return every word as it stands in a text, once each."""
        if self._pattern is None:
            return ()
        return tuple(dict.fromkeys(found[0].lower() for found in self._pattern.finditer(text)))


def compares_models(sentence: Sentence, families: tuple[str, ...]) -> tuple[str, ...]:
    """Return the models that a cost comparison sets against each other while the technique changes, too.

    Only a single sentence or table cell that names money, a tuned model, an untuned alternative and two families of
    models counts; anything wider would take a table of prices for an argument.
    """
    text = sentence.text
    if sentence.block in (Block.HEADING, Block.CODE) or sentence.kind in _NOT_THIS_PROJECT:
        return ()
    if len(text) > _LONGEST or not (_MONEY.search(text) and _TUNED.search(text) and _NOT_TUNED.search(text)):
        return ()
    named = WordFinder(families).find_all(text)
    return named if len(named) > 1 else ()
