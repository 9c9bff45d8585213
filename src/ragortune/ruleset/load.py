"""Rule sets from a folder: found, hashed, compiled once, and read fast from then on.

The YAML files are the only source of truth. What is compiled of them is one `Rulebook` as JSON; its file is named after
a digest of the YAML files and of this program's version, so that it is never stale. A file that does not decode is as
good as none.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import msgspec
import platformdirs

from ragortune.model import Rulebook
from ragortune.support.rulefolder import digest_files, read_files, shipped_folder
from ragortune.support.writing import replace_file
from ragortune.version import __version__

_KEPT_SETS = 12
_COMPILED_FORM = 4
"""Raised whenever the same YAML compiles to something else, so that what was kept by an older checkout is not read."""


def load_rulebook(path: str | os.PathLike[str] | None = None) -> Rulebook:
    """Return the rule set in a folder, or the shipped one.

    A folder whose `rulebook.yaml` says `extends: ragortune` adds to the shipped set, overrides rules by id and
    disables rules with a reason. Raises RulebookError or UnreadableError with file, line and column.
    """
    folder = Path(path).absolute() if path is not None else shipped_folder()
    return _load_compiled(folder, compiled_name(folder))


@lru_cache(maxsize=8)
def _load_compiled(folder: Path, name: str) -> Rulebook:
    """Return the rule set of a folder, compiled before or now under this name."""
    for place in (Path(__file__).parent.parent / "compiled", cache_folder()):
        with contextlib.suppress(OSError, msgspec.MsgspecError):
            return msgspec.json.decode((place / name).read_bytes(), type=Rulebook)
    from ragortune.ruleset.compile import compile_folder  # noqa: PLC0415  (pydantic, which a compiled set does without)

    rulebook = compile_folder(folder)
    with contextlib.suppress(OSError):  # nothing depends on the cache
        _keep_compiled(encode_rulebook(rulebook), name)
    return rulebook


def compiled_name(folder: Path) -> str:
    """Return the name of the file with the compiled form of the rule set in a folder."""
    base = "" if folder == shipped_folder() else digest_files(read_files(shipped_folder()))
    content = digest_files(read_files(folder))
    key = hashlib.sha256(f"{__version__}\0{_COMPILED_FORM}\0{content}\0{base}".encode()).hexdigest()[:32]
    return f"rules-{key}.json"


def encode_rulebook(rulebook: Rulebook) -> bytes:
    """Return a rule set as JSON."""
    return msgspec.json.encode(rulebook, enc_hook=_as_dict)


def _as_dict(value: object) -> dict[str, object]:
    """Return a mapping that is read only as one that can be encoded."""
    if isinstance(value, Mapping):
        return dict(value)
    raise NotImplementedError(type(value).__name__)


def cache_folder() -> Path:
    """Return the folder for what is kept between runs of this user; `RAGORTUNE_CACHE_DIR` overrides the platform's."""
    chosen = os.environ.get("RAGORTUNE_CACHE_DIR")
    return Path(chosen) if chosen else platformdirs.user_cache_path("ragortune", appauthor=False)


def _keep_compiled(data: bytes, name: str) -> None:
    """Keep a compiled rule set for the next start, and drop those that were written longest ago."""
    folder = cache_folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    replace_file(folder / name, data)
    kept = sorted(folder.glob("rules-*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in kept[_KEPT_SETS:]:
        path.unlink()
