"""How many questions until the advice is settled, by the order in which they are asked?

Profiles are answered fully and at random: levels uniform, and levels by how often the casebook has them, plus one.
Every order stops at the same proof: no completion of what is still open can change the option. Beside our order stand
the order of the file, and the static order by the largest swing that one answer can give a score; both are also shown
with questions left out that cannot change the option any more.

usage: python tools/questions.py [--profiles N] [--seeds N] [--rules DIR]
"""

from __future__ import annotations

import argparse
import math
import random
import statistics
from collections import Counter
from collections.abc import Callable, Mapping

from ragortune.engine import Levels, decide_option
from ragortune.model import Rulebook
from ragortune.profile import Vocabulary
from ragortune.rulebook import load_rulebook
from ragortune.whatif import choose_question, is_settled
from ragortune.whatif.reach import find_pivots

Order = Callable[[Rulebook, Levels], str]
Weights = Mapping[str, Mapping[str, float]]
"""For each criterion how likely each level is, in relation to the others."""


def weigh_uniformly(rulebook: Rulebook) -> Weights:
    """Return the same weight for every level."""
    return {name: dict.fromkeys(own.level_ids, 1.0) for name, own in rulebook.criteria.items()}


def weigh_by_casebook(rulebook: Rulebook) -> Weights:
    """Return how often each level stands in the casebook, plus one; an answer between levels counts in parts."""
    counts = {name: Counter(own.level_ids) for name, own in rulebook.criteria.items()}
    weights: dict[str, dict[str, float]] = {name: {**own} for name, own in counts.items()}
    vocabulary = Vocabulary(rulebook.criteria)
    for case in rulebook.cases:
        for name, levels in vocabulary.read_profile(case.profile).levels.items():
            for level in levels:
                weights[name][level] += 1 / len(levels)
    return weights


def draw_profile(weights: Weights, generator: random.Random) -> Levels:
    """Return a fully answered profile."""
    return {name: (generator.choices([*own], [*own.values()])[0],) for name, own in weights.items()}


def order_ours(likely: Weights | None) -> Order:
    """Return the order of the questionnaire, by what the casebook makes likely or by other weights."""
    weights = {name: tuple(own.values()) for name, own in likely.items()} if likely else None

    def choose(rulebook: Rulebook, levels: Levels) -> str:
        name = choose_question(rulebook, levels, levels, weights)
        assert name is not None
        return name

    return choose


def order_by_list(names: tuple[str, ...], *, skip: bool) -> Order:
    """Return the order of a list; with `skip`, only questions that can still change the option are asked."""

    def choose(rulebook: Rulebook, levels: Levels) -> str:
        pivots = find_pivots(rulebook, levels) if skip else rulebook.criteria
        return next(name for name in names if name not in levels and name in pivots)

    return choose


def rank_by_swing(rulebook: Rulebook) -> tuple[str, ...]:
    """Return the criteria by the largest difference that a single answer can make to a score, largest first."""

    def swing(name: str) -> int:
        scores = [decide_option(rulebook, {}).scores]
        scores += [
            decide_option(rulebook, {name: (level,)}).scores for level in rulebook.criteria[name].level_ids
        ]
        swings = [max(own) - min(own) for own in ([pair[index] for pair in scores] for index in (0, 1))]
        return max(swings)

    return tuple(sorted(rulebook.criteria, key=swing, reverse=True))


def count_questions(rulebook: Rulebook, profile: Levels, order: Order) -> int:
    """Return after how many answers the advice is settled."""
    levels: dict[str, tuple[str, ...]] = {}
    while not is_settled(rulebook, levels):
        name = order(rulebook, levels)
        levels[name] = profile[name]
    final = decide_option(rulebook, profile).option
    assert decide_option(rulebook, levels).option is final, "settled too soon"
    return len(levels)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Questions until settled, by order.")
    parser.add_argument("--profiles", type=int, default=200, help="profiles for each seed")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--rules", help="folder of a rule set")
    given = parser.parse_args()
    rulebook = load_rulebook(given.rules)
    files, swings = tuple(rulebook.criteria), rank_by_swing(rulebook)
    orders: dict[str, Order] = {
        "ours": order_ours(None),
        "ours, all levels as likely": order_ours(weigh_uniformly(rulebook)),
        "file order": order_by_list(files, skip=False),
        "largest swing first": order_by_list(swings, skip=False),
        "file order, only what matters": order_by_list(files, skip=True),
        "largest swing, only what matters": order_by_list(swings, skip=True),
    }
    for title, weights in (
        ("levels uniform", weigh_uniformly(rulebook)),
        ("casebook counts plus one", weigh_by_casebook(rulebook)),
    ):
        counts: dict[str, list[int]] = {name: [] for name in orders}
        for seed in range(1, given.seeds + 1):
            generator = random.Random(seed)
            for _ in range(given.profiles):
                profile = draw_profile(weights, generator)
                for name, order in orders.items():
                    counts[name].append(count_questions(rulebook, profile, order))
        _print_table(title, counts, f"{given.profiles} profiles for each of the seeds 1 to {given.seeds}")


def _print_table(title: str, counts: Mapping[str, list[int]], sample: str) -> None:
    base = statistics.fmean(counts["file order"])
    print(f"\n{title} ({sample})")
    print(f"  {'order':<34} {'mean':>6} {'error':>6} {'of file order':>14} {'median':>7} {'90%':>5}")
    for name, own in counts.items():
        mean = statistics.fmean(own)
        error = statistics.stdev(own) / math.sqrt(len(own))
        upper = sorted(own)[int(0.9 * len(own))]
        median = statistics.median(own)
        print(f"  {name:<34} {mean:6.2f} {error:6.2f} {mean / base:14.1%} {median:7.1f} {upper:5}")


if __name__ == "__main__":
    main()
