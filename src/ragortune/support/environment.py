"""The world outside as a value: streams, terminal, working folder, clock. Tests pass their own."""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import io
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, TextIO

from ragortune.support.record import NOTHING, Record
from ragortune.support.text import clean_text, guard_terminal

PLAIN_WIDTH = 80
_WIDTHS = (40, 100)
"""Narrower than this nothing is readable, wider than this lines are hard to follow."""


class _Closed(io.BytesIO):
    """A stream that was closed before this program began: nothing is known of what it would have held."""

    def read(self, *_: object) -> bytes:
        raise OSError(errno.EBADF, "it is closed")

    readline = read


class Environment(Record, frozen=True):
    """What a command may know of and do to the world."""

    stdin: BinaryIO
    stdout: TextIO
    """Where results go."""
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
    color: str = "auto"
    """Whether to colour: auto, always or never."""

    @classmethod
    def detect(cls) -> Environment:
        """Return the environment of this process.

        A terminal shows what its encoding can; what a program or a file takes is UTF-8, whatever the locale. Streams
        are waited for, even where the program that passed them on does not.
        """
        if sys.stdout is None:  # it was closed, and what is written fails as on any stream that takes nothing
            sys.stdout = os.fdopen(os.open(os.devnull, os.O_RDONLY), "w", encoding="utf-8")
        if isinstance(sys.stdout, io.TextIOWrapper) and isinstance(sys.stdout.buffer, io.RawIOBase):
            # Unbuffered (PYTHONUNBUFFERED), text loses without an error what a full disk leaves of a write.
            shown_in, raw = sys.stdout.encoding, sys.stdout.detach()
            sys.stdout = io.TextIOWrapper(io.BufferedWriter(raw), shown_in, line_buffering=True)
        for stream in (sys.stdin, sys.stdout, sys.stderr):
            # A stream may be closed or no file, and Windows before Python 3.12 has no such call.
            with contextlib.suppress(OSError, ValueError, AttributeError):
                os.set_blocking(stream.fileno(), True)
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                encoding = None if stream is sys.stderr or _is_terminal(stream) else "utf-8"
                stream.reconfigure(encoding=encoding, errors="backslashreplace")
        return cls(
            stdin=sys.stdin.buffer if sys.stdin else _Closed(),
            stdout=sys.stdout,
            stderr=sys.stderr or io.StringIO(),
            folder=str(Path.cwd()),
            variables=os.environ,
            stdout_is_terminal=_is_terminal(sys.stdout),
            stderr_is_terminal=_is_terminal(sys.stderr),
            stdin_is_terminal=_is_terminal(sys.stdin),
        )

    @property
    def width(self) -> int:
        """Columns to write for: those of the terminal within limits, 80 where there is none."""
        return self._measure_width(self.stdout, is_terminal=self.stdout_is_terminal)

    @property
    def dialogue_width(self) -> int:
        """Columns to write questions for, which go to stderr; measured anew each time."""
        return self._measure_width(self.stderr, is_terminal=self.stderr_is_terminal)

    def _measure_width(self, stream: TextIO, *, is_terminal: bool) -> int:
        wanted = self.variables.get("COLUMNS", "")
        columns = self.columns or (int(wanted) if re.fullmatch("[0-9]{1,6}", wanted) else 0)
        if not columns and is_terminal:
            try:
                columns = os.get_terminal_size(stream.fileno()).columns
            except (OSError, ValueError):
                columns = 0
        return max(_WIDTHS[0], min(_WIDTHS[1], columns)) if columns else PLAIN_WIDTH

    @property
    def has_unicode(self) -> bool:
        """Whether the output can show more than ASCII."""
        return (getattr(self.stdout, "encoding", None) or "utf").lower().startswith("utf")

    def wants_color(self, *, dialogue: bool = False) -> bool:
        """Return whether to colour: `color` decides, then NO_COLOR, then FORCE_COLOR, then the terminal.

        A result goes to stdout, a dialogue to stderr.
        """
        if self.color != "auto":
            return self.color == "always"
        if self.variables.get("NO_COLOR"):
            return False
        if self.variables.get("FORCE_COLOR"):
            return True
        is_terminal = self.stderr_is_terminal if dialogue else self.stdout_is_terminal
        return is_terminal and self.variables.get("TERM") != "dumb"

    def date(self) -> str:
        """Return today's date, YYYY-MM-DD."""
        return self.today or read_date()

    def write(self, text: str, *, commands: bool = False) -> None:
        """Write a result to stdout; a reader that has seen enough, such as `head`, is no error.

        Args:
            text: the result.
            commands: whether it is made of commands to the runner; else it cannot hold any.

        Raises:
            OSError: the result cannot be written.

        """
        try:
            self.stdout.write(text if commands else guard_terminal(text))
        except BrokenPipeError:
            discard_output(self.stdout)

    def finish(self) -> None:
        """Hand on what was written so far; raises OSError as `write` does."""
        try:
            self.stdout.flush()
        except BrokenPipeError:
            discard_output(self.stdout)

    def say(self, text: str) -> None:
        """Write a part of a dialogue to stderr, at once."""
        self.stderr.write(guard_terminal(text))
        self.stderr.flush()

    def read_line(self, limit: int) -> str | None:
        """Return the next line from stdin without its end, at most `limit` bytes of it; None at the end of input."""
        line = self.stdin.readline(limit)
        while line and not line.endswith(b"\n") and len(line) >= limit:
            more = self.stdin.readline(limit)
            if not more or more.endswith(b"\n"):
                break
        return line.decode("utf-8", "replace").rstrip("\r\n") if line else None

    def note(self, text: str) -> None:
        """Write a line to stderr, made harmless: a warning, an error, progress."""
        write_note(self.stderr, text)


def write_note(stream: TextIO | None, text: str) -> None:
    """Write a line to stderr, made harmless; where it is closed or full, the exit code still tells."""
    if stream is not None:
        try:
            stream.write(guard_terminal(clean_text(text)) + "\n")
        except OSError:  # or the interpreter tries again at its end, and takes an exit code of its own
            discard_output(stream)


def discard_output(stream: TextIO) -> None:
    """Let nothing more be written to a stream, neither what is buffered nor what follows."""
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, stream.fileno())
    finally:
        os.close(null)


def read_date() -> str:
    """Return the date that the clock says, YYYY-MM-DD."""
    return dt.datetime.now(tz=dt.UTC).date().isoformat()


def _is_terminal(stream: object) -> bool:
    try:
        return bool(stream.isatty())  # type: ignore[attr-defined]
    except (AttributeError, ValueError):
        return False
