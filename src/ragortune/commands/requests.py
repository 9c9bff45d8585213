"""What the command line asks of each command: records whose fields are its options, and whose docstring is its help.

A field that is annotated with an option or argument of Typer is read from the command line; of others the default holds
there, and callers in Python may give them.
"""

from collections.abc import Collection
from typing import Annotated

from typer import Argument, Option
from typer.models import OptionInfo

from ragortune.commands.formats import FORMATS, list_formats
from ragortune.support.errors import UsageError
from ragortune.support.record import Record


def option(name: str, metavar: str, text: str, *short: str, known: Collection[str] = ()) -> OptionInfo:
    """Return an option that takes a value: one of the words that are `known`, if there are any."""

    def choose(word: str | None) -> str | None:
        if word is not None and word not in known:
            raise UsageError.expected(name, known, word)
        return word

    check = choose if known else None
    made: OptionInfo = Option(name, *short, metavar=metavar, callback=check, help=text)
    return made


def flag(name: str, text: str) -> OptionInfo:
    """Return an option that is there or not."""
    made: OptionInfo = Option(name, help=text)
    return made


def format_option(command: str) -> OptionInfo:
    """Return the option that chooses among the formats of a command."""
    return option("--format", "FORMAT", f"{list_formats(command)}.", "-f", known=FORMATS[command])


NEVER = "never"
FAILS_ON = ("error", "warning", "note", NEVER)
CONFIDENCES = ("low", "medium", "high")
Text = str | None
Names = list[str]
Rules = Annotated[Text, option("--rules", "DIR", "Folder of a rule set; else the configured or shipped one.")]
Model = Annotated[Text, option("--model", "NAME", "Let a model read: provider:model, or command:PROGRAM.")]
Cache = Annotated[bool, flag("--cache/--no-cache", "Keep answers of the model, and use them again.")]
Show = Annotated[Text, option("--show", "NAME,...", "Only these sections; a wrong name lists them all.")]
Full = Annotated[bool, flag("--full", "All sections, not what fits a screen.")]
Color = Annotated[str, option("--color", "WHEN", "auto, always or never.", known=("auto", "always", "never"))]
StdinName = Annotated[Text, option("--stdin-name", "NAME", "Read stdin as a file of this name.")]
Against = Annotated[
    Text,
    option("--against", "OLD", "What changed since: JSON printed earlier, or git revision of the profile."),
]
AsOf = Annotated[Text, option("--as-of", "DATE", "Judge prices, ages and ends on this date.")]
PriceFile = Annotated[Text, option("--prices", "FILE", "Price file that adds rows, or overrides them by id.")]
Profile = Annotated[str, Argument(metavar="PROFILE", help="YAML, JSON or TOML; `-` is stdin.")]


# --- the advice ---------------------------------------------------------------------------------------------------


class RecommendRequest(Record, frozen=True, kw_only=True):
    """Print the recommendation for each profile."""

    paths: Annotated[
        Names, Argument(metavar="PROFILE...", help="YAML, JSON, TOML or .jsonl; `-` is stdin.")
    ] = []
    format: Annotated[str, format_option("recommend")] = "text"
    show: Show = None
    full: Full = False
    brief: Annotated[bool, flag("--brief", "Only the option, its probability and the needs.")] = False
    trace: Annotated[bool, flag("--trace", "What became of every rule, too (JSON).")] = False
    what_if: Annotated[
        bool | None,
        flag("--what-if/--no-what-if", "What could change the advice; for a single profile if left out."),
    ] = None
    why_not: Annotated[Text, option("--why-not", "OPTION", "What speaks against this option here.")] = None
    against: Against = None
    any_answer: Annotated[
        bool, flag("--any-answer", "Change answers, too, that are not the team's to change.")
    ] = False
    rules: Rules = None
    color: Color = "auto"
    stdin_name: StdinName = None
    as_of: AsOf = None


class AskRequest(Record, frozen=True, kw_only=True):
    """Ask what is worth asking, then print the recommendation.

    The dialogue goes to stderr, the recommendation to stdout. Comments of your own stay.
    """

    profile: Annotated[
        Text, Argument(metavar="[PROFILE]", help="Profile to start from; profile.yaml if it is there.")
    ] = None
    output: Annotated[
        Text, option("--output", "PROFILE", "YAML file to save in, after each answer.", "-o")
    ] = None
    everything: Annotated[bool, flag("--all", "Ask everything that is still unknown.")] = False
    answers: Annotated[
        Text, option("--answers", "FILE", "Take answers from FILE or `-`, one `criterion: answer` a line.")
    ] = None
    format: Annotated[str, format_option("recommend")] = "text"
    rules: Rules = None
    color: Color = "auto"


