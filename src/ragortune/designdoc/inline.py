"""Words of a block without their markup, each run of characters with its place in the source.

The parser of blocks gives lines; what stands inside them is scanned here, because a place is wanted for every character.
One pass, one pattern without nested repetition: hostile text costs no more than plain text of the same length.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

from ragortune.record import Record

_MARKUP = re.compile(
    r"\\[!-/:-@\[-`{-~]"
    r"|`+"
    r"|\*+"
    r"|_+"
    r"|~~+"
    r"|\]\((?:[^()\s]{0,500}(?:\([^()\s]{0,200}\)[^()\s]{0,200})?)(?:\s\"[^\"\n]{0,200}\")?\)"
    r"|\]\[[^\]\[\n]{0,100}\]"
    r"|!?\[\[?|\]\]?"
    r"|<!--"
    r"|</?[A-Za-z][^<>\n]{0,300}>"
    r"|\n"
)
_STRUCK_TAG = re.compile(r"</?(?:del|s|strike)[\s>]", re.IGNORECASE)
_BREAK_TAG = re.compile(r"<(?:br|/?p|/?li|/?td|/?th|/?div|/?summary)[\s/>]", re.IGNORECASE)
_LABEL_LINE = re.compile(
    r"\W{0,6}(?:\*\*|__)[^*_\n]{1,80}(?:\*\*|__)[ \t]{0,3}[:\u2013\u2014-]|\W{0,6}(?:\*\*|__)[^*_\n]{1,80}[:.](?:\*\*|__)"
)
_FIELD_LINE = re.compile(r"(?:[-*]\s+)?[A-Z][\w-]{1,20}(?: [\w-]{1,20}){0,2}:(?: |$)")


class Line(Record):
    """What a block has of one physical line."""

    text: str
    """The characters, container marks and outer blanks taken off."""
    number: int
    """Physical line, from 1."""
    column: int
    """Column of its first character, from 1."""


class Run(Record):
    """Characters that stand unbroken in the source."""

    offset: int
    length: int
    line: int
    column: int


class Words(Record):
    """A block as it reads."""

    text: str
    runs: tuple[Run, ...]
    struck: tuple[tuple[int, int], ...]
    breaks: tuple[int, ...]
    """Offsets at which something new begins: a hard break, or a line that begins with a label."""
    comments: tuple[tuple[str, int, int], ...]
    """Text, line and column of the comments inside."""
    bold: tuple[tuple[int, int], ...] = ()
    """Ranges in bold."""


class _Writer:
    """Collects the words of a block."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = lines
        self.starts: list[int] = []
        offset = 0
        for line in lines:
            self.starts.append(offset)
            offset += len(line.text) + 1
        self.raw = "\n".join(line.text for line in lines)
        self.parts: list[str] = []
        self.length = 0
        self.runs: list[Run] = []
        self.strikes: list[int] = []
        self.bolds: list[int] = []
        self.breaks: list[int] = []
        self.comments: list[tuple[str, int, int]] = []

    def keep(self, start: int, end: int) -> None:
        """Take over the characters of `raw` between two offsets that lie on one line."""
        if end <= start:
            return
        line, column = self.place_of(start)
        self.runs.append(Run(self.length, end - start, line, column))
        self.parts.append(self.raw[start:end])
        self.length += end - start

    def place_of(self, offset: int) -> tuple[int, int]:
        """Return physical line and column of a character of `raw`."""
        index = bisect_right(self.starts, offset) - 1
        line = self.lines[index]
        return line.number, line.column + offset - self.starts[index]

    def space(self) -> None:
        """Join with one space, which has no place of its own."""
        if self.parts and not self.parts[-1].endswith((" ", "\t")):
            self.parts.append(" ")
            self.length += 1

    def finish(self) -> Words:
        """Return what was collected."""
        return Words(
            "".join(self.parts),
            tuple(self.runs),
            _pair_up(self.strikes),
            tuple(self.breaks),
            tuple(self.comments),
            _pair_up(self.bolds),
        )


