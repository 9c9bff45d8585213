"""`rules`, `explain`, `schema`, `init`, help and version."""

import functools
import json
import re
import tomllib

import jsonschema
import pytest
import yaml

import ragortune
from ragortune import recommend
from ragortune.model import Need, RuleTests, Sample, Strength
from ragortune.model.rules import Example
from ragortune.report import pages
from ragortune.report.blocks import Paragraph
from ragortune.report.markdown import write_markdown
from ragortune.report.topics import TOPICS
from ragortune.ruleset.schemas import SCHEMAS, export_schema

from .conftest import READ_LAST, ROOT


def test_the_version_is_shown(run):
    assert run("--version").out == f"ragortune {ragortune.__version__}\n"


def test_help_names_every_command(run):
    result = run("--help")

    assert result.code == 0
    for command in ("recommend", "explain", "schema", "init", "rules"):
        assert f"\n  {command} " in result.out
    assert "No\n  network access, no telemetry" in result.out


@pytest.mark.parametrize("group", [[], ["rules"], ["prices"]], ids=" ".join)
def test_no_help_is_cut_off(run, group):
    assert "..." not in run(*group, "--help").out.partition("Commands:")[2]


def test_help_names_every_schema_and_topic(run):
    for command, names in (("schema", SCHEMAS), ("explain", TOPICS)):
        told = run(command, "--help").out
        assert [name for name in names if name not in told] == []


