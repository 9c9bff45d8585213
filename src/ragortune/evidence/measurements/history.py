"""What the documents of a folder were at earlier dates, from git."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from ragortune.evidence.measurements.corpus import TEXT_BYTES, extract_text, kind_of
from ragortune.support.errors import UsageError
from ragortune.support.git import Repository

DAY = 86_400
"""Seconds."""
_TEXTUAL = frozenset(("markdown", "rst", "asciidoc", "html", "text"))
_STRAY = 14 * DAY
_SHALLOW = "fetch the history: `git fetch --unshallow`, in CI `fetch-depth: 0` of actions/checkout"
_PARTIAL = "a partial clone lacks earlier texts: clone without `--filter`"
_RELEASES = frozenset(("changelog", "changes", "history", "news", "release-notes", "releases", "whatsnew"))
"""Names of files that tell what was changed, without their ending."""
_DERIVED_FOLDERS = "_build changelog generated i18n l10n locale locales release-notes releases translations"
_DERIVED = frozenset(_DERIVED_FOLDERS.split())
_CODE = "[a-z]{2}(?:[-_][a-z]{2,4})?"
_MOST_PATHS = 100_000
"""So many are remembered, because most stand in every state."""
_TRANSLATED = re.compile(rf"(?<![^/]){_CODE}(?=/)|\.{_CODE}(?=[/.])")
"""`de/` or `pt-br/` beside `en/`, and `.de` behind the name of a folder or file."""


class Blob(NamedTuple):
    """The content of a document at some date."""

    name: str
    """Its hash, equal for equal content."""
    size: int
    """Bytes."""


Documents = Mapping[str, Blob]
"""By path."""


class Snapshot(NamedTuple):
    """The documents of a repository at some date: no release notes, nothing generated, no translations."""

    time: int
    """Of its commit, in seconds since 1970."""
    inside: Documents
    """Those of the folder."""
    outside: Documents


class History:
    """The history of the documents in a folder, up to a day."""

    def __init__(self, folder: Path, as_of: str) -> None:
        """Find the last commit up to the end of a day.

        Args:
            folder: where the documents are.
            as_of: YYYY-MM-DD.

        Raises:
            UsageError: there is no history, or not all of it is here.

        """
        self._repository = Repository(folder, "--docs")
        if self._ask("rev-parse", "--is-shallow-repository").strip() == "true":
            raise UsageError("--docs: this is a shallow clone, without its history", None, _SHALLOW)
        self._prefix = self._ask("rev-parse", "--show-prefix").strip("\n")
        end_of_day = int(datetime.fromisoformat(as_of).replace(tzinfo=UTC).timestamp()) + DAY - 1
        newest = self._find_snapshot(end_of_day)
        if newest is None:
            raise UsageError(f"--docs: git has no commit up to {as_of}")
        self.newest = newest
        """The documents as of the last commit."""
        self.date = datetime.fromtimestamp(newest.time, UTC).date().isoformat()
        """Day of the last commit, YYYY-MM-DD."""
        self.idle_days = (end_of_day - newest.time) // DAY
        """Days since the last commit."""

    def go_back(self, days: int) -> Snapshot | None:
        """Return the documents so many days before the last commit; None where the history is younger."""
        return self._find_snapshot(self.newest.time - days * DAY)

    def list_changes(self, days: int) -> list[tuple[int, frozenset[str]]]:
        """Return the commits of so many days up to the last one: day since 1970, and paths touched in the folder."""
        limits = (f"--max-age={self.newest.time - days * DAY}", f"--min-age={self.newest.time}")
        options = ("--format=%x01%ct", "--name-only", "--no-renames", "--no-ext-diff", "--no-textconv", "-z")
        changes = []
        for commit in self._ask("log", *options, *limits, "HEAD", "--", ".").split("\x01")[1:]:
            time, *names = commit.split("\0")
            changes.append((int(time) // DAY, frozenset(name.lstrip("\n") for name in names)))
        return changes

    def read(self, documents: Documents) -> Iterator[tuple[str, str]]:
        """Yield path and text of documents, "" for what git has lost; raises UsageError where it would have to be fetched."""
        texts = self._repository.read_objects([blob.name for blob in documents.values()])
        for path, data in zip(documents, texts, strict=True):
            yield path, extract_text(data or b"", kind_of(path) or "text")

    def _ask(self, *arguments: str) -> str:
        return self._repository.ask(*arguments, failure="git cannot tell the history", hint=_PARTIAL)

    def _find_snapshot(self, time: int) -> Snapshot | None:
        """Return the documents of the commit that was the newest of the main line at a time; None where there is none.

        The first parents are the main line, unless somebody merged the main branch into an own one and pushed that (a
        foxtrot merge): then they may have left it long before. The newest commit of any line is the guard.
        """
        main, newest = (
            self._ask("rev-list", "-1", "--timestamp", *line, f"--min-age={time}", "HEAD").split()
            for line in (("--first-parent",), ())
        )
        if not newest:
            return None
        stray = not main or int(newest[0]) - int(main[0]) > _STRAY
        begun, commit = newest if stray else main
        listed = self._ask("ls-tree", "-r", "-l", "-z", "--full-tree", commit)
        found = dict(filter(None, map(_read_entry, listed.split("\0"))))
        known = {path.lower() for path in found}
        kept = {path: blob for path, blob in found.items() if known.isdisjoint(_list_originals(path))}
        inside = {path: blob for path, blob in kept.items() if path.startswith(self._prefix)}
        return Snapshot(int(begun), inside, {path: kept[path] for path in kept.keys() - inside.keys()})


def _read_entry(entry: str) -> tuple[str, Blob] | None:
    """Return path and content of a line of `git ls-tree -l`; None where it is no document, or has no text."""
    facts, _, path = entry.partition("\t")
    if not _is_source(path):
        return None
    mode, _, name, size = facts.split()
    usable = mode.startswith("100") and size.isdigit() and 0 < int(size) <= TEXT_BYTES
    return (path, Blob(name, int(size))) if usable else None


@lru_cache(_MOST_PATHS)
def _is_source(path: str) -> bool:
    """Return whether a file is a document by its path, and neither release notes nor generated."""
    *folders, name = path.lower().split("/")
    derived = name.partition(".")[0] in _RELEASES or not _DERIVED.isdisjoint(folders)
    return not derived and kind_of(path) in _TEXTUAL


@lru_cache(_MOST_PATHS)
def _list_originals(path: str) -> frozenset[str]:
    """Return the paths, in lower case, of which a document is a translation if one of them is there."""
    lower = path.lower()
    originals = (
        lower[: found.start()] + ("" if found[0][0] == "." else "en") + lower[found.end() :]
        for found in _TRANSLATED.finditer(lower)
    )
    return frozenset(originals) - {lower}
