"""All checks on the rule set in a folder."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from ragortune.lint.form import check_form, check_freshness
from ragortune.lint.logic import check_logic
from ragortune.model.findings import RuleFinding
from ragortune.ruleset.author import read_folder
from ragortune.ruleset.compile import compile_authored
from ragortune.ruleset.references import check_references
from ragortune.support.errors import Place


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
