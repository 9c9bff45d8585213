"""Screenshots for the README: the terminal by Rich as SVG, the web page by Chromium as PNG."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "examples" / "pictures"
PROFILE = "examples/support-assistant.yaml"


def run_command(*arguments: str) -> str:
    """Return what a command prints in colour on 80 columns, in the root of the repository."""
    command = [sys.executable, "-m", "ragortune", *arguments]
    variables = {"COLUMNS": "80", "FORCE_COLOR": "1"}
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, env=variables).stdout


def draw_terminal() -> None:
    """Write the screen of a recommendation as SVG."""
    with tempfile.TemporaryFile("w") as nowhere:
        console = Console(record=True, width=80, file=nowhere, force_terminal=True)
        console.print(f"$ ragortune recommend {PROFILE}")
        console.print(Text.from_ansi(run_command("recommend", PROFILE)))
        drawn = console.export_svg(title="ragortune", unique_id="ragortune")
    drawn = re.sub(r"@font-face \{.*?\}", "", drawn, flags=re.DOTALL)  # nothing is loaded from elsewhere
    picture = "\n".join(line.rstrip() for line in drawn.splitlines() if line.strip())
    (PICTURES / "screen.svg").write_text(f"{picture}\n", "utf-8")


def draw_page() -> None:
    """Write the top of the HTML report as PNG, where there is a browser."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("no chromium: the picture of the web page is left as it is")
        return
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        place = Path(folder, "page.html")
        place.write_text(run_command("recommend", PROFILE, "--format", "html"), "utf-8")
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": 1000, "height": 900})
        tab.goto(place.as_uri())
        tab.screenshot(path=PICTURES / "page.png")
        browser.close()


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    draw_terminal()
    draw_page()
