"""Near-duplicates: pairs of texts that share most of what they do not share with everyone.

Texts are compared by their pairs of neighbouring words. A pair that a tenth of all texts have is template (an instruction, a
navigation bar) and is left out first: rows under one prompt would all look alike otherwise.
"""

from __future__ import annotations

import itertools
import math
import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import NamedTuple

Shingles = frozenset[int]

_WORD = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_]+")
"""A word; a single character in scripts that write no spaces or join particles to words."""
_TEMPLATE_SHARE = 0.1
_TEMPLATE_LEAST = 10
"""A pair in fewer texts than this is no template, however few the texts are."""
_WORD_BITS = 32
_MOST_WORDS = 1_000_000
"""Pairs of words of a collection that are compared; a small multiple of it is what memory takes."""
_LEAST_RUNS = 8


def split_words(text: str) -> list[str]:
    """Return the words of a text in any script, case folded, without punctuation."""
    return _WORD.findall(text.casefold())


def find_near_duplicates(texts: Sequence[str], threshold: float = 0.8) -> list[tuple[int, int]]:
    """Return pairs of indices of texts that are equal, case and punctuation aside, or nearly so.

    Each text is paired with the earlier ones that duplicate none themselves, so the second places of the pairs, each
    counted once, are what a clean-up would remove. A hundred copies of a text give 99 pairs, not 4,950. `threshold` is
    the least share of common pairs of words among all pairs of the two, between 0 and 1 (Jaccard).
    """
    codes: defaultdict[str, int] = defaultdict(lambda: len(codes) + 1)
    words = [array("L", map(codes.__getitem__, split_words(text))) for text in texts]
    first: dict[bytes, int] = {}
    pairs = []
    for index, found in enumerate(words):
        if (kept := first.setdefault(found.tobytes(), index)) != index:
            pairs.append((kept, index))
    places = list(first.values())
    runs = _find_runs([words[place] for place in places])
    pairs += [(places[one], places[other]) for one, other in _join(_strip_template(runs), threshold)]
    return sorted(pairs)


def _find_runs(texts: Sequence[array[int]]) -> list[Shingles]:
    """Return the runs of each text as numbers: equal numbers are equal runs.

    Of a large collection a fraction is kept, the same in each text, which estimates the share in common as well. A
    text that is too short for that has none left.
    """
    rate = sum(map(len, texts)) // _MOST_WORDS * 2 + 1
    found = []
    for words in texts:
        padded = [*words, 0] if len(words) < 2 else words
        numbers = (one << _WORD_BITS | two for one, two in itertools.pairwise(padded))
        kept = frozenset(number for number in numbers if number % rate == 0)
        found.append(kept if rate == 1 or len(kept) >= _LEAST_RUNS else frozenset())
    return found


class _Shingled(NamedTuple):
    """The runs of a text that are no template."""

    size: int
    """How many there are."""
    shared: list[int]
    """Those that another text has too, each by its rank in the whole collection, the rarest first."""


def _strip_template(texts: list[Shingles]) -> list[_Shingled]:
    frequency = Counter(itertools.chain.from_iterable(texts))
    limit = max(_TEMPLATE_SHARE * len(texts), _TEMPLATE_LEAST)
    template = {run for run, count in frequency.items() if count > limit}
    shared = sorted((count, run) for run, count in frequency.items() if 1 < count <= limit)
    rank = {run: place for place, (_, run) in enumerate(shared)}
    ranks = (sorted(rank[run] for run in text if run in rank) for text in texts)
    return [_Shingled(len(text - template), own) for text, own in zip(texts, ranks, strict=True)]


def _join(texts: list[_Shingled], threshold: float) -> list[tuple[int, int]]:
    """Return the pairs of similar texts, by prefix filtering.

    Two sets that share the fraction t of their union share at least t·n members, where n is the size of either. Under
    one order of all members they therefore have one in common among the first n - t·n + 1 of each, so only those are
    indexed (Chaudhuri, Ganti and Kaushik, 2006). With the rarest first, few candidates remain; each is checked exactly.
    """
    index: defaultdict[int, list[int]] = defaultdict(list)
    pairs = []
    for this, (size, shared) in enumerate(texts):
        alone = size - len(shared)  # the rarest of all, and in no other text
        prefix = shared[: max(0, size - math.ceil(threshold * size) + 1 - alone)]
        candidates = {other for run in prefix for other in index[run]}
        similar = sorted(other for other in candidates if _are_similar(texts[other], texts[this], threshold))
        pairs += [(other, this) for other in similar]
        for run in () if similar else prefix:
            index[run].append(this)
    return pairs


def _are_similar(one: _Shingled, other: _Shingled, threshold: float) -> bool:
    smaller, larger = sorted((one.size, other.size))
    if smaller < threshold * larger:
        return False
    common = len(set(one.shared).intersection(other.shared))
    return common >= threshold * (smaller + larger - common)
