"""A strict YAML reader that keeps the place of every part: YAML 1.2 core schema, without tags, anchors and aliases."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator
from typing import Any

import yaml

from ragortune.support.errors import NotYamlError, Place, UnreadableError
from ragortune.support.reading import DEPTH, KeyPath, Marks
from ragortune.support.text import YAML_BREAKS, quote_value

_BYTES_PER_NODE = 6
_MIN_NODES = 5_000
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_BOOLEANS = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_OCTAL_OR_HEX = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
GROUPED = re.compile(r"[-+]?[1-9][0-9]{0,2}\.[0-9]{3}")
"""A decimal number that would be thousands in half of Europe."""
_LONGEST_NUMBER = 40
_HINT = "check indentation, brackets and quotes here and on the line above; text with `: ` in it needs quotes"


def compose_yaml(text: str) -> Any:
    """Return the nodes of YAML with their places in the text, None if it has none; raises UnreadableError."""
    try:
        return yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError:
        raise refuse_change() from None


def refuse_change() -> UnreadableError:
    """Return the error for YAML that can be read, but not changed in place."""
    message = "this YAML can be read, but not changed in place"
    return UnreadableError(message, None, "write keys and values on a line each")


class YamlReader:
    """Builds plain data from the events of PyYAML's parser.

    PyYAML's own loaders read YAML 1.1, expand aliases before they can be counted, and drop the places of keys.
    """

    def __init__(self, text: str, path: str) -> None:
        self.text = text
        self.path = path
        self.marks: Marks = {}
        self.nodes_left = max(_MIN_NODES, len(text) // _BYTES_PER_NODE)
        self.events: Iterator[Any] = iter(())

    def read(self) -> tuple[object, Marks]:
        """Return the data, None if there is none, and the places of its parts."""
        data = None
        try:
            self.events = yaml.parse(self.text, Loader=_LOADER)
            next(self.events)  # the start of the stream
            if isinstance(next(self.events), yaml.DocumentStartEvent):
                data = self._read_node(next(self.events), ())
                next(self.events)  # the end of the document
                following = next(self.events)
                if isinstance(following, yaml.DocumentStartEvent):
                    raise self._refuse("holds more than one YAML document", following)
        except yaml.YAMLError as error:
            raise self._explain(error) from None
        return data, self.marks

    def _refuse(self, message: str, event: Any, hint: str | None = None) -> UnreadableError:
        return UnreadableError(message, Place(self.path, *_position(event.start_mark)), hint)

    def _read_node(self, event: Any, at: KeyPath) -> object:
        self.nodes_left -= 1
        if len(at) > DEPTH or self.nodes_left < 0:
            raise self._refuse("is nested too deeply or holds too many values", event)
        self._refuse_extras(event)
        self.marks["value", at] = _position(event.start_mark)
        if isinstance(event, yaml.ScalarEvent):
            if not event.style and GROUPED.fullmatch(event.value):
                self.marks["grouped", at] = _position(event.start_mark)
            return self._read_scalar(event)
        if isinstance(event, yaml.SequenceStartEvent):
            items: list[object] = []
            while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
                items.append(self._read_node(event, (*at, len(items))))
            return items
        mapping: dict[str, object] = {}
        braces = event.flow_style
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self._read_key(event, braces=braces)
            if key in mapping:
                raise self._refuse(f"duplicate key {quote_value(key)}", event)
            self.marks["key", (*at, key)] = _position(event.start_mark)
            mapping[key] = self._read_node(next(self.events), (*at, key))
        return mapping

    def _refuse_extras(self, event: Any) -> None:
        if event.anchor:
            message = "anchors and aliases (& and *) are not supported"
            raise self._refuse(message, event, "write the value out")
        if event.tag not in (None, "!"):
            shown = event.tag.replace("tag:yaml.org,2002:", "!!")
            raise self._refuse(f"tags are not supported ({quote_value(shown)})", event)

    def _read_key(self, event: Any, *, braces: bool) -> str:
        self._refuse_extras(event)
        scalar = isinstance(event, yaml.ScalarEvent)
        key = self._read_scalar(event) if scalar else None
        cut = braces and scalar and not event.style and event.value[:1].isdigit()
        if cut or not isinstance(key, str):
            hint = "a comma in braces ends the value: quote it, as in {latency: '1,5 s'}" if cut else None
            raise self._refuse("a key must be a word", event, hint)
        return key

    def _read_scalar(self, event: Any) -> object:
        """Return the value of a scalar by the core schema of YAML 1.2."""
        text: str = event.value
        if event.style:
            return text
        if text in _NULLS:
            return None
        if text in _BOOLEANS:
            return _BOOLEANS[text]
        if _NOT_FINITE.fullmatch(text):
            raise self._refuse(f"{text} is not a number that can be used", event)
        for form, convert in (
            (_INTEGER, int),
            (_OCTAL_OR_HEX, lambda digits: int(digits, 0)),
            (_FLOAT, float),
        ):
            if form.fullmatch(text):
                if len(text) > _LONGEST_NUMBER:
                    raise self._refuse("holds a number that is too long", event)
                number = convert(text)
                if abs(number) == float("inf"):
                    raise self._refuse("holds a number that is too large", event)
                return number
        return text

    def _explain(self, error: yaml.YAMLError) -> UnreadableError:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read"
        if mark is None:
            return NotYamlError(f"is not YAML: {problem}", Place(self.path))
        place = Place(self.path, *_position(mark))
        line = [*self.text.splitlines(), ""][mark.line]
        if "nesting depth" in problem:
            return UnreadableError("is nested too deeply", place)
        if "cannot start any token" in problem and line[mark.column : mark.column + 1] == "\t":
            return UnreadableError("a tab is used for indentation; use spaces", place)
        return NotYamlError(f"is not YAML: {problem}", place, _HINT)


def find_keys(lines: Iterable[str], name: str) -> Iterator[int]:
    """Yield the lines, from 1, with a key of a (lower-case) name that holds a mapping, in YAML that others wrote.

    The key may be escaped, tagged, in braces, or an alias. Nothing is found after a syntax error.
    """
    text = "\n".join(line.translate(YAML_BREAKS) for line in lines)
    inside: list[bool] = []  # for each open collection whether it is a mapping
    named: set[str] = set()  # anchors of scalars with the name
    at: int | None = None  # line of the previous event, if it is the name
    with contextlib.suppress(yaml.YAMLError):
        events: Iterator[Any] = yaml.parse(text, Loader=_LOADER)
        for event in events:
            holds_more = isinstance(event, (yaml.MappingStartEvent, yaml.AliasEvent))
            if at is not None and holds_more and inside[-1:] == [True]:
                yield at
            at = None
            if isinstance(event, yaml.CollectionStartEvent):
                inside.append(isinstance(event, yaml.MappingStartEvent))
            elif isinstance(event, yaml.CollectionEndEvent):
                inside.pop()
            elif isinstance(event, yaml.AliasEvent):
                at = _position(event.start_mark)[0] if event.anchor in named else None
            elif isinstance(event, yaml.ScalarEvent):
                is_name = event.value.casefold() == name
                at = _position(event.start_mark)[0] if is_name else None
                if event.anchor:
                    (named.add if is_name else named.discard)(event.anchor)


def _position(mark: Any) -> tuple[int, int]:
    return mark.line + 1, mark.column + 1
