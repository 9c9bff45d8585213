"""What the command says about what could change the advice."""

import json
import re

from .conftest import ROOT

SUPPORT = ROOT / "examples" / "support-assistant.yaml"
HANDBOOK = ROOT / "examples" / "staff-handbook.yaml"
SHELF = "knowledge: {gap: most, source: documents, fits_prompt: yes, volatility: yearly}\n"
SETTLED = """
task: {kind: classification}
knowledge: {gap: none, source: none, access_path: in_request, fits_prompt: yes, size: tiny, volatility: static}
data: {rights: not_allowed}
grounding: {citations: none}
governance: {access: none, erasure: none}
"""
OPTIONS = {"rag", "fine_tuning", "both", "neither"}


def ask_json(run, *arguments):
    return json.loads(run("recommend", "--format", "json", *arguments).out)


def test_a_single_profile_is_told_what_could_change_the_advice(run, write):
    advice = ask_json(run, write("shelf.yaml", SHELF))

    assert (advice["option"], advice["settled"]) == ("neither", False)
    gains = [each["expected_gain"] for each in advice["unknowns"]]
    assert gains == sorted(gains, reverse=True)
    assert any(each["alone"] and "rag" in each["could_give"] for each in advice["unknowns"])
    assert {"change": {"knowledge.volatility": "realtime"}, "option": "rag"} in advice["flips"]
    for answer in advice["tornado"]["answers"]:
        assert answer["low"] <= answer["now"] <= answer["high"]
    assert {"rule", "code", "without"} == set(advice["tornado"]["rules"][0])


def test_a_batch_is_told_only_where_it_asks(run, write):
    name = write("batch.jsonl", '{"knowledge": {"gap": "most"}}\n')
    keys = ("settled", "flips", "unknowns", "tornado")
    plain = json.loads(run("recommend", "--format", "jsonl", name).out)
    asked = json.loads(run("recommend", "--format", "jsonl", "--what-if", name).out)

    assert all(plain[key] is None for key in keys)
    assert all(asked[key] is not None for key in keys)


def test_what_if_can_be_left_out(run):
    assert ask_json(run, "--no-what-if", HANDBOOK)["flips"] is None
    assert "WHAT WOULD CHANGE IT" not in run("recommend", "--no-what-if", "--full", HANDBOOK).out


def test_settled_advice_says_so_and_is_firm(run, write):
    name = write("settled.yaml", SETTLED)
    out, advice = run("recommend", "--full", name, columns=80).out, ask_json(run, name)

    assert "How firm  settled: no open question can change the advice\n" in out
    assert "FIND OUT NEXT" not in out
    assert (advice["settled"], advice["firm"], advice["unknowns"]) == (True, True, [])


def test_open_questions_that_tell_little_are_not_put(run):
    out = run("recommend", "--full", SUPPORT, columns=80).out

    assert "can still change it" in " ".join(out.split())
    assert "FIND OUT NEXT\n  - no open question is expected to change much\n" in out
    assert "## Find out next\n\n- no open question" in run("recommend", "-f", "markdown", SUPPORT).out


def test_a_team_that_would_rather_tune_is_told_what_speaks_against_it(run, book):
    out = run("recommend", "--why-not", "fine_tuning", SUPPORT, columns=80).out
    why = out.partition("WHY NOT FINE_TUNING\n")[2].partition("\n\n")[0]
    rule = next(rule for rule in book.rules.values() if rule.code == "K27")
    weight = book.scale.weight(rule.effects[0].strength)

    assert f"  K27  {rule.title} (+{weight:.2f} for retrieval)" in " ".join(why.split("\n"))
    assert "it would be right with" in why or "no change of up to three answers" in why


def test_answers_that_are_not_the_teams_to_change_are_named(run):
    why = run("recommend", "--why-not", "neither", SUPPORT, columns=80).out.partition("WHY NOT NEITHER\n")[2]

    assert "knowledge.access_path are not the team's to change" in " ".join(why.partition("\n\n")[0].split())


