"""Patterns observed in the TCP connections of a capture, and the packets that show them."""

from typing import Any

from mcp.server.mcpserver import Context

from pcapframe import answers
from pcapframe.analysis import LISTED, Analysis
from pcapframe.answers.envelope import CAPTURE_TEXT
from pcapframe.mcp_server.asked import Make, asked_of
from pcapframe.mcp_server.declaration import SERVER, Cursor, Limit, PcapFile, ServerIp, ServerPort, server_tool
from pcapframe.mcp_server.steps import NextStep

__all__ = ["analyze_tcp_anomalies"]

DESCRIPTION = (
    "State what is observed in a capture's TCP connections, with the packets that show it, never why. "
    "statistics: handshakes (failed: refused or unanswered; incomplete: half open, aborted by the client, or begun "
    "before the capture), flags (syn: without ACK), RSTs by source and direction, segments retransmitted (rate: of "
    "TCP packets, 95 % interval), states. patterns: connection_establishment, connection_termination, "
    "reliability, connection_lifecycle and timing, each with its numbers (..._s in seconds, rates 0 to 1) and "
    "evidence: connections (conn_id), frame numbers, a display filter. kinds: frames by kind of packet. "
    "next_steps: calls that name the rest. null: not known."
)


class FirstAnswer(answers.AnomaliesAnswer):
    """The answer, and what to ask next."""

    next_steps: list[NextStep]


@server_tool(
    title="Observed patterns",
    description=DESCRIPTION,
    forms=(FirstAnswer, answers.NoTcpAnswer),
    capture_text=CAPTURE_TEXT,
    describes_envelope=True,
    examples=({}, {"server_ip": SERVER}),
)
async def analyze_tcp_anomalies(
    ctx: Context,
    pcap_file: PcapFile,
    server_ip: ServerIp = None,
    server_port: ServerPort = None,
    limit: Limit = None,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """Answer with one page."""

    def make(analysis: Analysis) -> Make:
        return lambda count: answers.anomalies_of(analysis, limit=count, evidence=LISTED)

    question = ("analyze_tcp_anomalies", pcap_file, server_ip, server_port)
    return await asked_of(ctx).answer(ctx, question, make, limit=limit, cursor=cursor, is_first=True)
