"""What has to hold of every output, whatever came in: its exit code, and that its reader can read it and obeys nothing."""

import functools
import json
import pathlib
import re
from xml.etree import ElementTree as ET

import jsonschema
from markdown_it import MarkdownIt

from ragortune.support.reading import parse_yaml

_SARIF = pathlib.Path(__file__).parent.parent / "schemas" / "sarif-schema-2.1.0.json"
_COMMAND = re.compile(
    r"::(?:error|warning|notice) (?:file=[^,:\r\n]*,line=\d+,(?:col=\d+,)?)?title=[\w %-]+::"
)
_OWN_HTML = re.compile(
    r"<!-- ragortune check -->|<details>\s*<summary>(?:RT\d{3}: the argument|How to find out|\d+ documents?)</summary>|</?details>"
)
_MENTION = re.compile(r"(?<![\w`/@.])@[a-z\d]", re.IGNORECASE)


def obeyed(text):
    """Return what a terminal or a runner would obey in a text without colours."""
    return re.findall(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]|^\s*::\w.*|##\w*\[", text, re.MULTILINE)


def is_harmless(text):
    return text.replace("\n", "").replace("\t", "").isprintable()


def check_error(error):
    """Check the sentence with which an input is refused."""
    assert error.message
    assert is_harmless(error.message)


def check_result(result, form="text", addresses=()):
    """Check a run of the command: its code is in the table, and both streams are what their readers expect."""
    assert result.code in {0, 1, 2, 3}, result.err
    assert "Traceback" not in result.out + result.err
    assert "internal error" not in result.err
    assert obeyed(result.err) == []
    assert result.code != 2 or result.err.strip()
    if result.out and form in READERS:
        check_output(form, result.out, addresses)


def check_output(form, text, addresses=()):
    """Check what is written in a format; `addresses` are those that it may link to."""
    assert is_harmless(text)
    if form != "github":
        assert obeyed(text) == []
    READERS[form](text, addresses)


def _read_github(text, _addresses):
    lines = text.splitlines()
    commands = [line for line in lines if line.startswith("::")]
    assert len(commands) <= 10
    assert len(lines) == len(commands) + 1
    assert "##[" not in text
    for command in commands:
        assert _COMMAND.match(command), command


def _read_junit(text, _addresses):
    assert {element.tag for element in ET.fromstring(text).iter()} <= {
        "testsuites", "testsuite", "testcase", "failure", "error", "skipped", "system-out", "properties", "property",
    }  # fmt: skip


def _read_markdown(text, addresses):
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        if token.type == "html_block":
            assert not _OWN_HTML.sub("", token.content).strip(), token.content
        for child in token.children or ():
            assert child.type not in ("html_inline", "image"), child.content
            if child.type == "link_open":
                assert child.attrs["href"] in addresses
            if child.type == "text":
                assert not _MENTION.search(child.content), child.content


@functools.cache
def _sarif_validator():
    return jsonschema.Draft4Validator(json.loads(_SARIF.read_text()))


def _read_sarif(text, _addresses):
    log = json.loads(text)
    for result in log["runs"][0]["results"]:
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert re.fullmatch(r"(?:[\w.~%-]+/)*[\w.~%-]+", uri, re.ASCII)
    assert _sarif_validator().is_valid(log)


def _read_gitlab(text, _addresses):
    for entry in json.loads(text):
        assert entry.keys() >= {"description", "check_name", "fingerprint", "severity", "location"}
        assert entry["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert entry["location"]["path"]
        assert entry["location"]["lines"]["begin"] >= 1


READERS = {
    "text": lambda _text, _addresses: None,
    "json": lambda text, _addresses: json.loads(text),
    "jsonl": lambda text, _addresses: [json.loads(line) for line in text.splitlines()],
    "yaml": lambda text, _addresses: parse_yaml(text, "profile.yaml"),
    "github": _read_github,
    "gitlab": _read_gitlab,
    "junit": _read_junit,
    "markdown": _read_markdown,
    "sarif": _read_sarif,
}
"""What reads each format; it raises where it cannot."""
