"""RSTs that come sooner than their sender could have answered.

Observed: the time from a packet of one side to the RST of the other that follows it, beside the smallest round trip in
which that side answered otherwise. A RST counts as an answer to a packet if it acknowledges its last byte; or if the
packet carries data, the RST is the next packet, and the packet's sender had sent nothing for a round trip before.

Rule: reported when at least ``min_rsts`` RSTs came within ``round_trips`` of the smallest round trip. For these, the
hop limit, and an IPv4 identification that repeats one of the other side's, are stated too.

Limits: only connections whose handshake was captured are compared, since all other answers may have been delayed. A
side that happens to reset at that moment, without having received the packet, looks the same if the RST does not
acknowledge it. Times are wrong if the two directions were captured with different clocks or at different points.

RFC 9293 sections 3.5.2 and 3.10.7, RFC 5961 section 3.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from pcapframe.arrays import Array, Mask
from pcapframe.patterns._api import Pattern, each_direction
from pcapframe.patterns._traffic import Traffic
from pcapframe.wording import agreeing, counted, seconds

__all__ = ["CATEGORY", "LIMITS", "NAME", "READS", "RESTS_ON", "RstUnlikePeerLimits", "observe"]

NAME = "rst_unlike_peer"
CATEGORY = "connection_termination"
RESTS_ON = ("flags", "round_trips")
READS = ("ack_rtt_s", "ttl")


@dataclass(frozen=True)
class RstUnlikePeerLimits:
    """What counts as too soon, and when `observe` reports.

    Parameters
    ----------
    round_trips : float, default 0.5
        A RST is too soon within this share of the smallest round trip. [round trips]
    min_rtt_s : float, default 0.001
        Smallest round trip that is compared: below it, scheduling decides. [s]
    min_rsts : int, default 1
        Fewest such RSTs. [packets]
    """

    round_trips: float = 0.5
    min_rtt_s: float = 0.001
    min_rsts: int = 1


LIMITS = RstUnlikePeerLimits


def observe(traffic: Traffic, limits: RstUnlikePeerLimits) -> Pattern | None:
    """Compare the time of RSTs with round trips.

    Parameters
    ----------
    traffic : Traffic
        Segments and connections.
    limits : RstUnlikePeerLimits
        What counts as too soon.

    Returns
    -------
    Pattern or None
        ``rsts`` of ``compared_rsts`` (of ``total_rsts``) [packets], ``connections``, ``soonest_s`` and the smallest
        round trip of its connection ``soonest_round_trip_s`` [s], ``other_hop_limit``: how many of them have a hop
        limit that their sender's other packets do not have [packets], ``rst_to_server`` and ``rst_from_server``
        [packets; of the rest no packet shows the roles]. Evidence: these RSTs.
    """
    if not traffic.rsts.rows.size:
        return None
    round_trip = _round_trips(traffic)
    usable = (round_trip >= limits.min_rtt_s).reshape(-1, 2).any(axis=1)
    mask = usable & (traffic.each_way("rsts") > 0)
    if not mask.any():
        return None
    rows, since = _since_answered(traffic, mask, round_trip)
    rtt = round_trip[2 * traffic.place(rows) + traffic.from_client(rows)]
    compared = (since >= 0) & (rtt >= limits.min_rtt_s)
    soon = compared & (since < limits.round_trips * rtt)
    found, since, rtt = rows[soon], since[soon], rtt[soon]
    if found.size < max(limits.min_rsts, 1):
        return None
    to_server, from_server, unknown = traffic.count_directions(found)
    soonest = int(np.argmin(since / rtt))
    evidence = traffic.evidence(found)
    observations: dict[str, Any] = {
        "rsts": found.size,
        "compared_rsts": int(compared.sum()),
        "total_rsts": traffic.rsts.rows.size,
        "connections": evidence.connection_count,
        "soonest_s": since[soonest],
        "soonest_round_trip_s": rtt[soonest],
        "other_hop_limit": _other_hop_limit(traffic, found),
        "rst_to_server": to_server,
        "rst_from_server": from_server,
    }
    description = (
        f"{found.size:,} of {counted(observations['compared_rsts'], 'RST')} that can be compared came sooner than "
        f"{limits.round_trips:g} of the smallest round trip, in {counted(evidence.connection_count, 'connection')}: "
        f"{each_direction(to_server, from_server, unknown)}. The soonest came {seconds(float(since[soonest]))} after "
        f"the packet it follows, where the smallest round trip is {seconds(float(rtt[soonest]))}; "
        f"{observations['other_hop_limit']:,} of {agreeing(found.size, 'it', 'these')} had a hop limit that no other "
        "packet of the same endpoint has."
    )
    return Pattern(NAME, CATEGORY, description, observations, evidence)


def _round_trips(traffic: Traffic) -> Array:
    """Return the smallest answer time of each side; NaN where none was measured. [s]."""
    connections = traffic.connections
    found = np.full(2 * traffic.size, np.nan)
    handshake, initial = (connections[name].to_numpy() for name in ("handshake_rtt_s", "initial_rtt_s"))
    # The answers that a sender waits for are the other side's; fmin passes over what is unknown.
    by_client = np.fmin(connections["server_ack_rtt_min_s"].to_numpy(), initial - handshake)
    by_server = np.fmin(connections["client_ack_rtt_min_s"].to_numpy(), handshake)
    found[1::2] = np.where(np.isnan(initial - handshake), np.nan, by_client)
    found[::2] = np.where(np.isnan(handshake), np.nan, by_server)
    return found


def _since_answered(traffic: Traffic, mask: Mask, round_trip: Array) -> tuple[Array, Array]:
    """First RST of each side, and the time since the packet that it answers, -1 for none. [s]."""
    resets, place = traffic.flagged("RST", within=mask)
    _, once = np.unique(2 * place + traffic.from_client(resets), return_index=True)
    resets = np.sort(resets[once])
    acked = traffic.column("ack_rtt_s")[resets]
    since = np.where(acked > 0, acked, -1.0)
    others = np.flatnonzero(~(acked > 0))
    if not others.size:
        return resets, since
    some = resets[others]
    ordered = traffic.by_connection(traffic.all_rows(traffic.places(some)))
    rows, place, sides = ordered.rows, ordered.place, traffic.from_client(ordered.rows)
    where = np.empty(int(rows.max()) + 1, np.int64)
    where[rows] = np.arange(rows.size)
    at = where[some]
    before = np.maximum(at - 1, 0)
    lone = (at > 0) & (place[before] == place[at]) & (sides[before] != sides[at]) & (traffic.payload(rows[before]) > 0)
    others, at, before = others[lone], at[lone], before[lone]
    # How long the sender of that data had been idle before it.
    earlier = _previous_of_same(place, sides, before)
    quiet = traffic.seconds_between(rows[np.maximum(earlier, 0)], rows[before])
    is_quiet = (earlier >= 0) & (quiet >= round_trip[2 * place[at] + sides[at]])
    since[others[is_quiet]] = traffic.seconds_between(rows[before[is_quiet]], rows[at[is_quiet]])
    return resets, since


def _previous_of_same(place: Array, sides: Mask, places: Array) -> Array:
    """Where the packet before of the same side of the connection is, -1 for none."""
    found = np.full(places.size, -1)
    for side in (False, True):
        mine = sides[places] == side
        known = np.flatnonzero(sides == side)
        index = np.searchsorted(known, places[mine]) - 1
        found[mine] = np.where(index >= 0, known[np.maximum(index, 0)], -1)
    same = (found >= 0) & (place[np.maximum(found, 0)] == place[places])
    return np.where(same, found, -1)


def _other_hop_limit(traffic: Traffic, found: Array) -> int:
    """How many RSTs have a hop limit that no other packet of their side has."""
    rows, place = traffic.all_rows(traffic.places(found))
    ttl = traffic.column("ttl").astype(np.int64)
    key = (2 * place + traffic.from_client(rows)) << 8 | ttl[rows]
    others = key[~traffic.has_flag(rows, "RST")]
    own = (2 * traffic.place(found) + traffic.from_client(found)) << 8 | ttl[found]
    return int((~np.isin(own, others)).sum())
