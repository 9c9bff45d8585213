"""Near-duplicates by set similarity (Jaccard) of the word pairs of texts.

Word pairs that occur in a tenth of all texts are boilerplate (an instruction, a navigation bar) and are removed first:
rows under the same prompt would all be similar otherwise.
"""

from __future__ import annotations

import hashlib
import itertools
import math
import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from ragortune.evidence.measurements.sampling import rank_text

Shingles = frozenset[int]
_Shingled = tuple[int, list[int]]
"""Number of the word pairs of a text, and those that other texts have as well, as ranks in the whole collection, the rarest
first."""

_WORD = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_]+")
"""A word; a single character in scripts that are written without spaces."""
_BOILERPLATE_SHARE = 0.1
_BOILERPLATE_MIN = 10
"""A word pair in fewer texts is never boilerplate, however few texts there are."""
_WORD_BITS = 32
_MAX_WORDS = 1_000_000
"""Word pairs of a collection that are compared, which bounds the memory."""
_MIN_SHINGLES = 8


def split_words(text: str) -> list[str]:
    """Return the words of a text in any script, case folded, without punctuation."""
    return _WORD.findall(text.casefold())


def digest_words(words: Iterable[str]) -> bytes:
    """Return a digest of words, which takes less memory than they do."""
    return hashlib.blake2b("\0".join(words).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def find_near_duplicates(texts: Iterable[str], threshold: float = 0.8) -> list[tuple[int, int]]:
    """Return pairs of indices of texts that are equal except for case and punctuation, or nearly so.

    Each text is paired only with earlier ones that are not duplicates themselves: a hundred copies give 99 pairs, not
    4,950, and the distinct second indices are the texts to remove. `threshold` is the minimum Jaccard similarity of the
    word pairs of two texts, between 0 and 1.
    """
    first: dict[bytes, int] = {}
    numbers: list[array[int]] = []
    pairs = []
    for index, words in enumerate(map(split_words, texts)):
        if (kept := first.setdefault(digest_words(words), index)) == index:
            numbers.append(array("I", map(rank_text, words)))
        else:
            pairs.append((kept, index))
    distinct = list(first.values())
    shingles = _find_shingles(numbers)
    pairs += [
        (distinct[one], distinct[other]) for one, other in _join(_strip_boilerplate(shingles), threshold)
    ]
    return sorted(pairs)


def _find_shingles(texts: Sequence[array[int]]) -> list[Shingles]:
    """Return the word pairs of each text as numbers.

    In a large collection one in `rate` of all possible pairs is kept, the same ones in each text, which leaves the
    similarity unbiased. A text with too few of them left has none.
    """
    rate = sum(map(len, texts)) // _MAX_WORDS * 2 + 1
    found = []
    for words in texts:
        padded = [*words, 0] if len(words) < 2 else words
        numbers = (one << _WORD_BITS | two for one, two in itertools.pairwise(padded))
        kept = frozenset(number for number in numbers if number % rate == 0)
        found.append(kept if rate == 1 or len(kept) >= _MIN_SHINGLES else frozenset())
    return found


def _strip_boilerplate(texts: list[Shingles]) -> list[_Shingled]:
    """Return the word pairs of each text without boilerplate."""
    frequency = Counter(itertools.chain.from_iterable(texts))
    limit = max(_BOILERPLATE_SHARE * len(texts), _BOILERPLATE_MIN)
    boilerplate = {shingle for shingle, count in frequency.items() if count > limit}
    shared = sorted((count, shingle) for shingle, count in frequency.items() if 1 < count <= limit)
    rank = {shingle: index for index, (_, shingle) in enumerate(shared)}
    return [
        (len(text - boilerplate), sorted(rank[shingle] for shingle in text if shingle in rank))
        for text in texts
    ]


def _join(texts: list[_Shingled], threshold: float) -> list[tuple[int, int]]:
    """Return the pairs of similar texts, by prefix filtering.

    Two sets with Jaccard similarity t share at least t·n members, where n is the size of either. In any common order of
    the members they therefore share one of the first n - t·n + 1 of each, so only this prefix is indexed (Chaudhuri,
    Ganti and Kaushik, 2006). With the rarest members first, few candidates remain; each is checked exactly.
    """
    index: defaultdict[int, list[int]] = defaultdict(list)
    pairs = []
    for this, (size, shared) in enumerate(texts):
        unique = size - len(shared)  # in no other text, so they are the rarest and come first
        prefix = shared[: max(0, size - math.ceil(threshold * size) + 1 - unique)]
        candidates = {other for shingle in prefix for other in index[shingle]}
        similar = sorted(other for other in candidates if _are_similar(texts[other], texts[this], threshold))
        pairs += [(other, this) for other in similar]
        for shingle in () if similar else prefix:
            index[shingle].append(this)
    return pairs


def _are_similar(one: _Shingled, other: _Shingled, threshold: float) -> bool:
    (size, shared), (other_size, other_shared) = one, other
    smaller, larger = sorted((size, other_size))
    if smaller < threshold * larger:
        return False
    common = len(set(shared).intersection(other_shared))
    return common >= threshold * (smaller + larger - common)
