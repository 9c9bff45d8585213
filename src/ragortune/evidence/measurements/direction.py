"""The direction that measurements show: knowledge to be retrieved, behaviour to be trained, both, or neither yet."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ragortune.evidence.measurements.duplicates import split_words
from ragortune.evidence.measurements.retrieval import Verdict
from ragortune.evidence.measurements.sampling import MIN_SAMPLE, bound_share, draw_sample
from ragortune.evidence.measurements.shape import ASKED, CLOSED, FORMAL, OPEN, OUTPUTS, STRICT, TEMPLATE, asks
from ragortune.model.measurements import Measurement
from ragortune.support.text import clean_line, join_words

MIN_OWN = 0.6
"""Share of outputs with a wording of their own from which on the wording counts as wanted."""
_MAX_OUTPUTS = 600
_MAX_CHARACTERS = 1_000_000
"""Characters of the documents from which the frequencies of their words are counted."""
_MIN_SHARE, _MIN_USES = 0.04, 3
"""Minimum share and number of the outputs that have a word of their own wording."""
_OVER_DOCUMENTS, _OVER_INPUTS = 20, 5
"""Minimum ratios of such a word's frequency in outputs to that in documents and in inputs, of which there are few."""
_MIN_WORDS, _NAMED_WORDS = 2, 12
_NAMES = {"both": "knowledge and behaviour", "neither": "neither yet"}
_SHOWN: Mapping[str, str] = {
    Verdict.FOUND: "the documents hold the answers",
    Verdict.MISSED: "the documents hold the answers, though search misses many",
}

Figures = Mapping[str, Mapping[str, Any]]
"""Figures by probe."""


def hold_answers(measurements: Sequence[Measurement]) -> bool:
    """Return whether measurements show that the documents hold the answers."""
    return any(measurement.figures.get("verdict") in _SHOWN for measurement in measurements)


def infer_direction(measurements: Sequence[Measurement]) -> Measurement:
    """Return the direction that measurements of questions and examples show, by fixed rules.

    Knowledge, if the documents hold the answers. Behaviour, if examples have a strict form, are derived from their inputs,
    or do not answer questions. Neither, if the source of the answers is still missing.
    """
    figures = {measurement.probe: measurement.figures for measurement in measurements}
    verdict = str(figures.get("questions.coverage", {}).get("verdict", ""))
    knowledge = _SHOWN.get(verdict, "")
    found = itertools.chain(_list_behaviour(figures, "examples"), _list_behaviour(figures, "questions"))
    behaviour = next(found, "")
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
        says=f"{_NAMES.get(direction, direction)}: {join_words(reasons)}",
        figures={"direction": direction, "because": "; ".join(reasons), "classifier_is_enough": enough},
        reason="",
        notes=("a linear classifier does the task: neither retrieval nor fine-tuning is needed",) * enough,
    )


def _list_behaviour(figures: Figures, part: str) -> Iterator[str]:
    """Yield the reasons why the form of outputs matters, the clearest first.

    Reference answers are written for comparison, so only a strict form or a wording of their own counts for them.
    """
    content = figures.get(f"{part}.content")
    if not content:
        return
    shape, examples = content["shape"], part == "examples"
    if shape in STRICT or (examples and shape in FORMAL):
        yield f"the outputs are {OUTPUTS[shape][0]}"
    if content["template"] >= TEMPLATE:
        yield f"{content['template']:.0%} of the outputs share the same wording"
    share = figures.get(f"{part}.wording", {}).get("own_wording", 0.0)
    if share >= MIN_OWN:
        yield f"{share:.0%} of the outputs use words that are rare in the documents"
    if examples and content["new_words"] < CLOSED:
        yield "the outputs are made of the inputs and of each other"
    if examples and content["questions"] < ASKED:
        yield "the inputs are not questions"


def _find_lack(figures: Figures, verdict: str) -> str:
    """Return why the source of the answers is missing; an empty text if there are no questions."""
    if verdict:
        return "the documents do not hold the answers: find the source that does"
    if content := figures.get("examples.content") or figures.get("questions.content"):
        much = "hold" if content["new_words"] >= OPEN else "may hold"
        return f"the outputs answer questions and {much} facts from elsewhere: find their source"
    asked = "questions are asked, and there are no documents that could hold the answers"
    return asked if "questions.kind" in figures and "questions.retrieval" not in figures else ""


# --- wording of the outputs ---------------------------------------------------------------------------------------
#
# Answers taken from documents use the words of the documents. A letter, a card or a persona has words of its own, few of
# which are in every output. They are learnt from one half of the outputs and counted in the other, and the other way
# round, so that chance words do not count. In 60 public sets of plain answers at most 0.21 of the outputs had two such
# words; of letters, cards, memos and personas at least 0.95.


def count_background(texts: Iterable[str]) -> Counter[str]:
    """Return the counts of the words in the first million characters of documents."""
    words: Counter[str] = Counter()
    left = _MAX_CHARACTERS
    for text in texts:
        words.update(split_words(text[:left]))
        left -= len(text)
        if left <= 0:
            break
    return words


def measure_wording(
    pairs: Sequence[tuple[str, str]], background: Counter[str], part: str
) -> Measurement | None:
    """Return the share of outputs with a wording of their own; None if there are too few outputs.

    `background` has the word counts of the documents; `part`, `examples` or `questions`, is the first part of the probe's name.
    """
    sample = draw_sample(pairs, _MAX_OUTPUTS)
    if len(sample) < MIN_SAMPLE:
        return None
    inputs = Counter(word for given, _ in sample for word in split_words(given))
    outputs = [split_words(wanted) for _, wanted in sample]
    halves = outputs[::2], outputs[1::2]
    learnt = [_find_own_words(half, background, inputs) for half in halves]
    count = sum(
        len(words.intersection(output)) >= _MIN_WORDS
        for words, half in zip(learnt, reversed(halves), strict=True)
        for output in half
    )
    share = count / len(sample)
    asked = part == "examples" and sum(asks(given) for given, _ in sample) >= ASKED * len(sample)
    uses = Counter(word for output in outputs for word in set(output))
    named = sorted(learnt[0] & learnt[1], key=lambda word: (-uses[word], word))[:_NAMED_WORDS]
    return Measurement(
        f"{part}.wording",
        f"{share:.0%} of the outputs use words that are rare in the documents and the inputs",
        f"at least {_MIN_WORDS} words that are {_OVER_DOCUMENTS} times as frequent as in the documents and {_OVER_INPUTS} "
        "times as in the inputs, learnt from one half of the outputs and looked for in the other",
        len(sample),
        "outputs",
        answers={"data.teaches": "facts_and_form"} if asked and share >= MIN_OWN else {},
        figures={"own_wording": round(share, 4)},
        interval=bound_share(count, len(sample)),
        examples=(clean_line(", ".join(named), 80),) if named and share >= MIN_OWN else (),
    )


def _find_own_words(
    outputs: Sequence[Sequence[str]], background: Counter[str], inputs: Counter[str]
) -> set[str]:
    """Return words of several outputs that are much more frequent in them than in the documents and the inputs."""
    uses = Counter(word for output in outputs for word in output)
    owners = Counter(word for output in outputs for word in set(output))
    total, in_documents, in_inputs = (max(1, counts.total()) for counts in (uses, background, inputs))
    least = max(_MIN_USES, _MIN_SHARE * len(outputs))
    return {
        word
        for word, count in owners.items()
        if count >= least
        and uses[word] / total >= _OVER_DOCUMENTS * (background[word] + 0.5) / in_documents
        and uses[word] / total >= _OVER_INPUTS * inputs[word] / in_inputs
    }
