"""Training examples from files of every usual form, read in a stream; of large files a sample is kept."""

from __future__ import annotations

import itertools
import json
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ragortune.evidence.measurements.chat import find_faults, read_chat
from ragortune.evidence.measurements.duplicates import split_words
from ragortune.evidence.measurements.rows import Rows
from ragortune.support.errors import Place, UnreadableError
from ragortune.support.record import Record
from ragortune.support.text import join_words, quote_value

SAMPLE = 20_000
"""So many examples are kept; of larger files it is a sample."""
LONGEST_TEXT = 8_000
"""Characters of an input or output that are kept."""
LONGEST_EXAMPLE = 65_536 * 4
"""Characters of an example that is too long for hosted fine-tuning: 65,536 tokens at OpenAI, the largest limit there is."""
_DETECTED = 50
_MOST_COPIES = 100
"""So many rows with one input are kept in a sample, so that a file of one prompt stays small."""
_DEGENERATE_LENGTH, _DEGENERATE_RATIO = 500, 0.05
_HASHES = 2**32

_PROMPTS = ("prompt", "question", "query", "input", "source")
_COMPLETIONS = ("completion", "answer", "answers", "response", "output", "target", "reference", "expected")
_TEXTS = ("text", "sentence", "utterance", "message", "content", "tweet", *_PROMPTS)
_LABELS = ("label", "category", "intent", "class", "label_text")
_REFUSAL = re.compile(
    r"(?:i['\u2019]?m (?:very |really )?sorry,? but|i apologi[sz]e,? but|sorry, (?:but )?i|as an ai\b|"
    r"i (?:cannot|can['\u2019]?t|am unable to|am not able to) (?:help|assist|provide|answer|comply|fulfil)|"
    r"es tut mir leid, aber|je suis désolé,? mais|lo siento, pero)",
    re.IGNORECASE,
)


class Example(Record, frozen=True):
    """One row: what goes in, and what should come out."""

    line: int
    """In the file, or its position in a JSON list; counts from 1."""
    instruction: str
    """What stands above many inputs: system prompt or instruction."""
    input: str
    """All messages before the last one; its beginning where it is long, as of the output."""
    output: str
    calls: bool = False
    """Whether the output calls a tool in the fields made for it."""
    faults: tuple[str, ...] = ()
    """What is wrong with it, by the names of `defects.FAULTS`."""


class Examples(Record, frozen=True):
    """The examples of a file."""

    path: str
    form: str
    """Such as `chat messages`."""
    forms: Mapping[str, int]
    """Rows by form; several where the file mixes them."""
    rows: int
    """All rows of the file that could be read."""
    faults: Mapping[str, int]
    """Rows by what is wrong with them, of all rows."""
    sample: tuple[Example, ...]
    """Those with an input that the sample covers, in the order of the file."""
    share: float
    """Share of all inputs that the sample covers; 1 if it is the whole file."""
    notes: tuple[str, ...] = ()
    """What was left out in reading."""


def read_examples(path: Path, most: int = SAMPLE) -> Examples:
    """Return the examples of a JSON Lines, JSON, CSV or TSV file; raises UnreadableError.

    The form of each row is told by its keys. Of more than `most` rows a sample is kept. It is drawn by a checksum of
    the input: rows with the same input are kept or left out together, so that duplicates, contradictions and
    leakage are as frequent in it as in the file, and the same file always gives the same sample.
    """
    rows = Rows(path)
    forms: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    sample = _Sample(most)
    for line, row in _with_known_form(rows):
        form = tell_form(row)
        if form is None:
            rows.skip("has no input and output that can be recognised", line)
            continue
        example = _READERS[form](line, row)
        example = example.replace(
            faults=tuple(dict.fromkeys((*example.faults, *_find_common_faults(example))))
        )
        forms[form] += 1
        faults.update(example.faults)
        sample.add(_shorten(example))
    return Examples(
        str(path), forms.most_common(1)[0][0], dict(forms), forms.total(), dict(faults),
        tuple(sample.examples()), sample.limit / _HASHES, rows.notes(),
    )  # fmt: skip


def tell_form(row: Mapping[str, Any]) -> str | None:
    """Return the form of a row by its keys, None where it has none of those known."""
    if any(isinstance(_messages_of(row, key), list) for key in ("messages", "prompt")):
        return "chat messages"
    if isinstance(row.get("conversations"), list):
        return "ShareGPT"
    if "instruction" in row and _first_key(row, _COMPLETIONS):
        return "Alpaca"
    if _first_key(row, _PROMPTS) and _first_key(row, _COMPLETIONS):
        return "prompt and completion"
    if _first_key(row, _TEXTS) and _first_key(row, _LABELS):
        return "text and label"
    return None


