"""Two captures of the same traffic, joined."""

from typing import Annotated, Any

import anyio.to_thread
from mcp.server.mcpserver import Context
from pydantic import Field

from pcapframe.mcp_server.asked import asked_of
from pcapframe.mcp_server.declaration import PcapFile, server_tool
from pcapframe.mcp_server.joins import JoinAnswer, join_answer

__all__ = ["join_captures"]

DESCRIPTION = (
    "Join two captures of the same traffic, also across NAT: what was lost or added between them, clocks, delays. "
    "null: unknown."
)


@server_tool(
    title="Join",
    description=DESCRIPTION,
    forms=(JoinAnswer,),
    pages=False,
    capture_text=("standouts", "joined.points.capture"),
    examples=({"other_file": "clean.pcap"},),
)
async def join_captures(
    ctx: Context, pcap_file: PcapFile, other_file: Annotated[str, Field(description="At the other point")]
) -> dict[str, Any]:
    """Answer with what the join found."""
    asked = asked_of(ctx)
    here, there = [await asked.analysis(ctx, file) for file in (pcap_file, other_file)]
    return await anyio.to_thread.run_sync(join_answer, here, there)
