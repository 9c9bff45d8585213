"""A text cut into the words that patterns are made of, each with its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property

import msgspec

from ragortune.evidence.documents.amounts import Amount, find_amounts

APART = "\0"
"""Separates texts that are cut together, as a word of its own; no document that can be read has it."""
_TOKEN = re.compile(
    r"\w++(?!')|\w+(?:'\w+)*|[.?;:](?=[\s\"')\]\0]|$)(?<!\be\.g.)(?<!\bi\.e.)"
    r"|[\0,()\u2013\u2192|/%$\u20ac\u00a3<>\u2264\u2265~\u2248=\u274c\u2705\u2713\u2717]"
)
_LETTER = re.compile(r"(?<=[\s+])[a-z]{3}")
_LONGEST = 2_000
"""Characters of a sentence that are looked at; what is longer is data."""


_NO_AMOUNTS: Mapping[int, Amount] = {}


class Tokens(msgspec.Struct, dict=True, eq=False):
    """Words in lower case; an amount is one word, such as `<duration>`, behind a rate follows what is counted."""

    text: str
    words: tuple[str, ...]
    amounts: Mapping[int, Amount]
    """By the place of their word; their characters count from the beginning of all texts that were cut together."""
    offset: int
    """Where the text begins among them."""

    @cached_property
    def _places(self) -> list[tuple[int, int]]:
        """The range of characters of each word."""
        text, at = _make_alike(self.text), 0
        places: list[tuple[int, int]] = []
        for amount in self.amounts.values():
            place = amount.start - self.offset, amount.end - self.offset
            places += [found.span() for found in _TOKEN.finditer(text, at, place[0])]
            places.append(place)
            at = _end_of_number(amount.kind, text, *place)
        return places + [found.span() for found in _TOKEN.finditer(text, at)]

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Return the range of characters that a range of words takes."""
        return self._places[start][0], self._places[end - 1][1]


Classify = Callable[[Iterable[str]], tuple[str, ...]]
"""Returns what words count as."""


def cut_text(text: str, classify: Classify = tuple) -> Tokens:
    """Return the words of a text."""
    return next(cut_texts((text,), classify))


def cut_texts(texts: Iterable[str], classify: Classify) -> Iterator[Tokens]:
    """Yield the words of each text; they are cut together, which takes half of the time."""
    texts = [text[:_LONGEST].replace(APART, " ") for text in texts]
    joined = "".join(f"{text}{APART}" for text in texts)
    alike = _make_alike(joined)
    found: list[tuple[int, Amount]] = []
    words: list[str] = []
    at = 0
    for amount in find_amounts(joined):
        words += _TOKEN.findall(alike, at, amount.start)
        found.append((len(words), amount))
        words.append(f"<{amount.kind}>")
        at = _end_of_number(amount.kind, alike, amount.start, amount.end)
    words += _TOKEN.findall(alike, at)
    classified = classify(words)
    begin = offset = 0
    found.reverse()
    for text in texts:
        end = classified.index(APART, begin)
        own = {}
        while found and found[-1][0] < end:
            place, amount = found.pop()
            own[place - begin] = amount
        yield Tokens(text, classified[begin:end], own or _NO_AMOUNTS, offset)
        begin, offset = end + 1, offset + len(text) + 1


def _end_of_number(kind: str, text: str, start: int, end: int) -> int:
    """Return where a rate names what is counted, such as `queries a day`; of other amounts the end."""
    found = _LETTER.search(text, start, end) if kind == "rate" else None
    return found.start() if found else end


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
