"""Benchmarks, as ratios against a baseline that runs in turn with what is measured.

usage: python tools/benchmark.py [--runs N] [--profiles N]
"""

from __future__ import annotations

import argparse
import compileall
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ragortune.costs.assess import CostReport, assess_costs
from ragortune.costs.bills import build_bill, list_candidates
from ragortune.costs.inputs import Input, Inputs
from ragortune.engine import add_what_if, decide_option, judge_profile
from ragortune.evidence.documents.reader import read_design, reader_for
from ragortune.evidence.documents.sentences import read_sentences
from ragortune.evidence.profile import Vocabulary
from ragortune.model import Direction, Need, Profile, Rulebook
from ragortune.model.prices import PriceBook
from ragortune.model.quantities import Quantity, measure
from ragortune.ruleset.load import load_rulebook
from ragortune.support.reading import PROFILE_BYTES, read_document

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "support-assistant.yaml"
COSTED = ROOT / "examples" / "cost" / "2-staff-handbook.yaml"
PASS = [sys.executable, "-I", "-c", "pass"]
COMMAND = Path(sys.executable).with_name("ragortune")
Levels = dict[str, tuple[str, ...]]


def time_process(command: Sequence[str | Path]) -> float:
    """Return how long a process takes, in seconds."""
    start = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def compare_starts(name: str, command: Sequence[str | Path], runs: int) -> None:
    """Print how many starts of the interpreter a command takes, pair by pair."""
    time_process(command)
    ratios = []
    for _ in range(runs):
        baseline = time_process(PASS)
        ratios.append(time_process(command) / baseline)
    low, high = min(ratios), max(ratios)
    print(f"  {name:<44} {statistics.median(ratios):5.1f} x  (of {runs} pairs: {low:.1f} to {high:.1f})")


def measure_starts(runs: int) -> None:
    """Compare whole processes with `python -I -c pass`."""
    print("whole process, against `python -I -c pass`")
    # Installing compiles the package; an editable install, or PYTHONDONTWRITEBYTECODE, does not.
    compileall.compile_dir(str(ROOT / "src"), quiet=1)
    with tempfile.TemporaryDirectory() as folder:
        as_json = Path(folder) / "profile.json"
        as_json.write_text(
            json.dumps({"knowledge": {"gap": "most", "source": "documents", "volatility": "weekly"}})
        )
        compare_starts(
            "recommend --format json, profile in YAML",
            [COMMAND, "recommend", "--format", "json", EXAMPLE],
            runs,
        )
        compare_starts(
            "recommend --format json, profile in JSON",
            [COMMAND, "recommend", "--format", "json", as_json],
            runs,
        )
        compare_starts("recommend, text report", [COMMAND, "recommend", EXAMPLE], runs)
        compare_starts("cost, text report", [COMMAND, "cost", COSTED], runs)
        small = Path(folder) / "decision.md"
        small.write_text(
            "# Assistant\n\n## Decision\n\nWe use retrieval, because its documents change weekly.\n"
        )
        compare_starts("check, a small document", [COMMAND, "check", small], runs)
        compare_starts("--version", [COMMAND, "--version"], runs)
        compare_starts("--help", [COMMAND, "--help"], runs)


def draw_profiles(book: Rulebook, count: int, answered: int = 12) -> list[Levels]:
    """Return random profiles with some answers each."""
    generator = random.Random(1)
    criteria = list(book.criteria.values())
    return [
        {
            criterion.id: (generator.choice(criterion.level_ids),)
            for criterion in generator.sample(criteria, answered)
        }
        for _ in range(count)
    ]


def time_calls(call: Callable[[Levels], Any], profiles: list[Levels]) -> float:
    """Return seconds a profile, the best of three rounds."""
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        for levels in profiles:
            call(levels)
        best = min(best, (time.process_time() - start) / len(profiles))
    return best


