"""What holds for every profile, proved by going through the vocabulary or tried on thousands of random profiles."""

import itertools
import math
import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragortune import load_rulebook
from ragortune.engine import decide_option, is_settled, judge_profile, reach_options, trace_rules
from ragortune.engine.compile import Budget
from ragortune.lint.checks import find_broken_step
from ragortune.model import Direction, GateKind, Need, Option, Profile, TraceState

from .rule_sets import draw_answers, make_rulebook

BOOK = load_rulebook()
CRITERIA = list(BOOK.criteria.values())
SHUFFLED = BOOK.replace(
    criteria=dict(reversed(BOOK.criteria.items())), rules=dict(reversed(BOOK.rules.items()))
)


def answers():
    """Random answers by dice of their own; Hypothesis is slow where it draws much."""
    return st.integers(0, 2**63).map(lambda seed: draw_answers(random.Random(seed), BOOK))


# --- order ----------------------------------------------------------------------------------------------------------


@given(answers(), st.randoms(use_true_random=False))
def test_the_order_of_answers_never_matters(levels, shuffler):
    names = list(levels)
    shuffler.shuffle(names)
    shuffled = {name: levels[name] for name in names}

    assert decide_option(BOOK, shuffled) == decide_option(BOOK, levels)
    first, second = (judge_profile(BOOK, Profile(given)) for given in (levels, shuffled))
    assert [reason.rule.id for reason in first.reasons] == [reason.rule.id for reason in second.reasons]
    assert [hit.rule.id for hit in first.techniques] == [hit.rule.id for hit in second.techniques]


@given(answers())
def test_the_order_of_criteria_and_rules_in_the_files_never_matters(levels):
    mine, theirs = decide_option(BOOK, levels), decide_option(SHUFFLED, levels)

    assert (mine.option, mine.default, mine.scores, mine.probability) == (
        theirs.option,
        theirs.default,
        theirs.scores,
        theirs.probability,
    )
    assert is_settled(BOOK, levels) == is_settled(SHUFFLED, levels)
    first, second = (judge_profile(own, Profile(levels)) for own in (BOOK, SHUFFLED))
    assert [hit.rule.id for hit in first.techniques] == [hit.rule.id for hit in second.techniques]
    assert [reason.rule.id for reason in first.reasons] == [reason.rule.id for reason in second.reasons]


# --- unknown is not a no ----------------------------------------------------------------------------------------------


@given(answers())
def test_rules_that_read_only_unknown_answers_add_nothing(levels):
    for entry in trace_rules(BOOK, levels):
        if not any(name in levels for name in entry.rule.when):
            assert entry.state in (TraceState.UNKNOWN, TraceState.NOT_APPLICABLE)


@given(answers())
def test_an_unknown_answer_is_not_the_lowest_level(levels):
    """Removing an answer never leaves an effect of it behind."""
    for name in list(levels)[:5]:
        rest = {key: value for key, value in levels.items() if key != name}
        fired = {entry.rule.id for entry in trace_rules(BOOK, rest) if entry.state is TraceState.FIRED}
        assert not any(name in BOOK.rules[rule].when for rule in fired)


def test_nothing_known_scores_the_base_rates():
    assert decide_option(BOOK, {}).scores == tuple(round(1000 * BOOK.scale.intercept(need)) for need in Need)


@pytest.mark.parametrize(
    "criterion", [own for own in CRITERIA if not own.several], ids=lambda criterion: criterion.id
)
def test_a_team_that_says_it_could_be_any_level_has_said_nothing(criterion):
    assert decide_option(BOOK, {criterion.id: criterion.level_ids}) == decide_option(BOOK, {})


# --- direction --------------------------------------------------------------------------------------------------------


