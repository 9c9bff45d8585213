"""Training examples from files of all common formats, read as a stream; of large files a sample is kept."""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ragortune.evidence.measurements.duplicates import split_words
from ragortune.evidence.measurements.rows import ANSWER_KEYS, QUESTION_KEYS, Rows, parse_json
from ragortune.evidence.measurements.sampling import RankedSample, rank_text
from ragortune.support.record import Record

SAMPLE = 20_000
"""Examples that are kept at most, fewer if they are long; of larger files a sample."""
LONGEST_TEXT = 8_000
"""Characters of an input or output that are kept."""
LONGEST_EXAMPLE = 65_536 * 4
"""Characters from which on an example is too long for hosted fine-tuning: 65,536 tokens at OpenAI, the largest limit."""
_TRIED = 1_000
"""Rows of which at least one has to be recognised, so that a large file of other columns is not read to its end."""
_DEGENERATE_LENGTH, _DEGENERATE_RATIO = 500, 0.05
_INPUT_KEYS = (*QUESTION_KEYS, "source")
_TEXT_KEYS = ("text", "sentence", "utterance", "message", "content", "tweet", *_INPUT_KEYS)
_LABEL_KEYS = ("label", "category", "intent", "class", "label_text")
_PAIRS = (("prompt and completion", _INPUT_KEYS, ANSWER_KEYS), ("text and label", _TEXT_KEYS, _LABEL_KEYS))
_NAMES = {"system": "developer", "user": "human", "assistant": "gpt model", "tool": "function observation"}
_ROLES = {name: role for role, names in _NAMES.items() for name in (role, *names.split())}
_LONGEST_NAME = 200


class Example(Record, frozen=True):
    """One training example; of long texts only the beginning is kept."""

    line: int
    """Line in the file, or position in a JSON list, from 1."""
    instruction: str
    """System prompt or instruction, which many inputs share."""
    input: str
    """All messages before the last one."""
    output: str
    """The last message, if it is the assistant's."""
    calls: bool = False
    """Whether the output has tool calls, in the fields for them."""
    faults: tuple[str, ...] = ()
    """What is wrong with it: keys of `examples.FAULTS`."""

    @property
    def key(self) -> str:
        """The text by which it is sampled: the input without case and punctuation."""
        return " ".join(split_words(self.input or self.output))


class Examples(Record, frozen=True):
    """The examples of a file."""

    form: str
    """Such as `chat messages`."""
    forms: Mapping[str, int]
    """Number of rows by format; several if the file mixes them."""
    rows: int
    """Number of usable rows in the file."""
    faults: Mapping[str, int]
    """Number of rows by fault, of all rows."""
    sample: tuple[Example, ...]
    """The sampled examples, in the order of the file."""
    limit: int
    """The sample has the inputs whose rank is lower."""
    notes: tuple[str, ...] = ()
    """What was skipped, and the size of a sample."""

    def covers(self, example: Example) -> bool:
        """Return whether an example with this input would be in the sample."""
        return rank_text(example.key) < self.limit


def read_examples(path: Path, most: int = SAMPLE) -> Examples:
    """Return at most `most` examples of a file, whose rows are recognised by their keys; raises UnreadableError."""
    rows = Rows(path)
    forms: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    sample: RankedSample[Example] = RankedSample(most)
    for line, row in rows:
        form, example = _read_row(line, row)
        if example is None:
            rows.skip("has no input and output that can be recognised", line)
            if not forms and rows.count >= _TRIED:
                break
            continue
        forms[form] += 1
        faults.update(example.faults)
        sample.add(example.key, example, example.instruction, example.input, example.output)
    if not forms:
        raise rows.refuse("training examples", "messages, prompt and completion, or text and label")
    common = max(forms, key=forms.__getitem__)
    notes = rows.notes() + sample.notes("rows")
    return Examples(common, forms, sample.total, faults, sample.items(), sample.limit, notes)


# --- one row ------------------------------------------------------------------------------------------------------


def _read_row(line: int, row: Mapping[str, Any]) -> tuple[str, Example | None]:
    """Return the format of a row by its keys, and its example; None if it has none of the known formats."""
    if messages := _find_messages(row):
        form = "ShareGPT" if messages is row.get("conversations") else "chat messages"
        return form, _read_dialogue(line, read_chat(row, messages))
    answer = _first_of(row, ANSWER_KEYS)
    if "instruction" in row and answer is not None:
        instruction, given = _write_out(row["instruction"]), _write_out(row.get("input"))
        parts = (instruction, given) if given.strip() else ("", instruction)
        return "Alpaca", _make_example(line, (*parts, _write_out(answer)))
    for form, inputs, outputs in _PAIRS:
        given, wanted = _first_of(row, inputs), _first_of(row, outputs)
        if given is not None and wanted is not None:
            return form, _make_example(line, ("", _write_out(given), _write_out(wanted)))
    return "", None


def _first_of(row: Mapping[str, Any], keys: Iterable[str]) -> Any:
    """Return the first field that has a value, None if none has."""
    return next((row[key] for key in keys if row.get(key) is not None), None)


def _write_out(value: object) -> str:
    """Return a value as text: the first of several references, other data as JSON."""
    if isinstance(value, dict) and isinstance(value.get("text"), list):  # answers in SQuAD
        value = value["text"]
    if isinstance(value, list) and value and isinstance(value[0], str):
        value = value[0]
    return value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)


