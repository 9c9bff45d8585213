"""Questions with reference answers: how they are read, and what is measured with them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragortune.evidence.measurements import questions as reading
from ragortune.evidence.measurements import sampling
from ragortune.evidence.measurements.material import infer_direction
from ragortune.evidence.measurements.questions import Question, Questions, measure_questions, read_questions
from ragortune.evidence.measurements.retrieval import (
    LEVEL_EDGES,
    NameIndex,
    cover_answer,
    measure_search,
    separate,
)
from ragortune.evidence.measurements.sampling import bound_share
from ragortune.evidence.measurements.search import EmbeddedIndex, open_engine
from ragortune.support.errors import UnreadableError

# --- reading ------------------------------------------------------------------------------------------------------

ROW = {"question": "How long is parental leave?", "answer": "sixteen weeks", "source": "leave.md"}


def lines(*rows):
    return "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows)


@pytest.fixture
def read(tmp_path, write):
    """Write a file and return the questions in it."""
    return lambda name, content: read_questions(tmp_path / write(name, content))


def test_of_questions_with_long_passages_so_many_are_kept_as_fit_in_memory(read, monkeypatch):
    monkeypatch.setattr(sampling, "MAX_CHARACTERS", 10_000)

    questions = read(
        "q.jsonl", lines(*({**ROW, "question": f"{n}?", "context": "leave " * 200} for n in range(40)))
    )

    assert 0 < sum(len(text) for row in questions.rows for text in row.contexts) <= 10_000
    assert "of 40 questions" in questions.notes[-1]


@pytest.mark.parametrize(
    ("name", "content", "form"),
    [
        ("q.jsonl", lines(ROW, ROW), "JSON Lines (question, answer, source)"),
        ("q.json", lines(ROW, ROW), "JSON Lines (question, answer, source)"),
        ("q.json", json.dumps([ROW, ROW]), "JSON (question, answer, source)"),
        ("q.json", json.dumps({"version": 2, "data": [ROW, ROW]}), "JSON (question, answer, source)"),
        (
            "q.csv",
            "Query;Expected Answer;Doc-ID\n" + "How long is parental leave?;sixteen weeks;leave.md\n" * 2,
            "CSV (query as question, expected_answer as answer, doc_id as source)",
        ),
        (
            "q.jsonl",
            lines(*[{"input": ROW["question"], "expectedOutput": ROW["answer"], "docId": ROW["source"]}] * 2),
            "JSON Lines (input as question, expected_output as answer, doc_id as source)",
        ),
        (
            "q.tsv",
            "prompt\tcompletion\tpath\n" + "How long is parental leave?\tsixteen weeks\tleave.md\n" * 2,
            "TSV (prompt as question, completion as answer, path as source)",
        ),
    ],
)
def test_questions_are_found_by_the_names_of_their_keys_whatever_the_form_of_the_file(
    read, name, content, form
):
    questions = read(name, content)

    assert (questions.form, len(questions.rows), questions.notes) == (form, 2, ())
    for row in questions.rows:
        assert (row.text, row.answers, row.sources) == (ROW["question"], (ROW["answer"],), ("leave.md",))


@pytest.mark.parametrize(
    ("answer", "texts"),
    [
        ({"text": ["sixteen", "16"], "answer_start": [3, 3]}, ("sixteen", "16")),
        ([{"text": "sixteen"}, {"text": "16"}], ("sixteen", "16")),
        (16, ("16",)),
        ('{"weeks": 16, "paid": ["in full", null]}', ("16 in full",)),
        ({"weeks": 16, "paid": {"share": "in full"}}, ("16 in full",)),
        ("{not json", ("{not json",)),
        ("[" * 50_000, ("[" * 50_000,)),
        (None, ()),
        (True, ()),
    ],
)
def test_an_answer_is_its_text_or_the_values_of_its_json(read, answer, texts):
    questions = read("q.jsonl", lines({"question": "How long?", "answer": answer}))

    assert questions.rows[0].answers == texts


def test_texts_that_hold_the_answer_are_told_from_names_of_documents(read):
    row = {
        "q": 1,
        "user_input": "How long?",
        "contexts": ["Leave lasts."],
        "source": ["a.md", "Leave lasts\nlong."],
    }

    question = read("q.jsonl", lines(row)).rows[0]

    assert (question.sources, question.contexts) == (("a.md",), ("Leave lasts.", "Leave lasts\nlong."))


SQUAD = {
    "version": "2",
    "data": [
        {
            "title": "Leave",
            "paragraphs": [
                {
                    "context": "Parental leave lasts sixteen weeks.",
                    "qas": [
                        {
                            "id": "a",
                            "question": "How long?",
                            "answers": [{"text": "sixteen weeks", "answer_start": 21}],
                        },
                        {"id": "b", "question": "Who pays?", "answers": [], "is_impossible": True},
                        "no question",
                    ],
                },
                {"context": 7, "qas": None},
            ],
        },
        3,
    ],
}


def test_a_squad_file_brings_its_paragraphs_along(read):
    questions = read("squad.json", json.dumps(SQUAD))

    assert questions.form.startswith("SQuAD")
    assert questions.rows == (
        Question("How long?", ("sixteen weeks",), (), ("Parental leave lasts sixteen weeks.",)),
    )
    assert list(questions.read_texts()) == [("context 1", "Parental leave lasts sixteen weeks.")]


@pytest.fixture
def beir(tmp_path, write):
    """A folder in the form of BEIR, with two judged queries."""
    write(
        "beir/corpus.jsonl",
        lines({"_id": "d1", "title": "Leave", "text": "lasts long"}, {"_id": "d2", "text": "x"}),
    )
    write(
        "beir/queries.jsonl",
        lines({"_id": "1", "text": "how long"}, {"_id": "2", "text": "what"}, {"_id": "3"}),
    )
    write("beir/qrels/dev.tsv", "query-id\tcorpus-id\tscore\n2\td2\t1\n")
    write("beir/qrels/test.tsv", "query-id\tcorpus-id\tscore\n1\td1\t2\n1\td2\t0\n3\td1\t1\n")
    return tmp_path / "beir"


def test_a_beir_folder_has_queries_judgements_and_its_own_documents(beir):
    questions = read_questions(beir)

    assert questions.form == "BEIR (1 query judged in test.tsv)"
    assert questions.rows == (Question("how long", (), ("d1",)),)
    assert list(questions.read_texts()) == [("d1", "Leave\n\nlasts long"), ("d2", "x")]


def test_a_folder_that_lacks_a_part_of_beir_says_which(beir, tmp_path):
    (beir / "queries.jsonl").unlink()

    with pytest.raises(UnreadableError, match=r"it lacks queries\.jsonl"):
        read_questions(beir)
    with pytest.raises(UnreadableError, match=r"lacks corpus\.jsonl, queries\.jsonl and qrels/test\.tsv"):
        read_questions(tmp_path)


def test_rows_that_cannot_be_used_are_left_out_and_counted(read):
    good = [ROW] * 5

    questions = read("q.jsonl", lines(*good, "not json", "[1]", {"answer": "x"}, '{"question": "\\ud800?"}'))

    assert len(questions.rows) == 6
    assert questions.notes == (
        "1 row left out, line 6 first: is not JSON: expecting value",
        "1 row left out, line 7 first: is not a mapping",
        "1 row left out, line 8 first: has no question",
    )


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("q.jsonl", "", "holds no questions"),
        ("q.jsonl", lines({"text": "no question"}), "holds no questions"),
        ("q.jsonl", b"\x89PNG\x00\x00" * 50, "1 of 1 row cannot be used; the first holds a NUL character"),
        ("q.jsonl", lines(ROW, "x", "x"), "q.jsonl:2: 2 of 3 rows cannot be used; the first is not JSON"),
        ("q.jsonl", b"x" * 3_000_000, "the first is too long"),
        ("q.json", "{", "is not JSON"),
        ("q.json", "[" * 100_000 + "]" * 100_000, "nested too deeply"),
        ("q.json", '{"data": [{"paragraphs": []}]}', "holds no questions"),
        ("q.csv", "", "holds no questions"),
        ("q.csv", "Ticket;Customer question\n1;Why?\n", "keys: 'Ticket' and 'Customer question')"),
        (
            "q.csv",
            "question,answer\na\nb,c\nd",
            "2 of 3 rows cannot be used; the first has a different number of cells",
        ),
        ("q.csv", 'question,answer\n"a"b,c\n', "is not CSV"),
        ("q.csv", b"question,answer\n\xff,b\n", "is not UTF-8"),
        ("q.csv", b'question\n"' + b"x" * 3_000_000, "is longer than 1,048,576 bytes"),
        ("q.csv", "question\n" + '"' + "x\n" * 200_000, "is not CSV"),
    ],
)
def test_a_file_that_holds_no_questions_is_refused_with_a_place(read, name, content, said):
    with pytest.raises(UnreadableError) as caught:
        read(name, content)

    assert said in str(caught.value)
    assert name in str(caught.value)


def test_of_a_large_file_a_sample_is_kept_in_which_equal_questions_stay_together(read, monkeypatch):
    monkeypatch.setattr(reading, "MAX_QUESTIONS", 1_000)
    rows = [{"question": f"Question {number // 4}?", "answer": str(number)} for number in range(4_000)]

    questions = read("q.jsonl", lines(*rows))

    kept = len(questions.rows)
    assert 250 <= kept <= 1_000
    assert questions.notes == (f"a sample of {kept} of 4,000 questions",)
    assert len({row.text for row in questions.rows}) == kept // 4
    assert set(questions.rows) == set(read("r.jsonl", lines(*rows)).rows)


# --- measuring ----------------------------------------------------------------------------------------------------

TOWNS = [
    f"{start}{middle}{end}"
    for start in ("Ber", "Kol", "Mar", "Tul")
    for middle in "aeiou"
    for end in ("nik", "ska")
]
"""40 names that no document shares."""
RIVERS = [f"{town[:4]}va{town[-3:]}" for town in TOWNS]


def describe(number):
    """Return a document on a town: what it lies on, and much that all towns have."""
    return (
        f"{TOWNS[number]} lies on the river {RIVERS[number]}, near the {number}th hill.\n\n"
        "The market opens at eight. The mayor is elected every four years. Trains leave each hour."
    )


DOCUMENTS = [(f"towns/{town}.md", describe(number)) for number, town in enumerate(TOWNS)]
ASKED = tuple(
    Question(f"On which river does {town} lie?", (f"the river {RIVERS[number]}",))
    for number, town in enumerate(TOWNS)
)


def measure_all(questions, engine):
    return (*measure_questions(questions), *measure_search(questions.rows, engine, lambda _: None))


def measure(rows, documents=DOCUMENTS, notes=()):
    """Return the measurements by probe."""
    engine = EmbeddedIndex(documents) if documents else None
    questions = Questions("JSON Lines", tuple(rows), notes)
    return {one.probe.partition(".")[2]: one for one in measure_all(questions, engine)}


def test_questions_that_find_their_answers_show_that_the_documents_hold_them():
    found = measure(ASKED)

    assert found["coverage"].answers == {
        "knowledge.source": "documents",
        "knowledge.access_path": "by_meaning",
    }
    assert found["coverage"].figures["verdict"] == "in_documents"
    assert found["coverage"].figures["coverage"] > 0.9
    assert found["coverage"].figures["shuffled"] < 0.6  # half of "the river X"
    assert found["retrieval"].answers == {"knowledge.retrievability": 1.0}
    assert found["retrieval"].interval == pytest.approx((0.912, 1.0), abs=0.001)
    assert found["kind"].answers == {"task.kind": "question_answering"}
    assert found["scope"].figures["under_specified"] == 0


def test_documents_on_something_else_are_told_from_those_that_hold_the_answers():
    others = [
        (f"{number}.md", f"On which day the bin is emptied, rule {number}, does lie with the river board.")
        for number in range(40)
    ]

    found = measure(ASKED, others)

    assert found["coverage"].figures["verdict"] == "not_in_documents"
    assert found["coverage"].answers == {"knowledge.source": None, "knowledge.access_path": None}
    assert found["retrieval"].answers == {"knowledge.retrievability": None}
    assert "the source of the answers has to be found" in found["coverage"].reason


def test_answers_that_the_documents_hold_and_the_questions_miss_are_a_problem_of_the_search():
    asked = [row.replace(text="Tell me what water the place is at when trains leave") for row in ASKED]

    found = measure(asked)

    assert found["coverage"].figures["verdict"] == "in_documents_but_missed"
    assert found["coverage"].answers == {"knowledge.source": "documents", "knowledge.access_path": None}
    assert found["retrieval"].figures["hit_at_1"] < 0.1
    assert "filters or rewritten questions" in found["coverage"].reason


def test_the_same_question_with_another_answer_each_time_does_not_say_enough():
    asked = [row.replace(text="On which river does the town lie?") for row in ASKED]

    found = measure(asked)["scope"]

    assert (found.figures["under_specified"], found.figures["different"], found.fault) == (1.0, 1, True)
    assert "for which document, customer or date" in found.notes[0]


def test_two_ways_to_say_an_answer_are_no_contradiction():
    asked = [row.replace(answers=(row.answers[0] + " of course",)) for row in ASKED]

    found = measure([*ASKED, *asked])["scope"]

    assert (found.figures["under_specified"], found.fault) == (0.0, False)


def test_a_number_that_is_part_of_another_one_is_another_answer():
    asked = [
        row.replace(text="How many bridges are there?", answers=(f"{10**number}",))
        for number, row in enumerate(ASKED)
    ]

    assert measure(asked)["scope"].figures["under_specified"] == 1.0


@pytest.mark.parametrize(
    ("one", "other"), [("2101.00123", "2101.99999"), ("policy-v2.1", "policy-v2.2"), ("a/v1.0.2", "a/v1.0.3")]
)
def test_numbers_behind_a_dot_tell_documents_apart(one, other):
    assert NameIndex([one]).holds(f"{one}.md#4")
    assert not NameIndex([one]).holds(f"{other}#4")


@pytest.mark.parametrize(
    "named", ["towns/{}.md", "{}", "https://wiki.invalid/towns/{}", "./TOWNS/{}.html#river"]
)
def test_a_hit_is_a_passage_of_the_document_that_is_named_however_it_is_written(named):
    asked = [
        row.replace(answers=(), sources=(named.format(town),)) for row, town in zip(ASKED, TOWNS, strict=True)
    ]

    found = measure(asked)

    assert found["retrieval"].answers == {"knowledge.retrievability": 1.0}
    assert found["retrieval"].figures["hit_at_1"] == 1.0
    assert "other than labels, are needed, and there are 0" in found["coverage"].reason


def test_a_document_that_is_named_and_not_there_counts_for_nothing():
    asked = [row.replace(answers=(), sources=("elsewhere.md",)) for row in ASKED]

    found = measure(asked)["retrieval"]

    assert (found.count, found.answers, found.interval) == (0, {"knowledge.retrievability": None}, None)
    assert "no question names a document that was searched" in found.reason


class Outside:
    """An engine of the team's own, which does not say what it holds."""

    label, names, complete = "ours", None, True

    def __init__(self, rename):
        self._index = EmbeddedIndex(DOCUMENTS)
        self._rename = rename

    def search(self, text, k):
        return [one.replace(id=self._rename(one.id)) for one in self._index.search(text, k)]


