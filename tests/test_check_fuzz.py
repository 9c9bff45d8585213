"""Hostile documents through the whole of `check`: nothing crashes, and nothing gets out of its place in any format."""

import json
import re
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

import ragortune.check
from ragortune.check import Policy, audit_reading, gather_answers
from ragortune.engine import add_what_if
from ragortune.evidence.documents.reader import read_design
from ragortune.evidence.profile import Vocabulary
from ragortune.model.findings import CheckReport, read_finding_rules
from ragortune.report.check_json import describe_check
from ragortune.report.checks import build_page, write_review
from ragortune.report.ci import describe_gitlab, write_github, write_junit
from ragortune.report.extract import write_profile
from ragortune.report.sarif import describe_log
from ragortune.report.text import write_text
from ragortune.support.errors import RagortuneError
from ragortune.support.reading import parse_yaml
from ragortune.support.text import dump_json

from .test_check_formats import SCHEMA

RUNS = 200
DOCUMENTS_A_RUN = 24
"""Together 4,800 documents."""
_PHASES = (Phase.generate,)
"""Making a failing batch smaller takes longer than reading it."""

ATTACKS = (
    "\x1b[31mred\x1b[0m", "\x1b]8;;http://evil.invalid\x07link\x1b]8;;\x07", "\x9b31m", "\x07", "\x00", "\x08\x08",
    "::error file=a.md::owned", "\n::set-output name=a::b", "%0A::error::x", "\r\n::add-mask::x", "::stop-commands::t",
    "</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<!-- ", "-->", "--!>", "<![CDATA[", "]]>",
    "[red]bold[/red]", "[link=http://evil.invalid]x[/link]", ":smile:", "\u202eevil\u202c", "\u2066x\u2069", "\u2028",
    "\u200b", "\ufeff", "\U000e0041", "\ud800".encode("utf-16", "surrogatepass").decode("utf-16", "replace"),
    "file:///etc/passwd", "../../../etc/passwd", "javascript:alert(1)", "%SRCROOT%", "${{ github.token }}", "$(id)",
    "`id`", "| a | b |", "](http://evil.invalid)", "![x](http://evil.invalid/p.png)", "@channel", "#1",
    "&lt;b&gt;", "&#x1b;", "\\", "'", '"', "{{7*7}}", "%s%n", "{0.__class__}", "a" * 300, "é" * 50, "日本語" * 20,
)  # fmt: skip
DESIGN = (
    "# Retrieval for the help desk", "## Decision", "## Status", "Accepted", "## Alternatives", "## Consequences",
    "We will use retrieval-augmented generation with an LLM.", "We will fine-tune the LLM on the price list.",
    "Fine-tuning was rejected because the manuals change every week.", "The prices change daily.",
    "Every answer must cite its source.", "We have 3,000 labelled examples.", "The corpus is static.",
    "| Option | Decision |\n| --- | --- |\n| RAG | chosen |", "- [x] done", "> quoted", "```\ncode\n```", "* * *",
    "A fine-tuned Llama 3 8B costs $0.20 while GPT-4o with a prompt costs $9.", "p95 latency: < 900 ms",
    "<!-- ragortune: ignore[RT003] because {} -->", "<!-- ragortune: ignore[{}] because x -->",
    "<!-- ragortune: ignore[no-consequences] until 2999-01-01 because {} -->", "<!-- ragortune: {} -->",
    "```ragortune\ndecision: fine_tuning\nprofile:\n  knowledge: {volatility: daily, gap: most}\n  grounding: {citations: required}\n```",
    "```ragortune\ndecision: {}\n```", "---\nstatus: {}\n---", "**{}**: {}", "# {}", "{}", "{} {}", "- {}", "\n\n", " ",
)  # fmt: skip

fragments = st.tuples(
    st.sampled_from(DESIGN), st.sampled_from(ATTACKS), st.sampled_from(("\n\n", "\n", " ", "\r\n"))
)
texts = st.lists(fragments, min_size=1, max_size=7).map(
    lambda parts: "".join(design.replace("{}", attack) + joint for design, attack, joint in parts)
)
# No system has file names with a NUL in them.
paths = st.sampled_from(ATTACKS).map(lambda attack: f"docs/{attack}.md".replace("\0", ""))
batches = st.lists(st.tuples(paths, texts), min_size=DOCUMENTS_A_RUN, max_size=DOCUMENTS_A_RUN)

_COMMAND = re.compile(
    r"::(?:error|warning|notice) (?:file=[^,:\r\n]*,line=\d+,col=\d+,)?(?:file=[^,:\r\n]*,)?title=[\w %-]+::"
)
_OWN_HTML = re.compile(
    r"<!-- ragortune check -->|<details>\s*<summary>RT\d{3}: the argument</summary>|</?details>"
)


