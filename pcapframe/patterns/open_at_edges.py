"""Connections already open when the capture starts, or still open when it ends.

Observed: connections without a captured SYN or SYN-ACK, and established ones without RST or the FINs of both sides.

Rule: reported when at least ``min_connections`` connections are open at either edge.

Limits: the capture does not show what came before or after, so the handshake, ending or duration of these connections
is unknown. A SYN or FIN missing from the capture looks the same, as does a connection that was never closed.

RFC 9293 section 3.3.2.
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.patterns._api import Pattern
from pcapframe.patterns._traffic import Traffic
from pcapframe.wording import agreeing, counted

__all__ = ["CATEGORY", "LIMITS", "NAME", "RESTS_ON", "OpenAtEdgesLimits", "observe"]

NAME = "open_at_edges"
CATEGORY = "connection_lifecycle"
RESTS_ON = ("open_endings",)


class OpenAtEdgesLimits(NamedTuple):
    """When `observe` reports.

    Parameters
    ----------
    min_connections : int, default 1
        Fewest connections open at the start or end. [connections]
    """

    min_connections: int = 1


LIMITS = OpenAtEdgesLimits


def observe(traffic: Traffic, limits: OpenAtEdgesLimits) -> Pattern | None:
    """Count connections that the capture shows in part.

    Parameters
    ----------
    traffic : Traffic
        Segments and connections.
    limits : OpenAtEdgesLimits
        When to report.

    Returns
    -------
    Pattern or None
        ``open_at_start``, ``open_at_end``, of these ``half_closed_at_end`` (one side had sent FIN),
        ``open_throughout`` (at both) and ``total_connections`` [connections]. Evidence: the first packet of
        those open at the start, the last of those open at the end.

    Examples
    --------
    >>> import pcapframe as pf
    >>> segments = pf.label_segments(pf.read_pcap(pf.example("midstream.pcap")))
    >>> traffic = Traffic(segments, pf.build_connections(segments))
    >>> observe(traffic, OpenAtEdgesLimits()).observations["open_at_start"]
    8
    """
    at_start = traffic.is_in("handshake", "not_captured") & (traffic.number("syn_ack_count") == 0)
    established = traffic.is_in("handshake", "complete", "not_captured")
    at_end = established & traffic.is_in("ending", "open", "half_closed")
    mask = at_start | at_end
    connections = int(mask.sum())
    if connections < max(limits.min_connections, 1):
        return None
    begun = int(at_start.sum())
    observations: dict[str, Any] = {
        "open_at_start": begun,
        "open_at_end": int(at_end.sum()),
        "half_closed_at_end": int((at_end & traffic.is_in("ending", "half_closed")).sum()),
        "open_throughout": int((at_start & at_end).sum()),
        "total_connections": traffic.size,
    }
    half, throughout = observations["half_closed_at_end"], observations["open_throughout"]
    closed = f", {half:,} of these closed by one side" if half else ""
    both = f" {throughout:,} {agreeing(throughout, 'was', 'were')} open from start to end." if throughout else ""
    description = (
        f"Of {counted(traffic.size, 'connection')}, {begun:,} {agreeing(begun, 'was', 'were')} already open at "
        f"the start of the capture and {observations['open_at_end']:,} still open at its end{closed}.{both}"
    )
    rows, place = traffic.all_rows(mask)
    first, last = np.full(traffic.size, -1), np.full(traffic.size, -1)
    first[place[::-1]] = rows[::-1]  # the last assignment wins
    last[place] = rows
    shown = np.concatenate([first[at_start], last[at_end]])
    return Pattern(NAME, CATEGORY, description, observations, traffic.evidence(shown[shown >= 0], mask))
