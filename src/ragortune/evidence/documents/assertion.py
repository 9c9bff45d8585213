"""How the words of a sentence are meant and whom they are about: cues with scopes, after ConText.

A cue such as `not` acts on the words behind it, in front of it or on the whole sentence, at most so many words far, and
not beyond a stop such as `but` (Harkema and others 2009, https://doi.org/10.1016/j.jbi.2009.05.002). Scopes are laid
out once for each sentence; what a section, a label or the header of a column says is added to them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from operator import attrgetter
from typing import Any

import msgspec

from ragortune.evidence.documents.classifiers import LEAST_TOLD, Prediction, list_context
from ragortune.evidence.documents.language import (
    ApproachWords,
    Cue,
    EntryT,
    Found,
    Language,
    Reach,
    Role,
    Stop,
    Topic,
    TopicWords,
    Weight,
)
from ragortune.evidence.documents.tokens import Tokens, cut_text, cut_texts
from ragortune.model import Option
from ragortune.model.documents import Block, Meaning, SectionKind, Sentence

SILENCING = frozenset(
    {
        Meaning.NEGATED,
        Meaning.REJECTED,
        Meaning.HYPOTHETICAL,
        Meaning.FUTURE,
        Meaning.PAST,
        Meaning.OTHER_SYSTEM,
        Meaning.GUIDELINE,
        Meaning.EXAMPLE,
    }
)
"""What keeps a statement from being the project's own, affirmed one."""
SILENT_BLOCKS = frozenset((Block.CODE, Block.FIELD))
"""Blocks in which nothing is stated."""
_OF_SECTION: Mapping[SectionKind, Meaning] = {
    SectionKind.REJECTED: Meaning.REJECTED,
    SectionKind.NON_GOAL: Meaning.NEGATED,
    SectionKind.FUTURE: Meaning.FUTURE,
    SectionKind.OTHER_SYSTEM: Meaning.OTHER_SYSTEM,
    SectionKind.EXAMPLE: Meaning.EXAMPLE,
}
_FROM_LABEL = frozenset(Meaning) - {Meaning.NEGATED, Meaning.REJECTED, Meaning.CHOICE, Meaning.NONE}
_HEADING, _COMPONENT = Block.HEADING, Meaning.COMPONENT
_CUT_TOGETHER = 500
"""Sentences that are cut into words at once; more would take memory and save no time."""
_LONGEST_CONTEXT = 300
_OPENING_WORDS = 2
"""Words that may precede a cue that opens a sentence."""


class Scope(msgspec.Struct, frozen=True, gc=False):
    """The words on which a cue acts."""

    meaning: Meaning
    first: int
    last: int
    """The word behind the scope."""
    cue: tuple[int, int]
    """The words of the cue itself. A wording that holds them is not changed by them: `no data leaves` is no denial."""


class Analysis:
    """A row of words with everything that the language finds in it, whatever its surroundings."""

    __slots__ = ("__dict__", "_language", "features", "found", "words")

    def __init__(self, words: tuple[str, ...], language: Language) -> None:
        """Analyse words as the language tells them apart."""
        self._language = language
        self.words = words
        self.found = language.find(words)
        """Where wordings are, by the kind of their record."""
        names = language.features
        several = self.found.values()
        self.features = [name for hits in several for _, _, number in hits if (name := names[number])]
        """What a fitted model counts of all wordings."""

    def of(self, kind: type[EntryT]) -> Sequence[Found[EntryT]]:
        """Return every wording of one kind of record, in order."""
        entries: Sequence[Any] = self._language.entries
        hits = self.found.get(kind, ())
        return [Found(start, end, entries[number], number) for start, end, number in hits]

    @cached_property
    def approaches(self) -> Sequence[Found[ApproachWords]]:
        """The wordings of approaches; of those that overlap the longest, after names and what only looks like one."""
        taken: dict[int, tuple[int, int]] = {}
        kept = []
        for found in sorted(self.of(ApproachWords), key=_rank_of):
            span = found.start, found.end
            if all(taken.get(word, span) == span for word in range(*span)):
                taken.update(dict.fromkeys(range(*span), span))
                kept.append(found)
        return kept

    @cached_property
    def scopes(self) -> tuple[Scope, ...]:
        """The scopes of the cues."""
        return _lay_scopes(self)

    @cached_property
    def meanings(self) -> frozenset[Meaning]:
        """What the cues say about a sentence beside the text."""
        return frozenset(found.entry.means for found in _strongest_cues(self.of(Cue)))

    @cached_property
    def conditions(self) -> frozenset[tuple[str, Role]]:
        """The conditions of facts that the words meet."""
        return self._language.find_conditions(self.words)

    @cached_property
    def sides(self) -> Mapping[str, float]:
        """What the words tell for and against each approach, by probability; only what is likely enough to count."""
        predicted = self._language.predict_stances(self.words)
        return {
            side: share for _, _, sides in predicted for side, share in sides.items() if share > LEAST_TOLD
        }

    @cached_property
    def taken(self) -> Option | None:
        """The approach of which the words most likely tell that it is taken, None where they tell anything else."""
        side = max(self.sides, key=self.sides.__getitem__, default="")
        option = side.removesuffix("_for")
        return Option(option) if option != side else None

    @cached_property
    def topics(self) -> frozenset[Topic]:
        """The topics of which the text speaks."""
        return frozenset(found.entry.topic for found in self.of(TopicWords))

    def meanings_at(self, start: int, end: int) -> frozenset[Meaning]:
        """Return what the cues say about a range of words."""
        return frozenset(
            scope.meaning
            for scope in self.scopes
            if scope.first < end
            and scope.last > start
            and not (start <= scope.cue[0] and scope.cue[1] <= end)
        )