@pytest.fixture(scope="module")
def judge_all(book):
    rules = read_finding_rules(book)
    policy = Policy(rules, frozenset(rules))
    studied = {}

    def study_once(recommendation):
        """Study each set of answers once: what could change the advice does not depend on the words around it."""
        key = repr(sorted(recommendation.profile.levels.items()))
        if key not in studied:
            studied[key] = add_what_if(recommendation)
        return studied[key].replace(profile=recommendation.profile)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ragortune.check, "add_what_if", study_once)
        yield from make_judge(book, rules, policy)


def make_judge(book, rules, policy):
    def judge(documents):
        audits, unreadable = [], []
        for path, text in documents:
            try:
                audits.append(audit_reading(read_design(text, path, book), book, policy, "2026-11-24"))
            except RagortuneError as error:
                unreadable.append((path, error.message))
        return CheckReport(tuple(audits), tuple(unreadable), tuple(rules.values()), book, 0)

    yield judge


@pytest.fixture(scope="module")
def sarif_validator():
    return jsonschema.Draft4Validator(json.loads(SCHEMA.read_text()))


def is_harmless(text):
    return text.replace("\n", "").replace("\t", "").isprintable()


def check_places(report):
    for audit in report.audits:
        for finding in audit.findings:
            if finding.span is not None:
                line = audit.reading.lines[finding.span.line - 1]
                start = finding.span.column - 1
                assert line[start : start + len(finding.span.quote)] == finding.span.quote


def check_text(report):
    text = write_text(build_page(report).choose(()), width=80, color=False)
    assert is_harmless(text)


def check_github(report):
    lines = write_github(report).splitlines()
    commands = [line for line in lines if line.startswith("::")]
    assert len(commands) <= 10
    assert len(lines) == len(commands) + 1
    for command in commands:
        assert _COMMAND.match(command), command
        assert is_harmless(command)


def check_junit(report):
    text = write_junit(report)
    root = ET.fromstring(text)
    assert {element.tag for element in root.iter()} <= {
        "testsuites", "testsuite", "testcase", "failure", "error", "skipped", "system-out",
    }  # fmt: skip
    assert len(root.findall("testsuite")) == len(report.audits) + len(report.unreadable)
    assert is_harmless(text)


def check_review(report):
    text = write_review(report)
    assert is_harmless(text)
    parser = MarkdownIt("commonmark").enable("table")
    ours = {source.address for source in report.rulebook.sources.values()}
    for token in parser.parse(text):
        if token.type == "html_block":
            assert not _OWN_HTML.sub("", token.content).strip(), token.content
        for child in token.children or ():
            assert child.type not in ("html_inline", "image"), child.content
            if child.type == "link_open":
                assert child.attrs["href"] in ours


def check_json(report):
    text = dump_json(describe_check(report))
    assert len(json.loads(text)["documents"]) == len(report.audits)
    assert is_harmless(text)
    gitlab = describe_gitlab(report)
    assert all(is_harmless(entry["description"]) for entry in gitlab)


def check_sarif(report, validator):
    log = describe_log(report)
    text = dump_json(log)
    assert json.loads(text) == json.loads(json.dumps(log))
    assert is_harmless(text)
    for result in log["runs"][0]["results"]:
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert re.fullmatch(r"(?:[\w.~%-]+/)*[\w.~%-]+", uri, re.ASCII)
    return validator.is_valid(log)


def check_run(report):
    check_places(report)
    check_text(report)
    check_github(report)
    check_junit(report)
    check_review(report)
    check_json(report)


@settings(max_examples=RUNS // 2, phases=_PHASES)
@given(batches)
def test_hostile_documents_neither_crash_nor_escape(judge_all, documents):
    check_run(judge_all(documents))


@settings(max_examples=RUNS // 2, phases=_PHASES)
@given(batches)
def test_more_hostile_documents_neither_crash_nor_escape(judge_all, documents):
    check_run(judge_all(documents))


@settings(max_examples=25, phases=_PHASES)
@given(batches)
def test_hostile_documents_give_valid_sarif_and_profiles(judge_all, book, sarif_validator, documents):
    report = judge_all(documents)

    assert check_sarif(report, sarif_validator)
    vocabulary = Vocabulary(book.criteria, book.quantities)
    for audit in report.audits:
        answers = gather_answers(audit.reading, vocabulary)
        written = write_profile(answers)
        assert is_harmless(written)
        document = parse_yaml(written, "profile.yaml")
        assert vocabulary.read_profile(document.data, document).levels == answers.profile.levels
