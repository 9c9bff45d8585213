"""Phrases: the pattern language, the quantities it reads, and what a rule pack can add or get wrong."""

import json
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragortune.phrases.matcher import Matcher
from ragortune.phrases.patterns import PatternError, match_at, parse_pattern
from ragortune.phrases.tokens import Tokens
from ragortune.phrases.values import PARSERS, Amount
from ragortune.phrasetests import run_phrase_tests
from ragortune.rulebook import load_phrases, load_rulebook
from ragortune.rulecheck import check_folder

BOOK = load_rulebook()
PHRASES = load_phrases()


def matches(pattern, text, words=None):
    matcher = Matcher([("it", parse_pattern(pattern, words or {}))])
    tokens = Tokens(text)
    return [
        text[tokens.starts[found.start] : tokens.ends[found.end - 1]] for _, found in matcher.scan(tokens)
    ]


def amount(kind, text):
    found = PARSERS[kind](Tokens(text), 0)
    return (found[1].low, found[1].high) if found else None


# --- the pattern language -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("weekly menu", "The weekly menu, the Weekly-Menu.", ["weekly menu", "Weekly-Menu"]),
        ("weekly menu", "weekly, menu", []),
        ("weekly , menu", "weekly: menu", ["weekly: menu"]),
        ("retriev*", "Retrieved by retrieval", ["Retrieved", "retrieval"]),
        ("(cats|big dogs) sleep", "Big dogs sleep where cats sleep", ["Big dogs sleep", "cats sleep"]),
        ("a [very] long day", "a very long day and a long day", ["a very long day", "a long day"]),
        ("bread ..2 butter", "bread with salted butter", ["bread with salted butter"]),
        ("bread ..2 butter", "bread with a lot of butter", []),
        ("bread ..4 butter", "bread; butter", []),
        ("@fruit pie", "A pear pie", ["pear pie"]),
        ("within <duration>", "within 2-3 s of that", ["within 2-3 s"]),
        ("user's rights", "the user\u2019s rights", ["user\u2019s rights"]),
    ],
)
def test_a_pattern_finds_its_wordings_and_no_others(pattern, text, found):
    assert matches(pattern, text, {"fruit": ("pear", "sour apple")}) == found


@pytest.mark.parametrize(
    ("pattern", "complaint"),
    [
        ("", "must begin with a word"),
        ("..3 word", "must begin with a word"),
        ("[maybe]", "nothing that must be there"),
        ("(open", "does not close"),
        ("closed)", "was not opened"),
        ("a ..99 b", "a gap has 1 to 12"),
        ("a <weight>", "names the value <weight>"),
        ("a @nowhere", "names the list @nowhere"),
        ("a ; b", "no word"),
        ("(a|)", "empty alternative"),
        ("a < b", "cannot be read"),
        ("((((((((a))))))))", "nested too deeply"),
        ("@circle", "nested too deeply"),
        (" ".join(f"({word} {word}|{word}x {word})" for word in "abcdefghij" * 20), "too large"),
    ],
)
def test_a_pattern_that_cannot_be_read_says_why(pattern, complaint):
    with pytest.raises(PatternError, match=complaint):
        parse_pattern(pattern, {"circle": ("@circle",)})


@given(st.text(alphabet="ab(|)[]<>@.*1 ,", max_size=40))
def test_any_pattern_is_read_or_refused(text):
    try:
        sequence = parse_pattern(text, {"a": ("b",)})
    except PatternError:
        return
    assert match_at(sequence, Tokens("a b a, b 1"), 0) is not None


