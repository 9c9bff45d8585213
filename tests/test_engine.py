"""What the engine decides, in sentences about teams."""

import math

import pytest

from ragortune import Option, recommend
from ragortune.engine import decide_option, judge_profile, trace_rule, trace_rules
from ragortune.model import Effect, Gate, GateKind, Need, NoticeKind, Selection, Strength, TraceState


def option_of(profile, book=None):
    return recommend(profile, book).option


# --- what is known ----------------------------------------------------------------------------------------------------


def test_a_team_that_has_answered_nothing_is_told_to_start_with_retrieval_and_that_this_is_the_default():
    advice = recommend({})

    assert advice.option is Option.RAG
    assert advice.default is True
    assert advice.too_little_known
    assert not advice.firm
    assert not advice.needs[Need.RAG].needed
    assert not advice.needs[Need.FINE_TUNING].needed
    assert advice.reasons == ()


def test_beside_the_default_stand_the_base_rates_of_the_field(book):
    field = [case for case in book.cases if case.sample == "field"]
    retrieving = sum(case.outcome in (Option.RAG, Option.BOTH) for case in field) / len(field)
    tuning = sum(case.outcome in (Option.FINE_TUNING, Option.BOTH) for case in field) / len(field)
    advice = recommend({})

    assert advice.needs[Need.RAG].probability == pytest.approx(retrieving, abs=0.01)
    assert advice.needs[Need.FINE_TUNING].probability == pytest.approx(tuning, abs=0.01)
    assert max(advice.probability, key=advice.probability.get) is Option.NEITHER
    assert advice.runner_up is Option.NEITHER


def test_a_team_whose_answers_say_nothing_about_retrieval_still_gets_the_default():
    advice = recommend({"model": {"strength": "frontier"}})

    assert (advice.option, advice.default) == (Option.RAG, True)


def test_a_need_for_tuning_alone_gives_tuning_and_not_both():
    profile = {"cost.right_sizing": "yes", "performance.volume": "very_high", "model.strength": "weak"}
    advice = recommend(profile)

    assert (advice.option, advice.default) == (Option.FINE_TUNING, False)
    assert not advice.needs[Need.RAG].needed


def test_a_help_desk_over_changing_manuals_is_told_to_retrieve():
    advice = recommend(
        {
            "knowledge": {
                "gap": "most",
                "source": "documents",
                "access_path": "by_meaning",
                "volatility": "weekly",
            }
        }
    )

    assert (advice.option, advice.default) == (Option.RAG, False)
    assert advice.firm
    assert advice.needs[Need.RAG].needed
    assert advice.reasons[0].rule.id == "found-by-meaning"


def test_a_labelling_task_with_thousands_of_pairs_and_a_prompt_at_its_limit_is_told_to_tune():
    profile = {
        "task": {"kind": "classification", "definition": "well_defined"},
        "knowledge": {"gap": "none", "access_path": "in_request"},
        "readiness.prompting": "plateaued",
        "data.examples": 9000,
    }

    assert option_of(profile) is Option.FINE_TUNING


def test_labels_alone_are_a_wish_and_no_reason_to_tune():
    profile = {"task.kind": "classification", "knowledge.gap": "none", "behaviour.output": "labels"}

    assert option_of(profile) is Option.NEITHER


def test_a_weak_model_that_has_to_read_manuals_in_a_voice_of_its_own_needs_both():
    profile = {
        "knowledge": {"gap": "some", "source": "documents", "access_path": "by_meaning"},
        "behaviour.style": "distinctive",
        "readiness": {"prompting": "plateaued", "failures": "behaviour"},
        "model": {"strength": "weak", "tunable": "yes"},
        "data": {"examples": 1000, "teaches": "form"},
    }

    assert option_of(profile) is Option.BOTH


def test_two_pages_of_policy_need_neither():
    profile = {"gap": "most", "source": "documents", "size": 2000, "fits_prompt": "yes"}

    assert option_of({"knowledge": profile}) is Option.NEITHER


# --- several levels hold ----------------------------------------------------------------------------------------------


def test_where_several_levels_hold_each_rule_fires_on_its_own(book):
    levels = {"knowledge.access_path": ("by_key", "by_meaning")}
    fired = {entry.rule.code for entry in trace_rules(book, levels) if entry.state is TraceState.FIRED}

    assert {"K27", "K31", "K32"} <= fired  # found by meaning, reached by key, mainly by key
    assert "K28" not in fired  # mainly by meaning


def test_the_main_level_is_the_one_named_first():
    first, second = (
        recommend({"knowledge": {"gap": "most", "access_path": paths}})
        for paths in (["by_meaning", "by_key"], ["by_key", "by_meaning"])
    )

    assert first.needs[Need.RAG].score > second.needs[Need.RAG].score


def test_a_condition_that_no_level_that_holds_satisfies_is_refuted_not_unknown(book):
    levels = {"knowledge.access_path": ("by_key", "in_request")}

    assert trace_rule(book, "found-by-meaning", levels).state is TraceState.NOT_MET
    assert trace_rule(book, "mainly-handed-over", levels).state is TraceState.NOT_MET
    assert trace_rule(book, "handed-over-in-the-request", levels).state is TraceState.FIRED


