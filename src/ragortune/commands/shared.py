"""Shared by the commands: opening the rule set, reading a profile or a date, showing an error."""

from __future__ import annotations

from pathlib import Path

from ragortune.commands.configuration import find_configuration
from ragortune.evidence.profile import Vocabulary
from ragortune.model import Profile, Rulebook
from ragortune.model.prices import is_date
from ragortune.ruleset.load import load_rulebook
from ragortune.support.environment import Environment
from ragortune.support.errors import RagortuneError, UsageError
from ragortune.support.reading import Document
from ragortune.support.rulefolder import shipped_folder

_MAX_PROBLEMS = 20


def rules_folder(rules: str | None, environment: Environment) -> Path:
    """Return the folder of the rule set to use: the one named, the configured one, or the shipped one."""
    if rules is not None:
        return Path(environment.folder, rules)
    return find_configuration(environment.folder).rules or shipped_folder()


def open_rulebook(rules: str | None, environment: Environment) -> Rulebook:
    """Load the rule set to use; raises RagortuneError."""
    return load_rulebook(rules_folder(rules, environment))


def read_profile(document: Document, rulebook: Rulebook) -> Profile:
    """Return the profile that a file holds; raises ProfileError."""
    return Vocabulary(rulebook.criteria, rulebook.quantities).read_profile(document.data, document)


def show_path(path: str, stdin_name: str | None = None) -> str:
    """Return the name to show for a path; for stdin (`-`) the assumed name, if any."""
    return (stdin_name or "<stdin>") if path == "-" else path


def choose_date(date: str | None, environment: Environment) -> str:
    """Return the date given, or today, as YYYY-MM-DD; raises UsageError."""
    if date is None:
        return environment.date()
    if not is_date(date):
        raise UsageError.expected("--as-of", "a date, YYYY-MM-DD", date)
    return date


def show_error(error: RagortuneError, environment: Environment) -> None:
    """Write all problems of an error to stderr, at most `_MAX_PROBLEMS`."""
    problems = error.problems
    for problem in problems[:_MAX_PROBLEMS]:
        for line in f"error: {problem}".split("\n"):
            environment.note(line)
    if len(problems) > _MAX_PROBLEMS:
        environment.note(f"error: and {len(problems) - _MAX_PROBLEMS} more")
