"""`extract --write`: what was read goes into the document, and every other byte stays."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragortune.check import gather_answers
from ragortune.commands.extract import list_content
from ragortune.evidence.block import write_block
from ragortune.evidence.documents.reader import read_design
from ragortune.evidence.profile import Vocabulary
from ragortune.evidence.quotes import QuoteFinder
from ragortune.support.errors import RagortuneError, UnreadableError

from .model_programs import GOOD, PRICE_DESK, Programs


@pytest.fixture
def programs(tmp_path):
    return Programs(tmp_path)


@pytest.fixture
def put(run, write, programs, tmp_path):
    """Write what a model read into a document; return the run and the document's new bytes."""

    def put_into(content, *arguments, answer=GOOD, name="7.md"):
        write(name, content)
        result = run("extract", name, "--write", "--no-cache", "--model", programs.say(answer), *arguments)
        return result, (tmp_path / name).read_bytes()

    return put_into


BLOCK = b"""
```ragortune
decision: rag
evidence: {line: 35, quote: "We will use retrieval over the price list; tuning is rejected."}
profile:
  task:
    kind:
      value: question_answering
      evidence: {line: 28, quote: "The desk answers questions about prices."}
      source: extracted
"""


def test_a_team_reviews_a_block_behind_the_title(put):
    result, data = put(PRICE_DESK)

    head, tail = PRICE_DESK.encode().split(b"\n", 1)
    assert result.code == 0
    assert data.startswith(head + b"\n" + BLOCK)
    assert data.endswith(b"```\n" + tail)


def test_a_block_in_restructuredtext_is_a_literal_block_which_pages_show(put):
    text = PRICE_DESK.partition("\n")[2]
    result, data = put(f"Price desk\n==========\n{text}", name="7.rst")
    again, same = put(data, name="7.rst")

    assert (result.code, again.code) == (0, 0)
    assert data.startswith(
        b"Price desk\n==========\n\n::\n\n   ```ragortune\n   decision: rag\n   evidence: {"
    )
    assert data.endswith(b"\n   ```\n" + text.encode())
    assert same == data


def test_a_block_goes_below_a_title_between_two_lines_in_restructuredtext():
    title = "=====\n Desk\n=====\n"
    rest = "\nDecision\n========\n\nWe will use retrieval.\n"

    written = write_block(title + rest, "x.rst", {"decision": "rag", "profile": {}})

    assert written == f"{title}\n::\n\n   ```ragortune\n   decision: rag\n   ```\n{rest}"


def test_a_literal_block_of_restructuredtext_is_completed_in_place():
    block = "::\n\n   ```ragortune\n   profile:\n     data: {examples: 12}\n\n   ```\n"

    written = write_block(f"Desk\n====\n\n{block}", "x.rst", {"decision": "rag", "profile": {}})

    assert (
        written == f"Desk\n====\n\n{block.replace('   profile', '   decision: rag' + chr(10) + '   profile')}"
    )


def test_a_second_run_changes_nothing(put, run, programs, tmp_path):
    _, data = put(PRICE_DESK)

    result = run("extract", "7.md", "--write", "--no-cache", "--model", programs.say(GOOD))

    assert (tmp_path / "7.md").read_bytes() == data
    assert "nothing to add" in result.err


def test_the_loop_from_reading_to_objection(put, run, write):
    """Extract with a model, review the block, change the sentence, see `check` object."""
    _, data = put(PRICE_DESK)
    assert run("check", "7.md").code == 0

    head, _, tail = data.decode().rpartition("every week")
    write("7.md", f"{head}every quarter{tail}")
    result = run("check", "7.md", "--format", "json")

    found = json.loads(result.out)["documents"][0]["findings"]
    gone = [(f["code"], f["line"]) for f in found if f["rule"] == "evidence-gone"]
    assert result.code == 1
    assert gone == [("RT006", 14), ("RT006", 19)]  # two answers rest on this sentence


def test_a_change_on_another_line_of_the_sentence_is_objected_to(put, run, write):
    _, data = put(PRICE_DESK)

    write("7.md", data.decode().replace("\narrive within 1.5 s.", "\nif possible arrive within 1.5 s."))
    result = run("check", "7.md", "--format", "json")

    (document,) = json.loads(result.out)["documents"]
    assert {found["rule"] for found in document["findings"] if found["severity"] == "error"} == {
        "evidence-gone"
    }


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
@pytest.mark.parametrize("tail", [b"", b"\n", b"\n\n", b"  \nlast line without an end"])
def test_endings_marks_and_blanks_stay_as_they_were(put, mark, ending, tail):
    content = mark + (PRICE_DESK.encode().removesuffix(b"\n") + tail).replace(b"\n", ending)

    _, data = put(content)

    head, rest = content.split(ending, 1)
    assert data.startswith(head + ending + ending + b"```ragortune" + ending)
    assert data.endswith(b"```" + ending + rest)
    assert data.count(b"\r\n") == (data.count(b"\n") if ending == b"\r\n" else 0)


