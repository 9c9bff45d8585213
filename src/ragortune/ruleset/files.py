"""Rule sets as people write them: YAML checked against the records of the model, every problem with its place.

Only compiling, checking and schema export come here; a start with a compiled rule set does not. Pydantic validates
the frozen records of `ragortune.model` and derives the JSON Schemas from them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError

from ragortune.evidence.documents.language import LanguageData
from ragortune.evidence.profile import Vocabulary
from ragortune.model import EVEN, AnswerCount, Case, Criterion, PriceRow, Sample, Scale, Strength
from ragortune.model.prices import check_row
from ragortune.ruleset.authored import FILE_TYPES, KINDS_OF, SINGULAR, Authored, Manifest, PricesFile
from ragortune.ruleset.compiled import CompiledRules, CompiledSet
from ragortune.ruleset.references import check_references
from ragortune.support.errors import Place, RagortuneError, RulebookError
from ragortune.support.reading import Document, KeyPath, decode_text, parse_yaml
from ragortune.support.record import Record
from ragortune.support.rulefolder import MANIFEST, SHIPPED, Files, digest_rules, read_files, shipped_folder
from ragortune.support.text import join_words, quote_value, suggest_name


def author_folder(folder: Path) -> Authored:
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
    if manifest.scale is not None:
        _check_scale(manifest.scale, document)
    authored = Authored(folder, manifest, digest_rules(files))
    if base:
        authored.records = {kind: dict(records) for kind, records in base.records.items()}
        authored.origins.update(base.origins)
        authored.problems += base.problems
        if manifest.scale is None:
            authored.manifest = manifest.replace(scale=base.manifest.scale)
    _read_records(authored, files)
    _disable_rules(authored, document, base)
    check_references(authored)
    return authored


_MOST_LOG_ODDS = 20.0
"""Beyond it a probability is 0 or 1 to eight digits."""


def _check_scale(scale: Scale, document: Document) -> None:
    """Raise RulebookError where a number behind a word makes no sense: words in order, probabilities from 0 to 1."""
    limits = {
        "intercept_rag": (-_MOST_LOG_ODDS, _MOST_LOG_ODDS),
        "intercept_fine_tuning": (-_MOST_LOG_ODDS, _MOST_LOG_ODDS),
        "unconfirmed": (0.0, _MOST_LOG_ODDS),
        "firm_from": (EVEN, 1.0),
        "ask_from": (0.0, 1.0),
    }
    least = 0.001
    for strength in Strength:
        limits[strength.value] = (least, _MOST_LOG_ODDS)
        least = scale.weight(strength)
    for name, (low, high) in limits.items():
        value = getattr(scale, name)
        if not low <= value <= high:
            message = f"'scale.{name}' must be from {low:g} to {high:g}, not {value:g}"
            raise RulebookError(message, document.place_of(("scale", name)))


def _parse_file(folder: Path, name: str, data: bytes) -> Document:
    path = os.path.relpath(folder / name)
    if path.startswith(".."):
        path = str(folder / name)
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
        for part in KINDS_OF.get(kind, (kind,)):
            _take_records(authored, document, part, getattr(parsed, part), mine)


def _take_records(
    authored: Authored, document: Document, kind: str, records: Iterable[Any], mine: set[tuple[str, str]]
) -> None:
    """Add the records of one kind in a file; a record of the extended set is overridden, one of this set is not."""
    for index, record in enumerate(records):
        place = document.place_of((kind, index, "id"))
        if (kind, record.id) in mine:
            authored.report(f"{SINGULAR[kind]} '{record.id}' is defined twice", place)
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
    current: Any = file_type
    for part in path:
        if isinstance(part, int):
            continue
        if _is_record(current):
            current = get_type_hints(current).get(part)
        current = next((inner for inner in _inner_types(current) if _is_record(inner)), current)
    return list(current.field_names()) if _is_record(current) else []


def _is_record(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, Record)


def _inner_types(hint: Any) -> Iterable[Any]:
    yield hint
    for inner in get_args(hint):
        yield from _inner_types(inner)


# --- compiled form ------------------------------------------------------------------------------------------------


def compile_folder(folder: Path) -> CompiledSet:
    """Return the compiled form of the rule set in a folder; raises RulebookError with every problem."""
    authored = author_folder(folder)
    raise_problems(authored)
    return compile_authored(authored)


def raise_problems(authored: Authored) -> None:
    """Raise RulebookError if the rule set cannot be used."""
    if authored.problems:
        first = authored.problems[0]
        raise RulebookError(first.message, first.place, first.hint, tuple(authored.problems))


def compile_authored(authored: Authored) -> CompiledSet:
    """Return the compiled form of an authored rule set that has no problems."""
    manifest = authored.manifest
    assert manifest.scale is not None
    records = {kind: tuple(own.values()) for kind, own in authored.records.items()}
    rules = CompiledRules(
        name=manifest.name,
        version=manifest.version,
        digest=authored.digest,
        scale=manifest.scale,
        recheck_days=manifest.recheck_days or 365,
        disabled=authored.disabled,
        criteria=records["criteria"],
        derived=records["derived"],
        quantities=records["quantities"],
        rules=records["rules"],
        sources=records["sources"],
        options=records["options"],
        answer_counts=count_answers(authored.records["criteria"], authored.records["cases"].values()),
    )
    language = LanguageData(**{kind: records[kind] for kind in KINDS_OF["language"]})
    return CompiledSet(rules, records["cases"], language, records["prices"], records["findings"])


def count_answers(
    criteria: Mapping[str, Criterion], cases: Iterable[Case]
) -> dict[str, tuple[AnswerCount, ...]]:
    """Return for each criterion how often the field sample gives each answer; one between levels counts in parts."""
    vocabulary = Vocabulary(criteria)
    counts: dict[str, dict[tuple[str, ...], float]] = {}
    for case in cases:
        if case.sample is not Sample.FIELD:
            continue
        for name, levels in vocabulary.read_profile(dict(case.profile)).levels.items():
            own = counts.setdefault(name, {})
            answers = [levels] if criteria[name].several else [(level,) for level in levels]
            for answer in answers:
                own[answer] = own.get(answer, 0.0) + 1 / len(answers)
    return {
        name: tuple(AnswerCount(levels, count) for levels, count in sorted(own.items()))
        for name, own in counts.items()
    }
