"""Documents cannot drift: generated pages, the README's commands and figures, the table of the source document."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib

import jsonschema
import pytest
import yaml
from markdown_it import MarkdownIt
from msgspec.structs import asdict

from ragortune.commands.configuration import find_configuration
from ragortune.commands.formats import FORMATS
from ragortune.costs.assess import CostReport
from ragortune.model import NeedState
from ragortune.report.shapes import describe_shape

from .conftest import ROOT

_SECTION = re.compile(r"^(⚖️|🔍|🧩|🤖|🚀|⚙️|🔗|🧭|🏁|💬)\s*(.+)$")


def table_rows():
    rows = []
    for line in (ROOT / "docs" / "source-document.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and len(cells) == 4 and cells[0] not in ("Section", "---"):
            rows.append(cells)
    return rows


def test_generated_pages_and_schemas_are_up_to_date():
    result = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "write_docs.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (result.returncode, result.stderr) == (0, "")


def test_a_dashboard_finds_every_command_that_prints_json_on_the_page_about_it():
    page = (ROOT / "docs" / "json.md").read_text()

    printed = [command for command, forms in FORMATS.items() if "json" in forms]
    assert [name for name in printed if f"## {name}\n" not in page and f"`{name}`" not in page] == []
    keys = re.findall(
        r"(?m)^\| `(\w+)` \| .* \|$", page.partition("### NeedState")[2].partition("### CitedRule")[0]
    )
    assert keys == list(NeedState.field_names())
    assert "| `confirmed` | boolean | False if there are rules that confirm the need" in page


def test_the_json_of_cost_has_the_types_that_the_page_names(run):
    printed = json.loads(run("cost", ROOT / "examples/cost/3-ticket-classes.yaml", "--format", "json").out)

    jsonschema.validate(printed, describe_shape(CostReport))
    assert printed.keys() - set(CostReport.field_names()) == {"schema", "facts", "advice"}


def test_every_statement_of_the_source_document_names_rules_that_exist(book):
    by_code = {rule.code: rule for rule in book.rules.values()}
    rows = table_rows()

    assert len(rows) == 63
    for section, _, statement, codes in rows:
        rules = [by_code[code.strip()] for code in codes.split(",")]
        told = {finding.source for rule in rules for finding in rule.sources}
        assert statement
        assert "source-document" in told or section == "My Take"  # its default is built into the engine


def test_the_table_holds_every_statement_of_the_source_document(shared):
    (document,) = (shared / "seeds").glob("*.txt")
    section, wanted = "", []
    for raw in document.read_text().splitlines():
        line = raw.strip()
        if found := _SECTION.match(line):
            section = found[2]
        elif (
            section in ("", "How It Works")
            or not line
            or line in ("-", "RAG", "Fine-Tuning")
            or line.endswith((":", "is:"))
        ):
            continue
        elif line.startswith("|"):
            aspect, *cells = [cell.strip() for cell in line.strip("|").split("|")]
            if aspect != "Aspect" and not set(aspect) <= {"-"}:
                wanted += [(section, f"{aspect}: {cell}") for cell in cells]
        else:
            wanted.append((section, re.sub(r"^(- |👉 )", "", line)))

    assert [(section, statement) for section, _, statement, _ in table_rows()] == wanted


def readme():
    return (ROOT / "README.md").read_text()


_FENCE = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
_OWN_RUNS = ("docs/cost.md", "docs/documents.md")
"""The outputs of the first are snapshots already; the second shows models of the reader's choice."""
SESSIONS = [
    name
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    if (name := path.relative_to(ROOT).as_posix()) not in _OWN_RUNS and "\n```console\n" in path.read_text()
]