def _rank_of(found: Found[ApproachWords]) -> tuple[bool, int, int]:
    """Return a key that sorts wordings by precedence: names and look-alikes first, then the longest."""
    late = found.entry.option is not None and found.entry.weight is not Weight.NAME
    return late, found.start - found.end, found.start


class Marked(msgspec.Struct, eq=False, gc=False):
    """A sentence with everything that is found in it; what that means is worked out when it is asked for."""

    sentence: Sentence
    tokens: Tokens
    """Its words."""
    analysis: Analysis
    """What is found in them."""
    around: Surroundings

    @property
    def predictions(self) -> Sequence[Prediction]:
        """What fitted models predict from the words and their surroundings."""
        known = self.around.predictions.get(self.analysis)
        return self.around.predict(self.analysis) if known is None else known

    @property
    def conditions(self) -> frozenset[tuple[str, Role]]:
        """The conditions of facts that the sentence, its label, column or row meets."""
        return self.analysis.conditions | self.around.conditions

    def place_of(self, topic: Topic) -> tuple[int, int] | None:
        """Return the range of characters in which the sentence first speaks of a topic, None where it does not."""
        places = (
            self.tokens.place(found.start, found.end)
            for found in self.analysis.of(TopicWords)
            if found.entry.topic is topic
        )
        return next(places, None)

    def meanings_at(self, start: int, end: int) -> frozenset[Meaning]:
        """Return what is said about a range of words."""
        near = self.analysis.meanings_at(start, end)
        around = self.around.meanings
        return around | near if near else around


class Surroundings:
    """The section, block, label, column, row and lead-in of sentences, and what they say."""

    def __init__(self, sentence: Sentence, marker: Marker) -> None:
        """Take one sentence in these surroundings, and what looks up their texts."""
        self.marker = marker
        self._sentence = sentence
        self.predictions: dict[Analysis, Sequence[Prediction]] = {}
        """What fitted models predict from words in these surroundings, as far as they were asked."""

    def predict(self, analysis: Analysis) -> Sequence[Prediction]:
        """Ask fitted models what they predict from words in these surroundings."""
        predicted = self.marker.language.predict_answers(analysis.words, self.features)
        self.predictions[analysis] = predicted
        return predicted

    @cached_property
    def meanings(self) -> frozenset[Meaning]:
        """What they say about a sentence."""
        sentence, look_up = self._sentence, self.marker.look_up
        own = _OF_SECTION.get(sentence.kind)
        said = {own} if own else set()
        for text in (sentence.label, sentence.header, sentence.row):
            if text:
                said |= look_up(text).meanings & _FROM_LABEL
        if sentence.block is not _HEADING and _COMPONENT in look_up(sentence.section.title).meanings:
            said.add(_COMPONENT)
        return frozenset(said)

    @cached_property
    def conditions(self) -> frozenset[tuple[str, Role]]:
        """The conditions of facts that label, column and row meet."""
        beside = (self._sentence.label, self._sentence.header, self._sentence.row)
        return frozenset().union(*(self.marker.look_up(text).conditions for text in beside if text))

    @cached_property
    def features(self) -> tuple[str, ...]:
        """What fitted models take from them."""
        return list_context(self._sentence, lambda text: self.marker.look_up(text).words)


