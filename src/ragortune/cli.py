"""The command line: parses, makes one call, returns its exit code. What a command does stands in `commands`."""

from typing import Annotated

import typer

from ragortune import __version__
from ragortune.support.environment import Environment
from ragortune.support.errors import ExitCode

app = typer.Typer(
    name="ragortune",
    help=(
        "Should this LLM project use retrieval, fine-tuning, both, or neither yet? "
        "No network access, no telemetry. Exit codes: `ragortune explain exit-codes`."
    ),
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
rules_app = typer.Typer(
    help="Look at the rule set, check it and test it.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(rules_app, name="rules")

Rules = Annotated[
    str | None,
    typer.Option(
        "--rules", metavar="DIR", help="Folder of a rule set; the configured or shipped one if left out."
    ),
]
Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="NAME",
        help="Let a language model read: provider:model (extra `model`), or command:PROGRAM.",
    ),
]
Cache = Annotated[
    bool, typer.Option("--cache/--no-cache", help="Keep answers of the model, and use them again.")
]
Color = Annotated[str, typer.Option("--color", metavar="WHEN", help="auto, always or never.")]


def _format(known: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option("--format", "-f", metavar="FORMAT", help=known)
    return option


def _finish(code: ExitCode) -> None:
    raise typer.Exit(int(code))


def _show_version(wanted: bool) -> None:  # noqa: FBT001  (called by the option)
    if wanted:
        typer.echo(f"ragortune {__version__}")
        raise typer.Exit(0)


@app.callback()
def start(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Take the options that stand before a command."""


@app.command()
def recommend(
    profiles: Annotated[
        list[str] | None,
        typer.Argument(metavar="PROFILE...", help="YAML, JSON, TOML or .jsonl; `-` is stdin."),
    ] = None,
    form: Annotated[str, _format("text, json, jsonl or markdown.")] = "text",
    brief: Annotated[
        bool, typer.Option("--brief", help="Only the option, its probability and the needs.")
    ] = False,
    trace: Annotated[bool, typer.Option("--trace", help="What became of every rule, too (JSON).")] = False,
    what_if: Annotated[
        bool | None,
        typer.Option(
            "--what-if/--no-what-if", help="What could change the advice; for a single profile if left out."
        ),
    ] = None,
    why_not: Annotated[
        str | None, typer.Option("--why-not", metavar="OPTION", help="What speaks against this option here.")
    ] = None,
    any_answer: Annotated[
        bool, typer.Option("--any-answer", help="Change answers, too, that are not the team's to change.")
    ] = False,
    rules: Rules = None,
    color: Color = "auto",
    stdin_name: Annotated[
        str | None, typer.Option("--stdin-name", metavar="NAME", help="Read stdin as a file of this name.")
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of", metavar="DATE", help="Judge prices on this date, where a profile has quantities."
        ),
    ] = None,
) -> None:
    """Print the recommendation for each profile."""
    from ragortune.commands.recommend import RecommendRequest, recommend_profiles

    request = RecommendRequest(
        tuple(profiles or ()),
        form,
        brief,
        what_if,
        why_not,
        any_answer,
        trace,
        rules,
        color,
        stdin_name,
        as_of,
    )
    _finish(recommend_profiles(request, Environment.detect()))


@app.command()
def explain(
    name: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help="Rule, code, criterion, option, source, probability, firm, scale, quantities or exit-codes.",
        ),
    ],
    form: Annotated[str, _format("text, json or markdown.")] = "text",
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
        typer.Argument(
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
    path: Annotated[
        str, typer.Argument(metavar="PROFILE", help="File to write; `-` prints it.")
    ] = "profile.yaml",
    rules: Rules = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
) -> None:
    """Write a commented profile to fill in."""
    from ragortune.commands.files import write_start

    _finish(write_start(path, rules, Environment.detect(), force=force))


@rules_app.command("list")
def list_rules(
    form: Annotated[str, _format("text, json or markdown.")] = "text", rules: Rules = None
) -> None:
    """Print every rule on a line."""
    from ragortune.commands import rules as command

    _finish(command.list_rules(rules, form, Environment.detect()))


@rules_app.command("show")
def show_rule(
    name: Annotated[str, typer.Argument(metavar="ID", help="Name or code of a rule.")],
    form: Annotated[str, _format("text, json or markdown.")] = "text",
    rules: Rules = None,
    color: Color = "auto",
) -> None:
    """Print the page of a rule: why, evidence, when it misleads, what to do."""
    from ragortune.commands import rules as command

    _finish(command.show_page(name, rules, form, color, Environment.detect()))


@rules_app.command("check")
def check_rules(
    pack: Annotated[
        str | None, typer.Argument(metavar="[PACK]", help="Folder of the rule set, as with --rules.")
    ] = None,
    form: Annotated[str, _format("text or json.")] = "text",
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DATE", help="Judge ages on this date.")
    ] = None,
    rules: Rules = None,
) -> None:
    """Report problems in a rule set: dead rules, missing tests, stale sources and more."""
    from ragortune.commands import rules as command

    _finish(command.check_rules(pack or rules, form, as_of, Environment.detect()))


@rules_app.command("test")
def test_rules(
    form: Annotated[str, _format("text or json.")] = "text",
    misses: Annotated[bool, typer.Option("--misses", help="Name the cases that are missed.")] = False,
    compare: Annotated[
        str | None, typer.Option("--compare", metavar="BASE", help="Another rule set's folder, or `shipped`.")
    ] = None,
    rules: Rules = None,
) -> None:
    """Run the rule tests and the casebook."""
    from ragortune.commands import rules as command

    _finish(command.run_rule_tests(rules, form, compare, Environment.detect(), misses=misses))


@app.command()
def ask(
    profile: Annotated[
        str | None,
        typer.Argument(metavar="[PROFILE]", help="Profile to start from; profile.yaml if it is there."),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="PROFILE", help="YAML file to save in, after each answer."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Ask everything that is still unknown.")] = False,
    answers: Annotated[
        str | None,
        typer.Option(
            "--answers",
            metavar="FILE",
            help="Take answers from FILE (`-`: stdin), one `criterion: answer` a line, instead of asking.",
        ),
    ] = None,
    form: Annotated[str, _format("text, json, jsonl or markdown.")] = "text",
    rules: Rules = None,
    color: Color = "auto",
) -> None:
    """Ask until no question that is left is worth asking, then print the recommendation.

    The dialogue goes to stderr, the recommendation to stdout. Comments of your own stay.
    """
    from ragortune.commands.ask import AskRequest, ask_questions
    from ragortune.commands.formats import choose_format
    from ragortune.commands.recommend import RecommendRequest, recommend_profiles

    environment = Environment.detect()
    choose_format("recommend", form)
    saved = ask_questions(AskRequest(profile, output, everything, answers, rules, color), environment)
    _finish(recommend_profiles(RecommendRequest((saved,), form, rules=rules, color=color), environment))


# --- costs and prices ---------------------------------------------------------------------------------------------

prices_app = typer.Typer(
    help="Look at the price data: what things cost, since when, and who says so.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(prices_app, name="prices")

AsOf = Annotated[
    str | None, typer.Option("--as-of", metavar="DATE", help="Judge ages and ends on this date.")
]
PriceFile = Annotated[
    str | None,
    typer.Option("--prices", metavar="FILE", help="Price file that adds rows, or overrides them by id."),
]


@app.command()
def cost(
    profile: Annotated[str, typer.Argument(metavar="PROFILE", help="YAML, JSON or TOML; `-` is stdin.")],
    form: Annotated[str, _format("text, json, markdown or csv.")] = "text",
    price: Annotated[
        list[str] | None,
        typer.Option("--price", metavar="NAME.VALUE=NUMBER", help="Use another price; may be repeated."),
    ] = None,
    prices: PriceFile = None,
    as_of: AsOf = None,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the draws.")] = 0,
    draws: Annotated[int, typer.Option("--draws", help="How often the ranges are sampled.")] = 10_000,
    rules: Rules = None,
    color: Color = "auto",
) -> None:
    """Print what each option costs a month, how fast it answers, and where options break even."""
    from ragortune.commands.cost import CostRequest, print_costs
    from ragortune.commands.prices import PriceRequest

    sources = PriceRequest(rules, prices, tuple(price or ()), as_of)
    request = CostRequest(profile, sources, form, color, seed, draws)
    _finish(print_costs(request, Environment.detect()))


@prices_app.command("list")
def list_prices(
    kind: Annotated[str | None, typer.Option("--kind", metavar="KIND", help="Rows of one kind only.")] = None,
    form: Annotated[str, _format("text, json, markdown or csv.")] = "text",
    prices: PriceFile = None,
    as_of: AsOf = None,
    rules: Rules = None,
) -> None:
    """Print every price row on a line."""
    from ragortune.commands import prices as command

    request = command.PriceRequest(rules, prices, (), as_of)
    _finish(command.list_prices(request, kind, form, Environment.detect()))


@prices_app.command("show")
def show_price(
    name: Annotated[str, typer.Argument(metavar="ID", help="Name of a price row.")],
    form: Annotated[str, _format("text, json or markdown.")] = "text",
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
    form: Annotated[str, _format("text or json.")] = "text",
    prices: PriceFile = None,
    as_of: AsOf = None,
    rules: Rules = None,
) -> None:
    """Report prices to look up again: old rows, offers that end, drift against genai-prices."""
    from ragortune.commands import prices as command

    _finish(command.check_prices(command.PriceRequest(rules, prices, (), as_of), form, Environment.detect()))


@app.command()
def check(
    documents: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="DOC...", help="Files, folders or patterns such as 'docs/**/*.md'; `-` is stdin."
        ),
    ] = None,
    form: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            "-f",
            metavar="FORMAT[=FILE]",
            help="text, json, sarif, github, gitlab, junit or markdown; several, all but one to files.",
        ),
    ] = None,
    fail_on: Annotated[
        str | None,
        typer.Option("--fail-on", metavar="SEVERITY", help="error (default), warning, note or never."),
    ] = None,
    min_confidence: Annotated[
        str | None, typer.Option("--min-confidence", metavar="LEVEL", help="low (default), medium or high.")
    ] = None,
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="Findings never fail the run.")] = False,
    require_decision: Annotated[
        bool, typer.Option("--require-decision", help="A document that decides nothing gives exit code 3.")
    ] = False,
    select: Annotated[
        list[str] | None, typer.Option("--select", metavar="RULE", help="Only these rules, by name or code.")
    ] = None,
    ignore: Annotated[
        list[str] | None, typer.Option("--ignore", metavar="RULE", help="Not these rules, by name or code.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="REF", help="Only documents changed since the branch left REF."),
    ] = None,
    profile: Annotated[
        str | None, typer.Option("--profile", metavar="FILE", help="Facts from outside, as a profile file.")
    ] = None,
    baseline: Annotated[
        str | None, typer.Option("--baseline", metavar="FILE", help="Forgive the findings that it knows.")
    ] = None,
    write_baseline: Annotated[
        str | None, typer.Option("--write-baseline", metavar="FILE", help="Write the present findings there.")
    ] = None,
    no_suppressions: Annotated[
        bool, typer.Option("--no-suppressions", help="Ignore suppression comments in documents.")
    ] = False,
    config: Annotated[
        str | None, typer.Option("--config", metavar="FILE", help="Settings that hold, not the nearest.")
    ] = None,
    config_from: Annotated[
        str | None,
        typer.Option(
            "--config-from",
            metavar="REF",
            help="Settings, packs and baseline as they were where REF was left.",
        ),
    ] = None,
    no_config: Annotated[bool, typer.Option("--no-config", help="No settings but these options.")] = False,
    max_document: Annotated[
        str, typer.Option("--max-document", metavar="SIZE", help="Refuse larger documents.")
    ] = "5M",
    max_line: Annotated[str, typer.Option("--max-line", metavar="SIZE", help="Refuse longer lines.")] = "1M",
    model: Model = None,
    cache: Cache = True,
    rules: Rules = None,
    color: Color = "auto",
    stdin_name: Annotated[
        str | None, typer.Option("--stdin-name", metavar="NAME", help="Show stdin under this name.")
    ] = None,
) -> None:
    """Judge design documents: what they decide, and where their own facts speak against it."""
    from ragortune.commands.check import CheckRequest, check_documents

    request = CheckRequest(
        paths=tuple(documents or ()),
        formats=tuple(form or ()),
        rules=rules,
        color=color,
        stdin_name=stdin_name,
        since=since,
        profile=profile,
        fail_on=fail_on,
        min_confidence=min_confidence,
        exit_zero=exit_zero,
        require_decision=require_decision,
        select=tuple(select or ()),
        ignore=tuple(ignore or ()),
        baseline=baseline,
        write_baseline=write_baseline,
        no_suppressions=no_suppressions,
        config=config,
        config_from=config_from,
        no_config=no_config,
        max_document=max_document,
        max_line=max_line,
        model=model,
        cache=cache,
    )
    _finish(check_documents(request, Environment.detect()))


@app.command()
def extract(
    document: Annotated[str, typer.Argument(metavar="DOC", help="Design document; `-` is stdin.")],
    form: Annotated[str, _format("yaml or json.")] = "yaml",
    write: Annotated[
        bool, typer.Option("--write", help="Put what was read into the document, as a block to review.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="With --write: print the difference and change nothing.")
    ] = False,
    model: Model = None,
    cache: Cache = True,
    rules: Rules = None,
    stdin_name: Annotated[
        str | None, typer.Option("--stdin-name", metavar="NAME", help="Show stdin under this name.")
    ] = None,
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
    base: Annotated[str, typer.Argument(metavar="BASE", help="Another rule set's folder, or `shipped`.")],
    form: Annotated[str, _format("text or json.")] = "text",
    rules: Rules = None,
) -> None:
    """Print what an upgrade changes: criteria, rules and findings added, removed and changed since BASE."""
    from ragortune.commands.rules import diff_rule_sets

    _finish(diff_rule_sets(base, rules, form, Environment.detect()))
