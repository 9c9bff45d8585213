"""Checks the references of a rule set: criteria, levels, sources, rules, options, prices, phrases."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping

from ragortune.costs.derived import COMPUTED
from ragortune.evidence.profile import OWN_KEYS, Vocabulary
from ragortune.model import Bound, Condition, Criterion, Main, Option, PriceRow, QuantityKind, Rule
from ragortune.model.findings import FindingRule
from ragortune.model.prices import bounds_of, check_row
from ragortune.model.profiles import LARGEST_NUMBER
from ragortune.model.quantities import measure
from ragortune.model.units import parse_unit
from ragortune.ruleset.author import At, Authored
from ragortune.ruleset.wordings import check_wordings
from ragortune.support.errors import Place, ProfileError, QuantityError, RulebookError
from ragortune.support.text import join_words, quote_value

_LARGEST_SPREAD = 1_000
_MAX_LEVELS = 100
_NOT_LEVELS = re.compile(
    r"unknown|null|~|true|false|[-+.]?[0-9][0-9.,_]*(e[-+]?[0-9]+)?|0x[0-9a-f]+|0o[0-7]+", re.IGNORECASE
)
"""Names of levels that YAML, or a profile, reads as a number, as nothing known, or as a boolean."""


def check_references(authored: Authored) -> None:
    """Report undefined names and invalid conditions, profiles, quantities and prices in a rule set."""
    records = authored.records
    criteria = [(kind, criterion) for kind in ("criteria", "derived") for criterion in records[kind].values()]
    authored.invalid |= {own.id for kind, own in criteria if not _check_criterion(authored, own, kind)}
    vocabulary = Vocabulary({**records["criteria"], **records["derived"]}, records["quantities"])
    codes: dict[str, str] = {}
    rules = [(kind, rule) for kind in ("rules", "findings") for rule in records[kind].values()]
    for kind, rule in sorted(rules, key=lambda pair: authored.is_own((pair[0], pair[1].id))):
        owner = codes.setdefault(rule.code, rule.id)
        if owner != rule.id:
            authored.report(f"code '{rule.code}' is taken by rule '{owner}'", (kind, rule.id, "code"))
        _check_rule(authored, vocabulary, kind, rule)
    for finding_rule in records["findings"].values():
        _check_finding_rule(authored, finding_rule)
    for case in records["cases"].values():
        at = ("cases", case.id, "profile")
        owner = f"case '{case.id}': " if authored.is_own(at) else ""
        _check_profile(authored, Vocabulary(records["criteria"]), case.profile, at, owner)
        if case.outcome not in case.acceptable:
            message = f"'acceptable' leaves out the outcome, '{case.outcome}'"
            authored.report(message, ("cases", case.id, "acceptable"))
    for kind, criterion in criteria:
        for name, wanted in criterion.asked_when.items():
            _check_condition(authored, (kind, criterion.id, "asked_when", name), wanted)
    for quantity in records["quantities"].values():
        _check_quantity(authored, quantity)
    for row in records["prices"].values():
        _check_price(authored, row)
    check_wordings(authored)
    for option in Option:
        if option not in records["options"]:
            place = Place(str(authored.folder))
            authored.add_problem(RulebookError(f"option '{option}' has no guide in options/", place))


def _check_rule(authored: Authored, vocabulary: Vocabulary, kind: str, rule: Rule | FindingRule) -> None:
    for part in ("when", "unless"):
        for name, wanted in getattr(rule, part).items():
            _check_condition(authored, (kind, rule.id, part, name), wanted)
    sources = authored.records["sources"]
    for index, finding in enumerate(rule.sources):
        at = (kind, rule.id, "sources", index, "source")
        authored.report_unknown("source", finding.source, sources, at)
    for part in rule.tests.field_names():
        for index, example in enumerate(getattr(rule.tests, part)):
            tested = (kind, rule.id, "tests", part, index, "profile")
            _check_profile(authored, vocabulary, example.profile, tested)


def _check_finding_rule(authored: Authored, rule: FindingRule) -> None:
    if rule.id in authored.records["rules"]:
        kind = "findings" if authored.is_own(("findings", rule.id)) else "rules"
        authored.report(f"'{rule.id}' is the name of a rule already", (kind, rule.id, "id"))
    for index, word in enumerate(rule.words):
        stem = word.removesuffix("*")
        if not stem or "*" in stem or stem != " ".join(stem.split()):
            message = f"{quote_value(word)} is not a word, or words with one blank between, with or without `*` at the end"
            authored.report(message, ("findings", rule.id, "words", index))
    criteria = authored.records["criteria"]
    for index, name in enumerate(rule.asks):
        authored.report_unknown("criterion", name, criteria, ("findings", rule.id, "asks", index))


def _check_condition(authored: Authored, at: At, wanted: Condition) -> None:
    """Check a condition on the criterion that is the last part of its key path."""
    name = str(at[-1])
    criteria = {**authored.records["criteria"], **authored.records["derived"]}
    authored.report_unknown("criterion", name, criteria, at, key=True)
    criterion = criteria.get(name)
    if criterion is None:
        return
    if isinstance(wanted, Main) and not criterion.several:
        authored.report(f"'{name}' has one level only, so none of them is the main one", at)
    if isinstance(wanted, Bound) and criterion.nominal:
        authored.report(f"the levels of '{name}' have no order; list them instead", at)
    named = wanted.main if isinstance(wanted, Main) else wanted
    if isinstance(named, Bound):
        named = tuple(level for level in (named.at_least, named.at_most) if level is not None)
    levels = (named,) if isinstance(named, str) else named
    if not levels:
        authored.report(f"the condition on '{name}' names no level", at)
    for level in levels:
        if authored.report_unknown("level", level, criterion.level_ids, at, owner=name):
            return
    if isinstance(wanted, Bound) and list(levels) != sorted(levels, key=criterion.level_ids.index):
        authored.report(f"the condition on '{name}' ends before it begins", at)


def _check_profile(
    authored: Authored, vocabulary: Vocabulary, profile: Mapping[str, object], at: At, owner: str = ""
) -> None:
    try:
        vocabulary.read_profile(dict(profile))
    except ProfileError as error:
        authored.report(f"{owner}{error.message}", at, error.hint)


def _check_criterion(authored: Authored, criterion: Criterion, kind: str) -> bool:
    """Report what is wrong with a criterion in itself; False if something is."""
    form = "derived.name" if kind == "derived" else "group.name"
    misnamed = not criterion.name or (criterion.group == "derived") != (kind == "derived")
    low, high = criterion.minimum, criterion.maximum
    starts = [level.starts_at for level in criterion.levels if level.starts_at is not None]
    rising = sorted({*starts})
    misread = [quote_value(name) for name in criterion.level_ids if _NOT_LEVELS.fullmatch(name)]
    otherwise = f"has levels that a profile reads as something else: {join_words(misread)}"
    missing = [name for name in COMPUTED.get(criterion.id, ()) if name not in criterion.level_ids]
    uncomputed = f"is never computed, only {join_words(COMPUTED)} are"
    computed = f"needs the levels that are computed: {join_words(map(quote_value, missing))}"
    problems = (
        ("levels", not criterion.levels, "has no level"),
        ("levels", len(set(criterion.level_ids)) != len(criterion.levels), "names a level twice"),
        ("levels", bool(misread), otherwise),
        ("levels", starts not in (rising, rising[::-1]), "has levels that do not start in order"),
        ("levels", bool(missing), computed),
        ("id", kind == "derived" and not misnamed and criterion.id not in COMPUTED, uncomputed),
        ("levels", len(criterion.levels) > _MAX_LEVELS, f"has more than {_MAX_LEVELS} levels"),
        ("several", criterion.several and not criterion.nominal, "has levels in order: only one can hold"),
        ("id", misnamed, f"is not named `{form}`"),
        ("id", criterion.group in OWN_KEYS, "is in a group whose name every profile uses for something else"),
        ("minimum", low is not None and high is not None and low > high, "has a minimum above its maximum"),
        ("unit", bool(criterion.unit and criterion.levels and not starts), "has a unit, but no `starts_at`"),
        ("levels", bool(starts and not criterion.unit), "has `starts_at`, but no unit"),
    )
    for part, broken, message in problems:
        if broken:
            name = quote_value(criterion.id)
            authored.report(f"criterion {name} {message}", (kind, criterion.id, part))
    return not any(broken for _, broken, _ in problems)


def _check_quantity(authored: Authored, kind: QuantityKind) -> None:
    at = ("quantities", kind.id)
    criteria = authored.records["criteria"]
    if not (kind.unit or kind.rows or kind.words):
        authored.report(f"'{kind.id}' needs a 'unit', or 'rows' or 'words' to choose from", at)
    for index, name in enumerate(kind.rows):
        kinds = authored.records["price_kinds"]
        authored.report_unknown("kind of price row", name, kinds, (*at, "rows", index))
    if kind.criterion:
        authored.report_unknown("criterion", kind.criterion, criteria, (*at, "criterion"))
    for index, name in enumerate(kind.depends_on):
        authored.report_unknown("criterion", name, criteria, (*at, "depends_on", index))
    if kind.criterion in criteria and not (kind.unit and criteria[kind.criterion].unit):
        takes = "takes a number" if criteria[kind.criterion].unit else "takes none: it has no unit"
        message = f"'{kind.id}' is a {'number' if kind.unit else 'name'}, and '{kind.criterion}' {takes}"
        if not (kind.unit or criteria[kind.criterion].unit):
            message = f"'{kind.id}' is a name; with a criterion, a quantity can share a number only"
        authored.report(message, (*at, "criterion"))
    prices = authored.records["prices"]
    known = (criteria[name].level_ids for name in kind.depends_on if name in criteria)
    levels = (*itertools.chain.from_iterable(known), "otherwise")
    for level, name in kind.defaults.items():
        authored.report_unknown("level", level, levels, (*at, "defaults", level), key=True)
        if name not in kind.words and not (name in prices and prices[name].kind in kind.rows):
            names = (*kind.words, *(row.id for row in prices.values() if row.kind in kind.rows))
            authored.report_unknown("name to choose", name, names, (*at, "defaults", level))
    if not 0 <= kind.minimum <= kind.maximum <= LARGEST_NUMBER:
        message = f"'{kind.id}' needs 0 <= minimum <= maximum <= {LARGEST_NUMBER:g}"
        authored.report(message, (*at, "maximum"))
    if not 1 <= kind.spread <= _LARGEST_SPREAD:
        message = f"'spread' must be from 1 to {_LARGEST_SPREAD}, not {kind.spread:g}"
        authored.report(message, (*at, "spread"))
    before = authored.base and authored.base.records["quantities"].get(kind.id)
    try:
        measured = parse_unit(kind.unit or "1")[1]
        if before and (bool(before.unit), parse_unit(before.unit or "1")[1]) != (bool(kind.unit), measured):
            wanted = f"in {before.unit} or a multiple of it" if before.unit else "as a name, without a unit"
            authored.report(f"'{kind.id}' overrides a quantity that is given {wanted}", (*at, "unit"))
    except QuantityError as error:
        authored.report(error.message, (*at, "unit"), error.hint)


def _check_price(authored: Authored, row: PriceRow) -> None:
    flaws = list(check_row(row, authored.records["price_kinds"]))
    for path, problem in flaws:
        authored.report(problem.message, ("prices", row.id, *path), problem.hint)
    quantities = authored.records["quantities"]
    quantity = quantities.get(row.id) or quantities.get(row.id.rpartition("-")[0])
    if row.kind == "default" and quantity and not flaws:
        _check_default(authored, row, quantity)
    cited = [((), row.source), *((("values", name), value.source) for name, value in row.values.items())]
    for path, source in cited:
        if source is not None:
            at = ("prices", row.id, *path, "source")
            authored.report_unknown("source", source, authored.records["sources"], at)


def _check_default(authored: Authored, row: PriceRow, quantity: QuantityKind) -> None:
    """Report a default that no profile could give as this quantity."""
    at, given = ("prices", row.id, "values", "value"), row.values["value"]
    try:
        low, high = (measure(end, given.unit).number_in(quantity.unit or "1") for end in bounds_of(given))
    except QuantityError:
        authored.report(f"'{quantity.id}' is given in {quantity.unit}, not in {quote_value(given.unit)}", at)
        return
    if not quantity.minimum <= low <= high <= quantity.maximum:
        limits = f"from {quantity.minimum:g} to {quantity.maximum:g} {quantity.unit}"
        authored.report(f"'{quantity.id}' must be {limits}, not {low:g} to {high:g}", at)
