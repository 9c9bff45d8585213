"""Writes the `ragortune` block into a document: missing answers are added, all other bytes are unchanged.

A document with front matter gets a key there, any other one a fenced block after its title, in reStructuredText within
a literal block; an existing block is completed in place. Its present entries take precedence and are kept; only line
numbers of quotes that have moved are updated.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from itertools import accumulate
from types import NoneType
from typing import Any

from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.scalarstring import DoubleQuotedScalarString
from yaml import ScalarNode

from ragortune.evidence.documents.blocks import BLOCK, BlockKind, read_blocks
from ragortune.evidence.documents.cutting import front_matter_end
from ragortune.evidence.documents.sentences import RST, read_lines
from ragortune.evidence.quotes import QuoteFinder, find_block
from ragortune.evidence.round_trip import find_path, flow, list_mappings, put_value
from ragortune.support.errors import Place, UnreadableError
from ragortune.support.reading import parse_yaml
from ragortune.support.text import YAML_BREAKS, is_plain

_TOML = "+++"
"""What front matter in TOML, which takes no block, stands between."""
Content = Mapping[str, Any]
"""Content of a block, as in its YAML: `decision`, its `evidence`, and under `profile` answers by criterion."""


def drop_answered(text: str, content: Content) -> Content:
    """Return the content without entries that the present block of a document has, even those that are `unknown`."""
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    found = find_block(lines)
    if found is None or found.prefix.strip():
        return content
    return _drop_present(
        _read_block("\n".join(lines[found.first : found.last]), below_key=found.key)[1], content
    )


def write_block(text: str, path: str, content: Content) -> str:
    """Return a document's text with a block that holds the content; the text itself where nothing is to be added.

    Raises UnreadableError where the present block is in a list or a quotation, or cannot be taken apart.
    """
    lines = text.split("\n")
    plain = [line.removesuffix("\r") for line in lines]
    found = find_block(plain)
    first, last, below_key = (found.first, found.last, found.key) if found else _choose_place(text, path)
    indent = found.prefix if found else "   " * (path.lower().endswith(RST) and not below_key)
    if indent.strip():
        message = "the block is in a list or quotation; put it at the left margin to have it written"
        raise UnreadableError(message, Place(path, first + 1))
    ending = "\r\n" if lines[0].endswith("\r") else "\n"
    starts = [*accumulate((len(line) + 1 for line in lines), initial=0)]
    old = text[starts[first] : starts[last]]
    is_cut = not old.endswith("\n")
    body = re.sub(rf"(?m)^{indent}(?=.*\S)", "", old + ending * (is_cut and first < last))
    above = below = ""
    try:
        new = _add_missing(body, content, below_key=below_key)
        if new and not (found or below_key):
            literal = f"::{ending * 2}{indent}" if indent else ""
            above = f"{ending * bool(first)}{literal}```{BLOCK}{ending}"
            below = f"{indent}```{ending}" + ending * (first < len(lines) and bool(plain[first].strip()))
        grown = (above + new + below).count("\n") - (last - first)
        new = _move_lines(new, QuoteFinder(plain), last, grown)
    except UnreadableError as error:
        raise UnreadableError(error.message, Place(path, first + 1), error.hint) from None
    if new == body:
        return text
    new = re.sub(r"(?m)^(?=.*\S)", indent, new)
    written = above + (new.replace("\n", ending) if first == last else new) + below
    if last == len(lines) and is_cut:
        written = written.removesuffix(ending)
    if first == len(lines):
        written = ending + written
    return text[: starts[first]] + written + text[starts[last] :]


def _choose_place(text: str, path: str) -> tuple[int, int, bool]:
    """Return where a document without a block gets one, as first and last line, and whether as a key of front matter."""
    lines = read_lines(text, path)
    end = front_matter_end(lines)
    with contextlib.suppress(UnreadableError):
        extended = "".join(f"{line}\n" for line in [*lines[1 : end - 1], f"{BLOCK}: 0"])
        if end and isinstance(parse_yaml(extended, "front matter").data, dict):
            return end - 1, end - 1, True
    if lines[0].rstrip() == _TOML:
        end = next((at for at, line in enumerate(lines[1:], 2) if line.rstrip() == _TOML), 0)
    for block in read_blocks(lines):
        if block.kind is BlockKind.HEADING and not block.quoted and block.lines[0].number > end:
            last = block.lines[-1].number
            at = last if lines[last - 1].lstrip().startswith("#") else last + 1  # one that is underlined
            return at, at, False
    return end, end, False


# --- inside the block ---------------------------------------------------------------------------------------------


def _read_block(body: str, *, below_key: bool) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Return the keys under which a block has decision and profile, and these; raises UnreadableError."""
    try:
        data: Any = parse_yaml(body, "the block").data or {}
        key = next((key for key in data if str(key).casefold() == BLOCK), BLOCK)
        data = (data.get(key) or {}) if below_key else data
        profile = data.get("profile") or {}
        held = profile.items() if body == body.translate(YAML_BREAKS) else [("", [])]
    except (UnreadableError, AttributeError, TypeError):
        held = [("", [])]
    if not all("." in str(name) or isinstance(group, (dict, str, NoneType)) for name, group in held):
        raise UnreadableError("the existing block cannot be parsed; correct it first")
    return (key,) if below_key else (), data


