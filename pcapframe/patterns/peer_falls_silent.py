"""Data that is retransmitted without any packet coming back.

Observed: connections in which one side retransmitted data after the last packet of the other side, which sends nothing
more until the end of the capture except possibly a RST, and so acknowledges none of the data.

Rule: reported when at least ``min_connections`` connections have at least ``min_resends`` of these retransmissions,
whatever their share of the packets.

Limits: the other side's packets may be missing from the capture. Connections without any packet of it are left out.
Data that the other side had acknowledged before does not count. The capture may end before an answer comes.

RFC 9293 section 3.8.3 (R1 and R2), RFC 6298 section 5.
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array
from pcapframe.patterns._api import LISTED, Pattern
from pcapframe.patterns._traffic import Rows, Traffic
from pcapframe.wording import agreeing, counted, percent, seconds

__all__ = ["CATEGORY", "LIMITS", "NAME", "READS", "RESTS_ON", "PeerFallsSilentLimits", "observe"]

NAME = "peer_falls_silent"
CATEGORY = "reliability"
RESTS_ON = ("retransmissions", "packets")
READS = ("needless",)


class PeerFallsSilentLimits(NamedTuple):
    """When `observe` reports.

    Parameters
    ----------
    min_resends : int, default 3
        Fewest retransmissions of data after the other side's last packet. [packets]
    min_connections : int, default 1
        Fewest connections with that many. [connections]
    """

    min_resends: int = 3
    min_connections: int = 1


LIMITS = PeerFallsSilentLimits


def observe(traffic: Traffic, limits: PeerFallsSilentLimits) -> Pattern | None:
    """Find connections whose retransmitted data gets no answer.

    Parameters
    ----------
    traffic : Traffic
        Segments and connections.
    limits : PeerFallsSilentLimits
        When to report.

    Returns
    -------
    Pattern or None
        ``connections`` of ``total_connections``, ``resends`` (after the other side's last packet) of their
        ``packets`` [packets], ``silent_client`` and ``silent_server`` [connections], ``waited_max_s``: from the other
        side's last packet to the last retransmission [s], ``ended_by_rst`` [connections], ``by_connection`` [packets]
        of ``by_connection_total``. Evidence: these retransmissions.
    """
    mask = np.zeros(traffic.size, np.bool_)
    for side, peer in (("client", "server"), ("server", "client")):
        resent = traffic.number(f"{side}_resent_segments") >= max(limits.min_resends, 1)
        mask |= resent & (traffic.number(f"{peer}_packets") > 0)
    rows = traffic.within(traffic.resent, mask)
    rows = rows[traffic.payload(rows) > 0] if rows.size else rows
    rows = rows[~traffic.at("needless", rows, np.bool_, null=False)] if rows.size else rows
    if not rows.size:
        return None
    everything = traffic.all_rows(traffic.places(rows))
    spoken = ~traffic.has_flag(everything.rows, "RST")
    last = traffic.last_rows(Rows(everything.rows[spoken], everything.place[spoken]))
    sender = 2 * traffic.place(rows) + traffic.from_client(rows)
    after = (rows > last[sender ^ 1]) & (last[sender ^ 1] >= 0)
    counts = np.bincount(sender[after], minlength=2 * traffic.size)
    often = counts >= max(limits.min_resends, 1)
    sides = np.flatnonzero(often)
    places = sides // 2
    if places.size < max(limits.min_connections, 1):
        return None
    rows = rows[after & often[sender]]
    return _pattern(traffic, rows, sides, counts[sides], last)


def _pattern(traffic: Traffic, rows: Array, sides: Array, counts: Array, last: Array) -> Pattern:
    """Put the numbers together; `last` is the last packet of each side."""
    places = sides // 2
    latest = np.zeros(2 * traffic.size, np.int64)
    latest[2 * traffic.place(rows) + traffic.from_client(rows)] = rows
    waited = traffic.seconds_between(last[sides ^ 1], latest[sides])
    by_place = np.bincount(places, weights=counts, minlength=traffic.size).astype(np.int64)
    by_connection, pairs = traffic.endpoints.count_pairs(by_place)
    packets = int(traffic.each_way("packets")[places].sum())
    silent_server = int((sides % 2 == 1).sum())
    observations: dict[str, Any] = {
        "connections": places.size,
        "total_connections": traffic.size,
        "resends": rows.size,
        "packets": packets,
        "silent_client": places.size - silent_server,
        "silent_server": silent_server,
        "waited_max_s": float(np.nanmax(waited)) if not np.isnan(waited).all() else None,
        "ended_by_rst": int((traffic.each_way("rsts")[places] > 0).sum()),
        "by_connection": dict(list(by_connection.items())[:LISTED]),
        "by_connection_total": pairs,
    }
    longest = observations["waited_max_s"]
    for_s = "" if longest is None else f", for {seconds(longest)} at most"
    description = (
        f"In {places.size:,} of {counted(traffic.size, 'connection')} data was retransmitted "
        f"{rows.size:,} {agreeing(rows.size, 'time', 'times')} ({percent(rows.size / packets)} of "
        f"{agreeing(places.size, 'its', 'their')} {counted(packets, 'packet')}) without an answer{for_s}, and "
        "none of it was acknowledged."
    )
    return Pattern(NAME, CATEGORY, description, observations, traffic.evidence(rows))
