"""Inputs that once ended as internal errors or were skipped in silence; each stands for a kind."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest


def test_a_folder_that_has_gone_is_told_and_is_no_internal_error(tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    done = subprocess.run(
        ["sh", "-c", f'rmdir ../gone; exec "{sys.executable}" -m ragortune check .'],
        cwd=gone,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: the working folder does not exist any more\n"


@pytest.mark.parametrize(
    "tool", ["tool = 1", "tool = []", "[tool]\nragortune = 3", "[[tool]]\nragortune = {}"]
)
def test_an_odd_project_file_is_no_internal_error(run, write, tool):
    write("pyproject.toml", f"{tool}\n# [tool.ragortune]\n")
    write("a.md", "# 1. Search the manuals\n")

    result = run("check", "a.md")

    assert result.code in {0, 2}
    assert "internal error" not in result.err


@pytest.mark.parametrize("key", ["ragortune", "Ragortune", "RAGORTUNE"])
def test_a_block_in_any_case_is_read(run, write, key):
    write("a.md", f"---\n{key}: {{decision: nope}}\n---\n# 1. Tune a model on the price list\n")

    result = run("check", "a.md")

    assert result.code == 2
    assert "'decision' must be rag, fine_tuning, both or neither, not 'nope'" in result.err


def test_a_git_that_the_checkout_brings_is_never_run(run, write, tmp_path, monkeypatch):
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    write("a.md", "# 1. Search the manuals\n")
    write("bin/git", '#!/bin/sh\ntouch "$(dirname "$0")/run"\n')
    (tmp_path / "bin" / "git").chmod(0o755)
    write("git", (tmp_path / "bin" / "git").read_bytes())
    (tmp_path / "git").chmod(0o755)

    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:.::{os.environ['PATH']}")
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", str(tmp_path / "bin" / "git"))
    assert "knows no commit" in run("check", "a.md", "--since", "HEAD").err
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:.")
    assert "needs git" in run("check", "a.md", "--since", "HEAD").err

    assert not (tmp_path / "bin" / "run").exists()
    assert not (tmp_path / "run").exists()


HOSTILE = "\x1b]0;owned\x07 \x1b[2J ##[stop-commands]x\n::error::told\n  ::add-mask::x"


def obeyed(text):
    """Return what a terminal or a runner would obey in a text without colours."""
    return re.findall(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]|^\s*::\w.*|##\[", text, re.MULTILINE)


@pytest.mark.parametrize("form", ["text", "markdown", "json", "sarif", "gitlab", "junit"])
def test_a_document_cannot_speak_to_a_runner_or_a_terminal(run, write, form):
    write(
        "a.md",
        f"---\nragortune: {{decision: fine_tuning, profile: {{project: {json.dumps(HOSTILE)},"
        " grounding: {citations: required}}}\n---\n# ##[stop-commands]x Tune a model\n\nA paragraph that ends"
        " in words that wrap just so that these come first on a line:\n::stop-commands::pwned ##[add-mask]error\n",
    )

    result = run("check", "a.md", "--format", form)

    assert obeyed(result.out + result.err) == []


def test_annotations_hold_no_command_beside_their_own(run, write):
    write("a.md", "---\nragortune: {decision: '##[stop]\\n::error::x'}\n---\n# ::warning::Tune a model\n")

    result = run("check", "a.md", "--format", "github")

    assert "##[" not in result.out + result.err
    assert [line.partition(" ")[0] for line in result.out.splitlines() if "::" in line] == ["::error"]


def test_a_rule_pack_cannot_speak_to_a_runner_or_a_terminal(run, write):
    write("pack/rulebook.yaml", f"name: {json.dumps(HOSTILE)}\nversion: '1'\nextends: ragortune\n")
    write("p.yaml", f"project: {json.dumps(HOSTILE)}\nknowledge: {{volatility: daily}}\n")

    for command in (
        ("recommend", "p.yaml"),
        ("recommend", "p.yaml", "--format", "markdown"),
        ("rules", "list"),
    ):
        result = run(*command, "--rules", "pack", columns=60)
        assert obeyed(result.out + result.err) == []


def test_a_comment_with_many_unknown_names_is_one_finding(run, write):
    names = ",".join(f"x{number}" for number in range(100))
    write(
        "a.md",
        f"# 7. Tune the LLM\n\n## Decision\n\nWe will fine-tune the model.\n\n<!-- ragortune: ignore[{names}] because x -->\n",
    )

    found = json.loads(run("check", "a.md", "--format", "json").out)["documents"][0]["findings"]

    (one,) = [finding for finding in found if "x0" in finding["message"]]
    assert "'x0', 'x1', 'x2' and 97 more" in one["message"]


def test_a_width_that_is_no_number_is_let_be(run, write):
    write("p.yaml", "knowledge: {volatility: daily}\n")

    for width in ("²", "9" * 5000, "-3", "0x10"):
        assert run("recommend", "p.yaml", environment={"COLUMNS": width}).code == 0


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        ('{id: "evil`</summary>", title: T, address: "https://a.invalid"}', "'id' must be"),
        (
            '{id: evil, title: T, address: "javascript:alert(1)//"}',
            "'address' must be an http or https address",
        ),
        ('{id: evil, title: T, address: "https://a.invalid/> <img src=x>"}', "'address' must be"),
        (
            '{id: evil, title: "T\\e[31m", address: "https://a.invalid"}',
            "a character that cannot be shown: '\\x1b'",
        ),
    ],
)
def test_names_and_addresses_of_a_pack_are_held_to_a_form(run, write, entry, complaint):
    write("pack/rulebook.yaml", "name: ours\nversion: '1'\nextends: ragortune\n")
    write("pack/sources/s.yaml", f"sources:\n  - {entry[:-1]}, quality: guidance, checked: '2026-11-01'}}\n")

    result = run("rules", "list", "--rules", "pack")

    assert (result.code, result.out) == (2, "")
    assert complaint in result.err
    assert "pack/sources/s.yaml:2:" in result.err
