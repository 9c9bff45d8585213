"""Design documents found and read: files, folders, patterns, stdin, and what changed since a commit."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Callable, Iterable, Iterator

from ragortune.support.environment import Environment
from ragortune.support.errors import Place, UnreadableError, UsageError
from ragortune.support.git import GitError, GitMissingError, run_git
from ragortune.support.reading import decode_text, read_bytes, show_size
from ragortune.support.record import Record
from ragortune.support.text import clean_text, quote_value

ENDINGS = (".md", ".markdown", ".mdown", ".mkd", ".rst")
"""Files that count as documents where a folder is named."""
DOCUMENT_BYTES = 5 * 1024 * 1024
DOCUMENT_LINE_BYTES = 1024 * 1024
_WILD = re.compile(r"[*?\[]")
_SKIPPED = frozenset({"node_modules", "__pycache__", "site-packages", "venv"})
_MOST_DOCUMENTS = 50_000


class Limits(Record, frozen=True):
    """What is still a document."""

    document: int = DOCUMENT_BYTES
    """Bytes in a document."""
    line: int = DOCUMENT_LINE_BYTES
    """Bytes in one line."""


class FoundDocuments(Record, frozen=True):
    """Documents that were asked for."""

    paths: tuple[str, ...]
    """As they are shown: below what the user wrote, with `/`."""
    unmatched: tuple[str, ...]
    """Patterns and folders that hold no document."""
    dangling: tuple[str, ...] = ()
    """Links in folders that lead nowhere; they are no documents."""


def find_documents(wanted: Iterable[str], folder: str) -> FoundDocuments:
    """Return the documents that paths, folders and patterns name, once each and in order.

    Links to folders are not followed, so that no loop can be entered. A file that is named is a document whatever its
    ending; whether it can be read shows later.
    """
    paths: dict[str, str] = {}
    unmatched = []
    dangling = []
    for name in wanted:
        found = False
        for path in _expand_name(name, folder):
            found = True
            if path != name and not os.path.exists(os.path.join(folder, path)):
                dangling.append(path)
                continue
            key = path if path == "-" else os.path.normpath(os.path.join(folder, path))
            paths.setdefault(key, path)
            if len(paths) > _MOST_DOCUMENTS:
                raise UsageError(f"more than {_MOST_DOCUMENTS:,} documents are named")
        if not found:
            unmatched.append(name)
    return FoundDocuments(tuple(paths.values()), tuple(unmatched), tuple(dict.fromkeys(dangling)))


def _expand_name(name: str, folder: str) -> Iterator[str]:
    target = os.path.join(folder, name)
    if name == "-":
        yield name
    elif os.path.isdir(target):
        yield from _walk_folder(name, folder, lambda path: path.lower().endswith(ENDINGS))
    elif _WILD.search(name) and not os.path.lexists(target):
        fixed, pattern = _split_pattern(name)
        yield from _walk_folder(fixed, folder, lambda path: _matches(path, pattern))
    else:
        yield name.replace(os.sep, "/")


def _walk_folder(name: str, folder: str, accepts: Callable[[str], bool]) -> Iterator[str]:
    top = os.path.join(folder, name)
    for base, folders, files in os.walk(top, followlinks=False):
        folders[:] = sorted(inner for inner in folders if not inner.startswith(".") and inner not in _SKIPPED)
        inside = os.path.relpath(base, top).replace(os.sep, "/")
        for file in sorted(files):
            below = file if inside == "." else f"{inside}/{file}"
            if not file.startswith(".") and accepts(below):
                yield _join(name, below)


def _join(name: str, below: str) -> str:
    head = name.replace(os.sep, "/").rstrip("/")
    if head in ("", "."):
        return f"/{below}" if name.startswith("/") else below
    return f"{head}/{below}"


def _split_pattern(name: str) -> tuple[str, tuple[str, ...]]:
    """Return the folder that a pattern fixes and the parts that are left to match."""
    parts = name.replace(os.sep, "/").split("/")
    wild = next(index for index, part in enumerate(parts) if _WILD.search(part))
    fixed = "/".join(parts[:wild]) or ("/" if name.startswith("/") else ".")
    return fixed, tuple(part for part in parts[wild:] if part)


def _matches(path: str, pattern: tuple[str, ...]) -> bool:
    """Return whether a relative path matches; `**` stands for any number of folders."""
    reached = {0}
    for part in path.split("/"):
        ahead = {after for index in reached for after in _skip_stars(index, pattern)}
        reached = {
            index if pattern[index] == "**" else index + 1
            for index in ahead
            if index < len(pattern) and (pattern[index] == "**" or fnmatch.fnmatchcase(part, pattern[index]))
        }
    return any(after == len(pattern) for index in reached for after in _skip_stars(index, pattern))


def _skip_stars(index: int, pattern: tuple[str, ...]) -> Iterator[int]:
    yield index
    while index < len(pattern) and pattern[index] == "**":
        index += 1
        yield index


def read_design_text(path: str, shown: str, limits: Limits, environment: Environment) -> str:
    """Return the text of a document; raises UnreadableError naming it and what is wrong."""
    place = path if path == "-" else os.path.join(environment.folder, path)
    try:
        data = read_bytes(place, limits.document, environment.stdin)
    except UnreadableError as error:
        message = error.message
        if message.startswith("is larger"):
            message = (
                f"is larger than {show_size(limits.document)}, the limit for a document (--max-document)"
            )
        raise UnreadableError(message, Place(shown), error.hint) from None
    longest = max(map(len, data.split(b"\n")))
    if longest > limits.line:
        message = f"has a line longer than {show_size(limits.line)}, the limit for a line (--max-line)"
        raise UnreadableError(message, Place(shown))
    return decode_text(data, shown)


# --- what changed -------------------------------------------------------------------------------------------------


def changed_files(reference: str, environment: Environment) -> frozenset[str]:
    """Return the absolute paths of files that changed since the branch left a commit; raises UsageError.

    The working tree is compared with the merge base, not with the tip of the other branch: what others changed there
    in the meantime is not this branch's doing. Untracked files count as changed.
    """
    if reference.startswith("-") or not reference.strip():
        raise UsageError(f"--since takes a commit, branch or tag, not {quote_value(reference)}")
    top = _git(environment, ["rev-parse", "--show-toplevel"], "this is not a git repository").strip("\n")
    _git(
        environment,
        ["rev-parse", "--verify", "--quiet", f"{reference}^{{commit}}"],
        f"git knows no commit {quote_value(reference)}",
        "in CI the other branch has to be fetched, too (actions/checkout: `fetch-depth: 0`)",
    )
    base = _git(
        environment,
        ["merge-base", reference, "HEAD"],
        f"{quote_value(reference)} and HEAD have no commit in common",
        "in CI the history has to be fetched (actions/checkout: `fetch-depth: 0`)",
    ).strip()
    changed = _git(
        environment,
        ["-C", top, "diff", "--no-ext-diff", "--name-only", "-z", "--diff-filter=d", base, "--"],
        "git diff failed",
    )
    others = _git(
        environment, ["-C", top, "ls-files", "-z", "--others", "--exclude-standard"], "git ls-files failed"
    )
    return frozenset(
        os.path.realpath(os.path.join(top, name)) for name in (changed + others).split("\0") if name
    )


def _git(environment: Environment, arguments: list[str], failure: str, hint: str | None = None) -> str:
    try:
        return run_git(arguments, environment.folder)
    except GitMissingError as error:
        raise UsageError("--since needs git, which was not found") from error
    except GitError as error:
        complaint = error.message
    said = clean_text(complaint.strip().partition("\n")[0])
    if "safe.directory" in complaint:  # whatever language git speaks
        failure = "git does not trust this repository, because somebody else owns it"
        hint = "`git config --global --add safe.directory FOLDER` trusts it"
    raise UsageError(f"--since: {failure}" + (f" ({said})" if said else ""), None, hint)


def keep_changed(paths: Iterable[str], changed: frozenset[str], folder: str) -> tuple[str, ...]:
    """Return the paths whose files changed."""
    return tuple(path for path in paths if os.path.realpath(os.path.join(folder, path)) in changed)


def read_size(text: str, flag: str) -> int:
    """Return a number of bytes from `5000000`, `500K` or `5M`; raises UsageError."""
    found = re.fullmatch(r"([0-9]{1,9})\s?([kKmM]?)(?:i?[bB])?", text.strip())
    if not found or int(found[1]) == 0:
        raise UsageError(f"{flag} takes a size such as 500K or 5M, not {quote_value(text)}")
    return int(found[1]) * {"": 1, "k": 1024, "m": 1024 * 1024}[found[2].lower()]
