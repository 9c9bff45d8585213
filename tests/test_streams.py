"""Where results go: terminals and pipes of any encoding, readers that stop early, disks that are full."""

import json
import os
import pty
import resource
import signal
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

PROFILE = 'project: "Prüfstelle 検査 🚀"\nknowledge: {gap: most}\n'
DESIGN = """---
ragortune: {decision: fine_tuning, profile: {project: 検査, knowledge: {gap: most, source: documents, volatility: daily}}}
---
# Prüfstelle 検査
We fine-tune.

<!-- ragortune: ignore[RT102] because 検査 -->
"""
COMMAND = (sys.executable, "-m", "ragortune")


def start(folder, *arguments, **streams):
    variables = {**os.environ, "PYTHONIOENCODING": streams.pop("encoding", "utf-8")}
    return subprocess.run([*COMMAND, *arguments], cwd=folder, env=variables, check=False, **streams)


@pytest.fixture
def desk(tmp_path):
    (tmp_path / "profile.yaml").write_text(PROFILE, encoding="utf-8")
    (tmp_path / "design-検査.md").write_text(DESIGN, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "read", "encoding"),
    [
        (("recommend", "-f", "json", "profile.yaml"), json.loads, "cp1252"),
        (("check", "-f", "json", "."), json.loads, "ascii"),
        (("check", "-f", "sarif", "."), json.loads, "cp1252"),
        (("check", "-f", "gitlab", "."), json.loads, "ascii"),
        (("check", "-f", "junit", "."), ET.fromstring, "cp1252"),
        (("extract", "design-検査.md"), str, "ascii"),
    ],
)
def test_a_team_whose_locale_is_not_utf_8_pipes_utf_8_all_the_same(desk, arguments, read, encoding):
    done = start(desk, *arguments, capture_output=True, encoding=encoding)
    text = done.stdout.decode("utf-8")
    assert "検査" in text
    assert read(text) is not None


def test_a_terminal_shows_what_its_encoding_can(desk):
    master, slave = pty.openpty()
    start(desk, "recommend", "profile.yaml", stdout=slave, encoding="ascii")
    os.close(slave)
    shown = os.read(master, 10_000)
    os.close(master)
    assert b"\\u691c\\u67fb" in shown
    assert shown.isascii()


def start_unread(folder, *arguments):
    """Run a command whose output nobody reads; return its exit code and complaints."""
    reader, writer = os.pipe()
    os.close(reader)
    done = start(folder, *arguments, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    return done.returncode, done.stderr.decode()


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_gate_fails_although_nobody_reads_its_report(desk, form):
    assert start_unread(desk, "check", "-f", form, ".") == (1, "")


@pytest.mark.parametrize("arguments", [("recommend", "profile.yaml"), ("schema", "profile"), ("--help",)])
def test_a_reader_that_has_seen_enough_is_no_error(desk, arguments):
    assert start_unread(desk, *arguments) == (0, "")


@pytest.mark.parametrize(
    "arguments", [("check", "."), ("recommend", "profile.yaml"), ("--help",), ("--version",)]
)
def test_a_full_disk_is_told_and_is_no_internal_error(desk, arguments):
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = start(desk, *arguments, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 2
    assert done.stderr.decode() == "error: the result cannot be written (No space left on device)\n"


def start_limited(desk, size, *arguments):
    """Start a command whose output goes to a file that may grow to a size in bytes."""

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    with (desk / "out").open("w", encoding="utf-8") as out:
        return start(desk, *arguments, stdout=out, stderr=subprocess.PIPE, preexec_fn=limit)


@pytest.mark.parametrize("arguments", [("check", "."), ("recommend", "profile.yaml"), ("--help",)])
def test_a_file_that_may_grow_no_further_is_told_and_is_no_internal_error(desk, arguments):
    done = start_limited(desk, 0, *arguments)
    assert done.returncode == 2
    assert done.stderr.decode() == "error: the result cannot be written (File too large)\n"


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", [("check", "."), ("recommend", "profile.yaml"), ("--help",)])
def test_a_disk_that_takes_only_a_part_of_the_result_is_told(desk, arguments, unbuffered, monkeypatch):
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    done = start_limited(desk, 100, *arguments)
    assert done.returncode == 2
    assert done.stderr.decode() == "error: the result cannot be written (File too large)\n"


@pytest.mark.parametrize(
    "arguments",
    [("check", "."), ("recommend", "profile.yaml"), ("--help",), ("--version",), ("rules", "--help")],
)
def test_a_closed_output_is_told_and_is_no_internal_error(desk, arguments):
    done = start(desk, *arguments, stderr=subprocess.PIPE, preexec_fn=lambda: os.close(1))
    assert done.returncode == 2
    assert done.stderr.decode() == "error: the result cannot be written (Bad file descriptor)\n"


def test_a_file_is_written_though_nobody_reads_the_output(desk):
    done = start(desk, "init", "new.yaml", stderr=subprocess.PIPE, preexec_fn=lambda: os.close(1))
    assert (done.returncode, (desk / "new.yaml").exists()) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(("check", "missing.md"), 2), (("adr", "profile.yaml", "-o", "a.md", "--force"), 0)],
)
def test_a_full_disk_for_what_is_told_changes_no_exit_code(desk, arguments, code):
    (desk / "profile.yaml").write_text("knowledge: {gap: most, access_path: by_meaning, volatility: daily}\n")
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        assert start(desk, *arguments, stdout=subprocess.DEVNULL, stderr=full).returncode == code


