"""Profiles that people wrote keep their comments, order and quoting when an answer changes."""

import pytest
from hypothesis import given, settings

from ragortune.evidence.profile_files import write_profile
from ragortune.evidence.round_trip import write_answers
from ragortune.support.reading import parse_yaml

from .test_interview import BOOK, VOCABULARY, values

HANDWRITTEN = """# all rights reserved
--- # of 2026
# the desk
project: "Desk"   # short name
knowledge:
  gap: {value: most, evidence: 'asked Ada'}  # why
  source:
    - documents  # the wiki
    - tacit
  # about what follows
data:
# nothing yet
performance.volume: 300
... # the end
"""
SAMPLES = {
    "handwritten": HANDWRITTEN,
    "on one line": "{project: Desk, knowledge: {gap: most}, data: {}}\n",
    "a template": write_profile(BOOK.criteria.values()),
    "empty": "",
    "comments alone": "# to be filled\n",
}


def read(text):
    document = parse_yaml(text, "p.yaml")
    return VOCABULARY.read_profile(document.data, document)


def comments_of(text):
    return sorted(line[line.index("# ") :] for line in text.splitlines() if "# " in line)


@pytest.mark.parametrize("text", SAMPLES.values(), ids=SAMPLES)
@settings(max_examples=40)
@given(answers=values())
def test_what_a_person_answers_is_what_the_file_says_and_the_rest_is_what_it_said(text, answers):
    before, after = read(text), read(write_answers(text, answers))
    expected = VOCABULARY.read_profile(answers)

    for name in BOOK.criteria:
        source = expected if name in answers else before
        assert after.levels.get(name) == source.levels.get(name)
    assert after.project == before.project


@settings(max_examples=40)
@given(answers=values())
def test_no_comment_of_a_handwritten_profile_is_lost(answers):
    assert comments_of(write_answers(HANDWRITTEN, answers)) == comments_of(HANDWRITTEN)


@settings(max_examples=40)
@given(answers=values())
def test_an_answer_takes_the_place_that_a_template_keeps_for_it(answers):
    template = SAMPLES["a template"].splitlines()
    written = write_answers(SAMPLES["a template"], answers).splitlines()

    assert len(written) == len(template)
    changed = [old for old, new in zip(template, written, strict=True) if old != new]
    assert changed == [f"  # {name.partition('.')[2]}:" for name in BOOK.criteria if name in answers]


@pytest.mark.parametrize(
    "text",
    [
        "task:\n  # what\nnotes: |\n  # kind:\n  to be asked\nproject: Desk\n",
        "task:\n  # kind:\n  # kind:\nproject: Desk\n",
        "task:\n  kind: agent\n  # kind:\nproject: Desk\n",
        'task:\ndescription: "\n  # kind:\n\n  "\nproject: Desk\n',
    ],
)
def test_a_line_like_a_place_for_an_answer_stays_in_a_text_and_where_the_answer_is(text):
    written = write_answers(text, {"task.kind": "agent", "data.quality": "good"})
    before, after = parse_yaml(text, "before").data, parse_yaml(written, "after").data

    assert after == {**before, "task": {"kind": "agent"}, "data": {"quality": "good"}}


def test_an_answer_under_its_whole_name_is_not_given_twice_where_a_template_keeps_a_place_for_it():
    written = write_answers(
        "knowledge.gap: some\nknowledge:\n  # gap:\n  size: small\n", {"knowledge.gap": "most"}
    )

    assert parse_yaml(written, "after").data == {"knowledge.gap": "most", "knowledge": {"size": "small"}}


@pytest.mark.parametrize(
    "words", ["::stop", "?no", ":x", "std::[x]", "1:?", "a:{b", "- x", "#x", "{x}", "\u202ex"]
)
def test_words_of_any_kind_can_be_read_back(words):
    written = write_answers("", {"knowledge.gap": {"value": "most", "evidence": words}})

    assert read(written).answers["knowledge.gap"].evidence == words


