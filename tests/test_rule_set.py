"""The health of the shipped rule set: rules are code, so they are linted, tested and held to their sources."""

import itertools
import re
from collections import Counter

import pytest

from calibration import measure_brier, measure_calibration
from ragortune import load_rulebook
from ragortune.casebook import measure_agreement
from ragortune.lint.checks import check_folder
from ragortune.lint.examples import list_failed, try_rules
from ragortune.model import Need, Option, Quality, Sample, has_need
from ragortune.model.findings import read_finding_rules
from ragortune.ruleset.author import read_folder
from ragortune.support.rulefolder import shipped_folder

from .conftest import READ_LAST, ROOT

BOOK = load_rulebook()
_COUNT = re.compile(
    r"(?P<hits>\d+) of the (?P<total>\d+) field systems with (?P<criterion>[a-z_.]+) "
    r"(?P<levels>[a-z0-9_]+(?:(?:, | or | and )[a-z0-9_]+)*)(?P<main> first)? (?P<what>retrieves?|tunes?)\."
)
_OTHER_COUNT = re.compile(
    r"\b(\d+|none|half|most) of (the )?\d+\b|\bof \d+ (cases|teams|projects|records|companies|studies)\b|published cases",
    re.IGNORECASE,
)


def test_the_rule_set_has_nothing_to_fix():
    assert check_folder(shipped_folder(), READ_LAST) == ()


@pytest.mark.parametrize(
    ("kind", "key"),
    [("rules", "code"), ("findings", "code"), ("sources", "id"), ("cases", "id"), ("prices", "id")],
)
def test_a_reader_of_a_file_finds_its_records_in_order(kind, key):
    authored = read_folder(shipped_folder())
    files = {}
    for record in authored.records[kind].values():
        files.setdefault(authored.origins[kind, record.id][0].path, []).append(getattr(record, key))

    pairs = ((path, *pair) for path, names in files.items() for pair in itertools.pairwise(names))
    assert [f"{path}: {later} belongs before {name}" for path, name, later in pairs if name > later] == []


def test_every_rule_test_passes():
    tried = list(try_rules(BOOK))

    assert list_failed(tried) == []
    assert len(tried) >= 2 * len(BOOK.rules)


@pytest.mark.parametrize("rule", BOOK.rules.values(), ids=lambda rule: rule.id)
def test_every_rule_says_why_on_what_evidence_and_when_it_misleads(rule):
    assert rule.because
    assert rule.remedy
    assert rule.sources
    assert rule.exceptions
    assert rule.tests.fires
    assert rule.tests.does_not_fire
    assert not rule.title.endswith(".")


# --- counts ---------------------------------------------------------------------------------------------------------


def recount(sentence, cases):
    """Return hits and total as a sentence quotes them, and as they are in the field sample."""
    found = _COUNT.fullmatch(sentence)
    assert found, sentence
    criterion, hits, total = BOOK.criteria[found["criterion"]], int(found["hits"]), int(found["total"])
    assert found["what"].endswith("s") == (hits == 1), sentence
    wanted = set(re.split(r", | or | and ", found["levels"]))
    assert wanted <= set(criterion.level_ids), sentence
    fits = [
        case.outcome
        for case, answers in cases
        if case.sample is Sample.FIELD
        and criterion.id in answers
        and answers_fit(criterion, answers[criterion.id], wanted, " and " in found["levels"], found["main"])
    ]
    need = Need.RAG if found["what"].startswith("retrieve") else Need.FINE_TUNING
    return (hits, total), (sum(has_need(outcome, need) for outcome in fits), len(fits))


def answers_fit(criterion, answer, wanted, together, main):
    if main:
        return answer[0] in wanted
    if together:
        return wanted <= set(answer)
    return not wanted.isdisjoint(answer) if criterion.several else wanted.issuperset(answer)


