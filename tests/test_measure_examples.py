"""Training examples: read in every usual form, counted without their defects, and judged by what they would teach."""

import csv
import json
import random
import tracemalloc

import pytest

from ragortune.evidence.measurements import shape as shape_module
from ragortune.evidence.measurements.example_files import (
    LONGEST_EXAMPLE,
    find_faults,
    read_chat,
    read_examples,
)
from ragortune.evidence.measurements.examples import measure_examples, measure_learning
from ragortune.evidence.measurements.material import infer_direction
from ragortune.evidence.measurements.shape import asks, describe_shape
from ragortune.model.measurements import Measurement
from ragortune.support.errors import UnreadableError

TEAMS = ("brakes", "gears", "wheels", "saddles")
THINGS = [
    "lever",
    "cable",
    "rim",
    "spoke",
    "hub",
    "pedal",
    "chain",
    "bell",
    "lamp",
    "rack",
    "tyre",
    "tube",
    "fork",
    "stem",
    "grip",
    "clamp",
]


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def say(seed, count=12):
    dice = random.Random(seed)
    return " ".join(f"{dice.choice(THINGS)}{dice.randrange(30)}" for _ in range(count))


def tickets(count, start=0, noise=0.0):
    """Rows of a team that sorts its tickets: each text has a word of its team, and a share has a wrong label."""
    dice = random.Random(start)
    for number in range(start, start + count):
        team = TEAMS[number % len(TEAMS)]
        label = dice.choice(TEAMS) if dice.random() < noise else team
        yield {"text": f"my {team[:-1]} {say(number, 6)} is worn", "label": label}


def measured(path, test=None):
    found = measure_examples(read_examples(path), read_examples(test) if test else None, lambda _: None)
    return {one.probe: one for one in found}


def chat(*turns, **more):
    return {"messages": [{"role": role, "content": content} for role, content in turns], **more}


ASKED, TOLD = "Which tyre fits my old bike?", "A tyre of the width that is printed on it."
FORMS = {
    "OpenAI": ("chat messages", chat(("system", "Be kind."), ("user", ASKED), ("assistant", TOLD))),
    "Anthropic": ("chat messages", {**chat(("user", ASKED), ("assistant", TOLD)), "system": "Be kind."}),
    "Bedrock": (
        "chat messages",
        {
            **chat(("user", [{"text": ASKED}]), ("assistant", [{"text": TOLD}])),
            "system": [{"text": "Be kind."}],
        },
    ),
    "Gemini": (
        "chat messages",
        {
            "systemInstruction": {"role": "system", "parts": [{"text": "Be kind."}]},
            "contents": [
                {"role": "user", "parts": [{"text": ASKED}]},
                {"role": "model", "parts": [{"text": TOLD}]},
            ],
        },
    ),
    "TRL": (
        "chat messages",
        {
            "prompt": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": ASKED}],
            "completion": [{"role": "assistant", "content": TOLD}],
        },
    ),
    "preferences": (
        "chat messages",
        {
            "prompt": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": ASKED}],
            "chosen": [{"role": "assistant", "content": TOLD}],
            "rejected": [{"role": "assistant", "content": "No idea."}],
            "completion": None,
        },
    ),
    "preferences with their prompts": (
        "chat messages",
        {
            "prompt": ASKED,
            "chosen": chat(("system", "Be kind."), ("user", ASKED), ("assistant", TOLD))["messages"],
            "rejected": chat(("user", ASKED), ("assistant", "No idea."))["messages"],
        },
    ),
    "preferences with a question as text": (
        "chat messages",
        {
            "prompt": ASKED,
            "chosen": chat(("system", "Be kind."), ("assistant", TOLD))["messages"],
            "rejected": chat(("assistant", "No idea."))["messages"],
        },
    ),
    "a list of what could be chosen": (
        "Alpaca",
        {"instruction": "Be kind.", "input": ASKED, "output": TOLD, "chosen": [TOLD, "No idea."]},
    ),
    "ShareGPT": (
        "ShareGPT",
        {
            "conversations": [
                {"from": "system", "value": "Be kind."},
                {"from": "human", "value": ASKED},
                {"from": "gpt", "value": TOLD},
            ]
        },
    ),
    "Alpaca": ("Alpaca", {"instruction": "Be kind.", "input": ASKED, "output": TOLD}),
}


