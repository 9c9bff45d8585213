"""Reading files: what is hostile or broken gets one clear message, quickly and within bounds."""

import contextlib
import io
import json
import tracemalloc
import types

import pytest

from ragortune.support import rulefolder
from ragortune.support.errors import Place, UnreadableError
from ragortune.support.reading import (
    PROFILE_BYTES,
    decode_text,
    load_json,
    parse_json,
    parse_toml,
    parse_yaml,
    read_bytes,
    read_document,
    read_lines,
    show_size,
)


def complaint(action, *arguments):
    with pytest.raises(UnreadableError) as caught:
        action(*arguments)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\na: 2\n", "f:2:1: duplicate key 'a'"),
        ("a:\n\tb: 1\n", "f:2:1: a tab is used for indentation; use spaces"),
        (
            "a: &x 1\nb: *x\n",
            "f:1:4: anchors and aliases (& and *) are not supported\nhint: write the value out",
        ),
        ("a: *x\n", "f:1:4: anchors and aliases (& and *) are not supported\nhint: write the value out"),
        ("a: !!python/name:os.system x\n", "f:1:4: tags are not supported ('!!python/name:os.system')"),
        ("a: 1\n---\nb: 2\n", "f:2:1: holds more than one YAML document"),
        ("1: a\n", "f:1:1: a key must be a word"),
        ("[a]: b\n", "f:1:1: a key must be a word"),
        (
            "{latency: 1,5 s}\n",
            "f:1:13: a key must be a word\nhint: a comma in braces ends the value: quote it, as in {latency: '1,5 s'}",
        ),
        ("null: b\n", "f:1:1: a key must be a word"),
        ("a: .inf\n", "f:1:4: .inf is not a number that can be used"),
        ("a: 1e999\n", "f:1:4: holds a number that is too large"),
        ("a: " + "9" * 41 + "\n", "f:1:4: holds a number that is too long"),
        ("a: \x07b\n", "f: is not YAML: control characters are not allowed"),
    ],
)
def test_yaml_that_cannot_be_used_gets_a_place(text, message):
    assert complaint(parse_yaml, text, "f") == message


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: [1, 2\n", "f:2:1: is not YAML: did not find expected ',' or ']'"),
        ("a: @b\n", "f:1:4: is not YAML: found character that cannot start any token"),
        (
            "because: Approved: we may\n",
            "f:1:18: is not YAML: mapping values are not allowed in this context",
        ),
        ("a:\n   b: 1\n  c: 2\n", "f:3:3: is not YAML: did not find expected key"),
    ],
)
def test_a_slip_in_yaml_is_told_with_what_it_mostly_is(text, place):
    said, hint = complaint(parse_yaml, text, "f").split("\n")

    assert said == place
    assert hint.startswith("hint: check indentation, brackets and quotes")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"), ("yes", "yes"), ("on", "on"), ("off", "off"), ("y", "y"),
        ("true", True), ("False", False), ("null", None), ("~", None), ("", None),
        ("12", 12), ("-3", -3), ("+4", 4), ("0x1F", 31), ("0o17", 15), ("017", 17),
        ("1.5", 1.5), (".5", 0.5), ("1e3", 1000.0), ("1.", 1.0), ("-.5", -0.5),
        ("12:30:00", "12:30:00"), ("2026-11-24", "2026-11-24"), ("1_000", "1_000"), ("1,5", "1,5"),
        ("'12'", "12"), ('"no"', "no"), ("a b", "a b"), ("-", None), ("+", "+"), (".", "."),
    ],
)  # fmt: skip
def test_scalars_are_read_as_yaml_1_2_reads_them(text, value):
    if text == "-":
        assert parse_yaml("a: '-'", "f").data == {"a": "-"}
    else:
        assert parse_yaml(f"a: {text}", "f").data == {"a": value}


