"""Resources: the evidence under ``pcapframe://``, for clients that attach rather than call.

A capture's path or URL is one part of the address, its slashes as ``%2F``.
"""

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.resources import ResourceSecurity

from pcapframe.mcp_server.evidence_tools import dissected, facts, packets
from pcapframe.mcp_server.paging import compact
from pcapframe.mcp_server.tools import Asked

__all__ = ["add_resources"]

# Paths are held against the folders that may be read, absolute ones too.
SECURITY = ResourceSecurity(exempt_params={"pcap_file"})
CAPTURE = "pcapframe://capture/{pcap_file}"
JSON = "application/json"


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
