"""`measure`: what is measured is written beside what people answered, never over it, and held against decisions."""

import json
import shutil

import pytest

from ragortune.evidence.profile import Vocabulary
from ragortune.support.reading import parse_text

from .conftest import ROOT

DEPOT = ROOT / "examples" / "measured"
DAY = ("--as-of", "2026-11-29")


@pytest.fixture
def depot(run):
    """Return how to run a command in a folder that holds the example, far from any git history."""
    shutil.copytree(DEPOT, run.folder, dirs_exist_ok=True)
    return run


def write(run, name, text):
    (run.folder / name).write_text(text, encoding="utf-8")


def measured(run, *arguments):
    result = run("measure", "--docs", "docs", *arguments, *DAY)
    assert result.code in {0, 1}, result.err
    return result


def read_back(run, book, name="p.yaml"):
    text = (run.folder / name).read_text(encoding="utf-8")
    document = parse_text(text, name)
    return Vocabulary(book.criteria, book.quantities).read_profile(document.data, document)


# --- what is written ------------------------------------------------------------------------------------------------


def test_a_team_without_a_profile_gets_one_that_holds_what_was_measured_and_asks_the_rest(depot, book):
    measured(depot, "-o", "p.yaml")

    profile = read_back(depot, book)
    size = profile.answers["knowledge.size"]
    assert profile.levels["knowledge.size"] == ("tiny",)
    assert (size.source, size.as_of) == ("measured", "2026-11-29")
    assert "n = 10 documents" in size.evidence
    assert "  # gap:" in (depot.folder / "p.yaml").read_text()


def test_comments_and_answers_of_people_stay_and_gaps_are_filled(depot, book):
    write(depot, "p.yaml", "# ours\nproject: Depot  # the old one\nknowledge:\n  gap: most # sure\n")

    measured(depot, "-o", "p.yaml")

    text = (depot.folder / "p.yaml").read_text()
    assert "# ours\nproject: Depot  # the old one\nknowledge:\n  gap: most # sure\n" in text
    assert read_back(depot, book).levels["knowledge.fits_prompt"] == ("yes",)


def test_an_answer_of_a_person_that_the_data_contradicts_stays_and_both_are_told(depot, book):
    write(depot, "p.yaml", "knowledge:\n  size: huge\n")

    result = measured(depot, "-o", "p.yaml")

    assert "WHAT PEOPLE ANSWERED" in result.out
    assert "knowledge.size: answered huge, measured tiny" in " ".join(result.out.split())
    assert "  size: huge # measured 2026-11-29: tiny; 1,2" in (depot.folder / "p.yaml").read_text()
    profile = read_back(depot, book)
    assert profile.levels["knowledge.size"] == ("huge",)
    assert "corpus_tokens" not in profile.quantities


def test_a_remark_follows_the_comment_of_a_person_and_is_brought_up_to_date(depot):
    write(depot, "p.yaml", "knowledge:\n  size: huge  # says Anna # measured 2025-01-01: large; old\n")

    measured(depot, "-o", "p.yaml")

    text = (depot.folder / "p.yaml").read_text()
    assert "  size: huge  # says Anna # measured 2026-11-29: tiny; 1,2" in text
    assert "2025" not in text


def test_what_was_measured_before_is_brought_up_to_date(depot, book):
    write(depot, "p.yaml", "knowledge:\n  size: {value: huge, source: measured, as_of: 2025-01-01}\n")

    measured(depot, "-o", "p.yaml")

    assert read_back(depot, book).levels["knowledge.size"] == ("tiny",)


def test_measuring_twice_changes_nothing_the_second_time(depot):
    write(depot, "p.yaml", "knowledge:\n  size: huge\n  gap: most\n")
    measured(depot, "-o", "p.yaml")
    once = (depot.folder / "p.yaml").read_text()

    result = measured(depot, "-o", "p.yaml")

    assert (depot.folder / "p.yaml").read_text() == once
    assert "there is nothing to add to p.yaml" in result.err


def test_a_search_that_finds_everything_is_no_need_for_one_where_all_fits_a_prompt(depot):
    result = measured(depot, "--questions", "questions.jsonl", "--format", "json")

    names = [answer["name"] for answer in json.loads(result.out)["answers"]]
    assert "knowledge.retrievability" in names
    assert "knowledge.access_path" not in names