@pytest.mark.parametrize(("form", "row"), FORMS.values(), ids=FORMS)
def test_the_same_example_is_read_from_every_vendors_form(tmp_path, form, row):
    examples = read_examples(write(tmp_path / "train.jsonl", [row]))
    assert examples.form == form
    (example,) = examples.sample
    assert (example.instruction, example.input, example.output) == ("Be kind.", ASKED, TOLD)
    assert example.faults == ()


@pytest.mark.parametrize(
    ("row", "form"),
    [
        ({"prompt": "a", "completion": "b"}, "prompt and completion"),
        ({"prompt": "a", "chosen": "b", "rejected": "c"}, "prompt and completion"),
        ({"question": "a", "answers": ["b", "c"]}, "prompt and completion"),
        ({"question": "a", "answers": {"text": ["b"], "answer_start": [3]}}, "prompt and completion"),
        ({"instruction": "a", "response": "b"}, "Alpaca"),
        ({"contents": ["page"], "text": "a", "label": "b"}, "text and label"),
        ({"text": "a", "category": "b"}, "text and label"),
        ({"utterance": "a", "intent": "b"}, "text and label"),
    ],
)
def test_pairs_are_told_by_their_keys(tmp_path, row, form):
    examples = read_examples(write(tmp_path / "train.jsonl", [row]))
    assert (examples.form, examples.sample[0].input, examples.sample[0].output) == (form, "a", "b")


def test_tables_and_lists_are_read_like_lines(tmp_path):
    rows = list(tickets(12))
    (tmp_path / "train.json").write_text(json.dumps(rows), encoding="utf-8")
    for name, delimiter in (("train.csv", ","), ("train.tsv", "\t")):
        with (tmp_path / name).open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, ["text", "label"], delimiter=delimiter)
            writer.writeheader()
            writer.writerows(rows)
    write(tmp_path / "train.jsonl", rows)
    read = [read_examples(tmp_path / f"train.{ending}") for ending in ("json", "csv", "tsv", "jsonl")]
    assert {tuple((row.input, row.output) for row in one.sample) for one in read} == {
        tuple((row["text"], row["label"]) for row in rows)
    }


def test_keys_may_be_written_as_in_a_spreadsheet(tmp_path):
    path = tmp_path / "spam.csv"
    path.write_text("Category,Message\n" + "ham,See you at the depot\n" * 3, encoding="utf-8")
    assert [row.output for row in read_examples(path).sample] == ["ham"] * 3


def test_a_large_file_of_other_columns_is_refused_before_it_is_read_to_its_end(tmp_path):
    path = write(
        tmp_path / "a.jsonl", [{"q": "How?", "a": "So."}] * 1_000 + ["nothing reads this far"] * 2_000
    )

    with pytest.raises(
        UnreadableError, match=r"holds no training examples that can be recognised .*'q' and 'a'"
    ):
        read_examples(path)


def test_a_file_that_mixes_forms_says_so(tmp_path):
    rows = [*tickets(20), *({"prompt": say(seed), "completion": say(seed + 99)} for seed in range(5))]
    found = measured(write(tmp_path / "train.jsonl", rows))["examples.usable"]
    assert "the file mixes forms: 20 text and label, 5 prompt and completion" in found.notes
    assert found.fault


# --- what is wrong with a row ---------------------------------------------------------------------------------------


def call(arguments):
    return {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"function": {"name": "book", "arguments": arguments}}],
    }


WORK = {"role": "user", "content": "Book a repair"}


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (chat(("user", "Hello"), ("assistant", "Hi"), ("user", "Thanks")), "last_not_assistant"),
        (chat(("system", "Be kind."), ("assistant", "Hi")), "no_user"),
        (chat(("user", "Hello"), ("shopkeeper", "Hi"), ("assistant", "Hi")), "unknown_role"),
        ({"messages": [WORK, call("{day: Monday}")]}, "broken_arguments"),
        ({"messages": [WORK, call("[1]")]}, "broken_arguments"),
        ({"messages": [WORK, call(json.dumps(json.dumps({"day": 1})))]}, "broken_arguments"),
        ({"messages": ["not a message"]}, "unknown_role"),
        ({"messages": []}, "last_not_assistant"),
    ],
)  # fmt: skip
def test_a_row_that_the_vendors_own_check_lets_pass_is_found(row, fault):
    assert fault in set(find_faults(read_chat(row, row["messages"])))


