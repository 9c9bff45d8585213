"""Amounts in prose, each with a unit of its own; their numbers are read as those that are given."""

from __future__ import annotations

import re

import msgspec

from ragortune.evidence.amounts import ADVERBS, DAY, MULTIPLIERS, SECONDS, AmbiguousNumberError, read_number
from ragortune.model.units import names_of

_BYTES = names_of("byte")
_SHORT_RATES = {"rps": DAY, "qps": DAY, "rpm": DAY / 60}


class Amount(msgspec.Struct, frozen=True, gc=False):
    """An amount in a text."""

    kind: str
    """`duration` (ms), `money`, `size` (bytes), `share` (0 to 1), `rate` (times a day) or `count`."""
    low: float
    """The number, or the smaller one of a range."""
    high: float
    start: int
    """Offset of its first character."""
    end: int
    below: bool = False
    """Whether what is described is less than that, as in `under 2 s`."""


_FIND = re.compile(r"[$\u20ac\u00a30-9](?<![\w.,].)(?<![0-9]:.)(?:(?<=[0-9])|\s?[0-9])")
"""A digit or a currency sign in front of one; begins with the signs themselves, which are found fast."""
_MULTIPLIED = re.compile(
    rf"\s?([kKMB]|(?i:{'|'.join(name for name in MULTIPLIERS if len(name) > 1)}))(?![\w])"
)
_TIMES = [name for name in SECONDS if len(name) > 2 or name in ("ms", "s", "h", "hr")]
_INITIALS = "".join(
    sorted({name[0] for name in (*_TIMES, *_BYTES, "usd", "eur", "gbp", "dollar", "cent", "percent")})
)
_UNIT = re.compile(
    rf"[\s-]?(?=[{_INITIALS}])(?:(?P<time>{'|'.join(_TIMES)})|(?P<size>{'|'.join(_BYTES)})"
    r"|(?P<money>usd|eur|gbp|dollars?|euros?|cents?)|(?P<share>percent))(?![\w])|\s?(?P<sign>[%$\u20ac\u00a3])",
    re.IGNORECASE,
)
_RATE = re.compile(
    r"\+?\s?(?:(?:(?P<often>hourly|daily|weekly|monthly|yearly)\s[a-z]{3,})|(?P<short>rps|qps|rpm)"
    r"|(?:(?!per\s)[a-z-]{3,}+\s){0,3}?(?:[a-z-]{3,}+\s?|[a-z-]{2,}-)?(?:/|\b(?:per|an?|each|every)\s)\s?(?P<period>seconds?|secs?|s|minutes?|mins?|hours?|hrs?|h|days?|weeks?|months?|quarters?|years?))(?![\w/])",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"\s?(?:-|\u2013|\u2014|to|\.\.\.?|\u2026|and)\s?(?=[$\u20ac\u00a3]?\s?[0-9])")
_TO = re.compile(r"\s?(?:-|\u2013|\u2014|to)\s?(?:(?:below|under|about|around|less than) )?", re.IGNORECASE)
_BELOW = re.compile(
    r"(?<=[<nrw])(?:(?<=<)|(?<=\b(?:under|below))|(?<=\bless than)|(?<=\bfewer than))", re.IGNORECASE
)
"""What precedes an amount that is not reached, the letter with which it ends first; a lookbehind holds words of one length."""
_NAMED = re.compile(r"(?:[^\W\d_]-|[a-z0-9)\]|,] [A-Z]\w* |^[A-Z]\w* |#)$")
"""What precedes a number that is part of a name, such as `Sonnet 4`, `Phase 2` or `GPT-4`."""
_PART = re.compile(r"[^\W\d_]|\s?[x\u00d7*]\s?[0-9]|\s[A-Z][a-z]{2,8},? (?:19|20)[0-9]{2}(?![\w])")
"""What follows a number that is part of a name, a product or a date, such as `3x`, `12 \u00d7 500` or `12 March 2026`."""
_CALENDAR = re.compile(r"(?:(?!2000)(?:19[5-9]|20[0-4])[0-9]\D{0,4}){1,2}")
_MIN_UNNAMED = 100
_LONGEST_NAME = 24
_YEARS = range(1900, 2100)
_CURRENCIES = "$\u20ac\u00a3"


