"""What design documents of many kinds decide: written the way teams write, each with the reading it must get."""

from pathlib import Path

import pytest
import yaml

from ragortune import load_rulebook
from ragortune.evidence.documents.reader import read_design
from ragortune.support.errors import RagortuneError

DOCUMENTS = {
    document["name"]: document
    for document in yaml.safe_load((Path(__file__).parent / "design_documents.yaml").read_text("utf-8"))
}
NOT_READ_YET = pytest.mark.xfail(reason="a plain reading that the wordings do not reach", strict=True)


def read(text):
    return read_design(text, "design.md", load_rulebook())


def option_of(text):
    decision = read(text).decision
    return decision.option if decision else None


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[NOT_READ_YET] if document.get("missed") else [])
        for name, document in DOCUMENTS.items()
    ],
)
def test_a_document_is_read_as_its_author_meant_it(name):
    document = DOCUMENTS[name]
    reading = read(document["text"])
    found = reading.decision.option if reading.decision else None
    assert (reading.status, found) == (document["status"], document.get("option"))


# --- what is weighed against what -----------------------------------------------------------------------------------


def test_what_is_in_use_today_outweighs_a_title_and_a_plan():
    text = (
        "# Fine-tuning plan for the LLM assistant\n\nCurrent approach: RAG over the manuals.\n\n"
        "## Future work\n\nFine-tune a small model on the tickets.\n"
    )
    assert option_of(text) == "rag"


def test_an_agent_that_greps_does_without_an_index():
    text = (
        "# Repository agent\n\nThe LLM agent uses grep and opens files itself, whole, in a tool loop. "
        "There is no RAG and no fine-tuning.\n"
    )
    assert option_of(text) == "neither"


def test_a_prompted_call_after_no_training_is_no_tuning():
    text = "# Ticket labels\n\nThere is no training: one prompted LLM call per ticket returns JSON with the label.\n"
    assert option_of(text) == "neither"


def test_two_options_need_two_statements_of_weight():
    both = (
        "# Letter writer\n\n## Decision\n\nWe use RAG over the case law for facts.\n"
        "We also use a fine-tuned LLM for the house style.\n"
    )
    assert option_of(both) == "both"
    passing = "# Help desk LLM\n\n## Decision\n\nWe use RAG over the manuals.\n\n## Notes\n\nA fine-tuned model exists.\n"
    assert option_of(passing) == "rag"


def test_a_plain_decision_to_do_without_outweighs_passing_words():
    text = (
        "# FAQ bot\n\nThe LLM bot once had a vector store.\n\n## Decision\n\n"
        "Prompt only: the whole FAQ goes into the prompt, with no retrieval and no fine-tuning.\n"
    )
    assert option_of(text) == "neither"


def test_a_heading_that_speaks_of_alternatives_does_not_silence_what_follows():
    text = "# LLM search help\n\n## Why the alternatives lost and what we built\n\nWe use RAG over the manuals.\n"
    assert option_of(text) == "rag"


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (
            "# How to choose between RAG and fine-tuning\n\nUse RAG when your documents change. "
            "Fine-tune your model when you need a style. You should measure both.\n",
            "no_decision",
        ),
        (
            "# A shared LLM client\n\nThe LLM gateway gives every team one interface to the model providers, "
            "with retries and rate limiting. The client wrapper logs each call to the LLM.\n",
            "no_decision",
        ),
        ("# 4. Use PostgreSQL\n\n## Decision\n\nWe will use PostgreSQL for orders.\n", "nothing_to_judge"),
        (
            "# Churn model\n\nWe train XGBoost and a random forest on 400,000 rows. The regression model is retrained "
            "monthly with scikit-learn.\n",
            "nothing_to_judge",
        ),
        (
            "# Diktat\n\nWir verwenden RAG über die Handbücher und das ist die Entscheidung für das Modell.\n",
            "unsupported_language",
        ),
        ("# 検索\n\n社内文書を検索して回答を生成する。\n", "unsupported_language"),
        ("", "nothing_to_judge"),
    ],
    ids=["a guide", "a gateway", "an ordinary record", "classic learning", "German", "Japanese", "nothing"],
)
def test_a_document_without_a_decision_of_its_own_says_why(text, status):
    reading = read(text)
    assert (reading.status, reading.decision, reading.facts) == (status, None, ())


# --- the own block --------------------------------------------------------------------------------------------------


def test_the_block_wins_over_prose_and_prose_is_kept():
    reading = read(
        "---\nragortune:\n  decision: neither\n  profile:\n    knowledge: {size: 24000}\n---\n# T\n\nWe use RAG, an LLM cites.\n"
    )
    assert (reading.decision.option, reading.decision.declared) == ("neither", True)
    assert reading.decision.evidence[0].span.line == 3
    assert reading.prose_decision.option == "rag"
    fact = reading.facts[0]
    assert (fact.criterion, fact.value, fact.declared) == ("knowledge.size", 24000, True)


