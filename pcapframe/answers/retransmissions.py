"""How much TCP traffic was retransmitted, and in which connections."""

from typing import TypedDict, cast

import numpy as np
import pandas as pd

from pcapframe.analysis import LISTED, Address, Differences, Reordering, count_label
from pcapframe.answers.envelope import Envelope, NoTcpAnswer, Source, analysis_of, envelope_of, no_tcp
from pcapframe.display_filters import connection_filters
from pcapframe.errors import ParameterError
from pcapframe.measures import connection_text, each_way
from pcapframe.packets import DecodeAs

__all__ = ["RetransmissionsAnswer", "analyze_tcp_retransmissions"]

FEW = 10  # connections without a limit
# What each number depends on, by its key.
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


class ConnectionRate(TypedDict):
    """Retransmitted segments of one connection."""

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


def analyze_tcp_retransmissions(
    source: Source,
    server_ip: Address | None = None,
    threshold: float | None = None,
    *,
    limit: int = FEW,
    decode_as: DecodeAs | None = None,
) -> RetransmissionsAnswer | NoTcpAnswer:
    """State how much of a capture's TCP traffic was retransmitted, and in which connections.

    Parameters
    ----------
    source : capture, list of captures, DataFrame or Analysis
        As for `analyze_tcp_anomalies`.
    server_ip : optional
        Only connections with this server.
    threshold : float, optional
        Rate (retransmitted segments / TCP packets) to compare with; by default the threshold
        ``packet_retransmission.rate`` of the Analysis. [0 to 1]
    limit : int, default 10
        Most connections to list, the highest rates first.
    decode_as : str or iterable of str, optional
        As for `read_pcap`.

    Returns
    -------
    dict
        Totals, the rate with its 95 % Wilson interval, ``by_connection``, and ``wireshark_retransmissions``:
        retransmissions by Wireshark's rules, which differ from the evidence.

    Raises
    ------
    CaptureError
        The capture cannot be read.
    ParameterError
        An argument is not valid.

    Examples
    --------
    >>> import pcapframe as pf
    >>> answer = analyze_tcp_retransmissions(pf.example("resets.pcap"))
    >>> answer["total_retransmissions"], answer["wireshark_retransmissions"]
    (37, 35)
    """
    if threshold is not None and not _is_share(threshold):
        raise ParameterError(f"threshold is {threshold!r}: expected a share from 0 to 1, such as 0.01")
    analysis = analysis_of(source, server_ip, None, limit, decode_as)
    if threshold is None:
        threshold = analysis.thresholds.packet_retransmission.rate
    envelope = envelope_of(analysis, LISTED, QUALIFIED_RETRANSMISSIONS)
    if not analysis.segment_count:
        return no_tcp(analysis, envelope)
    seen = analysis.statistics["retransmissions"]
    connections = analysis.counted.connections
    resent, packets = each_way(connections, "resent_segments"), each_way(connections, "packets")
    rates = resent / np.maximum(packets, 1)
    highest = np.argsort(-rates, kind="stable")[:limit]
    listed = connections.iloc[highest]
    by_connection = pd.DataFrame(
        {
            "connection": connection_text(listed),
            "retrans_count": resent[highest],
            "total_packets": packets[highest],
            "retrans_rate": rates[highest],
            "wireshark_count": count_label(analysis.counted.segments, "retransmission", listed.index),
            "conn_id": listed.index,
            "display_filter": connection_filters(listed),
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
        by_connection_total=len(connections),
        connections_with_retransmissions=seen["connections_total"],
        summary=RetransmissionsSummary(
            worst_connection="" if worst is None else str(connection_text(connections.iloc[[worst]])[0]),
            worst_retrans_rate=0.0 if worst is None else float(rates[worst]),
            connections_above_threshold=int((rates > threshold).sum()),
        ),
    )


def _is_share(threshold: object) -> bool:
    return not isinstance(threshold, bool) and isinstance(threshold, int | float) and 0 <= threshold <= 1
