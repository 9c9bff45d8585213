"""`adr`: a recommendation becomes a decision record that `check` keeps true."""

import json
import os
import re

import pytest
from pymarkdown.api import PyMarkdownApi
from ruamel.yaml import YAML

from ragortune.model import Option

from .conftest import ROOT

EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
HELP_DESK = """\
project: Help desk
description: Answers questions about the manuals.
knowledge: {gap: most, source: documents, access_path: by_meaning, volatility: weekly, size: 4200000}
grounding: {citations: required}
task: {kind: question_answering}
"""
MADR = """\
---
status: accepted
date: 2026-10-01
decision-makers: [Ada, Grace]
---

# Answer from the manuals

## Context and Problem Statement

The desk gets 900 questions a day.

<!-- This is an optional element. Feel free to remove. -->
## Decision Drivers

* {decision driver 1, e.g., a force, facing concern}
* {decision driver 2, e.g., a force, facing concern}

## Considered Options

* {title of option 1}
* {title of option 2}

## Decision Outcome

Chosen option: "{title of option 1}", because {justification}.

### Confirmation

{Describe how the implementation is confirmed.}

## More Information

See the budget of 2027.
"""


@pytest.fixture
def record(run, write):
    """Write a profile and its record; return the text of the record."""

    def write_record(profile=HELP_DESK, name="record.md", *arguments):
        write("profile.yaml", profile)
        result = run("adr", "profile.yaml", "-o", name, "--as-of", "2026-11-29", *arguments)
        assert result.code == 0, result.err
        return (run.folder / name).read_text(encoding="utf-8")

    return write_record


def block_of(text):
    return YAML(typ="safe").load(text.split("---\n")[1])["ragortune"]


def lint(folder):
    """Return what a linter says about Markdown files by the rules that MADR holds its own records to."""
    linter = (
        PyMarkdownApi().disable_rule_by_identifier("md013").enable_extension_by_identifier("front-matter")
    )
    return linter.scan_path(str(folder)).scan_failures


def test_a_linter_finds_nothing_in_the_records_of_the_examples_and_of_a_team_that_writes_markdown(run, write):
    (run.folder / "records").mkdir()
    texts = [path.read_text() for path in EXAMPLES]
    markdown = "project: '# Ours'\ndescription: |\n  * one\n  + two\n\n  ## Three\n\n\n  four\n"
    texts.append(HELP_DESK.split("\n", 2)[2] + markdown)
    for number, text in enumerate(texts):
        write("profile.yaml", text)
        assert run("adr", "profile.yaml", "-o", f"records/{number}.md").code == 0
    write("records/broken.md", "# One\n\n### Three\n")

    assert [(failure.scan_file[-9:], failure.rule_id) for failure in lint(run.folder / "records")] == [
        ("broken.md", "MD001")
    ]


def test_a_record_has_the_sections_of_madr_in_their_order(record):
    headings = re.findall(r"^#+ .*", record(), re.MULTILINE)

    assert headings == [
        "# Use retrieval for Help desk",
        "## Context and Problem Statement",
        "## Decision Drivers",
        "## Considered Options",
        "## Decision Outcome",
        "### Consequences",
        "### Confirmation",
        "## Pros and Cons of the Options",
        "### Retrieval (RAG)",
        "### Fine-tuning",
        "### Retrieval and fine-tuning",
        "### Neither yet",
        "## More Information",
        "### References",
    ]


def test_a_record_states_the_decision_and_every_answer(record):
    block = block_of(record())

    assert block["decision"] == "rag"
    assert block["profile"]["knowledge"]["volatility"] == "weekly"
    assert block["profile"]["knowledge"]["size"] == 4200000


def test_a_record_of_a_best_guess_says_that_too_little_is_known(record):
    guess = record("knowledge: {access_path: [in_request, by_meaning]}\n", "guess.md")

    assert "Too little is known to tell. The best guess is " in guess
    assert "Too little is known" not in record()


def test_no_reason_of_a_record_is_both_good_and_bad_for_the_same_option(record):
    for profile in [HELP_DESK, *(path.read_text() for path in EXAMPLES)]:
        options = record(profile, "record.md", "--force").split("## Pros and Cons")[1].split("\n### ")[1:]
        for option in options:
            good, bad = (
                set(re.findall(rf"^- {side}, because (.*)", option, re.MULTILINE)) for side in ("Good", "Bad")
            )
            assert not good & bad


