"""Files to plain data, strictly: size, encoding, depth and duplicates are checked, and every error has a place.

YAML is read as YAML 1.2 would (so `no` is a word), without tags, anchors or aliases. JSON and TOML give the same
data. What a key or value means is not known here.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

import yaml

from ragortune.support.errors import Place, UnreadableError
from ragortune.support.text import quote_value

KeyPath = tuple[str | int, ...]

PROFILE_BYTES = 256 * 1024
"""A profile of this size is not a profile; a usual one has 1 to 4 kB."""
RULE_FILE_BYTES = 2 * 1024 * 1024
"""The shipped casebook has about a tenth of this."""
LINE_BYTES = 1024 * 1024
"""Limit for one line of a `.jsonl` file."""
_DEPTH = 20
_BYTES_PER_NODE = 8
_LEAST_NODES = 5_000

_INTEGER = re.compile(r"[-+]?[0-9]+\Z")
_OCTAL_OR_HEX = re.compile(r"0o[0-7]+\Z|0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_WORDS: dict[str, object] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z")
_LONGEST_NUMBER = 40


class Marks:
    """Where keys and values stand, by key path; lines and columns count from 1."""

    def __init__(self) -> None:
        """Begin with no places."""
        self.keys: dict[KeyPath, tuple[int, int]] = {}
        self.values: dict[KeyPath, tuple[int, int]] = {}


class Document:
    """Plain data with the places it came from. An empty file is an empty mapping."""

    def __init__(
        self, data: object, path: str, marks: Marks | Callable[[], Marks] = Marks, line: int | None = None
    ) -> None:
        """Take the data, the file's name, its places (or how to find them), and the line where it is a line."""
        self.data = data
        self.path = path
        self.line = line
        self._marks = marks

    def place_of(self, path: KeyPath, *, key: bool = False) -> Place:
        """Return where the value (or the key) at `path` stands, or the nearest place above it that is known."""
        if self.line is not None:
            return Place(self.path, self.line)
        marks = self.marks()
        for length in range(len(path), 0, -1):
            part = path[:length]
            found = marks.keys.get(part) if key else None
            found = found or marks.values.get(part) or marks.keys.get(part)
            if found:
                return Place(self.path, *found)
        return Place(self.path)

    def marks(self) -> Marks:
        """Return all places, found when they are first asked for."""
        if callable(self._marks):
            try:
                self._marks = self._marks()
            except UnreadableError:
                self._marks = Marks()
        return self._marks


def read_bytes(
    path: str | Path, limit: int, stdin: BinaryIO | None = None, what: str = "such a file"
) -> bytes:
    """Return the bytes of a file (`-`: of `stdin`), at most `limit`, that of `what`; raises UnreadableError."""
    shown = "<stdin>" if path == "-" else str(path)
    try:
        if path == "-" and stdin is not None:
            data = stdin.read(limit + 1)
        else:
            if Path(path).is_dir():
                raise UnreadableError("is a directory, not a file", Place(shown))
            with open(path, "rb") as stream:
                data = stream.read(limit + 1)
    except FileNotFoundError:
        raise UnreadableError("no such file", Place(shown)) from None
    except PermissionError:
        raise UnreadableError("no permission to read it", Place(shown)) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadableError(f"cannot be read ({reason})", Place(shown)) from None
    if len(data) > limit:
        raise UnreadableError(f"is larger than {show_size(limit)}, the limit for {what}", Place(shown))
    return data


def show_size(size: int) -> str:
    """Return a number of bytes as people write it."""
    for unit, name in ((1024 * 1024, "MiB"), (1024, "KiB")):
        if size >= unit and size % unit == 0:
            return f"{size // unit} {name}"
    return f"{size} bytes"


