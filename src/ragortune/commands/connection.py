"""The connection of `mcp` on stdin and stdout, closed only once every request is answered."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

import anyio
import mcp_types as types
from mcp.server.stdio import stdio_server
from mcp.shared.message import ServerMessageMetadata, SessionMessage

from ragortune.support.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from mcp.server import Server


def serve_streams(server: Server[Any]) -> None:
    """Serve until the client closes stdin and has all answers; raises UsageError if the streams cannot be used."""
    # Waiting for the next line of a client cannot be cancelled.
    previous = signal.signal(signal.SIGINT, lambda *_: os._exit(int(ExitCode.INTERRUPTED)))
    try:
        anyio.run(_connect, server)
    except ExceptionGroup as group:
        error: Exception = group
        while isinstance(error, ExceptionGroup):
            error = error.exceptions[0]
        if not isinstance(error, OSError):
            raise
        if not isinstance(error, BrokenPipeError):  # the client has closed the connection
            raise UsageError(f"stdin or stdout cannot be used ({error.strerror})") from None
    finally:
        signal.signal(signal.SIGINT, previous)


async def _connect(server: Server[Any]) -> None:
    """Pass messages on, and the end of stdin only once no request is open, because the server would drop open ones."""
    to_server, requests = anyio.create_memory_object_stream[SessionMessage | Exception]()
    answers, from_server = anyio.create_memory_object_stream[SessionMessage]()
    awaited = 1  # the end of stdin

    async def settle() -> None:
        nonlocal awaited
        awaited -= 1
        if not awaited:
            to_server.close()

    async def pass_answers() -> None:
        async with outgoing:
            async for answer in from_server:
                await outgoing.send(answer)
                if isinstance(answer.message, types.JSONRPCResponse | types.JSONRPCError):
                    await settle()

    async with stdio_server() as (incoming, outgoing), anyio.create_task_group() as tasks:
        tasks.start_soon(pass_answers)
        tasks.start_soon(server.run, requests, answers, server.create_initialization_options())
        async for item in incoming:
            if isinstance(item, SessionMessage) and isinstance(item.message, types.JSONRPCRequest):
                awaited += 1
                item.metadata = ServerMessageMetadata(on_request_unanswered=settle)
            await to_server.send(item)
        await settle()
