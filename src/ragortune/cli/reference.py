"""Commands about what the advice rests on: rules, prices, pages, schemas, and a profile to begin with."""

from typing import Annotated

import typer
from typer import Argument

from ragortune.cli.options import (
    AsOf,
    Color,
    PriceFile,
    Rules,
    Text,
    finish,
    flag,
    format_option,
    make_app,
    text_option,
)
from ragortune.support.environment import Environment

rules_app = make_app("Look at the rule set, check it and test it.")
prices_app = make_app("Look at the price data: what things cost, since when, and who says so.")


def explain(
    name: Annotated[
        str,
        Argument(
            metavar="ID",
            help="Rule, code, criterion, option, source, or a word: probability, firm, settled, need, gate, scale and so on.",
        ),
    ],
    form: Annotated[str, format_option("explain")] = "text",
    rules: Rules = None,
    color: Color = "auto",
) -> None:
    """Print the page on a rule, criterion, option, source or topic."""
    from ragortune.commands.rules import show_page

    finish(show_page(name, rules, form, color, Environment.detect()))


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

    finish(print_schema(name, rules, Environment.detect()))


def init(
    path: Annotated[str, Argument(metavar="PROFILE", help="File to write; `-` prints it.")] = "profile.yaml",
    rules: Rules = None,
    force: Annotated[bool, flag("--force", "Overwrite an existing file.")] = False,
) -> None:
    """Write a commented profile to fill in."""
    from ragortune.commands.files import write_start

    finish(write_start(path, rules, Environment.detect(), force=force))


@rules_app.command("list")
def list_rules(form: Annotated[str, format_option("rules list")] = "text", rules: Rules = None) -> None:
    """Print every rule on a line."""
    from ragortune.commands import rules as command

    finish(command.list_rules(rules, form, Environment.detect()))


rules_app.command("show", help="Print the page of a rule: why, evidence, when it misleads, what to do.")(
    explain
)


@rules_app.command("check")
def check_rules(
    pack: Annotated[
        str | None, typer.Argument(metavar="[PACK]", help="Folder of the rule set, as with --rules.")
    ] = None,
    form: Annotated[str, format_option("rules check")] = "text",
    as_of: AsOf = None,
    rules: Rules = None,
) -> None:
    """Report problems in a rule set: dead rules, missing tests, stale sources and more."""
    from ragortune.commands import rules as command

    finish(command.check_rules(pack or rules, form, as_of, Environment.detect()))


@rules_app.command("test")
def test_rules(
    form: Annotated[str, format_option("rules test")] = "text",
    misses: Annotated[bool, flag("--misses", "Name the cases that are missed.")] = False,
    rules: Rules = None,
) -> None:
    """Run the rule tests and the casebook."""
    from ragortune.commands import rules as command

    finish(command.run_rule_tests(rules, form, Environment.detect(), misses=misses))


@prices_app.command("list")
def list_prices(
    kind: Annotated[Text, text_option("--kind", "KIND", "Rows of one kind only.")] = None,
    form: Annotated[str, format_option("prices list")] = "text",
    prices: PriceFile = None,
    as_of: AsOf = None,
    rules: Rules = None,
) -> None:
    """Print every price row on a line."""
    from ragortune.commands import prices as command

    sources = command.PriceRequest(rules, prices, (), as_of)
    finish(command.list_prices(sources, kind, form, Environment.detect()))


@prices_app.command("show")
def show_price(
    name: Annotated[str, Argument(metavar="ID", help="Name of a price row.")],
    form: Annotated[str, format_option("prices show")] = "text",
    prices: PriceFile = None,
    as_of: AsOf = None,
    rules: Rules = None,
    color: Color = "auto",
) -> None:
    """Print one row: every value with unit, range, date, source and confidence."""
    from ragortune.commands import prices as command

    request = command.PriceRequest(rules, prices, (), as_of)
    finish(command.show_price(name, request, form, color, Environment.detect()))


@prices_app.command("check")
def check_prices(
    form: Annotated[str, format_option("prices check")] = "text",
    prices: PriceFile = None,
    as_of: AsOf = None,
    rules: Rules = None,
) -> None:
    """Report prices to look up again: old rows, offers that end."""
    from ragortune.commands import prices as command

    finish(command.check_prices(command.PriceRequest(rules, prices, (), as_of), form, Environment.detect()))


@rules_app.command("diff")
def diff_rules(
    base: Annotated[str, Argument(metavar="BASE", help="Another rule set's folder, or `shipped`.")],
    form: Annotated[str, format_option("rules diff")] = "text",
    rules: Rules = None,
) -> None:
    """Print what a change does: records that differ from BASE, and cases that come out differently."""
    from ragortune.commands.rules import diff_rule_sets

    finish(diff_rule_sets(base, rules, form, Environment.detect()))
