r"""Long alternatives compiled so that they can be searched fast.

Nearly all of them begin at the beginning of a word. An engine that is given `\bfirst|\bsecond|...` tries each of them at every
character; given `\b(?:first|second|...)` it tries them where words begin, and given `f(?:irst|ourth)|second` it tries one for
each letter. What is found is the same: the order of alternatives that begin with different letters is free.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

_MARK = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[()|]", re.DOTALL)
"""What is escaped, a set of characters, or what opens, closes and parts alternatives."""
_LETTER = re.compile(r"[A-Za-z](?![?*+{])")
_BOUNDARY = r"\b"


def compile_words(pattern: str) -> re.Pattern[str]:
    """Return a pattern that disregards case, with the boundary before neighbouring alternatives tested once for all."""
    parts = []
    for bounded, ways in groupby(_cut_ways(pattern), key=lambda way: way.startswith(_BOUNDARY)):
        joined = "|".join(way.removeprefix(_BOUNDARY) for way in ways)
        parts.append(rf"\b(?:{group_letters(joined)})" if bounded else joined)
    return re.compile("|".join(parts), re.IGNORECASE)


def group_letters(pattern: str) -> str:
    """Return alternatives, in a pattern that disregards case, with those of one first letter together.

    None is moved past one that does not begin with a letter.
    """
    parts: list[str] = []
    letters: dict[str, list[str]] = {}
    for way in _cut_ways(pattern):
        if _LETTER.match(way):
            letters.setdefault(way[0].lower(), []).append(way[1:])
            continue
        parts += (*_join_letters(letters), way)
        letters = {}
    return "|".join((*parts, *_join_letters(letters)))


def _join_letters(letters: dict[str, list[str]]) -> Iterator[str]:
    for letter, ends in letters.items():
        yield f"{letter}(?:{'|'.join(ends)})"


def _cut_ways(pattern: str) -> Iterator[str]:
    """Yield the alternatives of a pattern, in their order; those inside brackets stay together."""
    depth = start = 0
    for mark in _MARK.finditer(pattern):
        depth += {"(": 1, ")": -1}.get(mark[0], 0)
        if mark[0] == "|" and not depth:
            yield pattern[start : mark.start()]
            start = mark.end()
    yield pattern[start:]
