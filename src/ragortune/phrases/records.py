"""What stands in `rules/phrases/`: phrases, lists of words, and their tests. Frozen records, no input or output."""

from __future__ import annotations

from collections.abc import Mapping

from ragortune.record import NOTHING, Record
from ragortune.statements import Form, Modality, Standing, Zone


class PhraseExample(Record):
    """A sentence and what it must be heard to say."""

    text: str
    """The sentence."""
    value: object
    """The level, the number in the criterion's unit, or the list of levels."""


class PhraseTests(Record):
    """Sentences on both sides of a phrase."""

    heard: tuple[str | PhraseExample, ...] = ()
    """Sentences in which it must be heard; with a value where it says a number."""
    silent: tuple[str, ...] = ()
    """Sentences that look like it and say nothing of the kind."""


class Phrase(Record):
    """Wordings that answer one or several criteria, where they count, and where they do not."""

    id: str
    """Readable name in lower case with hyphens; stable."""
    patterns: tuple[str, ...]
    """The wordings. Words, `word*` (any ending), `(one|another)`, `[optional]`, `..3` (up to three words between), `..3!` (and no comma),
    `@list` (a list of words), and values such as `<duration>`."""
    tests: PhraseTests
    """Sentences on both sides."""
    says: Mapping[str, str | tuple[str, ...]] = NOTHING
    """The level that each criterion has where the phrase is heard; a list where it is one of several."""
    number: str | None = None
    """The criterion that the value in the pattern answers."""
    bands: Mapping[str, float] = NOTHING
    """Smallest value of each level, where the criterion itself has no unit."""
    near: tuple[str, ...] = ()
    """One of these must stand in the same sentence, its label, its column or the heading above it."""
    unless: tuple[str, ...] = ()
    """The phrase is not heard where one of these stands near it, in its label, its column or the heading above it."""
    zones: tuple[Zone, ...] = ()
    """Parts of a document in which it counts; left out, every part that speaks about the project."""
    forms: tuple[Form, ...] = ()
    """Kinds of block in which it counts; left out, all but code and comments."""
    modality: Modality | None = None
    """What kind of statement it makes, where the wording alone decides that."""
    standing: Standing = Standing.STATED
    """How directly it says so: `vague` gives way to what says more, `concluded` to every statement."""


class WordList(Record):
    """Words that patterns name together, as `@id`."""

    id: str
    """Name by which patterns refer to it."""
    any: tuple[str, ...]
    """Patterns, one of which has to match."""


class PhraseBook(Record):
    """All phrases of a rule set, with the words they use."""

    phrases: tuple[Phrase, ...]
    words: Mapping[str, tuple[str, ...]]
    """Patterns by the name of their list."""
