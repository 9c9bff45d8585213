"""Coding agents: what the server tells and answers, asked by the SDK's own client over stdin and stdout."""

import contextlib
import io
import json
import os
import subprocess
import sys
import threading

import jsonschema
import pytest

from ragortune.model import Option
from ragortune.support.environment import Environment

from .conftest import ROOT

anyio = pytest.importorskip("anyio", reason="needs the extra `mcp`")
pytest.importorskip("mcp_types", reason="needs the extra `mcp`")
from mcp.client import Client  # noqa: E402
from mcp.client.stdio import StdioServerParameters, stdio_client  # noqa: E402
from mcp.shared.exceptions import MCPError  # noqa: E402
from mcp_types import INVALID_PARAMS, CallToolRequestParams  # noqa: E402

from ragortune.commands import mcp  # noqa: E402

TOOLS = ["recommend", "next_question", "check_document", "explain", "estimate_cost"]
PARCEL_DESK = {
    "project": "Parcel desk",
    "knowledge": {"gap": "most", "volatility": "daily", "access_path": "by_meaning"},
    "data": {"examples": {"value": 300, "evidence": {"quote": "300 answered letters"}}},
}
PRICED = {**PARCEL_DESK, "quantities": {"requests_per_day": 2000, "question_tokens": 90}}
PARCEL_NOTE = """# Parcel desk

## Context

Senders ask where their parcel is. The depot rules change every day.

## Decision

We will retrieve the passages from the depot rules and put them into the prompt. We considered fine-tuning and
rejected it, because the rules change too often.
"""
QUOTING = PARCEL_NOTE + (
    "\n```ragortune\ndecision: rag\nprofile:\n  knowledge:\n"
    "    volatility: {value: daily, evidence: {%squote: '%s'}}\n```\n"
)


def calls(*wanted):
    """Return a conversation that calls tools and brings their results."""

    async def conversation(client):
        return [await client.call_tool(name, arguments) for name, arguments in wanted]

    return conversation


@pytest.fixture
def agent(tmp_path):
    """Hold a conversation with the server as a process of its own."""

    def talk(conversation):
        async def run():
            server = StdioServerParameters(
                command=sys.executable, args=["-m", "ragortune", "mcp"], cwd=tmp_path, env=dict(os.environ)
            )
            with (tmp_path / "server.log").open("w") as log:
                async with Client(stdio_client(server, log)) as client:
                    return await conversation(client)

        return anyio.run(run)

    return talk


@pytest.fixture
def inner_agent(tmp_path):
    """Hold a conversation with the server in this process; `log` is what the server complained about."""

    def talk(conversation, rules=None):
        talk.log = io.StringIO()
        environment = Environment(io.BytesIO(), io.StringIO(), talk.log, str(tmp_path))

        async def run():
            async with Client(mcp.build_server(rules, environment)) as client:
                return await conversation(client)

        return anyio.run(run)

    return talk


@pytest.fixture(params=["agent", "inner_agent"])
def any_agent(request):
    """Hold a conversation with the server, once as a process of its own and once in this one."""
    return request.getfixturevalue(request.param)


def wrong(reply):
    """Return the words of a call that failed."""
    assert reply.is_error
    assert reply.structured_content is None
    return reply.content[0].text


# --- what is told -------------------------------------------------------------------------------------------------


def test_an_agent_is_told_what_the_tools_are_for_and_what_they_take(inner_agent, book):
    async def conversation(client):
        return await client.list_tools()

    tools = inner_agent(conversation).tools

    assert [tool.name for tool in tools] == TOOLS
    for tool in tools:
        jsonschema.Draft202012Validator.check_schema(tool.input_schema)
        jsonschema.Draft202012Validator.check_schema(tool.output_schema)
        assert tool.output_schema["type"] == "object"
        assert tool.annotations.read_only_hint
        assert len(tool.description) > 100
    told = json.dumps(tools[0].input_schema)
    for criterion in book.criteria.values():
        assert criterion.question in told
        assert ", ".join(criterion.level_ids) in told


