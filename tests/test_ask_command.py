"""`ask` without a pseudo-terminal: files, answers from a file, what is said where there is nobody to ask."""

import io
import json
import os
import re

import pytest

from ragortune.commands.ask import AskRequest, ask_questions
from ragortune.engine import decide_option
from ragortune.errors import UsageError
from ragortune.host import Environment, replace_file
from ragortune.model import Profile
from ragortune.profile import write_profile
from ragortune.reading import parse_yaml

from .conftest import ROOT

PROFILE = "project: Desk\nknowledge: {gap: most, source: documents, volatility: weekly}\n"


class Typist(io.BytesIO):
    """Lines that a person types; the terminal shows each of them."""

    def __init__(self, typed, screen):
        super().__init__(typed)
        self._screen = screen

    def readline(self, *limit):
        line = super().readline(*limit)
        self._screen.write(line.decode("utf-8", "replace"))
        return line


class Talk:
    """Runs the questionnaire on streams that say they are a terminal."""

    def __init__(self, folder):
        self.folder = folder
        self.err = ""
        self.path = None

    def __call__(self, *typed, columns=80, stdin=None, variables=None, **request):
        err = io.StringIO()
        environment = Environment(
            stdin=stdin or Typist("".join(f"{line}\n" for line in typed).encode(), err),
            stdout=io.StringIO(),
            stderr=err,
            folder=str(self.folder),
            variables=variables or {},
            stdin_is_terminal=True,
            stderr_is_terminal=True,
            columns=columns,
        )
        try:
            self.path = ask_questions(AskRequest(color=request.pop("color", "never"), **request), environment)
        finally:
            self.err = err.getvalue()
        return self.err

    def saved(self, name="profile.yaml"):
        return (self.folder / name).read_text(encoding="utf-8")


@pytest.fixture
def talk(tmp_path):
    return Talk(tmp_path)


# --- a session ----------------------------------------------------------------------------------------------------


def test_a_session_asks_understands_saves_and_ends(talk, run):
    said = talk("most", "2", "wat", "", "?", "why", "back", "tacit or documents", "stop")
    flat = " ".join(said.split())

    assert "Answers are saved in profile.yaml. Type ? for help." in said
    assert "39 questions can still change the answer (to fine_tuning, both or neither)" in flat
    assert "= knowledge.gap: most" in said
    assert "= knowledge.source: documents\n" in said
    assert "! 'wat' is no answer to this question." in said
    assert "Type an answer, 'skip' if nobody knows, or ? for help." in said
    assert "How to find out  " in said
    assert "this one is expected to bring the end nearest" in flat
    assert "= knowledge.source: documents or tacit (one of these)" in said
    assert "Stopped: " in said
    assert "`ragortune ask profile.yaml` goes on to ask them." in flat
    assert "\n  gap: most\n" in talk.saved()
    assert "\n  source: [tacit, documents]\n" in talk.saved()
    assert run("recommend", "--brief", "profile.yaml").out == "profile.yaml: rag\n"


def test_going_back_takes_the_saved_answer_back_too(talk):
    talk("most", "back", "stop")

    assert "\n  gap: most\n" not in talk.saved()
    assert "there is nothing to go back to" in talk("back", "stop")


def test_the_end_of_input_ends_like_stop(talk):
    said = talk("most")

    assert "Stopped: " in said
    assert "\n  gap: most\n" in talk.saved()


def test_a_session_without_any_answer_saves_an_empty_profile(talk, run):
    talk()

    assert run("recommend", "--brief", "profile.yaml").out == "profile.yaml: rag (default)\n"


def test_it_stops_by_itself_when_nothing_can_change_the_advice(talk):
    said = talk("none", *["#1"] * 38)

    assert "Settled: whatever else is found out, the advice stays neither." in " ".join(said.split())
    assert "`ragortune ask --all profile.yaml` asks the rest." in " ".join(said.split())


