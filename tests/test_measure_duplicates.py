"""Near-duplicates: what is the same text but for a word, in any script, under any shared prompt."""

import random
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ragortune.evidence.measurements.duplicates import find_near_duplicates, split_words

PROMPT = "You are the assistant of a bicycle shop. Answer the customer in one friendly sentence."
WORDS = [
    f"{first}{second}"
    for first in ("bra", "gea", "sad", "whe", "cha")
    for second in ("ke", "r", "dle", "el", "in")
]


def say(seed, count=30):
    dice = random.Random(seed)
    return " ".join(dice.choice(WORDS) for _ in range(count))


def test_a_text_that_was_pasted_with_other_case_and_punctuation_is_a_duplicate():
    assert find_near_duplicates(["Where is my order?", "My bike is broken.", "where is my ORDER"]) == [(0, 2)]


def test_one_changed_word_in_a_long_text_makes_a_near_duplicate():
    text = say(1)
    assert find_near_duplicates([say(2), text, f"{text} brake", say(3)]) == [(1, 2)]


def test_every_copy_is_paired_with_the_one_that_is_kept_and_no_other():
    assert find_near_duplicates(["the same thing"] * 5) == [(0, 1), (0, 2), (0, 3), (0, 4)]


def test_rows_are_not_alike_because_they_share_a_long_prompt():
    rows = [f"{PROMPT} {PROMPT} {say(seed, 6)}" for seed in range(40)]
    assert find_near_duplicates(rows) == []


def test_rows_that_differ_in_the_prompt_alone_are_found_below_it():
    rows = [f"{PROMPT} {say(seed)}" for seed in range(40)]
    assert find_near_duplicates([*rows, f"{PROMPT} {say(7)} saddle"]) == [(7, 40)]


def test_chinese_texts_are_compared_by_their_characters():
    text = "我想知道我的自行车什么时候可以修好并且送到我的家里"
    assert find_near_duplicates([text, "请问这家商店周末营业吗", f"{text}吗"]) == [(0, 2)]
    assert split_words("Mein Fahrrad, 修好") == ["mein", "fahrrad", "修", "好"]


def test_texts_without_words_are_no_trouble():
    assert find_near_duplicates([]) == []
    assert find_near_duplicates(["?!", "a", "a b", "..."]) == [(0, 3)]


def are_alike(one, other, threshold):
    """Say it as it is defined, without an index; so few texts have no template."""
    one, other = split_words(one), split_words(other)
    runs, others = ({*pairwise(words)} if len(words) > 1 else {*words} for words in (one, other))
    return one == other or len(runs & others) >= threshold * len(runs | others) > 0


@given(
    st.lists(st.lists(st.sampled_from("abc"), max_size=12).map(" ".join), max_size=9),
    st.sampled_from([0.3, 0.5, 0.8]),
)
def test_what_is_removed_is_what_comparing_each_with_each_would_remove(texts, threshold):
    kept = []
    for index, text in enumerate(texts):
        if not any(are_alike(texts[other], text, threshold) for other in kept):
            kept.append(index)
    removed = {other for _, other in find_near_duplicates(texts, threshold)}
    assert removed == set(range(len(texts))) - set(kept)
