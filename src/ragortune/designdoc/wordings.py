r"""Long alternatives compiled so that they can be searched fast.

Nearly all of them begin at the beginning of a word. An engine that is given `\bfirst|\bsecond|...` tries each of them at every
character; given `\b(?:first|second|...)` it tries them where words begin. What is found is the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

_MARK = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[()|]", re.DOTALL)
"""What is escaped, a set of characters, or what opens, closes and parts alternatives."""
_BOUNDARY = r"\b"


def compile_words(pattern: str) -> re.Pattern[str]:
    """Return a pattern that disregards case, with the boundary before neighbouring alternatives tested once for all."""
    grouped = groupby(_cut_ways(pattern), key=lambda way: way.startswith(_BOUNDARY))
    parts = [
        rf"\b(?:{'|'.join(way.removeprefix(_BOUNDARY) for way in ways)})" if bounded else "|".join(ways)
        for bounded, ways in grouped
    ]
    return re.compile("|".join(parts), re.IGNORECASE)


def _cut_ways(pattern: str) -> Iterator[str]:
    """Yield the alternatives of a pattern, in their order; those inside brackets stay together."""
    depth = start = 0
    for mark in _MARK.finditer(pattern):
        depth += {"(": 1, ")": -1}.get(mark[0], 0)
        if mark[0] == "|" and not depth:
            yield pattern[start : mark.start()]
            start = mark.end()
    yield pattern[start:]