def _drop_present(data: Mapping[str, Any], content: Content) -> Content:
    """Return the content without entries that a block has."""
    profile = data.get("profile") or {}
    missing = {}
    for criterion, entry in content["profile"].items():
        *groups, name = find_path(profile, criterion)
        held = profile.get(groups[0]) if groups else profile
        if not isinstance(held, dict) or name not in held:
            missing[criterion] = entry
    decided = {} if "decision" in data else {key: value for key, value in content.items() if key != "profile"}
    return {**decided, "profile": missing}


def _add_missing(body: str, content: Content, *, below_key: bool) -> str:
    """Return a block with the entries that it lacks; raises UnreadableError."""
    above, data = _read_block(body, below_key=below_key)
    missing = _drop_present(data, content)
    if "evidence" in missing and "evidence" not in data:
        body = put_value(body, (*above, "evidence"), _flow_evidence(missing["evidence"]), first=True)
    if "decision" in missing:
        body = put_value(body, (*above, "decision"), missing["decision"], first=True)
    for criterion, entry in missing["profile"].items():
        path = find_path(data.get("profile") or {}, criterion)
        body = put_value(body, (*above, "profile", *path), _show_entry(entry))
    return body


def _show_entry(entry: Mapping[str, Any]) -> Any:
    """Return an answer as written in YAML: a mapping with its details, or the value alone."""
    if set(entry) == {"value"}:
        return flow(entry["value"])
    shown = CommentedMap(entry)
    if "evidence" in entry:
        evidence = entry["evidence"]
        if isinstance(evidence, Mapping):
            shown["evidence"] = _flow_evidence(evidence)
        elif not is_plain(evidence):
            shown["evidence"] = DoubleQuotedScalarString(evidence)
    shown["value"] = flow(entry["value"])
    return shown


def _flow_evidence(evidence: Mapping[str, Any]) -> Any:
    """Return evidence on one line, its words in quotes."""
    quoted = {key: DoubleQuotedScalarString(part) for key, part in evidence.items() if isinstance(part, str)}
    return flow({**evidence, **quoted})


def _move_lines(body: str, finder: QuoteFinder, last: int, grown: int) -> str:
    """Return a block with the present line numbers of its quotes from the document itself.

    The document grows by `grown` lines behind its line `last`, counted from 1.
    """
    moved = []
    for evidence in list_mappings(body):
        line, quote = evidence.get("line"), evidence.get("quote")
        if not isinstance(quote, ScalarNode) or not isinstance(line, ScalarNode) or "document" in evidence:
            continue
        start, end = line.start_mark.index, line.end_mark.index
        if re.fullmatch("[0-9]+", body[start:end]):
            number = int(line.value)
            now = next((span.line for span in finder.find(quote.value, number)), number)
            moved.append((start, end, now + grown if now > last else now))
    for start, end, now in sorted(moved, reverse=True):
        body = f"{body[:start]}{now}{body[end:]}"
    return body
