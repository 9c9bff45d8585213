"""Fit the models that tell from the words of a sentence which criterion it answers; `fit_reader.py` writes them.

For each criterion a multinomial logistic regression tells a sentence that answers it, and with which level, from one that
does not. It sees the words and pairs of words that speak for an answer most clearly, by chi-squared. A criterion is
fitted only where such models are often enough right on repositories that they were not fitted on.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

from ragortune.evidence.documents.assertion import Marked
from ragortune.evidence.documents.facts import may_answer
from ragortune.evidence.documents.features import UNANSWERED, UNKNOWN, list_features
from ragortune.evidence.documents.language import Classifier
from ragortune.evidence.documents.tokens import cut_text
from score_reader import GROUPS, Label, Labelled

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

_INVERSE_PENALTY = 0.5
_MOST_FEATURES = 60
_FEWEST_SENTENCES = 4
_FEWEST_ANSWERING = 2
"""In the answers of so many repositories a word or pair must stand."""
_FEWEST_REPOSITORIES = 15
"""A criterion that fewer repositories answer is left to phrases."""
_FOLDS = 8
_LEAST_RIGHT = 0.5
"""Of all that is told about sentences; of those of a document only the likeliest counts, which is right more often."""
_THRESHOLDS = (0.3, 0.4, 0.5, 0.6)
_UNKNOWN_LEVEL = "-"


class Answer(msgspec.Struct, frozen=True):
    """What a sentence is labelled with for one criterion."""

    criterion: str
    levels: tuple[str, ...]
    beside: bool = False
    """Whether only the line above or below is labelled, so that the sentence teaches nothing."""


class _Row(msgspec.Struct, frozen=True):
    """What is due for one sentence and criterion."""

    at: int
    repo: str
    due: str
    weight: float


class LabelledSentence(msgspec.Struct, frozen=True):
    """A sentence of a labelled document."""

    repo: str
    words: tuple[str, ...]
    answers: tuple[Answer, ...]


def list_sentences(label: Labelled, marked: Iterable[Marked]) -> Iterator[LabelledSentence]:
    """Yield the sentences of a document from which facts are read, where its levels are labelled."""
    if label.status != "judged" or label.nofacts:
        return
    for one in marked:
        if may_answer(one):
            lines = {piece.line for piece in one.sentence.pieces}
            answers = (answer for fact in label.facts for answer in _list_answers(fact, lines))
            words = cut_text(one.sentence.text).words
            yield LabelledSentence(label.repo, tuple(list_features(words)), tuple(answers))


def _list_answers(fact: Label, lines: Iterable[int]) -> Iterator[Answer]:
    nearest = min(abs(line - own) for line in lines for own in fact.lines)
    levels = tuple(level for level in fact.levels if level != _UNKNOWN_LEVEL) or (UNKNOWN,)
    if nearest <= 1:
        for criterion in (fact.ours,) if fact.ours else GROUPS.get(fact.criterion, ()):
            yield Answer(criterion, levels, beside=nearest == 1)


def fit_sentences(sentences: Sequence[LabelledSentence], fitted: str) -> Iterator[Classifier]:
    """Yield a model for each criterion that enough repositories answer."""
    vectors = DictVectorizer()
    values = vectors.fit_transform([dict.fromkeys(one.words, 1.0) for one in sentences]).tocsr()
    names = vectors.get_feature_names_out()
    folds = [zlib.crc32(one.repo.encode()) % _FOLDS for one in sentences]
    for criterion in sorted({answer.criterion for one in sentences for answer in one.answers}):
        rows = _list_rows(sentences, criterion)
        if len({sentences[row.at].repo for row in rows if row.due != UNANSWERED}) < _FEWEST_REPOSITORIES:
            continue
        least = _choose_threshold(values, rows, folds)
        if least is not None:
            model, chosen = _fit(values, rows)
            features = {
                str(names[column]): (1.0, *(round(float(weight), 2) for weight in own))
                for column, own in sorted(zip(chosen, model.coef_.T, strict=True))
            }
            intercepts = tuple(round(float(one), 2) for one in model.intercept_)
            yield Classifier(criterion, fitted, tuple(map(str, model.classes_)), intercepts, features, least)


def _choose_threshold(values: csr_matrix, rows: Sequence[_Row], folds: Sequence[int]) -> float | None:
    """Return the least probability from which models are often enough right about other repositories; None if from none."""
    told: list[tuple[float, bool]] = []
    for fold in range(_FOLDS):
        model, chosen = _fit(values, [row for row in rows if folds[row.at] != fold])
        unseen = [row for row in rows if folds[row.at] == fold]
        silent = list(model.classes_).index(UNANSWERED)
        shares = 1 - model.predict_proba(values[[row.at for row in unseen]][:, chosen])[:, silent]
        told += [(share, row.due != UNANSWERED) for row, share in zip(unseen, shares, strict=True)]
    for least in _THRESHOLDS:
        right = [answers for share, answers in told if share >= least]
        if sum(right) > _LEAST_RIGHT * len(right):
            return least
    return None


def _fit(values: csr_matrix, rows: Sequence[_Row]) -> tuple[LogisticRegression, NDArray[np.int64]]:
    own = values[[row.at for row in rows]]
    due = [row.due for row in rows]
    chosen = _choose_features(own, np.array(due) != UNANSWERED, [row.repo for row in rows])
    model = LogisticRegression(C=_INVERSE_PENALTY, max_iter=300, tol=1e-3)
    return model.fit(own[:, chosen], due, sample_weight=[row.weight for row in rows]), chosen


def _list_rows(sentences: Sequence[LabelledSentence], criterion: str) -> list[_Row]:
    """Return sentences with the outcome that is due; one between levels counts in parts, one beside a label not at all."""
    rows: list[_Row] = []
    for at, sentence in enumerate(sentences):
        own = [answer for answer in sentence.answers if answer.criterion == criterion]
        exact = next((answer.levels for answer in own if not answer.beside), () if own else (UNANSWERED,))
        rows += [_Row(at, sentence.repo, level, 1 / len(exact)) for level in exact]
    return rows


def _choose_features(
    values: csr_matrix, answered: NDArray[np.bool_], repositories: Sequence[str]
) -> NDArray[np.int64]:
    """Return the features that answers have more often than other sentences, in several repositories."""
    inside = np.asarray(values[answered].sum(0)).ravel()
    everywhere = np.asarray(values.sum(0)).ravel()
    expected = everywhere * answered.mean()
    surprise = (inside - expected) ** 2 / (expected + 1e-9)
    own = np.array(repositories)[answered]
    support = sum(values[answered][own == one].max(0).toarray().ravel() for one in set(own))
    surprise[(support < _FEWEST_ANSWERING) | (everywhere < _FEWEST_SENTENCES) | (inside < expected)] = 0
    return np.argsort(-surprise)[: min(_MOST_FEATURES, int((surprise > 0).sum()))]
