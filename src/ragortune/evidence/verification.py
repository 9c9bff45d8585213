"""Verification of the answers of a language model against the vocabulary and the document.

Answers are untrusted. A fact is kept only if its criterion and value are in the vocabulary, its quote is in the
document, and the answer marks it as a fact about the project. So a model that is wrong, or that follows instructions in
a document, can at most report what the document says.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from ragortune.evidence.entries import LONGEST_QUOTE
from ragortune.evidence.profile import Vocabulary
from ragortune.evidence.quotes import QuoteFinder
from ragortune.model import Criterion, Option
from ragortune.model.documents import Cited, DocumentStatus, Modality, Span, StatedDecision, StatedFact
from ragortune.support.errors import ProfileError, UnreadableError
from ragortune.support.reading import load_json
from ragortune.support.text import clean_line, join_words, quote_value

MAX_FACTS = 500
_MAX_QUOTES = 5
_MAX_PROBLEMS = 30
_LONGEST_PROBLEM = 400
STATUSES = (DocumentStatus.JUDGED, DocumentStatus.NO_DECISION, DocumentStatus.NOTHING_TO_JUDGE)
"""Statuses that a model can give a document, in order of precedence."""
HOW = ("explicit", "assumed", "implied")
"""How explicit a decision is, the most explicit first."""
_KEYS = ("status", "decision", "facts")
_BEGINNING = re.compile(r'\{\s*["}]')
_NUMBER = re.compile(
    r"\d|\b(?:no|none|zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|twenty|thirty|forty"
    r"|fifty|sixty|seventy|eighty|ninety|hundreds?|thousands?|millions?|billions?|half|double)\b",
    re.IGNORECASE,
)
_MIN_CHARACTERS = 2
_MAX_OBJECTS = 100
_ENDS = " \t\r\n\"'.…"


class ModelReading(msgspec.Struct, frozen=True):
    """The verified part of a model's answer on a document or a part of it."""

    status: DocumentStatus | None
    """None where no answer could be read."""
    decision: StatedDecision | None = None
    facts: tuple[StatedFact, ...] = ()
    dropped: Mapping[str, int] = {}
    """How many entries were left out, by reason."""
    problems: tuple[str, ...] = ()
    """Messages to the model on what it could correct."""


class _ClaimedFact(msgspec.Struct):
    """A fact as the prompt asks for it; `value`, `line` and `quote` are checked against vocabulary and document."""

    criterion: str
    about: Literal["this_project", "component", "other_system", "rejected_option", "guideline"]
    modality: Literal["stated", "fact", "measured", "estimate", "goal", "future", "hypothetical", "negated"]
    value: Any = None
    line: Any = None
    quote: Any = None


