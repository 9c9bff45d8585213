"""Facts of design documents: what counts as said about the project, with which value, and how lines add up."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ragortune.audit import gather_answers
from ragortune.evidence.documents.reader import read_design
from ragortune.designdoc.facts import Listener, find_facts, settle_facts
from ragortune.evidence.documents.sentences import read_sentences
from ragortune.engine import judge_profile
from ragortune.model import Provenance
from ragortune.profile import Vocabulary
from ragortune.rulebook import load_phrases, load_rulebook
from ragortune.evidence.documents.records import DesignReading, DocumentStatus, StatedFact

BOOK = load_rulebook()
LISTENER = Listener(load_phrases(), BOOK.criteria)


def facts_in(text):
    return find_facts(read_sentences(text).sentences, LISTENER)


def said(text, criterion):
    return [fact.value for fact in facts_in(text) if fact.criterion == criterion]


def settled(text):
    return settle_facts(facts_in(text), LISTENER)


def profile_of(outcome):
    told = tuple(fact for facts in outcome.answers.values() for fact in facts)
    reading = DesignReading("a.md", DocumentStatus.JUDGED, None, told, conflicts=outcome.conflicts)
    return gather_answers(reading, Vocabulary(BOOK.criteria)).profile


@pytest.mark.parametrize(
    ("text", "criterion", "value"),
    [
        (
            "# Lease helper\n\n## Requirements\n\n- **Latency**: < 2 seconds",
            "performance.latency",
            "interactive",
        ),
        (
            "# Lease helper\n\n| Metric | Target |\n|---|---|\n| p95 response time | 3 s |",
            "performance.latency",
            3000,
        ),
        ("Answers within 5 seconds for 95% of requests.", "performance.latency", 5000),
        ("We expect 2,000-5,000 queries per day.", "performance.volume", "medium"),
        (
            "Each answer must cite the clause\nit rests on, with its source.",
            "grounding.citations",
            "required",
        ),
        ("The leases are re-indexed, and the documents change every week.", "knowledge.volatility", "weekly"),
        ("We have 40 training examples.", "data.examples", 40),
        ("Fewer than 500 labelled examples exist.", "data.examples", "under_500"),
    ],
)
def test_a_value_is_read_with_its_unit_and_bound(text, criterion, value):
    assert value in said(text, criterion)


@pytest.mark.parametrize(
    ("text", "criterion"),
    [
        ("# A\n\n## Alternatives considered\n\nFine-tuning would answer in 200 ms.", "performance.latency"),
        ("# A\n\n## Non-goals\n\n- Role-based access", "governance.access"),
        ("# A\n\n## Future work\n\nAnswers within 300 ms.", "performance.latency"),
        ("# A\n\nIf volume exceeds 20,000 queries per day, we shard.", "performance.volume"),
        ("# A\n\nWe do not need citations, so no answer must cite its source.", "governance.erasure"),
        ("# A\n\n```yaml\nlatency: answers within 2 s\n```", "performance.latency"),
        ("# A\n\n<!-- Answers within 2 s. -->", "performance.latency"),
        ("# A\n\n~~Answers within 2 s.~~", "performance.latency"),
        ("# A\n\nEmbedding takes 40 ms and the vector search answers in 20 ms.", "performance.latency"),
        ("# A\n\nThe rate limit is 60 requests per minute.", "performance.volume"),
        ("# A\n\nThe chunk size is 500 tokens.", "knowledge.size"),
        ("# A\n\nThe cache lives 10 minutes.", "knowledge.freshness"),
        ("# A\n\nThe main options are:\n\n- A model that runs locally", "performance.deployment"),
        ("# A\n\nLegal search usually relies on:\n\n- The OpenAI API", "performance.deployment"),
        ("# A\n\n## When to use it\n\n- 500 labelled examples exist", "data.examples"),
        ("# A\n\n## Why it is cost-effective\n\nAdapters are small.", "cost.running"),
        ("# A\n\nA typical RAG system answers in two seconds.", "performance.latency"),
        ("# A\n\nIn the old system, documents were updated yearly.", "knowledge.volatility"),
        ("# A\n\nCompetitors cite sources in every answer.", "grounding.citations"),
        ("# A\n\n## Option 2: Hosted\n\nIt calls the OpenAI API.", "performance.deployment"),
        ("# A\n\n**Best for**: a consistent tone of voice", "behaviour.style"),
        ("# A\n\n## Revision history\n\nThe documents change every week.", "knowledge.volatility"),
        (
            "# A\n\n## Results\n\n| Model | Response time |\n|---|---|\n| gpt-4o-mini | 2 s |",
            "performance.latency",
        ),
        ("# A\n\n| Way | Data |\n|---|---|\n| LoRA | 200 training examples |", "data.examples"),
        ("# A\n\nVendor B offers role-based access to documents.", "governance.access"),
    ],
)
def test_what_is_not_said_about_the_project_stays_unsaid(text, criterion):
    assert said(text, criterion) == []


PROMPT = """# Lease helper

