"""`recommend`: one profile or a stream of them, judged one at a time in constant memory."""

from __future__ import annotations

import contextlib
import io
import itertools
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from ragortune.casebook import find_nearest
from ragortune.commands.earlier import compare_earlier
from ragortune.commands.formats import PAGES, SINGLE, check_format, choose_sections, render
from ragortune.commands.requests import RecommendRequest
from ragortune.commands.shared import choose_date, open_rulebook, show_error, show_path
from ragortune.costs import add_facts
from ragortune.engine import add_what_if, decide_option, explain_refusal, judge_profile, trace_rules
from ragortune.evidence.profile import Vocabulary
from ragortune.model import Option, Profile, Rulebook
from ragortune.report.shapes import Advice, Verdict
from ragortune.support.environment import Environment
from ragortune.support.errors import ExitCode, Place, RagortuneError, UnreadableError, UsageError
from ragortune.support.reading import (
    LINE_BYTES,
    PROFILE_BYTES,
    Document,
    decode_text,
    load_json,
    open_file,
    read_document,
    read_lines,
    show_size,
)
from ragortune.support.text import join_words

_LINE_ENDINGS = (".jsonl", ".ndjson")

_Input = tuple[str, int | None, Profile | RagortuneError]
"""Path, line and profile of one input; an error in place of a profile that cannot be read."""


def recommend_profiles(request: RecommendRequest, environment: Environment) -> ExitCode:
    """Print the recommendation for each profile; errors go to stderr, and the other profiles are still judged."""
    batch = _check_request(request)
    today = choose_date(request.as_of, environment)
    show = choose_sections("recommend", request.format, request.show, full=request.full)
    rulebook = open_rulebook(request.rules, environment)
    vocabulary = Vocabulary(rulebook.criteria, rulebook.quantities)
    inputs = itertools.chain.from_iterable(
        _read_inputs(request, path, vocabulary, environment) for path in request.paths
    )
    failed = printed = False
    for number, (path, line, found) in enumerate(inputs):
        batch = batch or (number > 0 and _allow_several(request))
        try:
            if isinstance(found, RagortuneError):
                raise found
            profile = add_facts(rulebook, found, today)
        except RagortuneError as error:
            show_error(error, environment)
            failed = True
            continue
        origin = {"path": path, **({"line": line} if line else {})} if batch else None
        if request.brief:
            outcome = decide_option(rulebook, profile.levels)
            verdict = Verdict(rulebook, profile.project, outcome, path, line, origin)
            environment.write(render("recommend --brief", request.format, verdict, environment))
        else:
            advice = _judge(request, rulebook, profile, environment, batch=batch)
            against = compare_earlier(
                request.against, advice.recommendation, request.paths[0], today, environment
            )
            advice = advice.replace(origin=origin, against=against)
            if printed and request.format in PAGES:
                environment.write("\n---\n\n")
            if request.format == "text":
                asked = (("changes", advice.against), ("why-not", advice.refusal))
                show = show or tuple(name for name, there in asked if there)
            environment.write(render("recommend", request.format, advice, environment, show))
        printed = True
    if not printed and not failed:
        environment.note(f"note: there is no profile in {join_words(request.paths)}")
    return ExitCode.UNUSABLE if failed else ExitCode.OK


def _check_request(request: RecommendRequest) -> bool:
    """Return whether several profiles are named; raises UsageError for options that exclude each other."""
    if request.brief:
        check_format("recommend --brief", request.format)
    if not request.paths:
        raise UsageError("no profile named", None, "`ragortune init` writes one to fill in, `-` reads stdin")
    if request.paths.count("-") > 1:
        raise UsageError("stdin can be read only once")
    if request.why_not is not None and request.why_not not in list(Option):
        raise UsageError.expected("--why-not", Option, request.why_not)
    if request.against is not None and request.brief:
        raise UsageError("--against and --brief cannot be combined", None, "leave one of them out")
    names = [show_path(path, request.stdin_name).lower() for path in request.paths]
    several = len(names) > 1 or names[0].endswith(_LINE_ENDINGS)
    return several and _allow_several(request)


