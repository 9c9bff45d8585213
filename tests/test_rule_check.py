"""`rules check` finds what is wrong with a rule set, and names the line."""

import itertools
import re

import pytest

from ragortune.lint.checks import check_folder

from .conftest import READ_LAST


def edit(pack, name, old, new, count=1):
    """Replace text in a file of the rule set and return the line of the replacement."""
    path = pack / name
    text = path.read_text()
    assert text.count(old) >= 1, old
    position = text.index(old)
    path.write_text(text.replace(old, new, count))
    return text.count("\n", 0, position) + 1


def findings(pack, today=READ_LAST):
    return [(finding.name, finding.place.line, finding.message) for finding in check_folder(pack, today)]


def only(pack, today=READ_LAST):
    found = findings(pack, today)
    assert len(found) == 1, found
    return found[0]


RULE = """
  - id: {id}
    code: {code}
    title: A planted rule
    when: {when}
{extra}
    because: It was planted.
    sources:
      - {{source: casebook, found: Nothing.}}
    exceptions: [Always.]
    remedy: Take it out.
    tests:
      fires:
        - {{name: It fires, profile: {fires}}}
      does_not_fire:
        - {{name: It does not, profile: {does_not_fire}}}
"""


def plant(
    pack,
    code="Z99",
    when="{model.churn: low}",
    fires="{model.churn: low}",
    does_not_fire="{model.churn: high}",
    extra="",
):
    """Add a rule at the end of a file and return the line on which it begins."""
    path = pack / "rules" / "cost-and-operations.yaml"
    text = path.read_text().rstrip("\n")
    rule = RULE.format(
        id="planted-rule", code=code, when=when, fires=fires, does_not_fire=does_not_fire, extra=extra
    )
    path.write_text(text + "\n" + rule)
    return text.count("\n") + 3


def test_the_rule_set_is_clean_before_anything_is_planted(pack):
    assert findings(pack) == []


def test_a_rule_whose_exception_covers_its_condition_is_dead(pack):
    line = plant(
        pack,
        extra="    unless: {model.churn: [low, high]}\n    effects: [{need: rag, effect: for, strength: weak}]",
    )
    name, at, message = only(pack)

    assert (name, at) == ("dead-rule", line + 3)
    assert "'planted-rule' can never fire" in message


def test_a_rule_on_a_second_level_that_holds_is_alive(pack):
    """Where several levels hold, one that is not the main one can fire a rule that the main one would keep from firing."""
    plant(
        pack,
        when="{task.kind: writing}",
        fires="{task.kind: [dialogue, writing]}",
        does_not_fire="{task.kind: writing}",
        extra="    unless: {task.kind: {main: writing}}\n    effects: [{need: rag, effect: for, strength: weak}]",
    )

    assert findings(pack) == []


def test_a_rule_whose_main_level_is_what_it_excludes_is_dead(pack):
    plant(
        pack,
        when="{task.kind: {main: writing}}",
        fires="{task.kind: writing}",
        does_not_fire="{task.kind: dialogue}",
        extra="    unless: {task.kind: writing}\n    effects: [{need: rag, effect: for, strength: weak}]",
    )

    assert only(pack)[0] == "dead-rule"


def test_a_rule_that_does_nothing_is_dead(pack):
    line = plant(pack)
    name, at, message = only(pack)

    assert (name, at) == ("dead-rule", line)
    assert "does nothing" in message


def test_an_unknown_level_is_found_with_its_nearest_name(pack):
    line = edit(
        pack, "rules/data.yaml", "when: {data.rights: not_allowed}", "when: {data.rights: not_alowed}"
    )
    found = check_folder(pack, READ_LAST)

    assert [(finding.name, finding.place.line, finding.hint) for finding in found] == [
        ("malformed", line, "did you mean 'not_allowed'?")
    ]
    assert found[0].place.column == 25


def test_a_gate_that_contradicts_another_is_found(pack):
    line = plant(pack, extra="    gates: [{need: fine_tuning, gate: requires}]")
    found = findings(pack)

    assert {name for name, _, _ in found} == {"contradictory-gate"}
    assert {at for _, at, _ in found} == {line + 4}
    assert any(
        "requires 'fine_tuning' where rule 'no-examples' rules it out" in message for _, _, message in found
    )


