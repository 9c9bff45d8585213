"""Alternatives compiled to be searched fast find what they find as they are written."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragortune.designdoc.wordings import compile_words, group_letters

WAYS = (
    r"\bcat",
    r"\bcats?\b",
    r"\bcow",
    r"\bdog(?:s|gy)\b",
    r"\b(?:cat|dog) food",
    r"o?x",
    r"[ab]c|d",
    r"\bC(?!o)",
    r"\)|\|",
    "犬",
)
patterns = st.lists(st.sampled_from(WAYS), min_size=1, max_size=8).map("|".join)
texts = st.lists(
    st.sampled_from(("cat", "cats", "Cow", "dog", "doggy", "food", "x", "ac", "犬", " ", " ", "|", ")")),
    max_size=12,
).map("".join)


@given(patterns, texts)
def test_every_match_is_found_where_the_pattern_as_written_finds_it(pattern, text):
    written = [found.span() for found in re.finditer(pattern, text, re.IGNORECASE)]
    assert [found.span() for found in compile_words(pattern).finditer(text)] == written
    assert [found.span() for found in re.finditer(group_letters(pattern), text, re.IGNORECASE)] == written


@pytest.mark.parametrize(
    ("pattern", "grouped"),
    [
        ("cat|dog|cow", "c(?:at|ow)|d(?:og)"),
        ("cat|(?:a|b)|cow", "c(?:at)|(?:a|b)|c(?:ow)"),
        ("cat|c?ow", "c(?:at)|c?ow"),
    ],
)
def test_neighbours_are_gathered_by_their_first_letter(pattern, grouped):
    assert group_letters(pattern) == grouped
