"""What could change the advice: open questions and what they are worth, sensitivities, decisive rules and refusals."""

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ragortune import load_rulebook, recommend
from ragortune.engine import (
    add_what_if,
    decide_option,
    explain_refusal,
    is_settled,
    judge_profile,
    rank_questions,
)
from ragortune.engine.score import logistic
from ragortune.engine.settled import find_pivots
from ragortune.engine.what_if import can_ask
from ragortune.interview import Interview
from ragortune.model import AnswerCount, Direction, Need, Option, Profile, Sample

from .rule_sets import draw_answers, list_answers, list_completions, make_rulebook

BOOK = load_rulebook()
CRITERIA = list(BOOK.criteria.values())


def advise(levels, book=BOOK, **how):
    return add_what_if(judge_profile(book, Profile(levels)), **how)


@st.composite
def answers(draw, least=0):
    names = draw(st.sets(st.sampled_from([criterion.id for criterion in CRITERIA]), min_size=least))
    return {name: (draw(st.sampled_from(BOOK.criteria[name].level_ids)),) for name in sorted(names)}


# --- settled --------------------------------------------------------------------------------------------------------


def test_a_complete_profile_is_settled_and_leaves_no_question():
    generator = random.Random(1)
    levels = {criterion.id: (generator.choice(criterion.level_ids),) for criterion in CRITERIA}
    found = advise(levels)

    assert found.settled
    assert found.unknowns == ()


def test_where_nothing_is_known_everything_is_open():
    found = advise({})

    assert not found.settled
    assert found.flips == ()
    assert found.default
    assert {option for question in found.unknowns for option in question.could_give} == set(Option) - {
        Option.RAG
    }


@settings(max_examples=40)
@given(answers(least=25))
def test_advice_is_settled_exactly_where_no_question_is_left(levels):
    found = advise(levels)

    assert found.settled == (not found.unknowns) == is_settled(BOOK, levels)


# --- open questions -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_each_open_question_can_give_what_it_says_and_none_is_missing(seed):
    generator = random.Random(seed)
    for _ in range(30):
        book = make_rulebook(generator, criteria=3)
        levels = draw_answers(generator, book, share=0.4)
        present = decide_option(book, levels).option
        reached = {decide_option(book, completion).option for completion in list_completions(book, levels)}
        questions = rank_questions(book, levels)

        assert {question.criterion for question in questions} <= set(find_pivots(book, levels))
        assert bool(questions) == (reached != {present})
        for question in questions:
            criterion = book.criteria[question.criterion]
            known = levels.get(criterion.id, criterion.level_ids)
            by_itself = {
                decide_option(book, {**levels, criterion.id: answer}).option
                for answer in list_answers(criterion)
                if set(answer) <= set(known)
            } - {present}
            assert question.alone == bool(by_itself)
            assert set(question.could_give) == (by_itself or reached - {present})


def test_the_questions_that_tell_most_come_first():
    gains = [question.expected_gain for question in rank_questions(BOOK, {"knowledge.gap": ("most",)})]

    assert gains == sorted(gains, reverse=True)
    assert gains[0] > BOOK.scale.ask_from > gains[-1] >= 0


def test_how_the_facts_are_reached_tells_most_where_nothing_is_known():
    assert rank_questions(BOOK, {})[0].criterion == "knowledge.access_path"


@pytest.mark.parametrize("seed", range(8))
def test_what_a_question_is_worth_is_the_brier_score_that_its_answer_saves(seed):
    """Held against the definition: expected Brier score before the answer, less that after it."""
    generator = random.Random(seed)
    book = make_rulebook(generator, criteria=3)
    counted = {
        name: tuple(
            AnswerCount(answer, float(generator.randint(0, 9)))
            for answer in (list_answers(own) if own.several else [(level,) for level in own.level_ids])
        )
        for name, own in book.criteria.items()
    }
    book = book.replace(answer_counts=counted)
    for question in rank_questions(book, {}):
        shares = {entry.levels: entry.count for entry in counted[question.criterion]}
        for level in book.criteria[question.criterion].level_ids:
            shares[level,] = shares.get((level,), 0) + 1
        total = sum(shares.values())
        after = {answer: decide_option(book, {question.criterion: answer}).probability for answer in shares}
        before = {
            option: sum(share * after[answer][option] for answer, share in shares.items()) / total
            for option in Option
        }
        saved = sum(
            share / total * (expect_brier(before, after[answer]) - expect_brier(after[answer], after[answer]))
            for answer, share in shares.items()
        )
        assert question.expected_gain == pytest.approx(saved)


def expect_brier(stated, true):
    """Return the expected Brier score of what is stated, where the options have their true probabilities."""
    return sum(
        true[happened] * sum((stated[option] - (option is happened)) ** 2 for option in Option)
        for happened in Option
    )


def test_how_likely_answers_are_comes_from_the_field_sample_alone():
    field = [case for case in BOOK.cases if case.sample is Sample.FIELD]
    counted = BOOK.answer_counts["knowledge.fits_prompt"]

    for entry in counted:
        (level,) = entry.levels
        assert entry.count == sum(case.profile.get("knowledge.fits_prompt") == level for case in field)
    assert sum(entry.count for entry in counted) < len(field)


