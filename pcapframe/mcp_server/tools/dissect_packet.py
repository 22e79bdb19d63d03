"""One packet, dissected layer by layer."""

from typing import Annotated, Any

import anyio.to_thread
from mcp.server.mcpserver import Context
from pydantic import Field

from pcapframe.mcp_server.asked import asked_of
from pcapframe.mcp_server.declaration import PcapFile, server_tool
from pcapframe.mcp_server.described import DissectedPacket, dissected_packet

__all__ = ["dissect_packet"]


@server_tool(
    title="One packet",
    description="Dissect one packet layer by layer, as far as it was captured, with the fields that scapy reads.",
    forms=(DissectedPacket,),
    pages=False,
    capture_text=("file", "summary", "layers.fields"),
    examples=({"frame": 1},),
)
async def dissect_packet(
    ctx: Context, pcap_file: PcapFile, frame: Annotated[int, Field(ge=1, description="Frame number")]
) -> dict[str, Any]:
    """Answer with the layers."""
    asked = asked_of(ctx)
    held = await asked.analysis(ctx, pcap_file, again=True)

    def made() -> DissectedPacket:
        with asked.captures.reopen(pcap_file, held) as source:
            return dissected_packet(held.analysis, frame, source)

    return {**await anyio.to_thread.run_sync(made), "file": held.name}
