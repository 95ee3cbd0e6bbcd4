"""The protocol: which tools there are, and a call of one carried to the server.

What goes wrong with a call is told as the tool's own answer, with what was expected, what came and what to do, so that
an assistant can mend its call; the program goes on. Only a tool nobody knows is an error of the protocol.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import anyio
import anyio.to_thread
import mcp_types as types
import orjson
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError

from vestige.mcp.tools import INSTRUCTIONS, TOOLS, Tool
from vestige.model.errors import VestigeError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mcp.server.context import ServerRequestContext

    Ask = Callable[[str, dict[str, Any]], dict[str, Any]]
    """POST to a path, and the answer."""
    Here = Callable[[], Mapping[str, str]]
    """What is left out of arguments, from where the program was started."""

AT_ONCE: Final = 4
"""Calls that are under way at a time; more wait."""
_HINTS: Final = types.ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)


def serve(ask: Ask, here: Here, version: str) -> None:
    """Serve the tools on standard input and output until the other side closes it.

    Args:
        ask: carries a question to the server.
        here: what is known of the working copy.
        version: of the program.
    """
    anyio.run(partial(_serve, server_of(ask, here, version)))


async def _serve(server: Server[Any]) -> None:
    async with stdio_server() as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())


def server_of(ask: Ask, here: Here, version: str) -> Server[Any]:
    """What answers, whatever carries it; as :func:`serve`."""
    by_name = {one.name: one for one in TOOLS}
    limiter = anyio.CapacityLimiter(AT_ONCE)

    async def listed(
        _context: ServerRequestContext[Any, Any], _params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[_told(one) for one in TOOLS])

    async def called(
        _context: ServerRequestContext[Any, Any], params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        tool = by_name.get(params.name)
        if tool is None:
            raise MCPError(types.INVALID_PARAMS, f"no tool {params.name[:60]!r}; there are {', '.join(by_name)}")
        return await anyio.to_thread.run_sync(_answer, ask, here, tool, params.arguments or {}, limiter=limiter)

    return Server(
        "vestige",
        version=version,
        title="Vestige",
        instructions=INSTRUCTIONS,
        on_list_tools=listed,
        on_call_tool=called,
    )


def _told(one: Tool) -> types.Tool:
    return types.Tool(
        name=one.name,
        title=one.title,
        description=one.description,
        input_schema=one.input_schema,
        output_schema=one.output_schema,
        annotations=_HINTS,
    )


def _answer(ask: Ask, here: Here, tool: Tool, given: dict[str, Any]) -> types.CallToolResult:
    try:
        if tool.here and "repository" not in given:
            found = here()
            given = {name: found[name] for name in tool.here if name in found} | given
        told = ask(f"/v1/assistant/{tool.path}", given)
    except VestigeError as error:
        return _failed(error)
    # The same as text, for those who read no structured answers: the notice goes first, and what others wrote below it.
    return types.CallToolResult(content=[_text(orjson.dumps(told).decode())], structured_content=told)


def _failed(error: VestigeError) -> types.CallToolResult:
    named = (("expected", error.expected), ("got", error.got), ("what to do", error.hint), ("argument", error.field))
    lines = [error.message, *(f"{name}: {text}" for name, text in named if text)]
    told = {"code": error.code, "message": error.message} | {
        name.replace(" ", "_"): text for name, text in named if text
    }
    return types.CallToolResult(content=[_text("\n".join(lines))], structured_content=told, is_error=True)


def _text(text: str) -> types.TextContent:
    return types.TextContent(text=text)
