"""What stands in `rules/language/`: the records of every kind of wording, and all of a rule set's language, compiled.

One matcher finds every wording in one pass over a sentence; what a hit means is the record behind its number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cached_property
from typing import Any, TypeVar

import msgspec

from ragortune.evidence.documents.patterns import Matcher
from ragortune.evidence.documents.records import Block, Meaning, Modality, SectionKind
from ragortune.model import Option
from ragortune.record import NOTHING, Record


class Reach(StrEnum):
    """In which direction a cue acts on the words around it."""

    FORWARD = "forward"
    BACKWARD = "backward"
    BOTH = "both"
    SENTENCE = "sentence"
    """The whole sentence, whatever stands between."""


class Place(StrEnum):
    """Where the name of a section can stand."""

    HEADING = "heading"
    LABEL = "label"
    """The label of a paragraph, and the sentence before a list."""
    COLUMN = "column"
    """The header of a column: what it says holds for the rows."""
    ROW = "row"
    """A cell that says it of its row."""


class Topic(StrEnum):
    """What wordings tell about the document as a whole."""

    LANGUAGE_MODEL = "language_model"
    """It speaks of a language model."""
    MODEL_USE = "model_use"
    """It says that a language model does something, or how it is called."""
    ASSISTANT = "assistant"
    """It speaks of an assistant, bot or agent, which may be one made of a language model."""
    OTHER_MODEL = "other_model"
    """It speaks of speech, images, tables or classic machine learning."""
    ACCESS = "access"
    """It is about access to models as such: a client, a gateway, serving."""
    READER = "reader"
    """It speaks to its reader."""
    OWN = "own"
    """It speaks of the project itself."""
    GUIDE = "guide"
    """A title that promises a guide, a comparison or a lesson."""
    QUESTION = "question"
    """Headings of articles, such as `What is` and `How to`."""
    ARTICLE = "article"
    """It calls itself a guide or an article."""
    DESIGN = "design"
    """A title that promises a design or a decision."""
    PROMPT = "prompt"
    """A line that only a prompt has."""
    STATUS = "status"
    """The status of the document, such as `accepted`."""


class Weight(StrEnum):
    """How plainly a wording names an approach."""

    NAME = "name"
    """The name of the approach."""
    USE = "use"
    """What is done when it is used."""
    PART = "part"
    """A part that it is made of; one alone decides nothing."""


class WordList(Record):
    """Words that patterns name together, as `@id`."""

    id: str
    """Name by which patterns refer to it."""
    any: tuple[str, ...]
    """Patterns, one of which has to match."""


class Cue(Record):
    """Wordings that say how the words near them are meant, or whom they are about."""

    id: str
    """Readable name in lower case with hyphens; stable."""
    any: tuple[str, ...]
    """The wordings."""
    means: Meaning
    """What they say about the words in their scope."""
    reach: Reach = Reach.FORWARD
    """On which side of them the scope lies."""
    within: int = 12
    """Most words between the cue and what it is about. A scope ends earlier at the end of the clause."""
    opens: bool = False
    """Whether the cue counts only where the sentence begins."""


class Stop(Record):
    """Wordings that end the scope of a cue, such as `but`."""

    id: str
    """Readable name; stable."""
    any: tuple[str, ...]
    """The wordings."""


class SectionName(Record):
    """Names of sections, and what the text below them is about."""

    id: str
    """Readable name; stable."""
    any: tuple[str, ...]
    """The whole name; numbers in front and what stands in brackets behind are left out."""
    kind: SectionKind
    """What the text is about."""
    at: tuple[Place, ...] = (Place.HEADING,)
    """Where the name must stand."""


class ApproachWords(Record):
    """Wordings that name an approach or describe it."""

    id: str
    """Readable name; stable."""
    any: tuple[str, ...]
    """The wordings."""
    weight: Weight
    """How plainly they do so."""
    option: Option | None = None
    """`rag`, `fine_tuning` or `neither`; left out for a longer wording that only looks like one."""


class TopicWords(Record):
    """Wordings that tell what a document is about."""

    id: str
    """Readable name; stable."""
    any: tuple[str, ...]
    """The wordings."""
    topic: Topic
    """What they tell."""


class Tongue(Record):
    """A language, by its commonest words."""

    id: str
    """Its code, such as `en`."""
    words: tuple[str, ...]
    """Words that hardly any other language has so often."""


class FactExample(Record):
    """A sentence and what it states."""

    text: str
    """The sentence."""
    value: object
    """The level, the number in the criterion's unit, or the list of levels."""


class FactTests(Record):
    """Sentences on both sides of a fact."""

    stated: tuple[str | FactExample, ...] = ()
    """Sentences that state it."""
    silent: tuple[str, ...] = ()
    """Sentences that look like it and state nothing of the kind."""


class FactWords(Record):
    """Wordings that state an answer to a criterion."""

    id: str
    """Readable name; stable."""
    any: tuple[str, ...]
    """The wordings."""
    tests: FactTests
    """Sentences on both sides."""
    says: Mapping[str, str | tuple[str, ...]] = NOTHING
    """The level of each criterion; a list where it is one of several."""
    number: str | None = None
    """The criterion that the amount among the words answers."""
    kinds: tuple[str, ...] = ()
    """Which amounts answer it: `duration`, `money`, `count`, `size`, `share`, `rate`."""
    bands: Mapping[str, float] = NOTHING
    """Smallest amount of each level, where the criterion itself has no unit."""
    tokens: float = 1.0
    """By what a count is multiplied, such as the tokens of one document."""
    near: tuple[str, ...] = ()
    """One of these must stand in the same sentence, its label, column, row, lead-in or heading."""
    unless: tuple[str, ...] = ()
    """The sentence states nothing where one of these stands in it, its label, column or row."""
    component: bool = False
    """Whether a sentence about one part of the system states it, too."""
    sections: tuple[SectionKind, ...] = ()
    """Sections in which it counts; left out, all that speak about the project."""
    blocks: tuple[Block, ...] = ()
    """Kinds of block in which it counts; left out, all but code."""
    modality: Modality | None = None
    """What kind of statement it makes, where the wording alone decides that."""