def list_quotes():
    quotes = [(rule.id, own) for rule in BOOK.rules.values() for own in rule.sources]
    quotes += [(rule.id, own) for rule in read_finding_rules(BOOK).values() for own in rule.sources]
    return [(rule, own.found) for rule, own in quotes if own.source == "casebook"]


def test_counts_that_rules_quote_are_the_counts_of_the_field_sample():
    cases = BOOK.coded_cases
    quotes = [(rule, found) for rule, found in list_quotes() if rule != "decision-disagrees"]

    assert len(quotes) >= 35
    for rule, found in quotes:
        quoted, counted = recount(found, cases)
        assert quoted == counted, (rule, found, counted)


@pytest.mark.parametrize(
    ("sentence", "right"),
    [
        ("121 of the 151 field systems with knowledge.access_path by_meaning retrieve.", True),
        ("120 of the 151 field systems with knowledge.access_path by_meaning retrieve.", False),
        ("121 of the 152 field systems with knowledge.access_path by_meaning retrieve.", False),
        ("121 of the 151 field systems with knowledge.access_path by_meaning tune.", False),
        ("121 of the 151 field systems with knowledge.access_path by_meaning first retrieve.", False),
        ("62 of the 82 field systems with knowledge.access_path by_key and by_meaning retrieve.", True),
        ("62 of the 82 field systems with knowledge.access_path by_key or by_meaning retrieve.", False),
        ("51 of the 74 field systems with grounding.citations useful or required retrieve.", True),
    ],
)
def test_a_wrong_count_would_be_noticed(sentence, right):
    quoted, counted = recount(sentence, BOOK.coded_cases)

    assert (quoted == counted) is right


def test_no_rule_quotes_any_other_count_of_projects():
    """Selected cases are no base rate, so rules do not count them."""
    for rule in (*BOOK.rules.values(), *read_finding_rules(BOOK).values()):
        told = [rule.title, rule.because, rule.remedy, *rule.exceptions, *(own.found for own in rule.sources)]
        for text in told:
            assert _COUNT.fullmatch(text) or not _OTHER_COUNT.search(text), (rule.id, text)


def test_every_source_has_an_address_and_a_date():
    for source in BOOK.sources.values():
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", source.checked)
        local = source.quality in (Quality.CASEBOOK, Quality.GUIDANCE) and "://" not in source.address
        assert (
            source.address.startswith("https://")
            or (ROOT / source.address.partition("#")[0]).exists() == local
        )


def test_the_rule_set_covers_every_kind_of_advice():
    offered = Counter(
        option for rule in BOOK.rules.values() if rule.technique for option in rule.technique.options
    )

    assert all(offered[option] >= 5 for option in Option)
    assert {rule.notice for rule in BOOK.rules.values() if rule.notice} == {
        "contradiction",
        "disputed",
        "caution",
    }


def test_agreement_with_the_field_sample_stays_above_its_bars():
    agreement = measure_agreement(BOOK).of_sample(Sample.FIELD)
    total, firm = agreement.total, agreement.firm

    assert total.total == 313
    assert total.strict / total.total >= 0.82
    assert total.lenient / total.total >= 0.92
    assert measure_brier(agreement) <= 0.29
    assert 0.8 <= measure_calibration(agreement).slope <= 1.25
    assert firm.total / total.total >= 0.45
    assert firm.lenient / firm.total >= 0.96
    recall = {option: tally.strict / tally.total for option, tally in agreement.by_outcome.items()}
    assert recall[Option.NEITHER] >= 0.80
    assert recall[Option.RAG] >= 0.80
    assert recall[Option.FINE_TUNING] >= 0.60


def test_agreement_with_the_selected_cases_stays_above_its_bars():
    total = measure_agreement(BOOK).of_sample(Sample.SELECTED).total

    assert total.total == 281
    assert total.strict / total.total >= 0.62
    assert total.lenient / total.total >= 0.74


def test_every_case_keeps_its_source():
    for case in BOOK.cases:
        assert case.address.startswith("http"), case.id
        assert case.citation
        assert case.outcome in case.acceptable
