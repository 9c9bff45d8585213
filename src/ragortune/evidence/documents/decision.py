"""What a document decides, and on which lines: mentions of approaches, weighted by section.

A decision or what is in use today weighs most, then title and summary, then the description of the architecture. Fitted
models predict from the sums, and from features that count everything else that the language finds, the status of a
document and whether it decides for retrieval and for tuning.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import attrgetter

import msgspec

from ragortune.evidence.documents.assertion import NOT_ASSERTED, Analysis, Marked
from ragortune.evidence.documents.classifiers import (
    QUESTIONS,
    STATUS,
    WORD,
    YES,
    Classifier,
    predict_document,
)
from ragortune.evidence.documents.cutting import quote_line
from ragortune.evidence.documents.language import ApproachWords, Found, Topic, Weight
from ragortune.evidence.documents.patterns import is_plain
from ragortune.evidence.documents.sections import ASIDE, DECIDING
from ragortune.model import Need, Option, has_need, pair_probabilities
from ragortune.model.documents import Block, Cited, DocumentStatus, Meaning, SectionKind, Span, StatedDecision

_NOT_JUDGED = (DocumentStatus.NOTHING_TO_JUDGE, DocumentStatus.NO_DECISION)
_CAP = 2.0
"""Limit on the sum of the mentions in one kind of section, in multiples of the heaviest one."""
_MIN_BOTH = 2.5
"""Sum of what affirms either approach, from which on both are decided for: labels of such documents are too few to learn."""
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
_MIN_LENGTH = 8.0
"""Length from which on a vector of words is scaled to 1, reached by some 50 words: few words alone predict little."""
_FRONT = frozenset((SectionKind.TITLE, SectionKind.SUMMARY, SectionKind.DECISION))


# --- mentions of approaches -------------------------------------------------------------------------------------


class Mention(msgspec.Struct, frozen=True):
    """Words that name or describe an approach, or a sentence that is predicted to affirm one."""

    marked: Marked
    option: Option
    """`rag`, `fine_tuning` or `neither`."""
    words: Weight
    start: int
    """First word in the sentence."""
    end: int
    weight: float
    """Positive where the approach is affirmed, negative where it is turned down, 0 where nothing is decided."""

    @property
    def is_decided(self) -> bool:
        """Whether it is in a section that decides, or that says what is in use today."""
        return self.marked.sentence.kind in DECIDING and self.words is not Weight.PART


class Tally(msgspec.Struct, frozen=True):
    """The mentions for and against one approach in a document, and their sums."""

    denied: list[Mention]
    cited: list[Mention]
    """What is cited for it: wordings that affirm it, not in a reference alone; without any, predicted sentences."""
    total: float
    """Sum of the weights of what affirms it, capped for each kind of section."""
    best: float
    kinds: int
    """Number of different wordings that affirm it."""
    open: int
    """Number of mentions that decide nothing."""
    decided: bool
    """Whether it is affirmed in a section that decides, or that says what is in use today."""


def tally_mentions(sentences: Iterable[Marked]) -> dict[Option, Tally]:
    """Return the tally of each approach."""
    prose = [marked for marked in sentences if marked.sentence.block is not Block.FIELD]
    mentions = [
        Mention(marked, option, found.entry.weight, found.start, found.end, _weigh(marked, found))
        for marked in prose
        for found in marked.analysis.approaches
        if (option := found.entry.option)
    ]
    predicted = [*_find_predicted(prose)]
    return {
        option: _sum_up(
            [one for one in mentions if one.option is option],
            [one for one in predicted if one.option is option],
        )
        for option in (Option.RAG, Option.FINE_TUNING, Option.NEITHER)
    }


def _weigh(marked: Marked, found: Found[ApproachWords]) -> float:
    sentence, words = marked.sentence, found.entry.weight
    meanings = marked.meanings_at(found.start, found.end)
    if not meanings.isdisjoint(_UNDECIDED):
        return 0.0
    weight = _SECTION_FACTORS.get(sentence.kind, 1.0) * _WORDING_FACTORS[words]
    if not meanings.isdisjoint(_AGAINST):
        return 0.0 if words is Weight.PART else -weight
    return weight * _CHOICE_FACTOR if Meaning.CHOICE in meanings else weight


def _find_predicted(sentences: Iterable[Marked]) -> Iterator[Mention]:
    """Yield the sentences which the fitted model predicts to affirm an approach."""
    for marked in sentences:
        option, words = marked.analysis.affirmed, len(marked.analysis.words)
        if option is not None and not marked.meanings_at(0, words) & NOT_ASSERTED:
            share = max(marked.analysis.stances.values())
            weight = share * _SECTION_FACTORS.get(marked.sentence.kind, 1.0)
            yield Mention(marked, option, Weight.PART, 0, words, weight)


def _sum_up(mentions: Iterable[Mention], predicted: list[Mention]) -> Tally:
    by_kind: dict[SectionKind, list[float]] = {}
    affirmed = [one for one in mentions if one.weight > 0]
    for one in affirmed:
        by_kind.setdefault(one.marked.sentence.kind, []).append(one.weight)
    wordings = {(one.marked.analysis, one.start, one.end) for one in affirmed}
    return Tally(
        denied=[one for one in mentions if one.weight < 0],
        cited=affirmed if by_kind.keys() - {SectionKind.REFERENCE} else [] if affirmed else predicted,
        total=sum(min(sum(weights), _CAP * max(weights)) for weights in by_kind.values()),
        best=max(map(max, by_kind.values()), default=0.0),
        kinds=len({analysis.words[start:end] for analysis, start, end in wordings}),
        open=sum(one.weight == 0 for one in mentions),
        decided=any(one.is_decided for one in affirmed),
    )


# --- features -----------------------------------------------------------------------------------------------------

Shape = tuple[Analysis, SectionKind, Block]
"""What sentences that count alike have in common."""


def measure_features(sentences: Sequence[Marked], tallies: Mapping[Option, Tally]) -> dict[str, float]:
    """Return the features of a document by name; those that are left out are 0."""
    alike: Counter[Shape] = Counter(map(attrgetter("analysis", "sentence.kind", "sentence.block"), sentences))
    heading, title = Block.HEADING, SectionKind.TITLE
    counts: Counter[str] = Counter()
    front: Counter[str] = Counter()
    shapes: Counter[str] = Counter()
    titled: set[Topic] = set()
    for (analysis, kind, block), count in alike.items():
        shapes[f"section {kind}"] += count
        shapes[f"block {block}"] += count
        for name in analysis.features:
            counts[name] += count
            if kind in _FRONT or block is heading:
                front[name] += count
        if kind is title:
            titled |= analysis.topics
    shared = {name: count for name, count in counts.items() if name.startswith("topic")} | shapes
    total = max(1, len(sentences))
    features = {"sentences": math.log1p(len(sentences))}
    features |= {f"topic {topic} in title": 1.0 for topic in titled}
    features |= {name: math.log1p(count) for name, count in counts.items()}
    features |= {f"{name} in front": math.log1p(count) for name, count in front.items()}
    features |= {f"{name} share": count / total for name, count in shared.items()}
    return features | _measure_stances(alike) | _measure_tallies(tallies) | _measure_words(alike)


def _measure_stances(alike: Counter[Shape]) -> dict[str, float]:
    """Return features of the predicted stances of sentences, by group of sections."""
    sums: dict[str, float] = defaultdict(float)
    most: dict[str, float] = {}
    total = 0.0
    for (analysis, kind, _), count in alike.items():
        part = _part_of(kind)
        for stance, share in analysis.stances.items():
            for name in (f"stance {stance}", f"stance {stance} {part}"):
                sums[name] += count * share
            total += count * share
            name = f"stance {stance} {part} at most"
            most[name] = max(share, most.get(name, 0))
    features = {name: math.log1p(value) for name, value in sums.items()} | most
    return features | {"stance share": total / max(1, alike.total())}


def _measure_words(alike: Counter[Shape]) -> dict[str, float]:
    """Return one feature for each word: the logarithm of its count, in a vector of at most length 1."""
    counts: Counter[str] = Counter()
    for (analysis, _, _), count in alike.items():
        for word in analysis.words:
            counts[word] += count
    features = {WORD + word: 1 + math.log(count) for word, count in counts.items() if is_plain(word)}
    length = max(_MIN_LENGTH, math.hypot(*features.values()))
    return {name: value / length for name, value in features.items()}


def _part_of(kind: SectionKind) -> str:
    """Return the group of sections: `front` decides or sums up, `aside` is not the project's, else `main`."""
    if kind in ASIDE or kind is SectionKind.REFERENCE:
        return "aside"
    return "front" if kind in _FRONT or kind in DECIDING else "main"


