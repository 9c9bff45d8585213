"""Profiles: every way to write one, and errors that say what to write instead."""

import itertools

import pytest

from ragortune.evidence.profile import Vocabulary, describe_answer
from ragortune.evidence.profile_files import write_profile
from ragortune.model import Criterion, Level, Profile, Provenance
from ragortune.support.errors import ProfileError
from ragortune.support.reading import parse_json, parse_toml, parse_yaml


def read(vocabulary, text, parse=parse_yaml):
    document = parse(text, "profile")
    return vocabulary.read_profile(document.data, document)


def complaint(vocabulary, text, parse=parse_yaml):
    with pytest.raises(ProfileError) as caught:
        read(vocabulary, text, parse)
    return str(caught.value)


FORMS = {
    "nested YAML": ("knowledge:\n  gap: most\n  size: 4200000\ncost:\n  right_sizing: yes\n", parse_yaml),
    "flow YAML": ("knowledge: {gap: most, size: 4200000}\ncost: {right_sizing: 'yes'}\n", parse_yaml),
    "flat YAML": ("knowledge.gap: most\nknowledge.size: 4200000\ncost.right_sizing: yes\n", parse_yaml),
    "mixed YAML": ("knowledge.gap: most\nknowledge: {size: large}\ncost: {right_sizing: yes}\n", parse_yaml),
    "JSON": ('{"knowledge": {"gap": "most", "size": 4200000}, "cost": {"right_sizing": "yes"}}', parse_json),
    "flat JSON": (
        '{"knowledge.gap": "most", "knowledge.size": 4.2e6, "cost.right_sizing": "yes"}',
        parse_json,
    ),
    "TOML": ('[knowledge]\ngap = "most"\nsize = 4_200_000\n[cost]\nright_sizing = "yes"\n', parse_toml),
    "dotted TOML": (
        'knowledge.gap = "most"\nknowledge.size = 4200000\ncost.right_sizing = "yes"\n',
        parse_toml,
    ),
    "with details": (
        "knowledge:\n  gap: {value: most, evidence: asked twenty, source: measured, as_of: 2026-10-01}\n"
        "  size: {value: 4200000}\ncost: {right_sizing: {value: yes}}\n",
        parse_yaml,
    ),
    "with a mark and DOS line ends": (
        "knowledge.gap: most\r\nknowledge.size: 4200000\r\ncost.right_sizing: yes\r\n",
        parse_yaml,
    ),
}


@pytest.mark.parametrize(("text", "parse"), FORMS.values(), ids=FORMS.keys())
def test_all_ways_to_write_a_profile_say_the_same(vocabulary, text, parse):
    assert read(vocabulary, text, parse).levels == {
        "knowledge.gap": ("most",),
        "knowledge.size": ("large",),
        "cost.right_sizing": ("yes",),
    }


@pytest.mark.parametrize(
    "empty", ["", "\n\n", "# only a comment\n", "null", "{}", "knowledge:\n", "knowledge: {gap: }"]
)
def test_nothing_is_an_empty_profile(vocabulary, empty):
    assert read(vocabulary, empty).levels == {}


@pytest.mark.parametrize("unknown", ["unknown", "null", "~", "", "{value: unknown}", "{value: null}"])
def test_unknown_is_a_value_and_the_same_as_leaving_it_out(vocabulary, unknown):
    assert read(vocabulary, f"knowledge:\n  gap: {unknown}\n").levels == {}


def test_a_title_a_description_and_notes_are_kept(vocabulary):
    profile = read(
        vocabulary,
        "project: Ours\ndescription: It helps.\nnotes: 2026\nquantities: {examples: 3}\n$schema: x\n",
    )

    assert (profile.project, profile.description, profile.notes) == ("Ours", "It helps.", "2026")


