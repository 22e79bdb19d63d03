"""Handshakes that the client ended by a RST after the server's answer.

Observed: connections whose SYN-ACK was answered by the client's RST instead of its ACK.

Rule: reported when at least ``min_connections`` handshakes were aborted.

Limits: an ACK may be missing from the capture. Health checks and port scans that only ask whether a port is open end
like this, and so does a client that gave up; the packets do not tell which. The capture shows the source address of a
RST, not which machine sent it.

RFC 9293 sections 3.5 and 3.10.7.3.
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array, Mask
from pcapframe.patterns._api import Pattern
from pcapframe.patterns._traffic import Traffic
from pcapframe.wording import agreeing, counted, percent, seconds

__all__ = ["CATEGORY", "LIMITS", "NAME", "RESTS_ON", "AbortedHandshakesLimits", "observe"]

NAME = "aborted_handshakes"
CATEGORY = "connection_establishment"
RESTS_ON = ("handshakes",)


class AbortedHandshakesLimits(NamedTuple):
    """When `observe` reports.

    Parameters
    ----------
    min_connections : int, default 1
        Fewest aborted handshakes. [connections]
    """

    min_connections: int = 1


LIMITS = AbortedHandshakesLimits


def observe(traffic: Traffic, limits: AbortedHandshakesLimits) -> Pattern | None:
    """Count aborted handshakes by server.

    Parameters
    ----------
    traffic : Traffic
        Segments and connections.
    limits : AbortedHandshakesLimits
        When to report.

    Returns
    -------
    Pattern or None
        ``aborted_connections`` of ``attempted_connections`` (those whose handshake was captured), ``aborted_share``
        [0 to 1], ``rst_after_median_s``: from the SYN-ACK to the client's RST [s], null where no such pair was
        captured, ``by_server`` [connections] of ``by_server_total``. Evidence: their SYNs, SYN-ACKs and RSTs.
    """
    mask = traffic.is_in("handshake", "aborted")
    aborted = int(mask.sum())
    if aborted < max(limits.min_connections, 1):
        return None
    attempted = traffic.size - int(traffic.is_in("handshake", "not_captured").sum())
    by_server, servers = traffic.endpoints.count_servers(mask.astype(np.int64))
    after = _rst_after_s(traffic, mask)
    observations: dict[str, Any] = {
        "aborted_connections": aborted,
        "attempted_connections": attempted,
        "aborted_share": aborted / attempted,
        "rst_after_median_s": np.median(after) if after.size else None,
        "by_server": by_server,
        "by_server_total": servers,
    }
    when = f", {seconds(float(np.median(after)))} after it (median)" if after.size else ""
    description = (
        f"{aborted:,} of {counted(attempted, 'attempted handshake')} ({percent(aborted / attempted)}) with "
        f"{counted(servers, 'server endpoint')} {agreeing(aborted, 'was', 'were')} aborted: the client answered the "
        f"SYN-ACK by a RST{when}."
    )
    rows = traffic.flagged("SYN", "RST", within=mask).rows
    return Pattern(NAME, CATEGORY, description, observations, traffic.evidence(rows, mask))


def _rst_after_s(traffic: Traffic, mask: Mask) -> Array:
    """Time from the first SYN-ACK of each connection to the client's first RST after it, in seconds."""
    rows, place = traffic.flagged("SYN", "RST", within=mask)
    is_answer = traffic.has_flag(rows, "SYN") & traffic.has_flag(rows, "ACK")
    answer, reset = np.full(traffic.size, -1), np.full(traffic.size, -1)
    answer[place[is_answer][::-1]] = rows[is_answer][::-1]  # the first one
    ends = traffic.has_flag(rows, "RST") & traffic.from_client(rows) & (rows > answer[place]) & (answer[place] >= 0)
    reset[place[ends][::-1]] = rows[ends][::-1]
    both = reset >= 0
    times = traffic.seconds_between(answer[both], reset[both])
    return times[~np.isnan(times)]
