"""Tools for the evidence: packets, one packet taken apart, charts, facts about a capture."""

from base64 import b64encode
from functools import partial
from typing import Annotated, Any

import anyio.to_thread
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.tools import Tool
from mcp_types import CallToolResult, ImageContent
from pydantic import Field

from pcapframe.mcp_server.captures import Held
from pcapframe.mcp_server.charts import Chart, chart_png
from pcapframe.mcp_server.evidence import (
    CaptureFacts,
    DissectedPacket,
    Packets,
    capture_facts,
    dissected_packet,
    packets_behind,
)
from pcapframe.mcp_server.paging import Cursor as Place
from pcapframe.mcp_server.paging import Question
from pcapframe.mcp_server.tools import Asked, Cursor, Limit, PcapFile, ServerIp, ServerPort, made_tool, result

__all__ = ["dissected", "drawn", "evidence_tools", "facts", "packets"]

ROWS = 20  # packets without a limit given
ENTRIES = 10  # of the lists about a capture

PACKETS = (
    "List the packets behind a pattern of analyze_tcp_anomalies (by its name, with the same server filter), or of a "
    "connection (conn_id). rel_seq and rel_ack count bytes from the SYN. labels: Wireshark's tcp.analysis names and, "
    "by the evidence, resent, reordered, capture_duplicate. null: not known."
)
PACKET = "Take one packet apart, layer by layer, as far as it was captured: its fields as scapy reads them."
CHART = (
    "Draw a chart as PNG: RSTs by the phase of their connection, segments sent again by time, or the bytes of one "
    "connection by time (conn_id; that with the most payload without it)."
)
FACTS = (
    "State the facts about a capture: format, times (UTC), packets by protocol, interfaces with what each received "
    "and dropped, comments, snaplen [bytes], and what could not be read of it (notes, truncated). null: not stated."
)


async def packets(
    asked: Asked,
    ctx: Context,
    pcap_file: str,
    *,
    pattern: str | None = None,
    conn_id: int | None = None,
    server_ip: str | None = None,
    server_port: int | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> dict[str, Any]:
    """Answer with a page of packets.

    Parameters
    ----------
    asked : Asked
        Has the captures.
    ctx : Context
        Of the request.
    pcap_file, pattern, conn_id, server_ip, server_port, limit, cursor
        As a client gives them.

    Returns
    -------
    dict
        A `Packets` with ``next_cursor``.
    """
    held = await asked.analysis(ctx, pcap_file, server_ip, server_port, again=bool(cursor))
    question = Question(held.identity, ("get_packets", pcap_file, server_ip, server_port, pattern, conn_id))
    begin, count = question.read(cursor).entries, limit or ROWS

    def made() -> Packets:
        return packets_behind(held.analysis, pattern=pattern, conn_id=conn_id, begin=begin, count=count)

    answer = await anyio.to_thread.run_sync(made)
    end = begin + len(answer["packets"])
    goes_on = end < answer["packets_total"] and answer["packets"]
    return {**answer, "file": held.name, "next_cursor": question.write(Place(end)) if goes_on else None}


async def dissected(asked: Asked, ctx: Context, pcap_file: str, frame: int) -> dict[str, Any]:
    """Answer with one packet taken apart.

    Parameters
    ----------
    asked : Asked
        Has the captures.
    ctx : Context
        Of the request.
    pcap_file, frame
        As a client gives them.

    Returns
    -------
    dict
        A `DissectedPacket`.
    """
    held = await asked.analysis(ctx, pcap_file, again=True)

    def made() -> DissectedPacket:
        with asked.captures.reopen(pcap_file, held) as source:
            return dissected_packet(held.analysis, frame, source)

    return {**await anyio.to_thread.run_sync(made), "file": held.name}


async def drawn(
    asked: Asked,
    ctx: Context,
    pcap_file: str,
    chart: Chart,
    *,
    conn_id: int | None = None,
    server_ip: str | None = None,
    server_port: int | None = None,
) -> bytes:
    """Answer with a chart.

    Parameters
    ----------
    asked : Asked
        Has the captures.
    ctx : Context
        Of the request.
    pcap_file, chart, conn_id, server_ip, server_port
        As a client gives them.

    Returns
    -------
    bytes
        PNG.
    """
    held = await asked.analysis(ctx, pcap_file, server_ip, server_port)
    return await anyio.to_thread.run_sync(partial(chart_png, held.analysis, chart, conn_id=conn_id))


async def facts(asked: Asked, ctx: Context, pcap_file: str, *, limit: int | None = None) -> dict[str, Any]:
    """Answer with the facts about a capture.

    Parameters
    ----------
    asked : Asked
        Has the captures.
    ctx : Context
        Of the request.
    pcap_file, limit
        As a client gives them.

    Returns
    -------
    dict
        A `CaptureFacts`.
    """
    held: Held = await asked.analysis(ctx, pcap_file)
    return {**capture_facts(held.analysis, limit=limit or ENTRIES), "file": held.name}


def evidence_tools(asked: Asked) -> list[Tool]:
    """Make the tools for the evidence.

    Parameters
    ----------
    asked : Asked
        Answers the questions.

    Returns
    -------
    list of Tool
        To be registered.
    """

    async def get_packets(
        ctx: Context,
        pcap_file: PcapFile,
        pattern: Annotated[str | None, Field(description="Name of a pattern")] = None,
        conn_id: Annotated[int | None, Field(ge=0, description="Number of a connection")] = None,
        server_ip: ServerIp = None,
        server_port: ServerPort = None,
        limit: Limit = None,
        cursor: Cursor = None,
    ) -> CallToolResult:
        chosen = {"pattern": pattern, "conn_id": conn_id, "server_ip": server_ip, "server_port": server_port}
        return result(await packets(asked, ctx, pcap_file, **chosen, limit=limit, cursor=cursor))  # type: ignore[arg-type]

    async def dissect_packet(
        ctx: Context, pcap_file: PcapFile, frame: Annotated[int, Field(ge=1, description="Frame number")]
    ) -> CallToolResult:
        return result(await dissected(asked, ctx, pcap_file, frame))

    async def draw_chart(
        ctx: Context,
        pcap_file: PcapFile,
        chart: Chart,
        conn_id: Annotated[int | None, Field(ge=0, description="For time_sequence")] = None,
        server_ip: ServerIp = None,
        server_port: ServerPort = None,
    ) -> CallToolResult:
        png = await drawn(asked, ctx, pcap_file, chart, conn_id=conn_id, server_ip=server_ip, server_port=server_port)
        return CallToolResult(content=[ImageContent(type="image", data=b64encode(png).decode(), mime_type="image/png")])

    async def get_capture_facts(ctx: Context, pcap_file: PcapFile, limit: Limit = None) -> CallToolResult:
        return result(await facts(asked, ctx, pcap_file, limit=limit))

    return [
        made_tool(get_packets, "Packets", PACKETS, Packets),
        made_tool(dissect_packet, "One packet", PACKET, DissectedPacket, pages=False),
        made_tool(draw_chart, "Chart", CHART),
        made_tool(get_capture_facts, "Capture facts", FACTS, CaptureFacts, pages=False),
    ]
