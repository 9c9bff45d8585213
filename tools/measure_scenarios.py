"""Hold what `measure` finds on public data against what is known of it, and one quarter of a repository against the next.

usage: python tools/measure_scenarios.py FILE... [--document docs/measure.md]

A file lists `scenarios`, each with `name`, `expected` (a direction, or several that are all right) and what is passed to
the command (`docs`, `questions`, `examples`, `test`), and `repositories`, each with `name`, `docs` and the `expected` level
of volatility. Paths are relative to the file. `table` names its table in the document.
"""

from __future__ import annotations

import argparse
import io
import itertools
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from figures import fill_tables, make_table
from scipy.stats import spearmanr

from ragortune.commands.measure import MeasureRequest, measure_project
from ragortune.support.environment import Environment
from ragortune.support.errors import RagortuneError

INPUTS = ("docs", "questions", "examples", "test")
LEVELS = ("static", "low", "medium", "high", "very high")
FIGURES = {"scenarios": ("direction", "direction"), "repositories": ("documents.volatility", "level")}
"""Probe and name of the figure that is held against what is expected."""
QUARTER = timedelta(days=91)
MOST_QUARTERS = 12


class Outcome(NamedTuple):
    """What became of one scenario or repository."""

    name: str
    expected: Sequence[str]
    got: str
    """A direction or level; in its place what went wrong."""
    seconds: float

    @property
    def off(self) -> int:
        """Levels between what was found and what was expected; all of them where nothing was found."""
        if self.got not in LEVELS:
            return len(LEVELS)
        return min(abs(LEVELS.index(self.got) - LEVELS.index(level)) for level in self.expected)

    def row(self, verdict: str) -> list[str]:
        """Return its row of a table."""
        return [self.name, " or ".join(self.expected), self.got, verdict, f"{self.seconds:.1f}"]


def measure(folder: Path, entry: Mapping[str, Any], as_of: str | None = None) -> dict[str, Any]:
    """Return what the command finds, as it gives it to programs; raises RagortuneError."""
    printed = io.StringIO()
    environment = Environment(io.BytesIO(), printed, io.StringIO(), str(folder))
    named = {name: entry[name] for name in INPUTS if name in entry}
    measure_project(MeasureRequest(**named, as_of=as_of, format="json"), environment)
    found: dict[str, Any] = json.loads(printed.getvalue())
    return found


def judge(folder: Path, entry: Mapping[str, Any], kind: str) -> Outcome:
    """Return what comes out for one of the `scenarios` or `repositories`."""
    begin = time.perf_counter()
    try:
        found = measure(folder, entry)
    except RagortuneError as error:
        got = f"error: {error}"
    else:
        got = read_figure(found, *FIGURES[kind]) or "unknown"
    expected = entry["expected"] if isinstance(entry["expected"], list) else [entry["expected"]]
    return Outcome(entry["name"], expected, got, time.perf_counter() - begin)


def read_figure(found: Mapping[str, Any], probe: str, name: str) -> Any:
    """Return a figure of a probe; None where it has none."""
    figures = (own.get("figures", {}) for own in found["measurements"] if own["probe"] == probe)
    return next((own[name] for own in figures if name in own), None)


def follow_quarters(folder: Path, entry: Mapping[str, Any]) -> Iterator[tuple[float, float]]:
    """Yield the shares of documents changed in two quarters in a row, from the last commit backwards."""
    command = ("git", "-C", str(folder / entry["docs"]), "log", "-1", "--format=%cs")
    last = date.fromisoformat(subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip())
    shares = []
    for number in range(MOST_QUARTERS + 1):
        found = measure(folder, entry, (last - number * QUARTER).isoformat())
        shares.append(read_figure(found, "documents.volatility", "documents_90"))
    yield from ((own, later) for later, own in itertools.pairwise(shares) if None not in {own, later})


def show_scenarios(outcomes: Sequence[Outcome]) -> str:
    """Return the table of directions, and how many are right."""
    right = [own.got in own.expected for own in outcomes]
    rows = [own.row("yes" if good else "**no**") for own, good in zip(outcomes, right, strict=True)]
    table = make_table(("scenario", "expected", "found", "right", "seconds"), rows)
    return f"{table}\n{sum(right)} of {len(right)} as expected ({sum(right) / len(right):.0%}).\n"


def show_repositories(outcomes: Sequence[Outcome], quarters: Sequence[tuple[float, float]]) -> str:
    """Return the table of volatility, and what a quarter tells about the next one."""
    rows = [own.row(f"{own.off}") for own in outcomes]
    near = sum(own.off <= 1 for own in outcomes)
    rank = spearmanr(*zip(*quarters, strict=True)).statistic
    return (
        f"{make_table(('repository', 'expected', 'found', 'levels off', 'seconds'), rows)}\n"
        f"{near} of {len(outcomes)} within one level.\nShare of documents changed in one quarter against that in the "
        f"next: Spearman {rank:.2f} over {len(quarters)} pairs of quarters.\n"
    )


def judge_file(name: str) -> Iterator[tuple[str, str]]:
    """Yield name and text of the tables of a file."""
    folder, listed = Path(name).parent, yaml.safe_load(Path(name).read_text("utf-8"))
    for kind in ("scenarios", "repositories"):
        if entries := listed.get(kind):
            outcomes = [judge(folder, entry, kind) for entry in entries]
            quarters = [pair for own in entries for pair in follow_quarters(folder, own)] if kind == "repositories" else []
            table = show_repositories(outcomes, quarters) if quarters else show_scenarios(outcomes)
            yield listed.get("table", f"measured-{kind}"), table


def main() -> None:
    """Print the tables, and write them into the document that is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+")
    parser.add_argument("--document", type=Path)
    arguments = parser.parse_args()
    tables = {key: text for name in arguments.files for key, text in judge_file(name)}
    sys.stdout.write("\n".join(tables.values()))
    if arguments.document:
        arguments.document.write_text(fill_tables(arguments.document.read_text("utf-8"), tables), "utf-8")


if __name__ == "__main__":
    main()