@pytest.mark.parametrize("closed", [(0,), (1,), (0, 1, 2)])
def test_an_agent_that_cannot_be_talked_to_is_told_and_is_no_internal_error(desk, closed):
    pytest.importorskip("mcp_types", reason="needs the extra `mcp`")

    def close():
        for number in closed:
            os.close(number)

    ping = b'{"jsonrpc": "2.0", "id": 1, "method": "ping"}\n'
    assert start(desk, "mcp", input=ping, preexec_fn=close).returncode == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("recommend", "-"),
        ("recommend", "-", "--stdin-name", "a.jsonl"),
        ("check", "-"),
        ("extract", "-"),
        ("cost", "-"),
        ("ask", "--answers", "-", "-o", "new.yaml"),
    ],
)
def test_nothing_is_judged_where_stdin_is_closed_or_only_for_writing(desk, arguments):
    writable = os.open(desk / "written", os.O_WRONLY | os.O_CREAT)
    for given, close in ((subprocess.DEVNULL, lambda: os.close(0)), (writable, None)):
        done = start(desk, *arguments, stdin=given, stderr=subprocess.PIPE, preexec_fn=close)

        assert done.returncode == 2
        assert "<stdin>: " in str(done.stderr) or "a.jsonl: " in str(done.stderr)
    os.close(writable)
    assert not (desk / "new.yaml").exists()


def test_streams_that_do_not_wait_are_waited_for(desk):
    (desk / "many.jsonl").write_text('{"knowledge": {"gap": "most"}}\n' * 60)
    wanted = start(desk, "recommend", "many.jsonl", "-f", "jsonl", stdout=subprocess.PIPE).stdout
    (incoming, sender), (receiver, outgoing) = os.pipe(), os.pipe()
    os.set_blocking(incoming, False)
    os.set_blocking(outgoing, False)
    reading = [*COMMAND, "recommend", "-", "--stdin-name", "many.jsonl", "-f", "jsonl"]
    with subprocess.Popen(reading, cwd=desk, stdin=incoming, stdout=outgoing) as process:
        os.close(outgoing)
        os.write(sender, (desk / "many.jsonl").read_bytes())
        os.close(sender)
        with os.fdopen(receiver, "rb") as stream:
            assert stream.read() == wanted
    assert process.returncode == 0


@pytest.mark.parametrize("closed", [0, 2])
def test_a_job_without_input_or_without_a_place_for_errors_still_judges(desk, closed):
    done = start(desk, "check", ".", stdout=subprocess.PIPE, preexec_fn=lambda: os.close(closed))
    assert done.returncode == 1
    assert b"decision-disagrees" in done.stdout


def test_an_agent_is_left_at_the_first_interrupt(desk):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([*COMMAND, "mcp"], cwd=desk, **pipes) as server:
        server.stdin.write(b'{"jsonrpc": "2.0", "id": 1, "method": "ping"}\n')
        server.stdin.flush()
        assert server.stdout.readline()
        server.send_signal(signal.SIGINT)

        assert (server.wait(60), server.stderr.read()) == (130, b"")


def test_ctrl_c_while_the_program_is_still_being_loaded_leaves_no_traceback():
    code = (
        "import runpy, sys\n"
        "class Interrupted:\n"
        "    def find_spec(name, *_):\n"
        "        if name == 'ragortune.cli.main':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupted)\n"
        "runpy.run_module('ragortune', run_name='__main__')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)

    assert (done.returncode, done.stderr) == (130, b"")


def test_an_interpreter_that_drops_docstrings_shows_help_of_no_other_library(tmp_path):
    command = [sys.executable, "-OO", *COMMAND[1:], "check", "--help"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 0
    assert "Arguments:" in done.stdout
    assert "serializable" not in done.stdout
