"""`ask`: the questionnaire on a terminal, or answers from a file; every answer is saved at once.

The dialogue goes to stderr, so that stdout holds the recommendation alone. It needs nothing of a terminal but lines of
text: no colour, no cursor movement.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from ragortune.commands.profile_file import ProfileFile, open_interview, read_start, refuse_other_formats
from ragortune.commands.requests import AskRequest
from ragortune.commands.shared import open_rulebook, show_error, show_path
from ragortune.costs import add_facts
from ragortune.evidence.answers import read_answer
from ragortune.interview import Command, Interview, read_command, take_answer
from ragortune.model import Criterion
from ragortune.report import dialogue
from ragortune.report.blocks import Block, Break, Paragraph
from ragortune.report.dialogue import describe_next, format_advice
from ragortune.report.text import write_text
from ragortune.support.environment import Environment
from ragortune.support.errors import ExitCode, Place, ProfileError, RagortuneError, UsageError
from ragortune.support.reading import PROFILE_BYTES, read_document, read_text
from ragortune.support.text import clean_text, count_words, dump_json, quote_value, shorten_text
from ragortune.support.writing import refuse_unwritable

START_FILE = "profile.yaml"
_LINE_LIMIT = 4096
_MAX_QUESTIONS = 12


def ask_questions(request: AskRequest, environment: Environment) -> str:
    """Ask until no question is worth asking, and return the name of the saved profile.

    Raises UsageError if there is no terminal to ask on or the answers cannot be saved, RagortuneError if the profile or
    the file with answers cannot be read, KeyboardInterrupt if the user interrupts; then all answers are saved.
    """
    rulebook = open_rulebook(request.rules, environment)
    source, target = _choose_files(request, environment)
    start, text = read_start(source, rulebook, environment)
    interview = _add_facts(start, environment.date())
    if request.everything:
        interview = interview.replace(everything=True)
    file = ProfileFile(target, start, text, environment)
    if request.answers is not None:
        interview = _take_answers(request.answers, interview, environment)
        with file.locked():
            file.save(interview)
        environment.note(f"saved {target}; advice: {format_advice(interview.advice)}")
        return target
    if not (environment.stdin_is_terminal and environment.stderr_is_terminal):
        raise _no_terminal(interview, source)
    refuse_unwritable(target, environment)  # before the first answer
    with file.locked():
        _Dialogue(file, environment).run(interview)
    return target


def print_next(name: str, rules: str | None, environment: Environment) -> ExitCode:
    """Print the next question for the profile on stdin as JSON; raises RagortuneError."""
    rulebook = open_rulebook(rules, environment)
    interview = open_interview(read_document("-", PROFILE_BYTES, environment.stdin, name), rulebook)
    described = describe_next(_add_facts(interview, environment.date()))
    environment.write(dump_json(described) + "\n")
    return ExitCode.OK


def _add_facts(interview: Interview, today: str) -> Interview:
    """Return the interview with the facts derived from its quantities, now and after every answer."""
    complete = partial(add_facts, interview.rulebook, today=today)
    return interview.replace(profile=complete(interview.profile), complete=complete)


# --- files --------------------------------------------------------------------------------------------------------


def _choose_files(request: AskRequest, environment: Environment) -> tuple[str | None, str]:
    """Return the profile to start from, if any, and the file to save to; raises UsageError."""
    profile, output = request.profile, request.output
    if "-" in (profile, output):
        raise UsageError("`ask` keeps its profile in a file", None, "name one, or give --answers -")
    folder = Path(environment.folder)
    if profile is not None and not os.path.exists(folder / profile):
        raise UsageError("no such file", Place(profile), "-o PROFILE names a new one")
    if profile is not None and os.path.isdir(folder / profile):
        raise UsageError("is a directory, not a file", Place(profile or "."))
    if output is None:
        output = START_FILE if profile is None else profile
    refuse_other_formats(profile or output)
    refuse_other_formats(output)
    exists = os.path.exists(folder / output)
    if profile is None:
        return (output if exists else None), output
    if exists and os.path.realpath(folder / output) != os.path.realpath(folder / profile):
        hint = f"`ragortune ask {output}` continues it; -o names another file"
        raise UsageError(f"{quote_value(output)} exists", None, hint)
    return profile, output


# --- without a terminal -------------------------------------------------------------------------------------------


def _no_terminal(interview: Interview, source: str | None) -> UsageError:
    """Return the error that names the open questions and the file to fill in."""
    asked = "" if interview.wanted else "; no open question is worth asking for it"
    lines = [f"`ask` needs a terminal to ask on; advice so far: {format_advice(interview.advice)}{asked}"]
    criteria = interview.rulebook.criteria
    names = interview.unasked
    lines += [f"  {name}: {shorten_text(criteria[name].question, 100)}" for name in names[:_MAX_QUESTIONS]]
    if len(names) > _MAX_QUESTIONS:
        lines.append(f"  and {len(names) - _MAX_QUESTIONS} more")
    path, init = (source, "") if source else (START_FILE, " (`ragortune init` writes one)")
    hint = f"fill in {path}{init}, then `ragortune recommend {path}`; or give answers with --answers FILE"
    return UsageError("\n".join(lines), None, hint)


def _take_answers(path: str, interview: Interview, environment: Environment) -> Interview:
    """Return the interview with the answers from a file; prints an error for every line that cannot be used."""
    shown = show_path(path)
    place = path if path == "-" else Path(environment.folder, path)
    text = read_text(place, PROFILE_BYTES, shown, environment.stdin)
    seen: set[str] = set()
    failed = 0
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        try:
            interview = _take_line(stripped, interview, seen)
        except RagortuneError as error:
            failed += 1
            show_error(ProfileError(error.message, Place(shown, number), error.hint), environment)
    if failed:
        raise UsageError(f"{count_words(failed, 'line')} of {shown} cannot be used; nothing was saved")
    return interview


def _take_line(line: str, interview: Interview, seen: set[str]) -> Interview:
    """Return the interview after one line, `criterion: answer` or `criterion = answer`."""
    at = min((line.find(sign) for sign in ":=" if sign in line), default=-1)
    name, answer = line[:at].strip(), line[at + 1 :].strip()
    criterion = interview.rulebook.criteria.get(name)
    if at < 0:
        raise ProfileError(f"{quote_value(line)} is not `criterion: answer`")
    if criterion is None:
        raise ProfileError.unknown("criterion", name, interview.rulebook.criteria)
    if name in seen:
        raise ProfileError(f"{quote_value(name)} is answered twice")
    seen.add(name)
    return take_answer(interview, name, read_answer(criterion, answer))


# --- on a terminal ------------------------------------------------------------------------------------------------


class _Dialogue:
    """The dialogue on the terminal."""

    def __init__(self, file: ProfileFile, environment: Environment) -> None:
        self._file = file
        self._environment = environment
        self._color = environment.wants_color(dialogue=True)

    def _show(self, blocks: Iterable[Block]) -> None:
        """Write to stderr, at the present width of the terminal."""
        width = self._environment.measure_width(dialogue=True)
        self._environment.say(write_text(blocks, width=width, color=self._color))

    def _say(self, text: str) -> None:
        self._show([Paragraph(text, lead="  ")])

    def run(self, interview: Interview) -> None:
        """Ask until the questionnaire or the input ends; saves after every answer."""
        self._show(dialogue.show_start(self._file.path, interview))
        try:
            while (criterion := interview.question) is not None:
                self._show(dialogue.show_question(interview, criterion))
                following = self._read_reply(interview, criterion)
                if following is None:
                    break
                interview = following
        except KeyboardInterrupt:
            saved = f"everything is saved in {self._file.path}"
            self._environment.say("\n")
            self._say(f"Interrupted; {saved if interview.previous else 'nothing was answered'}.")
            raise
        if interview.previous is None:
            self._file.save(interview)
        self._show([Break(), Paragraph(dialogue.format_end(interview, self._file.path)), Break()])

    def _read_reply(self, interview: Interview, criterion: Criterion) -> Interview | None:
        """Return the interview after the next answer or after going back; None if the user stops."""
        following: Interview | None = interview
        while following is interview:
            self._environment.say(f"{clean_text(criterion.id)}> ")
            typed = self._environment.read_line(_LINE_LIMIT)
            following = None if typed is None else self._take(typed, interview, criterion)
        if typed is None:
            self._environment.say("\n")
        return following

    def _take(self, typed: str, interview: Interview, criterion: Criterion) -> Interview | None:
        """Return the interview after what was typed, the same if that changes nothing; None if the user stops."""
        match read_command(criterion, typed):
            case Command.STOP:
                return None
            case Command.BACK if interview.previous is not None:
                self._file.save(interview.previous)
                return interview.previous
            case Command.BACK:
                self._say("This is the first question of this run; there is nothing to go back to.")
            case Command.HELP:
                self._show(dialogue.show_help(criterion))
            case Command.WHY:
                self._show(dialogue.show_reason(interview, criterion))
            case _ if not typed.strip():
                self._say("Type an answer, 'skip' if nobody knows, or ? for help.")
            case _:
                try:
                    following = take_answer(interview, criterion.id, read_answer(criterion, typed))
                except ProfileError as error:
                    self._show(dialogue.show_mistake(error))
                else:
                    self._file.save(following)
                    self._show(dialogue.show_answer(following, criterion))
                    return following
        return interview
