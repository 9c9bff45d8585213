"""`recommend`: profiles in, recommendations out, one at a time however many there are."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO

from ragortune.casebook import find_nearest
from ragortune.commands.shared import choose_date, choose_format, open_rulebook, show_error
from ragortune.costs.derived import add_facts
from ragortune.engine import add_what_if, decide_option, explain_refusal, judge_profile, trace_rules
from ragortune.evidence.profile import Vocabulary
from ragortune.model import Option, Profile, Recommendation, Refusal, Rulebook, is_undecided
from ragortune.report import machine
from ragortune.report.headline import format_probability
from ragortune.report.markdown_old import render_markdown
from ragortune.report.report import build_report
from ragortune.support.environment import Environment
from ragortune.support.errors import ExitCode, Place, RagortuneError, UnreadableError, UsageError
from ragortune.support.reading import (
    LINE_BYTES,
    PROFILE_BYTES,
    Document,
    decode_text,
    load_json,
    parse_text,
    read_document,
    read_lines,
    show_size,
)
from ragortune.support.record import Record
from ragortune.support.text import dump_json, join_words, quote_value, suggest_name

FORMATS = ("text", "json", "jsonl", "markdown")
_LINE_ENDINGS = (".jsonl", ".ndjson")
_PROGRESS_EVERY = 5_000


class RecommendRequest(Record, frozen=True):
    """What the command line asks of `recommend`."""

    paths: tuple[str, ...]
    """Profile files; `-` is stdin."""
    format: str = "text"
    brief: bool = False
    """Only the option, its probability and the needs."""
    what_if: bool | None = None
    """Whether to say what could change the advice; where None, for a single profile only."""
    why_not: str | None = None
    """An option: what speaks against it, and where it would be right."""
    any_answer: bool = False
    """Whether flips may change answers that the team cannot change."""
    trace: bool = False
    """What became of every rule, too (in JSON)."""
    rules: str | None = None
    """Folder of a rule set."""
    color: str = "auto"
    stdin_name: str | None = None
    """Name to read stdin under; its ending says what it holds."""
    as_of: str | None = None
    """Day on which prices and ends of offers are judged, for profiles with quantities; today if None."""


class _Input(Record, frozen=True):
    """One profile that was asked about, or why it cannot be read."""

    path: str
    line: int | None
    profile: Profile | None
    error: RagortuneError | None = None


def recommend_profiles(request: RecommendRequest, environment: Environment) -> ExitCode:
    """Print the recommendation for each profile; what cannot be read is named on stderr, the rest is answered."""
    form = choose_format(request.format, FORMATS)
    batch = len(request.paths) > 1 or any(_is_lines(_name_of(request, path)) for path in request.paths)
    if not request.paths:
        raise UsageError(
            "no profile is given", None, "`ragortune init` writes one to fill in, `-` reads stdin"
        )
    if form == "json" and batch:
        raise UsageError(
            "--format json prints one recommendation", None, "use --format jsonl for several profiles"
        )
    if request.paths.count("-") > 1:
        raise UsageError("stdin can be read only once")
    if request.why_not is not None and request.why_not not in list(Option):
        hint = suggest_name(request.why_not, Option)
        message = f"--why-not must be {join_words(Option, 'or')}, not {quote_value(request.why_not)}"
        raise UsageError(message, None, hint)
    if request.as_of is not None:
        choose_date(request.as_of, environment)
    rulebook = open_rulebook(request.rules, environment)
    vocabulary = Vocabulary(rulebook.criteria)
    inputs = itertools.chain.from_iterable(
        _read_inputs(request, path, vocabulary, environment) for path in request.paths
    )
    printer = _Printer(request, rulebook, environment, batch=batch)
    failed = False

    def today() -> str:
        return choose_date(request.as_of, environment)

    for number, given in enumerate(_count_progress(inputs, environment)):
        if given.error is not None:
            show_error(given.error, environment)
            failed = True
        elif given.profile is not None:
            if number and not printer.batch:
                printer.begin_batch()
            try:
                profile = _inform(rulebook, given.profile, today)
            except RagortuneError as error:
                show_error(error, environment)
                failed = True
                continue
            printer.print_profile(given, profile)
    return ExitCode.UNUSABLE if failed else ExitCode.OK


def _inform(rulebook: Rulebook, profile: Profile, today: Callable[[], str]) -> Profile:
    """Return the profile with the facts that follow from its quantities, if it has any."""
    if not profile.quantities:
        return profile
    return add_facts(rulebook, profile, today())


def _count_progress(inputs: Iterable[_Input], environment: Environment) -> Iterator[_Input]:
    """Pass the inputs on, and count them on a terminal's stderr."""
    shown = environment.stderr_is_terminal and not environment.stdout_is_terminal
    number = 0
    for number, given in enumerate(inputs, 1):
        if shown and number % _PROGRESS_EVERY == 0:
            environment.stderr.write(f"\r{number:,} profiles")
            environment.stderr.flush()
        yield given
    if shown and number >= _PROGRESS_EVERY:
        environment.stderr.write(f"\r{number:,} profiles\n")


