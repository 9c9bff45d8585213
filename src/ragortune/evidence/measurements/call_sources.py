"""Where logs of model calls are read: files through DuckDB or Spark, tables by the connection address of their database.

Ibis gives all of them one face. What differs is how a value is taken out of JSON, which stands here in one line each.
Nothing leaves the machine unless the source names an address; DuckDB fetches no extension and spills to a folder that
is removed.
"""

from __future__ import annotations

import gzip
import itertools
import json
import re
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from ragortune.support.errors import Place, RagortuneError, UnreadableError, UsageError
from ragortune.support.reading import open_file
from ragortune.support.text import clean_line, hide_password, quote_value

Extract = Callable[[Any, list[str]], Any]
"""Takes text that holds JSON and the keys that lead to a value, and returns the value as text."""

_SPARK = "spark:"
_ENDINGS = {".jsonl": "lines", ".ndjson": "lines", ".json": "json", ".csv": "csv", ".parquet": "parquet"}
_OBJECT_BYTES = 16 * 1024 * 1024
_SETTINGS = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "memory_limit": "2GB",
    "threads": 2,  # each has buffers for the longest record, and for what is parsed of many
    "preserve_insertion_order": False,  # which takes memory, and nothing here needs
}
_RECORDS = """
CREATE VIEW records AS SELECT json AS record FROM read_json_objects(getvariable('files'), maximum_object_size = 16777216,
  format = if(getvariable('lines'), 'newline_delimited', 'auto'), ignore_errors = getvariable('lines'))
"""
_SPANS = """
CREATE VIEW spans AS
SELECT span AS record,
  '{' || list_aggregate(list_transform(CAST(span -> '$.attributes[*]' AS JSON[]),
    lambda one: CAST(to_json(one ->> '$.key') AS VARCHAR) || ':' || CAST(one -> '$.value.*' -> 0 AS VARCHAR)),
    'string_agg', ',') || '}' AS attributes
FROM (SELECT unnest(record -> '$.resourceSpans[*].scopeSpans[*].spans[*]') AS span FROM records)
"""
"""Spans of OTLP files, one a row, their attributes as an object: OTLP lists key and typed value."""


class Records(NamedTuple):
    """Records of a log as they are, of any shape."""

    table: Any
    """Ibis table."""
    extract: Extract | None
    """None where values within JSON cannot be read."""
    fence: Callable[..., Any]
    """Takes an Ibis table and returns one whose expressions Ibis does not repeat wherever they are used; with `kept=True`,
    one whose rows are kept where that may be, so that the source is read once."""
    close: Callable[[], None]
    record: str | None = None
    """Column that holds each record as JSON, with null for a line that is none; None where the columns are the record."""

    def text(self, path: str) -> Any:
        """Return what stands at a path, such as `usage/input`, as an Ibis text; None where there is no such column."""
        if path in self.table.columns:
            return self._as_text(path)
        first, *rest = path.split("/")
        if first in self.table.columns and rest and self.extract:
            return self.extract(self._as_text(first), rest)
        return self.extract(self.table[self.record], [first, *rest]) if self.record and self.extract else None

    def _as_text(self, column: str) -> Any:
        value = self.table[column]
        return _call("to_json", value) if value.type().is_nested() else value.cast("string")


@contextmanager
def open_calls(source: str) -> Iterator[Records]:
    """Open a log of calls; raises UsageError where an extra is missing, UnreadableError where it cannot be read.

    Args:
        source: a file or a folder of files (JSON, JSON lines, CSV, Parquet, also with gzip), `spark:PATH` or
            `spark://HOST:PORT?path=PATH` for files on Spark, `ADDRESS?table=NAME` for a table of a database.

    """
    try:
        with warnings.catch_warnings(), tempfile.TemporaryDirectory(prefix="ragortune-") as folder:
            warnings.simplefilter("ignore")  # libraries about each other's versions
            if source.startswith(_SPARK):
                records = _open_spark(source)
            else:
                records = _open_database(source) if "://" in source else _open_files(source, folder)
            try:
                yield records
            finally:
                records.close()
    except RagortuneError:
        raise
    except Exception as error:
        if type(error).__module__.partition(".")[0] in {"builtins", "ragortune"}:
            raise
        message = f"cannot be read: {clean_line(str(error), 300)}"
        raise UnreadableError(message, Place(hide_password(source))) from None


