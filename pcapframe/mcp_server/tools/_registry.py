"""All tools, in the order of the documentation. A new tool is a file and one line here."""
# ruff: noqa: F403

from pcapframe.mcp_server.declaration import ServerTool

# isort: off
from pcapframe.mcp_server.tools.list_captures import *
from pcapframe.mcp_server.tools.analyze_tcp_anomalies import *
from pcapframe.mcp_server.tools.analyze_tcp_connections import *
from pcapframe.mcp_server.tools.analyze_tcp_retransmissions import *
from pcapframe.mcp_server.tools.analyze_traffic_flow import *
from pcapframe.mcp_server.tools.get_packets import *
from pcapframe.mcp_server.tools.dissect_packet import *
from pcapframe.mcp_server.tools.draw_chart import *
from pcapframe.mcp_server.tools.get_capture_facts import *
from pcapframe.mcp_server.tools.join_captures import *
# isort: on

TOOLS = tuple(value for value in tuple(globals().values()) if isinstance(value, ServerTool))
"""All tools."""
