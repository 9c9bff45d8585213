"""What `check` looks for: documented rules, tested on both sides, and what they say about single documents."""

import re

import msgspec
import pytest

from ragortune.casebook import measure_agreement
from ragortune.check import Policy, audit_reading
from ragortune.engine import add_what_if
from ragortune.engine.what_if import list_askable
from ragortune.evidence.documents.reader import read_design
from ragortune.lint.examples import list_failed, read_example, try_finding_rules
from ragortune.model import DisabledRule, Option, Sample
from ragortune.model.documents import (
    Cited,
    DesignReading,
    DocumentStatus,
    Modality,
    Span,
    StatedDecision,
    StatedFact,
)
from ragortune.model.findings import (
    Detector,
    FindingExample,
    FindingRule,
    FindingTests,
    Severity,
    StepKind,
    read_finding_rules,
)
from ragortune.ruleset.load import load_rulebook
from ragortune.support.errors import PriceError

from .conftest import ROOT, study_once

TODAY = "2026-11-24"


@pytest.fixture(scope="module")
def rules(book):
    return read_finding_rules(book)


@pytest.fixture
def judge(book, rules):
    """Judge a small document, given by decision and answers or by its text."""

    def judge_example(decision=None, profile=None, *, document=None, today=TODAY, pin=None, outside=None):
        chosen = Option(decision) if decision else None
        example = FindingExample("a team", chosen, profile or {}, document)
        policy = Policy(rules, frozenset(rules), pin)
        return audit_reading(read_example(example, book), book, policy, today, outside)

    return judge_example


def names(audit):
    return {finding.rule.id for finding in audit.active}


def finding_of(audit, name):
    return next(finding for finding in audit.findings if finding.rule.id == name)


def test_every_finding_rule_passes_its_own_tests(book, rules):
    tried = list(try_finding_rules(book, rules))

    assert list_failed(tried) == []
    assert len(tried) >= 2 * len(rules)


def test_every_detector_has_a_rule(rules):
    assert {rule.detector for rule in rules.values()} == set(Detector)


def test_a_rule_whose_test_is_wrong_is_named(book, rules):
    rule = rules["tuning-without-owner"]
    swapped = rule.replace(tests=FindingTests(rule.tests.does_not_fire, rule.tests.fires))

    failed = list_failed(try_finding_rules(book, {rule.id: swapped}))

    assert [test.expected for test in failed] == ["fires", "does_not_fire"]


def test_firm_advice_agrees_with_as_many_field_systems_as_the_finding_on_it_says(book, rules):
    firm = measure_agreement(book).of_sample(Sample.FIELD).firm

    said = re.search(r"more than (\d+)% of the field systems", rules["decision-disagrees"].sources[0].found)
    assert firm.lenient / firm.total > int(said[1]) / 100


# --- the decision against the advice ------------------------------------------------------------------------------

PRICE_DESK = {
    "knowledge.gap": "most",
    "knowledge.volatility": "daily",
    "knowledge.source": "documents",
    "knowledge.size": "large",
    "grounding.citations": "required",
    "data.examples": "none",
}


def test_a_price_desk_that_tunes_is_contradicted_with_the_whole_argument(judge):
    price_desk = {name: own for name, own in PRICE_DESK.items() if name != "knowledge.source"}
    finding = finding_of(judge("fine_tuning", price_desk), "decision-disagrees")

    kinds = [step.kind for step in finding.argument]
    assert finding.severity is Severity.ERROR
    assert kinds[0] is StepKind.SENTENCE
    assert {StepKind.FACT, StepKind.RULE, StepKind.EVIDENCE, StepKind.FLIP} <= set(kinds)
    assert all(step.span is not None for step in finding.argument if step.kind is StepKind.FACT)
    assert all(step.address for step in finding.argument if step.kind is StepKind.EVIDENCE)
    assert "retrieval" in finding.message


def test_a_team_that_says_little_is_asked_and_not_contradicted(judge):
    found = names(judge("fine_tuning", {"knowledge.gap": "most", "knowledge.volatility": "monthly"}))

    assert "decision-unsupported" in found
    assert "decision-disagrees" not in found


