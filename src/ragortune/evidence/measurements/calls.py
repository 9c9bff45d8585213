"""Measurements of logged model calls: how many a day and when, how long they take, tokens in and out, errors.

A log shows what happens, not what is required: its latency is not a budget, and each step of an agent is a call.
"""

from __future__ import annotations

import itertools
import math
import operator
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import ibis

from ragortune.evidence.measurements.call_sources import open_calls
from ragortune.evidence.measurements.call_table import shape_calls
from ragortune.evidence.measurements.rows import list_texts, parse_json
from ragortune.evidence.measurements.sampling import Z_95, bound_mean, bound_share
from ragortune.model.measurements import Measurement, Progress
from ragortune.support.errors import Place, UnreadableError
from ragortune.support.text import count_words, hide_password, quote_value

_HOUR, _DAY = 3_600_000_000, 86_400_000_000
_PROMPTS, _PROMPT_LENGTH = 400, 40_000
"""Prompts that are sampled, about, and characters that are read of each."""
_SHARED_BY = 0.05
"""A prefix counts as shared if this share of the prompts begins with it, and at least `_MIN_PROMPTS` of them."""
_MIN_PROMPTS = 3
_SKIPPED = {
    "unreadable": "cannot be read",
    "others": "other operations",
    "untimed": "no time that can be read",
}
_FEW_DAYS = 7
"""Whole days from which on the daily mean has an interval; fewer do not cover working days and weekends."""
_NO_NEED = (
    "this is how it is today, not a requirement: change it if answers must come faster or may take longer"
)
_SPLIT = "what follows the shared prefix counts as the question, retrieved passages and history included"
_UNSPLIT = "the log holds no texts of prompts, so input tokens cannot be split into instructions and question"


def measure_calls(source: str, mapping: Mapping[str, str], progress: Progress) -> tuple[Measurement, ...]:
    """Return the measurements of a log of model calls; `mapping` names columns by role where they are not recognised.

    Raises UsageError for a missing extra, an unknown role or column; UnreadableError for a log without calls.
    """
    with open_calls(source) as records:
        progress(f"reading {hide_password(source)}")
        form, rows, prompts = shape_calls(records, mapping, source)
        totals, rejected = _count_rows(rows), records.count_rejected()
        totals |= {name: totals[name] + rejected for name in ("rows", "unreadable")}
        left_out = {name: count_words(totals[name], "row") for name in _SKIPPED if totals[name]}
        unread = {path: role for role, path in mapping.items() if not totals.get(role.partition("_")[0], 1)}
        skipped = (
            *(f"{number} left out: {_SKIPPED[name]}" for name, number in left_out.items()),
            *(f"no call has a number in {quote_value(path)} ({role})" for path, role in unread.items()),
        )
        progress("; ".join((f"{totals['calls']:,} calls ({form})", *skipped)))
        if not totals["calls"]:
            hint = "a time is like 2026-11-29T08:15:00Z or counts from 1970; --calls-map time=COLUMN names its column"
            message = f"has no call with a time ({count_words(totals['rows'], 'row')}, read as {form})"
            raise UnreadableError(message, Place(hide_password(source)), hint)
        calls = _filter_calls(rows)
        notes = (f"read as {form}", *skipped)
        volume, latency = _measure_volume(calls, notes), _measure_latency(calls, totals)
        return (volume, latency, *_measure_tokens(calls, totals, prompts), _measure_errors(totals))


def _count_rows(rows: Any) -> dict[str, int]:
    """Return the numbers of rows and calls, and for each column how many calls have it."""
    call = (rows.call == 1) & rows.time.notnull()
    parts = ("duration", "input", "output", "cached")
    counts = {
        "rows": rows.count(),
        "unreadable": (rows.readable == 0).sum(),
        "others": ((rows.readable == 1) & (rows.call == 0)).sum(),
        "untimed": ((rows.readable == 1) & (rows.call == 1) & rows.time.isnull()).sum(),
        "calls": call.sum(),
        "failed": rows.failed.sum(where=call),
        "judged": (call & rows.failed.notnull()).sum(),
        "hits": (call & rows.input.notnull() & (rows.cached > 0)).sum(),
        "cached_tokens": rows.cached.sum(where=call & rows.input.notnull()),
        **{name: (call & rows[name].notnull()).sum() for name in parts},
    }
    return _aggregate(rows, counts)


def _filter_calls(rows: Any) -> Any:
    return rows.filter((rows.call == 1) & rows.time.notnull())