def test_what_an_agent_is_told_fits_into_its_context(inner_agent):
    async def conversation(client):
        return await client.list_tools()

    told = inner_agent(conversation).model_dump_json()

    assert len(told) < 40_000


def test_an_agent_reads_criteria_and_rules(inner_agent, book):
    async def conversation(client):
        listed = [str(own.uri) for own in (await client.list_resources()).resources]
        return [(await client.read_resource(address)).contents[0] for address in listed]

    criteria, rules = inner_agent(conversation)

    described = json.loads(criteria.text)
    assert [own["criterion"] for own in described] == list(book.criteria)
    assert all(own["question"] and own["help"] and own["levels"] for own in described)
    assert all(code in rules.text for code in [*(own.code for own in book.rules.values()), "RT001"])


@pytest.mark.parametrize(
    ("address", "hint"),
    [
        ("ragortune://rule", "did you mean 'ragortune://rules'?"),
        ("ragortune://rules/../../etc/passwd", "did you mean 'ragortune://rules'?"),
        ("file:///etc/passwd", "there is no resource"),
    ],
)
def test_a_resource_that_is_not_there_is_an_error_with_the_nearest(inner_agent, address, hint):
    async def conversation(client):
        with pytest.raises(MCPError, match="there is no resource") as caught:
            await client.read_resource(address)
        return caught.value

    error = inner_agent(conversation)

    assert error.code == INVALID_PARAMS
    assert hint in str(error)


# --- what is answered ---------------------------------------------------------------------------------------------


def test_an_agent_gets_what_a_person_gets(any_agent, run, tmp_path):
    (tmp_path / "note.md").write_text(PARCEL_NOTE)
    (tmp_path / "profile.json").write_text(json.dumps(PRICED))

    async def conversation(client):
        schemas = {tool.name: tool.output_schema for tool in (await client.list_tools()).tools}
        wanted = {
            "recommend": {"profile": PRICED, "why_not": "neither"},
            "next_question": {"profile": PRICED},
            "check_document": {"text": PARCEL_NOTE, "path": "note.md"},
            "explain": {"name": "knowledge.volatility"},
            "estimate_cost": {"profile": PRICED},
        }
        return schemas, {name: await client.call_tool(name, given) for name, given in wanted.items()}

    schemas, replies = any_agent(conversation)
    data = {name: reply.structured_content for name, reply in replies.items()}

    for name, found in data.items():
        assert not replies[name].is_error
        jsonschema.validate(found, schemas[name], jsonschema.Draft202012Validator)
    printed = {
        "recommend": run("recommend", "--format", "json", "--why-not", "neither", "profile.json").out,
        "check_document": run("check", "--format", "json", "note.md").out,
        "estimate_cost": run("cost", "--format", "json", "profile.json").out,
    }
    assert {name: data[name] for name in printed} == {name: json.loads(out) for name, out in printed.items()}
    assert json.loads(replies["recommend"].content[0].text) == data["recommend"]
    page = run("explain", "--format", "markdown", "knowledge.volatility").out
    assert replies["explain"].content[0].text == data["explain"]["markdown"] == page
    assert data["check_document"]["documents"][0]["decision"]["option"] == "rag"


@pytest.mark.parametrize(
    "example", ["support-assistant", "ticket-routing", "field-technician", "staff-handbook"]
)
def test_every_result_is_of_the_shape_that_was_told(inner_agent, example):
    text = (ROOT / "examples" / f"{example}.yaml").read_text()

    async def conversation(client):
        schemas = {tool.name: tool.output_schema for tool in (await client.list_tools()).tools}
        return schemas, [await client.call_tool(name, {"profile": text}) for name in TOOLS[:2]]

    schemas, replies = inner_agent(conversation)

    for name, reply in zip(TOOLS, replies, strict=False):
        jsonschema.validate(reply.structured_content, schemas[name], jsonschema.Draft202012Validator)