def test_the_default_advice_contradicts_nobody(judge):
    found = names(judge("neither", {}))

    assert not found & {"decision-disagrees", "decision-unsupported"}
    assert "deciding-fact-missing" in found


HALF_SAID = {"knowledge.gap": "most", "knowledge.source": "documents"}


def test_what_is_missing_is_asked_as_a_person_would_be(judge, book):
    audit = judge("rag", HALF_SAID)
    finding = finding_of(audit, "deciding-fact-missing")

    missing = [step for step in finding.argument if step.kind is StepKind.MISSING]
    assert 1 <= len(missing) <= 3
    first = list_askable(add_what_if(audit.recommendation))[0].criterion
    assert book.criteria[first].question in missing[0].text
    assert f"{book.criteria[first].question} ({first})" in finding.message


def test_the_block_to_paste_can_be_pasted_and_filled_in(judge, book, vocabulary, audit_text):
    text = record_with("")
    outside = vocabulary.read_profile({"task": {"kind": "question_answering"}})
    finding = finding_of(judge(document=text, outside=outside), "deciding-fact-missing")

    pasted = audit_text(text.replace("## Status", f"{finding.block}\n\n## Status"))

    assert pasted.reading.decision.declared
    assert not [fact for fact in pasted.reading.facts if fact.declared]
    assert "  knowledge:\n" in finding.block
    line = next(
        line for line in finding.block.splitlines() if line.strip().startswith("access_path: unknown")
    )
    assert all(level in line.partition("#")[2] for level in book.criteria["knowledge.access_path"].level_ids)
    filled = finding.block.replace("access_path: unknown", "access_path: by_meaning")
    answered = audit_text(text.replace("## Status", f"{filled}\n\n## Status"))
    assert answered.recommendation.profile.levels["knowledge.access_path"] == ("by_meaning",)


def test_prose_alone_is_not_asked_what_it_may_say_in_words_that_are_not_recognised(audit_text):
    prose = audit_text(record_with(""))
    block = audit_text(record_with("```ragortune\ndecision: rag\n```"))

    assert "deciding-fact-missing" not in names(prose)
    assert "knowledge.access_path" in finding_of(block, "deciding-fact-missing").message


def test_a_document_with_a_block_gets_lines_to_add_and_no_second_block(audit_text):
    text = record_with("```ragortune\ndecision: rag\n```")

    block = finding_of(audit_text(text), "deciding-fact-missing").block

    assert block.startswith("profile:\n")
    assert "```" not in block


@pytest.mark.parametrize("status", ["Draft", "Superseded"])
def test_nobody_is_asked_about_drafts_and_what_is_set_aside(judge, status):
    text = record_with("```ragortune\ndecision: rag\n```")

    assert "deciding-fact-missing" in names(judge(document=text))
    assert "deciding-fact-missing" not in names(judge(document=text.replace("Accepted", status)))


def test_a_document_that_decides_nothing_carries_no_finding(judge):
    text = record_with("<!-- ragortune: ignore[no-consequence] -->").replace(
        "We will use retrieval-augmented generation over the manuals with an LLM.",
        "To be discussed: an assistant that answers with a large language model. The LLM would run behind our gateway.",
    )

    audit = judge(document=text)

    assert audit.reading.status is DocumentStatus.NO_DECISION
    assert audit.findings == ()


def test_a_settled_agreement_is_silent(judge):
    audit = judge("rag", {**PRICE_DESK, "governance.access": "per_document"})

    assert not [finding for finding in audit.active if finding.severity is not Severity.NOTE]


def test_both_with_one_need_gives_way_to_the_disagreement(judge):
    firm = {**PRICE_DESK, "model.tunable": "no"}

    assert "both-with-one-need" not in names(judge("both", firm))
    assert "decision-disagrees" in names(judge("both", firm))


# --- answers ------------------------------------------------------------------------------------------------------


