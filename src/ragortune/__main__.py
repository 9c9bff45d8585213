"""Entry point: runs the command line and turns every failure into an exit code."""

from __future__ import annotations

import atexit
import errno
import gc
import io
import os
import platform
import sys
import traceback

from ragortune.support.environment import Environment, discard_output, write_note
from ragortune.support.errors import ExitCode, RagortuneError, UsageError
from ragortune.support.text import quote_value
from ragortune.version import __version__

gc.set_threshold(100_000)  # commands create hardly any reference cycles
atexit.register(gc.freeze)  # no search for cycles when the interpreter ends

_GONE = "error: the working folder does not exist any more"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF, errno.ECONNRESET)
"""Errors of a result that cannot be written."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit code; no failure prints a traceback."""
    words = sys.argv[1:] if arguments is None else arguments
    try:
        environment = Environment.detect()
    except FileNotFoundError:
        write_note(sys.stderr, _GONE)
        return ExitCode.UNUSABLE
    try:
        return _run(words, environment)
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except SystemExit as ended:
        if ended.code != 1:
            raise
        return ExitCode.OK  # Typer exits with 1 if the reader of its help has closed the pipe
    except Exception as error:  # noqa: BLE001  (an internal error: say so and keep the traceback in a file)
        code = _show_usage_error(error, environment)
        if code is None and (reason := _explain_failure(error, environment)) is not None:
            environment.note(reason)
            code = ExitCode.UNUSABLE
        return _report_internal_error(error, words) if code is None else code


def _run(words: list[str], environment: Environment) -> int:
    # Here, where Ctrl-C is caught: most of a short run is imports.
    from ragortune.cli.main import app  # noqa: PLC0415
    from ragortune.commands.shared import show_error  # noqa: PLC0415

    try:
        _refuse_files(words)
        result = app(args=words, prog_name="ragortune", complete_var="", standalone_mode=False)
    except RagortuneError as error:
        show_error(error, environment)
        return error.exit_code
    environment.finish()
    return result if isinstance(result, int) else ExitCode.OK


def _refuse_files(words: list[str]) -> None:
    """Raise UsageError if an option is the name of a file: a shell pattern may have turned a file of a checkout into it."""
    options = words[: words.index("--")] if "--" in words else words
    for word in options:
        if word.startswith("-") and word != "-" and os.path.lexists(word):
            hint = "put files whose names begin with `-` after `--`"
            raise UsageError(f"{quote_value(word)} is a file named like an option", None, hint)


def _show_usage_error(error: Exception, environment: Environment) -> ExitCode | None:
    """Show an error of Typer about the arguments; None for other errors.

    Its exception classes moved between releases, so they are recognised by their methods.
    """
    if type(error).__name__ == "Abort":
        return ExitCode.INTERRUPTED
    show = getattr(error, "show", None)
    if show is None or not isinstance(getattr(error, "exit_code", None), int):
        return None
    page = io.StringIO()
    show(page)
    for line in page.getvalue().rstrip("\n").split("\n"):
        environment.note(line)
    return ExitCode.UNUSABLE


def _explain_failure(error: Exception, environment: Environment) -> str | None:
    """Return why the system could not carry out a run; None for an internal error."""
    if isinstance(error, FileNotFoundError) and not os.path.isdir(environment.folder):
        return _GONE
    if isinstance(error, OSError) and error.errno in _FULL:
        discard_output(environment.stdout)
        return f"error: the result cannot be written ({error.strerror})"
    return None


def _report_internal_error(error: Exception, words: list[str]) -> ExitCode:
    import tempfile  # noqa: PLC0415  (heavy, and hardly ever needed)

    program = f"ragortune {__version__}, Python {platform.python_version()}, {platform.platform()}"
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="ragortune-error-", suffix=".txt", delete=False, encoding="utf-8"
        ) as report:
            report.write(f"{program}\narguments: {words!r}\n\n")
            traceback.print_exception(error, file=report)
        where = f"the report is in {report.name}"
    except OSError:
        where = "no report could be written"
    write_note(sys.stderr, f"error: internal error ({type(error).__name__}); {where}")
    return ExitCode.INTERNAL_ERROR


if __name__ == "__main__":
    sys.exit(main())
