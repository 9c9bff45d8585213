"""Rule packs: adding, overriding and disabling rules; and errors a rule author can act on."""

import os
import re
import shutil
from pathlib import Path

import msgspec
import platformdirs
import pytest

from ragortune import RagortuneError, load_rulebook, recommend
from ragortune.model import DisabledRule
from ragortune.ruleset import load
from ragortune.ruleset.load import cache_folder, compiled_name
from ragortune.support.errors import RulebookError, UnreadableError
from ragortune.support.rulefolder import shipped_folder

MANIFEST = "name: ours\nversion: '1'\nextends: ragortune\n"
RULE = """rules:
  - id: {id}
    code: {code}
    title: Our models are all small
    when: {{model.strength: mid}}
    effects: [{{need: fine_tuning, effect: for, strength: strong}}]
    because: We measured it.
    sources: [{{source: our-study, found: A tuned mid-size model won.}}]
    exceptions: [None known.]
    remedy: Tune.
    tests:
      fires: [{{name: A mid-size model, profile: {{model.strength: mid}}}}]
      does_not_fire: [{{name: A weak model, profile: {{model.strength: weak}}}}]
"""
SOURCES = "sources:\n  - {id: our-study, title: Our study, address: 'https://example.org', checked: 2026-11-01, quality: measured}\n"


@pytest.fixture
def team_pack(tmp_path):
    folder = tmp_path / "team"
    (folder / "rules").mkdir(parents=True)
    (folder / "sources").mkdir()
    (folder / "rulebook.yaml").write_text(MANIFEST)
    (folder / "rules" / "ours.yaml").write_text(RULE.format(id="our-models", code="X01"))
    (folder / "sources" / "ours.yaml").write_text(SOURCES)
    return folder


def test_a_pack_that_extends_adds_its_rules_to_the_shipped_ones(team_pack, book):
    ours = load_rulebook(team_pack)

    assert (ours.name, ours.version) == ("ours", "1")
    assert set(ours.rules) == {*book.rules, "our-models"}
    assert ours.scale == book.scale
    assert ours.digest != book.digest
    assert len(ours.cases) == len(book.cases)
    assert speaks_for_tuning(ours) == ["strong"]
    assert speaks_for_tuning(book) == []


def test_only_a_pack_that_leaves_the_rules_as_they_were_fitted_speaks_of_published_systems(team_pack):
    assert not load_rulebook(team_pack).fitted
    (team_pack / "rules" / "ours.yaml").unlink()
    assert load_rulebook(team_pack).fitted


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (None, "", ""),
        ("rulebook.yaml", "intercept_rag: ", "intercept_rag: 0.1  # "),
        ("criteria/1-task-and-knowledge.yaml", "starts_at: 50000", "starts_at: 50001"),
    ],
)
def test_only_a_copy_that_decides_as_the_shipped_set_does_speaks_of_published_systems(
    tmp_path, book, file, old, new
):
    copy = Path(shutil.copytree(shipped_folder(), tmp_path / "own"))
    if file:
        text = (copy / file).read_text()
        (copy / file).write_text(text.replace(old, new, 1))

    assert load_rulebook(copy).fitted == (0 if file else book.fitted)


def test_projects_that_a_pack_adds_are_not_among_the_systems_drawn_at_random(team_pack, book, run):
    (team_pack / "rules" / "ours.yaml").unlink()
    (team_pack / "cases").mkdir()
    text = (shipped_folder() / "cases" / "field.yaml").read_text()
    case = re.split(r"(?m)^(?=- id: )", text)[1]
    (team_pack / "cases" / "ours.yaml").write_text(
        "cases:\n" + re.sub("id: .*", "id: our_desk", case, count=1)
    )

    assert len(load_rulebook(team_pack).cases) == len(book.cases) + 1
    out = " ".join(run("explain", "probability", "--rules", str(team_pack)).out.split())
    assert f"those of {book.fitted} production systems" in out


def speaks_for_tuning(rulebook):
    """Return how strongly a mid-size model speaks for tuning, by the rule of the pack."""
    advice = recommend({"model.strength": "mid"}, rulebook)
    return [reason.strength.value for reason in advice.reasons if reason.need == "fine_tuning"]


def test_a_rule_of_the_same_id_overrides_the_shipped_one(team_pack, book):
    (team_pack / "rules" / "ours.yaml").write_text(RULE.format(id="weak-model", code="M01"))
    ours = load_rulebook(team_pack)

    assert len(ours.rules) == len(book.rules)
    assert ours.rules["weak-model"].title == "Our models are all small"


