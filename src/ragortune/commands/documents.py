"""Design documents: found by path, folder or pattern, read, and filtered by what changed since a commit."""

from __future__ import annotations

import fnmatch
import functools
import os
import re
from collections.abc import Callable, Container, Iterator, Sequence
from pathlib import Path

from ragortune.evidence.documents.reader import read_design
from ragortune.model import Rulebook
from ragortune.model.documents import DesignReading
from ragortune.support.environment import Environment
from ragortune.support.errors import Place, UnreadableError, UsageError
from ragortune.support.git import Repository
from ragortune.support.reading import (
    PACKAGES,
    decode_text,
    find_repository,
    lies_inside,
    locate,
    read_bytes,
    real_path,
    show_size,
    walk_folder,
)
from ragortune.support.text import join_words, quote_value

ENDINGS = (".md", ".markdown", ".mdown", ".mkd", ".rst")
"""Endings of the documents in a folder."""
DOCUMENT_BYTES = 5 * 1024 * 1024
_LINE_BYTES = 1024 * 1024
STDIN = "-"
_WILD = re.compile(r"[*?\[]")
_MAX_DOCUMENTS = 50_000
_MAX_NAMES = 5


# --- finding ------------------------------------------------------------------------------------------------------


def find_documents(
    wanted: Sequence[str], environment: Environment, reference: str | None = None, base: str | None = None
) -> list[str]:
    """Return the documents that paths, folders and patterns name, each once and in order, as they are shown.

    Links to folders and links out of the repository are not followed. A named file is a document whatever its ending.
    Names without a match, broken links and skipped folders are noted on stderr.

    If the settings come from the merge base with `reference`, the commit `base`, a named link out of the repository is
    not followed, either, and documents that the branch has removed are noted.
    """
    paths: dict[Path, str] = {}
    skipped: dict[str, None] = {}
    dangling: dict[str, None] = {}
    root = real_path(find_repository(environment.folder))
    for name in wanted:
        place = locate(Path(environment.folder, name), root)
        if base and name != STDIN and place.is_relative_to(root) and not lies_inside(place, root):
            environment.note(f"warning: {quote_value(name)} points outside the repository, so it is not read")
            continue
        found = list(_expand_name(name, environment.folder, skipped, only_patterns=bool(base)))
        if not found:
            environment.note(f"warning: no document matches {quote_value(name)}")
        for path in found:
            place = Path(environment.folder, path)
            if path != name and os.path.islink(place) and not os.path.exists(place):
                dangling[path] = None
            else:
                paths.setdefault(locate(place, root), path)
        if len(paths) > _MAX_DOCUMENTS:
            raise UsageError(f"more than {_MAX_DOCUMENTS:,} documents are named")
    for path in dangling:
        environment.note(f"note: {path} is a broken link")
    passed = [path for path in skipped if locate(Path(environment.folder, path), root) not in paths]
    if passed:
        named = join_words(sorted(passed), most=_MAX_NAMES)
        environment.note(f"note: skipped: {named}; name them to check them")
    if gone := _list_gone(wanted, base, paths, environment) if base else ():
        environment.note(f"note: gone since {reference}: {join_words(sorted(gone), most=_MAX_NAMES)}")
    return list(paths.values())


def _list_gone(
    wanted: Sequence[str], base: str, found: Container[Path], environment: Environment
) -> list[str]:
    """Return the named documents of a commit that HEAD has no more, or only as a link."""
    repository = Repository(environment.folder, "--config-from")
    top, folder = os.path.realpath(repository.top), os.path.realpath(environment.folder)
    patterns = [Path(repository.name_of(Path(folder, name))).parts for name in wanted]
    options = ("-r", "-z", "--no-renames", "--name-only", "--diff-filter=DT")
    gone = []
    for name in filter(None, repository.ask("-C", top, "diff-tree", *options, base, "HEAD").split("\0")):
        parts, place = name.split("/"), Path(top, name)
        is_document = name.lower().endswith(ENDINGS)
        named = any(
            _matches(parts, pattern) or (is_document and Path(name).is_relative_to(Path(*pattern)))
            for pattern in patterns
        )
        if named and place not in found:
            gone.append(Path(os.path.relpath(place, folder)).as_posix())
    return gone


def _expand_name(name: str, folder: str, skipped: dict[str, None], *, only_patterns: bool) -> Iterator[str]:
    """Yield the documents that a name stands for: a file, the documents of a folder, the matches of a pattern.

    A file named like a pattern does not hide the matches of the pattern. A name with brackets alone that exists is taken
    for a match of the shell, unless `only_patterns`.
    """
    target = Path(folder, name)
    is_there = name == STDIN or os.path.lexists(target)
    if os.path.isdir(target):
        yield from _walk_folder(name, folder, lambda path: path.lower().endswith(ENDINGS), skipped, skipped)
    elif is_there or not _WILD.search(name):
        yield name if name == STDIN else _name_file(name.replace(os.sep, "/"))
    if _WILD.search(name) and (only_patterns or not is_there or "*" in name or "?" in name):
        parts = name.replace(os.sep, "/").split("/")
        wild = next(index for index, part in enumerate(parts) if _WILD.search(part))
        fixed = "/".join(parts[:wild]) or ("/" if name.startswith("/") else ".")
        pattern = tuple(part for part in parts[wild:] if part)
        passed = skipped if "**" in pattern else {}
        yield from _walk_folder(
            fixed, folder, lambda path: _matches(path.split("/"), pattern), skipped, passed
        )


