"""Where logs of model calls are read: files through DuckDB or Spark, tables by the connection address of their database.

Ibis gives all of them one face. What differs is how a value is taken out of JSON, which stands here in one line each.
Nothing leaves the machine unless the source names an address; DuckDB fetches no extension and spills to a folder that
is removed.
"""

from __future__ import annotations

import functools
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
from ragortune.support.text import clean_line, quote_value

Extract = Callable[[Any, list[str]], Any]
"""Takes text that holds JSON and the keys that lead to a value, and returns the value as text."""

_SPARK = "spark:"
_ENDINGS = {".jsonl": "json", ".ndjson": "json", ".json": "json", ".csv": "csv", ".parquet": "parquet"}
_OBJECT_BYTES = 16 * 1024 * 1024
_LIMITS = {"memory_limit": "2GB", "threads": 4, "preserve_insertion_order": False}
"""Of DuckDB: each thread has buffers for the longest record, and order takes memory that nothing here needs."""
_ENGINES = [
    "_duckdb",
    "duckdb",
    "google",
    "ibis",
    "psycopg",
    "py4j",
    "pyarrow",
    "pyspark",
    "sqlglot",
    "trino",
]
"""Modules whose errors are those of a source."""
_RECORDS = """
CREATE VIEW records AS SELECT json AS record FROM read_json_objects(getvariable('files'), format = getvariable('form'),
  maximum_object_size = 16777216, ignore_errors = (getvariable('form') = 'newline_delimited'))
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


class Rows(NamedTuple):
    """Records of a log as they are, of any shape."""

    table: Any
    """Ibis table."""
    extract: Extract | None
    """None where values within JSON cannot be read."""
    keep: Callable[[Any], Any]
    """Takes an Ibis table and returns one with its rows kept, so that the source is read once, where that may be."""
    fence: Callable[[Any], Any]
    """Takes an Ibis table and returns one whose expressions Ibis does not repeat wherever they are used."""
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
def open_calls(source: str) -> Iterator[Rows]:
    """Open a log of calls; raises UsageError where an extra is missing, UnreadableError where it cannot be read.

    Args:
        source: a file or a folder of files (JSON, JSON lines, CSV, Parquet, also with gzip), `spark:PATH` or
            `spark://HOST:PORT?path=PATH` for files on Spark, `ADDRESS?table=NAME` for a table of a database.

    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # libraries about each other's versions
            with tempfile.TemporaryDirectory(prefix="ragortune-") as folder:
                if source.startswith(_SPARK):
                    rows = _open_spark(source)
                else:
                    rows = _open_database(source) if "://" in source else _open_files(source, folder)
                try:
                    yield rows
                finally:
                    rows.close()
    except RagortuneError:
        raise
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in _ENGINES:
            raise
        raise UnreadableError(
            f"cannot be read: {clean_line(str(error), 300)}", Place(show_source(source))
        ) from None


def show_source(source: str) -> str:
    """Return a source as it may be shown: without the password of an address."""
    return re.sub(r"://[^/@]*@", "://", source)


# --- files --------------------------------------------------------------------------------------------------------


def _open_files(source: str, folder: str) -> Rows:
    ibis = _import_ibis("measure", "duckdb")
    files, kind = list_files(source)
    settings = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
    connection = ibis.duckdb.connect(temp_directory=folder, **settings, **_LIMITS)
    numbers = map("part_{}".format, itertools.count())

    def keep(table: Any) -> Any:
        return connection.create_table(next(numbers), table, temp=True)

    def fence(table: Any) -> Any:
        return connection.create_view(next(numbers), table)

    names = [re.sub(r"([*?\[])", r"[\1]", str(file)) for file in files]
    if kind == "parquet":
        return Rows(connection.read_parquet(names), _extract_duckdb, keep, fence, connection.disconnect)
    if kind == "csv":
        table = connection.read_csv(names, all_varchar=True, ignore_errors=True, max_line_size=_OBJECT_BYTES)
        return Rows(table, _extract_duckdb, keep, fence, connection.disconnect)
    form = _tell_json_form(files[0])
    connection.con.execute("SET VARIABLE files = ?", [names])
    connection.con.execute("SET VARIABLE form = ?", [form])
    connection.raw_sql(_RECORDS)
    table = connection.table("records")
    spans = _extract_duckdb(table.record, ["resourceSpans"]).notnull()
    if table.limit(100).aggregate(found=spans.sum()).to_pyarrow().to_pylist()[0]["found"]:
        connection.raw_sql(_SPANS)
        table = connection.table("spans")
    return Rows(table, _extract_duckdb, keep, fence, connection.disconnect, record="record")


def list_files(source: str) -> tuple[list[Path], str]:
    """Return the files of a source, sorted, and their kind; raises UnreadableError where there is none or several kinds."""
    path, place = Path(source), Place(source)
    files = sorted(file for file in path.rglob("*") if _tell_kind(file)) if path.is_dir() else [path]
    kinds = {_tell_kind(file) for file in files}
    if len(kinds) != 1 or None in kinds:
        what = "holds" if path.is_dir() else "is"
        wanted = "files of one kind" if path.is_dir() else "a log that can be read"
        raise UnreadableError(f"{what} not {wanted}", place, f"one of {', '.join(_ENDINGS)}, also with .gz")
    for file in files:
        with open_file(file) as stream:
            if not stream.read(1):
                raise UnreadableError("is empty", Place(str(file)))
    return files, str(kinds.pop())


