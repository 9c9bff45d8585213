"""Logs of model calls: the same calls in every form of log give the same figures, and no log breaks the reader."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta

import pytest

from ragortune.evidence.measurements.calls import share_prefix
from ragortune.support.errors import UnreadableError, UsageError
from tests.call_logs import (
    CALLS,
    FORMS,
    MAPPING,
    MONDAY,
    as_langfuse,
    as_litellm,
    as_otlp,
    as_plain,
    figures,
    measure,
    nanoseconds,
    write_csv,
    write_lines,
)

pytest.importorskip("ibis", reason="the extra 'measure' is not installed")


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    path = write_lines(tmp_path_factory.mktemp("calls") / "plain.jsonl", as_plain(CALLS))
    return figures(measure(path, MAPPING))


def test_a_log_with_known_calls_gives_the_figures_that_were_put_into_it(expected):
    count, volume, interval, answers, quantities = expected["calls.volume"]
    assert (
        count,
        volume["calls_per_day"],
        volume["days"],
        volume["active_hours"],
        volume["peak_factor"],
    ) == (200, 20, 8, 10, 1)
    assert (answers["performance.volume"], interval) == ({"from": 20.0, "to": 20.0}, (20.0, 20.0))
    assert quantities == {"requests_per_day": 20.0, "active_hours": 10.0, "peak_factor": 1.0}
    latency = expected["calls.latency"][1]
    assert [latency[f"answer_ms_p{point}"] for point in (50, 95, 99)] == [1099, 1189, 1197]
    assert expected["calls.errors"][1] == {"failed": 20, "error_rate": 0.1}
    tokens = expected["calls.tokens"][1]
    assert (tokens["input_tokens_p50"], tokens["output_tokens_p95"], tokens["cache_hit"]) == (503, 44, 0.5)
    assert tokens["input_tokens_mean"] == round(sum(call["input"] for call in CALLS) / 200, 2)
    assert tokens["cached_share"] == round(100 * 256 / sum(call["input"] for call in CALLS), 4)


@pytest.mark.parametrize("form", FORMS)
def test_the_same_calls_in_another_form_of_log_give_the_same_figures(form, tmp_path, expected):
    found = measure(write_lines(tmp_path / "log.jsonl", FORMS[form](CALLS)))
    assert figures(found) == expected


@pytest.mark.parametrize("form", ["langfuse", "litellm"])
def test_a_log_exported_as_a_table_gives_the_same_figures(form, tmp_path, expected):
    assert figures(measure(write_csv(tmp_path / "log.csv", FORMS[form](CALLS)))) == expected


def test_a_log_exported_as_one_array_or_as_pretty_json_gives_the_same_figures(tmp_path, expected):
    (tmp_path / "log.json").write_text(json.dumps(list(as_langfuse(CALLS)), indent=1), encoding="utf-8")
    assert figures(measure(tmp_path / "log.json")) == expected
    whole = [row["resourceSpans"][0] for row in as_otlp(CALLS)]
    (tmp_path / "spans.json").write_text(json.dumps({"resourceSpans": whole}, indent=1), encoding="utf-8")
    assert figures(measure(tmp_path / "spans.json")) == expected


def test_a_log_in_parquet_gives_the_same_figures_whatever_the_type_of_its_times(tmp_path, expected):
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [row | {"ts": call["start"]} for row, call in zip(as_plain(CALLS), CALLS, strict=True)]
    for name, type_ in (("zoned", pa.timestamp("us", "UTC")), ("plain", pa.timestamp("us"))):
        table = pa.Table.from_pylist(rows)
        table = table.set_column(0, "ts", table["ts"].cast(type_))
        pq.write_table(table, tmp_path / f"{name}.parquet")
        assert figures(measure(tmp_path / f"{name}.parquet", MAPPING)) == expected


def test_a_trace_with_more_spans_of_other_work_than_calls_is_read_as_spans(tmp_path, expected):
    at = nanoseconds(MONDAY)
    other = {
        "traceId": "t",
        "name": "GET /",
        "startTimeUnixNano": at,
        "endTimeUnixNano": at,
        "attributes": [],
    }
    rest = {"resourceSpans": [{"scopeSpans": [{"spans": [other] * 300}]}]}
    assert figures(measure(write_lines(tmp_path / "log.jsonl", [rest, *as_otlp(CALLS)]))) == expected


def test_a_log_without_errors_and_status_does_not_say_that_no_call_failed(tmp_path):
    rows = [{name: value for name, value in row.items() if name != "error"} for row in as_plain(CALLS)]
    columns = {role: column for role, column in MAPPING.items() if role != "error"}
    errors = measure(write_lines(tmp_path / "log.jsonl", rows), columns)["calls.errors"]
    assert (errors.figures, errors.interval) == ({}, None)
    assert "not known" in errors.says


def test_a_team_that_names_a_column_which_its_json_log_lacks_is_told_so(tmp_path):
    log = write_lines(tmp_path / "log.jsonl", as_plain(CALLS))
    notes = measure(log, {**MAPPING, "output_tokens": "oout"})["calls.volume"].notes
    assert "no call has a number in 'oout' (output_tokens)" in notes


def test_a_team_with_local_times_in_its_log_learns_which_times_are_read(tmp_path):
    rows = [{"Begin": "02.11.2026 08:10"}] * 2_000
    with pytest.raises(UnreadableError, match=r"2,000 rows.*\n?.*2026-11-29T08:15:00Z") as refused:
        measure(write_csv(tmp_path / "log.csv", rows), {"time": "Begin"})
    assert refused.value.hint


def test_a_folder_without_logs_is_not_said_to_hold_logs_of_different_kinds(tmp_path):
    with pytest.raises(UnreadableError, match="is not a log"):
        measure(tmp_path)


def test_files_of_a_folder_are_one_log(tmp_path, expected):
    rows = list(as_langfuse(CALLS))
    write_lines(tmp_path / "a[1]'.jsonl", rows[:70])
    write_lines(tmp_path / "b.jsonl", rows[70:])
    assert figures(measure(tmp_path)) == expected


def test_a_team_without_texts_in_its_log_learns_that_input_cannot_be_split(tmp_path):
    rows = [{key: value for key, value in row.items() if key != "messages"} for row in as_litellm(CALLS)]
    tokens = measure(write_lines(tmp_path / "log.jsonl", rows))["calls.tokens"]
    assert tokens.quantities.keys() == {"answer_tokens", "cache_hit"}
    assert "cannot be split" in " ".join(tokens.notes)


def test_a_log_of_an_afternoon_tells_no_volume_of_a_day(tmp_path):
    volume = measure(write_lines(tmp_path / "log.jsonl", as_litellm(CALLS[:9])))["calls.volume"]
    assert volume.answers == {"performance.volume": None}
    assert (volume.quantities, volume.reason[:20]) == ({}, "the log covers 9 hou")


@pytest.mark.parametrize(("first", "hours"), [(10, 21), (23, 27)])
def test_days_that_a_log_covers_in_part_are_no_whole_days(tmp_path, first, hours):
    starts = [MONDAY + timedelta(hours=first, minutes=minute) for minute in range(60 * hours)]
    rows = [{"time": start.isoformat()} for start in starts]
    volume = measure(write_lines(tmp_path / "log.jsonl", rows))["calls.volume"]
    days = len({start.date() for start in starts})
    assert volume.answers == {"performance.volume": {"from": 60 * hours / days, "to": 1440}}
    assert volume.quantities["requests_per_day"] == {"from": 60 * hours / days, "to": 1440}
    assert volume.quantities["active_hours"] == min(24, 24 - first if days == 2 else 24)


def test_tokens_that_a_vendor_counts_beside_the_input_are_part_of_it(tmp_path):
    usage = {"input_tokens": 12, "cache_read_input_tokens": 4_000, "cache_creation_input_tokens": 500}
    within = {"prompt_tokens": 4_512, "prompt_tokens_details": {"cached_tokens": 4_000}}
    for told in (usage, {**within, **usage, "input_tokens": None}):
        rows = [{"time": "2026-01-05T08:00:00Z", "usage": told}] * 3
        tokens = measure(write_lines(tmp_path / "log.jsonl", rows))["calls.tokens"]
        assert tokens.figures["input_tokens_mean"] == 4_512
        assert tokens.figures["cached_share"] == round(4_000 / 4_512, 4)


def test_rows_of_a_table_that_cannot_be_read_are_left_out_and_counted(tmp_path):
    rows = [f"2026-01-05T{hour:02}:00:00Z,{'Hello, you' if hour % 2 else 'Hello'}" for hour in range(24)]
    (tmp_path / "log.csv").write_text("\n".join(["time,prompt", *rows, ""]), encoding="utf-8")
    volume = measure(tmp_path / "log.csv")["calls.volume"]
    assert volume.count == 12
    assert "12 rows left out: cannot be read" in volume.notes


def test_observed_latency_is_marked_as_what_is_and_not_what_is_needed(tmp_path):
    latency = measure(write_lines(tmp_path / "log.jsonl", as_litellm(CALLS)))["calls.latency"]
    assert "not a requirement" in latency.notes[0]
    assert latency.answers["performance.latency"] == {"from": 1182, "to": 1196}


@pytest.mark.parametrize("name", ["log.jsonl", "log.json"])
def test_rows_that_are_no_calls_are_left_out_and_counted(tmp_path, name):
    rows = [json.dumps(row) for row in as_litellm(CALLS)]
    wrong = [
        "not json",
        '{"startTime": ',
        "[1, 2]",
        '"text"',
        '{"startTime": "yesterday", "call_type": "acompletion"}',
    ]
    (tmp_path / name).write_text("\n".join([*rows, *wrong, "\x00\xff"]), encoding="latin-1")
    volume = measure(tmp_path / name)["calls.volume"]
    assert volume.count == 200
    assert "3 rows left out: cannot be read" in volume.notes


TIMES = {
    "2026-01-05T08:00:00Z": 0, "2026-01-05 08:00:00.000": 0, "2026-01-05T10:00:00+02:00": 0, "2026-01-05T03:30:00-0430": 0,
    "2026-01-05 08:00:00+00": 0, "2026-01-05 08:00:00,250": 250_000, "2026-01-05 08:00:00 UTC": 0, 1767600000: 0, 1767600000000: 0, "1767600000000000": 0,
    1767600000000000000: 0, "1767600000.0": 0, "1767600000000.5": 500, "2026-01-05T08:00:00.123456789Z": 123456,
}  # fmt: skip


def test_times_are_read_in_any_usual_unit(tmp_path):
    ends = {time: 1_000_000 + extra for time, extra in TIMES.items()}
    rows = [{"time": time, "end": "2026-01-05T08:00:05Z"} for time in ends]
    latency = measure(write_lines(tmp_path / "log.jsonl", rows))["calls.latency"]
    assert (latency.count, latency.figures["answer_ms_p50"], latency.figures["answer_ms_p99"]) == (
        len(TIMES),
        5000,
        5000,
    )


WRONG = [
    None,
    "",
    "abc",
    -5,
    1e300,
    "9" * 400,
    True,
    [],
    {},
    "1; DROP TABLE records",
    "0x10",
    "1e-400",
    86_400_001_000,
]


def test_numbers_that_cannot_be_are_left_out(tmp_path):
    rows = [{"time": "2026-01-05T09:00:00Z", "latency_ms": value, "input_tokens": value} for value in WRONG]
    good = {"time": "2026-01-05T08:00:00Z", "latency_ms": 10, "input_tokens": 7}
    found = measure(write_lines(tmp_path / "log.jsonl", [good, *rows]))
    assert found["calls.latency"].count == 1
    assert found["calls.tokens"].figures["input_tokens_mean"] == 7
    assert found["calls.volume"].count == 1 + len(WRONG)


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("log.jsonl", b"", "is empty"),
        ("log.csv", "time,input_tokens\n".encode("utf-16"), "is UTF-16; save it as UTF-8"),
        ("log.txt", b"x", "is not a log that can be read"),
        ("log.jsonl", b"\x00\x01\x02\xff" * 50, "holds a NUL character"),
        ("log.jsonl", b"{}\n{}\n", "has no call"),
        ("log.csv", b"a,b\n1,2\n", "no column with the time at which"),
        ("log.csv", bytes(range(256)) * 8, ""),
        ("log.parquet", b"PAR1 and no more", "cannot be read"),
        ("log.json", b'{"resourceSpans": 5}', "has no call"),
        (
            "log.json",
            b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"attributes": {"a": 1}}, 7, null]}]}]}',
            "has no call",
        ),
        ("log.json", b'[{"time": 1', "cannot be read"),
        ("log.jsonl.gz", b"not gzip", "cannot be read"),
    ],
)
def test_a_file_that_is_no_log_is_refused_in_words(name, data, says, tmp_path):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(UnreadableError) as refused:
        measure(tmp_path / name)
    assert says in str(refused.value)
    assert len(str(refused.value)) < 900


def test_sources_and_mappings_that_cannot_be_used_are_refused(tmp_path):
    log = write_lines(tmp_path / "log.jsonl", as_plain(CALLS[:3]))
    table = write_csv(tmp_path / "log.csv", as_plain(CALLS[:3]))
    for source, mapping, says in (
        (tmp_path / "none.jsonl", {}, "no such file"),
        (log, {"tokens": "in"}, "there is no role 'tokens'"),
        (table, {"time": "tz"}, "there is no column 'tz'"),
        (log, {"time": "a'b"}, "quotes"),
        ("postgresql://me:secret@localhost/logs", {}, "names no table"),
        ("nosuch://host/db?table=calls", {}, "the extra 'nosuch'"),
        ("postgresql://me:secret@[::1/logs?table=calls", {}, "the address cannot be read"),
        ("postgresql://me:secret@host:99999999/logs?table=calls", {}, "the address cannot be read"),
    ):
        with pytest.raises((UnreadableError, UsageError)) as refused:
            measure(source, mapping)
        assert says in str(refused.value)
        assert "secret" not in str(refused.value)


def test_a_column_may_have_any_name(tmp_path):
    rows = [{'"; DROP TABLE records; --': "2026-01-05T08:00:00Z", "a.b c": 5}]
    found = measure(
        write_csv(tmp_path / "log.csv", rows), {"time": '"; DROP TABLE records; --', "input_tokens": "a.b c"}
    )
    assert found["calls.tokens"].figures["input_tokens_mean"] == 5


def test_prompts_of_two_templates_share_the_prefix_of_each():
    prompts = [f"{'a' * 60}{number:040}" for number in range(20)] + [
        f"{'b' * 20}{number * 7:080}" for number in range(20)
    ]
    assert 0.8 < share_prefix(prompts) < 1
    assert share_prefix(["same", "same"]) is None
    assert share_prefix(["one", "two", "three", "four"]) == 0


@pytest.mark.parametrize("scheme", ["duckdb", "sqlite"])
def test_a_database_that_is_not_there_is_not_made(scheme, tmp_path):
    with pytest.raises(UnreadableError, match="no such file"):
        measure(f"{scheme}://{tmp_path}/calls.db?table=calls")
    assert not list(tmp_path.iterdir())


_MEASURED = """
import re, sys
from pathlib import Path
from ragortune.evidence.measurements.calls import measure_calls
measure_calls(sys.argv[1], {}, print)
print(int(re.search("VmHWM: *(\\d+)", Path("/proc/self/status").read_text().replace("\t", " "))[1]) // 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
def test_a_log_in_one_line_is_read_within_300_mb(tmp_path):
    call = json.dumps({"time": "2026-01-05T08:00:00Z", "input_tokens": 5, "steps": [{}] * 20})
    log = tmp_path / "log.json"
    log.write_text(f"[{','.join([call] * 100_000)}]")
    ran = subprocess.run([sys.executable, "-c", _MEASURED, log], capture_output=True, text=True, check=True)
    assert int(ran.stdout.splitlines()[-1]) < 300


def test_a_log_whose_records_take_too_much_memory_is_refused_in_words(tmp_path):
    log = tmp_path / "log.jsonl"
    log.write_text(json.dumps({"time": "2026-01-05T08:00:00Z", "steps": [[]] * 5_000_000}) + "\n")
    with pytest.raises(UnreadableError, match="its records take too much memory"):
        measure(log)