Entry = Cue | Stop | SectionName | ApproachWords | TopicWords | FactWords


class LanguageData(Record):
    """All wordings of a rule set, by kind."""

    words: tuple[WordList, ...] = ()
    cues: tuple[Cue, ...] = ()
    stops: tuple[Stop, ...] = ()
    section_names: tuple[SectionName, ...] = ()
    approaches: tuple[ApproachWords, ...] = ()
    topics: tuple[TopicWords, ...] = ()
    tongues: tuple[Tongue, ...] = ()
    facts: tuple[FactWords, ...] = ()


def build_language(kinds: Mapping[str, Sequence[Mapping[str, Any]]]) -> LanguageData:
    """Return the language that compiled data describes; the data is trusted to be what was compiled."""
    return LanguageData(
        words=tuple(_build(WordList, record) for record in kinds["words"]),
        cues=tuple(_build(Cue, record, means=Meaning, reach=Reach) for record in kinds["cues"]),
        stops=tuple(_build(Stop, record) for record in kinds["stops"]),
        section_names=tuple(_build(SectionName, record, kind=SectionKind, at=Place) for record in kinds["section_names"]),
        approaches=tuple(_build(ApproachWords, record, weight=Weight, option=Option) for record in kinds["approaches"]),
        topics=tuple(_build(TopicWords, record, topic=Topic) for record in kinds["topics"]),
        tongues=tuple(_build(Tongue, record) for record in kinds["tongues"]),
        facts=tuple(_build_fact(record) for record in kinds["facts"]),
    )


_Built = TypeVar("_Built", bound=Record)


def _build(made: type[_Built], record: Mapping[str, Any], /, **enums: type[StrEnum]) -> _Built:
    """Return a record: lists as tuples, words of a fixed set as members of their enumeration."""
    fields: dict[str, Any] = {}
    for name, value in record.items():
        member = enums.get(name, _same)
        if isinstance(value, list):
            fields[name] = tuple(member(part) for part in value)
        else:
            fields[name] = None if value is None else member(value)
    return made(**fields)


def _same(value: object) -> object:
    return value


def _build_fact(record: Mapping[str, Any]) -> FactWords:
    stated = (FactExample(**test) if isinstance(test, dict) else test for test in record["tests"]["stated"])
    says = {name: level if isinstance(level, str) else tuple(level) for name, level in record["says"].items()}
    tests = FactTests(tuple(stated), tuple(record["tests"]["silent"]))
    fact = _build(FactWords, record, sections=SectionKind, blocks=Block, modality=Modality)
    return fact.replace(says=says, tests=tests)


class Role(StrEnum):
    """What meeting a condition does to a fact."""

    NEAR = "near"
    UNLESS = "unless"


class Found(msgspec.Struct, frozen=True, gc=False):
    """A wording that was found."""

    start: int
    """Index of its first word."""
    end: int
    """Index of the word behind it."""
    entry: Entry
    """The record in which it stands."""
    number: int
    """The same for all wordings of a record."""


class Language:
    """The wordings of a rule set, compiled: matchers for sentences, for the conditions of facts and for section names."""

    def __init__(self, data: LanguageData) -> None:
        """Compile the wordings; they were checked when the rule set was read."""
        self.data = data
        self._entries: list[Entry] = []
        """What each number of the matchers stands for."""
        self._roles: list[Role | None] = []
        lists = {listed.id: listed.any for listed in data.words}
        self.sentences = Matcher(lists)
        self.conditions = Matcher(lists)
        """What must or must not stand near a fact: looked for only where the fact itself was found."""
        self.names = Matcher(lists)
        for entry in (*data.cues, *data.stops, *data.approaches, *data.topics):
            self._add(self.sentences, entry, None, entry.any)
        for fact in data.facts:
            self._add(self.sentences, fact, None, fact.any)
            self._add(self.conditions, fact, Role.NEAR, fact.near)
            self._add(self.conditions, fact, Role.UNLESS, fact.unless)
        for name in data.section_names:
            self._add(self.names, name, None, name.any)

    def _add(self, matcher: Matcher, entry: Entry, role: Role | None, patterns: Iterable[str]) -> None:
        number = len(self._entries)
        for pattern in patterns:
            matcher.add(pattern, number)
        self._entries.append(entry)
        self._roles.append(role)

    def find(self, words: Sequence[str]) -> list[Found]:
        """Return every wording of sentences in a row of words, in order."""
        entries = self._entries
        return [Found(start, end, entries[number], number) for start, end, number in self.sentences.scan(words)]

    def find_conditions(self, words: Sequence[str]) -> frozenset[tuple[str, Role]]:
        """Return the conditions that a row of words meets, each as the id of its fact and whether it must be met."""
        numbers = {number for _, _, number in self.conditions.scan(words)}
        return frozenset((self._entries[number].id, self._roles[number]) for number in numbers)

    def name_of(self, words: Sequence[str]) -> Iterator[SectionName]:
        """Yield the names of sections that a row of words is as a whole."""
        for start, end, number in self.names.scan(words):
            entry = self._entries[number]
            if start == 0 and end == len(words) and isinstance(entry, SectionName):
                yield entry

    @cached_property
    def tongues(self) -> Mapping[str, frozenset[str]]:
        """The commonest words of each language."""
        return {tongue.id: frozenset(tongue.words) for tongue in self.data.tongues}
