"""Design documents are taken apart into sentences that know where they stand and what they are about."""

from __future__ import annotations

import pytest

from ragortune.designdoc.moods import mood_at
from ragortune.evidence.documents.sentences import DesignText, read_sentences, span_of
from ragortune.evidence.documents.records import Form, Mood, Sentence, Zone


def find_sentence(document: DesignText, words: str) -> Sentence:
    return next(sentence for sentence in document.sentences if words in sentence.text)


def read_mood(text: str, words: str) -> Mood:
    sentence = find_sentence(read_sentences(text), words)
    start = sentence.text.index(words)
    return mood_at(sentence, start, start + len(words))


def read_zone(text: str, words: str) -> Zone:
    return find_sentence(read_sentences(text), words).zone


class TestPlaces:
    def test_a_phrase_in_wrapped_prose_is_found_on_its_own_line(self) -> None:
        document = read_sentences(
            "# Notes\n\nAnswers are needed with low\n  latency by every team. They cite.\n"
        )
        sentence = find_sentence(document, "low latency by every team")
        start = sentence.text.index("latency")
        span = span_of(sentence, start, start + len("latency by"))
        assert (span.line, span.column, span.quote) == (4, 3, "latency by")

    def test_a_phrase_across_two_lines_is_quoted_from_the_line_that_holds_most_of_it(self) -> None:
        document = read_sentences("We store some 6,700\nchunks of every filing here.")
        sentence = document.sentences[0]
        assert span_of(sentence, 14, 40).quote == "chunks of every filing"[: 40 - 20]

    def test_markup_between_words_stays_in_the_quote(self) -> None:
        document = read_sentences("> - **Chosen option:** use `search` and a [tuned](x.md) model\n")
        sentence = document.sentences[0]
        assert sentence.text == "Chosen option: use search and a tuned model"
        assert span_of(sentence, 0, len(sentence.text)).quote == (
            "Chosen option:** use `search` and a [tuned](x.md) model"
        )

    def test_lines_end_at_line_feeds_only(self) -> None:
        document = read_sentences("First\u2028still first\x0bstill.\r\nSecond\rstill second.")
        assert len(document.lines) == 2
        assert all(
            document.lines[piece.line - 1][piece.column - 1 :].startswith(
                sentence.text[piece.offset : piece.offset + piece.length]
            )
            for sentence in document.sentences
            for piece in sentence.pieces
        )

    def test_a_span_without_words_of_its_own_is_the_first_run(self) -> None:
        sentence = read_sentences("Some words.").sentences[0]
        assert span_of(sentence, 99, 120).quote == "Some words."

    @pytest.mark.parametrize(
        ("written", "read"),
        [
            ("a \\* b and 2 * 3 and 2*3", "a * b and 2 * 3 and 2*3"),
            ("the `max_len` of snake_case and _this_", "the max_len of snake_case and this"),
            ("``a ` b`` and a lone ` here", "a ` b and a lone  here"),
            ("one<br>two <b>three</b>", "one"),
            ("an ![image](a.png) and [ref][1]", "an image and ref"),
            ("code `over\nlines` here", "code over lines here"),
        ],
    )
    def test_markup_is_undone(self, written: str, read: str) -> None:
        assert read_sentences(written).sentences[0].text == read


