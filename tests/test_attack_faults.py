"""Inputs that once ended as internal errors or were skipped in silence; each stands for a kind."""

from __future__ import annotations

import os
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
