"""Passages in a table of PostgreSQL, by its full-text search, or by pgvector where the database can embed a question."""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from ragortune.evidence.measurements.search import Passage
from ragortune.support.errors import UsageError
from ragortune.support.text import clean_line, hide_password

_CONNECT_SECONDS = 10
_OPTIONS = ("table", "text", "id", "terms", "vector", "embed", "language")
_SETTINGS = """
    SELECT set_config('statement_timeout', %s, false), set_config('default_transaction_read_only', 'on', false)
"""
_QUERY = "replace(plainto_tsquery({language}, %(question)s)::text, '&', '|')::tsquery"
"""The words of a question joined by OR: joined by AND, as they come, a whole question finds nothing.
`ts_rank` ranks such questions much better than `ts_rank_cd`, which looks for all the words near each other."""
_BY_WORDS = (
    "SELECT {id}::text, left({text}::text, {longest}) FROM {table} WHERE {terms} @@ {query} "
    "ORDER BY ts_rank({terms}, {query}, 1) DESC, 1 LIMIT %(k)s"
)
_BY_VECTOR = (
    "SELECT {id}::text, left({text}::text, {longest}) FROM {table} WHERE {vector} IS NOT NULL "
    "ORDER BY {vector} <=> {embed}(%(question)s) LIMIT %(k)s"
)


class PostgresEngine:
    """A table of passages: `postgresql://HOST/DATABASE?table=NAME&text=COLUMN&id=COLUMN`.

    `terms` names a column of type tsvector, for want of which one is made of the text; `language` is the configuration of
    full-text search. With `embed`, a function of the database from text to vector, rows are ranked by their distance in
    the column `vector`.
    """

    names = None
    complete = True

    def __init__(self, address: str, seconds: int, longest: int) -> None:
        """Connect to read; raises UsageError.

        Args:
            address: the address, with our settings behind the question mark beside those of libpq.
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
        self._shown = hide_password(address)
        plain, options = _split_options(address)
        if not options.get("table"):
            raise UsageError.expected("--search", "postgresql://HOST/DATABASE?table=NAME", self._shown)
        self.label = f"{'pgvector' if 'embed' in options else 'PostgreSQL full text'} at {self._shown}"
        self._query = _write_query(psycopg.sql, options, longest)
        with self._explain():
            self._connection = psycopg.connect(plain, connect_timeout=_CONNECT_SECONDS, autocommit=True)
            weakref.finalize(self, self._connection.close)
            self._connection.execute(_SETTINGS, (f"{seconds}s",))

    def search(self, text: str, k: int) -> list[Passage]:
        """Return the best rows, at most `k`."""
        with self._explain():
            given = {"question": text.replace("\0", " "), "k": k}
            rows = self._connection.execute(self._query, given).fetchall()
            return [Passage(*map(str, row)) for row in rows]

    @contextlib.contextmanager
    def _explain(self) -> Iterator[None]:
        try:
            yield
        except (self._psycopg.Error, ValueError) as error:
            raise UsageError(f"--search: {self._shown} failed: {clean_line(str(error))}") from None


def _write_query(sql: Any, options: dict[str, str], longest: int) -> Any:
    """Return the statement that ranks rows, with the parameters `question` and `k`."""

    def name(option: str) -> Any:
        return sql.Identifier(*options.get(option, option).split("."))

    language = sql.Literal(options.get("language", "english"))
    terms = sql.SQL("to_tsvector({}, {}::text)").format(language, name("text"))
    return sql.SQL(_BY_VECTOR if "embed" in options else _BY_WORDS).format(
        **{option: name(option) for option in ("table", "text", "id", "vector", "embed")},
        terms=name("terms") if "terms" in options else terms,
        query=sql.SQL(_QUERY).format(language=language),
        longest=sql.Literal(longest),
    )


def _split_options(address: str) -> tuple[str, dict[str, str]]:
    """Return the address as libpq takes it, and the settings in it that are ours."""
    pairs = parse_qsl(urlsplit(address).query, keep_blank_values=True)
    own = {key: value for key, value in pairs if key in _OPTIONS and value}
    rest = "&".join(f"{quote(key)}={quote(value)}" for key, value in pairs if key not in _OPTIONS)
    return address.partition("?")[0] + ("?" if rest else "") + rest, own
