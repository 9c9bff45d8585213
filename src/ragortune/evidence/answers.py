"""Parses typed answers: levels by name, number, prefix or description, lists, ranges, amounts, or unknown.

The result is the value as in a profile file, so that questionnaire and file have the same meaning.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from ragortune.evidence.amounts import read_amount, share_unit, show_amount, show_amounts
from ragortune.evidence.entries import UNKNOWN
from ragortune.model import Criterion
from ragortune.support.errors import AnswerError
from ragortune.support.text import clean_text, join_words, quote_value, suggest_name

LONGEST_ANSWER = 200
"""Maximum characters of an answer; longer ones were pasted by mistake."""
_UNKNOWN = (
    "unknown|skip|don't know|dont know|do not know|i don't know|i dont know|not known|no idea|not sure|unsure|dunno|idk|"
    "nobody knows|n/a|tbd"
)
_UNKNOWN_WORDS = frozenset(_UNKNOWN.split("|"))
_ABOUT = re.compile(r"^(?:~|≈|about |around |approximately |approx\.? |roughly |ca\.? |circa )\s*")
_LOWER = re.compile(
    r"(at least |from |min(?:imum)? |>=\s*|≥\s*)(.+)|(.+?)(?: or more| and more| or higher|\s?\+)"
)
_UPPER = re.compile(
    r"(at most |up to |no more than |max(?:imum)? |<=\s*|≤\s*)(.+)|(.+?)(?: or less| or fewer| or lower)"
)
_OVER = re.compile(r"(?:more than |over |above |>\s*)(.+)")
_UNDER = re.compile(r"(?:less than |fewer than |under |below |<\s*)(.+)")
_LIST = re.compile(r"[,;|/]|(?:^|\s)(?:or|and)(?=\s|$)")
_LIST_WITH_AMOUNTS = re.compile(r"(?<!\d),|,(?!\d)|(?<=^[1-9]),(?=\d{1,2}$)|[;|]|(?:^|\s)or(?=\s|$)")
_OR = re.compile(r"(?:^|\s)or(?=\s|$)")
_HYPHEN = re.compile(r"^\d[^-]*-\s*[a-z]")
"""Behind a number, a hyphen before a letter is part of a word: `120 input-output pairs`."""
_PLAIN_NUMBER = re.compile(r"\d{1,2}")
_CLAUSE = re.compile(r"[,;:().]")
_WORDS_FOR: Mapping[float, str] = {
    math.inf: "static|never",
    365: "yearly|annually|every year",
    182: "half-yearly|semi-annually|semiannually|twice a year|every six months|every 6 months",
    91: "quarterly|every quarter|every three months|every 3 months",
    30: "monthly|every month",
    14: "fortnightly|biweekly|every two weeks|every other week|twice a month",
    7: "weekly|every week",
    3.5: "twice a week",
    1: "daily|every day|nightly|every night",
    1 / 2: "twice a day|twice daily",
    1 / 24: "hourly|every hour",
    0: "realtime|continuously|constantly",
}
_PERIODS = {word: days for days, words in _WORDS_FOR.items() for word in words.split("|")}
"""Periods in days by word."""


class SeveralLevelsError(AnswerError):
    """Words of an answer mean either of several levels."""


def read_answer(criterion: Criterion, text: str) -> object:
    """Return the value of a typed answer as in a profile: a level, a list, a number, a range, or `unknown`.

    Raises AnswerError, which names valid answers and the nearest level.
    """
    typed = " ".join(clean_text(text).replace("\u2019", "'").split())
    words = typed.casefold()
    if len(words) > LONGEST_ANSWER:
        message = f"an answer has at most {LONGEST_ANSWER} characters"
        raise AnswerError(message, None, accepted_words(criterion))
    if words not in criterion.level_ids and words in _UNKNOWN_WORDS:
        return UNKNOWN
    for read in (_read_single, _read_range, _read_parts, _read_period):
        value = read(criterion, words)
        if value is not None:
            return value
    raise _not_understood(criterion, typed)


def choice_labels(criterion: Criterion) -> tuple[str, ...]:
    """Return the short labels of the levels: `2`, or `#2` if the question also takes numbers."""
    mark = "#" if criterion.unit else ""
    return tuple(f"{mark}{number}" for number in range(1, len(criterion.levels) + 1))


def accepted_words(criterion: Criterion) -> str:
    """Return a sentence on the valid answers to a question."""
    labels = choice_labels(criterion)
    several = "all that hold, the main one first" if criterion.several else "several joined by 'or'"
    amounts = f", or an amount such as {show_amounts(criterion)}" if criterion.unit else ""
    return (
        f"type {join_words(criterion.level_ids, 'or')} (or {labels[0]} to {labels[-1]}), {several}{amounts}; 'skip' if "
        "nobody knows"
    )


def _not_understood(criterion: Criterion, words: str) -> AnswerError:
    near = suggest_name(words, criterion.level_ids)
    accepted = accepted_words(criterion)
    hint = f"{near} {accepted[:1].upper()}{accepted[1:]}" if near else accepted
    return AnswerError(f"{quote_value(words)} is not an answer to this question", None, hint)


# --- one answer ---------------------------------------------------------------------------------------------------


def _read_single(criterion: Criterion, words: str) -> object:
    """Return a level or an amount, None if the words are neither."""
    level = _find_level(criterion, words)
    if level is not None or not criterion.unit:
        return level
    words = _ABOUT.sub("", words)
    _refuse_numbers_of_levels(criterion, words)
    is_range = _split_range(words) or _LOWER.fullmatch(words) or _UPPER.fullmatch(words)
    return None if is_range or _LIST_WITH_AMOUNTS.search(words) else read_amount(criterion, words)


def _refuse_numbers_of_levels(criterion: Criterion, *amounts: str) -> None:
    """Raise AnswerError if all amounts, such as both ends of a range, could as well be numbers of levels."""
    count = len(criterion.levels) if criterion.unit else 0
    if not all(_PLAIN_NUMBER.fullmatch(one) and 1 <= int(one) <= count for one in amounts):
        return
    number = int(amounts[0])
    hint = f"type #{number} for {criterion.level_ids[number - 1]}, or {show_amount(criterion, number)}"
    raise AnswerError(f"{amounts[0]} could be the number of a level or an amount", None, hint)


def _find_level(criterion: Criterion, words: str) -> str | None:
    """Return the level of a name, description, number or prefix; raises AnswerError if the prefix is ambiguous."""
    form = words.strip().strip("'\"").replace(" ", "_").replace("-", "_")
    for level in criterion.levels:
        named = level.id.casefold().replace("-", "_")
        if form.replace("_", "") == named.replace("_", "") or words == level.means.casefold():
            return level.id
    number = form.removeprefix("#")
    if number.isascii() and number.isdigit() and (form != number or not criterion.unit):
        if not 1 <= (place := int(number[:4])) <= len(criterion.levels):
            labels = choice_labels(criterion)
            message = f"the list goes from {labels[0]} to {labels[-1]}"
            raise AnswerError(message, None, accepted_words(criterion))
        return criterion.level_ids[place - 1]
    by_prefix = [level for level in criterion.level_ids if form and level.casefold().startswith(form)]
    clauses = {level.id: _CLAUSE.split(level.means.casefold(), maxsplit=1)[0] for level in criterion.levels}
    return _choose_one(words, [name for name, clause in clauses.items() if clause == words] or by_prefix)


def _choose_one(words: str, levels: Sequence[str]) -> str | None:
    """Return the only level, None if there is none; raises AnswerError if there are several."""
    if len(levels) > 1:
        message = f"{quote_value(words)} could be {join_words(levels, 'or')}"
        raise SeveralLevelsError(message, None, "type a little more, or the number in the list")
    return levels[0] if levels else None


def _read_period(criterion: Criterion, words: str) -> str | None:
    """Return the level of a period such as `annually`; raises AnswerError for one between two levels."""
    days = _PERIODS.get(words.replace("each ", "every "), math.nan)
    levels = sorted((level for level in criterion.level_ids if level in _PERIODS), key=_PERIODS.__getitem__)
    same = [level for level in levels if _PERIODS[level] == days]
    shorter = [level for level in levels if _PERIODS[level] < days]
    longer = [level for level in levels if _PERIODS[level] > days]
    return _choose_one(words, same or (shorter and longer and [longer[0], shorter[-1]]))


# --- ranges -------------------------------------------------------------------------------------------------------


def _read_range(criterion: Criterion, words: str) -> object:
    """Return a range between levels or amounts, or one with a single bound; None if there is none."""
    if criterion.nominal:
        return None
    words = _ABOUT.sub("", words)
    ends = _split_range(words)
    if ends is not None:
        low, high = ends
        if criterion.unit and low[:1].isdigit() and high[:1].isdigit():
            low = share_unit(low, high)
            _refuse_numbers_of_levels(criterion, low, high)
        values = _read_end(criterion, low), _read_end(criterion, high)
        if None not in values:
            return _make_range(criterion, *values)
    for pattern, key in ((_LOWER, "from"), (_UPPER, "to")):
        found = pattern.fullmatch(words)
        end = (found[2] or found[3]) if found else ""
        _refuse_numbers_of_levels(criterion, end)
        value = _read_end(criterion, end) if end else None
        if value is not None:
            return {key: value}
    return _read_side(criterion, words)


def _split_range(words: str) -> tuple[str, str] | None:
    """Return both ends of `200-800`, `200 to 800`, `from 200 to 800` or `between 200 and 800`."""
    if words.startswith("between "):
        low, middle, high = words[8:].partition(" and ")
    else:
        low, middle, high = words.removeprefix("from ").partition(" to ")
    for sign in ("..", "\u2013", "\u2014", " - "):
        if not middle:
            low, middle, high = words.partition(sign)
    if not middle and not _HYPHEN.search(words) and words.count("-") == 1:
        low, middle, high = words.partition("-")
    low, high = low.strip(), high.strip()
    return (low, high) if middle and low and high else None


def _read_end(criterion: Criterion, words: str) -> object:
    """Return one end of a range, None if it is neither a level nor an amount."""
    level = _find_level(criterion, words)
    return read_amount(criterion, _ABOUT.sub("", words)) if level is None else level


def _make_range(criterion: Criterion, low: object, high: object) -> object:
    """Return a range, with levels in ascending order."""
    if isinstance(low, str) and isinstance(high, str):
        order = criterion.level_ids
        first, last = sorted((order.index(low), order.index(high)))
        return order[first] if first == last else {"from": order[first], "to": order[last]}
    return low if low == high else {"from": low, "to": high}


def _read_side(criterion: Criterion, words: str) -> object:
    """Return the levels above or below an amount, which is excluded: `over 500`, `under 2 s`."""
    over, under = _OVER.fullmatch(words), _UNDER.fullmatch(words)
    found = over or under
    end = found[1] if found else ""
    _refuse_numbers_of_levels(criterion, end)
    amount = read_amount(criterion, end) if found else None
    if amount is None:
        return None
    ends = (amount, math.inf) if over else (-math.inf, math.nextafter(amount, -math.inf))
    inside = [band.level for band in criterion.bands_between(*ends)]
    return inside[0] if len(inside) == 1 else inside


# --- several answers ----------------------------------------------------------------------------------------------


def _read_parts(criterion: Criterion, words: str) -> object:
    """Return a list of distinct levels or amounts; None if the words are not such a list."""
    pattern = _LIST_WITH_AMOUNTS if criterion.unit else _LIST
    parts = [part for part in map(str.strip, pattern.split(words)) if part]
    if len(parts) < 2:
        return None
    if not _UNKNOWN_WORDS.isdisjoint(parts):
        message = "an answer is unknown or it is one of several, not both"
        raise AnswerError(message, None, accepted_words(criterion))
    if criterion.unit and all(part[:1].isdigit() for part in parts):
        parts = [share_unit(part, parts[-1]) for part in parts]
    read = [_read_single(criterion, part) for part in parts]
    missing = [part for part, value in zip(parts, read, strict=True) if value is None]
    if 0 < len(missing) < len(parts):
        raise _not_understood(criterion, missing[0])
    values = [value for place, value in enumerate(read) if value not in read[:place]]
    if len(values) > 1 and criterion.several and _OR.search(words):
        several = join_words(map(str, values))
        hint = f"type all that apply, the main one first: {several}; 'skip' if nobody knows"
        raise AnswerError("several can apply at once here, and 'or' leaves open which", None, hint)
    return values if len(values) > 1 else values[0]
