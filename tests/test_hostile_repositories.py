"""A checkout can bring links, filters, repositories of its own and names with two meanings; none of them is obeyed."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import pytest

from .test_check_command import AGREEING, DISAGREEING

SECRET = "s3cretPassw0rd: s3cretPassw0rd\n"
PACK = "name: ours\nversion: '1'\nextends: ragortune\n"


@pytest.fixture
def repository(git, commit):
    """A repository with one document at its base, and a branch of its own; returns a way to run git."""
    commit("first", {"docs/a.md": DISAGREEING})
    git("checkout", "-qb", "topic")
    return git


def judged(result):
    return [document["path"] for document in json.loads(result.out)["documents"]]


# --- links --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("link", "settings"),
    [
        ("ragortune.yaml", None),
        ("pyproject.toml", None),
        ("pack/rules/r.yaml", "rules: pack\n"),
        ("pack/rulebook.yaml", "rules: pack\n"),
    ],
)
def test_a_link_to_a_file_outside_is_not_followed_for_settings_or_packs(run, write, tmp_path, link, settings):
    write("secret", SECRET if link != "pyproject.toml" else "[tool]\ns3cretPassw0rd = [")
    write("repo/.git/HEAD", "")
    write("repo/a.md", DISAGREEING)
    write("repo/pack/rules/own.yaml", "rules: []\n")
    if settings:
        write("repo/ragortune.yaml", settings)
    if link != "pack/rulebook.yaml":
        write("repo/pack/rulebook.yaml", PACK)
    (tmp_path / "repo" / link).symlink_to(tmp_path / "secret")
    run.folder = tmp_path / "repo"

    result = run("check", "a.md")

    assert (result.code, result.out) == (2, "")
    assert "points outside the repository" in result.err
    assert "s3cret" not in result.err


@pytest.mark.parametrize("wanted", ["docs", "docs/*.md", "docs/**/*.md"])
def test_a_link_to_a_file_outside_is_no_document_unless_it_is_named(run, write, tmp_path, wanted):
    write("outside.md", f"{DISAGREEING}\nThe key is s3cretPassw0rd.\n")
    write("repo/.git/HEAD", "")
    write("repo/docs/b.md", AGREEING)
    for name, target in (("a.md", "../../outside.md"), ("c.md", "b.md")):
        (tmp_path / "repo" / "docs" / name).symlink_to(target)
    run.folder = tmp_path / "repo"

    result = run("check", wanted, "--format", "json")

    assert judged(result) == ["docs/b.md", "docs/c.md"]
    assert "note: skipped: docs/a.md" in result.err
    assert judged(run("check", "docs/a.md", "--format", "json")) == ["docs/a.md"]


@pytest.mark.parametrize("wanted", ["docs", "docs/**/*.md", "docs/a.md"])
@pytest.mark.usefixtures("repository")
def test_a_name_that_a_pull_request_makes_a_link_leads_nowhere(run, tmp_path_factory, tmp_path, wanted):
    outside = tmp_path_factory.mktemp("outside") / "a.md"
    outside.write_text(DISAGREEING)
    shutil.rmtree(tmp_path / "docs")
    (tmp_path / "docs").symlink_to(outside.parent)

    result = run("check", wanted, "--config-from", "main")

    assert (result.code, result.out) == (3, "")
    assert f"warning: '{wanted}' points outside the repository, so it is not read" in result.err
    assert run("check", wanted).out


@pytest.mark.parametrize("key", ["rules", "check"])
def test_what_git_keeps_for_itself_is_no_document_and_no_settings(run, write, repository, tmp_path, key):
    repository("config", "http.extraheader", "AUTHORIZATION: basic s3cretPassw0rd")
    quoted = "{document: ../.git/config, line: 8, quote: 'extraheader = AUTHORIZATION: basic s3cretPassw1rd'}"
    answer = f"{{value: weekly, evidence: {quoted}}}"
    write("docs/b.md", f"# LLM\n\n```ragortune\nprofile: {{knowledge: {{volatility: {answer}}}}}\n```\n")
    (tmp_path / "docs" / "c.md").symlink_to("../.git/config")
    result = run("check", "docs", "--full")
    write("ragortune.yaml", "rules: .git\n" if key == "rules" else "check: {profile: .git/config}\n")
    settings = run("check", "docs/a.md")

    assert (result.code, settings.code) == (2, 2)
    assert "s3cret" not in result.out + result.err.replace("s3cretPassw1rd", "") + settings.err
    assert "the quoted document '../.git/config' lies outside" in result.err
    assert "note: skipped: docs/c.md" in result.err
    assert "points outside the repository" in settings.err


@pytest.mark.parametrize("name", [".env", "key.pem", "linked.md"])
def test_evidence_quotes_no_file_of_the_checkout_that_is_no_document(run, write, tmp_path, name):
    write("docs/.env", "TOKEN=s3cretPassw0rd\n")
    write("docs/key.pem", "TOKEN=s3cretPassw0rd\n")
    (tmp_path / "docs" / "linked.md").symlink_to(".env")
    quoted = f"{{document: {name}, quote: 'TOKEN=s3cretPassw1rd'}}"
    answer = f"{{value: weekly, evidence: {quoted}}}"
    write("docs/b.md", f"# LLM\n\n```ragortune\nprofile: {{knowledge: {{volatility: {answer}}}}}\n```\n")

    result = run("check", "docs/b.md", "--full")

    assert result.code == 2
    assert "s3cretPassw0rd" not in result.out + result.err
    assert re.search(r"docs/b\.md:4:\d+: ", result.err)
    assert f"the quoted document '{name}' is not a .md, .markdown, .mdown, .mkd or .rst file" in result.err


def test_evidence_quotes_a_document_of_any_ending_that_is_checked_as_well(run, write):
    write("docs/notes.txt", "# LLM\n\nThe list changes every week.\n")
    quoted = "{document: notes.txt, quote: The list changes every week}"
    answer = f"{{value: weekly, evidence: {quoted}}}"
    write("docs/b.md", f"# LLM\n\n```ragortune\nprofile: {{knowledge: {{volatility: {answer}}}}}\n```\n")

    assert run("check", "docs/b.md", "docs/notes.txt").code == 0
    assert run("check", "docs/b.md").code == 2


@pytest.mark.parametrize("new", ["docs/a.mdx", "docs/.a.md", "elsewhere/a.md", "docs/a.md/b.txt"])
@pytest.mark.parametrize("wanted", ["docs", "docs/**/*.md", "."])
@pytest.mark.usefixtures("repository")
def test_a_document_that_a_branch_takes_out_of_sight_is_named(run, write, tmp_path, commit, new, wanted):
    write("docs/b.md", AGREEING)
    before = run("check", wanted, "--config-from", "main")
    (tmp_path / "docs" / "a.md").unlink()
    write(new, DISAGREEING)
    commit("out of sight")

    after = run("check", wanted, "--config-from", "main")

    assert "gone" not in before.err
    assert "note: gone since main: docs/a.md\n" in after.err


@pytest.mark.parametrize("wanted", ["docs", "docs/**/*.md"])
def test_a_link_to_a_document_that_a_branch_removes_is_named(
    run, write, tmp_path, repository, commit, wanted
):
    write("kept/b.md", DISAGREEING)
    repository("checkout", "-q", "main")
    (tmp_path / "docs" / "b.md").symlink_to("../kept/b.md")
    commit("link")
    repository("checkout", "-qB", "topic")
    before = run("check", wanted, "--config-from", "main")
    (tmp_path / "docs" / "b.md").unlink()
    commit("no link")

    after = run("check", wanted, "--config-from", "main")

    assert "gone" not in before.err
    assert "note: gone since main: docs/b.md\n" in after.err


@pytest.mark.parametrize("link", ["ragortune.yaml", "pack", "pack/rules/r.yaml", "known.json"])
def test_settings_of_the_base_that_are_links_are_an_error_and_never_left_out(
    run, write, repository, tmp_path, link, commit
):
    write("real/rulebook.yaml", PACK)
    write("real/r.yaml", "rules: []\n")
    write("real/known.json", '{"schema": "ragortune/baseline/1", "findings": []}')
    write("real/ragortune.yaml", "check: {fail-on: note}\n")
    if link != "ragortune.yaml":
        write("ragortune.yaml", f"rules: {'real' if link == 'known.json' else 'pack'}\n")
    if link == "known.json":
        write("ragortune.yaml", "check: {baseline: known.json}\n")
    if link.startswith("pack/"):
        write("pack/rulebook.yaml", PACK)
        (tmp_path / "pack" / "rules").mkdir()
    (tmp_path / link).symlink_to(tmp_path / "real" / link.rpartition("/")[2] if link != "pack" else "real")
    commit("links")
    repository("branch", "-f", "main", "topic")

    result = run("check", "docs", "--config-from", "main")

    assert (result.code, result.out) == (2, "")
    assert f"'{link}' is a link, not a file, at " in result.err


# --- git ----------------------------------------------------------------------------------------------------------


def test_a_filter_of_the_repository_is_not_run_to_see_what_changed(run, write, repository, tmp_path):
    write("filter", f"#!/bin/sh\ntouch {tmp_path}/run\nexec cat\n")
    (tmp_path / "filter").chmod(0o755)
    write("docs/b.md", AGREEING)
    write(".gitattributes", "* filter=x\n")
    for kind in ("clean", "smudge", "process"):
        repository("config", f"filter.x.{kind}", str(tmp_path / "filter"))
    write("docs/a.md", f"{DISAGREEING}\nMore.\n")

    result = run("check", "docs", "--since", "main", "--format", "json")

    assert judged(result) == ["docs/a.md", "docs/b.md"]
    assert not (tmp_path / "run").exists()


@pytest.mark.usefixtures("repository")
def test_what_is_ignored_or_has_other_line_ends_has_not_changed(run, write):
    write(".gitignore", "built/\ndocs/draft.md\n")
    for name in ("docs/built/b.md", "docs/draft.md", "docs/new.md"):
        write(name, DISAGREEING)
    write("docs/a.md", DISAGREEING.replace("\n", "\r\n"))

    assert judged(run("check", "docs", "--since", "main", "--format", "json")) == ["docs/new.md"]


def test_documents_of_a_submodule_that_a_branch_adds_have_changed(run, write, repository, tmp_path, commit):
    write("other/b.md", DISAGREEING)
    for arguments in (("init", "-q"), ("add", "."), ("commit", "-qm", "other")):
        repository("-C", str(tmp_path / "other"), *arguments)
    add = ("submodule", "add", "-q", str(tmp_path / "other"), "docs/sub")
    repository("-c", "protocol.file.allow=always", *add)
    repository("config", "-f", ".gitmodules", "submodule.docs/sub.ignore", "all")
    shutil.rmtree(tmp_path / "other")
    commit("submodule")

    assert judged(run("check", "docs", "--since", "main", "--format", "json")) == ["docs/sub/b.md"]


def test_a_folder_that_looks_like_a_repository_is_none(run, write, repository, tmp_path):
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", "docs"], cwd=tmp_path, check=True)
    for arguments in (
        ("core.bare", "false"),
        ("core.worktree", "."),
    ):
        repository("--git-dir=docs", "config", *arguments)
    write("docs/ragortune.yaml", "check: {ignore: [RT]}\n")
    repository("--git-dir=docs", "--work-tree=docs", "add", "a.md", "ragortune.yaml")
    repository("--git-dir=docs", "--work-tree=docs", "commit", "-qm", "loose")
    run.folder = tmp_path / "docs"

    for flag in ("--config-from", "--since"):
        result = run("check", "a.md", flag, "main")
        assert (result.code, result.out) == (2, "")
        assert "this is not a git repository" in result.err


def test_what_replaces_an_object_in_this_clone_is_not_what_the_base_holds(
    run, write, repository, tmp_path, commit
):
    write("ragortune.yaml", "check: {fail-on: error}\n")
    commit("settings")
    repository("branch", "-f", "main", "topic")
    write("loose.yaml", "check: {ignore: [RT]}\n")
    repository("hash-object", "-w", "loose.yaml")
    kept, loose = (
        subprocess.run(
            ["git", "hash-object", name], cwd=tmp_path, check=True, capture_output=True, text=True
        ).stdout.strip()
        for name in ("ragortune.yaml", "loose.yaml")
    )
    repository("replace", kept, loose)

    assert run("check", "docs", "--config-from", "main").code == 1


def test_a_tag_with_the_name_of_the_base_is_not_taken_for_it(run, write, repository, commit):
    write("ragortune.yaml", "check: {ignore: [RT]}\n")
    commit("loosen")
    repository("tag", "main", "topic")

    result = run("check", "docs", "--config-from", "main")

    assert (result.code, result.out) == (2, "")
    assert "'main' is ambiguous" in result.err
    assert run("check", "docs", "--config-from", "refs/heads/main").code == 1


def test_a_link_to_a_program_of_the_checkout_is_not_taken_for_git(run, write, git, tmp_path, monkeypatch):
    folder = tmp_path / "checkout"
    git("init", "-q", str(folder))
    write("checkout/a.md", AGREEING)
    write("checkout/git", '#!/bin/sh\ntouch "$(dirname "$0")/run"\n')
    (folder / "git").chmod(0o755)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "git").symlink_to(folder / "git")
    run.folder = folder
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))

    assert "needs git" in run("check", "a.md", "--since", "HEAD").err
    assert not list(tmp_path.rglob("run"))


@pytest.mark.usefixtures("repository")
def test_a_git_that_does_not_come_to_an_end_is_given_up(run, write, monkeypatch, tmp_path_factory):
    # Patterns such as `*a*a*a*b` in .gitignore keep older versions busy for years.
    programs = tmp_path_factory.mktemp("bin")
    slow = f'#!/bin/sh\ncase "$*" in *ls-files*) exec sleep 30;; esac\nexec {shutil.which("git")} "$@"\n'
    (programs / "git").write_text(slow)
    (programs / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)
    write("docs/b.md", AGREEING)
    monkeypatch.setattr("ragortune.support.git._SECONDS", 1)

    result = run("check", "docs", "--since", "main")

    assert result.code == 2
    assert result.err == "error: --since: git failed (no answer within 1 seconds)\n"


@pytest.mark.parametrize(
    ("pattern", "hiding"),
    [
        ("docs/*.md", "docs/*.md"),
        ("docs/**/*.md", "docs/**/*.md"),
        ("docs/[ab].md", "docs/[ab].md"),
        ("*/a.md", "*/a.md"),
    ],
)
def test_a_file_that_is_called_like_a_pattern_takes_no_document_out_of_sight(
    run,
    write,
    repository,  # noqa: ARG001
    pattern,
    hiding,
):
    write(hiding, "# Lunch\n\nWe eat at noon.\n")

    result = run("check", pattern, "--config-from", "main", "--format", "json")

    assert result.code == 1
    assert judged(result) == [hiding, "docs/a.md"]


def test_a_name_with_brackets_that_a_shell_has_found_is_that_of_one_file(run, write):
    write("docs/a.md", DISAGREEING)
    write("docs/[a].md", AGREEING)

    assert judged(run("check", "docs/[a].md", "--format", "json")) == ["docs/[a].md"]


@pytest.mark.parametrize("changed", ["docs/b.md", "kept/via.md", "docs/more"])
def test_a_link_that_a_branch_leads_elsewhere_has_changed(run, write, tmp_path, repository, commit, changed):
    links = {"docs/b.md": "../kept/via.md", "kept/via.md": "1/plain.md", "docs/more": "../kept/1"}
    repository("checkout", "-q", "main")
    write("kept/1/plain.md", AGREEING)
    write("kept/2/plain.md", DISAGREEING)
    for name, target in links.items():
        (tmp_path / name).symlink_to(target)
    commit("links")
    repository("checkout", "-qB", "topic")
    wanted = ["docs/b.md", "docs/more/plain.md", "--since", "main", "--format", "json"]
    unchanged = run("check", *wanted)
    (tmp_path / changed).unlink()
    (tmp_path / changed).symlink_to(links[changed].replace("1", "2").replace("via", "2/plain"))

    result = run("check", *wanted)

    assert (unchanged.code, judged(unchanged)) == (0, [])
    assert (result.code, judged(result)) == (
        1,
        ["docs/more/plain.md" if changed == "docs/more" else "docs/b.md"],
    )


# --- folders of somebody else -------------------------------------------------------------------------------------


@pytest.fixture
def closed(run, monkeypatch):
    """A folder of which `named/` shows only its names, and `shut/` nothing, even where root runs the tests."""
    with tempfile.TemporaryDirectory() as name:
        run.folder = pathlib.Path(name)
        for path in ("a.md", "shut/a.md", "named/a.md", "shut/calls.jsonl"):
            (run.folder / path).parent.mkdir(exist_ok=True)
            (run.folder / path).write_text(AGREEING)
        (run.folder / "profile.yaml").write_text("knowledge: {gap: most}\n")
        run.folder.chmod(0o755)
        (run.folder / "shut").chmod(0o700 if os.geteuid() == 0 else 0)
        (run.folder / "named").chmod(0o744 if os.geteuid() == 0 else 0o444)
        monkeypatch.setenv("TMPDIR", name)
        yield run.folder
        for path in ("shut", "named"):
            (run.folder / path).chmod(0o700)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("check .", 2),
        ("check shut", 3),
        ("check shut/*.md", 3),
        ("check named", 2),
        ("check shut/a.md", 2),
        ("measure --docs .", 0),
        ("measure --docs named", 2),
        ("measure --calls shut/calls.jsonl", 2),
        ("measure --questions shut/calls.jsonl", 2),
        ("measure --docs . -o shut/profile.yaml", 2),
        ("adr profile.yaml -o shut", 2),
    ],
)
def test_what_may_not_be_read_is_told_and_is_no_internal_error(run, closed, arguments, code):  # noqa: ARG001
    run(*arguments.split())  # imports what it needs while that may be read

    with as_somebody():
        result = run(*arguments.split())

    assert result.code == code, result.err
    assert "internal error" not in result.err


@contextlib.contextmanager
def as_somebody():
    """Give up the rights of root, which reads everything."""
    if root := os.geteuid() == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


# --- quotes of large documents ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("limit", "code"), [(99, 2), (100, 0)])
def test_documents_that_are_too_large_together_are_not_opened_for_their_quotes(
    run, write, monkeypatch, limit, code
):
    monkeypatch.setattr("ragortune.commands.evidence._MAX_CHARACTERS", limit)
    write("prices.md", "Prices are kept.".ljust(50))
    write("gaps.md", "Nothing is known.".ljust(50))
    write(
        "a.md",
        "```ragortune\nprofile:\n  knowledge:\n"
        "    volatility: {value: static, evidence: {document: prices.md, line: 1, quote: Prices are kept.}}\n"
        "    gap: {value: most, evidence: {document: gaps.md, line: 1, quote: Nothing is known.}}\n```\n",
    )

    result = run("check", "a.md")

    assert result.code == code
    assert ("the quoted documents have more than 99 characters together" in result.err) == (code == 2)
