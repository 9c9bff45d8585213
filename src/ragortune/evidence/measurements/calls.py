"""Calls of a model as they are logged: how many a day and when, how long they take, tokens in and out, errors.

A log tells what is, not what is needed: its latency is no budget, and calls of an agent's steps count one by one.
"""

from __future__ import annotations

import contextlib
import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from ragortune.evidence.measurements.call_sources import open_calls, show_source
from ragortune.evidence.measurements.call_table import CallTable, shape_calls
from ragortune.evidence.measurements.intervals import bound_share
from ragortune.model.measurements import Measurement
from ragortune.support.errors import Place, UnreadableError
from ragortune.support.record import Record
from ragortune.support.text import count_words

_HOUR, _DAY = 3_600_000_000, 86_400_000_000
_PROMPTS = 1_000
_PROMPT_LENGTH = 40_000
_SHARED_BY = 0.05
"""A prefix counts as shared where this share of the prompts begins with it, and at least `_LEAST` of them."""
_LEAST = 3
_FEW_DAYS = 7
"""Whole days below which the mean of a day has no interval: a week has working days and others."""
_NORMAL = 1.96
_NO_NEED = "measured from what is, which is not what is needed: change it where answers are wanted faster or may take longer"


class Spread(Record, frozen=True):
    """Distribution of a whole number: nearest-rank percentiles, exact."""

    count: int
    total: int
    points: Mapping[str, int]
    """Percentiles by name (`p50`), and the ends of the 95% interval of the 95th (`low`, `high`)."""

    @property
    def mean(self) -> float:
        """The mean."""
        return self.total / self.count


def measure_calls(
    source: str, mapping: Mapping[str, str], progress: Callable[[str], None]
) -> tuple[Measurement, ...]:
    """Return what a log of model calls tells.

    Args:
        source: where it lies, as `open_calls` takes it.
        mapping: columns by role, for what is not found by itself.
        progress: takes a line for each step.

    Raises:
        UsageError: an extra is missing, or the mapping names what there is not.
        UnreadableError: the log cannot be read, or has no call in it.

    """
    with open_calls(source) as rows:
        progress(f"reading {show_source(source)}")
        table = shape_calls(rows, mapping, source)
        totals = _count_rows(table)
        progress(f"{totals['calls']:,} calls ({table.form})")
        if not totals["calls"]:
            hint = "name the columns: --calls-map time=COLUMN,input_tokens=COLUMN,..."
            message = f"has no call with a time ({count_words(totals['rows'], 'row')}, read as {table.form})"
            raise UnreadableError(message, Place(show_source(source)), hint)
        calls = table.calls.filter((table.calls.call == 1) & table.calls.time.notnull())
        notes = (f"read as {table.form}", *_say_skipped(totals))
        return tuple(
            part
            for part in (
                _measure_volume(_count_hours(calls), notes),
                _measure_latency(calls, totals),
                _measure_tokens(calls, totals, table),
                _measure_errors(totals),
            )
            if part is not None
        )


def _count_rows(table: CallTable) -> dict[str, int]:
    """Return how many rows and calls there are, and how many calls tell what."""
    rows = table.calls
    call = (rows.call == 1) & rows.time.notnull()
    counts = {
        "rows": rows.count(),
        "unreadable": (rows.readable == 0).sum(),
        "others": ((rows.readable == 1) & (rows.call == 0)).sum(),
        "calls": call.sum(),
        "failed": rows.failed.sum(where=call),
        **{
            name: (call & rows[name].notnull()).sum()
            for name in ("duration", "first", "input", "output", "cached")
        },
        "hits": (call & rows.input.notnull() & (rows.cached > 0)).sum(),
        "cached_sum": rows.cached.sum(where=call & rows.input.notnull()),
    }
    return {name: value or 0 for name, value in _fetch(rows.aggregate(**_cast(counts)))[0].items()}


def _say_skipped(totals: Mapping[str, int]) -> Iterator[str]:
    others = totals["others"]
    late = totals["rows"] - totals["unreadable"] - others - totals["calls"]
    for number, what in (
        (totals["unreadable"], "that cannot be read"),
        (others, "of other operations"),
        (late, "without a time that can be"),
    ):
        if number:
            yield f"{count_words(number, 'row')} {what} left out"


