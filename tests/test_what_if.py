"""What-if as a whole: settled, shares of the readings, open questions, levers and refusals."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragortune import load_rulebook, recommend
from ragortune.casebook import read_levels
from ragortune.engine import decide_option, judge_profile
from ragortune.model import Direction, Need, Option, Profile
from ragortune.whatif import explain_refusal, is_settled, rank_questions, readings, study
from ragortune.whatif.reach import find_pivots

from .rule_sets import draw_answers, list_completions, make_rulebook

BOOK = load_rulebook()
CRITERIA = list(BOOK.criteria.values())


def study_answers(levels, book=BOOK, **how):
    return study(judge_profile(book, Profile(levels)), **how)


@st.composite
def answers(draw, least=0):
    names = draw(st.sets(st.sampled_from([criterion.id for criterion in CRITERIA]), min_size=least))
    return {name: (draw(st.sampled_from(BOOK.criteria[name].level_ids)),) for name in sorted(names)}


# --- settled --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_settled_has_no_counter_example_in_thousands_of_completions_of_the_shipped_rules(seed):
    """Profiles that are nearly complete are settled now and then; each is completed at random: 100,000 in all."""
    generator = random.Random(seed)
    tried = settled = 0
    while tried < 25_000:
        levels = draw_answers(generator, BOOK, share=generator.choice([0.5, 0.7, 0.9]))
        if not is_settled(BOOK, levels):
            continue
        settled += 1
        option = decide_option(BOOK, levels).option
        for _ in range(500):
            completion = complete_at_random(generator, levels)
            assert decide_option(BOOK, completion).option is option, (levels, completion)
            tried += 1

    assert settled >= 50


def complete_at_random(generator, levels):
    """Settle open answers on a level each, now and then on several or not at all."""
    completion = {}
    for criterion in CRITERIA:
        possible = levels.get(criterion.id, criterion.level_ids)
        count = 1 if generator.random() < 0.9 else generator.randint(1, len(possible))
        if criterion.id in levels or generator.random() < 0.95:
            chosen = generator.sample(possible, min(count, len(possible)))
            completion[criterion.id] = tuple(level for level in criterion.level_ids if level in chosen)
    return completion


def test_a_complete_profile_is_settled_and_leaves_no_question():
    generator = random.Random(1)
    levels = {criterion.id: (generator.choice(criterion.level_ids),) for criterion in CRITERIA}
    found = study_answers(levels)

    assert found.settled
    assert found.unknowns == ()


def test_where_nothing_is_known_everything_is_open():
    found = study_answers({})

    assert not found.settled
    assert found.flips == ()
    assert found.default
    assert {option for question in found.unknowns for option in question.could_give} == set(Option) - {
        Option.RAG
    }


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
            possible = levels.get(question.criterion, book.criteria[question.criterion].level_ids)
            by_itself = {
                decide_option(book, {**levels, question.criterion: (level,)}).option for level in possible
            } - {present}
            assert question.alone == bool(by_itself)
            assert set(question.could_give) == (by_itself or reached - {present})


def test_the_questions_worth_most_come_first():
    worths = [question.worth for question in rank_questions(BOOK, {"knowledge.gap": ("most",)})]

    assert worths == sorted(worths, reverse=True)
    assert worths[0] > 0


def test_what_a_question_is_worth_is_what_its_answer_tells_about_the_option():
    """On a small rule set: mutual information over all completions, each as likely."""
    generator = random.Random(5)
    book = make_rulebook(generator, criteria=3, rules=6)
    outcomes = {}
    for completion in list_completions(book, {}):
        if len(completion) == 3 and all(len(levels) == 1 for levels in completion.values()):
            outcomes[tuple(levels[0] for levels in completion.values())] = decide_option(
                book, completion
            ).option
    worth = {question.criterion: question.worth for question in rank_questions(book, {})}

    for place, name in enumerate(book.criteria):
        told = measure_entropy(list(outcomes.values()))
        for level in book.criteria[name].level_ids:
            part = [option for key, option in outcomes.items() if key[place] == level]
            told -= len(part) / len(outcomes) * measure_entropy(part)
        assert worth.get(name, 0) == pytest.approx(told, abs=0.03)


def measure_entropy(values):
    shares = [values.count(value) / len(values) for value in set(values)]
    return -sum(share * math.log2(share) for share in shares)


# --- readings -------------------------------------------------------------------------------------------------------


@given(answers())
def test_the_shares_of_the_readings_make_one_and_are_the_same_again(levels):
    first, second = (
        readings.weigh_options(BOOK, levels),
        readings.weigh_options(BOOK, dict(reversed(levels.items()))),
    )

    assert first == second
    assert sum(first.shares.values()) == pytest.approx(1)
    assert 0 <= first.error <= 0.006


@given(answers(least=39))
def test_counted_readings_agree_with_exact_shares_within_their_error(levels):
    exact = readings.weigh_options(BOOK, levels)
    counted = readings.read_rules(BOOK, levels, vary_weights=True, chance=readings.CHANCE)

    assert exact.error == 0
    for option in Option:
        assert counted.share_of(option) == pytest.approx(exact.shares[option], abs=5 * 0.0056)


@given(answers())
def test_readings_with_the_shipped_weights_and_no_new_answer_are_the_recommendation(levels):
    counted = readings.read_rules(BOOK, levels, vary_weights=False, chance=0.0)

    assert counted.share_of(decide_option(BOOK, levels).option) == 1


@pytest.mark.parametrize("seed", range(6))
def test_readings_follow_the_engine_on_every_completion_ties_included(seed):
    """With every answer settled, each reading is a completion that the engine can judge."""
    generator = random.Random(seed)
    for _ in range(20):
        book = make_rulebook(generator, criteria=3)
        levels = draw_answers(generator, book, share=0.3)
        counted = readings.read_rules(book, levels, vary_weights=False, chance=1.0)
        for place in range(0, 400, 7):
            completion = {name: own for name, own in levels.items() if len(own) == 1}
            for name, masks in counted.levels.items():
                completion[name] = tuple(level for level, bits in masks.items() if bits >> place & 1)
            option = decide_option(book, completion).option
            assert counted.where[option] >> place & 1


def test_one_open_answer_is_gone_through_exactly():
    generator = random.Random(2)
    levels = {criterion.id: (generator.choice(criterion.level_ids),) for criterion in CRITERIA}
    del levels["data.examples"]

    assert readings.weigh_options(BOOK, levels).error == 0


def test_weights_from_their_bands_are_drawn_evenly():
    part = readings._draw_part("facts-from-outside", Need.RAG)
    mean = sum(bits.bit_count() << digit for digit, bits in enumerate(part)) / readings.READINGS

    assert mean == pytest.approx(3.5, abs=0.1)


def test_the_advice_of_the_rules_wins_most_readings_on_nearly_every_published_project():
    """Where the shipped weights stand in the middle of their bands, most readings agree with them."""
    agree = 0
    cases = read_levels(BOOK)
    for _, levels in cases:
        shares = readings.weigh_options(BOOK, levels).shares
        agree += max(shares, key=shares.get) is decide_option(BOOK, levels).option

    assert agree >= 0.98 * len(cases)


# --- levers and pillars ---------------------------------------------------------------------------------------------


@given(answers(least=3))
def test_a_lever_says_where_the_need_stands_with_each_level(levels):
    found = study_answers(levels)

    for lever in found.levers:
        index = list(Need).index(lever.need)
        scores = [
            decide_option(BOOK, {**levels, lever.criterion: (level,)}).scores[index] / 1000
            for level in BOOK.criteria[lever.criterion].level_ids
        ]
        threshold = BOOK.scale.threshold(lever.need)
        assert (lever.low, lever.high) == (min(scores) - threshold, max(scores) - threshold)
        assert lever.low <= lever.now <= lever.high or lever.now == found.needs[lever.need].score - threshold
        rest = {name: own for name, own in levels.items() if name != lever.criterion}
        assert lever.without is decide_option(BOOK, rest).option


@given(answers(least=3))
def test_a_pillar_is_a_rule_without_which_a_rule_set_advises_otherwise(levels):
    found = study_answers(levels)
    named = {pillar.rule.id: pillar.without for pillar in found.pillars}

    for rule in {reason.rule.id for reason in found.reasons} | {hit.rule.id for hit in found.gates}:
        rest = {name: own for name, own in BOOK.rules.items() if name != rule}
        without = decide_option(BOOK.replace(rules=rest), levels).option
        assert named.get(rule, found.option) is without


# --- why not --------------------------------------------------------------------------------------------------------


@given(answers(least=3), st.sampled_from(Option))
def test_what_speaks_against_an_option_moves_a_need_away_from_it(levels, option):
    found = study_answers(levels)
    if option is found.option:
        return
    refusal = explain_refusal(found, option)

    for reason in refusal.reasons:
        wanted = option is Option.BOTH or option.value == reason.need.value
        assert (reason.effect is Direction.AGAINST) == wanted
    if refusal.nearest:
        changed = {**levels, **{name: (level,) for name, level in refusal.nearest.change.items()}}
        assert decide_option(BOOK, changed).option is option


def test_a_team_with_facts_that_change_daily_hears_what_would_make_tuning_right():
    found = recommend({"knowledge": {"gap": "most", "volatility": "daily"}, "data": {"examples": "plenty"}})
    refusal = explain_refusal(found, Option.FINE_TUNING)

    assert {reason.rule.id for reason in refusal.reasons} >= {"facts-from-outside", "facts-change-daily"}
    assert any(hit.rule.id == "fast-changing-facts" for hit in refusal.gates) or refusal.gates == ()
    assert refusal.nearest is not None


# --- the library ----------------------------------------------------------------------------------------------------


def test_what_if_can_be_left_out():
    found = recommend({"knowledge": {"gap": "most"}}, what_if=False)

    assert (found.settled, found.acceptability, found.flips, found.unknowns) == (None,) * 4
