"""Reads an authored rule set: strictly, with the place of every record, and all problems collected."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from ragortune.evidence.documents.language import LanguageData
from ragortune.model import EVEN, DisabledRule, Scale, Strength
from ragortune.ruleset.files import ALL_KINDS, KINDS, Manifest, read_records, validate
from ragortune.support.errors import Place, RagortuneError, RulebookError
from ragortune.support.reading import Document, KeyPath, decode_text, parse_yaml
from ragortune.support.rulefolder import (
    MANIFEST,
    SHIPPED,
    Files,
    digest_rules,
    read_files,
    shipped_folder,
)
from ragortune.support.text import is_plain, join_words, quote_value

_FORMS: Mapping[str, tuple[re.Pattern[str], str]] = {
    "id": (re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:-]{0,99}"), "letters, digits and any of ._/:-"),
    "code": (re.compile(r"[A-Za-z][A-Za-z0-9-]{0,19}"), "a short code such as RT101"),
    "address": (
        re.compile(r"https?://[^\s<>()\[\]\"\\`]{1,2000}|[A-Za-z0-9][\w./#-]{0,500}"),
        "an http or https address, or a file of the rule set",
    ),
}
"""Patterns of names and addresses, which appear unchanged in reports, annotations and links."""

At = tuple[str | int, ...]
"""Kind and id of a record, and the key path of a part of it."""


class Authored:
    """An authored rule set: its records with their places, and the problems in them."""

    def __init__(self, folder: Path, manifest: Manifest, digest: str, base: Authored | None = None) -> None:
        """Start with the records of the set that is extended, or without any."""
        self.base = base
        """The set that is extended, if any."""
        self.folder = folder
        self.manifest = manifest
        self.digest = digest
        self.records: dict[str, dict[str, Any]] = {kind.name: {} for kind in ALL_KINDS}
        """Records by kind and id."""
        self.origins: dict[At, tuple[Document, KeyPath]] = {}
        """File and key path of each record, by kind and id."""
        self.disabled: dict[str, DisabledRule] = {}
        """The rules of the extended set that are disabled, by id."""
        self.invalid: set[str] = set()
        """Ids of records that are invalid in themselves: what names them is judged once they are valid."""
        self.problems: list[RagortuneError] = []
        self._unfit: set[At] = set()
        if base:
            self.records = {kind: dict(records) for kind, records in base.records.items()}
            self.origins.update(base.origins)
            self.problems += base.problems

    @property
    def language(self) -> LanguageData:
        """The language data for reading design documents."""
        names = [kind.name for kind in KINDS["language"]]
        return LanguageData(**{name: tuple(self.records[name].values()) for name in names})

    def place_of(self, at: At, *, key: bool = False) -> Place:
        """Return the place of a record or of a part of it, or of its key."""
        document, start = self.origins[at[:2]]
        return document.place_of((*start, *at[2:]), key=key)

    def is_own(self, at: At) -> bool:
        """Return whether a record is of this set, not of the one that it extends."""
        return self.base is None or self.origins[at[:2]] is not self.base.origins.get(at[:2])

    def list_own(self, kind: str) -> dict[str, Any]:
        """Return the records of a kind that are of this set, by id."""
        return {name: record for name, record in self.records[kind].items() if self.is_own((kind, name))}

    def report(self, message: str, at: At, hint: str | None = None, *, key: bool = False) -> None:
        """Add a problem that makes the rule set unusable, with the place of a part or of its `key`.

        A record of the extended set is no problem of itself: the one that overrides what it uses is, and is told once.
        """
        override = self._find_override(at, message)
        if override is None:
            self.add_problem(RulebookError(message, self.place_of(at, key=key), hint))
        elif override not in self._unfit:
            self._unfit.add(override)
            message = f"'{override[1]}' no longer fits '{at[1]}' in {at[0]}/ of the extended set: {message}"
            self.report(message, (*override, "id"), "keep what others use, or override or disable them")

    def _find_override(self, at: At, message: str) -> At | None:
        """Return the record of this set that overrides what one of the extended set names, that of the message first."""
        if self.base is None or self.is_own(at):
            return None
        record = repr(self.records[str(at[0])][str(at[1])])
        named = (own for own in self.base.origins if self.is_own(own) and repr(own[1]) in record)
        return min(named, key=lambda own: repr(own[1]) not in message, default=None)

    def report_unknown(self, what: str, name: str, known: Collection[str], at: At, owner: str = "") -> bool:
        """Add a problem if a name, which may be a key, is not defined (by its owner), and return whether it is one.

        An invalid record is a problem already, and what names it is none.
        """
        if name not in known and self.invalid.isdisjoint((name, owner)):
            problem = RulebookError.unknown(what, name, known)
            message = f"'{owner}' has no {what} {quote_value(name)}" if owner else problem.message
            self.report(message, at, problem.hint, key=name == at[-1])
        return name not in known

    def report_unlisted(
        self, what: str, names: Sequence[str], known: Collection[str], at: At, owner: str = ""
    ) -> None:
        """Add a problem for each name in a list that is not defined."""
        for index, name in enumerate(names):
            self.report_unknown(what, name, known, (*at, index), owner)

    def add_problem(self, problem: RagortuneError) -> None:
        """Add a problem; raises RulebookError with all of them if there are too many."""
        RulebookError.collect(self.problems, problem)


def read_folder(folder: Path) -> Authored:
    """Read a rule set with the one that it extends; problems are collected, not raised.

    Raises UnreadableError if a file is not valid YAML, and RulebookError if the manifest is invalid.
    """
    files = read_files(folder)
    document = _parse_file(folder, MANIFEST, files[MANIFEST])
    problems: list[RagortuneError] = []
    manifest = validate(Manifest, document.data, document, problems)
    RulebookError.raise_all(problems)
    base = None
    if manifest.extends is not None:
        if manifest.extends != SHIPPED:
            place = document.place_of(("extends",))
            raise RulebookError.expected("'extends'", f"'{SHIPPED}'", manifest.extends, place)
        base = read_shipped()
    elif manifest.scale is None:
        message = f"a rule set that does not extend '{SHIPPED}' needs a 'scale'"
        raise RulebookError(message, document.place_of(()))
    if manifest.scale is not None:
        _check_scale(manifest.scale, document)
    if manifest.recheck_days < 1:
        place = document.place_of(("recheck_days",))
        raise RulebookError.expected("'recheck_days'", "at least 1", manifest.recheck_days, place)
    if base:
        manifest = manifest.replace(scale=manifest.scale or base.manifest.scale)
    authored = Authored(folder, manifest, digest_rules(files), base)
    _read_records(authored, files)
    _disable_rules(authored, document)
    criteria = authored.records["criteria"]
    for index, name in enumerate(manifest.scale.ask_first if manifest.scale else ()):
        if name not in criteria and name not in authored.invalid:
            place = document.place_of(("scale", "ask_first", index))
            authored.add_problem(RulebookError.unknown("criterion", name, criteria, place))
    return authored


@lru_cache(maxsize=1)
def read_shipped() -> Authored:
    """Return the shipped rule set as it is written, read once."""
    return read_folder(shipped_folder())


_TOO_LARGE = 2**63
_MAX_LOG_ODDS = 20.0
"""Log-odds at which a probability is 0 or 1 to eight digits."""


def _check_scale(scale: Scale, document: Document) -> None:
    """Raise RulebookError if a number of the scale is out of range or the strengths are not in order."""
    limits = {
        "intercept_rag": (-_MAX_LOG_ODDS, _MAX_LOG_ODDS),
        "intercept_fine_tuning": (-_MAX_LOG_ODDS, _MAX_LOG_ODDS),
        "unconfirmed": (0.0, _MAX_LOG_ODDS),
        "firm_from": (EVEN, 1.0),
        "ask_from": (0.0, 1.0),
    }
    least = 0.001
    for strength in Strength:
        limits[strength.value] = (least, _MAX_LOG_ODDS)
        least = scale.weight(strength)
    for name, (low, high) in limits.items():
        value = getattr(scale, name)
        if not low <= value <= high:
            message = f"'scale.{name}' must be from {low:g} to {high:g}, not {value:g}"
            raise RulebookError(message, document.place_of(("scale", name)))


def _parse_file(folder: Path, name: str, data: bytes) -> Document:
    path = folder / name
    shown = str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
    document = parse_yaml(decode_text(data, shown), shown)
    _refuse_unusable(document, document.data, ())
    return document


def _refuse_unusable(document: Document, node: object, path: KeyPath) -> None:
    """Raise RulebookError for a text with control or invisible characters, and for a number beyond 64 bits."""
    if isinstance(node, str):
        for odd in () if is_plain(node) else node:
            if not (is_plain(odd) or odd in "\n\t"):
                message = f"holds a character that cannot be shown: {odd!a}"
                raise RulebookError(message, document.place_of(path))
    elif isinstance(node, int) and abs(node) >= _TOO_LARGE:
        raise RulebookError("holds a number that is too large", document.place_of(path))
    elif isinstance(node, Mapping):
        for key, value in node.items():
            _refuse_unusable(document, str(key), (*path, key))
            _refuse_unusable(document, value, (*path, key))
    elif isinstance(node, Sequence):
        for index, value in enumerate(node):
            _refuse_unusable(document, value, (*path, index))


def _read_records(authored: Authored, files: Files) -> None:
    """Add the records of all files; they override those of the extended set, and must be unique in this one."""
    seen: set[tuple[str, str]] = set()
    for name in sorted(files.keys() - {MANIFEST}):
        folder = name.partition("/")[0] if "/" in name else ""
        document = _parse_file(authored.folder, name, files[name])
        if folder not in KINDS:
            known = join_words((f"{known}/" for known in KINDS), "or")
            message = f"a rule set keeps its files in {known}"
            authored.add_problem(RulebookError(message, Place(document.path)))
            continue
        for (kind, index), record in read_records(
            folder, document, authored.problems, seen, authored.invalid
        ):
            authored.records[kind][record.id] = record
            authored.origins[kind, record.id] = (document, (kind, index))
            for field, (form, what) in _FORMS.items():
                value = getattr(record, field, None)
                if isinstance(value, str) and not form.fullmatch(value):
                    message = f"'{field}' must be {what}, not {quote_value(value)}"
                    authored.report(message, (kind, record.id, field))


def _disable_rules(authored: Authored, document: Document) -> None:
    base = authored.base
    shipped = {**base.records["rules"], **base.records["findings"]} if base else {}
    names = {rule.code: name for name, rule in shipped.items()}
    for index, entry in enumerate(authored.manifest.disable):
        place = document.place_of(("disable", index, "rule"))
        name = names.get(entry.rule, entry.rule)
        kind = "rules" if name in authored.records["rules"] else "findings"
        if name not in shipped:
            problem = RulebookError.unknown("rule", name, shipped, place, where="to disable")
            authored.add_problem(problem)
        elif name in authored.disabled:
            authored.add_problem(RulebookError(f"rule '{name}' is disabled twice", place))
        elif authored.is_own((kind, name)):
            message = f"rule '{name}' is both disabled and defined"
            authored.add_problem(RulebookError(message, place, "drop one of the two"))
        else:
            code = authored.records[kind].pop(name).code
            authored.disabled[name] = DisabledRule(code, entry.because, kind == "findings")