def test_an_agent_asks_until_no_question_is_worth_asking(inner_agent, book):
    async def conversation(client):
        profile, asked = {"knowledge": {"volatility": "daily"}}, []
        while True:
            reply = (await client.call_tool("next_question", {"profile": profile})).structured_content
            if not reply["worth_asking"]:
                return asked, reply
            question = reply["question"]
            levels = [level["level"] for level in question["levels"]]
            assert [answer["level"] for answer in reply["answers"]] == levels
            assert levels == list(book.criteria[question["criterion"]].level_ids)
            group, _, name = question["criterion"].partition(".")
            profile.setdefault(group, {})[name] = levels[-1] if asked else "unknown"
            asked.append(question["criterion"])

    asked, last = inner_agent(conversation)

    assert 2 < len(asked) < len(book.criteria)
    assert len(set(asked)) == len(asked)
    assert last["question"] is None
    assert last["answers"] == []
    assert last["why"] == "No open question is worth asking for the advice."
    assert last["advice"]["option"] in list(Option)


def test_a_profile_may_be_the_text_of_its_file(inner_agent):
    text = "knowledge: {gap: most, volatility: daily}\n"
    data = {"knowledge": {"gap": "most", "volatility": "daily"}}

    replies = inner_agent(calls(("recommend", {"profile": text}), ("recommend", {"profile": data})))

    assert replies[0].structured_content == replies[1].structured_content


# --- quotes -------------------------------------------------------------------------------------------------------


def test_a_quote_that_is_gone_from_the_document_is_found(inner_agent):
    texts = [QUOTING % ("", words) for words in ("The depot rules change every day.", "It never changes.")]

    replies = inner_agent(calls(*(("check_document", {"text": text}) for text in texts)))

    found = [
        {finding["rule"] for finding in reply.structured_content["documents"][0]["findings"]}
        for reply in replies
    ]
    assert "evidence-gone" not in found[0]
    assert "evidence-gone" in found[1]


def test_no_file_is_opened_because_a_document_names_it(inner_agent, run, tmp_path):
    (tmp_path / "vault.md").write_text("The master word of the depot is kingfisher.\n")
    text = QUOTING % ("document: vault.md, ", "The master word of the depot is")
    (tmp_path / "note.md").write_text(text.replace("depot is'", "depot was'"))

    (reply,) = inner_agent(calls(("check_document", {"text": text.replace("depot is'", "depot was'")})))

    assert not reply.is_error
    assert "kingfisher" not in json.dumps(reply.structured_content)
    assert "kingfisher" in run("check", "--format", "json", "note.md").out


def test_a_document_that_quotes_itself_by_name_is_looked_up(inner_agent):
    text = QUOTING % ("document: note.md, ", "It never changes.")

    (reply,) = inner_agent(calls(("check_document", {"text": text, "path": "note.md"})))

    findings = reply.structured_content["documents"][0]["findings"]
    assert "evidence-gone" in {finding["rule"] for finding in findings}


def test_an_agent_that_puts_its_block_where_nobody_reads_it_is_told(inner_agent):
    (reply,) = inner_agent(calls(("check_document", {"text": f"````\n{QUOTING % ('', 'x')}````\n"})))

    assert not reply.is_error
    assert "a `ragortune` block in a comment or in code, which is not read" in reply.content[1].text


def test_a_document_without_the_decision_that_the_settings_require_is_no_failed_call(inner_agent, tmp_path):
    (tmp_path / "ragortune.yaml").write_text("check: {require-decision: true}\n")

    (reply,) = inner_agent(calls(("check_document", {"text": "# Guide\n\nHow to tune a language model.\n"})))

    assert reply.structured_content["exit_code"] == 3


def test_documents_are_read_one_after_the_other_because_their_reader_keeps_what_it_works_out(
    inner_agent, monkeypatch
):
    met = []
    both = threading.Barrier(2, lambda: met.append(1), timeout=0.5)

    def check(*_):
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait()
        return check_documents(*_)

    check_documents = mcp.check_documents
    monkeypatch.setattr(mcp, "check_documents", check)

    async def conversation(client):
        async with anyio.create_task_group() as group:
            for _ in range(3):
                group.start_soon(client.call_tool, "check_document", {"text": PARCEL_NOTE})

    inner_agent(conversation)

    assert met == []


