"""Checks the references of a rule set: criteria, levels, sources, rules, options, prices, phrases."""

from __future__ import annotations

from collections.abc import Mapping

from ragortune.evidence.documents.check import check_language
from ragortune.evidence.profile import Vocabulary
from ragortune.model import Bound, Condition, Criterion, Main, Option, PriceRow, QuantityKind, Rule
from ragortune.model.findings import FindingRule
from ragortune.model.prices import check_row, list_sources
from ragortune.model.profiles import LARGEST_NUMBER
from ragortune.model.units import parse_unit
from ragortune.ruleset.author import Authored
from ragortune.support.errors import Place, ProfileError, QuantityError
from ragortune.support.text import quote_value, suggest_name

_LARGEST_SPREAD = 1_000
_MAX_LEVELS = 100


def check_references(authored: Authored) -> None:
    """Report undefined names and invalid conditions, profiles, quantities and prices in a rule set."""
    records = authored.records
    vocabulary = Vocabulary({**records["criteria"], **records["derived"]}, records["quantities"])
    codes: dict[str, str] = {}
    for kind in ("rules", "findings"):
        for rule in records[kind].values():
            owner = codes.setdefault(rule.code, rule.id)
            if owner != rule.id:
                place = authored.place_of(kind, rule.id, "code")
                authored.report(f"code '{rule.code}' is taken by rule '{owner}'", place)
            _check_rule(authored, vocabulary, kind, rule)
    for finding_rule in records["findings"].values():
        _check_finding_rule(authored, finding_rule)
    for case in records["cases"].values():
        place = authored.place_of("cases", case.id, "profile")
        _check_profile(authored, Vocabulary(records["criteria"]), case.profile, place, f"case '{case.id}': ")
    for kind in ("criteria", "derived"):
        for criterion in records[kind].values():
            _check_criterion(authored, criterion, kind)
    for quantity in records["quantities"].values():
        _check_quantity(authored, quantity)
    for row in records["prices"].values():
        _check_price(authored, row)
    for problem in check_language(authored.language, records["criteria"]):
        place = authored.place_of(problem.kind, problem.id, *problem.path)
        authored.report(problem.message, place, problem.hint)
    for option in Option:
        if option not in records["options"]:
            authored.report(f"option '{option}' has no guide in options/", Place(str(authored.folder)))


def _check_rule(authored: Authored, vocabulary: Vocabulary, kind: str, rule: Rule | FindingRule) -> None:
    for part in ("when", "unless"):
        for name, wanted in getattr(rule, part).items():
            _check_condition(authored, (kind, rule.id, part), name, wanted)
    for index, finding in enumerate(rule.sources):
        _check_source(authored, finding.source, authored.place_of(kind, rule.id, "sources", index, "source"))
    for part in rule.tests.field_names():
        for index, example in enumerate(getattr(rule.tests, part)):
            place = authored.place_of(kind, rule.id, "tests", part, index, "profile")
            _check_profile(authored, vocabulary, example.profile, place)


def _check_finding_rule(authored: Authored, rule: FindingRule) -> None:
    if rule.id in authored.records["rules"]:
        place = authored.place_of("findings", rule.id, "id")
        authored.report(f"'{rule.id}' is the name of a rule already", place)
    criteria = authored.records["criteria"]
    for index, name in enumerate(rule.asks):
        if name not in criteria:
            place = authored.place_of("findings", rule.id, "asks", index)
            authored.report_unknown("criterion", name, criteria, place)