def find_amounts(text: str) -> list[Amount]:
    """Return the amounts in a text, in order; what is ambiguous is left out."""
    found: list[Amount] = []
    at = 0
    for begin in _FIND.finditer(text):
        start = begin.start()
        if start >= at and (amount := _find_amount(text, start)):
            if found and found[-1].kind == amount.kind and _TO.fullmatch(text, at, start):
                amount = _join(text, found, amount)
            found.append(amount)
            at = amount.end
    return found


def _join(text: str, found: list[Amount], last: Amount) -> Amount:
    """Return the range of `800 ms to 2 s`, and of `from 9 s to 2 s` what it is now; takes the first from those found."""
    first = found[-1]
    if first.high <= last.low:
        found.pop()
        return msgspec.structs.replace(last, low=first.low, start=first.start)
    if text.endswith(("from ", "From "), 0, first.start):
        found.pop()
    return last


def _find_amount(text: str, start: int) -> Amount | None:
    """Return the amount that begins at a digit or a currency sign."""
    first = _read_scaled(text, start)
    if first is None:
        return None
    low, scale, end, paid = first
    high = low
    between = _BETWEEN.match(text, end)
    second = _read_scaled(text, between.end()) if between else None
    if second is not None and (second[0] * second[1] >= low * scale or second[0] >= low):
        high, top, end, also = second
        scale, paid = (scale if scale > 1 else top), paid or also
        low, high = low * scale, high * max(top, scale if top == 1 else top)
    else:
        low = high = low * scale
    return _give_unit(text, start, end, (low, high), paid=paid)


def _read_scaled(text: str, at: int) -> tuple[float, float, int, bool] | None:
    """Return a number, its multiplier, the offset behind both, and whether a currency sign precedes it."""
    paid = text[at] in _CURRENCIES
    digits = at + 1 + (text[at + 1 : at + 2] == " ") if paid else at
    try:
        read = read_number(text, digits)
    except AmbiguousNumberError:
        return None
    if read is None:
        return None
    number, end = read
    if text[end : end + 1] in (".", ":") and text[end + 1 : end + 2].isdigit():
        return None  # a version such as 1.2.3, or a time of day
    multiplied = _MULTIPLIED.match(text, end)
    if multiplied:
        return number, MULTIPLIERS[multiplied[1].lower()], multiplied.end(), paid
    return number, 1.0, end, paid


def _give_unit(text: str, start: int, end: int, numbers: tuple[float, float], *, paid: bool) -> Amount | None:
    end += text[end : end + 1] == "+"
    below = bool(_BELOW.match(text, start - text[start - 1 : start].isspace()))
    low, high = numbers
    unit = _UNIT.match(text, end)
    measured = _measure(unit, low) if unit else None
    if paid and not high:
        return None  # what costs $0 is free
    if paid and (measured is None or measured[0] != "money"):
        measured, unit = ("money", 1.0), None
    if measured is not None:
        kind, factor = measured
        return Amount(kind, low * factor, high * factor, start, unit.end() if unit else end, below)
    rate = _RATE.match(text, end)
    if rate:
        word = (rate["short"] or rate["period"] or rate["often"]).lower()
        times = _SHORT_RATES.get(word) or DAY / SECONDS[ADVERBS.get(word, word)]
        return Amount("rate", low * times, high * times, start, rate.end(), below)
    if high < _MIN_UNNAMED and _NAMED.search(text[max(0, start - _LONGEST_NAME) : start]):
        return None  # part of a name
    if _PART.match(text, end) or _CALENDAR.fullmatch(text, start, end):
        return None
    return Amount("count", low, high, start, end, below)


def _measure(unit: re.Match[str], number: float) -> tuple[str, float] | None:
    """Return of which kind a unit is, and by what a number with it is to be multiplied; None for `1990s`."""
    if unit["money"] or (unit["sign"] or "%") in _CURRENCIES:
        return "money", 0.01 if (unit["money"] or "").lower().startswith("cent") else 1.0
    if unit["share"] or unit["sign"]:
        return "share", 0.01
    if unit["size"]:
        return "size", _BYTES[unit["size"].lower()]
    if unit["time"] == "s" and number in _YEARS:
        return None
    return "duration", SECONDS[unit["time"].lower()] * 1000
