"""The environment of a command as a value: streams, terminal, working folder, clock. Tests pass their own."""

from __future__ import annotations

import contextlib
import datetime as dt
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
"""Narrowest and widest output: narrower text is not readable, wider lines are hard to follow."""


class Environment(Record, frozen=True):
    """What a command reads from and writes to, and the settings around it."""

    stdin: BinaryIO
    stdout: TextIO
    """For results."""
    stderr: TextIO
    folder: str
    """Working folder."""
    variables: Mapping[str, str] = NOTHING
    """Environment variables."""
    stdout_is_terminal: bool = False
    stderr_is_terminal: bool = False
    stdin_is_terminal: bool = False
    today: str | None = None
    """The date, YYYY-MM-DD; None for that of the clock."""
    columns: int | None = None
    """Width of the terminal, if known."""
    color: str = "auto"
    """Whether to colour: auto, always or never."""

    @classmethod
    def detect(cls) -> Environment:
        """Return the environment of this process.

        Output to a terminal is in its encoding; to a program or file it is UTF-8, whatever the locale. Streams are set to
        block, even if the parent process uses them without blocking.
        """
        # A stream that was closed becomes one of the other direction, on which reading and writing fail as they should.
        if sys.stdin is None:
            sys.stdin = os.fdopen(os.open(os.devnull, os.O_WRONLY), "r", encoding="utf-8")
        if sys.stdout is None:
            sys.stdout = os.fdopen(os.open(os.devnull, os.O_RDONLY), "w", encoding="utf-8")
        if isinstance(sys.stdout, io.TextIOWrapper) and isinstance(sys.stdout.buffer, io.RawIOBase):
            # Unbuffered (PYTHONUNBUFFERED), the rest of a partial write to a full disk would be lost without an error.
            shown_in, raw = sys.stdout.encoding, sys.stdout.detach()
            sys.stdout = io.TextIOWrapper(io.BufferedWriter(raw), shown_in, line_buffering=True)
        for stream in (sys.stdin, sys.stdout, sys.stderr):
            # A stream may be closed or not be a file, and Windows before Python 3.12 lacks the call.
            with contextlib.suppress(OSError, ValueError, AttributeError):
                os.set_blocking(stream.fileno(), True)
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                encoding = None if stream is sys.stderr or _is_terminal(stream) else "utf-8"
                stream.reconfigure(encoding=encoding, errors="backslashreplace")
        return cls(
            stdin=sys.stdin.buffer,
            stdout=sys.stdout,
            stderr=sys.stderr or io.StringIO(),
            folder=str(Path.cwd()),
            variables=os.environ,
            stdout_is_terminal=_is_terminal(sys.stdout),
            stderr_is_terminal=_is_terminal(sys.stderr),
            stdin_is_terminal=_is_terminal(sys.stdin),
        )

    def measure_width(self, *, dialogue: bool = False) -> int:
        """Return the present width in columns of results, or of a dialogue: of the terminal within limits, or else 80."""
        stream = self.stderr if dialogue else self.stdout
        is_terminal = self.stderr_is_terminal if dialogue else self.stdout_is_terminal
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
        """Whether the output can show non-ASCII characters."""
        return (getattr(self.stdout, "encoding", None) or "utf").lower().startswith("utf")

    def wants_color(self, *, dialogue: bool = False) -> bool:
        """Return whether to use colour: by `color`, then NO_COLOR, then FORCE_COLOR, then by whether it is a terminal.

        Results go to stdout, a dialogue to stderr.
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
        """Write a result to stdout; raises OSError. A reader that stops reading, such as `head`, is not an error.

        Workflow commands for a CI runner are disarmed, unless the result consists of `commands`.
        """
        try:
            self.stdout.write(text if commands else guard_terminal(text))
        except BrokenPipeError:
            discard_output(self.stdout)

    def finish(self) -> None:
        """Flush stdout; raises OSError as `write` does."""
        try:
            self.stdout.flush()
        except BrokenPipeError:
            discard_output(self.stdout)

    def say(self, text: str) -> None:
        """Write a part of a dialogue to stderr and flush it."""
        self.stderr.write(guard_terminal(text))
        self.stderr.flush()

    def read_line(self, limit: int) -> str | None:
        """Return the next line from stdin without its line end, cut to `limit` bytes; None at the end of input."""
        line = self.stdin.readline(limit)
        while line and not line.endswith(b"\n") and len(line) >= limit:
            more = self.stdin.readline(limit)
            if not more or more.endswith(b"\n"):
                break
        return line.decode("utf-8", "replace").rstrip("\r\n") if line else None

    def note(self, text: str) -> None:
        """Write a line (a warning, an error, progress) to stderr, sanitised."""
        write_note(self.stderr, text)


def write_note(stream: TextIO | None, text: str) -> None:
    """Write a line to stderr, sanitised; if that fails, the exit code still shows the outcome."""
    if stream is not None:
        try:
            stream.write(guard_terminal(clean_text(text)) + "\n")
        except OSError:  # the interpreter would flush again at exit, and change the exit code
            discard_output(stream)


def discard_output(stream: TextIO) -> None:
    """Redirect a stream to the null device, so that buffered and further output is dropped."""
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, stream.fileno())
    finally:
        os.close(null)


def read_date() -> str:
    """Return the current date in UTC, YYYY-MM-DD."""
    return dt.datetime.now(tz=dt.UTC).date().isoformat()


def _is_terminal(stream: object) -> bool:
    try:
        return bool(stream.isatty())  # type: ignore[attr-defined]
    except (AttributeError, ValueError):
        return False
