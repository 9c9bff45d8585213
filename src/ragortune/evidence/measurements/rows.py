"""Rows of JSON Lines, JSON, CSV and TSV files, read as a stream; unusable rows are counted by reason."""

from __future__ import annotations

import csv
import functools
import itertools
import json
import re
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from ragortune.support.errors import Place, UnreadableError
from ragortune.support.reading import LINE_BYTES, decode_text, load_json, open_file, read_bytes, read_lines
from ragortune.support.text import count_words, join_words, quote_value

JSON_BYTES = 128 * 1024 * 1024
"""Limit for a JSON file, whose bytes stay in memory while its entries are read; JSON Lines and CSV files have none."""
_DELIMITERS = {"csv": ",;\t|", "tsv": "\t"}
_DEPTH = 20

_NAMED = ("text", "answer", "value", "evidence_text", "id", "doc_id", "name", "source", "file", "path")
"""Keys with the text or name of an answer or source that is a mapping."""

Row = tuple[int, dict[str, object]]
"""Line (of a JSON list: position) from 1, and the fields by their names in lower case, joined by `_`."""
_ANSWERS = (
    "answers answer reference_answer reference references expected_answer expected ground_truth ground_truths "
    "gold_answer correct_answer expected_output output completion response target chosen"
)
QUESTION_KEYS = ("question", "query", "prompt", "input", "user_input", "instruction")
ANSWER_KEYS = tuple(_ANSWERS.split())
"""Names of the fields for inputs and outputs, both of questions and of training examples."""


