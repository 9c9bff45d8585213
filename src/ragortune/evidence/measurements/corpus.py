"""A folder of documents: its files, their kinds, and their plain text.

Markdown, reStructuredText, AsciiDoc and plain text are taken as they are; the text of HTML, PDF and Office files is
extracted. No link leads out of the folder, nothing is run, and every file is read up to a limit.
"""

from __future__ import annotations

import html
import importlib.util
import io
import os
import re
import stat
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from ragortune.evidence.measurements.sampling import rank_text
from ragortune.support.errors import Place, UnreadableError, UsageError
from ragortune.support.reading import PACKAGES, open_file, show_size, walk_folder
from ragortune.support.record import Record

TEXT_BYTES = 1024 * 1024
"""Length of the text that is read of a document, in bytes."""
_FILE_BYTES = 32 * 1024 * 1024
"""Limit for a PDF or Office file, which is read whole."""
_XML_BYTES = 8 * 1024 * 1024
_HEAD_BYTES = 1024
_ENDINGS = {
    "markdown": ("md", "mdx", "markdown", "qmd"),
    "rst": ("rst", "rest"),
    "asciidoc": ("adoc", "asciidoc", "asc"),
    "html": ("html", "htm", "xhtml"),
    "text": ("txt", "text", "org", "tex"),
    "pdf": ("pdf",),
    "office": ("docx", "pptx", "odt"),
}
_KINDS = {ending: kind for kind, endings in _ENDINGS.items() for ending in endings}
_UNREADABLE = "cannot be read"
_PREFIX = "(?:[a-z]{1,12}:)?"
_UNSEEN = re.compile(
    rf"<!--(?:>|.*?(?:-->|\Z))|<{_PREFIX}(script|style|template|svg)(?![\w:])[^<>]{{0,10000}}(?<!/)>.*?(?:</{_PREFIX}\1[^<>]*>?|\Z)",
    re.IGNORECASE | re.DOTALL,
)
"""Comments, and elements whose text is not visible. An unclosed one ends with the text, so that matching is linear."""
_TAG = re.compile(rf"</?{_PREFIX}([a-z][a-z0-9]{{0,20}})[^<>]*>?|<[!?][^<>]*>?", re.IGNORECASE)
_BREAKING = "p div br li tr table ul ol pre section article dt dd blockquote h h1 h2 h3 h4 h5 h6"
_BREAKS = frozenset(_BREAKING.split())
"""Tags that end a line, of HTML and, without their prefix, of the XML of Office files."""
_LONG_NUMBER = re.compile(r"&#[0-9]{20,};?")
"""A reference to a character that cannot exist; `html.unescape` fails on very long ones."""
_SLIDE = re.compile(r"ppt/slides/slide(\d{1,6})\.xml")


class Source(Record, frozen=True):
    """A document of a corpus."""

    name: str
    """Path relative to the folder, with `/`."""
    kind: str
    """`markdown`, `rst`, `asciidoc`, `html`, `text`, `pdf` or `office`."""
    size: int
    """Bytes of the file."""


class Corpus(Record, frozen=True):
    """The documents below a folder."""

    folder: Path
    sources: tuple[Source, ...]
    """By name."""
    skipped: Mapping[str, int]
    """How many files were skipped, by reason."""

    @property
    def size(self) -> int:
        """Bytes of all documents."""
        return sum(source.size for source in self.sources)

    def shuffle(self) -> list[Source]:
        """Return the documents in a random order that is the same in every run."""
        return sorted(self.sources, key=lambda source: rank_text(source.name))

    def read(self, source: Source) -> str:
        """Return the text of a document, at most `TEXT_BYTES` of it; "" if its file can no longer be read."""
        limit = _FILE_BYTES if source.kind in _READERS else TEXT_BYTES
        try:
            with open_file(self.folder / source.name) as stream:
                return extract_text(stream.read(limit), source.kind)
        except (OSError, UnreadableError):
            return ""


def open_corpus(folder: Path) -> Corpus:
    """Find the documents below a folder; raises UsageError if there are none.

    Hidden files, symbolic links, packages, empty and binary files, and files that need a missing extra are skipped.
    """
    if not os.path.isdir(folder):
        message = "--docs must be a folder" if os.path.exists(folder) else "no such folder"
        raise UsageError(message, Place(str(folder)))
    skipped: Counter[str] = Counter()
    sources: list[Source] = []
    for path, kind in _find_files(folder, skipped):
        try:
            facts = path.lstat()
            if not stat.S_ISREG(facts.st_mode):
                continue
            reason = _refuse_file(path, kind, facts.st_size)
        except (OSError, UnreadableError):  # also in a folder that can be listed, but not searched
            reason = _UNREADABLE
        if reason:
            skipped[reason] += 1
        else:
            sources.append(Source(path.relative_to(folder).as_posix(), kind, facts.st_size))
    if not sources:
        found = "; ".join(f"{files} skipped: {reason}" for reason, files in skipped.items())
        looked = found or f"looked for {', '.join(_KINDS)}"
        raise UsageError(f"has no documents that can be read ({looked})", Place(str(folder)))
    return Corpus(folder, tuple(sorted(sources, key=lambda source: source.name)), dict(skipped))


