"""The tools of the server: a file each, which declares the tool by the function that answers.

A new tool is a file of its own and one line in ``_registry``; everything that lists tools reads that.
"""

from pcapframe.mcp_server.tools._registry import TOOLS

__all__ = ["TOOLS"]
