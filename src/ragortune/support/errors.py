"""What can go wrong, each with the exit code it leads to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Self

from ragortune.support.record import Record
from ragortune.support.text import clean_text, join_words, quote_value, suggest_name

_FEW_NAMES = 12
"""So many names fit a hint."""
MAX_PROBLEMS = 100
"""So many are told of one input, because looking for the name that was meant takes its time."""


class ExitCode(IntEnum):
    """Exit codes of the command. The output format never changes them."""

    OK = 0
    """Ran; nothing at or above the limit for failing."""
    FINDINGS = 1
    """Ran; findings at or above the limit."""
    UNUSABLE = 2
    """Some input cannot be used: a flag, a configuration, a profile, a rule set, a document."""
    UNDECIDED = 3
    """Nothing could be decided."""
    INTERNAL_ERROR = 70
    """A fault of the program, not of its input."""
    INTERRUPTED = 130
    """Interrupted by the user."""


class Place(Record, frozen=True):
    """Place of something in the input."""

    path: str | None = None
    """File name as the user gave it."""
    line: int | None = None
    """Counts from 1."""
    column: int | None = None
    """Counts from 1."""

    def __str__(self) -> str:
        """Return `path:line:column`, leaving out what is not known."""
        parts = (clean_text(self.path or "input"), self.line, self.column if self.line is not None else None)
        return ":".join(str(part) for part in parts if part is not None)


class RagortuneError(Exception):
    """Base of every error that is the input's fault; its text is fit to print as it is."""

    exit_code = ExitCode.UNUSABLE

    def __init__(
        self,
        message: str,
        place: Place | None = None,
        hint: str | None = None,
        problems: Sequence[RagortuneError] = (),
    ) -> None:
        """Take what is wrong, where, and what to do about it; and everything that is wrong, where it is more."""
        super().__init__(message)
        self.message = message
        self.place = place
        self.hint = hint
        self._problems = tuple(problems)

    @property
    def problems(self) -> tuple[RagortuneError, ...]:
        """Everything that is wrong, in order; the error itself is the first of it."""
        return self._problems or (self,)

    @classmethod
    def collect(cls, problems: list[RagortuneError], error: RagortuneError) -> None:
        """Add what is wrong to a list; raises all of it as one error where nobody would read more."""
        problems += error.problems
        if len(problems) >= MAX_PROBLEMS:
            cls.raise_all(problems)

    @classmethod
    def raise_all(cls, problems: Sequence[RagortuneError]) -> None:
        """Raise everything that is wrong as one error, if there is anything."""
        if problems:
            first = problems[0]
            raise cls(first.message, first.place, first.hint, problems)

    @classmethod
    def expected(
        cls, what: str, allowed: str | Iterable[str], value: object, place: Place | None = None
    ) -> Self:
        """Return the error for a value that cannot be used: `WHAT must be ALLOWED, not GIVEN`.

        Args:
            what: what the value is of, such as `'source'` with its quotes, or a flag.
            allowed: in words what can be used, or every name that can; the nearest of them is the hint.
            value: the value.
            place: where it is.

        """
        names = () if isinstance(allowed, str) else tuple(allowed)
        wanted = join_words(names, "or") or allowed
        return cls(f"{what} must be {wanted}, not {quote_value(value)}", place, suggest_name(value, names))

    @classmethod
    def unknown(
        cls, what: str, name: object, known: Iterable[str], place: Place | None = None, *, where: str = ""
    ) -> Self:
        """Return the error for a name that is not defined: `there is no WHAT NAME WHERE`.

        The hint is the nearest name, or all names where there are few and none is near.
        """
        names = tuple(known)
        message = f"there is no {what} {quote_value(name)}{where and ' '}{where}"
        all_names = f"expected {join_words(names, 'or')}" if len(names) <= _FEW_NAMES else None
        return cls(message, place, suggest_name(name, names) or all_names)

    def __str__(self) -> str:
        """Return the message with its place and hint on as few lines as it takes."""
        text = f"{self.place}: {self.message}" if self.place else self.message
        return f"{text}\nhint: {self.hint}" if self.hint else text


class UsageError(RagortuneError):
    """The command line asks for something that cannot be done."""

    @classmethod
    def missing(cls, what: str, extra: str, otherwise: str = "", package: str = "rag-or-tune") -> Self:
        """Return the error for what needs an extra of a package; `otherwise` is what would do without it."""
        hint = f"pip install '{package}[{extra}]'{otherwise}"
        return cls(f"{what} needs the extra '{extra}', which is not installed", None, hint)


class ChangedError(UsageError):
    """Somebody else has written a file between its reading and its writing."""


class UnreadableError(RagortuneError):
    """A file cannot be read, or is not the text it should be."""


class UndecidedError(RagortuneError):
    """A decision is needed, and too little is known for one."""

    exit_code = ExitCode.UNDECIDED


class ProfileError(RagortuneError):
    """A profile says something that the vocabulary does not know."""


class AnswerError(ProfileError):
    """An answer was typed that the question does not take."""


class RulebookError(RagortuneError):
    """A rule set is not well formed."""


class ConfigurationError(RagortuneError):
    """`ragortune.yaml` or `[tool.ragortune]` says something that is not known."""


class QuantityError(RagortuneError):
    """Numbers that do not belong together: other units, an unknown unit or currency, nothing that can be computed."""


class PriceError(RagortuneError):
    """Something has no price in the price data, or a price that cannot be."""
