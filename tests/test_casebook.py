"""Published projects beside the advice, and how well the advice agrees with them."""

import random

import pytest
from msgspec import Raw

from ragortune import Option, recommend
from ragortune.casebook import Agreement, Judged, Verdict, find_nearest, measure_agreement
from ragortune.engine import is_settled
from ragortune.model import Sample

POLICY_DESK = {
    "task.kind": "question_answering",
    "knowledge": {"gap": "most", "source": "documents", "access_path": "by_meaning", "fits_prompt": "no"},
    "grounding.citations": "useful",
}


# --- the nearest projects -------------------------------------------------------------------------------------------


def test_the_nearest_projects_share_most_answers_and_differ_in_least(book):
    nearest = find_nearest(recommend(POLICY_DESK))
    closeness = [len(near.shared) - len(near.differing) for near in find_nearest(recommend(POLICY_DESK), 400)]

    assert len(nearest) == 3
    assert nearest[0].shared == (*read_shared(book, nearest[0].case, POLICY_DESK),)
    assert closeness[:-1] == sorted(closeness[:-1], reverse=True)


def find_levels(book, case):
    return next(levels for own, levels in book.coded_cases if own.id == case.id)


def read_shared(book, case, profile):
    """Return by hand what a case shares with a profile: the same level, or the same main level."""
    mine = recommend(profile, book, what_if=False).profile.levels
    theirs = find_levels(book, case)
    return [
        name
        for name, own in theirs.items()
        if name in mine and (own[0] == mine[name][0] if book.criteria[name].several else own == mine[name])
    ]


def test_a_project_that_shares_one_or_two_answers_is_not_shown():
    """A case that tried retrieval, failed and chose SQL stood beside advice to retrieve as one that agrees."""
    profile = {
        "grounding": {"citations": "useful", "error_cost": "medium"},
        "performance": {"latency": "relaxed", "volume": "low"},
    }

    assert all(len(near.shared) >= 3 for near in find_nearest(recommend(profile), 400))
    assert find_nearest(recommend({})) == ()
    assert find_nearest(recommend({"knowledge": {"gap": "most", "source": "documents"}})) == ()
    assert (
        find_nearest(recommend({"knowledge": {"gap": "most", "source": "documents", "size": "huge"}})) != ()
    )


def test_a_project_agrees_with_the_advice_only_where_it_did_the_same():
    advice = recommend(POLICY_DESK)
    found = {near.case.id: near for near in find_nearest(advice, 400)}
    verdicts = {near.verdict for near in found.values()}

    assert verdicts == set(Verdict)
    for near in found.values():
        if near.verdict is Verdict.AGREES:
            assert near.case.outcome is advice.option
        elif near.verdict is Verdict.EITHER:
            assert near.case.outcome is not advice.option
            assert advice.option in near.case.acceptable
        else:
            assert advice.option not in near.case.acceptable


def test_what_projects_say_is_said_in_words():
    assert [verdict.value for verdict in Verdict] == ["agrees", "disagrees", "either would do"]


def test_where_all_agree_the_last_gives_way_to_the_nearest_that_disagrees():
    advice = recommend(POLICY_DESK)
    ranked = find_nearest(advice, 400)
    leading = next(place for place, near in enumerate(ranked) if near.verdict is not Verdict.AGREES)
    against = next(near for near in ranked if near.verdict is Verdict.DISAGREES)

    assert leading >= 2  # the two nearest agree
    shown = find_nearest(advice, leading)
    assert [near.verdict for near in shown] == [Verdict.AGREES] * (leading - 1) + [Verdict.DISAGREES]
    assert shown[:-1] == ranked[: leading - 1]
    assert shown[-1] == against


def test_where_one_of_the_nearest_does_not_agree_nothing_gives_way():
    advice = recommend(POLICY_DESK)
    ranked = find_nearest(advice, 400)
    leading = next(place for place, near in enumerate(ranked) if near.verdict is not Verdict.AGREES)

    assert find_nearest(advice, leading + 1) == ranked[: leading + 1]


def test_gates_that_decide_about_both_count_before_shared_answers():
    profile = {
        "task.kind": "question_answering",
        "knowledge": {"gap": "most", "source": "documents", "access_path": "by_meaning"},
        "data.examples": "none",
    }
    ranked = find_nearest(recommend(profile), 400)

    assert ranked[0].shared_gates == ("no-examples",)
    gates = [len(near.shared_gates) for near in ranked[:-1]]
    assert gates == sorted(gates, reverse=True)


def test_cases_of_the_field_sample_can_be_told_from_selected_ones():
    samples = {near.case.sample for near in find_nearest(recommend(POLICY_DESK), 400)}

    assert samples == {Sample.FIELD, Sample.SELECTED}


def test_an_answer_that_leaves_room_for_the_other_is_neither_shared_nor_differing(book):
    """Weekly or monthly is not the same as weekly, and does not exclude it."""
    profile = {**POLICY_DESK, "knowledge": {**POLICY_DESK["knowledge"], "volatility": ["monthly", "weekly"]}}
    for near in find_nearest(recommend(profile), 400):
        theirs = find_levels(book, near.case).get("knowledge.volatility")
        if theirs is not None:
            assert ("knowledge.volatility" in near.shared) == (theirs == ("monthly", "weekly"))
            assert ("knowledge.volatility" in near.differing) == {"monthly", "weekly"}.isdisjoint(theirs)


# --- agreement ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def agreement(book):
    return measure_agreement(book)


def test_every_case_is_counted_once_in_each_breakdown(book, agreement):
    assert agreement.total.total == len(book.cases) == 594
    assert {sample: agreement.of_sample(sample).total.total for sample in Sample} == {
        "field": 313,
        "selected": 281,
    }
    outcomes = agreement.by_outcome.values()
    assert sum(tally.total for tally in outcomes) == 594
    assert sum(tally.strict for tally in outcomes) == agreement.total.strict
    assert len(agreement.misses()) == 594 - agreement.total.strict


def test_each_case_is_judged_as_recommend_judges_its_profile(book, agreement):
    for each in random.Random(3).sample(agreement.judged, 25):
        advice = recommend(each.case.profile, book)

        assert each.option is advice.option
        assert each.probability == advice.probability
        assert each.firm == advice.firm


def judge(case, option, probability, *, firm=False):
    rest = [other for other in Option if other is not option]
    shares = {option: probability} | dict.fromkeys(rest, (1 - probability) / 3)
    return Judged(case, option, shares, firm)


def test_firm_cases_are_counted_apart(book):
    case = book.cases[0]
    other = next(option for option in Option if option not in case.acceptable)
    stated = Agreement((judge(case, case.outcome, 0.9, firm=True), judge(case, other, 0.9, firm=True)))

    assert (stated.firm.total, stated.firm.strict, stated.firm.lenient) == (2, 1, 1)
    assert Agreement((judge(case, other, 0.7),)).firm.total == 0


def test_advice_that_is_settled_counts_as_firm(book, agreement):
    for each in agreement.judged:
        sure = each.probability[each.option] >= book.scale.firm_from
        assert each.firm == (sure or is_settled(book, find_levels(book, each.case)))


def test_without_cases_there_is_nothing_to_measure(book):
    empty = measure_agreement(book.replace(casebook=Raw(b"\x90")))

    assert empty.total.total == 0