def test_all_asks_on_and_says_that_the_advice_stays(talk):
    talk("none", *["#1"] * 38)
    said = " ".join(talk("why", *["#1"] * 39, everything=True).split())

    assert "no further question can change it" in said
    assert "This answer cannot change the advice any more" in said
    assert "asks the rest" not in said
    assert talk.saved().count(": unknown\n") == 0
    assert "Settled: " in said


def test_what_nobody_knows_is_saved_and_not_asked_again(talk):
    said = " ".join(talk(*["don't know"] * 39).split())
    again = talk()

    assert "Nothing is left to ask that can change the advice. What was left open still could" in said
    assert "34 more; look there first" in said
    assert "\n  gap: unknown\n" in talk.saved()
    assert "> " not in again


def test_the_last_question_that_matters_is_called_so(talk, write, book):
    """A project of which all is known but one thing, and that thing decides."""
    full = {name: (own.level_ids[-1],) for name, own in book.criteria.items()}
    decides = next(
        name
        for name, own in book.criteria.items()
        if len({decide_option(book, {**full, name: (level,)}).option for level in own.level_ids}) > 1
    )
    rest = {name: levels for name, levels in full.items() if name != decides}
    write("p.yaml", write_profile(book.criteria.values(), Profile(rest)))
    said = " ".join(talk("why", "stop", profile="p.yaml").split())

    assert "Of all open questions, only this one can still change the advice." in said
    assert "1 question can still change the answer" in said
    assert "goes on to ask it." in said


@pytest.mark.parametrize("columns", [40, 80, 100])
def test_nothing_is_wider_than_the_terminal(talk, columns):
    said = talk("?", "why", "wat", "most", "skip", "#2", "?", "stop", columns=columns)

    assert max(map(len, said.splitlines())) <= columns
    assert said.isascii()


def test_colour_is_for_terminals_that_have_it(talk):
    assert "\x1b[" in talk("most", "stop", color="auto")
    assert "\x1b[" not in talk("most", "stop", color="auto", variables={"TERM": "dumb"})
    assert "\x1b[" not in talk("most", "stop", color="auto", variables={"NO_COLOR": "1"})


def test_an_interrupt_keeps_what_was_answered(talk):
    class Interrupted(io.BytesIO):
        def readline(self, *limit):
            line = super().readline(*limit)
            if not line:
                raise KeyboardInterrupt
            return line

    with pytest.raises(KeyboardInterrupt):
        talk(stdin=Interrupted(b""))
    assert "Interrupted; nothing was answered." in talk.err
    assert not (talk.folder / "profile.yaml").exists()

    with pytest.raises(KeyboardInterrupt):
        talk(stdin=Interrupted(b"most\n"))
    assert "Interrupted; everything is saved in profile.yaml." in talk.err
    assert "\n  gap: most\n" in talk.saved()
    assert "Going on with profile.yaml: 1 answer known." in talk("stop")


def test_bytes_that_are_no_text_and_lines_without_end_are_no_answer(talk):
    said = talk(stdin=io.BytesIO(b"\xff\xfe\n" + b"x" * 10_000 + b"\nmost\n" + b"y" * 5_000))

    assert "= knowledge.gap: most" in said
    assert said.count("  ! ") == 3


# --- files --------------------------------------------------------------------------------------------------------


def test_a_half_filled_profile_is_gone_on_with_and_keeps_what_it_holds(talk, write):
    write(
        "desk.yaml",
        "# yaml-language-server: $schema=./x.json\nproject: Desk\nnotes: n\n"
        "knowledge: {gap: {value: most, evidence: 'asked Ada', as_of: 2026-10-01}, size: 4200000}\n",
    )
    talk("documents", "stop", profile="desk.yaml")
    text = talk.saved("desk.yaml")

    assert talk.path == "desk.yaml"
    assert text.startswith("# yaml-language-server: $schema=./x.json\n")
    for kept in (
        'project: "Desk"',
        'notes: "n"',
        'evidence: "asked Ada"',
        "size: 4200000",
        "source: documents",
    ):
        assert kept in text


