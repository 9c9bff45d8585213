"""Count how often `check` objects to published decisions, and how often to decisions that their source argues against.

usage: python tools/measure_alarms.py

Each project of the field sample becomes a document that decides for each of the four options in turn: once with its
coded answers in a `ragortune` block, once with its setting as prose. The rules were fitted to this casebook.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator

import msgspec

from ragortune import load_rulebook
from ragortune.check import Policy, audit_reading
from ragortune.evidence.documents.reader import read_design
from ragortune.model import Case, Option, Rulebook, Sample
from ragortune.model.documents import (
    Cited,
    DesignReading,
    DocumentStatus,
    Modality,
    Span,
    StatedDecision,
    StatedFact,
)
from ragortune.model.findings import Severity, read_finding_rules

_LINE = Span(1, 1, "decision")
_TODAY = "2026-11-24"


def count_alarms(rulebook: Rulebook) -> Counter[tuple[str, bool, str]]:
    """Return the numbers of documents and alarms by form (`block`, `prose`), whether the source accepts it, and kind."""
    rules = read_finding_rules(rulebook)
    policy = Policy(rules, frozenset(rules))
    counts: Counter[tuple[str, bool, str]] = Counter()
    for case in rulebook.cases:
        if case.sample is not Sample.FIELD:
            continue
        for form, reading in (("block", _from_answers(case)), ("prose", _from_setting(case, rulebook))):
            for option in Option:
                decision = StatedDecision(option, "explicit", (Cited(_LINE, "for"),))
                audit = audit_reading(
                    msgspec.structs.replace(reading, decision=decision), rulebook, policy, _TODAY
                )
                gravest = max((finding.severity.rank for finding in audit.active), default=0)
                key = form, option in case.acceptable
                counts[*key, "documents"] += 1
                counts[*key, "error"] += gravest >= Severity.ERROR.rank
                counts[*key, "warning or error"] += gravest >= Severity.WARNING.rank
    return counts


def _from_answers(case: Case) -> DesignReading:
    facts = tuple(
        StatedFact(criterion, value, Modality.STATED, _LINE, declared=True)
        for criterion, value in _flatten(case)
    )
    return DesignReading("case.md", DocumentStatus.JUDGED, None, facts, lines=("decision",))


def _flatten(case: Case) -> Iterator[tuple[str, object]]:
    for key, value in case.profile.items():
        if isinstance(value, dict) and "." not in key:
            yield from ((f"{key}.{name}", part) for name, part in value.items())
        else:
            yield key, value


def _from_setting(case: Case, rulebook: Rulebook) -> DesignReading:
    reading = read_design(f"# Design\n\n## Context\n\n{case.setting}\n", "case.md", rulebook)
    return msgspec.structs.replace(reading, status=DocumentStatus.JUDGED)


def main() -> int:
    """Print the table."""
    counts = count_alarms(load_rulebook())
    print("answers  decision                  documents    error   warning or error")
    for form in ("block", "prose"):
        for accepted in (True, False):
            total = counts[form, accepted, "documents"]
            shares = [f"{counts[form, accepted, kind] / total:.1%}" for kind in ("error", "warning or error")]
            word = "accepted by the source" if accepted else "against the source"
            print(f"{form:<8} {word:<25} {total:>9} {shares[0]:>8} {shares[1]:>18}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
