"""What can be wrong with wordings: patterns that cannot be read, levels that are not defined, numbers without a unit.

A fitted model needs a weight for each of its outcomes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from ragortune.evidence.documents.classifiers import (
    APPROACH,
    DOCUMENT_MODELS,
    NO,
    STATUS,
    UNANSWERED,
    UNKNOWN,
    WORDS,
    YES,
    Classifier,
    list_stances,
)
from ragortune.evidence.documents.language import FactWords, LanguageData
from ragortune.evidence.documents.patterns import AMOUNTS, PatternError, parse_pattern
from ragortune.model import Criterion
from ragortune.model.documents import DocumentStatus
from ragortune.support.text import join_words, quote_value, suggest_name

_PATTERNS = ("any", "near", "unless")


class LanguageProblem(msgspec.Struct, frozen=True):
    """A defect of a wording."""

    kind: str
    """Kind of its record, such as `cues`."""
    id: str
    path: tuple[str | int, ...]
    """Key path of the defect inside the record."""
    message: str
    hint: str | None = None


def check_language(data: LanguageData, criteria: Mapping[str, Criterion]) -> Iterator[LanguageProblem]:
    """Yield everything that makes a language unusable."""
    lists = {listed.id: listed.any for listed in data.words}
    for kind in data.field_names():
        for record in getattr(data, kind):
            for part in _PATTERNS:
                yield from _check_patterns(kind, record.id, part, getattr(record, part, ()), lists)
    for fact in data.facts:
        yield from _check_answers(fact, criteria)
    for model in data.classifiers:
        yield from _check_classifier(model, criteria)


def _check_patterns(
    kind: str, name: str, part: str, patterns: Iterable[str], lists: Mapping[str, tuple[str, ...]]
) -> Iterator[LanguageProblem]:
    for index, pattern in enumerate(patterns):
        # A list may name no other list, so that lists cannot name each other in a circle.
        try:
            parse_pattern(pattern, () if kind == "words" else lists)
        except PatternError as error:
            yield LanguageProblem(kind, name, (part, index), f"{quote_value(pattern)} {error}")


def _check_answers(fact: FactWords, criteria: Mapping[str, Criterion]) -> Iterator[LanguageProblem]:
    if bool(fact.says) == (fact.number is not None):
        yield _problem(fact, ("id",), f"'{fact.id}' needs 'says' or 'number', one of the two")
    for name, wanted in fact.says.items():
        criterion = criteria.get(name)
        if criterion is None:
            yield _no_criterion(fact, ("says", name), name, criteria)
            continue
        for level in (wanted,) if isinstance(wanted, str) else wanted:
            if level not in criterion.level_ids:
                yield _no_level(fact, ("says", name), level, criterion)
    for index, kind in enumerate(fact.kinds):
        if kind not in AMOUNTS:
            message = f"there are amounts of {join_words(AMOUNTS)}, not of {quote_value(kind)}"
            yield _problem(fact, ("kinds", index), message, suggest_name(kind, AMOUNTS))
    if fact.number is not None:
        yield from _check_number(fact, fact.number, criteria)


def _check_number(fact: FactWords, name: str, criteria: Mapping[str, Criterion]) -> Iterator[LanguageProblem]:
    criterion = criteria.get(name)
    if criterion is None:
        yield _no_criterion(fact, ("number",), name, criteria)
        return
    if not fact.kinds:
        yield _problem(
            fact, ("number",), f"'{fact.id}' needs 'kinds', the kinds of amount that answer '{name}'"
        )
    if not criterion.unit and not fact.bands:
        yield _problem(fact, ("number",), f"'{fact.id}' needs 'bands', because '{name}' has no unit")
    for level in fact.bands:
        if level not in criterion.level_ids:
            yield _no_level(fact, ("bands",), level, criterion)


def _check_classifier(model: Classifier, criteria: Mapping[str, Criterion]) -> Iterator[LanguageProblem]:
    outcomes = {
        **dict.fromkeys(DOCUMENT_MODELS, (YES, NO)),
        **dict.fromkeys((STATUS, WORDS[STATUS]), tuple(DocumentStatus)),
        APPROACH: (UNANSWERED, *list_stances()),
    }
    if model.id in criteria:
        known: tuple[str, ...] = (UNANSWERED, UNKNOWN, *criteria[model.id].level_ids)
    elif model.id in outcomes:
        known = outcomes[model.id]
    else:
        message = (
            f"a fitted model predicts {join_words(outcomes)} or a criterion, not {quote_value(model.id)}"
        )
        hint = suggest_name(model.id, [*outcomes, *criteria])
        yield LanguageProblem("classifiers", model.id, ("id",), message, hint)
        return
    for index, outcome in enumerate(model.outcomes):
        if outcome not in known:
            message = f"'{model.id}' has no outcome {quote_value(outcome)}"
            hint = suggest_name(outcome, known)
            yield LanguageProblem("classifiers", model.id, ("outcomes", index), message, hint)
    count = len(model.outcomes)
    if len(model.intercepts) != count:
        message = f"'intercepts' needs a number for each of {count} outcomes"
        yield LanguageProblem("classifiers", model.id, ("intercepts",), message)
    for name, numbers in model.features.items():
        if len(numbers) != count + 1:
            message = f"{quote_value(name)} needs its largest value and a weight for each of {count} outcomes"
            yield LanguageProblem("classifiers", model.id, ("features", name), message)


def _no_criterion(
    fact: FactWords, path: tuple[str, ...], name: str, criteria: Mapping[str, Criterion]
) -> LanguageProblem:
    message = f"there is no criterion {quote_value(name)}"
    return _problem(fact, path, message, suggest_name(name, criteria))


def _no_level(fact: FactWords, path: tuple[str, ...], level: str, criterion: Criterion) -> LanguageProblem:
    message = f"'{criterion.id}' has no level {quote_value(level)}"
    return _problem(fact, path, message, suggest_name(level, criterion.level_ids))


def _problem(
    fact: FactWords, path: tuple[str | int, ...], message: str, hint: str | None = None
) -> LanguageProblem:
    return LanguageProblem("facts", fact.id, path, message, hint)
