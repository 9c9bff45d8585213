"""`cost`: a profile in, what each option costs a month and how fast it answers out."""

from __future__ import annotations

from ragortune.commands.formats import choose_format, render
from ragortune.commands.prices import PriceRequest, open_prices
from ragortune.costs.assess import DRAWS, Sample, assess_costs
from ragortune.costs.derived import Facts, apply_facts, derive_facts
from ragortune.engine import decide_option
from ragortune.evidence.profile import Vocabulary
from ragortune.model import Profile, Rulebook
from ragortune.report.costs import CostAnswer
from ragortune.support.environment import Environment
from ragortune.support.errors import ExitCode, UsageError
from ragortune.support.reading import PROFILE_BYTES, Document, decode_text, parse_text, read_bytes
from ragortune.support.record import Record


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
    form = choose_format("cost", request.format)
    document = _read_input(request, environment)
    rulebook, book, today = open_prices(request.prices, environment)
    vocabulary = Vocabulary(rulebook.criteria, rulebook.quantities)
    profile = vocabulary.read_profile(document.data, document)
    report = assess_costs(profile, rulebook, book, today, Sample(request.seed, request.draws))
    facts = derive_facts(profile, report)
    advice = _advise(rulebook, profile, facts) if profile.quantities else None
    answer = CostAnswer(report, facts, advice, rulebook.sources)
    environment.write(render("cost", form, answer, environment, request.color))
    return ExitCode.OK


def _advise(rulebook: Rulebook, profile: Profile, facts: Facts) -> tuple[str, str]:
    """Return what is recommended without the derived facts, and with them."""
    informed = apply_facts(rulebook, profile, facts)
    plain, better = (decide_option(rulebook, own.levels).option.value for own in (profile, informed))
    return plain, better


def _read_input(request: CostRequest, environment: Environment) -> Document:
    if request.path.lower().endswith((".jsonl", ".ndjson")):
        raise UsageError("`cost` takes one profile", None, "write it to a file of its own")
    name = request.path if request.path != "-" else request.stdin_name or "<stdin>"
    data = read_bytes(request.path, PROFILE_BYTES, environment.stdin)
    return parse_text(decode_text(data, name), name)
