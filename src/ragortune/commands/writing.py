"""`extract --write`: what was read goes into the document itself, as a block that a person reviews."""

from __future__ import annotations

import difflib
import os
import stat

from ragortune.check.answers import StatedAnswers, gather_answers
from ragortune.commands.configuration import find_repository
from ragortune.commands.documents import DOCUMENT_BYTES
from ragortune.commands.evidence import is_inside
from ragortune.evidence.block import BlockContent, Entry, leave_out_held, write_block
from ragortune.evidence.documents.reader import read_design
from ragortune.evidence.profile import Vocabulary
from ragortune.model import Evidence, Rulebook
from ragortune.model.documents import DesignReading
from ragortune.report.extract import cite_fact, quote_sentence, show_value
from ragortune.support.environment import Environment, replace_file
from ragortune.support.errors import ExitCode, Place, RagortuneError, UnreadableError, UsageError
from ragortune.support.reading import read_bytes
from ragortune.support.text import clean_text, count_words, quote_value

_MARK = "\ufeff"


def write_answers(
    text: str, rulebook: Rulebook, reading: DesignReading, environment: Environment, *, dry_run: bool
) -> ExitCode:
    """Put what was read into the document of that text, or show what would be; raises RagortuneError."""
    path = reading.path
    vocabulary = Vocabulary(rulebook.criteria, rulebook.quantities)
    content = leave_out_held(text, list_entries(reading, gather_answers(reading, vocabulary)))
    written = write_block(text, path, content)
    if written != text:
        _check_written(reading, content, written, rulebook)
    if written == text:
        environment.note(clean_text(f"note: there is nothing to add to {path}"))
        return ExitCode.OK
    if dry_run:
        environment.write(clean_text(_show_difference(text, written, path), keep_breaks=True))
        return ExitCode.OK
    _replace(path, text, written, environment)
    count = len(content.answers) + (content.decision is not None)
    what = count_words(count, "answer") if count else "new line numbers"
    environment.note(clean_text(f"note: {what} written into {path}; review the block, then run `check`"))
    return ExitCode.OK


def list_entries(reading: DesignReading, answers: StatedAnswers) -> BlockContent:
    """Return what the prose of a document states and its own block does not."""
    entries = {}
    for criterion, levels in answers.profile.levels.items():
        fact = answers.fact_for(criterion)
        if fact is None or any(own.declared for own in answers.facts[criterion]):
            continue
        evidence = cite_fact(reading, fact)
        answer = answers.profile.answers[criterion]
        entries[criterion] = Entry(
            show_value(answer, levels),
            evidence if isinstance(evidence, Evidence) else None,
            answer.source.value,
        )
    return BlockContent(_enter_decision(reading), entries)


def _enter_decision(reading: DesignReading) -> Entry | None:
    decision = reading.decision
    if decision is None or decision.declared:
        return None
    cited = next((part.span for part in decision.evidence if part.role == "for"), None)
    evidence = Evidence(quote_sentence(reading, cited), line=cited.line) if cited else None
    return Entry(decision.option.value, evidence, "extracted")


def _check_written(reading: DesignReading, content: BlockContent, written: str, rulebook: Rulebook) -> None:
    """Raise UnreadableError where a written document does not read back as it should, so that nothing is spoilt."""
    try:
        again = read_design(written, reading.path, rulebook)
    except RagortuneError as error:
        raise UnreadableError(f"the block cannot be written: {error.message}", Place(reading.path)) from None
    declared = {fact.criterion: fact.value for fact in again.facts if fact.declared}
    kept = {fact.criterion: fact.value for fact in reading.facts if fact.declared}
    lost = [name for name, value in kept.items() if declared.get(name) != value]
    lost += [name for name in content.answers if name not in declared]
    if lost or (content.decision and (again.decision is None or not again.decision.declared)):
        what = quote_value(lost[0] if lost else "decision")
        message = (
            f"the block cannot be written: {what} would not read back; put an empty block where it belongs"
        )
        raise UnreadableError(message, Place(reading.path))


def _show_difference(old: str, new: str, path: str) -> str:
    lines = difflib.unified_diff(
        old.splitlines(keepends=True), new.splitlines(keepends=True), path, path, n=2
    )
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def _replace(path: str, text: str, written: str, environment: Environment) -> None:
    """Replace a document at once; raises UsageError where it is not ours to write, or has changed in the meantime."""
    place = os.path.join(environment.folder, path)
    target = os.path.realpath(place)
    folder = os.path.dirname(os.path.abspath(place))
    if not is_inside(target, os.path.realpath(find_repository(folder))):
        raise UsageError(f"{quote_value(path)} is a link that leads outside its folder and is not written")
    if not os.path.isfile(target):
        raise UsageError(f"{quote_value(path)} is not a file and cannot be written")
    if not os.stat(target).st_mode & stat.S_IWUSR or not os.access(target, os.W_OK):
        raise UsageError(f"{quote_value(path)} is read-only and is not written")
    present = read_bytes(target, DOCUMENT_BYTES + len(_MARK.encode())).decode("utf-8", "replace")
    if present.removeprefix(_MARK) != text:
        raise UsageError(f"{quote_value(path)} changed while it was read; run the command again")
    mark = _MARK if present.startswith(_MARK) else ""
    try:
        replace_file(target, mark + written)
    except OSError as error:
        raise UsageError(f"{quote_value(path)} cannot be written ({error.strerror})") from None
