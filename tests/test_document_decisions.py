"""What design documents of many kinds decide: written the way teams write, each with the reading it must get."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from ragortune import load_rulebook
from ragortune.evidence.documents.reader import read_design
from ragortune.errors import RagortuneError
from ragortune.evidence.documents.records import DesignReading


def read(text: str) -> DesignReading:
    return read_design(text, "design.md", load_rulebook())


DOCUMENTS = {
    document["name"]: document
    for document in yaml.safe_load((Path(__file__).parent / "design_documents.yaml").read_text("utf-8"))
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_is_read_as_its_author_meant_it(name: str) -> None:
    document = DOCUMENTS[name]
    reading = read(document["text"])
    found = reading.decision.option if reading.decision else None
    assert (reading.status, found) == (document["status"], document.get("option"))


class TestOwnBlock:
    def test_the_block_wins_over_prose_and_prose_is_kept(self) -> None:
        reading = read(
            "---\nragortune:\n  decision: neither\n  profile:\n    knowledge: {size: 24000}\n---\n# T\n\nWe use RAG, an LLM cites.\n"
        )
        assert reading.decision is not None
        assert (reading.decision.option, reading.decision.declared) == ("neither", True)
        assert reading.decision.evidence[0].span.line == 3
        fact = reading.facts[0]
        assert (fact.criterion, fact.value, fact.declared) == ("knowledge.size", 24000, True)

    def test_an_answer_between_levels_is_a_list(self) -> None:
        text = "# T\n\n```ragortune\nprofile:\n  knowledge.volatility: [weekly, monthly]\n```\n"
        fact = read(text).facts[0]
        assert fact.value == ["monthly", "weekly"]
        assert fact.span is not None
        assert (fact.span.line, fact.span.quote) == (5, "[weekly, monthly]")

    def test_an_empty_block_says_nothing(self) -> None:
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
                "design.md:3:3: 'ragortune' has no 'profil'; it holds decision and profile\nhint: did you mean 'profile'?",
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
    def test_a_block_that_cannot_be_used_is_an_error_with_its_line(self, text: str, message: str) -> None:
        with pytest.raises(RagortuneError) as caught:
            read(text)
        assert str(caught.value) == message


class TestEvidence:
    def test_the_lines_of_a_decision_are_cited_with_their_roles(self) -> None:
        reading = read(
            DOCUMENTS["a Nygard record that chooses retrieval and names what it turned down"]["text"]
        )
        assert reading.decision is not None
        assert reading.decision.how == "explicit"
        assert [(cite.span.line, cite.role) for cite in reading.decision.evidence] == [
            (16, "for"),
            (17, "against"),
        ]

    def test_a_component_record_takes_the_approach_for_granted(self) -> None:
        reading = read(DOCUMENTS["a record on a component that takes retrieval for granted"]["text"])
        assert reading.decision is not None
        assert reading.decision.how == "assumed"

    def test_a_long_sentence_is_cut_around_the_words(self) -> None:
        reading = read("# T\n\n" + "It is long and " * 40 + "our LLM bot uses RAG " + "and so on " * 40)
        assert reading.decision is not None
        quote = reading.decision.evidence[0].span.quote
        assert "RAG" in quote
        assert len(quote) <= 240

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
    def test_the_status_of_a_document_is_read(self, text: str, word: str | None) -> None:
        assert read(text).accepted == word
