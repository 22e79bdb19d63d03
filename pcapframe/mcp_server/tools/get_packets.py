"""The packets behind a pattern, or of a connection."""

from typing import Annotated, Any

import anyio.to_thread
from mcp.server.mcpserver import Context
from pydantic import Field

from pcapframe.mcp_server.asked import asked_of
from pcapframe.mcp_server.declaration import SERVER, Cursor, Limit, PcapFile, ServerIp, ServerPort, server_tool
from pcapframe.mcp_server.evidence import Packets, packets_behind
from pcapframe.mcp_server.paging import Cursor as Place
from pcapframe.mcp_server.paging import Question

__all__ = ["get_packets"]

ROWS = 20  # packets without a limit given
DESCRIPTION = (
    "List the packets behind a pattern of analyze_tcp_anomalies (by its name, with the same server filter), or of a "
    "connection (conn_id). rel_seq and rel_ack count bytes from the SYN. labels: Wireshark's tcp.analysis names and, "
    "by the evidence, resent, reordered, capture_duplicate. null: not known."
)


@server_tool(
    title="Packets",
    description=DESCRIPTION,
    forms=(Packets,),
    capture_text=("file",),
    examples=(
        {"pattern": "abnormal_termination"},
        {"pattern": "abnormal_termination", "server_ip": SERVER},
        {"conn_id": 1},
    ),
)
async def get_packets(
    ctx: Context,
    pcap_file: PcapFile,
    pattern: Annotated[str | None, Field(description="Name of a pattern")] = None,
    conn_id: Annotated[int | None, Field(ge=0, description="Number of a connection")] = None,
    server_ip: ServerIp = None,
    server_port: ServerPort = None,
    limit: Limit = None,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """Answer with one page."""
    held = await asked_of(ctx).analysis(ctx, pcap_file, server_ip, server_port, again=bool(cursor))
    question = Question(held.identity, ("get_packets", pcap_file, server_ip, server_port, pattern, conn_id))
    begin, count = question.read(cursor).entries, limit or ROWS

    def made() -> Packets:
        return packets_behind(held.analysis, pattern=pattern, conn_id=conn_id, begin=begin, count=count)

    answer = await anyio.to_thread.run_sync(made)
    end = begin + len(answer["packets"])
    goes_on = end < answer["packets_total"] and answer["packets"]
    return {**answer, "file": held.name, "next_cursor": question.write(Place(end)) if goes_on else None}
