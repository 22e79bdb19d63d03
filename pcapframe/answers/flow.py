"""Traffic from the clients of a server compared with traffic from the server."""

from typing import Any, Literal, TypedDict

import numpy as np
import pandas as pd

from pcapframe.analysis import LISTED, Address, Analysis
from pcapframe.answers.envelope import Envelope, NoTcpAnswer, Source, analysis_of, envelope_of, no_tcp
from pcapframe.answers.waits import waits_of
from pcapframe.errors import ParameterError
from pcapframe.packets import DecodeAs
from pcapframe.schema import FLAG_BITS
from pcapframe.wording import counted

__all__ = ["QUALIFIED_FLOW", "FlowAnswer", "analyze_traffic_flow"]

# What each number depends on, by its key.
QUALIFIED_FLOW = {
    f"{way}.{key}": statistics
    for way in ("client_to_server", "server_to_client")
    for keys, statistics in (
        (("packet_count", "data_packets"), ("packets", "directions")),
        (("byte_count", "payload_bytes"), ("bytes", "directions")),
        (("syn_count", "syn_ack_count"), ("flags",)),  # which show the roles
        (("rst_count", "fin_count"), ("flags", "directions")),
        (("retransmissions", "wireshark_retransmissions"), ("retransmissions", "directions")),
    )
    for key in keys
} | {
    "analysis.asymmetry_ratio": ("packet_ratio", "directions"),
    "analysis.primary_rst_source": ("directions",),
    "analysis.data_flow_direction": ("directions",),
    "total_packets": ("packets",),
    "total_connections": ("connections",),
}


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
    waits: dict[str, Any]


def analyze_traffic_flow(
    source: Source,
    server_ip: Address,
    server_port: int | None = None,
    *,
    limit: int = LISTED,
    decode_as: DecodeAs | None = None,
) -> FlowAnswer | NoTcpAnswer:
    """Compare the traffic from the clients of a server with the traffic from the server.

    Parameters
    ----------
    source : capture, list of captures, DataFrame or Analysis
        As for `analyze_tcp_anomalies`.
    server_ip : address
        The server.
    server_port : int, optional
        Its port; any by default.
    limit : int, default 100
        Most notes; the total is exact.
    decode_as : str or iterable of str, optional
        As for `read_pcap`.

    Returns
    -------
    dict
        ``client_to_server``, ``server_to_client`` and ``analysis``, whose ``interpretation`` states the
        numbers; ``waits``: requests and responses, and where the time went [s].

    Raises
    ------
    CaptureError
        The capture cannot be read.
    ParameterError
        An argument is not valid.

    Examples
    --------
    >>> import pcapframe as pf
    >>> answer = analyze_traffic_flow(pf.example("clean.pcap"), "198.51.100.20", 80)
    >>> answer["server"], answer["client_to_server"]["syn_count"]
    ('198.51.100.20:80', 11)
    """
    if server_ip is None:
        raise ParameterError("server_ip is needed: expected the address of the server")
    analysis = analysis_of(source, server_ip, server_port, limit, decode_as)
    envelope = envelope_of(analysis, limit, QUALIFIED_FLOW)
    if not analysis.segment_count:
        return no_tcp(analysis, envelope)
    segments = analysis.counted.segments
    to_server, to_client = (_one_way(analysis, segments, side) for side in ("client", "server"))
    return FlowAnswer(
        **envelope,
        server=analysis.selection.server,
        client_to_server=to_server,
        server_to_client=to_client,
        analysis=_compared(to_server, to_client, analysis),
        total_packets=analysis.statistics["total_packets"],
        total_connections=analysis.statistics["total_connections"],
        waits=waits_of(analysis.connections),
    )


def _one_way(analysis: Analysis, segments: pd.DataFrame, side: str) -> OneWay:
    """Sum up what one side of all connections sent."""
    connections = analysis.counted.connections
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


def _compared(client: OneWay, server: OneWay, analysis: Analysis) -> FlowAnalysis:
    """Compare both sides by their packets and RSTs, or say that nothing matches."""
    packets, answers = client["packet_count"], server["packet_count"]
    ratio = packets / answers if answers else None
    measured = ratio if ratio is not None else (float("inf") if packets else 1.0)
    rsts = client["rst_count"], server["rst_count"]
    sides = "the server sent none" if ratio is None else f"{ratio:.2f} client packets per server packet"
    least = "at least " if analysis.health.qualifier("retransmissions") else ""
    labelled = client["wireshark_retransmissions"], server["wireshark_retransmissions"]
    interpretation = (
        f"Clients sent {counted(packets, 'packet')} ({counted(client['payload_bytes'], 'byte')} of payload) and the "
        f"server {answers:,} ({server['payload_bytes']:,}): {sides}. RSTs: {rsts[0]:,} from clients, "
        f"{rsts[1]:,} from the server. Retransmitted segments: {least}{client['retransmissions']:,} by clients, "
        f"{least}{server['retransmissions']:,} by the server (Wireshark's rules label {labelled[0]:,} "
        f"and {labelled[1]:,})."
    )
    return FlowAnalysis(
        asymmetry_ratio=ratio,
        primary_rst_source="client" if rsts[0] > rsts[1] else "server" if rsts[1] > rsts[0] else "balanced",
        data_flow_direction="client_heavy" if measured > 1.2 else "server_heavy" if measured < 0.8 else "balanced",
        interpretation=analysis.message
        or analysis.health.qualify_sentence(
            interpretation, "packets", "bytes", "flags", "retransmissions", "packet_ratio", "directions"
        ),
    )
