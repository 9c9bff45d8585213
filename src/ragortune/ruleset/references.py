"""Checks the references of a rule set: criteria, levels, sources, rules, options, prices, wordings."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping

from ragortune.costs.derived import COMPUTED
from ragortune.evidence.documents.classifiers import Classifier, list_outcomes
from ragortune.evidence.documents.language import FactWords
from ragortune.evidence.documents.patterns import AMOUNTS, PatternError, parse_pattern
from ragortune.evidence.profile import OWN_KEYS, Vocabulary
from ragortune.model import Condition, Criterion, Option, PriceRow, QuantityKind, Rule, Selection
from ragortune.model.findings import FindingRule
from ragortune.model.prices import bounds_of, check_row
from ragortune.model.profiles import LARGEST_NUMBER
from ragortune.model.quantities import measure
from ragortune.model.units import parse_unit
from ragortune.ruleset.author import At, Authored
from ragortune.ruleset.files import KINDS
from ragortune.support.errors import Place, ProfileError, QuantityError, RulebookError
from ragortune.support.text import join_words, quote_value

_LARGEST_SPREAD = 1_000
_MAX_LEVELS = 100
_NOT_LEVELS = re.compile(
    r"unknown|null|~|true|false|[-+.]?[0-9][0-9.,_]*(e[-+]?[0-9]+)?|0x[0-9a-f]+|0o[0-7]+", re.IGNORECASE
)
"""Names of levels that YAML, or a profile, reads as a number, as nothing known, or as a boolean."""
_NUMBER = r"-?[0-9]{1,20}(?:\.[0-9]{1,20})?(?:e[-+]?[0-9]{1,2})?"
_NUMBERS = re.compile(rf"{_NUMBER}(?: {_NUMBER})*")


def check_references(authored: Authored) -> None:
    """Report undefined names and invalid conditions, profiles, quantities and prices in a rule set."""
    records = authored.records
    criteria = [(kind, criterion) for kind in ("criteria", "derived") for criterion in records[kind].values()]
    for kind, criterion in criteria:
        flaws = list(_list_flaws(criterion, kind))
        for part, message in flaws:
            authored.report(f"criterion {quote_value(criterion.id)} {message}", (kind, criterion.id, part))
        authored.invalid |= {criterion.id} if flaws else set()
    _check_rules(authored)
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
    _check_patterns(authored)
    for fact in records["facts"].values():
        _check_fact(authored, fact)
    for model in records["classifiers"].values():
        _check_classifier(authored, model)
    for option in Option:
        if option not in records["options"]:
            place = Place(str(authored.folder))
            authored.add_problem(RulebookError(f"option '{option}' has no guide in options/", place))


def _check_rules(authored: Authored) -> None:
    records = authored.records
    vocabulary = Vocabulary({**records["criteria"], **records["derived"]}, records["quantities"])
    codes: dict[str, str] = {}
    rules = [(kind, rule) for kind in ("rules", "findings") for rule in records[kind].values()]
    for kind, rule in sorted(rules, key=lambda pair: authored.is_own((pair[0], pair[1].id))):
        owner = codes.setdefault(rule.code, rule.id)
        if owner != rule.id:
            authored.report(f"code '{rule.code}' is taken by rule '{owner}'", (kind, rule.id, "code"))
        _check_rule(authored, vocabulary, kind, rule)
        if isinstance(rule, FindingRule):
            _check_finding_rule(authored, rule)


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
            message = f"{quote_value(word)} is not a word, or words with single spaces between, with or without `*` at the end"
            authored.report(message, ("findings", rule.id, "words", index))
    authored.report_unlisted(
        "criterion", rule.asks, authored.records["criteria"], ("findings", rule.id, "asks")
    )


def _check_condition(authored: Authored, at: At, wanted: Condition) -> None:
    """Check a condition on the criterion that is the last part of its key path."""
    name = str(at[-1])
    criteria = {**authored.records["criteria"], **authored.records["derived"]}
    authored.report_unknown("criterion", name, criteria, at)
    criterion = criteria.get(name)
    if criterion is None or name in authored.invalid:
        return
    levels = (wanted,) if isinstance(wanted, str) else wanted
    bounded = isinstance(levels, Selection) and levels.main is None
    if isinstance(levels, Selection):
        ends = tuple(level for level in (levels.at_least, levels.at_most) if level is not None)
        if ends and not bounded:
            authored.report("'main' does not go with 'at_least' and 'at_most'", at)
        elif not bounded and not criterion.several:
            authored.report(f"'{name}' has one level only, so none of them is the main one", at)
        elif bounded and criterion.nominal:
            authored.report(f"the levels of '{name}' have no order; list them instead", at)
        main = (levels.main,) if isinstance(levels.main, str) else levels.main
        levels = ends if main is None else main
    if not levels:
        authored.report(f"the condition on '{name}' names no level", at)
    for level in levels:
        if authored.report_unknown("level", level, criterion.level_ids, at, name):
            return
    if bounded and list(levels) != sorted(levels, key=criterion.level_ids.index):
        authored.report(f"the condition on '{name}' ends before it begins", at)


def _check_profile(
    authored: Authored, vocabulary: Vocabulary, profile: Mapping[str, object], at: At, owner: str = ""
) -> None:
    if any(name.rpartition(".")[2] in str(profile) for name in authored.invalid):
        return  # what it names is a problem already
    try:
        vocabulary.read_profile(dict(profile))
    except ProfileError as error:
        authored.report(f"{owner}{error.message}", at, error.hint)


def _list_flaws(criterion: Criterion, kind: str) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a criterion in itself: the part, and the message."""
    levels, low, high = criterion.level_ids, criterion.minimum, criterion.maximum
    starts = [level.starts_at for level in criterion.levels if level.starts_at is not None]
    rising = sorted({*starts})
    if criterion.group in OWN_KEYS:
        yield "id", "is in a group whose name every profile uses for something else"
    if not criterion.name or (criterion.group == "derived") != (kind == "derived"):
        yield "id", f"is not named `{'derived' if kind == 'derived' else 'group'}.name`"
    elif kind == "derived" and criterion.id not in COMPUTED:
        yield "id", f"is never computed, only {join_words(COMPUTED)} are"
    if not levels:
        yield "levels", "has no level"
    elif bool(criterion.unit) != bool(starts):
        yield "levels", "has `starts_at`, but no unit" if starts else "has a unit, but no `starts_at`"
    elif len(levels) > _MAX_LEVELS:
        yield "levels", f"has more than {_MAX_LEVELS} levels"
    if len(set(levels)) != len(levels):
        yield "levels", "names a level twice"
    if misread := [quote_value(name) for name in levels if _NOT_LEVELS.fullmatch(name)]:
        yield "levels", f"has levels that a profile reads as something else: {join_words(misread)}"
    if missing := [quote_value(name) for name in COMPUTED.get(criterion.id, ()) if name not in levels]:
        yield "levels", f"needs the levels that are computed: {join_words(missing)}"
    if starts not in (rising, rising[::-1]):
        yield "levels", "has levels that do not start in order"
    if criterion.several and not criterion.nominal:
        yield "several", "has levels in order: only one can hold"
    if low is not None and high is not None and low > high:
        yield "minimum", "has a minimum above its maximum"


