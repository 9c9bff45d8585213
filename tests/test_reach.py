"""What the open answers can still lead to, held against going through all completions."""

import random

import pytest

from ragortune import load_rulebook
from ragortune.engine import decide_option
from ragortune.whatif.reach import find_pivots, is_settled, reach_options

from .rule_sets import draw_answers, list_completions, make_rulebook

BOOK = load_rulebook()


@pytest.mark.parametrize("seed", range(8))
def test_on_small_rule_sets_the_reachable_options_are_those_of_all_completions(seed):
    generator = random.Random(seed)
    for _ in range(60):
        book = make_rulebook(generator)
        for _ in range(4):
            levels = draw_answers(generator, book)
            options = {decide_option(book, each).option for each in list_completions(book, levels)}

            assert reach_options(book, levels) == options
            assert is_settled(book, levels) == (len(options) == 1)


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
