"""Logs of model calls normalised to one table: a row for each call, with integers that are the same on every engine.

Every cell is read as text and parsed by the same expressions, so that a log gives the same figures wherever it is stored.
Times are microseconds since 1970 as integers, never an engine's own timestamps, and no division has a remainder.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import ibis
import msgspec

from ragortune.evidence.measurements.call_sources import Records
from ragortune.support.errors import Place, UnreadableError, UsageError
from ragortune.support.record import Record
from ragortune.support.text import clean_line, hide_password

_TEXTS = ("system", "prompt")
_COUNTS = ("input_tokens", "cached_tokens", "read_tokens", "written_tokens", "output_tokens")


class Form(Record, frozen=True):
    """A log format: where it keeps what."""

    name: str
    roles: Mapping[str, tuple[str, ...]]
    """Paths by role; the first one with a value is used."""
    marks: tuple[str, ...] = ()
    """A record with a value at one of these paths has this format."""
    calls: str = "chat|completion|generat|inference|responses|messages"
    """Regular expression for the kinds of operation that are calls of a model."""


FORMS = msgspec.yaml.decode(Path(__file__).with_name("call_forms.yaml").read_bytes(), type=tuple[Form, ...])
ROLES = tuple(FORMS[-1].roles)
"""Names of the roles that `--calls-map` assigns to columns."""
_SAMPLE = 1_000
_SECOND, _DAY = 1_000_000, 86_400_000_000
_EARLIEST, _LATEST = 1_262_304_000 * _SECOND, 4_102_444_800 * _SECOND
"""2010 and 2100; a time outside is not that of a model call."""
_MAX_TOKENS = 10_000_000
_LEAP_YEAR = "20(0[48]|[2468][048]|[13579][26])"
_ISO = (
    "^([0-9]{4}-(01|03|05|07|08|10|12)-(0[1-9]|[12][0-9]|3[01])|[0-9]{4}-(04|06|09|11)-(0[1-9]|[12][0-9]|30)"
    f"|[0-9]{{4}}-02-(0[1-9]|1[0-9]|2[0-8])|{_LEAP_YEAR}-02-29)[T ]([01][0-9]|2[0-3])(:[0-5][0-9]){{2}}"
    "([.,][0-9]{1,9})?( ?(Z|UTC|[+-][0-9]{2}(:?[0-9]{2})?))?$"
)
"""A time in ISO 8601, on an existing day: engines fail on others."""
_TAIL = "^.{19}[^+-]*"
_NUMBER = "^[0-9]{1,19}([.][0-9]+)?([eE][+-]?[0-9]{1,2})?$"
_NO_ERROR = ("", "0", "[]", "{}", "false", "none", "null", "ok")
_FAILED = ("2", "status_code_error", "statuscode.error", "error", "failure", "failed", "timeout", "exception")


def shape_calls(records: Records, mapping: Mapping[str, str], source: str) -> tuple[str, Any, Any]:
    """Return the format of a log, its calls, and its prompts, which are None if no texts are logged.

    The calls are an Ibis table, a row for each record: `readable`, `call` (0 or 1), `time`, `duration` (microseconds),
    `input`, `cached`, `output` (tokens), `failed` (0 or 1); null where it is unknown. Prompts are the same with `prompt`,
    and `system` if it is logged. Raises UsageError for an unknown role or column, UnreadableError for an unknown format.
    """
    columns, shown = records.table.columns, hide_password(source)
    for role, path in mapping.items():
        if role not in ROLES:
            raise UsageError.unknown("role", role, ROLES, where="in --calls-map")
        if records.find(path) is None:
            raise UsageError.unknown("column", path, columns, where=f"in {shown}")
    form = _choose_form(records)
    form = form.replace(calls=".") if "kind" in mapping else form
    paths = {**form.roles, **{role: (path,) for role, path in mapping.items()}}
    if not any(map(records.find, paths["time"])):
        names = "" if records.record else f" (columns: {clean_line(', '.join(columns))})"
        hint = "name it: --calls-map time=COLUMN; the option may be repeated for others"
        raise UnreadableError(f"has no column with the time at which a call began{names}", Place(shown), hint)
    texts = {role: paths[role] for role in (*_TEXTS, "time", "input_tokens", "kind") if role in paths}
    numbers = {role: paths[role] for role in paths if role not in _TEXTS}
    calls = records.fence(_shape(records, numbers, form), kept=True)
    prompts = _shape(records, texts, form)
    return form.name, calls, prompts if "prompt" in prompts.columns else None


def _choose_form(records: Records) -> Form:
    """Return the first format of whose marks the first records have one; traces hold spans of other work, too."""
    sample = records._replace(table=records.table.limit(_SAMPLE))
    texts = sample.read({form.name: form.marks for form in FORMS})
    marked = {name: _flag(texts[name].notnull()).sum() for name in texts.columns if name != "readable"}
    counts = texts.aggregate(**marked).to_pyarrow().to_pylist()[0] if marked else {}
    return next(form for form in FORMS if counts.get(form.name) or not form.marks)


def _shape(records: Records, paths: Mapping[str, Sequence[str]], form: Form) -> Any:
    """Return a row for each record with its texts parsed to numbers."""
    return records.fence(_combine(records.fence(_parse(records.fence(records.read(paths)))), form))


def _parse(table: Any) -> Any:
    """Return the texts of each role as numbers, null if the role is missing; prompts stay texts."""
    empty = ibis.literal(None, "string")
    texts = {role: table[role] if role in table.columns else empty for role in (*_PARSERS, "kind")}
    parsed = {role: _where(texts[role].notnull(), parse(texts[role])) for role, parse in _PARSERS.items()}
    kept = {role: table[role] for role in _TEXTS if role in table.columns}
    return table.select(readable=table.readable, kind=texts["kind"], **parsed, **kept)


def _combine(table: Any, form: Form) -> Any:
    """Return a row for each record. One without a kind is a call if it has tokens; a plain record always is."""
    without_kind = table.input_tokens.notnull() if form.marks else ibis.literal(value=True)
    apart = _where(table.cached_tokens.isnull(), ibis.coalesce(table.read_tokens, ibis.literal(0)))
    apart += ibis.coalesce(table.written_tokens, ibis.literal(0))
    latency = _where((table.end >= table.time) & (table.end - table.time <= _DAY), table.end - table.time)
    return table.select(
        readable=table.readable,
        call=_flag(ibis.coalesce(table.kind.lower().re_search(form.calls), without_kind)),
        time=table.time,
        duration=ibis.coalesce(latency, table.latency_ms, table.latency_s),
        input=table.input_tokens + ibis.coalesce(apart, ibis.literal(0)),
        cached=ibis.coalesce(table.cached_tokens, table.read_tokens),
        output=table.output_tokens,
        failed=ibis.coalesce(_where(table.error == 1, table.error), table.status, table.error),
        **{role: table[role] for role in _TEXTS if role in table.columns},
    )


# --- expressions --------------------------------------------------------------------------------------------------


def _flag(condition: Any) -> Any:
    """Return 1 where a condition holds, 0 where it does not or is null."""
    return condition.ifelse(1, 0).cast("int64")


def _where(condition: Any, value: Any) -> Any:
    """Return a value where a condition holds, null elsewhere."""
    return condition.ifelse(value, ibis.literal(None, str(value.type())))


def _parse_number(text: Any, most: float, factor: float = 1.0) -> Any:
    """Return a number from 0 to `most`, multiplied by a factor and rounded half up; null for other texts.

    Engines disagree on rounding, but not on the floor. Only texts that are numbers reach the cast: an engine may evaluate
    a cast before the condition around it.
    """
    number = _where(text.re_search(_NUMBER), text).cast("float64")
    return (_where(number <= most, number) * factor + 0.5).floor().cast("int64")


def _parse_time(text: Any) -> Any:
    """Return a time as microseconds since 1970; it may be ISO 8601, or s, ms, µs or ns since 1970."""

    def digits(pattern: str) -> Any:
        return text.re_extract(pattern, 1).nullif("").cast("int64")

    number = _where(text.re_search(_NUMBER), text).cast("float64")
    units = ((1e11, 1e6), (1e14, 1e3), (1e17, 1.0))
    decimal = ibis.coalesce(*(_where(number < most, number * factor) for most, factor in units))
    time = ibis.coalesce(
        digits("^([0-9]{9,11})$") * _SECOND,
        digits("^([0-9]{12,14})$") * 1_000,
        digits("^([0-9]{15,17})$"),
        digits("^([0-9]{15,16})[0-9]{3}$"),
        _parse_iso(_where(text.re_search(_ISO), text)),
        (decimal + 0.5).floor().cast("int64"),
    )
    return _where((time >= _EARLIEST) & (time < _LATEST), time)


def _parse_iso(text: Any) -> Any:
    """Return an ISO 8601 time as microseconds since 1970; without an offset it is UTC."""

    def part(pattern: str) -> Any:
        return ibis.coalesce(text.re_extract(pattern, 1).nullif(""), "0")

    seconds = text.left(19).replace("T", " ").cast("timestamp").epoch_seconds().cast("int64")
    fraction = part("[.,]([0-9]+)").concat("000000").left(6).cast("int64")
    hours = part(f"{_TAIL}([+-][0-9]{{2}})").cast("int64")
    minutes = part(f"{_TAIL}[+-][0-9]{{2}}:?([0-9]{{2}})$").cast("int64")
    offset = hours * 3600 + minutes * (hours < 0).ifelse(-60, 60)
    return (seconds - offset) * _SECOND + fraction


_PARSERS: Mapping[str, Callable[[Any], Any]] = {
    "time": _parse_time,
    "end": _parse_time,
    "latency_ms": functools.partial(_parse_number, most=_DAY / 1e3, factor=1e3),
    "latency_s": functools.partial(_parse_number, most=_DAY / 1e6, factor=1e6),
    **dict.fromkeys(_COUNTS, functools.partial(_parse_number, most=_MAX_TOKENS)),
    "error": lambda text: _flag(text.lower().notin(_NO_ERROR)),
    "status": lambda text: _flag(text.lower().isin(_FAILED) | text.re_search("^[45][0-9]{2}$")),
}
