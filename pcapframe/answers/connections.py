"""How TCP connections began and ended, and what they carried."""

from typing import Any, TypedDict, cast

import numpy as np
import pandas as pd

from pcapframe.analysis import LISTED, Address, Analysis, count_label
from pcapframe.answers.envelope import CAPTURE_TEXT, Envelope, NoTcpAnswer, Source, analysis_of, envelope_of, no_tcp
from pcapframe.answers.waits import waits_of
from pcapframe.display_filters import connection_filters
from pcapframe.measures import each_way, endpoint_text
from pcapframe.naming import server_name_text
from pcapframe.packets import DecodeAs
from pcapframe.wording import counted

__all__ = ["NAMED_TEXT", "ConnectionsAnswer", "analyze_tcp_connections"]

NAMED_TEXT = (*CAPTURE_TEXT, "connections.server_name")
FEW = 10  # connections unless `detailed`
# What each number depends on, by its key.
QUALIFIED_CONNECTIONS = {
    "tcp_packets_found": ("packets",),
    "connections_total": ("connections",),
    "summary.total_connections": ("connections",),
    "summary.successful_handshakes": ("handshakes",),
    "summary.established_connections": ("handshakes",),
    "summary.failed_handshakes": ("handshakes", "unanswered"),
    "summary.reset_connections": ("endings",),
    "summary.normal_close": ("endings",),
    "summary.active_connections": ("open_endings",),
    **dict.fromkeys((f"connections.{flag}_count" for flag in ("syn", "syn_ack", "rst", "fin")), ("flags",)),
    **dict.fromkeys((f"connections.{name}" for name in ("packet_count", "data_packets", "ack_count")), ("packets",)),
    "connections.retransmissions": ("retransmissions",),
    "connections.wireshark_retransmissions": ("retransmissions",),
    "connections.duration_s": ("durations",),
}


class ConnectionsSummary(TypedDict):
    """Connections by handshake and ending."""

    total_connections: int
    successful_handshakes: int
    failed_handshakes: int
    established_connections: int
    reset_connections: int
    normal_close: int
    active_connections: int
    incomplete_handshakes: int


class ConnectionDetails(TypedDict):
    """One connection."""

    client: str
    server: str
    server_name: str | None
    state: str
    handshake_completed: bool
    syn_count: int
    syn_ack_count: int
    ack_count: int
    rst_count: int
    fin_count: int
    data_packets: int
    retransmissions: int
    wireshark_retransmissions: int
    close_reason: str
    packet_count: int
    conn_id: int
    handshake: str
    ending: str
    reset_by: str
    roles: str
    start: str | None
    duration_s: float | None
    display_filter: str


class ConnectionsAnswer(Envelope):
    """The answer of `analyze_tcp_connections`."""

    total_packets: int
    tcp_packets_found: int
    summary: ConnectionsSummary
    connections: list[ConnectionDetails]
    connections_total: int
    issues: list[str]
    waits: dict[str, Any]


def analyze_tcp_connections(
    source: Source,
    server_ip: Address | None = None,
    server_port: int | None = None,
    detailed: bool = False,
    *,
    limit: int = LISTED,
    decode_as: DecodeAs | None = None,
) -> ConnectionsAnswer | NoTcpAnswer:
    """State how the TCP connections of a capture began and ended, and what they carried.

    Parameters
    ----------
    source : capture, list of captures, DataFrame or Analysis
        As for `analyze_tcp_anomalies`.
    server_ip, server_port : optional
        Only connections whose server endpoint matches both.
    detailed : bool, default False
        Up to `limit` connections instead of the first ten.
    limit : int, default 100
        Most connections and most notes; the totals are exact.
    decode_as : str or iterable of str, optional
        As for `read_pcap`.

    Returns
    -------
    dict
        ``summary``, ``connections`` in order of their first packet, and ``issues``: sentences with counts.
        ``established_connections`` counts completed handshakes, ``active_connections`` connections without an end
        in the capture. ``handshake_completed`` is False also where the handshake was not captured; ``handshake``
        tells the two apart. ``waits`` sums up requests and responses, and where the time went [s].

    Raises
    ------
    CaptureError
        The capture cannot be read.
    ParameterError
        An argument is not valid.

    Examples
    --------
    >>> import pcapframe as pf
    >>> answer = analyze_tcp_connections(pf.example("clean.pcap"))
    >>> answer["summary"]["total_connections"], len(answer["connections"]), answer["issues"]
    (13, 10, [])
    """
    analysis = analysis_of(source, server_ip, server_port, limit, decode_as)
    envelope = envelope_of(analysis, limit, QUALIFIED_CONNECTIONS)
    if not analysis.segment_count:
        return no_tcp(analysis, envelope)
    counts = analysis.statistics
    handshake, endings = counts["handshake"], counts["endings"]
    connections = analysis.counted.connections
    listed = connections.iloc[: limit if detailed else min(limit, FEW)]
    return ConnectionsAnswer(
        **(envelope | {"capture_text": list(NAMED_TEXT)}),
        total_packets=analysis.packet_count,
        tcp_packets_found=counts["total_packets"],
        summary=ConnectionsSummary(
            total_connections=counts["total_connections"],
            successful_handshakes=handshake["successful"],
            failed_handshakes=handshake["failed"],
            established_connections=handshake["successful"],
            reset_connections=endings["reset"],
            normal_close=endings["fin"],
            active_connections=endings["open"] + endings["half_closed"],
            incomplete_handshakes=handshake["incomplete"],
        ),
        connections=_details(analysis.counted.segments, listed),
        connections_total=len(connections),
        issues=_issues(analysis),
        waits=waits_of(analysis.connections),
    )