def _name_file(path: str) -> str:
    """Return a relative path that cannot be mistaken for stdin."""
    return f"./{path}" if path == STDIN or path.startswith("<") else path


def _walk_folder(
    name: str, folder: str, accepts: Callable[[str], bool], refused: dict[str, None], skipped: dict[str, None]
) -> Iterator[str]:
    """Yield the accepted files below a folder, named as the user wrote the folder.

    Adds accepted links out of the repository to `refused`, and all else that is left out to `skipped`.
    """
    top = Path(folder, name)
    roots = {os.path.realpath(find_repository(place)) for place in (top, folder)}

    def show(base: str, inner: str = "") -> str:
        return _name_file(Path(name, Path(base, inner).relative_to(top)).as_posix())

    def leads_out(path: Path) -> bool:
        """Return whether this is a link to a file outside the repository."""
        if not os.path.islink(path):
            return False
        target = Path(os.path.realpath(path))
        return os.path.isfile(target) and not any(lies_inside(target, root) for root in roots)

    def skip_unreadable(error: OSError) -> None:
        skipped[show(error.filename)] = None

    for base, folders, files in walk_folder(top, skip_unreadable):
        for inner in sorted(folders):
            if inner.startswith(".") or inner in PACKAGES or os.path.islink(Path(base, inner)):
                folders.remove(inner)
                if inner != ".git":
                    skipped[show(base, inner)] = None
        folders.sort()
        for file in sorted(files):
            if accepts(Path(base, file).relative_to(top).as_posix()):
                if file.startswith("."):
                    skipped[show(base, file)] = None
                elif leads_out(Path(base, file)):
                    refused[show(base, file)] = None
                else:
                    yield show(base, file)


def _matches(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    """Return whether the parts of a relative path match; `**` matches any number of them."""
    ends = {0}  # numbers of parts that the pattern so far can match
    for part in pattern:
        if part == "**":
            ends = set(range(min(ends, default=len(parts) + 1), len(parts) + 1))
        else:
            ends = {end + 1 for end in ends if end < len(parts) and fnmatch.fnmatchcase(parts[end], part)}
    return len(parts) in ends


# --- reading ------------------------------------------------------------------------------------------------------


def read_design_text(path: str, shown: str, environment: Environment) -> str:
    """Return the text of a document; raises UnreadableError."""
    place = path if path == STDIN else Path(environment.folder, path)
    try:
        data = read_bytes(place, DOCUMENT_BYTES, environment.stdin, "a document")
    except UnreadableError as error:
        raise UnreadableError(error.message, Place(shown), error.hint) from None
    if max(map(len, data.replace(b"\r", b"\n").split(b"\n"))) > _LINE_BYTES:
        message = f"has a line longer than {show_size(_LINE_BYTES)}, the limit for a line"
        raise UnreadableError(message, Place(shown))
    return decode_text(data, shown)


def open_reader(
    rulebook: Rulebook, model: str | None, environment: Environment, *, cache: bool, undecided: bool = False
) -> Callable[[str, str], DesignReading]:
    """Return a reader that takes the text of a document and its shown name: the local one, or a language model.

    With `undecided` the local reader also reads the facts of documents without a decision. Raises UsageError if the
    model cannot be used; the reader raises RagortuneError if the document cannot be read.
    """
    if model is None:
        return lambda text, shown: read_design(text, shown, rulebook, undecided=undecided)
    from ragortune.commands.model_reading import open_model  # noqa: PLC0415  (brings in the backends)

    return open_model(rulebook, model, environment, cache=cache)


# --- changes ------------------------------------------------------------------------------------------------------


def open_changes(reference: str, environment: Environment) -> Callable[[str | Path], bool]:
    """Return a function that tells whether a file changed since the branch left a commit; raises UsageError.

    The working tree is compared with the merge base, not with the tip of the other branch. Untracked files count as
    changed unless git ignores them, and so do files of submodules. A link on the way to a file counts as part of it.
    Files are compared here, because git would run the filters of the repository. Ignore rules are read only if an
    untracked file is named, because they can take git arbitrarily long.
    """
    repository = Repository(environment.folder, "--since")
    top = os.path.realpath(repository.top)
    kept = {file.name: file for file in repository.list_files(repository.find_base(reference))}

    def list_names(*options: str) -> set[Path]:
        listed = repository.ask("-C", top, "ls-files", "-z", *options)
        return {Path(name) for name in listed.split("\0") if name}

    tracked = list_names()
    list_ignored = functools.cache(
        lambda: list_names("--others", "--ignored", "--exclude-standard", "--directory")
    )

    def is_changed(place: Path) -> bool:
        if not place.is_relative_to(top) or not os.path.isfile(place):
            return place.is_relative_to(top)  # reading it says why
        name = place.relative_to(top)
        for link in (*reversed(name.parents), name):
            if os.path.islink(Path(top, link)):
                target, was = Path(top, link).readlink(), kept.get(link.as_posix())
                if Path(os.path.normpath(target)) != target:
                    return True  # where `..` behind a name leads depends on the links in front of it
                led = os.path.normpath(Path(top, link.parent, target, name.relative_to(link)))
                return was is None or not was.holds(os.fsencode(target)) or is_changed(Path(led))
        if (before := kept.get(name.as_posix())) is None:
            places = (name, *name.parents)  # of what is above a file, submodules alone are tracked
            return not tracked.isdisjoint(places) or list_ignored().isdisjoint(places)
        try:
            return not before.holds(read_bytes(place, DOCUMENT_BYTES))
        except UnreadableError:
            return True  # reading it says why

    return lambda path: is_changed(locate(Path(environment.folder, path), top))