# --- what is wrong ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tool", "arguments", "message"),
    [
        (
            "check_document",
            {"text": "docs/adr/0007-price-desk.md"},
            "error: 'text' is the whole text of a document, not its name 'docs/adr/0007-price-desk.md'",
        ),
        (
            "recommend",
            {"profile": "knowledge:\n  gap: mots\n"},
            "error: profile.yaml:2:8: 'knowledge.gap' must be none, some or most, not 'mots'\n"
            "hint: did you mean 'most'?",
        ),
        (
            "next_question",
            {"profile": {"knowledge": {"gapp": "most"}}},
            "error: profile.json:3:5: there is no criterion 'knowledge.gapp'\nhint: did you mean 'knowledge.gap'?",
        ),
        (
            "recommend",
            {"profile": "knowledge: {gap: most, gap: none}"},
            "error: profile.yaml:1:24: duplicate key 'gap'",
        ),
        (
            "recommend",
            {"profile": 5},
            "error: profile.json: a profile is a mapping of criteria to answers, not 5",
        ),
        ("recommend", {"profile": {}, "why_not": "rga"}, "did you mean 'rag'?"),
        ("recommend", {}, "error: `recommend` needs the argument 'profile'"),
        (
            "recommend",
            {"profil": {}},
            "error: `recommend` takes no argument 'profil'\nhint: did you mean 'profile'?",
        ),
        ("recomend", {"profile": {}}, "error: there is no tool 'recomend'\nhint: did you mean 'recommend'?"),
        (
            "explain",
            {"name": "knowlege.gap"},
            "there is no page 'knowlege.gap'\nhint: did you mean 'knowledge.gap'?",
        ),
        ("explain", {"name": ["rag"]}, "error: 'name' must be text, not a list"),
        ("check_document", {"text": {"a": 1}}, "error: 'text' must be text, not a mapping"),
        ("check_document", {"text": "# A", "path": "p" * 301}, "error: 'path' is longer than 300 characters"),
        (
            "check_document",
            {"text": "```ragortune\n```", "path": "a\0.md"},
            "'path' has characters that cannot be",
        ),
        (
            "estimate_cost",
            {"profile": {"quantities": {"request_per_day": 5}}},
            "did you mean 'requests_per_day'?",
        ),
        ("estimate_cost", {"profile": {"quantities": {"requests_per_day": 5, "model": "gtp-9"}}}, "gtp-9"),
    ],
)
def test_a_mistake_comes_back_in_the_words_of_the_command(inner_agent, tool, arguments, message):
    (reply,) = inner_agent(calls((tool, arguments)))

    assert message in wrong(reply)
    assert inner_agent.log.getvalue() == ""


def deep(depth):
    """Return a list in a list in a list."""
    inner = []
    for _ in range(depth):
        inner = [inner]
    return inner


@pytest.mark.parametrize(
    ("tool", "arguments", "message"),
    [
        ("recommend", {"profile": "a" * 300_000}, "is larger than 256 KiB"),
        ("next_question", {"profile": {"notes": "a" * 300_000}}, "is larger than 256 KiB"),
        ("estimate_cost", {"profile": {"notes": "a" * 300_000}}, "is larger than 256 KiB"),
        ("check_document", {"text": "a line\n" * 800_000}, "is larger than 5 MiB"),
        ("check_document", {"text": "a" * 2_000_000}, "has a line longer than 1 MiB"),
        ("recommend", {"profile": {"knowledge": deep(120)}}, "nested too deeply"),
        ("recommend", {"profile": {"knowledge": deep(5)}}, "'knowledge' must hold criteria, not a list"),
        ("recommend", {"profile": "[" * 5_000}, "nested too deeply"),
        ("recommend", {"profile": "knowledge: &a [*a]"}, "anchor"),
        ("recommend", {"profile": "knowledge: !!python/object/apply:os.getcwd []"}, "tag"),
        ("recommend", {"profile": {f"key{number}": 1 for number in range(5_000)}}, "there is no key 'key0'"),
        ("recommend", {"profile": {"\x1b[31m\u202e": 1}}, "there is no key '\\x1b[31m\\u202e'"),
        ("explain", {"name": "\x1b]0;owned\x07"}, "there is no page '\\x1b]0;owned\\x07'"),
        ("check_document", {"text": "# A\x00B"}, "holds a NUL character"),
        ("explain", {"name": "../../etc/passwd"}, "there is no page"),
    ],
)
def test_hostile_input_is_an_error_and_no_more(inner_agent, tool, arguments, message):
    replies = inner_agent(calls((tool, arguments), ("recommend", {"profile": PARCEL_DESK})))

    said = wrong(replies[0])
    assert message in said
    assert len(said) < 1_500
    assert said.replace("\n", "").isprintable()
    assert replies[1].structured_content["option"] == "rag"
    assert inner_agent.log.getvalue() == ""