def test_a_missing_source_is_found(pack):
    path = pack / "rules" / "data.yaml"
    text = path.read_text()
    start = text.index("    sources:", text.index("code: D12"))
    end = text.index("    exceptions:", start)
    path.write_text(text[:start] + "    sources: []\n" + text[end:])
    name, at, message = only(pack)

    assert (name, at) == ("missing-source", text.count("\n", 0, start) + 1)
    assert "'training-not-allowed' has no source" in message


def test_a_source_that_nobody_lists_is_found_with_its_nearest_name(pack):
    line = edit(pack, "rules/knowledge.yaml", "source: ovadia-2023", "source: ovadia-2032")
    found = check_folder(pack, READ_LAST)

    assert [(f.name, f.place.line, f.hint) for f in found] == [
        ("malformed", line, "did you mean 'ovadia-2023'?")
    ]


@pytest.mark.parametrize("side", ["fires", "does_not_fire"])
def test_a_missing_test_is_found(pack, side):
    path = pack / "rules" / "data.yaml"
    text = path.read_text()
    start = text.index(f"      {side}:", text.index("code: D12"))
    end = text.index("      does_not_fire:", start) if side == "fires" else text.index("\n  - id:", start)
    path.write_text(text[:start] + text[end:].lstrip("\n") if side == "fires" else text[:start] + text[end:])
    tests_line = text.count("\n", 0, text.index("    tests:", text.index("code: D12"))) + 2
    name, at, message = only(pack)

    assert name == "missing-test"
    assert at == tests_line
    assert "'training-not-allowed' has no test" in message


def test_a_duplicate_id_is_found(pack):
    line = edit(pack, "rules/data.yaml", "id: masking-first", "id: training-not-allowed")
    found = findings(pack)

    assert ("malformed", line, "rule 'training-not-allowed' is defined twice") in found


def test_a_code_that_is_taken_is_found(pack):
    line = edit(pack, "rules/data.yaml", "code: D13", "code: D12")
    found = findings(pack)

    assert ("malformed", line, "code 'D12' is taken by rule 'training-not-allowed'") in found


def test_a_stale_source_is_found(pack):
    line = edit(pack, "sources/papers.yaml", "checked: 2026-11-22", "checked: 2025-06-01")
    name, at, message = only(pack)

    assert (name, at) == ("stale-source", line)
    assert re.search(r"was last checked \d+ days ago; rule '.*' allows 365", message)


def test_a_rule_may_want_its_sources_fresher_than_others(pack):
    for path in (pack / "sources").glob("*.yaml"):
        path.write_text(re.sub("checked: .*", "checked: 2026-11-22", path.read_text()))
    stale = {message.split("'")[1] for _, _, message in findings(pack, "2027-02-21")}

    assert stale == {"openai-deprecations", "cohere-deprecation", "cost-formulas"}


def test_an_option_that_nothing_leads_to_is_found(pack):
    for old, new in (("weak: 0.35", "weak: 0.01"), ("moderate: 0.7", "moderate: 0.02")):
        edit(pack, "rulebook.yaml", old, new)
    edit(pack, "rulebook.yaml", "  strong: 1.2\n  very_strong: 2.0", "  strong: 0.03\n  very_strong: 0.04")
    found = findings(pack)

    assert {name for name, _, _ in found} == {"unreachable-option"}
    assert [message for _, _, message in found] == [
        "no profile leads to 'fine_tuning'",
        "no profile leads to 'both'",
    ]


def test_a_broken_direction_is_found(pack):
    edit(
        pack,
        "rules/knowledge.yaml",
        "when: {knowledge.volatility: {at_least: daily}}",
        "when: {knowledge.volatility: daily}",
    )
    (found,) = check_folder(pack, READ_LAST)

    assert found.name == "direction-broken"
    assert (
        "going from 'daily' to 'realtime' of 'knowledge.volatility' can lower the need 'rag'" in found.message
    )
    assert "facts-change-daily" in found.message
    assert found.hint.startswith("change the effect, or 'raises' of 'knowledge.volatility'")
    assert found.place.line