def test_a_condition_on_the_main_level_may_allow_several(book):
    rule = book.rules["mainly-handed-over"]
    wider = rule.replace(when={"knowledge.access_path": Selection(main=("by_key", "in_request"))})
    changed = book.replace(rules={**book.rules, rule.id: wider})

    assert trace_rule(changed, rule.id, {"knowledge.access_path": ("by_key",)}).state is TraceState.FIRED


# --- unknown and between ----------------------------------------------------------------------------------------------


def test_an_answer_between_two_levels_fires_only_what_holds_for_both(book):
    advice = recommend({"knowledge": {"volatility": ["weekly", "monthly"]}})

    assert [reason.rule.id for reason in advice.reasons] == ["facts-that-change"]
    assert trace_rule(book, "fast-changing-facts", {"knowledge.volatility": ("monthly", "weekly")}).state is (
        TraceState.UNKNOWN
    )


def test_the_trace_says_what_became_of_every_rule(book):
    levels = {
        "data.examples": ("none",),
        "cost.right_sizing": ("yes",),
        "knowledge.gap": ("none",),
    }
    trace = {entry.rule.id: entry for entry in trace_rules(book, levels)}

    assert len(trace) == len(book.rules)
    assert trace["no-facts-needed"].state is TraceState.FIRED
    assert trace["facts-from-outside"].state is TraceState.NOT_MET
    assert trace["no-examples"].state is TraceState.NOT_APPLICABLE
    assert trace["weak-model"].state is TraceState.UNKNOWN
    assert trace["weak-model"].waiting_for == ("model.strength",)
    assert trace["no-examples"].answers == {"data.examples": ("none",), "cost.right_sizing": ("yes",)}


def test_the_trace_of_an_unknown_rule_is_an_error(book):
    with pytest.raises(KeyError):
        trace_rule(book, "no-such-rule", {})


def test_answers_that_contradict_each_other_are_named():
    advice = recommend({"knowledge": {"gap": "none", "volatility": "daily"}})

    assert [(hit.rule.id, hit.rule.notice) for hit in advice.notices] == [
        ("no-gap-yet-changing-facts", NoticeKind.CONTRADICTION)
    ]


def test_an_answer_in_a_disputed_band_is_named():
    advice = recommend({"data": {"examples": 300}})

    assert [hit.rule.id for hit in advice.notices] == ["how-many-examples-is-disputed"]


# --- reasons and techniques -------------------------------------------------------------------------------------------


def test_reasons_carry_the_answers_that_fired_them(book):
    advice = recommend({"knowledge": {"gap": "most", "volatility": "daily"}})
    reason = next(reason for reason in advice.reasons if reason.rule.id == "fast-changing-facts")

    assert reason.answers == {"knowledge.volatility": ("daily",)}
    assert (reason.need, reason.effect, reason.strength) == ("rag", "for", "weak")
    assert reason.weight == book.scale.weak == 0.35


def test_reasons_stand_strongest_first():
    advice = recommend(
        {"knowledge": {"gap": "most", "access_path": "by_meaning"}, "model": {"strength": "weak"}}
    )
    weights = [reason.weight for reason in advice.reasons]

    assert len(set(weights)) >= 3
    assert weights == sorted(weights, reverse=True)


def test_techniques_belong_to_the_option_and_stand_in_their_order():
    knowledge = {"gap": "most", "source": "documents", "access_path": "by_meaning", "shape": "multi_hop"}
    advice = recommend({"knowledge": knowledge})

    assert [hit.rule.id for hit in advice.techniques] == ["search-in-rounds", "hybrid-retrieval"]


@pytest.mark.parametrize(
    ("path", "first"),
    [
        ("by_key", "query-by-key"),
        ("by_exploration", "explore-with-tools"),
        ("in_request", "prompt-and-schema"),
    ],
)
def test_what_to_begin_with_follows_from_how_the_facts_are_reached(path, first):
    advice = recommend({"knowledge.access_path": path})

    assert advice.option is Option.NEITHER
    assert advice.techniques[0].rule.id == first


def test_material_that_fits_the_prompt_is_put_there():
    advice = recommend({"knowledge": {"gap": "most", "fits_prompt": "yes"}})

    assert advice.option is Option.NEITHER
    assert advice.techniques[0].rule.id == "material-in-the-prompt"


# --- gates ------------------------------------------------------------------------------------------------------------

WISHES = {
    "cost.right_sizing": "yes",
    "readiness.prompting": "plateaued",
    "model.strength": "weak",
    "data.examples": 9000,
}


def test_a_gate_outweighs_every_weight():
    assert option_of(WISHES) is Option.FINE_TUNING

    advice = recommend({**WISHES, "data.rights": "not_allowed"})
    state = advice.needs[Need.FINE_TUNING]

    assert advice.option is not Option.FINE_TUNING
    assert state.score > 0
    assert (state.needed, state.probability) == (False, 0)
    assert state.blocked_by == ("training-not-allowed",)
    assert advice.probability[Option.FINE_TUNING] == advice.probability[Option.BOTH] == 0


