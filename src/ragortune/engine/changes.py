"""The smallest changes of answers that give another option, found by going through all of them.

A changed profile is the packed profile plus what the changed answers add (see `compile`), and the option of a packed
profile is decided once and remembered, so that all pairs of changes are tried in a few thousand look-ups.
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

MOST_CHANGES = 3
"""Larger sets are not looked for: nobody changes four answers at once."""


_DECISION = 30
"""What deciding or keeping a set of changes costs, in look-ups."""


class Move(NamedTuple):
    """A change of one answer."""

    criterion: str
    level: str
    distance: int
    """How far the new level is from the answer: levels apart, or 1 where they have no order or none was known."""
    adds: int
    """What it adds to the packed profile."""


def find_flips(rulebook: Rulebook, levels: Levels, *, change_fixed: bool = False) -> tuple[Flip, ...]:
    """Return every smallest set of changes of known answers that changes the option, nearest first.

    Sets of one and of two changes are complete: a pair is listed only where neither of its changes is enough. Sets of
    three are looked for only where there is no smaller one. Where several levels hold, a change replaces all of them.
    With `change_fixed` answers that the team cannot change are changed as well. Raises SearchTooLargeError.
    """
    search = _Search(rulebook, levels)
    wanted = frozenset(Option) - {search.present}
    known = [rulebook.criteria[name] for name in levels if name in rulebook.criteria]
    moves = [search.list_moves(criterion) for criterion in known if change_fixed or not criterion.fixed]
    singles = search.try_sets(moves, 1, wanted)
    enough = {move for (move,) in singles}
    rest = [[move for move in own if move not in enough] for own in moves]
    found = [*singles, *search.try_sets(rest, 2, wanted)]
    if not found:
        found = search.try_sets(rest, MOST_CHANGES, wanted)
    return search.show_flips(found)


def find_nearest_profile(
    rulebook: Rulebook, levels: Levels, option: Option, *, change_fixed: bool = False
) -> Flip | None:
    """Return the smallest change of answers that gives an option, or None where three changes are too few.

    Open answers may be settled as well; of changes as near as each other, one that settles fewer of them comes first.
    Raises SearchTooLargeError.
    """
    search = _Search(rulebook, levels)
    moves = [
        search.list_moves(criterion)
        for criterion in rulebook.criteria.values()
        if change_fixed or not criterion.fixed or criterion.id not in levels
    ]
    for size in range(1, MOST_CHANGES + 1):
        flips = search.show_flips(search.try_sets(moves, size, frozenset({option})))
        if flips:
            return min(flips, key=lambda flip: sum(name not in levels for name in flip.change))
    return None


class _Search:
    """Goes through all sets of changes of one size."""

    def __init__(self, rulebook: Rulebook, levels: Levels) -> None:
        self._order = {name: place for place, name in enumerate(rulebook.criteria)}
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
        """Return what would be a change of one answer."""
        name, known = criterion.id, self._levels.get(criterion.id, ())
        now = self._table.pack(name, known) if known else 0
        places = [] if criterion.nominal else [criterion.level_ids.index(own) for own in known]
        moves = []
        for place, level in enumerate(criterion.level_ids):
            if known != (level,) and (criterion.several or level not in known):
                distance = min((abs(place - own) for own in places), default=1)
                moves.append(Move(name, level, distance, self._table.pack(name, (level,)) - now))
        return moves

    def try_sets(
        self, moves: list[list[Move]], size: int, wanted: frozenset[Option]
    ) -> list[tuple[Move, ...]]:
        """Return the sets of so many changes, each of another criterion, that give what is wanted.

        `moves` has those of each criterion. Many add the same; they are tried once.
        """
        grouped: list[dict[int, list[Move]]] = [{} for _ in moves]
        for groups, own in zip(grouped, moves, strict=True):
            for move in own:
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
        """Return sets of changes as flips, the nearest first."""

        def rank(moves: tuple[Move, ...]) -> tuple[int, int, list[tuple[int, str]]]:
            places = [(self._order[move.criterion], move.level) for move in moves]
            return len(moves), sum(move.distance for move in moves), places

        flips = []
        for moves in sorted(found, key=rank):
            option = self._decide(self._base + sum(move.adds for move in moves))
            flips.append(Flip({move.criterion: move.level for move in moves}, option))
        return tuple(flips)
