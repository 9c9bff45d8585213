"""The text writer: blocks laid out at a width, with or without colour and Unicode."""

from __future__ import annotations

import io
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from rich.text import Text

from ragortune.report.blocks import (
    Bar,
    Block,
    Break,
    Cell,
    Code,
    Column,
    Drawing,
    Fold,
    Heading,
    Inline,
    Items,
    Page,
    Paragraph,
    Style,
    Table,
    spans,
)
from ragortune.support.text import clean_text

_STYLES: Mapping[Style, str] = {
    Style.STRONG: "bold",
    Style.ASIDE: "dim",
    Style.NAME: "cyan",
    Style.ADVICE: "bold cyan",
    Style.GOOD: "green",
    Style.BAD: "red",
    Style.ERROR: "bold red",
    Style.WARNING: "bold yellow",
    Style.NOTE: "bold cyan",
}
_ASCII = str.maketrans("█░─│┃●└", "#--||o+")
SCREEN_LINES = 22
"""A terminal of 24 lines without those of the command and of the next prompt."""
_INDENT = 2
_MIN_ROOM = 20
"""Least width of text; names that leave less get a line of their own."""


def write_text(blocks: Iterable[Block], *, width: int, color: bool, unicode: bool = True) -> str:
    """Return a page as text; only addresses can be wider than `width`.

    Args:
        blocks: the page.
        width: columns, 40 or more.
        color: whether to colour; the words are the same without.
        unicode: whether the terminal shows more than ASCII; bars are drawn with `#` if not.

    """
    page = _Page(width, color=color)
    apart = False
    previous: Block = Break()
    for block in blocks:
        is_section = isinstance(block, Heading) and block.level > 1
        if (apart or is_section) and not isinstance(block, Break) and not isinstance(previous, Break):
            page.add_line()
        if isinstance(block, Heading):
            apart = not is_section
        page.add(block)
        previous = block
    text = page.stream.getvalue()
    return text if unicode else text.translate(_ASCII)


def write_screen(page: Page, *, width: int, color: bool, unicode: bool = True) -> str:
    """Return the longest form of a screen that fits `SCREEN_LINES`, else the shortest."""
    write = lru_cache(lambda form: write_text(page.screen(form), width=width, color=False, unicode=unicode))
    fits = bisect_left(range(page.forms), x=True, key=lambda form: write(form).count("\n") <= SCREEN_LINES)
    form = min(fits, page.forms - 1)
    return write_text(page.screen(form), width=width, color=True, unicode=unicode) if color else write(form)


def _open_console(stream: io.StringIO, width: int) -> Any:
    """Return a console that writes styles as escape sequences."""
    from rich.console import Console  # noqa: PLC0415  (heavy, and only colour needs it)

    return Console(
        file=stream,
        width=width,
        force_terminal=True,
        color_system="standard",
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
        _environ={},  # the environment has been read already, more strictly
    )


