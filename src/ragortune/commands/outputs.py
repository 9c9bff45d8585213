"""Where the report of `check` goes: one format to stdout, others to files, all of one run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import msgspec

from ragortune.commands.configuration import find_repository
from ragortune.model.findings import CheckReport
from ragortune.report import check_json, ci, review, sarif
from ragortune.support.environment import Environment
from ragortune.support.errors import UsageError
from ragortune.support.record import Record
from ragortune.support.text import join_words, quote_value, suggest_name

FORMATS = ("text", "json", "sarif", "github", "gitlab", "junit", "markdown")
_HOSTED = ("sarif", "github", "gitlab")
"""Formats by which a code host shows findings beside the files of a repository."""
_SUMMARY = "GITHUB_STEP_SUMMARY"


class Output(Record, frozen=True):
    """One format and where it goes."""

    form: str
    path: str | None
    """File, relative to the working folder; stdout if None."""


def choose_outputs(given: Iterable[str]) -> tuple[Output, ...]:
    """Return the outputs that `FORMAT` and `FORMAT=FILE` ask for; raises UsageError."""
    outputs = []
    for text in given:
        form, equals, path = text.partition("=")
        if form not in FORMATS:
            message = f"--format must be {join_words(FORMATS, 'or')}, not {quote_value(form)}"
            raise UsageError(message, None, suggest_name(form, FORMATS))
        if equals and (not path or "\0" in path):
            raise UsageError(f"--format {form}= names no file")
        outputs.append(Output(form, path or None))
    if sum(output.path is None for output in outputs) > 1:
        raise UsageError(
            "only one format can be printed", None, "write the others to files: --format sarif=out.sarif"
        )
    files = [os.path.normpath(output.path) for output in outputs if output.path is not None]
    if len(set(files)) < len(files):
        raise UsageError("two formats go to the same file")
    return tuple(outputs)


def write_report(
    report: CheckReport, outputs: Iterable[Output], environment: Environment, color: str
) -> None:
    """Write a report to stdout and files; with the github format the whole of it goes to the job summary, too."""
    hosted = _address_from_root(report, environment.folder)
    for output in outputs:
        shown = hosted if output.form in _HOSTED else report
        if output.path is not None:
            _write_file(output.path, _render(output.form, shown, environment, "never"), environment)
        else:
            text = _render(output.form, shown, environment, color)
            environment.write(text, commands=output.form == "github")
        if output.form == "github":
            _append_summary(report, environment)


def _address_from_root(report: CheckReport, folder: str) -> CheckReport:
    """Return a report whose documents are named from the root of the repository, as code hosts look them up."""
    root = Path(find_repository(folder))

    def address(path: str) -> str:
        place = Path(folder, path)
        for found in (Path(os.path.normpath(place)), place.resolve()):
            if found.is_relative_to(root) and not path.startswith("<"):
                return found.relative_to(root).as_posix()
        return path

    audits = (
        audit.replace(reading=msgspec.structs.replace(audit.reading, path=address(audit.reading.path)))
        for audit in report.audits
    )
    unreadable = ((address(path), message) for path, message in report.unreadable)
    return report.replace(audits=tuple(audits), unreadable=tuple(unreadable))


def _render(form: str, report: CheckReport, environment: Environment, color: str) -> str:
    if form == "text":
        from ragortune.report.check_text import render_check_text  # noqa: PLC0415  (brings in rich)

        return render_check_text(report, width=environment.width, color=environment.wants_color(color))
    renderers: Mapping[str, Callable[[CheckReport], str]] = {
        "json": check_json.render_json,
        "sarif": sarif.render_sarif,
        "github": ci.render_github,
        "gitlab": ci.render_gitlab,
        "junit": ci.render_junit,
        "markdown": review.render_review,
    }
    return renderers[form](report)


def _write_file(given: str, text: str, environment: Environment) -> None:
    path = os.path.join(environment.folder, given)
    try:
        with open(path, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as stream:
            stream.write(text)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{quote_value(given)} cannot be written ({reason})") from None


def _append_summary(report: CheckReport, environment: Environment) -> None:
    """Append the whole report to the job summary of GitHub Actions, where there is one."""
    path = environment.variables.get(_SUMMARY)
    if not path:
        return
    try:
        with open(path, "a", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write(review.render_review(report) + "\n")
    except (OSError, ValueError) as error:
        environment.note(f"warning: the job summary cannot be written ({error})")
