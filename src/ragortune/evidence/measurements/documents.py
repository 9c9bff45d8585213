"""Measurements of a team's documents: size in tokens, change over time, near-duplicates, their own terms, secrets."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from ragortune.evidence.documents.reader import ENGLISH, detect_language
from ragortune.evidence.measurements.corpus import TEXT_BYTES, Corpus, Source
from ragortune.evidence.measurements.duplicates import find_near_duplicates, split_words
from ragortune.evidence.measurements.sampling import Z_95, bound_share, place_value
from ragortune.evidence.measurements.secret_scan import measure_secrets
from ragortune.evidence.measurements.volatility import measure_volatility
from ragortune.model.measurements import MAX_EXAMPLES, Measurement, Progress
from ragortune.support.reading import show_size
from ragortune.support.text import clean_line, count_words

_SAMPLE_BYTES = 5 * 1024 * 1024
"""Text that is read of all documents together; of more, a random sample is read."""
_SLOW_BYTES = 512 * 1024
"""Text that is read of PDF and Office files, which are slow to extract."""
_MIN_BYTES = 128 * 1024
"""Text that is read of each kind at least."""
_PART = 64 * 1024
"""Characters that are read of each document of a sample, so that it has many documents."""
_LANGUAGE = 20_000
"""Characters from which the language of a document is detected."""
_SLOW = frozenset(("pdf", "office"))
_SIZE_EDGES = (50_000, 200_000, 2_000_000, 200_000_000)
"""Upper ends of the bands of `knowledge.size`, in tokens."""
_PROMPT_TOKENS = 100_000
_SHORT = 200
"""Documents with fewer characters are not compared."""
_MANY_COPIES = 0.05
_EXAMPLE_WIDTH = 80
_TERM = re.compile(
    r"(?:(?<=[a-z,;] )[A-Z][a-z0-9]{2,30}|\b[A-Z]{2,6}|\b[A-Z]{1,3}[a-z][a-z0-9]{0,20}[A-Z][A-Za-z0-9]{0,20})\b"
)
"""A capitalised word within a sentence, an acronym, or a word with a capital inside."""
_MIN_DOCUMENTS, _MIN_USES, _MAX_TERMS = 3, 5, 20
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


class Sampled(NamedTuple):
    """A document that was read."""

    source: Source
    text: str
    tokens: float
    """Of the whole document, even if only its beginning was read."""
    language: str


def measure_documents(
    corpus: Corpus, common_words: Mapping[str, frozenset[str]], as_of: str, progress: Progress
) -> tuple[Measurement, ...]:
    """Return the measurements of documents; `common_words` are by code of language, histories up to `as_of`, YYYY-MM-DD."""
    progress(f"reading {count_words(len(corpus.sources), 'document')}")
    sample = list(_draw_sample(corpus, common_words))
    size, volatility = _measure_size(corpus, sample), measure_volatility(corpus.folder, as_of, progress)
    progress("looking for near-duplicates, terms and secrets in the documents")
    texts = [item.text for item in sample]
    secrets = measure_secrets(texts, "documents")
    drawn = f"a random sample of {len(sample):,} of {len(corpus.sources):,} documents"
    notes = (drawn,) if len(sample) < len(corpus.sources) else ()
    found = (size, _measure_copies(sample), _measure_terms(texts), secrets)
    size, *rest = (one.replace(notes=(*notes, *one.notes)) for one in found)
    return (size, volatility, *rest)


def _draw_sample(corpus: Corpus, common_words: Mapping[str, frozenset[str]]) -> Iterator[Sampled]:
    """Yield a random sample of the documents of each kind, the same in every run, read up to the limits in bytes."""
    kinds: defaultdict[str, list[Source]] = defaultdict(list)
    for source in corpus.shuffle():
        kinds[source.kind].append(source)
    most = TEXT_BYTES if corpus.size <= _SAMPLE_BYTES else _PART
    for kind, sources in sorted(kinds.items()):
        share = sum(source.size for source in sources) / corpus.size
        left = _SLOW_BYTES if kind in _SLOW else max(_MIN_BYTES, share * _SAMPLE_BYTES)
        for source in sources:
            if left <= 0:
                break
            text = corpus.read(source)
            unread = 1.0 if kind in _SLOW else max(1.0, source.size / TEXT_BYTES)
            whole = unread * max(1.0, len(text) / most)
            text = text[:most]
            left -= len(text.encode(errors="replace"))
            start = text[:_LANGUAGE]
            language = detect_language(start, split_words(start), common_words)
            yield Sampled(source, text, whole * estimate_tokens(text), language)


# --- size ---------------------------------------------------------------------------------------------------------


def _measure_size(corpus: Corpus, sample: Sequence[Sampled]) -> Measurement:
    names = sorted({item.source.kind for item in sample})
    kinds = {kind: _total_kind(corpus, sample, kind) for kind in names}
    tokens = sum(total for total, _ in kinds.values())
    read: defaultdict[str, float] = defaultdict(float)
    for item in sample:
        read[item.language] += item.tokens
    shares = {code: count / sum(read.values()) for code, count in read.items() if count}
    english = shares.get(ENGLISH, 0.0)
    doubt = english * _ENGLISH_ERROR + (1 - english) * _OTHER_ERROR
    spread = math.hypot(doubt * tokens, *(error for _, error in kinds.values()))
    low, high = max(0, round(tokens - spread)), round(tokens + spread)
    answers: dict[str, object] = {"knowledge.size": place_value(round(tokens), (low, high), _SIZE_EDGES)}
    if high < _PROMPT_TOKENS:
        answers["knowledge.fits_prompt"] = "yes"
    measured = Measurement(
        "documents.size",
        f"{tokens:,.0f} tokens ({low:,} to {high:,}) in {count_words(len(corpus.sources), 'document')}",
        "tokens estimated from the characters of each script",
        len(sample),
        "documents",
        answers=answers,
        quantities={"corpus_tokens": max(1, round(tokens))},
        figures={
            "tokens": round(tokens),
            "documents": len(corpus.sources),
            "bytes": corpus.size,
            "kinds": {kind: round(total) for kind, (total, _) in kinds.items()},
            "languages": {
                code: round(tokens * share) for code, share in sorted(shares.items(), key=lambda one: -one[1])
            },
        },
        interval=(low, high),
        notes=tuple(_list_notes(corpus, sample)),
    )
    if any(item.text.strip() for item in sample):
        return measured
    reason = "no document has text that can be read; scanned pages need text recognition first"
    return measured.replace(answers={"knowledge.size": None}, quantities={}, reason=reason)


def _total_kind(corpus: Corpus, sample: Sequence[Sampled], kind: str) -> tuple[float, float]:
    """Return the tokens of all documents of a kind, and half the width of the 95% interval of the sampling error.

    Ratio estimator: the tokens per byte of the sample times the bytes of all documents of the kind (Cochran, Sampling
    Techniques, 1977).
    """
    read = [item for item in sample if item.source.kind == kind]
    sizes = [source.size for source in corpus.sources if source.kind == kind]
    ratio = sum(item.tokens for item in read) / sum(item.source.size for item in read)
    total, count = ratio * sum(sizes), len(read)
    if count == len(sizes):
        return total, 0.0
    if count == 1:
        return total, total / 2  # one document does not show the variance
    variance = sum((item.tokens - ratio * item.source.size) ** 2 for item in read) / (count - 1)
    error = len(sizes) * math.sqrt(variance / count * (1 - count / len(sizes)))
    return total, min(total, Z_95 * error)


def _list_notes(corpus: Corpus, sample: Sequence[Sampled]) -> Iterator[str]:
    for reason, files in corpus.skipped.items():
        yield f"{count_words(files, 'file')} skipped: {reason}"
    if cut := sum(item.source.size > TEXT_BYTES and item.source.kind not in _SLOW for item in sample):
        yield f"of {count_words(cut, 'document')} only the first {show_size(TEXT_BYTES)} was read"
    if bare := sum(not item.text.strip() for item in sample):
        yield f"{count_words(bare, 'document')} without text that can be read, such as scanned pages"
    yield "counted as the tokenizer o200k_base would; others differ by about 15%, more in scripts other than Latin"


# --- copies and terms ---------------------------------------------------------------------------------------------


def _measure_copies(sample: Sequence[Sampled]) -> Measurement:
    read = sorted((item for item in sample if len(item.text) >= _SHORT), key=lambda item: item.source.name)
    pairs = find_near_duplicates([item.text for item in read])
    copies = len({copy for _, copy in pairs})
    shown = (f"{read[copy].source.name} is like {read[first].source.name}" for first, copy in pairs)
    return Measurement(
        "documents.near_duplicates",
        f"{copies:,} of {len(read):,} documents are near-duplicates of another one",
        "near-duplicates by pairs of words (Jaccard 0.8), without pairs that a tenth of all documents have",
        len(read),
        "documents",
        figures={"copies": copies, "share": round(copies / max(1, len(read)), 4)},
        interval=bound_share(copies, len(read)),
        examples=tuple(clean_line(pair, _EXAMPLE_WIDTH) for pair in shown)[:MAX_EXAMPLES],
        fault=copies >= max(2, _MANY_COPIES * len(read)),
    )


def _measure_terms(texts: Sequence[str]) -> Measurement:
    terms = list_terms(texts)
    named = ", ".join(f"{term} ({count}x)" for term, count in terms)
    return Measurement(
        "documents.terms",
        f"{count_words(len(terms), 'name or acronym', 'names or acronyms')} specific to the documents recur",
        "in three documents or more, five times or more, rarely in lower case; widely known names left out",
        len(texts),
        "documents",
        figures={"terms": len(terms)},
        examples=(named,) if terms else (),
        notes=("weak: a list for people to look at; models know many technical and medical terms",),
    )


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
        if count >= _MIN_USES
        and documents[term] >= _MIN_DOCUMENTS
        and term.lower() not in _KNOWN
        and lower[term.lower()] <= _LOWER_SHARE * count
    ]
    return sorted(terms, key=lambda term: (-term[1], term[0]))[:_MAX_TERMS]


# --- tokens -------------------------------------------------------------------------------------------------------
#
# Each character counts as a fraction of a token that depends on its script. The fractions were fitted to OpenAI's tokenizer
# `o200k_base` on documentation, handbooks, source code and Wikipedia in 20 languages, and validated on kinds of text that
# the fit left out: within 6% for English prose, markup and code, and within 20% for other languages. Tokenizers of other
# vendors differ from it by about 15% on English; older ones need up to three times as many tokens in other scripts.

_ENGLISH_ERROR, _OTHER_ERROR = 0.06, 0.20
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
