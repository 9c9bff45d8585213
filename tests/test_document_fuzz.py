"""Any text is a document: nothing in it crashes the reading, and every quote stands where it is said to stand."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ragortune.designdoc.decision import read_decision, read_status_word
from ragortune.designdoc.languages import detect_language
from ragortune.designdoc.moods import mood_at
from ragortune.evidence.documents.sentences import DesignText, read_sentences, span_of
from ragortune.evidence.documents.records import Span

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "400"))
"""Continuous integration asks for 20,000."""

PARTS = (
    "# ", "## Decision", "### Option B", "**Chosen:** ", "- ", "1. ", "> ", "| a | b |\n|---|---|\n", "| RAG | rejected |",
    "```", "~~~~", "```ragortune\ndecision: rag\n```", "---\n", "ragortune:", "<!-- ", " -->", "<!-- ragortune: ignore[a] because b -->",
    "~~", "**", "`", "``", "[x](y)", "[[", "]]", "![", "](", "\\", "<br>", "<del>", "</del>", "\t", "    ", "\r\n", "\r", "\n", "\n\n",
    "RAG", "fine-tuning", "LoRA", "we use", "not", "instead of", "?", ".", ":", " ", "LLM", "e.g. A", "retrieved passages",
    ":Status: Accepted", "=====", ".. note::", "\x1b[31m", "::error::", "</script>", "[bold]", "\u202e", "\u2028", "\x00", "\ufeff", "😀", "不使用 RAG。",
    "{describe}", "status: accepted", "v2", "- [ ] ", "- [x] ", "\x0b", "\x0c", "\x85", "file:///etc/passwd", "%0A",
)  # fmt: skip
texts = st.one_of(
    st.lists(st.sampled_from(PARTS), max_size=60).map("".join),
    st.lists(st.one_of(st.sampled_from(PARTS), st.text(max_size=12)), max_size=40).map("".join),
    st.text(max_size=300),
)


def all_spans(document: DesignText) -> Iterator[Span]:
    for sentence in document.sentences:
        size = len(sentence.text)
        for start, end in ((0, size), (0, 1), (size // 3, size // 2 + 1), (size - 1, size)):
            mood_at(sentence, start, end)
            yield span_of(sentence, start, end)
    yield from (remark.span for remark in document.remarks)
    _, decision = read_decision(document.sentences, detect_language(document.sentences))
    if decision is not None:
        yield from (cite.span for cite in decision.evidence)


def stands_there(document: DesignText, span: Span) -> bool:
    line = document.lines[span.line - 1]
    return bool(span.quote) and line[span.column - 1 : span.column - 1 + len(span.quote)] == span.quote


@given(texts)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_quote_stands_where_it_is_said_to_stand(text: str) -> None:
    document = read_sentences(text)
    read_status_word(document.sentences)
    assert all(stands_there(document, span) for span in all_spans(document))


@pytest.mark.parametrize(
    "text",
    [
        "> " * 10_000 + "RAG",
        "- " * 10_000 + "RAG",
        "\n".join("  " * depth + "- a" for depth in range(1_000)),
        "[" * 50_000,
        "*" * 50_000,
        "`a" * 25_000,
        "# a\n" * 20_000,
        "| a " * 20_000,
        "a" * 500_000,
        "we use RAG not " * 20_000,
        "<!-- " * 20_000,
        "](" * 20_000,
    ],
    ids=lambda text: f"{text[:12]!r}...",
)
def test_hostile_length_and_depth_are_read(text: str) -> None:
    document = read_sentences(text)
    read_decision(document.sentences)
    assert all(stands_there(document, span) for span in all_spans(document))
