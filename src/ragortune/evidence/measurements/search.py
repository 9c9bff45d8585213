"""The embedded search index: passages of documents ranked by BM25, in SQLite's FTS5.

Terms are split here, because FTS5 splits neither `camelCase` nor scripts without spaces; FTS5 stems English (Porter) and
ranks. The database is temporary: SQLite keeps it in memory while it is small, on disk when it grows, and removes it.
"""

from __future__ import annotations

import functools
import re
import sqlite3
import unicodedata
import weakref
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator

from ragortune.evidence.measurements.corpus import Corpus
from ragortune.evidence.measurements.sampling import RANKS, rank_text
from ragortune.support.errors import UnreadableError
from ragortune.support.record import Record
from ragortune.support.text import count_words

PASSAGE_LENGTH = 1_200
"""Maximum characters of a passage. Of lengths from 400 to 5,000 this one found most within a budget of 6,000."""
INDEX_BYTES = 256 * 1024 * 1024
"""Text that is indexed at most, which takes a minute or two; larger collections are sampled."""
_CACHE_KIB = 32 * 1024
_COMMON = 0.3
"""Terms in a larger share of the passages are left out of queries: they discriminate little and take long."""
_MAX_TERMS = 16
"""Terms of a query at most, the rarest ones; more of them find the same and take longer."""
_WORD = re.compile(r"[\w\u0300-\u036f\u0900-\u109f]+")
"""Letters and digits with their combining marks, which Python does not count among them."""
_UNSPACED = re.compile(r"([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+)")
"""Thai, Lao, Burmese, Khmer, kana, Han: written without spaces."""
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_BREAK = re.compile(r"\n\s*\n|\n(?=#)")
_STOP_WORDS = (
    "a an and any are as at be been by can could did do does for from had has have how if in into is it its may of "
    "on or should so such than that the their them then there these they this those to was were what when where "
    "which who whom whose why will with would you your"
)
STOP_WORDS = frozenset(_STOP_WORDS.split())
"""English function words and question words."""


class Passage(Record, frozen=True):
    """A part of a document, as a search returns it."""

    id: str
    """Name of the document, with `#` and a number for a part of one."""
    text: str


class Engine(ABC):
    """A search engine: finds passages for a question."""

    label = ""
    """What it is, for a reader."""
    names: Collection[str] | None = None
    """Names of its documents, None if they are not known."""
    complete = True
    """False if it has only a sample of the documents."""

    @abstractmethod
    def search(self, text: str, k: int) -> list[Passage]:
        """Return at most `k` passages, the best first; raises UsageError if the engine fails."""


def split_terms(text: str) -> Iterator[str]:
    """Yield the terms of a text in lower case: words, the parts of joined names too, bigrams in scripts without spaces."""
    for word in _WORD.findall(unicodedata.normalize("NFKC", text)):
        if word.isascii() and word.islower() and "_" not in word:  # nearly all
            yield word
            continue
        for part in _UNSPACED.split(word):
            if _UNSPACED.match(part):
                yield from (part[at : at + 2] for at in range(max(1, len(part) - 1)))
            else:
                yield from _split_word(part)


def _split_word(word: str) -> Iterator[str]:
    parts = [part for piece in word.split("_") if piece for part in _HUMP.split(piece)]
    for part in parts:
        yield part.casefold()
    if len(parts) > 1:
        yield "".join(parts).casefold()


