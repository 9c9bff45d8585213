"""The questionnaire as a state: what it asks, when it stops, and that neither order nor going back leaves a trace."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ragortune import load_rulebook
from ragortune.engine import SearchTooLargeError, decide_option, is_settled
from ragortune.evidence.profile import Vocabulary, find_declined
from ragortune.evidence.profile_files import write_profile
from ragortune.evidence.round_trip import write_answers
from ragortune.interview import Command, Interview, explain_question, read_command, take_answer
from ragortune.model import Criterion, Level, Option, Profile, Sample
from ragortune.support.reading import parse_yaml

BOOK = load_rulebook()
VOCABULARY = Vocabulary(BOOK.criteria, BOOK.quantities)
TEMPLATE = write_profile(BOOK.criteria.values())
START = Interview(BOOK, Profile({}))
HELP_DESK = VOCABULARY.read_profile(
    {
        "task": {"kind": "question_answering", "definition": "evolving"},
        "knowledge": {
            "access_path": "by_meaning",
            "gap": "most",
            "source": "documents",
            "size": "large",
            "volatility": "weekly",
        },
        "readiness": {"prompting": "plateaued"},
        "data": {"examples": "none"},
    }
).levels


def play(levels, start=START):
    """Answer every question that is asked from these levels; what is not among them, nobody knows."""
    interview = start
    while interview.question is not None:
        name = interview.question.id
        interview = take_answer(interview, name, list(levels[name]) if name in levels else "unknown")
    return interview


def names_asked(interview):
    """Return the criteria that were asked, in order."""
    names = []
    while interview.previous is not None:
        names += interview.kept - interview.previous.kept
        interview = interview.previous
    return names[::-1]


@st.composite
def values(draw):
    """Values for some criteria, as a person could give them: a level, several, a number, a range, unknown."""
    chosen = draw(
        st.lists(st.sampled_from(list(BOOK.criteria.values())), unique_by=lambda c: c.id, max_size=8)
    )
    found = {}
    for criterion in chosen:
        kinds = [
            st.sampled_from(criterion.level_ids),
            st.lists(st.sampled_from(criterion.level_ids), min_size=2, max_size=3, unique=True),
            st.just("unknown"),
        ]
        if criterion.unit:
            top = criterion.maximum or 10_000_000
            number = st.integers(0, int(top)) if top > 1 else st.sampled_from([0, 0.25, 0.6, 0.795, 1])
            kinds += [
                number,
                st.tuples(number, number).map(lambda ends: {"from": min(ends), "to": max(ends)}),
            ]
        found[criterion.id] = draw(st.one_of(kinds))
    return found


# --- what is asked ------------------------------------------------------------------------------------------------


def test_a_questionnaire_begins_with_what_the_system_does_and_how_its_facts_are_reached():
    assert names_asked(play(HELP_DESK))[:3] == ["task.kind", "knowledge.access_path", "knowledge.gap"]
    assert names_asked(play({}))[:3] == list(BOOK.scale.ask_first)


def test_after_the_beginning_the_question_with_the_largest_expected_gain_is_asked():
    interview = START
    for name in BOOK.scale.ask_first:
        interview = take_answer(interview, name, "unknown")
    gains = {question.criterion: question.expected_gain for question in interview.ranking}

    assert interview.question.id == max(gains, key=gains.get)


def test_what_nobody_knows_is_never_asked_twice():
    asked = names_asked(play({}))

    assert len(asked) == len(set(asked))


def test_a_question_about_examples_waits_until_there_are_some():
    about_pairs = {name for name, own in BOOK.criteria.items() if "data.examples" in own.asked_when}
    nothing_known, none = (
        START.replace(everything=True),
        take_answer(START.replace(everything=True), "data.examples", "none"),
    )
    some = take_answer(none, "data.examples", 300)

    assert about_pairs
    assert about_pairs.isdisjoint(names_asked(play({}, nothing_known)))
    assert about_pairs.isdisjoint(names_asked(play({}, none)))
    assert about_pairs <= set(names_asked(play({}, some)))


def test_rights_by_document_are_asked_once_there_are_documents():
    everything = START.replace(everything=True)
    in_heads = play({"knowledge.source": ("tacit",)}, everything)
    in_files = play({"knowledge.source": ("tacit", "documents")}, everything)

    assert "governance.access" not in names_asked(in_heads)
    assert "governance.access" in names_asked(in_files)


def test_what_is_known_already_is_not_asked():
    profile = VOCABULARY.read_profile({"knowledge": {"gap": "most", "volatility": ["weekly", "daily"]}})
    interview = play({}, Interview(BOOK, profile, ("model.tunable",)))

    assert interview.profile == profile
    assert interview.declined.count("model.tunable") == 1
    assert interview.asked == len(interview.declined) - 1


def test_a_rule_set_without_casebook_takes_all_levels_as_likely(pack):
    book = load_rulebook(pack)

    assert not book.answer_counts
    assert Interview(book, Profile({})).question.id == "task.kind"


def test_a_rule_set_too_entangled_to_prove_anything_is_asked_through(monkeypatch):
    def give_up(*_):
        raise SearchTooLargeError

    monkeypatch.setattr("ragortune.interview.rank_questions", give_up)
    interview = play(HELP_DESK)

    assert interview.unasked == ()
    assert interview.advice.settled is False
    assert interview.advice.option is decide_option(BOOK, HELP_DESK).option


# --- when it stops ------------------------------------------------------------------------------------------------


def test_a_help_desk_with_manuals_has_firm_advice_within_ten_questions():
    interview = play(HELP_DESK)

    assert interview.advice.option is Option.RAG
    assert interview.advice.firm
    assert interview.asked <= 10


def test_firm_advice_leaves_no_question_that_is_worth_asking():
    interview = play(HELP_DESK)
    open_names = set(interview.unasked)

    assert open_names
    for question in interview.ranking:
        assert question.criterion not in open_names or question.expected_gain < BOOK.scale.ask_from


def test_advice_that_is_not_firm_is_asked_on_for_until_little_can_be_gained():
    interview = play({"task.kind": ("summarisation",)})
    gains = [
        question.expected_gain for question in interview.ranking if question.criterion in interview.unasked
    ]

    assert not interview.advice.firm
    assert interview.unasked
    assert max(gains, default=0) < BOOK.scale.ask_from / 2


def test_when_every_answer_is_known_the_advice_is_settled_and_nothing_is_asked():
    full = {name: (own.level_ids[-1],) for name, own in BOOK.criteria.items()}
    interview = Interview(BOOK, Profile(full))

    assert interview.question is None
    assert interview.advice.settled


def test_the_advice_is_not_called_settled_where_somebody_could_still_find_out():
    everything = play({}, START.replace(everything=True))

    assert not everything.advice.settled
    assert not is_settled(BOOK, {})


def test_published_projects_are_asked_few_questions_and_get_mostly_the_advice_of_their_whole_profile():
    cases = [case for case in BOOK.cases if case.sample is Sample.FIELD][::8]
    same = asked = 0
    for case in cases:
        levels = VOCABULARY.read_profile(case.profile).levels
        interview = play(levels)
        same += interview.advice.option is decide_option(BOOK, levels).option
        asked += interview.asked
        assert interview.profile.levels.items() <= levels.items()

    assert same >= 0.85 * len(cases)
    assert asked <= 15 * len(cases)


# --- what is asked beyond the advice ------------------------------------------------------------------------------


def test_all_asks_everything_that_is_still_unknown_after_what_matters():
    short = play(HELP_DESK)
    whole = play(HELP_DESK, START.replace(everything=True))

    assert names_asked(whole)[: short.asked] == names_asked(short)
    assert whole.unasked == ()


# --- what an answer leads to --------------------------------------------------------------------------------------


def test_what_a_level_would_lead_to_is_what_answering_it_leads_to():
    for consequence in explain_question(START, BOOK.criteria["knowledge.access_path"]):
        advice = take_answer(START, "knowledge.access_path", consequence.level).advice
        assert (consequence.option, consequence.probability) == (
            advice.option,
            advice.probability[advice.option],
        )


def test_a_project_of_which_nothing_is_known_gets_the_default_and_is_not_firm():
    advice = START.advice

    assert (advice.option, advice.default, advice.firm, advice.too_little_known) == (
        Option.RAG,
        True,
        False,
        True,
    )


def test_several_levels_that_hold_together_keep_their_order():
    interview = take_answer(START, "knowledge.access_path", ["by_meaning", "by_key"])
    swapped = take_answer(START, "knowledge.access_path", ["by_key", "by_meaning"])

    assert interview.profile.levels == {"knowledge.access_path": ("by_meaning", "by_key")}
    assert swapped.profile.levels == {"knowledge.access_path": ("by_key", "by_meaning")}


@settings(max_examples=40)
@given(st.data())
def test_a_question_that_nobody_can_answer_leaves_the_advice_as_it_is(data):
    interview = START
    for name, value in data.draw(values()).items():
        interview = take_answer(interview, name, value)
    open_names = [name for name in BOOK.criteria if name not in interview.profile.levels]
    for name in data.draw(st.lists(st.sampled_from(open_names), max_size=5)):
        declined = take_answer(interview, name, "unknown")
        assert declined.profile == interview.profile
        assert declined.advice.probability == interview.advice.probability


# --- order, going back, writing -----------------------------------------------------------------------------------


@settings(max_examples=40)
@given(values(), st.randoms(use_true_random=False))
def test_the_order_of_answers_never_matters(given_values, shuffler):
    first = second = START
    shuffled = list(given_values.items())
    shuffler.shuffle(shuffled)
    for name, value in given_values.items():
        first = take_answer(first, name, value)
    for name, value in shuffled:
        second = take_answer(second, name, value)

    assert first.replace(previous=None) == second.replace(previous=None)
    assert list(first.profile.levels) == list(second.profile.levels)
    assert first.question == second.question
    assert first.advice == second.advice


@given(values())
def test_going_back_undoes_an_answer_whole(given_values):
    interview, trail = START, []
    for name, value in given_values.items():
        trail.append(interview)
        interview = take_answer(interview, name, value)
    for before in reversed(trail):
        assert interview.previous is before
        interview = interview.previous
    assert interview is START


@settings(max_examples=40)
@given(values())
def test_what_is_written_reads_back_the_same(given_values):
    interview = START
    for name, value in given_values.items():
        interview = take_answer(interview, name, value)
    answers = {name: answer.value for name, answer in interview.profile.known.items()}
    text = write_answers(TEMPLATE, answers | dict.fromkeys(interview.declined, "unknown"))
    document = parse_yaml(text, "p.yaml")
    back = Interview(
        BOOK,
        VOCABULARY.read_profile(document.data, document),
        find_declined(BOOK.criteria.values(), document.data),
    )

    assert back == interview.replace(previous=None)
    assert back.question == interview.question


def test_a_new_answer_replaces_the_old_one():
    interview = take_answer(START, "data.examples", 120)
    interview = take_answer(interview, "data.examples", "unknown")
    assert (interview.profile.levels, interview.profile.answers) == ({}, {})
    assert interview.declined == ("data.examples",)

    interview = take_answer(interview, "data.examples", "plenty")
    assert interview.declined == ()
    assert interview.profile.levels == {"data.examples": ("plenty",)}


def test_only_a_word_for_unknown_is_a_refusal_to_answer():
    criteria = BOOK.criteria.values()
    data = {
        "knowledge": {
            "gap": None,
            "source": "unknown",
            "size": {"value": "unknown", "evidence": "asked Ada"},
        },
        "data.examples": "unknown",
    }

    assert find_declined(criteria, data) == ("knowledge.source", "knowledge.size", "data.examples")
    assert find_declined(criteria, ["unknown"]) == ()


# --- commands -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("?", Command.HELP),
        (" HELP ", Command.HELP),
        ("why", Command.WHY),
        ("back", Command.BACK),
        ("stop", Command.STOP),
        ("quit", Command.STOP),
        ("most", None),
        ("b", None),
        ("skip", None),
    ],
)
def test_a_command_is_told_from_an_answer(text, command):
    assert read_command(BOOK.criteria["knowledge.gap"], text) is command


def test_a_level_that_is_called_like_a_command_is_an_answer():
    criterion = Criterion("a.b", "t", "q", "h", (Level("stop", "x"), Level("go", "y")))

    assert read_command(criterion, "stop") is None
