"""`ask` without a pseudo-terminal: files, answers from a file, what is said where there is nobody to ask."""

import io
import json
import os
import random
import re

import pytest
import yaml

from ragortune.commands.ask import AskRequest, ask_questions
from ragortune.engine import decide_option
from ragortune.evidence.profile_files import write_profile
from ragortune.evidence.round_trip import write_answers
from ragortune.support.environment import Environment
from ragortune.support.errors import UsageError
from ragortune.support.reading import parse_yaml

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


class Steps:
    """Types one line after the other; what is no line is done before the next one."""

    def __init__(self, steps, screen):
        self._steps = list(steps)
        self._screen = screen

    def readline(self, *_):
        while self._steps and callable(self._steps[0]):
            self._steps.pop(0)()
        line = f"{self._steps.pop(0)}\n" if self._steps else ""
        self._screen.write(line)
        return line.encode()


class Team:
    """Answers each question by the name in front of the cursor."""

    def __init__(self, answers, screen):
        self._answers = {name: [own] if isinstance(own, str) else list(own) for name, own in answers.items()}
        self._screen = screen

    def readline(self, *_):
        name = self._screen.getvalue().rpartition("\n")[2].removesuffix("> ")
        typed = (self._answers.get(name) or ["skip"]).pop(0)
        self._screen.write(f"{typed}\n")
        return f"{typed}\n".encode()


HELP_DESK = {
    "task.kind": "question answering",
    "knowledge.access_path": "by meaning",
    "knowledge.gap": "most",
    "knowledge.source": "documents",
    "knowledge.size": "4.2M tokens",
    "knowledge.fits_prompt": "no",
    "knowledge.volatility": "weekly",
    "readiness.prompting": "plateaued",
    "data.examples": "none",
}


class Talk:
    """Runs the questionnaire on streams that say they are a terminal."""

    def __init__(self, folder):
        self.folder = folder
        self.err = ""
        self.path = None

    def __call__(self, *typed, columns=80, stdin=None, variables=None, team=None, color="never", **request):
        err = io.StringIO()
        if team is not None:
            stdin = Team(team, err)
        elif any(callable(step) for step in typed):
            stdin = Steps(typed, err)
        environment = Environment(
            stdin=stdin or Typist("".join(f"{line}\n" for line in typed).encode(), err),
            stdout=io.StringIO(),
            stderr=err,
            folder=str(self.folder),
            variables=variables or {},
            stdin_is_terminal=True,
            stderr_is_terminal=True,
            columns=columns,
            color=color,
        )
        try:
            self.path = ask_questions(AskRequest(**request), environment)
        finally:
            self.err = err.getvalue()
        return self.err

    def saved(self, name="profile.yaml"):
        return (self.folder / name).read_text(encoding="utf-8")


def fill_in(book, levels):
    """Return a profile file with these levels by criterion."""
    return write_answers(
        write_profile(book.criteria.values()), {name: own[0] for name, own in levels.items()}
    )


@pytest.fixture
def talk(tmp_path):
    return Talk(tmp_path)


# --- a session ----------------------------------------------------------------------------------------------------


def test_a_session_asks_understands_saves_and_ends(talk, run):
    said = talk(
        *("question answering", "wat", "", "?", "why", "back"),
        *("2", "by meaning and by key", "skip", "stop"),
    )
    flat = " ".join(said.split())

    assert "Answers are saved in profile.yaml. Type ? for help." in said
    assert "Advice so far  rag 37%, the default, as too little is known" in said
    assert "= task.kind: question_answering" in said
    assert "! 'wat' is not an answer to this question." in said
    assert "Type an answer, 'skip' if nobody knows, or ? for help." in said
    assert "How to find out  " in said
    assert "Every questionnaire begins with this question" in flat
    assert "all that hold, the main one first" in said
    assert "= task.kind: search_chat" in said
    assert "= knowledge.access_path: by_meaning and by_key (the main one first)" in said
    assert "Stopped: rag " in said
    assert "`ragortune ask profile.yaml` goes on, next with " in flat
    assert "\n  kind: search_chat\n" in talk.saved()
    assert "\n  access_path: [by_meaning, by_key]\n" in talk.saved()
    assert run("recommend", "--brief", "profile.yaml").out.startswith("profile.yaml: rag")


def test_after_every_answer_one_line_says_where_the_advice_stands(talk):
    said = talk(team=HELP_DESK)
    lines = [line for line in said.splitlines() if line.startswith("Advice so far")]

    assert len(lines) == said.count("> ")
    assert all(re.fullmatch(r"Advice so far  \w+ \d+%, .*", line) for line in lines)
    assert re.fullmatch(r"Advice so far  rag \d+%, firm", lines[-1])


