"""JSON Schemas of profiles and rule set files for editors, with the ids and levels of the criteria."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ragortune.evidence.entries import EVIDENCE_SCHEMA
from ragortune.evidence.quantities import describe_quantities
from ragortune.model import Criterion, Provenance, QuantityKind, Rulebook
from ragortune.ruleset.files import KINDS, adapt, type_of
from ragortune.support.rulefolder import MANIFEST

SCHEMAS = ("profile", "rulebook", *KINDS)
_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def export_schema(name: str, rulebook: Rulebook) -> dict[str, Any]:
    """Return the JSON Schema of a kind of file, with the ids and levels of a rule set; raises KeyError if unknown."""
    criteria = rulebook.criteria
    if name == "profile":
        return _profile_schema(criteria, rulebook.quantities)
    schema = adapt(type_of(MANIFEST if name == "rulebook" else name)).json_schema()
    definitions = schema.get("$defs", {})
    conditions = rulebook.readable if name == "rules" else criteria
    for holder, fields in _fields_by_holder(criteria, conditions).items():
        properties = definitions.get(holder, {}).get("properties", {})
        for field, described in fields.items():
            if field in properties:
                properties[field] = {**described, "description": properties[field].get("description")}
    return {"$schema": _DRAFT, "$id": f"urn:ragortune:schema:{name}:1", **schema}


def _fields_by_holder(
    criteria: Mapping[str, Criterion], conditions: Mapping[str, Criterion]
) -> dict[str, dict[str, dict[str, Any]]]:
    """Return the schemas of fields whose keys are criteria, by record and field."""
    when = _closed({criterion.id: _condition_schema(criterion) for criterion in conditions.values()})
    says = {
        criterion.id: {"description": criterion.question, "anyOf": _level_shapes(criterion)}
        for criterion in criteria.values()
    }
    answers = {
        criterion.id: _several_schema(criterion, _single_schema(criterion))
        | {"description": criterion.question}
        for criterion in conditions.values()
    }
    profile = {"profile": {"type": "object", "properties": answers}}
    return {
        "Criterion": {"asked_when": when},
        "Rule": {"when": when, "unless": when},
        "FindingRule": {"when": when, "unless": when},
        "FactWords": {"says": _closed(says), "number": {"enum": [*criteria, None]}},
        **dict.fromkeys(("Example", "Case", "FindingExample"), profile),
    }


def _closed(properties: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a mapping without other keys."""
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _level_shapes(criterion: Criterion) -> list[dict[str, Any]]:
    """Return the schemas of one level, and of a list of levels."""
    level = {"enum": list(criterion.level_ids)}
    return [level, {"type": "array", "items": level, "minItems": 1, "uniqueItems": True}]


def _condition_schema(criterion: Criterion) -> dict[str, Any]:
    shapes = _level_shapes(criterion)
    if criterion.several:
        main = {"anyOf": shapes[:2], "description": "The level named first, of those that hold together."}
        shapes.append({**_closed({"main": main}), "required": ["main"]})
    if not criterion.nominal:
        shapes.append({**_closed(dict.fromkeys(("at_least", "at_most"), shapes[0])), "minProperties": 1})
    return {"description": criterion.question, "anyOf": shapes}


def _single_schema(criterion: Criterion) -> dict[str, Any]:
    level = {
        "enum": [*criterion.level_ids, "unknown", None],
        "description": "\n".join(f"{level.id}: {level.means}" for level in criterion.levels),
    }
    if not criterion.unit:
        return level
    number: dict[str, Any] = {"type": "integer" if criterion.whole else "number"}
    if criterion.minimum is not None:
        number["minimum"] = criterion.minimum
    if criterion.maximum is not None:
        number["maximum"] = criterion.maximum
    return {"anyOf": [level, {**number, "description": f"a number of {criterion.unit}"}]}


def _several_schema(criterion: Criterion, single: dict[str, Any]) -> dict[str, Any]:
    means = "all that hold, the main one first" if criterion.several else "one of these, nobody knows which"
    shapes = [single, {"type": "array", "items": single, "description": means}]
    if not criterion.nominal:
        shapes.append({**_closed({"from": single, "to": single}), "minProperties": 1})
    return {"anyOf": shapes}


def _profile_schema(
    criteria: Mapping[str, Criterion], quantities: Mapping[str, QuantityKind]
) -> dict[str, Any]:
    groups: dict[str, dict[str, Any]] = {}
    flat: dict[str, Any] = {}
    definitions: dict[str, Any] = {
        "evidence": EVIDENCE_SCHEMA,
        "source": {"enum": [door.value for door in Provenance], "description": "Where it comes from."},
        "as_of": {"type": "string", "format": "date", "description": "The date for which it holds."},
    }
    for criterion in criteria.values():
        beside = {key: {"$ref": f"#/$defs/{key}"} for key in ("evidence", "source", "as_of")}
        detailed = _closed({"value": {"$ref": f"#/$defs/{criterion.id}"}, **beside}) | {"required": ["value"]}
        single = f"{criterion.id}.single"
        definitions[single] = _single_schema(criterion)
        definitions[criterion.id] = _several_schema(criterion, {"$ref": f"#/$defs/{single}"})
        described = f"{criterion.question}\n\n{criterion.help}"
        answer = {"description": described, "anyOf": [{"$ref": f"#/$defs/{criterion.id}"}, detailed]}
        groups.setdefault(criterion.group, {})[criterion.name] = answer
        flat[criterion.id] = {"$ref": f"#/properties/{criterion.group}/properties/{criterion.name}"}
    nested = {
        group: {"type": ["object", "null"], "additionalProperties": False, "properties": names}
        for group, names in groups.items()
    }
    text = ["string", "number", "null"]
    texts = {
        "project": {"type": text, "description": "Title of the project."},
        "description": {"type": text, "description": "What it is about."},
        "notes": {"type": text, "description": "Anything else."},
        "quantities": describe_quantities(quantities),
        "$schema": {"type": "string"},
    }
    return {
        "$schema": _DRAFT,
        "$id": "urn:ragortune:schema:profile:1",
        "title": "Profile of a project",
        "description": "What is known about one project. What is left out is unknown, never a no.",
        "type": ["object", "null"],
        "additionalProperties": False,
        "properties": {**texts, **nested, **flat},
        "$defs": definitions,
    }
