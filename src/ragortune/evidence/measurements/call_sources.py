"""Sources of logs of model calls: files through DuckDB or Spark, and tables of a database by its address.

All are Ibis tables; only the functions that extract values from JSON differ between engines. Nothing leaves the machine
unless the source names an address. DuckDB fetches no extensions and spills to a temporary folder.
"""

from __future__ import annotations

import functools
import gzip
import os
import re
import tempfile
import warnings
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from itertools import chain, count, starmap
from pathlib import Path
from typing import Any, NamedTuple

import ibis
from ibis import udf

from ragortune.evidence.measurements.engines import split_address
from ragortune.support.errors import Place, UnreadableError, UsageError
from ragortune.support.reading import decode_text, open_file
from ragortune.support.text import clean_line, hide_password, quote_value

Extract = Callable[[Any, list[list[str]]], Any]
"""Takes a JSON text and several paths of keys, and returns the values at these paths as an array of texts."""

_SPARK = "spark:"
_ENDINGS = {
    ".jsonl": "newline_delimited",
    ".ndjson": "newline_delimited",
    ".json": "auto",
    ".csv": "csv",
    ".parquet": "parquet",
}
_IN_FILES = ("duckdb", "sqlite")
"""Databases that are one file."""
_OBJECT_BYTES = 16 * 1024 * 1024
_HEAD_BYTES = 64 * 1024
_SETTINGS = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "memory_limit": "512MB",
    "threads": 1,  # each thread has buffers for the longest record
    "preserve_insertion_order": False,  # takes memory, and no result depends on it
}
_RECORDS = """
CREATE VIEW records AS SELECT json AS record FROM read_json_objects(getvariable('files'), maximum_object_size = 16777216,
  format = getvariable('form'), ignore_errors = (getvariable('form') = 'newline_delimited'))
"""
_REJECTED = """
SELECT count(DISTINCT (file_id, line)) FROM reject_errors WHERE scan_id = (SELECT max(scan_id) FROM reject_errors)
"""
_SPANS = """
CREATE VIEW spans AS
SELECT span AS record,
  '{' || list_aggregate(list_transform(CAST(span -> '$.attributes[*]' AS JSON[]),
    lambda one: CAST(to_json(one ->> '$.key') AS VARCHAR) || ':' || CAST(one -> '$.value.*' -> 0 AS VARCHAR)),
    'string_agg', ',') || '}' AS attributes
FROM (SELECT unnest(record -> '$.resourceSpans[*].scopeSpans[*].spans[*]') AS span FROM records)
"""
"""Spans of OTLP files, one in each row, with their attributes as an object; OTLP lists keys and typed values."""


class Records(NamedTuple):
    """The records of a log, of any shape."""

    table: Any
    """Ibis table."""
    extract: Extract | None
    """None if the engine cannot extract values from JSON."""
    fence: Callable[..., Any]
    """Takes an Ibis table and returns one whose expressions are not inlined wherever they are used. With `kept=True` its
    rows are materialised if the engine allows it, so that the source is read once."""
    close: Callable[[], None]
    record: str | None = None
    """Column that holds each record as JSON, null for invalid lines; None if the columns are the record."""
    count_rejected: Callable[[], int] = int
    """Returns the number of rows of a table that the last reading left out."""

    def find(self, path: str) -> tuple[str, list[str]] | None:
        """Return the column that holds a path such as `usage/input`, and the keys within its JSON; None if there is none."""
        first, *rest = path.split("/")
        if path in self.table.columns:
            return path, []
        if self.extract and rest and first in self.table.columns:
            return first, rest
        return (self.record, [first, *rest]) if self.extract and self.record else None

    def read(self, roles: Mapping[str, Iterable[str]]) -> Any:
        """Return an Ibis table of texts: for each role the first of its paths that has a value.

        Roles without any column are left out. All paths within a JSON column are extracted by one call, because engines
        parse the record anew for each call; the array is split into roles in the table above it.
        """
        places = {role: list(filter(None, map(self.find, paths))) for role, paths in roles.items()}
        columns, within = {}, dict[str, list[list[str]]]()
        for column, keys in chain.from_iterable(places.values()):
            value = self.table[column]
            is_text = not value.type().is_nested()
            columns[column] = value.cast("string") if is_text else _call("to_json", value)
            within.setdefault(column, []).extend([keys] * bool(keys))
        for column, paths in within.items():
            if paths and self.extract:
                text = self.table[column] if column == self.record else columns[column]
                columns[f"{column}//"] = self.extract(text, paths)
        readable = self.table[self.record].notnull() if self.record else ibis.literal(value=True)
        read = self.fence(self.table.select(**columns, **{"//": readable.ifelse(1, 0).cast("int64")}))

        def take(column: str, keys: list[str]) -> Any:
            return (read[f"{column}//"][within[column].index(keys)] if keys else read[column]).nullif("")

        texts = {role: ibis.coalesce(*starmap(take, found)) for role, found in places.items() if found}
        return read.select(readable=read["//"], **texts)