def _allow_several(request: RecommendRequest) -> bool:
    """Return True; raises UsageError if the options allow only one profile."""
    if request.format in SINGLE:
        message = f"--format {request.format} prints one recommendation"
        raise UsageError(message, None, "use --format jsonl for several profiles")
    if request.against is not None:
        message = "--against compares one recommendation with an earlier one"
        raise UsageError(message, None, "give one profile")
    return True


def _judge(
    request: RecommendRequest, rulebook: Rulebook, profile: Profile, environment: Environment, *, batch: bool
) -> Advice:
    """Return the recommendation for one profile, with the parts that the options ask for."""
    recommendation = judge_profile(rulebook, profile)
    if request.what_if or request.why_not or (request.what_if is None and (request.show or not batch)):
        recommendation = add_what_if(recommendation, change_fixed=request.any_answer)
    refusal = None
    if request.why_not == recommendation.option:
        environment.note(f"note: --why-not: {request.why_not} is the recommendation")
    elif request.why_not is not None:
        refusal = explain_refusal(recommendation, Option(request.why_not))
    is_page = request.format in PAGES
    cases = find_nearest(recommendation) if is_page or not batch else None
    trace = trace_rules(rulebook, profile.levels) if request.trace and not is_page else None
    return Advice(recommendation, cases, refusal, trace=trace)


# --- reading ------------------------------------------------------------------------------------------------------


def _read_inputs(
    request: RecommendRequest, path: str, vocabulary: Vocabulary, environment: Environment
) -> Iterator[_Input]:
    name, stdin = show_path(path, request.stdin_name), environment.stdin
    try:
        if name.lower().endswith(_LINE_ENDINGS):
            with contextlib.nullcontext(stdin) if path == "-" else open_file(path) as stream:
                yield from _read_profiles(read_lines(stream, name), name, vocabulary)
            return
        if path == "-" and request.stdin_name is None:
            lines, stdin = _look_ahead(stdin, name)
            if lines is not None:
                yield from _read_profiles(lines, name, vocabulary)
                return
        document = read_document(path, PROFILE_BYTES, stdin, name)
        yield name, None, vocabulary.read_profile(document.data, document)
    except RagortuneError as error:
        yield name, None, error


def _look_ahead(stdin: BinaryIO, name: str) -> tuple[Iterable[tuple[int, bytes | None]] | None, BinaryIO]:
    """Return the lines of stdin if it holds JSON lines, else None, and a stream that starts again at the beginning."""
    lines = read_lines(stdin, name)
    begun = list(itertools.islice(lines, 1))
    first = (begun[0][1] or b"") if begun else b""
    if first.lstrip(b"\xef\xbb\xbf \t").startswith(b"{") and first.rstrip().endswith(b"}"):
        for number, line in lines:
            if line is None or line.strip():
                begun.append((number, line))
                return itertools.chain(begun, lines), stdin
    held = b"".join(line or bytes(PROFILE_BYTES + 1) for _, line in begun)
    return None, io.BytesIO(held + stdin.read(PROFILE_BYTES + 1))


def _read_profiles(
    lines: Iterable[tuple[int, bytes | None]], path: str, vocabulary: Vocabulary
) -> Iterator[_Input]:
    """Yield one profile per line, or the error of a line that cannot be read."""
    for number, line in lines:
        try:
            if line is None:
                message = f"is longer than {show_size(LINE_BYTES)}, the limit for a line"
                raise UnreadableError(message, Place(path, number))
            text = decode_text(line, path, number)
            if not text.strip():
                continue
            data = load_json(text, path, number)
            yield path, number, vocabulary.read_profile(data, Document(data, path, line=number))
        except RagortuneError as error:
            yield path, number, error