# --- quantities and prices ----------------------------------------------------------------------------------------


def _check_quantity(authored: Authored, kind: QuantityKind) -> None:
    at, criteria, prices = ("quantities", kind.id), authored.records["criteria"], authored.records["prices"]
    if not (kind.unit or kind.rows or kind.words):
        authored.report(f"'{kind.id}' needs a 'unit', or 'rows' or 'words' to choose from", at)
    authored.report_unlisted("kind of price row", kind.rows, authored.records["price_kinds"], (*at, "rows"))
    authored.report_unlisted("criterion", kind.depends_on, criteria, (*at, "depends_on"))
    if kind.criterion:
        authored.report_unknown("criterion", kind.criterion, criteria, (*at, "criterion"))
    if kind.criterion in criteria and not (kind.unit and criteria[kind.criterion].unit):
        takes = "takes a number" if criteria[kind.criterion].unit else "takes none: it has no unit"
        message = f"'{kind.id}' is a {'number' if kind.unit else 'name'}, and '{kind.criterion}' {takes}"
        authored.report(message, (*at, "criterion"))
    known = (criteria[name].level_ids for name in kind.depends_on if name in criteria)
    levels = (*itertools.chain.from_iterable(known), "otherwise")
    names = (*kind.words, *(row.id for row in prices.values() if row.kind in kind.rows))
    for level, name in kind.defaults.items():
        authored.report_unknown("level", level, levels, (*at, "defaults", level))
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


