"""`rules check`, `rules test` and `rules diff`."""

from __future__ import annotations

import os
from pathlib import Path

from ragortune.casebook import measure_agreement
from ragortune.commands.formats import render
from ragortune.commands.requests import CheckRulesRequest, DiffRulesRequest, TestRulesRequest
from ragortune.commands.shared import choose_date, open_rulebook, rules_folder
from ragortune.lint.checks import check_folder
from ragortune.lint.examples import run_tests
from ragortune.report.rulesets import CheckedData, RuleTests, compare_rule_sets
from ragortune.ruleset.load import load_rulebook
from ragortune.support.environment import Environment
from ragortune.support.errors import ExitCode, UsageError
from ragortune.support.rulefolder import shipped_folder
from ragortune.support.text import quote_value

_SHIPPED = "shipped"
"""Stands for the shipped rule set in place of a folder."""


def check_rules(request: CheckRulesRequest, environment: Environment) -> ExitCode:
    """Print problems in a rule set; exit code 1 if there are any."""
    folder = rules_folder(request.pack or request.rules, environment)
    findings = check_folder(folder, choose_date(request.as_of, environment))
    inside = folder.is_relative_to(environment.folder)
    shown = str(folder.relative_to(environment.folder) if inside else folder)
    checked = CheckedData(findings, "the shipped rule set" if folder == shipped_folder() else shown)
    environment.write(render("rules check", request.format, checked, environment))
    return ExitCode.FINDINGS if findings else ExitCode.OK


def run_rule_tests(request: TestRulesRequest, environment: Environment) -> ExitCode:
    """Run the rule tests and the casebook."""
    book = open_rulebook(request.rules, environment)
    tests = RuleTests(book, run_tests(book), measure_agreement(book), request.misses)
    environment.write(render("rules test", request.format, tests, environment))
    return ExitCode.FINDINGS if tests.failed else ExitCode.OK


def diff_rule_sets(request: DiffRulesRequest, environment: Environment) -> ExitCode:
    """Print the differences between another rule set and the one in use, and the cases that they change."""
    folder = shipped_folder() if request.base == _SHIPPED else Path(environment.folder, request.base)
    if not os.path.isdir(folder):
        hint = f"BASE is the folder of a rule set, or '{_SHIPPED}'"
        raise UsageError(f"cannot compare with {quote_value(request.base)}: no such folder", None, hint)
    diff = compare_rule_sets(load_rulebook(folder), open_rulebook(request.rules, environment))
    environment.write(render("rules diff", request.format, diff, environment))
    return ExitCode.OK
