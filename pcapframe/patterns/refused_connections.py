"""Connections whose SYN was answered by a RST.

Observed: SYNs that a RST from the server's side answered, with no SYN-ACK in the connection.

Rule: reported when at least ``min_connections`` connections were refused.

Limits: the capture shows the source address of a RST, not which machine sent it; compare its hop limit
(``rst_unlike_ttl``). SYNs answered by ICMP count as unanswered.

RFC 9293 section 3.5.2 (reset generation, first group).
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.patterns._api import Pattern
from pcapframe.patterns._traffic import Rows, Traffic
from pcapframe.wording import agreeing, counted, percent, seconds

__all__ = ["CATEGORY", "LIMITS", "NAME", "RESTS_ON", "RefusedConnectionsLimits", "observe"]

NAME = "refused_connections"
CATEGORY = "connection_establishment"
RESTS_ON = ("handshakes", "rates")


class RefusedConnectionsLimits(NamedTuple):
    """When `observe` reports.

    Parameters
    ----------
    min_connections : int, default 1
        Fewest refused connections. [connections]
    """

    min_connections: int = 1


LIMITS = RefusedConnectionsLimits


def observe(traffic: Traffic, limits: RefusedConnectionsLimits) -> Pattern | None:
    """Count refused connections by server.

    Parameters
    ----------
    traffic : Traffic
        Segments and connections.
    limits : RefusedConnectionsLimits
        When to report.

    Returns
    -------
    Pattern or None
        ``refused_connections`` of ``attempted_connections`` (those with a SYN), ``refused_share`` [0 to 1],
        ``syns`` refused [packets], ``by_server`` [connections] of ``by_server_total``,
        ``response_median_s`` from SYN to RST [s]. Evidence: these SYNs and RSTs.

    Examples
    --------
    >>> import pcapframe as pf
    >>> segments = pf.label_segments(pf.read_pcap(pf.example("resets.pcap")))
    >>> traffic = Traffic(segments, pf.build_connections(segments))
    >>> observe(traffic, RefusedConnectionsLimits()).observations["by_server"]
    {'198.51.100.20:8080': 6}
    """
    mask = traffic.is_in("handshake", "refused")
    refused = int(mask.sum())
    if refused < max(limits.min_connections, 1):
        return None
    syns = traffic.number("syn_count")
    attempted = int((syns > 0).sum())
    by_server, servers = traffic.endpoints.count_servers(mask.astype(np.int64))
    rows = traffic.flagged("SYN", "RST", within=mask)
    response_s = _median_response_s(traffic, rows)
    observations: dict[str, Any] = {
        "refused_connections": refused,
        "attempted_connections": attempted,
        "refused_share": refused / attempted,
        "syns": int(syns[mask].sum()),
        "by_server": by_server,
        "by_server_total": servers,
        "response_median_s": response_s,
    }
    description = (
        f"{refused:,} of {counted(attempted, 'attempted connection')} ({percent(refused / attempted)}) to "
        f"{counted(servers, 'server endpoint')} {agreeing(refused, 'was', 'were')} refused by a RST, "
        f"{seconds(response_s)} after the SYN (median)."
    )
    return Pattern(NAME, CATEGORY, description, observations, traffic.evidence(rows.rows, mask))


def _median_response_s(traffic: Traffic, rows: Rows) -> float:
    """Median time from a SYN to the RST next after it in its connection."""
    ordered = traffic.by_connection(rows)
    is_rst = traffic.has_flag(ordered.rows, "RST")
    answers = np.flatnonzero(is_rst[1:] & ~is_rst[:-1] & ~ordered.begins[1:]) + 1
    times = traffic.seconds_between(ordered.rows[answers - 1], ordered.rows[answers])
    known = times[~np.isnan(times)]
    return float(np.median(known)) if known.size else np.nan
