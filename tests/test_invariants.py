"""What holds for every profile, proved by going through the vocabulary or tried on thousands of random profiles."""

import itertools
import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragortune import load_rulebook
from ragortune.engine import compile_tables, decide_option, judge_profile, trace_rules
from ragortune.model import Need, Option, Profile, TraceState
from ragortune.rulecheck import find_broken_step, find_witness

BOOK = load_rulebook()
CRITERIA = list(BOOK.criteria.values())


@st.composite
def answers(draw, fill=None):
    """Random answers: levels, sets of levels where a team is between some, or nothing."""
    levels = {}
    for criterion in CRITERIA:
        if draw(st.booleans()) if fill is None else fill:
            possible = draw(st.sets(st.sampled_from(criterion.level_ids), min_size=1, max_size=2))
            levels[criterion.id] = tuple(level for level in criterion.level_ids if level in possible)
    return levels


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


@given(answers(), st.data())
def test_more_evidence_for_an_option_never_lowers_it(levels, data):
    """Where a criterion declares that it raises a need, a higher level never lowers that need."""
    criterion = data.draw(st.sampled_from([criterion for criterion in CRITERIA if criterion.raises]))
    lower, higher = data.draw(st.sampled_from(list(itertools.pairwise(criterion.level_ids))))
    before = decide_option(BOOK, {**levels, criterion.id: (lower,)})
    after = decide_option(BOOK, {**levels, criterion.id: (higher,)})
    for need in criterion.raises:
        index = list(Need).index(need)
        assert after.scores[index] >= before.scores[index]
        assert after.needed[index] >= before.needed[index]


@pytest.mark.parametrize(
    "criterion", [criterion for criterion in CRITERIA if criterion.raises], ids=lambda c: c.id
)
def test_every_declared_direction_holds_in_every_context(criterion):
    for need in criterion.raises:
        assert find_broken_step(BOOK, criterion, need) is None


def test_what_the_contract_wants_monotone_is_declared():
    declared = {criterion.id: criterion.raises for criterion in CRITERIA if criterion.raises}

    for name in ("knowledge.volatility", "knowledge.freshness", "knowledge.size", "grounding.citations"):
        assert declared[name] == (Need.RAG,)
    for name in ("data.examples", "data.quality"):
        assert declared[name] == (Need.FINE_TUNING,)


@pytest.mark.parametrize("option", list(Option))
def test_every_option_is_reachable(option):
    witness = find_witness(BOOK, option)

    assert witness is not None
    outcome = decide_option(BOOK, witness)
    assert (outcome.option, outcome.default) == (option, False)


@pytest.mark.parametrize("criterion", CRITERIA, ids=lambda c: c.id)
def test_no_level_is_dead(criterion):
    """Each two levels of a criterion are told apart: some rule fires on one of them and cannot on the other.

    The one exception are levels that only say how success is measured.
    """
    clauses = [
        levels
        for when, unless in compile_tables(BOOK).clauses.values()
        for name, levels in (*when, *unless)
        if name == criterion.id
    ]
    for first, second in itertools.combinations(criterion.levels, 2):
        told_apart = any((first.id in levels) != (second.id in levels) for levels in clauses)
        assert told_apart or first.measure != second.measure, (first.id, second.id)


def test_there_is_no_silent_tie():
    """With these weights and thresholds no score can equal its threshold at all."""
    tables = compile_tables(BOOK)
    steps = {abs(weight) for weight in tables.weights.values()}

    assert all(weight % 1000 == 0 for weight in steps)
    assert all(threshold % 1000 == 500 for threshold in tables.thresholds)


def test_a_single_reason_for_retrieval_is_enough_so_that_evidence_never_undoes_the_default():
    weakest = min(BOOK.scale.step(strength).low for strength in ("weak", "moderate", "strong"))

    assert BOOK.scale.needs_rag_above <= weakest


def test_on_random_full_profiles_no_option_takes_most_or_almost_none():
    generator = random.Random(20261124)
    counted = Counter(
        decide_option(BOOK, {c.id: (generator.choice(c.level_ids),) for c in CRITERIA}).option
        for _ in range(20_000)
    )

    for option in Option:
        assert 0.03 <= counted[option] / 20_000 <= 0.60, counted