def test_a_document_knows_where_everything_is():
    document = parse_yaml("a:\n  b: [x, y]\n  c: {d: 1}\n", "f")

    assert document.place_of(("a", "b"), key=True) == Place("f", 2, 3)
    assert document.place_of(("a", "b")) == Place("f", 2, 6)
    assert document.place_of(("a", "b", 1)) == Place("f", 2, 10)
    assert document.place_of(("a", "c", "d")) == Place("f", 3, 10)
    assert document.place_of(("a", "c", "nowhere")) == Place("f", 3, 6)
    assert document.place_of(("elsewhere",)) == Place("f")


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "[" * 100_000,
        "a: " + "{a: " * 100_000,
        "".join(" " * depth + "a:\n" for depth in range(300)),
        "- " * 100_000,
        "[" + "a," * 200_000 + "]",
    ],
    ids=["brackets", "braces", "indents", "dashes", "values"],
)
def test_deep_or_crowded_yaml_is_refused(text):
    assert "is nested too deeply" in complaint(parse_yaml, text, "f")


def test_an_alias_bomb_never_expands():
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(9)
    )

    assert complaint(parse_yaml, bomb, "f").startswith("f:1:4: anchors and aliases")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1,\n "a": 2}', "f:2:2: duplicate key 'a'"),
        ('{"a": {"b": 1, "b": 2}}', "f:1:16: duplicate key 'b'"),
        (r'{"a": 1, "\u0061": 2}', "f:1:10: duplicate key 'a'"),
        ('{"a": NaN}', "f: NaN is not a number that can be used"),
        ('{"a": Infinity}', "f: Infinity is not a number that can be used"),
        ('{"a": 1', "f:1:8: is not JSON: expecting ',' delimiter"),
        ("[" * 100_000, "f: is nested too deeply"),
        ('{"a": ' + "[" * 50 + "]" * 50 + "}", "f: is nested too deeply"),
        ('{"a": ' + "9" * 10_000 + "}", "f: holds a number that is too long"),
    ],
)
def test_json_that_cannot_be_used_gets_a_message(text, message):
    assert complaint(parse_json, text, "f") == message


def test_json_in_a_line_has_the_number_of_the_line():
    assert complaint(load_json, '{"a": 1, "a": 2}', "f", 7) == "f:7: duplicate key 'a'"
    assert complaint(load_json, "nonsense", "f", 7) == "f:7:1: is not JSON: expecting value"
    assert parse_json("", "f").data == {}


@pytest.mark.parametrize("text", [r'{"a": "\ud83d\ude00"}', '{"a": "\x7f"}'])
def test_json_that_is_no_yaml_is_read_wherever_yaml_is(text):
    assert parse_yaml(text, "<stdin>").data == json.loads(text)
    with pytest.raises(UnreadableError, match="is not YAML"):
        parse_yaml(text.replace('{"a"', "{a"), "<stdin>")


def test_a_place_in_json_that_yaml_cannot_read_is_the_file():
    document = parse_json('{"a":\t{"b": "\\u00e4", "c": "a: b"}}', "f")

    assert document.place_of(("a", "b")).path == "f"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = \n", "f:1:5: is not TOML: invalid value"),
        ("a = 1\na = 2\n", "f:2:6: is not TOML: cannot overwrite a value"),
        ("a = " + "[" * 100_000, "f: is nested too deeply or holds a number that is too long"),
        ("a = " + "9" * 10_000, "f: is nested too deeply or holds a number that is too long"),
        ("a = 0x" + "f" * 10_000, "f: is nested too deeply or holds a number that is too long"),
    ],
)
def test_toml_that_cannot_be_used_gets_a_message(text, message):
    assert complaint(parse_toml, text, "f") == message


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("a: ä".encode("utf-16"), "f: is UTF-16; save it as UTF-8"),
        (
            "a: ä".encode("utf-16-be"),
            "f:1:1: holds a NUL character; it is not a text file\nhint: save it as UTF-8",
        ),
        (
            "a: ä".encode("utf-16-le"),
            "f:1:2: holds a NUL character; it is not a text file\nhint: save it as UTF-8",
        ),
        ("a: ä".encode("utf-32"), "f: is UTF-32; save it as UTF-8"),
        (b"a: b\nc: d\x00", "f:2:5: holds a NUL character; it is not a text file"),
        ("ä: b\nä: \xff".encode("latin-1"), "f:1:1: is not UTF-8 (byte 0xe4)"),
        ("ä: b\nä: ".encode() + b"\xff", "f:2:4: is not UTF-8 (byte 0xff)"),
    ],
)
def test_text_that_is_not_utf_8_is_named(data, message):
    assert complaint(decode_text, data, "f") == message


