"""Receivers whose window limits the sender without reaching zero.

Observed: segments with payload that fill the window that the peer advertised (label ``window_full``), where at most
``segments`` of the sender's largest segments fit into that window.

Rule: reported when, in one direction of a connection, at least ``min_packets`` segments fill such a window, at least
``share`` of its segments with payload, over at least ``min_s``, and the receiver never advertised a window of zero.

Limits: the size of the window is the bytes in flight when it is full. If the window scale is unknown, no segment is
labelled. What the sender would have sent with a larger window is unknown.

RFC 9293 section 3.8.6.2 (silly window syndrome), RFC 1122 section 4.2.3.3.
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array
from pcapframe.measures import distinct
from pcapframe.patterns._api import Pattern
from pcapframe.patterns._traffic import Traffic
from pcapframe.wording import counted, percent, seconds

__all__ = ["CATEGORY", "LIMITS", "NAME", "READS", "RESTS_ON", "SmallWindowLimits", "observe"]

NAME = "small_window"
CATEGORY = "reliability"
RESTS_ON = ("flags",)
READS = ("window_full", "bytes_in_flight")


class SmallWindowLimits(NamedTuple):
    """What counts as small, and when `observe` reports.

    Parameters
    ----------
    segments : float, default 4.0
        Largest window, in the sender's largest segments. [segments]
    min_packets : int, default 5
        Fewest segments of a direction that fill such a window. [packets]
    share : float, default 0.1
        Smallest share of them among its segments with payload. [0 to 1]
    min_s : float, default 1.0
        Shortest time from the first of them to the last. [s]
    """

    segments: float = 4.0
    min_packets: int = 5
    share: float = 0.1
    min_s: float = 1.0


LIMITS = SmallWindowLimits


def observe(traffic: Traffic, limits: SmallWindowLimits) -> Pattern | None:
    """Find directions that a small window limits.

    Parameters
    ----------
    traffic : Traffic
        Segments and connections.
    limits : SmallWindowLimits
        What counts as small.

    Returns
    -------
    Pattern or None
        ``packets`` that fill a small window, of ``data_packets`` of the same directions [packets]; ``directions`` of
        connections, ``connections`` of ``total_connections``; ``window_min_bytes`` and ``window_median_bytes`` when
        full, ``largest_segment_bytes`` of these directions [bytes], ``lasted_max_s``: from the first to the last of a
        direction [s], ``by_connection`` [packets] of ``by_connection_total``. Evidence: these packets.
    """
    rows = traffic.labelled("window_full")
    rows = rows[traffic.payload(rows) > 0] if rows.size else rows
    if rows.size < max(limits.min_packets, 1):
        return None
    rows = np.sort(rows)
    sides = 2 * traffic.place(rows) + traffic.from_client(rows)
    flight = traffic.at("bytes_in_flight", rows, np.int64, null=-1)
    flight = np.where(flight < 0, traffic.payload(rows), flight)
    largest = traffic.sides["largest_bytes"].astype(np.int64)
    small = flight <= limits.segments * largest[sides]
    rows, sides, flight = rows[small], sides[small], flight[small]
    data = _by_side(traffic, "data_packets", of_peer=False)
    counts = np.bincount(sides, minlength=2 * traffic.size)
    lasted = _lasted_s(traffic, rows, sides)
    chosen = (counts >= max(limits.min_packets, 1)) & (counts >= limits.share * data) & (lasted >= limits.min_s)
    chosen &= _by_side(traffic, "zero_windows_sent", of_peer=True) == 0
    if not chosen.any():
        return None
    kept = chosen[sides]
    rows, flight = rows[kept], flight[kept]
    by_place = np.bincount(traffic.place(rows), minlength=traffic.size)
    by_connection, pairs = traffic.endpoints.count_pairs(by_place)
    observations: dict[str, Any] = {
        "packets": rows.size,
        "data_packets": int(data[chosen].sum()),
        "directions": int(chosen.sum()),
        "connections": int((by_place > 0).sum()),
        "total_connections": traffic.size,
        "window_min_bytes": int(flight.min()),
        "window_median_bytes": float(np.median(flight)),
        "largest_segment_bytes": int(largest[chosen].max()),
        "lasted_max_s": float(lasted[chosen].max()),
        "by_connection": by_connection,
        "by_connection_total": pairs,
    }
    data_packets = observations["data_packets"]
    description = (
        f"{rows.size:,} of {counted(data_packets, 'segment')} with payload ({percent(rows.size / data_packets)}) "
        f"filled a window of {counted(int(np.median(flight)), 'byte')} (median; the largest segment has "
        f"{observations['largest_segment_bytes']:,}), for {seconds(observations['lasted_max_s'])} at most, in "
        f"{observations['connections']:,} of {counted(traffic.size, 'connection')}; no window was 0."
    )
    return Pattern(NAME, CATEGORY, description, observations, traffic.evidence(rows))


def _by_side(traffic: Traffic, column: str, *, of_peer: bool) -> Array:
    """Return a column of both senders, by side."""
    found = np.empty(2 * traffic.size, np.int64)
    found[int(not of_peer) :: 2] = traffic.number(f"client_{column}")
    found[int(of_peer) :: 2] = traffic.number(f"server_{column}")
    return found


def _lasted_s(traffic: Traffic, rows: Array, sides: Array) -> Array:
    """From the first of some rows to the last, by side; NaN without one."""
    first, last = np.full(2 * traffic.size, -1), np.full(2 * traffic.size, -1)
    first[sides[::-1]] = rows[::-1]  # the last assignment wins
    last[sides] = rows
    found = np.full(2 * traffic.size, np.nan)
    some = distinct(sides, 2 * traffic.size)
    found[some] = traffic.seconds_between(first[some], last[some])
    return found
