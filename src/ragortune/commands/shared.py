"""What several commands need: the rule set that holds here, and how an error is shown."""

from __future__ import annotations

from pathlib import Path

from ragortune.commands.configuration import find_configuration
from ragortune.model import Rulebook
from ragortune.model.prices import is_date
from ragortune.ruleset.load import load_rulebook
from ragortune.support.environment import Environment
from ragortune.support.errors import RagortuneError, UsageError
from ragortune.support.rulefolder import shipped_folder

_MOST_PROBLEMS = 20


def rules_folder(rules: str | None, environment: Environment) -> Path:
    """Return the folder of the rule set that holds here: the one named, the configured one, or the shipped one."""
    if rules is not None:
        return Path(environment.folder, rules)
    return find_configuration(environment.folder).rules or shipped_folder()


def open_rulebook(rules: str | None, environment: Environment) -> Rulebook:
    """Return the rule set that holds here; raises RagortuneError."""
    return load_rulebook(rules_folder(rules, environment))


def show_path(path: str, stdin_name: str | None = None) -> str:
    """Return how a file is named in what is written: of stdin, `-`, the name that was given for it."""
    return (stdin_name or "<stdin>") if path == "-" else path


def choose_date(date: str | None, environment: Environment) -> str:
    """Return the day that was asked for, or today; raises UsageError."""
    if date is None:
        return environment.date()
    if not is_date(date):
        raise UsageError.expected("--as-of", "a date, YYYY-MM-DD", date)
    return date


def show_error(error: RagortuneError, environment: Environment) -> None:
    """Write everything that is wrong to stderr."""
    problems = error.problems
    for problem in problems[:_MOST_PROBLEMS]:
        for line in f"error: {problem}".split("\n"):
            environment.note(line)
    if len(problems) > _MOST_PROBLEMS:
        environment.note(f"error: and {len(problems) - _MOST_PROBLEMS} more")
