"""How the words of a sentence are meant and whom they are about: cues with scopes, after ConText.

A cue such as `not` acts on the words behind it, in front of it or on the whole sentence, at most so many words far, and
not beyond a stop such as `but` (Harkema and others 2009, https://doi.org/10.1016/j.jbi.2009.05.002). Scopes are laid
out once for each sentence; what a section, a label or the header of a column says is added to them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, lru_cache

import msgspec

from ragortune.evidence.documents.language import Cue, Found, Language, Reach, Role, Stop, Topic, TopicWords
from ragortune.evidence.documents.tokens import Tokens
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
_OF_SECTION: Mapping[SectionKind, Meaning] = {
    SectionKind.REJECTED: Meaning.REJECTED,
    SectionKind.NON_GOAL: Meaning.NEGATED,
    SectionKind.FUTURE: Meaning.FUTURE,
    SectionKind.OTHER_SYSTEM: Meaning.OTHER_SYSTEM,
    SectionKind.EXAMPLE: Meaning.EXAMPLE,
}
_FROM_LABEL = frozenset(Meaning) - {Meaning.NEGATED, Meaning.REJECTED, Meaning.CHOICE, Meaning.NONE}
_FROM_LEAD = frozenset(
    {Meaning.NEGATED, Meaning.FUTURE, Meaning.HYPOTHETICAL, Meaning.EXAMPLE, Meaning.OTHER_SYSTEM}
)
_MOST_REMEMBERED = 20_000
_LONGEST_CONTEXT = 300


class Scope(msgspec.Struct, frozen=True, gc=False):
    """The words on which a cue acts."""

    meaning: Meaning
    first: int
    last: int
    """The word behind the scope."""
    cue: tuple[int, int]
    """The words of the cue itself. A wording that holds them is not changed by them: `no data leaves` is no denial."""


class Marked:
    """A sentence with everything that the language finds in it; what that means is worked out when it is asked for."""

    __slots__ = ("__dict__", "_marker", "found", "sentence", "tokens")

    def __init__(self, sentence: Sentence, marker: Marker) -> None:
        """Take a sentence, and what knows the language."""
        self.sentence = sentence
        self._marker = marker
        self.tokens = Tokens(sentence.text)
        self.found = marker.language.find(self.tokens.words)
        """Every wording, cues and stops included."""

    @cached_property
    def scopes(self) -> tuple[Scope, ...]:
        """The scopes of the cues in the sentence."""
        return _lay_scopes(self.found, self.tokens.words)

    @cached_property
    def around(self) -> frozenset[Meaning]:
        """What section, label, column, row, lead-in and heading say."""
        return self._marker.around(self.sentence)

    @cached_property
    def conditions(self) -> frozenset[tuple[str, Role]]:
        """The conditions of facts that the sentence meets."""
        return self._marker.language.find_conditions(self.tokens.words)

    def topics(self) -> set[Topic]:
        """Return the topics of which the sentence speaks."""
        return {found.entry.topic for found in self.found if isinstance(found.entry, TopicWords)}

    def place_of(self, topic: Topic) -> tuple[int, int] | None:
        """Return the range of characters in which the sentence first speaks of a topic, None where it does not."""
        for found in self.found:
            if isinstance(found.entry, TopicWords) and found.entry.topic is topic:
                return self.tokens.place(found.start, found.end)
        return None

    def meanings_at(self, start: int, end: int) -> frozenset[Meaning]:
        """Return what is said about a range of words."""
        near = {
            scope.meaning
            for scope in self.scopes
            if scope.first < end
            and scope.last > start
            and not (start <= scope.cue[0] and scope.cue[1] <= end)
        }
        if any(self._overlaps(start, end, struck) for struck in self.sentence.struck):
            near.add(Meaning.PAST)
        return self.around | near

    def in_code(self, start: int, end: int) -> bool:
        """Tell whether a range of words is set as code."""
        return any(self._overlaps(start, end, code) for code in self.sentence.code)

    def _overlaps(self, start: int, end: int, other: tuple[int, int]) -> bool:
        first, last = self.tokens.place(start, end)
        return first < other[1] and last > other[0]


class Marker:
    """Marks sentences with what a language finds in them."""

    def __init__(self, language: Language) -> None:
        """Take the language; what stands around sentences is looked up once for each text."""
        self.language = language
        self.look_up = lru_cache(_MOST_REMEMBERED)(self._look_up)

    def mark(self, sentence: Sentence) -> Marked:
        """Return a sentence with everything that is found in it."""
        return Marked(sentence, self)

    def around(self, sentence: Sentence) -> frozenset[Meaning]:
        """Return what section, label, column, row, lead-in and heading say about a sentence."""
        own = _OF_SECTION.get(sentence.kind)
        around = {own} if own else set()
        for text in (sentence.label, sentence.header, sentence.row):
            around |= self.look_up(text)[1] & _FROM_LABEL if text else frozenset()
        if sentence.lead.endswith(":"):
            around |= self.look_up(sentence.lead)[1] & _FROM_LEAD
        if sentence.block is not Block.HEADING:
            around |= self.look_up(sentence.section.title)[1] & {Meaning.COMPONENT}
        if sentence.checked is False:
            around.add(Meaning.GOAL)
        return frozenset(around)

    def _look_up(self, text: str) -> tuple[frozenset[tuple[str, Role]], frozenset[Meaning]]:
        """Return the facts whose conditions stand in a text around sentences, and the meanings of the cues in it."""
        words = Tokens(text[-_LONGEST_CONTEXT:]).words
        meanings = frozenset(cue.means for _, cue in _strongest_cues(self.language.find(words)))
        return self.language.find_conditions(words), meanings


def _strongest_cues(found: Iterable[Found]) -> list[tuple[Found, Cue]]:
    """Return the cues that no longer cue covers."""
    cues = [(one, one.entry) for one in found if isinstance(one.entry, Cue)]
    cues.sort(key=lambda pair: (pair[0].start, -pair[0].end))
    kept: list[tuple[Found, Cue]] = []
    reached, widest = 0, (0, 0)
    for one, cue in cues:
        place = one.start, one.end
        if one.end > reached:
            reached, widest = one.end, place
        elif place != widest:
            continue
        kept.append((one, cue))
    return kept


def _lay_scopes(found: Sequence[Found], words: Sequence[str]) -> tuple[Scope, ...]:
    """Return the scopes of the cues of a sentence."""
    stops = sorted({-1, len(words), *(one.start for one in found if isinstance(one.entry, Stop))})
    scopes: list[Scope] = []
    for one, cue in _strongest_cues(found):
        at = one.start, one.end
        if cue.means is Meaning.NONE or (cue.opens and not _opens(one.start, words)):
            continue
        if cue.reach is Reach.SENTENCE:
            scopes.append(Scope(cue.means, 0, len(words), at))
        if cue.reach in (Reach.FORWARD, Reach.BOTH):
            stop = stops[bisect_left(stops, one.end)]
            scopes.append(Scope(cue.means, one.start + 1, min(stop, one.end + cue.within), at))
        if cue.reach in (Reach.BACKWARD, Reach.BOTH):
            stop = stops[bisect_left(stops, one.start) - 1]
            scopes.append(Scope(cue.means, max(stop + 1, one.start - cue.within), one.start, at))
    return tuple(scopes)


_OPENING_WORDS = 2


def _opens(start: int, words: Sequence[str]) -> bool:
    """Tell whether a cue stands where its sentence begins, or where a clause does behind a label."""
    return start <= _OPENING_WORDS or words[start - 1] in (":", "\u2013")
