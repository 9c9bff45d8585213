"""Runs the tests of phrases: sentences that must state a fact, and look-alikes that must not."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from ragortune.evidence.documents.language import FactWords, read_language
from ragortune.evidence.documents.reader import DesignReader, reader_for
from ragortune.evidence.documents.sentences import read_sentences
from ragortune.model import Rulebook
from ragortune.support.record import Record, plain_data


class FailedSentence(Record, frozen=True):
    """A sentence that did not state what a phrase's test expects."""

    phrase: FactWords
    text: str
    expected: str
    """`stated` or `silent`."""
    path: tuple[str | int, ...]
    """Key path of the sentence inside the phrase."""
    values: tuple[object, ...]
    """What the phrase read in it."""


def run_language_tests(book: Rulebook) -> tuple[int, tuple[FailedSentence, ...]]:
    """Return how many sentences the phrases of a rule set are tested on, and those that fail."""
    data, reader = read_language(book), reader_for(book)
    results = [result for phrase in data.facts for result in _test_phrase(phrase, reader)]
    return len(results), tuple(result for result in results if result is not None)


def _test_phrase(phrase: FactWords, reader: DesignReader) -> Iterator[FailedSentence | None]:
    for index, example in enumerate(phrase.tests.stated):
        text, wanted = (example, None) if isinstance(example, str) else (example.text, example.value)
        values = _read_values(phrase, text, reader)
        met = bool(values) if wanted is None else plain_data(wanted) in values
        yield None if met else FailedSentence(phrase, text, "stated", ("tests", "stated", index), values)
    for index, text in enumerate(phrase.tests.silent):
        values = _read_values(phrase, text, reader)
        path = ("tests", "silent", index)
        yield FailedSentence(phrase, text, "silent", path, values) if values else None


def _read_values(phrase: FactWords, text: str, reader: DesignReader) -> tuple[object, ...]:
    """Return what a phrase reads in a text, as if it stood in a section and block in which the phrase counts."""
    document = read_sentences(text, reader.marker.language)
    sentences = document.sentences
    if phrase.sections and not any(sentence.kind in phrase.sections for sentence in sentences):
        sentences = tuple(
            msgspec.structs.replace(sentence, kind=phrase.sections[0]) for sentence in sentences
        )
    facts = (
        fact
        for marked in reader.mark(sentences)
        for fact in reader.facts.read_sentence(marked, document.lines)
    )
    return tuple(plain_data(fact.value) for fact in facts if fact.phrase == phrase.id)