@pytest.mark.parametrize(
    ("rename", "by"), [(str, "the document or text that is named"), (hash, "half of the answer's")]
)
def test_an_engine_with_names_of_its_own_is_judged_by_the_wording_of_answers(rename, by):
    asked = [row.replace(sources=(f"{town}.md",)) for row, town in zip(ASKED, TOWNS, strict=True)]
    questions = Questions("JSON Lines", tuple(asked))

    *_, found = measure_all(questions, Outside(lambda name: str(rename(name))))

    assert found.answers == {"knowledge.retrievability": 1.0}
    assert by in found.method


def test_a_hit_on_a_text_that_is_named_has_the_answer_too():
    texts = [text for _, text in DOCUMENTS]
    asked = [row.replace(contexts=(text,)) for row, text in zip(ASKED, texts, strict=True)]
    wrong = [row.replace(answers=("the mayor of Nowhere",)) for row in asked]

    assert measure(asked)["retrieval"].figures["hit_at_1"] == 1.0
    assert measure(wrong)["retrieval"].figures["hit_at_1"] == 0.0


def test_a_hit_beyond_the_context_budget_does_not_count():
    crowd = [(f"{number}.md", "On which river does Bernik lie? " * 37) for number in range(8)]
    asked = [ASKED[0].replace(text="On which river does Bernik lie?", answers=(), sources=("far.md",))] * 40
    documents = [*crowd, ("towns/far.md", "Some say Bernik is at Beravanik " + "and more " * 100)]

    found = measure(asked, documents)["retrieval"]

    assert (found.figures["hit_at_10"], found.figures["hit_in_budget"]) == (1.0, 0.0)


