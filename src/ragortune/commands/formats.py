"""Every format of every command: one table, one check of the name that was asked for, one way to render.

A renderer takes the result of its command. What it returns decides how it is written: blocks (`report.blocks`) by the
text or the Markdown writer, a string as it is, lines one below the other, anything else as JSON. So a new format is a
function and a line here. Renderers are named as entry points are, and loaded when they are used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pkgutil import resolve_name
from typing import Any

from ragortune.report.blocks import Page
from ragortune.report.markdown import write_markdown
from ragortune.support.environment import Environment
from ragortune.support.errors import UsageError
from ragortune.support.record import Record
from ragortune.support.text import clean_text, dump_json, join_words

_PAGE = "builtins:list"
"""The result is the page."""
_FINDINGS = {
    "text": "ragortune.report.checked_data:write_findings",
    "json": "ragortune.report.checked_data:list_findings",
}

FORMATS: Mapping[str, Mapping[str, str]] = {
    "recommend": {
        "text": "ragortune.report.recommendation:build_recommendation",
        "json": "ragortune.report.shapes:describe_recommendation",
        "jsonl": "ragortune.report.shapes:describe_recommendation",
        "markdown": "ragortune.report.recommendation:build_recommendation",
        "html": "ragortune.report.recommendation:build_recommendation",
    },
    "recommend --brief": {
        "text": "ragortune.report.headline:write_verdict",
        "json": "ragortune.report.shapes:describe_verdict",
        "jsonl": "ragortune.report.shapes:describe_verdict",
        "markdown": "ragortune.report.headline:write_verdict",
    },
    "explain": dict.fromkeys(("text", "json", "markdown"), _PAGE),
    "cost": {
        "text": "ragortune.report.costs:build_page",
        "json": "ragortune.report.costs:describe_costs",
        "markdown": "ragortune.report.costs:build_page",
        "html": "ragortune.report.costs:build_page",
    },
    "prices list": {
        "text": "ragortune.report.pricelist:list_prices",
        "json": "ragortune.report.pricelist:list_records",
        "markdown": "ragortune.report.pricelist:tabulate_prices",
    },
    "prices show": {
        "text": "ragortune.report.pricelist:show_price",
        "json": "ragortune.report.pricelist:show_record",
        "markdown": "ragortune.report.pricelist:show_price",
    },
    "prices check": _FINDINGS,
    "rules list": {
        "text": "ragortune.report.pages:list_rules",
        "json": "ragortune.report.pages:list_records",
        "markdown": "ragortune.report.pages:list_rules",
    },
    "rules check": _FINDINGS,
    "rules test": {
        "text": "ragortune.report.rulesets:write_tests",
        "json": "ragortune.report.rulesets:describe_tests",
    },
    "rules diff": {"text": "ragortune.report.rulesets:write_diff", "json": "msgspec:to_builtins"},
    "check": {
        "text": "ragortune.report.checks:build_page",
        "json": "ragortune.report.check_json:describe_check",
        "sarif": "ragortune.report.sarif:describe_log",
        "github": "ragortune.report.ci:write_github",
        "gitlab": "ragortune.report.ci:describe_gitlab",
        "junit": "ragortune.report.ci:write_junit",
        "markdown": "ragortune.report.checks:write_review",
        "html": "ragortune.report.checks:build_page",
    },
    "measure": {
        "text": "ragortune.report.measurements:build_page",
        "json": "ragortune.report.measurements:describe_report",
        "markdown": "ragortune.report.measurements:build_page",
    },
    "extract": {
        "yaml": "ragortune.report.extract:write_profile",
        "json": "ragortune.report.extract:describe_profile",
    },
}
"""Renderers by command and format; the first format is the one that is used where none is named."""


SINGLE = ("json", "html")
"""Formats that hold one result, so that several are not one after the other."""
PAGES = ("text", "markdown", "html")
"""Formats in which a report has sections."""


def list_formats(command: str) -> str:
    """Return the formats of a command as help names them: `text, json or markdown`."""
    return join_words(FORMATS[command], "or")


def refuse_unknown(command: str, form: str) -> None:
    """Raise UsageError, with the formats that there are and the nearest name, for one that a command has not."""
    if form not in FORMATS[command]:
        raise UsageError.expected("--format", FORMATS[command], form)


def choose_sections(command: str, form: str, show: str | None, *, full: bool = False) -> tuple[str, ...]:
    """Return the names of the sections to show; none where the format shows what it does by itself.

    Raises:
        UsageError: there is no such section, or the format has none.

    """
    if show is None and not full:
        return ()
    if form not in PAGES:
        raise UsageError(f"--{'full' if full else 'show'} is for {join_words(PAGES)}", None, "leave it out")
    module = FORMATS[command]["text"].partition(":")[0]
    known: tuple[str, ...] = resolve_name(f"{module}:SECTIONS")
    wanted = known if full else tuple(name.strip() for name in str(show).split(","))
    for name in wanted:
        if name not in known:
            raise UsageError.expected("--show", known, name)
    return wanted


_find_renderer = lru_cache(maxsize=64)(resolve_name)
"""Returns a renderer, looked up once for a batch of any length."""


class Look(Record, frozen=True):
    """How a result is shown to people."""

    color: str = "auto"
    show: tuple[str, ...] = ()
    """Sections of a report; if empty, text is what fits a screen, and other formats are all of it."""


def render(command: str, form: str, result: Any, environment: Environment, look: Look | None = None) -> str:
    """Return the result of a command in one of its formats, as it is printed or written to a file."""
    look = look or Look()
    made = _find_renderer(FORMATS[command][form])(result)
    if isinstance(made, str):
        return made
    if isinstance(made, Iterator):
        return "".join(f"{clean_text(line)}\n" for line in made)
    if isinstance(made, Page) and (look.show or form != "text"):
        made = list(made.choose(look.show))
    if form == "text":
        from ragortune.report.text import write_screen, write_text  # noqa: PLC0415  (brings in rich)

        write: Callable[..., str] = write_screen if isinstance(made, Page) else write_text
        return write(
            made,
            width=environment.width,
            color=environment.wants_color(look.color),
            unicode=environment.has_unicode,
        )
    if form == "html":
        from ragortune.report.html import write_html  # noqa: PLC0415  (brings in the template engine)

        return write_html(made)
    if form == "markdown":
        return write_markdown(made)
    return dump_json(made, indent=0 if form == "jsonl" else 2) + "\n"
