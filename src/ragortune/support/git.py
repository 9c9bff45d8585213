"""Git, asked without running anything that a checkout brings: its own programs, hooks or external diffs."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from ragortune.support.errors import UsageError

_SECONDS = 60
_SETTINGS = ("-c", f"core.hooksPath={os.devnull}", "-c", "core.fsmonitor=false", "-c", "core.pager=cat")
_DROPPED = (
    "GIT_EXTERNAL_DIFF",
    "GIT_PAGER",
    "GIT_ASKPASS",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_PROXY_COMMAND",
)


def run_git(arguments: Sequence[str], folder: str | Path) -> str:
    """Return what git prints in a folder.

    Raises:
        GitMissingError: git was not found outside of the folder's repository.
        GitError: git ended with an error, or took a minute.

    """
    program = find_git(Path(folder))
    if program is None:
        raise GitMissingError("git was not found")
    variables = {name: value for name, value in os.environ.items() if name not in _DROPPED}
    try:
        done = subprocess.run(  # noqa: S603  (a list of arguments, no shell)
            [program, *_SETTINGS, *arguments],
            cwd=folder,
            env={**variables, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"},
            capture_output=True,
            check=False,
            timeout=_SECONDS,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise GitError(str(error)) from error
    if done.returncode != 0:
        raise GitError(done.stderr.decode("utf-8", "replace"))
    return os.fsdecode(done.stdout)


class GitMissingError(UsageError):
    """There is no git that may be run."""


class GitError(UsageError):
    """Git could not answer; the message is its own, unchecked and in its own language."""


def find_git(folder: Path) -> str | None:
    """Return the path of git, looked for in absolute folders outside of the repository that a folder lies in."""
    start = folder.resolve()
    root = next((above for above in (start, *start.parents) if (above / ".git").exists()), start)
    trusted = [
        entry
        for entry in os.environ.get("PATH", os.defpath).split(os.pathsep)
        if os.path.isabs(entry) and not Path(entry).resolve().is_relative_to(root)
    ]
    found = shutil.which("git", path=os.pathsep.join(trusted)) if trusted else None
    return found if found and os.path.isabs(found) else None