def test_front_matter_gets_a_key(put):
    matter = b"---\ntitle: Price desk # a comment\ntags: [a,   b]\n---\n"

    _, data = put(matter + PRICE_DESK.encode())

    head, key, tail = data.partition(b"ragortune:\n  decision: rag\n")
    assert (head + b"---\n", bool(key)) == (matter, True)
    assert tail.endswith(b"source: extracted\n---\n" + PRICE_DESK.encode())


PRESENT = """# 7. Price desk

```ragortune
# Agreed on in May.
decision: neither   # for now
profile:
  knowledge: {volatility: monthly, gap: 'most'}   # by hand
  task: {kind: unknown}
```

"""


@pytest.mark.parametrize("odd", ["\n", "\r\n"])
def test_what_a_person_wrote_wins_and_stays(put, odd):
    body = PRICE_DESK.partition("\n\n")[2]
    present = PRESENT.replace("decision:", "decision:  ").replace("\n  ", f"{odd}  ")
    _, data = put(present + body)

    text = data.decode()
    assert text.endswith("```\n\n" + body)
    assert {*present.split("\n")} <= {*text.split("\n")}
    assert "latency:" in text
    assert "evidence: {line: 26" not in text.partition("profile")[0]


@pytest.mark.parametrize(
    "block",
    [
        "```ragortune\n# to be filled in\n```\n",
        "```ragortune\n{}\n# by Ada\n```\n",
        "```ragortune\nprofile:\n    data:   {quality: poor}   # by Ada\n```\n",
        "---\nragortune:\n    profile:\n        data: {quality:   poor}   # by Ada\n\nother:   1\n---\n",
    ],
)
def test_no_comment_or_indent_of_a_block_is_lost(put, block):
    result, data = put(block + PRICE_DESK)

    kept = {line for line in block.split("\n") if line != "{}"}
    assert result.code == 0
    assert kept <= {*data.decode().split("\n")}


def test_a_block_that_lacks_nothing_is_not_touched(put):
    block = PRESENT.replace("gap: 'most'}", "gap: 'most'}\n  performance: {latency:   1500}")
    content = block + PRICE_DESK.partition("\n\n")[2]

    assert put(content)[1] == content.encode()


def test_a_quote_that_moved_gets_its_new_line(put):
    _, data = put(PRICE_DESK)

    _, moved = put(data.replace(b"Status: accepted\n", b"Status: accepted\n\nOwner: the desk\n"))

    assert b'evidence: {line: 37, quote: "We will use' in moved
    assert moved.count(b"line: 30") == data.count(b"line: 28") > 0


@pytest.mark.parametrize(
    "start", ["```Ragortune\ndecision: rag\n```\n", "---\nRAGORTUNE: {decision: rag}\n---\n"]
)
def test_a_block_in_capitals_is_completed_and_not_doubled(put, start):
    result, data = put(start + PRICE_DESK)

    assert result.code == 0
    assert data.decode().lower().count("ragortune") == 1
    assert b"volatility:" in data


@pytest.mark.parametrize("prefix", ["> ", "- "])
def test_a_block_in_a_list_or_quotation_is_left_to_the_author(put, prefix):
    indent = prefix if prefix == "> " else "  "
    content = f"# Desk\n\n{prefix}```ragortune\n{indent}decision: rag\n{indent}```\n\n" + PRICE_DESK

    result, data = put(content)

    assert (result.code, data) == (2, content.encode())
    assert "7.md:4:" in result.err


def test_a_block_of_json_that_cannot_be_changed_in_place_is_told_with_its_line(put):
    block = '# Desk\n\n```ragortune\n{"profile": {"notes": "\\ud83d\\ude00"}}\n```\n\n'

    result, data = put(block + PRICE_DESK)

    assert (result.code, data) == (2, (block + PRICE_DESK).encode())
    assert "error: 7.md:4: this YAML can be read, but not changed in place\nhint: write keys" in result.err


def test_a_document_in_which_nothing_was_found_stays_as_it_is(put):
    result, data = put("# Bread\n\nMix.\n", answer={"status": "nothing_to_judge"})

    assert (result.code, data) == (0, b"# Bread\n\nMix.\n")


