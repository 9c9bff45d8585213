"""The contents of `rules/language/`: the records of every kind of wording, and all of a rule set's language, compiled.

One matcher finds every wording in one pass over a sentence; what a hit means is the record behind its number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from itertools import chain
from typing import Generic, TypeVar

import msgspec

from ragortune.evidence.documents.classifiers import (
    APPROACH,
    DOCUMENT_MODELS,
    Classifier,
    WordModels,
    WordWeights,
    lay_out,
    list_counted,
    list_words,
)
from ragortune.evidence.documents.patterns import Matcher, Node, WordClasses, compile_patterns
from ragortune.model import Option, Rulebook
from ragortune.model.documents import Block, Meaning, SectionKind
from ragortune.support.record import NOTHING, Record


class Reach(StrEnum):
    """In which direction a cue acts on the words around it."""

    FORWARD = "forward"
    BACKWARD = "backward"
    BOTH = "both"
    SENTENCE = "sentence"
    """The whole sentence."""


class Place(StrEnum):
    """Where the name of a section can be."""

    HEADING = "heading"
    LABEL = "label"
    """The label of a paragraph, and the sentence before a list."""


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
    """It is about access to models as such, or an assistant of developers: a client, a gateway, a coding agent."""
    READER = "reader"
    """It speaks to its reader."""
    OWN = "own"
    """It speaks of the project itself."""
    GUIDE = "guide"
    """A title that promises a guide or a comparison."""
    LESSON = "lesson"
    """A title that promises to teach."""
    QUESTION = "question"
    """Headings of articles, such as `What is` and `How to`."""
    ARTICLE = "article"
    """It calls itself a guide, an article or a library, or compares approaches."""
    DESIGN = "design"
    """A title that promises a design or a decision."""
    PROMPT = "prompt"
    """A line that only a prompt has."""
    STATUS = "status"
    """The status of the document, such as `accepted`."""
    UNDECIDED = "undecided"
    """A decision that is yet to be taken."""
    OPTION = "option"
    """It names an option by its number or letter."""
    CHOSEN_OPTION = "chosen_option"
    """It names the one that is chosen so."""


class Weight(StrEnum):
    """How plainly a wording names an approach."""

    NAME = "name"
    """The name of the approach."""
    USE = "use"
    """What is done when it is used."""
    PART = "part"
    """A part that it is made of; one alone decides nothing."""


class _Wordings(Record, frozen=True):
    """Wordings of one kind."""

    id: str
    """Readable name in lower case with hyphens; stable."""
    any: tuple[str, ...]
    """Patterns, one of which has to match."""


class WordList(_Wordings, frozen=True):
    """Words that patterns name together, as `@id`."""


class Cue(_Wordings, frozen=True):
    """Wordings that say how the words near them are meant, or whom they are about."""

    means: Meaning
    """What they say about the words in their scope."""
    reach: Reach = Reach.FORWARD
    """On which side of them the scope lies."""


class Stop(_Wordings, frozen=True):
    """Wordings that end the scope of a cue, such as `but`."""


class SectionName(_Wordings, frozen=True):
    """Names of sections, and what the text below them is about.

    A name matches as a whole, without numbers in front and what follows in brackets.
    """

    kind: SectionKind
    """What the text is about."""
    at: tuple[Place, ...] = (Place.HEADING,)
    """Where the name must be."""


class ApproachWords(_Wordings, frozen=True):
    """Wordings that name an approach or describe it."""

    weight: Weight
    """How plainly they do so."""
    option: Option | None = None
    """`rag`, `fine_tuning` or `neither`; left out for a longer wording that only looks like one."""


class TopicWords(_Wordings, frozen=True):
    """Wordings that tell what a document is about."""

    topic: Topic
    """What they tell."""


class CommonWords(Record, frozen=True):
    """The commonest words of a language."""

    id: str
    """Code of the language, such as `en`."""
    words: tuple[str, ...]
    """Words that hardly any other language has so often."""


class FactExample(Record, frozen=True):
    """A sentence and what it states."""

    text: str
    """The sentence."""
    value: object
    """The level, the number in the criterion's unit, or the list of levels."""


class FactTests(Record, frozen=True):
    """Sentences on both sides of a fact."""

    stated: tuple[str | FactExample, ...] = ()
    """Sentences that state it."""
    not_stated: tuple[str, ...] = ()
    """Sentences that look like it and state nothing of the kind."""


class FactWords(_Wordings, frozen=True):
    """Wordings that state an answer to a criterion."""

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
    """One of these must be in the same sentence, its label, column or row."""
    unless: tuple[str, ...] = ()
    """The sentence states nothing where one of these is in it, its label, column or row."""
    sections: tuple[SectionKind, ...] = ()
    """Sections in which it counts; left out, all that speak about the project."""
    blocks: tuple[Block, ...] = ()
    """Kinds of block in which it counts; left out, all but code."""


Entry = Cue | Stop | SectionName | ApproachWords | TopicWords | FactWords


class LanguageData(Record, frozen=True):
    """All wordings of a rule set, by kind."""

    words: tuple[WordList, ...] = ()
    cues: tuple[Cue, ...] = ()
    stops: tuple[Stop, ...] = ()
    section_names: tuple[SectionName, ...] = ()
    approaches: tuple[ApproachWords, ...] = ()
    topics: tuple[TopicWords, ...] = ()
    common_words: tuple[CommonWords, ...] = ()
    facts: tuple[FactWords, ...] = ()
    classifiers: tuple[Classifier, ...] = ()


