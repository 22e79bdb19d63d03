"""The packets behind a pattern, or of a connection."""

from itertools import accumulate
from typing import Annotated, Any

import anyio.to_thread
from mcp.server.mcpserver import Context
from pydantic import Field

from pcapframe.mcp_server.asked import asked_of
from pcapframe.mcp_server.declaration import SERVER, Cursor, Limit, PcapFile, ServerIp, ServerPort, server_tool
from pcapframe.mcp_server.evidence import Packets, packets_behind
from pcapframe.mcp_server.paging import BUDGET, Question, compact
from pcapframe.mcp_server.paging import Cursor as Place

__all__ = ["get_packets"]

ROWS = 20  # packets without a limit given, as far as they fit
ROOM = 650  # reserved for the cursor, capture_text and the name of the capture [bytes]
DESCRIPTION = (
    "List the packets behind a pattern of analyze_tcp_anomalies (by its name, with the same server filter) or "
    "kind, or of a connection (conn_id). more_frames: those after the rows. rel_seq, rel_ack: bytes from the SYN. "
    "labels: Wireshark's tcp.analysis names and, by the evidence, resent, reordered, capture_duplicate, rst_ignored. "
    "null: not known."
)


def bounded(answer: Packets, *, fits: bool) -> Packets:
    """Leave out numbers of frames that an answer has no room for; with `fits`, write only the numbers of some rows."""
    room = BUDGET - ROOM - len(compact({**answer, "more_frames": []}))
    while fits and room < 0 and len(answer["packets"]) > 1:
        *rows, last = answer["packets"]
        answer = {**answer, "packets": rows, "more_frames": [last["frame"], *answer["more_frames"]]}
        room += len(compact(last)) + 1
    shown = sum(size <= room for size in accumulate(len(f"{frame},") for frame in answer["more_frames"]))
    return {**answer, "more_frames": answer["more_frames"][:shown]}


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
    pattern: Annotated[str | None, Field(description="Name of a pattern or kind")] = None,
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

    answer = bounded(await anyio.to_thread.run_sync(made), fits=limit is None)
    end = begin + len(answer["packets"])
    goes_on = end < answer["packets_total"] and answer["packets"]
    return {**answer, "file": held.name, "next_cursor": question.write(Place(end)) if goes_on else None}
