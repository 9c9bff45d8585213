"""Quotes on which answers rest, looked up again: what a document no longer says, and what it says instead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from ragortune.evidence.quotes import QuoteFinder
from ragortune.model import Evidence, Profile, QuantityValue
from ragortune.model.documents import DesignReading, Span

_MOST_SEARCHED = 100
"""Quotes of one run for which the nearest passage is looked for, which takes its time."""


class Quoted(msgspec.Struct, frozen=True):
    """A quote with what rests on it."""

    evidence: Evidence
    carries: str
    """What rests on it, such as `knowledge.volatility: weekly`."""
    span: Span | None = None
    """Where the value is in the design document; None where it is in a profile file."""


class QuoteSources(msgspec.Struct, frozen=True):
    """Quotes from outside a design document, and the documents in which quotes are looked up."""

    outside: tuple[Quoted, ...] = ()
    """Quotes of a profile file that are reported with this document."""
    finders: Mapping[Evidence, QuoteFinder | None] = {}
    """For each quote that names its document that document, None where it may not be opened; all others are the design
    document's own words."""
    searched: set[tuple[str, Evidence]] = msgspec.field(default_factory=set)
    """Quotes of all documents of a run, by their paths, for which the nearest passage was looked for."""


def find_gone(reading: DesignReading, sources: QuoteSources) -> Iterator[tuple[Quoted, Span | None]]:
    """Yield the quotes that their documents no longer have, of the document's block and from outside.

    Beside each is the passage most like it, if one is.
    """
    quotes = [*list_quotes(reading), *sources.outside]
    own = QuoteFinder(reading.lines) if quotes else None
    for quoted in quotes:
        evidence = quoted.evidence
        finder = sources.finders.get(evidence, own)
        if finder and not finder.find(evidence.quote, evidence.line):
            if len(sources.searched) < _MOST_SEARCHED:
                sources.searched.add((reading.path, evidence))
            sought = (reading.path, evidence) in sources.searched
            yield quoted, finder.find_nearest(evidence.quote, evidence.line) if sought else None


def list_quotes(reading: DesignReading) -> list[Quoted]:
    """Return the quotes on which the document's own block rests."""
    decision = reading.decision
    found = []
    if decision is not None and decision.quoted is not None:
        span = decision.evidence[0].span if decision.evidence else None
        found.append(Quoted(decision.quoted, f"decision: {decision.option}", span))
    found += [
        Quoted(fact.quoted, f"{fact.criterion}: {_show(fact.value)}", fact.span)
        for fact in reading.facts
        if fact.quoted is not None
    ]
    return [*found, *_quotes_of_numbers(reading.quantities, reading.lines)]


def list_outside_quotes(profile: Profile) -> list[Quoted]:
    """Return the quotes on which a profile file rests."""
    found = [
        Quoted(answer.evidence, f"{criterion}: {_show(profile.levels[criterion])}")
        for criterion, answer in profile.answers.items()
        if isinstance(answer.evidence, Evidence)
    ]
    return [*found, *_quotes_of_numbers(profile.quantities, ())]


def _quotes_of_numbers(quantities: Mapping[str, QuantityValue], lines: Sequence[str]) -> Iterator[Quoted]:
    for name, quantity in quantities.items():
        if isinstance(quantity.evidence, Evidence):
            line = quantity.place.line if quantity.place and quantity.place.line else 0
            span = None
            if 0 < line <= len(lines):
                text = lines[line - 1]
                span = Span(line, len(text) - len(text.lstrip()) + 1, text.strip())
            yield Quoted(quantity.evidence, f"{name}: {quantity.mid:,.12g}", span)


def _show(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return f"{value:,}" if isinstance(value, (int, float)) else str(value)