def play(text, run):
    """Write the files that a page shows, run its commands, and return the page with what they really print.

    A `…` on a line is short for any lines; an output that holds one stays as it is where it is true.
    """
    home, code = run.folder, 0

    def play_block(found):
        nonlocal code
        language, title, body = found.groups()
        if title and (home / title).exists():
            assert body in (home / title).read_text()
        elif title:
            (home / title).parent.mkdir(parents=True, exist_ok=True)
            (home / title).write_text(body)
        if language != "console":
            return found[0]
        printed = []
        for line in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
            command, _, shown = line.partition("\n")
            program, *arguments = shlex.split(command)
            out = ""
            if program == "ragortune":
                result = run(*arguments, columns=80)
                out, code = result.err + result.out, result.code
            elif program == "cd":
                run.folder = (run.folder / arguments[0]).resolve()
            elif command == "echo $?":
                out = f"{code}\n"
            else:
                subprocess.run(["bash", "-c", command], cwd=run.folder, check=True)
            printed.append(f"$ {command}\n{shown if holds(shown, out) else out}")
        return found[0].replace(body, "".join(printed))

    return _FENCE.sub(play_block, text)


def holds(shown, out):
    """Return whether an output is as shown; what is between lines `…` has to be there in order."""
    first, *others = re.split(r"^…\n", shown, flags=re.MULTILINE)
    if not others:
        return shown == out
    place = len(first)
    if not out.startswith(first):
        return False
    for part in others:
        place = out.find(part, place)
        if place < 0:
            return False
        place += len(part)
    return True


@pytest.mark.parametrize("page", SESSIONS)
def test_a_reader_who_types_what_a_page_shows_sees_what_it_shows(run, page):
    shutil.copytree(ROOT / "examples", run.folder / "examples")
    text = (ROOT / page).read_text()

    played = play(text, run)

    if os.environ.get("UPDATE_SNAPSHOTS"):
        (ROOT / page).write_text(played)
    assert played == (ROOT / page).read_text()


def test_the_site_has_every_page_once():
    def list_pages(entries):
        for entry in entries:
            yield from [entry] if isinstance(entry, str) else list_pages(*entry.values())

    settings = yaml.safe_load((ROOT / "mkdocs.yml").read_text())

    assert sorted(list_pages(settings["nav"])) == sorted(path.name for path in (ROOT / "docs").iterdir())


@pytest.mark.parametrize(
    "page",
    ["README.md", "CONTRIBUTING.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md")))],
)
def test_a_reader_who_follows_a_link_arrives(page):
    inline = [
        token
        for token in MarkdownIt("commonmark").enable("table").parse((ROOT / page).read_text())
        if token.children
    ]
    links = [child.attrs["href"] for token in inline for child in token.children if child.type == "link_open"]
    paths = [link.partition("#")[0] for link in links if not re.match(r"[a-z]+:|#", link)]

    assert [path for path in paths if not (ROOT / page).parent.joinpath(path).exists()] == []


def test_the_guide_to_ci_shows_settings_that_hold(tmp_path):
    guide = (ROOT / "docs" / "ci.md").read_text()
    shown = re.search(r"```yaml\n(rules: .*?)```", guide, re.DOTALL)
    assert shown
    (tmp_path / "ragortune.yaml").write_text(shown[1])
    (tmp_path / "policy" / "rules").mkdir(parents=True)

    settings = find_configuration(tmp_path)

    assert [name for name, value in asdict(settings).items() if not value] == ["select", "moved", "base"]


def test_the_readme_has_exactly_two_commands_for_a_fresh_machine():
    section = readme().partition("## Try it")[2].partition("\n## ")[0]

    assert re.findall(r"```sh\n(.*?)\n```", section, re.DOTALL) == ["make demo", "make check"]


def test_the_page_on_measuring_names_every_column_that_a_log_may_map():
    pytest.importorskip("ibis", reason="logs of calls need the extra `measure`")
    from ragortune.evidence.measurements.call_table import ROLES

    page = (ROOT / "docs" / "measure.md").read_text()

    assert [role for role in ROLES if f"`{role}`" not in page] == []


def test_the_guide_for_contributors_names_every_layer():
    layers = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0][
        "layers"
    ]
    guide = (ROOT / "CONTRIBUTING.md").read_text()

    assert [name for layer in layers for name in layer.split(" | ") if f"`{name}`" not in guide] == []
