"""Sentences cut into words, numbers and stops, each with its place. One pass, linear in the length of the text.

Most sentences make no phrase, and only their words are ever looked at: those are cut in one call, and the places are found
when somebody asks for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property, lru_cache

TYPE_CHECKING = False  # importing `typing` would cost a fifth of a start
if TYPE_CHECKING:
    from typing import Any

SOFT = ","
"""A comma, colon, bracket or dash: a gap may run over it, two neighbouring words may not."""
HARD = ";"
"""The end of a clause: nothing runs over it."""

_DASHES = "\u2013\u2014"
# a dash without spaces around it joins and is no token: ranges and compounds
_TOKEN = re.compile(
    r"[^\W\d_]\w*_\w*|[^\W\d_]+(?:['\u2019][^\W\d_]+)?|\d+(?:[.,]\d+)*|[,:()\[\]|;?!%/]"
    rf"|(?<!\S)[{_DASHES}]|[{_DASHES}](?!\S)|[.\u2192](?=\s|\Z)|-(?=\s)|&"
)
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?\Z")
_STOPS = {
    **dict.fromkeys(f",:()[]|{_DASHES}-/", SOFT),
    **dict.fromkeys(";?!.\u2192", HARD),
    "&": "and",
}
_MOST_REMEMBERED = 20_000


class Tokens:
    """The words of a text in lower case, with the place of each; stops are `SOFT` or `HARD`."""

    def __init__(self, text: str) -> None:
        """Cut a text."""
        self.text = text
        self.amounts: dict[tuple[str, int], Any] = {}
        """Quantities that were read, by kind and place, so that each is read once."""
        self.words = [_plain_word(word) for word in _TOKEN.findall(text)]

    @cached_property
    def starts(self) -> list[int]:
        """The offset at which each word begins."""
        return [found.start() for found in _TOKEN.finditer(self.text)]

    @cached_property
    def ends(self) -> list[int]:
        """The offset behind each word."""
        return [found.end() for found in _TOKEN.finditer(self.text)]

    def __len__(self) -> int:
        return len(self.words)

    def before(self, index: int) -> str:
        """Return the characters between the token before this one and this one."""
        return self.text[self.ends[index - 1] if index else 0 : self.starts[index]]


@lru_cache(_MOST_REMEMBERED)
def _plain_word(word: str) -> str:
    """Return how a token is compared: in lower case, a number without commas between its thousands, a stop by its kind."""
    if word in _STOPS:
        return _STOPS[word]
    if _GROUPED.match(word):
        return word.replace(",", "")
    return word.lower().replace("\u2019", "'")


def join_texts(parts: Iterable[str]) -> tuple[str, int]:
    """Return texts joined so that gaps run over the joints, and where the last of them begins."""
    *prefix, last = parts
    joined = "".join(f"{part.rstrip(' :.')}: " for part in prefix)
    return joined + last, len(joined)
