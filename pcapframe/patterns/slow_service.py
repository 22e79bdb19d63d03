"""Servers that take long until the first byte of their response.

Observed: ``service_s`` of the turns of each server (address and port): from the last segment of a request to the first
segment of its response.

Rule: a turn is slow if it took ``service_s`` and ``round_trips`` times the round trip from the capture point to the
server, or, on a server with at least ``min_turns`` of them, ``times`` times the median of the server and ``floor_s``
more than it. A server is reported if at least ``share`` of its turns are slow.

Limits: service times are those of the capture point, and contain the path from there to the server and back. A response
whose first segment was lost before the capture point looks slow. Overlapping turns are left out. The packets do not
show what a server did meanwhile.
"""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from pcapframe.arrays import Mask
from pcapframe.patterns._api import LISTED, Pattern
from pcapframe.patterns._medians import group_medians
from pcapframe.patterns._traffic import Traffic
from pcapframe.patterns._turns import CATEGORY, is_long, rows_of, to_server_s
from pcapframe.wording import counted, percent, seconds

__all__ = ["CATEGORY", "LIMITS", "NAME", "RESTS_ON", "SlowServiceLimits", "observe"]

NAME = "slow_service"
RESTS_ON = ("durations", "directions")


class SlowServiceLimits(NamedTuple):
    """When `observe` reports.

    Parameters
    ----------
    service_s : float, default 0.5
        Shortest service time that is slow by itself. [s]
    round_trips : float, default 5.0
        It is also at least this long. [round trips]
    times : float, default 5.0
        Slow beside the other turns of the server. [medians]
    floor_s : float, default 0.1
        And by at least this. [s]
    min_turns : int, default 10
        Fewest turns of a server whose turns are compared. [turns]
    share : float, default 0.05
        Smallest share of slow turns of a server. [0 to 1]
    """

    service_s: float = 0.5
    round_trips: float = 5.0
    times: float = 5.0
    floor_s: float = 0.1
    min_turns: int = 10
    share: float = 0.05


LIMITS = SlowServiceLimits


def observe(traffic: Traffic, limits: SlowServiceLimits) -> Pattern | None:
    """Find servers that take long to answer.

    Parameters
    ----------
    traffic : Traffic
        Segments and connections.
    limits : SlowServiceLimits
        What is slow.

    Returns
    -------
    Pattern or None
        ``servers`` of ``total_servers`` (address and port, with turns), ``slow`` of their ``turns``, ``connections``
        of ``total_connections`` with a slow turn, and ``by_server`` of ``servers``: the 100 with the most time in slow
        turns, each with ``server``, ``slow`` and ``turns``, ``share`` [0 to 1], ``service_median_s``,
        ``service_p95_s``, ``service_max_s``, ``slow_median_s`` and ``round_trip_s`` [s]. Evidence: the last segment of
        the request and the first of the response of slow turns.
    """
    mask = _candidates(traffic, limits)
    if not mask.any():
        return None
    turns = traffic.turns_of(mask)
    turns = turns[~turns["overlapping"] & turns["service_s"].notna()]
    place = traffic.place_of(turns["conn_id"].to_numpy())
    service = turns["service_s"].to_numpy()
    servers, server = np.unique(traffic.endpoints.server[place], return_inverse=True)
    counts = np.bincount(server, minlength=servers.size)
    median = group_medians(service, server, servers.size)[server]
    slow = is_long(service, turns["round_trip_s"].to_numpy(), limits.service_s, limits.round_trips)
    beside = (service >= limits.times * median) & (service - median >= limits.floor_s)
    slow |= (counts[server] >= limits.min_turns) & beside
    slow_counts = np.bincount(server[slow], minlength=servers.size)
    chosen = ((slow_counts > 0) & (slow_counts >= limits.share * counts))[server]
    if not chosen.any():
        return None
    return _pattern(traffic, turns.assign(server=server, place=place, slow=slow)[chosen])


def _candidates(traffic: Traffic, limits: SlowServiceLimits) -> Mask:
    """Tell which connections are those of servers that may have slow turns."""
    longest, middle = (traffic.connections[f"service_{name}_s"].to_numpy() for name in ("max", "median"))
    if np.isnan(longest).all():
        return np.zeros(longest.size, np.bool_)
    server, _ = traffic.endpoints.by_server
    least = np.full(int(server.max(initial=-1)) + 1, np.inf)
    np.fmin.at(least, server, middle)
    far = (longest >= limits.floor_s) & (longest >= limits.times * 0.9 * least[server])  # medians are of 1 % wide bins
    some = far | is_long(longest, to_server_s(traffic), limits.service_s, limits.round_trips)
    turns = traffic.number("service_turns")
    most_slow, total = (np.bincount(server, weights=turns * part, minlength=least.size) for part in (some, True))
    wanted = (most_slow > 0) & (most_slow >= limits.share * total)
    return np.asarray(wanted[server] & ~np.isnan(longest), np.bool_)


def _pattern(traffic: Traffic, turns: pd.DataFrame) -> Pattern:
    """Put the numbers together."""
    slow = turns[turns["slow"]]
    order = slow.groupby("server")["service_s"].sum().sort_values(ascending=False, kind="stable").index
    listed = [_described(traffic, turns[turns["server"] == server]) for server in order[:LISTED]]
    with_turns = traffic.number("turns") > 0
    observations: dict[str, Any] = {
        "servers": len(order),
        "total_servers": np.unique(traffic.endpoints.server[with_turns]).size,
        "slow": len(slow),
        "turns": len(turns),
        "connections": slow["place"].nunique(),
        "total_connections": traffic.size,
        "by_server": listed,
    }
    first = listed[0]
    trip = first["round_trip_s"]
    beside = "" if trip is None else f", beside a round trip of {seconds(trip)}"
    others = "" if len(order) == 1 else f"; {counted(len(order) - 1, 'other server')} too"
    description = (
        f"{first['server']} took {seconds(first['slow_median_s'])} (median) until the first byte of its response in "
        f"{first['slow']:,} of {counted(first['turns'], 'turn')} ({percent(first['share'])}){beside}; "
        f"of all its turns the median is {seconds(first['service_median_s'])}, the 95th percentile "
        f"{seconds(first['service_p95_s'])}{others}."
    )
    rows = rows_of(traffic, (slow["request_end_frame"], slow["response_frame"]))
    return Pattern(NAME, CATEGORY, description, observations, traffic.evidence(rows))


def _described(traffic: Traffic, turns: pd.DataFrame) -> dict[str, Any]:
    """Describe the turns of one server."""
    service, slow = turns["service_s"], turns.loc[turns["slow"], "service_s"]
    text = traffic.endpoints.texts(turns["place"].to_numpy()[:1])[0].partition(" <-> ")[2]
    trip = turns["round_trip_s"].min()
    return {
        "server": text,
        "slow": len(slow),
        "turns": len(turns),
        "share": len(slow) / len(turns),
        "service_median_s": float(service.median()),
        "service_p95_s": float(service.quantile(0.95)),
        "service_max_s": float(service.max()),
        "slow_median_s": float(slow.median()),
        "round_trip_s": None if pd.isna(trip) else float(trip),
    }