def test_rules_that_make_up_for_each_other_break_no_direction(pack):
    """Between weekly and daily one rule ceases to fire and a stronger one begins to."""
    edit(
        pack,
        "rules/knowledge.yaml",
        "when: {knowledge.volatility: {at_least: weekly}}",
        "when: {knowledge.volatility: weekly}",
    )
    edit(
        pack,
        "rules/knowledge.yaml",
        """when: {knowledge.volatility: {at_least: daily}}
    effects:
      - {need: rag, effect: for, strength: weak}""",
        """when: {knowledge.volatility: {at_least: daily}}
    effects:
      - {need: rag, effect: for, strength: moderate}""",
    )

    assert [found for found in findings(pack) if found[0] == "direction-broken"] == []


def test_a_direction_that_breaks_in_one_context_only_is_found(pack):
    plant(
        pack,
        when="{data.quality: good, model.strength: frontier}",
        fires="{data.quality: good, model.strength: frontier}",
        does_not_fire="{data.quality: fair}",
        extra="    effects: [{need: fine_tuning, effect: against, strength: moderate}]",
    )
    name, _, message = only(pack)

    assert name == "direction-broken"
    assert "from 'fair' to 'good' of 'data.quality' can lower the need 'fine_tuning'" in message
    assert "'planted-rule'" in message


def test_a_confirmation_that_is_lost_at_a_higher_level_is_found(pack):
    edit(
        pack,
        "rules/data.yaml",
        """    when: {data.examples: {at_least: under_500}}
    effects:
      - {need: fine_tuning, effect: for, strength: weak}
    gates:""",
        """    when: {data.examples: [under_500, under_5000]}
    gates:""",
    )
    name, _, message = only(pack)

    assert name == "direction-broken"
    assert "from 'under_5000' to 'plenty' of 'data.examples'" in message


def test_a_gate_that_falls_against_a_direction_is_found(pack):
    edit(pack, "rules/data.yaml", "when: {data.examples: none}", "when: {data.examples: plenty}")
    names = {name for name, _, _ in findings(pack)}

    assert "direction-broken" in names


def test_an_unused_criterion_is_found(pack):
    path = pack / "criteria" / "5-operations-and-governance.yaml"
    text = path.read_text()
    path.write_text(
        text
        + "  - id: team.size\n    title: Size\n    question: How large is the team?\n    help: Count heads.\n"
        + "    levels:\n      - {id: small, means: few}\n      - {id: large, means: many}\n"
    )
    name, at, message = only(pack)

    assert (name, at) == ("unused-criterion", text.count("\n") + 1)
    assert message == "no rule reads 'team.size'"


def test_a_finding_rule_that_looks_for_no_words_is_found(pack):
    words = "words: [consequence*, implication*"
    edit(pack, "findings/findings.yaml", "    sections: [consequences]\n", "")
    edit(pack, "findings/findings.yaml", f"    {words}", f"    words: [] # {words}")

    name, _, message = only(pack)
    assert (name, message) == ("malformed", "finding rule 'no-consequences' has no words to look for")


def test_a_source_that_no_rule_uses_is_found(pack):
    path = pack / "sources" / "papers.yaml"
    text = path.read_text()
    path.write_text(
        text
        + "  - {id: zzz, title: Unread, address: 'https://example.org', checked: 2026-11-22, quality: measured}\n"
    )

    assert only(pack)[:2] == ("unused-source", text.count("\n") + 1)


@pytest.mark.parametrize(
    ("date", "message"), [("yesterday", "is not a date"), ("2999-01-01", "was checked in the future")]
)
def test_dates_that_cannot_be_are_found(pack, date, message):
    line = edit(pack, "sources/papers.yaml", "checked: 2026-11-22", f"checked: {date}")
    name, at, said = only(pack)

    assert (name, at) == ("malformed", line)
    assert message in said


def test_a_rule_without_exceptions_or_with_an_odd_name_is_found(pack):
    edit(pack, "rules/data.yaml", "  - id: masking-first", "  - id: Masking_First")
    edit(pack, "rules/data.yaml", "      - If names play no part in the task, masking costs nothing.\n", "")
    edit(pack, "rules/data.yaml", "    code: D13", "    code: D-13")
    text = (pack / "rules/data.yaml").read_text()
    (pack / "rules/data.yaml").write_text(
        text.replace(
            "    exceptions:\n    remedy: Mask before", "    exceptions: []\n    remedy: Mask before"
        )
    )
    names = sorted(name for name, _, _ in findings(pack))

    assert names == ["malformed", "malformed", "missing-exception"]


