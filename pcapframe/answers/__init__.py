"""The four answers: each takes a capture or an `Analysis` and returns a dict that ``json.dumps`` accepts.

Keys that the MCP tool ``mcpcap`` also has keep its names, nesting and types; there are more. What the capture cannot
show is null or counted separately. Lists are capped, with their exact totals next to them. Endpoints are
``address:port`` with IPv6 in brackets. If there is nothing to count, because the capture has no TCP or nothing matches
the filter, ``message`` says so: zeros then do not mean clean traffic. ``capture_text`` names the texts that come from
the capture itself.

``envelope`` has what all answers share; the other modules have one answer each.
"""

from pcapframe.answers.anomalies import AnomaliesAnswer, analyze_tcp_anomalies, anomalies_of
from pcapframe.answers.connections import ConnectionsAnswer, analyze_tcp_connections
from pcapframe.answers.envelope import Brief, Envelope, NoTcpAnswer, brief_standouts, capped_health
from pcapframe.answers.flow import FlowAnswer, analyze_traffic_flow
from pcapframe.answers.kinds import KINDS, frames_of_kind
from pcapframe.answers.retransmissions import RetransmissionsAnswer, analyze_tcp_retransmissions

__all__ = [
    "KINDS",
    "AnomaliesAnswer",
    "Brief",
    "ConnectionsAnswer",
    "Envelope",
    "FlowAnswer",
    "NoTcpAnswer",
    "RetransmissionsAnswer",
    "analyze_tcp_anomalies",
    "analyze_tcp_connections",
    "analyze_tcp_retransmissions",
    "analyze_traffic_flow",
    "anomalies_of",
    "brief_standouts",
    "capped_health",
    "frames_of_kind",
]
