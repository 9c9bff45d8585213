"""`--search`: engines of a team's own, and the index that is built where there is none."""

import json
import re
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ragortune.evidence.measurements import engines
from ragortune.evidence.measurements.engines import connect_engine
from ragortune.evidence.measurements.search import EmbeddedIndex, cut_passages, open_engine, split_terms
from ragortune.support.errors import UsageError

from .model_programs import Programs

pytest_plugins = ["tests.postgres"]

HANDBOOK = {
    "leave.md": "Parental leave lasts sixteen weeks and is paid in full.",
    "travel.md": "Flights are booked by the travel desk.\n\nHotels cost at most 140 euros a night.",
    "expenses.md": "Receipts are handed in within a month.",
}


def find(engine, question, k=5):
    return [passage.id for passage in engine.search(question, k)]


# --- the embedded index -------------------------------------------------------------------------------------------


def test_a_question_finds_the_passage_that_answers_it_whatever_the_form_of_the_words():
    index = EmbeddedIndex(HANDBOOK.items())

    assert find(index, "How much may a hotel cost?")[0] == "travel.md#1"
    assert find(index, "hand in a receipt") == ["expenses.md#1"]
    assert index.search("parental leave", 1)[0].text == HANDBOOK["leave.md"]
    assert find(index, "the of and?") == []


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("call openSearchIndex() first", "which function opens the search index"),
        ("set max_retry_count to 3", "what limits the retry count"),
        ("HTTPServer is started by main", "who starts the http server"),
        ("黑豹队的防守只丢了三百分", "黑豹队丢了多少分"),
        ("ทีมรับของแพนเธอร์สเสียคะแนน", "แพนเธอร์สเสียกี่คะแนน"),
        ("Die Straße ist gesperrt", "STRASSE"),
    ],
)
def test_names_in_code_and_scripts_without_spaces_are_found_by_their_parts(text, question):
    others = {f"{number}.md": f"another page on topic {number}" for number in range(20)}

    assert find(EmbeddedIndex({"it": text, **others}.items()), question)[0] == "it#1"


def test_a_word_that_nearly_every_passage_has_does_not_hide_the_one_that_tells():
    pages = {f"{number}.md": f"Das Buch liegt auf dem Tisch {number}" for number in range(50)}

    assert (
        find(EmbeddedIndex({**pages, "x.md": "Das Messer liegt dort"}.items()), "Wo liegt das Messer")[0]
        == "x.md#1"
    )


def test_long_text_is_cut_between_paragraphs_then_sentences_then_anywhere():
    paragraphs = "\n\n".join(f"Paragraph {number}. " + "It goes on. " * 20 for number in range(8))
    pieces = [*cut_passages(paragraphs), *cut_passages("x" * 5_000)]

    assert max(map(len, pieces)) <= 1_200
    assert all(piece.startswith(("Paragraph", "x")) for piece in pieces)
    assert re.sub(r"\s", "", "".join(cut_passages(paragraphs))) == re.sub(r"\s", "", paragraphs)


@pytest.mark.parametrize(
    "hostile", ['"', "a\0b", "* OR NEAR(", "\ud800", "\x1b[31m", "' ; DROP TABLE term --", "x" * 10**6]
)
def test_what_a_question_holds_is_never_read_as_a_query(hostile):
    index = EmbeddedIndex([("a", f"plain text {hostile}")])

    assert find(index, f"plain {hostile}") == ["a#1"]


def test_terms_of_an_identifier_are_its_parts_and_the_whole():
    assert list(split_terms("parseHTTPHeader")) == ["parse", "http", "header", "parsehttpheader"]


def test_without_documents_there_is_nothing_to_search():
    assert open_engine(None, None) is None
    assert find(open_engine(None, None, HANDBOOK.items()), "receipts") == ["expenses.md#1"]


# --- a program ----------------------------------------------------------------------------------------------------


@pytest.fixture
def programs(tmp_path):
    return Programs(tmp_path)


