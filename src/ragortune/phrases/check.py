"""What can be wrong with phrases: patterns that cannot be read, levels nobody knows, numbers without a place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ragortune.model import Criterion
from ragortune.phrases.patterns import PatternError, parse_pattern, values_in
from ragortune.phrases.records import Phrase, PhraseBook
from ragortune.plaintext import quote_value, suggest_name
from ragortune.record import Record


class PhraseProblem(Record):
    """A defect of a phrase or list of words, with the path of the part that has it."""

    kind: str
    """`phrases` or `words`."""
    id: str
    path: tuple[str | int, ...]
    message: str
    hint: str | None = None


def check_phrases(book: PhraseBook, criteria: Mapping[str, Criterion]) -> Iterator[PhraseProblem]:
    """Yield everything that makes phrases unusable."""
    for name, listed in book.words.items():
        for index, entry in enumerate(listed):
            try:
                parse_pattern(entry, book.words)
            except PatternError as error:
                yield PhraseProblem("words", name, ("any", index), f"list '{name}' {error}")
    for phrase in book.phrases:
        yield from _check_patterns(phrase, book)
        yield from _check_answers(phrase, criteria)


def _check_patterns(phrase: Phrase, book: PhraseBook) -> Iterator[PhraseProblem]:
    for part in ("patterns", "near", "unless"):
        for index, pattern in enumerate(getattr(phrase, part)):
            try:
                sequence = parse_pattern(pattern, book.words)
            except PatternError as error:
                message = f"phrase '{phrase.id}': a pattern {error}"
                yield PhraseProblem("phrases", phrase.id, (part, index), message)
                continue
            if part == "patterns" and phrase.number and not any(values_in(sequence)):
                message = f"phrase '{phrase.id}' answers with a number, and this pattern reads none"
                yield PhraseProblem(
                    "phrases", phrase.id, (part, index), message, "add a value such as <count>"
                )


def _check_answers(phrase: Phrase, criteria: Mapping[str, Criterion]) -> Iterator[PhraseProblem]:
    def problem(message: str, *path: str, hint: str | None = None) -> PhraseProblem:
        return PhraseProblem("phrases", phrase.id, path, f"phrase '{phrase.id}' {message}", hint)

    if not phrase.patterns:
        yield problem("has no pattern", "patterns")
    if bool(phrase.says) == (phrase.number is not None):
        yield problem("needs 'says' or 'number', one of the two", "id")
    for name, wanted in phrase.says.items():
        criterion = criteria.get(name)
        if criterion is None:
            hint = suggest_name(name, criteria)
            yield problem(
                f"names the criterion {quote_value(name)}, which is nowhere", "says", name, hint=hint
            )
            continue
        for level in (wanted,) if isinstance(wanted, str) else wanted:
            if level not in criterion.level_ids:
                hint = suggest_name(level, criterion.level_ids)
                message = f"names the level {quote_value(level)}, which '{name}' does not have"
                yield problem(message, "says", name, hint=hint)
    if phrase.number is not None:
        yield from _check_number(phrase, criteria)


def _check_number(phrase: Phrase, criteria: Mapping[str, Criterion]) -> Iterator[PhraseProblem]:
    def problem(message: str, path: str, hint: str | None = None) -> PhraseProblem:
        return PhraseProblem("phrases", phrase.id, (path,), f"phrase '{phrase.id}' {message}", hint)

    criterion = criteria.get(str(phrase.number))
    if criterion is None:
        hint = suggest_name(phrase.number, criteria)
        yield problem(f"names the criterion {quote_value(phrase.number)}, which is nowhere", "number", hint)
        return
    if not criterion.unit and not phrase.bands:
        yield problem(f"needs 'bands', because '{criterion.id}' has no unit", "number")
    for level in phrase.bands:
        if level not in criterion.level_ids:
            hint = suggest_name(level, criterion.level_ids)
            yield problem(
                f"names the level {quote_value(level)}, which '{criterion.id}' does not have", "bands", hint
            )
