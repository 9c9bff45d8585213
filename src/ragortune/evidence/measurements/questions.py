"""Questions with reference answers, from rows of files, SQuAD and BEIR, and what they show without a search."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path

from ragortune.evidence.measurements.duplicates import digest_words, split_words
from ragortune.evidence.measurements.rows import ANSWER_KEYS, QUESTION_KEYS, Rows, list_texts, parse_json
from ragortune.evidence.measurements.sampling import MIN_SAMPLE, RankedSample, bound_share
from ragortune.evidence.measurements.secret_scan import show_texts
from ragortune.evidence.measurements.shape import asks, describe_shape, measure_form
from ragortune.model.measurements import Measurement
from ragortune.support.errors import Place, UnreadableError
from ragortune.support.record import NOTHING, Record
from ragortune.support.text import count_words, join_words

MAX_QUESTIONS = 20_000
"""Questions that are kept at most; of larger files a sample."""
_SOURCES = "source sources gold_source doc_id doc_ids doc docs document_id document gold gold_ids relevant url file path"
_CONTEXTS = "gold_context contexts context reference_contexts evidence passage passages supporting_text"
_KEYS = {
    "question": QUESTION_KEYS,
    "answer": ANSWER_KEYS,
    "source": _SOURCES.split(),
    "context": _CONTEXTS.split(),
}
_LONGEST_NAME = 300

_ASKING = 0.6
_LABELS = 0.3
"""If there are fewer distinct answers than this share of the questions, they are labels."""
_UNCLEAR = 0.1


class Question(Record, frozen=True):
    """A question with what is known about its answer."""

    text: str
    answers: tuple[str, ...] = ()
    """Alternative reference answers; of JSON the values alone."""
    sources: tuple[str, ...] = ()
    """Names of the documents that hold the answer."""
    contexts: tuple[str, ...] = ()
    """Texts that hold the answer."""
    written: str = ""
    """The first answer as written, if it is JSON."""


class Questions(Record, frozen=True):
    """The questions of one file or folder."""

    form: str
    """The detected format, and which keys hold what."""
    rows: tuple[Question, ...]
    """All questions, or a sample."""
    notes: tuple[str, ...] = ()
    """What was skipped, and why."""
    corpus: Path | None = None
    """File with the texts of a BEIR folder."""

    def read_texts(self) -> Iterator[tuple[str, str]]:
        """Yield names and texts that come with the questions: the corpus of BEIR, or the contexts."""
        if self.corpus:
            for line, row in Rows(self.corpus):
                text = "\n\n".join(str(row[key]) for key in ("title", "text") if row.get(key))
                yield str(row.get("_id", line)), text
        else:
            contexts = dict.fromkeys(chain.from_iterable(row.contexts for row in self.rows))
            yield from ((f"context {number}", text) for number, text in enumerate(contexts, 1))


def read_questions(path: Path) -> Questions:
    """Read questions; raises UnreadableError if there are none or the file cannot be read."""
    if os.path.isdir(path):
        return _read_beir(path)
    rows = Rows(path)
    used: dict[str, str] = {}
    questions = _sample(_read_rows(rows, used))
    if not questions.total:
        raise rows.refuse("questions", "question, answer and source (the document that holds the answer)")
    keys = ", ".join(key if key == role else f"{key} as {role}" for role, key in used.items())
    form = f"{rows.form} ({keys})" if used else "SQuAD (paragraphs and their questions)"
    return Questions(form, questions.items(), rows.notes() + questions.notes("questions"))


def _sample(questions: Iterable[Question]) -> RankedSample[Question]:
    sample: RankedSample[Question] = RankedSample(MAX_QUESTIONS)
    for question in questions:
        texts = (question.text, *question.answers, *question.sources, *question.contexts, question.written)
        sample.add(" ".join(split_words(question.text)), question, *texts)
    return sample


# --- rows ---------------------------------------------------------------------------------------------------------


def _read_rows(rows: Rows, used: dict[str, str]) -> Iterator[Question]:
    """Yield the questions of rows, and add to `used` which key holds what."""
    for line, data in rows:
        if "paragraphs" in data:
            yield from _read_squad(data)
        elif question := _read_row(data, used):
            yield question
        else:
            rows.skip("has no question", line)


def _read_row(data: Mapping[str, object], used: dict[str, str]) -> Question | None:
    def take(role: str) -> list[str]:
        for name in _KEYS[role]:
            if found := [text for text in list_texts(data.get(name)) if text.strip()]:
                used.setdefault(role, name)
                return found
        return []

    text = " ".join(take("question"))
    if not text:
        return None
    written, listed, texts = take("answer"), take("source"), take("context")
    answers = [_strip_keys(answer) for answer in written]
    names = tuple(name for name in listed if len(name) <= _LONGEST_NAME and "\n" not in name)
    texts += [name for name in listed if name not in names]
    first = written[0] if written and written[0].strip() != answers[0] else ""
    return Question(text, tuple(filter(None, answers)), names, tuple(texts), first)


def _strip_keys(answer: str) -> str:
    """Return the values of a JSON answer without keys and punctuation; other answers as they are."""
    data = parse_json(answer) if answer.lstrip()[:1] in {"{", "["} else None
    return answer.strip() if data is None else " ".join(_list_leaves(data))


def _list_leaves(value: object) -> Iterator[str]:
    if isinstance(value, (list, dict)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _list_leaves(part)
    elif value is not None:
        yield str(value)


# --- SQuAD and BEIR -----------------------------------------------------------------------------------------------


def _read_squad(article: Mapping[str, object]) -> Iterator[Question]:
    """Yield the questions that have answers; SQuAD 2.0 has unanswerable ones."""
    for paragraph in _list_mappings(article, "paragraphs"):
        context = paragraph.get("context")
        for entry in _list_mappings(paragraph, "qas"):
            text = entry.get("question")
            answers = tuple(dict.fromkeys(list_texts(entry.get("answers"))))
            if isinstance(text, str) and text.strip() and answers:
                yield Question(text, answers, (), (context,) if isinstance(context, str) else ())


def _list_mappings(parent: Mapping[str, object], key: str) -> Iterator[dict[str, object]]:
    children = parent.get(key)
    return (child for child in (children if isinstance(children, list) else ()) if isinstance(child, dict))


def _read_beir(folder: Path) -> Questions:
    """Read `corpus.jsonl`, `queries.jsonl` and the relevance judgements in `qrels/`, preferably `test.tsv`."""
    corpus, queries = folder / "corpus.jsonl", folder / "queries.jsonl"
    judgements = sorted(folder.glob("qrels/*.tsv"), key=lambda path: (path.stem != "test", path.name))
    missing = [path.name for path in (corpus, queries) if not os.path.isfile(path)]
    if missing or not judgements:
        listed = join_words([*missing, *(() if judgements else ("qrels/test.tsv",))])
        raise UnreadableError(f"is not a folder in the BEIR format: it lacks {listed}", Place(str(folder)))
    relevant: dict[str, list[str]] = {}
    judged, asked = Rows(judgements[0]), Rows(queries)
    for _, row in judged:
        query, document, score = (str(row.get(key, "")).strip() for key in ("query_id", "corpus_id", "score"))
        if query and document and score not in {"", "0"} and not score.startswith("-"):
            relevant.setdefault(query, []).append(document)
    texts = ((str(row.get("text", "")), str(row.get("_id", line))) for line, row in asked)
    questions = _sample(
        Question(text, (), tuple(relevant[name])) for text, name in texts if text.strip() and name in relevant
    )
    if not questions.total:
        raise UnreadableError("holds no query that a judgement names", Place(str(judgements[0])))
    form = f"BEIR ({count_words(questions.total, 'query', 'queries')} judged in {judgements[0].name})"
    notes = judged.notes() + asked.notes() + questions.notes("questions")
    return Questions(form, questions.items(), notes, corpus)


# --- what they show -----------------------------------------------------------------------------------------------


def measure_questions(questions: Questions) -> tuple[Measurement, ...]:
    """Return whether the rows ask questions and say for what, and the form of the answers if there are enough."""
    pairs = {row.text: row.written or row.answers[0] for row in questions.rows if row.answers}
    form = measure_form(describe_shape(list(pairs.items())), "questions") if len(pairs) >= MIN_SAMPLE else ()
    return _measure_kind(questions), _measure_scope(questions), *form


def _measure_kind(questions: Questions) -> Measurement:
    rows = questions.rows
    asking = sum(asks(row.text) for row in rows)
    answers = [row.answers[0].casefold() for row in rows if row.answers]
    ask = len(rows) >= MIN_SAMPLE and asking >= _ASKING * len(rows)
    differ = len(set(answers)) > _LABELS * len(answers)
    return Measurement(
        "questions.kind",
        f"{asking / len(rows):.0%} of {len(rows):,} rows ask a question",
        "a question mark, or a question word at the start",
        len(rows),
        "questions",
        answers={"task.kind": "question_answering"} if ask and differ else NOTHING,
        figures={"question_share": round(asking / len(rows), 3), "answered": len(answers)},
        interval=bound_share(asking, len(rows)),
        notes=(f"read as {questions.form}",),
    )


def _measure_scope(questions: Questions) -> Measurement:
    """Return the share of under-specified questions: asked twice in the same words, with different answers."""
    groups: defaultdict[bytes, list[Question]] = defaultdict(list)
    for row in questions.rows:
        if row.answers:
            groups[digest_words(split_words(row.text))].append(row)
    differing = [rows for rows in groups.values() if _differ(rows)]
    count, unclear = (sum(map(len, found)) for found in (groups.values(), differing))
    share = unclear / max(count, 1)
    fault = share >= _UNCLEAR
    advice = "such questions do not say for which document, customer or date they are asked; retrieval needs it as a filter"
    return Measurement(
        "questions.scope",
        f"{share:.0%} of {count:,} questions are asked elsewhere in the same words with another answer",
        "equal questions, case and punctuation aside, none of whose answers holds the other",
        count,
        "questions with answers",
        figures={"under_specified": round(share, 3), "different": len(groups)},
        interval=bound_share(unclear, count),
        notes=(*((advice,) if fault else ()), *questions.notes),
        examples=show_texts(rows[0].text for rows in differing),
        fault=fault,
    )


def _differ(rows: list[Question]) -> bool:
    """Return whether two of the rows have no answers of which one is part of the other."""
    first, *others = ({f" {' '.join(split_words(answer))} " for answer in row.answers} for row in rows)
    return any(not any(one in two or two in one for one in first for two in other) for other in others)
