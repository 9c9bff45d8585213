"""Atomic writing of files: a file has either the old content or the new one, whatever happens."""

from __future__ import annotations

import codecs
import contextlib
import os
import shutil
import stat
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from types import EllipsisType

from ragortune.support.environment import Environment
from ragortune.support.errors import ChangedError, UsageError
from ragortune.support.reading import YAML_ENDINGS, find_repository, lies_inside, open_file, real_path
from ragortune.support.text import quote_value

WHATEVER = ...
"""Stands for any old content of a file, or none."""
_LONGEST_PREFIX = 40


def write_file(
    name: str, text: str, environment: Environment, old: str | EllipsisType | None = WHATEVER
) -> None:
    """Write a file of the user, relative to the working folder, atomically.

    `old` is the text that is replaced, whose byte order mark is kept, or None if there must be no file; `WHATEVER`
    replaces any content. Raises ChangedError if the file no longer has the old text or exists by now, UsageError if it
    cannot be written or must not be.
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
            raise ChangedError(f"{quote_value(name)} changed while it was read; run the command again")
        return present or b""

    try:
        refuse_unwritable(name, environment)
        if old is WHATEVER:
            replace_file(place, text)
        else:
            mark = "\ufeff" if read_present().startswith(codecs.BOM_UTF8) else ""
            replace_file(place, mark + text, read_present)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{quote_value(name)} cannot be written ({reason})") from None


def refuse_overwriting(
    name: str, what: str, read: Iterable[str | Path], rules: Path, environment: Environment
) -> None:
    """Raise UsageError, which names `what` is written, if the file is one that the run reads, or would belong to its rules.

    Files are named relative to the working folder; `rules` is the folder of the rule set.
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


def replace_file(path: str | Path, content: str | bytes, before: Callable[[], object] = lambda: None) -> None:
    """Write a temporary file and rename it to `path`; raises OSError.

    Links are followed. An existing file keeps its mode, its extended attributes such as access lists, and, as far as
    permitted, its owner. `before` is called just before the old content is replaced, which it prevents by raising.
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.name[:_LONGEST_PREFIX]}.ragortune-{os.urandom(8).hex()}")
    data = content if isinstance(content, bytes) else content.encode("utf-8", "backslashreplace")
    mode = 0o600 if target.exists() else 0o666
    try:
        with open(temporary, "xb", opener=partial(os.open, mode=mode)) as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        if target.exists():
            with contextlib.suppress(OSError, AttributeError):  # another user's file, or Windows
                os.chown(temporary, target.stat().st_uid, target.stat().st_gid)
            shutil.copystat(target, temporary)
            os.utime(temporary)
        before()
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
