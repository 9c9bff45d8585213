"""Retrieval quality on questions with reference answers: hits within a context budget, and coverage of the answers.

Thresholds were set on public question sets, searched in their own and in unrelated documents. Lexical search finds less
than semantic search can, so its hits are a lower bound.
"""

from __future__ import annotations

import functools
import itertools
import random
import re
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from ragortune.evidence.measurements.questions import Question
from ragortune.evidence.measurements.sampling import (
    MIN_SAMPLE,
    bound_mean,
    bound_share,
    draw_sample,
    place_value,
)
from ragortune.evidence.measurements.search import STOP_WORDS, Engine, Passage, split_terms
from ragortune.evidence.measurements.secret_scan import show_texts
from ragortune.model.measurements import Measurement, Progress
from ragortune.support.record import Record
from ragortune.support.text import count_words

MAX_SEARCHED = 1_000
MAX_COMPARED = 200
"""Questions at most whose answer is compared with the passages found, which takes a second search."""
BUDGET = 6_000
"""Characters of the context from which an answer would be generated, about 1,500 tokens."""
LEVEL_EDGES = (0.6, 0.8)
"""Hit rates between the levels of `knowledge.retrievability`."""
_DEPTH = 30
_TOP = 5
_CUTOFFS = (1, 5, 10)
_HOLDS = 0.5
"""Share of an answer's wording from which on a passage holds the answer."""
_SAME = 0.6
"""Share of the wording of the shorter of two texts from which on they are the same passage."""
_MIN_COMPARED = 10
"""Fewer answers are not compared; between this number and `MIN_SAMPLE` there are figures, but no answers for the profile."""
_FEW, _LABEL_SHARE = 3, 0.05
_COVERED, _APART = 0.12, 0.65
"""Coverage and separation from which on documents hold the answers. The coverage of unrelated documents is below 0.09."""
_MIN_ORACLE = 0.5
"""Oracle coverage that counts by itself; short answers reach 0.2 to 0.35 in unrelated documents by chance."""
_MISSED = 0.25
"""Difference of oracle and coverage from which on the documents hold answers that the search misses."""
_NUMBER_PARTS = re.compile(r"(?<=\d)[,'\u2019\u202f](?=\d{3})|\.0+(?!\d)")
"""Thousands separators and zero decimals, which documents and answers write differently."""
_EXTENSION = re.compile(r"(?<=[^/])\.[a-z][a-z0-9]{0,7}\Z")
"""No number is one: `2101.00123` and `policy-v2.1` are whole names."""
_LOWER_BOUND = "search by words alone: a lower bound of what search by meaning can find; --search measures your own engine"
_NO_ENGINE = "nothing to search in: name documents with --docs, or your own engine with --search"
FOUND, MISSED, ABSENT = "in_documents", "in_documents_but_missed", "not_in_documents"
"""Whether the documents hold the answers, at least in these words, and a search for the questions finds them."""
_ADVICE = {
    FOUND: "the documents hold the answers and the questions find them: retrieval can help",
    MISSED: "the documents hold the answers, but the questions miss many of them: search by meaning besides words, "
    "filters or rewritten questions are needed",
    ABSENT: "the documents do not hold the answers, or not in such words: retrieval over them cannot help, the "
    "source of the answers has to be found first",
}


Hit = tuple[int, bool]
"""Rank of the first passage that holds the answer, from 1, and whether it is within the context budget."""


class Trial(Record, frozen=True):
    """The result of searching for one question."""

    question: Question
    passages: tuple[str, ...]
    """The best passages."""
    named: bool
    """Whether the documents or texts that hold the answer are known."""
    by_name: Hit | None
    """The first passage of these documents or texts."""
    by_wording: Hit | None
    """The first passage with the wording of the answer; not determined if the documents decide."""
    oracle: float | None
    """Coverage of the answer by a search for question and answer together; None if that was not made."""


def measure_search(
    questions: Sequence[Question], engine: Engine | None, progress: Progress
) -> tuple[Measurement, ...]:
    """Return the coverage of the answers and, with an engine, the quality of its search; raises UsageError if it fails."""
    if engine is None:
        return (_measure_coverage((), None),)
    trials = _search(questions, engine, progress)
    coverage = _measure_coverage([trial for trial in trials if trial.oracle is not None], engine)
    return coverage, _measure_hits(trials, engine, coverage.figures.get("verdict"))


# --- searching ----------------------------------------------------------------------------------------------------


