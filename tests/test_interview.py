"""The questionnaire as a state: what it asks, when it stops, and that neither order nor going back leaves a trace."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ragortune import load_rulebook
from ragortune.engine import decide_option
from ragortune.interview import Command, Interview, explain_question, read_command, take_answer
from ragortune.model import Answer, Criterion, Level, Option, Profile, Provenance
from ragortune.profile import Vocabulary, find_declined, write_profile
from ragortune.reading import parse_yaml
from ragortune.whatif import choose_question, is_settled, rank_questions
from ragortune.whatif.asking import weigh_levels

BOOK = load_rulebook()
VOCABULARY = Vocabulary(BOOK.criteria)
START = Interview(BOOK, Profile({}))


def play(levels, start=START):
    """Answer every question that is asked from these levels; what is not among them, nobody knows."""
    interview = start
    while interview.question is not None:
        name = interview.question.id
        interview = take_answer(interview, name, list(levels[name]) if name in levels else "unknown")
    return interview


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


def test_only_what_can_change_the_advice_is_asked_and_never_twice():
    asked = []
    interview = START
    while interview.question is not None:
        name = interview.question.id
        assert name in {question.criterion for question in interview.ranking}
        asked.append(name)
        interview = take_answer(interview, name, "unknown")

    assert len(asked) == len(set(asked)) == interview.asked
    assert interview.profile.levels == {}


@pytest.mark.parametrize("case", BOOK.cases, ids=lambda case: case.id)
def test_every_published_project_gets_the_advice_of_its_whole_profile(case):
    levels = VOCABULARY.read_profile(case.profile).levels
    interview = play(levels)

    assert interview.standing.option is decide_option(BOOK, levels).option
    assert interview.profile.levels.items() <= levels.items()


def test_projects_that_know_everything_are_asked_less_than_everything():
    generator = random.Random(3)
    for _ in range(5):
        levels = {name: (generator.choice(own.level_ids),) for name, own in BOOK.criteria.items()}
        interview = play(levels)
        assert interview.standing.option is decide_option(BOOK, levels).option
        assert is_settled(BOOK, interview.profile.levels)
        assert interview.standing.doubtful == ()
        assert interview.unasked > 0


def test_the_order_needs_clearly_fewer_questions_than_the_order_of_the_file():
    generator = random.Random(5)
    ours = by_file = 0
    for _ in range(12):
        levels = {name: (generator.choice(own.level_ids),) for name, own in BOOK.criteria.items()}
        ours += play(levels).asked
        known = {}
        for name in BOOK.criteria:
            if is_settled(BOOK, known):
                break
            known[name] = levels[name]
        by_file += len(known)

    assert ours < 0.6 * by_file


def test_a_rule_set_without_casebook_takes_all_levels_as_likely(pack):
    for case in (pack / "cases").glob("*.yaml"):
        case.unlink()
    book = load_rulebook(pack)

    assert {len(set(weights)) for weights in weigh_levels(book).values()} == {1}
    assert choose_question(book, {}) in book.criteria


def test_when_one_question_is_left_it_is_the_one():
    full = {name: (own.level_ids[-1],) for name, own in BOOK.criteria.items()}
    for name in BOOK.criteria:
        rest = {other: levels for other, levels in full.items() if other != name}
        assert choose_question(BOOK, rest) == (None if is_settled(BOOK, rest) else name)


def test_all_asks_the_rest_as_well_after_what_matters():
    levels = {name: (own.level_ids[0],) for name, own in BOOK.criteria.items()}
    short = play(levels)
    whole = play(levels, START.replace(everything=True))

    assert list(whole.profile.levels) == list(BOOK.criteria)
    assert whole.unasked == 0
    assert short.standing.option is whole.standing.option
    assert short.profile.levels.items() < whole.profile.levels.items()


def test_what_is_known_already_is_not_asked():
    profile = VOCABULARY.read_profile({"knowledge": {"gap": "most", "volatility": ["weekly", "daily"]}})
    interview = play({}, Interview(BOOK, profile, ("model.tunable",)))

    assert interview.profile == profile
    assert interview.declined.count("model.tunable") == 1
    assert interview.asked == len(interview.declined) - 1


def test_the_end_is_not_called_settled_where_somebody_could_still_find_out():
    interview = play({})

    assert interview.standing.remaining == 0
    assert interview.standing.default
    assert not is_settled(BOOK, interview.profile.levels)
    assert "knowledge.gap" in interview.standing.doubtful


def test_an_answer_between_levels_is_doubtful_where_the_levels_differ():
    full = {name: (own.level_ids[-1],) for name, own in BOOK.criteria.items()}
    pairs = ((name, own) for name, own in BOOK.criteria.items() if not own.nominal)
    doubted = 0
    for name, own in pairs:
        levels = {**full, name: own.level_ids[:2]}
        options = {decide_option(BOOK, {**full, name: (level,)}).option for level in own.level_ids[:2]}
        options.add(decide_option(BOOK, levels).option)
        standing = Interview(BOOK, Profile(levels)).standing
        assert standing.doubtful == ((name,) if len(options) > 1 else ())
        doubted += len(options) > 1
    assert doubted


def test_what_a_level_would_lead_to_is_what_answering_it_leads_to():
    criterion = BOOK.criteria["knowledge.gap"]
    for consequence in explain_question(START, criterion):
        after = take_answer(START, "knowledge.gap", consequence.level)
        assert (consequence.option, consequence.remaining) == (
            after.standing.option,
            after.standing.remaining,
        )


def test_a_standing_names_the_options_that_are_still_open():
    standing = START.standing

    assert (standing.option, standing.default) == (Option.RAG, True)
    assert standing.could_give == (Option.FINE_TUNING, Option.BOTH, Option.NEITHER)
    assert standing.remaining == len(rank_questions(BOOK, {}))


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
    assert first.standing == second.standing


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


@given(values())
def test_what_is_written_reads_back_the_same(given_values):
    interview = START
    for name, value in given_values.items():
        interview = take_answer(interview, name, value)
    text = write_profile(BOOK.criteria.values(), interview.profile, None, interview.declined)
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


def test_everything_in_a_profile_survives_being_written():
    profile = VOCABULARY.read_profile(
        {
            "project": "Desk \U0001f4da\x85 two",
            "notes": "a\tb",
            "data": {
                "examples": {"value": 120, "evidence": "counted", "source": "measured", "as_of": "2026-10-01"}
            },
        }
    )
    derived = profile.replace(
        levels={**profile.levels, "knowledge.size": ("large",)},
        answers={**profile.answers, "knowledge.size": Answer(("large",), 3_000_000, Provenance.DERIVED)},
    )
    quantities = {"tokens": {"from": 1.5, "to": 2}, "models": ["a b", "true", None, True], "x": "plain"}
    text = write_profile(BOOK.criteria.values(), derived, "./s.json", ("knowledge.gap",), quantities)
    data = parse_yaml(text, "p.yaml").data

    assert text.startswith("# yaml-language-server: $schema=./s.json\n")
    assert data.pop("quantities") == quantities
    assert VOCABULARY.read_profile(data) == profile
    assert find_declined(BOOK.criteria.values(), data) == ("knowledge.gap",)


def test_only_a_word_for_unknown_is_a_refusal_to_answer():
    criteria = [*BOOK.criteria.values(), Criterion("a.b", "t", "q", "h", (Level("unknown", "x"),))]
    data = {
        "knowledge": {
            "gap": None,
            "source": "unknown",
            "size": {"value": "unknown", "evidence": "asked Ada"},
        },
        "data.examples": "unknown",
        "a": {"b": "unknown"},
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
