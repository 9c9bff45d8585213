"""The reports as a whole: every screen at a pinned width, with and without colour, and with hostile text."""

import os
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from ragortune import load_rulebook, recommend
from ragortune.casebook import find_nearest
from ragortune.evidence.profile import Vocabulary
from ragortune.model import Gate, GateKind, Need
from ragortune.report.headline import build_headline, format_probability, format_share
from ragortune.report.markdown import escape_markdown
from ragortune.report.markdown_old import render_markdown
from ragortune.report.outlook import build_outlook
from ragortune.report.report import build_report
from ragortune.report.sheet import render_text
from ragortune.support.reading import PROFILE_BYTES, read_document
from ragortune.support.text import clean_text, join_words, quote_value, shorten_text, suggest_name

from .conftest import ROOT

SNAPSHOTS = ROOT / "tests" / "snapshots"
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
BOOK = load_rulebook()
TIED = BOOK.replace(
    scale=BOOK.scale.replace(
        intercept_rag=-BOOK.scale.weight(BOOK.rules["facts-from-outside"].effects[0].strength)
    )
)
"""A rule set by which a gap alone makes retrieval exactly as likely as not."""


def compare(name, text):
    """Compare with what was agreed on, digest of the rules apart; UPDATE_SNAPSHOTS=1 agrees to what is printed now."""
    path = SNAPSHOTS / name
    text = re.sub(r"sha256:[0-9a-f]+", "sha256:...", text)
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
    (run.folder / "empty.yaml").write_text("")
    for path in (*EXAMPLES, "empty.yaml"):
        out = run("recommend", path, "--color", "never", terminal="ascii").out
        assert "####" in out
        assert not re.search("[█░─│●]", out)


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


# --- the advice, and how firm it is ---------------------------------------------------------------------------------


def test_a_probability_is_said_in_words_about_systems_that_were_built():
    advice = recommend({"knowledge.gap": "most", "knowledge.access_path": "by_meaning"})
    count = round(100 * advice.probability[advice.option])

    assert build_headline(advice).probability == (
        f"{count}%: of 100 production systems that answered like this, about {count} were built so"
    )


def test_a_rule_set_without_a_field_sample_claims_nothing_about_systems():
    advice = recommend({"knowledge.access_path": "by_meaning"}, BOOK.replace(answer_counts={}))

    assert re.fullmatch(r"\d\d%", build_headline(advice).probability)


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0, "0%"), (0.001, "<1%"), (0.0051, "1%"), (0.5, "50%"), (0.994, "99%"), (0.9999, ">99%"), (1, "100%")],
)
def test_what_is_not_all_never_reads_as_all_and_what_is_not_none_not_as_none(share, shown):
    assert format_share(share) == shown


@pytest.mark.parametrize(
    ("probability", "shown"), [(0.796, "79%"), (0.7999, "79%"), (0.8, "80%"), (0.506, "51%")]
)
def test_what_falls_short_of_firm_is_not_rounded_up_to_it(probability, shown):
    assert format_probability(BOOK, probability) == shown


def test_a_team_that_answered_nothing_is_told_so_with_the_default_the_base_rates_and_what_to_ask():
    headline = build_headline(recommend({}))

    assert headline.verdict.startswith("Too little is known to tell. Until more is known: rag, the default")
    assert headline.base_rates.startswith("with nothing known: neither ")
    assert len(headline.questions) == 3
    assert headline.questions[0].head == "knowledge.access_path"
    assert headline.questions[0].text == BOOK.criteria["knowledge.access_path"].question


def test_questions_about_a_thing_wait_until_the_thing_is_known_to_exist():
    for answers in ({}, {"knowledge.gap": "most"}, {"readiness.prompting": "untried"}):
        advice = recommend(answers)
        shown = [line.head for line in build_headline(advice).questions + build_outlook(advice).questions]
        assert not [name for name in shown if BOOK.criteria[name].asked_when]


def test_a_team_whose_answers_leave_every_option_below_one_half_is_told_so():
    advice = recommend({"knowledge.gap": "most"}, TIED)
    headline = build_headline(advice)

    assert (advice.default, advice.too_little_known) == (False, True)
    assert headline.verdict.startswith("Too little is known to tell. The best guess is neither: ")
    assert headline.verdict.endswith(" (rag is as likely)")
    assert headline.questions


