"""Start of the command: runs the command line, and turns whatever goes wrong into an exit code."""

from __future__ import annotations

import atexit
import errno
import gc
import io
import os
import platform
import sys
import traceback

from ragortune.cli.main import app
from ragortune.commands.shared import show_error
from ragortune.support.environment import Environment, discard_output, write_note
from ragortune.support.errors import ExitCode, RagortuneError, UsageError
from ragortune.support.text import quote_value
from ragortune.version import __version__

gc.set_threshold(100_000)  # what a command makes has hardly any cycles
atexit.register(gc.freeze)  # and what is left at the end goes with the process, without a search for them


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit code; nothing that happens prints a traceback."""
    words = sys.argv[1:] if arguments is None else arguments
    try:
        environment = Environment.detect()
    except FileNotFoundError:
        write_note(sys.stderr, "error: the working folder does not exist any more")
        return ExitCode.UNUSABLE
    try:
        return _run(words, environment)
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except SystemExit as ended:
        if ended.code != 1:
            raise
        return ExitCode.OK  # 1 is how the command-line library ends where nobody reads its help
    except Exception as error:  # noqa: BLE001  (an internal error: say so and keep the traceback in a file)
        for tell in (_show_usage, _report_unwritten):
            if (code := tell(error, environment)) is not None:
                return code
        return _report_internal_error(error, words)


def _run(words: list[str], environment: Environment) -> int:
    try:
        _refuse_files(words)
        result = app(args=words, prog_name="ragortune", complete_var="", standalone_mode=False)
    except RagortuneError as error:
        show_error(error, environment)
        return error.exit_code
    environment.finish()
    return result if isinstance(result, int) else ExitCode.OK


def _refuse_files(words: list[str]) -> None:
    """Raise UsageError where an option is the name of a file: a hook or a pattern may have taken it from a checkout."""
    options = words[: words.index("--")] if "--" in words else words
    for word in options:
        if word.startswith("-") and word != "-" and os.path.lexists(word):
            hint = "files whose names begin with `-` come behind `--`"
            raise UsageError(f"{quote_value(word)} is a file that is called like an option", None, hint)


def _show_usage(error: Exception, environment: Environment) -> ExitCode | None:
    """Show what the command-line library says about the arguments; None if it did not raise this.

    Its classes moved between releases, so they are told by what they can do.
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


def _report_unwritten(error: Exception, environment: Environment) -> ExitCode | None:
    """Tell that a result could not be written; None if that is not what happened."""
    full = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF, errno.ECONNRESET)
    if not isinstance(error, OSError) or error.errno not in full:
        return None
    discard_output(environment.stdout)
    environment.note(f"error: the result cannot be written ({error.strerror})")
    return ExitCode.UNUSABLE


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