def _with_known_form(rows: Iterable[tuple[int, dict[str, Any]]]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield all rows, if one of the first has a form that is known; raises UnreadableError."""
    remaining = iter(rows)
    first = list(itertools.islice(remaining, _DETECTED))
    if not any(tell_form(row) for _, row in first):
        place = Place(str(getattr(rows, "path", "")), first[0][0] if first else None)
        if not first:
            raise UnreadableError("holds no examples", place)
        keys = join_words(quote_value(key) for key in list(first[0][1])[:6])
        hint = f"examples are {join_words(_READERS, 'or')}, told by their keys"
        raise UnreadableError(
            f"holds no training examples that can be recognised by their keys ({keys})", place, hint
        )
    yield from first
    yield from remaining


# --- one row ------------------------------------------------------------------------------------------------------


def _first_key(row: Mapping[str, Any], keys: Iterable[str]) -> str | None:
    return next((key for key in keys if row.get(key) is not None), None)


def _text_of(value: object) -> str:
    """Return a field as text: the first of several references, data as JSON."""
    if isinstance(value, dict) and isinstance(value.get("text"), list):  # as SQuAD writes answers
        value = value["text"]
    if isinstance(value, list) and value and isinstance(value[0], str):
        value = value[0]
    return value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)


def _messages_of(row: Mapping[str, Any], key: str) -> object:
    """Return the messages under a key; a prompt of messages has its completion behind it."""
    messages = row.get(key)
    if key == "prompt" and isinstance(messages, list):
        completion = row.get("completion")
        return messages + completion if isinstance(completion, list) else None
    return messages


def _read_chat_row(line: int, row: Mapping[str, Any]) -> Example:
    messages = next(
        found
        for key in ("messages", "conversations", "prompt")
        if isinstance(found := _messages_of(row, key), list)
    )
    chat = read_chat(row, messages)
    said = [turn for turn in chat.turns if turn.role != "system"]
    last = said.pop() if said and said[-1].role == "assistant" else None
    calls = last.calls if last else ()
    return Example(
        line,
        "\n".join(turn.text for turn in chat.turns if turn.role == "system"),
        "\n".join(turn.text for turn in said),
        "\n".join(
            [last.text if last else "", *(f"{call.name} {_text_of(call.arguments)}" for call in calls)]
        ).strip(),
        bool(calls),
        tuple(find_faults(chat)),
    )


def _read_alpaca_row(line: int, row: Mapping[str, Any]) -> Example:
    instruction, given = _text_of(row["instruction"]), _text_of(row.get("input"))
    output = _text_of(row[_first_key(row, _COMPLETIONS) or ""])
    return (
        Example(line, instruction, given, output) if given.strip() else Example(line, "", instruction, output)
    )


def _read_pair(inputs: Iterable[str], outputs: Iterable[str]) -> Callable[[int, Mapping[str, Any]], Example]:
    def read(line: int, row: Mapping[str, Any]) -> Example:
        given, wanted = (_text_of(row.get(_first_key(row, keys) or "")) for keys in (inputs, outputs))
        return Example(line, "", given, wanted)

    return read


_READERS: Mapping[str, Callable[[int, Mapping[str, Any]], Example]] = {
    "chat messages": _read_chat_row,
    "ShareGPT": _read_chat_row,
    "Alpaca": _read_alpaca_row,
    "prompt and completion": _read_pair(_PROMPTS, _COMPLETIONS),
    "text and label": _read_pair(_TEXTS, _LABELS),
}


def _find_common_faults(example: Example) -> Iterator[str]:
    """Yield what is wrong with the texts of a row, whatever its form."""
    output = example.output
    if not output.strip() and "last_not_assistant" not in example.faults:
        yield "empty_output"
    if not example.input.strip():
        yield "empty_input"
    if len(example.instruction) + len(example.input) + len(output) > LONGEST_EXAMPLE:
        yield "too_long"
    for text in (example.input, output):
        data = text[:LONGEST_EXAMPLE].encode("utf-8", "replace")
        if len(data) > _DEGENERATE_LENGTH and len(zlib.compress(data, 1)) < _DEGENERATE_RATIO * len(data):
            yield "degenerate"
    if _REFUSAL.match(output.lstrip()):
        yield "refusal"


def _shorten(example: Example) -> Example:
    texts = {name: getattr(example, name)[:LONGEST_TEXT] for name in ("instruction", "input", "output")}
    return example.replace(**texts)


# --- the sample ---------------------------------------------------------------------------------------------------


def checksum(example: Example) -> int:
    """Return a checksum of the input, case and punctuation aside: the same in every run and file."""
    return zlib.crc32(" ".join(split_words(example.input or example.output)).encode("utf-8", "replace"))


class _Sample:
    """The examples whose checksum is below a limit, which is halved whenever they become too many."""

    def __init__(self, most: int) -> None:
        self.limit = _HASHES
        self._most = most
        self._count = 0
        self._by_checksum: dict[int, list[Example]] = {}

    def add(self, example: Example) -> None:
        key = checksum(example)
        if key >= self.limit:
            return
        copies = self._by_checksum.setdefault(key, [])
        if len(copies) < max(self._most // 2, 1) and (self.limit == _HASHES or len(copies) < _MOST_COPIES):
            copies.append(example)
            self._count += 1
        while self._count > self._most:
            self._shrink()

    def _shrink(self) -> None:
        self.limit //= 2
        self._by_checksum = {
            key: copies[:_MOST_COPIES] for key, copies in self._by_checksum.items() if key < self.limit
        }
        self._count = sum(map(len, self._by_checksum.values()))

    def examples(self) -> list[Example]:
        return sorted(
            itertools.chain.from_iterable(self._by_checksum.values()), key=lambda example: example.line
        )
