"""Figures and strengths cannot drift: what is shipped is what the fit gives, and documents show what the code gives."""

import re
from pathlib import Path

import msgspec
import pytest

import figures
from ragortune import load_rulebook
from ragortune.model import Sample, Strength

from .conftest import ROOT

fitting = pytest.importorskip("fitting", reason="the fit needs numpy and scipy")
import refit  # noqa: E402

DOCUMENTS = ("docs/validation.md", "README.md")
BOOK = load_rulebook()


@pytest.fixture(scope="module")
def data():
    return fitting.read_data(BOOK)


@pytest.fixture(scope="module")
def fitted(data):
    return refit.fit_everything(data)


# --- strengths ------------------------------------------------------------------------------------------------------


def test_the_shipped_strengths_and_base_rates_are_those_of_the_fit(fitted):
    assert list(refit.list_differences(BOOK, fitted)) == []


def test_a_strength_that_was_set_by_hand_would_be_noticed(fitted):
    rule = BOOK.rules["found-by-meaning"]
    (effect,) = rule.effects
    by_hand = rule.replace(effects=(effect.replace(strength=Strength.WEAK),))
    changed = BOOK.replace(
        rules={**BOOK.rules, rule.id: by_hand}, scale=BOOK.scale.replace(intercept_fine_tuning=0.0)
    )

    assert list(refit.list_differences(changed, fitted)) == [
        "K27 found-by-meaning on rag: weak, fitted strong",
        "intercept of fine_tuning: 0, fitted -1.85",
    ]


def test_writing_changes_strengths_and_base_rates_and_nothing_else(pack, monkeypatch, fitted):
    written = {path: path.read_text() for path in pack.rglob("*.yaml")}
    rules = pack / "rules" / "knowledge.yaml"
    rules.write_text(
        rules.read_text().replace("effect: for, strength: strong}", "effect: for, strength: weak}")
    )
    manifest = pack / "rulebook.yaml"
    manifest.write_text(manifest.read_text().replace("intercept_rag: -0.3", "intercept_rag: 0.5"))
    assert load_rulebook(pack).scale.intercept_rag == 0.5
    monkeypatch.setattr(refit, "shipped_folder", lambda: pack)

    refit.write_strengths(BOOK, fitted)

    assert {path: path.read_text() for path in pack.rglob("*.yaml")} == written


def test_signs_are_given_and_weights_are_steps_of_the_scale(data, fitted):
    for fit in fitted.values():
        assert {float(weight) for weight in fit.weights} <= set(data.steps)
        for effect, weight in zip(fit.effects, fit.weights, strict=True):
            assert effect.sign in (1, -1)
            assert weight >= effect.least


def test_every_effect_that_is_kept_against_the_fit_is_one_of_a_rule(data):
    listed = {(effect.rule, need) for need, own in data.needs.items() for effect in own.effects}

    assert set(fitting.LEAST) <= listed


def test_candidates_that_were_dropped_do_not_stand_in_the_rule_set(data):
    """Each competes in every fold, and none is a rule that has the same effect already."""
    rules = {(rule.id, effect.need) for rule in BOOK.rules.values() for effect in rule.effects}
    names = [(effect.rule, need) for need, own in data.needs.items() for effect in own.effects]

    assert len(names) == len(set(names))
    assert len(set(names) - rules) >= 20


def test_cases_of_one_group_are_never_on_both_sides_of_a_fold(data):
    for group in {case.group for case in data.cases}:
        folds = {int(fold) for case, fold in zip(data.cases, data.folds, strict=True) if case.group == group}
        assert len(folds) == 1


def test_selected_cases_leave_the_mix_of_the_field_alone(data):
    """The weight of the selected cases of an option is a fixed multiple of that of the field cases with it."""
    everything = data.folds >= 0
    for need in data.needs:
        weights = fitting.weigh_cases(data, everything, need)
        for option in {case.outcome for case in data.cases}:
            counted = dict.fromkeys(Sample, 0.0)
            for case, weight in zip(data.cases, weights, strict=True):
                if case.outcome is option:
                    counted[case.sample] += weight / (1 if case.clear else fitting.UNCLEAR)
            assert counted[Sample.SELECTED] == pytest.approx(fitting.SELECTED[need] * counted[Sample.FIELD])


# --- documents ------------------------------------------------------------------------------------------------------


