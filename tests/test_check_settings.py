"""How a project sets `check` up: configuration, baseline, pin, and only what changed on the branch."""

import json

import pytest

from ragortune.commands.configuration import find_configuration
from ragortune.support.errors import ConfigurationError
from ragortune.support.git import Repository

from .test_check_command import AGREEING, DISAGREEING, checked


@pytest.fixture
def doc(write):
    return write("docs/0007.md", DISAGREEING)


# --- configuration ------------------------------------------------------------------------------------------------


def test_the_configuration_of_a_repository_holds(run, doc, write):
    write("ragortune.yaml", "check: {select: [RT105], fail-on: warning}\n")

    result = run("check", doc, "--format", "json")

    assert result.code == 1
    assert [found["code"] for found in checked(result)["documents"][0]["findings"]] == ["RT105"]


@pytest.mark.parametrize("settings", ["check: {fail-on: often}", "check: {fail_on: note}", "chek: {}", "[]"])
def test_a_mistake_in_settings_is_one_of_the_configuration(write, tmp_path, settings):
    write("ragortune.yaml", f"{settings}\n")

    with pytest.raises(ConfigurationError):
        find_configuration(tmp_path)


def test_pyproject_holds_the_same_settings(run, doc, write):
    write(
        "pyproject.toml",
        '[tool.ragortune.check]\nselect = ["RT105"]\nfail-on = "never"\nrequire-decision = true\n',
    )

    assert run("check", doc).code == 0


def test_flags_win_over_the_configuration(run, doc, write):
    write("ragortune.yaml", "check: {fail-on: never, min-confidence: high, ignore: [RT001]}\n")

    assert run("check", doc).code == 0
    assert run("check", doc, "--fail-on", "error").code == 1


def test_a_pin_makes_newer_rules_note_only(run, doc, write):
    write("ragortune.yaml", 'rules-version: "2026.10"\n')

    result = run("check", doc, "--format", "json")

    assert result.code == 0
    assert {found["severity"] for found in checked(result)["documents"][0]["findings"]} == {"note"}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("check: {fail-onn: error}\n", "did you mean 'fail-on'?"),
        ("check: {fail-on: fatal}\n", "'fail-on' must be error, warning, note or never, not 'fatal'"),
        ("check: {min-confidence: 3}\n", "'min-confidence' must be low, medium or high, not 3"),
        ("check: {select: RT001}\n", "'select' must be a list"),
        ("check: {select: [1]}\n", "'select' must be a list"),
        ("check: {select: [RT777]}\n", "there is no finding rule 'RT777'"),
        ("check: {require-decision: maybe}\n", "'require-decision' must be true or false"),
        ("check: {baseline: 3}\n", "'baseline' must be a file, not 3"),
        ("check: [a]\n", "'check' is a mapping"),
        ("rules-version: 2026.11\n", "write the version in quotes"),
        ("rules-version: newest\n", "'rules-version' must be a version"),
        ("rules: 3\n", "'rules' must be a folder, not 3"),
        ("rule: x\n", "did you mean 'rules'?"),
    ],
)
def test_a_slip_in_the_configuration_is_named_with_its_place(run, doc, write, text, complaint):
    write("ragortune.yaml", text)

    result = run("check", doc)

    assert result.code == 2
    assert complaint in result.err
    assert "ragortune.yaml" in result.err


def test_empty_settings_are_the_defaults(run, doc, write):
    write("ragortune.yaml", "check:\nrules-version:\n")

    assert run("check", doc).code == 1


def test_facts_from_outside_can_be_configured(run, doc, write):
    write("facts.yaml", "performance: {volume: 12}\n")
    write("ragortune.yaml", "check: {profile: facts.yaml}\n")

    facts = checked(run("check", doc, "--format", "json"))["documents"][0]["facts"]

    assert [fact["criterion"] for fact in facts if fact["line"] is None] == ["performance.volume"]


# --- baseline -----------------------------------------------------------------------------------------------------


def test_a_baseline_leaves_out_what_was_known_wherever_it_has_moved_to(run, doc, write):
    written = run("check", doc, "--write-baseline", "known.json")
    assert written.code == 0
    assert "findings to known.json; `--baseline known.json` leaves them out" in written.err
    write(doc, DISAGREEING.replace("## Status", "Words.\n\nMore words.\n\n## Status"))

    result = run("check", doc, "--baseline", "known.json", "--format", "json")

    assert result.code == 0
    assert checked(result)["documents"][0]["findings"] == []
    assert all(found["baselined"] for found in checked(result)["documents"][0]["silenced"])


