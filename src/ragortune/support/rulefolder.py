"""The folder of a rule set: where the shipped one is, which files belong to it, and their digests."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from ragortune.support.errors import Place, UnreadableError
from ragortune.support.reading import RULE_FILE_BYTES, YAML_ENDINGS, read_bytes, show_size, walk_folder

MANIFEST = "rulebook.yaml"
SHIPPED = "ragortune"
"""The name of the shipped rule set under `extends`."""
_NOT_RULES = ("cases/", "language/", "prices/", "quantities/", "findings/")
_MAX_FILES = 500
_MAX_ENTRIES = 10_000
_MAX_BYTES = 4 * 1024 * 1024

Files = Mapping[str, bytes]
"""The YAML files of a rule set by relative name."""


def shipped_folder() -> Path:
    """Return the folder of the shipped rule set: inside the installed package, or at the top of a checkout."""
    package = Path(__file__).parent.parent
    inside = package / "rules"
    return inside if os.path.isdir(inside) else package.parent.parent / "rules"


def find_shipped_document(name: str) -> Path | None:
    """Return the file of a page that reports link to, or of rules to copy: `docs/cost.md`, `rules/rules/data.yaml`; or None."""
    rules = shipped_folder()
    files = (*(rules.parent / "docs").iterdir(), *rules.glob("*/*.yaml"))
    return {file.relative_to(rules.parent).as_posix(): file for file in files}.get(name)


def read_files(folder: Path) -> Files:
    """Return the YAML files of a rule set; raises UnreadableError."""
    place = Place(str(folder))
    if not os.path.isdir(folder):
        what = "is a file, not a folder with a rule set" if os.path.exists(folder) else "no such folder"
        raise UnreadableError(what, place)
    if os.path.isdir(folder / MANIFEST) or not os.path.lexists(folder / MANIFEST):
        raise UnreadableError(
            f"holds no {MANIFEST}, so it is not a rule set", place, f"write one: `extends: {SHIPPED}`"
        )
    names = list_rule_files(folder)
    if len(names) > _MAX_FILES:
        raise UnreadableError(f"holds more than {_MAX_FILES} YAML files", place)
    files: dict[str, bytes] = {}
    left = _MAX_BYTES
    for name in names:
        files[name] = read_bytes(folder / name, RULE_FILE_BYTES, what="a file of a rule set")
        left -= len(files[name])
        if left < 0:
            raise UnreadableError(f"holds more than {show_size(_MAX_BYTES)} of YAML", place)
    return files


def list_rule_files(folder: Path) -> list[str]:
    """Return the YAML files below a folder as sorted relative names with `/`; raises UnreadableError.

    Hidden files and folders do not count, and links to folders are not followed.
    """
    names: list[str] = []
    left = _MAX_ENTRIES
    for base, folders, files in walk_folder(folder):
        left -= len(folders) + len(files)
        if left < 0:
            raise UnreadableError(f"holds more than {_MAX_ENTRIES:,} files and folders", Place(str(folder)))
        folders[:] = (inner for inner in folders if not inner.startswith("."))
        below = Path(base).relative_to(folder)
        names += (
            (below / name).as_posix()
            for name in files
            if name.lower().endswith(YAML_ENDINGS) and not name.startswith(".")
        )
    for name in names:
        if not name.isprintable():
            raise UnreadableError(f"the name of the file {name!a} cannot be used", Place(str(folder)))
    return sorted(names)


def digest_rules(files: Files) -> str:
    """Return `sha256:` over the files that decide a recommendation, which leaves out cases, prices and the like."""
    deciding = {name: data for name, data in files.items() if not name.startswith(_NOT_RULES)}
    return f"sha256:{digest_files(deciding)}"


def digest_files(files: Files) -> str:
    """Return the SHA-256 of file names and contents, with line ends normalised."""
    total = hashlib.sha256()
    for name in sorted(files):
        data = files[name].replace(b"\r\n", b"\n")
        total.update(f"{name}\0{len(data)}\0".encode())
        total.update(data)
    return total.hexdigest()
