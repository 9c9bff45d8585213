"""The outputs of `check`: one format on stdout, others in files."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from ragortune.commands.formats import PAGES, check_format, choose_sections, render
from ragortune.commands.requests import CheckRequest
from ragortune.model.findings import CheckReport
from ragortune.support.environment import Environment
from ragortune.support.errors import UsageError
from ragortune.support.reading import find_repository, locate, real_path
from ragortune.support.record import Record
from ragortune.support.text import guard_terminal
from ragortune.support.writing import write_file

_HOSTED = ("sarif", "github", "gitlab", "junit")
"""Formats in which a code host annotates the files of a repository."""
_SUMMARY = "GITHUB_STEP_SUMMARY"
_SUMMARY_BYTES = 1_000_000
"""GitHub drops a whole summary that is larger than 1 MiB."""
_TRUNCATED = "</details>\n\nThe rest is left out: GitHub shows no longer summary."


class Output(Record, frozen=True):
    """One output of a run."""

    format: str
    path: str | None
    """File, relative to the working folder; None for stdout."""
    show: tuple[str, ...] = ()
    """Sections to show; empty for the default of the format."""


def choose_outputs(request: CheckRequest, folder: str) -> list[Output]:
    """Parse the options `--format FORMAT` and `--format FORMAT=FILE`; raises UsageError."""
    outputs: list[Output] = []
    for text in request.formats or ("text",):
        form, equals, path = text.partition("=")
        check_format("check", form)
        if equals and (not path or "\0" in path):
            raise UsageError(f"--format {form}= names no file")
        full = request.full or bool(path and not request.show)
        show = choose_sections("check", form, request.show, full=full) if form in PAGES else ()
        outputs.append(Output(form, os.path.normpath(path) if path else None, show))
    files = [output.path and os.path.realpath(Path(folder, output.path)) for output in outputs]
    if files.count(None) > 1:
        hint = "write the others to files: --format sarif=out.sarif"
        raise UsageError("only one format can be printed", None, hint)
    if len(set(files)) < len(files):
        raise UsageError("two formats go to the same file")
    if not any(output.format in PAGES for output in outputs):  # sections must not be named
        choose_sections("check", outputs[0].format, request.show, full=request.full)
    return outputs


def write_report(report: CheckReport, outputs: Iterable[Output], environment: Environment) -> None:
    """Write a report to stdout and files; the format github also appends all of it to the job summary."""
    hosted = _address_from_root(report, environment.folder)
    for output in outputs:
        form, path = output.format, output.path
        shown = hosted if form in _HOSTED else report
        plain = environment.replace(color="never")
        text = render("check", form, shown, environment if path is None else plain, output.show)
        if path is None:
            environment.write(text, commands=form == "github")
        else:
            write_file(path, text if form == "github" else guard_terminal(text), environment)
        if form == "github":
            _append_summary(render("check", "markdown", report, environment), environment)


def _address_from_root(report: CheckReport, folder: str) -> CheckReport:
    """Return the report with paths relative to the root of the repository, as code hosts need them."""
    here = real_path(find_repository(folder))
    in_repository = os.path.exists(here / ".git")

    def address(path: str) -> str:
        place = locate(Path(folder, path), here)
        root = here if in_repository and place.is_relative_to(here) else find_repository(place.parent)
        root = root if os.path.exists(root / ".git") else here
        is_inside = place.is_relative_to(root) and not path.startswith("<")
        return place.relative_to(root).as_posix() if is_inside else path

    audits = (
        audit.replace(reading=audit.reading.replace(path=address(audit.reading.path)))
        for audit in report.audits
    )
    unreadable = ((address(path), *rest) for path, *rest in report.unreadable)
    return report.replace(
        audits=tuple(audits), unreadable=tuple(unreadable), settings_file=address(report.settings_file)
    )


def _append_summary(text: str, environment: Environment) -> None:
    """Append the report to the job summary of GitHub Actions, if there is one, up to the size that it shows."""
    path = environment.variables.get(_SUMMARY)
    if not path:
        return
    data = text.encode(errors="backslashreplace")
    if len(data) > _SUMMARY_BYTES:
        kept, _, _ = data[:_SUMMARY_BYTES].rpartition(b"\n\n")
        text = f"{kept.decode()}\n\n{_TRUNCATED}\n"
    try:
        with Path(path).open("a", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write(f"{text}\n")
    except (OSError, ValueError) as error:
        environment.note(f"warning: the job summary cannot be written ({error})")
