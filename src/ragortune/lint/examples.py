"""Runs the tests in a rule set: examples on which a rule, phrase or finding rule must or must not fire."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from ragortune.check import Policy, audit_reading
from ragortune.engine import trace_rule
from ragortune.evidence.documents.blocks import BLOCK
from ragortune.evidence.documents.language import FactWords, read_language
from ragortune.evidence.documents.reader import DesignReader, read_design, reader_for
from ragortune.evidence.documents.sentences import read_sentences
from ragortune.evidence.profile import Vocabulary
from ragortune.model import Rulebook, TraceState
from ragortune.model.documents import DesignReading, StatedFact
from ragortune.model.findings import FindingExample, FindingRule, read_finding_rules
from ragortune.support.record import Record
from ragortune.support.text import join_words, plain_data

_TODAY = "2026-11-24"
"""A fixed date, so that tests do not depend on the day on which they run."""


class Tried(Record, frozen=True):
    """The result of one example."""

    owner: str
    """Code and id of the rule, or id of the phrase."""
    name: str
    """Name of the example; for a phrase, the sentence."""
    expected: str
    """The key of the example, such as `fires` or `does_not_fire`."""
    happened: str
    """What the owner did."""
    passed: bool


def run_tests(rulebook: Rulebook) -> dict[str, tuple[Tried, ...]]:
    """Run all examples of a rule set and return the results by kind."""
    return {
        "tests": tuple(try_rules(rulebook)),
        "phrase_tests": tuple(try_phrases(rulebook)),
        "finding_tests": tuple(try_finding_rules(rulebook, read_finding_rules(rulebook))),
    }


def _list_examples(tests: Record) -> Iterator[tuple[str, Any]]:
    """Yield each example with its key."""
    return ((expected, example) for expected in tests.field_names() for example in getattr(tests, expected))


def list_failed(tried: Iterable[Tried]) -> list[Tried]:
    """Return the failed examples."""
    return [each for each in tried if not each.passed]


# --- rules --------------------------------------------------------------------------------------------------------


def try_rules(rulebook: Rulebook) -> Iterator[Tried]:
    """Yield the results of the examples of rules."""
    vocabulary = Vocabulary(rulebook.readable, rulebook.quantities)
    for rule in rulebook.rules.values():
        for expected, example in _list_examples(rule.tests):
            levels = vocabulary.read_profile(dict(example.profile)).levels
            state = trace_rule(rulebook, rule.id, levels).state
            fired = state is TraceState.FIRED
            happened = "fired" if fired else f"did not fire ({state})"
            passed = fired == (expected == "fires")
            yield Tried(f"{rule.code} {rule.id}", example.name, expected, happened, passed)


# --- phrases ------------------------------------------------------------------------------------------------------


def try_phrases(rulebook: Rulebook) -> Iterator[Tried]:
    """Yield the results of the examples of phrases."""
    reader = reader_for(rulebook)
    for phrase in read_language(rulebook).data.facts:
        for expected, example in _list_examples(phrase.tests):
            text, wanted = (example, None) if isinstance(example, str) else (example.text, example.value)
            facts = _read_facts(phrase, text, reader)
            values = [plain_data(fact.value) for fact in facts if fact.phrase == phrase.id]
            found = bool(values) if wanted is None else plain_data(wanted) in values
            others = (fact.phrase for fact in facts if fact.criterion in (*phrase.says, phrase.number))
            detail = [*map(str, values)] or [f"{other} finds it already" for other in others]
            happened = (
                f"{'is found' if found else 'is not found'}{f' ({join_words(detail)})' if detail else ''}"
            )
            yield Tried(phrase.id, text, expected, happened, found == (expected == "stated"))


def _read_facts(phrase: FactWords, text: str, reader: DesignReader) -> list[StatedFact]:
    """Return the facts read in a text, as if it were in a section in which the phrase applies."""
    document = read_sentences(text, reader.marker.language)
    sentences = document.sentences
    if phrase.sections and not any(sentence.kind in phrase.sections for sentence in sentences):
        sentences = tuple(
            msgspec.structs.replace(sentence, kind=phrase.sections[0]) for sentence in sentences
        )
    return [
        fact
        for marked in reader.mark(sentences)
        for fact in reader.facts.read_sentence(marked, document.lines)
    ]


# --- finding rules ------------------------------------------------------------------------------------------------


def try_finding_rules(rulebook: Rulebook, rules: Mapping[str, FindingRule]) -> Iterator[Tried]:
    """Yield the results of the examples of finding rules."""
    for rule in rules.values():
        for expected, example in _list_examples(rule.tests):
            reading = read_example(example, rulebook)
            audit = audit_reading(reading, rulebook, Policy(rules, frozenset(rules)), _TODAY)
            found = any(finding.rule.id == rule.id for finding in audit.active)
            happened = "was found" if found else "was not found"
            passed = found == (expected == "fires")
            yield Tried(f"{rule.code} {rule.id}", example.name, expected, happened, passed)


def read_example(example: FindingExample, rulebook: Rulebook) -> DesignReading:
    """Read the document of an example, or a block with its decision and answers."""
    block = {"decision": example.decision, "profile": dict(example.profile)}
    text = example.document or f"```{BLOCK}\n{json.dumps(block)}\n```\n"
    return read_design(text, "example.md", rulebook)
