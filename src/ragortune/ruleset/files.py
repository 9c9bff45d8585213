"""The content of the files of a rule set, and its validation: from YAML to records, with the place of every problem.

Only compiling, checking and schema export import this module; a start with a compiled rule set does not. Pydantic
validates the frozen records of `ragortune.model` and derives the JSON Schemas from them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from functools import cache
from itertools import islice
from types import SimpleNamespace
from typing import Any, NamedTuple, cast, get_args, get_origin, get_type_hints

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, create_model

from ragortune.evidence.documents.classifiers import Classifier
from ragortune.evidence.documents.language import (
    ApproachWords,
    CommonWords,
    Cue,
    FactWords,
    SectionName,
    Stop,
    TopicWords,
    WordList,
)
from ragortune.model import Case, Criterion, OptionGuide, PriceRow, QuantityKind, Rule, Scale, Source
from ragortune.model.findings import FindingRule
from ragortune.model.prices import PriceKind, check_row
from ragortune.support.errors import MAX_PROBLEMS, RagortuneError, RulebookError
from ragortune.support.reading import Document, KeyPath
from ragortune.support.record import Record
from ragortune.support.rulefolder import MANIFEST
from ragortune.support.text import join_words


class Disabled(Record, frozen=True):
    """A rule of the extended set that is switched off."""

    rule: str
    """Id or code of the rule."""
    because: str
    """Why it does not hold for this team."""


class Manifest(Record, frozen=True):
    """`rulebook.yaml`: the name of a rule set, what it builds on, and the numbers behind its words."""

    name: str
    """Name of the rule set."""
    version: str
    """Its version."""
    extends: str | None = None
    """`ragortune` to build on the shipped rule set; left out where the set builds on none."""
    scale: Scale | None = None
    """The numbers behind the words; may be left out where the set extends another."""
    recheck_days: int | None = None
    """How many days a source stays fresh; 365 if left out."""
    disable: tuple[Disabled, ...] = ()
    """Rules of the extended set that are switched off, each with its reason."""


class Kind(NamedTuple):
    """One kind of record in a rule set."""

    name: str
    """Key of the list of such records in files."""
    record: type[Any]
    singular: str
    """Name of one such record in messages."""
    meaning: str | None = None
    """Description for the JSON Schema."""
    folder: str = ""
    """Folder of the files, if its name is not that of the kind."""


ALL_KINDS = (
    Kind("criteria", Criterion, "criterion", "Criteria in the order in which they are shown."),
    Kind("rules", Rule, "rule", "Rules, sorted by code."),
    Kind("sources", Source, "source", "Sources, sorted by id."),
    Kind("options", OptionGuide, "option", "One guide for each option."),
    Kind("cases", Case, "case", "Published projects and studies."),
    Kind("words", WordList, "list of words", folder="language"),
    Kind("cues", Cue, "cue", folder="language"),
    Kind("stops", Stop, "stop", folder="language"),
    Kind("section_names", SectionName, "section name", folder="language"),
    Kind("approaches", ApproachWords, "approach", folder="language"),
    Kind("topics", TopicWords, "topic", folder="language"),
    Kind("common_words", CommonWords, "language", folder="language"),
    Kind("facts", FactWords, "phrase", folder="language"),
    Kind("classifiers", Classifier, "fitted model", folder="language"),
    Kind(
        "derived",
        Criterion,
        "criterion",
        "Criteria that are computed from quantities; all are named `derived.name`.",
    ),
    Kind("quantities", QuantityKind, "quantity", "Numbers and choices that a profile can give for costs."),
    Kind("price_kinds", PriceKind, "kind of price row", folder="prices"),
    Kind("prices", PriceRow, "price row", "Price rows, sorted by id."),
    Kind(
        "findings", FindingRule, "finding rule", "What `check` looks for in design documents, sorted by code."
    ),
)
KINDS: Mapping[str, tuple[Kind, ...]] = {
    folder: tuple(kind for kind in ALL_KINDS if (kind.folder or kind.name) == folder)
    for folder in dict.fromkeys(kind.folder or kind.name for kind in ALL_KINDS)
}
"""The kinds of record in the files of each folder of a rule set."""


@cache
def adapter_of(folder: str) -> TypeAdapter[Any]:
    """Return the validator for the files in a folder, or for the manifest, from which JSON Schemas are exported."""
    if folder == MANIFEST:
        return TypeAdapter(Manifest)
    kinds = KINDS[folder]
    default: Any = ... if len(kinds) == 1 else ()
    fields: dict[str, Any] = {}
    for kind in kinds:
        field = Field(default=default, description=kind.meaning)
        fields[kind.name] = (tuple[kind.record, ...], field)  # type: ignore[name-defined]
    name, what = f"{folder.title()}File", f"A file in `{folder}/`."
    return TypeAdapter(create_model(name, __config__=ConfigDict(extra="forbid"), __doc__=what, **fields))


# --- validation ---------------------------------------------------------------------------------------------------

_adapt: Callable[[Any], TypeAdapter[Any]] = cache(TypeAdapter)
"""Return the validator of a kind of record."""
_MAX_MISTAKES = 50_000
"""Validation errors that are processed at most, to limit the memory."""


def validate(folder: str, document: Document, problems: list[RagortuneError]) -> Any:
    """Return the typed content of a file, with None for invalid records; problems are added to the list.

    None if the file is an invalid manifest, or not a mapping. Raises RulebookError for a file with too many mistakes.
    """
    data, details = cast("Any", document.data), list[Any]()
    kinds = KINDS[folder] if folder != MANIFEST and isinstance(data, dict) else ()
    lists = {kind.name: data[kind.name] for kind in kinds if isinstance(data.get(kind.name), list)}
    records = {
        kind.name: [
            _validate_part(_adapt(kind.record), record, details, document, (kind.name, index))
            for index, record in enumerate(lists.get(kind.name, ()))
        ]
        for kind in kinds
    }
    rest = {**data, **dict.fromkeys(lists, ())} if kinds else data
    content = _validate_part(adapter_of(folder), rest, details, document)
    problems += islice(_word_problems(details, folder, document), MAX_PROBLEMS)
    return SimpleNamespace(**records) if kinds else content


def _validate_part(
    adapter: TypeAdapter[Any], data: object, details: list[Any], document: Document, at: KeyPath = ()
) -> Any:
    """Return a typed record, None if it is invalid; its mistakes are added to the list."""
    try:
        return adapter.validate_python(data, strict=False)
    except ValidationError as error:
        if len(details) + error.error_count() > _MAX_MISTAKES:
            message = f"holds more than {_MAX_MISTAKES:,} mistakes; is it a file of another kind?"
            raise RulebookError(message, document.place_of(())) from None
        details += ({**detail, "loc": (*at, *detail["loc"])} for detail in error.errors(include_url=False))
    return None


def _word_problems(details: Iterable[Any], folder: str, document: Document) -> Iterator[RulebookError]:
    """Yield the validator's errors with places and similar names.

    A value of a union type has an error for each member of the union, of which the first is kept. All missing keys of a
    mapping become one problem.
    """
    missing: dict[KeyPath, list[str]] = {}
    places = set()
    listed = [(detail, _real_path(detail, document.data)) for detail in details]
    misspelt = {path[:-1] for detail, path in listed if detail["type"] == "extra_forbidden"}
    unions = misspelt.intersection(path for _, path in listed)
    valued = [path for detail, path in listed if detail["type"] not in ("extra_forbidden", "missing")]
    around = {path[: size + 1] for path in valued for size in range(len(path))}
    for detail, path in listed:
        if path in unions or (detail["type"] == "missing" and path[:-1] in unions):
            continue  # the other members of the union say less than the wrong key
        if detail["type"] == "extra_forbidden" and path in around:
            continue  # another member of the union has this key, with another value
        if detail["type"] == "missing":
            missing.setdefault(path[:-1], []).append(f"'{path[-1]}'")
            continue
        problem = _word_problem(detail, folder, path, document)
        if problem.place not in places:
            yield problem
        places.add(problem.place)
    for path, names in missing.items():
        place = document.place_of(path)
        if place not in places:
            yield RulebookError(f"{join_words(names)} {'is' if len(names) == 1 else 'are'} missing", place)


_WANTED = {
    "string": "text in quotes",
    "string_too_short": "text that is not empty",
    "tuple": "a list",
    "dict": "a mapping",
    "model": "a mapping",
    "float": "a number",
    "finite": "a finite number",
    "int": "a whole number",
    "bool": "true or false",
}
"""The expected kind of value, by the type of the validator's error or by its first word."""