def test_a_baseline_leaves_out_nothing_new(run, doc, write):
    run("check", doc, "--write-baseline", "known.json")
    write("docs/0009.md", DISAGREEING)

    result = run("check", "docs", "--baseline", "known.json")

    assert result.code == 1
    assert "docs/0009.md" in result.out
    assert "in the baseline" in " ".join(result.out.split())


_BLOCK = (
    "```ragortune\ndecision: fine_tuning\nprofile:\n"
    "  knowledge: {gap: most, source: documents, volatility: daily, access_path: by_meaning}\n```\n"
)


def test_a_baseline_does_not_know_another_decision_in_the_place_of_the_one_it_knows(run, write):
    text = f"# ADR 7: Prices\n\nStatus: accepted\n\n{_BLOCK}"
    write("doc.md", text)
    run("check", "doc.md", "--write-baseline", "known.json")
    assert run("check", "doc.md", "--fail-on", "note", "--baseline", "known.json").code == 0
    write("doc.md", text.replace("fine_tuning", "neither"))

    assert run("check", "doc.md", "--fail-on", "note", "--baseline", "known.json").code == 1


def test_what_the_baseline_knows_in_vain_is_reported_so_that_it_shrinks(run, doc, write):
    run("check", doc, "--write-baseline", "known.json")
    write(doc, AGREEING)

    result = run("check", doc, "--full", "--baseline", "known.json")

    assert "stale in the baseline: decision-disagrees" in " ".join(result.out.split())


def test_a_baseline_says_nothing_about_documents_that_were_not_read(run, doc, write):
    run("check", doc, "--write-baseline", "known.json")
    other = write("docs/0010.md", AGREEING)

    assert "stale" not in run("check", other, "--baseline", "known.json").out


def test_a_baseline_holds_from_any_folder(run, doc, tmp_path):
    run("check", doc, "--write-baseline", "known.json")
    run.folder = tmp_path / "docs"

    assert run("check", "0007.md", "--baseline", "../known.json").code == 0


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{}", "is not a baseline"),
        ("[", "is not JSON"),
        ('{"schema": "ragortune/baseline/1"}', "Object missing required field `findings`"),
        (
            '{"schema": "ragortune/baseline/1", "findings": [{"path": "a"}]}',
            "missing required field `rule` - at `$.findings[0]`",
        ),
        (
            '{"schema": "ragortune/baseline/1", "findings": [{"path": 1, "rule": "r", "key": "k", "sentence": "s", "count": 1}]}',
            "Expected `str`, got `int` - at `$.findings[0].path`",
        ),
        (
            '{"schema": "ragortune/baseline/1", "findings": [{"path": "a", "rule": "r", "key": "k", "sentence": "s", "count": 0}]}',
            "Expected `int` >= 1 - at `$.findings[0].count`",
        ),
    ],
)
def test_a_baseline_that_is_none_is_named(run, doc, write, text, complaint):
    write("known.json", text)

    result = run("check", doc, "--baseline", "known.json")

    assert result.code == 2
    assert complaint in result.err


def test_a_baseline_that_cannot_be_written_is_named(run, doc):
    result = run("check", doc, "--write-baseline", "docs")

    assert result.code == 2
    assert "'docs' cannot be written (it is not a file)" in result.err


def test_a_new_baseline_takes_the_place_of_the_configured_one(run, doc, write):
    run("check", doc, "--write-baseline", "known.json")
    write("ragortune.yaml", "check: {baseline: known.json}\n")

    result = run("check", doc, "--write-baseline", "new.json")

    assert result.code == 0
    assert "ragortune.yaml" not in result.err + result.out


def test_a_baseline_knows_a_quote_of_the_profile_whichever_documents_are_named(run, write):
    for name in ("docs/0007.md", "docs/0008.md"):
        write(name, AGREEING)
    write("notes.md", "# Notes\n\nPrices change.\n")
    quote = 'evidence: {document: notes.md, quote: "change every week"}'
    write("facts.yaml", f"knowledge: {{volatility: {{value: weekly, {quote}}}}}\n")
    write("ragortune.yaml", "check: {profile: facts.yaml, baseline: known.json}\n")
    run("check", "docs", "--write-baseline", "known.json")

    for named in ("docs/0007.md", "docs/0008.md", "docs", "notes.md"):
        assert run("check", named).code == 0
    run("check", "docs/0008.md", "--without", "profile", "--write-baseline", "known.json")
    assert run("check", "docs", "--select", "evidence-gone").code == 0
    write("notes.md", "# Notes\n\nPrices change every week.\n")
    assert "stale in the baseline: evidence-gone" in " ".join(run("check", "docs", "--full").out.split())