def test_no_examples_rule_tuning_out_unless_a_large_model_can_write_them():
    wishes = {"readiness.prompting": "plateaued", "model.strength": "weak", "data.examples": "none"}

    assert recommend(wishes).needs[Need.FINE_TUNING].blocked_by == ("no-examples",)
    assert recommend({**wishes, "cost.right_sizing": "yes"}).needs[Need.FINE_TUNING].blocked_by == ()


def test_without_known_examples_tuning_stays_under_a_ceiling(book):
    wishes = {name: level for name, level in WISHES.items() if name != "data.examples"}
    wish, plan = (recommend(profile).needs[Need.FINE_TUNING] for profile in (wishes, WISHES))

    assert wish.score > book.scale.unconfirmed
    assert not wish.confirmed
    assert wish.probability == pytest.approx(1 / (1 + math.exp(-book.scale.unconfirmed)))
    assert plan.confirmed
    assert plan.probability > wish.probability


def test_a_requiring_gate_holds_a_need_whatever_speaks_against_it(book):
    rule = book.rules["weak-model"]
    law = rule.replace(id="law", code="Z01", effects=(), gates=(Gate(Need.FINE_TUNING, GateKind.REQUIRES),))
    bound = book.replace(rules={**book.rules, "law": law})
    advice = recommend({"model.strength": "weak", "task.kind": "summarisation", "model.churn": "high"}, bound)

    assert advice.needs[Need.FINE_TUNING].score < 0
    assert advice.needs[Need.FINE_TUNING].needed
    assert advice.needs[Need.FINE_TUNING].probability == 1
    assert advice.needs[Need.FINE_TUNING].required_by == ("law",)


def test_what_is_ruled_out_stays_out_even_where_another_gate_requires_it(book):
    law = book.rules["weak-model"].replace(
        id="law", code="Z01", effects=(), gates=(Gate(Need.FINE_TUNING, GateKind.REQUIRES),)
    )
    bound = book.replace(rules={**book.rules, "law": law})
    advice = recommend({"model.strength": "weak", "model.tunable": "no"}, bound)

    assert not advice.needs[Need.FINE_TUNING].needed
    assert advice.needs[Need.FINE_TUNING].probability == 0


def test_a_gate_on_retrieval_alone_ends_the_default(book):
    law = book.rules["frontier-model"].replace(
        id="law", code="Z01", effects=(), gates=(Gate(Need.RAG, GateKind.RULES_OUT),)
    )
    bound = book.replace(rules={**book.rules, "law": law})
    advice = recommend({"model.strength": "frontier"}, bound)

    assert (advice.option, advice.default) == (Option.NEITHER, False)


# --- firm -------------------------------------------------------------------------------------------------------------


def test_advice_is_firm_from_the_limit_of_the_rule_set_on_and_not_below(book):
    profile = {"knowledge": {"gap": "most", "source": "documents", "access_path": "by_meaning"}}
    advice = recommend(profile, book, what_if=False)
    probability = advice.probability[advice.option]

    for limit, firm in ((probability - 0.001, True), (probability, True), (probability + 0.001, False)):
        stricter = book.replace(scale=book.scale.replace(firm_from=limit))
        assert recommend(profile, stricter, what_if=False).firm is firm


def test_settled_advice_is_firm_whatever_its_probability(book):
    tuned = book.rules["no-examples"]
    alone = book.replace(rules={tuned.id: tuned}, criteria={"data.examples": book.criteria["data.examples"]})
    bound = alone.replace(
        rules={tuned.id: tuned.replace(unless={}, effects=(Effect(Need.RAG, "for", Strength.WEAK),))}
    )
    advice = recommend({"data.examples": "none"}, bound)

    assert advice.settled
    assert max(advice.probability.values()) < 0.8
    assert advice.firm


@pytest.mark.parametrize(
    ("profile", "known"),
    [
        ({"knowledge.access_path": "by_meaning", "knowledge.gap": "most"}, True),
        ({"performance.deployment": "on_premises"}, False),
        ({"task.kind": "writing"}, False),
    ],
)
def test_too_little_is_known_where_no_option_is_more_likely_than_not_or_the_default_applies(profile, known):
    advice = recommend(profile)

    assert advice.too_little_known is not known
    assert advice.too_little_known == (advice.default or max(advice.probability.values()) < 0.5)


def test_the_verdict_alone_is_the_verdict_of_the_whole_judgement(book, vocabulary):
    for case in book.cases:
        profile = vocabulary.read_profile(case.profile)
        outcome, advice = decide_option(book, profile.levels), judge_profile(book, profile)

        assert outcome.option is advice.option
        assert outcome.probability == advice.probability
        assert [state.score for state in advice.needs.values()] == [score / 1000 for score in outcome.scores]
        assert advice.runner_up is not advice.option
        assert advice.probability[advice.runner_up] == max(
            own for option, own in advice.probability.items() if option is not advice.option
        )
