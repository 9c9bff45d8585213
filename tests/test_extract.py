"""`ragortune extract`: the profile that a document states, which reads back as a profile file."""

import json

import pytest

from ragortune.check import gather_answers
from ragortune.evidence.profile import Vocabulary
from ragortune.model.documents import DesignReading, DocumentStatus, Modality, Span, StatedFact
from ragortune.report.extract import describe_profile, write_profile
from ragortune.support.reading import parse_yaml
from ragortune.support.text import dump_json

from .test_check_command import AGREEING, COOKING, DISAGREEING


@pytest.fixture
def doc(write):
    return write("docs/0007.md", DISAGREEING)


def test_the_profile_of_a_document_is_judged_as_the_document_was(run, doc):
    extracted = run("extract", doc)

    data = json.loads(run("recommend", "-", "--format", "json", stdin=extracted.out.encode()).out)
    checked = json.loads(run("check", doc, "--format", "json").out)["documents"][0]["recommendation"]
    assert data["option"] == checked["option"] == "rag"
    assert "# It decides fine_tuning (explicit, line 12)." in extracted.out
    assert "evidence: 'docs/0007.md:14: most" in extracted.out
    assert extracted.code == 0


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_a_number_with_three_decimals_reads_back(run, write, form):
    name = write("a.md", "# RAG for the LLM help desk\n\nUsers ask about 900 questions a month.\n")

    extracted = run("extract", name, "--format", form)
    assert "29.59" in extracted.out
    assert run("recommend", "-", stdin=extracted.out.encode()).code == 0


def test_a_team_of_few_requests_can_answer(run, write):
    answers = write("answers.txt", "performance.volume: 0.5145 per hour\n")

    assert run("ask", "--answers", answers, "-o", "p.yaml").code == 0


def test_json_is_a_profile_as_well(run, doc):
    extracted = run("extract", doc, "--format", "json")

    assert json.loads(extracted.out)["knowledge"]["volatility"]["value"] == "daily"
    result = run("recommend", "-", "--stdin-name", "p.json", "--format", "json", stdin=extracted.out.encode())
    assert json.loads(result.out)["option"] == "rag"


@pytest.mark.parametrize(
    ("title", "project"),
    [
        ("7. Search the manuals", "Search the manuals"),
        ("ADR-0007: Search the manuals", "Search the manuals"),
        ("0007 Search the manuals", "Search the manuals"),
        ("3 ways to search", "3 ways to search"),
        ("2026-10-01 Search", "2026-10-01 Search"),
    ],
)
def test_a_project_is_not_named_by_the_number_of_its_record(run, write, title, project):
    write("record.md", f"# {title}\n\nThe manuals change every week.\n")

    assert parse_yaml(run("extract", "record.md").out, "out.yaml").data["project"] == project


def test_a_document_without_facts_gives_an_empty_profile_and_says_so(run, write):
    write("bread.md", COOKING)

    result = run("extract", "bread.md")

    assert result.code == 0
    assert "no answer to any criterion was found" in result.err
    assert "not about an LLM application" in result.out
    assert run("recommend", "-", "--brief", stdin=result.out.encode()).code == 0


def test_stdin_is_a_document_too(run):
    assert (
        "What docs/x.md states"
        in run("extract", "-", "--stdin-name", "docs/x.md", stdin=AGREEING.encode()).out
    )


NUMBERED = """# 9. Retrieval for the price desk

We will build retrieval over the price list.

```ragortune
decision: rag
profile:
  knowledge: {gap: most, source: documents}
  quantities:
    requests_per_day: 150
    corpus_tokens: {low: 50e3, value: 60e3, high: 9e4}
    examples: {low: 400, high: 400}
    accuracy_rag: {value: 0.9, source: measured, evidence: "run 7"}
    model: [claude-haiku-5-5, gpt-6.1-terra]
    vector_store: pinecone
```
"""


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_the_numbers_of_a_block_come_along_and_read_back_the_same(run, write, vocabulary, form):
    written = run("extract", write("9.md", NUMBERED), "--format", form).out

    block = NUMBERED.split("profile:\n")[1].split("```", maxsplit=1)[0]
    given = vocabulary.read_profile(parse_yaml(block, "block").data).quantities
    read = vocabulary.read_profile(parse_yaml(written, "extracted").data).quantities
    assert {name: each.replace(place=None) for name, each in read.items()} == dict(given)
    assert run("cost", "-", stdin=written.encode()).code == 0


