"""Sentences cut into words, numbers and stops, each with its place. One pass, linear in the length of the text."""

from __future__ import annotations

import re
from collections.abc import Iterable

TYPE_CHECKING = False  # importing `typing` would cost a fifth of a start
if TYPE_CHECKING:
    from typing import Any

SOFT = ","
"""A comma, colon, bracket or dash: a gap may run over it, two neighbouring words may not."""
HARD = ";"
"""The end of a clause: nothing runs over it."""

_DASHES = "\u2013\u2014"
_TOKEN = re.compile(
    r"[^\W\d_]\w*_\w*|[^\W\d_]+(?:['\u2019][^\W\d_]+)?|\d+(?:[.,]\d+)*|[,:()\[\]|\u2013\u2014;?!%/]|[.\u2192](?=\s|\Z)|-(?=\s)|&"
)
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?\Z")
_STOPS = {
    **dict.fromkeys(f",:()[]|{_DASHES}-/", SOFT),
    **dict.fromkeys(";?!.\u2192", HARD),
    "&": "and",
}


class Tokens:
    """The words of a text in lower case, with the place of each; stops are `SOFT` or `HARD`."""

    __slots__ = ("amounts", "ends", "starts", "text", "words")

    def __init__(self, text: str) -> None:
        """Cut a text."""
        self.text = text
        self.amounts: dict[tuple[str, int], Any] = {}
        """Quantities that were read, by kind and place, so that each is read once."""
        self.words: list[str] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        for found in _TOKEN.finditer(text):
            word = found[0]
            start, end = found.span()
            if word in _STOPS:
                # a dash without spaces around it joins: ranges and compounds
                if word in _DASHES and text[start - 1 : start].strip() and text[end : end + 1].strip():
                    continue
                word = _STOPS[word]
            elif word[0].isdigit() and "," in word:
                word = word.replace(",", "") if _GROUPED.match(word) else word
            self.words.append(word.lower().replace("\u2019", "'"))
            self.starts.append(start)
            self.ends.append(end)

    def __len__(self) -> int:
        return len(self.words)

    def before(self, index: int) -> str:
        """Return the characters between the token before this one and this one."""
        return self.text[self.ends[index - 1] if index else 0 : self.starts[index]]


def join_texts(parts: Iterable[str]) -> tuple[str, int]:
    """Return texts joined so that gaps run over the joints, and where the last of them begins."""
    *prefix, last = parts
    joined = "".join(f"{part.rstrip(' :.')}: " for part in prefix)
    return joined + last, len(joined)