@pytest.mark.parametrize(
    "example", sorted((ROOT / "examples" / "cost").glob("*.yaml")), ids=lambda path: path.stem
)
def test_quantities_are_kept_and_count_in_the_advice(run, write, example, tmp_path):
    name = write("p.yaml", example.read_bytes())
    result = run("ask", name, "-o", "q.yaml", "--answers", "-", stdin=b"governance.erasure: none\n")
    before = parse_yaml(example.read_text(), "p").data
    after = parse_yaml((tmp_path / "q.yaml").read_text(), "q").data

    assert after["quantities"] == before["quantities"]
    advised = re.search("advice: (\\w+)", result.err)[1]
    assert run("recommend", "--brief", "q.yaml").out.removeprefix("q.yaml: ").split()[0] == advised
    assert "derived" not in after


def test_a_profile_in_json_or_toml_is_saved_as_yaml_beside_it(talk, write):
    write("desk.json", '{"project": "Desk", "knowledge": {"gap": "most"}}')
    write("other.toml", 'project = "Other"\n')
    talk("stop", profile="desk.json")
    assert (talk.path, 'project: "Desk"' in talk.saved("desk.yaml")) == ("desk.yaml", True)
    talk("stop", profile="other.toml", output="third.yml")
    assert (talk.path, 'project: "Other"' in talk.saved("third.yml")) == ("third.yml", True)

    with pytest.raises(UsageError, match=r"'desk\.yaml' exists"):
        talk("stop", profile="desk.json")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-"], "`ask` keeps its profile in a file"),
        (["missing.yaml"], "missing.yaml: no such file\nhint: -o PROFILE names a new one"),
        (["-o", "x.json"], "profiles are saved as YAML, not as 'x.json'"),
        (["desk.yaml", "-o", "other.yaml"], "'other.yaml' exists\nhint: `ragortune ask other.yaml` goes on"),
        (["bad.yaml"], "bad.yaml:1:18: 'knowledge.gap' must be none, some or most, not 'mots'"),
        (["--format", "jsno"], "--format must be text, json, jsonl or markdown"),
        (["--answers", "missing.txt"], "missing.txt: no such file"),
    ],
)
def test_what_cannot_be_used_is_named_before_anything_is_asked(run, write, arguments, message):
    write("desk.yaml", PROFILE)
    write("other.yaml", "")
    write("bad.yaml", "knowledge: {gap: mots}\n")
    result = run("ask", *arguments)

    assert (result.code, result.out) == (2, "")
    assert message in result.err


def test_a_folder_that_cannot_be_written_is_told_before_the_first_question(talk):
    with pytest.raises(UsageError, match="its folder cannot be written"):
        talk("most", output="nowhere/p.yaml")
    assert "> " not in talk.err


def test_a_disk_that_is_full_is_told(talk, monkeypatch):
    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ragortune.commands.ask.replace_file", refuse)
    with pytest.raises(UsageError, match=r"cannot write 'profile.yaml': No space left on device"):
        talk("most")