def _details(segments: pd.DataFrame, connections: pd.DataFrame) -> list[ConnectionDetails]:
    """Describe connections."""
    handshake, ending = connections["handshake"].astype(str), connections["ending"].astype(str)
    began = handshake.isin(["complete", "not_captured"])
    close_reason = np.select([ending == "reset", ending == "fin", began], ["reset", "normal", "active"], "unknown")
    details = pd.DataFrame(
        {
            "client": endpoint_text(connections["client"], connections["client_port"]),
            "server": endpoint_text(connections["server"], connections["server_port"]),
            "server_name": pd.Series(
                [name or None for name in server_name_text(connections)], connections.index, dtype=object
            ),
            "state": np.where(ending.isin(["reset", "fin"]), "closed", "active"),
            "handshake_completed": handshake == "complete",
            "syn_count": connections["syn_count"],
            "syn_ack_count": connections["syn_ack_count"],
            "ack_count": each_way(connections, "ack_packets"),
            "rst_count": each_way(connections, "rsts"),
            "fin_count": each_way(connections, "fins"),
            "data_packets": each_way(connections, "data_packets"),
            "retransmissions": each_way(connections, "resent_segments"),
            "wireshark_retransmissions": count_label(segments, "retransmission", connections.index),
            "close_reason": close_reason,
            "packet_count": each_way(connections, "packets"),
            "conn_id": connections.index,
            "handshake": handshake,
            "ending": ending,
            "reset_by": connections["reset_by"].astype(str),
            "roles": connections["roles"].astype(str),
            "start": _or_none(connections["start"].map(pd.Timestamp.isoformat, na_action="ignore")),
            "duration_s": _or_none(connections["duration_s"]),
            "display_filter": connection_filters(connections),
        },
        index=connections.index,
    )
    return cast(list[ConnectionDetails], details.to_dict("records"))


def _issues(analysis: Analysis) -> list[str]:
    """State the counts that a reader looks for first."""
    counts = analysis.statistics
    handshake = counts["handshake"]
    failed = f"failed ({handshake['refused']:,} refused, {handshake['unanswered']:,} unanswered)"
    half_open = "answered by the server and not acknowledged by the client"
    wordings = (
        (counts["endings"]["reset"], ("endings",), "connection", "ended by RST"),
        (counts["retransmissions"]["total"], ("retransmissions",), "segment", "retransmitted"),
        (handshake["failed"], ("handshakes", "unanswered"), "handshake", failed),
        (handshake["half_open"], ("unanswered",), "handshake", half_open),
        (handshake["aborted"], ("handshakes",), "handshake", "aborted by a RST of the client after the SYN-ACK"),
    )
    issues = [
        f"{analysis.health.qualify_count(n, noun, *statistics)} {what}" for n, statistics, noun, what in wordings if n
    ]
    errors = analysis.counted.connections["icmp_errors"].fillna(0)
    if quoted := int((errors > 0).sum()):
        count = analysis.health.qualify_count(int(errors.sum()), "ICMP error", "packets")
        issues.append(f"{count} that quote packets of {counted(quoted, 'connection')}")
    return issues


def _or_none(column: pd.Series) -> pd.Series:
    return column.astype(object).where(column.notna(), None)