def test_lines_that_agree_make_one_answer_and_lines_that_do_not_make_none(book, rules):
    agreeing = stated(
        book,
        rules,
        "rag",
        [("knowledge.volatility", ["weekly", "daily"], 3), ("knowledge.volatility", "weekly", 4)],
    )
    fighting = stated(
        book, rules, "rag", [("knowledge.volatility", "weekly", 3), ("knowledge.volatility", "static", 4)]
    )

    assert agreeing.recommendation.profile.levels["knowledge.volatility"] == ("weekly",)
    assert "statements-contradict" not in names(agreeing)
    assert "knowledge.volatility" not in fighting.recommendation.profile.levels
    assert "statements-contradict" not in names(fighting)


def test_the_block_of_a_document_wins_over_its_prose_and_says_so(book, rules):
    line = Span(3, 1, "weekly")
    facts = (
        StatedFact("knowledge.volatility", "weekly", Modality.STATED, line, declared=True),
        StatedFact("knowledge.volatility", "static", Modality.STATED, Span(9, 1, "never changes")),
    )
    decision = StatedDecision(Option.RAG, "explicit", (Cited(line, "for"),), declared=True)
    reading = DesignReading("a.md", DocumentStatus.JUDGED, decision, facts, lines=("",) * 9)

    audit = audit_reading(reading, book, Policy(rules, frozenset(rules)), TODAY)

    assert audit.recommendation.profile.levels["knowledge.volatility"] == ("weekly",)
    assert "the block takes precedence" in finding_of(audit, "statements-contradict").message
    assert finding_of(audit, "statements-contradict").line == 9
    assert finding_of(audit, "statements-contradict").severity is Severity.NOTE


def test_facts_from_outside_win_over_the_document(judge, vocabulary):
    outside = vocabulary.read_profile({"knowledge": {"volatility": "daily"}})

    audit = judge("rag", {"knowledge.volatility": "static"}, outside=outside)

    assert audit.recommendation.profile.levels["knowledge.volatility"] == ("daily",)
    assert (
        "'daily' (the profile); the profile takes precedence"
        in finding_of(audit, "statements-contradict").message
    )
    assert finding_of(audit, "statements-contradict").severity is Severity.WARNING
    assert audit.outside == ("knowledge.volatility",)


def stated(book, rules, decision, facts, *, how="explicit", inferred=False):
    """Judge a document whose answers are on lines of prose, given as criterion, value, line."""
    read = tuple(
        StatedFact(name, value, Modality.STATED, Span(line, 1, "x"), inferred=inferred)
        for name, value, line in facts
    )
    decided = StatedDecision(Option(decision), how, (Cited(Span(1, 1, "x"), "for"),))
    reading = DesignReading("a.md", DocumentStatus.JUDGED, decided, read, lines=("x",) * 20)
    return audit_reading(reading, book, Policy(rules, frozenset(rules)), TODAY)


def test_no_document_is_called_wrong_on_the_strength_of_one_line_of_prose(book, rules):
    lone = stated(book, rules, "rag", LETTERS_WITHOUT_EXAMPLES)
    finding = finding_of(lone, "decision-disagrees")

    assert finding.severity is Severity.NOTE


LETTERS_WITHOUT_EXAMPLES = [
    ("task.kind", "summarisation", 4),
    ("data.examples", "none", 5),
    ("knowledge.access_path", "in_request", 6),
]


def test_nothing_is_concluded_from_what_a_model_infers_from_words(book, rules):
    inferred = stated(book, rules, "rag", LETTERS_WITHOUT_EXAMPLES, inferred=True)

    assert "decision-disagrees" in names(stated(book, rules, "rag", LETTERS_WITHOUT_EXAMPLES))
    assert names(inferred) == set()
    assert inferred.recommendation.profile.levels == {}
    assert len(inferred.reading.facts) == len(LETTERS_WITHOUT_EXAMPLES)