def test_a_record_by_a_rule_pack_that_was_named_is_confirmed_by_that_pack(record, write):
    write("our pack/rulebook.yaml", "name: ours\nversion: '1'\nextends: ragortune\n")

    text = record(HELP_DESK, "record.md", "--rules", "our pack")

    assert "```sh\nragortune check --rules 'our pack' record.md\n```" in text


def test_a_record_says_how_it_is_confirmed_and_when_to_look_again(record):
    text = record()

    assert "```sh\nragortune check record.md\n```" in text
    assert "Revisit this decision when:" in text


def test_a_reason_for_retrieval_and_against_tuning_argues_for_no_option_that_has_both_or_neither(run, write):
    write("calls.yaml", "task: {kind: summarisation}\ncost: {training_budget: none}\n")

    text = run("adr", "calls.yaml").out.partition("## Pros and Cons")[2]

    sides = {part.partition("\n")[0]: part for part in text.split("\n### ")[1:]}
    little = "because there is little or no money for training"
    assert f"- Good, {little}" in sides["Retrieval (RAG)"]
    assert f"- Bad, {little}" in sides["Fine-tuning"]
    assert little not in sides["Retrieval and fine-tuning"] + sides["Neither yet"]


@pytest.mark.parametrize("profile", EXAMPLES, ids=lambda path: path.stem)
def test_the_record_of_an_example_has_nothing_to_be_found(profile, run):
    made = run("adr", profile, "-o", "record.md")
    checked = run("check", "record.md", "--format", "json", "--fail-on", "note")

    document = json.loads(checked.out)["documents"][0]
    advice = json.loads(run("recommend", profile, "--format", "json", "--no-what-if").out)
    assert made.code == checked.code == 0
    assert document["findings"] == []
    assert document["decision"]["option"] == document["recommendation"]["option"] == advice["option"]


@pytest.mark.parametrize(
    "answers",
    [
        {"knowledge.volatility": "realtime", "knowledge.gap": "some", "knowledge.size": "huge"},
        {"knowledge.volatility": "daily", "task.definition": "evolving", "knowledge.source": "documents"},
        {"knowledge.retrievability": "low", "knowledge.fits_prompt": "yes", "grounding.error_cost": "high"},
    ],
)
def test_the_words_of_rules_that_a_record_repeats_are_no_statements_of_its_own(run, write, answers):
    write("p.json", json.dumps({"project": "Desk", **answers}))
    run("adr", "p.json", "-o", "record.md")

    checked = run("check", "record.md", "--format", "json")

    assert json.loads(checked.out)["documents"][0]["findings"] == []


@pytest.mark.parametrize("into", ["-o", "--into"])
@pytest.mark.parametrize(
    "words",
    [
        "---\nragortune: {",
        "ragortune: {decision: rag}",
        "Ragortune:",
        "ragortune.decision: rag",
        "ragortune = {",
        "{'ragortune': {",
        ":::ragortune",
        ".. ragortune:: x",
        "<pre><code class='language-ragortune'>",
        "[source,ragortune]",
    ],
)
def test_words_like_front_matter_do_not_make_a_record_that_is_refused(run, write, into, words):
    write("r.md", MADR if into == "--into" else "")
    profile = {"project": words, "description": words, "notes": words}
    known = {"gap": {"value": "most", "evidence": words}, "access_path": "by_meaning", "volatility": "weekly"}
    write("p.json", json.dumps({**profile, "knowledge": known}))

    assert run("adr", "p.json", into, "r.md", *["--force"] * (into == "-o")).code == 0
    result = run("check", "r.md")

    assert (result.code, result.err) == (0, "")


def test_a_record_shows_no_character_that_nobody_sees(run, write):
    words = "daily\u202e\u200b \U000e0041"
    write("p.json", json.dumps({"knowledge.volatility": {"value": "daily", "evidence": words}}))

    made = run("adr", "p.json").out

    assert made.replace("\n", "").isprintable()
    assert block_of(made)["profile"]["knowledge"]["volatility"]["evidence"] == words


