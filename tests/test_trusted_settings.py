"""A pull request can change settings, packs and baselines; none of that switches its own check off unseen."""

from __future__ import annotations

import errno
import json
import re

import pytest

from ragortune.commands.configuration import Configuration
from ragortune.support.rulefolder import shipped_folder
from tests.test_check_command import DISAGREEING

LOOSE = {
    "leaves out": "check: {ignore: [RT]}",
    "fails on never": "check: {fail-on: never}",
    "newer finding rules": 'rules-version: "0"',
    "judges by the rule set": "rules: pack",
    "answers for every document from facts.yaml": "check: {profile: facts.yaml}",
    "listed in known.json": "check: {baseline: known.json}",
}


@pytest.fixture
def repository(git, commit):
    """A repository with a document that disagrees with itself; returns a way to commit."""
    commit("first", {"docs/0007.md": DISAGREEING})
    git("checkout", "-qb", "topic")
    return git


def loosen(run, write, setting):
    """Write settings as a pull request could, with what they name."""
    write("pack/rulebook.yaml", "name: ours\nversion: '1'\nextends: ragortune\n")
    write("facts.yaml", "knowledge: {gap: none}\n")
    if "baseline" in setting:
        run("check", "docs", "--write-baseline", "known.json")
    write("ragortune.yaml", f"{setting}\n")


@pytest.mark.parametrize(("effect", "setting"), LOOSE.items())
@pytest.mark.parametrize("form", ["text", "markdown", "json", "sarif", "github", "gitlab", "junit"])
def test_every_format_names_the_settings_and_what_they_leave_out(run, write, effect, setting, form, tmp_path):
    write("docs/0007.md", DISAGREEING)
    (tmp_path / ".git").mkdir()
    loosen(run, write, setting)

    result = run("check", "docs", "--format", form)

    words = " ".join(result.out.split())
    assert "ragortune.yaml" in words
    assert effect in words
    assert effect in " ".join(result.err.split())


@pytest.mark.parametrize("setting", LOOSE.values())
def test_settings_of_a_pull_request_do_not_hold_where_those_of_its_base_are_asked_for(
    run, write, repository, setting
):
    before = json.loads(run("check", "docs", "--format", "json").out)
    loosen(run, write, setting)
    repository("add", ".")
    repository("commit", "-qm", "loosen")

    result = run("check", "docs", "--config-from", "main", "--format", "json")

    assert result.code == 1
    assert json.loads(result.out) == before


def test_settings_pack_baseline_and_profile_are_those_of_the_base(run, write, repository, tmp_path):
    repository("checkout", "-q", "main")
    write("rules/pack/rulebook.yaml", "name: ours\nversion: '7'\nextends: ragortune\n")
    run("check", "docs", "--write-baseline", "known.json")
    write("ragortune.yaml", "rules: rules/pack\ncheck: {baseline: known.json}\n")
    repository("add", ".")
    repository("commit", "-qm", "settings")
    repository("checkout", "-qb", "later")
    for name in ("rules/pack/rulebook.yaml", "known.json", "ragortune.yaml"):
        write(name, "nothing that can be read: [")
    repository("commit", "-qam", "break")

    result = run("check", "docs", "--config-from", "main", "--format", "json")

    data = json.loads(result.out)
    assert (result.code, data["rulebook"]["name"]) == (0, "ours")
    assert data["settings"].startswith("ragortune.yaml at ")
    assert "listed in known.json" in data["settings"]
    run.folder = tmp_path / "docs"
    assert run("check", ".", "--config-from", "main").code == 0


def test_a_path_that_goes_up_leads_to_the_same_file_at_the_base(run, write, commit):
    run("check", write("docs/0007.md", DISAGREEING), "--write-baseline", "known.json")
    commit("settings", {"ragortune.yaml": "check: {baseline: docs/../known.json}\n"})

    assert run("check", "docs").code == run("check", "docs", "--config-from", "HEAD").code == 0


