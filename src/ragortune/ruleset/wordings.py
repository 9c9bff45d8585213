"""Checks the wordings of a rule set: patterns that cannot be read, undefined levels, numbers without a unit.

A fitted model needs a weight for each of its outcomes.
"""

from __future__ import annotations

import re

from ragortune.evidence.documents.classifiers import Classifier, list_outcomes
from ragortune.evidence.documents.language import FactWords
from ragortune.evidence.documents.patterns import AMOUNTS, PatternError, parse_pattern
from ragortune.ruleset.author import Authored
from ragortune.ruleset.files import KINDS
from ragortune.support.text import join_words, quote_value, suggest_name

_NUMBER = r"-?[0-9]{1,20}(?:\.[0-9]{1,20})?(?:e[-+]?[0-9]{1,2})?"
_NUMBERS = re.compile(rf"{_NUMBER}(?: {_NUMBER})*")


def check_wordings(authored: Authored) -> None:
    """Report everything that makes the language of a rule set unusable."""
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
    for fact in authored.records["facts"].values():
        _check_fact(authored, fact)
    for model in authored.records["classifiers"].values():
        _check_classifier(authored, model)


def _check_fact(authored: Authored, fact: FactWords) -> None:
    at, criteria = ("facts", fact.id), authored.records["criteria"]
    if bool(fact.says) == (fact.number is not None):
        authored.report(f"'{fact.id}' needs 'says' or 'number', one of the two", (*at, "id"))
    for name, wanted in fact.says.items():
        authored.report_unknown("criterion", name, criteria, (*at, "says", name))
        for level in (wanted,) if isinstance(wanted, str) else wanted:
            if name in criteria:
                authored.report_unknown(
                    "level", level, criteria[name].level_ids, (*at, "says", name), owner=name
                )
    for index, kind in enumerate(fact.kinds):
        if kind not in AMOUNTS:
            message = f"there are amounts of {join_words(AMOUNTS)}, not of {quote_value(kind)}"
            authored.report(message, (*at, "kinds", index), suggest_name(kind, AMOUNTS))
    if fact.number is None:
        return
    authored.report_unknown("criterion", fact.number, criteria, (*at, "number"))
    if fact.number not in criteria:
        return
    criterion = criteria[fact.number]
    if not fact.kinds:
        message = f"'{fact.id}' needs 'kinds', the kinds of amount that answer '{fact.number}'"
        authored.report(message, (*at, "number"))
    if not criterion.unit and not fact.bands:
        message = f"'{fact.id}' needs 'bands', because '{fact.number}' has no unit"
        authored.report(message, (*at, "number"))
    for level in fact.bands:
        authored.report_unknown("level", level, criterion.level_ids, (*at, "bands"), owner=criterion.id)


def _check_classifier(authored: Authored, model: Classifier) -> None:
    at, criteria = ("classifiers", model.id), authored.records["criteria"]
    outcomes = list_outcomes(criteria)
    if model.id not in outcomes:
        known = join_words(name for name in outcomes if name not in criteria)
        message = f"a fitted model predicts {known} or a criterion, not {quote_value(model.id)}"
        authored.report(message, (*at, "id"), suggest_name(model.id, outcomes))
        return
    for index, outcome in enumerate(model.outcomes):
        authored.report_unknown(
            "outcome", outcome, outcomes[model.id], (*at, "outcomes", index), owner=model.id
        )
    count = len(model.outcomes)
    if len(model.intercepts) != count:
        authored.report(f"'intercepts' needs a number for each of {count} outcomes", (*at, "intercepts"))
    for name, numbers in model.features.items():
        if numbers.count(" ") != count or not _NUMBERS.fullmatch(numbers):
            message = f"{quote_value(name)} needs its largest value and a weight for each of {count} outcomes"
            authored.report(message, (*at, "features", name))
