"""What is wrong with a design document: a pure function of what was read, the advice, the finding rules and the date.

`answers` makes a profile of statements, `detectors` has one function for each kind of finding rule, `argument` says
why, `suppression` applies the comments in the document, `baseline` leaves out what was known before.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from ragortune.check.answers import StatedAnswers, gather_answers
from ragortune.check.baseline import add_keys
from ragortune.check.case import AuditCase
from ragortune.check.detectors import report_flaws, run_rule
from ragortune.check.evidence import QuoteSources, list_quotes
from ragortune.check.suppression import read_remarks, suppress_findings
from ragortune.costs import add_facts
from ragortune.engine import judge_profile
from ragortune.evidence.profile import Vocabulary
from ragortune.model import Profile, Rulebook
from ragortune.model.documents import DesignReading, DocumentStatus
from ragortune.model.findings import Detector, DocumentAudit, FindingRule, Severity
from ragortune.support.record import Record


class Policy(Record, frozen=True):
    """Which finding rules hold, and how much they may say."""

    rules: Mapping[str, FindingRule]
    """Every finding rule by id: suppressions may name any of them."""
    chosen: frozenset[str]
    """Ids of the rules that are looked for."""
    pin: str | None = None
    """Version of the rule set that the project has agreed to; newer rules only note."""


def audit_reading(  # noqa: PLR0913  (what is quoted belongs to neither the document nor the rules)
    reading: DesignReading,
    rulebook: Rulebook,
    policy: Policy,
    today: str,
    outside: Profile | None = None,
    *,
    sources: QuoteSources | None = None,
) -> DocumentAudit:
    """Return what is wrong with one document on a date (YYYY-MM-DD).

    `outside` are answers from a profile file, `sources` the quotes on which they rest and the documents quoted. A
    document that decides nothing, or is about something else, is held against its own quotes only. Nothing is concluded
    from inferred facts: two in five are wrong, against one in six of what phrases find.
    """
    judged = reading.status is DocumentStatus.JUDGED and reading.decision is not None
    advised = reading.status in (DocumentStatus.JUDGED, DocumentStatus.NO_DECISION)
    sources = sources or QuoteSources()
    if not advised and not list_quotes(reading) and not sources.outside:
        return DocumentAudit(reading, None, ())
    plain = tuple(fact for fact in reading.facts if not fact.inferred)
    stated = msgspec.structs.replace(reading, facts=plain)
    answers = gather_answers(stated, Vocabulary(rulebook.criteria, rulebook.quantities), outside)
    answers = answers.replace(profile=add_facts(rulebook, answers.profile, today))
    advice = judge_profile(rulebook, answers.profile)
    case = AuditCase(reading, answers, advice, sources)
    chosen = [rule for name, rule in policy.rules.items() if name in policy.chosen]
    looked_for = [rule for rule in chosen if judged or rule.detector is Detector.EVIDENCE]
    findings = [finding for rule in looked_for for finding in run_rule(rule, case)]
    held, flaws = read_remarks(reading.remarks, policy.rules, today)
    findings, unused = suppress_findings(findings, held, policy.chosen)
    findings += report_flaws((*flaws, *unused) if judged else (), case, chosen)
    findings = [
        finding.replace(severity=Severity.NOTE) if is_newer(finding.rule, policy.pin) else finding
        for finding in findings
    ]
    findings.sort(key=lambda finding: (finding.line, finding.column, finding.rule.code))
    return DocumentAudit(
        reading,
        case.best_known if advised else None,
        tuple(add_keys(findings)),
        tuple(outside.levels) if outside else (),
        {conflict.criterion: conflict.facts for conflict in answers.conflicts if not conflict.resolved},
    )


def is_newer(rule: FindingRule, pin: str | None) -> bool:
    """Tell whether a rule is newer than the rule set that a project has agreed to."""
    return pin is not None and _numbers(rule.since) > _numbers(pin)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdecimal() else 0 for part in version.split("."))


__all__ = ["AuditCase", "Policy", "StatedAnswers", "audit_reading", "gather_answers"]
