"""Measurements of all of a team's material: documents, questions and examples, each with the help of the others.

Together they show a direction: knowledge to be retrieved, behaviour to be trained, both, or neither yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ragortune.evidence.measurements.corpus import Corpus, open_corpus
from ragortune.evidence.measurements.documents import measure_documents
from ragortune.evidence.measurements.example_files import Example, read_examples
from ragortune.evidence.measurements.examples import measure_examples
from ragortune.evidence.measurements.questions import Question, measure_questions, read_questions
from ragortune.evidence.measurements.retrieval import FOUND, MISSED, measure_search
from ragortune.evidence.measurements.search import open_engine
from ragortune.evidence.measurements.shape import (
    OPEN,
    Figures,
    Pair,
    asks,
    count_background,
    list_behaviour,
    measure_wording,
)
from ragortune.model.measurements import Measurement, Progress
from ragortune.support.record import Record
from ragortune.support.text import join_words

_MOSTLY = 0.5
"""Share of examples that ask a question from which on their answers are searched in the documents."""
_NAMES = {"both": "knowledge and behaviour", "neither": "neither yet"}
_SHOWN = {
    FOUND: "the documents hold the answers",
    MISSED: "the documents hold the answers, though search misses many",
}


class Material(Record, frozen=True):
    """Where a team's material is, as the options of `measure` name it; None for what there is none of."""

    docs: Path | None = None
    questions: Path | None = None
    search: str | None = None
    examples: Path | None = None
    test: Path | None = None


def measure_material(
    material: Material, common_words: Mapping[str, frozenset[str]], as_of: str, progress: Progress
) -> tuple[Measurement, ...]:
    """Return the measurements of all material, the direction last; raises RagortuneError if some cannot be read.

    `common_words` has the common words of each language by its code. Histories count up to the day `as_of`, YYYY-MM-DD.
    """
    corpus = None if material.docs is None else open_corpus(material.docs)
    measured = () if corpus is None else measure_documents(corpus, common_words, as_of, progress)
    return (*measured, *measure_pairs(material, corpus, progress))


def measure_pairs(material: Material, corpus: Corpus | None, progress: Progress) -> tuple[Measurement, ...]:
    """Return the measurements of questions and examples, by themselves and together with the documents."""
    found: list[Measurement] = []
    outputs: dict[str, list[Pair]] = {}
    texts: Iterable[str] = () if corpus is None else map(corpus.read, corpus.shuffle())
    if material.questions is not None:
        questions = read_questions(material.questions)
        engine = open_engine(material.search, corpus, questions.read_texts())
        found += (*measure_questions(questions), *measure_search(questions.rows, engine, progress))
        outputs["questions"] = [(row.text, row.answers[0]) for row in questions.rows if row.answers]
        if corpus is None:
            texts = (text for _, text in questions.read_texts())
    if material.examples is not None:
        examples = read_examples(material.examples)
        test = None if material.test is None else read_examples(material.test)
        if material.questions is None and corpus is not None:
            found += _look_up(examples.sample, corpus, progress)
        found += measure_examples(examples, test, progress)
        outputs["examples"] = [(example.input, example.output) for example in examples.sample]
    if any(measurement.figures.get("verdict") in _SHOWN for measurement in found):
        background = count_background(texts)
        found += filter(None, (measure_wording(pairs, background, part) for part, pairs in outputs.items()))
    return (*found, infer_direction(found)) if found else ()


def _look_up(examples: Sequence[Example], corpus: Corpus, progress: Progress) -> Sequence[Measurement]:
    """Return whether the documents hold the answers of the examples, if most of these ask a question.

    Examples are not a sample of users' questions, so the quality of the search is left out.
    """
    asked = [Question(example.input, (example.output,)) for example in examples if asks(example.input)]
    if len(asked) < max(1, _MOSTLY * len(examples)):
        return ()
    return measure_search(asked, open_engine(None, corpus), progress)[:1]


# --- direction ----------------------------------------------------------------------------------------------------


def infer_direction(measurements: Sequence[Measurement]) -> Measurement:
    """Return the direction that measurements of questions and examples show, by fixed rules.

    Knowledge, if the documents hold the answers. Behaviour, if examples have a strict form, are derived from their inputs,
    or do not answer questions. Neither, if the source of the answers is still missing.
    """
    figures = {measurement.probe: measurement.figures for measurement in measurements}
    verdict = str(figures.get("questions.coverage", {}).get("verdict", ""))
    knowledge = _SHOWN.get(verdict, "")
    behaviour = next(list_behaviour(figures), "")
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


def _find_lack(figures: Figures, verdict: str) -> str:
    """Return why the source of the answers is missing; an empty text if there are no questions."""
    if verdict:
        return "the documents do not hold the answers: find the source that does"
    if content := figures.get("examples.content") or figures.get("questions.content"):
        much = "hold" if content["new_words"] >= OPEN else "may hold"
        return f"the outputs answer questions and {much} facts from elsewhere: find their source"
    asked = "questions are asked, and there are no documents that could hold the answers"
    return asked if "questions.kind" in figures and "questions.retrieval" not in figures else ""
