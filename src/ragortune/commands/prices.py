"""`prices`: what the price data holds, where it comes from, and what is to be looked up again."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from ragortune.commands.shared import choose_date, choose_format, open_rulebook, show_error
from ragortune.costs import catalogue
from ragortune.model import PriceRow, Rulebook
from ragortune.model.prices import (
    KINDS,
    STALE_AFTER,
    PriceBook,
    check_row,
    count_days,
    find_ages,
    override_value,
)
from ragortune.report import pricelist
from ragortune.report.markdown import write_markdown
from ragortune.report.text import write_text
from ragortune.support.environment import Environment
from ragortune.support.errors import ExitCode, PriceError, RagortuneError, UsageError
from ragortune.support.reading import RULE_FILE_BYTES, decode_text, parse_yaml, read_bytes
from ragortune.support.record import Record, plain_data
from ragortune.support.text import dump_json, quote_value, suggest_name

LIST_FORMATS = ("text", "json", "markdown", "csv")
CHECK_FORMATS = ("text", "json")
_END_NEAR = 180
"""Days before the end of an offer from which on it is reported."""


class PriceRequest(Record, frozen=True):
    """What the command line says about prices, for every command that uses them."""

    rules: str | None = None
    file: str | None = None
    """A price file that adds rows or overrides them by id."""
    overrides: tuple[str, ...] = ()
    """Single values, `NAME.VALUE=NUMBER`."""
    as_of: str | None = None
    """The day for which ages and ends are judged."""


def open_prices(
    request: PriceRequest, environment: Environment, models: Iterable[str] = ()
) -> tuple[Rulebook, PriceBook, str]:
    """Return the rule set, the prices that hold here, and the day.

    Prices come from the rule set, then from the price file, then from single overrides. Chat models that are named
    and not there are looked up in the package genai-prices where it is installed. Raises RagortuneError.
    """
    today = choose_date(request.as_of, environment)
    rulebook = open_rulebook(request.rules, environment)
    book = PriceBook(rulebook.prices)
    if request.file is not None:
        from ragortune.ruleset.files import read_price_file  # noqa: PLC0415  (brings in pydantic)

        path = os.path.join(environment.folder, request.file)
        text = decode_text(read_bytes(path, RULE_FILE_BYTES), request.file)
        for row in read_price_file(parse_yaml(text, request.file)):
            book.rows[row.id] = row
    for name in models:
        if name not in book.rows and (found := catalogue.find_model(name, today)) is not None:
            book.rows[name] = found
    for setting in request.overrides:
        override_value(book, setting, today)
    return rulebook, book, today


def list_prices(request: PriceRequest, kind: str | None, form: str, environment: Environment) -> ExitCode:
    """Print every price row on a line, or those of one kind."""
    form = choose_format(form, LIST_FORMATS)
    if kind is not None and kind not in KINDS:
        raise UsageError(f"there is no kind {quote_value(kind)}", None, suggest_name(kind, KINDS))
    _, book, today = open_prices(request, environment)
    rows = [row for row in book.rows.values() if kind is None or row.kind == kind]
    rows.sort(key=lambda row: (list(KINDS).index(row.kind), row.id))
    if form == "json":
        environment.write(dump_json([plain_data(row) for row in rows]) + "\n")
        return ExitCode.OK
    if form == "csv":
        environment.write(pricelist.prices_csv(rows))
    elif form == "markdown":
        environment.write(pricelist.prices_markdown(rows))
    else:
        environment.write(pricelist.prices_text(rows, today, environment.width))
    return ExitCode.OK


def show_price(name: str, request: PriceRequest, form: str, color: str, environment: Environment) -> ExitCode:
    """Print one row with all its values, source and age."""
    form = choose_format(form, ("text", "json", "markdown"))
    rulebook, book, today = open_prices(request, environment, (name,))
    row = book.rows.get(name)
    if row is None:
        raise PriceError(
            f"there is no price row {quote_value(name)}", None, suggest_name(name, book.rows) or _install()
        )
    if form == "json":
        environment.write(dump_json(row) + "\n")
        return ExitCode.OK
    page = pricelist.price_page(row, rulebook.sources, today)
    if form == "markdown":
        environment.write(write_markdown(page))
    else:
        color_wanted = environment.wants_color(color)
        environment.write(write_text(page, width=environment.width, color=color_wanted))
    return ExitCode.OK


def _install() -> str | None:
    return (
        None
        if catalogue.is_installed()
        else f"`{catalogue.INSTALL}` adds the prices of some 2,000 hosted models"
    )


class _PriceFinding(Record, frozen=True):
    """Something to look at in the price data."""

    name: str
    row: str
    message: str


def check_prices(request: PriceRequest, form: str, environment: Environment) -> ExitCode:
    """Print rows that are old, that end soon, or that differ from the package genai-prices; 1 if there are any."""
    form = choose_format(form, CHECK_FORMATS)
    try:
        _, book, today = open_prices(request, environment)
    except RagortuneError as error:
        show_error(error, environment)
        return error.exit_code
    findings = _find_problems(book.rows, today)
    if form == "json":
        records = [{"name": item.name, "row": item.row, "message": item.message} for item in findings]
        environment.write(dump_json(records) + "\n")
    else:
        for item in findings:
            environment.write(f"{item.row}: {item.name}: {item.message}\n")
        count = len(findings)
        environment.write(f"{count} finding{'' if count == 1 else 's'} in {len(book.rows)} rows on {today}\n")
    if not catalogue.is_installed():
        environment.note(f"not compared with genai-prices, which is not installed: {catalogue.INSTALL}")
    return ExitCode.FINDINGS if findings else ExitCode.OK


def _find_problems(rows: Mapping[str, PriceRow], today: str) -> list[_PriceFinding]:
    found = []
    for row in rows.values():
        found += [_PriceFinding("malformed", row.id, complaint.message) for complaint in check_row(row)]
    for age in find_ages(rows.values(), today):
        if age.days < 0:
            found.append(_PriceFinding("future", age.row.id, f"is dated {-age.days} days after {today}"))
        elif age.is_stale:
            message = f"is {age.days} days old; look it up again after {STALE_AFTER}"
            found.append(_PriceFinding("stale", age.row.id, message))
    for row in rows.values():
        for date, what in ((row.trainable_until, "takes its last jobs"), (row.available_until, "is retired")):
            if date is None:
                continue
            left = count_days(today, date)
            if left < 0:
                found.append(_PriceFinding("ended", row.id, f"{what} on {date}; it is past"))
            elif left <= _END_NEAR:
                found.append(_PriceFinding("ends", row.id, f"{what} on {date}, in {left} days"))
    chat = tuple(row for row in rows.values() if row.kind == "chat_model")
    found += [
        _PriceFinding(
            "drift",
            drift.row.id,
            f"'{drift.name}' is {drift.ours:g} here ({drift.row.source}) and {drift.theirs:g} in genai-prices",
        )
        for drift in catalogue.find_drift(chat, today)
    ]
    return sorted(found, key=lambda item: (item.row, item.name, item.message))
