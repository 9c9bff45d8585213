"""The grammar of amounts as people write them, in answers and in prose: `4.2M tokens`, `1,5 s`, `2k/day`, `$3-5 per query`.

A number may have English, European or Swiss separators. What could be two numbers (`2.000`) is refused as ambiguous, never
guessed. Answers are read whole, in the unit of a criterion (`read_amount`); prose is searched for amounts with a unit
of their own (`find_amounts`). Lengths of time come from the table of `ragortune.model.units`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import msgspec

from ragortune.model import Criterion
from ragortune.model.units import SECONDS
from ragortune.support.errors import AnswerError
from ragortune.support.text import quote_value

_LARGEST = 1e18
_SPACES = "\u00a0\u2009\u202f"
_NUMBER = re.compile(
    rf"(?P<sign>[-+]?)(?:(?P<grouped>\d{{1,3}}(?:[ ,.'\u2019_{_SPACES}]\d{{3}})+)(?!\d)|(?P<digits>\d+))?(?P<part>[.,]\d+)?(?P<power>[eE][-+]?\d{{1,3}}(?![A-Za-z0-9]))?"
)
_SEPARATOR = re.compile(r"\D")
_DECIMAL_COMMA = 2
"""Most digits behind a comma that is read as a decimal comma; with three it separates thousands."""
_MULTIPLIERS: Mapping[str, float] = {
    **dict.fromkeys(("thousand", "k"), 1e3),
    **dict.fromkeys(("million", "millions", "mio", "m"), 1e6),
    **dict.fromkeys(("billion", "billions", "bn", "b"), 1e9),
}
_DAY = SECONDS["day"]
_ADVERBS: Mapping[str, str] = {
    "hourly": "hour",
    "daily": "day",
    "weekly": "week",
    "monthly": "month",
    "yearly": "year",
    "annual": "year",
}
_TOKENS: Mapping[str, float] = {
    **dict.fromkeys(("", "t", "tok", "toks", "token", "tokens"), 1.0),
    **dict.fromkeys(("word", "words"), 1.3),
    **dict.fromkeys(("page", "pages"), 400.0),
    **dict.fromkeys(("character", "characters", "chars", "byte", "bytes"), 0.25),
    "kb": 0.25e3,
    "mb": 0.25e6,
    "gb": 0.25e9,
    "tb": 0.25e12,
}
"""Tokens of plain English text, as the help on the size of the material counts them."""


class AmbiguousNumberError(ValueError):
    """A number that could be two, such as `2.000`; holds both."""

    def __init__(self, low: float, high: float) -> None:
        """Take both numbers."""
        super().__init__(f"{low:g} or {high:g}")
        self.low, self.high = low, high


def read_number(text: str, at: int = 0) -> tuple[float, int] | None:
    """Return the number that begins at an offset, and the offset behind it; None where none begins.

    Raises AmbiguousNumberError where a single dot stands before three digits.
    """
    found = _NUMBER.match(text, at)
    if not found or not (found["grouped"] or found["digits"] or found["part"]):
        return None
    whole = found["digits"] or ""
    part = found["part"] or ""
    if found["grouped"]:
        whole, part = _ungroup(found["grouped"], part, exact=bool(found["power"]))
    number = float(f"{found['sign']}{whole or '0'}{part.replace(',', '.')}{found['power'] or ''}")
    return number, found.end()


def _ungroup(grouped: str, part: str, *, exact: bool) -> tuple[str, str]:
    """Return the digits of a grouped number, and its decimal part with its sign in front."""
    signs = _SEPARATOR.findall(grouped)
    groups = _SEPARATOR.split(grouped)
    last = signs[-1]
    if len(set(signs)) > 1:
        return "".join(groups[:-1]), f".{groups[-1]}{part.lstrip('.,')}"
    if last == "." and len(signs) == 1 and not part.startswith(","):
        if groups[0] == "0" or exact:
            return groups[0], f".{groups[1]}"
        raise AmbiguousNumberError(float(f"{groups[0]}.{groups[1]}"), float("".join(groups)))
    return "".join(groups), part


# --- answers ------------------------------------------------------------------------------------------------------


def read_amount(criterion: Criterion, text: str) -> float | None:
    """Return an amount in the criterion's unit; None where the text does not begin like a number.

    Args:
        criterion: a criterion with a unit.
        text: what was typed, in lower case.

    Raises:
        AnswerError: it begins like a number, and is ambiguous, too large, or the rest is no unit that fits.

    """
    if not criterion.unit:
        return None
    hint = f"type for instance {show_amounts(criterion)}"
    try:
        found = read_number(text)
    except AmbiguousNumberError as error:
        low, high = (f"{number:g}" for number in (error.low, error.high))
        message = f"{quote_value(text)} could be {low} or {high}"
        raise AnswerError(message, None, f"type {high} or {low}, without a separator") from None
    if found is None:
        return None
    number, end = found
    rest = text[end:].strip().rstrip(".")
    if not rest and number < _LEAST_BARE_TIME and _kind_of(criterion) == "time":
        raise AnswerError(f"{quote_value(text)} of what: milliseconds, seconds?", None, hint)
    factor = _read_factor(criterion, rest)
    if factor is None:
        raise AnswerError(f"{quote_value(rest)} is not a unit for {criterion.unit}", None, hint)
    if abs(number * factor) > _LARGEST:
        raise AnswerError(f"{quote_value(text)} is too large for {criterion.unit}", None, hint)
    return _round_amount(number * factor)


_LEAST_BARE_TIME = 20
"""A bare number below this is hardly meant in milliseconds, so that it is asked back."""


def unit_words(text: str) -> str:
    """Return what stands behind the number of an amount, with its multiplier."""
    found = _NUMBER.match(text)
    return text[found.end() :].strip() if found else ""


def show_amounts(criterion: Criterion) -> str:
    """Return examples of amounts that a criterion takes, as a person would type them."""
    return _EXAMPLES[_kind_of(criterion)]


def show_amount(criterion: Criterion, number: int) -> str:
    """Return a number so that it cannot be taken for the number of a level."""
    kind = _kind_of(criterion)
    if kind == "share":
        return f"{number * 100}%"
    unit = (criterion.unit or "").split(" ")
    return f"{number} {' '.join(unit[-2:]) if kind == 'rate' else unit[0] if kind == 'time' else unit[-1]}"


_EXAMPLES: Mapping[str, str] = {
    "time": "800 ms, 1.5 s or 500-800 ms",
    "rate": "2000, 2k/day or 90 per hour",
    "share": "0.72, 72% or 36 of 50",
    "tokens": "4.2M tokens, 300 pages or 3 MB",
    "count": "120, 2k or 200-800",
}
_OF = re.compile(r"(?:of|out of|in|/)\s*([\d,_']{1,12})")
_WHATS = ("request", "req", "call", "query", "querie", "message", "question", "hit", "document", "item")


def _kind_of(criterion: Criterion) -> str:
    unit = criterion.unit or ""
    if unit.split(" ", 1)[0] in SECONDS:
        return "time"
    if unit.endswith((" a day", " per day", "/day")):
        return "rate"
    if criterion.minimum == 0 and criterion.maximum == 1:
        return "share"
    return "tokens" if unit == "tokens" else "count"


def _read_factor(criterion: Criterion, rest: str) -> float | None:
    """Return what a number is to be multiplied by, from the words behind it; None if they are not understood."""
    kind = _kind_of(criterion)
    factor = _read_unit(criterion, kind, rest)
    if factor is not None or kind == "share":
        return factor
    for word, multiplier in _MULTIPLIERS.items():
        after = rest[len(word) :]
        ambiguous = kind == "time" and word == "m"
        if rest.startswith(word) and not after[:1].isalpha() and not ambiguous:
            factor = _read_unit(criterion, kind, after.strip())
            return None if factor is None else factor * multiplier
    return None


def _read_unit(criterion: Criterion, kind: str, words: str) -> float | None:
    """Return how many of the criterion's units the unit in these words is."""
    unit = criterion.unit or ""
    if kind == "time":
        seconds = SECONDS.get(words) if words else SECONDS[unit.split(" ", 1)[0]]
        return None if seconds is None else seconds / SECONDS[unit.split(" ", 1)[0]]
    if kind == "rate":
        return _read_rate(words)
    if kind == "share":
        return _read_share(words)
    if kind == "tokens":
        return _TOKENS.get(words)
    nouns = {*re.findall(r"[a-z]+", unit.lower()), "pair", "pairs", "example", "examples", "samples"}
    return 1.0 if nouns.issuperset(re.findall(r"[^\s/-]+", words)) else None


