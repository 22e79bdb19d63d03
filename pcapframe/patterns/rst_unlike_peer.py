"""RSTs that are unlike what their endpoint otherwise sends.

Observed: the time from a packet of one side to the RST of the other that follows it, beside the smallest round trip in
which that side answered otherwise; the hop limit (IPv4: time to live) beside those of its side's other packets; the
IPv4 identification and window beside those of the connection's other packets. A RST counts as an answer to a packet if
it acknowledges its last byte; or if the packet carries data, the RST is the next packet, and the packet's sender had
sent nothing for a round trip before.

Rule: reported when at least ``min_rsts`` RSTs came within ``round_trips`` of the smallest round trip, had a hop limit
more than ``hops`` outside the range of the others, or repeat both identification and window of the other side's
packets (neither 0) while their own side counts elsewhere.

Limits: times are compared only for the first RST of a side and in connections whose handshake was captured, since all
other answers may have been delayed. A side that happens to reset at that moment, without having received the packet,
looks the same if the RST does not acknowledge it. Times are wrong if the two directions were captured with different
clocks or at different points. Some systems send RSTs with a different initial hop limit than data.

RFC 9293 sections 3.5.2 and 3.10.7, RFC 5961 section 3.
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array, Mask
from pcapframe.patterns._api import Pattern, each_direction
from pcapframe.patterns._hop_limits import compare_resets
from pcapframe.patterns._traffic import Traffic
from pcapframe.wording import agreeing, counted, seconds

__all__ = ["CATEGORY", "LIMITS", "NAME", "READS", "RESTS_ON", "RstUnlikePeerLimits", "observe"]

NAME = "rst_unlike_peer"
CATEGORY = "connection_termination"
RESTS_ON = ("flags", "round_trips")
READS = ("ack_rtt_s", "ttl")


class RstUnlikePeerLimits(NamedTuple):
    """What counts as unlike, and when `observe` reports.

    Parameters
    ----------
    round_trips : float, default 0.5
        A RST is too soon within this share of the smallest round trip. [round trips]
    min_rtt_s : float, default 0.001
        Smallest round trip that is compared: below it, scheduling decides. [s]
    hops : int, default 2
        Largest accepted distance from the range of the other packets' hop limits. [hops]
    min_rsts : int, default 1
        Fewest such RSTs. [packets]
    """

    round_trips: float = 0.5
    min_rtt_s: float = 0.001
    hops: int = 2
    min_rsts: int = 1


LIMITS = RstUnlikePeerLimits


class _Soon(NamedTuple):
    """RSTs that came too soon, how soon, and the smallest round trip of each; and how many were compared."""

    rows: Array
    since_s: Array
    round_trip_s: Array
    compared: int


def observe(traffic: Traffic, limits: RstUnlikePeerLimits) -> Pattern | None:
    """Compare RSTs with what their endpoints otherwise send.

    Parameters
    ----------
    traffic : Traffic
        Segments and connections.
    limits : RstUnlikePeerLimits
        What counts as unlike.

    Returns
    -------
    Pattern or None
        ``rsts`` of ``total_rsts`` [packets], ``connections``; ``sooner_than_round_trip`` of ``compared_rsts``,
        ``other_hop_limit`` and ``repeated_identification`` [packets]; ``soonest_s`` and the smallest round trip of its
        connection ``soonest_round_trip_s`` [s], null unless one came too soon; ``rst_to_server`` and
        ``rst_from_server`` [packets; of the rest no packet shows the roles]. Evidence: these RSTs.
    """
    total = traffic.rsts.rows.size
    if not total:
        return None
    soon = _sooner(traffic, limits)
    other_hops, repeated = _other_hop_limit(traffic, limits.hops), traffic.noted_rows(traffic.noted("copied")["frame"])
    found = np.unique(np.concatenate([soon.rows, other_hops, repeated]))
    if found.size < max(limits.min_rsts, 1):
        return None
    to_server, from_server, unknown = traffic.count_directions(found)
    evidence = traffic.evidence(found)
    soonest = int(np.argmin(soon.since_s / soon.round_trip_s)) if soon.rows.size else None
    observations: dict[str, Any] = {
        "rsts": found.size,
        "total_rsts": total,
        "connections": evidence.connection_count,
        "sooner_than_round_trip": soon.rows.size,
        "compared_rsts": soon.compared,
        "soonest_s": None if soonest is None else soon.since_s[soonest],
        "soonest_round_trip_s": None if soonest is None else soon.round_trip_s[soonest],
        "other_hop_limit": other_hops.size,
        "repeated_identification": repeated.size,
        "rst_to_server": to_server,
        "rst_from_server": from_server,
    }
    description = (
        f"{found.size:,} of {counted(total, 'RST')} {agreeing(found.size, 'is', 'are')} unlike what "
        f"{agreeing(found.size, 'its endpoint', 'their endpoints')} otherwise {agreeing(found.size, 'sends', 'send')}, "
        f"in {counted(evidence.connection_count, 'connection')}: {each_direction(to_server, from_server, unknown)}. "
        f"{_differences(observations, limits)}."
    )
    return Pattern(NAME, CATEGORY, description, observations, evidence)


def _differences(seen: dict[str, Any], limits: RstUnlikePeerLimits) -> str:
    """Say what is unlike, with how many."""
    said = []
    if seen["sooner_than_round_trip"]:
        said.append(
            f"{seen['sooner_than_round_trip']:,} of {seen['compared_rsts']:,} whose time can be compared came sooner "
            f"than {limits.round_trips:g} of the smallest round trip (the soonest {seconds(float(seen['soonest_s']))} "
            f"after the packet it follows, where that is {seconds(float(seen['soonest_round_trip_s']))})"
        )
    if seen["other_hop_limit"]:
        said.append(f"{seen['other_hop_limit']:,} had a hop limit more than {limits.hops} outside the others' range")
    if seen["repeated_identification"]:
        said.append(
            f"{seen['repeated_identification']:,} repeated the IP identification and window of the other side's packets"
        )
    return "; ".join(said)


def _sooner(traffic: Traffic, limits: RstUnlikePeerLimits) -> _Soon:
    """Find RSTs that came too soon."""
    round_trip = _round_trips(traffic)
    usable = (round_trip >= limits.min_rtt_s).reshape(-1, 2).any(axis=1)
    mask = usable & (traffic.each_way("rsts") > 0)
    if not mask.any():
        none = np.empty(0)
        return _Soon(np.empty(0, np.intp), none, none, 0)
    rows, since = _since_answered(traffic, mask, round_trip)
    rtt = round_trip[2 * traffic.place(rows) + traffic.from_client(rows)]
    compared = (since >= 0) & (rtt >= limits.min_rtt_s)
    soon = compared & (since < limits.round_trips * rtt)
    return _Soon(rows[soon], since[soon], rtt[soon], int(compared.sum()))


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
    noted = traffic.noted("resets")
    rows = traffic.noted_rows(noted["frame"])
    _, once = np.unique(2 * traffic.place(rows) + traffic.from_client(rows), return_index=True)
    once = np.sort(once[mask[traffic.place(rows[once])]])
    resets, before, earlier = (traffic.noted_rows(noted[once][name]) for name in ("frame", "before", "earlier"))
    acked = traffic.column("ack_rtt_s")[resets]
    since = np.where(acked > 0, acked, -1.0)
    others = np.flatnonzero(~(acked > 0) & (before >= 0))
    some, before, earlier = resets[others], before[others], earlier[others]
    # RSTs that come within a round trip of data that is the connection's packet before them.
    trip = round_trip[2 * traffic.place(some) + traffic.from_client(some)]
    after = traffic.seconds_between(before, some)
    lone = (traffic.payload(before) > 0) & (traffic.from_client(before) != traffic.from_client(some)) & (after < trip)
    # How long the sender of that data had been idle before it.
    quiet = traffic.seconds_between(np.maximum(earlier, 0), before)
    is_quiet = lone & (earlier >= 0) & (quiet >= trip)
    since[others[is_quiet]] = after[is_quiet]
    return resets, since


def _other_hop_limit(traffic: Traffic, hops: int) -> Array:
    """RSTs whose hop limit lies outside the range of the packets without RST of their side."""
    compared = compare_resets(traffic, hops)
    if compared is None:
        return np.empty(0, np.intp)
    return np.asarray(compared.rows[compared.is_outside(hops)])
