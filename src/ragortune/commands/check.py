"""`check`: design documents in, findings out. Unreadable documents are named, and the others are still judged."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from ragortune.check import Policy, audit_reading, is_newer
from ragortune.commands.baseline import apply_baseline, write_baseline
from ragortune.commands.configuration import choose_configuration
from ragortune.commands.documents import STDIN, find_documents, open_changes, open_reader, read_design_text
from ragortune.commands.evidence import QuotedFiles, quotes_any
from ragortune.commands.outputs import Output, choose_outputs, write_report
from ragortune.commands.requests import NEVER, CheckRequest
from ragortune.commands.shared import read_profile, show_error, show_path
from ragortune.model import DisabledRule, Profile
from ragortune.model.documents import DocumentStatus
from ragortune.model.findings import Certainty, CheckReport, FindingRule, Severity, read_finding_rules
from ragortune.ruleset.load import load_rulebook
from ragortune.support.environment import Environment
from ragortune.support.errors import ExitCode, Place, RagortuneError, UsageError
from ragortune.support.reading import PROFILE_BYTES, read_document
from ragortune.support.rulefolder import shipped_folder
from ragortune.support.text import count_words, join_words
from ragortune.support.writing import refuse_overwriting

_MAX_NOTES = 3


def check_documents(request: CheckRequest, environment: Environment) -> ExitCode:
    """Judge design documents and write the findings in each format."""
    outputs = choose_outputs(request, environment.folder)
    with ExitStack() as stack:
        return _Run(request, environment, stack).check(outputs)


class _Run:
    """One run with its effective settings: flags take precedence over the settings file, and that over defaults."""

    def __init__(self, request: CheckRequest, environment: Environment, stack: ExitStack) -> None:
        self._request = request
        self._environment = environment
        self._settings = settings = choose_configuration(request, environment, stack)
        working = Path(environment.folder)
        rules = Path(working, request.rules) if request.rules else settings.rules or shipped_folder()
        self._rules, self._rulebook = rules, load_rulebook(rules)
        fail_on = request.fail_on or settings.fail_on or Severity.ERROR
        self._fail_on = None if request.exit_zero or fail_on == NEVER else Severity(fail_on)
        self._least = Certainty(request.min_confidence or settings.min_confidence or Certainty.LOW)
        self._baseline = working / request.baseline if request.baseline else settings.baseline
        self._outside = self._read_profile(working / request.profile if request.profile else settings.profile)
        self._policy = self._choose_rules(read_finding_rules(self._rulebook))

    def _read_profile(self, path: Path | None) -> Profile | None:
        """Return the profile whose answers hold for every document, if any."""
        if path is None:
            return None
        origin = self._settings.origin_of(path)
        shown = Path(os.path.relpath(origin, self._environment.folder)).as_posix()
        return read_profile(read_document(path, PROFILE_BYTES, name=shown), self._rulebook)

    def _choose_rules(self, rules: Mapping[str, FindingRule]) -> Policy:
        """Return the finding rules in effect; a flag has replaced the setting of the same name."""
        settings, request = self._settings, self._request
        where = Place(self._name_settings()) if settings.path else None
        known: dict[str, FindingRule | DisabledRule] = {**self._rulebook.disabled_findings, **rules}
        selected = _resolve(request.select, "--select", None, rules)
        selected += _resolve(settings.select, "select", where, rules)
        ignored = _resolve(request.ignore, "--ignore", None, known)
        ignored += _resolve(settings.ignore, "ignore", where, known)
        return Policy(rules, frozenset(selected or rules).difference(ignored), settings.rules_version)

    def check(self, outputs: Sequence[Output]) -> ExitCode:
        """Judge the documents and write the report."""
        environment = self._environment
        paths = self._choose_paths()
        if paths is None:
            return ExitCode.UNDECIDED
        self._refuse_overwriting(outputs, paths)
        quoted = QuotedFiles(self._outside, paths, environment, opens=self._request.open_quoted)
        report = self._audit_paths(paths, quoted)
        self._refuse_overwriting(outputs, quoted.opened)
        report = self._sum_up(self._mark_known(report))
        if report.settings:
            environment.note(f"note: {report.settings}")
        write_report(report, outputs, environment)
        return ExitCode(report.exit_code)

    # --- documents ------------------------------------------------------------------------------------------------

    def _choose_paths(self) -> list[str] | None:
        """Return the documents to read, or None with a note if none matched."""
        since, environment = self._request.since, self._environment
        wanted = self._request.paths or ([] if since is None else ["."])
        if not wanted:
            hint = "name files, folders or patterns such as 'docs/**/*.md'; `-` reads stdin"
            raise UsageError("no document named", None, hint)
        if wanted.count(STDIN) > 1:
            raise UsageError("stdin can be read only once")
        found = find_documents(wanted, environment, self._request.config_from, self._settings.base)
        if not found:
            environment.note("error: no document matched, so nothing was judged (exit code 3)")
            return None
        if since is None:
            return found
        is_changed, book = open_changes(since, environment), self._rulebook
        changed = {path for path in found if is_changed(path)}
        rest = [path for path in found if path not in changed and path != STDIN]
        quoting = {path for path in rest if quotes_any(path, is_changed, book, environment)}
        note = f"{len(changed)} of {count_words(len(found), 'document')} changed since {since}"
        if quoting:
            note += f"; {len(quoting)} unchanged, but quoting one that did"
        environment.note(note)
        return [path for path in found if path in changed or path in quoting]

    def _audit_paths(self, paths: Sequence[str], quoted: QuotedFiles) -> CheckReport:
        """Return the report on the documents, as far as they can be read."""
        audits, unreadable = [], []
        request, environment, book = self._request, self._environment, self._rulebook
        read, today = open_reader(book, request.model, environment, cache=request.cache), environment.date()
        for path in paths:
            shown = show_path(path, request.stdin_name)
            try:
                reading = read(read_design_text(path, shown, environment), shown)
                sources = quoted.sources_for(path, reading)
                audit = audit_reading(reading, book, self._policy, today, self._outside, sources=sources)
            except RagortuneError as error:
                show_error(error, environment)
                line = error.place.line if error.place else None
                at, hint = f" (line {line})" if line else "", f"; {error.hint}" if error.hint else ""
                unreadable.append((shown, line or 1, f"{error.message}{at}{hint}"))
            else:
                # No report needs the sentences, which take much memory.
                audits.append(audit.replace(reading=reading.replace(sentences=())))
                for line in reading.unread[:_MAX_NOTES]:
                    what = "this is a `ragortune` block in a comment or in code, which is not read"
                    environment.note(f"note: {shown}:{line}: {what}")
        rules = tuple(rule for name, rule in self._policy.rules.items() if name in self._policy.chosen)
        return CheckReport(tuple(audits), tuple(unreadable), rules, book, int(ExitCode.OK))

    def _mark_known(self, report: CheckReport) -> CheckReport:
        """Return the report with the findings of the baseline marked, which is written first where that is asked for."""
        left_out = self._policy.rules.keys() - self._policy.chosen
        if left_out:  # a suppression that seems unused may be of one of them
            left_out |= {rule.id for rule in report.rules if rule.detector == "unused_suppression"}
        if self._request.write_baseline is not None:
            return write_baseline(self._request.write_baseline, report, left_out, self._environment)
        if self._baseline is not None:
            origin = self._settings.origin_of(self._baseline)
            return apply_baseline(self._baseline, origin, report, left_out, self._environment)
        return report

    def _refuse_overwriting(self, outputs: Iterable[Output], paths: Iterable[str]) -> None:
        """Raise UsageError if a report would overwrite a file that this run reads or writes."""
        request, settings = self._request, self._settings
        named = (request.profile, request.baseline, request.write_baseline, request.config, *paths)
        configured = (settings.profile, settings.baseline, settings.path)
        read: list[str | Path] = [settings.origin_of(Path(path)) for path in configured if path]
        read += filter(None, named)
        rules = settings.origin_of(self._rules)
        for output in outputs:
            if output.path:
                what = f"--format {output.format}={output.path}"
                refuse_overwriting(output.path, what, read, rules, self._environment)

    # --- the report -----------------------------------------------------------------------------------------------

    def _sum_up(self, report: CheckReport) -> CheckReport:
        """Return the report without findings of too little confidence, with exit code and effects of the settings."""
        found, least = len(report.findings), self._least.rank
        audits = (
            audit.replace(findings=tuple(each for each in audit.findings if each.confidence.rank >= least))
            for audit in report.audits
        )
        report = report.replace(audits=tuple(audits))
        report = report.replace(hidden=found - len(report.findings), fails_on=self._fail_on)
        effects, shown = list(self._list_effects(report)), self._name_settings()
        return report.replace(
            exit_code=int(self._choose_code(report)),
            settings=f"{shown} {join_words(effects)}" if effects and shown else "",
            settings_file=self._settings.path or "",
        )

    def _name_settings(self) -> str:
        """Return the path of the settings file from the working folder, with the commit it was read from."""
        path, base = self._settings.path, self._settings.base
        shown = os.path.relpath(path, self._environment.folder) if path else ""
        return f"{shown} at {base[:12]}" if shown and base else shown

    def _list_effects(self, report: CheckReport) -> Iterator[str]:
        """Yield what the settings leave out, lower or add, each as a part of a sentence."""
        settings, rules = self._settings, self._policy.rules
        ignored = len(rules) - len(report.rules)
        if ignored and (settings.ignore or settings.select):
            yield f"leaves out {ignored} of {len(rules)} finding rules"
        if newer := sum(is_newer(rule, settings.rules_version) for rule in report.rules):
            yield f"lowers what {count_words(newer, 'newer finding rule')} find to notes"
        if settings.fail_on == NEVER:
            yield f"fails on {NEVER}"
        if report.hidden and settings.min_confidence:
            yield f"hides {count_words(report.hidden, 'finding')} below {settings.min_confidence} confidence"
        known = sum(finding.baselined for _, finding in report.findings)
        if known and settings.baseline and self._request.write_baseline is None:
            yield f"leaves out {count_words(known, 'finding')} listed in {settings.baseline.name}"
        if settings.profile:
            yield f"answers for every document from {settings.profile.name}"
        if settings.rules:
            pack = os.path.relpath(settings.origin_of(settings.rules), self._environment.folder)
            yield f"judges by the rule set in {pack}"
            shipped = read_finding_rules(load_rulebook(shipped_folder()))
            if other := sum(rules.get(name) != rule for name, rule in shipped.items()):
                yield f"leaves out or changes {other} of {len(shipped)} shipped finding rules"
            found = [rules[finding.rule.id] for _, finding in report.findings if finding.rule.id in shipped]
            if lowered := sum(rule.severity.rank < shipped[rule.id].severity.rank for rule in found):
                yield f"lowers {count_words(lowered, 'finding')}"

    def _choose_code(self, report: CheckReport) -> ExitCode:
        """Return the exit code: unreadable input takes precedence over findings, and these over a missing decision."""
        if report.unreadable:
            return ExitCode.UNUSABLE
        limit = self._fail_on
        if limit and any(finding.severity.rank >= limit.rank for _, finding in report.active):
            return ExitCode.FINDINGS
        undecided = any(audit.reading.status is DocumentStatus.NO_DECISION for audit in report.audits)
        required = self._request.require_decision or self._settings.require_decision
        return ExitCode.UNDECIDED if required and undecided else ExitCode.OK


def _resolve(
    names: Iterable[str], what: str, where: Place | None, rules: Mapping[str, FindingRule | DisabledRule]
) -> list[str]:
    """Return the ids of rules named by id, code or prefix of a code (`RT1`)."""
    found: list[str] = []
    for name in (part.strip() for listed in names for part in listed.split(",")):
        prefix = name.upper() if len(name) > 1 else "-"
        matching = [key for key, rule in rules.items() if name == key or rule.code.startswith(prefix)]
        if not matching:
            known = [*rules, *(rule.code for rule in rules.values())]
            raise UsageError.unknown("finding rule", name, known, where, where=f"for {what}")
        found += matching
    return found