def decode_text(data: bytes, path: str, line: int | None = None) -> str:
    """Return the text of UTF-8 bytes, a byte order mark removed; raises UnreadableError with the place."""
    if data[:4] in (b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff"):
        raise UnreadableError("is UTF-32; save it as UTF-8", Place(path, line))
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise UnreadableError("is UTF-16; save it as UTF-8", Place(path, line))
    if data[:3] == b"\xef\xbb\xbf":
        data = data[3:]
    nul = data.find(b"\x00")
    if nul >= 0:
        hint = "save it as UTF-8" if data[1:2] == b"\x00" or data[:1] == b"\x00" else None
        raise UnreadableError(
            "holds a NUL character; it is not a text file", _place_of_byte(data, nul, path, line), hint
        )
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        place = _place_of_byte(data, error.start, path, line)
        raise UnreadableError(f"is not UTF-8 (byte 0x{data[error.start]:02x})", place) from None


def _place_of_byte(data: bytes, offset: int, path: str, line: int | None) -> Place:
    before = data[:offset]
    column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
    return Place(path, line or before.count(b"\n") + 1, column)


def read_document(path: str, limit: int, *, stdin: BinaryIO | None = None, form: str = "") -> Document:
    """Read a YAML, JSON or TOML file, by the ending of its name or by `form`; raises UnreadableError."""
    shown = "<stdin>" if path == "-" else str(path)
    return parse_text(decode_text(read_bytes(path, limit, stdin), shown), shown, form)


def parse_text(text: str, name: str, form: str = "") -> Document:
    """Read YAML, JSON or TOML, by the ending of a name or by `form`; raises UnreadableError."""
    ending = form or name.rpartition(".")[2].lower()
    return {"json": parse_json, "toml": parse_toml}.get(ending, parse_yaml)(text, name)


def parse_json(text: str, path: str, line: int | None = None) -> Document:
    """Read JSON; raises UnreadableError. Empty text is an empty mapping."""
    if not text.strip():
        return Document({}, path, line=line)
    return Document(load_json(text, path, line), path, lambda: _mark_yaml(text, path), line)


def load_json(text: str, path: str, line: int | None = None) -> object:
    """Return the data of one JSON text without duplicate keys or non-finite numbers; raises UnreadableError."""
    try:
        return _json_decoder().decode(text)
    except _RefusedError as error:
        at = _find_key_twice(text, error.key) if error.key is not None and line is None else ()
        raise UnreadableError(error.args[0], Place(path, line, *at) if line else Place(path, *at)) from None
    except json.JSONDecodeError as error:
        place = Place(path, line or error.lineno, error.colno)
        raise UnreadableError(f"is not JSON: {error.msg[:1].lower()}{error.msg[1:]}", place) from None
    except RecursionError:
        raise UnreadableError("is nested too deeply", Place(path, line)) from None
    except ValueError:
        raise UnreadableError("holds a number that is too long", Place(path, line)) from None


@lru_cache(maxsize=1)
def _json_decoder() -> json.JSONDecoder:
    return json.JSONDecoder(object_pairs_hook=_unique_pairs, parse_constant=_refuse_constant)


class _RefusedError(Exception):
    def __init__(self, message: str, key: str | None = None) -> None:
        super().__init__(message)
        self.key = key


def _unique_pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        seen = set()
        for key, _ in pairs:
            if key in seen:
                raise _RefusedError(f"key {quote_value(key)} is given twice", key)
            seen.add(key)
    return mapping


def _refuse_constant(name: str) -> object:
    raise _RefusedError(f"{name} is not a number that can be used")


def _find_key_twice(text: str, key: str) -> tuple[int, int] | tuple[()]:
    """Return line and column of the second occurrence of a JSON key, where it is written without escapes."""
    quoted = f'"{key}"'
    first = text.find(quoted)
    second = text.find(quoted, first + 1) if first >= 0 else -1
    if second < 0:
        return ()
    return text.count("\n", 0, second) + 1, second - text.rfind("\n", 0, second)


def parse_toml(text: str, path: str) -> Document:
    """Read TOML; raises UnreadableError."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        place = Place(path, int(found[1]), int(found[2])) if found else Place(path)
        message = str(error).partition(" (at ")[0]
        raise UnreadableError(f"is not TOML: {message[:1].lower()}{message[1:]}", place) from None
    except (RecursionError, ValueError):
        raise UnreadableError(
            "is nested too deeply or holds a number that is too long", Place(path)
        ) from None
    return Document(data, path, lambda: _mark_toml(text))


def _mark_toml(text: str) -> Marks:
    """Return where plain keys stand; TOML's parser keeps no positions, so this reads lines, headers and `=`."""
    marks = Marks()
    header: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if stripped.startswith("[") and "=" not in stripped:
            header = tuple(part.strip().strip("\"'") for part in stripped.strip("[]").split("."))
            marks.keys[header] = (number, line.index("[") + 1)
        elif "=" in stripped and not stripped.startswith("#"):
            name, _, value = line.partition("=")
            keys = tuple(part.strip().strip("\"'") for part in name.split("."))
            whole = (*header, *keys), (*header, name.strip().strip("\"'"))
            for path in whole:
                marks.keys.setdefault(path, (number, len(name) - len(name.lstrip()) + 1))
                marks.values.setdefault(path, (number, len(line) - len(value.lstrip()) + 1))
    return marks


def parse_yaml(text: str, path: str) -> Document:
    """Read one YAML document; raises UnreadableError. Empty text is an empty mapping."""
    marks = Marks()
    data = _build_yaml(text, path, marks)
    return Document({} if data is None else data, path, marks)


def _mark_yaml(text: str, path: str) -> Marks:
    marks = Marks()
    _build_yaml(text, path, marks)
    return marks


def _yaml_events(text: str, path: str) -> Iterator[object]:
    parser: Any = yaml.cyaml.CParser if yaml.__with_libyaml__ else _pure_parser()  # type: ignore[attr-defined]
    try:
        events = parser(text)
        while events.check_event():
            yield events.get_event()
    except yaml.YAMLError as error:
        raise _explain_yaml(error, path, text) from None
    except RecursionError:
        raise UnreadableError("is nested too deeply", Place(path)) from None


def _pure_parser() -> Callable[
    [str], object
]:  # pragma: no cover  (only where PyYAML was built without libyaml)
    class PureParser(yaml.reader.Reader, yaml.scanner.Scanner, yaml.parser.Parser):
        def __init__(self, text: str) -> None:
            yaml.reader.Reader.__init__(self, text)
            yaml.scanner.Scanner.__init__(self)
            yaml.parser.Parser.__init__(self)

    return PureParser


def _explain_yaml(error: Exception, path: str, text: str) -> UnreadableError:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    place = Place(path, mark.line + 1, mark.column + 1) if mark else Place(path)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read"
    if "depth" in problem:
        return UnreadableError("is nested too deeply", place)
    if mark and "cannot start any token" in problem:
        lines = text.splitlines()
        line = lines[mark.line] if mark.line < len(lines) else ""
        if line[: mark.column + 1].strip(" ").startswith("\t"):
            return UnreadableError("a tab is used for indentation; use spaces", place)
    return UnreadableError(f"is not YAML: {problem}", place)


class _Open:
    """A collection that is being read."""

    __slots__ = ("awaits_value", "key", "node", "path")

    def __init__(self, node: dict[str, object] | list[object], path: KeyPath) -> None:
        self.node = node
        self.path = path
        self.key: str | None = None
        """Key that waits for its value, in a mapping."""
        self.awaits_value = False


def _build_yaml(text: str, path: str, marks: Marks) -> object:
    """Build plain data from parser events, without recursion, so that no input can exhaust the stack."""
    budget = max(_LEAST_NODES, len(text) // _BYTES_PER_NODE)
    stack: list[_Open] = []
    root: object = None
    documents = 0
    for event in _yaml_events(text, path):
        kind = type(event).__name__
        mark = event.start_mark  # type: ignore[attr-defined]
        here = (mark.line + 1, mark.column + 1)
        if kind == "DocumentStartEvent":
            documents += 1
            if documents > 1:
                raise UnreadableError("holds more than one YAML document", Place(path, *here))
            continue
        if kind in ("MappingEndEvent", "SequenceEndEvent"):
            stack.pop()
            continue
        if kind not in ("ScalarEvent", "MappingStartEvent", "SequenceStartEvent", "AliasEvent"):
            continue
        budget -= 1
        _refuse_extras(event, kind, Place(path, *here), full=budget < 0 or len(stack) > _DEPTH)
        parent = stack[-1] if stack else None
        if parent is not None and isinstance(parent.node, dict) and not parent.awaits_value:
            _open_key(parent, event, kind, Place(path, *here))
            marks.keys[(*parent.path, str(parent.key))] = here
            continue
        value: object
        if kind == "ScalarEvent":
            value = _read_scalar(event, Place(path, *here))
        else:
            value = {} if kind == "MappingStartEvent" else []
        at: KeyPath = ()
        if parent is None:
            root = value
        elif isinstance(parent.node, list):
            at = (*parent.path, len(parent.node))
            parent.node.append(value)
        else:
            at = (*parent.path, str(parent.key))
            parent.node[str(parent.key)] = value
            parent.awaits_value = False
        marks.values[at] = here
        if isinstance(value, (dict, list)):
            stack.append(_Open(value, at))
    return root


def _refuse_extras(event: object, kind: str, place: Place, *, full: bool) -> None:
    if full:
        raise UnreadableError("is nested too deeply or holds too many values", place)
    if kind == "AliasEvent" or getattr(event, "anchor", None):
        raise UnreadableError("anchors and aliases (& and *) are not supported", place, "write the value out")
    tag = getattr(event, "tag", None)
    if tag and tag != "!":
        shown = tag.replace("tag:yaml.org,2002:", "!!")
        raise UnreadableError(f"tags are not supported ({quote_value(shown)})", place)


def _open_key(parent: _Open, event: object, kind: str, place: Place) -> None:
    key = _read_scalar(event, place) if kind == "ScalarEvent" else None
    if not isinstance(key, str):
        raise UnreadableError("a key must be a word", place)
    assert isinstance(parent.node, dict)
    if key in parent.node:
        raise UnreadableError(f"key {quote_value(key)} is given twice", place)
    parent.key, parent.awaits_value = key, True


def _read_scalar(event: object, place: Place) -> object:
    """Return the value of a scalar by the core schema of YAML 1.2."""
    text: str = event.value  # type: ignore[attr-defined]
    if event.style:  # type: ignore[attr-defined]
        return text
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in "0123456789.+-":
        if _INTEGER.match(text) or _FLOAT.match(text) or _OCTAL_OR_HEX.match(text):
            return _read_number(text, place)
        if _NOT_FINITE.match(text):
            raise UnreadableError(f"{text} is not a number that can be used", place)
    return text


def _read_number(text: str, place: Place) -> int | float:
    if len(text) > _LONGEST_NUMBER:
        raise UnreadableError("holds a number that is too long", place)
    if _OCTAL_OR_HEX.match(text):
        return int(text, 0)
    number = int(text) if _INTEGER.match(text) else float(text)
    if abs(number) == float("inf"):
        raise UnreadableError("holds a number that is too large", place)
    return number


def read_lines(stream: BinaryIO, limit: int = LINE_BYTES) -> Iterator[tuple[int, bytes | None]]:
    """Yield number and bytes of each line of a stream; None stands for a line that is longer than `limit`."""
    number = 0
    while line := stream.readline(limit + 1):
        number += 1
        if len(line) > limit and not line.endswith(b"\n"):
            while rest := stream.readline(limit):
                if rest.endswith(b"\n"):
                    break
            yield number, None
        else:
            yield number, line


def list_files(folder: Path, endings: Iterable[str] = (".yaml", ".yml")) -> list[str]:
    """Return the files below a folder with one of these endings, as sorted relative names with `/`."""
    wanted = tuple(endings)
    found = []
    for base, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        inside = Path(base).relative_to(folder)
        found += [
            (inside / name).as_posix() for name in files if name.endswith(wanted) and not name.startswith(".")
        ]
    return sorted(found)
