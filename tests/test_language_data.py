"""Wordings as data: what a rule pack can add or override, and what is wrong with wordings that cannot be used."""

import json
import textwrap

import pytest

from ragortune import load_rulebook
from ragortune.evidence.documents.reader import read_design
from ragortune.lint.checks import check_folder

BOOK = load_rulebook()
OWN = """
    words:
      - {id: documents, any: [(scroll|scrolls)]}
    cues:
      - {id: never-mind, any: [never mind], means: negated}
    section_names:
      - {id: graveyard, any: [graveyard of ideas], kind: rejected, at: [heading]}
    approaches:
      - {id: oracle, any: [oracle method], option: rag, weight: name}
    topics:
      - {id: lighthouse-model, any: [lighthouse model], topic: language_model}
    classifiers:
      - id: behaviour.style
        fitted: by hand
        outcomes: [unanswered, distinctive]
        intercepts: [9, 0]
        features: {lantern: 1 -9 9}
    common_words:
      - {id: la, words: [et, est, non, cum, per, quod, sunt]}
    facts:
      - id: our-voice
        any: [in the voice of the lighthouse]
        says: {behaviour.style: distinctive}
        tests:
          stated: [It answers in the voice of the lighthouse.]
          not_stated: [The lighthouse has a horn.]
"""


def write_pack(folder, language, manifest='name: pack\nversion: "1"\nextends: ragortune\n'):
    (folder / "language").mkdir(parents=True)
    (folder / "rulebook.yaml").write_text(manifest, encoding="utf-8")
    (folder / "language" / "own.yaml").write_text(textwrap.dedent(language), encoding="utf-8")
    return folder


def test_a_pack_adds_wordings_of_every_kind(tmp_path):
    book = load_rulebook(write_pack(tmp_path, OWN))
    text = (
        "# The lighthouse assistant\n\n## Decision\n\nWe decided to use the oracle method. The lighthouse model answers in the voice of the lighthouse. "
        "Never mind that it must cite sources.\n\n## Graveyard of ideas\n\nFine-tuning was one.\n"
    )
    reading = read_design(text, "design.md", book)
    assert reading.decision.option == "rag"
    assert [(fact.criterion, fact.value, fact.phrase) for fact in reading.facts] == [
        ("behaviour.style", "distinctive", "our-voice")
    ]
    assert read_design(text, "design.md", BOOK).status == "no_decision"
    latin = read_design("# Liber\n\nSunt et non est cum quod per.\n", "liber.md", book)
    assert (latin.status, latin.language) == ("unsupported_language", "la")


def test_a_pack_overrides_a_list_of_words_for_every_wording_that_names_it(tmp_path):
    scrolls = "# Harbour assistant\n\nAn LLM answers from the scrolls.\n"
    ours = load_rulebook(write_pack(tmp_path, OWN))
    assert read_design(scrolls, "design.md", ours).decision.option == "rag"
    assert read_design(scrolls, "design.md", BOOK).decision is None


LANTERNS = """
    classifiers:
      - id: status_words
        fitted: by hand
        outcomes: [judged, no_decision, nothing_to_judge]
        intercepts: [0, 0, 0]
        features: {word lantern: 1 0 0 400}
"""


@pytest.mark.parametrize(
    ("around", "status"), [("A {} and a {}.", "nothing_to_judge"), ("```\n{} {}\n```", "judged")]
)
def test_words_outside_of_code_can_tell_that_there_is_nothing_to_judge(tmp_path, around, status):
    decided = "# Support assistant\n\n## Decision\n\nWe decided to use RAG for the LLM assistant.\n\n"
    ours = load_rulebook(write_pack(tmp_path, LANTERNS))
    assert read_design(decided + around.format("barrel", "barrel"), "design.md", ours).status == "judged"
    assert read_design(decided + around.format("lantern", "lantern"), "design.md", ours).status == status


@pytest.mark.parametrize(("word", "option"), [("barrel", "rag"), ("lantern", "neither")])
def test_words_can_predict_that_a_document_decides_against_retrieval(tmp_path, word, option):
    lanterns = LANTERNS.replace("status_words", "rag_words")
    lanterns = lanterns.replace("[judged, no_decision, nothing_to_judge]", "['no', 'yes']")
    lanterns = lanterns.replace("[0, 0, 0]", "[0, 0]").replace("1 0 0 400", "1 400 0")
    ours = load_rulebook(write_pack(tmp_path, lanterns))
    text = (
        "# Support assistant\n\nThe LLM assistant answers from retrieved passages. Greetings need a prompt alone. "
        f"It has a {word} and another {word}.\n"
    )
    assert read_design(text, "design.md", ours).decision.option == option