def test_the_page_on_validation_shows_the_figures_of_the_shipped_rules(monkeypatch):
    """Intervals are left out: they are drawn from the same cases, a thousand times."""
    monkeypatch.setattr(figures, "list_intervals", lambda name, _: [name] * len(figures.COLUMNS))

    shown = figures.read_tables((ROOT / "docs" / "validation.md").read_text())
    now = figures.describe_shipped(BOOK)

    def read_rows(tables):
        return {
            name: [row for row in table.splitlines() if not row.startswith("| 95% interval |")]
            for name, table in tables.items()
            if name in now and name in shown
        }

    assert "shipped" in shown
    assert read_rows(shown) == read_rows(now), "`make figures` writes them anew"


def test_the_figures_on_unseen_cases_are_those_of_the_present_rules_and_cases(data):
    """They take a minute to compute, so their inputs are compared: `make figures` computes them anew."""
    shown = figures.read_tables((ROOT / "docs" / "validation.md").read_text())

    assert shown["inputs"] == f"Computed from the inputs `{fitting.take_fingerprint(data)}`.\n"


def test_the_digest_of_the_inputs_tells_a_change_of_an_answer_and_of_a_condition():
    (case, first), *others = BOOK.coded_cases
    recoded = [(case, {**first, "model.churn": ("high",)}), *others]
    rule = BOOK.rules["found-by-meaning"]
    wider = rule.replace(when={"knowledge.access_path": ("by_meaning", "by_key")})
    worded = rule.replace(because="In other words.")
    books = [
        BOOK,
        BOOK.replace(casebook=msgspec.Raw(msgspec.msgpack.encode(recoded, enc_hook=dict))),
        BOOK.replace(rules={**BOOK.rules, rule.id: wider}),
    ]
    digests = [fitting.take_fingerprint(fitting.read_data(book)) for book in books]

    assert len(set(digests)) == 3
    reworded = BOOK.replace(rules={**BOOK.rules, rule.id: worded})
    assert fitting.take_fingerprint(fitting.read_data(reworded)) == digests[0]


def test_both_documents_show_the_same_figures_on_unseen_cases():
    first, second = (figures.read_tables((ROOT / name).read_text())["unseen"] for name in DOCUMENTS)

    assert first == second
    assert first.count("\n") >= 9


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("docs/validation.md", "{strict}% strict and {lenient}% lenient, with probabilities"),
        ("docs/validation.md", "mean what they say (slope {slope})"),
        ("README.md", "is the published option in {strict}% (*strict*)"),
        ("README.md", "leaves room for in {lenient}% (*lenient*)"),
    ],
)
def test_what_the_documents_say_in_words_agrees_with_their_tables(name, words):
    page = (ROOT / name).read_text()
    row = next(line for line in page.splitlines() if line.startswith("| **scorecard**"))
    strict, lenient, *_, slope, _ = re.findall(r"-?[0-9.]+", row)

    words = words.format(strict=f"{float(strict):.0f}", lenient=f"{float(lenient):.0f}", slope=slope)
    assert words in " ".join(page.split()), f"write into {name}: {words}"


def test_a_table_is_put_between_its_markers_and_nothing_else_changes():
    text = "before\n<!-- figures: one -->\nold\n<!-- /figures -->\nbetween\n<!-- figures: two -->\n<!-- /figures -->\n"

    filled = figures.fill_tables(text, {"one": "| new |\n"})

    assert filled == text.replace("old\n", "| new |\n")
    assert figures.read_tables(filled) == {"one": "| new |\n", "two": ""}


def test_rules_of_thumb_read_single_answers_and_never_guess():
    assert figures.ask_four_questions({}) == "neither"
    assert figures.ask_four_questions({"knowledge.access_path": ("by_key", "by_meaning")}) == "rag"
    fits = {"knowledge.access_path": ("by_key", "by_meaning"), "knowledge.fits_prompt": ("yes",)}
    assert figures.ask_four_questions(fits) == "neither"
    pairs = {"knowledge.access_path": ("in_request",), "data.examples": ("plenty",)}
    assert figures.ask_four_questions(pairs) == "fine_tuning"
    assert figures.ask_four_questions({**pairs, "readiness.prompting": ("good_enough",)}) == "neither"
    assert figures.read_source_document({}) == "rag"
    assert figures.read_source_document({"task.kind": ("classification",)}) == "fine_tuning"
    assert Path(figures.__file__).parent == ROOT / "tools"
