"""`rules` and `explain`: what the rule set holds, whether it is in order, and what a change does to it."""

from __future__ import annotations

import os
from pathlib import Path

from ragortune.casebook import measure_agreement
from ragortune.commands.formats import Look, choose_format, render
from ragortune.commands.requests import (
    CheckRulesRequest,
    DiffRulesRequest,
    ExplainRequest,
    ListRulesRequest,
    TestRulesRequest,
)
from ragortune.commands.shared import choose_date, open_rulebook, rules_folder
from ragortune.lint import check_folder
from ragortune.lint.examples import run_tests
from ragortune.report.pages import find_page
from ragortune.report.rulesets import CheckedData, RuleTests, compare_rule_sets
from ragortune.ruleset.load import load_rulebook
from ragortune.support.environment import Environment
from ragortune.support.errors import ExitCode, UsageError
from ragortune.support.reading import RULE_FILE_BYTES, decode_text, read_bytes
from ragortune.support.rulefolder import find_shipped_document, shipped_folder
from ragortune.support.text import quote_value

_SHIPPED = "shipped"
"""The word that names the shipped rule set where a folder is asked for."""


def list_rules(request: ListRulesRequest, environment: Environment) -> ExitCode:
    """Print every rule on a line, in the order of the rule set."""
    form = choose_format("rules list", request.format)
    environment.write(render("rules list", form, open_rulebook(request.rules, environment), environment))
    return ExitCode.OK


def show_page(request: ExplainRequest, environment: Environment) -> ExitCode:
    """Print the page of a rule, criterion, option, source or topic; raises UsageError with the nearest name.

    A document that a source points to (`docs/cost.md`) is printed as it is shipped, in Markdown.
    """
    form, name = choose_format("explain", request.format), request.name
    document = find_shipped_document(name.partition("#")[0])
    if document is not None:
        environment.write(decode_text(read_bytes(document, RULE_FILE_BYTES), name))
        return ExitCode.OK
    page = find_page(open_rulebook(request.rules, environment), name)
    environment.write(render("explain", form, page, environment, Look(request.color)))
    return ExitCode.OK


# --- check, test, diff --------------------------------------------------------------------------------------------


def check_rules(request: CheckRulesRequest, environment: Environment) -> ExitCode:
    """Print problems in a rule set; exit code 1 if there are any."""
    form = choose_format("rules check", request.format)
    folder = rules_folder(request.pack or request.rules, environment)
    findings = check_folder(folder, choose_date(request.as_of, environment))
    checked = CheckedData(findings, _show_folder(folder, environment))
    environment.write(render("rules check", form, checked, environment))
    return ExitCode.FINDINGS if findings else ExitCode.OK


def _show_folder(folder: Path, environment: Environment) -> str:
    if folder == shipped_folder():
        return "the shipped rule set"
    return str(
        folder.relative_to(environment.folder) if folder.is_relative_to(environment.folder) else folder
    )


def run_rule_tests(request: TestRulesRequest, environment: Environment) -> ExitCode:
    """Run the rule tests and the casebook."""
    form = choose_format("rules test", request.format)
    book = open_rulebook(request.rules, environment)
    tests = RuleTests(book, run_tests(book), measure_agreement(book), request.misses)
    environment.write(render("rules test", form, tests, environment))
    return ExitCode.FINDINGS if tests.failed else ExitCode.OK


def diff_rule_sets(request: DiffRulesRequest, environment: Environment) -> ExitCode:
    """Print what differs between another rule set and the one that holds here, and the cases to which it matters."""
    form, base = choose_format("rules diff", request.format), request.base
    folder = shipped_folder() if base == _SHIPPED else Path(environment.folder, base)
    if not os.path.isdir(folder):
        hint = f"BASE is the folder of a rule set, or '{_SHIPPED}'"
        raise UsageError(f"cannot compare with {quote_value(base)}: no such folder", None, hint)
    diff = compare_rule_sets(load_rulebook(folder), open_rulebook(request.rules, environment))
    environment.write(render("rules diff", form, diff, environment))
    return ExitCode.OK