class _Page:
    """The text laid out so far."""

    def __init__(self, width: int, *, color: bool) -> None:
        self.width = width
        self.stream = io.StringIO()
        self._console: Any = _open_console(self.stream, width) if color else None

    def add(self, block: Block) -> None:
        match block:
            case Heading():
                title = block.text if block.level == 1 else block.text.upper()
                self.add_hanging(_styled(title, Style.STRONG))
            case Paragraph():
                self.add_hanging(_styled(block.text, block.style), _styled(block.lead))
            case Items():
                self._add_items(block)
            case Table():
                self._add_table(block)
            case Code():
                for line in block.lines:
                    self.add_line(Text(f"    {clean_text(line)}".rstrip()))
            case Drawing():
                for drawn in block.draw(self.width):
                    self.add_line(_styled(drawn))
            case Fold():
                for inner in block.blocks:
                    self.add(inner)
            case Break():
                self.add_line()
                if block.line:
                    self.add_line(Text("─" * self.width))
                    self.add_line()

    def add_line(self, line: Text | None = None) -> None:
        """Add one line without wrapping."""
        line = line or Text()
        if self._console is None:
            self.stream.write(f"{line.plain}\n")
        else:
            self._console.print(line, no_wrap=True, overflow="ignore", crop=False, soft_wrap=True)

    def add_hanging(self, body: Text, lead: Text | None = None) -> None:
        """Add wrapped text after a lead; further lines are indented by the width of the lead."""
        head = lead or Text()
        room = max(_MIN_ROOM, self.width - head.cell_len)
        for number, line in enumerate(body.wrap(self._console, room) or [Text()]):
            whole = Text.assemble(head if number == 0 else " " * head.cell_len, line)
            whole.rstrip()
            self.add_line(whole)

    def _add_items(self, block: Items) -> None:
        for number, item in enumerate(block.items, 1):
            lead = Text(f"  [{number}]".ljust(7) if block.numbered else "  - ")
            self.add_hanging(_styled(item.text), lead)
            indent = Text(" " * lead.cell_len)
            for note in item.notes:
                self.add_hanging(_styled(note), indent)
            if item.address:
                command = "ragortune explain " if item.address.startswith("docs/") else ""
                self.add_line(indent + _styled(f"{command}{item.address}", Style.ASIDE))

    def _add_table(self, table: Table) -> None:
        """Add rows in columns; a first cell that leaves too little room gets a line of its own."""
        shown = [number for number, column in enumerate(table.columns) if column.only in (None, "text")]
        columns = [table.columns[number] for number in shown]
        titles = tuple(Text(column.title, _STYLES[Style.ASIDE]) for column in columns)
        rows = [
            tuple(self._draw(row[number], column) for number, column in zip(shown, columns, strict=True))
            for row in table.rows
        ]
        measured = [*rows, titles] if table.head else rows
        widths = [
            max((row[number].cell_len for row in measured), default=0) for number in range(len(columns))
        ]
        last = widths[-1] if columns[-1].right else min(widths[-1], _MIN_ROOM)
        rest = _INDENT + sum(widths[1:-1]) + table.gap * (len(columns) - 1) + last
        most = self.width if len(columns) > 2 or columns[-1].right else self.width // 2 - _INDENT
        widths[0] = max(_INDENT, min(widths[0], most, self.width - rest))
        for row in measured[-1:] * table.head + rows:
            self._add_row(row, columns, widths, table.gap)

    def _add_row(
        self, row: Sequence[Text], columns: Sequence[Column], widths: Sequence[int], gap: int
    ) -> None:
        first, *others = row
        if first.cell_len > widths[0]:
            self.add_hanging(first, Text(" " * _INDENT))
            first = Text()
        lead = Text(" " * _INDENT)
        for cell, column, width in zip((first, *others[:-1]), columns, widths, strict=False):
            padding = " " * (width - cell.cell_len)
            lead = Text.assemble(lead, *((padding, cell) if column.right else (cell, padding)), " " * gap)
        if columns[-1].right:
            lead.append(" " * (widths[-1] - others[-1].cell_len))
        self.add_hanging(others[-1], lead)

    def _draw(self, cell: Cell, column: Column) -> Text:
        if not isinstance(cell, Bar):
            return _styled(cell, column.style)
        cells = min(cell.cells, max(_MIN_ROOM // 2, self.width - 60) if cell.marks else self.width - 24)
        first, last = round(cell.low * cells), round(cell.high * cells)
        drawn = [cell.fill if first <= place < last else " " for place in range(cells)]
        for share, sign in cell.marks:
            drawn[min(cells - 1, int(share * cells))] = sign
        return Text("".join(drawn), _STYLES[cell.style] if cell.style else "")


def _styled(text: Inline, style: Style | None = None) -> Text:
    """Return cleaned text; the style of a span takes precedence over that of the whole."""
    made = Text(style=_STYLES[style] if style else "")
    for part in spans(text):
        if isinstance(part, str):
            made.append(clean_text(part))
        else:
            made.append(clean_text(part.text), _STYLES[part.style])
    return made
