"""`explain` and `rules list`: the contents of the rule set."""

from __future__ import annotations

from ragortune.commands.formats import render
from ragortune.commands.requests import ExplainRequest, ListRulesRequest
from ragortune.commands.shared import open_rulebook
from ragortune.report.pages import find_page
from ragortune.report.shapes import PageResult
from ragortune.support.environment import Environment
from ragortune.support.errors import ExitCode
from ragortune.support.reading import RULE_FILE_BYTES, read_text
from ragortune.support.rulefolder import find_shipped_document
from ragortune.support.text import dump_json


def list_rules(request: ListRulesRequest, environment: Environment) -> ExitCode:
    """Print one line per rule, in the order of the rule set."""
    rulebook = open_rulebook(request.rules, environment)
    environment.write(render("rules list", request.format, rulebook, environment))
    return ExitCode.OK


def show_page(request: ExplainRequest, environment: Environment) -> ExitCode:
    """Print the page of a rule, criterion, option, source or topic; raises UsageError with the nearest name.

    The name of a shipped file, such as `docs/cost.md` or `rules/rules/data.yaml`, prints that file.
    """
    name, form = request.name, request.format
    if document := find_shipped_document(name.partition("#")[0]):
        text = read_text(document, RULE_FILE_BYTES, name)
    else:
        page = find_page(open_rulebook(request.rules, environment), name)
        text = render("explain", "markdown" if form == "json" else form, page, environment)
    environment.write(dump_json(PageResult(name=name, markdown=text)) + "\n" if form == "json" else text)
    return ExitCode.OK
