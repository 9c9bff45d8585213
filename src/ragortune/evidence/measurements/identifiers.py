"""Secrets in texts, counted by kind and never shown, and terms that are specific to a team's documents."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from ragortune.model.measurements import MOST_EXAMPLES, Measurement
from ragortune.support.text import clean_line, join_words

_SECRETS = {
    "private keys": ("KEY-----", r"-----BEGIN (?:[A-Z]{2,10} ){0,3}PRIVATE KEY-----"),
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
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,6}[A-Za-z]{2,24}\b")
_IBAN = re.compile(r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_TERM = re.compile(
    r"(?:(?<=[a-z,;] )[A-Z][a-z0-9]{2,30}|\b[A-Z]{2,6}|\b[A-Z]{1,3}[a-z][a-z0-9]{0,20}[A-Z][A-Za-z0-9]{0,20})\b"
)
"""A capitalised word within a sentence, an acronym, or a word with a capital inside."""
_LEAST_DOCUMENTS, _LEAST_USES, _MOST_TERMS = 3, 5, 20
_SHOWN_FROM, _SHOWN_WIDTH = 400, 80
_LOWER_SHARE = 0.1
"""A word with a larger share of its uses in lower case is not a name."""
_KNOWN_WORDS = """
january february march april may june july august september october november december monday tuesday
wednesday thursday friday saturday sunday english french german spanish chinese american european america
europe usa uk eu us google microsoft amazon apple facebook github gitlab linux windows macos ios android
python java javascript typescript rust docker kubernetes internet api apis html http https url urls json
yaml xml csv pdf sql css cli cpu gpu ram os ui ux id ids ip tcp dns ssl tls ssh ftp rest crud http2 utf
ascii iso faq todo ok note warning tip aws slack youtube twitter linkedin zoom readme md toml am pm utc gmt
ceo cto hr it pr prs qa ai ml llm wikipedia christmas god markdown unix bash git postgres postgresql mysql
redis sqlite
"""
_KNOWN = frozenset(_KNOWN_WORDS.split())


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


def measure_secrets(texts: Sequence[str], part: str, of: str) -> Measurement:
    """Return the number of secrets in texts by kind; `part` is the first part of the probe's name, `of` names the texts."""
    secrets: Counter[str] = Counter()
    for text in texts:
        secrets.update(count_secrets(text))
    found = [f"{kind} ({count:,})" for kind, count in secrets.most_common()]
    return Measurement(
        f"{part}.secrets",
        f"found {join_words(found)}" if found else "no secrets of the kinds looked for",
        "patterns; the values are not shown",
        len(texts),
        of,
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
    return tuple(map(show_text, itertools.islice(texts, MOST_EXAMPLES)))


def list_terms(texts: Sequence[str]) -> list[tuple[str, int]]:
    """Return recurring names, products and acronyms that are not common words, with their counts, the most frequent first."""
    uses: Counter[str] = Counter()
    documents: Counter[str] = Counter()
    lower: Counter[str] = Counter()
    for text in texts:
        found = Counter(_TERM.findall(text))
        uses.update(found)
        documents.update(found.keys())
        lower.update(word for word in text.split() if word.islower() and word.isalpha())
    terms = [
        (term, count)
        for term, count in uses.items()
        if count >= _LEAST_USES
        and documents[term] >= _LEAST_DOCUMENTS
        and term.lower() not in _KNOWN
        and lower[term.lower()] <= _LOWER_SHARE * count
    ]
    return sorted(terms, key=lambda term: (-term[1], term[0]))[:_MOST_TERMS]
