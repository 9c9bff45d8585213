"""Levels by their descriptions: yes or no, words that stand in one description alone, how often something happens.

Nothing is guessed: what could be several levels is asked back with their names.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from ragortune.model import Criterion, Level
from ragortune.model.units import DAYS_A_MONTH, parse_unit
from ragortune.support.errors import AnswerError, QuantityError
from ragortune.support.text import join_words, quote_value

_YES = frozenset(["yes", "y", "yep", "yeah"])
_NO = frozenset(["no", "n", "nope"])
_CLAUSE = re.compile(r"[,;:().]")
_WORD = re.compile(r"[^\W_]+")
_DENIALS = frozenset(_WORD.findall("no not none nobody nothing never neither nor without cannot"))
_FILLERS = frozenset(
    _WORD.findall(
        "a an the of in on at to by for from with within into as it its they them we our us you your there that this "
        "is are be only just every each per once about mostly mainly"
    )
)


def read_description(criterion: Criterion, words: str) -> str | None:
    """Return the level that words describe, None where they describe none.

    Args:
        criterion: the criterion that is answered.
        words: what was typed, in lower case.

    Raises:
        AnswerError: they could be several levels.

    """
    if words in _YES:
        return choose_one(words, _find_agreed(criterion))
    if words in _NO:
        return choose_one(words, _find_denied(criterion))
    return choose_one(words, _find_described(criterion, words) or _find_periods(criterion, words))


def choose_one(words: str, levels: Sequence[str]) -> str | None:
    """Return the only level, None where there is none; AnswerError that names them where there are several."""
    if len(levels) > 1:
        message = f"{quote_value(words)} could be {join_words(levels, 'or')}"
        raise AnswerError(message, None, "type a little more, or the number in the list")
    return levels[0] if levels else None


# --- yes and no ---------------------------------------------------------------------------------------------------


def _find_denied(criterion: Criterion) -> list[str]:
    """Return the levels that are a plain no."""
    return [
        level.id
        for level in criterion.levels
        if level.id.partition("_")[0] in _DENIALS or _first_clause(level) in _NO
    ]


def _find_agreed(criterion: Criterion) -> list[str]:
    """Return the levels that are a yes: a plain one, else those that begin so, else all that are no plain no."""
    plain = [level.id for level in criterion.levels if level.means.casefold() in _YES]
    begun = [level.id for level in criterion.levels if _first_clause(level) in _YES]
    denied = _find_denied(criterion)
    return plain or begun or [level for level in criterion.level_ids if denied and level not in denied]


def _first_clause(level: Level) -> str:
    return _CLAUSE.split(level.means.casefold(), maxsplit=1)[0].strip()


# --- words of a description ---------------------------------------------------------------------------------------


def _find_described(criterion: Criterion, words: str) -> list[str]:
    """Return the levels whose name or description has all of these words; none where the only one denies them.

    "Sources" does not describe "nobody asks for sources".
    """
    wanted = _content_words(words)
    named = [level for level in criterion.levels if wanted and wanted <= frozenset().union(*_clauses(level))]
    if len(named) == 1:
        meant = (own for own in _clauses(named[0]) if own & _DENIALS <= wanted)
        named = named if wanted <= frozenset().union(*meant) else []
    return [level.id for level in named]


def _clauses(level: Level) -> list[frozenset[str]]:
    return [_content_words(part) for part in (level.id, *_CLAUSE.split(level.means))]


def _content_words(text: str) -> frozenset[str]:
    """Return the words of a text that say something, without the endings of plurals."""
    found = _WORD.findall(text.casefold().replace("_", " ").replace("'s", ""))
    return frozenset(_drop_plural(word) for word in found if word not in _FILLERS)


def _drop_plural(word: str) -> str:
    if len(word) <= 3 or not word.endswith("s") or word.endswith("ss"):
        return word
    return f"{word[:-3]}y" if word.endswith("ies") else word[:-1]


# --- how often ----------------------------------------------------------------------------------------------------

_DAY, _TIME = parse_unit("day")
_PERIODS: Mapping[str, float] = {
    "dai": 1.0,
    "night": 1.0,
    "fortnight": 14.0,
    "quarter": 3 * DAYS_A_MONTH,
    "annual": 12 * DAYS_A_MONTH,
}
"""Days in periods that are no unit, as they stand before the ending of `daily` or `quarterly`."""
_NUMBERS: Mapping[str, float] = {
    **{word: float(number) for number, word in enumerate(("one", "two", "three", "four", "five", "six"), 1)},
    **dict.fromkeys(("couple", "other", "twice"), 2.0),
    "half": 0.5,
}
_ABOUT_THE_SAME = 0.09
"""Part by which periods may differ and count as the same, such as four weeks and a month."""


def _find_periods(criterion: Criterion, words: str) -> list[str]:
    """Return the levels nearest to how often or how soon something happens: `quarterly`, `every two weeks`, `2 hours`."""
    length = _read_period(words)
    lengths = {level: _read_period(level) for level in criterion.level_ids}
    known = sorted((own, level) for level, own in lengths.items() if own is not None)
    if length is None or len(known) < 2:
        return []
    same = [level for own, level in known if math.isclose(own, length, rel_tol=_ABOUT_THE_SAME)]
    shorter = [level for own, level in known if own < length]
    if same or all(level.endswith("s") for _, level in known):
        return same or shorter[-1:]  # a level such as `weeks` goes up to the next one
    return _find_neighbours(criterion.level_ids, [level for _, level in known], len(shorter))


def _find_neighbours(order: tuple[str, ...], known: list[str], shorter: int) -> list[str]:
    """Return the two levels between which a period lies; beyond the last of those that are periods, the level there.

    Args:
        order: all levels.
        known: those that are periods, shortest first.
        shorter: how many of them are shorter than the one looked for.

    """
    at = [order.index(level) for level in known]
    if 0 < shorter < len(at):
        places = at[shorter - 1], at[shorter]
    else:
        edge, inner = (at[-1], at[-2]) if shorter else (at[0], at[1])
        places = edge, edge + (1 if edge > inner else -1)
    return [order[place] for place in sorted(places) if 0 <= place < len(order)]


def _read_period(words: str) -> float | None:
    """Return the days of a period, or from one time to the next; None where the words tell none."""
    number, days, often = 1.0, None, False
    for word in _WORD.findall(words):
        often = often or word in ("twice", "times")
        if word in _NUMBERS or word.isdecimal():
            number *= _NUMBERS.get(word) or float(word)
        elif word not in _FILLERS and word != "times":
            if days is not None:
                return None
            days = _count_days(word)
    if days is None or not number:
        return None
    return days / number if often else days * number


def _count_days(word: str) -> float | None:
    """Return the days in a period, named as a noun or as an adverb."""
    stem = word.removesuffix("ly").removesuffix("s")
    if stem in _PERIODS:
        return _PERIODS[stem]
    try:
        seconds, dimensions = parse_unit(stem)
    except QuantityError:
        return None
    return seconds / _DAY if dimensions == _TIME else None
