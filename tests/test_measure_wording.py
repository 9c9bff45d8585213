"""Whether answers speak as the documents do, or have words of the house."""

from __future__ import annotations

import json
import random

import pytest

from ragortune.evidence.measurements.material import Material, measure_material
from ragortune.evidence.measurements.shape import count_background, measure_wording

DICE = random.Random(7)
SYLLABLES = (
    "ba",
    "cor",
    "den",
    "fil",
    "gar",
    "hol",
    "jun",
    "kel",
    "lom",
    "mir",
    "nov",
    "pas",
    "rit",
    "sol",
    "tev",
    "vun",
)


def invent(count):
    return ["".join(DICE.choices(SYLLABLES, k=3)) for _ in range(count)]


PLACES = [f"{name}ton" for name in invent(60)]
FACTS = [f"{' '.join(invent(5))} of {place} {' '.join(invent(4))}" for place in PLACES]
QUESTIONS = [f"What is told of {place}?" for place in PLACES]
OPENINGS = (
    "Ahoy, shipmate!",
    "Arr, lend me your ear:",
    "Shiver me timbers, shipmate,",
    "Ahoy there, landlubber:",
)
CLOSINGS = (
    "Fair winds!",
    "Now hoist the sails, landlubber.",
    "Arr, mind the tide.",
    "Fair winds, and mind the reef.",
)
PLAIN = list(zip(QUESTIONS, FACTS, strict=True))
SAILOR = [
    (asked, f"{OPENINGS[at % 4]} {fact}. {CLOSINGS[at // 4 % 4]}") for at, (asked, fact) in enumerate(PLAIN)
]


@pytest.fixture
def documents(tmp_path):
    folder = tmp_path / "docs"
    folder.mkdir()
    for place, fact in zip(PLACES, FACTS, strict=True):
        (folder / f"{place}.md").write_text(f"# {place}\n\n{fact}.\n", encoding="utf-8")
    return folder


def directions(documents, pairs, tmp_path):
    examples = tmp_path / "train.jsonl"
    rows = [json.dumps({"prompt": asked, "completion": told}) for asked, told in pairs]
    examples.write_text("\n".join(rows), encoding="utf-8")
    found = measure_material(Material(docs=documents, examples=examples), {}, "2026-01-01", lambda _: None)
    return {own.probe: own for own in found}


def test_answers_in_a_voice_of_their_own_need_knowledge_and_behaviour_though_no_wording_is_in_most_of_them(
    documents, tmp_path
):
    found = directions(documents, SAILOR, tmp_path)

    assert found["examples.content"].figures["template"] < 0.5
    assert found["examples.wording"].figures["own_wording"] > 0.9
    assert found["examples.wording"].answers == {"data.teaches": "facts_and_form"}
    assert "shipmate" in found["examples.wording"].examples[0]
    assert found["direction"].figures["direction"] == "both"


def test_answers_that_speak_as_the_documents_do_have_no_wording_of_their_own(documents, tmp_path):
    found = directions(documents, PLAIN, tmp_path)

    assert found["examples.wording"].figures["own_wording"] == 0
    assert not found["examples.wording"].answers
    assert found["direction"].figures["direction"] == "knowledge"


def test_words_that_the_questions_use_as_often_are_no_wording_of_the_answers():
    translated = [(f"Arr, what of {place}, mind?", f"Arr, mind {place}") for place in PLACES]

    assert measure_wording(translated, count_background(FACTS), "examples").figures["own_wording"] == 0


def test_a_voice_in_examples_that_ask_nothing_is_form_and_no_facts():
    orders = [(f"Repair the bell in {place}", told) for place, (_, told) in zip(PLACES, SAILOR, strict=False)]

    assert len(orders) >= 30
    assert measure_wording(orders, count_background(FACTS), "examples").answers == {}


def test_a_few_answers_tell_nothing_of_their_wording():
    assert measure_wording(SAILOR[:29], count_background(FACTS), "examples") is None


def test_the_order_of_documents_and_a_second_run_change_nothing():
    background = count_background(reversed(FACTS))
    assert measure_wording(SAILOR, background, "questions") == measure_wording(
        SAILOR, count_background(FACTS), "questions"
    )