class TestParts:
    def test_a_table_cell_knows_its_column_and_its_row(self) -> None:
        text = "| Option | Why we did not pick it |\n|---|---|\n| Tuning a \\| b | Cost |\n| | x |\n"
        cell = find_sentence(read_sentences(text), "Cost")
        assert cell.form is Form.CELL
        assert cell.columns == ("Why we did not pick it", "Tuning a \\| b".replace("\\", ""))
        assert cell.zone is Zone.REJECTED

    def test_a_row_marked_as_chosen_is_the_decision(self) -> None:
        text = "## Options\n\n| Option | Score | State |\n|---|---|---|\n| A | 3 | Rejected |\n| B | 9 | Selected |\n"
        assert [read_zone(text, word) for word in ("A", "3", "B", "9")] == [
            Zone.REJECTED,
            Zone.REJECTED,
            Zone.DECISION,
            Zone.DECISION,
        ]

    def test_a_bullet_knows_label_lead_in_and_zone(self) -> None:
        text = "# T\n\n## Scope\n\nDeliberate non-goals:\n\n- **Tuning**: of any model\n  - of ours\n- [ ] open\n- [x] done\n"
        document = read_sentences(text)
        bullet = find_sentence(document, "of any model")
        assert (bullet.label, bullet.lead, bullet.zone) == ("Tuning", "Deliberate non-goals:", Zone.NON_GOAL)
        assert find_sentence(document, "of ours").zone is Zone.NON_GOAL
        assert [find_sentence(document, word).checked for word in ("open", "done")] == [False, True]

    def test_a_fence_ends_where_commonmark_ends_it(self) -> None:
        text = "````md\n```\n# not a heading\n```\n````\nAfter.\n"
        document = read_sentences(text)
        assert find_sentence(document, "not a heading").form is Form.CODE
        assert find_sentence(document, "After").form is Form.PROSE

    def test_comments_are_text_of_a_template(self) -> None:
        document = read_sentences(
            "# Title <!-- replace me -->\n\n<!-- say\nwhat -->\n\ntext <!-- never closed\nat all"
        )
        comments = [sentence.text for sentence in document.sentences if sentence.form is Form.COMMENT]
        assert comments == ["replace me", "say", "what", "never closed", "at all"]
        assert document.title == "Title"

    def test_a_remark_knows_its_section(self) -> None:
        text = "# T\n\n<!-- ragortune: ignore[a] because x -->\n\n## A\n\n### B\n\n<!-- ragortune: ignore[b]\n because y -->\n\n## C\n"
        first, second = read_sentences(text).remarks
        assert (first.text, first.first_line, first.last_line) == ("ragortune: ignore[a] because x", 1, 12)
        assert (second.first_line, second.last_line, second.headings) == (7, 11, ("T", "A", "B"))
        alone = read_sentences("<!-- ragortune: ignore[a] because x -->\n\ntext").remarks[0]
        assert (alone.first_line, alone.last_line, alone.span.line) == (1, 3, 1)

    def test_front_matter_gives_fields_and_the_own_block(self) -> None:
        text = "---\ntitle: 'Search help'\nstatus: accepted\ntags:\n  - llm\nragortune:\n  decision: rag\n---\nText.\n"
        document = read_sentences(text)
        assert document.title == "Search help"
        assert find_sentence(document, "accepted").label == "status"
        declared = document.declared[0]
        assert (declared.text, declared.line, declared.inside) == ("ragortune:\n  decision: rag", 6, True)
        assert find_sentence(document, "Text.").pieces[0].line == 9

    def test_dashes_that_never_close_are_no_front_matter(self) -> None:
        assert find_sentence(read_sentences("---\ntitle: x\n"), "title").form is not Form.HEADING

    def test_a_fenced_block_of_our_own_is_declared(self) -> None:
        declared = read_sentences("# T\n\n```ragortune\ndecision: rag\n```\n").declared[0]
        assert (declared.text, declared.line, declared.key_line) == ("decision: rag\n", 4, 3)

    def test_restructured_text_is_tolerated(self) -> None:
        text = "========\nPlan One\n========\n\n:Status: Accepted\n:Date: today\n\nContext\n~~~~~~~~\n\n.. note::\n\n   We search.\n"
        document = read_sentences(text)
        assert document.title == "Plan One"
        assert find_sentence(document, "Accepted").label == "Status"
        assert find_sentence(document, "We search").headings == ("Plan One", "Context")

    def test_a_bold_line_acts_as_a_heading(self) -> None:
        text = "# T\n\n## Notes\n\n**Alternatives considered**\n\nTuning a model.\n"
        assert read_zone(text, "Tuning a model") is Zone.REJECTED

    def test_the_arguments_for_a_rejected_option_stay_rejected(self) -> None:
        text = "# T\n\n## Alternatives\n\n### Tuning\n\nPros:\n\n- Fast\n\n### Search (chosen)\n\nGood.\n"
        assert read_zone(text, "Fast") is Zone.REJECTED
        assert read_zone(text, "Good") is Zone.DECISION

    def test_text_of_an_unfilled_template_is_marked(self) -> None:
        assert read_zone("# T\n\n{describe the context here}\n", "describe") is Zone.TEMPLATE

    def test_the_first_part_of_a_document_is_its_summary(self) -> None:
        assert read_zone("# T\n\nWe search.\n\n## More\n\nText.", "We search") is Zone.SUMMARY
        assert read_zone("We search.", "We search") is Zone.SUMMARY

    def test_sentences_end_where_they_end(self) -> None:
        text = "We use it, e.g. for search. A second one.  \nStatus: open\n**Owner:** us\nand them"
        assert [sentence.text for sentence in read_sentences(text).sentences] == [
            "We use it, e.g. for search.",
            "A second one.",
            "Status: open",
            "Owner: us and them",
        ]


class TestMoods:
    @pytest.mark.parametrize(
        ("text", "words", "mood"),
        [
            ("We will use RAG rather than fine-tuning.", "RAG", Mood.AFFIRMED),
            ("We will use RAG rather than fine-tuning.", "fine-tuning", Mood.NEGATED),
            ("We use RAG, not fine-tuning.", "RAG", Mood.AFFIRMED),
            ("We use RAG, not fine-tuning.", "fine-tuning", Mood.NEGATED),
            ("Fine-tuning was rejected.", "Fine-tuning", Mood.NEGATED),
            ("We do **not** tune the model; it searches.", "tune", Mood.NEGATED),
            ("We do **not** tune the model; it searches.", "searches", Mood.AFFIRMED),
            ("- **Tuning**: not needed for now", "Tuning", Mood.NEGATED),
            ("If the corpus is small, use search.", "search", Mood.HYPOTHETICAL),
            ("Should we tune a model?", "tune", Mood.HYPOTHETICAL),
            ("Adapters may be explored in phase 2.", "Adapters", Mood.FUTURE),
            ("Answers must take < 2 s.", "< 2 s", Mood.GOAL),
            ("- **Target**: 2 s", "2 s", Mood.GOAL),
            ("- **Measured**: 2 s", "2 s", Mood.MEASURED),
            ("We ~~tune a model~~ search.", "tune a model", Mood.STRUCK),
            ("# T\n\n## Non-Goals\n\n- Tuning", "Tuning", Mood.NEGATED),
            ("# T\n\n## Future work\n\n- Tuning", "Tuning", Mood.FUTURE),
            ("# T\n\n## Alternatives\n\n- Tuning", "Tuning", Mood.HYPOTHETICAL),
            ("- **Planned**: adapters", "adapters", Mood.FUTURE),
            ("- **Do not**: train", "train", Mood.NEGATED),
        ],
    )
    def test_words_are_meant_as_the_sentence_means_them(self, text: str, words: str, mood: Mood) -> None:
        assert read_mood(text, words) is mood
