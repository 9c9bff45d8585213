"""`rules list`, `show` and `check`: what the rule set holds, and whether it is in order."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterable
from pathlib import Path

from ragortune.commands.shared import choose_format, open_rulebook, rules_folder
from ragortune.lint import RuleFinding, check_folder
from ragortune.model import Rule, Rulebook
from ragortune.model.findings import read_finding_rules
from ragortune.report import blocks, pages
from ragortune.report.machine import dump_json
from ragortune.support.environment import Environment
from ragortune.support.errors import ExitCode, UsageError
from ragortune.support.reading import RULE_FILE_BYTES, decode_text, read_bytes
from ragortune.support.record import plain_data
from ragortune.support.rulefolder import find_shipped_document, shipped_folder
from ragortune.support.text import clean_text, quote_value, suggest_name

LIST_FORMATS = ("text", "json", "markdown")
CHECK_FORMATS = ("text", "json")


def list_rules(rules: str | None, form: str, environment: Environment) -> ExitCode:
    """Print every rule on a line, in the order of the rule set."""
    form = choose_format(form, LIST_FORMATS)
    book = open_rulebook(rules, environment)
    findings = read_finding_rules(book)
    if form == "json":
        records = [plain_data(rule) for rule in (*book.rules.values(), *findings.values())]
        environment.write(dump_json(records, indent=2) + "\n")
    elif form == "markdown":
        lines = ["| Code | Rule | When | Then |", "| --- | --- | --- | --- |"]
        lines += [
            f"| {rule.code} | {rule.title} | {_condition(rule)} | {_effects(book, rule)} |"
            for rule in _all(book)
        ]
        lines += ["", "| Code | Finding | Severity | Confidence |", "| --- | --- | --- | --- |"]
        lines += [
            f"| {rule.code} | {rule.title} | {rule.severity} | {rule.confidence} |"
            for rule in findings.values()
        ]
        environment.write("\n".join(lines) + "\n")
    else:
        width = environment.width
        for rule in _all(book):
            environment.write(f"{rule.code}  {rule.id}\n")
            environment.write(_wrap(f"{rule.title}: {_effects(book, rule)}", width, "     "))
        for finding in findings.values():
            environment.write(f"{finding.code}  {finding.id}\n")
            said = f"{finding.title}: {finding.severity} ({finding.confidence} confidence) of `check`"
            environment.write(_wrap(said, width, "     "))
        environment.write(
            f"\n{len(book.rules)} rules, {len(book.criteria)} criteria, {len(book.sources)} sources, "
            f"{len(findings)} finding rules\n"
        )
        for name, because in book.disabled.items():
            environment.write(_wrap(f"{name} is disabled: {clean_text(because)}", width, ""))
    return ExitCode.OK


def _all(book: Rulebook) -> Iterable[Rule]:
    return book.rules.values()


def _condition(rule: Rule) -> str:
    return "; and ".join(pages.word_condition(*item) for item in rule.when.items())


def _effects(book: Rulebook, rule: Rule) -> str:
    return "; ".join(pages.word_effects(book, rule))


def _wrap(text: str, width: int, indent: str) -> str:
    return textwrap.fill(text, width, initial_indent=indent, subsequent_indent=indent) + "\n"


def show_page(name: str, rules: str | None, form: str, color: str, environment: Environment) -> ExitCode:
    """Print the page of a rule, criterion, option, source or topic; raises UsageError with the nearest name.

    A document that a source points to (`docs/cost.md`) is printed as it is shipped, in Markdown.
    """
    form = choose_format(form, LIST_FORMATS)
    document = find_shipped_document(name.partition("#")[0])
    if document is not None:
        environment.write(decode_text(read_bytes(document, RULE_FILE_BYTES), name))
        return ExitCode.OK
    book = open_rulebook(rules, environment)
    findings = read_finding_rules(book)
    page = pages.find_page(book, name, findings)
    if page is None:
        known = pages.page_names(book, findings)
        raise UsageError(f"there is no page {quote_value(name)}", None, suggest_name(name, known))
    if form == "json":
        environment.write(dump_json([{"kind": kind, "text": text} for kind, text in page], indent=2) + "\n")
    elif form == "markdown":
        environment.write(blocks.page_markdown(page))
    else:
        shown = blocks.page_text(page, width=environment.width, color=environment.wants_color(color))
        environment.write(shown)
    return ExitCode.OK


# --- check --------------------------------------------------------------------------------------------------------


def check_rules(rules: str | None, form: str, as_of: str | None, environment: Environment) -> ExitCode:
    """Print what is to be mended in a rule set."""
    form = choose_format(form, CHECK_FORMATS)
    folder = rules_folder(rules, environment)
    today = as_of or environment.date()
    try:
        findings = check_folder(folder, today)
    except ValueError:
        raise UsageError(f"--as-of must be a date, YYYY-MM-DD, not {quote_value(today)}") from None
    if form == "json":
        environment.write(dump_json([_finding_json(finding) for finding in findings], indent=2) + "\n")
    else:
        for finding in findings:
            environment.write(clean_text(f"{finding.place}: {finding.name}: {finding.message}") + "\n")
            if finding.hint:
                environment.write(clean_text(f"    hint: {finding.hint}") + "\n")
        count = len(findings)
        environment.write(
            f"{count} finding{'s' if count != 1 else ''} in {_show_folder(folder, environment)}\n"
        )
    return ExitCode.FINDINGS if findings else ExitCode.OK


def _show_folder(folder: Path, environment: Environment) -> str:
    if folder == shipped_folder():
        return "the shipped rule set"
    shown = os.path.relpath(folder, environment.folder)
    return str(folder) if shown.startswith("..") else shown


def _finding_json(finding: RuleFinding) -> dict[str, object]:
    place = finding.place
    return {
        "name": finding.name,
        "message": finding.message,
        "path": place.path,
        "line": place.line,
        "column": place.column,
        "hint": finding.hint,
    }
