"""Design documents are taken apart into sentences that know where they are and what they are about."""

from itertools import islice

import pytest

from ragortune.evidence.documents.blocks import read_blocks
from ragortune.evidence.documents.cutting import find_span
from ragortune.evidence.documents.reader import reader_for
from ragortune.evidence.documents.sentences import DeclaredText, read_sentences
from ragortune.model.documents import Block, SectionKind
from ragortune.ruleset.load import load_rulebook

LANGUAGE = reader_for(load_rulebook()).marker.language


def read(text):
    return read_sentences(text, LANGUAGE)


def sentence_with(document, words):
    return next(sentence for sentence in document.sentences if words in sentence.text)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_comment_of_restructuredtext_is_not_read_unless_it_addresses_this_program(end):
    comments = "..\n   We will tune a model.\n\n   Prices change daily.\n\n.. TODO: tune a model\n\n"
    suppression = ".. <!-- ragortune: ignore[RT105] because the board decided -->\n\n"
    shown = ".. note:: We decide today.\n\nWe will use retrieval.\n"
    text = f"Desk\n====\n\n{comments}{suppression}{shown}".replace("\n", end)

    document = read_sentences(text, LANGUAGE, "docs/DESK.rst")

    told = " ".join(sentence.text for sentence in document.sentences)
    assert told == "Desk .. .. note:: We decide today. We will use retrieval."
    assert [remark.span.line for remark in document.remarks] == [11]
    assert sentence_with(read(text), "tune a model")


def test_a_line_of_code_that_begins_with_two_dots_is_shown_on_the_page_and_read():
    text = "Desk\n====\n\nThe old page said::\n\n   .. prices change daily\n"

    assert sentence_with(read_sentences(text, LANGUAGE, "desk.rst"), "prices change daily")


@pytest.mark.parametrize(
    ("begin", "is_shown"), [("note::", True), ("c:function:: ask", True), ("std::vector note:", False)]
)
def test_only_a_name_with_a_blank_behind_its_colons_begins_a_directive(begin, is_shown):
    text = f"Desk\n====\n\n.. {begin}\n   The prices change daily.\n"

    assert ("change daily" in " ".join(read_sentences(text, LANGUAGE, "desk.rst").lines)) == is_shown


@pytest.mark.parametrize("line", ["=========", "#########"])
def test_a_title_between_two_lines_names_a_document_in_restructuredtext(line):
    text = f"{line}\n Support\n{line}\n\nDecision\n--------\n\nWe will use retrieval.\n"
    document = read_sentences(text, LANGUAGE, "desk.rst")

    assert document.title == "Support"
    assert sentence_with(document, "retrieval").section.title == "Decision"


def test_a_title_directly_below_another_one_takes_no_line_from_it():
    document = read_sentences("Support\n=======\nPricing\n=======\n\nIt is used.\n", LANGUAGE, "desk.rst")

    assert [sentence.text for sentence in document.sentences] == ["Support", "Pricing", "It is used."]


def kind_of(text, words):
    return sentence_with(read(text), words).kind


# --- places ---------------------------------------------------------------------------------------------------------


def quote(document, sentence, words):
    start = sentence.text.index(words)
    return find_span(sentence, start, start + len(words), document.lines)


def test_a_phrase_in_wrapped_prose_is_found_on_its_own_line():
    document = read("# Notes\n\nAnswers are needed with low\n  latency by every team. They cite.\n")
    span = quote(document, sentence_with(document, "low latency"), "latency by")
    assert (span.line, span.column, span.quote) == (4, 3, "latency by")


def test_a_phrase_across_two_lines_is_quoted_from_the_line_that_holds_most_of_it():
    document = read("We store some 6,700\nchunks of every filing here.")
    assert find_span(document.sentences[0], 14, 42, document.lines).quote == "chunks of every filing"


def test_markup_between_words_stays_in_the_quote():
    document = read("> - **Chosen option:** use `search` and a [tuned](x.md) model\n")
    sentence = document.sentences[0]
    assert sentence.text == "Chosen option: use search and a tuned model"
    whole = find_span(sentence, 0, len(sentence.text), document.lines)
    assert whole.quote == "Chosen option:** use `search` and a [tuned](x.md) model"


def test_lines_end_at_line_feeds_only():
    document = read("First\u2028still first\x0bstill.\r\nSecond\rstill second.")
    assert len(document.lines) == 2
    for sentence in document.sentences:
        for piece in sentence.pieces:
            text = sentence.text[piece.offset : piece.offset + piece.length]
            assert document.lines[piece.line - 1][piece.column - 1 :].startswith(text)


