"""The captures that the server may read."""

from typing import Annotated, Any, TypedDict

import anyio.to_thread
from mcp.server.mcpserver import Context
from pydantic import Field

from pcapframe.mcp_server.asked import asked_of
from pcapframe.mcp_server.declaration import Cursor, Limit, server_tool
from pcapframe.mcp_server.listing import CaptureEntry
from pcapframe.mcp_server.paging import BUDGET, Question, compact
from pcapframe.mcp_server.paging import Cursor as Place

__all__ = ["CaptureList", "list_captures"]

ROWS = 20  # captures without a limit
ROOM = 350  # reserved for the cursor and the other keys [bytes]
DESCRIPTION = (
    "List the captures that this server may read, by name: size, format, packets, times, whether damaged, and what "
    "stands out first where analysed already. null: not read for this list (large)."
)


class CaptureList(TypedDict):
    """Captures in order of their names; `is_whole` is False if the folders hold more than is looked at."""

    captures: list[CaptureEntry]
    captures_total: int
    is_whole: bool


@server_tool(
    title="Captures",
    description=DESCRIPTION,
    forms=(CaptureList,),
    capture_text=("captures.file", "captures.problem"),
    examples=({}, {"name": "pcap"}),
)
async def list_captures(
    ctx: Context,
    name: Annotated[str | None, Field(description="Part of the name")] = None,
    limit: Limit = None,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """Answer with one page."""
    captures = asked_of(ctx).captures

    def made() -> dict[str, Any]:
        found = captures.find(name or "")
        question = Question(found.identity, ("list_captures", name))
        begin = question.read(cursor).entries
        described = captures.describe(found.names[begin : begin + (limit or ROWS)])
        shown, room = 0, BUDGET - ROOM
        for entry in described:
            room -= len(compact(entry)) + 1
            shown += room >= 0
        end = begin + max(shown, min(len(described), 1))
        answer = CaptureList(
            captures=described[: end - begin], captures_total=len(found.names), is_whole=found.is_whole
        )
        goes_on = begin < end < len(found.names)
        return {**answer, "next_cursor": question.write(Place(end)) if goes_on else None}

    return await anyio.to_thread.run_sync(made)
