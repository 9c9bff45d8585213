"""A text cut into the words that patterns are made of, each with its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property

import msgspec

from ragortune.evidence.documents.amounts import Amount, find_amounts

_TOKEN = re.compile(
    r"\w++(?!')|\w+(?:'\w+)*|[.?;:](?=[\s\"')\]]|$)(?<!\be\.g.)(?<!\bi\.e.)"
    r"|[,()\u2013\u2192|/%$\u20ac\u00a3<>\u2264\u2265~\u2248=\u274c\u2705\u2713\u2717]"
)
_LETTER = re.compile(r"(?<=[\s+])[a-z]{3}")
_LONGEST = 2_000
"""Characters of a sentence that are looked at; what is longer is data."""


class Tokens(msgspec.Struct, dict=True, eq=False):
    """Words in lower case; an amount is one word, such as `<duration>`, behind a rate follows what is counted."""

    text: str
    words: tuple[str, ...]
    amounts: Mapping[int, Amount]
    """By the place of their word."""

    @cached_property
    def _places(self) -> list[tuple[int, int]]:
        """The range of characters of each word."""
        text, at = _make_alike(self.text), 0
        places: list[tuple[int, int]] = []
        for amount in self.amounts.values():
            places += [found.span() for found in _TOKEN.finditer(text, at, amount.start)]
            places.append((amount.start, amount.end))
            at = _end_of_number(amount, text)
        return places + [found.span() for found in _TOKEN.finditer(text, at)]

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Return the range of characters that a range of words takes."""
        return self._places[start][0], self._places[end - 1][1]


def cut_text(text: str, classify: Callable[[Iterable[str]], tuple[str, ...]] = tuple) -> Tokens:
    """Return the words of a text; `classify` returns what they count as."""
    text = text[:_LONGEST]
    alike, at = _make_alike(text), 0
    words: list[str] = []
    amounts: dict[int, Amount] = {}
    for amount in find_amounts(text):
        words += _TOKEN.findall(alike, at, amount.start)
        amounts[len(words)] = amount
        words.append(f"<{amount.kind}>")
        at = _end_of_number(amount, alike)
    words += _TOKEN.findall(alike, at)
    return Tokens(text, classify(words), amounts)


def _end_of_number(amount: Amount, text: str) -> int:
    """Return where a rate names what is counted, such as `queries a day`; of other amounts the end."""
    found = _LETTER.search(text, amount.start, amount.end) if amount.kind == "rate" else None
    return found.start() if found else amount.end


def _make_alike(text: str) -> str:
    """Return a text in lower case with one sign for each dash and quote; every character keeps its place."""
    lower = (
        text.lower() if text.isascii() else _lower(text.replace("\u2019", "'").replace("\u2014", "\u2013"))
    )
    return lower.replace("!", ".").replace(" -- ", " \u2013  ").replace(" - ", " \u2013 ")


def _lower(text: str) -> str:
    lower = text.lower()
    if len(lower) != len(text):
        return "".join(letter.lower() if len(letter.lower()) == 1 else letter for letter in text)
    return lower
