"""Facts about a capture and its health."""

from typing import Any

from mcp.server.mcpserver import Context

from pcapframe.answers.envelope import CAPTURE_TEXT
from pcapframe.mcp_server.asked import asked_of
from pcapframe.mcp_server.declaration import Limit, PcapFile, server_tool
from pcapframe.mcp_server.described import CaptureFacts, capture_facts
from pcapframe.mcp_server.paging import FEW

__all__ = ["get_capture_facts"]

DESCRIPTION = (
    "State facts about a capture: format, times (UTC), packets by protocol, interfaces with packets received and "
    "dropped, comments, snaplen [bytes], and what could not be read (notes, truncated). null: not stated."
)


@server_tool(
    title="Capture facts",
    description=DESCRIPTION,
    forms=(CaptureFacts,),
    pages=False,
    capture_text=(*CAPTURE_TEXT, "interfaces.name", "interfaces.description", "comments.text"),
)
async def get_capture_facts(ctx: Context, pcap_file: PcapFile, limit: Limit = None) -> dict[str, Any]:
    """Answer with the facts."""
    held = await asked_of(ctx).analysis(ctx, pcap_file)
    return {**capture_facts(held.analysis, limit=limit or FEW), "file": held.name}
