"""Receivers that advertised a zero window, and for how long.

Observed: packets that advertise a window of 0 (label ``zero_window``), and the time until the same side opens its
window again.

Rule: reported when at least ``min_connections`` connections have one.

Limits: the label excludes packets with SYN, FIN or RST. A window smaller than one segment also stops a sender but is
not counted. If no later packet opens the window
(``not_reopened``), how long it stayed closed is unknown; it was at least until the connection's last packet.

RFC 9293 sections 3.8.6 and 3.8.6.1 (zero-window probing).
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array, Mask, changes, seconds_from
from pcapframe.patterns._api import Pattern
from pcapframe.patterns._traffic import ByConnection, Traffic
from pcapframe.wording import counted, seconds

__all__ = ["CATEGORY", "LIMITS", "NAME", "READS", "RESTS_ON", "ZeroWindowLimits", "observe"]

NAME = "zero_window"
CATEGORY = "reliability"
RESTS_ON = ("flags",)
READS = ("zero_window", "window")


class ZeroWindowLimits(NamedTuple):
    """When `observe` reports.

    Parameters
    ----------
    min_connections : int, default 1
        Fewest connections with a zero window. [connections]
    """

    min_connections: int = 1


LIMITS = ZeroWindowLimits


def observe(traffic: Traffic, limits: ZeroWindowLimits) -> Pattern | None:
    """Count zero windows, and time how long they last.

    Parameters
    ----------
    traffic : Traffic
        Segments and connections.
    limits : ZeroWindowLimits
        When to report.

    Returns
    -------
    Pattern or None
        ``packets`` of ``total_packets`` and by sender ``from_client`` and ``from_server`` [packets], ``connections``,
        ``by_connection`` [packets] of ``by_connection_total``, ``closures`` (times that a window closed), of these
        ``not_reopened`` and the longest of them ``not_reopened_max_s`` [s], at least; ``closed_total_s``,
        ``closed_median_s`` and ``closed_max_s`` of the others [s]; null without one. Evidence: the packets that offer
        no window.
    """
    by_client, by_server = (
        traffic.number("client_zero_windows_sent"),
        traffic.number("server_zero_windows_sent"),
    )
    zeros = by_client + by_server
    connections = int((zeros > 0).sum())
    if connections < max(limits.min_connections, 1):
        return None
    closed_s, lasted_s = _closures(traffic, zeros > 0)
    closures, known, lasted_s = closed_s.size, closed_s[~np.isnan(closed_s)], lasted_s[~np.isnan(lasted_s)]
    shut = closures - known.size
    by_connection, pairs = traffic.endpoints.count_pairs(zeros)
    observations: dict[str, Any] = {
        "packets": int(zeros.sum()),
        "total_packets": traffic.packet_count,
        "from_client": int(by_client.sum()),
        "from_server": int(by_server.sum()),
        "connections": connections,
        "by_connection": by_connection,
        "by_connection_total": pairs,
        "closures": closures,
        "not_reopened": shut,
        "not_reopened_max_s": lasted_s.max() if lasted_s.size else None,
        "closed_total_s": known.sum() if known.size else None,
        "closed_median_s": np.median(known) if known.size else None,
        "closed_max_s": known.max() if known.size else None,
    }
    ways = [f"for {seconds(float(known.max()))} at most"] if known.size else []
    ways += [f"not seen to open again{_at_least(lasted_s)}"] if shut else []
    between = ", "
    if len(ways) > 1:
        between, ways = ": ", [f"{counted(n, 'time')} {way}" for n, way in zip((known.size, shut), ways, strict=True)]
    description = (
        f"{counted(observations['packets'], 'packet')} in {connections:,} of "
        f"{counted(traffic.size, 'connection')} advertised a window of 0. Windows closed "
        f"{counted(closures, 'time')}{between}{' and '.join(ways)}."
    )
    return Pattern(NAME, CATEGORY, description, observations, traffic.evidence(traffic.labelled("zero_window")))


def _at_least(lasted_s: Array) -> str:
    """Write the longest time of windows that do not open again, as far as the capture shows them closed."""
    if not lasted_s.size:
        return ""
    longest = f" for {seconds(float(lasted_s.max()))} at least"
    return longest if lasted_s.size == 1 else f", the longest{longest}"


def _closures(traffic: Traffic, mask: Mask) -> tuple[Array, Array]:
    """For how many seconds windows closed each time, NaN where they do not open again, and how long at least then."""
    ordered = traffic.by_connection(traffic.all_rows(mask))
    sender = 2 * ordered.place + traffic.from_client(ordered.rows)
    is_zero = traffic.column("zero_window")[ordered.rows]
    # Of a SYN, FIN or RST, which have no label, a window of 0 says nothing.
    says = is_zero | (traffic.column("window")[ordered.rows] > 0)
    order = np.argsort(sender[says], kind="stable")
    offers = ByConnection(ordered.rows[says][order], sender[says][order])
    is_zero = is_zero[says][order]
    # What a side offers changes at these places; a closure lasts until the next one of the same side.
    turns = np.flatnonzero(changes(offers.place, is_zero))
    closes = np.flatnonzero(is_zero[turns])
    after = np.append(turns, 0)[closes + 1]
    reopened = (closes + 1 < turns.size) & ~offers.begins[after]
    closed = offers.rows[turns[closes]]
    times = traffic.seconds_between(closed, offers.rows[after])
    to_end = seconds_from(traffic.time_ns(closed), traffic.end_ns[traffic.place(closed)])
    return np.where(reopened, times, np.nan), to_end[~reopened]