def test_examples_that_ask_are_looked_up_in_the_documents_where_there_are_no_questions(depot):
    rows = [json.loads(line) for line in (depot.folder / "questions.jsonl").read_text().splitlines()]
    pairs = [{"prompt": row["question"], "completion": row["answer"]} for row in rows]
    write(depot, "pairs.jsonl", "".join(json.dumps(pair) + "\n" for pair in pairs))

    result = measured(depot, "--examples", "pairs.jsonl", "--format", "json")

    found = {own["probe"]: own for own in json.loads(result.out)["measurements"]}
    assert found["direction"]["figures"]["direction"] == "knowledge"
    assert "questions.coverage" in found
    assert "questions.retrieval" not in found


def test_the_measured_profile_of_the_example_gets_other_advice_than_the_believed_one(depot):
    pytest.importorskip("ibis", reason="logs of calls need the extra `measure`")
    shutil.copy(depot.folder / "believed.yaml", depot.folder / "p.yaml")
    before = depot("recommend", "p.yaml", "--format", "json")

    options = {"--questions": "questions.jsonl", "--examples": "examples.jsonl", "--calls": "calls.jsonl"}
    measured(depot, *(part for pair in options.items() for part in pair), "-o", "p.yaml")

    after = depot("recommend", "p.yaml", "--format", "json")
    assert json.loads(before.out)["option"] == "rag"
    assert json.loads(after.out)["option"] == "neither"
    assert "measured" in depot("recommend", "p.yaml").out


def test_a_record_from_a_measured_profile_says_so_and_is_true(depot):
    measured(depot, "--questions", "questions.jsonl", "-o", "p.yaml")

    record = depot("adr", "p.yaml")
    write(depot, "0001-record.md", record.out)

    assert "source: measured" in record.out
    assert depot("check", "0001-record.md").code == 0


# --- in CI ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("p.yaml", "knowledge: {size: SIZE}\n"),
        (
            "0001-record.md",
            "# Assistant\n\n```ragortune\ndecision: rag\nprofile:\n  knowledge: {size: SIZE}\n```\n",
        ),
    ],
)
@pytest.mark.parametrize(("size", "code"), [("tiny", 0), ("large", 1)])
def test_a_decision_that_rests_on_another_size_than_is_measured_fails_in_ci(depot, name, text, size, code):
    write(depot, name, text.replace("SIZE", size))

    result = measured(depot, "--check", name)

    assert result.code == code
    assert ("WHAT PEOPLE ANSWERED" in result.out) is bool(code)
    assert (depot.folder / name).read_text() == text.replace("SIZE", size)


def test_a_measured_answer_that_has_left_its_level_fails_in_ci(depot):
    write(depot, "p.yaml", "knowledge:\n  size: {value: 9000000, source: measured, as_of: 2025-01-01}\n")

    assert measured(depot, "--check", "p.yaml").code == 1


def log_calls(depot, hours, cached):
    """Write a log of a call every minute, of which `cached` of 101 found their prompt in the cache."""
    calls = (
        {
            "time": 1_767_600_000 + 60 * minute,
            "input_tokens": 500,
            "cached_tokens": 400 * (minute % 101 < cached),
        }
        for minute in range(60 * hours)
    )
    write(depot, "log.jsonl", "".join(json.dumps(call) + "\n" for call in calls))


@pytest.mark.parametrize(("hours", "cached", "code"), [(98, 79, 0), (97, 30, 1)])
def test_numbers_that_hardly_moved_since_they_were_measured_do_not_fail_in_ci(depot, hours, cached, code):
    pytest.importorskip("ibis", reason="logs of calls need the extra `measure`")
    log_calls(depot, 96, 80)
    assert depot("measure", "--calls", "log.jsonl", "-o", "p.yaml", *DAY).code == 0
    log_calls(depot, hours, cached)

    assert depot("measure", "--calls", "log.jsonl", "--check", "p.yaml", *DAY).code == code