def test_a_question_about_a_thing_waits_until_the_thing_exists():
    assert not can_ask(BOOK, {}, "data.rights")
    assert not can_ask(BOOK, {"data.examples": ("none",)}, "data.rights")
    assert not can_ask(BOOK, {"data.examples": ("none", "under_50")}, "data.rights")
    assert can_ask(BOOK, {"data.examples": ("under_500",)}, "data.rights")
    assert can_ask(BOOK, {"knowledge.source": ("documents", "tacit")}, "governance.access")


@settings(max_examples=40)
@given(answers())
def test_the_next_question_is_open_and_can_be_asked(levels):
    interview = Interview(BOOK, Profile(levels))
    name = interview.wanted

    if name is None:
        worth = [own for own in interview.ranking if own.expected_gain >= BOOK.scale.ask_from]
        assert not any(can_ask(BOOK, levels, own.criterion) for own in worth)
    else:
        assert name not in levels
        assert can_ask(BOOK, levels, name)
        first = [own for own in BOOK.scale.ask_first if own not in levels]
        assert name in (first[:1] or [question.criterion for question in interview.ranking])


# --- sensitivities and pillars -------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(answers(least=3))
def test_a_sensitivity_has_the_score_of_the_need_at_each_level(levels):
    found = advise(levels)

    assert found.sensitivities
    for sensitivity in found.sensitivities:
        spans = []
        for index in range(len(Need)):
            scores = [
                decide_option(BOOK, {**levels, sensitivity.criterion: (level,)}).scores[index] / 1000
                for level in BOOK.criteria[sensitivity.criterion].level_ids
            ]
            spans.append((min(scores), max(scores)))
        index = list(Need).index(sensitivity.need)
        assert (sensitivity.low, sensitivity.high) == spans[index]
        swings = [logistic(high) - logistic(low) for low, high in spans]
        assert swings[index] == max(swings)
        assert sensitivity.low <= sensitivity.now <= sensitivity.high
        assert sensitivity.now == found.needs[sensitivity.need].score
        rest = {name: own for name, own in levels.items() if name != sensitivity.criterion}
        assert sensitivity.without is decide_option(BOOK, rest).option


def test_a_sensitivity_spans_the_present_answer_where_several_levels_hold():
    levels = {"knowledge.access_path": ("by_key", "by_meaning"), "knowledge.volatility": ("static", "daily")}

    sensitivities = {sensitivity.criterion: sensitivity for sensitivity in advise(levels).sensitivities}

    assert sensitivities.keys() == levels.keys()
    for sensitivity in sensitivities.values():
        assert sensitivity.low <= sensitivity.now <= sensitivity.high


@settings(max_examples=40)
@given(answers(least=3))
def test_a_pillar_is_a_rule_without_which_a_rule_set_advises_otherwise(levels):
    found = advise(levels)
    named = {pillar.rule.id: pillar.without for pillar in found.decisive_rules}

    for rule in {reason.rule.id for reason in found.reasons} | {hit.rule.id for hit in found.gates}:
        rest = {name: own for name, own in BOOK.rules.items() if name != rule}
        without = decide_option(BOOK.replace(rules=rest), levels).option
        assert named.get(rule, found.option) is without


# --- why not --------------------------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(answers(least=3), st.sampled_from(Option))
def test_what_speaks_against_an_option_moves_a_need_away_from_it(levels, option):
    found = advise(levels)
    if option is found.option:
        return
    refusal = explain_refusal(found, option)

    for reason in refusal.reasons:
        wanted = option is Option.BOTH or option.value == reason.need.value
        assert (reason.effect is Direction.AGAINST) == wanted
    if refusal.nearest:
        changed = {**levels, **{name: (level,) for name, level in refusal.nearest.change.items()}}
        assert decide_option(BOOK, changed).option is option


def test_a_team_with_facts_that_change_daily_is_told_what_would_make_tuning_right():
    found = recommend(
        {
            "knowledge": {"gap": "most", "volatility": "daily", "access_path": "by_meaning"},
            "data.examples": 20,
        }
    )
    refusal = explain_refusal(found, Option.FINE_TUNING)

    assert {reason.rule.id for reason in refusal.reasons} >= {"found-by-meaning", "handful-of-examples"}
    assert refusal.gates == ()


def test_a_ban_on_training_is_named_where_tuning_is_asked_for():
    found = recommend({"data.rights": "not_allowed", "knowledge.access_path": "by_key"})
    refusal = explain_refusal(found, Option.FINE_TUNING)

    assert [hit.rule.id for hit in refusal.gates] == ["training-not-allowed"]
    assert refusal.nearest is None or "data.rights" in refusal.nearest.change


# --- the library ----------------------------------------------------------------------------------------------------


def test_what_if_can_be_left_out():
    found = recommend({"knowledge": {"gap": "most"}}, what_if=False)

    assert (found.settled, found.flips, found.unknowns, found.sensitivities, found.decisive_rules) == (
        None,
    ) * 5


def test_what_if_changes_nothing_else():
    for levels in itertools.islice(({own.id: (own.level_ids[-1],)} for own in CRITERIA), 10):
        plain, whole = judge_profile(BOOK, Profile(levels)), advise(levels)
        assert (plain.option, plain.probability, plain.reasons) == (
            whole.option,
            whole.probability,
            whole.reasons,
        )
