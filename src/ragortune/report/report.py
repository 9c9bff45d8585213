"""A recommendation in sentences, without any format: what the text and Markdown reports both print."""

from __future__ import annotations

from collections.abc import Mapping

from ragortune.casebook import NearCase
from ragortune.engine.score import logistic
from ragortune.evidence.profile import describe_answer, join_levels
from ragortune.model import (
    Direction,
    GateHit,
    GateKind,
    Need,
    NeedState,
    NoticeKind,
    Quality,
    Recommendation,
    Refusal,
    Rule,
    RuleHit,
    Sample,
)
from ragortune.report.headline import NEED_NAMES, Headline, build_headline, format_share
from ragortune.report.outlook import Outlook, build_outlook
from ragortune.support.record import Record
from ragortune.support.text import clean_text, join_words

_NOTICE_NAMES: Mapping[NoticeKind, str] = {
    NoticeKind.CONTRADICTION: "Contradiction",
    NoticeKind.DISPUTED: "Disputed",
    NoticeKind.CAUTION: "Caution",
}
_GATE_NAMES: Mapping[GateKind, str] = {
    GateKind.RULES_OUT: "is ruled out",
    GateKind.REQUIRES: "is required",
    GateKind.CONFIRMS: "is confirmed",
}
_SAMPLE_NAMES: Mapping[Sample, str] = {
    Sample.FIELD: "field sample",
    Sample.SELECTED: "selected",
}
_MOST_STEPS = 3
_STRENGTH_OF_SOURCE = tuple(Quality)


class ReasonLine(Record, frozen=True):
    """One reason as a line: how much, which rule, which answer, on what evidence."""

    weight: float
    """Signed log-odds."""
    code: str
    """Code of the rule; empty for the base rate."""
    text: str
    answers: str
    sources: tuple[int, ...]
    """Numbers in the list of sources."""


class NeedPart(Record, frozen=True):
    """One need with everything that speaks for and against it."""

    name: str
    verdict: str
    """One sentence: whether it holds, how probable it is, and its log-odds."""
    reasons: tuple[ReasonLine, ...]
    """The base rate, then what speaks for it and what against it; they add up to the log-odds."""
    ceiling: str = ""
    """Why less than the log-odds counts, where that is so."""


class Remark(Record, frozen=True):
    """A gate, a notice or a step, with the rule behind it."""

    kind: str
    code: str
    text: str
    more: str = ""
    answers: str = ""
    sources: tuple[int, ...] = ()


class CaseLine(Record, frozen=True):
    """A published project as it is shown."""

    verdict: str
    """Whether it agrees with the advice."""
    heading: str
    shared: str
    result: str
    address: str


class Report(Record, frozen=True):
    """A recommendation, ready to be laid out."""

    title: str
    headline: Headline
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
        _remark(recommendation, hit, f"{NEED_NAMES[hit.need].capitalize()} {_GATE_NAMES[hit.gate]}", sources)
        for hit in recommendation.gates
        if _decides(recommendation, hit)
    )
    notices = tuple(
        _remark(recommendation, hit, _NOTICE_NAMES[hit.rule.notice or NoticeKind.CAUTION], sources)
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
        headline=build_headline(recommendation),
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


def _remark(recommendation: Recommendation, hit: GateHit | RuleHit, kind: str, sources: _Sources) -> Remark:
    rule = hit.rule
    more = rule.because if isinstance(hit, GateHit) else rule.remedy
    answers = _show_answers(recommendation, hit.answers)
    return Remark(kind, rule.code, rule.title, more, answers, sources.number_of(rule))


def _decides(recommendation: Recommendation, hit: GateHit) -> bool:
    """Return whether a gate makes a difference; what confirms a need does so only where its ceiling would count."""
    score = recommendation.needs[hit.need].score
    return hit.gate is not GateKind.CONFIRMS or score > recommendation.rulebook.scale.unconfirmed


def _need_part(recommendation: Recommendation, need: Need, sources: _Sources) -> NeedPart:
    state, intercept = recommendation.needs[need], recommendation.rulebook.scale.intercept(need)
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
    lines.sort(key=lambda line: (line.weight < 0, -abs(line.weight), line.code))
    base = ReasonLine(
        intercept, "", f"base rate: {format_share(logistic(intercept))} with nothing known", "", ()
    )
    return NeedPart(
        NEED_NAMES[need],
        _word_need(state),
        (base, *lines),
        _word_ceiling(recommendation, need),
    )


def _word_need(state: NeedState) -> str:
    """Return whether a need holds and how probable that is."""
    score = f"log-odds {state.score:+.2f}"
    if state.blocked_by:
        return f"ruled out, whatever its {score}"
    if state.required_by:
        return f"required, whatever its {score}"
    if state.tied:
        return f"as likely as not, so it is not taken to hold: {format_share(state.probability)}, {score}"
    return f"{'needed' if state.needed else 'not needed'}: {format_share(state.probability)}, {score}"


def _word_ceiling(recommendation: Recommendation, need: Need) -> str:
    """Return why a need counts for less than its log-odds, or nothing where it does not."""
    book, state = recommendation.rulebook, recommendation.needs[need]
    most = book.scale.unconfirmed
    if state.confirmed or state.blocked_by or state.required_by or state.score <= most:
        return ""
    confirming = [
        f"{rule.code} ({rule.title[:1].lower()}{rule.title[1:]})"
        for rule in book.rules.values()
        if any(gate.need is need and gate.gate is GateKind.CONFIRMS for gate in rule.gates)
    ]
    return (
        f"not confirmed by {join_words(confirming, 'or')}, so it counts as at most {format_share(logistic(most))}, "
        f"log-odds {most:+.2f}"
    )


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
        criterion = book.readable[name]
        if criterion.several or len(levels) == 1:
            measures = (criterion.level(level).measure for level in levels)
            proof += [("Measure", measure) for measure in measures if measure]
    proof.append(("On", guide.test_set))
    return tuple(proof)


def _look_again(recommendation: Recommendation, techniques: tuple[RuleHit, ...]) -> tuple[str, ...]:
    guide = recommendation.rulebook.options[recommendation.option]
    own = [f"{hit.rule.code}: {hit.rule.technique.look_again}" for hit in techniques if hit.rule.technique]
    return (guide.look_again, *own)


def _case_line(recommendation: Recommendation, near: NearCase) -> CaseLine:
    case = near.case
    criteria = recommendation.rulebook.criteria
    levels = recommendation.profile.levels
    same = [f"{criteria[name].name} {join_levels(criteria[name], levels[name])}" for name in near.shared]
    shared = f"shares {len(near.shared)}: {', '.join(same)}"
    if near.differing:
        shared += f"; differs in {join_words(criteria[name].name for name in near.differing)}"
    year = f" ({case.year})" if case.year else ""
    heading = f"{case.title}{year}: {case.outcome}, {case.evidence}, {_SAMPLE_NAMES[case.sample]}"
    return CaseLine(near.verdict.value, heading, shared, case.result, case.address)


def _group_names(names: tuple[str, ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    groups: dict[str, list[str]] = {}
    for name in names:
        group, _, rest = name.partition(".")
        groups.setdefault(group, []).append(rest)
    return tuple((group, tuple(rest)) for group, rest in groups.items())
