"""What the files of a rule set hold, and a rule set as it was written: records, and where each of them stands."""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ragortune.errors import Place, RagortuneError, RulebookError
from ragortune.evidence.documents.language import LanguageData
from ragortune.findings import FindingRule
from ragortune.model import Case, Criterion, OptionGuide, PriceRow, Rule, Scale, Source
from ragortune.reading import Document, KeyPath
from ragortune.record import Record
from ragortune.rulefolder import MANIFEST


class Disabled(Record, frozen=True):
    """A rule of the extended set that is switched off."""

    rule: str
    """Id of the rule."""
    because: str
    """Why it does not hold for this team."""


class Manifest(Record, frozen=True):
    """`rulebook.yaml`: the name of a rule set, what it builds on, and the numbers behind its words."""

    name: str
    """Name of the rule set."""
    version: str
    """Its version."""
    extends: str | None = None
    """`ragortune` to build on the shipped rule set; left out where the set stands alone."""
    scale: Scale | None = None
    """The numbers behind the words; may be left out where the set extends another."""
    recheck_days: int | None = None
    """How many days a source stays fresh; 365 if left out."""
    disable: tuple[Disabled, ...] = ()
    """Rules of the extended set that are switched off, each with its reason."""


class CriteriaFile(Record, frozen=True):
    """A file in `criteria/`."""

    criteria: tuple[Criterion, ...]
    """Criteria in the order in which they are shown."""


class RulesFile(Record, frozen=True):
    """A file in `rules/`."""

    rules: tuple[Rule, ...]
    """Rules, sorted by code."""


class SourcesFile(Record, frozen=True):
    """A file in `sources/`."""

    sources: tuple[Source, ...]
    """Sources, sorted by id."""


class OptionsFile(Record, frozen=True):
    """A file in `options/`."""

    options: tuple[OptionGuide, ...]
    """One guide for each option."""


class CasesFile(Record, frozen=True):
    """A file in `cases/`."""

    cases: tuple[Case, ...]
    """Published projects and studies."""


class DerivedFile(Record, frozen=True):
    """A file in `derived/`."""

    derived: tuple[Criterion, ...]
    """Criteria that are computed from quantities; all are named `derived.name`."""


class PricesFile(Record, frozen=True):
    """A file in `prices/`."""

    prices: tuple[PriceRow, ...]
    """Price rows, sorted by id."""


class FindingsFile(Record, frozen=True):
    """A file in `findings/`."""

    findings: tuple[FindingRule, ...]
    """What `check` looks for in design documents, sorted by code."""


FILE_TYPES: Mapping[str, type] = MappingProxyType(
    {
        "criteria": CriteriaFile,
        "rules": RulesFile,
        "sources": SourcesFile,
        "options": OptionsFile,
        "cases": CasesFile,
        "language": LanguageData,
        "derived": DerivedFile,
        "prices": PricesFile,
        "findings": FindingsFile,
    }
)
"""The records of each folder of a rule set."""
SINGULAR: Mapping[str, str] = MappingProxyType(
    {
        "criteria": "criterion",
        "rules": "rule",
        "sources": "source",
        "options": "option",
        "cases": "case",
        "words": "list of words",
        "cues": "cue",
        "stops": "stop",
        "section_names": "section name",
        "approaches": "approach",
        "topics": "topic",
        "tongues": "language",
        "facts": "phrase",
        "classifiers": "fitted model",
        "derived": "criterion",
        "prices": "price row",
        "findings": "finding rule",
    }
)
"""What one record of each kind is called."""
KINDS_OF: Mapping[str, tuple[str, ...]] = MappingProxyType({"language": LanguageData.field_names()})
"""Kinds of record in a file, where they are not named like the folder."""
_RECORD_KINDS = tuple(kind for folder in FILE_TYPES for kind in KINDS_OF.get(folder, (folder,)))


class Authored:
    """A rule set as it was written: records, and where each stands."""

    def __init__(self, folder: str, manifest: Manifest, digest: str) -> None:
        """Begin without records."""
        self.folder = folder
        self.manifest = manifest
        self.digest = digest
        self.records: dict[str, dict[str, Any]] = {kind: {} for kind in _RECORD_KINDS}
        """Records by kind and id."""
        self.origins: dict[tuple[str, str], tuple[Document, KeyPath]] = {}
        """For each kind and id the file and key path of the record."""
        self.disabled: dict[str, str] = {}
        self.problems: list[RagortuneError] = []

    def place_of(self, kind: str, record_id: str, *path: str | int, key: bool = False) -> Place:
        """Return where (a part of) a record stands."""
        origin = self.origins.get((kind, record_id))
        if origin is None:
            return Place(os.path.join(self.folder, MANIFEST))
        return origin[0].place_of((*origin[1], *path), key=key)

    def report(self, message: str, place: Place, hint: str | None = None) -> None:
        """Note a problem that makes the rule set unusable."""
        self.problems.append(RulebookError(message, place, hint))


def language_of(authored: Authored) -> LanguageData:
    """Return the language of an authored rule set."""
    return LanguageData(**{kind: tuple(authored.records[kind].values()) for kind in KINDS_OF["language"]})
