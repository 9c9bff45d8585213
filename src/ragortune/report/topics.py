"""The pages of `explain` on terms of the reports, with the numbers of the rule set."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from ragortune.engine import decide_option
from ragortune.engine.score import logistic
from ragortune.engine.what_if import UNFIRM_FACTOR
from ragortune.evidence.quantities import format_quantity
from ragortune.model import EVEN, GateKind, Rulebook, Strength
from ragortune.report.blocks import Block, Heading, Paragraph, terms
from ragortune.report.headline import NEED_NAMES, format_gate, format_share
from ragortune.support.errors import ExitCode

_HOW = (
    "Two needs are scored separately, in log-odds: retrieval and tuning. Each starts at its base rate, and each rule "
    "that fires adds or subtracts its weight. A need holds if its log-odds are above 0, i.e. its probability is above "
    "50%. Gates override the weights. The option is the pair of needs. An unknown answer fires no rule."
)
_GATE = (
    "A gate decides a need by logic, whatever the weights say: it requires the need, rules it out, or confirms that its "
    "prerequisite is met."
)
_LOGISTIC = (
    "How likely a project with these answers is to be built this way. The logistic function turns the log-odds of each "
    "need into a probability. The needs are scored separately, so the probability of an option is a product of two: for "
    "`both`, the probability of retrieval times the probability of tuning."
)
_FITTED = (
    "The base rates are those of {count} production systems drawn at random from a public database. Strengths are "
    "fitted to these and to selected published comparisons, weighted so that they do not affect the base rates. Of 100 "
    "production systems that get 84%, about 84 should therefore have been built this way: it shows what teams built and "
    "kept, not what would have been best. `docs/validation.md` compares stated with observed shares."
)
_GAIN = (
    "The value of a question is the expected gain from its answer: the expected drop in the Brier score of the "
    "probabilities, on a scale from 0 to 1. A question with an expected gain of {ask_from:g} or more is worth asking, "
    "and while the advice is not firm, one with {unfirm:.2g} or more."
)
_DEFAULT = (
    "no known answer argues for or against retrieval, and tuning is not needed: start with retrieval and add tuning "
    "only if needed; the base rates are shown with it"
)
_EXIT_CODES = {
    ExitCode.OK: "ran, nothing at or above the failure threshold",
    ExitCode.FINDINGS: "ran, findings at or above the threshold (`rules check` and `rules test` with findings too)",
    ExitCode.UNUSABLE: (
        "some input cannot be used: a flag, configuration, profile, rule set or document; everything else was judged"
    ),
    ExitCode.UNDECIDED: "nothing could be decided",
    ExitCode.INTERNAL_ERROR: "internal error",
    ExitCode.INTERRUPTED: "interrupted",
}
_QUANTITIES = (
    "Numbers for `ragortune cost`, under `quantities` in a profile. Omitted numbers have defaults, which `ragortune "
    "prices show NAME` shows and reports list as such. A number may be a mapping {low, value, high, source, evidence}."
)


def exit_code_page(_: Rulebook) -> list[Block]:
    """Return the page on exit codes."""
    codes = [(str(code.value), meaning) for code, meaning in _EXIT_CODES.items()]
    return [Heading("Exit codes"), Paragraph("The output format never changes the code."), terms(codes)]


def scale_page(book: Rulebook) -> list[Block]:
    """Return the page on scoring."""
    scale = book.scale
    weights = [(strength.replace("_", " "), scale.weight(strength)) for strength in Strength]
    starts = [(name, scale.intercept(need)) for need, name in NEED_NAMES.items()]
    return [
        Heading("How it decides"),
        Paragraph(_HOW),
        Heading("Strength of an effect", 2),
        terms(
            (name, f"log-odds {weight:.2f}; takes even odds to {format_share(logistic(weight))}")
            for name, weight in weights
        ),
        Heading("Base rates", 2),
        terms(
            (name, f"log-odds {odds:+.2f}, which is {format_share(logistic(odds))}") for name, odds in starts
        ),
        Paragraph("`ragortune explain gate` lists what decides whatever the log-odds are."),
        Heading("The options as pairs of needs", 2),
        terms((option, guide.meaning) for option, guide in book.options.items()),
    ]


def gate_page(book: Rulebook) -> list[Block]:
    """Return the page on gates and on the ceiling of needs without confirmation."""
    gates = [(rule, gate) for rule in book.rules.values() for gate in rule.gates]
    rows = [(rule.code, f"{rule.title}: {format_gate(gate)}") for rule, gate in gates]
    most = book.scale.unconfirmed
    held = f"counts as at most {format_share(logistic(most))} (log-odds {most:.2f})"
    needs = dict.fromkeys(NEED_NAMES[gate.need] for _, gate in gates if gate.gate is GateKind.CONFIRMS)
    ceilings = [Paragraph(f"Until it is confirmed, the need for {need} {held}.") for need in needs]
    return [Heading("Gate"), Paragraph(_GATE), terms(rows), *ceilings]


def probability_page(book: Rulebook) -> list[Block]:
    """Return the page on probabilities."""
    fitted = [Paragraph(_FITTED.format(count=book.fitted))] if book.fitted else []
    shares = decide_option(book, {}).probability
    return [
        Heading("Probability"),
        Paragraph(_LOGISTIC),
        *fitted,
        Heading("With nothing known", 2),
        terms((option, format_share(share)) for option, share in shares.items()),
    ]


def firm_page(book: Rulebook) -> list[Block]:
    """Return the page on firm, settled and undecided advice."""
    limit = format_share(book.scale.firm_from)
    meanings = [
        ("settled", "proved: no complete or partial answer to the open questions can change the advice"),
        ("firm", f"the advice is settled, or its probability is {limit} or more"),
        ("not firm", f"its probability is below {limit}, and open questions can still change it"),
        ("too little", f"no option reaches {format_share(EVEN)}, or the default applies"),
        ("default", _DEFAULT),
    ]
    gain = _GAIN.format(ask_from=book.scale.ask_from, unfirm=book.scale.ask_from / UNFIRM_FACTOR)
    return [Heading("How firm"), terms(meanings), Heading("What to find out", 2), Paragraph(gain)]


def quantities_page(book: Rulebook, names: Iterable[str] = ()) -> list[Block]:
    """Return the page on these quantities of a profile, or on all."""
    rows = [(name, format_quantity(book.quantities[name])) for name in names or book.quantities]
    return [Heading("Quantities"), Paragraph(_QUANTITIES), terms(rows)]


TOPICS: Mapping[str, Callable[[Rulebook], list[Block]]] = {
    "scale": scale_page,
    "probability": probability_page,
    "firm": firm_page,
    "settled": firm_page,
    "need": scale_page,
    "gate": gate_page,
    "exit-codes": exit_code_page,
    "quantities": quantities_page,
}
"""Builders of pages by topic."""
