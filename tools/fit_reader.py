"""Fit the models that predict whether a design document decides and what, and measure them on repositories left out.

usage: fit_reader.py [LABELS.yaml TEXTS ...] [--sentences [CRITERION ...]] [--write]

The labels are those of `score_reader.py`; the texts of others stay where they are. The documents in `training/` are
fitted, too, and those of the tests, which are never measured. Each repository, and each author of own documents, is read
by models of documents that were fitted on all others; the models of sentences have seen it where `--sentences` was fitted
on it. That option fits the models of sentences first, all or those of the criteria that are named. `--write`
writes the models fitted on everything into the shipped rule set.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import pathlib
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import yaml
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

from fit_sentences import LabelledSentence, fit_sentences, list_sentences, list_written, write_weights
from ragortune import load_rulebook
from ragortune.evidence.documents.classifiers import DOCUMENT_MODELS, NO, STATUS, WORD, WORDS, YES, Classifier
from ragortune.evidence.documents.decision import Tally, decide, measure_features, tally_mentions
from ragortune.evidence.documents.options import resolve_options
from ragortune.evidence.documents.reader import ENGLISH, DesignReader, reader_for
from ragortune.evidence.documents.sentences import read_sentences
from ragortune.model import Option
from ragortune.ruleset.author import read_folder
from ragortune.support.rulefolder import shipped_folder
from score_reader import Labelled

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ROOT = pathlib.Path(__file__).parent.parent
_TRAINING = (_ROOT / "training" / "documents.yaml", _ROOT / "training" / "documents")
_TESTS = _ROOT / "tests" / "design_documents.yaml"
_INVERSE_PENALTIES = {STATUS: 0.003, Option.RAG: 0.02, Option.FINE_TUNING: 0.02}
_INVERSE_PENALTY_OF_WORDS = 10.0
_MAX_WEIGHT_OF_WORDS = 1.0
"""Limit on the weight of a document in the fit of words: our own documents are about too few subjects to weigh more."""
_MIN_COEFFICIENT = 0.3
"""A word with smaller coefficients for every outcome is left out."""
_STANCE = "stance "
"""Prefix of the features that sum the predicted stances of sentences."""
_MIN_DOCUMENTS = 8
"""A feature that fewer documents have is left out."""
_OUTLIER = 3.0
"""A feature counts as at most so many standard deviations above its mean."""
_WRITTEN = 4.5
"""Weight of a document that was written for the fit."""
_OF_TESTS = 3.0
"""Weight of a document of the tests."""
_MIN_DEVIATION = 0.01
"""What is added to standard deviations, so that a rare feature does not weigh without limit."""
_FOLDS = 10
_NONE = "none-stated"
_STATUSES = ("judged", "no_decision", "nothing_to_judge")
_HEADER = (
    "# yaml-language-server: $schema=../schema/language.schema.json\n"
    "# Written by tools/fit_reader.py. Each feature has the limit on its value, and a weight for each outcome.\n"
)


class _Expected(msgspec.Struct, frozen=True):
    """What ought to be read in a document."""

    group: str
    """Documents of one group are left out together."""
    source: str
    """The file of its label."""
    status: str
    option: str
    weight: float
    """Weight of the document in a fit."""


class Measured(msgspec.Struct, frozen=True):
    """A labelled document as numbers."""

    expected: _Expected
    features: Mapping[str, float]
    tallies: Mapping[Option, Tally]


Fit = Mapping[str, Classifier]
"""Models by their ids."""


def main() -> None:
    """Print the figures, and write the models."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*", type=pathlib.Path, help="labels and texts, in pairs")
    parser.add_argument(
        "--sentences",
        nargs="*",
        help="fit the models of sentences first, of these criteria or of all, and write them",
    )
    parser.add_argument("--write", action="store_true", help="write the models into the shipped rule set")
    chosen = parser.parse_args()
    pairs = [*zip(chosen.paths[::2], chosen.paths[1::2], strict=True), _TRAINING]
    if chosen.sentences is not None:
        _fit_sentences(pairs, chosen.sentences)
    reader = reader_for(load_rulebook())
    labelled = [document for pair in pairs for document in _measure_labelled(*pair, reader)]
    tests = list(_measure_tests(reader))
    figures = _score_unseen(labelled, tests)
    if chosen.write:
        written = sum(document.expected.source == _TRAINING[0].stem for document in labelled)
        fitted = f"{len(labelled) - written} public and {written + len(tests)} own documents, {_today()}; {figures}"
        kept = [model for name, model in _read_models().items() if name not in DOCUMENT_MODELS]
        _write([*_fit_documents([*labelled, *tests], fitted).values(), *kept])


