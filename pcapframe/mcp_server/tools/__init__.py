"""The tools of the server, one file each.

To add a tool, add a file that declares it and one line in ``_registry``, which everything that lists tools reads.
"""

from pcapframe.mcp_server.tools._registry import TOOLS

__all__ = ["TOOLS"]
