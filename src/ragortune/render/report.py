"""A recommendation in sentences, without any format: what the text and Markdown reports both print."""

from __future__ import annotations

from collections.abc import Mapping

from ragortune.casebook import NearCase
from ragortune.model import (
    Direction,
    Firmness,
    GateKind,
    Need,
    NoticeKind,
    Option,
    Quality,
    Recommendation,
    Refusal,
    Rule,
    RuleHit,
    has_need,
)
from ragortune.plaintext import clean_text, join_words
from ragortune.profile import describe_answer
from ragortune.record import Record
from ragortune.render.outlook import NEED_NAMES, Outlook, build_outlook

OPTION_NAMES: Mapping[Option, str] = {
    Option.RAG: "retrieval",
    Option.FINE_TUNING: "fine-tuning",
    Option.BOTH: "retrieval and fine-tuning",
    Option.NEITHER: "neither yet; prompting, context or tools first",
}
_NOTICE_NAMES: Mapping[NoticeKind, str] = {
    NoticeKind.CONTRADICTION: "Contradiction",
    NoticeKind.DISPUTED: "Disputed",
    NoticeKind.CAUTION: "Caution",
}
_MOST_STEPS = 3
_STRENGTH_OF_SOURCE = tuple(Quality)


class ReasonLine(Record):
    """One reason as a line: how much, which rule, which answer, on what evidence."""

    weight: float
    """Signed."""
    code: str
    text: str
    answers: str
    sources: tuple[int, ...]
    """Numbers in the list of sources."""


class NeedPart(Record):
    """One need with everything that speaks for and against it."""

    name: str
    needed: bool
    verdict: str
    """One sentence: whether it holds, and the score."""
    total_for: float
    total_against: float
    reasons: tuple[ReasonLine, ...]


class Remark(Record):
    """A gate, a notice or a step, with the rule behind it."""

    kind: str
    code: str
    text: str
    more: str = ""
    answers: str = ""
    sources: tuple[int, ...] = ()


class CaseLine(Record):
    """A published project as it is shown."""

    agrees: bool
    heading: str
    shared: str
    measured: str
    address: str


class Report(Record):
    """A recommendation, ready to be laid out."""

    title: str
    option: Option
    verdict: str
    firmness: str
    meaning: str
    needs: tuple[NeedPart, ...]
    gates: tuple[Remark, ...]
    notices: tuple[Remark, ...]
    steps: tuple[Remark, ...]
    proof: tuple[tuple[str, str], ...]
    look_again: tuple[str, ...]
    cases: tuple[CaseLine, ...]
    sources: tuple[tuple[str, str], ...]
    """Title and address; the first has the number 1."""
    unanswered: tuple[tuple[str, tuple[str, ...]], ...]
    """Names of unanswered criteria by group."""
    answered: int
    total: int
    rulebook: str
    outlook: Outlook | None = None
    """What could change the advice, where that was asked for."""


class _Sources:
    """Numbers sources in the order in which they are first named."""

    def __init__(self, recommendation: Recommendation) -> None:
        self._known = recommendation.rulebook.sources
        self._numbers: dict[str, int] = {}

    def number_of(self, rule: Rule) -> tuple[int, ...]:
        """Return the number of the rule's strongest source."""
        if not rule.sources:
            return ()
        strongest = min(
            rule.sources, key=lambda found: _STRENGTH_OF_SOURCE.index(self._known[found.source].quality)
        )
        return (self._numbers.setdefault(strongest.source, len(self._numbers) + 1),)

    def listed(self) -> tuple[tuple[str, str], ...]:
        return tuple((self._known[source].title, self._known[source].address) for source in self._numbers)


def build_report(
    recommendation: Recommendation, cases: tuple[NearCase, ...], refusal: Refusal | None = None
) -> Report:
    """Return the sentences of a recommendation. Text from the profile is made harmless here."""
    book = recommendation.rulebook
    guide = book.options[recommendation.option]
    sources = _Sources(recommendation)
    needs = tuple(_need_part(recommendation, need, sources) for need in Need)
    gates = tuple(
        Remark(
            _word_gate(hit.gate, hit.need),
            hit.rule.code,
            hit.rule.title,
            hit.rule.because,
            _show_answers(recommendation, hit.answers),
            sources.number_of(hit.rule),
        )
        for hit in recommendation.gates
        if hit.gate is not GateKind.NOT_ALONE or hit.rule.id in _decisive(recommendation)
    )
    notices = tuple(
        Remark(
            _NOTICE_NAMES[hit.rule.notice or NoticeKind.CAUTION],
            hit.rule.code,
            hit.rule.title,
            hit.rule.remedy,
            _show_answers(recommendation, hit.answers),
            sources.number_of(hit.rule),
        )
        for hit in recommendation.notices
    )
    techniques = recommendation.techniques[:_MOST_STEPS]
    steps = tuple(
        Remark("", hit.rule.code, hit.rule.technique.begin_with, "", "", sources.number_of(hit.rule))
        for hit in techniques
        if hit.rule.technique
    )
    return Report(
        title=clean_text(recommendation.profile.project or "Untitled project"),
        option=recommendation.option,
        verdict=f"{recommendation.option}: {OPTION_NAMES[recommendation.option]}",
        firmness=word_firmness(recommendation),
        meaning=guide.meaning,
        needs=needs,
        gates=gates,
        notices=notices,
        steps=steps or (Remark("", "", guide.first),),
        proof=_prove(recommendation, techniques),
        look_again=_look_again(recommendation, techniques),
        cases=tuple(_case_line(recommendation, near) for near in cases),
        sources=sources.listed(),
        unanswered=_group_names(recommendation.unanswered),
        answered=len(book.criteria) - len(recommendation.unanswered),
        total=len(book.criteria),
        rulebook=f"{book.name} {book.version}, {book.digest[:19]}",
        outlook=build_outlook(recommendation, refusal),
    )