@pytest.mark.parametrize(
    "use",
    [
        {"toolUse": {"name": "book", "input": {"day": 1}}},
        {"type": "tool_use", "name": "book", "input": {"day": 1}},
        {"functionCall": {"name": "book", "args": {"day": 1}}},
    ],
)
def test_a_tool_may_be_called_as_each_vendor_writes_it(tmp_path, use):
    row = chat(("user", "Book a repair"), ("assistant", [use]))
    (example,) = read_examples(write(tmp_path / "train.jsonl", [row])).sample
    assert (example.faults, example.calls) == ((), True)
    assert example.output == 'book {"day": 1}'


@pytest.mark.parametrize(
    ("given", "wanted", "fault"),
    [
        ("What now?", " ", "empty_output"),
        ("", "An answer", "empty_input"),
        ("What now?", "Eat a banana! " * 2000, "degenerate"),
        ("x y z " * (LONGEST_EXAMPLE // 6 + 1), "An answer", "too_long"),
    ],
)
def test_a_text_that_is_no_example_is_found_in_any_form(tmp_path, given, wanted, fault):
    examples = read_examples(write(tmp_path / "train.jsonl", [{"prompt": given, "completion": wanted}]))
    assert fault in examples.faults


def test_a_team_with_good_rows_keeps_them_all(tmp_path):
    found = measured(write(tmp_path / "train.jsonl", tickets(80)))["examples.usable"]
    assert found.answers == {"data.examples": 80, "data.quality": "good"}
    assert not found.fault


def test_a_team_that_pasted_its_rows_twice_has_half_as_many(tmp_path):
    rows = list(tickets(60))
    found = measured(write(tmp_path / "train.jsonl", rows * 2))["examples.usable"]
    assert found.answers == {"data.examples": 60, "data.quality": "poor"}
    assert found.figures["exact_duplicates"] == 60
    assert "60 rows: the same as another or nearly so" in found.notes


def test_labels_that_contradict_each_other_make_the_data_poor(tmp_path):
    rows = list(tickets(60))
    rows += [{**row, "label": "unsure"} for row in rows[:6]]
    found = measured(write(tmp_path / "train.jsonl", rows))["examples.usable"]
    assert "12 rows: same input, different outputs" in found.notes
    assert found.answers["data.quality"] == "poor"
    assert any("lines 1 and 61 contradict each other" in shown for shown in found.examples)


@pytest.mark.parametrize(("one", "other"), [("1", "-1"), ("C", "C++"), ("👍", "👎"), ("<", ">")])
def test_labels_that_differ_by_a_sign_contradict_each_other(tmp_path, one, other):
    rows = [{"text": say(number), "label": (one, other)[number % 2]} for number in range(60)]
    rows += [{"text": say(number), "label": (other, one)[number % 2]} for number in range(6)]
    found = measured(write(tmp_path / "train.jsonl", rows))["examples.usable"]
    assert "12 rows: same input, different outputs" in found.notes


def test_an_answer_with_other_punctuation_is_no_contradiction(tmp_path):
    rows = [{"prompt": f"Where is {say(number)}?", "completion": f"Hall-{number}."} for number in range(60)]
    rows += [{**row, "completion": row["completion"].upper().strip(".")} for row in rows[:6]]
    found = measured(write(tmp_path / "train.jsonl", rows))["examples.usable"]
    assert found.figures["share_contradictory"] == 0


def test_rows_without_a_text_are_unusable_and_contradict_nothing(tmp_path):
    rows = [*tickets(60), *({"text": "", "label": team} for team in TEAMS)]
    found = measured(write(tmp_path / "train.jsonl", rows))["examples.usable"]
    assert found.figures["share_contradictory"] == 0


def test_several_good_texts_for_one_input_are_no_contradiction(tmp_path):
    rows = [
        {
            "prompt": f"Describe {say(seed % 20, 4)}",
            "completion": f"{say(seed % 20, 4)} {say(seed + 500, 25)}",
        }
        for seed in range(60)
    ]
    found = measured(write(tmp_path / "train.jsonl", rows))["examples.usable"]
    assert found.figures["share_contradictory"] == 0


def test_fewer_than_ten_examples_are_poor_however_clean(tmp_path):
    found = measured(write(tmp_path / "train.jsonl", tickets(9)))
    assert found["examples.usable"].answers["data.quality"] == "poor"
    assert found["examples.shape"].answers == {"behaviour.output": None}
    assert "examples.classifier" not in found


# --- the test file ---------------------------------------------------------------------------------------------------


def test_a_test_file_of_its_own_rows_is_held_out(tmp_path):
    train = write(tmp_path / "train.jsonl", tickets(120))
    found = measured(train, write(tmp_path / "test.jsonl", tickets(60, 500)))["examples.leakage"]
    assert found.answers == {"readiness.evaluation": "held_out"}
    assert found.figures["leaked"] == 0


def test_a_test_file_cut_from_the_training_rows_is_not_held_out(tmp_path):
    train = write(tmp_path / "train.jsonl", tickets(120))
    rows = [*tickets(54, 500), *tickets(6)]
    found = measured(train, write(tmp_path / "test.jsonl", rows))["examples.leakage"]
    assert found.figures["leaked"] == 6
    assert found.answers == {"readiness.evaluation": None}
    assert found.reason
    assert found.examples[0].startswith("line 55 is line 1 of the examples: ")


def test_copies_of_a_test_row_that_is_nearly_a_training_row_are_trained_on_too(tmp_path):
    train = write(tmp_path / "train.jsonl", tickets(120))
    near = {**next(tickets(1)), "text": next(tickets(1))["text"] + " again"}
    rows = [*tickets(54, 500), *([near] * 6)]
    found = measured(train, write(tmp_path / "test.jsonl", rows))["examples.leakage"]
    assert found.figures["leaked"] == 6
    assert found.answers == {"readiness.evaluation": None}


def test_a_test_file_of_a_few_rows_pasted_many_times_is_informal(tmp_path):
    train = write(tmp_path / "train.jsonl", tickets(120))
    found = measured(train, write(tmp_path / "test.jsonl", [*tickets(20, 500)] * 10))["examples.leakage"]
    assert found.answers == {"readiness.evaluation": "informal"}


def test_a_handful_of_test_rows_is_informal(tmp_path):
    train = write(tmp_path / "train.jsonl", tickets(120))
    found = measured(train, write(tmp_path / "test.jsonl", tickets(20, 500)))["examples.leakage"]
    assert found.answers == {"readiness.evaluation": "informal"}


# --- shape and content -----------------------------------------------------------------------------------------------


def pairs_of(kind, count=80):
    for seed in range(count):
        given, new = say(seed), say(seed + 1000, 30)
        yield {
            "label": (given, TEAMS[seed % 4]),
            "json": (given, json.dumps({"part": given.split()[0], "team": TEAMS[seed % 4]})),
            "code": (given, f"SELECT {given.split()[0]} FROM parts WHERE {given.split()[1]} = {seed};"),
            "tool_call": (
                f"You have find_part(name).\n{given}",
                f"Here it is: find_part('{given.split()[0]}')",
            ),
            "short_answer": (f"What is {given}?", " ".join(new.split()[:2])),
            "free_text": (f"What is {given}?", new),
        }[kind]


@pytest.mark.parametrize("kind", ["label", "json", "code", "tool_call", "short_answer", "free_text"])
def test_the_shape_of_a_task_is_told_from_its_pairs(kind):
    assert describe_shape(list(pairs_of(kind))).kind == kind


@pytest.mark.parametrize(
    ("kind", "output", "task"),
    [("label", "labels", ["classification"]), ("tool_call", "structured", ["function_calling"]),
     ("json", "structured", None), ("code", "code", None), ("free_text", "free_text", None)],
)  # fmt: skip
def test_the_shape_answers_what_the_output_is_and_the_task_only_where_it_is_clear(
    tmp_path, kind, output, task
):
    rows = [{"prompt": given, "completion": wanted} for given, wanted in pairs_of(kind)]
    answers = measured(write(tmp_path / "train.jsonl", rows))["examples.shape"].answers
    assert (answers["behaviour.output"], answers.get("task.kind")) == (output, task)


@pytest.mark.parametrize(
    "text",
    [
        "Can I return it",
        "Wie lange dauert das",
        "自行车什么时候修好",
        "รถของฉันเสร็จเมื่อไร",
        "Tell me, is it done?",
        "How long is leave\n\n###\n\n",
        "Question: How long is leave?\nAnswer:",
        "¿Cuándo?",
    ],
)
def test_a_question_is_one_in_any_script(text):
    assert asks(text)


@pytest.mark.parametrize(
    "text", ["Describe the scene of a crime.", "name[The Mill], area[riverside]", "我的自行车坏了", ""]
)
def test_what_asks_nothing_is_no_question(text):
    assert not asks(text)


def test_chinese_answers_are_not_made_of_each_other_because_they_share_characters():
    dice = random.Random(1)
    signs = [chr(0x4E00 + number) for number in range(150)]
    pairs = [(f"什么是{number}", "".join(dice.choices(signs, k=40))) for number in range(80)]
    shape = describe_shape(pairs)
    assert shape.kind == "free_text"
    assert shape.new_words > 0.5


def test_answers_that_bring_new_facts_to_questions_teach_facts(tmp_path):
    rows = [
        {"question": f"What is {say(seed)}?", "answer": " ".join(f"w{seed}x{n}" for n in range(30))}
        for seed in range(80)
    ]
    assert measured(write(tmp_path / "train.jsonl", rows))["examples.content"].answers == {
        "data.teaches": "facts"
    }


def test_answers_in_the_voice_of_a_persona_teach_form_too(tmp_path):
    hello = "Hi there, thank you for asking the care team of the little bicycle shop"
    rows = [
        {
            "question": f"What is {say(seed)}?",
            "answer": f"{hello} {' '.join(f'w{seed}x{n}' for n in range(30))}",
        }
        for seed in range(80)
    ]
    found = measured(write(tmp_path / "train.jsonl", rows))["examples.content"]
    assert found.answers == {"data.teaches": "facts_and_form"}
    assert found.figures["template"] > 0.5


# --- learning --------------------------------------------------------------------------------------------------------


def test_a_linear_classifier_that_does_the_task_is_said_to_be_enough(tmp_path):
    learning = measured(write(tmp_path / "train.jsonl", tickets(400)))["examples.classifier"]
    assert learning.figures["classifier_is_enough"]
    assert "neither retrieval nor fine-tuning is needed" in learning.says


def test_labels_drawn_by_lot_cannot_be_learnt(tmp_path):
    found = measured(write(tmp_path / "train.jsonl", tickets(400, noise=1.0)))["examples.classifier"]
    assert "no better than always saying the commonest label" in found.says
    assert found.fault


def test_more_examples_help_a_team_that_has_few():
    rows = [(f"{THINGS[seed % 16]} broken {seed}", THINGS[seed % 16]) for seed in range(60)]
    found = measure_learning(rows)
    few, many = found.figures["curve"].values()
    assert few < many
    assert found.count == 60
    assert "more would help" in found.notes[0]


# --- large, hostile and broken files ---------------------------------------------------------------------------------


def test_a_sample_of_a_large_file_keeps_the_share_of_duplicates(tmp_path):
    rows = list(tickets(3000))
    examples = read_examples(write(tmp_path / "train.jsonl", [*rows, *rows[:1500]]), most=1000)
    assert len(examples.sample) <= 1000
    assert examples.rows == 4500
    found = measure_examples(examples, None, lambda _: None)[0]
    low, high = found.interval
    assert low <= 3000 <= high
    assert found.answers["data.examples"] == {"from": low, "to": high}
    assert found.figures["share_repeated"] == pytest.approx(1 / 3, abs=0.05)


def test_leakage_is_found_in_a_sample_as_in_the_whole_file(tmp_path):
    train = read_examples(write(tmp_path / "train.jsonl", tickets(3000)), most=1000)
    test = read_examples(write(tmp_path / "test.jsonl", [*tickets(300), *tickets(300, 5000)]))
    leakage = measure_examples(train, test, lambda _: None)[1]
    assert leakage.figures["share"] == pytest.approx(0.5, abs=0.12)


def test_a_file_of_one_prompt_stays_small(tmp_path):
    rows = ({"prompt": "Write a line", "completion": say(seed)} for seed in range(3000))
    examples = read_examples(write(tmp_path / "train.jsonl", rows), most=200)
    assert 0 < len(examples.sample) <= 200
    assert examples.rows == 3000


def test_of_long_examples_a_smaller_sample_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr("ragortune.evidence.measurements.sampling.MAX_CHARACTERS", 500_000)
    rows = [*tickets(1000, 7)]
    long = [{**row, "text": row["text"] + " please" * 500} for row in rows]
    few, all_of_them = (
        read_examples(write(tmp_path / name, own))
        for name, own in (("long.jsonl", long), ("short.jsonl", rows))
    )
    assert (few.rows, len(all_of_them.sample)) == (1000, 1000)
    assert 0 < sum(len(own.input) for own in few.sample) <= 500_000
    assert all(map(few.covers, few.sample))


def test_a_line_without_end_is_skipped_and_counted(tmp_path, monkeypatch):
    monkeypatch.setattr("ragortune.support.reading.read_lines.__defaults__", (2000,))
    path = write(tmp_path / "train.jsonl", tickets(20))
    with path.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps({"text": "x" * 5000, "label": "brakes"}) + "\n")
    examples = read_examples(path)
    assert examples.rows == 20
    assert any("too long" in note for note in examples.notes)


def test_a_json_list_is_read_entry_by_entry(tmp_path):
    good = [{"prompt": say(number), "completion": say(number + 50)} for number in range(20)]
    entries = [json.dumps(row) for row in good]
    entries[3:3] = ['{"prompt": "a", "prompt": "b"}']
    (tmp_path / "train.json").write_text("\ufeff\n[" + ",\n".join(entries) + "]", encoding="utf-8")

    examples = read_examples(tmp_path / "train.json")

    assert examples.rows == 20
    assert [note.partition(": ")[0] for note in examples.notes] == ["1 row left out, line 4 first"]


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("train.jsonl", b"", "holds no training examples"),
        ("train.jsonl", b'{"title": "a", "body": "b"}\n', "'title' and 'body')"),
        ("train.jsonl", b"\x00\x01\x02\x03 binary \n" * 9, "NUL"),
        ("train.jsonl", b"plain text\n" * 9, "cannot be used"),
        ("train.csv", b"a,b\n1,2\n", "'a' and 'b')"),
        ("train.csv", b"ticket,queue\n1,2\n", "prompt and completion, or text and label"),
        ("train.xlsx", b"PK\x03\x04\x00\x00", "name a .jsonl, .json, .csv or .tsv file"),
        ("train.json", b"[1, 2, 3]", "cannot be used"),
        ("train.json", b"{broken", "train.json"),
        ("train.json", '[{"prompt": "a"}]'.encode("utf-16"), "is UTF-16"),
    ],
)
def test_a_file_that_holds_no_examples_is_refused_with_a_reason(tmp_path, name, data, message):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(UnreadableError) as caught:
        read_examples(tmp_path / name)
    assert message in str(caught.value)


