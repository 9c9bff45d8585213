"""`ragortune check` as CI calls it: which documents are read, what is printed, and with which exit code it ends."""

import json
import re
from pathlib import Path

import pytest

DISAGREEING = """# 7. Tune a model on the price list

## Status

Accepted

## Decision

We will fine-tune the LLM on the price list.

```ragortune
decision: fine_tuning
profile:
  knowledge: {gap: most, volatility: daily, source: documents, size: large}
  grounding: {citations: required}
  data: {examples: none}
```
"""
AGREEING = """# 8. Retrieval for the help desk

## Status

Accepted

## Decision

We will use retrieval-augmented generation over the manuals. Fine-tuning was rejected.

## Consequences

The index is rebuilt every night. We revisit this when recall falls below 80%.
"""
COOKING = "# Bread\n\nFlour, water, salt. Bake for fifty minutes.\n"


def checked(result):
    return json.loads(result.out)


@pytest.fixture
def docs(write):
    write("docs/adr/0007-price-list.md", DISAGREEING)
    write("docs/adr/0008-help-desk.md", AGREEING)
    write("docs/bread.md", COOKING)
    write("docs/notes.txt", "We will fine-tune.")
    write("docs/.hidden/secret.md", DISAGREEING)
    return "docs"


# --- which documents ----------------------------------------------------------------------------------------------


def test_the_full_report_says_what_documents_without_findings_decide(run, write):
    write("docs/a.md", AGREEING)

    told = run("check", "docs", "--full", "--ignore", "RT3").out
    assert "DOCUMENTS WITHOUT FINDINGS\n  - docs/a.md: decides rag (explicit)" in told


def test_a_folder_is_searched_for_documents(run, docs):
    result = run("check", docs, "--format", "json")

    assert [document["path"] for document in checked(result)["documents"]] == [
        "docs/bread.md",
        "docs/adr/0007-price-list.md",
        "docs/adr/0008-help-desk.md",
    ]
    assert result.code == 1


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("docs/**/*.md", ["bread.md", "0007-price-list.md", "0008-help-desk.md"]),
        ("docs/adr/*.md", ["0007-price-list.md", "0008-help-desk.md"]),
        ("**/0007*", ["0007-price-list.md"]),
        ("docs/*/000[8-9]*.md", ["0008-help-desk.md"]),
        ("docs/*.txt", ["notes.txt"]),
        ("docs/**", ["bread.md", "notes.txt", "0007-price-list.md", "0008-help-desk.md"]),
    ],
)
def test_patterns_that_no_shell_expanded_are_expanded(run, docs, pattern, expected):  # noqa: ARG001
    result = run("check", pattern, "--format", "json", "--exit-zero")

    assert [Path(document["path"]).name for document in checked(result)["documents"]] == expected


def test_a_document_that_is_named_twice_is_judged_once(run, docs):
    result = run("check", "docs/bread.md", docs, "./docs/bread.md", "--format", "json", "--exit-zero")

    assert len(checked(result)["documents"]) == 3


def test_a_pattern_that_matches_nothing_is_not_success(run, docs):  # noqa: ARG001
    result = run("check", "design/**/*.md")

    assert result.code == 3
    assert result.out == ""
    assert "no document matches 'design/**/*.md'" in result.err


def test_no_document_at_all_is_a_usage_error(run):
    result = run("check")

    assert result.code == 2
    assert "no document named" in result.err


def test_stdin_is_a_document_with_a_name(run):
    result = run("check", "-", "--stdin-name", "docs/x.md", "--format", "json", stdin=DISAGREEING.encode())

    assert checked(result)["documents"][0]["path"] == "docs/x.md"
    assert result.code == 1


# --- exit codes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((), 1),
        (("--fail-on", "error"), 1),
        (("--fail-on", "never"), 0),
        (("--exit-zero",), 0),
        (("--ignore", "RT001,RT102,citations-from-weights"), 0),
        (("--ignore", "RT001", "--ignore", "RT1"), 0),
        (("--select", "RT105"), 0),
        (("--select", "RT105", "--fail-on", "warning"), 1),
        (("--select", "no-consequences", "--fail-on", "note"), 1),
        (("--select", "no-consequences", "--fail-on", "note", "--min-confidence", "high"), 0),
    ],
)
@pytest.mark.parametrize("form", ["text", "json", "sarif", "github", "gitlab", "junit", "markdown"])
def test_the_exit_code_follows_the_findings_and_never_the_format(run, docs, arguments, code, form):
    assert run("check", f"{docs}/adr/0007-price-list.md", "--format", form, *arguments).code == code


