"""The real program in a pseudo-terminal: a person types, resizes the window, interrupts, comes back."""

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

import pyte
import pytest

pty = pytest.importorskip("pty")

TAKE_TERMINAL = (
    "import fcntl, os, signal, sys, termios\n"
    "fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
    # Started in the background the tests would hand on that these are ignored; a terminal's shell does not.
    "for name in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):\n"
    "    signal.signal(name, signal.SIG_DFL)\n"
    "os.execv(sys.argv[1], sys.argv[1:])"
)
PATIENCE = 60
"""Seconds until a session that hangs is given up."""


class Session:
    """`ragortune` on a terminal of its own."""

    def __init__(self, folder, *arguments, columns=80, stdout=None, term="dumb"):
        self._master, slave = pty.openpty()
        self.resize(columns)
        variables = {
            name: value for name, value in os.environ.items() if name not in ("COLUMNS", "FORCE_COLOR")
        }
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", TAKE_TERMINAL, sys.executable, "-m", "ragortune", *arguments],
            stdin=slave,
            stdout=stdout or slave,
            stderr=slave,
            cwd=folder,
            env={**variables, "TERM": term},
            start_new_session=True,
        )
        os.close(slave)
        self.screen = ""
        self._read_to = 0

    def resize(self, columns):
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def _read(self):
        """Add what was written to the screen; False at its end."""
        ready, _, _ = select.select([self._master], [], [], 0.2)
        if not ready:
            return self._process.poll() is None
        try:
            data = os.read(self._master, 65536)
        except OSError:
            return False
        self.screen += data.decode("utf-8", "replace").replace("\r\n", "\n")
        return bool(data)

    def expect(self, *texts):
        """Wait until the screen shows one of these for the first time since, and return what led to it."""
        limit = time.monotonic() + PATIENCE
        while not (found := [text for text in texts if text in self.screen[self._read_to :]]):
            assert time.monotonic() < limit, f"{texts} never came: {self.screen[-500:]}"
            assert self._read(), f"ended before {texts}: {self.screen[-500:]}"
        start = self._read_to
        self._read_to = min(self.screen.index(text, start) + len(text) for text in found)
        return self.screen[start : self._read_to]

    def type(self, text, *, at="> "):
        """Wait for the prompt, type a line, and return what the screen showed up to the prompt."""
        shown = self.expect(at)
        self.press(text.encode() + b"\n")
        return shown

    def press(self, keys):
        os.write(self._master, keys)

    def end(self):
        """Wait for the end and return the exit code."""
        limit = time.monotonic() + PATIENCE
        while self._read():
            assert time.monotonic() < limit
        code = self._process.wait(PATIENCE)
        os.close(self._master)
        return code

    def hang_up(self):
        os.close(self._master)
        return self._process.wait(PATIENCE)


@pytest.fixture
def session(tmp_path):
    def start(*arguments, **options):
        return Session(tmp_path, *arguments, **options)

    return start


def recommendation(folder, name):
    command = [sys.executable, "-m", "ragortune", "recommend", name]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder).stdout


def test_a_whole_session_with_help_wrong_input_and_going_back(session, tmp_path):
    talk = session("ask", "-o", "p.yaml")
    first = talk.type("?")
    assert "Advice so far  rag " in first
    assert "How to find out" in talk.type("why")
    assert "Each answer would lead to" in " ".join(talk.type("translaton").split())
    assert "Did you mean 'translation'?" in talk.type("writing")
    assert "= task.kind: writing" in talk.type("back")
    assert "What does the system do?" in talk.type("translation")
    assert "= task.kind: translation" in talk.type("in request")
    while not talk.expect("> ", "Done: ").endswith("Done: "):
        talk.press(b"skip\n")
    assert talk.end() == 0

    dialogue, _, end = talk.screen.partition("Done: ")
    assert "= knowledge.access_path: in_request" in dialogue
    assert max(map(len, dialogue.split("\n"))) <= 80
    assert "Still unknown: " in " ".join(end.split())
    assert end.endswith(recommendation(tmp_path, "p.yaml"))
    assert "\x1b" not in talk.screen


def test_the_recommendation_alone_goes_to_stdout(session, tmp_path):
    with (tmp_path / "advice.txt").open("wb") as out:
        talk = session("ask", stdout=out)
        talk.type("translation")
        talk.type("stop")
        assert talk.end() == 0

    assert "Advice so far" in talk.screen
    advice = (tmp_path / "advice.txt").read_text(encoding="utf-8")
    assert advice == recommendation(tmp_path, "profile.yaml")
    assert advice not in talk.screen


def test_a_window_that_is_resized_gets_the_next_question_in_its_width(session):
    talk = session("ask", columns=100)
    talk.type("translation")
    wide = talk.expect("> ")
    talk.resize(50)
    talk.press(b"?\n")
    narrow = talk.type("stop")
    assert talk.end() == 0

    assert 80 < max(map(len, wide.split("\n"))) <= 100
    assert max(map(len, narrow.split("\n"))) <= 50


