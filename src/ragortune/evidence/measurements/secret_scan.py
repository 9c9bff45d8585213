"""Secrets in texts: counted by kind, and masked where texts are shown."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable

from ragortune.model.measurements import MAX_EXAMPLES, Measurement
from ragortune.support.text import clean_line, join_words

_PRIVATE_KEY = (
    r"-----BEGIN (?:[A-Z]{2,10} ){0,3}PRIVATE KEY-----"
    r"(?:[\\nr\s]{1,9}(?:Proc-Type|DEK-Info): [\w,-]{1,80}){0,2}[A-Za-z0-9+/=\\\s]*"
)
_SECRETS = {
    "private keys": ("KEY-----", _PRIVATE_KEY),
    "AWS keys": ("AKIA ASIA", r"\b(?:AKIA|ASIA)(?![A-Z0-9]{0,14}EXAMPLE)[A-Z0-9]{16}\b"),
    "GitHub tokens": (
        "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_",
        r"\b(?:gh[pousr]_|github_pat_)[A-Za-z0-9_]{36,255}\b",
    ),
    "Slack tokens": ("xox", r"(?<![\w-])xox[abprs]-[0-9]{6,20}-[A-Za-z0-9-]{10,200}"),
    "Google keys": ("AIza", r"\bAIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])"),
    "model provider keys": (
        "sk-",
        r"(?<![\w-])sk-(?:ant-|proj-|or-)?(?=[A-Za-z_-]{0,30}[0-9])[A-Za-z0-9_-]{32,200}",
    ),
    "payment keys": ("k_live_", r"\b[sr]k_live_[A-Za-z0-9]{20,200}\b"),
    "signed tokens (JWT)": ("eyJ", r"(?<![\w-])eyJ[\w-]{10,2000}\.eyJ[\w-]{10,2000}\.[\w-]{10,2000}"),
}
"""For each kind some text that all of them contain, which is fast to search for, and their pattern."""
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,6}[^\W\d_]{2,24}\b")
_IBAN = re.compile(r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_SHOWN_FROM, _SHOWN_WIDTH = 8_000, 80
"""Characters that are searched for secrets, since half a token is not recognised as one, and those that are shown."""


def count_secrets(text: str) -> Counter[str]:
    """Return the number of distinct keys and tokens in a text by kind; well-known example keys are left out."""
    return +Counter({kind: len(set(pattern.findall(text))) for kind, pattern in _list_patterns(text)})


def _list_patterns(text: str) -> list[tuple[str, re.Pattern[str]]]:
    """Return the kinds of secrets that a text may contain, each with its pattern."""
    return [
        (kind, re.compile(pattern))
        for kind, (marks, pattern) in _SECRETS.items()
        if any(mark in text for mark in marks.split())
    ]


def measure_secrets(texts: Iterable[str], part: str) -> Measurement:
    """Return the number of secrets in texts by kind; `part`, the first part of the probe's name, says what texts these are."""
    secrets: Counter[str] = Counter()
    count = 0
    for text in texts:
        count += 1
        secrets.update(count_secrets(text))
    found = [f"{kind} ({count:,})" for kind, count in secrets.most_common()]
    return Measurement(
        f"{part}.secrets",
        f"found {join_words(found)}" if found else "no secrets of the kinds looked for",
        "patterns; the values are not shown",
        count,
        part,
        figures={"secrets": dict(secrets)},
        notes=("personal data, such as names, addresses and telephone numbers, is not looked for",),
        fault=bool(secrets),
    )


def show_text(text: str) -> str:
    """Return the beginning of a text with secrets, e-mail addresses and account numbers replaced by dots."""
    text = text[:_SHOWN_FROM]
    for _, pattern in _list_patterns(text):
        text = pattern.sub("•••", text)
    text = _IBAN.sub("•••", _EMAIL.sub("•••", text))
    return clean_line(text, _SHOWN_WIDTH)


def show_texts(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the first texts, as many as are shown for a measurement, each as `show_text` does."""
    return tuple(map(show_text, itertools.islice(texts, MAX_EXAMPLES)))