# --- questions and what cannot be proved ------------------------------------------------------------------------------


def test_a_first_question_that_there_is_not_is_found(pack):
    line = edit(pack, "rulebook.yaml", "knowledge.access_path", "knowledge.acces_path")

    assert only(pack) == ("malformed", line, "there is no criterion 'knowledge.acces_path'")


def test_a_condition_that_names_no_level_of_its_question_is_found(pack):
    edit(
        pack,
        "criteria/1-task-and-knowledge.yaml",
        "asked_when: {knowledge.access_path: by_meaning}",
        "asked_when: {knowledge.access_path: by_meanin}",
    )

    assert only(pack)[::2] == ("malformed", "'knowledge.access_path' has no level 'by_meanin'")


def test_rules_that_couple_too_many_criteria_to_be_proved_are_found(pack):
    names = [f"ring.q{number:02}" for number in range(20)]
    levels = "[{id: no, means: a}, {id: yes, means: b}]"
    criteria = (f"  - {{id: {name}, title: t, question: q, help: h, levels: {levels}}}\n" for name in names)
    (pack / "criteria" / "ring.yaml").write_text("criteria:\n" + "".join(criteria))
    rules = "rules:\n"
    for place, (name, nearby) in enumerate(itertools.pairwise(names)):
        when = f"{{data.quality: good, {name}: yes, {nearby}: yes}}"
        effect = "    effects: [{need: fine_tuning, effect: for, strength: weak}]"
        rules += RULE.format(
            id=f"ring-{place}", code=f"Z{place:02}", when=when, fires=when, does_not_fire="{}", extra=effect
        )
    (pack / "rules" / "ring.yaml").write_text(rules)
    name, line, message = only(pack)

    assert (name, line) == ("search-too-large", None)
    assert message.endswith("read too many criteria together, to prove what they do")


def test_a_pack_whose_only_rule_is_broken_is_told_that_and_nothing_that_follows_from_it(tmp_path):
    (tmp_path / "rulebook.yaml").write_text("name: pack\nversion: '1'\nextends: ragortune\n")
    for folder in ("rules", "sources"):
        (tmp_path / folder).mkdir()
    (tmp_path / "rules" / "own.yaml").write_text("rules:\n  - {id: own-rule, code: X01}\n")
    (tmp_path / "sources" / "own.yaml").write_text(
        "sources:\n  - {id: own-page, title: Page, address: 'https://intranet.example/p', "
        "checked: 2026-01-01, quality: guidance}\n"
    )

    assert {finding.name for finding in check_folder(tmp_path, "2026-02-01")} == {"malformed"}
    stale = [f for f in check_folder(tmp_path, "2027-06-01") if f.name == "stale-source"]
    assert [f.message for f in stale if "own-page" in f.message] == [
        "source 'own-page' was last checked 516 days ago; the rule set allows 365"
    ]


@pytest.mark.parametrize("name", ["x.json", "x.txt", "x.yaml.bak", "inner/x"])
def test_a_file_among_the_rules_that_nothing_reads_is_told(pack, name):
    (pack / "rules" / name).parent.mkdir(exist_ok=True)
    (pack / "rules" / name).write_text("rules: []\n")
    (pack / "rules" / "README.md").write_text("Ours.\n")

    (found,) = check_folder(pack, READ_LAST)

    assert (found.name, found.place.path) == ("unread", str(pack / "rules" / name))


def test_a_team_that_disables_a_rule_is_not_told_to_tidy_the_set_that_it_extends(tmp_path):
    (tmp_path / "rulebook.yaml").write_text(
        "name: ours\nversion: '1'\nextends: ragortune\n"
        "disable:\n  - {rule: nobody-owns-it, because: We own it.}\n  - {rule: house-style, because: Ours is free.}\n"
    )

    assert findings(tmp_path) == []
    assert findings(tmp_path, today="2030-01-01") == []
