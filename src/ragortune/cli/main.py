"""The command line: parses, makes one call, returns its exit code. What a command does stands in `commands`."""

from typing import Annotated

import typer
from typer import Argument, Option

from ragortune import __version__
from ragortune.cli.options import (
    Against,
    AsOf,
    Cache,
    Color,
    Full,
    Model,
    Names,
    PriceFile,
    Rules,
    Show,
    StdinName,
    Text,
    finish,
    flag,
    format_option,
    make_app,
    make_request,
    text_option,
)
from ragortune.cli.reference import explain, init, prices_app, rules_app, schema
from ragortune.commands.formats import choose_format
from ragortune.support.environment import Environment

app = make_app(
    "Should this LLM project use retrieval, fine-tuning, both, or neither yet? "
    "No network access, no telemetry. Exit codes: `ragortune explain exit-codes`."
)


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
    form: Annotated[str, format_option("recommend")] = "text",
    show: Show = None,
    full: Full = False,
    brief: Annotated[bool, flag("--brief", "Only the option, its probability and the needs.")] = False,
    trace: Annotated[bool, flag("--trace", "What became of every rule, too (JSON).")] = False,
    what_if: Annotated[
        bool | None,
        flag("--what-if/--no-what-if", "What could change the advice; for a single profile if left out."),
    ] = None,
    why_not: Annotated[
        Text, text_option("--why-not", "OPTION", "What speaks against this option here.")
    ] = None,
    against: Against = None,
    any_answer: Annotated[
        bool, flag("--any-answer", "Change answers, too, that are not the team's to change.")
    ] = False,
    rules: Rules = None,
    color: Color = "auto",
    stdin_name: StdinName = None,
    as_of: AsOf = None,
) -> None:
    """Print the recommendation for each profile."""
    parameters = locals()
    from ragortune.commands.recommend import RecommendRequest, recommend_profiles

    finish(recommend_profiles(make_request(RecommendRequest, parameters, format=form), Environment.detect()))


