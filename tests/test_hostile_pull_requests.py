"""What else a pull request can bring: names that mean something to a program, folders without end, words that take time."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from ragortune.check.evidence import Quoted, QuoteSources, find_lost_quotes
from ragortune.evidence.documents.addressed import is_misnamed
from ragortune.evidence.quotes import QuoteFinder, plain_text
from ragortune.model import Evidence
from ragortune.report.markdown import escape_markdown
from ragortune.ruleset.load import cache_folder, trusted_folder

from .test_check_command import AGREEING, DISAGREEING


@pytest.fixture
def topic(git, commit):
    """A branch behind a base with some documents; returns a way to run git."""
    commit("first", {"docs/adr/a.md": DISAGREEING, "docs/b.md": AGREEING, "docs/c.txt": AGREEING})
    git("checkout", "-qb", "topic")
    return git


# --- names --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pattern", ["*", "?", "**/*"])
def test_a_file_that_is_called_like_stdin_is_a_file(run, write, pattern):
    write("-", DISAGREEING)

    result = run("check", pattern, "--format", "json", stdin=AGREEING.encode())

    assert result.code == 1
    assert [document["path"] for document in json.loads(result.out)["documents"]] == ["./-"]


@pytest.mark.parametrize("form", ["gitlab", "junit", "sarif", "github"])
def test_a_document_that_is_called_like_stdin_is_named_from_the_root(run, write, tmp_path, form):
    write(".git/HEAD", "")
    write("docs/<stdin>.md", DISAGREEING)
    run("check", "docs", "--write-baseline", "known.json")
    run.folder = tmp_path / "docs"

    assert "docs/" in run("check", ".", "--format", form).out
    assert run("check", ".", "--baseline", "../known.json").code == 0


@pytest.mark.parametrize(
    "name", ["--exit-zero", "--fail-on=never", "--model=command:./docs/x.md", "--write-baseline=docs/b.json"]
)
def test_a_file_that_is_called_like_an_option_is_none(run, write, tmp_path, name):
    write("docs/a.md", DISAGREEING)
    write(name, f"#!/bin/sh\ntouch {tmp_path}/run\n")
    (tmp_path / name).chmod(0o755)

    result = run("check", name, "docs/a.md")

    assert (result.code, result.out) == (2, "")
    assert f"'{name}' is a file named like an option" in result.err
    assert not (tmp_path / "run").exists()
    assert not (tmp_path / "docs" / "b.json").exists()
    assert run("check", "--", name, "docs/a.md").code == 1


def test_the_name_of_a_file_ends_no_line_of_an_error(run, write):
    write("docs/a\n0 errors.md", b"\xff")

    assert "\n0 errors" not in run("check", "docs").err


# --- out of sight -------------------------------------------------------------------------------------------------


def test_what_a_sparse_checkout_leaves_out_is_not_gone_but_what_the_branch_removes_is(run, topic, tmp_path):
    topic("rm", "-q", "docs/b.md")
    topic("commit", "-qm", "second")
    topic("sparse-checkout", "set", "--no-cone", "docs/c.txt")
    assert not (tmp_path / "docs" / "adr").exists()

    result = run("check", "docs", "--config-from", "main")

    assert "note: gone since main: docs/b.md\n" in result.err


@pytest.mark.usefixtures("topic")
@pytest.mark.parametrize("wanted", ["docs/*/*.md", "docs/adr/*.md"])
def test_documents_of_a_folder_that_becomes_a_link_are_found_or_named(run, commit, tmp_path, wanted):
    shutil.move(tmp_path / "docs" / "adr", tmp_path / "moved")
    (tmp_path / "docs" / "adr").symlink_to("../moved")
    commit("a link")

    result = run("check", wanted, "docs/b.md", "--config-from", "main")

    assert result.code == 1 or "note: gone since main: docs/adr/a.md\n" in result.err


@pytest.mark.usefixtures("topic")
@pytest.mark.parametrize("wanted", ["docs/*.txt", "docs/*"])
def test_a_document_of_another_ending_that_a_branch_takes_out_of_sight_is_named(
    run, commit, tmp_path, wanted
):
    (tmp_path / "docs" / "c.txt").rename(tmp_path / "docs" / "c.text")
    commit("another ending")

    assert "note: gone since main: docs/c.txt\n" in run("check", wanted, "--config-from", "main").err


def test_a_link_whose_way_leads_back_is_judged_with_what_it_leads_to(run, write, tmp_path, git, commit):
    write("docs/x.md", AGREEING)
    write("kept/x.md", AGREEING)
    write("kept/1/y.md", AGREEING)
    (tmp_path / "docs" / "sub").symlink_to("../kept/1")
    (tmp_path / "docs" / "b.md").symlink_to("sub/../x.md")
    commit("links")
    git("checkout", "-qb", "topic")
    write("kept/x.md", DISAGREEING)

    assert run("check", "docs/b.md", "--since", "main").code == 1


# --- without end --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [["docs"], ["docs/**/*.md"], ["docs/a.md", "--rules", "docs"]])
def test_folders_that_are_nested_without_end_are_refused(run, write, tmp_path, arguments):
    write("docs/a.md", AGREEING)
    write("docs/rulebook.yaml", "name: ours\nversion: '1'\nextends: ragortune\n")
    nest(tmp_path / "docs", 150)

    result = run("check", *arguments)

    assert result.code == 2
    assert "holds folders that are nested more than 100 deep" in result.err


def nest(folder, depth):
    """Make folders within folders, which the system does not take in one name."""
    place = os.open(folder, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=place)
        inner = os.open("d", os.O_RDONLY, dir_fd=place)
        os.close(place)
        place = inner
    os.close(place)


def test_what_lies_outside_is_not_looked_through_for_a_rule_set(run, write, tmp_path, monkeypatch):
    looked = []
    monkeypatch.setattr("ragortune.commands.configuration.list_rule_files", looked.append)
    write("repo/.git/HEAD", "")
    write("repo/a.md", AGREEING)
    write("repo/ragortune.yaml", "rules: ..\n")
    run.folder = tmp_path / "repo"

    assert "points outside the repository" in run("check", "a.md").err
    assert not looked


def test_of_passages_that_are_all_alike_only_those_near_the_old_line_are_compared(monkeypatch):
    finder = QuoteFinder([f"{'ab ' * 90}{number}." for number in range(2000)])
    plain = Mock(wraps=plain_text)
    monkeypatch.setattr("ragortune.evidence.quotes.plain_text", plain)

    assert finder.find_nearest("ab " * 90 + "z", 350)[0].line == 350
    assert plain.call_count <= 601


def test_quotes_that_are_gone_from_many_documents_have_one_budget(run, write, monkeypatch):
    sought = []
    monkeypatch.setattr(QuoteFinder, "find_nearest", lambda *_: sought.append(1))
    monkeypatch.setattr("ragortune.check.evidence._MAX_SEARCHED", 3)
    quoted = "{value: weekly, evidence: {quote: The list changes}}"
    for number in range(5):
        write(f"{number}.md", f"```ragortune\nprofile: {{knowledge: {{volatility: {quoted}}}}}\n```\n")

    result = run("check", ".", "--format", "json")

    assert result.out.count('"evidence-gone"') >= 5
    assert len(sought) == 3


def test_a_second_audit_with_the_same_sources_finds_the_same(monkeypatch):
    monkeypatch.setattr("ragortune.check.evidence._MAX_SEARCHED", 1)
    lines = ("The price list changes every week.", "Drivers read the price list aloud.")
    gone = [
        Evidence(quote) for quote in ("The price list changes each week.", "Drivers read price lists aloud.")
    ]
    sources = QuoteSources(tuple(Quoted(evidence, "claim") for evidence in gone))
    reading = SimpleNamespace(path="a.md", lines=lines, decision=None, facts=(), quantities={})

    first, second = (
        [nearest and nearest[0].line for _, nearest in find_lost_quotes(reading, sources)] for _ in range(2)
    )

    assert first == second == [1, ()]


# --- what is believed ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("folder", "used"), [(".cache", False), ("../cache", True)])
def test_a_cache_that_a_checkout_brings_is_not_believed(monkeypatch, tmp_path, folder, used):
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    (tmp_path / "repo" / "docs").mkdir()
    monkeypatch.chdir(tmp_path / "repo" / "docs")
    monkeypatch.setenv("RAGORTUNE_CACHE_DIR", str(tmp_path / "repo" / folder))

    assert trusted_folder() == (cache_folder() if used else Path(os.devnull))


def test_a_job_whose_home_folder_is_the_checkout_believes_no_cache_in_it(monkeypatch, tmp_path):
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("RAGORTUNE_CACHE_DIR", str(tmp_path / ".cache"))

    assert trusted_folder() == Path(os.devnull)


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ("check: {fail-on: nope}\n", "ragortune.yaml:1:18: 'fail-on' must be"),
        ("check: [\n", "ragortune.yaml:2:1: is not YAML"),
        ("rules: nowhere\n", "ragortune.yaml:1:8: 'rules' names no folder"),
        ("check: {profile: gone.yaml}\n", "gone.yaml: no such file"),
        ("rules: pack\n", "pack/rules/r.yaml:1:9: 'rules.0' must be"),
    ],
)
def test_what_is_wrong_with_the_settings_of_the_base_is_told_by_their_names(
    run, git, commit, settings, complaint
):
    pack = {
        "pack/rulebook.yaml": "name: n\nversion: '1'\nextends: ragortune\n",
        "pack/rules/r.yaml": "rules: [x]\n",
    }
    commit("first", {"a.md": AGREEING, "ragortune.yaml": settings, **pack})
    git("rm", "-q", "ragortune.yaml")
    git("commit", "-qm", "none")

    result = run("check", "a.md", "--config-from", "HEAD~1")

    assert result.code == 2
    assert f"error: {complaint}" in result.err
    assert "(at " in result.err


@pytest.mark.parametrize("name", [":pack", ":(glob)pack", ":!pack", "pack[1]", "pa*"])
def test_a_rule_set_of_the_base_may_have_any_name(run, commit, name):
    pack = {f"{name}/rulebook.yaml": "name: n\nversion: '1'\nextends: ragortune\n"}
    commit("first", {"a.md": DISAGREEING, "ragortune.yaml": f"rules: {json.dumps(name)}\n", **pack})

    assert f"judges by the rule set in {name}" in run("check", "a.md", "--config-from", "HEAD").err


@pytest.mark.parametrize("printed", ["junk", "banner", "entry"])
@pytest.mark.parametrize("flag", ["--config-from", "--since"])
def test_a_git_that_prints_what_git_does_not_print_is_told(
    run, commit, tmp_path_factory, monkeypatch, printed, flag
):
    commit("first", {"a.md": AGREEING})
    git = shutil.which("git")
    script = {
        "junk": "echo junk",
        "banner": f'echo hello; exec {git} "$@"',
        "entry": f'case "$*" in *ls-tree*) printf \'x\\0\';; *) exec {git} "$@";; esac',
    }
    program = tmp_path_factory.mktemp("bin") / "git"
    program.write_text(f"#!/bin/sh\n{script[printed]}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")

    result = run("check", "a.md", flag, "HEAD")

    assert (result.code, result.out) == (2, "")
    assert f"{flag}: what '{program}'"[:60] in result.err


# --- what is shown ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("folder", "work"), [("", "docs"), ("a b/", "a b"), ("a b/", "a b/docs")])
def test_gitlab_finds_the_settings_from_wherever_a_job_runs(run, write, tmp_path, folder, work):
    write(".git/HEAD", "")
    write(f"{folder}docs/a.md", DISAGREEING)
    write(f"{folder}ragortune.yaml", "check: {fail-on: never}\n")
    run.folder = tmp_path / work

    entries = json.loads(run("check", ".", "--format", "gitlab").out)

    (settings,) = [entry for entry in entries if entry["check_name"] == "settings"]
    assert settings["location"]["path"] == f"{folder}ragortune.yaml"


def test_gitlab_is_told_what_cannot_be_read(run, write):
    write("docs/a.md", b"\xff")

    (entry,) = json.loads(run("check", "docs", "--format", "gitlab").out)

    assert (entry["check_name"], entry["location"]["path"]) == ("unreadable", "docs/a.md")


@pytest.mark.parametrize("mention", ["@{557058:abc}", '@"Some One"', "%12", "%v1", '%"Some One"', "GL-12"])
def test_no_way_to_name_somebody_is_live_in_markdown(mention):
    assert f"`{mention[:2]}" in escape_markdown(f"see {mention} there")


# --- what means this program --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("marker", "means"),
    [
        ("&#114;agortune", True),
        ("ragor&#116;une", True),
        ("yaml &#x72;agortune", True),
        ("{.&#114;agortune}", True),
        ("rag\\_or\\_tune", True),
        ("rag&shy;ortune", True),
        ("yaml;ragortune", True),
        ("yaml|ragortune", True),
        ('{name="ragortune"}', True),
        ('yaml ragortune title="a b"', True),
        ('yaml title="a, ragortune b"', False),
        ('sh {title="how ragortune works"}', False),
        ("text title='see ragortune'", False),
    ],
)
def test_the_name_behind_a_fence_is_read_as_a_page_shows_it(marker, means):
    assert is_misnamed(marker) is means


def test_a_disguised_block_in_html_is_told(run, write):
    write("a.md", "# LLM\n\n<pre><code class='language-&#114;agortune'>\ndecision: rag\n</code></pre>\n")

    assert "block cannot be read here" in run("check", "a.md").err


def test_a_summary_is_cut_before_github_drops_all_of_it(run, write, tmp_path, monkeypatch):
    monkeypatch.setattr("ragortune.commands.outputs._SUMMARY_BYTES", 5_000)
    for number in range(5):
        write(f"docs/{number}.md", DISAGREEING)

    run("check", "docs", "--format", "github", environment={"GITHUB_STEP_SUMMARY": str(tmp_path / "summary")})

    text = (tmp_path / "summary").read_text()
    assert 3_000 < len(text.encode()) < 5_200
    assert text.startswith("<!-- ragortune check -->\n")
    assert text.endswith("The rest is left out: GitHub shows no longer summary.\n\n")