def _tell_kind(file: Path) -> str | None:
    return _ENDINGS.get(Path(file.name.lower().removesuffix(".gz")).suffix)


def _tell_json_form(file: Path) -> str:
    """Return how DuckDB is to take a JSON file apart: as one array, line by line, or as values of any layout."""
    with gzip.open(file) if file.suffix == ".gz" else open_file(file) as stream:
        try:
            start = stream.read(_OBJECT_BYTES // 4).lstrip()
        except (OSError, EOFError) as error:
            raise UnreadableError(f"cannot be read ({error})", Place(str(file))) from None
    if start.startswith(b"["):
        return "array"
    if b".jsonl" in str(file).encode() or not start.startswith(b"{"):
        return "newline_delimited"
    try:
        json.loads(start.partition(b"\n")[0])
    except ValueError:
        return "unstructured"
    return "newline_delimited"


# --- other engines ------------------------------------------------------------------------------------------------


def _open_spark(source: str) -> Rows:
    ibis = _import_ibis("spark", "pyspark")
    from pyspark.sql import SparkSession  # noqa: PLC0415  (the extra `spark`)

    address = urlsplit(source)
    path = parse_qs(address.query).get("path", [""])[0] if address.netloc else source.removeprefix(_SPARK)
    table = parse_qs(address.query).get("table", [""])[0] if address.netloc else ""
    builder = SparkSession.builder.appName("ragortune").config("spark.sql.session.timeZone", "UTC")
    builder = builder.config(map={"spark.ui.enabled": "false", "spark.sql.ansi.enabled": "true"})
    if address.netloc:
        builder = builder.master(f"spark://{address.netloc}")
    else:
        builder = builder.master("local[*]").config("spark.sql.shuffle.partitions", "4")
    files, kind = ([path], _tell_kind(Path(path))) if address.netloc else list_files(path)
    session = builder.getOrCreate()
    connection = ibis.pyspark.connect(session)
    numbers = map("part_{}".format, itertools.count())

    def fence(table: Any, *, kept: bool = False) -> Any:
        name, frame = next(numbers), session.sql(connection.compile(table))
        (frame.cache() if kept else frame).createOrReplaceTempView(name)
        return connection.table(name)

    keep = functools.partial(fence, kept=True)
    if table:
        return Rows(connection.table(table), _extract_spark, keep, fence, lambda: None)
    names = [str(file) for file in files]
    if kind == "json":
        frame = session.read.text(names).withColumnRenamed("value", "record")
    elif kind == "csv":
        frame = session.read.csv(names, header=True, multiLine=True, escape='"')
    else:
        frame = session.read.parquet(*names)
    frame.createOrReplaceTempView("records")
    return Rows(
        connection.table("records"),
        _extract_spark,
        keep,
        fence,
        lambda: None,
        record="record" if kind == "json" else None,
    )


def _open_database(source: str) -> Rows:
    address = urlsplit(source)
    name = {"postgres": "postgresql"}.get(address.scheme, address.scheme)
    table = parse_qs(address.query).get("table", [""])[0]
    if not table:
        raise UsageError(f"{quote_value(show_source(source))} names no table", None, f"{name}://…?table=NAME")
    ibis = _import_ibis(name, {"postgresql": "postgres"}.get(name, name))
    rest = "&".join(part for part in address.query.split("&") if not part.startswith("table="))
    connection = ibis.connect(address._replace(scheme=name, query=rest).geturl())
    schema, _, own = table.rpartition(".")
    found = connection.table(own, database=schema or None)
    return Rows(found, _EXTRACTS.get(name), _fence_with_limit, _fence_with_limit, connection.disconnect)


def _fence_with_limit(table: Any) -> Any:
    """Return a table as a subquery that neither Ibis nor the engine dissolves; nothing is written into a database."""
    return table.limit(1 << 62)


def _import_ibis(extra: str, backend: str) -> Any:
    """Return Ibis with a backend; raises UsageError where one is not installed."""
    try:
        import ibis  # noqa: PLC0415  (the extra `measure`)

        getattr(ibis, backend)
    except (ImportError, AttributeError):
        known = {"measure": "measure", "postgresql": "measure,postgres", "spark": "measure,spark"}.get(extra)
        hint = f"pip install 'rag-or-tune[{known}]'" if known else f"pip install 'ibis-framework[{backend}]'"
        raise UsageError(
            f"--calls needs Ibis with its backend '{clean_line(backend, 40)}', which is not installed",
            None,
            hint,
        ) from None
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
        raise UsageError(
            f"a column within JSON cannot have quotes in its name ({quote_value('/'.join(keys))})"
        )
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
    "spark": _extract_spark,
    "trino": lambda text, keys: _call("json_extract_scalar", text, _join_path(keys, '["{}"]')),
    "bigquery": lambda text, keys: _call("json_value", text, _join_path(keys, '."{}"')),
}
