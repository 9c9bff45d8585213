"""A team's own search engines: OpenSearch and Elasticsearch by address, PostgreSQL, or any program.

None is contacted unless `--search` names it. Responses are limited in size and validated.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import time
import weakref
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, TypeVar
from urllib.error import HTTPError
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import msgspec

from ragortune.evidence.backends import ANSWER_BYTES, COMMAND, CommandModel
from ragortune.evidence.measurements.search import Engine, Passage
from ragortune.support.errors import UsageError
from ragortune.support.text import clean_line, hide_password, quote_value

AUTHORIZATION = "RAGORTUNE_SEARCH_AUTHORIZATION"
"""Environment variable with the header `Authorization` for a search engine behind an address, such as `ApiKey …`."""
SECONDS = 30
"""Time limit for one question."""
_RESPONSE_BYTES = 8 * ANSWER_BYTES
_PASSAGE_CHARACTERS = 20_000
_CHUNK = 64 * 1024
_FORMS = "http(s)://HOST/INDEX, postgresql://HOST/DATABASE or command:PROGRAM"
Form = TypeVar("Form")


class _ProgramPassage(msgspec.Struct):
    id: str | int
    text: str


class _ProgramAnswer(msgspec.Struct):
    passages: list[_ProgramPassage]


class _Hit(msgspec.Struct, rename=lambda name: f"_{name}"):
    id: str
    source: dict[str, Any]


class _Hits(msgspec.Struct):
    hits: list[_Hit]


class _ServiceAnswer(msgspec.Struct):
    """A response of the search API."""

    hits: _Hits


def connect_engine(source: str) -> Engine:
    """Return the engine that `--search` names; raises UsageError if it names none or cannot be reached."""
    if source.startswith(COMMAND):
        return CommandEngine(source.removeprefix(COMMAND))
    scheme = source.partition("://")[0].lower()
    if scheme in {"http", "https"}:
        return ServiceEngine(source)
    if scheme in {"postgresql", "postgres"}:
        return PostgresEngine(source)
    raise UsageError.expected("--search", _FORMS, hide_password(source))


def split_address(address: str, flag: str, names: Collection[str]) -> tuple[SplitResult, dict[str, str]]:
    """Return an address without the settings of these names, and those with a value; raises UsageError with the flag."""
    try:
        address.encode()  # raises ValueError for bytes that are not UTF-8
        parts = urlsplit(address)
        parts.port  # noqa: B018  (raises ValueError for an invalid port)
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        rest = urlencode([(name, value) for name, value in pairs if name not in names], quote_via=quote)
    except ValueError as error:
        raise UsageError(f"{flag}: the address cannot be read ({clean_line(str(error))})") from None
    return parts._replace(query=rest), {name: value for name, value in pairs if name in names and value}


def _decode(data: bytes, form: type[Form], label: str) -> Form:
    try:
        return msgspec.json.decode(data, type=form)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        message = f"--search: {label} answers in an unknown form: {clean_line(str(error))}"
        raise UsageError(message) from None


class CommandEngine(Engine):
    """A program that takes `{"question": …, "k": …}` on stdin and prints `{"passages": [{"id": …, "text": …}]}`."""

    def __init__(self, command: str) -> None:
        """Take the program with its arguments, quoted as in a shell."""
        self._program = CommandModel(command, str(Path.cwd()), SECONDS, "--search", "search")
        self.label = f"the program {quote_value(command)}"

    def search(self, text: str, k: int) -> list[Passage]:
        """Run the program for one question."""
        printed = self._program.ask(json.dumps({"question": text, "k": k}) + "\n").text
        found = _decode(printed.encode("utf-8", "replace"), _ProgramAnswer, self.label).passages[:k]
        return [Passage(str(passage.id), passage.text[:_PASSAGE_CHARACTERS]) for passage in found]


class _NoRedirect(HTTPRedirectHandler):
    """Follows no redirect, so that questions go to no other address than the one that was named."""

    def redirect_request(self, *_: Any) -> None:
        return None


class ServiceEngine(Engine):
    """An index of OpenSearch or Elasticsearch: `https://HOST/INDEX`, with `?text=FIELD&id=FIELD` to name its fields."""

    def __init__(self, address: str) -> None:
        """Take the address; its user and password, or `RAGORTUNE_SEARCH_AUTHORIZATION`, are sent as credentials."""
        self.label = f"the search engine at {hide_password(address)}"
        parts, options = split_address(address, "--search", ("text", "id"))
        user, _, host = parts.netloc.rpartition("@")
        path = parts.path.strip("/")
        if not host or not path:
            wanted = "an address with an index, http(s)://HOST/INDEX"
            raise UsageError.expected("--search", wanted, hide_password(address))
        if parts.query:
            unknown = parts.query.partition("=")[0]
            raise UsageError.unknown("setting", unknown, ("text", "id"), where="of --search")
        self._text, self._id = options.get("text"), options.get("id")
        self._address = urlunsplit((parts.scheme, host, f"/{path}/_search", "", ""))
        basic = f"Basic {base64.b64encode(unquote(user).encode()).decode()}" if user else ""
        self._headers = {"Content-Type": "application/json"}
        if authorization := os.environ.get(AUTHORIZATION) or basic:
            self._headers["Authorization"] = authorization
        self._opener = build_opener(_NoRedirect)

    def search(self, text: str, k: int) -> list[Passage]:
        """Search the text fields for the words of a question, as the engine analyses them."""
        match = {"query": text, "fields": [self._text or "*"], "lenient": True}
        body = json.dumps({"size": k, "query": {"multi_match": match}}).encode()
        found = _decode(self._fetch(body), _ServiceAnswer, self.label)
        return [self._read(hit) for hit in found.hits.hits[:k]]

    def _read(self, hit: _Hit) -> Passage:
        """Return the passage in a document: the field named as text, else its longest text."""
        texts = [value for value in hit.source.values() if isinstance(value, str)]
        text = hit.source.get(self._text) if self._text else max(texts, key=len, default="")
        name = hit.source.get(self._id, hit.id) if self._id else hit.id
        return Passage(str(name), str(text or "")[:_PASSAGE_CHARACTERS])

    def _fetch(self, body: bytes) -> bytes:
        end = time.monotonic() + SECONDS
        request = Request(self._address, body, self._headers)  # noqa: S310  (http or https, as checked)
        data = bytearray()
        try:
            with self._opener.open(request, timeout=SECONDS) as response:
                while chunk := response.read1(_CHUNK):
                    data += chunk
                    if len(data) > _RESPONSE_BYTES:
                        raise self._failed(f"its answer is larger than {_RESPONSE_BYTES:,} bytes")
                    if time.monotonic() > end:
                        raise self._failed(f"no answer within {SECONDS} seconds")
        except HTTPError as error:
            with error:
                body_text = clean_line(error.read(4_096).decode("utf-8", "replace"))
            raise self._failed(f"status {error.code}: {body_text}") from None
        except (OSError, ValueError) as error:
            raise self._failed(clean_line(str(getattr(error, "reason", error)))) from None
        return bytes(data)

    def _failed(self, reason: str) -> UsageError:
        return UsageError(f"--search: {self.label} failed: {reason}")


# --- PostgreSQL ---------------------------------------------------------------------------------------------------

_CONNECT_SECONDS = 10
_OPTIONS = ("table", "text", "id", "terms", "vector", "embed", "language")
_SETTINGS = """
    SELECT set_config('statement_timeout', %s, false), set_config('default_transaction_read_only', 'on', false)
