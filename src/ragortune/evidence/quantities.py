"""Reads `quantities` of a profile: numbers with units, ranges, and choices of names.

A plain number is a guess and gets a margin; a range and a measured number are taken as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ragortune.evidence.amounts import parse_amount
from ragortune.evidence.entries import UNKNOWN, Entry, describe_evidence, read_details
from ragortune.model import Criterion, Provenance, QuantityKind, QuantityValue
from ragortune.support.errors import ProfileError, QuantityError
from ragortune.support.text import join_words, quote_value

_ENDS = (("from", "to"), ("low", "high"))
_KEYS = ("value", "low", "high", "from", "to", "source", "evidence", "as_of")


def read_quantities(entry: Entry, kinds: Mapping[str, QuantityKind]) -> dict[str, QuantityValue]:
    """Return the quantities under `quantities`; raises ProfileError with all problems.

    Names are not checked against the price data here.
    """
    if entry.value is not None and not isinstance(entry.value, Mapping):
        raise entry.must_be("a mapping")
    quantities: dict[str, QuantityValue] = {}

    def read_quantity(part: Entry) -> None:
        kind = kinds.get(part.key)
        if kind is None:
            raise part.unknown("quantity", kinds)
        if not part.is_unknown:
            quantities[kind.id] = _read_number(part, kind) if kind.unit else _read_names(part, kind)

    ProfileError.for_each(entry, read_quantity)
    return quantities


def _read_names(entry: Entry, kind: QuantityKind) -> QuantityValue:
    """Return a choice of names."""
    parts = list(entry) if isinstance(entry.value, (list, tuple)) else [entry]
    if not parts:
        raise entry.fail(f"'{kind.id}' names nothing")
    if len(parts) > 1 and not kind.several:
        raise entry.fail(f"'{kind.id}' takes one name, not a list")
    names: list[str] = []
    for part in parts:
        if not kind.rows:
            part.one_of(kind.words, kind.id)
        if not isinstance(part.value, str):
            raise part.must_be("a name", kind.id)
        if part.value in names:
            raise part.fail(f"'{kind.id}' names {quote_value(part.value)} twice")
        names.append(part.value)
    return QuantityValue(names=tuple(names), place=entry.place())


def _read_number(entry: Entry, kind: QuantityKind) -> QuantityValue:
    """Return a number with its range."""
    if not isinstance(entry.value, Mapping):
        return _with_margin(entry, kind, _read_amount(entry, kind), Provenance.STATED, None)
    entry.allow_keys(_KEYS, kind.id)
    source, evidence, _ = read_details(entry)
    numbers = {key: entry[key] for key in _KEYS[:5] if entry[key].value is not None}
    pairs = [pair for pair in _ENDS if numbers.keys() & pair]
    if len(pairs) > 1:
        raise entry.fail(f"'{kind.id}' has both from/to and low/high; use one of them")
    for key in pairs[0] if pairs else ():
        if key not in numbers:
            raise entry.fail(f"'{kind.id}' has one end of a range; '{key}' is missing")
    mid = _read_amount(numbers["value"], kind) if "value" in numbers else None
    if not pairs:
        if mid is None:
            raise entry.fail(f"'{kind.id}' has no 'value'")
        return _with_margin(entry, kind, mid, source, evidence)
    low, high = (_read_amount(numbers[key], kind) for key in pairs[0])
    mid = (low + high) / 2 if mid is None else mid
    if not low <= mid <= high:
        message = f"'{kind.id}' is not within its own range, or the range ends before it begins"
        raise entry.fail(message)
    return QuantityValue(low, mid, high, (low, high), kind.criterion, (), source, evidence, entry.place())


def _with_margin(
    entry: Entry, kind: QuantityKind, number: float, source: Provenance, evidence: Any
) -> QuantityValue:
    low, high = (number, number) if source is Provenance.MEASURED else kind.put_margin(number)
    return QuantityValue(low, number, high, None, kind.criterion, (), source, evidence, entry.place())


def _read_amount(entry: Entry, kind: QuantityKind) -> float:
    value = entry.value
    number = value
    if isinstance(value, str):
        try:
            number = parse_amount(value, kind.unit)
        except QuantityError as error:
            hint = error.hint or f"give a number of {kind.unit}"
            raise entry.fail(f"'{kind.id}': {error.message}", hint) from None
    if not isinstance(number, (int, float)) or isinstance(number, bool):
        raise entry.must_be(f"a number of {kind.unit}", kind.id)
    entry.limit(number, kind.minimum, kind.maximum, kind)
    return float(number)


# --- quantities and answers ---------------------------------------------------------------------------------------


def check_agreement(
    criterion: Criterion,
    number: float | None,
    levels: Sequence[str],
    kind: QuantityKind,
    quantity: QuantityValue,
) -> None:
    """Raise ProfileError where an answer and the quantity that asks for the same number contradict each other."""
    possible = criterion.levels_between(*quantity.ends)
    if number is None:
        agrees, theirs = not set(possible).isdisjoint(levels), join_words(levels, "or")
    else:
        agrees, theirs = quantity.ends[0] <= number <= quantity.ends[1], f"{number:,.12g} {kind.unit}"
    if not agrees:
        mine = f"{quantity.mid:,.12g} {kind.unit}, which is {join_words(possible, 'or')}"
        message = f"'{kind.id}' says {mine}, and '{criterion.id}' says {theirs}"
        raise ProfileError(message, quantity.place, "one of the two is wrong; the number is needed only once")


def shorten_number(number: float) -> int | float:
    """Return a whole number without its decimal point."""
    return int(number) if number == int(number) else number


def describe_quantity(quantity: QuantityValue) -> object:
    """Return a quantity as plain data that reads back as the same: its number or names, with range and details if given."""
    if quantity.names:
        return quantity.names[0] if len(quantity.names) == 1 else list(quantity.names)
    described: dict[str, object] = {"value": shorten_number(quantity.mid)}
    if quantity.stated is not None:
        low, high = map(shorten_number, quantity.stated)
        described = {"low": low, **described, "high": high}
    if quantity.source is not Provenance.STATED:
        described["source"] = quantity.source.value
    if quantity.evidence is not None:
        described["evidence"] = describe_evidence(quantity.evidence)
    return described["value"] if list(described) == ["value"] else described


def format_quantity(kind: QuantityKind) -> str:
    """Return the description of a quantity, with its unit or valid words."""
    names = "" if kind.rows else join_words(kind.words, "or")
    takes = kind.unit or names or "a name from `ragortune prices list`"
    same = f"; the same as {kind.criterion}" if kind.criterion else ""
    return f"{kind.asks} ({takes}{same})"


def describe_quantities(kinds: Mapping[str, QuantityKind]) -> dict[str, Any]:
    """Return the JSON Schema of `quantities` for that of profiles."""
    unknown = {"enum": [UNKNOWN, None]}
    shapes = {
        kind.id: {"description": format_quantity(kind), "anyOf": [unknown, *_describe_shapes(kind)]}
        for kind in kinds.values()
    }
    return {
        "type": ["object", "null"],
        "description": "Numbers for `ragortune cost`; what is left out is taken from the defaults, and listed as such.",
        "additionalProperties": False,
        "properties": shapes,
    }


def _describe_shapes(kind: QuantityKind) -> list[dict[str, Any]]:
    if not kind.unit:
        single: dict[str, Any] = {"type": "string"} if kind.rows else {"enum": list(kind.words)}
        several = {"type": "array", "items": single, "minItems": 1, "uniqueItems": True}
        return [single, several] if kind.several else [single]
    number = {"type": "integer" if kind.whole else "number", "minimum": kind.minimum, "maximum": kind.maximum}
    text = {"type": "string", "description": f"a number with its unit, for instance in {kind.unit}"}
    properties: dict[str, Any] = {key: {"$ref": f"#/$defs/{key}"} for key in ("source", "evidence", "as_of")}
    properties |= {key: {"anyOf": [number, text]} for key in _KEYS[:5]}
    return [number, text, {"type": "object", "additionalProperties": False, "properties": properties}]
