"""The base of all records: frozen msgspec structs, which pydantic can validate if people write them."""

from __future__ import annotations

import ast
import inspect
import itertools
import textwrap
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Self, get_type_hints

import msgspec

NOTHING: Mapping[str, Any] = MappingProxyType({})
"""An empty, immutable mapping for defaults."""


class Record(msgspec.Struct, frozen=True):
    """Base of all records: fields by position or by name, equality by value, no assignment.

    pydantic validates a record from a mapping and derives its JSON Schema, the docstring below each field included.
    """

    def replace(self, **changes: Any) -> Self:
        """Return a copy with other values in some fields."""
        return msgspec.structs.replace(self, **changes)

    @classmethod
    def field_names(cls) -> tuple[str, ...]:
        """Return the names of the fields, in order."""
        return cls.__struct_fields__

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """Return the schema of a mapping that becomes this record; called only by pydantic."""
        from pydantic_core import core_schema  # noqa: PLC0415  (pydantic is loaded already)

        required = cls.__struct_fields__[: len(cls.__struct_fields__) - len(cls.__struct_defaults__)]
        fields = {
            name: core_schema.typed_dict_field(handler.generate_schema(hint), required=name in required)
            for name, hint in get_type_hints(cls).items()
            if name in cls.__struct_fields__
        }
        mapping = core_schema.typed_dict_schema(
            fields,
            extra_behavior="forbid",
            config=core_schema.CoreConfig(str_min_length=1, allow_inf_nan=False),
            metadata={"pydantic_js_functions": [cls._describe]},
        )
        return core_schema.no_info_after_validator_function(
            lambda values: cls(**values), mapping, ref=cls.__name__
        )

    @classmethod
    def _describe(cls, schema: Any, handler: Any) -> Any:
        """Return the JSON Schema of the record with the meaning of each field; called only by pydantic."""
        described = handler(schema)
        described |= {"title": cls.__name__, "description": (cls.__doc__ or "").strip().partition("\n")[0]}
        for name, meaning in read_meanings(cls).items():
            described["properties"][name]["description"] = meaning
        return described


def read_meanings(record: type) -> dict[str, str]:
    """Return the docstring below each field of a record, inherited ones included, read from the source."""
    meanings = {}
    for base in reversed(record.__mro__[: record.__mro__.index(Record)]):
        body = ast.parse(textwrap.dedent(inspect.getsource(base))).body[0]
        assert isinstance(body, ast.ClassDef)
        for field in itertools.pairwise(body.body):
            match field:
                case ast.AnnAssign(target=ast.Name(name)), ast.Expr(ast.Constant(str(text))):
                    meanings[name] = " ".join(text.split())
    return meanings