def _word_problem(detail: Any, folder: str, path: KeyPath, document: Document) -> RulebookError:
    what = f"'{'.'.join(map(str, path))}'" if path else "the file"
    place = document.place_of(path)
    if detail["type"] == "extra_forbidden":
        known = _known_keys(folder, path[:-1])
        if path[-1] in known:
            message = f"'{path[-1]}' does not go with the other keys here"
            return RulebookError(message, document.place_of(path, key=True))
        return RulebookError.unknown("key", path[-1], known, document.place_of(path, key=True), where="here")
    if detail["type"] == "enum":
        enums = (enum for enum in _classes_in(_type_at(folder, path)) if issubclass(enum, Enum))
        names = [str(member.value) for enum in enums for member in enum]
        return RulebookError.expected(what, names, detail["input"], place)
    kind = detail["type"]
    wanted = _WANTED.get(kind) or _WANTED.get(kind.partition("_")[0], "something else")
    return RulebookError.expected(what, wanted, detail["input"], place)


def _real_path(detail: Any, data: object) -> KeyPath:
    """Return the part of the validator's location that exists in the data, and the missing key at its end."""
    path: list[str | int] = []
    loc = detail["loc"]
    for part in loc:
        if (isinstance(data, Mapping) and part in data) or (
            isinstance(data, (list, tuple)) and isinstance(part, int) and part < len(data)
        ):
            path.append(part)
            data = data[part]
        elif detail["type"] == "missing" and isinstance(data, Mapping) and part is loc[-1]:
            path.append(str(part))
    return tuple(path)