QUANTITY = """quantities:
  - {id: seats, asks: seats in the office, unit: requests, minimum: 1, maximum: 500, whole: true, criterion: data.examples}
"""


def test_a_pack_that_lists_a_quantity_reads_it_from_profiles_with_its_limits_and_its_criterion(team_pack):
    (team_pack / "quantities").mkdir()
    (team_pack / "quantities" / "ours.yaml").write_text(QUANTITY)
    ours = load_rulebook(team_pack)

    profile = recommend({"quantities": {"seats": "20 requests"}}, ours).profile
    assert profile.quantities["seats"].mid == 20
    assert profile.levels["data.examples"] == ("under_50",)
    with pytest.raises(RagortuneError, match="'seats' must be from 1 to 500"):
        recommend({"quantities": {"seats": 501}}, ours)


def test_a_team_beyond_the_limit_that_its_pack_sets_for_a_quantity_still_gets_a_bill(team_pack, run, write):
    (team_pack / "quantities").mkdir()
    limit = "{id: requests_per_day, asks: x, unit: requests/day, maximum: 500, criterion: performance.volume}"
    (team_pack / "quantities" / "ours.yaml").write_text(f"quantities:\n  - {limit}\n")
    profile = write("p.yaml", "performance: {volume: 2000}\n")

    result = run("cost", profile, "--rules", str(team_pack))

    assert (result.code, "Requests   60,800 a month" in result.out) == (0, True), result.err or result.out


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("unit: requests", "unit: chairs", "'chairs' is not a unit"),
        ("data.examples", "data.exmples", r":2:\d{3}: there is no criterion 'data.exmples'"),
        ("unit: requests", "words: [few, many]", "'seats' is a name, and 'data.examples' takes a number"),
        ("unit: requests", "rows: [chat]", "there is no kind of price row 'chat'"),
        ("data.examples", "task.kind", "'seats' is a number, and 'task.kind' takes none"),
        (", unit: requests", "", "'seats' needs a 'unit', or 'rows' or 'words' to choose from"),
        ("id: seats", "id: corpus_tokens", "'corpus_tokens' overrides a quantity that is given in tokens"),
    ],
)
def test_a_quantity_that_refers_to_what_is_not_defined_is_refused(team_pack, old, new, message):
    (team_pack / "quantities").mkdir()
    (team_pack / "quantities" / "ours.yaml").write_text(QUANTITY.replace(old, new))

    with pytest.raises(RulebookError, match=message):
        load_rulebook(team_pack)


def test_a_disabled_rule_is_gone_and_its_reason_is_kept(team_pack):
    (team_pack / "rulebook.yaml").write_text(
        MANIFEST + "disable:\n  - {rule: weak-model, because: We have large ones.}\n"
    )
    ours = load_rulebook(team_pack)

    assert "weak-model" not in ours.rules
    assert ours.disabled == {"weak-model": DisabledRule("M01", "We have large ones.", is_finding=False)}


def test_disabling_a_rule_that_is_not_there_names_the_nearest(team_pack):
    (team_pack / "rulebook.yaml").write_text(MANIFEST + "disable:\n  - {rule: weak-modle, because: x}\n")
    with pytest.raises(RulebookError) as caught:
        load_rulebook(team_pack)

    assert str(caught.value).endswith(
        "rulebook.yaml:5:12: there is no rule 'weak-modle' to disable\nhint: did you mean 'weak-model'?"
    )


def test_disabling_needs_a_reason(team_pack):
    (team_pack / "rulebook.yaml").write_text(MANIFEST + "disable:\n  - {rule: weak-model}\n")
    with pytest.raises(RulebookError, match="'because' is missing"):
        load_rulebook(team_pack)


def test_a_rule_can_be_disabled_by_its_code(team_pack):
    (team_pack / "rulebook.yaml").write_text(MANIFEST + "disable:\n  - {rule: RT302, because: Not ours.}\n")

    assert load_rulebook(team_pack).disabled == {
        "no-consequences": DisabledRule("RT302", "Not ours.", is_finding=True)
    }