@pytest.mark.parametrize(
    ("criterion", "number", "level"),
    [
        ("knowledge.size", 0, "tiny"),
        ("knowledge.size", 49_999, "tiny"),
        ("knowledge.size", 50_000, "small"),
        ("knowledge.size", 200_000, "medium"),
        ("knowledge.size", 2_000_000, "large"),
        ("knowledge.size", 199_999_999, "large"),
        ("knowledge.size", 200_000_000, "huge"),
        ("knowledge.retrievability", 0, "low"),
        ("knowledge.retrievability", 0.6, "medium"),
        ("knowledge.retrievability", 0.8, "high"),
        ("knowledge.retrievability", 1, "high"),
        ("data.examples", 0, "none"),
        ("data.examples", 1, "under_50"),
        ("data.examples", 50, "under_500"),
        ("data.examples", 500, "under_5000"),
        ("data.examples", 5000, "plenty"),
        ("performance.latency", 2000, "relaxed"),
        ("performance.latency", 1999.9, "interactive"),
        ("performance.latency", 500, "interactive"),
        ("performance.latency", 499, "realtime"),
        ("performance.volume", 999, "low"),
        ("performance.volume", 1000, "medium"),
        ("performance.volume", 20_000, "high"),
        ("performance.volume", 300_000, "very_high"),
    ],
)
def test_a_number_on_an_edge_belongs_to_the_higher_quantity(vocabulary, criterion, number, level):
    assert vocabulary.read_profile({criterion: number}).levels == {criterion: (level,)}


@pytest.mark.parametrize(
    ("given", "levels"),
    [
        ({"knowledge.volatility": ["weekly", "monthly"]}, ("monthly", "weekly")),
        ({"knowledge.volatility": ["weekly"]}, ("weekly",)),
        ({"knowledge.volatility": {"from": "monthly", "to": "daily"}}, ("monthly", "weekly", "daily")),
        ({"knowledge.volatility": {"from": "daily"}}, ("daily", "realtime")),
        ({"performance.latency": {"from": 200, "to": 800}}, ("interactive", "realtime")),
        ({"performance.latency": {"to": 400}}, ("realtime",)),
        ({"knowledge.size": {"from": 100_000, "to": 300_000}}, ("small", "medium")),
        ({"knowledge.size": {"from": "medium", "to": 300_000_000}}, ("medium", "large", "huge")),
        ({"data.examples": [40, 60]}, ("under_50", "under_500")),
        (
            {"data.examples": {"value": {"from": 40, "to": 60}, "evidence": "a guess"}},
            ("under_50", "under_500"),
        ),
    ],
)
def test_a_list_or_a_range_says_that_it_is_one_of_several(vocabulary, given, levels):
    assert list(vocabulary.read_profile(given).levels.values()) == [levels]


def test_every_level_together_says_nothing(vocabulary):
    assert vocabulary.read_profile({"knowledge.gap": ["none", "some", "most"]}).levels == {}


