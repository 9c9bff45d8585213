"""Whether every name in a rule set stands for something: criteria, levels, sources, rules, options, prices, wordings."""

from __future__ import annotations

from collections.abc import Mapping

from ragortune.evidence.documents.check import check_language
from ragortune.evidence.profile import Vocabulary
from ragortune.model import Criterion, Finding, Main, Option, PriceRow, QuantityKind, Rule
from ragortune.model.findings import FindingRule
from ragortune.model.prices import KINDS, check_row, list_sources
from ragortune.model.units import parse_unit
from ragortune.ruleset.authored import Authored, language_of
from ragortune.support.errors import Place, ProfileError, QuantityError
from ragortune.support.text import quote_value, suggest_name


def check_references(authored: Authored) -> None:
    """Note every name in a rule that nothing bears."""
    criteria = authored.records["criteria"]
    codes: dict[str, str] = {}
    vocabulary = Vocabulary({**criteria, **authored.records["derived"]}, authored.records["quantities"])
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
    for quantity in authored.records["quantities"].values():
        _check_quantity(authored, quantity)
    for row in authored.records["prices"].values():
        _check_price(authored, row)
    _check_language(authored)
    for option in Option:
        if option not in authored.records["options"]:
            authored.report(f"option '{option}' has no guide in options/", Place(str(authored.folder)))


def _check_cases(authored: Authored) -> None:
    vocabulary = Vocabulary(authored.records["criteria"])
    for case in authored.records["cases"].values():
        try:
            vocabulary.read_profile(dict(case.profile))
        except ProfileError as error:
            place = authored.place_of("cases", case.id, "profile")
            authored.report(f"case '{case.id}': {error.message}", place, error.hint)


def _check_language(authored: Authored) -> None:
    for problem in check_language(language_of(authored), authored.records["criteria"]):
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
        for option, names in rule.presumed.items():
            for index, name in enumerate(names):
                if name not in criteria:
                    place = authored.place_of("findings", rule.id, "presumed", option, index)
                    authored.report(
                        f"there is no criterion {quote_value(name)}", place, suggest_name(name, criteria)
                    )


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
    if isinstance(wanted, Main):
        if not criterion.several:
            authored.report(f"'{name}' has one level only, so none of them is the main one", place)
        wanted = wanted.main
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
    for name, wanted in criterion.asked_when.items():
        _check_condition(authored, (kind, criterion.id, "asked_when"), name, wanted)
    if criterion.several and not criterion.nominal:
        place = authored.place_of(kind, criterion.id, "several")
        authored.report(f"'{criterion.id}' has levels in order, so several cannot hold at once", place)
    if "." not in criterion.id or (criterion.group == "derived") != (kind == "derived"):
        form = "derived.name" if kind == "derived" else "group.name"
        place = authored.place_of(kind, criterion.id, "id")
        authored.report(f"criterion {quote_value(criterion.id)} is not named `{form}`", place)
    if criterion.unit and not any(level.starts_at is not None for level in criterion.levels):
        place = authored.place_of(kind, criterion.id, "unit")
        authored.report(f"'{criterion.id}' has a unit, but no level says where it starts", place)


def _check_quantity(authored: Authored, kind: QuantityKind) -> None:
    """Note a quantity with a unit that nothing has, or that refers to something undefined."""
    place = authored.place_of("quantities", kind.id)
    for name in (kind.criterion, kind.depends_on):
        if name is not None and name not in authored.records["criteria"]:
            hint = suggest_name(name, authored.records["criteria"])
            authored.report(f"there is no criterion {quote_value(name)}", place, hint)
    try:
        parse_unit(kind.unit or "1")
    except QuantityError as error:
        authored.report(error.message, place, error.hint)
    for name in kind.rows:
        if name not in KINDS:
            authored.report(
                f"there is no kind of price row {quote_value(name)}", place, suggest_name(name, KINDS)
            )


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