def test_a_number_of_a_block_takes_its_quote_along(run, write):
    quoted = '{value: 2000, evidence: {line: 3, quote: "2,000 requests a day"}}'
    block = f"```ragortune\nprofile:\n  quantities:\n    requests_per_day: {quoted}\n```\n"
    write("desk.md", f"# Desk\n\nWe expect 2,000 requests a day.\n\n{block}")

    write("profile.yaml", run("extract", "desk.md").out)

    assert run("check", "desk.md", "--profile", "profile.yaml").code == 0
    changed = (run.folder / "desk.md").read_text().replace("2,000 requests a day.", "3,000 requests a day.")
    write("desk.md", changed)
    assert run("check", "desk.md", "--profile", "profile.yaml").code == 1


def test_what_cannot_be_read_gives_two(run, write):
    write("bad.md", b"\xff")

    assert run("extract", "bad.md").code == 2
    assert run("extract", "missing.md").code == 2
    assert run("extract", "bad.md", "--format", "toml").code == 2


HOSTILE = [
    "\x1b[31mred",
    "a: b # c",
    '"quoted" \\ slash',
    "no",
    "\u202eoverride",
    "line\u2028break",
    "- [ ] x",
    "\x7f\x85",
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("render", [write_profile, lambda answers: dump_json(describe_profile(answers))])
def test_nothing_in_a_document_breaks_out_of_the_profile(book, text, render):
    facts = (
        StatedFact("knowledge.volatility", ["weekly", "daily"], Modality.MEASURED, Span(1, 1, text)),
        StatedFact("knowledge.size", 24_000, Modality.STATED, Span(1, 1, text)),
        StatedFact("model.tunable", "no", Modality.STATED, Span(1, 1, text)),
        StatedFact("task.kind", "writing", Modality.STATED, Span(1, 1, text)),
        StatedFact("task.kind", "dialogue", Modality.STATED, Span(2, 1, text)),
        StatedFact("knowledge.gap", "none", Modality.STATED, Span(1, 1, text)),
        StatedFact("knowledge.gap", "most", Modality.STATED, Span(2, 1, text)),
    )
    reading = DesignReading(f"{text}.md", DocumentStatus.JUDGED, None, facts, title=text)
    vocabulary = Vocabulary(book.criteria, book.quantities)

    written = render(gather_answers(reading, vocabulary))

    document = parse_yaml(written, "profile.yaml")
    profile = vocabulary.read_profile(document.data, document)
    assert dict(profile.levels) == {
        "knowledge.volatility": ("weekly", "daily"),
        "knowledge.size": ("tiny",),
        "model.tunable": ("no",),
        "task.kind": ("writing", "dialogue"),
    }
    assert all(character.isprintable() or character == "\n" for character in written)


UNDECIDED = """\
# RFC 12: An assistant for the claims desk

Claims handlers ask an LLM about our policy wordings. The wordings change every week, and each answer must cite the clause.
Personal data may not leave our own data centre.

## Options

- Retrieval-augmented generation over the wordings
- Fine-tuning a small model

## Decision

Still open; we decide after the spike.
"""


def test_a_team_that_has_not_decided_gets_what_its_document_states(run, write):
    write("rfc.md", UNDECIDED)
    made = run("extract", "rfc.md", "--format", "json")
    answers = json.loads(made.out)
    assert answers["knowledge"]["volatility"]["value"] == "weekly"
    assert answers["grounding"]["citations"]["value"] == "required"
    checked = json.loads(run("check", "rfc.md", "--format", "json").out)["documents"][0]
    assert (checked["status"], checked["facts"], checked["findings"]) == ("no_decision", [], [])
