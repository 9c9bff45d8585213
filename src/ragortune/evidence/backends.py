"""Language models that a user names: a program that reads a prompt and prints an answer, or a model of a service.

No model is called unless the user names one. Answers are untrusted text of bounded length.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shlex
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Protocol

import msgspec

from ragortune.support.errors import UsageError
from ragortune.support.text import clean_text, quote_value, shorten_text
from ragortune.support.writing import replace_file

COMMAND = "command:"
ANSWER_BYTES = 1024 * 1024
SECONDS = 600
_ANSWER_TOKENS = 16_000
_CACHE_FORMAT = "1"
_LONGEST_MESSAGE = 300


class Reply(msgspec.Struct, frozen=True):
    """An answer of a model, with tokens and cost."""

    text: str
    input_tokens: int = 0
    """0 if the backend does not report it."""
    output_tokens: int = 0
    dollars: float | None = None
    """Cost in US dollars, if known."""
    cached: bool = False
    """Whether it is from the cache."""


class Backend(Protocol):
    """Something that answers a prompt."""

    def ask(self, prompt: str) -> Reply:
        """Return the answer. Raises UsageError if there is none."""


def open_backend(name: str, folder: str) -> Backend:
    """Return the model of that name: `command:PROGRAM ARGUMENTS`, run in the folder, or `provider:model` as pydantic-ai has it.

    Raises UsageError.
    """
    if name.startswith(COMMAND):
        return CommandModel(name.removeprefix(COMMAND), folder)
    if ":" not in name:
        hint = "for instance openai:gpt-5, ollama:qwen3 or 'command:llm -m NAME'"
        message = f"--model takes provider:model or command:PROGRAM, not {quote_value(name)}"
        raise UsageError(message, None, hint)
    return ServiceModel(name)


class CommandModel:
    """A program that takes the prompt on stdin and prints the answer. No shell is involved."""

    def __init__(
        self, command: str, folder: str, seconds: float = SECONDS, flag: str = "--model", what: str = "model"
    ) -> None:
        """Take the program with its arguments, quoted as in a shell, and what errors call the flag and the program."""
        try:
            self._arguments = shlex.split(command)
        except ValueError as error:
            message = f"the command {quote_value(command)} cannot be read ({error})"
            raise UsageError(message.lower()) from None
        if not self._arguments:
            raise UsageError(f"{flag} command: names no program")
        self._what = what
        self._folder = folder
        self._seconds = seconds

    def ask(self, prompt: str) -> Reply:
        """Run the program once."""
        # Files for stdin and stderr, because a full pipe that nobody reads would block the process.
        with tempfile.TemporaryFile() as prompt_file, tempfile.TemporaryFile() as stderr_file:
            prompt_file.write(prompt.encode("utf-8", "replace"))
            prompt_file.seek(0)
            try:
                process = subprocess.Popen(  # noqa: S603  (a list of arguments that the user chose, no shell)
                    self._arguments,
                    cwd=self._folder,
                    stdin=prompt_file,
                    stdout=subprocess.PIPE,
                    stderr=stderr_file,
                    start_new_session=True,
                )
            except (OSError, ValueError) as error:
                raise self._failed(getattr(error, "strerror", None) or str(error)) from None
            data, late = self._read_answer(process)
            stderr_file.seek(0)
            message = stderr_file.read(4_096).decode("utf-8", "replace").strip()
        if late:
            raise self._failed(f"no answer within {self._seconds:g} seconds")
        if len(data) > ANSWER_BYTES:
            raise self._failed(f"its answer is larger than {ANSWER_BYTES:,} bytes")
        if process.returncode:
            last = shorten_text(clean_text(message.rpartition("\n")[2]), _LONGEST_MESSAGE)
            raise self._failed(f"exit code {process.returncode}" + (f": {last}" if last else ""))
        return Reply(data.decode("utf-8", "replace"))

    def _read_answer(self, process: subprocess.Popen[bytes]) -> tuple[bytes, bool]:
        """Return the output of a process, up to one byte over the limit, and whether it timed out."""
        assert process.stdout is not None
        end = time.monotonic() + self._seconds
        timer = threading.Timer(self._seconds, _kill, (process,))
        timer.start()
        try:
            with process.stdout as output:
                data = output.read(ANSWER_BYTES + 1)
            if len(data) > ANSWER_BYTES:
                _kill(process)
            process.wait()
        finally:
            timer.cancel()
            if process.poll() is None:
                _kill(process)
        return data, time.monotonic() >= end

    def _failed(self, reason: str) -> UsageError:
        return UsageError(f"the {self._what} program {quote_value(self._arguments[0])} failed: {reason}")


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process with its process group, if the system has groups, even if the process itself has ended."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()


class ServiceModel:
    """A model of a service, called through pydantic-ai, which takes keys and addresses from environment variables."""

    def __init__(self, name: str) -> None:
        """Take the name; raises UsageError where pydantic-ai is not installed."""
        self._name = name
        try:
            from pydantic_ai import direct, messages  # noqa: PLC0415  (the extra `model`)
        except ImportError:
            otherwise = ", or name a program: --model 'command:PROGRAM'"
            raise UsageError.missing("--model", "model", otherwise) from None
        self._direct = direct
        self._messages = messages

    def ask(self, prompt: str) -> Reply:
        """Send the prompt once."""
        request = self._messages.ModelRequest.user_text_prompt(prompt)
        settings = {"max_tokens": _ANSWER_TOKENS, "timeout": float(SECONDS)}
        try:
            response = self._direct.model_request_sync(self._name, [request], model_settings=settings)  # type: ignore[arg-type]
        except Exception as error:  # noqa: BLE001  (each provider has errors of its own)
            message = shorten_text(clean_text(str(error).strip()), _LONGEST_MESSAGE)
            raise UsageError(f"the model {quote_value(self._name)} gave no answer: {message}") from None
        text = response.text or ""
        if len(text) > ANSWER_BYTES:
            raise UsageError(f"the answer of {quote_value(self._name)} is larger than {ANSWER_BYTES:,} bytes")
        dollars = None  # genai-prices does not know every model
        with contextlib.suppress(AssertionError, AttributeError, LookupError, ImportError, ValueError):
            dollars = float(response.cost().total_price)
        return Reply(text, response.usage.input_tokens, response.usage.output_tokens, dollars)


class AnswerCache:
    """Usable answers, kept by model and prompt, which holds document and vocabulary."""

    def __init__(self, model: str, folder: Path | None) -> None:
        """Take the name of the model and the folder to keep answers in; None keeps and finds nothing."""
        self._model = model
        self._folder = folder

    def find(self, prompt: str) -> Reply | None:
        """Return the cached answer, or None if there is none or it cannot be read."""
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
            if path := self._path_for(prompt):
                with path.open("rb") as stream:
                    answer = json.loads(stream.read(2 * ANSWER_BYTES))["answer"]
                return Reply(answer, cached=True) if isinstance(answer, str) else None
        return None

    def keep(self, prompt: str, reply: Reply) -> None:
        """Store a usable answer. A cache that cannot be written is not an error."""
        with contextlib.suppress(OSError):
            if (path := self._path_for(prompt)) and not reply.cached:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                replace_file(path, json.dumps({"model": self._model, "answer": reply.text}))

    def _path_for(self, prompt: str) -> Path | None:
        whole = f"{_CACHE_FORMAT}\0{self._model}\0{prompt}".encode("utf-8", "surrogatepass")
        name = f"{hashlib.sha256(whole).hexdigest()}.json"
        return self._folder / "answers" / name if self._folder else None
