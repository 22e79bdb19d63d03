"""Handshakes and round trips that take long, or longer than others to the same server.

Observed: the smallest round trip of each connection between client and server (from the capture point to either side
and back), and the time of its handshake, from the first SYN to the packet that completed it.

Rule: a connection is slow if its smallest round trip or its handshake took ``round_trip_s``; or if its round trip is
``times`` times the median of the same server address and ``floor_s`` more, on a server with at least
``min_connections``. Reported when there is such a connection.

Limits: the smallest of few round trips may contain a delayed acknowledgement. A handshake contains the time before a
repeated SYN; those are counted beside. Handshakes far from the others of a server are also in
``handshake_time_outliers``, which compares the time to the SYN-ACK.

RFC 9293 section 3.5, RFC 6298 section 2.
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array
from pcapframe.patterns._api import LISTED, Pattern
from pcapframe.patterns._medians import group_medians
from pcapframe.patterns._traffic import Traffic
from pcapframe.patterns._turns import CATEGORY, to_client_s, to_server_s
from pcapframe.wording import counted, seconds

__all__ = ["CATEGORY", "LIMITS", "NAME", "RESTS_ON", "SlowRoundTripsLimits", "observe"]

NAME = "slow_round_trips"
RESTS_ON = ("round_trips",)


class SlowRoundTripsLimits(NamedTuple):
    """When `observe` reports.

    Parameters
    ----------
    round_trip_s : float, default 0.5
        Shortest round trip or handshake that is slow by itself. [s]
    times : float, default 3.0
        Slow beside the other connections of the server. [medians]
    floor_s : float, default 0.05
        And by at least this. [s]
    min_connections : int, default 10
        Fewest connections of a server that are compared. [connections]
    """

    round_trip_s: float = 0.5
    times: float = 3.0
    floor_s: float = 0.05
    min_connections: int = 10


LIMITS = SlowRoundTripsLimits


def observe(traffic: Traffic, limits: SlowRoundTripsLimits) -> Pattern | None:
    """Find connections with slow round trips or handshakes.

    Parameters
    ----------
    traffic : Traffic
        Segments and connections.
    limits : SlowRoundTripsLimits
        What is slow.

    Returns
    -------
    Pattern or None
        ``connections`` of ``timed``: ``round_trips`` (slow by themselves), ``beside_others`` (slow beside those of the
        same server) and ``handshakes`` (slow), some of them more than one of these; ``with_repeated_syn``
        [connections]; ``round_trip_median_s`` and ``round_trip_max_s`` of the connections, ``handshake_max_s`` [s];
        and ``by_connection`` of ``connections``: the 100 slowest, each with ``conn_id``, ``connection``,
        ``round_trip_s`` and ``handshake_s`` [s], null where not known. Evidence: their SYNs and SYN-ACKs.
    """
    initial = traffic.connections["initial_rtt_s"].to_numpy()
    whole = to_client_s(traffic) + to_server_s(traffic)
    trips = np.where(np.isnan(whole), initial, whole)
    handshake = traffic.connections["handshake_s"].to_numpy()
    known = ~np.isnan(trips)
    if not known.any() and np.isnan(handshake).all():
        return None
    host = traffic.endpoints.server_host
    hosts = int(host.max(initial=-1)) + 1
    median = group_medians(trips[known], host[known], hosts)[host]
    count = np.bincount(host[known], minlength=hosts)[host]
    kinds = {
        "round_trips": trips >= limits.round_trip_s,
        "beside_others": (count >= limits.min_connections)
        & (trips >= limits.times * median)
        & (trips - median >= limits.floor_s),
        "handshakes": handshake >= limits.round_trip_s,
    }
    mask = np.logical_or.reduce(list(kinds.values()))
    if not mask.any():
        return None
    places = np.flatnonzero(mask)
    longest = np.fmax(trips, handshake)
    order = places[np.argsort(-longest[places], kind="stable")][:LISTED]
    observations: dict[str, Any] = {
        "connections": places.size,
        "timed": int(np.count_nonzero(~np.isnan(longest))),
        **{name: int(np.count_nonzero(kind)) for name, kind in kinds.items()},
        "with_repeated_syn": int((traffic.number("syn_count")[mask] > 1).sum()),
        "round_trip_median_s": _of(np.nanmedian, trips[places]),
        "round_trip_max_s": _of(np.nanmax, trips[places]),
        "handshake_max_s": _of(np.nanmax, handshake[places]),
        "by_connection": _listed(traffic, order, trips, handshake),
    }
    description = _description(observations, limits)
    rows = traffic.flagged("SYN", within=mask).rows
    return Pattern(NAME, CATEGORY, description, observations, traffic.evidence(rows, mask))


def _description(seen: dict[str, Any], limits: SlowRoundTripsLimits) -> str:
    """Say which connections are slow, and in what."""
    least, texts = seconds(limits.round_trip_s), []
    if seen["handshakes"]:
        longest = seconds(seen["handshake_max_s"])
        texts.append(f"the handshake took {least} or longer in {seen['handshakes']:,} ({longest} at most)")
    if seen["round_trips"]:
        longest = seconds(seen["round_trip_max_s"])
        texts.append(f"the smallest round trip took {least} or longer in {seen['round_trips']:,} ({longest} at most)")
    if seen["beside_others"]:
        texts.append(f"the smallest round trip was far above others to the same server in {seen['beside_others']:,}")
    return (
        f"{seen['connections']:,} of {counted(seen['timed'], 'connection')} opened or ran slowly: {'; '.join(texts)}. "
        f"{seen['with_repeated_syn']:,} of them had a repeated SYN."
    )


def _of(measure: Any, times: Array) -> float | None:
    """Return a measure of the known times, None where there is none."""
    known = times[~np.isnan(times)]
    return float(measure(known)) if known.size else None


def _listed(traffic: Traffic, places: Array, trips: Array, handshake: Array) -> list[dict[str, object]]:
    """Describe connections one by one."""
    conn_ids = traffic.connections.index.take(places).tolist()
    columns = (conn_ids, traffic.endpoints.texts(places), trips[places].tolist(), handshake[places].tolist())
    names = ("conn_id", "connection", "round_trip_s", "handshake_s")
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
