"""Questions with reference answers, from JSON Lines, JSON, CSV, SQuAD files and BEIR folders, told apart by their keys."""

from __future__ import annotations

import hashlib
import heapq
import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path

from ragortune.evidence.measurements.rows import Rows
from ragortune.support.errors import Place, UnreadableError
from ragortune.support.record import Record
from ragortune.support.text import count_words, join_words

MOST_QUESTIONS = 20_000
"""So many are kept of a larger file. Which ones follows from the question's own words, so that equal questions stay together."""
_QUESTION = ("question", "query", "prompt", "input", "user_input", "instruction")
_ANSWER_KEYS = (
    "answers answer reference_answer reference references expected_answer expected ground_truth ground_truths "
    "gold_answer correct_answer output completion response"
)
_SOURCE_KEYS = "source sources gold_source doc_id doc_ids doc docs document_id document gold gold_ids relevant url file path"
_CONTEXT_KEYS = "gold_context contexts context reference_contexts evidence passage passages supporting_text"
_ANSWER, _SOURCE, _CONTEXT = _ANSWER_KEYS.split(), _SOURCE_KEYS.split(), _CONTEXT_KEYS.split()
_ID = ("id", "_id", "qid", "question_id", "query_id")
_INSIDE = ("text", "answer", "value", "evidence_text", "id", "doc_id", "name", "source", "file", "path")
"""What a list of answers or sources calls its entries, where these are mappings."""
_LONGEST_NAME = 300
_DEPTH = 6


class Question(Record, frozen=True):
    """A question with what is known about its answer."""

    id: str
    """As the file names it, or the number of its row."""
    text: str
    answers: tuple[str, ...] = ()
    """Reference answers, each good by itself."""
    sources: tuple[str, ...] = ()
    """Names of the documents that hold the answer."""
    contexts: tuple[str, ...] = ()
    """Texts that hold the answer."""
    written: str = ""
    """The first answer as it was written, where it is JSON; of `answers` the keys are left out."""


class Questions(Record, frozen=True):
    """The questions of one file or folder."""

    name: str
    """Name of the file or folder as given."""
    form: str
    """What was detected: the form, and which keys hold what."""
    rows: tuple[Question, ...]
    total: int
    """How many there are; more than `rows` where a sample was kept."""
    notes: tuple[str, ...] = ()
    """What was left out, and why."""
    corpus: Path | None = None
    """The texts that belong to the questions, as BEIR keeps them."""

    def read_texts(self) -> Iterator[tuple[str, str]]:
        """Yield the texts that the questions bring along, by name: the corpus of BEIR, or the contexts."""
        if self.corpus:
            for line, row in Rows(self.corpus):
                text = "\n\n".join(str(row[key]) for key in ("title", "text") if row.get(key))
                yield str(row.get("_id", line)), text
        else:
            contexts = dict.fromkeys(chain.from_iterable(row.contexts for row in self.rows))
            yield from ((f"context {number}", text) for number, text in enumerate(contexts, 1))


def read_questions(path: Path) -> Questions:
    """Read questions; raises UnreadableError where there are none or the file cannot be read."""
    if path.is_dir():
        return _read_beir(path)
    rows = Rows(path)
    reader = _RowReader(rows)
    sample = _Sample()
    if path.suffix.lower() == ".json":
        items = list(rows)
        squad = _find_squad(rows.document)
        found: Iterable[Question] = _read_squad(squad) if squad else map(reader.read, items)  # type: ignore[arg-type]
        form = "SQuAD (data, paragraphs, qas)" if squad else ""
    else:
        found, form = map(reader.read, rows), ""  # type: ignore[arg-type]
    for question in found:
        if question:
            sample.add(question)
    if not sample.total:
        names = f"{', '.join(_QUESTION[:3])} and {', '.join(_ANSWER[:3])}"
        raise UnreadableError("holds no questions", Place(str(path)), f"rows have keys such as {names}")
    return sample.finish(path, form or f"{rows.form} ({reader.describe()})", rows.notes())


class _Sample:
    """The questions whose hash is smallest: a sample in which equal questions are together, whatever their order."""

    def __init__(self) -> None:
        self.total = 0
        self._heap: list[tuple[int, int, Question]] = []

    def add(self, question: Question) -> None:
        self.total += 1
        digest = hashlib.blake2b(question.text.casefold().encode("utf-8", "replace"), digest_size=8).digest()
        entry = (-int.from_bytes(digest), -self.total, question)
        if len(self._heap) < MOST_QUESTIONS:
            heapq.heappush(self._heap, entry)
        else:
            heapq.heappushpop(self._heap, entry)

    def finish(self, path: Path, form: str, notes: tuple[str, ...], corpus: Path | None = None) -> Questions:
        rows = tuple(question for *_, question in sorted(self._heap, key=lambda entry: -entry[1]))
        if len(rows) < self.total:
            notes += (f"a sample of {len(rows):,} of {self.total:,} questions",)
        return Questions(str(path), form, rows, self.total, notes, corpus)


