"""Documents cannot drift: generated pages, the README's commands and figures, the table of the source document."""

import re
import subprocess
import sys
import tomllib

from msgspec.structs import asdict

from ragortune.commands.configuration import find_configuration

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


def test_the_readme_shows_a_real_run(run):
    shown = re.search(r"```console\n\$ ragortune recommend (examples/\S+)\n(.*?)```", readme(), re.DOTALL)
    assert shown
    out = run("recommend", ROOT / shown[1], columns=80).out

    for part in shown[2].split("…\n"):
        assert part.strip("\n") in out


def test_the_readme_shows_a_real_check_of_the_sample_repository(run):
    shown = re.search(r"```console\n\$ ragortune check docs/adr\n(.*?)```", readme(), re.DOTALL)
    assert shown
    run.folder = ROOT / "examples" / "repository"
    result = run("check", "docs/adr", columns=80)

    assert result.code == 1
    for part in shown[1].split("…\n"):
        assert part.strip("\n") in result.out


def test_the_readme_shows_settings_that_hold(tmp_path):
    shown = re.search(r"```yaml\n(rules: .*?)```", readme(), re.DOTALL)
    assert shown
    (tmp_path / "ragortune.yaml").write_text(shown[1])
    (tmp_path / "policy" / "rules").mkdir(parents=True)

    settings = find_configuration(tmp_path)

    known = {**asdict(settings), **asdict(settings.check)}
    assert [name for name, value in known.items() if not value] == ["moved", "select"]


def test_the_changelog_counts_what_is_shipped(book):
    text = " ".join((ROOT / "CHANGELOG.md").read_text().split())
    found = re.search(
        r"(\d+) rules over (\d+) criteria, .* a casebook of (\d+) published systems: (\d+) drawn", text
    )

    assert found
    field = sum(case.sample == "field" for case in book.cases)
    assert [int(number) for number in found.groups()] == [
        len(book.rules),
        len(book.criteria),
        len(book.cases),
        field,
    ]


def test_the_readme_has_exactly_two_commands_for_a_fresh_machine():
    section = readme().partition("## Try it")[2].partition("\n## ")[0]

    assert re.findall(r"```sh\n(.*?)\n```", section, re.DOTALL) == ["make demo", "make check"]


def test_every_command_of_the_command_line_is_in_the_readme():
    for command in (
        "recommend",
        "explain",
        "schema",
        "init",
        "rules list",
        "rules show",
        "rules check",
        "rules test",
        "rules diff",
        "ask",
        "check",
        "extract",
        "cost",
        "prices list",
    ):
        assert f"`ragortune {command}" in readme()


def test_the_guide_for_contributors_names_every_layer():
    layers = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0][
        "layers"
    ]
    guide = (ROOT / "CONTRIBUTING.md").read_text()

    assert [name for layer in layers for name in layer.split(" | ") if f"`{name}`" not in guide] == []
