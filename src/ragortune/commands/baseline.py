"""The baseline file of `check`: written, updated and applied."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection
from pathlib import Path

from ragortune.check.baseline import Namer, make_baseline, mark_known, read_baseline
from ragortune.model.findings import CheckReport
from ragortune.support.environment import Environment
from ragortune.support.errors import ChangedError
from ragortune.support.reading import find_repository, load_json, locate, read_text, real_path
from ragortune.support.text import count_words, dump_json
from ragortune.support.writing import write_file

_BASELINE_BYTES = 16 * 1024 * 1024


def write_baseline(
    name: str, report: CheckReport, left_out: Collection[str], environment: Environment
) -> CheckReport:
    """Write the findings of a run to the baseline, and return the report with all of them marked as known.

    Entries stay if their document was not read or their rule is `left_out`. A file that is not a baseline is not
    overwritten. Raises RagortuneError.
    """
    path = Path(environment.folder, name)
    folder, name_of = path.absolute().parent, _namer(path, environment)
    while True:
        text = read_text(path, _BASELINE_BYTES, name) if os.path.isfile(path) else None
        before = read_baseline(load_json(text, name), name).findings if text else ()
        kept = (
            entry for entry in before if entry.path.startswith("<") or os.path.exists(folder / entry.path)
        )
        baseline = make_baseline(report.audits, name_of, kept, left_out)
        with contextlib.suppress(ChangedError):  # another run has written it meanwhile: merge again
            write_file(name, dump_json(baseline) + "\n", environment, text)
            break
    count = sum(entry.count for entry in baseline.findings)
    environment.note(f"wrote {count_words(count, 'finding')} to {name}; `--baseline {name}` leaves them out")
    return mark_known(report, baseline, name_of, left_out)


def apply_baseline(
    path: Path, origin: Path, report: CheckReport, left_out: Collection[str], environment: Environment
) -> CheckReport:
    """Return the report with known findings marked, and with stale entries; raises RagortuneError.

    `origin` is the path of the file in the repository, which differs from `path` if it was read from a commit.
    """
    shown = os.path.relpath(origin, environment.folder)
    baseline = read_baseline(load_json(read_text(path, _BASELINE_BYTES, shown), shown), shown)
    return mark_known(report, baseline, _namer(origin, environment), left_out)


def _namer(baseline: Path, environment: Environment) -> Namer:
    """Return a function that makes the path of a document relative to the folder of the baseline."""
    root = real_path(find_repository(environment.folder))
    folder = locate(baseline.absolute(), root).parent

    def name_of(path: str) -> str:
        if path.startswith("<"):
            return path
        named = Path(os.path.relpath(locate(Path(environment.folder, path), root), folder)).as_posix()
        return named.encode(errors="backslashreplace").decode()  # as in JSON

    return name_of
