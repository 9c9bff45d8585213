"""Comments in a document that ask for silence on a rule: read, held to a reason and a date, and applied."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence

from ragortune.check.places import find_sentence
from ragortune.model.documents import DesignReading, Remark
from ragortune.model.findings import AuditFinding, Detector, FindingRule, Suppression
from ragortune.support.record import Record
from ragortune.support.text import clean_text, quote_value, shorten_text, suggest_name

_FORM = re.compile(r"\s*ragortune\s*:\s*ignore\s*\[([^\]\[]{0,400})\](.*)\Z", re.DOTALL | re.IGNORECASE)
_UNTIL = re.compile(r"\s*until\s+(\S{1,40})(.*)\Z", re.DOTALL | re.IGNORECASE)
_BECAUSE = re.compile(r"\s*because\b[\s:]*(.*)\Z", re.DOTALL | re.IGNORECASE)
_LONGEST_REASON = 500
EXAMPLE = "<!-- ragortune: ignore[rule-name] until 2027-03-31 because TEXT -->"
OWN_DETECTORS = frozenset(
    {
        Detector.BARE_SUPPRESSION,
        Detector.UNKNOWN_SUPPRESSION,
        Detector.EXPIRED_SUPPRESSION,
        Detector.UNUSED_SUPPRESSION,
    }
)


class Flaw(Record, frozen=True):
    """What is wrong with one suppression comment."""

    detector: Detector
    remark: Remark
    message: str


class ReadRemarks(Record, frozen=True):
    """The suppressions of a document that hold, and what is wrong with the others."""

    suppressions: tuple[tuple[Suppression, Remark], ...]
    flaws: tuple[Flaw, ...]


def read_remarks(reading: DesignReading, rules: Mapping[str, FindingRule], today: str) -> ReadRemarks:
    """Return the suppressions that hold today; `rules` are all finding rules by id."""
    held: list[tuple[Suppression, Remark]] = []
    flaws: list[Flaw] = []
    for remark in reading.remarks:
        found = _FORM.match(remark.text)
        if not found:
            text = f"this comment cannot be read; write {EXAMPLE}"
            flaws.append(Flaw(Detector.BARE_SUPPRESSION, remark, text))
            continue
        names = _resolve_names(found[1], remark, rules, flaws)
        suppression = _read_terms(found[2], names, remark, today, flaws)
        if suppression is not None and names:
            held.append((suppression, remark))
    return ReadRemarks(tuple(held), tuple(flaws))


def _resolve_names(
    listed: str, remark: Remark, rules: Mapping[str, FindingRule], flaws: list[Flaw]
) -> tuple[str, ...]:
    by_code = {rule.code: rule.id for rule in rules.values()}
    names = []
    for word in listed.split(","):
        name = word.strip()
        known = name if name in rules else by_code.get(name.upper())
        if known is not None:
            names.append(known)
        elif name:
            hint = suggest_name(name, [*rules, *by_code])
            text = f"there is no rule {quote_value(name)}" + (f"; {hint}" if hint else "")
            flaws.append(Flaw(Detector.UNKNOWN_SUPPRESSION, remark, text))
    if not listed.strip(" ,\t\n"):
        flaws.append(Flaw(Detector.BARE_SUPPRESSION, remark, f"it names no rule; write {EXAMPLE}"))
    return tuple(dict.fromkeys(names))


def _read_terms(
    rest: str, names: tuple[str, ...], remark: Remark, today: str, flaws: list[Flaw]
) -> Suppression | None:
    """Return a suppression whose reason is given and whose day has not passed, or None after noting why not."""
    until = None
    dated = _UNTIL.match(rest)
    if dated:
        until, rest = dated[1], dated[2]
        if not _is_date(until):
            text = f"its last day is not a date (YYYY-MM-DD): {quote_value(until)}"
            flaws.append(Flaw(Detector.BARE_SUPPRESSION, remark, text))
            return None
    reason = _BECAUSE.match(rest)
    because = " ".join(clean_text(reason[1]).split()) if reason else ""
    if not because:
        text = f"it gives no reason; write {EXAMPLE}"
        flaws.append(Flaw(Detector.BARE_SUPPRESSION, remark, text))
        return None
    because = shorten_text(because, _LONGEST_REASON)
    if until is not None and until < today:
        text = f"it held until {until} and no longer does (it was: {because})"
        flaws.append(Flaw(Detector.EXPIRED_SUPPRESSION, remark, text))
        return None
    return Suppression(names, because, until, remark.span, remark.first_line, remark.last_line)


def _is_date(text: str) -> bool:
    try:
        return dt.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def silence_findings(
    findings: Sequence[AuditFinding], read: ReadRemarks, chosen: frozenset[str]
) -> tuple[list[AuditFinding], list[Flaw]]:
    """Return the findings with the suppressions that silence them, and a flaw for each that silences nothing.

    Suppressions of rules that are not looked for in this run are let be.
    """
    used: set[int] = set()
    silenced = []
    for finding in findings:
        held = None
        for index, (suppression, _) in enumerate(read.suppressions):
            if finding.rule.id in suppression.rules and _covers(suppression, finding):
                used.add(index)
                held = held or suppression
        silenced.append(finding.replace(suppressed_by=held) if held else finding)
    unused = [
        Flaw(
            Detector.UNUSED_SUPPRESSION,
            remark,
            f"nothing was found here for {', '.join(suppression.rules)}; take the comment out",
        )
        for index, (suppression, remark) in enumerate(read.suppressions)
        if index not in used and chosen >= set(suppression.rules)
    ]
    return silenced, unused


def _covers(suppression: Suppression, finding: AuditFinding) -> bool:
    """Return whether a finding lies in the section of the comment; what is about the whole document lies everywhere."""
    return (
        finding.whole
        or finding.span is None
        or suppression.first_line <= finding.span.line <= suppression.last_line
    )


def report_flaws(
    flaws: Sequence[Flaw], reading: DesignReading, rules: Mapping[Detector, FindingRule]
) -> Iterator[AuditFinding]:
    """Yield a finding for each flaw whose rule is among `rules`."""
    for flaw in flaws:
        rule = rules.get(flaw.detector)
        if rule is None:
            continue
        sentence = find_sentence(reading, flaw.remark.span)
        yield AuditFinding(
            rule,
            rule.severity,
            rule.confidence,
            f"{rule.title}: {flaw.message}",
            flaw.remark.span,
            flaw.remark.headings,
            sentence.text if sentence else flaw.remark.text,
        )
