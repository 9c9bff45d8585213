"""Rule sets as people write them: YAML checked against the records of the model, every problem with its place.

Only compiling, checking and schema export come here; a start with a compiled rule set does not. Pydantic validates
the frozen records of `ragortune.model` and derives the JSON Schemas from them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ragortune.errors import Place, ProfileError, RagortuneError, RulebookError, UnreadableError
from ragortune.findings import FindingRule
from ragortune.model import (
    Case,
    Criterion,
    Finding,
    Need,
    Option,
    OptionGuide,
    PriceRow,
    Rule,
    Scale,
    Source,
)
from ragortune.phrases.check import check_phrases
from ragortune.phrases.records import Phrase, PhraseBook, WordList
from ragortune.plaintext import join_words, quote_value, suggest_name
from ragortune.prices import check_row, list_sources
from ragortune.profile import Vocabulary
from ragortune.reading import Document, KeyPath, decode_text, parse_yaml
from ragortune.record import Record, plain_data
from ragortune.rulefolder import MANIFEST, SHIPPED, Files, digest_rules, read_files, shipped_folder


class Disabled(Record):
    """A rule of the extended set that is switched off."""

    rule: str
    """Id of the rule."""
    because: str
    """Why it does not hold for this team."""


class Manifest(Record):
    """`rulebook.yaml`: the name of a rule set, what it builds on, and the numbers behind its words."""

    name: str
    """Name of the rule set."""
    version: str
    """Its version."""
    extends: str | None = None
    """`ragortune` to build on the shipped rule set; left out where the set stands alone."""
    scale: Scale | None = None
    """The numbers behind the words; may be left out where the set extends another."""
    recheck_days: int | None = None
    """How many days a source stays fresh; 365 if left out."""
    disable: tuple[Disabled, ...] = ()
    """Rules of the extended set that are switched off, each with its reason."""


class CriteriaFile(Record):
    """A file in `criteria/`."""

    criteria: tuple[Criterion, ...]
    """Criteria in the order in which they are shown."""


class RulesFile(Record):
    """A file in `rules/`."""

    rules: tuple[Rule, ...]
    """Rules, sorted by code."""


class SourcesFile(Record):
    """A file in `sources/`."""

    sources: tuple[Source, ...]
    """Sources, sorted by id."""


class OptionsFile(Record):
    """A file in `options/`."""

    options: tuple[OptionGuide, ...]
    """One guide for each option."""


class CasesFile(Record):
    """A file in `cases/`."""

    cases: tuple[Case, ...]
    """Published projects and studies."""


class PhrasesFile(Record):
    """A file in `phrases/`."""

    phrases: tuple[Phrase, ...] = ()
    """Wordings that answer criteria, sorted by id."""
    words: tuple[WordList, ...] = ()
    """Lists of words that the patterns of every file name as `@id`."""


class DerivedFile(Record):
    """A file in `derived/`."""

    derived: tuple[Criterion, ...]
    """Criteria that are computed from quantities; all are named `derived.name`."""


class PricesFile(Record):
    """A file in `prices/`."""

    prices: tuple[PriceRow, ...]
    """Price rows, sorted by id."""


class FindingsFile(Record):
    """A file in `findings/`."""

    findings: tuple[FindingRule, ...]
    """What `check` looks for in design documents, sorted by code."""


FILE_TYPES: Mapping[str, type] = MappingProxyType(
    {
        "criteria": CriteriaFile,
        "rules": RulesFile,
        "sources": SourcesFile,
        "options": OptionsFile,
        "cases": CasesFile,
        "phrases": PhrasesFile,
        "derived": DerivedFile,
        "prices": PricesFile,
        "findings": FindingsFile,
    }
)
_SINGULAR = MappingProxyType(
    {
        "criteria": "criterion",
        "rules": "rule",
        "sources": "source",
        "options": "option",
        "cases": "case",
        "phrases": "phrase",
        "words": "list of words",
        "derived": "criterion",
        "prices": "price row",
        "findings": "finding rule",
    }
)
_KINDS_OF: Mapping[str, tuple[str, ...]] = MappingProxyType({"phrases": ("words", "phrases")})
"""Kinds of record in a file, where they are not named like the folder."""
_RECORD_KINDS = (*FILE_TYPES, "words")


class Authored:
    """A rule set as it was written: records, and where each stands."""

    def __init__(self, folder: str, manifest: Manifest, digest: str) -> None:
        """Begin without records."""
        self.folder = folder
        self.manifest = manifest
        self.digest = digest
        self.records: dict[str, dict[str, Any]] = {kind: {} for kind in _RECORD_KINDS}
        """Records by kind and id."""
        self.origins: dict[tuple[str, str], tuple[Document, KeyPath]] = {}
        """For each kind and id the file and key path of the record."""
        self.disabled: dict[str, str] = {}
        self.problems: list[RagortuneError] = []

    def place_of(self, kind: str, record_id: str, *path: str | int, key: bool = False) -> Place:
        """Return where (a part of) a record stands."""
        origin = self.origins.get((kind, record_id))
        if origin is None:
            return Place(os.path.join(self.folder, MANIFEST))
        return origin[0].place_of((*origin[1], *path), key=key)

    def report(self, message: str, place: Place, hint: str | None = None) -> None:
        """Note a problem that makes the rule set unusable."""
        self.problems.append(RulebookError(message, place, hint))


def author_folder(folder: str) -> Authored:
    """Read a rule set with everything it extends; problems are collected, not raised.

    Raises UnreadableError where a file cannot be read as YAML, and RulebookError where the manifest is unusable.
    """
    files = read_files(folder)
    document = _parse_file(folder, MANIFEST, files[MANIFEST])
    problems: list[RagortuneError] = []
    manifest = _validate(Manifest, document, problems)
    if manifest is None:
        raise RulebookError(problems[0].message, problems[0].place, problems[0].hint, tuple(problems))
    base = None
    if manifest.extends is not None:
        if manifest.extends != SHIPPED:
            message = f"'extends' must be '{SHIPPED}', not {quote_value(manifest.extends)}"
            raise RulebookError(message, document.place_of(("extends",)))
        base = author_folder(shipped_folder())
    elif manifest.scale is None:
        message = f"a rule set that does not extend '{SHIPPED}' needs a 'scale'"
        raise RulebookError(message, document.place_of(()))
    authored = Authored(folder, manifest, digest_rules(files))
    if base:
        authored.records = {kind: dict(records) for kind, records in base.records.items()}
        authored.origins.update(base.origins)
        authored.problems += base.problems
        if manifest.scale is None:
            authored.manifest = manifest.replace(scale=base.manifest.scale)
    _read_records(authored, files)
    _disable_rules(authored, document, base)
    _check_names(authored)
    return authored


def _parse_file(folder: str, name: str, data: bytes) -> Document:
    path = os.path.relpath(os.path.join(folder, name))
    if path.startswith(".."):
        path = os.path.join(folder, name)
    return parse_yaml(decode_text(data, path), path)


def _read_records(authored: Authored, files: Files) -> None:
    mine: set[tuple[str, str]] = set()
    for name in sorted(files):
        if name == MANIFEST:
            continue
        kind = name.partition("/")[0]
        document = _parse_file(authored.folder, name, files[name])
        file_type = FILE_TYPES.get(kind) if "/" in name else None
        if file_type is None:
            message = (
                f"a rule set keeps its files in {join_words((f'{known}/' for known in FILE_TYPES), 'or')}"
            )
            authored.report(message, Place(document.path))
            continue
        parsed = _validate(file_type, document, authored.problems)
        if parsed is None:
            continue
        for part in _KINDS_OF.get(kind, (kind,)):
            _take_records(authored, document, part, getattr(parsed, part), mine)


def _take_records(
    authored: Authored, document: Document, kind: str, records: Iterable[Any], mine: set[tuple[str, str]]
) -> None:
    """Add the records of one kind in a file; a record of the extended set is overridden, one of this set is not."""
    for index, record in enumerate(records):
        place = document.place_of((kind, index, "id"))
        if (kind, record.id) in mine:
            authored.report(f"{_SINGULAR[kind]} '{record.id}' is defined twice", place)
            continue
        mine.add((kind, record.id))
        authored.records[kind][record.id] = record
        authored.origins[kind, record.id] = (document, (kind, index))


def _disable_rules(authored: Authored, document: Document, base: Authored | None) -> None:
    shipped = {**base.records["rules"], **base.records["findings"]} if base else {}
    for index, entry in enumerate(authored.manifest.disable):
        place = document.place_of(("disable", index, "rule"))
        if entry.rule not in shipped:
            hint = suggest_name(entry.rule, shipped) if base else None
            authored.report(f"there is no rule {quote_value(entry.rule)} to disable", place, hint)
            continue
        kind = "findings" if entry.rule in authored.records["findings"] else "rules"
        if authored.records[kind].pop(entry.rule, None) is not None:
            authored.disabled[entry.rule] = entry.because


# --- validation ---------------------------------------------------------------------------------------------------


@cache
def adapter_of(file_type: type) -> TypeAdapter[Any]:
    """Return what validates a kind of file and describes it."""
    return TypeAdapter(file_type)


def _validate(file_type: type, document: Document, problems: list[RagortuneError]) -> Any:
    """Return the typed content of a file, or None after noting what is wrong with it."""
    try:
        return adapter_of(file_type).validate_python(document.data, strict=False)
    except ValidationError as error:
        seen: set[Place] = set()
        for detail in error.errors():
            problem = _explain_detail(detail, document, file_type)
            if problem.place not in seen:
                problems.append(problem)
            seen.add(problem.place or Place())
        return None


def read_price_file(document: Document) -> tuple[PriceRow, ...]:
    """Return the rows of a price file outside any rule set; raises RulebookError with every problem."""
    problems: list[RagortuneError] = []
    parsed = _validate(PricesFile, document, problems)
    for index, row in enumerate(parsed.prices if parsed else ()):
        for complaint in check_row(row):
            place = document.place_of(("prices", index, *complaint.path))
            problems.append(RulebookError(complaint.message, place, complaint.hint))
    if problems:
        raise RulebookError(problems[0].message, problems[0].place, problems[0].hint, tuple(problems))
    rows: tuple[PriceRow, ...] = parsed.prices
    return rows


def _explain_detail(detail: Any, document: Document, file_type: type) -> RulebookError:
    """Word one complaint of the validator with its place and the nearest valid name."""
    path = _real_path(detail["loc"], document.data)
    kind, given = detail["type"], detail["input"]
    shown = ".".join(str(part) for part in path) or "the file"
    if kind in ("unexpected_keyword_argument", "extra_forbidden"):
        known = _known_keys(file_type, path[:-1])
        place = document.place_of(path, key=True)
        return RulebookError(
            f"there is no key {quote_value(path[-1])} here", place, suggest_name(path[-1], known)
        )
    if kind in ("missing", "missing_argument"):
        parent = document.place_of(path[:-1])
        return RulebookError(f"{quote_value(path[-1])} is missing", parent)
    if kind == "enum":
        allowed = [
            word.strip().strip("'") for word in detail["ctx"]["expected"].replace(" or ", ",").split(",")
        ]
        message = f"'{shown}' must be {join_words(allowed, 'or')}, not {quote_value(given)}"
        return RulebookError(message, document.place_of(path), suggest_name(given, allowed))
    message = f"'{shown}': {detail['msg'][:1].lower()}{detail['msg'][1:]}, not {quote_value(given)}"
    return RulebookError(message, document.place_of(path))


def _real_path(loc: tuple[Any, ...], data: object) -> KeyPath:
    """Return the part of a validator's location that exists in the data, with the last key that is missing."""
    path: list[str | int] = []
    for part in loc:
        if (isinstance(data, Mapping) and part in data) or (
            isinstance(data, (list, tuple)) and isinstance(part, int) and part < len(data)
        ):
            path.append(part)
            data = data[part]
        elif isinstance(data, Mapping) and part is loc[-1]:
            path.append(str(part))
    return tuple(path)


