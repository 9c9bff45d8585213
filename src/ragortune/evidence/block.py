"""Writes the `ragortune` block into a document: missing answers are added, all other bytes are unchanged.

A document with front matter gets a key there, any other one a fenced block after its title; an existing block is
completed in place. Its present entries take precedence and are kept; only line numbers of quotes that have moved are
updated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
Moved = Callable[[int], int]
"""Maps a line number to that after the block is written."""


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
    # The first plan gives the number of added lines, which does not depend on the line numbers in them.
    first, last, new = _plan(plain, path, content, 0)
    if len(new) != last - first:
        first, last, new = _plan(plain, path, content, len(new) - (last - first))
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


def _plan(lines: list[str], path: str, content: Content, grown: int) -> tuple[int, int, list[str]]:
    """Return the range of lines to replace, as first and end (exclusive), and the new lines.

    `grown` is the number of lines by which the document grows.
    """
    found = find_block(lines)
    if found is None:
        return _plan_new(lines, content, grown)
    place = Place(path, found.first + 1)
    if found.prefix:
        message = "the block is in a list or quotation; put it at the left margin to have it written"
        raise UnreadableError(message, place)
    old = lines[found.first : found.last]
    try:
        yaml, root, data = _load("\n".join(old), below_key=found.key)
    except UnreadableError as error:
        raise UnreadableError(error.message, place) from None

    def moved(line: int) -> int:
        return line + grown if line > found.last else line

    comments = "" if root else _join_lines([line for line in old if line.lstrip().startswith("#")])
    before = dump_yaml(root, yaml) if root else ""
    added = _add_missing(data, content, moved)
    changed = _move_lines(data, QuoteFinder(lines), moved) or added
    if not changed:
        return found.first, found.last, old
    new = keep_lines(_join_lines(old), comments + before, comments + dump_yaml(root, yaml))
    return found.first, found.last, new.removesuffix("\n").split("\n")


def _plan_new(lines: Sequence[str], content: Content, grown: int) -> tuple[int, int, list[str]]:
    end = front_matter_end(lines)
    at = end - 1 if end else _find_title(lines)
    if "decision" not in content and not content["profile"]:
        return at, at, []
    _, root, data = _load("", below_key=bool(end))
    _add_missing(data, content, lambda line: line + grown if line > at else line)
    made = dump_yaml(root).removesuffix("\n").split("\n")
    new = [clean_text(line) for line in made]  # what is written out is an escape in YAML, too
    if end:
        return at, at, new
    above = [""] if at else []
    below = [""] if at < len(lines) and lines[at].strip() else []
    return at, at, [*above, f"```{BLOCK}", *new, "```", *below]


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


def _add_missing(data: CommentedMap, content: Content, moved: Moved) -> bool:
    """Add the entries that a block lacks; return whether there were any."""
    changed = False
    if "decision" in content and "decision" not in data:
        data.insert(0, "decision", content["decision"])
        if "evidence" in content and "evidence" not in data:
            data.insert(1, "evidence", _flow_evidence(content["evidence"], moved))
        changed = True
    missing = {name: entry for name, entry in content["profile"].items() if not _holds(data, name)}
    if missing:
        data["profile"] = data.get("profile") or CommentedMap()
        put_answers(data["profile"], {name: _show_entry(entry, moved) for name, entry in missing.items()})
    return changed or bool(missing)


def _show_entry(entry: Mapping[str, Any], moved: Moved) -> Any:
    """Return an answer as written in YAML: a mapping with its details, or the value alone."""
    if set(entry) == {"value"}:
        return flow(entry["value"])
    shown = CommentedMap(entry)
    if "evidence" in entry:
        evidence = entry["evidence"]
        if isinstance(evidence, Mapping):
            shown["evidence"] = _flow_evidence(evidence, moved)
        elif not is_plain(evidence):
            shown["evidence"] = DoubleQuotedScalarString(evidence)
    shown["value"] = flow(entry["value"])
    return shown


def _flow_evidence(evidence: Mapping[str, Any], moved: Moved) -> CommentedMap:
    """Return evidence on one line, its words in quotes."""
    shown: CommentedMap = flow(
        {
            key: DoubleQuotedScalarString(part) if isinstance(part, str) else part
            for key, part in evidence.items()
        }
    )
    if "line" in shown and "document" not in shown:
        shown["line"] = moved(shown["line"])
    return shown


def _move_lines(node: Any, finder: QuoteFinder, moved: Moved) -> bool:
    """Update the line numbers of quotes from the document itself; return whether one changed."""
    changed = False
    if isinstance(node, dict):
        line, quote = node.get("line"), node.get("quote")
        if isinstance(line, int) and isinstance(quote, str) and node.get("document") is None:
            found = finder.find(quote, line)
            if found and moved(found[0].line) != line:
                node["line"] = moved(found[0].line)
                changed = True
    for part in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        changed = _move_lines(part, finder, moved) or changed
    return changed
