"""What fits one screen: every command's answer first, at any width, and the rest where it is asked for."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragortune import load_rulebook, recommend
from ragortune.model import Direction, has_need
from ragortune.report.headline import describe_firmness
from ragortune.report.pages import find_page
from ragortune.report.recommendation import SECTIONS, build_recommendation
from ragortune.report.shapes import Advice
from ragortune.report.text import SCREEN_LINES, write_screen
from ragortune.support.text import cut_text

from .conftest import ROOT

BOOK = load_rulebook()
PROFILES = [{}, *(dict(case.profile) for case in BOOK.cases[::9])]
SCENARIOS = sorted((ROOT / "examples" / "cost").glob("*.yaml"))
WORDS = ("probability", "firm", "settled", "need", "gate")


@pytest.fixture(scope="module")
def advised():
    return [recommend({"project": "A project", **profile}) for profile in PROFILES]


def show(advice, width=80):
    return write_screen(build_recommendation(Advice(advice)), width=width, color=False)


@pytest.mark.parametrize("width", [40, 80, 200])
def test_the_advice_on_every_published_project_fits_a_terminal(advised, width):
    for advice in advised:
        lines = show(advice, width).splitlines()
        assert len(lines) <= SCREEN_LINES
        assert max(map(len, lines)) <= width


def test_a_screen_has_the_reasons_what_speaks_against_them_what_to_ask_and_what_to_do(advised):
    for advice in advised:
        shown = show(advice)
        for label in ("  How firm", "  But ", "  Find out", "  First step", "  More"):
            assert f"\n{label}" in shown
        backing = [
            reason.rule.code
            for reason in advice.reasons
            if has_need(advice.option, reason.need) is (reason.effect is Direction.FOR)
        ]
        part = shown.partition("  How firm")[2].partition("\n  But ")[0]
        cited = re.findall(r" ([A-Z]\d\d) ", part)
        assert len(cited) >= min(3, len(backing))
        assert {reason.need for reason in advice.reasons if reason.rule.code in cited} == {
            reason.need for reason in advice.reasons if reason.rule.code in backing
        } or any(hit.rule.code in cited for hit in advice.gates)


def test_a_tech_lead_reads_the_whole_first_step_and_how_firm_the_advice_is(advised):
    for advice in advised:
        shown = " ".join(show(advice).split())
        assert advice.first_step[0] in shown
        assert describe_firmness(advice) in shown


def test_every_word_code_and_name_on_a_screen_has_a_page(advised):
    shown = "".join(map(show, advised))
    names = {*re.findall(r"\b[A-Z]\d\d\b", shown), *re.findall(r"\b[a-z]+\.[a-z_]+\b", shown)}
    options = re.findall(r"^  (\w+) +<?\d+%", shown, re.MULTILINE)

    assert len(names) > 30
    for name in (*names, *options, *WORDS):
        assert find_page(BOOK, name)


@pytest.mark.parametrize("width", [40, 80, 200])
def test_the_bills_of_every_scenario_fit_a_terminal(run, width):
    for path in SCENARIOS:
        lines = run("cost", path, "--as-of", "2026-11-29", columns=width).out.splitlines()
        assert len(lines) <= SCREEN_LINES + 2 * (width == 40)
        assert max(map(len, lines)) <= max(width, 60)
        assert any("Cheapest" in line for line in lines[2:4])


@pytest.mark.parametrize("documents", [1, 3, 40])
def test_the_findings_of_any_number_of_documents_fit_a_terminal(run, write, documents):
    text = (ROOT / "examples/repository/docs/adr/0007-tune-on-the-price-list.md").read_text()
    for number in range(documents):
        write(f"docs/{number:04}.md", text)
    result = run("check", "docs", columns=80)
    lines = result.out.splitlines()

    assert result.code == 1
    assert len(lines) <= SCREEN_LINES
    assert lines[0].startswith(f"{4 * documents} errors, ")
    assert sum(line.startswith("error[") for line in lines) >= 4
    assert "what to do" not in result.out.partition("`--full`")[0]
    assert run("check", "docs", "--full", columns=80).out.count("- what to do: ") == 4 * documents


def test_a_run_without_findings_says_what_the_documents_decide(run):
    path = ROOT / "examples/repository/docs/adr/0008-retrieval-for-the-help-desk.md"
    out = " ".join(run("check", path, columns=80).out.split())

    assert re.match("0 errors, 0 warnings, 0 notes in 1 document; 1 suppressed. ", out)
    assert re.search(r"decides rag \(explicit\); the \d+ stated answers speak for rag$", out)


# --- sections -------------------------------------------------------------------------------------------------------


def test_sections_are_shown_by_name(run):
    path = ROOT / "examples" / "support-assistant.yaml"
    out = run("recommend", "--show", "flips, cases", path).out
    headings = re.findall(r"^[A-Z ]+$", out, re.MULTILINE)

    assert headings == ["WHAT WOULD CHANGE IT", "PUBLISHED PROJECTS MOST LIKE THIS ONE"]
    assert out.startswith("Support assistant for a phone company\n\nRecommendation: rag ")
    assert "GATES\n  - none\n" in run("recommend", "--show", "gates", path).out
    assert "## What would change it" in run("recommend", "--show", "flips", "-f", "markdown", path).out


def test_all_sections_are_the_whole_report(run):
    path = ROOT / "examples" / "support-assistant.yaml"
    whole = run("recommend", "--full", path).out

    assert whole == run("recommend", "--show", ",".join(SECTIONS), path).out
    assert "- none" not in whole


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("recommend", "p.yaml", "--show", "reason"), "hint: did you mean 'reasons'?"),
        (("cost", "p.yaml", "--show", "bill"), "hint: did you mean 'bills'?"),
        (("check", "p.md", "--show", "finding"), "hint: did you mean 'findings'?"),
        (("recommend", "p.yaml", "--show", ""), "error: --show is empty"),
        (("recommend", "p.yaml", "--show", "flips", "-f", "json"), "error: --show is for text"),
        (("check", "p.md", "--full", "-f", "sarif"), "error: --full is for text"),
    ],
)
def test_a_section_that_is_not_there_is_an_error_with_the_nearest_name(run, write, arguments, message):
    write("p.yaml", "performance: {volume: 20}\n")
    write("p.md", "# Nothing\n")
    result = run(*arguments)

    assert (result.code, result.out) == (2, "")
    assert message in result.err


def test_a_report_in_a_file_is_the_whole_one(run):
    path = ROOT / "examples/repository/docs/adr/0007-tune-on-the-price-list.md"
    run("check", path, "--format", "text=out.txt", "--format", "json")

    assert "- what to do: " in (run.folder / "out.txt").read_text()


# --- cutting --------------------------------------------------------------------------------------------------------


def test_what_is_too_long_is_cut_at_a_sentence_or_marked():
    text = "Index the material. Measure recall, and then judge a single answer."

    assert cut_text(text, 100) == text
    assert cut_text(text, 40) == "Index the material."
    assert cut_text(text, 15) == "Index the ..."


@given(st.text(), st.integers(min_value=0, max_value=60))
def test_a_cut_text_is_never_longer_than_it_may_be_and_never_hides_the_cut(text, most):
    cut = cut_text(text, most)

    assert len(cut) <= max(most, 4)
    assert cut == text or cut.endswith("...") or cut[-1:] in (".", "?", "!")
