"""Kill `ask` at random moments, run two at once and edit its file meanwhile: nothing acknowledged may be lost.

    python tools/fuzz_ask.py [KILLS]

An answer is acknowledged once `ask` shows it after saving (`= criterion: answer`), an edit once it has been written and
is in the file. After every kill the file is read by the product itself, and each of them is looked for.
"""

from __future__ import annotations

import os
import pty
import random
import re
import select
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ragortune import load_rulebook
from ragortune.evidence.profile import Vocabulary
from ragortune.support.reading import PROFILE_BYTES, read_document

_NAME = "profile.yaml"
_SAVED = re.compile(r"^ *= ([\w.]+): ", re.MULTILINE)
_QUESTION = re.compile(r"^([\w.]+)> ", re.MULTILINE)
_PATIENCE = 30.0


class _Talk:
    """One `ask` in a pseudo-terminal, whose questions are answered as they come."""

    def __init__(self, folder: Path, dice: random.Random) -> None:
        self._dice = dice
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ragortune", "ask", "-o", _NAME],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=folder,
            env={**os.environ, "TERM": "dumb"},
            start_new_session=True,
        )
        os.close(slave)
        self.screen = ""
        self._answered = 0

    def go_on(self, seconds: float) -> None:
        """Answer what is asked for so long after the first question, or until the run ends."""
        limit = time.monotonic() + _PATIENCE
        while not _QUESTION.search(self.screen) and time.monotonic() < limit and self._read(0.02):
            pass
        limit = time.monotonic() + seconds
        while time.monotonic() < limit and self._read(min(0.02, seconds)):
            asked = len(_QUESTION.findall(self.screen))
            if asked > self._answered:
                self._answered = asked
                os.write(self._master, self._dice.choice([b"1\n", b"2\n", b"1\n", b"2\n", b"skip\n"]))

    def _read(self, seconds: float) -> bool:
        ready = select.select([self._master], [], [], seconds)[0]
        return (not ready or self._take()) and self.process.poll() is None

    def _take(self) -> bool:
        """Add what is on the screen; False at its end."""
        try:
            data = os.read(self._master, 65536)
        except OSError:
            return False
        self.screen += data.decode("utf-8", "replace").replace("\r\n", "\n")
        return bool(data)

    def kill(self) -> list[str]:
        """Kill the run and return the criteria whose answers it has acknowledged."""
        self.process.kill()
        self.process.wait()
        while select.select([self._master], [], [], 0)[0] and self._take():
            pass
        os.close(self._master)
        return _SAVED.findall(self.screen)


def _edit(path: Path, number: int) -> str | None:
    """Add a comment as an editor does, beside and renamed; return it where it is in the file afterwards."""
    mark = f"# edit {number}"
    if not path.exists():
        return None
    held = path.read_text(encoding="utf-8")
    beside = path.with_name("edited")
    beside.write_text(f"{held}{mark}\n", encoding="utf-8")
    if path.read_text(encoding="utf-8") != held:  # a careful editor asks first
        beside.unlink()
        return None
    beside.replace(path)
    return mark


def run(kills: int, seed: int = 0) -> list[str]:
    """Return what was lost or cannot be read, in a line each."""
    dice = random.Random(seed)
    vocabulary = Vocabulary((book := load_rulebook()).criteria, book.quantities)
    failures: list[str] = []
    refused = acknowledged = edits = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / _NAME
        known: set[str] = set()
        marks: list[str] = []
        for number in range(kills):
            if number % 10 == 0:  # begin anew before every question is answered
                path.unlink(missing_ok=True)
                known, marks = set(), []
            talks = [_Talk(folder, dice) for _ in range(1 + (number % 4 == 3))]
            for _ in range(dice.randint(1, 3)):
                for talk in talks:
                    talk.go_on(dice.uniform(0.1, 0.6))
                mark = _edit(path, edits := edits + 1) if number % 3 == 1 else None
                marks += [mark] if mark else []
            for talk in talks:
                talk.go_on(dice.uniform(0, 0.05))
                told = talk.kill()
                refused += "another `ask` is using" in talk.screen
                acknowledged += len(told)
                known.update(told)
                if "internal error" in talk.screen:
                    failures.append(f"{number}: {talk.screen[-300:]}")
            if not path.exists():
                failures += [f"{number}: the file is gone"] * bool(known)
                continue
            document = read_document(str(path), PROFILE_BYTES)
            profile = vocabulary.read_profile(document.data, document)
            text = path.read_text(encoding="utf-8")
            lost = [
                one
                for one in known
                if one not in profile.levels and f"{one.rpartition('.')[2]}: unknown" not in text
            ]
            failures += [
                f"{number}: lost {one}"
                for one in (*lost, *(mark for mark in marks if f"{mark}\n" not in text))
            ]
        subprocess.run(
            [sys.executable, "-m", "ragortune", "ask", "--answers", "-", "-o", _NAME],
            input=b"data.examples: 7",
            cwd=folder,
            check=True,
            capture_output=True,
        )
        failures += [f"left behind: {left.name}" for left in folder.iterdir() if left.name != _NAME]
    print(f"{kills} kills, {acknowledged} answers acknowledged, {edits} edits, {refused} second runs refused")
    return failures


if __name__ == "__main__":
    found = run(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
    print("\n".join(found) or "nothing was lost, every file could be read")
    sys.exit(bool(found))
