"""What commands share: how options are declared, how a request is made of them, and how a command ends."""

from typing import Annotated, Any, TypeVar

import typer
from typer import Option, Typer
from typer.models import OptionInfo

from ragortune.commands.formats import list_formats
from ragortune.support.errors import ExitCode
from ragortune.support.record import Record

_Request = TypeVar("_Request", bound=Record)


def make_app(text: str) -> Typer:
    """Return a group of commands."""
    return Typer(
        help=text,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def text_option(name: str, metavar: str, text: str) -> OptionInfo:
    """Return an option that takes text."""
    option: OptionInfo = Option(name, metavar=metavar, help=text)
    return option


def flag(name: str, text: str) -> OptionInfo:
    """Return an option that is there or not."""
    option: OptionInfo = Option(name, help=text)
    return option


def format_option(command: str, metavar: str = "FORMAT", more: str = "") -> OptionInfo:
    """Return the option that chooses among the formats of a command."""
    option: OptionInfo = Option("--format", "-f", metavar=metavar, help=f"{list_formats(command)}{more}.")
    return option


def make_request(kind: type[_Request], parameters: dict[str, Any], **renamed: object) -> _Request:
    """Return a request from the parameters of a command, each of which is the field of that name."""
    known = {name: own for name, own in {**parameters, **renamed}.items() if name in kind.field_names()}
    lists = {name: tuple(own) for name, own in known.items() if isinstance(own, list)}
    return kind(**{name: own for name, own in {**known, **lists}.items() if own is not None})


def finish(code: ExitCode) -> None:
    """End the command with its exit code."""
    raise typer.Exit(int(code))


Text = str | None
Names = list[str] | None
Rules = Annotated[
    Text, text_option("--rules", "DIR", "Folder of a rule set; else the configured or shipped one.")
]
Model = Annotated[
    Text, text_option("--model", "NAME", "Let a model read: provider:model, or command:PROGRAM.")
]
Cache = Annotated[bool, flag("--cache/--no-cache", "Keep answers of the model, and use them again.")]
Show = Annotated[Text, text_option("--show", "NAME,...", "Only these sections; a wrong name lists them all.")]
Full = Annotated[bool, flag("--full", "All sections, not what fits a screen.")]
Color = Annotated[str, text_option("--color", "WHEN", "auto, always or never.")]
StdinName = Annotated[Text, text_option("--stdin-name", "NAME", "Read stdin as a file of this name.")]
Against = Annotated[
    Text,
    text_option(
        "--against", "OLD", "What changed since: JSON printed earlier, or git revision of the profile."
    ),
]
AsOf = Annotated[Text, text_option("--as-of", "DATE", "Judge prices, ages and ends on this date.")]
PriceFile = Annotated[
    Text, text_option("--prices", "FILE", "Price file that adds rows, or overrides them by id.")
]