@app.command()
def ask(
    profile: Annotated[
        str | None, Argument(metavar="[PROFILE]", help="Profile to start from; profile.yaml if it is there.")
    ] = None,
    output: Annotated[
        Text, Option("--output", "-o", metavar="PROFILE", help="YAML file to save in, after each answer.")
    ] = None,
    everything: Annotated[bool, flag("--all", "Ask everything that is still unknown.")] = False,
    answers: Annotated[
        Text,
        text_option("--answers", "FILE", "Take answers from FILE or `-`, one `criterion: answer` a line."),
    ] = None,
    form: Annotated[str, format_option("recommend")] = "text",
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
    finish(recommend_profiles(RecommendRequest((saved,), form, rules=rules, color=color), environment))


@app.command()
def cost(
    profile: Annotated[str, Argument(metavar="PROFILE", help="YAML, JSON or TOML; `-` is stdin.")],
    form: Annotated[str, format_option("cost")] = "text",
    show: Show = None,
    full: Full = False,
    price: Annotated[
        Names, text_option("--price", "NAME.VALUE=NUMBER", "Use another price; may be repeated.")
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
    request = make_request(CostRequest, given, path=profile, format=form, prices=sources)
    finish(print_costs(request, Environment.detect()))


@app.command()
def check(
    paths: Annotated[
        Names,
        Argument(metavar="DOC...", help="Files, folders or patterns such as 'docs/**/*.md'; `-` is stdin."),
    ] = None,
    form: Annotated[Names, format_option("check", "FORMAT[=FILE]", "; several, all but one to files")] = None,
    show: Show = None,
    full: Full = False,
    fail_on: Annotated[
        Text, text_option("--fail-on", "SEVERITY", "error (default), warning, note or never.")
    ] = None,
    min_confidence: Annotated[
        Text, text_option("--min-confidence", "LEVEL", "low (default), medium or high.")
    ] = None,
    exit_zero: Annotated[bool, flag("--exit-zero", "Findings never fail the run.")] = False,
    require_decision: Annotated[
        bool, flag("--require-decision", "A document that decides nothing gives exit code 3.")
    ] = False,
    select: Annotated[Names, text_option("--select", "RULE", "Only these rules, by name or code.")] = None,
    ignore: Annotated[Names, text_option("--ignore", "RULE", "Not these rules, by name or code.")] = None,
    since: Annotated[
        Text, text_option("--since", "REF", "Only documents changed since the branch left REF.")
    ] = None,
    profile: Annotated[
        Text, text_option("--profile", "FILE", "Facts from outside, as a profile file.")
    ] = None,
    baseline: Annotated[
        Text, text_option("--baseline", "FILE", "Forgive the findings that it knows.")
    ] = None,
    write_baseline: Annotated[
        Text, text_option("--write-baseline", "FILE", "Write the present findings there.")
    ] = None,
    no_suppressions: Annotated[
        bool, flag("--no-suppressions", "Ignore suppression comments in documents.")
    ] = False,
    config: Annotated[Text, text_option("--config", "FILE", "Settings that hold, not the nearest.")] = None,
    config_from: Annotated[
        Text,
        text_option("--config-from", "REF", "Settings, packs and baseline as they were where REF was left."),
    ] = None,
    no_config: Annotated[bool, flag("--no-config", "No settings but these options.")] = False,
    without: Annotated[
        Names, text_option("--without", "SETTING", "This setting of the file does not hold.")
    ] = None,
    max_document: Annotated[str, text_option("--max-document", "SIZE", "Refuse larger documents.")] = "5M",
    max_line: Annotated[str, text_option("--max-line", "SIZE", "Refuse longer lines.")] = "1M",
    model: Model = None,
    cache: Cache = True,
    rules: Rules = None,
    color: Color = "auto",
    stdin_name: StdinName = None,
) -> None:
    """Judge design documents: what they decide, and where their own facts speak against it."""
    parameters = locals()
    from ragortune.commands.check import CheckRequest, check_documents

    finish(check_documents(make_request(CheckRequest, parameters, formats=form), Environment.detect()))


@app.command()
def extract(
    document: Annotated[str, Argument(metavar="DOC", help="Design document; `-` is stdin.")],
    form: Annotated[str, format_option("extract")] = "yaml",
    write: Annotated[
        bool, flag("--write", "Put what was read into the document, as a block to review.")
    ] = False,
    dry_run: Annotated[
        bool, flag("--dry-run", "With --write: print the difference and change nothing.")
    ] = False,
    model: Model = None,
    cache: Cache = True,
    rules: Rules = None,
    stdin_name: StdinName = None,
) -> None:
    """Print the profile that a design document states, each answer with document, line and quote."""
    from ragortune.commands.extract import ExtractRequest, extract_profile

    request = ExtractRequest(document, form, write, dry_run, model, cache, rules, stdin_name)
    finish(extract_profile(request, Environment.detect()))


@app.command()
def adr(
    profile: Annotated[str, Argument(metavar="PROFILE", help="YAML, JSON or TOML; `-` is stdin.")],
    output: Annotated[
        Text,
        Option("--output", "-o", metavar="PATH", help="File to write, or folder that gets the next number."),
    ] = None,
    into: Annotated[Text, text_option("--into", "FILE", "Fill in the empty sections of this record.")] = None,
    force: Annotated[bool, flag("--force", "Overwrite an existing record.")] = False,
    against: Against = None,
    rules: Rules = None,
    as_of: AsOf = None,
) -> None:
    """Write the decision as an architecture decision record (MADR) that `check` keeps true."""
    from ragortune.commands.adr import RecordRequest, write_decision_record

    request = RecordRequest(profile, output, into, force, against, rules, as_of)
    finish(write_decision_record(request, Environment.detect()))


@app.command()
def measure(
    docs: Annotated[
        Text, text_option("--docs", "DIR", "Folder of the material; its git history, too.")
    ] = None,
    questions: Annotated[
        Text, text_option("--questions", "FILE", "Questions with answers: JSONL, CSV, SQuAD, BEIR.")
    ] = None,
    search: Annotated[
        Text,
        text_option("--search", "SOURCE", "Your engine: http(s)://, postgresql:// or command:PROGRAM."),
    ] = None,
    examples: Annotated[
        Text, text_option("--examples", "FILE", "Training examples: JSONL, JSON, CSV.")
    ] = None,
    test: Annotated[Text, text_option("--test", "FILE", "Test examples, kept apart from the others.")] = None,
    calls: Annotated[Text, text_option("--calls", "SOURCE", "Log of model calls: file or address.")] = None,
    calls_map: Annotated[
        Names, text_option("--calls-map", "NAME=COLUMN", "Column of the log; may be repeated.")
    ] = None,
    output: Annotated[
        Text, Option("--output", "-o", metavar="PROFILE", help="YAML profile to write or complete.")
    ] = None,
    check: Annotated[
        Text, text_option("--check", "FILE", "Fail where this profile or record no longer holds.")
    ] = None,
    no_examples: Annotated[bool, flag("--no-examples", "Show no text of the data, not even masked.")] = False,
    form: Annotated[str, format_option("measure")] = "text",
    show: Show = None,
    full: Full = False,
    rules: Rules = None,
    color: Color = "auto",
    as_of: AsOf = None,
) -> None:
    """Measure answers on your own documents, questions, examples and logs of calls.

    Nothing leaves this machine unless --search or --calls names an address. No answer of a person is replaced.
    """
    parameters = locals()
    from ragortune.commands.measure import MeasureRequest, measure_project

    finish(measure_project(make_request(MeasureRequest, parameters, format=form), Environment.detect()))


@app.command()
def mcp(rules: Rules = None) -> None:
    """Serve coding agents over the Model Context Protocol, on stdin and stdout (extra `mcp`)."""
    from ragortune.commands.agents import serve_agents

    finish(serve_agents(rules, Environment.detect()))


for _command in (explain, init, schema):
    app.command()(_command)
app.add_typer(rules_app, name="rules")
app.add_typer(prices_app, name="prices")