def rule_rows(
    book: Rulebook,
) -> list[tuple[list[tuple[str, tuple[str, ...]]], list[tuple[str, tuple[str, ...]]], float, float]]:
    """Return every scoring rule as conditions, exceptions and what it adds to the two needs."""
    rows = []
    for rule in book.rules.values():
        moved = dict.fromkeys(Need, 0.0)
        for effect in rule.effects:
            weight = book.scale.weight(effect.strength)
            moved[effect.need] += weight if effect.effect is Direction.FOR else -weight
        when, unless = (
            [(name, book.levels_of(name, wanted)) for name, wanted in part.items()]
            for part in (rule.when, rule.unless)
        )
        if rule.effects:
            rows.append((when, unless, moved[Need.RAG], moved[Need.FINE_TUNING]))
    return rows


def score_with_rule_engine(book: Rulebook) -> Callable[[Levels], tuple[float, float]]:
    """Return a scorer that evaluates the same conditions with the package `rule-engine`."""
    import rule_engine

    def test(name: str, levels: tuple[str, ...]) -> str:
        return "(" + " or ".join(f'{name.replace(".", "_")} == "{level}"' for level in levels) + ")"

    compiled = []
    for when, unless, rag, tuning in rule_rows(book):
        text = " and ".join(
            [test(*clause) for clause in when] + [f"not {test(*clause)}" for clause in unless]
        )
        compiled.append((rule_engine.Rule(text), rag, tuning))
    names = {name: name.replace(".", "_") for name in book.readable}

    def score(levels: Levels) -> tuple[float, float]:
        facts: dict[str, str | None] = dict.fromkeys(names.values())
        facts.update({names[name]: possible[0] for name, possible in levels.items()})
        rag, tuning = (book.scale.intercept(need) for need in Need)
        for rule, adds_rag, adds_tuning in compiled:
            if rule.matches(facts):
                rag += adds_rag
                tuning += adds_tuning
        return rag, tuning

    return score


def score_with_zen(book: Rulebook) -> Callable[[Levels], tuple[float, float]]:
    """Return a scorer that runs the same rules as a decision table of the package `zen-engine`."""
    import zen

    columns = {name: name.replace(".", "_") for name in book.readable}
    inputs = [{"id": column, "name": column, "field": column} for column in columns.values()]
    outputs = [{"id": out, "name": out, "field": out} for out in ("rag", "tuning")]
    rows = []
    for index, (when, unless, rag, tuning) in enumerate(rule_rows(book)):
        row = {
            "_id": str(index),
            "rag": str(rag),
            "tuning": str(tuning),
            **dict.fromkeys(columns.values(), ""),
        }
        row |= {columns[name]: ", ".join(f'"{level}"' for level in levels) for name, levels in when}
        row |= {
            columns[name]: f"not($ in [{', '.join(f'{chr(34)}{level}{chr(34)}' for level in levels)}])"
            for name, levels in unless
        }
        rows.append(row)
    table = {"hitPolicy": "collect", "inputs": inputs, "outputs": outputs, "rules": rows}
    nodes = [
        {"id": "in", "name": "in", "type": "inputNode"},
        {"id": "table", "name": "table", "type": "decisionTableNode", "content": table},
        {"id": "out", "name": "out", "type": "outputNode"},
    ]
    edges = [
        {"id": "1", "sourceId": "in", "targetId": "table", "type": "edge"},
        {"id": "2", "sourceId": "table", "targetId": "out", "type": "edge"},
    ]
    decision = zen.ZenEngine().create_decision(json.dumps({"nodes": nodes, "edges": edges}))

    def score(levels: Levels) -> tuple[float, float]:
        facts: dict[str, str | None] = dict.fromkeys(columns.values())
        facts.update({columns[name]: possible[0] for name, possible in levels.items()})
        found = decision.evaluate(facts)["result"]
        rag, tuning = (book.scale.intercept(need) for need in Need)
        return rag + sum(row["rag"] for row in found), tuning + sum(row["tuning"] for row in found)

    return score