class _Printer:
    """Prints recommendations in one format."""

    def __init__(
        self, request: RecommendRequest, rulebook: Rulebook, environment: Environment, *, batch: bool
    ) -> None:
        self._request = request
        self._rulebook = rulebook
        self._environment = environment
        self.batch = batch
        self._count = 0

    def begin_batch(self) -> None:
        """Find out late (on stdin) that there are several profiles."""
        if self._request.format == "json":
            raise UsageError(
                "--format json prints one recommendation", None, "use --format jsonl for several profiles"
            )
        self.batch = True

    def print_profile(self, given: _Input, profile: Profile) -> None:
        """Print the recommendation for one profile."""
        form = self._request.format
        if form in ("json", "jsonl"):
            self._print_json(given, profile)
        elif self._request.brief:
            self._print_brief(given, profile)
        else:
            self._print_report(profile)
        self._count += 1

    def _print_brief(self, given: _Input, profile: Profile) -> None:
        outcome = decide_option(self._rulebook, profile.levels)
        probability = outcome.probability
        remarks = [format_probability(self._rulebook, probability[outcome.option])]
        remarks += ["default"] if outcome.default else []
        remarks += ["too little is known"] if is_undecided(probability, default=outcome.default) else []
        label = f"{given.path}:{given.line}" if given.line else given.path
        self._environment.write(f"{label}: {outcome.option} ({', '.join(remarks)})\n")

    def _judge(self, profile: Profile) -> Recommendation:
        """Return the recommendation, with what could change it where that is wanted."""
        recommendation = judge_profile(self._rulebook, profile)
        wanted = self._request.what_if
        if wanted or self._request.why_not or (wanted is None and not self.batch):
            return add_what_if(recommendation, change_fixed=self._request.any_answer)
        return recommendation

    def _refuse(self, recommendation: Recommendation) -> Refusal | None:
        option = self._request.why_not
        if option is None:
            return None
        if option == recommendation.option:
            self._environment.note(f"--why-not: {option} is what is recommended")
            return None
        return explain_refusal(recommendation, Option(option))

    def _print_json(self, given: _Input, profile: Profile) -> None:
        origin: dict[str, object] | None = None
        if self.batch:
            origin = {"path": given.path} if given.line is None else {"path": given.path, "line": given.line}
        if self._request.brief:
            outcome = decide_option(self._rulebook, profile.levels)
            described = machine.describe_outcome(profile.project, outcome, origin)
        else:
            recommendation = self._judge(profile)
            trace = trace_rules(self._rulebook, profile.levels) if self._request.trace else None
            cases = None
            if not self.batch:
                cases = find_nearest(recommendation)
            refusal = self._refuse(recommendation)
            described = machine.describe_recommendation(recommendation, cases, origin, trace, refusal)
        indent = 2 if self._request.format == "json" else None
        self._environment.write(dump_json(described, indent=indent) + "\n")

    def _print_report(self, profile: Profile) -> None:
        recommendation = self._judge(profile)
        refusal = self._refuse(recommendation)
        report = build_report(recommendation, find_nearest(recommendation), refusal)
        environment = self._environment
        if self._request.format == "markdown":
            text = ("---\n\n" if self._count else "") + render_markdown(report)
        else:
            from ragortune.report.sheet import render_text  # noqa: PLC0415  (brings in rich)

            text = render_text(
                report,
                width=environment.width,
                color=environment.wants_color(self._request.color),
                unicode=environment.has_unicode,
            )
            if self._count:
                text = "\n" + ("─" if environment.has_unicode else "-") * environment.width + "\n\n" + text
        environment.write(text)


