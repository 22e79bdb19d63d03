"""The MCP server: the four answers and their evidence for assistants, over stdio or HTTP.

``server`` assembles and runs it. Clients see ``tools`` (one file each, see ``declaration``), ``resources`` and
``prompts``. ``asked`` finds the analysis for a request; ``evidence`` and ``charts`` make packets, facts and pictures.
``captures`` opens captures and keeps their analyses within ``room``; ``folders`` decides which files may be read.
``paging`` bounds the answers, ``schemas`` describes them, ``sentences`` words errors, and ``stdio`` is the transport.
"""

from pcapframe.errors import needs_extra

with needs_extra("the MCP server needs", "mcp"):
    from pcapframe.mcp_server.server import serve_http, serve_stdio
    from pcapframe.mcp_server.settings import Settings

__all__ = ["Settings", "serve_http", "serve_stdio"]
