"""Connections whose time is mostly the client's waiting before it asks.

Observed: how long each client waited before its requests: since the response before ended, or since the handshake was
complete. What the server said before the first request is not counted as the client's.

Rule: reported when in at least ``min_connections`` connections, and ``connections_share`` of those with requests, these
waits are at least ``share`` of the duration, ``wait_s`` in all, and one of them ``round_trips`` times the round trip
from the capture point to the client.

Limits: a few clients that pause, as on a connection kept open for later requests, are not reported among many others
that do not. Times are those of the capture point: near the server, a wait contains the path to the client and back.
Turns that overlap are left out, and what was not captured. A client may wait for a user, or have nothing to ask.
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array
from pcapframe.patterns._api import LISTED, Pattern
from pcapframe.patterns._traffic import Traffic
from pcapframe.patterns._turns import CATEGORY, is_long, rows_of, to_client_s
from pcapframe.wording import counted, percent, seconds

__all__ = ["CATEGORY", "LIMITS", "NAME", "RESTS_ON", "ClientWaitsLimits", "observe"]

NAME = "client_waits"
RESTS_ON = ("durations", "directions")


class ClientWaitsLimits(NamedTuple):
    """When `observe` reports.

    Parameters
    ----------
    share : float, default 0.5
        Smallest share of the duration. [0 to 1]
    wait_s : float, default 0.5
        Shortest wait, all requests of the connection together. [s]
    round_trips : float, default 5.0
        It is also at least this long per request. [round trips]
    min_connections : int, default 1
        Fewest connections. [connections]
    connections_share : float, default 0.1
        Smallest share of the connections with requests. [0 to 1]
    """

    share: float = 0.5
    wait_s: float = 0.5
    round_trips: float = 5.0
    min_connections: int = 1
    connections_share: float = 0.1


LIMITS = ClientWaitsLimits


def observe(traffic: Traffic, limits: ClientWaitsLimits) -> Pattern | None:
    """Find connections whose client waited most of the time.

    Parameters
    ----------
    traffic : Traffic
        Segments and connections.
    limits : ClientWaitsLimits
        When to report.

    Returns
    -------
    Pattern or None
        ``connections`` of ``total_connections`` (with turns), ``waited_s`` of their ``duration_s`` [s], ``share``
        [0 to 1], ``longest_s`` (one wait) [s], ``requests`` (after such a wait), and ``by_connection`` of
        ``connections``: the 100 with the longest waits, each with ``conn_id``, ``connection``, ``waited_s`` and
        ``duration_s`` [s]. Evidence: the first segment of these requests.
    """
    waited, duration = _waited(traffic), traffic.connections["duration_s"].to_numpy()
    turns = traffic.number("turns")
    each = waited / np.maximum(turns, 1)
    mask = (waited >= limits.wait_s) & (waited >= limits.share * duration)
    mask &= is_long(each, to_client_s(traffic), 0, limits.round_trips)
    total = int(np.count_nonzero(turns))
    if np.count_nonzero(mask) < max(limits.min_connections, limits.connections_share * total, 1):
        return None
    places = np.flatnonzero(mask)
    found = traffic.turns_of(mask)
    found = found[~found["overlapping"]]
    late = found[found["wait_s"] >= limits.wait_s / turns.max(initial=1)]
    # Of each connection, the requests that half of its longest wait or more came before.
    longest = late.groupby("conn_id")["wait_s"].transform("max")
    late = late[late["wait_s"] >= longest / 2]
    order = places[np.argsort(-waited[places], kind="stable")][:LISTED]
    observations: dict[str, Any] = {
        "connections": places.size,
        "total_connections": total,
        "waited_s": waited[places].sum(),
        "duration_s": duration[places].sum(),
        "share": waited[places].sum() / duration[places].sum(),
        "longest_s": late["wait_s"].max(),
        "requests": len(late),
        "by_connection": _listed(traffic, order, waited, duration),
    }
    description = (
        f"In {places.size:,} of {counted(observations['total_connections'], 'connection')} with requests, the client's "
        f"waiting before its requests took most of the time: {seconds(observations['waited_s'])} of "
        f"{seconds(observations['duration_s'])} ({percent(observations['share'])}), at most "
        f"{seconds(observations['longest_s'])} before one request."
    )
    return Pattern(
        NAME, CATEGORY, description, observations, traffic.evidence(rows_of(traffic, [late["request_frame"]]), mask)
    )


def _waited(traffic: Traffic) -> Array:
    """How long each client waited before its requests, without the server's greeting [s]; NaN where unknown."""
    greeting = np.nan_to_num(traffic.connections["greeting_s"].to_numpy())
    return np.asarray(np.maximum(traffic.connections["client_wait_s"].to_numpy() - greeting, 0))


def _listed(traffic: Traffic, places: Array, waited: Array, duration: Array) -> list[dict[str, object]]:
    """Describe connections one by one."""
    conn_ids = traffic.connections.index.take(places).tolist()
    columns = (conn_ids, traffic.endpoints.texts(places), waited[places].tolist(), duration[places].tolist())
    names = ("conn_id", "connection", "waited_s", "duration_s")
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
