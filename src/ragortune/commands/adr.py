"""`adr`: the recommendation as a decision record, in a new file or in an existing record."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ragortune import recommend
from ragortune.casebook import find_nearest
from ragortune.check.argument import choose_questions
from ragortune.commands.documents import read_design_text
from ragortune.commands.earlier import compare_earlier
from ragortune.commands.requests import RecordRequest
from ragortune.commands.shared import choose_date, open_rulebook, read_profile, rules_folder
from ragortune.evidence.block import write_block
from ragortune.evidence.documents.blocks import BlockKind, read_blocks
from ragortune.evidence.documents.reader import read_design
from ragortune.evidence.entries import UNKNOWN, describe_details, describe_evidence
from ragortune.model import Evidence, Profile, Provenance, Recommendation, Rulebook
from ragortune.report.blocks import Block, split_sections
from ragortune.report.decision_record import build_decision_record, name_decision
from ragortune.report.markdown import write_markdown
from ragortune.support.environment import Environment
from ragortune.support.errors import ChangedError, ExitCode, Place, UndecidedError, UsageError
from ragortune.support.reading import PROFILE_BYTES, Document, read_document
from ragortune.support.text import quote_value
from ragortune.support.writing import WHATEVER, refuse_overwriting, write_file

_NUMBERED = re.compile(r"([0-9]{1,7})-.*\.md", re.IGNORECASE)
_FIRST_WIDTH = 4
_LONGEST_NAME = 80
_PLACEHOLDER = re.compile(
    r"[ \t]*+(?:[*+-]|\d++[.)])?[ \t]*+"
    r"(?:\{[^{}]*+\}|<[^<>!:@/]*+>|\[[^\[\]]*+\]|.*\{[^{}\" ]*+ [^{}\"]*+\}.*|\.\.\.|…|TODO:?|TBD:?)?"
    r"[ \t]*+(?:<!--.*-->)?[ \t]*+"
)
"""A line that is empty, a comment, or still holds a placeholder of the template. Names in braces are no placeholder, and
neither are links."""
_OUTCOME = "decision outcome"


def write_decision_record(request: RecordRequest, environment: Environment) -> ExitCode:
    """Write a decision record; raises RagortuneError."""
    if request.output is not None and request.into is not None:
        raise UsageError("-o and --into name two files; give one")
    rulebook = open_rulebook(request.rules, environment)
    document = read_document(request.profile, PROFILE_BYTES, stdin=environment.stdin)
    while True:
        try:
            return _write_record(request, rulebook, document, environment)
        except ChangedError:
            if not _is_folder(request.output, environment):
                raise
            # Another run has just taken the number: choose the next one.


def _write_record(
    request: RecordRequest, rulebook: Rulebook, document: Document, environment: Environment
) -> ExitCode:
    """Write the record for a profile; raises ChangedError if another run has written its file meanwhile."""
    date = choose_date(request.as_of, environment)
    profile = read_profile(document, rulebook)
    advice = recommend(profile, rulebook, as_of=date)
    if advice.default:
        hint = f"`ragortune ask {request.profile}` asks the questions that matter most"
        raise UndecidedError("too little is known to record a decision", None, hint)
    path = _choose_path(request, advice, environment)
    if path is not None:
        read = filter(None, (request.profile, request.against))
        folder = rules_folder(request.rules, environment)
        refuse_overwriting(path, f"the record in {quote_value(path)}", read, folder, environment)
    against = compare_earlier(request.against, advice, request.profile, date, environment)
    rules = ("--rules", request.rules) if request.rules else ()
    command = shlex.join(("ragortune", "check", *rules, path or "docs/adr"))
    blocks = build_decision_record(advice, find_nearest(advice), command, against)
    known = _describe_profile(profile, document, path)
    # Open questions are recorded as unknown, so that `check` does not ask for them again.
    questions = () if advice.firm else choose_questions(advice)
    asked = {criterion.id: {"value": UNKNOWN} for criterion in questions}
    content = {"decision": advice.option.value, "profile": {**known, **asked}}
    text = None if request.into is None else read_design_text(request.into, request.into, environment)
    new = f"---\nstatus: proposed\ndate: {date}\n---\n\n{write_markdown(blocks)}"
    filled = new if text is None else _fill_sections(text, blocks, path or "-")
    written = write_block(filled, path or "-", content)
    if path is None:
        environment.write(written)
        return ExitCode.OK
    if text is None:
        if path != request.output:
            with contextlib.suppress(OSError):  # where no folder can be made, the writer says what is wrong
                Path(environment.folder, path).parent.mkdir(parents=True, exist_ok=True)
        write_file(path, written, environment, WHATEVER if request.force else None)
    else:  # an existing record may decide for another option, or have a block that is wrong
        decided = read_design(written, path, rulebook, prose=False).decision
        write_file(path, written, environment, text)
        if decided and decided.option is not advice.option:
            environment.note(f"{path} decides for {decided.option}, but the advice is {advice.option}")
    environment.note(f"wrote {path}; review it, then run `{command}`")
    return ExitCode.OK


# --- where it goes ------------------------------------------------------------------------------------------------


def _choose_path(request: RecordRequest, advice: Recommendation, environment: Environment) -> str | None:
    """Return the file to write, None for stdout; raises UsageError if it exists and must not be overwritten."""
    path = request.output
    if path is None:
        return request.into
    if _is_folder(path, environment):
        path = str(Path(path, _name_next(Path(environment.folder, path), name_decision(advice))))
    if os.path.lexists(Path(environment.folder, path)) and not request.force:
        raise UsageError(f"{quote_value(path)} exists", None, "--force overwrites it, --into completes it")
    return path


def _is_folder(path: str | None, environment: Environment) -> bool:
    """Return whether a path is a folder, in which the record gets the next number."""
    return path is not None and (
        path.endswith(("/", os.sep)) or os.path.isdir(Path(environment.folder, path))
    )


def _name_next(folder: Path, title: str) -> str:
    """Return the file name of a new record: the next number and its title."""
    names: list[str] = []
    with contextlib.suppress(OSError):  # it may not exist or not be readable
        names = [entry.name for entry in folder.iterdir()]
    numbers = [found[1] for found in map(_NUMBERED.fullmatch, names) if found]
    width = max(map(len, numbers), default=_FIRST_WIDTH)
    words = re.sub(r"[^a-z0-9]+", "-", title.casefold()).strip("-")
    words = words if len(words) <= _LONGEST_NAME else words[:_LONGEST_NAME].rpartition("-")[0]
    return f"{max(map(int, numbers), default=0) + 1:0{width}}-{words}.md"


# --- what the block holds -----------------------------------------------------------------------------------------


def _describe_profile(profile: Profile, document: Document, path: str | None) -> dict[str, Any]:
    """Return answers and quantities by criterion, as the block of the record holds them."""

    def relocate(evidence: str | Evidence | None) -> str | Evidence | None:
        """Return evidence with its path relative to the record; words of no named document as text."""
        if not isinstance(evidence, Evidence) or evidence.document is None:
            return evidence.quote if isinstance(evidence, Evidence) else evidence
        target = Path(document.path).parent / evidence.document
        if path and os.path.isfile(target):
            relative = Path(os.path.relpath(target, Path(path).parent)).as_posix()
            return evidence.replace(document=relative)
        return evidence

    entries: dict[str, Any] = {}
    for criterion, answer in profile.known.items():
        if answer.source is Provenance.DERIVED:
            continue
        details = describe_details(answer.replace(evidence=relocate(answer.evidence)))
        if answer.source is Provenance.STATED:
            del details["source"]
        entries[criterion] = {"value": answer.value, **details}
    quantities = document.data.get("quantities") if isinstance(document.data, Mapping) else None
    for name, value in (quantities or {}).items():
        evidence = relocate(profile.quantities[name].evidence) if isinstance(value, Mapping) else None
        changed = {**value, "evidence": describe_evidence(evidence)} if evidence else value
        entries[f"quantities.{name}"] = {"value": changed}
    return entries


# --- an existing record -------------------------------------------------------------------------------------------


def _fill_sections(text: str, blocks: Sequence[Block], path: str) -> str:
    """Return a record with its empty sections filled in, the first of each title; everything else stays byte for byte."""
    lines = text.split("\n")
    sections = list(_find_sections(lines))
    if _OUTCOME not in (title for title, _, _ in sections):
        raise UsageError("has no MADR section 'Decision Outcome'", Place(path))
    ending = "\r" if lines[0].endswith("\r") else ""
    known = {
        heading.text.casefold(): [f"{line}{ending}" for line in f"\n{written.rstrip()}\n".split("\n")]
        for heading, content in split_sections(blocks, range(1, 7))
        if heading and (written := write_markdown(content, level=1))
    }
    parts: list[str] = []
    at = 0
    for title, first, last in sections:
        if title in known and all(_PLACEHOLDER.fullmatch(line.rstrip("\r")) for line in lines[first:last]):
            comments = [line for line in lines[first:last] if line.lstrip().startswith("<!--")]
            parts += [*lines[at:first], *known.pop(title), *comments, *[ending] * bool(comments)]
            at = last
    if at == len(lines):  # no line end follows
        parts[-1] = ""
    return "\n".join([*parts, *lines[at:]])


def _find_sections(lines: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    """Yield the lower-case title and the line range of each section, counted from 0, without the heading."""
    headings = [block for block in read_blocks(lines) if block.kind is BlockKind.HEADING and not block.quoted]
    ends = [*(heading.lines[0].number - 1 for heading in headings[1:]), len(lines)]
    for heading, end in zip(headings, ends, strict=False):  # one end too many where there is no heading
        title = heading.lines[0].text.strip().strip("#").strip()
        yield title.casefold(), heading.lines[-1].number, end