def test_why_shows_what_each_level_would_lead_to(talk):
    said = talk("skip", "why", "stop")

    for level in ("in_request", "by_key", "by_exploration"):
        assert re.search(rf"^  {level} +neither \d+%$", said, re.MULTILINE)
    assert re.search(r"^  by_meaning +rag \d+%$", said, re.MULTILINE)


def test_going_back_takes_the_saved_answer_back_too(talk):
    talk("translation", "back", "stop")

    assert "\n  kind: translation\n" not in talk.saved()
    assert "there is nothing to go back to" in talk("back", "stop")


def test_the_end_of_input_ends_like_stop(talk):
    said = talk("translation")

    assert "Stopped: " in said
    assert "\n  kind: translation\n" in talk.saved()


def test_a_session_without_any_answer_saves_an_empty_profile(talk, run):
    talk()

    assert run("recommend", "--brief", "profile.yaml").out.startswith("profile.yaml: rag")


def test_it_stops_by_itself_when_the_advice_is_firm_and_names_what_is_still_unknown(talk):
    flat = " ".join(talk(team=HELP_DESK).split())

    assert re.search(r"Done: rag \d+%, firm\. No open question is worth asking", flat)
    assert re.search(r"Still unknown: .* and \d+ more; `ragortune ask --all profile.yaml` asks for all", flat)


def test_all_asks_for_everything_that_is_still_unknown(talk):
    talk(team=HELP_DESK)
    again = talk(team={}, everything=True)

    assert "`ragortune ask --all" not in again
    assert "\n  # rights:\n" in talk.saved()
    assert "> " not in talk(team={}, everything=True)


def test_a_question_that_no_longer_changes_the_advice_says_so_when_asked_why(talk, write, book):
    full = {name: (own.level_ids[-1],) for name, own in book.criteria.items() if name != "operations.owner"}
    write("p.yaml", fill_in(book, full))
    said = " ".join(talk("why", "named", profile="p.yaml", everything=True).split())

    assert ", settled" in said
    assert "This answer is not expected to change the advice" in said
    assert "No open question is worth asking for the advice." in said


def test_what_nobody_knows_is_saved_and_not_asked_again(talk):
    said = " ".join(talk(team={}).split())
    again = talk()

    assert "No open question is worth asking for the advice." in said
    assert "\n  access_path: unknown\n" in talk.saved()
    assert "> " not in again


def test_the_last_question_that_matters_is_called_so(talk, write, book):
    """A project of which all is known but one thing, and that thing decides."""
    full, name = find_pivotal(book)
    rest = {other: levels for other, levels in full.items() if other != name}
    write("p.yaml", fill_in(book, rest))
    said = " ".join(talk("why", "stop", profile="p.yaml", everything=True).split())

    assert "Of all open questions, only this one can still change the advice." in said


def find_pivotal(book):
    """Return a whole profile, and a criterion that decides in it and is asked whatever else is known."""
    generator = random.Random(2)
    names = [name for name in book.criteria if name not in book.scale.ask_first]
    while True:
        full = {name: (generator.choice(own.level_ids),) for name, own in book.criteria.items()}
        for name in names:
            tried = ({**full, name: (level,)} for level in book.criteria[name].level_ids)
            options = {decide_option(book, levels).option for levels in tried}
            if len(options) > 1 and not book.criteria[name].asked_when:
                return full, name


@pytest.mark.parametrize("columns", [40, 80, 100])
def test_nothing_is_wider_than_the_terminal(talk, columns):
    said = talk("?", "why", "wat", "2", "skip", "why", *["skip"] * 60, columns=columns)

    assert max(map(len, said.splitlines())) <= columns
    assert said.isascii()


def test_colour_is_for_terminals_that_have_it(talk):
    assert "\x1b[" in talk("translation", "stop", color="auto")
    assert "\x1b[" not in talk("translation", "stop", color="auto", variables={"TERM": "dumb"})
    assert "\x1b[" not in talk("translation", "stop", color="auto", variables={"NO_COLOR": "1"})


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
        talk(stdin=Interrupted(b"translation\n"))
    assert "Interrupted; everything is saved in profile.yaml." in talk.err
    assert "\n  kind: translation\n" in talk.saved()
    assert "Going on with profile.yaml: 1 answer known." in talk("stop")