def _fetch(expression: Any) -> list[dict[str, int]]:
    found: list[dict[str, int]] = expression.to_pyarrow().to_pylist()
    return found


def _cast(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return sums as integers of one width: engines widen them, each in its own way."""
    return {name: value.cast("int64") for name, value in values.items()}


def _spread(calls: Any, name: str, count: int) -> Spread:
    """Return the distribution of a column, by the running count of its distinct values: no engine has to approximate."""
    import ibis  # noqa: PLC0415  (the extra `measure`)

    told = calls.filter(calls[name].notnull()).select(value=calls[name].cast("int64"))
    counts = told.group_by("value").aggregate(times=told.count().cast("int64"))
    running = counts.mutate(
        reached=counts.times.sum().over(ibis.cumulative_window(order_by=counts.value)).cast("int64")
    )
    margin = _NORMAL * math.sqrt(count * 0.95 * 0.05)
    ranks = {"p50": -(-count * 50 // 100), "p95": -(-count * 95 // 100), "p99": -(-count * 99 // 100)}
    ranks["low"], ranks["high"] = (
        max(1, math.floor(ranks["p95"] - margin)),
        min(count, math.ceil(ranks["p95"] + margin)),
    )
    points = {key: running.value.min(where=running.reached >= rank) for key, rank in ranks.items()}
    found = _fetch(running.aggregate(**_cast(points | {"total": (running.value * running.times).sum()})))[0]
    return Spread(count, found.pop("total"), found)


# --- volume -------------------------------------------------------------------------------------------------------


def _count_hours(calls: Any) -> Counter[int]:
    """Return the calls of each hour that has any, by its first microsecond."""
    hours = calls.select(hour=calls.time - calls.time % _HOUR)
    counts = hours.group_by("hour").aggregate(calls=hours.count().cast("int64"))
    return Counter({row["hour"]: row["calls"] for row in _fetch(counts)})


def _measure_volume(hours: Counter[int], notes: tuple[str, ...]) -> Measurement:
    """Return the calls of a day: the first and the last are partial, and left out where there are enough between them."""
    first, last = min(hours) // _DAY, max(hours) // _DAY
    by_day: Counter[int] = Counter()
    for hour, calls in hours.items():
        by_day[hour // _DAY] += calls
    whole = range(first + 1, last) if last - first >= 3 else range(first, last + 1)
    counts = [by_day[day] for day in whole]
    mean, hour_count = sum(counts) / len(counts), sum(hour // _DAY in whole for hour in hours)
    active = hour_count / max(1, sum(count > 0 for count in counts))
    usual = sum(hours[hour] for hour in hours if hour // _DAY in whole) / max(1, hour_count)
    peak_factor = max(hours.values()) / usual if usual else 1.0
    span = (max(hours) - min(hours)) // _HOUR + 1
    interval = _interval_of_mean(counts) if last - first >= 3 else None
    peak_day, peak = max(by_day.items(), key=lambda item: (item[1], -item[0]))
    says = (
        f"{mean:,.1f} calls a day over {count_words(len(counts), 'day')}, at most {peak:,} ({_show_day(peak_day)}), "
        f"in {active:.1f} hours of a day, at the peak {peak_factor:.1f} times the mean hour"
    )
    figures = {
        "calls_per_day": round(mean, 2),
        "days": len(counts),
        "peak_day": _show_day(peak_day),
        "peak_day_calls": peak,
        "active_hours": round(active, 2),
        "peak_factor": round(peak_factor, 2),
    }
    told = span >= 20 and mean > 0
    value: object = (
        round(mean, 1) if interval is None else {"from": round(interval[0], 1), "to": round(interval[1], 1)}
    )
    return Measurement(
        "calls.volume",
        says,
        "calls by day and hour in UTC; the first and last day count only where there are fewer than four",
        sum(hours.values()),
        "calls",
        {"performance.volume": value if told else None},
        {
            "requests_per_day": round(mean, 1),
            "active_hours": round(active, 1),
            "peak_factor": round(peak_factor, 1),
        }
        if told
        else {},
        figures,
        interval,
        ""
        if told
        else f"the log covers {count_words(span, 'hour')}; a day at least is needed, four give a mean",
        (*notes, "a call of the model is counted, also where one request makes several"),
        date=_show_day(last),
    )


def _interval_of_mean(counts: Sequence[int]) -> tuple[float, float] | None:
    """Return the 95% interval of the mean of days, by Student's t in its expansion around the normal quantile."""
    freedom = len(counts) - 1
    if len(counts) < _FEW_DAYS:
        return None
    mean = sum(counts) / len(counts)
    deviation = math.sqrt(sum((count - mean) ** 2 for count in counts) / freedom)
    quantile = _NORMAL + (_NORMAL**3 + _NORMAL) / (4 * freedom)
    margin = quantile * deviation / math.sqrt(len(counts))
    return max(0.0, mean - margin), mean + margin


def _show_day(day: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)).date().isoformat()


