"""What the engine decides, in sentences about teams."""

import pytest

from ragortune import Option, recommend
from ragortune.engine import decide_option, judge_profile, trace_rule, trace_rules
from ragortune.model import Firmness, GateKind, Need, NoticeKind, TraceState


def option_of(profile, book=None):
    return recommend(profile, book).option


def test_a_team_that_has_answered_nothing_is_told_to_start_with_retrieval_and_that_this_is_the_default():
    advice = recommend({})

    assert advice.option is Option.RAG
    assert advice.default is True
    assert advice.firmness is Firmness.DEFAULT
    assert not advice.needs[Need.RAG].needed
    assert not advice.needs[Need.FINE_TUNING].needed
    assert advice.reasons == ()


def test_a_team_whose_answers_say_nothing_about_retrieval_still_gets_the_default():
    advice = recommend({"model": {"strength": "frontier"}})

    assert (advice.option, advice.default) == (Option.RAG, True)


def test_a_need_for_tuning_alone_gives_tuning_and_not_both():
    advice = recommend({"cost": {"right_sizing": "yes"}})

    assert (advice.option, advice.default) == (Option.FINE_TUNING, False)


def test_a_help_desk_over_changing_manuals_is_told_to_retrieve():
    advice = recommend({"knowledge": {"gap": "most", "source": "documents", "volatility": "weekly"}})

    assert (advice.option, advice.default) == (Option.RAG, False)
    assert advice.needs[Need.RAG].needed
    assert advice.reasons[0].rule.id == "facts-from-outside"


def test_a_labelling_task_with_thousands_of_pairs_is_told_to_tune():
    profile = {"task.kind": "classification", "knowledge.gap": "none", "data.examples": 9000}

    assert option_of(profile) is Option.FINE_TUNING


def test_a_weak_model_over_manuals_with_examples_needs_both():
    profile = {
        "knowledge": {"gap": "most", "source": "documents"},
        "model": {"strength": "weak"},
        "data": {"examples": 1000, "teaches": "form"},
    }

    assert option_of(profile) is Option.BOTH


def test_two_pages_of_policy_need_neither():
    assert option_of({"knowledge": {"gap": "most", "source": "documents", "size": 2000}}) is Option.NEITHER


def test_a_gate_outweighs_every_weight():
    wishes = {"cost.right_sizing": "yes", "readiness.prompting": "plateaued", "model.strength": "weak"}

    assert option_of(wishes) is Option.FINE_TUNING

    advice = recommend({**wishes, "data.rights": "not_allowed"})

    assert advice.option is not Option.FINE_TUNING
    assert advice.needs[Need.FINE_TUNING].score > advice.needs[Need.FINE_TUNING].threshold
    assert advice.needs[Need.FINE_TUNING].blocked_by == ("training-not-allowed",)


def test_tuning_on_facts_that_change_daily_is_never_left_alone():
    profile = {"knowledge.volatility": "daily", "knowledge.source": "tacit", "cost.right_sizing": "yes"}
    advice = recommend(profile)

    assert advice.option is Option.BOTH
    assert advice.needs[Need.RAG].required_by == ("fast-changing-facts",)


def test_tuning_that_may_not_stand_alone_falls_where_nothing_can_stand_beside_it():
    profile = {"knowledge.volatility": "daily", "knowledge.source": "none", "cost.right_sizing": "yes"}
    advice = recommend(profile)

    assert advice.option is Option.NEITHER
    assert "fast-changing-facts" in advice.needs[Need.FINE_TUNING].blocked_by
    assert {hit.rule.id for hit in advice.notices} == set()


def test_no_gap_switches_off_what_only_matters_where_there_is_one(book):
    levels = {"knowledge.volatility": ("daily",), "knowledge.gap": ("none",)}

    assert trace_rule(book, "fast-changing-facts", levels).state is TraceState.NOT_APPLICABLE
    assert option_of({"knowledge.volatility": "daily", "knowledge.gap": "none"}) is Option.NEITHER


def test_answers_that_contradict_each_other_are_named():
    advice = recommend({"knowledge": {"gap": "none", "volatility": "daily"}})

    assert [(hit.rule.id, hit.rule.notice) for hit in advice.notices] == [
        ("no-gap-yet-changing-facts", NoticeKind.CONTRADICTION)
    ]


def test_an_answer_in_a_disputed_band_is_named():
    advice = recommend({"data": {"examples": 300}})

    assert [hit.rule.id for hit in advice.notices] == ["how-many-examples-is-disputed"]


def test_an_answer_between_two_levels_fires_only_what_holds_for_both(book):
    both = recommend({"knowledge": {"volatility": ["weekly", "monthly"]}})

    assert [reason.rule.id for reason in both.reasons] == ["facts-that-change"]
    assert trace_rule(book, "fast-changing-facts", {"knowledge.volatility": ("monthly", "weekly")}).state is (
        TraceState.UNKNOWN
    )


