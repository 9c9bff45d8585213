"""`--against`: the earlier recommendation to compare with, from its JSON or from an earlier profile in git."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from msgspec import ValidationError, convert

from ragortune import recommend
from ragortune.commands.shared import read_profile
from ragortune.model import Comparison, Recommendation
from ragortune.report.comparison import Earlier, compare, summarise
from ragortune.support.environment import Environment
from ragortune.support.errors import Place, UnreadableError, UsageError
from ragortune.support.git import Repository
from ragortune.support.reading import LINE_BYTES, Document, decode_text, parse_text, read_document, show_size
from ragortune.support.text import clean_text, quote_value


def compare_earlier(
    earlier: str | None, recommendation: Recommendation, path: str, date: str, environment: Environment
) -> Comparison | None:
    """Return what has changed since an earlier recommendation; None if none is named.

    `earlier` is a file, `REVISION:PATH`, or a git revision of the profile at `path`. It holds the JSON of a
    recommendation, or a profile, which is judged by the present rule set and by prices on `date`, YYYY-MM-DD. Raises
    RagortuneError if it cannot be found or read.
    """
    if earlier is None:
        return None
    book = recommendation.rulebook
    if earlier and os.path.lexists(Path(environment.folder, earlier)):
        document = read_document(Path(environment.folder, earlier), LINE_BYTES, name=earlier)
    else:
        document = _read_revision(earlier, path, environment)
    if isinstance(document.data, Mapping) and not {"option", "schema"}.isdisjoint(document.data):
        try:
            before = convert(document.data, Earlier)
        except ValidationError as error:
            message = f"is not the JSON of a recommendation: {clean_text(str(error))}"
            hint = "`recommend --format json` prints one"
            raise UnreadableError(message, Place(document.path), hint) from error
    else:
        before = summarise(recommend(read_profile(document, book), book, what_if=False, as_of=date))
    return compare(earlier, before, recommendation)


def _read_revision(earlier: str, path: str, environment: Environment) -> Document:
    """Return a file at a git revision; raises RagortuneError."""
    shown = quote_value(earlier)
    revision, colon, name = earlier.partition(":")
    if not revision.strip() or revision.startswith("-") or "\0" in earlier:
        raise UsageError(f"--against takes a file, REVISION or REVISION:PATH, not {shown}")
    try:
        repository = Repository(environment.folder, "--against")
    except UsageError as error:
        if error.hint:  # there is one, and it tells why it cannot be read
            raise
        message = f"--against: there is no file {shown}, and no git repository to look in"
        raise UsageError(message, None, "`recommend --format json` prints what can be kept") from error
    if not colon:
        if path == "-":
            raise UsageError("--against REVISION needs a profile with a name", None, "give REVISION:PATH")
        name = repository.name_of(Path(environment.folder, path))
    missing = f"there is no file {shown}, and git has no such revision"
    size = repository.ask("cat-file", "-s", f"{revision}:{name}", failure=missing)
    if int(size) > LINE_BYTES:
        message = f"is larger than {show_size(LINE_BYTES)}, the limit for such a file"
        raise UnreadableError(message, Place(earlier))
    data = os.fsencode(repository.ask("cat-file", "blob", f"{revision}:{name}", failure=missing))
    return parse_text(decode_text(data, earlier), f"{revision}:{name}")