def _read_rate(words: str) -> float | None:
    """Return how many times a day the words say; `requests per hour`, `/min`, `rps`, or nothing for a day."""
    if words in _RATES:
        return _RATES[words]
    parts = [part for part in re.split(r"[\s/]+", words.replace("/", " / ")) if part not in ("", "/")]
    if parts and parts[0].removesuffix("s") in _WHATS:
        parts = parts[1:]
    if parts and parts[0] in ("a", "an", "per", "each", "every"):
        parts = parts[1:]
        if not parts:
            return None
    if not parts:
        return None if words.endswith("/") else 1.0
    period = SECONDS.get(_ADVERBS.get(parts[0], parts[0])) if len(parts) == 1 else None
    return _DAY / period if period else None


_RATES: Mapping[str, float] = {"rps": _DAY, "qps": _DAY, "rpm": _DAY / 60}


def _read_share(words: str) -> float | None:
    if not words:
        return 1.0
    if words in ("%", "percent", "per cent"):
        return 0.01
    found = _OF.fullmatch(words)
    whole = int(_SEPARATOR.sub("", found[1]) or 0) if found else 0
    return 1 / whole if whole else None


def _round_amount(number: float) -> float:
    """Return a number without the noise of conversion: whole where it is large, ten digits where it is small."""
    rounded = float(f"{number:.10g}")
    if abs(rounded) >= 1000 or rounded == int(rounded):
        return round(rounded)
    return rounded