# --- quantities ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("count", "1,200 letters", (1200, 1200)),
        ("count", "1.200 letters", (1200, 1200)),
        ("count", "25 000 letters", (25000, 25000)),
        ("count", "10-15K letters", (10000, 15000)),
        ("count", "50\u20132,000 letters", (50, 2000)),
        ("count", "1.5M letters", (1.5e6, 1.5e6)),
        ("count", "two hundred letters", (200, 200)),
        ("count", "hundreds of thousands of letters", (100_000, 999_000)),
        ("count", "tens of thousands", None),
        ("count", "GPT-4 letters", None),
        ("count", "$40", None),
        ("count", "40%", None),
        ("count", "40 ms", None),
        ("count", "9" * 30, None),
        ("duration", "800 ms", (800, 800)),
        ("duration", "~2.5s", (2500, 2500)),
        ("duration", "2,5 s", (2500, 2500)),
        ("duration", "500 ms to 2 s", (500, 2000)),
        ("duration", "half a second", (500, 500)),
        ("duration", "a minute", (60_000, 60_000)),
        ("duration", "three apples", None),
        ("rate", "2,000 queries per day", (2000, 2000)),
        ("rate", "60 requests/minute", (86_400, 86_400)),
        ("rate", "1,000 daily questions", (1000, 1000)),
        ("rate", "1,000 questions daily", (1000, 1000)),
        ("rate", "5 QPS", (432_000, 432_000)),
        ("rate", "300 a day", (300, 300)),
        ("rate", "2 metres a second", None),
        ("rate", "2,000 queries", None),
        ("rate", "2,000; per day", None),
        ("rate", "60 daily walks", None),
        ("share", "85%", (0.85, 0.85)),
        ("share", "0.72", (0.72, 0.72)),
        ("share", "85 cows", None),
        ("size", "60 pages", (18_000, 36_000)),
        ("size", "24,000 tokens", (24_000, 24_000)),
        ("size", "40 pages a day", (12_000, 24_000)),
        ("size", "40 a day", None),
        ("size", "4 horses", None),
        ("parameters", "7B", (7, 7)),
        ("parameters", "7-9B", (7, 9)),
        ("parameters", "2.7 billion", (2.7, 2.7)),
        ("parameters", "7 bees", None),
        ("parameters", "seven", None),
        ("number", "0.085", (0.085, 0.085)),
        ("number", "0.125", (0.125, 0.125)),
        ("number", "5 to 3", (5, 5)),
    ],
)
def test_a_quantity_is_read_as_people_write_it(kind, text, value):
    found = amount(kind, text)
    assert found == (None if value is None else pytest.approx(value))


def test_money_is_told_from_a_plain_number():
    assert PARSERS["money"](Tokens("$8,000"), 0) == (1, Amount(8000.0, 8000.0))
    assert amount("money", "8,000 euros") == (8000, 8000)
    assert amount("money", "8,000 euro cents") == (8000, 8000)
    assert amount("money", "8,000 sheep") is None
    assert PARSERS["money"](Tokens("8"), 1) is None


@pytest.mark.parametrize("kind", sorted(PARSERS))
@given(text=st.text(alphabet="0123456789.,-\u2013%$ abkms/+<~nof", max_size=60))
def test_no_text_breaks_a_parser_of_quantities(kind, text):
    tokens = Tokens(text)
    for at in range(len(tokens) + 1):
        found = PARSERS[kind](tokens, at)
        assert found is None or (at < found[0] <= len(tokens) and found[1].low <= found[1].high)


# --- the shipped phrases, and those of a pack ---------------------------------------------------------------------


def test_every_phrase_is_heard_where_it_should_be_and_nowhere_else():
    count, failed = run_phrase_tests(PHRASES, BOOK.criteria)
    assert not [(test.phrase.id, test.text, test.expected) for test in failed]
    assert count > 500


def test_every_criterion_is_answered_by_some_phrase_but_how_facts_are_reached():
    answered = {name for phrase in PHRASES.phrases for name in phrase.says}
    answered |= {phrase.number for phrase in PHRASES.phrases if phrase.number}
    assert answered == set(BOOK.criteria) - {"knowledge.access_path", "knowledge.fits_prompt"}


def write_pack(folder, phrases, manifest='name: pack\nversion: "1"\nextends: ragortune\n'):
    (folder / "phrases").mkdir(parents=True)
    (folder / "rulebook.yaml").write_text(manifest, encoding="utf-8")
    (folder / "phrases" / "own.yaml").write_text(textwrap.dedent(phrases), encoding="utf-8")
    return folder


