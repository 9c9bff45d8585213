"""Generate the reference pages of rule set, commands and JSON, and the JSON Schemas of YAML files.

usage: python tools/write_docs.py [--check]     (--check writes nothing and fails if a file is out of date)
"""

from __future__ import annotations

import argparse
import inspect
import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args, get_type_hints

import typer
from typer.cli import get_docs_for_click

from ragortune.cli.main import app
from ragortune.costs import comparisons, formulas
from ragortune.costs.assess import CostReport
from ragortune.model import (
    GateHit,
    Option,
    PriceRow,
    QuantityKind,
    Reason,
    Recommendation,
    Rule,
    Rulebook,
    RuleTrace,
)
from ragortune.model.documents import DesignReading
from ragortune.model.findings import AuditFinding, CheckReport, DocumentAudit, FindingRule, read_finding_rules
from ragortune.model.prices import bounds_of
from ragortune.model.rules import Technique
from ragortune.report import measurements, pages, shapes
from ragortune.report.blocks import Column, Table
from ragortune.report.check_json import CheckedDocument, CheckResult, Finding
from ragortune.report.dialogue import QuestionResult
from ragortune.report.markdown import write_markdown
from ragortune.report.topics import exit_code_page, gate_page, scale_page
from ragortune.ruleset.load import load_rulebook
from ragortune.ruleset.schemas import SCHEMAS, export_schema
from ragortune.support.record import Record, read_meanings
from ragortune.support.rulefolder import shipped_folder

ROOT = Path(__file__).resolve().parent.parent
_NOTE = "<!-- Generated from rules/ by tools/write_docs.py; change the records, not this page. -->"


def write_rules_page(book: Rulebook) -> str:
    """Return the reference of all rules."""
    parts = [f"# Rules\n\n{_NOTE}\n", write_markdown([*scale_page(book), *gate_page(book)], level=2)]
    parts += [write_markdown(pages.rule_page(book, rule), level=2) for rule in book.rules.values()]
    return "\n".join(parts)


def write_criteria_page(book: Rulebook) -> str:
    """Return the reference of all criteria and options."""
    parts = [f"# Criteria and options\n\n{_NOTE}\n"]
    parts += [write_markdown(pages.option_page(book, book.options[option]), level=2) for option in Option]
    parts += [
        write_markdown(pages.criterion_page(book, criterion), level=2) for criterion in book.readable.values()
    ]
    return "\n".join(parts)


_COST_HEAD = """\
# What options cost, and how fast they answer

{note}

`ragortune cost PROFILE` prices every way to build the system from the numbers of a profile: prompting, all material in
the prompt, retrieval, a tuned model, both, and the same on own accelerators. Every number has a range; the ranges are
sampled ten thousand times, each input from a triangle over its low, middle and high, the same draw for all options.
What comes out are the 10th, 50th and 90th percentile of each bill, the share of the draws in which each option is the
cheapest, break-evens, payback, and the inputs that move the bill most.

Options are ranked by the whole bill: what recurs, and what is paid once (engineering, labels, the first training)
spread over twelve months; with a price of wrong answers and an accuracy for every option, by that as well. Where no
option is the cheapest in 80% of the draws, cost does not decide.

Where a profile has numbers, they feed the advice, too: which option is cheapest by what factor, whether the latency
budget is met, whether tuning pays back in time. The [price data](prices.md) are dated, sourced and have ranges:
`--price NAME.VALUE=NUMBER` overrides one, a rule pack any, and `--as-of DATE` judges their age. An unknown model is an
error, never zero.

The same profile, price data, date (`--as-of`) and seed give the same output, byte for byte. Nothing is fetched.

## What can be relied on

Token bills are within 5% given true token counts, vector stores within 40%, machines that serve models within 30%,
training time within a factor of 2.5 either way. Most of the uncertainty of a monthly bill is in the team's own guesses
of tokens and volume. `tests/test_cost_formulas.py` holds 22 published figures against the formulas, each with its
tolerance: eight sums of prices, twelve predictions of measurements that nothing was fitted to, one check of a fit (V16)
and one figure that could not be read again (V8). It also holds five published figures that are wrong, and have to be
refused.

Accuracy is not computed. Both sides of a comparison have to reach the quality that is needed; the bill does not know.

## Formulas
"""