def test_a_byte_order_mark_is_read_over():
    assert decode_text(b"\xef\xbb\xbfa: b", "f") == "a: b"


def test_files_that_cannot_be_read_are_named(tmp_path):
    assert complaint(read_bytes, str(tmp_path), 10) == f"{tmp_path}: is a directory, not a file"
    assert complaint(read_bytes, str(tmp_path / "x"), 10) == f"{tmp_path / 'x'}: no such file"
    assert "cannot be read (" in complaint(read_bytes, "a\0b", 10)
    assert complaint(read_bytes, "/dev/zero", 1024) == "/dev/zero: is a pipe or device, not a file"
    (tmp_path / "y").write_bytes(b"x" * 1025)
    assert complaint(read_bytes, tmp_path / "y", 1024).endswith(
        ": is larger than 1 KiB, the limit for such a file"
    )
    assert (
        complaint(read_bytes, "-", 3, io.BytesIO(b"abcd"))
        == "<stdin>: is larger than 3 bytes, the limit for such a file"
    )


def test_a_file_without_permission_is_named(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr("os.open", refuse)

    assert complaint(read_bytes, str(tmp_path / "x"), 10).endswith(": no permission to read it")


def test_a_hundred_megabytes_are_refused_without_being_read(tmp_path):
    path = tmp_path / "big.yaml"
    with path.open("wb") as stream:
        stream.truncate(100 * 1024 * 1024)
    tracemalloc.start()
    refusal = complaint(read_document, str(path), PROFILE_BYTES)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert "is larger than 256 KiB" in refusal
    assert peak < 2 * 1024 * 1024


def test_a_document_is_read_by_the_ending_of_its_name(tmp_path):
    for name, text in (
        ("a.yaml", "a: 1"),
        ("a.json", '{"a": 1}'),
        ("a.toml", "a = 1"),
        ("a.profile", "a: 1"),
    ):
        (tmp_path / name).write_text(text)
        assert read_document(str(tmp_path / name), 1000).data == {"a": 1}
    assert read_document("-", 1000, io.BytesIO(b"a = 1"), "a.toml").data == {"a": 1}


def test_lines_are_read_one_by_one_and_long_ones_are_passed_over():
    stream = io.BytesIO(b"a\n" + b"x" * 50 + b"\nb\n" + b"y" * 50)

    assert list(read_lines(stream, "a.jsonl", 10)) == [(1, b"a\n"), (2, None), (3, b"b\n"), (4, None)]


def test_a_line_without_end_is_not_passed_over_for_ever(tmp_path):
    with (tmp_path / "sparse.jsonl").open("wb") as stream:
        stream.truncate(1 << 40)

    with (
        pytest.raises(UnreadableError, match="1: is longer than 64 MiB; this and what follows is not read"),
        (tmp_path / "sparse.jsonl").open("rb") as stream,
    ):
        list(read_lines(stream, "sparse.jsonl"))


def test_a_file_that_has_nothing_to_read_yet_is_not_waited_for(monkeypatch):
    opened = contextlib.nullcontext(types.SimpleNamespace(read=lambda _: None))
    monkeypatch.setattr("ragortune.support.reading.open_file", lambda _: opened)

    assert read_bytes("/proc/kmsg", 10) == b""


def test_sizes_are_shown_as_people_write_them():
    assert [show_size(size) for size in (10, 1024, 3 * 1024 * 1024, 1500)] == [
        "10 bytes",
        "1 KiB",
        "3 MiB",
        "1500 bytes",
    ]


def test_files_are_listed_sorted_and_hidden_ones_are_left_out(tmp_path):
    for name in ("b/x.yaml", "a.yml", ".hidden/y.yaml", "b/.z.yaml", "b/c.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")

    assert rulefolder.list_rule_files(tmp_path) == ["a.yml", "b/x.yaml"]
