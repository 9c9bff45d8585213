"""Look-up of quotes in a document: exact words, regardless of white space, line wrapping and Markdown emphasis.

Text is normalised to a plain form with single spaces and without the markup of emphasis and links. Each piece of the
plain form has its offset in the source. Quotes are looked up in the plain form, and matches are mapped back to the exact
characters of their lines. Comments, struck-out text and the document's `ragortune` block are excluded, because text that
readers do not see is no evidence.
"""

from __future__ import annotations

import io
import itertools
import re
import unicodedata
from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property

import msgspec

from ragortune.evidence.documents.addressed import is_named
from ragortune.evidence.documents.blocks import BLOCK, BlockKind, RawBlock, read_blocks
from ragortune.evidence.documents.cutting import front_matter_end
from ragortune.model.documents import Span
from ragortune.support.text import INVISIBLE

_LEFT_OUT = re.compile(
    r"(?P<space>\s*+\0[\0>\s]*|[^\S\n]+\n[>\s]*|\n[>\s]+|\s{2,}|&nbsp;|<br\s?/?>)"
    r"|(?P<marked>\w[\u0300-\u036f]{1,4})"
    r"| ?\[\^[^\[\]\n]{1,200}\]| \[[\w#*-]{1,60}\]_(?!\w)| <[^<>`\n]{1,1000}>(?=`_)|:[a-z][\w:+.-]{0,60}:(?=`)"
    r"|\]\([^()\n]{0,1000}+(?:\([^()\n]{0,200}+\)[^()\n]{0,1000}+){0,2}+\)|\]\[[^\[\]\n]{0,200}\]|!?\[|\]|[*_`]"
    r"|</?(?:b|i|u|em|strong|code|mark|sub|sup)\s?/?>"
    r"|\\(?=[\n!-/:-@\[-`{-~]|\Z)"
    rf"|[{INVISIBLE}]+"
)
"""White space of several characters, hidden text, letters with marks of their own, and what is left out: markup, marks of
footnotes, and characters that cannot be seen. Every part is bounded or cannot match in two ways."""
_NORMALISED = str.maketrans("‘’‚“”„‐‑–—−", "'''\"\"\"-----")  # noqa: RUF001  (the look-alikes are the point)
_NORMALISED |= {code: ord(" ") for code in range(0x3001) if chr(code).isspace()}
_FENCED = re.compile(r"([^`~]*)(?:`{3}|~{3})")
_HIDDEN = re.compile(r"<!--(?s:.*?)-->|~~.*?~~")
"""Comments and struck-out text."""
_STRUCK = re.compile("~~.*?~~")
_BLANK = "\0"
"""Replaces what a reader does not see; no document that can be read has it."""
_SENTENCE_END = re.compile(r"(?<=[.!?;])(?<!\.\w\.)\s|\n\s*(?=\n|[-*+]\s|[|#>]|\d{1,3}[.)])")
_LONGEST_PASSAGE = 300
_CANDIDATES = 300
"""Number of passages before and after the old line among which the nearest one is searched."""
_MIN_SHARED = 0.5
"""Least share of the letters of a lost quote that are in words of the nearest passage."""
_MAX_OCCURRENCES = 2_000
"""Occurrences that are examined per quote; words that are everywhere are no evidence."""


