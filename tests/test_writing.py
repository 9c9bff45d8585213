"""Files of the user: written whole or not at all, and never where something else would be lost."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys

import pytest

from ragortune.support.writing import replace_file
from tests.test_check_command import AGREEING, DISAGREEING
from tests.test_decision_records import MADR

PROFILE = "# ours\nproject: Tariff desk\nknowledge:\n  gap: most\n  access_path: by_meaning\n"

fcntl = pytest.importorskip("fcntl")


def test_saving_replaces_a_file_whole_and_keeps_its_mode_and_links(tmp_path, monkeypatch):
    target, link = tmp_path / "a.yaml", tmp_path / "link.yaml"
    target.write_text("old")
    target.chmod(0o640)
    link.symlink_to(target)
    owners = []
    monkeypatch.setattr("os.chown", lambda _, user, group: owners.append((user, group)))
    replace_file(str(link), "new")

    assert (target.read_text(), target.stat().st_mode & 0o777, link.is_symlink()) == ("new", 0o640, True)
    assert owners == [(target.stat().st_uid, target.stat().st_gid)]

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("pathlib.Path.replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        replace_file(str(target), "newer")
    assert target.read_text() == "new"
    assert sorted(own.name for own in tmp_path.iterdir()) == ["a.yaml", "link.yaml"]


def test_saving_keeps_who_else_may_read_a_file_and_its_tags(tmp_path):
    path = tmp_path / "profile.yaml"
    path.write_text("old\n")
    # Read and write for the owner, read for user 1234, and a mask of read.
    access = struct.pack(
        "<I" + "HHI" * 5, 2, 1, 6, 2**32 - 1, 2, 4, 1234, 4, 0, 2**32 - 1, 16, 4, 2**32 - 1, 32, 0, 2**32 - 1
    )
    tags = {"user.reviewed": b"Ada", "system.posix_acl_access": access}
    try:
        for name, value in tags.items():
            os.setxattr(path, name, value)
    except (OSError, AttributeError):
        pytest.skip("the file system keeps no such things")

    replace_file(path, "new\n")

    assert path.read_text() == "new\n"
    assert {name: os.getxattr(path, name) for name in tags} == tags


def test_what_a_killed_run_has_left_is_swept_and_what_a_running_one_writes_is_not(tmp_path):
    left, written, other = (
        tmp_path / name for name in (".a.yaml.ragortune-1", ".a.yaml.ragortune-2", ".b.ragortune-3")
    )
    for path in (left, written, other):
        path.write_text("half")
    with written.open() as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        replace_file(tmp_path / "a.yaml", "whole")

    assert sorted(own.name for own in tmp_path.iterdir()) == [written.name, other.name, "a.yaml"]


def test_a_run_that_sweeps_takes_no_file_that_another_has_just_begun(tmp_path, monkeypatch):
    sweeps, lock = [1], fcntl.flock

    def sweep_first(stream, how):
        if sweeps and sweeps.pop():
            next(tmp_path.glob(".a.yaml.ragortune-*")).unlink()
        lock(stream, how)

    monkeypatch.setattr("fcntl.flock", sweep_first)
    replace_file(tmp_path / "a.yaml", "whole")

    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a.yaml", "whole")]


def test_a_file_that_an_editor_began_with_a_byte_order_mark_keeps_it(run, write):
    for name, text in (("asked.yaml", PROFILE), ("measured.yaml", PROFILE), ("ours.md", MADR)):
        (run.folder / name).write_text(f"\ufeff{text}", encoding="utf-8")
    write("p.yaml", PROFILE)
    write("docs/a.md", "# Tariffs\n\nA letter costs two marks, and a parcel six.\n")
    write("answers.txt", "knowledge.volatility: weekly\n")

    for command in (
        ("ask", "asked.yaml", "--answers", "answers.txt"),
        ("measure", "--docs", "docs", "-o", "measured.yaml"),
        ("adr", "p.yaml", "--into", "ours.md"),
    ):
        assert run(*command).code == 0

    for name, text in (("asked.yaml", PROFILE), ("measured.yaml", PROFILE), ("ours.md", MADR)):
        written = (run.folder / name).read_text(encoding="utf-8")
        assert written.startswith("\ufeff")
        assert "\ufeff" not in written[1:]
        assert written != f"\ufeff{text}"


def test_a_record_that_is_edited_while_it_is_filled_in_is_left_as_it_is(run, write, monkeypatch):
    write("p.yaml", PROFILE)
    ours = run.folder / "ours.md"
    ours.write_text(MADR)

    def edit(text, *_):
        ours.write_text("edited\n")
        return text

    monkeypatch.setattr("ragortune.commands.adr.write_block", edit)
    result = run("adr", "p.yaml", "--into", "ours.md")

    assert result.code == 2
    assert "'ours.md' changed while it was read; run the command again" in result.err
    assert ours.read_text() == "edited\n"


@pytest.fixture
def repository(git, write):
    """A repository with two documents that each disagree with themselves, one changed on a branch."""
    git("init", "-q", "-b", "main")
    write("docs/one.md", DISAGREEING)
    write("docs/two.md", DISAGREEING)
    git("add", ".")
    git("commit", "-qm", "first")
    git("checkout", "-qb", "topic")
    write("docs/two.md", DISAGREEING + "\nMore words.\n")


def entries(tmp_path):
    known = json.loads((tmp_path / "known.json").read_text())["findings"]
    return sorted({(entry["path"], entry["rule"]) for entry in known})


@pytest.mark.usefixtures("repository")
def test_a_baseline_keeps_what_it_knows_of_documents_that_were_not_looked_at(run, tmp_path):
    run("check", "docs", "--write-baseline", "known.json")
    before = entries(tmp_path)

    result = run("check", "docs", "--since", "main", "--write-baseline", "known.json")

    assert "1 of 2 documents changed" in result.err
    assert entries(tmp_path) == before
    assert run("check", "docs", "--baseline", "known.json").code == 0


@pytest.mark.usefixtures("repository")
def test_a_baseline_loses_what_it_knows_of_documents_that_are_gone(run, tmp_path):
    run("check", "docs", "--write-baseline", "known.json")
    (tmp_path / "docs" / "one.md").unlink()

    run("check", "docs", "--write-baseline", "known.json")

    assert {path for path, _ in entries(tmp_path)} == {"docs/two.md"}


def test_a_baseline_keeps_what_other_rules_found(run, write, tmp_path):
    write("a.md", DISAGREEING)
    run("check", "a.md", "--write-baseline", "known.json")
    before = entries(tmp_path)
    assert len(before) > 1

    result = run("check", "a.md", "--select", before[0][1], "--write-baseline", "known.json")

    assert entries(tmp_path) == before
    assert "stale" not in result.out


@pytest.mark.parametrize("held", ["# A document\n", '{"schema": "other"}', "x: 1\n"])
def test_a_baseline_is_never_written_over_something_else(run, write, tmp_path, held):
    write("a.md", DISAGREEING)
    write("other", held)

    result = run("check", "a.md", "--write-baseline", "other")

    assert result.code == 2
    assert (tmp_path / "other").read_text() == held


@pytest.mark.parametrize(
    "path",
    ["a.md", "docs/../a.md", "link.md", "known.json", "ragortune.yaml", "p.yaml", "pack/rulebook.yaml"],
)
def test_a_report_is_never_written_over_what_the_run_reads(run, write, tmp_path, path):
    write("a.md", DISAGREEING)
    write("p.yaml", "knowledge: {volatility: daily}\n")
    write("ragortune.yaml", "rules: pack\ncheck: {baseline: known.json, profile: p.yaml}\n")
    write("pack/rulebook.yaml", "name: ours\nversion: '1'\nextends: ragortune\n")
    (tmp_path / "docs").mkdir()
    (tmp_path / "link.md").symlink_to("a.md")
    run("check", "a.md", "--write-baseline", "known.json")
    before = (tmp_path / path).read_bytes()

    result = run("check", "a.md", "--format", f"json={path}")

    assert result.code == 2
    assert "would overwrite what this run reads" in result.err
    assert (tmp_path / path).read_bytes() == before


@pytest.mark.usefixtures("repository")
def test_a_report_replaces_no_baseline_of_which_an_earlier_commit_is_used(run, write, git, tmp_path):
    write("ragortune.yaml", "check: {baseline: known.json}\n")
    run("check", "docs", "--write-baseline", "known.json")
    git("add", ".")
    git("commit", "-qm", "second")
    before = (tmp_path / "known.json").read_bytes()

    result = run("check", "docs", "--config-from", "HEAD", "--format", "json=known.json")

    assert "would overwrite what this run reads" in result.err
    assert (tmp_path / "known.json").read_bytes() == before


@pytest.mark.parametrize("path", ["p.yaml", "link.md", "old.json", "pack/rulebook.yaml"])
def test_a_record_is_never_written_over_what_it_is_made_of(run, write, tmp_path, path):
    write("p.yaml", f"{PROFILE}  volatility: daily\n")
    write("pack/rulebook.yaml", "name: ours\nversion: '1'\nextends: ragortune\n")
    write("old.json", run("recommend", "p.yaml", "--format", "json").out)
    (tmp_path / "link.md").symlink_to("p.yaml")
    before = (tmp_path / path).read_bytes()

    result = run("adr", "p.yaml", "--rules", "pack", "--against", "old.json", "-o", path, "--force")

    assert result.code == 2
    assert "would overwrite what this run reads" in result.err
    assert (tmp_path / path).read_bytes() == before


@pytest.mark.parametrize("arguments", [("adr", "p.yaml", "-o", "new"), ("init", "new")])
def test_a_file_that_another_run_has_just_made_is_not_replaced(run, write, tmp_path, monkeypatch, arguments):
    write("p.yaml", f"{PROFILE}  volatility: daily\n")

    def make(*_):
        (tmp_path / "new").write_text("another's\n")

    monkeypatch.setattr("ragortune.support.writing.refuse_unwritable", make)

    assert run(*arguments).code == 2
    assert (tmp_path / "new").read_text() == "another's\n"


@pytest.mark.usefixtures("repository")
def test_jobs_that_write_one_baseline_at_once_keep_what_each_has_found(run, tmp_path, monkeypatch):
    def write_meanwhile(*_):
        monkeypatch.undo()
        assert run("check", "docs/one.md", "--write-baseline", "known.json").code == 0

    monkeypatch.setattr("ragortune.support.writing.refuse_unwritable", write_meanwhile)
    run("check", "docs/two.md", "--write-baseline", "known.json")

    assert {path for path, _ in entries(tmp_path)} == {"docs/one.md", "docs/two.md"}


@pytest.mark.parametrize("option", ["--format=sarif=out", "--write-baseline=out"])
@pytest.mark.parametrize("is_there", [False, True])
def test_a_link_in_the_checkout_leads_no_file_out_of_it(run, write, tmp_path, option, is_there):
    write("repo/a.md", AGREEING)
    if is_there:
        write("outside", "")
    (tmp_path / "repo" / ".git").mkdir()
    (tmp_path / "repo" / "out").symlink_to("../outside")
    run.folder = tmp_path / "repo"

    result = run("check", "a.md", option)

    assert result.code == 2
    assert "is a link out of its folder, so it is not written" in result.err
    assert not is_there or (tmp_path / "outside").read_bytes() == b""
    assert (tmp_path / "outside").exists() == is_there


def test_a_template_is_not_written_through_a_link_that_leads_nowhere(run, tmp_path):
    (tmp_path / "repo").mkdir()
    (tmp_path / "repo" / "profile.yaml").symlink_to("../outside.yaml")
    run.folder = tmp_path / "repo"

    assert "exists" in run("init").err
    assert "a link out of its folder" in run("init", "--force").err
    assert not (tmp_path / "outside.yaml").exists()


def start(folder, *arguments, **options):
    command = [sys.executable, "-m", "ragortune", *arguments]
    return subprocess.run(command, cwd=folder, check=False, **options)


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/full", "pipe"])
@pytest.mark.parametrize("option", ["--format=json", "--write-baseline"])
def test_what_is_no_file_is_not_written(write, run, tmp_path, name, option):
    write("a.md", DISAGREEING)
    os.mkfifo(tmp_path / "pipe")

    result = run("check", "a.md", f"{option}={name}")

    assert result.code == 2
    assert f"error: '{name}' " in result.err
    assert "not written" in result.err or "cannot be written (it is not a file)" in result.err


def test_a_link_that_leads_back_to_itself_is_not_written(tmp_path, run, write):
    (tmp_path / "loop.json").symlink_to("loop.json")
    write("a.md", "# Notes\n")

    result = run("check", "a.md", "--write-baseline", "loop.json")

    assert result.code == 2
    assert result.err.endswith("'loop.json' cannot be written (a link to itself)\n")
    assert (tmp_path / "loop.json").is_symlink()


@pytest.mark.parametrize("path", [".git/config", ".git/hooks/new", "link/config", ".git/../.git/config"])
@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "docs", "--format", "json={}"),
        ("adr", "p.yaml", "--force", "-o", "{}"),
        ("init", "--force", "{}"),
    ],
)
def test_what_git_keeps_for_itself_is_never_written(run, write, git, tmp_path, arguments, path):
    write("docs/a.md", DISAGREEING)
    write("p.yaml", f"{PROFILE}  volatility: daily\n")
    git("init", "-q")
    (tmp_path / "link").symlink_to(".git")
    before = (tmp_path / ".git" / "config").read_bytes()

    result = run(*(argument.format(path) for argument in arguments))

    assert result.code == 2
    assert "in a folder of git's own, so it is not written" in result.err
    assert (tmp_path / ".git" / "config").read_bytes() == before
    assert not (tmp_path / ".git" / "hooks" / "new").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "a.md", "--write-baseline"),
        ("init",),
        ("adr", "p.yaml", "-o"),
        ("ask", "--answers", "-", "-o"),
    ],
)
def test_a_folder_that_is_not_there_is_no_way_to_a_file_that_is(run, write, tmp_path, arguments):
    write("a.md", DISAGREEING)
    write("p.yaml", f"{PROFILE}  volatility: daily\n")
    write("kept.yaml", "a person's\n")

    result = run(*arguments, "nowhere/../kept.yaml", stdin=b"knowledge.gap: most\n")

    assert result.code == 2
    assert (tmp_path / "kept.yaml").read_text() == "a person's\n"


def test_a_report_replaces_neither_a_quoted_document_nor_another_report(run, write, tmp_path):
    quoted = "{document: facts.md, line: 1, quote: changes daily}"
    answer = f"{{value: daily, evidence: {quoted}}}"
    write("facts.md", "The list changes daily.\n")
    write("a.md", f"# LLM\n\n```ragortune\nprofile: {{knowledge: {{volatility: {answer}}}}}\n```\n")
    (tmp_path / "link.json").symlink_to("out.json")

    over = run("check", "a.md", "--format", "json=facts.md")
    twice = run("check", "a.md", "--format", "json=out.json", "--format", "sarif=link.json")

    assert (over.code, twice.code) == (2, 2)
    assert "would overwrite what this run reads" in over.err
    assert "two formats go to the same file" in twice.err
    assert (tmp_path / "facts.md").read_text() == "The list changes daily.\n"


def test_files_beside_a_repository_are_named_from_its_root(run, write, tmp_path):
    quote = 'evidence: {document: notes.md, quote: "change every week"}'
    write("elsewhere/notes.md", "# Notes\n\nPrices change every week.\n")
    write(
        "elsewhere/tune.md",
        DISAGREEING.replace("volatility: daily", f"volatility: {{value: daily, {quote}}}"),
    )
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    run.folder = tmp_path / "repository"

    assert run("check", "../elsewhere/tune.md", "--format", "json=../out.json").code == 1
    assert (tmp_path / "out.json").exists()
    assert run("init", "../profile.yaml").code == 0
