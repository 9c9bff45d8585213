"""The baseline of `check` as a file: written, completed, and applied to what a run finds."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection
from pathlib import Path

from ragortune.check.baseline import Baseline, Namer, make_baseline, mark_known, read_baseline
from ragortune.model.findings import BaselineEntry, DocumentAudit
from ragortune.support.environment import Environment
from ragortune.support.errors import ChangedError
from ragortune.support.reading import load_json, read_text
from ragortune.support.text import count_words, dump_json
from ragortune.support.writing import rewrite_file

_BASELINE_BYTES = 16 * 1024 * 1024

Judged = tuple[list[DocumentAudit], list[BaselineEntry]]
"""The documents with known findings marked, and the entries of the baseline that match nothing any more."""


def write_baseline(
    name: str, audits: list[DocumentAudit], left_out: Collection[str], environment: Environment
) -> Judged:
    """Write the findings of a run as the baseline, and return the documents with all of them known.

    What the file knows of documents that were not read, or by rules that are left out, stays. A file that holds
    something else is not written over. Raises RagortuneError.
    """
    name_of = _namer(Path(environment.folder, name), environment)
    baseline = None
    while baseline is None:
        with contextlib.suppress(ChangedError):  # another run has just written what it found
            baseline = _merge(name, audits, left_out, name_of, environment)
    count = sum(entry.count for entry in baseline.findings)
    environment.note(f"wrote {count_words(count, 'finding')} to {name}; `--baseline {name}` leaves them out")
    return mark_known(audits, baseline, name_of, left_out)


def _merge(
    name: str,
    audits: list[DocumentAudit],
    left_out: Collection[str],
    name_of: Namer,
    environment: Environment,
) -> Baseline:
    """Write the findings into what the file knows; raises ChangedError where that changes at this very moment."""
    path = Path(environment.folder, name)
    text = read_text(path, _BASELINE_BYTES, name) if os.path.isfile(path) else None
    before = read_baseline(load_json(text, name), name).findings if text else ()
    folder = path.absolute().parent
    there = (entry for entry in before if entry.path.startswith("<") or os.path.exists(folder / entry.path))
    baseline = make_baseline(audits, name_of, there, left_out)
    rewrite_file(name, text, dump_json(baseline) + "\n", environment)
    return baseline


def apply_baseline(
    path: Path, origin: Path, audits: list[DocumentAudit], left_out: Collection[str], environment: Environment
) -> Judged:
    """Return the documents with known findings marked, and what is stale in the baseline; raises RagortuneError.

    `origin` is where the file is in the repository, where it was read from an earlier commit.
    """
    shown = os.path.relpath(origin, environment.folder)
    baseline = read_baseline(load_json(read_text(path, _BASELINE_BYTES, shown), shown), shown)
    return mark_known(audits, baseline, _namer(origin, environment), left_out)


def _namer(baseline: Path, environment: Environment) -> Namer:
    """Return what names a document relative to the folder of the baseline, wherever the command is run."""

    def name_of(path: str) -> str:
        if path.startswith("<"):
            return path
        place = Path(environment.folder, path)
        named = Path(os.path.relpath(place, baseline.absolute().parent)).as_posix()
        return named.encode(errors="backslashreplace").decode()  # as in JSON

    return name_of