def _search(rows: Sequence[Question], engine: Engine, progress: Progress) -> list[Trial]:
    """Return the results for a sample of the questions; those whose answers are compared come first."""
    chosen = draw_sample(rows, MAX_SEARCHED)
    progress(f"searching for {count_words(len(chosen), 'question')}: {engine.label}")
    known = None if engine.names is None else NameIndex(engine.names)
    counts = Counter(row.answers[0] for row in chosen if row.answers)
    most = max(_FEW, _LABEL_SHARE * len(chosen))
    labels = {answer for answer, count in counts.items() if count > most}
    # Questions whose answer is a label, such as yes or no, come last: labels are in every document.
    chosen.sort(key=lambda row: not row.answers or row.answers[0] in labels)
    trials = []
    for index, row in enumerate(chosen):
        compare = index < MAX_COMPARED and bool(row.answers) and row.answers[0] not in labels
        named = bool(row.contexts) or any(known is None or known.holds(name) for name in row.sources)
        if named or compare:  # nothing would follow from the others
            trials.append(_try(row, engine, named=named, compare=compare))
    return trials


def _try(question: Question, engine: Engine, *, named: bool, compare: bool) -> Trial:
    passages = engine.search(question.text, _DEPTH)
    sources = NameIndex(question.sources)
    by_name = _find_first(passages, lambda passage: _is_named(question, sources, passage)) if named else None
    decided = named and engine.names is not None
    worded = None if decided else _find_first(passages, lambda passage: _has_wording(question, passage))
    oracle = None
    if compare:
        both = engine.search(f"{question.text}\n{question.answers[0]}", _TOP)
        oracle = cover_answer(question.answers, [passage.text for passage in both])
    best = tuple(passage.text for passage in passages[:_TOP])
    return Trial(question, best, named, by_name, worded, oracle)


def _find_first(passages: Sequence[Passage], is_hit: Callable[[Passage], bool]) -> Hit | None:
    """Return the first hit among the best ten passages and those within the context budget."""
    start = 0
    for rank, passage in enumerate(passages, 1):
        fits = start < BUDGET
        if (fits or rank <= _CUTOFFS[-1]) and is_hit(passage):
            return rank, fits
        start += len(passage.text)
    return None


def _is_named(question: Question, sources: NameIndex, passage: Passage) -> bool:
    """Return whether a passage is of a named document, or overlaps a given text and has the wording of the answer."""
    if sources.holds(passage.id):
        return True
    if question.answers and not _has_wording(question, passage):
        return False
    pairs = read_wording(passage.text)[1]
    others = (read_wording(context)[1] for context in question.contexts)
    return any(len(pairs & other) >= _SAME * max(1, min(len(pairs), len(other))) for other in others)


def _has_wording(question: Question, passage: Passage) -> bool:
    return cover_answer(question.answers, [passage.text]) >= _HOLDS


class NameIndex:
    """Names of documents, matched if one of two names, paths or addresses is a suffix of the other."""

    def __init__(self, names: Iterable[str]) -> None:
        suffixes = [_list_suffixes(name) for name in names]
        self._names = {listed[0] for listed in suffixes}
        self._suffixes = set().union(*suffixes)

    def holds(self, name: str) -> bool:
        """Return whether a name matches one of the documents."""
        suffixes = _list_suffixes(name)
        return suffixes[0] in self._suffixes or not self._names.isdisjoint(suffixes)


def _list_suffixes(name: str) -> list[str]:
    """Return `a/b/c`, `b/c` and `c` for a name, without `#part`, file extension and case."""
    path = name.partition("#")[0].casefold().strip("/").removeprefix("./")
    parts = _EXTENSION.sub("", path).split("/")
    return ["/".join(parts[start:]) for start in range(len(parts))]


# --- wording ------------------------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=2048)
def read_wording(text: str) -> tuple[frozenset[str], frozenset[tuple[str, str]]]:
    """Return the words of a text without stop words, and the pairs of neighbouring ones."""
    words = [word for word in split_terms(_NUMBER_PARTS.sub("", text)) if word not in STOP_WORDS]
    return frozenset(words), frozenset(itertools.pairwise(words))


def cover_answer(answers: Sequence[str], passages: Sequence[str]) -> float:
    """Return the largest share of an answer's word pairs in one passage; for a single word whether a passage has it."""
    shares = (
        len(pairs & other_pairs) / len(pairs) if pairs else float(bool(words) and words <= other_words)
        for words, pairs in map(read_wording, answers)
        for other_words, other_pairs in map(read_wording, passages)
    )
    return max(shares, default=0.0)


def separate(values: Sequence[float], others: Sequence[float]) -> float:
    """Return the probability that a value is larger than one of `others`, ties as one half: the AUC (Mann-Whitney)."""
    wins = sum((value > other) + (value == other) / 2 for value in values for other in others)
    return wins / (len(values) * len(others))


# --- what follows -------------------------------------------------------------------------------------------------


