"""What was wrong before: keyed on document, rule, headings and sentence, with counts, never on lines.

A baseline only shrinks by itself: what it knows and is not found any more is reported as stale.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from ragortune.check.places import key_of
from ragortune.model.findings import AuditFinding, DocumentAudit, StaleEntry
from ragortune.support.errors import ConfigurationError, Place
from ragortune.support.record import Record
from ragortune.support.text import clean_text, quote_value, shorten_text

SCHEMA = "ragortune/baseline/1"
_ENTRY_KEYS = ("path", "rule", "key", "sentence", "count")
_LONGEST_SENTENCE = 160


class BaselineEntry(Record, frozen=True):
    """Findings of one key in one document."""

    path: str
    """The document, relative to the folder of the baseline, with `/`."""
    rule: str
    key: str
    """Hash of rule, headings and sentence."""
    sentence: str
    """Beginning of the sentence, for readers."""
    count: int


def list_entries(audits: Iterable[DocumentAudit], name_of: Callable[[str], str]) -> list[BaselineEntry]:
    """Return what a baseline of these findings holds; suppressed findings need none."""
    counts: Counter[tuple[str, str, str]] = Counter()
    sentences: dict[str, str] = {}
    for audit in audits:
        for finding in audit.findings:
            if finding.suppressed_by is None:
                key = key_of(finding)
                counts[name_of(audit.reading.path), finding.rule.id, key] += 1
                sentences[key] = shorten_text(
                    " ".join(clean_text(finding.sentence).split()), _LONGEST_SENTENCE
                )
    return [
        BaselineEntry(path, rule, key, sentences[key], count)
        for (path, rule, key), count in sorted(counts.items())
    ]


def describe_baseline(entries: Iterable[BaselineEntry]) -> dict[str, object]:
    """Return a baseline as JSON data."""
    return {
        "schema": SCHEMA,
        "findings": [{name: getattr(entry, name) for name in _ENTRY_KEYS} for entry in entries],
    }


def read_baseline(data: object, path: str) -> list[BaselineEntry]:
    """Return the entries of a baseline file; raises ConfigurationError."""
    place = Place(path)
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        hint = "write one with --write-baseline"
        raise ConfigurationError(f"is not a baseline: its 'schema' is not '{SCHEMA}'", place, hint)
    listed = data.get("findings")
    if not isinstance(listed, list):
        raise ConfigurationError("'findings' must be a list", place)
    entries = []
    for number, entry in enumerate(listed, 1):
        if not isinstance(entry, dict) or set(entry) != set(_ENTRY_KEYS):
            raise ConfigurationError(f"entry {number} must have {', '.join(_ENTRY_KEYS)}", place)
        count = entry["count"]
        texts = [entry[name] for name in _ENTRY_KEYS[:-1]]
        if not all(isinstance(text, str) for text in texts):
            raise ConfigurationError(f"entry {number} holds something else than text", place)
        if not isinstance(count, int) or isinstance(count, bool) or count < 1:
            raise ConfigurationError(f"entry {number} counts {quote_value(count)}", place)
        entries.append(BaselineEntry(**entry))
    return entries


def forgive_known(
    audits: Iterable[DocumentAudit], entries: Iterable[BaselineEntry], name_of: Callable[[str], str]
) -> tuple[list[DocumentAudit], list[StaleEntry]]:
    """Return the documents with known findings marked, and what the baseline knows in vain of these documents."""
    left: Counter[tuple[str, str]] = Counter()
    known: dict[tuple[str, str], BaselineEntry] = {}
    for entry in entries:
        left[entry.path, entry.key] += entry.count
        known[entry.path, entry.key] = entry
    judged = []
    seen = set()
    for audit in audits:
        name = name_of(audit.reading.path)
        seen.add(name)
        findings = tuple(_forgive(finding, name, left) for finding in audit.findings)
        judged.append(audit.replace(findings=findings))
    return judged, _list_stale(left, known, seen)


def _forgive(finding: AuditFinding, name: str, left: Counter[tuple[str, str]]) -> AuditFinding:
    key = (name, key_of(finding))
    if finding.suppressed_by is not None or left[key] < 1:
        return finding
    left[key] -= 1
    return finding.replace(baselined=True)


def _list_stale(
    left: Mapping[tuple[str, str], int], known: Mapping[tuple[str, str], BaselineEntry], seen: set[str]
) -> list[StaleEntry]:
    """Return what is left over of the documents that were read; others say nothing about themselves."""
    return [
        StaleEntry(entry.path, entry.rule, entry.sentence, left[key])
        for key, entry in sorted(known.items())
        if left[key] > 0 and entry.path in seen
    ]
