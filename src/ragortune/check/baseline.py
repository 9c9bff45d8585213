"""Baseline of known findings, identified by document, rule, headings and sentence, with counts, never by line.

Entries that are no longer found are reported as stale.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from functools import lru_cache
from typing import Literal

import msgspec

from ragortune.model.findings import AuditFinding, BaselineEntry, CheckReport, DocumentAudit
from ragortune.support.errors import ConfigurationError, Place
from ragortune.support.text import clean_line

_NOT_WORDS = re.compile(r"[\W_]+")
_LONGEST_KEY = 400
_LONGEST_SENTENCE = 160
_PROFILE = "<profile>"
"""Stands for the document of a finding on a quote of the profile file, which any document of a run may report."""

Namer = Callable[[str], str]
"""Maps the path that the user gave to the path in the baseline, which is relative to the folder of the baseline."""


class Baseline(msgspec.Struct, forbid_unknown_fields=True):
    """Content of a baseline file."""

    schema: Literal["ragortune/baseline/1"]
    findings: list[BaselineEntry]


def add_keys(findings: Iterable[AuditFinding]) -> list[AuditFinding]:
    """Return the findings of one document with their keys, which do not change when other parts are edited."""
    counts: Counter[str] = Counter()
    numbered = []
    normalise = lru_cache(_normalise)  # many findings have the same headings
    for finding in findings:
        parts = (finding.rule.id, *map(normalise, finding.headings), "", normalise(finding.sentence))
        key = _hash("\0".join(parts))[:32]
        counts[key] += 1
        numbered.append(finding.replace(key=key, fingerprint=f"{key}:{counts[key]}"))
    return numbered


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


def _normalise(text: str) -> str:
    """Return the words of a text in lower case, or their hash if they are too long; used in keys."""
    words = _NOT_WORDS.sub(" ", text).strip().casefold()
    return words if len(words) <= _LONGEST_KEY else _hash(words)


def make_baseline(
    audits: Iterable[DocumentAudit],
    name_of: Namer,
    before: Iterable[BaselineEntry],
    left_out: Collection[str],
) -> Baseline:
    """Return a baseline of these findings, without suppressed ones.

    Entries of `before` on other documents, or of rules that are left out, are kept.
    """
    entries: dict[tuple[str, str, str], BaselineEntry] = {}
    seen: set[str] = set()
    for audit in audits:
        name = name_of(audit.reading.path)
        seen.update((name, _PROFILE) if audit.outside else (name,))
        for finding in audit.findings:
            if finding.suppressed_by is None:
                known = (_PROFILE if finding.from_profile else name, finding.rule.id, finding.key)
                sentence = clean_line(finding.sentence, _LONGEST_SENTENCE)
                count = entries[known].count + 1 if known in entries else 1
                entries[known] = BaselineEntry(*known, sentence, count)
    for entry in before:
        if entry.path not in seen or entry.rule in left_out:
            entries.setdefault((entry.path, entry.rule, entry.key), entry)
    return Baseline("ragortune/baseline/1", [entries[known] for known in sorted(entries)])


def read_baseline(data: object, path: str) -> Baseline:
    """Return the content of a baseline file. Raises ConfigurationError if it is not valid."""
    try:
        return msgspec.convert(data, Baseline)
    except (msgspec.ValidationError, UnicodeError) as error:
        hint = "write one with --write-baseline"
        raise ConfigurationError(f"is not a baseline: {error}", Place(path), hint) from None


def mark_known(
    report: CheckReport, baseline: Baseline, name_of: Namer, left_out: Collection[str]
) -> CheckReport:
    """Return the report with known findings marked, and with the stale entries on its documents.

    Entries of rules that are left out are never stale, because these rules did not run.
    """
    known = {(entry.path, entry.key): entry for entry in baseline.findings}
    remaining: Counter[tuple[str, str]] = Counter()
    for entry in baseline.findings:
        remaining[entry.path, entry.key] += entry.count
    marked = []
    seen: set[str] = set()
    for audit in report.audits:
        name = name_of(audit.reading.path)
        seen.update((name, _PROFILE) if audit.outside else (name,))
        findings = []
        for finding in audit.findings:
            known_as = _PROFILE if finding.from_profile else name, finding.key
            listed = finding.suppressed_by is None and remaining[known_as] > 0
            remaining[known_as] -= listed
            findings.append(finding.replace(baselined=listed))
        marked.append(audit.replace(findings=tuple(findings)))
    # Entries of documents that were not read may still be right.
    stale = (
        entry.replace(count=remaining[key])
        for key, entry in sorted(known.items())
        if remaining[key] > 0 and entry.path in seen and entry.rule not in left_out
    )
    return report.replace(audits=tuple(marked), stale=tuple(stale))
