"""Earlier states of the documents in a folder, from git, and which sentences were removed and added since.

Sentences that moved to another document or were only re-wrapped count as unchanged.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from ragortune.evidence.documents.blocks import BlockKind, RawBlock, read_blocks, split_lines
from ragortune.evidence.documents.cutting import split_sentences
from ragortune.evidence.measurements.corpus import TEXT_BYTES, extract_text, kind_of
from ragortune.evidence.measurements.duplicates import split_words
from ragortune.evidence.measurements.sampling import RANKS, draw_sample, rank_text
from ragortune.support.errors import UsageError
from ragortune.support.git import KeptFile, Repository

DAY = 86_400
"""Seconds."""
_TEXTUAL = frozenset(("markdown", "rst", "asciidoc", "html", "text"))
_STRAY = 14 * DAY
_SHALLOW = "fetch the history: `git fetch --unshallow`, in CI `fetch-depth: 0` of actions/checkout"
_RELEASES = frozenset(("changelog", "changes", "history", "news", "release-notes", "releases", "whatsnew"))
"""Names of files with release notes, without extension."""
_DERIVED_FOLDERS = "_build changelog generated i18n l10n locale locales release-notes releases translations"
_DERIVED = frozenset(_DERIVED_FOLDERS.split())
_CODE = "[a-z]{2}(?:[-_][a-z]{2,4})?"
_MAX_PATHS = 100_000
"""Size of the caches by path; most paths are in all states."""
_TRANSLATED = re.compile(rf"(?<![^/]){_CODE}(?=/)|\.{_CODE}(?=[/.])")
"""A language code as a folder (`de/`, `pt-br/`) or behind the name of a folder or file (`.de`)."""

_MAX_BYTES = 1536 * 1024
"""Bytes that are read of the documents that differ between two states; of more, a sample is compared."""
_DENSITY_BYTES = 256 * 1024
"""Bytes that are read to estimate the number of sentences per byte."""
_MIN_BYTES = 12
"""Shorter sentences are ignored: equal ones may have nothing to do with each other."""
_CLASSIFIED, _CANDIDATES, _LONGEST = 200, 300, 400
"""Removed sentences that are classified, added ones that each is compared with, and characters compared."""
_COSMETIC = 0.93
_BY_LINE = frozenset((BlockKind.CODE, BlockKind.FRONT_MATTER, BlockKind.ROW))
_NUMBER = re.compile(r"\d+")

Units = Counter[str]
"""The sentences of a document, each normalised to its words, with their counts."""


Documents = Mapping[str, KeptFile]
"""By path."""


class Snapshot(NamedTuple):
    """The documents of a repository in one commit, without release notes, generated files and translations."""

    time: int
    """Time of the commit, in seconds since 1970."""
    inside: Documents
    """Those in the folder."""
    outside: Documents


class History:
    """The history of the documents in a folder, up to a day; each content is read once."""

    def __init__(self, folder: Path, as_of: str) -> None:
        """Find the last commit up to the end of a day, YYYY-MM-DD; raises UsageError if the history is incomplete."""
        self._repository = Repository(folder, "--docs", "git cannot read the history")
        self._ask = self._repository.ask
        if self._ask("rev-parse", "--is-shallow-repository").strip() == "true":
            raise UsageError("--docs: this is a shallow clone, without its history", None, _SHALLOW)
        self._prefix = self._ask("rev-parse", "--show-prefix").strip("\n")
        self._sentences: dict[str, Units] = {}
        end_of_day = int(datetime.fromisoformat(as_of).replace(tzinfo=UTC).timestamp()) + DAY - 1
        newest = self.find_snapshot(end_of_day)
        if newest is None:
            raise UsageError(f"--docs: git has no commit up to {as_of}")
        if not newest.inside:
            raise UsageError("git has none of the documents", None, "commit them, or ask their authors")
        self.newest = newest
        """The documents as of the last commit."""
        self.date = datetime.fromtimestamp(newest.time, UTC).date().isoformat()
        """Day of the last commit, YYYY-MM-DD."""
        self.idle_days = (end_of_day - newest.time) // DAY
        """Days since the last commit."""
        sample = _pick(newest.inside, _find_limit(newest.inside, _DENSITY_BYTES))
        self._density = _count(self.read(sample)) / max(1, sum(file.size for file in sample.values()))

    def estimate(self, documents: Documents) -> float:
        """Return the number of sentences in documents, estimated from their sizes and a sample; at least 1."""
        return max(1.0, self._density * sum(file.size for file in documents.values()))

    def list_changes(self, days: int) -> list[tuple[int, frozenset[str]]]:
        """Return the commits of the given days up to the last one: days since 1970, and paths changed in the folder."""
        limits = (f"--max-age={self.newest.time - days * DAY}", f"--min-age={self.newest.time}")
        options = ("--format=%x01%ct", "--name-only", "--no-renames", "--no-ext-diff", "--no-textconv", "-z")
        changes = []
        for commit in self._ask("log", *options, *limits, "HEAD", "--", ".").split("\x01")[1:]:
            time, *names = commit.split("\0")
            changes.append((int(time) // DAY, frozenset(name.lstrip("\n") for name in names)))
        return changes

    def read(self, documents: Documents) -> dict[str, Units]:
        """Return the sentences of documents by path, none for missing objects; raises UsageError in a partial clone."""
        unread = {path: file.blob for path, file in documents.items() if file.blob not in self._sentences}
        contents = self._repository.read_objects(unread.values())
        for (path, blob), data in zip(unread.items(), contents, strict=True):
            self._sentences[blob] = read_units(extract_text(data or b"", kind_of(path) or "text"))
        return {path: self._sentences[file.blob] for path, file in documents.items()}

    def find_snapshot(self, time: int) -> Snapshot | None:
        """Return the documents of the newest commit on the main line up to a time; None if there is none.

        The main line is that of first parents. After a foxtrot merge (the main branch merged into a feature branch, which
        is then pushed) it may have ended long before; it is not followed if it is two weeks behind the newest commit.
        """
        main, newest = (
            self._ask("rev-list", "-1", "--timestamp", *line, f"--min-age={time}", "HEAD").split()
            for line in (("--first-parent",), ())
        )
        if not newest:
            return None
        stray = not main or int(newest[0]) - int(main[0]) > _STRAY
        begun, commit = newest if stray else main
        files = self._repository.list_files(commit, (), "-l")
        plain = (file for file in files if file.is_plain and 0 < file.size <= TEXT_BYTES)
        found = {file.name: file for file in plain if _is_source_path(file.name)}
        known = {path.lower() for path in found}
        kept = {path: file for path, file in found.items() if known.isdisjoint(_list_originals(path))}
        inside = {path: file for path, file in kept.items() if path.startswith(self._prefix)}
        return Snapshot(int(begun), inside, {path: kept[path] for path in kept.keys() - inside.keys()})


@lru_cache(_MAX_PATHS)
def _is_source_path(path: str) -> bool:
    """Return whether a file is a document by its path, and neither release notes nor generated."""
    *folders, name = path.lower().split("/")
    derived = name.partition(".")[0] in _RELEASES or not _DERIVED.isdisjoint(folders)
    return not derived and kind_of(path) in _TEXTUAL


@lru_cache(_MAX_PATHS)
def _list_originals(path: str) -> frozenset[str]:
    """Return the paths, in lower case, of the documents that a document may be a translation of."""
    lower = path.lower()
    originals = (
        lower[: found.start()] + ("" if found[0][0] == "." else "en") + lower[found.end() :]
        for found in _TRANSLATED.finditer(lower)
    )
    return frozenset(originals) - {lower}


# --- changes ------------------------------------------------------------------------------------------------------


class Changes(NamedTuple):
    """The changes between an earlier and the present state of the documents. All shares are between 0 and 1."""

    documents: int
    """Number of documents in the earlier state."""
    changed: frozenset[str]
    """Paths of those that had a sentence removed."""
    gone: float
    """Share of the earlier sentences that were removed."""
    fresh: float
    """Share of the present sentences that were added."""
    cosmetic: float
    """Share of the removed sentences (of a sample) that were added again nearly word for word, with the same numbers."""
    share: float
    """Share of the documents that have changed."""
    sampled: bool
    """Whether only a sample of the documents was compared."""


def read_units(text: str) -> Units:
    """Return the sentences of the paragraphs of a text, and its lines of code, tables and front matter."""
    sentences = (sentence for block in read_blocks(split_lines(text)) for sentence in _cut_block(block))
    units = (" ".join(split_words(sentence)) for sentence in sentences)
    return Counter(unit for unit in units if len(unit.encode()) >= _MIN_BYTES)


def _cut_block(block: RawBlock) -> Iterable[str]:
    if block.kind is BlockKind.COMMENT:
        return ()
    if block.kind in _BY_LINE:
        return (line.text for line in block.lines)
    text = " ".join(line.text for line in block.lines)
    return (text[begin:end] for begin, end in split_sentences(text))


def find_changes(history: History, earlier: Snapshot) -> Changes:
    """Return the changes since an earlier state; raises UsageError in a partial clone.

    Only documents whose content is not in both states are read. Documents outside of the folder matter as sources and
    targets of moved sentences: those that were removed since, and those that were added.
    """
    now = history.newest
    left = {path: file for path, file in earlier.outside.items() if path not in now.outside}
    came = {path: file for path, file in now.outside.items() if path not in earlier.outside}
    begun: Documents = earlier.inside
    if not begun:  # the folder is new; its documents may come from elsewhere in the repository
        begun, left = left, {}
    kept = {file.blob for part in (begun, earlier.outside) for file in part.values()}
    kept &= {file.blob for part in (now.inside, now.outside) for file in part.values()}
    differing = [
        {path: file for path, file in part.items() if file.blob not in kept}
        for part in (begun, now.inside, left, came)
    ]
    limit = min(_find_limit(part, _MAX_BYTES) for part in differing)
    before, after, was_outside, is_outside = (history.read(_pick(part, limit)) for part in differing)
    begun = _pick(begun, limit)
    removed = {path: units - after.get(path, Units()) for path, units in before.items()}
    added = {path: units - before.get(path, Units()) for path, units in after.items()}
    gone = _take_off(removed, (*added.values(), *is_outside.values()))
    fresh = _take_off(added, (*removed.values(), *was_outside.values()))
    return Changes(
        len(begun),
        frozenset(gone),
        min(1.0, _count(gone) / history.estimate(begun)),
        min(1.0, _count(fresh) / history.estimate(_pick(now.inside, limit))),
        _share_cosmetic(gone, fresh),
        share=len(gone) / max(1, len(begun)),
        sampled=limit < RANKS,
    )


def _find_limit(documents: Documents, most: int) -> int:
    """Return the rank below which documents have at most `most` bytes together."""
    size = 0
    for path in sorted(documents, key=rank_text):
        size += documents[path].size
        if size > most:
            return max(1, rank_text(path))
    return RANKS


def _pick(documents: Documents, limit: int) -> Documents:
    """Return the documents below a rank, so that each state is sampled by the same paths."""
    return {path: documents[path] for path in sorted(documents) if rank_text(path) < limit}


def _count(documents: Mapping[str, Units]) -> int:
    return sum(units.total() for units in documents.values())


def _take_off(documents: Mapping[str, Units], others: Iterable[Units]) -> dict[str, Units]:
    """Return the sentences of documents that are not in others, each matched at most once; without empty documents."""
    pool: Units = Counter()
    for units in others:
        pool.update(units)
    left = {}
    for path, units in documents.items():
        moved = units & pool
        pool.subtract(moved)
        if rest := units - moved:
            left[path] = rest
    return left


def _share_cosmetic(gone: Mapping[str, Units], fresh: Mapping[str, Units]) -> float:
    """Return the share of the removed sentences, of a sample, that differ from an added one in wording alone."""
    sample = draw_sample([(path, unit) for path, units in gone.items() for unit in units], _CLASSIFIED)
    return sum(_is_reworded(unit, fresh.get(path, Units())) for path, unit in sample) / max(1, len(sample))


def _is_reworded(unit: str, candidates: Units) -> bool:
    """Return whether the most similar candidate is nearly the same sentence, with the same numbers."""
    words = set(unit.split())
    choice = list(candidates)[:_CANDIDATES]
    best = max(choice, key=lambda other: len(words.intersection(other.split())), default="")
    if _NUMBER.findall(unit) != _NUMBER.findall(best):
        return False
    matcher = difflib.SequenceMatcher(None, unit[:_LONGEST], best[:_LONGEST], autojunk=False)
    return matcher.ratio() >= _COSMETIC
