"""Markdown to blocks, line by line: headings, paragraphs, items of lists, tables, code, comments, front matter.

One pass over the lines, each looked at a bounded number of times, so that any text costs time in proportion to its
size. Where a document is not well formed (a fence that never closes, a table without a frame) it follows CommonMark or
takes the lines for prose; every line keeps its number and column. Lines are counted by line feeds, with or without a
carriage return in front. A carriage return by itself ends a line as well, but both halves have the same number.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from enum import StrEnum, auto

import msgspec

from ragortune.evidence.documents.cutting import front_matter_end
from ragortune.model.documents import Line
from ragortune.support.text import INVISIBLE

BLOCK = "ragortune"
"""The key, and the word behind a fence, of what a document says to this program, in any case."""
_QUOTE = re.compile(r"(?:[ \t]{0,3}>[ \t]?){1,20}")
_FENCE = re.compile(r"([ \t]*)(?:(`{3,}+)(?!.*`)|(~{3,}+))")
_HTML = re.compile(
    r"[ \t]{0,3}<(?:(pre|script|style|textarea)(?=[\s>]|$)|([?]|!\[CDATA\[|![a-z])"
    r"|/?(?=(?:article|aside|center|details|div|dl|figure|ol|p|section|summary|table|ul)[\s/>]|[a-z][^<>]*>\s*$)([a-z]\w*))",
    re.IGNORECASE,
)
"""What begins HTML: tags of which lines are kept as they are, other signs, and tags that reach to a blank line."""
_HTML_ENDS = {"?": "?>", "![cdata[": "]]>"}
_DEFINITION = re.compile(
    r"[ \t]{0,3}\[(?!\^)[^\[\]]{1,200}\]:[ \t]*+\S++[ \t]++(?:\"[^\"]*\"|'[^']*'|\([^()]*\))[ \t]*$"
)
"""An address with a title, which no page shows: in `[//]: # (words)` a comment."""
_HEADING = re.compile(r"[ \t]{0,3}(#{1,6})(?:[ \t]|$)")
_ITEM = re.compile(r"([ \t]*)([-*+\u2022]|\d{1,9}[.)]|[a-z][)])([ \t]{1,8}(?=\S)|[ \t]*$)")
_BOX = re.compile(r"\[[ xX]\][ \t]")
_RULE = re.compile(r"[ \t]{0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}$")
_DELIMITERS = re.compile(r"[ \t]*+(?:\|[ \t]*+)?:?-++:?[ \t]*+(?:\|[ \t]*+:?-++:?[ \t]*+)*+(?:\|[ \t]*+)?$")
_UNDERLINE = re.compile(r"[ \t]{0,3}([=\-~^\"'*+#.:])\1{2,}[ \t]*$")
_UNDERLINE_LEVELS = {"=": 1, "-": 2}
"""Levels in Markdown. Other characters underline headings in reStructuredText."""
UNSEEN = re.compile(f"[{INVISIBLE}]+")
"""Characters that take no room."""
_LONGEST_HEADING = 300
_LIST_INDENT = 2
_CODE_INDENT = 4


class BlockKind(StrEnum):
    """What the sectioniser tells apart."""

    FRONT_MATTER = auto()
    HEADING = auto()
    PARAGRAPH = auto()
    ITEM = auto()
    """A paragraph inside a list."""
    ROW = auto()
    """A row of a table; the first one of a table is its header."""
    CODE = auto()
    COMMENT = auto()


class RawBlock(msgspec.Struct, frozen=True, gc=False):
    """A block with its lines as they are in the source."""

    kind: BlockKind
    lines: tuple[Line, ...]
    level: int = 0
    """Of a heading 1 to 6; of an item how deep its list is nested, from 1; of a row how many came before it."""
    quoted: bool = False
    """Whether it is in a block quote."""
    marker: str = ""
    """Of an item that begins one, its bullet or number; of code, the word behind the fence."""


def split_lines(text: str) -> tuple[str, ...]:
    """Return the physical lines of a text."""
    return tuple(text.removesuffix("\n").removesuffix("\r").replace("\r\n", "\n").split("\n"))


def read_blocks(lines: Sequence[str]) -> Iterator[RawBlock]:
    """Yield the blocks of a document in order. Any text is a document; nothing raises."""
    text = "".join(lines)
    if "\r" not in text and (text.isascii() or not any(map(UNSEEN.match, lines))):
        yield from _read_even(lines)
        return
    parts = [part for number, line in enumerate(lines, 1) for part in _part_line(line, number)]
    for block in _read_even([part.text for part in parts]):
        own = tuple(
            Line(line.text, part.number, part.column + line.column - 1)
            for line in block.lines
            for part in (parts[line.number - 1],)
        )
        yield msgspec.structs.replace(block, lines=own)


def _part_line(line: str, number: int) -> Iterator[Line]:
    """Yield the parts of a physical line between carriage returns, without invisible characters in front."""
    at = 0
    for part in line.split("\r"):
        text = UNSEEN.sub("", part, 1) if UNSEEN.match(part) else part
        yield Line(text, number, at + len(part) - len(text) + 1)
        at += len(part) + 1


def _read_even(lines: Sequence[str]) -> Iterator[RawBlock]:
    """Yield the blocks of lines that neither hold carriage returns nor begin with what cannot be seen."""
    begin = front_matter_end(lines)
    if begin:
        inner = range(1, begin - 1)
        yield RawBlock(BlockKind.FRONT_MATTER, tuple(Line(lines[at], at + 1, 1) for at in inner))
    yield from _Sectioniser(lines, begin).read()


def _measure_indent(text: str) -> int:
    """Return how many columns a text is indented."""
    return len(text[: len(text) - len(text.lstrip(" \t"))].expandtabs(4))


class _Sectioniser:
    """Walks over the lines of a document and yields its blocks."""

    def __init__(self, lines: Sequence[str], begin: int) -> None:
        self.lines = lines
        self.at = begin
        self.blocks: list[RawBlock] = []
        """Blocks that are read, up to the current line."""
        self.open: list[Line] = []
        """Lines of the paragraph or item that is being read."""
        self.marker = ""
        self.quoted = False
        self.indents: dict[int, int] = {}
        """Indents of the lists around the current line, from the outermost, each with that of the text in its items."""
        self.underlines: dict[str, int] = {}
        """Levels of headings by the character that underlines them."""
        self.header: int | None = None
        """Index of the first line of the table that is being read."""
        self.edge = 0
        """Where the rows of that table begin within their lines."""
        self.blank = True
        """Whether the line before was blank."""
        self.html = (0, "", False)
        """Of HTML around the current line the first line not searched for its end, this end, and whether a blank line is one."""
        self.unfenced = 0
        """Index of the line up to which fences mean nothing."""

    def read(self) -> Iterator[RawBlock]:
        lines, blocks, count = self.lines, self.blocks, len(self.lines)
        while self.at < count:
            line = lines[self.at]
            if self.header is not None and self._read_row(line):
                pass
            else:
                self._read_quoted(line)
            if blocks:
                yield from blocks
                blocks.clear()
        self._close()
        yield from blocks

    def _read_blank(self) -> None:
        if self.open:
            self._close()
        self.blank = True
        self.at += 1

    def _read_quoted(self, line: str) -> None:
        """Read a line that may be in a block quote."""
        prefix = _QUOTE.match(line) if ">" in line else None
        start = prefix.end() if prefix else 0
        rest = line[start:]
        if not rest or rest.isspace():
            self._read_blank()
            return
        if self.quoted != bool(prefix):
            self._close()
            self.indents.clear()
            self.quoted = bool(prefix)
        self._read_line(rest, start)
        self.blank = False

    def _read_line(self, rest: str, start: int) -> None:
        first = rest.lstrip()[0]
        if first.isalnum() and "|" not in rest:
            self._read_text(rest, start)
        elif first == "#" and (heading := _HEADING.match(rest)):
            self._close_above(rest, first)
            self._read_heading(rest, start, heading)
        elif first in "`~" and (fence := _FENCE.match(rest)) and self.at >= self.unfenced:
            self._close_above(rest, first)
            self._read_code(rest, start, fence)
        elif first == "<" and rest.lstrip().startswith("<!--"):
            self._close()
            self._read_comment(rest, start)
        elif first == "<" and not self._find_html_end() and (html := _HTML.match(rest)):
            raw, sign, tag = (part.lower() if part else "" for part in html.groups())
            end = _HTML_ENDS.get(sign, ">") if sign else f"</{raw or tag}"
            self.html = (self.at + bool(tag), end, bool(tag or self.quoted or self.indents))
            self._read_text(rest, start)
        elif first == "[" and not self.open and _DEFINITION.match(rest):
            self.at += 1
            self.blocks.append(
                RawBlock(BlockKind.COMMENT, (Line(rest, self.at, start + 1),), quoted=self.quoted)
            )
        elif self._underlines(rest, first):
            self._read_underlined(first)
        elif first in "-*_" and _RULE.match(rest):
            self._close()
            self.at += 1
        elif "|" in rest and self._begins_table(start):
            self._close()
            self.header, self.edge = self.at, start
        else:
            self._read_text(rest, start)

    def _close_above(self, rest: str, first: str) -> None:
        """End the text above a line, which is left open where the line may underline it."""
        if self.open and not self._underlines(rest, first):
            self._close()

    # Text ------------------------------------------------------------------------------------------------------------

    def _read_text(self, rest: str, start: int) -> None:
        """Read a line of text, which ends what is open where it begins an item."""
        item = _ITEM.match(rest)
        indent = len(rest) - len(rest.lstrip())
        if item and (item.end() < len(rest) or not self.open):
            self._close()
            self._open_list(item)
            begin = item.end()
            if self.at >= self.unfenced and (fence := _FENCE.match(rest, begin)):
                self._read_code(rest, start, fence)
                return
            self.marker = item[2]
            if box := _BOX.match(rest, begin):
                begin = box.end()
        elif self.blank and indent < _LIST_INDENT:
            self.indents.clear()
            begin = indent
        elif self.blank and indent >= _CODE_INDENT and not self.indents and not self.open:
            self.at += 1
            self.blocks.append(RawBlock(BlockKind.CODE, (Line(rest, self.at, start + 1),)))
            return
        else:
            begin = indent
        self.at += 1
        self.open.append(Line(rest[begin:], self.at, start + begin + 1))

    def _open_list(self, item: re.Match[str]) -> None:
        indent, inner = len(item[1].expandtabs(4)), len(item[0].expandtabs(4))
        if not 0 < len(item[3]) <= _CODE_INDENT:
            inner = indent + len(item[2]) + 1
        if item[2][0].isalpha() or item[2] == "\u2022":  # a list in prose, but not in Markdown
            inner = self.indents.get(indent, 0)
        self.indents = {outer: own for outer, own in self.indents.items() if outer < indent} | {indent: inner}

    def _close(self) -> None:
        """End the paragraph or item that is being read, if there is one."""
        if self.open:
            kind = BlockKind.ITEM if self.indents else BlockKind.PARAGRAPH
            lines, depth = tuple(self.open), len(self.indents)
            self.blocks.append(RawBlock(kind, lines, depth, self.quoted, self.marker))
            self.open, self.marker = [], ""

    # Headings --------------------------------------------------------------------------------------------------------

    def _read_heading(self, rest: str, start: int, heading: re.Match[str]) -> None:
        begin = heading.end()
        text = rest[begin:].rstrip()
        if text.endswith("#"):
            text = text.rstrip("#").rstrip()
        self.indents.clear()
        self.at += 1
        line = Line(text, self.at, start + begin + 1)
        self.blocks.append(RawBlock(BlockKind.HEADING, (line,), len(heading[1]), self.quoted))

    def _underlines(self, rest: str, first: str) -> bool:
        """Tell whether a line underlines the single line of text above it."""
        if len(self.open) != 1 or self.marker or len(self.open[0].text) > _LONGEST_HEADING:
            return False
        if first in _UNDERLINE_LEVELS and len(rest.strip()) > 1 and not rest.strip().strip(first):
            return True
        return len(rest.strip()) >= len(self.open[0].text.rstrip()) and bool(_UNDERLINE.match(rest))

    def _read_underlined(self, first: str) -> None:
        """Take the text above a line for a heading; in reStructuredText levels rank as their characters first appear."""
        if first not in self.underlines:
            plain = first in _UNDERLINE_LEVELS and self.underlines.keys() <= _UNDERLINE_LEVELS.keys()
            self.underlines[first] = _UNDERLINE_LEVELS[first] if plain else len(self.underlines) + 1
        heading, self.open = tuple(self.open), []
        self.indents.clear()
        self.at += 1
        self.blocks.append(RawBlock(BlockKind.HEADING, heading, self.underlines[first], self.quoted))

    # Code, comments, tables ------------------------------------------------------------------------------------------

    def _read_code(self, rest: str, start: int, fence: re.Match[str]) -> None:
        """Read a fenced block; one that never closes reaches to the end of the quotation, item or document it is in.

        In HTML and in indented code, where a page shows fences as they are, one that does not close is text.
        """
        mark, first, code, html_end = fence[2] or fence[3], self.at, list[Line](), self._find_html_end()
        edge, is_closed = self._edge_of(rest[: fence.end(1)]), False
        is_deep = edge > 0 and edge not in self.indents.values()
        for line in itertools.islice(self._read_inner(rest, start, edge), 1, None):
            closing = line.text.strip()
            begins = closing.startswith(mark)
            is_near = begins and _measure_indent(line.text) < edge + _CODE_INDENT
            is_closed = is_near and not closing.strip(mark[0])
            if is_closed or (html_end and (begins or html_end in closing.lower())):
                break
            code.append(line)
        if not is_closed and (html_end or is_deep):
            self.at, self.unfenced = first, max(self.at - 1, first + 1)
            self._read_text(rest, start)
            return
        marker = rest[fence.end() :].strip() or mark
        lines = tuple(code) or (Line("", first + 1, 1),)
        self.blocks.append(RawBlock(BlockKind.CODE, lines, marker=marker))

    def _read_comment(self, rest: str, start: int) -> None:
        """Read a comment; what follows its end is left for the next block."""
        held = []
        for line in self._read_inner(rest, start, self._edge_of(rest[: rest.index("<")])):
            words, arrow, behind = line.text.partition("-->")
            held.append(Line(words + arrow, line.number, line.column))
            if arrow:
                break
        self.blocks.append(RawBlock(BlockKind.COMMENT, tuple(held), quoted=self.quoted))
        if behind.strip():
            self.open.append(Line(behind, self.at, line.column + len(words + arrow)))

    def _find_html_end(self) -> str:
        """Return what ends the HTML around the current line, empty outside of any."""
        at, end, is_short = self.html
        if end:
            for line in self.lines[at : self.at]:
                if not line.strip(" \t>") if is_short else end in line.lower():
                    end = ""
                    break
            self.html = (self.at, end, is_short)
        return end

    def _edge_of(self, before: str) -> int:
        """Return the indent from which on lines belong to what begins behind some text."""
        if not before:
            return 0
        indent = len(before.expandtabs(4))
        inner = max((own for own in self.indents.values() if own <= indent), default=0)
        return max(inner, indent - _CODE_INDENT + 1)

    def _read_inner(self, rest: str, start: int, edge: int) -> Iterator[Line]:
        """Yield the current line and those below it in the same quotation and item; each is read as it is taken."""
        depth = self.lines[self.at].count(">", 0, start)
        while True:
            self.at += 1
            yield Line(rest, self.at, start + 1)
            if self.at == len(self.lines):
                return
            line = self.lines[self.at]
            prefix = _QUOTE.match(line) if depth else None
            start = prefix.end() if prefix else 0
            rest = line[start:]
            is_out = edge > 0 and rest.strip() and _measure_indent(rest) < edge
            if is_out or (depth and line.count(">", 0, start) < depth):
                indent = _measure_indent(rest)
                self.indents = {outer: own for outer, own in self.indents.items() if own <= indent}
                return

    def _begins_table(self, start: int) -> bool:
        if self.at + 1 >= len(self.lines):
            return False
        below = self.lines[self.at + 1][start:]
        return "-" in below and "|" in below and bool(_DELIMITERS.match(below))

    def _read_row(self, line: str) -> bool:
        """Read a line as a row of the table that is being read; False where the table ends in front of it."""
        header, text = self.header or 0, line[self.edge :]
        if "|" not in text:
            self.header = None
            return False
        self.at += 1
        if self.at != header + 2:
            number = max(0, self.at - header - 2)
            row = (Line(text, self.at, self.edge + 1),)
            self.blocks.append(RawBlock(BlockKind.ROW, row, number, self.quoted))
        return True
