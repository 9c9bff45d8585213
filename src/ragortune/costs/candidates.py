"""Which ways there are to build the system, and what each is built from."""

from __future__ import annotations

from enum import StrEnum

from ragortune.model import Option, PriceRow
from ragortune.support.record import Record

WRITE_PRICES = {"5m": ("cache_write", "in"), "1h": ("cache_write_1h",)}
"""The price of writing to a cache, by its life."""


class Approach(StrEnum):
    """How the system is built."""

    PROMPTING = "prompting"
    LONG_CONTEXT = "long_context"
    RAG = "rag"
    FINE_TUNING = "fine_tuning"
    BOTH = "both"

    @property
    def option(self) -> Option:
        """The option of the rule set that it belongs to."""
        if self in (Approach.PROMPTING, Approach.LONG_CONTEXT):
            return Option.NEITHER
        return Option(self.value)

    @property
    def retrieves(self) -> bool:
        """Whether it searches an index."""
        return self in (Approach.RAG, Approach.BOTH)

    @property
    def tunes(self) -> bool:
        """Whether it runs a tuned model."""
        return self in (Approach.FINE_TUNING, Approach.BOTH)


class Tools(Record, frozen=True):
    """What retrieval is built from, and what own models run on."""

    embedding: PriceRow
    store: PriceRow
    accelerator: PriceRow
    reranker: PriceRow | None = None
    context: PriceRow | None = None
    """Chat model that writes a context for each passage before it is embedded."""


class Candidate(Record, frozen=True):
    """One way to build the system."""

    approach: Approach
    model: PriceRow | None
    """Chat model or tuning offer; None for an own model."""
    cache: str = "none"
    """How the beginning of the prompt is cached: none, 5m or 1h."""
    batch: bool = False
    """Whether batch prices are used."""

    @property
    def is_own(self) -> bool:
        """Whether the model runs on own accelerators."""
        return self.model is None

    @property
    def id(self) -> str:
        """Name in tables and files."""
        return f"{self.approach}/{self.model.id if self.model else 'own'}"
