"""In which language a document is written, by its commonest words and its script."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from ragortune.statements import Form, Sentence

_WORDS: dict[str, frozenset[str]] = {
    "en": frozenset(
        [
            "the",
            "and",
            "of",
            "to",
            "is",
            "in",
            "for",
            "with",
            "that",
            "are",
            "we",
            "it",
            "be",
            "by",
            "from",
            "on",
            "this",
            "as",
            "not",
            "or",
        ]
    ),
    "de": frozenset(
        [
            "der",
            "die",
            "und",
            "das",
            "ist",
            "nicht",
            "mit",
            "für",
            "von",
            "den",
            "ein",
            "eine",
            "auf",
            "im",
            "werden",
            "wird",
            "wir",
            "zu",
            "als",
            "auch",
        ]
    ),
    "fr": frozenset(
        [
            "le",
            "la",
            "les",
            "des",
            "et",
            "est",
            "pour",
            "une",
            "un",
            "dans",
            "du",
            "en",
            "que",
            "sur",
            "par",
            "pas",
            "avec",
            "au",
            "aux",
            "nous",
        ]
    ),
    "es": frozenset(
        [
            "el",
            "la",
            "los",
            "las",
            "de",
            "que",
            "y",
            "para",
            "una",
            "un",
            "con",
            "en",
            "del",
            "se",
            "por",
            "es",
            "no",
            "como",
            "al",
            "más",
        ]
    ),
    "pt": frozenset(
        [
            "o",
            "os",
            "as",
            "de",
            "que",
            "e",
            "para",
            "uma",
            "um",
            "com",
            "em",
            "do",
            "da",
            "se",
            "por",
            "é",
            "não",
            "como",
            "ao",
            "mais",
        ]
    ),
    "it": frozenset(
        [
            "il",
            "lo",
            "gli",
            "di",
            "che",
            "e",
            "per",
            "una",
            "un",
            "con",
            "in",
            "del",
            "della",
            "si",
            "da",
            "è",
            "non",
            "come",
            "al",
            "più",
        ]
    ),
    "nl": frozenset(
        [
            "de",
            "het",
            "een",
            "en",
            "van",
            "is",
            "niet",
            "met",
            "voor",
            "op",
            "zijn",
            "wordt",
            "dat",
            "te",
            "in",
            "aan",
            "we",
            "ook",
            "als",
            "bij",
        ]
    ),
    "tr": frozenset(
        [
            "ve",
            "bir",
            "için",
            "ile",
            "bu",
            "olarak",
            "değil",
            "de",
            "da",
            "olan",
            "veya",
            "daha",
            "en",
            "gibi",
            "kadar",
            "her",
            "ise",
            "çok",
            "yok",
            "var",
        ]
    ),
    "pl": frozenset(
        [
            "i",
            "w",
            "na",
            "z",
            "do",
            "nie",
            "jest",
            "się",
            "że",
            "to",
            "dla",
            "od",
            "przez",
            "jako",
            "oraz",
            "są",
            "po",
            "jak",
            "co",
            "lub",
        ]
    ),
}
_SCRIPTS = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("zh", re.compile(r"[\u4e00-\u9fff]")),
    ("ko", re.compile(r"[\uac00-\ud7af]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
    ("el", re.compile(r"[\u0370-\u03ff]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
    ("he", re.compile(r"[\u0590-\u05ff]")),
    ("hi", re.compile(r"[\u0900-\u097f]")),
    ("th", re.compile(r"[\u0e00-\u0e7f]")),
)
_WORD = re.compile(r"[^\W\d_]+")
_SAMPLE = 20_000
_SCRIPT_SHARE = 0.15
_FEW_WORDS = 8
_CLEAR_LEAD = 1.5


def detect_language(sentences: Sequence[Sentence]) -> str:
    """Return the code of the language of the prose; short or unclear text counts as English (`en`)."""
    text = _sample_prose(sentences)
    letters = sum(character.isalpha() for character in text) or 1
    for code, pattern in _SCRIPTS:
        if len(pattern.findall(text)) / letters > _SCRIPT_SHARE:
            return code
    counts = Counter(word.lower() for word in _WORD.findall(text))
    scores = {code: sum(counts[word] for word in words) for code, words in _WORDS.items()}
    best = max(scores, key=lambda code: scores[code])
    if scores[best] < _FEW_WORDS or scores[best] < _CLEAR_LEAD * scores["en"]:
        return "en"
    return best


def _sample_prose(sentences: Sequence[Sentence]) -> str:
    parts: list[str] = []
    length = 0
    for sentence in sentences:
        if sentence.form not in {Form.CODE, Form.COMMENT}:
            parts.append(sentence.text[:_SAMPLE])
            length += len(parts[-1])
            if length > _SAMPLE:
                break
    return " ".join(parts)[:_SAMPLE]