def _known_keys(file_type: type, path: KeyPath) -> list[str]:
    """Return the keys that a record at this path may have."""
    import typing

    current: Any = file_type
    for part in path:
        if isinstance(part, int):
            continue
        if _is_record(current):
            current = typing.get_type_hints(current).get(part)
        current = next((inner for inner in _inner_types(current) if _is_record(inner)), current)
    return list(current.field_names()) if _is_record(current) else []


def _is_record(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, Record)


def _inner_types(hint: Any) -> Iterable[Any]:
    import typing

    yield hint
    for inner in typing.get_args(hint):
        yield from _inner_types(inner)


def _check_names(authored: Authored) -> None:
    """Note every name in a rule that nothing bears."""
    criteria = authored.records["criteria"]
    codes: dict[str, str] = {}
    vocabulary = Vocabulary({**criteria, **authored.records["derived"]})
    for kind in ("rules", "findings"):
        for rule in authored.records[kind].values():
            owner = codes.setdefault(rule.code, rule.id)
            if owner != rule.id:
                place = authored.place_of(kind, rule.id, "code")
                authored.report(f"code '{rule.code}' is taken by rule '{owner}'", place)
            _check_rule(authored, vocabulary, kind, rule)
    _check_finding_rules(authored)
    _check_cases(authored)
    for kind in ("criteria", "derived"):
        for criterion in authored.records[kind].values():
            _check_criterion(authored, criterion, kind)
    for row in authored.records["prices"].values():
        _check_price(authored, row)
    _check_phrases(authored)
    for option in Option:
        if option not in authored.records["options"]:
            authored.report(f"option '{option}' has no guide in options/", Place(authored.folder))


