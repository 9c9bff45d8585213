"""What a document decides, and on which lines: mentions of approaches, weighed by where they stand.

A decision or what is in use today counts most, then title and summary, then the description of the architecture. What
is turned down is weighed against what is affirmed; two options need two statements of weight; where a document names
what is in use today, its title alone does not decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from ragortune.evidence.documents.approaches import Mention
from ragortune.evidence.documents.cutting import span_of
from ragortune.evidence.documents.language import Weight
from ragortune.model import Option
from ragortune.model.documents import Block, Cited, SectionKind, Span, StatedDecision

_DECIDED = frozenset((SectionKind.DECISION, SectionKind.CURRENT))
_TELLING = _DECIDED | {SectionKind.SUMMARY}
_UNDECIDED = 0.35
"""What is left of other words where the document decides for an approach or uses one."""
_CAP = 2.0
"""Most that all mentions in one kind of section count, in times of the heaviest."""
_LEAST_BEST = 0.65
_LEAST_TOTAL = 1.3
_LEAST_TUNING = 1.4
_BOTH_BEST = 1.4
_BOTH_TOTAL = 2.5
_BOTH_SHARE = 0.3
_LEAST_WITHOUT = 1.0
_WITHOUT_DECIDED = 2.0
_LEAST_PASSING = 0.5
_CLEARLY_AGAINST = 2.0
_EXPLICIT = 2.0
_MOST_CITED = 3
_LONGEST_QUOTE = 400


class Ledger(msgspec.Struct):
    """What a document says for and against one approach."""

    affirmed: list[Mention]
    denied: list[Mention]
    total: float = 0.0
    """Sum of the weights of what affirms it, capped for each kind of section."""
    best: float = 0.0
    against: float = 0.0
    worst: float = 0.0
    kinds: int = 0
    """How many different wordings affirm it."""
    named: bool = False
    """Whether its name is among them, or what is done when it is used."""


def keep_ledgers(mentions: Iterable[Mention]) -> dict[Option, Ledger]:
    """Return what a document says for and against each approach."""
    ledgers = {option: Ledger([], []) for option in (Option.RAG, Option.FINE_TUNING, Option.NEITHER)}
    for mention in mentions:
        if mention.weight > 0:
            ledgers[mention.option].affirmed.append(mention)
        elif mention.weight < 0:
            ledgers[mention.option].denied.append(mention)
    decided = {
        option
        for option, ledger in ledgers.items()
        if any(is_decided(mention) for mention in ledger.affirmed)
    }
    for option, ledger in ledgers.items():
        refused = any(mention.marked.sentence.kind in _TELLING for mention in ledger.denied)
        share = 1.0 if option in decided or not decided else _UNDECIDED
        _sum_up(ledger, share, _UNDECIDED if refused and option not in decided else share)
    return ledgers


def is_decided(mention: Mention) -> bool:
    """Tell whether a mention is in a section that decides, or that says what is in use today."""
    sentence = mention.marked.sentence
    return mention.words is not Weight.PART and sentence.kind in _DECIDED


def _sum_up(ledger: Ledger, share: float, of_title: float) -> None:
    by_kind: dict[SectionKind, list[float]] = {}
    for mention in ledger.affirmed:
        weight, kind = mention.weight, mention.marked.sentence.kind
        weight *= of_title if kind is SectionKind.TITLE else share
        by_kind.setdefault(kind, []).append(weight)
        ledger.best = max(ledger.best, weight)
    ledger.total = sum(min(sum(weights), _CAP * max(weights)) for weights in by_kind.values())
    ledger.against = sum(-mention.weight for mention in ledger.denied)
    ledger.worst = max((-mention.weight for mention in ledger.denied), default=0.0)
    ledger.kinds = len({mention.text for mention in ledger.affirmed})
    ledger.named = any(mention.words is not Weight.PART for mention in ledger.affirmed)


def choose_option(ledgers: Mapping[Option, Ledger]) -> Option | None:
    """Return what a document decides, None where nothing can be read."""
    retrieval, tuning = ledgers[Option.RAG], ledgers[Option.FINE_TUNING]
    searches = _is_affirmed(retrieval, _LEAST_TOTAL)
    tunes = _is_affirmed(tuning, _LEAST_TUNING) and tuning.named
    if searches and tunes:
        return _weigh_both(retrieval, tuning)
    if searches or tunes:
        chosen = retrieval if searches else tuning
        if _is_decided_without(ledgers[Option.NEITHER], chosen):
            return Option.NEITHER
        return Option.RAG if searches else Option.FINE_TUNING
    if not _does_without(ledgers):
        return None
    passing = retrieval.total >= _LEAST_PASSING and not retrieval.denied
    return Option.RAG if passing and ledgers[Option.NEITHER].best < _LEAST_WITHOUT else Option.NEITHER


def _is_affirmed(ledger: Ledger, least: float) -> bool:
    """Tell whether an approach is taken: it is affirmed plainly enough, and not turned down more plainly."""
    if ledger.total < least or (ledger.best < _LEAST_BEST and not (ledger.kinds > 2 and ledger.named)):
        return False
    if ledger.best > ledger.worst:
        return ledger.total > ledger.against or ledger.best >= _CLEARLY_AGAINST
    return ledger.total > ledger.against


def _weigh_both(retrieval: Ledger, tuning: Ledger) -> Option:
    """Two options need two statements of weight; a passing word beside a clear decision is not one."""
    low, high = sorted((retrieval, tuning), key=lambda ledger: ledger.total)
    if low.best >= _BOTH_BEST and low.total >= _BOTH_TOTAL and low.total >= _BOTH_SHARE * high.total:
        return Option.BOTH
    return Option.RAG if high is retrieval else Option.FINE_TUNING


def _is_decided_without(without: Ledger, chosen: Ledger) -> bool:
    """Tell whether a plain decision to do without outweighs passing words on an approach."""
    named = [mention for mention in without.affirmed if mention.words is Weight.NAME]
    best = max((mention.weight for mention in named), default=0.0)
    return best >= _WITHOUT_DECIDED and best > chosen.best


def _does_without(ledgers: Mapping[Option, Ledger]) -> bool:
    """Tell whether a document describes an application that neither retrieves nor is tuned."""
    without = ledgers[Option.NEITHER]
    refused = max(ledgers[Option.RAG].worst, ledgers[Option.FINE_TUNING].worst)
    if refused >= _CLEARLY_AGAINST or (refused > 0 and without.total > 0):
        return True
    return without.named and without.total >= _LEAST_WITHOUT


def state_decision(option: Option, ledgers: Mapping[Option, Ledger], lines: Sequence[str]) -> StatedDecision:
    """Return a decision with the lines it rests on and how plainly it is made."""
    wanted = (Option.RAG, Option.FINE_TUNING) if option is Option.BOTH else (option,)
    cited = [
        Cited(span, "for")
        for one in wanted
        for span in _cite(ledgers[one].affirmed, lines, _MOST_CITED if len(wanted) == 1 else 2)
    ]
    for other in (Option.RAG, Option.FINE_TUNING):
        if other not in wanted:
            cited += [Cited(span, "against") for span in _cite(ledgers[other].denied, lines, 2)]
    by_line = {cite.span.line: cite for cite in reversed(cited)}
    evidence = tuple(by_line[line] for line in sorted(by_line))
    return StatedDecision(option, _read_how(option, wanted, ledgers), evidence)


def _read_how(option: Option, wanted: Sequence[Option], ledgers: Mapping[Option, Ledger]) -> str:
    """Tell a written choice from an approach that is taken for granted or only follows from the rest."""
    told = [mention for one in wanted for mention in ledgers[one].affirmed]
    if option is Option.NEITHER:
        told += ledgers[Option.RAG].denied + ledgers[Option.FINE_TUNING].denied
    named = [mention for mention in told if mention.words is Weight.NAME]
    chosen = [mention for mention in told if is_decided(mention)]
    if any(abs(mention.weight) >= _EXPLICIT for mention in (*named, *chosen)):
        return "explicit"
    return "assumed" if named else "implied"


def _cite(mentions: Iterable[Mention], lines: Sequence[str], most: int) -> Iterator[Span]:
    """Yield the heaviest lines, at most so many."""
    ranked = sorted(mentions, key=lambda mention: -abs(mention.weight))
    seen: set[int] = set()
    for mention in ranked:
        if abs(mention.weight) * 3 < abs(ranked[0].weight) or len(seen) >= most:
            return
        span = _quote_line(mention, lines)
        if span.line not in seen:
            seen.add(span.line)
            yield span


def _quote_line(mention: Mention, lines: Sequence[str]) -> Span:
    """Return what the line of a mention has of its sentence, cut around the mention where that is long."""
    sentence = mention.marked.sentence
    first, last = mention.marked.tokens.place(mention.start, mention.end)
    line = span_of(sentence, first, last, lines).line
    pieces = [piece for piece in sentence.pieces if piece.line == line]
    start, end = pieces[0].offset, pieces[-1].offset + pieces[-1].length
    if end - start > _LONGEST_QUOTE:
        start = max(start, first - _LONGEST_QUOTE // 2)
        end = min(end, max(last, start + _LONGEST_QUOTE))
    return span_of(sentence, start, end, lines)


__all__ = ["Block", "Ledger", "choose_option", "is_decided", "keep_ledgers", "state_decision"]