def test_records_of_published_projects_lead_to_their_own_decision(run, write, book):
    for case in book.cases[::12]:
        write("case.json", json.dumps({"project": "A published project", **case.profile}))
        made = run("adr", "case.json", "-o", "record.md", "--force")
        assert made.code in (0, 3), (case.id, made.err)
        if made.code == 3:
            continue
        checked = run("check", "record.md", "--format", "json")
        assert checked.code == 0, (case.id, checked.err)
        (document,) = json.loads(checked.out)["documents"]
        assert document["findings"] == [], case.id
        assert document["decision"]["option"] == document["recommendation"]["option"], case.id


def test_a_fact_that_changes_is_found_to_disagree(record, run, write):
    text = record()
    changed = text.replace("access_path: by_meaning", "access_path: by_key").replace(
        "source: documents", "source: structured_data"
    )
    write("record.md", changed.replace("size: 4200000", "size: 4200\n      fits_prompt: yes"))

    result = run("check", "record.md", "--format", "json")

    rules = [finding["rule"] for finding in json.loads(result.out)["documents"][0]["findings"]]
    assert "decision-disagrees" in rules


REQUESTS = "quantities:\n  requests_per_day: {value: 2000, evidence: {%squote: 2000 a day}}\n"


def test_a_quote_of_the_profile_is_found_again_from_the_folder_of_the_record(run, write, git):
    git("init", "-q")
    write("notes/facts.md", "The manuals change every week, for 2000 a day.\n")
    quoted = '{value: weekly, evidence: {document: facts.md, line: 1, quote: "change every week"}}'
    profile = HELP_DESK.replace("volatility: weekly", f"volatility: {quoted}")
    write("notes/profile.yaml", profile + REQUESTS % "document: facts.md, ")
    (run.folder / "docs" / "adr").mkdir(parents=True)

    run("adr", "notes/profile.yaml", "-o", "docs/adr/")
    (made,) = (run.folder / "docs" / "adr").iterdir()
    intact = run("check", made.relative_to(run.folder))
    write("notes/facts.md", "The manuals change every year, for 20 a day.\n")
    broken = run("check", made.relative_to(run.folder), "--format", "json")

    assert 'document: "../../notes/facts.md"' in made.read_text(encoding="utf-8")
    assert (intact.code, broken.code) == (0, 1)
    found = json.loads(broken.out)["documents"][0]["findings"]
    assert [finding["rule"] for finding in found].count("evidence-gone") == 2


def test_words_of_which_the_profile_names_no_document_are_not_looked_for_in_the_record(run, write):
    write("profile.yaml", HELP_DESK + REQUESTS % "line: 3, ")

    run("adr", "profile.yaml", "-o", "record.md")

    assert "evidence: 2000 a day" in (run.folder / "record.md").read_text(encoding="utf-8")
    assert run("check", "record.md").code == 0


@pytest.mark.parametrize("cost", ["1.125", "12.500", "123.456"])
def test_a_record_of_a_program_whose_costs_have_three_decimals_can_be_checked(run, write, cost):
    answers = '"knowledge": {"gap": "most", "access_path": "by_meaning"}, "performance": {"volume": 2000}'
    write("p.json", f'{{{answers}, "quantities": {{"wrong_answer_cost": {cost}}}}}')
    assert run("adr", "p.json", "-o", "1.md").code == 0

    assert run("check", "1.md", "--fail-on", "error").code == 0


def test_a_new_record_gets_the_next_number_of_its_folder(run, write):
    write("profile.yaml", HELP_DESK)
    write("adr/0007-use-postgres.md", "# Use Postgres\n")
    write("adr/README.md", "")

    run("adr", "profile.yaml", "-o", "adr")

    assert (run.folder / "adr" / "0008-use-retrieval-for-help-desk.md").is_file()


@pytest.mark.parametrize(
    ("present", "following"),
    [("999999-a.md", "1000000-"), ("1000000-a.md", "1000001-"), ("20261130-a.md", "0001-")],
)
def test_a_number_of_any_length_is_followed_by_the_next_one_but_a_date_is_no_number(
    run, write, present, following
):
    write("profile.yaml", HELP_DESK)
    write(f"adr/{present}", "")

    run("adr", "profile.yaml", "-o", "adr")

    assert [path.name for path in (run.folder / "adr").glob(f"{following}*")] != []


