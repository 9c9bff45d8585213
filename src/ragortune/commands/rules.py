"""`rules list`, `show`, `check`, `test` and `diff`: what a rule set holds, and whether it is in order."""

from __future__ import annotations

from pathlib import Path

from ragortune.casebook import measure_agreement
from ragortune.commands.formats import choose_format, render
from ragortune.commands.shared import choose_date, open_rulebook, rules_folder
from ragortune.lint import check_folder
from ragortune.lint.examples import list_failed, run_tests
from ragortune.model import Rulebook
from ragortune.report.pages import find_page
from ragortune.report.rulesets import RuleCheck
from ragortune.report.ruletests import Comparison, SuiteReport
from ragortune.ruleset.load import load_rulebook
from ragortune.support.environment import Environment
from ragortune.support.errors import ExitCode, UsageError
from ragortune.support.reading import RULE_FILE_BYTES, decode_text, read_bytes
from ragortune.support.rulefolder import find_shipped_document, shipped_folder
from ragortune.support.text import quote_value

_SHIPPED_WORD = "shipped"


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


def check_rules(rules: str | None, form: str, as_of: str | None, environment: Environment) -> ExitCode:
    """Print what is wrong in a rule set."""
    form = choose_format("rules check", form)
    folder = rules_folder(rules, environment)
    findings = check_folder(folder, choose_date(as_of, environment))
    shown = RuleCheck(tuple(findings), _show_folder(folder, environment))
    environment.write(render("rules check", form, shown, environment))
    return ExitCode.FINDINGS if findings else ExitCode.OK


def _show_folder(folder: Path, environment: Environment) -> str:
    if folder == shipped_folder():
        return "the shipped rule set"
    base = Path(environment.folder)
    return str(folder.relative_to(base) if folder.is_relative_to(base) else folder)


def test_rules(
    rules: str | None, form: str, base: str | None, environment: Environment, *, misses: bool
) -> ExitCode:
    """Run the tests of a rule set and the casebook, and compare with another rule set where one is named."""
    form = choose_format("rules test", form)
    book = open_rulebook(rules, environment)
    tried = run_tests(book)
    report = SuiteReport(tried, measure_agreement(book), book.scale.firm_from, misses)
    if base is not None:
        other = _open_base(base, "--compare takes", environment)
        report = report.replace(compared=Comparison(other, book), before=measure_agreement(other))
    environment.write(render("rules test", form, report, environment))
    return ExitCode.FINDINGS if any(map(list_failed, tried.values())) else ExitCode.OK


def diff_rules(base: str, rules: str | None, form: str, environment: Environment) -> ExitCode:
    """Print what differs between the rule set that holds here and another one."""
    form = choose_format("rules diff", form)
    compared = Comparison(_open_base(base, "BASE is", environment), open_rulebook(rules, environment))
    environment.write(render("rules diff", form, compared, environment))
    return ExitCode.OK


def _open_base(base: str, takes: str, environment: Environment) -> Rulebook:
    """Return the rule set to compare with, which is a folder or `shipped`; raises RagortuneError."""
    folder = shipped_folder() if base == _SHIPPED_WORD else Path(environment.folder, base)
    if not folder.is_dir():
        hint = f"{takes} the folder of a rule set, or '{_SHIPPED_WORD}'"
        raise UsageError(f"cannot compare with {quote_value(base)}: no such folder", None, hint)
    return load_rulebook(folder)