def test_bytes_that_are_no_text_and_lines_without_end_are_no_answer(talk):
    said = talk(stdin=io.BytesIO(b"\xff\xfe\n" + b"x" * 10_000 + b"\nwriting\n" + b"y" * 5_000))

    assert "= task.kind: writing" in said
    assert said.count("  ! ") == 3


# --- files --------------------------------------------------------------------------------------------------------


def test_a_half_filled_profile_is_gone_on_with_and_keeps_what_it_holds(talk, write):
    write(
        "desk.yaml",
        "# yaml-language-server: $schema=./x.json\nproject: Desk\nnotes: n\n"
        "knowledge: {gap: {value: most, evidence: 'asked Ada', as_of: 2026-10-01}, size: 4200000}\n",
    )
    talk("writing", "stop", profile="desk.yaml")
    text = talk.saved("desk.yaml")

    assert talk.path == "desk.yaml"
    assert text.startswith("# yaml-language-server: $schema=./x.json\n")
    for kept in (
        "project: Desk",
        "notes: n",
        "evidence: 'asked Ada'",
        "size: 4200000",
        "kind: writing",
    ):
        assert kept in text


COMMENTED = """# Owner: the desk team
knowledge:
  volatility: 'weekly'  # counted in March
  gap: most  # measured, see the wiki

# What it may cost
quantities: {model: gpt-4o-mini}
data:
  rights: unknown  # legal was asked
# the end
"""


def test_a_profile_of_which_nothing_is_answered_anew_stays_as_it_is(talk, write):
    write("desk.yaml", COMMENTED)
    talk("stop", profile="desk.yaml")

    assert talk.saved("desk.yaml") == COMMENTED


def test_a_team_finds_its_comments_and_its_order_after_answering(run, write, tmp_path):
    write("desk.yaml", COMMENTED)
    write(
        "answers.txt", "knowledge.size: large\nknowledge.gap: some\ndata.rights: clean\ntask.kind: writing\n"
    )
    assert run("ask", "desk.yaml", "--answers", "answers.txt").code == 0

    assert (
        (tmp_path / "desk.yaml").read_text()
        == """# Owner: the desk team
knowledge:
  volatility: 'weekly'  # counted in March
  gap: some  # measured, see the wiki
  size: large

# What it may cost
quantities: {model: gpt-4o-mini}
data:
  rights: clean  # legal was asked
task:
  kind: writing
# the end
"""
    )


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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-"], "`ask` keeps its profile in a file"),
        (["missing.yaml"], "missing.yaml: no such file\nhint: -o PROFILE names a new one"),
        (["-o", "x.json"], "profiles are saved as YAML, not as 'x.json'"),
        (["desk.toml", "-o", "x.yaml"], "profiles are saved as YAML, not as 'desk.toml'"),
        (
            ["desk.yaml", "-o", "other.yaml"],
            "'other.yaml' exists\nhint: `ragortune ask other.yaml` continues it",
        ),
        (["bad.yaml"], "bad.yaml:1:18: 'knowledge.gap' must be none, some or most, not 'mots'"),
        (["--format", "jsno"], "--format must be text, json, jsonl, markdown or html"),
        (["--answers", "missing.txt"], "missing.txt: no such file"),
    ],
)
def test_what_cannot_be_used_is_named_before_anything_is_asked(run, write, arguments, message):
    write("desk.toml", 'project = "Desk"\n')
    write("desk.yaml", PROFILE)
    write("other.yaml", "")
    write("bad.yaml", "knowledge: {gap: mots}\n")
    result = run("ask", *arguments)

    assert (result.code, result.out) == (2, "")
    assert message in result.err


def test_a_folder_that_cannot_be_written_is_told_before_the_first_question(talk):
    with pytest.raises(UsageError, match="no such folder"):
        talk("most", output="nowhere/p.yaml")
    assert "> " not in talk.err


