"""Pages on what the words of a report mean, with the numbers of the rule set that judges."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ragortune.engine import decide_option
from ragortune.engine.score import logistic
from ragortune.evidence.quantities import word_quantity
from ragortune.model import EVEN, GateKind, Rulebook, Sample, Strength
from ragortune.report.blocks import Block
from ragortune.report.headline import NEED_NAMES, word_share
from ragortune.report.outlook import GATE_WORDS
from ragortune.support.errors import ExitCode

_HOW = (
    "Two needs are scored apart, in log-odds: must something be retrieved, and must something be trained. Each starts "
    "from its base rate, and each rule that fires adds its weight or takes it away. A need holds where its log-odds are "
    "above 0, which is a probability above 50%. Gates decide whatever the weights say. The pair of needs is the option. "
    "An unknown answer fires nothing."
)
_LOGISTIC = (
    "How likely a project that answers like this is to be built so. The logistic function turns the log-odds of each "
    "need into a probability. The needs are scored apart, so the probability of an option is the product of two: that "
    "of `both`, for instance, is the chance that something is retrieved times the chance that something is trained."
)
_FITTED = (
    "The base rates are those of {count} production systems that were drawn at random from a public database. Strengths "
    "are fitted to these and to published comparisons that were sought out, which are weighted so that they leave the "
    "base rates alone. So of 100 production systems that get 84%, about 84 should have been built so: it is what teams "
    "built and kept, not a measurement of what would have been best. `ragortune rules test` holds stated against "
    "observed shares."
)
_GAIN = (
    "A question is worth what its answer is expected to gain: the expected drop of the Brier score of the probabilities, "
    "on a scale from 0 to 1. A question that is expected to gain {ask_from:g} or more is worth asking."
)
_DEFAULT = (
    "nothing known speaks for or against retrieval, and tuning is not needed: start with retrieval, add tuning only when "
    "needed; the base rates stand beside it"
)
_EXIT_CODES = {
    ExitCode.OK: "ran, nothing at or above the limit for failing",
    ExitCode.FINDINGS: "ran, findings at or above the limit (`rules check` and `rules test` with findings too)",
    ExitCode.UNUSABLE: (
        "some input cannot be used: a flag, configuration, profile, rule set or document; what could be judged "
        "beside it was judged"
    ),
    ExitCode.UNDECIDED: "nothing could be decided",
    ExitCode.INTERNAL_ERROR: "internal error",
    ExitCode.INTERRUPTED: "interrupted",
}


def exit_code_page(_: Rulebook) -> list[Block]:
    """Return the page on exit codes."""
    blocks: list[Block] = [("heading", "Exit codes"), ("text", "The output format never changes the code.")]
    blocks += [("term", f"{code.value}\t{meaning}") for code, meaning in _EXIT_CODES.items()]
    return blocks


_QUANTITIES = (
    "Numbers for `ragortune cost`, under `quantities` in a profile. What is left out has a default, which `ragortune "
    "prices show NAME` shows, and is listed as such. A number may be a mapping {low, value, high, source, evidence}."
)


def scale_page(book: Rulebook) -> list[Block]:
    """Return the page on how log-odds become advice."""
    scale = book.scale
    blocks: list[Block] = [
        ("heading", "How it decides"),
        ("text", _HOW),
        ("subheading", "Strength of an effect"),
    ]
    for strength in Strength:
        weight = scale.weight(strength)
        taken = f"takes even odds to {word_share(logistic(weight))}"
        blocks.append(("term", f"{word_strength(strength)}\tlog-odds {weight:.2f}; {taken}"))
    blocks.append(("subheading", "Base rates"))
    for need, name in NEED_NAMES.items():
        start = scale.intercept(need)
        blocks.append(("term", f"{name}\tlog-odds {start:+.2f}, which is {word_share(logistic(start))}"))
    return blocks + _list_gates(book)


def _list_gates(book: Rulebook) -> list[Block]:
    """Return what each gate of the rule set does, and what counts of a need that nothing confirms."""
    gates = [(rule, gate) for rule in book.rules.values() for gate in rule.gates]
    blocks: list[Block] = [("subheading", "Gates")] if gates else []
    for rule, gate in gates:
        blocks.append(
            ("term", f"{rule.code}\t{rule.title}: {GATE_WORDS[gate.gate].format(NEED_NAMES[gate.need])}")
        )
    most = book.scale.unconfirmed
    for need in dict.fromkeys(gate.need for _, gate in gates if gate.gate is GateKind.CONFIRMS):
        held = f"counts as at most {word_share(logistic(most))} (log-odds {most:.2f})"
        blocks.append(("text", f"Until it is confirmed, the need for {NEED_NAMES[need]} {held}."))
    return blocks


def probability_page(book: Rulebook) -> list[Block]:
    """Return the page on what a probability means, and what it is computed from."""
    blocks: list[Block] = [("heading", "Probability"), ("text", _LOGISTIC)]
    count = sum(case.sample is Sample.FIELD for case in book.cases)
    if count:
        blocks.append(("text", _FITTED.format(count=count)))
    blocks.append(("subheading", "With nothing known"))
    shares = decide_option(book, {}).probability
    blocks += [("term", f"{option}\t{word_share(share)}") for option, share in shares.items()]
    return blocks


def firm_page(book: Rulebook) -> list[Block]:
    """Return the page on when advice is firm, settled, or rests on too little."""
    limit = word_share(book.scale.firm_from)
    return [
        ("heading", "How firm"),
        (
            "term",
            "settled\tproved: no way to answer what is still open, not even partly, can change the advice",
        ),
        ("term", f"firm\tthe advice is settled, or its probability is {limit} or more"),
        ("term", f"not firm\tits probability is below {limit}, and open answers can still change it"),
        ("term", f"too little\tno option reaches {word_share(EVEN)}, or the default applies"),
        ("term", f"default\t{_DEFAULT}"),
        ("subheading", "What to find out"),
        ("text", _GAIN.format(ask_from=book.scale.ask_from)),
    ]


def quantities_page(book: Rulebook) -> list[Block]:
    """Return the page on the numbers that stand under `quantities` in a profile."""
    return [
        ("heading", "Quantities"),
        ("text", _QUANTITIES),
        *(("term", f"{kind.id}\t{word_quantity(kind)}") for kind in book.quantities.values()),
    ]


def word_strength(strength: Strength) -> str:
    """Return the word for a strength as a reader says it."""
    return strength.replace("_", " ")


TOPICS: Mapping[str, Callable[[Rulebook], list[Block]]] = {
    "scale": scale_page,
    "probability": probability_page,
    "firm": firm_page,
    "exit-codes": exit_code_page,
    "quantities": quantities_page,
}
"""Pages by name, each written from the rule set."""
