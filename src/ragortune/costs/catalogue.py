"""Prices of hosted models from the optional package `genai-prices`: for models that our own data does not have.

The package ships its data; nothing is fetched. Prices that depend on the clock are asked for noon of a given day, so
that the same day gives the same prices.
"""

from __future__ import annotations

import datetime as dt
import importlib.util
from typing import Any

from ragortune.model import Confidence, PriceRow, PriceValue
from ragortune.support.record import Record

SOURCE = "genai-prices"
INSTALL = "pip install 'rag-or-tune[prices]'"
_CALL_TOKENS = 1_000
"""A short call, so that no tier for long prompts is touched."""


class Drift(Record, frozen=True):
    """A price that differs from the package's."""

    row: PriceRow
    name: str
    ours: float
    theirs: float
    """Dollars for a million tokens."""


def is_installed() -> bool:
    """Return whether the package can be imported."""
    return importlib.util.find_spec("genai_prices") is not None


def find_model(name: str, today: str) -> PriceRow | None:
    """Return a chat model as the package prices it on a day; None where it does not know the model, or is not there."""
    if not is_installed():
        return None
    priced = {
        "in": _price(name, today, "input_tokens"),
        "cached": _price(name, today, "input_tokens", "cache_read_tokens"),
        "cache_write": _price(name, today, "input_tokens", "cache_write_tokens"),
        "out": _price(name, today, "output_tokens"),
    }
    window = _window(name, today)
    if priced["in"] is None or priced["out"] is None or window is None:
        return None
    values = {key: PriceValue(price, "USD/mtok") for key, price in priced.items() if price}
    values["window"] = PriceValue(float(window), "tokens")
    if values.get("cached") == values["in"]:
        del values["cached"]
    return PriceRow(
        id=name,
        kind="chat_model",
        title=name,
        as_of=today,
        source=SOURCE,
        confidence=Confidence.MEDIUM,
        values=values,
        note="Looked up in the package genai-prices; tiers for long prompts are not taken over.",
    )


def _calculate(name: str, today: str, **tokens: int) -> Any:
    """Return the package's answer for one call at noon, or None where it does not know the model."""
    import genai_prices  # noqa: PLC0415  (the extra `prices`)

    noon = dt.datetime.fromisoformat(f"{today}T12:00:00+00:00")
    try:
        return genai_prices.calc_price(genai_prices.Usage(**tokens), name, genai_request_timestamp=noon)
    except (LookupError, ValueError):
        return None


def _price(name: str, today: str, *kinds: str) -> float | None:
    found = _calculate(name, today, **dict.fromkeys(kinds, _CALL_TOKENS))
    return None if found is None else float(found.total_price) * 1e6 / _CALL_TOKENS


def _window(name: str, today: str) -> int | None:
    found = _calculate(name, today, input_tokens=_CALL_TOKENS)
    window: int | None = getattr(getattr(found, "model", None), "context_window", None)
    return window


def find_drift(rows: tuple[PriceRow, ...], today: str) -> tuple[Drift, ...]:
    """Return every price of a chat model that the package gives differently, for models that both know."""
    found = []
    for row in rows:
        theirs = find_model(row.id, today)
        if theirs is None:
            continue
        for name, value in row.values.items():
            other = theirs.values.get(name)
            if (
                value.unit == "USD/mtok"
                and other is not None
                and abs(other.value - value.value) > 1e-6 * value.value
            ):
                found.append(Drift(row, name, value.value, other.value))
    return tuple(found)