def _open_files(source: str, folder: str) -> Records:
    ibis = _import_ibis("duckdb", "measure")
    files, kind = _list_files(source)
    connection = ibis.duckdb.connect(str(Path(folder, "calls.duckdb")), temp_directory=folder, **_SETTINGS)
    numbers = map("part_{}".format, itertools.count())

    def fence(table: Any, *, kept: bool = False) -> Any:
        name = next(numbers)
        return connection.create_table(name, table) if kept else connection.create_view(name, table)

    names = [re.sub(r"([*?\[])", r"[\1]", str(file)) for file in files]
    if kind == "parquet":
        table, record = connection.read_parquet(names), None
    elif kind == "csv":
        options = {"all_varchar": True, "ignore_errors": True, "max_line_size": _OBJECT_BYTES}
        table, record = connection.read_csv(names, **options), None
    else:
        connection.con.execute("SET VARIABLE files = ?", [names])
        connection.con.execute("SET VARIABLE lines = ?", [kind == "lines"])
        connection.raw_sql(_RECORDS)
        table, record = connection.table("records"), "record"
        spans = _extract_duckdb(table.record, ["resourceSpans"]).notnull()
        if table.limit(100).aggregate(found=spans.sum()).to_pyarrow().to_pylist()[0]["found"]:
            connection.raw_sql(_SPANS)
            table = connection.table("spans")
    return Records(table, _extract_duckdb, fence, connection.disconnect, record)


def _list_files(source: str) -> tuple[list[Path], str]:
    """Return the files of a source, sorted, and their kind; raises UnreadableError where there is none or several kinds."""
    path, place = Path(source), Place(source)
    files = sorted(file for file in path.rglob("*") if _tell_kind(file)) if path.is_dir() else [path]
    kinds = {_tell_kind(file) for file in files}
    if len(kinds) != 1 or "" in kinds:
        what = "holds not files of one kind" if path.is_dir() else "is not a log that can be read"
        raise UnreadableError(what, place, f"one of {', '.join(_ENDINGS)}, also with .gz")
    for file in files:
        with open_file(file) as stream:
            if not stream.read(1):
                raise UnreadableError("is empty", Place(str(file)))
    kind = kinds.pop()
    return files, "lines" if kind == "json" and all(map(_holds_lines, files)) else kind


def _holds_lines(file: Path) -> bool:
    """Return whether the first line of a file is a record, as in JSON lines that are called .json."""
    try:
        with gzip.open(file) if file.suffix.lower() == ".gz" else open_file(file) as stream:
            return isinstance(json.loads(stream.readline(_OBJECT_BYTES)), dict)
    except (OSError, EOFError, ValueError, RecursionError):
        return False


def _tell_kind(file: Path) -> str:
    return _ENDINGS.get(Path(file.name.lower().removesuffix(".gz")).suffix, "")


def _open_spark(source: str) -> Records:
    ibis = _import_ibis("pyspark", "measure,spark")
    from pyspark.sql import SparkSession  # noqa: PLC0415  (the extra `spark`)

    address = urlsplit(source)
    options = {key: values[0] for key, values in parse_qs(address.query).items()} if address.netloc else {}
    settings = {
        "spark.sql.session.timeZone": "UTC",
        "spark.ui.enabled": "false",
        "spark.sql.ansi.enabled": "true",
    }
    if address.netloc:
        settings["spark.master"] = f"spark://{address.netloc}"
        names, kind = [options.get("path", "")], _tell_kind(Path(options.get("path", "")))
    else:
        settings |= {"spark.master": "local[*]", "spark.sql.shuffle.partitions": "4"}
        files, kind = _list_files(source.removeprefix(_SPARK))
        names = [str(file) for file in files]
    session = SparkSession.builder.appName("ragortune").config(map=settings).getOrCreate()
    connection = ibis.pyspark.connect(session)
    numbers = map("part_{}".format, itertools.count())

    def fence(table: Any, *, kept: bool = False) -> Any:
        name, frame = next(numbers), session.sql(connection.compile(table))
        (frame.cache() if kept else frame).createOrReplaceTempView(name)
        return connection.table(name)

    if "table" in options:
        frame, record = session.table(options["table"]), None
    elif kind == "parquet":
        frame, record = session.read.parquet(*names), None
    elif kind == "csv":
        frame, record = session.read.csv(names, header=True, multiLine=True, escape='"'), None
    else:
        frame, record = session.read.text(names).withColumnRenamed("value", "record"), "record"
    frame.createOrReplaceTempView("records")
    return Records(connection.table("records"), _extract_spark, fence, lambda: None, record)