def test_a_quote_behind_a_number_of_the_profile_goes_stale_like_any_other(run, doc, write):
    write(doc, AGREEING)
    write("notes.md", "# Notes\n\nWrong answers cost money.\n")
    quote = 'evidence: {document: notes.md, quote: "cost 4 dollars"}'
    write("facts.yaml", f"quantities: {{wrong_answer_cost: {{value: 4, {quote}}}}}\n")
    run("check", doc, "--profile", "facts.yaml", "--write-baseline", "known.json")
    write("notes.md", "# Notes\n\nWrong answers cost 4 dollars.\n")

    result = run("check", doc, "--full", "--profile", "facts.yaml", "--baseline", "known.json")

    assert "stale in the baseline: evidence-gone" in " ".join(result.out.split())


def test_an_unused_suppression_is_not_stale_where_its_rule_does_not_run(run, doc, write):
    write(doc, f"{AGREEING}\n<!-- ragortune: ignore[citations-from-weights] because the board decided -->\n")
    run("check", doc, "--write-baseline", "known.json")
    ignored = ("--ignore", "citations-from-weights")

    assert "stale" not in run("check", doc, "--full", *ignored, "--baseline", "known.json").out
    run("check", doc, *ignored, "--write-baseline", "known.json")
    assert run("check", doc, "--fail-on", "note", "--baseline", "known.json").code == 0


def test_stdin_has_its_place_in_a_baseline(run):
    run("check", "-", "--write-baseline", "known.json", stdin=DISAGREEING.encode())

    assert run("check", "-", "--baseline", "known.json", stdin=DISAGREEING.encode()).code == 0


# --- what changed -------------------------------------------------------------------------------------------------


@pytest.fixture
def repository(git, write):
    """A repository whose main branch has moved on since the branch left it."""
    git("init", "-q", "-b", "main")
    for name in ("docs/old.md", "docs/mine.md", "docs/theirs.md", "docs/gone.md"):
        write(name, AGREEING)
    git("add", ".")
    git("commit", "-qm", "first")
    git("checkout", "-qb", "topic")
    write("docs/mine.md", DISAGREEING)
    git("rm", "-q", "docs/gone.md")
    git("add", ".")
    git("commit", "-qm", "mine")
    git("checkout", "-q", "main")
    write("docs/theirs.md", DISAGREEING)
    git("commit", "-qam", "theirs")
    git("checkout", "-q", "topic")
    write("docs/new ünd.md", DISAGREEING)
    return git


def judged(result):
    return [document["path"] for document in json.loads(result.out)["documents"]]


def test_only_what_changed_on_this_branch_is_judged(run, repository):  # noqa: ARG001
    result = run("check", "docs", "--since", "main", "--format", "json")

    assert judged(result) == ["docs/mine.md", "docs/new ünd.md"]
    assert "2 of 4 documents changed since main" in result.err


def test_the_whole_repository_is_meant_where_no_path_is_given(run, repository, tmp_path):  # noqa: ARG001
    assert judged(run("check", "--since", "main", "--format", "json")) == ["docs/mine.md", "docs/new ünd.md"]
    run.folder = tmp_path / "docs"
    assert judged(run("check", "--since", "main", "--format", "json")) == ["mine.md", "new ünd.md"]