def test_a_program_gets_the_question_as_a_line_of_json_and_prints_passages(programs):
    engine = connect_engine(
        programs.say({"passages": [{"id": 7, "text": "found"}, {"id": "b", "text": "", "score": 1}]})
    )

    assert [(one.id, one.text) for one in engine.search("Où?", 2)] == [("7", "found"), ("b", "")]
    assert json.loads(programs.prompts[0]) == {"question": "Où?", "k": 2}
    assert find(engine, "again", 1) == ["7"]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("print('not json')", "answers in an unknown form"),
        ("print('[]')", "Expected `object`, got `array`"),
        ("""print('{"passages": [{"id": 1}]}')""", "missing required field `text`"),
        ("""print('[' * 100_000)""", "answers in an unknown form"),
        ("print('x' * 2_000_000)", "larger than 1,048,576 bytes"),
        ("import sys; sys.exit('\\x1b[31mno index')", r"exit code 1: \x1b[31mno index"),
    ],
)
def test_a_program_that_answers_in_another_form_is_named_with_what_is_wrong(programs, source, said):
    with pytest.raises(UsageError) as caught:
        connect_engine(programs.write(source)).search("q", 1)

    assert said in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_a_program_that_takes_too_long_is_ended(programs, monkeypatch):
    monkeypatch.setattr(engines, "SECONDS", 0.3)

    with pytest.raises(UsageError, match=r"the search program .* failed: no answer within 0.3 seconds"):
        connect_engine(programs.write("import time; time.sleep(60)")).search("q", 1)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("command:", "--search command: names no program"),
        ("command:no-such-program", "the search program 'no-such-program' failed"),
        ("redis://localhost", "--search must be http(s)://HOST/INDEX"),
        ("https://somebody:secret@search.invalid", "http(s)://HOST/INDEX, not 'https://search.invalid'"),
        ("https://[::1", "the address cannot be read"),
        ("https://search.invalid:99999999/docs", "the address cannot be read"),
        ("https://\udcff:secret@search.invalid/docs", "the address cannot be read"),
        ("postgresql://somebody:secret@[::1/db?table=passages", "the address cannot be read"),
        ("https://search.invalid/docs?field=body", "there is no setting 'field' of --search"),
    ],
)
def test_an_engine_that_cannot_be_meant_is_refused(source, said):
    with pytest.raises(UsageError) as caught:
        connect_engine(source).search("q", 1)

    assert said in str(caught.value)
    assert "secret" not in str(caught.value)


# --- OpenSearch and Elasticsearch ---------------------------------------------------------------------------------


class Handler(BaseHTTPRequestHandler):
    """Answers as the test says, and keeps what it was asked."""

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append((self.path, dict(self.headers), body))
        status, chunks, pause = self.server.answer
        self.send_response(status)
        self.send_header("Location", "http://127.0.0.1:9/elsewhere")
        self.end_headers()
        for chunk in chunks:
            try:
                self.wfile.write(chunk)
            except OSError:
                return
            time.sleep(pause)

    def log_message(self, *_):
        pass


