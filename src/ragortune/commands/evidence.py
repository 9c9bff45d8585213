"""Documents that evidence names: found beside the file that names them, inside its repository, each read once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

import msgspec

from ragortune.check.evidence import Quoted, QuoteSources, list_outside_quotes, list_quotes
from ragortune.commands.configuration import find_repository
from ragortune.commands.documents import Limits, read_design_text
from ragortune.evidence.quotes import QuoteFinder
from ragortune.model import Evidence, Profile
from ragortune.model.documents import DesignReading
from ragortune.support.environment import Environment
from ragortune.support.errors import Place, ProfileError, RagortuneError, UnreadableError
from ragortune.support.text import quote_value


class QuotedFiles:
    """The documents that quotes are looked up in during one run of `check`."""

    def __init__(
        self,
        outside: Profile | None,
        paths: Sequence[str],
        limits: Limits,
        environment: Environment,
        *,
        opens: bool = True,
    ) -> None:
        """Take the profile file and the design documents; raises RagortuneError where a quoted document cannot be read.

        `opens` says whether documents that design documents name may be opened; those of the profile file always are.
        """
        self._opens = opens
        self._limits = limits
        self._environment = environment
        self._finders: dict[str, QuoteFinder] = {}
        self._first = next(iter(paths), None)
        self._checked = {self._real_path(path) for path in paths}
        quotes = [self._show_place(quoted) for quoted in (list_outside_quotes(outside) if outside else ())]
        self._outside = [(quoted, self._locate(quoted.evidence, None)) for quoted in quotes]
        self._outside_finders = {
            quoted.evidence: self._open(target, quoted.evidence) for quoted, target in self._outside
        }

    def sources_for(self, path: str, reading: DesignReading) -> QuoteSources:
        """Return the quotes from outside that are reported with a document, and the documents that quotes name."""
        own = self._real_path(path)
        reported = tuple(self._reported_with(own, first=path == self._first))
        named = [quoted.evidence for quoted in list_quotes(reading) if quoted.evidence.document is not None]
        finders = dict(self._outside_finders)
        if not self._opens:
            others = frozenset(evidence for evidence in named if evidence.document != reading.path)
            return QuoteSources(reported, finders, others)
        for evidence in named:
            target = self._locate(evidence, path)
            if target != own:
                finders[evidence] = self._open(target, evidence)
        return QuoteSources(reported, finders)

    def _reported_with(self, own: str, *, first: bool) -> Iterable[Quoted]:
        for quoted, target in self._outside:
            if target == own or (first and target not in self._checked):
                yield quoted

    def _show_place(self, quoted: Quoted) -> Quoted:
        """Return a quote whose place is named as a user of this folder would."""
        evidence = quoted.evidence
        if evidence.place is None or evidence.place.path is None:
            return quoted
        shown = os.path.relpath(evidence.place.path, self._environment.folder).replace(os.sep, "/")
        return msgspec.structs.replace(
            quoted, evidence=evidence.replace(place=evidence.place.replace(path=shown))
        )

    def _real_path(self, path: str) -> str:
        return path if path == "-" else os.path.realpath(os.path.join(self._environment.folder, path))

    def _locate(self, evidence: Evidence, path: str | None) -> str:
        """Return the real path of the document that evidence names; `path` is the design document that holds it."""
        place = evidence.place or Place(path)
        document = evidence.document
        if document is None:
            raise ProfileError("'evidence' names no document, so that its quote cannot be looked up", place)
        holder = path if path not in (None, "-") else place.path if path is None else None
        folder = os.path.dirname(os.path.join(self._environment.folder, holder or "document"))
        root = os.path.realpath(find_repository(folder))
        for base in (folder, root):
            target = os.path.realpath(os.path.join(base, document))
            if not is_inside(target, root):
                message = f"the quoted document {quote_value(document)} lies outside {quote_value(root)}"
                raise UnreadableError(message, place)
            if os.path.isfile(target):
                return target
        return target

    def _open(self, target: str, evidence: Evidence) -> QuoteFinder:
        if target not in self._finders:
            if os.path.exists(target) and not os.path.isfile(target):
                message = f"the quoted document {quote_value(evidence.document)} is not a file"
                raise UnreadableError(message, evidence.place)
            shown = evidence.document or target
            try:
                text = read_design_text(target, shown, self._limits, self._environment)
            except RagortuneError as error:
                message = f"the quoted document {quote_value(shown)} cannot be used: {error.message}"
                raise UnreadableError(message, evidence.place, error.hint) from None
            lines = text.removesuffix("\n").split("\n")
            self._finders[target] = QuoteFinder([line.removesuffix("\r") for line in lines])
        return self._finders[target]


def is_inside(path: str, folder: str) -> bool:
    """Return whether a real path lies in a folder."""
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)
