"""The request of each command: its fields are the options of the command, its docstring is the help.

Fields annotated with an option or argument of Typer are read from the command line; the others can only be set by callers
in Python.
"""

from collections.abc import Collection
from typing import Annotated

from typer import Argument, CallbackParam, Option
from typer.models import OptionInfo

from ragortune.commands.formats import FORMATS, list_formats
from ragortune.support.errors import UsageError
from ragortune.support.record import Record


def option(metavar: str, text: str, *names: str, known: Collection[str] = ()) -> OptionInfo:
    """Return an option with a value, one of the words in `known` if there are any.

    It is named after its field unless `names` are given.
    """

    def check(param: CallbackParam, given: str | Collection[str] | None) -> str | Collection[str] | None:
        for word in [given] if isinstance(given, str) else given or ():
            if not word:  # as a variable that is not set leaves it
                raise UsageError(f"{param.opts[0]} is empty")
            if known and word not in known:
                raise UsageError.expected(param.opts[0], known, word)
        return given

    made: OptionInfo = Option(*names, metavar=metavar, callback=check, help=text)
    return made


def flag(name: str, text: str) -> OptionInfo:
    """Return an option without a value."""
    made: OptionInfo = Option(name, help=text)
    return made


def format_option(command: str) -> OptionInfo:
    """Return the option `--format` of a command."""
    return option("FORMAT", f"{list_formats(command)}.", "--format", "-f", known=FORMATS[command])


NEVER = "never"
FAILS_ON = ("error", "warning", "note", NEVER)
CONFIDENCES = ("low", "medium", "high")
Text = str | None
Names = list[str]
Rules = Annotated[Text, option("DIR", "Folder of a rule set, instead of the configured or shipped one.")]
Model = Annotated[Text, option("NAME", "Language model that reads: PROVIDER:MODEL or command:PROGRAM.")]
Cache = Annotated[bool, flag("--cache/--no-cache", "Cache answers of the model.")]
Show = Annotated[Text, option("NAME,...", "Print only these sections; an unknown name lists them.")]
Full = Annotated[bool, flag("--full", "Print all sections instead of one screen.")]
Color = Annotated[str, option("WHEN", "auto, always or never.", known=("auto", "always", "never"))]
"""Read by the environment, which knows whether results and dialogues go to a terminal."""
StdinName = Annotated[Text, option("NAME", "File name to assume for stdin.")]
Against = Annotated[Text, option("OLD", "Report what changed since OLD: earlier JSON or a git revision.")]
AsOf = Annotated[Text, option("DATE", "Date (YYYY-MM-DD) to judge prices and ages by; today by default.")]
PriceFile = Annotated[Text, option("FILE", "Price file that adds rows or overrides them by id.")]
Profile = Annotated[str, Argument(metavar="PROFILE", help="Profile in YAML, JSON or TOML; `-` is stdin.")]


class _UsesRules(Record, frozen=True, kw_only=True):
    """The options of every command; a command lists them after its own."""

    rules: Rules = None


class _Colors(_UsesRules, frozen=True, kw_only=True):
    color: Color = "auto"


# --- the advice ---------------------------------------------------------------------------------------------------


class RecommendRequest(_Colors, frozen=True):
    """Print the recommendation for each profile."""

    paths: Annotated[
        Names,
        Argument(metavar="PROFILE...", help="Profiles in YAML, JSON, TOML or JSON lines; `-` is stdin."),
    ] = []
    format: Annotated[str, format_option("recommend")] = "text"
    show: Show = None
    full: Full = False
    brief: Annotated[
        bool,
        flag("--brief", f"One line per profile: option, probability; {list_formats('recommend --brief')}."),
    ] = False
    trace: Annotated[bool, flag("--trace", "Add the outcome of every rule (JSON only).")] = False
    what_if: Annotated[
        bool | None,
        flag("--what-if/--no-what-if", "Compute what could change the advice; by default for one profile."),
    ] = None
    why_not: Annotated[Text, option("OPTION", "Explain what speaks against this option.")] = None
    against: Against = None
    any_answer: Annotated[bool, flag("--any-answer", "Also vary what the team cannot change.")] = False
    stdin_name: StdinName = None
    as_of: AsOf = None