class _RowReader:
    """Finds question, answers and sources in rows by the names of their keys."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._used: dict[str, str] = {}

    def describe(self) -> str:
        """Return which key was read as what."""
        return ", ".join(f"{key} as {role}" if key != role else key for role, key in self._used.items())

    def read(self, item: tuple[int, dict[str, object]]) -> Question | None:
        """Return the question of a row, None (and the row counted) where it has none."""
        line, data = item
        fields = {
            key.strip().lower().replace(" ", "_").replace("-", "_"): value for key, value in data.items()
        }
        text = " ".join(self._take("question", fields, _QUESTION))
        if not text.strip():
            self._rows.skip("has no question", line)
            return None
        written = self._take("answer", fields, _ANSWER)
        answers = tuple(strip_keys(answer) for answer in written)
        named = tuple(self._take("source", fields, _SOURCE))
        texts = tuple(self._take("context", fields, _CONTEXT))
        return Question(
            next((str(fields[key]) for key in _ID if isinstance(fields.get(key), (str, int))), str(line)),
            text,
            tuple(answer for answer in answers if answer),
            tuple(name for name in named if _is_name(name)),
            texts + tuple(name for name in named if not _is_name(name)),
            written[0] if written and written[0].strip() != answers[0] else "",
        )

    def _take(self, role: str, fields: Mapping[str, object], names: Iterable[str]) -> list[str]:
        for name in names:
            if found := [text for text in _list_texts(fields.get(name)) if text.strip()]:
                self._used.setdefault(role, name)
                return found
        return []


def _is_name(text: str) -> bool:
    return len(text) <= _LONGEST_NAME and "\n" not in text


def _list_texts(value: object, depth: int = 0) -> list[str]:
    """Return the texts in a value: itself, the entries of a list, or what a mapping calls its text or name."""
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        return [str(value)]
    if isinstance(value, list) and depth < _DEPTH:
        return [text for part in value for text in _list_texts(part, depth + 1)]
    if isinstance(value, dict):
        for key in _INSIDE:
            if value.get(key) is not None:
                return _list_texts(value[key], depth + 1)
        return [json.dumps(value, ensure_ascii=False)] if value else []
    return []


def strip_keys(answer: str) -> str:
    """Return the values of an answer that is JSON, without its keys and punctuation; another answer as it is."""
    if answer.lstrip()[:1] not in {"{", "["}:
        return answer.strip()
    try:
        return " ".join(_list_leaves(json.loads(answer)))
    except (ValueError, RecursionError):
        return answer.strip()


def _list_leaves(value: object) -> Iterator[str]:
    if isinstance(value, (list, dict)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _list_leaves(part)
    elif value is not None:
        yield str(value)


# --- SQuAD and BEIR -----------------------------------------------------------------------------------------------


def _find_squad(document: object) -> list[object]:
    """Return the articles of a SQuAD file, an empty list where it is none."""
    articles = document.get("data") if isinstance(document, dict) else None
    is_squad = isinstance(articles, list) and any(
        isinstance(one, dict) and "paragraphs" in one for one in articles
    )
    return articles if is_squad else []  # type: ignore[return-value]


def _read_squad(articles: list[object]) -> Iterator[Question]:
    """Yield the questions that have answers: version 2 has some without, to see whether a reader notices."""
    for paragraph in _list_mappings(articles, "paragraphs"):
        context = paragraph.get("context")
        for number, entry in enumerate(_list_mappings([paragraph], "qas"), 1):
            text = entry.get("question")
            answers = tuple(dict.fromkeys(_list_texts(entry.get("answers"))))
            if isinstance(text, str) and text.strip() and answers:
                contexts = (context,) if isinstance(context, str) else ()
                yield Question(str(entry.get("id", number)), text, answers, (), contexts)


def _list_mappings(parents: Iterable[object], key: str) -> Iterator[dict[str, object]]:
    for parent in parents:
        children = parent.get(key) if isinstance(parent, dict) else None
        yield from (
            (child for child in children or () if isinstance(child, dict))
            if isinstance(children, list)
            else ()
        )


def _read_beir(folder: Path) -> Questions:
    """Read `corpus.jsonl`, `queries.jsonl` and the judgements in `qrels/`, of which `test.tsv` comes first."""
    corpus, queries = folder / "corpus.jsonl", folder / "queries.jsonl"
    judgements = sorted(folder.glob("qrels/*.tsv"), key=lambda path: (path.stem != "test", path.name))
    missing = [path.name for path in (corpus, queries) if not path.is_file()] + ["qrels/test.tsv"] * (
        not judgements
    )
    if missing:
        message = f"is no folder in the form of BEIR: {join_words(missing)} is missing"
        raise UnreadableError(message, Place(str(folder)))
    relevant: dict[str, list[str]] = {}
    judged = Rows(judgements[0])
    for _, row in judged:
        query, document, score = (str(row.get(key, "")) for key in ("query-id", "corpus-id", "score"))
        if query and document and score.strip() not in {"", "0"} and not score.startswith("-"):
            relevant.setdefault(query, []).append(document)
    sample, rows = _Sample(), Rows(queries)
    for line, row in rows:
        text, name = str(row.get("text", "")), str(row.get("_id", line))
        if text.strip() and name in relevant:
            sample.add(Question(name, text, (), tuple(relevant[name])))
    if not sample.total:
        message = "holds no query that a judgement names"
        raise UnreadableError(message, Place(str(judgements[0])))
    form = f"BEIR ({count_words(sample.total, 'query', 'queries')} judged in {judgements[0].name})"
    return sample.finish(folder, form, judged.notes() + rows.notes(), corpus)
