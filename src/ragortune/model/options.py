"""What can be recommended, and the two needs that it is made of."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Option(StrEnum):
    """What can be recommended: the pair of the two needs."""

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
"""What a team decides for or uses, in sentences."""


class Need(StrEnum):
    """One of the two independent questions: must something be retrieved, must something be trained."""

    RAG = "rag"
    FINE_TUNING = "fine_tuning"


class Strength(StrEnum):
    """How much a rule moves a need. The log-odds behind the words are in `rulebook.yaml`, nowhere else."""

    WEAK = "weak"
    MODERATE = "moderate"
    STRONG = "strong"
    VERY_STRONG = "very_strong"


class Direction(StrEnum):
    """Whether a rule speaks for a need or against it."""

    FOR = "for"
    AGAINST = "against"


class GateKind(StrEnum):
    """How a rule decides about a need as a matter of logic, whatever the log-odds are."""

    REQUIRES = "requires"
    """The need holds, unless it is ruled out."""
    RULES_OUT = "rules_out"
    """The need cannot be met."""
    CONFIRMS = "confirms"
    """What the need cannot do without is known to be there; until then its probability has a ceiling."""


class NoticeKind(StrEnum):
    """Why a rule speaks up without moving a need."""

    CONTRADICTION = "contradiction"
    """Two answers cannot both be right."""
    DISPUTED = "disputed"
    """The sources disagree on what follows from this answer."""
    CAUTION = "caution"
    """The advice holds, and there is a trap on the way."""


EVEN = 0.5
"""Probability at which something is as likely as not."""


def pair_option(*, rag: bool, fine_tuning: bool) -> Option:
    """Return the option that the two needs make together."""
    if rag:
        return Option.BOTH if fine_tuning else Option.RAG
    return Option.FINE_TUNING if fine_tuning else Option.NEITHER


def pair_probabilities(rag: float, fine_tuning: float) -> dict[Option, float]:
    """Return the probability of each option, given those of the two needs, which are independent."""
    return {
        Option.RAG: rag * (1 - fine_tuning),
        Option.FINE_TUNING: (1 - rag) * fine_tuning,
        Option.BOTH: rag * fine_tuning,
        Option.NEITHER: (1 - rag) * (1 - fine_tuning),
    }


def is_undecided(probability: Mapping[Option, float], *, default: bool) -> bool:
    """Return whether advice with these probabilities rests on too little: the default, or no option as likely as not."""
    return default or max(probability.values()) < EVEN


def has_need(option: Option, need: Need) -> bool:
    """Return whether an option meets a need; what `pair_option` puts together, taken apart."""
    return option is Option.BOTH or option.value == need.value
