"""Fit the models that tell whether a design document decides and what, and measure them on repositories left out.

usage: fit_reader.py LABELS.yaml TEXTS [LABELS.yaml TEXTS ...] [--write]

The labels are those of `score_reader.py`; the texts of others stay where they are. The documents of the tests are fitted,
too, but never measured. Each repository is read by models that were fitted on all others. `--write` writes the models
fitted on everything into the shipped rule set.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import pathlib
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec
import numpy as np
import yaml
from sklearn.linear_model import LogisticRegression

from fit_sentences import LabelledSentence, fit_sentences, list_sentences
from ragortune import load_rulebook
from ragortune.evidence.documents.approaches import find_mentions
from ragortune.evidence.documents.decision import Ledger, choose_option, keep_ledgers
from ragortune.evidence.documents.features import classify, measure_features
from ragortune.evidence.documents.language import Classifier
from ragortune.evidence.documents.reader import DesignReader, reader_for
from ragortune.evidence.documents.sentences import read_sentences
from ragortune.evidence.documents.tongue import ENGLISH
from ragortune.model import Option
from ragortune.support.rulefolder import shipped_folder
from score_reader import Labelled

_OWN = pathlib.Path(__file__).parent.parent / "tests" / "design_documents.yaml"
_INVERSE_PENALTY = 0.015
_FEWEST = 8
"""A feature that fewer documents have is left out."""
_OUTLIER = 3.0
"""A feature counts as at most so many standard deviations above its mean."""
_STATUSES = ("judged", "no_decision", "nothing_to_judge")
_OPTIONS = ("rag", "fine_tuning", "neither")
_HEADER = (
    "# yaml-language-server: $schema=../schema/language.schema.json\n"
    "# Written by tools/fit_reader.py. Each feature has the most that it can be, and a weight for each outcome.\n"
)


class _Due(msgspec.Struct, frozen=True):
    """What ought to be read in a document."""

    group: str
    """Documents of one group are left out together."""
    source: str
    """The file of its label."""
    status: str
    option: str


class Measured(msgspec.Struct, frozen=True):
    """A labelled document as numbers."""

    due: _Due
    features: Mapping[str, float]
    ledgers: Mapping[Option, Ledger]
    sentences: tuple[LabelledSentence, ...] = ()
    """Those that teach what facts sound like."""


def main() -> None:
    """Print the figures, and write the models."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="+", type=pathlib.Path, help="labels and texts, in pairs")
    parser.add_argument("--write", action="store_true", help="write the models into the shipped rule set")
    chosen = parser.parse_args()
    warnings.filterwarnings("ignore", category=FutureWarning)
    reader = reader_for(load_rulebook())
    pairs = zip(chosen.paths[::2], chosen.paths[1::2], strict=True)
    others = [document for labels, texts in pairs for document in _read_labelled(labels, texts, reader)]
    own = list(_read_own(reader))
    figures = _measure(others, own)
    if chosen.write:
        sentences = [sentence for document in others for sentence in document.sentences]
        fitted = f"{len(others)} public and {len(own)} own documents, {_today()}; {figures}"
        target = pathlib.Path(shipped_folder()) / "language" / "7-classifiers.yaml"
        models = [_fit_status([*others, *own], fitted), _fit_option([*others, *own], fitted)]
        models += fit_sentences(sentences, f"{len(sentences)} sentences of them, {_today()}")
        target.write_text(_HEADER + _write(models), encoding="utf-8")


def _today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()


def _read_labelled(labels: pathlib.Path, texts: pathlib.Path, reader: DesignReader) -> Iterator[Measured]:
    data = yaml.safe_load(labels.read_text(encoding="utf-8"))
    for label in msgspec.convert(data["documents"], tuple[Labelled, ...], strict=False):
        if (texts / label.file).is_file() and label.language == ENGLISH:
            text = (texts / label.file).read_bytes().decode("utf-8", "replace")
            due = _Due(label.repo, labels.stem, label.status, label.option)
            yield _measure_document(text, reader, due, label)


def _read_own(reader: DesignReader) -> Iterator[Measured]:
    for document in yaml.safe_load(_OWN.read_text(encoding="utf-8")):
        if document["status"] in _STATUSES:
            due = _Due(document["name"], "own", document["status"], document.get("option", "none-stated"))
            yield _measure_document(document["text"], reader, due)