@contextmanager
def open_calls(source: str) -> Iterator[Records]:
    """Open a log of calls; raises UsageError if an extra is missing, UnreadableError if it cannot be read.

    The source is a file or a folder of files (JSON, JSON lines, CSV, Parquet, also gzipped), `spark:PATH` or
    `spark://HOST:PORT?path=PATH` for files on Spark, or `ADDRESS?table=NAME` for a table of a database.
    """
    try:
        with warnings.catch_warnings(), tempfile.TemporaryDirectory(prefix="ragortune-") as folder:
            warnings.simplefilter("ignore")  # libraries warn about each other's versions
            if source.startswith(_SPARK):
                records = _open_spark(source)
            else:
                records = _open_database(source) if "://" in source else _open_files(source, folder)
            with closing(records):
                yield records
    except Exception as error:
        if type(error).__module__.partition(".")[0] in {"builtins", "ragortune"}:
            raise
        too_large = type(error).__name__ == "OutOfMemoryException"
        reason = "its records take too much memory" if too_large else clean_line(str(error), 300)
        raise UnreadableError(f"cannot be read: {reason}", Place(hide_password(source))) from None


def _open_files(source: str, folder: str) -> Records:
    files, kind = _list_files(source)
    connection = _find_backend("duckdb", "measure").connect(temp_directory=folder, **_SETTINGS)

    def fence(table: Any, *, kept: bool = False) -> Any:
        if not kept:
            return _fence_with_limit(table)
        # A table would fill DuckDB's memory, even one in a database file.
        calls = str(Path(folder, "calls.parquet"))
        connection.to_parquet(table, calls)
        return connection.read_parquet(calls)

    names = [re.sub(r"([*?\[])", r"[\1]", str(file)) for file in files]
    if kind == "parquet":
        table, record = connection.read_parquet(names), None
    elif kind == "csv":
        options = {"all_varchar": True, "store_rejects": True, "max_line_size": _OBJECT_BYTES}
        table, record = connection.read_csv(names, **options), None
    else:
        connection.con.execute("SET VARIABLE files = ?", [names])
        connection.con.execute("SET VARIABLE form = ?", [kind])
        connection.raw_sql(_RECORDS)
        table, record = connection.table("records"), "record"
        spans = _extract_duckdb(table.record, [["resourceSpans"]])[0].notnull()
        if table.limit(100).aggregate(found=spans.sum()).to_pyarrow().to_pylist()[0]["found"]:
            connection.raw_sql(_SPANS)
            table = connection.table("spans")

    def count_rejected() -> int:
        return int(connection.con.execute(_REJECTED).fetchall()[0][0]) if kind == "csv" else 0

    return Records(table, _extract_duckdb, fence, connection.disconnect, record, count_rejected)


def _list_files(source: str) -> tuple[list[Path], str]:
    """Return the files of a source, sorted, and their kind; raises UnreadableError if there are none or several kinds."""
    path, place = Path(source), Place(source)
    files = sorted(file for file in path.rglob("*") if _detect_kind(file)) if os.path.isdir(path) else [path]
    kinds = {_detect_kind(file) for file in files}
    if len(kinds) != 1 or "" in kinds:
        what = "holds files of different kinds" if len(kinds) > 1 else "is not a log that can be read"
        raise UnreadableError(what, place, f"one of {', '.join(_ENDINGS)}, also with .gz")
    kind = kinds.pop()
    for file in files:
        with open_file(file) as stream:
            head = stream.read(_HEAD_BYTES)
        if not head:
            raise UnreadableError("is empty", Place(str(file)))
        if b"\0" in head and kind != "parquet" and file.suffix.lower() != ".gz":
            decode_text(head, str(file))  # raises UnreadableError with what it is instead
    forms = {kind} if kind != "auto" else set(map(_detect_form, files))
    return files, forms.pop() if len(forms) == 1 else "auto"


def _detect_form(file: Path) -> str:
    """Return the format of a .json file for DuckDB, which would need several times the memory to detect it."""
    try:
        with gzip.open(file) if file.suffix.lower() == ".gz" else open_file(file) as stream:
            line = stream.readline(_OBJECT_BYTES).removeprefix(BOM_UTF8).strip()
    except (OSError, EOFError):
        return "auto"
    if line.startswith(b"["):
        return "array"
    return "newline_delimited" if line.startswith(b"{") and line.endswith(b"}") else "auto"


def _detect_kind(file: Path) -> str:
    return _ENDINGS.get(Path(file.name.lower().removesuffix(".gz")).suffix, "")


