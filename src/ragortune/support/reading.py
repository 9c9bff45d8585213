"""Strict readers of files: size, encoding, depth and duplicate keys are checked, and every error has a place.

YAML follows the core schema of YAML 1.2 (`no` is a word), without tags, anchors and aliases. JSON and TOML give the same
data. The meaning of keys and values is not known here.
"""

from __future__ import annotations

import codecs
import contextlib
import json
import os
import re
import stat
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

from ragortune.support.errors import NotYamlError, Place, UnreadableError
from ragortune.support.text import quote_value

KeyPath = tuple[str | int, ...]

PROFILE_BYTES = 256 * 1024
"""Limit for a profile; a usual one has 1 to 4 kB."""
YAML_ENDINGS = (".yaml", ".yml")
RULE_FILE_BYTES = 1024 * 1024
"""Limit for a file of a rule set; the shipped casebook has about a third of it."""
LINE_BYTES = 1024 * 1024
"""Limit for one line of a `.jsonl` file."""
_LONGEST = 64
"""Lines of more than this many times the limit are not skipped: a sparse file may have no line end for hours."""
DEPTH = 20
"""Maximum nesting of data."""
PACKAGES = frozenset(("node_modules", "__pycache__", "venv", "site-packages"))
"""Folders of third-party packages."""
_DEEPEST_FOLDER = 100

_TOML_TEXT = re.compile(
    r"""\"{3}(?s:.*?)(?:\"{3}|\Z)|'{3}(?s:.*?)(?:'{3}|\Z)|"(?:[^"\\\n]|\\.)*"?|'[^'\n]*'?|\#[^\n]*"""
)
"""Strings and comments of TOML."""
_LONG_KEY = re.compile(rf"(?:\.[\w \t-]*){{{DEPTH}}}")
"""A dotted key of too many parts: the TOML library takes quadratic time and memory in their number."""

Marks = dict[tuple[str, KeyPath], tuple[int, int]]
"""Line and column of each `key` and `value` by key path, from 1; numbers such as 2.000 have a mark `grouped` as well."""


class Document:
    """The data of a file with the places of its parts. An empty file is an empty mapping."""

    def __init__(
        self, data: object, path: str, find_marks: Callable[[], Marks] = dict, line: int | None = None
    ) -> None:
        """Take plain data, the name of the file, and the number of the line if the data is one line of it.

        `find_marks` returns all places; it is called for the first one that is needed.
        """
        self.data = data
        self.path = path
        self.line = line
        self._find_marks = find_marks

    @cached_property
    def _marks(self) -> Marks:
        try:
            return self._find_marks()
        except UnreadableError:
            return {}

    def place_of(self, path: KeyPath, *, key: bool = False) -> Place:
        """Return the place of the value (or the key) at `path`, or the place of the nearest parent that is known."""
        if self.line is not None:
            return Place(self.path, self.line)
        for length in range(len(path), 0, -1):
            for what in ("key", "value") if key else ("value", "key"):
                if found := self._marks.get((what, path[:length])):
                    return Place(self.path, *found)
        return Place(self.path)

    def is_grouped(self, path: KeyPath) -> bool:
        """Return whether the value at `path` is written like 2.000 in YAML, which may mean 2,000."""
        return ("grouped", path) in self._marks


# --- bytes and text -----------------------------------------------------------------------------------------------


_STREAMS = ("/dev/stdin", "/dev/fd/", "/proc/self/fd/", os.devnull)
"""Names of streams that a shell passes on. No other special file is read, because it may never end."""
_DIRECTORY, _FORBIDDEN = "is a directory, not a file", "no permission to read it"