def test_a_range_without_words_of_its_own_is_quoted_as_the_first_run():
    document = read("Some words.")
    assert find_span(document.sentences[0], 99, 120, document.lines).quote == "Some words."


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("a \\* b and 2 * 3 and 2*3", "a * b and 2 * 3 and 2*3"),
        ("the `max_len` of snake_case and _this_", "the max_len of snake_case and this"),
        ("``a ` b`` and a lone ` here", "a ` b and a lone  here"),
        ("one<br>two <b>three</b>", "one two three"),
        ("an ![image](a.png) and [ref][1]", "an image and ref"),
        ("a [link (1)](x(y).md) and ](more", "a link (1) and (more"),
        ("5 &lt; 6 &amp; 7", "5 < 6 & 7"),
        ("an \\* asterisk and <https://x.example> gone", "an * asterisk and  gone"),
        ("~~old~~ new ~~ and", "new  and"),
        ("a <!-- hidden --> word", "a  word"),
    ],
)
def test_markup_is_undone(written, text):
    assert read(written).sentences[0].text == text


# --- blocks ---------------------------------------------------------------------------------------------------------


def test_a_cell_knows_its_column_and_its_row():
    text = "| Option | Rejected because |\n|---|---|\n| Tuning a \\| b | Cost |\n| | x |\n"
    cell = sentence_with(read(text), "Cost")
    assert (cell.block, cell.header) == (Block.CELL, "Rejected because")
    assert cell.row == "Tuning a \\| b".replace("\\|", "|")


def test_a_bullet_knows_its_label_its_lead_in_and_what_that_makes_of_it():
    document = read(
        "# T\n\n## Notes\n\nDeliberate non-goals:\n\n- **Tuning**: of any model\n  - of ours\n- [ ] open\n- [x] done\n"
    )
    bullet = sentence_with(document, "of any model")
    assert (bullet.label, bullet.lead, bullet.kind) == (
        "Tuning",
        "Deliberate non-goals:",
        SectionKind.NON_GOAL,
    )
    assert sentence_with(document, "of ours").kind is SectionKind.NON_GOAL


def test_a_list_inside_an_item_is_introduced_by_that_item():
    document = read("- Plans:\n  - a model\n- other")
    assert sentence_with(document, "a model").lead == "Plans:"
    assert sentence_with(document, "other").lead == ""


def test_a_fence_ends_where_a_fence_of_its_length_ends_it():
    document = read("````md\n```\n# not a heading\n```\n````\nAfter.\n")
    assert sentence_with(document, "not a heading").block is Block.CODE
    assert sentence_with(document, "After").block is Block.PROSE


def test_a_fence_that_never_closes_reaches_to_the_end():
    assert [sentence.block for sentence in read("```\na\n# b").sentences] == [Block.CODE, Block.CODE]


@pytest.mark.parametrize(
    "above",
    [
        "> ```\n> an open fence in a quotation\n",
        "> > ```\n> of an inner one\n",
        "> - ```\n>   in its list\n",
        "> <!-- an open comment in a quotation\n",
        "- ```\n  a fence behind a bullet\n  ```\n",
        "1. ```bash\n   or behind a number\n   ```\n",
        "-\n  ```\n  or below a bullet\n",
        "- item\n\n  ```\n  an open fence in an item\n",
        "text\n\n    ``` of indented code\n",
        "text\n    ``` of indented text\n",
        "\t```\n",
        "    <!-- a comment in indented code\n",
        "~~~ tildes` with a backtick behind them\ncode\n~~~\n",
        "```\n    ``` too deep to be an end\n```\n",
        "<pre>\n\n``` in HTML\n</pre>\n",
        "<div>\n```\n</div>\n",
        "</div>\n```\n",
        "<![CDATA[\n```\n]]>\n",
        "<?php\n```\n?>\n",
    ],
)
def test_what_a_page_shows_below_an_example_is_read(above):
    document = read(f"{above}\nWe will fine-tune.\n\n```ragortune\ndecision: rag\n```\n")
    assert sentence_with(document, "We will").block is Block.PROSE
    assert document.declared


@pytest.mark.parametrize(
    "text",
    [
        "- item\n\n  ```\n  CODE\n\n  CODE\n  ```\n\n  more\n",
        "1. item\n\n    ```\n    CODE\n    ```\n",
        "!!! note\n\n    ```\n    CODE\n    ```\n",
        "<details>\n<summary>Example</summary>\n```xml\n<p>CODE</p>\n\nCODE\n```\n</details>\n",
        "> ```\n> CODE\n> ```\n",
    ],
)
def test_code_that_ends_within_what_holds_it_is_code(text):
    document = read(text + "\nWe will fine-tune.\n")
    assert {own.block for own in document.sentences if "CODE" in own.text} == {Block.CODE}
    assert sentence_with(document, "We will").block is Block.PROSE


