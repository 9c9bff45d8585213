"""A recommendation as an architecture decision record in the form of MADR 4 (https://adr.github.io/madr/).

Drivers are the answers that moved a need, pros and cons what the rules say for and against each option, the confirmation
is the check itself, and what would change the advice says when to look again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from ragortune.casebook import NearCase
from ragortune.engine.score import speaks_against
from ragortune.evidence.profile import describe_answer
from ragortune.model import (
    OPTION_NAMES,
    Answer,
    Comparison,
    GateHit,
    GateKind,
    Need,
    Option,
    Reason,
    Recommendation,
    RuleHit,
)
from ragortune.model.options import has_need
from ragortune.report.blocks import Block, Code, Heading, Inline, Item, Items, Span, Style, bullets, section
from ragortune.report.comparison import describe_changes
from ragortune.report.headline import describe_firmness, describe_probability, format_probability
from ragortune.report.outlook import describe_flips
from ragortune.support.text import join_words

_OWNER = "operations.owner"
_MOST_REASONS = 3
_MOST_ARGUMENTS = 6
_MOST_QUESTIONS = 3


def name_decision(recommendation: Recommendation) -> str:
    """Return the title of the record: what is decided, for which project."""
    project = recommendation.profile.project or "this project"
    return f"Use {OPTION_NAMES[recommendation.option]} for {project}"


def build_decision_record(
    recommendation: Recommendation, cases: Iterable[NearCase], path: str, against: Comparison | None = None
) -> list[Block]:
    """Return the record that is kept under a path, without its front matter.

    Args:
        recommendation: the advice, with what could change it.
        cases: published projects most like this one.
        path: where the record is kept, for the command that checks it.
        against: what has changed since the advice that the record amends.

    """
    return list(_Record(recommendation).build(tuple(cases), path, against))


class _Record:
    """One recommendation, and what speaks for and against each option."""

    def __init__(self, recommendation: Recommendation) -> None:
        self._advice = recommendation
        self._book = recommendation.rulebook
        self._guide = self._book.options[recommendation.option]

    def build(self, cases: tuple[NearCase, ...], path: str, against: Comparison | None) -> Iterator[Block]:
        """Yield the sections of MADR 4 in their order."""
        yield Heading(name_decision(self._advice))
        profile = self._advice.profile
        context: list[Block | Inline] = [text for text in (profile.description, profile.notes) if text]
        context.append(f"Which of the options below fits {profile.project or 'this project'}?")
        if against:
            amends = ("This record amends the advice of ", Span(against.earlier, Style.NAME), ". Since then:")
            context += [amends, bullets(describe_changes(against))]
        yield from section("Context and Problem Statement", *context)
        drivers = tuple(self._list_drivers()) or (Item("no answer that speaks for an option is known"),)
        yield from section("Decision Drivers", Items(drivers))
        yield from section("Considered Options", bullets(own.title for own in self._book.options.values()))
        yield from self._decide()
        yield from self._confirm(path)
        yield Heading("Pros and Cons of the Options", 2)
        for option in self._book.options:
            yield from self._weigh(option)
        yield from self._refer(cases)

    # --- what is decided ------------------------------------------------------------------------------------------

    def _list_drivers(self) -> Iterator[Item]:
        """Yield the answers that moved a need, those of the strongest rules first, with what supports each."""
        hits: Iterable[RuleHit] = chain(self._advice.gates, self._advice.reasons)
        for name in dict.fromkeys(name for hit in hits for name in hit.answers):
            criterion = self._book.readable[name]
            shown = describe_answer(self._advice.profile, criterion)
            means = "; ".join(criterion.level(level).means for level in self._advice.profile.levels[name])
            more = "" if means == shown else f": {means}"
            text = (Span(name, Style.NAME), f" is {shown}{more}")
            yield Item(text, tuple(_cite(self._advice.profile.answers.get(name))))

    def _decide(self) -> Iterator[Block]:
        pros, cons = self._argue(self._advice.option)
        because = (
            "; ".join(_lower(text) for text in pros[:_MOST_REASONS])
            or "nothing that is known speaks for more"
        )
        tuned = has_need(self._advice.option, Need.FINE_TUNING)
        ownerless = tuned and _OWNER not in self._advice.profile.levels
        shown = format_probability(self._book, self._advice.probability[self._advice.option])
        told = f"Probability {shown}.{describe_probability(self._advice)}"
        yield from section(
            "Decision Outcome",
            f'Chosen option: "{self._guide.title}", because {because}.',
            f"{self._guide.meaning} First step: {_lower(self._advice.first_step[0])}.",
            f"{told} The advice is {describe_firmness(self._advice)}.",
        )
        consequences = [
            *(f"Good, because {text}" for text in self._guide.gains),
            *(f"Bad, because {text}" for text in self._guide.costs),
            *(["Bad, because no owner is named yet who keeps the model current"] if ownerless else []),
            *(f"Bad, because {_lower(text)}" for text in cons[:_MOST_REASONS]),
            *(
                f"Neutral, because {_lower(hit.rule.title)}: {_lower(hit.rule.remedy)}"
                for hit in self._advice.notices
            ),
        ]
        yield from section("Consequences", bullets(consequences), level=3)

    def _confirm(self, path: str) -> Iterator[Block]:
        yield from section(
            "Confirmation",
            "In CI, whenever this record or the facts in it change:",
            Code((f"ragortune check {path}",), "sh"),
            "It fails when the facts in the front matter no longer lead to this decision, and when a sentence that "
            "they quote is gone.",
            f"Before release: beat {self._guide.baseline}, on {self._guide.test_set}.",
            level=3,
        )

    # --- pros and cons --------------------------------------------------------------------------------------------

    def _weigh(self, option: Option) -> Iterator[Block]:
        guide = self._book.options[option]
        share = format_probability(self._book, self._advice.probability[option])
        pros, cons = self._argue(option)
        arguments = [
            *(f"Good, because {_lower(text)}" for text in pros[:_MOST_ARGUMENTS]),
            *(f"Bad, because {_lower(text)}" for text in cons[:_MOST_ARGUMENTS]),
        ] or ["Neutral, because nothing that is known speaks for it or against it"]
        told = f"{guide.meaning} Probability here: {share}."
        yield from section(guide.title, told, bullets(arguments), level=3)

    def _argue(self, option: Option) -> tuple[list[str], list[str]]:
        """Return what speaks for an option and what against it: gates first, then the strongest reasons.

        Of an option with one need only this need is argued; of the one with neither, both.
        """
        argued = [need for need in Need if has_need(option, need)] or list(Need)
        pros: list[str] = []
        cons: list[str] = []
        for gate in self._advice.gates:
            if gate.need in argued and gate.gate is not GateKind.CONFIRMS:
                meets = has_need(option, gate.need) is (gate.gate is GateKind.REQUIRES)
                (pros if meets else cons).append(self._word(gate))
        for reason in self._advice.reasons:
            if reason.need in argued:
                (cons if speaks_against(reason, option) else pros).append(self._word(reason))
        return list(dict.fromkeys(pros)), list(dict.fromkeys(cons))

    def _word(self, hit: Reason | GateHit) -> str:
        readable = self._book.readable
        answers = (f"{name}: {describe_answer(self._advice.profile, readable[name])}" for name in hit.answers)
        return f"{hit.rule.title} ({', '.join(answers)})"

    # --- more -----------------------------------------------------------------------------------------------------

    def _refer(self, cases: tuple[NearCase, ...]) -> Iterator[Block]:
        judged = f"Rule set {self._book.name} {self._book.version}, {self._book.digest[:19]}."
        exits = bullets(self._list_exits())
        yield from section("More Information", "Revisit this decision when:", exits, judged)
        rules = [*(hit.rule for hit in self._advice.gates), *(hit.rule for hit in self._advice.reasons)]
        named = dict.fromkeys(found.source for rule in rules[:_MOST_ARGUMENTS] for found in rule.sources[:1])
        projects = (
            Item(f"{near.case.title}: {near.case.outcome} ({near.verdict})", address=near.case.address)
            for near in cases
        )
        sources = (self._book.sources[name] for name in named)
        cited = (*projects, *(Item(source.title, address=source.address) for source in sources))
        yield from section("References", Items(cited), level=3)

    def _list_exits(self) -> Iterator[Inline]:
        for option, change in describe_flips(self._advice):
            yield f"{change}, which would give {option}"
        for question in (self._advice.unknowns or ())[:_MOST_QUESTIONS]:
            if question.alone:
                gives = join_words(question.could_give, "or")
                yield (Span(question.criterion, Style.NAME), f" becomes known, which could give {gives}")
        yield self._guide.look_again.removeprefix("Look again when ")


def _cite(answer: Answer | None) -> Iterator[Inline]:
    if answer is not None and answer.evidence:
        dated = f" ({answer.as_of})" if answer.as_of else ""
        yield f"{answer.evidence}{dated}"


def _lower(text: str) -> str:
    """Return a sentence to go on with: its first letter small unless it begins an abbreviation, no full stop."""
    first = text.split(" ", 1)[0]
    abbreviated = len(first) > 1 and first.isupper()
    return (text if abbreviated else text[:1].lower() + text[1:]).rstrip(".")