def _check_condition(authored: Authored, at: tuple[str, str, str], name: str, wanted: Condition) -> None:
    """Check a condition on a criterion; `at` is the kind and id of a record, and the part of it."""
    criteria = {**authored.records["criteria"], **authored.records["derived"]}
    criterion = criteria.get(name)
    if criterion is None:
        authored.report_unknown("criterion", name, criteria, authored.place_of(*at, name, key=True))
        return
    place = authored.place_of(*at, name)
    if isinstance(wanted, Main) and not criterion.several:
        authored.report(f"'{name}' has one level only, so none of them is the main one", place)
    if isinstance(wanted, Bound) and criterion.nominal:
        authored.report(f"the levels of '{name}' have no order; list them instead", place)
    named = wanted.main if isinstance(wanted, Main) else wanted
    if isinstance(named, Bound):
        named = tuple(level for level in (named.at_least, named.at_most) if level is not None)
    levels = (named,) if isinstance(named, str) else named
    if not levels:
        authored.report(f"the condition on '{name}' names no level", place)
    for level in levels:
        if level not in criterion.level_ids:
            hint = suggest_name(level, criterion.level_ids)
            authored.report(f"'{name}' has no level {quote_value(level)}", place, hint)


def _check_source(authored: Authored, name: str, place: Place) -> None:
    if name not in authored.records["sources"]:
        authored.report_unknown("source", name, authored.records["sources"], place)


def _check_profile(
    authored: Authored, vocabulary: Vocabulary, profile: Mapping[str, object], place: Place, owner: str = ""
) -> None:
    try:
        vocabulary.read_profile(dict(profile))
    except ProfileError as error:
        authored.report(f"{owner}{error.message}", place, error.hint)


def _check_criterion(authored: Authored, criterion: Criterion, kind: str) -> None:
    for name, wanted in criterion.asked_when.items():
        _check_condition(authored, (kind, criterion.id, "asked_when"), name, wanted)
    form = "derived.name" if kind == "derived" else "group.name"
    misnamed = "." not in criterion.id or (criterion.group == "derived") != (kind == "derived")
    without_start = all(level.starts_at is None for level in criterion.levels)
    for part, broken, message in (
        ("levels", len(set(criterion.level_ids)) != len(criterion.levels), "names a level twice"),
        ("levels", len(criterion.levels) > _MAX_LEVELS, f"has more than {_MAX_LEVELS} levels"),
        (
            "several",
            criterion.several and not criterion.nominal,
            "has levels in order, so several cannot hold at once",
        ),
        ("id", misnamed, f"is not named `{form}`"),
        ("unit", criterion.unit and without_start, "has a unit, but no level says where it starts"),
    ):
        if broken:
            place = authored.place_of(kind, criterion.id, part)
            authored.report(f"criterion {quote_value(criterion.id)} {message}", place)


def _check_quantity(authored: Authored, kind: QuantityKind) -> None:
    place = authored.place_of("quantities", kind.id)
    for name in filter(None, (kind.criterion, kind.depends_on)):
        if name not in authored.records["criteria"]:
            authored.report_unknown("criterion", name, authored.records["criteria"], place)
    for name in kind.rows:
        if name not in authored.records["price_kinds"]:
            authored.report_unknown("kind of price row", name, authored.records["price_kinds"], place)
    if not 0 <= kind.minimum <= kind.maximum <= LARGEST_NUMBER:
        message = f"'{kind.id}' needs 0 <= minimum <= maximum <= {LARGEST_NUMBER:g}"
        authored.report(message, authored.place_of("quantities", kind.id, "maximum"))
    if not 1 <= kind.spread <= _LARGEST_SPREAD:
        message = f"'spread' must be from 1 to {_LARGEST_SPREAD}, not {kind.spread:g}"
        authored.report(message, authored.place_of("quantities", kind.id, "spread"))
    try:
        parse_unit(kind.unit or "1")
    except QuantityError as error:
        authored.report(error.message, place, error.hint)


def _check_price(authored: Authored, row: PriceRow) -> None:
    for path, problem in check_row(row, authored.records["price_kinds"]):
        authored.report(problem.message, authored.place_of("prices", row.id, *path), problem.hint)
    for name in list_sources(row):
        _check_source(authored, name, authored.place_of("prices", row.id, "source"))