def kind_of(name: str) -> str | None:
    """Return the kind of a document by its file name, None if it is not a document."""
    kind = _KINDS.get(name.rpartition(".")[2].lower())
    return None if kind is None or _is_left_out(name) else kind


def _is_left_out(path: str) -> bool:
    return "/." in f"/{path}" or not PACKAGES.isdisjoint(path.split("/"))


def _find_files(folder: Path, skipped: Counter[str]) -> Iterator[tuple[Path, str]]:
    """Yield path and kind of what has the name of a document; counts unreadable folders in `skipped`."""
    for current, folders, names in walk_folder(folder, lambda _: skipped.update((_UNREADABLE,))):
        folders[:] = [name for name in folders if not _is_left_out(name)]
        for name in names:
            if kind := kind_of(name):
                yield Path(current, name), kind


def _refuse_file(path: Path, kind: str, size: int) -> str | None:
    """Return why a file is skipped, None if it is not; raises OSError or UnreadableError if it cannot be read."""
    if not size:
        return "empty"
    if kind == "pdf" and not importlib.util.find_spec("pypdf"):
        return "PDF needs the extra 'pdf' (pip install 'rag-or-tune[pdf]')"
    if kind in _READERS:
        return f"larger than {show_size(_FILE_BYTES)}" if size > _FILE_BYTES else None
    with open_file(path) as stream:
        head = stream.read(_HEAD_BYTES)
    return "binary" if b"\0" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")) else None


# --- text ---------------------------------------------------------------------------------------------------------


def extract_text(data: bytes, kind: str) -> str:
    """Return the text of a document, at most `TEXT_BYTES` characters; "" if it has none."""
    if reader := _READERS.get(kind):
        return "\n".join(_take(reader(data)))
    text = _decode(data[:TEXT_BYTES]).replace("\r\n", "\n").replace("\0", " ")
    return read_markup(text) if kind == "html" else text


def _take(parts: Iterator[str]) -> Iterator[str]:
    """Yield parts of a text up to `TEXT_BYTES` characters."""
    left = TEXT_BYTES
    for part in parts:
        yield part[:left]
        left -= len(part) + 1
        if left <= 0:
            return


def _decode(data: bytes) -> str:
    """Return bytes as text: UTF-16 if it has a byte order mark, else UTF-8, else Windows-1252."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        cut = len(data) >= TEXT_BYTES - 3 and error.start > len(data) - 4  # the limit is within a character
        return data.decode("utf-8" if cut else "cp1252", "replace")


def read_markup(text: str) -> str:
    """Return the text of HTML or XML without tags, comments, scripts and styles; it need not be well formed."""
    # An empty tag in the place of what is removed keeps the text around it from forming a new tag.
    visible = _UNSEEN.sub("<!>", text)
    plain = _TAG.sub(lambda tag: "\n" if (tag[1] or "").lower() in _BREAKS else "", visible)
    return html.unescape(_LONG_NUMBER.sub("\ufffd", plain))


def _read_pdf(data: bytes) -> Iterator[str]:
    """Yield the text of each page, up to the first one that cannot be read."""
    import logging  # noqa: PLC0415  (no other command needs it)

    from pypdf import PdfReader  # noqa: PLC0415  (the extra `pdf`)

    # pypdf would log parts of the file to stderr.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL + 1)
    try:
        for page in PdfReader(io.BytesIO(data)).pages:
            yield page.extract_text()
    except Exception:  # noqa: BLE001  (a broken file raises nearly anything)
        return


def _read_office(data: bytes) -> Iterator[str]:
    """Yield the text of a Word or OpenDocument file, or of each slide of PowerPoint, up to what cannot be read."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
            slides = sorted((int(found[1]), name) for name in names if (found := _SLIDE.fullmatch(name)))
            for name in ("word/document.xml", "content.xml", *(name for _, name in slides)):
                if name in names:
                    with archive.open(name) as stream:
                        yield read_markup(_decode(stream.read(_XML_BYTES)))
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError, RuntimeError, zlib.error):
        return


_READERS: Mapping[str, Callable[[bytes], Iterator[str]]] = {"pdf": _read_pdf, "office": _read_office}
"""Text extractors by kind of binary file."""
