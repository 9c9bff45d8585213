"""The same calls of a model in every form of log, and their figures."""

import csv
import json
import random
from datetime import UTC, datetime, timedelta

from ragortune.evidence.measurements.calls import measure_calls

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
INSTRUCTIONS = "You answer for the help desk of a tram company. Name the rule that you rely on. " * 5


def draw_calls(days=10, daily=20):
    """Draw calls on working hours: `daily` a day, one in ten fails, cached tokens in every second."""
    draw = random.Random(4)
    for number in range(days * daily):
        start = MONDAY + timedelta(
            days=number // daily, hours=8 + number % 10, microseconds=draw.randrange(3_500_000_000)
        )
        yield {
            "start": start,
            "milliseconds": 1000 + number,
            "first": 100 + number % 50,
            "input": 500 + number % 7,
            "output": None if number % 10 == 9 else 40 + number % 5,
            "cached": 256 if number % 2 else 0,
            "failed": number % 10 == 9,
            "question": f"{'Why is line' if number % 3 else 'When does line'} {number} late?",
        }


CALLS = tuple(draw_calls())


def messages(call):
    return [{"role": "system", "content": INSTRUCTIONS}, {"role": "user", "content": call["question"]}]


def end(call, name="milliseconds"):
    return call["start"] + timedelta(milliseconds=call[name])


def nanoseconds(time):
    return ((time - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)) * 1000


def gen_ai(call):
    told = {
        "gen_ai.operation.name": "chat",
        "gen_ai.usage.input_tokens": call["input"],
        "gen_ai.usage.output_tokens": call["output"],
        "gen_ai.usage.cache_read.input_tokens": call["cached"],
        "gen_ai.response.time_to_first_chunk": call["first"] / 1000,
        "gen_ai.input.messages": json.dumps(messages(call)),
        "error.type": "timeout" if call["failed"] else None,
    }
    return {name: value for name, value in told.items() if value is not None}


def as_otlp(calls):
    kinds = {str: "stringValue", int: "intValue", float: "doubleValue"}
    for start in range(0, len(calls), 30):
        spans = [
            {
                "name": "chat",
                "startTimeUnixNano": str(nanoseconds(call["start"])),
                "endTimeUnixNano": str(nanoseconds(end(call))),
                "attributes": [
                    {"key": key, "value": {kinds[type(value)]: str(value) if type(value) is int else value}}
                    for key, value in gen_ai(call).items()
                ],
            }
            for call in calls[start : start + 30]
        ]
        tool = {"name": "execute_tool", "startTimeUnixNano": "1767225600000000000", "attributes": []}
        yield {"resourceSpans": [{"resource": {}, "scopeSpans": [{"spans": [*spans, tool]}]}]}


def as_spans(calls):
    for call in calls:
        yield {
            "start_time": call["start"].isoformat(),
            "end_time": end(call).isoformat(),
            "attributes": gen_ai(call),
        }


def as_flat_spans(calls):
    for call in calls:
        yield {
            "startTimeUnixNano": nanoseconds(call["start"]),
            "duration_ms": call["milliseconds"],
            **gen_ai(call),
        }


def as_langfuse(calls):
    def show(time):
        return time.strftime("%Y-%m-%d %H:%M:%S.%f")

    yield {
        "id": "1",
        "trace_id": "t",
        "type": "SPAN",
        "start_time": show(MONDAY),
        "parent_observation_id": "",
    }
    for call in calls:
        counted = {
            "input": call["input"] - call["cached"],
            "input_cached_tokens": call["cached"],
            "output": call["output"],
        }
        yield {
            "trace_id": "t",
            "type": "GENERATION",
            "parent_observation_id": "1",
            "start_time": show(call["start"]),
            "end_time": show(end(call)),
            "completion_start_time": show(end(call, "first")),
            "level": "ERROR" if call["failed"] else "DEFAULT",
            "input": json.dumps({"messages": messages(call)}),
            "usage_details": {key: value for key, value in counted.items() if value is not None},
        }


def as_litellm(calls):
    yield {"call_type": "aembedding", "startTime": MONDAY.isoformat(), "prompt_tokens": 9}
    for call in calls:
        yield {
            "call_type": "acompletion",
            "startTime": call["start"].isoformat(timespec="microseconds"),
            "endTime": end(call).isoformat(timespec="microseconds"),
            "completionStartTime": end(call, "first").isoformat(timespec="microseconds"),
            "status": "failure" if call["failed"] else "success",
            "prompt_tokens": call["input"],
            "completion_tokens": call["output"],
            "messages": messages(call),
            "metadata": {"usage_object": {"prompt_tokens_details": {"cached_tokens": call["cached"]}}},
        }


MAPPING = {
    "time": "ts", "latency_ms": "took", "input_tokens": "in", "output_tokens": "out",
    "cached_tokens": "hit", "error": "error", "prompt": "text",
}  # fmt: skip


def as_plain(calls):
    for call in calls:
        yield {
            "ts": nanoseconds(call["start"]) // 1000,
            "took": call["milliseconds"],
            "ttft": call["first"],
            "in": call["input"],
            "out": call["output"],
            "hit": call["cached"],
            "error": call["failed"],
            "text": INSTRUCTIONS + "\n" + call["question"],
        }


FORMS = {
    "otlp": as_otlp,
    "spans": as_spans,
    "flat spans": as_flat_spans,
    "langfuse": as_langfuse,
    "litellm": as_litellm,
}


def write_lines(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def write_csv(path, rows):
    listed = [
        {key: json.dumps(value) if isinstance(value, (dict, list)) else value for key, value in row.items()}
        for row in rows
    ]
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(dict.fromkeys(key for row in listed for key in row)))
        writer.writeheader()
        writer.writerows(listed)
    return str(path)


def measure(source, mapping=None):
    lines = []
    found = {own.probe: own for own in measure_calls(str(source), mapping or {}, lines.append)}
    assert lines
    return found


def figures(found):
    return {
        probe: (own.count, dict(own.figures), own.interval, dict(own.answers), dict(own.quantities))
        for probe, own in found.items()
    }
