"""Each format of `check`, read by what reads it: schema, XML parser, Markdown parser, or the runner's own rules."""

import json
import os
import pathlib
import re
from xml.etree import ElementTree as ET

import jsonschema
import msgspec
import pytest
from markdown_it import MarkdownIt

from .test_check_command import AGREEING, COOKING, DISAGREEING

SCHEMA = pathlib.Path(__file__).parent / "schemas" / "sarif-schema-2.1.0.json"
PRICE_LIST = DISAGREEING.replace("source: documents, ", "")
DECLARED = f"{AGREEING}\n```ragortune\ndecision: rag\n```\n"
SUPPRESSED = (
    DECLARED
    + "\n<!-- ragortune: ignore[deciding-fact-missing] until 2030-01-01 because <b>we count</b> -->\n"
)


@pytest.fixture(scope="session")
def sarif_validator():
    return jsonschema.Draft4Validator(json.loads(SCHEMA.read_text()))


@pytest.fixture
def docs(write):
    write("docs/0007-price-list.md", PRICE_LIST)
    write("docs/0008-help-desk.md", SUPPRESSED)
    write("docs/0009 ünd & more.md", DECLARED)
    write("docs/broken.md", b"\xff\xfeW\x00")
    return "docs"


@pytest.fixture
def render(run, docs):
    def render_format(form, *arguments, **more):
        return run("check", docs, "--format", form, *arguments, **more)

    return render_format


# --- SARIF --------------------------------------------------------------------------------------------------------


@pytest.fixture
def log(render):
    return json.loads(render("sarif").out)


def results(log):
    return log["runs"][0]["results"]


def test_sarif_is_valid(log, sarif_validator):
    sarif_validator.validate(log)


def test_sarif_addresses_are_relative_to_the_root_and_nothing_but_paths(log):
    artifacts = [result["locations"][0]["physicalLocation"]["artifactLocation"] for result in results(log)]

    assert {artifact["uriBaseId"] for artifact in artifacts} == {"%SRCROOT%"}
    assert {artifact["uri"] for artifact in artifacts} == {
        "docs/0007-price-list.md",
        "docs/0008-help-desk.md",
        "docs/0009%20%C3%BCnd%20%26%20more.md",
    }


def test_sarif_rules_carry_their_page(log):
    rules = log["runs"][0]["tool"]["driver"]["rules"]
    by_code = {rule["id"]: rule for rule in rules}

    assert len(by_code) == len(rules)
    for rule in rules:
        assert "### What to do" in rule["help"]["markdown"]
        assert rule["help"]["text"]
    assert by_code["RT001"]["name"] == "decision-disagrees"
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in results(log))


def test_sarif_fingerprints_outlive_edits_elsewhere_and_tell_findings_apart(render, write, log):
    before = [(result["ruleId"], result["partialFingerprints"]["ragortune/v1"]) for result in results(log)]
    write("docs/0007-price-list.md", PRICE_LIST.replace("## Status", "Some words before.\n\n## Status"))

    after = results(json.loads(render("sarif").out))

    assert [(result["ruleId"], result["partialFingerprints"]["ragortune/v1"]) for result in after] == before
    own = [pair[1] for pair, result in zip(before, after, strict=True) if "0007" in json.dumps(result)]
    assert len(set(own)) == len(own)


def test_sarif_shows_suppressions_with_their_reason_and_end(log):
    (silenced,) = [result for result in results(log) if result["suppressions"]]

    (held,) = silenced["suppressions"]
    assert held["kind"] == "inSource"
    assert held["justification"] == "<b>we count</b>"
    assert held["properties"] == {"until": "2030-01-01"}


def test_sarif_tells_the_argument_as_a_flow(log):
    disagreement = next(result for result in results(log) if result["ruleId"] == "RT001")

    steps = disagreement["codeFlows"][0]["threadFlows"][0]["locations"]
    kinds = [step["kinds"][0] for step in steps]
    assert kinds[0] == "sentence"
    assert {"fact", "rule", "evidence", "flip"} <= set(kinds)
    assert all(step["location"]["message"]["text"] for step in steps)


def test_sarif_leaves_its_category_to_the_upload(log):
    assert "automationDetails" not in log["runs"][0]