def test_a_record_whose_number_another_run_has_just_taken_gets_the_next_one(run, write, monkeypatch):
    write("p.yaml", "knowledge: {gap: most, access_path: by_meaning, volatility: weekly}")
    link, others = os.link, ["another run's"]

    def write_first(path, name):
        if others:
            name.write_text(others.pop())
        link(path, name)

    monkeypatch.setattr("os.link", write_first)

    assert run("adr", "p.yaml", "-o", "adr/").code == 0
    first, second = sorted((run.folder / "adr").iterdir())
    assert (first.read_text(), second.name[:5]) == ("another run's", "0002-")


def test_the_first_record_of_a_project_makes_its_folder(run, write):
    write("profile.yaml", HELP_DESK)

    result = run("adr", "profile.yaml", "-o", "docs/adr/")

    assert result.code == 0
    assert (run.folder / "docs" / "adr" / "0001-use-retrieval-for-help-desk.md").is_file()


def test_an_existing_record_is_not_overwritten_unless_forced(record, run):
    record()
    (run.folder / "record.md").write_text("ours\n", encoding="utf-8")

    refused = run("adr", "profile.yaml", "-o", "record.md")

    assert refused.code == 2
    assert "--force" in refused.err
    assert (run.folder / "record.md").read_text(encoding="utf-8") == "ours\n"
    assert run("adr", "profile.yaml", "-o", "record.md", "--force").code == 0


def test_the_record_goes_to_stdout_where_no_file_is_named(run, write):
    write("profile.yaml", HELP_DESK)

    result = run("adr", "profile.yaml")

    assert result.out.startswith("---\nstatus: proposed\n")
    assert result.err == ""


def test_a_project_of_which_nothing_is_known_gets_no_record(run, write):
    write("profile.yaml", "project: Idea\n")

    result = run("adr", "profile.yaml", "-o", "record.md")

    assert result.code == 3
    assert "ragortune ask profile.yaml" in result.err
    assert not (run.folder / "record.md").exists()


def test_what_is_left_open_is_not_asked_again(run, write):
    write("profile.yaml", "project: Desk\nknowledge: {gap: most, source: documents, volatility: weekly}\n")

    run("adr", "profile.yaml", "-o", "record.md")
    result = run("check", "record.md", "--fail-on", "note")

    assert ": unknown" in (run.folder / "record.md").read_text(encoding="utf-8")
    assert result.code == 0


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_empty_sections_of_a_team_record_are_filled_in_and_all_else_stays(run, write, ending):
    write("profile.yaml", HELP_DESK)
    (run.folder / "ours.md").write_bytes(MADR.replace("\n", ending).encode())

    result = run("adr", "profile.yaml", "--into", "ours.md")

    data = (run.folder / "ours.md").read_bytes()
    text = data.decode().replace("\r\n", "\n")
    assert result.code == 0
    assert data.count(b"\n") == (data.count(b"\r\n") if ending == "\r\n" else data.count(b"\n"))
    assert "decision-makers: [Ada, Grace]\nragortune:\n  decision: rag\n" in text
    assert "\nThe desk gets 900 questions a day.\n\n<!-- This is an optional element." in text
    assert "\nSee the budget of 2027.\n" in text
    assert 'Chosen option: "Retrieval (RAG)", because' in text
    assert "{" not in text.split("# Answer from the manuals")[1]
    assert run("check", "ours.md", "--fail-on", "warning").code == 0


@pytest.mark.parametrize(
    "words",
    [
        "[Record 3](0003.md) was about this.",
        "- [x] Ada agrees",
        "(see the minutes of May)",
        "<https://desk.example/minutes>",
        "<b>Not before June</b>",
        "{question} is put into the prompt.",
        'The answer is `{"source": 1}`.',
        "TODO ask legal",
        "[^1]: by Ada",
        f"{' ' * 20_000}wait for June",
    ],
)
def test_words_of_a_person_are_no_placeholder(run, write, words):
    write("profile.yaml", HELP_DESK)
    write("own.md", f"# Desk\n\n## Decision Outcome\n\n## Consequences\n\n{words}\n")

    assert run("adr", "profile.yaml", "--into", "own.md").code == 0
    assert (run.folder / "own.md").read_text().endswith(f"\n## Consequences\n\n{words}\n")


