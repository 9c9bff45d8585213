"""The tests that finding rules carry: small documents in which a rule must find something, and others in which not."""

from __future__ import annotations

import json
from collections.abc import Mapping

from ragortune.check import Policy, audit_reading
from ragortune.evidence.documents.reader import read_design
from ragortune.evidence.quotes import BLOCK
from ragortune.model import Rulebook
from ragortune.model.documents import DesignReading
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
    policy = Policy(rules, frozenset(rules))
    for rule in rules.values():
        for expected in ("fires", "silent"):
            for example in getattr(rule.tests, expected):
                audit = audit_reading(read_example(example, rulebook), rulebook, policy, _TODAY)
                found = any(finding.rule.id == rule.id for finding in audit.active)
                count += 1
                if found != (expected == "fires"):
                    failed.append(FailedExample(rule, example.name, expected))
    return count, tuple(failed)


def read_example(example: FindingExample, rulebook: Rulebook) -> DesignReading:
    """Return the reading of an example: that of its document, or of a block with its decision and answers."""
    block = {"decision": example.decision, "profile": dict(example.profile)}
    text = example.document or f"```{BLOCK}\n{json.dumps(block)}\n```\n"
    return read_design(text, "example.md", rulebook)