# --- latency ------------------------------------------------------------------------------------------------------


def _measure_latency(calls: Any, totals: Mapping[str, int]) -> Measurement | None:
    """Return the latency of whole answers that succeeded or not, and of the first token, in whole milliseconds."""
    if not totals["duration"]:
        return Measurement(
            "calls.latency",
            "the log does not tell how long calls take",
            "end of each call",
            0,
            "calls",
            {"performance.latency": None},
            reason="a column with the end of each call or its duration would help",
        )
    whole = _spread(
        calls.mutate(ms=(calls.duration - calls.duration % 1000) // 1000), "ms", totals["duration"]
    )
    points = whole.points
    says = f"a whole answer takes {points['p50']:,} ms at the median, {points['p95']:,} at the 95th percentile, {points['p99']:,} at the 99th"
    figures = {f"answer_ms_{name}": points[name] for name in ("p50", "p95", "p99")}
    if totals["first"]:
        first = _spread(calls.mutate(ms=(calls.first - calls.first % 1000) // 1000), "ms", totals["first"])
        figures |= {f"first_token_ms_{name}": first.points[name] for name in ("p50", "p95", "p99")}
        says += (
            f"; its first token {first.points['p50']:,}, {first.points['p95']:,} and {first.points['p99']:,}"
        )
    low, high = points["low"], points["high"]
    return Measurement(
        "calls.latency",
        says,
        "nearest-rank percentiles in whole milliseconds",
        whole.count,
        "calls",
        {"performance.latency": points["p95"] if low == high else {"from": max(1, low), "to": max(1, high)}},
        {},
        figures,
        (low, high),
        notes=(_NO_NEED,),
    )


# --- tokens -------------------------------------------------------------------------------------------------------


def _measure_tokens(calls: Any, totals: Mapping[str, int], table: CallTable) -> Measurement | None:
    """Return tokens in and out, the part of the prompt that calls share, and what a cache has served."""
    spreads = {name: _spread(calls, name, totals[name]) for name in ("input", "output") if totals[name]}
    if not spreads:
        return None
    figures: dict[str, object] = {}
    quantities: dict[str, object] = {}
    parts, notes = [], []
    for name, spread in spreads.items():
        figures |= {f"{name}_tokens_mean": round(spread.mean, 2)}
        figures |= {f"{name}_tokens_{point}": spread.points[point] for point in ("p50", "p95")}
        parts.append(
            f"{spread.mean:,.0f} tokens {name} (median {spread.points['p50']:,}, 95th percentile {spread.points['p95']:,})"
        )
    if "output" in spreads:
        quantities["answer_tokens"] = max(1, round(spreads["output"].mean, 1))
    prompts = _sample_prompts(table.prompts, totals["calls"]) if table.prompts is not None else []
    shared = share_prefix(prompts)
    if "input" in spreads and totals["cached"]:
        figures["cached_share"] = round(totals["cached_sum"] / max(1, spreads["input"].total), 4)
        figures["cache_hit"] = quantities["cache_hit"] = round(totals["hits"] / totals["input"], 4)
        parts.append(
            f"{figures['cached_share']:.0%} of the input from a cache, in {figures['cache_hit']:.0%} of the calls"
        )
    if shared is not None:
        figures |= {"shared_prefix": round(shared, 4), "prompts": len(prompts)}
        parts.append(f"{shared:.0%} of a prompt is a prefix that calls share ({len(prompts):,} prompts)")
    if shared is not None and "input" in spreads:
        mean = spreads["input"].mean
        quantities["instruction_tokens"] = round(mean * shared, 1)
        quantities["question_tokens"] = max(1, round(mean * (1 - shared), 1))
        notes.append(
            "what follows the shared prefix counts as the question, retrieved passages and history included"
        )
    elif "input" in spreads:
        notes.append(
            "no texts of prompts are logged, so input tokens cannot be split into instructions and question"
        )
    return Measurement(
        "calls.tokens",
        "; ".join(parts),
        "tokens as logged; the shared prefix by characters",
        max(s.count for s in spreads.values()),
        "calls",
        {},
        quantities,
        figures,
        notes=tuple(notes),
    )


def _sample_prompts(prompts: Any, calls: int) -> list[str]:
    """Return about a thousand prompts, chosen by a hash of time and tokens that any engine computes alike."""
    key = (prompts.time // 1_000 % 1_000_003 * 7_919 + prompts.input.fill_null(0) * 104_729) % 1_000_003
    chosen = prompts.filter(key < max(1, 1_000_003 * _PROMPTS // max(calls, _PROMPTS)))
    cut = {name: chosen[name].substr(0, _PROMPT_LENGTH) for name in ("system", "prompt")}
    rows = _fetch(chosen.select(**cut).limit(2 * _PROMPTS))
    return sorted("\n".join((*_read_texts(row["system"]), *_read_texts(row["prompt"]))) for row in rows)


def _read_texts(logged: Any) -> Iterator[str]:
    """Yield the texts of messages that are logged as JSON, or the text itself."""
    if isinstance(logged, str) and logged.lstrip()[:1] in {"[", "{"}:
        with contextlib.suppress(ValueError, RecursionError):
            logged = json.loads(logged)
    yield from _walk(logged, 0)


def _walk(node: Any, depth: int) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict) and depth < 8:
        for key in ("messages", "parts", "content", "text"):
            yield from _walk(node.get(key), depth + 1)
    elif isinstance(node, list) and depth < 8:
        for part in node:
            yield from _walk(part, depth + 1)


def share_prefix(prompts: Iterable[str]) -> float | None:
    """Return which part of all characters of prompts is a prefix that many of them share; None for too few prompts.

    In sorted order the prompts with the longest common prefix are neighbours. A prompt shares with the best of the
    runs of neighbours that it lies in, which are as long as a prefix has to be common.
    """
    texts = sorted(prompts)
    length = max(_LEAST, math.ceil(len(texts) * _SHARED_BY))
    if len(texts) < length or not any(texts):
        return None
    runs = [
        _common_length(texts[start], texts[start + length - 1]) for start in range(len(texts) - length + 1)
    ]
    best = [max(runs[max(0, place - length + 1) : place + 1], default=0) for place in range(len(texts))]
    return sum(best) / sum(map(len, texts))


def _common_length(first: str, second: str) -> int:
    """Return the length of the common prefix of two texts."""
    low, high = 0, min(len(first), len(second))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if first[:middle] == second[:middle] else (low, middle - 1)
    return low


# --- errors -------------------------------------------------------------------------------------------------------


def _measure_errors(totals: Mapping[str, int]) -> Measurement:
    """Return the share of calls that failed, with its Wilson interval."""
    failed, calls = totals["failed"], totals["calls"]
    return Measurement(
        "calls.errors",
        f"{failed / calls:.1%} of the calls failed ({failed:,} of {calls:,})",
        "error type, status or level of each call",
        calls,
        "calls",
        figures={"failed": failed, "error_rate": round(failed / calls, 6)},
        interval=bound_share(failed, calls),
    )