def test_ctrl_c_loses_nothing_and_the_next_run_goes_on(session, tmp_path):
    talk = session("ask")
    first = talk.type("translation")
    talk.type("don't know")
    talk.expect("> ")
    talk.press(b"docu\x03")
    assert talk.end() == 130
    assert "Interrupted; everything is saved in profile.yaml." in talk.screen
    assert "Recommendation" not in talk.screen
    assert [own.name for own in tmp_path.iterdir()] == ["profile.yaml"]

    again = session("ask")
    shown = again.type("stop")
    assert again.end() == 0
    assert "Going on with profile.yaml: 1 answer known." in shown
    assert re.search(r"^\S+> $", shown.rpartition("\n")[2])
    assert shown.rpartition("\n")[2] not in (first.rpartition("\n")[2], "knowledge.access_path> ")


def test_the_end_of_input_ends_like_stop(session, tmp_path):
    talk = session("ask")
    talk.type("translation")
    talk.expect("> ")
    talk.press(b"\x04")

    assert talk.end() == 0
    assert "Stopped: " in talk.screen
    assert talk.screen.endswith(recommendation(tmp_path, "profile.yaml"))
    assert "\n  kind: translation\n" in (tmp_path / "profile.yaml").read_text()


def test_a_window_that_is_closed_loses_nothing(session, tmp_path):
    talk = session("ask")
    talk.type("translation")
    talk.expect("> ")

    assert talk.hang_up() == -signal.SIGHUP
    assert "\n  kind: translation\n" in (tmp_path / "profile.yaml").read_text()
    assert [own.name for own in tmp_path.iterdir()] == ["profile.yaml"]


def test_a_piped_stdin_is_never_taken_for_answers(tmp_path):
    command = [sys.executable, "-m", "ragortune", "ask"]
    result = subprocess.run(
        command, input="translation\n", capture_output=True, text=True, check=False, cwd=tmp_path
    )

    assert (result.returncode, result.stdout) == (2, "")
    assert "`ask` needs a terminal to ask on" in result.stderr
    assert "  task.kind: What does the system do?" in result.stderr
    assert "fill in profile.yaml" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_hostile_profile_cannot_speak_to_the_terminal(session, write):
    name = write(
        "p.yaml",
        'project: "\\e]0;owned\\a\\e[31m[bold]red"\nnotes: "\\u202e\\e[2J"\nknowledge: {gap: most}\n',
    )
    talk = session("ask", name)
    talk.type("\x16\x1b[31mred")
    talk.type("stop")

    assert talk.end() == 0
    assert "\\x1b[31mred' is not an answer" in talk.screen
    assert "\\x1b]0;owned\\x07\\x1b[31m[bold]red" in talk.screen
    assert not set(talk.screen) & {"\x1b", "\x07", "\u202e"}

    worse = session("ask", write("q.yaml", '"\\e[31m": {}\n'))
    assert worse.end() == 2
    assert "\x1b" not in worse.screen
    assert "there is no key '\\x1b[31m'" in worse.screen


# --- the end of a questionnaire on the screen -----------------------------------------------------------------------

UNKNOWN = {"task.kind": "writing", "knowledge.access_path": "by_meaning"}
LABELLED = {
    "task.kind": "classification",
    "knowledge.access_path": "in_request",
    "knowledge.gap": "none",
    "readiness.prompting": "plateaued",
    "data.examples": "12000",
    "data.quality": "reviewed",
    "performance.volume": "250000",
    "cost.right_sizing": "yes",
}
CITED = {
    "task.kind": "question_answering",
    "knowledge.access_path": "by_meaning",
    "knowledge.gap": "most",
    "knowledge.source": "documents",
    "knowledge.fits_prompt": "no",
    "knowledge.volatility": "weekly",
    "grounding.citations": "required",
    "governance.access": "per_document",
    "data.rights": "not_allowed",
}


@pytest.mark.parametrize(
    ("answers", "option", "columns"),
    [
        (UNKNOWN, "rag", 80),
        (CITED, "rag", 40),
        (LABELLED, "fine_tuning", 200),
    ],
)
def test_a_questionnaire_ends_with_the_whole_answer_on_the_screen(session, answers, option, columns):
    talk = session("ask", "-o", "p.yaml", columns=columns, term="xterm")
    while (asked := talk.expect("> ", "Done: ", "Settled: ")).endswith("> "):
        name = asked.rpartition("\n")[2].removesuffix("> ")
        talk.press(f"{'no' if name == 'more' else answers.get(name, 'skip')}\n".encode())
    assert talk.end() == 0

    terminal = pyte.Screen(columns, 24)
    pyte.Stream(terminal).feed(f"{talk.screen}$ ".replace("\n", "\r\n"))
    shown = [line.rstrip() for line in terminal.display]

    start = shown.index("Untitled project")
    assert shown[start + 2].startswith("Recommendation: " + option)
    assert re.search(r"Of 100 published systems like this, (about|more than) \d\d did so\.", " ".join(shown))
    for label in ("How firm", "First step", "More"):
        assert any(line.startswith(f"  {label}") for line in shown[start:])
    assert "$" in shown


def test_killed_at_any_moment_a_questionnaire_keeps_every_answer_it_has_acknowledged(capsys):
    import fuzz_ask

    assert fuzz_ask.run(4, seed=3) == []

    acknowledged = int(re.search(r"(\d+) answers acknowledged", capsys.readouterr().out)[1])
    assert acknowledged > 0