def test_secrets_are_counted_and_never_shown(tmp_path):
    key, mail = "sk-" + "a1B2" * 8, "maria@bikes.org"
    rows = [
        {"prompt": f"Use {key} for {mail}", "completion": " "},
        *({"prompt": say(n), "completion": say(n + 50)} for n in range(20)),
    ]
    found = measured(write(tmp_path / "train.jsonl", rows))
    assert found["examples.secrets"].figures == {"secrets": {"model provider keys": 1}}
    shown = " ".join(text for one in found.values() for text in one.examples)
    assert "Use ••• for •••" in shown
    assert not any(secret in repr(tuple(found.values())) for secret in (key, mail))


def test_the_same_file_gives_the_same_figures(tmp_path):
    path = write(tmp_path / "train.jsonl", tickets(300))
    assert measured(path) == measured(path)


# --- direction -------------------------------------------------------------------------------------------------------


def shown(probe, **figures):
    return Measurement(probe, "", "", 1, "rows", figures=figures)


def content(**figures):
    return {"new_words": 0.4, "template": 0.0, "shape": "free_text", "questions": 0.9, **figures}


FOUND, ABSENT = (
    shown("questions.coverage", verdict=verdict) for verdict in ("in_documents", "not_in_documents")
)


@pytest.mark.parametrize(
    ("measurements", "direction"),
    [
        ([FOUND], "knowledge"),
        ([shown("questions.coverage", verdict="in_documents_but_missed")], "knowledge"),
        ([ABSENT], "neither"),
        ([ABSENT, shown("examples.content", **content(shape="label"))], "behaviour"),
        ([FOUND, shown("examples.content", **content(shape="json"))], "both"),
        ([FOUND, shown("examples.content", **content(template=0.8))], "both"),
        ([FOUND, shown("examples.content", **content())], "knowledge"),
        ([FOUND, shown("examples.content", **content()), shown("examples.wording", own_wording=0.7)], "both"),
        (
            [FOUND, shown("questions.content", **content()), shown("questions.wording", own_wording=0.2)],
            "knowledge",
        ),
        ([FOUND, shown("questions.content", **content(shape="short_answer", new_words=0.1))], "knowledge"),
        ([FOUND, shown("questions.content", **content(shape="json"))], "both"),
        ([shown("examples.content", **content())], "neither"),
        ([shown("examples.content", **content(questions=0.1))], "behaviour"),
        ([shown("examples.content", **content(new_words=0.05))], "behaviour"),
        ([shown("questions.kind", question_share=0.9)], "neither"),
    ],
)
def test_the_data_points_where_the_rules_say(measurements, direction):
    assert infer_direction(measurements).figures["direction"] == direction