def _fetch(expression: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = expression.to_pyarrow().to_pylist()
    return found


def _aggregate(table: Any, values: Mapping[str, Any]) -> dict[str, int]:
    """Return values over all rows, 0 for null; as 64-bit integers, because engines widen sums in different ways."""
    row = _fetch(table.aggregate(**{name: value.cast("int64") for name, value in values.items()}))[0]
    return {name: value or 0 for name, value in row.items()}


def _spread(values: Any, count: int) -> tuple[float, dict[str, int]]:
    """Return the mean of a column and quantiles: `p50`, `p95`, `p99`, and the 95% interval of `p95` (`low`, `high`).

    Quantiles are ranks in the cumulative counts of the distinct values, which are exact on every engine. The ranks of the
    interval follow from the normal approximation of the binomial distribution.
    """
    known = values.name("value").as_table().filter(lambda table: table.value.notnull())
    counts = known.group_by("value").aggregate(times=known.count().cast("int64"))
    window = ibis.cumulative_window(order_by=counts.value)
    running = counts.mutate(reached=counts.times.sum().over(window).cast("int64"))
    ranks = {f"p{part}": -(-count * part // 100) for part in (50, 95, 99)}
    margin = Z_95 * math.sqrt(count * 0.95 * 0.05)
    ranks["low"] = max(1, math.floor(ranks["p95"] - margin))
    ranks["high"] = min(count, math.ceil(ranks["p95"] + margin))
    points = {key: running.value.min(where=running.reached >= rank) for key, rank in ranks.items()}
    found = _aggregate(running, points | {"total": (running.value * running.times).sum()})
    return found.pop("total") / count, found


# --- volume and latency -------------------------------------------------------------------------------------------


def _measure_volume(calls: Any, notes: tuple[str, ...]) -> Measurement:
    """Return the calls a day. The first and the last day are partial; they are left out if two or more are between them.

    Otherwise the calls a day are between those of whole days and those of the hours that the log covers.
    """
    starts = calls.select(hour=calls.time - calls.time % _HOUR)
    counts = starts.group_by("hour").aggregate(calls=starts.count().cast("int64"))
    hours = {row["hour"] // _HOUR: row["calls"] for row in _fetch(counts)}
    first, last = min(hours) // 24, max(hours) // 24
    enough = last - first >= 3
    days = range(first + 1, last) if enough else range(first, last + 1)
    within = {hour: calls for hour, calls in hours.items() if hour // 24 in days}
    by_day = [sum(within.get(24 * day + hour, 0) for hour in range(24)) for day in days]
    mean = sum(by_day) / len(by_day)
    active_hours = Counter(hour // 24 for hour in within).values()
    active = sum(active_hours) / max(1, len(active_hours)) if enough else float(max(active_hours))
    peak_factor = max(hours.values()) / (sum(within.values()) / len(within)) if within else 1.0
    interval = bound_mean(by_day, math.inf) if enough and len(by_day) >= _FEW_DAYS else None
    span = max(hours) - min(hours) + 1
    known = span >= 20 and mean > 0
    low, high = interval or (mean, mean if enough else max(mean, 24 * sum(by_day) / span))
    most = "" if enough or low == high else f" to {high:,.1f}"
    value = {"from": round(low, 1), "to": round(high, 1)} if low < high or interval else round(mean, 1)
    quantities = {
        "requests_per_day": round(mean, 1) if enough else value,
        "active_hours": round(active, 1),
        "peak_factor": round(peak_factor, 1),
    }
    return Measurement(
        "calls.volume",
        f"{mean:,.1f}{most} calls a day over {count_words(len(by_day), 'day')}, at most {max(by_day):,}, "
        f"in {active:.1f} hours of a day, at the peak {peak_factor:.1f} times the mean hour",
        "calls by day and hour in UTC; the first and last day count only if there are fewer than four",
        sum(hours.values()),
        "calls",
        answers={"performance.volume": value if known else None},
        quantities=quantities if known else {},
        figures={
            "calls_per_day": round(mean, 2),
            "days": len(by_day),
            "peak_day_calls": max(by_day),
            "active_hours": round(active, 2),
            "peak_factor": round(peak_factor, 2),
        },
        interval=interval,
        reason=""
        if known
        else f"the log covers {count_words(span, 'hour')}; a day at least is needed, four give a mean",
        notes=(*notes, "each call of the model counts, even if one request makes several"),
        date=datetime.fromtimestamp(last * 86_400, UTC).date().isoformat(),
    )


def _measure_latency(calls: Any, totals: Mapping[str, int]) -> Measurement:
    """Return the latency of whole answers, failed calls included, in whole milliseconds."""
    known = totals["duration"]
    method = "nearest-rank percentiles in whole milliseconds"
    if not known:
        reason = "name a column with the end of each call or its duration: --calls-map latency_ms=COLUMN"
        says, answers = "the log does not say how long calls take", {"performance.latency": None}
        return Measurement("calls.latency", says, method, 0, "calls", answers=answers, reason=reason)
    _, points = _spread((calls.duration - calls.duration % 1000) // 1000, known)
    low, high = points["low"], points["high"]
    latency = points["p95"] if low == high else {"from": max(1, low), "to": max(1, high)}
    return Measurement(
        "calls.latency",
        f"a whole answer takes {points['p50']:,} ms at the median, {points['p95']:,} at the 95th percentile, "
        f"{points['p99']:,} at the 99th",
        method, known, "calls",
        answers={"performance.latency": latency},
        figures={f"answer_ms_{point}": points[point] for point in ("p50", "p95", "p99")},
        interval=(low, high),
        notes=(_NO_NEED,),
    )  # fmt: skip


# --- tokens -------------------------------------------------------------------------------------------------------


def _measure_tokens(calls: Any, totals: Mapping[str, int], prompts: Any) -> Iterator[Measurement]:
    """Yield tokens in and out, the share of the cached and of the common prompt prefix, as far as they are logged."""
    figures: dict[str, object] = {}
    quantities: dict[str, object] = {}
    parts: list[str] = []
    notes: tuple[str, ...] = ()
    means: dict[str, float] = {}
    for name in filter(totals.get, ("input", "output")):
        means[name], points = _spread(calls[name], totals[name])
        middle, high = points["p50"], points["p95"]
        spread = {"mean": round(means[name], 2), "p50": middle, "p95": high}
        figures |= {f"{name}_tokens_{point}": value for point, value in spread.items()}
        parts.append(f"{means[name]:,.0f} tokens {name} (median {middle:,}, 95th percentile {high:,})")
    if "output" in means:
        quantities["answer_tokens"] = max(1, round(means["output"], 1))
    if "input" in means:
        if totals["cached"]:
            hits = totals["hits"] / totals["input"]
            share = totals["cached_tokens"] / max(1, means["input"] * totals["input"])
            figures |= {"cached_share": round(share, 4), "cache_hit": round(hits, 4)}
            quantities["cache_hit"] = round(hits, 4)
            parts.append(f"{share:.0%} of the input from a cache, in {hits:.0%} of the calls")
        texts = [] if prompts is None else _sample_prompts(prompts, totals["calls"])
        shared = share_prefix(texts)
        notes = (_UNSPLIT if shared is None else _SPLIT,)
        if shared is not None:
            figures |= {"shared_prefix": round(shared, 4), "prompts": len(texts)}
            quantities["instruction_tokens"] = round(means["input"] * shared, 1)
            quantities["question_tokens"] = max(1, round(means["input"] * (1 - shared), 1))
            parts.append(f"{shared:.0%} of a prompt is a prefix that calls share ({len(texts):,} prompts)")
    if means:
        yield Measurement(
            "calls.tokens", "; ".join(parts), "tokens as logged; the shared prefix by characters",
            max(totals[name] for name in means), "calls", quantities=quantities, figures=figures, notes=notes,
        )  # fmt: skip


def _sample_prompts(prompts: Any, calls: int) -> list[str]:
    """Return some prompts, sampled by a hash of time and tokens that is the same on every engine."""
    logged = _filter_calls(prompts).filter(prompts.prompt.notnull())
    key = (logged.time // 1_000 % 1_000_003 * 7_919 + logged.input.fill_null(0) * 104_729) % 1_000_003
    most = 1_000_003 * _PROMPTS // max(calls, _PROMPTS)
    texts = [name for name in ("system", "prompt") if name in logged.columns]
    cut = {name: logged[name].substr(0, _PROMPT_LENGTH) for name in texts}
    rows = _fetch(logged.filter(key < most).select(**cut).limit(2 * _PROMPTS))
    return ["\n".join(text for value in row.values() if value for text in _read_texts(value)) for row in rows]


def _read_texts(logged: str) -> list[str]:
    """Return the texts of messages that are logged as JSON, or the text itself."""
    data = parse_json(logged) if logged.lstrip()[:1] in {"[", "{"} else None
    return [logged] if data is None else list_texts(data, ("messages", "parts", "content", "text"))


def share_prefix(prompts: Iterable[str]) -> float | None:
    """Return the share of all prompt characters in a prefix that many prompts have in common; None for too few prompts.

    In sorted order, prompts with a common prefix are neighbours, and the first and the last of a run of neighbours have
    the prefix in common that the whole run has. Each prompt counts the longest prefix of the runs of the required length
    that contain it.
    """
    texts = sorted(prompts)
    length = max(_MIN_PROMPTS, math.ceil(len(texts) * _SHARED_BY))
    if len(texts) < length or not any(texts):
        return None
    ends = zip(texts, texts[length - 1 :], strict=False)
    runs = [sum(itertools.takewhile(bool, map(operator.eq, first, last))) for first, last in ends]
    best = [max(runs[max(0, index - length + 1) : index + 1], default=0) for index in range(len(texts))]
    return sum(best) / sum(map(len, texts))


def _measure_errors(totals: Mapping[str, int]) -> Measurement:
    failed, calls, known = totals["failed"], totals["calls"], totals["judged"] > 0
    says = f"{failed / calls:.1%} of the calls failed ({failed:,} of {calls:,})"
    return Measurement(
        "calls.errors", says if known else "no call has a status or an error, so how many failed is not known",
        "error type, status or level of each call", calls, "calls",
        figures={"failed": failed, "error_rate": round(failed / calls, 6)} if known else {},
        interval=bound_share(failed, calls) if known else None,
    )  # fmt: skip