def _open_database(source: str) -> Records:
    address = urlsplit(source)
    scheme = {"postgres": "postgresql"}.get(address.scheme, address.scheme)
    table = parse_qs(address.query).get("table", [""])[0]
    if not table:
        raise UsageError(
            f"{quote_value(hide_password(source))} names no table", None, f"{scheme}://…?table=NAME"
        )
    postgres = scheme == "postgresql"
    ibis = _import_ibis("postgres", "measure,postgres") if postgres else _import_ibis(scheme, None)
    rest = "&".join(part for part in address.query.split("&") if not part.startswith("table="))
    connection = ibis.connect(address._replace(scheme=scheme, query=rest).geturl())
    schema, _, own = table.rpartition(".")
    found = connection.table(own, database=schema or None)
    return Records(found, _EXTRACTS.get(scheme), _fence_with_limit, connection.disconnect)


def _fence_with_limit(table: Any, *, kept: bool = False) -> Any:  # noqa: ARG001  (nothing is written into a database)
    """Return a table as a subquery that neither Ibis nor the engine dissolves."""
    return table.limit(1 << 62)


def _import_ibis(backend: str, extras: str | None) -> Any:
    """Return Ibis with a backend; raises UsageError where one is not installed."""
    try:
        import ibis  # noqa: PLC0415  (the extra `measure`)

        getattr(ibis, backend)
    except (ImportError, AttributeError):
        if extras:
            raise UsageError.missing("--calls", extras) from None
        backend = clean_line(backend, 40)
        raise UsageError.missing(f"--calls {backend}://", backend, package="ibis-framework") from None
    return ibis


# --- JSON ---------------------------------------------------------------------------------------------------------


def _call(function: str, value: Any, *path: str) -> Any:
    """Return a call of a function that the engine has, on a value and perhaps a path, with text as its result."""
    from ibis import udf  # noqa: PLC0415  (the extra `measure`)

    def of_value(value: Any) -> Any: ...
    def of_path(value: Any, path: Any) -> Any: ...

    types = (value.type(), *("string" for _ in path))
    made = udf.scalar.builtin(of_path if path else of_value, name=function, signature=(types, "string"))
    return made(value, *path)


def _join_path(keys: list[str], form: str) -> str:
    if any(re.search(r"""["'\\\]]""", key) for key in keys):
        name = quote_value("/".join(keys))
        raise UsageError(f"a column within JSON cannot have quotes in its name ({name})")
    return "$" + "".join(form.format(key) for key in keys)


def _extract_duckdb(text: Any, keys: list[str]) -> Any:
    if not text.type().is_json():
        text = _call("json_valid", text).cast("boolean").ifelse(text, "null")
    return _call("json_extract_string", text, _join_path(keys, '."{}"'))


def _extract_spark(text: Any, keys: list[str]) -> Any:
    return _call("get_json_object", text, _join_path(keys, "['{}']"))


def _extract_postgres(text: Any, keys: list[str]) -> Any:
    for key in keys:
        text = _call("json_extract_path_text", text.cast("json"), key)
    return text


_EXTRACTS: Mapping[str, Extract] = {
    "duckdb": _extract_duckdb,
    "postgresql": _extract_postgres,
    "trino": lambda text, keys: _call("json_extract_scalar", text, _join_path(keys, '["{}"]')),
    "bigquery": lambda text, keys: _call("json_value", text, _join_path(keys, '."{}"')),
}
