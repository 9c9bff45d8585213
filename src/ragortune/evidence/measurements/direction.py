"""Where the data points: to knowledge that has to be fetched, to behaviour that has to be taught, to both, or to neither yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ragortune.evidence.measurements.form import ASKED, CLOSED, FORMAL, OPEN, OUTPUTS, STRICT, TEMPLATE
from ragortune.evidence.measurements.retrieval import Verdict
from ragortune.evidence.measurements.wording import LEAST_OWN
from ragortune.model.measurements import Measurement
from ragortune.support.text import join_words

_WORDS = {"both": "knowledge and behaviour", "neither": "neither yet"}
_SHOWN: Mapping[str, str] = {
    Verdict.FOUND: "the documents hold the answers",
    Verdict.MISSED: "the documents hold the answers, though search misses many",
}

Figures = Mapping[str, Mapping[str, Any]]
"""Figures by probe."""


def hold_answers(measurements: Sequence[Measurement]) -> bool:
    """Return whether measurements show that the documents hold the answers."""
    return any(own.figures.get("verdict") in _SHOWN for own in measurements)


def tell_direction(measurements: Sequence[Measurement]) -> Measurement:
    """Return the direction that measurements of questions and examples show, by fixed rules.

    The answers stand in the documents: knowledge. Examples have a strict form, are made of their inputs, or answer no questions:
    behaviour. Neither: what is asked for is known nowhere yet.
    """
    figures = {measurement.probe: measurement.figures for measurement in measurements}
    verdict = str(figures.get("questions.coverage", {}).get("verdict", ""))
    knowledge = _SHOWN.get(verdict, "")
    behaviour = _find_behaviour(figures, "examples") or _find_behaviour(figures, "questions")
    lacking = "" if knowledge or behaviour else _find_lack(figures, verdict)
    direction = "both" if knowledge and behaviour else "knowledge" if knowledge else "behaviour"
    direction = "neither" if lacking else direction
    reasons = [reason for reason in (knowledge, behaviour, lacking) if reason]
    unknown = Measurement(
        "direction", "not known", "rules over the other measurements", len(measurements), "measurements",
        reason="questions with reference answers, or training examples, would show it",
    )  # fmt: skip
    if not reasons:
        return unknown
    enough = figures.get("examples.classifier", {}).get("classifier_is_enough") is True
    return unknown.replace(
        says=f"{_WORDS.get(direction, direction)}: {join_words(reasons)}",
        figures={
            "direction": direction,
            "because": "; ".join(reasons),
            "classifier_is_enough": enough,
        },
        reason="",
        notes=("a linear classifier does the task: neither retrieval nor fine-tuning is needed",) * enough,
    )


def _find_behaviour(figures: Figures, part: str) -> str:
    """Return why the form of outputs matters, an empty text if that is not shown."""
    return next(_list_behaviour(figures, part), "")


def _list_behaviour(figures: Figures, part: str) -> Iterator[str]:
    """Yield the reasons why the form of outputs matters, the plainest first.

    Reference answers of questions are written to be compared, so of them only a strict form or wording of their own counts.
    """
    content = figures.get(f"{part}.content")
    if not content:
        return
    shape, examples = content["shape"], part == "examples"
    if shape in STRICT or (examples and shape in FORMAL):
        yield f"the outputs are {OUTPUTS[shape][0]}"
    if content["template"] >= TEMPLATE:
        yield f"{content['template']:.0%} of the outputs share the same wording"
    own = figures.get(f"{part}.wording", {}).get("own_wording", 0.0)
    if own >= LEAST_OWN:
        yield f"{own:.0%} of the outputs have words of their own, which the documents hardly have"
    if examples and content["new_words"] < CLOSED:
        yield "the outputs are made of the inputs and of each other"
    if examples and content["questions"] < ASKED:
        yield "the inputs are not questions"


def _find_lack(figures: Figures, verdict: str) -> str:
    """Return why it is a source that is missing, an empty text where nothing was asked."""
    if verdict:
        return "the documents do not hold the answers: find the source that does"
    if content := figures.get("examples.content") or figures.get("questions.content"):
        much = "hold" if content["new_words"] >= OPEN else "may hold"
        return f"the outputs answer questions and {much} facts from elsewhere: find their source"
    asked = "questions are asked, and there are no documents that could hold the answers"
    return asked if "questions.kind" in figures else ""
