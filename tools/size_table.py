"""Whether `check` takes time and memory in proportion to a document, whatever it is made of.

usage: python tools/size_table.py [--sizes MB ...] [--kinds NAME ...]

For each kind of text: MB/s of processor time, peak memory, and how many times as long each further MB takes in the
largest document as in the smaller ones (1.0 where time is linear). `r` marks what is refused, because it is made of more
pieces than a document may have. What misses the least speed is measured up to two more times, because other programs
slow this one down, too, and the best counts. Exits with 1 where a limit is missed.
"""

from __future__ import annotations

import argparse
import base64
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

SECONDS = 600
MOST_MIB = 300
LEAST_SPEED = 0.5
TRIES = 3
_REFUSED = 2
_HEAD = "# 7. RAG for the LLM help desk\n\n## Decision\n\nWe will fine-tune the LLM. Answers must cite sources.\n\n"
_PROSE = (
    "We will fine-tune the LLM on the price list. The prices change every week, and answers must cite their source. "
    "A fine-tuned Llama 3 8B costs $0.20 while GPT-4o with a prompt costs $9. Retrieval was rejected in {}.\n\n"
)
_PRICES = "<!-- ragortune: ignore[RT203] because x -->\n\nA fine-tuned Llama 3 8B costs $0.20 while GPT-4o costs $9.\n\n"
_BYTES = base64.b64encode(random.Random(1).randbytes(57)).decode()
KINDS = {
    "prose": _PROSE,
    "one line": _PROSE.replace("\n", " "),
    "CR ends": _PROSE.replace("\n", "\r"),
    "CRLF ends": _PROSE.replace("\n", "\r\n"),
    "hard-wrapped": _PROSE.replace(" ", "\n"),
    "tables": "a|b\n-|-\n",
    "long table": "| RAG {} | chosen: the LLM is fine-tuned weekly |\n",
    "headings": "## LLM {}\n\nWe use RAG.\n\n",
    "headings with suppressions": "## LLM a\n\n<!-- ragortune: x -->\n\n",
    "suppressed findings": _PRICES,
    "unknown rules": "<!-- ragortune: ignore["
    + ",".join(f"x{number}" for number in range(100))
    + "] because x -->\n\n",
    "links": "[We use RAG {}](http://a.invalid/{}) and <http://b.invalid/{}> ![x][y]\n\n",
    "open brackets": "[[![",
    "emphasis": "**We *use _RAG_ and* ",
    "nested lists": "".join(f"{'  ' * depth}- We use RAG {depth}\n" for depth in range(30)),
    "block quotes": "> > We use RAG because the LLM {}\n> lazy\n\n",
    "deep quotes": ">" * 60 + " We use RAG\n\n",
    "code fences": "```python\nmodel = tune('{}')\n```\n\n",
    "open fences": "~~~{}\n",
    "headings without text": "##\n\n",
    "entities": "&lt;b&gt; &amp;&copy;&#x41;&#65;&nope; ",
    "HTML": "<div class='a'><p>We use <b>RAG</b></p>\n<!-- {} -->\n</div>\n\n",
    "open comments": "<!-- <![CDATA[ <? ",
    "base64": f"{_BYTES}\n",
    "base64 on a line": _BYTES,
    "Chinese without spaces": "我们将使用检索增强生成。价格每周变化。",
    "numbers": "$1,000 to $2,000 per 1,000 requests, 900 ms, 3 GB, 12%; ",
    "one word": "a",
    "blanks": " \t",
    "underscores": "a_",
}
"""One piece of each kind of text; `{}` is a number that counts up."""


def write_document(piece: str, megabytes: float) -> str:
    """Return a document of so many MB of pieces; it has lines of 100 kB at most."""
    count = max(1, int(megabytes * 1_000_000 / len(piece.encode())))
    numbered = "{}" in piece
    text = "".join(piece.replace("{}", str(number)) for number in range(count)) if numbered else piece * count
    if "\n" not in piece and "\r" not in piece:
        text = "\n".join(text[begin : begin + 100_000] for begin in range(0, len(text), 100_000))
    return _HEAD + text


def measure(path: Path) -> tuple[float, float, bool]:
    """Return seconds of processor time, infinite where it takes too long, peak MiB, and whether the text was refused."""
    child = subprocess.Popen(
        [sys.executable, "-m", "ragortune", "check", path.name, "--exit-zero", "--format", "json"],
        cwd=path.parent,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=_limit,  # noqa: PLW1509  (there are no threads)
    )
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    spent = usage.ru_utime + usage.ru_stime if child.returncode in {0, 2, 3} else float("inf")
    return spent, usage.ru_maxrss / 1024, child.returncode == _REFUSED


def _limit() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=float, nargs="+", default=[0.25, 1, 5], help="MB, ascending")
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=KINDS)
    arguments = parser.parse_args()
    missed = False
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "document.md"
        path.write_text(_HEAD)
        measure(path)
        start, *_ = measure(path)
        print(f"{'':<28}" + "".join(f"{size:>7g} MB" for size in arguments.sizes) + "     peak  growth")
        for kind in arguments.kinds:
            speeds, peak, shown = [], 0.0, ""
            for size in arguments.sizes:
                path.write_text(write_document(KINDS[kind], size), newline="")
                speed = 0.0
                for _ in range(TRIES):
                    spent, memory, refused = measure(path)
                    peak = max(peak, memory)
                    speed = max(speed, size / max(spent - start, 0.01))
                    if speed >= LEAST_SPEED:
                        break
                speeds.append(speed)
                shown += f"{speeds[-1]:>9.2f}{'r' if refused else ' '}"
            growth = speeds[0] / speeds[-1] if speeds[-1] else float("inf")
            bad = peak > MOST_MIB or speeds[-1] < LEAST_SPEED
            missed |= bad
            print(f"{kind:<28}{shown} {peak:>5.0f} MiB {growth:>6.1f}x{'  <' if bad else ''}", flush=True)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
