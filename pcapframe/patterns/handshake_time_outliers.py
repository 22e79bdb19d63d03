"""Handshakes that took much longer, or shorter, than others to the same server.

Observed: the time from the first SYN to the first SYN-ACK, compared with the median of the same server
address.

Rule: reported when it differs from the median by more than the largest of ``deviations`` scaled median
absolute deviations, ``floor_s`` and ``floor_share`` of the median, on a server with at least
``min_handshakes`` handshakes.

Limits: the time covers the path from the capture point to the server and back; a capture made at the server shows only
the server's own response time. A repeated SYN adds the time before the retry; such handshakes are also counted
separately. Servers with fewer handshakes are not compared.

RFC 9293 section 3.5, RFC 6298 section 2.
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array
from pcapframe.patterns._api import LISTED, Pattern
from pcapframe.patterns._medians import group_medians
from pcapframe.patterns._traffic import Traffic
from pcapframe.wording import counted

__all__ = ["CATEGORY", "LIMITS", "NAME", "RESTS_ON", "HandshakeTimeOutliersLimits", "observe"]

NAME = "handshake_time_outliers"
CATEGORY = "connection_establishment"
RESTS_ON = ("round_trips",)

SCALE = 1.4826  # makes the median absolute deviation of normal values their standard deviation


class HandshakeTimeOutliersLimits(NamedTuple):
    """When `observe` reports.

    Parameters
    ----------
    deviations : float, default 6.0
        Distance from the median. [scaled median absolute deviations]
    floor_s : float, default 0.05
        Smaller distances from the median are ignored. [s]
    floor_share : float, default 0.5
        Distances below this share of the median are ignored. [share]
    min_handshakes : int, default 10
        Fewest timed handshakes of a server. [connections]
    """

    deviations: float = 6.0
    floor_s: float = 0.05
    floor_share: float = 0.5
    min_handshakes: int = 10


LIMITS = HandshakeTimeOutliersLimits


def observe(traffic: Traffic, limits: HandshakeTimeOutliersLimits) -> Pattern | None:
    """Find handshake times far from the rest of the same server.

    Parameters
    ----------
    traffic : Traffic
        Segments and connections.
    limits : HandshakeTimeOutliersLimits
        What is far.

    Returns
    -------
    Pattern or None
        ``slower`` and ``faster`` of ``handshakes`` compared [connections] at ``servers`` (addresses),
        ``with_repeated_syn`` of the outliers [connections], and ``outliers``, of ``outliers_total``: the 100
        farthest, each with ``conn_id``, ``connection``, ``handshake_s`` and ``server_median_s`` [s].
        Evidence: their SYNs and SYN-ACKs.
    """
    times = traffic.connections["handshake_rtt_s"].to_numpy()
    hosts = traffic.endpoints.server_host
    handshakes = np.bincount(hosts[~np.isnan(times)], minlength=int(hosts.max()) + 1)
    places = np.flatnonzero(~np.isnan(times) & (handshakes[hosts] >= limits.min_handshakes))
    times, host = times[places], hosts[places]
    median = group_medians(times, host, handshakes.size)[host]
    distance = np.abs(times - median)
    spread = SCALE * group_medians(distance, host, handshakes.size)[host]
    far = np.max([limits.deviations * spread, limits.floor_share * median], axis=0, initial=limits.floor_s)
    outliers = np.flatnonzero(distance > far)
    if not outliers.size:
        return None
    farthest = outliers[np.argsort(-distance[outliers], kind="stable")][:LISTED]
    mask = np.zeros(traffic.size, np.bool_)
    mask[places[outliers]] = True
    slower = int((times[outliers] > median[outliers]).sum())
    observations: dict[str, Any] = {
        "slower": slower,
        "faster": outliers.size - slower,
        "handshakes": places.size,
        "servers": int((handshakes >= limits.min_handshakes).sum()),
        "with_repeated_syn": int((traffic.number("syn_count")[mask] > 1).sum()),
        "outliers_total": outliers.size,
        "outliers": _listed(traffic, places[farthest], times[farthest], median[farthest]),
    }
    description = (
        f"{outliers.size:,} of {counted(places.size, 'handshake')} took a time far from the median of the "
        f"same server: {slower:,} longer, {outliers.size - slower:,} shorter; "
        f"{observations['with_repeated_syn']:,} of them had a repeated SYN."
    )
    rows = traffic.flagged("SYN", within=mask).rows
    return Pattern(NAME, CATEGORY, description, observations, traffic.evidence(rows, mask))


def _listed(traffic: Traffic, places: Array, times: Array, medians: Array) -> list[dict[str, object]]:
    """Describe connections one by one."""
    conn_ids = traffic.connections.index.take(places).tolist()
    columns = (conn_ids, traffic.endpoints.texts(places), times.tolist(), medians.tolist())
    names = ("conn_id", "connection", "handshake_s", "server_median_s")
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
