"""Plain arguments of the commands that are run most, read by hand: the command-line library takes ten starts to import.

What is unusual in any way is left to that library, which knows every option, explains them and complains.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ragortune.errors import ExitCode
from ragortune.host import Environment
from ragortune.record import NOTHING, Record


class Shape(Record, frozen=True):
    """The options of a command, by the field of its request that each one fills."""

    values: Mapping[str, str]
    """Options with a value; of several the last one holds."""
    switches: Mapping[str, tuple[str, bool]]
    """Options without a value, and what they set."""
    lists: Mapping[str, str] = NOTHING
    """Options with a value that may be given several times."""


RECOMMEND = Shape(
    {
        "--format": "format",
        "-f": "format",
        "--rules": "rules",
        "--color": "color",
        "--stdin-name": "stdin_name",
        "--why-not": "why_not",
        "--as-of": "as_of",
    },
    {
        "--brief": ("brief", True),
        "--trace": ("trace", True),
        "--what-if": ("what_if", True),
        "--no-what-if": ("what_if", False),
        "--any-answer": ("any_answer", True),
    },
)
CHECK = Shape(
    {
        "--rules": "rules",
        "--color": "color",
        "--stdin-name": "stdin_name",
        "--since": "since",
        "--profile": "profile",
        "--fail-on": "fail_on",
        "--min-confidence": "min_confidence",
        "--baseline": "baseline",
        "--write-baseline": "write_baseline",
        "--max-document": "max_document",
        "--max-line": "max_line",
    },
    {
        "--exit-zero": ("exit_zero", True),
        "--require-decision": ("require_decision", True),
        "--no-suppressions": ("no_suppressions", True),
    },
    {"--format": "formats", "-f": "formats", "--select": "select", "--ignore": "ignore"},
)


def find_shortcut(given: list[str]) -> Callable[[Environment], ExitCode] | None:
    """Return what plain arguments ask for, ready to be run; None where the command-line library has to look."""
    if given[:1] == ["recommend"]:
        fields = read_plain(given[1:], RECOMMEND)
        if fields is not None:
            from ragortune.commands.recommend import RecommendRequest, recommend_profiles

            request = RecommendRequest(**fields)
            return lambda environment: recommend_profiles(request, environment)
    if given[:1] == ["check"]:
        fields = read_plain(given[1:], CHECK)
        if fields is not None:
            from ragortune.commands.check import CheckRequest, check_documents

            wanted = CheckRequest(**fields)
            return lambda environment: check_documents(wanted, environment)
    return None


def read_plain(arguments: list[str], shape: Shape) -> dict[str, Any] | None:
    """Return the fields of a request, or None where an argument is not plain."""
    fields: dict[str, Any] = {}
    paths: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        name, equals, value = argument.partition("=")
        field = shape.values.get(name) or shape.lists.get(name)
        if argument in shape.switches:
            switched, wanted = shape.switches[argument]
            fields[switched] = wanted
        elif field is not None:
            if not equals:
                value = next(rest, "")
            if not value or value.startswith("-") or (equals and not name.startswith("--")):
                return None
            fields[field] = (*fields.get(field, ()), value) if name in shape.lists else value
        elif argument == "-" or not argument.startswith("-"):
            paths.append(argument)
        else:
            return None
    return {"paths": tuple(paths), **fields}
