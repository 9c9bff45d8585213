"""Problems of a design document: a pure function of its reading, the rule set, the finding rules and the date.

`answers` builds a profile from statements, `detectors` has one function per kind of finding rule, `argument` gives the
reasons, `suppression` applies the comments in the document, `baseline` marks findings that were known before.
"""

from __future__ import annotations

from collections.abc import Mapping

from ragortune.check.answers import StatedAnswers, gather_answers
from ragortune.check.baseline import add_keys
from ragortune.check.case import AuditCase
from ragortune.check.detectors import report_flaws, run_rule
from ragortune.check.evidence import QuoteSources, list_quotes
from ragortune.check.suppression import read_suppressions, suppress_findings
from ragortune.costs import add_facts
from ragortune.engine import judge_profile
from ragortune.evidence.profile import Vocabulary
from ragortune.model import Profile, Rulebook
from ragortune.model.documents import DesignReading, DocumentStatus
from ragortune.model.findings import Detector, DocumentAudit, FindingRule, Severity
from ragortune.support.record import Record


class Policy(Record, frozen=True):
    """The finding rules of a run, and the pinned version of the rule set."""

    rules: Mapping[str, FindingRule]
    """Every finding rule by id: suppressions may name any of them."""
    chosen: frozenset[str]
    """Ids of the rules that run."""
    pin: str | None = None
    """Version of the rule set that the project has pinned; newer rules report notes only."""


def audit_reading(  # noqa: PLR0913  (quotes belong to neither the document nor the rules)
    reading: DesignReading,
    rulebook: Rulebook,
    policy: Policy,
    today: str,
    outside: Profile | None = None,
    *,
    sources: QuoteSources | None = None,
) -> DocumentAudit:
    """Return the findings in one document on a date (YYYY-MM-DD).

    `outside` are answers from a profile file, `sources` the quotes that support them and the quoted documents. In a
    document without a decision, or on another subject, only quotes are checked. Inferred facts are not used: two in five
    are wrong, against one in six of those found by phrases.
    """
    judged = reading.status is DocumentStatus.JUDGED and reading.decision is not None
    advised = reading.status in (DocumentStatus.JUDGED, DocumentStatus.NO_DECISION)
    sources = sources or QuoteSources()
    if not advised and not list_quotes(reading) and not sources.outside:
        return DocumentAudit(reading, None, ())
    plain = tuple(fact for fact in reading.facts if not fact.inferred)
    stated = reading.replace(facts=plain)
    answers = gather_answers(stated, Vocabulary(rulebook.criteria, rulebook.quantities), outside)
    answers = answers.replace(profile=add_facts(rulebook, answers.profile, today))
    advice = judge_profile(rulebook, answers.profile)
    case = AuditCase(reading, answers, advice, sources)
    chosen = [rule for name, rule in policy.rules.items() if name in policy.chosen]
    running = [rule for rule in chosen if judged or rule.detector is Detector.EVIDENCE]
    findings = [finding for rule in running for finding in run_rule(rule, case)]
    active, flaws = read_suppressions(reading.remarks, {**rulebook.disabled_findings, **policy.rules}, today)
    findings, unused = suppress_findings(findings, active, policy.chosen)
    findings += report_flaws((*flaws, *unused) if judged else (), case, chosen)
    findings = [
        finding.replace(severity=Severity.NOTE) if is_newer(finding.rule, policy.pin) else finding
        for finding in findings
    ]
    findings.sort(key=lambda finding: (finding.line, finding.column, finding.rule.code))
    return DocumentAudit(
        reading,
        case.current_advice if advised else None,
        tuple(add_keys(findings)),
        (*outside.levels, *outside.quantities) if outside else (),
        {conflict.criterion: conflict.facts for conflict in answers.conflicts if not conflict.resolved},
    )


def is_newer(rule: FindingRule, pin: str | None) -> bool:
    """Return whether a rule is newer than the pinned version of the rule set."""
    return pin is not None and _numbers(rule.since) > _numbers(pin)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdecimal() else 0 for part in version.split("."))


__all__ = ["AuditCase", "Policy", "StatedAnswers", "audit_reading", "gather_answers"]