def test_a_profile_of_the_base_quotes_documents_of_the_branch(run, write, repository):
    quote = 'evidence: {document: docs/0007.md, quote: "changes every week"}'
    write("facts.yaml", f"knowledge: {{volatility: {{value: weekly, {quote}}}}}\n")
    write("ragortune.yaml", "check: {profile: facts.yaml, select: [evidence-gone]}\n")
    write("docs/0007.md", f"{DISAGREEING}\nThe list changes every week.\n")
    repository("add", ".")
    repository("commit", "-qm", "facts")
    repository("branch", "-f", "main", "topic")

    kept = run("check", "docs", "--config-from", "main")
    write("docs/0007.md", DISAGREEING)
    gone = run("check", "docs", "--config-from", "main")

    assert (kept.code, gone.code) == (0, 1)
    assert "(facts.yaml:1:" in " ".join(gone.out.split())


def test_a_baseline_can_be_named_beside_settings_of_the_base(run, write, repository):
    write("ragortune.yaml", "check: {fail-on: note}\n")
    repository("add", ".")
    repository("commit", "-qm", "settings")
    repository("branch", "-f", "main", "topic")
    run("check", "docs", "--write-baseline", "known.json")

    assert run("check", "docs", "--config-from", "main", "--baseline", "known.json").code == 0


def test_a_base_without_settings_has_the_defaults(run, write, repository):
    write("ragortune.yaml", "check: {fail-on: never}\n")
    repository("add", ".")
    repository("commit", "-qm", "loosen")

    assert run("check", "docs").code == 0
    assert run("check", "docs", "--config-from", "main").code == 1
    assert run("check", "docs", "--no-config").code == 1


def test_a_settings_file_can_be_named(run, write, repository):  # noqa: ARG001
    write("strict.yaml", "check: {fail-on: never}\n")

    assert run("check", "docs", "--config", "strict.yaml").code == 0
    result = run("check", "docs", "--config", "strict.yaml", "--no-config")
    assert (result.code, result.err) == (2, "error: --config and --no-config cannot be combined\n")


def test_a_project_file_can_be_named(run, write):
    write("docs/0007.md", DISAGREEING)
    write("ci/pyproject.toml", '[tool.ragortune.check]\nfail-on = "never"\n')
    write("other.toml", '[check]\nfail-on = "never"\n')

    assert run("check", "docs", "--config", "ci/pyproject.toml").code == 0
    other = run("check", "docs", "--config", "other.toml")
    assert (other.code, other.err) == (2, "error: other.toml: holds no [tool.ragortune]\n")


def test_settings_of_the_base_under_another_ending_are_refused_instead_of_passed_over(run, write, repository):
    write("ragortune.yml", "check: {fail-on: warning}\n")
    repository("add", ".")
    repository("commit", "-qm", "settings")

    result = run("check", "docs", "--config-from", "HEAD")

    assert result.code == 2
    assert "ragortune.yml: settings are read from ragortune.yaml (at " in result.err


def test_a_checkout_without_the_settings_of_its_base_tells_how_to_clone(run, commit, git, tmp_path):
    commit("settings", {"ragortune.yaml": "check: {fail-on: warning}\n", "docs/0007.md": DISAGREEING})
    git("checkout", "-qb", "topic")
    commit("loosen", {"ragortune.yaml": "check: {fail-on: never}\n"})
    git("config", "uploadpack.allowFilter", "true")
    git("clone", "-q", "--filter=blob:none", "--branch", "topic", f"file://{tmp_path}", "checkout")
    run.folder = tmp_path / "checkout"

    result = run("check", "docs", "--config-from", "origin/main")

    assert result.code == 2
    assert "hint: a partial clone lacks earlier texts: clone without `--filter`" in result.err


def test_a_machine_without_room_for_temporary_files_is_told(run, repository, monkeypatch):  # noqa: ARG001
    def refuse(*_):
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']")

    monkeypatch.setattr("tempfile.gettempdir", refuse)
    result = run("check", "docs", "--config-from", "main")

    assert (result.code, result.out) == (2, "")
    assert "--config-from needs a temporary folder ([Errno 2] No usable" in result.err


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("reference", ["nowhere", "--output=x", " "])
def test_a_base_that_git_does_not_know_is_an_error_and_never_a_check_without_settings(run, reference):
    result = run("check", "docs", f"--config-from={reference}")

    assert (result.code, result.out) == (2, "")
    assert "--config-from" in result.err


