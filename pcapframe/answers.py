"""The four answers of the tool: a capture or an `Analysis` in, a dict that ``json.dumps`` takes out.

The keys of the older MCP tool ``mcpcap`` keep their names, nesting and types; more stand beside them. What
the capture cannot show is null or counted apart, lists are capped beside their exact totals, and endpoints
are ``address:port`` with IPv6 in brackets. Where there is nothing to count, because the capture has no TCP or
nothing matches the filter, ``message`` says so: the zeros beside it stand for that, not for clean traffic.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, NotRequired, TypeAlias, TypedDict, cast, final

import numpy as np
import numpy.typing as npt
import pandas as pd

from pcapframe.analysis import (
    LISTED,
    QUALIFIED,
    Address,
    Analysis,
    CaptureHealth,
    Differences,
    Qualifier,
    Reordering,
    Selection,
    Statistics,
    Summary,
    analyze,
    count_label,
)
from pcapframe.errors import ParameterError
from pcapframe.measures import connection_text, endpoint_filter, endpoint_text, frame_filter
from pcapframe.packets import CaptureSource
from pcapframe.patterns import Pattern
from pcapframe.schema import FLAG_BITS

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

FEW = 10  # connections in an answer that is not detailed
# What the numbers of the answers rest on, by their keys; QUALIFIED has those of the statistics.
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
QUALIFIED_RETRANSMISSIONS = {
    "total_packets": ("packets",),
    "total_retransmissions": ("retransmissions",),
    "wireshark_retransmissions": ("retransmissions",),
    **dict.fromkeys(
        (
            "retransmission_rate", "retransmission_rate_low", "retransmission_rate_high", "by_connection.retrans_rate",
            "exceeds_threshold", "summary.worst_retrans_rate", "summary.connections_above_threshold",
        ),
        ("retransmission_rate",),
    ),
    "reordering.total": ("reordering",),
    "reordering.wireshark_total": ("reordering",),
    "by_connection.retrans_count": ("retransmissions",),
    "by_connection.wireshark_count": ("retransmissions",),
    "by_connection.total_packets": ("packets",),
    "by_connection_total": ("connections",),
    "connections_with_retransmissions": ("retransmissions",),
}  # fmt: skip
QUALIFIED_FLOW = {
    f"{way}.{key}": statistics
    for way in ("client_to_server", "server_to_client")
    for keys, statistics in (
        (("packet_count", "data_packets"), ("packets",)),
        (("byte_count", "payload_bytes"), ("bytes",)),
        (("syn_count", "syn_ack_count", "rst_count", "fin_count"), ("flags",)),
        (("retransmissions", "wireshark_retransmissions"), ("retransmissions",)),
    )
    for key in keys
} | {
    "analysis.asymmetry_ratio": ("packet_ratio",),
    "total_packets": ("packets",),
    "total_connections": ("connections",),
}
Source: TypeAlias = CaptureSource | Sequence[CaptureSource] | pd.DataFrame | Analysis


class AskedFilter(TypedDict):
    """What was asked for; null for any."""

    server_ip: str | None
    server_port: int | None
    start: str | None
    end: str | None


class PatternEvidence(TypedDict):
    """Connections (conn_id) and frame numbers that show a pattern, and display filters for Wireshark.

    `display_filter` selects the listed frames, `display_filter_all` every packet of the connections'
    endpoints.
    """

    connections: list[int]
    connection_count: int
    frames: list[int]
    frame_count: int
    display_filter: str | None
    display_filter_all: str | None


class HealthFinding(TypedDict):
    """One thing about the capture that makes statistics unreliable; see ``analysis.health``."""

    name: str
    sentence: str
    figures: dict[str, Any]
    affects: dict[str, Qualifier]
    evidence: PatternEvidence


class Health(TypedDict):
    """What the capture can and cannot support; `qualifiers` are by the names of ``health.STATISTICS``."""

    sentence: str
    findings: list[HealthFinding]
    qualifiers: dict[str, Qualifier]


class Envelope(TypedDict):
    """What every answer has: the capture, what it supports, when it was analysed, the filter, what was not read.

    `qualifiers` names the numbers of the answer that are not to be taken as they are, by their keys with dots
    between (those of a list's entries without a place): ``at least`` or ``unknown``.
    """

    file: str
    health: Health
    qualifiers: dict[str, Qualifier]
    analysis_timestamp: str
    filter: AskedFilter
    packets_analyzed: int
    max_packets: int | None
    truncated: bool
    notes: list[str]
    notes_total: int
    message: NotRequired[str]


@final
class NoTcpAnswer(Envelope):
    """The answer for a capture without TCP."""

    total_packets: int
    tcp_packets_found: Literal[0]


class ObservedPattern(TypedDict):
    """One pattern."""

    pattern: str
    category: str
    description: str
    observations: dict[str, Any]
    evidence: PatternEvidence
    qualifiers: dict[str, Qualifier]


class AnomaliesAnswer(Envelope):
    """The answer of `analyze_tcp_anomalies`."""

    statistics: Statistics
    patterns: list[ObservedPattern]
    summary: Summary


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


class ConnectionRate(TypedDict):
    """Segments that one connection sent again."""

    connection: str
    retrans_count: int
    total_packets: int
    retrans_rate: float
    wireshark_count: int
    conn_id: int
    display_filter: str


class RetransmissionsSummary(TypedDict):
    """The connection with the highest rate, and how many are above the threshold."""

    worst_connection: str
    worst_retrans_rate: float
    connections_above_threshold: int


class RetransmissionsAnswer(Envelope):
    """The answer of `analyze_tcp_retransmissions`."""

    total_packets: int
    total_retransmissions: int
    retransmission_rate: float
    retransmission_rate_low: float | None
    retransmission_rate_high: float | None
    threshold: float
    exceeds_threshold: bool
    wireshark_retransmissions: int
    differences: Differences
    reordering: Reordering
    by_connection: list[ConnectionRate]
    by_connection_total: int
    connections_with_retransmissions: int
    summary: RetransmissionsSummary


class OneWay(TypedDict):
    """What one side sent; `syn_count` is SYN without ACK."""

    packet_count: int
    byte_count: int
    syn_count: int
    rst_count: int
    fin_count: int
    data_packets: int
    retransmissions: int
    syn_ack_count: int
    payload_bytes: int
    wireshark_retransmissions: int


class FlowAnalysis(TypedDict):
    """The two sides compared; `asymmetry_ratio` is null where the server sent nothing."""

    asymmetry_ratio: float | None
    primary_rst_source: Literal["client", "server", "balanced"]
    data_flow_direction: Literal["client_heavy", "server_heavy", "balanced"]
    interpretation: str


class FlowAnswer(Envelope):
    """The answer of `analyze_traffic_flow`."""

    server: str
    client_to_server: OneWay
    server_to_client: OneWay
    analysis: FlowAnalysis
    total_packets: int
    total_connections: int


def analyze_tcp_anomalies(
    source: Source, server_ip: Address | None = None, server_port: int | None = None, *, limit: int = LISTED
) -> AnomaliesAnswer | NoTcpAnswer:
    """State what is observed in the TCP connections of a capture, with the packets that show it.

    Parameters
    ----------
    source : capture, list of captures, DataFrame or Analysis
        As for `analyze`. The filter of an Analysis holds where none is given here; its times and thresholds
        always.
    server_ip, server_port : optional
        Only connections whose server endpoint matches both.
    limit : int, default 100
        So many entries of each list, beside its exact total; evidence has 100 at most.

    Returns
    -------
    dict
        ``statistics`` (handshakes, flags, RST distribution, retransmissions, states), ``patterns`` with their
        observations and evidence, ``summary`` by category with notable observations.

    Raises
    ------
    CaptureError
        The capture cannot be read.
    ParameterError
        An argument cannot be meant.

    Examples
    --------
    >>> import pcapframe as pf
    >>> answer = analyze_tcp_anomalies(pf.example("resets.pcap"))
    >>> answer["statistics"]["handshake"]["successful"], answer["statistics"]["handshake"]["failed"]
    (29, 11)
    """
    analysis = _analysis(source, server_ip, server_port, limit)
    envelope = _envelope(analysis, limit, {f"statistics.{path}": names for path, names in QUALIFIED.items()})
    if not len(analysis.segments):
        return _no_tcp(analysis, envelope)
    statistics = analysis.statistics if limit == LISTED else analysis.count_statistics(limit=limit)
    return AnomaliesAnswer(
        **envelope,
        statistics=statistics,
        patterns=[_pattern(pattern, analysis.health, limit) for pattern in analysis.patterns],
        summary=analysis.summary,
    )


def analyze_tcp_connections(
    source: Source,
    server_ip: Address | None = None,
    server_port: int | None = None,
    detailed: bool = False,
    *,
    limit: int = LISTED,
) -> ConnectionsAnswer | NoTcpAnswer:
    """State how the TCP connections of a capture began, went and ended.

    Parameters
    ----------
    source : capture, list of captures, DataFrame or Analysis
        As for `analyze_tcp_anomalies`.
    server_ip, server_port : optional
        Only connections whose server endpoint matches both.
    detailed : bool, default False
        Up to `limit` connections instead of the first ten.
    limit : int, default 100
        So many connections and notes at most, beside their exact totals.

    Returns
    -------
    dict
        ``summary``, ``connections`` in order of their first packet, and ``issues``: sentences with counts.
        ``established_connections`` are those whose handshake was completed, ``active_connections`` those
        without an end in the capture. ``handshake_completed`` is False also where the handshake was not
        captured; ``handshake`` tells these apart.

    Raises
    ------
    CaptureError
        The capture cannot be read.
    ParameterError
        An argument cannot be meant.

    Examples
    --------
    >>> import pcapframe as pf
    >>> answer = analyze_tcp_connections(pf.example("clean.pcap"))
    >>> answer["summary"]["total_connections"], len(answer["connections"]), answer["issues"]
    (13, 10, [])
    """
    analysis = _analysis(source, server_ip, server_port, limit)
    envelope = _envelope(analysis, limit, QUALIFIED_CONNECTIONS)
    if not len(analysis.segments):
        return _no_tcp(analysis, envelope)
    counts = analysis.statistics
    handshake, endings = counts["handshake"], counts["endings"]
    listed = analysis.connections.iloc[: limit if detailed else min(limit, FEW)]
    return ConnectionsAnswer(
        **envelope,
        total_packets=len(analysis.packets),
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
        connections=_details(analysis.segments, listed),
        connections_total=len(analysis.connections),
        issues=_issues(analysis),
    )


def analyze_tcp_retransmissions(
    source: Source, server_ip: Address | None = None, threshold: float = 0.02, *, limit: int = FEW
) -> RetransmissionsAnswer | NoTcpAnswer:
    """State how much of a capture's TCP traffic was sent again, and in which connections.

    Parameters
    ----------
    source : capture, list of captures, DataFrame or Analysis
        As for `analyze_tcp_anomalies`.
    server_ip : optional
        Only connections with this server.
    threshold : float, default 0.02
        Resent segments / TCP packets, above which a rate is said to exceed it. [0 to 1]
    limit : int, default 10
        So many connections, those with the highest rates.

    Returns
    -------
    dict
        Totals, the rate with its 95 % Wilson interval, ``by_connection``, and ``wireshark_retransmissions``:
        what Wireshark's rules label, which differs from what was sent again.

    Raises
    ------
    CaptureError
        The capture cannot be read.
    ParameterError
        An argument cannot be meant.

    Examples
    --------
    >>> import pcapframe as pf
    >>> answer = analyze_tcp_retransmissions(pf.example("resets.pcap"))
    >>> answer["total_retransmissions"], answer["wireshark_retransmissions"]
    (37, 35)
    """
    if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not 0 <= threshold <= 1:
        raise ParameterError(f"threshold is {threshold!r}: expected a share from 0 to 1, such as 0.02")
    analysis = _analysis(source, server_ip, None, limit)
    envelope = _envelope(analysis, LISTED, QUALIFIED_RETRANSMISSIONS)
    if not len(analysis.segments):
        return _no_tcp(analysis, envelope)
    seen = analysis.statistics["retransmissions"]
    resent, packets = (
        _each_way(analysis.connections, "resent_segments"),
        _each_way(analysis.connections, "packets"),
    )
    rates = resent / np.maximum(packets, 1)
    highest = np.argsort(-rates, kind="stable")[:limit]
    listed = analysis.connections.iloc[highest]
    by_connection = pd.DataFrame(
        {
            "connection": connection_text(listed),
            "retrans_count": resent[highest],
            "total_packets": packets[highest],
            "retrans_rate": rates[highest],
            "wireshark_count": count_label(analysis.segments, "retransmission", listed.index),
            "conn_id": listed.index,
            "display_filter": _display_filters(listed),
        }
    )
    worst = int(np.argmax(rates)) if seen["total"] else None
    return RetransmissionsAnswer(
        **envelope,
        total_packets=analysis.statistics["total_packets"],
        total_retransmissions=seen["total"],
        retransmission_rate=seen["rate"],
        retransmission_rate_low=seen["rate_low"],
        retransmission_rate_high=seen["rate_high"],
        threshold=float(threshold),
        exceeds_threshold=seen["rate"] > threshold,
        wireshark_retransmissions=seen["wireshark_total"],
        differences=seen["differences"],
        reordering=analysis.statistics["reordering"],
        by_connection=cast(list[ConnectionRate], by_connection.to_dict("records")),
        by_connection_total=len(analysis.connections),
        connections_with_retransmissions=seen["connections_total"],
        summary=RetransmissionsSummary(
            worst_connection="" if worst is None else str(connection_text(analysis.connections.iloc[[worst]])[0]),
            worst_retrans_rate=0.0 if worst is None else float(rates[worst]),
            connections_above_threshold=int((rates > threshold).sum()),
        ),
    )


def analyze_traffic_flow(
    source: Source, server_ip: Address, server_port: int | None = None, *, limit: int = LISTED
) -> FlowAnswer | NoTcpAnswer:
    """Compare what the clients of a server sent with what it sent.

    Parameters
    ----------
    source : capture, list of captures, DataFrame or Analysis
        As for `analyze_tcp_anomalies`.
    server_ip : address
        The server.
    server_port : int, optional
        Its port; any by default.
    limit : int, default 100
        So many notes at most, beside their exact total.

    Returns
    -------
    dict
        ``client_to_server``, ``server_to_client`` and ``analysis``, whose ``interpretation`` states the
        numbers.

    Raises
    ------
    CaptureError
        The capture cannot be read.
    ParameterError
        An argument cannot be meant.

    Examples
    --------
    >>> import pcapframe as pf
    >>> answer = analyze_traffic_flow(pf.example("clean.pcap"), "198.51.100.20", 80)
    >>> answer["server"], answer["client_to_server"]["syn_count"]
    ('198.51.100.20:80', 11)
    """
    if server_ip is None:
        raise ParameterError("server_ip is needed: expected the address of the server")
    analysis = _analysis(source, server_ip, server_port, limit)
    envelope = _envelope(analysis, limit, QUALIFIED_FLOW)
    if not len(analysis.segments):
        return _no_tcp(analysis, envelope)
    segments = analysis.filtered_columns("tcp_flags", "from_client", "capture_duplicate", "retransmission")
    to_server, to_client = (_one_way(analysis, segments, side) for side in ("client", "server"))
    return FlowAnswer(
        **envelope,
        server=analysis.selection.server,
        client_to_server=to_server,
        server_to_client=to_client,
        analysis=_compared(to_server, to_client, analysis.health),
        total_packets=analysis.statistics["total_packets"],
        total_connections=analysis.statistics["total_connections"],
    )


def _analysis(source: Source, server_ip: Address | None, server_port: int | None, limit: int) -> Analysis:
    """Return the analysis to answer from."""
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 0:
        raise ParameterError(f"limit is {limit!r}: expected a whole number of at least 0")
    if not isinstance(source, Analysis):
        return analyze(source, server_ip=server_ip, server_port=server_port)
    if server_ip is None and server_port is None:
        return source
    asked = source.selection
    wanted = Selection.parse(server_ip, server_port, asked.start, asked.end)
    if wanted == asked:
        return source
    return analyze(source, **vars(wanted), thresholds=source.thresholds)


def _envelope(analysis: Analysis, limit: int, qualified: Mapping[str, tuple[str, ...]]) -> Envelope:
    """Return what every answer has; `qualified` says what its numbers rest on."""
    notes = [*analysis.capture.notes, *analysis.notes]
    said = {path: analysis.health.qualifier(*names) for path, names in qualified.items()}
    envelope = Envelope(
        file=analysis.capture.name,
        health=capped_health(analysis.health, limit),
        qualifiers={path: qualifier for path, qualifier in said.items() if qualifier is not None},
        analysis_timestamp=datetime.now(UTC).isoformat(),
        filter=cast(AskedFilter, analysis.selection.to_dict()),
        packets_analyzed=len(analysis.packets),
        max_packets=None,
        truncated=analysis.capture.truncated,
        notes=notes[:limit],
        notes_total=len(notes),
    )
    if analysis.message is not None:
        envelope["message"] = analysis.message
    return envelope


def capped_health(health: CaptureHealth, limit: int) -> Health:
    """Return a capture's health as what ``json.dumps`` takes, its lists capped.

    Parameters
    ----------
    health : CaptureHealth
        As `analyze` found it.
    limit : int
        So many entries of each list, beside its exact total.

    Returns
    -------
    Health
        Each display filter names the frames that are left.
    """
    whole = health.to_dict()
    for finding in whole["findings"]:
        evidence = finding["evidence"]
        frames = evidence["frames"][:limit]
        evidence |= {
            "connections": evidence["connections"][:limit],
            "frames": frames,
            "display_filter": frame_filter(frames),
        }
    return cast(Health, whole)


def _no_tcp(analysis: Analysis, envelope: Envelope) -> NoTcpAnswer:
    return NoTcpAnswer(**envelope, total_packets=len(analysis.packets), tcp_packets_found=0)


def _pattern(pattern: Pattern, health: CaptureHealth, limit: int) -> ObservedPattern:
    """Return a pattern with its lists capped; its display filter names the frames that are left."""
    whole = pattern.to_dict()
    evidence = whole["evidence"]
    frames = evidence["frames"][:limit]
    return ObservedPattern(
        pattern=whole["pattern"],
        category=whole["category"],
        description=whole["description"],
        observations=_capped(whole["observations"], limit),
        evidence=PatternEvidence(
            connections=evidence["connections"][:limit],
            connection_count=evidence["connection_count"],
            frames=frames,
            frame_count=evidence["frame_count"],
            display_filter=frame_filter(frames),
            display_filter_all=evidence["display_filter_all"],
        ),
        qualifiers=health.of_pattern(pattern.pattern),
    )


def _capped(observations: dict[str, Any], limit: int) -> dict[str, Any]:
    """Cap the lists and maps of observations; ``…_total`` beside each that is cut says how long it was."""
    capped: dict[str, Any] = {}
    for name, value in observations.items():
        capped[name] = value
        if isinstance(value, list | dict) and len(value) > limit:
            capped[name] = dict(list(value.items())[:limit]) if isinstance(value, dict) else value[:limit]
            capped.setdefault(f"{name}_total", len(value))
    return capped


def _details(segments: pd.DataFrame, connections: pd.DataFrame) -> list[ConnectionDetails]:
    """Describe connections."""
    handshake, ending = connections["handshake"].astype(str), connections["ending"].astype(str)
    began = handshake.isin(["complete", "not_captured"])
    close_reason = np.select([ending == "reset", ending == "fin", began], ["reset", "normal", "active"], "unknown")
    details = pd.DataFrame(
        {
            "client": endpoint_text(connections["client"], connections["client_port"]),
            "server": endpoint_text(connections["server"], connections["server_port"]),
            "state": np.where(ending.isin(["reset", "fin"]), "closed", "active"),
            "handshake_completed": handshake == "complete",
            "syn_count": connections["syn_count"],
            "syn_ack_count": connections["syn_ack_count"],
            "ack_count": _each_way(connections, "ack_packets"),
            "rst_count": _each_way(connections, "rsts"),
            "fin_count": _each_way(connections, "fins"),
            "data_packets": _each_way(connections, "data_packets"),
            "retransmissions": _each_way(connections, "resent_segments"),
            "wireshark_retransmissions": count_label(segments, "retransmission", connections.index),
            "close_reason": close_reason,
            "packet_count": _each_way(connections, "packets"),
            "conn_id": connections.index,
            "handshake": handshake,
            "ending": ending,
            "reset_by": connections["reset_by"].astype(str),
            "roles": connections["roles"].astype(str),
            "start": _or_none(connections["start"].map(pd.Timestamp.isoformat, na_action="ignore")),
            "duration_s": _or_none(connections["duration_s"]),
            "display_filter": _display_filters(connections),
        },
        index=connections.index,
    )
    return cast(list[ConnectionDetails], details.to_dict("records"))


def _issues(analysis: Analysis) -> list[str]:
    """State what a reader looks for first, in counts."""
    counts = analysis.statistics
    handshake = counts["handshake"]
    failed = f"failed ({handshake['refused']:,} refused, {handshake['unanswered']:,} unanswered)"
    half_open = "answered by the server and not acknowledged by the client"
    wordings = (
        (counts["endings"]["reset"], ("endings",), "connection", "ended by RST"),
        (counts["retransmissions"]["total"], ("retransmissions",), "segment", "sent again"),
        (handshake["failed"], ("handshakes", "unanswered"), "handshake", failed),
        (handshake["half_open"], ("unanswered",), "handshake", half_open),
    )
    return [
        f"{analysis.health.qualify(n, *statistics)} {noun}{'' if n == 1 else 's'} {what}"
        for n, statistics, noun, what in wordings
        if n
    ]


def _one_way(analysis: Analysis, segments: pd.DataFrame, side: str) -> OneWay:
    """Sum up what one side of all connections sent."""
    connections = analysis.connections
    sums = {
        name: int(connections[f"{side}_{name}"].sum())
        for name in (
            "packets",
            "wire_bytes",
            "rsts",
            "fins",
            "data_packets",
            "resent_segments",
            "payload_bytes",
        )
    }
    flags = segments["tcp_flags"].to_numpy()
    syn, ack = FLAG_BITS["SYN"], FLAG_BITS["ACK"]
    labelled = segments[segments["retransmission"]]
    opening = segments[(flags & syn) != 0]
    own = opening[(opening["from_client"] == (side == "client")) & ~opening["capture_duplicate"]]
    syn_acks = int(((own["tcp_flags"].to_numpy() & ack) != 0).sum())
    return OneWay(
        packet_count=sums["packets"],
        byte_count=sums["wire_bytes"],
        syn_count=len(own) - syn_acks,
        rst_count=sums["rsts"],
        fin_count=sums["fins"],
        data_packets=sums["data_packets"],
        retransmissions=sums["resent_segments"],
        syn_ack_count=syn_acks,
        payload_bytes=sums["payload_bytes"],
        wireshark_retransmissions=int(np.count_nonzero(labelled["from_client"] == (side == "client"))),
    )


def _compared(client: OneWay, server: OneWay, health: CaptureHealth) -> FlowAnalysis:
    """Compare both sides by their packets and RSTs."""
    packets, answers = client["packet_count"], server["packet_count"]
    ratio = packets / answers if answers else None
    measured = ratio if ratio is not None else (float("inf") if packets else 1.0)
    rsts = client["rst_count"], server["rst_count"]
    sides = "the server sent none" if ratio is None else f"{ratio:.2f} client packets per server packet"
    interpretation = (
        f"Clients sent {packets:,} packets ({client['payload_bytes']:,} bytes of payload) and the "
        f"server {answers:,} ({server['payload_bytes']:,}): {sides}. RSTs: {rsts[0]:,} from clients, "
        f"{rsts[1]:,} from the server. Segments sent again: {client['retransmissions']:,} by clients, "
        f"{server['retransmissions']:,} by the server (Wireshark's rules label {client['wireshark_retransmissions']:,} "
        f"and {server['wireshark_retransmissions']:,})."
    )
    return FlowAnalysis(
        asymmetry_ratio=ratio,
        primary_rst_source="client" if rsts[0] > rsts[1] else "server" if rsts[1] > rsts[0] else "balanced",
        data_flow_direction="client_heavy" if measured > 1.2 else "server_heavy" if measured < 0.8 else "balanced",
        interpretation=health.qualify_sentence(
            interpretation, "packets", "bytes", "flags", "retransmissions", "packet_ratio"
        ),
    )


def _each_way(connections: pd.DataFrame, name: str) -> npt.NDArray[np.int64]:
    """Sum of a column over both senders, by connection."""
    client, server = (connections[f"{side}_{name}"].to_numpy() for side in ("client", "server"))
    return client.astype(np.int64) + server.astype(np.int64)


def _or_none(column: pd.Series) -> pd.Series:
    return column.astype(object).where(column.notna(), None)


def _display_filters(connections: pd.DataFrame) -> list[str]:
    """Wireshark filters by endpoints; a connection that reused the ports of another has the same."""
    ends = (connections[name].tolist() for name in ("client", "client_port", "server", "server_port"))
    return [
        f"{endpoint_filter(client, client_port)} && {endpoint_filter(server, server_port)}"
        for client, client_port, server, server_port in zip(*ends, strict=True)
    ]