class RecordRequest(Record, frozen=True, kw_only=True):
    """Write the decision as a record (MADR) that `check` keeps true."""

    profile: Profile
    output: Annotated[
        Text,
        option("--output", "PATH", "File to write, or folder that gets the next number.", "-o"),
    ] = None
    into: Annotated[Text, option("--into", "FILE", "Fill in the empty sections of this record.")] = None
    force: Annotated[bool, flag("--force", "Overwrite an existing record.")] = False
    against: Against = None
    rules: Rules = None
    as_of: AsOf = None


class MeasureRequest(Record, frozen=True, kw_only=True):
    """Measure answers on your own documents, examples and calls.

    Nothing leaves this machine unless --search or --calls names an address. No answer of a person is replaced.
    """

    docs: Annotated[Text, option("--docs", "DIR", "Folder of the material; its git history, too.")] = None
    questions: Annotated[
        Text, option("--questions", "FILE", "Questions with answers: JSONL, CSV, SQuAD, BEIR.")
    ] = None
    search: Annotated[
        Text, option("--search", "SOURCE", "Your engine: http(s)://, postgresql:// or command:PROGRAM.")
    ] = None
    examples: Annotated[Text, option("--examples", "FILE", "Training examples: JSONL, JSON, CSV.")] = None
    test: Annotated[Text, option("--test", "FILE", "Test examples, kept apart from the others.")] = None
    calls: Annotated[Text, option("--calls", "SOURCE", "Log of model calls: file or address.")] = None
    calls_map: Annotated[
        Names, option("--calls-map", "NAME=COLUMN", "Column of the log; may be repeated.")
    ] = []
    output: Annotated[Text, option("--output", "PROFILE", "YAML profile to write or complete.", "-o")] = None
    check: Annotated[
        Text, option("--check", "FILE", "Fail where this profile or record no longer holds.")
    ] = None
    no_examples: Annotated[bool, flag("--no-examples", "Show no text of the data, not even masked.")] = False
    format: Annotated[str, format_option("measure")] = "text"
    show: Show = None
    full: Full = False
    rules: Rules = None
    color: Color = "auto"
    as_of: AsOf = None


# --- design documents ---------------------------------------------------------------------------------------------


class CheckRequest(Record, frozen=True, kw_only=True):
    """Judge what design documents decide by the facts they state."""

    paths: Annotated[
        Names,
        Argument(metavar="DOC...", help="Files, folders or patterns such as 'docs/**/*.md'; `-` is stdin."),
    ] = []
    formats: Annotated[
        Names,
        option("--format", "FORMAT[=FILE]", f"{list_formats('check')}; several, all but one to files.", "-f"),
    ] = []
    show: Show = None
    full: Full = False
    fail_on: Annotated[
        Text, option("--fail-on", "SEVERITY", "error (default), warning, note or never.", known=FAILS_ON)
    ] = None
    min_confidence: Annotated[
        Text, option("--min-confidence", "LEVEL", "low (default), medium or high.", known=CONFIDENCES)
    ] = None
    exit_zero: Annotated[bool, flag("--exit-zero", "Findings never fail the run.")] = False
    require_decision: Annotated[
        bool, flag("--require-decision", "A document that decides nothing gives exit code 3.")
    ] = False
    select: Annotated[Names, option("--select", "RULE", "Only these rules, by name or code.")] = []
    ignore: Annotated[Names, option("--ignore", "RULE", "Not these rules, by name or code.")] = []
    since: Annotated[Text, option("--since", "REF", "Only documents changed since the branch left REF.")] = (
        None
    )
    profile: Annotated[Text, option("--profile", "FILE", "Facts from outside, as a profile file.")] = None
    baseline: Annotated[Text, option("--baseline", "FILE", "Forgive the findings that it knows.")] = None
    write_baseline: Annotated[
        Text, option("--write-baseline", "FILE", "Write the present findings there.")
    ] = None
    config: Annotated[Text, option("--config", "FILE", "Settings that hold, not the nearest.")] = None
    config_from: Annotated[
        Text, option("--config-from", "REF", "Settings, packs and baseline as they were where REF was left.")
    ] = None
    no_config: Annotated[bool, flag("--no-config", "No settings but these options.")] = False
    without: Annotated[Names, option("--without", "SETTING", "This setting of the file does not hold.")] = []
    model: Model = None
    cache: Cache = True
    rules: Rules = None
    color: Color = "auto"
    stdin_name: StdinName = None
    open_quoted: bool = True
    """Whether other documents that a document quotes are opened, to look the quotes up."""