"""
_QUERY = "replace(plainto_tsquery({language}, %(question)s)::text, '&', '|')::tsquery"
"""The words of a question joined by OR; joined by AND, as `plainto_tsquery` does, a whole question finds nothing.
`ts_rank` ranks such queries much better than `ts_rank_cd`, which looks for all the words near each other."""
_BY_WORDS = (
    "SELECT {id}::text, left({text}::text, {longest}) FROM {table} WHERE {terms} @@ {query} "
    "ORDER BY ts_rank({terms}, {query}, 1) DESC, 1 LIMIT %(k)s"
)
_BY_VECTOR = (
    "SELECT {id}::text, left({text}::text, {longest}) FROM {table} WHERE {vector} IS NOT NULL "
    "ORDER BY {vector} <=> {embed}(%(question)s) LIMIT %(k)s"
)


class PostgresEngine(Engine):
    """A table of passages: `postgresql://HOST/DATABASE?table=NAME&text=COLUMN&id=COLUMN`.

    `terms` names a column of type tsvector, which is computed from the text otherwise; `language` is the configuration of
    full-text search. With `embed`, a function of the database from text to vector, rows are ranked by the distance of
    the column `vector`.
    """

    def __init__(self, address: str) -> None:
        """Connect read-only; the query of the address holds these settings and those of libpq."""
        try:
            import psycopg  # noqa: PLC0415  (the extra `postgres`)
        except ImportError:
            raise UsageError.missing("--search postgresql://", "postgres") from None
        self._psycopg = psycopg
        self._shown = hide_password(address)
        parts, options = split_address(address, "--search", _OPTIONS)
        plain = f"{address.partition('?')[0]}?{parts.query}".removesuffix("?")
        if not options.get("table"):
            raise UsageError.expected("--search", "postgresql://HOST/DATABASE?table=NAME", self._shown)
        self.label = f"{'pgvector' if 'embed' in options else 'PostgreSQL full text'} at {self._shown}"
        self._query = _write_query(psycopg.sql, options)
        with self._explain():
            self._connection = psycopg.connect(plain, connect_timeout=_CONNECT_SECONDS, autocommit=True)
            weakref.finalize(self, self._connection.close)
            self._connection.execute(_SETTINGS, (f"{SECONDS}s",))

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


def _write_query(sql: Any, options: dict[str, str]) -> Any:
    """Return the statement that ranks rows, with the parameters `question` and `k`."""

    def name(option: str) -> Any:
        return sql.Identifier(*options.get(option, option).split("."))

    language = sql.Literal(options.get("language", "english"))
    terms = sql.SQL("to_tsvector({}, {}::text)").format(language, name("text"))
    return sql.SQL(_BY_VECTOR if "embed" in options else _BY_WORDS).format(
        **{option: name(option) for option in ("table", "text", "id", "vector", "embed")},
        terms=name("terms") if "terms" in options else terms,
        query=sql.SQL(_QUERY).format(language=language),
        longest=sql.Literal(_PASSAGE_CHARACTERS),
    )
