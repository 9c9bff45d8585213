"""The smallest changes of answers that give another option, found by going through all of them.

What one answer adds, and the clauses it meets, are packed into one integer. A changed profile is then a sum, and the
option of a sum is decided once and remembered, so that all pairs of changes are tried in a few thousand look-ups.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from functools import lru_cache

from ragortune.derived import fix_facts
from ragortune.engine import Levels, compile_tables, decide_option, settle_needs
from ragortune.model import Criterion, Flip, Option, Rulebook

_ROOM = 40
"""Bits for each part of a packed profile: more than any sum of weights in thousandths, or of mentions, needs."""
_MOST_REMEMBERED = 200_000
_HALF = 1 << (_ROOM - 1)
MOST_CHANGES = 3
"""Larger sets are not looked for: nobody changes four answers at once."""

Move = tuple[str, str, int, int]
"""A criterion, its new level, how far that is, and what it adds to the packed profile."""
Groups = list[tuple[int, list[Move]]]
"""The changes of one criterion by what they add."""


class _Board:
    """A rule set on which profiles are packed integers: clauses, mentions of retrieval, and both scores."""

    def __init__(self, rulebook: Rulebook) -> None:
        self._rulebook = rulebook
        self._tables = compile_tables(rulebook)
        self._room = max(_ROOM, *(cell[2].bit_length() for cell in self._all_cells(rulebook)))
        self._joint: dict[int, tuple[int, int, int, frozenset[int]]] = {}
        self._settled: dict[tuple[tuple[int, int], frozenset[int], bool], Option] = {}
        self.options: dict[int, Option] = {}
        """The options that were decided so far, by packed profile."""

    def _all_cells(self, rulebook: Rulebook) -> Iterator[tuple[int, int, int]]:
        for name, criterion in rulebook.criteria.items():
            yield self._tables.cell_of(name, criterion.level_ids)
            for level in criterion.level_ids:
                yield self._tables.cell_of(name, (level,))

    def pack(self, criterion: str, levels: tuple[str, ...]) -> int:
        """Return what an answer adds to a packed profile."""
        rag, tuning, atoms = self._tables.cell_of(criterion, levels)
        clauses, touched = atoms >> 1, atoms & 1
        return (
            clauses
            + (touched << self._room)
            + (rag << self._room + _ROOM)
            + (tuning << self._room + 2 * _ROOM)
        )

    def decide(self, packed: int) -> Option:
        """Return the option of a packed profile."""
        option = self.options.get(packed)
        if option is None:
            if len(self.options) >= _MOST_REMEMBERED:
                self.options.clear()
            option = self.options[packed] = self._judge(packed)
        return option

    def _judge(self, packed: int) -> Option:
        atoms = (packed & (1 << self._room) - 1) << 1
        rest = packed >> self._room
        touched = rest & (1 << _ROOM) - 1
        rest = (rest >> _ROOM) + _HALF
        rag, tuning = (rest & (1 << _ROOM) - 1) - _HALF, rest >> _ROOM
        joint = self._joint.get(atoms)
        if joint is None:
            joint = self._joint[atoms] = self._judge_joint(atoms)
        adds_rag, adds_tuning, mentions, fired = joint
        thresholds = self._tables.thresholds
        rag, tuning = rag + adds_rag - thresholds[0], tuning + adds_tuning - thresholds[1]
        # Only the side of the threshold matters.
        sides = (rag > 0) - (rag < 0), (tuning > 0) - (tuning < 0)
        key = sides, fired, touched + mentions > 0
        option = self._settled.get(key)
        if option is None:
            gates = [self._tables.gates[index][2] for index in sorted(fired)]
            scores = thresholds[0] + sides[0], thresholds[1] + sides[1]
            option = settle_needs(self._rulebook, scores, gates, touched=key[2]).option
            self._settled[key] = option
        return option

    def _judge_joint(self, atoms: int) -> tuple[int, int, int, frozenset[int]]:
        rag = tuning = mentions = 0
        for when, unless, adds_rag, adds_tuning, touched in self._tables.joint:
            if atoms & when == when and not atoms & unless:
                rag += adds_rag
                tuning += adds_tuning
                mentions += touched
        fired = (
            index
            for index, (when, unless, _) in enumerate(self._tables.gates)
            if atoms & when == when and not atoms & unless
        )
        return rag, tuning, mentions, frozenset(fired)


@lru_cache(maxsize=8)
def _open_board(rulebook: Rulebook) -> _Board:
    return _Board(rulebook)


def _measure_step(criterion: Criterion, known: tuple[str, ...] | None, level: str) -> int:
    """Return how far a new level is from an answer: levels apart, or 1 where they have no order or none was known."""
    if known is None or criterion.nominal:
        return 1
    place = criterion.level_ids.index(level)
    return min(abs(place - criterion.level_ids.index(own)) for own in known)


def _list_moves(rulebook: Rulebook, levels: Levels, names: Iterable[str]) -> dict[str, list[Move]]:
    """Return for each criterion the levels that would be a change, and what each of them adds."""
    board = _open_board(rulebook)
    moves = {}
    for name in names:
        criterion, known = rulebook.criteria[name], levels.get(name)
        now = 0 if known is None else board.pack(name, known)
        moves[name] = [
            (name, level, _measure_step(criterion, known, level), board.pack(name, (level,)) - now)
            for level in criterion.level_ids
            if known is None or level not in known
        ]
    return moves


def find_flips(
    rulebook: Rulebook, levels: Levels, *, most: int = MOST_CHANGES, given: bool = False
) -> tuple[Flip, ...]:
    """Return every smallest set of changes of known answers that changes the option, nearest first.

    Sets of one and of two changes are complete: a pair stands here only where neither of its changes is enough. Sets
    of three are looked for only where there is no smaller one.

    Args:
        rulebook: the rule set.
        levels: what is known.
        most: how many changes to try at once, 1 to 3.
        given: whether answers that the team cannot change are changed as well.

    """
    rulebook, levels = fix_facts(rulebook, levels)
    present = decide_option(rulebook, levels).option
    known = [rulebook.criteria[name] for name in levels if name in rulebook.criteria]
    names = [criterion.id for criterion in known if given or not criterion.given]
    search = _Search(rulebook, levels, names, frozenset(Option) - {present})
    found = [*search.try_sets(1), *(search.try_sets(2) if most > 1 else ())]
    if most >= MOST_CHANGES and not found:
        found = search.try_sets(MOST_CHANGES)
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
    search = _Search(rulebook, levels, names, frozenset({option}))
    for size in range(1, MOST_CHANGES + 1):
        flips = search.show_flips(search.try_sets(size))
        if flips:
            return min(flips, key=lambda flip: sum(name not in levels for name in flip.change))
    return None


class _Search:
    """Goes through all sets of changes of one size after the other."""

    def __init__(
        self, rulebook: Rulebook, levels: Levels, names: Iterable[str], wanted: frozenset[Option]
    ) -> None:
        self._board = _open_board(rulebook)
        self._order = {name: place for place, name in enumerate(rulebook.criteria)}
        self._base = sum(self._board.pack(name, known) for name, known in levels.items())
        self._moves = _list_moves(rulebook, levels, names)
        self._wanted = wanted

    def try_sets(self, size: int) -> list[tuple[Move, ...]]:
        """Return the sets of so many changes that give what is wanted; what they hold is not tried in larger sets."""
        grouped = [_group_moves(own) for own in self._moves.values()]
        found = [
            moves
            for chosen in self._try_groups(grouped, size, self._base)
            for moves in itertools.product(*chosen)
        ]
        if size == 1:
            enough = {move for (move,) in found}
            self._moves = {
                name: [move for move in own if move not in enough] for name, own in self._moves.items()
            }
        return found

    def _try_groups(self, grouped: list[Groups], size: int, base: int) -> Iterator[tuple[list[Move], ...]]:
        """Yield the groups of changes, one for each of `size` criteria, that give what is wanted on top of `base`."""
        decide, wanted, remembered = self._board.decide, self._wanted, self._board.options
        for place, groups in enumerate(grouped):
            if size > 1:
                rest = grouped[place + 1 :]
                for adds, moves in groups:
                    for others in self._try_groups(rest, size - 1, base + adds):
                        yield (moves, *others)
                continue
            for adds, moves in groups:
                packed = base + adds
                if (remembered.get(packed) or decide(packed)) in wanted:
                    yield (moves,)

    def show_flips(self, found: Iterable[tuple[Move, ...]]) -> tuple[Flip, ...]:
        """Return sets of changes as flips, the nearest first."""
        ranked = sorted(
            found,
            key=lambda moves: (
                len(moves),
                sum(move[2] for move in moves),
                [(self._order[move[0]], move[1]) for move in moves],
            ),
        )
        return tuple(
            Flip(
                {move[0]: move[1] for move in moves},
                self._board.decide(self._base + sum(move[3] for move in moves)),
            )
            for moves in ranked
        )


def _group_moves(moves: Iterable[Move]) -> Groups:
    """Return the changes of one criterion by what they add, because many levels do the same."""
    grouped: dict[int, list[Move]] = {}
    for move in moves:
        grouped.setdefault(move[3], []).append(move)
    return list(grouped.items())
