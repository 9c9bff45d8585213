"""The two writers that every page goes through, and the table of formats."""

from pkgutil import resolve_name

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from ragortune.commands.formats import FORMATS
from ragortune.report.blocks import (
    Bar,
    Code,
    Column,
    Heading,
    Item,
    Items,
    Paragraph,
    Span,
    Style,
    Table,
    terms,
)
from ragortune.report.markdown import write_markdown
from ragortune.report.text import write_text

MARKUP = st.text(alphabet=st.sampled_from("`*_[]()<>#!|~&-+=.1 a:\\\n\"é'"), min_size=1)
PLAIN = {"text", "text_special", "code_inline"}
PAGE = [
    Heading("Desk"),
    terms([("Advice", "rag"), ("a name that is far too long for its column", "what is said about it")]),
    Heading("Bills", 2),
    Table(
        (Column("Option"), Column("USD", right=True)), (("rag", "120"), ("both, on own machines", "3,400"))
    ),
    Table(
        (Column(right=True), Column(only="text"), Column("Reason")),
        (("+1.20", Bar(0.25, 0.75, 8), "The facts have to be found by meaning"),),
        gap=1,
    ),
]


def parse(*blocks):
    return (
        MarkdownIt("commonmark", {"html": True})
        .enable(["table", "strikethrough"])
        .parse(write_markdown(blocks))
    )


@given(MARKUP)
def test_no_text_of_a_paragraph_list_or_table_becomes_markup(text):
    for tokens in (parse(Paragraph(text)), parse(Items((Item("x", (text, text)),)))):
        inner = [token for token in tokens if token.type == "inline"]
        assert len(inner) <= 1
        assert not [token for token in tokens if token.type in ("heading_open", "hr", "html_block", "fence")]
        assert {child.type for token in inner for child in token.children} <= {*PLAIN, "softbreak"}
    cells = [token.type for token in parse(Table((Column("a"), Column("b")), ((text, text),)))]
    assert cells.count("td_open") == 2


@given(MARKUP)
def test_code_ends_where_it_ends(text):
    (fence,) = parse(Code((text.replace("\n", " "), "last")))

    assert fence.type == "fence"
    assert fence.content.endswith("last\n")


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_nothing_is_lost_and_nothing_wider_than_the_page_however_narrow_it_is(width):
    shown = write_text(PAGE, width=width, color=False)

    assert max(map(len, shown.splitlines())) <= width
    words = " ".join(shown.split())
    for part in ("Advice rag", "far too long for its column", "what is said", "both, on own machines 3,400"):
        assert part in words


def test_a_name_that_leaves_no_room_is_on_a_line_of_its_own():
    lines = write_text(PAGE, width=40, color=False).splitlines()

    assert "  both, on own machines  3,400" in lines
    name = next(number for number, line in enumerate(lines) if line.endswith("column"))
    assert lines[name + 1].strip().startswith("what is")


def test_bars_are_drawn_in_text_alone_and_in_ascii_where_the_terminal_shows_no_more():
    assert "+1.20   ████   The facts" in write_text(PAGE, width=80, color=False)
    assert "+1.20   ####   The facts" in write_text(PAGE, width=80, color=False, unicode=False)
    assert "| +1.20 | The facts have to be found by meaning |" in write_markdown(PAGE)


def test_names_are_code_in_markdown_and_coloured_in_text():
    block = Paragraph(("see ", Span("knowledge.gap", Style.NAME)))

    assert write_markdown([block]) == "see `knowledge.gap`\n"
    assert "\x1b[36mknowledge.gap\x1b[0m" in write_text([block], width=80, color=True)


def test_every_format_of_every_command_has_its_renderer():
    for renderers in FORMATS.values():
        for name in renderers.values():
            assert callable(resolve_name(name))