def open_file(path: str | Path) -> BinaryIO:
    """Open a regular file, or a stream that the shell passed on, for reading bytes; raises UnreadableError.

    Other pipes and devices are refused without waiting for them.
    """
    place = Place(str(path))
    try:
        if str(path).startswith(_STREAMS):
            return Path(path).open("rb")
        number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        mode = os.fstat(number).st_mode
        if stat.S_ISREG(mode):
            return os.fdopen(number, "rb")
        os.close(number)
    except FileNotFoundError:
        raise UnreadableError("no such file", place) from None
    except PermissionError:
        raise UnreadableError(_DIRECTORY if os.path.isdir(path) else _FORBIDDEN, place) from None
    except (OSError, ValueError) as error:
        raise _refuse_read(error, place) from None
    raise UnreadableError(_DIRECTORY if stat.S_ISDIR(mode) else "is a pipe or device, not a file", place)


def _refuse_read(error: Exception, place: Place) -> UnreadableError:
    return UnreadableError(f"cannot be read ({getattr(error, 'strerror', None) or error})", place)


def read_bytes(
    path: str | Path, limit: int, stdin: BinaryIO | None = None, what: str = "such a file"
) -> bytes:
    """Return the bytes of a file (`-`: of `stdin`); raises UnreadableError, also above `limit`, the limit for `what`."""
    place = Place("<stdin>" if path == "-" else str(path))
    try:
        if path == "-" and stdin is not None:
            data = stdin.read(limit + 1)
        else:
            with open_file(path) as stream:
                # None for a file of /proc or /sys without data.
                data = stream.read(limit + 1) or b""
    except OSError as error:
        raise _refuse_read(error, place) from None
    if len(data) > limit:
        raise UnreadableError(f"is larger than {show_size(limit)}, the limit for {what}", place)
    return data


def read_lines(
    stream: BinaryIO, path: str | Path, limit: int = LINE_BYTES
) -> Iterator[tuple[int, bytes | None]]:
    """Yield number and bytes of each line of a file, with None for a line that is longer than `limit`.

    Raises UnreadableError if it cannot be read, and for a line that is too long to be skipped.
    """

    def read_on(most: int) -> bytes:
        try:
            return stream.readline(most)
        except OSError as error:
            raise _refuse_read(error, Place(str(path), number or None)) from None

    number = 0
    while line := read_on(limit + 1):
        number += 1
        too_long = len(line) > limit and not line.endswith(b"\n")
        length = len(line)
        while too_long and (rest := read_on(limit)) and not rest.endswith(b"\n"):
            length += len(rest)
            if length > _LONGEST * limit:
                reason = f"is longer than {show_size(_LONGEST * limit)}; this and what follows is not read"
                raise UnreadableError(reason, Place(str(path), number))
        yield number, None if too_long else line


def real_path(*parts: str | Path) -> Path:
    """Return an absolute path with links resolved, whether or not it exists."""
    return Path(os.path.realpath(Path(*parts)))


def find_repository(folder: str | Path) -> Path:
    """Return the root of the repository that contains a folder, or the folder itself without one."""
    top = tuple(walk_up(Path(folder)))[-1]
    return top if os.path.exists(top / ".git") else Path(folder).absolute()


def locate(path: str | Path, root: str | Path) -> Path:
    """Return an absolute path without `..`; one that leads into `root` by a link is below `root`, its other links kept."""
    place = Path(os.path.normpath(path))
    if not place.is_relative_to(root):
        for above in (*reversed(place.parents), place):
            target = Path(os.path.realpath(above))
            if target.is_relative_to(root):
                return target / place.relative_to(above)
    return place


def lies_inside(path: str | Path, root: str | Path) -> bool:
    """Return whether a file is in a repository, with links resolved, and not in `.git`, which holds credentials in CI."""
    target, top = Path(os.path.realpath(path)), Path(os.path.realpath(root))
    return target.is_relative_to(top) and ".git" not in map(str.casefold, target.relative_to(top).parts)


def walk_up(folder: Path) -> Iterator[Path]:
    """Yield a folder and its parents up to the root of a repository or of the file system."""
    start = Path(os.path.normpath(folder.absolute()))  # `..` has no parents
    for current in (start, *start.parents):
        yield current
        if os.path.exists(current / ".git"):
            return


