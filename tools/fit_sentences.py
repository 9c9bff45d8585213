"""Fit the models that predict from the words of a sentence which criterion it answers; `fit_reader.py` writes them.

For each criterion a multinomial logistic regression separates sentences that answer it, and their levels, from those that
do not. It sees the words and pairs of words to which regressions with an absolute penalty (lasso) give any weight: one
that separates answers from other sentences, and one for each level against the others. The model of approaches does better
with more words: those of written sentences that are the clearest evidence for an outcome, by chi-squared.
Models learn from the sentences of labelled documents and from those of `training/sentences/`, which were written for it. A
criterion is kept only where the most probable sentences of documents of repositories left out are often enough right.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import yaml
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

from ragortune.evidence.documents.assertion import Marked
from ragortune.evidence.documents.classifiers import (
    APPROACH,
    MIN_STANCE,
    UNANSWERED,
    UNKNOWN,
    Classifier,
    list_context,
)
from ragortune.evidence.documents.facts import may_answer
from ragortune.evidence.documents.patterns import is_plain
from ragortune.evidence.documents.tokens import cut_text
from ragortune.model import Option
from score_reader import GROUPS, Label, Labelled

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

WRITTEN = Path(__file__).parent.parent / "training" / "sentences"
_INVERSE_PENALTY, _INVERSE_PENALTY_OF_APPROACH = 0.5, 0.3
_MAX_OF_DOCUMENTS, _MAX_OF_APPROACH = 60, 2_800
"""Words and pairs for the model of approaches: taken from labelled documents, and from sentences that were written."""
_MIN_ANSWERING = 2
"""In the evidence of so many repositories a word or pair must occur."""
_INVERSE_PENALTY_OF_CHOICE = 0.3
"""Of the regressions that choose words and pairs."""
_MIN_SENTENCES = 3
"""A word or pair that fewer sentences have is left out."""
_MIN_OF_LEVEL = 4
"""A level that fewer sentences have gets no words of its own."""
_MIN_REPOSITORIES = 15
"""A criterion that fewer repositories answer is left to phrases."""
_FOLDS = 5
THRESHOLD = 0.45
"""Threshold on the probability of an answer, the same for all criteria: so the most answers are found for any share of
wrong ones."""
_MIN_RIGHT = 0.4
"""Share of right predictions for documents left out, in the most probable sentence of each."""
_MIN_PREDICTED = 5
"""Predictions for fewer documents left out prove nothing."""
OWN = "set-"
"""How the repository of an own document begins."""
_ABOUT_OTHERS = 0.5
"""Weight of a written sentence about another criterion, as one that does not answer this one."""
_UNRELATED = 0.5
"""Weight of a sentence of a document that decides nothing, as one without a stance on an approach."""
_TAKEN = frozenset((Option.RAG, Option.FINE_TUNING, Option.NEITHER))
"""Options whose evidence teaches what argues for an approach."""
_MIN_WEIGHT = 0.12
"""A feature that weighs less for every outcome is left out."""
LABELLED = frozenset(criterion for group in GROUPS.values() for criterion in group)
"""The criteria for which public documents are labelled."""
_NOT_STATED = "not_stated"
_UNKNOWN_LEVEL = "-"
_Fit = tuple[LogisticRegression, "NDArray[np.int64]"]
"""A model, and the columns of the features that it weighs."""


class Answer(msgspec.Struct, frozen=True):
    """What a sentence is labelled with for one criterion."""

    criterion: str
    levels: tuple[str, ...]
    beside: bool = False
    """Whether only the line above or below is labelled, so that the sentence teaches nothing."""


class _Row(msgspec.Struct, frozen=True):
    """The expected outcome for one sentence and criterion."""

    at: int
    document: str
    expected: str
    weight: float
    counts: bool
    """Whether it can be used to measure a model: in a document whose answers are labelled."""


class LabelledSentence(msgspec.Struct, frozen=True):
    """A sentence of a labelled document, or one that was written."""

    repo: str
    """The repository of its document, of an own one author and name; empty for a sentence that was written."""
    document: str
    """The file of its document; empty for a sentence that was written."""
    words: tuple[str, ...]
    answers: tuple[Answer, ...]
    about: str = ""
    """The criterion for which it was written."""
    unrelated: bool = False
    """Whether its document decides for no approach."""
    labelled: Collection[str] | None = None
    """The criteria for which it is labelled; None for all."""
    alone: bool = False
    """Whether it is labelled and the rest of its document is not, so that it shows nothing about the document."""


def list_sentences(label: Labelled, marked: Iterable[Marked]) -> Iterator[LabelledSentence]:
    """Yield the sentences of a document from which facts are read, where its levels are labelled."""
    unrelated = label.status in {"nothing_to_judge", "no_decision"}
    if label.status != "judged" and not unrelated:
        return
    repo = f"{label.repo}/{label.file}" if label.repo.startswith(OWN) else label.repo
    asked = {(one.line, one.sentence): frozenset(one.criteria) for one in label.asked}
    complete = label.complete or repo.startswith(OWN)
    deciding = {one.line for one in label.stated_decision.evidence} if label.option in _TAKEN else set()
    for one in marked:
        if not may_answer(one):
            continue
        lines = {piece.line for piece in one.sentence.pieces}
        labelled = None if complete else LABELLED
        if asked:
            labelled = asked.get((min(lines), one.sentence.text))
            if labelled is None:
                continue
        context = list_context(one.sentence, lambda text: cut_text(text).words)
        words = (*_list_features(cut_text(one.sentence.text).words), *context)
        if unrelated or not label.nofacts:
            answers = tuple(answer for fact in label.facts for answer in _list_answers(fact, lines))
            yield LabelledSentence(
                repo, label.file, words, answers, unrelated=unrelated, labelled=labelled, alone=bool(asked)
            )
        if not lines.isdisjoint(deciding):
            stance = Answer(APPROACH, (f"{label.option}_for",))
            yield LabelledSentence(repo, label.file, words, (stance,), about=APPROACH)


def list_written(folder: Path = WRITTEN) -> Iterator[LabelledSentence]:
    """Yield the sentences that were written for the fit."""
    for path in sorted(folder.glob("*.yaml")):
        for criterion, levels in yaml.safe_load(path.read_text(encoding="utf-8")).items():
            for level, texts in levels.items():
                answers = () if level == _NOT_STATED else (Answer(criterion, (level,)),)
                for text in texts:
                    words = tuple(_list_features(cut_text(text).words))
                    yield LabelledSentence("", "", words, answers, about=criterion)


def write_weights(numbers: Iterable[float]) -> str:
    """Return the numbers of a feature as a rule set holds them."""
    return " ".join(f"{number:g}" for number in numbers)


def _list_features(words: Sequence[str]) -> list[str]:
    """Return the features of a sentence: its words and pairs of words, as `WordModels` weighs them."""
    plain = [*filter(is_plain, words)]
    return [*plain, *map(" ".join, pairwise(plain))]


def _list_answers(fact: Label, lines: Iterable[int]) -> Iterator[Answer]:
    nearest = min(abs(line - own) for line in lines for own in fact.lines)
    levels = tuple(level for level in fact.levels if level != _UNKNOWN_LEVEL) or (UNKNOWN,)
    if nearest <= 1:
        for criterion in (fact.ours,) if fact.ours else GROUPS.get(fact.criterion, ()):
            yield Answer(criterion, levels, beside=nearest == 1)


def fit_sentences(
    sentences: Sequence[LabelledSentence], fitted: str, criteria: Collection[str]
) -> Iterator[Classifier]:
    """Yield a model for each of these criteria that enough repositories answer, of all where none is named."""
    vectors = DictVectorizer()
    values = vectors.fit_transform([dict.fromkeys(one.words, 1.0) for one in sentences]).tocsr()
    common = np.flatnonzero(values.getnnz(0) >= _MIN_SENTENCES)
    values = values[:, common]
    names = [str(name) for name in vectors.get_feature_names_out()[common]]
    folds = [
        zlib.crc32(one.repo.partition("/")[0].encode()) % _FOLDS if one.repo else -1 for one in sentences
    ]
    for criterion in sorted(criteria or {one.about for one in sentences if one.about}):
        rows = list(_list_rows(sentences, criterion))
        if criterion == APPROACH:
            fit = _fit(values, rows, np.array([one.repo for one in sentences]))
            yield _write_model(criterion, fitted, names, fit, MIN_STANCE)
            continue
        answering = {sentences[row.at].repo for row in rows if row.document and row.expected != UNANSWERED}
        if len(answering) >= _MIN_REPOSITORIES and _is_often_right(criterion, values, rows, folds):
            yield _write_model(criterion, fitted, names, _fit(values, rows), THRESHOLD)


def _write_model(
    criterion: str, fitted: str, names: Sequence[str], fit: _Fit, threshold: float
) -> Classifier:
    model, chosen = fit
    weights = sorted(zip((names[column] for column in chosen), model.coef_.T, strict=True))
    features = {
        name: write_weights((1.0, *(round(float(weight), 2) for weight in own)))
        for name, own in weights
        if max(map(abs, own)) >= _MIN_WEIGHT
    }
    intercepts = tuple(round(float(one), 2) for one in model.intercept_)
    return Classifier(criterion, fitted, tuple(map(str, model.classes_)), intercepts, features, threshold)


def _is_often_right(criterion: str, values: csr_matrix, rows: Sequence[_Row], folds: Sequence[int]) -> bool:
    """Tell whether the most probable sentences of documents are often enough right where models have not seen the repository.

    Public documents count for the criteria for which they are labelled.
    """
    most_probable: dict[str, tuple[float, bool]] = {}
    for fold in range(_FOLDS):
        model, chosen = _fit(values, [row for row in rows if folds[row.at] != fold])
        unseen = [row for row in rows if folds[row.at] == fold and row.counts]
        silent = list(model.classes_).index(UNANSWERED)
        shares = 1 - model.predict_proba(values[[row.at for row in unseen]][:, chosen])[:, silent]
        for share, row in zip(shares, unseen, strict=True):
            predicted = (float(share), row.expected != UNANSWERED)
            most_probable[row.document] = max(predicted, most_probable.get(row.document, predicted))
    right = [answers for share, answers in most_probable.values() if share >= THRESHOLD]
    print(f"{criterion:30} right in {sum(right)} of {len(right)} documents left out")
    return len(right) >= _MIN_PREDICTED and sum(right) > _MIN_RIGHT * len(right)


def _fit(values: csr_matrix, rows: Sequence[_Row], repositories: NDArray[np.str_] | None = None) -> _Fit:
    """Return a model; with the repositories of sentences, the one of approaches."""
    at = [row.at for row in rows]
    own, expected = values[at], np.array([row.expected for row in rows])
    weights = np.array([row.weight for row in rows])
    if repositories is None:
        chosen, penalty = _choose_features(own, expected, weights), _INVERSE_PENALTY
    else:
        chosen, penalty = _choose_surprising(own, expected, repositories[at]), _INVERSE_PENALTY_OF_APPROACH
    model = LogisticRegression(C=penalty, max_iter=300, tol=1e-3)
    return model.fit(own[:, chosen], expected, sample_weight=weights), chosen


def _list_rows(sentences: Sequence[LabelledSentence], criterion: str) -> Iterator[_Row]:
    """Yield sentences with the expected outcome; one between levels counts in parts, one beside a label not at all.

    Of the sentences of documents only the evidence of a decision is labelled with a stance on an approach; those of
    documents that decide nothing take none.
    """
    for at, sentence in enumerate(sentences):
        if criterion == APPROACH:
            if sentence.repo and sentence.about != APPROACH and not sentence.unrelated:
                continue
        elif sentence.unrelated or sentence.about == APPROACH:
            continue
        labelled = sentence.labelled is None or criterion in sentence.labelled
        own = [answer for answer in sentence.answers if answer.criterion == criterion]
        counts = labelled and bool(sentence.repo) and not sentence.alone
        exact = next(
            (answer.levels for answer in own if not answer.beside),
            () if own or not labelled else (UNANSWERED,),
        )
        whole = _weigh(sentence, criterion)
        for level in exact if whole else ():
            yield _Row(at, sentence.document, level, whole / len(exact), counts=counts)


def _weigh(sentence: LabelledSentence, criterion: str) -> float:
    if sentence.unrelated:
        return _UNRELATED
    if sentence.about in {"", criterion}:
        return 1.0
    return 0.0 if criterion == APPROACH else _ABOUT_OTHERS


def _choose_features(
    values: csr_matrix, expected: NDArray[np.str_], weights: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Return the features that separate answers from other sentences, or one level from the others."""
    answers = expected != UNANSWERED
    chosen = {*_find_weighed(values, answers, weights)}
    levels, counts = np.unique(expected[answers], return_counts=True)
    for level in levels[counts >= _MIN_OF_LEVEL] if len(levels) > 1 else ():
        chosen |= {*_find_weighed(values[answers], expected[answers] == level, weights[answers])}
    return np.array(sorted(chosen), dtype=np.int64)


