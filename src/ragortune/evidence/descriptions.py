"""Levels by their descriptions: yes or no, or words that stand in one description alone.

Nothing is guessed: what could be several levels is asked back with their names.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ragortune.model import Criterion, Level
from ragortune.support.errors import AnswerError
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
    return choose_one(words, _find_described(criterion, words))


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
