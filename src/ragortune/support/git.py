"""Runs git without running anything from the checkout: no programs, hooks or external diffs."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from ragortune.support.errors import UsageError
from ragortune.support.reading import find_repository, locate
from ragortune.support.text import clean_text, join_words, quote_value

_SECONDS = 60
_FETCH = "in CI the other branch and the history have to be fetched (actions/checkout: `fetch-depth: 0`)"
_PARTIAL = "a partial clone lacks earlier texts: clone without `--filter`"
_SETTINGS = (
    f"core.hooksPath={os.devnull}",
    "core.fsmonitor=false",
    "core.pager=cat",
    "core.useReplaceRefs=false",
    f"diff.orderFile={os.devnull}",
    "diff.relative=false",
    "log.showSignature=false",
    "protocol.allow=never",
    "safe.bareRepository=explicit",  # a folder of the checkout can look like a bare repository
)
_VARIABLES = {
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",  # unlike `protocol.allow`, this overrides settings for single protocols
}
_DROPPED = (
    "GIT_EXTERNAL_DIFF",
    "GIT_PAGER",
    "GIT_ASKPASS",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_PROXY_COMMAND",
    "GIT_DIR",  # which git sets for hooks; the folder tells the repository
    "GIT_WORK_TREE",
)


_LISTED = re.compile(r"(\d{6}) \w+ ([0-9a-f]{40,64})(?: +(?:-|(\d+)))?\t([^/].*)", re.DOTALL)
"""An entry of `git ls-tree`."""


class KeptFile(NamedTuple):
    """An entry in the tree of a commit."""

    name: str
    """The path from the root of the repository, with `/`."""
    mode: str
    """`100644` or `100755` for a file, `120000` for a link."""
    blob: str
    """Hash of the content."""
    size: int = 0
    """Bytes, if sizes were asked for."""

    @property
    def is_plain(self) -> bool:
        """Whether it is a regular file, and not a link or submodule."""
        return self.mode.startswith("100")

    def holds(self, data: bytes) -> bool:
        """Return whether this is its content, with the line ends of any checkout."""
        algorithm = "sha1" if len(self.blob) == 40 else "sha256"
        return self.blob in (
            hashlib.new(algorithm, b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
            for content in (data, data.replace(b"\r\n", b"\n"))
        )


class Repository:
    """The repository that contains a folder; errors name the flag for which it is used."""

    def __init__(self, folder: str | Path, flag: str, failure: str = "git failed") -> None:
        """Find the repository; raises UsageError if there is none, or no git outside of it.

        `failure` is for requests that fail without a message of their own.
        """
        self._folder = Path(folder)
        self._flag = flag
        self._failure = failure
        self._program = find_git(self._folder)
        if self._program is None:
            raise UsageError(f"{flag} needs git, which was not found")
        top = self.ask("rev-parse", "--show-toplevel", failure="this is not a git repository")
        self.top = Path(top.strip("\n"))
        """Root of the working tree."""
        if not Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(self.top)):
            raise self._refuse_answer()

    def name_of(self, path: str | Path) -> str:
        """Return the path of a file from the root of the repository, with `/`."""
        top = os.path.realpath(self.top)
        return Path(os.path.relpath(locate(path, top), top)).as_posix()

    def ask(self, *arguments: str, failure: str | None = None, hint: str | None = None) -> str:
        """Return the output of git, decoded like file names; raises UsageError with `failure` if git fails."""
        return os.fsdecode(self._run(arguments, None, failure or self._failure, hint))

    def read_objects(self, names: Iterable[str]) -> Iterator[bytes | None]:
        """Yield the content of each object, None if it is missing; raises UsageError if git would have to fetch it."""
        request = "".join(f"{name}\n" for name in names).encode()
        output = self._run(("cat-file", "--batch"), request, "git cannot read what it has kept", None)
        at = 0
        while at < len(output):
            end = output.find(b"\n", at)
            if end < 0:
                raise self._refuse_answer()
            size = output[at:end].rpartition(b" ")[2]  # the line is `NAME KIND SIZE` or `NAME missing`
            at = end + 1
            found = size.isdigit()
            if not found and self._hint:
                raise UsageError(f"{self._flag}: git lacks what it should read", None, self._hint)
            yield output[at : at + int(size)] if found else None
            at += int(size) + 1 if found else 0

    def list_files(self, commit: str, paths: Iterable[str] = (), *options: str) -> Iterator[KeptFile]:
        """Yield the entries of a commit at and below some paths from the root, or all; with the option `-l` their sizes."""
        listed = self.ask("-C", str(self.top), "ls-tree", "-r", "-z", *options, commit, "--", *paths)
        for line in filter(None, listed.split("\0")):
            if not (found := _LISTED.fullmatch(line)):
                raise self._refuse_answer()
            mode, blob, size, name = found.groups()
            yield KeptFile(name, mode, blob, int(size or 0))

    def _run(self, arguments: Iterable[str], stdin: bytes | None, failure: str, hint: str | None) -> bytes:
        try:
            done = self._call(arguments, stdin)
        except subprocess.TimeoutExpired:
            late = f"no answer within {_SECONDS} seconds"
            raise UsageError(f"{self._flag}: {failure} ({late})") from None
        except (OSError, ValueError) as error:
            raise UsageError(f"{self._flag}: {failure} ({clean_text(str(error))})", None, hint) from error
        if done.returncode == 0:
            return done.stdout
        complaint = done.stderr.decode("utf-8", "replace")
        if "safe.directory" in complaint:  # in any language of git's messages
            failure = "git does not trust this repository, because somebody else owns it"
            hint = "`git config --global --add safe.directory FOLDER` trusts it"
        first = clean_text(complaint.strip().partition("\n")[0])
        message = f"{self._flag}: {failure}" + (f" ({first})" if first else "")
        raise UsageError(message, None, hint or self._hint)

    def _call(
        self, arguments: Iterable[str], stdin: bytes | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        variables = {name: value for name, value in os.environ.items() if name not in _DROPPED}
        settings = [part for setting in _SETTINGS for part in ("-c", setting)]
        return subprocess.run(  # noqa: S603  (a list of arguments, no shell)
            [str(self._program), *settings, *arguments],
            cwd=self._folder,
            env={**variables, **_VARIABLES},
            capture_output=True,
            check=False,
            timeout=_SECONDS,
            input=stdin or b"",
        )

    @cached_property
    def _hint(self) -> str | None:
        """The hint for a partial clone, None for others; what git says of missing objects differs between its versions."""
        promisors = self._call(("config", "--get-regexp", r"^remote\..*\.promisor$")).stdout
        return _PARTIAL if b".promisor true" in promisors else None

    def find_base(self, reference: str) -> str:
        """Return the merge base of HEAD and a commit, branch or tag; raises UsageError."""
        if reference.startswith("-") or not reference.strip():
            raise UsageError(f"{self._flag} takes a commit, branch or tag, not {quote_value(reference)}")
        shown = quote_value(reference)
        options = ("--verify", "--quiet", f"{reference}^{{commit}}")
        self.ask("rev-parse", *options, failure=f"git has no commit {shown}", hint=_FETCH)
        names = [f"refs/{kind}/{reference}" for kind in ("heads", "remotes", "tags")]
        known = set(self.ask("for-each-ref", "--format=%(refname)", *names).splitlines())
        if len(meant := sorted(known.intersection(names))) > 1:
            hint = f"write {join_words(meant, 'or')}"
            raise UsageError(f"{self._flag}: {shown} is ambiguous", None, hint)
        apart = f"{shown} and HEAD have no commit in common"
        base = self.ask("merge-base", reference, "HEAD", failure=apart, hint=_FETCH).strip()
        if not re.fullmatch("[0-9a-f]{40,64}", base):
            raise self._refuse_answer()
        return base

    def _refuse_answer(self) -> UsageError:
        """Return the error for unexpected output, for instance of a wrapper around git."""
        message = f"{self._flag}: what {quote_value(str(self._program))} prints is not the output of git"
        return UsageError(message, None, self._hint)


def find_git(folder: Path) -> str | None:
    """Return the path of git, searched in absolute folders of PATH outside of the repository that contains a folder."""
    root = find_repository(os.path.realpath(folder))

    def is_outside(path: str) -> bool:
        return Path(path).is_absolute() and not Path(os.path.realpath(path)).is_relative_to(root)

    folders = filter(is_outside, os.environ.get("PATH", os.defpath).split(os.pathsep))
    found = (shutil.which("git", path=entry) for entry in folders)
    return next((path for path in found if path and is_outside(path)), None)
