"""What would change the advice, held against trying every change."""

import itertools
import random

import pytest

from ragortune import load_rulebook
from ragortune.engine import add_what_if, decide_option, explain_refusal, judge_profile
from ragortune.engine.compile import Budget
from ragortune.engine.what_if import find_flips, find_nearest_profile
from ragortune.model import Option, Profile
from ragortune.report.outlook import explain_refusal as show_refusal
from ragortune.report.outlook import list_flips
from ragortune.report.text import write_text

from .rule_sets import draw_answers, make_criterion, make_rulebook

BOOK = load_rulebook()


def try_changes(book, levels, size, *, change_fixed=False):
    """Return every set of changes of that size that changes the option, by brute force."""
    present = decide_option(book, levels).option
    names = [
        name for name in levels if name in book.criteria and (change_fixed or not book.criteria[name].fixed)
    ]
    found = {}
    for chosen in itertools.combinations(names, size):
        others = [list_new_levels(book.criteria[name], levels[name]) for name in chosen]
        for new in itertools.product(*others):
            change = dict(zip(chosen, new, strict=True))
            option = decide_option(
                book, {**levels, **{name: (level,) for name, level in change.items()}}
            ).option
            if option is not present:
                found[frozenset(change.items())] = option
    return found


def list_new_levels(criterion, known):
    """Return the levels that would be news: of several that hold, one that holds alone is news as well."""
    return [
        level
        for level in criterion.level_ids
        if (known != (level,) if criterion.several else level not in known)
    ]


def find_smallest_changes(book, levels, *, change_fixed=False):
    smallest = try_changes(book, levels, 1, change_fixed=change_fixed)
    for change, option in try_changes(book, levels, 2, change_fixed=change_fixed).items():
        if not any(frozenset({part}) in smallest for part in change):
            smallest[change] = option
    return smallest or try_changes(book, levels, 3, change_fixed=change_fixed)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("change_fixed", [False, True], ids=["what the team can change", "anything"])
def test_on_small_rule_sets_the_flips_are_those_of_trying_every_change(seed, change_fixed):
    generator = random.Random(seed)
    for _ in range(60):
        book = make_rulebook(generator, criteria=5)
        levels = draw_answers(generator, book, share=0.8)
        flips = find_flips(book, levels, change_fixed=change_fixed)

        assert {frozenset(flip.change.items()): flip.option for flip in flips} == find_smallest_changes(
            book, levels, change_fixed=change_fixed
        )
        assert len(flips) == len({frozenset(flip.change.items()) for flip in flips})


@pytest.mark.parametrize("seed", range(6))
def test_on_the_shipped_rules_the_flips_are_complete_up_to_two_changes(seed):
    generator = random.Random(seed)
    levels = draw_answers(generator, BOOK, share=generator.choice([0.2, 0.4]))
    flips = {frozenset(flip.change.items()): flip.option for flip in find_flips(BOOK, levels)}

    assert {change: option for change, option in flips.items() if len(change) < 3} == {
        change: option for change, option in find_smallest_changes(BOOK, levels).items() if len(change) < 3
    }


def test_the_nearest_change_comes_first():
    levels = {"knowledge.gap": ("most",), "knowledge.source": ("documents",), "knowledge.size": ("medium",)}
    flips = find_flips(BOOK, levels, change_fixed=True)
    order = [(len(flip.change), measure_distance(levels, flip.change)) for flip in flips]

    assert order == sorted(order)
    assert order[0] < order[-1]


def measure_distance(levels, change):
    """Levels apart, summed; 1 for a criterion without order."""
    return sum(
        1
        if BOOK.criteria[name].nominal
        else min(
            abs(BOOK.criteria[name].level_ids.index(new) - BOOK.criteria[name].level_ids.index(old))
            for old in levels[name]
        )
        for name, new in change.items()
    )


def test_what_the_team_cannot_change_is_left_out_unless_asked_for():
    levels = {"knowledge.gap": ("most",), "knowledge.volatility": ("monthly",)}

    assert not any("knowledge.gap" in flip.change for flip in find_flips(BOOK, levels))
    assert any("knowledge.gap" in flip.change for flip in find_flips(BOOK, levels, change_fixed=True))


@pytest.mark.parametrize("option", list(Option))
@pytest.mark.parametrize("seed", range(3))
def test_the_nearest_profile_for_an_option_gives_it_and_no_smaller_change_does(option, seed):
    generator = random.Random(seed)
    book = make_rulebook(generator, criteria=4)
    levels = draw_answers(generator, book)
    nearest = find_nearest_profile(book, levels, option, change_fixed=True)
    sizes = []
    for size in range(1, 4):
        for chosen in itertools.combinations(book.criteria, size):
            for new in itertools.product(*(book.criteria[name].level_ids for name in chosen)):
                changed = {name: (level,) for name, level in zip(chosen, new, strict=True)}
                if decide_option(book, {**levels, **changed}).option is option:
                    sizes.append(size)

    if nearest is None:
        assert not sizes
    else:
        changed = {name: (level,) for name, level in nearest.change.items()}
        assert decide_option(book, {**levels, **changed}).option is option is nearest.option
        assert len(changed) <= min(sizes)


def test_where_there_are_too_many_changes_to_try_that_is_said(monkeypatch):
    monkeypatch.setattr("ragortune.engine.what_if.Budget", lambda: Budget(10_000))
    names = [f"team.q{number}" for number in range(100)]
    book = BOOK.replace(criteria={name: make_criterion(name, ["low", "high"]) for name in names}, rules={})
    found = add_what_if(judge_profile(book, Profile(dict.fromkeys(names, ("low",)))))

    refusal = explain_refusal(found, Option.BOTH)

    assert (found.settled, found.flips) == (True, None)
    assert (refusal.nearest, refusal.searched) == (None, False)
    told = write_text([*list_flips(found), *show_refusal(found, refusal)], width=80, color=False)
    assert told.count("not computed: there are too many changes to try") == 2
