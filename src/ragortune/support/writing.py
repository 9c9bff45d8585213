"""Atomic writing of files: a file has either the old content or the new one, whatever happens."""

from __future__ import annotations

import codecs
import contextlib
import glob
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from types import EllipsisType

from ragortune.support.environment import Environment
from ragortune.support.errors import ChangedError, RagortuneError, UsageError
from ragortune.support.reading import YAML_ENDINGS, find_repository, lies_inside, open_file, real_path
from ragortune.support.text import quote_value

try:
    import fcntl
except ImportError:  # Windows, where open files cannot be removed
    fcntl = None  # type: ignore[assignment]

WHATEVER = ...
"""Stands for any old content of a file, or none."""
_LONGEST_PREFIX = 40


def write_file(
    name: str, text: str, environment: Environment, old: str | EllipsisType | None = WHATEVER
) -> None:
    """Write a file of the user atomically; a byte order mark of the old text is kept.

    Args:
        name: the file, relative to the working folder.
        text: the new content.
        environment: working folder.
        old: the text that is replaced, None if there must be no file; `WHATEVER` replaces any content.

    Raises:
        ChangedError: the file no longer has the old text, or exists by now.
        UsageError: the file cannot be written, or must not be.

    """
    place = Path(environment.folder, name)
    data = old.encode() if isinstance(old, str) else b""
    known = (None,) if old is None else (data, codecs.BOM_UTF8 + data)

    def read_present() -> bytes:
        present = None
        if os.path.exists(place):
            with open_file(place) as stream:
                present = stream.read(len(codecs.BOM_UTF8) + len(data) + 1)
        if present not in known:
            raise _changed(name)
        return present or b""

    try:
        refuse_unwritable(name, environment)
        if old is WHATEVER:
            replace_file(place, text)
        else:
            mark = "\ufeff" if read_present().startswith(codecs.BOM_UTF8) else ""
            replace_file(place, mark + text, read_present, new=old is None)
    except FileExistsError:
        raise _changed(name) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{quote_value(name)} cannot be written ({reason})") from None


def _changed(name: str) -> ChangedError:
    return ChangedError(f"{quote_value(name)} changed while it was read; run the command again")


def refuse_overwriting(
    name: str, what: str, read: Iterable[str | Path], rules: Path, environment: Environment
) -> None:
    """Raise UsageError if a file is one that the run reads, or would belong to its rule set.

    Args:
        name: the file to write, relative to the working folder.
        what: name of the output, for the message.
        read: files that the run reads, relative to the working folder.
        rules: folder of the rule set.
        environment: working folder.

    """
    place, *known = (real_path(environment.folder, path) for path in (name, *read))
    below = place.is_relative_to(real_path(environment.folder, rules))
    in_rules = below and place.suffix.lower() in YAML_ENDINGS
    if in_rules or place in known:
        raise UsageError(f"{what} would overwrite what this run reads")


def refuse_unwritable(name: str, environment: Environment) -> None:
    """Raise UsageError if a file must not be written: by its mode, or because a link leads out of the repository."""
    place = Path(environment.folder, name)
    target = Path(os.path.realpath(place))
    root = Path(os.path.realpath(find_repository(place.absolute().parent)))
    exists = os.path.exists(target)
    for refused, reason in (
        (not target.is_relative_to(root), "is a link out of its folder, so it is not written"),
        (not lies_inside(target, root), "is in a folder of git's own, so it is not written"),
        (os.path.islink(target), "cannot be written (a link to itself)"),
        (exists and not os.path.isfile(target), "cannot be written (it is not a file)"),
        (not all(map(os.path.isdir, (place.parent, target.parent))), "cannot be written (no such folder)"),
        (not os.access(target.parent, os.W_OK), "cannot be written (its folder is read-only)"),
        (exists and not target.stat().st_mode & stat.S_IWUSR, "is read-only"),
        (exists and not os.access(target, os.W_OK), "is read-only"),
    ):
        if refused:
            raise UsageError(f"{quote_value(name)} {reason}")


def replace_file(
    path: str | Path, content: str | bytes, before: Callable[[], object] | None = None, *, new: bool = False
) -> None:
    """Write a temporary file and rename it to `path`; raises OSError, for a `new` file FileExistsError if it exists.

    Links are followed, and the mode of an existing file is kept. Temporary files of killed runs are removed: a running
    process holds a lock on its own. `before` is called just before the old content is replaced, which it prevents by
    raising.
    """
    target = Path(os.path.realpath(path))
    prefix = f".{target.name[:_LONGEST_PREFIX]}.ragortune-"
    data = content if isinstance(content, bytes) else content.encode("utf-8", "backslashreplace")
    with contextlib.ExitStack() as locked:
        handle, temporary = _open_beside(target, prefix, locked)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            _keep_attributes(temporary, target)
            if before is not None:
                before()
            if not new or not _link_new(temporary, target):
                temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    for left in target.parent.glob(f"{glob.escape(prefix)}*"):
        with contextlib.suppress(OSError, RagortuneError):
            _remove_abandoned(left)


def _open_beside(target: Path, prefix: str, locked: contextlib.ExitStack) -> tuple[int, Path]:
    """Return a new file in the folder of another, open and locked.

    Before it is locked, another run may take it for abandoned and remove it; then there is another attempt.
    """
    while True:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=prefix)
        if fcntl is None:
            return handle, Path(name)
        locked.callback(os.close, lock := os.dup(handle))
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(lock, fcntl.LOCK_EX)
        if os.fstat(handle).st_nlink:
            return handle, Path(name)
        os.close(handle)


def _link_new(path: Path, name: Path) -> bool:
    """Hard-link a file and return True, False if the file system has no links; raises FileExistsError if the name exists."""
    try:
        os.link(path, name)
    except FileExistsError:
        raise
    except OSError:
        return False
    return True


def _remove_abandoned(path: Path) -> None:
    """Remove the temporary file of a run that has ended; raises OSError if it has not."""
    if fcntl is None:
        path.unlink()
        return
    with open_file(path) as stream:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()


def _keep_attributes(path: Path, replaced: Path) -> None:
    """Give a file the mode, extended attributes and, as far as permitted, the owner of the one that it replaces.

    A new file gets the default mode.
    """
    if not replaced.exists():
        mask = os.umask(0)
        os.umask(mask)
        path.chmod(0o666 & ~mask)
        return
    before = replaced.stat()
    with contextlib.suppress(OSError, AttributeError):  # another user's file, or Windows
        os.chown(path, before.st_uid, before.st_gid)
    shutil.copystat(replaced, path)
    os.utime(path)