def test_saving_replaces_a_file_whole_and_keeps_its_mode_and_links(tmp_path, monkeypatch):
    target, link = tmp_path / "a.yaml", tmp_path / "link.yaml"
    target.write_text("old")
    target.chmod(0o640)
    link.symlink_to(target)
    replace_file(str(link), "new")

    assert (target.read_text(), target.stat().st_mode & 0o777, link.is_symlink()) == ("new", 0o640, True)

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("ragortune.host.os.replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        replace_file(str(target), "newer")
    assert target.read_text() == "new"
    assert sorted(os.listdir(tmp_path)) == ["a.yaml", "link.yaml"]


# --- answers from a file ------------------------------------------------------------------------------------------


ANSWERS = """\
# what we know
knowledge.gap: most
knowledge.volatility = weekly or daily

data.examples: 120 pairs
performance.latency: 1.5 s
grounding.citations: don't know
"""


def test_answers_from_a_file_are_saved_and_judged(run, write, tmp_path):
    result = run("ask", "-o", "p.yaml", "--answers", write("answers.txt", ANSWERS), "--format", "json")
    advice = json.loads(result.out)

    assert result.code == 0
    assert result.err.startswith("saved p.yaml; advice: rag; ")
    assert advice["option"] == "rag"
    text = (tmp_path / "p.yaml").read_text()
    for line in ("volatility: [weekly, daily]", "examples: 120", "latency: 1500", "citations: unknown"):
        assert f"\n  {line}\n" in text
    assert run("recommend", "--format", "json", "p.yaml").out == result.out


def test_answers_can_be_piped_where_that_is_said(run, tmp_path):
    result = run("ask", "--answers", "-", "--format", "markdown", stdin=ANSWERS.encode())

    assert (result.code, result.out.startswith("# Untitled project\n")) == (0, True)
    assert (tmp_path / "profile.yaml").exists()


def test_every_line_of_answers_that_cannot_be_used_is_named_and_nothing_is_saved(run, tmp_path):
    lines = (
        "knowledge.gap: mots\nknowlege.gap: most\nnonsense\ndata.examples: 2.5\ntask.kind: 1\ntask.kind: 2\n"
    )
    result = run("ask", "--answers", "-", stdin=lines.encode())

    assert (result.code, result.out) == (2, "")
    assert "<stdin>:1: 'mots' is no answer to this question\nhint: did you mean 'most'?" in result.err
    assert (
        "<stdin>:2: there is no criterion 'knowlege.gap'\nhint: did you mean 'knowledge.gap'?" in result.err
    )
    assert "<stdin>:3: 'nonsense' is not `criterion: answer`" in result.err
    assert "<stdin>:4: 'data.examples' must be a whole number of input-output pairs, not 2.5" in result.err
    assert "<stdin>:6: 'task.kind' is answered twice" in result.err
    assert "error: 5 lines of <stdin> cannot be used; nothing was saved" in result.err
    assert os.listdir(tmp_path) == []


# --- nobody to ask ------------------------------------------------------------------------------------------------


def test_without_a_terminal_it_names_the_questions_and_the_file(run, tmp_path):
    result = run("ask", stdin=b"most\ndocuments\n")

    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: `ask` needs a terminal to ask on; advice so far: rag (the default")
    assert (
        "\n  knowledge.gap: What share of the answers needs facts that the base model does not have?\n"
        in result.err
    )
    assert "  and 27 more\n" in result.err
    assert (
        "hint: fill in profile.yaml (`ragortune init` writes one), then `ragortune recommend profile.yaml`"
        in result.err
    )
    assert os.listdir(tmp_path) == []


def test_without_a_terminal_only_questions_that_matter_are_named(run, write):
    result = run("ask", write("desk.yaml", PROFILE + "model: {tunable: no}\n"))

    assert result.code == 2
    assert "model.churn" not in result.err
    assert "hint: fill in desk.yaml, then `ragortune recommend desk.yaml`; or give answers" in result.err


def test_a_rule_set_of_ones_own_asks_its_own_questions_and_cannot_speak_to_the_terminal(
    talk, write, pack, book
):
    (pack / "criteria" / "9-ours.yaml").write_text(
        'criteria:\n  - id: team.mood\n    title: Mood\n    question: "How is the \\e[31mmood?"\n'
        '    help: "Ask\\e[0m.\\n  mood: low"\n    levels: [{id: low, means: bad}, {id: high, means: good}]\n'
    )
    full = {name: (own.level_ids[0],) for name, own in book.criteria.items()}
    write("p.yaml", write_profile(book.criteria.values(), Profile(full)))
    said = talk("?", "high", profile="p.yaml", rules=str(pack), everything=True)

    assert "How is the \\x1b[31mmood?" in said
    assert "\x1b" not in said + talk.saved("p.yaml")
    assert "\n  mood: high\n" in talk.saved("p.yaml")
    assert "\n  mood: low" not in talk.saved("p.yaml")