def _type_at(folder: str, path: KeyPath) -> Any:
    """Return the declared type of a value in a file, None if no record declares it."""
    current: Any = Manifest
    if folder != MANIFEST:
        current, path = {kind.name: kind.record for kind in KINDS[folder]}[str(path[0])], path[1:]
    for part in path:
        if get_origin(current) is Mapping:
            current = get_args(current)[1]
        elif isinstance(part, str):
            hints = (get_type_hints(record).get(part) for record in _records_in(current))
            current = next(filter(None, hints), None)
    return current


def _known_keys(folder: str, path: KeyPath) -> tuple[str, ...]:
    """Return the keys that a mapping in a file may have."""
    if not path and folder != MANIFEST:
        return tuple(kind.name for kind in KINDS[folder])
    return tuple(name for record in _records_in(_type_at(folder, path)) for name in record.field_names())


def _records_in(hint: Any) -> Iterator[type[Record]]:
    """Yield the record types in a type hint: several in a union."""
    return (found for found in _classes_in(hint) if issubclass(found, Record))


def _classes_in(hint: Any) -> Iterator[type]:
    if isinstance(hint, type):
        yield hint
    for inner in get_args(hint):
        yield from _classes_in(inner)


def read_records(
    folder: str,
    document: Document,
    problems: list[RagortuneError],
    seen: set[tuple[str, str]],
    invalid: set[str],
) -> Iterator[tuple[tuple[str, int], Any]]:
    """Yield the valid records of a file with their key paths; problems are added to the list.

    A record whose kind and id are in `seen` is a duplicate; those of the others are added to it. The ids of invalid
    records are added to `invalid`.
    """
    parsed, data = validate(folder, document, problems), cast("Any", document.data)
    for kind in KINDS[folder] if parsed else ():
        for index, record in enumerate(getattr(parsed, kind.name)):
            written = data[kind.name][index]
            if record is None:
                invalid.update({str(written.get("id"))} if isinstance(written, dict) else ())
            elif (kind.name, record.id) in seen:
                place = document.place_of((kind.name, index, "id"))
                twice = RulebookError(f"{kind.singular} '{record.id}' is defined twice", place)
                RulebookError.collect(problems, twice)
            else:
                seen.add((kind.name, record.id))
                yield (kind.name, index), record


def read_price_file(document: Document, kinds: Mapping[str, PriceKind]) -> tuple[PriceRow, ...]:
    """Return the rows of a price file outside of a rule set; raises RulebookError with all problems."""
    problems: list[RagortuneError] = []
    records = read_records("prices", document, problems, set(), set())
    rows = [(at, row) for at, row in records if isinstance(row, PriceRow)]
    for at, row in rows:
        for path, problem in check_row(row, kinds):
            problem.place = document.place_of((*at, *path))
            RulebookError.collect(problems, problem)
    RulebookError.raise_all(problems)
    return tuple(row for _, row in rows)
