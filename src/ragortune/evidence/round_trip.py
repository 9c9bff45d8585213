"""Changes YAML in place: comments, order, quoting and indentation are preserved."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.scalarstring import DoubleQuotedScalarString
from ruamel.yaml.tokens import CommentToken
from ruamel.yaml.util import load_yaml_guess_indent

from ragortune.support.errors import UnreadableError
from ragortune.support.reading import parse_yaml
from ragortune.support.record import NOTHING
from ragortune.support.text import clean_line, is_plain
from ragortune.support.yaml_reader import has_comment_in_braces

_UNREADABLE = re.compile(r"^[:?]|:[,:?\[\]{}]")
"""Text that ruamel.yaml writes unquoted within brackets, where PyYAML does not accept it."""

_START = re.compile(r"(?:%[^\n]*\n|[ \t]*(?:#[^\n]*)?\n)*---(?:[ \t]+(?:#[^\n]*)?)?\n|(?:[ \t]*\n)+")
_INDENT = re.compile(
    r"^[^\s#-](?:(?:[^\n#:]|(?<![ \t])#)*+:)++[ \t]*+(?:#[^\n]*+)?\n(?:[ \t]*+(?:#[^\n]*+)?\n)*+( ++)[^\s#-]",
    re.MULTILINE,
)
"""The indentation of the first line below a key."""
_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")
"""A line with its end."""
_BREAK = re.compile(r"\r\n?")
_END = re.compile(r"^\.\.\.(?:[ \t]|$)", re.MULTILINE)


def open_yaml() -> YAML:
    """Return a reader and writer that preserves what is not changed."""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 1_000_000
    return yaml


def write_answers(text: str, answers: Mapping[str, object], remarks: Mapping[str, str] = NOTHING) -> str:
    """Return the text of a profile with new values by criterion; everything else is preserved.

    A new answer replaces its placeholder of a template, or is added at the end of its group. A remark is a comment behind
    an answer that is not changed; it replaces an earlier remark that starts with the same word, but no other comment.

    Raises UnreadableError as `open_answers` does.
    """
    if not answers and not remarks:
        return text
    begin, plain, end = _split_frame(_BREAK.sub("\n", text))
    plain = _fill_places(plain, answers)
    yaml, root = open_answers(plain)
    begin += "" if root else plain.rstrip("\n") + "\n" * bool(plain.strip())
    root = CommentedMap() if root is None else root
    before = dump_yaml(root, yaml) if root else ""
    put_answers(root, {criterion: flow(value) for criterion, value in answers.items()})
    for criterion, remark in remarks.items():
        _put_remark(root, criterion, remark)
    return keep_lines(text, begin + before + end, begin + dump_yaml(root, yaml) + end)


def dump_yaml(root: CommentedMap, yaml: YAML | None = None) -> str:
    """Return data as YAML of a writer, `open_yaml` by default, without an end-of-document marker."""
    stream = io.StringIO()
    (yaml or open_yaml()).dump(root, stream)
    written = stream.getvalue()
    return written.removesuffix("...\n") if written.endswith("\n...\n") else written


def keep_lines(text: str, before: str, after: str) -> str:
    """Return a text with the changes between two outputs of the writer, which normalises white space and quotes.

    The lines that differ between both outputs are replaced in the text; all other lines stay as they are. If lines cannot
    be matched, or the result does not read as `after` does, it is `after`.

    Args:
        text: the YAML before the change, with any line ends.
        before: the output of the writer before the change, with line feeds.
        after: the output after the change.

    """
    lines = _split_lines(text)
    old, new = ([line.rstrip("\n") for line in _split_lines(made)] for made in (before, after))
    usual = _end_of(lines[0] if lines else "") or "\n"
    is_open = bool(lines) and not _end_of(lines[-1])
    lines[-1:] = [line + usual * is_open for line in lines[-1:]]
    gaps = _match_gaps(old, lines)
    kept: list[str] = []
    at = 0
    for kind, first, last, start, stop in SequenceMatcher(None, old, new).get_opcodes():
        if first not in gaps or last not in gaps:
            return after.replace("\n", usual)
        begin = gaps[last if kind == "equal" else first][kind in {"replace", "delete"}]
        kept += lines[at:begin]
        at = begin if kind == "equal" else max(begin, gaps[last][0])
        if kind != "equal":
            end = _end_of((lines[begin:at] or kept[-1:] or [usual])[0])
            kept += [line + end for line in new[start:stop]]
    kept += lines[at:]
    written = "".join(kept).removesuffix(usual if is_open and kept[-1:] == lines[-1:] else "")
    return written if _read_data(written) == _read_data(after) else after.replace("\n", usual)


def _match_gaps(old: Sequence[str], lines: Sequence[str]) -> dict[int, tuple[int, int]]:
    """Return for each gap between lines of the writer the range of gaps in the original text that it corresponds to.

    Lines are compared by their words. Gaps within lines that the writer re-wrapped are missing.
    """
    squeezed, plain = ([" ".join(line.split()) for line in part] for part in (old, lines))
    gaps = {0: (0, 0)}
    for _, first, last, start, stop in SequenceMatcher(None, squeezed, plain).get_opcodes():
        inner = range(1, last - first if last - first == stop - start else 1)
        gaps.update({first + more: (start + more, start + more) for more in inner})
        gaps[last] = (gaps[first][0] if first == last else stop, stop)
    return gaps


def _split_lines(text: str) -> list[str]:
    return _LINE.findall(text)


def _end_of(line: str) -> str:
    return line[len(line.rstrip("\r\n")) :]


def _read_data(text: str) -> object:
    try:
        return parse_yaml(text, "the profile").data
    except UnreadableError:
        return None


def open_answers(text: str) -> tuple[YAML, Any]:
    """Return a writer with the indentation of a profile, and its data.

    Raises UnreadableError for YAML that can be read, but not changed in place, such as a tab after a key or a comment
    within braces.
    """
    yaml = open_yaml()
    try:
        _, indent, offset = load_yaml_guess_indent(text)
        if indent:
            yaml.indent(mapping=indent, sequence=indent, offset=offset or 0)
        if found := _INDENT.search(text):  # the guess is wrong after comments
            yaml.map_indent = len(found[1])
        data = yaml.load(text)
        if has_comment_in_braces(text):
            raise MarkedYAMLError(problem="a comment within braces would be lost")
    except (YAMLError, ValueError, TypeError, AttributeError, LookupError, RecursionError) as error:
        reason = getattr(error, "problem", None) or type(error).__name__
        message = f"the profile can be read, but not changed in place ({clean_line(str(reason), 100)})"
        hint = "use no tabs, and write keys and values on a line each"
        raise UnreadableError(message, None, hint) from None
    return yaml, data


def _split_frame(text: str) -> tuple[str, str, str]:
    """Return the text before the document, the document, and the text after it.

    The writer drops the markers `---` and `...`, the comments beyond them, and some blank lines before the document.
    """
    begin = found.end() if (found := _START.match(text)) else 0
    end = found.start() if (found := _END.search(text, begin)) else len(text)
    return text[:begin], text[begin:end], text[end:]


def put_answers(profile: CommentedMap, answers: Mapping[str, object]) -> None:
    """Set values by criterion, under flat keys that exist, else nested by group."""
    for criterion, value in answers.items():
        group, _, name = criterion.partition(".")
        if criterion in profile:
            _put(profile, criterion, value)
        elif isinstance(profile.get(group), CommentedMap):
            _put(profile[group], name, value)
        else:
            _put(profile, group, CommentedMap({name: value}))


def _put_remark(profile: CommentedMap, criterion: str, remark: str) -> None:
    """Set the comment behind an answer, unless a person wrote one there."""
    group, _, key = criterion.partition(".")
    mapping, key = (profile, criterion) if criterion in profile else (profile[group], key)
    if isinstance(mapping[key], CommentedMap) and not mapping[key].fa.flow_style():
        mapping, key = mapping[key], next(iter(mapping[key]))
    if isinstance(mapping, CommentedMap) and not mapping.fa.flow_style():
        token = (mapping.ca.items.get(key) or [None] * 3)[2]
        if token is None:
            mapping.yaml_add_eol_comment(remark, key, column=0)
            return
        comment, _, following = token.value.partition("\n")
        if not comment.strip() or comment.lstrip("# ").startswith(remark.partition(" ")[0]):
            lead = "" if comment.strip() else " "
            token.value = f"{lead}# {remark}\n{following}"


def _fill_places(text: str, answers: Iterable[str]) -> str:
    """Return a text with the placeholders of a template for these answers, such as `  # kind:`, uncommented.

    If that changes the data, because one is part of a text or its answer exists already, the text is not changed.
    """
    present = _read_data(text)
    names = {*answers}.difference(present if isinstance(present, dict) else ())
    lines = text.split("\n")
    group = ""
    for index, line in enumerate(lines):
        if begins := re.match(r"(\w+):\s*$", line):
            group = begins[1]
        elif (place := re.fullmatch(r"( +)# (\w+):", line)) and f"{group}.{place[2]}" in names:
            lines[index] = f"{place[1]}{place[2]}:"
    filled = "\n".join(lines)
    if filled == text or _drop_nulls(_read_data(filled)) == _drop_nulls(present):
        return filled
    return text


def _drop_nulls(data: object) -> object:
    """Return data without null values and empty mappings."""
    if not isinstance(data, dict):
        return data
    held = {key: _drop_nulls(part) for key, part in data.items()}
    return {key: part for key, part in held.items() if part not in (None, {})}


def escape_unseen(text: str) -> str:
    """Return YAML with non-printable characters escaped; all of them must be in double quotes."""
    return "".join(each if each.isprintable() or each == "\n" else f"\\U{ord(each):08x}" for each in text)


def flow(value: object) -> Any:
    """Return a value in flow style; text that is not printable or not readable unquoted is in double quotes."""
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
    """Set a value; a new one is added after the last line of the others, before the comments that follow it."""
    token = _last_comment(mapping.get(key, mapping))
    mapping[key] = value
    if token is None:
        return
    comment, _, following = token.value.partition("\n")
    token.value = comment + "\n"
    node, name = mapping, key
    while isinstance(node[name], CommentedMap) and not node[name].fa.flow_style():
        node, name = node[name], next(reversed(node[name]))
    if following:
        node.ca.items[name] = [None, None, CommentToken("\n" + following, token.start_mark, None), None]


def _last_comment(node: object) -> CommentToken | None:
    """Return the comment on and after the last line of a value, or None."""
    while isinstance(node, (CommentedMap, CommentedSeq)) and node:
        is_map = isinstance(node, CommentedMap)
        last = next(reversed(node)) if is_map else len(node) - 1
        token = (node.ca.items.get(last) or [None] * 3)[2 if is_map else 0]
        if token is not None:
            return token if isinstance(token, CommentToken) else None
        node = node[last]
    return None
