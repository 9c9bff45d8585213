"""The grammar of amounts as people write them, in answers, profiles and prose: `4.2M tokens`, `1,5 s`, `$3-5 per query`.

A number may have English, European or Swiss separators. What could be two numbers (`2.000`) is refused as ambiguous, never
guessed. An amount that is given is read whole, in the unit that is asked for (`read_amount`); prose is searched for
amounts with a unit of their own (`find_amounts`). What units there are is in `ragortune.model.units`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

import msgspec

from ragortune.model import Criterion
from ragortune.model.units import names_of, parse_unit
from ragortune.support.errors import AnswerError, QuantityError
from ragortune.support.text import quote_value

_LARGEST = 1e18
_SPACES = "\u00a0\u2009\u202f"
_NUMBER = re.compile(
    rf"(?P<sign>[-+]?)(?:(?P<grouped>[0-9]{{1,3}}(?:[ ,.'\u2019_{_SPACES}][0-9]{{3}})+)(?![0-9])|(?P<digits>[0-9]+))?(?P<part>[.,][0-9]+)?(?P<power>[eE][-+]?[0-9]{{1,3}}(?![A-Za-z0-9]))?"
)
_SEPARATOR = re.compile(r"\D")
_SECONDS = names_of("second")
_MULTIPLIERS = {name: factor for name, factor in names_of("").items() if factor >= 1000}
_ADVERBS: Mapping[str, str] = {
    "hourly": "hour",
    "daily": "day",
    "weekly": "week",
    "monthly": "month",
    "yearly": "year",
    "annual": "year",
}
_DAY = _SECONDS["day"]
_SHORT_RATES: Mapping[str, float] = {"rps": _DAY, "qps": _DAY, "rpm": _DAY / 60}
_BYTES = names_of("byte")
_REQUESTS = names_of("request")


class AmbiguousNumberError(ValueError):
    """A number that could be two, such as `2.000`; holds both."""

    def __init__(self, low: float, high: float) -> None:
        """Take both numbers."""
        super().__init__(f"{low:g} or {high:g}")
        self.low, self.high = low, high


def read_number(text: str, at: int = 0) -> tuple[float, int] | None:
    """Return the number that begins at an offset, and the offset behind it; None where none begins.

    Raises AmbiguousNumberError where a single dot precedes three digits.
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


# --- an amount that is given --------------------------------------------------------------------------------------

_MONEY = re.compile(r"(?:\$|usd\s)\s*", re.IGNORECASE)
_WORD = re.compile(r"/|[^\s/]+")
_OF = re.compile(r"(?:of|out of|in|/)\s*([0-9,_']{1,12})")
_EACH = ("a", "an", "per", "each", "every")
_LEAST_BARE_TIME = 20
"""A bare number below this is hardly meant in milliseconds, so that it is asked back."""
TOKENS_A_BYTE = 0.25
"""Of plain English text."""


def parse_amount(text: str, unit: str, counted: Collection[str] = ()) -> float | None:
    """Return what a text such as `800 ms` or `$4` says in a unit; None where it does not begin like a number.

    Args:
        text: what was written.
        unit: the unit in which the number is wanted; empty for a count.
        counted: names of what is counted, which may stand behind the number.

    Raises:
        QuantityError: it begins like a number, and is ambiguous, too large, or the rest is no unit that fits.

    """
    text = text.strip()
    money = _MONEY.match(text)
    try:
        found = read_number(text, money.end() if money else 0)
    except AmbiguousNumberError as error:
        low, high = (f"{number:g}" for number in (error.low, error.high))
        hint = f"write {high} or {low}, without a separator"
        raise QuantityError(f"{quote_value(text)} could be {low} or {high}", None, hint) from None
    if found is None:
        return None
    number, end = found
    rest = text[end:].strip().rstrip(".")
    if not rest and unit == "ms" and number < _LEAST_BARE_TIME:
        raise QuantityError(f"{quote_value(text)} of what: milliseconds, seconds?")
    amount = number * _find_factor(f"USD {rest}".strip() if money else rest, unit, counted)
    if abs(amount) > _LARGEST:
        raise QuantityError(f"{quote_value(text)} is too large for {unit or 'a count'}")
    return float(f"{amount:.10g}")  # without the noise of conversion


def _find_factor(written: str, unit: str, counted: Collection[str]) -> float:
    """Return by what a number is to be multiplied, from the words behind it; raises QuantityError."""
    share = _OF.fullmatch(written) if unit == "share" else None
    whole = int(_SEPARATOR.sub("", share[1]) or 0) if share else 0
    if whole:
        return 1 / whole
    scale, wanted = parse_unit(unit or "1")
    words = _WORD.findall(written.replace("per cent", "percent"))
    factor = _MULTIPLIERS.get(words[0].lower(), 1.0) if words else 1.0
    if factor > 1 and not (words[0].lower() == "m" and unit == "ms"):
        words = words[1:]
    else:
        factor = 1.0
    per_request = any(base == "request" for base, _ in wanted)
    if all(word.lower() in counted or (per_request and word.lower() in _REQUESTS) for word in words):
        return factor
    misfit = QuantityError(f"{quote_value(written)} is not a unit for {unit or 'a count'}")
    if not unit:
        raise misfit
    own, measured = parse_unit(_join_unit(words))
    if measured == (("byte", 1),) and wanted == (("token", 1),):
        return factor * own * TOKENS_A_BYTE / scale
    if measured not in (wanted, tuple(part for part in wanted if part[0] != "request")):
        raise misfit
    return factor * own / scale