class QuoteFinder:
    """The text of one document, prepared for finding many quotes in it."""

    def __init__(self, lines: Sequence[str]) -> None:
        """Take the physical lines of a document, without their ends."""
        self._lines = lines
        self._text = "\n".join(blank_hidden(lines))
        self._starts = [0, *(found.end() for found in re.finditer("\n", self._text))]
        self._plain, self._offsets, self._sources = _make_plain(self._text)

    def find(self, quote: str, line: int | None = None) -> tuple[Span, ...]:
        """Return where a quote is, line by line; of several places the one nearest to `line`, else the first.

        Hidden text inside the passage or the quote makes no difference. Empty where it is not there as whole words: `weekly`
        is not found in `biweekly`, nor `2,000` in `12,000`.
        """
        for text in dict.fromkeys((quote, _HIDDEN.sub(_BLANK, quote))):
            words = plain_text(text)
            places = self._find_places(words) if any(map(str.isalnum, words)) else ()
            lines = {start: bisect_right(self._starts, self._source(start)) for start in places}
            if lines:
                start = min(lines, key=lambda start: abs(lines[start] - (line or 1)))
                return tuple(self._cut(self._source(start), self._source(start + len(words) - 1) + 1))
        return ()

    def find_nearest(self, quote: str, line: int | None = None) -> tuple[Span, ...]:
        """Return the passage that shares most words with a lost quote, line by line; empty if it shares too few.

        Long words count more, and of equal passages the nearest to the old line. Only those near it are compared.
        """
        wanted = _count_words(quote[:_LONGEST_PASSAGE])
        old = self._starts[min(max(line or 1, 1), len(self._starts)) - 1]
        at = bisect_right(self._passages, (old, ""))
        best, found = _MIN_SHARED * sum(map(len, wanted.elements())), None
        near = self._passages[max(0, at - _CANDIDATES) : at + _CANDIDATES]
        for start, text in sorted(near, key=lambda place: abs(place[0] - old)):
            shared = sum(map(len, (wanted & _count_words(text)).elements()))
            if shared > best:
                best, found = shared, (start, start + len(text))
        return tuple(self._cut(*found)) if found else ()

    @cached_property
    def _passages(self) -> list[tuple[int, str]]:
        """The sentences, items and cells of the document with their places."""
        passages = []
        ends = [0, *(found.end() for found in _SENTENCE_END.finditer(self._text)), len(self._text)]
        for start, end in itertools.pairwise(ends):
            for first in range(start, end, _LONGEST_PASSAGE):
                text = self._text[first : min(first + _LONGEST_PASSAGE, end)]
                shown = text.strip().strip(_BLANK)
                if shown and _BLANK not in shown:
                    passages.append((first + len(text) - len(text.lstrip()), shown))
        return passages

    def _find_places(self, words: str) -> Iterator[int]:
        """Yield the offsets in the plain form at which `words` occur as whole words."""
        start = self._plain.find(words)
        for _ in range(_MAX_OCCURRENCES):
            if start < 0:
                return
            if _is_whole(self._plain, start, start + len(words)):
                yield start
            start = self._plain.find(words, start + 1)

    def _source(self, plain: int) -> int:
        piece = bisect_right(self._offsets, plain) - 1
        return self._sources[piece] + plain - self._offsets[piece]

    def _cut(self, start: int, end: int) -> Iterator[Span]:
        """Yield the parts of a range of the source, one for each line that has words of it that a reader sees."""
        for number in range(bisect_right(self._starts, start), len(self._starts) + 1):
            first = self._starts[number - 1]
            if first >= end:
                return
            line = self._lines[number - 1]
            begin = max(start, first)
            shown = self._text[begin : min(end, first + len(line))].replace(_BLANK, " ")
            if any(map(str.isalnum, shown)):
                words = shown.lstrip("> \t" if first > start else None)  # without marks of a quotation
                column = begin - first + len(shown) - len(words)
                yield Span(number, column + 1, line[column : column + len(words.rstrip())])


def plain_text(text: str) -> str:
    """Return text without markup of emphasis and links, white space made one space."""
    return _make_plain(text)[0].strip()


def _count_words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+(?:[.,]\w+)*", plain_text(text).casefold()))


