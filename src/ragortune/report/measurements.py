"""The report of `measure` as a page and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal

from msgspec import Meta

from ragortune.evidence.measurements.agreement import MeasuredAnswer
from ragortune.model import Answer, QuantityValue
from ragortune.model.measurements import Measurement
from ragortune.report.blocks import Block, Heading, Item, Items, Span, Style, bullets, section, terms
from ragortune.report.shapes import fill
from ragortune.support.record import Record
from ragortune.support.text import count_words, join_words, plain_data

_DIRECTION = "direction"


class MeasureReport(Record, frozen=True):
    """The result of one run of `measure`."""

    measurements: tuple[Measurement, ...]
    answers: tuple[MeasuredAnswer, ...]
    date: str
    """Date of the run, YYYY-MM-DD."""
    target: str | None
    """The profile or record that was checked or written."""
    advice: tuple[str | None, str | None]
    """Option advised before and after measuring; None if too little is known."""

    @property
    def disputed(self) -> tuple[MeasuredAnswer, ...]:
        """Measured answers that contradict the profile."""
        return tuple(answer for answer in self.answers if not answer.agrees)

    @property
    def unknown(self) -> dict[str, str]:
        """Criteria that the data does not answer, with the reason."""
        known = {answer.name for answer in self.answers}
        return {
            name: measurement.reason
            for measurement in self.measurements
            for name, value in measurement.answers.items()
            if value is None and name not in known
        }


# --- for programs -------------------------------------------------------------------------------------------------


class AnswerResult(Record, frozen=True, kw_only=True):
    """One answer that was measured, beside the one that a profile holds."""

    name: Annotated[str, Meta(description="Criterion, or `quantities.` and the name of a quantity.")]
    value: Annotated[Any, Meta(description="As a profile holds it.")]
    levels: Annotated[tuple[str, ...], Meta(description="Levels that it allows; none for a quantity.")]
    source: Literal["measured"] = "measured"
    as_of: str
    probe: str
    method: str
    n: Annotated[int, Meta(description="Size of the sample.")]
    interval: Annotated[tuple[float, float] | None, Meta(description="95% interval of the main figure.")]
    answered: Annotated[str | None, Meta(description="What the profile holds.")]
    agrees: bool


class MeasureResult(Record, frozen=True, kw_only=True):
    """What a team's own data shows."""

    schema: Literal["ragortune/measure/1"] = "ragortune/measure/1"
    as_of: str
    advice: dict[str, str | None]
    """Option `before`, and on what was `measured` as well; null if too little is known."""
    answers: list[AnswerResult]
    unknown: Annotated[dict[str, str], Meta(description="Criteria that the data does not answer, and why.")]
    measurements: list[dict[str, Any]]
    """All figures with method, sample, notes and examples."""


def describe_report(report: MeasureReport) -> MeasureResult:
    """Return the report as JSON data."""
    before, measured = report.advice
    return MeasureResult(
        as_of=report.date,
        advice={"before": before, "measured": measured},
        answers=[_describe_answer(answer) for answer in report.answers],
        unknown=report.unknown,
        measurements=[plain_data(measurement) for measurement in report.measurements],
    )


def _describe_answer(answer: MeasuredAnswer) -> AnswerResult:
    measured, answered = answer.measurement, _format_answered(answer.answered)
    return fill(AnswerResult, answer, measured, as_of=answer.date, n=measured.count, answered=answered)


def _format_answered(answered: Answer | QuantityValue | None) -> str | None:
    if answered is None:
        return None
    if isinstance(answered, Answer):
        return join_words(answered.levels, "or")
    return join_words(answered.names, "and") or f"{answered.mid:,.12g}"


# --- the page -----------------------------------------------------------------------------------------------------


def build_page(report: MeasureReport) -> list[Block]:
    """Return the page of a run."""
    named = f" for {report.target}" if report.target else ""
    disputes = bullets(
        f"{answer.name}: answered {_format_answered(answer.answered)}, measured {_format_value(answer)} "
        f"({answer.measurement.says})"
        for answer in report.disputed
    )
    faults = tuple(
        Item(fault.says, (*fault.notes, *fault.examples)) for fault in report.measurements if fault.fault
    )
    shown = {answer.measurement.probe for answer in report.answers} | {_DIRECTION}
    others = tuple(
        Item((Span(other.probe, Style.NAME), f": {other.says}"), (*other.notes, *other.examples))
        for other in report.measurements
        if not other.fault and other.probe not in shown
    )
    return [
        Heading(f"Measured{named}: {count_words(len(report.answers), 'answer')}, as of {report.date}"),
        terms(_lead(report), None),
        *section("What people answered and the data does not show", disputes),
        *section("Answers", terms(_list_answers(report.answers))),
        *section("Faults in the data", Items(faults)),
        *section("Other figures", Items(others)),
        *section("What the data cannot tell", terms(report.unknown.items())),
    ]


def _lead(report: MeasureReport) -> Iterator[tuple[str, str]]:
    """Yield the direction that the data shows, and the advice before and after."""
    for measurement in report.measurements:
        if measurement.probe == _DIRECTION:
            yield "Direction", measurement.says
    before, after = report.advice
    if after is None:
        yield "Advice", "too little is known; `ragortune ask` asks what matters most"
    elif before == after:
        yield "Advice", f"{after}, as before"
    else:
        yield "Advice", f"{after}; {before} before" if before else after


def _list_answers(answers: Iterable[MeasuredAnswer]) -> Iterator[tuple[str, str]]:
    """Yield each answer with its figures, which answers in a row may share."""
    above = None
    for answer in answers:
        says = "" if answer.measurement is above else f": {answer.measurement.says}"
        yield answer.name, f"{_format_value(answer)}{says}"
        above = answer.measurement


def _format_value(answer: MeasuredAnswer) -> str:
    """Return a measured value as levels and number."""
    shown = join_words(answer.levels, "or")
    ends = answer.value.values() if isinstance(answer.value, dict) else [answer.value]
    number = " to ".join(
        f"{end:,}" for end in ends if isinstance(end, (int, float)) and not isinstance(end, bool)
    )
    return " ".join(part for part in (shown, f"({number})" if shown and number else number) if part)
