"""What design documents of many kinds decide: written the way teams write, each with the reading it must get."""

from __future__ import annotations

import pytest

from ragortune import load_rulebook
from ragortune.designdoc import read_design
from ragortune.errors import RagortuneError
from ragortune.statements import DesignReading

JUDGED, NO_DECISION, NOTHING, FOREIGN = "judged", "no_decision", "nothing_to_judge", "unsupported_language"


def read(text: str) -> DesignReading:
    return read_design(text, "design.md", load_rulebook())


DOCUMENTS: dict[str, tuple[str, str, str | None]] = {
    "a Nygard record that chooses retrieval and names what it turned down": (
        """# 12. Answer tariff questions from the rate book

Date: 2026-02-03

## Status

Accepted

## Context

Clerks look up customs tariffs in a rate book that is reissued every Friday. The language model has
never seen it.

## Decision

We will answer from passages retrieved at question time and show the paragraph number. We decided
against fine-tuning, because a model trained on Friday is wrong the week after.

## Consequences

An index has to be rebuilt each Friday.
""",
        JUDGED,
        "rag",
    ),
    "a MADR record that chooses adapters by pointing at an option": (
        """# Teach the triage model our label set

* Status: accepted

## Considered Options

* Option A: longer prompt with examples
* Option B: LoRA adapter on an 8B LLM
* Option C: RAG over past tickets

## Decision Outcome

We go with option B, because the prompt no longer holds the 190 labels.

## Pros and Cons of the Options

### Option C: RAG over past tickets

* Good, because nothing is trained
* Bad, because neighbours carry wrong labels
""",
        JUDGED,
        "fine_tuning",
    ),
    "a MADR record whose chosen option is quoted by name": (
        """---
status: proposed
---
# How should the contract assistant know our clauses?

## Considered Options

* Fine-tuning
* Retrieval-augmented generation
* Long context

## Decision Outcome

Chosen option: "Retrieval-augmented generation", because clauses change every quarter and lawyers
must see the source.
""",
        JUDGED,
        "rag",
    ),
    "a record that keeps the prompt": (
        """# ADR 7: Prompt only for the release-notes writer

## Status
Accepted

## Context
An LLM drafts release notes from merged pull requests. Both a vector index of old notes and a
fine-tuned model were suggested.

## Decision
We stay with a prompt and twelve few-shot examples. No retrieval and no fine-tuning.

## Consequences
Nothing to host.
""",
        JUDGED,
        "neither",
    ),
    "a record that puts the whole handbook into the prompt": (
        """# Staff questions

**Status:** Accepted

## Context

Sixty pages of rules, revised once a year. GPT-4o answers staff questions about leave.

## Decision

The whole handbook stands in the prompt and is cached by the provider. A vector database is
unnecessary at this size.

## Alternatives considered

- RAG with pgvector: more moving parts for the same answers
- Fine-tuning: rejected, cannot cite
""",
        JUDGED,
        "neither",
    ),
    "a design that queries the database with generated SQL": (
        """# Finance question bot

## Summary

The bot turns a question into SQL with an LLM (text-to-SQL) and runs it on the ledger. There are no
documents to search, so there is no embedding index.

## Design

The schema of eleven tables stands in the system prompt. Generated statements are checked by a
parser before they run read-only.
""",
        JUDGED,
        "neither",
    ),
    "a design with a tuned model that reads retrieved passages": (
        """# Radiology draft reports: design

## Overview

We fine-tune a 13B model on 40,000 signed reports so that drafts follow house style, and at
inference it reads guideline passages retrieved from the clinical index. Neither alone passed the
blinded review.

## Architecture

1. Retrieve guideline passages (hybrid search, top 5 passages).
2. The fine-tuned model writes the draft with citations.
""",
        JUDGED,
        "both",
    ),
    "a plan headed by both": (
        """# Plan: LoRA + RAG for the claims letter writer

- LoRA teaches tone and layout of our letters (6,200 pairs).
- RAG brings in policy clauses, which change weekly.
""",
        JUDGED,
        "both",
    ),
    "retrieval with a tuned embedding model is still retrieval": (
        """# Parts catalogue assistant

## Summary

The assistant answers mechanics from service manuals with RAG.

## Retrieval

We fine-tuned the embedding model on 3,000 query and manual pairs, and a cross-encoder reranker is
fine-tuned on clicks. The LLM itself is used as the vendor ships it.
""",
        JUDGED,
        "rag",
    ),
    "retrieval with a tuned guardrail is still retrieval": (
        """# Chat for tenants

The chatbot uses retrieval-augmented generation over the tenancy handbook. A small guardrail
classifier was fine-tuned on 900 labelled prompts to refuse legal advice.
""",
        JUDGED,
        "rag",
    ),
    "a product requirements document with tuning out of scope": (
        """# PRD: Ask the policy desk

## Goals

- Answers come from the policy library with a link to the paragraph
- The LLM may only use retrieved passages

## Out of scope

- Fine-tuning of any model
- Voice

## Requirements

- Semantic search over 4,000 policies
- p95 below 3 seconds
""",
        JUDGED,
        "rag",
    ),
    "tuning that is only on the roadmap": (
        """# Docs assistant

The docs assistant is a RAG service: Qdrant, a hosted LLM, citations in every answer.

## Roadmap

- Fine-tune a small model once we have 5,000 rated answers
- LoRA adapters per product
""",
        JUDGED,
        "rag",
    ),
    "retrieval that is only on the roadmap of a tuned model": (
        """# Log line classifier

## What we run today

A DistilBERT transformer encoder fine-tuned on 22,000 labelled log lines assigns one of 41 classes.

## Later

- RAG over runbooks to explain the class
""",
        JUDGED,
        "fine_tuning",
    ),
    "distillation to make a good model cheap": (
        """# RFC 31: Distil the summariser

## Motivation

The frontier LLM writes good summaries at 4 cents each; at 300,000 a day that is too dear.

## Proposal

We distil its outputs into a fine-tuned 3B student. Quality must stay within two points.

## Alternatives

- Caching: hit rate of 3%
- RAG: there is no knowledge to fetch
""",
        JUDGED,
        "fine_tuning",
    ),
    "a readme of a search assistant": (
        """# helpdesk-answers

Answers helpdesk questions in Slack. On every question it embeds the text, retrieves the most
relevant articles from OpenSearch and lets Claude write the reply with links.

## Run

```sh
# fine-tune nothing, just start
docker compose up
```
""",
        JUDGED,
        "rag",
    ),
    "a record on a component that takes retrieval for granted": (
        """# ADR-021: Vector store

## Status

Accepted

## Context

Our RAG service has outgrown the in-memory index.

## Decision

Use Qdrant.

## Alternatives

- pgvector: slower at our filter load
- Milvus: heavier to run
""",
        JUDGED,
        "rag",
    ),
    "a table of decisions": (
        """# Tender assistant: architecture decisions

| Topic | Decision | Why |
|---|---|---|
| Knowledge | RAG over past tenders | changes weekly, must cite |
| Model | hosted GPT-4o | no GPU |
| Fine-tuning | Rejected | 40 examples only |
""",
        JUDGED,
        "rag",
    ),
    "a weighted matrix with a chosen row": (
        """# How do we get the dialect right?

The subtitle LLM must write Bernese German.

| Option | Quality | Cost | Total | Result |
|---|---|---|---|---|
| Prompt with examples | 2 | 5 | 3.1 | Rejected |
| RAG over a dialect corpus | 3 | 4 | 3.4 | Rejected |
| Fine-tuned 8B model | 5 | 3 | 4.2 | Selected |
""",
        JUDGED,
        "fine_tuning",
    ),
    "a decision log": (
        """# Decision log

## 2026-01-12: RAG over fine-tuning for the wiki bot

The wiki changes daily and answers need links.

## 2026-02-20: Hosted LLM

No machines of our own.
""",
        JUDGED,
        "rag",
    ),
    "a title that asks why not, for a wiki that an agent reads": (
        """# Why not a vector database?

Our support notes are 140 Markdown files with an index page. The agent opens the index, picks files
and reads them whole. We do not use RAG.

## What would change our mind

Several thousand files.
""",
        JUDGED,
        "neither",
    ),
    "a superseded choice that is struck out": (
        """# Approach

~~We fine-tune a model on the manuals.~~

We use RAG over the manuals; the LLM cites the section.
""",
        JUDGED,
        "rag",
    ),
    "a review of literature with the choice below it": (
        """# Code review helper

## Related work

Others fine-tune models on review comments, and LoRA adapters per repository were reported.

## Decision

Our reviewer is an LLM with tool calling: it opens files, runs the linter and reads the guideline
page. Nothing is trained and no index is built.
""",
        JUDGED,
        "neither",
    ),
    "a guide for readers": (
        """# Choosing between RAG and fine-tuning

When your knowledge changes often, choose RAG. When you need a fixed style, fine-tune. If you have
fewer than 50 examples, you should start with prompting.

## Checklist

- Do you have labelled data? Then you can fine-tune an LLM.
- Does your answer need sources? Then use RAG.
- Can you fit your documents in the prompt? Then do that.
""",
        NO_DECISION,
        None,
    ),
    "a how-to for users of a tool": (
        """# Fine-tuning your first adapter

You need a GPU and your dataset in JSONL. Point the trainer at your file and wait. If your loss does
not fall, lower your learning rate.

## When you should not

If your facts change weekly, you should use RAG instead.
""",
        NO_DECISION,
        None,
    ),
    "a document on logging in a project with language models": (
        """# ADR 9: Structured logs for the LLM gateway

## Context

The gateway forwards chat requests of several teams to two LLM providers. Logs are plain text.

## Decision

Write JSON lines with a request id. Prompts are not logged.
""",
        NO_DECISION,
        None,
    ),
    "an open question": (
        """# Discussion: how should the LLM learn our product names?

Should we fine-tune, or would RAG do? We could also try a longer prompt. No decision has been made.
""",
        NO_DECISION,
        None,
    ),
    "a status report with red, amber and green": (
        """# Programme report, week 14

| Workstream | RAG | Comment |
|---|---|---|
| Data centre move | Amber | racks late |
| Payroll | Green | on plan |

The RAG status of training is red: materials for staff training are late.
""",
        NOTHING,
        None,
    ),
    "an ordinary record on a message queue": (
        """# 4. Use RabbitMQ

## Status

Accepted

## Context

Orders must not be lost. We fine-tune the prefetch count per consumer.

## Decision

We will use RabbitMQ with quorum queues.
""",
        NOTHING,
        None,
    ),
    "a record on a search bar": (
        """# Search in the shop

## Decision

Use Elasticsearch for the product search. It retrieves the matching products in 40 ms, and we can
fine-tune the ranking with boosts.
""",
        NOTHING,
        None,
    ),
    "a plan for speech recognition": (
        """# Fine-tune Whisper for call centre audio

We fine-tune Whisper on 300 hours of calls. Word error rate must fall below 12%.
""",
        NOTHING,
        None,
    ),
    "a churn model": (
        """# Churn model, version 3

We train a model with XGBoost on two years of contracts and retrieve the features from the
warehouse every night.
""",
        NOTHING,
        None,
    ),
    "an empty template": (
        """# {title of the decision}

## Context

{describe the context and the forces}

## Decision

<!-- e.g. We will use RAG -->
""",
        NOTHING,
        None,
    ),
    "an empty file": ("", NOTHING, None),
    "a Turkish record": (
        """# ADR 3: Mevzuat asistanı için RAG

## Durum

Kabul edildi

## Karar

Mevzuat her hafta değiştiği için RAG kullanılacak ve her cevap kaynak gösterecek. İnce ayar
yapılmayacak, çünkü bu bir model için çok pahalı ve bakımı zor olarak görülüyor.
""",
        JUDGED,
        "rag",
    ),
    "a Spanish record": (
        """# Asistente de normativa

## Decisión

Usamos RAG sobre las normas de la empresa, con citas en cada respuesta. No se hará fine-tuning del
modelo, porque las normas cambian cada mes y no hay ejemplos para entrenar.
""",
        JUDGED,
        "rag",
    ),
    "a German record": (
        """# Ton der Kundenbriefe

## Entscheidung

Wir verwenden ein Fine-Tuning des Sprachmodells mit 5.000 geprüften Briefen, weil der Ton mit
Beispielen im Prompt nicht zu treffen ist. RAG wird nicht verwendet, denn es fehlt kein Wissen.
""",
        JUDGED,
        "fine_tuning",
    ),
    "a French record on something else": (
        """# Choix de la file de messages

## Décision

Nous utilisons RabbitMQ pour les commandes, avec une file par client. Les messages ne sont pas
perdus en cas de panne, et les équipes connaissent déjà cet outil.
""",
        FOREIGN,
        None,
    ),
    "reStructuredText": (
        """Assistant for the style guide
=============================

:Status: Accepted

Decision
--------

We use retrieval-augmented generation over the style guide. Fine-tuning an LLM is not needed.
""",
        JUDGED,
        "rag",
    ),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_is_read_as_its_author_meant_it(name: str) -> None:
    text, status, option = DOCUMENTS[name]
    reading = read(text)
    found = reading.decision.option if reading.decision else None
    assert (reading.status, found) == (status, option)


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
        reading = read(DOCUMENTS["a Nygard record that chooses retrieval and names what it turned down"][0])
        assert reading.decision is not None
        assert reading.decision.how == "explicit"
        assert [(cite.span.line, cite.role) for cite in reading.decision.evidence] == [
            (16, "for"),
            (17, "against"),
        ]

    def test_a_component_record_takes_the_approach_for_granted(self) -> None:
        reading = read(DOCUMENTS["a record on a component that takes retrieval for granted"][0])
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
