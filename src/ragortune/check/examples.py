"""The tests that finding rules carry: small documents in which a rule must find something, and others in which not."""

from __future__ import annotations

from collections.abc import Mapping

from ragortune.check import Policy, audit_reading
from ragortune.evidence.documents.reader import read_design
from ragortune.model import Rulebook
from ragortune.model.documents import (
    Cited,
    DesignReading,
    DocumentStatus,
    Modality,
    Span,
    StatedDecision,
    StatedFact,
)
from ragortune.model.findings import FindingExample, FindingRule
from ragortune.support.record import Record

_TODAY = "2026-11-24"
"""Tests of rules must not depend on the day on which they run."""


class FailedExample(Record, frozen=True):
    """A test of a finding rule that did not come out as it says."""

    rule: FindingRule
    sentence: str
    """Name of the example."""
    expected: str
    """`fires` or `silent`."""


def run_finding_tests(
    rulebook: Rulebook, rules: Mapping[str, FindingRule]
) -> tuple[int, tuple[FailedExample, ...]]:
    """Return how many tests the finding rules have, and those that fail."""
    count, failed = 0, []
    for rule in rules.values():
        for expected in ("fires", "silent"):
            for example in getattr(rule.tests, expected):
                count += 1
                if is_found(rule, example, rulebook, rules) != (expected == "fires"):
                    failed.append(FailedExample(rule, example.name, expected))
    return count, tuple(failed)


def is_found(
    rule: FindingRule, example: FindingExample, rulebook: Rulebook, rules: Mapping[str, FindingRule]
) -> bool:
    """Return whether a rule finds something in an example."""
    reading = make_reading(example, rulebook)
    audit = audit_reading(reading, rulebook, Policy(rules, frozenset(rules)), _TODAY)
    return any(finding.rule.id == rule.id for finding in audit.active)


def make_reading(example: FindingExample, rulebook: Rulebook) -> DesignReading:
    """Return the reading of an example: that of its document, or one with a line for each answer."""
    if example.document is not None:
        return read_design(example.document, "example.md", rulebook)
    lines = [f"Decision: {example.decision}"] if example.decision else []
    decision = None
    if example.decision is not None:
        cited = Cited(Span(1, 1, lines[0]), "for")
        decision = StatedDecision(example.decision, "explicit", (cited,))
    facts = []
    for name, value in (*example.profile.items(), *example.against.items()):
        lines.append(f"{name}: {value}")
        span = Span(len(lines), 1, lines[-1])
        facts.append(StatedFact(name, value, Modality.STATED, span, declared=not example.against))
    return DesignReading("example.md", DocumentStatus.JUDGED, decision, tuple(facts), lines=tuple(lines))
