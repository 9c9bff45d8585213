"""A person's YAML changed in place: comments, order, quoting and indentation stay as they are."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError
from ruamel.yaml.scalarstring import DoubleQuotedScalarString
from ruamel.yaml.tokens import CommentToken
from ruamel.yaml.util import load_yaml_guess_indent

from ragortune.support.errors import UnreadableError
from ragortune.support.record import NOTHING
from ragortune.support.text import clean_line, is_plain

_UNREADABLE = re.compile(r"^[:?]|:[,:?\[\]{}]")
"""What the writer leaves without quotes within brackets, and our reader does not take there."""

_START = re.compile(r"(?:%[^\n]*\n|[ \t]*(?:#[^\n]*)?\n)*---(?:[ \t]+(?:#[^\n]*)?)?\n|(?:[ \t]*\n)+")
_END = re.compile(r"^\.\.\.(?:[ \t]|$)", re.MULTILINE)


def open_yaml() -> YAML:
    """Return a reader and writer that keeps what it does not change."""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 1_000_000
    return yaml


def write_answers(text: str, answers: Mapping[str, object], remarks: Mapping[str, str] = NOTHING) -> str:
    """Return the text of a profile with these values, by criterion; all else stays.

    An answer that is new goes to where a template has left its place, or else behind the others of its group. A remark
    is a comment behind an answer that stays; it takes the place of an earlier one that begins with the same word, and
    of no other comment.

    Raises UnreadableError as `open_answers` does.
    """
    if not answers and not remarks:
        return text
    ending = "\r\n" if "\r\n" in text else "\n"
    begin, text, end = _split_frame(text.replace("\r\n", "\n"))
    text = _fill_places(text, answers)
    yaml, root = open_answers(text)
    lead = "" if root else text.rstrip("\n") + "\n" * bool(text.strip())
    root = CommentedMap() if root is None else root
    put_answers(root, {criterion: flow(value) for criterion, value in answers.items()})
    for criterion, remark in remarks.items():
        _put_remark(root, criterion, remark)
    stream = io.StringIO()
    yaml.dump(root, stream)
    return (begin + lead + stream.getvalue() + end).replace("\n", ending)


def open_answers(text: str) -> tuple[YAML, Any]:
    """Return a writer in the style of a profile and what this holds.

    Raises UnreadableError where it is YAML that can be read, but not changed in place, as with a tab behind a key.
    """
    yaml = open_yaml()
    try:
        _, indent, offset = load_yaml_guess_indent(text)
        if indent:
            yaml.indent(mapping=indent, sequence=indent, offset=offset or 0)
        return yaml, yaml.load(text)
    except (YAMLError, ValueError, TypeError, AttributeError, RecursionError) as error:
        reason = getattr(error, "problem", None) or type(error).__name__
        message = f"the profile can be read, but not changed in place ({clean_line(str(reason), 100)})"
        raise UnreadableError(
            message, None, "use no tabs, and write keys and values on a line each"
        ) from None


def _split_frame(text: str) -> tuple[str, str, str]:
    """Return what stands up to the start of a document, the document, and what stands from its end on.

    The writer keeps neither the marks, `---` and `...`, nor the comments beyond them, nor all blank lines in front.
    """
    begin = found.end() if (found := _START.match(text)) else 0
    end = found.start() if (found := _END.search(text, begin)) else len(text)
    return text[:begin], text[begin:end], text[end:]


def put_answers(profile: CommentedMap, answers: Mapping[str, object]) -> None:
    """Set values by criterion, under their whole names where these are there, else nested by group."""
    for criterion, value in answers.items():
        group, _, name = criterion.partition(".")
        if criterion in profile:
            _put(profile, criterion, value)
        elif isinstance(profile.get(group), CommentedMap):
            _put(profile[group], name, value)
        else:
            _put(profile, group, CommentedMap({name: value}))


def _put_remark(profile: CommentedMap, criterion: str, remark: str) -> None:
    """Set the comment behind an answer, unless a person has one there."""
    group, _, key = criterion.partition(".")
    mapping, key = (profile, criterion) if criterion in profile else (profile[group], key)
    if isinstance(mapping[key], CommentedMap) and not mapping[key].fa.flow_style():
        mapping, key = mapping[key], next(iter(mapping[key]))
    if isinstance(mapping, CommentedMap) and not mapping.fa.flow_style():
        token = (mapping.ca.items.get(key) or [None] * 3)[2]
        if token is None:
            mapping.yaml_add_eol_comment(remark, key, column=0)
            return
        own, _, following = token.value.partition("\n")
        if not own.strip() or own.lstrip("# ").startswith(remark.partition(" ")[0]):
            lead = "" if own.strip() else " "
            token.value = f"{lead}# {remark}\n{following}"


def _fill_places(text: str, answers: Iterable[str]) -> str:
    """Return a text in which the lines that a template keeps for answers, such as `  # kind:`, are no comments."""
    lines = text.split("\n")
    group = ""
    for index, line in enumerate(lines):
        if begins := re.match(r"(\w+):\s*$", line):
            group = begins[1]
        elif (place := re.fullmatch(r"( +)# (\w+):", line)) and f"{group}.{place[2]}" in answers:
            lines[index] = f"{place[1]}{place[2]}:"
    return "\n".join(lines)


def escape_unseen(text: str) -> str:
    """Return YAML in which the characters that are not seen, all of them in double quotes, are escapes."""
    return "".join(own if own.isprintable() or own == "\n" else f"\\U{ord(own):08x}" for own in text)


def flow(value: object) -> Any:
    """Return a value that is written on one line; text that would not be seen or not be read goes in double quotes."""
    if isinstance(value, str):
        plain = is_plain(value) and not _UNREADABLE.search(value)
        return value if plain else DoubleQuotedScalarString(value)
    shown: CommentedMap | CommentedSeq
    if isinstance(value, Mapping):
        shown = CommentedMap({key: flow(part) for key, part in value.items()})
    elif isinstance(value, (list, tuple)):
        shown = CommentedSeq(map(flow, value))
    else:
        return value
    shown.fa.set_flow_style()
    return shown


def _put(mapping: CommentedMap, key: str, value: object) -> None:
    """Set a value; a new one goes behind the last line of the others and before the comments that follow it."""
    token = _last_comment(mapping.get(key, mapping))
    mapping[key] = value
    if token is None:
        return
    own, _, following = token.value.partition("\n")
    token.value = own + "\n"
    node, name = mapping, key
    while isinstance(node[name], CommentedMap) and not node[name].fa.flow_style():
        node, name = node[name], next(reversed(node[name]))
    if following.strip():
        node.ca.items[name] = [None, None, CommentToken("\n" + following, token.start_mark, None), None]


def _last_comment(node: object) -> CommentToken | None:
    """Return the comment on and below the last line of a value, or None."""
    while isinstance(node, (CommentedMap, CommentedSeq)) and node:
        is_map = isinstance(node, CommentedMap)
        last = next(reversed(node)) if is_map else len(node) - 1
        token = (node.ca.items.get(last) or [None] * 3)[2 if is_map else 0]
        if token is not None:
            return token if isinstance(token, CommentToken) else None
        node = node[last]
    return None
