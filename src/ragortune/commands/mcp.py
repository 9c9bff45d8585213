"""`mcp`: tools and resources for coding agents, over the Model Context Protocol on stdin and stdout.

Each tool runs a command with streams of its own, so that agents get the same limits, JSON and error messages as people.
No file that a client names is opened.
"""

from __future__ import annotations

import io
import json
import traceback
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import anyio.to_thread
import mcp_types as types
from mcp.server import Server
from mcp.shared.exceptions import MCPError

from ragortune import __version__
from ragortune.commands.ask import print_next
from ragortune.commands.check import check_documents
from ragortune.commands.connection import serve_streams
from ragortune.commands.cost import print_costs
from ragortune.commands.documents import ENDINGS
from ragortune.commands.explain import show_page
from ragortune.commands.recommend import recommend_profiles
from ragortune.commands.requests import CheckRequest, CostRequest, ExplainRequest, RecommendRequest
from ragortune.commands.shared import open_rulebook, show_error
from ragortune.costs.assess import CostReport
from ragortune.evidence.quantities import format_quantity
from ragortune.model import Criterion, Option, Rulebook
from ragortune.report import shapes
from ragortune.report.check_json import CheckResult
from ragortune.report.dialogue import QuestionResult, describe_criterion
from ragortune.report.markdown import write_markdown
from ragortune.report.pages import list_rules
from ragortune.support.environment import Environment
from ragortune.support.errors import ExitCode, Place, RagortuneError, UnreadableError, UsageError
from ragortune.support.record import Record
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
Arguments = Mapping[str, object]
Schema = dict[str, Any]
_NAME_LENGTH = 300
"""Characters in the name of a document or page."""


_Run = Callable[[Arguments, str | None, Environment], ExitCode]
"""Takes the arguments, the folder of the rule set, and the environment whose stdout receives the JSON."""


class AgentTool(NamedTuple):
    """The description of a tool, and the command behind it."""

    description: types.Tool
    run: _Run


def serve_agents(rules: str | None, environment: Environment) -> ExitCode:
    """Serve until the client closes the connection; raises RagortuneError."""
    serve_streams(build_server(rules, environment))
    return ExitCode.OK


