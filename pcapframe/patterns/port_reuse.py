"""Connections between the same endpoints as an earlier one.

Observed: SYNs with a new sequence number between addresses and ports that an earlier connection used (label
``reused_ports``).

Rule: reported when at least ``min_connections`` connections begin this way.

Limits: the label is Wireshark's and knows only connections in the capture. A SYN-ACK with a new sequence number has the
same label but does not begin a connection; it is not counted. If a filter leaves the earlier connection out, it is
counted as ``earlier_unknown``.

RFC 9293 section 3.6.1 (TIME-WAIT), RFC 6191 (reuse by timestamps).
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array, Mask
from pcapframe.measures import distinct
from pcapframe.patterns._api import Pattern
from pcapframe.patterns._traffic import Traffic
from pcapframe.schema import ENDINGS, HANDSHAKES
from pcapframe.wording import counted, seconds

__all__ = ["CATEGORY", "LIMITS", "NAME", "READS", "RESTS_ON", "PortReuseLimits", "observe"]

NAME = "port_reuse"
CATEGORY = "connection_lifecycle"
RESTS_ON = ("connections",)
READS = ("reused_ports",)

WRITTEN = {"fin": "by FINs of both sides", "half_closed": "half closed", "reset": "reset", "open": "not seen to end"}


class PortReuseLimits(NamedTuple):
    """When `observe` reports.

    Parameters
    ----------
    min_connections : int, default 1
        Fewest connections on reused ports. [connections]
    """

    min_connections: int = 1


LIMITS = PortReuseLimits


def observe(traffic: Traffic, limits: PortReuseLimits) -> Pattern | None:
    """Count connections on reused ports, with their handshakes and the endings of the earlier ones.

    Parameters
    ----------
    traffic : Traffic
        Segments and connections.
    limits : PortReuseLimits
        When to report.

    Returns
    -------
    Pattern or None
        ``reusing_connections`` of ``total_connections``, ``by_connection`` [connections] of
        ``by_connection_total``, ``since_earlier_min_s`` and ``since_earlier_median_s``: from the earlier
        connection's last packet to the SYN [s], ``earlier_endings`` and ``handshakes`` (how the earlier ones
        ended and the new ones began) [connections], ``earlier_unknown`` [connections]. Evidence: these SYNs.
    """
    labelled = traffic.labelled("reused_ports")
    rows = labelled[traffic.has_flag(labelled, "SYN") & ~traffic.has_flag(labelled, "ACK")]
    places = distinct(traffic.place(rows), traffic.size)
    if places.size < max(limits.min_connections, 1):
        return None
    earlier = _earlier(traffic, places)
    known = earlier >= 0
    since = traffic.seconds_apart(earlier[known], places[known])
    since = since[~np.isnan(since)]
    counts = np.zeros(traffic.size, np.int64)
    counts[places] = 1
    by_connection, pairs = traffic.endpoints.count_pairs(counts)
    observations: dict[str, Any] = {
        "reusing_connections": places.size,
        "total_connections": traffic.size,
        "by_connection": by_connection,
        "by_connection_total": pairs,
        "since_earlier_min_s": since.min() if since.size else None,
        "since_earlier_median_s": np.median(since) if since.size else None,
        "earlier_endings": _kinds(traffic.codes("ending")[earlier[known]], ENDINGS),
        "handshakes": _kinds(traffic.codes("handshake")[places], HANDSHAKES),
        "earlier_unknown": int((~known).sum()),
    }
    after = f", {seconds(float(since.min()))} after the earlier one at the least" if since.size else ""
    description = (
        f"{places.size:,} of {counted(traffic.size, 'connection')} began between endpoints that an earlier "
        f"connection had used{after}. {_went(observations)}."
    )
    return Pattern(NAME, CATEGORY, description, observations, traffic.evidence(rows))


def _earlier(traffic: Traffic, places: Array) -> Array:
    """Place of the connection before each one between the same endpoints, whichever is the client; or -1."""
    client, server = traffic.endpoints.client, traffic.endpoints.server
    one, other = np.minimum(client, server), np.maximum(client, server)
    some = np.flatnonzero(_may_share(client, server, places))
    order = some[np.lexsort((some, other[some], one[some]))]
    same = (one[order][1:] == one[order][:-1]) & (other[order][1:] == other[order][:-1])
    earlier = np.full(traffic.size, -1)
    earlier[order[1:][same]] = order[:-1][same]
    return earlier[places]


def _may_share(client: Array, server: Array, places: Array) -> Mask:
    """Tell which connections have only addresses and ports that occur in `places`: a fast filter that leaves few."""
    found = np.ones(client.size, np.bool_)
    for shift, mask in ((16, -1), (0, 0xFFFF)):
        parts = [(end >> shift) & mask for end in (client, server)]
        known = np.zeros(max(int(part.max()) for part in parts) + 1, np.bool_)
        for part in parts:
            known[part[places]] = True
        for part in parts:
            found &= known[part]
    return found


def _went(seen: dict[str, Any]) -> str:
    """Say how the new ones went and how the earlier ones ended."""
    new = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in seen["handshakes"].items())
    old = [f"{count:,} {WRITTEN[name]}" for name, count in seen["earlier_endings"].items()]
    if seen["earlier_unknown"]:
        old.append(f"{seen['earlier_unknown']:,} unknown")
    return f"Handshakes of the new ones: {new}; how the earlier ones ended: {', '.join(old)}"


def _kinds(codes: Array, names: tuple[str, ...]) -> dict[str, int]:
    """Count categories, without zeros."""
    counts = np.bincount(codes, minlength=len(names)).tolist()
    return {name: count for name, count in zip(names, counts, strict=True) if count}
