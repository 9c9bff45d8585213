"""Quotes found again in a document: exact words, white space, line wrapping and Markdown emphasis aside.

Text is brought into a plain form, in which white space is one space and the markup of emphasis and links is left out,
and every piece of the plain form knows where it stands in the source. A quote is looked up in that form, so that what
is found can be given back as the exact characters of its lines. Comments, struck-out text and the document's own
`ragortune` block are no part of it: what a reader does not see supports nothing.
"""

from __future__ import annotations

import difflib
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import msgspec

_LEFT_OUT = re.compile(
    r"(?P<space>[^\S\n]*\n[>\s]*|\s+)"
    r"|\]\([^()\n]{0,1000}\)|\]\[[^\[\]\n]{0,200}\]|!?\[|\]|[*_`]"
    r"|</?(?:b|i|u|em|strong|code|br|mark|sub|sup)\s?/?>"
    r"|\\(?=[!-/:-@\[-`{-~])"
)
"""White space, and the markup that is left out. Every part is bounded or cannot match in two ways."""
_ALIKE = str.maketrans("‘’‚“”„‐‑–—−", "'''\"\"\"-----")  # noqa: RUF001  (the look-alikes are the point)
BLOCK = "ragortune"
"""The key, and the word behind a fence, of what a document says to this program."""
_FENCE = re.compile(r"(?P<prefix>[ \t>]*(?:[-*+][ \t]+)?)(?P<mark>`{3,}|~{3,})[ \t]*(?P<word>\S*)")
_LONGEST_FRONT_MATTER = 400
_SENTENCE_END = re.compile(r"(?<=[.!?;])\s|\n\s*(?=\n|[-*+|#>]|\d{1,3}[.)])")
_WORD = re.compile(r"\w+")
_HIDDEN = "\0"
"""Stands in for what a reader does not see; no document that can be read has it."""
_LONGEST_PASSAGE = 300
_CANDIDATES = 20
_COMMON = 50
"""A word in more passages than this does not tell where a quote came from."""
_LEAST_LIKENESS = 0.5
_MOST_PLACES = 1_000
"""Places at which a quote does not stand whole, after which it is given up."""


class Passage(msgspec.Struct, frozen=True):
    """Where a quote stands: the characters themselves, cut at the ends of lines."""

    line: int
    """Physical line, from 1."""
    column: int
    """Column of the first character, from 1."""
    text: str
    """The part of the passage that stands on that line."""