class AskRequest(_Colors, frozen=True):
    """Ask the questions that matter, then print the recommendation.

    The dialogue goes to stderr, the recommendation to stdout. Comments in the profile are kept.
    """

    profile: Annotated[
        Text,
        Argument(metavar="[PROFILE]", help="Profile to start from; profile.yaml by default, if it exists."),
    ] = None
    output: Annotated[Text, option("PROFILE", "YAML file to save each answer to.", "--output", "-o")] = None
    everything: Annotated[bool, flag("--all", "Ask every open question.")] = False
    answers: Annotated[Text, option("FILE", "File or `-`, with one `criterion: answer` per line.")] = None
    format: Annotated[str, format_option("recommend")] = "text"


class RecordRequest(_UsesRules, frozen=True):
    """Write the decision as a record (MADR) that `check` verifies."""

    profile: Profile
    output: Annotated[
        Text,
        option(
            "PATH", "File, or folder in which it gets the next number; stdout by default.", "--output", "-o"
        ),
    ] = None
    into: Annotated[Text, option("FILE", "Fill the empty sections of this record.")] = None
    force: Annotated[bool, flag("--force", "Overwrite an existing record.")] = False
    against: Against = None
    as_of: AsOf = None


class MeasureRequest(_Colors, frozen=True):
    """Measure answers on your own documents, examples and calls.

    Nothing leaves this machine unless --search or --calls names an address. Answers given by people are never replaced.
    """

    docs: Annotated[Text, option("DIR", "Folder of documents; its git history is read, too.")] = None
    questions: Annotated[Text, option("FILE", "Questions with answers: JSONL, CSV, SQuAD or BEIR.")] = None
    search: Annotated[
        Text,
        option("SOURCE", "Search engine: http(s)://, postgresql:// or command:PROGRAM; embedded by default."),
    ] = None
    examples: Annotated[Text, option("FILE", "Training examples: JSONL, JSON or CSV.")] = None
    test: Annotated[Text, option("FILE", "Test examples, separate from the training examples.")] = None
    calls: Annotated[Text, option("SOURCE", "Log of model calls: a file or address.")] = None
    calls_map: Annotated[Names, option("NAME=COLUMN", "Column of the log with NAME; may be repeated.")] = []
    output: Annotated[Text, option("PROFILE", "YAML profile to write or complete.", "--output", "-o")] = None
    check: Annotated[Text, option("FILE", "Exit with 1 if an answer in FILE no longer holds.")] = None
    no_examples: Annotated[bool, flag("--no-examples", "Quote no text from the data.")] = False
    format: Annotated[str, format_option("measure")] = "text"
    as_of: AsOf = None


# --- design documents ---------------------------------------------------------------------------------------------


class CheckRequest(_Colors, frozen=True):
    """Check what design documents decide against the facts they state."""

    paths: Annotated[
        Names,
        Argument(metavar="DOC...", help="Files, folders or patterns such as 'docs/**/*.md'; `-` is stdin."),
    ] = []
    formats: Annotated[
        Names,
        option(
            "FORMAT[=FILE]",
            f"{list_formats('check')}; may be repeated, all but one with =FILE.",
            "--format",
            "-f",
        ),
    ] = []
    show: Show = None
    full: Full = False
    fail_on: Annotated[
        Text,
        option(
            "SEVERITY", "Lowest severity to fail on: error (default), warning, note or never.", known=FAILS_ON
        ),
    ] = None
    min_confidence: Annotated[
        Text,
        option("LEVEL", "Lowest confidence to report: low (default), medium or high.", known=CONFIDENCES),
    ] = None
    exit_zero: Annotated[bool, flag("--exit-zero", "Exit with 0 instead of 1, whatever is found.")] = False
    require_decision: Annotated[
        bool, flag("--require-decision", "Exit with 3 if a document decides nothing.")
    ] = False
    select: Annotated[Names, option("RULE", "Report only this rule, by name or code; may be repeated.")] = []
    ignore: Annotated[Names, option("RULE", "Do not report this rule; may be repeated.")] = []
    since: Annotated[
        Text,
        option("REF", "Only documents that changed since the merge base with REF, or quote one that did."),
    ] = None
    profile: Annotated[Text, option("FILE", "Profile whose answers hold for every document.")] = None
    baseline: Annotated[Text, option("FILE", "Do not report findings that this baseline lists.")] = None
    write_baseline: Annotated[Text, option("FILE", "Write a baseline of the current findings.")] = None
    config: Annotated[Text, option("FILE", "Settings file, instead of the nearest ragortune.yaml.")] = None
    config_from: Annotated[
        Text, option("REF", "Take settings, rule packs and baseline from the merge base with REF.")
    ] = None
    no_config: Annotated[bool, flag("--no-config", "Ignore settings files.")] = False
    without: Annotated[Names, option("SETTING", "Ignore this setting of the file; may be repeated.")] = []
    model: Model = None
    cache: Cache = True
    stdin_name: StdinName = None
    open_quoted: bool = True
    """Whether to open other documents that a document quotes."""


