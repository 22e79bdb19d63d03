"""Handshakes that the server answered and the client never acknowledged.

Observed: connections with a SYN and an answer of the server, in which the capture has no ACK of the client's.

Rule: reported when at least ``min_connections`` connections are half open.

Limits: the ACK may be missing from the capture or may have arrived after its end. Connections that begin less than
``settle_s`` before the last packet are also counted separately (``begun_at_end``).

RFC 9293 sections 3.3.2 (SYN-RECEIVED) and 3.5.
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.patterns._api import Pattern
from pcapframe.patterns._traffic import Traffic
from pcapframe.wording import agreeing, counted, percent

__all__ = ["CATEGORY", "LIMITS", "NAME", "RESTS_ON", "HalfOpenHandshakesLimits", "observe"]

NAME = "half_open_handshakes"
CATEGORY = "connection_establishment"
RESTS_ON = ("unanswered",)


class HalfOpenHandshakesLimits(NamedTuple):
    """When `observe` reports.

    Parameters
    ----------
    min_connections : int, default 1
        Fewest half-open connections. [connections]
    settle_s : float, default 1.0
        Connections that begin later than this before the end are also counted as ``begun_at_end``. [s]
    """

    min_connections: int = 1
    settle_s: float = 1.0


LIMITS = HalfOpenHandshakesLimits


def observe(traffic: Traffic, limits: HalfOpenHandshakesLimits) -> Pattern | None:
    """Count half-open handshakes by server.

    Parameters
    ----------
    traffic : Traffic
        Segments and connections.
    limits : HalfOpenHandshakesLimits
        When to report.

    Returns
    -------
    Pattern or None
        ``half_open_connections`` of ``attempted_connections`` (those with a SYN), ``half_open_share`` [0 to
        1], their ``syn_acks`` [packets], ``by_server`` [connections] of ``by_server_total``, ``begun_at_end``
        [connections]. Evidence: their SYNs and SYN-ACKs.

    Examples
    --------
    >>> import pcapframe as pf
    >>> segments = pf.label_segments(pf.read_pcap(pf.example("resets.pcap")))
    >>> traffic = Traffic(segments, pf.build_connections(segments))
    >>> observe(traffic, HalfOpenHandshakesLimits()).observations["by_server"]
    {'198.51.100.21:8443': 2}
    """
    mask = traffic.is_in("handshake", "half_open")
    half_open = int(mask.sum())
    if half_open < max(limits.min_connections, 1):
        return None
    attempted = int((traffic.number("syn_count") > 0).sum())
    syn_acks = int(traffic.number("syn_ack_count")[mask].sum())
    by_server, servers = traffic.endpoints.count_servers(mask.astype(np.int64))
    observations: dict[str, Any] = {
        "half_open_connections": half_open,
        "attempted_connections": attempted,
        "half_open_share": half_open / attempted,
        "syn_acks": syn_acks,
        "by_server": by_server,
        "by_server_total": servers,
        "begun_at_end": int((traffic.seconds_to_end[mask] < limits.settle_s).sum()),
    }
    description = (
        f"{half_open:,} of {counted(attempted, 'attempted connection')} ({percent(half_open / attempted)}) "
        f"to {counted(servers, 'server endpoint')} {agreeing(half_open, 'was', 'were')} answered and not acknowledged "
        f"by the client ({counted(syn_acks, 'SYN-ACK')})."
    )
    rows = traffic.flagged("SYN", within=mask).rows
    return Pattern(NAME, CATEGORY, description, observations, traffic.evidence(rows, mask))
