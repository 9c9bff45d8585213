"""Amounts as people type them: `4.2M tokens`, `1.5 s`, `2k/day`, `72%`, turned into the unit of a criterion.

Only what the criterion's unit allows is read: a time where it asks for milliseconds, a rate where it asks for
something a day, pages and bytes where it asks for tokens. Nothing is guessed: an unknown unit is an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from ragortune.errors import AnswerError
from ragortune.model import Criterion
from ragortune.plaintext import quote_value

_NUMBER = re.compile(
    r"(?P<sign>[-+]?)(?P<digits>\d{1,3}(?:[ ,_'\u2009\u202f]\d{3})+(?!\d)|\d+)?(?P<part>\.\d+)?(?P<power>e[-+]?\d{1,3}(?![a-z0-9]))?"
)
_SEPARATORS = str.maketrans("", "", " ,_'\u2009\u202f")
_LONGEST = 40
_MULTIPLIERS: Mapping[str, float] = {
    "thousand": 1e3,
    "k": 1e3,
    "million": 1e6,
    "mio": 1e6,
    "m": 1e6,
    "billion": 1e9,
    "bn": 1e9,
    "b": 1e9,
}
_TIMES: Mapping[str, float] = {
    **dict.fromkeys(("us", "microsecond", "microseconds"), 0.001),
    **dict.fromkeys(("ms", "msec", "millisecond", "milliseconds"), 1.0),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1e3),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), 6e4),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3.6e6),
}
_LEAST_BARE_TIME = 20
"""A bare number below this is hardly meant in milliseconds, so that it is asked back."""
_DAYS_IN_MONTH = 365.25 / 12
_PERIODS: Mapping[str, float] = {
    **dict.fromkeys(("s", "sec", "second"), 86_400.0),
    **dict.fromkeys(("min", "minute"), 1_440.0),
    **dict.fromkeys(("h", "hr", "hour"), 24.0),
    **dict.fromkeys(("d", "day"), 1.0),
    **dict.fromkeys(("w", "wk", "week"), 1 / 7),
    **dict.fromkeys(("mo", "month"), 1 / _DAYS_IN_MONTH),
    **dict.fromkeys(("y", "yr", "year"), 1 / 365.25),
}
"""How many times a day something happens that happens once in the period."""
_ADVERBS: Mapping[str, str] = {
    "hourly": "hour",
    "daily": "day",
    "weekly": "week",
    "monthly": "month",
    "yearly": "year",
}
_WHATS = ("request", "req", "call", "query", "querie", "message", "question", "hit", "document", "item")
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
_OF = re.compile(r"(?:of|out of|in|/)\s*([\d,_']{1,12})")

_Reader = Callable[[str], float | None]


def read_amount(criterion: Criterion, text: str) -> float | None:
    """Return an amount in the criterion's unit; None where the text does not begin like a number.

    Args:
        criterion: a criterion with a unit.
        text: what was typed, in lower case.

    Raises:
        AnswerError: it begins like a number, and the rest is no unit that fits.

    """
    found = _NUMBER.match(text)
    if not criterion.unit or not found or not (found["digits"] or found["part"]):
        return None
    number = float(found.group().translate(_SEPARATORS)) if found.end() <= _LONGEST else float("inf")
    rest = text[found.end() :].strip().rstrip(".")
    if not rest and number < _LEAST_BARE_TIME and _kind_of(criterion) == "time":
        hint = f"type for instance {show_amounts(criterion)}"
        raise AnswerError(f"{quote_value(text)} of what: milliseconds, seconds?", None, hint)
    factor = _read_factor(criterion, rest)
    if factor is None:
        message = f"{quote_value(rest)} is no unit for {criterion.unit}"
        raise AnswerError(message, None, f"type for instance {show_amounts(criterion)}")
    return _round_amount(number * factor)


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


def _kind_of(criterion: Criterion) -> str:
    unit = criterion.unit or ""
    if unit.split(" ", 1)[0] in _TIMES:
        return "time"
    if unit.endswith((" a day", " per day", "/day")):
        return "rate"
    if criterion.minimum == 0 and criterion.maximum == 1:
        return "share"
    return "tokens" if unit == "tokens" else "count"


def _read_factor(criterion: Criterion, rest: str) -> float | None:
    """Return what a number is to be multiplied by, from the words behind it; None if they are not understood."""
    kind = _kind_of(criterion)
    unit = criterion.unit or ""
    read: _Reader
    if kind == "time":
        base = _TIMES[unit.split(" ", 1)[0]]
        read = lambda words: 1.0 if not words else _divide(_TIMES.get(words), base)  # noqa: E731
    elif kind == "rate":
        read = _read_rate
    elif kind == "share":
        read = _read_share
    elif kind == "tokens":
        read = _TOKENS.get
    else:
        nouns = {*re.findall(r"[a-z]+", unit.lower()), "pair", "pairs", "example", "examples", "samples"}
        read = lambda words: 1.0 if nouns.issuperset(re.findall(r"[^\s/-]+", words)) else None  # noqa: E731
    factor = read(rest)
    if factor is not None or kind == "share":
        return factor
    for word, multiplier in _MULTIPLIERS.items():
        after = rest[len(word) :]
        ambiguous = kind == "time" and word == "m"
        if rest.startswith(word) and not after[:1].isalpha() and not ambiguous:
            return _multiply(read(after.strip()), multiplier)
    return None


def _divide(number: float | None, by: float) -> float | None:
    return None if number is None else number / by


def _multiply(number: float | None, by: float) -> float | None:
    return None if number is None else number * by


def _read_rate(words: str) -> float | None:
    """Return how many times a day the words say; `requests per hour`, `/min`, `rps`, or nothing for a day."""
    if words in ("rps", "qps"):
        return _PERIODS["second"]
    if words == "rpm":
        return _PERIODS["minute"]
    parts = [part for part in re.split(r"[\s/]+", words.replace("/", " / ")) if part not in ("", "/")]
    if parts and parts[0].removesuffix("s") in _WHATS:
        parts = parts[1:]
    if parts and parts[0] in ("a", "an", "per", "each", "every"):
        parts = parts[1:]
        if not parts:
            return None
    if not parts:
        return None if words.endswith("/") else 1.0
    return _PERIODS.get(_ADVERBS.get(parts[0], parts[0])) if len(parts) == 1 else None


def _read_share(words: str) -> float | None:
    if not words:
        return 1.0
    if words in ("%", "percent", "per cent"):
        return 0.01
    found = _OF.fullmatch(words)
    whole = int(found[1].translate(_SEPARATORS) or 0) if found else 0
    return 1 / whole if whole else None


def _round_amount(number: float) -> float:
    """Return a number without the noise of conversion: whole where it is large, ten digits where it is small."""
    if number in (float("inf"), float("-inf")):
        return number
    rounded = float(f"{number:.10g}")
    if abs(rounded) >= 1000 or rounded == int(rounded):
        return round(rounded)
    return rounded