def test_the_trace_says_what_became_of_every_rule(book):
    levels = {"knowledge.gap": ("none",), "knowledge.volatility": ("daily",), "data.examples": ("plenty",)}
    trace = {entry.rule.id: entry for entry in trace_rules(book, levels)}

    assert len(trace) == len(book.rules)
    assert trace["no-facts-needed"].state is TraceState.FIRED
    assert trace["no-examples"].state is TraceState.SILENT
    assert trace["fast-changing-facts"].state is TraceState.NOT_APPLICABLE
    assert trace["weak-model"].state is TraceState.UNKNOWN
    assert trace["weak-model"].waiting_for == ("model.strength",)
    assert trace["no-examples"].answers == {"data.examples": ("plenty",)}


def test_the_trace_of_an_unknown_rule_is_an_error(book):
    with pytest.raises(KeyError):
        trace_rule(book, "no-such-rule", {})


def test_reasons_carry_the_answers_that_fired_them():
    advice = recommend({"knowledge": {"gap": "most", "volatility": "daily"}})
    reason = next(reason for reason in advice.reasons if reason.rule.id == "fast-changing-facts")

    assert reason.answers == {"knowledge.volatility": ("daily",)}
    assert (reason.need, reason.effect, reason.strength, reason.weight) == ("rag", "for", "moderate", 2)


def test_reasons_stand_strongest_first():
    advice = recommend({"knowledge": {"gap": "most", "source": "documents"}, "model": {"strength": "weak"}})
    weights = [reason.weight for reason in advice.reasons]

    assert weights == sorted(weights, reverse=True)


def test_techniques_belong_to_the_option_and_stand_in_their_order():
    advice = recommend({"knowledge": {"gap": "most", "source": "documents", "shape": "multi_hop"}})

    assert [hit.rule.id for hit in advice.techniques] == ["search-in-rounds", "hybrid-retrieval"]


def test_the_margin_to_the_nearer_threshold_is_put_into_a_word():
    narrow = recommend({"knowledge.shape": "lookup"})
    moderate = recommend({"knowledge.gap": "most"})
    firm = recommend(
        {"knowledge.gap": "most", "grounding.citations": "required", "model.strength": "frontier"}
    )

    assert (narrow.firmness, narrow.margin, narrow.runner_up) == (Firmness.NARROW, 0.5, Option.NEITHER)
    assert (moderate.firmness, moderate.margin) == (Firmness.MODERATE, 2.5)
    assert (firm.firmness, firm.runner_up) == (Firmness.FIRM, Option.BOTH)


def test_where_gates_decide_both_needs_there_is_no_margin_and_the_advice_is_firm():
    advice = recommend({"knowledge.source": "none", "data.rights": "not_allowed"})

    assert (advice.option, advice.margin, advice.firmness) == (Option.NEITHER, None, Firmness.FIRM)


def test_a_score_on_its_threshold_is_decided_by_the_stated_order_and_reported(book):
    scale = book.scale.replace(needs_rag_above=2.0, needs_fine_tuning_above=3.0)
    tied = book.replace(scale=scale)
    advice = recommend({"knowledge.gap": "some", "cost.right_sizing": "yes"}, tied)

    assert advice.option is Option.NEITHER
    assert advice.needs[Need.RAG].tied
    assert advice.needs[Need.FINE_TUNING].tied
    assert advice.margin == 0

    other = tied.replace(
        scale=scale.replace(tie_order=(Option.BOTH, Option.RAG, Option.FINE_TUNING, Option.NEITHER))
    )

    assert recommend({"knowledge.gap": "some", "cost.right_sizing": "yes"}, other).option is Option.BOTH


def test_a_requiring_gate_lifts_a_need_over_its_threshold(book):
    rule = book.rules["weak-model"]
    gate = rule.replace(
        id="law",
        code="Z01",
        effects=(),
        gates=(book.rules["no-examples"].gates[0].replace(gate=GateKind.REQUIRES),),
    )
    bound = book.replace(rules={**book.rules, "law": gate})
    advice = recommend({"model.strength": "weak", "task.kind": "summarisation", "model.churn": "high"}, bound)

    assert advice.needs[Need.FINE_TUNING].needed
    assert advice.needs[Need.FINE_TUNING].required_by == ("law",)


def test_retrieval_that_may_not_stand_alone_asks_for_tuning_beside_it(book):
    gate = book.rules["no-examples"].gates[0].replace(need=Need.RAG, gate=GateKind.NOT_ALONE)
    law = book.rules["facts-from-outside"].replace(id="law", code="Z01", effects=(), gates=(gate,))
    bound = book.replace(rules={**book.rules, "law": law})

    assert recommend({"knowledge.gap": "most"}, bound).option is Option.BOTH
    assert recommend({"knowledge.gap": "most", "data.examples": "none"}, bound).option is Option.NEITHER


def test_the_verdict_alone_is_the_verdict_of_the_whole_judgement(book, vocabulary):
    for case in book.cases:
        profile = vocabulary.read_profile(case.profile)
        outcome, advice = decide_option(book, profile.levels), judge_profile(book, profile)

        assert outcome.option is advice.option
        assert [state.score for state in advice.needs.values()] == [score / 1000 for score in outcome.scores]
        for need in Need:
            signed = [r.weight if r.effect == "for" else -r.weight for r in advice.reasons if r.need is need]
            assert sum(signed) == advice.needs[need].score
