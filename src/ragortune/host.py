"""The world outside as a value: streams, terminal, working folder, clock. Tests pass their own."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from ragortune.record import NOTHING, Record

TYPE_CHECKING = False  # importing `typing` would cost a fifth of a start
if TYPE_CHECKING:
    from typing import BinaryIO, TextIO

PLAIN_WIDTH = 80
_WIDTHS = (40, 100)
"""Narrower than this nothing is readable, wider than this lines are hard to follow."""


class Environment(Record):
    """What a command may know of and do to the world."""

    stdin: BinaryIO
    stdout: TextIO
    stderr: TextIO
    folder: str
    """Working folder."""
    variables: Mapping[str, str] = NOTHING
    """Environment variables."""
    stdout_is_terminal: bool = False
    stderr_is_terminal: bool = False
    stdin_is_terminal: bool = False
    today: str | None = None
    """The date, YYYY-MM-DD; asked of the clock where None."""
    columns: int | None = None
    """Width of the terminal, where known."""

    @classmethod
    def detect(cls) -> Environment:
        """Return the environment of this process."""
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="backslashreplace")
        return cls(
            stdin=sys.stdin.buffer,
            stdout=sys.stdout,
            stderr=sys.stderr,
            folder=os.getcwd(),
            variables=os.environ,
            stdout_is_terminal=_is_terminal(sys.stdout),
            stderr_is_terminal=_is_terminal(sys.stderr),
            stdin_is_terminal=_is_terminal(sys.stdin),
        )

    @property
    def width(self) -> int:
        """Columns to write for: those of the terminal within limits, 80 where there is none."""
        given = self.variables.get("COLUMNS", "")
        columns = self.columns or (int(given) if given.isdigit() else 0)
        if not columns and self.stdout_is_terminal:
            try:
                columns = os.get_terminal_size(self.stdout.fileno()).columns
            except (OSError, ValueError):
                columns = 0
        if not columns:
            return PLAIN_WIDTH
        return max(_WIDTHS[0], min(_WIDTHS[1], columns))

    @property
    def has_unicode(self) -> bool:
        """Whether the output can show more than ASCII."""
        return (getattr(self.stdout, "encoding", None) or "utf-8").lower().replace("-", "") in (
            "utf8",
            "utf16",
        )

    def wants_color(self, choice: str = "auto") -> bool:
        """Return whether to colour: the flag decides, then NO_COLOR, then FORCE_COLOR, then the terminal."""
        if choice != "auto":
            return choice == "always"
        if self.variables.get("NO_COLOR"):
            return False
        if self.variables.get("FORCE_COLOR"):
            return True
        return self.stdout_is_terminal and self.variables.get("TERM") != "dumb"

    def date(self) -> str:
        """Return today's date, YYYY-MM-DD."""
        if self.today:
            return self.today
        import datetime as dt

        return dt.datetime.now(tz=dt.UTC).date().isoformat()

    def write(self, text: str) -> None:
        """Write a result to stdout."""
        self.stdout.write(text)

    def note(self, text: str) -> None:
        """Write a line to stderr: a warning, an error, progress."""
        self.stderr.write(text + "\n")


def _is_terminal(stream: object) -> bool:
    try:
        return bool(stream.isatty())  # type: ignore[attr-defined]
    except (AttributeError, ValueError):
        return False