def _make_example(
    line: int, texts: tuple[str, str, str], faults: Sequence[str] = (), *, calls: bool = False
) -> Example:
    """Return an example of instruction, input and output, whose beginnings it keeps, with the faults of any format."""
    instruction, given, wanted = (text[:LONGEST_TEXT] for text in texts)
    found = {
        "empty_output": not texts[2].strip() and "last_not_assistant" not in faults,
        "empty_input": not texts[1].strip(),
        "too_long": sum(map(len, texts)) > LONGEST_EXAMPLE,
        "degenerate": any(map(_is_degenerate, texts[1:])),
    }
    faults = (*faults, *(fault for fault, holds in found.items() if holds))
    return Example(line, instruction, given, wanted, calls, faults)


def _is_degenerate(text: str) -> bool:
    """Return whether a text repeats itself so much that it compresses to a twentieth."""
    data = text[:LONGEST_EXAMPLE].encode("utf-8", "replace")
    return len(data) > _DEGENERATE_LENGTH and len(zlib.compress(data, 1)) < _DEGENERATE_RATIO * len(data)


# --- chat: the formats of OpenAI, Anthropic, Bedrock, Gemini and ShareGPT -----------------------------------------


Call = tuple[str, object]
"""A tool call of the model: its name, and its arguments as a text that should be JSON, or as data."""


class Turn(NamedTuple):
    """One message."""

    role: str
    """`system`, `user`, `assistant` or `tool`; empty if it is none of these."""
    text: str
    calls: tuple[Call, ...] = ()


def _find_messages(row: Mapping[str, Any]) -> list[Any]:
    """Return the messages of a row, which may be those of its prompt and of its completion or chosen answer."""
    for name in ("messages", "conversations", "contents"):
        listed = row.get(name)
        if isinstance(listed, list) and (name != "contents" or all(isinstance(one, dict) for one in listed)):
            return listed
    prompt, answer, chosen = row.get("prompt"), row.get("completion"), row.get("chosen")
    if isinstance(chosen, list) and not any(row.get(key) for key in ANSWER_KEYS if key != "chosen"):
        answer = chosen if all(isinstance(one, dict) for one in chosen) else None
        roles = {_read_turn(message).role for message in answer or ()}
        if roles and not isinstance(prompt, list):
            prompt = [{"role": "user", "content": prompt}] if prompt and "user" not in roles else []
    return prompt + answer if isinstance(prompt, list) and isinstance(answer, list) else []


def _read_dialogue(line: int, turns: Sequence[Turn]) -> Example:
    dialogue = [turn for turn in turns if turn.role != "system"]
    last = dialogue.pop() if dialogue and dialogue[-1].role == "assistant" else Turn("", "")
    shown = (f"{name} {_write_out(arguments)}" for name, arguments in last.calls)
    system = "\n".join(turn.text for turn in turns if turn.role == "system")
    given = "\n".join(turn.text for turn in dialogue)
    wanted = "\n".join([last.text, *shown]).strip()
    return _make_example(line, (system, given, wanted), [*find_faults(turns)], calls=bool(last.calls))


def read_chat(row: Mapping[str, Any], messages: object) -> tuple[Turn, ...]:
    """Return the messages of a row, with a `system` field of the row as the first; `find_faults` reports unknown roles."""
    turns = [_read_turn(message) for message in _as_list(messages)]
    # Keys of rows are in lower case.
    system = _first_of(row, ("system", "system_instruction"))
    system = _read_content(system.get("parts") if isinstance(system, dict) else system)[0]
    return (*((Turn("system", system),) if system else ()), *turns)


def find_faults(turns: Sequence[Turn]) -> Iterator[str]:
    """Yield the faults of a dialogue that make it unfit for training: keys of `examples.FAULTS`."""
    roles = [turn.role for turn in turns]
    if "" in roles:
        yield "unknown_role"
    if "user" not in roles:
        yield "no_user"
    if not roles or roles[-1] != "assistant":
        yield "last_not_assistant"
    given = [arguments for turn in turns for _, arguments in turn.calls]
    if not all(isinstance(parse_json(one or "{}") if isinstance(one, str) else one, dict) for one in given):
        yield "broken_arguments"


def _read_turn(message: object) -> Turn:
    if not isinstance(message, dict):
        return Turn("", "")
    role = _ROLES.get(str(message.get("role", message.get("from"))).lower(), "")
    text, calls = _read_content(_first_of(message, ("content", "value", "parts")))
    called = [*_as_list(message.get("tool_calls")), message.get("function_call")]
    functions = [call.get("function", call) for call in called if isinstance(call, dict)]
    calls += [_read_call(function) for function in functions if isinstance(function, dict)]
    return Turn(role, text, tuple(calls))


def _read_content(content: object) -> tuple[str, list[Call]]:
    """Return the text and the tool calls in a message's content: a text, or a list of parts in each vendor's format."""
    if isinstance(content, str):
        return content, []
    texts, calls = [], []
    for part in _as_list(content):
        if not isinstance(part, dict):
            continue
        call = part if part.get("type") == "tool_use" else _first_of(part, ("toolUse", "functionCall"))
        if isinstance(call, dict):
            calls.append(_read_call(call))
        elif isinstance(part.get("text"), str):
            texts.append(part["text"])
        else:  # an image, a document, the result of a tool
            texts.append(json.dumps(part, ensure_ascii=False))
    return "\n".join(texts), calls


def _read_call(call: Mapping[str, Any]) -> Call:
    return str(call.get("name"))[:_LONGEST_NAME], _first_of(call, ("arguments", "input", "args"))


def _as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
