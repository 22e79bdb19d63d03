"""The share of segments that arrived after a later one.

Observed: segments that the network delivered out of order (column ``reordered``), among those with payload,
SYN or FIN.

Rule: reported when their share, or that in a connection with at least ``min_segments`` packets with payload,
is at least ``share``.

Limits: this is the order at the capture point; it may change again further along the path. Retransmissions are not
counted, as far as IP identifications, timestamps and timing tell them from reordering. The interval assumes that
segments are independent.

RFC 4737 (reordering), RFC 9293 section 3.4.
"""

from typing import Any, NamedTuple

from pcapframe.patterns._api import Pattern, beside, rate
from pcapframe.patterns._traffic import Traffic
from pcapframe.wording import counted, percent

__all__ = ["CATEGORY", "LIMITS", "NAME", "READS", "RESTS_ON", "OutOfOrderShareLimits", "observe"]

NAME = "out_of_order_share"
CATEGORY = "reliability"
RESTS_ON = ("reordering", "rates")
READS = ("reordered", "out_of_order")


class OutOfOrderShareLimits(NamedTuple):
    """When `observe` reports.

    Parameters
    ----------
    share : float, default 0.01
        Smallest share of reordered segments. [0 to 1]
    min_segments : int, default 100
        Fewest packets with payload for which the share of a connection is judged. [packets]
    """

    share: float = 0.01
    min_segments: int = 100


LIMITS = OutOfOrderShareLimits


def observe(traffic: Traffic, limits: OutOfOrderShareLimits) -> Pattern | None:
    """Measure the share of reordered segments.

    Parameters
    ----------
    traffic : Traffic
        Segments and connections.
    limits : OutOfOrderShareLimits
        When to report.

    Returns
    -------
    Pattern or None
        ``reordered_segments`` of ``segments`` [packets], ``share`` [0 to 1] with its 95 % interval,
        ``threshold``, ``connections`` with any and ``connections_above`` the threshold [connections],
        ``by_connection`` [packets] of ``by_connection_total``, ``from_client`` and ``from_server`` [packets].
        ``wireshark_total`` are the packets that Wireshark's rules call out of order; ``only_wireshark`` and
        ``only_evidence`` the packets that only one of the two includes. Evidence: the reordered segments.
    """
    by_client, by_server = (
        traffic.number("client_reordered_segments"),
        traffic.number("server_reordered_segments"),
    )
    reordered = by_client + by_server
    total = int(reordered.sum())
    if total == 0:
        return None
    data = traffic.each_way("data_packets")
    above = int(((data >= limits.min_segments) & (reordered > 0) & (reordered >= limits.share * data)).sum())
    if total < limits.share * traffic.carrying and not above:
        return None
    by_connection, pairs = traffic.endpoints.count_pairs(reordered)
    theirs = traffic.differing("out_of_order", "reordered")
    observations: dict[str, Any] = {
        "reordered_segments": total,
        "segments": traffic.carrying,
        **rate("share", total, traffic.carrying),
        "threshold": limits.share,
        "connections": int((reordered > 0).sum()),
        "connections_above": above,
        "by_connection": by_connection,
        "by_connection_total": pairs,
        "from_client": int(by_client.sum()),
        "from_server": int(by_server.sum()),
        "wireshark_total": theirs.wireshark_total,
        "only_wireshark": theirs.only_wireshark.size,
        "only_evidence": theirs.only_evidence.size,
    }
    description = (
        f"{total:,} of {counted(traffic.carrying, 'segment')} with payload, SYN or FIN "
        f"({percent(total / traffic.carrying)}) arrived after a later one, in "
        f"{counted(observations['connections'], 'connection')}; {above:,} of these with at least "
        f"{limits.min_segments:,} packets of data had {percent(limits.share)} or more.{beside(theirs, 'out of order')}"
    )
    return Pattern(NAME, CATEGORY, description, observations, traffic.evidence(traffic.labelled("reordered")))
