"""What every page is made of: blocks, which say what is shown and leave how to the writers.

A report, an `explain` page or a screen of the questionnaire is a list of blocks. Builders return it; `write_text`
(`report.text`) lays it out at a width, `write_markdown` (`report.markdown`) writes Markdown, and `msgspec.to_builtins`
makes JSON of it. A builder never pads, wraps, colours, escapes or cleans: the writers do so for every string, so no
text from a profile, document or rule set can steer a terminal or become markup.

    page: list[Block] = [
        Heading("Support assistant"),
        terms([("Advice", "rag"), ("Requests", "2,000 a month")]),
        Heading("Bills", 2),
        Table((Column("Option"), Column("USD", right=True)), (("rag", "120"), ("both", "340")), head=True),
        Items((Item("a finding", notes=("its source",), address="https://example.org"),)),
        Paragraph(("see ", Span("knowledge.gap", Style.NAME)), Style.ASIDE),
    ]

Text inside a block is `Inline`: a string, a `Span`, or a tuple of both. Pairs of backticks are code. In text the blocks
between a title and its first section are set apart by blank lines; elsewhere they follow line by line.
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
    """What a piece of text is; writers decide how that looks."""

    STRONG = "strong"
    ASIDE = "aside"
    """Less important than the text around it."""
    NAME = "name"
    """A name that can be typed: a criterion, code, option, key."""
    ADVICE = "advice"
    """What is recommended."""
    GOOD = "good"
    """Speaks for something."""
    BAD = "bad"
    """Speaks against something."""
    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Span(Record, frozen=True):
    """A piece of text of one style."""

    text: str
    style: Style


class Bar(Record, frozen=True):
    """A bar on a scale from 0 to 1, drawn in text and HTML; the numbers are beside it."""

    low: float
    high: float
    cells: int
    """Cells of the whole scale; fewer where the page is narrow."""
    marks: tuple[tuple[float, str], ...] = ()
    """Places with a sign of their own: `│`, `┃` or `●`."""
    fill: str = "█"
    style: Style | None = None
    says: str = ""
    """What it shows, for those who do not see it."""


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
    """Text before the first line; further lines are indented to behind it."""


class Item(Record, frozen=True):
    """One item of a list."""

    text: Inline
    notes: tuple[Inline, ...] = ()
    """Sentences below it."""
    address: str | None = None
    """Address below it, or the path of a shipped document; never wrapped."""


class Items(Record, frozen=True, tag_field="kind", tag="items"):
    """A list; a numbered one is that which `[1]` refers to."""

    items: tuple[Item, ...]
    numbered: bool = False


class Column(Record, frozen=True):
    """One column of a table."""

    title: str = ""
    right: bool = False
    """Whether it holds numbers."""
    style: Style | None = None
    only: Literal["text", "markdown", "html"] | None = None
    """The one writer that shows it, beside HTML, which shows all columns; each if None."""


class Table(Record, frozen=True, tag_field="kind", tag="table"):
    """Rows of cells. In text the last column wraps; without titles it is a list of terms in Markdown."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    head: bool = False
    """Whether text shows the titles, too."""
    gap: int = 2
    """Blanks between columns in text."""


class Code(Record, frozen=True, tag_field="kind", tag="code"):
    """Lines that are kept as they are."""

    lines: tuple[str, ...]
    language: str = ""


class Drawing(Record, frozen=True, tag_field="kind", tag="drawing"):
    """A picture of characters for a width, in text only."""

    draw: Callable[[int], Iterable[Inline]]


class Fold(Record, frozen=True, tag_field="kind", tag="fold"):
    """Blocks that Markdown folds behind a line of words without markup; text shows them as they are."""

    summary: str
    blocks: tuple[Block, ...]


class Break(Record, frozen=True, tag_field="kind", tag="break"):
    """A blank line in text; `line` draws one between reports in both."""

    line: bool = False


Block: TypeAlias = Heading | Paragraph | Items | Table | Code | Drawing | Fold | Break


class Page(Record, frozen=True):
    """A report: what fits one screen, and all of it in sections that have names."""

    screen: Callable[[int], Iterable[Block]]
    """Returns the screen in one of its forms, the longest first."""
    forms: int
    """How many forms there are."""
    head: tuple[Block, ...]
    """Blocks before the sections, whichever are shown."""
    sections: Mapping[str, Iterable[Block]]
    """By name, in order, made when they are chosen; empty where there is nothing to say."""

    def choose(self, names: Collection[str]) -> Iterator[Block]:
        """Return the sections with these names, all if there are none; one that was named and is empty says so."""
        yield from self.head
        chosen = bool(names) and len(names) < len(self.sections)
        for name, section in self.sections.items():
            blocks = tuple(section)
            if not names or name in names:
                yield from blocks or ((Heading(name, 2), bullets(["none"])) if chosen else ())


def terms(rows: Iterable[tuple[Inline, Inline]], style: Style | None = Style.NAME) -> Table:
    """Return names and what is said about them; the names have a style."""
    return Table((Column(style=style), Column()), tuple(rows))


def bullets(texts: Iterable[Inline]) -> Items:
    """Return a plain list."""
    return Items(tuple(Item(text) for text in texts))


def section(title: str, *content: Block | Inline, level: int = 2) -> Iterator[Block]:
    """Yield a heading with what is below it, text as a paragraph.

    Nothing where nothing is below it, or where a list or table that comes first is empty.
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
    """Return the blocks below each heading of these levels; those before the first one have None."""
    sections: list[tuple[Heading | None, list[Block]]] = [(None, [])]
    for block in blocks:
        if isinstance(block, Heading) and block.level in levels:
            sections.append((block, []))
        else:
            sections[-1][1].append(block)
    return sections


def spans(text: Inline) -> tuple[str | Span, ...]:
    """Return text as a tuple of its pieces."""
    return text if isinstance(text, tuple) else (text,)