def test_a_gate_that_decides_is_named_first(run, write):
    name = write("p.yaml", "data: {rights: not_allowed}\nreadiness: {prompting: plateaued}\n")
    out = run("recommend", "--why-not", "fine_tuning", name, columns=80).out
    markdown = run("recommend", "--why-not", "fine_tuning", "--format", "markdown", name).out

    assert "WHY NOT FINE_TUNING\n  D12  The examples may not be trained on: rules tuning out\n" in out
    assert ask_json(run, "--why-not", "fine_tuning", name)["why_not"]["gates"] == ["training-not-allowed"]
    assert (
        "## Why not fine_tuning\n\n- **D12:** The examples may not be trained on: rules tuning out\n"
        in markdown
    )


def test_asking_why_not_what_is_recommended_is_answered_on_stderr(run):
    result = run("recommend", "--why-not", "neither", HANDBOOK)

    assert result.code == 0
    assert result.err == "note: --why-not: neither is the recommendation\n"
    assert "WHY NOT" not in result.out


def test_an_option_that_is_not_there_gets_the_nearest_name(run):
    result = run("recommend", "--why-not", "finetuning", HANDBOOK)

    assert (result.code, result.out) == (2, "")
    assert result.err == (
        "error: --why-not must be rag, fine_tuning, both or neither, not 'finetuning'\n"
        "hint: did you mean 'fine_tuning'?\n"
    )


def test_flips_may_change_any_answer_where_that_is_asked_for(run, write):
    name = write("p.yaml", "knowledge: {gap: most, access_path: by_meaning}")
    plain, asked = ask_json(run, name), ask_json(run, "--any-answer", name)

    assert plain["flips"] == []
    assert {"change": {"knowledge.access_path": "by_key"}, "option": "neither"} in asked["flips"]


def test_levels_that_do_the_same_stand_on_one_line(run, write):
    out = run("recommend", "--full", write("shelf.yaml", SHELF), columns=80).out

    assert re.search(r"\n  rag +knowledge\.volatility yearly -> weekly, daily or realtime\n", out)


def test_a_change_of_several_answers_that_hold_together_names_them_all(run, write):
    name = write("p.yaml", "knowledge: {gap: some, access_path: [by_key, in_request]}")
    out = run("recommend", "--any-answer", "--full", name, columns=80).out

    assert "knowledge.access_path by_key and in_request -> by_meaning" in out


def test_nothing_known_leaves_nothing_to_change(run, write):
    out = run("recommend", "--full", write("empty.yaml", ""), columns=80).out

    assert (
        "WHAT WOULD CHANGE IT\n  - no change of up to three of the known answers that can be changed does\n"
        in out
    )
    assert "  - knowledge.access_path\n    How can the facts a request needs be reached?" in out
    assert "WHAT EACH ANSWER CHANGES" not in out


def test_the_rule_that_carries_the_advice_alone_is_named(run, write):
    name = write("p.yaml", "task: {kind: summarisation}\nknowledge: {access_path: by_meaning}")
    out = " ".join(run("recommend", "--full", name, columns=80).out.split())

    assert "K27 The facts have to be found by meaning; without this rule: neither" in out


def test_answers_that_move_a_probability_by_less_than_one_point_are_not_drawn(run):
    drawn = (
        run("recommend", "--full", SUPPORT, columns=80)
        .out.partition("WHAT EACH ANSWER CHANGES\n")[2]
        .partition("\n\n")[0]
    )
    listed = ask_json(run, SUPPORT)["tornado"]["answers"]

    assert re.search(r"^  knowledge\.access_path +retrieval +[─│●]+ ", drawn, re.MULTILINE)
    assert len(listed) > drawn.count("●")


def test_what_ask_would_ask_next_is_to_be_found_out(run, write):
    unfirm = "task: {kind: question_answering}\nknowledge: {gap: some, source: [documents, structured_data], access_path: by_key, fits_prompt: no}\n"
    write("profile.yaml", unfirm)

    (asked,) = re.findall(r"advice so far: .*not firm\n  (\S+):", run("ask").err)

    assert f"\n  - {asked}\n" in run("recommend", "profile.yaml", "--show", "questions").out
