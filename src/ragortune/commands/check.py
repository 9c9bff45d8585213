"""`check`: design documents in, findings out; what cannot be read is named and the rest is judged all the same."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import msgspec

from ragortune.check import Policy, audit_reading, is_newer
from ragortune.commands.baseline import apply_baseline, write_baseline
from ragortune.commands.configuration import Configuration, leave_out
from ragortune.commands.documents import (
    STDIN,
    Limits,
    find_documents,
    keep_changed,
    open_reader,
    read_design_text,
    show_path,
)
from ragortune.commands.evidence import QuotedFiles, real_path
from ragortune.commands.outputs import Output, choose_outputs, is_review, write_report
from ragortune.commands.settings import choose_configuration
from ragortune.commands.shared import show_error
from ragortune.evidence.documents.reader import pause_collection
from ragortune.evidence.profile import Vocabulary
from ragortune.model import Profile, Rulebook
from ragortune.model.documents import DocumentStatus
from ragortune.model.findings import (
    BaselineEntry,
    Certainty,
    CheckReport,
    DocumentAudit,
    FindingRule,
    Severity,
    read_finding_rules,
)
from ragortune.ruleset.load import load_rulebook
from ragortune.support.environment import Environment
from ragortune.support.errors import ExitCode, Place, RagortuneError, UsageError
from ragortune.support.reading import PROFILE_BYTES, read_document
from ragortune.support.record import Record
from ragortune.support.rulefolder import shipped_folder
from ragortune.support.text import clean_text, join_words

NEVER = "never"
_MOST_NOTES = 3
_SIZES = {"": 1, "k": 1024, "m": 1024 * 1024}


class CheckRequest(Record, frozen=True):
    """What the command line asks of `check`."""

    paths: tuple[str, ...] = ()
    """Files, folders and patterns; `-` is stdin."""
    formats: tuple[str, ...] = ()
    """Formats, each with `=FILE` where it goes to a file; text if empty."""
    show: str | None = None
    """Names of sections, with commas between them."""
    full: bool = False
    """Whether all sections are shown."""
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
    config: str | None = None
    """File with the settings that hold, instead of the nearest."""
    config_from: str | None = None
    """Commit, branch or tag: the settings are those where the branch left it."""
    no_config: bool = False
    """Whether no settings hold but those of the command line."""
    without: tuple[str, ...] = ()
    """Settings that do not hold, by their names in the file."""
    open_quoted: bool = True
    """Whether other documents that a document quotes are opened, to look the quotes up."""


class _Settings(Record, frozen=True):
    """What holds for this run: flags first, then configuration, then defaults."""

    rulebook: Rulebook
    configuration: Configuration
    policy: Policy
    fail_on: Severity | None
    least: Certainty
    require_decision: bool
    baseline: Path | None
    outside: Profile | None
    limits: Limits


def check_documents(request: CheckRequest, environment: Environment) -> ExitCode:
    """Judge design documents and write what was found in each format."""
    with ExitStack() as stack, pause_collection():
        return _check_documents(request, environment, stack)


def _check_documents(request: CheckRequest, environment: Environment, stack: ExitStack) -> ExitCode:
    outputs = choose_outputs(request.formats or ("text",), request.show, full=request.full)
    settings = _choose_settings(request, environment, stack)
    paths = _choose_paths(request, environment)
    if paths is None:
        return ExitCode.UNDECIDED
    _refuse_overwriting(outputs, paths, request, settings, environment)
    audits, unreadable = _audit_paths(paths, request, settings, environment)
    left_out = settings.policy.rules.keys() - settings.policy.chosen
    stale: list[BaselineEntry] = []
    if request.write_baseline is not None:
        audits, stale = write_baseline(request.write_baseline, audits, left_out, environment)
    elif (known := settings.baseline) is not None:
        audits, stale = apply_baseline(known, settings.configuration, audits, left_out, environment)
    report = _sum_up(audits, unreadable, stale, settings, request)
    report = report.replace(settings=_describe_settings(settings, request, report, environment.folder))
    if report.settings:
        environment.note(f"note: {clean_text(report.settings)}")
    write_report(report, outputs, environment, request.color)
    return ExitCode(report.exit_code)


# --- settings -----------------------------------------------------------------------------------------------------


def _choose_settings(request: CheckRequest, environment: Environment, stack: ExitStack) -> _Settings:
    configuration = choose_configuration(
        request.config, request.config_from, environment, stack, no_config=request.no_config
    )
    configuration = leave_out(configuration, request.without)
    check = configuration.check
    working = Path(environment.folder)
    rules = Path(working, request.rules) if request.rules else configuration.rules or shipped_folder()
    rulebook = load_rulebook(rules)
    fail_on = request.fail_on or check.fail_on or Severity.ERROR
    least = request.min_confidence or check.min_confidence or Certainty.LOW
    words = (*reversed(Severity), NEVER)
    for flag, word, known in (("--fail-on", fail_on, words), ("--min-confidence", least, tuple(Certainty))):
        if word not in known:
            raise UsageError.expected(flag, known, word)
    profile = working / request.profile if request.profile else check.profile
    outside = None
    if profile is not None:
        shown = Path(os.path.relpath(configuration.origin_of(profile), working)).as_posix()
        document = read_document(profile, PROFILE_BYTES, name=shown)
        outside = Vocabulary(rulebook.criteria, rulebook.quantities).read_profile(document.data, document)
    return _Settings(
        rulebook,
        configuration,
        _choose_rules(read_finding_rules(rulebook), request, configuration),
        None if fail_on == NEVER else Severity(fail_on),
        Certainty(least),
        request.require_decision or check.require_decision,
        working / request.baseline if request.baseline else check.baseline,
        outside,
        Limits(_read_size(request.max_document, "document"), _read_size(request.max_line, "line")),
    )


def _read_size(text: str, what: str) -> int:
    """Return a number of bytes from `5000000`, `500K` or `5M`; raises UsageError."""
    found = re.fullmatch(r"([0-9]{1,9})\s?([kKmM]?)(?:i?[bB])?", text.strip())
    if not found or int(found[1]) == 0:
        raise UsageError.expected(f"--max-{what}", "a size such as 500K or 5M", text)
    return int(found[1]) * _SIZES[found[2].lower()]


def _choose_rules(
    rules: Mapping[str, FindingRule], request: CheckRequest, configuration: Configuration
) -> Policy:
    """Return which finding rules hold; a flag replaces the setting of the same name."""
    where = Place(configuration.path) if configuration.path else None
    check = configuration.check
    selected, ignored = (
        _resolve(flag, f"--{name}", None, rules) or _resolve(setting, name, where, rules)
        for name, flag, setting in (
            ("select", request.select, check.select),
            ("ignore", request.ignore, check.ignore),
        )
    )
    chosen = frozenset(selected or rules) - frozenset(ignored)
    return Policy(rules, chosen, configuration.rules_version, not request.no_suppressions)


def _resolve(
    names: Iterable[str], what: str, where: Place | None, rules: Mapping[str, FindingRule]
) -> list[str]:
    """Return the ids of rules that are named by id, by code, or by the beginning of a code (`RT1`)."""
    found: list[str] = []
    for name in (part.strip() for listed in names for part in listed.split(",")):
        begins = name.upper() if len(name) > 1 else "-"
        matching = [rule.id for rule in rules.values() if name == rule.id or rule.code.startswith(begins)]
        if not matching:
            known = [*rules, *(rule.code for rule in rules.values())]
            raise UsageError.unknown("finding rule", name, known, where, where=f"for {what}")
        found += matching
    return found


# --- documents ----------------------------------------------------------------------------------------------------


def _choose_paths(request: CheckRequest, environment: Environment) -> list[str] | None:
    """Return the documents to read, or None after saying that no document matched."""
    wanted = request.paths or ((".",) if request.since is not None else ())
    if not wanted:
        hint = "name files, folders or patterns such as 'docs/**/*.md'; `-` reads stdin"
        raise UsageError("no document is given", None, hint)
    if wanted.count(STDIN) > 1:
        raise UsageError("stdin can be read only once")
    found = find_documents(wanted, environment)
    if not found:
        environment.note("error: no document matched, so nothing was judged (exit code 3)")
        return None
    if request.since is None:
        return found
    changed = keep_changed(found, request.since, environment)
    environment.note(f"{len(changed)} of {len(found)} documents changed since {clean_text(request.since)}")
    return changed


def _audit_paths(
    paths: Sequence[str], request: CheckRequest, settings: _Settings, environment: Environment
) -> tuple[list[DocumentAudit], list[tuple[str, str]]]:
    """Return the documents that were judged, and path and reason of those that cannot be read."""
    audits: list[DocumentAudit] = []
    unreadable: list[tuple[str, str]] = []
    rulebook, outside, today = settings.rulebook, settings.outside, environment.date()
    read = open_reader(rulebook, request.model, environment, cache=request.cache)
    quoted = QuotedFiles(outside, paths, settings.limits, environment, opens=request.open_quoted)
    for path in paths:
        shown = show_path(path, request.stdin_name)
        try:
            reading = read(read_design_text(path, shown, settings.limits, environment), shown)
            sources = quoted.sources_for(path, reading)
            audit = audit_reading(reading, rulebook, settings.policy, today, outside, sources=sources)
        except RagortuneError as error:
            show_error(error, environment)
            at = f" (line {error.place.line})" if error.place and error.place.line else ""
            unreadable.append((shown, f"{error.message}{at}"))
        else:
            # No report shows sentences, and those of many documents take much memory.
            audits.append(audit.replace(reading=msgspec.structs.replace(reading, sentences=())))
            for line in reading.unread[:_MOST_NOTES]:
                where = "a `ragortune` block in a comment or in code, which is not read"
                environment.note(clean_text(f"note: {shown}:{line}: this is {where}"))
    return audits, unreadable


def _refuse_overwriting(
    outputs: Iterable[Output],
    paths: Iterable[str],
    request: CheckRequest,
    settings: _Settings,
    environment: Environment,
) -> None:
    """Raise UsageError where a report would replace what the run reads or writes besides."""
    configuration = settings.configuration
    named = (request.profile, request.baseline, request.write_baseline, request.config, *paths)
    read = {real_path(environment.folder, path) for path in named if path}
    check = configuration.check
    read |= {real_path(path) for path in (check.profile, check.baseline, configuration.path) if path}
    for output in outputs:
        place = real_path(environment.folder, output.path or "")
        if place in read and not (output.format == "markdown" and is_review(place)):
            raise UsageError(f"--format {output.format}={output.path} would overwrite what this run reads")


# --- the sum ------------------------------------------------------------------------------------------------------


def _sum_up(
    audits: list[DocumentAudit],
    unreadable: list[tuple[str, str]],
    stale: list[BaselineEntry],
    settings: _Settings,
    request: CheckRequest,
) -> CheckReport:
    least = settings.least.rank
    kept = tuple(
        audit.replace(findings=tuple(found for found in audit.findings if found.confidence.rank >= least))
        for audit in audits
    )
    report = CheckReport(
        audits=kept,
        unreadable=tuple(unreadable),
        rules=tuple(rule for name, rule in settings.policy.rules.items() if name in settings.policy.chosen),
        rulebook=settings.rulebook,
        exit_code=int(ExitCode.OK),
        stale=tuple(stale),
        hidden=sum(len(audit.findings) for audit in audits) - sum(len(audit.findings) for audit in kept),
    )
    return report.replace(exit_code=int(_choose_code(report, settings, request)))


def _describe_settings(settings: _Settings, request: CheckRequest, report: CheckReport, folder: str) -> str:
    """Return in one sentence what a settings file leaves out or lowers; empty where it does neither."""
    configuration, check, rules = settings.configuration, settings.configuration.check, settings.policy.rules
    shown, pack = (
        os.path.relpath(path, folder) if path and Path(path).is_absolute() else path
        for path in (configuration.path, configuration.rules and configuration.origin_of(configuration.rules))
    )
    newer = sum(is_newer(rule, configuration.rules_version) for rule in report.rules)
    ignored = len(rules) - len(report.rules)
    known = sum(finding.baselined for _, finding in report.findings)
    effects = {
        f"leaves out {ignored} of {len(rules)} finding rules": ignored
        and ((check.ignore and not request.ignore) or (check.select and not request.select)),
        f"makes notes of what {newer} newer finding rules find": newer,
        f"fails on {check.fail_on}": check.fail_on
        not in (None, Severity.ERROR, Severity.WARNING, Severity.NOTE)
        and request.fail_on is None,
        f"hides {report.hidden} findings below {check.min_confidence} confidence": check.min_confidence
        and not request.min_confidence
        and report.hidden,
        f"forgives {known} findings by {check.baseline.name if check.baseline else ''}": check.baseline
        and not request.baseline
        and known,
        f"judges by the rule set in {pack}": pack and not request.rules,
    }
    told = [effect for effect, holds in effects.items() if holds]
    return f"{shown} {join_words(told)}" if told and shown else ""


def _choose_code(report: CheckReport, settings: _Settings, request: CheckRequest) -> ExitCode:
    """Return the exit code: input that cannot be used comes first, then findings, then a decision that is missing."""
    if report.unreadable:
        return ExitCode.UNUSABLE
    limit = None if request.exit_zero else settings.fail_on
    if limit and any(finding.severity.rank >= limit.rank for _, finding in report.active):
        return ExitCode.FINDINGS
    undecided = any(audit.reading.status is DocumentStatus.NO_DECISION for audit in report.audits)
    return ExitCode.UNDECIDED if settings.require_decision and undecided else ExitCode.OK
