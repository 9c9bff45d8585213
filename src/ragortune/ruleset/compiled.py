"""The compiled form of a rule set: what it holds, and the files that keep it between runs.

Each part is JSON of its own file, because most runs need the rules alone. The name of a file holds a digest of the YAML
files and of this program's version, so that it is never stale; a file that does not decode is as good as none.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import msgspec
import platformdirs

from ragortune.evidence.documents.language import LanguageData
from ragortune.model import (
    AnswerCount,
    Case,
    Criterion,
    OptionGuide,
    PriceRow,
    QuantityKind,
    Rule,
    Scale,
    Source,
)
from ragortune.model.findings import FindingRule
from ragortune.support.record import Record
from ragortune.support.rulefolder import digest_files, read_files, shipped_folder
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
    quantities: tuple[QuantityKind, ...]
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


def compiled_name(folder: Path) -> str:
    """Return the key under which the compiled form of the rule set in a folder is kept."""
    base = "" if folder == shipped_folder() else digest_files(read_files(shipped_folder()))
    content = digest_files(read_files(folder))
    return hashlib.sha256(f"{__version__}\0{content}\0{base}".encode()).hexdigest()[:32]


def compiled_folders() -> list[Path]:
    """Return the folders in which compiled rule sets are looked for: the package's own, then the user's cache."""
    return [Path(__file__).parent.parent / "compiled", cache_folder()]


def cache_folder() -> Path:
    """Return the folder for what is kept between runs of this user; `RAGORTUNE_CACHE_DIR` overrides the platform's."""
    chosen = os.environ.get("RAGORTUNE_CACHE_DIR")
    return Path(chosen) if chosen else platformdirs.user_cache_path("ragortune", appauthor=False)


def read_part(name: str, key: str) -> object:
    """Return a part of a compiled rule set, or None where it is not kept or cannot be used."""
    for folder in compiled_folders():
        try:
            return msgspec.json.decode((folder / f"{name}-{key}.json").read_bytes(), type=PARTS[name])
        except (OSError, msgspec.MsgspecError):
            continue
    return None


def write_parts(compiled: CompiledSet, key: str) -> None:
    """Keep a compiled rule set for the next start, if the cache can be written; nothing depends on it."""
    folder = cache_folder()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, data in encode_parts(compiled).items():
            handle, temporary = tempfile.mkstemp(dir=folder, prefix=".writing-")
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
            Path(temporary).replace(folder / f"{name}-{key}.json")
        _drop_oldest(folder)
    except OSError:
        return


def _drop_oldest(folder: Path) -> None:
    """Remove the compiled rule sets that were written longest ago, each with all its files."""
    written: dict[str, float] = {}
    paths = list(folder.glob("*.json"))
    for path in paths:
        key = path.stem.rpartition("-")[2]
        written[key] = max(written.get(key, 0.0), path.stat().st_mtime)
    dropped = set(sorted(written, key=lambda key: written[key])[:-_KEPT_SETS])
    for path in paths:
        if path.stem.rpartition("-")[2] in dropped:
            path.unlink()