def test_sarif_names_what_could_not_be_read(log):
    (invocation,) = log["runs"][0]["invocations"]

    assert invocation["executionSuccessful"] is False
    assert invocation["exitCode"] == 2
    (notice,) = invocation["toolExecutionNotifications"]
    assert "UTF-16" in notice["message"]["text"]


# --- GitHub -------------------------------------------------------------------------------------------------------

COMMAND = re.compile(r"^::(error|warning|notice) ([^:]*)::(.+)$")


def test_github_gets_ten_annotations_at_most_the_gravest_first(render, write, tmp_path):
    write("docs/0010-price-list-again.md", DISAGREEING)
    summary = tmp_path / "summary.md"
    result = render("github", environment={"GITHUB_STEP_SUMMARY": str(summary)})

    commands = [COMMAND.match(line) for line in result.out.splitlines() if line.startswith("::")]
    assert len(commands) == 10
    assert all(commands)
    levels = [command[1] for command in commands]
    assert levels == sorted(levels, key=["error", "warning", "notice"].index)
    assert "more findings; the job summary has all of them" in commands[-1][3]
    assert "decision-disagrees" in summary.read_text()


def test_github_commands_name_file_line_and_rule(render):
    first = next(line for line in render("github").out.splitlines() if "RT001" in line)

    properties = dict(part.split("=", 1) for part in COMMAND.match(first)[2].split(","))
    assert properties["file"] == "docs/0007-price-list.md"
    assert properties["line"].isdigit()
    assert properties["title"] == "RT001 decision-disagrees"


def test_a_summary_that_cannot_be_written_is_a_warning(render, tmp_path):
    result = render("github", environment={"GITHUB_STEP_SUMMARY": str(tmp_path)})

    assert "the job summary cannot be written" in result.err


def test_sarif_messages_hold_no_link_and_names_no_way_out(run, write):
    quoted = '{value: required, evidence: {line: 1, quote: "see [me](https://a.invalid) for more"}}'
    write("..\\..\\x.md", DISAGREEING.replace("citations: required", f"citations: {quoted}"))

    log = json.loads(run("check", "..\\..\\x.md", "--format", "sarif").out)

    messages = json.dumps([_list_messages(result) for result in results(log)])
    assert "[me] (https://a.invalid)" in messages
    assert "](" not in messages
    addresses = {
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in results(log)
    }
    assert addresses == {"..%5C..%5Cx.md"}


def _list_messages(node):
    if isinstance(node, dict):
        own = [node["message"]["text"]] if "message" in node else []
        return own + [text for value in node.values() for text in _list_messages(value)]
    return [text for value in node for text in _list_messages(value)] if isinstance(node, list) else []


def test_a_block_that_cannot_be_read_is_annotated_at_its_line_with_what_to_do(run, write):
    write("docs/bad.md", "# A\n\n```ragortune\ndecision: rga\n```\n")

    def render(form):
        return run("check", "docs/bad.md", "--format", form).out

    told = "'decision' must be rag, fine_tuning, both or neither, not 'rga' (line 4); did you mean 'rag'?"
    (entry,) = json.loads(render("gitlab"))
    (run_,) = json.loads(render("sarif"))["runs"]
    (notice,) = run_["invocations"][0]["toolExecutionNotifications"]
    assert f"::error file=docs/bad.md,line=4,title=unreadable::{told}\n" in render("github")
    assert (entry["description"], entry["location"]["lines"]["begin"]) == (told, 4)
    assert notice["locations"][0]["physicalLocation"]["region"]["startLine"] == 4
    assert json.loads(render("json"))["unreadable"] == [{"path": "docs/bad.md", "line": 4, "message": told}]


# --- GitLab -------------------------------------------------------------------------------------------------------


