"""Chat rows of training files, in the forms of OpenAI, Anthropic, Bedrock and ShareGPT: who says what, and what is wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ragortune.evidence.measurements.rows import parse_json

_ROLES = {
    "human": "user",
    "gpt": "assistant",
    "model": "assistant",
    "developer": "system",
    "function": "tool",
    "observation": "tool",
} | {role: role for role in ("system", "user", "assistant", "tool")}
_LONGEST_NAME = 200


class Call(NamedTuple):
    """A call of a tool that a row shows the model."""

    name: str
    arguments: object
    """As the row has them: a text that should be JSON, or data."""


class Turn(NamedTuple):
    """One message."""

    role: str
    """`system`, `user`, `assistant` or `tool`; empty if it is none of these."""
    text: str
    calls: tuple[Call, ...] = ()


def read_chat(row: Mapping[str, Any], messages: object) -> tuple[Turn, ...]:
    """Return the messages of a row, in order; what is not understood is left empty, for `find_faults` to name.

    Args:
        row: the row; `system` beside the messages is read from it.
        messages: the list of messages, from whichever key has it.

    """
    turns = [_read_turn(message) for message in _as_list(messages)]
    system = _read_content(row.get("system"))[0]
    return (*((Turn("system", system),) if system else ()), *turns)


def find_faults(turns: Sequence[Turn]) -> Iterator[str]:
    """Yield what makes a row unfit for training, by the names of `defects.FAULTS`."""
    roles = [turn.role for turn in turns]
    if "" in roles:
        yield "unknown_role"
    if "user" not in roles:
        yield "no_user"
    if not roles or roles[-1] != "assistant":
        yield "last_not_assistant"
    if not all(_is_object(call.arguments) for turn in turns for call in turn.calls):
        yield "broken_arguments"


def _is_object(arguments: object) -> bool:
    return isinstance(parse_json(arguments or "{}") if isinstance(arguments, str) else arguments, dict)


def _read_turn(message: object) -> Turn:
    if not isinstance(message, dict):
        return Turn("", "")
    role = _ROLES.get(str(message.get("role", message.get("from"))).lower(), "")
    text, calls = _read_content(message.get("content", message.get("value")))
    called = [*_as_list(message.get("tool_calls")), message.get("function_call")]
    functions = [call.get("function", call) for call in called if isinstance(call, dict)]
    calls += [_read_call(function, "arguments") for function in functions if isinstance(function, dict)]
    return Turn(role, text, tuple(calls))


def _read_content(content: object) -> tuple[str, list[Call]]:
    """Return text and calls of a message's content: a text, or a list of parts as each vendor writes them."""
    if isinstance(content, str):
        return content, []
    texts, calls = [], []
    for part in _as_list(content):
        if not isinstance(part, dict):
            continue
        use = part if part.get("type") == "tool_use" else part.get("toolUse")
        if isinstance(use, dict):
            calls.append(_read_call(use, "input"))
        elif isinstance(part.get("text"), str):
            texts.append(part["text"])
        else:  # a picture, a document, the result of a tool
            texts.append(json.dumps(part, ensure_ascii=False))
    return "\n".join(texts), calls


def _read_call(call: Mapping[str, Any], arguments: str) -> Call:
    return Call(str(call.get("name"))[:_LONGEST_NAME], call.get(arguments))


def _as_list(value: object) -> list[Any]:
    """Return a list, also where a table holds it as JSON."""
    data = parse_json(value) if isinstance(value, str) else value
    return data if isinstance(data, list) else []