def test_where_an_answer_comes_from_is_kept(vocabulary):
    profile = read(
        vocabulary,
        "data.examples: {value: 120, evidence: counted, source: measured, as_of: 2026-10-01}\nmodel.churn: low",
    )
    answer = profile.answers["data.examples"]

    assert (answer.value, answer.levels) == (120, ("under_500",))
    assert (answer.source, answer.evidence, answer.as_of) == (Provenance.MEASURED, "counted", "2026-10-01")
    assert "model.churn" not in profile.answers


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "knowledge:\n  gapp: most\n",
            "profile:2:3: there is no criterion 'knowledge.gapp'\nhint: did you mean 'knowledge.gap'?",
        ),
        (
            "knowlege:\n  gap: most\n",
            "profile:1:1: there is no key 'knowlege'\nhint: did you mean 'knowledge'?",
        ),
        (
            "knowledge.gapp: most\n",
            "profile:1:1: there is no criterion 'knowledge.gapp'\nhint: did you mean 'knowledge.gap'?",
        ),
        (
            "volatility: daily\n",
            "profile:1:1: there is no key 'volatility'\nhint: did you mean 'knowledge.volatility'?",
        ),
        (
            "knowledge:\n  gap: mots\n",
            "profile:2:8: 'knowledge.gap' must be none, some or most, not 'mots'\nhint: did you mean 'most'?",
        ),
        ("knowledge:\n  gap: 3\n", "profile:2:8: 'knowledge.gap' must be none, some or most, not 3"),
        ("knowledge:\n  gap: true\n", "profile:2:8: 'knowledge.gap' must be none, some or most, not true"),
        (
            "cost: {right_sizing: true}",
            "profile:1:22: 'cost.right_sizing' must be yes or no, not true\nhint: write yes (as text in quotes in JSON and TOML)",
        ),
        (
            "cost: {right_sizing: false}",
            "profile:1:22: 'cost.right_sizing' must be yes or no, not false\nhint: write no (as text in quotes in JSON and TOML)",
        ),
        (
            "data: {examples: -1}",
            "profile:1:18: 'data.examples' must be at least 0 (input-output pairs), not -1",
        ),
        (
            "data: {examples: 1.5}",
            "profile:1:18: 'data.examples' must be a whole number of input-output pairs, not 1.5",
        ),
        (
            "data: {examples: '1,500'}",
            "profile:1:18: 'data.examples' must be none, under_50, under_500, under_5000 or plenty, or a number of input-output pairs, not '1,500'\nhint: write the number of input-output pairs alone: 1500",
        ),
        (
            "knowledge: {retrievability: 1.5}",
            "profile:1:29: 'knowledge.retrievability' must be from 0 to 1 (recall@k, as a share from 0 to 1), not 1.5",
        ),
        ("knowledge: most", "profile:1:12: 'knowledge' must hold criteria, not 'most'"),
        ("- a\n", "profile: a profile is a mapping of criteria to answers, not a list"),
        (
            "knowledge: {gap: {level: most}}",
            "profile:1:19: 'knowledge.gap' has no 'level'; it holds value, evidence, source, as_of, from and to",
        ),
        ("knowledge: {gap: {evidence: x}}", "profile:1:18: 'knowledge.gap' has no 'value'"),
        (
            "knowledge: {gap: {value: most, source: heard}}",
            "profile:1:40: 'source' must be answered, stated, extracted, measured, assumed or derived, not 'heard'\nhint: did you mean 'measured'?",
        ),
        (
            "knowledge: {gap: {value: most, as_of: May}}",
            "profile:1:39: 'as_of' must be a date, YYYY-MM-DD, not 'May'",
        ),
        (
            "knowledge: {gap: {value: most, as_of: 20261001}}",
            "profile:1:39: 'as_of' must be a date, YYYY-MM-DD, not 20261001",
        ),
        (
            "knowledge: {gap: {value: most, evidence: [a]}}",
            "profile:1:42: 'evidence' must be text or a quote, not a list",
        ),
        (
            "knowledge: {gap: [some, unknown]}",
            "profile:1:25: 'knowledge.gap' lists 'unknown'; a list holds levels or numbers",
        ),
        (
            "knowledge: {gap: [some, [most]]}",
            "profile:1:25: 'knowledge.gap' lists a list; a list holds levels or numbers",
        ),
        (
            "knowledge: {gap: {from: some, until: most}}",
            "profile:1:31: a range has 'from' and 'to', not 'until'",
        ),
        ("knowledge: {gap: {from: most, to: some}}", "profile:1:18: the range ends before it begins"),
        ("data: {examples: {from: 60, to: 55}}", "profile:1:18: the range ends before it begins"),
        (
            "task: {kind: {from: writing}}",
            "profile:1:14: the levels of 'task.kind' have no order, so there is no range; list them instead",
        ),
        (
            "knowledge: {gap: {from: [some, most]}}",
            "profile:1:25: 'from' of a range must be one level or one number",
        ),
        (
            "performance: {latency: {from: 100, to: batch}}",
            "profile:1:40: 'to' of a range must be one level or one number",
        ),
        (
            "knowledge.gap: most\nknowledge: {gap: most}",
            "profile:2:13: 'knowledge.gap' is given twice, nested and flat",
        ),
        (
            "knowledge: {gap: most}\nknowledge.gap: most",
            "profile:2:1: 'knowledge.gap' is given twice, nested and flat",
        ),
        (
            "components: {}",
            "profile:1:1: 'components' is reserved for a later version and cannot be used yet",
        ),
        (
            "extends: base.yaml",
            "profile:1:1: 'extends' is reserved for a later version and cannot be used yet",
        ),
        (
            "derived: {cheapest: rag}",
            "profile:1:1: 'derived' is computed from quantities and never read from a profile",
        ),
        (
            "derived.cheapest: rag",
            "profile:1:1: 'derived' is computed from quantities and never read from a profile",
        ),
        ("project: [a]", "profile:1:10: 'project' must be text, not a list"),
        ("quantities: 3", "profile:1:13: 'quantities' must be a mapping, not 3"),
    ],
)
def test_an_error_names_the_place_and_what_to_write_instead(vocabulary, text, message):
    assert complaint(vocabulary, text) == message