OWN = """
    words:
      - {id: documents, any: [(scroll|scrolls)]}
    phrases:
      - id: our-voice
        patterns: [in the voice of the lighthouse]
        says: {behaviour.style: distinctive}
        tests:
          heard: [It answers in the voice of the lighthouse.]
          silent: [The lighthouse has a horn.]
"""


def test_a_pack_adds_phrases_and_overrides_lists_of_words(tmp_path):
    book = load_phrases(write_pack(tmp_path, OWN))
    assert {phrase.id for phrase in book.phrases} == {phrase.id for phrase in PHRASES.phrases} | {"our-voice"}
    assert book.words["documents"] == ("(scroll|scrolls)",)


def test_a_list_of_words_that_a_pack_overrides_changes_every_phrase_that_names_it(tmp_path):
    _, failed = run_phrase_tests(load_phrases(write_pack(tmp_path, OWN)), BOOK.criteria)
    assert "Residents ask questions about the zoning regulations." in {test.text for test in failed}


def test_phrases_are_no_part_of_the_digest(tmp_path):
    with_phrases = load_rulebook(write_pack(tmp_path / "with", OWN))
    without = load_rulebook(write_pack(tmp_path / "without", "phrases: []"))
    assert with_phrases.digest == without.digest


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("distinctive", "distinct"), "distinct"),
        (("behaviour.style", "behaviour.stile"), "behaviour.stile"),
        (("in the voice", "(in the voice"), "does not close"),
        (("says: {behaviour.style: distinctive}", "number: performance.latency"), "reads none"),
        (("says: {behaviour.style: distinctive}", "standing: vague"), "needs 'says' or 'number'"),
        (("[in the voice of the lighthouse]", "[]"), "has no pattern"),
        (("says: {behaviour.style: distinctive}", "number: nowhere.at_all"), "nowhere.at_all"),
        (("says: {behaviour.style: distinctive}", "number: behaviour.style"), "needs 'bands'"),
        (
            ("says: {behaviour.style: distinctive}", "number: behaviour.style\n        bands: {loud: 1}"),
            "loud",
        ),
        (("(scroll|scrolls)", "(scroll|"), "list 'documents'"),
        (("id: our-voice", "id: our-voice"), None),
    ],
)
def test_a_phrase_that_cannot_be_used_is_named_with_its_line(run, tmp_path, change, complaint):
    pack = write_pack(tmp_path / "pack", OWN.replace(*change))
    result = run("rules", "check", "--rules", pack, "--format", "json")
    problems = [problem for problem in json.loads(result.out) if problem["path"].endswith("own.yaml")]
    if complaint is None:
        assert not problems
    else:
        assert any(complaint in problem["message"] and problem["line"] for problem in problems)


def test_a_phrase_without_tests_or_with_a_bad_name_is_a_finding(tmp_path):
    text = OWN.replace("our-voice", "Our Voice").replace("[The lighthouse has a horn.]", "[]")
    found = {finding.name for finding in check_folder(str(write_pack(tmp_path, text)), "2026-11-24")}
    assert {"malformed", "missing-test"} <= found


def test_a_failing_phrase_test_is_shown_and_counts_as_a_finding(run, tmp_path):
    text = (
        OWN.replace("id: documents", "id: scrolls")
        .replace("The lighthouse has a horn.", "Speak in the voice of the lighthouse.")
        .replace("It answers in the voice of the lighthouse.", "It hums.")
    )
    pack = write_pack(tmp_path / "pack", text)
    result = run("rules", "test", "--rules", pack)
    assert result.code == 1
    assert "our-voice is not heard: It hums." in result.out
    assert "our-voice is heard (distinctive): Speak in the voice of the lighthouse." in result.out
    failed = json.loads(run("rules", "test", "--rules", pack, "--format", "json").out)["phrase_tests"][
        "failed"
    ]
    assert [test["expected"] for test in failed] == ["heard", "silent"]
