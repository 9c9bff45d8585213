"""`cost`: monthly cost and latency of each option; `prices`: the data behind it, and its age."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ragortune.commands.formats import choose_sections, render
from ragortune.commands.requests import CheckPricesRequest, CostRequest, ListPricesRequest, ShowPriceRequest
from ragortune.commands.shared import choose_date, open_rulebook, read_profile
from ragortune.costs.assess import Sample, assess_costs
from ragortune.costs.derived import apply_facts, derive_facts
from ragortune.engine import decide_option
from ragortune.model import Rulebook
from ragortune.model.findings import RuleFinding
from ragortune.model.prices import STALE_AFTER, PriceBook, check_row, count_days
from ragortune.report.bill import CostAnswer
from ragortune.report.pricelist import PriceList
from ragortune.report.rulesets import CheckedData
from ragortune.support.environment import Environment
from ragortune.support.errors import ExitCode, Place, PriceError, UsageError
from ragortune.support.reading import PROFILE_BYTES, RULE_FILE_BYTES, parse_yaml, read_document, read_text
from ragortune.support.text import count_words

_Request = ListPricesRequest | ShowPriceRequest | CheckPricesRequest | CostRequest
_END_NEAR = 180
"""An offer that ends within so many days is reported."""


def open_prices(request: _Request, environment: Environment) -> tuple[Rulebook, PriceBook, str]:
    """Return the rule set, the prices and the date to judge by; a price file overrides the rule set.

    Raises RagortuneError.
    """
    today = choose_date(request.as_of, environment)
    rulebook = open_rulebook(request.rules, environment)
    book = PriceBook(rulebook.prices, rulebook.price_kinds)
    if request.prices is not None:
        from ragortune.ruleset.files import read_price_file  # noqa: PLC0415  (brings in pydantic)

        text = read_text(Path(environment.folder, request.prices), RULE_FILE_BYTES, request.prices)
        document = parse_yaml(text, request.prices)
        book.rows.update((row.id, row) for row in read_price_file(document, book.kinds))
    return rulebook, book, today


def print_costs(request: CostRequest, environment: Environment) -> ExitCode:
    """Print monthly cost and latency of each option."""
    show = choose_sections("cost", request.format, request.show, full=request.full)
    if request.path.lower().endswith((".jsonl", ".ndjson")):
        raise UsageError("`cost` takes one profile", None, "write it to its own file")
    document = read_document(request.path, PROFILE_BYTES, environment.stdin, request.stdin_name)
    rulebook, book, today = open_prices(request, environment)
    for setting in request.price:
        book.override(setting, today)
    profile = read_profile(document, rulebook)
    sample = Sample(request.seed, compare=request.format != "text" or bool(show))
    report = assess_costs(profile, rulebook, book, today, sample)
    facts = derive_facts(profile, report)
    informed = apply_facts(rulebook, profile, facts)
    plain, better = (decide_option(rulebook, judged.levels).option.value for judged in (profile, informed))
    answer = CostAnswer(report, facts, (plain, better) if profile.quantities else None, rulebook.sources)
    environment.write(render("cost", request.format, answer, environment, show))
    return ExitCode.OK


# --- the price data -----------------------------------------------------------------------------------------------


def list_prices(request: ListPricesRequest, environment: Environment) -> ExitCode:
    """Print every price row."""
    rulebook, book, today = open_prices(request, environment)
    order = list(book.kinds)
    rows = sorted(book.rows.values(), key=lambda row: (order.index(row.kind), row.id))
    listed = PriceList(rows, today, rulebook.sources)
    environment.write(render("prices list", request.format, listed, environment))
    return ExitCode.OK


def show_price(request: ShowPriceRequest, environment: Environment) -> ExitCode:
    """Print one row with all its values, source and age."""
    rulebook, book, today = open_prices(request, environment)
    if request.name not in book.rows:
        raise PriceError.unknown("price row", request.name, book.rows)
    page = PriceList([book.rows[request.name]], today, rulebook.sources)
    environment.write(render("prices show", request.format, page, environment))
    return ExitCode.OK


def check_prices(request: CheckPricesRequest, environment: Environment) -> ExitCode:
    """Print stale rows and offers that end soon; returns FINDINGS if there are any."""
    _, book, today = open_prices(request, environment)
    problems = sorted(_find_problems(book, today))
    findings = tuple(RuleFinding(name, says, Place(row)) for row, name, says in problems)
    checked = CheckedData(findings, f"{len(book.rows)} price rows on {today}")
    environment.write(render("prices check", request.format, checked, environment))
    return ExitCode.FINDINGS if findings else ExitCode.OK


def _find_problems(book: PriceBook, today: str) -> Iterator[tuple[str, str, str]]:
    """Yield row, name of the problem and message of each problem."""
    for row in book.rows.values():
        yield from ((row.id, "malformed", error.message) for _, error in check_row(row, book.kinds))
        for date, what in ((row.trainable_until, "takes its last jobs"), (row.available_until, "is retired")):
            left = _END_NEAR + 1 if date is None else count_days(today, date)
            if left < 0:
                yield row.id, "ended", f"{what} on {date}, which has passed"
            elif left <= _END_NEAR:
                yield row.id, "ends", f"{what} on {date}, in {count_words(left, 'day')}"
    for age in book.find_ages(book.rows, today):
        if age.days < 0:
            yield age.id, "future", f"is dated {-age.days} days after {today}"
        elif age.stale:
            yield age.id, "stale", f"is {age.days} days old; look it up again after {STALE_AFTER} days"
