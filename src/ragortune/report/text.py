"""The text writer: blocks laid out at a width, with or without colour and Unicode."""

from __future__ import annotations

import io
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
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
    split_styles,
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
_NO_CONSOLE: Any = None
"""rich asks for a console to wrap text, and uses it only for justified text."""


def write_text(blocks: Iterable[Block], *, width: int, color: bool, unicode: bool = True) -> str:
    """Return a page as text; only addresses can be wider than `width` columns, 40 or more.

    The words are the same without `color`; without `unicode` bars are drawn with `#`.
    """
    lines = _lay_out(blocks, width)
    text = _write_colored(lines, width) if color else "".join(f"{line.plain}\n" for line in lines)
    return text if unicode else text.translate(_ASCII)


def write_screen(page: Page, *, width: int, color: bool, unicode: bool = True) -> str:
    """Return the longest form of a screen that fits `SCREEN_LINES`, else the shortest."""
    write = lru_cache(lambda form: write_text(page.screen(form), width=width, color=False, unicode=unicode))
    fits = bisect_left(range(page.forms), x=True, key=lambda form: write(form).count("\n") <= SCREEN_LINES)
    form = min(fits, page.forms - 1)
    return write_text(page.screen(form), width=width, color=True, unicode=unicode) if color else write(form)


def _write_colored(lines: Iterable[Text], width: int) -> str:
    """Return lines with their styles as escape sequences."""
    from rich.console import Console  # noqa: PLC0415  (heavy, and only colour needs it)

    stream = io.StringIO()
    console = Console(
        file=stream,
        width=width,
        force_terminal=True,
        color_system="standard",
        legacy_windows=False,
        _environ={},  # the environment has been read already, more strictly
    )
    for line in lines:
        console.print(line, no_wrap=True, overflow="ignore", crop=False, soft_wrap=True)
    return stream.getvalue()


# --- layout: blocks become lines ----------------------------------------------------------------------------------


def _lay_out(blocks: Iterable[Block], width: int) -> Iterator[Text]:
    """Yield the lines of a page, with blank lines between the blocks up to its first section."""
    apart = False
    previous: Block = Break()
    for block in blocks:
        is_section = isinstance(block, Heading) and block.level > 1
        if (apart or is_section) and not isinstance(block, Break) and not isinstance(previous, Break):
            yield Text()
        if isinstance(block, Heading):
            apart = not is_section
        yield from _lay_out_block(block, width)
        previous = block


def _lay_out_block(block: Block, width: int) -> Iterator[Text]:
    match block:
        case Heading():
            title = block.text if block.level == 1 else block.text.upper()
            yield from _wrap(_styled(title, Style.STRONG), width)
        case Paragraph():
            yield from _wrap(_styled(block.text, block.style), width, _styled(block.lead))
        case Items():
            yield from _lay_out_items(block, width)
        case Table():
            yield from _lay_out_table(block, width)
        case Code():
            yield from (Text(f"    {clean_text(line)}".rstrip()) for line in block.lines)
        case Drawing():
            yield from map(_styled, block.draw(width))
        case Fold():
            for inner in block.blocks:
                yield from _lay_out_block(inner, width)
        case Break():
            yield Text()


def _lay_out_items(block: Items, width: int) -> Iterator[Text]:
    for number, item in enumerate(block.items, 1):
        lead = Text(f"  [{number}]".ljust(7) if block.numbered else "  - ")
        yield from _wrap(_styled(item.text), width, lead)
        indent = Text(" " * lead.cell_len)
        for note in item.notes:
            yield from _wrap(_styled(note), width, indent)
        if item.address:
            command = "ragortune explain " if item.address.startswith("docs/") else ""
            yield indent + _styled(f"{command}{item.address}", Style.ASIDE)


def _lay_out_table(table: Table, width: int) -> Iterator[Text]:
    """Yield rows in columns; a first cell that leaves too little room gets a line of its own."""
    shown = [number for number, column in enumerate(table.columns) if column.only in (None, "text")]
    columns = [table.columns[number] for number in shown]
    titles = [Text(column.title, _STYLES[Style.ASIDE]) for column in columns]
    rows = [
        [_draw(row[number], column, width) for number, column in zip(shown, columns, strict=True)]
        for row in table.rows
    ]
    if table.head:
        rows.insert(0, titles)
    widths = [max((row[number].cell_len for row in rows), default=0) for number in range(len(columns))]
    last = widths[-1] if columns[-1].right else min(widths[-1], _MIN_ROOM)
    rest = _INDENT + sum(widths[1:-1]) + table.gap * (len(columns) - 1) + last
    most = width if len(columns) > 2 or columns[-1].right else width // 2 - _INDENT
    widths[0] = max(_INDENT, min(widths[0], most, width - rest))
    indent = Text(" " * _INDENT)
    for *cells, last_cell in rows:
        if cells[0].cell_len > widths[0]:
            yield from _wrap(cells[0], width, indent)
            cells[0] = Text()
        lead = indent
        for cell, column, room in zip(cells, columns, widths, strict=False):
            padding = " " * (room - cell.cell_len)
            padded = (padding, cell) if column.right else (cell, padding)
            lead = Text.assemble(lead, *padded, " " * table.gap)
        if columns[-1].right:
            lead.append(" " * (widths[-1] - last_cell.cell_len))
        yield from _wrap(last_cell, width, lead)


def _draw(cell: Cell, column: Column, width: int) -> Text:
    """Return a cell of a table, a bar as characters."""
    if not isinstance(cell, Bar):
        return _styled(cell, column.style)
    cells = min(cell.cells, max(_MIN_ROOM // 2, width - 60) if cell.marks else width - 24)
    first, last = round(cell.low * cells), round(cell.high * cells)
    drawn = [cell.fill if first <= place < last else " " for place in range(cells)]
    for share, sign in cell.marks:
        drawn[min(cells - 1, int(share * cells))] = sign
    return Text("".join(drawn), _STYLES[cell.style] if cell.style else "")


def _wrap(body: Text, width: int, lead: Text | None = None) -> Iterator[Text]:
    """Yield the lines of a text after a lead; further lines are indented by the width of the lead."""
    lead = lead or Text()
    room = max(_MIN_ROOM, width - lead.cell_len)
    for number, line in enumerate(body.wrap(_NO_CONSOLE, room) or [Text()]):
        whole = Text.assemble(lead if number == 0 else " " * lead.cell_len, line)
        whole.rstrip()
        yield whole


def _styled(text: Inline, style: Style | None = None) -> Text:
    """Return cleaned text; the style of a span takes precedence over that of the whole."""
    made = Text(style=_STYLES[style] if style else "")
    for words, own in split_styles(text):
        made.append(clean_text(words), _STYLES[own] if own else None)
    return made