def _measure_document(text: str, reader: DesignReader, due: _Due, label: Labelled | None = None) -> Measured:
    marked = reader.mark(read_sentences(text, reader.marker.language).sentences)
    ledgers = keep_ledgers(find_mentions(marked))
    sentences = tuple(list_sentences(label, marked)) if label else ()
    return Measured(due, measure_features(marked, ledgers), ledgers, sentences)


# --- figures ------------------------------------------------------------------------------------------------------


def _measure(others: Sequence[Measured], own: Sequence[Measured]) -> str:
    """Print how well models do on repositories that they were not fitted on, and return it as a sentence."""
    right: dict[str, list[tuple[bool, bool]]] = {}
    for group in sorted({document.due.group for document in others}):
        rest = [document for document in (*others, *own) if document.due.group != group]
        models = _fit_status(rest, ""), _fit_option(rest, "")
        for document in others:
            if document.due.group == group:
                told = _tell(document, *models)
                due = document.due
                right.setdefault(due.source, []).append((told[0] == due.status, told[1] == due.option))
    for source, several in right.items():
        print(f"{source:10} {_share(several)}")
    figures = _share([pair for several in right.values() for pair in several])
    print(f"{'all':10} {figures}")
    return f"on repositories left out {figures}"


def _share(several: Sequence[tuple[bool, bool]]) -> str:
    status, option = (sum(side) / len(several) for side in zip(*several, strict=True))
    return f"status {status:.1%}, decision {option:.1%}"


def _tell(document: Measured, status: Classifier, option: Classifier) -> tuple[str, str]:
    likely = classify(status, document.features)
    chosen = choose_option(likely, classify(option, document.features), document.ledgers)
    if chosen is not None:
        return "judged", chosen.value
    return max(_STATUSES[1:], key=lambda name: likely[name]), "none-stated"


# --- the fit ------------------------------------------------------------------------------------------------------


def _fit_status(documents: Iterable[Measured], fitted: str) -> Classifier:
    several = list(documents)
    names = sorted({name for document in several for name in document.features})
    return _fit("status", fitted, several, names, [document.due.status for document in several])


def _fit_option(documents: Iterable[Measured], fitted: str) -> Classifier:
    several = [document for document in documents if document.due.option in _OPTIONS]
    names = sorted({name for document in several for name in document.features if _is_of_ledger(name)})
    return _fit("option", fitted, several, names, [document.due.option for document in several])


def _is_of_ledger(name: str) -> bool:
    """Tell whether a feature says what speaks for or against an approach: all that an option is told from."""
    option, _, rest = name.partition(" ")
    return option in _OPTIONS and rest.split(" ")[0] in ("for", "against", "wordings", "open", "decided")


def _fit(
    name: str, fitted: str, documents: Sequence[Measured], features: Sequence[str], due: Sequence[str]
) -> Classifier:
    values = np.array([[document.features.get(one, 0.0) for one in features] for document in documents])
    kept = (values != 0).sum(0) >= _FEWEST
    values = values[:, kept]
    means, deviations = values.mean(0), values.std(0) + 1e-9
    most = means + _OUTLIER * deviations
    model = LogisticRegression(C=_INVERSE_PENALTY, max_iter=1000, tol=1e-4)
    model.fit((np.minimum(values, most) - means) / deviations, due)
    weights = model.coef_ / deviations
    names = [one for one, keep in zip(features, kept, strict=True) if keep]
    return Classifier(
        name,
        fitted,
        tuple(str(outcome) for outcome in model.classes_),
        tuple(_short(one) for one in model.intercept_ - weights @ means),
        {
            one: (_short(limit), *map(_short, own))
            for one, limit, own in zip(names, most, weights.T, strict=True)
        },
    )


def _short(number: float) -> float:
    return float(f"{number:.3g}")


def _write(models: Iterable[Classifier]) -> str:
    lines = ["classifiers:"]
    for model in models:
        lines += [
            f"- id: {model.id}",
            f"  fitted: {model.fitted}",
            f"  outcomes: [{', '.join(model.outcomes)}]",
            f"  intercepts: {list(model.intercepts)}",
            *([f"  least: {model.least}"] if model.least else []),
            "  features:",
            *(
                f"    {json.dumps(name, ensure_ascii=False)}: {list(numbers)}"
                for name, numbers in model.features.items()
            ),
        ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
