"""The recommendation on one screen: the advice, why, what speaks against it, what to ask and what to do first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ragortune.engine.score import speaks_against
from ragortune.evidence.profile import describe_answer
from ragortune.model import GateKind, NoticeKind, Recommendation, RuleHit
from ragortune.report.blocks import Block, Break, Heading
from ragortune.report.headline import NEED_NAMES, Advice, build_headline, list_state
from ragortune.report.outlook import GATE_WORDS, list_worthwhile
from ragortune.report.screen import KEPT, LONG, SHORT, Row, show_rows
from ragortune.support.text import cut_text

_REASONS, _DOUBTS, _QUESTIONS = 3, 2, 2


def draw_screen(advice: Advice, form: int) -> Iterator[Block]:
    """Return one form of the screen, the longest first."""
    given = advice.recommendation
    if advice.follows:
        yield Break(line=True)
    yield Heading(cut_text(given.profile.project or "Untitled project", SHORT if form else LONG))
    yield from build_headline(given)
    state = [
        Row(label, text, 8 - 4 * place, gone=19 - 7 * place)
        for place, (label, text) in enumerate(list_state(given))
    ]
    rows = [*state, *_list_backing(given), *_list_doubts(given), *_list_steps(given)]
    yield show_rows(rows, form)


def _list_backing(given: Recommendation) -> list[Row]:
    """Return what the advice rests on: gates first, then the strongest reason for each need, then the next ones."""
    rows = [
        _cite(given, hit, "Gate", f"{GATE_WORDS[hit.gate].format(NEED_NAMES[hit.need])}: ")
        for hit in given.gates
        if hit.gate is not GateKind.CONFIRMS
    ]
    backing = [reason for reason in given.reasons if not speaks_against(reason, given.option)]
    first = {reason.need: reason for reason in reversed(backing)}
    chosen = sorted(backing, key=lambda reason: reason is not first[reason.need])[:_REASONS]
    leads = {own.need: place for place, own in reversed([*enumerate(chosen)])}
    chosen.sort(key=lambda own: (leads[own.need], -own.weight))
    rows += [_cite(given, own, f"{own.effect.capitalize()} {NEED_NAMES[own.need]}") for own in chosen]
    rows = rows or [Row("Reasons", "none: nothing that was answered speaks for it", 0)]
    return [row.replace(weight=9 - place) for place, row in enumerate(rows[:_REASONS])]


def _list_doubts(given: Recommendation) -> list[Row]:
    """Return what speaks against the advice: answers that contradict each other, and reasons for another option."""
    rows = [
        _cite(given, hit, "But", "contradiction: ")
        for hit in given.notices
        if hit.rule.notice is NoticeKind.CONTRADICTION
    ]
    rows += [
        _cite(given, own, "But", f"{own.effect} {NEED_NAMES[own.need]}: ")
        for own in given.reasons
        if speaks_against(own, given.option)
    ]
    rows = rows or [Row("But", "nothing that was answered speaks against it", 0)]
    return [row.replace(weight=5 - 4 * place, gone=6 * place) for place, row in enumerate(rows[:_DOUBTS])]


def _list_steps(given: Recommendation) -> Iterator[Row]:
    """Yield the questions that would tell most, what to begin with, and where the rest is."""
    if given.unknowns is not None:
        questions = [given.rulebook.criteria[own.criterion] for own in list_worthwhile(given)[:_QUESTIONS]]
        for place, asked in enumerate(questions):
            yield Row("Find out", asked.question, 3 - place, rests_on=asked.id)
        if not questions:
            yield Row("Find out", "nothing: no open question is expected to tell much", 2)
    text, rule = given.first_step
    yield Row("First step", text, 4, rule.code if rule else "", gone=19)
    parts = "reasons,cases" if given.sensitivities is None else "reasons,flips,cases"
    yield Row("More", f"`--full`, `--show {parts}`, `explain WORD`", KEPT)


def _cite(given: Recommendation, hit: RuleHit, label: str, lead: str = "") -> Row:
    """Return what a rule says with the answers that it rests on."""
    return Row(label, lead + hit.rule.title, 0, hit.rule.code, describe_answers(given, hit.answers))


def describe_answers(given: Recommendation, answers: Mapping[str, tuple[str, ...]]) -> str:
    """Return the answers that a rule rests on, as the team gave them."""
    criteria = given.rulebook.readable
    return ", ".join(
        f"{criteria[name].name.replace('_', ' ')}: {describe_answer(given.profile, criteria[name])}"
        for name in answers
    )
