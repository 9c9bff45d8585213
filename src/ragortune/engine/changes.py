"""The smallest changes of answers that give another option (counterfactuals), by exhaustive search.

All sets of one change are tried, then all of two; three only where nothing smaller is found. A changed profile is the
packed profile plus the differences that its changes make (see `compile`). Most changes of a criterion make the same
difference, and these are tried once: with k criteria and d differences each, pairs cost k²d²/2 look-ups, a few
thousand for the shipped rule set. A budget limits the search.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterable
from typing import NamedTuple

from ragortune.engine.compile import Budget, Levels, compile_table
from ragortune.engine.score import judge_packed
from ragortune.model import Criterion, Flip, Option, Rulebook

MAX_CHANGES = 3
"""Size of the largest sets that are tried: nobody changes four answers at once."""
_DECISION = 30
"""Steps of the budget that it takes to score a profile or to keep a set of changes; a look-up takes one."""


class Move(NamedTuple):
    """A change of one answer."""

    criterion: str
    level: str
    distance: int
    """Levels between the answer and the new level; 1 where they have no order or the answer was unknown."""
    adds: int
    """What it adds to the packed profile."""


def find_flips(rulebook: Rulebook, levels: Levels, *, change_fixed: bool = False) -> tuple[Flip, ...]:
    """Return every smallest set of changes to known answers that changes the option, the nearest first.

    All sets of one and of two changes are found; a pair is listed only if neither of its changes is enough by itself.
    Sets of three are tried only if there is no smaller one. Where several levels hold, a change replaces all of them.
    With `change_fixed`, answers that the team cannot change are changed as well. Raises SearchTooLargeError.
    """
    search = _Search(rulebook, levels)
    wanted = frozenset(Option) - {search.present}
    known = [rulebook.criteria[name] for name in levels if name in rulebook.criteria]
    moves = [search.list_moves(criterion) for criterion in known if change_fixed or not criterion.fixed]
    singles = search.try_sets(moves, 1, wanted)
    enough = {move for (move,) in singles}
    rest = [[move for move in of_criterion if move not in enough] for of_criterion in moves]
    found = [*singles, *search.try_sets(rest, 2, wanted)]
    if not found:
        found = search.try_sets(rest, MAX_CHANGES, wanted)
    return search.show_flips(found)


def find_nearest_profile(
    rulebook: Rulebook, levels: Levels, option: Option, *, change_fixed: bool = False
) -> Flip | None:
    """Return the smallest change of answers that gives an option, None if more than three changes are needed.

    A change may also answer an open question; of equally small sets the one that answers fewest is returned.
    Raises SearchTooLargeError.
    """
    search = _Search(rulebook, levels)
    moves = [
        search.list_moves(criterion)
        for criterion in rulebook.criteria.values()
        if change_fixed or not criterion.fixed or criterion.id not in levels
    ]
    for size in range(1, MAX_CHANGES + 1):
        flips = search.show_flips(search.try_sets(moves, size, frozenset({option})))
        if flips:
            return min(flips, key=lambda flip: sum(name not in levels for name in flip.change))
    return None


class _Search:
    """Tries all sets of changes of one size."""

    def __init__(self, rulebook: Rulebook, levels: Levels) -> None:
        self._order = {name: index for index, name in enumerate(rulebook.criteria)}
        self._levels = levels
        self._table = compile_table(rulebook)
        self._base = self._table.pack_profile(levels)
        self._budget = Budget()
        self._decide = functools.cache(self._decide_anew)
        self.present = self._decide(self._base)

    def _decide_anew(self, packed: int) -> Option:
        self._budget.spend(_DECISION + len(self._table.joint))
        return judge_packed(self._table, packed).option

    def list_moves(self, criterion: Criterion) -> list[Move]:
        """Return the changes of the answer to a criterion."""
        name, known = criterion.id, self._levels.get(criterion.id, ())
        present = self._table.pack(name, known) if known else 0
        ranks = [] if criterion.nominal else [criterion.level_ids.index(level) for level in known]
        moves = []
        for rank, level in enumerate(criterion.level_ids):
            if known != (level,) and (criterion.several or level not in known):
                distance = min((abs(rank - known_rank) for known_rank in ranks), default=1)
                moves.append(Move(name, level, distance, self._table.pack(name, (level,)) - present))
        return moves

    def try_sets(
        self, moves: list[list[Move]], size: int, wanted: frozenset[Option]
    ) -> list[tuple[Move, ...]]:
        """Return all sets of `size` changes, each of another criterion, that give one of the wanted options.

        `moves` lists the changes of each criterion. Those that add the same are tried once.
        """
        grouped: list[dict[int, list[Move]]] = [{} for _ in moves]
        for groups, of_criterion in zip(grouped, moves, strict=True):
            for move in of_criterion:
                groups.setdefault(move.adds, []).append(move)
        sets: list[tuple[Move, ...]] = []
        for chosen in itertools.combinations(grouped, size):
            self._budget.spend(math.prod(map(len, chosen)))
            for adds in itertools.product(*chosen):
                if self._decide(self._base + sum(adds)) in wanted:
                    found = [groups[amount] for groups, amount in zip(chosen, adds, strict=True)]
                    self._budget.spend(_DECISION * math.prod(map(len, found)))
                    sets += itertools.product(*found)
        return sets

    def show_flips(self, found: Iterable[tuple[Move, ...]]) -> tuple[Flip, ...]:
        """Return sets of changes as flips, the smallest and nearest first, then in the order of the criteria."""

        def rank(moves: tuple[Move, ...]) -> tuple[int, int, list[tuple[int, str]]]:
            order = [(self._order[move.criterion], move.level) for move in moves]
            return len(moves), sum(move.distance for move in moves), order

        flips = []
        for moves in sorted(found, key=rank):
            option = self._decide(self._base + sum(move.adds for move in moves))
            flips.append(Flip({move.criterion: move.level for move in moves}, option))
        return tuple(flips)
