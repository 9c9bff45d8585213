"""What coding agents can call and read: the commands, each run with streams of its own.

So an agent gets what a person gets: the same limits, the same JSON, the same words for what is wrong. Nothing here
knows the protocol, and no file is opened because a client names it.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from ragortune.commands.ask import print_next
from ragortune.commands.check import check_documents
from ragortune.commands.cost import print_costs
from ragortune.commands.explain import show_page
from ragortune.commands.recommend import recommend_profiles
from ragortune.commands.requests import (
    CheckRequest,
    CostRequest,
    ExplainRequest,
    RecommendRequest,
    ServeRequest,
)
from ragortune.commands.shared import show_error
from ragortune.costs.assess import CostReport
from ragortune.evidence.quantities import format_quantity
from ragortune.model import Criterion, Option, Rulebook
from ragortune.report import shapes
from ragortune.report.check_json import CheckResult
from ragortune.report.dialogue import QuestionResult
from ragortune.support.environment import Environment
from ragortune.support.errors import ExitCode, Place, RagortuneError, UnreadableError, UsageError
from ragortune.support.text import dump_json, quote_value, suggest_name

Arguments = Mapping[str, object]
_NAME_LENGTH = 300
"""Longest name of a document or page, in characters."""


class Reply(msgspec.Struct, frozen=True):
    """What a call brought: text to read and the same as data, or what is wrong."""

    text: str
    data: dict[str, Any] | None = None
    """None where the call failed."""


class AgentTool(msgspec.Struct, frozen=True):
    """One tool: what it is for, what it takes, and the command behind it."""

    name: str
    title: str
    description: str
    run: Callable[[Arguments, str | None, Environment], ExitCode]
    """Takes the arguments, the folder of the rule set, and an environment whose stdout takes the JSON."""
    shape: type[msgspec.Struct]
    """What the result holds."""
    required: Mapping[str, dict[str, Any]]
    """Schemas of the arguments that must be given."""
    optional: Mapping[str, dict[str, Any]]

    @property
    def input_schema(self) -> dict[str, Any]:
        """JSON Schema of the arguments."""
        return {
            "type": "object",
            "properties": {**self.required, **self.optional},
            "required": list(self.required),
            "additionalProperties": False,
        }

    @property
    def output_schema(self) -> dict[str, Any]:
        """JSON Schema of the result."""
        return shapes.describe_shape(self.shape)


def serve_agents(request: ServeRequest, environment: Environment) -> ExitCode:
    """Serve tools and resources on stdin and stdout until the client hangs up; raises UsageError without the SDK."""
    try:
        from ragortune.commands.mcp import serve  # noqa: PLC0415  (the extra `mcp`)
    except ImportError:
        raise UsageError.missing("`ragortune mcp`", "mcp") from None
    return serve(request.rules, environment)


def build_tools(rulebook: Rulebook) -> dict[str, AgentTool]:
    """Return the tools by name, described with the criteria and quantities of a rule set."""
    text = {"type": "string", "description": "The whole text of the document, in Markdown."}
    path = {"type": "string", "description": "Name to show it under; no file of this name is read."}
    page = {
        "type": "string",
        "description": "A rule or its code, criterion, option, source, scale, probability, firm or exit-codes.",
    }
    refused = {"enum": list(Option), "description": "Say what speaks against this option, too."}
    known = _describe_profile(map(_outline_criterion, rulebook.criteria.values()))
    numbers = _describe_profile(f"{own.id}: {format_quantity(own)}" for own in rulebook.quantities.values())
    tools = (
        AgentTool(
            "recommend",
            "Recommend an approach",
            "Recommend retrieval (rag), fine_tuning, both or neither for an LLM project, from what is known about it: "
            "probability, sourced reasons, what would change the advice, what to find out. Deterministic and offline. "
            "State only what a person or document says; leave the rest out.",
            _recommend,
            shapes.RecommendationResult,
            known,
            {"why_not": refused},
        ),
        AgentTool(
            "next_question",
            "Next question",
            "Return the one question to ask the person next, because its answer is expected to change the advice most, "
            "with its levels and what each would lead to; or that none is worth asking. Put the answer into the profile "
            "(`unknown` where nobody knows) and call again. Criteria are those of `recommend`.",
            _ask_next,
            QuestionResult,
            _describe_profile(()),
            {},
        ),
        AgentTool(
            "check_document",
            "Check a design document",
            "Judge a design document (ADR, RFC, PRD): what it decides, the facts it states with line and exact quote, "
            "and findings where they disagree or the quotes of its `ragortune` block are gone. Quotes from other "
            "documents are not looked up; `ragortune check` does that.",
            _check,
            CheckResult,
            {"text": text},
            {"path": path},
        ),
        AgentTool(
            "explain",
            "Explain a rule, criterion or term",
            "Return the page on a rule, criterion, option, source or topic: for a criterion its question, levels and "
            "how to find out; for a rule why it holds, on what evidence, and when it misleads.",
            _explain,
            shapes.PageResult,
            {"name": page},
            {},
        ),
        AgentTool(
            "estimate_cost",
            "Estimate cost and latency",
            "Estimate what each option costs a month and how fast it answers, with ranges and break-evens, from the "
            "`quantities` of a profile. What is left out is a sourced default, listed as such.",
            _estimate,
            CostReport,
            numbers,
            {},
        ),
    )
    return {tool.name: tool for tool in tools}


_PROFILE = (
    "What is known about one project: answers by group and criterion, and numbers for costs under `quantities`; or the "
    "text of a profile file, in YAML. Leave out what is not known: unknown is never a no. An answer is a level, a number "
    "where a unit is named, a list or {from, to} where it is one of several, or {value, evidence: {document, line, "
    "quote}, source}."
)


def _describe_profile(lines: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return the schema of the argument `profile`, short enough for readers with little room."""
    description = "\n".join((_PROFILE, *lines))
    return {"profile": {"description": description, "anyOf": [{"type": "object"}, {"type": "string"}]}}


