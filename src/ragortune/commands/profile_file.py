"""The profile that `ask` writes: one writer at a time, and no edit by a person is lost."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from filelock import FileLock, Timeout

from ragortune.commands.shared import read_profile
from ragortune.evidence.entries import UNKNOWN
from ragortune.evidence.profile import find_declined
from ragortune.evidence.profile_files import write_profile
from ragortune.evidence.round_trip import write_answers
from ragortune.interview import Interview
from ragortune.model import Profile, Provenance, Rulebook
from ragortune.ruleset.load import cache_folder
from ragortune.support.environment import Environment
from ragortune.support.errors import ChangedError, Place, RagortuneError, UnreadableError, UsageError
from ragortune.support.reading import PROFILE_BYTES, YAML_ENDINGS, Document, parse_text, read_text
from ragortune.support.text import join_words, quote_value
from ragortune.support.writing import write_file


def refuse_other_formats(name: str) -> None:
    """Raise UsageError if the name of a profile to be saved does not end in .yaml or .yml."""
    if not name.lower().endswith(YAML_ENDINGS):
        message = f"profiles are saved as YAML, not as {quote_value(name)}"
        raise UsageError(message, None, "name a file that ends in .yaml")


def read_start(source: str | None, rulebook: Rulebook, environment: Environment) -> tuple[Interview, str]:
    """Return the interview that starts from a profile, and its YAML, or a template; raises RagortuneError."""
    if source is None:
        return Interview(rulebook, Profile({})), write_profile(rulebook.criteria.values())
    text = read_text(Path(environment.folder, source), PROFILE_BYTES, source)
    interview = open_interview(parse_text(text, source), rulebook)
    open_criteria = (name for name in rulebook.criteria if name not in interview.profile.known)
    one_a_group = {name.partition(".")[0]: name for name in open_criteria}
    try:
        write_answers(text, dict.fromkeys(one_a_group.values(), UNKNOWN))
    except UnreadableError as error:  # before anything is asked, so that no answer is lost
        raise UnreadableError(error.message, Place(source), error.hint) from None
    return interview, text


def open_interview(document: Document, rulebook: Rulebook) -> Interview:
    """Return the interview that starts from a profile; raises RagortuneError."""
    declined = find_declined(rulebook.criteria.values(), document.data)
    return Interview(rulebook, read_profile(document, rulebook), declined)


class ProfileFile:
    """The profile file of one run.

    Each save merges the answers since the last save into the present content of the file, so that edits made meanwhile
    stay.
    """

    def __init__(self, path: str, start: Interview, text: str, environment: Environment) -> None:
        """Take the path to show, and the interview and the text at the start of the run."""
        self.path = path
        self._environment = environment
        self._place = Path(environment.folder, path)
        self._template = text
        self._last = self._read() or text
        """Content of the file when it was last read or written, or what it begins with."""
        self._first = self._saved = _list_answers(start)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other runs from writing the same file; raises UsageError if one is using it."""
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
            pass  # no lock is possible, as in a read-only container
        try:
            yield
        finally:
            lock.release()

    def save(self, interview: Interview) -> None:
        """Write the answers; raises UsageError, leaving the file as it was, if they would not read back."""
        while True:
            with contextlib.suppress(ChangedError):
                return self._merge(interview)

    def _merge(self, interview: Interview) -> None:
        """Merge the answers into the file; raises ChangedError if it is written meanwhile."""
        text_before, present = self._read(), self._saved
        base = self._template if text_before is None else text_before
        if is_other := base != self._last:
            meanwhile = self._check(base, interview, "was changed meanwhile and can no longer be read")
            present = _list_answers(meanwhile)
        changes = self._find_changes(interview, present)
        replaced = [
            name
            for name, new in changes.items()
            if present.get(name, new) not in (new, self._saved.get(name))
        ]
        text = write_answers(base, changes)
        if text != text_before:
            self._check(text, interview, "cannot take this answer")
            write_file(self.path, text, self._environment, text_before)
        if is_other:
            kept = "the changes are kept"
            if replaced:
                kept = f"your answer replaces that of {join_words(replaced)}, any other change is kept"
            self._environment.note(f"{self.path} was changed meanwhile; {kept}")
        self._last, self._saved = text, _list_answers(interview)

    def _read(self) -> str | None:
        if not os.path.exists(self._place):
            return None
        try:
            return read_text(self._place, PROFILE_BYTES, self.path)
        except RagortuneError as error:
            raise UsageError(f"cannot continue with {quote_value(self.path)}: {error.message}") from error

    def _find_changes(self, interview: Interview, present: Mapping[str, object]) -> dict[str, object]:
        """Return the changes by criterion since the last save: answers given, taken back or declined.

        Answers that this run saved and that are no longer `present`, because an editor saved an older text, are written
        again.
        """
        answers = _list_answers(interview)
        return {
            name: answers.get(name)
            for name in interview.rulebook.criteria
            if answers.get(name) != self._saved.get(name)
            or (name not in present and answers.get(name) != self._first.get(name))
        }

    def _check(self, text: str, interview: Interview, failure: str) -> Interview:
        """Return the interview that starts from a text; raises UsageError if it is not a readable profile."""
        try:
            return open_interview(parse_text(text, self.path), interview.rulebook)
        except RagortuneError as error:
            raise UsageError(f"{quote_value(self.path)} {failure}: {error}") from error


def _list_answers(interview: Interview) -> dict[str, object]:
    """Return the values given or declined by criterion, without those derived from quantities."""
    known = interview.profile.known.items()
    given = {name: answer.value for name, answer in known if answer.source is not Provenance.DERIVED}
    return {**given, **dict.fromkeys(interview.declined, UNKNOWN)}
