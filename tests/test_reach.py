"""What the open answers can still lead to, held against going through all completions."""

import random

import pytest

from ragortune import load_rulebook
from ragortune.engine import (
    SearchTooLargeError,
    add_what_if,
    decide_option,
    is_settled,
    judge_profile,
    reach_options,
)
from ragortune.engine.settled import find_pivots
from ragortune.model import Criterion, Direction, Effect, Level, Need, Profile, Strength

from .rule_sets import draw_answers, list_completions, make_rulebook

BOOK = load_rulebook()


@pytest.mark.parametrize("seed", range(8))
def test_on_small_rule_sets_the_reachable_options_are_those_of_all_completions(seed):
    generator = random.Random(seed)
    settled = 0
    for _ in range(60):
        book = make_rulebook(generator, criteria=3)
        for _ in range(4):
            levels = draw_answers(generator, book)
            options = {decide_option(book, each).option for each in list_completions(book, levels)}

            assert reach_options(book, levels) == options
            assert is_settled(book, levels) == (len(options) == 1)
            settled += len(options) == 1

    assert 20 <= settled <= 220  # both answers are tried


@pytest.mark.parametrize("seed", range(4))
def test_questions_that_nobody_can_answer_stay_open_in_every_completion(seed):
    generator = random.Random(seed)
    for _ in range(40):
        book = make_rulebook(generator, criteria=3)
        levels = draw_answers(generator, book, share=0.3)
        kept = generator.sample(list(book.criteria), 1)
        options = {
            decide_option(book, each).option
            for each in list_completions(book, levels)
            if each.get(kept[0]) == levels.get(kept[0])
        }

        assert reach_options(book, levels, kept) == options


@pytest.mark.parametrize("seed", range(4))
def test_a_question_that_is_not_named_cannot_change_the_option(seed):
    generator = random.Random(seed)
    for _ in range(40):
        book = make_rulebook(generator, criteria=3)
        levels = draw_answers(generator, book, share=0.3)
        pivots = find_pivots(book, levels)
        by_rest = {}
        for completion in list_completions(book, levels):
            rest = tuple(sorted((name, state) for name, state in completion.items() if name in pivots))
            by_rest.setdefault(rest, set()).add(decide_option(book, completion).option)

        assert all(len(options) == 1 for options in by_rest.values())


def test_a_confirmation_alone_is_no_reason_to_ask_because_it_cannot_change_the_option(book):
    """Whether examples exist lifts the ceiling of a probability; the option hangs on the score."""
    confirms = book.rules["more-than-a-handful"].replace(effects=())
    only = book.replace(rules={confirms.id: confirms})

    assert not find_pivots(only, {})


# --- rule sets that couple too much ---------------------------------------------------------------------------------


def couple(book, count):
    """Add criteria that rules read three at a time, in a ring, for and against retrieval, so that bounds tell nothing."""
    names = [f"ring.q{number}" for number in range(count)]
    levels = tuple(Level(level, "") for level in ("no", "partly", "yes"))
    criteria = {name: Criterion(name, "", "", "", levels) for name in names}
    rules = {}
    for place, name in enumerate(names):
        nearby = names[(place + 1) % count], names[(place + 2) % count]
        for direction, wanted in ((Direction.FOR, ("yes",)), (Direction.AGAINST, ("yes", "partly"))):
            rules[f"{direction}-{place}"] = book.rules["weak-model"].replace(
                id=f"{direction}-{place}",
                when={name: wanted, nearby[0]: ("yes",), nearby[1]: ("no",)},
                effects=(Effect(Need.RAG, direction, Strength.STRONG),),
            )
    return book.replace(criteria={**book.criteria, **criteria}, rules={**book.rules, **rules})


@pytest.mark.parametrize("count", [30, 60])
def test_a_pack_that_couples_too_much_leaves_settled_unknown_instead_of_searching_for_hours(count):
    coupled = couple(BOOK, count)
    complete = {name: (own.level_ids[0],) for name, own in BOOK.criteria.items()}

    with pytest.raises(SearchTooLargeError):
        is_settled(coupled, complete)
    advice = add_what_if(judge_profile(coupled, Profile(complete)))

    assert (advice.settled, advice.unknowns) == (None, None)
    assert advice.firm == (advice.probability[advice.option] >= 0.8)


def test_the_search_that_gives_up_there_is_exact_where_the_ring_is_small():
    names = [name for name in couple(BOOK, 4).rules if name not in BOOK.rules]
    coupled = couple(BOOK.replace(criteria={}), 4)
    ring = coupled.replace(rules={name: coupled.rules[name] for name in names})
    options = {decide_option(ring, each).option for each in list_completions(ring, {})}

    assert reach_options(ring, {}) == options