def test_a_disk_that_is_full_is_told(talk, monkeypatch):
    def refuse(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ragortune.support.writing.replace_file", refuse)
    with pytest.raises(UsageError, match=r"'profile.yaml' cannot be written \(No space left on device\)"):
        talk("most")


def test_an_edit_made_meanwhile_is_kept_and_told(talk, tmp_path):
    target = tmp_path / "profile.yaml"

    def edit():
        text = target.read_text().replace("  # examples:\n", "  examples: 5000  # counted by Anna\n")
        target.write_text(text + "notes: by hand\n")

    said = talk("question answering", edit, "by meaning", "stop")

    assert "profile.yaml was changed meanwhile; the changes are kept" in said
    assert "  examples: 5000  # counted by Anna\n" in talk.saved()
    data = yaml.safe_load(talk.saved())
    assert (data["notes"], data["data"]) == ("by hand", {"examples": 5000})
    assert data["task"]["kind"] == "question_answering"
    assert data["knowledge"]["access_path"] == "by_meaning"


@pytest.mark.parametrize(
    "profile", ["project: X\n", PROFILE, "knowledge: {volatility: daily}\n", "data: {}\n"]
)
@pytest.mark.parametrize("reply", ["skip", "1"])
def test_an_answer_that_is_taken_back_is_unknown_again(talk, tmp_path, profile, reply):
    (tmp_path / "mine.yaml").write_text(profile)

    first = talk(reply, "back", "stop", profile="mine.yaml")
    again = talk("stop", profile="mine.yaml")

    assert first.count("> ") == 3
    assert find_question(again) == find_question(first)


def find_question(said):
    return re.search(r"^(\S+)> ", said, re.MULTILINE)[1]


def test_an_answer_that_an_editor_saves_over_is_written_again(talk, tmp_path):
    target = tmp_path / "profile.yaml"
    opened = []

    talk(
        "question answering",
        lambda: opened.append(target.read_text()),
        "by meaning",
        lambda: target.write_text(opened[0] + "notes: by hand\n"),
        "skip",
        "back",
        "stop",
    )

    data = yaml.safe_load(talk.saved())
    assert data["notes"] == "by hand"
    assert data["knowledge"]["access_path"] == "by_meaning"


def test_an_edit_at_the_very_moment_of_saving_is_kept(talk, tmp_path, monkeypatch):
    target = tmp_path / "profile.yaml"
    flush = os.fsync
    edits = iter(["notes: one\n", "description: two\n"])

    def edit(number):
        flush(number)
        if target.exists() and (line := next(edits, None)):
            target.write_text(target.read_text() + line)

    monkeypatch.setattr("os.fsync", edit)
    talk("question answering", "by meaning", "stop")

    data = yaml.safe_load(talk.saved())
    assert (data["notes"], data["description"]) == ("one", "two")
    assert data["knowledge"]["access_path"] == "by_meaning"


def test_an_edit_of_the_answer_that_is_being_typed_is_told_to_be_replaced(talk, tmp_path):
    target = tmp_path / "profile.yaml"

    def edit():
        target.write_text(target.read_text().replace("  # access_path:\n", "  access_path: by_key\n"))

    said = talk("question answering", edit, "by meaning", "stop")

    told = "changed meanwhile; your answer replaces that of knowledge.access_path, any other change is kept"
    assert told in said
    assert yaml.safe_load(talk.saved())["knowledge"]["access_path"] == "by_meaning"


def test_a_second_run_on_the_same_profile_is_refused(talk, tmp_path):
    (tmp_path / "profile.yaml").write_text("project: X\n")

    def start_another():
        with pytest.raises(UsageError, match=r"another `ask` is using 'profile.yaml'"):
            Talk(tmp_path)("1", "stop", profile="profile.yaml")

    talk("1", start_another, "stop", profile="profile.yaml")
    Talk(tmp_path)("2", "stop", profile="profile.yaml")


def test_a_profile_that_cannot_be_read_any_more_is_not_overwritten(talk, tmp_path):
    target = tmp_path / "profile.yaml"

    with pytest.raises(UsageError, match="changed meanwhile and can no longer be read"):
        talk("question answering", lambda: target.write_text("task: [\n"), "by meaning", "stop")

    assert target.read_text() == "task: [\n"


def test_stopping_at_once_leaves_a_profile_untouched(talk, tmp_path):
    target = tmp_path / "mine.yaml"
    target.write_text("project:   X # as it is\n")
    before = target.stat().st_mtime_ns

    talk("stop", profile="mine.yaml")

    assert (target.read_text(), target.stat().st_mtime_ns) == ("project:   X # as it is\n", before)


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
    assert result.err.startswith("saved p.yaml; advice: rag ")
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
    assert "<stdin>:1: 'mots' is not an answer to this question\nhint: did you mean 'most'?" in result.err
    assert (
        "<stdin>:2: there is no criterion 'knowlege.gap'\nhint: did you mean 'knowledge.gap'?" in result.err
    )
    assert "<stdin>:3: 'nonsense' is not `criterion: answer`" in result.err
    assert "<stdin>:4: 'data.examples' must be a whole number of input-output pairs, not 2.5" in result.err
    assert "<stdin>:6: 'task.kind' is answered twice" in result.err
    assert "error: 5 lines of <stdin> cannot be used; nothing was saved" in result.err
    assert list(tmp_path.iterdir()) == []


def test_nobody_is_told_to_write_a_profile_that_is_there(run, write):
    write("profile.yaml", "knowledge: {gap: most}\n")

    assert "hint: fill in profile.yaml, then `ragortune recommend profile.yaml`" in run("ask").err


def test_a_yes_in_a_file_of_answers_is_the_level_that_says_so(run, tmp_path):
    result = run("ask", "--answers", "-", stdin=b"data.rights: yes\ngovernance.erasure: no\n")

    assert result.code == 0
    assert "\n  rights: clean\n" in (tmp_path / "profile.yaml").read_text()
    assert "\n  erasure: none\n" in (tmp_path / "profile.yaml").read_text()


def test_an_answer_that_could_be_several_levels_is_refused_with_their_names(run, tmp_path):
    result = run("ask", "--answers", "-", stdin=b"data.examples: under\n")

    assert result.code == 2
    assert "<stdin>:1: 'under' could be under_50, under_500 or under_5000" in result.err
    assert list(tmp_path.iterdir()) == []


# --- nobody to ask ------------------------------------------------------------------------------------------------


def test_without_a_terminal_it_names_the_questions_and_the_file(run, tmp_path):
    result = run("ask", stdin=b"most\ndocuments\n")

    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(
        "error: `ask` needs a terminal to ask on; advice so far: rag 37%, the default"
    )
    assert "\n  task.kind: What does the system do?\n  knowledge.access_path: How can the facts" in result.err
    assert re.search("\n  and \\d+ more\n", result.err)
    assert (
        "hint: fill in profile.yaml (`ragortune init` writes one), then `ragortune recommend profile.yaml`"
        in result.err
    )
    assert list(tmp_path.iterdir()) == []


def test_without_a_terminal_it_says_that_no_question_is_worth_asking(run, write):
    minutes = {"task.kind": "summarisation", "knowledge.access_path": "in_request", "knowledge.gap": "none"}
    minutes |= {"data.examples": "none", "readiness.prompting": "good_enough", "model.strength": "frontier"}

    assert "worth asking" in run("ask", write("minutes.yaml", json.dumps(minutes))).err.splitlines()[0]
    assert "worth asking" not in run("ask", write("new.yaml", "task.kind: summarisation\n")).err


def test_without_a_terminal_only_questions_about_what_exists_are_named(run, write, book):
    known = {name: (own.level_ids[0],) for name, own in book.criteria.items()}
    del known["data.quality"], known["operations.owner"]
    result = run("ask", write("desk.yaml", fill_in(book, known)))

    assert known["data.examples"] == ("none",)
    assert result.code == 2
    assert "\n  operations.owner: " in result.err
    assert "data.quality" not in result.err
    assert "hint: fill in desk.yaml, then `ragortune recommend desk.yaml`; or give answers" in result.err


def test_a_rule_set_of_ones_own_asks_its_own_questions_and_cannot_write_keys_of_its_own(
    talk, write, pack, book
):
    (pack / "criteria" / "9-ours.yaml").write_text(
        'criteria:\n  - id: team.mood\n    title: Mood\n    question: "How is the mood?"\n'
        '    help: "Ask.\\n  mood: low"\n    levels: [{id: low, means: bad}, {id: high, means: good}]\n'
    )
    full = {name: (own.level_ids[0],) for name, own in book.criteria.items()}
    write("p.yaml", fill_in(book, full))
    said = talk("?", "high", profile="p.yaml", rules=str(pack), everything=True)

    assert "How is the mood?" in said
    assert "\n  mood: high\n" in talk.saved("p.yaml")
    assert "\n  mood: low" not in talk.saved("p.yaml")


def test_a_file_that_is_removed_meanwhile_is_written_again_with_all_answers(talk, tmp_path):
    said = talk("question answering", (tmp_path / "profile.yaml").unlink, "by meaning", "stop")

    assert "profile.yaml was changed meanwhile" in said
    data = yaml.safe_load(talk.saved())
    assert data["task"]["kind"] == "question_answering"
    assert data["knowledge"]["access_path"] == "by_meaning"


@pytest.mark.parametrize("profile", ["", ".", "/", "..", "docs"])
def test_a_folder_is_no_profile(run, write, profile):
    write("docs/a.md", "# LLM\n")

    result = run("ask", profile, "--answers", "-")

    assert (result.code, result.out) == (2, "")
    assert "is a directory, not a file" in result.err
