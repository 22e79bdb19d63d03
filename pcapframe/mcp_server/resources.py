"""Resources: the evidence under ``pcapframe://``, for clients that attach rather than call.

A capture's path or URL is one part of the address, its slashes as ``%2F``.
"""

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.resources import ResourceSecurity

from pcapframe.mcp_server.charts import Chart
from pcapframe.mcp_server.evidence_tools import dissected, drawn, facts, packets
from pcapframe.mcp_server.paging import compact
from pcapframe.mcp_server.tools import Asked

__all__ = ["add_resources"]

# Paths are held against the folders that may be read, absolute ones too.
SECURITY = ResourceSecurity(exempt_params={"pcap_file"})
CAPTURE = "pcapframe://capture/{pcap_file}"
JSON, PNG = "application/json", "image/png"


def add_resources(server: MCPServer[None], asked: Asked) -> None:
    """Register the resources.

    Parameters
    ----------
    server : MCPServer
        What gets them.
    asked : Asked
        Answers the questions.
    """

    @server.resource(f"{CAPTURE}/facts", title="Capture facts", mime_type=JSON, security=SECURITY)
    async def capture_facts(ctx: Context, pcap_file: str) -> str:
        """Facts about a capture, and what could not be read of it."""
        return compact(await facts(asked, ctx, pcap_file))

    @server.resource(f"{CAPTURE}/pattern/{{pattern}}", title="Packets of a pattern", mime_type=JSON, security=SECURITY)
    async def pattern_packets(ctx: Context, pcap_file: str, pattern: str) -> str:
        """The first packets behind a pattern."""
        return compact(await packets(asked, ctx, pcap_file, pattern=pattern))

    @server.resource(
        f"{CAPTURE}/connection/{{conn_id}}", title="Packets of a connection", mime_type=JSON, security=SECURITY
    )
    async def connection_packets(ctx: Context, pcap_file: str, conn_id: int) -> str:
        """The first packets of a connection."""
        return compact(await packets(asked, ctx, pcap_file, conn_id=conn_id))

    @server.resource(f"{CAPTURE}/frame/{{frame}}", title="One packet", mime_type=JSON, security=SECURITY)
    async def frame_layers(ctx: Context, pcap_file: str, frame: int) -> str:
        """One packet taken apart, layer by layer."""
        return compact(await dissected(asked, ctx, pcap_file, frame))

    @server.resource(f"{CAPTURE}/chart/{{chart}}", title="Chart", mime_type=PNG, security=SECURITY)
    async def capture_chart(ctx: Context, pcap_file: str, chart: Chart) -> bytes:
        """A chart: rst_distribution, retransmission_timeline or time_sequence."""
        return await drawn(asked, ctx, pcap_file, chart)

    @server.resource(
        f"{CAPTURE}/connection/{{conn_id}}/time_sequence", title="Time and sequence", mime_type=PNG, security=SECURITY
    )
    async def connection_chart(ctx: Context, pcap_file: str, conn_id: int) -> bytes:
        """The bytes of a connection by time."""
        return await drawn(asked, ctx, pcap_file, "time_sequence", conn_id=conn_id)
