"""The options, and the two needs of which they are combinations."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Option(StrEnum):
    """What can be recommended: a combination of the two needs."""

    RAG = "rag"
    FINE_TUNING = "fine_tuning"
    BOTH = "both"
    NEITHER = "neither"


OPTION_NAMES: Mapping[Option, str] = {
    Option.RAG: "retrieval",
    Option.FINE_TUNING: "fine-tuning",
    Option.BOTH: "retrieval and fine-tuning",
    Option.NEITHER: "prompting without retrieval or fine-tuning",
}
"""Names of the options in sentences."""


class Need(StrEnum):
    """One of two independent questions: whether retrieval is needed, and whether tuning is."""

    RAG = "rag"
    FINE_TUNING = "fine_tuning"


class Strength(StrEnum):
    """How much a rule moves a need. The log-odds behind the words are in `rulebook.yaml`, nowhere else."""

    WEAK = "weak"
    MODERATE = "moderate"
    STRONG = "strong"
    VERY_STRONG = "very_strong"


class Direction(StrEnum):
    """Whether a rule is for or against a need."""

    FOR = "for"
    AGAINST = "against"


class GateKind(StrEnum):
    """How a rule decides about a need, whatever its log-odds are."""

    REQUIRES = "requires"
    """The need holds, unless it is ruled out."""
    RULES_OUT = "rules_out"
    """The need cannot be met."""
    CONFIRMS = "confirms"
    """A prerequisite of the need is met; until it is confirmed, the need's probability is capped."""


class NoticeKind(StrEnum):
    """Why a rule has a notice for the reader instead of an effect."""

    CONTRADICTION = "contradiction"
    """Two answers cannot both be right."""
    DISPUTED = "disputed"
    """The sources disagree on what follows from this answer."""
    CAUTION = "caution"
    """The advice holds, and there is a trap on the way."""


EVEN = 0.5
"""Even odds, as a probability."""


def pair_option(*, rag: bool, fine_tuning: bool) -> Option:
    """Return the option that is the combination of two needs."""
    if rag:
        return Option.BOTH if fine_tuning else Option.RAG
    return Option.FINE_TUNING if fine_tuning else Option.NEITHER


def pair_probabilities(rag: float, fine_tuning: float) -> dict[Option, float]:
    """Return the probability of each option from those of the two needs, which are independent."""
    return {
        Option.RAG: rag * (1 - fine_tuning),
        Option.FINE_TUNING: (1 - rag) * fine_tuning,
        Option.BOTH: rag * fine_tuning,
        Option.NEITHER: (1 - rag) * (1 - fine_tuning),
    }


def is_undecided(probability: Mapping[Option, float], *, default: bool) -> bool:
    """Return whether too little is known for advice: it is the default, or no option has at least even odds."""
    return default or max(probability.values()) < EVEN


def has_need(option: Option, need: Need) -> bool:
    """Return whether an option includes a need; the inverse of `pair_option`."""
    return option is Option.BOTH or option.value == need.value
