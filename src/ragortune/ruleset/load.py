"""Loads rule sets from folders: compiled once, and read from a cache afterwards.

The YAML files are the only source of truth. The compiled form is a `Rulebook` as MessagePack, in a file named after a
digest of the YAML files and the version of this program, so that it is never stale. A file that cannot be decoded is
ignored. Threads that ask for a rule set at the same time wait for the one that compiles it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from functools import lru_cache
from pathlib import Path

import msgspec

from ragortune.model import Rulebook
from ragortune.support.reading import find_repository, real_path
from ragortune.support.rulefolder import digest_files, read_files, shipped_folder
from ragortune.version import __version__

_COMPILED_FORM = 18
"""Incremented whenever the same YAML compiles to something else, so that files of older checkouts are not read."""
_ONE_AT_A_TIME = threading.RLock()


def load_rulebook(path: str | os.PathLike[str] | None = None) -> Rulebook:
    """Return the rule set in a folder, or the shipped one.

    A folder whose `rulebook.yaml` has `extends: ragortune` adds to the shipped set, overrides rules by id and disables
    rules with a reason. Raises RulebookError or UnreadableError with file, line and column.
    """
    folder = Path(path).absolute() if path is not None else shipped_folder()
    with _ONE_AT_A_TIME:
        return _load_compiled(folder, compiled_name(folder))


@lru_cache(maxsize=8)
def _load_compiled(folder: Path, name: str) -> Rulebook:
    """Return the rule set of a folder from its compiled file, which is written if there is none."""
    for find_folder in (_installed_folder, trusted_folder):
        with contextlib.suppress(OSError, msgspec.MsgspecError):
            return msgspec.msgpack.decode((find_folder() / name).read_bytes(), type=Rulebook)
    from ragortune.ruleset.compile import compile_folder, keep_compiled  # noqa: PLC0415  (brings in pydantic)

    rulebook = compile_folder(folder)
    with contextlib.suppress(OSError):  # nothing depends on the cache
        keep_compiled(rulebook, trusted_folder() / name)
    return rulebook


def compiled_name(folder: Path) -> str:
    """Return the name of the compiled file for the rule set in a folder."""
    base = "" if folder == shipped_folder() else digest_files(read_files(shipped_folder()))
    content = digest_files(read_files(folder))
    key = hashlib.sha256(f"{__version__}\0{_COMPILED_FORM}\0{content}\0{base}".encode()).hexdigest()[:32]
    return f"rules-{key}.msgpack"


def _installed_folder() -> Path:
    """Return the folder of the compiled rule set in a wheel."""
    return Path(__file__).parent.parent / "compiled"


def trusted_folder() -> Path:
    """Return the cache folder, or the null device if it is inside the checkout, which could have planted files in it.

    That holds for a home folder, too: jobs in containers often have the checkout as theirs.
    """
    folder, root = cache_folder(), find_repository(os.curdir)
    in_checkout = os.path.exists(root / ".git") and real_path(folder).is_relative_to(real_path(root))
    return Path(os.devnull) if in_checkout else folder


def cache_folder() -> Path:
    """Return the user's cache folder: `RAGORTUNE_CACHE_DIR`, or that of the platform."""
    chosen = os.environ.get("RAGORTUNE_CACHE_DIR")
    if chosen:
        return Path(chosen)
    import platformdirs  # noqa: PLC0415  (not needed for the shipped rule set, which is installed compiled)

    try:
        return platformdirs.user_cache_path("ragortune", appauthor=False)
    except RuntimeError:  # a user without a home folder, as in a container
        return Path(os.devnull)