class QuoteFinder:
    """The text of one document, prepared for finding many quotes in it."""

    def __init__(self, lines: Sequence[str]) -> None:
        """Take the physical lines of a document, without their ends."""
        self._lines = lines
        self._text = "\n".join(blank_hidden(lines))
        self._starts = list(_line_starts(self._text))
        self._plain, self._offsets, self._sources = _make_plain(self._text)
        self._passages: list[tuple[int, str]] | None = None
        self._holders: dict[str, list[int]] = {}

    def find(self, quote: str, line: int | None = None) -> tuple[Passage, ...]:
        """Return where a quote stands, line by line; of several places the one nearest to `line`, else the first.

        Empty where it does not stand there whole: `weekly` is not found in `biweekly`, nor `2,000` in `12,000`.
        """
        words = plain_text(quote)
        if not any(map(str.isalnum, words)) or _HIDDEN in words:
            return ()
        at = self._plain_offset(line) if line is not None else 0
        after = self._search(words, at, 1)
        before = self._search(words, at, -1) if line is not None else None
        found = [start for start in (after, before) if start is not None]
        if not found:
            return ()
        start = min(found, key=lambda start: abs(self._line_at(start) - (line or 1)))
        return tuple(self._cut(self._source(start), self._source(start + len(words) - 1) + 1))

    def find_nearest(self, quote: str, line: int | None = None) -> Passage | None:
        """Return the passage most like a quote that is gone, or None where nothing is like it.

        Candidates are the passages that share its rarest words and the ones around its old line, so that the cost does
        not depend on the length of the document.
        """
        passages = self._cut_passages()
        words = set(_WORD.findall(plain_text(quote).casefold()))
        counts: Counter[int] = Counter()
        for word in words:
            holders = self._holders.get(word, ())
            if len(holders) <= _COMMON:
                counts.update(holders)
        candidates = [index for index, _ in counts.most_common(_CANDIDATES)]
        if line is not None:
            at = bisect_right(passages, (self._source_offset(line), ""))
            candidates += range(max(0, at - 3), min(len(passages), at + 3))
        wanted = plain_text(quote)[:_LONGEST_PASSAGE].casefold()
        best, best_ratio = None, _LEAST_LIKENESS
        for index in dict.fromkeys(candidates):
            matcher = difflib.SequenceMatcher(None, wanted, plain_text(passages[index][1]).casefold())
            if matcher.real_quick_ratio() > best_ratio and matcher.ratio() > best_ratio:
                best, best_ratio = index, matcher.ratio()
        if best is None:
            return None
        start, text = passages[best]
        return next(self._cut(start, start + len(text)), None)

    # Places --------------------------------------------------------------------------------------------------------

    def _search(self, words: str, start: int, step: int) -> int | None:
        """Return the nearest place at or behind (in front of) an offset where words stand whole."""
        for _ in range(_MOST_PLACES):
            if step > 0:
                found = self._plain.find(words, start)
            else:
                found = self._plain.rfind(words, 0, start + len(words))
            if found < 0 or _stands_whole(self._plain, found, found + len(words)):
                return found if found >= 0 else None
            start = found + step
            if start < 0:
                return None
        return None

    def _source(self, plain: int) -> int:
        piece = bisect_right(self._offsets, plain) - 1
        return self._sources[piece] + plain - self._offsets[piece]

    def _plain_offset(self, line: int) -> int:
        piece = bisect_right(self._sources, self._source_offset(line)) - 1
        return self._offsets[max(0, piece)] if self._offsets else 0

    def _source_offset(self, line: int) -> int:
        return self._starts[min(max(line, 1), len(self._starts)) - 1]

    def _line_at(self, plain: int) -> int:
        return bisect_right(self._starts, self._source(plain))

    def _cut(self, start: int, end: int) -> Iterator[Passage]:
        """Yield the parts of a range of the source, one for each line that has any of it."""
        for number in range(bisect_right(self._starts, start), len(self._starts) + 1):
            first = self._starts[number - 1]
            if first >= end:
                return
            line = self._lines[number - 1]
            part = line[max(0, start - first) : end - first]
            text = part.strip()
            if text.strip("> "):
                column = max(0, start - first) + len(part) - len(part.lstrip()) + 1
                yield Passage(number, column, text)

    def _cut_passages(self) -> list[tuple[int, str]]:
        """Return the sentences, items and cells of the document with their places, found when first asked for."""
        if self._passages is None:
            self._passages = []
            start = 0
            for end in (*(found.end() for found in _SENTENCE_END.finditer(self._text)), len(self._text)):
                for first in range(start, end, _LONGEST_PASSAGE):
                    self._add_passage(first, min(first + _LONGEST_PASSAGE, end))
                start = end
        return self._passages

    def _add_passage(self, start: int, end: int) -> None:
        assert self._passages is not None
        text = self._text[start:end]
        start += len(text) - len(text.lstrip())
        text = text.strip().strip(_HIDDEN)
        if text and _HIDDEN not in text:
            for word in set(_WORD.findall(text.casefold())):
                self._holders.setdefault(word, []).append(len(self._passages))
            self._passages.append((start, text))


def plain_text(text: str) -> str:
    """Return text without markup of emphasis and links, white space made one space."""
    return _make_plain(text)[0].strip()


def longest_part(passages: Iterable[Passage]) -> Passage:
    """Return the part of a passage that has most of its characters."""
    return max(passages, key=lambda passage: len(passage.text))


def _make_plain(text: str) -> tuple[str, list[int], list[int]]:
    """Return the plain form of a text, and for each of its pieces where it begins there and in the text."""
    parts: list[str] = []
    offsets: list[int] = []
    sources: list[int] = []
    size = last = 0
    for found in (*_LEFT_OUT.finditer(text), None):
        end = found.start() if found else len(text)
        if end > last:
            parts.append(text[last:end].translate(_ALIKE))
            offsets.append(size)
            sources.append(last)
            size += end - last
        if found and found["space"]:
            parts.append(" ")
            offsets.append(size)
            sources.append(end)
            size += 1
        last = found.end() if found else last
    return "".join(parts), offsets, sources


