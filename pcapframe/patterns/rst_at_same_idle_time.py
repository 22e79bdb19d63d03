"""RSTs that come after the same idle time on many connections.

Observed: how long each connection had been idle when its first RST came.

Rule: reported when at least ``min_connections`` connections, and at least ``min_share`` of those reset after an idle
gap of ``min_idle_s``, had been idle for the same time within ``tolerance``.

Limits: idle means that the capture has no packet of the connection, not even a keep-alive; packets missing from the
capture make the gap look longer. Only the largest group is reported. A timer at either endpoint or on a device between
them looks the same.

RFC 9293 sections 3.5.2 and 3.8.4 (keep-alives), RFC 5382 section 5 (idle times of NATs).
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array
from pcapframe.patterns._api import Pattern
from pcapframe.patterns._same_time import largest_group
from pcapframe.patterns._traffic import Traffic
from pcapframe.wording import counted, percent, seconds

__all__ = ["CATEGORY", "LIMITS", "NAME", "RESTS_ON", "RstAtSameIdleTimeLimits", "observe"]

NAME = "rst_at_same_idle_time"
CATEGORY = "connection_termination"
RESTS_ON = ("flags", "durations")

NO_ROW = -1


class RstAtSameIdleTimeLimits(NamedTuple):
    """What counts as the same, and when `observe` reports.

    Parameters
    ----------
    min_idle_s : float, default 1.0
        Shortest idle gap before a RST that is considered. [s]
    tolerance : float, default 0.05
        How much longer than the shortest of its group an idle time may be. [share]
    min_connections : int, default 5
        Fewest connections in a group. [connections]
    min_share : float, default 0.25
        Smallest share of the group among the connections reset after such an idle gap. [0 to 1]
    """

    min_idle_s: float = 1.0
    tolerance: float = 0.05
    min_connections: int = 5
    min_share: float = 0.25


LIMITS = RstAtSameIdleTimeLimits


def observe(traffic: Traffic, limits: RstAtSameIdleTimeLimits) -> Pattern | None:
    """Find the idle time after which most RSTs come.

    Parameters
    ----------
    traffic : Traffic
        Segments and connections.
    limits : RstAtSameIdleTimeLimits
        What counts as the same.

    Returns
    -------
    Pattern or None
        ``connections`` of ``reset_after_idle`` [connections], ``share`` [0 to 1], ``idle_median_s``,
        ``idle_min_s`` and ``idle_max_s`` [s], ``rst_to_server`` and ``rst_from_server``
        [connections; of the rest no packet shows the roles], ``by_server`` [connections] of ``by_server_total``.
        Evidence: the first RST of each.
    """
    if int((traffic.each_way("rsts") > 0).sum()) < limits.min_connections:
        return None
    rows, idle_s = _first_resets(traffic)
    chosen = idle_s >= limits.min_idle_s
    rows, idle_s = rows[chosen], idle_s[chosen]
    group = largest_group(rows, idle_s, limits)
    if group is None:
        return None
    resets, times = group.resets, group.times
    observations: dict[str, Any] = {
        "connections": resets.size,
        "reset_after_idle": rows.size,
        **group.when("idle"),
        **group.where(traffic),
    }
    description = (
        f"{resets.size:,} of {counted(rows.size, 'connection')} reset after an idle gap of at least "
        f"{seconds(limits.min_idle_s)} ({percent(resets.size / rows.size)}) had been idle for "
        f"{seconds(times.min())} to {seconds(times.max())}; "
        f"{group.directions(traffic)}"
    )
    return Pattern(NAME, CATEGORY, description, observations, traffic.evidence(resets))


def _first_resets(traffic: Traffic) -> tuple[Array, Array]:
    """First RST of each connection, and the time since the packet before it, in seconds."""
    noted = traffic.noted("resets")
    _, first = np.unique(noted["conn_id"], return_index=True)
    noted = noted[first]
    noted = noted[noted["before"] >= 0]
    resets, before = (traffic.noted_rows(noted[name]) for name in ("frame", "before"))
    return resets, traffic.seconds_between(before, resets)