def test_indented_lines_are_code_outside_of_lists_only():
    document = read("Text:\n\n    a = 1\n\n- item\n\n    still the item\n")
    assert sentence_with(document, "a = 1").block is Block.CODE
    assert sentence_with(document, "still").block is Block.BULLET


def test_comments_say_nothing():
    document = read("# Title <!-- replace me -->\n\n<!-- say\nwhat --> text\n\nmore <!-- in\nhere --> again")
    assert [sentence.text for sentence in document.sentences] == ["Title", "text", "more   again"]
    assert document.title == "Title"


@pytest.mark.parametrize(
    "text",
    [
        "Plan <!-- WORDS",
        "Plan <!-- a --> or <!-- WORDS\nbelow",
        "Plan](WORDS and more)",
        "[Plan](WORDS and more)",
        "Plan][WORDS]",
        "[Plan][WORDS that name nothing here]",
    ],
)
def test_what_is_no_markup_is_shown_and_read(text):
    assert "WORDS" in read(text).sentences[0].text


@pytest.mark.parametrize(
    "text",
    [
        "[Plan](WORDS)",
        '[Plan](<WORDS> "WORDS and more")',
        "[Plan][WORDS of it]",
        "![Plan](WORDS 'more')",
        "[Plan](WORDS#more)",
    ],
)
def test_addresses_of_links_are_not_read(text):
    assert [sentence.text for sentence in read(text).sentences] == ["Plan"]


@pytest.mark.parametrize(
    "text",
    [
        "[//]: # (WORDS)",
        "[comment]: <> (WORDS)",
        "[1]: https://a.invalid 'WORDS of a title'",
        '> [x]: # "WORDS"',
    ],
)
def test_what_only_defines_an_address_says_nothing(text):
    document = read(f"Above.\n\n{text}\nBelow.\n")
    assert [sentence.text for sentence in document.sentences] == ["Above.", "Below."]


def test_a_remark_knows_its_section():
    text = "# T\n\n<!-- ragortune: ignore[a] because x -->\n\n## A\n\n### B\n\n<!-- ragortune: ignore[b]\n because y -->\n\n## C\n"
    first, second = read(text).remarks
    assert (first.text, first.begins, first.ends) == ("ragortune: ignore[a] because x", (1, 3), (13, 1))
    assert (second.begins, second.ends, second.headings) == ((7, 5), (12, 4), ("T", "A", "B"))
    alone = read("<!-- ragortune: ignore[a] because x -->\n\ntext").remarks[0]
    assert (alone.begins, alone.ends, alone.span.line) == ((1, 1), (4, 1), 1)


def test_a_comment_holds_for_its_own_section_where_carriage_returns_end_the_lines():
    document = read("# T\r## A\r<!-- ragortune: ignore[a] because x -->\rtext\r## B\rmore")

    (remark,) = document.remarks
    assert document.lines == ("# T\r## A\r<!-- ragortune: ignore[a] because x -->\rtext\r## B\rmore",)
    assert (remark.begins, remark.ends) == ((1, 8), (1, document.lines[0].index("B") + 1))


def test_front_matter_gives_fields_and_the_own_block():
    text = "---\ntitle: 'Search help'\nstatus: accepted\ntags:\n  - llm\nragortune:\n  decision: rag\n---\nText.\n"
    document = read(text)
    assert document.title == "Search help"
    assert sentence_with(document, "accepted").label == "status"
    declared = document.declared[0]
    lines = [(line.text, line.number) for line in declared.lines]
    assert (lines, declared.inside) == ([("ragortune:", 6), ("  decision: rag", 7)], True)
    assert sentence_with(document, "Text.").pieces[0].line == 9


def test_dashes_that_never_close_are_no_front_matter():
    assert sentence_with(read("---\ntitle: x\n"), "title").label != "title:"
    assert read("---\ntitle: x\n").title is None


@pytest.mark.parametrize(
    "text",
    ["---\n\nTuning\n\nWe tune.\n\n---\n", "---\n# T\n\n- We tune: now\n...\n", "---\n# T\n* We tune\n---\n"],
)
def test_what_stands_between_two_rules_of_a_page_is_no_front_matter(text):
    assert sentence_with(read(text), "We tune").block in {Block.PROSE, Block.BULLET}