def _first_sentences(function: Callable[..., object]) -> str:
    return " ".join((inspect.getdoc(function) or "").split())


def write_cost_page(book: Rulebook) -> str:
    """Return the page on costs: formulas with their sources, quantities, defaults, worked scenarios."""
    parts = [_COST_HEAD.format(note=_NOTE)]
    numbered = [
        (_first_sentences(function), name)
        for module in (formulas, comparisons)
        for name, function in vars(module).items()
        if inspect.isfunction(function)
        and function.__module__ == module.__name__
        and re.match(r"F[0-9]+b?\. ", inspect.getdoc(function) or "")
    ]
    numbered.sort(key=lambda item: (int(re.findall(r"[0-9]+", item[0])[0]), item[0].partition(".")[0]))
    parts += [
        f"- **{text.partition('. ')[0]}** `{name}`: {text.partition('. ')[2]}" for text, name in numbered
    ]
    parts.append("\n## Quantities\n\nWhat `quantities:` in a profile can hold. A number may be written with")
    parts.append(
        "its unit (`800 ms`, `$4/request`), as `{from: 200, to: 800}`, as `{low: 200, value: 300, high: 800}`,"
    )
    parts.append(
        "and with `source: measured`, which leaves no margin around it. A number that a criterion asks for as"
    )
    parts.append("well has to agree with its answer.\n")
    parts += ["| Quantity | What it is | Unit | Default (low to high) |", "| --- | --- | --- | --- |"]
    parts += [_quantity_row(book, kind) for kind in book.quantities.values()]
    parts.append(
        "\n## Worked scenarios\n\nThe profiles are in `examples/cost/`; the output is that of 24 November 2026."
    )
    for path in sorted((ROOT / "examples" / "cost").glob("*.yaml")):
        profile = path.read_text("utf-8").partition("\n")[2]
        shown = (ROOT / "tests" / "snapshots" / f"cost-{path.stem}.txt").read_text("utf-8")
        command = f"$ ragortune cost --full examples/cost/{path.name} --as-of 2026-11-24"
        parts.append(
            f"\n### {shown.partition(chr(10))[0]}\n\n```yaml\n{profile}```\n\n```console\n{command}\n{shown}```"
        )
    return "\n".join(parts) + "\n"


def _quantity_row(book: Rulebook, kind: QuantityKind) -> str:
    default = ", ".join(kind.words)
    row = book.prices.get(kind.id)
    if row is not None:
        value = row.values["value"]
        low, high = bounds_of(value)
        default = f"{value.value:g}" + (f" ({low:g} to {high:g})" if low != high else "")
    elif kind.rows:
        default = f"any {kind.rows[0].replace('_', ' ')} of `ragortune prices list`"
    asks = f"{kind.asks}; `{kind.criterion}`" if kind.criterion else kind.asks
    return f"| `{kind.id}` | {asks} | {kind.unit or 'name'} | {default} |"


def write_prices_page(book: Rulebook) -> str:
    """Return the table of all price data."""
    rows = sorted(book.prices.values(), key=lambda row: (list(book.price_kinds).index(row.kind), row.id))
    return f"# Price data\n\n{_NOTE}\n\n{write_markdown([_tabulate_prices(rows)])}"


_PRICE_COLUMNS = (
    *("id", "kind", "value", "number", "low", "high", "unit"),
    *("as_of", "source", "confidence", "available_until"),
)


