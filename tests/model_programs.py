"""Small programs that stand in for a language model: they take a prompt on stdin and print an answer."""

import json
import sys

PRICE_DESK = """# 7. Price desk

Status: accepted

## Context

The desk answers questions about prices. The list changes **every week**, and answers must
arrive within 1.5 s. A competitor fine-tunes its model every day.

<!-- The list changes every day. -->

## Decision

We will use retrieval over the price list; tuning is rejected.
"""


def fact(criterion, value, line, quote, about="this_project", modality="stated"):
    """Return a fact as a model reports it."""
    return {
        "criterion": criterion,
        "value": value,
        "line": line,
        "quote": quote,
        "about": about,
        "modality": modality,
    }


DECISION = {
    "option": "rag",
    "how": "explicit",
    "quotes": [
        {"line": 14, "quote": "We will use retrieval over the price list", "role": "for"},
        {"line": 14, "quote": "tuning is rejected", "role": "against"},
    ],
}
GOOD = {
    "status": "judged",
    "decision": DECISION,
    "facts": [
        fact("knowledge.volatility", "weekly", 7, "The list changes every week", modality="fact"),
        fact("performance.latency", 1500, 8, "arrive within 1.5 s"),
        fact("task.kind", ["question_answering"], 7, "answers questions about prices"),
    ],
}


class Programs:
    """Writes programs into a folder and names them as `--model` takes them."""

    def __init__(self, folder):
        self.folder = folder
        self.count = 0

    def write(self, source):
        """Return the name of a program with this source."""
        self.count += 1
        path = self.folder / f"model{self.count}.py"
        path.write_text(source, encoding="utf-8")
        return f"command:'{sys.executable}' '{path}'"

    def say(self, *answers):
        """Return the name of a program that gives these answers in turn, the last one for ever, and keeps prompts."""
        texts = [answer if isinstance(answer, str) else json.dumps(answer) for answer in answers]
        log = self.folder / "prompts"
        log.mkdir(exist_ok=True)
        source = f"""
import pathlib, sys
log = pathlib.Path({str(log)!r})
number = len(list(log.iterdir()))
(log / f"{{number:03}}").write_bytes(sys.stdin.buffer.read())
texts = {texts!r}
sys.stdout.buffer.write(texts[min(number, len(texts) - 1)].encode("utf-8", "surrogatepass"))
"""
        return self.write(source)

    @property
    def prompts(self):
        """The prompts that were put so far."""
        return [path.read_text(encoding="utf-8") for path in sorted((self.folder / "prompts").iterdir())]