class ExtractRequest(_UsesRules, frozen=True):
    """Print the profile that a design document states, with quotes."""

    path: Annotated[str, Argument(metavar="DOC", help="Design document; `-` is stdin.")]
    format: Annotated[str, format_option("extract")] = "yaml"
    write: Annotated[bool, flag("--write", "Write it into the document, as a block to review.")] = False
    model: Model = None
    cache: Cache = True
    stdin_name: StdinName = None


# --- costs and prices ---------------------------------------------------------------------------------------------


class CostRequest(_Colors, frozen=True):
    """Print what each option costs per month, and how fast it answers."""

    path: Profile
    format: Annotated[str, format_option("cost")] = "text"
    show: Show = None
    full: Full = False
    price: Annotated[Names, option("NAME.VALUE=NUMBER", "Override a price; may be repeated.")] = []
    prices: PriceFile = None
    as_of: AsOf = None
    seed: Annotated[int, Option("--seed", metavar="NUMBER", help="Seed of the random draws.")] = 0
    stdin_name: Text = None
    """Name to assume for stdin; its ending tells the format."""


class ListPricesRequest(_UsesRules, frozen=True):
    """List the price rows."""

    format: Annotated[str, format_option("prices list")] = "text"
    prices: PriceFile = None
    as_of: AsOf = None


class ShowPriceRequest(_Colors, frozen=True):
    """Print a row with units, ranges, date and sources."""

    name: Annotated[str, Argument(metavar="ID", help="Id of a price row.")]
    format: Annotated[str, format_option("prices show")] = "text"
    prices: PriceFile = None
    as_of: AsOf = None


class CheckPricesRequest(_UsesRules, frozen=True):
    """Report stale prices and expiring offers."""

    format: Annotated[str, format_option("prices check")] = "text"
    prices: PriceFile = None
    as_of: AsOf = None


# --- the rule set -------------------------------------------------------------------------------------------------


class ExplainRequest(_Colors, frozen=True):
    """Explain a rule, criterion, option, source or topic."""

    name: Annotated[
        str,
        Argument(
            metavar="ID",
            help="Rule, code, criterion, option, source, or a topic: probability, firm, settled, need, gate, scale, quantities or exit-codes.",
        ),
    ]
    format: Annotated[str, format_option("explain")] = "text"


class ListRulesRequest(_UsesRules, frozen=True):
    """List the rules."""

    format: Annotated[str, format_option("rules list")] = "text"


class CheckRulesRequest(_UsesRules, frozen=True):
    """Report problems in a rule set, such as dead rules."""

    pack: Annotated[Text, Argument(metavar="[PACK]", help="Folder of the rule set, as with --rules.")] = None
    format: Annotated[str, format_option("rules check")] = "text"
    as_of: AsOf = None


class TestRulesRequest(_UsesRules, frozen=True):
    """Run the rule tests and the casebook."""

    format: Annotated[str, format_option("rules test")] = "text"
    misses: Annotated[bool, flag("--misses", "List cases that differ from what was published.")] = False


class DiffRulesRequest(_UsesRules, frozen=True):
    """Compare a rule set with BASE, and its results on cases."""

    base: Annotated[str, Argument(metavar="BASE", help="Another rule set's folder, or `shipped`.")]
    format: Annotated[str, format_option("rules diff")] = "text"


class SchemaRequest(_UsesRules, frozen=True):
    """Print the JSON Schema of a kind of file, for editors."""

    name: Annotated[
        str,
        Argument(
            metavar="NAME",
            help="profile, rulebook, criteria, rules, sources, options, cases, language, derived, quantities, prices or findings.",
        ),
    ]


class StartRequest(_UsesRules, frozen=True):
    """Write a commented profile to fill in."""

    path: Annotated[str, Argument(metavar="PROFILE", help="File to write; `-` prints it.")] = "profile.yaml"
    force: Annotated[bool, flag("--force", "Overwrite an existing file.")] = False


class ServeRequest(_UsesRules, frozen=True):
    """Serve coding agents on stdin and stdout (MCP; extra `mcp`)."""
