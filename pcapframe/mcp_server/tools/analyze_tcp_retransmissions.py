"""What was retransmitted, by the evidence, and in which connections."""

from typing import Annotated, Any

from mcp.server.mcpserver import Context
from pydantic import Field

from pcapframe import answers
from pcapframe.analysis import Analysis
from pcapframe.mcp_server.asked import Make, asked_of
from pcapframe.mcp_server.declaration import SERVER, Cursor, Limit, PcapFile, ServerIp, server_tool

__all__ = ["analyze_tcp_retransmissions"]

DESCRIPTION = (
    "State how many TCP segments were retransmitted, by bytes, IP ids, timestamps and SACK (repeated SYN, FIN count; "
    "keep-alives and a mirror port's copies do not), and in which connections, the highest rates first. Rates are of "
    "TCP packets, 0 to 1. wireshark_...: the count by Wireshark's rules. "
    "null: not known."
)


@server_tool(
    title="Retransmissions",
    description=DESCRIPTION,
    forms=(answers.RetransmissionsAnswer, answers.NoTcpAnswer),
    examples=({}, {"server_ip": SERVER}),
)
async def analyze_tcp_retransmissions(
    ctx: Context,
    pcap_file: PcapFile,
    server_ip: ServerIp = None,
    threshold: Annotated[
        float | None, Field(ge=0, le=1, description="Rate to compare with; by default that of the patterns")
    ] = None,
    limit: Limit = None,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """Answer with one page."""

    def make(analysis: Analysis) -> Make:
        return lambda count: answers.analyze_tcp_retransmissions(analysis, threshold=threshold, limit=count)

    question = ("analyze_tcp_retransmissions", pcap_file, server_ip, None, threshold)
    return await asked_of(ctx).answer(ctx, question, make, limit=limit, cursor=cursor)
