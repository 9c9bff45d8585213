"""The command line: parses, makes one call, returns its exit code. What a command does stands in `commands`."""

from typing import Annotated, Any, TypeVar

import typer
from typer import Argument, Option, Typer
from typer.models import OptionInfo

from ragortune import __version__
from ragortune.commands.formats import choose_format, list_formats
from ragortune.support.environment import Environment
from ragortune.support.errors import ExitCode
from ragortune.support.record import Record

_Request = TypeVar("_Request", bound=Record)


def _app(text: str) -> Typer:
    return Typer(
        help=text,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def _text(name: str, metavar: str, text: str) -> OptionInfo:
    """Return an option that takes text."""
    option: OptionInfo = Option(name, metavar=metavar, help=text)
    return option


def _flag(name: str, text: str) -> OptionInfo:
    """Return an option that is there or not."""
    option: OptionInfo = Option(name, help=text)
    return option


def _format(command: str, metavar: str = "FORMAT", more: str = "") -> OptionInfo:
    """Return the option that chooses among the formats of a command."""
    option: OptionInfo = Option("--format", "-f", metavar=metavar, help=f"{list_formats(command)}{more}.")
    return option


def _request(kind: type[_Request], given: dict[str, Any], **renamed: object) -> _Request:
    """Return a request from the parameters of a command, each of which is the field of that name."""
    known = {name: own for name, own in {**given, **renamed}.items() if name in kind.field_names()}
    lists = {name: tuple(own) for name, own in known.items() if isinstance(own, list)}
    return kind(**{name: own for name, own in {**known, **lists}.items() if own is not None})


def _finish(code: ExitCode) -> None:
    raise typer.Exit(int(code))


app = _app(
    "Should this LLM project use retrieval, fine-tuning, both, or neither yet? "
    "No network access, no telemetry. Exit codes: `ragortune explain exit-codes`."
)
rules_app = _app("Look at the rule set, check it and test it.")
prices_app = _app("Look at the price data: what things cost, since when, and who says so.")
app.add_typer(rules_app, name="rules")
app.add_typer(prices_app, name="prices")

Text = str | None
Names = list[str] | None
Rules = Annotated[Text, _text("--rules", "DIR", "Folder of a rule set; else the configured or shipped one.")]
Model = Annotated[Text, _text("--model", "NAME", "Let a model read: provider:model, or command:PROGRAM.")]
Cache = Annotated[bool, _flag("--cache/--no-cache", "Keep answers of the model, and use them again.")]
Show = Annotated[Text, _text("--show", "NAME,...", "These sections of the report; a wrong name lists them.")]
Full = Annotated[bool, _flag("--full", "The whole report.")]
Color = Annotated[str, _text("--color", "WHEN", "auto, always or never.")]
StdinName = Annotated[Text, _text("--stdin-name", "NAME", "Read stdin as a file of this name.")]
AsOf = Annotated[Text, _text("--as-of", "DATE", "Judge prices, ages and ends on this date.")]
PriceFile = Annotated[Text, _text("--prices", "FILE", "Price file that adds rows, or overrides them by id.")]


def _show_version(wanted: bool) -> None:  # noqa: FBT001  (called by the option)
    if wanted:
        typer.echo(f"ragortune {__version__}")
        raise typer.Exit(0)


@app.callback()
def start(
    version: Annotated[
        bool, Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Take the options that stand before a command."""


@app.command()
def recommend(
    paths: Annotated[
        Names, Argument(metavar="PROFILE...", help="YAML, JSON, TOML or .jsonl; `-` is stdin.")
    ] = None,
    form: Annotated[str, _format("recommend")] = "text",
    show: Show = None,
    full: Full = False,
    brief: Annotated[bool, _flag("--brief", "Only the option, its probability and the needs.")] = False,
    trace: Annotated[bool, _flag("--trace", "What became of every rule, too (JSON).")] = False,
    what_if: Annotated[
        bool | None,
        _flag("--what-if/--no-what-if", "What could change the advice; for a single profile if left out."),
    ] = None,
    why_not: Annotated[Text, _text("--why-not", "OPTION", "What speaks against this option here.")] = None,
    any_answer: Annotated[
        bool, _flag("--any-answer", "Change answers, too, that are not the team's to change.")
    ] = False,
    rules: Rules = None,
    color: Color = "auto",
    stdin_name: StdinName = None,
    as_of: AsOf = None,
) -> None:
    """Print the recommendation for each profile."""
    given = locals()
    from ragortune.commands.recommend import RecommendRequest, recommend_profiles

    _finish(recommend_profiles(_request(RecommendRequest, given, format=form), Environment.detect()))


@app.command()
def explain(
    name: Annotated[
        str,
        Argument(
            metavar="ID",
            help="Rule, code, criterion, option, source, probability, firm, scale, quantities or exit-codes.",
        ),
    ],
    form: Annotated[str, _format("explain")] = "text",
    rules: Rules = None,
    color: Color = "auto",
) -> None:
    """Print the page on a rule, criterion, option, source or topic."""
    from ragortune.commands.rules import show_page

    _finish(show_page(name, rules, form, color, Environment.detect()))


@app.command()
def schema(
    name: Annotated[
        str,
        Argument(
            metavar="NAME", help="profile, rulebook, criteria, rules, sources, options, cases or language."
        ),
    ],
    rules: Rules = None,
) -> None:
    """Print the JSON Schema of a kind of file, for editors."""
    from ragortune.commands.files import print_schema

    _finish(print_schema(name, rules, Environment.detect()))


@app.command()
def init(
    path: Annotated[str, Argument(metavar="PROFILE", help="File to write; `-` prints it.")] = "profile.yaml",
    rules: Rules = None,
    force: Annotated[bool, _flag("--force", "Overwrite an existing file.")] = False,
) -> None:
    """Write a commented profile to fill in."""
    from ragortune.commands.files import write_start

    _finish(write_start(path, rules, Environment.detect(), force=force))


@rules_app.command("list")
def list_rules(form: Annotated[str, _format("rules list")] = "text", rules: Rules = None) -> None:
    """Print every rule on a line."""
    from ragortune.commands import rules as command

    _finish(command.list_rules(rules, form, Environment.detect()))


rules_app.command("show", help="Print the page of a rule: why, evidence, when it misleads, what to do.")(
    explain
)


@rules_app.command("check")
def check_rules(
    pack: Annotated[Text, Argument(metavar="[PACK]", help="Folder of the rule set, as with --rules.")] = None,
    form: Annotated[str, _format("rules check")] = "text",
    as_of: AsOf = None,
    rules: Rules = None,
) -> None:
    """Report problems in a rule set: dead rules, missing tests, stale sources and more."""
    from ragortune.commands import rules as command

    _finish(command.check_rules(pack or rules, form, as_of, Environment.detect()))


@rules_app.command("test")
def test_rules(
    form: Annotated[str, _format("rules test")] = "text",
    misses: Annotated[bool, _flag("--misses", "Name the cases that are missed.")] = False,
    compare: Annotated[Text, _text("--compare", "BASE", "Another rule set's folder, or `shipped`.")] = None,
    rules: Rules = None,
) -> None:
    """Run the rule tests and the casebook."""
    from ragortune.commands import rules as command

    _finish(command.run_rule_tests(rules, form, compare, Environment.detect(), misses=misses))


@app.command()
def ask(
    profile: Annotated[
        Text, Argument(metavar="[PROFILE]", help="Profile to start from; profile.yaml if it is there.")
    ] = None,
    output: Annotated[
        Text, Option("--output", "-o", metavar="PROFILE", help="YAML file to save in, after each answer.")
    ] = None,
    everything: Annotated[bool, _flag("--all", "Ask everything that is still unknown.")] = False,
    answers: Annotated[
        Text, _text("--answers", "FILE", "Take answers from FILE or `-`, one `criterion: answer` a line.")
    ] = None,
    form: Annotated[str, _format("recommend")] = "text",
    rules: Rules = None,
    color: Color = "auto",
) -> None:
    """Ask until no question that is left is worth asking, then print the recommendation.

    The dialogue goes to stderr, the recommendation to stdout. Comments of your own stay.
    """
    from ragortune.commands.ask import AskRequest, ask_questions
    from ragortune.commands.recommend import RecommendRequest, recommend_profiles

    environment = Environment.detect()
    choose_format("recommend", form)
    saved = ask_questions(AskRequest(profile, output, everything, answers, rules, color), environment)
    _finish(recommend_profiles(RecommendRequest((saved,), form, rules=rules, color=color), environment))


@app.command()
def cost(
    profile: Annotated[str, Argument(metavar="PROFILE", help="YAML, JSON or TOML; `-` is stdin.")],
    form: Annotated[str, _format("cost")] = "text",
    show: Show = None,
    full: Full = False,
    price: Annotated[
        Names, _text("--price", "NAME.VALUE=NUMBER", "Use another price; may be repeated.")
    ] = None,
    prices: PriceFile = None,
    as_of: AsOf = None,
    seed: Annotated[int, Option("--seed", help="Seed of the draws.")] = 0,
    draws: Annotated[int, Option("--draws", help="How often the ranges are sampled.")] = 10_000,
    rules: Rules = None,
    color: Color = "auto",
) -> None:
    """Print what each option costs a month, how fast it answers, and where options break even."""
    given = locals()
    from ragortune.commands.cost import CostRequest, print_costs
    from ragortune.commands.prices import PriceRequest

    sources = PriceRequest(rules, prices, tuple(price or ()), as_of)
    request = _request(CostRequest, given, path=profile, format=form, prices=sources)
    _finish(print_costs(request, Environment.detect()))


@prices_app.command("list")
def list_prices(
    kind: Annotated[Text, _text("--kind", "KIND", "Rows of one kind only.")] = None,
    form: Annotated[str, _format("prices list")] = "text",
    prices: PriceFile = None,
    as_of: AsOf = None,
    rules: Rules = None,
) -> None:
    """Print every price row on a line."""
    from ragortune.commands import prices as command

    sources = command.PriceRequest(rules, prices, (), as_of)
    _finish(command.list_prices(sources, kind, form, Environment.detect()))


@prices_app.command("show")
def show_price(
    name: Annotated[str, Argument(metavar="ID", help="Name of a price row.")],
    form: Annotated[str, _format("prices show")] = "text",
    prices: PriceFile = None,
    as_of: AsOf = None,
    rules: Rules = None,
    color: Color = "auto",
) -> None:
    """Print one row: every value with unit, range, date, source and confidence."""
    from ragortune.commands import prices as command

    request = command.PriceRequest(rules, prices, (), as_of)
    _finish(command.show_price(name, request, form, color, Environment.detect()))


@prices_app.command("check")
def check_prices(
    form: Annotated[str, _format("prices check")] = "text",
    prices: PriceFile = None,
    as_of: AsOf = None,
    rules: Rules = None,
) -> None:
    """Report prices to look up again: old rows, offers that end, drift against genai-prices."""
    from ragortune.commands import prices as command

    _finish(command.check_prices(command.PriceRequest(rules, prices, (), as_of), form, Environment.detect()))


@app.command()
def check(
    paths: Annotated[
        Names,
        Argument(metavar="DOC...", help="Files, folders or patterns such as 'docs/**/*.md'; `-` is stdin."),
    ] = None,
    form: Annotated[Names, _format("check", "FORMAT[=FILE]", "; several, all but one to files")] = None,
    show: Show = None,
    full: Full = False,
    fail_on: Annotated[
        Text, _text("--fail-on", "SEVERITY", "error (default), warning, note or never.")
    ] = None,
    min_confidence: Annotated[
        Text, _text("--min-confidence", "LEVEL", "low (default), medium or high.")
    ] = None,
    exit_zero: Annotated[bool, _flag("--exit-zero", "Findings never fail the run.")] = False,
    require_decision: Annotated[
        bool, _flag("--require-decision", "A document that decides nothing gives exit code 3.")
    ] = False,
    select: Annotated[Names, _text("--select", "RULE", "Only these rules, by name or code.")] = None,
    ignore: Annotated[Names, _text("--ignore", "RULE", "Not these rules, by name or code.")] = None,
    since: Annotated[
        Text, _text("--since", "REF", "Only documents changed since the branch left REF.")
    ] = None,
    profile: Annotated[Text, _text("--profile", "FILE", "Facts from outside, as a profile file.")] = None,
    baseline: Annotated[Text, _text("--baseline", "FILE", "Forgive the findings that it knows.")] = None,
    write_baseline: Annotated[
        Text, _text("--write-baseline", "FILE", "Write the present findings there.")
    ] = None,
    no_suppressions: Annotated[
        bool, _flag("--no-suppressions", "Ignore suppression comments in documents.")
    ] = False,
    config: Annotated[Text, _text("--config", "FILE", "Settings that hold, not the nearest.")] = None,
    config_from: Annotated[
        Text, _text("--config-from", "REF", "Settings, packs and baseline as they were where REF was left.")
    ] = None,
    no_config: Annotated[bool, _flag("--no-config", "No settings but these options.")] = False,
    max_document: Annotated[str, _text("--max-document", "SIZE", "Refuse larger documents.")] = "5M",
    max_line: Annotated[str, _text("--max-line", "SIZE", "Refuse longer lines.")] = "1M",
    model: Model = None,
    cache: Cache = True,
    rules: Rules = None,
    color: Color = "auto",
    stdin_name: StdinName = None,
) -> None:
    """Judge design documents: what they decide, and where their own facts speak against it."""
    given = locals()
    from ragortune.commands.check import CheckRequest, check_documents

    _finish(check_documents(_request(CheckRequest, given, formats=form), Environment.detect()))


@app.command()
def extract(
    document: Annotated[str, Argument(metavar="DOC", help="Design document; `-` is stdin.")],
    form: Annotated[str, _format("extract")] = "yaml",
    write: Annotated[
        bool, _flag("--write", "Put what was read into the document, as a block to review.")
    ] = False,
    dry_run: Annotated[
        bool, _flag("--dry-run", "With --write: print the difference and change nothing.")
    ] = False,
    model: Model = None,
    cache: Cache = True,
    rules: Rules = None,
    stdin_name: StdinName = None,
) -> None:
    """Print the profile that a design document states, each answer with document, line and quote."""
    from ragortune.commands.extract import ExtractRequest, extract_profile

    request = ExtractRequest(document, form, write, dry_run, model, cache, rules, stdin_name)
    _finish(extract_profile(request, Environment.detect()))


@app.command()
def mcp(rules: Rules = None) -> None:
    """Serve coding agents over the Model Context Protocol, on stdin and stdout (extra `mcp`)."""
    from ragortune.commands.agents import serve_agents

    _finish(serve_agents(rules, Environment.detect()))


@rules_app.command("diff")
def diff_rules(
    base: Annotated[str, Argument(metavar="BASE", help="Another rule set's folder, or `shipped`.")],
    form: Annotated[str, _format("rules diff")] = "text",
    rules: Rules = None,
) -> None:
    """Print what an upgrade changes: criteria, rules and findings added, removed and changed since BASE."""
    from ragortune.commands.rules import diff_rule_sets

    _finish(diff_rule_sets(base, rules, form, Environment.detect()))
