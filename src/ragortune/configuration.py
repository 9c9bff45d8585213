"""`ragortune.yaml` or `[tool.ragortune]`: found upwards to the repository root, read strictly."""

from __future__ import annotations

import os

from ragortune.errors import ConfigurationError
from ragortune.plaintext import quote_value, suggest_name
from ragortune.reading import PROFILE_BYTES, Document, decode_text, parse_toml, parse_yaml, read_bytes
from ragortune.record import Record

FILE = "ragortune.yaml"
_PROJECT_FILE = "pyproject.toml"
_TABLE = b"[tool.ragortune"


class Configuration(Record):
    """Settings that hold for a folder and everything below it."""

    rules: str | None = None
    """Folder of the rule set to use, as an absolute path; the shipped one if None."""
    path: str | None = None
    """The file that the settings come from."""


_KEYS = ("rules",)


def find_configuration(folder: str) -> Configuration:
    """Return the settings nearest to a folder, upwards to the repository root; raises ConfigurationError."""
    current = os.path.abspath(folder)
    while True:
        own = os.path.join(current, FILE)
        if os.path.isfile(own):
            return read_configuration(own)
        project = os.path.join(current, _PROJECT_FILE)
        if os.path.isfile(project):
            data = read_bytes(project, PROFILE_BYTES * 4)
            if _TABLE in data:
                return _from_project(project, data)
        parent = os.path.dirname(current)
        if parent == current or os.path.exists(os.path.join(current, ".git")):
            return Configuration()
        current = parent


def read_configuration(path: str) -> Configuration:
    """Return the settings in a `ragortune.yaml`; raises ConfigurationError."""
    document = parse_yaml(decode_text(read_bytes(path, PROFILE_BYTES), path), path)
    return _from_mapping(document.data, document, ())


def _from_project(path: str, data: bytes) -> Configuration:
    document = parse_toml(decode_text(data, path), path)
    assert isinstance(document.data, dict)
    table = document.data.get("tool", {}).get("ragortune")
    return Configuration() if table is None else _from_mapping(table, document, ("tool", "ragortune"))


def _from_mapping(data: object, document: Document, path: tuple[str, ...]) -> Configuration:
    if not isinstance(data, dict):
        raise ConfigurationError(f"settings are a mapping, not {quote_value(data)}", document.place_of(path))
    for key in data:
        if key not in _KEYS:
            place = document.place_of((*path, key), key=True)
            raise ConfigurationError(
                f"there is no setting {quote_value(key)}", place, suggest_name(key, _KEYS)
            )
    rules = data.get("rules")
    if rules is not None:
        if not isinstance(rules, str):
            place = document.place_of((*path, "rules"))
            raise ConfigurationError(f"'rules' must be a folder, not {quote_value(rules)}", place)
        rules = os.path.join(os.path.dirname(os.path.abspath(document.path)), rules)
        if not os.path.isdir(rules):
            place = document.place_of((*path, "rules"))
            raise ConfigurationError(f"'rules' names no folder: {quote_value(data['rules'])}", place)
    return Configuration(rules, document.path)