def _make_plain(text: str) -> tuple[str, Sequence[int], Sequence[int]]:
    """Return the plain form of a text, and for each of its pieces where it begins there and in the text."""
    plain = io.StringIO()
    offsets, sources = array("Q"), array("Q")
    last = 0
    for found in itertools.chain(_LEFT_OUT.finditer(text), (None,)):
        end = found.start() if found else len(text)
        if end > last:
            offsets.append(plain.tell())
            sources.append(last)
            plain.write(text[last:end].translate(_NORMALISED))
        if found and (found["space"] or found["marked"]):
            offsets.append(plain.tell())
            sources.append(end)
            plain.write(unicodedata.normalize("NFC", found["marked"] or " "))
        last = found.end() if found else last
    return plain.getvalue(), offsets, sources


def _is_whole(text: str, start: int, end: int) -> bool:
    """Return whether a range of a text begins and ends at the borders of words and numbers."""
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    first, last = text[start], text[end - 1]
    if first.isalnum() and before[-1:].isalnum():
        return False
    if last.isalnum() and after[:1].isalnum():
        return False
    if first.isdigit() and before[-1:] in {".", ","} and before[:-1].isdigit():
        return False
    return not (last.isdigit() and after[:1] in {".", ","} and after[1:].isdigit())


# --- text hidden from readers -------------------------------------------------------------------------------------


class BlockPlace(msgspec.Struct, frozen=True):
    """Lines of the content of a `ragortune` block, counted from 0."""

    first: int
    """The first line of its content; in front matter that of its key."""
    last: int
    """The line after its last one."""
    key: bool
    """Whether it is a key of the front matter, not a fenced block."""
    prefix: str = ""
    """What comes before the fence: blanks or marks of a quotation."""


def find_block(lines: Sequence[str]) -> BlockPlace | None:
    """Return the position of the first block of a document, or None."""
    if front := _find_key(lines):
        return BlockPlace(front.start, front.stop, key=True)
    for block in filter(_is_own, read_blocks(lines)):
        first, last = block.lines[0].number - 1, block.lines[-1].number
        if not block.lines[0].text and _FENCED.match(lines[first]):  # it is empty
            first = last
        if fence := _FENCED.match(lines[first - 1]):  # it is none where carriage returns end the lines
            return BlockPlace(first, last, key=False, prefix=fence[1])
    return None


def blank_hidden(lines: Sequence[str]) -> list[str]:
    """Return lines in which comments, struck-out text and `ragortune` blocks are blanked, each as long as it was."""
    key = _find_key(lines)
    shown: dict[int, list[str]] = {index: list(_blank(lines[index])) for index in key}
    for block in read_blocks(lines):
        text = "\n".join(line.text for line in block.lines)
        if block.kind is BlockKind.COMMENT or _is_own(block):
            text = _blank(text)
        elif block.kind not in {BlockKind.CODE, BlockKind.FRONT_MATTER}:
            end = text.rfind("-->") + 3 if "-->" in text else 0  # behind it no comment ends
            parts = _HIDDEN.sub(_blank_found, text[:end]), _STRUCK.sub(_blank_found, text[end:])
            text = "".join(parts)
        for line, new in zip(block.lines, text.split("\n"), strict=False):
            if _BLANK in new:
                index, begin = line.number - 1, line.column - 1
                if index not in shown:
                    shown[index] = list(lines[index])
                shown[index][begin : begin + len(new)] = new
    return ["".join(shown.get(index, line)) for index, line in enumerate(lines)]


def _is_own(block: RawBlock) -> bool:
    return block.kind is BlockKind.CODE and is_named(block.marker)


def _blank_found(found: re.Match[str]) -> str:
    return _blank(found[0])


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", _BLANK, text)


def _find_key(lines: Sequence[str]) -> range:
    """Return which lines of the front matter, counted from 0, hold the key `ragortune`."""
    last = front_matter_end(lines) - 1
    keys = (at for at in range(1, last) if re.match(rf"{BLOCK}\s*:", lines[at], re.IGNORECASE))
    first = next(keys, last)
    others = (at for at in range(first + 1, last) if lines[at][:1] not in {" ", "\t", "", "#", "-", "}", "]"})
    return range(first, next(others, last))
