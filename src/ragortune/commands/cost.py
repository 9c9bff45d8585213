"""`cost`: a profile in, what each option costs a month and how fast it answers out."""

from __future__ import annotations

from ragortune.commands.formats import Look, choose_sections, render
from ragortune.commands.prices import open_prices
from ragortune.commands.requests import CostRequest
from ragortune.costs.assess import Sample, assess_costs
from ragortune.costs.derived import apply_facts, derive_facts
from ragortune.engine import decide_option
from ragortune.evidence.profile import Vocabulary
from ragortune.report.bill import CostAnswer
from ragortune.support.environment import Environment
from ragortune.support.errors import ExitCode, UsageError
from ragortune.support.reading import PROFILE_BYTES, read_document


def print_costs(request: CostRequest, environment: Environment) -> ExitCode:
    """Print what each option costs a month; what is wrong with the input is an error that says where."""
    show = choose_sections("cost", request.format, request.show, full=request.full)
    if request.path.lower().endswith((".jsonl", ".ndjson")):
        raise UsageError("`cost` takes one profile", None, "write it to a file of its own")
    document = read_document(request.path, PROFILE_BYTES, environment.stdin, request.stdin_name)
    rulebook, book, today = open_prices(request, environment)
    vocabulary = Vocabulary(rulebook.criteria, rulebook.quantities)
    profile = vocabulary.read_profile(document.data, document)
    sample = Sample(request.seed, compare=request.format != "text" or bool(show))
    report = assess_costs(profile, rulebook, book, today, sample)
    facts = derive_facts(profile, report)
    informed = apply_facts(rulebook, profile, facts)
    plain, better = (decide_option(rulebook, own.levels).option.value for own in (profile, informed))
    answer = CostAnswer(report, facts, (plain, better) if profile.quantities else None, rulebook.sources)
    environment.write(render("cost", request.format, answer, environment, Look(request.color, show)))
    return ExitCode.OK