def test_a_boolean_from_toml_or_json_names_the_word(vocabulary):
    assert complaint(vocabulary, '{"cost": {"right_sizing": true}}', parse_json).startswith(
        "profile:1:27: 'cost.right_sizing' must be yes or no, not true"
    )
    assert complaint(vocabulary, "[cost]\nright_sizing = true\n", parse_toml).startswith(
        "profile:2:16: 'cost.right_sizing' must be yes or no, not true"
    )


def test_a_profile_with_several_mistakes_names_all_of_them(vocabulary):
    text = (
        "notes: [none]\nknowledge: {gap: mots, volatilty: weekly, source: documents}\nknowlege: {}\n"
        "quantities: {seats: 5, examples: many}\n"
    )
    with pytest.raises(ProfileError) as caught:
        read(vocabulary, text)

    assert [str(problem).partition(" ")[0] for problem in caught.value.problems] == [
        "profile:1:8:",
        "profile:2:18:",
        "profile:2:24:",
        "profile:3:1:",
        "profile:4:14:",
        "profile:4:34:",
    ]


def test_a_wrong_level_in_toml_has_its_line(vocabulary):
    assert complaint(
        vocabulary, '[model]\nchurn = "low"\n\n[knowledge]\n  gap = "mots"\n', parse_toml
    ).startswith("profile:5:9:")
    assert complaint(vocabulary, 'knowledge.gap = "mots"\n', parse_toml).startswith("profile:1:17:")
    assert complaint(vocabulary, '[knowlege]\ngap = "most"\n', parse_toml).startswith("profile:1:1:")


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_number_from_python_has_to_be_finite(vocabulary, number):
    with pytest.raises(ProfileError, match="must be a finite number"):
        vocabulary.read_profile({"data.examples": number})


def test_any_mapping_will_do_in_python(vocabulary):
    from types import MappingProxyType

    nested = MappingProxyType({"knowledge": MappingProxyType({"gap": "most"})})

    assert vocabulary.read_profile(nested).levels == {"knowledge.gap": ("most",)}


def test_a_criterion_whose_level_is_called_unknown_keeps_it():
    criterion = Criterion("a.b", "t", "q", "h", (Level("unknown", "x"), Level("known", "y")))

    assert Vocabulary({"a.b": criterion}).read_profile({"a.b": "unknown"}).levels == {"a.b": ("unknown",)}


# --- writing ------------------------------------------------------------------------------------------------------


def test_a_profile_to_fill_in_reads_back_as_an_empty_one(vocabulary, book):
    text = write_profile(book.criteria.values())

    profile = read(vocabulary, text)
    assert profile.levels == {}
    assert all(f"# {criterion.question}" in text for criterion in book.criteria.values())
    assert all(level in text for criterion in book.criteria.values() for level in criterion.level_ids)


def test_an_answer_is_described_as_it_was_given(vocabulary, book):
    profile = vocabulary.read_profile(
        {"knowledge": {"size": 4_200_000, "volatility": ["weekly", "monthly"], "gap": "most"}}
    )

    assert describe_answer(profile, book.criteria["knowledge.size"]) == "large, 4,200,000"
    assert describe_answer(profile, book.criteria["knowledge.volatility"]) == "monthly or weekly"
    assert describe_answer(profile, book.criteria["knowledge.gap"]) == "most"
    assert describe_answer(Profile({}), book.criteria["knowledge.gap"]) == "unknown"


def test_every_level_of_every_criterion_can_be_given(vocabulary, book):
    for criterion in book.criteria.values():
        for level in criterion.level_ids:
            assert vocabulary.read_profile({criterion.id: level}).levels == {criterion.id: (level,)}
        for first, second in itertools.combinations(criterion.level_ids, 2):
            if len(criterion.level_ids) > 2:
                expected = (second, first) if criterion.several else (first, second)
                assert vocabulary.read_profile({criterion.id: [second, first]}).levels == {
                    criterion.id: expected
                }


def test_a_team_that_reaches_its_facts_in_two_ways_names_the_main_one_first(vocabulary, book):
    profile = vocabulary.read_profile({"knowledge.access_path": ["by_meaning", "by_key", "by_meaning"]})

    assert profile.levels["knowledge.access_path"] == ("by_meaning", "by_key")
    assert describe_answer(profile, book.criteria["knowledge.access_path"]) == "by_meaning and by_key"


