"""Quotes that support answers, looked up again: those that a document no longer has, with the nearest passage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from ragortune.evidence.quotes import QuoteFinder
from ragortune.model import Evidence, Profile, QuantityValue
from ragortune.model.documents import DesignReading, Span

_MAX_SEARCHED = 100
"""Quotes of one run for which the nearest passage is searched; the search is slow."""


class Quoted(msgspec.Struct, frozen=True):
    """A quote with the claim that it supports."""

    evidence: Evidence
    claim: str
    """The claim, such as `knowledge.volatility: weekly`."""
    span: Span | None = None
    """Position of the value in the design document; None for a value in a profile file."""


class QuoteSources(msgspec.Struct, frozen=True):
    """Quotes from outside a design document, and the documents that quotes cite."""

    outside: tuple[Quoted, ...] = ()
    """Quotes of a profile file that are reported with this document."""
    finders: Mapping[Evidence, QuoteFinder | None] = {}
    """The cited document of each quote that names one, None if it may not be opened; other quotes cite the design document
    itself."""
    searched: set[tuple[str, Evidence]] = msgspec.field(default_factory=set)
    """Path of the design document and quote for which the nearest passage was searched in this run."""


def find_lost_quotes(
    reading: DesignReading, sources: QuoteSources
) -> Iterator[tuple[Quoted, tuple[Span, ...]]]:
    """Yield the quotes of the block and from outside that the documents they cite have no longer, with the nearest passage."""
    quotes = [*list_quotes(reading), *sources.outside]
    own = QuoteFinder(reading.lines) if quotes else None
    for quoted in quotes:
        evidence = quoted.evidence
        finder = sources.finders.get(evidence, own)
        if finder and not finder.find(evidence.quote, evidence.line):
            if len(sources.searched) < _MAX_SEARCHED:
                sources.searched.add((reading.path, evidence))
            searched = (reading.path, evidence) in sources.searched
            yield quoted, finder.find_nearest(evidence.quote, evidence.line) if searched else ()


def list_quotes(reading: DesignReading) -> list[Quoted]:
    """Return the quotes in the document's block."""
    decision = reading.decision
    found = []
    if decision is not None and decision.quoted is not None:
        span = decision.evidence[0].span if decision.evidence else None
        found.append(Quoted(decision.quoted, f"decision: {decision.option}", span))
    found += [
        Quoted(fact.quoted, f"{fact.criterion}: {_format_value(fact.value)}", fact.span)
        for fact in reading.facts
        if fact.quoted is not None
    ]
    return [*found, *_list_quantity_quotes(reading.quantities, reading.lines)]


def list_outside_quotes(profile: Profile) -> list[Quoted]:
    """Return the quotes in a profile file."""
    found = [
        Quoted(answer.evidence, f"{criterion}: {_format_value(profile.levels[criterion])}")
        for criterion, answer in profile.answers.items()
        if isinstance(answer.evidence, Evidence)
    ]
    return [*found, *_list_quantity_quotes(profile.quantities, ())]


def _list_quantity_quotes(quantities: Mapping[str, QuantityValue], lines: Sequence[str]) -> Iterator[Quoted]:
    for name, quantity in quantities.items():
        if isinstance(quantity.evidence, Evidence):
            line = quantity.place.line if quantity.place and quantity.place.line else 0
            span = None
            if 0 < line <= len(lines):
                text = lines[line - 1]
                span = Span(line, len(text) - len(text.lstrip()) + 1, text.strip())
            yield Quoted(quantity.evidence, f"{name}: {quantity.mid:,.12g}", span)


def _format_value(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return f"{value:,}" if isinstance(value, (int, float)) else str(value)
