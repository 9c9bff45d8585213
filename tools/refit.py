"""Fit the strengths of the rules on the casebook, and validate the fit on held-out projects.

`fitting.py` has the fit, `folds.py` the cross-validation, `figures.py` the tables.

usage: python tools/refit.py [--rules DIR] [--quick] [--write | --document FILE...]

Without an option it prints the differences between the fit and the rule set, and all tables. `--write` writes fitted
strengths and intercepts into the YAML files of the shipped rule set, prints what is left for a person to decide, and exits
with 1 if there is anything. `--document` writes the tables into documents, such as docs/validation.md. `--quick` uses the
shipped penalties for the tables instead of choosing them in inner folds.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from figures import (
    COLUMNS,
    describe_decisions,
    describe_reliability,
    describe_shipped,
    fill_tables,
    list_figures,
    list_intervals,
    list_thumbs,
    make_table,
)
from fitting import SHIPPED, Data, Fit, fit_need, read_data, take_fingerprint
from folds import cross_validate, judge_cases, regress_one_hot
from ragortune.casebook import Agreement
from ragortune.model import Need, Rulebook, Sample, Strength
from ragortune.ruleset.load import load_rulebook
from ragortune.support.rulefolder import shipped_folder

REGRESSIONS = (0.03, 0.1, 0.3, 1.0)
"""Inverse regularisation strengths of the logistic regressions that the scorecard is compared with."""

_LEFT = (
    "An effect fitted as nothing moves to tools/candidates.yaml, and a candidate with a strength becomes a rule again; or\n"
    "leave out the new rule where it is not worth that. Then run this again."
)


def fit_everything(data: Data) -> dict[Need, Fit]:
    """Return the fit on all cases, from which the shipped strengths come."""
    everything = np.ones(len(data.cases), dtype=bool)
    return {need: fit_need(data, everything, need, SHIPPED[need]) for need in Need}


def list_differences(rulebook: Rulebook, fitted: Mapping[Need, Fit]) -> Iterator[str]:
    """Yield the differences between the fit and the rule set."""
    words = {rulebook.scale.weight(strength): strength.value for strength in Strength}
    for need, fit in fitted.items():
        now = rulebook.scale.intercept(need)
        if abs(now - fit.intercept) > 1e-9:
            yield f"intercept of {need}: {now:g}, fitted {fit.intercept:g}"
        for effect, weight in zip(fit.effects, fit.weights, strict=True):
            rule = rulebook.rules.get(effect.rule)
            effects = rule.effects if rule else ()
            shipped = next((known.strength.value for known in effects if known.need is need), None)
            word = words.get(float(weight))
            if word != shipped:
                name = f"{rule.code} {rule.id}" if rule else f"candidate {effect.rule}"
                yield f"{name} on {need}: {shipped or 'nothing'}, fitted {word or 'nothing'}"


def describe_unseen(rulebook: Rulebook, data: Data, *, quick: bool) -> dict[str, str]:
    """Return the tables on held-out cases."""

    def judge(strength: float | None = None) -> Agreement:
        if strength is not None:
            return judge_cases(data, regress_one_hot(data, strength), rulebook.scale.firm_from)
        penalties = SHIPPED if quick else None
        return judge_cases(data, cross_validate(data, penalties), rulebook.scale.firm_from)

    unseen = judge()
    field, selected = (unseen.of_sample(sample) for sample in (Sample.FIELD, Sample.SELECTED))
    rows = [list_figures("**scorecard**", field), list_intervals("95% interval", field)]
    rows += [
        list_figures(f"logistic regression, C {strength:g}", judge(strength).of_sample(Sample.FIELD))
        for strength in REGRESSIONS
    ]
    rows += list_thumbs(rulebook, Sample.FIELD)
    rows.append(list_figures("scorecard on selected cases", selected))
    return {
        "unseen": make_table(COLUMNS, rows),
        "inputs": f"Computed from the inputs `{take_fingerprint(data)}`.\n",
        "unseen-reliability": describe_reliability(field),
        "unseen-decisions": describe_decisions(field),
    }


def write_strengths(rulebook: Rulebook, fitted: Mapping[Need, Fit]) -> None:
    """Write fitted strengths and intercepts into the shipped YAML files; all other text stays."""
    words = {rulebook.scale.weight(strength): strength.value for strength in Strength}
    found = {
        (effect.rule, need.value): float(weight)
        for need, fit in fitted.items()
        for effect, weight in zip(fit.effects, fit.weights, strict=True)
    }
    folder = shipped_folder()
    for path in sorted((folder / "rules").glob("*.yaml")):
        changes = []
        for rule in _read_places(path)["rules"]:
            for effect in rule.get("effects", ()):
                weight = found.get((rule["id"], effect["need"]))
                if weight:
                    changes.append((effect.lc.value("strength"), effect["strength"], words[weight]))
        _replace_words(path, changes)
    path = folder / "rulebook.yaml"
    scale = _read_places(path)["scale"]
    intercepts = {f"intercept_{need.value}": fit.intercept for need, fit in fitted.items()}
    changes = [(scale.lc.value(name), str(scale[name]), f"{new:g}") for name, new in intercepts.items()]
    _replace_words(path, changes)


def _read_places(path: Path) -> Any:
    """Return the data of a YAML file with the line and column of each value."""
    from ruamel.yaml import YAML

    return YAML().load(path.read_text("utf-8"))


def _replace_words(path: Path, changes: list[tuple[tuple[int, int], str, str]]) -> None:
    """Replace words at their places, from the last to the first, so that the places stay valid."""
    lines = path.read_text("utf-8").splitlines(keepends=True)
    for (line, column), old, new in sorted(changes, reverse=True):
        text = lines[line]
        assert text.startswith(old, column), (path, line, column)
        lines[line] = text[:column] + new + text[column + len(old) :]
    path.write_text("".join(lines), "utf-8")


def main() -> int:
    """Print, write or document; see the module."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rules", help="folder of a rule set; the shipped one if left out")
    parser.add_argument("--write", action="store_true", help="write strengths into the shipped YAML files")
    parser.add_argument(
        "--document", nargs="+", type=Path, default=(), help="write the tables into documents"
    )
    parser.add_argument(
        "--quick", action="store_true", help="the shipped penalties instead of a nested choice"
    )
    given = parser.parse_args()
    rulebook = load_rulebook(given.rules)
    data = read_data(rulebook)
    fitted = fit_everything(data)
    if given.write:
        write_strengths(rulebook, fitted)
        left = list(list_differences(load_rulebook(given.rules), fitted))
        print(*left, *([_LEFT] if left else []), sep="\n", end="\n" if left else "")
        return int(bool(left))
    print(*list_differences(rulebook, fitted), sep="\n")
    tables = {**describe_unseen(rulebook, data, quick=given.quick), **describe_shipped(rulebook)}
    for name, table in tables.items():
        print(f"\n{name}\n\n{table}")
    for path in given.document:
        path.write_text(fill_tables(path.read_text("utf-8"), tables), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
