"""The pattern language of wordings, and the matcher that finds all of them in one pass."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragortune.evidence.documents.patterns import (
    Matcher,
    PatternError,
    WordClasses,
    compile_patterns,
    parse_pattern,
)
from ragortune.evidence.documents.tokens import cut_text


def build(patterns, lists):
    """Return what finds patterns, and what words count as for it."""
    nodes = compile_patterns(patterns, lists)
    return Matcher(nodes), WordClasses([nodes]).__getitem__


def find(patterns, words, lists=None):
    matcher, classify = build(patterns, lists or {})
    return matcher.scan([*map(classify, words)])


def places(pattern, text, **lists):
    named = {name.replace("_", "-"): tuple(words) for name, words in lists.items()}
    words = cut_text(text).words
    return [" ".join(words[start:end]) for start, end, _ in find([([pattern], 0)], words, named)]


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("vector store", "Our vector store is small.", ["vector store"]),
        ("retriev*", "It retrieves, and retrieval costs.", ["retrieves", "retrieval"]),
        ("(cat|dog) food", "Dog food, cat food.", ["dog food", "cat food"]),
        ("a [very] good day", "A good day. A very good day.", ["a good day", "a very good day"]),
        ("cites ..2 sources", "It cites its own sources.", ["cites its own sources"]),
        ("cites ..1 sources", "It cites its own old sources.", []),
        ("cites ..4 sources", "It cites books. Sources are old.", []),
        ("cites ..2 sources", "It cites, where due, sources.", ["cites , where due , sources"]),
        ("<duration> or less", "Within 3 seconds or less.", ["<duration> or less"]),
        (
            "(fine tuned|(deep|shallow) learning) model",
            "A shallow learning model.",
            ["shallow learning model"],
        ),
    ],
)
def test_a_pattern_finds_its_words(pattern, text, found):
    assert places(pattern, text) == found


def test_a_pattern_names_a_list_of_words():
    assert places("read @books aloud", "They read old novels aloud.", books=["old novels", "poems"]) == [
        "read old novels aloud"
    ]


def test_patterns_with_a_common_beginning_are_found_each_with_its_number():
    patterns = [(["not", "not only"], 1), (["not (only|just) here"], 2)]
    assert find(patterns, ["not", "only", "here"]) == [(0, 1, 1), (0, 2, 1), (0, 3, 2)]


@pytest.mark.parametrize(
    ("pattern", "complaint"),
    [
        ("", "matches without any word"),
        ("[maybe]", "matches without any word"),
        ("..3 words", "begins with a gap"),
        ("words ..99 more", "1 to 12 words"),
        ("(one|two", "never closes"),
        ("one) two", "without opening it"),
        ("(one|) two", "empty alternative"),
        ("(one] two", "is due"),
        ("@nowhere", "not defined"),
        ("<pounds>", "there are duration"),
        ("Upper case", "lower case"),
        ("co-op", "lower case"),
        ("a > b", "means nothing here"),
        ("((((((((deep))))))))", "too deeply"),
    ],
)
def test_a_pattern_that_cannot_be_read_says_why(pattern, complaint):
    with pytest.raises(PatternError, match=complaint):
        parse_pattern(pattern, {})


def count_steps(matcher, words):
    """Return how many states the automaton goes through for a row of words."""
    steps = 0
    for first in range(len(words)):
        state = matcher._start
        for word in words[first:]:
            state = state.following[word]
            steps += 1
            if not state.items:
                break
    return steps


@pytest.mark.parametrize(
    "sentence", ["we use retrieval and not tuning", "not " * 8, "cites cites sources", "the a of"]
)
def test_twice_the_text_costs_twice_the_steps(sentence):
    patterns = [
        "(not|no|never) ..12 (not|no|never) ..12 sources",
        "cites ..12 cites ..12 sources",
        "we ..3 not",
    ]
    matcher, classify = build([(patterns, 0)], {})
    one, two = ([*map(classify, sentence.split() * times)] for times in (50, 100))
    matcher.scan(two)
    assert count_steps(matcher, two) <= 2 * count_steps(matcher, one) + 60 * 12


def test_words_that_no_pattern_names_make_no_states():
    matcher, classify = build([(["retriev* ..3 answers"], 0)], {})
    for begun in ("word", "retrieved"):
        matcher.scan([classify(f"{begun}{number}") for number in range(5_000)])
    assert len(matcher._states) < 10


@given(st.lists(st.sampled_from(["not", "only", "cites", "sources", ".", ",", "x"]), max_size=40))
def test_every_match_lies_inside_the_words(words):
    found = find([(["not [only] ..3 sources", "cites ..2 (x|sources)"], 7)], words)
    assert all(0 <= start < end <= len(words) and number == 7 for start, end, number in found)
