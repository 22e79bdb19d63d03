"""How the TCP connections of a capture opened, ran and ended."""

from typing import Annotated, Any

from mcp.server.mcpserver import Context
from pydantic import Field

from pcapframe import answers
from pcapframe.analysis import Analysis
from pcapframe.mcp_server.asked import Make, asked_of
from pcapframe.mcp_server.declaration import (
    MOST,
    SERVER,
    Cursor,
    Limit,
    PcapFile,
    ServerIp,
    ServerPort,
    server_tool,
)
from pcapframe.mcp_server.paging import FEW

__all__ = ["analyze_tcp_connections"]

DESCRIPTION = (
    "State how the TCP connections of a capture opened, ran and ended: counts, issues, and connections in order of "
    "their first packet (10 unless detailed). handshake_completed is also false if the handshake was not captured: "
    "see handshake. roles: what shows the client (syn, syn_ack or inferred). null: not known."
)


@server_tool(
    title="TCP connections",
    description=DESCRIPTION,
    forms=(answers.ConnectionsAnswer, answers.NoTcpAnswer),
    examples=({}, {"server_ip": SERVER}),
    capture_text=("file", "notes", "standouts.sentence", "connections.server_name"),
)
async def analyze_tcp_connections(
    ctx: Context,
    pcap_file: PcapFile,
    server_ip: ServerIp = None,
    server_port: ServerPort = None,
    detailed: Annotated[bool, Field(description=f"As many a page as fit, {MOST} at most")] = False,
    limit: Limit = None,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """Answer with one page."""

    def make(analysis: Analysis) -> Make:
        # The page decides which connections are shown, so that later pages go on behind the first ten.
        return lambda count: answers.analyze_tcp_connections(analysis, detailed=True, limit=count)

    question = ("analyze_tcp_connections", pcap_file, server_ip, server_port, detailed)
    most = FEW
    if detailed:  # as many as fit, whatever the limit
        limit, most = None, limit or MOST
    elif limit:
        limit = min(limit, FEW)
    return await asked_of(ctx).answer(ctx, question, make, limit=limit, cursor=cursor, most=most)