def _find_weighed(
    values: csr_matrix, expected: NDArray[np.bool_], weights: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Return the features to which a regression with an absolute penalty gives a weight."""
    model = LogisticRegression(C=_INVERSE_PENALTY_OF_CHOICE, l1_ratio=1.0, max_iter=200, solver="liblinear")
    return np.flatnonzero(model.fit(values, expected, sample_weight=weights).coef_[0])


def _choose_surprising(
    values: csr_matrix, expected: NDArray[np.str_], repositories: NDArray[np.str_]
) -> NDArray[np.int64]:
    """Return the features for the model of approaches: a few of labelled documents, most of sentences that were written."""
    written = repositories == ""
    labelled = _rank_features(values[~written], expected[~written] != UNANSWERED, repositories[~written])
    chosen = {*labelled[:_MAX_OF_DOCUMENTS]}
    kinds = {*expected[written]} - {UNANSWERED}
    for outcome in kinds:  # so that each has words of its own
        ranked = _rank_features(values, written & (expected == outcome), None)
        chosen |= {*ranked[: _MAX_OF_APPROACH // len(kinds)]}
    return np.array(sorted(chosen), dtype=np.int64)


def _rank_features(
    values: csr_matrix, answered: NDArray[np.bool_], repositories: NDArray[np.str_] | None
) -> NDArray[np.int64]:
    """Return the features that occur more often in answers, the most surprising first, by chi-squared."""
    if not answered.any():
        return np.array([], dtype=np.int64)
    inside = np.asarray(values[answered].sum(0)).ravel()
    everywhere = np.asarray(values.sum(0)).ravel()
    expected = everywhere * answered.mean()
    surprise = (inside - expected) ** 2 / (expected + 1e-9)
    support = inside
    if repositories is not None:
        own = repositories[answered]
        support = sum(values[answered][own == one].max(0).toarray().ravel() for one in set(own))
    surprise[(support < _MIN_ANSWERING) | (inside < expected)] = 0
    return np.argsort(-surprise)[: int((surprise > 0).sum())]
