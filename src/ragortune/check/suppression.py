"""Comments in a document that suppress rules: parsed, checked for a reason and a date, and applied."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Mapping, Sequence

from ragortune.model import DisabledRule
from ragortune.model.documents import Remark
from ragortune.model.findings import AuditFinding, Detector, FindingRule, Suppression
from ragortune.model.prices import is_date
from ragortune.support.text import clean_line, is_plain, join_words, quote_value, suggest_name

_FORM = re.compile(
    r"\s*ragortune\s*:\s*ignore\s*\[(?P<rules>[^\]\[]{0,400})\]"
    r"(?:\s*until\s+(?P<until>\S{1,40}))?(?:\s*because\b[\s:]*(?P<because>.*))?",
    re.DOTALL | re.IGNORECASE,
)
_SECOND = re.compile(r"ragortune\s*:\s*ignore\b", re.IGNORECASE)
_DATE_LAST = re.compile(r"(?P<because>.*\S)\s+until\s+(?P<until>\d{4}-\d\d-\d\d)\.?")
"""A reason that is followed by the last day."""
_LONGEST_REASON = 500
_MAX_NAMES = 3
_MAX_HINTS = 50
"""Comments with flaws in one document, up to which the nearest name is suggested for an unknown one."""
_EXAMPLE = "<!-- ragortune: ignore[rule-name] until 2027-03-31 because TEXT -->"

Flaw = tuple[Detector, Remark, str]
"""A problem with a suppression comment: its kind, the comment, and a message."""
_Section = tuple[tuple[int, int], tuple[int, int]]
"""Start and end of a section, each as line and column; the end is exclusive."""


def read_suppressions(
    remarks: Iterable[Remark], rules: Mapping[str, FindingRule | DisabledRule], today: str
) -> tuple[list[Suppression], list[Flaw]]:
    """Return the suppressions that are active today, and the flaws of the others.

    `rules` are all finding rules by id, those that a rule pack disables as well.
    """
    active: list[Suppression] = []
    flaws: list[Flaw] = []
    known = {name: name for name in rules} | {rule.code: name for name, rule in rules.items()}
    for remark in remarks:
        found = _FORM.match(remark.text)
        if found is None:
            flaws.append(
                (Detector.BARE_SUPPRESSION, remark, f"this comment cannot be read; write {_EXAMPLE}")
            )
            continue
        names, unknown = _resolve_names(found["rules"], known, suggests=len(flaws) < _MAX_HINTS)
        if unknown:
            flaws.append((Detector.UNKNOWN_SUPPRESSION, remark, unknown))
        until = found["until"]
        because = clean_line(found["because"] or "", _LONGEST_REASON)
        if not until and (last := _DATE_LAST.fullmatch(because)):
            because, until = last["because"], last["until"]
        flaw, text = Detector.BARE_SUPPRESSION, ""
        if not names and not unknown:
            text = f"it names no rule; write {_EXAMPLE}"
        elif until and not is_date(until):
            text = f"its last day is not a date (YYYY-MM-DD): {quote_value(until)}"
        elif not any(letter.isalnum() and is_plain(letter) for letter in found["because"] or ""):
            text = f"it gives no reason; write {_EXAMPLE}"
        elif until and until < today:
            flaw, text = Detector.EXPIRED_SUPPRESSION, f"it expired after {until} (its reason: {because})"
        elif _SECOND.search(found["because"]):
            text = "it holds a second one; write each in its own comment"
        elif names:
            active.append(Suppression(names, because, until, remark))
        flaws += [(flaw, remark, text)] if text else []
    return active, flaws


def _resolve_names(listed: str, known: Mapping[str, str], *, suggests: bool) -> tuple[tuple[str, ...], str]:
    """Return the ids of rules that are named by id or code, and a message on unknown names, empty if there is none."""
    names = [name.strip() for name in listed.split(",") if name.strip()]
    found = {name: known.get(name) or known.get(name.upper()) for name in names}
    unknown = [name for name in names if not found[name]]
    message = ""
    if unknown:
        hint = suggest_name(unknown[0], known) if suggests else None
        shown = join_words(map(quote_value, unknown), most=_MAX_NAMES)
        message = f"there is no rule {shown}" + (f"; {hint}" if hint else "")
    return tuple(dict.fromkeys(name for name in found.values() if name)), message


def suppress_findings(
    findings: Sequence[AuditFinding], active: Sequence[Suppression], chosen: frozenset[str]
) -> tuple[list[AuditFinding], list[Flaw]]:
    """Return the findings with the suppressions that cover them, and a flaw for each unused suppression.

    Suppressions of rules that do not run (are not in `chosen`) are not reported as unused.
    """
    sections: dict[_Section, dict[str, int]] = {}
    """For each section with suppressions, the index of the first suppression of each rule."""
    for number, suppression in enumerate(active):
        for rule in suppression.rules:
            sections.setdefault(_section_of(suppression), {}).setdefault(rule, number)
    upcoming, open_sections = deque(sorted(sections)), list[_Section]()
    covered = []
    used: set[tuple[str, _Section]] = set()
    for finding in sorted(findings, key=lambda finding: (finding.line, finding.column)):
        place, rule = (finding.line, finding.column), finding.rule.id
        while upcoming and upcoming[0][0] <= place:
            open_sections.append(upcoming.popleft())
        open_sections = [section for section in open_sections if section[1] > place]
        candidates = sections if finding.whole or finding.span is None else open_sections
        covering = [section for section in candidates if rule in sections[section]]
        used.update((rule, section) for section in covering)
        first = min((sections[section][rule] for section in covering), default=None)
        covered.append(finding if first is None else finding.replace(suppressed_by=active[first]))
    flaws = [
        (
            Detector.UNUSED_SUPPRESSION,
            suppression.remark,
            f"nothing was found here for {', '.join(suppression.rules)}; remove the comment",
        )
        for suppression in active
        if chosen >= set(suppression.rules)
        and used.isdisjoint((rule, _section_of(suppression)) for rule in suppression.rules)
    ]
    return covered, flaws


def _section_of(suppression: Suppression) -> _Section:
    return suppression.remark.begins, suppression.remark.ends