@pytest.mark.parametrize(
    "text",
    [
        "\n# ours\ntitle: T\n",
        "tags:\n- a\ntitle: T\n",
        "tags: [a,\nb,\nc]\ntitle: T\n",
        "? a\n: b\ntitle: T\n",
    ],
)
def test_front_matter_of_any_layout_is_read(text):
    assert read(f"---\n{text}---\nText.\n").title == "T"


def test_a_fenced_block_of_our_own_is_declared():
    declared = read("# T\n\n```ragortune\ndecision: rag\n```\n").declared[0]
    lines = [(line.text, line.number) for line in declared.lines]
    assert (lines, declared.key_line) == ([("decision: rag", 4)], 3)


def test_restructured_text_ranks_its_headings_as_they_appear():
    text = "Plan One\n########\n\n:Status: Accepted\n\nContext\n*******\n\nWe search.\n\nDetail\n======\n\nMore.\n"
    document = read(text)
    assert document.title == "Plan One"
    assert sentence_with(document, "We search").headings == ("Plan One", "Context")
    assert sentence_with(document, "More").headings == ("Plan One", "Context", "Detail")


def test_underlines_of_markdown_keep_their_levels():
    document = read("One\n---\n\nTwo\n===\n\nThree\n---\n\nText.")
    assert sentence_with(document, "Text").headings == ("Two", "Three")


# --- what sections are about ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        ("Decision", SectionKind.DECISION),
        ("3. Decision Outcome", SectionKind.DECISION),
        ("Alternatives Considered", SectionKind.REJECTED),
        ("Option B: a larger prompt", SectionKind.REJECTED),
        ("Option B: a larger prompt (chosen)", SectionKind.DECISION),
        ("Current approach", SectionKind.CURRENT),
        ("Future Work", SectionKind.FUTURE),
        ("Optional: a tuned model", SectionKind.FUTURE),
        ("Non-Goals", SectionKind.NON_GOAL),
        ("Related Work", SectionKind.OTHER_SYSTEM),
        ("Example", SectionKind.EXAMPLE),
        ("References", SectionKind.REFERENCE),
        ("Requirements", SectionKind.REQUIREMENTS),
        ("Trade-offs", SectionKind.CONSEQUENCES),
        ("Why the alternatives lost and what we built", SectionKind.CONTEXT),
        ("Phase 2 of the pipeline", SectionKind.CONTEXT),
    ],
)
def test_the_name_of_a_section_tells_what_its_text_is_about(heading, kind):
    assert kind_of(f"# T\n\n## {heading}\n\nSome words here.\n", "Some words") is kind


def test_the_arguments_for_a_rejected_option_stay_rejected():
    text = "# T\n\n## Alternatives\n\n### Tuning\n\nPros:\n\n- Fast\n\n### Search (chosen)\n\nGood.\n"
    assert kind_of(text, "Fast") is SectionKind.REJECTED
    assert kind_of(text, "Good") is SectionKind.DECISION


def test_a_bold_line_acts_as_a_heading():
    text = "# T\n\n## Notes\n\n**Alternatives considered**\n\nTuning a model.\n"
    assert kind_of(text, "Tuning a model") is SectionKind.REJECTED


def test_the_first_part_of_a_document_is_its_summary():
    assert kind_of("# T\n\nWe search.\n\n## More\n\nText.", "We search") is SectionKind.SUMMARY
    assert kind_of("We search.", "We search") is SectionKind.SUMMARY


def test_a_title_does_not_make_a_whole_document_the_future():
    assert kind_of("# Roadmap\n\nWe search.", "We search") is SectionKind.SUMMARY


def test_sentences_end_where_they_end():
    document = read("We use it, e.g. for search. A second one.  \nStatus: open\n**Owner:** us\nand them")
    texts = [sentence.text for sentence in document.sentences]
    assert texts == ["We use it, e.g. for search.", "A second one.", "Status: open Owner: us and them"]


def test_a_table_is_handed_on_row_by_row():
    class Lines(list):
        def __getitem__(self, at):
            assert at < 5, "a row is read before it is wanted"
            return super().__getitem__(at)

    rows = read_blocks(Lines(["| a | b |", "|---|---|", *("| x | y |" for _ in range(100))]))

    assert [block.level for block in islice(rows, 3)] == [0, 1, 2]


def test_a_block_in_front_matter_is_put_together_once_however_long_it_is(monkeypatch):
    made = []

    def make(*given, **named):
        made.append(given)
        return DeclaredText(*given, **named)

    monkeypatch.setattr("ragortune.evidence.documents.sentences.DeclaredText", make)
    declared = read("---\nragortune:\n" + "  # a line\n" * 1_000 + "title: Desk\n---\n# Desk\n").declared

    assert [len(own.lines) for own in declared] == [1_001]
    assert len(made) == 1
