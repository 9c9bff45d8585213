"""Passages in a table of PostgreSQL, by its full-text search, or by pgvector where the database can embed a question."""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from ragortune.evidence.measurements.search import Passage
from ragortune.support.errors import UsageError
from ragortune.support.text import clean_line, join_words, quote_value

_CONNECT_SECONDS = 10
_OPTIONS = ("table", "text", "id", "vector", "embed", "language")
_NAMES_OF_TEXT = ("text", "body", "content", "passage", "chunk", "document")
_NAMES_OF_ID = ("source", "path", "document_id", "doc_id", "url", "name", "id")
_SETTINGS = """
    SELECT set_config('statement_timeout', %s, false), set_config('default_transaction_read_only', 'on', false)
"""
_COLUMNS = """
    SELECT a.attname, t.typname FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
    WHERE a.attrelid = to_regclass(%s) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""
_WORDS = "replace(plainto_tsquery({language}, %(question)s)::text, '&', '|')::tsquery"
"""The words of a question joined by OR: joined by AND, as they come, a whole question finds nothing.
`ts_rank` ranks such questions much better than `ts_rank_cd`, which looks for all the words near each other."""
_BY_WORDS = (
    "SELECT {id}::text, left({text}, {most}) FROM {table} WHERE {words} @@ {query} "
    "ORDER BY ts_rank({words}, {query}, 1) DESC, 1 LIMIT %(k)s"
)
_BY_VECTOR = (
    "SELECT {id}::text, left({text}, {most}) FROM {table} WHERE {vector} IS NOT NULL "
    "ORDER BY {vector} <=> {embed}(%(question)s) LIMIT %(k)s"
)


class PostgresEngine:
    """A table of passages: `postgresql://HOST/DATABASE?table=NAME`.

    Columns are found by their names and types, or named as well: `text`, `id`, `vector`. `language` is the configuration
    of full-text search. With `embed`, a function of the database from text to vector, rows are ranked by cosine distance.
    """

    names = None
    complete = True

    def __init__(self, address: str, shown: str, seconds: int, longest: int) -> None:
        """Connect to read, and find the columns; raises UsageError.

        Args:
            address: the address, with our settings behind the question mark beside those of libpq.
            shown: the address as it may be shown.
            seconds: limit for one question.
            longest: characters of a passage at most.

        """
        try:
            import psycopg  # noqa: PLC0415  (the extra `postgres`)
        except ImportError:
            hint = "pip install 'rag-or-tune[postgres]'"
            message = "--search postgresql:// needs the extra 'postgres', which is not installed"
            raise UsageError(message, None, hint) from None
        self._psycopg = psycopg
        self._shown = shown
        plain, options = _split_options(address)
        if not options.get("table"):
            raise UsageError.expected("--search", "postgresql://HOST/DATABASE?table=NAME", shown)
        table = psycopg.sql.Identifier(*options["table"].split("."))
        with self._explain():
            self._connection = psycopg.connect(plain, connect_timeout=_CONNECT_SECONDS, autocommit=True)
            weakref.finalize(self, self._connection.close)
            self._connection.execute(_SETTINGS, (f"{seconds}s",))
            columns: dict[str, str] = dict(
                self._connection.execute(_COLUMNS, (table.as_string(),)).fetchall()
            )
        if not columns:
            raise UsageError(f"--search: there is no table {quote_value(options['table'])} at {shown}")
        self.label = f"{'pgvector' if 'embed' in options else 'PostgreSQL full text'} at {shown}"
        self._query = self._write_query(table, columns, options, longest)

    def search(self, text: str, k: int) -> list[Passage]:
        """Return the best rows, at most `k`."""
        with self._explain():
            given = {"question": text.replace("\0", " "), "k": k}
            return [
                Passage(*map(str, row)) for row in self._connection.execute(self._query, given).fetchall()
            ]

    @contextlib.contextmanager
    def _explain(self) -> Iterator[None]:
        try:
            yield
        except (self._psycopg.Error, ValueError) as error:
            raise UsageError(f"--search: {self._shown} failed: {clean_line(str(error))}") from None

    def _write_query(
        self, table: Any, columns: Mapping[str, str], options: Mapping[str, str], longest: int
    ) -> Any:
        """Return the statement that ranks rows, with the parameters `question` and `k`."""
        sql = self._psycopg.sql
        texts = [name for name, kind in columns.items() if kind in {"text", "varchar", "bpchar"}]
        body = sql.Identifier(_choose_column("text", options, columns, texts, _NAMES_OF_TEXT))
        others = [name for name in columns if sql.Identifier(name) != body]
        parts = {
            "table": table,
            "text": body,
            "id": sql.Identifier(_choose_column("id", options, columns, others, _NAMES_OF_ID)),
            "most": sql.Literal(longest),
        }
        if embed := options.get("embed"):
            vectors = [name for name, kind in columns.items() if kind == "vector"]
            vector = _choose_column("vector", options, columns, vectors, ())
            parts |= {"vector": sql.Identifier(vector), "embed": sql.Identifier(*embed.split("."))}
            return sql.SQL(_BY_VECTOR).format(**parts)
        language = sql.Literal(options.get("language", "english"))
        document = next((name for name, kind in columns.items() if kind == "tsvector"), None)
        words = sql.SQL("to_tsvector({}, {})").format(language, body)
        query = sql.SQL(_WORDS).format(language=language)
        parts |= {"query": query, "words": sql.Identifier(document) if document else words}
        return sql.SQL(_BY_WORDS).format(**parts)


def _choose_column(
    role: str,
    options: Mapping[str, str],
    columns: Mapping[str, str],
    fit: Sequence[str],
    usual: Sequence[str],
) -> str:
    """Return the column that is named, that has a usual name or is the only one that fits; raises UsageError."""
    if wanted := options.get(role):
        if wanted not in columns:
            raise UsageError.unknown("column", wanted, columns, where="in the table of --search")
        return wanted
    if found := next((name for name in usual if name in fit), None) or (fit[0] if len(fit) == 1 else None):
        return found
    listed = clean_line(join_words(fit, "or") or "none of the table's")
    hint = f"name it: postgresql://HOST/DATABASE?table=NAME&{role}=COLUMN"
    raise UsageError(f"--search: the column for {role} could be {listed}", None, hint)


def _split_options(address: str) -> tuple[str, dict[str, str]]:
    """Return the address as libpq takes it, and the settings in it that are ours."""
    pairs = parse_qsl(urlsplit(address).query, keep_blank_values=True)
    own = {key: value for key, value in pairs if key in _OPTIONS}
    rest = "&".join(f"{quote(key)}={quote(value)}" for key, value in pairs if key not in _OPTIONS)
    return address.partition("?")[0] + ("?" if rest else "") + rest, own
