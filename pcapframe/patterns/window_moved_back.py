"""Receivers that shrank a window that they had advertised.

Observed: packets whose right window edge (ACK number plus window) lies below that of the same side's previous packet,
although their ACK number is not lower.

Rule: reported when at least ``min_packets`` packets moved the edge back by at least ``min_bytes``.

Limits: the window is in units of its scale, so a step below one unit is rounding and does not count. SYNs, RSTs and
everything from a side's FIN on are left out, and so are packets whose timestamp shows that they were overtaken. Without
timestamps, an overtaken window update looks like a step back. Windows of unknown scale are not compared.

RFC 9293 section 3.8.6 (shrinking the window is discouraged), RFC 7323 section 2.4 (rounding by the scale).
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.patterns._api import Pattern
from pcapframe.patterns._traffic import Traffic
from pcapframe.wording import agreeing, counted

__all__ = ["CATEGORY", "LIMITS", "NAME", "RESTS_ON", "WindowMovedBackLimits", "observe"]

NAME = "window_moved_back"
CATEGORY = "reliability"
RESTS_ON = ("flags",)


class WindowMovedBackLimits(NamedTuple):
    """When `observe` reports.

    Parameters
    ----------
    min_packets : int, default 1
        Fewest packets that moved an edge back. [packets]
    min_bytes : int, default 1
        Smallest step back that counts. [bytes]
    """

    min_packets: int = 1
    min_bytes: int = 1


LIMITS = WindowMovedBackLimits


def observe(traffic: Traffic, limits: WindowMovedBackLimits) -> Pattern | None:
    """Count packets that move the window's right edge back.

    Parameters
    ----------
    traffic : Traffic
        Segments and connections.
    limits : WindowMovedBackLimits
        When to report.

    Returns
    -------
    Pattern or None
        ``packets`` of ``ack_packets`` (with ACK), by sender ``from_client`` and ``from_server`` [packets],
        ``connections`` of ``total_connections``, ``moved_back_median_bytes`` and ``moved_back_max_bytes`` [bytes],
        ``by_connection`` [packets] of ``by_connection_total``. Evidence: these packets.
    """
    moved = traffic.noted("moved")
    moved = moved[moved["by"] >= limits.min_bytes]
    rows, by = traffic.noted_rows(moved["frame"]), moved["by"]
    if rows.size < max(limits.min_packets, 1):
        return None
    counts = np.bincount(traffic.place(rows), minlength=traffic.size)
    by_connection, pairs = traffic.endpoints.count_pairs(counts)
    from_client = int(traffic.from_client(rows).sum())
    observations: dict[str, Any] = {
        "packets": rows.size,
        "ack_packets": int(traffic.each_way("ack_packets").sum()),
        "from_client": from_client,
        "from_server": rows.size - from_client,
        "connections": int((counts > 0).sum()),
        "total_connections": traffic.size,
        "moved_back_median_bytes": float(np.median(by)),
        "moved_back_max_bytes": int(by.max()),
        "by_connection": by_connection,
        "by_connection_total": pairs,
    }
    description = (
        f"{rows.size:,} of {counted(observations['ack_packets'], 'packet')} with ACK moved the right edge of "
        f"{agreeing(rows.size, 'its', 'their')} sender's window back, by {int(by.max()):,} bytes at most, in "
        f"{observations['connections']:,} of {counted(traffic.size, 'connection')}."
    )
    return Pattern(NAME, CATEGORY, description, observations, traffic.evidence(rows))
