"""Frozen records that cost nothing to import.

`dataclasses` writes and compiles methods for each class: for the records of this package that takes as long as three
starts of the interpreter, before any work is done. A `Record` declares its fields the same way, with annotations and
a docstring below each, and has one generic constructor. Type checkers treat it as a frozen data class, and pydantic
validates it and derives JSON Schemas from it, docstrings included.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

TYPE_CHECKING = False  # importing `typing` would cost a fifth of a start
if TYPE_CHECKING:
    from typing import Any, Self, dataclass_transform
else:

    def dataclass_transform(**_: object) -> Callable[[type], type]:
        """Stand in for the decorator of `typing`, which only type checkers need."""
        return lambda decorated: decorated


NOTHING: Mapping[str, Any] = MappingProxyType({})
"""The empty mapping that can stand as a default, because nobody can fill it."""


@dataclass_transform(frozen_default=True)
class Record:
    """Base of all records: fields by position or by name, equality by value, no assignment."""

    # Without annotations, which pydantic would have to understand in every subclass.
    _fields = ()  # type: tuple[str, ...]
    _names = frozenset()  # type: frozenset[str]
    _defaults = NOTHING

    def __init_subclass__(cls) -> None:
        """Read the fields of a record from its annotations."""
        declared = cls.__dict__.get("__annotations__", {})  # noqa: RUF063  (always there as strings, see the first import)
        cls._fields = (*cls._fields, *declared)
        cls._names = frozenset(cls._fields)
        own = {name: cls.__dict__[name] for name in declared if name in cls.__dict__}
        cls._defaults = {**cls._defaults, **own}

    def __init__(self, *values: Any, **named: Any) -> None:
        """Take the values of the fields; raises TypeError where one is missing, unknown or given twice."""
        fields = self._fields
        if not values and named.keys() == self._names:
            self.__dict__.update(named)
        elif not named and len(values) == len(fields):
            self.__dict__.update(zip(fields, values, strict=True))
        else:
            self.__dict__.update(self._complete(values, named))

    def _complete(self, values: tuple[Any, ...], named: dict[str, Any]) -> dict[str, Any]:
        """Return every field's value, defaults filled in."""
        name = type(self).__name__
        if len(values) > len(self._fields):
            raise TypeError(f"{name} takes {len(self._fields)} values, not {len(values)}")
        given = dict(zip(self._fields, values, strict=False))
        if not given.keys().isdisjoint(named) or not named.keys() <= self._names:
            wrong = sorted((given.keys() & named) | (named.keys() - self._names))
            raise TypeError(f"{name} cannot take {', '.join(wrong)}")
        complete = {**self._defaults, **given, **named}
        if len(complete) < len(self._fields):
            missing = [field for field in self._fields if field not in complete]
            raise TypeError(f"{name} needs {', '.join(missing)}")
        return complete

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen; use replace({name}=...)")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen")

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        mine, theirs = self.__dict__, other.__dict__
        return all(mine[name] == theirs[name] for name in self._fields)

    def __hash__(self) -> int:
        values = self.__dict__
        return hash((type(self), *(values[name] for name in self._fields)))

    def __repr__(self) -> str:
        values = self.__dict__
        return f"{type(self).__name__}({', '.join(f'{name}={values[name]!r}' for name in self._fields)})"

    def replace(self, **changes: Any) -> Self:
        """Return a copy with other values in some fields."""
        values = self.__dict__
        return type(self)(**{**{name: values[name] for name in self._fields}, **changes})

    @classmethod
    def field_names(cls) -> tuple[str, ...]:
        """Return the names of the fields, in order."""
        return cls._fields

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """Tell pydantic what a mapping must hold to become this record; called only by pydantic."""
        import typing

        from pydantic_core import core_schema

        meanings = _read_meanings(cls)
        fields = {
            name: core_schema.typed_dict_field(
                handler.generate_schema(hint),
                required=name not in cls._defaults,
                metadata={"pydantic_js_updates": {"description": meanings[name]}} if name in meanings else {},
            )
            for name, hint in typing.get_type_hints(cls).items()
            if name in cls._fields
        }
        described = {"title": cls.__name__, "description": (cls.__doc__ or "").strip().partition("\n")[0]}
        mapping = core_schema.typed_dict_schema(
            fields,
            extra_behavior="forbid",
            config=core_schema.CoreConfig(str_min_length=1, allow_inf_nan=False),
            metadata={"pydantic_js_updates": described},
        )
        return core_schema.no_info_after_validator_function(
            lambda given: cls(**given), mapping, ref=cls.__name__
        )


def plain_data(value: Any) -> Any:
    """Return records, mappings and sequences inside a value as plain data, fit for JSON."""
    if isinstance(value, Record):
        return {name: plain_data(getattr(value, name)) for name in value.field_names()}
    if isinstance(value, Mapping):
        return {str(key): plain_data(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_data(part) for part in value]
    return str(value) if isinstance(value, str) else value


def _read_meanings(record: type) -> dict[str, str]:
    """Return the docstring below each field of a record, read from its source."""
    import ast
    import inspect
    import itertools
    import textwrap

    body = ast.parse(textwrap.dedent(inspect.getsource(record))).body[0]
    assert isinstance(body, ast.ClassDef)
    return {
        field.target.id: " ".join(text.value.value.split())
        for field, text in itertools.pairwise(body.body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }
