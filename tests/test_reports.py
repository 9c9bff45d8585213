"""The reports as a whole: every screen at a pinned width, with and without colour, and with hostile text."""

import os
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from ragortune import load_rulebook, recommend
from ragortune.casebook import find_nearest
from ragortune.evidence.profile import Vocabulary
from ragortune.model import Gate, GateKind, Need
from ragortune.report.blocks import Heading, Item, Items, Paragraph
from ragortune.report.headline import describe_firmness, format_probability, format_share
from ragortune.report.markdown import escape_markdown, write_markdown
from ragortune.report.recommendation import build_recommendation
from ragortune.report.shapes import Advice
from ragortune.report.text import write_text
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


def tell(advice, cases=()):
    """Return the text report with every run of blanks as one."""
    page = build_recommendation(Advice(advice, cases)).choose(())
    return " ".join(write_text(page, width=100, color=False).split())


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_text_report_is_the_one_agreed_on(run, path):
    compare(f"{path.stem}.txt", run("recommend", "--full", path, columns=80).out)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_screen_is_the_one_agreed_on(run, path):
    compare(f"screen-{path.stem}.txt", run("recommend", path, columns=80).out)


@pytest.mark.parametrize("path", EXAMPLES[:1], ids=lambda path: path.stem)
def test_the_markdown_report_is_the_one_agreed_on(run, path):
    compare(f"{path.stem}.md", run("recommend", "--format", "markdown", path).out)


def test_the_report_on_nothing_is_the_one_agreed_on(run, write):
    compare("nothing.txt", run("recommend", "--full", write("empty.yaml", "")).out)


def test_the_report_in_colour_says_the_same_as_the_one_without(run):
    for options in ((), ("--full",)):
        plain = run("recommend", *options, EXAMPLES[0], columns=80).out
        coloured = run("recommend", *options, "--color", "always", EXAMPLES[0], columns=80).out

        assert "\x1b[" not in plain
        assert "\x1b[" in coloured
        assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


def test_no_line_but_an_address_is_wider_than_the_terminal(run):
    for path in EXAMPLES:
        for width in (40, 60, 80, 100, 200):
            for line in run("recommend", "--full", path, columns=width).out.splitlines():
                assert (
                    len(line) <= min(width, 100)
                    or "://" in line
                    or line.lstrip().startswith(("ragortune explain docs/", "rules/"))
                )


def test_a_terminal_without_unicode_gets_ascii_bars(run):
    (run.folder / "empty.yaml").write_text("")
    for path in (*EXAMPLES, "empty.yaml"):
        out = run("recommend", path, "--full", "--color", "never", terminal="ascii").out
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

    assert f". Of 100 published systems like this, about {count} did so. " in tell(advice)


def test_no_more_is_claimed_than_the_field_sample_can_tell():
    advice = recommend({"knowledge": {"access_path": "by_meaning", "source": "documents", "gap": "most"}})
    told = tell(advice.replace(probability={**advice.probability, advice.option: 0.98}))

    assert " Of 100 published systems like this, more than 95 did so. rag 98% " in told


def test_a_rule_set_without_a_field_sample_claims_nothing_about_systems():
    advice = recommend({"knowledge.access_path": "by_meaning"}, BOOK.replace(fitted=0))

    assert re.search(r" Its probability is \d\d%\. ", tell(advice))


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0, "0%"), (0.001, "<1%"), (0.0051, "1%"), (0.5, "50%"), (0.994, "99%"), (0.9999, ">99%"), (1, "100%")],
)
def test_what_is_not_all_never_reads_as_all_and_what_is_not_none_not_as_none(share, shown):
    assert format_share(share) == shown


@pytest.mark.parametrize(
    ("probability", "shown"),
    [(0.796, "79%"), (0.7999, "79%"), (0.8, "80%"), (0.506, "51%"), (0.4993, "49%"), (0.5, "50%")],
)
def test_what_falls_short_of_firm_or_of_advice_is_not_rounded_up_to_it(probability, shown):
    assert format_probability(BOOK, probability) == shown


def test_a_team_that_answered_nothing_is_told_so_with_the_default_the_base_rates_and_what_to_ask():
    told = tell(recommend({}))

    assert "Untitled project Too little is known to tell. Until more is known: rag, the default" in told
    assert "Base rates with nothing known: neither " in told
    first = BOOK.criteria["knowledge.access_path"].question
    asked = told.partition(" FIND OUT NEXT ")[2].partition(" BEGIN WITH ")[0]
    assert asked.startswith(f"- knowledge.access_path {first} (could give neither) ")
    assert sum(criterion.question in asked for criterion in BOOK.criteria.values()) == 5


def test_questions_about_a_thing_wait_until_the_thing_is_known_to_exist():
    for answers in ({}, {"knowledge.gap": "most"}, {"readiness.prompting": "untried"}):
        advice = recommend(answers)
        told = tell(advice)
        later = [criterion for criterion in BOOK.criteria.values() if criterion.asked_when]
        assert not [criterion.id for criterion in later if criterion.question in told]


def test_a_team_whose_answers_leave_every_option_below_one_half_is_told_so():
    advice = recommend({"knowledge.gap": "most"}, TIED)
    told = tell(advice)

    assert (advice.default, advice.too_little_known) == (False, True)
    assert "Too little is known to tell. The best guess is neither (prompting without retrieval or " in told
    assert " (rag is as likely). Of 100 " in told
    assert " FIND OUT NEXT " in told


def test_a_need_that_is_as_likely_as_not_is_reported():
    told = tell(recommend({"knowledge.gap": "most"}, TIED))

    assert "NEED FOR RETRIEVAL as likely as not, so it is not taken to hold: 50%, log-odds +0.00 " in told


def test_firm_advice_and_advice_that_is_not_firm_are_told_apart():
    firm = recommend({"knowledge": {"access_path": "in_request", "gap": "none", "fits_prompt": "yes"}})
    weak = recommend({"knowledge.gap": "none"})
    batch = recommend({"knowledge.gap": "none"}, what_if=False)

    assert re.match(r"firm; \d+ open questions can still change it, ", describe_firmness(firm))
    assert describe_firmness(weak).startswith("not firm; ")
    assert re.fullmatch(r"not firm; next comes rag with \d+%", describe_firmness(batch))


def test_advice_with_too_much_open_says_that_it_was_not_worked_out():
    advice = recommend({}).replace(settled=None, unknowns=None)

    assert re.search("settled: not computed, [0-9]+ joint rules", describe_firmness(advice))


# --- needs ----------------------------------------------------------------------------------------------------------


def test_the_lines_of_a_need_add_up_to_its_log_odds():
    for path in EXAMPLES:
        document = read_document(str(path), PROFILE_BYTES)
        advice = recommend(
            Vocabulary(BOOK.criteria, BOOK.quantities).read_profile(document.data, document), what_if=False
        )
        text = write_text(build_recommendation(Advice(advice)).choose(()), width=80, color=False)
        for heading, state in zip(("RETRIEVAL", "TUNING"), advice.needs.values(), strict=True):
            part = text.partition(f"NEED FOR {heading}\n")[2].partition("\n\n")[0]
            weights = re.findall(r"^  ([+-]\d\.\d\d) ", part, re.MULTILINE)
            assert sum(map(float, weights)) == pytest.approx(state.score)
            assert "base rate: " in part.splitlines()[1]


def test_a_team_without_known_examples_is_told_that_tuning_counts_for_less():
    answers = {"readiness.prompting": "plateaued", "model.strength": "weak", "performance.deployment": "edge"}
    tuning, confirmed = tell(recommend(answers)), tell(recommend({**answers, "data.examples": 400}))

    title = BOOK.rules["more-than-a-handful"].title
    ceiling = (
        f"not confirmed by D14 ({title[:1].lower()}{title[1:]}), so it counts as at most 77%, log-odds +1.20"
    )
    assert ceiling in tuning
    assert "not confirmed by" not in confirmed
    assert "GATES - D14 Confirms tuning: " in confirmed


def test_gates_that_decide_are_shown_and_those_that_do_not_are_left_out():
    blocked = tell(recommend({"data.rights": "not_allowed", "knowledge.volatility": "daily"}))
    idle = tell(recommend({"data.examples": 400}))

    assert "GATES - D12 Rules tuning out: " in blocked
    assert "NEED FOR TUNING ruled out, whatever its log-odds " in blocked
    assert "GATES" not in idle


def test_a_need_that_a_gate_requires_says_so(book):
    rule = book.rules["fast-changing-facts"]
    rule = rule.replace(gates=(Gate(Need.RAG, GateKind.REQUIRES),))
    changed = book.replace(rules={**book.rules, rule.id: rule})
    told = tell(recommend({"knowledge.volatility": "daily"}, changed))

    assert "NEED FOR RETRIEVAL required, whatever its log-odds " in told
    assert f"GATES - {rule.code} Requires retrieval: " in told


def test_answers_that_hold_together_and_answers_between_levels_read_apart():
    answers = {"knowledge.access_path": ["by_meaning", "by_key"], "knowledge.volatility": ["daily", "weekly"]}
    shown = tell(recommend(answers))

    assert "access path: by_meaning and by_key" in shown
    assert "volatility: weekly or daily" in shown


def test_everything_that_the_system_does_is_measured():
    told = tell(recommend({"task.kind": ["classification", "summarisation"]}))

    for kind in ("classification", "summarisation"):
        assert f" Measure {BOOK.criteria['task.kind'].level(kind).measure} " in told


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
    assert "[bold]b[/bold]" in run("recommend", name, "--full").out
    assert json.loads(run("recommend", "-f", "json", name).out)["project"] == HOSTILE
    assert "\u202e" not in run("recommend", "-f", "json", name).out


def test_nothing_in_a_title_reaches_markdown_as_markup(run, write):
    import json

    name = write("p.json", json.dumps({"project": HOSTILE, "knowledge": {"gap": "most"}}))
    tokens = MarkdownIt("commonmark", {"html": True}).parse(run("recommend", "-f", "markdown", name).out)
    heading = tokens[1]

    assert tokens[0].tag == "h1"
    assert {child.type for child in heading.children} <= {"text", "text_special"}
    blocks = [token.content for token in tokens if token.type == "html_block"]
    assert blocks == ["<details>\n<summary>How to find out</summary>\n", "</details>\n"]


@example("` `")
@given(st.text(st.sampled_from("` \\<b>|a")))
def test_no_code_in_a_text_can_become_markup(text):
    written = write_markdown([Paragraph(f"{text}http://x<img>![i](u)")])

    children = MarkdownIt("commonmark", {"html": True}).parse(written)[1].children
    assert {child.type for child in children} <= {"text", "text_special", "code_inline"}


@given(st.text())
def test_no_text_can_become_markup(text):
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(f"# x{escape_markdown(text)}x\n")

    assert [token.type for token in tokens] == ["heading_open", "inline", "heading_close"]
    assert {child.type for child in tokens[1].children} <= {"text", "text_special", "code_inline"}


LIVE = ["@octocat", "(@org/team)", "https://evil.invalid/x", "www.evil.invalid", "HTTP://evil.invalid", "a@evil.invalid",
        "ftp://evil.invalid", "other/project#12", "#7", "!8", "our/project&9", "c0ffee12", "GH-7", "mailto:a@b", "@a@b", "#1@a", "`@a", "|@a", "[x](//evil.invalid)", "$1", "US$x$.", "$`x`$", "$$ x $$"]  # fmt: skip
"""What a code host makes a link of, or tells somebody by."""


@pytest.mark.parametrize("live", LIVE)
def test_nothing_that_a_document_says_is_live_in_a_comment(live):
    page = write_markdown(
        [Heading(live), Paragraph(f"{live} or {live}"), Items((Item(live, notes=(f"so {live}",)),))]
    )

    said = []
    for token in MarkdownIt("commonmark").parse(page):
        for child in token.children or ():
            assert child.type not in {"link_open", "html_inline", "image"}
            said += [child.content] * (child.type in {"text", "text_special"})
    assert not re.search(
        r"(?<!\w)@\w|\w@\w+\.|:/|www\.|[#!&]\d|c0ffee|GH-\d|mailto|\$", "".join(said), re.IGNORECASE
    )


def test_no_line_of_a_comment_is_an_order_to_the_host():
    page = write_markdown([Paragraph("/merge"), Items((Item("x", notes=("/close",)),))])

    assert not re.search(r"^\s*/", page, re.MULTILINE)


@given(st.text())
def test_no_text_can_steer_a_terminal(text):
    shown = clean_text(text)

    assert shown.isprintable()
    assert clean_text(text, keep_breaks=True).replace("\n", "").replace("\t", "").isprintable()


@settings(max_examples=40)
@given(st.text(max_size=40), st.sampled_from(BOOK.rules["weak-model"].criteria))
def test_any_title_can_be_reported(text, criterion):
    advice = recommend({"project": text, criterion: BOOK.criteria[criterion].level_ids[0]})
    page = list(build_recommendation(Advice(advice, find_nearest(advice))).choose(()))

    assert write_text(page, width=80, color=True)
    assert write_markdown(page)


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
        "true", "false", "a mapping", "a list", "a list", "3", "null",
    ]  # fmt: skip


def test_the_nearest_name_is_suggested_or_none():
    assert suggest_name("knowlege.gap", ["knowledge.gap", "task.kind"]) == "did you mean 'knowledge.gap'?"
    assert suggest_name("volatility", ["knowledge.volatility"]) == "did you mean 'knowledge.volatility'?"
    assert suggest_name("fresh", ["knowledge.freshness"]) == "did you mean 'knowledge.freshness'?"
    assert suggest_name("zzzzzz", ["knowledge.gap"]) is None
