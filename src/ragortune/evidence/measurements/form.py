"""What form outputs have, and whether it is form or facts that they would teach."""

from __future__ import annotations

from ragortune.evidence.measurements.shape import CLOSED_WORLD_WORDS, Shape
from ragortune.model.measurements import Measurement
from ragortune.support.record import NOTHING

OUTPUTS = {
    "label": ("labels", "labels"),
    "json": ("JSON", "structured"),
    "code": ("code or SQL", "code"),
    "tool_call": ("tool calls", "structured"),
    "rewrite": ("rewritten input", "free_text"),
    "short_answer": ("short answers", "free_text"),
    "free_text": ("free text", "free_text"),
}
"""Name of each shape, and the level of `behaviour.output`."""
_TASKS = {"label": "classification", "tool_call": "function_calling"}
STRICT = frozenset({"json", "code", "tool_call"})
"""Shapes that reference answers have only where the form matters."""
FORMAL = frozenset({"label", "code", "tool_call", "rewrite"})
"""Shapes that are all form."""
CLOSED, OPEN = 0.12, 0.25
"""Shares of new words: below the first, outputs are made of inputs and of each other; above the second, of knowledge."""
TEMPLATE = 0.5
"""Share of outputs with the same run of three words from which on such wording is wanted: 1 for the greeting of a persona,
at most 0.13 for answers to questions of 40 public sets."""
ASKED = 0.5
_LEAST_PAIRS, _LEAST_WORDS = 10, 150


def measure_form(shape: Shape, part: str = "examples") -> tuple[Measurement, Measurement]:
    """Return the form of outputs, and how much of them is new.

    Args:
        shape: of pairs of input and output, such as question and reference answer.
        part: first part of the names of the two: `examples`, or `questions` for reference answers, which are not to be trained on.

    """
    return _measure_shape(shape, part), _measure_content(shape, part)


def _measure_shape(shape: Shape, part: str) -> Measurement:
    name, level = OUTPUTS[shape.kind]
    known = shape.pairs >= _LEAST_PAIRS
    answers: dict[str, object] = {"behaviour.output": level if known else None}
    if known and shape.kind in _TASKS:
        answers["task.kind"] = [_TASKS[shape.kind]]
    return Measurement(
        probe=f"{part}.shape",
        says=f"outputs are {name}; {shape.questions:.0%} of the inputs ask a question",
        method="form and length of the outputs, words in common with the input; questions by sign and question words",
        count=shape.pairs,
        of="pairs",
        answers=answers if part == "examples" or shape.kind in STRICT else NOTHING,
        figures={
            "shape": shape.kind, "questions": round(shape.questions, 4), "copied": round(shape.copied, 4),
            "outputs": shape.outputs,
        },
        reason="" if known else f"fewer than {_LEAST_PAIRS} distinct examples",
    )  # fmt: skip


def _measure_content(shape: Shape, part: str) -> Measurement:
    teaches, reason = _tell_what_is_taught(shape) if part == "examples" else (None, "")
    return Measurement(
        probe=f"{part}.content",
        says=f"{shape.new_words:.0%} of the output words stand in neither the input nor another output; "
        f"{shape.template:.0%} of the outputs share a run of three words",
        method=f"words of at most {CLOSED_WORLD_WORDS:,} output words, drawn with a fixed seed (fewer raise the share); "
        "the commonest run of three words",
        count=shape.words_counted,
        of="output words",
        answers={"data.teaches": teaches} if part == "examples" else NOTHING,
        figures={
            "new_words": round(shape.new_words, 4), "template": round(shape.template, 4), "shape": shape.kind,
            "questions": round(shape.questions, 4),
        },
        reason=reason,
    )  # fmt: skip


def _tell_what_is_taught(shape: Shape) -> tuple[str | list[str] | None, str]:
    """Return the level of `data.teaches`, several where the figures do not decide between them, or None and why.

    An output made of its input and of what other outputs say, or of a fixed form, teaches form. New words in answers
    to questions are facts; in answers to anything else they are what a style is made of.
    """
    if shape.kind == "json":
        return ("form" if shape.new_words < OPEN else ["form", "facts_and_form"]), ""
    if shape.kind not in FORMAL and shape.words_counted < _LEAST_WORDS:
        return None, "too little output to tell facts from form"
    if shape.kind in FORMAL or shape.questions < ASKED or shape.new_words < CLOSED:
        return "form", ""
    if shape.template >= TEMPLATE:
        return "facts_and_form", ""
    if shape.new_words >= OPEN:
        return "facts", ""
    return (
        None,
        f"between {CLOSED:.0%} and {OPEN:.0%} new words in answers to questions do not tell facts from form",
    )
