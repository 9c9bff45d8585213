"""Assertion status of words and whom they are about: cues with scopes, after ConText.

A cue such as `not` modifies the words after it, before it or the whole sentence, up to a number of words, and not
beyond a termination such as `but` (Harkema and others 2009, https://doi.org/10.1016/j.jbi.2009.05.002). The section, the
label, the row and the header of a column of a sentence modify all of its words.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import msgspec

from ragortune.evidence.documents.classifiers import MIN_STANCE, Prediction, list_context
from ragortune.evidence.documents.language import (
    ApproachWords,
    Cue,
    EntryT,
    Found,
    Language,
    Reach,
    Stop,
    Topic,
    TopicWords,
    Weight,
)
from ragortune.evidence.documents.tokens import Tokens, cut_text
from ragortune.model import Option
from ragortune.model.documents import Block, Meaning, SectionKind, Sentence

NOT_ASSERTED = frozenset(
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
"""Meanings of statements that the project does not assert about itself."""
_SECTION_MEANINGS: Mapping[SectionKind, Meaning] = {
    SectionKind.REJECTED: Meaning.REJECTED,
    SectionKind.NON_GOAL: Meaning.NEGATED,
    SectionKind.FUTURE: Meaning.FUTURE,
    SectionKind.OTHER_SYSTEM: Meaning.OTHER_SYSTEM,
    SectionKind.EXAMPLE: Meaning.EXAMPLE,
}
_LABEL_MEANINGS = frozenset(Meaning) - {Meaning.NEGATED, Meaning.REJECTED, Meaning.CHOICE, Meaning.NONE}
_HEADING, _COMPONENT = Block.HEADING, Meaning.COMPONENT
_LONGEST_CONTEXT = 300
_WINDOW = 12
"""Most words between a cue and what it is about. A scope ends earlier at the end of the clause."""


class Scope(msgspec.Struct, frozen=True, gc=False):
    """The words that a cue modifies."""

    meaning: Meaning
    first: int
    last: int
    """Index after the last word of the scope."""
    cue: tuple[int, int]
    """Range of the cue itself. A wording that includes it is not modified by it: `no data leaves` is no denial."""


class Analysis:
    """A sequence of words with everything that the language finds in it, regardless of context."""

    __slots__ = ("__dict__", "_language", "features", "found", "words")

    def __init__(self, words: tuple[str, ...], language: Language) -> None:
        """Analyse classified words."""
        self._language = language
        self.words = words
        self.found = language.find(words)
        """Matches by the kind of their record."""
        names = language.features
        several = self.found.values()
        self.features = [name for hits in several for _, _, number in hits if (name := names[number])]
        """Names of the features that fitted models of documents count, one for each match."""

    def of(self, kind: type[EntryT]) -> Sequence[Found[EntryT]]:
        """Return the matches of one kind of record, in order."""
        entries: Sequence[Any] = self._language.entries
        hits = self.found.get(kind, ())
        return [Found(start, end, entries[number]) for start, end, number in hits]

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
        """Meanings of the cues, for a text that modifies a sentence, such as its label."""
        return frozenset(found.entry.means for found in _strongest_cues(self.of(Cue)))

    @cached_property
    def conditions(self) -> frozenset[tuple[str, ...]]:
        """Conditions of facts that the words meet."""
        return self._language.find_conditions(self.words)

    @cached_property
    def stances(self) -> Mapping[str, float]:
        """Probability of each stance for or against an approach, of those above the threshold."""
        predicted = self._language.predict_stances(self.words)
        return {
            stance: share
            for _, _, shares in predicted
            for stance, share in shares.items()
            if share > MIN_STANCE
        }

    @cached_property
    def affirmed(self) -> Option | None:
        """The approach that the most probable stance affirms, None where it affirms none."""
        stance = max(self.stances, key=self.stances.__getitem__, default="")
        option = stance.removesuffix("_for")
        return Option(option) if option != stance else None

    @cached_property
    def topics(self) -> frozenset[Topic]:
        """The topics of the text."""
        return frozenset(found.entry.topic for found in self.of(TopicWords))

    def meanings_at(self, start: int, end: int) -> frozenset[Meaning]:
        """Return the meanings of the cues whose scopes overlap a range of words."""
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
    """A sentence with everything that is found in it, computed on demand."""

    sentence: Sentence
    tokens: Tokens
    """Its words."""
    analysis: Analysis
    """What is found in them."""
    context: Context

    @property
    def predictions(self) -> Sequence[Prediction]:
        """Predictions of the fitted models from the words and their context."""
        return self.context.predict(self.analysis)

    @property
    def conditions(self) -> frozenset[tuple[str, ...]]:
        """The conditions of facts that the sentence, its label, column or row meets."""
        return self.analysis.conditions | self.context.conditions

    def find_topic(self, topic: Topic) -> Found[TopicWords] | None:
        """Return the first match of a topic, None where there is none."""
        return next((found for found in self.analysis.of(TopicWords) if found.entry.topic is topic), None)

    def place_of(self, topic: Topic) -> tuple[int, int] | None:
        """Return the range of characters of the first match of a topic, None where there is none."""
        first = self.find_topic(topic)
        return self.tokens.place(first.start, first.end) if first else None

    def move(self, kind: SectionKind) -> Marked:
        """Return the sentence as one of a section of another kind."""
        sentence = msgspec.structs.replace(self.sentence, kind=kind)
        return Marked(sentence, self.tokens, self.analysis, self.context.marker.context_of(sentence))

    def meanings_at(self, start: int, end: int) -> frozenset[Meaning]:
        """Return the meanings that apply to a range of words."""
        return self.context.meanings | self.analysis.meanings_at(start, end)


class Context:
    """The section, block, label, column, row and lead-in that sentences share."""

    def __init__(self, sentence: Sentence, marker: Marker) -> None:
        """Take one sentence in this context, and the marker that analyses its texts."""
        self.marker = marker
        self._sentence = sentence
        self._predicted: dict[Analysis, Sequence[Prediction]] = {}

    def predict(self, analysis: Analysis) -> Sequence[Prediction]:
        """Return the predictions of the fitted models for words in this context."""
        known = self._predicted.get(analysis)
        if known is None:
            predict = self.marker.language.predict_answers
            self._predicted[analysis] = known = predict(analysis.words, self._features)
        return known

    @cached_property
    def meanings(self) -> frozenset[Meaning]:
        """Meanings that apply to all words of a sentence."""
        sentence, look_up = self._sentence, self.marker.look_up
        of_section = _SECTION_MEANINGS.get(sentence.kind)
        meanings = {of_section} if of_section else set()
        for text in (sentence.label, sentence.header, sentence.row):
            if text:
                meanings |= look_up(text).meanings & _LABEL_MEANINGS
        if sentence.block is not _HEADING and _COMPONENT in look_up(sentence.section.title).meanings:
            meanings.add(_COMPONENT)
        return frozenset(meanings)

    @cached_property
    def conditions(self) -> frozenset[tuple[str, ...]]:
        """Conditions of facts that label, column and row meet."""
        beside = (self._sentence.label, self._sentence.header, self._sentence.row)
        return frozenset().union(*(self.marker.look_up(text).conditions for text in beside if text))

    @cached_property
    def _features(self) -> tuple[str, ...]:
        return list_context(self._sentence, lambda text: self.marker.look_up(text).words)


class Marker:
    """Finds the wordings of a language in sentences, each sequence of words once."""

    def __init__(self, language: Language) -> None:
        """Take the language."""
        self.language = language
        self._read: dict[str, tuple[Tokens, Analysis]] = {}
        self._contexts: dict[tuple[object, ...], Context] = {}

    def mark(self, sentences: Sequence[Sentence]) -> list[Marked]:
        """Return sentences with everything that is found in them."""
        return [Marked(one, *self._read_text(one.text), self.context_of(one)) for one in sentences]

    def _read_text(self, text: str) -> tuple[Tokens, Analysis]:
        read = self._read.get(text)
        if read is None:
            tokens = cut_text(text, self.language.classify)
            self._read[text] = read = tokens, Analysis(tokens.words, self.language)
        return read

    def forget(self) -> None:
        """Drop what is cached for a document."""
        self._read.clear()
        self._contexts.clear()

    def look_up(self, text: str) -> Analysis:
        """Return what is found in a text of a context, such as a label."""
        return self._read_text(text[-_LONGEST_CONTEXT:])[1]

    def context_of(self, sentence: Sentence) -> Context:
        """Return the context of a sentence; sentences share equal contexts."""
        one = sentence
        beside = one.label, one.row, one.header
        own = one.text if one.text in beside else ""
        key = one.section.title, one.kind, one.block, one.lead, *beside, own
        context = self._contexts.get(key)
        if context is None:
            self._contexts[key] = context = Context(sentence, self)
        return context


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
    last = len(analysis.words)
    stops = sorted({-1, last, *(found.start for found in analysis.of(Stop))})
    scopes: list[Scope] = []
    for found in _strongest_cues(analysis.of(Cue)):
        cue, at = found.entry, (found.start, found.end)
        if cue.means is Meaning.NONE:
            continue
        if cue.reach is Reach.SENTENCE:
            scopes.append(Scope(cue.means, 0, last, at))
        if cue.reach in (Reach.FORWARD, Reach.BOTH):
            stop = stops[bisect_left(stops, found.end)]
            scopes.append(Scope(cue.means, found.start + 1, min(stop, found.end + _WINDOW), at))
        if cue.reach in (Reach.BACKWARD, Reach.BOTH):
            stop = stops[bisect_left(stops, found.start) - 1]
            scopes.append(Scope(cue.means, max(stop + 1, found.start - _WINDOW), found.start, at))
    return tuple(scopes)