def test_documents_that_are_not_about_language_models_give_zero(run, docs):
    result = run("check", f"{docs}/bread.md", "--require-decision", "--format", "json")

    assert result.code == 0
    assert checked(result)["documents"][0]["status"] == "nothing_to_judge"


def test_a_required_decision_that_is_missing_gives_three_unless_findings_fail(run, write):
    write(
        "open.md",
        "# Assistant\n\n## Status\n\nProposed\n\n## Decision\n\nTo be discussed which LLM prompt we use.\n",
    )

    assert run("check", "open.md").code == 0
    assert run("check", "open.md", "--require-decision").code == 3
    assert run("check", "open.md", "--require-decision", "--fail-on", "note").code == 3
    write("decided.md", "# Assistant\n\n## Decision\n\nWe will use RAG over the manuals with an LLM.\n")
    assert run("check", "open.md", "decided.md", "--require-decision", "--fail-on", "note").code == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("--fail-on", "fatal"),
        ("--min-confidence", "sure"),
        ("--select", "citations-from-wheights"),
        ("--ignore", "RT777"),
        ("--format", "xml"),
        ("--format", "json", "--format", "text"),
        ("--format", "json="),
        ("--format", "json=a", "--format", "text=./a"),
        ("--format", "json=."),
        ("--profile", "missing.yaml"),
        ("--baseline", "missing.json"),
        ("--rules", "missing"),
    ],
)
def test_what_cannot_be_used_is_named_and_gives_two(run, docs, arguments):
    result = run("check", docs, *arguments)

    assert result.code == 2
    assert result.out == ""
    assert "error: " in result.err


def test_a_misspelt_rule_is_met_with_the_nearest_name(run, docs):
    assert (
        "did you mean 'citations-from-weights'?" in run("check", docs, "--select", "citation-from-weight").err
    )


# --- shape of the JSON --------------------------------------------------------------------------------------------


def test_the_json_has_the_shape_of_the_contract(run, docs):
    data = checked(run("check", f"{docs}/adr/0007-price-list.md", "--format", "json"))
    (document,) = data["documents"]

    assert data["schema"] == "ragortune/check/1"
    assert document["status"] == "judged"
    assert document["decision"]["option"] == "fine_tuning"
    assert document["decision"]["how"] == "explicit"
    assert set(document["decision"]["evidence"][0]) >= {"line", "quote", "role"}
    assert set(document["facts"][0]) >= {"criterion", "value", "modality", "line", "quote"}
    assert document["recommendation"]["option"] == "rag"
    finding = next(found for found in document["findings"] if found["code"] == "RT001")
    assert set(finding) >= {"rule", "code", "severity", "line", "column", "message"}
    lines = DISAGREEING.split("\n")
    for fact in document["facts"]:
        assert fact["quote"] in lines[fact["line"] - 1]


def test_a_fact_from_outside_has_no_line(run, docs, write):
    write("facts.yaml", "performance: {volume: 12}\n")

    result = run("check", f"{docs}/adr/0007-price-list.md", "--profile", "facts.yaml", "--format", "json")

    (fact,) = [fact for fact in checked(result)["documents"][0]["facts"] if fact["line"] is None]
    assert (fact["criterion"], fact["value"], fact["quote"]) == ("performance.volume", 12, None)


# --- what cannot be read ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("Wir wählen".encode("latin-1"), "is not UTF-8"),
        ("RAG".encode("utf-16"), "is UTF-16"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "is not"),
        (b"a" * (5 * 1024 * 1024 + 1), "is larger than 5 MiB, the limit for a document"),
        (b"a" * (1024 * 1024 + 1), "has a line longer than 1 MiB, the limit for a line"),
        (b"# A\n\n```ragortune\ndecision: maybe\n```\n", "'decision' must be"),
    ],
)
def test_an_unreadable_document_is_named_and_the_others_are_judged(run, docs, write, content, complaint):
    write("docs/bad.md", content)

    result = run("check", docs, "--format", "json")

    assert result.code == 2
    assert complaint in result.err
    assert "docs/bad.md" in result.err
    assert [entry["path"] for entry in checked(result)["unreadable"]] == ["docs/bad.md"]
    assert len(checked(result)["documents"]) == 3


