"""Blocks, of which every page is made: they hold the content, and writers decide on the layout.

A report, an `explain` page or a screen of the questionnaire is a list of blocks. Builders return it; `write_text`
(`report.text`), `write_markdown` (`report.markdown`) and `write_html` (`report.html`) write it, and
`msgspec.to_builtins` turns it into JSON. Builders never pad, wrap, colour, escape or clean: the writers do so for every
string, so that no text from a profile, document or rule set can become markup or control a terminal.

    page: list[Block] = [
        Heading("Support assistant"),
        terms([("Advice", "rag"), ("Requests", "2,000 a month")]),
        Heading("Bills", 2),
        Table((Column("Option"), Column("USD", right=True)), (("rag", "120"), ("both", "340")), head=True),
        Items((Item("a finding", notes=("its source",), address="https://example.org"),)),
        Paragraph(("see ", Span("knowledge.gap", Style.NAME)), Style.ASIDE),
    ]

Text inside a block is `Inline`: a string, a `Span`, or a tuple of both. Pairs of backticks are code. In text output,
blank lines separate the blocks between a title and its first section; elsewhere blocks follow each other directly.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Literal, TypeAlias

from ragortune.support.record import Record

CODE = re.compile(r"`([^`]+)`")
"""A pair of backticks in text, with the code between them."""


class Style(StrEnum):
    """The meaning of a piece of text; writers decide how it looks."""

    STRONG = "strong"
    ASIDE = "aside"
    """Less important than the text around it."""
    NAME = "name"
    """A name that can be typed: a criterion, code, option, key."""
    ADVICE = "advice"
    """What is recommended."""
    GOOD = "good"
    """An argument for something."""
    BAD = "bad"
    """An argument against something."""
    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Span(Record, frozen=True):
    """A piece of text of one style."""

    text: str
    style: Style


class Bar(Record, frozen=True):
    """A bar on a scale from 0 to 1, drawn in text and HTML beside its numbers."""

    low: float
    high: float
    cells: int
    """Characters of the whole scale; fewer on a narrow page."""
    marks: tuple[tuple[float, str], ...] = ()
    """Marks on the scale: position and character (`│`, `┃` or `●`)."""
    fill: str = "█"
    style: Style | None = None
    says: str = ""
    """Text alternative for screen readers."""


Inline: TypeAlias = str | Span | tuple[str | Span, ...]
Cell: TypeAlias = Inline | Bar


class Heading(Record, frozen=True, tag_field="kind", tag="heading"):
    """A title (level 1) or the heading of a section (2 and 3)."""

    text: str
    level: int = 1


class Paragraph(Record, frozen=True, tag_field="kind", tag="paragraph"):
    """Sentences."""

    text: Inline
    style: Style | None = None
    lead: Inline = ""
    """Text before the first line; further lines are indented by its width."""


class Item(Record, frozen=True):
    """One item of a list."""

    text: Inline
    notes: tuple[Inline, ...] = ()
    """Sentences below it."""
    address: str | None = None
    """Address or path of a shipped document, shown below; never wrapped."""


class Items(Record, frozen=True, tag_field="kind", tag="items"):
    """A list; references such as `[1]` point to a numbered one."""

    items: tuple[Item, ...]
    numbered: bool = False


class Column(Record, frozen=True):
    """One column of a table."""

    title: str = ""
    right: bool = False
    """Whether it holds numbers."""
    style: Style | None = None
    only: Literal["text", "markdown", "html"] | None = None
    """The only writer, besides HTML, that shows it; None for all writers."""


class Table(Record, frozen=True, tag_field="kind", tag="table"):
    """Rows of cells. In text the last column wraps. Without titles it is a list of terms in Markdown."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    head: bool = False
    """Whether text output shows the titles."""
    gap: int = 2
    """Blanks between the columns in text."""


class Code(Record, frozen=True, tag_field="kind", tag="code"):
    """Preformatted lines."""

    lines: tuple[str, ...]
    language: str = ""


class Drawing(Record, frozen=True, tag_field="kind", tag="drawing"):
    """Preformatted text for a given width, in text and HTML."""

    draw: Callable[[int], Iterable[Inline]]


class Fold(Record, frozen=True, tag_field="kind", tag="fold"):
    """Blocks that Markdown and HTML fold behind a summary; text shows them all."""

    summary: str
    blocks: tuple[Block, ...]


class Break(Record, frozen=True, tag_field="kind", tag="break"):
    """A blank line in text."""


Block: TypeAlias = Heading | Paragraph | Items | Table | Code | Drawing | Fold | Break


class Page(Record, frozen=True):
    """A report: one screen, and all of it in named sections."""

    screen: Callable[[int], Iterable[Block]]
    """Return one form of the screen; form 0 is the longest."""
    forms: int
    """How many forms there are."""
    head: tuple[Block, ...]
    """Blocks before the sections."""
    sections: Mapping[str, Iterable[Block]]
    """Blocks by name of the section, in order; an empty section is left out."""

    def choose(self, names: Collection[str]) -> Iterator[Block]:
        """Yield the head and the named sections, all if none are named; a named section that is empty says so."""
        yield from self.head
        chosen = bool(names) and len(names) < len(self.sections)
        for name, section in self.sections.items():
            blocks = tuple(section)
            if not names or name in names:
                yield from blocks or ((Heading(name, 2), bullets(["none"])) if chosen else ())


def terms(rows: Iterable[tuple[Inline, Inline]], style: Style | None = Style.NAME) -> Table:
    """Return a list of terms and their descriptions."""
    return Table((Column(style=style), Column()), tuple(rows))


def bullets(texts: Iterable[Inline]) -> Items:
    """Return a plain list."""
    return Items(tuple(Item(text) for text in texts))


def section(title: str, *content: Block | Inline, level: int = 2) -> Iterator[Block]:
    """Yield a heading and its content, text as paragraphs.

    Yields nothing without content, or if the content begins with an empty list or table.
    """
    match content:
        case () | (Items(items=()) | Table(rows=()), *_):
            return
    yield Heading(title, level)
    for part in content:
        yield Paragraph(part) if isinstance(part, (str, Span, tuple)) else part


def split_sections(
    blocks: Iterable[Block], levels: Collection[int]
) -> list[tuple[Heading | None, list[Block]]]:
    """Return each heading of these levels with the blocks below it; None with those before the first heading."""
    sections: list[tuple[Heading | None, list[Block]]] = [(None, [])]
    for block in blocks:
        if isinstance(block, Heading) and block.level in levels:
            sections.append((block, []))
        else:
            sections[-1][1].append(block)
    return sections


def split_styles(text: Inline, style: Style | None = None) -> Iterator[tuple[str, Style | None]]:
    """Yield the parts of a text with their styles; `style` is that of the text around the spans."""
    for part in text if isinstance(text, tuple) else (text,):
        yield (part.text, part.style) if isinstance(part, Span) else (part, style)
