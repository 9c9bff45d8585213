"""What a document decides, and on which lines: mentions of approaches, weighted by section.

A decision or what is in use today weighs most, then title and summary, then the description of the architecture. Fitted
models make probabilities of the sums: whether retrieval is decided for, and whether tuning.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

import msgspec

from ragortune.evidence.documents.assertion import BLOCKS_WITHOUT_PROSE, NOT_ASSERTED, Marked
from ragortune.evidence.documents.classifiers import QUESTIONS, STATUS, YES, Classifier, predict_document
from ragortune.evidence.documents.cutting import find_span, quote_line
from ragortune.evidence.documents.language import ApproachWords, Found, Weight
from ragortune.evidence.documents.sections import DECIDING
from ragortune.model import Need, Option, has_need, pair_probabilities
from ragortune.model.documents import Cited, DocumentStatus, Meaning, SectionKind, Span, StatedDecision

_NOT_JUDGED = (DocumentStatus.NOTHING_TO_JUDGE, DocumentStatus.NO_DECISION)
_CAP = 2.0
"""Limit on the sum of the mentions in one kind of section, in multiples of the heaviest one."""
_BOTH_BEST = 1.4
_BOTH_TOTAL = 2.5
_BOTH_SHARE = 0.3
_CHOSEN_BY_NAME = 4.5
"""Weight of an approach that a decision section names as chosen: it outweighs what the models predict."""
_EXPLICIT = 2.0
_MAX_CITED = 2
_AGAINST = frozenset((Meaning.NEGATED, Meaning.REJECTED))
_UNDECIDED = NOT_ASSERTED - _AGAINST
_SECTION_FACTORS: Mapping[SectionKind, float] = {
    SectionKind.TITLE: 3.0,
    SectionKind.DECISION: 3.0,
    SectionKind.CURRENT: 2.5,
    SectionKind.SUMMARY: 2.0,
    SectionKind.CONSEQUENCES: 0.7,
    SectionKind.REFERENCE: 0.2,
}
_WORDING_FACTORS: Mapping[Weight, float] = {Weight.NAME: 1.0, Weight.USE: 0.7, Weight.PART: 0.3}
_CHOICE_FACTOR = 1.5


# --- mentions of approaches -------------------------------------------------------------------------------------


class Mention(msgspec.Struct, frozen=True):
    """Words that name or describe an approach."""

    marked: Marked
    option: Option
    """`rag`, `fine_tuning` or `neither`."""
    words: Weight
    start: int
    """First word in the sentence."""
    end: int
    weight: float
    """Positive where the approach is affirmed, negative where it is turned down, 0 where nothing is decided."""


def find_mentions(sentences: Iterable[Marked]) -> Iterator[Mention]:
    """Yield every mention of an approach in prose; equal sentences in equal contexts are weighed once."""
    cache: dict[tuple[object, ...], list[tuple[Option, Weight, int, int, float]]] = {}
    for marked in sentences:
        sentence = marked.sentence
        if ApproachWords not in marked.analysis.found or sentence.block in BLOCKS_WITHOUT_PROSE:
            continue
        key = marked.analysis, marked.context
        weighed = cache.get(key)
        if weighed is None:
            cache[key] = weighed = [
                (option, found.entry.weight, found.start, found.end, _weigh(marked, found))
                for found in marked.analysis.approaches
                if (option := found.entry.option)
            ]
        for fields in weighed:
            yield Mention(marked, *fields)


def find_predicted(sentences: Iterable[Marked], options: Container[Option | None]) -> Iterator[Mention]:
    """Yield the sentences which the fitted model predicts to affirm one of these approaches."""
    for marked in sentences:
        option = marked.analysis.affirmed
        if option is None or option not in options or marked.sentence.block in BLOCKS_WITHOUT_PROSE:
            continue
        words = len(marked.analysis.words)
        if not marked.meanings_at(0, words) & NOT_ASSERTED:
            share = max(marked.analysis.stances.values())
            weight = share * _SECTION_FACTORS.get(marked.sentence.kind, 1.0)
            yield Mention(marked, option, Weight.PART, 0, words, weight)


def _weigh(marked: Marked, found: Found[ApproachWords]) -> float:
    sentence, words = marked.sentence, found.entry.weight
    meanings = marked.meanings_at(found.start, found.end)
    if not meanings.isdisjoint(_UNDECIDED):
        return 0.0
    weight = _SECTION_FACTORS.get(sentence.kind, 1.0) * _WORDING_FACTORS[words]
    if not meanings.isdisjoint(_AGAINST):
        return 0.0 if words is Weight.PART else -weight
    return weight * _CHOICE_FACTOR if Meaning.CHOICE in meanings else weight


# --- the decision -------------------------------------------------------------------------------------------------


class Tally(msgspec.Struct):
    """The mentions for and against one approach in a document, and their sums."""

    affirmed: list[Mention]
    denied: list[Mention]
    predicted: list[Mention]
    """Sentences that are predicted to affirm it, cited where no wording does."""
    total: float = 0.0
    """Sum of the weights of what affirms it, capped for each kind of section."""
    best: float = 0.0
    against: float = 0.0
    worst: float = 0.0
    kinds: int = 0
    """Number of different wordings that affirm it."""
    open: int = 0
    """Number of mentions that decide nothing."""
    decided: bool = False
    """Whether it is affirmed in a section that decides, or that says what is in use today."""


def tally_mentions(sentences: Sequence[Marked]) -> dict[Option, Tally]:
    """Return the tally of each approach."""
    tallies = {option: Tally([], [], []) for option in (Option.RAG, Option.FINE_TUNING, Option.NEITHER)}
    for mention in find_mentions(sentences):
        if mention.weight > 0:
            tallies[mention.option].affirmed.append(mention)
        elif mention.weight < 0:
            tallies[mention.option].denied.append(mention)
        else:
            tallies[mention.option].open += 1
    wanted = {option for option, tally in tallies.items() if not tally.affirmed}
    for mention in find_predicted(sentences, wanted):
        tallies[mention.option].predicted.append(mention)
    for tally in tallies.values():
        _sum_up(tally)
    return tallies


def decide(
    models: Mapping[str, Classifier], features: Mapping[str, float], tallies: Mapping[Option, Tally]
) -> tuple[DocumentStatus, Option | None]:
    """Return the status of a document that fitted models predict, and what it decides."""
    predicted = {question: predict_document(models, question, features) for question in QUESTIONS}
    needs = (predicted[need].get(YES, 0.0) for need in (Option.RAG, Option.FINE_TUNING))
    status = predicted[STATUS]
    option = _choose_option(status, pair_probabilities(*needs), tallies)
    if option is not None:
        return DocumentStatus.JUDGED, option
    return max(_NOT_JUDGED, key=lambda one: (status.get(one, 0.0), one)), None


def _is_decided(mention: Mention) -> bool:
    """Tell whether a mention is in a section that decides, or that says what is in use today."""
    return mention.marked.sentence.kind in DECIDING and mention.words is not Weight.PART


def _sum_up(tally: Tally) -> None:
    by_kind: dict[SectionKind, list[float]] = {}
    for mention in tally.affirmed:
        by_kind.setdefault(mention.marked.sentence.kind, []).append(mention.weight)
    tally.best = max(map(max, by_kind.values()), default=0.0)
    tally.total = sum(min(sum(weights), _CAP * max(weights)) for weights in by_kind.values())
    tally.against = sum(-mention.weight for mention in tally.denied)
    tally.worst = max((-mention.weight for mention in tally.denied), default=0.0)
    tally.decided = not DECIDING.isdisjoint(by_kind) and any(map(_is_decided, tally.affirmed))
    wordings = {(mention.marked.analysis, mention.start, mention.end) for mention in tally.affirmed}
    tally.kinds = len({analysis.words[start:end] for analysis, start, end in wordings})


def _choose_option(
    status: Mapping[str, float], option: Mapping[Option, float], tallies: Mapping[Option, Tally]
) -> Option | None:
    """Return what a document decides, None where it probably decides nothing or nothing can be cited for it.

    Args:
        status: probability of each status.
        option: probability of each option, given that the document decides for one.
        tallies: tally of each approach.

    Status and option are chosen together, to maximise the expected number of the two that are right.

    """
    likely = {name: share for name, share in option.items() if _can_cite(name, tallies)}
    best = max(likely, key=lambda name: likely[name], default=None)
    judged = status.get(DocumentStatus.JUDGED, 0.0)
    others = [share for name, share in status.items() if name != DocumentStatus.JUDGED]
    if best is None or judged * (1 + likely[best]) < sum(others) + max(others, default=0.0):
        return None
    if best is not Option.NEITHER and _are_both_affirmed(tallies):
        return Option.BOTH
    chosen = [name for name, tally in tallies.items() if tally.decided and tally.best >= _CHOSEN_BY_NAME]
    return chosen[0] if len(chosen) == 1 and best is not Option.BOTH else best


def _are_both_affirmed(tallies: Mapping[Option, Tally]) -> bool:
    """Tell whether there are statements of weight for both options, of which labelled documents have too few to learn."""
    low, high = sorted((tallies[Option.RAG], tallies[Option.FINE_TUNING]), key=lambda tally: tally.total)
    plain = low.best >= _BOTH_BEST and low.best > low.worst and low.decided is high.decided
    return plain and low.total >= max(_BOTH_TOTAL, _BOTH_SHARE * high.total)


def _can_cite(option: Option, tallies: Mapping[Option, Tally]) -> bool:
    if option is Option.NEITHER and any(tally.denied for tally in tallies.values()):
        return True
    return all(_list_cited(tallies[one]) for one in _needs_of(option))


def _needs_of(option: Option) -> Sequence[Option]:
    return [Option(need) for need in Need if has_need(option, need)] or [option]


def _list_cited(tally: Tally) -> Sequence[Mention]:
    """Return what is cited for an approach: wordings that affirm it, not in a reference alone, else predicted sentences."""
    named = any(own.marked.sentence.kind is not SectionKind.REFERENCE for own in tally.affirmed)
    return tally.affirmed if named else tally.predicted


def state_decision(option: Option, tallies: Mapping[Option, Tally], lines: Sequence[str]) -> StatedDecision:
    """Return a decision with the lines it rests on and how plainly it is made."""
    wanted = _needs_of(option)
    cited = [
        Cited(span, "for") for one in wanted for span in _cite(_list_cited(tallies[one]), lines, _MAX_CITED)
    ]
    for other in (Option.RAG, Option.FINE_TUNING):
        if other not in wanted:
            cited += [Cited(span, "against") for span in _cite(tallies[other].denied, lines, _MAX_CITED)]
    by_line = {cite.span.line: cite for cite in reversed(cited)}
    evidence = tuple(by_line[line] for line in sorted(by_line))
    return StatedDecision(option, _read_how(option, wanted, tallies), evidence)


def _read_how(option: Option, wanted: Sequence[Option], tallies: Mapping[Option, Tally]) -> str:
    """Tell a written choice from an approach that is taken for granted or only follows from the rest."""
    cited = [mention for one in wanted for mention in _list_cited(tallies[one])]
    if option is Option.NEITHER:
        cited += tallies[Option.RAG].denied + tallies[Option.FINE_TUNING].denied
    named = [mention for mention in cited if mention.words is Weight.NAME]
    chosen = [mention for mention in cited if _is_decided(mention)]
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
        line = find_span(sentence, *place, lines).line
        if line not in seen:
            seen.add(line)
            yield quote_line(sentence, *place, lines)
