"""What the tests share: the shipped rule set, a way to run the command, and room to break things in."""

import io
import os
import pathlib
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, settings

import ragortune.check.case
import ragortune.report.check_json
from ragortune import load_rulebook
from ragortune.__main__ import main
from ragortune.engine import add_what_if
from ragortune.evidence.profile import Vocabulary
from ragortune.support.rulefolder import shipped_folder

ROOT = pathlib.Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
READ_LAST = max(
    date
    for path in (ROOT / "rules" / "sources").glob("*.yaml")
    for date in re.findall(r"checked: (\S+)", path.read_text("utf-8"))
)
"""The day on which a source was read last. The shipped rules are checked as of it: before it, that source is in the future."""

settings.register_profile(
    "ragortune", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "fuzz", deadline=None, database=None, print_blob=False, suppress_health_check=list(HealthCheck)
)
settings.load_profile("ragortune")


def pytest_terminal_summary(terminalreporter):
    """Say how many inputs the attack tried, where it runs alone and long."""
    from tests.attacks.inputs import TRIED

    if "FUZZ" in os.environ:
        terminalreporter.write_line(", ".join(f"{count:,} {kind}" for kind, count in sorted(TRIED.items())))


@dataclass
class Result:
    """What a run of the command left behind."""

    code: int
    out: str
    err: str


class Terminal(io.TextIOWrapper):
    """A stream that says that it is a terminal."""

    def isatty(self):
        return True


class Runner:
    """Runs the command in this process, with streams and environment of its own."""

    def __init__(self, folder, monkeypatch):
        self.folder = folder
        self._monkeypatch = monkeypatch

    def __call__(self, *arguments, stdin=b"", columns=None, environment=None, terminal=None):
        """Run the command on pipes, or on a terminal of the encoding that `terminal` names."""
        encoding = terminal or "utf-8"
        with self._monkeypatch.context() as patch:
            patch.chdir(self.folder)
            for name in ("NO_COLOR", "FORCE_COLOR", "GITHUB_ACTIONS", "COLUMNS", "PY_COLORS"):
                patch.delenv(name, raising=False)
            for name, value in (environment or {}).items():
                patch.setenv(name, value)
            if columns:
                patch.setenv("COLUMNS", str(columns))
            streams = {
                name: (Terminal if terminal else io.TextIOWrapper)(
                    io.BytesIO(), encoding=encoding, newline=""
                )
                for name in ("stdout", "stderr")
            }
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
            for name, stream in streams.items():
                patch.setattr(sys, name, stream)
            code = main([str(argument) for argument in arguments])
            texts = []
            for stream in streams.values():
                stream.flush()
                texts.append(stream.buffer.getvalue().decode(encoding))
        return Result(code, *texts)


def study_once(patch):
    """Study each set of answers once: what could change the advice does not depend on the words around it."""
    studied = {}

    def add_once(recommendation):
        key = repr((recommendation.rulebook.digest, sorted(recommendation.profile.levels.items())))
        if key not in studied:
            studied[key] = add_what_if(recommendation)
        return studied[key].replace(profile=recommendation.profile)

    for module in (ragortune.check.case, ragortune.report.check_json):
        patch.setattr(module, "add_what_if", add_once)


@pytest.fixture(scope="session", autouse=True)
def cache_folder(tmp_path_factory):
    """Keep compiled rule sets of the tests out of the user's cache."""
    folder = tmp_path_factory.mktemp("cache")
    os.environ["RAGORTUNE_CACHE_DIR"] = str(folder)
    return folder


@pytest.fixture(scope="session")
def book(cache_folder):  # noqa: ARG001  (the cache has to be set up first)
    return load_rulebook()


@pytest.fixture(scope="session")
def vocabulary(book):
    return Vocabulary(book.criteria, book.quantities)


@pytest.fixture
def run(tmp_path, monkeypatch):
    return Runner(tmp_path, monkeypatch)


@pytest.fixture
def write(tmp_path):
    """Write a file into the test's folder and return its name."""

    def write_file(name, content):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return name

    return write_file


@pytest.fixture
def git(tmp_path):
    """Run git in the test's folder, as somebody."""

    def run_git(*arguments):
        identity = ["-c", "user.name=A", "-c", "user.email=a@b.invalid", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True, capture_output=True)

    return run_git


@pytest.fixture
def commit(git, write, tmp_path):
    """Write files in the test's folder, and commit all that is there; the first call makes the repository."""

    def commit_files(message, files=None):
        if not (tmp_path / ".git").exists():
            git("init", "-q", "-b", "main")
        for name, text in (files or {}).items():
            write(name, text)
        git("add", "-f", ".")
        git("commit", "-qm", message)

    return commit_files


@pytest.fixture
def whole_pack(tmp_path):
    """A copy of the shipped rule set that a test may break."""
    return shutil.copytree(shipped_folder(), tmp_path / "pack")


@pytest.fixture
def pack(tmp_path):
    """The same without published projects and wordings, which take twice as long to read as all else."""
    left_out = shutil.ignore_patterns("cases", "language")
    return shutil.copytree(shipped_folder(), tmp_path / "pack", ignore=left_out)


@pytest.fixture(scope="session")
def shared():
    """The folder of shared material, which a stranger's clone does not have."""
    if not SHARED.is_dir():
        pytest.skip("needs ../shared, which is not part of the project")
    return SHARED
