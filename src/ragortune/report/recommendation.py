"""The report on a recommendation: one screen, and the page with all sections."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from ragortune.casebook import NearCase
from ragortune.engine.score import logistic, speaks_against
from ragortune.evidence.profile import describe_answer, join_levels
from ragortune.model import EVEN, GateKind, Need, NeedState, NoticeKind, Recommendation, Rule, RuleHit, Sample
from ragortune.report import outlook
from ragortune.report.blocks import (
    Bar,
    Block,
    Break,
    Cell,
    Column,
    Fold,
    Heading,
    Inline,
    Item,
    Items,
    Page,
    Paragraph,
    Span,
    Style,
    Table,
    bullets,
    section,
    terms,
)
from ragortune.report.comparison import list_changes
from ragortune.report.headline import NEED_NAMES, build_headline, format_gate, format_share, list_state
from ragortune.report.screen import KEPT, LONG, SCREENS, SHORT, Row, show_rows
from ragortune.report.shapes import Advice
from ragortune.support.text import cut_text, join_words

_SAMPLE_NAMES: Mapping[Sample, str] = {Sample.FIELD: "field sample", Sample.SELECTED: "selected"}
_REASONS, _DOUBTS, _QUESTIONS = 3, 2, 2
_MAX_STEPS = 3
_BAR_CELLS = 15
_FARTHEST = 2.5
"""Log-odds at the ends of the diverging bars."""


def build_recommendation(advice: Advice) -> Page:
    """Return the page of a recommendation."""
    report = _Report(advice)
    return Page(
        lambda form: _draw_screen(advice, form),
        SCREENS,
        (
            Heading(report.recommendation.profile.project or "Untitled project"),
            *build_headline(report.recommendation),
            terms(list_state(report.recommendation), None),
        ),
        {name: build(report) for name, build in _SECTIONS.items()},
    )


class _Report:
    """The sections of one recommendation; sources are numbered in the order in which sections cite them."""

    def __init__(self, advice: Advice) -> None:
        self.advice = advice
        self.recommendation = advice.recommendation
        self._book = self.recommendation.rulebook
        self._guide = self._book.options[self.recommendation.option]
        self._numbers: dict[str, int] = {}

    def list_reasons(self) -> Iterator[Block]:
        """Yield the reasons for and against each need."""
        yield Paragraph(self._guide.meaning)
        for need in Need:
            yield from self._argue_need(need)

    def list_gates(self) -> Iterator[Block]:
        """Yield the gates that make a difference: a confirmation does only if the need would exceed its ceiling without it."""
        items = tuple(
            self._remark(hit, format_gate(hit), hit.rule.because)
            for hit in self.recommendation.gates
            if hit.gate is not GateKind.CONFIRMS
            or self.recommendation.needs[hit.need].score > self._book.scale.unconfirmed
        )
        yield from section("Gates", Items(items))

    def list_notices(self) -> Iterator[Block]:
        """Yield contradictions, disputed bands and cautions."""
        hits = self.recommendation.notices
        items = tuple(self._remark(hit, str(hit.rule.notice), hit.rule.remedy) for hit in hits)
        yield from section("Notices", Items(items))

    # --- needs, gates, notices ------------------------------------------------------------------------------------

    def _argue_need(self, need: Need) -> Iterator[Block]:
        """Yield the base rate of a need and the reasons for and against it, which add up to its log-odds."""
        start = self._book.scale.intercept(need)
        base = f"base rate: {format_share(logistic(start))} with nothing known"
        rows = [_draw_row(start, "", Span(base, Style.ASIDE))]
        reasons = [reason for reason in self.recommendation.reasons if reason.need is need]
        reasons.sort(key=lambda reason: (reason.signed_weight < 0, -reason.weight, reason.rule.code))
        rows += [_draw_row(reason.signed_weight, reason.rule.code, self._cite(reason)) for reason in reasons]
        columns = (
            Column("Log-odds", right=True),
            Column("Against and for", only="text"),
            Column("Rule", style=Style.NAME),
            Column("Reason"),
        )
        state, ceiling = _describe_need(self.recommendation.needs[need]), self._describe_ceiling(need)
        table = Table(columns, tuple(rows), gap=1)
        yield from section(f"Need for {NEED_NAMES[need]}", state, table, *filter(None, [ceiling]))

    def _describe_ceiling(self, need: Need) -> str:
        """Return why a need counts for less than its log-odds; empty if it does not."""
        state, most = self.recommendation.needs[need], self._book.scale.unconfirmed
        if state.confirmed or state.blocked_by or state.required_by or state.score <= most:
            return ""
        confirming = [
            f"{rule.code} ({rule.title[:1].lower()}{rule.title[1:]})"
            for rule in self._book.rules.values()
            if any(gate.need is need and gate.gate is GateKind.CONFIRMS for gate in rule.gates)
        ]
        return (
            f"not confirmed by {join_words(confirming, 'or')}, so it counts as at most "
            f"{format_share(logistic(most))}, log-odds {most:+.2f}"
        )

    def _remark(self, hit: RuleHit, kind: str, more: str) -> Item:
        code = Span(hit.rule.code, Style.NAME)
        return Item((code, f" {kind.capitalize()}: ", *self._cite(hit)), (Span(more, Style.ASIDE),))

    def _cite(self, hit: RuleHit) -> tuple[str | Span, ...]:
        """Return the title of a rule with its answers and the number of its source."""
        answers = Span(f"({_describe_answers(self.recommendation, hit)})", Style.ASIDE)
        return (f"{hit.rule.title} ", answers, self._number(hit.rule))

    def _number(self, rule: Rule) -> str:
        """Return the number of the strongest source of a rule in brackets."""
        found = self._book.strongest(rule.sources)
        return f" [{self._numbers.setdefault(found.source, len(self._numbers) + 1)}]" if found else ""

    # --- plan -----------------------------------------------------------------------------------------------------

    def plan(self) -> Iterator[Block]:
        """Yield what to begin with, how to prove it, and when to look again."""
        rules = [hit.rule for hit in self.recommendation.techniques[:_MAX_STEPS]]
        found = [(rule, rule.technique) for rule in rules if rule.technique]
        steps = [(rule.code, technique.begin_with + self._number(rule)) for rule, technique in found]
        yield from section("Begin with", terms(steps or [("-", self._guide.first)]))
        baselines = (technique.baseline for _, technique in found if technique.baseline)
        measures = [("Measure", measure) for measure in self._list_measures()]
        beat, test_set = next(baselines, self._guide.baseline), self._guide.test_set
        yield from section("Prove it", terms([("Beat", beat), *measures, ("On", test_set)], None))
        later = [f"{rule.code}: {technique.look_again}" for rule, technique in found]
        yield from section("Look again", bullets([self._guide.look_again, *later]))

    def _list_measures(self) -> Iterator[str]:
        """Yield how to measure each known task of the system."""
        for name, levels in self.recommendation.profile.levels.items():
            criterion = self._book.readable[name]
            if criterion.several or len(levels) == 1:
                measures = (criterion.level(level).measure for level in levels)
                yield from (measure for measure in measures if measure)

    # --- evidence -------------------------------------------------------------------------------------------------

    def list_cases(self) -> Iterator[Block]:
        """Yield the nearest published projects."""
        items = Items(tuple(map(self._compare, self.advice.cases or ())))
        yield from section("Published projects most like this one", items)

    def list_sources(self) -> Iterator[Block]:
        """Yield the cited sources by number."""
        named = [self._book.sources[name] for name in self._numbers]
        items = tuple(Item(source.title, address=source.address) for source in named)
        yield from section("Sources", Items(items, numbered=True))

    def _compare(self, near: NearCase) -> Item:
        """Return a published project: its verdict on the advice, shared answers, and result."""
        case, criteria, levels = near.case, self._book.criteria, self.recommendation.profile.levels
        same = [f"{criteria[name].name} {join_levels(criteria[name], levels[name])}" for name in near.shared]
        shared = f"shares {len(near.shared)}: {', '.join(same)}"
        if near.differing:
            shared += f"; differs in {join_words(criteria[name].name for name in near.differing)}"
        year = f" ({case.year})" if case.year else ""
        heading = f": {case.title}{year}: {case.outcome}, {case.evidence}, {_SAMPLE_NAMES[case.sample]}"
        verdict = Span(near.verdict, Style.WARNING if near.verdict == "disagrees" else Style.STRONG)
        return Item((verdict, heading), (Span(shared, Style.ASIDE), case.result), case.address)

    def list_unknowns(self) -> Iterator[Block]:
        """Yield the unanswered criteria with how to find out, and the rule set."""
        book, unanswered = self._book, self.recommendation.unanswered
        if unanswered:
            helps = terms((name, book.criteria[name].help) for name in unanswered)
            title = f"Unknown: {len(unanswered)} of {len(book.criteria)} answers"
            yield from section(title, Fold("How to find out", (helps,)))
        yield Break()
        more = "`ragortune explain CODE` explains a rule, `ragortune explain probability` the numbers."
        yield Paragraph(f"Rule set {book.name} {book.version}, {book.digest[:19]}. {more}", Style.ASIDE)


_SECTIONS: Mapping[str, Callable[[_Report], Iterable[Block]]] = {
    "reasons": _Report.list_reasons,
    "gates": _Report.list_gates,
    "notices": _Report.list_notices,
    "changes": lambda report: list_changes(report.advice.against, report.advice.recommendation.rulebook),
    "why-not": lambda report: outlook.explain_refusal(report.recommendation, report.advice.refusal),
    "flips": lambda report: outlook.list_flips(report.recommendation),
    "questions": lambda report: outlook.list_questions(report.recommendation),
    "answers": lambda report: outlook.list_sensitivities(report.recommendation),
    "plan": _Report.plan,
    "cases": _Report.list_cases,
    "sources": _Report.list_sources,
    "unknowns": _Report.list_unknowns,
}
SECTIONS = tuple(_SECTIONS)
"""Names that `--show` takes."""


def _describe_need(state: NeedState) -> str:
    """Return whether a need holds and how probable that is."""
    score = f"log-odds {state.score:+.2f}"
    if state.blocked_by:
        return f"ruled out, whatever its {score}"
    if state.required_by:
        return f"required, whatever its {score}"
    if state.tied:
        return f"as likely as not, so it is not taken to hold: {format_share(state.probability)}, {score}"
    return f"{'needed' if state.needed else 'not needed'}: {format_share(state.probability)}, {score}"


def _draw_row(weight: float, code: str, text: Inline) -> tuple[Cell, ...]:
    fill, style = ("█", Style.GOOD) if weight > 0 else ("░", Style.BAD)
    end = EVEN + max(-EVEN, min(EVEN, weight / _FARTHEST / 2))
    marks = ((EVEN, "│"),)
    bar = Bar(min(EVEN, end), max(EVEN, end), _BAR_CELLS, marks, fill, style, f"{weight:+.2f} {code}".strip())
    return (Span(f"{weight:+.2f}", style), bar, code, text)


# --- the screen ----------------------------------------------------------------------------------------------------


def _draw_screen(advice: Advice, form: int) -> Iterator[Block]:
    """Yield one form of the screen; form 0 is the longest."""
    recommendation = advice.recommendation
    yield Heading(cut_text(recommendation.profile.project or "Untitled project", SHORT if form else LONG))
    yield from build_headline(recommendation)
    state = enumerate(list_state(recommendation))
    rows = [Row(label, text, 10 - 6 * place, gone=19 - 7 * place) for place, (label, text) in state]
    rows += [*_list_backing(recommendation), *_list_doubts(recommendation), *_list_steps(recommendation)]
    yield show_rows(rows, form)


def _list_backing(recommendation: Recommendation) -> list[Row]:
    """Return the reasons for the advice: gates, then the strongest reason for each need, then others."""
    gates = [hit for hit in recommendation.gates if hit.gate is not GateKind.CONFIRMS]
    rows = [_cite(recommendation, hit, "Gate", f"{format_gate(hit)}: ") for hit in gates]
    backing = [
        reason for reason in recommendation.reasons if not speaks_against(reason, recommendation.option)
    ]
    first = {reason.need: reason for reason in reversed(backing)}
    chosen = sorted(backing, key=lambda reason: reason is not first[reason.need])[:_REASONS]
    leads = {reason.need: place for place, reason in reversed([*enumerate(chosen)])}
    chosen.sort(key=lambda reason: (leads[reason.need], -reason.weight))
    for reason in chosen:
        label = f"{reason.effect.capitalize()} {NEED_NAMES[reason.need]}"
        rows.append(_cite(recommendation, reason, label))
    rows = rows or [Row("Reasons", "none: no answer speaks for it", 0)]
    return [row.replace(weight=9 - place) for place, row in enumerate(rows[:_REASONS])]


def _list_doubts(recommendation: Recommendation) -> list[Row]:
    """Return the arguments against the advice: contradictory answers, and reasons for another option."""
    contradictions = [hit for hit in recommendation.notices if hit.rule.notice is NoticeKind.CONTRADICTION]
    against = [reason for reason in recommendation.reasons if speaks_against(reason, recommendation.option)]
    rows = [_cite(recommendation, hit, "But", "contradiction: ") for hit in contradictions]
    rows += [
        _cite(recommendation, reason, "But", f"{reason.effect} {NEED_NAMES[reason.need]}: ")
        for reason in against
    ]
    rows = rows or [Row("But", "no answer speaks against it", 0)]
    return [row.replace(weight=5 - 4 * place, gone=6 * place) for place, row in enumerate(rows[:_DOUBTS])]


def _list_steps(recommendation: Recommendation) -> Iterator[Row]:
    """Yield the next questions, the first step, and how to see more."""
    if recommendation.unknowns is not None:
        questions = outlook.list_worthwhile(recommendation)[:_QUESTIONS]
        for place, question in enumerate(questions):
            asked = recommendation.rulebook.criteria[question.criterion].question
            yield Row("Find out", asked, 3 - place, basis=question.criterion)
        if not questions:
            yield Row("Find out", "nothing: no open question is expected to change much", 2)
    text, rule = recommendation.first_step
    yield Row("First step", text, 10, rule.code if rule else "", gone=19)
    parts = "reasons,cases" if recommendation.sensitivities is None else "reasons,flips,cases"
    yield Row("More", f"`--full`, `--show {parts}`, `explain WORD`", KEPT)


def _cite(recommendation: Recommendation, hit: RuleHit, label: str, lead: str = "") -> Row:
    """Return the title of a rule with its answers."""
    return Row(label, lead + hit.rule.title, 0, hit.rule.code, _describe_answers(recommendation, hit))


def _describe_answers(recommendation: Recommendation, hit: RuleHit) -> str:
    """Return the answers that fired a rule, as the team gave them."""
    criteria = recommendation.rulebook.readable
    return ", ".join(
        f"{criteria[name].name.replace('_', ' ')}: {describe_answer(recommendation.profile, criteria[name])}"
        for name in hit.answers
    )
