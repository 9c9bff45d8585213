"""`rules list`, `show` and `check`: what the rule set holds, and whether it is in order."""

from __future__ import annotations

import os
from pathlib import Path

from ragortune.commands.formats import choose_format, render
from ragortune.commands.shared import choose_date, open_rulebook, rules_folder
from ragortune.lint import check_folder
from ragortune.report.pages import find_page
from ragortune.report.rulesets import RuleCheck
from ragortune.support.environment import Environment
from ragortune.support.errors import ExitCode
from ragortune.support.reading import RULE_FILE_BYTES, decode_text, read_bytes
from ragortune.support.rulefolder import find_shipped_document, shipped_folder


def list_rules(rules: str | None, form: str, environment: Environment) -> ExitCode:
    """Print every rule on a line, in the order of the rule set."""
    form = choose_format("rules list", form)
    environment.write(render("rules list", form, open_rulebook(rules, environment), environment))
    return ExitCode.OK


def show_page(name: str, rules: str | None, form: str, color: str, environment: Environment) -> ExitCode:
    """Print the page of a rule, criterion, option, source or topic; raises UsageError with the nearest name.

    A document that a source points to (`docs/cost.md`) is printed as it is shipped, in Markdown.
    """
    form = choose_format("explain", form)
    document = find_shipped_document(name.partition("#")[0])
    if document is not None:
        environment.write(decode_text(read_bytes(document, RULE_FILE_BYTES), name))
        return ExitCode.OK
    page = find_page(open_rulebook(rules, environment), name)
    environment.write(render("explain", form, page, environment, color))
    return ExitCode.OK


# --- check --------------------------------------------------------------------------------------------------------


def check_rules(rules: str | None, form: str, as_of: str | None, environment: Environment) -> ExitCode:
    """Print what is to be mended in a rule set."""
    form = choose_format("rules check", form)
    folder = rules_folder(rules, environment)
    findings = check_folder(folder, choose_date(as_of, environment))
    shown = RuleCheck(tuple(findings), _show_folder(folder, environment))
    environment.write(render("rules check", form, shown, environment))
    return ExitCode.FINDINGS if findings else ExitCode.OK


def _show_folder(folder: Path, environment: Environment) -> str:
    if folder == shipped_folder():
        return "the shipped rule set"
    shown = os.path.relpath(folder, environment.folder)
    return str(folder) if shown.startswith("..") else shown