def _check_cases(authored: Authored) -> None:
    vocabulary = Vocabulary(authored.records["criteria"])
    for case in authored.records["cases"].values():
        try:
            vocabulary.read_profile(dict(case.profile))
        except ProfileError as error:
            place = authored.place_of("cases", case.id, "profile")
            authored.report(f"case '{case.id}': {error.message}", place, error.hint)


def _check_phrases(authored: Authored) -> None:
    for problem in check_phrases(phrase_book(authored), authored.records["criteria"]):
        place = authored.place_of(problem.kind, problem.id, *problem.path)
        authored.report(problem.message, place, problem.hint)


def _check_rule(authored: Authored, vocabulary: Vocabulary, kind: str, rule: Rule | FindingRule) -> None:
    for part in ("when", "unless"):
        for name, wanted in getattr(rule, part).items():
            _check_condition(authored, (kind, rule.id, part), name, wanted)
    for index, finding in enumerate(rule.sources):
        _check_source(authored, (kind, rule.id), index, finding)
    for side in ("fires", "silent"):
        for index, example in enumerate(getattr(rule.tests, side)):
            _check_example(authored, vocabulary, (kind, rule.id, "tests", side, index), example.profile)


def _check_finding_rules(authored: Authored) -> None:
    rules, criteria = authored.records["rules"], authored.records["criteria"]
    for rule in authored.records["findings"].values():
        if rule.id in rules:
            place = authored.place_of("findings", rule.id, "id")
            authored.report(f"'{rule.id}' is the name of a rule already", place)
        for index, name in enumerate(rule.asks):
            if name not in criteria:
                place = authored.place_of("findings", rule.id, "asks", index)
                hint = suggest_name(name, criteria)
                authored.report(f"there is no criterion {quote_value(name)}", place, hint)