def test_a_decision_that_prose_only_implies_is_not_argued_with(book, rules):
    assert "tuning-without-examples" in names(
        stated(book, rules, "fine_tuning", [("data.examples", "none", 5)])
    )
    for how in ("assumed", "implied"):
        assert names(stated(book, rules, "fine_tuning", [("data.examples", "none", 5)], how=how)) == set()
        assert names(stated(book, rules, "rag", LETTERS_WITHOUT_EXAMPLES, how=how)) == set()


def test_facts_that_phrases_found_are_held_against_a_decision_only_where_the_team_declares_something(
    audit_text,
):
    prose = (
        "# ADR 4: A model for prices\n\n## Context\n\nPrices change every day.\n\n"
        "## Decision\n\nWe will fine-tune the LLM on prices.\n"
    )
    block = "\n```ragortune\ndecision: fine_tuning\n```\n"

    alone = audit_text(prose)
    declared = audit_text(prose + block)

    assert "knowledge.volatility" in {fact.criterion for fact in alone.reading.facts}
    assert alone.reading.decision.how == "explicit"
    assert "tuned-alone-on-fast-facts" not in names(alone)
    assert finding_of(declared, "tuned-alone-on-fast-facts").severity is Severity.NOTE


def test_a_journal_of_decisions_is_not_asked_for_the_parts_of_a_record(judge):
    record = "# Letters\n\n## Decision\n\nWe will fine-tune the LLM on letters.\n"
    journal = f"{record}\n## Decision\n\nWe will fine-tune the LLM on 3,000 more letters.\n"

    assert "no-consequences" in names(judge(document=record))
    assert "no-consequences" not in names(judge(document=journal))


def test_leaving_tuning_for_later_is_no_error(book, rules, judge):
    answers = {
        "knowledge.gap": "most",
        "knowledge.access_path": "by_meaning",
        "knowledge.volatility": "weekly",
        "knowledge.source": "documents",
        "knowledge.size": "large",
        "behaviour.style": "distinctive",
        "behaviour.output": "rare_format",
        "behaviour.new_skill": "new_skill",
        "readiness.prompting": "plateaued",
        "readiness.failures": "knowledge_and_behaviour",
        "data.examples": "plenty",
        "data.quality": "good",
        "model.strength": "weak",
        "model.tunable": "yes",
    }
    facts = [(name, value, line) for line, (name, value) in enumerate(answers.items(), 3)]

    assert finding_of(judge("rag", answers), "decision-disagrees").severity is Severity.WARNING
    assert finding_of(stated(book, rules, "rag", facts), "decision-disagrees").severity is Severity.NOTE


def test_whatever_was_read_from_prose_gives_notes_alone(book, rules):
    facts = [(name, value, line) for line, (name, value) in enumerate(PRICE_DESK.items(), 3)]
    facts += [("grounding.citations", "required", 14)]

    audit = stated(book, rules, "fine_tuning", facts)

    assert {"decision-disagrees", "citations-from-weights"} <= names(audit)
    assert {finding.severity for finding in audit.findings} == {Severity.NOTE}


def test_a_team_that_states_enough_in_its_block_is_contradicted_whatever_its_prose_adds(book, rules):
    lines = ("x",) * 20
    declared = [
        StatedFact(name, value, Modality.STATED, Span(line, 1, "x"), declared=True)
        for line, (name, value) in enumerate(PRICE_DESK.items(), 3)
    ]
    read = StatedFact("performance.latency", 900, Modality.STATED, Span(15, 1, "x"))
    decision = StatedDecision(Option.FINE_TUNING, "explicit", (Cited(Span(1, 1, "x"), "for"),))
    taken = msgspec.structs.replace(decision, how="assumed")
    policy = Policy(rules, frozenset(rules))

    def judge_decision(decided):
        reading = DesignReading(
            "a.md", DocumentStatus.JUDGED, decided, (*declared, read), lines=lines, sentences=()
        )
        return finding_of(audit_reading(reading, book, policy, TODAY), "decision-disagrees").severity

    assert judge_decision(decision) is Severity.ERROR
    assert judge_decision(taken) is Severity.NOTE