def word_firmness(recommendation: Recommendation) -> str:
    """Return how firm the advice is, in one sentence."""
    runner_up = recommendation.runner_up
    if recommendation.firmness is Firmness.DEFAULT:
        return "the default, not a finding: nothing known speaks for or against retrieval, or for tuning"
    tied = [NEED_NAMES[need] for need, state in recommendation.needs.items() if state.tied]
    if tied:
        return (
            f"a tie: the need for {join_words(tied)} stands exactly on its threshold; the stated order decided, "
            f"and {runner_up} is as near"
        )
    if recommendation.margin is None:
        return f"firm: gates decide both needs; without them the next would be {runner_up}"
    words = {Firmness.FIRM: "firm", Firmness.MODERATE: "moderate", Firmness.NARROW: "narrow"}
    need = _nearer_need(recommendation)
    return (
        f"{words[recommendation.firmness]}: the nearer need ({NEED_NAMES[need]}) is {recommendation.margin:g} "
        f"from its threshold; beyond it lies {runner_up}"
    )


def _nearer_need(recommendation: Recommendation) -> Need:
    differs = has_need(recommendation.option, Need.RAG) != has_need(recommendation.runner_up, Need.RAG)
    return Need.RAG if differs else Need.FINE_TUNING


def _need_part(recommendation: Recommendation, need: Need, sources: _Sources) -> NeedPart:
    state = recommendation.needs[need]
    lines = [
        ReasonLine(
            reason.weight if reason.effect is Direction.FOR else -reason.weight,
            reason.rule.code,
            reason.rule.title,
            _show_answers(recommendation, reason.answers),
            sources.number_of(reason.rule),
        )
        for reason in recommendation.reasons
        if reason.need is need
    ]
    lines.sort(
        key=lambda line: (-line.weight, line.code) if line.weight > 0 else (100 - line.weight, line.code)
    )
    lines.sort(key=lambda line: line.weight < 0)
    score = f"score {state.score:+g}, needed above {state.threshold:g}"
    if state.blocked_by:
        verdict = f"ruled out ({score})"
    elif state.required_by:
        verdict = f"required ({score})"
    elif not lines:
        verdict = f"open: nothing known speaks for or against it ({score})"
    else:
        verdict = f"{'needed' if state.needed else 'not needed'} ({score})"
    return NeedPart(
        NEED_NAMES[need],
        state.needed,
        verdict,
        sum(line.weight for line in lines if line.weight > 0),
        -sum(line.weight for line in lines if line.weight < 0),
        tuple(lines),
    )


def _decisive(recommendation: Recommendation) -> set[str]:
    return {
        rule for state in recommendation.needs.values() for rule in (*state.blocked_by, *state.required_by)
    }


def _word_gate(gate: GateKind, need: Need) -> str:
    name = NEED_NAMES[need].capitalize()
    if gate is GateKind.RULES_OUT:
        return f"{name} is ruled out"
    if gate is GateKind.REQUIRES:
        return f"{name} is required"
    return f"{name} alone is not enough"


def _show_answers(recommendation: Recommendation, answers: Mapping[str, tuple[str, ...]]) -> str:
    criteria = recommendation.rulebook.readable
    shown = [
        f"{criteria[name].name.replace('_', ' ')}: {describe_answer(recommendation.profile, criteria[name])}"
        for name in answers
    ]
    return ", ".join(shown)


def _prove(recommendation: Recommendation, techniques: tuple[RuleHit, ...]) -> tuple[tuple[str, str], ...]:
    book = recommendation.rulebook
    guide = book.options[recommendation.option]
    baseline = next(
        (
            hit.rule.technique.baseline
            for hit in techniques
            if hit.rule.technique and hit.rule.technique.baseline
        ),
        guide.baseline,
    )
    proof = [("Beat", baseline)]
    for name, levels in recommendation.profile.levels.items():
        if len(levels) == 1 and (measure := book.readable[name].level(levels[0]).measure):
            proof.append(("Measure", measure))
    proof.append(("On", guide.test_set))
    return tuple(proof)


def _look_again(recommendation: Recommendation, techniques: tuple[RuleHit, ...]) -> tuple[str, ...]:
    guide = recommendation.rulebook.options[recommendation.option]
    own = [f"{hit.rule.code}: {hit.rule.technique.look_again}" for hit in techniques if hit.rule.technique]
    return (guide.look_again, *own)


def _case_line(recommendation: Recommendation, near: NearCase) -> CaseLine:
    case = near.case
    criteria = recommendation.rulebook.criteria
    same = [f"{criteria[name].name} {'/'.join(recommendation.profile.levels[name])}" for name in near.shared]
    shared = f"shares {len(near.shared)}: {', '.join(same)}"
    if near.differing:
        shared += f"; differs in {join_words(criteria[name].name for name in near.differing)}"
    year = f" ({case.year})" if case.year else ""
    heading = f"{case.title}{year}: {case.outcome}, {case.evidence}"
    return CaseLine(near.agrees, heading, shared, case.measured, case.address)


def _group_names(names: tuple[str, ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    groups: dict[str, list[str]] = {}
    for name in names:
        group, _, rest = name.partition(".")
        groups.setdefault(group, []).append(rest)
    return tuple((group, tuple(rest)) for group, rest in groups.items())