def test_a_large_document_whose_lines_end_in_carriage_returns_alone_is_judged(run, write):
    text = (
        "# Help desk\r\r## Decision\r\rWe will use RAG for the LLM.\r\r" + "The LLM answers agents. " * 45_000
    )
    write("old.md", text.replace(". ", ".\r\r").encode())

    (document,) = checked(run("check", "old.md", "--format", "json", "--exit-zero"))["documents"]

    assert len(text) > 1024 * 1024
    assert document["decision"]["option"] == "rag"


def test_a_missing_document_is_named(run, docs):
    result = run("check", docs, "docs/nowhere.md", "--exit-zero")

    assert result.code == 2
    assert "docs/nowhere.md: no such file" in result.err


def test_an_empty_document_has_nothing_to_judge(run, write):
    write("empty.md", "")

    assert run("check", "empty.md").code == 0


def test_loops_of_links_are_not_entered(run, docs, tmp_path):
    (tmp_path / "docs" / "again").symlink_to(tmp_path / "docs")
    (tmp_path / "docs" / "self.md").symlink_to("self.md")

    result = run("check", docs, "docs/**/*.md", "--format", "json")

    assert result.code == 1
    assert len(checked(result)["documents"]) == 3
    assert result.err.count("docs/self.md") == 1


def test_a_document_that_vanishes_while_others_are_read_is_named(run, docs, monkeypatch, tmp_path):
    import ragortune.commands.check as command

    find = command.find_documents

    def find_and_remove(*arguments):
        found = find(*arguments)
        (tmp_path / "docs" / "bread.md").unlink()
        return found

    monkeypatch.setattr(command, "find_documents", find_and_remove)

    result = run("check", docs, "--format", "json")

    assert result.code == 2
    assert "docs/bread.md: no such file" in result.err
    assert len(checked(result)["documents"]) == 2


def test_stdin_is_read_once(run):
    assert run("check", "-", "-").code == 2


def test_too_many_documents_are_refused(run, docs, monkeypatch):
    monkeypatch.setattr("ragortune.commands.documents._MAX_DOCUMENTS", 2)

    assert "more than 2 documents" in run("check", docs).err


# --- the hot path ----------------------------------------------------------------------------------------------------


def test_a_link_that_leads_nowhere_is_no_document_of_a_folder(run, write, tmp_path):
    write("docs/design.md", AGREEING)
    (tmp_path / "docs" / "moved.md").symlink_to("nowhere.md")

    result = run("check", "docs")

    assert result.code == 0
    assert "note: docs/moved.md is a broken link" in result.err
    assert run("check", "docs/moved.md").code == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("| a | b |\n|---|---|\n" + "| x | y |\n" * 60_000, r"\d{5}: has more than 100,000 sentences"),
        ("#\n" * 120_000, r"\d{6}: has more than 100,000 sentences"),
        ("```\n" + "a\n" * 120_000, r"\d{6}: has more than 100,000 sentences"),
        ("`a `b\n" * 400_000, "3: has more than 300,000 words set apart by markup"),
        ("`` a `b`\n" * 40_000 + "\n" + "**a **b c\n" * 280_000, r"40004: has more than 300,000 words set apart"),
        ("a\n" * 1_000_001, " has more than 1,000,000 lines"),
        ("\r" * 1_000_001, " has more than 1,000,000 lines"),
        ("```ragortune\n" + f"#{'-' * 80}\n" * 4_000 + "```\n", "3: holds a 'ragortune' block that is larger"),
    ],
)  # fmt: skip
def test_a_document_in_more_pieces_than_any_team_writes_is_refused_by_its_line(run, write, text, message):
    write("pieces.md", f"# Desk\n\n{text}")

    result = run("check", "pieces.md")

    assert result.code == 2
    assert re.search(rf"pieces\.md:?{message}", result.err)
