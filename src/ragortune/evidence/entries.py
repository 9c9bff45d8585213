"""Values of a profile with their places, and the details of an answer: evidence, source, date."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from ragortune.evidence.amounts import ask_back
from ragortune.model import Answer, Criterion, Evidence, Provenance, QuantityKind
from ragortune.model.prices import is_date
from ragortune.model.profiles import LARGEST_NUMBER
from ragortune.support.errors import Place, ProfileError, RagortuneError
from ragortune.support.reading import Document, KeyPath
from ragortune.support.text import join_words, quote_value, suggest_name

UNKNOWN = "unknown"
LONGEST_QUOTE = 2_000
"""Maximum characters of a quote."""
EVIDENCE_SCHEMA: dict[str, Any] = {
    "description": "What supports the answer: text, or a quote that `check` finds again in its document.",
    "anyOf": [
        {"type": "string"},
        {
            "type": "object",
            "additionalProperties": False,
            "required": ["quote"],
            "properties": {
                "document": {
                    "type": ["string", "null"],
                    "minLength": 1,
                    "description": "Path, relative to this file or to the root of its repository.",
                },
                "line": {"type": ["integer", "null"], "minimum": 1, "description": "Line of the quote."},
                "quote": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": LONGEST_QUOTE,
                    "description": "The exact words.",
                },
            },
        },
    ],
}


class Entry:
    """A value with its path in the document, which creates errors with its name, place and a remedy."""

    error: ClassVar[type[RagortuneError]] = ProfileError
    """Class of the errors."""

    def __init__(self, value: Any, path: KeyPath = (), document: Document | None = None) -> None:
        """Take the value, a number or text of NumPy as that of Python; without a document its place is unknown."""
        self.value: object = value.item() if getattr(value, "ndim", None) == 0 else value
        self.path = path
        self._document = document

    def __getitem__(self, key: str | int) -> Entry:
        """Return the entry of a key or index, with None as the value of a missing key."""
        parent: Any = self.value
        child = parent.get(key) if isinstance(parent, Mapping) else parent[key]
        return type(self)(child, (*self.path, key), self._document)

    def __iter__(self) -> Iterator[Entry]:
        """Yield the entries of a mapping or list."""
        value = self.value
        keys = (
            value if isinstance(value, Mapping) else range(len(value) if isinstance(value, Sequence) else 0)
        )
        return (self[key] for key in keys)

    @property
    def key(self) -> str:
        """The last part of the path."""
        return str(self.path[-1])

    @property
    def is_unknown(self) -> bool:
        """Whether the value says that the answer is unknown."""
        return self.value is None or (isinstance(self.value, str) and self.value == UNKNOWN)

    def place(self, *, key: bool = False) -> Place | None:
        """Return the place of the value, or of its key."""
        return self._document.place_of(self.path, key=key) if self._document else None

    def fail(self, message: str, hint: str | None = None, *, key: bool = False) -> RagortuneError:
        """Return an error at the value, or at its key."""
        return self.error(message, self.place(key=key), hint)

    def must_be(self, allowed: str | Collection[str], name: str | None = None) -> RagortuneError:
        """Return the error for an invalid value; with a collection of valid names it hints at the nearest."""
        return self.error.expected(f"'{name or self.key}'", allowed, self.value, self.place())

    def unknown(self, what: str, known: Collection[str], name: str | None = None) -> RagortuneError:
        """Return the error for an undefined key, with the nearest that is defined."""
        return self.error.unknown(what, name or self.key, known, self.place(key=True))

    def one_of(self, allowed: Collection[str], name: str | None = None) -> str:
        """Return the value; raises an error if it is not one of these words."""
        if isinstance(self.value, str) and self.value in allowed:
            return str(self.value)
        raise self.must_be(allowed, name)

    def allow_keys(self, known: Collection[str], name: str) -> None:
        """Raise an error if the mapping has a key other than these."""
        for child in self:
            if child.path[-1] not in known:
                message = f"'{name}' has no {quote_value(child.path[-1])}; it holds {join_words(known)}"
                raise child.fail(message, suggest_name(child.path[-1], known), key=True)

    def limit(self, number: float, low: float, high: float, asked: Criterion | QuantityKind) -> None:
        """Raise an error if a number is ambiguous, out of the limits, or not whole where `asked` requires it."""
        may_be_thousands = isinstance(number, float) and low <= number * 1000 <= high
        if may_be_thousands and self._document and self._document.is_grouped(self.path):
            doubt = ask_back(f"'{asked.id}'", number, number * 1000)
            raise self.fail(doubt.message, doubt.hint)
        if not low <= number <= high:
            limits = f"from {low:,.12g} to {high:,.12g}"
            if number < low and (high == LARGEST_NUMBER or high > 1 > low == 0):
                limits = f"at least {low:,.12g}"
            elif low == -LARGEST_NUMBER:
                limits = f"at most {high:,.12g}"
            raise self.must_be(f"{limits} ({asked.unit})", asked.id)
        if asked.whole and number != int(number):
            raise self.must_be(f"a whole number of {asked.unit}", asked.id)

    def text(self) -> str | None:
        """Return a text or null; raises an error for other values."""
        if isinstance(self.value, (Mapping, list, tuple, bool)):
            raise self.must_be("text")
        return None if self.value is None else str(self.value)


def read_details(entry: Entry) -> tuple[Provenance, str | Evidence | None, str | None]:
    """Return the details of an answer: its origin, its evidence, and the date for which it holds."""
    source = entry["source"]
    provenance = Provenance.STATED if source.value is None else Provenance(source.one_of(tuple(Provenance)))
    date = entry["as_of"].text()
    if date is not None and not is_date(date):
        raise entry["as_of"].must_be("a date, YYYY-MM-DD")
    return provenance, read_evidence(entry["evidence"]), date


def read_evidence(entry: Entry) -> str | Evidence | None:
    """Return the evidence in a value under `evidence`; raises ProfileError with the place of a problem."""
    value = entry.value
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        return str(value)
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise entry.must_be("text or a quote", "evidence")
    entry.allow_keys(("document", "line", "quote"), "evidence")
    quote = _read_words(entry["quote"])
    if quote is None:
        raise entry.fail("'evidence' has no 'quote'")
    line: Any = entry["line"].value
    if line is not None and (not isinstance(line, int) or isinstance(line, bool) or line < 1):
        raise entry["line"].must_be("a whole number from 1 on")
    return Evidence(quote, _read_words(entry["document"]), line, entry["quote"].place())


def _read_words(entry: Entry) -> str | None:
    text = entry.value
    if text is None:
        return None
    if not isinstance(text, str) or not text.strip():
        raise entry.must_be("text")
    if "\0" in text:
        raise entry.fail(f"'{entry.key}' holds a NUL character")
    if len(text) > LONGEST_QUOTE:
        raise entry.fail(f"'{entry.key}' has more than {LONGEST_QUOTE:,} characters")
    return text


def describe_details(answer: Answer) -> dict[str, object]:
    """Return the details of an answer as `read_details` reads them."""
    evidence = describe_evidence(answer.evidence) if answer.evidence else None
    details = {"evidence": evidence, "source": answer.source.value, "as_of": answer.as_of}
    return {key: part for key, part in details.items() if part}


def describe_evidence(evidence: str | Evidence) -> object:
    """Return evidence as plain data that reads back as the same."""
    if isinstance(evidence, str):
        return evidence
    parts = {"document": evidence.document, "line": evidence.line, "quote": evidence.quote}
    return {key: value for key, value in parts.items() if value is not None}
