"""What people type as an answer, and what the questionnaire makes of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragortune import load_rulebook
from ragortune.evidence.answers import LONGEST_ANSWER, accepted_words, choice_labels, read_answer
from ragortune.evidence.profile import Vocabulary
from ragortune.model import Criterion, Level
from ragortune.support.errors import AnswerError, ProfileError

BOOK = load_rulebook()
CRITERIA = list(BOOK.criteria.values())


def understood(criterion, text):
    return read_answer(BOOK.criteria[criterion], text)


def levels(criterion, text):
    return (
        Vocabulary(BOOK.criteria, BOOK.quantities)
        .read_profile({criterion: understood(criterion, text)})
        .levels.get(criterion, ())
    )


def complaint(criterion, text):
    with pytest.raises(ProfileError) as error:
        levels(criterion, text)
    return str(error.value)


# --- levels -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["weekly", "Weekly ", "WEEKLY", "4", "#4", "w", "week", "'weekly'"])
def test_a_level_is_typed_by_its_name_its_number_or_its_beginning(text):
    assert understood("knowledge.volatility", text) == "weekly"


@pytest.mark.parametrize(
    ("criterion", "text", "level"),
    [
        ("task.kind", "function calling", "function_calling"),
        ("task.kind", "function-calling", "function_calling"),
        ("task.kind", "10", "dialogue"),
        ("readiness.failures", "knowledge and behaviour", "knowledge_and_behaviour"),
        ("readiness.failures", "knowledge", "knowledge"),
        ("cost.right_sizing", "y", "yes"),
        ("cost.right_sizing", "no", "no"),
        ("data.examples", "under 50", "under_50"),
        ("data.examples", "#2", "under_50"),
        ("performance.volume", "low", "low"),
    ],
)
def test_a_name_may_be_written_as_people_write_it(criterion, text, level):
    assert understood(criterion, text) == level


@pytest.mark.parametrize(
    "text",
    [
        "weekly or monthly",
        "monthly, weekly",
        "3,4",
        "3 or 4",
        "weekly/monthly",
        "weekly; m",
        "weekly and monthly",
    ],
)
def test_a_team_between_two_levels_names_both(text):
    assert set(understood("knowledge.volatility", text)) == {"weekly", "monthly"}
    assert levels("knowledge.volatility", text) == ("monthly", "weekly")


@pytest.mark.parametrize(
    ("criterion", "text", "expected"),
    [
        ("knowledge.access_path", "by_meaning and by_key", ["by_meaning", "by_key"]),
        ("knowledge.access_path", "by meaning, by key", ["by_meaning", "by_key"]),
        ("knowledge.access_path", "1, 3", ["in_request", "by_meaning"]),
        ("knowledge.source", "structured and documents", ["structured_data", "documents"]),
        (
            "task.kind",
            "summarisation; classification; writing",
            ["summarisation", "classification", "writing"],
        ),
    ],
)
def test_where_several_levels_can_hold_a_team_names_them_in_order(criterion, text, expected):
    assert understood(criterion, text) == expected
    assert levels(criterion, text) == tuple(expected)


@pytest.mark.parametrize("text", ["by_key or by_meaning", "2 or 3", "by key, by exploration or by meaning"])
def test_or_leaves_open_which_of_several_levels_hold_and_is_asked_back(text):
    told = complaint("knowledge.access_path", text)

    assert "'or' leaves open which" in told
    assert "type all that apply, the main one first: by_key" in told


def test_what_a_question_takes_says_whether_several_levels_can_hold():
    assert "all that hold, the main one first" in accepted_words(BOOK.criteria["knowledge.source"])
    assert "several joined by 'or'" in accepted_words(BOOK.criteria["knowledge.gap"])


def test_the_same_level_twice_is_one_answer():
    assert understood("knowledge.volatility", "weekly, 4, or week") == "weekly"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("weekly to realtime", ("weekly", "daily", "realtime")),
        ("realtime - weekly", ("weekly", "daily", "realtime")),
        ("daily-weekly", ("weekly", "daily")),
        ("from 4 to 5", ("weekly", "daily")),
        ("between static and monthly", ("static", "yearly", "monthly")),
        ("at least daily", ("daily", "realtime")),
        ("weekly or more", ("weekly", "daily", "realtime")),
        ("up to monthly", ("static", "yearly", "monthly")),
        ("weekly to weekly", ("weekly",)),
    ],
)
def test_levels_in_order_can_be_a_range(text, expected):
    assert levels("knowledge.volatility", text) == expected


@pytest.mark.parametrize(
    "text", ["don't know", "dont know", "Don\u2019t know", "unknown", "skip", "SKIP", "not sure", "no idea"]
)
def test_nobody_knows_is_an_answer(text):
    assert understood("knowledge.volatility", text) == "unknown"


def test_any_of_all_levels_says_nothing():
    assert levels("knowledge.gap", "none, some or most") == ()


# --- yes, no and descriptions -------------------------------------------------------------------------------------


@pytest.mark.parametrize("criterion", ["model.tunable", "cost.right_sizing", "knowledge.fits_prompt"])
def test_yes_and_no_name_the_level_whose_description_begins_so(criterion):
    assert (understood(criterion, "Yes"), understood(criterion, "NO")) == ("yes", "no")


def test_a_period_between_two_levels_is_asked_back():
    assert "'quarterly' could be yearly or monthly" in complaint("knowledge.volatility", "quarterly")
    assert "'every two weeks' could be monthly or weekly" in complaint(
        "knowledge.volatility", "every two weeks"
    )
    assert "could be yearly or monthly" in complaint("knowledge.volatility", "every 3 months")
    assert "could be yearly or monthly" in complaint("knowledge.volatility", "each quarter")
    assert "could be monthly or weekly" in complaint("knowledge.volatility", "every other week")
    assert "could be daily or realtime" in complaint("knowledge.volatility", "hourly")
    assert "could be daily or realtime" in complaint("knowledge.volatility", "twice a day")
    assert understood("knowledge.volatility", "never") == "static"
    assert understood("knowledge.volatility", "continuously") == "realtime"
    assert understood("knowledge.volatility", "annually") == "yearly"
    assert understood("knowledge.volatility", "nightly") == "daily"
    assert understood("performance.latency", "real-time") == "realtime"
    assert "is not an answer" in complaint("task.kind", "quarterly")


@pytest.mark.parametrize(
    ("text", "share"), [("0,8", 0.8), ("0,75", 0.75), ("0,655", 0.655), ("75,5 %", 0.755)]
)
def test_a_share_may_have_a_decimal_comma(text, share):
    assert understood("knowledge.retrievability", text) == share


@pytest.mark.parametrize("criterion", ["task.kind", "grounding.error_cost", "performance.latency"])
def test_yes_and_no_are_no_answer_where_no_level_says_so(criterion):
    assert "is not an answer" in complaint(criterion, "yes")
    assert "is not an answer" in complaint(criterion, "no")


@pytest.mark.parametrize(
    ("criterion", "text"),
    [
        ("grounding.citations", "sources"),
        ("knowledge.source", "not documents"),
        ("knowledge.gap", "of the"),
    ],
)
def test_single_words_of_a_description_are_not_guessed_at(criterion, text):
    assert "is not an answer" in complaint(criterion, text)


# --- amounts ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("criterion", "text", "value"),
    [
        ("knowledge.size", "4.2M tokens", 4_200_000),
        ("knowledge.size", "4200000", 4_200_000),
        ("knowledge.size", "4,200,000", 4_200_000),
        ("knowledge.size", "4 200 000 tokens", 4_200_000),
        ("knowledge.size", "about 2 million tokens", 2_000_000),
        ("knowledge.size", "~120k", 120_000),
        ("knowledge.size", "1e6", 1_000_000),
        ("knowledge.size", "300 pages", 120_000),
        ("knowledge.size", "10k words", 13_000),
        ("knowledge.size", "3 GB", 750_000_000),
        ("knowledge.size", "3 tokens", 3),
        ("performance.latency", "1.5 s", 1500),
        ("performance.latency", "800 ms", 800),
        ("performance.latency", "800", 800),
        ("performance.latency", "2 seconds", 2000),
        ("performance.latency", ".5s", 500),
        ("performance.latency", "2 min.", 120_000),
        ("performance.volume", "2k/day", 2000),
        ("performance.volume", "2k", 2000),
        ("performance.volume", "2000 requests a day", 2000),
        ("performance.volume", "90 per hour", 2160),
        ("performance.volume", "10 calls/min", 14_400),
        ("performance.volume", "3 rps", 259_200),
        ("performance.volume", "3 rpm", 4320),
        ("performance.volume", "60k a month", 1973),
        ("performance.volume", "700 weekly", 100),
        ("knowledge.retrievability", "0.72", 0.72),
        ("knowledge.retrievability", "72%", 0.72),
        ("knowledge.retrievability", "72 percent", 0.72),
        ("knowledge.retrievability", "36 of 50", 0.72),
        ("knowledge.retrievability", "36/50", 0.72),
        ("knowledge.retrievability", "0", 0),
        ("data.examples", "120", 120),
        ("data.examples", "120 pairs", 120),
        ("data.examples", "120 input-output pairs", 120),
        ("data.examples", "1.2k examples", 1200),
    ],
)
def test_an_amount_is_typed_in_the_unit_that_a_person_has_in_mind(criterion, text, value):
    assert understood(criterion, text) == value
    assert type(understood(criterion, text)) is type(value)


@pytest.mark.parametrize(
    ("criterion", "text", "value"),
    [
        ("data.examples", "200-800", {"from": 200, "to": 800}),
        ("data.examples", "from 200 to 800", {"from": 200, "to": 800}),
        ("data.examples", "between 200 and 800", {"from": 200, "to": 800}),
        ("data.examples", "200 \u2013 800 pairs", {"from": 200, "to": 800}),
        ("data.examples", "500+", {"from": 500}),
        ("data.examples", "at least 500", {"from": 500}),
        ("data.examples", "500 or more", {"from": 500}),
        ("data.examples", "200 or 800", [200, 800]),
        ("data.examples", "none or 20", ["none", 20]),
        ("data.examples", "300-300", 300),
        ("knowledge.size", "200k-2M", {"from": 200_000, "to": 2_000_000}),
        ("performance.volume", "20k-900k a month", {"from": 657.5342, "to": 29_589}),
        ("performance.volume", "200 or 400 per hour", [4800, 9600]),
        ("performance.volume", "10k or 20k a month", [328.7671, 657.5342]),
        ("performance.volume", "200 or 2k", [200, 2000]),
        ("knowledge.size", "100 or 200 pages", [40_000, 80_000]),
        ("performance.volume", "200-2k", {"from": 200, "to": 2000}),
        ("knowledge.size", "about 1-2M", {"from": 1_000_000, "to": 2_000_000}),
        ("performance.volume", "20-900k a month", {"from": 657.5342, "to": 29_589}),
        ("performance.volume", "from 2 million to 3 million per year", {"from": 5479, "to": 8219}),
        ("knowledge.size", "200-800k", {"from": 200_000, "to": 800_000}),
        ("knowledge.size", "medium or large", ["medium", "large"]),
        ("performance.latency", "1-2 s", {"from": 1000, "to": 2000}),
        ("performance.latency", "800 ms to 1.5 s", {"from": 800, "to": 1500}),
        ("performance.latency", "up to 1.5 s", {"to": 1500}),
        ("knowledge.retrievability", "60-80%", {"from": 0.6, "to": 0.8}),
    ],
)
def test_amounts_can_be_a_range_or_several(criterion, text, value):
    assert understood(criterion, text) == value


@pytest.mark.parametrize(
    ("criterion", "text", "expected"),
    [
        ("performance.latency", "under 2 s", ("interactive", "realtime")),
        ("performance.latency", "less than 500 ms", ("realtime",)),
        ("performance.latency", "over 2 s", ("relaxed",)),
        ("data.examples", "more than 499", ("under_500", "under_5000", "plenty")),
        ("knowledge.size", "> 200k", ("medium", "large", "huge")),
    ],
)
def test_a_side_of_an_amount_leaves_the_amount_itself_out(criterion, text, expected):
    assert levels(criterion, text) == expected


def test_no_far_fetched_unit_is_suggested():
    assert "did you mean" not in complaint("performance.volume", "100 visits per day")
    assert "did you mean 'weeks'?" in complaint("performance.volume", "100 per weks")


# --- what is not understood ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("criterion", "text", "parts"),
    [
        (
            "knowledge.volatility",
            "wekly",
            ["'wekly' is not an answer", "did you mean 'weekly'?", "static, yearly", "1 to 6"],
        ),
        ("knowledge.volatility", "7", ["the list goes from 1 to 6"]),
        ("knowledge.volatility", "0", ["the list goes from 1 to 6"]),
        ("knowledge.volatility", "4.2M tokens", ["'4.2M tokens' is not an answer"]),
        ("knowledge.volatility", "-1", ["is not an answer"]),
        ("knowledge.volatility", "weekly or skip", ["an answer is unknown or it is one of several"]),
        ("knowledge.volatility", "weekly or wat", ["'wat' is not an answer"]),
        ("task.kind", "summary, extraction", ["'summary' is not an answer", "did you mean 'summarisation'?"]),
        ("readiness.prompting", "tried", ["is not an answer"]),
        ("knowledge.volatility", "weekly or", ["is not an answer"]),
        ("readiness.failures", "know", ["could be knowledge or knowledge_and_behaviour"]),
        ("task.kind", "writing to dialogue", ["is not an answer"]),
        ("knowledge.size", "5 bananas", ["'bananas' is not a unit", "4.2M tokens"]),
        (
            "knowledge.size",
            "3",
            ["3 could be the number of a level or an amount", "#3 for medium, or 3 tokens"],
        ),
        ("data.examples", "1", ["or 1 pair"]),
        ("knowledge.size", "2-3", ["2 could be the number of a level or an amount", "#2 for small"]),
        ("performance.volume", "about 1-3", ["1 could be the number of a level or an amount"]),
        ("data.examples", "up to 2", ["2 could be the number of a level or an amount"]),
        ("data.examples", "under 3", ["3 could be the number of a level or an amount"]),
        ("knowledge.size", "-5", ["at least 0"]),
        ("knowledge.size", "1e400", ["is too large for tokens"]),
        ("knowledge.size", "9" * 50, ["is too large for tokens"]),
        ("knowledge.size", "300k-20k", ["ends before it begins"]),
        ("performance.latency", "5m", ["'m' is not a unit for ms"]),
        ("performance.latency", "1.5", ["of what: milliseconds, seconds?"]),
        ("performance.latency", "3", ["#3 for interactive, or 3 ms"]),
        ("performance.volume", "2k per", ["is not a unit"]),
        ("performance.volume", "2 per fortnight", ["is not a unit"]),
        ("performance.volume", "2 a day or so", ["is not an answer"]),
        ("performance.volume", "2", ["or 2 a day"]),
        ("knowledge.retrievability", "1", ["or 100%"]),
        ("knowledge.retrievability", "1.5", ["from 0 to 1"]),
        ("knowledge.retrievability", "3 of 0", ["is not a unit"]),
        ("data.examples", "2.5", ["must be a whole number"]),
        ("data.examples", "2,3", ["could be the number of a level or an amount"]),
        ("data.examples", "over 9000 kilos", ["is not a unit"]),
        ("knowledge.gap", "x" * (LONGEST_ANSWER + 1), ["at most 200 characters"]),
        ("knowledge.gap", "\x1b[31mred", ["\\x1b[31mred"]),
    ],
)
def test_what_is_not_understood_is_answered_by_what_would_do(criterion, text, parts):
    told = complaint(criterion, text)
    for part in parts:
        assert part in told


def test_levels_of_a_question_that_takes_amounts_have_a_mark_before_their_number():
    assert choice_labels(BOOK.criteria["knowledge.gap"]) == ("1", "2", "3")
    assert choice_labels(BOOK.criteria["data.examples"])[:2] == ("#1", "#2")
    assert "(or #1 to #5)" in accepted_words(BOOK.criteria["data.examples"])


def test_a_level_whose_name_is_a_word_for_not_knowing_is_a_level():
    criterion = Criterion("a.b", "t", "q", "h", (Level("unknown", "x"), Level("skip", "y")))

    assert read_answer(criterion, "skip") == "skip"


def test_units_that_a_rule_pack_invents_take_plain_counts():
    levels = (Level("few", "x", 0), Level("many", "y", 100))
    criterion = Criterion("a.b", "t", "q", "h", levels, unit="offices", minimum=0)

    assert read_answer(criterion, "120 offices") == 120
    assert read_answer(criterion, "2k") == 2000
    with pytest.raises(AnswerError, match="or 2 offices"):
        read_answer(criterion, "2")


@given(st.sampled_from(CRITERIA), st.text(max_size=60))
def test_whatever_is_typed_gives_an_answer_or_says_what_is_wrong(criterion, text):
    try:
        value = read_answer(criterion, text)
        Vocabulary(BOOK.criteria, BOOK.quantities).read_profile({criterion.id: value})
    except ProfileError as error:
        told = str(error)
    else:
        told = ""
    assert told.replace("\n", "").isprintable()


@given(st.sampled_from(CRITERIA), st.data())
def test_every_level_and_every_pair_of_levels_can_be_typed(criterion, data):
    first, second = (data.draw(st.sampled_from(criterion.level_ids)) for _ in range(2))
    labels = dict(zip(criterion.level_ids, choice_labels(criterion), strict=True))

    assert read_answer(criterion, first) == read_answer(criterion, labels[first]) == first
    joined = "and" if criterion.several else "or"
    expected = [first, second] if first != second else first
    assert read_answer(criterion, f"{first} {joined} {labels[second]}") == expected


@pytest.mark.parametrize("criterion", CRITERIA, ids=lambda criterion: criterion.id)
def test_the_whole_description_of_a_level_names_it(criterion):
    for level in criterion.levels:
        assert read_answer(criterion, level.means) == level.id