# --- wordings -----------------------------------------------------------------------------------------------------


def _check_patterns(authored: Authored) -> None:
    lists: dict[str, tuple[str, ...]] = dict.fromkeys(authored.records["words"], ())
    for kind in (kind.name for kind in KINDS["language"]):
        # A list may name no other list, so that lists cannot name each other in a circle.
        known = {} if kind == "words" else lists
        for record in authored.records[kind].values():
            for part in ("any", "near", "unless"):
                for index, pattern in enumerate(getattr(record, part, ())):
                    try:
                        parse_pattern(pattern, known)
                    except PatternError as error:
                        message = f"{quote_value(pattern)} {error}"
                        authored.report(message, (kind, record.id, part, index))


def _check_fact(authored: Authored, fact: FactWords) -> None:
    at, criteria = ("facts", fact.id), authored.records["criteria"]
    if bool(fact.says) == (fact.number is not None):
        authored.report(f"'{fact.id}' needs 'says' or 'number', one of the two", (*at, "id"))
    for name, wanted in fact.says.items():
        _check_levels(authored, name, (wanted,) if isinstance(wanted, str) else wanted, (*at, "says", name))
    authored.report_unlisted("kind of amount", fact.kinds, AMOUNTS, (*at, "kinds"))
    if fact.number is None:
        return
    _check_levels(authored, fact.number, fact.bands, (*at, "number"))
    if not fact.kinds:
        message = f"'{fact.id}' needs 'kinds', the kinds of amount that answer '{fact.number}'"
        authored.report(message, (*at, "number"))
    if fact.number in criteria and not criteria[fact.number].unit and not fact.bands:
        message = f"'{fact.id}' needs 'bands', because '{fact.number}' has no unit"
        authored.report(message, (*at, "number"))


def _check_levels(authored: Authored, criterion: str, levels: Iterable[str], at: At) -> None:
    criteria = authored.records["criteria"]
    if not authored.report_unknown("criterion", criterion, criteria, at):
        for level in levels:
            authored.report_unknown("level", level, criteria[criterion].level_ids, at, criterion)


def _check_classifier(authored: Authored, model: Classifier) -> None:
    at, count = ("classifiers", model.id), len(model.outcomes)
    outcomes = list_outcomes(authored.records["criteria"])
    if authored.report_unknown("fitted model", model.id, outcomes, (*at, "id")):
        return
    authored.report_unlisted("outcome", model.outcomes, outcomes[model.id], (*at, "outcomes"), model.id)
    if len(model.intercepts) != count:
        authored.report(f"'intercepts' needs a number for each of {count} outcomes", (*at, "intercepts"))
    for name, numbers in model.features.items():
        if numbers.count(" ") != count or not _NUMBERS.fullmatch(numbers):
            message = f"{quote_value(name)} needs its largest value and a weight for each of {count} outcomes"
            authored.report(message, (*at, "features", name))