def _tabulate_prices(found: Sequence[PriceRow]) -> Table:
    """Return price rows as one table with one value a row."""
    rows = tuple(
        (
            *(row.id, row.kind, name),
            *(f"{number:.12g}" for number in (value.value, *bounds_of(value))),
            value.unit,
            value.as_of or row.as_of,
            value.source or row.source,
            value.confidence or row.confidence,
            row.available_until or "",
        )
        for row in found
        for name, value in row.values.items()
    )
    return Table(tuple(map(Column, _PRICE_COLUMNS)), rows)


def write_findings_page(book: Rulebook, findings: Mapping[str, FindingRule]) -> str:
    """Return the reference of everything that `check` looks for."""
    parts = [f"# Findings\n\n{_NOTE}\n"]
    parts += [write_markdown(pages.finding_page(book, rule), level=2) for rule in findings.values()]
    return "\n".join(parts)


def write_commands_page(book: Rulebook) -> str:
    """Return the reference of the command line: what `--help` says of every command, and the exit codes."""
    command = typer.main.get_command(app)
    context = typer.Context(command, info_name="ragortune")
    text = get_docs_for_click(obj=command, ctx=context, name="ragortune").partition("\n")[2]
    text = re.sub(r"(?m)^```console\n\$ ", "```text\n", text)
    codes = write_markdown(exit_code_page(book), level=2)
    return f"# Commands\n\n{_NOTE.replace('rules/', 'the command line')}\n{text.rstrip()}\n\n{codes}"


_JSON_HEAD = """\
# JSON

{note}

`--format json` prints one object, and `recommend --format jsonl` one a line, in the order of the profiles. Keys are a
promise: they are added and never changed, and what is changed would get another `schema`. Probabilities and shares are
from 0 to 1, scores and weights are log-odds, lines and columns count from 1. There may be more keys than those of this
page.

In a batch `settled`, `flips`, `unknowns` and `tornado` are null unless `--what-if` asks for them, `cases` is null, and
`profile` holds the path and, of JSON lines, the line of the profile. A profile that cannot be used has no line in the
output: stderr names it, the others are judged, and the exit code is 2. `recommend --brief` prints only `schema`,
`project`, `option`, `default`, `too_little_known`, `probability`, `needs` and, in a batch, `profile`.

Some results are records of the rule set or files, and have no `schema`:

| Command | Prints |
| --- | --- |
| `extract` | a profile, as in `ragortune schema profile` |
| `rules list` | a list of rules and finding rules, with the keys of `ragortune schema rules` and `findings` |
| `rules check`, `prices check` | a list of problems: `name`, `message`, `place` (`path`, or the id of a price; `line`, `column`) and `hint` |
| `rules test` | `tests`, `phrase_tests` and `finding_tests`, each with `total` and `failed`; `casebook`: agreement by sample, and `misses` |
| `prices list`, `prices show` | a list of price rows, or one, with the keys of `ragortune schema prices` |
| `rules diff` | `from` and `to`, the rule sets; `changes` of records, and `cases` with another recommendation |
"""
_RESULTS: Mapping[str, type[Any]] = {
    "recommend": shapes.RecommendationResult,
    "check": CheckResult,
    "cost": CostReport,
    "explain": shapes.PageResult,
    "measure": measurements.MeasureResult,
    "next_question (MCP)": QuestionResult,
}
_FILLED_FROM: Mapping[type[Record], tuple[type[Record], ...]] = {
    shapes.RecommendationResult: (Recommendation,),
    shapes.CitedRule: (Technique, Rule, RuleTrace, GateHit, Reason),
    CheckResult: (CheckReport,),
    CheckedDocument: (DesignReading, DocumentAudit),
    Finding: (FindingRule, AuditFinding),
}
"""Records whose fields mean the same as those of a result, the last first."""
_COST_KEYS = (
    "Also `schema`, `ragortune/cost/1`; `facts`, the levels of the derived criteria; and `advice`, the option \
`without_facts` and `with_facts`, null without quantities. Amounts are in dollars, latencies in milliseconds."
)