def test_a_value_that_the_vocabulary_does_not_know_says_nothing(book, rules):
    audit = stated(book, rules, "rag", [("knowledge.volatility", "sometimes", 3), ("knowledge.size", -3, 4)])

    assert audit.recommendation.profile.levels == {}


def test_nothing_is_judged_where_there_is_nothing_to_judge(book, rules):
    for status in (DocumentStatus.NOTHING_TO_JUDGE, DocumentStatus.UNSUPPORTED_LANGUAGE):
        audit = audit_reading(
            DesignReading("a.md", status, None, ()), book, Policy(rules, frozenset(rules)), TODAY
        )

        assert audit.recommendation is None
        assert audit.findings == ()


# --- suppressions -------------------------------------------------------------------------------------------------

RECORD = """# Retrieval for the help desk

## Status

Accepted

## Decision

We will use retrieval-augmented generation over the manuals with an LLM.

{comment}

## Notes

Nothing more.
"""


def record_with(comment):
    return RECORD.format(comment=comment)


def test_a_suppression_silences_its_rule_and_keeps_its_reason(judge):
    comment = "<!-- ragortune: ignore[RT302] until 2027-03-31 because the board has them -->"

    audit = judge(document=record_with(comment))

    silenced = finding_of(audit, "no-consequences")
    assert not silenced.active
    assert silenced.suppressed_by.because == "the board has them"
    assert silenced.suppressed_by.until == "2027-03-31"
    assert "no-alternative-rejected" in names(audit)


@pytest.mark.parametrize(
    "told", ["until 2026-11-24 because later", "because the board decides until 2026-11-24"]
)
def test_a_suppression_holds_on_its_last_day_and_not_on_the_next(judge, told):
    document = record_with(f"<!-- ragortune: ignore[no-consequences] {told} -->")

    assert "no-consequences" not in names(judge(document=document, today="2026-11-24"))
    after = names(judge(document=document, today="2026-11-25"))
    assert {"no-consequences", "expired-suppression"} <= after


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ("<!-- ragortune: ignore[no-consequences] -->", "bare-suppression"),
        ("<!-- ragortune: ignore[no-consequences] because -->", "bare-suppression"),
        ("<!-- ragortune: ignore[no-consequences] because \u3164\u2060. -->", "bare-suppression"),
        ("<!-- ragortune: ignore[no-consequences] until soon because of them -->", "bare-suppression"),
        ("<!-- ragortune ignore[no-consequences] because of them -->", "bare-suppression"),
        ("<!-- ragortune: ignore[no-consequences] until 2027-3-1 because of them -->", "bare-suppression"),
        ("<!-- ragortune: ignore[no-consequences] until 2027-W10-1 because of them -->", "bare-suppression"),
        ("<!-- ragortune: ignore[] because of them -->", "bare-suppression"),
        ("<!-- ragortune: please be quiet -->", "bare-suppression"),
        (
            "<!-- ragortune: ignore[no-consequences] because of them\nragortune: ignore[no-status] because of it -->",
            "bare-suppression",
        ),
        ("<!-- ragortune: ignore[no-consequence] because of them -->", "unknown-suppression"),
        ("<!-- ragortune: ignore[citations-from-weights] because of them -->", "unused-suppression"),
    ],
)
def test_a_suppression_that_does_not_hold_is_a_finding(judge, comment, expected):
    audit = judge(document=record_with(comment))

    assert expected in names(audit)
    assert "no-consequences" in names(audit)
    assert finding_of(audit, expected).line == 11


def test_a_suppression_that_is_not_looked_for_is_let_be(book, rules):
    document = record_with("<!-- ragortune: ignore[citations-from-weights] because of them -->")
    reading = read_example(FindingExample("a team", document=document), book)
    chosen = frozenset(rules) - {"citations-from-weights"}

    audit = audit_reading(reading, book, Policy(rules, chosen), TODAY)

    assert "unused-suppression" not in names(audit)


