"""What a team's documents show: size in tokens, how often they change, near-duplicates, terms of their own, secrets."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ragortune.evidence.documents.language_detection import ENGLISH, detect_language
from ragortune.evidence.measurements.corpus import TEXT_BYTES, Corpus, Source
from ragortune.evidence.measurements.duplicates import find_near_duplicates, split_words
from ragortune.evidence.measurements.identifiers import list_terms, measure_secrets
from ragortune.evidence.measurements.sampling import DEVIATIONS, bound_share, place_value
from ragortune.evidence.measurements.token_estimates import ENGLISH_ERROR, OTHER_ERROR, estimate_tokens
from ragortune.evidence.measurements.volatility import measure_volatility
from ragortune.model.measurements import MOST_EXAMPLES, Measurement, Progress
from ragortune.support.reading import show_size
from ragortune.support.text import clean_line, count_words

_SAMPLE_BYTES = 5 * 1024 * 1024
"""So much is read of all documents together; of more, a random sample."""
_SLOW_BYTES = 512 * 1024
"""So much of the text of PDF and Office files, which takes long to take out."""
_LEAST_BYTES = 128 * 1024
"""At least so much of each kind."""
_PART = 64 * 1024
"""So many characters of a document are read where not all documents are, so that the sample has many."""
_LANGUAGE = 20_000
"""So many characters of a document tell its language."""
_SLOW = frozenset(("pdf", "office"))
_SIZE_EDGES = (50_000, 200_000, 2_000_000, 200_000_000)
"""Where the bands of `knowledge.size` end."""
_PROMPT_TOKENS = 100_000
_SHORT = 200
"""A document of fewer characters is too short to be called a copy."""
_MANY_COPIES = 0.05
_EXAMPLE_WIDTH, _SHOWN_TERMS = 80, 20


class Sampled(NamedTuple):
    """A document that was read."""

    source: Source
    text: str
    tokens: float
    """Of the whole document, also where only its beginning was read."""
    language: str


def measure_documents(
    corpus: Corpus, common_words: Mapping[str, frozenset[str]], as_of: str, progress: Progress
) -> tuple[Measurement, ...]:
    """Return what the documents show; their history counts up to the day `as_of`, YYYY-MM-DD.

    `common_words` are those of each language by its code.
    """
    progress(f"reading {count_words(len(corpus.sources), 'document')}")
    sample = list(_draw_sample(corpus, common_words))
    measured = [_measure_size(corpus, sample), measure_volatility(corpus.folder, as_of, progress)]
    progress("looking for near-duplicates, terms and secrets in the documents")
    texts = [item.text for item in sample]
    found = _measure_copies(sample), _measure_terms(texts), measure_secrets(texts, "documents", "documents")
    return (*measured, *found)


def _draw_sample(corpus: Corpus, common_words: Mapping[str, frozenset[str]]) -> Iterator[Sampled]:
    """Read documents of each kind in an order that is random, but the same each time, up to so many bytes."""
    kinds: defaultdict[str, list[Source]] = defaultdict(list)
    for source in corpus.shuffle():
        kinds[source.kind].append(source)
    most = TEXT_BYTES if corpus.size <= _SAMPLE_BYTES else _PART
    for kind, sources in sorted(kinds.items()):
        share = sum(source.size for source in sources) / corpus.size
        left = _SLOW_BYTES if kind in _SLOW else max(_LEAST_BYTES, share * _SAMPLE_BYTES)
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
    languages = _total_languages(sample, tokens)
    english = languages.get(ENGLISH, 0.0) / max(1.0, tokens)
    doubt = english * ENGLISH_ERROR + (1 - english) * OTHER_ERROR
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
            "languages": {code: round(total) for code, total in languages.items()},
        },
        interval=(low, high),
        notes=tuple(_list_notes(corpus, sample)),
    )
    if any(item.text.strip() for item in sample):
        return measured
    reason = "no document has text that can be read; scanned pages need text recognition first"
    return measured.replace(answers={"knowledge.size": None}, quantities={}, reason=reason)


def _total_kind(corpus: Corpus, sample: Sequence[Sampled], kind: str) -> tuple[float, float]:
    """Return the tokens of all documents of a kind, and half of the 95% interval that sampling leaves.

    Ratio estimate: the tokens to a byte in the sample, times the bytes of all documents of the kind.
    """
    read = [item for item in sample if item.source.kind == kind]
    sizes = [source.size for source in corpus.sources if source.kind == kind]
    ratio = sum(item.tokens for item in read) / sum(item.source.size for item in read)
    total, count = ratio * sum(sizes), len(read)
    if count == len(sizes):
        return total, 0.0
    if count == 1:
        return total, total / 2  # one document tells nothing of the spread
    variance = sum((item.tokens - ratio * item.source.size) ** 2 for item in read) / (count - 1)
    error = len(sizes) * math.sqrt(variance / count * (1 - count / len(sizes)))
    return total, min(total, DEVIATIONS * error)


def _total_languages(sample: Sequence[Sampled], tokens: float) -> dict[str, float]:
    """Return the tokens of each language, most first, from their shares in the sample."""
    read: defaultdict[str, float] = defaultdict(float)
    for item in sample:
        read[item.language] += item.tokens
    scale = tokens / (sum(read.values()) or 1.0)
    return {code: scale * read[code] for code in sorted(read, key=lambda code: -read[code]) if read[code]}


def _list_notes(corpus: Corpus, sample: Sequence[Sampled]) -> Iterator[str]:
    for reason, files in corpus.skipped.items():
        yield f"{count_words(files, 'file')} skipped: {reason}"
    if len(sample) < len(corpus.sources):
        yield f"estimated from a random sample of {len(sample):,} of {len(corpus.sources):,} documents"
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
        "near-duplicates by pairs of words (Jaccard 0.8), pairs that a tenth of all documents have left out",
        len(read),
        "documents",
        figures={"copies": copies, "share": round(copies / max(1, len(read)), 4)},
        interval=bound_share(copies, len(read)),
        examples=tuple(clean_line(pair, _EXAMPLE_WIDTH) for pair in shown)[:MOST_EXAMPLES],
        fault=copies >= max(2, _MANY_COPIES * len(read)),
    )


def _measure_terms(texts: Sequence[str]) -> Measurement:
    terms = list_terms(texts)
    named = ", ".join(f"{term} ({count}x)" for term, count in terms[:_SHOWN_TERMS])
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
