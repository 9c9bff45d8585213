"""Estimates of the number of tokens of a text, without a tokenizer.

Each character counts as a fraction of a token that depends on its script. The fractions were fitted to OpenAI's tokenizer
`o200k_base` on documentation, handbooks, source code and Wikipedia in 20 languages, and validated on kinds of text that
the fit left out: within 6% for English prose, markup and code, and within 20% for other languages. Tokenizers of other
vendors differ from it by about 15% on English; older ones need up to three times as many tokens in other scripts.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from functools import cache

ENGLISH_ERROR, OTHER_ERROR = 0.06, 0.20
"""Relative errors of the estimate."""
_RANGES = (
    # first code point, tokens for a character
    (0x00AA, 0.81),  # Latin letters with accents
    (0x0370, 0.42),
    (0x0400, 0.28),
    (0x0530, 0.40),
    (0x0590, 0.36),
    (0x0600, 0.36),
    (0x0900, 0.34),
    (0x0E00, 0.43),
    (0x0E80, 0.40),
    (0x1E00, 0.81),
    (0x2000, 0.43),  # punctuation and symbols
    (0x3040, 0.67),
    (0x3100, 0.83),
    (0xA000, 0.40),
    (0xAC00, 0.69),
    (0xD7B0, 0.83),
)
_STARTS = [start for start, _ in _RANGES]
_LETTER, _DIGIT, _SYMBOL, _LINE = 0.22, 0.97, 0.43, 1.65


def estimate_tokens(text: str) -> float:
    """Return the estimated number of tokens of a text."""
    lines = sum(1 for line in text.split("\n") if line.strip())
    return _LINE * lines + sum(count * _weigh(character) for character, count in Counter(text).items())


@cache
def _weigh(character: str) -> float:
    if character.isspace():
        return 0.0
    if character.isascii():
        return _LETTER if character.isalpha() else _DIGIT if character.isdigit() else _SYMBOL
    return _RANGES[max(0, bisect_right(_STARTS, ord(character)) - 1)][1]
