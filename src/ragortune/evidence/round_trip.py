"""Changes YAML in place: a value is replaced or added at its place in the text, and every other character stays."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarfloat import ScalarFloat
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from ragortune.support.errors import UnreadableError
from ragortune.support.reading import parse_yaml
from ragortune.support.record import NOTHING
from ragortune.support.text import is_plain
from ragortune.support.yaml_reader import GROUPED, compose_yaml, refuse_change

_UNREADABLE = re.compile(r"^[:?]|:[,:?\[\]{}]")
"""Text that ruamel.yaml writes unquoted within brackets, where PyYAML does not accept it."""
_BREAK = re.compile(r"\r\n?|\n")
_END = re.compile(r"^\.\.\.(?:[ \t\r]|$)", re.MULTILINE)
"""The marker of the end of a document."""
_COLON = re.compile(r"[ \t]*:")
_COMMENT = re.compile(r"#[^\r\n\x85\u2028\u2029]*")
_HEADER = re.compile(rf"(?:[|>!]\S*+[ \t]+)++({_COMMENT.pattern})")
"""The comment on the first line of a text in lines, or behind a tag."""
_BEHIND = re.compile(rf"[ \t]*((?:{_COMMENT.pattern})?)")
"""The rest of a line after a value."""
_INDENT = 2


def write_answers(text: str, answers: Mapping[str, object], remarks: Mapping[str, str] = NOTHING) -> str:
    """Return the text of a profile with new values by criterion; everything else is preserved.

    A new answer replaces its placeholder of a template, or is added at the end of its group. A remark is a comment behind
    an answer that is not changed; it replaces an earlier remark that starts with the same word, and follows other comments.

    Raises UnreadableError for YAML that can be read, but not changed in place.
    """
    for criterion, value in answers.items():
        text = _fill_place(text, criterion)
        text = put_value(text, find_path(_read_profile(text), criterion), flow(value))
    for criterion, remark in remarks.items():
        text = _put_remark(text, find_path(_read_profile(text), criterion), remark)
    return text


def find_path(profile: Mapping[str, Any], criterion: str) -> tuple[str, ...]:
    """Return the keys of an answer in a profile: its full name if that is there, else group and name."""
    group, _, name = criterion.partition(".")
    return (criterion,) if criterion in profile else (group, name)


def _read_profile(text: str) -> dict[str, Any]:
    profile: Any = parse_yaml(text, "the profile").data
    return profile or {}


def _fill_place(text: str, criterion: str) -> str:
    """Return a text with the placeholder of a template for an answer, such as `  # kind:`, uncommented.

    The text is not changed if that is part of another text, or the answer exists already.
    """
    group, _, name = criterion.partition(".")
    section = re.search(rf"^{re.escape(group)}:[ \t\r]*$(?:\n(?!\w).*)*", text, re.MULTILINE)
    place = re.compile(rf"^ +(?P<mark># ){re.escape(name)}:\r?$", re.MULTILINE)
    if section is None or (found := place.search(text, section.start(), section.end())) is None:
        return text
    filled = text[: found.start("mark")] + text[found.end("mark") :]
    with contextlib.suppress(UnreadableError):
        before = _read_profile(text)
        if criterion not in before and _read_profile(filled) == _merge(before, (group, name), None):
            return filled
    return text


def put_value(text: str, path: Sequence[str], value: object, *, first: bool = False) -> str:
    """Return YAML with a value under a path of keys; what is missing of the path is added.

    A new key is added behind the others, or before them with `first`, or where a text without a line end is the last. A
    mapping in block style is laid out in lines where it is new. Raises UnreadableError if the text cannot be changed in
    place.
    """
    expected = _merge(parse_yaml(text, "").data, path, value)
    for before in dict.fromkeys((first, True)):
        written = _put(text, path, value, first=before)
        with contextlib.suppress(UnreadableError):
            if parse_yaml(written, "").data == expected:
                return written
    raise refuse_change()


def _merge(data: Any, path: Sequence[str], value: object) -> object:
    """Return data with a value under a path of keys."""
    if not path:
        return value
    held = data if isinstance(data, dict) else {}
    return {**held, path[0]: _merge(held.get(path[0]), path[1:], value)}


def _put(text: str, path: Sequence[str], value: object, *, first: bool) -> str:
    """Return YAML with a value under a path of keys; in rare layouts it does not read so."""
    root = node = compose_yaml(text)
    key: Any = None
    in_braces = False
    for depth, name in enumerate(path):
        entry = value
        for missing in reversed(path[depth:]):
            entry = CommentedMap({missing: entry})
        if not isinstance(node, yaml.MappingNode):
            if in_braces:
                return _replace(text, key, node, entry, in_braces=True)
            return _add_below(text, key, node, entry, _step_of(root))
        in_braces = node.flow_style
        if (pair := _find_pair(node, name)) is None:
            return _add_key(text, node, entry, _step_of(root), first=first)
        key, node = pair
    return _replace(text, key, node, value, in_braces=in_braces)


def _find_pair(node: yaml.Node | None, name: str) -> tuple[yaml.Node, yaml.Node] | None:
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    return next(((key, value) for key, value in pairs if key.value == name), None)


def _step_of(root: yaml.Node | None) -> int:
    """Return by how much a mapping inside another one is indented."""
    if isinstance(root, yaml.MappingNode):
        for _, value in root.value:
            if isinstance(value, yaml.MappingNode) and not value.flow_style:
                return int(value.start_mark.column - root.start_mark.column)
    return _INDENT


def _add_key(text: str, mapping: yaml.MappingNode, entry: object, step: int, *, first: bool) -> str:
    """Return YAML with one more key in a mapping."""
    start, column = mapping.start_mark.index, mapping.start_mark.column
    if not mapping.flow_style:
        at = start - column if first else _next_line(text, _end_of(mapping))
        return _insert_lines(text, at, entry, step, column)
    at = _end_of(mapping.value[-1][1]) if mapping.value else start + 1
    return text[:at] + ", " * bool(mapping.value) + dump_yaml(flow(entry))[1:-1] + text[at:]


def _add_below(text: str, key: yaml.Node | None, old: yaml.Node | None, entry: object, step: int) -> str:
    """Return YAML with a mapping below a key in place of a value that is none, such as null; without a key at the top."""
    if old is not None and old.value:
        text = text[: old.start_mark.index].rstrip(" ") + text[_end_on_line(text, old) :]
    if key is not None:
        at = _next_line(text, key.end_mark.index)
        return _insert_lines(text, at, entry, step, key.start_mark.column + step)
    end = _END.search(text)
    return _insert_lines(text, end.start() if end else len(text), entry, step)


def _replace(text: str, key: yaml.Node, old: yaml.Node, value: object, *, in_braces: bool) -> str:
    """Return YAML with another value behind a key; comments inside the old one are kept on the following lines."""
    new = dump_yaml(flow({"": value})).partition(": ")[2][:-1]
    behind_colon, start, end = _behind_colon(text, key), old.start_mark.index, _end_on_line(text, old)
    following, is_below = _next_line(text, end), old.start_mark.line > key.end_mark.line
    if not is_below:
        new = "" if value is None and not in_braces else f" {new}"
        changed = text[: behind_colon if start == end else start].rstrip(" ") + new + text[end:following]
        comments = _find_comments(text, old, end)
    elif isinstance(old, yaml.CollectionNode) and not old.flow_style:
        changed = text[:behind_colon] + f" {new}" * (value is not None)
        changed += text[behind_colon : start - old.start_mark.column]
        comments = _find_comments(text, old, following)
    else:
        changed, comments = text[:start] + new + text[end:following], _find_comments(text, old, end)
    indent = " " * max(old.start_mark.column * is_below, key.start_mark.column + _INDENT)
    breaks = _BREAK.findall(text, 0, following)[-1:] or ["\n"]
    if comments and not changed.endswith(("\r", "\n")):
        changed += breaks[0]
    return changed + "".join(f"{indent}{comment}{breaks[0]}" for comment in comments) + text[following:]


def _find_comments(text: str, node: yaml.Node, end: int) -> list[str]:
    """Return the comments between the start of a value and an offset behind it."""
    comments: list[str] = []
    at = node.start_mark.index
    for leaf in _walk(node):
        if isinstance(leaf, yaml.ScalarNode):
            comments += _COMMENT.findall(text, at, leaf.start_mark.index)
            header = _HEADER.match(text, leaf.start_mark.index)
            comments += [header[1]] if header else []
            at = leaf.end_mark.index
    return comments + _COMMENT.findall(text, at, end)


def _put_remark(text: str, path: Sequence[str], remark: str) -> str:
    """Return YAML with a remark behind a value and its comment, in place of an earlier remark of the kind."""
    node = compose_yaml(text)
    for name in path:
        if (pair := _find_pair(node, name)) is None or node.flow_style:
            return text
        key, node = pair
    if isinstance(node, yaml.MappingNode) and not node.flow_style:
        key, node = node.value[0]
    at = _behind_colon(text, key) if node.start_mark.line > key.end_mark.line else _end_on_line(text, node)
    found = _BEHIND.match(text, at)
    assert found is not None
    kept = found[0].partition(f"# {remark.partition(' ')[0]} ")[0].rstrip()
    written = f"{text[:at]}{kept} # {remark}{text[found.end() :]}"
    return written if _read_profile(written) == _read_profile(text) else text


# --- places in the text -------------------------------------------------------------------------------------------


def list_mappings(text: str) -> Iterator[dict[str, yaml.Node]]:
    """Yield the mappings in YAML, in their order in the text, as nodes by key; raises UnreadableError."""
    for node in _walk(compose_yaml(text)):
        if isinstance(node, yaml.MappingNode):
            yield {key.value: value for key, value in node.value}


def _walk(node: Any) -> Iterator[yaml.Node | None]:
    """Yield a node and all nodes inside it, in their order in the text."""
    yield node
    for entry in node.value if isinstance(node, yaml.CollectionNode) else ():
        for inner in entry if isinstance(entry, tuple) else (entry,):
            yield from _walk(inner)


def _end_of(node: yaml.Node) -> int:
    """Return the offset behind a value, without the comments and blank lines that follow it."""
    while isinstance(node, yaml.CollectionNode) and not node.flow_style:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return int(node.end_mark.index)


def _end_on_line(text: str, node: yaml.Node) -> int:
    """Return the offset behind the last character of a value, before the line end that a text in lines has."""
    return len(text[: _end_of(node)].rstrip("\r\n"))


def _behind_colon(text: str, key: yaml.Node) -> int:
    """Return the offset behind the colon of a key; raises UnreadableError if that is on another line."""
    found = _COLON.match(text, key.end_mark.index)
    if found is None:  # after a question mark
        raise refuse_change()
    return found.end()


def _next_line(text: str, at: int) -> int:
    """Return where the line after an offset begins; the offset itself if it is at the beginning of a line."""
    if at == 0 or text[at - 1] in "\r\n":
        return at
    found = _BREAK.search(text, at)
    return found.end() if found else len(text)


def _insert_lines(text: str, at: int, entry: object, step: int, column: int = 0) -> str:
    """Return a text with the lines of a mapping added at the beginning of a line, with the line ends of those before."""
    before = text[:at]
    ends = _BREAK.findall(before) or _BREAK.findall(text) or ["\n"]
    if before and before[-1] not in "\r\n":
        before += ends[-1]
    lines = dump_yaml(entry, step).split("\n")
    return before + "".join(f"{' ' * column}{line}{ends[-1]}" for line in lines) + text[at:]


# --- what is written ----------------------------------------------------------------------------------------------


def dump_yaml(data: object, step: int = _INDENT) -> str:
    """Return data as YAML without wrapped lines and without a line end; what readers do not see is an escape."""
    writer = YAML()
    writer.width = 1_000_000
    writer.map_indent = step
    stream = io.StringIO()
    writer.dump(data, stream)
    written = stream.getvalue().removesuffix("\n")
    return "".join(each if each == "\n" or is_plain(each) else ascii(each)[1:-1] for each in written)


def flow(value: object) -> Any:
    """Return a value in flow style; text that is not printable or not readable unquoted is in double quotes."""
    if isinstance(value, str):
        plain = is_plain(value) and not _UNREADABLE.search(value)
        return value if plain else DoubleQuotedScalarString(value)
    text = str(value) if isinstance(value, float) else ""
    if GROUPED.fullmatch(text):  # three decimals could be thousands
        sign = "-" * text.startswith("-")
        return ScalarFloat(value, width=len(text) + 1, prec=text.index("."), m_sign=sign)
    shown: CommentedMap | CommentedSeq
    if isinstance(value, Mapping):
        shown = CommentedMap({key: flow(part) for key, part in value.items()})
    elif isinstance(value, (list, tuple)):
        shown = CommentedSeq(map(flow, value))
    else:
        return value
    shown.fa.set_flow_style()
    return shown
