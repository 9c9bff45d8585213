"""What the JSON of `check` and `explain` promises, as types that agents are told before they ask.

More keys may stand beside these.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct


class Finding(Struct):
    """Something to mend in a document."""

    rule: str
    code: str
    severity: Literal["error", "warning", "note"]
    line: int
    column: int
    message: str
    remedy: str
    block: Annotated[str | None, Meta(description="A block to put into the document, and to fill in.")]


class CheckedDocument(Struct):
    """What was read in one document, and what is wrong with it."""

    path: str
    status: Literal["judged", "no_decision", "nothing_to_judge", "unsupported_language"]
    decision: Annotated[
        dict[str, Any] | None, Meta(description="Option, how it is decided, and the words that carry it.")
    ]
    facts: Annotated[
        list[dict[str, Any]], Meta(description="Criterion, value, modality, line and exact quote.")
    ]
    recommendation: dict[str, Any] | None
    findings: list[Finding]


class CheckResult(Struct):
    """A run of `check`."""

    schema: Literal["ragortune/check/1"]
    documents: list[CheckedDocument]
    exit_code: int


class PageResult(Struct, kw_only=True):
    """A page on a rule, criterion, option, source or topic."""

    schema: Literal["ragortune/page/1"] = "ragortune/page/1"
    name: str
    markdown: str


def describe_shape(shape: type[Struct]) -> dict[str, Any]:
    """Return the JSON Schema of a result; its root is the object itself."""
    (_,), definitions = msgspec.json.schema_components((shape,), ref_template="#/$defs/{name}")
    own = definitions.pop(shape.__name__)
    return {**own, "$defs": definitions} if definitions else own
