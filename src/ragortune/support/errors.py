"""Errors, each with its exit code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import IntEnum
from typing import Self, TypeVar

from ragortune.support.record import Record
from ragortune.support.text import clean_text, join_words, quote_value, suggest_name

Item = TypeVar("Item")
_FEW_NAMES = 12
"""Names that are listed in a hint at most."""
MAX_PROBLEMS = 100
"""Problems that are reported for one input at most, because searching for similar names takes time."""


class ExitCode(IntEnum):
    """Exit codes of the command. The output format never changes them."""

    OK = 0
    """Ran; no findings at or above the severity that fails."""
    FINDINGS = 1
    """Ran; findings at or above that severity."""
    UNUSABLE = 2
    """Some input cannot be used: a flag, a configuration, a profile, a rule set, a document."""
    UNDECIDED = 3
    """Nothing could be decided."""
    INTERNAL_ERROR = 70
    """A bug in the program."""
    INTERRUPTED = 130
    """Interrupted by the user."""


class Place(Record, frozen=True):
    """A position in the input."""

    path: str | None = None
    """File name as the user gave it."""
    line: int | None = None
    """Counts from 1."""
    column: int | None = None
    """Counts from 1."""

    def __str__(self) -> str:
        """Return `path:line:column`, without unknown parts."""
        parts = (clean_text(self.path or "input"), self.line, self.column if self.line is not None else None)
        return ":".join(str(part) for part in parts if part is not None)


class RagortuneError(Exception):
    """Base of all errors that are caused by input; the text is safe to print."""

    exit_code = ExitCode.UNUSABLE

    def __init__(
        self,
        message: str,
        place: Place | None = None,
        hint: str | None = None,
        problems: Sequence[RagortuneError] = (),
    ) -> None:
        """Take the message, its place, a hint at the remedy, and all problems if there are several."""
        super().__init__(message)
        self.message = message
        self.place = place
        self.hint = hint
        self._problems = tuple(problems)

    @property
    def problems(self) -> tuple[RagortuneError, ...]:
        """All problems in order, the first of which the error itself describes."""
        return self._problems or (self,)

    @classmethod
    def collect(cls, problems: list[RagortuneError], error: RagortuneError) -> None:
        """Add the problems of an error to a list; raises them as one error once there are `MAX_PROBLEMS`."""
        problems += error.problems
        if len(problems) >= MAX_PROBLEMS:
            cls.raise_all(problems)

    @classmethod
    def for_each(cls, items: Iterable[Item], take: Callable[[Item], object]) -> None:
        """Call a function for every item, even after errors of this class; raises all of them as one error at the end."""
        problems: list[RagortuneError] = []
        for item in items:
            try:
                take(item)
            except cls as error:
                cls.collect(problems, error)
        cls.raise_all(problems)

    @classmethod
    def raise_all(cls, problems: Sequence[RagortuneError]) -> None:
        """Raise problems as one error, if there are any."""
        if problems:
            first = problems[0]
            raise cls(first.message, first.place, first.hint, problems)

    @classmethod
    def expected(
        cls, what: str, allowed: str | Iterable[str], value: object, place: Place | None = None
    ) -> Self:
        """Return the error for an invalid value: `WHAT must be ALLOWED, not GIVEN`.

        `what` is the owner of the value, such as `'source'` with its quotes, or a flag; `allowed` describes valid values,
        or names all of them, the nearest of which is the hint.
        """
        names = () if isinstance(allowed, str) else tuple(allowed)
        wanted = join_words(names, "or") or allowed
        return cls(f"{what} must be {wanted}, not {quote_value(value)}", place, suggest_name(value, names))

    @classmethod
    def unknown(
        cls, what: str, name: object, known: Iterable[str], place: Place | None = None, *, where: str = ""
    ) -> Self:
        """Return the error for an undefined name: `there is no WHAT NAME WHERE`.

        The hint is the nearest name, or all names if there are few and none is near.
        """
        names = tuple(known)
        message = f"there is no {what} {quote_value(name)}{where and ' '}{where}"
        all_names = f"expected {join_words(names, 'or')}" if 0 < len(names) <= _FEW_NAMES else None
        return cls(message, place, suggest_name(name, names) or all_names)

    def __str__(self) -> str:
        """Return the message with its place, and the hint on a line of its own."""
        text = f"{self.place}: {self.message}" if self.place else self.message
        return f"{text}\nhint: {self.hint}" if self.hint else text


class UsageError(RagortuneError):
    """The command line is invalid, or asks for something that is not possible."""

    @classmethod
    def missing(cls, what: str, extra: str, otherwise: str = "", package: str = "rag-or-tune") -> Self:
        """Return the error for a missing extra of a package; `otherwise` names an alternative to installing it."""
        hint = f"pip install '{package}[{extra}]'{otherwise}"
        return cls(f"{what} needs the extra '{extra}', which is not installed", None, hint)


class ChangedError(UsageError):
    """Another process wrote a file between its reading and its writing."""


class UnreadableError(RagortuneError):
    """A file cannot be read, or has the wrong format."""


class NotYamlError(UnreadableError):
    """A text is not YAML, whatever it holds."""


class UndecidedError(RagortuneError):
    """A decision is required, and too little is known for one."""

    exit_code = ExitCode.UNDECIDED


class ProfileError(RagortuneError):
    """A profile is invalid."""


class AnswerError(ProfileError):
    """A typed answer is invalid."""


class RulebookError(RagortuneError):
    """A rule set is invalid."""


class ConfigurationError(RagortuneError):
    """`ragortune.yaml` or `[tool.ragortune]` is invalid."""


class QuantityError(RagortuneError):
    """Quantities with incompatible or unknown units, or with a result that cannot be computed."""


class PriceError(RagortuneError):
    """The price data has no price for something, or an invalid one."""
