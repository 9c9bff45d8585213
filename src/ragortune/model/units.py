"""Units as people write them, with their dimensions: `USD/mtok`, `USD/GB/month`, `requests a day`, `pages`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from ragortune.support.errors import QuantityError
from ragortune.support.text import quote_value, suggest_name

DAYS_A_MONTH = 365 / 12
"""A twelfth of a year, the 730 hours of price lists. No other length of a month is used."""
_DAY = 86_400.0

Dimensions = tuple[tuple[str, int], ...]
"""Base units with their exponents, sorted by name; those with exponent 0 are left out."""

NO_UNIT: Dimensions = ()

_NAMES: Mapping[str, Mapping[float, str]] = {
    "usd": {1: "usd dollar dollars $ us$", 0.01: "cent cents"},
    "token": {
        1: "token tokens tok toks t",
        1e3: "ktok",
        1e6: "mtok",
        # For plain English text, as in the help on the size of the material.
        1.3: "word words",
        400: "page pages",
        0.25: "character characters chars",
    },
    "request": {
        1: "request requests req reqs search searches query queries call calls message messages question questions "
        "hit hits document documents item items ticket tickets email emails"
    },
    "second": {
        1e-6: "us microsecond microseconds",
        0.001: "ms msec msecs millisecond milliseconds",
        1: "s sec secs second seconds",
        60: "min mins minute minutes",
        3600: "h hr hrs hour hours",
        _DAY: "d day days",
        7 * _DAY: "w wk week weeks",
        DAYS_A_MONTH * _DAY: "mo month months",
        3 * DAYS_A_MONTH * _DAY: "quarter quarters",
        365 * _DAY: "y yr year years",
    },
    "byte": {
        1: "byte bytes",
        1e3: "kb kilobyte kilobytes",
        1e6: "mb megabyte megabytes",
        1e9: "gb gigabyte gigabytes",
        1e12: "tb terabyte terabytes",
        1024: "kib",
        1024**2: "mib",
        1024**3: "gib",
        1024**4: "tib",
    },
    "vector": {1: "vector vectors"},
    "example": {1: "example examples pair pairs sample samples"},
    "accelerator": {1: "accelerator accelerators"},
    "parameter": {1: "parameter parameters"},
    "flop": {1: "flop flops", 1e12: "tflop"},
    "": {
        1: "share times passages epochs runs 1",
        0.01: "% percent",
        1e3: "thousand k",
        1e5: "lakh lakhs",
        1e6: "million millions mio m",
        1e7: "crore crores",
        1e9: "billion billions mrd bn b",
    },
}
"""The table of units: for each base unit the names of its multiples."""
_CURRENCIES = frozenset(
    ["eur", "gbp", "chf", "jpy", "cny", "inr", "cad", "aud", "€", "£", "¥", "₹", "euro", "euros"]
)


def names_of(base: str) -> dict[str, float]:
    """Return all names of multiples of a base unit, such as `second` or `byte`, with their factors."""
    return {name: factor for factor, names in _NAMES[base].items() for name in names.split()}


_NEAR = 0.85
"""How alike a word has to be to a unit that is suggested for it: many units are short, and most words resemble one."""
_RATE: Dimensions = (("request", 1), ("second", -1))
_UNITS: Mapping[str, tuple[float, Dimensions]] = {
    name: (float(factor), ((base, 1),) if base else NO_UNIT)
    for base in _NAMES
    for name, factor in names_of(base).items()
} | {"rps": (1.0, _RATE), "qps": (1.0, _RATE), "rpm": (1 / 60, _RATE)}


@lru_cache(maxsize=256)
def parse_unit(text: str) -> tuple[float, Dimensions]:
    """Return the factor of a unit to base units, and its dimensions; raises QuantityError.

    A unit is a sequence of words, and of further words after each `/`: `USD/mtok`, `USD/GB/month`, `USD/million requests`.
    """
    factor, dimensions = 1.0, NO_UNIT
    for number, part in enumerate(text.split("/")):
        for word in part.split() or [""]:
            scale, found = _find_word(word, text)
            factor = factor * scale if number == 0 else factor / scale
            dimensions = combine_dimensions(dimensions, found, 1 if number == 0 else -1)
    return factor, dimensions


def _find_word(word: str, text: str) -> tuple[float, Dimensions]:
    found = _UNITS.get(word.lower())
    if found is not None:
        return found
    if word.lower() in _CURRENCIES:
        message = f"amounts are in USD; {quote_value(word)} has to be converted"
        raise QuantityError(message, None, "give it in USD")
    raise QuantityError(f"{quote_value(word or text)} is not a unit", None, suggest_name(word, _UNITS, _NEAR))


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
