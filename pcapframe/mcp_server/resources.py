"""Resources: the evidence under ``pcapframe://``, for clients that attach resources instead of calling tools.

The path or URL of the capture is one segment of the URI, with slashes written ``%2F``.
"""

from typing import Any
from urllib.parse import quote

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.resources import ResourceSecurity
from mcp_types import ListResourcesResult, Resource

from pcapframe.mcp_server.captures import Captures
from pcapframe.mcp_server.declaration import Drawn, ServerTool
from pcapframe.mcp_server.paging import Cursor, Question, compact
from pcapframe.mcp_server.tools.dissect_packet import dissect_packet
from pcapframe.mcp_server.tools.draw_chart import draw_chart
from pcapframe.mcp_server.tools.get_capture_facts import get_capture_facts
from pcapframe.mcp_server.tools.get_packets import get_packets
from pcapframe.wording import printable

__all__ = ["add_resources", "listed_resources"]

LISTED = 50  # a page

# Paths are checked against the root folders, absolute ones too.
SECURITY = ResourceSecurity(exempt_params={"pcap_file"})
CAPTURE = "pcapframe://capture/{pcap_file}"
JSON, PNG = "application/json", "image/png"


async def _text(tool: ServerTool, *arguments: Any, **named: Any) -> str:
    answer = await tool.answer(*arguments, **named)
    assert isinstance(answer, dict)
    return compact(tool.marked(answer))


async def _picture(*arguments: Any, **named: Any) -> bytes:
    answer = await draw_chart.answer(*arguments, **named)
    assert isinstance(answer, Drawn)
    return answer.png


def add_resources(server: MCPServer[Any]) -> None:
    """Register the resources.

    Parameters
    ----------
    server : MCPServer
        The server.
    """

    @server.resource(f"{CAPTURE}/facts", title="Capture facts", mime_type=JSON, security=SECURITY)
    async def capture_facts(ctx: Context, pcap_file: str) -> str:
        """Facts about a capture, including what could not be read."""
        return await _text(get_capture_facts, ctx, pcap_file)

    @server.resource(f"{CAPTURE}/pattern/{{pattern}}", title="Packets of a pattern", mime_type=JSON, security=SECURITY)
    async def pattern_packets(ctx: Context, pcap_file: str, pattern: str) -> str:
        """The first packets behind a pattern."""
        return await _text(get_packets, ctx, pcap_file, pattern=pattern)

    @server.resource(
        f"{CAPTURE}/connection/{{conn_id}}", title="Packets of a connection", mime_type=JSON, security=SECURITY
    )
    async def connection_packets(ctx: Context, pcap_file: str, conn_id: int) -> str:
        """The first packets of a connection."""
        return await _text(get_packets, ctx, pcap_file, conn_id=conn_id)

    @server.resource(f"{CAPTURE}/frame/{{frame}}", title="One packet", mime_type=JSON, security=SECURITY)
    async def frame_layers(ctx: Context, pcap_file: str, frame: int) -> str:
        """One packet, dissected layer by layer."""
        return await _text(dissect_packet, ctx, pcap_file, frame)

    @server.resource(f"{CAPTURE}/chart/{{chart}}", title="Chart", mime_type=PNG, security=SECURITY)
    async def capture_chart(ctx: Context, pcap_file: str, chart: str) -> bytes:
        """A chart, by its name in draw_chart."""
        return await _picture(ctx, pcap_file, chart)

    @server.resource(
        f"{CAPTURE}/connection/{{conn_id}}/time_sequence", title="Time and sequence", mime_type=PNG, security=SECURITY
    )
    async def connection_chart(ctx: Context, pcap_file: str, conn_id: int) -> bytes:
        """Sequence numbers of a connection over time."""
        return await _picture(ctx, pcap_file, "time_sequence", conn_id=conn_id)


def listed_resources(captures: Captures, cursor: str | None) -> ListResourcesResult:
    """List the facts of each capture below the root folders.

    Parameters
    ----------
    captures : Captures
        Of the server.
    cursor : str, optional
        From the page before.

    Returns
    -------
    ListResourcesResult
        One page, without reading the captures; their other resources are by the templates.
    """
    found = captures.find()
    names, question = found.names, Question(found.identity, ("resources/list",))
    begin = question.read(cursor).entries
    resources = [
        Resource(
            uri=CAPTURE.format(pcap_file=quote(name, safe="", errors="surrogateescape")) + "/facts",
            name=printable(name),
            title=f"Facts of {printable(name)}",
            mime_type=JSON,
        )
        for name in names[begin : begin + LISTED]
    ]
    end = begin + len(resources)
    return ListResourcesResult(
        resources=resources, next_cursor=question.write(Cursor(end)) if begin < end < len(names) else None
    )
