"""The MCP server: the four answers and their evidence for assistants, over stdio or HTTP.

``server`` puts it together and runs it; ``tools`` (a file each, as ``declaration`` describes), ``resources`` and
``prompts`` are what a client sees. ``asked`` finds the analysis that a question is about; ``evidence`` and ``charts``
make what stands behind the four answers. ``captures`` opens captures and keeps their analyses, ``folders`` says which
files may be read, ``paging`` bounds every answer, ``schemas`` describes them. ``sentences`` words what goes wrong, and
``stdio`` answers what is no valid message.
"""

from pcapframe.errors import needs_extra

with needs_extra("the MCP server needs", "mcp"):
    from pcapframe.mcp_server.server import serve_http, serve_stdio
    from pcapframe.mcp_server.settings import Settings

__all__ = ["Settings", "serve_http", "serve_stdio"]
