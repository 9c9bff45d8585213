"""Compare the findings of `measure` on public data with the expected ones, and each quarter of a repository with the next.

usage: python tools/measure_scenarios.py FILE... [--document docs/measure.md]

A file lists `scenarios`, each with `name`, `expected` (a direction, or `one or another`) and the inputs of the command
(`docs`, `questions`, `examples`, `test`), and `repositories`, each with `name`, `docs` and the `expected` level of volatility.
Paths are relative to the file. `table` is the prefix of the names of its tables in the document.
"""

from __future__ import annotations

import argparse
import itertools
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from scipy.stats import spearmanr

from figures import fill_tables, make_table
from ragortune.evidence.measurements.corpus import open_corpus
from ragortune.evidence.measurements.material import Material, measure_pairs
from ragortune.evidence.measurements.volatility import measure_volatility
from ragortune.model.measurements import Measurement
from ragortune.support.errors import RagortuneError

LEVELS = ("static", "low", "medium", "high", "very high")
QUARTER = timedelta(days=91)
MOST_QUARTERS = 8


class Outcome(NamedTuple):
    """The result of one scenario or repository."""

    name: str
    expected: str
    got: str
    seconds: float
    """Processor time, including that of git, which does not depend on other load."""

    @property
    def off(self) -> int:
        """Levels between the found and the expected one; a large number if none was found."""
        found = LEVELS.index(self.got) if self.got in LEVELS else 2 * len(LEVELS)
        return min(abs(found - LEVELS.index(level)) for level in self.expected.split(" or "))

    def row(self, verdict: str) -> list[str]:
        """Return its row of a table."""
        return [self.name, self.expected, self.got, verdict, f"{self.seconds:.1f}"]


def find_direction(folder: Path, entry: Mapping[str, Any]) -> str:
    """Return the direction that the inputs of a scenario show; raises RagortuneError."""
    given = {key: folder / entry[key] for key in ("docs", "questions", "examples", "test") if key in entry}
    corpus = open_corpus(given["docs"]) if "docs" in given else None
    found = measure_pairs(Material(**given), corpus, ignore)
    return str(found[-1].figures.get("direction", "unknown")) if found else "unknown"


def find_level(folder: Path, entry: Mapping[str, Any]) -> str:
    """Return the volatility of the documents of a repository."""
    return str(measure_quarter(folder / entry["docs"], 0).figures.get("level", "unknown"))


def measure_quarter(folder: Path, number: int) -> Measurement:
    """Return what changed in a quarter, counted back from the last commit of a repository."""
    command = ("git", "-C", str(folder), "log", "-1", "--format=%cs")
    last = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    return measure_volatility(folder, str(date.fromisoformat(last) - number * QUARTER), ignore)


def ignore(line: str) -> None:
    """Ignore a progress message."""


def judge(folder: Path, entry: Mapping[str, Any], find: Callable[[Path, Mapping[str, Any]], str]) -> Outcome:
    """Return the outcome of a scenario or repository."""
    begin = sum(os.times()[:4])
    try:
        got = find(folder, entry)
    except RagortuneError as error:
        got = f"error: {error}"
    return Outcome(entry["name"], entry["expected"], got, sum(os.times()[:4]) - begin)


def follow_quarters(folder: Path) -> Iterator[tuple[float, float]]:
    """Yield the shares of documents changed in each two consecutive quarters before the last commit."""
    numbers = range(MOST_QUARTERS, -1, -1)
    shares: list[Any] = [measure_quarter(folder, number).figures.get("documents_90") for number in numbers]
    yield from (pair for pair in itertools.pairwise(shares) if None not in pair)


def show_scenarios(outcomes: Sequence[Outcome]) -> str:
    """Return the table of directions, and the number of correct ones."""
    right = [outcome.got in outcome.expected.split(" or ") for outcome in outcomes]
    rows = [one.row("yes" if good else "**no**") for one, good in zip(outcomes, right, strict=True)]
    table = make_table(("scenario", "expected", "found", "right", "seconds"), rows)
    return f"{table}\n{sum(right)} of {len(right)} as expected ({sum(right) / len(right):.0%}).\n"


def show_repositories(outcomes: Sequence[Outcome], quarters: Sequence[tuple[float, float]]) -> str:
    """Return the table of volatility, and the rank correlation of shares in one quarter with those in the next."""
    near = sum(outcome.off <= 1 for outcome in outcomes)
    rank = spearmanr(*zip(*quarters, strict=True)).statistic
    head = ("repository", "expected", "found", "levels off", "seconds")
    table = make_table(head, [outcome.row(str(outcome.off)) for outcome in outcomes])
    counted = f"{near} of {len(outcomes)} within one level; one quarter against the next: Spearman {rank:.2f}"
    return f"{table}\n{counted} ({len(quarters)} pairs).\n"


def judge_file(name: str) -> Iterator[tuple[str, str]]:
    """Yield name and text of the tables of a file."""
    folder, listed = Path(name).parent, yaml.safe_load(Path(name).read_text("utf-8"))
    table = listed.get("table", "measured")
    if entries := listed.get("scenarios"):
        outcomes = [judge(folder, entry, find_direction) for entry in entries]
        yield f"{table}-scenarios", show_scenarios(outcomes)
    if entries := listed.get("repositories"):
        outcomes = [judge(folder, entry, find_level) for entry in entries]
        quarters = [pair for entry in entries for pair in follow_quarters(folder / entry["docs"])]
        yield f"{table}-repositories", show_repositories(outcomes, quarters)


def main() -> None:
    """Print the tables, and write them into the document that is named."""
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("files", nargs="+")
    parser.add_argument("--document", type=Path)
    arguments = parser.parse_args()
    tables = {key: text for name in arguments.files for key, text in judge_file(name)}
    print("\n".join(tables.values()))
    if arguments.document:
        arguments.document.write_text(fill_tables(arguments.document.read_text("utf-8"), tables), "utf-8")


if __name__ == "__main__":
    main()
