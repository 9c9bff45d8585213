"""`extract`: the profile that a design document states, ready to be corrected and judged."""

from __future__ import annotations

from ragortune.audit import gather_answers
from ragortune.commands.documents import Limits, read_design_text
from ragortune.commands.shared import choose_format, open_rulebook
from ragortune.errors import ExitCode
from ragortune.evidence.documents.reader import read_design
from ragortune.host import Environment
from ragortune.profile import Vocabulary
from ragortune.render.extract import render_profile_json, render_profile_yaml

FORMATS = ("yaml", "json")
_STDIN_NAME = "<stdin>"


def extract_profile(
    path: str, form: str, rules: str | None, stdin_name: str | None, environment: Environment
) -> ExitCode:
    """Print the profile of a document; raises RagortuneError where it cannot be read."""
    form = choose_format(form, FORMATS)
    rulebook = open_rulebook(rules, environment)
    shown = (stdin_name or _STDIN_NAME) if path == "-" else path
    text = read_design_text(path, shown, Limits(), environment)
    reading = read_design(text, shown, rulebook)
    answers = gather_answers(reading, Vocabulary(rulebook.criteria))
    render = render_profile_json if form == "json" else render_profile_yaml
    environment.write(render(reading, answers))
    if not answers.profile.levels:
        environment.note("note: no answer to any criterion was found")
    return ExitCode.OK