def test_few_questions_are_an_anecdote():
    found = measure(ASKED[:29])

    assert found["retrieval"].answers == {"knowledge.retrievability": None}
    assert found["retrieval"].reason.startswith("too few questions to tell (29)")
    assert found["coverage"].answers == {"knowledge.source": None, "knowledge.access_path": None}
    assert found["coverage"].figures["verdict"] == "in_documents"
    assert (
        found["coverage"].reason
        == "30 questions with reference answers, other than labels, are needed, and there are 29"
    )
    assert found["kind"].answers == {}
    assert measure(ASKED[:9])["coverage"].figures == {}


def test_an_interval_over_the_edge_of_a_level_is_answered_as_a_range():
    asked = [
        row.replace(answers=(), sources=(f"towns/{town}.md",)) for row, town in zip(ASKED, TOWNS, strict=True)
    ]
    missed = [row.replace(text="zzz") for row in asked[:8]]

    found = measure(asked + missed)["retrieval"]

    assert (found.count, found.figures["hit_in_budget"]) == (48, 0.833)
    assert found.answers["knowledge.retrievability"] == {"from": 0.7, "to": 0.91}


def test_the_edges_of_levels_are_those_of_the_vocabulary(book):
    starts = tuple(level.starts_at for level in book.criteria["knowledge.retrievability"].levels)

    assert starts == (0, *LEVEL_EDGES)


