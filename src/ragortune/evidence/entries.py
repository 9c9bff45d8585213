"""Values of a profile with the place of each, and what can be beside any of them: evidence, source, date."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from ragortune.model import Answer, Criterion, Evidence, Provenance, QuantityKind
from ragortune.model.prices import is_date
from ragortune.support.errors import Place, ProfileError, RagortuneError
from ragortune.support.reading import Document, KeyPath
from ragortune.support.text import join_words, quote_value, suggest_name

LONGEST_QUOTE = 2_000
"""Characters; what is longer is a page and no quote."""
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
    """A value with the path to it. What is wrong with it becomes an error that names it, its place, and the remedy."""

    error: ClassVar[type[RagortuneError]] = ProfileError
    """What is raised about a value."""

    def __init__(self, value: object, path: KeyPath = (), document: Document | None = None) -> None:
        """Take the value; without a document there are no places."""
        self.value = value
        self.path = path
        self._document = document

    def __getitem__(self, key: str | int) -> Entry:
        """Return what is under a key, None where nothing does."""
        own: Any = self.value
        found = own.get(key) if isinstance(own, Mapping) else own[key]
        return type(self)(found, (*self.path, key), self._document)

    def __iter__(self) -> Iterator[Entry]:
        """Yield what a mapping or a list holds."""
        own = self.value
        keys = own if isinstance(own, Mapping) else range(len(own) if isinstance(own, Sequence) else 0)
        return (self[key] for key in keys)

    @property
    def key(self) -> str:
        """The last part of the path."""
        return str(self.path[-1])

    def place(self, *, key: bool = False) -> Place | None:
        """Return the place of the value, or of its key."""
        return self._document.place_of(self.path, key=key) if self._document else None

    @property
    def is_grouped(self) -> bool:
        """Whether the value is a number such as 2.000, which can be two."""
        return self._document is not None and self._document.is_grouped(self.path)

    def fail(self, message: str, hint: str | None = None, *, key: bool = False) -> RagortuneError:
        """Return an error at the value, or at its key."""
        return self.error(message, self.place(key=key), hint)

    def must_be(self, allowed: str | Collection[str], name: str | None = None) -> RagortuneError:
        """Return the error that this value has to be something else; names allow for a hint at the nearest."""
        return self.error.expected(f"'{name or self.key}'", allowed, self.value, self.place())

    def unknown(self, what: str, known: Collection[str], name: str | None = None) -> RagortuneError:
        """Return the error that the key of this value is not defined, with the nearest that is."""
        return self.error.unknown(what, name or self.key, known, self.place(key=True))

    def one_of(self, allowed: Collection[str], name: str | None = None) -> str:
        """Return the value, which must be one of these words."""
        if isinstance(self.value, str) and self.value in allowed:
            return str(self.value)
        raise self.must_be(allowed, name)

    def allow_keys(self, known: Collection[str], name: str) -> None:
        """Raise an error where the mapping of this name has a key that it must not have."""
        for own in self:
            if own.path[-1] not in known:
                holds = f"it holds {join_words(known)}"
                message = f"'{name}' has no {quote_value(own.path[-1])}; {holds}"
                raise own.fail(message, suggest_name(own.path[-1], known), key=True)

    def limit(self, number: float, low: float, high: float, asked: Criterion | QuantityKind) -> None:
        """Raise an error where a number is beyond the limits of what asks for it, or not whole where it must be."""
        if not low <= number <= high:
            limits = "at least 0" if number < low == 0 and high > 1 else f"from {low:,.12g} to {high:,.12g}"
            raise self.must_be(f"{limits} ({asked.unit})", asked.id)
        if asked.whole and number != int(number):
            raise self.must_be(f"a whole number of {asked.unit}", asked.id)

    def text(self) -> str | None:
        """Return a value that must be text, if anything."""
        if isinstance(self.value, (Mapping, list, tuple, bool)):
            raise self.must_be("text")
        return None if self.value is None else str(self.value)


def read_details(entry: Entry) -> tuple[Provenance, str | Evidence | None, str | None]:
    """Return what is beside a value: where it comes from, what supports it, the date for which it holds."""
    source = entry["source"]
    provenance = Provenance.STATED if source.value is None else Provenance(source.one_of(tuple(Provenance)))
    date = entry["as_of"].text()
    if date is not None and not is_date(date):
        raise entry["as_of"].must_be("a date, YYYY-MM-DD")
    return provenance, read_evidence(entry["evidence"]), date


def read_evidence(entry: Entry) -> str | Evidence | None:
    """Return what a value under `evidence` says; raises ProfileError with the place of what is wrong."""
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
    """Return what is beside a value as `read_details` reads it."""
    evidence = describe_evidence(answer.evidence) if answer.evidence else None
    details = {"evidence": evidence, "source": answer.source.value, "as_of": answer.as_of}
    return {key: part for key, part in details.items() if part}


def describe_evidence(evidence: str | Evidence) -> object:
    """Return what supports an answer as plain data that reads back as the same."""
    if isinstance(evidence, str):
        return evidence
    parts = {"document": evidence.document, "line": evidence.line, "quote": evidence.quote}
    return {key: value for key, value in parts.items() if value is not None}
