"""The command line: parses the arguments, calls a function of `commands` and returns its exit code."""

import inspect
from inspect import Signature
from pkgutil import resolve_name
from typing import Annotated, Any

import typer
from typer import Option, Typer
from typer.core import TyperCommand
from typer.main import get_command

from ragortune import __version__
from ragortune.commands import requests
from ragortune.support.environment import Environment
from ragortune.support.errors import ExitCode, UsageError
from ragortune.support.record import Record


def _make_app(text: str) -> Typer:
    return Typer(
        help=text,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        add_completion=False,  # installing it rewrites a person's .bashrc, even on a full disk
        context_settings={"help_option_names": ["-h", "--help"]},
    )


app = _make_app(
    "Should this LLM project use retrieval, fine-tuning, both, or neither yet? "
    "No network access, no telemetry. Exit codes: `ragortune explain exit-codes`."
)
_rules = _make_app("List, check, test and compare rule sets.")
_prices = _make_app("List, show and check the price data.")


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
    """Handle the options before a command."""


def ask(request: requests.AskRequest, environment: Environment) -> ExitCode:
    """Run the questionnaire, then print the recommendation for the saved profile."""
    from ragortune.commands.ask import ask_questions
    from ragortune.commands.recommend import recommend_profiles

    saved = ask_questions(request, environment)
    following = requests.RecommendRequest(paths=[saved], format=request.format, rules=request.rules)
    return recommend_profiles(following, environment)


def mcp(request: requests.ServeRequest, environment: Environment) -> ExitCode:
    """Serve coding agents; raises UsageError if the extra is not installed."""
    try:
        from ragortune.commands.mcp import serve_agents
    except ImportError:
        raise UsageError.missing("`ragortune mcp`", "mcp") from None
    return serve_agents(request.rules, environment)


def _add(group: Typer, name: str, kind: type[Record], run: str, text: str | None = None) -> None:
    """Add a command whose options are the fields of its request; `run` names the function that takes the request.

    The function is imported and the options are built only when the command is used, so that no command pays for the
    imports of another.
    """

    def call(**options: Any) -> None:
        environment = Environment.detect().replace(color=options.get("color", "auto"))
        code = resolve_name(f"ragortune.{run}")(kind(**options), environment)
        raise typer.Exit(int(code))

    class Command(TyperCommand):
        def get_params(self, ctx: Any) -> list[Any]:
            if not self.params:
                call.__signature__ = _sign(kind)  # type: ignore[attr-defined]
                (alone := Typer(add_completion=False)).command()(call)
                made = get_command(alone)
                self.params, self.callback = made.params, made.callback
            return super().get_params(ctx)

    text = text or inspect.cleandoc(kind.__doc__ or "")
    # An explicit short help is not truncated in the list of commands.
    group.command(name, cls=Command, help=text, short_help=text.partition("\n")[0])(lambda: None)


def _sign(kind: type[Record]) -> Signature:
    """Return the signature of a function that takes the options of a request as keywords."""
    fields = inspect.signature(kind).parameters.values()
    options = [field for field in fields if hasattr(field.annotation, "__metadata__")]
    # msgspec shows the default of a list as a factory.
    return Signature(
        [
            option.replace(default=[]) if option.annotation.__origin__ == requests.Names else option
            for option in options
        ]
    )


_add(app, "recommend", requests.RecommendRequest, "commands.recommend:recommend_profiles")
_add(app, "ask", requests.AskRequest, "cli.main:ask")
_add(app, "cost", requests.CostRequest, "commands.cost:print_costs")
_add(app, "check", requests.CheckRequest, "commands.check:check_documents")
_add(app, "extract", requests.ExtractRequest, "commands.extract:extract_profile")
_add(app, "adr", requests.RecordRequest, "commands.adr:write_decision_record")
_add(app, "measure", requests.MeasureRequest, "commands.measure:measure_project")
_add(app, "mcp", requests.ServeRequest, "cli.main:mcp")
_add(app, "explain", requests.ExplainRequest, "commands.explain:show_page")
_add(app, "init", requests.StartRequest, "commands.files:write_start")
_add(app, "schema", requests.SchemaRequest, "commands.files:print_schema")
app.add_typer(_rules, name="rules")
_add(_rules, "list", requests.ListRulesRequest, "commands.explain:list_rules")
_SHOW = "Explain a rule; the same as `explain`."
_add(_rules, "show", requests.ExplainRequest, "commands.explain:show_page", _SHOW)
_add(_rules, "check", requests.CheckRulesRequest, "commands.rules:check_rules")
_add(_rules, "test", requests.TestRulesRequest, "commands.rules:run_rule_tests")
_add(_rules, "diff", requests.DiffRulesRequest, "commands.rules:diff_rule_sets")
app.add_typer(_prices, name="prices")
_add(_prices, "list", requests.ListPricesRequest, "commands.cost:list_prices")
_add(_prices, "show", requests.ShowPriceRequest, "commands.cost:show_price")
_add(_prices, "check", requests.CheckPricesRequest, "commands.cost:check_prices")
