"""Whole assessments: the worked scenarios, and what has to hold for any project."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ragortune import recommend
from ragortune.costs.assess import Sample, assess_costs
from ragortune.costs.comparisons import count_wins, find_crossing, total_at
from ragortune.costs.inputs import tabulate_triangle
from ragortune.engine import add_what_if, judge_profile
from ragortune.evidence.profile import Vocabulary
from ragortune.model.prices import PriceBook
from ragortune.support.errors import PriceError, ProfileError
from ragortune.support.reading import read_document

from .conftest import ROOT

TODAY = "2026-11-24"
FEW = Sample(0, 400)
SCENARIOS = sorted((ROOT / "examples" / "cost").glob("*.yaml"))


@pytest.fixture
def assess(book):
    def assess_mapping(data, today=TODAY, sample=FEW):
        profile = Vocabulary(book.criteria, book.quantities).read_profile(data)
        return assess_costs(profile, book, PriceBook(book.prices, book.price_kinds), today, sample)

    return assess_mapping


def scenario(number):
    (path,) = [path for path in SCENARIOS if path.name.startswith(str(number))]
    return read_document(str(path), 1 << 20).data


def changed(number, **quantities):
    data = scenario(number)
    return {**data, "quantities": {**data["quantities"], **quantities}}


def bill_of(report, name):
    """Return what recurs each month at the best guesses."""
    return sum(option_of(report, name).lines.values())


def option_of(report, name):
    (found,) = [cost for cost in report.options if cost.id == name]
    return found


# --- the worked scenarios -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "change", "option", "expected"),
    [
        (1, {}, "rag/gpt-6-luna", 179.25),
        (1, {"reranker": "none"}, "rag/gpt-6-luna", 57.58),
        (1, {}, "rag/gpt-6.1-terra", 426.72),
        (1, {}, "rag/gpt-6.1-sol", 701.68),
        (1, {"tuning_upkeep_days": 0}, "fine_tuning/azure-gpt-oss-20b", 381.90),
        (2, {"cache": "none"}, "long_context/claude-haiku-5-5", 28.34),
        (2, {"cache": "5m"}, "long_context/claude-haiku-5-5", 12.51),
        (2, {"cache": "1h"}, "long_context/claude-haiku-5-5", 3.37),
        (2, {}, "rag/claude-haiku-5-5", 51.95),
        (2, {"vector_store": "in-process"}, "rag/claude-haiku-5-5", 1.95),
        (2, {"vector_store": "s3-vectors"}, "rag/claude-haiku-5-5", 1.97),
        (2, {"cache": "5m"}, "long_context/claude-sonnet-5-5", 230.44),
        (2, {"vector_store": "in-process"}, "rag/claude-sonnet-5-5", 38.96),
        (3, {"cache": "none"}, "prompting/gpt-6-luna", 2509.38),
        (3, {}, "prompting/gpt-6-luna", 771.88),
        (3, {}, "prompting/gpt-6.1-terra", 6745.20),
        (3, {"tuning_upkeep_days": 0}, "fine_tuning/azure-gpt-oss-20b", 731.91),
        (3, {"tuning_upkeep_days": 0, "training_runs": 1}, "fine_tuning/own", 2547.70),
        (4, {}, "rag/gpt-6.1-terra", 1677.16),
        (4, {}, "rag/gpt-6.1-sol", 2923.49),
        (4, {"tuning_upkeep_days": 0}, "both/azure-llama-3.3-70b", 1341.29),
        (4, {"tuning_upkeep_days": 0}, "both/own", 5526.24),
    ],
)
def test_the_bills_of_the_scenarios_are_those_worked_out_before(assess, number, change, option, expected):
    report = assess(changed(number, **change))

    assert bill_of(report, option) == pytest.approx(expected, rel=0.01)


def test_a_corpus_that_grows_past_a_price_tier_multiplies_the_bill_by_five(assess):
    bills = []
    for size in (98_200, 101_000):
        data = changed(2, cache="5m")
        data["knowledge"] = {**data["knowledge"], "size": size}
        bills.append(bill_of(assess(data), "long_context/claude-haiku-5-5"))

    assert bills == pytest.approx([19.84, 102.73], rel=0.01)


@pytest.mark.parametrize(
    ("number", "option", "ends"),
    [
        (1, "rag/gpt-6-luna", (132, 246)),
        (1, "rag/gpt-6.1-terra", (311, 600)),
        (3, "prompting/gpt-6-luna", (673, 1158)),
        (4, "rag/gpt-6.1-sol", (2362, 3806)),
    ],
)
def test_the_ranges_of_the_scenarios_lie_within_those_drawn_before(assess, number, option, ends):
    running = option_of(assess(scenario(number), sample=Sample(0, 4000)), option).running

    assert ends[0] * 0.95 <= running.p10 < running.p50 < running.p90 <= ends[1]


@pytest.mark.parametrize(
    ("number", "option"), [(1, "rag"), (2, "neither"), (3, "neither"), (4, "rag"), (5, "rag")]
)
def test_the_cheapest_of_each_scenario_is_the_answer_given_before(assess, number, option):
    report = assess(scenario(number))

    assert report.leader.option == option


def test_the_articles_do_not_fit_any_window(assess):
    obstacles = option_of(assess(scenario(1)), "long_context/gpt-6-luna").obstacles

    assert [(found.gate, found.ruling) for found in obstacles] == [("window", "fails")]


def test_a_tuned_classifier_breaks_even_late_and_later_with_labels_and_upkeep(assess):
    bare = changed(3, tuning_upkeep_days=0, tuning_days=0, label_cost=0)
    whole = changed(3, tuning_days=0, label_cost=0.5)
    found = {}
    for name, data in (("bare", bare), ("whole", whole)):
        report = assess(data)
        (own,) = [
            own
            for own in report.break_evens
            if (own.option, own.against) == ("fine_tuning/azure-gpt-oss-20b", "prompting/gpt-6-luna")
        ]
        found[name] = own.requests_a_month

    assert found["bare"] == pytest.approx(7_818_241, rel=0.03)
    assert found["whole"] == pytest.approx(30_701_536, rel=0.05)


def test_only_retrieval_on_own_machines_speaks_in_time(assess):
    report = assess(scenario(5))
    own, managed = option_of(report, "rag/own"), option_of(report, "rag/claude-haiku-5-5")

    assert own.latency.first_p50 == pytest.approx(125, rel=0.25)
    assert own.latency.first_p95 == pytest.approx(222, rel=0.25)
    assert own.feasible
    assert not managed.feasible
    assert managed.latency.first_p95 > 800


# --- what holds for any project -----------------------------------------------------------------------------------

BASE = {
    "knowledge": {"gap": "most", "size": 2_000_000},
    "data": {"examples": 1000},
    "quantities": {"requests_per_day": 1000, "tuned_model": "azure-gpt-4.1", "own_parameters": 8e9},
}


def with_quantities(**quantities):
    return {**BASE, "quantities": {**BASE["quantities"], **quantities}}


@settings(max_examples=25)
@given(
    name=st.sampled_from(
        ["requests_per_day", "answer_tokens", "question_tokens", "context_tokens", "instruction_tokens"]
    ),
    low=st.floats(1, 5_000),
    factor=st.floats(1.01, 50),
)
def test_cost_grows_with_volume_and_tokens(assess_once, name, low, factor):
    before, after = (
        assess_once(with_quantities(**{name: {"value": value, "source": "measured"}}))
        for value in (low, low * factor)
    )
    for one, other in zip(before.options, after.options, strict=True):
        assert other.best_guess >= one.best_guess * (1 - 1e-9)


@pytest.fixture(scope="module")
def assess_once(book):
    def assess_mapping(data):
        profile = Vocabulary(book.criteria, book.quantities).read_profile(data)
        return assess_costs(profile, book, PriceBook(book.prices, book.price_kinds), TODAY, Sample(0, 100))

    return assess_mapping


@settings(max_examples=25)
@given(
    volume=st.floats(0.1, 1e7),
    tokens=st.integers(1, 100_000),
    size=st.integers(1_000, 10**11),
    store=st.sampled_from(
        ["in-process", "pgvector", "pinecone", "s3-vectors", "turbopuffer", "chroma-cloud", "upstash"]
    ),
)
def test_every_number_is_finite_and_every_range_is_in_order(assess_once, volume, tokens, size, store):
    data = with_quantities(requests_per_day=volume, answer_tokens=tokens, vector_store=store)
    report = assess_once({**data, "knowledge": {"gap": "most", "size": size}})
    for cost in report.options:
        assert 0 <= cost.best_guess < float("inf")
        assert 0 <= cost.total.p10 <= cost.total.p50 <= cost.total.p90 < float("inf")
        assert 0 <= cost.latency.first_p50 <= cost.latency.first_p95 < float("inf")
        assert cost.latency.first_p50 <= cost.latency.whole_p50


lines = st.lists(
    st.tuples(st.floats(0, 1e4), st.floats(0, 10), st.one_of(st.just(float("-inf")), st.floats(0, 1e4))),
    min_size=1,
    max_size=4,
).map(tuple)


@given(lines, lines)
def test_a_break_even_is_the_crossing_that_bisection_finds(first, second):
    crossing = find_crossing(first, second)
    assume(crossing is not None)

    def gap(requests):
        return total_at(first, requests) - total_at(second, requests)

    at, falls = crossing
    low, high = at * 0.999, at * 1.001
    assume(gap(low) * gap(high) < 0)  # no other crossing lies so near that the bracket holds both
    assert falls is (gap(high) < 0)
    steepness = abs(gap(high) - gap(low)) / (high - low)
    for _ in range(60):
        middle = (low + high) / 2
        if gap(low) * gap(middle) <= 0:
            high = middle
        else:
            low = middle
    assert abs(middle - at) <= 1e-9 * at + 1e-12 * (1 + total_at(first, at)) / steepness


def test_bills_that_cross_where_a_least_amount_ends_cross_there():
    no_least = float("-inf")
    with_least = ((0.0, 2.0, 100.0), (50.0, 0.0, no_least))

    assert find_crossing(with_least, ((0.0, 3.0, no_least),)) == (50.0, True)
    assert find_crossing(((0.0, 3.0, no_least),), with_least) == (50.0, False)
    assert find_crossing(((0.0, 2.0, 100.0),), ((50.0, 1.0, no_least),)) is None  # they only touch


def test_break_evens_of_a_scenario_are_where_the_bills_cross(assess):
    report = assess(scenario(2))
    (own, _) = report.break_evens

    assert own.requests_a_month is not None
    assert own.requests_a_month > report.requests_a_month.p50
    assert own.p10 <= own.requests_a_month <= own.p90


def test_the_same_seed_gives_the_same_report_and_another_one_nearly_the_same(assess):
    first, again = (assess(scenario(4), sample=Sample(7, 1000)) for _ in range(2))
    other = assess(scenario(4), sample=Sample(8, 1000))

    assert first == again
    assert first != other
    for one, two in zip(first.options, other.options, strict=True):
        assert one.running.p50 == pytest.approx(two.running.p50, rel=0.1)


def test_equal_bills_give_the_win_to_the_first_and_shares_add_up():
    assert count_wins([[1.0, 2.0], [1.0, 1.0]]) == [0.5, 0.5]
    assert count_wins([[3.0]]) == [1.0]


def test_a_triangle_keeps_to_its_ends_and_its_mean():
    values = tabulate_triangle(1.0, 2.0, 6.0)

    assert values == sorted(values)
    assert 1.0 < values[0] < values[-1] < 6.0
    assert sum(values) / len(values) == pytest.approx(3.0, rel=0.01)


def test_a_point_range_at_its_own_low_end_can_be_sampled(assess):
    report = assess(with_quantities(answer_tokens={"low": 300, "value": 300, "high": 600}))

    assert 300 <= next(own.mid for own in report.inputs if own.name == "answer_tokens") <= 600
    assert report.leader.best_guess > 0


# --- gates --------------------------------------------------------------------------------------------------------


def gates_of(report, name):
    return {found.gate: found for found in option_of(report, name).obstacles}


@pytest.mark.parametrize(
    ("gap", "usable"),
    [("some", False), (["some", "most"], False), (["none", "some"], True), ("unknown", True)],
)
def test_a_model_that_is_given_no_facts_is_ruled_out_where_answers_need_some_in_any_case(assess, gap, usable):
    report = assess({"knowledge": {"gap": gap, "size": 2_000_000}, "performance": {"volume": 1000}})

    prompting = next(cost for cost in report.options if cost.id.startswith("prompting/"))
    assert prompting.feasible is usable


@pytest.mark.parametrize(
    ("path", "told"),
    [(["in_request", "by_key"], False), ("by_exploration", False), (["by_key", "by_meaning"], True)],
)
def test_facts_that_come_with_the_call_or_by_a_key_are_seen_without_a_search(assess, path, told):
    report = assess({**BASE, "knowledge": {"gap": "some", "access_path": path}})
    gates = {found.gate for cost in report.options for found in cost.obstacles}

    assert ("knowledge" in gates) is told


def test_sixty_thousand_labelled_tickets_are_not_labelled_again(assess):
    data = {**BASE, "knowledge": {"gap": "none"}, "data": {"examples": 60_000}}
    option = option_of(assess(data), "fine_tuning/azure-gpt-4.1")

    assert option.investments["labels"] == 0 < option.investments["first training"]


def test_an_offer_that_takes_no_more_jobs_cannot_be_used(assess):
    data = {**with_quantities(tuned_model="openai-gpt-4.1-mini"), "knowledge": {"gap": "none"}}

    assert gates_of(assess(data), "fine_tuning/openai-gpt-4.1-mini")["tuning offer"].ruling == "warns"
    late = gates_of(assess(data, "2027-01-10"), "fine_tuning/openai-gpt-4.1-mini")["tuning offer"]
    assert late.ruling == "fails"
    assert late.text == "GPT-4.1 mini tuned, OpenAI has taken no new jobs since 2027-01-06"


@pytest.mark.parametrize(("count", "ruling"), [(3, "fails"), (30, "warns"), (120, "warns"), (1000, None)])
def test_too_few_examples_stand_in_the_way(assess, count, ruling):
    data = {**BASE, "data": {"examples": count}, "knowledge": {"gap": "none"}}
    found = gates_of(assess(data), "fine_tuning/azure-gpt-4.1").get("examples")

    assert (found.ruling if found else None) == ruling


def test_a_prompt_above_a_price_tier_is_told(assess):
    data = changed(2)
    data["knowledge"] = {**data["knowledge"], "size": 120_000}
    told = gates_of(assess(data), "long_context/claude-haiku-5-5")["price tier"].text

    assert told.startswith("above ")
    assert "bills the whole request" in told


@pytest.mark.parametrize("deployment", ["on_premises", ["on_premises", "edge"]])
def test_on_machines_of_the_team_only_own_models_can_be_used(assess, deployment):
    report = assess({**BASE, "performance": {"deployment": deployment}})

    assert {cost.id for cost in report.options if cost.feasible} == {"rag/own", "both/own"}


@pytest.mark.parametrize("deployment", ["on_premises", ["edge", "on_premises"]])
@pytest.mark.parametrize(("strength", "parameters"), [("weak", 8e9), ("unknown", 20e9)])
def test_a_team_on_its_own_premises_that_names_no_model_gets_a_bill_for_its_own_machines(
    assess, strength, parameters, deployment
):
    report = assess(
        {
            "knowledge": {"gap": "none"},
            "data": {"examples": 12_000},
            "model": {"strength": strength},
            "performance": {"volume": 50_000, "deployment": deployment},
        }
    )

    assert {cost.id: cost.feasible for cost in report.options} == {
        "prompting/own": True,
        "fine_tuning/own": True,
    }
    assert dict(report.assumed_names).keys() == {"accelerator"}
    assert next(own.mid for own in report.inputs if own.name == "own_parameters") == parameters


def test_a_label_is_billed_as_a_few_tokens(assess):
    def answer_of(output):
        report = assess({"behaviour": {"output": output}, "performance": {"volume": 50_000, "latency": 3000}})
        assert report.leader is not None or output != "labels"
        return next(own for own in report.inputs if own.name == "answer_tokens")

    assert answer_of("labels").high <= 20
    assert answer_of("free_text").mid == 300


@pytest.mark.parametrize(
    ("kind", "output", "tokens"),
    [
        ("classification", "unknown", 10),
        ("classification", "free_text", 300),
        (["classification", "writing"], "unknown", 300),
    ],
)
def test_a_classification_is_billed_as_a_few_tokens_unless_the_team_says_that_it_writes(
    assess, kind, output, tokens
):
    report = assess(
        {"task": {"kind": kind}, "behaviour": {"output": output}, "performance": {"volume": 50_000}}
    )

    assert next(own.mid for own in report.inputs if own.name == "answer_tokens") == tokens


def test_where_nothing_can_be_used_there_is_no_cheapest(assess):
    report = assess(with_quantities(first_token_budget=1))

    assert report.leader is None
    assert report.swings == ()
    assert report.paybacks == ()


def test_an_answer_budget_given_as_a_criterion_counts(assess):
    named = {}
    for latency in (60_000, 300):
        report = assess({**BASE, "performance": {"latency": latency}})
        named[latency] = [cost.feasible for cost in report.options if cost.model is not None]

    assert any(named[60_000])
    assert not any(named[300])


def test_old_prices_carry_no_break_even(assess):
    report = assess(BASE, "2028-06-01")

    assert report.prices_refused
    assert report.break_evens == report.paybacks == ()
    assert report.context_limits == {}


# --- choices ------------------------------------------------------------------------------------------------------


def test_wrong_answers_are_part_of_the_ranking_where_every_accuracy_is_known(assess):
    data = with_quantities(
        wrong_answer_cost=4, accuracy_rag=0.9, accuracy_both=0.95, accuracy_long_context=0.9, engineer_day=0
    )
    report = assess(data)

    assert report.wrong_answers_priced
    assert report.worth_of_a_point == pytest.approx(1000 * 365 / 12 * 4 * 0.01)
    assert report.leader.approach == "both"
    assert option_of(report, "rag/gpt-6.1-terra").accepted_answer.p50 > 0.4


def test_without_a_price_of_errors_an_accepted_answer_is_the_bill_over_the_accuracy(assess):
    report = assess(with_quantities(accuracy_rag=0.5))
    own = option_of(report, "rag/gpt-6.1-terra")

    assert own.accepted_answer.p50 == pytest.approx(2 * own.total.p50 / (1000 * 365 / 12), rel=0.1)


def test_batch_prices_are_half(assess):
    alone = {"knowledge": {"gap": "none"}, "quantities": {"requests_per_day": 1000, "model": "gpt-6-luna"}}
    batch = {**alone, "quantities": {**alone["quantities"], "prices": "batch"}}

    assert bill_of(assess(batch), "prompting/gpt-6-luna") == pytest.approx(
        bill_of(assess(alone), "prompting/gpt-6-luna") / 2
    )


def test_training_all_weights_of_an_own_model_takes_half_as_long_again_as_an_adapter(assess):
    paid = [
        dict(option_of(assess(with_quantities(own_tuning=way)), "both/own").investments)["first training"]
        for way in ("adapter", "full")
    ]

    assert paid[1] == pytest.approx(paid[0] * 1.5)


def test_reinforcement_tuning_is_billed_by_the_hour(assess):
    report = assess(
        {
            **with_quantities(tuned_model="azure-o4-mini", training_runs=1, training_hours=4),
            "knowledge": {"gap": "none"},
        }
    )

    assert dict(option_of(report, "fine_tuning/azure-o4-mini").investments)[
        "first training"
    ] == pytest.approx(400)


def test_models_stand_in_by_the_strength_that_is_permitted(assess):
    data = {**BASE, "model": {"strength": "frontier"}, "quantities": {"requests_per_day": 10}}

    assert dict(assess(data).assumed_names)["model"] == "gpt-6.1-sol"


def test_a_level_alone_stands_for_its_band(assess):
    report = assess({"knowledge": {"gap": "most", "size": "medium"}, "performance": {"volume": "medium"}})
    found = {own.name: own for own in report.inputs}

    assert (found["requests_per_day"].low, found["requests_per_day"].high) == (1000, 20_000)
    assert (found["corpus_tokens"].low, found["corpus_tokens"].high) == (200_000, 2_000_000)


@pytest.mark.parametrize(
    ("level", "low", "high"),
    [("very_high", 300_000, 6_000_000), ("high", 20_000, 300_000), ("low", 50, 1000)],
)
def test_an_open_band_reaches_twenty_times_as_far(assess, level, low, high):
    (found,) = [
        own for own in assess({"performance": {"volume": level}}).inputs if own.name == "requests_per_day"
    ]

    assert (found.low, found.high) == (low, high)


def test_without_requests_there_is_no_bill(assess):
    with pytest.raises(ProfileError, match="number of requests a day is unknown"):
        assess({"knowledge": {"gap": "most"}})


def test_an_unknown_model_is_an_error_and_never_free(assess):
    with pytest.raises(PriceError) as caught:
        assess(with_quantities(model="gpt-6-lunar"))

    assert str(caught.value) == (
        "there is no chat model 'gpt-6-lunar' in the price data\nhint: did you mean 'gpt-6-luna'?"
    )


def test_a_rule_set_that_has_few_quantities_says_what_has_no_default(book):
    few = book.replace(quantities={"requests_per_day": book.quantities["requests_per_day"]})
    profile = Vocabulary(few.criteria, few.quantities).read_profile(
        {"performance": {"volume": 50, "deployment": "on_premises"}, "knowledge": {"gap": "none"}}
    )

    with pytest.raises(PriceError, match="'accelerator' is not set"):
        assess_costs(profile, few, PriceBook(few.prices, few.price_kinds), TODAY, FEW)


def test_a_tuning_offer_is_no_chat_model(assess):
    with pytest.raises(PriceError, match="is a tuning offer, not a chat model"):
        assess(with_quantities(model="azure-gpt-4.1"))


# --- into the advice ----------------------------------------------------------------------------------------------


def fired(recommendation):
    return {reason.rule.code for reason in recommendation.reasons} | {
        hit.rule.code for hit in recommendation.notices
    }


def test_a_profile_with_quantities_gets_derived_facts_that_fire_rules():
    recommendation = recommend(scenario(2), as_of=TODAY)

    assert recommendation.profile.levels["derived.cheapest"] == ("neither",)
    assert recommendation.profile.answers["derived.cheapest"].source == "derived"
    assert "Q04" in fired(recommendation)
    assert not any(name.startswith("derived") for name in recommendation.unanswered)
    assert not any(question.criterion.startswith("derived") for question in recommendation.unknowns)
    assert not any(name.startswith("derived") for flip in recommendation.flips for name in flip.change)


def test_a_profile_without_quantities_gets_none(book):
    recommendation = recommend({"performance.volume": 2000, "knowledge.gap": "most", "data.examples": 500})

    assert not set(recommendation.profile.levels) & set(book.derived)


def test_quantities_without_requests_give_answers_and_no_facts(book):
    recommendation = recommend({"quantities": {"corpus_tokens": 10_000}}, as_of=TODAY)

    assert recommendation.profile.levels["knowledge.size"] == ("tiny",)
    assert not set(recommendation.profile.levels) & set(book.derived)


def test_volume_speaks_for_tuning_only_until_the_numbers_say_otherwise():
    plain = recommend({"performance.volume": 300_000, "data.examples": 4000, "knowledge.gap": "none"})
    priced = recommend(scenario(3), as_of=TODAY)

    assert {"P03", "P04"} <= fired(plain)
    assert not {"P03", "P04"} & fired(priced)
    assert "Q02" in fired(priced)


def test_tuning_that_replaces_a_dear_model_pays_back_before_it_is_retired():
    data = changed(3, model="gpt-6.1-terra", label_cost=0.05)
    recommendation = recommend(data, as_of=TODAY)

    assert recommendation.profile.levels["derived.payback"] == ("before_retirement",)
    assert "Q01" in fired(recommendation)


def test_a_budget_that_only_own_retrieval_meets_is_met():
    assert recommend(scenario(5), as_of=TODAY).profile.levels["derived.latency_budget"] == ("all_meet",)


@pytest.mark.parametrize(
    ("budget", "expected"), [(20_000, "all_meet"), (1_100, "retrieval_misses"), (10, "none_meets")]
)
def test_the_latency_budget_is_met_by_all_by_some_or_by_none(budget, expected):
    data = {
        "knowledge": {"gap": "some", "size": 2_000_000},
        "data": {"examples": 1000},
        "quantities": {"requests_per_day": 1000, "first_token_budget": budget},
    }

    assert recommend(data, as_of=TODAY).profile.levels["derived.latency_budget"] == (expected,)


def test_break_evens_beyond_what_the_machines_carry_are_called_so(assess):
    report = assess(scenario(3))
    own = option_of(report, "prompting/own")

    assert own.accelerators == 3
    assert 9.125e6 < own.carries_requests_a_month < 20e6


def test_options_that_cost_alike_leave_the_decision_to_others():
    data = {
        "knowledge": {"gap": "most", "size": 60_000},
        "quantities": {
            "requests_per_day": 150,
            "model": "claude-haiku-5-5",
            "cache": "none",
            "engineer_day": 0,
            "vector_store": "pgvector",
        },
    }
    recommendation = recommend(data, as_of=TODAY)

    assert recommendation.profile.levels["derived.cheapest_factor"] == ("undecided",)
    assert "derived.cheapest" not in recommendation.profile.levels
    assert "Q07" in fired(recommendation)


def test_prices_older_than_a_year_give_no_facts(book):
    from ragortune.costs import add_facts

    profile = Vocabulary(book.criteria, book.quantities).read_profile(scenario(2))

    assert not set(add_facts(book, profile, "2028-06-01").levels) & set(book.derived)
    assert set(add_facts(book, profile, TODAY).levels) & set(book.derived)


def test_a_rule_set_without_derived_criteria_gets_none(book):
    from ragortune.costs import add_facts

    bare = book.replace(derived={})
    profile = Vocabulary(book.criteria, book.quantities).read_profile(scenario(2))

    assert add_facts(bare, profile, TODAY) is profile


def test_what_if_keeps_derived_facts_as_they_are(book):
    profile = Vocabulary(book.readable).read_profile(
        {"derived.payback": "never", "performance.volume": "high"}
    )

    recommendation = add_what_if(judge_profile(book, profile))

    assert "tuning-does-not-pay-back" in [reason.rule.id for reason in recommendation.reasons]
    assert not any("derived.payback" in flip.change for flip in recommendation.flips)
    assert "derived.payback" not in [question.criterion for question in recommendation.unknowns]


def test_the_probability_of_a_recommendation_counts_the_derived_facts():
    data = scenario(3)
    with_numbers = recommend(data, as_of=TODAY)
    without = recommend({name: own for name, own in data.items() if name != "quantities"}, as_of=TODAY)

    derived = [
        reason
        for reason in with_numbers.reasons
        if any(name.startswith("derived.") for name in reason.answers)
    ]
    assert derived
    assert with_numbers.probability != without.probability


def test_tuning_that_pays_back_too_late_is_warned_of(assess):
    data = changed(3, model="gpt-6.1-terra", tuned_model="azure-gpt-4.1-nano", label_cost=12, tuning_days=60)
    report = assess(data)
    (payback,) = [own for own in report.paybacks if own.option == "fine_tuning/azure-gpt-4.1-nano"]

    assert payback.ever > 0.9
    assert payback.in_time < 0.2
    assert "within the 10.7 months" in gates_of(report, "fine_tuning/azure-gpt-4.1-nano")["payback"].text
    alone = {**data, "quantities": {**data["quantities"], "own_parameters": None}}
    levels = recommend(alone, as_of=TODAY).profile.levels
    assert levels["derived.payback"] == ("after_retirement",)
