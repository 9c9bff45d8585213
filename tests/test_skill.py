"""The skill for coding agents: every command in it works on the project that it tells of, every name in it exists."""

import re
import shlex

import pytest
import yaml

from ragortune.report.pages import page_names
from ragortune.support.reading import PROFILE_BYTES, read_document

from .conftest import ROOT

SKILL = ROOT / "skills" / "ragortune" / "SKILL.md"
TEXT = SKILL.read_text()
DESIGN = """# Help desk assistant

## Context

Clerks answer questions about contracts and tariffs.
The tariff sheets change every week.
Every answer must cite the sheet it rests on.
There are 120 answered tickets to learn from.

## Decision

We will retrieve passages from the tariff sheets.
"""


def fenced(language, fence="```"):
    """Return what is in the fenced blocks of a language."""
    return re.findall(rf"^{fence}{language}\n(.*?)^{fence}$", TEXT, re.MULTILINE | re.DOTALL)


def commands():
    """Return the commands of the skill in order."""
    return [line.removeprefix("$ ") for block in fenced("console") for line in block.splitlines()]


@pytest.fixture
def project(tmp_path, write):
    """The project that the skill tells of, as an agent has it after writing the files."""
    (tmp_path / ".git").mkdir()
    write("profile.yaml", fenced("yaml")[0])
    write("answers.txt", fenced("text")[0])
    (block,) = fenced("markdown", "````")
    return write("docs/help-desk.md", f"{DESIGN}\n{block}")


def test_the_front_matter_is_what_the_format_asks_for():
    _, front, body = TEXT.split("---\n", 2)
    data = yaml.safe_load(front)

    assert data["name"] == SKILL.parent.name
    assert 1 <= len(data["description"]) <= 1024
    assert len(data["compatibility"]) <= 500
    assert set(data) <= {"name", "description", "license", "compatibility", "metadata", "allowed-tools"}
    assert len(body.splitlines()) < 120


@pytest.mark.usefixtures("project")
def test_every_command_does_what_the_skill_says(run):
    codes = {}
    for command in commands():
        program, *arguments = shlex.split(command)
        assert program == "ragortune"
        result = run(*arguments)
        codes[command] = result.code
        assert result.out or result.code == 2

    assert codes.pop("ragortune ask profile.yaml") == 2
    assert set(codes.values()) == {0}
    assert len(codes) == 4


@pytest.mark.usefixtures("project")
def test_commands_within_sentences_work_too(run, tmp_path):
    with (tmp_path / "profile.yaml").open("a") as profile:
        profile.write("quantities: {requests_per_day: 2000}\n")
    named = re.findall(r"`(ragortune [^`]+)`", TEXT)
    named.remove("ragortune mcp")

    codes = {text: run(*shlex.split(text.replace("CRITERION", "knowledge.gap"))[1:]).code for text in named}

    assert codes == {
        "ragortune init -": 0,
        "ragortune explain CRITERION": 0,
        "ragortune cost profile.yaml": 0,
    }
    assert "`--why-not fine_tuning`" in TEXT
    assert run("recommend", "--why-not", "fine_tuning", "profile.yaml").code == 0


@pytest.mark.usefixtures("project")
def test_without_a_terminal_the_open_questions_are_listed(run):
    result = run("ask", "profile.yaml")

    assert result.code == 2
    assert "task.kind: What does the system do?" in result.err


@pytest.mark.usefixtures("project")
def test_answers_are_added_and_quotes_kept(run, tmp_path, vocabulary):
    run("ask", "profile.yaml", "--answers", "answers.txt")

    profile = vocabulary.read_profile(read_document(str(tmp_path / "profile.yaml"), PROFILE_BYTES).data)
    assert profile.levels["knowledge.access_path"] == ("by_meaning",)
    assert profile.answers["knowledge.volatility"].evidence.quote == "The tariff sheets change every week."


@pytest.mark.usefixtures("project")
def test_the_block_holds_until_its_sentence_changes(run, tmp_path):
    document = tmp_path / "docs" / "help-desk.md"

    before = run("check", "docs/help-desk.md")
    document.write_text(
        document.read_text().replace("change every week.\nEvery", "change every quarter.\nEvery")
    )
    after = run("check", "docs/help-desk.md")

    assert before.code == 0
    assert "evidence-gone" not in before.out
    assert (after.code, "evidence-gone" in after.out) == (1, True)


def test_every_name_that_looks_like_a_page_is_one(book):
    known = {*page_names(book), "evidence-gone"}
    dotted = re.findall(
        r"\b(?:knowledge|grounding|behaviour|data|readiness|performance|cost|task)\.[a-z_]+\b", TEXT
    )

    assert dotted
    assert {*dotted} <= known


def test_the_tools_it_names_are_those_of_the_server(book):
    mcp = pytest.importorskip("ragortune.commands.mcp", reason="needs the extra `mcp`")

    assert all(f"`{name}`" in TEXT for name in mcp.build_tools(book))
