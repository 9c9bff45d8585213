"""`ragortune.yaml` or `[tool.ragortune]`: found upwards to the repository root, read strictly."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from ragortune.support.errors import ConfigurationError, Place, UsageError
from ragortune.support.git import find_repository, walk_up
from ragortune.support.reading import PROFILE_BYTES, Document, decode_text, parse_toml, parse_yaml, read_bytes
from ragortune.support.record import Record
from ragortune.support.text import quote_value

FILE = "ragortune.yaml"
PROJECT_FILE = "pyproject.toml"
_TABLE = b"[tool.ragortune"


class CheckSettings(Record, frozen=True):
    """Settings of `check`; what is None is left to the command line or its defaults."""

    fail_on: str | None = None
    """Severity from which on the run fails: error, warning, note or never."""
    min_confidence: str | None = None
    """Least confidence that is shown: low, medium or high."""
    select: tuple[str, ...] = ()
    """Names or codes of the only finding rules to look for."""
    ignore: tuple[str, ...] = ()
    """Names or codes of finding rules to leave out."""
    require_decision: bool = False
    """Whether a document that decides nothing ends the run with exit code 3."""
    baseline: Path | None = None
    """File with known findings, as an absolute path."""
    profile: Path | None = None
    """Profile file with facts from outside the documents, as an absolute path."""


class Configuration(Record, frozen=True):
    """Settings that hold for a folder and everything below it."""

    rules: Path | None = None
    """Folder of the rule set to use, as an absolute path; the shipped one if None."""
    path: str | None = None
    """The file that the settings come from."""
    rules_version: str | None = None
    """Version of the rule set that was agreed to: findings of newer rules are notes."""
    check: CheckSettings = CheckSettings()
    """What `check` does here."""
    moved: tuple[Path, Path] | None = None
    """Folder into which the files were read from an earlier commit, and the one in which they stand."""

    def origin_of(self, path: Path) -> Path:
        """Return where a file that the settings name stands in the repository."""
        if self.moved and path.is_relative_to(self.moved[0]):
            return self.moved[1] / path.relative_to(self.moved[0])
        return path


_KEYS = ("rules", "rules-version", "check")
_FILES = ("baseline", "profile")
_ALLOWED: dict[str, str | tuple[str, ...]] = {
    "fail-on": ("error", "warning", "note", "never"),
    "min-confidence": ("low", "medium", "high"),
    "select": "a list of names or codes of rules",
    "ignore": "a list of names or codes of rules",
    "require-decision": "true or false",
    **dict.fromkeys(_FILES, "a file"),
}
"""Settings of `check` by name, and what each can be."""
_VERSION = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6}){0,4}\Z")


def find_configuration(folder: str | Path) -> Configuration:
    """Return the settings nearest to a folder, upwards to the repository root; raises ConfigurationError."""
    found = _find_settings(Path(folder))
    if found is None:
        return Configuration()
    data, document, path = found
    return _keep_inside(_from_mapping(data, document, path), document.path)


def leave_out(configuration: Configuration, names: Iterable[str]) -> Configuration:
    """Return settings without those that are named as in their file; raises UsageError for a name that is not known."""
    known = [name for name in (*_KEYS, *_ALLOWED) if name != "check"]
    for name in names:
        if name not in known:
            raise UsageError.unknown("setting", name, known, where="for --without")
        field = name.replace("-", "_")
        if name in _ALLOWED:
            check = configuration.check.replace(**{field: getattr(CheckSettings(), field)})
            configuration = configuration.replace(check=check)
        else:
            configuration = configuration.replace(**{field: None})
    return configuration


def list_named_files(folder: Path) -> list[Path]:
    """Return the files and folders that the nearest settings name, whether or not they exist."""
    found = _find_settings(folder)
    data = found[0] if found else None
    check = data.get("check") if isinstance(data, dict) else None
    tables = [(data, ("rules",)), (check, _FILES)]
    names = [table.get(key) for table, keys in tables if isinstance(table, dict) for key in keys]
    base = Path(found[1].path).parent if found else folder
    return [
        Path(os.path.normpath(base / name)) for name in names if isinstance(name, str) and "\0" not in name
    ]


def _find_settings(folder: Path) -> tuple[object, Document, tuple[str, ...]] | None:
    """Return the settings nearest to a folder, with their document and their place in it."""
    for current in walk_up(folder):
        own = current / FILE
        if os.path.lexists(own):
            document = _parse_settings(own)
            return document.data, document, ()
        project = current / PROJECT_FILE
        if os.path.exists(project) and _TABLE in (data := read_bytes(project, PROFILE_BYTES * 4)):
            document = parse_toml(decode_text(data, str(project)), str(project))
            tools = document.data.get("tool") if isinstance(document.data, dict) else None
            table = tools.get("ragortune") if isinstance(tools, dict) else None
            if table is not None:
                return table, document, ("tool", "ragortune")
            return None
    return None


def _parse_settings(path: Path) -> Document:
    return parse_yaml(decode_text(read_bytes(path, PROFILE_BYTES), str(path)), str(path))


def _keep_inside(configuration: Configuration, path: str) -> Configuration:
    """Return settings that name no file outside of their repository; raises ConfigurationError.

    A pull request can write settings, and errors quote what a file holds.
    """
    root = find_repository(Path(path).parent).resolve()
    check = configuration.check
    for name, named in (
        ("rules", configuration.rules),
        ("baseline", check.baseline),
        ("profile", check.profile),
    ):
        if named is not None and not named.resolve().is_relative_to(root):
            message = f"'{name}' leads out of the repository"
            raise ConfigurationError(message, Place(path), f"name it on the command line: --{name} PATH")
    return configuration


def read_configuration(path: Path) -> Configuration:
    """Return the settings in a file that the user names, which may lead anywhere; raises ConfigurationError."""
    document = _parse_settings(path)
    return _from_mapping(document.data, document, ())


def _from_mapping(data: object, document: Document, path: tuple[str, ...]) -> Configuration:
    settings = _read_table(data, "settings are", _KEYS, document, path)
    folder = settings.get("rules")
    rules = None if folder is None else _read_path(folder, "a folder", document, (*path, "rules"))
    if rules is not None and not os.path.isdir(rules):
        place = document.place_of((*path, "rules"))
        raise ConfigurationError(f"'rules' names no folder: {quote_value(folder)}", place)
    version = settings.get("rules-version")
    if version is not None and not (isinstance(version, str) and _VERSION.match(version)):
        place = document.place_of((*path, "rules-version"))
        error = ConfigurationError.expected("'rules-version'", 'a version such as "2026.11"', version, place)
        error.hint = "write the version in quotes" if isinstance(version, (int, float)) else None
        raise error
    own = _read_table(settings.get("check") or {}, "'check' is", _ALLOWED, document, (*path, "check"))
    check = {
        key.replace("-", "_"): _read_setting(key, value, document, (*path, "check", key))
        for key, value in own.items()
        if value is not None
    }
    return Configuration(rules, document.path, version, CheckSettings(**check))


def _read_table(
    data: object, what: str, known: Collection[str], document: Document, path: tuple[str, ...]
) -> dict[str, Any]:
    """Return a mapping with known keys only; raises ConfigurationError."""
    if not isinstance(data, dict):
        raise ConfigurationError(f"{what} a mapping, not {quote_value(data)}", document.place_of(path))
    for key in data:
        if key not in known:
            place = document.place_of((*path, key), key=True)
            raise ConfigurationError.unknown("setting", key, known, place)
    return data


def _read_path(value: object, what: str, document: Document, path: tuple[str, ...]) -> Path:
    """Return a path relative to the file that names it as an absolute one."""
    if not isinstance(value, str) or not value or "\0" in value:
        raise ConfigurationError.expected(f"'{path[-1]}'", what, value, document.place_of(path))
    return Path(document.path).absolute().parent / value


def _read_setting(key: str, value: Any, document: Document, path: tuple[str, ...]) -> Any:
    allowed = _ALLOWED[key]
    if key in _FILES:
        return _read_path(value, "a file", document, path)
    if isinstance(allowed, tuple):
        fits = value in allowed
    elif key == "require-decision":
        fits = isinstance(value, bool)
    else:
        fits = isinstance(value, list) and all(isinstance(name, str) for name in value)
    if not fits:
        raise ConfigurationError.expected(f"'{key}'", allowed, value, document.place_of(path))
    return tuple(value) if isinstance(value, list) else value
