"""Checks on a rule set: is every rule sourced, fresh, tested and alive, and does the set as a whole make sense?

`form` looks at what each record must have, `logic` proves what the rules do together.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from ragortune.engine import trace_rule
from ragortune.evidence.profile import Vocabulary
from ragortune.lint.form import check_form, check_freshness
from ragortune.lint.logic import check_logic
from ragortune.lint.records import FailedTest, RuleFinding
from ragortune.model import Rulebook, TraceState
from ragortune.ruleset.author import read_folder
from ragortune.ruleset.compile import compile_authored
from ragortune.ruleset.references import check_references
from ragortune.support.errors import Place

__all__ = ["FailedTest", "RuleFinding", "check_folder", "run_tests"]


def check_folder(folder: Path, today: str) -> tuple[RuleFinding, ...]:
    """Return every problem in the rule set in a folder.

    Raises RagortuneError where a file cannot be read at all.
    """
    authored = read_folder(folder)
    check_references(authored)
    findings = [
        RuleFinding("malformed", problem.message, problem.place or Place(str(folder)), problem.hint)
        for problem in authored.problems
    ]
    findings += check_form(authored)
    findings += check_freshness(authored, dt.date.fromisoformat(today))
    if not authored.problems:
        findings += check_logic(authored, compile_authored(authored))
    return tuple(sorted(findings, key=lambda item: (item.place.path or "", item.place.line or 0, item.name)))


def run_tests(rulebook: Rulebook) -> tuple[int, tuple[FailedTest, ...]]:
    """Return how many rule tests there are, and those that fail."""
    vocabulary = Vocabulary(rulebook.readable, rulebook.quantities)
    count, failed = 0, []
    for rule in rulebook.rules.values():
        for expected in ("fires", "silent"):
            for example in getattr(rule.tests, expected):
                count += 1
                levels = vocabulary.read_profile(dict(example.profile)).levels
                state = trace_rule(rulebook, rule.id, levels).state
                if (state is TraceState.FIRED) != (expected == "fires"):
                    failed.append(FailedTest(rule, example.name, expected, state))
    return count, tuple(failed)
