"""The list of price rows, and the page of one row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ragortune.model import PriceRow, Source
from ragortune.model.prices import bounds_of, count_days, list_sources
from ragortune.report.blocks import Block, Heading, Item, Items, Paragraph, bullets, section, terms
from ragortune.support.record import Record
from ragortune.support.text import count_words


class PriceList(Record, frozen=True):
    """Price rows on a day."""

    rows: Sequence[PriceRow]
    today: str
    sources: Mapping[str, Source]


def list_records(found: PriceList) -> Sequence[PriceRow]:
    """Return the rows as JSON data."""
    return found.rows


def show_record(found: PriceList) -> PriceRow:
    """Return the only row as JSON data."""
    return found.rows[0]


def list_prices(found: PriceList) -> list[Block]:
    """Return the price rows by kind, with their values."""
    blocks: list[Block] = []
    for kind in dict.fromkeys(row.kind for row in found.rows):
        rows = [(row.id, _format_row(row, found.today)) for row in found.rows if row.kind == kind]
        blocks += [Heading(kind.replace("_", " "), 2), terms(rows)]
    return [*blocks, Paragraph(f"{len(found.rows)} rows")]


def _format_row(row: PriceRow, today: str) -> str:
    values = ", ".join(_format_value(row, name) for name in row.values)
    return f"{row.as_of}, {count_words(count_days(row.as_of, today), 'day')}, {row.confidence}: {values}"


def _format_value(row: PriceRow, name: str) -> str:
    value = row.values[name]
    low, high = bounds_of(value)
    ends = f" ({low:,.12g} to {high:,.12g})" if low != high else ""
    label = "" if name == "value" else f"{name} "
    return f"{label}{value.value:,.12g} {value.unit}{ends}"


def show_price(found: PriceList) -> list[Block]:
    """Return the page of the only price row."""
    (row,) = found.rows
    facts = {
        "name": row.id,
        "kind": row.kind.replace("_", " "),
        "as of": f"{row.as_of}, {count_words(count_days(row.as_of, found.today), 'day')} before {found.today}",
        "confidence": row.confidence,
        "last jobs": row.trainable_until,
        "retired": row.available_until,
    }
    values = []
    for name, value in row.values.items():
        extras = [part for part in (value.as_of, value.source, value.confidence) if part]
        values.append(_format_value(row, name) + (f" ({', '.join(extras)})" if extras else ""))
    return [
        Heading(row.title),
        terms((name, fact) for name, fact in facts.items() if fact),
        *([Paragraph(row.note)] if row.note else []),
        *section("Values", bullets(values)),
        *section("Sources", Items(tuple(_cite(name, found.sources.get(name)) for name in list_sources(row)))),
    ]


def _cite(name: str, source: Source | None) -> Item:
    if source is None:
        return Item(name)
    return Item(f"{source.title}, checked {source.checked}", (source.id,), source.address)