@pytest.mark.parametrize(
    ("change", "expected"), [("The prices", ["docs/0007.md"]), (None, ["docs/0007.md"]), ("Prices", [])]
)
def test_a_record_is_judged_again_where_only_the_document_changed_that_it_quotes(
    run, git, write, tmp_path, change, expected
):
    git("init", "-q", "-b", "main")
    quote = "{document: ../notes.md, line: 1, quote: Prices change every week.}"
    write(
        "docs/0007.md",
        AGREEING
        + f"\n```ragortune\nprofile: {{knowledge.volatility: {{value: weekly, evidence: {quote}}}}}\n```\n",
    )
    write("docs/0008.md", AGREEING + "\n```ragortune\nprofile: {knowledge.volatility: weekly}\n```\n")
    write("notes.md", "Prices change every week.\n")
    git("add", ".")
    git("commit", "-qm", "first")
    if change is None:
        (tmp_path / "notes.md").unlink()
    else:
        write("notes.md", f"{change} change every week.\n")

    result = run("check", "docs", "--since", "main", "--format", "json")

    report = json.loads(result.out)
    assert [one["path"] for one in report["documents"] + report["unreadable"]] == expected
    assert ("1 unchanged, but quoting one that did" in result.err) == bool(expected)


def test_stdin_is_judged_whatever_changed(run, repository):  # noqa: ARG001
    result = run("check", "-", "--since", "main", "--format", "json", stdin=DISAGREEING.encode())

    assert (result.code, judged(result)) == (1, ["<stdin>"])


def test_a_quoted_link_that_leads_elsewhere_has_changed(run, git, write, tmp_path):
    git("init", "-q", "-b", "main")
    quote = "{document: notes.md, line: 1, quote: Prices change every week.}"
    write(
        "7.md",
        AGREEING
        + f"\n```ragortune\nprofile: {{knowledge.volatility: {{value: weekly, evidence: {quote}}}}}\n```\n",
    )
    write("a.md", "Prices change every week.\n")
    write("b.md", "Prices stay.\n")
    (tmp_path / "notes.md").symlink_to("a.md")
    git("add", ".")
    git("commit", "-qm", "first")
    (tmp_path / "notes.md").unlink()
    (tmp_path / "notes.md").symlink_to("b.md")

    assert run("check", "7.md", "--since", "main").code == 1


@pytest.fixture
def linked(tmp_path, tmp_path_factory):
    """Another name of the repository, as where the workspace of a job is a link to another disk."""
    link = tmp_path_factory.mktemp("workspace") / "link"
    link.symlink_to(tmp_path)
    return link


def test_what_changed_is_judged_by_whatever_name_of_the_workspace(run, repository, linked):  # noqa: ARG001
    result = run("check", linked / "docs", "docs", "--since", "main", "--format", "json")

    assert judged(result) == [f"{linked}/docs/mine.md", f"{linked}/docs/new ünd.md"]


def test_a_link_into_a_folder_of_the_repository_is_addressed_from_its_root(
    run,
    repository,  # noqa: ARG001
    tmp_path,
    tmp_path_factory,
):
    link = tmp_path_factory.mktemp("elsewhere") / "docs"
    link.symlink_to(tmp_path / "docs")

    result = run("check", link / "mine.md", "--since", "main", "--format", "github")

    assert "file=docs/mine.md," in result.out


def test_what_a_branch_removes_is_named_by_whatever_name_of_the_workspace(run, repository, linked):  # noqa: ARG001
    result = run("check", linked / "docs", linked / "gone.md", "--config-from", "main")

    assert "note: gone since main: docs/gone.md" in result.err


def test_a_baseline_holds_by_whatever_name_of_the_workspace(run, doc, git, linked):
    git("init", "-q")
    run("check", doc, "--write-baseline", linked / "known.json")

    assert run("check", linked / doc, "--baseline", "known.json").code == 0


def test_nothing_changed_is_success(run, repository):
    repository("add", ".")
    repository("commit", "-qm", "all")

    result = run("check", "docs", "--since", "HEAD")

    assert result.code == 0
    assert "0 of 4 documents changed" in result.err


@pytest.mark.parametrize("reference", ["nowhere", "--output=x", "", " ", "HEAD~99"])
def test_a_commit_that_is_none_is_named(run, repository, reference, tmp_path):  # noqa: ARG001
    result = run("check", "docs", f"--since={reference}")

    assert result.code == 2
    assert "--since" in result.err
    assert not (tmp_path / "x").exists()


def test_branches_without_a_common_commit_are_named(run, repository):
    repository("stash", "-u", "-q")
    repository("checkout", "-q", "--orphan", "other")
    repository("commit", "-qm", "apart")

    result = run("check", "docs", "--since", "main")

    assert result.code == 2
    assert "fetch-depth: 0" in result.err


def test_a_folder_without_repository_is_named(run, doc, tmp_path):
    result = run(
        "check", doc, "--since", "main", environment={"GIT_CEILING_DIRECTORIES": str(tmp_path.parent)}
    )

    assert result.code == 2
    assert "this is not a git repository" in result.err


