"""`check`: design documents in, findings out; what cannot be read is named and the rest is judged all the same."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from ragortune import __version__
from ragortune.check import Policy, audit_reading
from ragortune.check.baseline import describe_baseline, forgive_known, list_entries, read_baseline
from ragortune.commands.configuration import Configuration, find_configuration
from ragortune.commands.documents import (
    Limits,
    changed_files,
    find_documents,
    keep_changed,
    read_design_text,
    read_size,
)
from ragortune.commands.evidence import QuotedFiles
from ragortune.commands.models import open_reader
from ragortune.commands.outputs import choose_outputs, write_report
from ragortune.commands.shared import show_error
from ragortune.evidence.profile import Vocabulary
from ragortune.model import Profile, Rulebook
from ragortune.model.documents import DocumentStatus
from ragortune.model.findings import (
    Certainty,
    CheckReport,
    DocumentAudit,
    FindingRule,
    Severity,
    StaleEntry,
    read_finding_rules,
)
from ragortune.ruleset.load import load_rulebook
from ragortune.support.environment import Environment
from ragortune.support.errors import ExitCode, Place, RagortuneError, UsageError
from ragortune.support.reading import PROFILE_BYTES, decode_text, load_json, read_bytes, read_document
from ragortune.support.record import Record
from ragortune.support.rulefolder import shipped_folder
from ragortune.support.text import clean_text, dump_json, join_words, quote_value, suggest_name

NEVER = "never"
_FAIL_WORDS = (*(severity.value for severity in reversed(Severity)), NEVER)
_BASELINE_BYTES = 16 * 1024 * 1024
_STDIN_NAME = "<stdin>"


class CheckRequest(Record, frozen=True):
    """What the command line asks of `check`."""

    paths: tuple[str, ...]
    """Files, folders and patterns; `-` is stdin."""
    formats: tuple[str, ...] = ()
    """Formats, each with `=FILE` where it goes to a file; text if empty."""
    rules: str | None = None
    color: str = "auto"
    stdin_name: str | None = None
    since: str | None = None
    """Commit: only documents that changed since the branch left it."""
    profile: str | None = None
    """Profile file with facts from outside the documents."""
    fail_on: str | None = None
    min_confidence: str | None = None
    exit_zero: bool = False
    require_decision: bool = False
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    baseline: str | None = None
    write_baseline: str | None = None
    no_suppressions: bool = False
    """Whether comments in the documents silence nothing."""
    max_document: str = "5M"
    max_line: str = "1M"
    model: str | None = None
    """Language model that reads the documents; the local reader if None."""
    cache: bool = True
    """Whether answers of a model are kept and used again."""
    open_quoted: bool = True
    """Whether other documents that a document quotes are opened, to look the quotes up."""


class _Settings(Record, frozen=True):
    """What holds for this run: flags first, then configuration, then defaults."""

    rulebook: Rulebook
    policy: Policy
    fail_on: Severity | None
    least: Certainty
    require_decision: bool
    baseline: Path | None
    outside: Profile | None
    limits: Limits


def check_documents(request: CheckRequest, environment: Environment) -> ExitCode:
    """Judge design documents and write what was found in each format."""
    outputs = choose_outputs(request.formats or ("text",))
    settings = _settle(request, environment)
    paths = _choose_paths(request, environment)
    if paths is None:
        return ExitCode.UNDECIDED
    audits, unreadable = _audit_paths(paths, request, settings, environment)
    stale: list[StaleEntry] = []
    baseline = settings.baseline
    if request.write_baseline is not None:
        baseline = _write_baseline(request.write_baseline, audits, environment)
    if baseline is not None:
        audits, stale = _forgive(baseline, audits, environment)
    report = _sum_up(audits, unreadable, stale, settings, request)
    write_report(report, outputs, environment, request.color)
    return ExitCode(report.exit_code)


# --- settings -----------------------------------------------------------------------------------------------------


def _settle(request: CheckRequest, environment: Environment) -> _Settings:
    configuration = find_configuration(environment.folder)
    check = configuration.check
    working = Path(environment.folder)
    folder = configuration.rules or shipped_folder()
    if request.rules is not None:
        folder = working / request.rules
    rulebook = load_rulebook(folder)
    fail_on = _choose_word("--fail-on", request.fail_on or check.fail_on or "error", _FAIL_WORDS)
    least = _choose_word(
        "--min-confidence", request.min_confidence or check.min_confidence or "low", tuple(Certainty)
    )
    profile = working / request.profile if request.profile else check.profile
    baseline = working / request.baseline if request.baseline else check.baseline
    limits = Limits(
        read_size(request.max_document, "--max-document"), read_size(request.max_line, "--max-line")
    )
    return _Settings(
        rulebook,
        _choose_rules(read_finding_rules(rulebook), request, configuration),
        None if fail_on == NEVER else Severity(fail_on),
        Certainty(least),
        request.require_decision or check.require_decision,
        baseline,
        _read_outside(profile, rulebook),
        limits,
    )


def _choose_word(flag: str, given: str, known: Iterable[str]) -> str:
    names = tuple(known)
    if given not in names:
        message = f"{flag} must be {join_words(names, 'or')}, not {quote_value(given)}"
        raise UsageError(message, None, suggest_name(given, names))
    return given


def _choose_rules(
    rules: Mapping[str, FindingRule], request: CheckRequest, configuration: Configuration
) -> Policy:
    """Return which finding rules hold; a flag replaces the setting of the same name."""
    where = Place(configuration.path) if configuration.path else None
    selected = _resolve(request.select, "--select", None, rules) or _resolve(
        configuration.check.select, "select", where, rules
    )
    ignored = _resolve(request.ignore, "--ignore", None, rules) or _resolve(
        configuration.check.ignore, "ignore", where, rules
    )
    chosen = frozenset(selected or rules) - frozenset(ignored)
    return Policy(rules, chosen, configuration.rules_version, not request.no_suppressions)


def _resolve(
    names: Iterable[str], what: str, where: Place | None, rules: Mapping[str, FindingRule]
) -> list[str]:
    """Return the ids of rules that are named by id, by code, or by the beginning of a code (`RT1`)."""
    found: list[str] = []
    for name in (part.strip() for listed in names for part in listed.split(",")):
        matching = [
            rule.id for rule in rules.values() if name in (rule.id, rule.code) or _begins(rule.code, name)
        ]
        if not matching:
            known = [*rules, *(rule.code for rule in rules.values())]
            message = f"{what}: there is no finding rule {quote_value(name)}"
            raise UsageError(message, where, suggest_name(name, known))
        found += matching
    return found


def _begins(code: str, name: str) -> bool:
    return len(name) >= 2 and code.startswith(name.upper())


def _read_outside(path: Path | None, rulebook: Rulebook) -> Profile | None:
    if path is None:
        return None
    document = read_document(str(path), PROFILE_BYTES)
    return Vocabulary(rulebook.criteria, rulebook.quantities).read_profile(document.data, document)


# --- documents ----------------------------------------------------------------------------------------------------


def _choose_paths(request: CheckRequest, environment: Environment) -> tuple[str, ...] | None:
    """Return the documents to read, or None after saying that no document matched."""
    wanted = request.paths or ((".",) if request.since is not None else ())
    if not wanted:
        hint = "name files, folders or patterns such as 'docs/**/*.md'; `-` reads stdin"
        raise UsageError("no document is given", None, hint)
    if wanted.count("-") > 1:
        raise UsageError("stdin can be read only once")
    found = find_documents(wanted, environment.folder)
    for name in found.unmatched:
        environment.note(clean_text(f"warning: no document matches {quote_value(name)}"))
    for path in found.dangling:
        environment.note(clean_text(f"note: {path} is a link that leads nowhere"))
    if not found.paths:
        environment.note("error: no document matched, so nothing was judged (exit code 3)")
        return None
    if request.since is None:
        return found.paths
    changed = keep_changed(found.paths, changed_files(request.since, environment), environment.folder)
    environment.note(
        f"{len(changed)} of {len(found.paths)} documents changed since {clean_text(request.since)}"
    )
    return changed


def _audit_paths(
    paths: Sequence[str], request: CheckRequest, settings: _Settings, environment: Environment
) -> tuple[list[DocumentAudit], list[tuple[str, str]]]:
    audits: list[DocumentAudit] = []
    unreadable: list[tuple[str, str]] = []
    today = environment.date()
    reader = open_reader(settings.rulebook, request.model, environment, cache=request.cache)
    quoted = QuotedFiles(settings.outside, paths, settings.limits, environment, opens=request.open_quoted)
    for path in paths:
        shown = (request.stdin_name or _STDIN_NAME) if path == "-" else path
        try:
            text = read_design_text(path, shown, settings.limits, environment)
            reading = reader.read(text, shown)
            sources = quoted.sources_for(path, reading)
            audit = audit_reading(
                reading, settings.rulebook, settings.policy, today, settings.outside, sources=sources
            )
        except RagortuneError as error:
            show_error(error, environment)
            place = error.place
            at = f" (line {place.line})" if place and place.line else ""
            unreadable.append((shown, f"{error.message}{at}"))
            continue
        audits.append(audit)
    return audits, unreadable


# --- baseline -----------------------------------------------------------------------------------------------------


def _namer(baseline: Path, environment: Environment) -> Callable[[str], str]:
    """Return what names a document relative to the folder of the baseline, wherever the command is run."""
    home = baseline.absolute().parent

    def name_of(path: str) -> str:
        if path.startswith("<"):
            return path
        return os.path.relpath(os.path.join(environment.folder, path), home).replace(os.sep, "/")

    return name_of


def _write_baseline(given: str, audits: list[DocumentAudit], environment: Environment) -> Path:
    """Write the present findings as the baseline and return its path."""
    path = Path(environment.folder, given)
    entries = list_entries(audits, _namer(path, environment))
    try:
        path.write_text(dump_json(describe_baseline(entries)) + "\n", encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"the baseline {quote_value(given)} cannot be written ({reason})") from None
    count = sum(entry.count for entry in entries)
    environment.note(clean_text(f"{count} findings are written to {given}; --baseline forgives them"))
    return path


def _forgive(
    path: Path, audits: list[DocumentAudit], environment: Environment
) -> tuple[list[DocumentAudit], list[StaleEntry]]:
    shown = os.path.relpath(path, environment.folder)
    text = decode_text(read_bytes(path, _BASELINE_BYTES), shown)
    entries = read_baseline(load_json(text, shown), shown)
    judged, stale = forgive_known(audits, entries, _namer(path, environment))
    for entry in stale:
        many = f" ({entry.count} times)" if entry.count > 1 else ""
        environment.note(
            clean_text(
                f"warning: {shown} knows {entry.rule} in {entry.path}{many}, which is not found any more"
            )
        )
    return judged, stale


# --- the sum ------------------------------------------------------------------------------------------------------


def _sum_up(
    audits: list[DocumentAudit],
    unreadable: list[tuple[str, str]],
    stale: list[StaleEntry],
    settings: _Settings,
    request: CheckRequest,
) -> CheckReport:
    kept = [
        audit.replace(
            findings=tuple(
                finding for finding in audit.findings if finding.confidence.rank >= settings.least.rank
            )
        )
        for audit in audits
    ]
    hidden = sum(len(audit.findings) for audit in audits) - sum(len(audit.findings) for audit in kept)
    report = CheckReport(
        audits=tuple(kept),
        unreadable=tuple(unreadable),
        rules=tuple(rule for name, rule in settings.policy.rules.items() if name in settings.policy.chosen),
        rulebook=settings.rulebook,
        version=__version__,
        exit_code=int(ExitCode.OK),
        stale=tuple(stale),
        hidden=hidden,
        known=sum(finding.baselined for audit in kept for finding in audit.findings),
    )
    return report.replace(exit_code=int(_choose_code(report, settings, request)))


def _choose_code(report: CheckReport, settings: _Settings, request: CheckRequest) -> ExitCode:
    """Return the exit code: input that cannot be used comes first, then findings, then a decision that is missing."""
    if report.unreadable:
        return ExitCode.UNUSABLE
    limit = settings.fail_on
    failing = limit is not None and any(finding.severity.rank >= limit.rank for _, finding in report.active)
    if failing and not request.exit_zero:
        return ExitCode.FINDINGS
    if settings.require_decision and any(_lacks_decision(audit) for audit in report.audits):
        return ExitCode.UNDECIDED
    return ExitCode.OK


def _lacks_decision(audit: DocumentAudit) -> bool:
    status = audit.reading.status
    return status is DocumentStatus.NO_DECISION or (
        status is DocumentStatus.JUDGED and audit.reading.decision is None
    )