@given(answers(), st.data())
def test_more_evidence_for_an_option_never_lowers_it(levels, data):
    """Where a criterion declares that it raises a need, a higher level never lowers that need or its probability."""
    criterion = data.draw(st.sampled_from([criterion for criterion in CRITERIA if criterion.raises]))
    lower, higher = data.draw(st.sampled_from(list(itertools.pairwise(criterion.level_ids))))
    before = decide_option(BOOK, {**levels, criterion.id: (lower,)})
    after = decide_option(BOOK, {**levels, criterion.id: (higher,)})
    for need in criterion.raises:
        index = list(Need).index(need)
        assert after.scores[index] >= before.scores[index]
        assert after.needs[need].needed >= before.needs[need].needed
        assert after.needs[need].probability >= before.needs[need].probability


@given(answers(), st.data())
def test_a_rule_that_fires_never_moves_a_need_against_its_direction(levels, data):
    """Taking a rule out of the set lowers what it speaks for and raises what it speaks against, by its weight."""
    fired = [entry.rule for entry in trace_rules(BOOK, levels) if entry.state is TraceState.FIRED]
    weighing = [rule for rule in fired if rule.effects]
    if not weighing:
        return
    rule = data.draw(st.sampled_from(weighing))
    rest = BOOK.replace(rules={name: own for name, own in BOOK.rules.items() if name != rule.id})
    for effect in rule.effects:
        index = list(Need).index(effect.need)
        moved = decide_option(BOOK, levels).scores[index] - decide_option(rest, levels).scores[index]
        weight = round(1000 * BOOK.scale.weight(effect.strength))
        assert moved == (weight if effect.effect is Direction.FOR else -weight)


@pytest.mark.parametrize(
    "criterion", [criterion for criterion in CRITERIA if criterion.raises], ids=lambda criterion: criterion.id
)
def test_every_declared_direction_holds_in_every_context(criterion):
    for need in criterion.raises:
        assert find_broken_step(BOOK, criterion, need, Budget()) is None


def test_what_the_contract_wants_monotone_is_declared():
    declared = {criterion.id: criterion.raises for criterion in CRITERIA if criterion.raises}

    for name in ("knowledge.volatility", "knowledge.freshness", "knowledge.size", "grounding.citations"):
        assert declared[name] == (Need.RAG,)
    for name in ("data.examples", "data.quality"):
        assert declared[name] == (Need.FINE_TUNING,)


# --- probabilities ----------------------------------------------------------------------------------------------------


@given(answers())
def test_the_probabilities_of_the_options_add_up_to_one_and_are_products_of_the_needs(levels):
    outcome = decide_option(BOOK, levels)
    rag, tuning = (state.probability for state in outcome.needs.values())

    assert sum(outcome.probability.values()) == pytest.approx(1)
    assert outcome.probability[Option.BOTH] == pytest.approx(rag * tuning)
    assert outcome.probability[Option.RAG] + outcome.probability[Option.BOTH] == pytest.approx(rag)
    assert outcome.probability[Option.FINE_TUNING] + outcome.probability[Option.BOTH] == pytest.approx(tuning)


@given(answers())
def test_a_probability_is_the_logistic_function_of_the_score_unless_a_gate_decides(levels):
    advice = judge_profile(BOOK, Profile(levels))

    for need, state in advice.needs.items():
        if state.blocked_by:
            assert state.probability == 0
        elif state.required_by:
            assert state.probability == 1
        else:
            counted = state.score if state.confirmed else min(state.score, BOOK.scale.unconfirmed)
            assert state.probability == pytest.approx(1 / (1 + math.exp(-counted)))
        confirms = [hit for hit in advice.gates if (hit.need, hit.gate) == (need, GateKind.CONFIRMS)]
        assert state.confirmed == (need is Need.RAG or bool(confirms))


@given(answers())
def test_the_base_rate_and_the_weights_of_the_reasons_make_the_score(levels):
    advice = judge_profile(BOOK, Profile(levels))

    for need, state in advice.needs.items():
        signed = [
            reason.weight if reason.effect is Direction.FOR else -reason.weight
            for reason in advice.reasons
            if reason.need is need
        ]
        assert BOOK.scale.intercept(need) + sum(signed) == pytest.approx(state.score)
        assert state.needed == ((state.score > 0 or bool(state.required_by)) and not state.blocked_by)


