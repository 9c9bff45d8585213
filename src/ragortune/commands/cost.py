"""`cost`: a profile in, what each option costs a month and how fast it answers out."""

from __future__ import annotations

from ragortune.commands.prices import PriceRequest, open_prices
from ragortune.commands.shared import choose_format
from ragortune.costs import catalogue
from ragortune.costs.assess import DRAWS, Sample, assess_costs
from ragortune.costs.derived import apply_facts, derive_facts
from ragortune.engine import decide_option
from ragortune.evidence.profile import Vocabulary
from ragortune.model import Profile, Rulebook
from ragortune.report import costs
from ragortune.support.environment import Environment
from ragortune.support.errors import ExitCode, PriceError, UsageError
from ragortune.support.reading import (
    PROFILE_BYTES,
    Document,
    decode_text,
    parse_text,
    read_bytes,
    read_document,
)
from ragortune.support.record import Record

FORMATS = ("text", "json", "markdown", "csv")


class CostRequest(Record, frozen=True):
    """What the command line asks of `cost`."""

    path: str
    """Profile file; `-` is stdin."""
    prices: PriceRequest
    format: str = "text"
    color: str = "auto"
    seed: int = 0
    draws: int = DRAWS
    stdin_name: str | None = None
    """Name to read stdin under; its ending says what it holds."""


def print_costs(request: CostRequest, environment: Environment) -> ExitCode:
    """Print what each option costs a month; what is wrong with the input is an error that says where."""
    form = choose_format(request.format, FORMATS)
    document = _read_input(request, environment)
    named = document.data.get("quantities") if isinstance(document.data, dict) else None
    rulebook, book, today = open_prices(request.prices, environment, _list_models(named))
    profile = Vocabulary(rulebook.criteria).read_profile(document.data, document)
    sample = Sample(request.seed, request.draws)
    try:
        report = assess_costs(profile, book, rulebook.criteria, today, sample)
    except PriceError as error:
        if "no chat model" in error.message and not catalogue.is_installed():
            join = " " if error.hint and error.hint.endswith("?") else "; "
            hint = f"{error.hint}{join}`{catalogue.INSTALL}` adds some 2,000 hosted models"
            raise PriceError(error.message, error.place, hint) from None
        raise
    facts = derive_facts(profile, report)
    advised = _advise(rulebook, profile, facts) if profile.quantities else None
    if form == "json":
        environment.write(costs.costs_json(report, facts, advised))
    elif form == "csv":
        environment.write(costs.costs_csv(report))
    else:
        sheet = costs.build_sheet(report, facts, advised, rulebook.sources)
        if form == "markdown":
            environment.write(costs.costs_markdown(sheet))
        else:
            wanted = environment.wants_color(request.color)
            environment.write(
                costs.costs_text(
                    sheet, width=environment.width, color=wanted, unicode=environment.has_unicode
                )
            )
    return ExitCode.OK


def _advise(rulebook: Rulebook, profile: Profile, facts: dict[str, tuple[str, str]]) -> tuple[str, str]:
    """Return what is recommended without the derived facts, and with them."""
    plain = decide_option(rulebook, profile.levels).option
    informed = decide_option(rulebook, apply_facts(rulebook, profile, facts).levels).option
    return plain.value, informed.value


def _list_models(quantities: object) -> tuple[str, ...]:
    named = quantities.get("model") if isinstance(quantities, dict) else None
    listed = named if isinstance(named, list) else [named]
    return tuple(name for name in listed if isinstance(name, str))


def _read_input(request: CostRequest, environment: Environment) -> Document:
    path = request.path
    if path.lower().endswith((".jsonl", ".ndjson")):
        raise UsageError("`cost` takes one profile", None, "write it to a file of its own")
    if path == "-":
        name = request.stdin_name or "<stdin>"
        return parse_text(decode_text(read_bytes("-", PROFILE_BYTES, environment.stdin), name), name)
    return read_document(path, PROFILE_BYTES)