def test_an_answer_between_levels_is_a_list():
    text = "# T\n\n```ragortune\nprofile:\n  knowledge.volatility: [weekly, monthly]\n```\n"
    fact = read(text).facts[0]
    assert fact.value == ["monthly", "weekly"]
    assert (fact.span.line, fact.span.quote) == (5, "[weekly, monthly]")


def test_several_answers_on_a_line_are_quoted_each_by_itself():
    lines = "decision: rag # as before\nprofile: {knowledge: {volatility: [weekly, monthly], size: 24000}, data.examples: none}"
    reading = read(f"# T\n\n```ragortune\n{lines}\n```\n")

    assert reading.decision.cited[0].span.quote == "rag"
    assert [fact.span.quote for fact in reading.facts] == ["[weekly, monthly]", "24000", "none"]


def test_an_empty_block_says_nothing():
    assert read("# T\n\n```ragortune\n```\n").decision is None
    assert read("# T\n\n```ragortune\ndecision:\nprofile:\n```\n").facts == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "# T\n\n```ragortune\ndecision: rga\n```\n",
            "design.md:4:11: 'decision' must be rag, fine_tuning, both or neither, not 'rga'\nhint: did you mean 'rag'?",
        ),
        (
            "---\nragortune:\n  profil: {}\n---\n",
            "design.md:3:3: 'ragortune' has no 'profil'; it holds decision, evidence and profile\nhint: did you mean 'profile'?",
        ),
        (
            "```ragortune\nprofile: {knowledge: {gap: lots}}\n```\n",
            "design.md:2:28: 'knowledge.gap' must be none, some or most, not 'lots'",
        ),
        (
            "```ragortune\ndecision: rag\n```\n\n```ragortune\ndecision: rag\n```\n",
            "design.md:5: holds a second 'ragortune' block; keep one",
        ),
        (
            "```ragortune\n- rag\n```\n",
            "design.md: 'ragortune' holds a decision and a profile, not a list",
        ),
    ],
)
def test_a_block_that_cannot_be_used_is_an_error_with_its_line(text, message):
    with pytest.raises(RagortuneError) as caught:
        read(text)
    assert str(caught.value) == message


# --- evidence and status --------------------------------------------------------------------------------------------


def test_the_lines_of_a_decision_are_cited_with_their_roles():
    decision = read(
        DOCUMENTS["a Nygard record that chooses retrieval and names what it turned down"]["text"]
    ).decision
    assert decision.how == "explicit"
    assert {(cite.span.line, cite.role) for cite in decision.evidence} >= {(16, "for"), (17, "against")}


def test_what_follows_only_from_the_architecture_is_implied():
    text = (
        "# LLM help desk\n\n## Architecture\n\nManual pages are split into chunks, embedded and stored in pgvector. "
        "The closest chunks are put into the prompt.\n"
    )
    assert (read(text).decision.option, read(text).decision.how) == ("rag", "implied")


def test_a_long_sentence_is_cut_around_the_words():
    reading = read("# T\n\n" + "It is long and " * 40 + "our LLM bot uses RAG " + "and so on " * 40)
    quote = reading.decision.evidence[0].span.quote
    assert "RAG" in quote
    assert len(quote) <= 410


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("# A\n\n## Status\n\nSuperseded by ADR 9\n", "superseded"),
        ("# A\n\n**Status:** Accepted | **Date:** 2026-08-01\n", "accepted"),
        ("---\nstatus: proposed\n---\n# A\n", "proposed"),
        ("# A\n\n| Field | Value |\n|---|---|\n| Status | Approved |\n", "approved"),
        ("# A\n\n- Status: draft\n- Date: today\n", "draft"),
        ("# A\n\n## Context\n\nThe status is open to debate.\n", None),
    ],
)
def test_the_status_of_a_document_is_read(text, word):
    assert read(text).accepted == word


def test_a_decision_for_a_number_takes_it_from_the_list_above_it_whatever_its_section_is_called():
    reading = read(
        "# Answers for the help desk\n\nWe looked at two ways to answer questions about tariffs.\n\n"
        "1. RAG over the tariff sheets.\n2. Fine-tuning an LLM on our answered tickets.\n\nWe go with option 2.\n"
    )

    assert (reading.decision.option, reading.decision.how) == ("fine_tuning", "explicit")


def test_a_team_may_spell_out_the_number_of_the_option_that_it_chooses():
    reading = read(
        "# ADR: answers of an LLM\n\n## Considered options\n\n1. Retrieval\n2. Fine-tuning\n\n## Decision\n\n"
        "We choose option two.\n"
    )

    assert (reading.decision.option, reading.decision.how) == ("fine_tuning", "explicit")
