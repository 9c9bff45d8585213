"""The same log in DuckDB, PostgreSQL and Spark: figures agree to the last digit."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.call_logs import CALLS, as_litellm, figures, measure, write_lines

pytest_plugins = ["tests.postgres"]

pytest.importorskip("ibis", reason="the extra 'measure' is not installed")

ODD = [
    {
        "call_type": "acompletion",
        "startTime": when,
        "endTime": "2026-01-09 10:00:07.5+00",
        "prompt_tokens": tokens,
        "completion_tokens": -1,
    }
    for when, tokens in [
        ("2026-01-09T10:00:00.0000004Z", "12"),
        ("2026-01-09 15:30:00.999999+05:30", "12.5"),
        (1767952800, "1e2"),
        (1767952800123, "-7"),
        (1767952800123456, "seven"),
        ("1767952800123456789", ""),
        (1767952800.123456, 1e30),
        ("2026-02-30T10:00:00Z", 5),
        ("yesterday", 5),
        (None, 5),
    ]
]
"""Rows that engines would read differently if they parsed times and numbers by themselves."""


def rows():
    return [*as_litellm(CALLS), *ODD]


@pytest.fixture(scope="module")
def by_duckdb(tmp_path_factory):
    return figures(measure(write_lines(tmp_path_factory.mktemp("calls") / "log.jsonl", rows())))


def test_a_table_of_postgresql_gives_the_figures_of_duckdb(database, postgres, by_duckdb):
    columns = list(dict.fromkeys(key for row in rows() for key in row))
    database.execute(
        f"CREATE TABLE calls ({', '.join(f'{chr(34)}{name}{chr(34)} text' for name in columns)})"
    )
    for row in rows():
        values = [
            json.dumps(row[name]) if isinstance(row.get(name), (dict, list)) else row.get(name)
            for name in columns
        ]
        texts = [None if value is None else str(value) for value in values]
        database.execute(f"INSERT INTO calls VALUES ({', '.join('%s' for _ in columns)})", texts)
    assert figures(measure(f"{postgres.address('trial')}&table=public.calls")) == by_duckdb
    created = (
        "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname <> 'calls'"
    )
    assert database.execute(created).fetchone() == (0,)


def test_a_typed_table_of_postgresql_gives_the_figures_of_a_file(database, postgres, tmp_path):
    expected = figures(measure(write_lines(tmp_path / "log.jsonl", as_litellm(CALLS))))
    database.execute(
        'CREATE TABLE "LiteLLM_SpendLogs" (call_type text, "startTime" timestamp(3), "endTime" timestamptz,'
        ' "completionStartTime" timestamp, status text, prompt_tokens int, completion_tokens float, messages jsonb, metadata jsonb)'
    )
    for row in as_litellm(CALLS):
        names = [name for name in row if row[name] is not None]
        values = [
            json.dumps(row[name]) if isinstance(row[name], (dict, list)) else row[name] for name in names
        ]
        listed = ", ".join(f'"{name}"' for name in names)
        database.execute(
            f'INSERT INTO "LiteLLM_SpendLogs" ({listed}) VALUES ({", ".join("%s" for _ in names)})', values
        )
    found = figures(measure(f"{postgres.address('trial')}&table=LiteLLM_SpendLogs"))
    assert found.keys() == expected.keys()
    assert found["calls.volume"] == expected["calls.volume"]
    assert found["calls.tokens"] == expected["calls.tokens"]


def test_spark_gives_the_figures_of_duckdb(tmp_path, by_duckdb, monkeypatch):
    sql = pytest.importorskip("pyspark.sql", reason="the extra 'spark' is not installed")
    if shutil.which("java") is None:
        pytest.skip("needs Java for Spark, which is not installed")
    # A few hundred rows: what would be compiled for them costs more than it saves.
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
    settings = {"spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN"}
    settings |= {
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.session.timeZone": "UTC",
    }
    session = sql.SparkSession.builder.master("local[2]").config(map=settings).getOrCreate()
    try:
        assert figures(measure(f"spark:{write_lines(tmp_path / 'log.jsonl', rows())}")) == by_duckdb
    finally:
        session.stop()
