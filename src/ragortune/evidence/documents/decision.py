"""What a document decides, and on which lines: mentions of approaches, weighed by where they are.

A decision or what is in use today weighs most, then title and summary, then the description of the architecture. Fitted
models make probabilities of the sums: whether retrieval is decided for, and whether tuning.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from ragortune.evidence.documents.approaches import Mention, find_mentions, find_told
from ragortune.evidence.documents.assertion import Marked
from ragortune.evidence.documents.classifiers import QUESTIONS, STATUS, YES, Classifier, classify
from ragortune.evidence.documents.cutting import quote_line, span_of
from ragortune.evidence.documents.language import Weight
from ragortune.evidence.documents.sections import DECIDING
from ragortune.model import Need, Option, has_need, pair_probabilities
from ragortune.model.documents import Cited, DocumentStatus, SectionKind, Span, StatedDecision

_UNDECIDED = (DocumentStatus.NOTHING_TO_JUDGE, DocumentStatus.NO_DECISION)
_CAP = 2.0
"""Most that all mentions in one kind of section count, in times of the heaviest."""
_BOTH_BEST = 1.4
_BOTH_TOTAL = 2.5
_BOTH_SHARE = 0.3
_CHOSEN_BY_NAME = 4.5
"""Weight of an approach that a decision section names as chosen: it outweighs what the models predict."""
_EXPLICIT = 2.0
_MOST_CITED = 2


class Ledger(msgspec.Struct):
    """What a document says for and against one approach."""

    affirmed: list[Mention]
    denied: list[Mention]
    told: list[Mention]
    """Sentences whose words tell that it is taken, cited where no wording affirms it."""
    total: float = 0.0
    """Sum of the weights of what affirms it, capped for each kind of section."""
    best: float = 0.0
    against: float = 0.0
    worst: float = 0.0
    kinds: int = 0
    """How many different wordings affirm it."""
    open: int = 0
    """How many mentions decide nothing."""
    decided: bool = False
    """Whether it is affirmed in a section that decides, or that says what is in use today."""


def keep_ledgers(sentences: Sequence[Marked]) -> dict[Option, Ledger]:
    """Return what a document says for and against each approach."""
    ledgers = {option: Ledger([], [], []) for option in (Option.RAG, Option.FINE_TUNING, Option.NEITHER)}
    for mention in find_mentions(sentences):
        if mention.weight > 0:
            ledgers[mention.option].affirmed.append(mention)
        elif mention.weight < 0:
            ledgers[mention.option].denied.append(mention)
        else:
            ledgers[mention.option].open += 1
    wanted = {option for option, ledger in ledgers.items() if not ledger.affirmed}
    for mention in find_told(sentences, wanted):
        ledgers[mention.option].told.append(mention)
    for ledger in ledgers.values():
        _sum_up(ledger)
    return ledgers


def decide(
    models: Mapping[str, Classifier], features: Mapping[str, float], ledgers: Mapping[Option, Ledger]
) -> tuple[DocumentStatus, Option | None]:
    """Return what fitted models make of a document: whether it can be judged, and what it decides."""
    told = {name: classify(models[name], features) if name in models else {} for name in QUESTIONS}
    needs = (told[need].get(YES, 0.0) for need in (Option.RAG, Option.FINE_TUNING))
    option = _choose_option(told[STATUS], pair_probabilities(*needs), ledgers)
    if option is not None:
        return DocumentStatus.JUDGED, option
    return max(_UNDECIDED, key=lambda status: (told[STATUS].get(status, 0.0), status)), None


def _is_decided(mention: Mention) -> bool:
    """Tell whether a mention is in a section that decides, or that says what is in use today."""
    return mention.marked.sentence.kind in DECIDING and mention.words is not Weight.PART


def _sum_up(ledger: Ledger) -> None:
    by_kind: dict[SectionKind, list[float]] = {}
    for mention in ledger.affirmed:
        by_kind.setdefault(mention.marked.sentence.kind, []).append(mention.weight)
    ledger.best = max(map(max, by_kind.values()), default=0.0)
    ledger.total = sum(min(sum(weights), _CAP * max(weights)) for weights in by_kind.values())
    ledger.against = sum(-mention.weight for mention in ledger.denied)
    ledger.worst = max((-mention.weight for mention in ledger.denied), default=0.0)
    ledger.decided = not DECIDING.isdisjoint(by_kind) and any(map(_is_decided, ledger.affirmed))
    wordings = {(mention.marked.analysis, mention.start, mention.end) for mention in ledger.affirmed}
    ledger.kinds = len({analysis.words[start:end] for analysis, start, end in wordings})


def _choose_option(
    status: Mapping[str, float], option: Mapping[Option, float], ledgers: Mapping[Option, Ledger]
) -> Option | None:
    """Return what a document decides, None where it more likely decides nothing or nothing can be cited for it.

    Args:
        status: probability of each status.
        option: probability of each option, given that the document decides for one.
        ledgers: what the document says for and against each approach.

    A status and an option are told together, so that what is told is what is expected to be right more often.

    """
    likely = {name: share for name, share in option.items() if _can_cite(name, ledgers)}
    best = max(likely, key=lambda name: likely[name], default=None)
    judged = status.get(DocumentStatus.JUDGED, 0.0)
    others = [share for name, share in status.items() if name != DocumentStatus.JUDGED]
    if best is None or judged * (1 + likely[best]) < sum(others) + max(others, default=0.0):
        return None
    if best is not Option.NEITHER and _are_both_affirmed(ledgers):
        return Option.BOTH
    chosen = [name for name, ledger in ledgers.items() if ledger.decided and ledger.best >= _CHOSEN_BY_NAME]
    return chosen[0] if len(chosen) == 1 and best is not Option.BOTH else best


def _are_both_affirmed(ledgers: Mapping[Option, Ledger]) -> bool:
    """Tell whether there are statements of weight for both options, of which labelled documents have too few to learn."""
    low, high = sorted((ledgers[Option.RAG], ledgers[Option.FINE_TUNING]), key=lambda ledger: ledger.total)
    plain = low.best >= _BOTH_BEST and low.best > low.worst and low.decided is high.decided
    return plain and low.total >= max(_BOTH_TOTAL, _BOTH_SHARE * high.total)


def _can_cite(option: Option, ledgers: Mapping[Option, Ledger]) -> bool:
    if option is Option.NEITHER and any(ledger.denied for ledger in ledgers.values()):
        return True
    return all(_list_cited(ledgers[one]) for one in _needs_of(option))


def _needs_of(option: Option) -> Sequence[Option]:
    return [Option(need) for need in Need if has_need(option, need)] or [option]


def _list_cited(ledger: Ledger) -> Sequence[Mention]:
    """Return what is cited for an approach: the wordings that affirm it, or the sentences that tell it without one."""
    return ledger.affirmed or ledger.told


def state_decision(option: Option, ledgers: Mapping[Option, Ledger], lines: Sequence[str]) -> StatedDecision:
    """Return a decision with the lines it rests on and how plainly it is made."""
    wanted = _needs_of(option)
    cited = [
        Cited(span, "for") for one in wanted for span in _cite(_list_cited(ledgers[one]), lines, _MOST_CITED)
    ]
    for other in (Option.RAG, Option.FINE_TUNING):
        if other not in wanted:
            cited += [Cited(span, "against") for span in _cite(ledgers[other].denied, lines, _MOST_CITED)]
    by_line = {cite.span.line: cite for cite in reversed(cited)}
    evidence = tuple(by_line[line] for line in sorted(by_line))
    return StatedDecision(option, _read_how(option, wanted, ledgers), evidence)


def _read_how(option: Option, wanted: Sequence[Option], ledgers: Mapping[Option, Ledger]) -> str:
    """Tell a written choice from an approach that is taken for granted or only follows from the rest."""
    told = [mention for one in wanted for mention in _list_cited(ledgers[one])]
    if option is Option.NEITHER:
        told += ledgers[Option.RAG].denied + ledgers[Option.FINE_TUNING].denied
    named = [mention for mention in told if mention.words is Weight.NAME]
    chosen = [mention for mention in told if _is_decided(mention)]
    if any(abs(mention.weight) >= _EXPLICIT for mention in (*named, *chosen)):
        return "explicit"
    return "assumed" if named else "implied"


def _cite(mentions: Iterable[Mention], lines: Sequence[str], most: int) -> Iterator[Span]:
    """Yield the heaviest lines, at most so many."""
    ranked = sorted(mentions, key=lambda mention: -abs(mention.weight))
    seen: set[int] = set()
    for mention in ranked:
        if abs(mention.weight) * 2 < abs(ranked[0].weight) or len(seen) >= most:
            return
        sentence, place = mention.marked.sentence, mention.marked.tokens.place(mention.start, mention.end)
        line = span_of(sentence, *place, lines).line
        if line not in seen:
            seen.add(line)
            yield quote_line(sentence, *place, lines)
