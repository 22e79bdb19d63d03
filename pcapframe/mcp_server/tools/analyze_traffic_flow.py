"""Both directions of the traffic of a server."""

from typing import Annotated, Any

from mcp.server.mcpserver import Context
from pydantic import Field

from pcapframe import answers
from pcapframe.analysis import Analysis
from pcapframe.mcp_server.asked import Make, asked_of
from pcapframe.mcp_server.declaration import SERVER, Cursor, Limit, PcapFile, ServerPort, server_tool

__all__ = ["analyze_traffic_flow"]

DESCRIPTION = (
    "Compare both directions of a server's traffic: packets, bytes on the wire (byte_count), payload, flags, segments "
    "retransmitted. asymmetry_ratio: client packets / server packets. "
    "null: not known."
)


@server_tool(
    title="Two directions compared",
    description=DESCRIPTION,
    forms=(answers.FlowAnswer, answers.NoTcpAnswer),
    examples=({"server_ip": SERVER},),
)
async def analyze_traffic_flow(
    ctx: Context,
    pcap_file: PcapFile,
    server_ip: Annotated[str, Field(description="Address of the server")],
    server_port: ServerPort = None,
    limit: Limit = None,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """Answer with one page."""

    def make(analysis: Analysis) -> Make:
        return lambda count: answers.analyze_traffic_flow(analysis, server_ip, server_port, limit=count)

    question = ("analyze_traffic_flow", pcap_file, server_ip, server_port)
    return await asked_of(ctx).answer(ctx, question, make, limit=limit, cursor=cursor)