@pytest.mark.parametrize(
    "command",
    [
        ["recommend"],
        ["explain"],
        ["schema"],
        ["init"],
        ["rules"],
        ["rules", "list"],
        ["rules", "show"],
        ["rules", "check"],
        ["rules", "test"],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize(
    "environment",
    [{}, {"GITHUB_ACTIONS": "true", "NO_COLOR": "1"}, {"FORCE_COLOR": "1"}],
    ids=["plain", "ci", "forced"],
)
def test_help_is_plain_text_at_eighty_columns(run, command, environment):
    result = run(*command, "--help", environment=environment)

    assert result.code == 0
    assert result.out.startswith("Usage: ragortune")
    assert "\x1b" not in result.out
    assert max(map(len, result.out.splitlines())) <= 80


def test_a_mistyped_command_is_a_usage_error(run):
    result = run("recomend")

    assert result.code == 2
    assert "Did you mean 'recommend'" in result.err


def test_without_a_command_help_is_shown(run):
    assert run().code == 2
    assert run("rules").code == 2


# --- rules ----------------------------------------------------------------------------------------------------------


def test_rules_are_listed_with_what_they_do(run, book):
    result = run("rules", "list")

    assert result.code == 0
    listed = " ".join(result.out.split())
    assert "K09 fast-changing-facts: The facts change weekly or faster: speaks for retrieval" in listed
    assert "speaks for retrieval (strong, log-odds +1.20)" in listed
    assert f"{len(book.rules)} rules, {len(book.criteria)} criteria" in result.out
    listed = json.loads(run("rules", "list", "--format", "json").out)
    assert len([rule for rule in listed if "detector" not in rule]) == len(book.rules)
    markdown = run("rules", "list", "--format", "markdown").out
    assert "- **K09:** fast-changing-facts: The facts change weekly or faster: speaks for" in markdown


def test_disabled_rules_are_listed_with_their_reason(run, write):
    write(
        "ours/rulebook.yaml",
        "name: ours\nversion: '1'\nextends: ragortune\ndisable: [{rule: weak-model, because: We have large ones.}]\n",
    )

    assert "weak-model is disabled: We have large ones." in run("rules", "list", "--rules", "ours").out
    for name in ("weak-model", "m01"):
        told = run("explain", name, "--rules", "ours")
        assert (told.code, told.err) == (2, "error: ours disables rule 'weak-model': We have large ones.\n")


def test_a_finding_rule_that_a_rule_pack_disables_may_still_be_ignored_but_not_selected(run, write):
    manifest = (
        "name: ours\nversion: '1'\nextends: ragortune\ndisable:\n  - {rule: RT302, because: Not ours.}\n"
    )
    write("ours/rulebook.yaml", manifest)
    write("a.md", "# Use retrieval\n\n## Decision\n\nWe will use RAG with an LLM over the manuals.\n")

    assert run("check", "a.md", "--rules", "ours", "--ignore", "no-consequences").code == 0
    assert run("check", "a.md", "--rules", "ours", "--ignore", "RT302").code == 0
    assert (
        "no finding rule 'RT302' for --select"
        in run("check", "a.md", "--rules", "ours", "--select", "RT302").err
    )


def test_a_page_on_a_finding_from_answers_says_that_agreeing_advice_silences_it(run):
    assert "if enough is known and the advice agrees" in " ".join(run("explain", "RT201").out.split())


def test_the_least_gain_of_a_question_while_the_advice_is_not_firm_is_a_number(run):
    assert "while the advice is not firm, one with 0.005 or more" in " ".join(
        run("explain", "firm").out.split()
    )


def test_answers_that_a_test_of_a_rule_nests_by_group_are_shown_with_their_whole_names(book):
    profile = {"model": {"strength": "mid"}, "data.examples": {"from": 3, "to": 9}}
    tests = RuleTests(fires=(Example("A team", profile),))
    page = pages.rule_page(book, book.rules["weak-model"].replace(tests=tests))

    shown = "fires: A team (model.strength: mid, data.examples: {from: 3, to: 9})"
    assert any(shown in str(block) for block in page)


def test_a_rule_is_shown_by_name_or_code_in_every_format(run):
    text = run("rules", "show", "fast-changing-facts")
    by_code = run("rules", "show", "k09")

    assert text.out == by_code.out
    for heading in ("WHY", "EVIDENCE", "WHEN IT MISLEADS", "WHAT TO DO", "TESTED ON"):
        assert f"\n{heading}\n" in text.out
    assert max(map(len, text.out.splitlines())) <= 80
    assert run("rules", "show", "K09", "--format", "markdown").out.startswith(
        "# K09 The facts change weekly or faster\n"
    )
    assert json.loads(run("rules", "show", "K09", "--format", "json").out) == {
        "schema": "ragortune/page/1",
        "name": "K09",
        "markdown": run("rules", "show", "K09", "--format", "markdown").out,
    }


def test_every_name_has_a_page_that_renders(run, book):
    for name in pages.page_names(book):
        page = pages.find_page(book, name)
        assert page
        assert write_markdown(page).startswith("# ")
    for name in (
        "K16",
        "T60",
        "N20",
        "knowledge.size",
        "rag",
        "ovadia-2023",
        "casebook",
        "exit-codes",
        "quantities",
        "scale",
        "probability",
        "firm",
    ):
        result = run("explain", name, "--color", "never")
        assert result.code == 0
        assert "\x1b" not in result.out
        assert "\x1b[" in run("explain", name, "--color", "always").out


def test_a_colour_that_cannot_be_names_those_that_can(run):
    result = run("explain", "rag", "--color", "alway")

    assert result.code == 2
    assert "--color must be auto, always or never, not 'alway'" in result.err


def test_a_page_that_is_not_there_names_the_nearest(run):
    for name, near in (
        ("fast-changing-fact", "fast-changing-facts"),
        ("knowledge.gapp", "knowledge.gap"),
        ("volatility", "knowledge.volatility"),
        ("hyb", "hybrid-retrieval"),
    ):
        result = run("explain", name)
        assert (result.code, result.out) == (2, "")
        assert result.err == f"error: there is no page '{name}'\nhint: did you mean '{near}'?\n"


def test_a_page_that_is_not_there_says_where_else_to_look(run):
    assert "this word is in T42, see `ragortune explain T42`" in run("explain", "LoRA").err
    for letters in ("", "e", "rag-"):
        assert "this word is in" not in run("explain", letters).err
    assert "ragortune prices show pgvector" in run("explain", "pgvector").err
    assert "topics are scale, probability" in run("explain", "weekly").err


def test_a_quantity_has_a_page_with_its_unit(run):
    result = run("explain", "requests_per_day")

    assert "requests on an average day (requests/day" in result.out
    assert "peak_factor" not in result.out


def test_evidence_that_is_shipped_can_be_read_without_the_repository(run, book):
    shipped = [source for source in book.sources.values() if source.address.startswith("docs/")]
    assert shipped
    for source in shipped:
        assert f"ragortune explain {source.address}\n" in run("explain", source.id).out
        assert run("explain", source.address).out.startswith("# ")
    assert run("explain", "docs/../README.md").code == 2


def test_a_team_without_the_repository_can_copy_a_shipped_rule(run):
    assert "\n  - id: fast-changing-facts\n" in run("explain", "rules/rules/knowledge.yaml").out
    assert run("explain", "rules/../pyproject.toml").code == 2


def test_a_wheel_holds_rules_pages_and_a_script_by_the_name_of_the_distribution():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]

    assert included == {"docs": "ragortune/docs", "rules": "ragortune/rules"}
    assert project["project"]["scripts"][project["project"]["name"]] == "ragortune.__main__:main"


def test_exit_codes_are_explained(run):
    out = run("explain", "exit-codes").out

    for code in ("0 ", "1 ", "2 ", "3 ", "70 ", "130 "):
        assert f"\n  {code}" in out


def test_the_scale_shows_every_strength_and_base_rate_and_its_page_every_gate(run, book):
    out = " ".join(run("explain", "scale").out.split())

    for strength in Strength:
        assert (
            f"{strength.replace('_', ' ')} log-odds {book.scale.weight(strength):.2f}; takes even odds to"
            in out
        )
    for need, name in ((Need.RAG, "retrieval"), (Need.FINE_TUNING, "tuning")):
        assert f"{name} log-odds {book.scale.intercept(need):+.2f}, which is" in out
    gates = [rule for rule in book.rules.values() if rule.gates]
    assert gates
    out = " ".join(run("explain", "gate").out.split())
    assert all(f"{rule.code} {rule.title}: " in out for rule in gates)
    assert "Until it is confirmed, the need for tuning counts as at most" in out


def test_a_probability_is_explained_by_what_it_was_fitted_to(run, book):
    out = " ".join(run("explain", "probability").out.split())
    count = sum(case.sample is Sample.FIELD for case in book.cases)

    assert f"The base rates are those of {count} production systems" in out
    for option, share in recommend({}, book).probability.items():
        assert f"{option} {share:.0%}" in out


def test_a_rule_set_that_was_not_fitted_to_systems_explains_no_fit(book):
    page = pages.find_page(book, "probability")
    bare = pages.find_page(book.replace(fitted=0), "probability")

    assert [block for block in page if isinstance(block, Paragraph) and "production systems" in block.text]
    assert not [
        block for block in bare if isinstance(block, Paragraph) and "production systems" in block.text
    ]


def test_firm_settled_and_too_little_are_explained(run):
    out = run("explain", "firm").out

    for word in ("settled", "firm", "not firm", "too little", "default"):
        assert f"\n  {word} " in out
    assert "80% or more" in out


def test_a_criterion_of_which_several_hold_says_so_and_when_it_is_asked(run):
    several = " ".join(run("explain", "knowledge.access_path").out.split())
    later = " ".join(run("explain", "data.quality").out.split())

    assert "Several can hold at once: a list names all that hold, the main one first." in several
    assert "asks it only if this is known: data.examples under_50 or higher." in later


def test_the_shipped_rules_pass_their_check(run):
    result = run("rules", "check", "--as-of", READ_LAST)

    assert (result.code, result.out, result.err) == (0, "0 findings in the shipped rule set\n", "")


def test_findings_in_a_rule_set_are_printed_with_their_place(run, pack):
    path = pack / "rules" / "data.yaml"
    path.write_text(path.read_text().replace("{data.rights: not_allowed}", "{data.rights: not_alowed}", 1))
    text = run("rules", "check", "--rules", "pack", "--as-of", READ_LAST)
    found = json.loads(run("rules", "check", "--rules", "pack", "--as-of", READ_LAST, "--format", "json").out)

    assert text.code == 1
    assert text.out.endswith(
        "'data.rights' has no level 'not_alowed'\n    hint: did you mean 'not_allowed'?\n1 finding in pack\n"
    )
    assert found[0]["name"] == "malformed"
    assert found[0]["place"]["line"] > 1


def test_a_rule_set_that_is_no_yaml_is_unusable(run, pack):
    (pack / "rules" / "data.yaml").write_text("rules: [\n")
    result = run("rules", "check", "--rules", "pack")

    assert result.code == 2
    assert "is not YAML" in result.err


def test_a_date_that_is_none_is_refused(run):
    result = run("rules", "check", "--as-of", "tomorrow")

    assert (result.code, result.err) == (2, "error: --as-of must be a date, YYYY-MM-DD, not 'tomorrow'\n")


def test_the_check_asks_the_clock_unless_told(run, monkeypatch):
    monkeypatch.setattr("ragortune.support.environment.read_date", lambda: "2029-01-01")

    result = run("rules", "check")

    assert result.code == 1
    assert "was last checked" in result.out


def test_rule_tests_and_the_casebook_are_run(run):
    result = run("rules", "test", "--misses")
    lines = result.out.splitlines()
    field = lines.index("Field sample: systems drawn at random, the mix that users meet")
    selected = next(place for place, line in enumerate(lines) if line.startswith("Selected cases: "))

    assert result.code == 0
    assert lines[0].startswith("Rule tests: ")
    assert field < selected < lines.index("Misses")
    assert lines[field + 2].split()[:2] == ["all", "313"]
    assert lines[selected + 2].split()[:2] == ["all", "281"]
    assert max(map(len, lines)) <= 110


def test_figures_for_programs_keep_the_samples_apart(run):
    found = json.loads(run("rules", "test", "--format", "json").out)["casebook"]

    assert set(found) == {"field", "selected", "misses"}
    for sample, count in (("field", 313), ("selected", 281)):
        own = found[sample]
        missed = [miss for miss in found["misses"] if miss["sample"] == sample]
        assert own["all"]["total"] == count == own["all"]["strict"] + len(missed)
        assert own["all"]["lenient"] - own["all"]["strict"] == sum(miss["acceptable"] for miss in missed)
        assert sum(each["total"] for each in own["by_outcome"].values()) == count
        assert own["firm"]["total"] <= count


def test_a_rule_set_without_cases_of_a_sample_prints_none(run, whole_pack):
    for path in (whole_pack / "cases").glob("field*.yaml"):
        path.unlink()
    out = run("rules", "test", "--rules", "pack").out

    assert "Field sample" not in out
    assert "Selected cases" in out


def test_a_pack_is_checked_by_the_name_of_its_folder(run, pack):
    path = pack / "rules" / "data.yaml"
    path.write_text(
        path.read_text().replace("when: {data.rights: not_allowed}", "when: {data.rights: never}", 1)
    )

    assert run("rules", "check", "pack").out == run("rules", "check", "--rules", "pack").out
    assert run("rules", "check", "pack").code == 1


def test_a_failing_rule_test_is_named(run, whole_pack):
    path = whole_pack / "rules" / "data.yaml"
    path.write_text(
        path.read_text().replace("profile: {data.rights: not_allowed}", "profile: {data.rights: clean}", 1)
    )
    result = run("rules", "test", "--rules", "pack")
    found = json.loads(run("rules", "test", "--rules", "pack", "--format", "json").out)

    assert result.code == 1
    assert (
        "D12 training-not-allowed did not fire (not_met): Customers' contracts forbid training on their data"
        in result.out
    )
    assert found["tests"]["failed"][0]["owner"] == "D12 training-not-allowed"
    assert found["casebook"]["field"]["all"]["total"] == 313


def test_a_rule_that_fires_where_it_should_not_is_named(run, whole_pack):
    path = whole_pack / "rules" / "data.yaml"
    path.write_text(
        path.read_text().replace("profile: {data.rights: clean}", "profile: {data.rights: not_allowed}", 1)
    )

    assert (
        "D12 training-not-allowed fired: The examples are our own"
        in run("rules", "test", "--rules", "pack").out
    )


def test_a_changed_weight_shows_what_it_breaks(run, whole_pack):
    path = whole_pack / "rules" / "model-and-performance.yaml"
    text = path.read_text()
    at = text.index("code: P06")
    path.write_text(text[:at] + text[at:].replace("strength: strong", "strength: weak", 1))
    out = run("rules", "diff", "shipped", "--rules", "pack").out
    found = json.loads(run("rules", "diff", "shipped", "--rules", "pack", "-f", "json").out)

    assert "changed  rule own-infrastructure (effects)" in out
    assert {"case", "sample", "published", "was", "now", "change"} == set(found["cases"][0])


def test_a_comparison_names_hits_and_misses_of_the_casebook(run, whole_pack):
    path = whole_pack / "rulebook.yaml"
    path.write_text(path.read_text().replace("intercept_fine_tuning: -1.85", "intercept_fine_tuning: -0.7"))
    out = run("rules", "diff", "shipped", "--rules", "pack").out

    assert "\n  miss    " in out
    assert "\n  hit     " in out
    assert "\n  other   " in out  # not the name of an option


def test_a_base_that_is_no_rule_set_is_refused(run, pack):
    result = run("rules", "diff", "main")

    assert result.code == 2
    assert result.err.endswith("hint: BASE is the folder of a rule set, or 'shipped'\n")
    (pack / "rulebook.yaml").write_text("name: 3\n")
    assert run("rules", "diff", "pack").code == 2
    (pack / "rulebook.yaml").write_text("name: [\n")
    assert run("rules", "diff", "pack").code == 2


def test_a_schema_that_is_not_there_names_the_nearest(run):
    result = run("schema", "rule")

    assert result.code == 2
    assert result.err.endswith("hint: did you mean 'rules'?\n")


def _load(path):
    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        """YAML 1.2 as far as these files need it."""

    Loader.yaml_implicit_resolvers = {
        first: [
            (tag, expression) for tag, expression in resolvers if tag.endswith((":int", ":float", ":null"))
        ]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    Loader.add_implicit_resolver("tag:yaml.org,2002:bool", __import__("re").compile("true|false"), list("tf"))
    return yaml.load(path.read_text(), Loader)


@functools.cache
def _validator(path):
    schema = json.loads(path.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("path", sorted((ROOT / "rules").rglob("*.yaml")), ids=lambda path: path.name)
def test_every_shipped_file_names_its_schema_and_keeps_to_it(path):
    header = path.read_text().splitlines()[0]
    schema = header.removeprefix("# yaml-language-server: $schema=")

    assert header != schema
    target = (path.parent / schema).resolve()
    assert target.is_file()
    _validator(target).validate(_load(path))


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.yaml")), ids=lambda path: path.name)
def test_every_example_names_the_profile_schema_and_keeps_to_it(path):
    target = (
        path.parent / path.read_text().splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    ).resolve()

    assert target.name == "profile.schema.json"
    _validator(target).validate(_load(path))


@pytest.fixture(scope="module")
def profile_schema(book):
    return jsonschema.Draft202012Validator(export_schema("profile", book))


@pytest.mark.parametrize(
    "profile",
    [
        {"knowledge": {"gapp": "most"}},
        {"knowledge": {"gap": "mots"}},
        {"knowledge": {"size": -1}},
        {"data": {"examples": 1.5}},
        {"knowledge": {"gap": {"value": "most", "because": "x"}}},
        {"task": {"kind": {"from": "writing"}}},
        {"components": {}},
        {"knowledge": {"access_path": ["by_key", "by_magic"]}},
    ],
)
def test_the_profile_schema_refuses_what_the_reader_refuses(profile, profile_schema, vocabulary):
    with pytest.raises(jsonschema.ValidationError):
        profile_schema.validate(profile)
    with pytest.raises(ragortune.RagortuneError):
        vocabulary.read_profile(profile)


@pytest.mark.parametrize(
    "profile",
    [
        {"knowledge": {"gap": "most", "size": 3, "volatility": ["weekly", "monthly"], "freshness": None}},
        {"knowledge.gap": {"value": "most", "evidence": "x", "source": "stated", "as_of": "2026-01-01"}},
        {
            "performance": {"latency": {"from": 200, "to": "relaxed"}},
            "project": "P",
            "cost": {"right_sizing": "unknown"},
        },
        {
            "knowledge": {"access_path": ["by_meaning", "by_key"], "fits_prompt": "no"},
            "task": {"kind": ["writing"]},
        },
        {"knowledge": {"source": []}, "quantities": {"cache": "unknown", "requests_per_day": None}},
        {},
    ],
)
def test_the_profile_schema_takes_what_the_reader_takes(profile, profile_schema, vocabulary):
    profile_schema.validate(profile)
    vocabulary.read_profile(profile)


@pytest.mark.parametrize(
    ("condition", "fits"),
    [
        ({"knowledge.access_path": {"main": "by_key"}}, True),
        ({"knowledge.access_path": {"main": ["by_key", "by_meaning"]}}, True),
        ({"knowledge.access_path": {"main": "by_magic"}}, False),
        ({"knowledge.access_path": {}}, False),
        ({"knowledge.volatility": {"main": "weekly"}}, False),
        ({"knowledge.volatility": {"at_least": "weekly"}}, True),
    ],
)
def test_the_schemas_know_conditions_on_the_main_level_where_several_hold(book, condition, fits):
    rules, criteria = (export_schema(name, book) for name in ("rules", "criteria"))
    for schema, place in ((rules, ("Rule", "when")), (criteria, ("Criterion", "asked_when"))):
        described = schema["$defs"][place[0]]["properties"][place[1]]
        assert jsonschema.Draft202012Validator(described).is_valid(condition) == fits


def test_init_writes_a_profile_that_recommend_reads(run, tmp_path):
    result = run("init")

    assert (result.code, result.out) == (0, "")
    assert result.err == (
        "wrote profile.yaml, and ragortune-profile.schema.json next to it for completion in editors\n"
        "fill in what is known, then: ragortune recommend profile.yaml\n"
    )
    assert (
        (tmp_path / "profile.yaml")
        .read_text()
        .startswith("# yaml-language-server: $schema=./ragortune-profile.schema.json\n")
    )
    jsonschema.Draft202012Validator.check_schema(
        json.loads((tmp_path / "ragortune-profile.schema.json").read_text())
    )
    assert run("recommend", "--brief", "profile.yaml").out.startswith("profile.yaml: rag (")


def test_a_team_that_wants_costs_finds_every_quantity_in_the_page_and_the_template(run, book):
    page, template = run("explain", "quantities", columns=100).out, run("init", "-").out

    for kind in book.quantities.values():
        assert re.search(rf"^ +{kind.id} ", page, re.MULTILINE)
        assert kind.criterion or f"\n#   {kind.id}:  # {kind.asks}" in template
    filled = template.replace("# quantities:", "quantities:").replace(
        "#   answer_tokens:", "  answer_tokens: 20"
    )
    assert yaml.safe_load(filled)["quantities"] == {"answer_tokens": 20}


def test_init_overwrites_nothing_unless_told(run, write):
    write("mine.yaml", "project: Mine\n")
    result = run("init", "mine.yaml")

    assert (result.code, result.err) == (2, "error: 'mine.yaml' exists\nhint: --force overwrites it\n")
    assert run("init", "mine.yaml", "--force").code == 0
    assert run("init", "other.yaml").code == 0


@pytest.mark.parametrize("link", [False, True])
def test_init_overwrites_no_schema_of_somebody_elses(run, write, tmp_path, link):
    schema = tmp_path / "ragortune-profile.schema.json"
    write("ours.json", "{}")
    schema.symlink_to("ours.json") if link else write(schema.name, "{}")

    result = run("init")

    assert result.code == 2
    assert result.err == "error: 'ragortune-profile.schema.json' exists\nhint: --force overwrites it\n"
    assert schema.read_text() == "{}"
    assert not (tmp_path / "profile.yaml").exists()


@pytest.mark.parametrize("name", ["profile.json", "ragortune-profile.schema.json", "."])
def test_init_writes_nothing_that_could_not_be_read_back(run, tmp_path, name):
    result = run("init", name, "--force")

    assert result.code == 2
    assert "internal error" not in result.err
    assert not any(tmp_path.iterdir())


def test_init_prints_to_stdout_and_names_a_folder_that_is_not_there(run):
    assert "knowledge:" in run("init", "-").out
    result = run("init", "nowhere/profile.yaml")

    assert result.code == 2
    assert result.err == "error: 'nowhere/profile.yaml' cannot be written (no such folder)\n"


# --- rules diff ---------------------------------------------------------------------------------------------------


def test_an_upgrade_shows_what_it_changes(run, whole_pack):
    findings = whole_pack / "findings" / "findings.yaml"
    findings.write_text(
        findings.read_text()
        .replace("id: no-consequences", "id: no-downsides")
        .replace("name: The team that tunes leaves when the project ends", "name: The team leaves")
    )
    rules = whole_pack / "rules" / "grounding.yaml"
    rules.write_text(
        rules.read_text().replace("title: No answer may do without a source", "title: Never without a source")
    )

    text = run("rules", "diff", "shipped", "--rules", whole_pack)
    data = json.loads(run("rules", "diff", "shipped", "--rules", whole_pack, "--format", "json").out)

    assert text.code == 0
    lines = text.out.splitlines()
    assert "  removed  finding no-consequences" in lines
    assert "  added    finding no-downsides" in lines
    assert "  changed  finding tuning-without-owner (tests); no outcome changes" in lines
    assert "  changed  rule sources-required (title)" in lines
    assert lines[-1] == "changed: 0 criteria, 1 rule, 3 finding rules"
    assert {change["change"] for change in data["changes"]} == {"added", "removed", "changed"}
    assert data["from"]["digest"] != data["to"]["digest"]


def test_nothing_differs_from_itself(run):
    assert run("rules", "diff", "shipped").out.endswith("no differences\n")


def test_an_upgrade_that_changes_numbers_and_prices_alone_shows_them(run, whole_pack):
    manifest, prices = whole_pack / "rulebook.yaml", whole_pack / "prices" / "rerankers.yaml"
    manifest.write_text(manifest.read_text().replace("  weak: 0.35", "  weak: 0.3"))
    prices.write_text(
        prices.read_text().replace("{value: 2, unit: USD/thousand", "{value: 3, unit: USD/thousand", 1)
    )

    lines = run("rules", "diff", "shipped", "--rules", whole_pack).out.splitlines()

    assert "  changed  scale (weak)" in lines
    assert "  changed  price cohere-rerank-v4-fast (values)" in lines
    assert "changed: 0 criteria, 0 rules, 0 finding rules, 1 scale, 1 price" in lines


def test_an_upgrade_from_nowhere_is_named(run):
    result = run("rules", "diff", "nowhere")

    assert result.code == 2
    assert "cannot compare with 'nowhere'" in result.err
