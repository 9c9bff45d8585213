"""Start of the command: the hot path first, then the whole command line, and what happens when something goes wrong.

`recommend` and `check` with plain options take a shortcut, because importing the command-line library costs as much as
ten starts of the interpreter. Anything else, and anything unusual, goes the usual way; both make the same call.
"""

from __future__ import annotations

import sys

from ragortune.errors import ExitCode, RagortuneError
from ragortune.shortcuts import find_shortcut

TYPE_CHECKING = False  # importing `typing` would cost a fifth of a start
if TYPE_CHECKING:
    from ragortune.host import Environment


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit code; nothing that happens prints a traceback."""
    given = sys.argv[1:] if arguments is None else arguments
    environment = None
    try:
        from ragortune.host import Environment

        environment = Environment.detect()
        return int(_run(given, environment))
    except RagortuneError as error:
        return _report_error(error, environment)
    except KeyboardInterrupt:
        return int(ExitCode.INTERRUPTED)
    except SystemExit as ended:
        if ended.code != 1:  # 1 is how the command-line library ends where nobody reads its help
            raise
        return int(ExitCode.OK)
    except Exception as error:  # noqa: BLE001  (a defect of ours: say so and keep the traceback in a file)
        shown = _show_usage(error)
        if shown is None:
            shown = _report_unwritten(error, environment)
        return _report_defect(error, given) if shown is None else shown


def _run(given: list[str], environment: Environment) -> int:
    if given == ["--version"]:
        from ragortune import __version__

        environment.write(f"ragortune {__version__}\n")
        environment.finish()
        return int(ExitCode.OK)
    run = find_shortcut(given)
    if run is not None:
        code = int(run(environment))
        environment.finish()
        return code
    from ragortune.cli import app

    result = app(args=given, prog_name="ragortune", standalone_mode=False)
    environment.finish()
    return result if isinstance(result, int) else int(ExitCode.OK)


def _show_usage(error: Exception) -> int | None:
    """Show what the command-line library says about the arguments; None if it did not raise this.

    Its classes moved between releases, so they are told by what they can do.
    """
    if type(error).__name__ == "Abort":
        return int(ExitCode.INTERRUPTED)
    show = getattr(error, "show", None)
    if show is None or not isinstance(getattr(error, "exit_code", None), int):
        return None
    show()
    return int(ExitCode.UNUSABLE)


def _report_error(error: RagortuneError, environment: Environment | None) -> int:
    from ragortune.commands.shared import show_error
    from ragortune.host import Environment

    show_error(error, environment or Environment.detect())
    return int(error.exit_code)


def _report_unwritten(error: Exception, environment: Environment | None) -> int | None:
    """Tell that a result could not be written; None if that is not what happened."""
    import errno

    full = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EBADF)
    if environment is None or not isinstance(error, OSError) or error.errno not in full:
        return None
    from ragortune.host import discard_output

    if environment.stdout is not None:
        discard_output(environment.stdout)
    environment.note(f"error: the result cannot be written ({error.strerror})")
    return int(ExitCode.UNUSABLE)


def _report_defect(error: Exception, given: list[str]) -> int:
    import platform
    import tempfile
    import traceback

    from ragortune import __version__

    where = "no report could be written"
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="ragortune-defect-", suffix=".txt", delete=False, encoding="utf-8"
        ) as report:
            report.write(
                f"ragortune {__version__}, Python {platform.python_version()}, {platform.platform()}\n"
            )
            report.write(f"arguments: {given!r}\n\n")
            traceback.print_exception(error, file=report)
        where = f"the report is in {report.name}"
    except OSError:
        pass
    sys.stderr.write(f"error: this is a defect of ragortune ({type(error).__name__}); {where}\n")
    return int(ExitCode.DEFECT)


if __name__ == "__main__":
    sys.exit(main())