class Rows:
    """The rows of one file, in order; raises UnreadableError if it cannot be read or most rows are unusable."""

    def __init__(self, path: Path) -> None:
        """Take the file; its format follows from the ending of its name, and for JSON from the content."""
        self.path = path
        self.form = ""
        """The detected format: `JSON Lines`, `JSON`, `CSV` or `TSV`; empty before the first row is read."""
        self.count = 0
        """Usable rows so far."""
        self.skipped: Counter[str] = Counter()
        """Unusable rows so far, by reason."""
        self._first: dict[str, int] = {}
        self._keys: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Row]:
        """Yield each row that is a mapping."""
        for line, data in self._read():
            if isinstance(data, dict):
                self.count += 1
                self._keys = self._keys or tuple(data)
                yield line, {_name_field(key): value for key, value in data.items()}
            else:
                self.skip("is not a mapping", line)
        bad = self.skipped.total()
        if bad > self.count:
            reason, line = next(iter(self._first.items()))
            rows = f"{bad:,} of {count_words(bad + self.count, 'row')} cannot be used; the first {reason}"
            hint = "name a .jsonl, .json, .csv or .tsv file; others are read as JSON Lines"
            raise UnreadableError(rows, Place(str(self.path), line), hint)

    def skip(self, reason: str, line: int) -> None:
        """Count an unusable row."""
        self.skipped[reason] += 1
        self._first.setdefault(reason, line)

    def refuse(self, what: str, names: str) -> UnreadableError:
        """Return the error that no row has the keys by which `what` is recognised, such as `names`."""
        message = f"holds no {what} that can be recognised"
        message += f" (columns or keys: {join_words(map(quote_value, self._keys[:6]))})" if self._keys else ""
        return UnreadableError(message, Place(str(self.path)), f"rename them, such as to {names}")

    def notes(self) -> tuple[str, ...]:
        """Return a note for each reason for which rows were skipped."""
        return tuple(
            f"{count_words(count, 'row')} left out, line {self._first[reason]} first: {reason}"
            for reason, count in self.skipped.items()
        )

    def _read(self) -> Iterator[tuple[int, object]]:
        ending = self.path.suffix.lower().removeprefix(".")
        if ending in _DELIMITERS:
            self.form = ending.upper()
            with open_file(self.path) as stream:
                yield from self._read_table(stream, _DELIMITERS[ending])
        elif ending == "json" and not self._has_lines():
            self.form = "JSON"
            yield from self._read_json(self._split_list())
        else:
            self.form = "JSON Lines"
            with open_file(self.path) as stream:
                yield from self._read_json(read_lines(stream, self.path))

    def _has_lines(self) -> bool:
        """Return whether a .json file holds JSON Lines, as many do."""
        with open_file(self.path) as stream:
            line = stream.readline(LINE_BYTES)
        return isinstance(parse_json(line), dict) and self.path.stat().st_size > len(line) + 1

    def _split_list(self) -> Iterator[tuple[int, bytes]]:
        """Yield positions and bytes of the entries of the only list in a JSON file."""
        data, name = (
            read_bytes(self.path, JSON_BYTES, what="a JSON file").removeprefix(BOM_UTF8),
            str(self.path),
        )
        try:
            found: Any = msgspec.json.decode(data, type=list[msgspec.Raw] | dict[str, msgspec.Raw])
            if isinstance(found, dict):
                lists = [value for value in found.values() if bytes(memoryview(value)[:1]) == b"["]
                found = msgspec.json.decode(*lists, type=list[msgspec.Raw]) if len(lists) == 1 else []
        except msgspec.DecodeError as error:
            decode_text(data[:4], name)  # raises UnreadableError with what it is instead
            raise UnreadableError(f"is not JSON: {error}", Place(name)) from None
        except RecursionError:
            raise UnreadableError("is nested too deeply", Place(name)) from None
        for number, entry in enumerate(found, 1):
            found[number - 1] = None  # frees memory for what is made of the entries
            yield number, bytes(entry)

    def _read_json(self, lines: Iterable[tuple[int, bytes | None]]) -> Iterator[tuple[int, object]]:
        for number, line in lines:
            if line is None:
                self.skip("is too long", number)
            elif line.strip():
                try:
                    data = load_json(decode_text(line, str(self.path), number), str(self.path), number)
                except UnreadableError as error:
                    self.skip(error.message, number)
                else:
                    yield number, data

    def _read_table(self, stream: BinaryIO, delimiters: str) -> Iterator[tuple[int, object]]:
        lines = self._decode_lines(stream)
        header = next(lines, "")
        delimiter = max(delimiters, key=header.count)
        reader = csv.DictReader(itertools.chain((header,), lines), delimiter=delimiter, strict=True)
        try:
            for row in reader:
                if None in row or None in row.values():
                    self.skip("has a different number of cells than the header", reader.line_num)
                else:
                    yield reader.line_num, row
        except csv.Error as error:
            raise UnreadableError(f"is not {self.form}: {error}", Place(str(self.path))) from None

    def _decode_lines(self, stream: BinaryIO) -> Iterator[str]:
        for number, line in read_lines(stream, self.path):
            if line is None:
                message = f"is longer than {LINE_BYTES:,} bytes, the limit for a line"
                raise UnreadableError(message, Place(str(self.path), number))
            yield decode_text(line, str(self.path), number)


@functools.lru_cache(maxsize=2048)
def _name_field(key: str) -> str:
    """Return the name of a field however a team writes it: `Expected Answer`, `expectedAnswer` are `expected_answer`."""
    return re.sub(r"[ -]|(?<=[a-z])(?=[A-Z])", "_", key.strip()).lower()


def parse_json(text: str | bytes) -> Any:
    """Return the data of a JSON text, None if it is not JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def list_texts(value: object, keys: Iterable[str] = _NAMED, depth: int = _DEPTH) -> list[str]:
    """Return the texts in a value: itself, those of the entries of a list, or of the first of `keys` in a mapping."""
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        return [str(value)]
    if isinstance(value, list) and depth:
        return [text for part in value for text in list_texts(part, keys, depth - 1)]
    if isinstance(value, dict) and value and depth:
        inner = next((value[key] for key in keys if value.get(key) is not None), None)
        return (
            [json.dumps(value, ensure_ascii=False)] if inner is None else list_texts(inner, keys, depth - 1)
        )
    return []