def test_wordings_are_no_part_of_the_digest(tmp_path):
    with_words = load_rulebook(write_pack(tmp_path / "with", OWN))
    without = load_rulebook(write_pack(tmp_path / "without", "facts: []"))
    assert with_words.digest == without.digest


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("distinctive", "distinct"), "has no level 'distinct'"),
        (("behaviour.style", "behaviour.stile"), "no criterion 'behaviour.stile'"),
        (("in the voice", "(in the voice"), "never closes"),
        (("any: [never mind]", 'any: ["@nobody"]'), "list '@nobody', which is not defined"),
        (("any: [(scroll|scrolls)]", 'any: ["@units"]'), "list '@units', which is not defined"),
        (("says: {behaviour.style: distinctive}", "blocks: [prose]"), "needs 'says' or 'number'"),
        (
            ("says: {behaviour.style: distinctive}", "number: nowhere.at_all\n        kinds: [count]"),
            "nowhere.at_all",
        ),
        (
            ("says: {behaviour.style: distinctive}", "number: behaviour.style\n        kinds: [count]"),
            "needs 'bands'",
        ),
        (("says: {behaviour.style: distinctive}", "number: performance.latency"), "needs 'kinds'"),
        (
            ("says: {behaviour.style: distinctive}", "number: performance.latency\n        kinds: [time]"),
            "no kind of amount 'time'",
        ),
        (
            (
                "says: {behaviour.style: distinctive}",
                "number: behaviour.style\n        kinds: [count]\n        bands: {loud: 1}",
            ),
            "has no level 'loud'",
        ),
        (("means: negated", "means: denied"), "denied"),
        (("id: behaviour.style", "id: behaviour.stile"), "no fitted model 'behaviour.stile'"),
        (("[unanswered, distinctive]", "[unanswered, loud]"), "has no outcome 'loud'"),
        (("intercepts: [9, 0]", "intercepts: [9]"), "'intercepts' needs a number for each of 2 outcomes"),
        (("1 -9 9", "1 -9"), "a weight for each of 2 outcomes"),
        (("1 -9 9", "1 -9 nan"), "a weight for each of 2 outcomes"),
        (("1 -9 9", "1 -9 1e999"), "a weight for each of 2 outcomes"),
        (("1 -9 9", "[1, -9, 9]"), "'classifiers.0.features.lantern' must be text"),
        (("id: behaviour.style", "id: status_words"), "has no outcome 'unanswered'"),
        (("option: rag", "option: oracle"), "oracle"),
        (("id: oracle", "name: oracle"), "no key 'name'"),
        (("id: our-voice", "id: our-voice"), None),
    ],
)
def test_a_wording_that_cannot_be_used_is_named_with_its_line(run, tmp_path, change, complaint):
    pack = write_pack(tmp_path / "pack", OWN.replace(*change))
    result = run("rules", "check", "--rules", pack, "--format", "json")
    problems = [own for own in json.loads(result.out) if own["place"]["path"].endswith("own.yaml")]
    if complaint is None:
        assert not problems
    else:
        assert any(complaint in problem["message"] and problem["place"]["line"] for problem in problems)


def test_a_phrase_without_tests_or_with_a_bad_name_is_a_finding(tmp_path):
    text = OWN.replace("our-voice", "Our Voice").replace("[The lighthouse has a horn.]", "[]")
    found = {finding.name for finding in check_folder(write_pack(tmp_path, text), "2026-11-24")}
    assert {"malformed", "missing-test"} <= found


def test_a_failing_sentence_is_shown_and_counts_as_a_finding(run, tmp_path):
    text = (
        OWN.replace("id: documents", "id: scrolls")
        .replace("The lighthouse has a horn.", "Speak in the voice of the lighthouse.")
        .replace("It answers in the voice of the lighthouse.", "It hums.")
    )
    pack = write_pack(tmp_path / "pack", text)
    result = run("rules", "test", "--rules", pack)
    assert result.code == 1
    assert "our-voice is not found: It hums." in result.out
    assert "our-voice is found (distinctive): Speak in the voice of the lighthouse." in result.out
    failed = json.loads(run("rules", "test", "--rules", pack, "--format", "json").out)["phrase_tests"][
        "failed"
    ]
    assert [test["expected"] for test in failed] == ["stated", "not_stated"]


def test_a_sentence_of_a_test_can_name_the_value_that_it_states(tmp_path):
    text = OWN + (
        "      - id: our-size\n        any: [<count> scrolls]\n        number: knowledge.size\n        kinds: [count]\n"
        "        tokens: 100\n        sections: [requirements]\n"
        "        tests:\n          stated: [{text: There are 30 scrolls., value: 3000}]\n          not_stated: [There are scrolls.]\n"
    )
    found = check_folder(write_pack(tmp_path, text), "2026-11-24")
    assert not [finding for finding in found if "our-size" in finding.message]