# --- prose --------------------------------------------------------------------------------------------------------


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
    bound: str = ""
    """`<` where it is a limit that must not be reached, `<=` where it may, `>=` where it is the least."""


_FIND = re.compile(r"(?<![\w.,])(?:[$\u20ac\u00a3]\s?)?\d")
_MULTIPLIED = re.compile(r"\s?(k|K|M|B|mio|[Tt]housand|[Mm]illion|[Bb]illion|bn)(?![\w])")
_UNIT = re.compile(
    r"[\s-]?(?:(?P<time>ms|msecs?|milliseconds?|s|secs?|seconds?|min|mins|minutes?|h|hrs?|hours?|days?|weeks?|months?|years?)"
    r"|(?P<money>usd|eur|gbp|dollars?|euros?|cents?)|(?P<size>[kmgt]i?b|(?:kilo|mega|giga|tera)?bytes?)|(?P<share>percent))(?![\w])|\s?(?P<sign>[%$\u20ac\u00a3])",
    re.IGNORECASE,
)
_RATE = re.compile(
    r"\+?\s?(?:(?:(?P<often>hourly|daily|weekly|monthly|yearly)\s[a-z]{3,})|(?P<short>rps|qps|rpm)"
    r"|(?:[a-z-]{3,}\s){0,3}?(?:[a-z-]{3,}\s?)?(?:/|\bper\s|\ba\s|\ban\s|\beach\s|\bevery\s)\s?(?P<period>seconds?|secs?|s|minutes?|mins?|hours?|hrs?|h|days?|weeks?|months?|years?))(?![\w/])",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"\s?(?:-|\u2013|\u2014|to|\.\.\.?|\u2026|and)\s?(?=[$\u20ac\u00a3]?\s?\d)")