@pytest.mark.parametrize(
    "setting", ["check: {profile: ../secret}", "check: {baseline: link}", "rules: ../pack"]
)
def test_settings_cannot_lead_out_of_the_repository(run, write, tmp_path, setting):
    write("secret", "https://user:s3cretPassw0rd@host.invalid")
    write("pack/rulebook.yaml", "name: s3cretPassw0rd\nversion: '1'\n")
    write("repo/.git/HEAD", "")
    write("repo/a.md", DISAGREEING)
    write("repo/ragortune.yaml", f"{setting}\n")
    (tmp_path / "repo" / "link").symlink_to("../secret")
    run.folder = tmp_path / "repo"

    result = run("check", "a.md")

    assert (result.code, result.out) == (2, "")
    assert "points outside the repository" in result.err
    assert "s3cret" not in result.err


@pytest.mark.parametrize("form", ["text", "markdown", "json", "sarif", "github", "gitlab", "junit"])
def test_a_long_name_pushes_nothing_out_of_what_is_told_of_settings(run, write, form):
    name = "rules-of-the-platform-team/" * 8
    write("docs/0007.md", DISAGREEING)
    write(f"{name}rulebook.yaml", "name: ours\nversion: '1'\nextends: ragortune\n")
    write("ragortune.yaml", f"rules: {name}\ncheck: {{ignore: [RT], fail-on: never}}\n")

    told = "".join(run("check", "docs", "--format", form).out.split())

    assert f"leavesout27of27findingrules,failsonneverandjudgesbytherulesetin{name[:-1]}" in told


UNDONE = {
    "rules": ("rules: pack", ()),
    "rules-version": ('rules-version: "0"', ()),
    "fail-on": ("check: {fail-on: never}", ("--fail-on", "error")),
    "min-confidence": ("check: {min-confidence: high}", ("--min-confidence", "low")),
    "select": ("check: {select: [RT9]}", ("--select", "RT")),
    "ignore": ("check: {ignore: [RT]}", ()),
    "require-decision": ("check: {require-decision: true}", ()),
    "baseline": ("check: {baseline: known.json}", ()),
    "profile": ("check: {profile: p.yaml}", ()),
}
"""For every setting one that changes what `check` does, and another flag that undoes it."""


NO_DECISION = (
    "# How to choose between RAG and fine-tuning\n\nUse RAG when your documents change. "
    "Fine-tune your model when you need a style. You should measure both.\n"
)


def list_settings():
    own = [field for field in Configuration.field_names() if field not in {"path", "moved", "base"}]
    return sorted(name.replace("_", "-") for name in own)


def test_every_setting_is_among_those_that_are_undone():
    assert sorted(UNDONE) == list_settings()


@pytest.mark.parametrize("name", UNDONE)
def test_every_setting_has_a_flag_that_undoes_it(run, write, name):
    setting, flags = UNDONE[name]
    write("docs/0007.md", DISAGREEING)
    write("docs/0008.md", NO_DECISION)
    write("p.yaml", "performance: {volume: 3}\n")
    run("check", "docs", "--write-baseline", "known.json")

    def judge(*arguments):
        document = "docs/0008.md" if name == "require-decision" else "docs/0007.md"
        result = run("check", document, "--format", "json", *arguments)
        return result.code, result.out

    plain = judge()
    loosen(run, write, setting)

    assert judge() != plain
    assert judge("--without", name) == plain
    assert not flags or judge(*flags) == plain


def test_a_setting_that_is_not_defined_cannot_be_left_out(run, write):
    write("docs/0007.md", DISAGREEING)

    result = run("check", "docs", "--without", "ignored")

    assert result.code == 2
    assert "there is no setting 'ignored' for --without\nhint: did you mean 'ignore'?" in result.err


@pytest.mark.parametrize("severity", ["error", "note"])
def test_how_much_a_rule_pack_lowers_and_leaves_out_is_told(run, write, severity):
    shipped = (shipped_folder() / "findings" / "findings.yaml").read_text()
    write("docs/0007.md", DISAGREEING)
    write("pack/rulebook.yaml", "name: ours\nversion: '1'\nextends: ragortune\n")
    write("pack/findings/ours.yaml", re.sub(r"(?m)^( +severity): error", rf"\1: {severity}", shipped))
    write("ragortune.yaml", "rules: pack\n")

    result = run("check", "docs")

    told = " ".join(result.err.split())
    lowers = re.search(
        r"leaves out or changes \d+ of 27 shipped finding rules and lowers ([1-9]) findings?$", told
    )
    assert bool(lowers) is (severity == "note")
    assert result.code == (severity == "error")