class ExtractRequest(Record, frozen=True, kw_only=True):
    """Print the profile that a design document states, with quotes."""

    path: Annotated[str, Argument(metavar="DOC", help="Design document; `-` is stdin.")]
    format: Annotated[str, format_option("extract")] = "yaml"
    write: Annotated[bool, flag("--write", "Put what was read into the document, as a block to review.")] = (
        False
    )
    model: Model = None
    cache: Cache = True
    rules: Rules = None
    stdin_name: StdinName = None


# --- costs and prices ---------------------------------------------------------------------------------------------


class CostRequest(Record, frozen=True, kw_only=True):
    """Print what each option costs a month, and how fast it answers."""

    path: Profile
    format: Annotated[str, format_option("cost")] = "text"
    show: Show = None
    full: Full = False
    price: Annotated[
        Names, option("--price", "NAME.VALUE=NUMBER", "Use another price; may be repeated.")
    ] = []
    prices: PriceFile = None
    as_of: AsOf = None
    seed: Annotated[int, Option("--seed", help="Seed of the draws.")] = 0
    rules: Rules = None
    color: Color = "auto"
    stdin_name: Text = None
    """Name to read stdin under; its ending says what it holds."""


class ListPricesRequest(Record, frozen=True, kw_only=True):
    """Print every price row on a line."""

    format: Annotated[str, format_option("prices list")] = "text"
    prices: PriceFile = None
    as_of: AsOf = None
    rules: Rules = None


class ShowPriceRequest(Record, frozen=True, kw_only=True):
    """Print one row: every value with unit, range, date, source and confidence."""

    name: Annotated[str, Argument(metavar="ID", help="Name of a price row.")]
    format: Annotated[str, format_option("prices show")] = "text"
    prices: PriceFile = None
    as_of: AsOf = None
    rules: Rules = None
    color: Color = "auto"


class CheckPricesRequest(Record, frozen=True, kw_only=True):
    """Report prices to look up again: old rows, offers that end."""

    format: Annotated[str, format_option("prices check")] = "text"
    prices: PriceFile = None
    as_of: AsOf = None
    rules: Rules = None


# --- the rule set -------------------------------------------------------------------------------------------------


class ExplainRequest(Record, frozen=True, kw_only=True):
    """Print the page on a rule, criterion, option, source or topic."""

    name: Annotated[
        str,
        Argument(
            metavar="ID",
            help="Rule, code, criterion, option, source, or a word: probability, firm, settled, need, gate, scale and so on.",
        ),
    ]
    format: Annotated[str, format_option("explain")] = "text"
    rules: Rules = None
    color: Color = "auto"


class ListRulesRequest(Record, frozen=True, kw_only=True):
    """Print every rule on a line."""

    format: Annotated[str, format_option("rules list")] = "text"
    rules: Rules = None


class CheckRulesRequest(Record, frozen=True, kw_only=True):
    """Report problems in a rule set: dead rules, missing tests, stale sources and more."""

    pack: Annotated[Text, Argument(metavar="[PACK]", help="Folder of the rule set, as with --rules.")] = None
    format: Annotated[str, format_option("rules check")] = "text"
    as_of: AsOf = None
    rules: Rules = None


class TestRulesRequest(Record, frozen=True, kw_only=True):
    """Run the rule tests and the casebook."""

    format: Annotated[str, format_option("rules test")] = "text"
    misses: Annotated[bool, flag("--misses", "Name the cases that are missed.")] = False
    rules: Rules = None


class DiffRulesRequest(Record, frozen=True, kw_only=True):
    """Print what a change does: records that differ from BASE, and cases that come out differently."""

    base: Annotated[str, Argument(metavar="BASE", help="Another rule set's folder, or `shipped`.")]
    format: Annotated[str, format_option("rules diff")] = "text"
    rules: Rules = None


class SchemaRequest(Record, frozen=True, kw_only=True):
    """Print the JSON Schema of a kind of file, for editors."""

    name: Annotated[
        str,
        Argument(
            metavar="NAME", help="profile, rulebook, criteria, rules, sources, options, cases or language."
        ),
    ]
    rules: Rules = None


class StartRequest(Record, frozen=True, kw_only=True):
    """Write a commented profile to fill in."""

    path: Annotated[str, Argument(metavar="PROFILE", help="File to write; `-` prints it.")] = "profile.yaml"
    rules: Rules = None
    force: Annotated[bool, flag("--force", "Overwrite an existing file.")] = False


class ServeRequest(Record, frozen=True, kw_only=True):
    """Serve coding agents on stdin and stdout (MCP; extra `mcp`)."""

    rules: Rules = None