def _measure_hits(trials: Sequence[Trial], engine: Engine, verdict: object) -> Measurement:
    """Return the hit rates of the search."""
    usable = engine.names is not None or any(trial.by_name for trial in trials)
    judged = [
        (trial.question, trial.by_name if trial.named and usable else trial.by_wording)
        for trial in trials
        if (trial.named and usable) or (trial.oracle or 0.0) >= _HOLDS
    ]
    count = len(judged)
    hits = sum(hit is not None and hit[1] for _, hit in judged)
    share, interval = hits / max(count, 1), bound_share(hits, count)
    ranks = [hit[0] if hit else _DEPTH + 1 for _, hit in judged]
    figures = {f"hit_at_{k}": round(sum(rank <= k for rank in ranks) / max(count, 1), 3) for k in _CUTOFFS}
    by_name = usable and any(trial.named for trial in trials)
    wanted = "the document or text that is named" if by_name else "half of the answer's wording"
    low, high = (round(end, 2) for end in interval)
    placed = place_value(round(share, 2), (low, high), LEVEL_EDGES)
    reasons = {
        "no question names a document that was searched, and no answer's wording is in the documents": not count,
        f"too few questions to tell ({count}); 100 give a margin of about 0.08": count < MIN_SAMPLE,
        "the documents do not hold the answers": verdict == ABSENT,
        "only a sample of the documents fits the embedded index; measure your own engine with --search": not engine.complete,
    }
    reason = next((reason for reason, holds in reasons.items() if holds), "")
    return Measurement(
        "questions.retrieval",
        f"{share:.0%} of {count:,} questions find their answer within 1,500 tokens"
        if count
        else "no question whose answer could be looked for",
        f"{engine.label}; a hit is a passage of {wanted}",
        count,
        "questions",
        answers={"knowledge.retrievability": None if reason else placed},
        figures={**figures, "hit_in_budget": round(share, 3)} if count else {},
        interval=interval if count else None,
        reason=reason,
        notes=(_LOWER_BOUND,) if engine.names is not None and share < LEVEL_EDGES[-1] else (),
        examples=show_texts(question.text for question, hit in judged if hit is None),
    )


def _measure_coverage(trials: Sequence[Trial], engine: Engine | None) -> Measurement:
    """Return the coverage of the answers by the passages found, and whether the documents hold the answers.

    The null distribution is the coverage of the answers of other questions, by a cyclic shift; the oracle is a search for
    question and answer together.
    """
    count = len(trials)
    few = (
        f"{MIN_SAMPLE} questions with reference answers, other than labels, are needed, and there are {count}"
    )
    few = _NO_ENGINE if engine is None else few if count < MIN_SAMPLE else ""
    unknown = Measurement(
        "questions.coverage",
        "not known whether the documents hold the answers",
        f"pairs of words of the reference answer in the {_TOP} best passages",
        count,
        "questions with answers",
        answers={"knowledge.source": None, "knowledge.access_path": None},
        reason=few,
    )
    if engine is None or count < _MIN_COMPARED:
        return unknown
    found = [cover_answer(trial.question.answers, trial.passages) for trial in trials]
    shift = random.Random(1).randrange(1, count)  # noqa: S311  (the same in every run)
    others = [trials[index - shift].question.answers for index in range(count)]
    shuffled = [cover_answer(other, trial.passages) for other, trial in zip(others, trials, strict=True)]
    oracle = [trial.oracle or 0.0 for trial in trials]
    means = [round(statistics.fmean(values), 3) for values in (found, oracle, shuffled)]
    covered, oracle_covered, chance = means
    separation = round(separate(found, shuffled), 3)
    shown = covered >= _COVERED and separation >= _APART
    if shown:  # otherwise the oracle counts only if it is high: it is too lenient for short answers
        verdict = MISSED if oracle_covered - covered >= _MISSED else FOUND
    else:
        verdict = MISSED if oracle_covered >= _MIN_ORACLE else ABSENT
    return unknown.replace(
        says=f"what a question finds has {covered:.0%} of its answer's wording; searching for the answer too, "
        f"{oracle_covered:.0%}; of another question's answer {chance:.0%}",
        method=f"{unknown.method}; {engine.label}",
        answers={
            "knowledge.source": "documents" if verdict != ABSENT and not few else None,
            "knowledge.access_path": "by_meaning" if shown and not few else None,
        },
        figures={
            **dict(zip(("coverage", "oracle", "shuffled"), means, strict=True)),
            "separation": separation,
            "verdict": verdict,
        },
        interval=bound_mean(found),
        reason=few or ("" if shown else _ADVICE[verdict]),
        notes=(_ADVICE[verdict],) if shown or few else (),
    )