_RulePart = tuple[str, str, str]
"""Kind and id of a record, and a part of it."""


def _check_condition(authored: Authored, at: _RulePart, name: str, wanted: object) -> None:
    criteria = {**authored.records["criteria"], **authored.records["derived"]}
    criterion = criteria.get(name)
    if criterion is None:
        place = authored.place_of(*at, name, key=True)
        authored.report(f"there is no criterion {quote_value(name)}", place, suggest_name(name, criteria))
        return
    place = authored.place_of(*at, name)
    if isinstance(wanted, (str, tuple)):
        levels = [wanted] if isinstance(wanted, str) else list(wanted)
    else:
        levels = [level for level in (wanted.at_least, wanted.at_most) if level is not None]  # type: ignore[attr-defined]
        if criterion.nominal:
            authored.report(f"the levels of '{name}' have no order; list them instead", place)
    if not levels:
        authored.report(f"the condition on '{name}' names no level", place)
    for level in levels:
        if level not in criterion.level_ids:
            hint = suggest_name(level, criterion.level_ids)
            authored.report(f"'{name}' has no level {quote_value(level)}", place, hint)


def _check_source(authored: Authored, at: tuple[str, str], index: int, finding: Finding) -> None:
    sources = authored.records["sources"]
    if finding.source not in sources:
        place = authored.place_of(*at, "sources", index, "source")
        authored.report(
            f"there is no source {quote_value(finding.source)}", place, suggest_name(finding.source, sources)
        )


