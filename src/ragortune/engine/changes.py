"""The smallest changes of answers that give another option, found by going through all of them.

A changed profile is the packed profile plus what the changed answers add (see `compile`), and the option of a packed
profile is decided once and remembered, so that all pairs of changes are tried in a few thousand look-ups.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from ragortune.engine.compile import Levels, compile_table
from ragortune.engine.score import judge_packed
from ragortune.model import Criterion, Flip, Option, Rulebook

MOST_CHANGES = 3
"""Larger sets are not looked for: nobody changes four answers at once."""

Move = tuple[str, str, int, int]
"""A criterion, its new level, how far that is, and what it adds to the packed profile."""
Groups = list[tuple[int, list[Move]]]
"""The changes of one criterion by what they add, because many levels do the same."""


def find_flips(
    rulebook: Rulebook, levels: Levels, *, most: int = MOST_CHANGES, given: bool = False
) -> tuple[Flip, ...]:
    """Return every smallest set of changes of known answers that changes the option, nearest first.

    Sets of one and of two changes are complete: a pair is listed only where neither of its changes is enough. Sets of
    three are looked for only where there is no smaller one. Where several levels hold, a change replaces all of them.

    Args:
        rulebook: the rule set.
        levels: what is known.
        most: how many changes to try at once, 1 to 3.
        given: whether answers that the team cannot change are changed as well.

    """
    search = _Search(rulebook, levels)
    wanted = frozenset(Option) - {search.present}
    known = [rulebook.criteria[name] for name in levels if name in rulebook.criteria]
    names = [criterion.id for criterion in known if given or not criterion.given]
    moves = search.list_moves(names)
    singles = search.try_sets(moves, 1, wanted)
    enough = {move for (move,) in singles}
    rest = {name: [move for move in own if move not in enough] for name, own in moves.items()}
    found = [*singles, *(search.try_sets(rest, 2, wanted) if most > 1 else ())]
    if most >= MOST_CHANGES and not found:
        found = search.try_sets(rest, MOST_CHANGES, wanted)
    return search.show_flips(found)


def find_nearest_profile(
    rulebook: Rulebook, levels: Levels, option: Option, *, given: bool = False
) -> Flip | None:
    """Return the smallest change of answers that gives an option, or None where three changes are too few.

    Open answers may be settled as well; of changes as near as each other, one that settles fewer of them comes first.
    """
    names = [
        criterion.id
        for criterion in rulebook.criteria.values()
        if given or not criterion.given or criterion.id not in levels
    ]
    search = _Search(rulebook, levels)
    moves = search.list_moves(names)
    for size in range(1, MOST_CHANGES + 1):
        flips = search.show_flips(search.try_sets(moves, size, frozenset({option})))
        if flips:
            return min(flips, key=lambda flip: sum(name not in levels for name in flip.change))
    return None


class _Search:
    """Goes through all sets of changes of one size."""

    def __init__(self, rulebook: Rulebook, levels: Levels) -> None:
        self._criteria = rulebook.criteria
        self._levels = levels
        self._table = compile_table(rulebook)
        self._base = self._table.pack_profile(levels)
        self._options: dict[int, Option] = {}
        self.present = self._decide(self._base)

    def _decide(self, packed: int) -> Option:
        option = self._options.get(packed)
        if option is None:
            option = self._options[packed] = judge_packed(self._table, packed).option
        return option

    def list_moves(self, names: Iterable[str]) -> dict[str, list[Move]]:
        """Return for each criterion the levels that would be a change, and what each of them adds."""
        moves = {}
        for name in names:
            criterion, known = self._criteria[name], self._levels.get(name)
            now = 0 if known is None else self._table.pack(name, known)
            moves[name] = [
                (name, level, _measure_step(criterion, known, level), self._table.pack(name, (level,)) - now)
                for level in criterion.level_ids
                if known is None or (known != (level,) if criterion.several else level not in known)
            ]
        return moves

    def try_sets(
        self, moves: dict[str, list[Move]], size: int, wanted: frozenset[Option]
    ) -> list[tuple[Move, ...]]:
        """Return the sets of so many changes that give what is wanted."""
        grouped = [_group_moves(own) for own in moves.values()]
        return [
            chosen
            for groups in self._try_groups(grouped, size, self._base, wanted)
            for chosen in itertools.product(*groups)
        ]

    def _try_groups(
        self, grouped: list[Groups], size: int, base: int, wanted: frozenset[Option]
    ) -> Iterator[tuple[list[Move], ...]]:
        """Yield the groups of changes, one for each of `size` criteria, that give what is wanted on top of `base`."""
        remembered, decide = self._options, self._decide
        for place, groups in enumerate(grouped):
            if size > 1:
                rest = grouped[place + 1 :]
                for adds, moves in groups:
                    for others in self._try_groups(rest, size - 1, base + adds, wanted):
                        yield (moves, *others)
                continue
            for adds, moves in groups:
                packed = base + adds
                if (remembered.get(packed) or decide(packed)) in wanted:
                    yield (moves,)

    def show_flips(self, found: Iterable[tuple[Move, ...]]) -> tuple[Flip, ...]:
        """Return sets of changes as flips, the nearest first."""
        order = {name: place for place, name in enumerate(self._criteria)}
        ranked = sorted(
            found,
            key=lambda moves: (
                len(moves),
                sum(move[2] for move in moves),
                [(order[move[0]], move[1]) for move in moves],
            ),
        )
        return tuple(
            Flip(
                {move[0]: move[1] for move in moves},
                self._decide(self._base + sum(move[3] for move in moves)),
            )
            for moves in ranked
        )


def _measure_step(criterion: Criterion, known: tuple[str, ...] | None, level: str) -> int:
    """Return how far a new level is from an answer: levels apart, or 1 where they have no order or none was known."""
    if known is None or criterion.nominal:
        return 1
    place = criterion.level_ids.index(level)
    return min(abs(place - criterion.level_ids.index(own)) for own in known)


def _group_moves(moves: Iterable[Move]) -> Groups:
    grouped: dict[int, list[Move]] = {}
    for move in moves:
        grouped.setdefault(move[3], []).append(move)
    return list(grouped.items())