def test_without_documents_only_the_questions_themselves_are_measured():
    found = measure(ASKED, None)

    assert set(found) == {"kind", "scope", "shape", "content", "coverage"}
    assert "--docs" in found["coverage"].reason


def test_a_sample_of_the_documents_gives_no_answer_on_how_well_they_are_searched():
    engine = EmbeddedIndex(DOCUMENTS, complete=False)
    questions = Questions("JSON", ASKED, ("a note",))

    found = {one.probe: one for one in measure_all(questions, engine)}

    assert found["questions.retrieval"].answers == {"knowledge.retrievability": None}
    assert "--search" in found["questions.retrieval"].reason
    assert [name for name, one in found.items() if "a note" in one.notes] == ["questions.scope"]


def test_labels_are_no_answers_to_questions():
    asked = [row.replace(answers=(("yes", "no")[number % 2],)) for number, row in enumerate(ASKED)]

    assert measure(asked)["kind"].answers == {}
    assert measure(asked)["coverage"].figures == {}


def test_questions_that_find_nothing_are_shown_three_at_most_and_no_address_in_them():
    texts = ["Is jo@nowhere.org zzz?", "\x1b[31mzzz " + "long " * 50] * 20
    asked = [row.replace(text=text, sources=("Beranik.md",)) for row, text in zip(ASKED, texts, strict=True)]

    shown = measure(asked)["retrieval"].examples

    assert len(shown) == 3
    assert {"Is ••• zzz?"} == {text for text in shown if len(text) < 80}
    assert all(len(text) <= 80 and "\x1b" not in text for text in shown)


