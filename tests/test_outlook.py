"""What the command says about what could change the advice."""

import json

import pytest

from .conftest import ROOT

SUPPORT = ROOT / "examples" / "support-assistant.yaml"
HANDBOOK = ROOT / "examples" / "staff-handbook.yaml"
ROUTING = ROOT / "examples" / "ticket-routing.yaml"
OPTIONS = {"rag", "fine_tuning", "both", "neither"}


def ask_json(run, *arguments):
    return json.loads(run("recommend", "--format", "json", *arguments).out)


def test_a_single_profile_is_told_what_could_change_the_advice(run):
    advice = ask_json(run, HANDBOOK)

    assert set(advice["acceptability"]) == OPTIONS
    assert sum(advice["acceptability"].values()) == pytest.approx(1)
    assert advice["settled"] is False
    assert {"change": {"model.strength": "weak"}, "option": "rag"} in advice["flips"]
    assert {(each["criterion"], *each["could_give"]) for each in advice["unknowns"] if each["alone"]} == {
        ("governance.access", "rag"),
        ("cost.running", "rag"),
    }
    assert advice["tornado"]["rules"] == [{"rule": "nothing-to-search", "code": "K25", "without": "rag"}]


def test_a_batch_is_told_only_where_it_asks(run, write):
    name = write("batch.jsonl", '{"knowledge": {"gap": "most"}}\n')
    keys = ("acceptability", "settled", "flips", "unknowns", "tornado")
    plain = json.loads(run("recommend", "--format", "jsonl", name).out)
    asked = json.loads(run("recommend", "--format", "jsonl", "--what-if", name).out)

    assert all(plain[key] is None for key in keys)
    assert all(asked[key] is not None for key in keys)


def test_what_if_can_be_left_out(run):
    assert ask_json(run, "--no-what-if", HANDBOOK)["flips"] is None
    assert "WHAT WOULD CHANGE IT" not in run("recommend", "--no-what-if", HANDBOOK).out


def test_settled_advice_says_so(run):
    out = run("recommend", ROUTING, columns=80).out

    assert "Open            settled: no open answer can change the advice\n" in out
    assert "FIND OUT NEXT" not in out


def test_a_team_that_would_rather_tune_hears_what_speaks_against_it(run):
    out = run("recommend", "--why-not", "fine_tuning", SUPPORT, columns=80).out
    why = out.partition("WHY NOT FINE_TUNING\n")[2].partition("\n\n")[0]

    assert why.splitlines()[0] == "  G02  No answer without a source (+2 for retrieval)"
    assert "it would be right with" in why
    assert "are not the team's to change" in " ".join(why.split())


def test_a_gate_that_decides_is_named_first(run):
    out = run("recommend", "--why-not", "rag", HANDBOOK, columns=80).out

    assert "WHY NOT RAG\n  K25  All the material can stand in every prompt: rules retrieval out\n" in out
    assert ask_json(run, "--why-not", "rag", HANDBOOK)["why_not"]["nearest"] is not None
    markdown = run("recommend", "--why-not", "rag", "--format", "markdown", HANDBOOK).out
    assert (
        "## Why not rag\n\n- (K25) All the material can stand in every prompt: rules retrieval out\n"
        in markdown
    )


def test_asking_why_not_what_is_recommended_is_answered_on_stderr(run):
    result = run("recommend", "--why-not", "neither", HANDBOOK)

    assert result.code == 0
    assert result.err == "--why-not: neither is what is recommended\n"
    assert "WHY NOT" not in result.out


def test_an_option_that_is_not_there_gets_the_nearest_name(run):
    result = run("recommend", "--why-not", "finetuning", HANDBOOK)

    assert (result.code, result.out) == (2, "")
    assert result.err == (
        "error: --why-not must be rag, fine_tuning, both or neither, not 'finetuning'\n"
        "hint: did you mean 'fine_tuning'?\n"
    )


def test_flips_may_change_any_answer_where_that_is_asked_for(run):
    plain, asked = ask_json(run, SUPPORT), ask_json(run, "--any-answer", SUPPORT)

    assert not any("knowledge.gap" in flip["change"] for flip in plain["flips"])
    assert any("knowledge.gap" in flip["change"] for flip in asked["flips"])


def test_levels_that_do_the_same_stand_on_one_line(run):
    out = run("recommend", HANDBOOK, columns=80).out

    assert "  rag         knowledge.size tiny -> small, medium, large or huge\n" in out


def test_nothing_known_leaves_nothing_to_change(run, write):
    out = run("recommend", write("empty.yaml", ""), columns=80).out

    assert "WHAT WOULD CHANGE IT\n  - no change of up to three answers that are known\n" in out
    assert "knowledge.gap\n    What share of the answers needs facts" in out