def test_comments_of_a_section_that_is_filled_in_stay(run, write):
    comment = "<!-- ragortune: ignore[no-consequences] because the board knows them -->"
    write("profile.yaml", HELP_DESK)
    write(
        "own.md", f"# Desk\n\n## Decision Outcome\n\n{comment}\n\n{{chosen option}}\n\n## More Information\n"
    )

    assert run("adr", "profile.yaml", "--into", "own.md").code == 0
    written = (run.folder / "own.md").read_text()
    assert f"\n\n{comment}\n\n## More Information\n" in written
    assert "{chosen option}" not in written


def test_a_section_that_a_record_has_many_times_is_filled_in_once(run, write):
    write("profile.yaml", HELP_DESK)
    write("own.md", "# Desk\n" + "\n## Decision Outcome\n\n{chosen option}\n" * 50)

    assert run("adr", "profile.yaml", "--into", "own.md").code == 0
    written = (run.folder / "own.md").read_text()
    assert (written.count("## Decision Outcome"), written.count("{chosen option}")) == (50, 49)


def test_a_second_run_leaves_a_completed_record_as_it_is(run, write):
    write("profile.yaml", HELP_DESK)
    write("ours.md", MADR)
    run("adr", "profile.yaml", "--into", "ours.md")
    once = (run.folder / "ours.md").read_bytes()

    run("adr", "profile.yaml", "--into", "ours.md")

    assert (run.folder / "ours.md").read_bytes() == once


def test_a_document_that_is_no_madr_record_is_not_filled_in(run, write):
    write("profile.yaml", HELP_DESK)
    write("notes.md", "# Notes\n\nNothing decided.\n")

    result = run("adr", "profile.yaml", "--into", "notes.md")

    assert result.code == 2
    assert "Decision Outcome" in result.err


def test_text_of_a_profile_cannot_become_markup_of_the_record(record):
    hostile = HELP_DESK.replace("Help desk", '"# <script>alert(1)</script> @team"').replace(
        "Answers questions about the manuals.", '"```\\n## Decision Outcome\\n![x](http://x)"'
    )

    text = record(hostile)

    assert "<script>" not in text
    assert text.count("\n## Decision Outcome\n") == 1
    assert "![x](" not in text
    assert block_of(text)["decision"] == "rag"


@pytest.mark.parametrize("option", list(Option))
def test_every_option_has_gains_and_costs(book, option):
    guide = book.options[option]

    assert guide.gains
    assert guide.costs


@pytest.mark.parametrize("text", ["", "Words without a heading.\n"])
def test_a_record_without_sections_cannot_be_completed(run, write, text):
    write("p.yaml", "knowledge: {gap: most, source: documents}\n")
    write("own.md", text)

    result = run("adr", "p.yaml", "--into", "own.md")

    assert result.code == 2
    assert "has no MADR section 'Decision Outcome'" in result.err


def test_a_record_that_decides_otherwise_is_completed_with_a_note(run, write):
    write("p.yaml", "knowledge: {gap: most, source: documents, access_path: by_meaning}\n")
    write("own.md", "---\nragortune: {decision: neither}\n---\n\n# Search\n\n## Decision Outcome\n")

    result = run("adr", "p.yaml", "--into", "own.md")

    assert result.code == 0
    assert "own.md decides for neither, but the advice is rag" in result.err


@pytest.mark.parametrize(
    "block",
    [
        "notes: {line: 3, quote: [a]}\n",
        "profile: {line: [3], quote: b}\n",
        "profile:\u2028  knowledge:\u2028    gap: most\n",
    ],
)
def test_a_record_whose_block_cannot_be_used_is_left_as_it_is(run, write, tmp_path, block):
    write("p.yaml", "knowledge: {gap: most, access_path: by_meaning}\n")
    write("own.md", f"# Desk\n\n```ragortune\n{block}```\n\n## Decision Outcome\n\nWe use RAG.\n")
    before = (tmp_path / "own.md").read_bytes()

    result = run("adr", "p.yaml", "--into", "own.md")

    assert (result.code, (tmp_path / "own.md").read_bytes()) == (2, before)
    assert "own.md" in result.err
