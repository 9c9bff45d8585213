"""Writes the `ragortune` block into a document: missing answers are added, all other bytes are unchanged.

A document with front matter gets a key there, any other one a fenced block after its title; an existing block is
completed in place. Its present entries take precedence and are kept; only line numbers of quotes that have moved are
updated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import NoneType
from typing import Any

from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from ragortune.evidence.documents.blocks import BLOCK, BlockKind, front_matter_end, read_blocks
from ragortune.evidence.quotes import QuoteFinder, find_block
from ragortune.evidence.round_trip import dump_yaml, flow, keep_lines, open_answers, open_yaml, put_answers
from ragortune.support.errors import Place, UnreadableError
from ragortune.support.text import clean_text, is_plain

Content = Mapping[str, Any]
"""Content of a block, as in its YAML: `decision`, its `evidence`, and under `profile` answers by criterion."""


def drop_answered(text: str, content: Content) -> Content:
    """Return the content without entries that the present block of a document has, even those that are `unknown`."""
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    found = find_block(lines)
    if found is None or found.prefix:
        return content
    data = _load("\n".join(lines[found.first : found.last]), below_key=found.key)[-1]
    answers = {name: entry for name, entry in content["profile"].items() if not _holds(data, name)}
    decided = {} if "decision" in data else {key: value for key, value in content.items() if key != "profile"}
    return {**decided, "profile": answers}


def write_block(text: str, path: str, content: Content) -> str:
    """Return a document's text with a block that holds the content; the text itself where nothing is to be added.

    Raises UnreadableError where the present block is in a list or a quotation, or cannot be taken apart.
    """
    lines = text.split("\n")
    plain = [line.removesuffix("\r") for line in lines]
    first, last, new = _plan(plain, path, content)
    if new == plain[first:last]:
        return text
    ending = "\r" if lines[0].endswith("\r") else ""
    added = [line + ending for line in new]
    if first < last:
        kept = keep_lines(*map(_join_lines, (lines[first:last], plain[first:last], new)))
        added = kept.removesuffix("\n").split("\n")
    if last == len(lines):
        added[-1] = added[-1].removesuffix("\r")
        if first == len(lines):
            lines[-1] += ending
    return "\n".join([*lines[:first], *added, *lines[last:]])


def _join_lines(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _plan(lines: list[str], path: str, content: Content) -> tuple[int, int, list[str]]:
    """Return the range of lines to replace, as first and end (exclusive), and the new lines."""
    found = find_block(lines)
    if found is None:
        return _plan_new(lines, content)
    place = Place(path, found.first + 1)
    if found.prefix:
        message = "the block is in a list or quotation; put it at the left margin to have it written"
        raise UnreadableError(message, place)
    old = lines[found.first : found.last]
    try:
        yaml, root, data = _load("\n".join(old), below_key=found.key)
    except UnreadableError as error:
        raise UnreadableError(error.message, place) from None
    comments = "" if root else _join_lines([line for line in old if line.lstrip().startswith("#")])
    before = dump_yaml(root, yaml) if root else ""

    def write() -> list[str]:
        new = keep_lines(_join_lines(old), comments + before, comments + dump_yaml(root, yaml))
        return new.removesuffix("\n").split("\n")

    added = _add_missing(data, content)
    grown = len(write()) - len(old) if added else 0
    moved = _move_lines(data, QuoteFinder(lines), found.last, grown)
    return found.first, found.last, write() if added or moved else old


def _plan_new(lines: Sequence[str], content: Content) -> tuple[int, int, list[str]]:
    end = front_matter_end(lines)
    at = end - 1 if end else _find_title(lines)
    if "decision" not in content and not content["profile"]:
        return at, at, []
    _, root, data = _load("", below_key=bool(end))

    def write() -> list[str]:
        # What is written out is an escape in YAML, too.
        new = [clean_text(line) for line in dump_yaml(root).removesuffix("\n").split("\n")]
        if end:
            return new
        above = [""] if at else []
        below = [""] if at < len(lines) and lines[at].strip() else []
        return [*above, f"```{BLOCK}", *new, "```", *below]

    _add_missing(data, content)
    _move_lines(data, QuoteFinder(lines), at, len(write()))
    return at, at, write()


def _find_title(lines: Sequence[str]) -> int:
    """Return the index after the first visible heading; 0 if there is none."""
    for block in read_blocks(lines):
        if block.kind is BlockKind.HEADING and not block.quoted:
            last = block.lines[-1].number
            return last if lines[last - 1].lstrip().startswith("#") else last + 1  # one that is underlined
    return 0


# --- inside the block ---------------------------------------------------------------------------------------------


def _load(body: str, *, below_key: bool) -> tuple[Any, CommentedMap, CommentedMap]:
    """Return a writer, what is in a block as a whole, and the part that holds decision and profile; raises UnreadableError."""
    try:
        yaml, root = open_answers(body) if body.strip() else (open_yaml(), None)
        root = root or CommentedMap()
        key = next((key for key in root if str(key).casefold() == BLOCK), BLOCK)
        if below_key:
            root[key] = root.get(key) or CommentedMap()
    except (UnreadableError, AttributeError, TypeError):
        root = None
    data = root[key] if root and below_key else root
    profile = data.get("profile") or {} if isinstance(data, CommentedMap) else None
    if not isinstance(profile, dict) or not all(
        "." in str(name) or isinstance(group, (dict, str, NoneType)) for name, group in profile.items()
    ):
        raise UnreadableError("the present block cannot be taken apart; correct it first")
    assert isinstance(root, CommentedMap)
    assert isinstance(data, CommentedMap)
    return yaml, root, data


def _holds(data: CommentedMap, criterion: str) -> bool:
    """Return whether a block has an entry for a criterion, under its full name or nested by group."""
    profile = data.get("profile") or {}
    group, _, name = criterion.partition(".")
    held = profile.get(group)
    return criterion in profile or (isinstance(held, dict) and name in held)


def _add_missing(data: CommentedMap, content: Content) -> bool:
    """Add the entries that a block lacks; return whether there were any."""
    changed = False
    if "decision" in content and "decision" not in data:
        data.insert(0, "decision", content["decision"])
        if "evidence" in content and "evidence" not in data:
            data.insert(1, "evidence", _flow_evidence(content["evidence"]))
        changed = True
    missing = {name: entry for name, entry in content["profile"].items() if not _holds(data, name)}
    if missing:
        data["profile"] = data.get("profile") or CommentedMap()
        put_answers(data["profile"], {name: _show_entry(entry) for name, entry in missing.items()})
    return changed or bool(missing)


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


def _move_lines(node: Any, finder: QuoteFinder, last: int, grown: int) -> bool:
    """Update the line numbers of quotes from the document itself; return whether one changed.

    The document grows by `grown` lines after the line `last`, counted from 1.
    """
    changed = False
    if isinstance(node, dict):
        line, quote = node.get("line"), node.get("quote")
        if isinstance(line, int) and isinstance(quote, str) and node.get("document") is None:
            now = next((span.line for span in finder.find(quote, line)), line)
            now += grown if now > last else 0
            if now != line:
                node["line"] = now
                changed = True
    for part in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        changed = _move_lines(part, finder, last, grown) or changed
    return changed