_BOUNDS = re.compile(
    r"(?P<less>[<\u2264]|\b(?:under|below|less than|fewer than|within|at most|up to|no more than|not exceed|maximum of|max\.?))\s?$"
    r"|(?P<more>[>\u2265]|\b(?:over|above|more than|at least|minimum of|exceeding))\s?$",
    re.IGNORECASE,
)
_BEFORE = 16
_SIZES: Mapping[str, float] = {"k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12}
_YEARS = range(1900, 2100)
_CURRENCIES = "$\u20ac\u00a3"


def find_amounts(text: str) -> list[Amount]:
    """Return the amounts in a text, in order; what is ambiguous is left out."""
    found: list[Amount] = []
    at = 0
    for begin in _FIND.finditer(text):
        if begin.start() < at:
            continue
        amount = _find_amount(text, begin.start())
        if amount is not None:
            found.append(amount)
            at = amount.end
    return found


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
    """Return a number, its multiplier, the offset behind both, and whether a currency sign stands in front."""
    paid = text[at] in _CURRENCIES
    digits = at + 1 + (text[at + 1 : at + 2] == " ") if paid else at
    try:
        read = read_number(text, digits)
    except AmbiguousNumberError:
        return None
    if read is None:
        return None
    number, end = read
    if text[end : end + 1] == "." and text[end + 1 : end + 2].isdigit():
        return None  # a version such as 1.2.3
    multiplied = _MULTIPLIED.match(text, end)
    if multiplied:
        return number, _MULTIPLIERS[multiplied[1].lower()], multiplied.end(), paid
    return number, 1.0, end, paid


def _give_unit(text: str, start: int, end: int, numbers: tuple[float, float], *, paid: bool) -> Amount | None:
    bound = _find_bound(text, start)
    if text[end : end + 1] == "+":
        bound, end = ">=", end + 1
    low, high = numbers
    unit = _UNIT.match(text, end)
    measured = _measure(unit, low) if unit else None
    if paid and (measured is None or measured[0] != "money"):
        measured, unit = ("money", 1.0), None
    if measured is not None:
        kind, factor = measured
        return Amount(kind, low * factor, high * factor, start, unit.end() if unit else end, bound)
    rate = _RATE.match(text, end)
    if rate:
        times = _RATES.get((rate["short"] or "").lower()) or _DAY / _period_of(rate)
        return Amount("rate", low * times, high * times, start, rate.end(), bound)
    if high < _LEAST_UNNAMED and _NAMED.search(text[max(0, start - _LONGEST_NAME) : start]):
        return None
    return Amount("count", low, high, start, end, bound)


def _measure(unit: re.Match[str], number: float) -> tuple[str, float] | None:
    """Return of which kind a unit is, and by what a number with it is to be multiplied; None for `1990s`."""
    if unit["money"] or (unit["sign"] or "%") in _CURRENCIES:
        return "money", 0.01 if (unit["money"] or "").lower().startswith("cent") else 1.0
    if unit["share"] or unit["sign"]:
        return "share", 0.01
    if unit["size"]:
        return "size", _SIZES.get(unit["size"][0].lower(), 1.0)
    if unit["time"] == "s" and number in _YEARS:
        return None
    return "duration", SECONDS[unit["time"].lower()] * 1000


_NAMED = re.compile(r"(?:[^\W\d_]-|[a-z0-9)\]|,] [A-Z]\w* |^[A-Z]\w* |#)$")
"""What stands in front of a number that is part of a name, such as `Sonnet 4`, `Phase 2` or `GPT-4`."""
_LEAST_UNNAMED = 100
_LONGEST_NAME = 24


def _period_of(rate: re.Match[str]) -> float:
    word = (rate["period"] or rate["often"]).lower()
    return SECONDS[_ADVERBS.get(word, word)]


def _find_bound(text: str, start: int) -> str:
    found = _BOUNDS.search(text[max(0, start - _BEFORE) : start])
    if not found:
        return ""
    if found["more"]:
        return ">="
    strict = found["less"].lower() in ("<", "under", "below", "less than", "fewer than")
    return "<" if strict else "<="


def iterate_levels(criterion: Criterion, low: float, high: float) -> Iterator[str]:
    """Yield the levels of a criterion with a unit that a range of numbers touches, lowest first."""
    starts = sorted((level.starts_at, level.id) for level in criterion.levels if level.starts_at is not None)
    for (begin, level), following in zip(starts, [*starts[1:], (float("inf"), "")], strict=True):
        if begin <= high and low < following[0]:
            yield level