def test_stdin_read_only_files_and_links_that_lead_outside_are_refused(run, write, programs, tmp_path):
    model = ("--write", "--no-cache", "--model", programs.say(GOOD))
    write("inside/7.md", PRICE_DESK)
    (tmp_path / "link.md").symlink_to(tmp_path / "inside" / "7.md")
    write("outside/repo/.git/HEAD", "x")
    (tmp_path / "outside" / "repo" / "link.md").symlink_to(tmp_path / "inside" / "7.md")

    assert run("extract", "-", *model, stdin=PRICE_DESK.encode()).code == 2
    refused = run("extract", "outside/repo/link.md", *model)
    assert (refused.code, "a link out of its folder" in refused.err) == (2, True)
    (tmp_path / "inside" / "7.md").chmod(0o444)
    refused = run("extract", "inside/7.md", *model)
    assert (refused.code, "read-only" in refused.err) == (2, True)
    assert (tmp_path / "inside" / "7.md").read_text() == PRICE_DESK
    (tmp_path / "inside" / "7.md").chmod(0o644)
    assert run("extract", "link.md", *model).code == 0
    assert (tmp_path / "link.md").is_symlink()


@pytest.mark.parametrize("hidden", ["", "<!-- from May on --> ", "~~a search~~ "])
def test_the_local_reader_writes_a_block_that_check_accepts(run, write, hidden):
    write("9.md", PRICE_DESK.replace("retrieval over", f"retrieval {hidden}over"))

    assert run("extract", "9.md", "--write").code == 0
    assert run("check", "9.md", "--select", "evidence-gone").code == 0
    assert "nothing to add" in run("extract", "9.md", "--write").err


# --- any document -------------------------------------------------------------------------------------------------

pieces = st.sampled_from(
    [
        *(
            "# Desk",
            "## Part",
            "Title",
            "====",
            "---",
            "```",
            "```ragortune",
            "~~~",
            "<!--",
            "-->",
            "> quoted",
            "- item",
        ),
        *(
            "The list changes every week.",
            "  ",
            "",
            "ragortune:",
            "decision: rag",
            "title: x",
            "\u2028",
            "a\tb  ",
            "\ufeff",
        ),
    ]
)
some_line = st.one_of(
    pieces,
    st.text(alphabet=st.characters(exclude_characters="\0\r\n", exclude_categories=["Cs"]), max_size=12),
)
CONTENT = {
    "decision": "rag",
    "evidence": {"line": 2, "quote": "Not said anywhere"},
    "profile": {
        "knowledge.volatility": {
            "value": "weekly",
            "evidence": {"line": 3, "quote": '"quoted" \\ and\u202e'},
            "source": "extracted",
        }
    },
}


@given(st.lists(some_line, max_size=12), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_any_document_keeps_every_byte_and_a_second_time_all_of_it(lines, ending, closed):
    text = ending.join(lines) + (ending if closed else "")
    try:
        written = write_block(text, "x.md", CONTENT)
    except UnreadableError:
        return

    if "ragortune" not in text:
        at = next(
            at for at in range(len(written)) if not text.startswith(written[: at + 1]) or at == len(text)
        )
        added = len(written) - len(text)
        assert any(written[:cut] + written[cut + added :] == text for cut in range(at + 1))
    assert write_block(written, "x.md", CONTENT) == written


@pytest.mark.parametrize("front_matter", ["{title: Desk}", "  title: Desk", "title: a: b"])
def test_front_matter_that_takes_no_key_stays_as_it_is(front_matter):
    text = f"---\n{front_matter}\n---\n# Desk\n\nWe use it.\n"

    written = write_block(text, "x.md", CONTENT)

    assert written.startswith(f"---\n{front_matter}\n---\n# Desk\n\n```ragortune\n")


@pytest.mark.parametrize(
    "front_matter", ["+++\n# Desk\ntitle = 'Desk'\n+++\n", "---\ntitle: {{ desk }\n---\n"]
)
def test_front_matter_that_takes_no_key_stays_in_front_of_a_document_without_headings(front_matter):
    written = write_block(f"{front_matter}\nWe use it.\n", "x.md", CONTENT)

    assert written.startswith(f"{front_matter}\n```ragortune\n")


def test_a_block_that_is_never_closed_keeps_its_line_ends():
    text = "# Desk\r\n\r\n```ragortune\r\nprofile: {}"

    written = write_block(text, "x.md", CONTENT)

    assert written.startswith("# Desk\r\n\r\n```ragortune\r\ndecision: rag\r\n")
    assert written.count("\r\n") == written.count("\n")


@given(st.lists(some_line, max_size=10))
def test_what_the_local_reader_writes_reads_back_and_is_quoted_exactly(book, lines):
    text = "# Desk\n\nWe will use retrieval over the price list with a language model.\n\n" + "\n".join(lines)
    try:
        reading = read_design(text, "x.md", book)
        content = list_content(gather_answers(reading, Vocabulary(book.criteria, book.quantities)))
        written = write_block(text, "x.md", content)
    except RagortuneError:
        return

    again = written.split("\n")
    finder = QuoteFinder(again)
    for fact in read_design(written, "x.md", book).facts:
        if fact.quoted is not None:
            assert finder.find(fact.quoted.quote, fact.quoted.line)[0].line == fact.quoted.line
