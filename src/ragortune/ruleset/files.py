"""The content of the files of a rule set, and its validation: from YAML to records, with the place of every problem.

Only compiling, checking and schema export import this module; a start with a compiled rule set does not. Pydantic
validates the frozen records of `ragortune.model` and derives the JSON Schemas from them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from functools import cache
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints

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
from ragortune.support.errors import RagortuneError, RulebookError
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
    """`ragortune` to build on the shipped rule set; left out if the set builds on none."""
    scale: Scale | None = None
    """The numbers behind the words; may be left out if the set extends another."""
    recheck_days: int = 365
    """How many days a source stays fresh, unless a rule overrides it."""
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
def type_of(folder: str) -> type[Any]:
    """Return the type of the files in a folder, or of the manifest."""
    if folder == MANIFEST:
        return Manifest
    kinds = KINDS[folder]
    default: Any = ... if len(kinds) == 1 else ()
    fields: dict[str, Any] = {}
    for kind in kinds:
        field = Field(default=default, description=kind.meaning)
        fields[kind.name] = (tuple[kind.record, ...], field)  # type: ignore[name-defined]
    name, what = f"{folder.title()}File", f"A file in `{folder}/`."
    form: type[Any] = create_model(name, __config__=ConfigDict(extra="forbid"), __doc__=what, **fields)
    return form


adapt: Callable[[Any], TypeAdapter[Any]] = cache(TypeAdapter)
"""Return the validator of a type, from which JSON Schemas are exported."""


# --- validation ---------------------------------------------------------------------------------------------------

_MAX_MISTAKES = 50_000
"""Validation errors of one record that are processed at most, to limit the memory."""


def validate(
    form: type[Any], data: object, document: Document, problems: list[RagortuneError], at: KeyPath = ()
) -> Any:
    """Return a part of a file as a record, None if it is invalid; `at` is its key path.

    Problems are added to the list; raises RulebookError with all of them if there are too many.
    """
    try:
        return adapt(form).validate_python(data)
    except ValidationError as error:
        if error.error_count() > _MAX_MISTAKES:
            message = f"holds more than {_MAX_MISTAKES:,} mistakes; is it a file of another kind?"
            raise RulebookError(message, document.place_of(at)) from None
        details = error.errors(include_url=False)
    for problem in _word_problems(form, details, data, document, at):
        RulebookError.collect(problems, problem)
    return None


def _word_problems(
    form: type[Any], details: Iterable[Any], data: object, document: Document, at: KeyPath
) -> Iterator[RulebookError]:
    """Yield the validator's errors with places and similar names; all missing keys of a mapping are one problem.

    A value of a union type has an error for each member of the union: those deepest inside of it say most, and of several
    at one place the first.
    """
    listed = [(detail, _real_path(detail, data)) for detail in details]
    told = {path[:size] for _, path in listed for size in range(len(path))}
    missing: dict[KeyPath, list[str]] = {}
    for detail, path in listed:
        if detail["type"] == "missing":
            missing.setdefault(path[:-1], []).append(f"'{path[-1]}'")
        elif path not in told:
            told.add(path)
            yield _word_problem(form, detail, path, document, at)
    for path, names in missing.items():
        message = f"{join_words(names)} {'is' if len(names) == 1 else 'are'} missing"
        yield RulebookError(message, document.place_of((*at, *path)))


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


def _word_problem(
    form: type[Any], detail: Any, path: KeyPath, document: Document, at: KeyPath
) -> RulebookError:
    kind, full = detail["type"], (*at, *path)
    what, place = f"'{'.'.join(map(str, full))}'" if full else "the file", document.place_of(full)
    if kind == "extra_forbidden":
        known = [name for part in _classes_in(_type_at(form, path[:-1])) for name in get_type_hints(part)]
        return RulebookError.unknown("key", path[-1], known, document.place_of(full, key=True), where="here")
    if kind == "enum":
        enums = (enum for enum in _classes_in(_type_at(form, path)) if issubclass(enum, Enum))
        names = [str(member.value) for enum in enums for member in enum]
        return RulebookError.expected(what, names, detail["input"], place)
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


def _type_at(form: Any, path: KeyPath) -> Any:
    """Return the declared type of a part of a record, None if no record declares it."""
    for part in path:
        if get_origin(form) is Mapping:
            form = get_args(form)[1]
        elif isinstance(part, str):
            form = next(filter(None, (get_type_hints(each).get(part) for each in _classes_in(form))), None)
    return form


def _classes_in(hint: Any) -> Iterator[type]:
    """Yield the types in a type hint: several in a union."""
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
    rest: Any = document.data
    for kind in KINDS[folder] if isinstance(rest, dict) else ():
        written = rest.get(kind.name)
        if not isinstance(written, list):
            continue
        rest = {**rest, kind.name: ()}
        for index, data in enumerate(written):
            record = validate(kind.record, data, document, problems, (kind.name, index))
            if record is None:
                invalid.update({str(data.get("id"))} if isinstance(data, dict) else ())
            elif (kind.name, record.id) in seen:
                place = document.place_of((kind.name, index, "id"))
                twice = RulebookError(f"{kind.singular} '{record.id}' is defined twice", place)
                RulebookError.collect(problems, twice)
            else:
                seen.add((kind.name, record.id))
                yield (kind.name, index), record
    validate(type_of(folder), rest, document, problems)


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