@pytest.mark.parametrize(
    ("disabled", "message"),
    [
        ("weak-model", ":5:12: rule 'weak-model' is both disabled and defined\nhint: drop one of the two"),
        (
            "facts-from-outside, because: x}\n  - {rule: facts-from-outside",
            ":6:12: rule 'facts-from-outside' is disabled twice",
        ),
    ],
)
def test_a_rule_that_is_disabled_although_it_is_overridden_or_disabled_already_is_told(
    team_pack, disabled, message
):
    (team_pack / "rules" / "ours.yaml").write_text(RULE.format(id="weak-model", code="M01"))
    (team_pack / "rulebook.yaml").write_text(f"{MANIFEST}disable:\n  - {{rule: {disabled}, because: x}}\n")
    with pytest.raises(RulebookError) as caught:
        load_rulebook(team_pack)

    assert str(caught.value).endswith(message)


CRITERIA = """criteria:
  - {id: team.seats, title: t, question: q, help: h, unit: seats, levels: [{id: few, means: a, starts_at: 1}, {id: many, means: b, starts_at: 100}]}
"""
DERIVED = """derived:
  - {id: derived.payback, title: t, question: q, help: h, levels: [{id: never, means: a}, {id: late, means: b}]}
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("starts_at: 100", "start_at: 100"),
        ("means: b", "means: ''"),
        ("starts_at: 100", "starts_at: 1"),
        ("id: few", "id: unknown"),
        ("id: few", "id: '1'"),
        ("id: few", "id: '1e3'"),
        ("id: few", "id: '0x10'"),
        (", starts_at: 1}, {id: many, means: b, starts_at: 100}", "}, {id: many, means: b}"),
        ("[{id: few, means: a, starts_at: 1}, {id: many, means: b, starts_at: 100}]", "[]"),
    ],
)
def test_a_mistake_in_a_criterion_is_told_once_and_not_where_rules_and_cases_name_it(team_pack, old, new):
    (team_pack / "criteria").mkdir()
    criteria = team_pack / "criteria" / "ours.yaml"
    criteria.write_text(CRITERIA)
    rules = team_pack / "rules" / "ours.yaml"
    rules.write_text(rules.read_text().replace("model.strength: mid", "team.seats: many"))
    rules.write_text(rules.read_text().replace("{model.strength: weak}", "{team: {seats: 30}}"))
    load_rulebook(team_pack)
    assert old in CRITERIA
    criteria.write_text(CRITERIA.replace(old, new))
    with pytest.raises(RulebookError) as caught:
        load_rulebook(team_pack)

    assert [problem.place.path.endswith("criteria/ours.yaml") for problem in caught.value.problems] == [True]


@pytest.mark.parametrize(
    ("limit", "given", "told"),
    [
        ("minimum: 1", 0, "at least 1"),
        ("maximum: 300", 301, "at most 300"),
        ("minimum: -5", -6, "at least -5"),
    ],
)
def test_a_number_beyond_the_only_limit_of_a_criterion_is_told_that_limit(team_pack, limit, given, told):
    (team_pack / "criteria").mkdir()
    (team_pack / "criteria" / "ours.yaml").write_text(CRITERIA.replace("unit:", f"{limit}, unit:"))

    with pytest.raises(RagortuneError, match=f"'team.seats' must be {told} \\(seats\\), not {given}"):
        recommend({"team.seats": given}, load_rulebook(team_pack))


def test_a_mistake_in_a_source_is_told_once_and_not_where_rules_cite_it(team_pack):
    (team_pack / "sources" / "ours.yaml").write_text(SOURCES.replace("measured", "measurd"))
    with pytest.raises(RulebookError) as caught:
        load_rulebook(team_pack)

    (problem,) = caught.value.problems
    assert "not 'measurd'" in problem.message


@pytest.mark.parametrize(
    ("derived", "message"),
    [
        (
            DERIVED.replace("payback", "quota"),
            ":2:10: criterion 'derived.quota' is never computed, only derived.",
        ),
        (
            DERIVED.replace("late", "after_retirement"),
            "criterion 'derived.payback' needs the levels that are computed: 'before_retirement'",
        ),
    ],
)
def test_a_derived_criterion_that_nothing_computes_or_whose_levels_are_renamed_is_refused(
    team_pack, derived, message
):
    (team_pack / "derived").mkdir()
    (team_pack / "derived" / "ours.yaml").write_text(derived)
    with pytest.raises(RulebookError) as caught:
        load_rulebook(team_pack)

    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("defaults", "message"),
    [
        ("{wek: gpt-oss-20b}", "there is no level 'wek'\nhint: did you mean 'weak'?"),
        ("{weak: gpt-oss-20}", "there is no name to choose 'gpt-oss-20'\nhint: did you mean 'gpt-oss-20b'?"),
        ("{otherwise: pgvector}", "there is no name to choose 'pgvector'"),
    ],
)
def test_a_default_of_a_quantity_that_no_bill_could_use_is_refused_where_it_is(team_pack, defaults, message):
    (team_pack / "quantities").mkdir()
    (team_pack / "quantities" / "ours.yaml").write_text(
        f"quantities:\n  - {{id: model, asks: models, rows: [chat_model], several: true, depends_on: [model.strength], defaults: {defaults}}}\n"
    )
    with pytest.raises(RulebookError) as caught:
        load_rulebook(team_pack)

    problem = caught.value.problems[0]
    assert str(problem).partition(": ")[2].startswith(message)
    assert problem.place.line == 2
    assert problem.place.column > 100


def test_everything_that_a_rule_lacks_is_named_at_once(team_pack):
    path = team_pack / "rules" / "ours.yaml"
    text = path.read_text().replace("    because: We measured it.\n", "").replace("    remedy: Tune.\n", "")
    path.write_text(text)

    with pytest.raises(RulebookError, match="'because' and 'remedy' are missing"):
        load_rulebook(team_pack)


def test_a_malformed_rule_hides_nothing_that_is_wrong_with_the_others(team_pack):
    path = team_pack / "rules" / "ours.yaml"
    malformed, other = RULE.format(id="first", code="X01"), RULE.format(id="second", code="X02")
    other = other.replace("rules:\n", "").replace("model.strength", "model.strenth")
    path.write_text(malformed.replace("    remedy: Tune.\n", "") + other)

    with pytest.raises(RulebookError) as caught:
        load_rulebook(team_pack)

    told = [problem.message for problem in caught.value.problems]
    assert told[0] == "'remedy' is missing"
    assert any("'model.strenth'" in message for message in told)


def test_a_pack_that_stands_alone_needs_its_own_scale(team_pack):
    (team_pack / "rulebook.yaml").write_text("name: ours\nversion: '1'\n")
    with pytest.raises(RulebookError, match="needs a 'scale'"):
        load_rulebook(team_pack)


SCALE = {
    "weak": "0.35",
    "moderate": "0.7",
    "strong": "1.2",
    "very_strong": "2.0",
    "intercept_rag": "-0.3",
    "intercept_fine_tuning": "-1.85",
    "unconfirmed": "1.2",
    "firm_from": "0.8",
    "ask_from": "0.01",
}


def write_scale(pack, **changed):
    scale = "".join(f"  {name}: {value}\n" for name, value in {**SCALE, **changed}.items())
    (pack / "rulebook.yaml").write_text(f"{MANIFEST}scale:\n{scale}")


def test_a_pack_may_bring_a_scale_of_its_own(team_pack, book):
    write_scale(team_pack, strong="1.5")

    assert load_rulebook(team_pack).scale == book.scale.replace(strong=1.5, ask_first=())


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"strong": "1e15"}, "rulebook.yaml:7:11: 'scale.strong' must be from 0.7 to 20, not 1e+15"),
        ({"strong": "0.5"}, "'scale.strong' must be from 0.7 to 20, not 0.5"),
        ({"weak": "0"}, "'scale.weak' must be from 0.001 to 20, not 0"),
        ({"weak": "-1"}, "'scale.weak' must be from 0.001 to 20, not -1"),
        ({"intercept_rag": "-400"}, "'scale.intercept_rag' must be from -20 to 20, not -400"),
        ({"unconfirmed": "-1"}, "'scale.unconfirmed' must be from 0 to 20, not -1"),
        ({"firm_from": "80"}, "'scale.firm_from' must be from 0.5 to 1, not 80"),
        ({"ask_from": "-0.1"}, "'scale.ask_from' must be from 0 to 1, not -0.1"),
    ],
)
def test_outsized_numbers_are_refused(team_pack, changed, message):
    write_scale(team_pack, **changed)
    with pytest.raises(RulebookError) as caught:
        load_rulebook(team_pack)

    assert str(caught.value).endswith(message)


def test_what_is_not_a_number_is_refused_where_it_is(team_pack):
    write_scale(team_pack, strong=".nan")
    with pytest.raises(UnreadableError, match=r"rulebook\.yaml:7:11: \.nan is not a number that can be used"):
        load_rulebook(team_pack)


def test_a_copy_of_the_shipped_set_is_the_shipped_set(whole_pack, book):
    copy = load_rulebook(whole_pack)

    assert copy.digest == book.digest
    assert list(copy.rules) == list(book.rules)


def test_line_ends_do_not_change_the_digest(whole_pack, book):
    for path in whole_pack.rglob("*.yaml"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))

    assert load_rulebook(whole_pack).digest == book.digest


def test_the_casebook_is_not_part_of_the_digest(whole_pack, book):
    (whole_pack / "cases" / "selected-papers.yaml").unlink()

    assert load_rulebook(whole_pack).digest == book.digest
    assert len(load_rulebook(whole_pack).cases) < len(book.cases)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "effects: [{need: fine_tuning,",
            "effects: [{need: tuning,",
            ":6:22: 'rules.0.effects.0.need' must be rag or fine_tuning, not 'tuning'\nhint: did you mean 'fine_tuning'?",
        ),
        (
            "strength: strong",
            "strength: strng",
            ":6:58: 'rules.0.effects.0.strength' must be weak, moderate, strong or very_strong, not 'strng'\nhint: did you mean 'strong'?",
        ),
        ("remedy:", "remdy:", ":10:5: there is no key 'remdy' here\nhint: did you mean 'remedy'?"),
        ("    because: We measured it.\n", "", ":2:5: 'because' is missing"),
        (
            "when: {model.strength: mid}",
            "when: {model.strenght: mid}",
            ":5:12: there is no criterion 'model.strenght'\nhint: did you mean 'model.strength'?",
        ),
        (
            "when: {model.strength: mid}",
            "when: {model.strength: small}",
            ":5:28: 'model.strength' has no level 'small'\nhint: expected weak, mid or frontier",
        ),
        (
            "when: {model.strength: mid}",
            "when: {model.strength: []}",
            ":5:28: the condition on 'model.strength' names no level",
        ),
        (
            "when: {model.strength: mid}",
            "when: {model.strength: {at_least: frontier, at_most: weak}}",
            ":5:28: the condition on 'model.strength' ends before it begins",
        ),
        (
            "code: X01",
            "code: RT001",
            "rules/ours.yaml:3:11: code 'RT001' is taken by rule 'decision-disagrees'",
        ),
        (
            "id: our-models",
            "id: decision-disagrees",
            "rules/ours.yaml:2:9: 'decision-disagrees' is the name of a rule already",
        ),
        (
            "when: {model.strength: mid}",
            "when: {task.kind: {at_least: writing}}",
            ":5:23: the levels of 'task.kind' have no order; list them instead",
        ),
        ("exceptions: [None known.]", "exceptions:", ":9:16: 'rules.0.exceptions' must be a list, not null"),
        (
            "title: Our models are all small",
            "title: 3",
            ":4:12: 'rules.0.title' must be text in quotes, not 3",
        ),
        (
            "exceptions: [None known.]",
            "exceptions: {a: b}",
            "'rules.0.exceptions' must be a list, not a mapping",
        ),
        (
            "title: Our models are all small",
            "title: ''",
            "'rules.0.title' must be text that is not empty, not ''",
        ),
        (
            "when: {model.strength: mid}",
            "when: [model.strength]",
            "'rules.0.when' must be a mapping, not a list",
        ),
        (
            "profile: {model.strength: weak}",
            "profile: {model.strength: weka}",
            "must be weak, mid or frontier, not 'weka'\nhint: did you mean 'weak'?",
        ),
        ("id: our-models\n", "id: our-models\n    id: twice\n", ":3:5: duplicate key 'id'"),
    ],
)
def test_an_error_in_a_rule_has_a_place_and_a_hint(team_pack, old, new, message):
    path = team_pack / "rules" / "ours.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(RagortuneError) as caught:
        load_rulebook(team_pack)

    assert any(
        str(problem).endswith(message) for problem in getattr(caught.value, "problems", [caught.value])
    ), [str(problem) for problem in getattr(caught.value, "problems", [caught.value])]


@pytest.mark.parametrize(
    ("criterion", "message"),
    [
        (
            "{id: size, title: t, question: q, help: h, levels: [{id: a, means: a}]}",
            "is not named `group.name`",
        ),
        (
            "{id: team.size, title: t, question: q, help: h, unit: heads, minimum: 9, maximum: 2, levels: [{id: a, means: a, starts_at: 1}]}",
            "has a minimum above its maximum",
        ),
        (
            "{id: quantities.seats, title: t, question: q, help: h, levels: [{id: a, means: a}]}",
            "is in a group whose name every profile uses for something else",
        ),
        (
            "{id: team.size, title: t, question: q, help: h, levels: [{id: a, means: a}, {id: a, means: b}]}",
            "names a level twice",
        ),
        (
            "{id: team.size, title: t, question: q, help: h, unit: heads, levels: [{id: a, means: a}]}",
            "has a unit, but no `starts_at`",
        ),
        (
            "{id: team.size, title: t, question: q, help: h, levels: [{id: a, means: a, starts_at: 1}]}",
            "has `starts_at`, but no unit",
        ),
    ],
)
def test_a_criterion_that_cannot_be_is_refused(team_pack, criterion, message):
    (team_pack / "criteria").mkdir()
    (team_pack / "criteria" / "ours.yaml").write_text(f"criteria:\n  - {criterion}\n")
    with pytest.raises(RulebookError, match=message):
        load_rulebook(team_pack)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("{value: 3, unit: requests/day}", "'active_hours' is given in hours/day, not in 'requests/day'"),
        ("{value: 0, unit: hours/day}", "'active_hours' must be from 0.1 to 24 hours/day, not 0 to 0"),
    ],
)
def test_a_default_that_no_profile_could_give_is_refused_before_a_bill_is_computed_with_it(
    team_pack, value, message
):
    row = f"id: active_hours, kind: default, title: t, as_of: 2026-11-01, source: our-study, confidence: low, values: {{value: {value}}}"
    (team_pack / "prices").mkdir()
    (team_pack / "prices" / "ours.yaml").write_text(f"prices:\n  - {{{row}}}\n")
    with pytest.raises(RulebookError, match=message):
        load_rulebook(team_pack)


def test_a_criterion_whose_levels_the_extended_set_misses_is_told_once_where_the_team_can_change_it(
    team_pack,
):
    (team_pack / "criteria").mkdir()
    (team_pack / "criteria" / "ours.yaml").write_text(
        "criteria:\n  - {id: model.strength, title: t, question: q, help: h, levels: [{id: weak, means: a}, {id: mid, means: b}, {id: top, means: c}]}\n"
    )
    with pytest.raises(RulebookError) as caught:
        load_rulebook(team_pack)

    (problem,) = caught.value.problems
    assert problem.place.path.endswith("criteria/ours.yaml")
    assert problem.message.startswith("'model.strength' no longer fits 'weak-model' in rules/")
    assert problem.hint == "keep what others use, or override or disable them"


def test_a_misspelt_key_of_a_condition_is_all_that_is_told_about_it(team_pack):
    path = team_pack / "rules" / "ours.yaml"
    path.write_text(
        path.read_text().replace("when: {model.strength: mid}", "when: {model.strength: {at_leats: mid}}")
    )
    with pytest.raises(RulebookError) as caught:
        load_rulebook(team_pack)

    (problem,) = caught.value.problems
    assert (problem.message, problem.hint) == ("there is no key 'at_leats' here", "did you mean 'at_least'?")


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ("{at_least: 3}", ["'rules.0.when.model.strength.at_least' must be text in quotes, not 3"]),
        ("{first: mid}", ["there is no key 'first' here"]),
        (
            "{at_least: mid, main: mid}",
            ["'main' does not go with 'at_least' and 'at_most'"],
        ),
    ],
)
def test_a_key_that_conditions_have_is_never_called_unknown(team_pack, condition, told):
    path = team_pack / "rules" / "ours.yaml"
    path.write_text(
        path.read_text().replace("when: {model.strength: mid}", f"when: {{model.strength: {condition}}}")
    )
    with pytest.raises(RulebookError) as caught:
        load_rulebook(team_pack)

    assert {problem.message for problem in caught.value.problems} == {*told}
    assert caught.value.problems[0].hint in (None, "expected at_least, at_most or main")


def test_words_of_a_finding_rule_that_no_document_can_have_are_refused(whole_pack):
    path = whole_pack / "findings" / "findings.yaml"
    path.write_text(
        path.read_text().replace("    words: [", "    words: ['*', 'a*b', 'data  protection', ", 1)
    )
    with pytest.raises(RulebookError) as caught:
        load_rulebook(whole_pack)

    assert ["is not a word" in problem.message for problem in caught.value.problems] == [True] * 3


def test_a_limit_of_no_days_for_sources_is_refused(team_pack):
    (team_pack / "rulebook.yaml").write_text(f"{MANIFEST}recheck_days: 0\n")
    with pytest.raises(RulebookError, match="'recheck_days' must be at least 1, not 0"):
        load_rulebook(team_pack)


def test_a_case_with_an_unknown_level_is_refused(whole_pack):
    path = whole_pack / "cases" / "selected-papers.yaml"
    path.write_text(path.read_text().replace("knowledge.gap: most", "knowledge.gap: mots", 1))
    with pytest.raises(RulebookError, match="must be none, some or most, not 'mots'"):
        load_rulebook(whole_pack)


def test_a_case_whose_outcome_is_not_among_what_is_acceptable_is_refused(whole_pack):
    path = whole_pack / "cases" / "selected-papers.yaml"
    path.write_text(re.sub(r"acceptable:\n( +- \w+\n)+", "acceptable: []\n", path.read_text(), count=1))
    with pytest.raises(RulebookError, match=r":\d+:\d+: 'acceptable' leaves out the outcome, '"):
        load_rulebook(whole_pack)


def test_a_file_whose_ending_is_in_capitals_is_read(team_pack):
    (team_pack / "rules" / "ours.yaml").rename(team_pack / "rules" / "OURS.YAML")

    assert "our-models" in load_rulebook(team_pack).rules


def test_a_file_in_no_known_folder_is_refused(team_pack):
    (team_pack / "extra.yaml").write_text("a: 1\n")
    with pytest.raises(RulebookError, match="a rule set keeps its files in criteria/, rules/"):
        load_rulebook(team_pack)


def test_a_set_without_a_guide_for_an_option_is_refused(pack):
    path = pack / "options" / "options.yaml"
    path.write_text(path.read_text().replace("- id: neither", "- id: rag", 1))
    with pytest.raises(RulebookError) as caught:
        load_rulebook(pack)

    assert {problem.message for problem in caught.value.problems} >= {
        "option 'rag' is defined twice",
        "option 'neither' has no guide in options/",
    }


def test_only_the_shipped_set_can_be_extended(team_pack):
    (team_pack / "rulebook.yaml").write_text("name: ours\nversion: '1'\nextends: theirs\n")
    with pytest.raises(RulebookError, match="'extends' must be 'ragortune', not 'theirs'"):
        load_rulebook(team_pack)


def test_folders_that_are_no_rule_set_are_refused(tmp_path):
    with pytest.raises(UnreadableError, match="no such folder"):
        load_rulebook(tmp_path / "nowhere")
    with pytest.raises(UnreadableError, match=r"holds no rulebook\.yaml"):
        load_rulebook(tmp_path)
    (tmp_path / "rulebook.yaml").mkdir()
    with pytest.raises(UnreadableError, match=r"holds no rulebook\.yaml"):
        load_rulebook(tmp_path)
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(UnreadableError, match="is a file, not a folder"):
        load_rulebook(file)


def test_a_folder_with_too_many_files_is_refused(team_pack):
    for number in range(501):
        (team_pack / "rules" / f"{number}.yaml").write_text("rules: []\n")
    with pytest.raises(UnreadableError, match="more than 500 YAML files"):
        load_rulebook(team_pack)


# --- the compiled form --------------------------------------------------------------------------------------------


def test_what_is_compiled_follows_the_content_and_is_never_stale(team_pack):
    first = load_rulebook(team_pack)
    path = team_pack / "rules" / "ours.yaml"
    path.write_text(path.read_text().replace("strength: strong", "strength: weak"))
    stamp = path.stat()
    os.utime(path, (stamp.st_atime - 1000, stamp.st_mtime - 1000))
    second = load_rulebook(team_pack)

    assert speaks_for_tuning(first) == ["strong"]
    assert speaks_for_tuning(second) == ["weak"]


@pytest.fixture
def own_cache(monkeypatch, tmp_path):
    """A cache of the test's own, with nothing remembered in this process."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("RAGORTUNE_CACHE_DIR", str(folder))
    load._load_compiled.cache_clear()
    yield folder
    load._load_compiled.cache_clear()


