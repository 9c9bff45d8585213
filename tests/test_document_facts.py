"""What plain sentences state about a project: which answer, on which line, and what they say nothing about."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ragortune import load_rulebook
from ragortune.evidence.documents.cutting import find_span
from ragortune.evidence.documents.reader import read_design, reader_for
from ragortune.evidence.documents.sentences import read_sentences
from ragortune.lint.examples import list_failed, try_phrases

BOOK = load_rulebook()
READER = reader_for(BOOK)
DECIDED = "# Design: LLM assistant\n\nWe build an LLM assistant with RAG.\n\n"


def facts_in(text):
    return read_design(DECIDED + text, "design.md", BOOK).facts


def stated(text):
    return {fact.criterion: fact.value for fact in facts_in(text)}


def test_every_phrase_states_what_its_own_tests_say():
    tried = list(try_phrases(BOOK))
    assert len(tried) > 150
    assert list_failed(tried) == []


# --- amounts and levels ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "criterion", "value"),
    [
        ("Every answer must cite the page it rests on.", "grounding.citations", "required"),
        ("## Requirements\n\n- **Latency**: answers within 5 seconds", "performance.latency", 5000),
        ("| Metric | Target |\n|---|---|\n| p95 response time | 3 s |", "performance.latency", 3000),
        ("We expect 2,000 queries a day.", "performance.volume", 2000),
        ("The manuals are revised every week.", "knowledge.volatility", "weekly"),
        ("The handbook has 1,200 pages.", "knowledge.size", 480_000),
        ("The model must run on our own servers.", "performance.deployment", ["on_premises", "edge"]),
        ("Legal does not allow training on them.", "data.rights", "not_allowed"),
        ("Branch staff may only see policies of their own country.", "governance.access", "per_document"),
        ("We have no question-answer pairs.", "data.examples", "none"),
        ("Training data is scarce.", "data.examples", ["none", "under_50"]),
        ("The tuned adapter was trained on 6,032 labelled examples.", "data.examples", 6032),
        ("Answers are scored on a golden set of 60 questions.", "readiness.evaluation", "held_out"),
        ("The adapter was tuned in 2024 on 3,000 labelled pairs.", "data.examples", 3000),
        ("Response time must fall from 9 s to 3 s.", "performance.latency", 3000),
        ("The cost is $0 a month.", "cost.running", "low"),
        ("The agent runs Llama 3.1 8B.", "model.strength", "weak"),
        ("We run Qwen 32B.", "model.strength", "mid"),
        ("The rules are revised every three years.", "knowledge.volatility", "yearly"),
    ],
)
def test_a_plain_sentence_states_an_answer(text, criterion, value):
    assert stated(text)[criterion] == value


@pytest.mark.parametrize(
    "text",
    [
        "Data must not leave the EU.",
        "Each user sends 20 requests a day; there are 400 users.",
        "Peak traffic is 3 requests per second.",
        "| Metric | Value |\n|---|---|\n| Queries | 35 per engineer per day |",
        "We expect 20 queries per head per day.",
        "The wiki changes 40 times a day.",
        "The documents have 5 pages on average.",
        "The training set has 500 labelled examples per class.",
        "The cache has a TTL of 5 minutes.",
        "The embedding model answers in 50 ms per request.",
        "It would be possible to answer within 2 seconds per request.",
        "Most assistants answer within 2 seconds per request.",
        "Our competitor answers within 2 seconds per request.",
        "Answers do not cite sources.",
        "## Non-goals\n\n- Every answer must cite its source.",
        "## Alternatives considered\n\n### Fine-tuning\n\nIt would be retrained on 5,000 labelled examples.",
        "## Future work\n\nEvery answer must cite its source.",
        "## References\n\nEvery answer must cite its source.",
        "```\nEvery answer must cite its source.\n```",
        "~~Every answer must cite its source.~~",
        "If you need it, your documents can be re-indexed every week.",
        "The documents number 2.000 pages.",
    ],
)
def test_a_sentence_about_something_else_states_nothing(text):
    assert stated(text) == {}


def test_an_exact_answer_makes_a_vague_one_needless():
    text = "Answers come with inline citations.\n\n## Requirements\n\n- Every answer must cite its source.\n"
    told = [fact for fact in facts_in(text) if fact.criterion == "grounding.citations"]
    assert [fact.value for fact in told] == ["required"]


def test_a_requirement_in_a_line_of_its_own_is_preferred():
    text = (
        "The assistant, which serves a great many branches in several countries on every working day of the year, "
        "should answer within 9 seconds per request.\n\n## Requirements\n\n- Response time: 4 s\n"
    )
    assert stated(text)["performance.latency"] == 4000


def test_two_levels_of_one_criterion_are_both_given_so_that_they_can_contradict_each_other():
    told = [
        fact.value for fact in facts_in("The manuals change every week.\n\nThe manuals change every year.\n")
    ]
    assert told == ["weekly", "yearly"]


def test_a_goal_and_a_measured_amount_are_told_apart():
    goal, measured = "The response time should be 3 s.", "We measured a response time of 3 s."
    told = [
        fact
        for text in (goal, measured)
        for fact in facts_in(text)
        if fact.criterion == "performance.latency"
    ]
    assert [fact.modality for fact in told] == ["goal", "measured"]


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("There are 40 cases a day.", {"performance.volume": 40}),
        ("A reply that takes 5 seconds is fine.", {"performance.latency": 5000}),
    ],
)
def test_an_amount_answers_alone_where_words_tell_the_criterion(text, facts):
    assert stated(text) == facts


def test_facts_are_read_only_where_there_is_something_to_judge():
    guide = "# How to choose between RAG and fine-tuning\n\nYou should cite sources. Your answers must cite sources.\n"
    assert read_design(guide, "guide.md", BOOK).facts == ()


def test_a_requirements_document_is_read_line_by_line():
    text = (
        "# PRD: Rules assistant\n\n## Background\nClerks answer about 600 questions a week about customs rules. "
        "The rules are kept as 1,100 PDF documents. They are updated every month.\n\n"
        "## Requirements\n- Every answer must cite the paragraph it rests on.\n- Clerks may only see rules of their own port.\n"
        "- The model must run on our own servers.\n- Answers within 4 seconds are fine.\n\n"
        "## Data\nWe have no question-answer pairs. Legal does not allow training on old mails.\n\n"
        "## Decision\nWe will use retrieval-augmented generation with an LLM. We rejected fine-tuning.\n"
    )
    reading = read_design(text, "prd.md", BOOK)
    assert reading.decision.option == "rag"
    assert {fact.criterion: fact.value for fact in reading.facts} == {
        "performance.volume": pytest.approx(600 / 7, rel=1e-3),
        "knowledge.source": "documents",
        "knowledge.size": 1_650_000,
        "knowledge.volatility": "monthly",
        "grounding.citations": "required",
        "governance.access": "per_document",
        "performance.deployment": ["on_premises", "edge"],
        "performance.latency": 4000,
        "data.examples": "none",
        "data.rights": "not_allowed",
    }


# --- hostile input --------------------------------------------------------------------------------------------------

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "300"))
"""Continuous integration asks for 20,000."""
PARTS = (
    "# ", "## Decision", "### Option B", "**Chosen:** ", "- ", "1. ", "> ", "| a | b |\n|---|---|\n", "| RAG | rejected |",
    "```", "~~~~", "```ragortune\n```", "---\n", "<!-- ", " -->", "<!-- ragortune: ignore[a] because b -->", "~~", "**", "`",
    "``", "[x](y)", "[[", "]]", "![", "](", "\\", "<br>", "<del>", "</del>", "\t", "    ", "\r\n", "\r", "\n", "\n\n", "RAG",
    "fine-tuning", "we use", "not", "instead of", "?", ".", ":", " ", "LLM", "e.g. A", "retrieved passages", "must cite sources",
    ":Status: Accepted", "=====", ".. note::", "\x1b[31m", "</script>", "[bold]", "\u202e", "\u2028", "\x00", "\ufeff", "😀",
    "\u0130", "不使用 RAG。", "{describe}", "status: accepted", "- [ ] ", "- [x] ", "\x0b", "\x85", "5 s", "2.000", "$1e9",
)  # fmt: skip
texts = st.one_of(
    st.lists(st.sampled_from(PARTS), max_size=60).map("".join),
    st.lists(st.one_of(st.sampled_from(PARTS), st.text(max_size=12)), max_size=40).map("".join),
    st.text(max_size=300),
)


def all_spans(text):
    """Yield every place that a reading gives."""
    document = read_sentences(text, READER.marker.language)
    for sentence in document.sentences:
        size = len(sentence.text)
        for start, end in ((0, size), (0, 1), (size // 3, size // 2 + 1), (size - 1, size)):
            yield find_span(sentence, start, end, document.lines)
    yield from (remark.span for remark in document.remarks)
    marked = READER.mark(document.sentences)
    _, decision = READER.decide(marked, document.lines, "en")
    yield from (cite.span for cite in decision.evidence) if decision else ()
    yield from (fact.span for fact in READER.facts.read(marked, document.lines))


def stands_there(lines, span):
    line = lines[span.line - 1]
    return bool(span.quote) and line[span.column - 1 : span.column - 1 + len(span.quote)] == span.quote


@given(texts)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_quote_is_an_exact_piece_of_one_line(text):
    lines = read_sentences(text, READER.marker.language).lines
    assert all(stands_there(lines, span) for span in all_spans(text))


@pytest.mark.parametrize(
    "text",
    [
        "> " * 10_000 + "RAG",
        "- " * 10_000 + "RAG",
        "\n".join("  " * depth + "- a" for depth in range(1_000)),
        "[" * 50_000,
        "*" * 50_000,
        "~" * 50_000 + "`",
        "`a" * 25_000,
        "# a\n" * 20_000,
        "| a " * 20_000,
        "| a |\n|---|\n" + "| b |\n" * 20_000,
        "a|b\n" + " " * 100_000 + "-|x",
        "|" + " a |" * 3_000 + "\n|" + "---|" * 3_000 + "\n" + "| b |\n" * 3_000,
        "a" * 500_000,
        "we use RAG not " * 20_000,
        "<!-- " * 20_000,
        "](" * 20_000,
        "](" + "a" * 100_000,
        "```\n" + "code\n" * 20_000,
        "words and more words\n" * 20_000,
        "A sentence ends. " * 20_000,
        "<!-- ragortune: ignore[a] because b -->\n\n# a\n\n" * 3_000,
        "9" * 100_000,
        "1,1" * 30_000,
        "We use RAG, says ragortune.\n" + ":" * 100_000 + "x",
        "<!-- ragortune: " + "-" * 100_000 + " x -->\n",
        "---\ntitle: ragortune\n{" + " " * 100_000 + "x\n---\n",
        "---\ntitle: ragortune\n" + " " * 100_000 + "x\n---\n",
        "---\ntitle: ragortune\na: " + "[" * 100_000 + "\n---\n",
    ],
    ids=lambda text: f"{text[:12]!r}...",
)
def test_hostile_length_and_depth_are_read(text):
    lines = read_sentences(text, READER.marker.language).lines
    assert all(stands_there(lines, span) for span in all_spans(text))