@pytest.mark.parametrize("name", ["no-consequences", "RT302"])
def test_a_suppression_of_a_rule_that_a_rule_pack_disables_is_let_be(book, rules, name):
    document = record_with(f"<!-- ragortune: ignore[{name}] because of them -->")
    rest = {known: rule for known, rule in rules.items() if known != "no-consequences"}
    disabling = book.replace(
        disabled={"no-consequences": DisabledRule("RT302", "Not ours.", is_finding=True)}
    )

    audit = audit_reading(
        read_example(FindingExample("a team", document=document), book),
        disabling,
        Policy(rest, frozenset(rest)),
        TODAY,
    )

    assert names(audit).isdisjoint({"no-consequences", "unknown-suppression", "unused-suppression"})


def test_a_second_rule_on_suppressions_reports_beside_the_shipped_one(book, rules):
    document = record_with("<!-- ragortune: ignore[no-consequences] -->")
    ours = rules["bare-suppression"].replace(id="give-a-ticket", code="RT950")
    reading = read_example(FindingExample("a team", document=document), book)
    both = {**rules, ours.id: ours}

    audit = audit_reading(reading, book, Policy(both, frozenset(both)), TODAY)

    assert names(audit) >= {"bare-suppression", "give-a-ticket"}


# --- the pin ------------------------------------------------------------------------------------------------------


def test_a_rule_newer_than_the_pin_only_notes(judge):
    assert (
        finding_of(judge("fine_tuning", PRICE_DESK, pin="2026.10"), "citations-from-weights").severity
        is Severity.NOTE
    )
    assert (
        finding_of(judge("fine_tuning", PRICE_DESK, pin="2026.11"), "citations-from-weights").severity
        is Severity.ERROR
    )


def test_finding_rules_are_read_strictly(pack, run):
    path = pack / "findings" / "findings.yaml"
    text = path.read_text()
    path.write_text(text.replace("severity: error", "severity: fatal", 1))

    result = run("rules", "list", "--rules", pack)

    assert result.code == 2
    assert "must be note, warning or error, not 'fatal'" in result.err


def test_a_finding_rule_may_be_switched_off_by_a_pack(write, tmp_path):
    write(
        "mine/rulebook.yaml",
        "name: mine\nversion: '1'\nextends: ragortune\ndisable:\n  - {rule: no-consequences, because: We do not write them.}\n",
    )

    found = read_finding_rules(load_rulebook(tmp_path / "mine"))

    assert "no-consequences" not in found
    assert isinstance(found["no-alternative-rejected"], FindingRule)


# --- pages and checks ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["RT111", "rt111", "citations-from-weights"])
@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_a_finding_has_a_page(run, name, form):
    result = run("explain", name, "--format", form)

    assert result.code == 0
    assert "A tuned model alone cannot show its sources" in result.out
    assert "ignore[citations-from-weights]" in result.out


def test_a_source_names_the_findings_that_rest_on_it(run):
    assert "RT302" in run("explain", "nygard-2011").out


def test_a_misspelt_finding_is_met_with_the_nearest_name(run):
    assert "did you mean 'no-consequences'?" in run("explain", "no-consequence").err


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_findings_are_listed_with_the_rules(run, form):
    result = run("rules", "list", "--format", form)

    assert "RT001" in result.out
    assert "The decision disagrees with the stated facts" in " ".join(result.out.split())


def break_findings(pack, old, new):
    path = pack / "findings" / "findings.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_failing_tests_of_finding_rules_fail_the_run(run, whole_pack):
    path = whole_pack / "findings" / "findings.yaml"
    path.write_text(path.read_text().replace("{operations.owner: named}", "{operations.owner: nobody}"))

    text = run("rules", "test", "--rules", whole_pack)
    data = run("rules", "test", "--rules", whole_pack, "--format", "json")

    assert text.code == data.code == 1
    assert "RT107 tuning-without-owner was found: A platform team owns the model" in text.out
    assert '"owner": "RT107 tuning-without-owner"' in data.out


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("code: RT302", "code: RT3x2", "has a code that is not RT with three digits"),
        ("id: no-consequences", "id: No_Consequences", "is not named in lower case"),
        ('since: "2026.11"', "since: soon", "has a 'since' that is not a version"),
        (
            "    exceptions:\n      - A larger model may be planned to write the examples; say so, and how they are checked.\n",
            "    exceptions: []\n",
            "does not say when it misleads",
        ),
        ("    when: {data.examples: {at_most: under_50}}\n", "", "has no condition"),
    ],
)
def test_a_finding_rule_that_is_not_in_order_is_named(run, pack, old, new, complaint):
    break_findings(pack, old, new)

    result = run("rules", "check", "--rules", pack)

    assert result.code == 1
    assert complaint in result.out