def test_answers_in_json_over_what_the_documents_hold_show_knowledge_and_behaviour(read):
    rows = [
        {"question": row.text, "answer": json.dumps({"river": row.answers[0], "sure": "yes"})}
        for row in ASKED
    ]
    questions = read("q.jsonl", lines(*rows))

    found = measure_all(questions, EmbeddedIndex(DOCUMENTS))

    assert infer_direction(found).figures["direction"] == "both"
    assert infer_direction(measure(ASKED).values()).figures["direction"] == "knowledge"


def test_two_runs_agree_to_the_last_digit():
    assert measure(ASKED) == measure(ASKED)


def test_questions_of_a_squad_file_are_put_to_its_own_paragraphs_where_there_are_no_documents(read):
    paragraphs = [
        {"context": text, "qas": [{"question": row.text, "answers": [{"text": row.answers[0]}]}]}
        for row, (_, text) in zip(ASKED, DOCUMENTS, strict=True)
    ]
    questions = read("q.json", json.dumps({"data": [{"paragraphs": paragraphs}]}))

    *_, found = measure_all(questions, open_engine(None, None, questions.read_texts()))

    assert found.answers == {"knowledge.retrievability": 1.0}


def test_the_command_searches_the_documents_that_a_beir_folder_brings_along(run, write):
    write(
        "beir/corpus.jsonl",
        lines(*({"_id": town, "text": describe(number)} for number, town in enumerate(TOWNS))),
    )
    write(
        "beir/queries.jsonl",
        lines(*({"_id": str(number), "text": row.text} for number, row in enumerate(ASKED))),
    )
    judged = "".join(f"{number}\t{town}\t1\n" for number, town in enumerate(TOWNS))
    write("beir/qrels/test.tsv", "query-id\tcorpus-id\tscore\n" + judged)

    result = run("measure", "--questions", "beir", "-o", "profile.yaml")

    assert result.code == 0
    assert "searching for 40 questions: embedded index" in result.err
    assert "retrievability" in (run.folder / "profile.yaml").read_text()


