"""A recommendation as an architecture decision record in the form of MADR 4 (https://adr.github.io/madr/).

Drivers are the answers that moved a need, pros and cons come from the rules, the confirmation is `ragortune check`, and
the flips tell when to revisit the decision.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from ragortune.casebook import NearCase
from ragortune.engine.score import speaks_against
from ragortune.evidence.profile import describe_answer
from ragortune.model import OPTION_NAMES, Comparison, GateKind, Need, Option, Recommendation, RuleHit
from ragortune.model.options import has_need
from ragortune.report.blocks import Block, Code, Heading, Inline, Item, Items, Span, Style, bullets, section
from ragortune.report.comparison import describe_changes
from ragortune.report.headline import (
    describe_firmness,
    describe_probability,
    format_probability,
    format_verdict,
)
from ragortune.report.outlook import describe_flips
from ragortune.support.text import join_words

_OWNER = "operations.owner"
_MAX_REASONS = 3
_MAX_ARGUMENTS = 6
_MAX_QUESTIONS = 3


def name_decision(recommendation: Recommendation) -> str:
    """Return the title of the record: the decision and the project."""
    project = recommendation.profile.project or "this project"
    return f"Use {OPTION_NAMES[recommendation.option]} for {project}"


def build_decision_record(
    advice: Recommendation, cases: Iterable[NearCase], command: str, against: Comparison | None = None
) -> list[Block]:
    """Return the record without its front matter: the sections of MADR 4 in their order.

    `advice` holds what could change it, `cases` are the published projects nearest to this one, `command` checks the
    record, and `against` are the changes since the advice that the record amends.
    """
    profile, options = advice.profile, advice.rulebook.options
    context: list[Block | Inline] = [text for text in (profile.description, profile.notes) if text]
    context.append(f"Which of the options below fits {profile.project or 'this project'}?")
    if against:
        amends = ("This record amends the advice of ", Span(against.earlier, Style.NAME), ". Since then:")
        context += [amends, bullets(describe_changes(against, advice.rulebook))]
    drivers = tuple(_list_drivers(advice)) or (Item("no known answer favours an option"),)
    return [
        Heading(name_decision(advice)),
        *section("Context and Problem Statement", *context),
        *section("Decision Drivers", Items(drivers)),
        *section("Considered Options", bullets(guide.title for guide in options.values())),
        *_decide(advice),
        *section(
            "Confirmation",
            "In CI, whenever this record or the facts in it change:",
            Code((command,), "sh"),
            "It fails when the facts in the front matter no longer lead to this decision, and when a sentence that "
            "they quote is gone.",
            f"Before release: beat {options[advice.option].baseline}, on {options[advice.option].test_set}.",
            level=3,
        ),
        Heading("Pros and Cons of the Options", 2),
        *(block for option in options for block in _weigh(advice, option)),
        *_refer(advice, cases),
    ]


# --- decision -----------------------------------------------------------------------------------------------------


def _list_drivers(advice: Recommendation) -> Iterator[Item]:
    """Yield the answers that moved a need with their evidence, those of the strongest rules first."""
    for name in dict.fromkeys(name for hit in (*advice.gates, *advice.reasons) for name in hit.answers):
        criterion = advice.rulebook.readable[name]
        shown = describe_answer(advice.profile, criterion)
        means = "; ".join(criterion.level(level).means for level in advice.profile.levels[name])
        more = "" if means == shown else f": {means}"
        text = (Span(name, Style.NAME), f" is {shown}{more}")
        answer = advice.profile.answers.get(name)
        dated = f" ({answer.as_of})" if answer and answer.as_of else ""
        yield Item(text, (f"{answer.evidence}{dated}",) if answer and answer.evidence else ())


def _decide(advice: Recommendation) -> Iterator[Block]:
    guide = advice.rulebook.options[advice.option]
    pros, cons = _argue(advice, advice.option)
    because = "; ".join(map(_as_clause, pros[:_MAX_REASONS])) or "nothing that is known speaks for more"
    doubt = f"{format_verdict(advice)}. " if advice.too_little_known else ""
    shown = format_probability(advice.rulebook, advice.probability[advice.option])
    shown = f"Probability {shown}." if advice.rulebook.fitted else ""
    probability = f"{doubt}{shown}{describe_probability(advice)}".strip()
    yield from section(
        "Decision Outcome",
        f'Chosen option: "{guide.title}", because {because}.',
        f"{guide.meaning} First step: {_as_clause(advice.first_step[0])}.",
        f"{probability} The advice is {describe_firmness(advice)}.",
    )
    ownerless = has_need(advice.option, Need.FINE_TUNING) and _OWNER not in advice.profile.levels
    consequences = [
        *(f"Good, because {text}" for text in guide.gains),
        *(f"Bad, because {text}" for text in guide.costs),
        *(["Bad, because no owner is named yet who keeps the model current"] if ownerless else []),
        *(f"Bad, because {_as_clause(text)}" for text in cons[:_MAX_REASONS]),
        *(
            f"Neutral, because {_as_clause(hit.rule.title)}: {_as_clause(hit.rule.remedy)}"
            for hit in advice.notices
        ),
    ]
    yield from section("Consequences", bullets(consequences), level=3)


# --- pros and cons ------------------------------------------------------------------------------------------------


def _weigh(advice: Recommendation, option: Option) -> Iterator[Block]:
    guide = advice.rulebook.options[option]
    share = format_probability(advice.rulebook, advice.probability[option])
    pros, cons = _argue(advice, option)
    arguments = [
        *(f"Good, because {_as_clause(text)}" for text in pros[:_MAX_ARGUMENTS]),
        *(f"Bad, because {_as_clause(text)}" for text in cons[:_MAX_ARGUMENTS]),
    ] or ["Neutral, because no known answer speaks for or against it"]
    meaning = f"{guide.meaning} Probability here: {share}."
    yield from section(guide.title, meaning, bullets(arguments), level=3)


def _argue(advice: Recommendation, option: Option) -> tuple[list[str], list[str]]:
    """Return the arguments for and against an option: gates first, then the strongest reasons.

    An option with one need is argued by that need alone, the others by both. A rule speaks once: its gate decides for
    which side, or else its effects. It is left out where they speak on both sides, as for `both` a lack of money for
    training does, which is a reason for retrieval and one against tuning.
    """
    argued = [need for need in Need if has_need(option, need)] or list(Need)
    support: dict[str, float] = {}
    for gate in advice.gates:
        if gate.need in argued and gate.gate is not GateKind.CONFIRMS:
            meets = has_need(option, gate.need) is (gate.gate is GateKind.REQUIRES)
            argument = _describe_hit(advice, gate)
            support[argument] = min(support.get(argument, math.inf), math.inf if meets else -math.inf)
    reasons = [(reason, speaks_against(reason, option)) for reason in advice.reasons if reason.need in argued]
    against, supporting = (
        {reason.rule.id for reason, side in reasons if side is own} for own in (True, False)
    )
    for reason, is_against in reasons:
        if reason.rule.id not in against & supporting:
            argument = _describe_hit(advice, reason)
            support[argument] = support.get(argument, 0) + (-reason.weight if is_against else reason.weight)
    strongest = sorted(support, key=lambda argument: -abs(support[argument]))
    pros = [argument for argument in strongest if support[argument] > 0]
    return pros, [argument for argument in strongest if support[argument] < 0]


def _describe_hit(advice: Recommendation, hit: RuleHit) -> str:
    readable = advice.rulebook.readable
    answers = (f"{name}: {describe_answer(advice.profile, readable[name])}" for name in hit.answers)
    return f"{hit.rule.title} ({', '.join(answers)})"


# --- more ---------------------------------------------------------------------------------------------------------


def _refer(advice: Recommendation, cases: Iterable[NearCase]) -> Iterator[Block]:
    book = advice.rulebook
    judged = f"Rule set {book.name} {book.version}, {book.digest[:19]}."
    exits = bullets(_list_exits(advice))
    yield from section("More Information", "Revisit this decision when:", exits, judged)
    rules = [*(hit.rule for hit in advice.gates), *(hit.rule for hit in advice.reasons)]
    named = dict.fromkeys(found.source for rule in rules[:_MAX_ARGUMENTS] for found in rule.sources[:1])
    projects = (
        Item(f"{near.case.title}: {near.case.outcome} ({near.verdict})", address=near.case.address)
        for near in cases
    )
    sources = (book.sources[name] for name in named)
    cited = (*projects, *(Item(source.title, address=source.address) for source in sources))
    yield from section("References", Items(cited), level=3)


def _list_exits(advice: Recommendation) -> Iterator[Inline]:
    for option, change in describe_flips(advice):
        yield f"{change}, which would give {option}"
    for question in (advice.unknowns or ())[:_MAX_QUESTIONS]:
        if question.alone:
            gives = join_words(question.could_give, "or")
            yield (Span(question.criterion, Style.NAME), f" becomes known, which could give {gives}")
    yield advice.rulebook.options[advice.option].look_again.removeprefix("Look again when ")


def _as_clause(text: str) -> str:
    """Return a sentence as a clause: first letter in lower case unless it begins an abbreviation, no full stop."""
    first = text.split(" ", 1)[0]
    abbreviated = len(first) > 1 and first.isupper()
    return (text if abbreviated else text[:1].lower() + text[1:]).rstrip(".")
