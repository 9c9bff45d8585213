"""Prices of hosted models from the optional package `genai-prices`: for models that our own data does not have.

The package ships its data; nothing is fetched. Prices that depend on the clock are asked for noon of a given day, so
that the same day gives the same prices.
"""

from __future__ import annotations

import datetime as dt
import importlib.util
from typing import Any

from ragortune.model import Confidence, PriceRow, PriceValue

INSTALL = "pip install 'rag-or-tune[prices]'"
_CALL_TOKENS = 1_000
"""A short call, so that no tier for long prompts is touched."""


def is_installed() -> bool:
    """Return whether the package can be imported."""
    return importlib.util.find_spec("genai_prices") is not None


def offer_models() -> str:
    """Return how to get the prices of more models; nothing where they are there."""
    return "" if is_installed() else f"`{INSTALL}` adds some 2,000 hosted models"


def find_model(name: str, today: str) -> PriceRow | None:
    """Return a chat model as the package prices it on a day; None where it does not know the model, or is not there."""
    found = _calculate(name, today, input_tokens=_CALL_TOKENS) if is_installed() else None
    window: int | None = getattr(getattr(found, "model", None), "context_window", None)
    if not window:
        return None
    prices = {
        "in": _price(name, today, "input_tokens"),
        "cached": _price(name, today, "input_tokens", "cache_read_tokens"),
        "cache_write": _price(name, today, "input_tokens", "cache_write_tokens"),
        "out": _price(name, today, "output_tokens"),
    }
    if prices["cached"] == prices["in"]:
        prices["cached"] = None
    if prices["in"] is None or prices["out"] is None:
        return None
    values = {key: PriceValue(price, "USD/mtok") for key, price in prices.items() if price}
    values["window"] = PriceValue(float(window), "tokens")
    note = "Looked up in the package genai-prices; tiers for long prompts are not taken over."
    return PriceRow(name, "chat_model", name, today, "genai-prices", Confidence.MEDIUM, values, note=note)


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