def test_gitlab_gets_what_its_code_quality_report_needs(render):
    entries = json.loads(render("gitlab").out)

    assert entries
    for entry in entries:
        assert set(entry) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert entry["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert entry["location"]["lines"]["begin"] >= 1
        assert not entry["location"]["path"].startswith(("/", "./"))
    fingerprints = [entry["fingerprint"] for entry in entries]
    assert len(set(fingerprints)) == len(fingerprints)


def test_gitlab_can_tell_documents_apart_whose_names_are_shown_alike(run, write):
    for name in ("docs/a b.md", "docs/a\nb.md", "docs/a\tb.md", "docs/a\u2028b.md"):
        write(name, DISAGREEING)

    entries = json.loads(run("check", "docs", "--format", "gitlab").out)

    assert {entry["location"]["path"] for entry in entries} == {"docs/a b.md"}
    assert len({entry["fingerprint"] for entry in entries}) == len(entries)


def test_gitlab_knows_the_same_settings_at_another_commit(run, docs, commit):
    def identify():
        entries = json.loads(run("check", docs, "--config-from", "HEAD", "--format", "gitlab").out)
        return [entry["fingerprint"] for entry in entries if entry["check_name"] == "settings"]

    commit("first", {"ragortune.yaml": "check: {fail-on: never}\n"})
    first = identify()
    commit("second", {"other.md": COOKING})

    assert identify() == first


# --- JUnit --------------------------------------------------------------------------------------------------------


def test_junit_counts_add_up_for_an_xml_parser(render):
    root = ET.fromstring(render("junit").out)

    suites = root.findall("testsuite")
    assert len(suites) == 4
    for what, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert int(root.get(what)) == len(root.findall(f".//{tag}"))
    assert int(root.get("tests")) == len(root.findall(".//testcase"))
    failed = root.find(".//testcase[@name='RT001 decision-disagrees']/failure")
    assert failed.get("type") == "error"
    assert "what to do: " in failed.text
    assert root.find(".//skipped").get("message") == "<b>we count</b>"
    assert root.find(".//system-out") is not None


@pytest.mark.parametrize(("fail_on", "fails"), [("note", True), ("warning", False)])
def test_junit_fails_a_note_only_where_the_run_fails_on_notes(run, write, fail_on, fails):
    write("docs/open.md", "# ADR 7: Prices\n\n```ragortune\ndecision: rag\n```\n")

    result = run("check", "docs", "--format", "junit", "--fail-on", fail_on)

    assert result.code == fails
    assert (ET.fromstring(result.out).find(".//failure") is not None) == fails


@pytest.mark.parametrize(
    ("fail_on", "failing"),
    [("warning", {"warning", "error"}), ("error", {"error"}), ("never", {"error"})],
)
def test_junit_fails_a_warning_only_where_the_run_does_and_an_error_always(render, fail_on, failing):
    root = ET.fromstring(render("junit", "--fail-on", fail_on).out)

    assert {failure.get("type") for failure in root.iterfind(".//failure")} == failing


def test_junit_names_the_settings_where_no_document_can_be_read(run, write):
    write("ragortune.yaml", "check: {fail-on: never}\n")
    write("broken.md", b"\xff\xfeW\x00")

    root = ET.fromstring(run("check", "broken.md", "--format", "junit").out)

    (named,) = root.iterfind("testsuite/properties/property")
    assert named.get("value") == "ragortune.yaml fails on never"


# --- Markdown -----------------------------------------------------------------------------------------------------


def test_a_report_that_a_team_keeps_among_its_documents_says_nothing_to_the_program(run, render, write):
    write("docs/report.md", render("markdown").out)

    assert "docs/report.md" not in run("check", "docs/report.md").err


def test_the_comment_is_markdown_with_the_arguments_folded(render):
    text = render("markdown").out

    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    html = [token.content.strip() for token in tokens if token.type == "html_block"]
    assert text.startswith("<!-- ragortune check -->\n")
    assert all(
        re.match(r"<!-- ragortune check -->|</?details>|<details>\n<summary>RT\d+", block) for block in html
    )
    folded = [block for block in html if block.startswith("<details>\n<summary>RT")]
    assert "<details>\n<summary>1 document</summary>" in html
    assert len(folded) == len(re.findall(r"^\*\*(?:error|warning)", text, re.MULTILINE)) > 0
    assert "profile:" in [
        line for token in tokens if token.type == "fence" for line in token.content.split("\n")
    ]
    assert "&lt;b>we count" in text


# --- text ---------------------------------------------------------------------------------------------------------


def test_the_text_shows_the_line_with_a_caret_and_the_way_out(render):
    result = render("text", "--full", columns=100)

    lines = result.out.splitlines()
    head = next(
        index for index, line in enumerate(lines) if line.startswith("error[decision-disagrees] RT001")
    )
    arrow = next(index for index in range(head, len(lines)) if "-->" in lines[index])
    assert lines[arrow].strip().startswith("--> docs/0007-price-list.md:12:1")
    assert lines[arrow + 2].startswith("12 | decision: fine_tuning")
    assert set(lines[arrow + 3].replace("|", "").strip()) == {"^"}
    assert "suppressed[deciding-fact-missing] until 2030-01-01: <b>we count</b>" in result.out
    assert "unreadable: docs/broken.md: is UTF-16" in result.out
    assert "1 suppressed; 1 unreadable" in " ".join(result.out.split())
    assert "\x1b" not in result.out


def test_the_text_is_coloured_only_where_it_is_wanted(render):
    assert "\x1b[" in render("text", "--color", "always").out
    assert "\x1b[" in render("text", environment={"FORCE_COLOR": "1"}).out
    assert "\x1b[" not in render("text", environment={"FORCE_COLOR": "1", "NO_COLOR": "1"}).out
    for form in ("json", "sarif", "github", "gitlab", "junit", "markdown"):
        assert "\x1b" not in render(form, "--color", "always").out


def test_a_long_line_is_cut_around_the_place(run, write):
    body = "word " * 60
    write("long.md", DISAGREEING.replace("decision: fine_tuning", f"decision: fine_tuning # {body}"))

    result = run("check", "long.md", "--select", "RT001", columns=80)

    assert all(len(line) <= 80 for line in result.out.splitlines())


# --- several at once ----------------------------------------------------------------------------------------------


def test_several_formats_come_from_one_run(run, docs, tmp_path, sarif_validator):
    result = run(
        "check", docs, "--format", "sarif=out.sarif", "--format", "github", "--format", "json=out.json"
    )

    sarif_validator.validate(json.loads((tmp_path / "out.sarif").read_text()))
    assert json.loads((tmp_path / "out.json").read_text())["exit_code"] == result.code == 2
    assert result.out.startswith("::error")


# --- names from the root of the repository ------------------------------------------------------------------------

_SHOWN = {
    "junit": lambda out: [suite.get("name") for suite in ET.fromstring(out).findall("testsuite")],
    "github": lambda out: re.findall("file=([^,]*)", out),
    "gitlab": lambda out: [entry["location"]["path"] for entry in json.loads(out)],
    "sarif": lambda out: [
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for result in json.loads(out)["runs"][0]["results"]
    ],
}


@pytest.mark.parametrize("form", _SHOWN)
@pytest.mark.parametrize(
    ("folder", "named"),
    [
        (".", "docs"),
        ("docs", "adr"),
        ("docs", "./adr"),
        ("docs/adr", "../adr"),
        ("docs", "{root}/docs/adr"),
        ("..", "{root}/docs/adr"),
    ],
)
def test_a_code_host_finds_the_document_from_wherever_a_job_runs(run, write, tmp_path, form, folder, named):
    (tmp_path / ".git").mkdir()
    write("docs/adr/tune.md", DISAGREEING)
    run.folder = tmp_path / folder

    result = run("check", named.format(root=tmp_path), "-f", form)

    assert result.code == 1
    assert set(_SHOWN[form](result.out)) == {"docs/adr/tune.md"}


def test_a_document_outside_of_the_repository_keeps_the_name_it_was_given(run, write, tmp_path):
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    write("elsewhere/tune.md", DISAGREEING)
    run.folder = tmp_path / "repository"

    assert set(_SHOWN["gitlab"](run("check", "../elsewhere", "-f", "gitlab").out)) == {"../elsewhere/tune.md"}


@pytest.mark.parametrize("form", ["json", "gitlab"])
def test_the_name_of_a_file_that_is_no_text_reads_the_same_for_every_consumer(run, write, form):
    name = os.fsdecode(b"docs/\xff.md")
    write(name, DISAGREEING)
    run("check", "docs", "--write-baseline", "known.json")

    printed = run("check", "docs", "--format", form).out

    assert "docs/\\udcff.md" in json.dumps(msgspec.json.decode(printed)).replace("\\\\", "\\")
    assert run("check", "docs", "--baseline", "known.json").code == 0