def test_a_profile_that_is_nested_beyond_all_bounds_is_an_error(book, tmp_path):
    environment = Environment(io.BytesIO(), io.StringIO(), io.StringIO(), str(tmp_path))
    call = CallToolRequestParams.model_construct(name="recommend", arguments={"profile": deep(100_000)})

    reply = mcp.call_tool(mcp.build_tools(book), call, None, environment)

    assert wrong(reply) == "error: profile.json: is nested too deeply"


def test_a_defect_is_logged_and_the_server_lives_on(inner_agent, monkeypatch):
    def fail(*_):
        raise KeyError("the shelf")

    monkeypatch.setattr(mcp, "show_page", fail)

    replies = inner_agent(calls(("explain", {"name": "rag"}), ("recommend", {"profile": PARCEL_DESK})))

    assert wrong(replies[0]) == "error: internal error (KeyError); its log says more"
    assert "the shelf" in inner_agent.log.getvalue()
    assert not replies[1].is_error


# --- the process --------------------------------------------------------------------------------------------------


def test_stdout_carries_the_protocol_alone_whatever_comes_in(tmp_path):
    hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    lines = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        "this is no message",
        "[" * 100_000,
        {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "explain", "arguments": [1]}},
        {
            "jsonrpc": "2.0",
            "id": 3,
            "method": "tools/call",
            "params": {"name": "explain", "arguments": {"name": "rag"}},
        },
    ]
    sent = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)

    with subprocess.Popen(
        [sys.executable, "-m", "ragortune", "mcp"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    ) as server:
        server.stdin.write(sent)
        server.stdin.flush()
        replies = []
        while not any(reply.get("id") == 3 for reply in replies):
            replies.append(json.loads(server.stdout.readline()))
        rest, _ = server.communicate(timeout=60)

    assert all(reply["jsonrpc"] == "2.0" for reply in replies)
    assert "error" in next(reply for reply in replies if reply.get("id") == 2)
    answered = next(reply for reply in replies if reply.get("id") == 3)
    assert answered["result"]["structuredContent"]["name"] == "rag"
    assert rest == ""
    assert server.returncode == 0


def test_requests_that_still_run_when_the_client_closes_stdin_are_answered_or_cancelled(tmp_path):
    hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    ask = {"name": "recommend", "arguments": {"profile": PARCEL_DESK}}
    requests = [("initialize", hello), *[("tools/call", ask)] * 30]
    sent = [
        {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        for number, (method, params) in enumerate(requests)
    ]
    sent.append({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 30}})

    server = subprocess.run(
        [sys.executable, "-m", "ragortune", "mcp"],
        input="".join(f"{json.dumps(message)}\n" for message in sent),
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=120,
        check=False,
    )

    answered = [reply["id"] for reply in map(json.loads, server.stdout.splitlines()) if "result" in reply]
    assert sorted({*answered, 30}) == [*range(31)]
    assert server.returncode == 0


def test_without_the_extra_it_says_what_to_install(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "mcp_types", None)
    monkeypatch.delitem(sys.modules, "ragortune.commands.mcp")

    result = run("mcp")

    assert (result.code, result.out) == (2, "")
    assert result.err == (
        "error: `ragortune mcp` needs the extra 'mcp', which is not installed\n"
        "hint: pip install 'rag-or-tune[mcp]'\n"
    )


def test_a_rule_set_that_is_not_there_ends_the_server_before_it_starts(run):
    result = run("mcp", "--rules", "nowhere")

    assert (result.code, result.out) == (2, "")
    assert "nowhere" in result.err
