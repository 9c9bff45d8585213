"""Where the data points: to knowledge that has to be fetched, to behaviour that has to be taught, to both, or to neither yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ragortune.evidence.measurements.form import ASKED, CLOSED, EXAMPLES, FORMAL, OPEN, STRICT, TEMPLATE
from ragortune.model.measurements import Measurement
from ragortune.support.text import join_words

_SHAPES = {
    "label": "labels",
    "json": "JSON",
    "code": "code or SQL",
    "tool_call": "tool calls",
    "rewrite": "rewritten inputs",
}


def tell_direction(measurements: Sequence[Measurement]) -> Measurement:
    """Return the direction that measurements of questions and examples show, by fixed rules.

    The answers stand in the documents: knowledge. Examples have a strict form, are made of their inputs, or answer no questions:
    behaviour. Neither: what is asked for is known nowhere yet.
    """
    figures = {measurement.probe: measurement.figures for measurement in measurements}
    verdict = str(figures.get("questions.coverage", {}).get("verdict", ""))
    knowledge = _knowledge_shown(verdict)
    behaviour = _behaviour_shown(figures, EXAMPLES) or _behaviour_shown(figures, "questions")
    lacking = _knowledge_lacking(figures, verdict)
    reasons = [reason for reason in (knowledge, behaviour or ("" if knowledge else lacking)) if reason]
    if not reasons:
        return Measurement(
            "direction", "not known", "rules over the other measurements", 0, "measurements",
            reason="questions with reference answers, or training examples, would show it",
        )  # fmt: skip
    direction = (
        ("both" if behaviour else "knowledge") if knowledge else "behaviour" if behaviour else "neither"
    )
    enough = figures.get("examples.classifier", {}).get("classifier_is_enough") is True
    return Measurement(
        probe="direction",
        says=f"{_WORDS[direction]}: {join_words(reasons)}",
        method="rules over the other measurements",
        count=len(measurements),
        of="measurements",
        figures={"direction": direction, "because": "; ".join(reasons), "classifier_is_enough": enough},
        notes=("a linear classifier does the task: neither retrieval nor fine-tuning is needed",)
        if enough
        else (),
    )


_WORDS = {
    "knowledge": "knowledge",
    "behaviour": "behaviour",
    "both": "knowledge and behaviour",
    "neither": "neither yet",
}


def _knowledge_shown(verdict: str) -> str:
    """Return why the documents are what answers need, an empty text if that is not shown."""
    return {
        "in_documents": "the documents hold the answers",
        "in_documents_but_missed": "the documents hold the answers, though search misses many",
    }.get(verdict, "")


def _behaviour_shown(figures: Mapping[str, Mapping[str, Any]], source: str) -> str:
    """Return why the form of outputs matters, an empty text if that is not shown.

    Reference answers of questions are written to be compared, so of them only a strict form or fixed wording counts.
    """
    content = figures.get(f"{source}.content")
    if not content:
        return ""
    shape, examples = content["shape"], source == EXAMPLES
    if shape in STRICT or (examples and shape in FORMAL):
        return f"the outputs are {_SHAPES[shape]}"
    if content["template"] >= TEMPLATE:
        return f"{content['template']:.0%} of the output's wording is fixed"
    if examples and content["new_words"] < CLOSED:
        return "the outputs are made of the inputs and of each other"
    if examples and content["questions"] < ASKED:
        return "the inputs are not questions"
    return ""


def _knowledge_lacking(figures: Mapping[str, Mapping[str, Any]], verdict: str) -> str:
    """Return why it is a source that is missing, an empty text where nothing was asked."""
    if verdict:
        return "the documents do not hold the answers: find the source that does"
    content = figures.get("examples.content") or figures.get("questions.content")
    if content:
        much = "hold" if content["new_words"] >= OPEN else "may hold"
        return f"the outputs answer questions and {much} facts from elsewhere: find their source"
    return (
        "questions are asked, and there are no documents that could hold the answers"
        if "questions.kind" in figures
        else ""
    )
