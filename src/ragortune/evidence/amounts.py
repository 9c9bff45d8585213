"""The grammar of amounts in answers, profiles and prose: `4.2M tokens`, `1,5 s`, `$3-5 per query`.

Numbers may have English, European or Swiss separators; ambiguous ones (`2.000`) are refused. `read_amount` reads a whole
text in the unit that is asked for; `ragortune.evidence.documents.amounts` finds amounts in prose, and
`ragortune.model.units` has the units.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping

from ragortune.model import Criterion
from ragortune.model.units import names_of, parse_unit
from ragortune.support.errors import AnswerError, QuantityError
from ragortune.support.text import clean_text, count_words, quote_value, shorten_text

_LARGEST = 1e18
_SPACES = "\u00a0\u2009\u202f"
_NUMBER = re.compile(
    rf"(?P<sign>[-+]?)(?:(?P<grouped>[0-9]{{1,3}}(?:[ ,.'\u2019_{_SPACES}][0-9]{{3}})+|[0-9]{{1,2}}(?:,[0-9]{{2}})+,[0-9]{{3}})(?![0-9])|(?P<digits>[0-9]+))?(?P<part>[.,][0-9]+)?(?P<power>[eE][-+]?[0-9]{{1,3}}(?![A-Za-z0-9]))?"
)
_SEPARATOR = re.compile(r"\D")
SECONDS = names_of("second")
DAY = SECONDS["day"]
_ONE_COMMA = re.compile(r"[0-9]{1,3},[0-9]{3}")
"""Seconds in English thousands, or with a decimal comma."""
MULTIPLIERS = {name: factor for name, factor in names_of("").items() if factor >= 1000}
"""Words between a number and its unit, such as `million`."""
_PERIODS = ("hour", "week", "month", "quarter", "year")
ADVERBS = {"daily": "day", "annual": "year"} | {f"{period}ly": period for period in _PERIODS}
"""Adverbs for a rate, with their period."""
_REQUESTS = names_of("request")


class AmbiguousNumberError(ValueError):
    """A number with two readings, such as `2.000`."""

    def __init__(self, low: float, high: float) -> None:
        """Take both readings."""
        super().__init__(f"{low:g} or {high:g}")
        self.low, self.high = low, high


def ask_back(what: str, low: float, high: float, before: str = "", after: str = "") -> QuantityError:
    """Return the error for an ambiguous number, with a hint how to write either reading between the same words."""
    fourth = "0" * (round(low, 2) != low)  # three decimals would be asked back again
    hint = f"write {before}{high:g}{after} or {before}{low:g}{fourth}{after}, without a separator"
    return QuantityError(f"{what} could be {low:g} or {high:g}", None, hint)


def read_number(text: str, at: int = 0) -> tuple[float, int] | None:
    """Return the number at an offset and the offset of its end; None if there is none.

    Raises AmbiguousNumberError if its only separator is a dot before three digits.
    """
    found = _NUMBER.match(text, at)
    if not found:
        return None
    sign, grouped, whole, part, power = found.groups("")
    if not (grouped or whole or part):
        return None
    if grouped:
        whole, part = _ungroup(grouped, part, exact=bool(power))
    number = float(f"{sign}{whole or '0'}{part.replace(',', '.')}{power}")
    return number, found.end()


def _ungroup(grouped: str, part: str, *, exact: bool) -> tuple[str, str]:
    """Return the digits of a number with separators, and its decimal part including the decimal sign."""
    signs = _SEPARATOR.findall(grouped)
    groups = _SEPARATOR.split(grouped)
    last = signs[-1]
    if len(set(signs)) > 1:
        return "".join(groups[:-1]), f".{groups[-1]}{part.lstrip('.,')}"
    if groups[0] == "0" and last in ".,":
        return "0", f".{''.join(groups[1:])}"
    if last == "." and len(signs) == 1 and not part.startswith(","):
        if exact:
            return groups[0], f".{groups[1]}"
        raise AmbiguousNumberError(float(f"{groups[0]}.{groups[1]}"), float("".join(groups)))
    return "".join(groups), part


# --- whole amounts ------------------------------------------------------------------------------------------------

_MONEY = re.compile(r"(?:(us\$|[$€£¥₹])|(usd|eur|gbp|chf|inr|jpy|cny|cad|aud)\s)\s*", re.IGNORECASE)
_WORD = re.compile(r"/|[^\s/]+")
_OF = re.compile(r"(?:of|out of|in|/)\s*([0-9,_']{1,12})")
_EACH = ("a", "an", "per", "each", "every")
_MIN_BARE_TIME = 20
"""A number without unit below this is probably not in milliseconds, and refused as ambiguous."""
_WORK = ("days", "USD/day")
"""Units of work, whose days are shorter than 24 hours."""
TOKENS_A_BYTE = 0.25
"""Of plain English text."""


def parse_amount(text: str, unit: str, counted: Collection[str] = ()) -> float | None:
    """Return an amount such as `800 ms` or `$4` in a unit ("" for a count); None if the text does not start with a number.

    `counted` has names of counted things that may follow the number. Raises QuantityError if the amount is ambiguous, too
    large, or has a unit that does not fit.
    """
    text = text.strip()
    money = _MONEY.match(text)
    try:
        found = read_number(text, money.end() if money else 0)
    except AmbiguousNumberError as error:
        before, _, after = shorten_text(clean_text(text), 60).partition(f"{error.low:.3f}")
        raise ask_back(quote_value(text), error.low, error.high, before, after) from None
    if found is None:
        return None
    number, end = found
    rest = text[end:].strip().rstrip(".")
    if unit == "ms" and number >= 1000 and SECONDS.get(rest, 0) >= 1 and _ONE_COMMA.fullmatch(text[:end]):
        raise ask_back(quote_value(text), number / 1000, number, after=f" {rest}")
    if not rest and unit == "ms" and number < _MIN_BARE_TIME:
        raise QuantityError(f"{quote_value(text)} of what: milliseconds, seconds?")
    amount = number * _find_factor(f"{money[1] or money[2]} {rest}".strip() if money else rest, unit, counted)
    if abs(amount) > _LARGEST:
        raise QuantityError(f"{quote_value(text)} is too large for {unit or 'a count'}")
    return float(f"{amount:.10g}")  # without rounding errors of the conversion


def _find_factor(written: str, unit: str, counted: Collection[str]) -> float:
    """Return the factor for a number by the words after it; raises QuantityError."""
    share = _OF.fullmatch(written) if unit == "share" else None
    whole = int(_SEPARATOR.sub("", share[1]) or 0) if share else 0
    if whole:
        return 1 / whole
    scale, wanted = parse_unit(unit or "1")
    words = _WORD.findall(written.replace("per cent", "percent"))
    factor = MULTIPLIERS.get(words[0].lower(), 1.0) if words else 1.0
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
    if unit in _WORK and any(
        SECONDS.get(word, DAY) != DAY for word in re.split(r"\W", _join_unit(words).lower())
    ):
        raise QuantityError("hours, weeks and months cannot be converted to days of work")
    scale_of_words, measured = parse_unit(_join_unit(words))
    if measured == (("byte", 1),) and wanted == (("token", 1),):
        return factor * scale_of_words * TOKENS_A_BYTE / scale
    if measured not in (wanted, tuple(part for part in wanted if part[0] != "request")):
        raise misfit
    return factor * scale_of_words / scale


def _join_unit(words: Collection[str]) -> str:
    """Return words as a unit: `requests a day` and `requests daily` are `requests/day`."""
    parts: list[str] = []
    for word in words:
        if word.lower() in ADVERBS:
            parts += ["/", ADVERBS[word.lower()]]
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


def read_amount(criterion: Criterion, text: str, hint: str | None = None) -> float | None:
    """Return an amount in the criterion's unit; None if it has no unit or the text does not start with a number.

    Raises AnswerError if it starts with a number and cannot be parsed; without a hint of its own, with the one given.
    """
    if not criterion.unit:
        return None
    unit = _unit_of(criterion)
    counted = () if unit else {*re.findall(r"[a-z-]+", criterion.unit.lower()), *names_of("example")}
    try:
        amount = parse_amount(text, unit, counted)
    except QuantityError as error:
        hint = error.hint or hint or f"type for instance {show_amounts(criterion)}"
        raise AnswerError(error.message, None, hint) from None
    if amount is None:
        return None
    return round_amount(amount) if abs(amount) < 1000 and amount != int(amount) else round(amount)


def round_amount(number: float) -> float:
    """Return a number with at most four decimals, never three, which a profile takes for thousands: 29.59 for 29.589."""
    rounded = round(number, 4)
    return round(number, 2) if abs(rounded) >= 1 and rounded == round(number, 3) else rounded


def _unit_of(criterion: Criterion) -> str:
    """Return the unit of a criterion as in the table of units; empty for a count."""
    unit = criterion.unit or ""
    first = unit.split(" ", 1)[0]
    if first in SECONDS or unit == "tokens":
        return first
    if unit.endswith((" a day", " per day", "/day")):
        return "requests/day"
    return "share" if criterion.minimum == 0 and criterion.maximum == 1 else ""


def share_unit(amount: str, last: str) -> str:
    """Return one of several amounts with the unit of the last one if it has none: `2k` in `2k-3k a week` is per week.

    The last multiplier applies if the number is smaller than the last one: `20-900k` starts at 20,000, `200-2k` at 200.
    """
    number, multiplier, unit = _split_amount(amount)
    if unit:
        return amount
    above, multiplied, unit = _split_amount(last)
    word = multiplied if number < above and not multiplier else ""
    return " ".join(filter(None, (amount, word, unit)))


def _split_amount(text: str) -> tuple[float, str, str]:
    """Return number, multiplier and unit of an amount; the latter two may be empty."""
    try:
        number, end = read_number(text) or (math.inf, len(text))
    except AmbiguousNumberError as error:  # reported when the amount is read
        number, end = error.high, _NUMBER.match(text).end()  # type: ignore[union-attr]
    rest = text[end:].strip()
    word = _WORD.match(rest)
    if word and word[0].lower() in MULTIPLIERS:
        return number, word[0], rest[word.end() :].strip()
    return number, "", rest


def show_amounts(criterion: Criterion) -> str:
    """Return examples of valid amounts for a criterion."""
    return _EXAMPLES.get(_unit_of(criterion), _EXAMPLES[""])


def show_amount(criterion: Criterion, number: int) -> str:
    """Return a number with its unit, so that it is not the number of a level."""
    unit = _unit_of(criterion)
    if unit == "share":
        return f"{number * 100}%"
    if unit == "requests/day":
        return f"{number} a day"
    counted = unit or (criterion.unit or "").rpartition(" ")[2]
    return count_words(number, counted if counted == "ms" else counted.removesuffix("s"), counted)