def _stands_whole(text: str, start: int, end: int) -> bool:
    """Return whether a place in a text ends where words and numbers do."""
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    first, last = text[start], text[end - 1]
    if first.isalnum() and before[-1:].isalnum():
        return False
    if last.isalnum() and after[:1].isalnum():
        return False
    if first.isdigit() and before[-1:] in {".", ","} and before[:-1].isdigit():
        return False
    return not (last.isdigit() and after[:1] in {".", ","} and after[1:].isdigit())


def _line_starts(text: str) -> Iterator[int]:
    yield 0
    at = text.find("\n")
    while at >= 0:
        yield at + 1
        at = text.find("\n", at + 1)


# --- what a reader does not see -----------------------------------------------------------------------------------


class BlockPlace(msgspec.Struct, frozen=True):
    """Which lines hold what a `ragortune` block says; counted from 0."""

    first: int
    """The first line of its content; in front matter that of its key."""
    last: int
    """Behind its last line."""
    key: bool
    """Whether it stands below a key of the front matter, not in a fence."""
    prefix: str = ""
    """What stands before the fence: blanks or marks of a quotation."""


def find_block(lines: Sequence[str]) -> BlockPlace | None:
    """Return where the first block of a document stands."""
    front = _find_key(lines)
    if front:
        return BlockPlace(front.start, front.stop, key=True)
    blocks = _scan(lines)[1]
    return blocks[0] if blocks else None


def blank_hidden(lines: Sequence[str]) -> list[str]:
    """Return lines in which comments, struck-out text and `ragortune` blocks are blanked, each as long as it was."""
    return _scan(lines)[0]


def front_matter_end(lines: Sequence[str]) -> int:
    """Return the index behind the last line of the front matter; 0 where there is none."""
    if not lines or lines[0].rstrip() != "---":
        return 0
    for number in range(1, min(len(lines), _LONGEST_FRONT_MATTER)):
        if lines[number].rstrip() in {"---", "..."}:
            return number + 1
    return 0


def _find_key(lines: Sequence[str]) -> range:
    """Return which lines of the front matter, counted from 0, hold the key `ragortune`."""
    first = None
    last = max(0, front_matter_end(lines) - 1)
    for number in range(1, last):
        line = lines[number]
        if first is not None and line[:1] not in {" ", "\t", "", "#", "-", "}", "]"}:
            return range(first, number)
        if first is None and re.match(rf"{BLOCK}\s*:", line):
            first = number
    return range(first, last) if first is not None else range(0)


def _scan(lines: Sequence[str]) -> tuple[list[str], list[BlockPlace]]:
    """Return the lines with what is hidden blanked, and the fenced `ragortune` blocks."""
    blanked: list[str] = []
    blocks: list[BlockPlace] = []
    front = _find_key(lines)
    fence: re.Match[str] | None = None
    comment, first = False, 0
    for number, line in enumerate(lines):
        opening = None if comment else _FENCE.match(line)
        if fence is not None:
            own = fence["word"] == BLOCK
            blanked.append(_HIDDEN * len(line) if own else line)
            if opening and opening["mark"].startswith(fence["mark"]) and not opening["word"]:
                if own:
                    blocks.append(BlockPlace(first, number, key=False, prefix=fence["prefix"]))
                fence = None
        elif opening and "`" not in opening["word"]:
            fence, first = opening, number + 1
            blanked.append(_HIDDEN * len(line) if opening["word"] == BLOCK else line)
        elif number in front:
            blanked.append(_HIDDEN * len(line))
        else:
            text, comment = _blank_comments(line, inside=comment)
            blanked.append(_blank_between(text, "~~"))
    if fence is not None and fence["word"] == BLOCK:
        blocks.append(BlockPlace(first, len(lines), key=False, prefix=fence["prefix"]))
    return blanked, blocks


def _blank_comments(line: str, *, inside: bool) -> tuple[str, bool]:
    """Return a line with comments blanked, and whether one goes on behind it."""
    if not inside and "<!--" not in line:
        return line, False
    parts = []
    at = 0
    while at < len(line):
        end = line.find("-->" if inside else "<!--", at)
        stop = len(line) if end < 0 else end + 3 if inside else end
        parts.append(_HIDDEN * (stop - at) if inside else line[at:stop])
        if end < 0:
            break
        inside = not inside
        at = stop
    return "".join(parts), inside


def _blank_between(line: str, mark: str) -> str:
    parts = line.split(mark)
    for index in range(1, len(parts) - 1, 2):
        parts[index] = _HIDDEN * len(parts[index])
    return mark.join(parts)
