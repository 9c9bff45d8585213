"""The price data in every format: lists, tables and the page on one row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ragortune.model import PriceRow, Source
from ragortune.model.prices import bounds_of, count_days
from ragortune.report.blocks import Block, Heading, Item, Items, Paragraph, bullets, terms
from ragortune.report.costs import write_csv
from ragortune.report.markdown import escape_markdown
from ragortune.report.sheet import Sheet
from ragortune.support.text import clean_text

_PRICE_HEAD = (
    "id",
    "kind",
    "value",
    "number",
    "low",
    "high",
    "unit",
    "as_of",
    "source",
    "confidence",
    "available_until",
)


def _price_cells(rows: Iterable[PriceRow]) -> list[tuple[str, ...]]:
    return [
        (
            row.id,
            row.kind,
            name,
            f"{value.value:.12g}",
            *(f"{end:.12g}" for end in bounds_of(value)),
            value.unit,
            value.as_of or row.as_of,
            value.source or row.source,
            str(value.confidence or row.confidence),
            row.available_until or "",
        )
        for row in rows
        for name, value in row.values.items()
    ]


def prices_csv(rows: Iterable[PriceRow]) -> str:
    """Return price rows as a table with one value a row."""
    return write_csv(_PRICE_HEAD, _price_cells(rows))


def prices_markdown(rows: Iterable[PriceRow]) -> str:
    """Return price rows as a Markdown table with one value a row."""
    lines = [f"| {' | '.join(_PRICE_HEAD)} |", f"|{' --- |' * len(_PRICE_HEAD)}"]
    lines += [f"| {' | '.join(escape_markdown(cell) for cell in cells)} |" for cells in _price_cells(rows)]
    return "\n".join(lines) + "\n"


def prices_text(rows: Sequence[PriceRow], today: str, width: int) -> str:
    """Return price rows with their values on wrapped lines, grouped by kind."""
    page = Sheet(width=width, color=False)
    kind = ""
    for row in rows:
        if row.kind != kind:
            kind = row.kind
            page.add_heading(kind.replace("_", " "))
        page.add_line(
            f"  {clean_text(row.id)}  ({row.as_of}, {count_days(row.as_of, today)} days, {row.confidence})"
        )
        page.add_wrapped(clean_text(", ".join(_word_value(row, name) for name in row.values)), "      ")
    page.add_line()
    page.add_line(f"{len(rows)} rows")
    return page.getvalue().lstrip("\n")


def _word_value(row: PriceRow, name: str) -> str:
    value = row.values[name]
    low, high = bounds_of(value)
    ends = f" ({low:,.12g} to {high:,.12g})" if low != high else ""
    label = "" if name == "value" else f"{name} "
    return f"{label}{value.value:,.12g} {value.unit}{ends}"


def price_page(row: PriceRow, sources: Mapping[str, Source], today: str) -> list[Block]:
    """Return the page on a price row."""
    facts = [
        ("name", row.id),
        ("kind", row.kind.replace("_", " ")),
        ("as of", f"{row.as_of}, {count_days(row.as_of, today)} days before {today}"),
        ("confidence", row.confidence),
    ]
    facts += [("last jobs", row.trainable_until)] if row.trainable_until else []
    facts += [("retired", row.available_until)] if row.available_until else []
    values = []
    for name, value in row.values.items():
        extras = ", ".join(part for part in (value.as_of, value.source, value.confidence) if part)
        values.append(_word_value(row, name) + (f" ({extras})" if extras else ""))
    named = dict.fromkeys([row.source, *(value.source for value in row.values.values() if value.source)])
    cited = [
        Item(f"{source.title}, checked {source.checked}", (source.id,), source.address)
        if (source := sources.get(name))
        else Item(name)
        for name in named
    ]
    note = [Paragraph(row.note)] if row.note else []
    return [
        Heading(row.title),
        terms(facts),
        *note,
        Heading("Values", 2),
        bullets(values),
        Heading("Sources", 2),
        Items(tuple(cited)),
    ]