def _check_example(
    authored: Authored,
    vocabulary: Vocabulary,
    at: tuple[str, str, str, str, int],
    profile: Mapping[str, object],
) -> None:
    try:
        vocabulary.read_profile(dict(profile))
    except ProfileError as error:
        place = authored.place_of(*at, "profile")
        authored.report(error.message, place, error.hint)


def _check_criterion(authored: Authored, criterion: Criterion, kind: str) -> None:
    if len(set(criterion.level_ids)) != len(criterion.level_ids):
        authored.report(
            f"'{criterion.id}' names a level twice", authored.place_of(kind, criterion.id, "levels")
        )
    if "." not in criterion.id or (criterion.group == "derived") != (kind == "derived"):
        form = "derived.name" if kind == "derived" else "group.name"
        place = authored.place_of(kind, criterion.id, "id")
        authored.report(f"criterion {quote_value(criterion.id)} is not named `{form}`", place)
    if criterion.unit and not any(level.starts_at is not None for level in criterion.levels):
        place = authored.place_of(kind, criterion.id, "unit")
        authored.report(f"'{criterion.id}' has a unit, but no level says where it starts", place)


def phrase_book(authored: Authored) -> PhraseBook:
    """Return the phrases of an authored rule set."""
    words = {name: listed.any for name, listed in authored.records["words"].items()}
    return PhraseBook(tuple(authored.records["phrases"].values()), words)


def _check_price(authored: Authored, row: PriceRow) -> None:
    for complaint in check_row(row):
        authored.report(
            complaint.message, authored.place_of("prices", row.id, *complaint.path), complaint.hint
        )
    for name in list_sources(row):
        if name not in authored.records["sources"]:
            place = authored.place_of("prices", row.id, "source")
            hint = suggest_name(name, authored.records["sources"])
            authored.report(f"there is no source {quote_value(name)}", place, hint)


# --- compiled form ------------------------------------------------------------------------------------------------


def compile_folder(folder: str) -> dict[str, Any]:
    """Return a rule set as plain data, for `ragortune.rulebook`; raises RulebookError with every problem."""
    authored = author_folder(folder)
    raise_problems(authored)
    return compile_authored(authored)


def raise_problems(authored: Authored) -> None:
    """Raise RulebookError if the rule set cannot be used."""
    if authored.problems:
        first = authored.problems[0]
        raise RulebookError(first.message, first.place, first.hint, tuple(authored.problems))


def compile_authored(authored: Authored) -> dict[str, Any]:
    """Return an authored rule set as plain data."""
    scale = authored.manifest.scale
    assert scale is not None
    kinds = {
        kind: [plain_data(record) for record in records.values()]
        for kind, records in authored.records.items()
    }
    return {
        "name": authored.manifest.name,
        "version": authored.manifest.version,
        "digest": authored.digest,
        "scale": plain_data(scale),
        "recheck_days": authored.manifest.recheck_days or 365,
        "disabled": authored.disabled,
        **kinds,
    }


__all__ = [
    "FILE_TYPES",
    "Authored",
    "Manifest",
    "Need",
    "UnreadableError",
    "adapter_of",
    "author_folder",
    "compile_authored",
    "compile_folder",
    "phrase_book",
    "raise_problems",
    "read_price_file",
]