# --- formulas -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "passage", "share"),
    [
        ("the river Kolavaska", "It lies on the river Kolavaska.", 1.0),
        ("river Kolavaska in spring", "a river Kolavaska", 0.5),
        ("Kolavaska", "kolavaska!", 1.0),
        ("the", "the", 0.0),
        ("", "anything", 0.0),
        ("1,577.00 dollars", "It cost 1577 dollars.", 1.0),
        ("分为三百", "只丢了分为三百分", 1.0),
    ],
)
def test_an_answer_is_covered_by_its_pairs_of_words(answer, passage, share):
    assert cover_answer([answer], ["nothing", passage]) == share


@given(st.integers(0, 5_000).flatmap(lambda count: st.tuples(st.integers(0, count), st.just(count))))
def test_the_interval_of_a_share_holds_it_and_shrinks_with_the_sample(case):
    hits, count = case
    low, high = bound_share(hits, count)

    assert 0 <= low <= high <= 1
    if count:
        assert low - 1e-9 <= hits / count <= high + 1e-9
        wider = bound_share(hits * 4, count * 4)
        assert wider[1] - wider[0] < high - low


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20), st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_separation_of_two_samples_is_one_minus_that_the_other_way_round(one, other):
    assert separate(one, other) + separate(other, one) == pytest.approx(1)
