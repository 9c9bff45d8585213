"""The reports as a whole: every screen at a pinned width, with and without colour, and with hostile text."""

import os
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from ragortune import load_rulebook, recommend
from ragortune.casebook import find_nearest
from ragortune.plaintext import clean_text, join_words, quote_value, shorten_text, suggest_name
from ragortune.render.markdown import escape_markdown, render_markdown
from ragortune.render.report import build_report
from ragortune.render.text import render_text

from .conftest import ROOT

SNAPSHOTS = ROOT / "tests" / "snapshots"
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
BOOK = load_rulebook()


def compare(name, text):
    """Compare with what was agreed on; UPDATE_SNAPSHOTS=1 agrees to what is printed now."""
    path = SNAPSHOTS / name
    if os.environ.get("UPDATE_SNAPSHOTS"):
        path.write_text(text)
    assert text == path.read_text()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_text_report_is_the_one_agreed_on(run, path):
    compare(f"{path.stem}.txt", run("recommend", path, columns=80).out)


@pytest.mark.parametrize("path", EXAMPLES[:1], ids=lambda path: path.stem)
def test_the_markdown_report_is_the_one_agreed_on(run, path):
    compare(f"{path.stem}.md", run("recommend", "--format", "markdown", path).out)


def test_the_report_on_nothing_is_the_one_agreed_on(run, write):
    compare("nothing.txt", run("recommend", write("empty.yaml", "")).out)


def test_the_report_in_colour_says_the_same_as_the_one_without(run):
    plain = run("recommend", EXAMPLES[0], columns=80).out
    coloured = run("recommend", "--color", "always", EXAMPLES[0], columns=80).out

    assert "\x1b[" not in plain
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


def test_no_line_but_an_address_is_wider_than_the_terminal(run):
    for path in EXAMPLES:
        for width in (40, 60, 80, 100, 200):
            for line in run("recommend", path, columns=width).out.splitlines():
                assert (
                    len(line) <= min(width, 100)
                    or "://" in line
                    or line.lstrip().startswith(("docs/", "rules/"))
                )


def test_a_terminal_without_unicode_gets_ascii_bars(run):
    out = run("recommend", EXAMPLES[0], encoding="ascii").out

    assert "####" in out
    assert "█" not in out


@pytest.mark.parametrize(
    ("environment", "colour"),
    [
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ({"NO_COLOR": "1"}, False),
    ],
)
def test_colour_follows_the_environment(run, environment, colour):
    assert ("\x1b[" in run("recommend", EXAMPLES[0], environment=environment).out) is colour


def test_machine_formats_are_never_coloured(run):
    for form in ("json", "jsonl", "markdown"):
        assert "\x1b" not in run("recommend", "-f", form, "--color", "always", EXAMPLES[0]).out


def test_a_tie_is_reported(book):
    tied = book.replace(scale=book.scale.replace(needs_rag_above=2.0))
    report = build_report(recommend({"knowledge.gap": "some"}, tied), ())

    assert report.firmness == (
        "a tie: the need for retrieval stands exactly on its threshold; the stated order decided, and rag is as near"
    )


def test_gates_that_decide_are_shown_and_those_that_do_not_are_left_out():
    blocked = build_report(recommend({"data.rights": "not_allowed", "knowledge.volatility": "daily"}), ())

    assert [gate.code for gate in blocked.gates] == ["D12"]
    alone = build_report(recommend({"knowledge.volatility": "daily", "cost.right_sizing": "yes"}), ())
    assert [gate.kind for gate in alone.gates] == ["Tuning alone is not enough"]
    gates_only = build_report(recommend({"knowledge.source": "none", "data.rights": "not_allowed"}), ())
    assert gates_only.firmness.startswith("firm: gates decide both needs")


HOSTILE = "\x1b[31mred\x1b[0m [bold]b[/bold] <script>alert(1)</script> ]] | * `x` # _y_ \u202egnp.exe \x07 \r\n::error::x ![i](u) [l](j)"


def test_nothing_in_a_title_reaches_the_terminal_as_a_command(run, write):
    import json

    name = write("p.json", json.dumps({"project": HOSTILE, "knowledge": {"gap": "most"}}))
    for options in (["--color", "never"], ["--color", "always"], ["--brief"]):
        out = run("recommend", *options, name).out
        assert "\x1b[31mred" not in out
        assert "\u202e" not in out
        assert "\x07" not in out
        assert not re.search(r"^::error", out, re.MULTILINE)
    assert "[bold]b[/bold]" in run("recommend", name).out
    assert json.loads(run("recommend", "-f", "json", name).out)["project"] == HOSTILE
    assert "\u202e" not in run("recommend", "-f", "json", name).out


def test_nothing_in_a_title_reaches_markdown_as_markup(run, write):
    import json

    name = write("p.json", json.dumps({"project": HOSTILE, "knowledge": {"gap": "most"}}))
    tokens = MarkdownIt("commonmark", {"html": True}).parse(run("recommend", "-f", "markdown", name).out)
    heading = tokens[1]

    assert tokens[0].tag == "h1"
    assert {child.type for child in heading.children} <= {"text", "text_special"}
    assert not any(token.type == "html_block" for token in tokens)


@given(st.text())
def test_no_text_can_become_markup(text):
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(f"# x{escape_markdown(text)}x\n")

    assert [token.type for token in tokens] == ["heading_open", "inline", "heading_close"]
    assert {child.type for child in tokens[1].children} <= {"text", "text_special"}


@given(st.text())
def test_no_text_can_steer_a_terminal(text):
    shown = clean_text(text)

    assert shown.isprintable()
    assert clean_text(text, keep_breaks=True).replace("\n", "").replace("\t", "").isprintable()


@given(st.text(max_size=40), st.sampled_from(BOOK.rules["weak-model"].criteria))
def test_any_title_can_be_reported(text, criterion):
    advice = recommend({"project": text, criterion: BOOK.criteria[criterion].level_ids[0]})
    report = build_report(advice, find_nearest(advice))

    assert render_text(report, width=80, color=True)
    assert render_markdown(report)


def test_words_are_joined_and_shortened_and_quoted():
    assert [join_words(words) for words in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]
    assert shorten_text("abcdef", 4) == "abc…"
    assert quote_value("x" * 100) == f"'{'x' * 59}…'"
    assert [quote_value(value) for value in (True, False, {}, [], (1,), 3, None)] == [
        "true", "false", "a mapping", "a list", "a list", "3", "None",
    ]  # fmt: skip


def test_the_nearest_name_is_suggested_or_none():
    assert suggest_name("knowlege.gap", ["knowledge.gap", "task.kind"]) == "did you mean 'knowledge.gap'?"
    assert suggest_name("volatility", ["knowledge.volatility"]) == "did you mean 'knowledge.volatility'?"
    assert suggest_name("fresh", ["knowledge.freshness"]) == "did you mean 'knowledge.freshness'?"
    assert suggest_name("zzzzzz", ["knowledge.gap"]) is None