def cut_passages(text: str) -> Iterator[str]:
    """Yield the passages of a text, cut between paragraphs if possible, else between sentences or words."""
    held, length = "", PASSAGE_LENGTH
    for paragraph in _BREAK.split(text):
        piece = paragraph.strip()
        if held and len(held) + 2 + len(piece) > length:
            yield held
            held = ""
        while len(piece) > length:
            end = max(piece.rfind(mark, length // 2, length) + 1 for mark in (". ", "\n", "。")) or length
            end = end if end < length else piece.rfind(" ", length // 2, length) + 1 or length
            yield piece[:end].rstrip()
            piece = piece[end:].lstrip()
        held = f"{held}\n\n{piece}" if held and piece else held or piece
    if held:
        yield held


def open_engine(
    source: str | None, corpus: Corpus | None, texts: Iterable[tuple[str, str]] = ()
) -> Engine | None:
    """Return the search engine for the questions; None if there is nothing to search.

    It is the team's own engine that `--search` names, else an index of the documents, else one of named texts. Raises
    UsageError if `--search` names no engine that can be reached.
    """
    if source is not None:
        from ragortune.evidence.measurements.engines import connect_engine  # noqa: PLC0415  (few runs need it)

        return connect_engine(source)
    if corpus is not None:
        share = INDEX_BYTES / max(corpus.size, INDEX_BYTES)  # of larger ones a random sample of documents
        drawn = (source for source in corpus.sources if rank_text(source.name) < share * RANKS)
        return EmbeddedIndex(((source.name, corpus.read(source)) for source in drawn), complete=share == 1)
    index = EmbeddedIndex(texts)
    return index if index.count else None


class EmbeddedIndex(Engine):
    """An index of passages ranked by BM25, with FTS5's k1 of 1.2 and b of 0.75."""

    def __init__(self, documents: Iterable[tuple[str, str]], *, complete: bool = True) -> None:
        """Index named texts; raises UnreadableError if the index cannot be written."""
        self.complete = complete
        self.count = 0
        """Number of passages."""
        self._count = functools.cache(self._count_passages)
        self._base = sqlite3.connect("", isolation_level=None)  # a temporary file, removed on close
        weakref.finalize(self, self._base.close)
        try:
            self._fill(documents)
        except sqlite3.OperationalError as error:
            message = f"the search index cannot be written to the folder for temporary files ({error})"
            raise UnreadableError(message, None, "TMPDIR names another folder") from None
        self.label = f"embedded index (SQLite FTS5, BM25) of {count_words(self.count, 'passage')}"

    def _fill(self, documents: Iterable[tuple[str, str]]) -> None:
        run = self._base.execute
        run(f"PRAGMA cache_size = -{_CACHE_KIB}")
        run("PRAGMA journal_mode = OFF")
        run("CREATE TABLE passage (id TEXT, body TEXT)")
        run("CREATE VIRTUAL TABLE term USING fts5 (body, content='', tokenize='porter ascii')")
        run("BEGIN")
        self.names = names = set[str]()
        for name, text in documents:
            names.add(name)
            for number, piece in enumerate(cut_passages(text.encode("utf-8", "replace").decode()), 1):
                row = run("INSERT INTO passage VALUES (?, ?)", (f"{name}#{number}", piece)).lastrowid
                run("INSERT INTO term (rowid, body) VALUES (?, ?)", (row, " ".join(split_terms(piece))))
                self.count += 1
        run("COMMIT")

    def search(self, text: str, k: int) -> list[Passage]:
        """Return at most `k` passages that share a term with the text, the best first."""
        terms = sorted({*split_terms(text)} - STOP_WORDS, key=lambda term: (self._count(term), term))
        if not terms:
            return []
        most = _COMMON * self.count
        telling = [term for term in terms if _UNSPACED.match(term) or self._count(term) <= most]
        query = " OR ".join(f'"{term}"' for term in (telling if len(telling) > 1 else terms)[:_MAX_TERMS])
        rows = self._base.execute(
            "SELECT id, passage.body FROM (SELECT rowid AS row FROM term WHERE term MATCH ? ORDER BY rank LIMIT ?) "
            "JOIN passage ON passage.rowid = row",
            (query, k),
        )
        return [Passage(*row) for row in rows]

    def _count_passages(self, term: str) -> int:
        """Return how many passages have a term."""
        count = "SELECT count(*) FROM term WHERE term MATCH ?"
        return int(self._base.execute(count, (f'"{term}"',)).fetchone()[0])