def _today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()


def _fit_sentences(pairs: Iterable[tuple[pathlib.Path, pathlib.Path]], criteria: Sequence[str]) -> None:
    """Fit the models of sentences and write them; models of documents count their predictions."""
    reader = reader_for(load_rulebook())
    sentences: list[LabelledSentence] = [*list_written()]
    written = len(sentences)
    for pair in pairs:
        for label, text in _read_labelled(*pair):
            sentences += list_sentences(
                label, reader.mark(read_sentences(text, reader.marker.language).sentences)
            )
    fitted = f"{len(sentences) - written} sentences of documents and {written} others, {_today()}"
    models = _read_models()
    again = {*criteria} or {*models} - {*DOCUMENT_MODELS}
    kept = [model for name, model in models.items() if name not in again]
    _write([*kept, *fit_sentences(sentences, fitted, criteria)])


def _read_labelled(labels: pathlib.Path, texts: pathlib.Path) -> Iterator[tuple[Labelled, str]]:
    data = yaml.safe_load(labels.read_text(encoding="utf-8"))
    for label in msgspec.convert(data["documents"], tuple[Labelled, ...], strict=False):
        if (texts / label.file).is_file() and label.language == ENGLISH:
            yield label, (texts / label.file).read_bytes().decode("utf-8", "replace")


def _measure_labelled(labels: pathlib.Path, texts: pathlib.Path, reader: DesignReader) -> Iterator[Measured]:
    for label, text in _read_labelled(labels, texts):
        if label.asked:
            continue
        whole = _WRITTEN if labels == _TRAINING[0] else label.weight
        expected = _Expected(label.repo, labels.stem, label.status, label.option, whole)
        yield _measure_document(text, reader, expected)


def _measure_tests(reader: DesignReader) -> Iterator[Measured]:
    for document in yaml.safe_load(_TESTS.read_text(encoding="utf-8")):
        if document["status"] in _STATUSES:
            expected = _Expected(
                document["name"], "tests", document["status"], document.get("option", _NONE), _OF_TESTS
            )
            yield _measure_document(document["text"], reader, expected)


def _measure_document(text: str, reader: DesignReader, expected: _Expected) -> Measured:
    document = read_sentences(text, reader.marker.language)
    marked = resolve_options(reader.mark(document.sentences), document.lines)
    tallies = tally_mentions(marked)
    return Measured(expected, measure_features(marked, tallies), tallies)


# --- figures ------------------------------------------------------------------------------------------------------


def _score_unseen(labelled: Sequence[Measured], tests: Sequence[Measured]) -> str:
    """Print how well models do on repositories that they were not fitted on, and return it as a sentence."""
    right: dict[str, list[tuple[bool, bool]]] = {}
    for fold in range(_FOLDS):
        rest = [document for document in (*labelled, *tests) if _fold_of(document) != fold]
        models = _fit_documents(rest, "")
        for document in labelled:
            if _fold_of(document) == fold:
                status, option = decide(models, document.features, document.tallies)
                expected = document.expected
                right.setdefault(expected.source, []).append(
                    (status == expected.status, (option or _NONE) == expected.option)
                )
    for source, several in right.items():
        print(f"{source:10} {_share(several)}")
    public = [pair for source, several in right.items() if source != _TRAINING[0].stem for pair in several]
    print(f"{'public':10} {_share(public)}")
    return f"on repositories left out {_share(public)}, on own ones {_share(right[_TRAINING[0].stem])}"


def _fold_of(document: Measured) -> int:
    return (
        zlib.crc32(document.expected.group.encode()) % _FOLDS if document.expected.source != "tests" else -1
    )


def _share(several: Sequence[tuple[bool, bool]]) -> str:
    if not several:
        return "nothing"
    status, option = (sum(side) / len(several) for side in zip(*several, strict=True))
    return f"status {status:.1%}, decision {option:.1%}"


# --- the fit ------------------------------------------------------------------------------------------------------


def _fit_documents(documents: Sequence[Measured], fitted: str) -> Fit:
    """Return the models of the status of a document, and of whether one that decides is for retrieval and for tuning."""
    judged = [document for document in documents if document.expected.option in list(Option)]
    expected: dict[str, tuple[Sequence[Measured], list[str]]] = {
        STATUS: (documents, [document.expected.status for document in documents])
    }
    for need in (Option.RAG, Option.FINE_TUNING):
        expected[need] = judged, [YES if one.expected.option in {need, Option.BOTH} else NO for one in judged]
    models = {question: _fit(question, *labelled, fitted) for question, labelled in expected.items()}
    return models | {
        WORDS[question]: _fit_words(question, *labelled, fitted) for question, labelled in expected.items()
    }


