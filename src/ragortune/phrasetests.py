"""Runs the tests of phrases: sentences in which a phrase must be heard, and look-alikes in which it must not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ragortune.designdoc.facts import Listener, find_facts
from ragortune.designdoc.reader import read_sentences
from ragortune.model import Criterion
from ragortune.phrases.records import Phrase, PhraseBook
from ragortune.record import Record, plain_data
from ragortune.statements import StatedFact


class FailedSentence(Record):
    """A sentence that did not say what a phrase's test expects."""

    phrase: Phrase
    text: str
    expected: str
    """`heard` or `silent`."""
    path: tuple[str | int, ...]
    """Key path of the sentence inside the phrase."""
    values: tuple[object, ...]
    """What the phrase made of it."""


def run_phrase_tests(
    book: PhraseBook, criteria: Mapping[str, Criterion]
) -> tuple[int, tuple[FailedSentence, ...]]:
    """Return how many sentences there are, and those that fail."""
    listener = Listener(book, criteria)
    results = [result for phrase in book.phrases for result in _test_phrase(phrase, listener)]
    return len(results), tuple(result for result in results if result is not None)


def _test_phrase(phrase: Phrase, listener: Listener) -> Iterator[FailedSentence | None]:
    for index, example in enumerate(phrase.tests.heard):
        text, wanted = (example, None) if isinstance(example, str) else (example.text, example.value)
        values = _values(phrase, _hear(phrase, text, listener))
        met = bool(values) if wanted is None else plain_data(wanted) in values
        yield None if met else FailedSentence(phrase, text, "heard", ("tests", "heard", index), values)
    for index, text in enumerate(phrase.tests.silent):
        values = _values(phrase, _hear(phrase, text, listener))
        yield FailedSentence(phrase, text, "silent", ("tests", "silent", index), values) if values else None


def _hear(phrase: Phrase, text: str, listener: Listener) -> tuple[StatedFact, ...]:
    sentences = read_sentences(text).sentences
    if phrase.zones and not any(sentence.zone in phrase.zones for sentence in sentences):
        sentences = tuple(sentence.replace(zone=phrase.zones[0]) for sentence in sentences)
    return find_facts(sentences, listener, phrase.id)


def _values(phrase: Phrase, facts: tuple[StatedFact, ...]) -> tuple[object, ...]:
    return tuple(plain_data(fact.value) for fact in facts if fact.phrase == phrase.id)