def test_a_finding_rule_without_source_or_tests_is_named(run, write):
    write("mine/rulebook.yaml", "name: mine\nversion: '1'\nextends: ragortune\n")
    write(
        "mine/findings/mine.yaml",
        """findings:
  - id: no-budget
    code: RT950
    title: Nobody speaks of money
    severity: note
    confidence: low
    since: "1"
    detector: absence
    how: By words.
    because: Money matters.
    remedy: Speak of it.
    exceptions: [None.]
    words: [budget*]
    tests: {}
""",
    )

    result = run("rules", "check", "--rules", "mine")

    assert "finding rule 'no-budget' has no source" in result.out
    assert "finding rule 'no-budget' has no test under tests.fires" in result.out


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("asks: [data.examples]", "asks: [data.example]", "did you mean 'data.examples'?"),
        ("id: no-consequences", "id: no-examples", "is the name of a rule already"),
        ("code: RT302", "code: K01", "code 'K01' is taken by rule 'facts-from-outside'"),
        ("{operations.owner: nobody}", "{operations.owner: everybody}", "has no level 'everybody'"),
        ("- source: nygard-2011", "- source: nygard", "there is no source 'nygard'"),
    ],
)
def test_a_name_in_a_finding_rule_that_nothing_bears_is_an_error(run, pack, old, new, complaint):
    break_findings(pack, old, new)

    result = run("rules", "list", "--rules", pack)

    assert result.code == 2
    assert complaint in result.err


# --- quantities from outside --------------------------------------------------------------------------------------


def test_quantities_of_a_profile_file_speak_through_derived_facts(judge, vocabulary):
    from ragortune.report.checks import format_decision

    outside = vocabulary.read_profile(
        {"quantities": {"requests_per_day": 150, "corpus_tokens": 60_000, "model": "claude-haiku-5-5"}}
    )
    audit = judge("rag", {"knowledge.gap": "most"}, outside=outside)

    assert audit.recommendation.profile.levels["derived.cheapest"] == ("neither",)
    assert "prompt-costs-least" in {reason.rule.id for reason in audit.recommendation.reasons}
    assert "the 3 stated answers speak for" in format_decision(audit)


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ({}, "with no stated answer too little is known to tell"),
        ({"data.examples": 1}, "with the 1 stated answer too little is known to tell"),
        (
            {"knowledge.gap": "most", "knowledge.source": "documents", "knowledge.access_path": "by_meaning"},
            "the 3 stated answers speak for rag",
        ),
    ],
)
def test_answers_speak_for_an_option_only_where_enough_is_known(judge, answers, told):
    from ragortune.report.checks import format_decision

    assert format_decision(judge("neither", answers)).endswith(told)


IN_ITS_BLOCK = """# 9. Retrieval for the price desk

## Decision

We will build retrieval over the price list.

```ragortune
decision: rag
profile:
  knowledge: {gap: most}
  quantities:
    requests_per_day: 150
    corpus_tokens: 60_000
    model: MODEL
```
"""


@pytest.fixture
def audit_text(book, rules):
    """Judge a document from its text, with answers from outside where there are any."""

    def audit_document(text, outside=None):
        policy = Policy(rules, frozenset(rules))
        return audit_reading(read_design(text, "9.md", book), book, policy, TODAY, outside)

    return audit_document


