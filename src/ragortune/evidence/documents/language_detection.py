"""In which language a text is written, by its script and its commonest words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

_SCRIPTS: Mapping[str, str] = {
    "ja": r"[\u3040-\u30ff]",
    "zh": r"[\u4e00-\u9fff]",
    "ko": r"[\uac00-\ud7af]",
    "ru": r"[\u0400-\u04ff]",
    "el": r"[\u0370-\u03ff]",
    "ar": r"[\u0600-\u06ff]",
    "he": r"[\u0590-\u05ff]",
    "hi": r"[\u0900-\u097f]",
    "th": r"[\u0e00-\u0e7f]",
}
_FOREIGN = re.compile(r"[^\0-\u036f]+")
"""Everything from the first of these scripts on."""
_SCRIPT_SHARE = 0.12
"""From this share of its characters on, a text is written in that script; foreign names are among others."""
ENGLISH = "en"
_FEW_WORDS = 3


def detect_language(text: str, words: Iterable[str], common_words: Mapping[str, frozenset[str]]) -> str:
    """Return the code of the language of a text, `en` where it cannot be told.

    Args:
        text: the text.
        words: its words, case folded.
        common_words: those of each language by its code.

    """
    foreign = "".join(_FOREIGN.findall(text))
    most = _SCRIPT_SHARE * len(text)
    for code, script in _SCRIPTS.items() if len(foreign) > most else ():
        if len(re.findall(script, foreign)) > most:
            return code
    counts = Counter(words)
    counted = {code: sum(counts[word] for word in common) for code, common in common_words.items()}
    best = max(counted, key=lambda code: (counted[code], code == ENGLISH), default=ENGLISH)
    return best if counted.get(best, 0) >= _FEW_WORDS else ENGLISH