def measure_scoring(count: int) -> None:
    """Compare scoring one profile with rule-engine libraries on the same rules; all have to agree."""
    book = load_rulebook()
    profiles = draw_profiles(book, count)
    decide_option(book, profiles[0])
    own = time_calls(lambda levels: decide_option(book, levels), profiles)
    print(f"scoring one profile (option and needs), {own * 1e6:.1f} us here")
    for name, build in (("rule-engine", score_with_rule_engine), ("zen-engine", score_with_zen)):
        try:
            score = build(book)
        except ImportError:
            print(f"  {name:<44} not installed")
            continue
        sample = profiles[: max(50, count // 40)]
        wrong = sum(
            tuple(round(part * 1000) for part in score(levels)) != decide_option(book, levels).scores
            for levels in sample
        )
        theirs = time_calls(score, sample)
        print(f"  {name:<44} takes {theirs / own:6.0f} x as long; scores differ on {wrong} of {len(sample)}")


def measure_what_if(runs: int) -> None:
    """Compare what-if on one profile, in process, with a start of the interpreter."""
    book = load_rulebook()
    start = statistics.median(time_process(PASS) for _ in range(runs))
    print("recommend with what-if, flips up to two changes, in process, against `python -I -c pass`")
    cases = [dict(levels) for _, levels in book.coded_cases]
    for name, profiles in (
        ("profiles of the casebook", cases),
        ("profiles with half of the answers", draw_profiles(book, 100, answered=20)),
        ("profiles with all answers", draw_profiles(book, 100, answered=len(book.criteria))),
    ):
        add_what_if(judge_profile(book, Profile(profiles[0])))
        begin = time.process_time()
        for levels in profiles[1:]:  # once each, because a second time they would be remembered in part
            add_what_if(judge_profile(book, Profile(levels)))
        spent = (time.process_time() - begin) / (len(profiles) - 1)
        print(f"  {name:<44} {spent / start:5.2f} x  ({spent * 1000:.1f} ms a profile here)")


def draw_one() -> Callable[[Input], Quantity]:
    """Return what reads each input as one draw from its triangle, the plain way."""
    dice = random.Random(1)

    def read(given: Input) -> Quantity:
        drawn = given.mid if given.is_exact else dice.triangular(given.low, given.high, given.mid)
        return measure(drawn, given.unit)

    return read


def measure_costs(runs: int) -> None:
    """Compare `cost` in process with starts of the interpreter, and its draws with a plain loop over the same formulas."""
    for name in ("2-staff-handbook.yaml", "4-claims-letters.yaml"):
        measure_cost(ROOT / "examples" / "cost" / name, runs)


def measure_cost(path: Path, runs: int) -> None:
    """Compare `cost` of one profile in process."""
    book = load_rulebook()
    document = read_document(str(path), PROFILE_BYTES)
    profile = Vocabulary(book.criteria, book.quantities).read_profile(document.data, document)

    def assess() -> CostReport:
        return assess_costs(profile, book, PriceBook(book.prices, book.price_kinds), "2026-11-24")

    report = assess()
    ratios, seconds = [], []
    for _ in range(runs):
        baseline = time_process(PASS)
        start = time.perf_counter()
        assess()
        seconds.append(time.perf_counter() - start)
        ratios.append(seconds[-1] / baseline)
    own = statistics.median(seconds)
    print(
        f"cost of one profile, {len(report.options)} options, {report.draws:,} draws, in process: {own * 1e3:.0f} ms"
    )
    low, high = min(ratios), max(ratios)
    ratio = statistics.median(ratios)
    print(f"  {'against `python -I -c pass`':<44} {ratio:5.1f} x  (of {runs} pairs: {low:.1f} to {high:.1f})")
    inputs = Inputs(profile, PriceBook(book.prices, book.price_kinds), book)
    candidates = list_candidates(inputs)
    count = 100
    start = time.perf_counter()
    for _ in range(count):
        drawn = inputs.read_by(draw_one())
        for candidate in candidates:
            _ = build_bill(drawn, candidate).total
    plain = (time.perf_counter() - start) / count * report.draws
    print(f"  {'a plain loop over the draws, bills alone':<44} takes {plain / own:6.0f} x as long")


def measure_batch(count: int, runs: int = 3) -> None:
    """Compare a batch with parsing and printing its JSON alone."""
    book = load_rulebook()
    copy = (
        "import json, sys\n"
        "for line in open(sys.argv[1], 'rb'):\n"
        "    sys.stdout.write(json.dumps(json.loads(line), ensure_ascii=False) + '\\n')\n"
    )
    print(f"batch of {count:,} profiles (.jsonl, --brief), against parsing and printing the JSON alone")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "batch.jsonl"
        with path.open("w", encoding="utf-8") as stream:
            for number, levels in enumerate(draw_profiles(book, count, answered=10)):
                nested: dict[str, Any] = {"project": f"Project {number}"}
                for name, possible in levels.items():
                    group, _, rest = name.partition(".")
                    nested.setdefault(group, {})[rest] = possible[0]
                stream.write(json.dumps(nested) + "\n")
        command: list[str | Path] = [COMMAND, "recommend", "--brief", "--format", "jsonl", path]
        ratios = []
        for _ in range(runs):
            baseline = time_process([sys.executable, "-c", copy, str(path)])
            ratios.append(time_process(command) / baseline)
        print(f"  whole process{'':<31} {statistics.median(ratios):5.2f} x  (of {runs} pairs)")
        for part in (count // 10, count):
            short = Path(folder) / "part.jsonl"
            with path.open() as source, short.open("w") as target:
                target.writelines(line for _, line in zip(range(part), source, strict=False))
            print(
                f"  peak memory for {part:>7,} profiles{'':<13} {peak_memory([*command[:-1], short]) / 1024:5.1f} MiB"
            )


def measure_documents(megabytes: Sequence[float] = (0.1, 1, 3)) -> None:
    """Compare the reading of design documents with the parser of Markdown alone, on the same text in turn."""
    import yaml
    from markdown_it import MarkdownIt

    documents = yaml.safe_load((ROOT / "tests" / "design_documents.yaml").read_text("utf-8"))
    text = "\n\n".join(
        document["text"] for document in documents if max(document["text"], default="") < "\u0370"
    )
    book = load_rulebook()
    parser = MarkdownIt("commonmark").enable("table")
    read_design(text, "warm.md", book)
    language = reader_for(book).marker.language
    print("reading a design document, against parsing its Markdown alone")
    for size in megabytes:
        copies = (text + "\n\n") * max(1, round(size * 1_000_000 / len(text)))
        spent = {}
        for name, read in (
            ("parser alone", parser.parse),
            ("sentences with places", lambda given: read_sentences(given, language)),
            ("decision and facts too", lambda given: read_design(given, "design.md", book)),
        ):
            begin = time.process_time()
            read(copies)
            spent[name] = time.process_time() - begin
        for name, seconds in spent.items():
            speed = len(copies) / 1_000_000 / seconds
            print(
                f"  {len(copies) / 1_000_000:4.1f} MB, {name:<33} {seconds / spent['parser alone']:5.2f} x  ({speed:.2f} MB/s here)"
            )


def peak_memory(command: Sequence[str | Path]) -> int:
    """Return the peak memory of a process, in KiB; a small process asks, because a child inherits its parent's peak."""
    ask = (
        "import resource, subprocess, sys\n"
        "subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    asked = subprocess.run(
        [sys.executable, "-c", ask, *map(str, command)], capture_output=True, text=True, check=True
    )
    return int(asked.stdout)


def main() -> None:
    """Print the benchmarks."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=21, help="pairs of processes")
    parser.add_argument("--profiles", type=int, default=100_000, help="profiles in the batch")
    arguments = parser.parse_args()
    measure_starts(arguments.runs)
    measure_scoring(2_000)
    measure_what_if(arguments.runs)
    measure_costs(arguments.runs)
    measure_batch(arguments.profiles)
    measure_documents()


if __name__ == "__main__":
    main()
