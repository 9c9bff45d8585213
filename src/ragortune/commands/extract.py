"""`extract`: the profile that a design document states, printed to be corrected, or written into the document."""

from __future__ import annotations

import msgspec

from ragortune.check import gather_answers
from ragortune.commands.documents import Limits, read_design_text
from ragortune.commands.models import open_reader
from ragortune.commands.shared import choose_format, open_rulebook
from ragortune.commands.writing import write_answers
from ragortune.evidence.profile import Vocabulary
from ragortune.report.extract import render_profile_json, render_profile_yaml
from ragortune.support.environment import Environment
from ragortune.support.errors import ExitCode, UsageError

FORMATS = ("yaml", "json")
_STDIN_NAME = "<stdin>"


class ExtractRequest(msgspec.Struct, frozen=True):
    """What the command line asks of `extract`."""

    path: str
    """Design document; `-` is stdin."""
    format: str = "yaml"
    write: bool = False
    """Whether to put what was read into the document."""
    dry_run: bool = False
    """Whether to show only what would be written."""
    model: str | None = None
    """Language model that reads the document; the local reader if None."""
    cache: bool = True
    """Whether answers of a model are kept and used again."""
    rules: str | None = None
    stdin_name: str | None = None


def extract_profile(request: ExtractRequest, environment: Environment) -> ExitCode:
    """Print the profile of a document; raises RagortuneError where it cannot be read."""
    form = choose_format(request.format, FORMATS)
    rulebook = open_rulebook(request.rules, environment)
    if request.path == "-" and (request.write or request.dry_run):
        raise UsageError("--write needs a file, not stdin")
    shown = (request.stdin_name or _STDIN_NAME) if request.path == "-" else request.path
    reader = open_reader(rulebook, request.model, environment, cache=request.cache)
    text = read_design_text(request.path, shown, Limits(), environment)
    reading = reader.read(text, shown)
    if request.write or request.dry_run:
        return write_answers(text, rulebook, reading, environment, dry_run=request.dry_run)
    answers = gather_answers(reading, Vocabulary(rulebook.criteria, rulebook.quantities))
    render = render_profile_json if form == "json" else render_profile_yaml
    environment.write(render(reading, answers))
    if not answers.profile.levels:
        environment.note("note: no answer to any criterion was found")
    return ExitCode.OK