## {heading}

```
You are a {role} for tenants.
Always cite the source of each claim.
Use plain, polite language.
Latency: answers within 2 s
{{context}}
```
"""


def test_a_quoted_prompt_says_how_to_answer_and_nothing_else():
    text = PROMPT.format(heading="Template", role="helper")

    assert said(text, "grounding.citations") == ["required"]
    assert said(text, "behaviour.style") == ["guideline"]
    assert said(text, "performance.latency") == []
    assert facts_in(text)[0].span.quote in text.splitlines()[facts_in(text)[0].span.line - 1]


def test_a_prompt_in_an_example_of_training_data_says_nothing():
    assert facts_in(PROMPT.format(heading="Training example", role="helper")) == ()


def test_code_without_a_prompt_stays_silent():
    assert (
        facts_in("# A\n\n```python\nalways_cite = True\nuse(plain_language)\n```\n\nText.\n\n```\nlast\n```")
        == ()
    )


@pytest.mark.parametrize(
    ("text", "criterion"),
    [
        ("# A\n\n## Experiment 2\n\nAnswers took 900 ms at the median.", "performance.latency"),
        ("# A\n\n### Option B: OpenAI API", "performance.deployment"),
        (
            "# A\n\nTraditional RAG systems often rely on:\n\n- LLM: OpenAI\n- Answers within 3 s",
            "performance.deployment",
        ),
        ("# A\n\n## Long-term vision\n\nOn-premises deployment", "performance.deployment"),
    ],
)
def test_what_was_tried_or_belongs_to_others_stays_unsaid(text, criterion):
    assert said(text, criterion) == []


def test_the_heading_is_cited_only_where_no_text_says_the_same():
    below = "# Local model for leases\n\nThe assistant runs locally.\n"

    assert [fact.span.line for fact in settled(below).answers["performance.deployment"]] == [3]
    assert [fact.span.line for fact in settled(below[:26]).answers["performance.deployment"]] == [1]


def test_an_option_that_was_taken_speaks():
    text = "# A\n\n## Option 2: Hosted (recommended)\n\nIt calls the OpenAI API."
    assert said(text, "performance.deployment")


def test_a_goal_and_a_measured_figure_are_told_apart():
    goal, measured = facts_in("Target: answers within 2 s.\n\nWe measured a p95 latency of 3 s.")[-2:]
    assert (goal.modality, measured.modality) == ("goal", "measured")


def test_a_quote_is_an_exact_piece_of_its_line():
    text = "Intro line.\n\nEvery answer must cite the\nsource of each claim, and > 40,000 articles."
    lines = text.split("\n")
    for fact in facts_in(text):
        line = lines[fact.span.line - 1]
        assert line[fact.span.column - 1 :].startswith(fact.span.quote)


def test_a_test_against_agreed_answers_is_no_denial():
    assert said("# A\n\nRecall is measured against gold spans.", "readiness.evaluation") == ["held_out"]
    assert said("# A\n\nWe decided against a golden set of questions.", "readiness.evaluation") == []


def test_agreeing_lines_merge_and_carry_their_evidence():
    text = (
        "# A\n\nAnswers within 2 s.\n\nThe documents change every week.\n\nThe documents are updated weekly."
    )
    profile = profile_of(settled(text))
    answer = profile.answers["knowledge.volatility"]
    assert profile.levels["knowledge.volatility"] == ("weekly",)
    assert answer.source is Provenance.EXTRACTED
    assert answer.evidence.startswith("line 5: ")
    assert profile.answers["performance.latency"].given == "interactive"
    assert judge_profile(BOOK, profile).option


def test_a_number_stays_a_number_in_the_profile():
    profile = profile_of(settled("Load: 1,500 queries per day."))
    assert profile.answers["performance.volume"].given == 1500
    assert profile.levels["performance.volume"] == ("medium",)


def test_contradicting_lines_answer_nothing_and_are_kept():
    outcome = settled("# A\n\nLoad: 200 queries per day.\n\nExpected load: 90,000 queries per day.")
    assert "performance.volume" not in outcome.levels
    assert [fact.value for fact in outcome.conflicts["performance.volume"]] == [200, 90000]


def test_neighbouring_levels_widen_to_a_range():
    outcome = settled("# A\n\nThe documents change every week.\n\nDocuments are updated daily.")
    assert outcome.levels["knowledge.volatility"] == ("weekly", "daily")


def test_a_conclusion_gives_way_to_a_plain_statement():
    outcome = settled("# A\n\nChanged files are re-indexed.\n\nThe documents change every month.")
    assert outcome.levels["knowledge.volatility"] == ("monthly",)


def test_what_is_declared_wins_over_what_is_read():
    declared = StatedFact("knowledge.volatility", "static", "stated", None, declared=True)
    outcome = settle_facts((*facts_in("The documents change every week."), declared), LISTENER)
    assert outcome.levels["knowledge.volatility"] == ("static",)
    profile = profile_of(outcome)
    assert profile.answers["knowledge.volatility"].evidence is None


WORDS = st.sampled_from(
    [
        "every",
        "answer",
        "must",
        "cite",
        "its",
        "source",
        "within",
        "2",
        "s",
        "ms",
        "5,000",
        "queries",
        "per",
        "day",
        "not",
        "no",
        "if",
        "|",
        "*",
        "#",
        "-",
        ":",
        ";",
        "(",
        ")",
        "<",
        "latency",
        "documents",
        "change",
        "weekly",
        "training",
        "examples",
        "40",
        "model",
        "7",
        "B",
        "local",
        "\n",
        "\n\n",
        "**",
        "```",
        "~~",
        "…",
        "\u2013",
        "$",
    ]
)


@settings(max_examples=300)
@given(st.lists(WORDS, max_size=60))
def test_no_document_breaks_the_reading_of_facts(words):
    text = " ".join(words)
    lines = text.split("\n")
    found = facts_in(text)
    settle_facts(found, LISTENER)
    for fact in found:
        assert fact.span.quote in lines[fact.span.line - 1]
        assert fact.criterion in BOOK.criteria


def test_a_line_of_a_megabyte_is_heard_within_bounds():
    """Counts what is heard, so that no clock is needed."""
    sentence = read_sentences("x").sentences[0]
    heard = []
    for repeats in (2_000, 20_000):
        text = "answers within 2 s and 40 training examples of every user " * repeats
        piece = sentence.pieces[0].replace(length=len(text))
        long = sentence.replace(text=text, pieces=(piece,), source=(text,))
        heard.append(len(list(LISTENER.hear(long))))
    assert 0 < heard[0] == heard[1] < 1_000


def test_a_document_is_read_with_its_facts_and_its_contradictions():
    text = (
        "# Lease helper: design\n\n## Decision\n\nWe use retrieval-augmented generation (RAG) with an LLM; tenants ask "
        "questions about the lease documents.\n\n## Requirements\n\n"
        "Load: 200 queries per day.\n\nExpected load: 90,000 queries per day.\n\n"
        "Answers within 2 s.\n"
    )
    reading = read_design(text, "lease.md", BOOK)
    assert "performance.latency" in {fact.criterion for fact in reading.facts}
    assert {"task.kind", "knowledge.source"} <= {fact.criterion for fact in reading.conclusions}
    assert set(reading.conflicts) == {"performance.volume"}


def test_a_document_that_is_nothing_to_judge_has_no_facts():
    reading = read_design("# Cargo report\n\nAnswers within 2 s.\n", "cargo.md", BOOK)
    assert (reading.status, reading.facts) == (DocumentStatus.NOTHING_TO_JUDGE, ())


def test_a_rule_set_without_phrases_hears_nothing():
    bare = read_design(
        "# A\n\n## Decision\n\nWe use RAG with an LLM. Answers within 2 s.\n",
        "a.md",
        BOOK.replace(read_phrases=tuple),
    )
    assert bare.facts == ()