def build_server(rules: str | None, environment: Environment) -> Server[Any]:
    """Return the server, not yet connected; raises RagortuneError if the rule set cannot be used.

    Calls run on threads, so that they do not block the protocol, and one at a time, because the reader of documents
    keeps what it works out.
    """
    tools = build_tools(open_rulebook(rules, environment))
    one_at_a_time = anyio.CapacityLimiter(1)

    async def list_tools(_context: object, _params: object) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[tool.description for tool in tools.values()])

    async def call(_context: object, params: types.CallToolRequestParams) -> types.CallToolResult:
        try:
            return await anyio.to_thread.run_sync(
                call_tool, tools, params, rules, environment, limiter=one_at_a_time
            )
        except Exception as error:  # noqa: BLE001  (an internal error: it is logged, and the server lives on)
            traceback.print_exception(error, file=environment.stderr)
            return _reply(f"error: internal error ({type(error).__name__}); its log says more")

    async def list_resources(_context: object, _params: object) -> types.ListResourcesResult:
        return types.ListResourcesResult(resources=_RESOURCES)

    async def read(_context: object, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        address = str(params.uri)
        try:
            kind, text = await anyio.to_thread.run_sync(_read_resource, address, rules, environment)
        except RagortuneError as error:
            raise MCPError(types.INVALID_PARAMS, clean_text(str(error), keep_breaks=True)) from None
        contents = [types.TextResourceContents(uri=address, mime_type=kind, text=text)]
        return types.ReadResourceResult(contents=list(contents))

    return Server(
        "ragortune",
        version=__version__,
        instructions=_INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call,
        on_list_resources=list_resources,
        on_read_resource=read,
    )


# --- tools ---------------------------------------------------------------------------------------------------------


def build_tools(rulebook: Rulebook) -> dict[str, AgentTool]:
    """Return the tools by name; their descriptions list the criteria and quantities of the rule set."""
    text = {"type": "string", "description": "The whole text of the document, not its path."}
    path = {"type": "string", "description": "Its name; .rst is read as reStructuredText. No file is opened."}
    page = {"type": "string", "description": "A rule, code, criterion, option, source or topic, as `firm`."}
    why_not = {"enum": list(Option), "description": "Say what speaks against this option, too."}
    known = _describe_profile(map(_outline_criterion, rulebook.criteria.values()))
    numbers = _describe_profile(
        f"{kind.id}: {format_quantity(kind)}" for kind in rulebook.quantities.values()
    )
    tools = (
        _offer(
            ("recommend", "Recommend an approach"),
            "Recommend retrieval (rag), fine_tuning, both or neither for an LLM project, from what is known about it: "
            "probability, sourced reasons, what would change the advice, what to find out. Deterministic and offline. "
            "State only what a person or document says; leave the rest out.",
            (_recommend, shapes.RecommendationResult),
            {"profile": known, "why_not": why_not},
        ),
        _offer(
            ("next_question", "Next question"),
            "Return the one question to ask the person next, because its answer is expected to change the advice most, "
            "with its levels and what each would lead to; or that none is worth asking. Put the answer into the profile "
            "(`unknown` if nobody knows) and call again. Criteria are those of `recommend`.",
            (_ask_next, QuestionResult),
            {"profile": _describe_profile(())},
        ),
        _offer(
            ("check_document", "Check a design document"),
            "Judge a design document (ADR, RFC, PRD): what it decides, the facts it states with line and exact quote, "
            "and findings if they disagree or the quotes of its block are gone (a fence of the language `ragortune`, "
            "with the keys decision, evidence: {line, quote} and profile, in YAML). Quotes from other documents are not "
            "looked up; `ragortune check` does that.",
            (_check, CheckResult),
            {"text": text, "path": path},
        ),
        _offer(
            ("explain", "Explain a rule, criterion or term"),
            "Return the page on a rule, criterion, option, source or topic: for a criterion its question, levels and "
            "how to find out; for a rule why it holds, on what evidence, and when it misleads.",
            (_explain, shapes.PageResult),
            {"name": page},
        ),
        _offer(
            ("estimate_cost", "Estimate cost and latency"),
            "Estimate what each option costs per month and how fast it answers, with ranges and break-evens, from the "
            "`quantities` of a profile. What is left out is a sourced default, listed as such.",
            (_estimate, CostReport),
            {"profile": numbers},
        ),
    )
    return {tool.description.name: tool for tool in tools}


def _offer(
    names: tuple[str, str], description: str, command: tuple[_Run, type[Record]], arguments: dict[str, Schema]
) -> AgentTool:
    """Return a tool, of whose arguments the first is required.

    `names` are its name and title, `command` is the function that runs it and the shape of its result.
    """
    takes = {
        "type": "object",
        "properties": arguments,
        "required": list(arguments)[:1],
        "additionalProperties": False,
    }
    tool = types.Tool(
        name=names[0],
        title=names[1],
        description=description,
        input_schema=takes,
        output_schema=shapes.describe_shape(command[1]),
        annotations=_READS_ONLY,
    )
    return AgentTool(tool, command[0])


_PROFILE = (
    "What is known about one project: answers by group and criterion, and numbers for costs under `quantities`; or the "
    "text of a profile file, in YAML. Leave out what is not known: unknown is never a no. An answer is a level, a number "
    "if a unit is named, a list or {from, to} if it is one of several, or {value, evidence: {document, line, "
    "quote}, source}."
)


def _describe_profile(lines: Iterable[str]) -> Schema:
    """Return a schema of the argument `profile` that takes little of an agent's context."""
    return {"description": "\n".join((_PROFILE, *lines)), "anyOf": [{"type": "object"}, {"type": "string"}]}


def _outline_criterion(criterion: Criterion) -> str:
    number = f", or a number of {criterion.unit}" if criterion.unit else ""
    several = "; a list if several apply, the main one first" if criterion.several else ""
    return f"{criterion.id}: {criterion.question} {', '.join(criterion.level_ids)}{number}{several}"


def call_tool(
    tools: Mapping[str, AgentTool],
    call: types.CallToolRequestParams,
    rules: str | None,
    environment: Environment,
) -> types.CallToolResult:
    """Run a tool; errors in its input are returned in the words of the command."""
    out, errors = io.StringIO(), io.StringIO()
    streams = environment.replace(stdin=io.BytesIO(), stdout=out, stderr=errors, variables={})
    arguments = {name: value for name, value in (call.arguments or {}).items() if value is not None}
    try:
        if call.name not in tools:
            raise UsageError.unknown("tool", call.name, tools)
        _check_arguments(tools[call.name].description, call.arguments or {})
        code = tools[call.name].run(arguments, rules, streams)
    except RagortuneError as error:
        show_error(error, streams)
        code = error.exit_code
    notes = errors.getvalue().strip()
    if code is ExitCode.UNUSABLE or not out.getvalue():
        return _reply(notes)
    data = json.loads(out.getvalue())
    return _reply(data["markdown"] if call.name == "explain" else dump_json(data, indent=0), notes, data=data)


def _reply(*texts: str, data: dict[str, Any] | None = None) -> types.CallToolResult:
    """Return a result as texts and data; without data it is an error."""
    content: list[types.ContentBlock] = [types.TextContent(text=text) for text in texts if text]
    return types.CallToolResult(content=content, structured_content=data, is_error=data is None)


def _check_arguments(tool: types.Tool, arguments: Arguments) -> None:
    """Raise UsageError if an argument is missing or unknown."""
    known = tool.input_schema["properties"]
    for name in arguments:
        if name not in known:
            hint = suggest_name(name, known)
            raise UsageError(f"`{tool.name}` takes no argument {quote_value(name)}", None, hint)
    for name in tool.input_schema["required"]:
        if arguments.get(name) is None:
            raise UsageError(f"`{tool.name}` needs the argument '{name}'")


def _read_text_argument(arguments: Arguments, name: str, limit: int | None = None) -> str:
    """Return an argument that must be a string; raises UsageError."""
    value = arguments[name]
    if not isinstance(value, str):
        raise UsageError.expected(f"'{name}'", "text", value)
    if limit is not None and len(value) > limit:
        raise UsageError(f"'{name}' is longer than {limit} characters")
    if name == "path" and not value.isprintable():
        raise UsageError(f"'{name}' has characters that cannot be printed")
    return value


def _with_stdin(text: str, environment: Environment) -> Environment:
    """Return an environment with this text on stdin."""
    return environment.replace(stdin=io.BytesIO(text.encode("utf-8", "surrogatepass")))


def _with_profile(arguments: Arguments, environment: Environment) -> tuple[str, Environment]:
    """Return a file name whose ending fits the profile, and an environment with the profile on stdin."""
    value = arguments["profile"]
    if isinstance(value, str):
        return "profile.yaml", _with_stdin(value, environment)
    try:
        text = json.dumps(value, ensure_ascii=False, indent=2)
    except RecursionError:
        raise UnreadableError("is nested too deeply", Place("profile.json")) from None
    return "profile.json", _with_stdin(text, environment)


def _recommend(arguments: Arguments, rules: str | None, environment: Environment) -> ExitCode:
    why_not = _read_text_argument(arguments, "why_not") if "why_not" in arguments else None
    name, streams = _with_profile(arguments, environment)
    request = RecommendRequest(paths=["-"], format="json", why_not=why_not, rules=rules, stdin_name=name)
    return recommend_profiles(request, streams)


def _ask_next(arguments: Arguments, rules: str | None, environment: Environment) -> ExitCode:
    name, streams = _with_profile(arguments, environment)
    return print_next(name, rules, streams)


def _check(arguments: Arguments, rules: str | None, environment: Environment) -> ExitCode:
    path = _read_text_argument({"path": "document.md", **arguments}, "path", _NAME_LENGTH)
    text = _read_text_argument(arguments, "text")
    if "\n" not in text and text.lower().endswith(ENDINGS):
        raise UsageError(f"'text' is the whole text of a document, not its name {quote_value(text)}")
    streams = _with_stdin(text, environment)
    request = CheckRequest(paths=["-"], formats=["json"], rules=rules, stdin_name=path, open_quoted=False)
    return check_documents(request, streams)


def _explain(arguments: Arguments, rules: str | None, environment: Environment) -> ExitCode:
    name = _read_text_argument(arguments, "name", _NAME_LENGTH)
    return show_page(ExplainRequest(name=name, rules=rules, format="json"), environment)


def _estimate(arguments: Arguments, rules: str | None, environment: Environment) -> ExitCode:
    name, streams = _with_profile(arguments, environment)
    return print_costs(CostRequest(path="-", format="json", rules=rules, stdin_name=name), streams)


# --- resources -----------------------------------------------------------------------------------------------------


def _read_resource(address: str, rules: str | None, environment: Environment) -> tuple[str, str]:
    """Return media type and text of a resource; raises RagortuneError."""
    book = open_rulebook(rules, environment)
    if address == _CRITERIA:
        return _JSON, dump_json(list(map(describe_criterion, book.criteria.values())), indent=1)
    if address == _RULES:
        return _MARKDOWN, write_markdown(list_rules(book))
    raise UsageError.unknown("resource", address, (_CRITERIA, _RULES))