def test_line_ends_and_wide_indents_stay():
    text = "knowledge:\r\n    gap: most\r\n    source:\r\n      - tacit\r\n"

    assert write_answers(text, {"knowledge.size": "large"}) == text + "    size: large\r\n"


LAID_OUT = """# the desk\r
project: "Desk \\u0041"\r
notes: >
   In words
   of their own,\r
   on lines of their own

knowledge:
    gap:    most\t\t
    source: [documents,   tacit]   # both\r
    access_path: ~

data: {examples:   20}
# the end"""


def test_lines_that_an_answer_does_not_change_stay_byte_for_byte():
    laid_out = LAID_OUT.replace("\t\t", "  ")

    written = write_answers(laid_out, {"knowledge.volatility": "weekly", "data.examples": 30})

    expected = laid_out.replace("access_path: ~\n", "access_path: ~\n    volatility: weekly\n")
    assert written == expected.replace("{examples:   20}", "{examples: 30}")


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@settings(max_examples=30)
@given(answers=values())
def test_an_answer_adds_lines_and_changes_none_but_its_own(ending, answers):
    text = LAID_OUT.replace("\t\t", "").replace("\r", "").replace("\n", ending)
    shared = {"knowledge.gap", "knowledge.source", "knowledge.access_path", "data"}
    others = {
        name: own for name, own in answers.items() if name not in shared and not name.startswith("data.")
    }

    left = iter(write_answers(text, others).splitlines())

    assert all(line in left for line in text.splitlines())


@pytest.mark.parametrize("indent", [1, 3, 6])
def test_an_indent_behind_a_comment_stays(indent):
    text = f"data: # ours\n\n  # by Ada\n{' ' * indent}quality:   poor\n"

    assert write_answers(text, {"data.examples": 30}) == f"{text}{' ' * indent}examples: 30\n"


@pytest.mark.parametrize(
    "text",
    [
        "knowledge:\n    gap: most\nnotes: |\n\n  Ask Ada.\n",
        "knowledge:\n gap: most\nnotes: >-\n\n  Ask Ada,\n  or Ben.\ntask: ~\n",
        "knowledge:   # why\n# because\n  gap:   most # legal said so\n",
        "knowledge:\n  gap:\n    # asked in May\n    most  # by Ada\n",
        "? knowledge  # the wiki\n: gap:   most\n",
        "task: {}  # to be asked\nknowledge:  {gap:  most }\n",
        "task:\t{kind: [agent,  # for now\n    dialogue], }  # or not\n",
        "project: 'Desk\n\n  of the team'\nnotes: \"on \\\n  one line\"\n",
        "project: Desk # ours\x85knowledge: {gap: most}\u2028notes: none\n",
        "# by Ada\nnotes: |\n  no line end",
    ],
)
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_line_in_any_layout_stays_as_it_is_where_an_answer_is_added(text, ending):
    text = text.replace("\n", ending)

    written = write_answers(text, {"data.quality": "poor"})

    assert parse_yaml(written, "after").data == {
        **parse_yaml(text, "before").data,
        "data": {"quality": "poor"},
    }
    added = f"data:{ending}{' ' * 4}quality: poor{ending}".split()
    assert [word for word in written.split() if word not in added] == text.split()
    assert all(line in written for line in text.split(ending))


@pytest.mark.parametrize(
    ("layout", "expected"),
    [
        ("gap:\n    # asked in May\n    most  # by Ada\n", "gap:\n    # asked in May\n    some  # by Ada\n"),
        ("gap: [most,  # or\n    some]\n", "gap: some\n    # or\n"),
        ("{gap:\n    most,  # by Ada\n    size: small}\n", "{gap:\n    some,  # by Ada\n    size: small}\n"),
        (
            "gap:  # why\n    # first\n    value: most  # by Ada\n    as_of: 2026-05-01\n  size: small\n",
            "gap: some  # why\n    # first\n    # by Ada\n  size: small\n",
        ),
        ("gap: |-  # by Ada\n    most\n", "gap: some\n    # by Ada\n"),
        ("gap: !  # by Ada\n    most\n", "gap: some\n    # by Ada\n"),
        ("gap: [most,  # first\n    some]  # by Ada", "gap: some  # by Ada\n    # first\n"),
    ],
)
def test_comments_on_an_answer_that_is_replaced_stay_below_its_key(layout, expected):
    written = write_answers(f"knowledge:\n  {layout}", {"knowledge.gap": "some"})

    assert written == f"knowledge:\n  {expected}"