def read_words(lines: Sequence[Line]) -> Words:
    """Return the words of a block, markup undone and lines joined by one space."""
    writer = _Writer(lines)
    raw = writer.raw
    closers = _close_code(raw)
    brackets = _match_brackets(raw)
    position = _scan_line_start(writer, 0)
    for mark in _MARKUP.finditer(raw):
        start, end = mark.span()
        if start < position:
            continue
        found = mark[0]
        if found[0] == "\n":
            writer.keep(position, start - 1 if raw[start - 1] == "\\" else start)
            position = _begin_line(writer, start, end)
        elif found[0] == "`":
            position = _read_code(writer, position, start, end, closers)
        elif found == "<!--":
            position = _read_comment(writer, position, start)
        elif start in brackets if found[-1] in "[])" and found[0] != "\\" else _is_markup(raw, start, end):
            writer.keep(position, start)
            _note_mark(writer, found)
            position = start + 1 if found[0] == "\\" else end
    writer.keep(position, len(raw))
    return writer.finish()


def _begin_line(writer: _Writer, start: int, end: int) -> int:
    """Join the next line to what stands before it, and note where it is something new."""
    raw = writer.raw
    hard = raw.endswith(("  ", "\\"), max(0, start - 2), start)
    writer.space()
    if hard:
        writer.breaks.append(writer.length)
    return _scan_line_start(writer, end)


def _scan_line_start(writer: _Writer, start: int) -> int:
    if _LABEL_LINE.match(writer.raw, start) or _FIELD_LINE.match(writer.raw, start):
        writer.breaks.append(writer.length)
    return start


def _close_code(raw: str) -> dict[int, int]:
    """Return for each run of backticks that opens a code span where the closing run begins."""
    closers: dict[int, int] = {}
    if "`" not in raw:
        return closers
    later: dict[int, int] = {}
    for mark in reversed(list(re.finditer("`+", raw))):
        size = mark.end() - mark.start()
        if size in later:
            closers[mark.start()] = later[size]
        later[size] = mark.start()
    return closers


def _match_brackets(raw: str) -> set[int]:
    """Return where the brackets of links and images stand; other brackets are words like any."""
    links: set[int] = set()
    if "]" not in raw:
        return links
    opened: list[int] = []
    for mark in _MARKUP.finditer(raw):
        found = mark[0]
        if found in {"[", "![", "[[", "![["}:
            opened.append(mark.start())
        elif found[0] == "]" and opened:
            opener = opened.pop()
            if found != "]":
                links |= {opener, mark.start()}
    return links


def _read_code(writer: _Writer, position: int, start: int, end: int, closers: dict[int, int]) -> int:
    """Keep the words of a code span without its backticks; lone backticks are dropped too."""
    writer.keep(position, start)
    close = closers.get(start)
    if close is None:
        return end
    for number, line in enumerate(writer.raw[end:close].split("\n")):
        if number:
            writer.space()
            end += 1
        writer.keep(end, end + len(line))
        end += len(line)
    return close + close_length(writer.raw, close)


def close_length(raw: str, start: int) -> int:
    """Return how many backticks stand together from `start` on."""
    end = start
    while end < len(raw) and raw[end] == "`":
        end += 1
    return end - start


def _read_comment(writer: _Writer, position: int, start: int) -> int:
    """Set a comment aside; one that is never closed reaches to the end of its block."""
    writer.keep(position, start)
    end = writer.raw.find("-->", start + 4)
    end = len(writer.raw) if end < 0 else end
    writer.comments.append((writer.raw[start + 4 : end], *writer.place_of(start)))
    writer.space()
    return min(len(writer.raw), end + 3)


def _is_markup(raw: str, start: int, end: int) -> bool:
    """Tell whether signs are markup here, and not a sign of multiplication or part of a name."""
    before = raw[start - 1] if start else " "
    after = raw[end] if end < len(raw) else " "
    if raw[start] == "*":
        return not (before.isspace() and after.isspace()) and not (before.isdigit() and after.isdigit())
    if raw[start] == "_":
        return not (before.isalnum() and after.isalnum()) and not (before.isspace() and after.isspace())
    return True


def _note_mark(writer: _Writer, found: str) -> None:
    if found[:2] == "~~" or _STRUCK_TAG.match(found):
        writer.strikes.append(writer.length)
    elif found in {"**", "__", "***"}:
        writer.bolds.append(writer.length)
    elif _BREAK_TAG.match(found):
        writer.space()
        writer.breaks.append(writer.length)


def _pair_up(marks: list[int]) -> tuple[tuple[int, int], ...]:
    return tuple((first, last) for first, last in zip(marks[::2], marks[1::2], strict=False) if first < last)
