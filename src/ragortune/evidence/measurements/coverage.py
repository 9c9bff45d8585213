"""How much of an answer's wording passages hold, and what follows for where the knowledge is."""

from __future__ import annotations

import functools
import itertools
import re
import statistics
from collections.abc import Sequence
from enum import StrEnum

from ragortune.evidence.measurements.search import STOP_WORDS, split_terms
from ragortune.support.record import Record

_COVERED, _APART = 0.12, 0.65
"""Coverage and separation from which on documents hold the answers. Unrelated documents stayed below 0.09."""
_LEAST_ORACLE = 0.5
"""In unrelated documents short answers reach 0.2 to 0.35 by chance."""
_MISSED = 0.25
"""Coverage that searching for the answer too adds, from which on it is the search that fails."""
_NUMBER_PARTS = re.compile(r"(?<=\d)[,'\u2019\u202f](?=\d{3})|\.0+(?!\d)")
"""Separators of thousands and empty decimals, which a document and an answer write differently."""


class Verdict(StrEnum):
    """What the documents have to do with the answers."""

    FOUND = "in_documents"
    """They hold the answers, and the questions find them."""
    MISSED = "in_documents_but_missed"
    """They hold the answers, and the questions find few of them."""
    ABSENT = "not_in_documents"
    """They do not hold the answers, in these words at least."""


class Wording(Record, frozen=True):
    """The words of a text but for those that only join, and their pairs of neighbours."""

    words: frozenset[str]
    pairs: frozenset[tuple[str, str]]


class Coverage(Record, frozen=True):
    """How much of the answers' wording was found, each a mean over the questions, 0 to 1."""

    coverage: float
    """In what the question finds."""
    oracle: float
    """In what question and answer find together: whether the documents hold it at all."""
    shuffled: float
    """Of another question's answer, in what the question finds: what chance gives."""
    separation: float
    """Probability that more is found of an answer than of another question's (area under the curve); 0.5 is chance."""

    @property
    def is_shown(self) -> bool:
        """Whether the questions find their own answers."""
        return self.coverage >= _COVERED and self.separation >= _APART

    @property
    def verdict(self) -> Verdict:
        """Where the answers are. The oracle alone is too lenient for short answers, so it counts only where it is high."""
        if self.is_shown:
            return Verdict.MISSED if self.oracle - self.coverage >= _MISSED else Verdict.FOUND
        return Verdict.MISSED if self.oracle >= _LEAST_ORACLE else Verdict.ABSENT


@functools.lru_cache(maxsize=2048)
def read_wording(text: str) -> Wording:
    """Return the wording of a text."""
    words = [word for word in split_terms(_NUMBER_PARTS.sub("", text)) if word not in STOP_WORDS]
    return Wording(frozenset(words), frozenset(itertools.pairwise(words)))


def cover_answer(answers: Sequence[str], passages: Sequence[str]) -> float:
    """Return the largest share of an answer's pairs of words that one passage has; of a single word, whether it has it."""
    wanted = [read_wording(answer) for answer in answers]
    held = [read_wording(passage) for passage in passages]
    return max((_share(one, other) for one in wanted for other in held), default=0.0)


def _share(wanted: Wording, held: Wording) -> float:
    if wanted.pairs:
        return len(wanted.pairs & held.pairs) / len(wanted.pairs)
    return float(bool(wanted.words) and wanted.words <= held.words)


def separate(values: Sequence[float], others: Sequence[float]) -> float:
    """Return the probability that one of `values` is larger than one of `others`, ties counting half (Mann-Whitney)."""
    wins = sum((value > other) + (value == other) / 2 for value in values for other in others)
    return wins / (len(values) * len(others))


def summarise(found: Sequence[float], oracle: Sequence[float], shuffled: Sequence[float]) -> Coverage:
    """Return the coverage of a sample, rounded as it is shown."""
    one, two, three = (round(statistics.fmean(values), 3) for values in (found, oracle, shuffled))
    return Coverage(one, two, three, round(separate(found, shuffled), 3))
