"""The Markdown writer, for pull requests, records and agents; no text in blocks can become markup."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ragortune.report.blocks import (
    CODE,
    Bar,
    Block,
    Cell,
    Code,
    Fold,
    Heading,
    Inline,
    Items,
    Paragraph,
    Span,
    Style,
    Table,
    split_styles,
)
from ragortune.support.text import clean_text

_SPECIAL = re.compile(r"[\\`*\[\]#|~]|(?<![^\W_])_|_(?![^\W_])")
"""Characters with a meaning within a line; an underscore inside a word has none."""
_AT_START = re.compile(r"(?=/|[-+](?:\s|$)|[-=][-=\s]*$)|\d+(?=[.)](?:\s|$))")
"""What has a meaning at the start of a line: list markers, underlines of headings, commands such as `/merge`."""
_OWN_KEY = re.compile(r"^([\s>*+{\"'-]*)(?:(ragortune[\"']?\s*)(?=[:=.])|(?=:{3}|\.\.\s))", re.IGNORECASE)
"""What `check` would report as an unreadable `ragortune` block."""
_AUTOLINKED = re.compile(
    r"(?:(?:[\w.+-]{0,20}://|www\.|mailto:|xmpp:)[^\s`]+|(?<!\w)@[\w{\"]"
    r"|[\w.+-]{1,64}@[\w-]+\.\w|[\w./-]{0,100}(?:[#!&]\d|%[\w\"*])|\bG[HL]-\d)[\w.@/#-]*|\$(?:[^\s`]*[\w$])?"
    r"|(?<![\w:])(?=[\da-f]*[a-f])(?=[a-f]*\d)[\da-f]{7,40}\b",
    re.IGNORECASE,
)
"""What code hosts turn into links, mentions or formulas outside of code: addresses, `@name`, `#1`, `!1`, `&1`, `%name`, `$1`,
hashes of commits, and what begins with `$`."""
_STRONG = (Style.STRONG, Style.ADVICE, Style.ERROR, Style.WARNING)


def escape_markdown(text: str) -> str:
    """Return text for use within a line, with everything escaped that has a meaning in Markdown or HTML."""
    return _escape(text).strip()


def _escape(text: str, *, in_table: bool = False) -> str:
    one_line = re.sub(r"\s+", " ", clean_text(text))
    parts: list[str] = []
    at = 0
    for found in _AUTOLINKED.finditer(one_line):
        parts += [_escape_words(one_line[at : found.start()]), _write_code(found[0], in_table=in_table)]
        at = found.end()
    return "".join([*parts, _escape_words(one_line[at:])])


def _escape_words(text: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", text.replace("&", "&amp;").replace("<", "&lt;"))


def _write_code(text: str, *, in_table: bool) -> str:
    words = " ".join(clean_text(text).split())
    code = f"`{words}`" if words else " "  # two backticks in a row would begin code up to the next two
    return code.replace("|", "\\|") if in_table else code


def _guard_key(line: str) -> str:
    return _OWN_KEY.sub(r"\1\2\\", line)


def _guard_start(line: str) -> str:
    line = _guard_key(line)
    if line.startswith(">"):
        return f"&gt;{line[1:]}"
    found = _AT_START.match(line)
    return f"{line[: found.end()]}\\{line[found.end() :]}" if found else line


def write_markdown(blocks: Iterable[Block], *, level: int = 1) -> str:
    """Return a page as Markdown; `level` is the level of its title."""
    parts = ("\n".join(_write_block(block, level)) for block in blocks)
    return "\n\n".join(part for part in parts if part) + "\n"


def _write_block(block: Block, level: int) -> Iterator[str]:
    match block:
        case Heading():
            yield f"{'#' * (block.level + level - 1)} {_guard_key(escape_markdown(block.text))}"
        case Paragraph():
            lead = _write_inline(block.lead)
            yield f"{lead} {_write_inline(block.text)}".strip()
        case Items():
            for number, item in enumerate(block.items, 1):
                sign = f"{number}. " if block.numbered else "- "
                yield sign + _write_inline(item.text)
                below = [*map(_write_inline, item.notes), *([_refer(item.address)] if item.address else [])]
                yield from (" " * len(sign) + line for line in below)
        case Table():
            yield from _write_table(block)
        case Code():
            fence = "`" * max(3, 1 + max(map(len, re.findall("`+", "".join(block.lines))), default=0))
            yield from (fence + block.language, *map(clean_text, block.lines), fence)
        case Fold():
            yield from ("<details>", f"<summary>{escape_markdown(block.summary)}</summary>", "")
            yield from (write_markdown(block.blocks, level=level), "</details>")


def _write_table(table: Table) -> Iterator[str]:
    """Yield the lines of a table, or of a list of terms if its columns have no titles."""
    shown = [number for number, column in enumerate(table.columns) if column.only in (None, "markdown")]
    columns = [table.columns[number] for number in shown]
    has_titles = any(column.title for column in columns)
    if has_titles:
        yield f"| {' | '.join(column.title for column in columns)} |"
        yield f"| {' | '.join('---:' if column.right else '---' for column in columns)} |"
    for row in table.rows:
        cells = [row[number] for number in shown]
        if has_titles:
            written = [_write_cell(cell, column.style) for cell, column in zip(cells, columns, strict=True)]
            yield f"| {' | '.join(written)} |"
        else:
            names = " ".join(filter(None, (_write_cell(cell, None) for cell in cells[:-1])))
            yield f"- **{names}:** {_write_cell(cells[-1], None)}"


def _write_cell(cell: Cell, style: Style | None) -> str:
    assert not isinstance(cell, Bar), "a column of bars is for text only"
    return _write_inline(cell, style, in_table=True)


def _write_inline(text: Inline, style: Style | None = None, *, in_table: bool = False) -> str:
    """Return text with its styles on one line; pairs of backticks become code."""
    parts = []
    for words, own in split_styles(text, style):
        is_name = own is Style.NAME and words.strip()
        pieces = CODE.split(f"`{words.strip().replace('`', '')}`" if is_name else words)
        pieces[0::2] = [_escape(piece, in_table=in_table) for piece in pieces[0::2]]
        pieces[1::2] = [_write_code(piece, in_table=in_table) for piece in pieces[1::2]]
        part = "".join(pieces)
        parts.append(f"**{part.strip()}**" if own in _STRONG and part.strip() else part)
    line = "".join(parts).strip()
    return line if in_table else _guard_start(line)


def _refer(address: str) -> str:
    """Return an address as a link, and a shipped document as the command that prints it."""
    if "://" not in address:
        command = "ragortune explain " if address.startswith("docs/") else ""
        return _write_inline(Span(f"{command}{address}", Style.NAME))
    safe = re.sub(r"[<>\s]", "", clean_text(address))
    return f"<{safe}>"