def test_a_need_that_is_as_likely_as_not_is_reported():
    report = build_report(recommend({"knowledge.gap": "most"}, TIED), ())

    assert report.needs[0].verdict == "as likely as not, so it is not taken to hold: 50%, log-odds +0.00"


def test_firm_advice_and_advice_that_is_not_firm_are_told_apart():
    firm = recommend({"knowledge": {"access_path": "in_request", "gap": "none", "fits_prompt": "yes"}})
    weak = recommend({"knowledge.gap": "none"})
    batch = recommend({"knowledge.gap": "none"}, what_if=False)

    assert re.match(
        r"firm \(80% or more\); \d+ open answers can still change the advice", build_headline(firm).firm
    )
    assert build_headline(weak).firm.startswith("not firm (below 80%); ")
    assert re.fullmatch(r"not firm \(below 80%\); next comes rag with \d+%", build_headline(batch).firm)


def test_advice_with_too_much_open_says_that_it_was_not_worked_out():
    advice = recommend({}).replace(settled=None, unknowns=None)

    assert build_headline(advice).firm.endswith("too much open to work out whether it can change the advice")


# --- needs ----------------------------------------------------------------------------------------------------------


def test_the_lines_of_a_need_add_up_to_its_log_odds():
    for path in EXAMPLES:
        document = read_document(str(path), PROFILE_BYTES)
        advice = recommend(
            Vocabulary(BOOK.criteria, BOOK.quantities).read_profile(document.data, document), what_if=False
        )
        for part, state in zip(build_report(advice, ()).needs, advice.needs.values(), strict=True):
            assert sum(line.weight for line in part.reasons) == pytest.approx(state.score)
            assert part.reasons[0].text.startswith("base rate: ")


def test_a_team_without_known_examples_is_told_that_tuning_counts_for_less():
    answers = {"readiness.prompting": "plateaued", "model.strength": "weak", "performance.deployment": "edge"}
    tuning = build_report(recommend(answers), ()).needs[1]
    confirmed = build_report(recommend({**answers, "data.examples": 400}), ())

    title = BOOK.rules["more-than-a-handful"].title
    assert tuning.ceiling == (
        f"not confirmed by D14 ({title[:1].lower()}{title[1:]}), so it counts as at most 77%, log-odds +1.20"
    )
    assert confirmed.needs[1].ceiling == ""
    assert [(gate.code, gate.kind) for gate in confirmed.gates] == [("D14", "Tuning is confirmed")]


def test_gates_that_decide_are_shown_and_those_that_do_not_are_left_out():
    blocked = build_report(recommend({"data.rights": "not_allowed", "knowledge.volatility": "daily"}), ())
    idle = build_report(recommend({"data.examples": 400}), ())

    assert [(gate.code, gate.kind) for gate in blocked.gates] == [("D12", "Tuning is ruled out")]
    assert blocked.needs[1].verdict.startswith("ruled out, whatever its log-odds ")
    assert idle.gates == ()


def test_a_need_that_a_gate_requires_says_so(book):
    rule = book.rules["fast-changing-facts"]
    rule = rule.replace(gates=(Gate(Need.RAG, GateKind.REQUIRES),))
    report = build_report(
        recommend({"knowledge.volatility": "daily"}, book.replace(rules={**book.rules, rule.id: rule})), ()
    )

    assert report.needs[0].verdict.startswith("required, whatever its log-odds ")
    assert [gate.kind for gate in report.gates] == ["Retrieval is required"]


def test_answers_that_hold_together_and_answers_between_levels_read_apart():
    answers = {"knowledge.access_path": ["by_meaning", "by_key"], "knowledge.volatility": ["daily", "weekly"]}
    shown = " ".join(line.answers for line in build_report(recommend(answers), ()).needs[0].reasons)

    assert "access path: by_meaning and by_key" in shown
    assert "volatility: weekly or daily" in shown


def test_everything_that_the_system_does_is_measured():
    report = build_report(recommend({"task.kind": ["classification", "summarisation"]}), ())
    measures = [text for what, text in report.proof if what == "Measure"]

    assert measures == [
        BOOK.criteria["task.kind"].level(kind).measure for kind in ("classification", "summarisation")
    ]


# --- hostile text ---------------------------------------------------------------------------------------------------


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
