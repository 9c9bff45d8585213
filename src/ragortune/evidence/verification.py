"""What a language model says about a document, held against the vocabulary and the document itself.

Nothing of an answer is believed. A fact is kept only if its criterion and value are in the vocabulary, its words stand
in the document, and the answer itself takes it for a fact about the project. So a model that is wrong, or that obeys a
document, can at most report what the document says.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec

from ragortune.evidence.profile import Vocabulary
from ragortune.evidence.quotes import QuoteFinder, longest_part
from ragortune.model import Criterion, Option
from ragortune.model.documents import (
    Cited,
    DocumentStatus,
    Modality,
    Span,
    StatedDecision,
    StatedFact,
)
from ragortune.support.errors import ProfileError, UnreadableError
from ragortune.support.reading import load_json
from ragortune.support.text import clean_text, join_words, quote_value, shorten_text

MOST_FACTS = 500
_MOST_QUOTES = 5
_MOST_VALUES = 20
_MOST_PROBLEMS = 30
_OWN = "this_project"
_OWNERS = (_OWN, "component", "other_system", "rejected_option", "guideline")
_NOT_ASSERTED = ("future", "hypothetical", "negated")
_STATUSES = (DocumentStatus.JUDGED, DocumentStatus.NO_DECISION, DocumentStatus.NOTHING_TO_JUDGE)
_HOW = ("explicit", "assumed", "implied")
_BEGINNING = re.compile(r'\{\s*["}]')
_NUMBER = re.compile(
    r"\d|\b(?:no|none|zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|twenty|thirty|forty"
    r"|fifty|sixty|seventy|eighty|ninety|hundreds?|thousands?|millions?|billions?|half|double)\b",
    re.IGNORECASE,
)
_LEAST_CHARACTERS = 2
_ENDS = " \t\r\n\"'.…"


class Verified(msgspec.Struct, frozen=True):
    """What is left of an answer."""

    status: DocumentStatus | None
    """None where the answer could not be read at all."""
    decision: StatedDecision | None = None
    facts: tuple[StatedFact, ...] = ()
    dropped: Mapping[str, int] = {}
    """How many entries were left out, by reason."""
    problems: tuple[str, ...] = ()
    """What a model could correct, in words for it."""


class Verifier:
    """The document and the vocabulary against which answers are held."""

    def __init__(self, finder: QuoteFinder, criteria: Mapping[str, Criterion]) -> None:
        """Take the document, prepared for finding quotes, and the criteria by id."""
        self._finder = finder
        self._criteria = criteria
        self._vocabulary = Vocabulary(criteria)

    def verify(self, answer: str) -> Verified:
        """Return what of an answer holds."""
        try:
            data = _find_object(answer)
        except UnreadableError as error:
            return Verified(None, dropped={"answer that is not JSON": 1}, problems=(error.message,))
        return _Check(self._finder, self._criteria, self._vocabulary).check(data)


class _LeftOutError(Exception):
    """An entry of an answer that cannot be kept: the reason, and what a model could correct."""

    def __init__(self, reason: str, problem: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.problem = problem


class _Check:
    """One answer that is being held against the document."""

    def __init__(
        self, finder: QuoteFinder, criteria: Mapping[str, Criterion], vocabulary: Vocabulary
    ) -> None:
        self._finder = finder
        self._criteria = criteria
        self._vocabulary = vocabulary
        self._dropped: Counter[str] = Counter()
        self._problems: list[str] = []

    def check(self, data: Mapping[str, Any]) -> Verified:
        decision = self._read_decision(data.get("decision"))
        facts = self._read_facts(data.get("facts"))
        status = data.get("status")
        if status not in _STATUSES and (decision or facts or "status" in data):
            self._miss("status", f"status must be {join_words(_STATUSES, 'or')}, not {quote_value(status)}")
        known = DocumentStatus(status) if status in _STATUSES else DocumentStatus.NO_DECISION
        if known is DocumentStatus.JUDGED and decision is None:
            known = DocumentStatus.NO_DECISION
        if known is not DocumentStatus.JUDGED:
            decision = None
        if known is DocumentStatus.NOTHING_TO_JUDGE:
            facts = []
        problems = self._problems[:_MOST_PROBLEMS]
        return Verified(known, decision, tuple(facts), dict(self._dropped), tuple(problems))

    def _miss(self, reason: str, problem: str = "") -> None:
        self._dropped[reason] += 1
        if problem:
            self._problems.append(shorten_text(clean_text(problem), 400))

    def _read_decision(self, given: object) -> StatedDecision | None:
        if given is None:
            return None
        option = given.get("option") if isinstance(given, dict) else None
        if option not in tuple(Option):
            self._miss(
                "unknown option",
                f"decision: option must be {join_words(Option, 'or')}, not {quote_value(option)}",
            )
            return None
        assert isinstance(given, dict)
        quotes = given.get("quotes")
        cited = []
        for entry in quotes[:_MOST_QUOTES] if isinstance(quotes, list) else ():
            try:
                span = self._find(entry if isinstance(entry, dict) else {}, "decision")
            except _LeftOutError as error:
                self._miss(error.reason, error.problem)
            else:
                cited.append(Cited(span, "against" if entry.get("role") == "against" else "for"))
        if not any(part.role == "for" for part in cited):
            self._miss(
                "decision without a quote", "decision: needs a quote from the document with the role 'for'"
            )
            return None
        how = given.get("how")
        return StatedDecision(Option(str(option)), how if how in _HOW else _HOW[-1], tuple(cited))

    def _read_facts(self, given: object) -> list[StatedFact]:
        if not isinstance(given, list):
            if given is not None:
                self._miss("not well formed", "facts must be a list")
            return []
        if len(given) > MOST_FACTS:
            self._dropped["too many"] += len(given) - MOST_FACTS
        found: dict[StatedFact, None] = {}
        for entry in given[:MOST_FACTS]:
            try:
                found[self._read_fact(entry)] = None
            except _LeftOutError as error:
                self._miss(error.reason, error.problem)
        return list(found)

    def _read_fact(self, entry: object) -> StatedFact:
        if not isinstance(entry, dict):
            raise _LeftOutError("not well formed", f"a fact must be an object, not {quote_value(entry)}")
        name, about, modality = entry.get("criterion"), entry.get("about"), entry.get("modality")
        if not isinstance(name, str) or name not in self._criteria:
            raise _LeftOutError("unknown criterion", f"there is no criterion {quote_value(name)}")
        if about not in _OWNERS:
            allowed = join_words(_OWNERS, "or")
            raise _LeftOutError(
                "not well formed", f"{name}: about must be {allowed}, not {quote_value(about)}"
            )
        if about != _OWN:
            raise _LeftOutError("not about this project")
        if modality in _NOT_ASSERTED:
            raise _LeftOutError("not asserted")
        if modality not in tuple(Modality):
            allowed = join_words((*Modality, *_NOT_ASSERTED), "or")
            raise _LeftOutError(
                "not well formed", f"{name}: modality must be {allowed}, not {quote_value(modality)}"
            )
        value = self._read_value(name, entry.get("value"))
        span = self._find(entry, name)
        if isinstance(value, (int, float)) and not _NUMBER.search(span.quote):
            problem = f"{name}: the quote {quote_value(span.quote)} holds no number, so that the value must be a level"
            raise _LeftOutError("number that is not quoted", problem)
        return StatedFact(name, value, Modality(str(modality)), span)

    def _read_value(self, name: str, given: object) -> object:
        """Return a value as a fact holds it; raises _LeftOutError where the vocabulary does not allow it."""
        if isinstance(given, list):
            given = given[:_MOST_VALUES]
        elif isinstance(given, dict) and not given.keys() <= {"from", "to"}:
            raise _LeftOutError(
                "unknown value", f"{name}: the value must be a level, a number or a list of levels"
            )
        try:
            levels = self._vocabulary.read_profile({name: given}).levels.get(name)
        except ProfileError as error:
            raise _LeftOutError("unknown value", f"{name}: {error.message}") from None
        if not levels:
            raise _LeftOutError("unknown value")
        if isinstance(given, (int, float)):
            return given
        return levels[0] if len(levels) == 1 else levels

    def _find(self, entry: Mapping[str, Any], name: str) -> Span:
        """Return the exact words of the document that an entry quotes; raises _LeftOutError where it has none such."""
        quote, line = entry.get("quote"), entry.get("line")
        if not isinstance(quote, str) or sum(map(str.isalnum, quote)) < _LEAST_CHARACTERS:
            raise _LeftOutError("not well formed", f"{name}: has no quote")
        near = line if isinstance(line, int) and not isinstance(line, bool) and line > 0 else None
        found = self._finder.find(quote, near) or self._finder.find(quote.strip(_ENDS), near)
        if not found:
            problem = f"{name}: these words are not in the document: {quote_value(quote)}"
            raise _LeftOutError("quote that is not in the document", problem)
        part = longest_part(found)
        return Span(part.line, part.column, part.text)


def _find_object(answer: str) -> dict[str, Any]:
    """Return the JSON object in an answer, which may stand in prose or between fences; raises UnreadableError."""
    begin = _BEGINNING.search(answer)
    end = answer.rfind("}")
    if begin is None or end < begin.start():
        raise UnreadableError("the answer holds no JSON object")
    data = load_json(answer[begin.start() : end + 1], "answer")
    if not isinstance(data, dict):
        raise UnreadableError("the answer is not a JSON object")
    return data