def write_json_page() -> str:
    """Return the reference of the results that programs read, from the types that they are written with."""
    parts = [_JSON_HEAD.format(note=_NOTE.replace("rules/", "the types"))]
    written: set[str] = set()
    for command, shape in _RESULTS.items():
        described = shapes.describe_shape(shape)
        held, records = described.get("$defs", {}), _find_records(shape)
        more = f" {_COST_KEYS}" * (shape is CostReport)
        keys = _tabulate_keys(described, held, shape)
        parts.append(f"## {command}\n\n{described['description']}{more}\n\n{keys}")
        for name, inner in held.items():
            if name not in written and "properties" in inner:
                keys = _tabulate_keys(inner, held, records[name])
                parts.append(f"### {name}\n\n{inner.get('description', '')}\n\n{keys}")
                written.add(name)
    return "\n".join(parts)


def _find_records(hint: Any) -> dict[str, type[Record]]:
    """Return the records that a type is made of, by name."""
    is_record = isinstance(hint, type) and issubclass(hint, Record)
    found = {hint.__name__: hint} if is_record else {}
    for part in get_type_hints(hint).values() if is_record else get_args(hint):
        found |= _find_records(part)
    return found


def _tabulate_keys(schema: Mapping[str, Any], definitions: Mapping[str, Any], record: type[Record]) -> str:
    rows = ["| Key | Holds | |", "| --- | --- | --- |"]
    meanings: dict[str, str] = {}
    for described in (*_FILLED_FROM.get(record, ()), record):
        meanings |= {
            key: text.replace("None if", "null if") for key, text in read_meanings(described).items()
        }
    for key, held in schema["properties"].items():
        always = "" if key in schema.get("required", ()) or "default" in held else "where there is one"
        meaning = "; ".join(
            text for text in (held.get("description") or meanings.get(key, ""), always) if text
        )
        rows.append(f"| `{key}` | {_name_type(held, definitions)} | {meaning} |")
    return "\n".join(rows) + "\n"


def _name_type(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    """Return what a key holds in a few words: `list of CitedRule`, `number or null`."""
    if "anyOf" in schema:
        return " or ".join(_name_type(part, definitions) for part in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        return _name_type(definitions[name], definitions) if "enum" in definitions[name] else name
    if schema.get("type") == "array":
        return f"list of {_name_type(schema['items'], definitions)}" if schema.get("items") else "list"
    if isinstance(inner := schema.get("additionalProperties"), dict) and inner:
        return f"object of {_name_type(inner, definitions)}"
    return str(schema.get("type", "anything"))


def list_outputs() -> dict[Path, str]:
    """Return every generated file with its content."""
    book = load_rulebook()
    outputs = {
        ROOT / "docs" / "rules.md": write_rules_page(book),
        ROOT / "docs" / "criteria.md": write_criteria_page(book),
        ROOT / "docs" / "cost.md": write_cost_page(book),
        ROOT / "docs" / "prices.md": write_prices_page(book),
        ROOT / "docs" / "findings.md": write_findings_page(book, read_finding_rules(book)),
        ROOT / "docs" / "commands.md": write_commands_page(book),
        ROOT / "docs" / "json.md": write_json_page(),
    }
    for name in SCHEMAS:
        schema = export_schema(name, book)
        text = json.dumps(schema, ensure_ascii=False, indent=2) + "\n"
        outputs[shipped_folder() / "schema" / f"{name}.schema.json"] = text
    return outputs


def main() -> int:
    """Write the files, or print the names of those that are out of date."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="write nothing, fail if a file is out of date")
    check = parser.parse_args().check
    stale = [
        path for path, text in list_outputs().items() if not path.is_file() or path.read_text("utf-8") != text
    ]
    for path in stale:
        if check:
            print(f"{path.relative_to(ROOT)} is out of date; run python tools/write_docs.py", file=sys.stderr)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(list_outputs()[path], "utf-8")
            print(f"wrote {path.relative_to(ROOT)}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
