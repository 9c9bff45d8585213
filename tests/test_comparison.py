"""What has changed since an earlier recommendation: from its JSON, from git, in a decision record, from hostile files."""

import json
import os
import re
import subprocess
import sys

import pytest

PROFILE = """\
project: Help desk
task: {kind: question_answering}
knowledge: {gap: most, source: documents, access_path: by_meaning, size: large, volatility: weekly}
data: {examples: 0}
"""
LATER = (
    PROFILE.replace("by_meaning", "by_key")
    .replace("weekly", "static")
    .replace("examples: 0", "teaches: facts")
)


@pytest.fixture
def old(run, write):
    """Keep the advice for the first profile, and write the later one over it."""
    write("profile.yaml", PROFILE)
    write("old.json", run("recommend", "profile.yaml", "--format", "json").out)
    write("profile.yaml", LATER)
    return "old.json"


def against(run, name, *more):
    return run("recommend", "profile.yaml", "--against", name, *more, columns=100)


def test_a_team_sees_which_answers_and_rules_moved_the_advice(run, old):
    result = against(run, old)

    assert result.code == 0
    for line in (
        "WHAT HAS CHANGED\nSince the advice of old.json:\n  - the advice is still rag, with 56% after 9",
        "knowledge.access_path was by_meaning, and is by_key",
        "data.examples was none, and is unknown",
        "data.teaches was unknown, and is facts",
        "K27 The facts have to be found by meaning: no longer fires, was strong for retrieval",
    ):
        assert line in result.out


def test_programs_read_the_same_under_the_key_against(run, old):
    held = json.loads(against(run, old, "--format", "json").out)["against"]

    assert held["earlier"] == "old.json"
    assert held["answers"]["knowledge.volatility"] == {"before": ["weekly"], "now": ["static"]}
    assert held["answers"]["data.teaches"] == {"before": None, "now": ["facts"]}
    assert held["rules"]["K27"] == {"before": "strong for rag", "now": None}
    assert held["rulebook"] is None


def test_advice_held_against_itself_has_not_changed(run, old, write):
    write("profile.yaml", PROFILE)

    held = json.loads(against(run, old, "--format", "json").out)["against"]

    assert held["answers"] == held["rules"] == {}
    assert "the advice is the same: rag" in against(run, old).out


def test_another_rule_set_is_named(run, old, write):
    earlier = json.loads((run.folder / old).read_text())
    write(
        "older.json", json.dumps({**earlier, "rulebook": {"name": "a", "version": "1", "digest": "sha256:b"}})
    )

    assert "the rule set was a 1 (sha256:b), and is ragortune" in against(run, "older.json").out


@pytest.mark.parametrize("name", ["HEAD", "HEAD:profile.yaml", "HEAD:./old.json"])
def test_an_earlier_profile_or_its_advice_is_read_from_git(run, git, write, name):
    write("profile.yaml", PROFILE)
    write("old.json", run("recommend", "profile.yaml", "--format", "json").out)
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "first")
    write("profile.yaml", LATER)

    assert f"Since the advice of {name}:" in against(run, name).out
    assert "knowledge.access_path was by_meaning, and is by_key" in against(run, name).out


def test_a_record_names_the_advice_that_it_amends_and_stays_a_proposal(run, old):
    record = run("adr", "profile.yaml", "--against", old).out

    assert record.startswith("---\nstatus: proposed\n")
    assert "This record amends the advice of `old.json`. Since then:\n\n- the advice " in record
    assert "- `knowledge.access_path` was by_meaning, and is by_key" in record


def test_a_record_that_amends_is_still_one_that_check_agrees_with(run, old):
    assert run("adr", "profile.yaml", "--against", old, "-o", "0002-amend.md").code == 0

    assert run("check", "0002-amend.md").code == 0


@pytest.mark.parametrize(
    "text",
    [
        '{"option": "rag"}',
        '{"option": "magic"}',
        '{"option": "rag", "option": "rag"}',
        '{"option": "rag", "probability": {"rag": NaN}}',
        '{"option": "rag", "probability": {"rag": 2}, "rulebook": {"name": "a", "version": "1", "digest": "b"}}',
        "[" * 100_000,
        '{"option": "' + "a" * 1_100_000,
        "\x00",
        "not: [a, profile]",
    ],
)
def test_a_hostile_file_is_named_and_ends_with_code_2(run, write, text):
    write("profile.yaml", PROFILE)
    write("hostile.json", text)

    result = against(run, "hostile.json")

    assert (result.code, result.out) == (2, "")
    assert "\x1b" not in result.err
    assert len(result.err) < 2_000


def test_markup_in_the_names_of_an_earlier_recommendation_stays_text(run, write, old):
    earlier = json.loads((run.folder / old).read_text())
    hostile = {"name": "<b>\x1b[31m", "version": "[x](http://evil.invalid)", "digest": "sha256:b"}
    answers = {"<b>\x1b[31m": "<b>", "knowledge.gap": ["::error::<b>", "\x1b[31m"]}
    gates = [{**earlier["reasons"][0], "code": "<b>\x1b[31m", "gate": "<b>"}]
    write("hostile.json", json.dumps({**earlier, "rulebook": hostile, "answers": answers, "gates": gates}))

    told = against(run, "hostile.json").out
    assert "<b>\\x1b[31m" in told
    assert "\x1b" not in told
    assert "<b>" not in re.sub("`[^`]*`", "", against(run, "hostile.json", "--format", "markdown").out)
    assert "<b>" not in against(run, "hostile.json", "--format", "html").out


@pytest.mark.parametrize(
    "name", ["nowhere.json", "-p", "", "HEAD:nowhere", "nowhere:profile.yaml", "--output=x:y"]
)
@pytest.mark.parametrize("repository", [True, False])
def test_what_is_neither_a_file_nor_in_git_ends_with_code_2(run, git, write, name, repository):
    write("profile.yaml", PROFILE)
    if repository:
        git("init", "-q")

    result = run("recommend", "profile.yaml", f"--against={name}")

    assert (result.code, result.out) == (2, "")
    assert "--against" in result.err


def test_several_profiles_and_brief_do_not_go_together_with_it(run, old):
    assert run("recommend", "profile.yaml", "profile.yaml", "--against", old).code == 2
    assert run("recommend", "profile.yaml", "--brief", "--against", old).code == 2


@pytest.mark.parametrize("seed", ["2", "10", "12", "14"])
def test_a_comparison_ends_well_whatever_the_order_of_hashes(tmp_path, run, write, seed):
    write("p.yaml", "knowledge: {gap: most, volatility: daily}\n")
    write("old.json", run("recommend", "p.yaml", "--format", "json").out)
    command = [sys.executable, "-m", "ragortune", "recommend", "p.yaml", "--against", "old.json"]

    done = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, b"")


def test_answers_that_hold_side_by_side_are_told_as_the_rest_of_the_page_tells_them(run, old, write):
    write(
        "profile.yaml", "knowledge: {source: [documents, structured_data], volatility: [weekly, monthly]}\n"
    )

    told = against(run, old).out
    assert "and is documents and structured_data" in told
    assert "and is monthly or weekly" in told