def walk_folder(
    top: str | Path, onerror: Callable[[OSError], None] | None = None
) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield what `os.walk` does; raises UnreadableError if folders are nested more than 100 deep.

    `os.walk` is recursive before Python 3.12, and would exceed the recursion limit.
    """
    above = os.fspath(top).count(os.sep)
    for base, folders, files in os.walk(top, onerror=onerror):
        if base.count(os.sep) - above > _DEEPEST_FOLDER:
            message = f"holds folders that are nested more than {_DEEPEST_FOLDER} deep"
            raise UnreadableError(message, Place(str(top)))
        yield base, folders, files


def show_size(size: int) -> str:
    """Return a number of bytes with its unit, such as `2 MiB`."""
    for unit, name in ((1024 * 1024, "MiB"), (1024, "KiB")):
        if size >= unit and size % unit == 0:
            return f"{size // unit} {name}"
    return f"{size} bytes"


def decode_text(data: bytes, path: str, line: int | None = None) -> str:
    """Return UTF-8 bytes as text, without a byte order mark; raises UnreadableError with the place."""
    for name, marks in (
        ("UTF-32", (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)),
        ("UTF-16", (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)),
    ):
        if data.startswith(marks):
            raise UnreadableError(f"is {name}; save it as UTF-8", Place(path, line))
    data = data.removeprefix(codecs.BOM_UTF8)
    if b"\x00" in data:
        place = _place_of_byte(data, data.index(b"\x00"), path, line)
        hint = "save it as UTF-8" if b"\x00" in data[:2] else None
        raise UnreadableError("holds a NUL character; it is not a text file", place, hint)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        place = _place_of_byte(data, error.start, path, line)
        raise UnreadableError(f"is not UTF-8 (byte 0x{data[error.start]:02x})", place) from None


def _place_of_byte(data: bytes, offset: int, path: str, line: int | None) -> Place:
    before = data[:offset].decode("utf-8", "replace")
    return Place(path, line or before.count("\n") + 1, len(before) - before.rfind("\n"))


def read_text(path: str | Path, limit: int, name: str, stdin: BinaryIO | None = None) -> str:
    """Return the text of a file (`-`: of `stdin`) of at most `limit` bytes; raises UnreadableError, which shows `name`."""
    return decode_text(read_bytes(path, limit, stdin), name)


def read_document(
    path: str | Path, limit: int, stdin: BinaryIO | None = None, name: str | None = None
) -> Document:
    """Read a YAML, JSON or TOML file, by the extension of `name` or else of the path; raises UnreadableError."""
    shown = name or ("<stdin>" if path == "-" else str(path))
    return parse_text(read_text(path, limit, shown, stdin), shown)


def parse_text(text: str, name: str) -> Document:
    """Read YAML, JSON or TOML, by the extension of a name, else by what it holds; raises UnreadableError."""
    ending = name.rpartition(".")[2].lower()
    readers = {"json": parse_json, "toml": parse_toml, "yaml": parse_yaml, "yml": parse_yaml}
    if reader := readers.get(ending):
        return reader(text, name)
    with contextlib.suppress(UnreadableError):
        return parse_json(text, name)
    return parse_yaml(text, name)


def parse_json(text: str, path: str) -> Document:
    """Read JSON; raises UnreadableError. Empty text is an empty mapping. Places come from reading it as YAML."""

    def find_marks() -> Marks:  # in JSON, a dot is always that of decimals
        return {at: mark for at, mark in _read_yaml(text, path)[1].items() if at[0] != "grouped"}

    return Document(load_json(text, path) if text.strip() else {}, path, find_marks)


def load_json(text: str, path: str, line: int | None = None) -> object:
    """Return the data of one JSON text without duplicate keys or non-finite numbers; raises UnreadableError."""
    place = Place(path, line)

    def join_pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
        mapping: dict[str, object] = {}
        for key, value in pairs:
            if key in mapping:
                if line is None:
                    _read_yaml(text, path)  # raises the same error with its place
                raise UnreadableError(f"duplicate key {quote_value(key)}", place)
            mapping[key] = value
        return mapping

    def refuse_constant(name: str) -> object:
        raise UnreadableError(f"{name} is not a number that can be used", place)

    try:
        data = json.loads(text, object_pairs_hook=join_pairs, parse_constant=refuse_constant)
    except json.JSONDecodeError as error:
        at = Place(path, line or error.lineno, error.colno)
        message = f"is not JSON: {error.msg[:1].lower()}{error.msg[1:].removesuffix(' at')}"
        raise UnreadableError(message, at) from None
    except RecursionError:
        raise UnreadableError("is nested too deeply", place) from None
    except ValueError:
        raise UnreadableError("holds a number that is too long", place) from None
    # The depth at which the parser fails depends on the version of Python.
    if text.count("[") + text.count("{") > DEPTH and _is_deep(data):
        raise UnreadableError("is nested too deeply", place)
    return data


def _is_deep(data: object, left: int = DEPTH) -> bool:
    """Return whether data is nested more deeply than a file may be."""
    parts = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    return not left or any(_is_deep(part, left - 1) for part in parts)


def parse_toml(text: str, path: str) -> Document:
    """Read TOML; raises UnreadableError."""
    import tomllib  # noqa: PLC0415  (few profiles are TOML)

    if text.count(".") >= DEPTH and _LONG_KEY.search(_TOML_TEXT.sub("", text)):
        raise UnreadableError("is nested too deeply", Place(path))
    try:
        data = tomllib.loads(text)
        repr(data)  # raises ValueError for a number that has more digits than can be shown
    except tomllib.TOMLDecodeError as error:
        message, _, position = str(error).partition(" (at ")
        place = Place(path, *map(int, re.findall(r"\d+", position)))
        raise UnreadableError(f"is not TOML: {message[:1].lower()}{message[1:]}", place) from None
    except (RecursionError, ValueError):
        problem = "is nested too deeply or holds a number that is too long"
        raise UnreadableError(problem, Place(path)) from None
    return Document(data, path, lambda: _mark_toml(text))


def _mark_toml(text: str) -> Marks:
    """Return the places of plain keys, from lines with headers and `=`; no TOML library keeps positions."""
    marks: Marks = {}
    header: KeyPath = ()

    def split(key: str) -> KeyPath:
        return tuple(part.strip(" \t\"'") for part in key.split("."))

    for number, line in enumerate(text.splitlines(), 1):
        name, equals, value = line.partition("=")
        if line.lstrip().startswith("[") and not equals:
            header = split(line.strip(" \t[]"))
            marks["key", header] = (number, line.index("[") + 1)
        elif equals and not line.lstrip().startswith("#"):
            for path in ((*header, *split(name)), (*header, name.strip(" \t\"'"))):
                marks.setdefault(("key", path), (number, len(name) - len(name.lstrip()) + 1))
                marks.setdefault(("value", path), (number, len(line) - len(value.lstrip()) + 1))
    return marks


def parse_yaml(text: str, path: str) -> Document:
    """Read one YAML document; raises UnreadableError. Empty text is an empty mapping.

    JSON that is no YAML, such as with an emoji as two escapes, is read as well.
    """
    try:
        data, marks = _read_yaml(text, path)
    except NotYamlError:
        with contextlib.suppress(UnreadableError):
            return parse_json(text, path)
        raise
    return Document({} if data is None else data, path, lambda: marks)


def _read_yaml(text: str, path: str) -> tuple[object, Marks]:
    from ragortune.support.yaml_reader import YamlReader  # noqa: PLC0415  (imports PyYAML, which JSON does not need)

    return YamlReader(text, path).read()