def test_quantities_in_the_documents_own_block_speak_through_derived_facts(audit_text):
    audit = audit_text(IN_ITS_BLOCK.replace("MODEL", "claude-haiku-5-5"))

    assert audit.recommendation.profile.levels["derived.cheapest"] == ("neither",)
    assert "prompt-costs-least" in {reason.rule.id for reason in audit.recommendation.reasons}
    size = next(fact for fact in audit.reading.facts if fact.criterion == "knowledge.size")
    assert (size.span.line, size.span.quote) == (13, "60_000")


def test_a_profile_file_wins_over_the_quantities_of_a_block(audit_text, vocabulary):
    text = IN_ITS_BLOCK.replace("MODEL", "claude-haiku-5-5")
    by_number = vocabulary.read_profile({"quantities": {"corpus_tokens": 40_000_000}})
    by_answer = vocabulary.read_profile({"knowledge.size": 40_000_000})

    for outside in (by_number, by_answer):
        levels = audit_text(text, outside).recommendation.profile.levels
        assert levels["knowledge.size"] == ("large",)
        assert levels.get("derived.cheapest") != ("neither",)


def test_a_model_without_a_price_in_a_block_is_an_error_at_its_line(audit_text):
    with pytest.raises(PriceError, match=r"9\.md:14:12: there is no chat model 'gpt-99'"):
        audit_text(IN_ITS_BLOCK.replace("MODEL", "gpt-99"))


AGAINST_ITS_BLOCK = """# 10. Answers on the price list

## Decision

We will fine-tune the model on the price list.

```ragortune
decision: OPTION
```
"""


def test_a_block_that_says_something_else_than_the_prose_is_told(audit_text):
    audit = audit_text(AGAINST_ITS_BLOCK.replace("OPTION", "rag"))

    finding = finding_of(audit, "statements-contradict")
    assert finding.severity is Severity.NOTE
    assert finding.line == 5
    assert "its own block says retrieval (line 8), line 5 says fine-tuning" in finding.message
    assert audit.reading.decision.option is Option.RAG


def test_a_block_that_agrees_with_the_prose_is_not(audit_text):
    audit = audit_text(AGAINST_ITS_BLOCK.replace("OPTION", "fine_tuning"))

    assert "statements-contradict" not in names(audit)


def test_prose_that_only_takes_an_approach_for_granted_does_not_contradict_the_block(audit_text):
    prose = "For the RAG pipeline of our LLM, some thousand chunks are searched by meaning.\n\n## Decision\n\nWe use pgvector."
    title = "# 10. Vectors stay in Postgres\n\n## Context"
    audit = audit_text(f"{title}\n\n{prose}\n\n```ragortune\ndecision: both\n```\n")

    assert (audit.reading.prose_decision.option, audit.reading.prose_decision.how) == (Option.RAG, "assumed")
    assert "statements-contradict" not in names(audit)


def test_errors_are_right_nine_times_in_ten_where_the_answers_are_beyond_doubt(book, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    from measure_alarms import count_alarms

    study_once(monkeypatch)
    counts = count_alarms(book)

    false, true = counts["block", True, "error"], counts["block", False, "error"]
    assert true > 0
    assert false / (false + true) <= 0.1
    assert not counts["prose", True, "error"]


@pytest.mark.parametrize(
    ("heading", "recorded"),
    [
        ("Decision", True),
        ("2. Decision outcome", True),
        ("Decision Records", False),
        ("Decision (open)", False),
    ],
)
def test_only_a_section_on_the_decision_itself_makes_a_record(judge, heading, recorded):
    document = (
        RECORD.format(comment="").replace("## Decision\n", f"## {heading}\n").replace("Accepted", "Done")
    )

    assert ("no-consequences" in names(judge(document=document))) is recorded


def test_prose_alone_is_not_asked_what_speaks_for_each_of_two_needs(judge):
    document = (
        "# Desk\n\n## Decision\n\nWe will use retrieval-augmented generation and fine-tune the LLM as well.\n"
    )

    assert "both-with-one-need" not in names(judge(document=document))
