"""`extract`: the profile that a design document states, printed or written into the document as a block."""

from __future__ import annotations

from ragortune.check import StatedAnswers, gather_answers
from ragortune.commands.documents import STDIN, open_reader, read_design_text
from ragortune.commands.formats import render
from ragortune.commands.requests import ExtractRequest
from ragortune.commands.shared import open_rulebook, show_path
from ragortune.evidence.block import Content, drop_answered, write_block
from ragortune.evidence.documents.reader import read_design
from ragortune.evidence.entries import describe_evidence
from ragortune.evidence.profile import Vocabulary
from ragortune.model import Rulebook
from ragortune.model.documents import DesignReading
from ragortune.report.extract import describe_entry, quote_sentence
from ragortune.support.environment import Environment
from ragortune.support.errors import ExitCode, Place, RagortuneError, UnreadableError, UsageError
from ragortune.support.text import count_words, quote_value
from ragortune.support.writing import write_file


def extract_profile(request: ExtractRequest, environment: Environment) -> ExitCode:
    """Print the profile that a document states, or write it into the document; raises RagortuneError."""
    rulebook = open_rulebook(request.rules, environment)
    if request.path == STDIN and request.write:
        raise UsageError("--write needs a file, not stdin")
    shown = show_path(request.path, request.stdin_name)
    read = open_reader(rulebook, request.model, environment, cache=request.cache, undecided=True)
    text = read_design_text(request.path, shown, environment)
    answers = gather_answers(read(text, shown), Vocabulary(rulebook.criteria, rulebook.quantities))
    if request.write:
        _write_answers(text, rulebook, answers, environment)
        return ExitCode.OK
    environment.write(render("extract", request.format, answers, environment))
    if not answers.profile.levels:
        environment.note("note: no answer to any criterion was found")
    return ExitCode.OK


# --- written into the document ------------------------------------------------------------------------------------


def _write_answers(text: str, rulebook: Rulebook, answers: StatedAnswers, environment: Environment) -> None:
    """Write the answers into the document with this text; raises RagortuneError."""
    path = answers.reading.path
    content = drop_answered(text, list_content(answers))
    written = write_block(text, path, content)
    if written == text:
        environment.note(f"note: there is nothing to add to {path}")
        return
    _check_written(answers.reading, content, written, rulebook)
    write_file(path, written, environment, text)
    count = len(content["profile"]) + ("decision" in content)
    what = count_words(count, "answer") if count else "new line numbers"
    environment.note(f"note: {what} written into {path}; review the block, then run `check`")


def list_content(answers: StatedAnswers) -> Content:
    """Return the content of a block with everything that was read from the prose of a document."""
    content: dict[str, object] = {}
    decision = answers.reading.decision
    if decision is not None and not decision.declared:
        content["decision"] = decision.option.value
        cited = next((part.span for part in decision.cited if part.role == "for"), None)
        if cited is not None:
            content["evidence"] = describe_evidence(quote_sentence(answers.reading, cited))
    profile = {criterion: describe_entry(answers, criterion) for criterion in answers.read}
    return {**content, "profile": profile}


def _check_written(reading: DesignReading, content: Content, written: str, rulebook: Rulebook) -> None:
    """Raise UnreadableError if the new text does not read back with all answers, old and new."""
    try:
        again = read_design(written, reading.path, rulebook, prose=False)
    except RagortuneError as error:
        raise UnreadableError(f"the block cannot be written: {error.message}", Place(reading.path)) from None
    declared = {fact.criterion: fact.value for fact in again.facts}
    before = {fact.criterion: fact.value for fact in reading.facts if fact.declared}
    lost = [name for name, value in before.items() if declared.get(name) != value]
    lost += [name for name in content["profile"] if name not in declared]
    if lost or ("decision" in content and again.decision is None):
        what = quote_value(lost[0] if lost else "decision")
        message = f"the block cannot be written: {what} would not read back"
        raise UnreadableError(message, Place(reading.path), "put an empty block where it belongs")
