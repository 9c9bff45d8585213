"""The file that `ask` keeps its answers in: one writer at a time, and nothing that a person wrote is lost."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from filelock import FileLock, Timeout

from ragortune.evidence.profile import UNKNOWN, Vocabulary, find_declined
from ragortune.evidence.profile_files import write_profile
from ragortune.evidence.round_trip import open_answers, write_answers
from ragortune.interview import Interview
from ragortune.model import Profile, Provenance, Rulebook
from ragortune.ruleset.load import cache_folder
from ragortune.support.environment import Environment
from ragortune.support.errors import ChangedError, RagortuneError, UsageError
from ragortune.support.reading import PROFILE_BYTES, YAML_ENDINGS, Document, parse_text, read_text
from ragortune.support.text import quote_value
from ragortune.support.writing import rewrite_file


def refuse_other_formats(name: str) -> None:
    """Raise UsageError where the file that a profile is to be saved in is not called YAML."""
    if not name.lower().endswith(YAML_ENDINGS):
        message = f"profiles are saved as YAML, not as {quote_value(name)}"
        raise UsageError(message, None, "name a file that ends in .yaml")


def read_start(source: str | None, rulebook: Rulebook, environment: Environment) -> tuple[Interview, str]:
    """Return the interview that a profile begins, and its YAML, a template where there is none; raises RagortuneError."""
    if source is None:
        return Interview(rulebook, Profile({})), write_profile(rulebook.criteria.values())
    text = read_text(Path(environment.folder, source), PROFILE_BYTES, source)
    interview = open_interview(parse_text(text, source), rulebook)
    open_answers(text)  # raises before anything is asked
    return interview, text


def open_interview(document: Document, rulebook: Rulebook) -> Interview:
    """Return the interview that a profile begins; raises RagortuneError."""
    profile = Vocabulary(rulebook.criteria, rulebook.quantities).read_profile(document.data, document)
    return Interview(rulebook, profile, find_declined(rulebook.criteria.values(), document.data))


class ProfileFile:
    """The profile that the answers of one run are saved in.

    Each save writes only what the run has answered since the last one, into what the file holds by then. So an edit that
    is made meanwhile stays, and a later answer to the same question replaces it.
    """

    def __init__(self, path: str, start: Interview, text: str, environment: Environment) -> None:
        """Take the name of the file as it is shown, and the answers and the text with which the run begins."""
        self.path = path
        self._environment = environment
        self._place = Path(environment.folder, path)
        self._template = text
        self._held = self._read()
        """Text that the file holds as far as this run knows; None while there is no file."""
        self._first = self._saved = _list_answers(start)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other runs from writing the same file; raises UsageError where one is using it."""
        name = hashlib.sha256(os.fsencode(os.path.realpath(self._place))).hexdigest()[:32]
        folder = cache_folder() / "locks"
        lock = FileLock(folder / name)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=0)
        except Timeout:
            message = f"another `ask` is using {quote_value(self.path)}"
            raise UsageError(message, None, "end it first, or name another file with -o") from None
        except OSError:
            pass  # no lock can be kept on this machine, as in a read-only container
        try:
            yield
        finally:
            lock.release()

    def save(self, interview: Interview) -> None:
        """Write the answers; raises UsageError, with the file as it was, where they could not be read back."""
        while True:
            with contextlib.suppress(ChangedError):
                return self._merge(interview)

    def _merge(self, interview: Interview) -> None:
        """Write the answers into what the file holds; raises ChangedError where that changes at this very moment."""
        held, present = self._read(), self._saved
        removed = held is None and self._held is not None
        if removed:
            present = {}
        elif held is not None and held != self._held:
            meanwhile = self._check(held, interview, "was changed meanwhile and can no longer be read")
            present = _list_answers(meanwhile)
        text = write_answers(self._template if held is None else held, self._find_changes(interview, present))
        if text != held:
            self._check(text, interview, "cannot take this answer")
            rewrite_file(self.path, held, text, self._environment)
        if removed:
            self._environment.note(f"{self.path} was removed meanwhile and is written again")
        elif held != self._held:
            self._environment.note(f"{self.path} was changed meanwhile; what else it holds now is kept")
        self._held, self._saved = text, _list_answers(interview)

    def _read(self) -> str | None:
        if not os.path.exists(self._place):
            return None
        try:
            return read_text(self._place, PROFILE_BYTES, self.path)
        except RagortuneError as error:
            raise UsageError(f"cannot go on with {quote_value(self.path)}: {error.message}") from error

    def _find_changes(self, interview: Interview, present: Mapping[str, object]) -> dict[str, object]:
        """Return what is to be written, by criterion: what was answered, taken back or declined since the last save.

        What this run saved before and is not `present` any more is written again: an editor that had been open since
        then has saved over it.
        """
        answers, known = _list_answers(interview), interview.profile.known
        values = {name: own.value for name, own in known.items()} | dict.fromkeys(interview.declined, UNKNOWN)
        return {
            name: values.get(name)
            for name in interview.rulebook.criteria
            if (answer := answers.get(name)) != self._saved.get(name)
            or (name not in present and answer != self._first.get(name))
        }

    def _check(self, text: str, interview: Interview, failure: str) -> Interview:
        """Return the interview that a text begins; raises UsageError where it is not a profile that can be read."""
        try:
            return open_interview(parse_text(text, self.path), interview.rulebook)
        except RagortuneError as error:
            raise UsageError(f"{quote_value(self.path)} {failure}: {error}") from error


def _list_answers(held: Interview) -> dict[str, object]:
    """Return by criterion what a person answered or declined, but nothing that is derived from quantities."""
    known = held.profile.known.items()
    own = {name: answer for name, answer in known if answer.source is not Provenance.DERIVED}
    return {**own, **dict.fromkeys(held.declined, UNKNOWN)}