def test_what_is_compiled_is_plain_data_under_the_digest_of_its_sources(own_cache):
    book = load_rulebook()
    compiled = msgspec.msgpack.decode((own_cache / compiled_name(shipped_folder())).read_bytes())

    assert compiled["digest"] == book.digest
    assert len(compiled["rules"]) == len(book.rules)


def test_a_damaged_compiled_file_is_compiled_anew(own_cache, team_pack):
    load_rulebook(team_pack)
    for path in own_cache.iterdir():
        path.write_text("{broken")
    load._load_compiled.cache_clear()
    again = load_rulebook(team_pack)

    assert "our-models" in again.rules
    assert len(again.cases) == len(load_rulebook().cases)


def test_a_cache_that_cannot_be_written_is_done_without(team_pack, monkeypatch, tmp_path):
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where the folder should be")
    monkeypatch.setenv("RAGORTUNE_CACHE_DIR", str(blocked))
    path = team_pack / "rulebook.yaml"
    path.write_text(path.read_text() + "# changed\n")

    assert "our-models" in load_rulebook(team_pack).rules
    assert len(load_rulebook(team_pack).cases) == len(load_rulebook().cases)


def test_the_cache_keeps_the_newest_few(own_cache, team_pack, monkeypatch, book):
    monkeypatch.setattr("ragortune.ruleset.compile.compile_folder", lambda _: book)
    manifest = team_pack / "rulebook.yaml"
    names = []
    for number in range(14):
        manifest.write_text(f"{manifest.read_text()}# changed\n")
        load_rulebook(team_pack)
        names.append(compiled_name(team_pack))
        os.utime(own_cache / names[-1], (number, number))

    assert {path.name for path in own_cache.iterdir()} == {*names[2:]}