def _measure_tallies(tallies: Mapping[Option, Tally]) -> dict[str, float]:
    """Return the tallies of approaches as features."""
    features: dict[str, float] = {}
    for option, tally in tallies.items():
        against = [-one.weight for one in tally.denied]
        values = {
            "for": math.log1p(tally.total),
            "for at most": tally.best,
            "against": math.log1p(sum(against)),
            "against at most": max(against, default=0.0),
            "wordings": math.log1p(tally.kinds),
            "open": math.log1p(tally.open),
            "decided": float(tally.decided),
        }
        features |= {f"{option} {name}": value for name, value in values.items() if value}
    return features


# --- the decision -------------------------------------------------------------------------------------------------


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
    low, high = sorted((tallies[Option.RAG], tallies[Option.FINE_TUNING]), key=lambda tally: tally.total)
    if best is not Option.NEITHER and low.total >= _MIN_BOTH and low.decided is high.decided:
        return Option.BOTH
    chosen = [name for name, tally in tallies.items() if tally.decided and tally.best >= _CHOSEN_BY_NAME]
    return chosen[0] if len(chosen) == 1 and best is not Option.BOTH else best


def _can_cite(option: Option, tallies: Mapping[Option, Tally]) -> bool:
    if option is Option.NEITHER and any(tally.denied for tally in tallies.values()):
        return True
    return all(tallies[one].cited for one in _needs_of(option))