def _is_of_options(name: str) -> bool:
    """Tell whether a feature is evidence for or against an approach: the option is predicted from nothing else."""
    option, _, rest = name.partition(" ")
    kinds = ("for", "against", "wordings", "open", "decided")
    return (option in list(Option) and rest.split(" ")[0] in kinds) or name.startswith(_STANCE)


def _fit(question: str, documents: Sequence[Measured], expected: Sequence[str], fitted: str) -> Classifier:
    """Return a model; features are scaled to a standard deviation of one, so that the penalty is the same for all."""
    names = [name for name in _list_common(documents) if not name.startswith(WORD)]
    if question != STATUS:
        names = [*filter(_is_of_options, names)]
    values = np.array([[document.features.get(one, 0.0) for one in names] for document in documents])
    deviations = values.std(0) + _MIN_DEVIATION
    most = values.mean(0) + _OUTLIER * deviations
    model = LogisticRegression(C=_INVERSE_PENALTIES[question], max_iter=2_000)
    model.fit(
        np.minimum(values, most) / deviations,
        expected,
        sample_weight=[document.expected.weight for document in documents],
    )
    weights, intercepts = _weights_of(model)
    return Classifier(
        question,
        fitted,
        tuple(map(str, model.classes_)),
        tuple(map(_short, intercepts)),
        {
            name: write_weights(map(_short, (limit, *own)))
            for name, limit, own in zip(names, most, (weights / deviations).T, strict=True)
        },
    )


def _weights_of(model: LogisticRegression) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the weights and the intercept of each outcome; two outcomes share one row of them."""
    if len(model.coef_) > 1:
        return model.coef_, model.intercept_
    return np.vstack([-model.coef_, model.coef_]) / 2, np.concatenate(
        [-model.intercept_, model.intercept_]
    ) / 2


def _list_common(documents: Sequence[Measured]) -> list[str]:
    """Return the features that enough documents have, in order."""
    counts = Counter(name for document in documents for name, value in document.features.items() if value)
    return sorted(name for name, count in counts.items() if count >= _MIN_DOCUMENTS)


def _fit_words(
    question: str, documents: Sequence[Measured], expected: Sequence[str], fitted: str
) -> Classifier:
    """Return the model that predicts the same from words; these have one unit, so nothing is scaled."""
    common = {name for name in _list_common(documents) if name.startswith(WORD)}
    vectorizer = DictVectorizer()
    values = vectorizer.fit_transform(
        {name: value for name, value in document.features.items() if name in common} for document in documents
    )
    model = LogisticRegression(C=_INVERSE_PENALTY_OF_WORDS, max_iter=100, tol=1e-3)
    model.fit(
        values,
        expected,
        sample_weight=[min(_MAX_WEIGHT_OF_WORDS, document.expected.weight) for document in documents],
    )
    coefficients, intercepts = _weights_of(model)
    weights = {
        name: tuple(round(float(one), 1) for one in own)
        for name, own in zip(vectorizer.feature_names_, coefficients.T, strict=True)
    }
    return Classifier(
        WORDS[question],
        fitted,
        tuple(map(str, model.classes_)),
        tuple(map(_short, intercepts)),
        {
            name: write_weights((1.0, *own))
            for name, own in weights.items()
            if max(map(abs, own)) >= _MIN_COEFFICIENT
        },
    )


def _short(number: float) -> float:
    return float(f"{number:.3g}")


def _read_models() -> Fit:
    """Return the models of the shipped rule set."""
    return read_folder(pathlib.Path(shipped_folder())).records["classifiers"]


def _write(models: Iterable[Classifier]) -> None:
    """Write models into the shipped rule set."""
    lines = ["classifiers:"]
    for model in models:
        lines += [
            f"- id: {model.id}",
            f"  fitted: {model.fitted}",
            f"  outcomes: {json.dumps(model.outcomes)}",
            f"  intercepts: {list(model.intercepts)}",
            *([f"  least: {model.least}"] if model.least else []),
            "  features:",
            *(
                f"    {json.dumps(name, ensure_ascii=False)}: {numbers}"
                for name, numbers in model.features.items()
            ),
        ]
    target = pathlib.Path(shipped_folder()) / "language" / "7-classifiers.yaml"
    target.write_text(_HEADER + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