@pytest.fixture
def service(monkeypatch):
    """A search engine on the loopback interface that answers as `service.answer` says."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.requests = []
    server.address = f"127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def answer_with(*sources):
    hits = [
        {"_id": str(number), "_score": 1.0, "_source": source} for number, source in enumerate(sources, 1)
    ]
    return 200, [json.dumps({"took": 3, "hits": {"total": {"value": 9}, "hits": hits}}).encode()], 0


def test_an_index_is_asked_in_words_and_the_longest_text_of_a_document_is_its_passage(service):
    service.answer = answer_with(
        {"title": "Leave", "body": "Parental leave lasts.", "vector": [0.1, 0.2]}, {"n": 1}
    )

    found = connect_engine(f"http://{service.address}/handbook").search("How long?", 2)

    assert [(one.id, one.text) for one in found] == [("1", "Parental leave lasts."), ("2", "")]
    ((path, headers, body),) = service.requests
    assert path == "/handbook/_search"
    assert (body["size"], body["query"]["multi_match"]["query"]) == (2, "How long?")
    assert "Authorization" not in headers


def test_fields_are_named_in_the_address_and_who_asks_is_sent_along(service, monkeypatch):
    service.answer = answer_with({"path": "leave.md", "summary": "short", "body": "a longer text"})
    address = f"http://reader:p%40ss@{service.address}/a/handbook?text=summary&id=path"

    found = connect_engine(address).search("q", 1)
    monkeypatch.setenv(engines.AUTHORIZATION, "ApiKey abc")
    connect_engine(address).search("q", 1)

    assert [(one.id, one.text) for one in found] == [("leave.md", "short")]
    assert service.requests[0][2]["query"]["multi_match"]["fields"] == ["summary"]
    assert [headers["Authorization"] for _, headers, _ in service.requests] == [
        "Basic cmVhZGVyOnBAc3M=",
        "ApiKey abc",
    ]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((200, [b"<html>"], 0), "answers in an unknown form"),
        ((200, [b'{"hits": {"hits": [{"_id": 1}]}}'], 0), "answers in an unknown form"),
        ((200, [b" " * 1_000_000] * 9, 0), "larger than 8,388,608 bytes"),
        ((200, [b" "] * 100, 0.1), "no answer within 0.5 seconds"),
        ((200, [b""], 2), "timed out"),
        (
            (404, [b'{"error": "\x1b[31mno such index"}'], 0),
            r"status 404: {\"error\": \"\x1b[31mno such index",
        ),
        ((302, [b""], 0), "status 302"),
        ((307, [b""], 0), "status 307"),
    ],
)
def test_a_service_that_answers_in_another_form_is_named_with_what_is_wrong(
    service, monkeypatch, answer, said
):
    monkeypatch.setattr(engines, "SECONDS", 0.5)
    service.answer = answer

    with pytest.raises(UsageError) as caught:
        connect_engine(f"http://u:secret@{service.address}/handbook").search("q", 1)

    assert said.replace('\\"', '"') in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_a_service_that_is_not_there_is_told_in_a_line():
    with pytest.raises(UsageError, match="Connection refused"):
        connect_engine("http://127.0.0.1:9/handbook").search("q", 1)


# --- PostgreSQL ---------------------------------------------------------------------------------------------------


@pytest.fixture
def handbook(database):
    """A table of passages, and beside it one that is none."""
    database.execute("CREATE TABLE people (id serial PRIMARY KEY, name text)")
    database.execute("CREATE TABLE passages (id serial PRIMARY KEY, path text, body text)")
    for row in HANDBOOK.items():
        database.execute("INSERT INTO passages (path, body) VALUES (%s, %s)", row)
    return f"postgresql:///trial?user=tester&host={database.info.host}"


def test_a_table_is_searched_by_any_of_the_words_of_a_question(handbook):
    engine = connect_engine(f"{handbook}&table=passages&text=body&id=path")

    assert find(engine, "How many weeks does parental leave last?") == ["leave.md"]
    assert engine.search("hotels", 1)[0].text == HANDBOOK["travel.md"]
    assert find(engine, "x'); DROP TABLE passages; --\0 hotels") == ["travel.md"]
    assert find(engine, "the of?") == []
    assert engine.label.startswith("PostgreSQL full text at postgresql:///trial")


def test_columns_are_named_and_a_column_of_terms_is_used_where_there_is_one(handbook, database):
    database.execute(
        "ALTER TABLE passages ADD terms tsvector GENERATED ALWAYS AS (to_tsvector('simple', path)) STORED"
    )

    engine = connect_engine(f"{handbook}&table=public.passages&text=path&terms=terms&language=simple")

    assert [(one.id, one.text) for one in engine.search("travel.md", 1)] == [("2", "travel.md")]


def test_rows_are_ranked_by_their_vectors_where_the_database_embeds_the_question(handbook, database):
    """The stand-in for pgvector has its type, its operator and a function from text to vector."""
    database.execute("CREATE DOMAIN vector AS float8[]")
    database.execute(
        "CREATE FUNCTION apart(float8[], float8[]) RETURNS float8 LANGUAGE sql AS "
        "'SELECT sum((a - b) ^ 2) FROM unnest($1, $2) AS pair (a, b)'"
    )
    database.execute("CREATE OPERATOR <=> (LEFTARG = float8[], RIGHTARG = float8[], FUNCTION = apart)")
    database.execute(
        "CREATE FUNCTION embed(text) RETURNS vector LANGUAGE sql AS 'SELECT ARRAY[length($1), 1]::vector'"
    )
    database.execute("ALTER TABLE passages ADD embedding vector")
    database.execute("UPDATE passages SET embedding = ARRAY[10 * id, 1]")

    engine = connect_engine(f"{handbook}&table=passages&text=body&id=path&vector=embedding&embed=embed")

    assert find(engine, "x" * 19) == ["travel.md", "leave.md", "expenses.md"]
    assert engine.label.startswith("pgvector")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("", "?table=NAME"),
        ("&table=nothing", 'relation "nothing" does not exist'),
        ("&table=people&text=first", 'column "first" does not exist'),
        ("&table=passages", 'column "text" does not exist'),
        ("&table=passages&text=body&language=klingon", "klingon"),
        ("&table=passages&text=body&embed=embed", 'column "vector" does not exist'),
        ("&table=passages&password=secret&port=1", "failed"),
    ],
)
def test_what_a_database_does_not_have_is_named(handbook, settings, said):
    with pytest.raises(UsageError) as caught:
        connect_engine(handbook + settings).search("q", 1)

    assert said in str(caught.value)
    assert "secret" not in str(caught.value)


def test_nothing_can_be_written_and_a_query_that_takes_too_long_is_ended(handbook, database, monkeypatch):
    monkeypatch.setattr(engines, "SECONDS", 1)
    database.execute("CREATE VIEW slow AS SELECT id, body, pg_sleep(20)::text AS other FROM passages")
    database.execute(
        "CREATE FUNCTION meddle() RETURNS text LANGUAGE sql AS 'DELETE FROM people RETURNING name'"
    )
    database.execute("CREATE VIEW meddling AS SELECT id, meddle() AS other FROM passages")

    with pytest.raises(UsageError, match="statement timeout"):
        connect_engine(f"{handbook}&table=slow&text=other&id=id").search("q", 1)
    with pytest.raises(UsageError, match="read-only transaction"):
        connect_engine(f"{handbook}&table=meddling&text=other&id=id").search("q", 1)


def test_without_the_extra_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)

    with pytest.raises(
        UsageError, match=r"needs the extra 'postgres'(.|\n)*pip install 'rag-or-tune\[postgres\]'"
    ):
        connect_engine("postgresql:///trial?table=passages")