def _needs_of(option: Option) -> Sequence[Option]:
    return [Option(need) for need in Need if has_need(option, need)] or [option]


def state_decision(option: Option, tallies: Mapping[Option, Tally], lines: Sequence[str]) -> StatedDecision:
    """Return a decision with the lines it rests on and how plainly it is made."""
    wanted = _needs_of(option)
    cited = [Cited(span, "for") for one in wanted for span in _cite(tallies[one].cited, lines)]
    for other in (Option.RAG, Option.FINE_TUNING):
        if other not in wanted:
            cited += [Cited(span, "against") for span in _cite(tallies[other].denied, lines)]
    by_line = {cite.span.line: cite for cite in reversed(cited)}
    evidence = tuple(by_line[line] for line in sorted(by_line))
    return StatedDecision(option, _read_how(option, wanted, tallies), evidence)


def _read_how(option: Option, wanted: Sequence[Option], tallies: Mapping[Option, Tally]) -> str:
    """Tell a written choice from an approach that is taken for granted or only follows from the rest."""
    cited = [mention for one in wanted for mention in tallies[one].cited]
    if option is Option.NEITHER:
        cited += tallies[Option.RAG].denied + tallies[Option.FINE_TUNING].denied
    named = [mention for mention in cited if mention.words is Weight.NAME]
    chosen = [mention for mention in cited if mention.is_decided]
    if any(abs(mention.weight) >= _EXPLICIT for mention in (*named, *chosen)):
        return "explicit"
    return "assumed" if named else "implied"


def _cite(mentions: Iterable[Mention], lines: Sequence[str]) -> Iterable[Span]:
    """Return the heaviest lines, at most two."""
    ranked = sorted(mentions, key=lambda mention: -abs(mention.weight))
    found: dict[int, Span] = {}
    for one in ranked:
        if abs(one.weight) * 2 < abs(ranked[0].weight) or len(found) >= _MAX_CITED:
            break
        span = quote_line(one.marked.sentence, *one.marked.tokens.place(one.start, one.end), lines)
        found.setdefault(span.line, span)
    return found.values()