class CompiledLanguage(msgspec.Struct, frozen=True):
    """All wordings of a rule set, and the automata that find them."""

    data: LanguageData
    """The wordings, and of the fitted models those of documents."""
    answers: WordWeights
    """Weights of the models that predict what a sentence answers, by word."""
    approach: WordWeights
    """Weights of the model that predicts its stance on approaches."""
    sentences: tuple[Node, ...]
    """Finds the wordings in sentences; its numbers count `entries_of` the data."""
    names: tuple[Node, ...]
    """Finds the names of sections."""
    conditions: tuple[Node, ...]
    """Finds the conditions of facts; its numbers count `conditions_of` the data."""

    @property
    def common_words(self) -> dict[str, frozenset[str]]:
        """The commonest words of each language."""
        return {language.id: frozenset(language.words) for language in self.data.common_words}


def compile_language(data: LanguageData) -> CompiledLanguage:
    """Compile wordings that were checked before."""
    lists = {listed.id: listed.any for listed in data.words}
    entries = list(enumerate(entries_of(data)))
    conditions = [(patterns, at) for at, patterns in enumerate(conditions_of(data))]
    fitted = {model.id: model for model in data.classifiers}
    of_documents = [fitted.pop(name) for name in DOCUMENT_MODELS if name in fitted]
    approach = [fitted.pop(APPROACH)] if APPROACH in fitted else []
    return CompiledLanguage(
        data.replace(classifiers=tuple(of_documents)),
        lay_out([*fitted.values()]),
        lay_out(approach),
        compile_patterns(((own.any, at) for at, own in entries if not isinstance(own, SectionName)), lists),
        compile_patterns(((own.any, at) for at, own in entries if isinstance(own, SectionName)), lists),
        compile_patterns(conditions, lists),
    )


def read_language(rulebook: Rulebook) -> CompiledLanguage:
    """Return the language of a rule set."""
    return msgspec.msgpack.decode(rulebook.language, type=CompiledLanguage)


def entries_of(data: LanguageData) -> tuple[Entry, ...]:
    """Return the records of all wordings."""
    return (*data.cues, *data.stops, *data.approaches, *data.topics, *data.facts, *data.section_names)


def conditions_of(data: LanguageData) -> list[tuple[str, ...]]:
    """Return the conditions of facts, each as its patterns."""
    return [patterns for fact in data.facts for patterns in (fact.near, fact.unless)]


def _feature_of(entry: Entry) -> str | None:
    if isinstance(entry, TopicWords):
        return f"topic {entry.topic}"
    if isinstance(entry, Cue):
        return f"cue {entry.means}"
    if isinstance(entry, ApproachWords):
        return f"{entry.option} {entry.weight}" if entry.option else "look-alike"
    return None


EntryT = TypeVar("EntryT", bound=Entry)


class Found(msgspec.Struct, Generic[EntryT], frozen=True, gc=False):
    """A match of a wording."""

    start: int
    """Index of its first word."""
    end: int
    """Index after its last word."""
    entry: EntryT
    """The record that holds it."""


class Language:
    """The language of a rule set, ready to read: matchers for sentences, conditions of facts and section names."""

    def __init__(self, compiled: CompiledLanguage) -> None:
        """Take the language."""
        data = compiled.data
        self.common_words = compiled.common_words
        self.document_models = {model.id: model for model in data.classifiers}
        """The fitted models of documents, by what they predict."""
        self.predict_answers = WordModels(compiled.answers).predict
        """Predicts which criteria the words of a sentence answer in their context."""
        self.predict_stances = WordModels(compiled.approach).predict
        """Predicts the stance of the words of a sentence on approaches."""
        self.entries = entries_of(data)
        """The records of wordings, by number."""
        self.features = tuple(map(_feature_of, self.entries))
        """Name of the feature that counts each record, by number; None where no model counts it."""
        self._of_facts = conditions_of(data)
        automata = (compiled.sentences, compiled.names, compiled.conditions)
        self._classes = WordClasses(
            automata,
            chain(
                list_counted(data.classifiers),
                *map(list_words, (compiled.answers, compiled.approach)),
                *self.common_words.values(),
            ),
        )
        self._sentences, self._names, self._conditions = map(Matcher, automata)

    def classify(self, words: Iterable[str]) -> tuple[str, ...]:
        """Return the class of each word; words without a meaning of their own share one."""
        return tuple(map(self._classes.__getitem__, words))

    def find(self, words: Sequence[str]) -> dict[type, list[tuple[int, int, int]]]:
        """Return the matches in a sequence of words by kind of record, in order: start, end and number of the record."""
        found: dict[type, list[tuple[int, int, int]]] = {}
        for hit in self._sentences.scan(words):
            found.setdefault(type(self.entries[hit[2]]), []).append(hit)
        return found

    def find_conditions(self, words: Sequence[str]) -> frozenset[tuple[str, ...]]:
        """Return the conditions of facts that a sequence of words meets, each as its patterns."""
        return frozenset(self._of_facts[number] for _, _, number in self._conditions.scan(words))

    def name_of(self, words: Sequence[str]) -> list[SectionName]:
        """Return the names of sections that match a sequence of words as a whole."""
        entries = (self.entries[number] for number in self._names.match(self.classify(words)))
        return [entry for entry in entries if isinstance(entry, SectionName)]
