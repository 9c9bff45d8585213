"""The documents that evidence quotes: found relative to the quoting file, inside its repository, each read once.

Findings show passages of them, so no other files are read: a checkout may hold keys and passwords of a CI job.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from ragortune.check.evidence import QuoteSources, list_outside_quotes, list_quotes
from ragortune.commands.documents import ENDINGS, STDIN, read_design_text
from ragortune.evidence.documents.blocks import BLOCK
from ragortune.evidence.documents.reader import read_design
from ragortune.evidence.documents.sentences import read_lines
from ragortune.evidence.quotes import QuoteFinder
from ragortune.model import Evidence, Profile, Rulebook
from ragortune.model.documents import DesignReading
from ragortune.support.environment import Environment
from ragortune.support.errors import Place, ProfileError, RagortuneError, UnreadableError
from ragortune.support.reading import find_repository, lies_inside, real_path
from ragortune.support.text import join_words, quote_value

_MAX_CHARACTERS = 20_000_000


class QuotedFiles:
    """The documents in which one run of `check` looks up quotes."""

    def __init__(
        self, outside: Profile | None, paths: Sequence[str], environment: Environment, *, opens: bool = True
    ) -> None:
        """Take the profile file and the design documents; raises RagortuneError if a quoted document cannot be read.

        `opens`: whether to open documents that design documents quote; those that the profile quotes always are.
        """
        self._opens = opens
        self._environment = environment
        self._finders: dict[Path, QuoteFinder] = {}
        self._characters = 0
        self._searched: set[tuple[str, Evidence]] = set()
        self._checked = [self._real_path(path) for path in paths]
        quotes = list_outside_quotes(outside) if outside else ()
        self._outside = [(quoted, self._locate(quoted.evidence, None)) for quoted in quotes]
        self._outside_finders = {
            quoted.evidence: self._open(target, quoted.evidence) for quoted, target in self._outside
        }

    @property
    def opened(self) -> list[str]:
        """Real paths of the documents opened so far."""
        return list(map(str, self._finders))

    def sources_for(self, path: str, reading: DesignReading) -> QuoteSources:
        """Return the quotes of the profile to report with a document, and the documents that its quotes name."""
        document = self._real_path(path)
        finders: dict[Evidence, QuoteFinder | None] = dict(self._outside_finders)
        for evidence in (quoted.evidence for quoted in list_quotes(reading)):
            if evidence.document is None or evidence.document == reading.path:
                continue
            target = self._locate(evidence, path) if self._opens else None
            if target != document:
                finders[evidence] = self._open(target, evidence) if target else None
        first = document == self._checked[0]  # also reports quotes of documents that are not checked
        reported = (
            quoted
            for quoted, target in self._outside
            if target == document or (first and target not in self._checked)
        )
        return QuoteSources(tuple(reported), finders, self._searched)

    def _real_path(self, path: str) -> Path:
        return Path(path) if path == STDIN else real_path(self._environment.folder, path)

    def _locate(self, evidence: Evidence, path: str | None) -> Path:
        """Return the real path of the quoted document; `path` is the design document with the quote, if it is in one."""
        place = evidence.place or Place(path)
        if evidence.document is None:
            raise ProfileError("'evidence' names no document, so that its quote cannot be looked up", place)
        holder = place.path if path is None else path if path != STDIN else None
        found, root = _find_quoted(evidence.document, Path(self._environment.folder, holder or "document"))
        target, shown = real_path(found), f"the quoted document {quote_value(evidence.document)}"
        if not lies_inside(target, root):
            raise UnreadableError(f"{shown} lies outside {quote_value(str(root))}", place)
        if not target.name.lower().endswith(ENDINGS) and target not in self._checked:
            message = f"{shown} is not a {join_words(ENDINGS, 'or')} file"
            raise UnreadableError(message, place, "name it on the command line, or give evidence as text")
        return target

    def _open(self, target: Path, evidence: Evidence) -> QuoteFinder:
        if target not in self._finders:
            shown = evidence.document or str(target)
            try:
                text = read_design_text(str(target), shown, self._environment)
            except RagortuneError as error:
                message = f"the quoted document {quote_value(shown)} cannot be used: {error.message}"
                raise UnreadableError(message, evidence.place, error.hint) from None
            self._characters += len(text)
            if self._characters > _MAX_CHARACTERS:
                message = f"the quoted documents have more than {_MAX_CHARACTERS:,} characters together"
                raise UnreadableError(message, evidence.place, "quote passages of fewer or smaller ones")
            self._finders[target] = QuoteFinder(read_lines(text, str(target)))
        return self._finders[target]


def _find_quoted(document: str, holder: Path) -> tuple[Path, Path]:
    """Return the path of a document that a file quotes, beside it or from the root of its repository, and this root."""
    root = real_path(find_repository(holder.parent))
    beside, above = holder.parent / document, root / document
    return above if os.path.isfile(above) and not os.path.isfile(beside) else beside, root


def quotes_any(
    path: str, accepts: Callable[[Path], bool], rulebook: Rulebook, environment: Environment
) -> bool:
    """Return whether a design document quotes another one that is accepted; False where it cannot be read."""
    try:
        text = read_design_text(path, path, environment)
        # Rules out most documents in a fraction of the time that reading takes.
        if BLOCK not in text.casefold() or "document" not in text:
            return False
        reading = read_design(text, path, rulebook, prose=False)
    except RagortuneError:
        return False
    named = {quoted.evidence.document for quoted in list_quotes(reading)} - {None, path}
    holder = Path(environment.folder, path)
    return any(accepts(_find_quoted(document, holder)[0]) for document in named if document)