def test_a_key_of_any_length_is_kept():
    text = f"notes: a{':#' * 100_000}\n"

    assert write_answers(text, {"data.examples": 30}).startswith(text)


def test_blank_lines_in_front_stay():
    text = "\n\n\nproject: Desk\n"

    assert write_answers(text, {"data.examples": 3}) == f"{text}data:\n  examples: 3\n"


@pytest.mark.parametrize(
    "text",
    [
        "notes: |+\n  Ask Ada.\n\n\n",
        "notes: >+\n  Ask Ada.\n\n",
        "data:\n  rights: clean\nnotes: |+\n  wait\n  ...\n\n",
    ],
)
def test_blank_lines_that_a_text_keeps_stay(text):
    written = write_answers(text, {"behaviour.style": "guideline"})

    assert written == f"{text}behaviour:\n  style: guideline\n"


@pytest.mark.parametrize("command", [("ask", "--answers", "-"), ("measure", "--docs", "docs")])
@pytest.mark.parametrize(
    ("text", "behind"),
    [
        ("project: Desk\t# with a tab\nknowledge:\t{gap: most", "}\n"),
        (
            "project: Desk\nknowledge: {\n  gap: most,  # legal said so\n  # ask Ada\n  source: documents",
            ",\n}\n",
        ),
        ('{\n  "project": "Büro #1",  # of the desk\n  "knowledge": {"gap": "most"', "}\n}\n"),
    ],
)
def test_an_answer_is_added_in_braces_with_tabs_and_comments(run, write, tmp_path, command, text, behind):
    write("p.yaml", text + behind)
    write("docs/a.md", "# Tariffs\n\nA letter costs two marks, and a parcel six.\n")

    result = run(*command, "-o", "p.yaml", stdin=b"knowledge.volatility: weekly\n")

    written = (tmp_path / "p.yaml").read_text()
    assert result.code == 0
    assert written.startswith(f"{text}, ")
    assert comments_of(written) == comments_of(text)


def test_an_answer_is_added_before_the_end_of_a_document_with_any_line_ends():
    assert write_answers("---\r\n...\r\n", {"data.examples": 3}) == "---\r\ndata:\r\n  examples: 3\r\n...\r\n"


def test_a_group_is_indented_as_the_groups_of_a_profile_that_is_itself_indented():
    text = "  knowledge:\n    gap: most\n"

    assert write_answers(text, {"data.examples": 3}) == f"{text}  data:\n    examples: 3\n"


def test_an_answer_is_added_behind_a_directive(run, write, tmp_path):
    text = "%TAG ! tag:x,2000:\n---\nproject: Desk\n"
    write("p.yaml", text)

    assert run("ask", "p.yaml", "--answers", "-", stdin=b"knowledge.volatility: weekly\n").code == 0
    assert (tmp_path / "p.yaml").read_text() == f"{text}knowledge:\n  volatility: weekly\n"


def test_a_key_behind_a_question_mark_is_told_before_anything_is_asked(run, write, tmp_path):
    text = "? knowledge\n: gap: most\n? data\n"
    write("p.yaml", text)

    result = run("ask", "p.yaml", "--answers", "-", "-o", "p.yaml", stdin=b"")

    assert result.code == 2
    assert "error: p.yaml: this YAML can be read, but not changed in place" in result.err
    assert (tmp_path / "p.yaml").read_text() == text


def test_a_negative_number_of_three_decimals_is_written_with_its_sign_and_reads_back():
    text = write_answers("data: {}\n", {"data.examples": -1.125})

    assert parse_yaml(text, "the profile").data == {"data": {"examples": -1.125}}