# --- options ----------------------------------------------------------------------------------------------------------


def test_every_option_is_reachable_and_not_only_as_the_default():
    generator = random.Random(20261201)
    counted = Counter()
    for _ in range(10_000):
        outcome = decide_option(BOOK, {own.id: (generator.choice(own.level_ids),) for own in CRITERIA})
        counted[outcome.option] += not outcome.default

    assert reach_options(BOOK, {}) == frozenset(Option)
    for option in Option:
        assert counted[option] >= 50, counted


@pytest.mark.parametrize("criterion", CRITERIA, ids=lambda criterion: criterion.id)
def test_no_level_is_dead(criterion):
    """Each two levels of a criterion are told apart: a rule fires on one of them and not on the other.

    The one exception are levels that only say how success is measured.
    """
    rules = [rule for rule in BOOK.rules.values() if criterion.id in rule.criteria]
    for first, second in itertools.combinations(criterion.levels, 2):
        told_apart = any(
            (first.id in BOOK.levels_of(criterion.id, wanted))
            != (second.id in BOOK.levels_of(criterion.id, wanted))
            for rule in rules
            for part in (rule.when, rule.unless)
            for name, wanted in part.items()
            if name == criterion.id
        )
        assert told_apart or first.measure != second.measure, f"no rule tells {first.id} from {second.id}"


# --- ties -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_there_is_no_silent_tie(seed):
    """A score of exactly 0 is reported, and the need is not taken to hold."""
    generator = random.Random(seed)
    ties = 0
    for _ in range(300):
        book = make_rulebook(generator)
        advice = judge_profile(book, Profile(draw_answers(generator, book)))
        for index, (need, state) in enumerate(advice.needs.items()):
            exact = sum(
                (1 if reason.effect is Direction.FOR else -1) * round(1000 * reason.weight)
                for reason in advice.reasons
                if reason.need is need
            ) + round(1000 * book.scale.intercept(need))
            assert state.tied == (exact == 0 == decide_option(book, advice.profile.levels).scores[index])
            ties += state.tied
            if state.tied:
                assert state.needed == (bool(state.required_by) and not state.blocked_by)

    assert ties >= 20


def test_a_tie_of_the_shipped_rules_is_too_little_known():
    answers = {
        "task.kind": "question_answering",
        "task.definition": "open_ended",
        "readiness.prompting": "plateaued",
        "performance.deployment": "on_premises",
        "operations.skills": "strong",
    }
    advice = judge_profile(BOOK, Profile({name: (level,) for name, level in answers.items()}))

    assert advice.needs[Need.FINE_TUNING].tied
    assert not advice.needs[Need.FINE_TUNING].needed
    assert advice.too_little_known
    assert not advice.firm


# --- settled ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_settled_has_no_counter_example_in_thousands_of_completions_of_the_shipped_rules(seed):
    """Profiles that are nearly complete are settled now and then; each is completed at random: 50,000 in all."""
    generator = random.Random(seed)
    tried = settled = 0
    while tried < 12_500:
        levels = draw_answers(generator, BOOK, share=generator.choice([0.85, 0.95]))
        if not is_settled(BOOK, levels):
            continue
        settled += 1
        option = decide_option(BOOK, levels).option
        for _ in range(250):
            completion = complete_at_random(generator, levels)
            assert decide_option(BOOK, completion).option is option, (levels, completion)
            tried += 1

    assert settled >= 50


def complete_at_random(generator, levels):
    """Settle what is open on a level each, now and then on several or not at all; what is known stays."""
    completion = dict(levels)
    for criterion in CRITERIA:
        known = levels.get(criterion.id)
        if known and (criterion.several or len(known) == 1):
            continue
        possible = known or criterion.level_ids
        count = 1 if generator.random() < 0.9 else generator.randint(1, len(possible))
        if known or generator.random() < 0.95:
            chosen = generator.sample(possible, count)
            completion[criterion.id] = tuple(
                chosen if criterion.several else sorted(chosen, key=criterion.level_ids.index)
            )
    return completion