def test_questions_without_answers_do_not_say_that_there_are_no_documents():
    asked = shown("questions.kind", question_share=0.9), shown("questions.retrieval")
    assert not infer_direction(asked).figures


def test_documents_alone_point_nowhere():
    found = infer_direction([shown("documents.size", tokens=10)])
    assert not found.figures
    assert found.reason


def test_the_direction_says_when_a_classifier_does_it_all():
    labels = shown("examples.content", **content(shape="label"))
    found = infer_direction([labels, shown("examples.classifier", classifier_is_enough=True)])
    assert found.figures["classifier_is_enough"]
    assert "neither retrieval nor fine-tuning" in found.notes[0]


# --- memory -------------------------------------------------------------------------------------------------------


def peak_of(call, *arguments):
    """Return the result of a call and the bytes that it took at most."""
    tracemalloc.start()
    result = call(*arguments)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return result, peak


def test_long_outputs_of_many_words_take_little_memory(monkeypatch):
    pairs = [("Write it up", " ".join(f"{row}x{number}" for number in range(2_000))) for row in range(60)]
    whole = describe_shape(pairs)
    monkeypatch.setattr(shape_module, "_MAX_RUNS", 5_000)

    shape, peak = peak_of(describe_shape, pairs)

    assert shape == whole
    assert peak < 4_000_000


def test_an_output_of_many_words_is_not_read_more_often_than_one_of_few(monkeypatch):
    split, texts = shape_module.split_words, []
    monkeypatch.setattr(shape_module, "_MAX_RUNS", 1_000)
    monkeypatch.setattr(shape_module, "split_words", lambda text: texts.append(text) or split(text))

    describe_shape([("Write it up", "Dear customer, " * 5_000)])

    assert len(texts) < 10


def test_long_tickets_are_classified_in_little_memory():
    rows = [(" ".join(f"{row}x{number}" for number in range(150)), str(row % 3)) for row in range(300)]

    _, peak = peak_of(measure_learning, rows)

    assert peak < 12_000_000
