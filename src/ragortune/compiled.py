"""The compiled form of a rule set: what it holds, and the files that keep it between runs.

Each part is JSON of its own file, because most runs need the rules alone. The name of a file holds a digest of the YAML
files and of this program's version, so that it is never stale; a file that does not decode is as good as none.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from ragortune.evidence.documents.language import LanguageData
from ragortune.findings import FindingRule
from ragortune.model import (
    AnswerCount,
    Case,
    Criterion,
    OptionGuide,
    PriceRow,
    Rule,
    Scale,
    Source,
)
from ragortune.record import Record
from ragortune.rulefolder import digest_files, read_files, shipped_folder
from ragortune.version import __version__

_KEPT_SETS = 12


class CompiledRules(Record, frozen=True):
    """What every run needs of a rule set."""

    name: str
    version: str
    digest: str
    scale: Scale
    recheck_days: int
    disabled: Mapping[str, str]
    criteria: tuple[Criterion, ...]
    derived: tuple[Criterion, ...]
    rules: tuple[Rule, ...]
    sources: tuple[Source, ...]
    options: tuple[OptionGuide, ...]
    answer_counts: Mapping[str, tuple[AnswerCount, ...]]


class CompiledSet(Record, frozen=True):
    """A rule set, checked and without its places in files."""

    rules: CompiledRules
    cases: tuple[Case, ...]
    language: LanguageData
    prices: tuple[PriceRow, ...]
    findings: tuple[FindingRule, ...]


PARTS: Mapping[str, object] = MappingProxyType(
    {
        "rules": CompiledRules,
        "cases": tuple[Case, ...],
        "language": LanguageData,
        "prices": tuple[PriceRow, ...],
        "findings": tuple[FindingRule, ...],
    }
)
"""Each part of a compiled rule set, and its type."""


def encode_parts(compiled: CompiledSet) -> dict[str, bytes]:
    """Return each part as JSON."""
    return {name: msgspec.json.encode(getattr(compiled, name), enc_hook=_as_dict) for name in PARTS}


def _as_dict(value: object) -> dict[str, object]:
    """Return a mapping that is read only as one that can be encoded."""
    if isinstance(value, Mapping):
        return dict(value)
    raise NotImplementedError(type(value).__name__)


def compiled_name(folder: str) -> str:
    """Return the key under which the compiled form of the rule set in a folder is kept."""
    base = "" if folder == shipped_folder() else digest_files(read_files(shipped_folder()))
    content = digest_files(read_files(folder))
    return hashlib.sha256(f"{__version__}\0{content}\0{base}".encode()).hexdigest()[:32]


def compiled_folders() -> list[str]:
    """Return the folders in which compiled rule sets are looked for: the package's own, then the user's cache."""
    own = os.path.join(os.path.dirname(os.path.abspath(__file__)), "compiled")
    return [own, cache_folder()]


def cache_folder() -> str:
    """Return the folder for compiled rule sets of this user."""
    chosen = os.environ.get("RAGORTUNE_CACHE_DIR")
    if chosen:
        return chosen
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return os.path.join(base or os.path.join(os.path.expanduser("~"), ".cache"), "ragortune")


def read_part(name: str, key: str) -> object:
    """Return a part of a compiled rule set, or None where it is not kept or cannot be used."""
    for folder in compiled_folders():
        try:
            with open(os.path.join(folder, f"{name}-{key}.json"), "rb") as stream:
                return msgspec.json.decode(stream.read(), type=PARTS[name])
        except (OSError, msgspec.MsgspecError):
            continue
    return None


def write_parts(compiled: CompiledSet, key: str) -> None:
    """Keep a compiled rule set for the next start, if the cache can be written; nothing depends on it."""
    folder = cache_folder()
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        for name, data in encode_parts(compiled).items():
            handle, temporary = tempfile.mkstemp(dir=folder, prefix=".writing-")
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
            os.replace(temporary, os.path.join(folder, f"{name}-{key}.json"))
        _drop_oldest(folder)
    except OSError:
        return


def _drop_oldest(folder: str) -> None:
    """Remove the compiled rule sets that were written longest ago, each with all its files."""
    written: dict[str, float] = {}
    names = [name for name in os.listdir(folder) if name.endswith(".json")]
    for name in names:
        key = name.rpartition("-")[2]
        written[key] = max(written.get(key, 0.0), os.path.getmtime(os.path.join(folder, name)))
    dropped = set(sorted(written, key=lambda key: written[key])[:-_KEPT_SETS])
    for name in names:
        if name.rpartition("-")[2] in dropped:
            os.unlink(os.path.join(folder, name))
