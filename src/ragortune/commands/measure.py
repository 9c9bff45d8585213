"""`measure`: answers from a team's own documents, questions, examples and logs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ragortune import recommend
from ragortune.check import gather_answers
from ragortune.commands.documents import ENDINGS, read_design_text
from ragortune.commands.formats import render
from ragortune.commands.profile_file import refuse_other_formats
from ragortune.commands.requests import MeasureRequest
from ragortune.commands.shared import choose_date, open_rulebook, read_profile
from ragortune.evidence.documents.language import read_language
from ragortune.evidence.documents.reader import read_design
from ragortune.evidence.measurements.agreement import MeasuredAnswer, compare_answers
from ragortune.evidence.measurements.material import Material, measure_material
from ragortune.evidence.profile import Vocabulary
from ragortune.evidence.profile_files import write_profile
from ragortune.evidence.round_trip import write_answers
from ragortune.model import Profile, Rulebook
from ragortune.model.measurements import Measurement
from ragortune.report.measurements import MeasureReport
from ragortune.support.environment import Environment
from ragortune.support.errors import ExitCode, Place, RagortuneError, UnreadableError, UsageError
from ragortune.support.reading import PROFILE_BYTES, parse_text, read_document, read_text
from ragortune.support.text import count_words, quote_value
from ragortune.support.writing import refuse_unwritable, write_file


def measure_project(request: MeasureRequest, environment: Environment) -> ExitCode:
    """Measure the material named, and print, write or check the answers.

    Returns FINDINGS if --check finds an answer that no longer holds, UNDECIDED if the data gives no answer.

    Raises:
        UsageError: nothing to measure, or the profile cannot be written.
        RagortuneError: some input cannot be read; nothing is written.

    """
    _refuse_options(request, environment)
    rulebook = open_rulebook(request.rules, environment)
    vocabulary = Vocabulary(rulebook.criteria, rulebook.quantities)
    today = choose_date(request.as_of, environment)
    text = None  # what the profile to be written holds now
    if request.output is not None and os.path.exists(place := Path(environment.folder, request.output)):
        text = read_text(place, PROFILE_BYTES, request.output)
    known = _read_known(request, text, rulebook, environment)
    measurements = _measure(request, rulebook, today, environment)
    if request.no_examples:
        measurements = tuple(measurement.replace(examples=()) for measurement in measurements)
    answers = compare_answers(measurements, known, vocabulary, today)
    after = _with_answers(known, answers, vocabulary)
    advice = _advise(known, rulebook, today), _advise(after, rulebook, today)
    report = MeasureReport(measurements, answers, today, request.check or request.output, advice)
    if request.output is not None:
        _write_output(request.output, text, answers, rulebook, environment)
    environment.write(render("measure", request.format, report, environment))
    if request.check is not None and report.disputed:
        return ExitCode.FINDINGS
    return ExitCode.OK if answers else ExitCode.UNDECIDED


def _refuse_options(request: MeasureRequest, environment: Environment) -> None:
    """Raise UsageError for options that exclude or require each other, before anything is measured."""
    if not (request.docs or request.questions or request.examples or request.calls):
        hint = "name at least one of --docs, --questions, --examples and --calls"
        raise UsageError("nothing to measure", None, hint)
    for option, needed in (("search", "questions"), ("test", "examples"), ("calls_map", "calls")):
        if getattr(request, option) and not getattr(request, needed):
            raise UsageError(f"--{option.replace('_', '-')} needs --{needed}")
    if request.output is not None:
        if request.check is not None:
            raise UsageError("--check reads a profile, --output writes one; use one of them")
        refuse_other_formats(request.output)
        refuse_unwritable(request.output, environment)


# --- measured -----------------------------------------------------------------------------------------------------


def _measure(
    request: MeasureRequest, rulebook: Rulebook, today: str, environment: Environment
) -> tuple[Measurement, ...]:
    """Return the results of all probes; raises RagortuneError."""
    paths = {name: getattr(request, name) for name in Material.field_names() if name != "search"}
    places = {name: path and Path(environment.folder, path) for name, path in paths.items()}
    material = Material(search=request.search, **places)
    found = measure_material(material, read_language(rulebook).common_words, today, environment.note)
    if request.calls is not None:
        try:
            from ragortune.evidence.measurements.calls import measure_calls  # noqa: PLC0415  (brings in a database)
        except ImportError:
            raise UsageError.missing("--calls", "measure") from None
        found += measure_calls(request.calls, _read_mapping(request.calls_map), environment.note)
    return found


def _read_mapping(settings: list[str]) -> Mapping[str, str]:
    for setting in settings:
        if not all(setting.partition("=")):
            raise UsageError.expected("--calls-map", "NAME=COLUMN", setting)
    return dict(setting.split("=", 1) for setting in settings)


# --- the profile --------------------------------------------------------------------------------------------------


def _read_known(
    request: MeasureRequest, text: str | None, rulebook: Rulebook, environment: Environment
) -> Profile:
    """Return the profile to complete or to check; an empty one if there is none."""
    name = request.check
    if name is not None and name.lower().endswith(ENDINGS):
        reading = read_design(read_design_text(name, name, environment), name, rulebook, prose=False)
        known = gather_answers(reading, Vocabulary(rulebook.criteria, rulebook.quantities)).profile
        if not known.levels:
            raise UnreadableError("has no `ragortune` block with answers to check", Place(name))
        return known
    if name is not None:
        return read_profile(read_document(name, PROFILE_BYTES, environment.stdin), rulebook)
    return Profile({}) if text is None else read_profile(parse_text(text, str(request.output)), rulebook)


def _with_answers(known: Profile, answers: tuple[MeasuredAnswer, ...], vocabulary: Vocabulary) -> Profile:
    """Return the profile with every measured answer in place of the known one."""
    data = {answer.name: answer.value for answer in answers if answer.levels}
    levels = vocabulary.read_profile(data).levels
    numbers = {answer.name.partition(".")[2]: answer.value for answer in answers if not answer.levels}
    quantities = vocabulary.read_profile({"quantities": numbers}).quantities
    shared = {quantity.criterion for quantity in known.quantities.values()} & levels.keys()
    kept = {name: quantity for name, quantity in known.quantities.items() if quantity.criterion not in shared}
    return known.replace(levels={**known.levels, **levels}, quantities={**kept, **quantities})


def _advise(profile: Profile, rulebook: Rulebook, today: str) -> str | None:
    """Return the option advised for a profile; None if too little is known."""
    advice = recommend(profile, rulebook, what_if=False, as_of=today)
    return None if advice.default or advice.too_little_known else advice.option.value


def _write_output(
    name: str,
    text: str | None,
    answers: tuple[MeasuredAnswer, ...],
    rulebook: Rulebook,
    environment: Environment,
) -> None:
    """Write or complete the profile; raises UsageError, leaving the file as it was, if it would not read back."""
    entries = {answer.name: answer.entry for answer in answers if answer.replaces}
    remarks = {answer.name: answer.remark for answer in answers if not answer.agrees}
    base = write_profile(rulebook.criteria.values()) if text is None else text
    written = write_answers(base, entries, remarks)
    if written == text:
        environment.note(f"note: there is nothing to add to {name}")
        return
    try:
        read_profile(parse_text(written, name), rulebook)
    except RagortuneError as error:
        raise UsageError(f"{quote_value(name)} cannot take these answers: {error}") from error
    write_file(name, written, environment, text)
    environment.note(f"note: {count_words(len(entries), 'measured answer')} written into {name}")