def test_a_system_that_does_everything_is_known_to_do_everything(vocabulary, book):
    every = list(book.criteria["knowledge.access_path"].level_ids)

    assert vocabulary.read_profile({"knowledge.access_path": every}).levels["knowledge.access_path"] == tuple(
        every
    )


def test_levels_that_can_hold_together_have_no_range(vocabulary):
    with pytest.raises(ProfileError, match="no order"):
        vocabulary.read_profile({"knowledge.source": {"from": "documents", "to": "tacit"}})


@pytest.mark.parametrize(
    ("criterion", "written", "hint"),
    [
        ("knowledge.size", "300 pages", "write the number of tokens alone: 120000"),
        ("performance.latency", "1,5 s", "write the number of ms at the 95th percentile alone: 1500"),
        ("performance.volume", "2.000 a day", "write 2000 a day or 2 a day, without a separator"),
        ("knowledge.size", "4_200_000", "write the number of tokens alone: 4200000"),
        ("knowledge.size", "200-800 pages", "write a number alone, or {from: 200, to: 800} for a range"),
        ("knowledge.volatility", "quarterly", "'quarterly' could be yearly or monthly"),
        ("knowledge.volatility", "nightly", "did you mean 'daily'?"),
        ("knowledge.volatility", "1", None),
        ("knowledge.volatility", "hard to say, it could be any", None),
        ("data.examples", "at most 1", None),
        ("data.rights", "yes", "did you mean 'clean'?"),
        ("performance.latency", "3 weeks", "write a number alone, or {from: 200, to: 800} for a range"),
    ],
)
def test_a_team_that_writes_an_answer_in_words_is_told_the_number_or_level(
    vocabulary, criterion, written, hint
):
    with pytest.raises(ProfileError) as caught:
        vocabulary.read_profile({criterion: written})

    assert caught.value.hint == hint


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("knowledge: {size: 480.000}", "p.yaml:1:19: 'knowledge.size' could be 480 or 480000"),
        ("performance:\n  latency: 1.500", "p.yaml:2:12: 'performance.latency' could be 1.5 or 1500"),
        ("performance: {volume: {value: 2.000, evidence: told}}", "'performance.volume' could be 2 or 2000"),
        ("quantities: {corpus_tokens: 1.200}", "p.yaml:1:29: 'corpus_tokens' could be 1.2 or 1200"),
        ("performance: {latency: -1.234}", "'performance.latency' must be at least 0"),
    ],
)
def test_a_number_of_thousands_with_a_dot_is_asked_back_and_not_read_as_a_thousandth(
    run, write, written, told
):
    write("p.yaml", f"{written}\n")

    result = run("recommend", "p.yaml")

    assert result.code == 2
    assert told in result.err


def test_a_team_whose_cost_has_three_decimals_is_told_a_form_of_it_that_is_read(run, write):
    costs = "performance: {volume: 2000}\nquantities: {wrong_answer_cost: %s}\n"
    write("p.yaml", costs % "1.125")
    assert "hint: write 1125 or 1.1250, without a separator" in run("cost", "p.yaml").err
    write("p.yaml", costs % "1.1250")

    assert run("cost", "p.yaml").code == 0


def test_a_program_that_writes_a_profile_in_json_is_not_asked_back_about_its_decimals(run, write):
    write("p.json", '{"performance": {"volume": 2000.125}, "quantities": {"wrong_answer_cost": 1.125}}')

    assert run("cost", "p.json").code == 0


@pytest.mark.parametrize(
    ("written", "code"), [('{"performance": {"latency": 1.234}}', 0), ("{performance: {latency: 1.234}}", 2)]
)
def test_a_program_that_pipes_a_profile_in_json_is_not_asked_back_about_its_decimals(run, written, code):
    assert run("recommend", "-", stdin=written.encode()).code == code


def test_a_program_that_writes_whole_numbers_in_json_does_not_wait_for_a_second_reading(
    vocabulary, monkeypatch
):
    document = parse_json('{"performance": {"latency": 1500}}', "p.json")
    monkeypatch.setattr(document, "_find_marks", None)

    assert vocabulary.read_profile(document.data, document).levels["performance.latency"]


def test_a_share_with_three_decimals_and_plain_numbers_are_read(run, write):
    write("p.yaml", "knowledge: {retrievability: 0.875, size: 480000}\nperformance: {latency: 1500.5}\n")

    assert run("recommend", "p.yaml").code == 0