def _open_spark(source: str) -> Records:
    backend = _find_backend("pyspark", "measure,spark")
    from pyspark.sql import SparkSession  # noqa: PLC0415  (the extra `spark`)

    address, options = split_address(source, "--calls", ("path",))
    settings = {
        "spark.sql.session.timeZone": "UTC",
        "spark.ui.enabled": "false",
        "spark.sql.ansi.enabled": "true",
    }
    if address.netloc:
        settings["spark.master"] = f"spark://{address.netloc}"
        path = options.get("path", "")
        names, kind = [path], _detect_kind(Path(path))
    else:
        settings |= {"spark.master": "local[*]", "spark.sql.shuffle.partitions": "4"}
        files, kind = _list_files(source.removeprefix(_SPARK))
        names = [str(file) for file in files]
    session = SparkSession.builder.appName("ragortune").config(map=settings).getOrCreate()
    connection = backend.connect(session)
    numbers = map("part_{}".format, count())

    def fence(table: Any, *, kept: bool = False) -> Any:
        name, frame = next(numbers), session.sql(connection.compile(table))
        (frame.cache() if kept else frame).createOrReplaceTempView(name)
        return connection.table(name)

    if kind == "parquet":
        frame, record = session.read.parquet(*names), None
    elif kind == "csv":
        frame, record = session.read.csv(names, header=True, multiLine=True, escape='"'), None
    else:
        frame, record = session.read.text(names).withColumnRenamed("value", "record"), "record"
    frame.createOrReplaceTempView("records")
    return Records(connection.table("records"), _EXTRACTS["spark"], fence, lambda: None, record)


def _open_database(source: str) -> Records:
    address, options = split_address(source, "--calls", ("table",))
    scheme = {"postgres": "postgresql"}.get(address.scheme, address.scheme)
    if "table" not in options:
        message = f"{quote_value(hide_password(source))} names no table"
        raise UsageError(message, None, f"{scheme}://…?table=NAME")
    if scheme in _IN_FILES and not os.path.isfile(f"{address.netloc}{address.path}"):
        raise UnreadableError("no such file", Place(source))  # connecting would create it
    _find_backend(*(("postgres", "measure,postgres") if scheme == "postgresql" else (scheme, None)))
    connection = ibis.connect(address._replace(scheme=scheme).geturl())
    schema, _, name = options["table"].rpartition(".")
    records = connection.table(name, database=schema or None)
    return Records(records, _EXTRACTS.get(scheme), _fence_with_limit, connection.disconnect)


def _fence_with_limit(table: Any, *, kept: bool = False) -> Any:  # noqa: ARG001  (nothing is written into a database)
    """Return a table as a subquery that neither Ibis nor the engine merges with the one around it; a limit is never pulled up."""
    return table.limit(1 << 62)


def _find_backend(name: str, extras: str | None) -> Any:
    """Return a backend of Ibis; raises UsageError if it is not installed."""
    try:
        return getattr(ibis, name)
    except (ImportError, AttributeError):
        if extras:
            raise UsageError.missing("--calls", extras) from None
        name = clean_line(name, 40)
        raise UsageError.missing(f"--calls {name}://", name, package="ibis-framework") from None


# --- JSON ---------------------------------------------------------------------------------------------------------


def _call(function: str, value: Any, *others: Any, result: str = "string") -> Any:
    """Return a call of one of the engine's own functions on one or two values."""

    def unary(value: Any) -> Any: ...
    def binary(value: Any, other: Any) -> Any: ...

    types = tuple(argument.type() for argument in (value, *others))
    builtin = udf.scalar.builtin(binary if others else unary, name=function, signature=(types, result))
    return builtin(value, *others)


def _join_path(keys: list[str], form: str) -> str:
    if any(re.search(r"""["'\\\]]""", key) for key in keys):
        name = quote_value("/".join(keys))
        raise UsageError(f"a column within JSON cannot have quotes in its name ({name})")
    return "$" + "".join(form.format(key) for key in keys)


def _extract_duckdb(text: Any, paths: list[list[str]]) -> Any:
    if not text.type().is_json():
        text = _call("json_valid", text, result="boolean").ifelse(text, "null")
    joined = ibis.array([_join_path(keys, '."{}"') for keys in paths])
    return _call("json_extract_string", text, joined, result="array<string>")


def _extract_each(function: str, form: str) -> Extract:
    """Return an extractor that calls a function of one path for each path."""
    return lambda text, paths: ibis.array(
        [_call(function, text, ibis.literal(_join_path(keys, form))) for keys in paths]
    )


def _extract_postgres(text: Any, paths: list[list[str]]) -> Any:
    def follow(value: Any, key: str) -> Any:
        return _call("json_extract_path_text", value.cast("json"), ibis.literal(key))

    return ibis.array([functools.reduce(follow, keys, text) for keys in paths])


_EXTRACTS: Mapping[str, Extract] = {
    "duckdb": _extract_duckdb,
    "spark": _extract_each("get_json_object", "['{}']"),
    "postgresql": _extract_postgres,
    "trino": _extract_each("json_extract_scalar", '["{}"]'),
    "bigquery": _extract_each("json_value", '."{}"'),
}
