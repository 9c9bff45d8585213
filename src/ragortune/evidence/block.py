"""The `ragortune` block written into a document: what was read is added, all else stays byte for byte.

A document with front matter gets a key there, any other one a fenced block behind its title; a block that exists is
completed where it stands. Whatever a person wrote in it wins and stays; only the line of a quote that has moved is
brought up to date.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping, Sequence
from types import NoneType
from typing import Any

import msgspec
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from ragortune.evidence.quotes import BLOCK, QuoteFinder, blank_hidden, find_block, front_matter_end
from ragortune.evidence.round_trip import open_yaml
from ragortune.model import Evidence
from ragortune.support.errors import Place, UnreadableError

_HEADING = re.compile(r" {0,3}#{1,6}(?:[ \t]|$)")
_UNDERLINE = re.compile(r" {0,3}(?:=+|-+)[ \t]*$")


class Entry(msgspec.Struct, frozen=True):
    """One answer that was read in a document."""

    value: object
    evidence: Evidence | None
    source: str


class BlockContent(msgspec.Struct, frozen=True):
    """What is to stand in a block, as far as it does not say so already."""

    decision: Entry | None
    answers: Mapping[str, Entry]
    """By criterion."""


def leave_out_held(text: str, content: BlockContent) -> BlockContent:
    """Return the content without what the present block of a document answers already, be it with `unknown`."""
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    found = find_block(lines)
    if found is None or found.prefix:
        return content
    _, data = _load("\n".join(lines[found.first : found.last]), below_key=found.key)
    answers = {name: entry for name, entry in content.answers.items() if not _holds(data, name)}
    return BlockContent(None if "decision" in data else content.decision, answers)


class _Insertion(msgspec.Struct, frozen=True):
    """Lines that take the place of others."""

    first: int
    """Index of the first line that is replaced."""
    last: int
    """Index behind the last line that is replaced; the first one where lines are only added."""
    write: Callable[[Callable[[int], int]], list[str]]
    """Returns the new lines, given what a line number becomes."""


def write_block(text: str, path: str, content: BlockContent) -> str:
    """Return a document's text with a block that holds the content; the text itself where nothing is to be added.

    Raises UnreadableError where the present block stands in a list or a quotation, or cannot be taken apart.
    """
    lines = text.split("\n")
    plain = [line.removesuffix("\r") for line in lines]
    insertion = _plan(plain, path, content)
    old = plain[insertion.first : insertion.last]
    # The number of lines does not depend on the numbers that stand in them, so that it can be found out beforehand.
    grown = len(insertion.write(lambda line: line)) - len(old)
    new = insertion.write(lambda line: line + grown if line > insertion.last else line)
    if new == old:
        return text
    ending = "\r" if lines[0].endswith("\r") else ""
    added = [line + ending for line in new]
    if insertion.last == len(lines):
        added[-1] = added[-1].removesuffix("\r")
        if insertion.first == len(lines):
            lines[-1] += ending
    return "\n".join([*lines[: insertion.first], *added, *lines[insertion.last :]])


def _plan(lines: list[str], path: str, content: BlockContent) -> _Insertion:
    finder = QuoteFinder(lines)
    found = find_block(lines)
    if found is None:
        return _plan_new(lines, content)
    if found.prefix:
        message = "the block is in a list or quotation; put it at the left margin to have it written"
        raise UnreadableError(message, Place(path, found.first + 1))
    body = "\n".join(lines[found.first : found.last])

    def write(moved: Callable[[int], int]) -> list[str]:
        try:
            written = _complete(body, content, finder, moved, below_key=found.key)
        except UnreadableError as error:
            raise UnreadableError(error.message, Place(path, found.first + 1)) from None
        return lines[found.first : found.last] if written is None else written

    return _Insertion(found.first, found.last, write)


def _plan_new(lines: Sequence[str], content: BlockContent) -> _Insertion:
    end = front_matter_end(lines)
    if content.decision is None and not content.answers:
        return _Insertion(0, 0, lambda _: [])
    if end:
        return _Insertion(
            end - 1, end - 1, lambda moved: _complete("", content, None, moved, below_key=True) or []
        )
    at = _find_title(lines)
    above = [""] if at else []
    below = [] if at < len(lines) and not lines[at].strip() else [""]
    if at >= len(lines):
        below = []

    def write(moved: Callable[[int], int]) -> list[str]:
        body = _complete("", content, None, moved, below_key=False) or []
        return [*above, f"```{BLOCK}", *body, "```", *below]

    return _Insertion(at, at, write)


def _find_title(lines: Sequence[str]) -> int:
    """Return the index behind the first heading that a reader sees; 0 where there is none."""
    fenced = False
    for index, line in enumerate(blank_hidden(lines)):
        if line.lstrip(" ").startswith(("```", "~~~")):
            fenced = not fenced
        elif not fenced and (_HEADING.match(line) or _underlines(lines, index)):
            return index + 1
    return 0


def _underlines(lines: Sequence[str], index: int) -> bool:
    """Return whether a line makes the one above it, a line of prose after a blank one, a heading."""
    if index == 0 or not _UNDERLINE.match(lines[index]):
        return False
    begins = index == 1 or not lines[index - 2].strip()
    return begins and lines[index - 1][:1].isalnum()


# --- inside the block ---------------------------------------------------------------------------------------------


def _complete(
    body: str,
    content: BlockContent,
    finder: QuoteFinder | None,
    moved: Callable[[int], int],
    *,
    below_key: bool,
) -> list[str] | None:
    """Return the lines of a block with what is missing in it; None where nothing is."""
    root, data = _load(body, below_key=below_key)
    changed = _add_missing(data, content, moved)
    if finder is not None:
        changed = _move_lines(data, finder, moved) or changed
    if not changed:
        return None
    stream = io.StringIO()
    open_yaml().dump(root, stream)
    return stream.getvalue().removesuffix("\n").split("\n")


def _load(body: str, *, below_key: bool) -> tuple[CommentedMap, CommentedMap]:
    """Return what stands in a block as a whole, and the part that holds decision and profile; raises UnreadableError."""
    try:
        root = (open_yaml().load(body) if body.strip() else None) or CommentedMap()
        if below_key:
            root[BLOCK] = root.get(BLOCK) or CommentedMap()
    except (YAMLError, ValueError, TypeError, AttributeError, RecursionError):
        root = None
    data = root[BLOCK] if root and below_key else root
    profile = data.get("profile") or {} if isinstance(data, CommentedMap) else None
    if not isinstance(profile, dict) or not all(
        "." in str(name) or isinstance(group, (dict, str, NoneType)) for name, group in profile.items()
    ):
        raise UnreadableError("the present block cannot be taken apart; correct it first")
    assert isinstance(root, CommentedMap)
    assert isinstance(data, CommentedMap)
    return root, data


def _holds(data: CommentedMap, criterion: str) -> bool:
    """Return whether a block says something on a criterion, under its whole name or nested by group."""
    profile = data.get("profile") or {}
    group, _, name = criterion.partition(".")
    held = profile.get(group)
    return criterion in profile or (isinstance(held, dict) and name in held)


def _add_missing(data: CommentedMap, content: BlockContent, moved: Callable[[int], int]) -> bool:
    changed = False
    if content.decision is not None and "decision" not in data:
        data.insert(0, "decision", content.decision.value)
        if content.decision.evidence is not None and "evidence" not in data:
            data.insert(1, "evidence", _show_evidence(content.decision.evidence, moved))
        changed = True
    for criterion, entry in content.answers.items():
        if _holds(data, criterion):
            continue
        group, _, name = criterion.partition(".")
        data["profile"] = data.get("profile") or CommentedMap()
        data["profile"][group] = data["profile"].get(group) or CommentedMap()
        data["profile"][group][name] = _show_entry(entry, moved)
        changed = True
    return changed


def _show_entry(entry: Entry, moved: Callable[[int], int]) -> CommentedMap:
    shown = CommentedMap(value=list(entry.value) if isinstance(entry.value, tuple) else entry.value)
    if entry.evidence is not None:
        shown["evidence"] = _show_evidence(entry.evidence, moved)
    shown["source"] = entry.source
    return shown


def _show_evidence(evidence: Evidence, moved: Callable[[int], int]) -> CommentedMap:
    shown = CommentedMap()
    if evidence.document is not None:
        shown["document"] = DoubleQuotedScalarString(evidence.document)
    if evidence.line is not None:
        shown["line"] = moved(evidence.line) if evidence.document is None else evidence.line
    shown["quote"] = DoubleQuotedScalarString(evidence.quote)
    shown.fa.set_flow_style()
    return shown


def _move_lines(node: Any, finder: QuoteFinder, moved: Callable[[int], int]) -> bool:
    """Bring the lines of the document's own quotes up to date; return whether one changed."""
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