def test_what_another_version_compiled_is_not_used(team_pack, monkeypatch):
    before = compiled_name(team_pack)
    monkeypatch.setattr("ragortune.ruleset.load.__version__", "99.0")

    assert compiled_name(team_pack) != before


def test_a_compiled_file_with_other_fields_is_compiled_anew(own_cache, team_pack):
    load_rulebook(team_pack)
    path = own_cache / compiled_name(team_pack)
    fields = msgspec.msgpack.decode(path.read_bytes())
    del fields["scale"]["firm_from"]
    path.write_bytes(msgspec.msgpack.encode(fields))
    load._load_compiled.cache_clear()

    assert load_rulebook(team_pack).scale.firm_from == 0.8


def test_the_cache_is_where_the_platform_keeps_caches_unless_another_folder_is_named(monkeypatch):
    monkeypatch.setenv("RAGORTUNE_CACHE_DIR", "/x")
    assert cache_folder() == Path("/x")

    monkeypatch.delenv("RAGORTUNE_CACHE_DIR")
    assert cache_folder() == Path(platformdirs.user_cache_dir("ragortune", appauthor=False))


def test_of_two_criteria_that_a_pack_overrides_the_one_that_lost_a_level_is_told(team_pack, book):
    (team_pack / "criteria").mkdir()
    for name, lost in (("readiness.prompting", ""), ("cost.right_sizing", "yes")):
        levels = ", ".join(f"{{id: {own}, means: x}}" for own in book.criteria[name].level_ids if own != lost)
        record = f"{{id: {name}, title: x, question: x, help: x, nominal: true, levels: [{levels}, {{id: more, means: x}}]}}"
        (team_pack / "criteria" / f"{name}.yaml").write_text(f"criteria:\n  - {record}\n")

    with pytest.raises(RulebookError) as caught:
        load_rulebook(team_pack)

    assert {problem.message.split("'")[1] for problem in caught.value.problems} == {"cost.right_sizing"}


def test_beside_a_broken_criterion_the_mistakes_of_profiles_without_it_are_told(team_pack):
    (team_pack / "criteria").mkdir()
    (team_pack / "criteria" / "ours.yaml").write_text("criteria:\n  - {id: team.size}\n")
    rules = team_pack / "rules" / "ours.yaml"
    text = rules.read_text().replace("profile: {model.strength: mid}", "profile: {team.size: big}")
    rules.write_text(text.replace("profile: {model.strength: weak}", "profile: {model.strenght: weak}"))

    with pytest.raises(RulebookError) as caught:
        load_rulebook(team_pack)

    assert [problem.place.path.rsplit("/", 2)[-2] for problem in caught.value.problems] == [
        "criteria",
        "rules",
    ]
