"""The health of the shipped rule set: rules are code, so they are linted, tested and held to their sources."""

import re
from collections import Counter

import pytest

from ragortune import load_rulebook
from ragortune.casebook import measure_agreement
from ragortune.model import Option, Quality
from ragortune.profile import Vocabulary
from ragortune.rulecheck import check_folder, run_tests
from ragortune.rulefolder import shipped_folder

from .conftest import ROOT

BOOK = load_rulebook()
_COUNT = re.compile(
    r"(?P<hits>\d+) of the (?P<total>\d+) published cases with (?P<criterion>[a-z_.]+) "
    r"(?P<levels>[a-z0-9_, ]+?) (?P<what>retrieve|tune)\."
)


def test_the_rule_set_has_nothing_to_mend():
    assert check_folder(shipped_folder(), "2026-11-24") == ()


def test_every_rule_test_passes():
    count, failed = run_tests(BOOK)

    assert failed == ()
    assert count >= 2 * len(BOOK.rules)


@pytest.mark.parametrize("rule", BOOK.rules.values(), ids=lambda rule: rule.id)
def test_every_rule_says_why_on_what_evidence_and_when_it_misleads(rule):
    assert rule.because
    assert rule.remedy
    assert rule.sources
    assert rule.exceptions
    assert rule.tests.fires
    assert rule.tests.silent
    assert not rule.title.endswith(".")


def test_counts_that_rules_quote_from_the_casebook_are_the_counts_of_the_casebook():
    vocabulary = Vocabulary(BOOK.criteria)
    cases = [(vocabulary.read_profile(case.profile).levels, case.outcome) for case in BOOK.cases]
    quoted = 0
    for rule in BOOK.rules.values():
        for finding in rule.sources:
            if finding.source != "casebook":
                continue
            found = _COUNT.fullmatch(finding.found)
            assert found, (rule.id, finding.found)
            levels = re.split(r", | or ", found["levels"])
            outcomes = [
                outcome for answers, outcome in cases if answers.get(found["criterion"], ("",))[0] in levels
            ]
            need = (
                (Option.RAG, Option.BOTH)
                if found["what"] == "retrieve"
                else (Option.FINE_TUNING, Option.BOTH)
            )
            counted = sum(outcome in need for outcome in outcomes), len(outcomes)
            assert counted == (int(found["hits"]), int(found["total"])), (rule.id, finding.found, counted)
            quoted += 1
    assert quoted >= 40


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


def test_agreement_with_the_casebook_stays_above_its_bars():
    agreement = measure_agreement(BOOK)
    total = agreement.total

    assert total.total == 157
    assert total.strict / total.total >= 0.72
    assert total.lenient / total.total >= 0.85
    for tally in agreement.by_outcome().values():
        assert tally.strict / tally.total >= 0.60


def test_every_case_keeps_its_source():
    for case in BOOK.cases:
        assert case.address.startswith("http"), case.id
        assert case.citation
        assert case.outcome in case.acceptable
