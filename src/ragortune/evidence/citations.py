"""What supports an answer, as files hold it: words of the team's own, or a quote with its document and line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ragortune.model import Evidence
from ragortune.support.errors import ProfileError
from ragortune.support.reading import Document, KeyPath
from ragortune.support.text import quote_value, suggest_name

_KEYS = ("document", "line", "quote")
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


def read_evidence(given: object, path: KeyPath, document: Document | None) -> str | Evidence | None:
    """Return what a value under `evidence` says; raises ProfileError with the place of what is wrong."""
    if given is None or isinstance(given, str):
        return given
    if isinstance(given, (int, float)) and not isinstance(given, bool):
        return str(given)
    if not isinstance(given, Mapping):
        raise _fail(f"'evidence' must be text or a quote, not {quote_value(given)}", path, document)
    for key in given:
        if key not in _KEYS:
            message = f"'evidence' has no {quote_value(key)}"
            raise _fail(message, (*path, key), document, suggest_name(key, _KEYS), key=True)
    return Evidence(
        _read_text(given, "quote", path, document) or "",
        _read_text(given, "document", path, document),
        _read_line(given.get("line"), (*path, "line"), document),
        document.place_of((*path, "quote")) if document else None,
    )


def describe_evidence(evidence: str | Evidence) -> object:
    """Return what supports an answer as plain data that reads back as the same."""
    if isinstance(evidence, str):
        return evidence
    parts = {"document": evidence.document, "line": evidence.line, "quote": evidence.quote}
    return {key: value for key, value in parts.items() if value is not None}


def _read_text(given: Mapping[str, object], key: str, path: KeyPath, document: Document | None) -> str | None:
    text = given.get(key)
    if text is None and key != "quote":
        return None
    if text is None:
        raise _fail("'evidence' has no 'quote'", path, document)
    at = (*path, key)
    if not isinstance(text, str) or not text.strip():
        raise _fail(f"'{key}' must be text, not {quote_value(text)}", at, document)
    if "\0" in text:
        raise _fail(f"'{key}' holds a NUL character", at, document)
    if len(text) > LONGEST_QUOTE:
        raise _fail(f"'{key}' has more than {LONGEST_QUOTE:,} characters", at, document)
    return text


def _read_line(line: object, path: KeyPath, document: Document | None) -> int | None:
    if line is None:
        return None
    if not isinstance(line, int) or isinstance(line, bool) or line < 1:
        message = f"'line' must be a whole number from 1 on, not {quote_value(line)}"
        raise _fail(message, path, document)
    return line


def _fail(
    message: str, path: KeyPath, document: Document | None, hint: str | None = None, *, key: bool = False
) -> ProfileError:
    return ProfileError(message, document.place_of(path, key=key) if document else None, hint)
