"""`mcp`: the tools and resources for coding agents, over the Model Context Protocol on stdin and stdout."""

from __future__ import annotations

import traceback
from functools import partial
from typing import Any

import anyio
import anyio.to_thread
import mcp_types as types
from mcp.server import Server
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError

from ragortune import __version__
from ragortune.commands.agents import AgentTool, Reply, build_tools, call_tool
from ragortune.commands.shared import open_rulebook
from ragortune.model.findings import read_finding_rules
from ragortune.report.dialogue import describe_criterion
from ragortune.report.markdown import write_markdown
from ragortune.report.pages import find_page, list_rules
from ragortune.support.environment import Environment
from ragortune.support.errors import ExitCode, RagortuneError, UsageError
from ragortune.support.text import clean_text, dump_json, quote_value, suggest_name

_INSTRUCTIONS = (
    "Advises whether an LLM project should use retrieval, fine-tuning, both or neither. Collect what documents and "
    "people say into a profile, each answer with its quote; call `recommend`; ask the person what `next_question` names "
    "until none is worth asking; put the decision and the profile into the design document as a fenced `ragortune` block; "
    "then call `check_document`. Never guess an answer: leave out what nobody said."
)
_READS_ONLY = types.ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)
_CRITERIA = "ragortune://criteria"
_RULES = "ragortune://rules"
_JSON, _MARKDOWN = "application/json", "text/markdown"
_RESOURCES = [
    types.Resource(uri=address, name=name, description=description, mime_type=kind)
    for address, name, kind, description in (
        (_CRITERIA, "criteria", _JSON, "Every criterion with its question, levels and help."),
        (_RULES, "rules", _MARKDOWN, "Every rule and finding on a line."),
    )
]
_TEMPLATES = [
    types.ResourceTemplate(
        uri_template=f"{address}/{{name}}", name=name, description=description, mime_type=_MARKDOWN
    )
    for address, name, description in (
        (_CRITERIA, "criterion", "The page of one criterion, such as knowledge.volatility."),
        (_RULES, "rule", "The page of one rule: why, evidence, when it misleads, what to do."),
    )
]


def serve(rules: str | None, environment: Environment) -> ExitCode:
    """Serve until the client hangs up; raises RagortuneError where the rule set cannot be used."""
    server = build_server(rules, environment)

    async def run() -> None:
        async with stdio_server() as (incoming, outgoing):
            await server.run(incoming, outgoing, server.create_initialization_options())

    anyio.run(run)
    return ExitCode.OK


def build_server(rules: str | None, environment: Environment) -> Server[Any]:
    """Return the server, not yet connected; raises RagortuneError where the rule set cannot be used."""
    handlers = _Handlers(rules, environment)
    return Server(
        "ragortune",
        version=__version__,
        instructions=_INSTRUCTIONS,
        on_list_tools=handlers.list_tools,
        on_call_tool=handlers.call_tool,
        on_list_resources=handlers.list_resources,
        on_list_resource_templates=handlers.list_templates,
        on_read_resource=handlers.read_resource,
    )


class _Handlers:
    """Answers the requests of one client; calls run on threads, so that the protocol never waits for them."""

    def __init__(self, rules: str | None, environment: Environment) -> None:
        self._rules = rules
        self._environment = environment
        self._tools = build_tools(open_rulebook(rules, environment))

    async def list_tools(self, _context: object, _params: object) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[_describe_tool(tool) for tool in self._tools.values()])

    async def call_tool(self, _context: object, params: types.CallToolRequestParams) -> types.CallToolResult:
        call = partial(
            call_tool, self._tools, params.name, params.arguments or {}, self._rules, self._environment
        )
        try:
            reply = await anyio.to_thread.run_sync(call)
        except Exception as error:  # noqa: BLE001  (an internal error: it is logged, and the server lives on)
            traceback.print_exception(error, file=self._environment.stderr)
            reply = Reply(f"error: internal error ({type(error).__name__}); its log says more")
        return types.CallToolResult(
            content=[types.TextContent(text=reply.text)],
            structured_content=reply.data,
            is_error=reply.data is None,
        )

    async def list_resources(self, _context: object, _params: object) -> types.ListResourcesResult:
        return types.ListResourcesResult(resources=_RESOURCES)

    async def list_templates(self, _context: object, _params: object) -> types.ListResourceTemplatesResult:
        return types.ListResourceTemplatesResult(resource_templates=_TEMPLATES)

    async def read_resource(
        self, _context: object, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        address = str(params.uri)
        try:
            kind, text = await anyio.to_thread.run_sync(
                _read_resource, address, self._rules, self._environment
            )
        except RagortuneError as error:
            raise MCPError(types.INVALID_PARAMS, clean_text(str(error), keep_breaks=True)) from None
        contents = [types.TextResourceContents(uri=address, mime_type=kind, text=text)]
        return types.ReadResourceResult(contents=list(contents))


def _describe_tool(tool: AgentTool) -> types.Tool:
    return types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.input_schema,
        output_schema=tool.output_schema,
        annotations=_READS_ONLY,
    )


def _read_resource(address: str, rules: str | None, environment: Environment) -> tuple[str, str]:
    """Return the media type and the text of a resource; raises RagortuneError with the nearest address."""
    book = open_rulebook(rules, environment)
    if address == _CRITERIA:
        return _JSON, dump_json(list(map(describe_criterion, book.criteria.values())), indent=1)
    if address == _RULES:
        return _MARKDOWN, write_markdown(list_rules(book))
    kind, _, name = address.rpartition("/")
    findings = read_finding_rules(book)
    codes = [rule.code for rule in book.rules.values()] + [rule.code for rule in findings.values()]
    named = {_CRITERIA: [*book.criteria], _RULES: [*book.rules, *findings, *codes]}
    if name not in named.get(kind, ()):
        near = suggest_name(name, named[kind]) if kind in named else suggest_name(address, named)
        raise UsageError(f"there is no resource {quote_value(address)}", None, near)
    return _MARKDOWN, write_markdown(find_page(book, name))
