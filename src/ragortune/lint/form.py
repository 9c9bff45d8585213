"""The entry point of all checks of a rule set, and those of single records: sources, tests, names and dates."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from ragortune.evidence.documents.language import FactWords
from ragortune.lint.logic import check_logic
from ragortune.model import Rule
from ragortune.model.findings import Detector, FindingRule, RuleFinding
from ragortune.model.prices import count_days, is_date, list_sources
from ragortune.ruleset.author import Authored, read_folder
from ragortune.ruleset.compile import compile_authored
from ragortune.ruleset.files import ALL_KINDS, KINDS
from ragortune.ruleset.references import check_references
from ragortune.support.errors import Place
from ragortune.support.reading import YAML_ENDINGS, walk_folder

_SINGULAR = {kind.name: kind.singular for kind in ALL_KINDS}
_VERSION = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def check_folder(folder: Path, today: str) -> tuple[RuleFinding, ...]:
    """Return all problems of the rule set in a folder; raises RagortuneError if a file cannot be read.

    `today` is the date by which sources are judged, YYYY-MM-DD.
    """
    authored = read_folder(folder)
    check_references(authored)
    findings = [
        RuleFinding("malformed", problem.message, problem.place or Place(str(folder)), problem.hint)
        for problem in authored.problems
    ]
    findings += _check_files(folder)
    findings += check_form(authored)
    findings += check_freshness(authored, today)
    if not authored.problems:
        findings += check_logic(authored, compile_authored(authored))
    return tuple(sorted(findings, key=lambda item: (item.place.path or "", item.place.line or 0, item.name)))


def _check_files(folder: Path) -> Iterator[RuleFinding]:
    """Yield files in the folders of a rule set that are not read."""
    for kind in filter(os.path.isdir, map(folder.joinpath, KINDS)):
        for base, _, names in walk_folder(kind):
            for name in names:
                if not name.startswith(".") and not name.lower().endswith((*YAML_ENDINGS, ".md")):
                    message = "is not read: a rule set is of YAML files"
                    yield RuleFinding("unread", message, Place(str(Path(base, name))), "name it *.yaml")


def check_form(authored: Authored) -> Iterator[RuleFinding]:
    """Yield problems of single records, and unused records."""
    for kind in ("rules", "findings", "facts"):
        for record in authored.records[kind].values():
            what = f"{_SINGULAR[kind]} '{record.id}'"
            for exists, name, message, key, *hint in _list_problems(record):
                if exists:
                    place = authored.place_of((kind, record.id, key))
                    yield RuleFinding(name, f"{what} {message}", place, *hint)
    if not authored.problems:  # an unreadable record may use them
        yield from _check_use(authored)


_Problem = tuple[bool, str, str, str] | tuple[bool, str, str, str, str]
"""Whether the problem exists, its name, message and key, and a hint."""


def _list_problems(record: Rule | FindingRule | FactWords) -> Iterator[_Problem]:
    """Yield all possible problems of a record."""
    says = "is not named in lower case with hyphens"
    yield not _SLUG.fullmatch(record.id), "malformed", says, "id"
    for side in record.tests.field_names():
        lacks = not getattr(record.tests, side)
        yield lacks, "missing-test", f"has no test under tests.{side}", "tests"
    if isinstance(record, FactWords):
        return
    yield not record.exceptions, "missing-exception", "does not say when it misleads", "exceptions"
    if isinstance(record, Rule):
        code, form, needs_sources = r"[A-Z][0-9]{2}", "a letter and two digits", True
        idle = not (record.effects or record.gates or record.notice or record.technique)
        yield idle, "dead-rule", "does nothing: it has no effect, gate, notice or technique", "id"
        yield not record.when, "malformed", "has no condition", "when"
        never = record.technique is not None and not record.technique.options
        yield never, "dead-rule", "has a technique for no option", "technique"
    else:
        code, form, needs_sources = r"RT[0-9]{3}", "RT with three digits", not record.detector.about_comments
        always = record.detector is Detector.ANSWERS and not record.when
        yield always, "malformed", "has no condition", "detector"
        reads_words = record.detector in (Detector.ABSENCE, Detector.COST)
        wordless = reads_words and not (record.words or record.sections)
        yield wordless, "malformed", "has no words to look for", "detector"
        says = "has a 'since' that is not a version (numbers separated by dots)"
        yield not _VERSION.fullmatch(record.since), "malformed", says, "since"
    hint = "every rule rests on published evidence"
    yield needs_sources and not record.sources, "missing-source", "has no source", "sources", hint
    says = f"has a code that is not {form}: '{record.code}'"
    yield not re.fullmatch(code, record.code), "malformed", says, "code"


def _check_use(authored: Authored) -> Iterator[RuleFinding]:
    """Yield unused sources and criteria."""
    records = authored.records
    checked = (*records["rules"].values(), *records["findings"].values())
    used = {finding.source for rule in checked for finding in rule.sources}
    used |= {name for row in records["prices"].values() for name in list_sources(row)}
    for source in authored.list_own("sources").keys() - used:
        message = f"no rule or price uses source '{source}'"
        yield RuleFinding("unused-source", message, authored.place_of(("sources", source, "id")))
    read = {name for rule in records["rules"].values() for name in rule.criteria}
    for kind in ("criteria", "derived"):
        for name in authored.list_own(kind).keys() - read:
            place, hint = authored.place_of((kind, name, "id")), "write a rule, or drop it"
            yield RuleFinding("unused-criterion", f"no rule reads '{name}'", place, hint)


def check_freshness(authored: Authored, today: str) -> Iterator[RuleFinding]:
    """Yield sources that were checked longer ago than their rules allow."""
    default = authored.manifest.recheck_days
    strictest: dict[str, tuple[int, str]] = {}
    for rule in authored.records["rules"].values():
        for finding in rule.sources:
            allowed = (rule.recheck_days or default, f"rule '{rule.id}' allows")
            strictest[finding.source] = min(strictest.get(finding.source, allowed), allowed)
    for source in authored.list_own("sources").values():
        place = authored.place_of(("sources", source.id, "checked"))
        if not is_date(source.checked):
            message = f"'checked' of source '{source.id}' is not a date (YYYY-MM-DD)"
            yield RuleFinding("malformed", message, place)
            continue
        age = count_days(source.checked, today)
        limit, allows = strictest.get(source.id, (default, "the rule set allows"))
        if age < 0:
            yield RuleFinding("malformed", f"source '{source.id}' was checked in the future", place)
        elif age > limit:
            message = f"source '{source.id}' was last checked {age} days ago; {allows} {limit}"
            yield RuleFinding("stale-source", message, place, "read it again and set the date")