def test_a_log_of_days_covered_in_part_is_written_as_a_range_and_read_back(depot, book):
    pytest.importorskip("ibis", reason="logs of calls need the extra `measure`")
    log_calls(depot, 21, 0)
    write(depot, "p.yaml", "quantities: {requests_per_day: {value: 9, source: measured}}\n")

    depot("measure", "--calls", "log.jsonl", "-o", "p.yaml", *DAY)

    assert read_back(depot, book).quantities["requests_per_day"].ends == (630, 1440)
    write(depot, "q.yaml", "quantities:\n  requests_per_day: 9000\n")
    depot("measure", "--calls", "log.jsonl", "-o", "q.yaml", *DAY)
    assert "9000 # measured 2026-01-06: 630.0 to 1440.0; " in (depot.folder / "q.yaml").read_text()
    assert depot("measure", "--calls", "log.jsonl", "--check", "p.yaml", *DAY).code == 0


def test_nothing_that_can_be_told_is_exit_code_3(depot):
    write(depot, "none.jsonl", "")
    (depot.folder / "empty").mkdir()

    result = depot("measure", "--docs", "empty", *DAY)

    assert result.code in {2, 3}
    assert result.err


# --- misuse ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "nothing to measure"),
        (("--docs", "docs", "--test", "examples.jsonl"), "--test needs --examples"),
        (("--docs", "docs", "--search", "command:x"), "--search needs --questions"),
        (("--docs", "docs", "--calls-map", "time=t"), "--calls-map needs --calls"),
        (("--docs", "docs", "-o", "p.json"), "profiles are saved as YAML"),
        (("--docs", "docs", "-o", "a.yaml", "--check", "b.yaml"), "use one of them"),
        (("--docs", "docs", "-o", "nowhere/p.yaml"), "no such folder"),
        (("--docs", "docs", "--as-of", "yesterday"), "--as-of must be a date"),
        (("--docs", "nowhere"), "nowhere"),
        (("--docs", "docs", "--questions", "nowhere.jsonl"), "no such file"),
        (("--docs", "docs", "--examples", "docs"), "directory"),
        (("--calls", "calls.jsonl", "--calls-map", "time"), "--calls-map must be NAME=COLUMN"),
        (("--docs", "docs", "--check", "docs/van.md"), "has no `ragortune` block"),
        (("--docs", "docs", "--format", "html"), "--format must be"),
    ],
)
def test_what_cannot_be_measured_is_refused_with_a_sentence_and_nothing_is_written(depot, arguments, message):
    before = sorted(path.name for path in depot.folder.iterdir())

    result = depot("measure", *arguments)

    assert result.code == 2
    assert message in " ".join(result.err.split())
    assert sorted(path.name for path in depot.folder.iterdir()) == before


def test_a_profile_that_cannot_be_read_is_left_alone(depot):
    write(depot, "p.yaml", "knowledge: {size: enormous}\n")

    result = depot("measure", "--docs", "docs", "-o", "p.yaml", *DAY)

    assert result.code == 2
    assert "p.yaml:1:19" in result.err
    assert (depot.folder / "p.yaml").read_text() == "knowledge: {size: enormous}\n"


def test_no_text_of_the_data_is_shown_where_none_is_wanted(depot):
    rows = ["a bicycle"] * 12
    write(
        depot,
        "e.jsonl",
        "".join(json.dumps({"prompt": row, "completion": f"{row} {n}"}) + "\n" for n, row in enumerate(rows)),
    )

    shown = measured(depot, "--examples", "e.jsonl", "--no-examples", "--format", "json")

    assert all(own["examples"] == [] for own in json.loads(shown.out)["measurements"])


def test_hostile_names_and_texts_steer_neither_terminal_nor_runner(depot):
    bad = "\x1b[31m::error::x ##[group]y"
    (depot.folder / "docs" / f"{bad}.md").write_text(f"# {bad}\n\n{bad}\n")
    write(depot, "q.jsonl", json.dumps({"question": bad, "answer": bad}) + "\n")

    for form in ("text", "json", "markdown"):
        result = measured(depot, "--questions", "q.jsonl", "--format", form)
        for text in (result.out, result.err):
            assert "\x1b" not in text
            assert "##[" not in text
            assert not any(line.lstrip().startswith("::") for line in text.splitlines())
