"""The four answers of the tool: a capture or an `Analysis` in, a dict that ``json.dumps`` takes out.

The keys of the older MCP tool ``mcpcap`` keep their names, nesting and types; more stand beside them. What
the capture cannot show is null or counted apart, lists are capped beside their exact totals, and endpoints
are ``address:port`` with IPv6 in brackets. Where there is nothing to count, because the capture has no TCP or
nothing matches the filter, ``message`` says so: the zeros beside it stand for that, not for clean traffic.

``envelope`` is what all have; the others have one answer each.
"""

from pcapframe.answers.anomalies import AnomaliesAnswer, analyze_tcp_anomalies
from pcapframe.answers.connections import ConnectionsAnswer, analyze_tcp_connections
from pcapframe.answers.envelope import Envelope, NoTcpAnswer, capped_health
from pcapframe.answers.flow import FlowAnswer, analyze_traffic_flow
from pcapframe.answers.retransmissions import RetransmissionsAnswer, analyze_tcp_retransmissions

__all__ = [
    "AnomaliesAnswer",
    "ConnectionsAnswer",
    "Envelope",
    "FlowAnswer",
    "NoTcpAnswer",
    "RetransmissionsAnswer",
    "analyze_tcp_anomalies",
    "analyze_tcp_connections",
    "analyze_tcp_retransmissions",
    "analyze_traffic_flow",
    "capped_health",
]