def _join_unit(words: Collection[str]) -> str:
    """Return words as a unit: `requests a day` is `requests/day`, and so is `requests daily`."""
    parts: list[str] = []
    for word in words:
        if word.lower() in _ADVERBS:
            parts += ["/", _ADVERBS[word.lower()]]
        elif word.lower() in _EACH:
            parts.append("/")
        else:
            parts.append(word)
    text = " ".join(parts)
    return f"1{text}" if text.startswith("/") else text


# --- answers to a criterion ---------------------------------------------------------------------------------------

_EXAMPLES: Mapping[str, str] = {
    "ms": "800 ms, 1.5 s or 500-800 ms",
    "requests/day": "2000, 2k/day or 90 per hour",
    "share": "0.72, 72% or 36 of 50",
    "tokens": "4.2M tokens, 300 pages or 3 MB",
    "": "120, 2k or 200-800",
}


def read_amount(criterion: Criterion, text: str) -> float | None:
    """Return an amount in the criterion's unit; None where it has none or the text does not begin like a number.

    Raises AnswerError where it begins like a number and cannot be understood.
    """
    if not criterion.unit:
        return None
    unit = _unit_of(criterion)
    counted = () if unit else {*re.findall(r"[a-z-]+", criterion.unit.lower()), *names_of("example")}
    try:
        amount = parse_amount(text, unit, counted)
    except QuantityError as error:
        hint = error.hint or f"type for instance {show_amounts(criterion)}"
        raise AnswerError(error.message, None, hint) from None
    if amount is None or (abs(amount) < 1000 and amount != int(amount)):
        return amount
    return round(amount)


def _unit_of(criterion: Criterion) -> str:
    """Return the unit of a criterion as the table of units has it; empty where it counts something."""
    unit = criterion.unit or ""
    first = unit.split(" ", 1)[0]
    if first in _SECONDS or unit == "tokens":
        return first
    if unit.endswith((" a day", " per day", "/day")):
        return "requests/day"
    return "share" if criterion.minimum == 0 and criterion.maximum == 1 else ""


def unit_words(text: str) -> str:
    """Return what follows the number of an amount, with its multiplier."""
    found = _NUMBER.match(text)
    return text[found.end() :].strip() if found else ""


def show_amounts(criterion: Criterion) -> str:
    """Return examples of amounts that a criterion takes, as a person would type them."""
    return _EXAMPLES.get(_unit_of(criterion), _EXAMPLES[""])


def show_amount(criterion: Criterion, number: int) -> str:
    """Return a number so that it cannot be taken for the number of a level."""
    unit = _unit_of(criterion)
    if unit == "share":
        return f"{number * 100}%"
    last = (criterion.unit or "").rpartition(" ")[2]
    return f"{number} {'a day' if unit == 'requests/day' else unit or last}"


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


_FIND = re.compile(r"(?<![\w.,])(?:[$\u20ac\u00a3]\s?)?[0-9]")
_MULTIPLIED = re.compile(r"\s?(k|K|M|B|mio|[Tt]housand|[Mm]illion|[Bb]illion|bn)(?![\w])")
_TIMES = (name for name in _SECONDS if len(name) > 2 or name in ("ms", "s", "h", "hr"))
_UNIT = re.compile(
    rf"[\s-]?(?:(?P<time>{'|'.join(_TIMES)})|(?P<size>{'|'.join(_BYTES)})"
    r"|(?P<money>usd|eur|gbp|dollars?|euros?|cents?)|(?P<share>percent))(?![\w])|\s?(?P<sign>[%$\u20ac\u00a3])",
    re.IGNORECASE,
)
_RATE = re.compile(
    r"\+?\s?(?:(?:(?P<often>hourly|daily|weekly|monthly|yearly)\s[a-z]{3,})|(?P<short>rps|qps|rpm)"
    r"|(?:[a-z-]{3,}\s){0,3}?(?:[a-z-]{3,}\s?)?(?:/|\bper\s|\ba\s|\ban\s|\beach\s|\bevery\s)\s?(?P<period>seconds?|secs?|s|minutes?|mins?|hours?|hrs?|h|days?|weeks?|months?|years?))(?![\w/])",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"\s?(?:-|\u2013|\u2014|to|\.\.\.?|\u2026|and)\s?(?=[$\u20ac\u00a3]?\s?[0-9])")
_BOUNDS = re.compile(
    r"(?P<less>[<\u2264]|\b(?:under|below|less than|fewer than|within|at most|up to|no more than|not exceed|maximum of|max\.?))\s?$"
    r"|(?P<more>[>\u2265]|\b(?:over|above|more than|at least|minimum of|exceeding))\s?$",
    re.IGNORECASE,
)
_BEFORE = 16
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
        word = (rate["short"] or rate["period"] or rate["often"]).lower()
        times = _SHORT_RATES.get(word) or _DAY / _SECONDS[_ADVERBS.get(word, word)]
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
        return "size", _BYTES[unit["size"].lower()]
    if unit["time"] == "s" and number in _YEARS:
        return None
    return "duration", _SECONDS[unit["time"].lower()] * 1000


_NAMED = re.compile(r"(?:[^\W\d_]-|[a-z0-9)\]|,] [A-Z]\w* |^[A-Z]\w* |#)$")
"""What precedes a number that is part of a name, such as `Sonnet 4`, `Phase 2` or `GPT-4`."""
_LEAST_UNNAMED = 100
_LONGEST_NAME = 24


def _find_bound(text: str, start: int) -> str:
    found = _BOUNDS.search(text[max(0, start - _BEFORE) : start])
    if not found:
        return ""
    if found["more"]:
        return ">="
    strict = found["less"].lower() in ("<", "under", "below", "less than", "fewer than")
    return "<" if strict else "<="