class Marker:
    """Marks sentences with what a language finds in them."""

    def __init__(self, language: Language) -> None:
        """Take the language; every row of words is analysed once, however often it occurs in a document."""
        self.language = language
        self._read: dict[str, tuple[Tokens, Analysis]] = {}
        self._analysed: dict[tuple[str, ...], Analysis] = {}
        self._around: dict[tuple[object, ...], Surroundings] = {}

    def mark(self, sentences: Sequence[Sentence]) -> list[Marked]:
        """Return sentences, each with everything that is found in it."""
        texts = [*dict.fromkeys(map(attrgetter("text"), sentences))]
        for first in range(0, len(texts), _CUT_TOGETHER):
            together = texts[first : first + _CUT_TOGETHER]
            for text, tokens in zip(together, cut_texts(together, self.language.classify), strict=True):
                self._read[text] = tokens, self._analyse(tokens.words)
        read = self._read
        return [Marked(one, *read[one.text], self.surroundings_of(one)) for one in sentences]

    def _analyse(self, words: tuple[str, ...]) -> Analysis:
        known = self._analysed.get(words)
        if known is None:
            self._analysed[words] = known = Analysis(words, self.language)
        return known

    def forget(self) -> None:
        """Drop what is remembered of a document."""
        self._read.clear()
        self._analysed.clear()
        self._around.clear()

    def look_up(self, text: str) -> Analysis:
        """Return what is found in a text around sentences."""
        text = text[-_LONGEST_CONTEXT:]
        read = self._read.get(text)
        if read is None:
            tokens = cut_text(text, self.language.classify)
            self._read[text] = read = tokens, self._analyse(tokens.words)
        return read[1]

    def surroundings_of(self, sentence: Sentence) -> Surroundings:
        """Return the surroundings of a sentence; sentences with equal surroundings share them."""
        own, beside = sentence.text, (sentence.label, sentence.row, sentence.header)
        alike: tuple[object, ...] = self.look_up(sentence.section.title), sentence.kind, sentence.block
        if sentence.lead or any(beside):  # most sentences have none
            found = [text and self.look_up(text) for text in (sentence.lead, *beside)]
            alike += (*found, own in beside and tuple(text == own for text in beside))
        around = self._around.get(alike)
        if around is None:
            self._around[alike] = around = Surroundings(sentence, self)
        return around


def _strongest_cues(cues: Iterable[Found[Cue]]) -> list[Found[Cue]]:
    """Return the cues that no longer cue covers."""
    kept: list[Found[Cue]] = []
    reached, widest = 0, (0, 0)
    for cue in sorted(cues, key=lambda cue: (cue.start, -cue.end)):
        place = cue.start, cue.end
        if cue.end > reached:
            reached, widest = cue.end, place
        elif place != widest:
            continue
        kept.append(cue)
    return kept


def _lay_scopes(analysis: Analysis) -> tuple[Scope, ...]:
    """Return the scopes of the cues of a text."""
    words = analysis.words
    stops = sorted({-1, len(words), *(found.start for found in analysis.of(Stop))})
    scopes: list[Scope] = []
    cues = _strongest_cues(analysis.of(Cue))
    chosen = any(found.entry.means is Meaning.CHOICE for found in cues)
    for found in cues:
        cue, at = found.entry, (found.start, found.end)
        # What speaks in general at the beginning of a sentence does not where something is chosen: `Chosen: tuning,
        # because there are many`.
        opening = found.start <= _OPENING_WORDS or words[found.start - 1] in (":", "\u2013")
        if cue.means is Meaning.NONE or (cue.opens and (chosen or not opening)):
            continue
        if cue.reach is Reach.SENTENCE:
            scopes.append(Scope(cue.means, 0, len(words), at))
        if cue.reach in (Reach.FORWARD, Reach.BOTH):
            stop = stops[bisect_left(stops, found.end)]
            scopes.append(Scope(cue.means, found.start + 1, min(stop, found.end + cue.within), at))
        if cue.reach in (Reach.BACKWARD, Reach.BOTH):
            stop = stops[bisect_left(stops, found.start) - 1]
            scopes.append(Scope(cue.means, max(stop + 1, found.start - cue.within), found.start, at))
    return tuple(scopes)