def test_a_job_that_runs_as_somebody_else_learns_how_git_is_told_to_trust_the_checkout(run, repository):  # noqa: ARG001
    result = run("check", "docs", "--since", "main", environment={"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"})

    assert result.code == 2
    assert "git does not trust this repository, because somebody else owns it" in result.err
    assert "safe.directory" in result.err.partition("hint:")[2]


def test_advice_that_git_keeps_for_somebody_else_is_not_said_to_be_kept_nowhere(run, write, repository):  # noqa: ARG001
    name = write("profile.yaml", "knowledge: {gap: most}\n")
    told = run("recommend", name, "--against", "HEAD", environment={"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"})

    assert told.code == 2
    assert "safe.directory" in told.err.partition("hint:")[2]


def test_a_machine_without_git_is_told(run, doc):
    result = run("check", doc, "--since", "main", environment={"PATH": "/nowhere"})

    assert result.code == 2
    assert "needs git" in result.err


def test_settings_under_another_ending_are_refused_instead_of_passed_over(run, write):
    write("ragortune.yml", "check: {fail-on: note}\n")
    write("a.md", "# Notes\n")

    result = run("check", "a.md")

    assert result.code == 2
    assert "settings are read from ragortune.yaml" in result.err
    assert run("check", "--no-config", "a.md").code == 0


def test_everything_that_is_wrong_with_settings_is_told_at_once(run, write):
    write(
        "ragortune.yaml", "rulez: a\ncheck:\n  fail-on: errors\n  ignored: [RT]\n  require-decision: maybe\n"
    )
    write("a.md", "# Notes\n")

    result = run("check", "a.md")

    told = [line.split(":")[2] for line in result.err.splitlines() if line.startswith("error: ")]
    assert result.code == 2
    assert told == ["1", "3", "4", "5"]


@pytest.mark.parametrize("value", ['"x"', '""', "[]", "0", "false"])
@pytest.mark.parametrize(
    "form", ["[tool]\nragortune = {}\n", "[tool.ragortune]\ncheck = {}\n", "{}\n", "check: {}\n"]
)
def test_a_table_of_settings_that_is_no_table_is_refused(run, write, form, value):
    write("pyproject.toml" if "tool" in form else "ragortune.yaml", form.replace("{}", value))
    write("a.md", "# Notes\n")

    result = run("check", "a.md")

    assert result.code == 2
    assert "a mapping, not " in result.err


def test_a_document_that_links_to_itself_does_not_stop_what_is_judged_of_a_branch(run, repository, tmp_path):
    (tmp_path / "docs" / "loop.md").symlink_to("loop.md")
    repository("add", ".")
    repository("commit", "-qm", "loop")

    result = run("check", "docs", "--since", "main", "--format", "json")

    assert result.code in {0, 1, 2}
    assert judged(result) == ["docs/mine.md", "docs/new ünd.md"]


@pytest.fixture
def asked(monkeypatch):
    """What git is asked for in a run."""
    calls = []
    run = Repository._run

    def record(self, arguments, *others):
        calls.append(" ".join(arguments))
        return run(self, arguments, *others)

    monkeypatch.setattr(Repository, "_run", record)
    return calls


def test_ignore_rules_of_a_pull_request_are_not_read_where_all_its_documents_are_tracked(
    run, write, repository, asked
):
    write("docs/.gitignore", "".join(f"{'*a' * 40}{number}\n" for number in range(1000)))
    repository("add", ".")
    repository("commit", "-qm", "ignore")

    result = run("check", "docs", "--since", "main", "--format", "json")

    assert judged(result) == ["docs/mine.md", "docs/new ünd.md"]
    assert not [call for call in asked if "exclude" in call]


def test_an_untracked_document_that_git_is_told_to_ignore_is_not_judged(run, write, repository):  # noqa: ARG001
    write(".gitignore", "drafts/\n")
    write("docs/drafts/idea.md", DISAGREEING)

    result = run("check", "docs", "--since", "main", "--format", "json")

    assert judged(result) == ["docs/mine.md", "docs/new ünd.md"]


def test_the_merge_base_is_looked_for_once(run, repository, asked):  # noqa: ARG001
    run("check", "docs", "--config-from", "main")

    assert sum(call.startswith("merge-base") for call in asked) == 1
