"""The files by which other repositories use `check`, as far as they run without their services, and the sample repository."""

import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys

import jsonschema
import pytest
import yaml

from .conftest import ROOT
from .test_check_command import AGREEING, DISAGREEING

SAMPLE = ROOT / "examples" / "repository"


def load(name):
    return yaml.safe_load((ROOT / name).read_text())


@pytest.fixture
def with_command():
    """Environment in which `ragortune` is found, and nothing of the host's CI."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GITHUB")}
    return {**kept, "PATH": f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}"}


# --- the sample repository ----------------------------------------------------------------------------------------


@pytest.fixture
def sample(tmp_path, run):
    shutil.copytree(SAMPLE, tmp_path / "sample")
    run.folder = tmp_path / "sample"
    return run.folder


def test_the_sample_repository_shows_the_whole_loop(sample, run):
    first = run("check", "docs", "--full")
    assert first.code == 1
    assert "error[decision-disagrees] RT001" in first.out
    assert "error[tuning-teaches-changing-facts] RT101" in first.out
    assert "error[citations-from-weights] RT111" in first.out
    assert "suppressed[no-alternative-rejected] until 2027-06-30: ADR 5 weighed them" in first.out

    profile = run("extract", "docs/adr/0007-tune-on-the-price-list.md")
    (sample / "stated.yaml").write_text(profile.out)
    assert "speak" not in profile.err
    assert json.loads(run("recommend", "stated.yaml", "--format", "json").out)["option"] == "rag"

    record = sample / "docs" / "adr" / "0007-tune-on-the-price-list.md"
    fixed = record.read_text().replace("decision: fine_tuning", "decision: rag")
    record.write_text(fixed)
    assert run("check", "docs").code == 0


def test_a_baseline_lets_a_repository_begin_with_what_it_has(sample, run):  # noqa: ARG001
    assert run("check", "docs", "--write-baseline", "known.json").code == 0
    assert run("check", "docs", "--baseline", "known.json").code == 0


def test_the_workflow_of_the_sample_uses_inputs_that_the_action_has(sample):
    workflow = yaml.safe_load((sample / ".github" / "workflows" / "design.yml").read_text())
    steps = workflow["jobs"]["check"]["steps"]

    (own,) = [step for step in steps if step["uses"].startswith("ragortune/")]
    assert set(own["with"]) <= set(load("action.yml")["inputs"])
    assert workflow["permissions"] == {}


# --- the GitHub action --------------------------------------------------------------------------------------------


@pytest.fixture
def act(tmp_path, tmp_path_factory, with_command):
    """Run the step of the action that checks, as a runner does."""

    def run_step(*, merged_onto="", **inputs):
        action = load("action.yml")
        (step,) = [step for step in action["runs"]["steps"] if step["name"] == "Check"]
        given = {name: str(entry.get("default", "")) for name, entry in action["inputs"].items()}
        given |= {name.replace("_", "-"): value for name, value in inputs.items()}
        known = {f"${{{{ inputs.{name} }}}}": value for name, value in given.items()}
        known["${{ github.event.merge_group.base_sha }}"] = merged_onto
        values = {variable: known[expression] for variable, expression in step["env"].items()}
        files = {name: str(tmp_path / name.lower()) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        interpreter = tmp_path_factory.mktemp("runner") / "ragortune" / "bin" / "python"
        interpreter.parent.mkdir(parents=True)
        interpreter.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
        interpreter.chmod(0o755)
        files["RUNNER_TEMP"] = str(interpreter.parents[2])
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=tmp_path,
            env={**with_command, **values, **files},
            capture_output=True,
            text=True,
            check=False,
        )
        return done, tmp_path / "github_output", tmp_path / "github_step_summary"

    return run_step


def test_the_action_annotates_sums_up_and_writes_sarif_in_one_run(act, write, tmp_path):
    write("docs/0007.md", DISAGREEING)

    done, output, summary = act(sarif="out.sarif")

    assert done.returncode == 1
    assert done.stdout.startswith("::error file=docs/0007.md,line=12")
    assert output.read_text() == "exit-code=1\n"
    assert summary.read_text().startswith("<!-- ragortune check -->")
    schema = json.loads((ROOT / "tests" / "schemas" / "sarif-schema-2.1.0.json").read_text())
    jsonschema.validate(json.loads((tmp_path / "out.sarif").read_text()), schema, jsonschema.Draft4Validator)


def test_the_action_passes_its_inputs_on(act, write):
    write("docs/0007.md", DISAGREEING)
    write("docs/0008.md", AGREEING)

    assert act(documents="docs/0008.md docs/**/0008*")[0].returncode == 0
    assert act(fail_on="never")[0].returncode == 0
    assert act(arguments="--ignore RT0,RT1")[0].returncode == 0
    assert act(since="nowhere")[0].returncode == 2


def test_inputs_of_the_action_are_never_commands(act, write, tmp_path):
    write("docs/0008.md", AGREEING)

    for hostile in ("docs; touch bad", "$(touch bad)", "`touch bad`", "--format json=bad"):
        act(documents=hostile, since=hostile)

    assert not (tmp_path / "bad").exists()


def test_inputs_over_several_lines_are_read_whole(act, write):
    write("docs/0008.md", AGREEING)
    write("adr/0007.md", DISAGREEING)

    for end in ("\n", "\r\n"):
        assert act(documents=f"docs{end}adr{end}")[0].returncode == 1
        assert act(documents=f"docs{end}adr", arguments=f"--ignore{end}RT0,RT1{end}")[0].returncode == 0


def test_a_pull_request_that_holds_modules_of_its_own_has_none_of_them_run_by_the_action(
    act, write, tmp_path
):
    write("docs/0008.md", AGREEING)
    for name in ("venv", "pip", "ragortune", "typer", "sitecustomize"):
        write(f"{name}.py", "open('bad', 'w')\n")

    assert act()[0].returncode == 0
    for step in load("action.yml")["runs"]["steps"]:
        lines = [line for line in step["run"].splitlines() if " -m " in line]
        assert all(" -I -m " in line for line in lines)
    assert not (tmp_path / "bad").exists()


def test_a_pull_request_is_judged_by_the_settings_of_the_branch_it_goes_to(act, write, with_command):
    write("docs/0007.md", DISAGREEING)
    with_command["GITHUB_BASE_REF"] = "main"

    done = act()[0]
    assert (done.returncode, done.stdout) == (2, "")
    assert "--config-from" in done.stderr
    assert act(config_from="none")[0].returncode == 1


@pytest.fixture
def loosened(git, commit):
    """Commit a document, name that commit, and then commit settings that loosen the check."""

    def loosen(name):
        commit("first", {"docs/0007.md": DISAGREEING})
        git("update-ref", name, "HEAD")
        commit("loosen", {"ragortune.yaml": "check: {ignore: [RT]}\n"})

    return loosen


def test_a_tag_that_is_named_like_the_branch_of_a_pull_request_is_not_taken_for_it(
    act, loosened, git, with_command
):
    loosened("refs/remotes/origin/main")
    git("tag", "origin/main")
    with_command["GITHUB_BASE_REF"] = "main"

    assert act()[0].returncode == 1


def test_a_merge_queue_is_judged_by_the_settings_of_the_commit_it_merges_onto(act, loosened):
    loosened("refs/queue/base")

    assert act(merged_onto="refs/queue/base")[0].returncode == 1
    assert act()[0].returncode == 0


def test_the_action_installs_outside_of_the_checkout():
    (install,) = [step for step in load("action.yml")["runs"]["steps"] if step["name"] == "Install"]

    assert install["working-directory"] == "${{ runner.temp }}"


def test_scripts_of_the_action_hold_no_expressions():
    for step in load("action.yml")["runs"]["steps"]:
        assert "${{" not in step["run"]


# --- pre-commit and GitLab ----------------------------------------------------------------------------------------


def test_the_hooks_run_on_the_files_that_they_are_given(tmp_path, write, with_command):
    check, rules = load(".pre-commit-hooks.yaml")
    write("docs/0007.md", DISAGREEING)

    def run_hook(hook, *files):
        command = [*shlex.split(hook["entry"]), *files]
        return subprocess.run(command, cwd=tmp_path, env=with_command, capture_output=True, check=False)

    assert run_hook(check, "docs/0007.md").returncode == 1
    assert run_hook(rules).returncode == 0
    assert rules["pass_filenames"] is False
    assert {hook["language"] for hook in (check, rules)} == {"python"}


def test_the_example_for_gitlab_writes_the_reports_that_it_names_by_the_settings_of_the_other_branch(
    tmp_path, write, git, with_command
):
    job = load("examples/gitlab-ci.yml")["design-documents"]
    write("docs/adr/0007.md", DISAGREEING)
    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-qm", "first")
    with_command["CI_MERGE_REQUEST_DIFF_BASE_SHA"] = "HEAD"
    write("ragortune.yaml", "check: {fail-on: never}\n")
    (script,) = [line for line in job["script"] if line.startswith("ragortune")]

    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=with_command, capture_output=True, check=False
    )

    assert done.returncode == 1
    reports = job["artifacts"]["reports"]
    assert json.loads((tmp_path / reports["codequality"]).read_text())
    assert (tmp_path / reports["junit"]).read_text().startswith("<?xml")