def _outline_criterion(criterion: Criterion) -> str:
    number = f", or a number of {criterion.unit}" if criterion.unit else ""
    several = "; a list where several hold, the main one first" if criterion.several else ""
    return f"{criterion.id}: {criterion.question} {', '.join(criterion.level_ids)}{number}{several}"


def call_tool(
    tools: Mapping[str, AgentTool],
    name: str,
    arguments: Arguments,
    rules: str | None,
    environment: Environment,
) -> Reply:
    """Run a tool; what is wrong with its input comes back in the words of the command."""
    out, complaints = io.StringIO(), io.StringIO()
    streams = environment.replace(stdin=io.BytesIO(), stdout=out, stderr=complaints, variables={})
    try:
        if name not in tools:
            raise UsageError.unknown("tool", name, tools)
        _check_arguments(tools[name], arguments)
        code = tools[name].run(arguments, rules, streams)
    except RagortuneError as error:
        show_error(error, streams)
        code = error.exit_code
    if code not in (ExitCode.OK, ExitCode.FINDINGS):
        return Reply(complaints.getvalue().strip())
    data = json.loads(out.getvalue())
    return Reply(data["markdown"] if name == "explain" else dump_json(data, indent=0), data)


def _check_arguments(tool: AgentTool, arguments: Arguments) -> None:
    """Raise UsageError where an argument is missing or unknown."""
    known = {**tool.required, **tool.optional}
    for name in arguments:
        if name not in known:
            hint = suggest_name(name, known)
            raise UsageError(f"`{tool.name}` takes no argument {quote_value(name)}", None, hint)
    for name in tool.required:
        if arguments.get(name) is None:
            raise UsageError(f"`{tool.name}` needs the argument '{name}'")


def _take_text(arguments: Arguments, name: str, limit: int | None = None) -> str:
    """Return an argument that must be text; raises UsageError."""
    value = arguments[name]
    if not isinstance(value, str):
        raise UsageError.expected(f"'{name}'", "text", value)
    if limit is not None and len(value) > limit:
        raise UsageError(f"'{name}' is longer than {limit} characters")
    return value


def _feed(text: str, environment: Environment) -> Environment:
    """Return the environment with a text on stdin."""
    return environment.replace(stdin=io.BytesIO(text.encode("utf-8", "surrogatepass")))


def _feed_profile(arguments: Arguments, environment: Environment) -> tuple[str, Environment]:
    """Return a name that says how the profile is written, and the environment with it on stdin."""
    value = arguments["profile"]
    if isinstance(value, str):
        return "profile.yaml", _feed(value, environment)
    try:
        text = json.dumps(value, ensure_ascii=False, indent=2)
    except RecursionError:
        raise UnreadableError("is nested too deeply", Place("profile.json")) from None
    return "profile.json", _feed(text, environment)


def _recommend(arguments: Arguments, rules: str | None, environment: Environment) -> ExitCode:
    why_not = _take_text(arguments, "why_not") if arguments.get("why_not") is not None else None
    name, streams = _feed_profile(arguments, environment)
    request = RecommendRequest(paths=["-"], format="json", why_not=why_not, rules=rules, stdin_name=name)
    return recommend_profiles(request, streams)


def _ask_next(arguments: Arguments, rules: str | None, environment: Environment) -> ExitCode:
    name, streams = _feed_profile(arguments, environment)
    return print_next(name, rules, streams)


def _check(arguments: Arguments, rules: str | None, environment: Environment) -> ExitCode:
    path = _take_text(arguments, "path", _NAME_LENGTH) if arguments.get("path") is not None else "document.md"
    streams = _feed(_take_text(arguments, "text"), environment)
    request = CheckRequest(paths=["-"], formats=["json"], rules=rules, stdin_name=path, open_quoted=False)
    return check_documents(request, streams)


def _explain(arguments: Arguments, rules: str | None, environment: Environment) -> ExitCode:
    name = _take_text(arguments, "name", _NAME_LENGTH)
    page = io.StringIO()
    code = show_page(
        ExplainRequest(name=name, rules=rules, format="markdown"), environment.replace(stdout=page)
    )
    environment.write(dump_json(shapes.PageResult(name=name, markdown=page.getvalue())))
    return code


def _estimate(arguments: Arguments, rules: str | None, environment: Environment) -> ExitCode:
    name, streams = _feed_profile(arguments, environment)
    return print_costs(CostRequest(path="-", format="json", rules=rules, stdin_name=name), streams)