class _DroppedError(Exception):
    """A rejected entry of an answer: the reason, and what the model could correct."""

    def __init__(self, reason: str, problem: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.problem = problem


class Verifier:
    """Verifies answers against one document and the vocabulary."""

    def __init__(self, finder: QuoteFinder, criteria: Mapping[str, Criterion]) -> None:
        """Take the document, prepared for finding quotes, and the criteria by id."""
        self._finder = finder
        self._criteria = criteria
        self._vocabulary = Vocabulary(criteria)

    def verify(self, answer: str) -> ModelReading:
        """Return the verified part of an answer."""
        try:
            data = _find_object(answer)
        except UnreadableError as error:
            return ModelReading(None, dropped={"answer that is not JSON": 1}, problems=(error.message,))
        if data.keys().isdisjoint(_KEYS):
            problem = f"the object must have {join_words(_KEYS)} at the top"
            return ModelReading(None, dropped={"answer of another form": 1}, problems=(problem,))
        dropped: list[_DroppedError] = []
        decision = self._read_decision(data.get("decision"), dropped)
        facts = self._read_facts(data.get("facts"), dropped)
        status = data.get("status")
        if status not in STATUSES and (decision or facts or "status" in data):
            problem = f"status must be {join_words(STATUSES, 'or')}, not {quote_value(status)}"
            dropped.append(_DroppedError("status", problem))
        known = DocumentStatus(status) if status in STATUSES else DocumentStatus.NO_DECISION
        if known is DocumentStatus.JUDGED and decision is None:
            known = DocumentStatus.NO_DECISION
        problems = [clean_line(entry.problem, _LONGEST_PROBLEM) for entry in dropped if entry.problem]
        return ModelReading(
            known,
            decision if known is DocumentStatus.JUDGED else None,
            () if known is DocumentStatus.NOTHING_TO_JUDGE else facts,
            Counter(entry.reason for entry in dropped),
            tuple(problems[:_MAX_PROBLEMS]),
        )

    def _read_decision(self, claim: object, dropped: list[_DroppedError]) -> StatedDecision | None:
        if claim is None:
            return None
        option = claim.get("option") if isinstance(claim, dict) else None
        if not isinstance(claim, dict) or option not in tuple(Option):
            problem = f"decision: option must be {join_words(Option, 'or')}, not {quote_value(option)}"
            dropped.append(_DroppedError("unknown option", problem))
            return None
        quotes, cited = claim.get("quotes"), []
        for entry in quotes[:_MAX_QUOTES] if isinstance(quotes, list) else ():
            quoted = entry if isinstance(entry, dict) else {}
            try:
                span = self._find("decision", quoted.get("quote"), quoted.get("line"))
            except _DroppedError as error:
                dropped.append(error)
            else:
                cited.append(Cited(span, "against" if quoted.get("role") == "against" else "for"))
        if not any(part.role == "for" for part in cited):
            problem = "decision: needs a quote from the document with the role 'for'"
            dropped.append(_DroppedError("decision without a quote", problem))
            return None
        how = claim.get("how")
        return StatedDecision(Option(str(option)), how if how in HOW else HOW[-1], tuple(cited))

    def _read_facts(self, claims: object, dropped: list[_DroppedError]) -> tuple[StatedFact, ...]:
        if not isinstance(claims, list):
            if claims is not None:
                dropped.append(_DroppedError("not well formed", "facts must be a list"))
            return ()
        dropped += [_DroppedError("too many")] * (len(claims) - MAX_FACTS)
        found: dict[StatedFact, None] = {}
        for claim in claims[:MAX_FACTS]:
            try:
                found[self._read_fact(claim)] = None
            except _DroppedError as error:
                dropped.append(error)
        return tuple(found)

    def _read_fact(self, claim: object) -> StatedFact:
        try:
            fact = msgspec.convert(claim, _ClaimedFact)
        except (msgspec.ValidationError, UnicodeError) as error:
            name = claim.get("criterion") if isinstance(claim, dict) else claim
            raise _DroppedError("not well formed", f"the fact {quote_value(name)}: {error}") from None
        name = fact.criterion
        if name not in self._criteria:
            raise _DroppedError("unknown criterion", f"there is no criterion {quote_value(name)}")
        if fact.about != "this_project":
            raise _DroppedError("not about this project")
        if fact.modality not in tuple(Modality):
            raise _DroppedError("not asserted")
        value = self._read_value(name, fact.value)
        span = self._find(name, fact.quote, fact.line)
        if isinstance(value, (int, float)) and not _NUMBER.search(span.quote):
            problem = f"{name}: the quote {quote_value(span.quote)} holds no number, so that the value must be a level"
            raise _DroppedError("number that is not quoted", problem)
        return StatedFact(name, value, Modality(fact.modality), span)

    def _read_value(self, name: str, claimed: object) -> object:
        """Return a value as a fact holds it; raises _DroppedError where the vocabulary does not allow it."""
        if isinstance(claimed, dict) and not claimed.keys() <= {"from", "to"}:
            problem = f"{name}: the value must be a level, a number or a list of levels"
            raise _DroppedError("unknown value", problem)
        try:
            levels = self._vocabulary.read_profile({name: claimed}).levels.get(name)
        except ProfileError as error:
            raise _DroppedError("unknown value", f"{name}: {error.message}") from None
        if not levels:
            raise _DroppedError("unknown value")
        if isinstance(claimed, (int, float)):
            return claimed
        return levels[0] if len(levels) == 1 else levels

    def _find(self, name: str, quote: object, line: object) -> Span:
        """Return the span of a quote in the document. Raises _DroppedError if the quote is not in it."""
        if not isinstance(quote, str) or sum(map(str.isalnum, quote)) < _MIN_CHARACTERS:
            raise _DroppedError("not well formed", f"{name}: has no quote")
        if len(quote) > LONGEST_QUOTE:
            problem = f"{name}: a quote has at most {LONGEST_QUOTE:,} characters"
            raise _DroppedError("quote that is too long", problem)
        near = line if isinstance(line, int) and not isinstance(line, bool) and line > 0 else None
        found = self._finder.find(quote, near) or self._finder.find(quote.strip(_ENDS), near)
        if not found:
            problem = f"{name}: these words are not in the document: {quote_value(quote)}"
            raise _DroppedError("quote that is not in the document", problem)
        return max(found, key=lambda span: len(span.quote))


def _find_object(answer: str) -> dict[str, Any]:
    """Return the JSON object in an answer, which may be in prose or between fences; raises UnreadableError."""
    begin = _BEGINNING.search(answer)
    end = answer.rfind("}")
    if begin is None or end < begin.start():
        raise UnreadableError("the answer holds no JSON object")
    try:
        data = load_json(answer[begin.start() : end + 1], "answer")
    except UnreadableError:
        if not (last := _find_last(answer)):
            raise
        data = load_json(last, "answer")
    assert isinstance(data, dict)  # it begins with a brace
    return data


def _find_last(answer: str) -> str:
    """Return the last JSON object with a status in an answer with other braces: of a model that thinks aloud or explains."""
    found, end, decoder = "", 0, json.JSONDecoder()
    for begin in itertools.islice(_BEGINNING.finditer(answer), _MAX_OBJECTS):
        if begin.start() >= end:
            with contextlib.suppress(ValueError, RecursionError):
                data, end = decoder.raw_decode(answer, begin.start())
                found = answer[begin.start() : end] if "status" in data else found
    return found
