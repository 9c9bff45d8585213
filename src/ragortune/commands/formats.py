"""The output formats of every command.

A renderer takes the result of its command and returns blocks (`report.blocks`) for the text, Markdown or HTML writer, a
string, an iterator of lines, or data for JSON. A new format is a function in `report` and a line here. Renderers are named
like entry points and imported when first used.
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
from ragortune.support.text import clean_text, dump_json, join_words


def _report(module: str, **names: str) -> dict[str, str]:
    """Return the renderer of each format: a function of this `report` module, or `module:function` of another one."""
    places = {form: name if ":" in name else f"{module}:{name}" for form, name in names.items()}
    return {form: f"ragortune.report.{place}" for form, place in places.items()}


_FINDINGS = _report("rulesets", text="write_findings", json="list_findings")
FORMATS: Mapping[str, Mapping[str, str]] = {
    "recommend": _report(
        "recommendation",
        text="build_recommendation",
        json="shapes:describe_recommendation",
        jsonl="shapes:describe_recommendation",
        markdown="build_recommendation",
        html="build_recommendation",
    ),
    "recommend --brief": _report(
        "headline",
        text="write_verdict",
        json="shapes:describe_verdict",
        jsonl="shapes:describe_verdict",
        markdown="write_verdict",
    ),
    "explain": dict.fromkeys(("text", "json", "markdown"), "builtins:list"),  # the result is the page
    "cost": _report(
        "costs", text="build_page", json="describe_costs", markdown="build_page", html="build_page"
    ),
    "prices list": _report("pricelist", text="list_prices", json="list_records", markdown="list_prices"),
    "prices show": _report("pricelist", text="show_price", json="show_record", markdown="show_price"),
    "prices check": _FINDINGS,
    "rules list": _report("pages", text="list_rules", json="list_records", markdown="list_rules"),
    "rules check": _FINDINGS,
    "rules test": _report("rulesets", text="write_tests", json="describe_tests"),
    "rules diff": {**_report("rulesets", text="write_diff"), "json": "msgspec:to_builtins"},
    "check": _report(
        "checks",
        text="build_page",
        json="check_json:describe_check",
        sarif="sarif:describe_log",
        github="ci:write_github",
        gitlab="ci:describe_gitlab",
        junit="ci:write_junit",
        markdown="write_review",
        html="build_page",
    ),
    "measure": _report("measurements", text="build_page", json="describe_report", markdown="build_page"),
    "extract": _report("extract", yaml="write_profile", json="describe_profile"),
}
"""Renderers by command and format; the first format is the default."""


SINGLE = ("json", "html")
"""Formats that hold a single result."""
PAGES = ("text", "markdown", "html")
"""Formats in which the sections of a report can be chosen."""


def list_formats(command: str) -> str:
    """Return the formats of a command in words: `text, json or markdown`."""
    return join_words(FORMATS[command], "or")


def check_format(command: str, form: str) -> None:
    """Raise UsageError with the nearest name where a command does not have this format."""
    if form not in FORMATS[command]:
        raise UsageError.expected("--format", FORMATS[command], form)


def choose_sections(command: str, form: str, show: str | None, *, full: bool = False) -> tuple[str, ...]:
    """Return the sections to show; empty for the default of the format.

    Raises UsageError if there is no such section, or the format has no sections.
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
"""Return a renderer, resolved only once for a whole batch."""


def render(command: str, form: str, result: Any, environment: Environment, show: tuple[str, ...] = ()) -> str:
    """Return the result of a command in one of its formats.

    `show` names the sections of a report. If it is empty, text is one screen, and the other formats are the whole report.
    """
    rendered = _find_renderer(FORMATS[command][form])(result)
    if isinstance(rendered, str):
        return rendered
    if isinstance(rendered, Iterator):
        return "".join(f"{clean_text(line)}\n" for line in rendered)
    if isinstance(rendered, Page) and (show or form != "text"):
        rendered = list(rendered.choose(show))
    if form == "text":
        from ragortune.report.text import write_screen, write_text  # noqa: PLC0415  (brings in rich)

        write: Callable[..., str] = write_screen if isinstance(rendered, Page) else write_text
        return write(
            rendered,
            width=environment.measure_width(),
            color=environment.wants_color(),
            unicode=environment.has_unicode,
        )
    if form == "html":
        from ragortune.report.html import write_html  # noqa: PLC0415  (brings in the template engine)

        return write_html(rendered)
    if form == "markdown":
        return write_markdown(rendered)
    return dump_json(rendered, indent=0 if form == "jsonl" else 2) + "\n"