# --- reading ------------------------------------------------------------------------------------------------------


def _name_of(request: RecommendRequest, path: str) -> str:
    return request.stdin_name or "<stdin>" if path == "-" else path


def _is_lines(name: str) -> bool:
    return name.lower().endswith(_LINE_ENDINGS)


def _read_inputs(
    request: RecommendRequest, path: str, vocabulary: Vocabulary, environment: Environment
) -> Iterator[_Input]:
    name = _name_of(request, path)
    try:
        if path == "-":
            yield from _read_stdin(request, name, vocabulary, environment.stdin)
        elif _is_lines(name):
            with _open_lines(path) as stream:
                yield from _read_profiles(read_lines(stream), name, vocabulary)
        else:
            yield _read_one(read_document(path, PROFILE_BYTES), vocabulary)
    except RagortuneError as error:
        yield _Input(name, None, None, error)


def _open_lines(path: str) -> BinaryIO:
    try:
        return open(path, "rb")
    except IsADirectoryError:
        raise UnreadableError("is a directory, not a file", Place(path)) from None
    except FileNotFoundError:
        raise UnreadableError("no such file", Place(path)) from None
    except OSError as error:
        raise UnreadableError(f"cannot be read ({error.strerror})", Place(path)) from None


def _read_one(document: Document, vocabulary: Vocabulary) -> _Input:
    return _Input(document.path, None, vocabulary.read_profile(document.data, document))


def _read_stdin(
    request: RecommendRequest, name: str, vocabulary: Vocabulary, stdin: BinaryIO
) -> Iterator[_Input]:
    """Read stdin by the name it was given, or by what it holds: one document, or one JSON object a line."""
    if _is_lines(name):
        yield from _read_profiles(read_lines(stdin), name, vocabulary)
        return
    if request.stdin_name is None:
        first = stdin.readline(PROFILE_BYTES + 1)
        if first.lstrip(b"\xef\xbb\xbf \t").startswith(b"{") and first.rstrip().endswith(b"}"):
            second = stdin.readline(LINE_BYTES)
            while second and not second.strip():
                second = stdin.readline(LINE_BYTES)
            if second:
                rest = ((number + 2, line) for number, line in read_lines(stdin))
                lines = itertools.chain([(1, first), (2, second)], rest)
                yield from _read_profiles(lines, name, vocabulary)
                return
        data = first + stdin.read(max(0, PROFILE_BYTES + 1 - len(first)))
    else:
        data = stdin.read(PROFILE_BYTES + 1)
    if len(data) > PROFILE_BYTES:
        message = f"is larger than {show_size(PROFILE_BYTES)}, the limit for such a file"
        raise UnreadableError(message, Place(name))
    yield _read_one(parse_text(decode_text(data, name), name), vocabulary)


def _read_profiles(
    lines: Iterable[tuple[int, bytes | None]], path: str, vocabulary: Vocabulary
) -> Iterator[_Input]:
    """Read one profile a line; a line that cannot be used is named, and the next one is read."""
    for number, line in lines:
        try:
            if line is None:
                message = f"is longer than {show_size(LINE_BYTES)}, the limit for a line"
                raise UnreadableError(message, Place(path, number))
            text = decode_text(line, path, number)
            if not text.strip():
                continue
            data = load_json(text, path, number)
            try:
                profile = vocabulary.read_profile(data)
            except RagortuneError:
                profile = vocabulary.read_profile(data, Document(data, path, line=number))
            yield _Input(path, number, profile, None)
        except RagortuneError as error:
            yield _Input(path, number, None, error)
