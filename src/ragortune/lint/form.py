"""What each record of a rule set must have: sources, exceptions, tests, names, order, dates."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping

from ragortune.evidence.documents.language import FactWords
from ragortune.lint.records import RuleFinding
from ragortune.model import Rule
from ragortune.model.findings import Detector, FindingRule
from ragortune.model.prices import list_sources
from ragortune.ruleset.author import Authored

_CODE = re.compile(r"[A-Z][0-9]{2}\Z")
_FINDING_CODE = re.compile(r"RT[0-9]{3}\Z")
_VERSION = re.compile(r"[0-9]+(?:\.[0-9]+)*\Z")
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")


def check_form(authored: Authored) -> Iterator[RuleFinding]:
    """Yield what a record lacks, and what nothing uses."""
    rules: Mapping[str, Rule] = authored.records["rules"]
    for rule in rules.values():
        yield from _check_rule_form(authored, rule)
    for finding_rule in authored.records["findings"].values():
        yield from _check_finding_form(authored, finding_rule)
    for phrase in authored.records["facts"].values():
        yield from _check_phrase_form(authored, phrase)
    yield from _check_order(authored)
    if not authored.problems:  # a record that cannot be read may be the one that uses them
        yield from _check_use(authored)


def _check_use(authored: Authored) -> Iterator[RuleFinding]:
    """Yield sources and criteria that nothing uses."""
    rules: Mapping[str, Rule] = authored.records["rules"]
    checked = (*rules.values(), *authored.records["findings"].values())
    used = {finding.source for rule in checked for finding in rule.sources}
    used |= {name for row in authored.records["prices"].values() for name in list_sources(row)}
    for source in authored.records["sources"]:
        if source not in used:
            place = authored.place_of("sources", source, "id")
            yield RuleFinding("unused-source", f"no rule or price uses source '{source}'", place)
    read = {name for rule in rules.values() for name in rule.criteria}
    for kind in ("criteria", "derived"):
        for name in authored.records[kind]:
            if name not in read:
                place = authored.place_of(kind, name, "id")
                yield RuleFinding(
                    "unused-criterion", f"no rule reads '{name}'", place, "write a rule, or drop it"
                )


def _check_rule_form(authored: Authored, rule: Rule) -> Iterator[RuleFinding]:
    def found(name: str, message: str, *path: str, hint: str | None = None) -> RuleFinding:
        return RuleFinding(
            name, f"rule '{rule.id}' {message}", authored.place_of("rules", rule.id, *path), hint
        )

    if not rule.sources:
        yield found(
            "missing-source", "has no source", "sources", hint="every rule rests on published evidence"
        )
    if not rule.exceptions:
        yield found("missing-exception", "does not say when it misleads", "exceptions")
    for side, what in (("fires", "that it fires"), ("silent", "that it does not fire")):
        if not getattr(rule.tests, side):
            yield found(
                "missing-test", f"has no test {what}", "tests", hint=f"add a profile under tests.{side}"
            )
    if not (rule.effects or rule.gates or rule.notice or rule.technique):
        yield found("dead-rule", "does nothing: it has no effect, gate, notice or technique", "id")
    if not rule.when:
        yield found("malformed", "has no condition", "when")
    if not _CODE.match(rule.code):
        yield found("malformed", f"has a code that is not a letter and two digits: '{rule.code}'", "code")
    if not _SLUG.match(rule.id):
        yield found("malformed", "is not named in lower case with hyphens", "id")


def _check_phrase_form(authored: Authored, phrase: FactWords) -> Iterator[RuleFinding]:
    place = authored.place_of("facts", phrase.id, "id")
    if not _SLUG.match(phrase.id):
        message = f"phrase '{phrase.id}' is not named in lower case with hyphens"
        yield RuleFinding("malformed", message, place)
    for side, what in (("stated", "that states it"), ("silent", "that does not")):
        if not getattr(phrase.tests, side):
            message = f"phrase '{phrase.id}' has no sentence {what}"
            yield RuleFinding("missing-test", message, place, f"add one under tests.{side}")


def _check_finding_form(authored: Authored, rule: FindingRule) -> Iterator[RuleFinding]:
    def found(name: str, message: str, *path: str, hint: str | None = None) -> RuleFinding:
        place = authored.place_of("findings", rule.id, *path)
        return RuleFinding(name, f"finding rule '{rule.id}' {message}", place, hint)

    if not rule.sources and not rule.detector.about_comments:
        yield found("missing-source", "has no source", "id", hint="only rules about suppressions need none")
    if not rule.exceptions:
        yield found("missing-exception", "does not say when it misleads", "exceptions")
    for side in ("fires", "silent"):
        if not getattr(rule.tests, side):
            yield found("missing-test", f"has no test under tests.{side}", "tests")
    if rule.detector is Detector.ANSWERS and not rule.when:
        yield found("malformed", "has no condition", "detector")
    if not _FINDING_CODE.match(rule.code):
        yield found("malformed", f"has a code that is not RT with three digits: '{rule.code}'", "code")
    if not _SLUG.match(rule.id):
        yield found("malformed", "is not named in lower case with hyphens", "id")
    if not _VERSION.match(rule.since):
        yield found("malformed", "has a 'since' that is not a version (numbers separated by dots)", "since")


_ORDERED = (
    ("rules", "code"),
    ("sources", "id"),
    ("cases", "id"),
    ("prices", "id"),
    ("findings", "code"),
)


def _check_order(authored: Authored) -> Iterator[RuleFinding]:
    for kind, key in _ORDERED:
        last: dict[str, str] = {}
        for record_id, record in authored.records[kind].items():
            origin = authored.origins.get((kind, record_id))
            if origin is None:
                continue
            path, value = origin[0].path, getattr(record, key)
            if value < last.get(path, ""):
                place = authored.place_of(kind, record_id, key)
                yield RuleFinding("unsorted", f"'{value}' comes after '{last[path]}'; sort by {key}", place)
            last[path] = max(value, last.get(path, ""))


def check_freshness(authored: Authored, today: dt.date) -> Iterator[RuleFinding]:
    """Yield sources that were last read longer ago than the rules that rest on them allow."""
    default = authored.manifest.recheck_days or 365
    limits: dict[str, int] = {}
    users: dict[str, str] = {}
    for rule in authored.records["rules"].values():
        for finding in rule.sources:
            limit = rule.recheck_days or default
            if limit < limits.get(finding.source, 10**6):
                limits[finding.source], users[finding.source] = limit, rule.id
    for source in authored.records["sources"].values():
        place = authored.place_of("sources", source.id, "checked")
        try:
            checked = dt.date.fromisoformat(source.checked)
        except ValueError:
            yield RuleFinding(
                "malformed", f"'checked' of source '{source.id}' is not a date (YYYY-MM-DD)", place
            )
            continue
        age, limit = (today - checked).days, limits.get(source.id, default)
        if age < 0:
            yield RuleFinding("malformed", f"source '{source.id}' was checked in the future", place)
        elif age > limit:
            user = users.get(source.id)
            allows = f"rule '{user}' allows" if user else "the rule set allows"
            message = f"source '{source.id}' was last checked {age} days ago; {allows} {limit}"
            yield RuleFinding("stale-source", message, place, "read it again and set the date")
