"""Units as people write them, and what they measure: `USD/mtok`, `USD/GB/month`, `requests/day`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from ragortune.support.errors import QuantityError
from ragortune.support.text import quote_value, suggest_name

DAYS_A_YEAR = 365
DAYS_A_MONTH = DAYS_A_YEAR / 12
_DAY = 86_400.0
_KIB = 1024.0
SECONDS: Mapping[str, float] = {
    **dict.fromkeys(("us", "microsecond", "microseconds"), 1e-6),
    **dict.fromkeys(("ms", "msec", "msecs", "millisecond", "milliseconds"), 0.001),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600.0),
    **dict.fromkeys(("d", "day", "days"), _DAY),
    **dict.fromkeys(("w", "wk", "week", "weeks"), 7 * _DAY),
    **dict.fromkeys(("mo", "month", "months"), DAYS_A_MONTH * _DAY),
    **dict.fromkeys(("y", "yr", "year", "years"), DAYS_A_YEAR * _DAY),
}
"""The one table of lengths of time, by every name that people give them."""

Dimensions = tuple[tuple[str, int], ...]
"""Base units with their exponents, sorted by name; those with exponent 0 are left out."""

NO_UNIT: Dimensions = ()


def _base(name: str) -> Dimensions:
    return ((name, 1),)


_WORDS: Mapping[str, tuple[float, Dimensions]] = {
    **dict.fromkeys(("usd", "dollar", "dollars", "$"), (1.0, _base("usd"))),
    **dict.fromkeys(("cent", "cents"), (0.01, _base("usd"))),
    **dict.fromkeys(("token", "tokens"), (1.0, _base("token"))),
    "ktok": (1e3, _base("token")),
    "mtok": (1e6, _base("token")),
    **dict.fromkeys(
        ("request", "requests", "search", "searches", "query", "queries"), (1.0, _base("request"))
    ),
    **{name: (length, _base("second")) for name, length in SECONDS.items()},
    **dict.fromkeys(("byte", "bytes"), (1.0, _base("byte"))),
    "KB": (1e3, _base("byte")),
    "MB": (1e6, _base("byte")),
    "GB": (1e9, _base("byte")),
    "TB": (1e12, _base("byte")),
    "KiB": (_KIB, _base("byte")),
    "GiB": (_KIB**3, _base("byte")),
    "TiB": (_KIB**4, _base("byte")),
    **dict.fromkeys(("vector", "vectors"), (1.0, _base("vector"))),
    **dict.fromkeys(("example", "examples"), (1.0, _base("example"))),
    **dict.fromkeys(("accelerator", "accelerators"), (1.0, _base("accelerator"))),
    **dict.fromkeys(("parameter", "parameters"), (1.0, _base("parameter"))),
    **dict.fromkeys(("flop", "flops"), (1.0, _base("flop"))),
    "TFLOP": (1e12, _base("flop")),
    **dict.fromkeys(("share", "times", "passages", "epochs", "runs", "1"), (1.0, NO_UNIT)),
    "%": (0.01, NO_UNIT),
    "thousand": (1e3, NO_UNIT),
    "million": (1e6, NO_UNIT),
    "billion": (1e9, NO_UNIT),
}
"""What each word of a unit counts in base units."""
_CURRENCIES = frozenset(
    ("eur", "gbp", "chf", "jpy", "cny", "inr", "cad", "aud", "€", "£", "¥", "euro", "euros")
)


@lru_cache(maxsize=256)
def parse_unit(text: str) -> tuple[float, Dimensions]:
    """Return how many base units one of `text` is, and its dimensions; raises QuantityError.

    A unit is words, then further words after each `/`: `USD/mtok`, `USD/GB/month`, `USD/million requests`.
    """
    factor, dimensions = 1.0, NO_UNIT
    for number, part in enumerate(text.split("/")):
        for word in part.split() or [""]:
            scale, found = _find_word(word, text)
            factor = factor * scale if number == 0 else factor / scale
            dimensions = combine_dimensions(dimensions, found, 1 if number == 0 else -1)
    return factor, dimensions


def _find_word(word: str, text: str) -> tuple[float, Dimensions]:
    found = _WORDS.get(word) or _WORDS.get(word.lower())
    if found is not None:
        return found
    if word.lower() in _CURRENCIES:
        raise QuantityError(
            f"amounts are in USD; {quote_value(word)} has to be converted", None, "give it in USD"
        )
    raise QuantityError(f"there is no unit {quote_value(word or text)}", None, suggest_name(word, _WORDS))


@lru_cache(maxsize=1024)
def combine_dimensions(first: Dimensions, second: Dimensions, sign: int) -> Dimensions:
    """Return the dimensions of a product (sign 1) or a quotient (sign -1)."""
    exponents = dict(first)
    for name, exponent in second:
        exponents[name] = exponents.get(name, 0) + sign * exponent
    return tuple(sorted((name, exponent) for name, exponent in exponents.items() if exponent))


def name_dimensions(dimensions: Dimensions) -> str:
    """Return dimensions as people write them."""
    above = " ".join(name for name, exponent in dimensions for _ in range(max(0, exponent)))
    below = "".join(f"/{name}" for name, exponent in dimensions for _ in range(max(0, -exponent)))
    return f"{above or '1'}{below}" if dimensions else "a plain number"
